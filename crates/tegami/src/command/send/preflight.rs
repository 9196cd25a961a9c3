//! `tegami send --preflight`: what the receivers of a message would make of it, were it sent now. Nothing is.
//!
//! Exit status 0 where nothing fails, 1 where something does.

use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use serde_json::Value;
use tegami_mail::{Domain, Envelope, note};
use tegami_queue::{Authenticated, Controls, Options, Submitted, SystemClock, Trace};
use tegami_store::Origin;

use super::{origin, recipients, reverse_path};
use crate::cli::Send;
use crate::command::prose::Prose;
use crate::command::serve::resolver;
use crate::command::{Context, Failure, Outcome, Report, score, who};
use crate::config::Config;
use crate::server::control::{self, Request};
use crate::server::{House, Practice, PreflightDesk, Rooms, choose_returns, controls, rehearse};

/// Has it judged by the running server, which knows how mail leaves, or, while none runs, by the same rules here.
pub(super) async fn run(
    context: &Context,
    config: &Config,
    envelope: Envelope,
    content: Vec<u8>,
) -> Result<Outcome, Failure> {
    let request = request(context, &envelope, &content);
    if let Some(response) = control::ask(&config.data, &request).await? {
        anstream::print!("{}", response.output);
        anstream::eprint!("{}", response.errors);
        return match response.status {
            0 => Ok(Outcome::Well),
            1 => Ok(Outcome::Finding),
            _ => Err(Failure::Told),
        };
    }
    let rooms = Rooms::open(config, Arc::new(SystemClock)).await?;
    let resolver = resolver(config)?;
    let practice = Practice::of(config, Arc::clone(&resolver));
    choose_returns(config, &rooms, &resolver).await;
    let report = judge(envelope, content, context, &rooms, &practice, config).await?;
    anstream::print!("{}", report.text);
    Ok(report.outcome)
}

/// The same command for the server: everything that is this terminal's is spelt out.
fn request(context: &Context, envelope: &Envelope, content: &[u8]) -> Request {
    let words = ["tegami", "send", "--preflight"].map(str::to_owned);
    let json = context.json.then(|| "--json".to_owned());
    let path = format!("--from={}", envelope.reverse_path);
    let recipients = envelope.forward_paths.iter().map(|path| path.address.to_string());
    let arguments = words.into_iter().chain(json).chain([path, "--".to_owned()]).chain(recipients).collect();
    Request {
        arguments,
        language: context.language.tag().to_owned(),
        // JSON has no octets: each travels as the character of its number.
        input: Some(content.iter().map(|octet| char::from(*octet)).collect()),
        who: who(),
    }
}

/// On the server.
pub(crate) async fn remotely(
    send: &Send,
    input: Option<&str>,
    context: &Context,
    house: &House,
) -> Result<Report, Failure> {
    let octets = input.unwrap_or_default().chars().map(|letter| u8::try_from(u32::from(letter)));
    let content: Vec<u8> = octets
        .collect::<Result<_, _>>()
        .map_err(|_| Failure::Text("the message is not octets".to_owned()))?;
    let House { rooms, config, practice, .. } = house;
    let recipients = recipients(&send.recipients, false, &content)?;
    let path = reverse_path(send.from.as_deref(), &content, origin(config))?;
    judge(Envelope::new(path, recipients), content, context, rooms, practice, config).await
}

async fn judge(
    envelope: Envelope,
    content: Vec<u8>,
    context: &Context,
    rooms: &Rooms,
    practice: &Practice,
    config: &Config,
) -> Result<Report, Failure> {
    let (stage, rehearsal) = rehearse(rooms, config).await?;
    let uid = std::fs::metadata("/proc/self")?.uid();
    let account = Authenticated::by_kernel(uid, rooms.domains.senders().await?);
    let trace = Trace { protocol: "ESMTP".to_owned(), ..Trace::default() };
    let submitted = Submitted {
        local: true,
        origin: Origin::Submission { account: account.account().to_owned() },
        account,
        domain: domain_of(&envelope, rooms, config).await?,
        envelope,
        content: content.into(),
        options: Options { trace: Some(trace), ..Options::default() },
    };
    let submitted = controls(&stage, practice, config).submit(submitted).await;
    let Some(departure) = rehearsal.take() else {
        return match submitted {
            Err(declined) => Err(note!("cli-preflight-declined", reply = declined.reply).into()),
            Ok(id) => Err(note!("cli-preflight-known", id = id).into()),
        };
    };
    let judgement = PreflightDesk::new(rooms, practice, config).judge(&departure).await;
    let told = tegami_words::told(context.language, &judgement.to_json());
    let outcome = if judgement.fails() { Outcome::Finding } else { Outcome::Well };
    let report = if context.json {
        Report::json(&serde_json::json!({"fails": judgement.fails(), "report": told}))
    } else {
        let summary = &departure.message.summary;
        Report::well(text(&told, (&summary.from, &summary.subject), context))
    };
    Ok(Report { outcome, ..report })
}

/// The sending domain: one of ours, where the reverse-path belongs to one.
async fn domain_of(envelope: &Envelope, rooms: &Rooms, config: &Config) -> Result<Domain, Failure> {
    let named = envelope.reverse_path.address().and_then(|address| address.domain()).cloned();
    let domain = named.unwrap_or_else(|| origin(config).clone());
    let roll = rooms.domains.roll().await?;
    Ok(roll.sending(&domain).map_or(domain, |ours| ours.name.clone()))
}

/// For people: from where it would leave, then what a test inbox tells.
fn text(told: &Value, about: (&str, &str), context: &Context) -> String {
    let mut prose = Prose::new(context);
    let leaves = &told["leaves"];
    let path = match leaves["mail_from"].as_str() {
        Some(path) if !path.is_empty() => path,
        _ => "<>",
    };
    let places: Vec<String> = leaves["from"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|place| {
            let text = |name: &str| place[name].as_str().unwrap_or_default();
            format!("{} ({})", text("ip"), text("helo"))
        })
        .collect();
    let lead = match leaves["through"].as_str() {
        Some(relay) => note!("cli-preflight-relayed", path = path, relay = relay),
        None if places.is_empty() => note!("cli-preflight-somewhere", path = path),
        None => note!("cli-preflight-lead", path = path, places = places.join(", ")),
    };
    prose.sentence(0, &lead, "");
    prose.gap();
    score::tell(&mut prose, about, told, context);
    let findings = told.pointer("/examination/findings").and_then(Value::as_array);
    let counted = |state: &str| findings.into_iter().flatten().filter(|one| one["state"] == state).count();
    let (failing, open) = (counted("fail"), counted("unknown"));
    prose.gap();
    let end = if failing == 0 {
        note!("cli-preflight-well")
    } else {
        note!("cli-preflight-fails", count = failing)
    };
    prose.sentence(0, &end, "");
    if open > 0 {
        prose.sentence(0, &note!("cli-preflight-open", open = open), "");
    }
    prose.into_text()
}
