//! The keys about HTTP in both directions: how others reach us, and how we reach their URLs.

use tegami_auth::Network;
use tegami_mail::note;

use super::reader::Section;
use super::value::delays;
use super::{Secret, Webhooks};

/// `public_url`: how others reach the HTTP API.
pub(super) fn public_url(root: &Section<'_>) -> Option<String> {
    let (text, span) = root.text("public_url")?;
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.map(|rest| rest.trim_end_matches('/'));
    if host.is_none_or(|host| host.is_empty() || host.contains(['?', '#', '@', ' '])) {
        root.problem(span, note!("cli-config-wants-url", key = "public_url"));
        return None;
    }
    Some(text.trim_end_matches('/').to_owned())
}

/// A key with networks: `trusted_proxies`, and `allow` of `[webhooks]`.
pub(super) fn networks(section: &Section<'_>, key: &'static str) -> Vec<Network> {
    let mut networks = Vec::new();
    for (text, span) in section.texts(key) {
        match Network::parse(&text) {
            Ok(network) => networks.push(network),
            Err(_) => section.problem(span, note!("cli-config-wants-network", text = text)),
        }
    }
    networks
}

/// `[webhooks]`.
pub(super) fn webhooks(root: &Section<'_>) -> Webhooks {
    let mut webhooks = Webhooks::default();
    let Some(section) = root.section("webhooks") else { return webhooks };
    webhooks.allow = networks(&section, "allow");
    webhooks.retry = delays(&section, "retry", Vec::new());
    webhooks.signing_key = section.text("signing_key").map(|(text, _)| Secret(text));
    section.finish();
    webhooks
}
