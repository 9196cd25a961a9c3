//! The table is the catalogue's, and folds as it says.

use tegami_mail::note;

use super::*;
use crate::catalogue;
use crate::checks::fixture::World;

/// A finding of this check.
fn found(id: &str, state: State, severity: Severity) -> Finding {
    catalogue::find(id).unwrap().found(state, "message", note!("check-late")).severity(severity)
}

fn outcome(provider: Provider, findings: &[Finding]) -> (Outcome, Option<&'static str>) {
    let verdict = verdict(provider, findings);
    (verdict.outcome, verdict.code())
}

/// What the providers' pages demand, a row for each requirement.
#[test]
fn the_table_says_what_the_pages_say() {
    let short = |demand: Option<Demand>| demand.map_or("–", Demand::as_str);
    let rows: Vec<String> =
        REQUIREMENTS.iter().map(|one| format!("{}: {}", one.id, one.demands.map(short).join(" "))).collect();
    expect_test::expect![[r#"
        spf: or must or must must must should
        dkim: or must or must must must should
        dmarc: – must – must must must –
        policy: must – must – – – –
        aligned: – must – must must – –
        reverse-dns: must must must must must must –
        tls: must must – – – – –
        format: must must must must must must should
        unsubscribe: – must – must should – –
        unsubscribe-link: – must – – must must –
        complaints: must must must must should – –
        no-imitation: must must – – – – –
        sender-exists: – – must must – must –
        not-listed: – – must must must must –
        author-receives: – – – – – – must"#]]
    .assert_eq(&rows.join("\n"));
}

#[test]
fn the_table_names_checks_that_exist() {
    for requirement in REQUIREMENTS {
        for id in requirement.checks {
            let exists =
                catalogue::checks().any(|check| requirement.asks(check.id) && check.id.starts_with(id));
            assert!(exists, "{}: {id}", requirement.id);
        }
        for id in requirement.decisive {
            assert!(requirement.asks(id), "{}: {id}", requirement.id);
        }
        for (provider, code) in requirement.codes {
            assert!(requirement.demand(*provider).is_some(), "{}: {code}", requirement.id);
        }
    }
}

#[test]
fn one_of_spf_and_dkim_is_enough_for_small_senders() {
    let spf = found("msg.spf", State::Warn, Severity::S2);
    let dkim = found("msg.dkim", State::Pass, Severity::S4);
    let one = [spf.clone(), dkim];
    assert_eq!(outcome(Provider::Gmail, &one), (Outcome::Accepted, None));
    assert_eq!(outcome(Provider::Yahoo, &one), (Outcome::Accepted, None));
    assert_eq!(outcome(Provider::GmailBulk, &one), (Outcome::Rejected, Some("550 5.7.27")));
    assert_eq!(outcome(Provider::OutlookBulk, &one), (Outcome::Rejected, Some("550 5.7.515")));
    assert_eq!(outcome(Provider::YahooBulk, &one), (Outcome::AtRisk, None));
    let none = [spf, found("msg.dkim-present", State::Fail, Severity::S3)];
    assert_eq!(outcome(Provider::Gmail, &none).0, Outcome::Rejected);
    assert_eq!(outcome(Provider::JpCarriers, &none).0, Outcome::AtRisk);
}

#[test]
fn each_requirement_has_its_consequence() {
    let case = |id, state, severity, provider| outcome(provider, &[found(id, state, severity)]);
    let (fail, warn) = (State::Fail, State::Warn);
    assert_eq!(case("msg.dmarc", fail, Severity::S4, Provider::GmailBulk).1, Some("550 5.7.40"));
    assert_eq!(case("msg.dmarc", warn, Severity::S2, Provider::GmailBulk).0, Outcome::Rejected);
    assert_eq!(case("msg.dmarc", warn, Severity::S2, Provider::Gmail).0, Outcome::AtRisk);
    assert_eq!(case("msg.dmarc", fail, Severity::S4, Provider::Gmail).1, Some("550 5.7.26"));
    assert_eq!(case("msg.aligned", warn, Severity::S2, Provider::GmailBulk).1, Some("421 4.7.32"));
    assert_eq!(case("ip.ptr-exists", fail, Severity::S4, Provider::Gmail).1, Some("550 5.7.25"));
    assert_eq!(case("msg.from-count", fail, Severity::S4, Provider::Gmail).1, Some("550 5.7.1"));
    assert_eq!(case("bulk.unsub-header", fail, Severity::S3, Provider::GmailBulk).0, Outcome::AtRisk);
    assert_eq!(case("bulk.unsub-header", warn, Severity::S2, Provider::GmailBulk).0, Outcome::AtRisk);
    assert_eq!(case("bulk.unsub-header", warn, Severity::S2, Provider::YahooBulk).0, Outcome::Accepted);
    assert_eq!(case("bulk.complaint-rate", fail, Severity::S4, Provider::Gmail).1, Some("421 4.7.28"));
    assert_eq!(case("msg.envelope-from", fail, Severity::S3, Provider::ICloudBulk).1, Some("450 4.1.8"));
    assert_eq!(case("rbl.ip.zen", fail, Severity::S4, Provider::OutlookBulk).1, Some("550 OU-001"));
    assert_eq!(case("mx.from-domain", fail, Severity::S4, Provider::JpCarriers).0, Outcome::Rejected);
    for provider in Provider::ALL {
        assert_eq!(case("msg.subject", warn, Severity::S2, provider).0, Outcome::Accepted);
        assert_eq!(outcome(provider, &[]), (Outcome::Accepted, None));
        assert!(!provider.pages().is_empty());
    }
}

#[test]
fn words_name_providers() {
    assert_eq!(Provider::named("gmail"), [Provider::Gmail, Provider::GmailBulk]);
    assert_eq!(Provider::named("jp"), [Provider::JpCarriers]);
    assert_eq!(Provider::named("outlook"), [Provider::OutlookBulk]);
    assert_eq!(Provider::named("post"), []);
}

/// A message that is made right is accepted everywhere, and its score is the best.
#[tokio::test]
async fn the_good_message_is_accepted_everywhere() {
    let findings = World::base().examine_message("").await;
    for provider in Provider::ALL {
        assert_eq!(outcome(provider, &findings), (Outcome::Accepted, None), "{provider:?}");
    }
    assert_eq!(crate::score::score(&findings).tenths(), crate::score::BEST);
}

/// What is not signed and comes from a stranger's address is refused, by the rule that says so.
#[tokio::test]
async fn a_forged_message_is_refused() {
    let mut world = World::base();
    world.letter.signers.clear();
    world.letter.ip = "203.0.113.9".parse().unwrap();
    let findings = world.examine_message("").await;
    let verdict = verdict(Provider::Gmail, &findings);
    assert_eq!(verdict.outcome, Outcome::Rejected);
    let json = verdict.to_json();
    assert_eq!((&json["outcome"], &json["code"]), (&"rejected".into(), &"550 5.7.26".into()));
    assert_eq!(crate::score::score(&findings).tenths(), 40);
}
