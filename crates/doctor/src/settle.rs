//! One cause, one finding.

use tegami_auth::finding::State;
use tegami_mail::note;

use crate::Finding;

/// What looks at text records for the slips of those who publish them.
const HYGIENE: &str = "dns.txt-hygiene";

/// Checks that read one kind of record and fail where they cannot, and whether they can say no more than that it is not recognised.
const READERS: [(&str, bool); 12] = [
    ("spf.version", true),
    ("spf.string-split", false),
    ("spf.syntax", false),
    ("spf.macros", false),
    ("dmarc.version", false),
    ("dmarc.location", false),
    ("dmarc.bad-policy", false),
    ("dmarc.syntax", false),
    ("dmarc.rua", false),
    ("dkim.syntax", false),
    ("sts.record", true),
    ("tlsrpt.record", true),
];

/// Sets aside what says nothing because something before it failed (see [`Check::depends`](crate::Check::depends)), and puts the rest in
/// the order in which it is to be looked at: the worst first. `subject` is what the whole examination is about.
pub fn settle(mut findings: Vec<Finding>, subject: &str) -> Vec<Finding> {
    tell_slips_once(&mut findings);
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

/// A slip that keeps a record from being read is told by the check that reads it, which knows how bad that is and what else is wrong with the
/// record; in the words for the slip, where that check has none of its own.
fn tell_slips_once(findings: &mut [Finding]) {
    let slips: Vec<usize> = (0..findings.len()).filter(|at| is_slip(findings, *at)).collect();
    for at in slips {
        let Some(Finding { evidence, note, .. }) = findings.get(at).cloned() else { continue };
        let Some(record) = evidence.first().map(|line| joined(line)) else { continue };
        let told = findings.iter_mut().find_map(|one| {
            let (_, mute) = READERS.iter().find(|(id, _)| *id == one.check.id)?;
            let same = one.state >= State::Warn && one.evidence.iter().any(|line| joined(line) == record);
            same.then_some((one, *mute))
        });
        let Some((reader, mute)) = told else { continue };
        if mute {
            reader.note = note;
        }
        let parent = reader.check.id;
        if let Some(slip) = findings.get_mut(at) {
            let note = note!("check-depends", parent = parent);
            *slip = slip.check.not_applicable(&slip.subject, note);
        }
    }
}

fn is_slip(findings: &[Finding], at: usize) -> bool {
    findings.get(at).is_some_and(|one| one.check.id == HYGIENE && one.state == State::Fail)
}

/// The line of a record without the borders between its strings.
fn joined(line: &str) -> String {
    line.replace("\" \"", "")
}
