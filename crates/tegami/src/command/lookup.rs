//! `tegami lookup`: one question, one answer, with the steps that lead to it.
//!
//! Exit status 0 where the answer is good: mail can be delivered, the address is permitted, the key serves, a policy applies (or
//! the given results pass), the name points back, a policy or
//! record of TLS serves, the reply says something known. Every other answer, also one that a failing DNS left open, is a
//! finding: exit status 1. Wrong use is 2.

mod bimi;
mod blacklist;
mod dkim;
mod dmarc;
mod headers;
mod mta_sts;
mod mx;
mod ptr;
pub(super) mod reply;
mod smtp;
pub(super) mod spf;
mod tls_rpt;
mod tlsa;

use tegami_mail::{Domain, note};

use super::prose::{Prose, paint, style};
use super::{Context, Failure, Outcome, Report, check, dns};
use crate::cli::Lookup;

/// Answers the question.
pub(crate) async fn run(lookup: &Lookup, context: &Context) -> Result<Report, Failure> {
    match lookup {
        Lookup::Mx(question) => mx::run(question, context, dns::resolver(&question.dns)?).await,
        Lookup::Spf(question) => spf::run(question, context, &*dns::resolver(&question.dns)?).await,
        Lookup::Dkim(question) => dkim::run(question, context, dns::resolver(&question.dns)?).await,
        Lookup::Dmarc(question) => dmarc::run(question, context, dns::resolver(&question.dns)?).await,
        Lookup::MtaSts(question) => mta_sts::run(question, context, dns::resolver(&question.dns)?).await,
        Lookup::TlsRpt(question) => tls_rpt::run(question, context, &*dns::resolver(&question.dns)?).await,
        Lookup::Tlsa(question) => tlsa::run(question, context, &*dns::resolver(&question.dns)?).await,
        Lookup::Blacklist(question) => blacklist::run(question, context, dns::resolver(&question.dns)?).await,
        Lookup::Smtp(question) => smtp::run(question, context, dns::resolver(&question.dns)?).await,
        Lookup::Bimi(question) => bimi::run(question, context, dns::resolver(&question.dns)?).await,
        Lookup::Headers(question) => headers::run(question, context),
        Lookup::Reply(question) => reply::run(question, context),
        Lookup::Ptr(question) => ptr::run(question, context, &*dns::resolver(&question.dns)?).await,
    }
}

/// A domain of the command line.
fn domain(text: &str) -> Result<Domain, Failure> {
    Ok(Domain::parse(text).map_err(|error| note!("cli-bad-domain", domain = text, reason = error))?)
}

/// Results under the names that people know from MxToolbox: a word and a name each.
fn tell_tests<'r>(
    prose: &mut Prose<'_>,
    context: &Context,
    rows: impl IntoIterator<Item = (&'r str, &'r str)>,
) {
    prose.heading(&context.word("cli-spf-tests"));
    for (word, name) in rows {
        let pad = " ".repeat(10_usize.saturating_sub(word.len()));
        prose.line(&format!("   {}{pad}{name}", paint(style(word), word)));
    }
}

/// JSON or text, whichever is wanted, and whether the answer is good.
fn report(
    context: &Context,
    good: bool,
    json: impl FnOnce() -> serde_json::Value,
    text: impl FnOnce() -> String,
) -> Report {
    let mut report = if context.json { Report::json(&json()) } else { Report::well(text()) };
    report.outcome = if good { Outcome::Well } else { Outcome::Finding };
    report
}
