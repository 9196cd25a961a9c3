//! `tegami lookup spf`: whether an address may send for a domain, step by step.

use tegami_auth::json;
use tegami_auth::spf::{self, Identity, MAX_LOOKUPS, MAX_VOID_LOOKUPS, Request, SpfResult, Verdict};
use tegami_dns::Resolver;
use tegami_mail::{Clock as _, ReversePath, note};
use tegami_queue::SystemClock;

use super::super::prose::Prose;
use super::{Context, Failure, Report, report};
use crate::cli::SpfQuestion;

/// What is checked. The parts are taken as they stand, because it is for SPF to say what it makes of them.
struct Subject<'q> {
    identity: Identity,
    local_part: &'q str,
    domain: &'q str,
}

impl<'q> Subject<'q> {
    /// `--mail-from`; where that is null or missing, HELO as `postmaster@HELO` (RFC 7208 section 2.4); a domain alone stands
    /// for its postmaster.
    fn of(question: &'q SpfQuestion) -> Result<Self, Failure> {
        let helo = question.helo.as_deref();
        let (identity, local_part, domain) = match (question.mail_from.as_deref(), &question.domain, helo) {
            (Some(""), _, Some(helo)) | (None, None, Some(helo)) => (Identity::Helo, "", helo),
            (Some(""), Some(domain), None) | (None, Some(domain), _) => (Identity::MailFrom, "", &**domain),
            (Some(""), None, None) | (None, None, None) => {
                return Err(note!("cli-spf-nothing-to-check").into());
            }
            (Some(address), ..) => {
                let (local_part, domain) = address.rsplit_once('@').unwrap_or(("", address));
                (Identity::MailFrom, local_part, domain)
            }
        };
        Ok(Self { identity, local_part, domain })
    }
}

pub(super) async fn run(
    question: &SpfQuestion,
    context: &Context,
    resolver: &dyn Resolver,
) -> Result<Report, Failure> {
    let subject = Subject::of(question)?;
    let now = SystemClock.now();
    let request = Request {
        ip: question.ip,
        helo: question.helo.as_deref().unwrap_or(subject.domain),
        mail_from: &ReversePath::Null,
        receiver: "unknown",
        now,
    };
    let verdict =
        spf::check_host(&request, subject.identity, subject.local_part, subject.domain, resolver).await;
    let as_json = || json::spf(&verdict, &|note| context.say(note).into());
    Ok(report(context, verdict.result == SpfResult::Pass, as_json, || text(question, context, &verdict)))
}

fn text(question: &SpfQuestion, context: &Context, verdict: &Verdict) -> String {
    let mut prose = Prose::new(context);
    let identity = match verdict.identity {
        Identity::Helo => "HELO",
        Identity::MailFrom => "MAIL FROM",
    };
    prose.verdict(&format!("SPF {identity} {} {}", verdict.domain, question.ip), verdict.result.as_str());
    tell_decision(&mut prose, verdict);
    prose.heading(&context.word("cli-steps"));
    prose.steps(&verdict.steps);
    prose.gap();
    tell_lookups(&mut prose, verdict);
    prose.into_text()
}

/// The term that decided, and the owner's own words.
pub(crate) fn tell_decision(prose: &mut Prose<'_>, verdict: &Verdict) {
    if let Some(step) = verdict.deciding_step() {
        match verdict.mechanism() {
            Some(term) => {
                prose.sentence(3, &note!("cli-spf-decided", term = term, domain = step.domain), "");
                prose.decided(step);
            }
            None => prose.decided(step),
        }
    }
    if let Some(explanation) = &verdict.explanation {
        prose.sentence(3, &note!("spf-explanation", text = explanation), "RFC 7208 section 6.2");
    }
}

/// How much of the limits was used.
pub(crate) fn tell_lookups(prose: &mut Prose<'_>, verdict: &Verdict) {
    let note = note!(
        "cli-spf-lookups",
        lookups = verdict.lookups,
        limit = MAX_LOOKUPS,
        void = verdict.void_lookups,
        void_limit = MAX_VOID_LOOKUPS
    );
    prose.sentence(3, &note, "RFC 7208 section 4.6.4");
}
