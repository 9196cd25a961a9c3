//! What a reply names: an address (IP), a domain, a link.

use std::net::IpAddr;

/// Values for sentences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) ip: Option<IpAddr>,
    pub(super) domain: Option<String>,
    pub(super) link: Option<String>,
}

impl Facts {
    /// Looks through a text in lower case; the domain is what follows one of `domain_after`.
    pub(super) fn find(text: &str, domain_after: &[&str]) -> Self {
        let words = || text.split([' ', '[', ']', '(', ')', '<', '>', '=', ';', ',', '\'', '"']);
        let ip = words().find_map(|word| word.trim_end_matches(['.', ':']).parse::<IpAddr>().ok());
        let link = words().find(|word| word.starts_with("http://") || word.starts_with("https://"));
        let domain = domain_after.iter().find_map(|before| {
            let (_, rest) = text.split_once(before)?;
            let name = rest.trim_start_matches(['[', '(', '<', '\'', '"']);
            let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')));
            let name = name.get(..end.unwrap_or(name.len())).unwrap_or_default().trim_end_matches('.');
            let is_domain = name.contains('.') && name.len() <= 253 && name.parse::<IpAddr>().is_err();
            is_domain.then(|| name.to_owned())
        });
        let link = link.map(|link| link.trim_end_matches(['.', ':', '!']).to_owned());
        Self { ip, domain, link: link.filter(|link| link.len() <= 300 && !link.contains(char::is_control)) }
    }
}
