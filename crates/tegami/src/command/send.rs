//! `tegami send`, and the same as `sendmail`.

mod direct;
mod local;
pub(crate) mod preflight;
mod sendmail;

use std::io::Read;
use std::path::Path;

use tegami_mail::header::{HeaderLimits, HeaderSection};
use tegami_mail::{Address, Domain, Envelope, Reply, ReversePath, line, mailbox_list, note};
use tegami_store::QueueId;

pub(crate) use sendmail::{is_sendmail, sendmail};

use super::{Context, Failure, Outcome};
use crate::cli::Send;
use crate::config::Config;

/// Hands one message to our server, or (`--direct`) to the MX hosts.
pub(crate) async fn run(send: &Send, context: &Context) -> Result<Outcome, Failure> {
    let content = read(send.file.as_deref())?;
    let recipients = recipients(&send.recipients, send.read_recipients, &content)?;
    if send.direct {
        let content = line::to_crlf(&content).into_owned();
        return direct::run(send, context, recipients, content).await;
    }
    let config = context.config()?;
    let reverse_path = reverse_path(send.from.as_deref(), &content, origin(&config))?;
    let envelope = Envelope::new(reverse_path, recipients);
    if send.preflight {
        let content = line::to_crlf(&content).into_owned();
        return preflight::run(context, &config, envelope, content).await;
    }
    let reply = local::hand_over(&config, envelope, line::to_crlf(&content).into_owned()).await?;
    if context.json {
        context
            .print_json(&serde_json::json!({"reply": reply.to_string(), "accepted": reply.is_completion()}));
    } else {
        anstream::println!("{reply}");
        if let Some(id) = queue_id(&reply) {
            anstream::println!("{}", context.say(&note!("cli-send-follow", id = id)));
        }
    }
    Ok(if reply.is_completion() { Outcome::Well } else { Outcome::Finding })
}

/// The queue id that our server names in its reply to an accepted message.
fn queue_id(reply: &Reply) -> Option<QueueId> {
    let mut words = reply.lines.iter().flat_map(|line| line.split([' ', ';']));
    words.find_map(|word| word.parse().ok()).filter(|_| reply.is_completion())
}

/// The message: a file, or standard input.
fn read(file: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let mut content = Vec::new();
    match file {
        Some(path) => {
            let read = std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut content));
            read.map_err(|error| note!("cli-file-unreadable", file = path.display(), reason = error))?;
        }
        None => {
            std::io::stdin().read_to_end(&mut content)?;
        }
    }
    Ok(content)
}

/// Those named, and with `-t` those of To, Cc and Bcc.
fn recipients(named: &[String], read_fields: bool, content: &[u8]) -> Result<Vec<Address>, Failure> {
    let mut recipients = Vec::new();
    let mut add = |address: Address| {
        if !recipients.contains(&address) {
            recipients.push(address);
        }
    };
    for text in named {
        parse_list(text)?.into_iter().for_each(&mut add);
    }
    if read_fields {
        let section = HeaderSection::parse(content, HeaderLimits::GENEROUS);
        let section = section.map_err(|error| note!("cli-send-bad-header", reason = error))?;
        for name in ["To", "Cc", "Bcc"] {
            for field in section.all(name) {
                parse_list(&field.text())?.into_iter().for_each(&mut add);
            }
        }
    }
    if recipients.is_empty() { Err(note!("cli-send-no-recipient").into()) } else { Ok(recipients) }
}

fn parse_list(text: &str) -> Result<Vec<Address>, Failure> {
    let list = mailbox_list::parse_list(text)
        .map_err(|error| note!("cli-bad-address", address = text.trim(), reason = error))?;
    Ok(list.into_iter().map(|name_addr| name_addr.address).collect())
}

/// The domain that completes bare names: the first of ours.
fn origin(config: &Config) -> &Domain {
    config.domains.first().unwrap_or(&config.hostname)
}

/// `-f`, else the author, else the user of this machine in our first domain.
fn reverse_path(named: Option<&str>, content: &[u8], origin: &Domain) -> Result<ReversePath, Failure> {
    if let Some(text) = named {
        let text = text.trim().trim_start_matches('<').trim_end_matches('>');
        return if text.is_empty() {
            Ok(ReversePath::Null)
        } else {
            complete(text, origin).map(ReversePath::Address)
        };
    }
    let author = HeaderSection::parse(content, HeaderLimits::GENEROUS)
        .ok()
        .and_then(|section| section.first("From").map(|field| field.text()))
        .and_then(|text| parse_list(&text).ok()?.into_iter().next());
    author.map_or_else(|| complete(&user_name(), origin), Ok).map(ReversePath::Address)
}

/// A bare name belongs to our first domain.
fn complete(text: &str, origin: &Domain) -> Result<Address, Failure> {
    let full = if text.contains('@') { text.to_owned() } else { format!("{text}@{origin}") };
    Ok(Address::parse(&full).map_err(|error| note!("cli-bad-address", address = full, reason = error))?)
}

fn user_name() -> String {
    let set = |name: &&str| std::env::var(name).ok().filter(|value| !value.is_empty());
    ["LOGNAME", "USER"].iter().find_map(set).unwrap_or_else(|| "root".to_owned())
}
