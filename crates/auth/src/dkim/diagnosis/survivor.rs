//! What would have survived the change, and what has.

use tegami_mail::{HeaderSection, Note, note};

use crate::Step;
use crate::arc::{self, ArcResult};
use crate::dkim::{DkimResult, Verdict};
use crate::results::AuthenticationResults;

const TERM: &str = "survivors";

/// Names, for each signature that is broken, those that are not.
pub(in crate::dkim) fn tell_signatures(verdicts: &mut [Verdict]) {
    let mut passing: Vec<String> = Vec::new();
    for verdict in verdicts.iter().filter(|verdict| verdict.result == DkimResult::Pass) {
        let shown = format!("{} ({})", verdict.domain, verdict.selector);
        if !passing.contains(&shown) {
            passing.push(shown);
        }
    }
    if passing.is_empty() {
        return;
    }
    let passing = passing.join(", ");
    for verdict in verdicts.iter_mut().filter(|verdict| verdict.result == DkimResult::Fail) {
        push(verdict, note!("dkim-survivor", domains = passing), "RFC 6376 section 6.1");
    }
}

/// Tells, for each signature that is broken, that the first handler of a whole ARC chain says that it saw it pass.
pub(crate) fn tell_chain(verdicts: &mut [Verdict], section: &HeaderSection<'_>, chain: &arc::Verdict) {
    let broken = verdicts.iter().any(|verdict| verdict.result == DkimResult::Fail);
    if chain.result != ArcResult::Pass || !broken {
        return;
    }
    let first = section.all("ARC-Authentication-Results").find_map(|field| {
        let value = field.unfolded();
        let (instance, results) = value.split_at_checked(memchr::memchr(b';', &value)?)?;
        let instance = instance.iter().filter(|octet| !octet.is_ascii_whitespace());
        instance.eq(b"i=1").then(|| AuthenticationResults::parse(results.get(1..)?).ok())?
    });
    let Some(first) = first else { return };
    for verdict in verdicts.iter_mut().filter(|verdict| verdict.result == DkimResult::Fail) {
        let saw = first.results.iter().any(|result| {
            let domain = result.value("header", "d");
            let domain = domain.or_else(|| result.value("header", "i").and_then(|i| i.rsplit('@').next()));
            result.method == "dkim"
                && result.result == "pass"
                && domain.is_some_and(|domain| domain.eq_ignore_ascii_case(&verdict.domain))
        });
        if saw {
            let note = note!("dkim-survivor-arc", handler = first.authserv_id, sealer = chain.domain);
            push(verdict, note, "RFC 8617 section 5.2");
        }
    }
}

fn push(verdict: &mut Verdict, note: Note, source: &'static str) {
    let domain = verdict.domain.clone();
    verdict.steps.push(Step {
        depth: 0,
        domain: domain.into(),
        term: TERM.into(),
        outcome: "noted",
        note,
        source,
        spent: None,
    });
}

#[cfg(test)]
mod tests {
    use tegami_mail::HeaderLimits;

    use super::*;

    fn verdict(result: DkimResult, domain: &str) -> Verdict {
        Verdict {
            result,
            domain: domain.into(),
            selector: "s".into(),
            algorithm: "rsa-sha256".into(),
            identity: String::new(),
            signature_start: String::new(),
            covered: Vec::new(),
            reason: note!("dkim-none"),
            steps: Vec::new(),
        }
    }

    fn check(verdicts: &[Verdict], expect: &[&str]) {
        let told: Vec<String> = verdicts
            .iter()
            .flat_map(|verdict| &verdict.steps)
            .map(|step| {
                let values: Vec<&str> = step.note.args.iter().map(|(_, value)| &**value).collect();
                format!("{} {}", step.note.id, values.join(" "))
            })
            .collect();
        assert_eq!(told, expect);
    }

    #[test]
    fn other_signatures() {
        let mut verdicts = [
            verdict(DkimResult::Fail, "example.org"),
            verdict(DkimResult::Pass, "lists.example.net"),
            verdict(DkimResult::PermError, "example.com"),
        ];
        tell_signatures(&mut verdicts);
        check(&verdicts, &["dkim-survivor lists.example.net (s)"]);
        let mut alone = [verdict(DkimResult::Fail, "example.org")];
        tell_signatures(&mut alone);
        check(&alone, &[]);
    }

    #[test]
    fn what_the_first_handler_saw() {
        let chain = |result| arc::Verdict {
            result,
            instance: 2,
            domain: "gateway.example.com".into(),
            oldest_pass: Some(0),
            reason: note!("arc-none"),
            steps: Vec::new(),
        };
        let content = b"ARC-Authentication-Results: i=2; gateway.example.com; dkim=fail header.d=example.org\r\n\
            ARC-Authentication-Results: i=1; mx.lists.example.net;\r\n dkim=pass header.i=@example.org; spf=pass\r\n\r\n";
        let mut verdicts =
            [verdict(DkimResult::Fail, "example.org"), verdict(DkimResult::Fail, "example.com")];
        let section = HeaderSection::parse(content, HeaderLimits::GENEROUS).unwrap();
        tell_chain(&mut verdicts, &section, &chain(ArcResult::Fail));
        check(&verdicts, &[]);
        tell_chain(&mut verdicts, &section, &chain(ArcResult::Pass));
        check(&verdicts, &["dkim-survivor-arc mx.lists.example.net gateway.example.com"]);
    }
}
