//! A refusal as it was said, read from a reply or from a text that somebody pasted.

use crate::{EnhancedStatusCode, Reply};

use super::Lasting;

/// Of a text no more than this is looked at, in octets.
const MOST: usize = 8 << 10;

/// How far a session was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before MAIL.
    Session,
    /// At MAIL.
    Sender,
    /// At RCPT.
    Recipient,
    /// At DATA or after it.
    Content,
}

/// A refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The reply code, 400 to 599.
    pub code: Option<u16>,
    /// The enhanced status code.
    pub enhanced: Option<EnhancedStatusCode>,
    /// The text, without codes.
    pub text: String,
    /// To what it was the answer.
    pub phase: Option<Phase>,
    /// The MX host that said it.
    pub host: Option<String>,
}

impl Said {
    /// What a server answered.
    pub fn of(reply: &Reply) -> Self {
        Self {
            code: Some(reply.code),
            enhanced: reply.enhanced,
            text: clean(&reply.lines.join(" "), reply.code),
            ..Self::default()
        }
    }

    /// The same, at this point of a session.
    #[must_use]
    pub fn at(self, phase: Option<Phase>) -> Self {
        Self { phase, ..self }
    }

    /// The same, from this host.
    #[must_use]
    pub fn from_host(self, host: Option<&str>) -> Self {
        Self { host: host.map(ToOwned::to_owned), ..self }
    }

    /// Reads a reply as it stands in logs and notifications: `smtp; 550-5.7.1 …`, `host mx.example.org[192.0.2.1] said: 550
    /// …`. Without any code the whole text is what was said.
    pub fn parse(text: &str) -> Self {
        let text: String = shortened(text, MOST).split_whitespace().collect::<Vec<_>>().join(" ");
        let words: Vec<&str> = text.split(' ').collect();
        let at = words.iter().enumerate().position(|(at, word)| {
            let before = at.checked_sub(1).and_then(|before| words.get(before)).copied().unwrap_or_default();
            code_of(word).is_some() && begins(before, words.get(at + 1).copied().unwrap_or_default(), word)
        });
        let code = at.and_then(|at| words.get(at)).and_then(|word| code_of(word)).map(|(code, _)| code);
        let after = words.get(at.unwrap_or_default()..).unwrap_or_default();
        let near = after.iter().take(3).find_map(|word| enhanced_of(word));
        let enhanced = near.or_else(|| words.iter().take(40).find_map(|word| enhanced_of(word)));
        let said = after.join(" ");
        Self {
            code,
            enhanced,
            text: clean(&said, code.unwrap_or_default()),
            phase: phase_of(&text),
            host: host_of(&words),
        }
    }

    /// What the code says; the enhanced status code where there is no other.
    pub fn lasting(&self) -> Option<Lasting> {
        let class = self.code.map(|code| code / 100).or(self.enhanced.map(|code| u16::from(code.class)));
        match class {
            Some(4) => Some(Lasting::Transient),
            Some(5) => Some(Lasting::Permanent),
            _ => None,
        }
    }
}

/// The first octets of a text, whole characters.
pub(super) fn shortened(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or_default()
}

/// A reply code at the start of a word, and what follows it there.
fn code_of(word: &str) -> Option<(u16, &str)> {
    let word = word.trim_start_matches(['<', '(', '[', '#', ':', '"', '\'']);
    let digits = word.get(..3).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let rest = word.get(3..).unwrap_or_default();
    let code = digits.parse().ok().filter(|code| (400..600).contains(code))?;
    (rest.is_empty() || rest.starts_with(['-', ':', ',', ';'])).then_some((code, rest))
}

/// Whether a code may stand here: at the start, after a mark that ends what stands before, or before an enhanced status code.
fn begins(before: &str, after: &str, word: &str) -> bool {
    before.is_empty()
        || before.ends_with([':', ';', ',', '(', '[', '<', '>', '-'])
        || ["said", "smtp", "message", "received", "reason", "error", "returned", "error_code", "code"]
            .contains(&before.to_ascii_lowercase().as_str())
        || enhanced_of(after).is_some()
        || enhanced_of(word).is_some()
}

/// An enhanced status code of failure in a word, whatever stands around it, a reply code too.
fn enhanced_of(word: &str) -> Option<EnhancedStatusCode> {
    let word = code_of(word).map_or(word, |(_, rest)| rest);
    let word = word.trim_matches(|c: char| !c.is_ascii_digit());
    word.parse().ok().filter(|code: &EnhancedStatusCode| code.class != 2 && code.subject <= 7)
}

/// Without the codes, which stand at every line's start.
fn clean(text: &str, code: u16) -> String {
    let is_code = |word: &&str| {
        let own = code_of(word)
            .is_some_and(|(own, rest)| own == code && (rest.len() < 2 || enhanced_of(word).is_some()));
        own || word.parse::<EnhancedStatusCode>().is_ok()
    };
    shortened(text, MOST).split_whitespace().filter(|word| !is_code(word)).collect::<Vec<_>>().join(" ")
}

fn phase_of(text: &str) -> Option<Phase> {
    const PHASES: [(&str, Phase); 10] = [
        ("end of data", Phase::Content),
        ("reply to data", Phase::Content),
        ("text command", Phase::Content),
        ("final data", Phase::Content),
        ("smtp command data", Phase::Content),
        ("initial connection", Phase::Session),
        ("after rcpt", Phase::Recipient),
        ("reply to rcpt", Phase::Recipient),
        ("after mail", Phase::Sender),
        ("reply to mail", Phase::Sender),
    ];
    let text = text.to_ascii_lowercase();
    PHASES.iter().find(|(words, _)| text.contains(words)).map(|(_, phase)| *phase)
}

/// `host NAME[ADDRESS]`, as mail servers begin.
fn host_of(words: &[&str]) -> Option<String> {
    let at = words.iter().position(|word| *word == "host")?;
    let name = words.get(at + 1)?.split(['[', ':', ',']).next().unwrap_or_default();
    (name.contains('.') && name.len() <= 255).then(|| name.to_ascii_lowercase())
}
