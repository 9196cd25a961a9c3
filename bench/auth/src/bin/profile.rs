//! One work again and again, for a profiler: `profile verify|sign|policy KIBIBYTES TIMES`.

use tegami_bench_auth::input;
use tegami_bench_auth::ours::Ours;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<usize>().ok());
    let (octets, times) = (number(1).unwrap_or(3) << 10, number(2).unwrap_or(10_000));
    let signer = input::signer();
    let ours = Ours::new(&input::Zone::new(&signer));
    let content = input::content(octets);
    let signed = input::signed(&content, &signer);
    let mut work = match words.first().map(String::as_str) {
        Some("sign") => ours.sign(&content, &signer),
        Some("policy") => ours.spf_and_dmarc(),
        _ => ours.verify(&signed),
    };
    for _ in 0..times {
        work();
    }
}
