//! Plans for people and for programs.

use serde_json::{Value, json};
use tegami_auth::finding::Operation;
use tegami_dns::Data;
use tegami_doctor::plan::export::plain;
use tegami_doctor::plan::look::{Said, Standing, standing};
use tegami_doctor::plan::pointer::{self, Provider};
use tegami_doctor::plan::{By, Planned};
use tegami_mail::{Note, note};

use super::Drawn;
use crate::cli::Subject;
use crate::command::prose::Prose;
use crate::command::{Context, Failure, Outcome, Report, table};

/// The whole plan.
///
/// # Errors
/// `--ptr-at` names nobody.
pub(super) fn plan(drawn: &Drawn, subject: &Subject, context: &Context) -> Result<Report, Failure> {
    let requests = requests(drawn, subject)?;
    let plan = &drawn.plan;
    if context.json {
        return Ok(Report::json(&json!({
            "domain": plan.domain,
            "changes": plan.own_changes().next().is_some(),
            "records": plan.sets.iter().flat_map(records).collect::<Vec<_>>(),
            "spf_lookups": plan.spf.map(|cost| cost.lookups),
            "policy": plan.policy,
            "requests": told(&requests, context),
            "notes": told(&plan.notes, context),
        })));
    }
    let mut prose = Prose::new(context);
    if plan.changes().next().is_none() {
        prose.sentence(0, &note!("cli-dns-nothing", domain = plan.domain), "");
        prose.gap();
    }
    prose.line(text_of_sets(&plan.sets, context).trim_end());
    if let Some(cost) = plan.spf {
        prose.gap();
        prose.sentence(0, &note!("cli-dns-spf-cost", lookups = cost.lookups), "");
    }
    if let Some(policy) = &plan.policy {
        prose.gap();
        prose.sentence(0, &note!("cli-dns-policy", domain = plan.domain), "");
        policy.lines().for_each(|line| prose.line(&format!("    {line}")));
    }
    for note in plan.notes.iter().chain(&requests) {
        prose.gap();
        prose.sentence(0, note, "");
    }
    Ok(Report::well(prose.into_text()))
}

/// Requests for PTR records that are not there.
fn requests(drawn: &Drawn, subject: &Subject) -> Result<Vec<Note>, Failure> {
    let word = &subject.ptr_at;
    let provider = Provider::from_word(word).ok_or_else(|| {
        let all = pointer::PROVIDERS.map(Provider::as_str).join(", ");
        note!("cli-dns-no-provider", name = word, all = all)
    })?;
    Ok(pointer::requests(&drawn.plan, &drawn.wishes, provider))
}

fn told(notes: &[Note], context: &Context) -> Vec<Value> {
    notes.iter().map(|note| json!({"id": note.id, "text": context.say(note)})).collect()
}

fn records(set: &Planned) -> Vec<Value> {
    let by = match &set.by {
        By::Owner => "owner".to_owned(),
        By::Provider => "provider".to_owned(),
        By::Other(domain) => domain.to_string(),
    };
    let purposes: Vec<&str> = set.purposes.iter().map(|purpose| purpose.as_str()).collect();
    let of = |(operation, data): (Option<Operation>, &Data)| {
        json!({
            "name": format!("{}.", set.name),
            "type": set.kind.to_string(),
            "ttl": set.ttl.as_secs(),
            "value": plain(data),
            "op": operation,
            "purpose": purposes,
            "by": by,
            "known": set.before.is_some(),
        })
    };
    set.records().into_iter().map(of).collect()
}

/// Sets as zone text, each line with what happens to it: `+` comes, `-` goes, `=` stays, `?` nobody knows what is there.
pub(crate) fn text_of_sets(sets: &[Planned], context: &Context) -> String {
    let mut text = String::new();
    let mut last = String::new();
    for set in sets {
        let purposes: Vec<String> =
            set.purposes.iter().map(|purpose| context.word(&purpose.title())).collect();
        let mut heading = purposes.join(", ");
        match &set.by {
            By::Owner => {}
            By::Provider => heading += &format!(" ({})", context.word("cli-dns-by-provider")),
            By::Other(domain) => {
                heading += &format!(" ({})", context.say(&note!("cli-dns-by", domain = domain)));
            }
        }
        if heading != last {
            text += &format!("; {heading}\n");
            last = heading;
        }
        for (operation, data) in set.records() {
            let sign = match (operation, &set.before) {
                (_, None) => '?',
                (None, _) => '=',
                (Some(Operation::Delete), _) => '-',
                (Some(_), _) => '+',
            };
            let line = format!("{}. {} IN {} {data}", set.name, set.ttl.as_secs(), set.kind);
            text += &format!("{sign} {}\n", table::plain(&line));
        }
    }
    text
}

/// What `apply` did.
pub(super) fn applied(changed: &[Planned], left: &[&Planned], context: &Context) -> Value {
    let changed: Vec<Value> = changed.iter().flat_map(records).collect();
    let left: Vec<Value> = left.iter().flat_map(|set| records(set)).collect();
    let said = context.word(if left.is_empty() { "cli-dns-all-there" } else { "cli-dns-some-left" });
    json!({"published": changed, "left": left, "text": said})
}

/// Every set with what every server says of it.
pub(super) async fn diff(drawn: &Drawn, context: &Context) -> Report {
    let mut rows = Vec::new();
    for set in &drawn.plan.sets {
        let said = drawn.zones.said(&set.name, set.kind).await;
        let kept = drawn.zones.kept(&set.name, set.kind).await;
        let kept = kept.as_ref().map(|(data, left)| (data.as_slice(), *left));
        let stands = standing(&set.after, &said, kept);
        rows.push((set, said, stands));
    }
    let fine = rows.iter().all(|(_, _, stands)| *stands == Standing::Fine);
    let outcome = if fine { Outcome::Well } else { Outcome::Finding };
    if context.json {
        let sets: Vec<Value> = rows.iter().map(|(set, said, stands)| row(set, said, stands)).collect();
        let report = Report::json(&json!({"domain": drawn.plan.domain, "sets": sets}));
        return Report { outcome, ..report };
    }
    let mut text = String::new();
    for (set, said, stands) in &rows {
        let word = context.word(&format!("cli-dns-standing-{}", stands.as_str()));
        text += &format!("{word}  {}. {}\n", set.name, set.kind);
        if *stands == Standing::Fine {
            continue;
        }
        for data in &set.after {
            text += &format!("    + {}\n", table::plain(&data.to_string()));
        }
        for said in said {
            let shown = match &said.data {
                Ok(data) if data.is_empty() => "–".to_owned(),
                Ok(data) => data.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | "),
                Err(error) => error.to_string(),
            };
            text += &format!("    {}: {}\n", said.server, table::plain(&shown));
        }
        if let Standing::Pending { until: Some(left), .. } = stands {
            text += &format!("    {}\n", context.say(&note!("cli-dns-pending", seconds = left.as_secs())));
        }
    }
    Report { outcome, ..Report::well(text) }
}

fn row(set: &Planned, said: &[Said], stands: &Standing) -> Value {
    let servers: Vec<Value> = said
        .iter()
        .map(|said| match &said.data {
            Ok(data) => json!({"server": said.server, "records": data.iter().map(plain).collect::<Vec<_>>()}),
            Err(error) => json!({"server": said.server, "error": error.to_string()}),
        })
        .collect();
    let until = match stands {
        Standing::Pending { until, .. } => until.map(|left| left.as_secs()),
        _ => None,
    };
    json!({
        "name": format!("{}.", set.name),
        "type": set.kind.to_string(),
        "standing": stands.as_str(),
        "planned": set.after.iter().map(plain).collect::<Vec<_>>(),
        "servers": servers,
        "pending_seconds": until,
    })
}

/// The servers that do not show a set as planned.
pub(super) fn who_differs(stands: &Standing, said: &[Said]) -> String {
    let names: Vec<String> = match stands {
        Standing::Pending { servers, .. } => servers.clone(),
        Standing::Unknown(mute) => mute.iter().map(|(server, error)| format!("{server} ({error})")).collect(),
        _ => said.iter().map(|said| said.server.clone()).collect(),
    };
    names.join(", ")
}
