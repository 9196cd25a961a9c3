//! Attacks on SPF (RFC 7208 sections 4.6.4 and 11.1).

use jiff::Timestamp;
use tegami_auth::spf::survey::{Asks, MAX_QUESTIONS, RecordNode, survey};
use tegami_auth::spf::{self, SpfResult, Verdict};
use tegami_mail::ReversePath;

use super::{Zone, lines};
use crate::block_on;
use crate::evaluation::hostile_dns::{longest, octets};
use crate::evaluation::{SPF_DISTINCT, SPF_QUESTIONS};

/// `check_host()` for the local-part and domain of `sender`, and its result and number of questions.
fn evaluate(zone: &Zone, sender: &str, ip: &str) -> (Verdict, usize) {
    let (local_part, domain) = sender.rsplit_once('@').unwrap();
    let request = spf::Request {
        ip: ip.parse().unwrap(),
        helo: "mail.example.org",
        mail_from: &ReversePath::Null,
        receiver: "mx.example.com",
        now: Timestamp::UNIX_EPOCH,
    };
    let before = zone.asked();
    let verdict = block_on(spf::check_host(&request, spf::Identity::MailFrom, local_part, domain, zone));
    (verdict, zone.asked() - before)
}

/// The result for `a@example.org` from 192.0.2.1, the terms that asked, and how many questions there were at most.
fn check(zone: &Zone, expect: (SpfResult, u8), most: usize) -> Verdict {
    let (verdict, asked) = evaluate(zone, "a@example.org", "192.0.2.1");
    assert_eq!((verdict.result, verdict.lookups), expect, "{}", describe(&verdict));
    assert!(asked <= most, "{asked} questions, at most {most} are allowed");
    verdict
}

fn describe(verdict: &Verdict) -> String {
    lines(verdict.steps.len().min(20), |at| {
        let step = &verdict.steps[at];
        format!("{} {} {} {}", step.depth, step.term, step.outcome, step.note.id)
    })
}

#[test]
fn loops() {
    let include = Zone::new("example.org. TXT \"v=spf1 include:example.org -all\"");
    let verdict = check(&include, (SpfResult::PermError, 11), 11);
    assert_eq!(verdict.steps.iter().map(|step| step.depth).max(), Some(10));
    let redirect = Zone::new("example.org. TXT \"v=spf1 redirect=example.org\"");
    check(&redirect, (SpfResult::PermError, 11), 11);
    let pair = Zone::new(
        "example.org. TXT \"v=spf1 ?include:example.net redirect=example.net\"
         example.net. TXT \"v=spf1 ?include:example.org redirect=example.org\"",
    );
    check(&pair, (SpfResult::PermError, 11), 11);
    let by_macro = Zone::new("*.example.org. TXT \"v=spf1 include:%{i}.%{d} -all\"\n")
        .with("example.org", "v=spf1 include:a.%{d} -all");
    check(&by_macro, (SpfResult::PermError, 11), 11);
}

#[test]
fn a_loop_of_aliases() {
    let zone = Zone::new(
        "example.org. TXT \"v=spf1 a:a.example.org -all\"
         a.example.org. CNAME b.example.org.
         b.example.org. CNAME a.example.org.",
    );
    check(&zone, (SpfResult::TempError, 1), 2);
}

/// The tree is as wide as ten, and every `mx` has ten hosts: the limit of terms holds for all of it together.
#[test]
fn a_tree_of_includes_with_ten_mx_of_ten_hosts() {
    let wide = (0..10).map(|number| format!("include:t{number}.example.org ")).collect::<String>();
    let leaf = (0..10).map(|number| format!("mx:m{number}.example.org ")).collect::<String>();
    let zone = format!("example.org. TXT \"v=spf1 {wide}-all\"\n")
        + &lines(10, |number| format!("t{number}.example.org. TXT \"v=spf1 {}\" \"?all\"", &leaf))
        + &lines(100, |at| format!("m{}.example.org. MX 1 h{at}.example.org.", at / 10))
        + &lines(100, |at| format!("h{at}.example.org. A 198.51.100.{at}"));
    // Two records, one include and nine `mx` with ten hosts each.
    check(&Zone::new(&zone), (SpfResult::PermError, 11), 2 + 9 * 11);
}

#[test]
fn eleven_hosts_of_one_mx() {
    let zone = "example.org. TXT \"v=spf1 mx -all\"\n".to_owned()
        + &lines(11, |at| format!("example.org. MX {at} h{at}.example.org."))
        + &lines(11, |at| format!("h{at}.example.org. A 198.51.100.{at}"));
    check(&Zone::new(&zone), (SpfResult::PermError, 1), 2 + 10);
}

/// Only the first ten names are looked at (RFC 7208 section 4.6.4), by the mechanism and by the macro.
#[test]
fn a_thousand_names_of_one_address() {
    let names = lines(1000, |at| format!("1.2.0.192.in-addr.arpa. PTR n{at}.example.org."))
        + &lines(1000, |at| format!("n{at}.example.org. A 198.51.100.1"));
    let ptr = Zone::new(&format!("{names}example.org. TXT \"v=spf1 ptr -all\""));
    check(&ptr, (SpfResult::Fail, 1), 2 + 10);
    let macros = "exists:%{p}.x.test ".repeat(2) + &"a:%{p}%{p}%{p}.example.org ".repeat(8);
    let zone = Zone::new(&format!("{names}*.x.test. A 192.0.2.9"))
        .with("example.org", format!("v=spf1 ?{macros}-all exp=%{{p}}.y.test"));
    let verdict = check(&zone, (SpfResult::Neutral, 1), 1 + 11 + 1);
    assert!(octets(&verdict.steps) < 4096, "{}", describe(&verdict));
    let every = Zone::new(&format!("{names}*.x.test. A 192.0.2.9")).with(
        "example.org",
        format!("v=spf1 {}-all exp=%{{p}}.y.test", "-exists:%{p}.x.example.org ?a:%{p}.x.test/32 ".repeat(5)),
    );
    let (_, asked) = evaluate(&every, "a@example.org", "192.0.2.1");
    assert!(asked <= SPF_QUESTIONS, "{asked}");
}

#[test]
fn a_flood_of_voids() {
    let voids = |count: usize| {
        let terms = (0..count).map(|at| format!("a:n{at}.test ")).collect::<String>();
        Zone::new("").with("example.org", format!("v=spf1 {terms}-all"))
    };
    check(&voids(2), (SpfResult::Fail, 2), 3);
    check(&voids(3), (SpfResult::PermError, 3), 4);
    check(&voids(5000), (SpfResult::PermError, 3), 4);
}

/// A record of 65,535 octets, all of them terms that ask.
#[test]
fn a_record_of_nothing_but_terms() {
    let zone = |terms: &str| {
        let mut record = format!("v=spf1 {}", terms.repeat(65_528 / terms.len()));
        record.truncate(65_535);
        Zone::new("example.org. A 198.51.100.1").with("example.org", record.trim_end())
    };
    let verdict = check(&zone("a "), (SpfResult::PermError, 11), 1 + 11);
    assert_eq!(verdict.steps.len(), 12);
    let verdict = check(&zone("a= "), (SpfResult::Neutral, 0), 1);
    assert!(verdict.steps.len() <= 503, "{}", verdict.steps.len());
    let verdict = check(&zone("ip4:203.0.113.1 "), (SpfResult::Neutral, 0), 1);
    assert!(verdict.steps.len() <= 503, "{}", verdict.steps.len());
    assert!(octets(&verdict.steps) <= 8 * 65_535, "{}", octets(&verdict.steps));
}

/// A resolver of one's own may hand over more than the DNS can carry.
#[test]
fn texts_of_megabytes() {
    let long = |what: &str| format!("v=spf1 {what}").into_bytes();
    let zone = |text: Vec<u8>| Zone::new("").with("example.org", text);
    let size = 1 << 20;
    check(&zone(long(&" ".repeat(size))), (SpfResult::Neutral, 0), 1);
    check(&zone(long(&"x".repeat(size))), (SpfResult::PermError, 0), 1);
    check(&zone(long(&format!("include:{}.test", "%{d}".repeat(size / 4)))), (SpfResult::PermError, 1), 2);
    check(&zone(long(&format!("x={}", "%".repeat(size)))), (SpfResult::Neutral, 0), 1);
    check(&zone(vec![b' '; size]), (SpfResult::None, 0), 1);
    check(&zone(long(&format!("redirect={}", "a".repeat(size)))), (SpfResult::PermError, 0), 1);
    let redirects = format!("{}{}", "redirect=a.test ".repeat(2), "a ".repeat(size));
    check(&zone(long(&redirects)), (SpfResult::PermError, 0), 1);
}

/// What a peer says of itself, repeated by the record without end: no name of the DNS is longer than 253 octets, so no more
/// is made or kept of it.
#[test]
fn macros_that_grow() {
    let local_part = "l".repeat(1000);
    let grow = |spec: &str, sender: &str, expect: SpfResult| {
        let zone = Zone::new("").with("example.org", format!("v=spf1 {spec} -all"));
        let (verdict, asked) = evaluate(&zone, sender, "192.0.2.1");
        assert_eq!(verdict.result, expect, "{}", describe(&verdict));
        assert!(asked <= 2, "{asked}");
        let (kept, record) = (octets(&verdict.steps), spec.len());
        assert!(kept <= 4 * record + 4096, "{kept} octets are kept of a record of {record}");
    };
    let sender = format!("{local_part}@example.org");
    grow(&format!("exists:{}.%{{d}}", "%{l}".repeat(10_000)), &sender, SpfResult::Fail);
    // Without a dot there is no label to remove.
    grow(&format!("exists:{}", "%{l}".repeat(10_000)), &sender, SpfResult::Fail);
    grow(&format!("include:{}", "%{L}".repeat(10_000)), &sender, SpfResult::PermError);
    grow(&format!("redirect={}", "%{l}".repeat(10_000)), &sender, SpfResult::Fail);
    grow(&format!("a:{}.%{{d}}", "%{S}".repeat(10_000)), &sender, SpfResult::Fail);
    grow(&format!("include:{}.%{{d}}", "%{l}.".repeat(10_000)), &sender, SpfResult::PermError);
    grow(&format!("exists:{}%{{d}}", "%{l-}.".repeat(10_000)), "-.-.-.-@example.org", SpfResult::Fail);
    grow(&format!("redirect={}.%{{d}}", "%{L}".repeat(10_000)), "例え@example.org", SpfResult::Fail);
}

/// The explanation is made for a reply of SMTP.
#[test]
fn an_explanation_that_grows() {
    let zone = Zone::new("example.org. TXT \"v=spf1 -all exp=why.example.org\"")
        .with("why.example.org", "%{S}".repeat(15_000));
    let verdict = check(&zone, (SpfResult::Fail, 0), 2);
    assert_eq!(verdict.explanation, None);
    let (verdict, _) = evaluate(&zone, &format!("{}@example.org", "l".repeat(1000)), "192.0.2.1");
    assert_eq!(verdict.explanation, None);
    assert!(octets(&verdict.steps) < 4096);
    let several = Zone::new(
        "example.org. TXT \"v=spf1 -all exp=why.example.org\"
         why.example.org. TXT \"one\"
         why.example.org. TXT \"two\"",
    );
    assert_eq!(check(&several, (SpfResult::Fail, 0), 2).explanation, None);
}

/// RFC 7208 section 4.3: a label of 64 octets, an empty label, and a name of 254 octets are malformed, and nothing is asked.
#[test]
fn names_at_their_limits() {
    let label = |length| "x".repeat(length);
    let check = |domain: &str, most: usize| {
        let zone = Zone::new("");
        let (verdict, asked) = evaluate(&zone, &format!("a@{domain}"), "192.0.2.1");
        assert_eq!((verdict.result, asked), (SpfResult::None, most), "{domain}");
    };
    check(&format!("{}.org", label(63)), 1);
    check(&format!("{}.org", label(64)), 0);
    check(&longest(0), 1);
    check(&format!("{}.", longest(0)), 1);
    check(&format!("y{}", longest(0)), 0);
    check(&format!("y.{}", longest(0)), 0);
    check(&format!("yyy{}", longest(0)), 0);
    check("a..example.org", 0);
    check(".example.org", 0);
    check("example.org..", 0);
    check("org", 0);
    check("[192.0.2.1]", 0);
    check("192.0.2.1", 0);
    check(r"a\.example.org", 0);
    check(r"a\000b.example.org", 0);
}

/// The same of targets: too long a name loses labels from the left (RFC 7208 section 7.3), one that is none matches nothing.
#[test]
fn targets_at_their_limits() {
    let label = "x".repeat(63);
    let zone =
        Zone::new("").with("example.org", format!("v=spf1 exists:{label}x.%{{d}} a:y.{} -all", longest(0)));
    check(&zone, (SpfResult::Fail, 2), 2);
    let zone = Zone::new("").with("example.org", "v=spf1 include:a..%{d} -all");
    check(&zone, (SpfResult::PermError, 1), 1);
    let zone = Zone::new("").with("example.org", format!("v=spf1 redirect={label}x.example.org"));
    check(&zone, (SpfResult::PermError, 1), 1);
}

/// Different questions stay within the standard's limits, however the terms are mixed.
#[test]
fn the_most_that_can_be_asked() {
    let mut zone = "example.org. TXT \"v=spf1 \"".to_owned();
    for number in 0..10 {
        zone += &format!(" \"mx:m{number}.%{{p}}.example.org \"");
    }
    zone += " \"-all exp=%{p}.why.test\"\n*.why.test. TXT \"%{p}\"\n";
    zone += &lines(100, |at| format!("m{}.unknown.example.org. MX {at} h{at}.example.org.", at / 10));
    zone += &lines(100, |at| format!("h{at}.example.org. A 198.51.100.{at}"));
    zone += &lines(20, |at| format!("1.2.0.192.in-addr.arpa. PTR p{at}.example.org."));
    zone += &lines(20, |at| format!("p{at}.example.org. A 198.51.100.1"));
    let zone = Zone::new(&zone);
    let verdict = check(&zone, (SpfResult::Fail, 10), SPF_QUESTIONS);
    assert_eq!(verdict.explanation.as_deref(), Some("unknown"));
    assert_eq!(SPF_DISTINCT, 1 + 110 + 1 + 11);
}

/// What a survey keeps of answers, and how many questions it took.
fn surveyed(zone: &Zone) -> (usize, usize) {
    let survey = block_on(survey("example.org", zone));
    let shown = |node: &&RecordNode| -> usize {
        let found = node.terms.iter().filter_map(|term| match &term.asks {
            Asks::Name(_, found) => Some(found.len()),
            _ => None,
        });
        found.sum()
    };
    assert!(survey.findings.len() <= 200);
    assert_eq!(survey.questions, zone.asked());
    let nodes = survey.tree.all();
    assert!(nodes.len() <= 10_001 && nodes.iter().map(|node| node.terms.len()).sum::<usize>() <= 10_000);
    (nodes.iter().map(shown).sum(), zone.asked())
}

/// A survey walks everything that is published: then that everything must have an end.
#[test]
fn surveys() {
    let many = lines(4_000, |at| format!("example.org. A 203.0.{}.{}", 113 + at / 256, at % 256));
    let zone = Zone::new(&many).with("example.org", format!("v=spf1 {}-all", "a ".repeat(9_000)));
    let (shown, asked) = surveyed(&zone);
    assert!(shown <= 4_000 && asked < 10, "{shown} answers are shown, {asked} questions");
    let many = lines(4_000, |at| format!("example.org. MX {at} h{at}.example.org."));
    let zone = Zone::new(&many).with("example.org", format!("v=spf1 {}-all", "mx ".repeat(9_000)));
    let (shown, asked) = surveyed(&zone);
    assert!(shown <= 4_000 && asked < 40, "{shown} answers are shown, {asked} questions");
    let wide = (0..400).map(|number| format!("include:t{number}.example.org ")).collect::<String>();
    let leaf = (0..400).map(|number| format!("mx:m{number}.%{{d}} ")).collect::<String>();
    let zone = Zone::new(&lines(400, |at| format!("t{at}.example.org. TYPE99 \\# 1 00")))
        .with("example.org", format!("v=spf1 {wide}-all"));
    let zone =
        (0..400).fold(zone, |zone, at| zone.with(&format!("t{at}.example.org"), format!("v=spf1 {leaf}")));
    assert!(surveyed(&zone).1 <= MAX_QUESTIONS + 20);
    let zone = Zone::new("").with("example.org", format!("v=spf1 {}", "include:example.org ".repeat(3_000)));
    assert!(surveyed(&zone).1 < 20);
    let chain = (0..100).fold(Zone::new(""), |zone, at| {
        let name = if at == 0 { "example.org".to_owned() } else { format!("r{at}.test") };
        zone.with(&name, format!("v=spf1 redirect=r{}.test", at + 1))
    });
    assert!(surveyed(&chain).1 < 40);
}
