//! Values with more to them than a type: sizes, listening addresses, secrets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use tegami_mail::note;
use toml::de::DeValue;

use super::Secret;
use super::reader::{Section, Value};

/// `25`, `"127.0.0.1:2525"`, a list of those, or `false`. A bare port is every address of the machine.
pub(super) fn addresses(
    section: &Section<'_>,
    key: &'static str,
    default: Vec<SocketAddr>,
) -> Vec<SocketAddr> {
    let Some(value) = section.value(key) else { return default };
    match value.get_ref() {
        DeValue::Boolean(false) => Vec::new(),
        DeValue::Array(array) => array.iter().flat_map(|entry| address(section, key, entry)).collect(),
        _ => address(section, key, value),
    }
}

fn address(section: &Section<'_>, key: &'static str, value: Value<'_>) -> Vec<SocketAddr> {
    let port = value.get_ref().as_integer().and_then(|port| port.as_str().parse::<u16>().ok());
    let full = value.get_ref().as_str().and_then(|text| text.parse().ok());
    match (port, full) {
        (Some(port), _) => everywhere(port),
        (None, Some(address)) => vec![address],
        (None, None) => {
            section.problem(value.span(), note!("cli-config-wants-address", key = key));
            Vec::new()
        }
    }
}

/// Every address of the machine, both families.
pub(super) fn everywhere(port: u16) -> Vec<SocketAddr> {
    vec![(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port).into(), (IpAddr::V6(Ipv6Addr::UNSPECIFIED), port).into()]
}

/// `26214400` or `"25MiB"`.
pub(super) fn size(section: &Section<'_>, key: &'static str, default: usize) -> usize {
    let Some(value) = section.value(key) else { return default };
    let number = value.get_ref().as_integer().and_then(|number| number.as_str().parse::<usize>().ok());
    let read = number.or_else(|| value.get_ref().as_str().and_then(parse_size)).filter(|size| *size > 0);
    read.unwrap_or_else(|| {
        section.problem(value.span(), note!("cli-config-wants-size", key = key));
        default
    })
}

fn parse_size(text: &str) -> Option<usize> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let factor: usize = match unit.trim() {
        "" | "B" => 1,
        "kB" => 1_000,
        "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "MiB" => 1 << 20,
        "GB" => 1_000_000_000,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<usize>().ok()?.checked_mul(factor)
}

/// `["1m", "5m", "2h"]`: waiting times, one after another.
pub(super) fn delays(section: &Section<'_>, key: &'static str, default: Vec<Duration>) -> Vec<Duration> {
    let mut delays = Vec::new();
    for (text, span) in section.texts(key) {
        match parse_delay(&text) {
            Some(delay) => delays.push(delay),
            None => section.problem(span, note!("cli-config-wants-delay", key = key)),
        }
    }
    if delays.is_empty() { default } else { delays }
}

/// From a second to the five days after which delivery is given up.
pub(super) fn parse_delay(text: &str) -> Option<Duration> {
    const LONGEST: u64 = 5 * 86_400;
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let seconds = match unit.trim() {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let delay = number.parse::<u64>().ok()?.checked_mul(seconds)?;
    (1..=LONGEST).contains(&delay).then(|| Duration::from_secs(delay))
}

/// `password`, `password_file` or `password_env`: exactly one of them.
pub(super) fn secret(section: &Section<'_>, base: &Path) -> Option<Secret> {
    let given = [section.text("password"), section.text("password_file"), section.text("password_env")];
    one_secret(section, base, given, "`password`, `password_file`, `password_env`")
}

/// `key`, `key_file` or `key_env`: exactly one of them.
pub(super) fn key_of(section: &Section<'_>, base: &Path) -> Option<Secret> {
    let given = [section.text("key"), section.text("key_file"), section.text("key_env")];
    if given.iter().all(Option::is_none) {
        section.problem(section.span(), note!("cli-config-blocklist-empty-key"));
    }
    one_secret(section, base, given, "`key`, `key_file`, `key_env`")
}

/// A secret as it is, in a file, or in a variable of the environment.
fn one_secret(
    section: &Section<'_>,
    base: &Path,
    [plain, file, variable]: [Option<(String, Range<usize>)>; 3],
    keys: &'static str,
) -> Option<Secret> {
    let plain = plain.map(|(text, span)| (Ok(text), span));
    let file = file.map(|(path, span)| {
        let path = base.join(path);
        let read = std::fs::read_to_string(&path).map(|text| text.trim_end_matches(['\r', '\n']).to_owned());
        (read.map_err(|error| note!("cli-config-secret-file", path = path.display(), reason = error)), span)
    });
    let variable = variable.map(|(name, span)| {
        (std::env::var(&name).map_err(|_| note!("cli-config-secret-env", name = name)), span)
    });
    let mut given = [plain, file, variable].into_iter().flatten();
    let (read, span) = given.next()?;
    if let Some((_, second)) = given.next() {
        section.problem(second, note!("cli-config-secret-twice", keys = keys));
    }
    match read {
        Ok(text) => Some(Secret(text)),
        Err(message) => {
            section.problem(span, message);
            None
        }
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn waiting_times() {
        assert_eq!(parse_delay("1s"), Some(Duration::from_secs(1)));
        assert_eq!(parse_delay("15 m"), Some(Duration::from_secs(900)));
        assert_eq!(parse_delay("5d"), Some(Duration::from_secs(432_000)));
        for text in ["", "5", "0s", "6d", "1w", "s", "99999999999999999999h"] {
            assert_eq!(parse_delay(text), None, "{text}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(parse_size("25MiB"), Some(25 << 20));
        assert_eq!(parse_size("10 kB"), Some(10_000));
        assert_eq!(parse_size("10 parsecs"), None);
        assert_eq!(parse_size("99999999999999999999GiB"), None);
    }
}
