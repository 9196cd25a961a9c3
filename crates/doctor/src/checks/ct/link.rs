//! Where the links lead, as far as can be seen without following them.

use std::collections::BTreeSet;

use tegami_auth::dmarc::public_suffix::organizational_domain;
use tegami_auth::finding::Severity;
use tegami_mail::{Domain, note};

use super::page::Link;
use super::url::Place;
use super::{Look, tell};
use crate::checks::msg::{excerpt, has_mixed_scripts};
use crate::probe::Unprobed;
use crate::{About, Check, Finding, Fix};

const fn check(id: &'static str, severity: Severity, source: &'static str) -> Check {
    Check::new(id, About::Message, severity, source)
}

pub(super) const MISMATCH: Check = check("ct.link-mismatch", Severity::S2, "published weight, docs/score.md");
pub(super) const IP: Check = check("ct.link-ip", Severity::S2, "Outlook.com postmaster policies");
pub(super) const PORT: Check = check("ct.link-port", Severity::S2, "published weight, docs/score.md");
pub(super) const SHORTENER: Check =
    check("ct.link-shortener", Severity::S2, "published weight, docs/score.md");
pub(super) const IDN_MIX: Check =
    check("ct.link-idn-mix", Severity::S2, "Unicode Technical Standard 39 section 5");
pub(super) const ZERO_WIDTH: Check =
    check("ct.link-zero-width", Severity::S2, "Unicode Technical Standard 39 section 5");
pub(super) const HTTP: Check = check("ct.link-http", Severity::S2, "RFC 9110 section 4.2.2");
pub(super) const COUNT: Check = check("ct.link-count", Severity::S1, "published weight, docs/score.md");
pub(super) const OWN: Check = check("ct.link-own-domain", Severity::S1, "published weight, docs/score.md");
pub(super) const BROKEN: Check = check("ct.link-broken", Severity::S1, "RFC 9110 section 15.5");

/// Hosts that hide where a link leads.
pub(crate) const SHORTENERS: &[&str] = &[
    "bit.ly",
    "tinyurl.com",
    "t.co",
    "goo.gl",
    "ow.ly",
    "is.gd",
    "buff.ly",
    "rebrand.ly",
    "lnkd.in",
    "x.gd",
    "cutt.ly",
    "shorturl.at",
    "tiny.cc",
    "t.ly",
    "v.gd",
    "rb.gy",
    "bl.ink",
    "s.id",
    "amzn.to",
    "ux.nu",
    "onl.la",
    "00m.in",
];

/// Words by which a link to unsubscribe is known, in its text or its URL.
pub(crate) const UNSUBSCRIBE: &[&str] = &[
    "unsub",
    "opt-out",
    "optout",
    "opt_out",
    "remove me",
    "email preferences",
    "配信停止",
    "配信を停止",
    "配信解除",
    "購読解除",
    "購読を解除",
    "登録解除",
    "登録を解除",
    "解除",
    "退会",
    "受信を停止",
    "メール停止",
];

/// A link that is asked for by the operator's wish, at most so many.
const MOST_REQUESTS: usize = 20;

/// Whether a link is one to unsubscribe.
pub(super) fn unsubscribes(link: &Link) -> bool {
    let (url, text) = (link.url.to_lowercase(), link.text.to_lowercase());
    UNSUBSCRIBE.iter().any(|word| url.contains(word) || text.contains(word))
}

pub(super) async fn judge(look: &Look<'_>) -> Vec<Finding> {
    let places: Vec<(&Link, Place)> =
        look.links.iter().filter_map(|link| Place::read(&link.url).map(|place| (link, place))).collect();
    let found = |wanted: fn(&Link, &Place) -> bool| {
        places.iter().find(|(link, place)| wanted(link, place)).map(|(link, _)| *link)
    };
    let shown = |link: &Link| excerpt(&link.url);
    let mut findings = vec![
        tell(
            look,
            &MISMATCH,
            mismatch(&places).map(|(text, host)| note!("ct-link-mismatch", text = text, host = host)),
        ),
        tell(
            look,
            &IP,
            found(|_, place| place.is_address()).map(|link| note!("ct-link-ip", url = shown(link))),
        ),
        tell(
            look,
            &PORT,
            found(|_, place| place.port.is_some_and(|port| port != 80 && port != 443))
                .map(|link| note!("ct-link-port", url = shown(link))),
        ),
        tell(look, &SHORTENER, found(is_shortened).map(|link| note!("ct-link-shortener", url = shown(link)))),
        tell(look, &IDN_MIX, found(is_mixed).map(|link| note!("ct-link-idn-mix", url = shown(link)))),
        tell(
            look,
            &ZERO_WIDTH,
            found(has_zero_width).map(|link| note!("ct-link-zero-width", host = visible(&link.url))),
        ),
    ];
    findings.push(http(look, &places));
    findings.push(count(look, &places));
    findings.push(own(look, &places));
    findings.push(broken(look, &places).await);
    findings
}

/// A link whose text shows another organization's host than the one it leads to.
fn mismatch(places: &[(&Link, Place)]) -> Option<(String, String)> {
    places.iter().find_map(|(link, place)| {
        let shown = shown_domain(&link.text)?;
        let leads = place.domain();
        let same = leads.is_some_and(|leads| organizational_domain(&leads) == organizational_domain(&shown));
        (!same).then(|| (excerpt(link.text.trim()), excerpt(&place.host)))
    })
}

/// The host that a link's text shows, where the text is a URL or a host name.
fn shown_domain(text: &str) -> Option<Domain> {
    let text = text.trim();
    if text.contains(char::is_whitespace) || text.contains('@') {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let host = match Place::read(&lower) {
        Some(place) => place.host,
        None if lower.contains("://") => return None,
        None => lower.split(['/', '?', '#']).next()?.to_owned(),
    };
    let (_, last) = host.rsplit_once('.')?;
    // "Version 2.0", "read.me" and the like are no hosts: a registered ending is asked for.
    let domain = Domain::parse(&host).ok()?;
    let named = last.len() >= 2
        && last.chars().all(char::is_alphabetic)
        && tegami_auth::dmarc::public_suffix::is_below_suffix(&domain);
    let begins =
        lower.starts_with("www.") || lower.contains("://") || host.matches('.').count() > 1 || is_usual(last);
    (named && begins).then_some(domain)
}

/// Endings that a bare word has only where it is a host.
fn is_usual(ending: &str) -> bool {
    ["com", "org", "net", "jp", "de", "uk", "fr", "info", "io", "example", "gov", "edu"].contains(&ending)
}

fn is_shortened(_: &Link, place: &Place) -> bool {
    SHORTENERS.iter().any(|host| place.host == *host || place.host.strip_prefix("www.") == Some(host))
}

fn is_mixed(_: &Link, place: &Place) -> bool {
    let shown = place.domain().map_or_else(|| place.host.clone(), |domain| domain.to_unicode());
    shown.split('.').any(has_mixed_scripts)
}

/// Characters that have no width.
pub(super) fn is_zero_width(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}' | '\u{202a}'..='\u{202e}')
}

fn has_zero_width(link: &Link, place: &Place) -> bool {
    place.host.chars().any(is_zero_width)
        || link.url.split(['/', '?', '#']).nth(2).is_some_and(|host| host.chars().any(is_zero_width))
}

fn visible(url: &str) -> String {
    excerpt(&url.replace(is_zero_width, "·"))
}

fn http(look: &Look<'_>, places: &[(&Link, Place)]) -> Finding {
    let plain = || places.iter().filter(|(_, place)| !place.secure);
    let disguised = plain().find(|(link, _)| link.text.trim().to_ascii_lowercase().starts_with("https://"));
    if let Some((link, _)) = disguised {
        let found = tell(look, &HTTP, Some(note!("ct-link-http-disguised", url = excerpt(&link.url))));
        return found.points(5);
    }
    let first = plain()
        .next()
        .map(|(link, _)| note!("ct-link-http", url = excerpt(&link.url), count = plain().count()));
    tell(look, &HTTP, first).points(3)
}

/// Links above which a message is told to have many.
const MANY: usize = 30;

fn count(look: &Look<'_>, places: &[(&Link, Place)]) -> Finding {
    let subject = &look.case.subject;
    match places.len() {
        count if count > MANY => COUNT.info(subject, note!("ct-link-count-many", count = count)),
        count => COUNT.pass(subject, note!("ct-link-count", count = count)),
    }
}

fn own(look: &Look<'_>, places: &[(&Link, Place)]) -> Finding {
    let subject = &look.case.subject;
    let Some(author) = look.case.author.as_ref().map(organizational_domain).filter(|_| !places.is_empty())
    else {
        return OWN.not_applicable(subject, note!("ct-no-links"));
    };
    let own = places
        .iter()
        .filter_map(|(_, place)| place.domain())
        .filter(|domain| organizational_domain(domain) == author);
    let (own, all) = (own.count(), places.len());
    let hosts: BTreeSet<&str> = places.iter().map(|(_, place)| place.host.as_str()).collect();
    let note = note!("ct-link-own-domain", own = own, count = all, domain = author);
    let found = if own == 0 { OWN.info(subject, note) } else { OWN.pass(subject, note) };
    found.evidences(hosts.into_iter().take(20).map(excerpt))
}

/// Whether links lead somewhere. Nothing is asked unless the operator wishes it, and never what unsubscribes.
async fn broken(look: &Look<'_>, places: &[(&Link, Place)]) -> Finding {
    let subject = &look.case.subject;
    let listed = look.case.section.first("List-Unsubscribe").map(|field| field.text()).unwrap_or_default();
    let harmless =
        places.iter().filter(|(link, _)| !unsubscribes(link) && !listed.contains(link.url.as_str()));
    let urls: BTreeSet<&str> = harmless.map(|(link, _)| link.url.as_str()).take(MOST_REQUESTS).collect();
    let mut open = Vec::new();
    let mut asked = 0;
    for url in urls {
        match look.case.probes.request(url, None).await {
            Err(Unprobed::Off) => return BROKEN.not_applicable(subject, note!("ct-link-broken-off")),
            Ok(document) if document.status < 400 => asked += 1,
            Ok(document) => {
                asked += 1;
                open.push(format!("{} {}", document.status, excerpt(url)));
            }
            Err(error) => open.push(format!("{error} {}", excerpt(url))),
        }
    }
    if open.is_empty() {
        return BROKEN.pass(subject, note!("ct-link-broken-none", count = asked));
    }
    let found = BROKEN.warn(subject, note!("ct-link-broken", count = open.len()));
    found.evidences(open).fix(Fix::new(note!("ct-link-broken-fix")))
}

#[cfg(test)]
pub(super) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::Fixture;
    macro_rules! html {
        ($make:ident $id:literal, $html:expr) => {
            Fixture::$make($id, "").letter(|letter| {
                letter.html($html);
            })
        };
    }
    vec![
        Fixture::pass("ct.link-mismatch", ""),
        html!(pass "ct.link-mismatch", "<a href='https://www.example.com/a'>example.com</a>"),
        html!(pass "ct.link-mismatch", "<a href='https://example.org/'>Version 2.0</a>"),
        html!(warn "ct.link-mismatch", "<a href='https://evil.example.org/'>https://bank.example.net/login</a>"),
        html!(warn "ct.link-mismatch", "<a href='https://bank.example.net@evil.example.org/'>bank.example.net</a>"),
        Fixture::pass("ct.link-ip", ""),
        html!(warn "ct.link-ip", "<a href='http://192.0.2.1/'>here</a>"),
        html!(warn "ct.link-ip", "<a href='https://3221225985/'>here</a>"),
        Fixture::pass("ct.link-port", ""),
        html!(warn "ct.link-port", "<a href='https://example.com:8443/'>here</a>"),
        Fixture::pass("ct.link-shortener", ""),
        html!(warn "ct.link-shortener", "<a href='https://bit.ly/3xyz'>here</a>"),
        Fixture::pass("ct.link-idn-mix", ""),
        html!(pass "ct.link-idn-mix", "<a href='https://xn--wgv71a119e.jp/'>日本語</a>"),
        html!(fail "ct.link-idn-mix", "<a href='https://xn--pypal-4ve.com/'>here</a>"),
        Fixture::pass("ct.link-zero-width", ""),
        html!(fail "ct.link-zero-width", "<a href='https://exam&#8203;ple.com/'>here</a>"),
        Fixture::pass("ct.link-http", ""),
        html!(warn "ct.link-http", "<a href='http://example.com/'>here</a>"),
        html!(warn "ct.link-http", "<a href='http://example.com/'>https://example.com/</a>"),
        Fixture::pass("ct.link-count", ""),
        html!(info "ct.link-count", &"<a href='https://example.com/'>here</a> ".repeat(31)),
        Fixture::na("ct.link-own-domain", ""),
        html!(pass "ct.link-own-domain", "<a href='https://www.example.com/'>here</a>"),
        html!(info "ct.link-own-domain", "<a href='https://www.example.org/'>here</a>"),
        Fixture::pass("ct.link-broken", ""),
        html!(na "ct.link-broken", "<a href='https://www.example.com/'>here</a>"),
        html!(pass "ct.link-broken", "<a href='https://www.example.com/'>here</a>").with(|world| {
            world.answers("GET https://www.example.com/", 200, "");
        }),
        html!(warn "ct.link-broken", "<a href='https://www.example.com/gone'>here</a>").with(|world| {
            world.answers("GET https://www.example.com/gone", 404, "");
        }),
        // Not asked for, whatever the operator allows.
        html!(pass "ct.link-broken", "<a href='https://www.example.com/unsubscribe'>leave</a>").with(
            |world| {
                world.answers("GET https://www.example.com/unsubscribe", 404, "");
            },
        ),
    ]
}
