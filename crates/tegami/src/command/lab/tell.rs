//! The story on a terminal and as JSON.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use tegami_lab::World;
use tegami_mail::{Note, note};
use tegami_outbound::{AttemptRecord, HostTry};

use super::judge::{Fate, Word};
use super::scene::{Door, Scene};
use super::site::{API_KEY, PASSWORD, Site, USER};
use super::stage;
use crate::command::Context;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// What has been started.
pub(crate) fn opening(context: &Context, site: &Site) -> String {
    let started =
        note!("lab-started", dns = site.internet.dns, port = site.internet.smtp_port, page = page(site));
    format!("{}\n", context.say(&started))
}

fn page(site: &Site) -> String {
    format!("http://{}/", site.http())
}

/// One message: where it went, what was verified, how it ended.
pub(crate) fn scene(context: &Context, scene: &Scene, fate: &Fate) -> String {
    let mut text = format!("{BOLD}{}{BOLD:#}\n", context.say(&scene.title()));
    let door = match scene.door {
        Door::Api => context.word("lab-door-api"),
        Door::Submission => context.word("lab-door-submission"),
        Door::Outside(machine) => {
            context.say(&note!("lab-door-outside", machine = machine.name, ip = machine.ip))
        }
    };
    let _ = writeln!(text, "  {} → {}  {DIM}{door}{DIM:#}", scene.from, scene.to);
    for (number, attempt) in fate.attempts.iter().enumerate() {
        tell_attempt(context, &mut text, number, attempt);
    }
    if let Some(verdicts) = fate.receiver_verdicts() {
        tell_verdicts(context, &mut text, verdicts);
    }
    let (mark, style) = if fate.as_expected { ("✓", GOOD) } else { ("✗", BAD) };
    let _ = writeln!(text, "  {style}{mark}{style:#} {}", context.say(&fate.deciding));
    if !fate.as_expected {
        let wanted = stage::expected(scene.expected);
        let wanted = tegami_words::text(context.language, &wanted.id, &wanted.values());
        let _ = writeln!(text, "    {}", context.say(&note!("lab-not-as-expected", expected = wanted)));
    }
    let _ = writeln!(text, "    {DIM}{}{DIM:#}", context.say(&scene.lesson()));
    text
}

fn tell_attempt(context: &Context, text: &mut String, number: usize, attempt: &AttemptRecord) {
    let recipient = attempt.recipients.first();
    let failure =
        recipient.and_then(|recipient| recipient.failure.as_ref()).filter(|_| attempt.hosts.is_empty());
    if let Some(failure) = failure {
        let detail = tegami_words::text(context.language, &failure.detail.id, &failure.detail.values());
        let _ = writeln!(text, "  {:6}{detail}", "MX");
    }
    for (place, host) in attempt.hosts.iter().enumerate() {
        let label = if number == 0 && place == 0 { "MX" } else { "" };
        let decided = recipient.filter(|recipient| recipient.host == Some(place));
        let reply = decided.and_then(|recipient| recipient.reply.as_ref()).map(ToString::to_string);
        let _ = writeln!(text, "  {label:6}{}", tell_host(context, host, reply));
    }
}

fn tell_host(context: &Context, host: &HostTry, reply: Option<String>) -> String {
    let preference = host.preference.map(|preference| format!("{preference} ")).unwrap_or_default();
    let mut line = format!("{preference}{} [{}]", host.host, host.ip);
    if let Some(tls) = &host.tls {
        let trust = if tls.trusted { "lab-tls-trusted" } else { "lab-tls-untrusted" };
        let _ = write!(line, "  {} {}", tls.version, context.word(trust));
    } else if host.connected {
        let _ = write!(line, "  {}", context.word("lab-tls-none"));
    }
    let failure = host
        .failure
        .as_ref()
        .map(|failure| tegami_words::text(context.language, &failure.detail.id, &failure.detail.values()));
    if let Some(told) = reply.or(failure) {
        let _ = write!(line, "\n        {told}");
    }
    line
}

/// SPF, DKIM and DMARC, each with the step that decided.
fn tell_verdicts(context: &Context, text: &mut String, verdicts: &Value) {
    let told = tegami_words::told(context.language, verdicts);
    let result = |pointer: &str| told.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let spf = told.pointer("/spf/mailfrom/steps").map(last_detail).unwrap_or_default();
    let _ = writeln!(
        text,
        "  SPF   {} {DIM}{}  {spf}{DIM:#}",
        result("/spf/mailfrom/result"),
        result("/spf/mailfrom/domain")
    );
    for signature in told.get("dkim").and_then(Value::as_array).into_iter().flatten() {
        let member = |name: &str| signature.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = if member("selector").is_empty() {
            String::new()
        } else {
            format!("{}._domainkey.{}  ", member("selector"), member("domain"))
        };
        let _ = writeln!(text, "  DKIM  {} {DIM}{name}{}{DIM:#}", member("result"), member("reason"));
    }
    if told.get("dmarc").is_some() {
        let steps = told.pointer("/dmarc/steps").map(last_detail).unwrap_or_default();
        let _ = writeln!(text, "  DMARC {} {DIM}{steps}{DIM:#}", result("/dmarc/result"));
    }
}

/// The step that decided is the last one.
fn last_detail(steps: &Value) -> String {
    let last = steps.as_array().and_then(|steps| steps.last());
    last.and_then(|step| step.get("detail")).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// How many messages met their expected fate.
pub(crate) fn closing(context: &Context, fates: &[Fate]) -> String {
    let good = fates.iter().filter(|fate| fate.as_expected).count();
    let style = if good == fates.len() { GOOD } else { BAD };
    let told = context.say(&note!("lab-closing", good = good, all = fates.len()));
    format!("{style}{told}{style:#}")
}

/// What can be typed while the lab runs.
pub(crate) fn commands(context: &Context, site: &Site) -> String {
    let mut text = format!("\n{}\n", context.say(&note!("lab-try", page = page(site))));
    for (title, command) in command_list(site) {
        let _ = write!(text, "\n  {DIM}# {}{DIM:#}\n", context.say(&title));
        for line in command.lines() {
            let _ = writeln!(text, "  {line}");
        }
    }
    let _ = write!(text, "\n{}", context.word("lab-stop"));
    text
}

/// Commands that work as they stand.
pub(crate) fn command_list(site: &Site) -> Vec<(Note, String)> {
    let (http, submission, port) = (site.http(), site.submission(), site.internet.smtp_port);
    let (dns, bigmail) = (site.internet.dns, World::BIGMAIL.ip);
    let curl = format!(
        "curl -s --user api:{API_KEY} http://{http}/v3/shop.test/messages \\\n  -F from='Shop <me@shop.test>' -F to=hanako@bigmail.test \\\n  -F subject='こんにちは' -F text='Hello from curl'"
    );
    let swaks = format!(
        "swaks --server {}:{} --tls --auth PLAIN --auth-user {USER} --auth-password {PASSWORD} \\\n  --from me@shop.test --to taro@bigmail.test --header 'Subject: Hello from swaks'",
        submission.ip(),
        submission.port()
    );
    let stranger = format!(
        "swaks --server {bigmail}:{port} --tls --helo {} --local-interface {} \\\n  --from security@bank.test --to hanako@bigmail.test",
        World::SPOOFER.name,
        World::SPOOFER.ip
    );
    let dig = format!("dig @{} -p {} shop.test TXT", dns.ip(), dns.port());
    vec![
        (note!("lab-try-curl"), curl),
        (note!("lab-try-swaks"), swaks),
        (note!("lab-try-stranger"), stranger),
        (note!("lab-try-dig"), dig),
    ]
}

/// The story for programs.
pub(crate) fn json(context: &Context, scenes: &[Scene], fates: &[Fate]) -> Value {
    let told = scenes.iter().zip(fates).map(|(scene, fate)| {
        let word = |pair: &Note| context.say(pair);
        json!({
            "name": scene.name,
            "title": word(&scene.title()),
            "from": scene.from,
            "to": scene.to,
            "subject": scene.subject,
            "fate": fate.word,
            "as_expected": fate.as_expected,
            "deciding": word(&fate.deciding),
            "id": fate.id,
            "reply": fate.reply.as_ref().map(ToString::to_string),
            "attempts": tegami_words::told(context.language, &json!(fate.attempts)),
            "verdicts": fate.receiver_verdicts().map(|verdicts| tegami_words::told(context.language, verdicts)),
        })
    });
    let told: Vec<Value> = told.collect();
    let well = fates.iter().all(|fate| fate.as_expected && fate.word != Word::Broken);
    json!({ "as_expected": well, "scenes": told })
}
