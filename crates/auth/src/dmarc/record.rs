//! DMARC Policy Records as text (RFC 9989 sections 4.7 and 4.8).

use tegami_mail::{Note, Text, note};

use super::Policy;
use super::uri::{self, Uri};
use crate::slip;

/// Tags that are named as not used; a record may have thousands.
pub const MAX_IGNORED: usize = 16;

/// Characters of a value that are repeated to people.
const SHOWN: usize = 100;

/// A record. Values that cannot be read have their defaults, and stand in [`Record::ignored`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// As published.
    pub text: Text,
    /// All tags in order, names in lower case, values as written.
    pub tags: Vec<(String, String)>,
    /// `p`: for the domain itself; `none` where it is missing (RFC 9989 section 4.7).
    pub p: Policy,
    /// `sp`: for existing subdomains.
    pub sp: Option<Policy>,
    /// `np`: for subdomains that do not exist.
    pub np: Option<Policy>,
    /// `psd`.
    pub psd: Psd,
    /// `t=y`: the policy is applied one level lower.
    pub testing: bool,
    /// `adkim`.
    pub adkim: Alignment,
    /// `aspf`.
    pub aspf: Alignment,
    /// `rua`: the well-formed URIs, without the size limits of old.
    pub rua: Vec<String>,
    /// `ruf`: likewise.
    pub ruf: Vec<String>,
    /// `fo`, `0` by default and where the record has no `ruf`.
    pub fo: String,
    /// `p`, `sp` or `np` is there, but not a policy: the record counts as `p=none` where reports are asked for, else
    /// DMARC is not applied at all (RFC 9989 section 4.10.1).
    pub bad_policy: bool,
    /// What was not used, and why: the first [`MAX_IGNORED`].
    pub ignored: Vec<Ignored>,
}

/// Whether the domain is a Public Suffix Domain (RFC 9989 section 4.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Psd {
    /// `psd=y`: it is one; the Organizational Domain is one label below.
    Yes,
    /// `psd=n`: it is an Organizational Domain.
    No,
    /// `psd=u` or nothing.
    #[default]
    Unsaid,
}

/// How closely identifiers must agree with the Author Domain (RFC 9989 section 4.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alignment {
    /// `r`: the same Organizational Domain.
    #[default]
    Relaxed,
    /// `s`: the same domain.
    Strict,
}

/// A tag that was not used, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// Its name, lower case.
    pub name: String,
    /// Its value as written, or the part of it; long ones are cut.
    pub value: String,
    /// Why.
    pub why: Why,
}

/// Why a tag was not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Not a tag of RFC 9989.
    Unknown,
    /// `pct`, `rf` and `ri` are no longer part of DMARC (RFC 9989 appendix C.5.2).
    Removed,
    /// The value is not one of those allowed.
    Invalid,
    /// The tag stands twice: neither value can be trusted.
    Repeated,
    /// One member of a list of URIs is no URI; the others count (RFC 9989 section 4.6).
    NotUri,
    /// The size limit after `!` is no longer part of DMARC; the address before it counts.
    SizeLimit,
    /// `fo` says when reports on single messages are wanted, and means nothing without `ruf` (RFC 9989 section 4.7).
    WithoutRuf,
}

impl Record {
    /// Whether a TXT record's data is a DMARC record: it begins with `v=DMARC1` exactly (RFC 9989 section 4.7). No blank may
    /// come before it (RFC 9989 section 4.8).
    pub fn begins(text: &[u8]) -> bool {
        let first = text.split(|octet| *octet == b';').next().unwrap_or_default();
        let Some(equals) = first.iter().position(|octet| *octet == b'=') else { return false };
        let (name, version) = first.split_at(equals);
        let version = version.get(1..).unwrap_or_default();
        trim_octets(name, false).eq_ignore_ascii_case(b"v") && trim_octets(version, true) == b"DMARC1"
    }

    /// Reads a TXT record's data; `None` where it is not a DMARC record.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if !Self::begins(text) {
            return None;
        }
        let text = String::from_utf8_lossy(text);
        let mut tags: Vec<(String, String)> = vec![("v".to_owned(), "DMARC1".to_owned())];
        for element in text.split(';').skip(1).map(trim).filter(|element| !element.is_empty()) {
            let (name, value) = element.split_once('=').unwrap_or((element, ""));
            tags.push((trim(name).to_ascii_lowercase(), trim(value).to_owned()));
        }
        let mut record = Self::empty(text.as_ref().into());
        let repeated = repeated(&tags);
        for (name, value) in tags.iter().skip(1) {
            let why = match repeated.contains(&name.as_str()) {
                true => Some(Why::Repeated),
                false => record.set(name, value),
            };
            if let Some(why) = why {
                record.bad_policy |= matches!(name.as_str(), "p" | "sp" | "np");
                record.ignore(name, value, why);
            }
        }
        record.tags = tags;
        record.check_failure_options();
        Some(record)
    }

    fn empty(text: Text) -> Self {
        Self {
            text,
            tags: Vec::new(),
            p: Policy::None,
            sp: None,
            np: None,
            psd: Psd::default(),
            testing: false,
            adkim: Alignment::default(),
            aspf: Alignment::default(),
            rua: Vec::new(),
            ruf: Vec::new(),
            fo: "0".to_owned(),
            bad_policy: false,
            ignored: Vec::new(),
        }
    }

    fn ignore(&mut self, name: &str, value: &str, why: Why) {
        if self.ignored.len() >= MAX_IGNORED {
            return;
        }
        let shown = |text: &str| {
            let mut shown: String = text.chars().take(SHOWN).collect();
            if shown.len() < text.len() {
                shown.push('…');
            }
            shown
        };
        self.ignored.push(Ignored { name: shown(name), value: shown(value), why });
    }

    /// Takes one tag; tells why not, where it cannot.
    fn set(&mut self, name: &str, value: &str) -> Option<Why> {
        let understood = match name {
            "p" => Policy::from_word(value).map(|policy| self.p = policy),
            "sp" => Policy::from_word(value).map(|policy| self.sp = Some(policy)),
            "np" => Policy::from_word(value).map(|policy| self.np = Some(policy)),
            "psd" => choose(value, &[("y", Psd::Yes), ("n", Psd::No), ("u", Psd::Unsaid)])
                .map(|psd| self.psd = psd),
            "t" => choose(value, &[("y", true), ("n", false)]).map(|testing| self.testing = testing),
            "adkim" => alignment(value).map(|mode| self.adkim = mode),
            "aspf" => alignment(value).map(|mode| self.aspf = mode),
            "rua" => self.uris(name, value).map(|list| self.rua = list),
            "ruf" => self.uris(name, value).map(|list| self.ruf = list),
            "fo" => {
                let options = ["0", "1", "d", "s", "d:s", "s:d"].map(|option| (option, option));
                choose(value, &options).map(|options| options.clone_into(&mut self.fo))
            }
            "pct" | "rf" | "ri" => return Some(Why::Removed),
            _ => return Some(Why::Unknown),
        };
        if understood.is_some() { None } else { Some(Why::Invalid) }
    }

    /// The well-formed URIs of a list, at least one. What is wrong with single members is told only where others count.
    fn uris(&mut self, name: &str, value: &str) -> Option<Vec<String>> {
        let mut list = Vec::new();
        let mut wrong = Vec::new();
        for member in value.split(',').map(trim) {
            match uri::parse(member) {
                Some(Uri { uri, limited }) => {
                    list.push(uri);
                    wrong.extend(limited.then_some((member, Why::SizeLimit)));
                }
                None => wrong.push((member, Why::NotUri)),
            }
        }
        if list.is_empty() {
            return None;
        }
        for (member, why) in wrong {
            self.ignore(name, member, why);
        }
        Some(list)
    }

    /// `fo` without `ruf` is ignored (RFC 9989 section 4.7).
    fn check_failure_options(&mut self) {
        if self.ruf.is_empty() && self.fo != "0" {
            let fo = std::mem::replace(&mut self.fo, "0".to_owned());
            self.ignore("fo", &fo, Why::WithoutRuf);
        }
    }

    /// Whether DMARC is applied on its word: not where a policy cannot be read and no report is asked for
    /// (RFC 9989 section 4.10.1).
    pub fn applies(&self) -> bool {
        !self.bad_policy || !self.rua.is_empty()
    }

    /// The value of a tag as written.
    pub fn tag(&self, name: &str) -> Option<&str> {
        self.tags.iter().find(|(tag, _)| tag == name).map(|(_, value)| value.as_str())
    }
}

impl Ignored {
    /// The same, for people.
    pub fn note(&self) -> Note {
        let (name, value) = (&self.name, &self.value);
        match self.why {
            Why::Unknown => note!("dmarc-tag-unknown", name = name, value = value),
            Why::Removed => note!("dmarc-tag-removed", name = name, value = value),
            Why::Invalid => note!("dmarc-tag-invalid", name = name, value = value),
            Why::Repeated => note!("dmarc-tag-repeated", name = name, value = value),
            Why::NotUri => note!("dmarc-tag-not-uri", name = name, value = value),
            Why::SizeLimit => note!("dmarc-tag-size-limit", name = name, value = value),
            Why::WithoutRuf => note!("dmarc-tag-without-ruf", name = name, value = value),
        }
    }
}

/// Blanks of RFC 5234: space and tab.
fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// The same for octets, at the end or at both ends.
fn trim_octets(mut octets: &[u8], both: bool) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = octets {
        octets = rest;
    }
    while let ([b' ' | b'\t', rest @ ..], true) = (octets, both) {
        octets = rest;
    }
    octets
}

/// The names that stand more than once.
fn repeated(tags: &[(String, String)]) -> Vec<&str> {
    let mut names: Vec<&str> = tags.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let mut repeated: Vec<&str> = names
        .windows(2)
        .filter_map(|pair| if let [a, b] = pair { (a == b).then_some(*a) } else { None })
        .collect();
    repeated.dedup();
    repeated
}

/// The meaning of a word, in any case.
fn choose<T: Copy>(value: &str, choices: &[(&str, T)]) -> Option<T> {
    choices.iter().find(|(word, _)| value.eq_ignore_ascii_case(word)).map(|(_, meaning)| *meaning)
}

fn alignment(value: &str) -> Option<Alignment> {
    choose(value, &[("r", Alignment::Relaxed), ("s", Alignment::Strict)])
}

/// What a TXT record that is none may have been meant to be: the mistake that keeps it from being a DMARC record. `None`
/// where it has nothing to do with DMARC.
pub fn near_miss(text: &[u8]) -> Option<NearMiss> {
    const LOOKED_AT: usize = 300;
    let text = String::from_utf8_lossy(text.get(..LOOKED_AT).unwrap_or(text)).to_lowercase();
    let quotes = ['"', '\'', '\\', '“', '”', '‘', '’', '„', '«', '»'];
    let squeeze = |text: &str| -> String {
        text.chars().filter(|c| !c.is_whitespace() && !quotes.contains(c)).collect()
    };
    let squeezed = squeeze(&text);
    let begins = squeezed.strip_prefix("v=dmarc1");
    let behind_words = || slip::without_words(&slip::plain(text.as_bytes())).map(squeeze);
    let miss = match begins {
        Some(_) if text.starts_with(char::is_whitespace) => NearMiss::LeadingBlank,
        Some(_) if text.starts_with(quotes) => NearMiss::Quoted,
        Some("") => NearMiss::Version,
        Some(rest) if rest.starts_with(';') => NearMiss::Version,
        Some(rest) if rest.contains("p=") => NearMiss::Separator,
        Some(_) => NearMiss::Version,
        None if squeezed.contains(";v=dmarc1") => NearMiss::NotFirst,
        None if squeezed.starts_with("v=dmarc") || squeezed.starts_with("dmarc1") => NearMiss::Version,
        None if squeezed.starts_with("p=") && !squeezed.contains("k=") && is_policy(&squeezed) => {
            NearMiss::NoVersion
        }
        None if behind_words().is_some_and(|rest| rest.starts_with("v=dmarc1")) => NearMiss::Words,
        None => return None,
    };
    Some(miss)
}

fn is_policy(squeezed: &str) -> bool {
    let value = squeezed.trim_start_matches("p=").split(';').next().unwrap_or_default();
    Policy::from_word(value).is_some()
}

/// Why a TXT record is no DMARC record although it was meant to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NearMiss {
    /// A blank stands before `v`.
    LeadingBlank,
    /// Quotation marks belong to the text itself.
    Quoted,
    /// Words of a zone file stand before it, such as `TXT`.
    Words,
    /// The version is not exactly `DMARC1`: its case, a blank, another digit.
    Version,
    /// No semicolon after the version.
    Separator,
    /// `v` is not the first tag.
    NotFirst,
    /// There is no `v`.
    NoVersion,
}

impl NearMiss {
    /// The same, for people.
    pub fn note(self, domain: &tegami_mail::Domain) -> Note {
        match self {
            Self::LeadingBlank => note!("dmarc-near-leading-blank", domain = domain),
            Self::Quoted => note!("dmarc-near-quoted", domain = domain),
            Self::Words => note!("dmarc-near-words", domain = domain),
            Self::Version => note!("dmarc-near-version", domain = domain),
            Self::Separator => note!("dmarc-near-separator", domain = domain),
            Self::NotFirst => note!("dmarc-near-not-first", domain = domain),
            Self::NoVersion => note!("dmarc-near-no-version", domain = domain),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expect: &Expect) {
        let shown = match Record::parse(text.as_bytes()) {
            None => "not a DMARC record".to_owned(),
            Some(record) => format!(
                "p={:?} sp={:?} np={:?} psd={:?} t={} adkim={:?} aspf={:?} rua={:?} ruf={:?} fo={} applies={} ignored={:?}",
                record.p,
                record.sp,
                record.np,
                record.psd,
                record.testing,
                record.adkim,
                record.aspf,
                record.rua,
                record.ruf,
                record.fo,
                record.applies(),
                record.ignored.iter().map(|ignored| (&*ignored.name, ignored.why)).collect::<Vec<_>>(),
            ),
        };
        expect.assert_eq(&shown);
    }

    #[test]
    fn well_formed() {
        check(
            "v=DMARC1; p=reject; sp=quarantine; np=reject; psd=n; t=y; adkim=s; aspf=s; fo=d:s; ruf=mailto:d@example.org",
            &expect![[
                r#"p=Reject sp=Some(Quarantine) np=Some(Reject) psd=No t=true adkim=Strict aspf=Strict rua=[] ruf=["mailto:d@example.org"] fo=d:s applies=true ignored=[]"#
            ]],
        );
        check(
            "V = DMARC1 ;\tP = Reject ; rua = mailto:a@example.org , mailto:b@example.net!10m;;",
            &expect![[
                r#"p=Reject sp=None np=None psd=Unsaid t=false adkim=Relaxed aspf=Relaxed rua=["mailto:a@example.org", "mailto:b@example.net"] ruf=[] fo=0 applies=true ignored=[("rua", SizeLimit)]"#
            ]],
        );
        check(
            "v=DMARC1",
            &expect![
                "p=None sp=None np=None psd=Unsaid t=false adkim=Relaxed aspf=Relaxed rua=[] ruf=[] fo=0 applies=true ignored=[]"
            ],
        );
    }

    #[test]
    fn what_is_ignored() {
        check(
            "v=DMARC1; p=none; pct=50; ri=86400; rf=afrf; x=1; adkim=q; nonsense",
            &expect![[
                r#"p=None sp=None np=None psd=Unsaid t=false adkim=Relaxed aspf=Relaxed rua=[] ruf=[] fo=0 applies=true ignored=[("pct", Removed), ("ri", Removed), ("rf", Removed), ("x", Unknown), ("adkim", Invalid), ("nonsense", Unknown)]"#
            ]],
        );
        check(
            "v=DMARC1; p=none; p=reject",
            &expect![[
                r#"p=None sp=None np=None psd=Unsaid t=false adkim=Relaxed aspf=Relaxed rua=[] ruf=[] fo=0 applies=false ignored=[("p", Repeated), ("p", Repeated)]"#
            ]],
        );
    }

    #[test]
    fn bad_policies() {
        check(
            "v=DMARC1; p=rejct",
            &expect![[
                r#"p=None sp=None np=None psd=Unsaid t=false adkim=Relaxed aspf=Relaxed rua=[] ruf=[] fo=0 applies=false ignored=[("p", Invalid)]"#
            ]],
        );
        check(
            "v=DMARC1; p=rejct; rua=mailto:d@example.org",
            &expect![[
                r#"p=None sp=None np=None psd=Unsaid t=false adkim=Relaxed aspf=Relaxed rua=["mailto:d@example.org"] ruf=[] fo=0 applies=true ignored=[("p", Invalid)]"#
            ]],
        );
        check(
            "v=DMARC1; p=reject; sp=all; rua=d@example.org",
            &expect![[
                r#"p=Reject sp=None np=None psd=Unsaid t=false adkim=Relaxed aspf=Relaxed rua=[] ruf=[] fo=0 applies=false ignored=[("sp", Invalid), ("rua", Invalid)]"#
            ]],
        );
    }

    #[test]
    fn no_records() {
        for text in [
            "",
            "v=",
            "v=dmarc1; p=none",
            "p=none; v=DMARC1",
            " v=DMARC1; p=none",
            "v=DMARC12",
            "v=DMARC1 p=none",
        ] {
            assert_eq!(Record::parse(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn blanks_and_case() {
        check(
            "v=DMARC1;p=reject",
            &expect![
                "p=Reject sp=None np=None psd=Unsaid t=false adkim=Relaxed aspf=Relaxed rua=[] ruf=[] fo=0 applies=true ignored=[]"
            ],
        );
        check(
            "v\t=\t DMARC1 ; P\t= REJECT\t; PSD = Y;T=Y; ADKIM=S ;aspf= R;NP=None",
            &expect![
                "p=Reject sp=None np=Some(None) psd=Yes t=true adkim=Strict aspf=Relaxed rua=[] ruf=[] fo=0 applies=true ignored=[]"
            ],
        );
        check(
            "v=DMARC1;;; ;\t;p=quarantine;",
            &expect![
                "p=Quarantine sp=None np=None psd=Unsaid t=false adkim=Relaxed aspf=Relaxed rua=[] ruf=[] fo=0 applies=true ignored=[]"
            ],
        );
        check(
            "v=DMARC1; p=none; sp=\u{a0}reject",
            &expect![[
                r#"p=None sp=None np=None psd=Unsaid t=false adkim=Relaxed aspf=Relaxed rua=[] ruf=[] fo=0 applies=false ignored=[("sp", Invalid)]"#
            ]],
        );
        check(
            "v=DMARC1; p = re ject",
            &expect![[
                r#"p=None sp=None np=None psd=Unsaid t=false adkim=Relaxed aspf=Relaxed rua=[] ruf=[] fo=0 applies=false ignored=[("p", Invalid)]"#
            ]],
        );
    }

    #[test]
    fn malformed_values_have_their_defaults() {
        check(
            "v=DMARC1; p=reject; psd=x; t=yes; adkim=relaxed; aspf=; fo=2; rua=; ruf=x",
            &expect![[
                r#"p=Reject sp=None np=None psd=Unsaid t=false adkim=Relaxed aspf=Relaxed rua=[] ruf=[] fo=0 applies=true ignored=[("psd", Invalid), ("t", Invalid), ("adkim", Invalid), ("aspf", Invalid), ("fo", Invalid), ("rua", Invalid), ("ruf", Invalid)]"#
            ]],
        );
        check(
            "v=DMARC1; p=reject; psd=y; psd=n; t=y; t=y; adkim=s; adkim=s",
            &expect![[
                r#"p=Reject sp=None np=None psd=Unsaid t=false adkim=Relaxed aspf=Relaxed rua=[] ruf=[] fo=0 applies=true ignored=[("psd", Repeated), ("psd", Repeated), ("t", Repeated), ("t", Repeated), ("adkim", Repeated), ("adkim", Repeated)]"#
            ]],
        );
        check(
            "v=DMARC1; p=reject; v=DMARC1",
            &expect![[
                r#"p=Reject sp=None np=None psd=Unsaid t=false adkim=Relaxed aspf=Relaxed rua=[] ruf=[] fo=0 applies=true ignored=[("v", Repeated)]"#
            ]],
        );
        check(
            "v=DMARC1; =reject; p; sp=none=none",
            &expect![[
                r#"p=None sp=None np=None psd=Unsaid t=false adkim=Relaxed aspf=Relaxed rua=[] ruf=[] fo=0 applies=false ignored=[("", Unknown), ("p", Invalid), ("sp", Invalid)]"#
            ]],
        );
        check(
            "v=DMARC1; p=none rua=mailto:d@example.org",
            &expect![[
                r#"p=None sp=None np=None psd=Unsaid t=false adkim=Relaxed aspf=Relaxed rua=[] ruf=[] fo=0 applies=false ignored=[("p", Invalid)]"#
            ]],
        );
    }

    #[test]
    fn report_addresses() {
        check(
            "v=DMARC1; rua=d@example.org, mailto:e@example.org!5k ,,https://example.org/r",
            &expect![[
                r#"p=None sp=None np=None psd=Unsaid t=false adkim=Relaxed aspf=Relaxed rua=["mailto:e@example.org", "https://example.org/r"] ruf=[] fo=0 applies=true ignored=[("rua", NotUri), ("rua", SizeLimit), ("rua", NotUri)]"#
            ]],
        );
        check(
            "v=DMARC1; p=bad; rua=ftp:x",
            &expect![[
                r#"p=None sp=None np=None psd=Unsaid t=false adkim=Relaxed aspf=Relaxed rua=["ftp:x"] ruf=[] fo=0 applies=true ignored=[("p", Invalid)]"#
            ]],
        );
        check(
            "v=DMARC1; p=none; np=bad; rua=mailto:d@example.org; rua=mailto:e@example.org",
            &expect![[
                r#"p=None sp=None np=None psd=Unsaid t=false adkim=Relaxed aspf=Relaxed rua=[] ruf=[] fo=0 applies=false ignored=[("np", Invalid), ("rua", Repeated), ("rua", Repeated)]"#
            ]],
        );
    }

    #[test]
    fn failure_options() {
        let fo = |text: &str| Record::parse(text.as_bytes()).map(|record| record.fo).unwrap();
        for (written, read) in
            [("0", "0"), ("1", "1"), ("D", "d"), ("s:d", "s:d"), ("0:1:d:s", "0"), ("d : s", "0"), ("", "0")]
        {
            assert_eq!(fo(&format!("v=DMARC1; fo={written}; ruf=mailto:d@example.org")), read, "{written}");
            assert_eq!(fo(&format!("v=DMARC1; fo={written}")), "0", "{written}");
        }
        check(
            "v=DMARC1; fo=1",
            &expect![[
                r#"p=None sp=None np=None psd=Unsaid t=false adkim=Relaxed aspf=Relaxed rua=[] ruf=[] fo=0 applies=true ignored=[("fo", WithoutRuf)]"#
            ]],
        );
    }

    #[test]
    fn octets_that_are_no_text() {
        let record = Record::parse(b"v=DMARC1; p=reject; x=\xff\xfe\0").unwrap();
        assert_eq!((record.p, record.applies()), (Policy::Reject, true));
        assert!(Record::parse(b"v=DMARC1; p=rej\xffect").is_some_and(|record| !record.applies()));
        assert_eq!(Record::parse(b"\xef\xbb\xbfv=DMARC1; p=reject"), None);
        assert_eq!(Record::parse(b"v=DMARC1\0; p=reject"), None);
    }

    #[test]
    fn huge_records() {
        let unknown = format!("v=DMARC1; p=reject; {}", "x=y;".repeat(250_000));
        let record = Record::parse(unknown.as_bytes()).unwrap();
        assert_eq!((record.p, record.ignored.len()), (Policy::Reject, MAX_IGNORED));
        let list = format!("v=DMARC1; p=reject; rua={}", "bad,".repeat(250_000));
        let record = Record::parse(format!("{list}mailto:d@example.org").as_bytes()).unwrap();
        assert_eq!((record.rua.len(), record.ignored.len()), (1, MAX_IGNORED));
        let long = Record::parse(format!("v=DMARC1; {}=1", "x".repeat(1_000_000)).as_bytes()).unwrap();
        assert!(long.ignored[0].name.len() < 200);
    }

    #[test]
    fn near_misses() {
        let check = |text: &str, expected| assert_eq!(near_miss(text.as_bytes()), expected, "{text}");
        check(" v=DMARC1; p=none", Some(NearMiss::LeadingBlank));
        check("\u{feff}v=DMARC1; p=none", None);
        check("\"v=DMARC1; p=none\"", Some(NearMiss::Quoted));
        check("“v=DMARC1; p=none”", Some(NearMiss::Quoted));
        check("TXTv=DMARC1; p=none", Some(NearMiss::Words));
        check("_dmarc.example.org. IN TXT “v=DMARC1; p=none”", Some(NearMiss::Words));
        check("v=dmarc1; p=none", Some(NearMiss::Version));
        check("v=DMARC1.0; p=none", Some(NearMiss::Separator));
        check("v=DMARC 1; p=none", Some(NearMiss::Version));
        check("v=DMARC2; p=none", Some(NearMiss::Version));
        check("DMARC1; p=none", Some(NearMiss::Version));
        check("v=DMARC1 p=none", Some(NearMiss::Separator));
        check("v=DMARC1, p=none", Some(NearMiss::Separator));
        check("p=none; v=DMARC1", Some(NearMiss::NotFirst));
        check("p=reject; rua=mailto:d@example.org", Some(NearMiss::NoVersion));
        check("v=spf1 -all", None);
        check("v=DKIM1; k=rsa; p=none", None);
        check("p=MIIBIjANBgkq", None);
        check("", None);
    }

    proptest! {
        #[test]
        fn never_panics(octets in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Record::parse(&octets);
            let _ = near_miss(&octets);
            let _ = Record::parse(&[b"v=DMARC1;".as_slice(), octets.as_slice()].concat());
        }
    }
}
