//! `tegami lookup reply`: what a refusal means, and what to do about it. The DNS is not asked.
//!
//! Exit status 0 where the reply says something that we know, 1 where it does not.

use std::io::Read as _;

use serde_json::json;
use tegami_mail::failure::{Cause, Said, Verdict, classify};
use tegami_mail::note;
use tegami_report::dsn;

use super::super::prose::Prose;
use super::super::table::plain;
use super::{Context, Failure, Report, report};
use crate::cli::ReplyQuestion;

/// Most octets read from standard input.
const MOST: u64 = 16 << 20;

/// A refusal, and whom it is about where that is told.
#[derive(Clone)]
struct Bounced {
    recipient: Option<String>,
    said: Said,
}

pub(super) fn run(question: &ReplyQuestion, context: &Context) -> Result<Report, Failure> {
    let mut bounced = match question.reply.as_deref() {
        Some(reply) if reply != "-" => vec![of_text(reply)],
        _ => of_input()?,
    };
    for one in &mut bounced {
        one.said.host = question.mx.clone().or(one.said.host.take());
    }
    let told: Vec<(Bounced, Verdict)> =
        bounced.into_iter().map(|one| (one.clone(), classify(&one.said))).collect();
    let known = !told.is_empty() && told.iter().all(|(_, verdict)| verdict.cause != Cause::Unknown);
    let as_json = || json!({"replies": told.iter().map(|one| member(one, context)).collect::<Vec<_>>()});
    let as_text = || {
        let mut prose = Prose::new(context);
        for one in &told {
            tell(&mut prose, one, context);
        }
        if told.is_empty() {
            prose.paragraph(0, &context.word("cli-reply-none"));
        }
        prose.into_text()
    };
    Ok(report(context, known, as_json, as_text))
}

fn of_text(text: &str) -> Bounced {
    Bounced { recipient: None, said: Said::parse(text) }
}

/// A notification with all its replies, or a reply alone.
fn of_input() -> Result<Vec<Bounced>, Failure> {
    let mut content = Vec::new();
    let done = std::io::stdin().lock().take(MOST).read_to_end(&mut content);
    done.map_err(|error| note!("cli-file-unreadable", file = "-", reason = error))?;
    let Some(notice) = dsn::read(&content) else {
        return Ok(vec![of_text(&String::from_utf8_lossy(&content))]);
    };
    let of =
        |one: &dsn::Recipient| Bounced { recipient: one.address().map(ToOwned::to_owned), said: one.said() };
    Ok(notice.recipients.iter().map(of).collect())
}

fn member((bounced, verdict): &(Bounced, Verdict), context: &Context) -> serde_json::Value {
    let said = &bounced.said;
    json!({
        "recipient": bounced.recipient,
        "host": said.host,
        "code": said.code,
        "enhanced": said.enhanced,
        "text": said.text,
        "verdict": tegami_words::told(context.language, &serde_json::to_value(verdict).unwrap_or_default()),
        "retry": verdict.retry(),
        "bad_address": verdict.is_bad_address(),
    })
}

fn tell(prose: &mut Prose<'_>, (bounced, verdict): &(Bounced, Verdict), context: &Context) {
    let said = &bounced.said;
    let mut title: Vec<String> = bounced.recipient.iter().map(|recipient| plain(recipient)).collect();
    title.extend(said.code.map(|code| code.to_string()));
    title.extend(said.enhanced.map(|code| code.to_string()));
    let title = if title.is_empty() { context.word("cli-reply-title") } else { title.join(" ") };
    prose.verdict(&title, verdict.cause.as_str());
    for line in explanation(verdict, context) {
        prose.paragraph(2, &line);
    }
    let word = |id: &str| context.word(id);
    let mut pairs = vec![
        (word("cli-label-about"), word(&format!("failure-about-{}", verdict.about))),
        (word("cli-label-certainty"), word(&format!("cli-certainty-{}", verdict.certainty))),
    ];
    pairs.extend(verdict.provider.map(|provider| (word("cli-label-provider"), provider.to_string())));
    pairs.push((word("cli-label-rule"), verdict.rule.clone()));
    pairs.extend(verdict.source.clone().map(|source| (word("cli-label-source"), source)));
    pairs.extend(verdict.link.as_deref().map(|link| (word("cli-label-link"), plain(link))));
    prose.gap();
    prose.pairs(&pairs);
}

/// Meaning and advice, and whether the code is to be believed.
pub(in super::super) fn explanation(verdict: &Verdict, context: &Context) -> Vec<String> {
    let say = |note: &tegami_mail::StoredNote| {
        plain(&tegami_words::text(context.language, &note.id, &note.values()))
    };
    let mut lines = vec![say(&verdict.meaning)];
    if verdict.contradicts_code() {
        let id = if verdict.retry() && verdict.said != Some(tegami_mail::failure::Lasting::Transient) {
            "cli-reply-passes"
        } else {
            "cli-reply-never-passes"
        };
        lines.push(context.word(id));
    }
    lines.push(say(&verdict.advice));
    lines
}
