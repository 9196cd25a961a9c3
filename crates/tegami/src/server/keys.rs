//! DKIM keys of our domains: made where they are missing, read from the key folder, told as DNS records.

use std::sync::Arc;

use jiff::Timestamp;
use tegami_auth::dkim::{PrivateKey, Selector, Signer};
use tegami_mail::{Domain, note};
use tegami_store::{DkimKeyRow, KeyFolder, Store, Table};

use crate::command::Failure;
use crate::config::{self, Config};

/// The key folder of a data folder.
///
/// # Errors
/// It cannot be created.
pub(crate) fn folder(config: &Config) -> Result<KeyFolder, Failure> {
    KeyFolder::open(&config.data.join("keys")).map_err(|error| Failure::Text(error.to_string()))
}

/// The signers of all our domains. A domain without an active key gets two: RSA for everybody, Ed25519 beside it (RFC 8463 section 3). One whose
/// key the configuration names signs with that one alone.
///
/// # Errors
/// A key file cannot be read or written; the sentence names it.
pub(crate) async fn ensure(
    config: &Config,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Vec<Signer>, Failure> {
    let folder = folder(config)?;
    let mut signers = Vec::new();
    for domain in &config.domains {
        if let Some(given) = config.dkim.iter().find(|given| given.domain == *domain) {
            signers.push(Signer::new(domain.clone(), given.selector.clone(), Arc::new(read_given(given)?)));
            continue;
        }
        let mut rows: Vec<DkimKeyRow> =
            rows(store, domain).await?.into_iter().filter(|row| row.active).collect();
        if rows.is_empty() {
            rows = make(domain, store, &folder, now).await?;
        }
        for row in rows {
            let key = read(&folder, &row)?;
            let selector =
                Selector::parse(&row.selector).map_err(|error| Failure::Text(error.to_string()))?;
            signers.push(Signer::new(domain.clone(), selector, Arc::new(key)));
        }
    }
    Ok(signers)
}

/// The keys of a domain whose records are to be published: the one that the configuration names, else those that we made.
///
/// # Errors
/// The store failed, or the key cannot be read.
pub(crate) async fn published(
    config: &Config,
    store: &dyn Store,
    domain: &Domain,
) -> Result<Vec<DkimKeyRow>, Failure> {
    let Some(given) = config.dkim.iter().find(|given| given.domain == *domain) else {
        return rows(store, domain).await;
    };
    let key = read_given(given)?;
    Ok(vec![DkimKeyRow {
        domain: domain.to_string(),
        selector: given.selector.to_string(),
        algorithm: key.algorithm().as_str().to_owned(),
        record: key.dns_record(),
        created_at: Timestamp::UNIX_EPOCH,
        active: true,
    }])
}

/// The keys of a domain that we made, active or not.
///
/// # Errors
/// The store failed.
pub(crate) async fn rows(store: &dyn Store, domain: &Domain) -> Result<Vec<DkimKeyRow>, Failure> {
    let found = store.scan(Table::DkimKeys, &format!("{domain}/"), None, 1000).await;
    let found = found.map_err(|error| Failure::Text(error.to_string()))?;
    found
        .into_iter()
        .map(|(_, value)| serde_json::from_value(value).map_err(|error| Failure::Text(error.to_string())))
        .collect()
}

async fn make(
    domain: &Domain,
    store: &dyn Store,
    folder: &KeyFolder,
    now: Timestamp,
) -> Result<Vec<DkimKeyRow>, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Text(format!("a DKIM key for {domain}: {error}"));
    let month = now.strftime("t%Y%m").to_string();
    let rsa = PrivateKey::generate_rsa_2048().map_err(|error| failed(&error))?;
    let ed25519 = PrivateKey::generate_ed25519().map_err(|error| failed(&error))?;
    let mut rows = Vec::new();
    for (selector, key) in [(month.clone(), rsa), (format!("{month}e"), ed25519)] {
        let row = DkimKeyRow {
            domain: domain.to_string(),
            algorithm: key.algorithm().as_str().to_owned(),
            record: key.dns_record(),
            created_at: now,
            active: true,
            selector,
        };
        let pem = key.to_pem().map_err(|error| failed(&error))?;
        folder.write(&file_name(&row), &pem).map_err(|error| failed(&error))?;
        rows.push(row);
    }
    let values: Result<Vec<_>, _> = rows
        .iter()
        .map(|row| serde_json::to_value(row).map(|value| (format!("{}/{}", row.domain, row.selector), value)))
        .collect();
    let values = values.map_err(|error| failed(&error))?;
    store.put(Table::DkimKeys, values).await.map_err(|error| failed(&error))?;
    Ok(rows)
}

fn file_name(row: &DkimKeyRow) -> String {
    format!("{}._domainkey.{}.pem", row.selector, row.domain)
}

fn read(folder: &KeyFolder, row: &DkimKeyRow) -> Result<PrivateKey, Failure> {
    let name = file_name(row);
    let pem = folder.read(&name).map_err(|error| Failure::Text(error.to_string()))?;
    parse(&name, &pem)
}

fn read_given(given: &config::DkimKey) -> Result<PrivateKey, Failure> {
    let pem = tegami_store::read_key(&given.file).map_err(|error| Failure::Text(error.to_string()))?;
    parse(&given.file.display().to_string(), &pem)
}

fn parse(file: &str, pem: &str) -> Result<PrivateKey, Failure> {
    PrivateKey::from_pem(pem)
        .map_err(|error| Failure::Note(note!("cli-key-file-bad", file = file, reason = error)))
}
