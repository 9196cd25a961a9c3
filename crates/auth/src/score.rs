//! A score out of ten: how far a message is from what receivers ask of every sender.
//!
//! It starts at ten; each finding takes its points. The weights are published in `docs/score.md`; nothing is random,
//! learned or asked elsewhere, so the same message in the same world has the same score. What a failing DNS left open
//! takes nothing, and is told.

use tegami_mail::{HeaderLimits, HeaderSection, LineFaults, Note, date, note};

use crate::dkim::DkimResult;
use crate::dmarc::DmarcResult;
use crate::iprev::IprevResult;
use crate::received::{Hop, Tls};
use crate::spf::SpfResult;
use crate::verify::Verdicts;

/// The best score, in tenths of a point.
pub const BEST: u32 = 100;

/// What one finding takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// Identifier, such as `spf.fail`.
    pub id: &'static str,
    /// Tenths of a point.
    pub tenths: u32,
    /// The rule behind it.
    pub source: &'static str,
}

/// All weights, in the order in which they are looked at.
pub const WEIGHTS: &[Weight] = &[
    weight("ptr.none", 10, "RFC 8601 section 3"),
    weight("ptr.unconfirmed", 10, "RFC 8601 section 3"),
    weight("ptr.open", 0, "RFC 8601 section 3"),
    weight("tls.none", 5, "RFC 3207 section 4"),
    weight("spf.fail", 25, "RFC 7208 section 8.4"),
    weight("spf.softfail", 15, "RFC 7208 section 8.5"),
    weight("spf.neutral", 10, "RFC 7208 section 8.2"),
    weight("spf.none", 10, "RFC 7208 section 8.1"),
    weight("spf.permerror", 15, "RFC 7208 section 8.7"),
    weight("spf.open", 0, "RFC 7208 section 8.6"),
    weight("dkim.none", 15, "RFC 6376 section 6.1"),
    weight("dkim.fail", 20, "RFC 6376 section 6.1"),
    weight("dkim.open", 0, "RFC 6376 section 6.1"),
    weight("dmarc.none", 10, "RFC 9989 section 5.3.2"),
    weight("dmarc.fail", 30, "RFC 9989 section 5.3.5"),
    weight("dmarc.permerror", 20, "RFC 9989 section 5.3.1"),
    weight("dmarc.open", 0, "RFC 9989 section 5.3.6"),
    weight("from.missing", 20, "RFC 5322 section 3.6.2"),
    weight("from.repeated", 20, "RFC 5322 section 3.6"),
    weight("date.missing", 5, "RFC 5322 section 3.6.1"),
    weight("date.repeated", 5, "RFC 5322 section 3.6"),
    weight("date.malformed", 5, "RFC 5322 section 3.3"),
    weight("message-id.missing", 5, "RFC 5322 section 3.6.4"),
    weight("message-id.repeated", 5, "RFC 5322 section 3.6"),
    weight("line.long", 5, "RFC 5322 section 2.1.1"),
];

const fn weight(id: &'static str, tenths: u32, source: &'static str) -> Weight {
    Weight { id, tenths, source }
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Deduction {
    /// What it takes.
    pub weight: Weight,
    /// What was seen, for people.
    pub note: Note,
}

/// The findings of a message.
#[derive(Clone, Debug, Default)]
pub struct Score {
    /// In the order of [`WEIGHTS`]; those that take nothing tell what is open.
    pub deductions: Vec<Deduction>,
}

impl Score {
    /// What is left, in tenths of a point.
    pub fn tenths(&self) -> u32 {
        let taken: u32 = self.deductions.iter().map(|deduction| deduction.weight.tenths).sum();
        BEST.saturating_sub(taken)
    }

    fn take(&mut self, id: &str, note: Note) {
        if let Some(&weight) = WEIGHTS.iter().find(|weight| weight.id == id) {
            self.deductions.push(Deduction { weight, note });
        }
    }
}

/// The score of a content, given with its verdicts and its hops in the order of time.
pub fn score(verdicts: &Verdicts, content: &[u8], hops: &[Hop]) -> Score {
    let mut score = Score::default();
    reverse_dns(&mut score, verdicts);
    let entrance = hops.iter().find(|hop| hop.verified);
    if let Some(hop) = entrance.filter(|hop| hop.tls == Tls::Clear) {
        score.take("tls.none", note!("score-tls-none", host = hop.by.as_deref().unwrap_or("-")));
    }
    spf(&mut score, verdicts);
    dkim(&mut score, verdicts);
    dmarc(&mut score, verdicts);
    format(&mut score, content);
    score
}

fn reverse_dns(score: &mut Score, verdicts: &Verdicts) {
    let (ip, name) = (verdicts.ip, verdicts.early.iprev.name.as_deref().unwrap_or_default());
    match verdicts.early.iprev.result {
        IprevResult::Pass => {}
        IprevResult::PermError => score.take("ptr.none", note!("score-ptr-none", ip = ip)),
        IprevResult::Fail => {
            score.take("ptr.unconfirmed", note!("score-ptr-unconfirmed", ip = ip, name = name));
        }
        IprevResult::TempError => score.take("ptr.open", note!("score-open", method = "PTR")),
    }
}

fn spf(score: &mut Score, verdicts: &Verdicts) {
    let verdict = &verdicts.early.spf_mail_from;
    // A null reverse-path and no HELO leave no name to look at.
    let domain = if verdict.domain.is_empty() { "HELO" } else { &verdict.domain };
    let ip = verdicts.ip;
    match verdict.result {
        SpfResult::Pass => {}
        SpfResult::Fail => score.take("spf.fail", note!("score-spf-fail", domain = domain, ip = ip)),
        SpfResult::SoftFail => {
            score.take("spf.softfail", note!("score-spf-softfail", domain = domain, ip = ip));
        }
        SpfResult::Neutral => score.take("spf.neutral", note!("score-spf-neutral", domain = domain, ip = ip)),
        SpfResult::None => score.take("spf.none", note!("score-spf-none", domain = domain)),
        SpfResult::PermError => score.take("spf.permerror", note!("score-spf-permerror", domain = domain)),
        SpfResult::TempError => score.take("spf.open", note!("score-open", method = "SPF")),
    }
}

fn dkim(score: &mut Score, verdicts: &Verdicts) {
    let any = |result| verdicts.dkim.iter().any(|verdict| verdict.result == result);
    if any(DkimResult::Pass) {
        return;
    }
    if any(DkimResult::TempError) {
        score.take("dkim.open", note!("score-open", method = "DKIM"));
    } else if any(DkimResult::None) {
        score.take("dkim.none", note!("score-dkim-none"));
    } else {
        score.take("dkim.fail", note!("score-dkim-fail", count = verdicts.dkim.len()));
    }
}

fn dmarc(score: &mut Score, verdicts: &Verdicts) {
    let domain = &verdicts.dmarc.author_domain;
    match verdicts.dmarc.result {
        DmarcResult::Pass => {}
        // Without an author there is no domain that could publish anything: that is told of the From field.
        DmarcResult::None if domain.is_empty() => {}
        DmarcResult::None => score.take("dmarc.none", note!("score-dmarc-none", domain = domain)),
        DmarcResult::Fail => score.take("dmarc.fail", note!("score-dmarc-fail", domain = domain)),
        DmarcResult::PermError => score.take("dmarc.permerror", note!("score-dmarc-permerror")),
        DmarcResult::TempError => score.take("dmarc.open", note!("score-open", method = "DMARC")),
    }
}

/// Fields that a message has exactly once, or of which filters are suspicious when they are missing (RFC 5322 section 3.6).
const ONCE: &[(&str, &str, &str)] = &[
    ("From", "from.missing", "from.repeated"),
    ("Date", "date.missing", "date.repeated"),
    ("Message-ID", "message-id.missing", "message-id.repeated"),
];

fn format(score: &mut Score, content: &[u8]) {
    let Ok(section) = HeaderSection::parse(content, HeaderLimits::GENEROUS) else { return };
    for &(name, missing, repeated) in ONCE {
        match section.all(name).count() {
            0 => score.take(missing, note!("score-field-missing", field = name)),
            1 => {}
            count => score.take(repeated, note!("score-field-repeated", field = name, count = count)),
        }
        if let Some(field) = section.first(name).filter(|field| field.is("Date"))
            && let Err(error) = date::parse(&field.text())
        {
            score.take("date.malformed", note!("score-date-malformed", date = error.text));
        }
    }
    if LineFaults::find(content).over_long.is_some() {
        score.take("line.long", note!("score-line-long", limit = tegami_mail::line::MAX_LINE));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table that people read says what the code does.
    #[test]
    fn weights_are_published() {
        let text =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/score.md")).unwrap();
        for weight in WEIGHTS {
            let points = format!("{}.{}", weight.tenths / 10, weight.tenths % 10);
            let row = format!("| `{}` | {points} |", weight.id);
            let found = text.lines().find(|line| line.starts_with(&row));
            assert!(found.is_some_and(|line| line.contains(weight.source)), "docs/score.md has no row {row}");
        }
        let rows = text.lines().filter(|line| line.starts_with("| `")).count();
        assert_eq!(rows, WEIGHTS.len());
    }

    #[test]
    fn nothing_falls_below_zero() {
        let mut score = Score::default();
        for weight in WEIGHTS {
            score.take(weight.id, note!("score-dkim-none"));
        }
        assert_eq!((score.tenths(), score.deductions.len()), (0, WEIGHTS.len()));
        assert_eq!(Score::default().tenths(), BEST);
    }
}
