//! One cause, one finding.

use tegami_auth::finding::State;
use tegami_mail::note;

use crate::Finding;

/// Sets aside what says nothing because something before it failed (see [`Check::depends`](crate::Check::depends)), and puts the rest in
/// the order in which it is to be looked at: the worst first. `subject` is what the whole examination is about.
pub fn settle(mut findings: Vec<Finding>, subject: &str) -> Vec<Finding> {
    let mut broken: Vec<(&'static str, String)> = findings
        .iter()
        .filter(|finding| matches!(finding.state, State::Fail | State::Unknown))
        .map(|finding| (finding.check.id, finding.subject.clone()))
        .collect();
    // What was set aside breaks in its turn what depends on it; each round sets at least one aside.
    loop {
        let mut more = Vec::new();
        for finding in &mut findings {
            let cause = broken.iter().find(|(id, of)| {
                finding.check.depends.contains(id) && (*of == finding.subject || of == subject)
            });
            let Some((id, _)) = cause.filter(|_| finding.state != State::NotApplicable) else { continue };
            let note = note!("check-depends", parent = id);
            more.push((finding.check.id, finding.subject.clone()));
            *finding = finding.check.not_applicable(&finding.subject, note);
        }
        if more.is_empty() {
            break;
        }
        broken = more;
    }
    findings.sort_by_key(|finding| {
        let severity = if finding.state >= State::Warn { Some(finding.severity) } else { None };
        (std::cmp::Reverse(finding.state), std::cmp::Reverse(severity))
    });
    findings
}
