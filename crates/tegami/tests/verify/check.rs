//! `tegami check`: the command around the examination. What each check finds is tried where the checks are.

use serde_json::Value;

use super::Scene;

const ZONE: &str = r#"
good.example.       MX  10 mx.good.example.
mx.good.example.    A   192.0.2.10
bad.example.        MX  10 mx.bad.example.
bad.example.        MX  20 gone.bad.example.
mx.bad.example.     A   192.0.2.11
$SERVFAIL open.example
"#;

/// The state of a check for a subject.
fn state<'v>(value: &'v Value, id: &str, subject: &str) -> Option<&'v str> {
    let findings = value["findings"].as_array().unwrap();
    findings.iter().find(|one| one["id"] == id && one["subject"] == subject)?["state"].as_str()
}

#[test]
fn a_domain_and_its_addresses_come_to_the_same() {
    let scene = Scene::new(ZONE);
    let (status, value) = scene.json("check bad.example --zone zone");
    assert_eq!(status, 1);
    assert_eq!(value["subject"], "bad.example");
    assert_eq!(state(&value, "mx.resolves", "gone.bad.example"), Some("fail"));
    for subject in ["someone@bad.example", "<someone@bad.example>", "BAD.example."] {
        let (_, other) = scene.json(&format!("check {subject} --zone zone"));
        assert_eq!(other, value, "{subject}");
    }
    let (_, of_address) = scene.json("check 192.0.2.1 --zone zone");
    assert_eq!(of_address["subject"], "192.0.2.1");
}

/// `expected` of the sentences below is no sentence of one check: identifiers and marks stand in both languages.
#[test]
fn what_is_wrong_is_told_in_both_languages() {
    let scene = Scene::new(ZONE);
    for (language, heading) in [("en", "To mend first"), ("ja", "まず直すこと")] {
        let answer = scene.run(&format!("check bad.example --zone zone --explain --lang {language}"));
        assert_eq!(answer.status, 1, "{}", answer.errors);
        for part in [heading, "mx.resolves S3", "gone.bad.example A: NXDOMAIN"] {
            assert!(answer.output.contains(part), "{part}:\n{}", answer.output);
        }
        for id in ["cli-check-", "check-mx", " mx-"] {
            assert!(!answer.output.contains(id), "{id} is told as it is:\n{}", answer.output);
        }
    }
}

#[test]
fn what_cannot_be_asked_is_unknown_and_no_success() {
    let scene = Scene::new(ZONE);
    let (status, value) = scene.json("check open.example --zone zone --explain");
    assert_eq!(status, 1, "{value:#}");
    assert_ne!(state(&value, "mx.exists", "open.example"), Some("fail"), "{value:#}");
    assert!(value["summary"]["unknown"].as_u64() > Some(0), "{value:#}");
    let asked = value["asked"].as_array().unwrap();
    let mx = asked.iter().find(|one| one["name"] == "open.example" && one["type"] == "MX").unwrap();
    assert_eq!((&mx["answer"], &mx["error"]), (&Value::Null, &Value::from("SERVFAIL")));
}

#[test]
fn only_what_got_worse_than_the_baseline_fails() {
    let scene = Scene::new(ZONE);
    let command = "check bad.example --zone zone --baseline base";
    let (status, written) = scene.json(command);
    assert_eq!((status, &written["baseline"]["written"]), (0, &Value::from(true)));
    let (status, same) = scene.json(command);
    assert_eq!((status, &same["baseline"]["changes"]), (0, &serde_json::json!([])));
    assert!(same["summary"]["fail"].as_u64().unwrap() > 0);

    // One host less is better, another more is worse.
    scene.file("zone", ZONE.replace("20 gone", "20 lost").as_bytes());
    let (status, worse) = scene.json(command);
    assert_eq!(status, 1);
    let changes = worse["baseline"]["changes"].as_array().unwrap();
    let change = |subject: &str| {
        let found = changes.iter().find(|one| one["id"] == "mx.resolves" && one["subject"] == subject);
        found.map(|one| one["change"].as_str().unwrap())
    };
    assert_eq!((change("lost.bad.example"), change("gone.bad.example")), (Some("worse"), Some("better")));
    assert!(scene.run(command).output.contains("worse  mx.resolves  lost.bad.example"));

    // A name server that does not answer makes nothing worse.
    scene.file("zone", b"$SERVFAIL bad.example");
    assert_eq!(scene.run(command).status, 0);

    scene.file("zone", ZONE.as_bytes());
    assert_eq!(scene.run("check good.example --zone zone --baseline base").status, 2);
    scene.file("base", b"{}");
    assert_eq!(scene.run(command).status, 2);
}

#[test]
fn wrong_use_is_told() {
    let scene = Scene::new(ZONE);
    for words in [
        "check",
        "check exa_mple..org --zone zone",
        "check someone@ --zone zone",
        "check good.example --bulk --no-mail --zone zone",
        "check good.example --selector -bad- --zone zone",
        "check good.example --list",
        "check good.example --watch 0 --zone zone",
    ] {
        assert_eq!(scene.run(words).status, 2, "{words}");
    }
}

#[test]
fn every_check_is_listed() {
    let scene = Scene::new("");
    let (status, value) = scene.json("check --list");
    let checks = value["checks"].as_array().unwrap();
    assert_eq!(status, 0);
    assert!(checks.iter().any(|check| check["id"] == "mx.resolves" && check["severity"] == "S4"));
    for language in ["en", "ja"] {
        let told = scene.run(&format!("check --list --lang {language}")).output;
        for check in checks {
            let id = check["id"].as_str().unwrap();
            assert!(told.contains(&format!("  {id} ")), "{language}: {id}");
        }
        assert!(!told.contains("check-"), "{told}");
    }
}

const PASTED: &[u8] = b"
Received: from cheap.example.net (cheap.example.net [192.0.2.66]) by mx.example.com; Sat, 21 Nov 2026 10:00:00 +0000
Received: from app ([10.0.0.1]) by cheap.example.net with ESMTPSA; Sat, 21 Nov 2026 09:30:00 +0000
Authentication-Results: mx.example.com; dmarc=pass header.from=bank.example
Date: Sat, 21 Nov 2026 09:30:00 +0000
From: Bank <security@bank.example>
";

#[test]
fn a_pasted_header_section_is_read() {
    let scene = Scene::new("");
    for (language, part) in [("en", "did not write it"), ("ja", "受信側が書いたものではありません")]
    {
        let answer = scene.run_with(&format!("lookup headers --lang {language}"), PASTED);
        let joined: String = answer.output.split_whitespace().collect();
        assert_eq!(answer.status, 1, "{}", answer.errors);
        assert!(joined.contains(&part.replace(' ', "")), "{}", answer.output);
        assert!(!answer.output.contains("headers-"), "{}", answer.output);
    }
    scene.file("pasted", PASTED);
    let (_, value) = scene.json("lookup headers pasted");
    assert_eq!((&value["receiver"], &value["seconds"]), (&"mx.example.com".into(), &1800.into()));
    assert_eq!(value["results"][0]["trust"], "forged");
    let (_, trusted) = scene.json("lookup headers pasted --authserv-id other.example");
    assert_eq!(trusted["results"][0]["trust"], "forged");
    assert_eq!(scene.run_with("lookup headers", b"\nnothing of that kind\n").status, 2);
}

/// What is printed has the form that docs/finding.schema.json describes.
#[test]
fn what_is_printed_has_the_form_that_is_told() {
    let scene = Scene::new(ZONE);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/finding.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    for words in ["check bad.example", "check good.example", "check open.example", "check 192.0.2.10"] {
        let (_, value) = scene.json(&format!("{words} --zone zone"));
        conforms(&value, &schema, &schema, words);
    }
}

/// The part of JSON Schema that the schema uses; any other word of it is refused.
fn conforms(value: &Value, schema: &Value, root: &Value, at: &str) {
    for (word, rule) in schema.as_object().unwrap() {
        match word.as_str() {
            "$schema" | "title" | "description" | "$defs" | "properties" => {}
            "$ref" => {
                let to = root.pointer(rule.as_str().unwrap().strip_prefix('#').unwrap()).unwrap();
                conforms(value, to, root, at);
            }
            "type" => {
                let kinds: Vec<&str> = match rule {
                    Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
                    one => one.as_str().into_iter().collect(),
                };
                assert!(kinds.contains(&kind(value)), "{at}: {value} is not {kinds:?}");
            }
            "minimum" => assert!(value.as_i64() >= rule.as_i64(), "{at}: {value}"),
            "enum" => assert!(rule.as_array().unwrap().contains(value), "{at}: {value} is not in {rule}"),
            "anyOf" => {
                let null = rule.as_array().unwrap().iter().position(|one| one["type"] == "null").unwrap();
                if !value.is_null() {
                    conforms(value, &rule[1 - null], root, at);
                }
            }
            "items" => {
                for (number, item) in value.as_array().unwrap().iter().enumerate() {
                    conforms(item, rule, root, &format!("{at}/{number}"));
                }
            }
            "required" => {
                for name in rule.as_array().unwrap() {
                    let name = name.as_str().unwrap();
                    let member = value.get(name).unwrap_or_else(|| panic!("{at}: no `{name}`"));
                    conforms(member, &schema["properties"][name], root, &format!("{at}/{name}"));
                }
            }
            "additionalProperties" => {
                for name in value.as_object().unwrap().keys() {
                    assert!(schema["properties"].get(name).is_some(), "{at}: `{name}` is not described");
                }
            }
            other => panic!("the schema says `{other}`, which this test does not know"),
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
