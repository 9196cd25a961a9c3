//! `[delivery.smarthost]`, `[delivery.relays."…"]` and `[[delivery.routes]]`: which mail goes through whom.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use tegami_mail::{Domain, Host, note};
use tegami_outbound::{IpOrder, Match, Order, Route, Smarthost, SmarthostTls, TlsDemand};
use tegami_proto::smtp::server::Credentials;
use tegami_queue::shaping::{ShapingSettings, WarmUp};
use toml::de::DeValue;

use super::preset::{self, Missing, Preset};
use super::reader::{Section, nearest};
use super::value::secret;

/// The name of the smarthost of `[delivery.smarthost]`, and of the route that ends the list because of it.
const SMARTHOST: &str = "smarthost";

/// Which mail goes through whom.
#[derive(Clone, Debug, Default)]
pub(crate) struct Routing {
    /// Every smarthost of the configuration.
    pub(crate) relays: Vec<Arc<Smarthost>>,
    /// The routes, in order.
    pub(crate) routes: Vec<Route>,
}

/// Reads the three kinds of tables.
pub(super) fn routing(delivery: &Section<'_>, base: &Path) -> Routing {
    let mut routing = Routing::default();
    for (name, section) in relays(delivery) {
        let setting = format!("delivery.relays.\"{name}\"");
        routing.relays.extend(smarthost(&section, name, setting, base).map(Arc::new));
        section.finish();
    }
    let last = delivery.section(SMARTHOST).and_then(|section| {
        let host = smarthost(&section, SMARTHOST, "delivery.smarthost".to_owned(), base);
        let order = order(&section, Order::Always);
        section.finish();
        let host = Arc::new(host?);
        routing.relays.push(Arc::clone(&host));
        let hosts = if order == Order::Direct { Vec::new() } else { vec![host] };
        Some(Route::for_all(SMARTHOST, order, hosts))
    });
    for (number, section) in delivery.tables("routes").into_iter().enumerate() {
        let name = section.text("name").map_or_else(|| format!("route {}", number + 1), |(name, _)| name);
        routing.routes.extend(route(&section, name, &routing.relays));
        section.finish();
    }
    routing.routes.extend(last);
    routing
}

/// A smarthost that no route leads to, and no plan of a source that becomes known, was meant for something.
pub(super) fn tell_unused(delivery: &Section<'_>, routing: &Routing, shaping: &ShapingSettings) {
    let Some(section) = delivery.section("relays") else { return };
    for (name, place, _) in section.entries() {
        let known = |route: &Route| route.smarthosts.iter().any(|host| host.name == name);
        let planned = |plan: &WarmUp| plan.overflow.as_str() == name;
        if !routing.routes.iter().any(known) && !shaping.warm_ups.values().any(planned) {
            delivery.problem(place, note!("cli-config-relay-unused", relay = name));
        }
    }
}

fn relays<'a>(delivery: &Section<'a>) -> Vec<(&'a str, Section<'a>)> {
    let Some(section) = delivery.section("relays") else { return Vec::new() };
    let named = section.entries().filter_map(|(name, _, value)| match value.get_ref() {
        DeValue::Table(table) => Some((name, section.below(table, value.span()))),
        _ => {
            section.wrong_type(value.span(), name, "table");
            None
        }
    });
    named.collect()
}

fn smarthost(section: &Section<'_>, name: &str, setting: String, base: &Path) -> Option<Smarthost> {
    let preset = preset(section);
    let tls = section.text("tls").map(|(text, span)| tls(section, &text, span));
    let implicit = matches!(tls, Some(SmarthostTls::Implicit(_)));
    let usual =
        preset.and_then(|preset| if implicit { preset.implicit.first() } else { preset.starttls.first() });
    let port = section.port("port").or(usual.copied()).unwrap_or(if implicit { 465 } else { 587 });
    // A port that the preset knows for TLS from the first octet says how TLS begins.
    let at_once = preset.is_some_and(|preset| preset.implicit.contains(&port));
    let verified = if at_once { SmarthostTls::Implicit } else { SmarthostTls::StartTls };
    let tls = tls.unwrap_or(verified(TlsDemand::Verified));
    let user = section.text("user").map(|(user, _)| user);
    let user = user.or_else(|| preset.and_then(|preset| preset.user.clone()));
    let password = secret(section, base);
    let usual = preset.is_some_and(|preset| preset.user.is_some());
    if user.is_some() != password.is_some() && !(usual && password.is_none()) {
        section.problem(section.span(), note!("cli-config-smarthost-credentials"));
    } else if preset.is_some() && password.is_none() {
        section.problem(section.span(), note!("cli-config-preset-credentials"));
    }
    let credentials =
        user.zip(password).map(|(username, password)| Credentials { username, password: password.0 });
    Some(Smarthost { name: name.to_owned(), host: host(section, preset)?, port, tls, credentials, setting })
}

fn preset(section: &Section<'_>) -> Option<&'static Preset> {
    let (text, span) = section.text("preset")?;
    let found = preset::all().get(&text);
    if found.is_none() {
        let known = preset::all().keys().cloned().collect::<Vec<_>>().join("`, `");
        section.problem(span, note!("cli-config-one-of", key = "preset", choices = known));
    }
    found
}

/// `host`, else what the preset says for `region` and `account`.
fn host(section: &Section<'_>, preset: Option<&'static Preset>) -> Option<Host> {
    let (region, account) = (section.text("region"), section.text("account"));
    let (text, span) = match (section.text("host"), preset) {
        (Some(given), _) => given,
        (None, Some(preset)) => {
            let word = |given: &Option<(String, Range<usize>)>| given.as_ref().map(|(text, _)| text.clone());
            match preset.host(word(&region).as_deref(), word(&account).as_deref()) {
                Ok(host) => (host, section.span()),
                Err(missing) => {
                    let span = region.map_or_else(|| section.span(), |(_, span)| span);
                    let known = preset.regions.keys().cloned().collect::<Vec<_>>().join("`, `");
                    section.problem(
                        span,
                        match missing {
                            Missing::Region | Missing::UnknownRegion => {
                                note!("cli-config-one-of", key = "region", choices = known)
                            }
                            Missing::Account => note!("cli-config-preset-account", preset = preset.title),
                        },
                    );
                    return None;
                }
            }
        }
        (None, None) => {
            section.problem(section.span(), note!("cli-config-smarthost-host"));
            return None;
        }
    };
    if let Ok(ip) = text.parse() {
        return Some(Host::Literal(ip));
    }
    match Domain::parse(&text) {
        Ok(domain) => Some(Host::Domain(domain)),
        Err(error) => {
            section.problem(span, note!("cli-config-bad-domain", domain = text, reason = error));
            None
        }
    }
}

fn tls(section: &Section<'_>, text: &str, span: Range<usize>) -> SmarthostTls {
    match text {
        "starttls" => SmarthostTls::StartTls(TlsDemand::Verified),
        "implicit" => SmarthostTls::Implicit(TlsDemand::Verified),
        "opportunistic" => SmarthostTls::StartTls(TlsDemand::Opportunistic),
        "off" => SmarthostTls::StartTls(TlsDemand::Never),
        _ => {
            let choices = "starttls`, `implicit`, `opportunistic`, `off";
            section.problem(span, note!("cli-config-one-of", key = "tls", choices = choices));
            SmarthostTls::StartTls(TlsDemand::Verified)
        }
    }
}

fn route(section: &Section<'_>, name: String, relays: &[Arc<Smarthost>]) -> Option<Route> {
    let mut smarthosts = Vec::new();
    for (relay, span) in section.texts("relay") {
        match relays.iter().find(|known| known.name == relay) {
            Some(known) => smarthosts.push(Arc::clone(known)),
            None => section.problem_with_help(
                span,
                note!("cli-config-relay-unknown", relay = relay),
                nearest(&relay, relays.iter().map(|known| known.name.as_str()))
                    .map(|known| note!("cli-config-did-you-mean", key = known)),
            ),
        }
    }
    let named = section.value("relay").is_some();
    let order = order(section, if named { Order::Always } else { Order::Direct });
    if named == (order == Order::Direct) {
        section.problem(section.span(), note!("cli-config-route-relay", order = order.as_str()));
        return None;
    }
    Some(Route {
        name,
        senders: matches(section, "sender"),
        recipients: matches(section, "recipient"),
        tags: section.texts("tag").into_iter().map(|(tag, _)| tag).collect(),
        order,
        smarthosts,
        ip: ip_order(section),
    })
}

fn order(section: &Section<'_>, default: Order) -> Order {
    let Some((text, span)) = section.text("order") else { return default };
    let found = Order::ALL.into_iter().find(|order| order.as_str() == text);
    found.unwrap_or_else(|| {
        let choices = Order::ALL.map(Order::as_str).join("`, `");
        section.problem(span, note!("cli-config-one-of", key = "order", choices = choices));
        default
    })
}

/// `ip`: which version of IP goes first.
pub(super) fn ip_order(section: &Section<'_>) -> Option<IpOrder> {
    let (text, span) = section.text("ip")?;
    let order = match text.as_str() {
        "v4-first" => IpOrder::V4First,
        "v6-first" => IpOrder::V6First,
        "v4" => IpOrder::V4Only,
        "v6" => IpOrder::V6Only,
        "alternate" => IpOrder::Alternate,
        _ => {
            let choices = "v4-first`, `v6-first`, `v4`, `v6`, `alternate";
            section.problem(span, note!("cli-config-one-of", key = "ip", choices = choices));
            return None;
        }
    };
    Some(order)
}

/// `example.com`, `*.example.com` for all below it, and `<>` for the null reverse-path of notifications.
fn matches(section: &Section<'_>, key: &'static str) -> Vec<Match> {
    let mut found = Vec::new();
    for (text, span) in section.texts(key) {
        let (below, name) = text.strip_prefix("*.").map_or((false, text.as_str()), |name| (true, name));
        match Domain::parse(name) {
            _ if text == "<>" && key == "sender" => found.push(Match::NullReversePath),
            Ok(domain) => found.push(if below { Match::Below(domain) } else { Match::Domain(domain) }),
            Err(error) => {
                section.problem(span, note!("cli-config-bad-domain", domain = text, reason = error));
            }
        }
    }
    found
}
