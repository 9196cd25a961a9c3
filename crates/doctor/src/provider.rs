//! What the large providers would make of it: their published requirements, folded from findings, line by line.
//!
//! Nothing is looked at here: a line says what the findings of a domain's or a message's examination, or of both, say of one requirement.

use serde_json::{Value, json};
use tegami_auth::finding::{Severity, State};
use tegami_mail::StoredNote;

use crate::Finding;

mod requirement;

pub use requirement::{Demand, REQUIREMENTS, Requirement};

/// Whose rules, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    /// Gmail, for every sender.
    Gmail,
    /// Gmail, for senders of about 5,000 messages a day and more.
    GmailBulk,
    /// Yahoo, for every sender.
    Yahoo,
    /// Yahoo, for bulk senders.
    YahooBulk,
    /// Outlook.com, for senders of more than 5,000 messages a day.
    OutlookBulk,
    /// iCloud Mail, for bulk senders.
    ICloudBulk,
    /// Japanese carriers.
    JpCarriers,
}

/// The page that a provider's rules were read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its title.
    pub title: &'static str,
    /// The date of the version that was read.
    pub date: &'static str,
}

impl Provider {
    /// All, in the order in which they are told.
    pub const ALL: [Self; 7] = [
        Self::Gmail,
        Self::GmailBulk,
        Self::Yahoo,
        Self::YahooBulk,
        Self::OutlookBulk,
        Self::ICloudBulk,
        Self::JpCarriers,
    ];

    /// The word of the JSON; the sentence `provider-WORD` is its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gmail => "gmail",
            Self::GmailBulk => "gmail-bulk",
            Self::Yahoo => "yahoo",
            Self::YahooBulk => "yahoo-bulk",
            Self::OutlookBulk => "outlook-bulk",
            Self::ICloudBulk => "icloud-bulk",
            Self::JpCarriers => "jp-carriers",
        }
    }

    /// Those that a word of the command line means: `gmail`, `outlook`, `yahoo`, `icloud`, `jp`, or one of [`Provider::as_str`].
    pub fn named(word: &str) -> Vec<Self> {
        let word = if word == "jp" { "jp-carriers" } else { word };
        let family = |one: &Self| one.as_str() == word || one.as_str().strip_suffix("-bulk") == Some(word);
        Self::ALL.into_iter().filter(family).collect()
    }

    /// Where its rules stand.
    pub fn pages(self) -> &'static [Page] {
        const GUIDELINES: Page = Page { title: "Gmail email sender guidelines (81126)", date: "2026-03-21" };
        const FAQ: Page = Page { title: "Gmail email sender guidelines FAQ (14229414)", date: "2026-03-11" };
        const CODES: Page = Page { title: "Gmail SMTP errors and codes (3726730)", date: "2026-02-15" };
        const YAHOO: &[Page] = &[
            Page { title: "Yahoo sender requirements", date: "2026-06-18" },
            Page { title: "Yahoo SMTP error codes", date: "2026-02-15" },
        ];
        match self {
            Self::Gmail => &[GUIDELINES, CODES],
            Self::GmailBulk => &[GUIDELINES, FAQ, CODES],
            Self::Yahoo | Self::YahooBulk => YAHOO,
            Self::OutlookBulk => &[Page { title: "Outlook.com postmaster policies", date: "2026-06-15" }],
            Self::ICloudBulk => {
                &[Page { title: "Postmaster information for iCloud Mail (102322)", date: "2025-02-25" }]
            }
            // Read at second hand: the carriers publish hardly anything.
            Self::JpCarriers => &[Page { title: "Qiita: sasamuku", date: "2021-12" }],
        }
    }
}

/// How a requirement is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Met {
    /// Nothing was looked at that would tell.
    Unknown,
    /// It is.
    Yes,
    /// It is, but something may change that.
    AtRisk,
    /// It is not.
    No,
}

impl Met {
    /// The word of the JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Yes => "yes",
            Self::AtRisk => "at-risk",
            Self::No => "no",
        }
    }
}

/// What becomes of the mail, as far as the rules say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Every requirement that was looked at is met.
    Accepted,
    /// One is not met, or barely; a refusal for it is not documented.
    AtRisk,
    /// One is not met for which a refusal is documented.
    Rejected,
}

impl Outcome {
    /// The word of the JSON; the sentence `provider-WORD` says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::AtRisk => "at-risk",
            Self::Rejected => "rejected",
        }
    }
}

/// One requirement of one provider.
#[derive(Clone, Debug)]
pub struct Line<'f> {
    /// Which.
    pub requirement: &'static Requirement,
    /// How much it is demanded.
    pub demand: Demand,
    /// Whether it is met.
    pub met: Met,
    /// The findings that say so, the worst first.
    pub findings: Vec<&'f Finding>,
    /// What the provider is documented to answer where it is not met.
    pub code: Option<&'static str>,
}

/// A provider's verdict.
#[derive(Clone, Debug)]
pub struct Verdict<'f> {
    /// Whose.
    pub provider: Provider,
    /// What becomes of the mail.
    pub outcome: Outcome,
    /// Every requirement that the provider has, in the order of [`REQUIREMENTS`].
    pub lines: Vec<Line<'f>>,
}

impl Verdict<'_> {
    /// The line that decided: the first of the worst.
    pub fn decided(&self) -> Option<&Line<'_>> {
        let refused =
            |line: &&Line<'_>| line.met == Met::No && line.demand == Demand::Must && line.code.is_some();
        let unmet = |line: &&Line<'_>| line.met >= Met::AtRisk;
        match self.outcome {
            Outcome::Accepted => None,
            Outcome::AtRisk => self.lines.iter().find(unmet),
            Outcome::Rejected => self.lines.iter().find(refused).or_else(|| self.lines.iter().find(unmet)),
        }
    }

    /// What the provider is documented to answer.
    pub fn code(&self) -> Option<&'static str> {
        self.decided().filter(|_| self.outcome == Outcome::Rejected).and_then(|line| line.code)
    }

    /// As JSON; sentences stand in it as notes.
    pub fn to_json(&self) -> Value {
        let sentence = |id: String| StoredNote { id, args: Vec::new() };
        let lines = self.lines.iter().map(|line| {
            json!({
                "requirement": line.requirement.id,
                "title": sentence(format!("provider-requirement-{}", line.requirement.id)),
                "demand": line.demand.as_str(),
                "met": line.met.as_str(),
                "checks": line.requirement.checks,
                "findings": line.findings.iter().map(|finding| json!({
                    "id": finding.check.id,
                    "subject": finding.subject,
                    "state": finding.state.as_str(),
                    "detail": finding.note,
                })).collect::<Vec<_>>(),
                "code": line.code,
            })
        });
        let pages = self.provider.pages().iter().map(|page| json!({"title": page.title, "date": page.date}));
        json!({
            "provider": self.provider.as_str(),
            "title": sentence(format!("provider-{}", self.provider.as_str())),
            "outcome": self.outcome.as_str(),
            "code": self.code(),
            "pages": pages.collect::<Vec<_>>(),
            "lines": lines.collect::<Vec<_>>(),
        })
    }
}

/// What a provider would make of it.
pub fn verdict(provider: Provider, findings: &[Finding]) -> Verdict<'_> {
    let asked = REQUIREMENTS.iter().filter_map(|requirement| {
        let demand = requirement.demand(provider)?;
        let (met, of) = judge(requirement, provider, findings);
        Some(Line { requirement, demand, met, findings: of, code: requirement.code(provider) })
    });
    let lines: Vec<Line<'_>> = asked.collect();
    // Of requirements of which one is enough, none fails while another is met or not known.
    let one_is_enough = lines.iter().filter(|line| line.demand == Demand::Or).map(|line| line.met);
    let none_is_met = one_is_enough.clone().count() > 0 && one_is_enough.clone().all(|met| met == Met::No);
    let outcome = lines.iter().map(|line| match (line.demand, line.met) {
        (_, Met::Yes | Met::Unknown) => Outcome::Accepted,
        (Demand::Or, _) if !none_is_met => Outcome::Accepted,
        (Demand::Must | Demand::Or, Met::No) if line.code.is_some() => Outcome::Rejected,
        _ => Outcome::AtRisk,
    });
    Verdict { provider, outcome: outcome.max().unwrap_or(Outcome::Accepted), lines }
}

/// How a requirement comes out, and by which findings.
fn judge<'f>(
    requirement: &Requirement,
    provider: Provider,
    findings: &'f [Finding],
) -> (Met, Vec<&'f Finding>) {
    let mut of: Vec<(Met, &Finding)> = findings
        .iter()
        .filter(|finding| requirement.asks(finding.check.id))
        .map(|finding| (met(requirement, provider, finding), finding))
        .collect();
    of.sort_by_key(|(met, _)| std::cmp::Reverse(*met));
    let worst = of.first().map_or(Met::Unknown, |(met, _)| *met);
    (worst, of.into_iter().filter(|(met, _)| *met != Met::Unknown).map(|(_, finding)| finding).collect())
}

fn met(requirement: &Requirement, provider: Provider, finding: &Finding) -> Met {
    // Yahoo takes a mail address to unsubscribe, which is all that this warning says.
    let yahoo = matches!(provider, Provider::Yahoo | Provider::YahooBulk);
    if yahoo && finding.check.id == "bulk.unsub-header" && finding.state == State::Warn {
        return Met::Yes;
    }
    let decides = requirement.decides(finding.check.id);
    match finding.state {
        State::Pass | State::Info => Met::Yes,
        State::Unknown | State::NotApplicable => Met::Unknown,
        State::Warn | State::Fail if decides => Met::No,
        State::Fail if finding.severity >= Severity::S4 => Met::No,
        State::Warn | State::Fail if finding.severity >= Severity::S2 => Met::AtRisk,
        State::Warn | State::Fail => Met::Yes,
    }
}

#[cfg(test)]
mod tests;
