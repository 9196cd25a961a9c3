//! What holds for any message from anybody; shared by the fuzz target and the replay of its corpus.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a fuzz target fails by panicking"
)]

use futures_util::FutureExt as _;
use jiff::Timestamp;
use tegami_auth::results::AuthenticationResults;
use tegami_auth::verify::{Client, early, message};
use tegami_dns::ZoneResolver;
use tegami_mail::{Address, HeaderLimits, HeaderSection, ReversePath, header};

/// Verifies: the first line is the argument of HELO, the second the reverse-path, then comes zone text to a line of
/// `---`, then the message. Every verdict has steps, and what is written into the message is one field each.
pub(crate) fn verify(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let (session, content) = text.split_once("\n---\n").unwrap_or((&text, ""));
    let mut lines = session.splitn(3, '\n');
    let (helo, mail_from) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let Ok(resolver) = ZoneResolver::from_text(lines.next().unwrap_or_default()) else { return };
    let mail_from = Address::parse(mail_from).map_or(ReversePath::Null, ReversePath::Address);
    let client = Client {
        ip: "192.0.2.1".parse().unwrap(),
        helo,
        mail_from: &mail_from,
        receiver: "mx.example.com",
        now: Timestamp::UNIX_EPOCH,
    };
    let early = early(&client, &resolver).now_or_never().unwrap();
    let verdicts = message(&client, early, content.as_bytes(), &resolver).now_or_never().unwrap();
    let steps = [&verdicts.early.iprev.steps, &verdicts.early.spf_helo.steps, &verdicts.dmarc.steps];
    assert!(steps.iter().all(|steps| !steps.is_empty()), "a verdict without steps: {verdicts:?}");
    assert!(verdicts.dkim.iter().all(|verdict| !verdict.steps.is_empty()), "{verdicts:?}");

    let results = verdicts.authentication_results("mx.example.com");
    AuthenticationResults::parse(results.split_once(':').unwrap().1.as_bytes()).unwrap();
    for field in [results, verdicts.received_spf("mx.example.com")] {
        let marked = header::prepend(content.as_bytes(), &[&field]);
        if let Ok(section) = HeaderSection::parse(&marked, HeaderLimits::GENEROUS) {
            assert_eq!(section.fields()[0].raw, field.as_bytes(), "{marked:?}");
        }
        assert!(field.ends_with("\r\n") && field.lines().all(|line| line.len() <= 998), "{field:?}");
    }
}
