//! The header analyser: a header section that somebody pastes, its way, what receivers wrote, and what of it is to be believed. Nothing is kept or asked.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use tegami_auth::received::{Hop, Tls};
use tegami_auth::results::{MethodResult, Property};
use tegami_doctor::headers::{Headers, Results, Trust};
use tegami_mail::line::to_crlf;
use tegami_mail::{HeaderLimits, HeaderSection, header};

use super::form::Fields;
use super::reader::{Reader, Trouble};
use super::show::{Badge, Moment, visible};

struct HopView {
    number: usize,
    from: String,
    by: String,
    with: String,
    tls: Badge,
    at: Option<Moment>,
    delay: Option<String>,
    /// The delay, as columns of a bar.
    share: i64,
    verified: bool,
    left_network: bool,
}

struct MethodView {
    badge: Badge,
    method: String,
    about: String,
}

struct ResultsView {
    field: &'static str,
    by: String,
    trusted: bool,
    why: String,
    methods: Vec<MethodView>,
}

struct RemarkView {
    tone: &'static str,
    text: String,
}

struct Told {
    facts: Vec<(String, String)>,
    suspicious: bool,
    remarks: Vec<RemarkView>,
    hops: Vec<HopView>,
    results: Vec<ResultsView>,
    signatures: Vec<String>,
}

#[derive(Template)]
#[template(path = "headers.html", blocks = ["live"])]
struct HeadersPage<'a> {
    reader: &'a Reader,
    pasted: String,
    told: Option<Told>,
}

/// The form.
pub(crate) async fn page(reader: Reader) -> Result<Response, Trouble> {
    let page = HeadersPage { reader: &reader, pasted: String::new(), told: None };
    Ok(reader.answer(&page, &page.as_live()))
}

/// What a pasted header section tells.
pub(crate) async fn read(reader: Reader, fields: Fields) -> Result<Response, Trouble> {
    let pasted = fields.one("header");
    let content = to_crlf(pasted.as_bytes());
    let unreadable = || reader.trouble(StatusCode::BAD_REQUEST, "page-headers-unreadable");
    let section = HeaderSection::parse(header::pasted(&content), HeaderLimits::GENEROUS);
    let section = section.map_err(|_| unreadable())?;
    if section.fields().iter().all(|field| field.name.is_empty()) {
        return Err(unreadable());
    }
    let told = Some(Told::new(&reader, &section));
    let page = HeadersPage { reader: &reader, pasted: pasted.to_owned(), told };
    Ok(reader.answer(&page, &page.as_live()))
}

impl Told {
    fn new(reader: &Reader, section: &HeaderSection<'_>) -> Self {
        let headers = Headers::read(section, None);
        let shown =
            |name: &str| section.first(name).map(|field| (name.to_owned(), visible(&field.decoded())));
        let names = ["From", "Reply-To", "Return-Path", "To", "Subject", "Date", "Message-ID"];
        let mut facts: Vec<_> = names.into_iter().filter_map(shown).collect();
        let receiver = headers.receiver.iter();
        facts.extend(receiver.map(|name| (reader.say("cli-headers-receiver"), visible(name))));
        let longest = headers.hops.iter().filter_map(|hop| hop.delay).map(|delay| delay.as_secs()).max();
        let hops = headers.hops.iter().enumerate();
        Self {
            facts,
            suspicious: headers.is_suspicious(),
            remarks: headers
                .remarks
                .iter()
                .map(|remark| RemarkView {
                    tone: if remark.bad { "bad" } else { "" },
                    text: tegami_words::note(reader.language, &remark.note),
                })
                .collect(),
            hops: hops
                .map(|(at, hop)| HopView::new(reader, at + 1, hop, longest.unwrap_or_default().max(1)))
                .collect(),
            results: headers.results.iter().map(|results| ResultsView::new(reader, results)).collect(),
            signatures: headers
                .signatures
                .iter()
                .map(|claim| {
                    visible(&format!("d={} s={} a={}", claim.domain, claim.selector, claim.algorithm))
                })
                .collect(),
        }
    }
}

impl HopView {
    fn new(reader: &Reader, number: usize, hop: &Hop, longest: i64) -> Self {
        let client = match (&hop.name, hop.ip) {
            (Some(name), Some(ip)) => format!(" ({name} [{ip}])"),
            (None, Some(ip)) => format!(" ([{ip}])"),
            (Some(name), None) => format!(" ({name})"),
            (None, None) => String::new(),
        };
        let (word, tone) = match (hop.tls, &hop.tls_version) {
            (Tls::Used, Some(version)) => (visible(version), "good"),
            (Tls::Used, None) => (reader.say("cli-inspect-tls-used"), "good"),
            (Tls::Clear, _) => (reader.say("cli-inspect-tls-clear"), "wait"),
            (Tls::Unknown, _) => (reader.say("cli-inspect-tls-unknown"), "dim"),
        };
        let delay = hop.delay.map(|delay| delay.as_secs());
        Self {
            number,
            from: hop.helo.as_deref().map(|helo| visible(&format!("{helo}{client}"))).unwrap_or_default(),
            by: visible(hop.by.as_deref().unwrap_or("?")),
            with: visible(hop.with.as_deref().unwrap_or_default()),
            tls: Badge { word, tone },
            at: hop.at.map(Moment::new),
            delay: delay.map(|seconds| format!("{seconds:+} s")),
            share: delay.unwrap_or_default().clamp(0, longest) * 100 / longest,
            verified: hop.verified,
            left_network: hop.left_network,
        }
    }
}

impl ResultsView {
    fn new(reader: &Reader, results: &Results) -> Self {
        let trusted = results.trust == Trust::Receiver;
        let method = |one: &MethodResult| {
            let result = visible(&one.result);
            let badge = if trusted { Badge::result(&result) } else { Badge { word: result, tone: "dim" } };
            MethodView { badge, method: visible(&one.method), about: about(one) }
        };
        Self {
            field: results.field,
            by: visible(results.by.as_deref().unwrap_or("–")),
            trusted,
            why: tegami_words::note(reader.language, &results.trust.note()),
            methods: results.methods.iter().map(method).collect(),
        }
    }
}

/// What a result is about, and why.
fn about(method: &MethodResult) -> String {
    let property = |one: &Property| format!("{}.{}={}", one.ptype, one.name, one.value);
    let mut parts: Vec<String> = method.properties.iter().map(property).collect();
    parts.extend(method.reason.clone());
    visible(&parts.join(" "))
}
