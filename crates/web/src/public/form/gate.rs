//! Who may send a form, how soon, and how often.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use axum::http::uri::Uri;
use axum::http::{HeaderMap, header};
use jiff::Timestamp;

use super::FormSettings;
use crate::house::House;

/// Where the page lies that sends a form, by what the browser says (RFC 6454 section 7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// On this server.
    Here,
    /// On a site that may.
    Allowed(String),
    /// Elsewhere, or the browser keeps it to itself.
    Foreign,
}

impl Origin {
    pub(super) fn of(headers: &HeaderMap, settings: &FormSettings, public_url: Option<&str>) -> Self {
        let field = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
        // Some browsers send no Origin with a form to the same site; all send it to another.
        let said = field(header::ORIGIN).or_else(|| field(header::REFERER)).and_then(origin_of);
        let Some(said) = said else { return Self::Foreign };
        if settings.origins.iter().filter_map(|origin| origin_of(origin)).any(|allowed| allowed == said) {
            return Self::Allowed(said);
        }
        let host = field(header::HOST).map(str::to_ascii_lowercase);
        let here = public_url.and_then(origin_of).is_some_and(|public| public == said)
            || host
                .is_some_and(|host| said.split_once("://").is_some_and(|(_, authority)| authority == host));
        if here { Self::Here } else { Self::Foreign }
    }
}

/// Scheme, host and port of a URL.
fn origin_of(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
    let authority = uri.authority()?.as_str().to_ascii_lowercase();
    let usual = if scheme == "https" { ":443" } else { ":80" };
    let authority = authority.strip_suffix(usual).unwrap_or(&authority);
    (!authority.contains('@')).then(|| format!("{scheme}://{authority}"))
}

/// Says when somebody was given a form; made by us, for this form.
pub(super) struct Stamp(pub(super) String);

/// Seconds that a person needs at least to fill in a form.
pub(super) const SOONEST: i64 = 2;
/// Seconds after which a stamp is too old.
const LATEST: i64 = 12 * 3600;

impl Stamp {
    /// `None` where the server can make none.
    pub(super) fn new(house: &House, name: &str) -> Option<Self> {
        let links = house.rooms.intake.links()?;
        let mut chance = [0; 8];
        aws_lc_rs::rand::fill(&mut chance).ok()?;
        let said = format!("{}.{:016x}", house.rooms.clock.now().as_second(), u64::from_be_bytes(chance));
        let seal = links.seal("form", &format!("{name}/{said}"));
        Some(Self(format!("{said}.{seal}")))
    }

    pub(super) fn is_good(house: &House, name: &str, stamp: Option<&str>, now: Timestamp) -> bool {
        let (Some(links), Some(stamp)) = (house.rooms.intake.links(), stamp) else { return false };
        let Some((said, seal)) = stamp.rsplit_once('.') else { return false };
        if !links.is_sealed("form", &format!("{name}/{said}"), seal) {
            return false;
        }
        let second = said.split_once('.').and_then(|(second, _)| second.parse::<i64>().ok());
        second.is_some_and(|second| (SOONEST..=LATEST).contains(&(now.as_second() - second)))
    }
}

/// How often forms were sent lately.
#[derive(Debug, Default)]
pub(crate) struct Rates(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    /// Moments of letters, by form and client.
    letters: BTreeMap<(String, IpAddr), VecDeque<Timestamp>>,
    /// Moments of letters, by form.
    all: BTreeMap<String, VecDeque<Timestamp>>,
    /// Stamps that were used, until they are too old anyway.
    stamps: BTreeMap<String, Timestamp>,
}

const HOUR: i64 = 3600;
/// No more clients, or stamps, are remembered.
const MOST: usize = 20_000;
/// All clients of a form together may send as much as so many may.
const CROWD: u32 = 50;

impl Rates {
    /// Counts a letter, or says after how many seconds one may be sent.
    pub(super) fn admit(&self, form: &str, ip: IpAddr, per_hour: u32, now: Timestamp) -> Result<(), i64> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.letters.len() >= MOST {
            counted.letters.retain(|_, moments| moments.back().is_some_and(|last| age(*last, now) < HOUR));
        }
        if counted.letters.len() >= MOST {
            return Err(HOUR);
        }
        let (client, form) = ((form.to_owned(), network(ip)), form.to_owned());
        let of_all = wait(counted.all.entry(form.clone()).or_default(), per_hour.saturating_mul(CROWD), now);
        let of_client = wait(counted.letters.entry(client.clone()).or_default(), per_hour, now);
        if let Some(seconds) = of_all.max(of_client) {
            return Err(seconds);
        }
        counted.all.entry(form).or_default().push_back(now);
        counted.letters.entry(client).or_default().push_back(now);
        Ok(())
    }

    /// Whether a stamp is used for the first time.
    pub(super) fn is_first(&self, stamp: &str, now: Timestamp) -> bool {
        let stamps = &mut self.0.lock().unwrap_or_else(PoisonError::into_inner).stamps;
        if stamps.len() >= MOST {
            stamps.retain(|_, used| age(*used, now) <= LATEST);
            if stamps.len() >= MOST {
                stamps.clear();
            }
        }
        stamps.insert(stamp.to_owned(), now).is_none()
    }

    /// A stamp may be used again: nothing came of it.
    pub(super) fn forget(&self, stamp: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).stamps.remove(stamp);
    }
}

/// Seconds until there is room for one more within the hour; `None` where there is.
fn wait(moments: &mut VecDeque<Timestamp>, most: u32, now: Timestamp) -> Option<i64> {
    while moments.front().is_some_and(|first| age(*first, now) >= HOUR) {
        moments.pop_front();
    }
    let full = moments.len() >= usize::try_from(most).unwrap_or(usize::MAX);
    moments.front().filter(|_| full).map(|first| HOUR - age(*first, now))
}

fn age(moment: Timestamp, now: Timestamp) -> i64 {
    now.as_second() - moment.as_second()
}

/// One site has 2^64 addresses of IPv6: the network counts (RFC 6177).
fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(ip) => IpAddr::V6((u128::from(ip) >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        for (url, expected) in [
            ("https://www.example.org", Some("https://www.example.org")),
            ("https://WWW.example.org:443/contact?x", Some("https://www.example.org")),
            ("http://127.0.0.1:8025/", Some("http://127.0.0.1:8025")),
            ("null", None),
            ("https://a@www.example.org/", None),
            ("javascript:1", None),
            ("", None),
        ] {
            assert_eq!(origin_of(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn an_hour_has_so_many_letters() {
        let rates = Rates::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        let admit = |ip: &str, second| rates.admit("contact", ip.parse().unwrap(), 2, at(second));
        assert_eq!(admit("2001:db8::1", 0), Ok(()));
        assert_eq!(admit("2001:db8::2", 10), Ok(()));
        assert_eq!(admit("2001:db8::3", 20), Err(3580));
        assert_eq!(admit("2001:db8:1::1", 20), Ok(()));
        assert_eq!(admit("2001:db8::1", 3600), Ok(()));
        assert_eq!(admit("2001:db8::1", 3601), Err(9));
        for number in 0..97_u8 {
            assert_eq!(admit(&format!("192.0.2.{number}"), 3602), Ok(()), "{number}");
        }
        assert!(admit("192.0.2.200", 3602).is_err());
    }
}
