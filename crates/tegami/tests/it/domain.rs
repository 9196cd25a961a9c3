//! A domain that comes while the server runs: from the request that makes it to signed mail of a credential of its own.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;

use base64::Engine as _;
use serde_json::Value;

use crate::sink::Sink;
use crate::site::{HOSTNAME, Plan, SOURCE, Site};
use crate::wire::Wire;

/// A request of a program that knows no library, and the answer.
pub(crate) fn request(site: &Site, key: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!("api:{key}"));
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Basic {credentials}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(site.addresses.http[0]).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}")))
}

/// What `tegami domain records` asks for, as the owner's DNS provider would keep it.
pub(crate) fn publish(site: &Site, domain: &str) {
    let plan = site.json(&["domain", "records", domain]);
    let mut zone = std::fs::read_to_string(site.path("zone.txt")).unwrap();
    for record in plan["records"].as_array().unwrap() {
        let (name, kind) = (record["name"].as_str().unwrap(), record["type"].as_str().unwrap());
        let value = record["value"].as_str().unwrap();
        // The addresses of the server are published already.
        if !name.trim_end_matches('.').ends_with(domain) {
            continue;
        }
        let data = match kind {
            "TXT" => tegami_dns::Data::Txt(value.to_owned().into_bytes().into()).to_string(),
            _ => value.to_owned(),
        };
        writeln!(zone, "{name} {kind} {data}").unwrap();
    }
    std::fs::write(site.path("zone.txt"), zone).unwrap();
}

/// Where no domain is named, an address is put on the list of this one too.
fn suppresses_for(site: &Site, domain: &str) {
    site.tegami(&["suppression", "add", "gone@far.test"]).well();
    let listed = site.json(&["suppression", "list", "gone@far.test"]);
    assert!(listed.to_string().contains(domain), "all of our domains: {listed}");
    site.tegami(&["suppression", "remove", "gone@far.test"]).well();
}

#[test]
fn a_domain_is_made_published_verified_and_sends() {
    let sink = Sink::start("127.43.71.1");
    let plan = Plan { zone: sink.zone("receiver.test"), port: Some(sink.address.port()), ..Plan::default() };
    let mut site = Site::start(&plan);
    let key = site.json(&["key", "add", "operator"])["key"].as_str().unwrap().to_owned();
    let domain = "mg.shop.test";
    let wanted = format!("name={domain}&mailfrom_host=bounce.{domain}");
    let (status, made) = request(&site, &key, "POST", "/v4/domains", &wanted);
    assert_eq!((status, &made["domain"]["state"]), (200, &Value::from("unverified")), "{made}");
    suppresses_for(&site, domain);
    let (status, made) = request(
        &site,
        &key,
        "POST",
        &format!("/v3/domains/{domain}/credentials"),
        "login=alice&password=supersecret",
    );
    assert_eq!(status, 200, "{made}");
    let letter =
        format!("From: alice@{domain}\r\nTo: b@receiver.test\r\nSubject: by SMTP\r\n\r\nby SMTP\r\n");
    let submit = |site: &Site| {
        let mut wire = Wire::tls(site.submissions()).unwrap();
        wire.command("EHLO laptop.test").unwrap();
        let reply = wire.authenticate(&format!("alice@{domain}"), "supersecret").unwrap();
        assert!(reply.starts_with("235"), "{reply}");
        wire.send(&format!("alice@{domain}"), &["b@receiver.test"], &letter).unwrap()
    };
    // The credential counts at once; its domain may not send yet, by neither door.
    let reply = submit(&site);
    assert!(reply.starts_with("550 5.7.1") && reply.contains("is not allowed to send"), "{reply}");
    let message = format!("from=alice@{domain}&to=b@receiver.test&subject=by+HTTP&text=by+HTTP");
    let path = format!("/v3/{domain}/messages");
    let (status, refused) = request(&site, &key, "POST", &path, &message);
    assert_eq!((status, &refused["Error"]), (403, &Value::from("Forbidden")), "{refused}");
    let (_, unverified) = request(&site, &key, "PUT", &format!("/v4/domains/{domain}/verify"), "");
    assert_eq!(unverified["domain"]["state"], "unverified");

    publish(&site, domain);
    // The zone is read at the start; the domain and its keys outlive it.
    site.stop();
    site.serve();
    let (_, verified) = request(&site, &key, "PUT", &format!("/v4/domains/{domain}/verify"), "");
    assert_eq!(verified["domain"]["state"], "active", "{verified}");
    let reply = submit(&site);
    assert!(reply.starts_with("250"), "{reply}");
    let (status, sent) = request(&site, &key, "POST", &path, &message);
    assert_eq!(status, 200, "{sent}");
    for text in ["by SMTP", "by HTTP"] {
        let taken = sink.with_text(&format!("Subject: {text}"));
        // The MX records of the host of its return paths name us: what comes back is recognised.
        assert!(
            taken.mail.contains("<bounces+") && taken.mail.contains(&format!("@bounce.{domain}>")),
            "{}",
            taken.mail
        );
        let file = site.path("taken.eml");
        std::fs::write(&file, &taken.content).unwrap();
        let (file, zone) = (file.to_str().unwrap().to_owned(), site.path("zone.txt"));
        let from = taken.mail.split(['<', '>']).nth(1).unwrap();
        let words = ["inspect", &file, "--zone", zone.to_str().unwrap(), "--ip", SOURCE, "--helo", HOSTNAME];
        let verdicts = site.json(&[&words[..], &["--mail-from", from]].concat());
        let result = verdicts["dmarc"]["result"].as_str();
        assert_eq!(result, Some("pass"), "{text}: {verdicts}");
        let signatures = verdicts["dkim"].to_string();
        assert_eq!(signatures.matches("\"result\":\"pass\"").count(), 2, "{signatures}");
        let spf = verdicts["spf"].to_string();
        assert!(spf.contains(&format!("bounce.{domain}")) && spf.contains("\"pass\""), "{spf}");
        let mut wire = Wire::connect(site.smtp()).unwrap();
        wire.command("EHLO mx.receiver.test").unwrap();
        wire.command("MAIL FROM:<>").unwrap();
        let reply = wire.command(&format!("RCPT TO:<{from}>")).unwrap();
        assert!(reply.starts_with("250"), "{reply}");
        let reply = wire.command(&format!("RCPT TO:<alice@bounce.{domain}>")).unwrap();
        assert!(reply.starts_with('5'), "{reply}");
    }

    // Who goes by the domain is known everywhere: here, and to whoever writes to it.
    let listed = site.json(&["domain", "list"]);
    assert!(listed["domains"].as_array().unwrap().contains(&Value::from(domain)), "{listed}");
    let mut wire = Wire::connect(site.smtp()).unwrap();
    wire.command("EHLO mx.receiver.test").unwrap();
    let reply = wire.send("b@receiver.test", &[&format!("nobody@{domain}")], &letter).unwrap();
    assert!(reply.starts_with("550 5.1.1"), "{reply}");

    let (status, removed) = request(&site, &key, "DELETE", &format!("/v3/domains/{domain}"), "");
    assert_eq!(
        (status, &removed["message"]),
        (200, &Value::from("Domain will be deleted in the background"))
    );
    let (status, _) = request(&site, &key, "POST", &path, &message);
    assert_eq!(status, 404);
    let mut wire = Wire::tls(site.submissions()).unwrap();
    wire.command("EHLO laptop.test").unwrap();
    let reply = wire.authenticate(&format!("alice@{domain}"), "supersecret").unwrap();
    assert!(reply.starts_with("535"), "{reply}");
    let (status, kept) = request(&site, &key, "DELETE", "/v3/domains/sender.test", "");
    assert_eq!(status, 403, "{kept}");
}
