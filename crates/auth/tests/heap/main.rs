//! What the heap sees of a message. A program of its own, because its allocator counts. Verifying and signing never
//! make a copy of the content, whole or broken: memory is the caller's message and a little beside it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use tegami_auth::dkim::{Canonicalization, DkimResult, PrivateKey, Signer, record_name, sign};
use tegami_auth::verify::{self, Client, Verdicts};
use tegami_auth::{Cache, Records};
use tegami_dns::ZoneResolver;
use tegami_mail::{Address, ReversePath};

/// Octets of a message that is large enough to show a copy of a part of it.
const LARGE: usize = 6 << 20;

/// Octets that may be held beside the message: steps, signatures, what a diagnosis tries.
const BESIDE: u64 = 1 << 20;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// A sender with two keys, the resolver that knows them, and a cache.
struct World {
    signers: Vec<Signer>,
    resolver: ZoneResolver,
    cache: Cache,
}

impl World {
    fn new() -> Self {
        let signer = |selector: &str, key: PrivateKey| {
            Signer::new("example.org".parse().unwrap(), selector.parse().unwrap(), Arc::new(key))
        };
        let mut signers = vec![
            signer("rsa", PrivateKey::generate_rsa_2048().unwrap()),
            signer("ed", PrivateKey::generate_ed25519().unwrap()),
        ];
        signers[1].body = Canonicalization::Simple;
        let mut zone = String::from(
            "example.org. TXT \"v=spf1 ip4:192.0.2.1 -all\"\n_dmarc.example.org. TXT \"v=DMARC1; p=reject\"\n",
        );
        for signer in &signers {
            let record = signer.key.dns_record().replace(';', "\\;");
            let (start, rest) = record.split_at(record.len().min(200));
            let name = record_name(&signer.selector, &signer.domain);
            zone.push_str(&format!("{name}. TXT \"{start}\" \"{rest}\"\n"));
        }
        Self { signers, resolver: ZoneResolver::from_text(&zone).unwrap(), cache: Cache::default() }
    }

    fn signed(&self, content: &[u8]) -> Vec<u8> {
        let mut signed = sign(content, &self.signers, NOW).unwrap();
        signed.extend_from_slice(content);
        signed
    }

    fn judge(&self, content: &[u8]) -> Verdicts {
        let mail_from = ReversePath::Address(Address::parse("someone@example.org").unwrap());
        let client = Client {
            ip: "192.0.2.1".parse().unwrap(),
            helo: "mail.example.org",
            mail_from: &mail_from,
            receiver: "mx.example.com",
            now: NOW,
        };
        let records = Records::cached(&self.resolver, &self.cache, NOW);
        let verdicts = async {
            let early = verify::early(&client, records).await;
            verify::message(&client, early, content, records).await
        };
        verdicts.now_or_never().expect("a resolver in memory never waits")
    }

    /// The results of the signatures, and the most that was held at once while they were found.
    fn check(&self, content: &[u8], expected: [DkimResult; 2]) {
        let mut results = Vec::new();
        let held = allocation_counter::measure(|| {
            results = self.judge(content).dkim.iter().map(|verdict| verdict.result).collect();
        });
        assert_eq!(results, expected);
        assert!(held.bytes_max < BESIDE, "{} octets at once beside {}", held.bytes_max, content.len());
    }
}

fn content(octets: usize) -> Vec<u8> {
    let mut content = b"From: a@example.org\r\nSubject: large\r\nMIME-Version: 1.0\r\n\r\n".to_vec();
    while content.len() < octets {
        content.extend_from_slice(
            b"A line of text,  with two blanks in a row\tand a tab, and one at its end. \r\n",
        );
    }
    content
}

#[test]
fn a_large_message_is_never_copied() {
    let world = World::new();
    let content = content(LARGE);
    let held = allocation_counter::measure(|| drop(sign(&content, &world.signers, NOW).unwrap()));
    assert!(held.bytes_max < 64 << 10, "signing: {} octets at once", held.bytes_max);
    let mut signed = world.signed(&content);
    world.check(&signed, [DkimResult::Pass; 2]);
    // What explains a broken signature tries many things, and copies the message for none.
    signed.extend_from_slice(b"-- \r\nA footer of a mailing list\r\n");
    world.check(&signed, [DkimResult::Fail; 2]);
    let middle = signed.len() / 2;
    signed[middle] ^= 1;
    world.check(&signed, [DkimResult::Fail; 2]);
}

#[test]
fn a_usual_message_costs_few_allocations() {
    let world = World::new();
    let signed = world.signed(&content(3 << 10));
    world.check(&signed, [DkimResult::Pass; 2]);
    // The cache is warm now.
    let counted = allocation_counter::measure(|| drop(world.judge(&signed)));
    println!("{} allocations for a message with two signatures", counted.count_total);
    assert!(counted.count_total < MOST_ALLOCATIONS, "{} allocations", counted.count_total);
}

/// For iprev, SPF of both identities, two signatures and DMARC, all steps told.
const MOST_ALLOCATIONS: u64 = 250;
