//! `tegami init DOMAIN`: a configuration of ten lines or fewer, DKIM keys, a first user and API key, and what to publish. It asks no DNS:
//! nothing has to be there yet.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use tegami_mail::{Domain, note};
use tegami_queue::SystemClock;
use tegami_store::ApiKeyScope;
use tegami_web::people::Role;
use tegami_web::{Hosts, Sources, plan};

use super::domain::{plan_json, zone_text};
use super::{Context, Failure, Outcome, user};
use crate::cli::Init;
use crate::config::Config;
use crate::server::Rooms;

/// Everything in one go; nothing that exists is overwritten.
pub(crate) async fn run(init: &Init, context: &Context) -> Result<Outcome, Failure> {
    let domain = parse(&init.domain)?;
    let hostname = match &init.hostname {
        Some(name) => parse(name)?,
        None => parse(&format!("mail.{domain}"))?,
    };
    let path = context.config_path();
    write_config(&path, &domain, &hostname, init)?;
    let opened = open(&path).await;
    if opened.is_err() {
        // So that the next try does not meet a configuration that exists.
        let _ = std::fs::remove_file(&path);
    }
    let (config, rooms) = opened?;
    let (name, password) = (format!("postmaster@{domain}"), user::make_password()?);
    let senders = [format!("*@{domain}")];
    let addresses = [name.clone()];
    let created = rooms.accounts.create(&name, &password, &senders, &addresses).await;
    created.map_err(|error| Failure::Text(error.to_string()))?;
    let operator = rooms.people.create(&name, &password, Role::Admin).await;
    operator.map_err(|error| Failure::Text(error.to_string()))?;
    let made = rooms.accounts.create_api_key("init", ApiKeyScope::Account).await;
    let (key, _) = made.map_err(|error| Failure::Text(error.to_string()))?;
    let addresses: Vec<_> = init.ip.iter().map(|ip| (hostname.clone(), *ip)).collect();
    let sources = Sources { hostname, addresses };
    let plan = plan(&domain, &sources, &rooms.dkim.of(&domain).await?, Hosts::default());
    if context.json {
        let mut value = plan_json(&plan);
        if let Some(object) = value.as_object_mut() {
            object.insert("config".to_owned(), json!(path));
            object.insert("user".to_owned(), json!(name));
            object.insert("password".to_owned(), json!(password));
            object.insert("api_key".to_owned(), json!(key));
        }
        context.print_json(&value);
        return Ok(Outcome::Well);
    }
    let done = note!("cli-init-done", config = path.display(), data = config.data.display());
    anstream::println!("{}\n", context.say(&done));
    anstream::println!(
        "{}\n",
        context.say(&note!("cli-init-secrets", user = name, password = password, key = key))
    );
    anstream::println!("{}\n\n{}", context.word("cli-init-publish"), zone_text(&plan));
    anstream::println!("{}", context.say(&note!("cli-init-next", config = path.display())));
    Ok(Outcome::Well)
}

async fn open(path: &Path) -> Result<(Config, Rooms), Failure> {
    let config = Config::load(path)?;
    let rooms = Rooms::open(&config, Arc::new(SystemClock)).await?;
    Ok((config, rooms))
}

fn parse(text: &str) -> Result<Domain, Failure> {
    Ok(Domain::parse(text).map_err(|error| note!("cli-bad-domain", domain = text, reason = error))?)
}

fn write_config(path: &Path, domain: &Domain, hostname: &Domain, init: &Init) -> Result<(), Failure> {
    let data = match &init.data {
        Some(data) => std::path::absolute(data).map_err(|error| cannot_write(data, &error))?,
        None => PathBuf::from("/var/lib/tegami"),
    };
    let sources: Vec<String> = init.ip.iter().map(|ip| format!("{:?}", ip.to_string())).collect();
    let delivery = if sources.is_empty() {
        String::new()
    } else {
        format!("\n[delivery]\nsources = [{}]\n", sources.join(", "))
    };
    let text = format!(
        "hostname = {:?}\ndata = {:?}\n\n[domains.{:?}]\n{delivery}",
        hostname.as_str(),
        data.display().to_string(),
        domain.as_str()
    );
    let made = std::fs::File::create_new(path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
    match made {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(note!("cli-init-exists", config = path.display()).into())
        }
        Err(error) => Err(cannot_write(path, &error)),
    }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    note!("cli-file-unwritable", file = path.display(), reason = error).into()
}
