//! `/v4/address/validate`: whether an address is well written, and whether its domain takes mail. Nobody is asked whether the mailbox exists:
//! other people's servers are not ours to probe.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use serde_json::json;
use tegami_dns::{DnsName, Resolver};
use tegami_mail::Address;

use super::asked::Account;
use super::form::Form;
use crate::error::{ApiError, ok};
use crate::house::Shared;

/// The routes.
pub(crate) fn routes() -> Router<Shared> {
    Router::new().route("/v4/address/validate", get(validate).post(validate))
}

/// Local-parts that belong to an office and not to a person (RFC 2142, and what is usual beside it).
const ROLES: &[&str] = &[
    "abuse",
    "admin",
    "administrator",
    "billing",
    "contact",
    "ftp",
    "help",
    "hostmaster",
    "info",
    "jobs",
    "mailer-daemon",
    "marketing",
    "news",
    "no-reply",
    "noc",
    "noreply",
    "office",
    "postmaster",
    "root",
    "sales",
    "security",
    "support",
    "usenet",
    "uucp",
    "webmaster",
    "www",
];

async fn validate(State(house): State<Shared>, _: Account, form: Form) -> Result<Response, ApiError> {
    let given = form.filled("address")?.ok_or_else(|| ApiError::bad("address parameter is missing"))?;
    let (role, result, reason) = match Address::parse(given.trim()) {
        Err(_) => (false, "undeliverable", vec!["malformed_address"]),
        Ok(address) => {
            let role = ROLES.iter().any(|role| role.eq_ignore_ascii_case(address.local_part().as_str()));
            let takes = match address.domain() {
                Some(domain) => takes_mail(&DnsName::from(domain), &*house.rooms.resolver).await,
                // An address literal is a host.
                None => Some(true),
            };
            match takes {
                Some(false) => (role, "undeliverable", vec!["no_mx"]),
                _ => (role, "unknown", Vec::new()),
            }
        }
    };
    let risk = match (result, role) {
        ("undeliverable", _) => "high",
        (_, true) => "medium",
        _ => "unknown",
    };
    Ok(ok(json!({
        "address": given,
        "is_disposable_address": false,
        "is_role_address": role,
        "reason": reason,
        "result": result,
        "risk": risk,
    })))
}

/// Whether mail for a domain has a host to go to (RFC 5321 section 5.1); `None` where the DNS did not say.
async fn takes_mail(domain: &DnsName, resolver: &dyn Resolver) -> Option<bool> {
    match resolver.mx(domain).await {
        // RFC 7505: a single root is "no mail here".
        Ok(hosts) if !hosts.is_empty() => return Some(hosts.iter().any(|host| !host.exchange.is_root())),
        Ok(_) => {}
        Err(error) if error.is_void() => {}
        Err(_) => return None,
    }
    let (v4, v6) = (resolver.a(domain).await, resolver.aaaa(domain).await);
    if v4.as_ref().is_ok_and(|ips| !ips.is_empty()) || v6.as_ref().is_ok_and(|ips| !ips.is_empty()) {
        return Some(true);
    }
    let void = v4.map_or_else(|error| error.is_void(), |_| true)
        && v6.map_or_else(|error| error.is_void(), |_| true);
    void.then_some(false)
}
