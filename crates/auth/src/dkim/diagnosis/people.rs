//! What the fields with addresses may have been: lists write the author's From anew, and put the author into Reply-To or Cc.

use tegami_mail::{NameAddr, mailbox_list, note};

use super::header::{Clues, Proposal, field, instances, written};
use super::subject::encoded;
use crate::dkim::tag::excerpt;

/// Addresses in Reply-To and Cc that may be the author.
const MOST_AUTHORS: usize = 6;
/// Octets of a field that is looked into.
const MOST: usize = 4_000;

pub(super) fn proposals(clues: &Clues<'_>, name: &str) -> Vec<Proposal> {
    let Some(came) = field(clues.message, name).filter(|field| field.raw.len() <= MOST) else {
        return Vec::new();
    };
    let value = came.unfolded();
    let mut rest = instances(clues.message, name);
    rest.pop();
    let mut proposals = Vec::new();
    let mut push = |weight, signed: &[u8], note| {
        let mut fields = rest.clone();
        fields.push(written(came.name, signed));
        proposals.push(Proposal { weight, fields, note });
    };
    let shown = excerpt(&value);
    if name == "from" {
        for (weight, signed) in authors(clues, &came.text(), &came.decoded()) {
            let note = note!("dkim-from-rewritten", signed = excerpt(signed.as_bytes()), came = shown);
            push(weight, signed.as_bytes(), note);
        }
    }
    if name == "to" {
        for kept in ["delivered-to", "x-delivered-to", "envelope-to"] {
            let Some(kept) = field(clues.message, kept) else { continue };
            let signed = kept.unfolded();
            let note = note!(
                "dkim-header-replaced",
                field = came.name,
                signed = excerpt(&signed),
                came = shown,
                source = kept.name
            );
            push(3, &signed, note);
        }
    }
    let text = came.text();
    let less = text.rfind(',').and_then(|comma| text.get(..comma)).filter(|_| name != "from");
    if let Some(less) = less {
        let gone = text.get(less.len() + 1..).unwrap_or_default();
        let note = note!("dkim-header-address-added", field = came.name, address = excerpt(gone.as_bytes()));
        push(2, less.as_bytes(), note);
    }
    if let Ok(list) = mailbox_list::parse_list(&text) {
        for signed in rewritten(&list) {
            let note = note!(
                "dkim-header-quoted",
                field = came.name,
                signed = excerpt(signed.as_bytes()),
                came = shown
            );
            push(2, signed.as_bytes(), note);
        }
    }
    proposals
}

/// The author that a list has replaced, as the author's program may have written the field.
fn authors(clues: &Clues<'_>, from: &str, decoded: &str) -> Vec<(u8, String)> {
    let mut found = Vec::new();
    let via = [" via ", " (via "].iter().find_map(|mark| decoded.find(mark).and_then(|at| decoded.get(..at)));
    let via = via.map(|name| name.trim_matches(['"', '\'', ' ']).to_owned()).filter(|name| !name.is_empty());
    let elsewhere = !from.to_ascii_lowercase().contains(&format!("@{}", clues.domain));
    let likely = if via.is_some() || elsewhere { 1 } else { 4 };
    for kept in ["reply-to", "cc"] {
        let Some(kept) = field(clues.message, kept).filter(|field| field.raw.len() <= MOST) else { continue };
        let Ok(list) = mailbox_list::parse_list(&kept.text()) else { continue };
        if list.len() == 1 {
            found.push((likely, kept.text()));
        }
        for author in list.iter().rev().take(MOST_AUTHORS) {
            let names = [via.clone(), author.name.clone()];
            for name in names.into_iter().flatten() {
                found.extend(spellings(&name, author).into_iter().map(|text| (likely, text)));
            }
            found.push((likely, author.address.to_string()));
            found.push((likely + 1, format!("<{}>", author.address)));
        }
    }
    found
}

/// `name <address>` with and without quotes, in encoded-words where it needs them.
fn spellings(name: &str, author: &NameAddr) -> Vec<String> {
    let address = &author.address;
    if name.is_ascii() {
        let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
        return vec![format!("{name} <{address}>"), format!("\"{escaped}\" <{address}>")];
    }
    let word = |word: Vec<u8>| format!("{} <{address}>", String::from_utf8_lossy(&word));
    encoded(name).into_iter().map(word).chain([format!("\"{name}\" <{address}>")]).collect()
}

/// A list of addresses with all names in quotes, none, or the brackets gone where there is no name.
fn rewritten(list: &[NameAddr]) -> Vec<String> {
    if list.is_empty() || list.iter().any(|one| one.name.as_ref().is_some_and(|name| !name.is_ascii())) {
        return Vec::new();
    }
    let write = |quoted: bool, brackets: bool| {
        let one = |one: &NameAddr| match &one.name {
            Some(name) if quoted => format!("\"{}\" <{}>", name.replace('"', "\\\""), one.address),
            Some(name) => format!("{name} <{}>", one.address),
            None if brackets => format!("<{}>", one.address),
            None => one.address.to_string(),
        };
        list.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    vec![write(true, false), write(false, false), write(false, true), write(true, true)]
}
