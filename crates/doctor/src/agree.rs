//! Fixes of one record that agree: several findings may want the same record changed, and whoever pastes one after the other must not undo
//! the one before.

use std::collections::HashMap;

use tegami_auth::finding::{Change, Operation};
use tegami_dns::RecordType;

use crate::Finding;

/// Lets each fix that replaces a text keep what the fixes before it change in the same text. `published` tells the texts that stand at
/// a name. The findings stand in the order in which they are to be looked at; the last fix of a record holds everything.
pub(crate) fn agree(findings: &mut [Finding], published: impl Fn(&str) -> Vec<String>) {
    let mut wanted: HashMap<String, String> = HashMap::new();
    for fix in findings.iter_mut().filter_map(|finding| finding.fix.as_mut()) {
        let mut taken = Vec::new();
        for (at, change) in fix
            .choices
            .iter_mut()
            .enumerate()
            .flat_map(|(at, choice)| choice.iter_mut().map(move |one| (at, one)))
        {
            let Some(before) = replaced(change, &published) else { continue };
            let both = wanted.get(&change.name).map(|so_far| merged(&before, so_far, &change.value));
            if let Some(Some(text)) = &both {
                change.value.clone_from(text);
            }
            // Of several choices the first is the one that goes on; what cannot be brought together stands alone.
            if at == 0 && both != Some(None) {
                taken.push((change.name.clone(), change.value.clone()));
            }
        }
        wanted.extend(taken);
    }
}

/// The one text that a change replaces.
fn replaced(change: &Change, published: impl Fn(&str) -> Vec<String>) -> Option<String> {
    if change.operation != Operation::Replace || change.kind != RecordType::Txt {
        return None;
    }
    let wanted = version(&change.value)?;
    let mut there =
        published(&change.name).into_iter().filter(|text| version(text).is_some_and(|one| one == wanted));
    // Where two stand there, which of them a fix began with is not known.
    match (there.next(), there.next()) {
        (Some(text), None) => Some(text),
        _ => None,
    }
}

/// `v=DMARC1`, `v=spf1`, in lower case.
fn version(text: &str) -> Option<String> {
    let head = text.split([';', ' ']).next()?.trim();
    head.starts_with("v=").then(|| head.to_ascii_lowercase())
}

/// `first` with what `second` changes in `before`; `None` where that cannot be told.
fn merged(before: &str, first: &str, second: &str) -> Option<String> {
    if version(before)? == "v=spf1" {
        merged_terms(before, first, second)
    } else {
        Some(merged_tags(before, first, second))
    }
}

/// Of a record of tags (RFC 6376 section 3.2). A tag that both change is as the first wants it.
fn merged_tags(before: &str, first: &str, second: &str) -> String {
    let (before, mut tags, second_tags) = (tags(before), tags(first), tags(second));
    let value = |tags: &[(String, String)], name: &str| {
        tags.iter().find(|(known, _)| known == name).map(|(_, tag)| tag.clone())
    };
    for (name, tag) in &second_tags {
        let old = value(&before, name);
        let untouched = value(&tags, name) == old;
        match tags.iter_mut().find(|(known, _)| known == name) {
            Some((_, mine)) if untouched => mine.clone_from(tag),
            None if untouched => tags.push((name.clone(), tag.clone())),
            _ => {}
        }
    }
    // What the second takes away, unless the first has changed it.
    let gone = |name: &str| value(&before, name).filter(|_| value(&second_tags, name).is_none());
    tags.retain(|(name, tag)| gone(name).is_none_or(|old| old != *tag));
    let mut text = tags.into_iter().map(|(_, tag)| tag).collect::<Vec<_>>().join("; ");
    if second.trim_end().ends_with(';') {
        text.push(';');
    }
    text
}

/// Each tag under its name.
fn tags(text: &str) -> Vec<(String, String)> {
    let tags = text.split(';').map(str::trim).filter(|tag| !tag.is_empty());
    tags.map(|tag| (tag.split('=').next().unwrap_or(tag).trim().to_owned(), tag.to_owned())).collect()
}

/// Of an SPF record, whose terms have an order (RFC 7208 section 4.6.2).
fn merged_terms(before: &str, first: &str, second: &str) -> Option<String> {
    let split = |text: &str| text.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let without = |terms: &[String], others: &[String]| {
        terms.iter().filter(|term| !others.contains(term)).cloned().collect::<Vec<_>>()
    };
    let (before, mut terms, mut second) = (split(before), split(first), split(second));
    if without(&before, &second).is_empty() && without(&second, &before).is_empty() {
        // The second changes the order alone, so what the first changes comes into that order.
        std::mem::swap(&mut terms, &mut second);
    }
    let (gone, new) = (without(&before, &second), without(&second, &before));
    if !gone.is_empty() && !new.is_empty() && gone.len() != new.len() {
        return None;
    }
    if gone.is_empty() {
        let last = |term: &String| {
            let name = term.trim_start_matches(['+', '-', '~', '?']).to_ascii_lowercase();
            name == "all" || name.starts_with("redirect=")
        };
        let place = terms.iter().position(last).unwrap_or(terms.len());
        let missing = without(&new, &terms);
        terms.splice(place..place, missing);
    }
    for (at, old) in gone.iter().enumerate() {
        match new.get(at) {
            // What is no longer there, the first has changed already.
            Some(new) => terms.iter_mut().filter(|term| *term == old).for_each(|term| term.clone_from(new)),
            None => terms.retain(|term| term != old),
        }
    }
    Some(terms.join(" "))
}

#[cfg(test)]
mod tests {
    use tegami_mail::note;

    use super::*;
    use crate::Fix;
    use crate::catalogue::FAMILIES;

    #[test]
    fn tags_of_both_come_together() {
        let both = |first, second| merged("v=DMARC1; p=none; pct=50", first, second).unwrap();
        assert_eq!(
            both("v=DMARC1; p=none; pct=50; rua=mailto:a@b.c", "v=DMARC1; p=none; np=reject"),
            "v=DMARC1; p=none; rua=mailto:a@b.c; np=reject"
        );
        // What both change is as the first wants it; what only the second changes is changed.
        assert_eq!(
            both("v=DMARC1; p=reject", "v=DMARC1; p=quarantine; pct=50; sp=none"),
            "v=DMARC1; p=reject; sp=none"
        );
    }

    #[test]
    fn terms_of_both_come_together_in_their_order() {
        let both = |first, second| merged("v=spf1 ipv4:192.0.2.1 ptr -all", first, second);
        assert_eq!(
            both("v=spf1 ip4:192.0.2.1 ptr -all", "v=spf1 ipv4:192.0.2.1 ptr ~all").unwrap(),
            "v=spf1 ip4:192.0.2.1 ptr ~all"
        );
        assert_eq!(
            both("v=spf1 ip4:192.0.2.1 ptr -all", "v=spf1 ipv4:192.0.2.1 -all").unwrap(),
            "v=spf1 ip4:192.0.2.1 -all"
        );
        assert_eq!(
            both("v=spf1 ipv4:192.0.2.1 ptr ~all", "v=spf1 ipv4:192.0.2.1 ptr include:example.net -all")
                .unwrap(),
            "v=spf1 ipv4:192.0.2.1 ptr include:example.net ~all"
        );
        assert_eq!(
            both("v=spf1 ipv4:192.0.2.1 ptr mx -all", "v=spf1 -all ipv4:192.0.2.1 ptr").unwrap(),
            "v=spf1 mx -all ipv4:192.0.2.1 ptr"
        );
        assert_eq!(both("v=spf1 mx -all", "v=spf1 a -all"), None);
    }

    #[test]
    fn later_fixes_keep_earlier_ones() {
        let check = FAMILIES[0].checks[0];
        let finding = |value: &str| {
            let change = Change::txt(Operation::Replace, "_dmarc.example.org", value);
            check
                .warn("example.org", note!("check-depends", parent = "x"))
                .fix(Fix::new(note!("check-depends", parent = "x")).records(vec![change]))
        };
        let mut findings =
            [finding("v=DMARC1; p=none; rua=mailto:d@example.org"), finding("v=DMARC1; p=none; np=reject")];
        let value = |finding: &Finding| finding.fix.as_ref().unwrap().choices[0][0].value.clone();
        let two = |_: &str| vec!["v=DMARC1; p=none".to_owned(), "v=DMARC1; p=reject".to_owned()];
        agree(&mut findings, two);
        assert_eq!(value(&findings[1]), "v=DMARC1; p=none; np=reject");
        agree(&mut findings, |_| vec!["other".to_owned(), "v=DMARC1; p=none".to_owned()]);
        assert_eq!(value(&findings[0]), "v=DMARC1; p=none; rua=mailto:d@example.org");
        assert_eq!(value(&findings[1]), "v=DMARC1; p=none; rua=mailto:d@example.org; np=reject");
    }
}
