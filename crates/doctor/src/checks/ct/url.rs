//! The parts of a URL that say where a link leads (RFC 3986 section 3).

use std::net::IpAddr;

use tegami_mail::Domain;

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// `http` or `https`.
    pub(crate) secure: bool,
    /// The host as it was written, in lower case, without brackets.
    pub(crate) host: String,
    /// The port, where one is written.
    pub(crate) port: Option<u16>,
}

impl Place {
    /// Reads a URL; `None` where it does not lead to a web server.
    pub(crate) fn read(url: &str) -> Option<Self> {
        let url = url.trim();
        let (scheme, rest) = url.split_once(':')?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        // Browsers read backslashes as slashes.
        let rest = rest.trim_start_matches(['/', '\\']);
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let authority = rest.get(..end)?;
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = match host.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            Some((inside, after)) => (inside, after.strip_prefix(':')),
            None => host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port))),
        };
        let host = host.trim_end_matches('.').to_lowercase();
        (!host.is_empty()).then(|| Self { secure, host, port: port.and_then(|port| port.parse().ok()) })
    }

    /// The host as a domain.
    pub(crate) fn domain(&self) -> Option<Domain> {
        (!self.is_address()).then(|| Domain::parse(&self.host).ok()).flatten()
    }

    /// Whether the host is an address, in any of the forms that browsers take.
    pub(crate) fn is_address(&self) -> bool {
        let number = |text: &str| {
            text.strip_prefix("0x").map_or_else(
                || !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()),
                |hex| hex.bytes().all(|b| b.is_ascii_hexdigit()),
            )
        };
        self.host.parse::<IpAddr>().is_ok()
            || self.host.split('.').count() <= 4 && self.host.split('.').all(number)
    }
}

/// The URLs of a plain text.
pub(crate) fn in_text(text: &str) -> impl Iterator<Item = &str> {
    let stop = |c: char| c.is_whitespace() || c.is_control() || "<>\"「」『』（）。、".contains(c);
    text.split(stop).filter_map(|word| {
        let at = word.find("http://").or_else(|| word.find("https://"))?;
        Some(word.get(at..)?.trim_end_matches(['.', ',', ')', ';', ':', '!', '?', '\'']))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(url: &str, host: &str, port: Option<u16>) {
        let place = Place::read(url).unwrap();
        assert_eq!((place.host.as_str(), place.port), (host, port), "{url}");
    }

    #[test]
    fn hosts_are_found() {
        check("https://example.org/a?b#c", "example.org", None);
        check("HTTP://user:secret@Example.org:8080/", "example.org", Some(8080));
        check("https://bank.example@evil.example/", "evil.example", None);
        check("http://[2001:db8::1]:81/", "2001:db8::1", Some(81));
        check("https:\\\\example.org\\x", "example.org", None);
        assert_eq!(Place::read("mailto:a@example.org"), None);
        for url in
            ["http://192.0.2.1/", "http://3221225985/", "http://0xc0.0x0.2.1/", "http://[2001:db8::1]/"]
        {
            assert!(Place::read(url).unwrap().is_address(), "{url}");
        }
        assert!(!Place::read("https://12.example.org/").unwrap().is_address());
    }

    #[test]
    fn urls_stand_in_text() {
        let found: Vec<_> =
            in_text("see https://example.org/a, (http://example.net/b) or「https://example.com/あ」")
                .collect();
        assert_eq!(found, ["https://example.org/a", "http://example.net/b", "https://example.com/あ"]);
    }

    proptest! {
        #[test]
        fn nothing_panics(url: String, near in "(https?:|//|@|\\[|\\]|[:/?#.a0x\\\\]){0,16}") {
            for url in [url, near] {
                if let Some(place) = Place::read(&url) {
                    let _ = (place.domain(), place.is_address());
                }
                in_text(&url).count();
            }
        }
    }
}
