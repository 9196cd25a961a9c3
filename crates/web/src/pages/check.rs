//! The doctor: a domain or an address is examined while one looks on, and what was found earlier stays.

use std::net::IpAddr;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use tegami_auth::spf::survey::{RecordNode, Status, TermNode};
use tegami_auth::spf::{self, MAX_LOOKUPS};
use tegami_mail::Domain;

use super::Hall;
use super::finding::{Group, ProviderView, groups, providers};
use super::form::{Asked, Fields};
use super::reader::{Reader, Trouble};
use super::show::{Badge, Moment, visible};
use crate::checkup::{Checkup, Patient};

/// Subjects on the list.
const MOST: usize = 200;

struct Line {
    subject: String,
    link: String,
    at: Moment,
    badges: Vec<Badge>,
}

impl Line {
    fn new(reader: &Reader, checkup: &Checkup) -> Self {
        Self {
            link: page_of(&checkup.subject),
            subject: visible(&checkup.subject),
            at: Moment::new(checkup.at),
            badges: badges(reader, checkup),
        }
    }
}

/// The page of a domain or an address, in neither of which anything has to be escaped.
fn page_of(subject: &str) -> String {
    format!("/check/{subject}")
}

/// How it came out, in one look.
fn badges(reader: &Reader, checkup: &Checkup) -> Vec<Badge> {
    let count = |state: &str| checkup.summary.get(state).copied().unwrap_or_default();
    let mut badges = Vec::new();
    for (state, tone) in [("fail", "bad"), ("warn", "wait"), ("unknown", "dim")] {
        if count(state) > 0 {
            let word = reader.say_with(&format!("page-check-{state}"), "count", &count(state));
            badges.push(Badge { word, tone });
        }
    }
    if badges.is_empty() {
        badges.push(Badge { word: reader.say("page-check-all-well"), tone: "good" });
    }
    badges
}

#[derive(Template)]
#[template(path = "checks.html", blocks = ["live"])]
struct ChecksPage<'a> {
    reader: &'a Reader,
    lines: Vec<Line>,
    ours: Vec<String>,
}

/// Whom to examine, and who was.
pub(crate) async fn list(State(hall): State<Arc<Hall>>, reader: Reader) -> Result<Response, Trouble> {
    let newest = reader.unless_missing(hall.house.rooms.checkups.newest(MOST).await)?;
    let lines = newest.iter().map(|checkup| Line::new(&reader, checkup)).collect();
    let page = ChecksPage { reader: &reader, lines, ours: hall.domains(&reader).await? };
    Ok(reader.answer(&page, &page.as_live()))
}

/// Begins an examination.
pub(crate) async fn begin(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    fields: Fields,
) -> Result<Response, Trouble> {
    let patient = reader.unless_refused(hall.house.patient(fields.line("subject")))?;
    reader.unless_refused(hall.house.begin_check(&patient).await)?;
    Ok(super::reader::led_to(&page_of(&patient.to_string())))
}

/// An examination that runs.
struct Running {
    families: Vec<String>,
    done: usize,
    of: usize,
    bad: usize,
}

/// Another examination of the same subject.
struct Past {
    link: String,
    at: Moment,
    badges: Vec<Badge>,
    here: bool,
}

#[derive(Template)]
#[template(path = "check.html", blocks = ["live"])]
struct CheckPage<'a> {
    reader: &'a Reader,
    subject: String,
    domain: Option<String>,
    /// It is a domain of this server, which has a plan for it.
    ours: bool,
    running: Option<Running>,
    at: Option<Moment>,
    badges: Vec<Badge>,
    groups: Vec<Group>,
    providers: Vec<ProviderView>,
    questions: Vec<String>,
    past: Vec<Past>,
}

/// What was found of a domain or an address.
pub(crate) async fn page(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path(subject): Path<String>,
    asked: Asked,
) -> Result<Response, Trouble> {
    let patient = reader.unless_refused(hall.house.patient(&subject))?;
    let checkups = &hall.house.rooms.checkups;
    let pulse = checkups.pulse(&patient);
    let history = reader.unless_missing(checkups.history(&patient.to_string()).await)?;
    if pulse.is_none() && history.is_empty() {
        return Err(reader.missing());
    }
    let at = asked.some("at");
    let is_asked = |checkup: &&Checkup| at.as_deref() == Some(&checkup.at.to_string());
    // While one runs, the page is about that one.
    let shown = match (&at, &pulse) {
        (Some(_), _) => history.iter().find(is_asked),
        (None, Some(_)) => None,
        (None, None) => history.first(),
    };
    let past = |checkup: &Checkup| Past {
        link: format!("{}?at={}", page_of(&checkup.subject), checkup.at),
        at: Moment::new(checkup.at),
        badges: badges(&reader, checkup),
        here: shown.is_some_and(|shown| shown.at == checkup.at),
    };
    let page = CheckPage {
        reader: &reader,
        domain: match &patient {
            Patient::Domain(domain) => Some(domain.to_string()),
            Patient::Address(_) => None,
        },
        ours: match &patient {
            Patient::Domain(domain) => {
                reader.unless_missing(hall.house.rooms.domains.find(domain).await)?.is_some()
            }
            Patient::Address(_) => false,
        },
        subject: patient.to_string(),
        running: pulse.filter(|_| at.is_none()).map(|pulse| Running {
            done: pulse.families.len(),
            of: pulse.of,
            bad: pulse.bad,
            families: pulse.families,
        }),
        at: shown.map(|checkup| Moment::new(checkup.at)),
        badges: shown.map(|checkup| badges(&reader, checkup)).unwrap_or_default(),
        groups: shown.map(|checkup| groups(&reader, &checkup.examination, &[])).unwrap_or_default(),
        providers: shown.map(|checkup| providers(&reader, &checkup.examination)).unwrap_or_default(),
        questions: shown
            .map(|checkup| checkup.questions.iter().map(|line| visible(line)).collect())
            .unwrap_or_default(),
        past: history.iter().map(past).collect(),
    };
    Ok(reader.answer(&page, &page.as_live()))
}

/// One record of the tree, drawn with all that it leads to.
#[derive(Template)]
#[template(path = "spf_record.html")]
struct RecordView {
    domain: String,
    trouble: Option<String>,
    terms: Vec<TermView>,
}

/// One of its terms.
struct TermView {
    text: String,
    /// DNS-querying terms, with everything below.
    cost: u32,
    /// How many were spent when this term is through.
    spent: u32,
    over: bool,
    reached: bool,
    record: Option<RecordView>,
}

impl RecordView {
    fn new(reader: &Reader, node: &RecordNode, spent: &mut u32) -> Self {
        let trouble = match &node.status {
            Status::Found => None,
            Status::Several(_) => Some("page-spf-several"),
            Status::Absent => Some("page-spf-absent"),
            Status::Failed(_) => Some("page-spf-failed"),
            Status::Loop => Some("page-spf-loop"),
            Status::Repeated => Some("page-spf-repeated"),
            Status::NotAsked => Some("page-spf-not-asked"),
        };
        // What is shown elsewhere in the tree is paid for again.
        if node.terms.is_empty() {
            *spent = spent.saturating_add(node.cost.lookups);
        }
        Self {
            domain: visible(node.domain.as_str()),
            trouble: trouble.map(|id| reader.say(id)),
            terms: node.terms.iter().map(|term| TermView::new(reader, term, spent)).collect(),
        }
    }
}

impl TermView {
    fn new(reader: &Reader, term: &TermNode, spent: &mut u32) -> Self {
        let below = term.record.as_ref().map_or(0, |record| record.cost.lookups);
        *spent = spent.saturating_add(term.cost.lookups.saturating_sub(below));
        let record = term.record.as_ref().map(|record| RecordView::new(reader, record, spent));
        Self {
            text: visible(term.text()),
            cost: term.cost.lookups,
            spent: *spent,
            over: *spent > u32::from(MAX_LOOKUPS),
            reached: term.reached,
            record,
        }
    }
}

#[derive(Template)]
#[template(path = "spf.html", blocks = ["live"])]
struct SpfPage<'a> {
    reader: &'a Reader,
    domain: String,
    record: Option<String>,
    lookups: u32,
    most: u8,
    void: u32,
    over: bool,
    tree: RecordView,
    corrected: Option<String>,
    ip: String,
    /// What an evaluation for that address says.
    result: Option<Badge>,
    why: Option<String>,
}

/// The SPF record of a domain as a tree with costs, and what it says of an address.
pub(crate) async fn spf(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path(domain): Path<String>,
    asked: Asked,
) -> Result<Response, Trouble> {
    let Ok(domain) = Domain::parse(&domain) else { return Err(reader.missing()) };
    let resolver = &*hall.house.rooms.resolver;
    let survey = spf::survey(domain.as_str(), resolver).await;
    let ip = asked.one("ip");
    let (mut result, mut why) = (None, None);
    if !ip.is_empty() {
        let Ok(ip) = ip.trim().parse::<IpAddr>() else {
            return Err(reader.trouble(StatusCode::BAD_REQUEST, "page-spf-bad-ip"));
        };
        let request = spf::Request {
            ip,
            helo: domain.as_str(),
            mail_from: &tegami_mail::ReversePath::Null,
            receiver: hall.house.settings.sources.hostname.as_str(),
            now: hall.house.rooms.clock.now(),
        };
        let verdict = spf::check_mail_from(&request, resolver).await;
        result = Some(Badge::result(verdict.result.as_str()));
        why = verdict.steps.last().map(|step| tegami_words::note(reader.language, &step.note));
    }
    let page = SpfPage {
        reader: &reader,
        record: survey.tree.text.as_deref().map(|text| visible(&String::from_utf8_lossy(text))),
        lookups: survey.cost.lookups,
        most: MAX_LOOKUPS,
        void: survey.cost.void_lookups,
        over: survey.cost.lookups > u32::from(MAX_LOOKUPS),
        tree: RecordView::new(&reader, &survey.tree, &mut 0),
        corrected: survey.corrected.as_deref().map(visible),
        domain: domain.to_string(),
        ip,
        result,
        why,
    };
    Ok(reader.answer(&page, &page.as_live()))
}
