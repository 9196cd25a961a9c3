//! The changes that can be asked for, as they are written on the command line.

use std::net::IpAddr;

use tegami_auth::dmarc::Why;
use tegami_auth::{dmarc, spf};
use tegami_mail::{Domain, Note, ReversePath, note};

use super::super::circumstances::reverse_path;
use crate::config::nearest;

/// One change of the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::command::inspect) enum Change {
    /// The whole SPF record.
    SpfRecord(String),
    /// One more term, before `all`.
    SpfTerm(String),
    /// Another qualifier for `all`.
    SpfAll(char),
    SpfRemove,
    DkimAdd(Domain),
    /// The signatures of one domain, or all.
    DkimRemove(Option<Domain>),
    /// The whole DMARC record.
    DmarcRecord(String),
    /// A tag and its value.
    DmarcTag(String, String),
    DmarcRemove,
    Ip(IpAddr),
    Helo(String),
    MailFrom(ReversePath),
    /// Received again from another host, which may rewrite the reverse-path.
    Forward(Via, Srs),
    /// Received from a mailing list that adds to the content.
    List(Option<Via>),
}

/// The host that hands a message on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::command::inspect) enum Via {
    Host(Domain),
    Address(IpAddr),
}

/// Whether a forwarder puts its own domain into the reverse-path (Sender Rewriting Scheme).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::command::inspect) enum Srs {
    With,
    Without,
}

/// How each change is written: for people, and to find what somebody may have meant.
pub(super) const FORMS: &[&str] = &[
    "spf=RECORD",
    "spf.include=NAME",
    "spf.ip4=NETWORK",
    "spf.ip6=NETWORK",
    "spf.a=NAME",
    "spf.mx=NAME",
    "spf.exists=NAME",
    "spf.all=-|~|?|+",
    "spf.remove",
    "dkim.add=DOMAIN",
    "dkim.remove",
    "dkim.remove=DOMAIN",
    "dmarc=RECORD",
    "dmarc.p=none|quarantine|reject",
    "dmarc.TAG=VALUE",
    "dmarc.remove",
    "ip=ADDRESS",
    "helo=NAME",
    "mail-from=ADDRESS",
    "forward via HOST",
    "forward via HOST with srs",
    "list footer",
    "list footer via HOST",
];

/// The tags of a DMARC record that can be changed (RFC 9989 section 4.7), and those of old.
const TAGS: &[&str] = &["p", "sp", "np", "adkim", "aspf", "t", "psd", "fo", "rua", "ruf", "pct", "rf", "ri"];

/// SPF mechanisms that can be added (RFC 7208 section 5).
const MECHANISMS: &[&str] = &["include", "ip4", "ip6", "a", "mx", "exists"];

impl Change {
    /// Reads a change as it was written.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub(super) fn parse(written: &str) -> Result<Self, Note> {
        let written = written.trim();
        let words: Vec<&str> = written.split_ascii_whitespace().collect();
        let lower: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        match (lower.as_slice(), words.as_slice()) {
            (["forward", "via", _], [_, _, host]) => Ok(Self::Forward(via(host)?, Srs::Without)),
            (["forward", "via", _, "with", "srs"], [_, _, host, ..]) => {
                Ok(Self::Forward(via(host)?, Srs::With))
            }
            (["list", "footer"], _) => Ok(Self::List(None)),
            (["list", "footer", "via", _], [_, _, _, host]) => Ok(Self::List(Some(via(host)?))),
            _ => {
                let (key, value) = match written.split_once('=') {
                    Some((key, value)) => (key, Some(value.trim())),
                    None => (written, None),
                };
                let value = value.filter(|value| !value.is_empty());
                Self::setting(written, &key.trim().to_ascii_lowercase(), value)
            }
        }
    }

    fn setting(written: &str, key: &str, value: Option<&str>) -> Result<Self, Note> {
        match (key, value) {
            ("spf", Some(record)) => return Ok(Self::SpfRecord(record.to_owned())),
            ("spf.remove", None) => return Ok(Self::SpfRemove),
            ("spf.all", Some(value)) => {
                let wrong = || note!("cli-whatif-bad-value", change = written, known = "-, ~, ?, +");
                return qualifier(value).map(Self::SpfAll).ok_or_else(wrong);
            }
            ("dkim.remove", domain) => return Ok(Self::DkimRemove(domain.map(domain_of).transpose()?)),
            ("dkim.add", Some(domain)) => return Ok(Self::DkimAdd(domain_of(domain)?)),
            ("dmarc", Some(record)) => return Ok(Self::DmarcRecord(record.to_owned())),
            ("dmarc.remove", None) => return Ok(Self::DmarcRemove),
            ("ip", Some(value)) => {
                let wrong = |_| note!("cli-whatif-bad-ip", value = value);
                return value.parse().map(Self::Ip).map_err(wrong);
            }
            ("helo", Some(value)) => return Ok(Self::Helo(value.to_owned())),
            ("mail-from", value) if written.contains('=') => {
                return Ok(Self::MailFrom(reverse_path(value.unwrap_or_default())?));
            }
            _ => {}
        }
        let spf_term = key.strip_prefix("spf.").filter(|name| MECHANISMS.contains(name));
        let dmarc_tag = key.strip_prefix("dmarc.").filter(|name| TAGS.contains(name));
        match (spf_term, dmarc_tag, value) {
            (Some(name), _, value) if value.is_some() || matches!(name, "a" | "mx") => term(name, value),
            (_, Some(name), Some(value)) => tag(written, name, value),
            _ => Err(unknown(written)),
        }
    }
}

/// A term of an SPF record, which has to be one.
fn term(name: &str, value: Option<&str>) -> Result<Change, Note> {
    let term = value.map_or_else(|| name.to_owned(), |value| format!("{name}:{value}"));
    match spf::Record::parse(format!("v=spf1 {term}")) {
        Ok(record) if record.terms.len() == 1 => Ok(Change::SpfTerm(term)),
        Ok(_) => Err(note!("cli-whatif-several-terms", term = term)),
        Err(_) => Err(note!("cli-whatif-bad-term", term = term)),
    }
}

fn qualifier(value: &str) -> Option<char> {
    let mut characters = value.chars();
    let first = characters.next().filter(|first| "-~?+".contains(*first))?;
    matches!(characters.as_str(), "" | "all").then_some(first)
}

/// A tag of a DMARC record with a value that receivers understand; any other text can be given as the whole record.
fn tag(written: &str, name: &str, value: &str) -> Result<Change, Note> {
    let record = dmarc::Record::parse(format!("v=DMARC1; {name}={value}").as_bytes());
    let invalid =
        record.is_none_or(|record| record.ignored.iter().any(|ignored| ignored.why == Why::Invalid));
    if invalid || value.contains(';') {
        let known = match name {
            "p" | "sp" | "np" => "none, quarantine, reject",
            "adkim" | "aspf" => "r, s",
            "t" => "y, n",
            "psd" => "y, n, u",
            "fo" => "0, 1, d, s",
            _ => "mailto:ADDRESS",
        };
        return Err(note!("cli-whatif-bad-value", change = written, known = known));
    }
    Ok(Change::DmarcTag(name.to_owned(), value.to_owned()))
}

fn domain_of(text: &str) -> Result<Domain, Note> {
    Domain::parse(text).map_err(|error| note!("cli-whatif-bad-domain", value = text, reason = error))
}

fn via(host: &str) -> Result<Via, Note> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse() {
        Ok(ip) => Ok(Via::Address(ip)),
        Err(_) => domain_of(host).map(Via::Host),
    }
}

/// Lists the changes there are, the most similar first.
fn unknown(written: &str) -> Note {
    let key = |form: &'static str| form.split_once('=').map_or(form, |(key, _)| key);
    let tags = TAGS.iter().map(|tag| format!("dmarc.{tag}"));
    let known: Vec<String> = FORMS.iter().map(|form| key(form).to_owned()).chain(tags).collect();
    let asked = written.split_once('=').map_or(written, |(key, _)| key).trim().to_ascii_lowercase();
    let begun = || known.iter().find(|form| asked.len() > 2 && form.starts_with(&asked)).map(String::as_str);
    let similar = nearest(&asked, known.iter().map(String::as_str)).or_else(begun);
    let form = |key: &str| {
        let mut forms =
            FORMS.iter().filter(|form| form.split_once('=').map_or(**form, |(name, _)| name) == key);
        forms.next().map_or_else(|| format!("{key}=VALUE"), |form| (*form).to_owned())
    };
    let forms = FORMS.join(", ");
    match similar {
        Some(key) => {
            note!("cli-whatif-unknown-similar", change = written, similar = form(key), known = forms)
        }
        None => note!("cli-whatif-unknown", change = written, known = forms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(written: &str, expected: &str) {
        let shown = match Change::parse(written) {
            Ok(change) => format!("{change:?}"),
            Err(note) => {
                let values: Vec<String> = note
                    .args
                    .iter()
                    .filter(|(name, _)| *name != "known")
                    .map(|(_, value)| value.to_string())
                    .collect();
                format!("{} {}", note.id, values.join(" | "))
            }
        };
        assert_eq!(shown, expected, "{written}");
    }

    #[test]
    fn what_is_understood() {
        check("spf.include=_spf.example.net", r#"SpfTerm("include:_spf.example.net")"#);
        check(" SPF.ip6 = 2001:db8::/32", r#"SpfTerm("ip6:2001:db8::/32")"#);
        check("spf.mx", r#"SpfTerm("mx")"#);
        check("spf=v=spf1 -all", r#"SpfRecord("v=spf1 -all")"#);
        check("spf.all=~all", "SpfAll('~')");
        check("dkim.remove", "DkimRemove(None)");
        check("dmarc.rua=mailto:a@example.org", r#"DmarcTag("rua", "mailto:a@example.org")"#);
        check("dmarc.pct=50", r#"DmarcTag("pct", "50")"#);
        check("mail-from=", "MailFrom(Null)");
        check("forward via [192.0.2.9]", "Forward(Address(192.0.2.9), Without)");
        check("Forward  VIA 2001:db8::9 with SRS", "Forward(Address(2001:db8::9), With)");
        check("list footer", "List(None)");
    }

    #[test]
    fn what_is_not() {
        check(
            "spf.inlude=a.example.net",
            "cli-whatif-unknown-similar spf.inlude=a.example.net | spf.include=NAME",
        );
        check("dmarc.adkmi=s", "cli-whatif-unknown-similar dmarc.adkmi=s | dmarc.adkim=VALUE");
        check("forward to mx.example.net", "cli-whatif-unknown forward to mx.example.net");
        check("forward via", "cli-whatif-unknown-similar forward via | forward via HOST");
        check("list", "cli-whatif-unknown-similar list | list footer");
        check("", "cli-whatif-unknown-similar  | ip=ADDRESS");
        check("spf.remove=1", "cli-whatif-unknown-similar spf.remove=1 | spf.remove");
        check("dmarc.p=rejct", "cli-whatif-bad-value dmarc.p=rejct");
        check("dmarc.p=none; sp=reject", "cli-whatif-bad-value dmarc.p=none; sp=reject");
        check("spf.all=!", "cli-whatif-bad-value spf.all=!");
        check("spf.a=a.example.net -all", "cli-whatif-several-terms a:a.example.net -all");
        check("ip=here", "cli-whatif-bad-ip here");
        check("mail-from=@@", "cli-bad-address @@ | the local-part has a character that needs quotes");
    }
}
