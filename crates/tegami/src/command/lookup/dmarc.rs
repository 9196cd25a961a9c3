//! `tegami lookup dmarc`: the policy that applies to a domain, and with given results what becomes of a message.

mod tests;

use std::sync::Arc;

use serde_json::{Value, json};
use tegami_auth::Step;
use tegami_auth::dkim::DkimResult;
use tegami_auth::dmarc::{
    self, Alignment, Discovery, DmarcResult, Policy, Psd, Record, Verdict, Walker, public_suffix,
};
use tegami_auth::spf::SpfResult;
use tegami_dns::Resolver;
use tegami_mail::{Address, Domain, Note, note};

use super::super::prose::Prose;
use super::{Context, Failure, Report, domain, report};
use crate::cli::DmarcQuestion;

/// What was found out.
struct Findings {
    /// For the domain, or for the Author Domain that decides.
    discovery: Discovery,
    /// On a message.
    verdict: Option<Verdict>,
    /// What receivers of the older DMARC find.
    older: public_suffix::Discovery,
    /// … and decide.
    older_verdict: Option<public_suffix::Verdict>,
    /// Where they differ.
    differences: Vec<Note>,
    /// The results that people know from elsewhere.
    tests: tests::Results,
}

pub(super) async fn run(
    question: &DmarcQuestion,
    context: &Context,
    resolver: Arc<dyn Resolver>,
) -> Result<Report, Failure> {
    let authors = question.subjects.iter().map(|subject| author(subject)).collect::<Result<Vec<_>, _>>()?;
    let spf = results(&question.spf, SpfResult::from_word)?;
    let dkim = results(&question.dkim, DkimResult::from_word)?;
    let of_message = !(spf.is_empty() && dkim.is_empty())
        || authors.len() > 1
        || question.subjects.iter().any(|subject| subject.contains('@'));
    let walker = &mut Walker::new(&*resolver);
    let findings = match (of_message, authors.first()) {
        (_, None) => None,
        (true, _) => message(&authors, &spf, &dkim, walker).await,
        (false, Some(author)) => Some(policy(author, walker).await),
    };
    let Some(mut findings) = findings else { return Err(note!("cli-spf-nothing-to-check").into()) };
    let reach = super::check::examine::reach(&question.dns);
    findings.tests = tests::look(&findings.discovery.author_domain, reach, Arc::clone(&resolver)).await;
    let good = match &findings.verdict {
        Some(verdict) => verdict.result == DmarcResult::Pass,
        None => findings.discovery.policy.is_some() && !findings.discovery.temp_error,
    };
    Ok(report(context, good, || as_json(context, &findings), || text(context, &findings)))
}

async fn policy(author: &Domain, walker: &mut Walker<'_>) -> Findings {
    let discovery = dmarc::discover_with(author, walker).await;
    let older = public_suffix::discover(author, walker).await;
    let differences = public_suffix::differences(&discovery, &older);
    let tests = tests::Results::default();
    Findings { discovery, verdict: None, older, older_verdict: None, differences, tests }
}

/// With several authors the policy of the one that decides is shown.
async fn message(
    authors: &[Domain],
    spf: &[(SpfResult, Domain)],
    dkim: &[(DkimResult, Domain)],
    walker: &mut Walker<'_>,
) -> Option<Findings> {
    let (verdict, discovery) = dmarc::evaluate_with(authors, spf, dkim, walker).await;
    let discovery = discovery?;
    let (older, differences) = public_suffix::compare(&discovery.author_domain, spf, dkim, walker).await;
    Some(Findings {
        discovery,
        verdict: Some(verdict),
        older: older.discovery.clone(),
        older_verdict: Some(older),
        differences,
        tests: tests::Results::default(),
    })
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

fn as_json(context: &Context, findings: &Findings) -> Value {
    let render = &|note: &Note| context.say(note).into();
    let mut shown = tegami_auth::json::dmarc_lookup(&findings.discovery, findings.verdict.as_ref(), render);
    let subdomains = findings.discovery.subdomains().map(|below| {
        json!({
            "policy_domain": below.policy_domain.as_str(),
            "existing": below.existing.as_str(),
            "absent": below.absent.as_str(),
        })
    });
    let (older, verdict) = (&findings.older, findings.older_verdict.as_ref());
    let older = tegami_auth::json::public_suffix(older, verdict, &findings.differences, render);
    if let Some(members) = shown.as_object_mut() {
        members.insert("subdomains".to_owned(), json!(subdomains));
        members.insert("public_suffix".to_owned(), older);
        members.insert("tests".to_owned(), findings.tests.to_json());
    }
    shown
}

fn text(context: &Context, findings: &Findings) -> String {
    let mut prose = Prose::new(context);
    let Findings { discovery, verdict, .. } = findings;
    let title = format!("DMARC {}", discovery.author_domain);
    let policy = discovery.policy.unwrap_or(Policy::None).as_str();
    match verdict {
        Some(verdict) => prose.verdict(&title, verdict.result.as_str()),
        None if discovery.temp_error => prose.verdict(&title, "temperror"),
        None if discovery.policy.is_none() => prose.verdict(&title, "none"),
        None => prose.verdict(&title, &format!("p={policy}")),
    }
    prose.pairs(&summary(context, findings));
    if let (Some(record), Some(domain)) = (discovery.record(), discovery.policy_domain()) {
        prose.heading(&context.word("cli-dmarc-tags"));
        prose.pairs(&tags(context, record, domain));
    }
    prose.heading(&context.word("cli-steps"));
    let steps = verdict.as_ref().map_or(&discovery.steps, |verdict| &verdict.steps);
    let in_table = |step: &&Step| {
        let ignored =
            discovery.record().is_some_and(|record| record.ignored.iter().any(|one| one.note() == step.note));
        step.domain == discovery.author_domain.as_str() && ignored
    };
    let steps: Vec<Step> = steps.iter().filter(|step| !in_table(step)).cloned().collect();
    prose.steps(&steps);
    older(context, findings, &mut prose);
    findings.tests.tell(&mut prose, context);
    prose.into_text()
}

/// Label and value of what matters most.
fn summary(context: &Context, findings: &Findings) -> Vec<(String, String)> {
    let Findings { discovery, verdict, .. } = findings;
    let word = |id: &str| context.word(&format!("cli-dmarc-{id}"));
    let or_none = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
    let organizational = discovery.organizational_domain.as_ref();
    let mut pairs = vec![
        (word("record"), or_none(discovery.record().map(|record| record.text.to_string()))),
        (word("policy-domain"), or_none(discovery.policy_domain().map(Domain::to_string))),
        (word("organizational-domain"), or_none(organizational.map(Domain::to_string))),
        (word("policy"), discovery.policy.map_or("–", Policy::as_str).to_owned()),
    ];
    if let Some(below) = discovery.subdomains() {
        let (existing, absent) = (below.existing.as_str(), below.absent.as_str());
        let told = match existing == absent {
            true => existing.to_owned(),
            false => context.say(&note!("cli-dmarc-subdomains-two", existing = existing, absent = absent)),
        };
        pairs.push((word("subdomains"), told));
    }
    pairs.push((word("queries"), discovery.queries.to_string()));
    if let Some(verdict) = verdict {
        pairs.push((word("disposition"), verdict.disposition.as_str().to_owned()));
    }
    pairs
}

/// Every tag that means something, written or not, then what is written and means nothing.
fn tags(context: &Context, record: &Record, domain: &Domain) -> Vec<(String, String)> {
    let existing = record.sp.unwrap_or(record.p).as_str();
    let uris = |list: &[String]| list.join(", ");
    let mut tags = vec![
        (
            "p",
            if record.tag("p").is_some() {
                note!("cli-dmarc-tag-p", domain = domain)
            } else {
                note!("cli-dmarc-tag-no-p")
            },
        ),
        (
            "sp",
            match record.sp {
                Some(_) => note!("cli-dmarc-tag-sp"),
                None => note!("cli-dmarc-tag-no-sp", policy = record.p.as_str()),
            },
        ),
        (
            "np",
            match record.np {
                Some(_) => note!("cli-dmarc-tag-np"),
                None => note!("cli-dmarc-tag-no-np", policy = existing),
            },
        ),
        (
            "adkim",
            match record.adkim {
                Alignment::Relaxed => note!("cli-dmarc-tag-adkim-relaxed"),
                Alignment::Strict => note!("cli-dmarc-tag-adkim-strict"),
            },
        ),
        (
            "aspf",
            match record.aspf {
                Alignment::Relaxed => note!("cli-dmarc-tag-aspf-relaxed"),
                Alignment::Strict => note!("cli-dmarc-tag-aspf-strict"),
            },
        ),
        (
            "psd",
            match record.psd {
                Psd::Yes => note!("cli-dmarc-tag-psd-yes"),
                Psd::No => note!("cli-dmarc-tag-psd-no"),
                Psd::Unsaid => note!("cli-dmarc-tag-psd-unsaid"),
            },
        ),
        (
            "t",
            if record.testing { note!("cli-dmarc-tag-testing") } else { note!("cli-dmarc-tag-no-testing") },
        ),
        (
            "rua",
            match record.rua.as_slice() {
                [] => note!("cli-dmarc-tag-no-rua"),
                list => note!("cli-dmarc-tag-rua", uris = uris(list)),
            },
        ),
        (
            "ruf",
            match record.ruf.as_slice() {
                [] => note!("cli-dmarc-tag-no-ruf"),
                list => note!("cli-dmarc-tag-ruf", uris = uris(list), fo = record.fo),
            },
        ),
    ];
    let mut labelled: Vec<(String, String)> =
        tags.drain(..).map(|(tag, note)| (label(record, tag), context.say(&note))).collect();
    labelled
        .extend(record.ignored.iter().map(|one| (written(&one.name, &one.value), context.say(&one.note()))));
    labelled
}

/// `sp=reject` as written; `sp` alone where it is not written, or was not understood.
fn label(record: &Record, tag: &str) -> String {
    let understood = !record.ignored.iter().any(|one| one.name == tag);
    match record.tag(tag).filter(|_| understood) {
        Some(value) => written(tag, value),
        None => tag.to_owned(),
    }
}

/// Long values stand in the record above.
fn written(tag: &str, value: &str) -> String {
    const SHOWN: usize = 14;
    let tag: String = tag.chars().take(SHOWN).collect();
    if value.is_empty() || value.chars().count() > SHOWN { tag } else { format!("{tag}={value}") }
}

/// What receivers of the older DMARC do differently.
fn older(context: &Context, findings: &Findings, prose: &mut Prose<'_>) {
    prose.heading(&context.word("cli-dmarc-older"));
    let older = &findings.older;
    let found = match (&older.policy_domain, older.policy) {
        _ if older.temp_error => note!("cli-dmarc-older-open"),
        (Some(found), Some(policy)) => note!(
            "cli-dmarc-older-policy",
            policy = policy.as_str(),
            found = found,
            organizational = older.organizational_domain
        ),
        _ => note!("cli-dmarc-older-none", organizational = older.organizational_domain),
    };
    prose.sentence(2, &found, "RFC 7489 section 6.6.3");
    for difference in &findings.differences {
        prose.sentence(2, difference, "");
    }
    let open = older.temp_error || findings.discovery.temp_error;
    if findings.differences.is_empty() && !open {
        prose.sentence(2, &note!("cli-dmarc-older-same"), "");
    }
}
