//! The ports at which people's programs reach our own hosts (RFC 8314).

use tegami_auth::finding::Severity;
use tegami_mail::note;

use super::shown;
use crate::checks::smtp::Visit;
use crate::probe::{OwnPort, PortSeen, StartTls, Unprobed};
use crate::{About, Check, Finding, Fix, Who};

pub(super) const SUBMISSION: Check =
    Check::new("tls.submission", About::Host, Severity::S3, "RFC 8314 section 3").who(&[Who::Rfc]);

/// Why there is nothing to judge, or that nobody listens at all.
pub(super) fn missing(visit: &Visit) -> Finding {
    let name = &visit.name;
    match &visit.ports {
        _ if !visit.ours => SUBMISSION.not_applicable(name, note!("smtp-not-ours", host = name)),
        Err(Unprobed::Off) => SUBMISSION.not_applicable(name, note!("smtp-off", host = name)),
        Err(error) => SUBMISSION.unknown(name, note!("smtp-own-failed", host = name, error = error)),
        Ok(ports) => {
            let open = ports.iter().filter(|port| port.tls.is_ok()).map(|port| port.number.to_string());
            let open: Vec<String> = open.collect();
            SUBMISSION.info(name, note!("tls-submission-ports", host = name, ports = open.join(", ")))
        }
    }
}

/// A finding for each port at which somebody listens.
pub(super) fn judge(visit: &Visit) -> Vec<Finding> {
    let ports = visit.ports.iter().flatten().filter(|_| visit.ours);
    ports.filter_map(|port| one(visit, port)).collect()
}

fn one(visit: &Visit, seen: &PortSeen) -> Option<Finding> {
    let (name, number) = (&visit.name, seen.number);
    let subject = format!("{name}:{number}");
    let fix = || Fix::new(note!("tls-submission-fix", host = name, port = number));
    let tls = match &seen.tls {
        // Which ports there are is the operator's choice.
        Err(Unprobed::Refused) => return None,
        Err(error) => {
            return Some(SUBMISSION.unknown(
                subject,
                note!("tls-submission-unknown", host = name, port = number, error = error),
            ));
        }
        Ok(tls) => tls,
    };
    let offered = seen.in_clear.iter().flat_map(|offered| offered.lines.iter());
    let auth: Vec<&String> = offered.filter(|line| line.to_ascii_uppercase().starts_with("AUTH")).collect();
    if !auth.is_empty() {
        return Some(
            SUBMISSION
                .fail(subject, note!("tls-submission-clear", host = name, port = number))
                .evidences(auth)
                .fix(fix()),
        );
    }
    Some(match tls {
        StartTls::Done(tls) => match &tls.trusted {
            Ok(()) => SUBMISSION
                .pass(subject, note!("tls-submission", host = name, port = number))
                .evidences(shown(tls)),
            Err(error) => SUBMISSION
                .fail(subject, note!("tls-submission-cert", host = name, port = number, error = error))
                .evidences(shown(tls))
                .fix(fix()),
        },
        StartTls::TooOld(error) => SUBMISSION
            .fail(subject, note!("tls-submission-old", host = name, port = number))
            .source("RFC 8997 section 3")
            .evidence(error)
            .fix(fix()),
        StartTls::NotOffered if seen.port == OwnPort::Submission => {
            SUBMISSION.fail(subject, note!("tls-submission-none", host = name, port = number)).fix(fix())
        }
        StartTls::NotOffered | StartTls::Refused(_) | StartTls::Failed(_) | StartTls::Unreached => SUBMISSION
            .fail(subject, note!("tls-submission-failed", host = name, port = number))
            .evidence(format!("{tls:?}"))
            .fix(fix()),
    })
}
