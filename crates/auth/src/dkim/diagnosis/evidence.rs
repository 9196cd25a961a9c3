//! What cannot be undone, and so cannot be proven: traces that those leave who change messages.

use memchr::memmem;
use tegami_mail::{Note, Text, note};

use crate::dkim::hash::Message;
use crate::dkim::tag::excerpt;

/// Octets of a body that are looked through.
const MOST: usize = 1 << 20;

/// Fields that mailing lists put into what passes through them.
const LISTS: &[&str] = &[
    "list-id",
    "x-mailman-version",
    "x-beenthere",
    "x-google-group-id",
    "mailing-list",
    "list-post",
    "x-loop",
    "list-unsubscribe",
];

/// Hosts of services that write every link of a message anew.
const LINKS: &[&str] = &[
    "safelinks.protection.outlook.com",
    "urldefense.com/v3/",
    "urldefense.proofpoint.com",
    "protect.mimecast.com",
    "linkprotect.cudasvc.com",
    "secure-web.cisco.com",
    "clicktime.symantec.com",
    "protection.sophos.com",
    "link.edgepilot.com",
];

/// Fields of filters that write into what they have looked through.
const FILTERS: &[&str] = &["x-antivirus", "x-antivirus-status", "x-avg", "x-disclaimer"];

/// Fields without which hardly any message is sent; a signature that names one covers it.
const COMMON: &[&str] = &["from", "to", "subject", "date", "message-id", "mime-version", "content-type"];

/// What may explain a body that is not the one that was signed.
pub(super) fn of_body(message: &Message<'_>) -> Vec<Note> {
    let mut notes = list(message);
    let start = message.body.get(..MOST.min(message.body.len())).unwrap_or_default();
    if let Some(host) = LINKS.iter().find(|host| memmem::find(start, host.as_bytes()).is_some()) {
        let host = host.split('/').next().unwrap_or(host);
        notes.push(note!("dkim-possible-links", host = host));
    }
    if let Some((_, field)) = message.uppermost("x-mime-autoconverted") {
        notes.push(note!("dkim-possible-recoding", value = excerpt(&field.unfolded())));
    }
    let filter = FILTERS.iter().find_map(|name| message.uppermost(name));
    if let Some((_, field)) = filter {
        let value = excerpt(&field.unfolded());
        notes.push(note!("dkim-possible-filter", field = field.name, value = value));
    }
    // U+FFFD, as it is and in quoted-printable.
    if [b"\xEF\xBF\xBD".as_slice(), b"=EF=BF=BD"].iter().any(|mark| memmem::find(start, mark).is_some()) {
        notes.push(note!("dkim-possible-charset"));
    }
    notes
}

/// What may explain header fields that are not the ones that were signed.
pub(super) fn of_header(message: &Message<'_>, signed: &[Text]) -> Vec<Note> {
    let mut notes = list(message);
    let gone = |name: &&&str| message.count(name) == 0 && signed.iter().any(|signed| signed == **name);
    let gone: Vec<&str> = COMMON.iter().filter(gone).copied().collect();
    if !gone.is_empty() {
        notes.push(note!("dkim-possible-missing", fields = gone.join(", ")));
    }
    notes
}

fn list(message: &Message<'_>) -> Vec<Note> {
    let field = LISTS.iter().find_map(|name| message.uppermost(name));
    let tell = |(_, field): (usize, &tegami_mail::HeaderField<'_>)| {
        note!("dkim-possible-list", field = field.name, value = excerpt(&field.unfolded()))
    };
    field.map(tell).into_iter().collect()
}
