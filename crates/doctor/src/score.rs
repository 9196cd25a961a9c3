//! A score out of ten, drawn from findings by published weights.
//!
//! It starts at ten; each check that is not well takes its points, once, and each group of checks no more than its cap. Nothing is random,
//! learned or asked elsewhere, so the same findings have the same score. What could not be looked at takes nothing.

use std::collections::BTreeMap;

use tegami_auth::finding::{Severity, State};

use crate::checks::ct::{POINTS, phrase};
use crate::{Check, Finding};

/// The best score, in tenths of a point.
pub const BEST: u32 = 100;

/// What a failure takes by its severity, in tenths of a point; a warning takes at the most what S2 takes.
pub const BY_SEVERITY: &[(Severity, u32)] =
    &[(Severity::S4, 40), (Severity::S3, 20), (Severity::S2, 5), (Severity::S1, 0), (Severity::S0, 0)];

/// Checks that say the same in many ways, and together take no more than a cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Who vouches for the message, and the connection.
    Authentication,
    /// How it is written.
    Format,
    /// What stands in it.
    Content,
    /// Who is listed.
    Blocklists,
    /// Everything else.
    Other,
}

impl Group {
    /// All, in the order of the page.
    pub const ALL: [Self; 5] =
        [Self::Authentication, Self::Format, Self::Content, Self::Blocklists, Self::Other];

    /// The word of the JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Format => "format",
            Self::Content => "content",
            Self::Blocklists => "blocklists",
            Self::Other => "other",
        }
    }

    /// What the group takes at the most, in tenths of a point.
    pub fn cap(self) -> Option<u32> {
        match self {
            Self::Authentication => Some(60),
            Self::Format => Some(40),
            Self::Content | Self::Blocklists => Some(30),
            Self::Other => None,
        }
    }

    /// The group of a check.
    pub fn of(check: &Check) -> Self {
        const VOUCHED: &[&str] = &[
            "msg.spf",
            "msg.dkim",
            "msg.dmarc",
            "msg.both-pass",
            "msg.aligned",
            "msg.arc",
            "msg.envelope-from",
            "msg.return-path-deliverable",
            "msg.ptr-helo-tls",
            "msg.received-chain",
        ];
        let family = check.id.split('.').next().unwrap_or_default();
        match family {
            // The test text of filters shows that points are taken at all.
            _ if check.id == "ct.gtube" => Self::Other,
            "rbl" => Self::Blocklists,
            _ if check.id == "ct.link-blocklisted" => Self::Blocklists,
            "ct" => Self::Content,
            "spf" | "dkim" | "dmarc" | "ip" | "helo" => Self::Authentication,
            "msg" if VOUCHED.contains(&check.id) || check.id.starts_with("msg.dkim-") => Self::Authentication,
            "msg" | "bulk" => Self::Format,
            _ => Self::Other,
        }
    }
}

/// What one check takes.
#[derive(Clone, Debug)]
pub struct Deduction {
    /// The finding behind it.
    pub finding: Finding,
    /// Its group.
    pub group: Group,
    /// What it takes, in tenths of a point.
    pub tenths: u32,
    /// What it would take were there no cap.
    pub full: u32,
}

/// A score, with everything that was taken.
#[derive(Clone, Debug, Default)]
pub struct Score {
    /// The worst first.
    pub deductions: Vec<Deduction>,
}

impl Score {
    /// What is left, in tenths of a point.
    pub fn tenths(&self) -> u32 {
        let taken: u32 = self.deductions.iter().map(|deduction| deduction.tenths).sum();
        BEST.saturating_sub(taken)
    }
}

/// What a failure of this severity takes, in tenths of a point.
fn failed(severity: Severity) -> u32 {
    BY_SEVERITY.iter().find(|(of, _)| *of == severity).map_or(0, |(_, tenths)| *tenths)
}

/// What a warning of this severity takes, in tenths of a point.
pub fn warned(severity: Severity) -> u32 {
    failed(severity).min(failed(Severity::S2))
}

/// What a check takes at the most, before any cap, in tenths of a point.
pub fn most_points(check: &Check) -> u32 {
    let weight = POINTS.iter().find(|(id, _)| *id == check.id);
    weight.map_or_else(|| failed(check.severity), |(_, tenths)| *tenths)
}

/// What a finding takes before any cap, in tenths of a point.
pub fn points(finding: &Finding) -> u32 {
    let own = POINTS.iter().any(|(id, _)| *id == finding.check.id);
    match finding.state {
        State::Warn | State::Fail if own => {
            let most = most_points(finding.check);
            finding.points.map_or(most, |tenths| tenths.min(most))
        }
        State::Fail => failed(finding.severity),
        State::Warn => warned(finding.severity),
        State::Pass | State::Info | State::Unknown | State::NotApplicable => 0,
    }
}

/// The score of these findings: of a message, of its domain, or of both.
pub fn score<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Score {
    // Of a check that found several things, the worst counts.
    let mut worst: BTreeMap<&'static str, (u32, &Finding)> = BTreeMap::new();
    for finding in findings {
        let taken = points(finding);
        let held = worst.entry(finding.check.id).or_insert((taken, finding));
        if taken > held.0 {
            *held = (taken, finding);
        }
    }
    let mut counted: Vec<(u32, &Finding)> = worst.into_values().filter(|(taken, _)| *taken > 0).collect();
    counted.sort_by_key(|(taken, finding)| (std::cmp::Reverse(*taken), finding.check.id));
    let mut spent: BTreeMap<Group, u32> = BTreeMap::new();
    let deductions = counted.into_iter().map(|(full, finding)| {
        let group = Group::of(finding.check);
        let spent = spent.entry(group).or_default();
        let tenths = group.cap().map_or(full, |cap| full.min(cap.saturating_sub(*spent)));
        *spent += tenths;
        Deduction { finding: finding.clone(), group, tenths, full }
    });
    Score { deductions: deductions.collect() }
}

/// What the checks of the content take at the most, in tenths of a point.
pub fn content_points() -> &'static [(&'static str, u32)] {
    POINTS
}

/// The phrases that `ct.spam-phrases` looks for: English, Japanese.
pub fn phrases() -> (&'static [&'static str], &'static [&'static str]) {
    (phrase::ENGLISH, phrase::JAPANESE)
}

#[cfg(test)]
mod tests {
    use tegami_mail::note;

    use super::*;
    use crate::catalogue;

    fn found(id: &str, state: State) -> Finding {
        catalogue::find(id).unwrap().found(state, "message", note!("check-late"))
    }

    #[test]
    fn severities_take_their_points() {
        let taken = |id, state| points(&found(id, state));
        assert_eq!(taken("msg.message-id", State::Fail), 40);
        assert_eq!(taken("msg.message-id", State::Warn), 5);
        assert_eq!(taken("msg.date", State::Fail), 20);
        assert_eq!(taken("msg.subject", State::Warn), 5);
        assert_eq!(taken("msg.base64-text", State::Warn), 0);
        assert_eq!(taken("ct.link-shortener", State::Warn), 15);
        assert_eq!(points(&found("ct.caps", State::Warn).points(5)), 5);
        for state in [State::Pass, State::Info, State::Unknown, State::NotApplicable] {
            assert_eq!(taken("msg.spf", state), 0);
        }
    }

    #[test]
    fn groups_have_caps_and_checks_count_once() {
        let findings = [
            found("msg.spf", State::Fail),
            found("msg.spf", State::Fail),
            found("msg.dmarc", State::Fail),
            found("ct.empty", State::Warn),
            found("ct.link-shortener", State::Warn),
        ];
        let score = score(&findings);
        let told: Vec<_> =
            score.deductions.iter().map(|one| (one.finding.check.id, one.tenths, one.full)).collect();
        assert_eq!(
            told,
            [("msg.dmarc", 40, 40), ("msg.spf", 20, 40), ("ct.empty", 23, 23), ("ct.link-shortener", 7, 15)]
        );
        assert_eq!(score.tenths(), 10);
    }

    #[test]
    fn nothing_falls_below_zero_and_the_filter_test_takes_everything() {
        assert_eq!(score(&[found("ct.gtube", State::Fail)]).tenths(), 0);
        assert_eq!(score(&[]).tenths(), BEST);
    }

    /// Points belong to checks that exist, and every deduction of content is published.
    #[test]
    fn points_belong_to_checks() {
        for (id, _) in POINTS {
            assert!(catalogue::find(id).is_some(), "{id}");
        }
        for check in catalogue::checks().filter(|check| check.id.starts_with("ct.")) {
            let published = POINTS.iter().any(|(id, _)| *id == check.id);
            assert!(published || check.severity <= Severity::S1, "{} takes nothing", check.id);
        }
    }
}
