//! Suppressions: `/v3/{domain}/bounces`, `unsubscribes`, `complaints`. The fourth list, `whitelists`, lies in [`super::allowed`].

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tegami_mail::{Address, Domain, csv};
use tegami_store::{EVERY_TAG, Suppression, SuppressionList, SuppressionSource};

use super::asked::{Managed, Query};
use super::form::{Form, Part};
use super::pivot::{ADDRESSES, MOST, Pivot};
use super::scalar::{moment, shown};
use crate::error::{ApiError, ok};
use crate::house::{House, Shared};
use crate::segments::Segments;
use crate::suppression;
use crate::tag;

/// The routes of the three lists.
pub(crate) fn routes() -> Router<Shared> {
    let mut router = Router::new();
    for list in SuppressionList::ALL {
        let many = get(move |house, domain, query, headers| show_all(list, house, domain, query, headers))
            .post(move |house, domain, request| add(list, house, domain, request))
            .delete(move |house, domain| remove_all(list, house, domain));
        let one = get(move |house, domain, path| show(list, house, domain, path))
            .delete(move |house, domain, path, form| remove(list, house, domain, path, form));
        let import = post(move |house, domain, request| import(list, house, domain, request));
        let path = format!("/v3/{{domain}}/{}", list.as_str());
        router = router
            .route(&path, many)
            .route(&format!("{path}/import"), import)
            .route(&format!("{path}/{{address}}"), one);
    }
    router
}

/// Entries that are written at once.
const PIECE: usize = 1000;

/// What an upload is answered with.
pub(super) const UPLOADED: &str = "file uploaded successfully for processing. standby...";

type OfAddress = Segments<(String, String)>;

async fn show_all(
    list: SuppressionList,
    State(house): State<Shared>,
    Managed(domain): Managed,
    Query(query): Query,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let page = Pivot::read(&query, ADDRESSES)?;
    let found = suppression::list(&*house.rooms.store, domain.as_str(), list, &page.stretch).await?;
    let base = format!("{}/v3/{domain}/{}", house.base_url(&headers), list.as_str());
    let address = |suppression: Option<&Suppression>| suppression.map(|found| found.address.clone());
    let (first, last) = (address(found.first()), address(found.last()));
    let items: Vec<Value> = found.iter().map(item).collect();
    Ok(ok(json!({"items": items, "paging": page.paging(&base, first.as_deref(), last.as_deref())})))
}

async fn show(
    list: SuppressionList,
    State(house): State<Shared>,
    Managed(domain): Managed,
    Segments((_, address)): OfAddress,
) -> Result<Response, ApiError> {
    Ok(ok(item(&house.suppression(&domain, list, &address).await?)))
}

async fn add(
    list: SuppressionList,
    State(house): State<Shared>,
    Managed(domain): Managed,
    request: Request,
) -> Result<Response, ApiError> {
    let now = house.rooms.clock.now();
    let _room = house.room_for(request.headers(), house.settings.max_request).await?;
    let form = match Body::read(&house, request).await? {
        Body::Form(form) => form,
        Body::List(given) => {
            let read = |value: &Value| Given::of_json(value)?.read(&domain, list, now);
            let suppressions = given.iter().map(read).collect::<Result<Vec<_>, _>>()?;
            suppression::put(&*house.rooms.store, suppressions).await?;
            let kind = if list == SuppressionList::Complaints { "complaint addresses" } else { "addresses" };
            let message = format!("{} {kind} have been added to the {} table", given.len(), list.as_str());
            return Ok(ok(json!({"message": message})));
        }
    };
    let suppression = Given::of_form(&form)?.read(&domain, list, now)?;
    let address = suppression.address.clone();
    suppression::put(&*house.rooms.store, vec![suppression]).await?;
    let message = format!("Address has been added to the {} table", list.as_str());
    Ok(ok(json!({"message": message, "address": address})))
}

/// A file of comma-separated values. It is read whole before anything is written, so that a mistake in it changes nothing.
async fn import(
    list: SuppressionList,
    State(house): State<Shared>,
    Managed(domain): Managed,
    request: Request,
) -> Result<Response, ApiError> {
    let now = house.rooms.clock.now();
    let columns: &[&str] = match list {
        SuppressionList::Bounces => &["address", "code", "error", "created_at"],
        SuppressionList::Unsubscribes => &["address", "tags", "created_at"],
        SuppressionList::Complaints => &["address", "created_at"],
    };
    let read = |cells: &Cells| Given::of_cells(cells).read(&domain, list, now);
    let suppressions = uploaded(&house, request, columns, read).await?;
    for piece in suppressions.chunks(PIECE) {
        suppression::put(&*house.rooms.store, piece.to_vec()).await?;
    }
    Ok(ok(json!({"message": UPLOADED})))
}

async fn remove(
    list: SuppressionList,
    State(house): State<Shared>,
    Managed(domain): Managed,
    Segments((_, address)): OfAddress,
    form: Form,
) -> Result<Response, ApiError> {
    let found = house.suppression(&domain, list, &address).await?;
    let store = &*house.rooms.store;
    match form.filled("tag")?.filter(|_| list == SuppressionList::Unsubscribes) {
        Some(tag) => {
            if !suppression::remove_tag(store, domain.as_str(), &found.address, tag).await? {
                return Err(missing(list));
            }
        }
        None => suppression::remove(store, &found).await?,
    }
    let message = match list {
        SuppressionList::Bounces => "Bounced address has been removed",
        SuppressionList::Unsubscribes => "Unsubscribe event has been removed",
        SuppressionList::Complaints => "Spam complaint has been removed",
    };
    Ok(ok(json!({"message": message, "address": found.address})))
}

async fn remove_all(
    list: SuppressionList,
    State(house): State<Shared>,
    Managed(domain): Managed,
) -> Result<Response, ApiError> {
    suppression::remove_all(&*house.rooms.store, domain.as_str(), list).await?;
    let what = match list {
        SuppressionList::Bounces => "Bounced",
        SuppressionList::Unsubscribes => "Unsubscribe",
        SuppressionList::Complaints => "Complaint",
    };
    Ok(ok(json!({"message": format!("{what} addresses for this domain have been removed")})))
}

impl House {
    async fn suppression(
        &self,
        domain: &Domain,
        list: SuppressionList,
        address: &str,
    ) -> Result<Suppression, ApiError> {
        // A blank in an address of a path was a plus once.
        let address = address.replace(' ', "+");
        let found = suppression::find(&*self.rooms.store, domain.as_str(), list, &address).await?;
        found.ok_or_else(|| missing(list))
    }
}

fn missing(list: SuppressionList) -> ApiError {
    let message = match list {
        SuppressionList::Bounces => "Address not found in bounces table",
        SuppressionList::Unsubscribes => "Address not found in unsubscribers table",
        SuppressionList::Complaints => "No spam complaints found for this address",
    };
    ApiError::NotFound(message.to_owned())
}

/// What a client adds: one entry, in whatever encoding, or a JSON array of them, whatever it says it is.
pub(super) enum Body {
    Form(Form),
    List(Vec<Value>),
}

impl Body {
    pub(super) async fn read(house: &House, request: Request) -> Result<Self, ApiError> {
        let content_type = request.headers().get(header::CONTENT_TYPE).cloned();
        let query = request.uri().query().map(ToOwned::to_owned);
        let body = Form::octets(request, house.settings.max_request).await?;
        if !body.trim_ascii_start().starts_with(b"[") {
            let mut form = Form::of_bytes(content_type.as_ref().map(|value| value.as_bytes()), body).await?;
            form.add_query(query.as_deref().unwrap_or_default())?;
            return Ok(Self::Form(form));
        }
        let given: Vec<Value> = serde_json::from_slice(&body)
            .map_err(|_| ApiError::bad("unable to parse request: the body is not a JSON array"))?;
        if given.len() > MOST {
            return Err(ApiError::bad(format!("Batch size should be less than {MOST}")));
        }
        Ok(Self::List(given))
    }
}

/// One line of an uploaded file: the cells under the names of their columns.
pub(super) type Cells = Vec<(String, String)>;

/// Reads the first file of a form, whatever it is called. Where no line names the columns, they are the usual ones.
pub(super) async fn uploaded<T>(
    house: &House,
    request: Request,
    columns: &[&str],
    read: impl FnMut(&Cells) -> Result<T, ApiError>,
) -> Result<Vec<T>, ApiError> {
    let _room = house.room_for(request.headers(), house.settings.max_request).await?;
    entries(&Form::read(request, house.settings.max_request).await?, columns, read)
}

/// The same of a form that is read already.
pub(super) fn entries<T>(
    form: &Form,
    columns: &[&str],
    mut read: impl FnMut(&Cells) -> Result<T, ApiError>,
) -> Result<Vec<T>, ApiError> {
    let is_file = |part: &&Part| part.filename.is_some() || matches!(part.name.as_str(), "file" | "members");
    let file = form.parts().iter().find(is_file);
    let file = file.ok_or_else(|| ApiError::bad("Missing mandatory parameter: file"))?;
    let mut lines = csv::read(file.text()?).into_iter().peekable();
    let names = |cell: &String| columns.contains(&cell.trim().to_ascii_lowercase().as_str());
    let heading = lines.next_if(|(_, cells)| cells.iter().any(names)).map(|(_, cells)| cells);
    let heading = heading.unwrap_or_else(|| columns.iter().map(|&name| name.to_owned()).collect());
    let heading: Vec<String> = heading.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
    let entry = |(line, cells): (usize, Vec<String>)| {
        let cells = cells.into_iter().map(|cell| cell.trim().to_owned());
        let filled = heading.iter().cloned().zip(cells).filter(|(_, cell)| !cell.is_empty());
        read(&filled.collect()).map_err(|error| ApiError::bad(format!("line {line}: {error}")))
    };
    lines.map(entry).collect()
}

/// What a client says of an address.
#[derive(Default)]
struct Given {
    address: Option<String>,
    code: Option<String>,
    error: Option<String>,
    created_at: Option<String>,
    tags: Vec<String>,
}

impl Given {
    fn of_form(form: &Form) -> Result<Self, ApiError> {
        let text = |name: &str| form.filled(name).map(|text| text.map(ToOwned::to_owned));
        let tags = form.texts("tag").chain(form.texts("tags"));
        Ok(Self {
            address: text("address")?,
            code: text("code")?,
            error: text("error")?,
            created_at: text("created_at")?,
            tags: tags.map(|tag| tag.map(ToOwned::to_owned)).collect::<Result<_, _>>()?,
        })
    }

    /// Numbers may stand where texts are meant.
    fn of_json(value: &Value) -> Result<Self, ApiError> {
        let members =
            value.as_object().ok_or_else(|| ApiError::bad("unable to parse request: not a JSON object"))?;
        let text = |name: &str| members.get(name).and_then(plain);
        let tags = ["tag", "tags"].into_iter().filter_map(|name| members.get(name)).flat_map(listed);
        Ok(Self {
            address: text("address"),
            code: text("code"),
            error: text("error"),
            created_at: text("created_at"),
            tags: tags.collect(),
        })
    }

    fn of_cells(cells: &Cells) -> Self {
        let cell = |name: &str| cells.iter().find(|(known, _)| known == name).map(|(_, cell)| cell.clone());
        let tags = cell("tags").or_else(|| cell("tag")).unwrap_or_default();
        // As lists of other programs look in one cell.
        let tags = tags.split([',', ';', '[', ']', '"', '\'']).map(str::trim).filter(|tag| !tag.is_empty());
        Self {
            address: cell("address"),
            code: cell("code"),
            error: cell("error"),
            created_at: cell("created_at"),
            tags: tags.map(ToOwned::to_owned).collect(),
        }
    }

    fn read(self, domain: &Domain, list: SuppressionList, now: Timestamp) -> Result<Suppression, ApiError> {
        let written = self.address.ok_or_else(|| ApiError::bad("Missing mandatory parameter: address"))?;
        let address = Address::parse(written.trim()).map_err(|error| {
            ApiError::bad(format!("`{}` is not a valid address: {error}", shown(&written)))
        })?;
        let created_at = self.created_at.as_deref().and_then(instant).transpose()?;
        let code = match list {
            SuppressionList::Bounces => self.code.unwrap_or_else(|| "550".to_owned()),
            _ => String::new(),
        };
        let tags = match list {
            SuppressionList::Unsubscribes => tags(self.tags)?,
            _ => Vec::new(),
        };
        Ok(Suppression {
            domain: domain.as_str().to_owned(),
            list,
            address: address.to_string(),
            code,
            error: self.error.unwrap_or_default(),
            created_at: created_at.unwrap_or(now),
            source: SuppressionSource::Api,
            evidence: None,
            tags,
        })
    }
}

/// Tags, each once; without any it is everything.
fn tags(given: Vec<String>) -> Result<Vec<String>, ApiError> {
    let mut tags: Vec<String> = Vec::new();
    for tag in given.into_iter().filter(|tag| !tag.is_empty()) {
        if !tag::is_fine(&tag) {
            return Err(ApiError::bad(format!("tags: `{}` is not a tag", shown(&tag))));
        }
        if !tags.iter().any(|known| known.eq_ignore_ascii_case(&tag)) {
            tags.push(tag);
        }
    }
    Ok(if tags.is_empty() { vec![EVERY_TAG.to_owned()] } else { tags })
}

/// A moment as anywhere else in the API, or in the formats in which lists are exported: RFC 3339, or with `UTC` for the zone.
pub(super) fn instant(text: &str) -> Option<Result<Timestamp, ApiError>> {
    text.trim().parse().map(Ok).ok().or_else(|| moment(&text.replace("UTC", "+0000")))
}

/// A text, or a number where one is meant.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn listed(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().filter_map(plain).collect(),
        one => plain(one).into_iter().collect(),
    }
}

/// `Mon, 06 Jul 2026 09:00:00 UTC`.
pub(super) fn written(moment: Timestamp) -> String {
    moment.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S UTC").to_string()
}

/// One address as the API shows it.
fn item(suppression: &Suppression) -> Value {
    let created_at = written(suppression.created_at);
    match suppression.list {
        SuppressionList::Bounces => json!({
            "address": suppression.address,
            "code": suppression.code,
            "error": suppression.error,
            "created_at": created_at,
        }),
        SuppressionList::Unsubscribes => json!({
            "address": suppression.address,
            "tags": tegami_queue::farewell_tags(suppression),
            "created_at": created_at,
        }),
        SuppressionList::Complaints => json!({"address": suppression.address, "created_at": created_at}),
    }
}
