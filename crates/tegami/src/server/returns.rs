//! Return paths of our domains: their keys, and which domains leave with them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tegami_dns::{DnsName, Resolver};
use tegami_inbound::Shutdown;
use tegami_mail::{Domain, hex, note};
use tegami_queue::Returns;
use tegami_report::return_path::ReturnPaths;
use tegami_store::{KeyError, KeyFolder};
use tokio::sync::watch;

use super::{House, Rooms, keys, pages};
use crate::command::Failure;
use crate::config::{Config, ReturnPath};

/// The local-part before the token.
const MAILBOX: &str = "bounces";
/// The keys for senders of mail that routes send on, of all our domains.
const SRS: &str = "srs.key";
/// How often the DNS is asked again, usually.
pub(super) const EVERY: Duration = Duration::from_secs(3600);
/// How long the start waits for the DNS before it goes on without.
const PATIENCE: Duration = Duration::from_secs(2);

/// The return paths of all our domains, with the keys of the key folder; keys that are missing are made.
///
/// # Errors
/// A key file cannot be read or written; the sentence names it.
pub(super) fn open(config: &Config) -> Result<Returns, Failure> {
    let folder = keys::folder(config)?;
    let paths = config.domains.iter().map(|domain| paths_of(&folder, domain));
    let returns = Returns::new(paths.collect::<Result<Vec<_>, Failure>>()?);
    Ok(returns.with_srs(keys_of(&folder, SRS)?))
}

fn paths_of(folder: &KeyFolder, domain: &Domain) -> Result<ReturnPaths, Failure> {
    let keys = keys_of(folder, &format!("{domain}.return-path.key"))?;
    let text = |error: &dyn std::fmt::Display| Failure::Text(format!("return paths of {domain}: {error}"));
    let (newest, older) = keys.split_first().ok_or_else(|| text(&"no key"))?;
    let paths = ReturnPaths::new(MAILBOX, domain.clone(), newest).map_err(|error| text(&error))?;
    Ok(older.iter().fold(paths, |paths, key| paths.with_older_key(key)))
}

/// Gives return paths to the domains that came at run time: those whose MX records named us when they were last looked at leave with them. Where a
/// domain has a host for them whose records lead here, its messages leave with those of that host.
pub(super) async fn follow(rooms: &Rooms, config: &Config) {
    let returns = rooms.intake.returns();
    let (roll, folder) = match (rooms.domains.roll().await, keys::folder(config)) {
        (Ok(roll), Ok(folder)) => (roll, folder),
        (Err(error), _) => return tracing::warn!(%error, "cannot look our domains up"),
        (_, Err(_)) => return tracing::warn!("cannot open the key folder"),
    };
    let hears = !config.listen.smtp.is_empty();
    let know = |name: &Domain| match returns.knows(name) {
        true => {}
        false => match paths_of(&folder, name) {
            Ok(paths) => returns.add(paths),
            Err(_) => tracing::warn!(domain = %name, "the key of its return paths cannot be used"),
        },
    };
    for ours in roll.iter() {
        if !ours.configured {
            know(&ours.name);
            returns.rewrite(&ours.name, ours.receives() && hears);
        }
        let host = ours.bounce_host().filter(|_| hears);
        host.iter().for_each(know);
        returns.lead_over(&ours.name, host);
    }
}

/// One key a line, 64 hexadecimal digits: the first makes return paths, the others are believed as long as they stand there.
fn keys_of(folder: &KeyFolder, name: &str) -> Result<Vec<[u8; 32]>, Failure> {
    let text = match folder.read(name) {
        Ok(text) => text,
        Err(KeyError::Missing(_)) => {
            let mut key = [0_u8; 32];
            aws_lc_rs::rand::fill(&mut key).map_err(|_| note!("cli-no-chance"))?;
            let text = hex(&key) + "\n";
            folder.write(name, &text).map_err(|error| Failure::Text(error.to_string()))?;
            text
        }
        Err(error) => return Err(Failure::Text(error.to_string())),
    };
    let keys: Option<Vec<[u8; 32]>> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(key_of).collect();
    let keys = keys.filter(|keys| !keys.is_empty());
    keys.ok_or_else(|| note!("cli-key-file-bad", file = name, reason = "64 hexadecimal digits a line").into())
}

fn key_of(line: &str) -> Option<[u8; 32]> {
    let digits: Option<Vec<u8>> =
        line.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let octets: Vec<u8> =
        digits?.chunks(2).map(|pair| pair.iter().fold(0, |octet, digit| octet << 4 | digit)).collect();
    if line.len() == 64 { octets.try_into().ok() } else { None }
}

/// What a server decides of all its return paths when it starts.
pub(crate) async fn decide(config: &Config, rooms: &Rooms, resolver: &Arc<dyn Resolver>) {
    choose(config, rooms.intake.returns(), resolver).await;
    follow(rooms, config).await;
}

/// Decides which domains leave with return paths of ours.
pub(super) async fn choose(config: &Config, returns: &Returns, resolver: &Arc<dyn Resolver>) {
    // All at the same time: where the DNS is silent, the start waits once.
    let chosen = config.domains.iter().map(|domain| async move {
        match config.return_paths.get(domain).copied().unwrap_or_default() {
            ReturnPath::Keep => returns.rewrite(domain, false),
            ReturnPath::Rewrite => returns.rewrite(domain, true),
            ReturnPath::Auto => {
                let known = tokio::time::timeout(PATIENCE, comes_here(config, domain, resolver)).await;
                // Where the DNS does not say, what was true before stays true.
                if let Ok(Some(here)) = known {
                    returns.rewrite(domain, here);
                }
            }
        }
    });
    join_all(chosen).await;
}

/// Follows the domains that come and go, and reloads, which bring others.
pub(super) async fn keep_following(mut house: watch::Receiver<House>, mut shutdown: Shutdown) {
    loop {
        let House { rooms, config, .. } = house.borrow_and_update().clone();
        let mut changes = rooms.domains.changes();
        follow(&rooms, &config).await;
        tokio::select! {
            _ = changes.changed() => {}
            changed = house.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            () = shutdown.requested() => return,
        }
    }
}

/// Asks the DNS again and again: MX records change, and owners publish what they were asked for. However long it takes to answer, the end is not
/// kept waiting.
pub(super) async fn keep_choosing(
    house: watch::Receiver<House>,
    resolver: Arc<dyn Resolver>,
    every: Duration,
    mut shutdown: Shutdown,
) {
    let rounds = async {
        loop {
            tokio::time::sleep(every).await;
            let House { rooms, config, .. } = house.borrow().clone();
            choose(&config, rooms.intake.returns(), &resolver).await;
            if let Err(error) = pages::domain_desk(&rooms, &config, &resolver).verify_waiting().await {
                tracing::warn!(%error, "cannot verify the domains that wait for it");
            }
        }
    };
    tokio::select! {
        () = rounds => {}
        () = shutdown.requested() => {}
    }
}

/// Whether mail to this domain comes to us; `None` where the DNS does not say.
async fn comes_here(config: &Config, domain: &Domain, resolver: &Arc<dyn Resolver>) -> Option<bool> {
    if config.listen.smtp.is_empty() {
        return Some(false);
    }
    let hosts = resolver.mx(&DnsName::from(domain)).await.ok()?;
    let hostname = DnsName::from(&config.hostname);
    Some(hosts.iter().any(|mx| mx.exchange == hostname))
}

#[cfg(test)]
mod tests {
    use tegami_dns::{Answer, DnsError, RecordType};
    use tegami_queue::SystemClock;
    use tegami_store::{BoxFuture, DomainRow};
    use tokio::sync::{Notify, mpsc};

    use super::super::Practice;
    use super::*;

    /// Never answers, and tells that it was asked.
    struct Silent(Arc<Notify>);

    impl Resolver for Silent {
        fn lookup<'a>(&'a self, _: &'a DnsName, _: RecordType) -> BoxFuture<'a, Result<Answer, DnsError>> {
            self.0.notify_one();
            Box::pin(std::future::pending())
        }
    }

    #[tokio::test]
    async fn the_end_does_not_wait_for_the_dns() {
        let base = tempfile::tempdir().unwrap();
        let file = base.path().join("tegami.toml");
        let data = base.path().join("data");
        let text = format!("hostname = \"mail.example.org\"\ndata = \"{}\"\n", data.display());
        std::fs::write(&file, text).unwrap();
        let config = Arc::new(Config::load(&file).unwrap());
        let rooms = Arc::new(Rooms::open(&config, Arc::new(SystemClock)).await.unwrap());
        let waiting = Domain::parse("example.net").unwrap();
        rooms.domains.create(&waiting, DomainRow::default()).await.unwrap();
        let practice = Practice::of(&config, Arc::new(Silent(Arc::new(Notify::new()))));
        let (_house, seen) = watch::channel(House { rooms, config, practice, asks: mpsc::channel(1).0 });
        let (stop, shutdown) = Shutdown::pair();
        let asked = Arc::new(Notify::new());
        let resolver = Arc::new(Silent(Arc::clone(&asked)));
        let choosing = tokio::spawn(keep_choosing(seen, resolver, Duration::ZERO, shutdown));
        asked.notified().await;
        stop.send_replace(true);
        choosing.await.unwrap();
    }

    #[test]
    fn a_key_is_made_once_and_an_old_one_stays_good() {
        let base = tempfile::tempdir().unwrap();
        let folder = KeyFolder::open(base.path()).unwrap();
        let name = "example.org.return-path.key";
        let first = keys_of(&folder, name).unwrap();
        assert_eq!(first, keys_of(&folder, name).unwrap());
        let text = format!("{}\n{}", "0a".repeat(32), folder.read(name).unwrap());
        folder.write(name, &text).unwrap();
        assert_eq!(keys_of(&folder, name).unwrap(), [[10; 32], first[0]]);
        folder.write(name, "0a0b\n").unwrap();
        assert!(keys_of(&folder, name).is_err());
    }
}
