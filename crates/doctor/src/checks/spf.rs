//! The family `spf`. The survey of `auth` looks at the record; here its findings become ours, and what needs an address or another
//! domain is added: whether each source passes, the domain of MAIL FROM, sub-domains.

mod known;
mod source;

use futures_util::FutureExt as _;
use tegami_auth::dmarc::public_suffix;
use tegami_auth::finding::{Change, Operation, Severity, State};
use tegami_auth::spf::survey::{self, CHECKS, RecordNode, Status, Survey};
use tegami_auth::spf::{MAX_LOOKUPS, MAX_VOID_LOOKUPS, Record};
use tegami_dns::{DnsName, TxtData};
use tegami_mail::{Domain, Note, note};

use crate::case::{DomainCase, Purpose};
use crate::catalogue::Family;
use crate::txt::{self, Texts};
use crate::{Check, Consequence, Finding, Fix, Reach, Who};

pub(crate) use known::surveyed;

/// The family.
pub(crate) const FAMILY: Family = Family::new("spf", ALL)
    .of_domain(|case| judge(case).boxed())
    .of_address(|case| source::judge_address(case).boxed());

/// Lines of a cost tree.
const MAX_LINES: usize = 60;

/// Who asks for SPF.
const EVERYBODY: &[Who] = &[Who::Gmail, Who::Outlook, Who::Yahoo, Who::ICloud, Who::Rfc];
const RFC: &[Who] = &[Who::Rfc];

/// Where no identifier of a sender passes.
const REFUSED: &[Consequence] = &[
    Consequence { provider: Who::Gmail, code: "550 5.7.26" },
    Consequence { provider: Who::Gmail, code: "550 5.7.27" },
    Consequence { provider: Who::Outlook, code: "550 5.7.515" },
];

const SUSPICIOUS: &[Consequence] = &[Consequence { provider: Who::Gmail, code: "550 5.7.24" }];

const EXISTS: Check = surveyed("spf.exists").who(EVERYBODY).answers(REFUSED);
const MULTIPLE: Check = surveyed("spf.multiple").who(EVERYBODY).answers(REFUSED);
const VERSION: Check = surveyed("spf.version").who(EVERYBODY).answers(REFUSED);
const WRONG_LOCATION: Check = surveyed("spf.wrong-location").who(EVERYBODY);
const TYPE99: Check = surveyed("spf.type99");
const SYNTAX: Check = surveyed("spf.syntax").who(EVERYBODY).answers(REFUSED);
const STRING_SPLIT: Check = surveyed("spf.string-split").who(EVERYBODY).answers(REFUSED);
const LOOKUP_LIMIT: Check = surveyed("spf.lookup-limit").who(EVERYBODY).answers(REFUSED);
const VOID_LOOKUPS: Check = surveyed("spf.void-lookups").who(RFC);
const INCLUDE_MISSING: Check = surveyed("spf.include-missing").who(EVERYBODY).answers(REFUSED);
const INCLUDE_PERMERROR: Check = surveyed("spf.include-permerror").who(EVERYBODY).answers(REFUSED);
const INCLUDE_LOOP: Check = surveyed("spf.include-loop").who(EVERYBODY).answers(REFUSED);
const REDIRECT_LOOP: Check = surveyed("spf.redirect-loop").who(EVERYBODY).answers(REFUSED);
const REDIRECT: Check = surveyed("spf.redirect").who(RFC);
const MX_COUNT: Check = surveyed("spf.mx-count").who(RFC);
const PTR_COUNT: Check = surveyed("spf.ptr-count").who(RFC);
const PTR: Check = surveyed("spf.ptr").who(RFC);
const ALL_PLUS: Check = surveyed("spf.all-plus").who(&[Who::Gmail]).answers(SUSPICIOUS);
const WIDE_RANGE: Check = surveyed("spf.wide-range").who(&[Who::Gmail]).answers(SUSPICIOUS);
const PRIVATE_RANGE: Check = surveyed("spf.private-range").who(&[Who::Gmail]).answers(SUSPICIOUS);
const ALL_MISSING: Check = surveyed("spf.all-missing").who(RFC);
const AFTER_ALL: Check = surveyed("spf.after-all").who(RFC);
const QUALIFIER: Check = surveyed("spf.qualifier").who(RFC);
const MACROS: Check = surveyed("spf.macros").who(RFC);
const LENGTH: Check = surveyed("spf.length").who(RFC);
const CASE_AND_DOTS: Check = surveyed("spf.case-and-dots").who(RFC);
const EXP: Check = surveyed("spf.exp").who(RFC);
const REDUNDANT: Check = surveyed("spf.redundant").who(RFC);
const TEMPERROR: Check = surveyed("spf.temperror").who(EVERYBODY);
const NONSENDING: Check = surveyed("spf.nonsending").who(RFC);

/// All of them: those of the survey, then ours.
const ALL: &[&Check] = &[
    &EXISTS,
    &MULTIPLE,
    &VERSION,
    &WRONG_LOCATION,
    &TYPE99,
    &SYNTAX,
    &STRING_SPLIT,
    &LOOKUP_LIMIT,
    &VOID_LOOKUPS,
    &INCLUDE_MISSING,
    &INCLUDE_PERMERROR,
    &INCLUDE_LOOP,
    &REDIRECT_LOOP,
    &REDIRECT,
    &MX_COUNT,
    &PTR_COUNT,
    &PTR,
    &ALL_PLUS,
    &WIDE_RANGE,
    &PRIVATE_RANGE,
    &ALL_MISSING,
    &AFTER_ALL,
    &QUALIFIER,
    &MACROS,
    &LENGTH,
    &CASE_AND_DOTS,
    &EXP,
    &REDUNDANT,
    &TEMPERROR,
    &NONSENDING,
    &source::IP_COVERED,
    &source::ENVELOPE_DOMAIN,
    &source::SUBDOMAIN,
];

async fn judge(case: &DomainCase) -> Vec<Finding> {
    let survey = case.spf().await;
    let parent = above(case, survey).await;
    let parent = parent.as_ref();
    let is_surveyed = |check: &&&'static Check| CHECKS.iter().any(|known| known.id == check.id);
    let mut findings: Vec<Finding> =
        ALL.iter().filter(is_surveyed).flat_map(|check| of_survey(case, survey, parent, check)).collect();
    if let Some(several) = findings.iter_mut().find(|one| one.check == &MULTIPLE && one.state == State::Fail)
        && let Ok(texts) = Texts::ask(&case.name, case.resolver()).await
    {
        let records = texts.list.iter().filter(|text| Record::is_spf(text));
        several.evidence = records.map(|text| txt::line(&case.domain, text)).collect();
        several.ttl = Some(texts.ttl);
    }
    findings.extend(source::judge(case).await);
    findings
}

/// The domain of the organization, where a sub-domain has no record and it has one: people expect that one to count.
async fn above(case: &DomainCase, survey: &Survey) -> Option<Domain> {
    let parent = public_suffix::organizational_domain(&case.domain);
    if parent == case.domain || !matches!(survey.tree.status, Status::Absent) {
        return None;
    }
    let texts = Texts::ask(&DnsName::from(&parent), case.resolver()).await.ok()?;
    let permits = |text: &&TxtData| {
        Record::is_spf(text) && !text.to_ascii_lowercase().trim_ascii().ends_with(b"v=spf1 -all")
    };
    texts.list.iter().any(|text| permits(&text)).then_some(parent)
}

/// What the survey has to say for one check; where it has nothing, the record is well in this respect.
fn of_survey(
    case: &DomainCase,
    survey: &Survey,
    parent: Option<&Domain>,
    check: &'static Check,
) -> Vec<Finding> {
    // Where every address counts, none names nobody.
    let counts = check.id != PRIVATE_RANGE.id || case.known.reach != Reach::Everywhere;
    let own = survey.findings.iter().filter(|finding| finding.id == check.id && counts);
    let mut findings: Vec<Finding> = own.map(|finding| told(case, survey, parent, check, finding)).collect();
    if findings.is_empty() {
        findings.push(well(case, survey, check));
    }
    if check.id == NONSENDING.id {
        findings.extend(told_to_send_nothing(case, survey));
    }
    findings
}

fn told(
    case: &DomainCase,
    survey: &Survey,
    parent: Option<&Domain>,
    check: &'static Check,
    finding: &survey::Finding,
) -> Finding {
    let mut told = check.found(finding.state, &finding.domain, finding.note.clone()).source(finding.source);
    if let Some(place) = &finding.place {
        told.evidence.push(txt::joined(&finding.domain, &place.record));
        told.evidence.push(pointer(place));
    } else if finding.domain == survey.domain {
        told.evidence.extend(record(survey));
    }
    if check.id == LOOKUP_LIMIT.id {
        told.evidence.extend(costs(&survey.tree));
        if told.state >= State::Warn {
            told.fix = Some(Fix::new(note!("spf-lookups-fix", domain = survey.domain)));
        }
    }
    let absent_by_choice = check.id == EXISTS.id && case.known.purpose == Purpose::SendsNone;
    if absent_by_choice {
        let change = Change::txt(Operation::Add, &case.domain, "v=spf1 -all");
        let fix = Fix::new(note!("spf-fix-nothing", domain = case.domain)).records(vec![change]);
        return EXISTS.info(&case.domain, note!("spf-absent-nonsending", domain = case.domain)).fix(fix);
    }
    if check.id == EXISTS.id
        && let Some(parent) = parent
    {
        told.note = note!("spf-absent-below", domain = case.domain, parent = parent);
        let records = [format!("v=spf1 include:{parent} ~all"), "v=spf1 -all".to_owned()];
        let choices = records.map(|record| vec![Change::txt(Operation::Add, &case.domain, record)]).to_vec();
        told.fix = Some(Fix { choices, ..Fix::new(note!("spf-absent-below-fix", domain = case.domain)) });
    }
    if told.fix.is_none() {
        told.fix = fix(case, survey, finding);
    }
    told
}

/// The whole record as it should be, and who has to publish it.
fn fix(case: &DomainCase, survey: &Survey, finding: &survey::Finding) -> Option<Fix> {
    let mut choices = finding.fixes.clone();
    let is_syntax = ["spf.syntax", "spf.string-split", "spf.macros"].contains(&finding.id);
    let whole = survey.corrected.clone().filter(|_| is_syntax && finding.domain == survey.domain);
    if choices.is_empty()
        && let Some(record) = whole.or_else(|| finding.corrected())
    {
        choices.push(vec![Change::txt(Operation::Replace, &finding.domain, record)]);
    }
    let note = match choices.len() {
        0 => return None,
        1 => note!("spf-fix", name = finding.domain),
        _ => note!("spf-fix-choice", name = finding.domain),
    };
    let fix = Fix { choices, ..Fix::new(note) };
    let is_own = finding.domain == case.domain.as_str() || is_below(&finding.domain, case.domain.as_str());
    Some(if is_own { fix } else { fix.by(&finding.domain) })
}

fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|head| head.ends_with('.'))
}

/// The column at which the mistake becomes one, and the term.
fn pointer(place: &survey::Place) -> String {
    format!("{}: {}", place.column, txt::shown(place.term().as_bytes()))
}

/// The record itself, where there is one.
fn record(survey: &Survey) -> Option<String> {
    survey.tree.text.as_deref().map(|text| txt::joined(&survey.domain, text))
}

fn well(case: &DomainCase, survey: &Survey, check: &'static Check) -> Finding {
    let domain = &case.domain;
    let open = |parent| check.not_applicable(domain, note!("check-depends", parent = parent));
    match survey.tree.status {
        Status::Found | Status::Several(_) => {}
        // These look for mistakes where no record was found, and found none.
        Status::Absent if [VERSION.id, WRONG_LOCATION.id, TYPE99.id].contains(&check.id) => {
            return check.pass(domain, note!("spf-nothing-meant", domain = domain));
        }
        Status::Absent => {
            let causes = [VERSION.id, STRING_SPLIT.id, EXISTS.id];
            let cause = causes.into_iter().find(|id| survey.state(id) == State::Fail).unwrap_or(EXISTS.id);
            return open(cause);
        }
        _ => return open(TEMPERROR.id),
    }
    let cost = survey.cost;
    let note: Note = match check.id {
        "spf.exists" => note!("spf-exists", domain = domain),
        "spf.lookup-limit" => {
            note!("spf-lookups", domain = domain, count = cost.lookups, limit = MAX_LOOKUPS)
        }
        "spf.void-lookups" => note!("spf-void-none", domain = domain, limit = MAX_VOID_LOOKUPS),
        "spf.nonsending" if !case_sends_nothing(survey) => {
            return check.not_applicable(domain, note!("spf-sends", domain = domain));
        }
        _ => note!("spf-well", domain = domain),
    };
    let mut found = check.pass(domain, note);
    if check.id == EXISTS.id {
        found.evidence.extend(record(survey));
    }
    if check.id == LOOKUP_LIMIT.id {
        found.evidence.extend(costs(&survey.tree));
    }
    found
}

fn case_sends_nothing(survey: &Survey) -> bool {
    let text = survey.tree.text.as_deref().map(<[u8]>::to_ascii_lowercase);
    text.is_some_and(|text| text.trim_ascii() == b"v=spf1 -all")
}

/// The owner says that the domain sends nothing, and its record says otherwise.
fn told_to_send_nothing(case: &DomainCase, survey: &Survey) -> Option<Finding> {
    let published = matches!(survey.tree.status, Status::Found);
    if case.known.purpose != Purpose::SendsNone || !published || case_sends_nothing(survey) {
        return None;
    }
    let domain = &case.domain;
    let change = Change::txt(Operation::Replace, domain, "v=spf1 -all");
    let fix = Fix::new(note!("spf-fix-nothing", domain = domain)).records(vec![change]);
    let found = NONSENDING.info(domain, note!("spf-nonsending-permits", domain = domain));
    Some(found.evidences(record(survey)).fix(fix))
}

/// What each term costs, with what lies below it.
fn costs(tree: &RecordNode) -> Vec<String> {
    let mut lines = Vec::new();
    walk(tree, 0, &mut lines);
    lines
}

fn walk(node: &RecordNode, depth: usize, lines: &mut Vec<String>) {
    for term in node.terms.iter().filter(|term| term.cost.lookups > 0) {
        if lines.len() >= MAX_LINES {
            return;
        }
        let text = txt::shown(term.text().as_bytes());
        lines.push(format!("{}{} {text}", "  ".repeat(depth), term.cost.lookups));
        if let Some(record) = term.record.as_deref() {
            walk(record, depth + 1, lines);
        }
    }
}

/// What an evaluation that is not a pass means to the state of a source.
fn severity_of(purpose: Purpose) -> Severity {
    // Who sends much needs SPF; for the others a good signature is enough.
    if purpose == Purpose::SendsNone { Severity::S1 } else { Severity::S4 }
}

#[cfg(test)]
pub(crate) use tests::{fixtures, tell};

#[cfg(test)]
mod tests;
