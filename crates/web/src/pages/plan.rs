//! The DNS plan of a domain: every record to publish, why, and what the servers of its zone say of it now.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use tegami_auth::finding::Operation;
use tegami_doctor::plan::export::FORMATS;
use tegami_doctor::plan::pointer::{PROVIDERS, Provider};

use super::Hall;
use super::form::Asked;
use super::reader::{Reader, Trouble};
use super::show::{Badge, Moment, visible};
use crate::api::plan::{
    DomainPlan, PlannedRecord, PlannedSet, PolicyFile, ServerSaid, Which, Wish, download,
};

/// Strictness of DMARC that can be wished for, mildest first.
const STAGES: [&str; 3] = ["next", "quarantine", "reject"];

/// Something that can be chosen.
struct Choice {
    value: &'static str,
    name: String,
    chosen: bool,
}

struct RecordView {
    key: String,
    value: String,
    line: String,
    /// A text that stands in several strings in a zone file.
    parts: usize,
}

/// Servers that say the same.
struct SaidView {
    servers: String,
    badge: Badge,
    /// What they show instead.
    records: Vec<String>,
    error: Option<String>,
}

struct SetView {
    key: String,
    name: String,
    kind: String,
    badge: Badge,
    why: Vec<String>,
    by: Option<String>,
    /// What has to stand there.
    records: Vec<RecordView>,
    /// What has to go.
    gone: Vec<String>,
    said: Vec<SaidView>,
    pending: Option<String>,
}

/// Sets that want the same of the reader.
struct GroupView {
    key: &'static str,
    title: String,
    lead: String,
    open: bool,
    sets: Vec<SetView>,
}

struct ExportView {
    title: String,
    changes: String,
    everything: String,
}

#[derive(Template)]
#[template(path = "plan.html", blocks = ["live"])]
struct PlanPage<'a> {
    reader: &'a Reader,
    domain: String,
    at: Moment,
    badges: Vec<Badge>,
    dmarc: Vec<Choice>,
    providers: Vec<Choice>,
    groups: Vec<GroupView>,
    requests: Vec<String>,
    spf_lookups: Option<u32>,
    policy: Option<PolicyFile>,
    notes: Vec<String>,
    exports: Vec<ExportView>,
    commands: [String; 2],
}

/// In which part of the page a set stands.
fn group_of(set: &PlannedSet) -> &'static str {
    match (set.standing, set.by.as_str()) {
        ("ok", _) => "ok",
        ("pending", _) => "pending",
        ("unknown", _) => "unknown",
        (_, "owner") => "own",
        _ => "others",
    }
}

/// Parts of the page in their order, and whether one sees into them at once.
const GROUPS: [(&str, bool); 5] =
    [("own", true), ("others", true), ("pending", true), ("unknown", true), ("ok", false)];

fn tone(standing: &str) -> &'static str {
    match standing {
        "ok" => "good",
        "missing" | "extra" => "wait",
        "different" => "bad",
        "pending" => "busy",
        _ => "dim",
    }
}

impl SetView {
    fn new(reader: &Reader, number: usize, set: &PlannedSet) -> Self {
        let key = format!("set-{number}");
        let stays = set.records.iter().filter(|record| record.op != Some(Operation::Delete));
        let goes = set.records.iter().filter(|record| record.op == Some(Operation::Delete));
        Self {
            badge: Badge {
                word: reader.say(&format!("page-plan-{}", set.standing)),
                tone: tone(set.standing),
            },
            why: set.purpose.iter().map(|word| reader.say(&format!("page-plan-why-{word}"))).collect(),
            by: match set.by.as_str() {
                "owner" => None,
                "provider" => Some(reader.say("cli-dns-by-provider")),
                domain => Some(reader.say_with("cli-dns-by", "domain", &visible(domain))),
            },
            records: stays
                .enumerate()
                .map(|(at, record)| RecordView::new(format!("{key}-{at}"), record))
                .collect(),
            gone: goes.map(|record| visible(&record.value)).collect(),
            said: said(reader, &set.servers),
            pending: set
                .pending_seconds
                .map(|seconds| reader.say_with("cli-dns-pending", "seconds", &seconds)),
            name: visible(&set.name),
            kind: set.kind.clone(),
            key,
        }
    }
}

impl RecordView {
    fn new(key: String, record: &PlannedRecord) -> Self {
        // Strings of a text stand side by side, each in quotation marks (RFC 1035 section 5.1).
        let parts = if record.line.ends_with('"') { record.line.matches("\" \"").count() + 1 } else { 1 };
        Self { key, value: visible(&record.value), line: visible(&record.line), parts }
    }
}

fn said(reader: &Reader, servers: &[ServerSaid]) -> Vec<SaidView> {
    let mut all: Vec<(Vec<String>, &ServerSaid)> = Vec::new();
    for one in servers {
        let same = |other: &ServerSaid| {
            other.fits && one.fits || other.records == one.records && other.error == one.error
        };
        let name = match one.server.as_str() {
            "resolver" => reader.say("page-plan-resolver"),
            server => visible(server),
        };
        match all.iter_mut().find(|(_, other)| same(other)) {
            Some((names, _)) => names.push(name),
            None => all.push((vec![name], one)),
        }
    }
    let view = |(names, one): (Vec<String>, &ServerSaid)| {
        let records: Vec<String> = one.records.iter().flatten().map(|text| visible(text)).collect();
        let (word, tone) = match &one.records {
            None => ("mute", "dim"),
            _ if one.fits => ("shows", "good"),
            Some(_) if records.is_empty() => ("nothing", "wait"),
            Some(_) => ("instead", "bad"),
        };
        SaidView {
            servers: names.join(", "),
            badge: Badge { word: reader.say(&format!("page-plan-said-{word}")), tone },
            records: if one.fits { Vec::new() } else { records },
            error: one.error.as_deref().map(visible),
        }
    };
    all.into_iter().map(view).collect()
}

fn groups(reader: &Reader, plan: &DomainPlan) -> Vec<GroupView> {
    let sets: Vec<(&'static str, SetView)> = (0..)
        .zip(&plan.sets)
        .map(|(number, set)| (group_of(set), SetView::new(reader, number, set)))
        .collect();
    let mut groups: Vec<GroupView> = GROUPS
        .into_iter()
        .map(|(key, open)| GroupView {
            key,
            open,
            title: reader.say(&format!("page-plan-group-{key}")),
            lead: reader.say(&format!("page-plan-group-{key}-lead")),
            sets: Vec::new(),
        })
        .collect();
    for (key, set) in sets {
        if let Some(group) = groups.iter_mut().find(|group| group.key == key) {
            group.sets.push(set);
        }
    }
    groups.retain(|group| !group.sets.is_empty());
    groups
}

/// How it stands, in one look.
fn badges(reader: &Reader, plan: &DomainPlan) -> Vec<Badge> {
    let count = |key: &str| plan.sets.iter().filter(|set| group_of(set) == key).count();
    let badge = |(key, tone): (&str, &'static str)| {
        let count = count(key);
        let word = || reader.say_with(&format!("page-plan-count-{key}"), "count", &count);
        (count > 0).then(|| Badge { word: word(), tone })
    };
    let all = [("own", "bad"), ("others", "wait"), ("pending", "busy"), ("unknown", "dim"), ("ok", "good")];
    all.into_iter().filter_map(badge).collect()
}

/// What a console calls itself; nobody translates a name.
fn provider(reader: &Reader, provider: Provider) -> String {
    match provider.title() {
        Some(title) => title.to_owned(),
        None => reader.say("page-plan-ptr-other"),
    }
}

fn exports(reader: &Reader, domain: &str, dmarc: Option<&str>) -> Vec<ExportView> {
    let link = |word: &str, changes: bool| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if changes {
            query.append_pair("changes", "true");
        }
        if let Some(dmarc) = dmarc {
            query.append_pair("dmarc", dmarc);
        }
        let query = query.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("/domains/{domain}/plan/{word}{mark}{query}")
    };
    let view = |(_, word): (_, &str)| ExportView {
        title: reader.say(&format!("page-plan-format-{word}")),
        changes: link(word, true),
        everything: link(word, false),
    };
    FORMATS.into_iter().map(view).collect()
}

/// The plan.
pub(crate) async fn page(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path(name): Path<String>,
    asked: Asked,
) -> Result<Response, Trouble> {
    let wish = Wish { dmarc: asked.some("dmarc"), ptr_at: asked.some("ptr_at") };
    let plan = reader.unless_refused(hall.house.plan(&name, &wish, reader.language).await)?;
    let dmarc = wish.dmarc.as_deref();
    let stage = |word: &'static str| Choice {
        value: word,
        name: reader.say(&format!("page-plan-dmarc-{word}")),
        chosen: dmarc == Some(word),
    };
    let at = wish.ptr_at.as_deref().and_then(Provider::from_word).unwrap_or_default();
    let stricter = dmarc.map(|word| format!(" --dmarc {word}")).unwrap_or_default();
    let command = |by: &str| format!("tegami dns apply {}{stricter} --by {by}", plan.domain);
    let page = PlanPage {
        reader: &reader,
        at: Moment::new(plan.at),
        badges: badges(&reader, &plan),
        dmarc: STAGES.map(stage).into_iter().collect(),
        providers: PROVIDERS
            .map(|one| Choice { value: one.as_str(), name: provider(&reader, one), chosen: one == at })
            .into_iter()
            .collect(),
        groups: groups(&reader, &plan),
        requests: plan.requests.iter().map(|note| note.text.clone()).collect(),
        spf_lookups: plan.spf_lookups,
        notes: plan.notes.iter().map(|note| note.text.clone()).collect(),
        exports: exports(&reader, &plan.domain, dmarc),
        commands: [command("nsupdate"), command("route53")],
        policy: plan.policy,
        domain: plan.domain,
    };
    Ok(reader.answer(&page, &page.as_live()))
}

/// The plan as a file.
pub(crate) async fn written(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path((name, format)): Path<(String, String)>,
    asked: Asked,
) -> Result<Response, Trouble> {
    let which = Which { dmarc: asked.some("dmarc"), changes: asked.one("changes") == "true" };
    Ok(download(reader.unless_refused(hall.house.written_plan(&name, &format, &which).await)?))
}
