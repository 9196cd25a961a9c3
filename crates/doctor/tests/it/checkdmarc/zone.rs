//! Domains that a seeded generator makes: well set up, and with what people get wrong.

use std::fmt::Write as _;

use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};

/// Chance that is the same in every run.
pub(super) struct Chance(TestRng);

impl Chance {
    pub(super) fn new(seed: u8) -> Self {
        Self(TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]))
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.0.next_u64() % end as u64).unwrap()
    }

    fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

/// What all domains share: who takes reports for them, and who does not.
const SHARED: &str = r#"
example.                       SOA ns.example. hostmaster.example. 1 7200 3600 1209600 3600
example.                       NS  ns.example.
ns.example.                    A   203.0.113.1
reports.example.               MX  10 mx.reports.example.
mx.reports.example.            A   203.0.113.2
*._report._dmarc.reports.example. TXT "v=DMARC1;"
closed.example.                MX  10 mx.reports.example.
nothing.example.               TXT "no mail here"
esp.example.                   TXT "v=spf1 include:a.esp.example include:b.esp.example ~all"
a.esp.example.                 TXT "v=spf1 ip4:198.51.100.0/25 ~all"
b.esp.example.                 TXT "v=spf1 ip4:198.51.100.128/25 ip6:2001:db8:1::/48 ~all"
big.example.                   TXT "v=spf1 include:esp.example include:esp.example include:esp.example ~all"
broken.example.                TXT "v=spf1 ipv4:192.0.2.1 -all"
"#;

/// So many domains, and the zone text that holds them all.
pub(super) fn world(chance: &mut Chance, count: usize) -> (Vec<String>, String) {
    let mut text = SHARED.to_owned();
    let domains: Vec<String> = (0..count).map(|number| format!("d{number}.example")).collect();
    for domain in &domains {
        let mut zone = Zone { domain, text: &mut text, chance };
        zone.mail_hosts();
        zone.spf();
        zone.dmarc();
        zone.transport();
    }
    (domains, text)
}

struct Zone<'z> {
    domain: &'z str,
    text: &'z mut String,
    chance: &'z mut Chance,
}

impl Zone<'_> {
    /// A record; `@` is the domain, in the data too.
    fn add(&mut self, owner: &str, kind: &str, data: &str) {
        let owner = if owner == "@" { self.domain.to_owned() } else { format!("{owner}.{}", self.domain) };
        writeln!(self.text, "{owner}. {kind} {}", data.replace('@', self.domain)).unwrap();
    }

    fn txt(&mut self, owner: &str, text: &str) {
        let text = text.replace('#', self.domain);
        let owner = if owner == "@" { self.domain.to_owned() } else { format!("{owner}.{}", self.domain) };
        let letters: Vec<char> = text.chars().collect();
        // A character-string has room for 255 octets.
        let strings = letters.chunks(200).map(|letters| {
            let text: String = letters.iter().collect();
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
        });
        let strings = strings.collect::<Vec<_>>().join(" ");
        writeln!(self.text, "{owner}. TXT {strings}").unwrap();
    }

    fn mail_hosts(&mut self) {
        self.add("mx1", "A", "192.0.2.10");
        self.add("mx2", "A", "198.51.100.20");
        self.add("mx2", "AAAA", "2001:db8::20");
        match self.chance.below(12) {
            0 => self.add("@", "A", "192.0.2.10"),
            1 => self.add("@", "MX", "0 ."),
            2 => {
                self.add("@", "MX", "10 mx1.@.");
                self.add("@", "MX", "20 gone.@.");
            }
            3 => {
                for number in 0..12 {
                    self.add("@", "MX", &format!("{number} m{number}.@."));
                    self.add(&format!("m{number}"), "A", "192.0.2.10");
                }
            }
            4 => {
                self.add("@", "MX", "10 mx1.@.");
                self.add("@", "MX", "10 mx2.@.");
            }
            5 => {
                self.add("@", "MX", "10 mx1.@.");
                self.add("@", "MX", "20 mx1.@.");
                self.add("@", "MX", "5 MX2.@.");
            }
            6 => self.text.push_str(&format!("{}. TXT \"nothing else\"\n", self.domain)),
            _ => {
                self.add("@", "MX", "10 mx1.@.");
                self.add("@", "MX", "20 mx2.@.");
            }
        }
    }

    fn spf(&mut self) {
        if self.chance.percent(7) {
            return;
        }
        for helper in ["i1", "i2"] {
            if self.chance.percent(85) {
                let record = record(self.chance, helper == "i1");
                self.txt(helper, &record);
            } else if self.chance.percent(50) {
                self.txt(helper, "something else");
            }
        }
        let mut text = record(self.chance, true);
        if self.chance.percent(14) {
            text = spoilt(self.chance, &text);
        }
        if text == "split" {
            let domain = self.domain;
            writeln!(self.text, "{domain}. TXT \"v=spf1 ip4:192.0.2.10\" \"-all\"").unwrap();
            return;
        }
        self.txt("@", &text);
        if self.chance.percent(4) {
            self.txt("@", "v=spf1 include:esp.example ~all");
        }
        if self.chance.percent(10) {
            self.txt("@", "site-verification=0123456789");
        }
        if self.chance.percent(3) {
            self.txt("@", "spf2.0/pra mx -all");
        }
    }

    fn dmarc(&mut self) {
        if self.chance.percent(8) {
            return;
        }
        let mut text = policy(self.chance);
        if self.chance.percent(14) {
            text = spoilt_policy(self.chance, &text);
        }
        self.txt("_dmarc", &text);
        match self.chance.below(12) {
            0 => self.txt("_dmarc", "v=DMARC1; p=none"),
            1 => self.txt("_dmarc", "something else"),
            _ => {}
        }
    }

    fn transport(&mut self) {
        const TLS_RPT: &[&str] = &[
            "v=TLSRPTv1; rua=mailto:tls@#",
            "v=TLSRPTv1;rua=mailto:tls@#",
            "v=TLSRPTv1; rua=mailto:tls@#;",
            "v=TLSRPTv1; rua=https://reports.example/tls",
            "v=TLSRPTv1; rua=mailto:tls@#,https://reports.example/tls",
            "v=TLSRPTv1; rua=mailto:tls@#, https://reports.example/tls",
            "v=TLSRPTv1; rua=tls@#",
            "v=TLSRPTv1;",
            "v=TLSRPTv1",
            "v=tlsrptv1; rua=mailto:tls@#",
            "rua=mailto:tls@#",
            " v=TLSRPTv1; rua=mailto:tls@#",
            "“v=TLSRPTv1; rua=mailto:tls@#”",
            "v=TLSRPTv1; rua=mailto:tls@#; ext=1",
            "v=TLSRPTv1; rua=ftp://reports.example/tls",
        ];
        const STS: &[&str] = &[
            "v=STSv1; id=20261121000000;",
            "v=STSv1; id=20261121000000",
            "v=STSv1;id=a1B2;",
            "v=STSv1; id=2026-11-21;",
            "v=STSv1; id=;",
            "v=STSv1;",
            "v=stsv1; id=1;",
            "id=1; v=STSv1;",
            " v=STSv1; id=1;",
            "v=STSv1; id=123456789012345678901234567890123;",
            "v=STSv1; id=1; ext=2;",
            "v=STSv1; id=1; id=2;",
            "“v=STSv1; id=1;”",
        ];
        for (owner, texts) in [("_smtp._tls", TLS_RPT), ("_mta-sts", STS)] {
            if self.chance.percent(60) {
                let at = if self.chance.percent(40) { 0 } else { self.chance.below(texts.len()) };
                self.txt(owner, texts[at]);
                if self.chance.percent(7) {
                    // Another text: a set of records holds none twice (RFC 2181 section 5).
                    let again = texts[(at + 1 + self.chance.below(2)) % texts.len()];
                    self.txt(owner, again);
                }
                if self.chance.percent(7) {
                    self.txt(owner, "something else");
                }
            }
        }
    }
}

/// An SPF record that can be read; only those at the top lead further.
fn record(chance: &mut Chance, leads: bool) -> String {
    let mut terms: Vec<String> = (0..=chance.below(4)).map(|_| term(chance, leads)).collect();
    if chance.percent(4) {
        terms.extend((0..9).map(|number| format!("a:m{number}.#")));
    }
    if chance.percent(4) {
        terms.extend((0..3).map(|number| format!("a:void{number}.#")));
    }
    if chance.percent(5) {
        terms.push(chance.pick(&["exp=why.#", "tag=value"]).to_owned());
    }
    match chance.below(12) {
        0..8 => terms.push(format!("{}all", chance.pick(&["-", "~", "~", "?", "+"]))),
        8 if leads => terms.push("redirect=i2.#".to_owned()),
        9 if leads => terms.push("redirect=esp.example".to_owned()),
        _ => {}
    }
    let version = if chance.percent(5) { "V=SPF1" } else { "v=spf1" };
    let between = if chance.percent(5) { "  " } else { " " };
    format!("{version} {}", terms.join(between))
}

fn term(chance: &mut Chance, leads: bool) -> String {
    const PLAIN: &[&str] = &[
        "ip4:192.0.2.10",
        "ip4:198.51.100.0/24",
        "ip6:2001:db8::/32",
        "a",
        "mx",
        "a:mx1.#",
        "a:mx2.#",
        "mx:#",
        "ptr",
        "a/28",
        "mx/28//64",
        "exists:%{i}.void.#",
        "a:void.#",
        "IP4:192.0.2.10",
        "ip4:192.0.2.10/32",
        "?a:mx1.#",
        "mx:void.#",
        "-a:mx2.#",
    ];
    const LEADING: &[&str] = &[
        "include:i1.#",
        "include:i2.#",
        "include:esp.example",
        "include:big.example",
        "include:esp.example",
        "include:broken.example",
        "include:gone.example",
        "include:#",
        "include:nothing.example",
    ];
    if leads && chance.percent(30) {
        // The last are rare.
        let among = if chance.percent(75) { 3 } else { LEADING.len() };
        return LEADING[chance.below(among)].to_owned();
    }
    chance.pick(PLAIN).to_owned()
}

/// The record with a mistake.
fn spoilt(chance: &mut Chance, text: &str) -> String {
    let (version, rest) = text.split_once(' ').unwrap_or((text, ""));
    match chance.below(16) {
        0 => format!("“{text}”"),
        1 => format!(" {text}"),
        2 => format!("\"{text}\""),
        3 => format!("TXT{text}"),
        4 => format!("v=spf10 {rest}"),
        5 => format!("{version}; {rest}"),
        6 => "split".to_owned(),
        7 => format!("{version} ipv4:192.0.2.10 {rest}"),
        8 => format!("{version} ip4:192.0.2.10/33 {rest}"),
        9 => format!("{version} ip4: 192.0.2.10 {rest}"),
        10 => format!("{version} a:192.0.2.10 {rest}"),
        11 => format!("{version} include: {rest}"),
        12 => format!("{text},"),
        13 => format!("{version} exists:%{{x}}.# {rest}"),
        14 => format!("{version} redirect=i1.# redirect=i2.# {rest}"),
        _ => format!("{version} {rest} foo"),
    }
}

fn policy(chance: &mut Chance) -> String {
    let mut tags = vec![format!("p={}", chance.pick(&["none", "quarantine", "reject", "reject", "Reject"]))];
    let mut maybe = |percent: usize, name: &str, values: &[&str]| {
        if chance.percent(percent) {
            tags.push(format!("{name}={}", chance.pick(values)));
        }
    };
    maybe(30, "sp", &["none", "quarantine", "reject", "rejcet"]);
    maybe(10, "np", &["none", "reject", "nothing"]);
    maybe(15, "adkim", &["r", "s", "x"]);
    maybe(15, "aspf", &["r", "s", "strict"]);
    maybe(12, "pct", &["100", "50", "0", "101", "many"]);
    maybe(8, "fo", &["0", "1", "1:d:s", "2", "d"]);
    maybe(6, "rf", &["afrf", "iodef"]);
    maybe(6, "ri", &["86400", "day"]);
    maybe(6, "t", &["y", "n", "yes"]);
    maybe(6, "psd", &["n", "u", "y"]);
    maybe(3, "ext", &["1"]);
    maybe(
        75,
        "rua",
        &[
            "mailto:d@#",
            "mailto:d@#",
            "mailto:d@reports.example",
            "mailto:d@closed.example",
            "mailto:d@nothing.example",
            "d@#",
            "mailto:d@#,mailto:d@reports.example",
            "mailto:d@#!10m",
            "mailto:d@sub.#",
            "https://reports.example/dmarc",
            "mailto:d@#, mailto:e@#",
            "mailto:",
            "mailto:d@#;mailto:e@#",
            "MAILTO:d@#",
            "mailto:d@#,",
        ],
    );
    maybe(15, "ruf", &["mailto:f@#", "mailto:f@closed.example", "f@#"]);
    if chance.percent(6) {
        let first = tags.remove(0);
        tags.push(first);
    }
    let end = if chance.percent(30) { ";" } else { "" };
    let between = if chance.percent(10) { ";" } else { "; " };
    format!("v=DMARC1{between}{}{end}", tags.join(between))
}

/// The record with a mistake.
fn spoilt_policy(chance: &mut Chance, text: &str) -> String {
    match chance.below(13) {
        0 => format!("“{text}”"),
        1 => format!(" {text}"),
        2 => format!("\"{text}\""),
        3 => format!("TXT{text}"),
        4 => text.replace("DMARC1", "dmarc1"),
        5 => text.replace("DMARC1", "DMARC2"),
        6 => text.replacen(';', "", 1),
        7 => text.replace("p=", "policy="),
        8 => text.replacen("p=r", "p=rj", 1),
        9 => text.replacen("v=DMARC1", "p=none; v=DMARC1", 1),
        10 => format!("{text} p=none"),
        11 => text.replace(';', "\\;"),
        _ => "v=spf1 -all".to_owned(),
    }
}
