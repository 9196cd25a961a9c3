//! Mailing lists: `/v3/lists`. They belong to the account; their addresses lie in domains of ours.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use tegami_mail::{Address, NameAddr};
use tegami_queue::{AccessLevel, ListError, MailingList, Member, ReplyPreference, list_key};
use tegami_store::Table;

use super::asked::{Account, Long, Query};
use super::form::Form;
use super::offset::Offset;
use super::pivot::{ADDRESSES, MOST, Names, Pivot};
use super::scalar::{flag, shown};
use super::suppression::{Cells, entries, plain};
use super::url::segment;
use crate::error::{ApiError, ok};
use crate::house::{House, Shared};
use crate::segments::Segments;

/// The routes about lists.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v3/lists", get(show_all).post(create))
        .route("/v3/lists/pages", get(pages))
        .route("/v3/lists/{list}", get(show).put(update).delete(remove))
        .route("/v3/lists/{list}/members", get(show_members).post(add))
        .route("/v3/lists/{list}/members/pages", get(member_pages))
        .route("/v3/lists/{list}/members.json", post(add_many))
        .route("/v3/lists/{list}/members.csv", post(import))
        .route("/v3/lists/{list}/members/{member}", get(show_member).put(update_member).delete(remove_member))
}

type OfList = Segments<String>;
type OfMember = Segments<(String, String)>;

/// Lists and members in pages; neither is asked for by a beginning.
const LISTS: Names = Names { term: None, ..ADDRESSES };
/// Longest name or description, in octets.
const LONGEST: usize = 4 << 10;

async fn show_all(
    State(house): State<Shared>,
    _: Account,
    Query(query): Query,
) -> Result<Response, ApiError> {
    let page = Offset::read(&query)?;
    let lists = house.rooms.intake.lists().all().await?;
    let wanted = query.filled("address")?.map(list_key);
    let found: Vec<&MailingList> = lists
        .iter()
        .filter(|(key, _)| wanted.as_ref().is_none_or(|wanted| *key == wanted))
        .map(|(_, list)| list)
        .collect();
    let total = found.len();
    let items: Vec<Value> = page.of(found).map(object).collect();
    Ok(ok(json!({"total_count": total, "items": items})))
}

async fn pages(
    State(house): State<Shared>,
    _: Account,
    Query(query): Query,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let page = Pivot::read(&query, LISTS)?;
    let rows = page.stretch.rows(&*house.rooms.store, Table::Lists, "").await?;
    let ends = (rows.first().map(|(key, _)| key.clone()), rows.last().map(|(key, _)| key.clone()));
    let lists = house.rooms.intake.lists().all().await?;
    let items: Vec<Value> = rows.iter().filter_map(|(key, _)| lists.get(key)).map(object).collect();
    let base = format!("{}/v3/lists/pages", house.base_url(&headers));
    let paging = page.paging(&base, ends.0.as_deref(), ends.1.as_deref());
    Ok(ok(json!({"items": items, "paging": paging})))
}

async fn create(State(house): State<Shared>, _: Account, form: Form) -> Result<Response, ApiError> {
    let written = form.filled("address")?.ok_or_else(|| ApiError::bad("address parameter is missing"))?;
    let mut list = MailingList {
        address: house.list_address(written).await?,
        name: String::new(),
        description: String::new(),
        access_level: AccessLevel::default(),
        reply_preference: ReplyPreference::default(),
        created_at: house.rooms.clock.now(),
        members_count: 0,
    };
    Change::read(&form)?.apply(&mut list);
    house.rooms.intake.lists().create(list.clone()).await?;
    Ok(ok(json!({"message": "Mailing list has been created", "list": object(&list)})))
}

async fn show(State(house): State<Shared>, _: Account, Segments(list): OfList) -> Result<Response, ApiError> {
    Ok(ok(json!({"list": object(&house.rooms.intake.lists().find(&unblanked(&list)).await?)})))
}

async fn update(
    State(house): State<Shared>,
    _: Account,
    Segments(list): OfList,
    form: Form,
) -> Result<Response, ApiError> {
    let mut change = Change::read(&form)?;
    if let Some(address) = form.filled("address")? {
        change.address = Some(house.list_address(address).await?);
    }
    let list = house.rooms.intake.lists().alter(&unblanked(&list), |list| change.apply(list)).await?;
    Ok(ok(json!({"message": "Mailing list has been updated", "list": object(&list)})))
}

async fn remove(
    State(house): State<Shared>,
    _: Account,
    Segments(list): OfList,
) -> Result<Response, ApiError> {
    let list = house.rooms.intake.lists().remove(&unblanked(&list)).await?;
    Ok(ok(json!({"address": list.address, "message": "Mailing list has been removed"})))
}

async fn show_members(
    State(house): State<Shared>,
    _: Account,
    Segments(list): OfList,
    Query(query): Query,
) -> Result<Response, ApiError> {
    let (page, subscribed) = (Offset::read(&query)?, wanted(&query)?);
    let list = house.rooms.intake.lists().find(&unblanked(&list)).await?;
    let mut members = house.rooms.intake.lists().members(&list.address).await?;
    members.retain(|member| subscribed.is_none_or(|subscribed| member.subscribed == subscribed));
    let total = members.len();
    let items: Vec<Value> = page.of(&members).map(member_object).collect();
    Ok(ok(json!({"total_count": total, "items": items})))
}

async fn member_pages(
    State(house): State<Shared>,
    _: Account,
    Segments(list): OfList,
    Query(query): Query,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (page, subscribed) = (Pivot::read(&query, LISTS)?, wanted(&query)?);
    let page = page.with("subscribed", subscribed.map(|subscribed| if subscribed { "yes" } else { "no" }));
    let list = house.rooms.intake.lists().find(&unblanked(&list)).await?;
    let mut members = house.rooms.intake.lists().members(&list.address).await?;
    members.retain(|member| subscribed.is_none_or(|subscribed| member.subscribed == subscribed));
    let members = page.stretch.of(&members, |member| member.address.to_lowercase());
    let address = |member: Option<&Member>| member.map(|member| member.address.clone());
    let (first, last) = (address(members.first()), address(members.last()));
    let items: Vec<Value> = members.iter().map(member_object).collect();
    let base = format!("{}/v3/lists/{}/members/pages", house.base_url(&headers), segment(&list.address));
    let paging = page.paging(&base, first.as_deref(), last.as_deref());
    Ok(ok(json!({"items": items, "paging": paging})))
}

async fn add(
    State(house): State<Shared>,
    _: Account,
    Segments(list): OfList,
    form: Form,
) -> Result<Response, ApiError> {
    let change = MemberChange::of_form(&form)?;
    let member = change.member()?;
    house.rooms.intake.lists().add(&unblanked(&list), vec![member.clone()], upsert(&form)?).await?;
    Ok(ok(json!({"message": "Mailing list member has been created", "member": member_object(&member)})))
}

/// `members` is a JSON list of addresses or objects.
async fn add_many(
    State(house): State<Shared>,
    _: Account,
    Segments(list): OfList,
    Long { form, .. }: Long,
) -> Result<Response, ApiError> {
    // In a JSON body the list has become a repeated field already.
    let mut given: Vec<Value> = Vec::new();
    for text in form.texts("members") {
        let text = text?;
        match serde_json::from_str(text) {
            Ok(Value::Array(values)) => given.extend(values),
            Ok(value @ Value::Object(_)) => given.push(value),
            _ if text.contains('@') && !text.trim_start().starts_with(['[', '{']) => given.push(json!(text)),
            _ => return Err(ApiError::bad("members: this is not a JSON list")),
        }
    }
    if given.is_empty() {
        return Err(ApiError::bad("members parameter is missing"));
    }
    if given.len() > MOST {
        return Err(ApiError::bad(format!("Batch size should be less than {MOST}")));
    }
    let members = given.iter().map(MemberChange::of_json).map(|change| change?.member());
    let members = members.collect::<Result<Vec<_>, _>>()?;
    let list = house.rooms.intake.lists().add(&unblanked(&list), members, upsert(&form)?).await?;
    Ok(ok(json!({"message": "Mailing list has been updated", "list": object(&list)})))
}

/// A file of comma-separated values: `address`, `name`, `subscribed`; whatever else it has is a variable of the member.
async fn import(
    State(house): State<Shared>,
    _: Account,
    Segments(list): OfList,
    Long { form, .. }: Long,
) -> Result<Response, ApiError> {
    let subscribed = form.filled("subscribed")?.map(|text| flag("subscribed", text)).transpose()?;
    let read = |cells: &Cells| MemberChange::of_cells(cells)?.member();
    let members = entries(&form, &["address", "name", "subscribed"], read)?;
    let members = members
        .into_iter()
        .map(|member| Member { subscribed: member.subscribed && subscribed.unwrap_or(true), ..member });
    let list = house.rooms.intake.lists().add(&unblanked(&list), members.collect(), upsert(&form)?).await?;
    Ok(ok(json!({"message": "Mailing list has been updated", "list": object(&list)})))
}

async fn show_member(
    State(house): State<Shared>,
    _: Account,
    Segments((list, member)): OfMember,
) -> Result<Response, ApiError> {
    let list = house.rooms.intake.lists().find(&unblanked(&list)).await?;
    let member = house.rooms.intake.lists().member(&list.address, &unblanked(&member)).await?;
    Ok(ok(json!({"member": member_object(&member)})))
}

async fn update_member(
    State(house): State<Shared>,
    _: Account,
    Segments((list, member)): OfMember,
    form: Form,
) -> Result<Response, ApiError> {
    let change = MemberChange::of_form(&form)?;
    let lists = &house.rooms.intake.lists();
    let member =
        lists.alter_member(&unblanked(&list), &unblanked(&member), |member| change.apply(member)).await?;
    Ok(ok(json!({"message": "Mailing list member has been updated", "member": member_object(&member)})))
}

async fn remove_member(
    State(house): State<Shared>,
    _: Account,
    Segments((list, member)): OfMember,
) -> Result<Response, ApiError> {
    let member = house.rooms.intake.lists().remove_member(&unblanked(&list), &unblanked(&member)).await?;
    let gone = json!({"address": member.address});
    Ok(ok(json!({"message": "Mailing list member has been deleted", "member": gone})))
}

impl House {
    /// An address that a list may have: in a domain of ours.
    pub(crate) async fn list_address(&self, written: &str) -> Result<String, ApiError> {
        let address = address(written)?;
        let domain = address.domain().ok_or_else(|| ApiError::bad("address: a list lies in a domain"))?;
        self.known_domain(domain.as_str()).await?;
        Ok(address.to_string())
    }
}

/// A blank in an address of a path was a plus once.
fn unblanked(segment: &str) -> String {
    segment.replace(' ', "+")
}

fn address(written: &str) -> Result<Address, ApiError> {
    let parsed = NameAddr::parse(written.trim()).map(|parsed| parsed.address);
    parsed.map_err(|error| ApiError::bad(format!("`{}` is not a valid address: {error}", shown(written))))
}

fn upsert(form: &Form) -> Result<bool, ApiError> {
    flag("upsert", form.text("upsert")?.unwrap_or_default())
}

fn wanted(query: &Form) -> Result<Option<bool>, ApiError> {
    query.filled("subscribed")?.map(|text| flag("subscribed", text)).transpose()
}

/// What a client says of a list.
#[derive(Default)]
struct Change {
    address: Option<String>,
    name: Option<String>,
    description: Option<String>,
    access_level: Option<AccessLevel>,
    reply_preference: Option<ReplyPreference>,
}

impl Change {
    fn read(form: &Form) -> Result<Self, ApiError> {
        let access_level = form.filled("access_level")?.map(|text| {
            let wrong = || {
                let text = shown(text);
                ApiError::bad(format!(
                    "Invalid access level '{text}'. It can be any of: 'readonly', 'members', 'everyone'."
                ))
            };
            AccessLevel::named(&text.to_ascii_lowercase()).ok_or_else(wrong)
        });
        let reply_preference = form.filled("reply_preference")?.map(|text| {
            let wrong = || {
                let text = shown(text);
                ApiError::bad(format!(
                    "Invalid reply preference '{text}'. It can be any of: 'list', 'sender'."
                ))
            };
            ReplyPreference::named(&text.to_ascii_lowercase()).ok_or_else(wrong)
        });
        Ok(Self {
            address: None,
            name: line(form, "name")?,
            description: line(form, "description")?,
            access_level: access_level.transpose()?,
            reply_preference: reply_preference.transpose()?,
        })
    }

    fn apply(self, list: &mut MailingList) {
        let Self { address, name, description, access_level, reply_preference } = self;
        list.address = address.unwrap_or(std::mem::take(&mut list.address));
        list.name = name.unwrap_or(std::mem::take(&mut list.name));
        list.description = description.unwrap_or(std::mem::take(&mut list.description));
        list.access_level = access_level.unwrap_or(list.access_level);
        list.reply_preference = reply_preference.unwrap_or(list.reply_preference);
    }
}

/// A text that may stand in a header field.
fn line(form: &Form, name: &str) -> Result<Option<String>, ApiError> {
    let Some(text) = form.text(name)? else { return Ok(None) };
    if text.len() > LONGEST || text.contains(['\r', '\n', '\0']) {
        return Err(ApiError::bad(format!("{name}: the value has a line end, or is too long")));
    }
    Ok(Some(text.to_owned()))
}

/// The same of one of many, whose line ends become blanks.
fn one_line(name: &str, text: &str) -> Result<String, ApiError> {
    if text.len() > LONGEST {
        return Err(ApiError::bad(format!("{name}: the value is too long")));
    }
    Ok(text.replace(['\r', '\n', '\0'], " "))
}

fn variables(text: &str) -> Result<Map<String, Value>, ApiError> {
    serde_json::from_str(text).map_err(|_| ApiError::bad("vars: this is not a JSON object"))
}

/// What a client says of a member.
#[derive(Default)]
struct MemberChange {
    address: Option<String>,
    name: Option<String>,
    subscribed: Option<bool>,
    vars: Option<Map<String, Value>>,
}

impl MemberChange {
    fn of_form(form: &Form) -> Result<Self, ApiError> {
        let vars = form.filled("vars")?.map(variables).transpose()?;
        let address = form.filled("address")?.map(address).transpose()?;
        Ok(Self {
            address: address.map(|address| address.to_string()),
            name: line(form, "name")?,
            subscribed: form.text("subscribed")?.map(|text| flag("subscribed", text)).transpose()?,
            vars,
        })
    }

    /// An address, with or without a display name, or an object.
    fn of_json(value: &Value) -> Result<Self, ApiError> {
        if let Value::String(text) = value {
            let parsed = NameAddr::parse(text.trim()).map_err(|error| {
                ApiError::bad(format!("`{}` is not a valid address: {error}", shown(text)))
            })?;
            return Ok(Self {
                address: Some(parsed.address.to_string()),
                name: parsed.name,
                ..Self::default()
            });
        }
        let members = value.as_object().ok_or_else(|| ApiError::bad("members: this is not a JSON object"))?;
        let subscribed = match members.get("subscribed") {
            Some(Value::Bool(subscribed)) => Some(*subscribed),
            Some(other) => plain(other).map(|text| flag("subscribed", &text)).transpose()?,
            None => None,
        };
        let vars = match members.get("vars") {
            Some(Value::Object(vars)) => Some(vars.clone()),
            Some(Value::String(text)) => Some(variables(text)?),
            _ => None,
        };
        let written = members.get("address").and_then(plain);
        Ok(Self {
            address: written.map(|text| address(&text)).transpose()?.map(|address| address.to_string()),
            name: members.get("name").and_then(plain).map(|name| one_line("name", &name)).transpose()?,
            subscribed,
            vars,
        })
    }

    fn of_cells(cells: &Cells) -> Result<Self, ApiError> {
        let mut change = Self { vars: Some(Map::new()), ..Self::default() };
        for (name, cell) in cells {
            match name.as_str() {
                "address" | "email" => change.address = Some(address(cell)?.to_string()),
                "name" => change.name = Some(one_line("name", cell)?),
                "subscribed" => change.subscribed = Some(flag("subscribed", cell)?),
                "vars" => {
                    if let (Ok(Value::Object(given)), Some(vars)) =
                        (serde_json::from_str(cell), &mut change.vars)
                    {
                        vars.extend(given);
                    }
                }
                other => {
                    if let Some(vars) = &mut change.vars {
                        vars.insert(other.to_owned(), json!(cell));
                    }
                }
            }
        }
        Ok(change)
    }

    fn member(self) -> Result<Member, ApiError> {
        let address = self.address.ok_or_else(|| ApiError::bad("address parameter is missing"))?;
        Ok(Member {
            address,
            name: self.name.unwrap_or_default(),
            subscribed: self.subscribed.unwrap_or(true),
            vars: self.vars.unwrap_or_default(),
        })
    }

    fn apply(self, member: &mut Member) {
        let Self { address, name, subscribed, vars } = self;
        member.address = address.unwrap_or(std::mem::take(&mut member.address));
        member.name = name.unwrap_or(std::mem::take(&mut member.name));
        member.subscribed = subscribed.unwrap_or(member.subscribed);
        member.vars = vars.unwrap_or(std::mem::take(&mut member.vars));
    }
}

impl From<ListError> for ApiError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::NotFound(_) | ListError::NoMember { .. } => Self::NotFound(error.to_string()),
            ListError::Store(error) => error.into(),
            error => Self::bad(error.to_string()),
        }
    }
}

/// A list as the API shows it.
fn object(list: &MailingList) -> Value {
    let created_at = list.created_at.to_zoned(TimeZone::UTC);
    json!({
        "access_level": list.access_level.as_str(),
        "address": list.address,
        "created_at": created_at.strftime("%a, %d %b %Y %H:%M:%S -0000").to_string(),
        "description": list.description,
        "members_count": list.members_count,
        "name": list.name,
        "reply_preference": list.reply_preference.as_str(),
    })
}

fn member_object(member: &Member) -> Value {
    json!({
        "address": member.address,
        "name": member.name,
        "subscribed": member.subscribed,
        "vars": member.vars,
    })
}
