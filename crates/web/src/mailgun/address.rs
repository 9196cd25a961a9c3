//! `/v4/address/validate`: what can be said of an address without asking its host. Nobody's server is probed.

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::get;
use serde_json::json;

use super::form::Form;
use crate::address::{self, Verdict};
use crate::error::{ApiError, ok};
use crate::house::Shared;

/// The route.
pub(crate) fn routes() -> Router<Shared> {
    Router::new().route("/v4/address/validate", get(validate).post(validate))
}

async fn validate(State(house): State<Shared>, request: Request) -> Result<Response, ApiError> {
    house.account(request.headers()).await?;
    let _room = house.room_for(request.headers()).await?;
    let form = Form::read(request, house.settings.max_request).await?;
    let given = form.filled("address")?.ok_or_else(|| ApiError::bad("address parameter is missing"))?;
    let found = address::examine(&*house.rooms.resolver, given).await;
    let (result, reason, risk) = match found.verdict {
        Verdict::Malformed => ("undeliverable", vec!["malformed_address"], "high"),
        Verdict::NoMailHost => ("undeliverable", vec!["no_mx"], "high"),
        Verdict::NotAsked => ("unknown", vec!["dns_error"], "unknown"),
        Verdict::Possible => ("unknown", Vec::new(), "unknown"),
    };
    Ok(ok(json!({
        "address": given,
        "is_disposable_address": false,
        "is_role_address": found.role,
        "reason": reason,
        "result": result,
        "risk": risk,
    })))
}
