//! What is remarkable about a header section.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tegami_auth::dmarc::public_suffix::organizational_domain;
use tegami_auth::received::Hop;
use tegami_mail::mailbox_list::parse_list;
use tegami_mail::{Address, Domain, HeaderSection, NameAddr, Note, date, header, note};

use super::{Results, Trust};

/// A hop that takes longer is told of.
const SLOW: SignedDuration = SignedDuration::from_mins(5);
/// Clocks differ by so much.
const DRIFT: SignedDuration = SignedDuration::from_mins(2);
/// The Date field may be so far from the first hop; programs that send later exist.
const FAR: SignedDuration = SignedDuration::from_hours(24);

/// Something remarkable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Stable, for example `results-forged`.
    pub id: &'static str,
    /// To be taken seriously; else only worth knowing.
    pub bad: bool,
    /// In words.
    pub note: Note,
}

impl Remark {
    pub(super) fn as_json(&self) -> Value {
        json!({"id": self.id, "bad": self.bad, "detail": self.note})
    }
}

/// Everything remarkable, what is to be taken seriously first.
pub(super) fn all(section: &HeaderSection<'_>, hops: &[Hop], results: &[Results]) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut add = |id, bad, note| remarks.push(Remark { id, bad, note });
    for forged in results.iter().filter(|results| results.trust == Trust::Forged) {
        let by = forged.by.as_deref().unwrap_or_default();
        add("results-forged", true, note!("headers-results-forged", field = forged.field, by = by));
    }
    for name in header::ONCE {
        let count = section.all(name).count();
        if count > 1 {
            add("field-twice", true, note!("headers-field-twice", field = name, count = count));
        }
    }
    for name in ["From", "Date"] {
        if section.first(name).is_none() {
            add("field-missing", true, note!("headers-field-missing", field = name));
        }
    }
    people(section, &mut add);
    times(section, hops, &mut add);
    if hops.is_empty() {
        add("no-received", false, note!("headers-no-received"));
    }
    remarks.sort_by_key(|remark| !remark.bad);
    remarks
}

/// Who claims to write, and where answers and bounces go.
fn people(section: &HeaderSection<'_>, add: &mut impl FnMut(&'static str, bool, Note)) {
    let list = |name| {
        let text = section.first(name).map(|field| field.text());
        text.and_then(|text| parse_list(&text).ok()).unwrap_or_default()
    };
    let authors = list("From");
    for author in &authors {
        if let Some(shown) = author.name.as_deref().and_then(|name| other_address(name, &author.address)) {
            let (shown, real) = (shown.to_string(), author.address.to_string());
            add("name-is-an-address", true, note!("headers-name-is-an-address", shown = shown, real = real));
        }
    }
    let Some(author) = authors.first().and_then(organization) else { return };
    if let Some(answers) =
        list("Reply-To").first().filter(|to| organization(to).is_some_and(|to| to != author))
    {
        let to = answers.address.to_string();
        add("reply-elsewhere", false, note!("headers-reply-elsewhere", to = to, author = author));
    }
    let path = section.first("Return-Path").map(|field| field.text()).unwrap_or_default();
    let path = Address::parse(path.trim().trim_matches(['<', '>'])).ok();
    let path = path.as_ref().and_then(|path| Some((path, organizational_domain(path.domain()?))));
    if let Some((path, _)) = path.filter(|(_, domain)| *domain != author) {
        add(
            "return-elsewhere",
            false,
            note!("headers-return-elsewhere", to = path.to_string(), author = author),
        );
    }
}

fn organization(author: &NameAddr) -> Option<Domain> {
    author.address.domain().map(organizational_domain)
}

/// An address of another organization in a display name: what many programs show in place of the real one.
fn other_address(name: &str, real: &Address) -> Option<Address> {
    let words = name.split(|c: char| c.is_whitespace() || "<>()[]\"'“”".contains(c));
    let shown = words.filter_map(|word| Address::parse(word).ok()).find(|shown| shown.domain().is_some())?;
    let other = organizational_domain(shown.domain()?) != organizational_domain(real.domain()?);
    other.then_some(shown)
}

/// Which hop was slow, and which date cannot be.
fn times(section: &HeaderSection<'_>, hops: &[Hop], add: &mut impl FnMut(&'static str, bool, Note)) {
    let host = |hop: &Hop| hop.by.clone().unwrap_or_else(|| "?".to_owned());
    for hop in hops {
        let Some(delay) = hop.delay else { continue };
        if delay >= SLOW {
            let minutes = delay.as_secs() / 60;
            add("slow-hop", false, note!("headers-slow-hop", host = host(hop), minutes = minutes));
        }
        if delay <= -DRIFT {
            let minutes = -delay.as_secs() / 60;
            add(
                "time-goes-back",
                false,
                note!("headers-time-goes-back", host = host(hop), minutes = minutes),
            );
        }
    }
    let written = section.first("Date").and_then(|field| date::parse(&field.text()).ok());
    let first = hops.iter().find_map(|hop| hop.at);
    if let Some((written, first)) = written.zip(first)
        && written.duration_since(first).abs() > FAR
    {
        let hours = written.duration_since(first).abs().as_hours();
        add("date-is-far", false, note!("headers-date-is-far", hours = hours));
    }
}
