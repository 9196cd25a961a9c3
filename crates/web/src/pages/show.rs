//! Small things that every page shows: moments, badges, text that came from outside.

use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tegami_store::{MessageRow, Origin, QueueRow, RecipientState};

use super::reader::Reader;
use super::stage::FateWord;
use crate::api::queue::turns;

/// A moment as the pages write it.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    /// For the `datetime` attribute.
    pub(crate) iso: String,
    /// For people, in UTC; the script writes it in the reader's own time zone.
    pub(crate) text: String,
}

impl Moment {
    pub(crate) fn new(at: Timestamp) -> Self {
        Self { iso: at.to_string(), text: at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string() }
    }
}

/// How long after `start`: `+0.35 s`, `+4 min 10 s`; empty for what lies before it.
pub(crate) fn offset(start: Timestamp, at: Timestamp) -> String {
    let millis = at.as_millisecond() - start.as_millisecond();
    match millis {
        ..0 => String::new(),
        0..10_000 => format!("+{}.{:02} s", millis / 1000, millis % 1000 / 10),
        10_000..120_000 => format!("+{} s", millis / 1000),
        120_000..7_200_000 => format!("+{} min {} s", millis / 60_000, millis / 1000 % 60),
        _ => format!("+{} h {} min", millis / 3_600_000, millis / 60_000 % 60),
    }
}

/// One word in colour.
#[derive(Clone, Debug)]
pub(crate) struct Badge {
    pub(crate) word: String,
    /// A class of the style sheet: `good`, `wait`, `bad`, `dim`.
    pub(crate) tone: &'static str,
}

impl Badge {
    fn of(reader: &Reader, id: &str, tone: &'static str) -> Self {
        Self { word: reader.say(id), tone }
    }

    pub(crate) fn fate(reader: &Reader, word: Option<FateWord>) -> Self {
        match word {
            Some(FateWord::Delivered) => Self::of(reader, "web-fate-delivered", "good"),
            Some(FateWord::DeliveredLater) => Self::of(reader, "web-fate-delivered-later", "good"),
            Some(FateWord::Junk) => Self::of(reader, "web-fate-junk", "wait"),
            Some(FateWord::Bounced) => Self::of(reader, "web-fate-bounced", "bad"),
            Some(FateWord::Refused) => Self::of(reader, "web-fate-refused", "bad"),
            None => Self::of(reader, "web-fate-under-way", "busy"),
        }
    }

    pub(crate) fn recipient(reader: &Reader, row: &QueueRow) -> Self {
        match row.state {
            RecipientState::Delivered if row.attempts > 1 => {
                Self::of(reader, "web-fate-delivered-later", "good")
            }
            RecipientState::Delivered => Self::of(reader, "web-fate-delivered", "good"),
            RecipientState::Failed => Self::of(reader, "web-fate-bounced", "bad"),
            RecipientState::Held => Self::of(reader, "web-fate-held", "wait"),
            RecipientState::Queued if row.attempts > 0 => Self::of(reader, "web-fate-waiting", "wait"),
            RecipientState::Queued => Self::of(reader, "web-fate-under-way", "busy"),
        }
    }

    /// Of a message with all its recipients: the one that most wants to be looked at.
    pub(crate) fn message(reader: &Reader, message: &MessageRow, rows: &[QueueRow]) -> Self {
        if message.summary.test_mode {
            return Self::of(reader, "web-fate-test", "dim");
        }
        let weight = |row: &&QueueRow| match row.state {
            RecipientState::Failed => 5,
            RecipientState::Held => 4,
            RecipientState::Queued if row.attempts > 0 => 3,
            RecipientState::Queued => 2,
            RecipientState::Delivered => u8::from(row.attempts > 1),
        };
        match rows.iter().max_by_key(weight) {
            Some(row) => Self::recipient(reader, row),
            None => Self::of(reader, "web-fate-received", "good"),
        }
    }

    /// Of a result of verification: `pass`, `fail` …
    pub(crate) fn result(result: &str) -> Self {
        let tone = match result {
            "pass" | "match" | "aligned" | "found" => "good",
            "fail" | "permerror" | "policy" => "bad",
            "softfail" | "temperror" | "error" | "not-aligned" => "wait",
            _ => "dim",
        };
        Self { word: visible(result), tone }
    }
}

/// By which door, in a sentence.
pub(crate) fn door(reader: &Reader, origin: &Origin) -> String {
    match origin {
        Origin::Http { account } => reader.say_with("web-door-http", "account", &visible(account)),
        Origin::Submission { account } => {
            reader.say_with("web-door-submission", "account", &visible(account))
        }
        Origin::Reception { ip } => reader.say_with("web-door-reception", "ip", ip),
        Origin::Own => reader.say("web-door-own"),
    }
}

/// Text from outside, made harmless for the eye: control characters, and the marks that turn the direction of writing
/// (Unicode UAX 9 section 2), are shown by their numbers. Tabs and line ends stay.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' | '\n' => shown.push(character),
            '\r' => {}
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}' => {
                shown.push_str(&format!("‹U+{:04X}›", u32::from(character)));
            }
            _ if character.is_control() => shown.push_str(&format!("‹U+{:04X}›", u32::from(character))),
            _ => shown.push(character),
        }
    }
    shown
}

/// What somebody asked for, to be shown in the form again: without what turns the direction of writing.
pub(crate) fn echoed(text: &str) -> String {
    text.trim().chars().filter(|letter| !turns(*letter)).collect()
}

/// A path as the envelope has it: `<>` for the null reverse-path.
pub(crate) fn path(text: &str) -> String {
    if text.is_empty() { "<>".to_owned() } else { visible(text) }
}

/// A path of these segments.
pub(crate) fn link(segments: &[&str]) -> String {
    let encoded = segments.iter().map(|segment| utf8_percent_encode(segment, NON_ALPHANUMERIC));
    encoded.map(|segment| format!("/{segment}")).collect()
}

/// Octets for people.
pub(crate) fn size(octets: u64) -> String {
    match octets {
        0..1024 => format!("{octets} B"),
        1024..1_048_576 => format!("{}.{} KiB", octets / 1024, octets % 1024 * 10 / 1024),
        _ => format!("{}.{} MiB", octets / 1_048_576, octets % 1_048_576 * 10 / 1_048_576),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_the_text_is_shown_by_its_number() {
        assert_eq!(visible("invoice\u{202e}fdp.exe\0\r\n"), "invoice‹U+202E›fdp.exe‹U+0000›\n");
        assert_eq!(visible("ご登録 <b>"), "ご登録 <b>");
    }

    #[test]
    fn offsets_grow_coarser() {
        let start = Timestamp::from_second(1_700_000_000).unwrap();
        let after =
            |millis: i64| offset(start, Timestamp::from_millisecond(1_700_000_000_000 + millis).unwrap());
        assert_eq!(after(350), "+0.35 s");
        assert_eq!(after(12_000), "+12 s");
        assert_eq!(after(250_000), "+4 min 10 s");
        assert_eq!(after(7_260_000), "+2 h 1 min");
        assert_eq!(after(-1), "");
    }
}
