//! The fields of the header section, one by one.

use tegami_auth::finding::Severity;
use tegami_mail::{HeaderField, charset, date, header, note, transfer};

use super::identity::people;
use super::{excerpt, gmail};
use crate::case::MessageCase;
use crate::{About, Check, Finding, Fix, Purpose, Who};

pub(super) const EIGHT_BIT_FIELDS: Check =
    Check::new("msg.from-8bit", About::Message, Severity::S3, "RFC 6532 section 3");
pub(super) const ENCODED_WORD: Check =
    Check::new("msg.encoded-word", About::Message, Severity::S3, "RFC 2047 section 5")
        .who(&[Who::Gmail])
        .answers(&[gmail("550 5.7.1")]);
pub(super) const SINGLE: Check =
    Check::new("msg.single-headers", About::Message, Severity::S4, "RFC 5322 section 3.6")
        .who(&[Who::Gmail])
        .answers(&[gmail("550 5.7.1")]);
pub(super) const MESSAGE_ID: Check =
    Check::new("msg.message-id", About::Message, Severity::S4, "RFC 5322 section 3.6.4")
        .who(&[Who::Gmail])
        .answers(&[gmail("550 5.7.1"), gmail("421 4.7.28")])
        .after(&["msg.header-size"]);
pub(super) const DATE: Check =
    Check::new("msg.date", About::Message, Severity::S3, "RFC 5322 section 3.6.1").who(&[Who::Yahoo]);
pub(super) const TO: Check = Check::new("msg.to", About::Message, Severity::S2, "RFC 5322 section 3.6.3");
pub(super) const BCC: Check = Check::new("msg.bcc", About::Message, Severity::S3, "RFC 5322 section 3.6.3");
pub(super) const SUBJECT: Check =
    Check::new("msg.subject", About::Message, Severity::S2, "RFC 5322 section 3.6.5").who(&[Who::Gmail]);
pub(super) const AUTO: Check =
    Check::new("msg.auto-headers", About::Message, Severity::S1, "RFC 3834 section 5");

pub(super) fn judge(case: &MessageCase<'_>) -> Vec<Finding> {
    vec![
        eight_bit(case),
        encoded_words(case),
        single(case),
        message_id(case),
        date(case),
        to(case),
        bcc(case),
        subject(case),
        auto(case),
    ]
}

fn line(field: &HeaderField<'_>) -> String {
    excerpt(&format!("{}: {}", field.name, field.text()))
}

fn eight_bit(case: &MessageCase<'_>) -> Finding {
    let raw = case.section.fields().iter().find(|field| {
        ["From", "To", "Cc", "Reply-To", "Subject"].iter().any(|name| field.is(name))
            && !field.value_raw.is_ascii()
    });
    let Some(field) = raw else {
        return EIGHT_BIT_FIELDS.pass(&case.subject, note!("msg-8bit-fields"));
    };
    match case.arrival.smtputf8 {
        Some(true) => EIGHT_BIT_FIELDS.pass(&case.subject, note!("msg-8bit-fields-utf8")),
        known => {
            let found = EIGHT_BIT_FIELDS
                .fail(&case.subject, note!("msg-8bit-fields-raw", field = field.name))
                .evidence(line(field))
                .fix(Fix::new(note!("msg-8bit-fields-fix")));
            // Nobody told whether SMTPUTF8 was asked for.
            if known.is_none() { found.as_warning(Severity::S2) } else { found }
        }
    }
}

/// Fields in which RFC 2047 section 5 permits no encoded-words.
const NEVER: &[&str] = &[
    "Message-ID",
    "In-Reply-To",
    "References",
    "Date",
    "Return-Path",
    "Received",
    "MIME-Version",
    "Content-Transfer-Encoding",
    "DKIM-Signature",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Post",
    "List-Help",
    "List-Subscribe",
    "List-Owner",
    "List-Archive",
];
/// Fields whose values are addresses.
const LISTS: &[&str] = &["From", "Sender", "Reply-To", "To", "Cc"];
/// RFC 2047 section 2.
const LONGEST: usize = 75;

fn encoded_words(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let mut count = 0;
    for field in case.section.fields() {
        let value = field.text();
        for (start, word) in words(&value) {
            count += 1;
            let within = || {
                let before = value.get(..start).unwrap_or_default();
                before.rfind('<').is_some_and(|open| before.rfind('>').is_none_or(|close| close < open))
            };
            let is = |names: &[&str]| names.iter().any(|name| field.is(name));
            let note = if is(NEVER) {
                note!("msg-encoded-word-place", field = field.name)
            } else if is(LISTS) && within() {
                note!("msg-encoded-word-address", field = field.name)
            } else if word.len() > LONGEST {
                note!("msg-encoded-word-long", field = field.name, length = word.len())
            } else if let Some(note) = fault(word, field.name) {
                note
            } else {
                continue;
            };
            let fix = Fix::new(note!("msg-encoded-word-fix"));
            return ENCODED_WORD.fail(subject, note).evidence(line(field)).fix(fix);
        }
    }
    ENCODED_WORD.pass(subject, note!("msg-encoded-word", count = count))
}

/// What looks like an encoded-word, with its place.
fn words(value: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + value.get(at..)?.find("=?")?;
            let inner = value.get(start + 2..)?;
            // Charset, encoding, text: three parts without blanks, then `?=`.
            let mut parts = inner.splitn(4, '?');
            let (charset, encoding, text, rest) = (parts.next()?, parts.next(), parts.next(), parts.next());
            let (Some(encoding), Some(text), Some(rest)) = (encoding, text, rest) else { return None };
            let length = charset.len() + encoding.len() + text.len() + 3;
            let plain =
                charset.len() < 60 && !charset.contains(' ') && encoding.len() == 1 && rest.starts_with('=');
            if plain {
                at = start + 2 + length + 1;
                return Some((start, value.get(start..at)?));
            }
            at = start + 2;
        }
    })
}

fn fault(word: &str, field: &str) -> Option<tegami_mail::Note> {
    let mut parts = word.get(2..word.len().checked_sub(2)?)?.splitn(3, '?');
    let (charset, encoding, text) = (parts.next()?, parts.next()?, parts.next()?);
    let charset = charset.split('*').next().unwrap_or_default();
    if !charset::is_known(charset) {
        return Some(note!("msg-encoded-word-charset", field = field, charset = excerpt(charset)));
    }
    let octets = match encoding {
        "B" | "b" => {
            let is_base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
            if !text.bytes().all(is_base64) {
                return Some(note!("msg-encoded-word-broken", field = field));
            }
            transfer::decode_base64(text.as_bytes())
        }
        "Q" | "q" => {
            if text.contains(' ') {
                return Some(note!("msg-encoded-word-broken", field = field));
            }
            transfer::decode_quoted_printable(text.as_bytes())
        }
        _ => return Some(note!("msg-encoded-word-broken", field = field)),
    };
    let is_utf8 = charset.eq_ignore_ascii_case("utf-8");
    // A character may not be parted between words (RFC 2047 section 5), though many do it.
    (is_utf8 && std::str::from_utf8(&octets).is_err())
        .then(|| note!("msg-encoded-word-broken", field = field))
}

fn single(case: &MessageCase<'_>) -> Finding {
    // `msg.from-count` tells of From; the fields of MIME stand once too (RFC 2045 sections 4 and 5).
    let others = header::ONCE.iter().filter(|name| **name != "From");
    let counted =
        others.chain(&["MIME-Version", "Content-Type"]).map(|name| (*name, case.section.all(name).count()));
    let repeated: Vec<String> =
        counted.filter(|(_, count)| *count > 1).map(|(name, count)| format!("{name} ({count})")).collect();
    if repeated.is_empty() {
        return SINGLE.pass(&case.subject, note!("msg-single"));
    }
    let fix = Fix::new(note!("msg-single-fix"));
    SINGLE.fail(&case.subject, note!("msg-single-repeated", fields = repeated.join(", "))).fix(fix)
}

fn message_id(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let domain = case.author.as_ref().map_or("example.com", |domain| domain.as_str());
    let fix = || Fix::new(note!("msg-message-id-fix", domain = domain));
    let Some(field) = case.section.first("Message-ID") else {
        return MESSAGE_ID.fail(subject, note!("msg-message-id-missing")).fix(fix());
    };
    let text = field.text();
    let shown = line(field);
    let inner = text.trim().strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let parts = inner.and_then(|inner| inner.split_once('@')).filter(|(left, right)| {
        let clean =
            |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_graphic() && !"<>@".contains(c));
        clean(left) && clean(right)
    });
    let Some((_, right)) = parts else {
        let found = MESSAGE_ID.fail(subject, note!("msg-message-id-malformed", id = excerpt(&text)));
        return found.evidence(shown).fix(fix());
    };
    let host = right.trim_matches(['[', ']']);
    let is_ip = host.parse::<std::net::IpAddr>().is_ok();
    let is_local = !right.contains('.') || right.ends_with(".local") || right.ends_with(".localdomain");
    let right_lower = right.to_ascii_lowercase();
    let foreign = super::FREE_MAIL.contains(&right_lower.as_str())
        && case.author.as_ref().is_some_and(|author| !super::FREE_MAIL.contains(&author.as_str()));
    if is_ip || is_local || foreign {
        return MESSAGE_ID
            .warn(subject, note!("msg-message-id-host", host = excerpt(right)))
            .severity(Severity::S2)
            .evidence(shown)
            .fix(fix());
    }
    MESSAGE_ID.pass(subject, note!("msg-message-id")).evidence(shown)
}

/// How far a date may be ahead and behind, in seconds.
const AHEAD: i64 = 2 * 3_600;
const BEHIND: i64 = 24 * 3_600;

fn date(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let Some(field) = case.section.first("Date") else {
        return DATE.fail(subject, note!("msg-date-missing")).fix(Fix::new(note!("msg-date-fix")));
    };
    let text = field.text();
    let Ok(moment) = date::parse(&text) else {
        let note = note!("msg-date-malformed", date = excerpt(&text));
        return DATE.fail(subject, note).source("RFC 5322 section 3.3").fix(Fix::new(note!("msg-date-fix")));
    };
    let ahead = moment.as_second() - case.arrived.as_second();
    let hours = ahead.abs() / 3_600;
    let plain = text.split('(').next().unwrap_or_default();
    let zone = plain.split_ascii_whitespace().next_back().unwrap_or_default();
    let numeric = zone.strip_prefix(['+', '-']).is_some_and(|digits| digits.len() == 4);
    if ahead > AHEAD {
        DATE.fail(subject, note!("msg-date-future", hours = hours))
            .evidence(line(field))
            .fix(Fix::new(note!("msg-date-fix")))
    } else if ahead < -BEHIND {
        DATE.warn(subject, note!("msg-date-past", hours = hours)).severity(Severity::S2).evidence(line(field))
    } else if !numeric {
        let found = DATE.warn(subject, note!("msg-date-zone", zone = excerpt(zone)));
        found
            .severity(Severity::S2)
            .source("RFC 5322 section 4.3")
            .evidence(line(field))
            .fix(Fix::new(note!("msg-date-fix")))
    } else {
        DATE.pass(subject, note!("msg-date")).evidence(line(field))
    }
}

fn to(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let fields: Vec<&HeaderField<'_>> =
        ["To", "Cc"].iter().filter_map(|name| case.section.first(name)).collect();
    if fields.is_empty() {
        return TO.warn(subject, note!("msg-to-missing")).fix(Fix::new(note!("msg-to-fix")));
    }
    let text = fields.iter().map(|field| field.text()).collect::<Vec<_>>().join(", ");
    let lower = text.to_ascii_lowercase();
    if case.is_bulk() && lower.contains("undisclosed") {
        return TO
            .warn(subject, note!("msg-to-undisclosed"))
            .evidence(excerpt(&text))
            .fix(Fix::new(note!("msg-to-fix")));
    }
    // Addresses of Japanese telephones that were given out before anybody asked for RFC 5321.
    let dotted = text.split([' ', ',', '<', '>']).find(|word| {
        word.split_once('@').is_some_and(|(local, _)| {
            !local.starts_with('"') && (local.contains("..") || local.ends_with('.'))
        })
    });
    if let Some(address) = dotted {
        return TO.warn(subject, note!("msg-to-dots", address = excerpt(address)));
    }
    let listed: Vec<_> = ["To", "Cc"].iter().filter_map(|name| people(case, name)?.ok()).flatten().collect();
    let named = |recipient: &tegami_mail::Address| listed.iter().any(|entry| entry.address == *recipient);
    match case.arrival.recipients.iter().find(|recipient| !named(recipient)) {
        Some(recipient) if !listed.is_empty() => {
            TO.info(subject, note!("msg-to-other", recipient = recipient))
        }
        _ => TO.pass(subject, note!("msg-to")).evidence(excerpt(&text)),
    }
}

fn bcc(case: &MessageCase<'_>) -> Finding {
    match case.section.first("Bcc") {
        None => BCC.pass(&case.subject, note!("msg-bcc")),
        Some(_) => BCC.fail(&case.subject, note!("msg-bcc-present")).fix(Fix::new(note!("msg-bcc-fix"))),
    }
}

/// Columns that subjects are shown in.
const WIDE: usize = 78;

fn subject(case: &MessageCase<'_>) -> Finding {
    let about = &case.subject;
    let text = case.mime.subject.trim();
    if text.is_empty() {
        return SUBJECT.warn(about, note!("msg-subject-missing")).fix(Fix::new(note!("msg-subject-fix")));
    }
    let lower = text.to_lowercase();
    let answers =
        ["re:", "fw:", "fwd:", "aw:", "返信:", "転送:"].iter().any(|start| lower.starts_with(start));
    let thread = ["In-Reply-To", "References"].iter().any(|name| case.section.first(name).is_some());
    let letters = || text.chars().filter(|c| c.is_alphabetic() && (c.is_lowercase() || c.is_uppercase()));
    let capitals = letters().filter(|c| c.is_uppercase()).count();
    let shouts = letters().count() > 10 && capitals * 100 > letters().count() * 75;
    let note = if answers && !thread {
        note!("msg-subject-reply", text = excerpt(text))
    } else if shouts {
        note!("msg-subject-caps", text = excerpt(text))
    } else if lower.contains("http://") || lower.contains("https://") || lower.contains("www.") {
        note!("msg-subject-url", text = excerpt(text))
    } else if text.chars().count() > WIDE {
        return SUBJECT.info(about, note!("msg-subject-long", count = text.chars().count()));
    } else {
        return SUBJECT.pass(about, note!("msg-subject")).evidence(excerpt(text));
    };
    SUBJECT.warn(about, note).fix(Fix::new(note!("msg-subject-fix")))
}

fn auto(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let precedence = case.section.first("Precedence").map(|field| field.text().trim().to_ascii_lowercase());
    let is_list = ["List-Id", "List-Unsubscribe"].iter().any(|name| case.section.first(name).is_some());
    if precedence.as_deref() == Some("bulk") && !is_list && case.known.purpose != Purpose::SendsBulk {
        return AUTO.info(subject, note!("msg-auto-precedence"));
    }
    let local = people(case, "From").and_then(Result::ok).and_then(|list| list.into_iter().next());
    let local =
        local.map(|entry| entry.address.local_part().as_str().to_ascii_lowercase()).unwrap_or_default();
    let robots = [
        "noreply",
        "no-reply",
        "no_reply",
        "donotreply",
        "do-not-reply",
        "notification",
        "notifications",
        "alert",
        "alerts",
    ];
    let is_robot = robots.contains(&local.as_str());
    if is_robot && !is_list && case.section.first("Auto-Submitted").is_none() {
        let fix = Fix::new(note!("msg-auto-fix"));
        return AUTO.info(subject, note!("msg-auto-missing", local = local)).fix(fix);
    }
    AUTO.pass(subject, note!("msg-auto"))
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
    macro_rules! without {
        ($make:ident $id:literal, $field:literal) => {
            Fixture::$make($id, "").letter(|letter| {
                letter.without($field);
            })
        };
    }
    let mut all = vec![
        Fixture::pass("msg.from-8bit", ""),
        set!(fail "msg.from-8bit", "Subject: Grüße"),
        Fixture::pass("msg.from-8bit", "").letter(|letter| {
            letter.set("Subject: Grüße");
            letter.smtputf8 = Some(true);
        }),
        Fixture::warn("msg.from-8bit", "").letter(|letter| {
            letter.set("Subject: Grüße");
            letter.smtputf8 = None;
        }),
        Fixture::pass("msg.encoded-word", ""),
        set!(pass "msg.encoded-word", "Subject: =?utf-8?B?44GK6Iy2?= =?iso-2022-jp?B?GyRCJCpDYxsoQg==?="),
        set!(fail "msg.encoded-word", "Subject: =?utf-9?B?44GK6Iy2?="),
        set!(fail "msg.encoded-word", "Subject: =?utf-8?B?44GK6I?="),
        set!(fail "msg.encoded-word", "Subject: =?utf-8?X?tea?="),
        set!(fail "msg.encoded-word", "Message-ID: <=?utf-8?Q?x?=@example.com>"),
        set!(fail "msg.encoded-word", "To: Bob <=?utf-8?Q?bob?=@example.net>"),
        set!(fail "msg.encoded-word", "Subject: =?utf-8?Q?abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz?="),
        Fixture::pass("msg.single-headers", ""),
        Fixture::fail("msg.single-headers", "")
            .letter(|letter| letter.added.push("Subject: another".to_owned())),
        Fixture::pass("msg.message-id", ""),
        without!(fail "msg.message-id", "Message-ID"),
        set!(fail "msg.message-id", "Message-ID: 1234"),
        set!(fail "msg.message-id", "Message-ID: <a@b@example.com>"),
        set!(warn "msg.message-id", "Message-ID: <1@localhost>"),
        set!(warn "msg.message-id", "Message-ID: <1@192.0.2.10>"),
        set!(warn "msg.message-id", "Message-ID: <1@gmail.com>"),
        Fixture::pass("msg.date", ""),
        without!(fail "msg.date", "Date"),
        set!(fail "msg.date", "Date: yesterday"),
        set!(fail "msg.date", "Date: Sat, 21 Nov 2026 15:00:00 +0000"),
        set!(warn "msg.date", "Date: Thu, 19 Nov 2026 15:00:00 +0000"),
        set!(warn "msg.date", "Date: Sat, 21 Nov 2026 11:59:50 GMT"),
    ];
    all.extend([
        Fixture::pass("msg.to", ""),
        without!(warn "msg.to", "To"),
        set!(info "msg.to", "To: carol@example.net"),
        set!(warn "msg.to", "To: bob..x.@example.net"),
        Fixture::warn("msg.to", "").letter(|letter| {
            letter.set("To: undisclosed-recipients:;").add("List-Id: <tea.example.com>");
        }),
        Fixture::pass("msg.bcc", ""),
        set!(fail "msg.bcc", "Bcc: carol@example.net"),
        Fixture::pass("msg.subject", ""),
        without!(warn "msg.subject", "Subject"),
        set!(warn "msg.subject", "Subject: Re: your order"),
        set!(warn "msg.subject", "Subject: BUY THIS TEA NOW OR NEVER"),
        set!(warn "msg.subject", "Subject: see https://example.com/"),
        set!(info "msg.subject", "Subject: a very long subject that goes on and on until nobody can see the end of it any more on a screen"),
        Fixture::pass("msg.subject", "").letter(|letter| {
            letter.set("Subject: Re: your order").add("In-Reply-To: <1@example.net>");
        }),
        Fixture::pass("msg.auto-headers", ""),
        set!(info "msg.auto-headers", "From: noreply@example.com"),
        set!(info "msg.auto-headers", "Precedence: bulk"),
        Fixture::pass("msg.auto-headers", "").letter(|letter| {
            letter.set("From: noreply@example.com").add("Auto-Submitted: auto-generated");
        }),
    ]);
    all
}
