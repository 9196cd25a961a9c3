//! Processor time, in rounds: `time [ROUNDS]`.

use std::time::Duration;

use tegami_bench_auth::ours::Ours;
use tegami_bench_auth::peer::{self, Peer};
use tegami_bench_auth::rounds::Rounds;
use tegami_bench_auth::{Work, crypto, input};

const VERIFY_3: usize = 0;
const PEER_VERIFY_3: usize = 1;
const VERIFY_100: usize = 2;
const PEER_VERIFY_100: usize = 3;
const SIGN_3: usize = 4;
const PEER_SIGN_3: usize = 5;
const SIGN_100: usize = 6;
const PEER_SIGN_100: usize = 7;
const POLICY: usize = 8;
const PEER_POLICY: usize = 9;
const RSA_VERIFY: usize = 10;
const RSA_SIGN: usize = 11;
const SHA_3: usize = 12;
const SHA_100: usize = 13;

/// What is printed in the table: the name, our work, the peer's.
const LINES: &[(&str, usize, Option<usize>)] = &[
    ("verify 3 KiB: SPF, DKIM, DMARC", VERIFY_3, Some(PEER_VERIFY_3)),
    ("verify 100 KiB", VERIFY_100, Some(PEER_VERIFY_100)),
    ("SPF and DMARC alone", POLICY, Some(PEER_POLICY)),
    ("sign 3 KiB", SIGN_3, Some(PEER_SIGN_3)),
    ("sign 100 KiB", SIGN_100, Some(PEER_SIGN_100)),
    ("RSA-2048 verification alone", RSA_VERIFY, None),
    ("RSA-2048 signature alone", RSA_SIGN, None),
    ("SHA-256 over the 3 KiB message", SHA_3, None),
    ("SHA-256 over the 100 KiB message", SHA_100, None),
];

/// What a goal asks of a ratio of times.
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

/// The goals: what is compared, the longer work, the shorter, the bound.
const GOALS: &[(&str, usize, usize, Bound)] = &[
    ("verifying 3 KiB: times as fast as mail-auth", PEER_VERIFY_3, VERIFY_3, Bound::AtLeast(1.1)),
    ("verifying 100 KiB: times as fast as mail-auth", PEER_VERIFY_100, VERIFY_100, Bound::AtLeast(2.0)),
    ("SPF and DMARC: part of an RSA verification", POLICY, RSA_VERIFY, Bound::AtMost(0.1)),
    ("signing 3 KiB: times as long as the RSA signature", SIGN_3, RSA_SIGN, Bound::AtMost(1.05)),
    ("signing 100 KiB: times as fast as mail-auth", PEER_SIGN_100, SIGN_100, Bound::AtLeast(1.4)),
];

fn main() {
    let rounds = std::env::args().nth(1).map_or(21, |word| word.parse().expect("a number of rounds"));
    let signer = input::signer();
    let zone = input::Zone::new(&signer);
    let (ours, peer) = (Ours::new(&zone), Peer::new(&zone, &signer));
    let (small, large) = (input::content(3 << 10), input::content(100 << 10));
    let (small_signed, large_signed) = (input::signed(&small, &signer), input::signed(&large, &signer));
    let read = peer::read(&small_signed);
    // In the order of the numbers above.
    let mut works: Vec<Work<'_>> = vec![
        ours.verify(&small_signed),
        peer.verify(&small_signed),
        ours.verify(&large_signed),
        peer.verify(&large_signed),
        ours.sign(&small, &signer),
        peer.sign(&small),
        ours.sign(&large, &signer),
        peer.sign(&large),
        ours.spf_and_dmarc(),
        peer.spf_and_dmarc(&read),
        crypto::rsa_verify(),
        crypto::rsa_sign(),
        crypto::sha256(&small),
        crypto::sha256(&large),
    ];
    let measured = Rounds::run(&mut works, rounds, Duration::from_millis(20), |_| ());
    println!(
        "processor time of one thread, the median of {rounds} rounds; mail-auth 0.13.3 with aws-lc-rs\n"
    );
    table(&measured);
    println!();
    goals(&measured);
}

fn table(measured: &Rounds) {
    println!("{:<34}{:>11}{:>10}{:>11}{:>10}{:>8}", "", "tegami", "", "mail-auth", "", "ratio");
    for &(name, ours, peer) in LINES {
        let cell = |work| {
            let seconds = measured.seconds(work);
            format!("{:>8.2} µs{:>8.0}/s", seconds * 1e6, 1.0 / seconds)
        };
        let peers = peer.map(|peer| format!("{}{:>8.2}", cell(peer), measured.ratio(peer, ours)));
        println!("{name:<34}{}{}", cell(ours), peers.unwrap_or_default());
    }
    // The RSA operation is in both times and the same; what is left shows how near the rest is to the bare hash.
    let body = measured.seconds(VERIFY_100) - measured.seconds(VERIFY_3);
    let hash = measured.seconds(SHA_100) - measured.seconds(SHA_3);
    println!("{:<34}{:>8.2} of SHA-256's own time", "97 KiB more of body, verifying", body / hash);
    let body = measured.seconds(PEER_VERIFY_100) - measured.seconds(PEER_VERIFY_3);
    println!("{:<34}{:>8.2} of SHA-256's own time", "  the same in mail-auth", body / hash);
}

fn goals(measured: &Rounds) {
    for (name, longer, shorter, bound) in GOALS {
        let ratio = measured.ratio(*longer, *shorter);
        let (met, bound) = match bound {
            Bound::AtLeast(least) => (ratio >= *least, format!("at least {least}")),
            Bound::AtMost(most) => (ratio <= *most, format!("at most {most}")),
        };
        println!("{:<8}{name}: {ratio:.3} ({bound})", if met { "met" } else { "NOT MET" });
    }
}
