//! Who the message says it is from: the author, the name that people see, and where answers go.

use tegami_auth::dkim::DkimResult;
use tegami_auth::dmarc::public_suffix::organizational_domain;
use tegami_auth::finding::Severity;
use tegami_auth::spf::SpfResult;
use tegami_mail::mailbox_list::parse_list;
use tegami_mail::{Domain, HeaderField, NameAddr, note};

use super::{excerpt, gmail};
use crate::case::MessageCase;
use crate::{About, Check, Finding, Fix, Who};

pub(super) const FROM_COUNT: Check =
    Check::new("msg.from-count", About::Message, Severity::S4, "RFC 5322 section 3.6.2")
        .who(&[Who::Gmail])
        .answers(&[gmail("550 5.7.1")]);
pub(super) const FROM_VALID: Check =
    Check::new("msg.from-valid", About::Message, Severity::S4, "RFC 5322 section 3.4.1")
        .who(&[Who::Gmail, Who::Yahoo])
        .answers(&[gmail("550 5.7.1")])
        .after(&["msg.from-count"]);
pub(super) const DISPLAY_NAME: Check =
    Check::new("msg.display-name", About::Message, Severity::S2, "RFC 9989 section 11.4")
        .who(&[Who::Gmail])
        .after(&["msg.from-count", "msg.from-valid"]);
pub(super) const REPLY_TO: Check =
    Check::new("msg.reply-to", About::Message, Severity::S2, "RFC 5322 section 3.6.2");

/// Domains whose addresses anybody can have: mail from them comes from their providers alone.
pub(crate) const FREE_MAIL: &[&str] = &[
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "msn.com",
    "yahoo.com",
    "yahoo.co.jp",
    "ymail.com",
    "aol.com",
    "icloud.com",
    "me.com",
    "mac.com",
    "gmx.de",
    "gmx.net",
    "web.de",
    "proton.me",
    "protonmail.com",
    "mail.ru",
    "yandex.ru",
    "qq.com",
    "163.com",
];

pub(super) fn judge(case: &MessageCase<'_>) -> Vec<Finding> {
    vec![from_count(case), from_valid(case), display_name(case), reply_to(case)]
}

/// The addresses of a field; `None` where it is missing, an error where it cannot be read.
pub(super) fn people(case: &MessageCase<'_>, name: &str) -> Option<Result<Vec<NameAddr>, String>> {
    let field = case.section.first(name)?;
    Some(parse_list(&field.text()).map_err(|error| error.to_string()))
}

fn is_free_mail(domain: &Domain) -> bool {
    FREE_MAIL.contains(&domain.as_str())
}

fn from_count(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let fields: Vec<&HeaderField<'_>> =
        case.section.fields().iter().filter(|field| field.is("From")).collect();
    let shown = fields.iter().map(|field| excerpt(&format!("From: {}", field.decoded())));
    let note = match fields.len() {
        0 => note!("msg-from-missing"),
        1 => match people(case, "From") {
            Some(Ok(list)) if list.is_empty() => note!("msg-from-nobody"),
            Some(Ok(list)) if list.len() > 1 => note!("msg-from-addresses", count = list.len()),
            _ => return FROM_COUNT.pass(subject, note!("msg-from-count")).evidences(shown),
        },
        count => note!("msg-from-fields", count = count),
    };
    FROM_COUNT.fail(subject, note).evidences(shown).fix(Fix::new(note!("msg-from-count-fix")))
}

fn from_valid(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let list = match people(case, "From") {
        None => return FROM_VALID.not_applicable(subject, note!("msg-no-author")),
        Some(Err(error)) => {
            let note = note!("msg-from-unreadable", reason = excerpt(&error));
            return FROM_VALID.fail(subject, note).fix(Fix::new(note!("msg-from-valid-fix")));
        }
        Some(Ok(list)) => list,
    };
    for entry in &list {
        let Some(domain) = entry.address.domain() else {
            let note = note!("msg-from-literal", address = entry.address);
            return FROM_VALID.fail(subject, note).fix(Fix::new(note!("msg-from-valid-fix")));
        };
        let note = if domain.parent().is_none() {
            note!("msg-from-no-dot", domain = domain)
        } else if domain.labels().any(|label| has_mixed_scripts(&unicode(label))) {
            note!("msg-from-mixed", domain = domain, shown = domain.to_unicode())
        } else if is_free_mail(domain) && !comes_from(case, domain) {
            note!("msg-from-spoof", domain = domain)
        } else {
            continue;
        };
        let fix =
            if is_free_mail(domain) { note!("msg-from-spoof-fix") } else { note!("msg-from-valid-fix") };
        return FROM_VALID.fail(subject, note).fix(Fix::new(fix));
    }
    FROM_VALID.pass(subject, note!("msg-from-valid"))
}

fn unicode(label: &str) -> String {
    Domain::parse(label).map_or_else(|_| label.to_owned(), |domain| domain.to_unicode())
}

/// Whether the domain itself vouches for the message.
fn comes_from(case: &MessageCase<'_>, domain: &Domain) -> bool {
    let verdicts = case.verdicts();
    let own = |other: &str| {
        Domain::parse(other).is_ok_and(|other| other.is_at_or_below(domain) || domain.is_at_or_below(&other))
    };
    let spf = &verdicts.early.spf_mail_from;
    spf.result == SpfResult::Pass && own(&spf.domain)
        || verdicts.dkim.iter().any(|one| one.result == DkimResult::Pass && own(&one.domain))
}

/// Whether a word mixes letters of scripts that look alike: Latin with Cyrillic or Greek (UTS #39, mixed-script confusables).
pub(crate) fn has_mixed_scripts(word: &str) -> bool {
    let any = |of: fn(char) -> bool| word.chars().any(of);
    let latin = any(|c| c.is_alphabetic() && matches!(c, 'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}'));
    let cyrillic = any(|c| matches!(c, '\u{400}'..='\u{52f}'));
    let greek = any(|c| matches!(c, '\u{370}'..='\u{3ff}'));
    usize::from(latin) + usize::from(cyrillic) + usize::from(greek) > 1
}

fn display_name(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let from = people(case, "From").and_then(Result::ok).and_then(|list| list.into_iter().next());
    let Some(NameAddr { name: Some(name), address }) = from else {
        return DISPLAY_NAME.pass(subject, note!("msg-display-name-none"));
    };
    let shown = name.trim();
    let own = address.domain();
    let imitated = shown.split('@').skip(1).find_map(|after| {
        let end =
            after.find(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '-')).unwrap_or(after.len());
        let domain = Domain::parse(after.get(..end)?.trim_end_matches('.')).ok()?;
        domain.parent()?;
        let related = own.is_some_and(|own| domain.is_at_or_below(own) || own.is_at_or_below(&domain));
        (!related).then_some(domain)
    });
    let to = people(case, "To").and_then(Result::ok).unwrap_or_default();
    let as_recipient = to.iter().any(|entry| {
        entry.address != address
            && entry.name.as_deref().is_some_and(|other| other.trim().eq_ignore_ascii_case(shown))
    });
    let counted = shown.rsplit_once('(').is_some_and(|(_, rest)| {
        rest.strip_suffix(')')
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
    });
    let note = if let Some(domain) = imitated {
        note!("msg-display-name-address", name = excerpt(shown), domain = domain)
    } else if as_recipient && !shown.is_empty() {
        note!("msg-display-name-recipient", name = excerpt(shown))
    } else if counted {
        note!("msg-display-name-counted", name = excerpt(shown))
    } else if !shown.is_empty() && shown.eq_ignore_ascii_case(case.mime.subject.trim()) {
        note!("msg-display-name-subject", name = excerpt(shown))
    } else if shown.chars().any(is_sign) {
        note!("msg-display-name-sign", name = excerpt(shown))
    } else {
        return DISPLAY_NAME.pass(subject, note!("msg-display-name", name = excerpt(shown)));
    };
    DISPLAY_NAME.warn(subject, note).fix(Fix::new(note!("msg-display-name-fix")))
}

/// Emoji, and the check marks that mail programs show beside verified senders.
fn is_sign(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27bf}' | '\u{1f000}'..='\u{1faff}' | '\u{2b50}' | '\u{2b55}')
}

fn reply_to(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let list = match people(case, "Reply-To") {
        None => return REPLY_TO.pass(subject, note!("msg-reply-to-none")),
        Some(Err(error)) => {
            let note = note!("msg-reply-to-unreadable", reason = excerpt(&error));
            return REPLY_TO.warn(subject, note).fix(Fix::new(note!("msg-reply-to-fix")));
        }
        Some(Ok(list)) => list,
    };
    let to = people(case, "To").and_then(Result::ok).unwrap_or_default();
    let domains = || list.iter().filter_map(|entry| entry.address.domain());
    let author_is_free = case.author.as_ref().is_some_and(is_free_mail);
    if let Some(domain) = domains().find(|domain| is_free_mail(domain)).filter(|_| !author_is_free) {
        let note = note!("msg-reply-to-free", domain = domain);
        return REPLY_TO.warn(subject, note).fix(Fix::new(note!("msg-reply-to-fix")));
    }
    // A list may ask for answers to itself; a person's mailbox that is told to answer itself is a sign of spam.
    let to_itself = list.iter().find(|entry| to.iter().any(|other| other.address == entry.address));
    if let Some(entry) = to_itself.filter(|_| case.section.first("List-Id").is_none()) {
        let note = note!("msg-reply-to-recipient", address = entry.address);
        return REPLY_TO.warn(subject, note).fix(Fix::new(note!("msg-reply-to-fix")));
    }
    let elsewhere = domains().find(|domain| {
        case.author
            .as_ref()
            .is_some_and(|author| organizational_domain(author) != organizational_domain(domain))
    });
    match elsewhere {
        Some(domain) => REPLY_TO.info(subject, note!("msg-reply-to-elsewhere", domain = domain)),
        None => REPLY_TO.pass(subject, note!("msg-reply-to")),
    }
}

#[cfg(test)]
pub(super) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::Fixture;
    macro_rules! set {
        ($make:ident $id:literal, $field:literal) => {
            Fixture::$make($id, "").letter(|letter| {
                letter.signers.clear();
                letter.set($field);
            })
        };
    }
    vec![
        Fixture::pass("msg.from-count", ""),
        Fixture::fail("msg.from-count", "").letter(|letter| {
            letter.without("From");
        }),
        Fixture::fail("msg.from-count", "").letter(|letter| {
            letter.added.push("From: Mallory <mallory@example.org>".to_owned());
        }),
        set!(fail "msg.from-count", "From: a@example.com, b@example.com"),
        Fixture::pass("msg.from-valid", ""),
        set!(fail "msg.from-valid", "From: Alice <alice@"),
        set!(fail "msg.from-valid", "From: alice@localhost"),
        set!(fail "msg.from-valid", "From: alice@[192.0.2.10]"),
        set!(fail "msg.from-valid", "From: alice@gmail.com"),
        set!(fail "msg.from-valid", "From: alice@xn--pypal-4ve.com"),
        Fixture::na("msg.from-valid", "").letter(|letter| {
            letter.without("From");
        }),
        Fixture::pass("msg.display-name", ""),
        set!(pass "msg.display-name", "From: alice@example.com"),
        set!(pass "msg.display-name", "From: \"alice@example.com\" <alice@example.com>"),
        set!(warn "msg.display-name", "From: \"service@bank.example.org\" <alice@example.com>"),
        set!(warn "msg.display-name", "From: \"Alice (2)\" <alice@example.com>"),
        set!(warn "msg.display-name", "From: =?utf-8?B?QWxpY2Ug4pyF?= <alice@example.com>"),
        set!(warn "msg.display-name", "From: Notes from our meeting on Friday <alice@example.com>"),
        set!(warn "msg.display-name", "From: Bob <alice@example.com>"),
        Fixture::pass("msg.reply-to", ""),
        set!(pass "msg.reply-to", "Reply-To: team@example.com"),
        set!(info "msg.reply-to", "Reply-To: team@example.org"),
        set!(warn "msg.reply-to", "Reply-To: alice@gmail.com"),
        set!(warn "msg.reply-to", "Reply-To: bob@example.net"),
        set!(warn "msg.reply-to", "Reply-To: nobody at all <"),
    ]
}
