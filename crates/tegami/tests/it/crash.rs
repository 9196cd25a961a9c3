//! `kill -9` at any moment: what was acknowledged arrives.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::peer::eventually;
use crate::sink::Sink;
use crate::site::{Addresses, Plan, SOURCE, Site};
use crate::wire::Wire;

/// How often the server is killed.
const KILLS: u64 = 20;

/// What clients did.
#[derive(Default)]
struct Tally {
    next: AtomicUsize,
    accepted: Mutex<BTreeSet<usize>>,
    stop: AtomicBool,
    addresses: Mutex<Addresses>,
    /// To whom a message goes; `bob@receiver.test` by default.
    recipient: Option<fn(usize) -> String>,
}

#[test]
fn no_accepted_message_is_lost_by_kill_9() {
    // One message of ten is put off at first.
    let turn = AtomicUsize::new(0);
    let sink = Sink::with("127.43.40.1", move |line| {
        let put_off = line == "." && turn.fetch_add(1, Ordering::Relaxed).is_multiple_of(10);
        put_off.then(|| "451 4.3.0 later".to_owned())
    });
    let zone = sink.zone("receiver.test");
    let mut site = Site::start(&Plan { zone, port: Some(sink.address.port()), ..Plan::default() });
    site.add_user("alice@sender.test", "correct horse");
    let tally = Arc::new(Tally::default());
    *tally.addresses.lock().unwrap() = site.addresses.clone();
    let clients: Vec<_> = (0..2).map(|_| client(Arc::clone(&tally))).collect();

    let mut chance = Chance(0x5eed);
    for _ in 0..KILLS {
        let moment = Instant::now() + Duration::from_millis(20 + chance.below(600));
        eventually("the moment to kill", || (Instant::now() >= moment).then_some(()));
        site.kill();
        site.serve();
        *tally.addresses.lock().unwrap() = site.addresses.clone();
    }
    tally.stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.join().unwrap();
    }
    eventually("an empty queue", || (site.waiting() == 0).then_some(()));

    let accepted = tally.accepted.lock().unwrap().clone();
    let mut delivered: BTreeMap<usize, usize> = BTreeMap::new();
    for taken in sink.taken() {
        let text = taken.text();
        let number = text.lines().find_map(|line| line.strip_prefix("X-Number: ")).unwrap();
        *delivered.entry(number.parse().unwrap()).or_default() += 1;
    }
    let lost: Vec<_> = accepted.iter().filter(|number| !delivered.contains_key(number)).collect();
    let duplicated = delivered.values().filter(|count| **count > 1).count();
    let unacknowledged = delivered.keys().filter(|number| !accepted.contains(number)).count();
    eprintln!(
        "{KILLS} kills: accepted {}, delivered {} (of them unacknowledged {unacknowledged}), duplicated {duplicated}, lost {}",
        accepted.len(),
        delivered.len(),
        lost.len()
    );
    assert!(lost.is_empty(), "{lost:?}");
    assert!(accepted.len() > 50, "too few messages to tell anything: {}", accepted.len());
}

/// What becomes of a message is in its recipient's name.
const FATES: [&str; 8] = ["ok", "later", "bad", "ok", "later", "ok", "bad", "stuck"];

fn recipient(number: usize) -> String {
    let fate = FATES[number % FATES.len()];
    let domain = if fate == "stuck" { "nowhere.test" } else { "receiver.test" };
    format!("{fate}{number}@{domain}")
}

/// Where the mail of a process comes from.
fn source(life: u64) -> String {
    if life == 0 { SOURCE.to_owned() } else { format!("127.43.{}.1", 100 + life) }
}

/// The number in an address such as `bad14@receiver.test`, as far as it has this fate.
fn number_of(fate: &str, text: &str) -> Option<usize> {
    let (_, rest) = text.split_once(fate)?;
    rest.split_once('@')?.0.parse().ok()
}

#[test]
fn every_accepted_message_is_delivered_queued_or_bounced_once() {
    let put_off: Mutex<BTreeMap<usize, usize>> = Mutex::default();
    let sink = Sink::with("127.43.44.1", move |line| {
        let recipient = line.strip_prefix("RCPT TO:<")?;
        if let Some(number) = number_of("later", recipient) {
            let mut put_off = put_off.lock().unwrap();
            let times = put_off.entry(number).or_default();
            *times += 1;
            return (*times <= 2).then(|| "451 4.7.1 come again".to_owned());
        }
        number_of("bad", recipient).map(|_| "550 5.1.1 nobody of that name".to_owned())
    });
    let zone = format!("{}$SERVFAIL nowhere.test\n", sink.zone("receiver.test"));
    let mut site = Site::start(&Plan { zone, port: Some(sink.address.port()), ..Plan::default() });
    site.add_user("alice@sender.test", "correct horse");
    let tally = Arc::new(Tally { recipient: Some(recipient), ..Tally::default() });
    *tally.addresses.lock().unwrap() = site.addresses.clone();
    let clients: Vec<_> = (0..2).map(|_| client(Arc::clone(&tally))).collect();

    let mut chance = Chance(0xb0a7);
    for life in 0..KILLS {
        let moment = Instant::now() + Duration::from_millis(20 + chance.below(900));
        eventually("the moment to kill", || (Instant::now() >= moment).then_some(()));
        site.kill();
        // Each process sends from an address of its own, so that one sees which one sent what.
        let text = std::fs::read_to_string(site.config()).unwrap();
        let text = text.replace(&source(life), &source(life + 1));
        std::fs::write(site.config(), text).unwrap();
        site.serve();
        *tally.addresses.lock().unwrap() = site.addresses.clone();
    }
    tally.stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.join().unwrap();
    }
    let accepted = tally.accepted.lock().unwrap().clone();
    let queued = eventually("a queue of nothing but what cannot leave", || {
        let list = site.json(&["queue", "list"]);
        let rows = list["queue"].as_array().unwrap();
        let numbers: Vec<_> = rows.iter().map(|row| number_of("stuck", &row.to_string())).collect();
        numbers.into_iter().collect::<Option<Vec<usize>>>()
    });
    let bounced = bounces(&site);
    let taken = sink.taken();
    let mut delivered: BTreeMap<usize, Vec<IpAddr>> = BTreeMap::new();
    // Where all recipients are refused after DATA was sent along, an empty content ends it (RFC 2920 section 3.1).
    for taken in taken.iter().filter(|taken| !taken.recipients.is_empty()) {
        let number = ["ok", "later"].iter().find_map(|fate| number_of(fate, &taken.recipients[0])).unwrap();
        delivered.entry(number).or_default().push(taken.peer.unwrap());
    }
    for number in &accepted {
        let count = |list: &[usize]| list.iter().filter(|other| *other == number).count();
        let fates = (delivered.get(number).map_or(0, Vec::len).min(1), count(&bounced), count(&queued));
        let expected = match FATES[number % FATES.len()] {
            "bad" => (0, 1, 0),
            "stuck" => (0, 0, 1),
            _ => (1, 0, 0),
        };
        assert_eq!(fates, expected, "{}: delivered, bounced, queued", recipient(*number));
    }
    // Twice only where the process was killed between the receiver's reply and our own record.
    let twice: Vec<_> = delivered.iter().filter(|(_, processes)| processes.len() > 1).collect();
    for (number, processes) in &twice {
        let distinct: BTreeSet<_> = processes.iter().collect();
        assert_eq!(distinct.len(), processes.len(), "one process sent {number} twice: {processes:?}");
    }
    let fates = (delivered.len(), bounced.len(), queued.len());
    eprintln!(
        "{KILLS} kills: accepted {}; delivered, bounced, queued {fates:?} (those without an answer to the client included); twice {}",
        accepted.len(),
        twice.len()
    );
    assert!(accepted.len() > 50, "too few messages to tell anything: {}", accepted.len());
}

/// The numbers of messages that Alice was told about, each as often as she was told.
fn bounces(site: &Site) -> Vec<usize> {
    let list = site.json(&["mailbox", "list", "alice@sender.test", "INBOX"]);
    let uids: Vec<String> =
        list["messages"].as_array().unwrap().iter().map(|message| message["uid"].to_string()).collect();
    let of = |uid: &String| {
        let shown = site.json(&["mailbox", "show", "alice@sender.test", "INBOX", uid]);
        let content = shown["content"].as_str().unwrap().to_owned();
        let about = content.lines().find_map(|line| line.strip_prefix("Final-Recipient: rfc822;")).unwrap();
        number_of("bad", about).unwrap()
    };
    uids.iter().map(of).collect()
}

/// Submits one message after another, over TLS with AUTH, and begins anew whenever the server is gone.
fn client(tally: Arc<Tally>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        while !tally.stop.load(Ordering::Relaxed) {
            let address = tally.addresses.lock().unwrap().submissions[0];
            if session(&tally, address).is_err() {
                std::thread::yield_now();
            }
        }
    })
}

fn session(tally: &Tally, address: std::net::SocketAddr) -> std::io::Result<()> {
    let mut wire = Wire::tls(address)?;
    wire.command("EHLO client.test")?;
    assert!(wire.authenticate("alice@sender.test", "correct horse")?.starts_with("235"));
    while !tally.stop.load(Ordering::Relaxed) {
        let number = tally.next.fetch_add(1, Ordering::Relaxed);
        let content =
            format!("From: alice@sender.test\r\nX-Number: {number}\r\n\r\n{}", "Hello\r\n".repeat(300));
        let recipient = tally.recipient.map_or_else(|| "bob@receiver.test".to_owned(), |of| of(number));
        let reply = wire.send("alice@sender.test", &[&recipient], &content)?;
        if reply.starts_with("250") {
            tally.accepted.lock().unwrap().insert(number);
        }
    }
    Ok(())
}

/// Moments that look random and come again in the next run (xorshift, Marsaglia 2003).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
