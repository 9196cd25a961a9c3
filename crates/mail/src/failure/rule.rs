//! One rule: what a reply must have, and what it then means.

use std::borrow::Cow;

use super::fact::Facts;
use super::said::shortened;
use super::{About, Cause, Lasting, Phase, Provider, Said};
use crate::StoredNote;

/// Of a text no more than this is compared, in octets.
const MOST: usize = 4 << 10;

/// Where a provider documents its replies, and the day it was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    pub(super) url: &'static str,
    pub(super) read: &'static str,
}

/// A rule. What is empty is not asked for; of several values one is enough.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) id: &'static str,
    pub(super) cause: Cause,
    pub(super) provider: Option<Provider>,
    pub(super) codes: &'static [u16],
    /// Subject and the range of details; the class is not looked at.
    pub(super) status: &'static [(u16, u16, u16)],
    /// Wording in lower case, addresses and links left out; `*` stands for any text.
    pub(super) says: &'static [&'static str],
    /// The same, addresses and links included.
    pub(super) marks: &'static [&'static str],
    pub(super) phase: Option<Phase>,
    pub(super) about: Option<About>,
    pub(super) truth: Option<Lasting>,
    /// Identifiers of sentences; those of the cause where there are none.
    pub(super) meaning: Option<&'static str>,
    pub(super) advice: Option<&'static str>,
    /// The advice where the reply names address (IP) and domain.
    pub(super) precise: Option<&'static str>,
    /// The advice where the reply names the domain.
    pub(super) named: Option<&'static str>,
    pub(super) domain_after: &'static [&'static str],
    pub(super) source: Option<Source>,
}

impl Rule {
    pub(super) const fn new(id: &'static str, cause: Cause) -> Self {
        Self {
            id,
            cause,
            provider: None,
            codes: &[],
            status: &[],
            says: &[],
            marks: &[],
            phase: None,
            about: None,
            truth: None,
            meaning: None,
            advice: None,
            precise: None,
            named: None,
            domain_after: &[],
            source: None,
        }
    }

    pub(super) const fn of(self, provider: Provider, source: Source) -> Self {
        Self { provider: Some(provider), source: Some(source), ..self }
    }

    pub(super) const fn code(self, codes: &'static [u16]) -> Self {
        Self { codes, ..self }
    }

    pub(super) const fn status(self, status: &'static [(u16, u16, u16)]) -> Self {
        Self { status, ..self }
    }

    pub(super) const fn says(self, says: &'static [&'static str]) -> Self {
        Self { says, ..self }
    }

    pub(super) const fn marks(self, marks: &'static [&'static str]) -> Self {
        Self { marks, ..self }
    }

    pub(super) const fn at(self, phase: Phase) -> Self {
        Self { phase: Some(phase), ..self }
    }

    pub(super) const fn about_the(self, about: About) -> Self {
        Self { about: Some(about), ..self }
    }

    pub(super) const fn really(self, truth: Lasting) -> Self {
        Self { truth: Some(truth), ..self }
    }

    pub(super) const fn means(self, meaning: &'static str) -> Self {
        Self { meaning: Some(meaning), ..self }
    }

    pub(super) const fn do_this(self, advice: &'static str) -> Self {
        Self { advice: Some(advice), ..self }
    }

    pub(super) const fn with_name(self, named: &'static str, domain_after: &'static [&'static str]) -> Self {
        Self { named: Some(named), domain_after, ..self }
    }

    pub(super) const fn with_domain(
        self,
        precise: &'static str,
        domain_after: &'static [&'static str],
    ) -> Self {
        Self { precise: Some(precise), domain_after, ..self }
    }

    pub(super) const fn about(&self) -> About {
        match self.about {
            Some(about) => about,
            None => self.cause.about(),
        }
    }

    pub(super) fn fits(&self, heard: &Heard) -> bool {
        (self.provider.is_none() || self.provider == heard.provider)
            && (self.codes.is_empty() || heard.code.is_some_and(|code| self.codes.contains(&code)))
            && (self.phase.is_none() || self.phase == heard.phase)
            && (self.status.is_empty() || heard.status.is_some_and(|status| self.has_status(status)))
            && (self.says.is_empty() || self.says.iter().any(|words| says(&heard.plain, words)))
            && (self.marks.is_empty() || self.marks.iter().any(|words| says(&heard.whole, words)))
    }

    fn has_status(&self, (subject, detail): (u16, u16)) -> bool {
        self.status.iter().any(|(of, from, to)| *of == subject && (*from..=*to).contains(&detail))
    }

    /// Meaning and advice, with the values that the reply names.
    pub(super) fn notes(&self, facts: &Facts) -> (StoredNote, StoredNote) {
        let own = |id: Option<&'static str>, end: &str| -> Cow<'static, str> {
            id.map_or_else(|| Cow::Owned(format!("failure-{}{end}", self.cause)), Cow::Borrowed)
        };
        let note = |id: Cow<'static, str>, args| StoredNote { id: id.into_owned(), args };
        let meaning = note(own(self.meaning, ""), Vec::new());
        if let (Some(id), Some(ip), Some(domain)) = (self.precise, facts.ip, &facts.domain) {
            let mechanism = if ip.is_ipv4() { "ip4" } else { "ip6" };
            let args = [
                ("ip", ip.to_string()),
                ("domain", domain.clone()),
                ("mechanism", format!("{mechanism}:{ip}")),
            ];
            let args = args.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            return (meaning, note(Cow::Borrowed(id), args));
        }
        if let (Some(id), Some(domain)) = (self.named, &facts.domain) {
            return (meaning, note(Cow::Borrowed(id), vec![("domain".to_owned(), domain.clone())]));
        }
        (meaning, note(own(self.advice, "-advice"), Vec::new()))
    }
}

/// Whether a text has these words; `*` stands for any text between them.
fn says(text: &str, words: &str) -> bool {
    let mut rest = text;
    words.split('*').all(|piece| match memchr::memmem::find(rest.as_bytes(), piece.as_bytes()) {
        Some(at) => {
            rest = rest.get(at + piece.len()..).unwrap_or_default();
            true
        }
        None => false,
    })
}

/// A refusal, made ready for the rules.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) code: Option<u16>,
    pub(super) status: Option<(u16, u16)>,
    pub(super) phase: Option<Phase>,
    pub(super) provider: Option<Provider>,
    /// In lower case.
    pub(super) whole: String,
    /// The same without addresses and links, whose words say nothing.
    pub(super) plain: String,
}

impl Heard {
    pub(super) fn of(said: &Said) -> Self {
        let mut whole = shortened(&said.text, MOST).to_lowercase().replace(['\u{2019}', '`'], "'");
        whole.insert(0, ' ');
        let is_noise = |word: &&str| word.contains('@') || word.contains("://");
        let plain: Vec<&str> = whole.split_whitespace().filter(|word| !is_noise(word)).collect();
        let plain = format!(" {} ", plain.join(" "));
        let provider = said.host.as_deref().and_then(Provider::of_host).or_else(|| Provider::of_text(&whole));
        let status = said.enhanced.map(|code| (code.subject, code.detail));
        Self { code: said.code, status, phase: said.phase, provider, whole, plain }
    }
}
