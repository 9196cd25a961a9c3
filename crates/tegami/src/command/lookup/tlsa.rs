//! `tegami lookup tlsa`: the TLSA records of a mail host, and what senders that know DANE make of them (RFC 7672).

use serde_json::json;
use tegami_auth::dane::{self, Records, Unusable};
use tegami_dns::{Data, DnsError, DnsName, RecordType, Resolver, Security, Tlsa};
use tegami_mail::{Domain, Note, hex, note};

use super::super::prose::Prose;
use super::{Context, Failure, Report, domain, report};
use crate::cli::TlsaQuestion;

/// The port of mail between servers.
const SMTP: u16 = 25;

/// The records of one host.
struct Found {
    /// `usable`, `unusable`, `insecure`, `none`, `bogus`, `temperror`.
    result: &'static str,
    /// Where the records lie.
    name: DnsName,
    records: Vec<(Tlsa, Option<Unusable>)>,
    /// Whether DNSSEC vouches for the records.
    secure: bool,
    notes: Vec<Note>,
}

pub(super) async fn run(
    question: &TlsaQuestion,
    context: &Context,
    resolver: &dyn Resolver,
) -> Result<Report, Failure> {
    let (host, port) = subject(&question.host)?;
    let found = find(&host, port, resolver).await?;
    let as_json = || {
        let records = found.records.iter().map(|(record, why)| {
            json!({
                "usage": record.usage,
                "selector": record.selector,
                "matching_type": record.matching_type,
                "data": hex(&record.data),
                "usable": why.is_none(),
                "reason": why.map(|why| context.say(&why.note(record))),
            })
        });
        json!({
            "host": host.as_str(),
            "port": port,
            "name": found.name.as_str(),
            "result": found.result,
            "secure": found.secure,
            "records": records.collect::<Vec<_>>(),
            "notes": found.notes.iter().map(|note| context.say(note)).collect::<Vec<_>>(),
        })
    };
    let as_text = || {
        let mut prose = Prose::new(context);
        prose.verdict(&format!("TLSA {}", found.name), found.result);
        for (record, why) in &found.records {
            prose.paragraph(2, &dane::presentation(record));
            if let Some(why) = why {
                prose.sentence(4, &why.note(record), "RFC 7672 section 3.1");
            }
        }
        for note in &found.notes {
            prose.sentence(2, note, "RFC 7672 section 2.2");
        }
        prose.into_text()
    };
    Ok(report(context, found.result == "usable", as_json, as_text))
}

/// `HOST` or `HOST:PORT`.
fn subject(text: &str) -> Result<(Domain, u16), Failure> {
    match text.rsplit_once(':') {
        None => Ok((domain(text)?, SMTP)),
        Some((host, port)) => {
            let port = port.parse().ok().filter(|port| *port > 0);
            let port = port.ok_or_else(|| note!("cli-tlsa-bad-port", text = text))?;
            Ok((domain(host)?, port))
        }
    }
}

async fn find(host: &Domain, port: u16, resolver: &dyn Resolver) -> Result<Found, Failure> {
    let (names, address) = names(host, resolver).await;
    let mut last = None;
    for base in names {
        let Some(name) = dane::record_name(base.as_str(), port) else { continue };
        let found = at(name, &base, address, resolver).await;
        if found.result != "none" {
            return Ok(found);
        }
        last.get_or_insert(found);
    }
    last.ok_or_else(|| note!("cli-bad-domain", domain = host, reason = "too long").into())
}

/// The end of the host's aliases first, where DNSSEC vouches for them (RFC 7672 section 2.2.2), then the host; and whether it vouches for its addresses.
async fn names(host: &Domain, resolver: &dyn Resolver) -> (Vec<Domain>, Option<Security>) {
    let name = DnsName::from(host);
    let mut answer = resolver.lookup(&name, RecordType::A).await;
    if answer.is_err() {
        answer = resolver.lookup(&name, RecordType::Aaaa).await;
    }
    let Ok(answer) = answer else { return (vec![host.clone()], None) };
    if answer.security == Security::Insecure && !answer.aliases.is_empty() {
        // The alias leads out of what DNSSEC protects: the records at its beginning count, if at least that link is protected.
        let link = resolver.lookup(&name, RecordType::Cname).await;
        return (vec![host.clone()], Some(link.map_or(Security::Insecure, |link| link.security)));
    }
    let end = answer.aliases.last().filter(|_| answer.security == Security::Secure);
    let end = end.and_then(|end| Domain::parse(end.as_str()).ok());
    (end.into_iter().chain([host.clone()]).collect(), Some(answer.security))
}

async fn at(name: DnsName, base: &Domain, address: Option<Security>, resolver: &dyn Resolver) -> Found {
    let nothing = |result, note| Found {
        result,
        name: name.clone(),
        records: Vec::new(),
        secure: false,
        notes: vec![note],
    };
    let answer = match resolver.lookup(&name, RecordType::Tlsa).await {
        Ok(answer) => answer,
        Err(error) if error.is_void() => return nothing("none", note!("cli-tlsa-none", host = base)),
        Err(DnsError::Bogus) => return nothing("bogus", note!("cli-tlsa-bogus", name = name)),
        Err(error) => return nothing("temperror", note!("cli-tlsa-open", name = name, error = error)),
    };
    let secure = answer.security == Security::Secure;
    let records = answer.records.into_iter();
    let records =
        records.filter_map(|record| if let Data::Tlsa(tlsa) = record.data { Some(tlsa) } else { None });
    let Records { usable, unusable } = Records::read(records);
    let mut notes = Vec::new();
    let result = if !secure {
        notes.push(note!("cli-tlsa-insecure", name = name));
        "insecure"
    } else if address == Some(Security::Insecure) {
        notes.push(note!("cli-tlsa-address-insecure", host = base));
        "insecure"
    } else if usable.is_empty() {
        notes.push(note!("cli-tlsa-unusable"));
        "unusable"
    } else {
        notes.push(note!("cli-tlsa-usable", host = base));
        "usable"
    };
    let usable = usable.into_iter().map(|record| (Tlsa::from(record), None));
    let records = usable.chain(unusable.into_iter().map(|(record, why)| (record, Some(why)))).collect();
    Found { result, name, records, secure, notes }
}
