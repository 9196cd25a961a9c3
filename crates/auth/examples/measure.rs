//! What signing and verifying cost: `cargo run --release -p tegami-auth --example measure [SECONDS]`.
//!
//! One thread, DNS from memory, an RSA-2048 key. The figures are messages per second of processor time, so that other
//! load on the machine does not count. With 0 seconds, everything happens 50 times: for an instruction profiler.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a program for people at a terminal"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use jiff::Timestamp;
use tegami_auth::dkim::{DkimResult, PrivateKey, Signer, record_name, sign};
use tegami_auth::dmarc::DmarcResult;
use tegami_auth::verify::{Client, Verdicts, early, message};
use tegami_dns::ZoneResolver;
use tegami_mail::{Address, ReversePath};

fn main() {
    let argument = std::env::args().nth(1).unwrap_or_else(|| "2".to_owned());
    let span = Duration::from_secs(argument.parse().expect("a number of seconds"));
    let key = Arc::new(PrivateKey::generate_rsa_2048().unwrap());
    let signer = Signer::new("example.org".parse().unwrap(), "mail".parse().unwrap(), key);
    let resolver = ZoneResolver::from_text(&zone(&signer)).unwrap();
    println!("{:<10}{:>12}{:>24}", "content", "sign", "verify + SPF + DMARC");
    for octets in [3 * 1024, 100 * 1024] {
        let content = content(octets);
        let signing = per_second(span, || {
            black_box(sign(&content, std::slice::from_ref(&signer), Timestamp::UNIX_EPOCH).unwrap());
        });
        let mut signed = sign(&content, std::slice::from_ref(&signer), Timestamp::UNIX_EPOCH).unwrap();
        signed.extend_from_slice(&content);
        let verifying = per_second(span, || {
            let verdicts = judge(&signed, &resolver);
            assert_eq!(verdicts.dkim.first().map(|verdict| verdict.result), Some(DkimResult::Pass));
            assert_eq!(verdicts.dmarc.result, DmarcResult::Pass);
            black_box(verdicts);
        });
        println!("{:<10}{signing:>10.0}/s{verifying:>22.0}/s", format!("{} KiB", octets / 1024));
    }
}

#[inline(never)]
fn judge(content: &[u8], resolver: &ZoneResolver) -> Verdicts {
    let mail_from = ReversePath::Address(Address::parse("someone@example.org").unwrap());
    let client = Client {
        ip: "192.0.2.1".parse().unwrap(),
        helo: "mail.example.org",
        mail_from: &mail_from,
        receiver: "mx.example.com",
        now: Timestamp::UNIX_EPOCH,
    };
    let verdicts = async {
        let early = early(&client, resolver).await;
        message(&client, early, content, resolver).await
    };
    verdicts.now_or_never().expect("a resolver in memory never waits")
}

fn zone(signer: &Signer) -> String {
    let record = signer.key.dns_record();
    let (start, rest) = record.split_at(200);
    format!(
        r#"
        {name}. TXT "{start}" "{rest}"
        example.org. TXT "v=spf1 mx include:spf.example.net -all"
        example.org. MX 10 mail.example.org.
        spf.example.net. TXT "v=spf1 ip4:198.51.100.0/24 ip4:203.0.113.0/24 -all"
        mail.example.org. TXT "v=spf1 a -all"
        mail.example.org. A 192.0.2.1
        1.2.0.192.in-addr.arpa. PTR mail.example.org.
        _dmarc.example.org. TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.org"
        "#,
        name = record_name(&signer.selector, &signer.domain),
    )
}

/// A message of about so many octets, with lines of text as people and newsletters have them.
fn content(octets: usize) -> Vec<u8> {
    let mut content = String::from(
        "From: Someone <someone@example.org>\r\nTo: Another <another@example.com>\r\n\
         Subject: What was said at the meeting\r\nDate: Thu, 1 Jan 1970 00:00:00 +0000\r\n\
         Message-ID: <1@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
    );
    while content.len() < octets {
        content.push_str("Dear all, here is what we said,  and what is to be done until the next time.\r\n");
        content.push_str("<td style=\"padding: 0\">   One more line   </td>\t \r\n\r\n");
    }
    content.into_bytes()
}

/// How often `work` can be done in a second of processor time.
fn per_second(span: Duration, mut work: impl FnMut()) -> f64 {
    let begin = processor_time();
    let mut count = 0_u32;
    loop {
        // Looking at the clock costs, too.
        for _ in 0..BATCH {
            work();
        }
        count += BATCH;
        let elapsed = processor_time() - begin;
        if elapsed >= span {
            return f64::from(count) / elapsed.as_secs_f64();
        }
    }
}

const BATCH: u32 = 50;

/// The time that this thread has run; where the system does not tell, the time that has passed.
fn processor_time() -> Duration {
    static BEGIN: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| BEGIN.elapsed(), Duration::from_nanos)
}
