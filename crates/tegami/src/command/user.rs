//! `tegami user`: who may submit and owns mailboxes.

use std::io::Read;
use std::path::Path;

use serde_json::json;
use tegami_mail::{Address, note};
use tegami_queue::Accounts;

use super::{Context, Failure, Report, table};
use crate::cli::User;
use crate::config::Config;
use crate::server::Rooms;

/// Adds or lists users.
pub(crate) async fn run(
    user: &User,
    input: Option<String>,
    context: &Context,
    rooms: &Rooms,
    config: &Config,
) -> Result<Report, Failure> {
    match user {
        User::Add { name, senders, .. } => {
            ours(name, rooms, config).await?;
            add(name, senders, input, context, rooms).await
        }
        User::List => list(context, rooms).await,
    }
}

/// A user has a mailbox: at a domain that is not ours it would never get anything.
async fn ours(name: &str, rooms: &Rooms, config: &Config) -> Result<(), Failure> {
    let address = parse(name)?;
    match address.domain() {
        Some(domain) if *domain != config.hostname && rooms.domains.find(domain).await?.is_none() => {
            Err(note!("cli-not-our-domain", domain = domain).into())
        }
        _ => Ok(()),
    }
}

fn parse(name: &str) -> Result<Address, Failure> {
    Ok(Address::parse(name).map_err(|error| note!("cli-bad-address", address = name, reason = error))?)
}

async fn add(
    name: &str,
    senders: &[String],
    password: Option<String>,
    context: &Context,
    rooms: &Rooms,
) -> Result<Report, Failure> {
    let address = parse(name)?;
    let (password, made) = match password {
        Some(password) => (password, false),
        None => (make_password()?, true),
    };
    let own = vec![address.to_string()];
    let senders = if senders.is_empty() { own.clone() } else { senders.to_vec() };
    let created = rooms.accounts.create(name, &password, &senders, &own).await;
    created.map_err(|error| Failure::Text(error.to_string()))?;
    if context.json {
        return Ok(Report::json(
            &json!({"user": name, "senders": senders, "password": made.then_some(password)}),
        ));
    }
    let told = if made {
        note!("cli-user-added-with-password", user = name, senders = senders.join(", "), password = password)
    } else {
        note!("cli-user-added", user = name, senders = senders.join(", "))
    };
    Ok(Report::well(context.say(&told)))
}

async fn list(context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
    let accounts = rooms.accounts.list().await.map_err(|error| Failure::Text(error.to_string()))?;
    if context.json {
        let users: Vec<_> = accounts
            .iter()
            .map(|user| json!({"user": user.name, "senders": user.senders, "addresses": user.addresses}))
            .collect();
        return Ok(Report::json(&json!({ "users": users })));
    }
    if accounts.is_empty() {
        return Ok(Report::well(context.word("cli-user-none")));
    }
    let heading =
        ["user", "senders", "addresses"].map(|column| context.word(&format!("cli-column-{column}")));
    let rows: Vec<_> = accounts
        .into_iter()
        .map(|user| vec![user.name, user.senders.join(" "), user.addresses.join(" ")])
        .collect();
    Ok(Report::well(table::render(&heading, &rows)))
}

/// 120 bits of chance, in letters that nobody confuses.
pub(crate) fn make_password() -> Result<String, Failure> {
    Ok(Accounts::fresh_password().map_err(|_| note!("cli-no-chance"))?)
}

/// The first line of a file, or of standard input for `-`.
pub(crate) fn read_password(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.map_err(|error| note!("cli-file-unreadable", file = path.display(), reason = error))?;
    let password = text.lines().next().unwrap_or_default().to_owned();
    if password.is_empty() {
        Err(note!("cli-password-empty", file = path.display()).into())
    } else {
        Ok(password)
    }
}
