//! Records that are one text among others: keys, announcements, addresses for reports.

use std::time::Duration;

use aws_lc_rs::digest;
use tegami_auth::dkim::KeyRecord;
use tegami_auth::mta_sts::{self, Mode, MxPattern, Policy};
use tegami_auth::tls_rpt;
use tegami_dns::Data;
use tegami_mail::{Domain, Note, hex, note};

use super::want::{Wishes, txt};

/// How long a policy may be kept: a week while it is tried, and no shorter than the standard's "weeks" after it (RFC 8461 section 3.2).
const MAX_AGE: Duration = Duration::from_secs(604_800);

/// The policy about TLS that a server of this name serves for the domains whose mail it takes.
pub fn policy_text(hostname: &Domain, mode: Mode) -> String {
    let mx = MxPattern::parse(hostname.as_str()).into_iter().collect();
    let policy = Policy { mode, mx, max_age: MAX_AGE };
    // RFC 8461 section 3.2: each line ends with CRLF.
    policy.lines().into_iter().map(|line| line + "\r\n").collect()
}

/// The identifier of a policy, made of its text: another text has another one, and the same text the same (RFC 8461 section 3.1: letters and
/// digits, at most 32).
pub fn policy_id(text: &str) -> String {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    hex(digest.as_ref().get(..16).unwrap_or_default())
}

/// The record of a key. Where the same key stands there in other words, those stay.
pub(super) fn key(there: &[Data], wanted: &Data) -> Vec<Data> {
    let read = |data: &Data| match data {
        Data::Txt(text) => KeyRecord::parse(text).ok(),
        _ => None,
    };
    let new = read(wanted);
    let is_same = |data: &Data| match (read(data), &new) {
        (Some(old), Some(new)) => old.data == new.data && old.key_type == new.key_type,
        _ => false,
    };
    // RFC 6376 section 3.6.2.2: what several records at one name mean is not defined.
    match there {
        [one] if is_same(one) => vec![one.clone()],
        _ => vec![wanted.clone()],
    }
}

/// The announcement of our policy, in the place of any other.
pub(super) fn sts(there: &[Data], wanted: &Data) -> Vec<Data> {
    let texts = there.iter().filter_map(text_of);
    let same = match (mta_sts::find(texts), text_of(wanted).map(|text| mta_sts::find([text]))) {
        (Ok(there), Some(Ok(wanted))) => there.id() == wanted.id(),
        _ => false,
    };
    if same { there.to_vec() } else { instead(there, |text| text.starts_with(b"v=STSv1"), wanted) }
}

/// The record that asks for reports about TLS: addresses that are there stay.
pub(super) fn tls_reports(there: &[Data], wanted: &Data, wishes: &Wishes) -> (Vec<Data>, Vec<Note>) {
    let is_one = |text: &[u8]| text.starts_with(b"v=TLSRPTv1");
    let texts: Vec<&[u8]> = there.iter().filter_map(text_of).filter(|text| is_one(text)).collect();
    let [text] = texts.as_slice() else { return (instead(there, is_one, wanted), Vec::new()) };
    if tls_rpt::Record::parse(text).is_err() {
        return (instead(there, is_one, wanted), vec![note!("plan-tlsrpt-broken")]);
    }
    let text = String::from_utf8_lossy(text);
    let new = wishes.tls_reports.as_deref();
    let Some(uri) = new.filter(|uri| !text.to_ascii_lowercase().contains(&uri.to_ascii_lowercase())) else {
        return (there.to_vec(), Vec::new());
    };
    let fields = text.split(';').map(|field| match field.trim().strip_prefix("rua=") {
        Some(value) => format!(" rua={},{uri}", value.trim()),
        None => field.to_owned(),
    });
    let text = fields.collect::<Vec<_>>().join(";");
    (instead(there, is_one, &txt(&text)), Vec::new())
}

/// All records but those of one kind, and one of that kind: at the place of the first.
pub(super) fn instead(there: &[Data], is_one: impl Fn(&[u8]) -> bool, wanted: &Data) -> Vec<Data> {
    let mut all = Vec::new();
    let mut done = false;
    for data in there {
        match text_of(data) {
            Some(text) if is_one(text) => {
                if !done {
                    all.push(wanted.clone());
                }
                done = true;
            }
            _ => all.push(data.clone()),
        }
    }
    if !done {
        all.push(wanted.clone());
    }
    all
}

pub(super) fn text_of(data: &Data) -> Option<&[u8]> {
    match data {
        Data::Txt(text) => Some(text.as_slice()),
        _ => None,
    }
}
