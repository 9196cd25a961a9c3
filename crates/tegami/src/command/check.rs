//! `tegami check self`: whether mail can leave this machine at all.

mod finding;
mod probe;

use std::path::Path;

use serde_json::json;
use tegami_mail::note;
use tegami_outbound::Reach;

use self::finding::{Finding, State};
use self::probe::{Targets, World};
use super::prose::Prose;
use super::{Context, Failure, Outcome, Report, dns, serve, table};
use crate::cli::{Check, DnsOptions};
use crate::config::{Config, preset};

/// Checks this installation. Exit status 1 where something is wrong.
pub(crate) async fn run(check: &Check, context: &Context) -> Result<Report, Failure> {
    if check.subject != "self" {
        return Err(note!("cli-check-subject", subject = check.subject).into());
    }
    let text = match &check.targets {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| note!("cli-file-unreadable", file = path.display(), reason = error))?,
        None => include_str!("../../data/port25.txt").to_owned(),
    };
    let file = check.targets.as_deref().unwrap_or(Path::new("port25.txt"));
    let targets = Targets::parse(&text)
        .map_err(|line| note!("cli-check-targets", file = file.display(), line = line))?;
    // Without a configuration the machine's own DNS is asked, and there is nothing that could lead around a closed port.
    let config = context.config().ok();
    let world = world(&check.dns, config.as_ref())?;
    let mut findings = finding::judge(&targets.probe(&world).await);
    if config.as_ref().is_some_and(leads_around) {
        findings.iter_mut().for_each(Finding::is_led_around);
    }
    let outcome = if findings.iter().any(|finding| matches!(finding.state, State::Fail | State::Unknown)) {
        Outcome::Finding
    } else {
        Outcome::Well
    };
    let report = if context.json { as_json(&findings, context) } else { text_of(&findings, context) };
    Ok(Report { outcome, ..report })
}

/// The world of the options, else that of the configuration.
fn world(options: &DnsOptions, config: Option<&Config>) -> Result<World, Failure> {
    if let (None, None, Some(config)) = (&options.zone, options.resolver, config) {
        return World::new(serve::resolver(config)?, serve::reach(config));
    }
    // A zone text and a resolver on this machine make a world of this machine.
    let local = options.zone.is_some() || options.resolver.is_some_and(|server| server.ip().is_loopback());
    World::new(dns::resolver(options)?, if local { Reach::Loopback } else { Reach::Network })
}

/// All mail goes, or can go, through a smarthost.
fn leads_around(config: &Config) -> bool {
    let for_all = config
        .delivery
        .routing
        .routes
        .iter()
        .find(|route| route.senders.is_empty() && route.recipients.is_empty() && route.tags.is_empty());
    for_all.is_some_and(|route| !route.smarthosts.is_empty())
}

/// What to put into the configuration, to be pasted.
const SETTINGS: &str = "[delivery.smarthost]
preset = \"ses\"
region = \"ap-northeast-1\"
user = \"…\"
password_file = \"smarthost.password\"
order = \"always\"
";

fn as_json(findings: &[Finding], context: &Context) -> Report {
    let states = [State::Fail, State::Warn, State::Info, State::Pass, State::Unknown, State::NotApplicable];
    let count = |state: State| findings.iter().filter(|finding| finding.state == state).count();
    let summary: serde_json::Map<_, _> =
        states.into_iter().map(|state| (state.as_str().to_owned(), json!(count(state)))).collect();
    let findings = findings.iter().map(|finding| {
        let fix = finding.fix.as_ref().map(|fix| {
            let settings = finding.wants_relay().then_some(SETTINGS);
            json!({"text": context.say(fix), "records": [], "settings": settings})
        });
        json!({
            "id": finding.id,
            "subject": "self",
            "state": finding.state.as_str(),
            "severity": finding.severity,
            "title": context.word(&format!("cli-check-{}", finding.id.replace('.', "-"))),
            "detail": context.say(&finding.detail),
            "evidence": finding.evidence,
            "rule": {"source": finding.source, "section": null, "quote": null},
            "who": [], "consequence": [],
            "fix": fix,
            "confidence": "certain",
            "depends": finding.depends,
        })
    });
    let findings: Vec<_> = findings.collect();
    Report::json(&json!({"subject": "self", "summary": summary, "findings": findings}))
}

fn text_of(findings: &[Finding], context: &Context) -> Report {
    let mut prose = Prose::new(context);
    for finding in findings {
        let title = context.word(&format!("cli-check-{}", finding.id.replace('.', "-")));
        prose.verdict(&format!("{} ({title})", finding.id), finding.state.as_str());
        prose.sentence(2, &finding.detail, "");
        for line in &finding.evidence {
            prose.line(&format!("    {}", table::plain(line)));
        }
        let Some(fix) = &finding.fix else { continue };
        prose.sentence(2, fix, "");
        if finding.wants_relay() {
            prose.gap();
            for line in SETTINGS.lines() {
                prose.line(&format!("    {line}"));
            }
            prose.gap();
            prose.sentence(2, &note!("cli-check-presets"), "");
            for (name, preset) in preset::all() {
                let ports: Vec<_> =
                    preset.starttls.iter().chain(&preset.implicit).map(ToString::to_string).collect();
                prose.paragraph(4, &format!("{name}: {} ({})", preset.title, ports.join(", ")));
                prose.paragraph(6, preset.login(context.language));
                prose.paragraph(6, &preset.documentation);
            }
        }
    }
    Report::well(prose.into_text())
}
