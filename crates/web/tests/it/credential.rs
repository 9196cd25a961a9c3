//! Credentials: who submits by SMTP.

use serde_json::json;

use crate::site::{KEY, Site};

const FORM: &str = "application/x-www-form-urlencoded";
const PATH: &str = "/v3/domains/example.org/credentials";

#[tokio::test]
async fn the_life_of_a_credential() {
    let site = Site::open().await;
    let created = site.post(PATH, "login=alice&password=supersecret").await;
    assert_eq!(created.json(), json!({"message": "Created 1 credentials pair(s)"}));
    let made = site.post(PATH, "mailbox=bob@example.org").await.json();
    assert_eq!(made["message"], "Created 1 credentials pair(s)");
    let note = "Please store your new password(s) now. You won't be able to see it anymore.";
    assert_eq!(made["note"], note);
    let password = made["credentials"]["bob@example.org"].as_str().unwrap();
    site.accounts.authenticate("bob@example.org", password).await.unwrap();
    let alice = site.accounts.authenticate("alice@example.org", "supersecret").await.unwrap();
    assert!(alice.may(&"anybody@example.org".parse().unwrap()));
    assert!(!alice.may(&"anybody@shop.test".parse().unwrap()));

    let list = site.get(&format!("{PATH}?limit=1")).await.json();
    assert_eq!(
        list,
        json!({"total_count": 2, "items": [{"login": "alice@example.org", "mailbox": "alice@example.org",
            "created_at": "Mon, 06 Jul 2026 09:00:00 +0000", "size_bytes": null}]})
    );

    for path in ["alice", "alice@example.org", "alice%40example.org"] {
        let changed =
            site.request("PUT", &format!("{PATH}/{path}"), KEY, FORM, b"password=anothersecret").await;
        assert_eq!(changed.json(), json!({"message": "Password changed"}));
    }
    assert!(site.accounts.authenticate("alice@example.org", "supersecret").await.is_err());
    site.accounts.authenticate("alice@example.org", "anothersecret").await.unwrap();
    let made = site.request("PUT", &format!("{PATH}/bob"), KEY, "", b"").await.json();
    assert_eq!((made["message"].as_str(), made["note"].as_str()), (Some("Password changed"), Some(note)));

    let removed = site.request("DELETE", &format!("{PATH}/alice"), KEY, "", b"").await;
    assert_eq!(
        removed.json(),
        json!({"message": "Credentials have been deleted", "spec": "alice@example.org"})
    );
    assert!(site.accounts.authenticate("alice@example.org", "anothersecret").await.is_err());
    for (method, path) in [("DELETE", "alice"), ("PUT", "nobody")] {
        let missing =
            site.request(method, &format!("{PATH}/{path}"), KEY, FORM, b"password=longenough").await;
        assert_eq!((missing.status, missing.message().as_str()), (404, "Credentials not found"));
    }
    let all = site.request("DELETE", PATH, KEY, "", b"").await;
    assert_eq!(all.json(), json!({"message": "All domain credentials have been deleted", "count": 1}));
}

/// The accounts of people have mailboxes; no program takes them away through this door.
#[tokio::test]
async fn people_are_no_credentials() {
    let site = Site::open().await;
    let own = ["carol@example.org".to_owned()];
    site.accounts.create("carol@example.org", "correct horse", &own, &own).await.unwrap();
    assert_eq!(site.get(PATH).await.json(), json!({"total_count": 0, "items": []}));
    let taken = site.post(PATH, "login=carol&password=supersecret").await;
    assert_eq!((taken.status, taken.message().as_str()), (400, "there is a login carol@example.org already"));
    assert_eq!(site.request("DELETE", &format!("{PATH}/carol"), KEY, "", b"").await.status, 404);
    assert_eq!(site.request("DELETE", PATH, KEY, "", b"").await.json()["count"], 0);
    site.accounts.authenticate("carol@example.org", "correct horse").await.unwrap();
}

#[tokio::test]
async fn what_is_wrong() {
    let site = Site::open().await;
    let check = async |body: &str, message: &str| {
        let answer = site.post(PATH, body).await;
        assert_eq!((answer.status, answer.message().as_str()), (400, message), "{body}");
    };
    check("password=supersecret", "login parameter is missing").await;
    check("login=a&password=1234", "Password is too short. It must be between 5 and 32 characters.").await;
    check("login=a&password=", "Password is too short. It must be between 5 and 32 characters.").await;
    check("login=a&password=1234567", "Password is too short. This server wants at least 8 characters.")
        .await;
    let long = format!("login=a&password={}", "x".repeat(33));
    check(&long, "Password is too long. It must be between 5 and 32 characters.").await;
    let foreign = "`a@example.net` is not a valid login of example.org";
    check("login=a@example.net&password=supersecret", foreign).await;
    assert_eq!(site.get("/v3/domains/example.com/credentials").await.message(), "Domain not found");
}
