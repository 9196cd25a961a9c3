//! swaks, the testers' client, at submission.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use crate::peer::{Ended, need, program, run};
use crate::sink::Sink;
use crate::site::{Plan, Site};

const WHY: &str = "swaks is missing";

/// One call of swaks.
struct Call<'a> {
    swaks: &'a Path,
    address: SocketAddr,
}

impl Call<'_> {
    fn run(&self, words: &[&str]) -> Ended {
        let mut command = Command::new(self.swaks);
        let server = [self.address.ip().to_string(), self.address.port().to_string()];
        command.args(["--server", &server[0], "--port", &server[1], "--to", "friend@receiver.test"]);
        command.args(["--helo", "laptop.test", "--timeout", "20"]).args(words);
        run(&mut command, b"")
    }
}

fn site() -> (Sink, Site) {
    let sink = Sink::start("127.43.20.1");
    let zone = sink.zone("receiver.test");
    let site = Site::start(&Plan { zone, port: Some(sink.address.port()), ..Plan::default() });
    site.add_user("alice@sender.test", "correct horse");
    (sink, site)
}

const ALICE: [&str; 6] =
    ["--from", "alice@sender.test", "--auth-user", "alice@sender.test", "--auth-password", "correct horse"];

#[test]
fn authenticated_clients_are_served() {
    let swaks = need!("swaks at submission", program("swaks"), WHY);
    let (sink, site) = site();
    let doors = [(site.submission(), "--tls"), (site.submissions(), "--tls-on-connect")];
    let mut sent = 0;
    for (address, tls) in doors {
        for (auth, pipeline) in [("PLAIN", None), ("LOGIN", None), ("PLAIN", Some("--pipeline"))] {
            let mut words = ALICE.to_vec();
            let subject = format!("Subject: number {sent}");
            words.extend([tls, "--auth", auth, "--header", &subject]);
            words.extend(pipeline);
            let said = Call { swaks: &swaks, address }.run(&words).well();
            assert!(said.contains("250 2.0.0 Ok: queued as"), "{said}");
            sink.with_text(&subject);
            sent += 1;
        }
    }
    assert_eq!(sink.taken().len(), sent);
}

#[test]
fn strangers_are_told_why_not() {
    let swaks = need!("swaks refused at submission", program("swaks"), WHY);
    let (sink, site) = site();
    let check = |words: &[&str], reply: &str| {
        let ended = Call { swaks: &swaks, address: site.submission() }.run(words);
        assert_ne!(ended.status, Some(0), "{words:?}: {}", ended.output);
        assert!(ended.all().contains(reply), "{words:?} wants {reply}: {}", ended.all());
    };
    let wrong =
        ["--from", "alice@sender.test", "--auth-user", "alice@sender.test", "--auth-password", "wrong"];
    check(&[&wrong[..], &["--tls"]].concat(), "535 5.7.8");
    // swaks does not try AUTH where it is not offered.
    check(&ALICE, "Host did not advertise authentication");
    check(&["--from", "alice@sender.test", "--tls"], "530 5.7.0");
    check(&["--from", "alice@sender.test"], "530 5.7.0");
    let as_another = ["--from", "boss@sender.test"];
    check(&[&as_another[..], &ALICE[2..], &["--tls"]].concat(), "553 5.7.1");
    assert_eq!((site.waiting(), sink.taken().len()), (0, 0));
}

/// A client that tries AUTH before TLS all the same.
#[test]
fn no_password_in_clear_text() {
    let (_sink, site) = site();
    let mut wire = crate::wire::Wire::connect(site.submission()).unwrap();
    let hello = wire.command("EHLO laptop.test").unwrap();
    assert!(hello.contains("STARTTLS") && !hello.contains("AUTH"), "{hello}");
    let reply = wire.authenticate("alice@sender.test", "correct horse").unwrap();
    assert!(reply.starts_with("538 5.7.11"), "{reply}");
    // At reception nobody authenticates at all.
    let mut wire = crate::wire::Wire::connect(site.smtp()).unwrap();
    wire.command("EHLO laptop.test").unwrap();
    let reply = wire.authenticate("alice@sender.test", "correct horse").unwrap();
    assert!(reply.starts_with("502") || reply.starts_with("503"), "{reply}");
}
