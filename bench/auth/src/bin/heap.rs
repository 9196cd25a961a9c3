//! What the heap sees of one message, counted by an allocator that counts. A program of its own, because counting
//! costs time.

use allocation_counter::{AllocationInfo, measure};
use tegami_bench_auth::ours::Ours;
use tegami_bench_auth::peer::{self, Peer};
use tegami_bench_auth::{Work, input};

/// The message of which nobody may hold a second copy, in octets.
const HUGE: usize = 50 << 20;

fn main() {
    let signer = input::signer();
    let zone = input::Zone::new(&signer);
    let (ours, peer) = (Ours::new(&zone), Peer::new(&zone, &signer));
    println!("heap of one message beside the message itself\n");
    println!("{:<40}{:>16}{:>16}{:>16}", "", "allocations", "octets in all", "octets at once");
    for (name, octets) in [("3 KiB", 3 << 10), ("100 KiB", 100 << 10), ("50 MiB", HUGE)] {
        let content = input::content(octets);
        let signed = input::signed(&content, &signer);
        tell(&format!("tegami, verifying {name}"), ours.verify(&signed));
        tell(&format!("mail-auth, verifying {name}"), peer.verify(&signed));
        tell(&format!("tegami, signing {name}"), ours.sign(&content, &signer));
        tell(&format!("mail-auth, signing {name}"), peer.sign(&content));
    }
    let signed = input::signed(&input::content(3 << 10), &signer);
    let read = peer::read(&signed);
    tell("tegami, SPF and DMARC alone", ours.spf_and_dmarc());
    tell("mail-auth, SPF and DMARC alone", peer.spf_and_dmarc(&read));
    println!();
    let most = broken(&ours, &signer);
    let met = if most < (1 << 20) { "met" } else { "NOT MET" };
    println!(
        "{met:<8}verifying 50 MiB, whole or broken: {most} octets at once (never a copy of the message)"
    );
}

fn tell(name: &str, mut work: Work<'_>) {
    let AllocationInfo { count_total, bytes_total, bytes_max, .. } = once(&mut work);
    println!("{name:<40}{count_total:>16}{bytes_total:>16}{bytes_max:>16}");
}

/// The second time: what is made once and kept has been made.
fn once(work: &mut Work<'_>) -> AllocationInfo {
    work();
    measure(work)
}

/// The most that is held at once while a huge message is verified: whole, with a line more at its end, with another
/// field; what explains a broken signature must not copy it either.
fn broken(ours: &Ours, signer: &tegami_auth::dkim::Signer) -> u64 {
    let mut signed = input::signed(&input::content(HUGE), signer);
    let judge = |content: &[u8]| measure(|| drop(ours.verdicts(content))).bytes_max;
    let whole = judge(&signed);
    signed.extend_from_slice(b"-- \r\nA footer that a mailing list has added\r\n");
    let footer = judge(&signed);
    if let Some(octet) = signed.iter_mut().rev().nth(HUGE / 2) {
        *octet ^= 1;
    }
    let changed = judge(&signed);
    println!("{:<40}{:>48}", "tegami, verifying 50 MiB with a footer", footer);
    println!("{:<40}{:>48}", "tegami, verifying 50 MiB changed", changed);
    whole.max(footer).max(changed)
}
