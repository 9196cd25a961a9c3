//! Reloading and ending, as a service manager has it done.

use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::peer::{eventually, run};
use crate::sink::Sink;
use crate::site::{Plan, Site, TEGAMI};
use crate::wire::Wire;

fn edit(site: &Site, from: &str, to: &str) {
    let text = std::fs::read_to_string(site.config()).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(site.config(), text.replace(from, to)).unwrap();
}

fn signal(site: &Site, name: &str) {
    let ended = run(Command::new("kill").args([name, &site.pid().to_string()]), b"");
    assert_eq!(ended.status, Some(0), "{}", ended.errors);
}

#[test]
fn a_reload_takes_over_and_drops_no_session() {
    let site = Site::start(&Plan::default());
    let mut old = Wire::connect(site.smtp()).unwrap();
    assert!(!old.command("EHLO client.test").unwrap().contains("SIZE 1048576"));
    let knows = |recipient: &str| {
        let mut wire = Wire::connect(site.smtp()).unwrap();
        wire.command("EHLO client.test").unwrap();
        wire.command("MAIL FROM:<>").unwrap();
        wire.command(&format!("RCPT TO:<{recipient}>")).unwrap()
    };
    assert!(knows("postmaster@second.test").starts_with("550"));
    edit(&site, "[listen]", "[domains.\"second.test\"]\n[limits]\nmessage_size = \"1MiB\"\n[listen]");
    let told = site.tegami(&["reload"]).well();
    assert!(told.contains("counts from now on"), "{told}");
    assert!(knows("postmaster@second.test").starts_with("250"));
    let mut new = Wire::connect(site.smtp()).unwrap();
    assert!(new.command("EHLO client.test").unwrap().contains("SIZE 1048576"));
    assert!(old.command("NOOP").unwrap().starts_with("250"), "the session that was open goes on");
    assert!(site.tegami(&["domain", "records", "second.test"]).well().contains("DKIM1"));
    // A broken one is told by the command itself, which asks nobody with it; SIGHUP has the server read it, which tells the log.
    edit(&site, "[limits]", "nonsense = 1\n[limits]");
    let refused = site.tegami(&["reload"]);
    assert_eq!(refused.status, Some(2), "{}", refused.all());
    assert!(refused.errors.contains("nonsense"), "{}", refused.errors);
    signal(&site, "-HUP");
    eventually("the log of the reload", || site.log().contains("nothing was changed").then_some(()));
    assert!(knows("postmaster@second.test").starts_with("250"));
    // What cannot change is said, and the rest is taken over.
    edit(&site, "nonsense = 1\n", "");
    edit(&site, "http = \"127.0.0.1:0\"", "http = false");
    edit(&site, "message_size = \"1MiB\"", "message_size = \"2MiB\"");
    let told = site.json(&["reload"]);
    assert_eq!(told["after_restart"], serde_json::json!(["listen"]));
    let mut new = Wire::connect(site.smtp()).unwrap();
    assert!(new.command("EHLO client.test").unwrap().contains("SIZE 2097152"));
}

#[test]
fn return_paths_and_routes_are_taken_over() {
    let sink = Sink::start("127.43.95.1");
    let site = Site::start(&Plan { zone: sink.zone("receiver.test"), ..Plan::default() });
    let smarthost = format!(
        "[domains.\"second.test\"]\nreturn_path = \"rewrite\"\n[delivery.smarthost]\nhost = \"{}\"\nport = {}\ntls = \"off\"\n[listen]",
        sink.address.ip(),
        sink.address.port(),
    );
    edit(&site, "[listen]", &smarthost);
    site.tegami(&["reload"]).well();
    let mut command = Command::new(TEGAMI);
    command.arg("--config").arg(site.config()).args(["send", "-f", "alice@second.test", "b@receiver.test"]);
    run(&mut command, b"From: alice@second.test\nSubject: on its way back\n\nHello\n").well();
    let mail = sink.first().mail;
    assert!(mail.contains("<bounces") && mail.contains("@second.test>"), "{mail}");
    let places = site.json(&["provider", "list"]);
    assert!(places.to_string().contains("smarthost:[127.43.95.1]"), "{places}");
}

#[test]
fn a_zone_text_is_read_anew() {
    let sink = Sink::start("127.43.95.2");
    let site = Site::start(&Plan { port: Some(sink.address.port()), ..Plan::default() });
    let file = site.path("zone.txt");
    let before = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{before}receiver.test. MX ten mx.receiver.test.\n")).unwrap();
    let refused = site.tegami(&["reload"]);
    assert!(refused.status == Some(2) && refused.errors.contains("zone.txt"), "{}", refused.all());
    std::fs::write(&file, format!("{before}{}", sink.zone("receiver.test"))).unwrap();
    assert_eq!(site.json(&["reload"])["after_restart"], serde_json::json!([]));
    send(&site);
    assert_eq!(sink.first().recipients, ["RCPT TO:<b@receiver.test>"]);
}

#[test]
fn a_certificate_is_taken_over() {
    let mut site = Site::prepare(&Plan::default());
    let certificate = |site: &Site, name: &str| {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        std::fs::write(site.path("cert.pem"), made.cert.pem()).unwrap();
        let key = site.path("key.pem");
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        made.cert.der().to_vec()
    };
    let first = certificate(&site, "one.sender.test");
    edit(&site, "[listen]", "[tls]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n[listen]");
    site.serve();
    let shown = || Wire::certificate(site.submissions()).unwrap();
    assert!(shown() == first);
    let second = certificate(&site, "two.sender.test");
    site.tegami(&["reload"]).well();
    assert!(shown() == second);
}

#[test]
fn the_service_manager_is_told() {
    let mut site = Site::prepare(&Plan::default());
    let manager = UnixDatagram::bind(site.path("notify")).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let hears = |word: &str| {
        eventually(word, || {
            let mut buffer = [0; 512];
            let count = manager.recv(&mut buffer).unwrap();
            let told = String::from_utf8_lossy(&buffer[..count]).into_owned();
            told.lines().any(|line| line == word).then_some(told)
        })
    };
    let mut command = Command::new(TEGAMI);
    command.env("NOTIFY_SOCKET", site.path("notify")).env("WATCHDOG_USEC", "1500000");
    site.serve_by(command);
    hears("READY=1");
    hears("WATCHDOG=1");
    signal(&site, "-HUP");
    assert!(hears("RELOADING=1").contains("MONOTONIC_USEC="));
    hears("READY=1");
    site.stop();
    hears("STOPPING=1");
}

/// A receiver that holds back its answer to the content until it is told to give it, and says when somebody waits for it.
fn slow_sink(address: &str) -> (Sink, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (waits, somebody_waits) = mpsc::channel();
    let (give, given) = mpsc::channel::<()>();
    let given = Arc::new(Mutex::new(given));
    let sink = Sink::with(address, move |line| {
        if line == "." {
            waits.send(()).unwrap();
            // An error: the test is over.
            let _ = given.lock().unwrap().recv();
        }
        None
    });
    (sink, somebody_waits, give)
}

fn send(site: &Site) {
    let mut command = Command::new(TEGAMI);
    command.arg("--config").arg(site.config()).args(["send", "-f", "alice@sender.test", "b@receiver.test"]);
    run(&mut command, b"From: alice@sender.test\nSubject: under way\n\nHello\n").well();
}

#[test]
fn sigterm_ends_sessions_with_421_and_finishes_attempts() {
    let (sink, waits, give) = slow_sink("127.43.93.1");
    let zone = sink.zone("receiver.test");
    let mut site = Site::start(&Plan { zone, port: Some(sink.address.port()), ..Plan::default() });
    let mut open = Wire::connect(site.smtp()).unwrap();
    open.command("EHLO client.test").unwrap();
    send(&site);
    waits.recv_timeout(Duration::from_secs(60)).unwrap();
    signal(&site, "-TERM");
    let farewell = open.reply().unwrap();
    assert!(farewell.starts_with("421"), "{farewell}");
    assert!(Wire::connect(site.smtp()).is_err(), "nobody is let in any more");
    give.send(()).unwrap();
    let status = site.wait();
    assert!(status.success(), "{status}");
    assert_eq!((sink.taken().len(), site.waiting()), (1, 0), "delivered once, and known to be");
}

#[test]
fn a_second_signal_ends_at_once_and_loses_nothing() {
    let (sink, waits, _give) = slow_sink("127.43.94.1");
    let zone = sink.zone("receiver.test");
    let mut site = Site::start(&Plan { zone, port: Some(sink.address.port()), ..Plan::default() });
    send(&site);
    waits.recv_timeout(Duration::from_secs(60)).unwrap();
    signal(&site, "-TERM");
    let began = std::time::Instant::now();
    eventually("the end of the listener", || Wire::connect(site.smtp()).is_err().then_some(()));
    signal(&site, "-TERM");
    site.wait();
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert_eq!(site.waiting(), 1, "nobody knows what the receiver did with it: it is tried again");
}
