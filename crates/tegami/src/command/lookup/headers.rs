//! `tegami lookup headers`: a header section that somebody pastes. Nothing is asked.

use std::io::Read as _;
use std::path::Path;

use tegami_auth::results::{MethodResult, Property};
use tegami_doctor::headers::{Headers, Results, Trust};
use tegami_mail::line::to_crlf;
use tegami_mail::{HeaderLimits, HeaderSection, header, note};

use super::super::prose::{DIM, Prose, paint, style};
use super::super::{table, way};
use super::{Context, Failure, Report, report};
use crate::cli::HeadersQuestion;

/// Octets that are read: more is no header section.
const MAX_OCTETS: u64 = 1 << 20;

pub(super) fn run(question: &HeadersQuestion, context: &Context) -> Result<Report, Failure> {
    let raw = read(&question.file)?;
    let content = to_crlf(&raw);
    let section = HeaderSection::parse(header::pasted(&content), HeaderLimits::GENEROUS)
        .map_err(|error| note!("cli-send-bad-header", reason = error))?;
    if !section.fields().iter().any(|field| !field.name.is_empty()) {
        return Err(note!("cli-headers-none", file = question.file.display()).into());
    }
    let headers = Headers::read(&section, question.authserv_id.as_deref());
    let as_json = || tegami_words::told(context.language, &headers.as_json());
    Ok(report(context, !headers.is_suspicious(), as_json, || text(&headers, &section, context)))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut content = Vec::new();
    let done = if path == Path::new("-") {
        std::io::stdin().lock().take(MAX_OCTETS).read_to_end(&mut content)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_OCTETS).read_to_end(&mut content))
    };
    done.map_err(|error| note!("cli-file-unreadable", file = path.display(), reason = error))?;
    Ok(content)
}

fn text(headers: &Headers, section: &HeaderSection<'_>, context: &Context) -> String {
    let mut prose = Prose::new(context);
    let word = |id: &str| context.word(&format!("cli-headers-{id}"));
    let verdict = if headers.is_suspicious() { "warn" } else { "pass" };
    prose.verdict(&word("title"), verdict);
    let shown = |name: &str| {
        let value = section.first(name).map(|field| field.decoded())?;
        Some((name.to_owned(), table::cut(&table::plain(&value), 200)))
    };
    let mut pairs: Vec<_> = ["From", "Reply-To", "Return-Path", "To", "Subject", "Date", "Message-ID"]
        .into_iter()
        .filter_map(shown)
        .collect();
    pairs.extend(headers.receiver.iter().map(|name| (word("receiver"), name.clone())));
    prose.pairs(&pairs);
    if !headers.remarks.is_empty() {
        prose.heading(&word("remarks"));
        for remark in &headers.remarks {
            let mark = if remark.bad { "  ✗ " } else { "  i " };
            prose.hanging(mark, &context.say(&remark.note));
        }
    }
    way::tell(&mut prose, &headers.hops, context);
    if !headers.results.is_empty() {
        prose.heading(&word("results"));
        for trust in [Trust::Receiver, Trust::Forged, Trust::Foreign, Trust::Sealed, Trust::Brought] {
            let of_trust: Vec<_> = headers.results.iter().filter(|results| results.trust == trust).collect();
            if of_trust.is_empty() {
                continue;
            }
            prose.sentence(2, &trust.note(), "");
            of_trust.into_iter().for_each(|results| tell(&mut prose, results));
        }
    }
    if !headers.signatures.is_empty() {
        prose.heading(&word("signatures"));
        for claim in &headers.signatures {
            prose.paragraph(2, &format!("d={} s={} a={}", claim.domain, claim.selector, claim.algorithm));
            prose.paragraph(4, &format!("h={}", claim.fields.join(":")));
        }
        prose.sentence(2, &note!("cli-headers-unverified"), "");
    }
    prose.into_text()
}

/// A field: who wrote it, and each result in its colour where it is to be believed.
fn tell(prose: &mut Prose<'_>, results: &Results) {
    let by = results.by.as_deref().unwrap_or("–");
    prose.line(&format!("    {} {}", paint(DIM, results.field), table::plain(by)));
    for method in &results.methods {
        let result = table::cut(&table::plain(&method.result), 40);
        let result = if results.trust == Trust::Receiver { paint(style(&result), &result) } else { result };
        let about = table::cut(&about(method), 56);
        let about = if about.is_empty() { about } else { format!("  {}", paint(DIM, &about)) };
        prose.line(&format!("      {} {result}{about}", table::plain(&method.method)));
    }
}

/// What the result is about, and why.
fn about(method: &MethodResult) -> String {
    let property = |one: &Property| format!("{}.{}={}", one.ptype, one.name, one.value);
    let mut parts: Vec<String> = method.properties.iter().map(property).collect();
    parts.extend(method.reason.clone());
    parts.join(" ")
}
