//! `tegami mailbox`: received mail.

use serde_json::json;
use tegami_mail::{Address, note};
use tegami_queue::Locality;
use tegami_store::MailboxEntry;

use super::{Context, Failure, Report, table};
use crate::cli::Mailbox;
use crate::server::Rooms;

/// Messages asked for at once.
const PAGE: usize = 500;

/// Lists mailboxes or messages, or shows a message.
pub(crate) async fn run(mailbox: &Mailbox, context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
    match mailbox {
        Mailbox::List { address, mailbox: None } => mailboxes(&parse(address)?, context, rooms).await,
        Mailbox::List { address, mailbox: Some(mailbox) } => {
            messages(&parse(address)?, mailbox, context, rooms).await
        }
        Mailbox::Show { address, mailbox, uid } => {
            show(&parse(address)?, mailbox, *uid, context, rooms).await
        }
    }
}

fn parse(address: &str) -> Result<Address, Failure> {
    Ok(Address::parse(address)
        .map_err(|error| note!("cli-bad-address", address = address, reason = error))?)
}

async fn mailboxes(owner: &Address, context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
    let found = rooms.store.mailboxes(owner).await?;
    if found.is_empty() && !matches!(rooms.local.find(owner).await?, Locality::Mailboxes(_)) {
        return Err(note!("cli-mailbox-nobody", address = owner).into());
    }
    if context.json {
        let list: Vec<_> =
            found.iter().map(|(name, count)| json!({"mailbox": name, "messages": count})).collect();
        return Ok(Report::json(&json!({"owner": owner, "mailboxes": list})));
    }
    if found.is_empty() {
        return Ok(Report::well(context.say(&note!("cli-mailbox-none", address = owner))));
    }
    let heading = ["mailbox", "messages"].map(|column| context.word(&format!("cli-column-{column}")));
    let rows: Vec<_> = found.into_iter().map(|(name, count)| vec![name, count.to_string()]).collect();
    Ok(Report::well(table::render(&heading, &rows)))
}

async fn messages(
    owner: &Address,
    mailbox: &str,
    context: &Context,
    rooms: &Rooms,
) -> Result<Report, Failure> {
    let mut entries: Vec<MailboxEntry> = Vec::new();
    loop {
        let after = entries.last().map_or(0, |entry| entry.uid);
        let page = rooms.store.mailbox(owner, mailbox, after, PAGE).await?;
        let full = page.len() == PAGE;
        entries.extend(page);
        if !full {
            break;
        }
    }
    if context.json {
        let list: Vec<_> = entries.iter().map(entry_json).collect();
        return Ok(Report::json(&json!({"owner": owner, "mailbox": mailbox, "messages": list})));
    }
    if entries.is_empty() {
        return Ok(Report::well(context.say(&note!(
            "cli-mailbox-empty",
            mailbox = mailbox,
            address = owner
        ))));
    }
    let heading =
        ["uid", "date", "from", "subject"].map(|column| context.word(&format!("cli-column-{column}")));
    let rows: Vec<_> = entries
        .into_iter()
        .map(|entry| {
            let message = entry.message;
            vec![
                entry.uid.to_string(),
                super::context::moment(message.accepted_at),
                table::cell(&message.summary.from),
                table::cell(&message.summary.subject),
            ]
        })
        .collect();
    Ok(Report::well(table::render(&heading, &rows)))
}

fn entry_json(entry: &MailboxEntry) -> serde_json::Value {
    json!({
        "uid": entry.uid,
        "id": entry.message.id,
        "received_at": entry.message.accepted_at,
        "reverse_path": entry.message.reverse_path,
        "summary": entry.message.summary,
        "flags": entry.flags,
        "verdicts": entry.message.verdicts,
    })
}

async fn show(
    owner: &Address,
    mailbox: &str,
    uid: u32,
    context: &Context,
    rooms: &Rooms,
) -> Result<Report, Failure> {
    let found = rooms.store.mailbox(owner, mailbox, uid.saturating_sub(1), 1).await?;
    let entry = found.into_iter().find(|entry| entry.uid == uid);
    let entry =
        entry.ok_or_else(|| note!("cli-no-such-uid", mailbox = mailbox, address = owner, uid = uid))?;
    let content = rooms.store.content(entry.message.id, None).await?;
    let text = String::from_utf8_lossy(&content).into_owned();
    if context.json {
        let mut value = entry_json(&entry);
        if let Some(object) = value.as_object_mut() {
            object.insert("content".to_owned(), json!(text));
        }
        return Ok(Report::json(&value));
    }
    Ok(Report::well(harmless(&text)))
}

/// A message for a terminal: what would command it is shown as a mark. The octets themselves are in `--json` and on the pages.
fn harmless(text: &str) -> String {
    let mark = |character: char| match character {
        '\n' | '\t' => character,
        _ if table::commands(character) => char::REPLACEMENT_CHARACTER,
        _ => character,
    };
    text.replace("\r\n", "\n").chars().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_commands_no_terminal() {
        assert_eq!(
            harmless("Subject: x\r\n\r\n\u{1b}]0;y\u{7}\ta\rb\n"),
            "Subject: x\n\n\u{fffd}]0;y\u{fffd}\ta\u{fffd}b\n"
        );
    }
}
