//! Whose a domain or an address is, and until when, as its registry tells over RDAP (RFC 9082, RFC 9083). Which registry that is stands in
//! IANA's directory (RFC 9224).
//!
//! Nothing is read of people: names of registrants, their addresses and telephone numbers stay where they are.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;
use tegami_auth::Network;
use tegami_mail::Domain;
use tokio::time::Instant;

use crate::Probes;
use crate::probe::{Document, Unprobed};

/// Where IANA keeps the directory (RFC 9224 section 3).
const DIRECTORY: &str = "data.iana.org";

/// Octets of a directory and of an answer that are read; today's largest directory has a tenth of that.
const MAX_OCTETS: usize = 1 << 20;

/// Ways that an answer may be handed on (RFC 7480 section 5.2).
const MAX_REDIRECTS: usize = 3;

/// How long a directory is good: registries change seldom.
const FRESH: Duration = Duration::from_secs(24 * 3600);

/// What is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registered<'a> {
    /// A domain.
    Domain(&'a Domain),
    /// An address, as part of a network.
    Address(IpAddr),
}

/// What a registry says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registration {
    /// The domain, or the name of the network.
    pub name: String,
    /// When it was registered.
    pub registered: Option<Timestamp>,
    /// When the registration ends.
    pub expires: Option<Timestamp>,
    /// The states of the registration, as RDAP spells them: `client hold`, `redemption period` (RFC 8056).
    pub status: Vec<String>,
    /// Who registered it: the registrar of a domain, the organization that has the network.
    pub by: Option<String>,
}

/// IANA's directories, as far as they were needed, each for a day.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    kept: Arc<Mutex<Vec<File>>>,
}

/// A file's name, when it was read, and its octets.
type File = (&'static str, Instant, Arc<[u8]>);

impl Directory {
    fn get(&self, file: &str) -> Option<Arc<[u8]>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |(name, at, _): &&(&str, Instant, _)| *name == file && at.elapsed() < FRESH;
        kept.iter().find(fresh).map(|(_, _, octets)| Arc::clone(octets))
    }

    fn keep(&self, file: &'static str, octets: &Arc<[u8]>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(name, ..)| *name != file);
        kept.push((file, Instant::now(), Arc::clone(octets)));
    }
}

/// Asks the registry, found in the directory, over HTTPS by these probes.
///
/// # Errors
/// An [`Unprobed`]: no registry that speaks RDAP is known, or it did not answer so that it could be read.
pub async fn ask(
    probes: &dyn Probes,
    directory: &Directory,
    what: Registered<'_>,
) -> Result<Registration, Unprobed> {
    let file = match what {
        Registered::Domain(_) => "/rdap/dns.json",
        Registered::Address(ip) if ip.is_ipv4() => "/rdap/ipv4.json",
        Registered::Address(_) => "/rdap/ipv6.json",
    };
    let known = match directory.get(file) {
        Some(known) => known,
        None => {
            let host = Domain::parse(DIRECTORY).map_err(|error| Unprobed::Failed(error.to_string()))?;
            let read: Arc<[u8]> = fetch(probes, Place { host, path: file.to_owned() }).await?.into();
            directory.keep(file, &read);
            read
        }
    };
    let (registry, query) = match what {
        Registered::Domain(domain) => (registry(&known, domain), format!("domain/{domain}")),
        Registered::Address(ip) => (registry_of_address(&known, ip), format!("ip/{ip}")),
    };
    let registry = registry.ok_or_else(|| Unprobed::Failed("no registry with RDAP is known".to_owned()))?;
    let answer = fetch(probes, Place { path: format!("{}{query}", registry.path), ..registry }).await?;
    let read = match what {
        Registered::Domain(domain) => read_domain(&answer, domain),
        Registered::Address(_) => read_network(&answer),
    };
    read.ok_or_else(|| Unprobed::Failed("the registry's answer cannot be read".to_owned()))
}

/// A place of HTTPS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The host.
    pub host: Domain,
    /// The path, with its slash.
    pub path: String,
}

impl Place {
    /// Reads a URL: HTTPS at its own port, a host with a name, nothing else in it.
    fn parse(url: &str) -> Option<Self> {
        let rest = url.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("https://"));
        let rest = url.get(rest?.len()..)?;
        let (host, path) = match rest.find(['/', '?', '#']) {
            Some(at) => rest.split_at_checked(at)?,
            None => (rest, "/"),
        };
        let host = host.strip_suffix(":443").unwrap_or(host);
        let graphic = path.starts_with('/') && path.bytes().all(|octet| octet.is_ascii_graphic());
        let named = host.parse::<IpAddr>().is_err();
        let host = Domain::parse(host).ok().filter(|host| named && graphic && host.labels().count() > 1)?;
        Some(Self { host, path: path.to_owned() })
    }
}

/// Follows what is handed on, and takes the body of a success.
async fn fetch(probes: &dyn Probes, mut place: Place) -> Result<Vec<u8>, Unprobed> {
    for _ in 0..=MAX_REDIRECTS {
        let document = probes.https(&place.host, &place.path, MAX_OCTETS).await?;
        match document {
            Document { status: 200, body, .. } => return Ok(body),
            Document { status: 301 | 302 | 303 | 307 | 308, location: Some(location), .. } => {
                let next = if location.starts_with('/') && !location.starts_with("//") {
                    Place::parse(&format!("https://{}{location}", place.host))
                } else {
                    Place::parse(&location)
                };
                place = next.ok_or_else(|| Unprobed::Failed(format!("handed on to {location:?}")))?;
            }
            Document { status, .. } => return Err(Unprobed::Failed(format!("HTTP {status}"))),
        }
    }
    Err(Unprobed::Failed("handed on too often".to_owned()))
}

/// The services of a directory: what each is for, and where it is (RFC 9224 section 3).
fn services(directory: &Value) -> impl Iterator<Item = (&str, &[Value])> {
    let services = directory.get("services").and_then(Value::as_array).into_iter().flatten();
    services.filter_map(Value::as_array).flat_map(|service| {
        let list =
            |at: usize| service.get(at).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        list(0).iter().filter_map(Value::as_str).map(move |entry| (entry, list(1)))
    })
}

/// The first place that can be used, with a slash at its end.
fn place(urls: &[Value]) -> Option<Place> {
    let mut place = urls.iter().filter_map(Value::as_str).find_map(Place::parse)?;
    if !place.path.ends_with('/') {
        place.path.push('/');
    }
    Some(place)
}

/// The registry of a domain: the longest entry that it ends with (RFC 9224 section 4).
pub fn registry(directory: &[u8], domain: &Domain) -> Option<Place> {
    let directory = serde_json::from_slice::<Value>(directory).ok()?;
    let fits = services(&directory).filter_map(|(entry, urls)| {
        let entry = Domain::parse(entry).ok().filter(|entry| domain.is_at_or_below(entry))?;
        Some((entry.labels().count(), urls))
    });
    place(fits.max_by_key(|(labels, _)| *labels)?.1)
}

/// The registry of an address: the longest prefix that has it (RFC 9224 section 5).
pub fn registry_of_address(directory: &[u8], ip: IpAddr) -> Option<Place> {
    let directory = serde_json::from_slice::<Value>(directory).ok()?;
    let own = Network::from(ip);
    let fits = services(&directory).filter_map(|(entry, urls)| {
        Network::parse(entry).ok().filter(|network| network.covers(&own))?;
        Some((entry.rsplit_once('/')?.1.parse::<u8>().ok()?, urls))
    });
    place(fits.max_by_key(|(length, _)| *length)?.1)
}

/// Reads what a registry says of a domain (RFC 9083 section 5.3); `None` where it is no such thing, or speaks of another domain.
pub fn read_domain(answer: &[u8], domain: &Domain) -> Option<Registration> {
    let answer = object(answer, "domain")?;
    let name = Domain::parse(answer.get("ldhName")?.as_str()?.trim_end_matches('.')).ok()?;
    (name == *domain)
        .then(|| Registration { by: entity(&answer, "registrar"), ..common(&answer, name.to_string()) })
}

/// Reads what a registry says of a network (RFC 9083 section 5.4).
pub fn read_network(answer: &[u8]) -> Option<Registration> {
    let answer = object(answer, "ip network")?;
    let name = answer.get("name").and_then(Value::as_str).unwrap_or_default();
    Some(Registration { by: entity(&answer, "registrant"), ..common(&answer, short(name)) })
}

fn object(answer: &[u8], class: &str) -> Option<Value> {
    let answer = serde_json::from_slice::<Value>(answer).ok()?;
    (answer.get("objectClassName")?.as_str()? == class).then_some(answer)
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn common(answer: &Value, name: String) -> Registration {
    let date = |action: &str| {
        let event = list(answer, "events")
            .find(|event| event.get("eventAction").and_then(Value::as_str) == Some(action))?;
        moment(event.get("eventDate")?.as_str()?)
    };
    let status = list(answer, "status").filter_map(Value::as_str).map(|word| short(word).to_lowercase());
    Registration {
        name,
        registered: date("registration"),
        expires: date("expiration"),
        status: status.take(20).collect(),
        by: None,
    }
}

/// RFC 3339; some registries tell the day alone.
fn moment(text: &str) -> Option<Timestamp> {
    let day = || text.parse::<Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|day| day.timestamp());
    text.parse().ok().or_else(day)
}

/// The name of the organization with this role, from its card (RFC 7095 section 3).
fn entity(answer: &Value, role: &str) -> Option<String> {
    let entity = list(answer, "entities")
        .find(|entity| list(entity, "roles").any(|has| has.as_str() == Some(role)))?;
    let card = entity.get("vcardArray")?.get(1)?.as_array()?;
    let property = |name: &str| {
        let found = card.iter().find(|property| property.get(0).and_then(Value::as_str) == Some(name))?;
        found.get(3)?.as_str().map(short).filter(|text| !text.is_empty())
    };
    // The card of a person has nothing to do here (RFC 7095 section 5.1, RFC 6350 section 6.1.4).
    let person = property("kind").is_some_and(|kind| kind == "individual");
    property("org").or_else(|| property("fn").filter(|_| !person))
}

/// A stranger's word, without what could disturb a page or a terminal.
fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(100).collect()
}

#[cfg(test)]
mod tests;
