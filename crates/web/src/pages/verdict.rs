//! Verdicts as the pages show them: a card for each method, with the deciding step, and all steps below it.

use serde::Deserialize;
use serde_json::Value;

use super::reader::Reader;
use super::show::{Badge, visible};

/// Verdicts in the shape of `tegami inspect`, the sentences already in the reader's language.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Told {
    iprev: Option<Check>,
    spf: Option<Identities>,
    dkim: Option<Vec<Check>>,
    arc: Option<Check>,
    dmarc: Option<Check>,
    authentication_results: Option<String>,
    junk: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Identities {
    helo: Option<Check>,
    mailfrom: Option<Check>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Check {
    result: String,
    name: Option<String>,
    domain: Option<String>,
    selector: Option<String>,
    algorithm: Option<String>,
    reason: Option<String>,
    explanation: Option<String>,
    policy_domain: Option<String>,
    policy: Option<String>,
    disposition: Option<String>,
    aligned: Option<Aligned>,
    steps: Vec<Step>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Aligned {
    spf: bool,
    dkim: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Step {
    depth: u8,
    domain: String,
    term: String,
    outcome: String,
    detail: String,
    source: String,
}

/// All verdicts on one message.
#[derive(Debug, Default)]
pub(crate) struct VerdictsView {
    pub(crate) cards: Vec<Card>,
    pub(crate) authentication_results: Option<String>,
    /// Why it went to Junk.
    pub(crate) junk: Option<String>,
}

/// One method's verdict.
#[derive(Debug)]
pub(crate) struct Card {
    /// For anchors and for keeping the card open.
    pub(crate) key: String,
    pub(crate) method: String,
    /// What the method is good for.
    pub(crate) meaning: String,
    pub(crate) badge: Badge,
    /// Whom it is about.
    pub(crate) subject: String,
    /// The sentence that decides.
    pub(crate) deciding: String,
    /// The rule by which it does.
    pub(crate) rule: String,
    /// Further facts: label and value.
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) steps: Vec<StepView>,
}

/// One step.
#[derive(Debug)]
pub(crate) struct StepView {
    /// At most 10: the style sheet knows no deeper.
    pub(crate) depth: u8,
    pub(crate) term: String,
    pub(crate) domain: String,
    pub(crate) badge: Badge,
    pub(crate) detail: String,
    pub(crate) source: String,
    pub(crate) decides: bool,
}

impl VerdictsView {
    /// Of what was stored; `key` keeps the cards of several verdicts on one page apart.
    pub(crate) fn new(reader: &Reader, stored: &Value, key: &str) -> Self {
        let told = tegami_words::told(reader.language, stored);
        let Ok(told) = serde_json::from_value::<Told>(told) else { return Self::default() };
        let make = |method: &str, check: Check| Card::new(reader, key, method, check);
        let mut cards = Vec::new();
        cards.extend(told.iprev.map(|check| make("iprev", check)));
        if let Some(identities) = told.spf {
            cards.extend(identities.mailfrom.map(|check| make("spf", check)));
            cards.extend(identities.helo.map(|check| make("spf-helo", check)));
        }
        cards.extend(told.dkim.into_iter().flatten().map(|check| make("dkim", check)));
        // Most messages have no seals, and then ARC has nothing to say.
        let sealed = told.arc.filter(|check| check.result != "none");
        cards.extend(sealed.map(|check| make("arc", check)));
        cards.extend(told.dmarc.map(|check| make("dmarc", check)));
        for (number, card) in cards.iter_mut().enumerate() {
            card.key = format!("{}-{number}", card.key);
        }
        Self {
            cards,
            authentication_results: told.authentication_results.as_deref().map(visible),
            junk: told.junk.as_deref().map(visible),
        }
    }
}

impl Card {
    fn new(reader: &Reader, key: &str, method: &str, check: Check) -> Self {
        let decides = deciding(method, &check);
        let step = decides.and_then(|at| check.steps.get(at));
        let detail = step.map(|step| step.detail.clone());
        let subject = check.domain.as_ref().or(check.policy_domain.as_ref()).or(check.name.as_ref());
        Self {
            key: format!("{key}-{method}"),
            method: reader.say(&format!("web-method-{method}")),
            meaning: reader.say(&format!("web-meaning-{method}")),
            badge: Badge::result(&check.result),
            subject: subject.map(|subject| visible(subject)).unwrap_or_default(),
            deciding: visible(&check.reason.clone().or(detail).unwrap_or_default()),
            rule: step.map(|step| visible(&step.source)).unwrap_or_default(),
            facts: facts(reader, &check),
            steps: check
                .steps
                .into_iter()
                .enumerate()
                .map(|(at, step)| StepView::new(step, decides == Some(at)))
                .collect(),
        }
    }
}

impl StepView {
    fn new(step: Step, decides: bool) -> Self {
        Self {
            depth: step.depth.min(10),
            term: visible(&step.term),
            domain: visible(&step.domain),
            badge: Badge::result(&step.outcome),
            detail: visible(&step.detail),
            source: step.source,
            decides,
        }
    }
}

/// Which step decides. In SPF the first that matched or failed in the outermost record (RFC 7208 section 4.6.2); elsewhere the last
/// one at the outside sums up.
fn deciding(method: &str, check: &Check) -> Option<usize> {
    let outside = || check.steps.iter().enumerate().filter(|(_, step)| step.depth == 0);
    let last = || outside().next_back().map(|(at, _)| at);
    if method.starts_with("spf") {
        let decisive = |step: &Step| matches!(step.outcome.as_str(), "match" | "error");
        return outside()
            .find(|(_, step)| decisive(step) && step.term != "TXT")
            .map(|(at, _)| at)
            .or_else(last);
    }
    if method == "iprev" {
        return outside().find(|(_, step)| step.outcome == "match").map(|(at, _)| at).or_else(last);
    }
    last()
}

fn facts(reader: &Reader, check: &Check) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut add = |id: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.push((reader.say(id), visible(&value)));
        }
    };
    add("web-fact-selector", check.selector.clone());
    add("web-fact-algorithm", check.algorithm.clone());
    add("web-fact-explanation", check.explanation.clone());
    add("web-fact-policy", check.policy.clone());
    add("web-fact-disposition", check.disposition.clone());
    if let Some(aligned) = &check.aligned {
        let mut words = Vec::new();
        words.extend(aligned.spf.then_some("SPF"));
        words.extend(aligned.dkim.then_some("DKIM"));
        let none = || reader.say("web-aligned-none");
        add("web-fact-aligned", Some(if words.is_empty() { none() } else { words.join(" + ") }));
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_match_of_the_outermost_spf_record_decides() {
        let step = |depth: u8, term: &str, outcome: &str| json!({"depth": depth, "term": term, "outcome": outcome, "detail": term, "domain": "example.org", "source": ""});
        let check: Check = serde_json::from_value(json!({"result": "pass", "steps": [
            step(0, "TXT", "found"), step(0, "mx", "no-match"), step(0, "include:spf.example.net", "match"),
            step(1, "TXT", "found"), step(1, "ip4:192.0.2.0/24", "match"),
        ]}))
        .unwrap();
        assert_eq!(deciding("spf", &check), Some(2));
        assert_eq!(deciding("dmarc", &check), Some(2));
        assert_eq!(deciding("spf", &Check::default()), None);
    }
}
