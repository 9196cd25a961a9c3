//! Webhooks of a running server: what became of mail is told, with a signature, until it is heard.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use aws_lc_rs::hmac;
use serde_json::Value;

use crate::http::{account_key, curl};
use crate::peer::{need, program};
use crate::sink::Sink;
use crate::site::{Plan, Site};

/// Path and body of a request.
type Heard = (String, Value);

/// An HTTP server that shares no code with the program: it tells what it hears, and answers as it is told.
fn receiver(answer: impl Fn(&Heard) -> u16 + Send + 'static) -> (String, Receiver<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, heard) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Whoever is killed in the middle has said nothing.
            let _ = request(stream, &answer, &tell);
        }
    });
    (url, heard)
}

fn request(
    mut stream: TcpStream,
    answer: &impl Fn(&Heard) -> u16,
    tell: &Sender<Heard>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let heard = (path, serde_json::from_slice(&body).unwrap());
    write!(stream, "HTTP/1.1 {} x\r\nContent-Length: 0\r\n\r\n", answer(&heard))?;
    tell.send(heard).map_err(std::io::Error::other)
}

fn next(heard: &Receiver<Heard>) -> Heard {
    heard.recv_timeout(Duration::from_secs(60)).expect("a request within a minute")
}

fn verify(key: &str, body: &Value) {
    let text = |name: &str| body["signature"][name].as_str().unwrap();
    let digit = |digit: &u8| u8::try_from(char::from(*digit).to_digit(16).unwrap()).unwrap();
    let tag: Vec<u8> =
        text("signature").as_bytes().chunks(2).map(|pair| digit(&pair[0]) << 4 | digit(&pair[1])).collect();
    let signed = format!("{}{}", text("timestamp"), text("token"));
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), signed.as_bytes(), &tag).unwrap();
}

/// A server before an MX host that takes, refuses or puts off by the recipient's name.
fn site(retry: &str) -> (Site, String) {
    let sink = Sink::with("127.43.0.2", |command| {
        let refused = |name: &str| command.starts_with("RCPT") && command.contains(name);
        match () {
            () if refused("gone@") => Some("550 5.1.1 No such mailbox".to_owned()),
            () if refused("later@") => Some("451 4.2.1 Come back later".to_owned()),
            () => None,
        }
    });
    let zone = "receiver.test. MX 10 mx.receiver.test.\nmx.receiver.test. A 127.43.0.2\n".to_owned();
    let tables = format!("[webhooks]\nallow = \"127.0.0.0/8\"\nretry = {retry}\n");
    let port = Some(sink.address.port());
    let site = Site::start(&Plan { zone, port, tables, ..Plan::default() });
    let key = account_key(&site);
    (site, key)
}

fn subscribe(site: &Site, key: &str, kind: &str, url: &str) {
    let words = ["--form-string", &format!("id={kind}"), "--form-string", &format!("url={url}/{kind}")];
    let (status, body) = curl(site, key, "/v3/domains/sender.test/webhooks", &words);
    assert_eq!(status, 200, "{body}");
}

fn send(site: &Site, key: &str, name: &str) {
    let to = format!("to={name}@receiver.test");
    let words = ["from=alice@sender.test", &to, "subject=件名", "text=x", "o:tag=a b", "v:n=2"];
    let words: Vec<&str> = words.iter().flat_map(|word| ["--form-string", *word]).collect();
    let (status, body) = curl(site, key, "/v3/sender.test/messages", &words);
    assert_eq!(status, 200, "{body}");
}

#[test]
fn what_becomes_of_mail_is_told() {
    need!("webhooks of a server", program("curl"), "curl is missing");
    let (site, key) = site("\"1s\"");
    let (url, heard) = receiver(|_| 200);
    for kind in ["accepted", "delivered", "permanent_fail", "temporary_fail"] {
        subscribe(&site, &key, kind, &url);
    }
    let (status, body) = curl(&site, &key, "/v5/accounts/http_signing_key", &[]);
    assert_eq!(status, 200, "{body}");
    let signing: Value = serde_json::from_str(&body).unwrap();
    let signing = signing["http_signing_key"].as_str().unwrap().to_owned();
    for name in ["friend", "gone", "later"] {
        send(&site, &key, name);
    }
    let mut told = Vec::new();
    while told.len() < 6 {
        let (path, body) = next(&heard);
        verify(&signing, &body);
        let event = &body["event-data"];
        assert_eq!(event["message"]["headers"]["subject"], "件名");
        assert_eq!((&event["tags"][0], &event["user-variables"]["n"]), (&"a b".into(), &"2".into()));
        let status = &event["delivery-status"];
        let line = format!(
            "{path} {} {} {} {}",
            event["event"].as_str().unwrap(),
            event["recipient"].as_str().unwrap(),
            event["severity"].as_str().unwrap_or("-"),
            status["code"],
        );
        // The one that is put off is tried again and again.
        if !told.contains(&line) {
            told.push(line);
        }
    }
    told.sort_unstable();
    assert_eq!(
        told,
        [
            "/accepted accepted friend@receiver.test - null",
            "/accepted accepted gone@receiver.test - null",
            "/accepted accepted later@receiver.test - null",
            "/delivered delivered friend@receiver.test - 250",
            "/permanent_fail failed gone@receiver.test permanent 550",
            "/temporary_fail failed later@receiver.test temporary 451",
        ]
    );
    // And the same is counted.
    let (_, body) = curl(&site, &key, "/v3/sender.test/stats/total?event=delivered&duration=1d", &[]);
    assert!(body.contains("\"smtp\":1"), "{body}");
}

#[test]
fn a_killed_server_tells_what_was_not_heard() {
    need!("webhooks of a server", program("curl"), "curl is missing");
    let (mut site, key) = site("[\"1s\", \"1s\", \"1s\", \"1s\", \"1s\", \"1s\", \"1s\", \"1s\"]");
    let deaf = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let ears = std::sync::Arc::clone(&deaf);
    let (url, heard) =
        receiver(move |_| if ears.load(std::sync::atomic::Ordering::SeqCst) { 500 } else { 200 });
    subscribe(&site, &key, "delivered", &url);
    send(&site, &key, "friend");
    let (_, first) = next(&heard);
    site.kill();
    deaf.store(false, std::sync::atomic::Ordering::SeqCst);
    site.serve();
    // One of the attempts after the restart is answered well.
    let (_, again) = next(&heard);
    assert_eq!(again["event-data"]["id"], first["event-data"]["id"]);
    assert_ne!(again["signature"]["token"], first["signature"]["token"]);
}
