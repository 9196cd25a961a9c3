//! Zones as text, and what is found in them.

use expect_test::expect;
use proptest::prelude::*;
use tegami_dns::{
    Answer, BoxFuture, Data, DnsError, DnsName, MxHost, Record as DnsRecord, RecordType, Resolver, Security,
    ZoneResolver,
};

use super::*;
use crate::spf::SyntaxError;
use crate::step::block_on;

/// A zone in which everything is well; the tests change it.
const BASE: &str = r#"
    $ORIGIN example.com.
    @ MX 10 mx1.example.com.
    @ MX 20 mx2.example.com.
    mx1 A 192.0.2.10
    mx1 AAAA 2001:db8::10
    mx1 TXT "v=spf1 a -all"
    mx2 A 198.51.100.20
    mx2 TXT "v=spf1 a -all"
    _dmarc TXT "v=DMARC1; p=quarantine; sp=quarantine; np=reject; rua=mailto:dmarc@example.com"
"#;

const GOOD: &str = "@ TXT \"v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 ip4:198.51.100.20 ~all\"\n";

fn surveyed(more: &str) -> Survey {
    let resolver = ZoneResolver::from_text(&format!("{BASE}{more}")).unwrap();
    block_on(survey("example.com", &resolver))
}

/// Every finding above `info` as `id state`, and whether the one that is looked for is among them with its suggestion.
fn check(more: &str, expected: &[&str]) {
    let survey = surveyed(more);
    let found: Vec<String> =
        survey.findings.iter().map(|one| format!("{} {}", one.id, one.state.as_str())).collect();
    assert_eq!(found, expected, "{more}\n{}", show(&survey));
}

/// One record at the domain, and other lines.
fn spf(record: &str, more: &str) -> String {
    format!("@ TXT \"{record}\"\n{more}\n")
}

fn show(survey: &Survey) -> String {
    let mut shown = format!(
        "{}: lookups {} (distinct {}), void {} {}, questions {}{}\n",
        survey.domain,
        survey.cost.lookups,
        survey.distinct_lookups,
        survey.cost.void_lookups,
        survey.cost.void_lookups_ipv6,
        survey.questions,
        if survey.complete { "" } else { ", incomplete" }
    );
    show_record(&survey.tree, 1, &mut shown);
    for finding in &survey.findings {
        let args: Vec<String> =
            finding.note.args.iter().map(|(name, value)| format!("{name}={value}")).collect();
        shown.push_str(&format!(
            "{} {} {:?}: {} {}",
            finding.id,
            finding.state.as_str(),
            finding.severity,
            finding.note.id,
            args.join(" ")
        ));
        if let Some(place) = &finding.place {
            shown.push_str(&format!(" | {} column {} of `{}`", finding.domain, place.column, place.term()));
        }
        if let Some(new) = &finding.suggestion {
            shown.push_str(&format!(" | write `{}`", new.text));
        }
        for (number, changes) in finding.fixes.iter().enumerate() {
            for change in changes {
                shown.push_str(&format!(
                    "\n    {}. {:?} {} {} {}",
                    number + 1,
                    change.operation,
                    change.name,
                    change.kind,
                    change.value
                ));
            }
        }
        shown.push('\n');
    }
    if let Some(record) = &survey.corrected {
        shown.push_str(&format!("corrected: {record}\n"));
    }
    shown
}

fn show_record(node: &RecordNode, depth: usize, shown: &mut String) {
    let indent = "  ".repeat(depth);
    shown.push_str(&format!("{indent}{} {:?} {}\n", node.domain, node.status, node.cost.lookups));
    for term in &node.terms {
        let reached = if term.reached { "" } else { " (not reached)" };
        shown.push_str(&format!("{indent}  {}: {}{reached}\n", term.text(), term.cost.lookups));
        if let Some(record) = &term.record {
            show_record(record, depth + 2, shown);
        }
    }
}

#[test]
fn the_base_is_well() {
    check(GOOD, &[]);
    assert_eq!(surveyed(GOOD).state("spf.exists"), State::Pass);
}

#[test]
fn presence() {
    check("", &["spf.exists fail"]);
    check(
        &format!(
            "{GOOD}@ TXT \"v=spf1 include:_spf.example.net ~all\"\n_spf.example.net. TXT \"v=spf1 -all\""
        ),
        &["spf.multiple fail"],
    );
    for record in ["v=spf10 -all", "v=spf 1 -all", "spf1 -all", "v=spf1;"] {
        check(&spf(record, ""), &["spf.version fail"]);
    }
    check(&spf("v=spf2.0/pra -all", ""), &["spf.exists fail", "spf.version info"]);
    check(&format!("{GOOD}{}", spf("spf2.0/pra -all", "")), &["spf.version info"]);
    for name in ["_spf", "spf", "www"] {
        check(&format!("{name} TXT \"v=spf1 mx -all\""), &["spf.exists fail", "spf.wrong-location fail"]);
    }
    check("@ SPF \"v=spf1 mx -all\"", &["spf.exists fail", "spf.wrong-location fail", "spf.type99 info"]);
    check(&format!("{GOOD}@ TYPE99 \\# 12 0B763D73706631202D616C6C"), &["spf.type99 info"]);
    check("$SERVFAIL @ TXT", &["spf.temperror unknown"]);
    check(&spf("v=spf1 -all", ""), &["spf.nonsending info"]);
    assert_eq!(surveyed("").state("spf.syntax"), State::NotApplicable);
    let resolver = ZoneResolver::from_text("").unwrap();
    assert_eq!(block_on(survey("localhost", &resolver)).state("spf.exists"), State::Fail);
}

#[test]
fn syntax() {
    for record in [
        "v=spf1 ip4: 192.0.2.10 ~all",
        "v=spf1 ipv4:192.0.2.10 ~all",
        "v=spf1 a:192.0.2.10 ~all",
        "v=spf1 ip4:192.0.2.0/33 ~all",
        "v=spf1 ip6:2001:db8::/129 ~all",
        "v=spf1 mx/33 ~all",
        "v=spf1 include: ~all",
        "v=spf1 redirect=mx1.example.com redirect=mx2.example.com",
        "v=spf1 ip4:192.0.2.1-all",
        "v=spf1 ip4:192.0.2.1 \\226\\128\\147all",
    ] {
        let survey = surveyed(&spf(record, ""));
        assert_eq!(survey.state("spf.syntax"), State::Fail, "{record}");
        let fails: Vec<&str> =
            survey.findings.iter().filter(|one| one.state == State::Fail).map(|one| one.id).collect();
        assert_eq!(fails, ["spf.syntax"], "{record}");
    }
    check(&spf("v=spf1 ip4:192.0.2.10 foo=bar ~all", ""), &["spf.syntax info"]);
    check(&spf("v=spf1 ip4=192.0.2.10 ~all", ""), &["spf.syntax warn"]);
    check(&spf("v=spf1 mx v=spf1 ip4:203.0.113.1 ~all", ""), &["spf.syntax warn"]);
    check(&spf("v=spf1 ip6:::ffff:192.0.2.1 ~all", ""), &["spf.syntax warn"]);
    check("@ TXT \"v=spf1 ip4:192.0.2.10\" \"-all\"", &["spf.string-split fail"]);
    check("@ TXT \"v=spf1 ip4:192.0.2.10\" \" ~all\"", &[]);
    check("@ TXT \"v=spf1\" \"ip4:192.0.2.10 ~all\"", &["spf.string-split fail"]);
    check(
        "@ TXT \"v=spf1 include:mx1.example.com\" \"include:mx2.example.com ~all\"",
        &["spf.string-split fail"],
    );
    check(&spf("v=spf1 exists:%{x}.example.com ~all", ""), &["spf.macros fail"]);
    check(&spf("v=spf1 exists:%{h}.example.com ~all", ""), &["spf.macros warn"]);
    check(&spf("v=spf1 exists:%{p}.example.com ~all", ""), &["spf.macros warn"]);
    check(&spf("v=spf1 exists:%{ir}.example.com ~all", ""), &["spf.macros info"]);
    check(&spf("v=spf1 a:MX1.example.com. ~ALL", ""), &["spf.case-and-dots info"]);
}

#[test]
fn length() {
    let states = |count: u8| {
        let terms: String = (1..=count).map(|number| format!("\" ip4:203.0.113.{number}\" ")).collect();
        surveyed(&format!("@ TXT \"v=spf1\" {terms} \" ~all\"")).state("spf.length")
    };
    assert_eq!((states(20), states(28), states(40)), (State::Pass, State::Info, State::Warn));
}

#[test]
fn limits() {
    let includes = |count: usize| {
        let terms: Vec<String> = (0..count).map(|number| format!("include:i{number}.example.net")).collect();
        let records: Vec<String> =
            (0..count).map(|number| format!("i{number}.example.net. TXT \"v=spf1 -all\"\n")).collect();
        format!("@ TXT \"v=spf1 {}\" \" ~all\"\n{}", terms.join("\" \" "), records.concat())
    };
    check(&includes(6), &[]);
    check(&includes(8), &["spf.lookup-limit info"]);
    check(&includes(10), &["spf.lookup-limit warn"]);
    check(&includes(11), &["spf.lookup-limit fail"]);
    assert_eq!(surveyed(&includes(11)).over.unwrap().term, "include:i10.example.net");
    check(&spf("v=spf1 a:v1.example.com ip4:192.0.2.1 ~all", ""), &["spf.void-lookups warn"]);
    check(&spf("v=spf1 a:v1.example.com a:v2.example.com ~all", ""), &["spf.void-lookups warn"]);
    check(
        &spf("v=spf1 a:v1.example.com mx:v2.example.com exists:v3.example.com ~all", ""),
        &["spf.void-lookups fail"],
    );
    let hosts = "a1 A 203.0.113.1\na2 A 203.0.113.2\na3 A 203.0.113.3";
    check(&spf("v=spf1 a:a1.example.com a:a2.example.com ~all", hosts), &[]);
    check(
        &spf("v=spf1 a:a1.example.com a:a2.example.com a:a3.example.com ~all", hosts),
        &["spf.void-lookups warn"],
    );
    let hosts: String = (0..11).map(|number| format!("many MX {number} mx1.example.com.\n")).collect();
    check(&spf("v=spf1 mx:many.example.com ~all", &hosts), &["spf.mx-count fail"]);
}

#[test]
fn targets() {
    check(&spf("v=spf1 include:gone.example.net ~all", ""), &["spf.include-missing fail"]);
    let survey = surveyed(&spf("v=spf1 include:_spf.google.com ~all", ""));
    assert_eq!(survey.findings[0].note.id, "spf-survey-include-vendor");
    let broken = "spf.example.net. TXT \"v=spf1 ipv4:192.0.2.1 -all\"";
    check(&spf("v=spf1 include:spf.example.net ~all", broken), &["spf.include-permerror fail"]);
    let double = "spf.example.net. TXT \"v=spf1 a\"\nspf.example.net. TXT \"v=spf1 mx\"";
    assert_eq!(
        surveyed(&spf("v=spf1 include:spf.example.net ~all", double)).state("spf.include-permerror"),
        State::Fail
    );
    check(&spf("v=spf1 include:example.com ~all", ""), &["spf.include-loop fail"]);
    let circle =
        "one TXT \"v=spf1 include:two.example.com ~all\"\ntwo TXT \"v=spf1 include:one.example.com ~all\"";
    check(&spf("v=spf1 include:one.example.com ~all", circle), &["spf.include-loop fail"]);
    check(&spf("v=spf1 redirect=example.com", ""), &["spf.redirect-loop fail"]);
    check(&spf("v=spf1 redirect=_spf.example.com", ""), &["spf.redirect fail"]);
    check(&spf("v=spf1 ~all redirect=_spf.example.com", ""), &["spf.redirect warn"]);
    check(
        &spf("v=spf1 include:slow.example.net ~all", "$TIMEOUT slow.example.net."),
        &["spf.temperror unknown"],
    );
    check(&spf("v=spf1 a:slow.example.net ~all", "$SERVFAIL slow.example.net."), &["spf.temperror unknown"]);
    check(&spf("v=spf1 ip4:192.0.2.10 ~all exp=why.example.com", ""), &["spf.exp warn"]);
    check(&spf("v=spf1 ip4:192.0.2.10 ~all exp=why.example.com", "why TXT \"not from %{i}\""), &[]);
}

#[test]
fn policy() {
    check(&spf("v=spf1 ptr ~all", ""), &["spf.ptr warn"]);
    let names: String =
        (0..11).map(|number| format!("10.2.0.192.in-addr.arpa. PTR h{number}.example.com.\n")).collect();
    check(&spf("v=spf1 ip4:192.0.2.10 ptr ~all", &names), &["spf.ptr-count warn", "spf.ptr warn"]);
    for record in [
        "v=spf1 +all",
        "v=spf1 mx all",
        "v=spf1 ip4:0.0.0.0/0 ~all",
        "v=spf1 ip6:::/0 ~all",
        "v=spf1 a:mx1.example.com/0 ~all",
    ] {
        check(&spf(record, ""), &["spf.all-plus fail"]);
    }
    check(&spf("v=spf1 mx ?all", ""), &["spf.all-plus warn"]);
    check(&spf("v=spf1 ip4:192.0.0.0/8 ~all", ""), &["spf.wide-range fail"]);
    check(&spf("v=spf1 ip4:198.18.0.0/16 ip4:203.0.0.0/16 ~all", ""), &["spf.wide-range fail"]);
    let provider = "spf.example.net. TXT \"v=spf1 ip4:192.0.0.0/8 -all\"";
    check(&spf("v=spf1 include:spf.example.net ~all", provider), &["spf.wide-range info"]);
    for network in ["10.0.0.0/8", "127.0.0.1", "192.168.1.1"] {
        let survey = surveyed(&spf(&format!("v=spf1 ip4:192.0.2.10 ip4:{network} ~all"), ""));
        assert_eq!(survey.state("spf.private-range"), State::Warn, "{network}");
    }
    check(&spf("v=spf1 mx", ""), &["spf.all-missing warn"]);
    check(&spf("v=spf1 -all ip4:192.0.2.10", ""), &["spf.after-all fail", "spf.qualifier info"]);
    check(&spf("v=spf1 mx -all", ""), &["spf.qualifier info"]);
    check(&spf("v=spf1 ~all", ""), &["spf.qualifier info"]);
    check(&spf("v=spf1 ip4:192.0.2.0/24 a:mx1.example.com ~all", ""), &[]);
    check(&spf("v=spf1 ip4:192.0.2.0/24 ip4:192.0.2.10 ~all", ""), &["spf.redundant info"]);
    check(&spf("v=spf1 mx mx:example.com ~all", ""), &["spf.redundant info"]);
}

#[test]
fn a_record_with_everything_wrong() {
    let zone = spf(
        "v=spf1 ipv4:192.0.2.10 ip4: 198.51.100.20 \\226\\128\\156a:mx1.example.com\\226\\128\\157 include:gone.example.net -all,",
        "",
    );
    expect![[r#"
        example.com: lookups 1 (distinct 1), void 0 0, questions 3
          example.com Found 1
            ipv4:192.0.2.10: 0
            ip4:: 0
            198.51.100.20: 0
            “a:mx1.example.com”: 0
            include:gone.example.net: 1
              gone.example.net Absent 0
            -all,: 0
        spf.syntax fail S4: spf-syntax-unknown-mechanism column=8 term=ipv4:192.0.2.10 | example.com column 8 of `ipv4:192.0.2.10` | write `ip4:192.0.2.10`
        spf.syntax fail S4: spf-syntax-missing-argument column=27 term=ip4: | example.com column 27 of `ip4: 198.51.100.20` | write `ip4:198.51.100.20`
        spf.syntax fail S4: spf-syntax-character column=43 term=“a:mx1.example.com” | example.com column 43 of `“a:mx1.example.com”` | write `a:mx1.example.com`
        spf.syntax fail S4: spf-syntax-unknown-mechanism column=93 term=-all, | example.com column 93 of `-all,` | write `-all`
        spf.include-missing fail S4: spf-survey-include-missing target=gone.example.net | example.com column 67 of `include:gone.example.net` | write ``
        corrected: v=spf1 ip4:192.0.2.10 ip4:198.51.100.20 a:mx1.example.com include:gone.example.net -all
    "#]].assert_eq(&show(&surveyed(&zone)));
}

#[test]
fn costs_stand_where_they_arise() {
    let zone = spf(
        "v=spf1 include:a.example.net include:b.example.net mx -all",
        "a.example.net. TXT \"v=spf1 include:shared.example.net a:x.example.net ~all\"
         b.example.net. TXT \"v=spf1 include:shared.example.net exists:%{i}.example.net ~all\"
         shared.example.net. TXT \"v=spf1 a:x.example.net mx:x.example.net -all ptr\"
         x.example.net. A 203.0.113.1
         x.example.net. MX 10 x.example.net.",
    );
    expect![[r#"
        example.com: lookups 11 (distinct 9), void 0 3, questions 13
          example.com Found 11
            include:a.example.net: 5
              a.example.net Found 4
                include:shared.example.net: 3
                  shared.example.net Found 2
                    a:x.example.net: 1
                    mx:x.example.net: 1
                    -all: 0
                    ptr: 0 (not reached)
                a:x.example.net: 1
                ~all: 0
            include:b.example.net: 5
              b.example.net Found 4
                include:shared.example.net: 3
                  shared.example.net Repeated 2
                exists:%{i}.example.net: 1
                ~all: 0
            mx: 1
            -all: 0
        spf.lookup-limit fail S4: spf-survey-lookups-over domain=example.com count=11 limit=10 term=mx place=example.com under=mx | example.com column 52 of `mx`
        spf.void-lookups warn S3: spf-survey-void-ipv6 domain=example.com count=3 limit=2 names=a:x.example.net
        spf.qualifier info S1: spf-survey-qualifier-fail domain=example.com term=-all | example.com column 55 of `-all` | write `~all`
    "#]].assert_eq(&show(&surveyed(&zone)));
}

#[test]
fn merging() {
    let zone = format!(
        "{GOOD}{}",
        spf("v=spf1 include:spf.example.net -all", "spf.example.net. TXT \"v=spf1 -all\"")
    );
    expect![[r#"
        example.com: lookups 1 (distinct 1), void 0 0, questions 3
          example.com Several(2) 1
            ip4:192.0.2.10: 0
            ip6:2001:db8::10: 0
            ip4:198.51.100.20: 0
            ~all: 0
            include:spf.example.net: 1
              spf.example.net Found 0
                -all: 0
            -all: 0
        spf.multiple fail S4: spf-survey-multiple domain=example.com count=2
            1. Replace example.com TXT v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 ip4:198.51.100.20 include:spf.example.net ~all
            2. Replace example.com TXT v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 ip4:198.51.100.20 include:spf.example.net -all
    "#]].assert_eq(&show(&surveyed(&zone)));
}

/// Every name has the same records.
struct Everywhere {
    text: Vec<u8>,
}

impl Resolver for Everywhere {
    fn lookup<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Result<Answer, DnsError>> {
        let data = match kind {
            RecordType::Txt => Data::Txt(self.text.clone().into()),
            RecordType::Spf => Data::Spf(self.text.clone().into()),
            RecordType::A => Data::A([198, 51, 100, 1].into()),
            RecordType::Mx => Data::Mx(MxHost { preference: 10, exchange: name.clone() }),
            RecordType::Ptr => Data::Ptr(name.clone()),
            _ => return Box::pin(std::future::ready(Err(DnsError::NoData))),
        };
        let record = DnsRecord { name: name.clone(), ttl: std::time::Duration::ZERO, data };
        let answer = Answer { records: vec![record], aliases: Vec::new(), security: Security::Insecure };
        Box::pin(std::future::ready(Ok(answer)))
    }
}

/// Ends soon, and says that it is not everything.
fn hostile(text: &str) -> Survey {
    let survey = block_on(survey("example.org", &Everywhere { text: text.as_bytes().to_vec() }));
    assert!(survey.questions <= MAX_QUESTIONS + 20, "{}", survey.questions);
    assert!(survey.findings.len() <= 200);
    assert_eq!(survey.state("spf.lookup-limit"), State::Fail);
    survey
}

#[test]
fn hostile_zones_end_soon() {
    let many: String = (0..3_000).map(|number| format!(" include:i{number}.example.net")).collect();
    let survey = hostile(&format!("v=spf1{many} -all"));
    assert!(!survey.complete && survey.cost.lookups >= 3_000);
    assert!(survey.findings.iter().any(|finding| finding.note.id == "spf-survey-lookups-open"));
    // A chain without end, and one that doubles at every step.
    assert!(!hostile("v=spf1 include:a.%{d} include:b.%{d} a mx -all").complete);
    let doubling: String = (0..30)
        .map(|level| format!("l{level}.example.org. TXT \"v=spf1 include:l{next}.example.org include:l{next}.example.org -all\"\n", next = level + 1))
        .collect();
    let resolver = ZoneResolver::from_text(&doubling).unwrap();
    let survey = block_on(super::survey("l0.example.org", &resolver));
    assert!(survey.cost.lookups > 1_000_000 && survey.distinct_lookups < 100, "{:?}", survey.cost);
    // Thousands of mistakes.
    let wrong = "v=spf1".to_owned() + &" ipv4:192.0.2.1".repeat(4_000);
    let survey = block_on(super::survey("example.org", &Everywhere { text: wrong.into_bytes() }));
    assert!(survey.omitted > 3_000 && survey.findings.len() <= 200);
}

fn errors(text: &[u8]) -> Vec<SyntaxError> {
    Record::read(text).filter_map(Result::err).collect()
}

/// What is to be published instead is a record, even where more is wrong than what the finding is about.
#[test]
fn a_fix_repeats_no_other_mistake() {
    let fixed = |record: &str| {
        let survey = surveyed(&spf(record, ""));
        let finding = survey.findings.iter().find(|one| one.id == "spf.redirect").unwrap();
        finding.fixes.iter().flatten().map(|change| change.value.clone()).collect::<Vec<_>>()
    };
    let good = ["v=spf1 ip4:192.0.2.10 ~all"];
    assert_eq!(fixed("v=spf1 ip4:192.0.2.10 ~all redirect=_spf.example.com"), good);
    assert_eq!(fixed("v=spf1 ipv4:192.0.2.10 ~all redirect=_spf.example.com"), good);
    assert_eq!(
        fixed("v=spf1 \\226\\128\\156ip4:192.0.2.10\\226\\128\\157 ~all redirect=_spf.example.com"),
        good
    );
    assert!(fixed("v=spf1 what:192.0.2.10 ~all redirect=_spf.example.com").is_empty());
}

/// Every record is one level below the surveyed one, and includes the next: the way down is longer than the shortest.
#[test]
fn a_tree_is_no_deeper_than_the_questions_went() {
    let own: String = (0..60).map(|number| format!(" \" include:n{number}.example.com\"")).collect();
    let chain: String = (0..60)
        .map(|number| format!("n{number} TXT \"v=spf1 include:n{}.example.com -all\"\n", number + 1))
        .collect();
    let survey = surveyed(&format!("@ TXT \"v=spf1\"{own} \" -all\"\n{chain}"));
    fn depth(node: &RecordNode) -> usize {
        1 + node.terms.iter().filter_map(|term| term.record.as_deref()).map(depth).max().unwrap_or_default()
    }
    assert!(depth(&survey.tree) <= MAX_DEPTH + 2);
    assert_eq!(survey.state("spf.lookup-limit"), State::Fail);
}

proptest! {
    #[test]
    fn nothing_makes_a_survey_panic(
        octets in proptest::collection::vec(any::<u8>(), 0..120),
        terms in "( [-~?]?(a|mx|ptr|include:|redirect=|exists:|exp=|x=|ip4:|ip6:|all)(:?(%[{][sldipvhR][1-9]?r?[-.]?[}]|[a-z0-9:]{1,3}){1,4}[.]org)?(//?[0-9]{1,2})?){0,14}",
        start in "v=spf1|spf1|v=spf1;|v=spf",
    ) {
        let texts = [octets.clone(), format!("{start}{terms}").into_bytes(), [b"v=spf1 ".as_slice(), &octets].concat()];
        for text in texts {
            let survey = block_on(survey("example.org", &Everywhere { text: text.clone() }));
            prop_assert!(survey.questions <= MAX_QUESTIONS + 20);
            // The strict reader takes exactly what the tolerant one has nothing to say against.
            if Record::is_spf(&text) {
                prop_assert_eq!(Record::parse(&text).is_ok(), errors(&text).is_empty());
                let told = survey.findings.iter().any(|one| one.domain == "example.org"
                    && one.state == State::Fail && matches!(one.id, "spf.syntax" | "spf.string-split" | "spf.macros")
                    && one.note.id != "spf-survey-glued");
                prop_assert_eq!(told || survey.omitted > 0, !errors(&text).is_empty() || survey.omitted > 0);
            }
            if let Some(record) = &survey.corrected {
                prop_assert!(Record::parse(record).is_ok());
            }
        }
    }
}
