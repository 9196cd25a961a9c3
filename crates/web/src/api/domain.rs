//! Domains: what their owners publish, what the DNS says of it, and the keys that sign.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_auth::dkim::Selector;
use tegami_mail::Domain as Name;
use tegami_queue::OurDomain;
use tegami_store::{DkimKeyRow, DomainRow, DomainState, RecordFinding};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{Changing, Named, Usual};
use super::input::Body;
use crate::domain::SeenRecord;
use crate::error::{ApiError, good};
use crate::house::{House, Shared};
use crate::segments::Segments;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(domains, create))
        .routes(routes!(domain, remove))
        .routes(routes!(verify))
        .routes(routes!(make_key))
        .routes(routes!(change_key, remove_key))
}

/// A domain of ours.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Summary {
    pub(crate) name: String,
    /// `active` may send, `unverified` not yet, `disabled` not.
    pub(crate) state: &'static str,
    /// The configuration names it.
    pub(crate) configured: bool,
    /// Mail to it is ours to keep.
    pub(crate) receives: bool,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
    /// When the DNS was last asked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) checked_at: Option<Timestamp>,
}

impl Summary {
    fn new(ours: &OurDomain) -> Self {
        let state = match ours.state() {
            DomainState::Active => "active",
            DomainState::Unverified => "unverified",
            DomainState::Disabled => "disabled",
        };
        Self {
            name: ours.name.to_string(),
            state,
            configured: ours.configured,
            receives: ours.receives(),
            created_at: ours.row.created_at,
            checked_at: ours.row.checked_at,
        }
    }
}

/// One record to publish.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Record {
    /// Its name, with the dot at the end.
    pub(crate) name: String,
    /// `TXT`, `MX`, `A` …
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Its data; of a TXT record the text itself.
    pub(crate) value: String,
    /// What it is for: `mail`, `host`, `spf`, `host-spf`, `key`, `spare-key`, `dmarc`, `links`, `bounces`, `bounce-spf`, `old-key`.
    pub(crate) purpose: &'static str,
    /// What the DNS said when it was last asked: `valid`, `invalid` (something else stands there) or `unknown` (nothing, or no answer).
    pub(crate) found: &'static str,
    /// The answer.
    pub(crate) answer: Vec<String>,
}

impl From<SeenRecord> for Record {
    fn from(seen: SeenRecord) -> Self {
        let purpose = seen.record.purpose.as_str();
        let found = match seen.found {
            RecordFinding::Valid => "valid",
            RecordFinding::Invalid => "invalid",
            RecordFinding::Unknown => "unknown",
        };
        Self {
            kind: seen.record.kind.to_string(),
            name: seen.record.name,
            value: seen.record.value,
            purpose,
            found,
            answer: seen.answer,
        }
    }
}

/// A key that signs, or did.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SigningKey {
    pub(crate) selector: String,
    /// `rsa-sha256` or `ed25519-sha256`.
    pub(crate) algorithm: String,
    /// What stands in the DNS under the selector.
    pub(crate) record: String,
    /// It signs at present.
    pub(crate) active: bool,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
}

impl From<DkimKeyRow> for SigningKey {
    fn from(row: DkimKeyRow) -> Self {
        Self {
            selector: row.selector,
            algorithm: row.algorithm,
            record: row.record,
            active: row.active,
            created_at: row.created_at,
        }
    }
}

/// A domain with everything.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Domain {
    #[serde(flatten)]
    pub(crate) summary: Summary,
    /// Why nothing is sent for it; `null` where it may send.
    pub(crate) refusal: Option<&'static str>,
    /// What its owner has to publish.
    pub(crate) records: Vec<Record>,
    /// Its DKIM keys.
    pub(crate) keys: Vec<SigningKey>,
}

#[derive(Serialize, ToSchema)]
struct Domains {
    domains: Vec<Summary>,
}

/// A domain that somebody wants.
#[derive(Deserialize, ToSchema)]
struct Wanted {
    /// Its name.
    name: String,
}

/// A key that somebody wants.
#[derive(Deserialize, ToSchema)]
struct WantedKey {
    /// Its selector.
    selector: String,
}

/// What becomes of a key.
#[derive(Deserialize, ToSchema)]
struct ChangedKey {
    /// Whether it signs from now on.
    active: bool,
}

impl House {
    /// All domains, by name.
    pub(crate) async fn domains(&self) -> Result<Vec<Summary>, ApiError> {
        let roll = self.rooms.domains.roll().await?;
        Ok(roll.iter().map(|ours| Summary::new(ours)).collect())
    }

    /// One domain with everything.
    pub(crate) async fn domain(&self, name: &str) -> Result<Domain, ApiError> {
        let ours = self.desk.find(&named(name)?).await?;
        let records = self.desk.seen(&ours).await?;
        let keys = self.rooms.keys.of(&ours.name).await?;
        Ok(Domain {
            summary: Summary::new(&ours),
            refusal: ours.refusal(),
            records: records.into_iter().map(Record::from).collect(),
            keys: keys.into_iter().map(SigningKey::from).collect(),
        })
    }

    /// Takes a domain in.
    pub(crate) async fn take_in(&self, name: &str) -> Result<Domain, ApiError> {
        let name = named(name)?;
        self.desk.create(&name, DomainRow::default(), None).await?;
        self.domain(name.as_str()).await
    }

    /// Makes a key. It signs when somebody says so, or at once where no other key of the domain does.
    pub(crate) async fn make_signing_key(&self, name: &str, selector: &str) -> Result<Domain, ApiError> {
        let name = named(name)?;
        self.desk.find(&name).await?;
        self.rooms.keys.make(&name, &selected(selector)?).await?;
        self.domain(name.as_str()).await
    }

    /// Puts a key to use, or out of use.
    pub(crate) async fn use_signing_key(
        &self,
        name: &str,
        selector: &str,
        active: bool,
    ) -> Result<Domain, ApiError> {
        let (name, selector) = (named(name)?, selected(selector)?);
        self.desk.find(&name).await?;
        match active {
            true => self.rooms.keys.activate(&name, &selector).await?,
            false => self.rooms.keys.deactivate(&name, &selector).await?,
        };
        self.domain(name.as_str()).await
    }

    /// Takes a key away for good.
    pub(crate) async fn remove_signing_key(&self, name: &str, selector: &str) -> Result<Domain, ApiError> {
        let (name, selector) = (named(name)?, selected(selector)?);
        self.desk.find(&name).await?;
        self.rooms.keys.delete(&name, &selector).await?;
        self.domain(name.as_str()).await
    }
}

fn named(name: &str) -> Result<Name, ApiError> {
    Name::parse(name.trim()).map_err(|error| ApiError::bad(format!("domain: {error}")))
}

fn selected(selector: &str) -> Result<Selector, ApiError> {
    Selector::parse(selector.trim()).map_err(|error| ApiError::bad(format!("selector: {error}")))
}

/// All domains of this server.
#[utoipa::path(get, path = "/api/domains", tag = "domains", responses((status = 200, body = Domains), Usual))]
async fn domains(State(house): State<Shared>) -> Result<Response, ApiError> {
    Ok(good(&Domains { domains: house.domains().await? }))
}

/// Takes a domain in, with keys of its own; it may send when its records are found in the DNS.
#[utoipa::path(post, path = "/api/domains", tag = "domains", request_body = Wanted, responses((status = 200, body = Domain), Changing))]
async fn create(State(house): State<Shared>, Body(wanted): Body<Wanted>) -> Result<Response, ApiError> {
    Ok(good(&house.take_in(&wanted.name).await?))
}

/// One domain: what its owner has to publish, what the DNS said, its keys.
#[utoipa::path(get, path = "/api/domains/{domain}", tag = "domains", params(("domain" = String, Path, description = "Its name.")), responses((status = 200, body = Domain), Named))]
async fn domain(State(house): State<Shared>, Segments(name): Segments<String>) -> Result<Response, ApiError> {
    Ok(good(&house.domain(&name).await?))
}

/// Takes a domain away, with its keys. Its messages and events stay.
#[utoipa::path(delete, path = "/api/domains/{domain}", tag = "domains", params(("domain" = String, Path, description = "Its name.")), responses((status = 200, body = Domains), Changing))]
async fn remove(State(house): State<Shared>, Segments(name): Segments<String>) -> Result<Response, ApiError> {
    house.desk.remove(&named(&name)?).await?;
    domains(State(house)).await
}

/// Asks the DNS now.
#[utoipa::path(post, path = "/api/domains/{domain}/verify", tag = "domains", params(("domain" = String, Path, description = "Its name.")), responses((status = 200, body = Domain), Changing))]
async fn verify(State(house): State<Shared>, Segments(name): Segments<String>) -> Result<Response, ApiError> {
    house.desk.verify(&named(&name)?).await?;
    Ok(good(&house.domain(&name).await?))
}

/// Makes a DKIM key. Publish its record, then put it to use.
#[utoipa::path(post, path = "/api/domains/{domain}/keys", tag = "domains", params(("domain" = String, Path, description = "Its name.")), request_body = WantedKey, responses((status = 200, body = Domain), Changing))]
async fn make_key(
    State(house): State<Shared>,
    Segments(name): Segments<String>,
    Body(wanted): Body<WantedKey>,
) -> Result<Response, ApiError> {
    Ok(good(&house.make_signing_key(&name, &wanted.selector).await?))
}

/// Puts a DKIM key to use, or out of use.
#[utoipa::path(put, path = "/api/domains/{domain}/keys/{selector}", tag = "domains", params(("domain" = String, Path, description = "Its name."), ("selector" = String, Path, description = "The key's selector.")), request_body = ChangedKey, responses((status = 200, body = Domain), Changing))]
async fn change_key(
    State(house): State<Shared>,
    Segments((name, selector)): Segments<(String, String)>,
    Body(changed): Body<ChangedKey>,
) -> Result<Response, ApiError> {
    Ok(good(&house.use_signing_key(&name, &selector, changed.active).await?))
}

/// Takes a DKIM key away for good.
#[utoipa::path(delete, path = "/api/domains/{domain}/keys/{selector}", tag = "domains", params(("domain" = String, Path, description = "Its name."), ("selector" = String, Path, description = "The key's selector.")), responses((status = 200, body = Domain), Changing))]
async fn remove_key(
    State(house): State<Shared>,
    Segments((name, selector)): Segments<(String, String)>,
) -> Result<Response, ApiError> {
    Ok(good(&house.remove_signing_key(&name, &selector).await?))
}
