//! The doctor makes rounds: domains of ours and the addresses that our mail leaves from are looked at again and again, and what is worse or better than
//! before is told, in an event and by mail.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tegami_doctor::memory::{Changed, Row};
use tegami_inbound::Shutdown;
use tegami_mail::compose::{MessageBuilder, message_id};
use tegami_mail::{Address, NameAddr, Note, note};
use tegami_queue::Languages;
use tegami_store::{EventKind, NewEvent, StoreError};
use tegami_web::{Checkup, Checkups, Patient, Watched};
use tegami_words::Language;
use tokio::sync::watch;

use super::practice::Practice;
use super::{House, Rooms};
use crate::config::Config;

/// The first round begins so long after the server: whoever starts one has just looked.
const FIRST: Duration = Duration::from_secs(600);

/// Makes rounds until `shutdown`, as often as the configuration of the hour says.
pub(super) async fn make_rounds(
    mut house: watch::Receiver<House>,
    practice: Practice,
    mut shutdown: Shutdown,
) {
    let mut wait = FIRST;
    loop {
        let House { rooms, config, .. } = house.borrow_and_update().clone();
        let round = async {
            let Some(every) = config.monitor.every else { return std::future::pending().await };
            tokio::time::sleep(wait.min(every)).await;
            make_round(&rooms, &config, &practice).await;
            every
        };
        tokio::select! {
            every = round => wait = every,
            // The wait begins anew: a reload is seldom.
            changed = house.changed() => if changed.is_err() { return },
            () = shutdown.requested() => return,
        }
    }
}

/// Looks at everybody once.
async fn make_round(rooms: &Rooms, config: &Config, practice: &Practice) {
    let checkups = practice.checkups(rooms, config);
    let domains = match rooms.domains.roll().await {
        Ok(roll) => roll.iter().map(|ours| Patient::Domain(ours.name.clone())).collect(),
        Err(error) => {
            tracing::warn!(%error, "domains cannot be looked up for a round of the doctor");
            Vec::new()
        }
    };
    let public = |ip: &&IpAddr| practice.reach.has(**ip);
    let addresses = config.delivery.sources.iter().filter(public).copied().map(Patient::Address);
    for patient in domains.into_iter().chain(addresses) {
        if let Err(error) = look(&checkups, &patient, rooms, config).await {
            tracing::warn!(%error, %patient, "the doctor could not look");
        }
    }
}

/// Looks at one, and tells what has changed.
async fn look(
    checkups: &Checkups,
    patient: &Patient,
    rooms: &Rooms,
    config: &Config,
) -> Result<(), StoreError> {
    let Watched { checkup, changes, first } = checkups.watch(patient).await?;
    if first {
        tracing::info!(target: "tegami::doctor", %patient, "examined for the first time");
    }
    if changes.is_empty() {
        return Ok(());
    }
    let worse = changes.iter().filter(|change| change.worse).count();
    tracing::info!(target: "tegami::doctor", %patient, worse, better = changes.len() - worse, "examined");
    let domain = match patient {
        Patient::Domain(domain) => domain,
        Patient::Address(_) => &config.hostname,
    };
    let event = NewEvent {
        kind: EventKind::Examined,
        at: checkup.at,
        domain: domain.to_string(),
        message: None,
        recipient: None,
        data: json!({
            "subject": checkup.subject,
            "changes": changes.iter().map(Changed::as_json).collect::<Vec<_>>(),
        })
        .into(),
    };
    rooms.store.record(vec![event]).await?;
    let lead = lead(&checkup, &changes);
    tell(&checkup, &changes, &lead, rooms, config).await;
    Ok(())
}

fn lead(checkup: &Checkup, changes: &[Changed]) -> Note {
    let worse = changes.iter().filter(|change| change.worse).count();
    note!("cli-monitor-lead", subject = checkup.subject, worse = worse, better = changes.len() - worse)
}

/// Writes to whoever looks after the server, in a letter that begins so.
pub(super) async fn tell(
    checkup: &Checkup,
    changes: &[Changed],
    lead: &Note,
    rooms: &Rooms,
    config: &Config,
) {
    let Some(author) = config.domains.first() else { return };
    let postmaster = format!("postmaster@{author}");
    let to = config.monitor.to.clone().or_else(|| Address::parse(&postmaster).ok());
    let (Some(to), Ok(from)) = (to, NameAddr::parse(&postmaster)) else { return };
    let unique = format!("examined.{}.{}", checkup.at.as_millisecond(), checkup.subject);
    let languages: &[Language] = match config.delivery.languages {
        Languages::Both => &Language::ALL,
        Languages::English => &[Language::English],
        Languages::Japanese => &[Language::Japanese],
    };
    let texts: Vec<_> =
        languages.iter().map(|language| letter(checkup, changes, lead, config, *language)).collect();
    let subject = texts.first().map(|(subject, _)| subject.clone());
    let texts: Vec<String> = texts.into_iter().map(|(_, text)| text).collect();
    let message = MessageBuilder {
        from: vec![from],
        to: NameAddr::parse(&to.to_string()).into_iter().collect(),
        subject,
        date: Some(checkup.at),
        message_id: Some(message_id(&unique, author)),
        // Nobody's vacation responder shall answer (RFC 3834 section 5).
        fields: vec![("Auto-Submitted".to_owned(), "auto-generated".to_owned())],
        text: Some(texts.join("\n\n")),
        ..MessageBuilder::default()
    };
    let sent = match message.build(&unique) {
        Ok(content) => rooms
            .intake
            .send_paper(author, to, Bytes::from(content))
            .await
            .err()
            .map(|error| error.to_string()),
        Err(error) => Some(error.to_string()),
    };
    if let Some(error) = sent {
        tracing::warn!(error, subject = checkup.subject, "nobody could be told what the doctor found");
    }
}

/// Subject and text in one language.
fn letter(
    checkup: &Checkup,
    changes: &[Changed],
    lead: &Note,
    config: &Config,
    language: Language,
) -> (String, String) {
    let say = |note| tegami_words::note(language, &note);
    let worse = changes.iter().filter(|change| change.worse).count();
    let better = changes.len() - worse;
    let of = &checkup.subject;
    let subject = say(note!("cli-monitor-subject", subject = of, worse = worse, better = better));
    let mut text = tegami_words::note(language, lead);
    let told = tegami_words::told(language, &checkup.examination);
    let findings = told.get("findings").and_then(Value::as_array).cloned().unwrap_or_default();
    for change in changes {
        let Some(row) = change.row() else { continue };
        let word = if change.worse { note!("cli-monitor-worse") } else { note!("cli-monitor-better") };
        let before = change.before.as_ref().map_or("–", |row| row.state.as_str());
        let now = change.now.as_ref().map_or("–", |row| row.state.as_str());
        text.push_str(&format!("\n\n{}: {} {} ({before} → {now})", say(word), row.id, row.subject));
        for finding in findings.iter().filter(|finding| is_of(finding, row)) {
            text.push_str(&described(finding));
        }
    }
    if let Some(url) = &config.public_url {
        text.push_str(&format!("\n\n{url}/check/{of}"));
    }
    text.push('\n');
    (subject, text)
}

fn is_of(finding: &Value, row: &Row) -> bool {
    finding["id"] == row.id.as_str()
        && finding["subject"] == row.subject.as_str()
        && finding["state"] == row.state.as_str()
}

/// What was seen, what to do, and the records to paste.
fn described(finding: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines = format!("\n  {}\n  {}", text(&finding["title"]), text(&finding["detail"]));
    let fix = &finding["fix"];
    if fix.is_object() {
        lines.push_str(&format!("\n  {}", text(&fix["text"])));
        for record in fix["records"].as_array().into_iter().flatten() {
            let parts = ["op", "name", "type", "value"].map(|part| text(&record[part]));
            lines.push_str(&format!("\n    {}", parts.join(" ")));
        }
    }
    lines
}
