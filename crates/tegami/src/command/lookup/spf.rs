//! `tegami lookup spf`: whether an address may send for a domain, step by step; without an address, the survey of the
//! domain's record.

mod survey;

use serde_json::{Value, json};
use tegami_auth::json;
use tegami_auth::spf::survey::State;
use tegami_auth::spf::{self, Identity, MAX_LOOKUPS, MAX_VOID_LOOKUPS, Request, SpfResult, Survey, Verdict};
use tegami_dns::Resolver;
use tegami_mail::{Clock as _, Note, ReversePath, note};
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

/// What was found.
struct Answer {
    /// The identity that was asked for.
    verdict: Verdict,
    /// The HELO identity, where it is known and not the one that was asked for: neither hides the other.
    helo: Option<Verdict>,
    survey: Survey,
}

pub(super) async fn run(
    question: &SpfQuestion,
    context: &Context,
    resolver: &dyn Resolver,
) -> Result<Report, Failure> {
    let subject = Subject::of(question)?;
    let render = |note: &Note| Value::from(context.say(note));
    let survey = spf::survey(subject.domain, resolver).await;
    let Some(ip) = question.ip.or(question.client) else {
        let as_json = || json!({ "domain": survey.domain, "survey": json::spf_survey(&survey, &render) });
        let good = survey.worst() <= State::Info;
        return Ok(report(context, good, as_json, || survey::text(&survey, context)));
    };
    let request = Request {
        ip,
        helo: question.helo.as_deref().unwrap_or(subject.domain),
        mail_from: &ReversePath::Null,
        receiver: "unknown",
        now: SystemClock.now(),
    };
    let verdict =
        spf::check_host(&request, subject.identity, subject.local_part, subject.domain, resolver).await;
    let helo = match (&question.helo, subject.identity) {
        (Some(_), Identity::MailFrom) => Some(spf::check_helo(&request, resolver).await),
        _ => None,
    };
    let answer = Answer { verdict, helo, survey };
    let as_json = || {
        let mut shown = json::spf(&answer.verdict, &render);
        if let Some(members) = shown.as_object_mut() {
            members.extend(answer.helo.iter().map(|helo| ("helo".to_owned(), json::spf(helo, &render))));
            members.insert("survey".to_owned(), json::spf_survey(&answer.survey, &render));
        }
        shown
    };
    let good = answer.verdict.result == SpfResult::Pass;
    Ok(report(context, good, as_json, || text(&ip.to_string(), context, &answer)))
}

fn text(ip: &str, context: &Context, answer: &Answer) -> String {
    let mut prose = Prose::new(context);
    for verdict in std::iter::once(&answer.verdict).chain(&answer.helo) {
        let identity = match verdict.identity {
            Identity::Helo => "HELO",
            Identity::MailFrom => "MAIL FROM",
        };
        prose.verdict(&format!("SPF {identity} {} {ip}", verdict.domain), verdict.result.as_str());
        tell_decision(&mut prose, verdict);
        prose.heading(&context.word("cli-steps"));
        prose.steps(&verdict.steps);
        prose.gap();
        tell_lookups(&mut prose, verdict);
    }
    survey::short(&mut prose, &answer.survey, context);
    survey::results(&mut prose, &answer.survey, Some(&answer.verdict), context);
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
