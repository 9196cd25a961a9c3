//! The keys of `tegami.toml`, with their defaults. A new key needs a default that is right for nearly everybody, and a
//! line in `docs/configuration.md`.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use tegami_auth::dkim::Selector;
use tegami_auth::mta_sts::Mode;
use tegami_dns::Dnssec;
use tegami_mail::{Address, Domain, note};
use tegami_outbound::{IpOrder, TlsPolicies, TlsPolicy, TlsScope};
use tegami_queue::shaping::Providers;
use tegami_queue::{Distrust, Languages, RetryPolicy};
use toml::de::DeTable;
use tracing_subscriber::EnvFilter;

use super::problem::Problem;
use super::reader::{Problems, Section, Value};
use super::route::{self, Routing, ip_order, routing};
use super::schedule::{self, Shares};
use super::shaping;
use super::value::{addresses, delays, everywhere, parse_delay, size};
use super::{
    Config, Delivery, DkimKey, Dns, Inboxes, Limits, Listen, Log, LogFormat, Monitor, OnFail, Preflight,
    Reception, Reports, ReturnPath, Submission, Tls, blocklist, bounce, form, webhook,
};

/// Reads the whole text; relative paths start at `base`.
pub(super) fn read(text: &str, base: &Path) -> Result<Config, Vec<Problem>> {
    let problems = Problems::default();
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let reason = error.message().to_owned();
        problems.add(error.span().unwrap_or(0..0), note!("cli-config-not-toml", reason = reason), None);
    }
    // What is missing in a text that is not TOML may stand behind the mistake.
    if !problems.is_empty() {
        return Err(problems.into_sorted());
    }
    let config = {
        let root = Section::new(table.get_ref(), 0..0, &problems);
        let config = whole(&root, base);
        root.finish();
        config
    };
    let found = problems.into_sorted();
    match config {
        Some(config) if found.is_empty() => Ok(config),
        _ => Err(found),
    }
}

fn whole(root: &Section<'_>, base: &Path) -> Option<Config> {
    let hostname = hostname(root);
    let (domains, dkim) = domains(root, base);
    let data = root.text("data").map_or_else(|| "/var/lib/tegami".into(), |(path, _)| base.join(path));
    let section = root.section("delivery");
    let routing = section.as_ref().map(|section| routing(section, base)).unwrap_or_default();
    let (shaping, sources) = shaping::read(root, section.as_ref(), &routing.relays, base);
    if let Some(section) = &section {
        route::tell_unused(section, &routing, &shaping);
    }
    let (dns, dnssec) = dns(root, base);
    let names: Vec<Domain> = domains.keys().cloned().collect();
    Some(Config {
        delivery: delivery(section, routing, sources, &shaping.providers),
        shaping,
        forms: form::forms(root, &names),
        domains: names,
        return_paths: domains,
        dkim,
        listen: listen(root, base, &data),
        data,
        tls: tls(root, base),
        dns,
        dnssec,
        reception: reception(root),
        suppressions: bounce::suppressions(root),
        reports: reports(root),
        monitor: monitor(root),
        blocklists: blocklist::blocklists(root, base),
        inboxes: inboxes(root),
        preflight: preflight(root),
        submission: submission(root),
        limits: limits(root),
        log: log(root),
        public_url: webhook::public_url(root),
        trusted_proxies: webhook::networks(root, "trusted_proxies"),
        webhooks: webhook::webhooks(root),
        hostname: hostname?,
    })
}

fn hostname(root: &Section<'_>) -> Option<Domain> {
    let Some((text, span)) = root.text("hostname") else {
        if root.value("hostname").is_none() {
            root.problem(0..0, note!("cli-config-no-hostname"));
        }
        return None;
    };
    let parsed = Domain::parse(&text);
    if let Err(error) = &parsed {
        root.problem(span, note!("cli-config-bad-domain", domain = text, reason = error));
    }
    parsed.ok()
}

fn domains(root: &Section<'_>, base: &Path) -> (BTreeMap<Domain, ReturnPath>, Vec<DkimKey>) {
    let Some(section) = root.section("domains") else { return Default::default() };
    let (mut domains, mut keys) = (BTreeMap::new(), Vec::new());
    for (name, span, value) in section.entries() {
        let (mut return_path, mut key) = (ReturnPath::default(), None);
        if let Some(domain) = section.table(name, value) {
            return_path = bounce::return_path(&domain);
            key = dkim_key(&domain);
            domain.finish();
        }
        match Domain::parse(name) {
            Ok(domain) => {
                keys.extend(key.map(|(selector, file)| DkimKey {
                    domain: domain.clone(),
                    selector,
                    file: base.join(file),
                }));
                domains.insert(domain, return_path);
            }
            Err(error) => {
                section.problem(span, note!("cli-config-bad-domain", domain = name, reason = error));
            }
        }
    }
    (domains, keys)
}

/// Selector and file.
fn dkim_key(domain: &Section<'_>) -> Option<(Selector, String)> {
    let selector = domain.text("dkim_selector");
    let file = domain.text("dkim_key");
    let ((selector, span), (file, _)) = match (selector, file) {
        (Some(selector), Some(file)) => (selector, file),
        (None, None) => return None,
        (Some((_, span)), None) | (None, Some((_, span))) => {
            domain.problem(span, note!("cli-config-dkim-half"));
            return None;
        }
    };
    let parsed = Selector::parse(&selector);
    if let Err(error) = &parsed {
        domain.problem(span, note!("cli-config-bad-selector", selector = selector, reason = error));
    }
    Some((parsed.ok()?, file))
}

fn listen(root: &Section<'_>, base: &Path, data: &Path) -> Listen {
    let loopback = || vec![(IpAddr::V4(Ipv4Addr::LOCALHOST), 8025).into()];
    let Some(section) = root.section("listen") else {
        return Listen {
            smtp: everywhere(25),
            submission: submission_ports(),
            submissions: everywhere(465),
            http: loopback(),
            metrics: Vec::new(),
            local: data.join("submit.sock"),
        };
    };
    let listen = Listen {
        smtp: addresses(&section, "smtp", everywhere(25)),
        submission: addresses(&section, "submission", submission_ports()),
        submissions: addresses(&section, "submissions", everywhere(465)),
        http: addresses(&section, "http", loopback()),
        metrics: addresses(&section, "metrics", Vec::new()),
        local: section.text("local").map_or_else(|| data.join("submit.sock"), |(path, _)| base.join(path)),
    };
    section.finish();
    listen
}

/// 587, and 2525 for networks that close it.
fn submission_ports() -> Vec<std::net::SocketAddr> {
    [everywhere(587), everywhere(2525)].concat()
}

fn tls(root: &Section<'_>, base: &Path) -> Tls {
    let Some(section) = root.section("tls") else { return Tls::default() };
    let certificate = section.text("certificate");
    let key = section.text("key");
    let files = match (certificate, key) {
        (Some((certificate, _)), Some((key, _))) => Some((base.join(certificate), base.join(key))),
        (None, None) => None,
        (Some((_, span)), None) | (None, Some((_, span))) => {
            section.problem(span, note!("cli-config-tls-half"));
            None
        }
    };
    let extra_roots = section.text("extra_roots").map(|(path, _)| base.join(path));
    if let Some(value) = section.value("acme") {
        section.problem(value.span(), note!("cli-config-no-acme"));
    }
    section.finish();
    Tls { files, extra_roots }
}

fn dns(root: &Section<'_>, base: &Path) -> (Dns, Dnssec) {
    let Some(section) = root.section("dns") else { return (Dns::System, Dnssec::Auto) };
    let server = section.text("resolver").and_then(|(text, span)| {
        let address = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(|ip| (ip, 53).into()));
        if address.is_none() {
            section.problem(span, note!("cli-config-wants-address", key = "resolver"));
        }
        address
    });
    let zone = section.text("zone").map(|(path, _)| base.join(path));
    let dnssec = section.text("dnssec").map_or(Dnssec::Auto, |(text, span)| match text.as_str() {
        "validate" => Dnssec::Validate,
        "trust-ad" => Dnssec::TrustAd,
        "off" => Dnssec::Off,
        _ => {
            let choices = "validate`, `trust-ad`, `off";
            section.problem(span, note!("cli-config-one-of", key = "dnssec", choices = choices));
            Dnssec::Auto
        }
    });
    section.finish();
    let dns = match (zone, server) {
        (Some(zone), _) => Dns::Zone(zone),
        (None, Some(server)) => Dns::Server(server),
        (None, None) => Dns::System,
    };
    (dns, dnssec)
}

fn reception(root: &Section<'_>) -> Reception {
    let mut reception = Reception { sts: Some(Mode::Testing), ..Reception::default() };
    let Some(section) = root.section("reception") else { return reception };
    let on_fail = |key: &'static str, default: OnFail| {
        let Some((text, span)) = section.text(key) else { return default };
        match text.as_str() {
            "refuse" => OnFail::Refuse,
            "mark" => OnFail::Mark,
            _ => {
                section.problem(span, note!("cli-config-one-of", key = key, choices = "refuse`, `mark"));
                default
            }
        }
    };
    reception.dmarc_reject = on_fail("dmarc_reject", OnFail::Refuse);
    reception.spf_fail = on_fail("spf_fail", OnFail::Refuse);
    reception.feedback = bounce::feedback(&section);
    if let Some((text, span)) = section.text("mta_sts") {
        reception.sts = match text.as_str() {
            "testing" => Some(Mode::Testing),
            "enforce" => Some(Mode::Enforce),
            "none" => Some(Mode::None),
            "off" => None,
            _ => {
                let choices = "testing`, `enforce`, `none`, `off";
                section.problem(span, note!("cli-config-one-of", key = "mta_sts", choices = choices));
                reception.sts
            }
        };
    }
    section.finish();
    reception
}

fn submission(root: &Section<'_>) -> Submission {
    let mut submission = Submission::default();
    let Some(section) = root.section("submission") else { return submission };
    for (text, span) in section.texts("trusted") {
        if let Err(error) = submission.trusted.add(&text) {
            let message = match error {
                Distrust::NotANetwork(_) => note!("cli-config-wants-network", text = text),
                Distrust::Strangers => note!("cli-config-open-relay", network = text),
            };
            section.problem(span, message);
        }
    }
    section.finish();
    submission
}

fn delivery(
    section: Option<Section<'_>>,
    routing: Routing,
    sources: Vec<IpAddr>,
    providers: &Providers,
) -> Delivery {
    let default = Delivery {
        paused: false,
        port: 25,
        sources: Vec::new(),
        ip: IpOrder::V4First,
        routing: Routing::default(),
        retry: RetryPolicy::default().into(),
        shares: Shares::default(),
        tls: TlsPolicies::default(),
        languages: Languages::default(),
    };
    let Some(section) = section else { return default };
    let usual = RetryPolicy::default();
    let delivery = Delivery {
        paused: section.flag("paused").unwrap_or_default(),
        port: section.port("port").unwrap_or(default.port),
        ip: ip(&section).unwrap_or(default.ip),
        routing,
        retry: schedule::retries(
            &section,
            RetryPolicy {
                delays: delays(&section, "retry", usual.delays),
                warn_after: bounce::warn_after(&section, usual.warn_after),
                ..usual
            },
            providers,
        ),
        shares: schedule::shares(&section),
        languages: bounce::languages(&section),
        tls: tls_policies(&section),
        sources,
    };
    section.finish();
    delivery
}

/// `"example.net" = "verify"`, `"*.example.net" = "may"`, `"*" = "encrypt"`.
fn tls_policies(delivery: &Section<'_>) -> TlsPolicies {
    let Some(section) = delivery.section("tls") else { return TlsPolicies::default() };
    let read = |(name, span, value): (&str, _, Value<'_>)| {
        let scope = TlsScope::parse(name);
        if scope.is_none() {
            section.problem(
                span,
                note!("cli-config-bad-domain", domain = name, reason = "example.net, *.example.net or *"),
            );
        }
        let policy = value.get_ref().as_str().and_then(TlsPolicy::from_word);
        if policy.is_none() {
            let choices = TlsPolicy::ALL.map(TlsPolicy::as_str).join("`, `");
            section.problem(value.span(), note!("cli-config-one-of", key = name, choices = choices));
        }
        scope.zip(policy)
    };
    section.entries().filter_map(read).collect()
}

/// `ip`, or `ipv6 = false`.
fn ip(section: &Section<'_>) -> Option<IpOrder> {
    let order = ip_order(section);
    match (section.flag("ipv6"), order) {
        (Some(_), Some(_)) => {
            section.problem(section.span(), note!("cli-config-ip-twice"));
            order
        }
        (Some(false), None) => Some(IpOrder::V4Only),
        _ => order,
    }
}

fn reports(root: &Section<'_>) -> Reports {
    let Some(section) = root.section("reports") else {
        return Reports { tls: true, organization: None, contact: None };
    };
    let reports = Reports {
        tls: section.flag("tls").unwrap_or(true),
        organization: section.text("organization").map(|(text, _)| text),
        contact: section.text("contact").map(|(text, _)| text),
    };
    section.finish();
    reports
}

fn monitor(root: &Section<'_>) -> Monitor {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let mut monitor = Monitor { every: Some(DAY), to: None };
    let Some(section) = root.section("monitor") else { return monitor };
    if let Some((text, span)) = section.text("every") {
        match parse_delay(&text) {
            _ if text == "never" => monitor.every = None,
            Some(every) => monitor.every = Some(every),
            None => section.problem(span, note!("cli-config-wants-delay", key = "every")),
        }
    }
    if let Some((text, span)) = section.text("to") {
        match Address::parse(&text) {
            Ok(address) => monitor.to = Some(address),
            Err(error) => section.problem(span, note!("cli-bad-address", address = text, reason = error)),
        }
    }
    section.finish();
    monitor
}

fn inboxes(root: &Section<'_>) -> Inboxes {
    let Some(section) = root.section("inboxes") else { return Inboxes::default() };
    let inboxes = Inboxes { links: section.flag("links").unwrap_or_default() };
    section.finish();
    inboxes
}

fn preflight(root: &Section<'_>) -> Preflight {
    const HOUR: Duration = Duration::from_secs(3600);
    let mut preflight = Preflight { sample: Some(HOUR), refuse: false };
    let Some(section) = root.section("preflight") else { return preflight };
    if let Some((text, span)) = section.text("sample") {
        match parse_delay(&text) {
            _ if text == "never" => preflight.sample = None,
            Some(every) => preflight.sample = Some(every),
            None => section.problem(span, note!("cli-config-wants-delay", key = "sample")),
        }
    }
    preflight.refuse = section.flag("refuse").unwrap_or_default();
    section.finish();
    preflight
}

fn log(root: &Section<'_>) -> Log {
    let mut log = Log { format: LogFormat::Text, level: "info".to_owned() };
    let Some(section) = root.section("log") else { return log };
    if let Some((text, span)) = section.text("format") {
        match text.as_str() {
            "text" => log.format = LogFormat::Text,
            "json" => log.format = LogFormat::Json,
            _ => section.problem(span, note!("cli-config-one-of", key = "format", choices = "text`, `json")),
        }
    }
    if let Some((text, span)) = section.text("level") {
        match text.parse::<EnvFilter>() {
            Ok(_) => log.level = text,
            Err(error) => section.problem(span, note!("cli-config-bad-level", text = text, reason = error)),
        }
    }
    section.finish();
    log
}

/// Seconds.
const DAY: u64 = 24 * 3600;

fn limits(root: &Section<'_>) -> Limits {
    const MESSAGE: usize = 50 << 20;
    const RECIPIENTS: usize = 1000;
    const RETENTION: Duration = Duration::from_secs(30 * DAY);
    const AHEAD: Duration = Duration::from_secs(3 * DAY);
    let Some(section) = root.section("limits") else {
        return Limits { message_size: MESSAGE, recipients: RECIPIENTS, retention: RETENTION, ahead: AHEAD };
    };
    let days = |count: usize| Duration::from_secs(DAY.saturating_mul(count as u64));
    let ahead = section.count("ahead_days");
    if let (Some(8..), Some(value)) = (ahead, section.value("ahead_days")) {
        section.problem(value.span(), note!("cli-config-ahead-days"));
    }
    let limits = Limits {
        message_size: size(&section, "message_size", MESSAGE),
        recipients: section.count("recipients").unwrap_or(RECIPIENTS),
        retention: section.count("retention_days").map_or(RETENTION, days),
        ahead: ahead.map_or(AHEAD, days),
    };
    section.finish();
    limits
}

/// The keys that are asked for at the top level.
#[cfg(test)]
pub(super) fn sections() -> std::collections::BTreeSet<&'static str> {
    let (table, problems) = (DeTable::new(), Problems::default());
    let root = Section::new(&table, 0..0, &problems);
    drop(whole(&root, Path::new("")));
    root.asked()
}
