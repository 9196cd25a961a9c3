//! The JSON Schema of what [`super::examination`] writes, after its notes have become sentences.

use serde_json::{Value, json};
use tegami_auth::finding::{Operation, Severity, State};

use crate::{About, Confidence, Who};

/// The schema (JSON Schema, draft 2020-12) of an examination, with that of a finding under `$defs`.
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What `tegami check --json` prints",
        "type": "object",
        "required": ["subject", "summary", "findings", "questions"],
        "properties": {
            "subject": text("The domain or the address that was examined."),
            "summary": summary(),
            "findings": {"type": "array", "items": {"$ref": "#/$defs/finding"}},
            "questions": count("Questions to the DNS."),
        },
        "$defs": {"finding": finding(), "fix": fix(), "record": record()},
    })
}

const STATES: [State; 6] =
    [State::Fail, State::Warn, State::Info, State::Pass, State::Unknown, State::NotApplicable];

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

fn count(description: &str) -> Value {
    json!({"type": "integer", "minimum": 0, "description": description})
}

fn optional(kind: &str, description: &str) -> Value {
    json!({"type": [kind, "null"], "description": description})
}

fn list(items: &Value, description: &str) -> Value {
    json!({"type": "array", "items": items, "description": description})
}

/// An object that has these members, all of them, and no others.
fn exactly(members: &Value) -> Value {
    let names: Vec<String> =
        members.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    json!({"type": "object", "required": names, "properties": members, "additionalProperties": false})
}

fn summary() -> Value {
    let members: serde_json::Map<_, _> =
        STATES.iter().map(|state| (state.as_str().to_owned(), count("So many findings."))).collect();
    exactly(&members.into())
}

fn finding() -> Value {
    let states = STATES.map(State::as_str);
    let abouts = [About::Domain, About::Host, About::Address, About::Message, About::Own, About::Path]
        .map(About::as_str);
    let severities = [Severity::S0, Severity::S1, Severity::S2, Severity::S3, Severity::S4];
    let certain = [Confidence::Certain, Confidence::Likely].map(Confidence::as_str);
    let provider = json!({"enum": whos()});
    let consequence = exactly(&json!({"provider": provider, "smtp_code": text("Its documented reply.")}));
    let rule = exactly(&json!({
        "source": text("The document, for example `RFC 7208`."),
        "section": optional("string", "Where in it."),
        "quote": optional("string", "Its words."),
    }));
    exactly(&json!({
        "id": text("Of the check, for example `mx.null`; `tegami check --list` tells all."),
        "about": {"enum": abouts, "description": "What kind of thing the check looks at."},
        "subject": text("Which one was looked at: a domain, a host, an address, a selector."),
        "state": {"enum": states},
        "severity": {"enum": severities, "description": "How bad it is where it fails, from S0 to S4."},
        "title": text("How it should be, in a few words, in the language of the reader."),
        "detail": text("What was seen and why it matters; where nothing could be seen, why."),
        "evidence": list(&json!({"type": "string"}), "Records, lines and replies, as they came."),
        "rule": rule,
        "who": list(&provider, "Who cares."),
        "consequence": list(&consequence, "What receivers are documented to answer."),
        "fix": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/fix"}]},
        "confidence": {"enum": certain},
        "depends": list(&json!({"type": "string"}), "Checks without whose success this one says nothing."),
        "next_check_after_ttl": optional("integer", "Seconds: before that, caches may still tell the old records."),
    }))
}

fn whos() -> [&'static str; 6] {
    [Who::Gmail, Who::Outlook, Who::Yahoo, Who::ICloud, Who::JpCarriers, Who::Rfc].map(Who::as_str)
}

fn fix() -> Value {
    let records = json!({"type": "array", "items": {"$ref": "#/$defs/record"}});
    exactly(&json!({
        "text": text("What to do, in words."),
        "records": {"type": "array", "items": {"$ref": "#/$defs/record"}, "description": "What to publish."},
        "alternatives": list(&records, "Other ways to the same end."),
        "settings": optional("string", "Lines for the configuration."),
        "by": optional("string", "Who has to do it, where that is not the owner of the domain."),
    }))
}

fn record() -> Value {
    let operations = [Operation::Add, Operation::Replace, Operation::Delete];
    exactly(&json!({
        "op": {"enum": operations},
        "name": text("The owner name, whole, without a dot at the end."),
        "type": text("`TXT`, `MX` …"),
        "ttl": optional("integer", "Seconds."),
        "value": text("The data: of TXT the text without quotation marks, else as in zone files."),
    }))
}
