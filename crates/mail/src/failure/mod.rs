//! What a refusal means: why a receiver did not take a message, in one word, with what to do about it.
//!
//! A reply is looked at in this order, and the first rule that fits decides: what providers document of their own replies,
//! wording that says it outright, the enhanced status code, vaguer wording, the subject of the enhanced status code, the
//! reply code. The rules are the tables in `rules/`, each line of them one rule; `docs/replies.md` is drawn from them.
//!
//! The tables are Rust and not a text file: a wrong word in them does not compile, nothing is read at the start of the
//! program, and a line is as easily read and added.
//!
//! # Examples
//!
//! ```
//! use tegami_mail::failure::{Cause, Said, classify};
//!
//! let verdict = classify(&Said::parse("550-5.1.1 The email account that you tried to reach does not exist. - gsmtp"));
//! assert_eq!(verdict.cause, Cause::BadMailbox);
//! assert!(verdict.is_bad_address());
//!
//! // A permanent code for what ends by itself.
//! let verdict = classify(&Said::parse("550 Connection frequency limited. http://service.mail.qq.com/"));
//! assert_eq!(verdict.cause, Cause::Rate);
//! assert!(verdict.retry());
//! ```

mod cause;
mod fact;
mod page;
mod provider;
mod rule;
mod rules;
mod said;

use serde::{Deserialize, Serialize};

pub use cause::{About, Cause, Certainty, Lasting};
pub use page::page;
pub use provider::Provider;
pub use said::{Phase, Said};

use crate::StoredNote;
use fact::Facts;
use rule::{Heard, Rule, Source};

/// What a refusal means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Verdict {
    /// Why, in one word.
    pub cause: Cause,
    /// What it is about, and so who can do something.
    pub about: About,
    /// What the code says; `None` where the text has no code.
    pub said: Option<Lasting>,
    /// What is really so, as far as we know.
    pub truth: Option<Lasting>,
    /// How sure this is.
    pub certainty: Certainty,
    /// Whose reply this is, where that is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub provider: Option<Provider>,
    /// Identifier of the rule that decided.
    pub rule: String,
    /// Where the provider documents it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<String>,
    /// The first link in the reply: often where an address is taken off a list, or where more is told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub link: Option<String>,
    /// What it means, for people.
    pub meaning: StoredNote,
    /// What to change, for people.
    pub advice: StoredNote,
}

impl Verdict {
    /// Whether trying again may help: the code says so, or we know better than a code that says never.
    pub fn retry(&self) -> bool {
        self.said == Some(Lasting::Transient) || self.truth == Some(Lasting::Transient)
    }

    /// Whether the address itself is bad for ever, so that nothing should be sent to it again.
    pub fn is_bad_address(&self) -> bool {
        self.cause.is_bad_address() && !self.retry() && self.certainty != Certainty::Guess
    }

    /// Whether the code says another thing than what is really so.
    pub fn contradicts_code(&self) -> bool {
        self.said.is_some() && self.truth != self.said
    }
}

/// Says what a refusal means. It always answers; at worst that nothing is known. Of the text the first few thousand octets
/// are looked at.
pub fn classify(said: &Said) -> Verdict {
    let heard = Heard::of(said);
    let (rule, certainty) = rules::find(&heard);
    verdict(&heard, said, rule, certainty)
}

fn verdict(heard: &Heard, said: &Said, rule: &Rule, certainty: Certainty) -> Verdict {
    let facts = Facts::find(&heard.whole, rule.domain_after);
    let lasting = said.lasting();
    let (meaning, advice) = rule.notes(&facts);
    Verdict {
        cause: rule.cause,
        about: rule.about(),
        said: lasting,
        truth: rule.truth.or(lasting),
        certainty,
        provider: heard.provider,
        rule: rule.id.to_owned(),
        source: rule.source.map(|Source { url, .. }| url.to_owned()),
        link: facts.link,
        meaning,
        advice,
    }
}

/// The identifiers of all sentences that a verdict can tell, for tests that look for them.
pub fn sentences() -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for cause in Cause::ALL {
        ids.extend([
            format!("failure-{cause}"),
            format!("failure-{cause}-advice"),
            format!("failure-cause-{cause}"),
        ]);
    }
    for rule in rules::all() {
        ids.extend([rule.meaning, rule.advice].into_iter().flatten().map(ToOwned::to_owned));
        ids.extend([rule.precise, rule.named].into_iter().flatten().map(ToOwned::to_owned));
    }
    ids.extend(About::ALL.map(|about| format!("failure-about-{about}")));
    ids.sort();
    ids.dedup();
    ids
}

#[cfg(test)]
mod tests;
