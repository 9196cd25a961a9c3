//! `kill -9` at any moment: what was acknowledged arrives.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::peer::eventually;
use crate::sink::Sink;
use crate::site::{Addresses, Plan, Site};
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
        let reply = wire.send("alice@sender.test", &["bob@receiver.test"], &content)?;
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
