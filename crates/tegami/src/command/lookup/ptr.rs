//! `tegami lookup ptr`: the names of an address, and whether one points back.

use tegami_auth::iprev::{self, IprevResult};
use tegami_auth::json;
use tegami_dns::Resolver;

use super::super::prose::Prose;
use super::{Context, Failure, Report, report};
use crate::cli::PtrQuestion;

pub(super) async fn run(
    question: &PtrQuestion,
    context: &Context,
    resolver: &dyn Resolver,
) -> Result<Report, Failure> {
    let verdict = iprev::check(question.ip, resolver).await;
    let as_json = || {
        let mut shown = json::iprev(&verdict, &|note| context.say(note).into());
        if let Some(members) = shown.as_object_mut() {
            members.insert("ip".to_owned(), question.ip.to_string().into());
        }
        shown
    };
    let as_text = || {
        let mut prose = Prose::new(context);
        prose.verdict(&format!("PTR {}", question.ip), verdict.result.as_str());
        prose.steps(&verdict.steps);
        prose.into_text()
    };
    Ok(report(context, verdict.result == IprevResult::Pass, as_json, as_text))
}
