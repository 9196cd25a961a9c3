//! Arguments as they were probably meant.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::word::is_good;

/// Networks that a range of addresses may come to; a range that needs more is no correction but a rewriting.
const MAX_NETWORKS: usize = 8;

/// `ip4:` or `ip6:` and the network that was meant: with a mask, an incomplete address, leading zeros, brackets, a port.
pub(super) fn network(text: &str) -> Option<String> {
    let text = text.trim_matches(['[', ']', '(', ')', '<', '>']);
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address.trim_end_matches(']'), Some(length)),
        None => (text, None),
    };
    if let Ok(ip) = address.parse::<Ipv6Addr>() {
        let length = optional_prefix(length, 128)?;
        return Some(with_length("ip6", IpAddr::V6(ip), length));
    }
    if let Some((first, last)) = address.split_once('-') {
        return range(first.parse().ok()?, last.parse().ok()?).filter(|_| length.is_none());
    }
    let (address, known) = ipv4(address)?;
    let length = optional_prefix(length, 32)?.or(known);
    Some(with_length("ip4", IpAddr::V4(address), length))
}

fn with_length(name: &str, address: IpAddr, length: Option<u8>) -> String {
    match length {
        Some(length) => format!("{name}:{address}/{length}"),
        None => format!("{name}:{address}"),
    }
}

/// The length of a prefix where one stands there; `None` where it cannot be read.
fn optional_prefix(text: Option<&str>, most: u8) -> Option<Option<u8>> {
    text.map_or(Some(None), |text| prefix(text, most).map(Some))
}

/// The length of a prefix, from digits with leading zeros or from a mask.
fn prefix(text: &str, most: u8) -> Option<u8> {
    if let (Ok(mask), 32) = (text.parse::<Ipv4Addr>(), most) {
        let bits = mask.to_bits();
        return (bits.leading_ones() + bits.trailing_zeros() == 32 || bits == 0)
            .then(|| u8::try_from(bits.leading_ones()).unwrap_or(32));
    }
    let digits = text.trim_start_matches('0');
    let digits = if digits.is_empty() && !text.is_empty() { "0" } else { digits };
    digits.parse().ok().filter(|length| *length <= most)
}

/// An IPv4 address, where it is incomplete with the prefix of what stands there.
fn ipv4(text: &str) -> Option<(Ipv4Addr, Option<u8>)> {
    let (text, port) = text.split_once(':').unwrap_or((text, ""));
    if !port.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let mut octets = [0_u8; 4];
    let mut count = 0_u8;
    let mut open = false;
    for part in text.trim_end_matches('.').split('.') {
        if matches!(part, "*" | "x" | "X") {
            open = true;
            continue;
        }
        let digits = part.trim_start_matches('0');
        let value = if digits.is_empty() && !part.is_empty() { 0 } else { digits.parse().ok()? };
        if open {
            return None;
        }
        *octets.get_mut(usize::from(count))? = value;
        count += 1;
    }
    // Fewer than three numbers are something else: a version, a count.
    match count {
        4 if !open => Some((octets.into(), None)),
        3 => Some((octets.into(), Some(24))),
        2 if open => Some((octets.into(), Some(16))),
        _ => None,
    }
}

/// The networks that make up a range of addresses.
fn range(first: Ipv4Addr, last: Ipv4Addr) -> Option<String> {
    let (mut next, end) = (u64::from(first.to_bits()), u64::from(last.to_bits()) + 1);
    let mut networks = Vec::new();
    while next < end && networks.len() <= MAX_NETWORKS {
        let aligned = if next == 0 { 32 } else { next.trailing_zeros().min(32) };
        let bits = aligned.min((end - next).ilog2());
        let address = Ipv4Addr::from_bits(u32::try_from(next).ok()?);
        networks.push(if bits == 0 {
            format!("ip4:{address}")
        } else {
            format!("ip4:{address}/{}", 32 - bits)
        });
        next += 1 << bits;
    }
    (!networks.is_empty() && networks.len() <= MAX_NETWORKS).then(|| networks.join(" "))
}

/// A host alone: `include:` where the name speaks of SPF, else `a:`.
pub(super) fn host(text: &str) -> Option<String> {
    let is_name =
        text.contains('.') && text.bytes().all(|o| o.is_ascii_alphanumeric() || b".-_".contains(&o));
    let name = if text.to_ascii_lowercase().contains("spf") { "include" } else { "a" };
    is_name.then(|| format!("{name}:{text}"))
}

/// The term with a domain as its argument: without scheme, port, path and other things that are no part of a name.
pub(super) fn domain(name: &str, argument: &str) -> Option<String> {
    let sign = if matches!(name, "redirect" | "exp") { '=' } else { ':' };
    let bare = ["http://", "https://", "//", "mailto:", "@", "*.", "."]
        .iter()
        .fold(argument, |text, prefix| text.strip_prefix(prefix).unwrap_or(text));
    let (host, path) = match bare.split_once('/') {
        Some((host, _)) => (host, bare.strip_prefix(host).unwrap_or_default()),
        None => (bare, ""),
    };
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => host,
        _ => host,
    };
    let macros = with_braces(bare);
    let written = [argument, bare, macros.as_str()].map(str::to_owned);
    let cut = [format!("{host}{path}"), host.to_owned(), host.trim_end_matches(['.', '-', '_']).to_owned()];
    written
        .into_iter()
        .chain(cut)
        .map(|argument| format!("{name}{sign}{argument}"))
        .find(|term| is_good(term))
}

/// `%i` and `%{i` as `%{i}`.
fn with_braces(text: &str) -> String {
    let mut parts = text.split('%');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let inner = part.strip_prefix(['{', '(']).unwrap_or(part);
        let mut characters = inner.chars();
        let (letter, after) = (characters.next(), characters.as_str());
        match letter {
            Some(letter) if letter.is_ascii_alphabetic() && !after.contains('}') => {
                whole.push_str(&format!("%{{{letter}}}{}", after.strip_prefix(')').unwrap_or(after)));
            }
            _ => whole.push_str(&format!("%{part}")),
        }
    }
    whole
}
