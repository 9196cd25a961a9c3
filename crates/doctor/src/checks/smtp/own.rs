//! What only hosts of our own are asked.

use tegami_auth::finding::Severity;
use tegami_mail::note;

use super::Visit;
use crate::check::Consequence;
use crate::probe::{Injection, LineEnd, OwnSeen, SmtpSeen, Tried, Unprobed};
use crate::{About, Check, Finding, Fix, Who};

const SMTP: &[&str] = &["smtp.ehlo"];

pub(super) const OPEN_RELAY: Check =
    Check::new("smtp.open-relay", About::Host, Severity::S4, "RFC 5321 section 7.1")
        .who(&[Who::Outlook, Who::Rfc])
        .answers(&[Consequence { provider: Who::Outlook, code: "550 SC-003" }])
        .after(SMTP);
pub(super) const VRFY_EXPN: Check =
    Check::new("smtp.vrfy-expn", About::Host, Severity::S1, "RFC 5321 section 7.3").after(SMTP);
pub(super) const BARE_LF: Check =
    Check::new("smtp.bare-lf", About::Host, Severity::S3, "RFC 5321 section 4.1.1.4").who(RFC).after(SMTP);
pub(super) const STARTTLS_INJECTION: Check =
    Check::new("smtp.starttls-injection", About::Host, Severity::S3, "RFC 3207 section 4.2")
        .who(RFC)
        .after(SMTP);
pub(super) const POSTMASTER: Check =
    Check::new("smtp.postmaster", About::Host, Severity::S3, "RFC 5321 section 4.5.1").who(RFC).after(SMTP);
pub(super) const ABUSE: Check =
    Check::new("smtp.abuse", About::Host, Severity::S1, "RFC 2142 section 4").who(&[Who::Gmail]).after(SMTP);
pub(super) const NULL_SENDER: Check =
    Check::new("smtp.null-sender", About::Host, Severity::S3, "RFC 5321 section 4.5.5")
        .who(RFC)
        .after(&["smtp.postmaster"]);
pub(super) const BACKSCATTER: Check =
    Check::new("smtp.backscatter", About::Host, Severity::S3, "RFC 5321 section 6.2").who(RFC).after(SMTP);
pub(super) const AUTH_ON_25: Check =
    Check::new("smtp.auth-on-25", About::Host, Severity::S2, "RFC 4954 section 4").after(SMTP);
pub(super) const LIMITS: Check =
    Check::new("smtp.limits", About::Host, Severity::S0, "RFC 9422 section 4").after(SMTP);

const RFC: &[Who] = &[Who::Rfc];

type Judge = fn(&Visit, &OwnSeen) -> Finding;

const JUDGES: &[(&Check, Judge)] = &[
    (&OPEN_RELAY, open_relay),
    (&VRFY_EXPN, vrfy_expn),
    (&BARE_LF, bare_lf),
    (&STARTTLS_INJECTION, starttls_injection),
    (&POSTMASTER, postmaster),
    (&ABUSE, abuse),
    (&NULL_SENDER, null_sender),
    (&BACKSCATTER, backscatter),
];

pub(super) fn judge(visit: &Visit, seen: &SmtpSeen) -> Vec<Finding> {
    let name = &visit.name;
    let unasked = match &visit.own {
        _ if !visit.ours => Some(note!("smtp-not-ours", host = name)),
        Err(Unprobed::Off) => Some(note!("smtp-off", host = name)),
        _ => None,
    };
    let mut findings = Vec::new();
    for (check, look) in JUDGES {
        findings.push(match (&unasked, &visit.own) {
            (Some(note), _) => check.not_applicable(name, note.clone()),
            (None, Err(error)) => check.unknown(name, note!("smtp-own-failed", host = name, error = error)),
            (None, Ok(own)) => look(visit, own),
        });
    }
    findings.extend([auth_on_25(visit, seen), limits(visit, seen)]);
    findings
}

/// What was tried, with the reply.
fn line(tried: &Tried) -> String {
    format!("{} -> {}", tried.what, tried.reply)
}

fn accepted(tried: &Tried) -> bool {
    tried.reply.is_completion()
}

fn open_relay(visit: &Visit, own: &OwnSeen) -> Finding {
    let name = &visit.name;
    // A local-part with somebody else's domain in it is taken by a domain that takes every local-part; that relays nothing.
    let takes_all = own.unknown.as_ref().is_some_and(accepted);
    let is_local = |tried: &Tried| {
        let forward = tried.what.rsplit('<').next().unwrap_or_default();
        forward.contains(['%', '!', '"'])
    };
    let open: Vec<&Tried> =
        own.relay.iter().filter(|tried| accepted(tried) && !(takes_all && is_local(tried))).collect();
    if own.relay.is_empty() {
        return OPEN_RELAY.unknown(name, note!("smtp-own-untried", host = name));
    }
    if open.is_empty() {
        let count = own.relay.len();
        return OPEN_RELAY
            .pass(name, note!("smtp-open-relay", host = name, count = count))
            .evidences(own.relay.iter().map(line));
    }
    let found = if own.from_itself {
        OPEN_RELAY.warn(name, note!("smtp-open-relay-itself", host = name)).severity(Severity::S3).likely()
    } else {
        OPEN_RELAY.fail(name, note!("smtp-open-relay-open", host = name))
    };
    found.evidences(open.into_iter().map(line)).fix(Fix::new(note!("smtp-open-relay-fix", host = name)))
}

fn vrfy_expn(visit: &Visit, own: &OwnSeen) -> Finding {
    let name = &visit.name;
    let telling: Vec<&Tried> =
        own.vrfy.iter().filter(|tried| [250, 251].contains(&tried.reply.code)).collect();
    if own.vrfy.is_empty() {
        return VRFY_EXPN.unknown(name, note!("smtp-own-untried", host = name));
    }
    if telling.is_empty() {
        return VRFY_EXPN
            .pass(name, note!("smtp-vrfy-expn", host = name))
            .evidences(own.vrfy.iter().map(line));
    }
    VRFY_EXPN
        .warn(name, note!("smtp-vrfy-expn-tells", host = name))
        .evidences(telling.into_iter().map(line))
        .fix(Fix::new(note!("smtp-vrfy-expn-fix", host = name)))
}

fn bare_lf(visit: &Visit, own: &OwnSeen) -> Finding {
    let name = &visit.name;
    let told = |(end, came): &(String, LineEnd)| match came {
        LineEnd::Ended(reply) | LineEnd::Refused(reply) => format!("{end} -> {reply}"),
        LineEnd::Content => end.clone(),
    };
    let ended: Vec<_> = own.line_ends.iter().filter(|(_, came)| matches!(came, LineEnd::Ended(_))).collect();
    if own.line_ends.is_empty() {
        return BARE_LF.unknown(name, note!("smtp-bare-lf-untried", host = name));
    }
    if ended.is_empty() {
        return BARE_LF
            .pass(name, note!("smtp-bare-lf", host = name))
            .evidences(own.line_ends.iter().map(told));
    }
    BARE_LF
        .fail(name, note!("smtp-bare-lf-ends", host = name))
        .evidences(ended.into_iter().map(told))
        .fix(Fix::new(note!("smtp-bare-lf-fix", host = name)))
}

fn starttls_injection(visit: &Visit, own: &OwnSeen) -> Finding {
    let name = &visit.name;
    match &own.injection {
        Some(Injection::Obeyed(reply)) => STARTTLS_INJECTION
            .fail(name, note!("smtp-starttls-injection-obeyed", host = name))
            .evidence(reply)
            .fix(Fix::new(note!("smtp-starttls-injection-fix", host = name))),
        Some(Injection::Discarded) => {
            STARTTLS_INJECTION.pass(name, note!("smtp-starttls-injection", host = name))
        }
        Some(Injection::Refused(reply)) => {
            STARTTLS_INJECTION.pass(name, note!("smtp-starttls-injection", host = name)).evidence(reply)
        }
        Some(Injection::Untried(_)) | None => {
            STARTTLS_INJECTION.not_applicable(name, note!("smtp-starttls-injection-untried", host = name))
        }
    }
}

fn postmaster(visit: &Visit, own: &OwnSeen) -> Finding {
    let name = &visit.name;
    let lines = own.postmaster.iter().map(line);
    if own.postmaster.is_empty() {
        return POSTMASTER.unknown(name, note!("smtp-own-untried", host = name));
    }
    if own.postmaster.iter().all(accepted) {
        return POSTMASTER.pass(name, note!("smtp-postmaster", host = name)).evidences(lines);
    }
    if own.postmaster.iter().any(|tried| tried.reply.code >= 500) {
        let fix = Fix::new(note!("smtp-postmaster-fix", host = name));
        return POSTMASTER
            .fail(name, note!("smtp-postmaster-refused", host = name))
            .evidences(lines)
            .fix(fix);
    }
    POSTMASTER.unknown(name, note!("smtp-own-later", host = name)).evidences(lines)
}

fn abuse(visit: &Visit, own: &OwnSeen) -> Finding {
    let name = &visit.name;
    match &own.abuse {
        None => ABUSE.unknown(name, note!("smtp-own-untried", host = name)),
        Some(tried) if accepted(tried) => {
            ABUSE.pass(name, note!("smtp-abuse", host = name)).evidence(line(tried))
        }
        Some(tried) if tried.reply.code >= 500 => ABUSE
            .warn(name, note!("smtp-abuse-refused", host = name))
            .evidence(line(tried))
            .fix(Fix::new(note!("smtp-abuse-fix", host = name))),
        Some(tried) => ABUSE.unknown(name, note!("smtp-own-later", host = name)).evidence(line(tried)),
    }
}

fn null_sender(visit: &Visit, own: &OwnSeen) -> Finding {
    let name = &visit.name;
    match &own.null_sender {
        None => NULL_SENDER.unknown(name, note!("smtp-own-untried", host = name)),
        Some(tried) if accepted(tried) => {
            NULL_SENDER.pass(name, note!("smtp-null-sender", host = name)).evidence(line(tried))
        }
        Some(tried) if tried.reply.code >= 500 => NULL_SENDER
            .fail(name, note!("smtp-null-sender-refused", host = name))
            .evidence(line(tried))
            .fix(Fix::new(note!("smtp-null-sender-fix", host = name))),
        Some(tried) => NULL_SENDER.unknown(name, note!("smtp-own-later", host = name)).evidence(line(tried)),
    }
}

/// A host that takes everything may be meant to, for one mailbox that gets all: that cannot be seen from outside.
fn backscatter(visit: &Visit, own: &OwnSeen) -> Finding {
    let name = &visit.name;
    match &own.unknown {
        None => BACKSCATTER.unknown(name, note!("smtp-own-untried", host = name)),
        Some(tried) if accepted(tried) => BACKSCATTER
            .warn(name, note!("smtp-backscatter-taken", host = name))
            .evidence(line(tried))
            .fix(Fix::new(note!("smtp-backscatter-fix", host = name)))
            .likely(),
        Some(tried) if tried.reply.code >= 500 => {
            BACKSCATTER.pass(name, note!("smtp-backscatter", host = name)).evidence(line(tried))
        }
        Some(tried) => BACKSCATTER.unknown(name, note!("smtp-own-later", host = name)).evidence(line(tried)),
    }
}

fn auth_on_25(visit: &Visit, seen: &SmtpSeen) -> Finding {
    let name = &visit.name;
    if !visit.ours {
        return AUTH_ON_25.not_applicable(name, note!("smtp-not-ours", host = name));
    }
    let auth = |offered: &Option<tegami_proto::smtp::client::Capabilities>| {
        let lines = offered.iter().flat_map(|offered| offered.lines.iter());
        lines.filter(|line| line.to_ascii_uppercase().starts_with("AUTH")).cloned().collect::<Vec<_>>()
    };
    let fix = || Fix::new(note!("smtp-auth-on-25-fix", host = name));
    let (clear, tls) = (auth(&seen.offered), auth(&seen.offered_under_tls));
    if !clear.is_empty() {
        return AUTH_ON_25
            .fail(name, note!("smtp-auth-on-25-clear", host = name))
            .evidences(clear)
            .fix(fix());
    }
    if !tls.is_empty() {
        return AUTH_ON_25.info(name, note!("smtp-auth-on-25-tls", host = name)).evidences(tls).fix(fix());
    }
    AUTH_ON_25.pass(name, note!("smtp-auth-on-25", host = name))
}

fn limits(visit: &Visit, seen: &SmtpSeen) -> Finding {
    let name = &visit.name;
    let sessions = visit.own.as_ref().ok().and_then(|own| own.sessions);
    let Some((granted, of)) = sessions.filter(|_| visit.ours) else {
        return LIMITS.not_applicable(name, note!("smtp-not-ours", host = name));
    };
    let offered = seen.offered_under_tls.as_ref().or(seen.offered.as_ref());
    let lines = offered.into_iter().flat_map(|offered| offered.lines.iter());
    let told = lines.filter(|line| line.to_ascii_uppercase().starts_with("LIMITS"));
    let found = if granted < of {
        LIMITS.info(name, note!("smtp-limits-fewer", host = name, granted = granted, of = of))
    } else {
        LIMITS.pass(name, note!("smtp-limits", host = name, granted = granted))
    };
    found.evidences(told)
}
