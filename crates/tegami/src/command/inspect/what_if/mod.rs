//! `tegami inspect --what-if`: the same message in a changed world, and what would be different.

mod change;
mod content;
mod difference;
mod path;
mod text;
mod world;

use std::sync::Arc;

use serde_json::{Value, json};
use tegami_dns::Resolver;
use tegami_mail::{Note, note};

use super::{Context, Failure, Findings, Report, as_json, judge, outcome};
use change::{Change, Srs};
use difference::Difference;
use world::World;

/// What became of one change that was asked for.
struct Effect {
    /// As it was written.
    written: String,
    /// What the world is like with it, or why it makes no difference.
    told: Told,
}

/// What can be told of a change.
enum Told {
    /// It is made.
    Made(Note),
    /// There is nothing that it could change.
    Nothing(Note),
}

impl Told {
    fn note(&self) -> &Note {
        match self {
            Self::Made(note) | Self::Nothing(note) => note,
        }
    }
}

/// Everything that is told of a changed world.
struct Outlook {
    effects: Vec<Effect>,
    before: Findings,
    after: Findings,
    differences: Vec<Difference>,
    /// What else is good to know, such as what SRS would do.
    hints: Vec<Note>,
}

/// Changes, each with how it was written.
pub(super) type Changes = Vec<(String, Change)>;

/// Reads the changes that are asked for.
///
/// # Errors
/// The first that cannot be read, and what would be right.
pub(super) fn changes(written: &[String]) -> Result<Changes, Note> {
    written.iter().map(|written| Ok((written.trim().to_owned(), Change::parse(written)?))).collect()
}

/// Judges the content once more with all changes made in order. The exit status is that of the changed world.
pub(super) async fn run(
    changes: &[(String, Change)],
    before: Findings,
    content: &[u8],
    resolver: Arc<dyn Resolver>,
    context: &Context,
) -> Result<Report, Failure> {
    let (effects, after) = changed(changes, &before, content, &resolver).await?;
    let hints = srs_hint(changes, &before, &after, content, &resolver).await.into_iter().collect();
    let differences = difference::differences(&before, &after);
    let outlook = Outlook { effects, before, after, differences, hints };
    let mut report = if context.json {
        Report::json(&to_json(&outlook, context))
    } else {
        Report::well(text::render(&outlook, context))
    };
    report.outcome = outcome(&outlook.after);
    Ok(report)
}

async fn changed(
    changes: &[(String, Change)],
    before: &Findings,
    content: &[u8],
    resolver: &Arc<dyn Resolver>,
) -> Result<(Vec<Effect>, Findings), Failure> {
    let mut world = World::new(before, content, Arc::clone(resolver));
    let mut effects = Vec::new();
    for (written, change) in changes {
        let told = world.make(change).await?;
        effects.push(Effect { written: written.clone(), told });
    }
    let World { resolver, content, at, .. } = world;
    let resolver: Arc<dyn Resolver> = Arc::new(resolver);
    Ok((effects, judge(at, &content, &resolver).await?))
}

/// A forwarder that leaves the reverse-path as it is breaks SPF: what it would help if it did not.
async fn srs_hint(
    changes: &[(String, Change)],
    before: &Findings,
    after: &Findings,
    content: &[u8],
    resolver: &Arc<dyn Resolver>,
) -> Option<Note> {
    let rewritten = |change: &Change| match change {
        Change::Forward(via, Srs::Without) => Change::Forward(via.clone(), Srs::With),
        other => other.clone(),
    };
    let with: Changes =
        changes.iter().map(|(written, change)| (written.clone(), rewritten(change))).collect();
    if with == changes || after.circumstances.mail_from.value.address().is_none() {
        return None;
    }
    // A forwarder without a name has nothing that it could put into the reverse-path: then there is nothing to tell.
    let (_, with) = changed(&with, before, content, resolver).await.ok()?;
    let spf = &with.verdicts.early.spf_mail_from;
    let (spf_result, dmarc) = (spf.result.as_str(), with.verdicts.dmarc.result.as_str());
    Some(if with.verdicts.dmarc.aligned.spf {
        note!("cli-whatif-srs-would-aligned", domain = spf.domain, spf = spf_result, dmarc = dmarc)
    } else {
        note!("cli-whatif-srs-would", domain = spf.domain, spf = spf_result, dmarc = dmarc)
    })
}

fn to_json(outlook: &Outlook, context: &Context) -> Value {
    let say = |note: &Note| Value::from(context.say(note));
    let effects = outlook.effects.iter().map(|effect| {
        json!({
            "change": effect.written,
            "made": matches!(effect.told, Told::Made(_)),
            "detail": say(effect.told.note()),
        })
    });
    json!({
        "what_if": effects.collect::<Value>(),
        "changes": outlook.differences.iter().map(|difference| difference.to_json(context)).collect::<Value>(),
        "hints": outlook.hints.iter().map(say).collect::<Value>(),
        "before": as_json(&outlook.before, context),
        "after": as_json(&outlook.after, context),
    })
}
