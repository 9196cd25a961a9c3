//! Whether there is one record, at the right place, that receivers take for one.

use std::sync::Arc;

use tegami_dns::{Data, RecordType, TxtData};
use tegami_mail::note;

use super::super::finding::{
    Change, EXISTS, Finding, MULTIPLE, NONSENDING, Operation, STRING_SPLIT, Span, State, Suggestion,
    TEMPERROR, TYPE99, VERSION, WRONG_LOCATION,
};
use super::super::merge::merged;
use super::super::question::{WRONG_PLACES, sends_nothing};
use super::super::tree::Status;
use super::super::version::{NearMiss, near_miss};
use super::Judge;
use crate::dmarc;
use crate::spf::Record;

/// What a domain publishes that sends no mail: no signature of any selector can be genuine.
const NO_KEYS: &str = "v=DKIM1; p=";

pub(super) fn check(judge: &mut Judge<'_>) {
    let domain = judge.world.domain.clone();
    match judge.tree.status.clone() {
        Status::Failed(error) => {
            let note = note!("spf-survey-temperror", name = domain, error = error);
            judge.push(Finding::new(&TEMPERROR, State::Unknown, &domain, note));
        }
        Status::Several(count) => several(judge, count),
        Status::Absent => absent(judge),
        _ => {
            for text in judge.world.texts(&domain).filter(|text| !Record::is_spf(text)) {
                match near_miss(text) {
                    Some(NearMiss::SenderId) => sender_id(judge, text),
                    Some(NearMiss::Version(length, _)) => {
                        let note = note!("spf-survey-version-beside", domain = domain, text = shown(text));
                        let value = shown(text);
                        judge.push(
                            Finding::new(&VERSION, State::Info, &domain, note)
                                .at(&Arc::from(text.as_slice()), Span { column: 1, length })
                                .fix(vec![Change::txt(Operation::Delete, &domain, value)]),
                        );
                    }
                    None => {}
                }
            }
            non_sending(judge);
        }
    }
    type99(judge);
}

fn several(judge: &mut Judge<'_>, count: usize) {
    let domain = &judge.world.domain;
    let texts: Vec<&[u8]> = judge.texts(judge.tree).into_iter().map(TxtData::as_slice).collect();
    let mut finding = Finding::new(
        &MULTIPLE,
        State::Fail,
        domain,
        note!("spf-survey-multiple", domain = domain, count = count),
    );
    for record in merged(&texts) {
        finding = finding.fix(vec![Change::txt(Operation::Replace, domain, record)]);
    }
    judge.push(finding);
}

fn absent(judge: &mut Judge<'_>) {
    let domain = judge.world.domain.clone();
    let mut meant = false;
    for text in judge.world.texts(&domain) {
        match near_miss(text) {
            Some(NearMiss::SenderId) => sender_id(judge, text),
            Some(NearMiss::Version(length, record)) => {
                meant = true;
                other_version(judge, text, length, record);
            }
            None => {}
        }
    }
    if meant {
        return;
    }
    let elsewhere = wrong_location(judge);
    let count = judge.world.texts(&domain).count();
    let note = note!("spf-survey-exists", domain = domain, count = count);
    let mut finding = Finding::new(&EXISTS, State::Fail, &domain, note);
    let nothing = "v=spf1 -all".to_owned();
    let choices = match elsewhere {
        Some(record) => vec![record],
        None if judge.world.hosts(&domain).iter().any(|host| !host.is_root()) => {
            vec!["v=spf1 mx ~all".to_owned(), nothing]
        }
        None => vec![nothing],
    };
    for record in choices {
        finding = finding.fix(vec![Change::txt(Operation::Add, &domain, record)]);
    }
    judge.push(finding);
}

/// A record with another beginning than `v=spf1` and a blank.
fn other_version(judge: &mut Judge<'_>, text: &TxtData, length: usize, record: Option<String>) {
    let domain = judge.world.domain.clone();
    let version = String::from_utf8_lossy(text.get(..length).unwrap_or_default()).into_owned();
    let whole: Arc<[u8]> = Arc::from(text.as_slice());
    let cut = text.borders().first() == Some(&6) && text.to_ascii_lowercase().starts_with(b"v=spf1");
    let (check, note) = if cut {
        (&STRING_SPLIT, note!("spf-survey-string-split", domain = domain, term = version))
    } else {
        (&VERSION, note!("spf-survey-version", domain = domain, version = version))
    };
    let finding = Finding::new(check, State::Fail, &domain, note).at(&whole, Span { column: 1, length });
    judge.push(match record {
        Some(record) => {
            let span = Span { column: 1, length: text.len() };
            finding.suggest(Some(Suggestion { span, text: record.clone() })).fix(vec![
                Change::txt(Operation::Delete, &domain, shown(text)),
                Change::txt(Operation::Add, &domain, record),
            ])
        }
        None => {
            finding.suggest(Some(Suggestion { span: Span { column: 1, length }, text: "v=spf1".to_owned() }))
        }
    });
}

fn sender_id(judge: &mut Judge<'_>, text: &TxtData) {
    let domain = judge.world.domain.clone();
    let finding =
        Finding::new(&VERSION, State::Info, &domain, note!("spf-survey-sender-id", domain = domain));
    judge.push(finding.fix(vec![Change::txt(Operation::Delete, &domain, shown(text))]));
}

/// An SPF record where nobody looks for one; gives its text.
fn wrong_location(judge: &mut Judge<'_>) -> Option<String> {
    let domain = judge.world.domain.clone();
    let mut found = None;
    for name in WRONG_PLACES.iter().filter_map(|label| domain.prepend(label).ok()) {
        let Some(text) = judge.world.texts(&name).find(|text| Record::is_spf(text)) else { continue };
        let note = note!("spf-survey-wrong-location", domain = domain, name = name, record = shown(text));
        let change = Change::txt(Operation::Add, &domain, shown(text));
        judge.push(Finding::new(&WRONG_LOCATION, State::Fail, &name, note).fix(vec![change]));
        found = found.or(Some(shown(text)));
    }
    let record = type99_texts(judge).into_iter().find(|text| Record::is_spf(text.as_bytes()));
    if let Some(record) = &record {
        let note = note!("spf-survey-wrong-type", domain = domain, record = record);
        let change = Change::txt(Operation::Add, &domain, record.clone());
        judge.push(Finding::new(&WRONG_LOCATION, State::Fail, &domain, note).fix(vec![change]));
    }
    found.or(record)
}

fn type99_texts(judge: &Judge<'_>) -> Vec<String> {
    let answer = judge.world.answer(&judge.world.domain, RecordType::Spf).and_then(Result::ok);
    let records = answer.into_iter().flat_map(|answer| answer.records.iter().take(10));
    records
        .filter_map(|record| if let Data::Spf(text) = &record.data { Some(shown(text)) } else { None })
        .collect()
}

fn type99(judge: &mut Judge<'_>) {
    let domain = judge.world.domain.clone();
    let texts = type99_texts(judge);
    if texts.is_empty() {
        return;
    }
    let delete = |value| Change { kind: RecordType::Spf, ..Change::txt(Operation::Delete, &domain, value) };
    let changes = texts.into_iter().map(delete).collect();
    let note = note!("spf-survey-type99", domain = domain);
    judge.push(Finding::new(&TYPE99, State::Info, &domain, note).fix(changes));
}

/// A domain that allows nobody to send should say so everywhere.
fn non_sending(judge: &mut Judge<'_>) {
    let world = judge.world;
    let domain = &world.domain;
    if !judge.tree.text.as_deref().is_some_and(sends_nothing) {
        return;
    }
    let mut changes = Vec::new();
    // What could not be asked is not said to be missing.
    let asked = |name: &tegami_dns::DnsName| {
        world
            .answer(name, RecordType::Txt)
            .is_some_and(|answer| answer.err().is_none_or(tegami_dns::DnsError::is_void))
    };
    if let Ok(name) = domain.prepend("_dmarc") {
        let rejects = |text: &&TxtData| {
            dmarc::Record::parse(text.as_slice()).is_some_and(|record| record.p == dmarc::Policy::Reject)
        };
        if asked(&name) && world.texts(&name).find(rejects).is_none() {
            changes.push(Change::txt(Operation::Replace, &name, "v=DMARC1; p=reject;"));
        }
    }
    if let Ok(name) = domain.prepend("*._domainkey") {
        let revoked = |text: &&TxtData| {
            text.trim_ascii_end().ends_with(b"p=") || text.windows(3).any(|part| part == b"p=;")
        };
        if asked(&name) && world.texts(&name).find(revoked).is_none() {
            changes.push(Change::txt(Operation::Add, &name, NO_KEYS));
        }
    }
    let has_mx = world
        .answer(domain, RecordType::Mx)
        .is_none_or(|answer| answer != Err(&tegami_dns::DnsError::NoData));
    if !has_mx && !world.addresses(domain).is_empty() {
        changes.push(Change { kind: RecordType::Mx, ..Change::txt(Operation::Add, domain, "0 .") });
    }
    if !changes.is_empty() {
        let note = note!("spf-survey-nonsending", domain = domain);
        judge.push(Finding::new(&NONSENDING, State::Info, domain, note).fix(changes));
    }
}

fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}
