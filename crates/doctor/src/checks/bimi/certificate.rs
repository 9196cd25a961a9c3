//! The certificate beside a picture: for whom, until when, and for which picture.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use tegami_auth::dmarc::public_suffix;
use tegami_mail::{Domain, note};

use super::mark::Mark;
use crate::{Check, Finding, Fix};

/// Certificates of one file.
const MAX_CHAIN: usize = 10;

/// Days before its end at which a certificate is told.
const SOON: i64 = 30;

pub(super) fn judge(
    check: &'static Check,
    domain: &Domain,
    file: &[u8],
    picture: Option<&[u8]>,
    now: Timestamp,
) -> Finding {
    let chain = certificates(file);
    let mark = match chain.first().map(|der| Mark::read(der)) {
        Some(Some(mark)) => mark,
        Some(None) => return check.warn(domain, note!("bimi-cert-unreadable", domain = domain)),
        None => return check.warn(domain, note!("bimi-cert-no-pem", domain = domain)),
    };
    let lines: Vec<String> = mark.names.clone();
    let warn = |note| {
        check.warn(domain, note).evidences(&lines).fix(Fix::new(note!("bimi-cert-fix", domain = domain)))
    };
    if !mark.is_for_brands {
        return warn(note!("bimi-cert-other", domain = domain));
    }
    let (Some(begins), Some(ends)) = (mark.begins, mark.ends) else {
        return check.warn(domain, note!("bimi-cert-unreadable", domain = domain));
    };
    if now < begins {
        return warn(note!("bimi-cert-early", begins = begins));
    }
    if ends < now {
        return warn(note!("bimi-cert-expired", ends = ends));
    }
    if !covers(&mark.names, domain) {
        return warn(note!("bimi-cert-names", domain = domain, names = mark.names.join(", ")));
    }
    let same = mark.picture.as_deref().zip(picture).map(|(inside, shown)| text(inside) == text(shown));
    if mark.picture.is_none() {
        return warn(note!("bimi-cert-no-picture", domain = domain));
    }
    if same == Some(false) {
        return warn(note!("bimi-cert-picture", domain = domain));
    }
    let days = (ends.as_second() - now.as_second()) / 86_400;
    if days < SOON {
        return warn(note!("bimi-cert-soon", days = days));
    }
    if chain.len() < 2 {
        return warn(note!("bimi-cert-alone", domain = domain));
    }
    check.pass(domain, note!("bimi-cert", domain = domain, ends = ends)).evidences(&lines)
}

/// The certificates of a PEM file (RFC 7468 section 5).
fn certificates(file: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(file);
    let blocks = text.split("-----BEGIN CERTIFICATE-----").skip(1);
    let blocks = blocks.filter_map(|block| block.split_once("-----END CERTIFICATE-----")).take(MAX_CHAIN);
    blocks
        .filter_map(|(inner, _)| {
            let inner: String = inner.chars().filter(|c| !c.is_whitespace()).collect();
            STANDARD.decode(inner).ok()
        })
        .collect()
}

/// For the domain, its organization, or a selector of either.
fn covers(names: &[String], domain: &Domain) -> bool {
    let organization = public_suffix::organizational_domain(domain);
    names.iter().any(|name| {
        let name = name.split_once("._bimi.").map_or(name.as_str(), |(_, domain)| domain);
        name == domain.as_str() || name == organization.as_str()
    })
}

/// Line ends do not make another picture.
fn text(picture: &[u8]) -> Vec<u8> {
    picture.trim_ascii().iter().copied().filter(|octet| *octet != b'\r').collect()
}
