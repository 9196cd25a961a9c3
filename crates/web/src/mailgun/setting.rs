//! What is set for a domain one by one: connection, tracking, DKIM authority and selector, the label of links, limits, addresses.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{delete, get, put};
use serde_json::{Value, json};
use std::sync::Arc;
use tegami_queue::OurDomain;
use tegami_store::{ClickTracking, DomainRow, Table, TrackingSettings};

use super::asked::Ours;
use super::domain::{Authority, VERSIONS, selector, web_prefix};
use super::form::Form;
use super::options::clicks;
use super::scalar::flag;
use crate::domain::DeskError;
use crate::error::{ApiError, ok};
use crate::house::{House, Shared};
use crate::segments::Segments;

/// Most tags of a domain.
const MOST_TAGS: usize = 5000;

/// The routes.
pub(crate) fn routes() -> Router<Shared> {
    VERSIONS.iter().fold(Router::new(), |router, version| {
        let path = |end: &str| format!("{version}/domains/{{domain}}/{end}");
        router
            .route(&path("connection"), get(connection).put(set_connection))
            .route(&path("tracking"), get(tracking))
            .route(&path("tracking/open"), put(set_opens))
            .route(&path("tracking/click"), put(set_clicks))
            .route(&path("tracking/unsubscribe"), put(set_unsubscribe))
            .route(&path("dkim_authority"), put(set_dkim_authority))
            .route(&path("dkim_selector"), put(set_dkim_selector))
            .route(&path("web_prefix"), put(set_web_prefix))
            .route(&path("limits/tag"), get(tag_limit))
            .route(&path("ips"), get(ips).post(add_ip))
            .route(&path("ips/{ip}"), delete(remove_ip))
    })
}

async fn connection(Ours(ours): Ours) -> Result<Response, ApiError> {
    // Some clients read the members, others look for them one level deeper.
    let flat = json!({"require_tls": ours.row.require_tls, "skip_verification": ours.row.skip_verification});
    let mut answer = flat.clone();
    if let Some(members) = answer.as_object_mut() {
        members.insert("connection".to_owned(), flat);
    }
    Ok(ok(answer))
}

async fn set_connection(
    State(house): State<Shared>,
    Ours(ours): Ours,
    form: Form,
) -> Result<Response, ApiError> {
    let wish = |name: &str| form.text(name)?.map(|text| flag(name, text)).transpose();
    let either = |one: &str, other: &str| Ok::<_, ApiError>(wish(one)?.or(wish(other)?));
    let require = either("require_tls", "require-tls")?;
    let skip = either("skip_verification", "skip-verification")?;
    let ours = house
        .alter(&ours, |row| {
            row.require_tls = require.unwrap_or(row.require_tls);
            row.skip_verification = skip.unwrap_or(row.skip_verification);
        })
        .await?;
    let DomainRow { require_tls, skip_verification, .. } = ours.row;
    Ok(ok(json!({
        "message": "Domain connection settings have been updated, may take 10 minutes to fully propagate",
        "require_tls": require_tls,
        "skip_verification": skip_verification,
        "require-tls": require_tls,
        "skip-verification": skip_verification,
    })))
}

async fn tracking(Ours(ours): Ours) -> Result<Response, ApiError> {
    let tracking = &ours.row.tracking;
    Ok(ok(json!({"tracking": {
        "open": opens_value(tracking),
        "click": clicks_value(tracking),
        "unsubscribe": unsubscribe_value(tracking),
        "web_scheme": if ours.row.web_https { "https" } else { "http" },
    }})))
}

async fn set_opens(State(house): State<Shared>, Ours(ours): Ours, form: Form) -> Result<Response, ApiError> {
    let active = active(&form)?.map(|tracking| tracking != ClickTracking::Off);
    let top = form.text("place_at_the_top")?.map(|text| flag("place_at_the_top", text)).transpose()?;
    let ours = house
        .alter(&ours, |row| {
            row.tracking.opens = active.unwrap_or(row.tracking.opens);
            row.tracking.pixel_at_the_top = top.unwrap_or(row.tracking.pixel_at_the_top);
        })
        .await?;
    Ok(updated("open", opens_value(&ours.row.tracking)))
}

async fn set_clicks(State(house): State<Shared>, Ours(ours): Ours, form: Form) -> Result<Response, ApiError> {
    let clicks = active(&form)?;
    let ours = house.alter(&ours, |row| row.tracking.clicks = clicks.unwrap_or(row.tracking.clicks)).await?;
    Ok(updated("click", clicks_value(&ours.row.tracking)))
}

async fn set_unsubscribe(
    State(house): State<Shared>,
    Ours(ours): Ours,
    form: Form,
) -> Result<Response, ApiError> {
    let active = active(&form)?.map(|tracking| tracking != ClickTracking::Off);
    let text = |name: &str| form.text(name).map(|text| text.map(ToOwned::to_owned));
    let (html, plain) = (text("html_footer")?, text("text_footer")?);
    let ours = house
        .alter(&ours, |row| {
            let tracking = &mut row.tracking;
            tracking.unsubscribe = active.unwrap_or(tracking.unsubscribe);
            tracking.html_footer = html.unwrap_or(std::mem::take(&mut tracking.html_footer));
            tracking.text_footer = plain.unwrap_or(std::mem::take(&mut tracking.text_footer));
        })
        .await?;
    Ok(updated("unsubscribe", unsubscribe_value(&ours.row.tracking)))
}

/// Each kind takes the same words, though only links differ in HTML and in plain text.
fn active(form: &Form) -> Result<Option<ClickTracking>, ApiError> {
    form.text("active")?.map(|text| clicks("active", text)).transpose()
}

fn updated(member: &str, value: Value) -> Response {
    let mut answer = json!({"message": "Domain tracking settings have been updated"});
    if let Some(members) = answer.as_object_mut() {
        members.insert(member.to_owned(), value);
    }
    ok(answer)
}

fn opens_value(tracking: &TrackingSettings) -> Value {
    json!({"active": tracking.opens, "place_at_the_top": tracking.pixel_at_the_top})
}

/// A truth value even where links in HTML alone are meant: one client reads nothing else.
fn clicks_value(tracking: &TrackingSettings) -> Value {
    json!({"active": tracking.clicks != ClickTracking::Off})
}

fn unsubscribe_value(tracking: &TrackingSettings) -> Value {
    json!({
        "active": tracking.unsubscribe,
        "html_footer": tracking.html_footer,
        "text_footer": tracking.text_footer,
    })
}

/// `self=true`: keys of its own sign for the domain. `self=false`: those of the domain above it do, where that one is ours and has some.
async fn set_dkim_authority(
    State(house): State<Shared>,
    Ours(ours): Ours,
    form: Form,
) -> Result<Response, ApiError> {
    let wanted = form.text("self")?.map(|text| flag("self", text)).transpose()?.unwrap_or(true);
    let wanted = if wanted { Authority::Own } else { Authority::Above };
    let changed = house.sign_by(&ours.name, wanted).await?;
    let (_, sending) = house.record_values(&ours).await?;
    let message = if changed { "has been changed" } else { "has not been changed" };
    Ok(ok(json!({
        "message": format!("Domain DKIM authority {message}"),
        "changed": changed,
        "sending_dns_records": sending,
    })))
}

async fn set_dkim_selector(
    State(house): State<Shared>,
    Ours(ours): Ours,
    form: Form,
) -> Result<Response, ApiError> {
    let text = form.filled("dkim_selector")?;
    let text = text.ok_or_else(|| ApiError::bad("dkim_selector parameter is missing"))?;
    house.rooms.keys.reselect(&ours.name, &selector(text)?).await?;
    Ok(ok(json!({"message": "DKIM selector changed"})))
}

async fn set_web_prefix(
    State(house): State<Shared>,
    Ours(ours): Ours,
    form: Form,
) -> Result<Response, ApiError> {
    let text = form.filled("web_prefix")?;
    let prefix = web_prefix(text.ok_or_else(|| ApiError::bad("web_prefix parameter is missing"))?)?;
    house.alter(&ours, |row| row.web_prefix = prefix).await?;
    Ok(ok(json!({"message": "Domain web prefix updated"})))
}

async fn tag_limit(State(house): State<Shared>, Ours(ours): Ours) -> Result<Response, ApiError> {
    let tags = house.rooms.store.scan(Table::Tags, &format!("{}/", ours.name), None, MOST_TAGS).await?;
    Ok(ok(json!({"id": "", "limit": MOST_TAGS, "count": tags.len()})))
}

async fn ips(State(house): State<Shared>, _: Ours) -> Result<Response, ApiError> {
    let ips = house.addresses();
    Ok(ok(json!({"items": ips, "total_count": ips.len()})))
}

/// Every domain leaves from all addresses, so one of ours is there already.
async fn add_ip(State(house): State<Shared>, _: Ours, form: Form) -> Result<Response, ApiError> {
    let ip = form.filled("ip")?.ok_or_else(|| ApiError::bad("ip parameter is missing"))?;
    house.address(ip)?;
    Ok(ok(json!({"message": "success"})))
}

async fn remove_ip(
    State(house): State<Shared>,
    _: Ours,
    Segments((_, ip)): Segments<(String, String)>,
) -> Result<Response, ApiError> {
    house.address(&ip)?;
    Err(ApiError::bad(
        "every domain of this server sends from all of its addresses: they stand in its configuration, under `[delivery] sources`",
    ))
}

impl House {
    async fn alter(
        &self,
        ours: &OurDomain,
        change: impl FnOnce(&mut DomainRow) + Send,
    ) -> Result<Arc<OurDomain>, ApiError> {
        Ok(self.rooms.domains.alter(&ours.name, change).await.map_err(DeskError::from)?)
    }
}
