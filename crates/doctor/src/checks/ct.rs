//! What stands in the message: its links, its HTML, its words. Each check takes points of its own, which are published; nothing is
//! learned, and nothing is asked of strangers.

mod blocklist;
mod link;
mod markup;
mod page;
pub(crate) mod phrase;
mod text;
pub(crate) mod url;

use futures_util::FutureExt as _;
use tegami_mail::{Note, note};

use self::page::{Link, Page};
use crate::case::MessageCase;
use crate::catalogue::Family;
use crate::{Check, Finding};

/// The family.
pub(crate) const FAMILY: Family = Family::new("ct", CHECKS).of_message(|case| judge(case).boxed());

const CHECKS: &[&Check] = &[
    &text::EMPTY,
    &text::SHORT,
    &markup::IMAGE_ONLY,
    &markup::IMAGE_ALT,
    &markup::IMAGE_HTTP,
    &markup::IMAGE_DATA,
    &markup::PIXEL,
    &link::MISMATCH,
    &link::IP,
    &link::PORT,
    &link::SHORTENER,
    &link::IDN_MIX,
    &link::ZERO_WIDTH,
    &link::HTTP,
    &link::COUNT,
    &link::OWN,
    &blocklist::BLOCKLISTED,
    &link::BROKEN,
    &markup::FORMS,
    &markup::SCRIPTS,
    &markup::OBJECTS,
    &markup::SHEETS,
    &markup::BROKEN,
    &markup::REFRESH,
    &markup::HIDDEN,
    &text::CAPS,
    &text::GAPPY,
    &text::EXCLAIM,
    &text::PHRASES,
    &text::EMOJI,
    &text::CHARSET,
    &text::OBFUSCATION,
    &text::UNSUB,
    &text::POSTAL,
    &text::GTUBE,
];

/// What the checks of the content take at the most, in tenths of a point; what is not named here takes nothing.
pub(crate) const POINTS: &[(&str, u32)] = &[
    ("ct.empty", 23),
    ("ct.image-only", 20),
    ("ct.link-mismatch", 15),
    ("ct.link-ip", 10),
    ("ct.link-port", 1),
    ("ct.link-shortener", 15),
    ("ct.link-idn-mix", 30),
    ("ct.link-zero-width", 50),
    ("ct.link-http", 5),
    ("ct.link-blocklisted", 360),
    ("ct.html-forms", 20),
    ("ct.html-scripts", 20),
    ("ct.html-objects", 20),
    ("ct.external-css", 5),
    ("ct.html-broken", 3),
    ("ct.meta-refresh", 20),
    ("ct.hidden-text", 20),
    ("ct.caps", 12),
    ("ct.gappy", 5),
    ("ct.exclaim", 2),
    ("ct.spam-phrases", 20),
    ("ct.charset-exotic", 5),
    ("ct.obfuscation", 10),
    ("ct.unsub-visible", 5),
    ("ct.gtube", 1_000),
];

/// The message, read for its content.
struct Look<'c> {
    case: &'c MessageCase<'c>,
    page: Page,
    /// Those of the HTML; where there is none, those of the text.
    links: Vec<Link>,
    /// What people see.
    text: &'c str,
}

async fn judge(case: &MessageCase<'_>) -> Vec<Finding> {
    let page = case.mime.html.as_deref().map(page::read).unwrap_or_default();
    let text = case.mime.text.as_deref().unwrap_or_default();
    let shown = page.shown.clone();
    let links = match &case.mime.html {
        Some(_) => page.links.clone(),
        None => url::in_text(text)
            .map(|url| Link { url: url.to_owned(), text: String::new() })
            .take(2_000)
            .collect(),
    };
    let text = if case.mime.html.is_some() { shown.as_str() } else { text };
    let look = Look { case, page, links, text };
    let mut findings = link::judge(&look).await;
    findings.push(blocklist::judge(&look).await);
    findings.extend(markup::judge(&look));
    findings.extend(text::judge(&look));
    findings
}

/// What was found, or that nothing was.
fn tell(look: &Look<'_>, check: &'static Check, found: Option<Note>) -> Finding {
    const WORST: &[&str] = &["ct.link-idn-mix", "ct.link-zero-width", "ct.gtube"];
    match found {
        None => check.pass(&look.case.subject, note!("ct-none")),
        Some(note) if WORST.contains(&check.id) => check.fail(&look.case.subject, note),
        Some(note) => check.warn(&look.case.subject, note),
    }
}

/// Reads HTML, and every URL in it: for the fuzz target.
pub(crate) fn read_all(octets: &[u8]) {
    let html = String::from_utf8_lossy(octets);
    let page = page::read(&html);
    for place in page.links.iter().filter_map(|link| url::Place::read(&link.url)) {
        let _ = (place.domain(), place.is_address());
    }
    url::in_text(&html).count();
}

#[cfg(test)]
pub(crate) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    [blocklist::fixtures(), link::fixtures(), markup::fixtures(), text::fixtures()]
        .into_iter()
        .flatten()
        .collect()
}
