//! Signing in to the pages of a real server: the password of a new operator, the session, the end of it.

use std::process::Command;

use crate::peer::{need, program};
use crate::site::{Plan, Site};

/// Status, head and body of what curl got.
fn curl(site: &Site, jar: &str, path: &str, words: &[&str]) -> (u16, String) {
    let jar = site.path(jar);
    let url = format!("http://{}{path}", site.addresses.http[0]);
    let output = Command::new("curl")
        .args(["-sS", "-i", "-H", "Accept: text/html", "--max-time", "20", "-b"])
        .arg(&jar)
        .arg("-c")
        .arg(&jar)
        .args(words)
        .arg(url)
        .output()
        .expect("curl runs");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let status = told.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or_default();
    (status, told)
}

/// The secret of the first form.
fn secret(page: &str) -> String {
    let rest = page.split("name=\"csrf\" value=\"").nth(1).expect("a form");
    rest.split('"').next().unwrap_or_default().to_owned()
}

#[test]
fn an_operator_signs_in_to_a_real_server() {
    need!("signing in by curl", program("curl"), "curl is missing");
    let site = Site::start(&Plan::default());
    let made = site.json(&["operator", "add", "alice"]);
    let password = made["password"].as_str().expect("a password is made").to_owned();
    assert_eq!(curl(&site, "jar", "/queue", &[]).0, 303);
    let (_, form) = curl(&site, "jar", "/sign-in?to=%2Fqueue", &[]);
    let csrf = format!("csrf={}", secret(&form));
    let wrong = curl(&site, "jar", "/sign-in", &["-d", &csrf, "-d", "name=alice&password=nonsense"]);
    assert_eq!(wrong.0, 403, "{}", wrong.1);
    let csrf = format!("csrf={}", secret(&wrong.1));
    let word = format!("password={password}");
    let (status, told) =
        curl(&site, "jar", "/sign-in", &["-d", &csrf, "-d", "name=alice&to=/queue", "-d", &word]);
    assert!(status == 303 && told.contains("location: /queue"), "{told}");
    let (status, page) = curl(&site, "jar", "/queue", &[]);
    assert!(status == 200 && page.contains("alice"), "{page}");
    assert_eq!(curl(&site, "jar", "/api/overview", &[]).0, 200);
    assert_ne!(site.tegami(&["operator", "remove", "alice"]).status, Some(0), "nobody else administers");
    site.tegami(&["operator", "password", "alice"]).well();
    assert_eq!(curl(&site, "jar", "/queue", &[]).0, 303, "another password ends all sessions");
}
