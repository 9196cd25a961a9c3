//! `tegami lookup dmarc`: the policy that applies to a domain, and with given results what becomes of a message.

use tegami_auth::dkim::DkimResult;
use tegami_auth::dmarc::{self, Discovery, DmarcResult, Policy, Verdict};
use tegami_auth::json;
use tegami_auth::spf::SpfResult;
use tegami_dns::Resolver;
use tegami_mail::{Address, Domain, note};

use super::super::prose::Prose;
use super::{Context, Failure, Report, domain, report};
use crate::cli::DmarcQuestion;

pub(super) async fn run(
    question: &DmarcQuestion,
    context: &Context,
    resolver: &dyn Resolver,
) -> Result<Report, Failure> {
    let authors = question.subjects.iter().map(|subject| author(subject)).collect::<Result<Vec<_>, _>>()?;
    let spf = results(&question.spf, SpfResult::from_word)?;
    let dkim = results(&question.dkim, DkimResult::from_word)?;
    let of_message = !(spf.is_empty() && dkim.is_empty())
        || authors.len() > 1
        || question.subjects.iter().any(|subject| subject.contains('@'));
    let verdict = match of_message {
        true => Some(dmarc::evaluate(&authors, &spf, &dkim, resolver).await),
        false => None,
    };
    // With several authors the policy of the one that decides is shown.
    let decides = verdict.as_ref().and_then(|verdict| Domain::parse(&verdict.author_domain).ok());
    let Some(subject) = decides.or(authors.into_iter().next()) else {
        return Err(note!("cli-spf-nothing-to-check").into());
    };
    let discovery = dmarc::discover(&subject, resolver).await;
    let good = match &verdict {
        Some(verdict) => verdict.result == DmarcResult::Pass,
        None => discovery.policy.is_some() && !discovery.temp_error,
    };
    let as_json = || json::dmarc_lookup(&discovery, verdict.as_ref(), &|note| context.say(note).into());
    Ok(report(context, good, as_json, || text(context, &discovery, verdict.as_ref())))
}

/// The domain of an author's address, or a domain.
fn author(subject: &str) -> Result<Domain, Failure> {
    if !subject.contains('@') {
        return domain(subject);
    }
    let address = Address::parse(subject)
        .map_err(|error| note!("cli-bad-address", address = subject, reason = error))?;
    let found = address.domain().cloned();
    Ok(found.ok_or_else(|| note!("cli-dmarc-no-domain", address = subject))?)
}

/// `RESULT:DOMAIN`, any number of them.
fn results<T>(given: &[String], read: impl Fn(&str) -> Option<T>) -> Result<Vec<(T, Domain)>, Failure> {
    let mut results = Vec::with_capacity(given.len());
    for text in given {
        let wrong = || note!("cli-bad-result", text = text);
        let (word, name) = text.split_once(':').ok_or_else(wrong)?;
        results.push((read(word).ok_or_else(wrong)?, domain(name)?));
    }
    Ok(results)
}

fn text(context: &Context, discovery: &Discovery, verdict: Option<&Verdict>) -> String {
    let mut prose = Prose::new(context);
    let title = format!("DMARC {}", discovery.author_domain);
    let policy = discovery.policy.unwrap_or(Policy::None).as_str();
    match verdict {
        Some(verdict) => prose.verdict(&title, verdict.result.as_str()),
        None if discovery.temp_error => prose.verdict(&title, "temperror"),
        None if discovery.policy.is_none() => prose.verdict(&title, "none"),
        None => prose.verdict(&title, &format!("p={policy}")),
    }
    let word = |id: &str| context.word(&format!("cli-dmarc-{id}"));
    let or_none = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
    let mut pairs = vec![
        (word("record"), or_none(discovery.record.as_ref().map(|record| record.text.clone()))),
        (word("policy-domain"), or_none(discovery.policy_domain.as_ref().map(Domain::to_string))),
        (
            word("organizational-domain"),
            or_none(discovery.organizational_domain.as_ref().map(Domain::to_string)),
        ),
        (word("policy"), discovery.policy.map_or("–", Policy::as_str).to_owned()),
        (word("queries"), discovery.queries.to_string()),
    ];
    if let Some(verdict) = verdict {
        pairs.push((word("disposition"), verdict.disposition.as_str().to_owned()));
    }
    prose.pairs(&pairs);
    prose.heading(&context.word("cli-steps"));
    prose.steps(verdict.map_or(&discovery.steps, |verdict| &verdict.steps));
    prose.into_text()
}
