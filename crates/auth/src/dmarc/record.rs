//! DMARC Policy Records as text (RFC 9989 sections 4.7 and 4.8).

use std::collections::BTreeMap;

use tegami_mail::{Address, Note, note};

use super::Policy;

/// A record. Values that cannot be read have their defaults, and stand in [`Record::ignored`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// As published.
    pub text: String,
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
    /// `fo`, `0` by default.
    pub fo: String,
    /// `p`, `sp` or `np` is there, but not a policy: the record counts as `p=none` where reports are asked for, else
    /// DMARC is not applied at all (RFC 9989 section 4.10.1).
    pub bad_policy: bool,
    /// What was not used, and why.
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

/// A tag that was not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// Its name as written, lower case.
    pub name: String,
    /// Its value as written.
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
}

impl Record {
    /// Reads a TXT record's data; `None` where it is not a DMARC record, because it does not begin with `v=DMARC1`
    /// exactly (RFC 9989 section 4.7).
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(text).into_owned();
        let mut elements = text.split(';');
        let (name, version) = elements.next()?.split_once('=')?;
        // No blank may come before the version, and its case counts (RFC 9989 section 4.8).
        if !trim_end(name).eq_ignore_ascii_case("v") || trim(version) != "DMARC1" {
            return None;
        }
        let mut record = Self::empty(&text);
        for element in elements.map(trim).filter(|element| !element.is_empty()) {
            let (name, value) = element.split_once('=').unwrap_or((element, ""));
            record.tags.push((trim(name).to_ascii_lowercase(), trim(value).to_owned()));
        }
        let tags = record.tags.clone();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, _) in &tags {
            *counts.entry(name).or_default() += 1;
        }
        for (name, value) in &tags {
            let repeated = counts.get(name.as_str()).is_some_and(|count| *count > 1);
            record.read(name, value, repeated);
        }
        record.tags.insert(0, ("v".to_owned(), "DMARC1".to_owned()));
        Some(record)
    }

    fn empty(text: &str) -> Self {
        Self {
            text: text.to_owned(),
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

    fn read(&mut self, name: &str, value: &str, repeated: bool) {
        let why = if repeated { Some(Why::Repeated) } else { self.set(name, value) };
        if let Some(why) = why {
            self.bad_policy |= matches!(name, "p" | "sp" | "np");
            self.ignored.push(Ignored { name: name.to_owned(), value: value.to_owned(), why });
        }
    }

    /// Takes one tag; tells why not, where it cannot.
    fn set(&mut self, name: &str, value: &str) -> Option<Why> {
        let lower = value.to_ascii_lowercase();
        let understood = match name {
            "p" => Policy::from_word(&lower).map(|policy| self.p = policy),
            "sp" => Policy::from_word(&lower).map(|policy| self.sp = Some(policy)),
            "np" => Policy::from_word(&lower).map(|policy| self.np = Some(policy)),
            "psd" => choose(&lower, &[("y", Psd::Yes), ("n", Psd::No), ("u", Psd::Unsaid)])
                .map(|psd| self.psd = psd),
            "t" => choose(&lower, &[("y", true), ("n", false)]).map(|testing| self.testing = testing),
            "adkim" => alignment(&lower).map(|mode| self.adkim = mode),
            "aspf" => alignment(&lower).map(|mode| self.aspf = mode),
            "rua" => uris(value).map(|list| self.rua = list),
            "ruf" => uris(value).map(|list| self.ruf = list),
            "fo" => {
                let options =
                    lower.split(':').map(trim).all(|option| matches!(option, "0" | "1" | "d" | "s"));
                options.then(|| self.fo = lower)
            }
            "pct" | "rf" | "ri" => return Some(Why::Removed),
            _ => return Some(Why::Unknown),
        };
        if understood.is_some() { None } else { Some(Why::Invalid) }
    }

    /// The policy for the domain that publishes, before `t`; `None` where DMARC must not be applied
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
        }
    }
}

/// Blanks of RFC 5234: space and tab.
fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

fn trim_end(text: &str) -> &str {
    text.trim_end_matches([' ', '\t'])
}

fn choose<T: Copy>(value: &str, choices: &[(&str, T)]) -> Option<T> {
    choices.iter().find(|(word, _)| *word == value).map(|(_, meaning)| *meaning)
}

fn alignment(value: &str) -> Option<Alignment> {
    choose(value, &[("r", Alignment::Relaxed), ("s", Alignment::Strict)])
}

/// The well-formed URIs of a list, at least one.
fn uris(value: &str) -> Option<Vec<String>> {
    let uris: Vec<String> = value.split(',').filter_map(|uri| reporting_uri(trim(uri))).collect();
    if uris.is_empty() { None } else { Some(uris) }
}

/// A URI of RFC 3986; `mailto:` needs an address. The size limit of RFC 7489, `!10m`, is dropped.
fn reporting_uri(text: &str) -> Option<String> {
    let uri = match text.split_once('!') {
        Some((uri, size)) => {
            let digits = size.trim_end_matches(['k', 'm', 'g', 't', 'K', 'M', 'G', 'T']);
            let is_size = size.len() <= digits.len() + 1 && digits.parse::<u64>().is_ok();
            is_size.then_some(uri)?
        }
        None => text,
    };
    let (scheme, rest) = uri.split_once(':')?;
    let well_formed = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        && !rest.is_empty()
        && rest.chars().all(|c| c.is_ascii_graphic() && !"<>\"\\^`{|}".contains(c));
    let address = rest.split('?').next().unwrap_or_default();
    let reachable = !scheme.eq_ignore_ascii_case("mailto") || Address::parse(address).is_ok();
    (well_formed && reachable).then(|| uri.to_owned())
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
            "v=DMARC1; p=reject; sp=quarantine; np=reject; psd=n; t=y; adkim=s; aspf=s; fo=d:s",
            &expect![
                "p=Reject sp=Some(Quarantine) np=Some(Reject) psd=No t=true adkim=Strict aspf=Strict rua=[] ruf=[] fo=d:s applies=true ignored=[]"
            ],
        );
        check(
            "V = DMARC1 ;\tP = Reject ; rua = mailto:a@example.org , mailto:b@example.net!10m;;",
            &expect![[
                r#"p=Reject sp=None np=None psd=Unsaid t=false adkim=Relaxed aspf=Relaxed rua=["mailto:a@example.org", "mailto:b@example.net"] ruf=[] fo=0 applies=true ignored=[]"#
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

    proptest! {
        #[test]
        fn never_panics(octets in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Record::parse(&octets);
            let _ = Record::parse(&[b"v=DMARC1;".as_slice(), octets.as_slice()].concat());
        }
    }
}
