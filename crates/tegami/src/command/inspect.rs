//! `tegami inspect`: a message, verified as a receiver would.
//!
//! Exit status 1 where DMARC fails or is left open, or, where no DMARC policy applies, where SPF or DKIM fails and nothing
//! passes; 0 otherwise. 2 where the message cannot be judged: the file is not there, or nothing says from which
//! address it came.

mod alignment;
mod circumstances;
mod remedy;
mod text;
mod what_if;

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use tegami_auth::dkim::DkimResult;
use tegami_auth::dmarc::DmarcResult;
use tegami_auth::received::{self, Hop, Tls};
use tegami_auth::spf::SpfResult;
use tegami_auth::verify::{self, Client, Verdicts};
use tegami_dns::Resolver;
use tegami_doctor::probe::NoProbes;
use tegami_doctor::score::Score;
use tegami_doctor::{Arrival, Asked, Case, Examination};
use tegami_inbound::{Disposition, OnFail, Policy, dispose};
use tegami_mail::line::to_crlf;
use tegami_mail::{Clock as _, HeaderLimits, HeaderSection, Note, note};
use tegami_queue::SystemClock;

use super::{Context, Failure, Outcome, Report, dns};
use crate::cli;
use alignment::{Identifier, Older};
use circumstances::{Circumstances, Source};

/// Everything that is told of a message.
struct Findings {
    circumstances: Circumstances,
    verdicts: Verdicts,
    identifiers: Vec<Identifier>,
    older: Option<Older>,
    hops: Vec<Hop>,
    /// What the doctor makes of it.
    examination: Examination,
    score: Score,
    /// `accept`, `quarantine`, `reject` or `defer`, and why.
    decision: (&'static str, Option<Note>),
}

/// Judges a message.
pub(crate) async fn run(inspect: &cli::Inspect, context: &Context) -> Result<Report, Failure> {
    let changes = what_if::changes(&inspect.what_if)?;
    let resolver = dns::resolver(&inspect.dns)?;
    let raw = read(&inspect.file)?;
    let content = to_crlf(&raw);
    let section = header_section(&content)?;
    let mut circumstances = Circumstances::find(inspect, &section, SystemClock.now())?;
    circumstances.lists = super::check::examine::lists(context.config().ok().as_ref());
    let findings = judge(circumstances, &content, &resolver).await?;
    if !changes.is_empty() {
        return what_if::run(&changes, findings, &content, resolver, context).await;
    }
    let mut report = if context.json {
        Report::json(&as_json(&findings, context))
    } else {
        Report::well(text::render(&findings, &section, inspect.explain, context))
    };
    report.outcome = outcome(&findings);
    Ok(report)
}

fn header_section(content: &[u8]) -> Result<HeaderSection<'_>, Failure> {
    HeaderSection::parse(content, HeaderLimits::GENEROUS)
        .map_err(|error| note!("cli-send-bad-header", reason = error).into())
}

/// Verifies a content as it comes under these circumstances.
async fn judge(
    circumstances: Circumstances,
    content: &[u8],
    resolver: &Arc<dyn Resolver>,
) -> Result<Findings, Failure> {
    let client = Client {
        ip: circumstances.ip.value,
        helo: &circumstances.helo.value,
        mail_from: &circumstances.mail_from.value,
        receiver: &circumstances.authserv_id,
        now: circumstances.now,
    };
    let early = verify::early(&client, &**resolver).await;
    let verdicts = verify::message(&client, early, content, &**resolver).await;
    let hops = received::chain(&header_section(content)?, Some(client.ip));
    let (identifiers, older) = alignment::alignment(&verdicts, &**resolver).await;
    let arrival = arrival(&circumstances, content, verdicts, &hops);
    let examination = examine(&arrival, &circumstances, resolver).await;
    Ok(Findings {
        identifiers,
        older,
        score: tegami_doctor::score::score(&examination.findings),
        examination,
        decision: decide(&arrival.verdicts),
        circumstances,
        verdicts: arrival.verdicts,
        hops,
    })
}

/// What the doctor is told. How the message was declared and for whom it was, only its receiver knew.
fn arrival(at: &Circumstances, content: &[u8], verdicts: Verdicts, hops: &[Hop]) -> Arrival {
    Arrival {
        content: content.to_vec(),
        verdicts,
        mail_from_told: at.mail_from.source != Source::Nowhere,
        tls: hops.iter().find(|hop| hop.verified).map_or(Tls::Unknown, |hop| hop.tls),
        recipients: Vec::new(),
        body: None,
        smtputf8: None,
        keys: Vec::new(),
    }
}

/// The doctor looks at the message by the DNS alone: no link is followed, and nobody is unsubscribed.
async fn examine(arrival: &Arrival, at: &Circumstances, resolver: &Arc<dyn Resolver>) -> Examination {
    let mut known = tegami_doctor::Known::nothing(at.now, at.reach);
    known.lists = Arc::clone(&at.lists);
    let case = Case { asked: Arc::new(Asked::new(Arc::clone(resolver))), probes: Arc::new(NoProbes), known };
    tegami_doctor::message(arrival, case, &|_| {}).await
}

fn outcome(findings: &Findings) -> Outcome {
    if fails(&findings.verdicts) { Outcome::Finding } else { Outcome::Well }
}

/// A file, or standard input for `-`.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut content = Vec::new();
    let done = if path == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut content).map(|_| ())
    } else {
        std::fs::read(path).map(|read| content = read)
    };
    done.map_err(|error| note!("cli-file-unreadable", file = path.display(), reason = error))?;
    Ok(content)
}

/// What our own reception would do, with the policy that most receivers have: SPF alone refuses nothing.
fn decide(verdicts: &Verdicts) -> (&'static str, Option<Note>) {
    let policy = Policy { dmarc_reject: OnFail::Refuse, spf_fail: OnFail::Mark };
    match dispose(verdicts, &policy) {
        Disposition::Inbox => ("accept", None),
        Disposition::Junk(why) => ("quarantine", Some(why)),
        Disposition::Refuse(reply, why) if reply.code >= 500 => ("reject", Some(why)),
        Disposition::Refuse(_, why) => ("defer", Some(why)),
    }
}

fn fails(verdicts: &Verdicts) -> bool {
    match verdicts.dmarc.result {
        DmarcResult::Pass => false,
        DmarcResult::Fail | DmarcResult::TempError | DmarcResult::PermError => true,
        DmarcResult::None => {
            let spf = verdicts.early.spf_mail_from.result;
            let dkim = |wanted: &[DkimResult]| verdicts.dkim.iter().any(|one| wanted.contains(&one.result));
            let passes = spf == SpfResult::Pass || dkim(&[DkimResult::Pass]);
            let fails = spf == SpfResult::Fail || dkim(&[DkimResult::Fail, DkimResult::PermError]);
            fails && !passes
        }
    }
}

fn as_json(findings: &Findings, context: &Context) -> Value {
    let render = &|note: &Note| context.say(note).into();
    let at = &findings.circumstances;
    let mut shown = tegami_auth::json::verdicts(&findings.verdicts, &at.authserv_id, render);
    if let Some(members) = shown.as_object_mut() {
        let (decision, why) = &findings.decision;
        members.insert("received".to_owned(), tegami_auth::json::received(&findings.hops));
        members.extend(report(findings, context));
        members.insert("decision".to_owned(), (*decision).into());
        members.insert("decision_reason".to_owned(), json!(why.as_ref().map(|note| context.say(note))));
        members.insert("envelope".to_owned(), at.as_json());
    }
    if let (Some(older), Some(dmarc)) =
        (&findings.older, shown.get_mut("dmarc").and_then(|dmarc| dmarc.as_object_mut()))
    {
        let (verdict, differences) = (&older.verdict, &older.differences);
        let older = tegami_auth::json::public_suffix(&verdict.discovery, Some(verdict), differences, render);
        dmarc.insert("public_suffix".to_owned(), older);
    }
    shown
}

/// What the doctor says of it; each finding of the score with the record that it speaks of.
fn report(findings: &Findings, context: &Context) -> Map<String, Value> {
    let mut told = tegami_words::told(context.language, &tegami_doctor::json::report(&findings.examination));
    let scored = told.pointer_mut("/score/findings").and_then(Value::as_array_mut).into_iter().flatten();
    for (shown, deduction) in scored.zip(&findings.score.deductions) {
        if let Some(members) = shown.as_object_mut() {
            let record = remedy::record(&deduction.finding, &findings.verdicts);
            members.insert("record".to_owned(), json!(record));
        }
    }
    match told {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
