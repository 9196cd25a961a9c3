//! What a domain is for: by the options, the configuration, and what is set for the domain.

use std::net::IpAddr;
use std::path::Path;

use tegami_auth::dmarc::Policy;
use tegami_auth::spf::Qualifier;
use tegami_dns::{Record, Tlsa, Zone};
use tegami_doctor::plan::service::{Chosen, ServiceError};
use tegami_doctor::plan::{Receive, Server, Stage, Wishes};
use tegami_mail::{Domain, Note, note};
use tegami_web::{Facts, Offers, wishes as usual_wishes};

use super::super::{Context, Failure, remote};
use crate::cli::{DmarcStage, SpfEnd, Subject, When};
use crate::config::Config;
use crate::server::{association, offers, shown_certificate, sources};

/// What the domain is for.
///
/// # Errors
/// The options contradict what is known, or name what does not exist.
pub(super) async fn wishes(
    subject: &Subject,
    config: Option<&Config>,
    context: &Context,
) -> Result<Wishes, Failure> {
    let domain = super::domain(&subject.domain)?;
    let facts = match config {
        Some(config) => {
            let told = remote::ask(&["domain", "facts", domain.as_str()], context, config).await?;
            serde_json::from_str(&told).map_err(|error| Failure::Text(error.to_string()))?
        }
        None => Facts::default(),
    };
    let server = server(subject, config)?;
    let nothing_said = subject.receive.is_none() && subject.send.is_empty();
    if !facts.ours && nothing_said && subject.hostname.is_none() {
        return Err(note!("cli-dns-not-ours", domain = domain).into());
    }
    let (sends, services) = senders(subject, server.is_some() && (facts.ours || nothing_said))?;
    if sends && server.is_none() {
        return Err(note!("cli-dns-no-server").into());
    }
    let receive = receive(subject, facts.ours || (nothing_said && server.is_some()))?;
    let Some(server_here) = server.clone() else {
        let nobody = Server { hostname: domain.clone(), addresses: Vec::new() };
        let usual = Wishes::usual(domain.clone(), nobody, Vec::new());
        return chosen(Wishes { server: None, sends, services, receive, ..usual }, subject, &domain);
    };
    let offers = Offers { tlsa: associations(subject, config)?, ..config.map(offers).unwrap_or_default() };
    let usual = usual_wishes(domain.clone(), server_here, facts, offers);
    let mut wishes = Wishes { sends, services, receive, ..usual };
    if !wishes.sends {
        wishes.keys.clear();
    }
    if !wishes.receives_here() {
        wishes.tls_rpt = false;
        wishes.tlsa.clear();
        wishes.submission = (None, None);
    }
    chosen(wishes, subject, &domain)
}

/// With what the options say about single records.
fn chosen(wishes: Wishes, subject: &Subject, domain: &Domain) -> Result<Wishes, Failure> {
    Ok(Wishes {
        spf_end: subject.spf_all.map(|end| match end {
            SpfEnd::Fail => Qualifier::Fail,
            SpfEnd::SoftFail => Qualifier::SoftFail,
            SpfEnd::Neutral => Qualifier::Neutral,
        }),
        dmarc: subject.dmarc.map(|stage| match stage {
            DmarcStage::None => Stage::AtLeast(Policy::None),
            DmarcStage::Quarantine => Stage::AtLeast(Policy::Quarantine),
            DmarcStage::Reject => Stage::AtLeast(Policy::Reject),
            DmarcStage::Next => Stage::Next,
        }),
        dmarc_reports: subject.dmarc_rua.as_deref().map(uri).transpose()?,
        tls_reports: subject.tls_rua.as_deref().map(uri).transpose()?,
        signed: subject.tlsa == When::Always,
        also: also(subject, domain)?,
        ttl: subject.ttl,
        ..wishes
    })
}

/// An address is as good as a URI. What would end the tag is none.
fn uri(text: &str) -> Result<String, Failure> {
    let bad = || -> Failure { note!("cli-dns-bad-uri", uri = text).into() };
    if text.contains([';', ',', '!']) || text.contains(char::is_whitespace) || !text.is_ascii() {
        return Err(bad());
    }
    if text.starts_with("mailto:") || text.starts_with("https://") {
        return Ok(text.to_owned());
    }
    let is_address = tegami_mail::Address::parse(text).is_ok();
    if is_address { Ok(format!("mailto:{text}")) } else { Err(bad()) }
}

fn server(subject: &Subject, config: Option<&Config>) -> Result<Option<Server>, Failure> {
    let known = config.map(sources);
    let Some(name) = &subject.hostname else {
        return Ok(known.map(|known| with_addresses(known, &subject.ip)));
    };
    let hostname = super::domain(name)?;
    let known = known.filter(|known| known.hostname == hostname);
    let known = known.unwrap_or(Server { hostname, addresses: Vec::new() });
    Ok(Some(with_addresses(known, &subject.ip)))
}

fn with_addresses(known: Server, ips: &[IpAddr]) -> Server {
    if ips.is_empty() {
        return known;
    }
    let addresses = ips.iter().map(|ip| (known.hostname.clone(), *ip)).collect();
    Server { addresses, ..known }
}

fn senders(subject: &Subject, usual: bool) -> Result<(bool, Vec<Chosen>), Failure> {
    if subject.send.is_empty() {
        return Ok((usual, Vec::new()));
    }
    let is_self = |word: &&String| word.eq_ignore_ascii_case("self");
    let others = subject.send.iter().filter(|word| !is_self(word));
    let services: Result<Vec<_>, _> =
        others.map(|word| Chosen::parse(word).map_err(unknown_service)).collect();
    Ok((subject.send.iter().any(|word| is_self(&word)), services?))
}

fn receive(subject: &Subject, usual: bool) -> Result<Receive, Failure> {
    Ok(match subject.receive.as_deref() {
        None if usual => Receive::Usual,
        None | Some("keep") => Receive::AsItIs,
        Some("self") => Receive::Here,
        Some("nobody") => Receive::Nowhere,
        Some(word) => Receive::Service(Chosen::parse_receiver(word).map_err(unknown_service)?),
    })
}

fn unknown_service(error: ServiceError) -> Note {
    let all = tegami_doctor::plan::service::SERVICES.iter().map(|service| service.name);
    let all: Vec<&str> = all.collect();
    match error {
        ServiceError::Unknown(name) => note!("cli-dns-no-provider", name = name, all = all.join(", ")),
        ServiceError::Account(name) => note!("cli-dns-provider-account", name = name),
        ServiceError::TakesNone(name) => note!("cli-dns-provider-sends-only", name = name),
    }
}

/// What the mail host shows, and will show next.
fn associations(subject: &Subject, config: Option<&Config>) -> Result<Vec<Tlsa>, Failure> {
    if subject.tlsa == When::Never {
        return Ok(Vec::new());
    }
    let mut certificates: Vec<_> =
        config.and_then(|config| shown_certificate(config).into_iter().next()).into_iter().collect();
    for path in &subject.certificate {
        certificates.push(read_certificate(path)?);
    }
    let mut all: Vec<Tlsa> = Vec::new();
    for tlsa in certificates.iter().filter_map(association) {
        if !all.contains(&tlsa) {
            all.push(tlsa);
        }
    }
    Ok(all)
}

fn read_certificate(path: &Path) -> Result<rustls_pki_types::CertificateDer<'static>, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| note!("cli-file-unreadable", file = path.display(), reason = error))?;
    let bad = || note!("cli-key-file-bad", file = path.display(), reason = "no certificate in it");
    Ok(crate::server::first_certificate(&text).ok_or_else(bad)?)
}

/// Records that are wished for by name: lines of zone text, below the domain where no dot ends their name.
fn also(subject: &Subject, domain: &Domain) -> Result<Vec<Record>, Failure> {
    let mut all = Vec::new();
    for line in &subject.also {
        let text = format!("$ORIGIN {domain}.\n$TTL {}\n{line}\n", subject.ttl.as_secs());
        let zone = Zone::parse(&text).map_err(|error| {
            let reason = error.problems.into_iter().next().map(|problem| problem.what).unwrap_or_default();
            note!("cli-dns-bad-line", line = line, reason = reason)
        })?;
        let before = all.len();
        all.extend(zone.records());
        if all.len() == before {
            return Err(note!(
                "cli-dns-bad-line",
                line = line,
                reason = "no record of a type that mail asks for"
            )
            .into());
        }
    }
    Ok(all)
}
