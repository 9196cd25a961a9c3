//! DMARC: OpenDMARC, which follows RFC 7489, against what we say of that method, and against RFC 9989.

use tegami_auth::dkim::DkimResult;
use tegami_auth::dmarc::{DmarcResult, Policy, Walker, evaluate, public_suffix};
use tegami_auth::spf::SpfResult;
use tegami_dns::ZoneResolver;
use tegami_mail::Domain;

use super::{Chance, Suite, ask, native};
use crate::conformance::Outcome;

/// Messages in a run.
const MESSAGES: usize = 2000;

/// One message: its Author Domain, what is published, and what SPF and DKIM found.
#[derive(Debug)]
struct Message {
    author: &'static str,
    records: Vec<(&'static str, String)>,
    spf: (&'static str, bool),
    dkim: (&'static str, bool),
}

const ORGANISATION: &str = "example.org";
const AUTHORS: &[&str] = &["example.org", "example.org", "mail.example.org", "a.mail.example.org"];
const OTHERS: &[&str] = &[
    "example.org",
    "mail.example.org",
    "a.mail.example.org",
    "b.example.org",
    "example.net",
    "mail.example.net",
];

impl Message {
    fn random(chance: &mut Chance) -> Self {
        let author = chance.pick(AUTHORS);
        let mut records = Vec::new();
        for name in ["example.org", "mail.example.org", "a.mail.example.org"] {
            if chance.percent(if name == ORGANISATION { 80 } else { 25 }) {
                records.push((name, record(chance)));
            }
        }
        let spf = (chance.pick(OTHERS), chance.percent(50));
        let dkim = (chance.pick(OTHERS), chance.percent(50));
        Self { author, records, spf, dkim }
    }

    fn record(&self, name: &str) -> &str {
        self.records.iter().find(|(owner, _)| *owner == name).map_or("", |(_, text)| text)
    }

    fn line(&self) -> String {
        let word = |pass| if pass { "pass" } else { "fail" };
        let organisation = if self.author == ORGANISATION { "" } else { self.record(ORGANISATION) };
        [
            self.author,
            self.record(self.author),
            ORGANISATION,
            organisation,
            self.spf.0,
            word(self.spf.1),
            self.dkim.0,
            word(self.dkim.1),
        ]
        .join("\t")
    }

    /// What RFC 9989 says, and what we say that RFC 7489 says.
    fn decide(&self) -> (String, String) {
        // The names exist, so that `np` has no part in it, which RFC 7489 does not know.
        let mut zone: String = OTHERS.iter().map(|name| format!("{name}. A 192.0.2.1\n")).collect();
        for (name, text) in &self.records {
            zone.push_str(&format!("_dmarc.{name}. TXT \"{text}\"\n"));
        }
        let resolver = ZoneResolver::from_text(&zone).unwrap();
        let domain = |text: &str| Domain::parse(text).unwrap();
        let author = domain(self.author);
        let spf = [(if self.spf.1 { SpfResult::Pass } else { SpfResult::Fail }, domain(self.spf.0))];
        let dkim = [(if self.dkim.1 { DkimResult::Pass } else { DkimResult::Fail }, domain(self.dkim.0))];
        crate::block_on(async {
            let new = evaluate(std::slice::from_ref(&author), &spf, &dkim, &resolver).await;
            let old = public_suffix::evaluate(&author, &spf, &dkim, &mut Walker::new(&resolver)).await;
            (word(new.result, new.disposition), word(old.result, old.disposition))
        })
    }
}

fn word(result: DmarcResult, disposition: Policy) -> String {
    match result {
        DmarcResult::Fail => format!("fail {}", disposition.as_str()),
        result => result.as_str().to_owned(),
    }
}

fn record(chance: &mut Chance) -> String {
    let mut tags = vec!["v=DMARC1".to_owned()];
    let mut policies = |name: &str, percent: usize, chance: &mut Chance| {
        if chance.percent(percent) {
            tags.push(format!(
                "{name}={}",
                chance.pick(&["none", "quarantine", "reject", "reject", "Reject"])
            ));
        }
    };
    policies("p", 96, chance);
    policies("sp", 30, chance);
    for (name, values, percent) in [
        ("adkim", ["r", "s", "s"], 40),
        ("aspf", ["r", "s", "s"], 40),
        ("pct", ["100", "50", "1"], 10),
        ("fo", ["1", "d:s", "0"], 10),
        (
            "rua",
            ["mailto:a@example.org", "mailto:a@example.org", "mailto:a@example.org,mailto:b@example.net"],
            40,
        ),
        ("np", ["reject", "none", "quarantine"], 5),
        ("t", ["y", "n", "y"], 5),
        ("psd", ["n", "u", "n"], 5),
        ("x-odd", ["1", "2", "3"], 3),
        ("sp", ["broken", "reject", "none"], 2),
        ("adkim", ["x", "relaxed", "S"], 2),
    ] {
        if chance.percent(percent) {
            tags.push(format!("{name}={}", chance.pick(&values)));
        }
    }
    tags.join(chance.pick(&["; ", "; ", ";", " ; "])) + chance.pick(&["", "", ";"])
}

/// A message on which we and OpenDMARC differ.
struct Case<'c> {
    message: &'c Message,
    ours: &'c str,
    theirs: &'c str,
}

impl Case<'_> {
    /// Whether a passing identifier of the organisation would be aligned, were it not for `adkim=s` or `aspf=s`.
    fn hangs_on_strictness(&self) -> bool {
        let strict = |tag: &str| self.message.records.iter().any(|(_, text)| text.contains(tag));
        let ours = |(domain, pass): (&str, bool)| {
            pass && domain.ends_with(ORGANISATION) && domain != self.message.author
        };
        self.theirs == "pass"
            && (ours(self.message.spf) && strict("aspf=s") || ours(self.message.dkim) && strict("adkim=s"))
    }

    fn publishes(&self, what: &str) -> bool {
        self.message.records.iter().any(|(_, text)| text.split(';').any(|tag| tag.trim() == what))
    }

    /// The record that OpenDMARC reads.
    fn record(&self) -> &str {
        match self.message.record(self.message.author) {
            "" => self.message.record(ORGANISATION),
            text => text,
        }
    }

    fn tags(&self, name: &str) -> usize {
        self.record().split(';').filter(|tag| tag.trim().split('=').next() == Some(name)).count()
    }
}

/// When it is this difference, and the reason with the RFC's word.
type Difference = (fn(&Case<'_>) -> bool, &'static str);

const STRICT: Difference = (
    |case| case.hangs_on_strictness(),
    "RFC 9989 section 4.4: strict alignment wants the very same domain (RFC 7489 section 3.1 too); OpenDMARC takes names below it, and some above",
);
const REPEATED: Difference = (
    |case| case.tags("sp") > 1 || case.tags("adkim") > 1,
    "RFC 6376 section 3.2: a tag that stands twice cannot be trusted; OpenDMARC takes the last",
);
const UNREADABLE: Difference = (
    |case| {
        case.theirs == "none"
            && (case.publishes("sp=broken") || case.publishes("adkim=x") || case.publishes("adkim=relaxed"))
    },
    "RFC 9989 section 4.7: a value that cannot be read gives way to its default (RFC 7489 section 6.3 too); OpenDMARC drops the record",
);
const WITHOUT_P: Difference = (
    |case| case.theirs == "none" && case.tags("p") == 0,
    "RFC 9989 section 4.7: a record without `p` stands for `p=none` (by RFC 7489 section 6.6.3 where it asks for reports); OpenDMARC drops it",
);

const OLD: &[Difference] = &[REPEATED, UNREADABLE, WITHOUT_P, STRICT];

const NEW: &[Difference] = &[
    REPEATED,
    UNREADABLE,
    WITHOUT_P,
    (
        |case| case.publishes("t=y"),
        "RFC 9989 section 4.7: with `t=y` the policy is applied one level lower; RFC 7489 does not know it",
    ),
    (
        |case| case.publishes("psd=n"),
        "RFC 9989 section 4.10.2: `psd=n` makes a domain its own organisation; RFC 7489 does not know it",
    ),
    (
        |case| {
            !case.message.record("mail.example.org").is_empty()
                || !case.message.record("a.mail.example.org").is_empty()
        },
        "RFC 9989 section 4.10: records are found by walking up the tree, and so is the Organizational Domain; RFC 7489 knows only the \
         Author Domain and the Public Suffix List",
    ),
    STRICT,
];

/// What we say of the older method is measured by who follows it.
pub(super) fn opendmarc_old() -> Result<Suite, String> {
    compare("dmarc: OpenDMARC and RFC 7489", "what we say that RFC 7489 says", |(_, old)| old, OLD)
}

pub(super) fn opendmarc_new() -> Result<Suite, String> {
    compare("dmarc: OpenDMARC and RFC 9989", "what RFC 9989 says", |(new, _)| new, NEW)
}

fn compare(
    name: &'static str,
    what: &str,
    which: fn((String, String)) -> String,
    differences: &[Difference],
) -> Result<Suite, String> {
    let mut command = native("ask_opendmarc.c", "opendmarc", "opendmarc/dmarc.h", "libopendmarc-dev")?;
    let about = format!("OpenDMARC (libopendmarc): {what}; result and policy of {MESSAGES} random messages");
    let mut suite = Suite::peer(name, about);
    let mut chance = Chance::new(9989);
    let messages: Vec<Message> = (0..MESSAGES).map(|_| Message::random(&mut chance)).collect();
    let lines: Vec<String> = messages.iter().map(Message::line).collect();
    for (at, (message, theirs)) in messages.iter().zip(ask(&mut command, &lines)).enumerate() {
        let ours = which(message.decide());
        let case = Case { message, ours: &ours, theirs: &theirs };
        let outcome = match differences.iter().find(|(applies, _)| applies(&case)) {
            _ if ours == theirs => Outcome::Passed,
            Some((_, reason)) => Outcome::Differs(reason),
            None => Outcome::Failed(format!("we {}, they {theirs}: {message:#?}", case.ours)),
        };
        suite.outcome(format!("message {at}"), outcome);
    }
    Ok(suite)
}
