//! Who asks: HTTP Basic with the user name `api` and the API key as password (RFC 7617).

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tegami_mail::Domain;
use tegami_queue::{AuthError, Authenticated};
use tegami_store::ApiKeyRole;

use crate::error::ApiError;
use crate::house::House;

/// Somebody who may send for a domain of ours.
pub(crate) struct Sender {
    /// The domain.
    pub(crate) domain: Domain,
    /// The key's name and rights.
    pub(crate) account: Authenticated,
    /// The key, to ask about other domains.
    key: String,
}

impl Sender {
    /// The key that was shown.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}

impl House {
    /// Lets in a key that may send for this domain. An unknown key learns nothing about our domains.
    pub(crate) async fn sender(&self, headers: &HeaderMap, domain: &str) -> Result<Sender, ApiError> {
        let key = key_of(headers).ok_or(ApiError::Unauthorized)?;
        let Ok(domain) = Domain::parse(domain) else { return Err(self.no_domain(&key, domain).await) };
        let ours = self.rooms.domains.roll().await?.sending(&domain).cloned();
        // What a name below a domain sends, the domain sends.
        let domain = ours.as_ref().map_or(domain, |ours| ours.name.clone());
        let account = self.rooms.accounts.authenticate_key(&key, Some(&domain)).await?;
        refuse_subaccounts(headers)?;
        let ours = ours.ok_or_else(|| not_found(domain.as_str()))?;
        if let Some(why) = ours.refusal() {
            return Err(ApiError::NotAllowed(format!("Domain {domain} is not allowed to send: {why}")));
        }
        Ok(Sender { domain, account, key })
    }

    /// Lets in an account key, which may do everything, and gives back the domain that the path names.
    pub(crate) async fn administrator(&self, headers: &HeaderMap, domain: &str) -> Result<Domain, ApiError> {
        self.account(headers).await?;
        let Ok(parsed) = Domain::parse(domain) else { return Err(not_found(domain)) };
        let ours = self.rooms.domains.find(&parsed).await?;
        ours.map(|ours| ours.name.clone()).ok_or_else(|| not_found(domain))
    }

    /// Lets in an account key, for what belongs to no domain.
    pub(crate) async fn account(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let key = key_of(headers).ok_or(ApiError::Unauthorized)?;
        self.rooms.accounts.authenticate_key(&key, None).await?;
        refuse_subaccounts(headers)
    }

    /// Whether the key of a request may do more than look; whether it may do anything is another question.
    pub(crate) async fn may_change(&self, headers: &HeaderMap) -> Result<bool, ApiError> {
        let key = key_of(headers).ok_or(ApiError::Unauthorized)?;
        let row = self.rooms.accounts.api_key(&key).await?;
        Ok(row.is_some_and(|row| row.role != ApiKeyRole::Basic))
    }

    /// Whether a sender may write as authors of another domain of ours: its signature would speak for that domain.
    pub(crate) async fn may_write_as(&self, sender: &Sender, author: &Domain) -> Result<bool, ApiError> {
        match self.domain_above(author).await? {
            Some(ours) if ours.name != sender.domain => {
                match self.rooms.accounts.authenticate_key(&sender.key, Some(&ours.name)).await {
                    Ok(_) => Ok(true),
                    Err(AuthError::Unavailable(error)) => Err(AuthError::Unavailable(error).into()),
                    Err(_) => Ok(false),
                }
            }
            _ => Ok(true),
        }
    }

    async fn no_domain(&self, key: &str, domain: &str) -> ApiError {
        match self.rooms.accounts.authenticate_key(key, None).await {
            Ok(_) => not_found(domain),
            Err(error) => error.into(),
        }
    }
}

/// The API key of a request, if it carries one.
pub(crate) fn key_of(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = value.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = STANDARD_NO_PAD.decode(credentials.trim().trim_end_matches('=')).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (user, key) = decoded.split_once(':')?;
    (user == "api" && !key.is_empty()).then(|| key.to_owned())
}

fn refuse_subaccounts(headers: &HeaderMap) -> Result<(), ApiError> {
    let named = headers.get("X-Mailgun-On-Behalf-Of").is_some_and(|value| !value.is_empty());
    if named { Err(no_subaccounts()) } else { Ok(()) }
}

/// There are none, whatever is asked about them.
pub(crate) fn no_subaccounts() -> ApiError {
    ApiError::NotAllowed("this server has no subaccounts".to_owned())
}

fn not_found(domain: &str) -> ApiError {
    ApiError::NotFound(format!("Domain not found: {domain}"))
}
