//! The words of the message.

use tegami_auth::finding::Severity;
use tegami_mail::mime::{MimeLimits, outline};
use tegami_mail::{Note, note};

use super::link::{is_zero_width, unsubscribes};
use super::phrase::{self, ADDRESS, EXOTIC_NOT};
use super::{Look, tell};
use crate::checks::msg::excerpt;
use crate::{About, Check, Finding, Fix};

const WEIGHT: &str = "published weight, docs/score.md";

const fn check(id: &'static str, severity: Severity, source: &'static str) -> Check {
    Check::new(id, About::Message, severity, source)
}

pub(super) const EMPTY: Check = check("ct.empty", Severity::S2, WEIGHT);
pub(super) const SHORT: Check = check("ct.short-test", Severity::S0, WEIGHT).after(&["ct.empty"]);
pub(super) const CAPS: Check = check("ct.caps", Severity::S2, WEIGHT);
pub(super) const GAPPY: Check = check("ct.gappy", Severity::S2, WEIGHT);
pub(super) const EXCLAIM: Check = check("ct.exclaim", Severity::S2, WEIGHT);
pub(super) const PHRASES: Check = check("ct.spam-phrases", Severity::S2, WEIGHT);
pub(super) const EMOJI: Check = check("ct.emoji-subject", Severity::S0, WEIGHT);
pub(super) const CHARSET: Check = check("ct.charset-exotic", Severity::S2, "RFC 2046 section 4.1.2");
pub(super) const OBFUSCATION: Check = check("ct.obfuscation", Severity::S2, WEIGHT);
pub(super) const UNSUB: Check = check("ct.unsub-visible", Severity::S2, "Gmail email sender guidelines");
pub(super) const POSTAL: Check = check(
    "ct.postal-address",
    Severity::S1,
    "CAN-SPAM Act section 7704; Japan's Act on Regulation of Transmission of Specified Electronic Mail, article 4",
);
pub(super) const GTUBE: Check = check("ct.gtube", Severity::S0, WEIGHT);

/// The text by which people try whether a filter works at all.
pub(crate) const GTUBE_TEXT: &str = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";

/// Octets behind which Gmail cuts a message.
const CUT: usize = 102_400;
/// Words below which a message is a trial, not mail.
const FEW_WORDS: usize = 20;

pub(super) fn judge(look: &Look<'_>) -> Vec<Finding> {
    vec![
        empty(look),
        short(look),
        caps(look),
        tell(look, &GAPPY, gappy(look.text).map(|word| note!("ct-gappy", text = excerpt(&word)))),
        exclaim(look),
        phrases(look),
        emoji(look),
        charset(look),
        obfuscation(look),
        unsubscribe(look),
        postal(look),
        gtube(look),
    ]
}

fn empty(look: &Look<'_>) -> Finding {
    let has_text = look.text.chars().any(|c| !c.is_whitespace() && !is_zero_width(c));
    let nothing = !has_text && look.case.mime.attachments.is_empty() && look.page.images.is_empty();
    tell(look, &EMPTY, nothing.then_some(note!("ct-empty")))
}

/// Words; of scripts without blanks, two characters count as one.
fn count_words(text: &str) -> usize {
    let wide = text.chars().filter(|c| *c >= '\u{3040}' && c.is_alphanumeric()).count();
    let plain = text.split(|c: char| !c.is_alphanumeric() || c >= '\u{3040}').filter(|word| !word.is_empty());
    plain.count() + wide / 2
}

fn short(look: &Look<'_>) -> Finding {
    match count_words(look.text) {
        count if count < FEW_WORDS => SHORT.info(&look.case.subject, note!("ct-short-test", count = count)),
        count => SHORT.pass(&look.case.subject, note!("ct-words", count = count)),
    }
}

fn caps(look: &Look<'_>) -> Finding {
    let letters = look.text.chars().filter(|c| c.is_lowercase() || c.is_uppercase()).count();
    let capitals = look.text.chars().filter(|c| c.is_uppercase()).count();
    let percent = (capitals * 100).checked_div(letters).unwrap_or_default();
    let note = (letters >= 50 && percent >= 50).then(|| note!("ct-caps", percent = percent));
    tell(look, &CAPS, note).points(if percent >= 75 { 12 } else { 5 })
}

/// A word that is written with gaps: `F R E E`.
fn gappy(text: &str) -> Option<String> {
    const LONG: usize = 5;
    let mut run: Vec<char> = Vec::new();
    for word in text.split([' ', '.', '*', '_', '\n', '\r', '\t']) {
        let mut characters = word.chars();
        match (characters.next(), characters.next()) {
            (Some(c), None) if c.is_alphabetic() && c < '\u{3040}' => run.push(c),
            _ if run.len() >= LONG => break,
            _ => run.clear(),
        }
    }
    (run.len() >= LONG).then(|| run.iter().map(char::to_string).collect::<Vec<_>>().join(" "))
}

fn exclaim(look: &Look<'_>) -> Finding {
    let marks = |text: &str| {
        let (mut run, mut longest) = (0, 0);
        for c in text.chars() {
            run = if matches!(c, '!' | '！') { run + 1 } else { 0 };
            longest = longest.max(run);
        }
        longest
    };
    let most = marks(look.text).max(marks(&look.case.mime.subject));
    tell(look, &EXCLAIM, (most >= 3).then(|| note!("ct-exclaim", count = most)))
}

fn phrases(look: &Look<'_>) -> Finding {
    let whole = format!("{}\n{}", look.case.mime.subject, look.text).to_lowercase();
    let whole = whole.split_whitespace().collect::<Vec<_>>().join(" ");
    let found: Vec<&str> =
        phrase::ALL.iter().flat_map(|list| *list).copied().filter(|phrase| whole.contains(phrase)).collect();
    let note = (!found.is_empty()).then(|| note!("ct-spam-phrases", phrases = found.join(", ")));
    let points = u32::try_from(found.len()).unwrap_or(u32::MAX).saturating_mul(5).min(20);
    tell(look, &PHRASES, note).points(points)
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}')
}

fn emoji(look: &Look<'_>) -> Finding {
    match look.case.mime.subject.chars().filter(|c| is_emoji(*c)).count() {
        0 => EMOJI.pass(&look.case.subject, note!("ct-none")),
        count => EMOJI.info(&look.case.subject, note!("ct-emoji-subject", count = count)),
    }
}

fn charset(look: &Look<'_>) -> Finding {
    let (parts, _) = outline(&look.case.arrival.content, MimeLimits::GENEROUS);
    let exotic = parts.iter().filter(|part| part.kind().starts_with("text/")).find_map(|part| {
        let name = part.parameter("charset")?.trim().to_ascii_lowercase();
        (!EXOTIC_NOT.contains(&name.as_str())).then_some(name)
    });
    tell(look, &CHARSET, exotic.map(|name| note!("ct-charset-exotic", charset = excerpt(&name))))
}

fn obfuscation(look: &Look<'_>) -> Finding {
    let mut split = 0;
    let mut before: Option<char> = None;
    let mut characters = look.text.chars().peekable();
    while let Some(c) = characters.next() {
        let after = characters.peek();
        let within =
            before.is_some_and(|c| c.is_ascii_alphabetic()) && after.is_some_and(char::is_ascii_alphabetic);
        // A soft hyphen is what it is for.
        split += usize::from(within && is_zero_width(c) && c != '\u{ad}');
        before = Some(c);
    }
    let note: Option<Note> = if split > 1 {
        Some(note!("ct-obfuscation-width", count = split))
    } else if look.page.spelled > 1 {
        Some(note!("ct-obfuscation-entities", count = look.page.spelled))
    } else {
        None
    };
    tell(look, &OBFUSCATION, note)
}

fn unsubscribe(look: &Look<'_>) -> Finding {
    let subject = &look.case.subject;
    if !look.case.is_bulk() {
        return UNSUB.not_applicable(subject, note!("bulk-not"));
    }
    let source = look.case.mime.html.as_deref().or(look.case.mime.text.as_deref()).unwrap_or_default();
    let early = source.get(..source.floor_char_boundary(CUT)).unwrap_or(source);
    match look.links.iter().find(|link| unsubscribes(link)) {
        Some(link) => {
            // Links are kept decoded: what is looked for stands in the text or in an attribute.
            let bare = link.url.split('&').next().unwrap_or_default();
            if early.contains(bare) {
                return UNSUB.pass(subject, note!("ct-unsub-visible")).evidence(excerpt(&link.url));
            }
            UNSUB.warn(subject, note!("ct-unsub-late", limit = CUT)).fix(Fix::new(note!("ct-unsub-fix")))
        }
        None => UNSUB.warn(subject, note!("ct-unsub-none")).fix(Fix::new(note!("ct-unsub-fix"))),
    }
}

fn postal(look: &Look<'_>) -> Finding {
    let subject = &look.case.subject;
    if !look.case.is_bulk() {
        return POSTAL.not_applicable(subject, note!("bulk-not"));
    }
    let lower = look.text.to_lowercase();
    let line = lower.lines().find(|line| {
        let numbered = line.chars().any(char::is_numeric);
        numbered && ADDRESS.iter().any(|word| line.contains(word))
    });
    match line {
        Some(line) => POSTAL.pass(subject, note!("ct-postal-address")).evidence(excerpt(line.trim())),
        None => POSTAL.info(subject, note!("ct-postal-none")),
    }
}

fn gtube(look: &Look<'_>) -> Finding {
    let stands = look.text.contains(GTUBE_TEXT)
        || look.case.mime.text.as_ref().is_some_and(|text| text.contains(GTUBE_TEXT));
    tell(look, &GTUBE, stands.then_some(note!("ct-gtube")))
}

#[cfg(test)]
pub(super) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::Fixture;
    macro_rules! words {
        ($make:ident $id:literal, $words:expr) => {
            Fixture::$make($id, "").letter(|letter| {
                letter.words($words);
            })
        };
    }
    macro_rules! text {
        ($make:ident $id:literal, $text:expr) => {
            Fixture::$make($id, "").letter(|letter| {
                letter.body("text/plain; charset=utf-8", $text);
            })
        };
    }
    let mut all = vec![
        Fixture::pass("ct.empty", ""),
        text!(warn "ct.empty", " \r\n\r\n"),
        Fixture::pass("ct.short-test", ""),
        text!(info "ct.short-test", "test\r\n"),
        text!(pass "ct.short-test", "先日はお忙しい中お時間をいただき、誠にありがとうございました。次回の打ち合わせについてご連絡いたします。\r\n"),
        Fixture::pass("ct.caps", ""),
        text!(warn "ct.caps", "THIS MESSAGE SHOUTS AT EVERYBODY WHO READS IT AND DOES NOT STOP BEFORE THE END\r\n"),
        Fixture::pass("ct.gappy", ""),
        words!(warn "ct.gappy", "It is F R E E B I E now"),
        Fixture::pass("ct.exclaim", ""),
        words!(warn "ct.exclaim", "Only today!!!"),
        Fixture::pass("ct.spam-phrases", ""),
        words!(warn "ct.spam-phrases", "Act now, this is a limited time offer"),
        words!(warn "ct.spam-phrases", "誰でも簡単に稼げる方法です"),
        Fixture::pass("ct.emoji-subject", ""),
        Fixture::info("ct.emoji-subject", "").letter(|letter| {
            letter.set("Subject: =?utf-8?B?8J+OiSB0ZWE=?=");
        }),
        Fixture::pass("ct.charset-exotic", ""),
        Fixture::warn("ct.charset-exotic", "").letter(|letter| {
            letter.body("text/plain; charset=utf-7", "Hello Bob\r\n");
        }),
        Fixture::pass("ct.obfuscation", ""),
        words!(warn "ct.obfuscation", "Buy V\u{200b}iag\u{200b}ra"),
        words!(warn "ct.obfuscation", "Buy V&#105;a&#103;ra"),
    ];
    all.extend([
        Fixture::na("ct.unsub-visible", ""),
        Fixture::pass("ct.unsub-visible", "").letter(|letter| {
            letter
                .add("List-Id: <tea.example.com>")
                .html("<a href='https://example.com/u/1'>Unsubscribe</a>");
        }),
        Fixture::pass("ct.unsub-visible", "").letter(|letter| {
            letter
                .add("List-Id: <tea.example.com>")
                .html("<a href='https://example.com/u/1'>配信停止はこちら</a>");
        }),
        Fixture::warn("ct.unsub-visible", "").letter(|letter| {
            letter.add("List-Id: <tea.example.com>");
        }),
        Fixture::warn("ct.unsub-visible", "").letter(|letter| {
            let far =
                format!("<p>{}</p><a href='https://example.com/u/1'>Unsubscribe</a>", "word ".repeat(22_000));
            letter.add("List-Id: <tea.example.com>").html(&far);
        }),
        Fixture::na("ct.postal-address", ""),
        Fixture::pass("ct.postal-address", "").letter(|letter| {
            letter.add("List-Id: <tea.example.com>").words("Tea House, 12 Green Street, 12345 Teatown");
        }),
        Fixture::pass("ct.postal-address", "").letter(|letter| {
            letter.add("List-Id: <tea.example.com>").words("〒100-0001 東京都千代田区1-1 お茶株式会社");
        }),
        Fixture::info("ct.postal-address", "").letter(|letter| {
            letter.add("List-Id: <tea.example.com>");
        }),
        Fixture::pass("ct.gtube", ""),
        words!(fail "ct.gtube", GTUBE_TEXT),
    ]);
    all
}
