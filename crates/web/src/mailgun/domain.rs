//! `/v3/domains` and `/v4/domains`, which mean the same: take domains in, show what their owners have to publish, verify, change, take away.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, put};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tegami_auth::dkim::Selector;
use tegami_dns::RecordType;
use tegami_mail::Domain;
use tegami_queue::{DkimKeyError, DomainError, OurDomain};
use tegami_store::{DkimKeyRow, DomainRow, DomainState, RecordFinding, SpamAction};

use super::asked::{Account, Ours};
use super::credential;
use super::form::Form;
use super::offset::Offset;
use super::options::archive;
use super::scalar::{flag, shown};
use crate::domain::{DeskError, Purpose, SeenRecord};
use crate::error::{ApiError, ok};
use crate::house::{House, Shared};

/// The versions under which clients call the same resources.
pub(super) const VERSIONS: [&str; 2] = ["/v3", "/v4"];

/// The routes.
pub(crate) fn routes() -> Router<Shared> {
    VERSIONS.iter().fold(Router::new(), |router, version| {
        router
            .route(&format!("{version}/domains"), get(list).post(create))
            .route(&format!("{version}/domains/{{domain}}"), get(show).put(update).delete(remove))
            .route(&format!("{version}/domains/{{domain}}/verify"), put(verify))
    })
}

async fn list(State(house): State<Shared>, _: Account, query: Form) -> Result<Response, ApiError> {
    let offset = Offset::read(&query)?;
    let state = match query.filled("state")? {
        None => None,
        Some(text) => Some(one_of("state", text, &DomainState::ALL, DomainState::as_str)?),
    };
    let wanted = query.filled("search")?.or(query.filled("authority")?).map(str::to_ascii_lowercase);
    let roll = house.rooms.domains.roll().await?;
    let mut found: Vec<&Arc<OurDomain>> = roll
        .iter()
        .filter(|ours| state.is_none_or(|state| ours.state() == state))
        .filter(|ours| wanted.as_deref().is_none_or(|wanted| ours.name.as_str().contains(wanted)))
        .collect();
    match query.filled("sort")?.unwrap_or("created_at:desc") {
        "name" | "name:asc" => {}
        "name:desc" => found.reverse(),
        _ => found.sort_by_key(|ours| std::cmp::Reverse(ours.row.created_at)),
    }
    let total = found.len();
    let items: Vec<Value> = offset.of(found).map(|ours| house.domain_value(ours, None)).collect();
    Ok(ok(json!({"total_count": total, "items": items})))
}

async fn create(State(house): State<Shared>, _: Account, form: Form) -> Result<Response, ApiError> {
    let name = form.filled("name")?.ok_or_else(|| ApiError::bad("name parameter is missing"))?;
    let name = new_name(name)?;
    let mut row = DomainRow::default();
    read_settings(&form, &name, &mut row)?;
    match form.filled("dkim_key_size")? {
        // Receivers may ignore shorter keys (RFC 8301 section 3.2), so all that we make have 2048 bits.
        None | Some("1024" | "2048") => {}
        Some(other) => {
            return Err(ApiError::bad(format!("dkim_key_size: `{}` is not 1024 or 2048", shown(other))));
        }
    }
    let selector = form.filled("dkim_selector")?.map(selector).transpose()?;
    let password = form.text("smtp_password")?.map(credential::good_password).transpose()?;
    if password.is_some() {
        house.must_be_free(&name, "postmaster").await?;
    }
    let authority = house.dkim_host(&form, &name).await?;
    let mut ours = house.desk.create(&name, row, selector.as_ref()).await.map_err(|error| match error {
        DeskError::Domain(DomainError::Exists(_)) => ApiError::bad("This domain name is already taken"),
        error => error.into(),
    })?;
    if authority == Some(Authority::Above) {
        house.sign_by(&name, Authority::Above).await?;
        ours = house.desk.verify(&name).await?;
    }
    if let Some(password) = password {
        house.set_credential(&name, "postmaster", password).await?;
    }
    let mut answer = house.domain_with_records(&ours, password).await?;
    answer.insert("message".to_owned(), json!("Domain DNS records have been created"));
    Ok(ok(Value::Object(answer)))
}

async fn show(State(house): State<Shared>, Ours(ours): Ours) -> Result<Response, ApiError> {
    Ok(ok(Value::Object(house.domain_with_records(&ours, None).await?)))
}

async fn update(State(house): State<Shared>, Ours(ours): Ours, form: Form) -> Result<Response, ApiError> {
    let mut row = ours.row.clone();
    read_settings(&form, &ours.name, &mut row)?;
    let password = form.filled("smtp_password")?.map(credential::good_password).transpose()?;
    if password.is_some() {
        house.must_be_free(&ours.name, "postmaster").await?;
    }
    let authority = house.dkim_host(&form, &ours.name).await?;
    let altered = house.rooms.domains.alter(&ours.name, |row| {
        // Read once more over what the row is by now; it was good a moment ago.
        let _ = read_settings(&form, &ours.name, row);
    });
    let ours = altered.await.map_err(DeskError::from)?;
    if let Some(authority) = authority {
        house.sign_by(&ours.name, authority).await?;
    }
    if let Some(password) = password {
        house.set_credential(&ours.name, "postmaster", password).await?;
    }
    let mut answer = house.domain_with_records(&ours, None).await?;
    answer.insert("message".to_owned(), json!("Domain has been updated"));
    Ok(ok(Value::Object(answer)))
}

async fn verify(State(house): State<Shared>, Ours(ours): Ours) -> Result<Response, ApiError> {
    let ours = house.desk.verify(&ours.name).await?;
    let mut answer = house.domain_with_records(&ours, None).await?;
    answer.insert("message".to_owned(), json!("Domain DNS records have been updated"));
    Ok(ok(Value::Object(answer)))
}

async fn remove(State(house): State<Shared>, Ours(ours): Ours) -> Result<Response, ApiError> {
    house.desk.remove(&ours.name).await?;
    Ok(ok(json!({"message": "Domain will be deleted in the background"})))
}

impl House {
    /// Lets in an account key, and gives back the domain that the path names under `/domains/`.
    pub(crate) async fn our_domain(
        &self,
        headers: &HeaderMap,
        domain: &str,
    ) -> Result<Arc<OurDomain>, ApiError> {
        self.account(headers).await?;
        let missing = || ApiError::NotFound("Domain not found".to_owned());
        let name = Domain::parse(domain).map_err(|_| missing())?;
        self.rooms.domains.find(&name).await?.ok_or_else(missing)
    }

    async fn domain_with_records(
        &self,
        ours: &OurDomain,
        password: Option<&str>,
    ) -> Result<Map<String, Value>, ApiError> {
        let (receiving, sending) = self.record_values(ours).await?;
        let mut answer = Map::new();
        let mut domain = self.domain_value(ours, password);
        let signing = self.rooms.keys.signing(&ours.name).await?;
        if let (Some(key), Some(members)) = (signing.first(), domain.as_object_mut())
            && key.domain != ours.name.as_str()
        {
            members.insert("dkim_host".to_owned(), json!(key.domain));
        }
        answer.insert("domain".to_owned(), domain);
        answer.insert("receiving_dns_records".to_owned(), Value::Array(receiving));
        answer.insert("sending_dns_records".to_owned(), Value::Array(sending));
        Ok(answer)
    }

    /// What receiving and what sending needs: DKIM, SPF, links, in this order.
    pub(super) async fn record_values(&self, ours: &OurDomain) -> Result<(Vec<Value>, Vec<Value>), ApiError> {
        let seen = self.desk.seen(ours).await?;
        let of = |purpose: Purpose| {
            seen.iter().filter(move |seen| seen.record.purpose == purpose).map(record_value)
        };
        let sending = of(Purpose::Key).chain(of(Purpose::Spf)).chain(of(Purpose::BounceSpf));
        let sending = sending.chain(of(Purpose::Links)).collect();
        Ok((of(Purpose::Mail).chain(of(Purpose::Bounces)).collect(), sending))
    }

    /// Whose keys a form wants to sign with. A signature by any other domain would not align with the author's, and by somebody else's would be a forgery.
    async fn dkim_host(&self, form: &Form, name: &Domain) -> Result<Option<Authority>, ApiError> {
        let field = if form.has("dkim_host") { "dkim_host" } else { "dkim_host_name" };
        let Some(text) = form.filled(field)? else { return Ok(None) };
        let host = Domain::parse(text.trim())
            .map_err(|error| ApiError::bad(format!("{field}: `{}` is not a host: {error}", shown(text))))?;
        if host == *name {
            return Ok(Some(Authority::Own));
        }
        let above = match name.parent() {
            Some(parent) => self.rooms.keys.signing(&parent).await?,
            None => Vec::new(),
        };
        if above.first().is_some_and(|key| key.domain == host.as_str()) {
            return Ok(Some(Authority::Above));
        }
        let why = format!(
            "{field}: only {name} itself, or a domain above it with keys on this server, can sign for it"
        );
        Err(ApiError::bad(why))
    }

    /// Has a domain's own keys sign, or those of the domain above it, where that one is ours and has some. Tells whether that is a change.
    pub(super) async fn sign_by(&self, name: &Domain, wanted: Authority) -> Result<bool, ApiError> {
        let keys = &self.rooms.keys;
        let own = keys.of(name).await?;
        let now = if own.iter().any(|key| key.active) { Authority::Own } else { Authority::Above };
        let possible = match (wanted, name.parent()) {
            (Authority::Own, _) => true,
            (Authority::Above, Some(parent)) => !keys.signing(&parent).await?.is_empty(),
            (Authority::Above, None) => false,
        };
        if wanted == now || !possible {
            return Ok(false);
        }
        if own.is_empty() {
            keys.make_usual(name, None).await?;
        }
        // Of each algorithm the newest signs again: the others were retired.
        let is_newest = |key: &DkimKeyRow| {
            let mut others = own.iter().filter(|other| other.algorithm == key.algorithm);
            others.all(|other| other.created_at <= key.created_at)
        };
        for key in own.iter().filter(|key| match wanted {
            Authority::Own => is_newest(key),
            Authority::Above => key.active,
        }) {
            let selector = selector(&key.selector)?;
            match wanted {
                Authority::Own => keys.activate(name, &selector).await?,
                Authority::Above => keys.deactivate(name, &selector).await?,
            };
        }
        Ok(true)
    }

    /// A domain as the API shows it.
    fn domain_value(&self, ours: &OurDomain, password: Option<&str>) -> Value {
        let OurDomain { name, row, .. } = ours;
        let state = ours.state();
        let usual = self.settings.retention.as_secs();
        let mut value = json!({
            "created_at": gmt(row.created_at),
            "id": row.id,
            "is_disabled": state == DomainState::Disabled,
            "name": name.as_str(),
            "require_tls": row.require_tls,
            "skip_verification": row.skip_verification,
            "smtp_login": format!("postmaster@{name}"),
            "spam_action": row.spam_action.as_str(),
            "state": state.as_str(),
            "type": "custom",
            "use_automatic_sender_security": row.use_automatic_sender_security,
            "web_prefix": row.web_prefix,
            "web_scheme": if row.web_https { "https" } else { "http" },
            "wildcard": row.wildcard,
            "encrypt_incoming_message": row.encrypt_incoming_message,
            "message_ttl": row.message_ttl.map_or(usual, |ttl| ttl.min(usual)),
            "tracking_host": format!("{}.{name}", row.web_prefix),
        });
        let Some(members) = value.as_object_mut() else { return value };
        let optional = [
            ("smtp_password", password),
            ("archive_to", row.archive_to.as_deref()),
            ("mailfrom_host", row.mailfrom_host.as_deref()),
        ];
        members.extend(optional.into_iter().filter_map(|(key, text)| Some((key.to_owned(), json!(text?)))));
        if state == DomainState::Disabled {
            let disabled =
                json!({"code": "", "note": "", "permanently": false, "reason": "disabled by an operator"});
            members.insert("disabled".to_owned(), disabled);
        }
        value
    }
}

/// Whose keys sign for a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Authority {
    /// Its own.
    Own,
    /// Those of the nearest domain above it that has some.
    Above,
}

/// A record as the API shows it.
pub(super) fn record_value(seen: &SeenRecord) -> Value {
    let SeenRecord { record, found, answer } = seen;
    let valid = match found {
        RecordFinding::Unknown => "unknown",
        RecordFinding::Valid => "valid",
        RecordFinding::Invalid => "invalid",
    };
    let mut value = json!({
        "is_active": record.purpose != Purpose::SpareKey,
        "cached": answer,
        "name": record.bare_name(),
        "record_type": record.kind.to_string(),
        "valid": valid,
        "value": record.value.trim_end_matches('.'),
    });
    if let (RecordType::Mx, Some((preference, host)), Some(members)) =
        (record.kind, record.value.split_once(' '), value.as_object_mut())
    {
        members.insert("priority".to_owned(), json!(preference));
        members.insert("value".to_owned(), json!(host.trim_end_matches('.')));
    }
    value
}

/// `Mon, 24 Feb 2025 22:44:03 GMT`.
pub(super) fn gmt(moment: Timestamp) -> String {
    moment.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A domain that shall be ours: one label alone is nobody's on the Internet.
fn new_name(text: &str) -> Result<Domain, ApiError> {
    let wrong = |why: &dyn std::fmt::Display| {
        ApiError::bad(format!("`{}` is not a valid domain name: {why}", shown(text)))
    };
    let name = Domain::parse(text.trim()).map_err(|error| wrong(&error))?;
    if name.labels().count() < 2 { Err(wrong(&"it has no dot")) } else { Ok(name) }
}

/// A selector of DKIM that a client chose.
pub(super) fn selector(text: &str) -> Result<Selector, ApiError> {
    Selector::parse(text)
        .map_err(|error| ApiError::bad(format!("`{}` is not a valid DKIM selector: {error}", shown(text))))
}

/// What a form says of a domain; what it does not name stays.
fn read_settings(form: &Form, name: &Domain, row: &mut DomainRow) -> Result<(), ApiError> {
    for (name, place) in [
        ("wildcard", &mut row.wildcard),
        ("require_tls", &mut row.require_tls),
        ("skip_verification", &mut row.skip_verification),
        ("use_automatic_sender_security", &mut row.use_automatic_sender_security),
        ("encrypt_incoming_message", &mut row.encrypt_incoming_message),
    ] {
        if let Some(text) = form.text(name)? {
            *place = flag(name, text)?;
        }
    }
    if let Some(text) = form.filled("spam_action")? {
        row.spam_action = one_of("spam_action", text, &SpamAction::ALL, SpamAction::as_str)?;
    }
    if let Some(text) = form.filled("web_scheme")? {
        row.web_https = one_of("web_scheme", text, &["http", "https"], |scheme| scheme)? == "https";
    }
    if let Some(text) = form.filled("web_prefix")? {
        row.web_prefix = web_prefix(text)?;
    }
    if let Some(text) = form.filled("message_ttl")? {
        let wrong = || ApiError::bad(format!("message_ttl: `{}` is not a number of seconds", shown(text)));
        row.message_ttl = Some(text.trim().parse().map_err(|_| wrong())?);
    }
    if let Some(text) = form.text("archive_to")? {
        row.archive_to = archive("archive_to", text)?;
    }
    if let Some(text) = form.text("mailfrom_host")? {
        let wrong = |why: &dyn std::fmt::Display| {
            ApiError::bad(format!("mailfrom_host: `{}` is not a host: {why}", shown(text)))
        };
        let host = Some(text).filter(|text| !text.is_empty()).map(Domain::parse).transpose();
        let host = host.map_err(|error| wrong(&error))?;
        // SPF aligns by the Organizational Domain (RFC 9989), and nobody else's name is used so.
        if host.as_ref().is_some_and(|host| host == name || !host.is_at_or_below(name)) {
            return Err(wrong(&format!("it is not below {name}")));
        }
        row.mailfrom_host = host.map(|host| host.to_string());
    }
    Ok(())
}

/// The label before the domain in links.
pub(super) fn web_prefix(text: &str) -> Result<String, ApiError> {
    match Domain::parse(text.trim()) {
        Ok(prefix) => Ok(prefix.to_string()),
        Err(error) => Err(ApiError::bad(format!("web_prefix: `{}` is not a label: {error}", shown(text)))),
    }
}

/// The word that a text is, in whatever case.
pub(super) fn one_of<T: Copy>(
    name: &str,
    text: &str,
    all: &[T],
    word: impl Fn(T) -> &'static str,
) -> Result<T, ApiError> {
    let found = all.iter().copied().find(|one| word(*one).eq_ignore_ascii_case(text.trim()));
    found.ok_or_else(|| {
        let words: Vec<_> = all.iter().map(|one| word(*one)).collect();
        ApiError::bad(format!("{name}: `{}` is not one of {}", shown(text), words.join(", ")))
    })
}

impl From<DeskError> for ApiError {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Domain(error) => match error {
                DomainError::Exists(_) => Self::bad(error.to_string()),
                DomainError::Unknown(_) => Self::NotFound("Domain not found".to_owned()),
                DomainError::Configured(_) => Self::NotAllowed(error.to_string()),
                DomainError::Store(error) => error.into(),
            },
            DeskError::Key(error) => error.into(),
            DeskError::Account(error) => error.into(),
            DeskError::Store(error) => error.into(),
        }
    }
}

impl From<DkimKeyError> for ApiError {
    fn from(error: DkimKeyError) -> Self {
        match error {
            DkimKeyError::Exists { .. } => Self::bad("failed to create domain key: duplicate key"),
            DkimKeyError::Unknown { .. } => Self::NotFound("domain key not found".to_owned()),
            DkimKeyError::LastActive(_) => {
                Self::bad("cannot delete domain key: must have at least one active domain key")
            }
            DkimKeyError::Configured(_) => Self::NotAllowed(error.to_string()),
            DkimKeyError::NotRsa { .. } | DkimKeyError::Signs { .. } => Self::bad(error.to_string()),
            DkimKeyError::NoPem => Self::bad("failed to import domain key: failed to parse PEM"),
            DkimKeyError::NotPkcs1 => Self::bad(
                "failed to import domain key: failed to parse private key: key must be PKCS1 format",
            ),
            DkimKeyError::Key { error, .. } => {
                Self::bad(format!("failed to import domain key: failed to parse private key: {error}"))
            }
            DkimKeyError::Store(error) => error.into(),
            DkimKeyError::Selector { .. } | DkimKeyError::Folder(_) | DkimKeyError::CutOff(_) => {
                failed(&error)
            }
        }
    }
}

fn failed(error: &dyn std::fmt::Display) -> ApiError {
    tracing::error!(%error, "a domain could not be administered");
    ApiError::Internal
}
