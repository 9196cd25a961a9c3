//! What holds for whole evaluations, whatever the DNS answers and the message says; shared by the fuzz targets and the
//! replay of their corpora.
#![allow(
    dead_code,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a fuzz target fails by panicking"
)]

#[path = "hostile_dns.rs"]
pub(crate) mod hostile_dns;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use tegami_auth::arc::MAX_SETS;
use tegami_auth::dkim::DkimResult;
use tegami_auth::dmarc::{self, MAX_AUTHOR_DOMAINS, MAX_QUERIES};
use tegami_auth::results::AuthenticationResults;
use tegami_auth::spf::{self, MAX_ADDRESS_NAMES, MAX_LOOKUPS, SpfResult};
use tegami_auth::verify::{self, Client, early, message};
use tegami_auth::{Cache, Records, Step, arc, dkim, iprev};
use tegami_mail::{Address, Domain, ReversePath};

use hostile_dns::{Asked, HostileDns, octets};

/// The present of all evaluations.
pub(crate) const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// Addresses behind one `mx`, `ptr` or `%{p}`, and the question that names them.
const PER_TERM: usize = 1 + MAX_ADDRESS_NAMES;

/// Questions of one SPF evaluation: the record; for each term its own and those of a `%{p}` in it; for `exp=` its text,
/// and a `%{p}` in its name and in its text (RFC 7208 section 4.6.4).
pub(crate) const SPF_QUESTIONS: usize = 1 + MAX_LOOKUPS as usize * 2 * PER_TERM + 1 + 2 * PER_TERM;

/// Different questions of one: all `%{p}` ask the same ones but for the order of the names.
pub(crate) const SPF_DISTINCT: usize = 1 + MAX_LOOKUPS as usize * PER_TERM + 1 + PER_TERM;

/// Signatures that are looked at; the verdicts are one more where there are more.
const SIGNATURES: usize = 10;

/// Questions of one DMARC evaluation: a walk and the existence of the name or of an alias for every author, and a walk for
/// every identifier.
const DMARC_QUESTIONS: usize = MAX_AUTHOR_DOMAINS * (MAX_QUERIES + 2) + (SIGNATURES + 2) * MAX_QUERIES;

/// The input in its lines, each once asked for.
struct Lines<'a>(std::slice::Split<'a, u8, fn(&u8) -> bool>);

impl<'a> Lines<'a> {
    fn new(octets: &'a [u8]) -> Self {
        let is_end: fn(&u8) -> bool = |octet| *octet == b'\n';
        Self(octets.split(is_end))
    }

    fn text(&mut self) -> String {
        String::from_utf8_lossy(self.0.next().unwrap_or_default()).into_owned()
    }

    /// The rest: texts of the DNS.
    fn dns(self, shapes: &[u8]) -> HostileDns {
        HostileDns::new(shapes, &self.0.collect::<Vec<_>>())
    }
}

/// SPF: shapes of answers, the argument of HELO, the reverse-path, then texts of the DNS, a line each. The first shape says
/// whether the client has an IPv6 address; the HELO identity is checked where there is no reverse-path.
pub(crate) fn spf(input: &[u8]) {
    let mut lines = Lines::new(input);
    let shapes = lines.0.next().unwrap_or_default();
    let (helo, mail_from) = (lines.text(), lines.text());
    let mail_from = Address::parse(&mail_from).map_or(ReversePath::Null, ReversePath::Address);
    let is_ipv6 = shapes.first().is_some_and(|shape| shape & 32 != 0);
    let request = spf::Request {
        ip: if is_ipv6 { "2001:db8::1" } else { "192.0.2.1" }.parse().unwrap(),
        helo: &helo,
        mail_from: &mail_from,
        receiver: "mx.example.com",
        now: NOW,
    };
    let dns = lines.dns(shapes);
    let check = |records: Records<'_>| match mail_from {
        ReversePath::Null => spf::check_helo(&request, records).now_or_never().unwrap(),
        ReversePath::Address(_) => spf::check_mail_from(&request, records).now_or_never().unwrap(),
    };
    let verdict = check((&dns).into());
    judge_spf(&verdict, dns.asked(), input.len());
    let told = |verdict: &spf::Verdict| format!("{verdict:?}");
    same_when_kept(&dns, &told(&verdict), |records| told(&check(records)));
}

/// What was kept says the same as what was asked for: first while the cache learns, then from the cache alone, but for what
/// failed, which is never kept.
fn same_when_kept(dns: &HostileDns, expected: &str, decide: impl Fn(Records<'_>) -> String) {
    let cache = Cache::default();
    let records = Records::cached(dns, &cache, NOW);
    assert_eq!(decide(records), expected);
    let before = dns.asked().distinct;
    assert_eq!(decide(records), expected);
    assert_eq!(dns.asked().distinct, before, "something new is asked of a cache that has seen it all");
}

/// The limits of RFC 7208 section 4.6.4, and that every term of a record is told once at most.
fn judge_spf(verdict: &spf::Verdict, asked: Asked, input: usize) {
    assert!(!verdict.steps.is_empty(), "no steps");
    assert!(asked.questions <= SPF_QUESTIONS, "{asked:?}");
    assert!(asked.distinct <= SPF_DISTINCT, "{asked:?}");
    assert!(verdict.lookups <= MAX_LOOKUPS + 1 && verdict.void_lookups <= 3, "{verdict:?}");
    assert!(verdict.lookups <= MAX_LOOKUPS || verdict.result == SpfResult::PermError, "{verdict:?}");
    assert!(verdict.void_lookups <= 2 || verdict.result == SpfResult::PermError, "{verdict:?}");
    // A term has two octets at least, with the blank before it; a record is told in one step more, and so is the default.
    let steps = asked.octets / 2 + 2 * (usize::from(MAX_LOOKUPS) + 2) + 2;
    assert!(verdict.steps.len() <= steps, "{} steps of {asked:?}", verdict.steps.len());
    bounded(&verdict.steps, asked, input);
}

/// What is kept of an evaluation grows with what was given to it, not faster; every step may name a domain, a host and
/// addresses of a long answer.
fn bounded(steps: &[Step], asked: Asked, input: usize) {
    let (kept, most) = (octets(steps), 8 * (input + asked.octets) + 4096 * (steps.len() + 1));
    assert!(kept <= most, "{kept} octets of {} steps, expected at most {most}: {asked:?}", steps.len());
}

/// DMARC: shapes of answers, Author Domains, domains for which SPF passes, for which DKIM does, then texts of the DNS.
pub(crate) fn dmarc(input: &[u8]) {
    let mut lines = Lines::new(input);
    let shapes = lines.0.next().unwrap_or_default();
    let mut domains = || -> Vec<Domain> {
        lines.text().split(',').take(40).filter_map(|text| Domain::parse(text).ok()).collect()
    };
    let (authors, spf, dkim) = (domains(), domains(), domains());
    let dns = lines.dns(shapes);
    let spf: Vec<_> = spf.into_iter().take(1).map(|domain| (SpfResult::Pass, domain)).collect();
    let dkim: Vec<_> = dkim.into_iter().take(SIGNATURES).map(|domain| (DkimResult::Pass, domain)).collect();
    let verdict = dmarc::evaluate(&authors, &spf, &dkim, &dns).now_or_never().unwrap();
    judge_dmarc(&verdict, dns.asked(), input.len());
    same_when_kept(&dns, &format!("{verdict:?}"), |records| {
        format!("{:?}", dmarc::evaluate(&authors, &spf, &dkim, records).now_or_never().unwrap())
    });
    if let Some(author) = authors.first() {
        let found = dmarc::discover(author, &dns).now_or_never().unwrap();
        assert!(usize::from(found.queries) <= MAX_QUERIES, "{found:?}");
        assert!(!found.steps.is_empty());
        both_methods(author, &spf, &dkim, &dns);
    }
}

/// The older method asks at most two names more, and both remember.
fn both_methods(
    author: &Domain,
    spf: &[(SpfResult, Domain)],
    dkim: &[(DkimResult, Domain)],
    dns: &HostileDns,
) {
    let (before, walker) = (dns.asked().questions, &mut dmarc::Walker::new(dns));
    let (verdict, notes) = dmarc::public_suffix::compare(author, spf, dkim, walker).now_or_never().unwrap();
    let questions = dns.asked().questions - before;
    assert!(questions <= (spf.len() + dkim.len() + 1) * MAX_QUERIES + 2 + 2, "{questions} questions");
    assert!(author.is_at_or_below(&verdict.discovery.organizational_domain), "{verdict:?}");
    assert!(notes.len() <= 6, "{notes:?}");
}

fn judge_dmarc(verdict: &dmarc::Verdict, asked: Asked, input: usize) {
    assert!(!verdict.steps.is_empty());
    assert!(usize::from(verdict.queries) <= MAX_QUERIES, "{verdict:?}");
    assert!(asked.questions <= DMARC_QUESTIONS, "{asked:?}");
    // Ignored tags of a record are told again for each author that it serves.
    bounded(&verdict.steps, asked, MAX_AUTHOR_DOMAINS * (input + asked.octets));
}

/// The parts before and after a line of `---`.
fn parts(input: &[u8]) -> (&[u8], &[u8]) {
    match input.windows(5).position(|at| at == b"\n---\n") {
        Some(at) => (&input[..at], &input[at + 5..]),
        None => (&[], input),
    }
}

/// DKIM: shapes of answers and texts of the DNS, a line of `---`, the content.
pub(crate) fn dkim(input: &[u8]) {
    let (zone, content) = parts(input);
    let mut lines = Lines::new(zone);
    let shapes = lines.0.next().unwrap_or_default();
    let dns = lines.dns(shapes);
    let verdicts = dkim::verify(content, &dns, NOW).now_or_never().unwrap();
    judge_dkim(&verdicts, dns.asked(), input.len());
    let told = |verdicts: &[dkim::Verdict]| format!("{verdicts:?}");
    same_when_kept(&dns, &told(&verdicts), |records| {
        told(&dkim::verify(content, records, NOW).now_or_never().unwrap())
    });
}

fn judge_dkim(verdicts: &[dkim::Verdict], asked: Asked, input: usize) {
    assert!((1..=SIGNATURES + 1).contains(&verdicts.len()));
    assert!(asked.questions <= SIGNATURES, "{asked:?}");
    for verdict in verdicts {
        assert!((1..=64).contains(&verdict.steps.len()), "{verdict:?}");
        bounded(&verdict.steps, asked, input);
    }
}

/// ARC: as [`dkim`].
pub(crate) fn arc(input: &[u8]) {
    let (zone, content) = parts(input);
    let mut lines = Lines::new(zone);
    let shapes = lines.0.next().unwrap_or_default();
    let dns = lines.dns(shapes);
    let verdict = arc::verify(content, &dns, NOW).now_or_never().unwrap();
    judge_arc(&verdict, dns.asked(), input.len());
    same_when_kept(&dns, &format!("{verdict:?}"), |records| {
        format!("{:?}", arc::verify(content, records, NOW).now_or_never().unwrap())
    });
}

fn judge_arc(verdict: &arc::Verdict, asked: Asked, input: usize) {
    let sets = usize::from(MAX_SETS);
    assert!((1..=4 * sets + 8).contains(&verdict.steps.len()), "{verdict:?}");
    assert!(asked.questions <= 1 + 2 * sets, "{asked:?}");
    assert!(verdict.instance <= MAX_SETS);
    bounded(&verdict.steps, asked, input);
}

/// Everything: shapes of answers, the argument of HELO, the reverse-path, texts of the DNS, a line of `---`, the content.
pub(crate) fn whole(input: &[u8]) {
    let (session, content) = parts(input);
    let mut lines = Lines::new(session);
    let shapes = lines.0.next().unwrap_or_default();
    let (helo, mail_from) = (lines.text(), lines.text());
    let mail_from = Address::parse(&mail_from).map_or(ReversePath::Null, ReversePath::Address);
    let client = Client {
        ip: "192.0.2.1".parse().unwrap(),
        helo: &helo,
        mail_from: &mail_from,
        receiver: "mx.example.com",
        now: NOW,
    };
    let dns = lines.dns(shapes);
    let early = early(&client, &dns).now_or_never().unwrap();
    assert!(dns.asked().questions <= 1 + iprev::MAX_NAMES + 2 * SPF_QUESTIONS, "{:?}", dns.asked());
    let before = dns.asked().questions;
    let verdicts = message(&client, early, content, &dns).now_or_never().unwrap();
    let asked = dns.asked();
    let most = SIGNATURES + 1 + 2 * usize::from(MAX_SETS) + DMARC_QUESTIONS;
    assert!(asked.questions - before <= most, "{asked:?}");
    judge_dkim(&verdicts.dkim, Asked { questions: 0, ..asked }, input.len());
    judge_arc(&verdicts.arc, Asked { questions: 0, ..asked }, input.len());
    judge_dmarc(&verdicts.dmarc, Asked { questions: 0, ..asked }, input.len());
    same_when_kept(&dns, &format!("{verdicts:?}"), |records| {
        let early = verify::early(&client, records).now_or_never().unwrap();
        format!("{:?}", message(&client, early, content, records).now_or_never().unwrap())
    });
    let results = verdicts.authentication_results("mx.example.com");
    AuthenticationResults::parse(results.split_once(':').unwrap().1.as_bytes()).unwrap();
    for field in [results, verdicts.received_spf("mx.example.com")] {
        assert!(field.ends_with("\r\n") && field.lines().all(|line| line.len() <= 998), "{field:?}");
    }
}
