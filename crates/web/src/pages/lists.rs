//! Mailing lists and their members.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use tegami_queue::{AccessLevel, ReplyPreference};

use super::Hall;
use super::form::{Asked, Fields};
use super::reader::{Reader, Trouble, done};
use super::show::{Moment, link, visible};
use crate::api::list::{List, Member, Newcomers, Search, Terms, Wanted};

/// Who may write to a list, as forms say it.
const LEVELS: [AccessLevel; 3] = [AccessLevel::ReadOnly, AccessLevel::Members, AccessLevel::Everyone];

/// Something to choose.
struct Choice {
    value: &'static str,
    name: String,
    chosen: bool,
}

fn levels(reader: &Reader, chosen: AccessLevel) -> Vec<Choice> {
    let choice = |level: AccessLevel| Choice {
        value: level.as_str(),
        name: reader.say(&format!("page-list-level-{}", level.as_str())),
        chosen: level == chosen,
    };
    LEVELS.map(choice).into()
}

struct ListView {
    address: String,
    link: String,
    name: String,
    description: String,
    level: String,
    answers_to_list: bool,
    members: usize,
    since: Moment,
}

impl ListView {
    fn new(reader: &Reader, list: &List) -> Self {
        Self {
            link: link(&["lists", &list.address]),
            address: visible(&list.address),
            name: visible(&list.name),
            description: visible(&list.description),
            level: reader.say(&format!("page-list-level-{}", list.access_level.as_str())),
            answers_to_list: list.reply_preference == ReplyPreference::List,
            members: list.members,
            since: Moment::new(list.created_at),
        }
    }
}

#[derive(Template)]
#[template(path = "lists.html", blocks = ["live"])]
struct ListsPage<'a> {
    reader: &'a Reader,
    lists: Vec<ListView>,
    domains: Vec<String>,
    levels: Vec<Choice>,
}

/// All lists.
pub(crate) async fn page(State(hall): State<Arc<Hall>>, reader: Reader) -> Result<Response, Trouble> {
    let lists = reader.unless_refused(hall.house.lists().await)?;
    let page = ListsPage {
        reader: &reader,
        lists: lists.iter().map(|list| ListView::new(&reader, list)).collect(),
        domains: hall.domains(&reader).await?,
        levels: levels(&reader, AccessLevel::default()),
    };
    Ok(reader.answer(&page, &page.as_live()))
}

struct MemberView {
    address: String,
    name: String,
    subscribed: bool,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self { address: visible(&member.address), name: visible(&member.name), subscribed: member.subscribed }
    }
}

#[derive(Template)]
#[template(path = "list.html", blocks = ["live"])]
struct ListPage<'a> {
    reader: &'a Reader,
    list: ListView,
    levels: Vec<Choice>,
    q: String,
    members: Vec<MemberView>,
    next: Option<String>,
}

/// One list with its members.
pub(crate) async fn one(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path(address): Path<String>,
    asked: Asked,
) -> Result<Response, Trouble> {
    let list = reader.unless_refused(hall.house.list(&address).await)?;
    let search = Search { q: asked.some("q"), after: asked.some("after"), limit: None };
    let found = reader.unless_refused(hall.house.list_members(&address, &search).await)?;
    let view = ListView::new(&reader, &list);
    let page = ListPage {
        reader: &reader,
        levels: levels(&reader, list.access_level),
        q: asked.one("q"),
        members: found.members.into_iter().map(MemberView::from).collect(),
        next: asked.next(&view.link, found.next.as_deref()),
        list: view,
    };
    Ok(reader.answer(&page, &page.as_live()))
}

fn terms(reader: &Reader, fields: &Fields) -> Result<Terms, Trouble> {
    Ok(Terms {
        name: fields.line("name").to_owned(),
        description: fields.line("description").to_owned(),
        access_level: AccessLevel::named(fields.line("level")).ok_or_else(|| reader.missing())?,
        reply_preference: ReplyPreference::named(fields.line("answers")).ok_or_else(|| reader.missing())?,
    })
}

/// Makes a list.
pub(crate) async fn add(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    fields: Fields,
) -> Result<Response, Trouble> {
    let address = format!("{}@{}", fields.line("local"), fields.line("domain"));
    let wanted = Wanted { address, terms: terms(&reader, &fields)? };
    let list = reader.unless_refused(hall.house.make_list(wanted).await)?;
    Ok(done(&link(&["lists", &list.address]), "added", 1))
}

/// Changes a list.
pub(crate) async fn change(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path(address): Path<String>,
    fields: Fields,
) -> Result<Response, Trouble> {
    let terms = terms(&reader, &fields)?;
    let list = reader.unless_refused(hall.house.change_list(&address, terms).await)?;
    Ok(done(&link(&["lists", &list.address]), "changed", 1))
}

/// Takes a list away.
pub(crate) async fn remove(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path(address): Path<String>,
) -> Result<Response, Trouble> {
    reader.unless_refused(hall.house.remove_list(&address).await)?;
    Ok(done("/lists", "removed", 1))
}

/// Puts people on a list, one on each line.
pub(crate) async fn join(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path(address): Path<String>,
    fields: Fields,
) -> Result<Response, Trouble> {
    let lines = fields.one("members").lines().map(str::trim).filter(|line| !line.is_empty());
    let wanted = Newcomers { members: lines.map(str::to_owned).collect() };
    reader.unless_refused(hall.house.add_members(&address, &wanted).await)?;
    Ok(done(&link(&["lists", &address]), "added", wanted.members.len()))
}

/// Takes somebody off a list.
pub(crate) async fn part(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path(address): Path<String>,
    fields: Fields,
) -> Result<Response, Trouble> {
    reader.unless_refused(hall.house.remove_member(&address, fields.line("member")).await)?;
    Ok(done(&link(&["lists", &address]), "removed", 1))
}
