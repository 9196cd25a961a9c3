//! Whether outgoing port 25 is open (OP25B).

use tegami_auth::dmarc::public_suffix::organizational_domain;
use tegami_mail::{Domain, Host, Note, note};

use super::contact::{Came, Reached};
use super::{PORT25, SETTINGS};
use crate::own::{OWN, OwnCase};
use crate::probe::Unprobed;
use crate::{Finding, Fix, State};

/// What the connections say about port 25.
pub(super) fn judge(case: &OwnCase, came: &[Came]) -> Finding {
    let v4 = Version::of(came.iter().filter_map(|came| came.v4.as_ref()).map(|(_, reached)| reached));
    let v6 = Version::of(came.iter().filter_map(|came| came.v6.as_ref()).map(|(_, reached)| reached));
    let (state, note) = decide(came, &v4, &v6);
    let found = PORT25.found(state, OWN, note).evidences(came.iter().flat_map(lines));
    match state {
        State::Fail if case.own.all_relayed => {
            Finding { state: State::Info, ..found.fix(Fix::new(note!("path-port25-led-around"))) }
        }
        State::Fail => found.fix(Fix::new(note!("path-port25-fix")).settings(SETTINGS)),
        State::Warn => {
            let ip = if v4.open > 0 { "v4" } else { "v6" };
            let settings = format!("[delivery]\nip = \"{ip}\"\n");
            found.fix(Fix::new(note!("path-port25-ip-fix", ip = ip)).settings(settings))
        }
        _ => found,
    }
}

fn decide(came: &[Came], v4: &Version, v6: &Version) -> (State, Note) {
    let (open, asked) = (v4.open + v6.open, v4.asked + v6.asked);
    if asked == 0 {
        return (State::NotApplicable, note!("path-port25-no-dns"));
    }
    if v4.off + v6.off == asked {
        return (State::Unknown, note!("path-not-asked"));
    }
    if open == 0 {
        return match () {
            () if !came.iter().any(Came::control_answers) => (State::Unknown, note!("path-no-network")),
            () if v4.refused + v6.refused == asked => {
                (State::Fail, note!("path-port25-refused", asked = asked))
            }
            () => (State::Fail, note!("path-port25-blocked", asked = asked)),
        };
    }
    if let Some(greeting) = intercepted(came) {
        return (State::Fail, note!("path-port25-intercepted", banner = greeting));
    }
    match (v4.open, v6.open) {
        (1.., 0) if v6.asked > v6.unreachable => {
            (State::Warn, note!("path-port25-one", open = "IPv4", closed = "IPv6"))
        }
        (0, 1..) if v4.asked > 0 => (State::Warn, note!("path-port25-one", open = "IPv6", closed = "IPv4")),
        _ => {
            // IPv6 that this machine does not have is no failure.
            let failed = (v4.asked - v4.open) + (v6.asked - v6.open - v6.unreachable);
            match failed {
                0 => (State::Pass, note!("path-port25", open = open)),
                1 if open >= 3 => (State::Pass, note!("path-port25-single", open = open)),
                _ => (State::Unknown, note!("path-port25-some", open = open, failed = failed)),
            }
        }
    }
}

/// The greeting of whoever answers in the place of the others: the same words for three of them, or for two and more a host of nobody
/// whom we asked.
fn intercepted(came: &[Came]) -> Option<String> {
    let greetings: Vec<(&Came, &str)> = came
        .iter()
        .flat_map(|came| [&came.v4, &came.v6].into_iter().flatten().map(move |(_, reached)| (came, reached)))
        .filter_map(|(came, reached)| Some((came, reached.as_ref().ok()?.greeting.as_str())))
        .collect();
    let (_, first) = greetings.first()?;
    let same = greetings.iter().all(|(_, greeting)| greeting == first);
    let strange = greetings.iter().all(|(came, greeting)| is_strange(came, greeting));
    let found = (same && greetings.len() >= 3) || (strange && greetings.len() >= 2);
    found.then(|| (*first).to_owned())
}

/// Whether a greeting names a host that belongs to none of the names that we asked for.
fn is_strange(came: &Came, greeting: &str) -> bool {
    let named = greeting.get(4..).and_then(|rest| rest.split_whitespace().next());
    let Some(named) = named.filter(|name| name.contains('.')).and_then(|name| Domain::parse(name).ok())
    else {
        return false;
    };
    let mut asked: Vec<Domain> = [&came.contact.domain, &came.contact.control]
        .into_iter()
        .filter_map(|host| if let Host::Domain(domain) = host { Some(domain.clone()) } else { None })
        .collect();
    asked.extend(came.host.as_deref().and_then(|host| Domain::parse(host).ok()));
    let of = organizational_domain(&named);
    !asked.is_empty() && !asked.iter().any(|domain| organizational_domain(domain) == of)
}

/// What came over one version of IP.
#[derive(Debug, Default)]
struct Version {
    asked: usize,
    open: usize,
    refused: usize,
    unreachable: usize,
    off: usize,
}

impl Version {
    fn of<'p>(reached: impl Iterator<Item = &'p Reached>) -> Self {
        let mut version = Self::default();
        for reached in reached {
            version.asked += 1;
            match reached {
                Ok(_) => version.open += 1,
                Err(Unprobed::Refused) => version.refused += 1,
                Err(Unprobed::Unreachable) => version.unreachable += 1,
                Err(Unprobed::Off) => version.off += 1,
                Err(_) => {}
            }
        }
        version
    }
}

/// The connections as lines that need no translation.
fn lines(came: &Came) -> Vec<String> {
    let word = |reached: &Reached| match reached {
        Ok(seen) => seen.greeting.clone(),
        Err(error) => error.to_string(),
    };
    let name = &came.contact.name;
    let mail = [&came.v4, &came.v6].into_iter().flatten();
    let mut lines: Vec<String> =
        mail.map(|(ip, reached)| format!("{name} [{ip}]: {}", word(reached))).collect();
    let control = match came.control.iter().find(|(_, reached)| reached.is_ok()).or(came.control.first()) {
        Some((_, Ok(_))) => "open".to_owned(),
        Some((_, Err(error))) => error.to_string(),
        None => "no address".to_owned(),
    };
    lines.push(format!("{name} control: {control}"));
    lines
}
