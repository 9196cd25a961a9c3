//! Credentials of a domain: who submits by SMTP. A login is a local part or a whole address; both mean the same.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, put};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use tegami_mail::{Address, Domain};
use tegami_queue::{AccountError, Accounts};
use tegami_store::Account;

use super::asked::Ours;
use super::domain::VERSIONS;
use super::form::Form;
use super::offset::Offset;
use super::scalar::shown;
use crate::error::{ApiError, ok};
use crate::house::{House, Shared};
use crate::segments::Segments;

/// Fewer characters are too few for every client, more too many.
const SHORTEST: usize = 5;
const LONGEST: usize = 32;
/// Fewer are too few for us: whoever guesses passwords has all the time in the world.
const OUR_SHORTEST: usize = 8;

/// The routes.
pub(crate) fn routes() -> Router<Shared> {
    VERSIONS.iter().fold(Router::new(), |router, version| {
        let path = format!("{version}/domains/{{domain}}/credentials");
        router
            .route(&path, get(list).post(create).delete(remove_all))
            .route(&format!("{path}/{{login}}"), put(update).delete(remove))
    })
}

async fn list(State(house): State<Shared>, Ours(ours): Ours, query: Form) -> Result<Response, ApiError> {
    let offset = Offset::read(&query)?;
    let accounts = house.rooms.accounts.credentials(&ours.name).await?;
    let total = accounts.len();
    let items: Vec<Value> = offset.of(&accounts).map(item).collect();
    Ok(ok(json!({"total_count": total, "items": items})))
}

async fn create(State(house): State<Shared>, Ours(ours): Ours, form: Form) -> Result<Response, ApiError> {
    let login = form.filled("login")?.or(form.filled("mailbox")?);
    let login = login.ok_or_else(|| ApiError::bad("login parameter is missing"))?;
    let address = address_of(login, &ours.name)?;
    let password = Password::read(&form)?;
    let created = house.rooms.accounts.create_credential(&address, &ours.name, password.text()).await;
    created.map_err(|error| match error {
        AccountError::Exists(name) => ApiError::bad(format!("there is a login {name} already")),
        error => error.into(),
    })?;
    Ok(ok(password.told("Created 1 credentials pair(s)", &address)))
}

async fn update(
    State(house): State<Shared>,
    Ours(ours): Ours,
    Segments((_, login)): Segments<(String, String)>,
    form: Form,
) -> Result<Response, ApiError> {
    let address = address_of(&login, &ours.name)?;
    let account = house.credential(&address, &ours.name).await?;
    let password = Password::read(&form)?;
    house.rooms.accounts.set_password(&account.name, password.text()).await?;
    Ok(ok(password.told("Password changed", &address)))
}

async fn remove(
    State(house): State<Shared>,
    Ours(ours): Ours,
    Segments((_, login)): Segments<(String, String)>,
) -> Result<Response, ApiError> {
    let address = address_of(&login, &ours.name)?;
    let account = house.credential(&address, &ours.name).await?;
    house.rooms.accounts.remove(&account.name).await?;
    Ok(ok(json!({"message": "Credentials have been deleted", "spec": account.name})))
}

async fn remove_all(State(house): State<Shared>, Ours(ours): Ours) -> Result<Response, ApiError> {
    let count = house.rooms.accounts.remove_credentials(&ours.name).await?;
    Ok(ok(json!({"message": "All domain credentials have been deleted", "count": count})))
}

impl House {
    async fn credential(&self, address: &Address, domain: &Domain) -> Result<Account, ApiError> {
        let found = self.rooms.accounts.credential(address, domain).await;
        found.map_err(|error| match error {
            AccountError::Unknown(_) => ApiError::NotFound("Credentials not found".to_owned()),
            error => error.into(),
        })
    }

    /// Refuses what [`House::set_credential`] could not do, before anything is done: the login is somebody's account.
    pub(super) async fn must_be_free(&self, domain: &Domain, login: &str) -> Result<(), ApiError> {
        let name = address_of(login, domain)?.to_string();
        let accounts = self.rooms.accounts.list().await?;
        let of_another = |account: &Account| account.credential_of.as_deref() != Some(domain.as_str());
        if accounts.iter().any(|account| account.name == name && of_another(account)) {
            return Err(ApiError::bad(format!("there is a login {name} already")));
        }
        Ok(())
    }

    /// Gives a login a password, and makes it where there is none.
    pub(super) async fn set_credential(
        &self,
        domain: &Domain,
        login: &str,
        password: &str,
    ) -> Result<(), ApiError> {
        let address = address_of(login, domain)?;
        let accounts = &self.rooms.accounts;
        match accounts.credential(&address, domain).await {
            Ok(account) => accounts.set_password(&account.name, password).await?,
            Err(AccountError::Unknown(_)) => accounts.create_credential(&address, domain, password).await?,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// A password of the client's, or one that is made for it and told once.
enum Password<'a> {
    Given(&'a str),
    Made(String),
}

impl<'a> Password<'a> {
    fn read(form: &'a Form) -> Result<Self, ApiError> {
        match form.text("password")? {
            Some(password) => Ok(Self::Given(good_password(password)?)),
            None => Ok(Self::Made(Accounts::fresh_password()?)),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Given(password) => password,
            Self::Made(password) => password,
        }
    }

    fn told(&self, message: &str, address: &Address) -> Value {
        match self {
            Self::Given(_) => json!({"message": message}),
            Self::Made(password) => {
                let pair: Map<String, Value> = [(address.to_string(), json!(password))].into_iter().collect();
                let note = "Please store your new password(s) now. You won't be able to see it anymore.";
                json!({"message": message, "note": note, "credentials": pair})
            }
        }
    }
}

/// A password that may be set.
pub(super) fn good_password(text: &str) -> Result<&str, ApiError> {
    match text.chars().count() {
        length if length < SHORTEST => Err(ApiError::bad(format!(
            "Password is too short. It must be between {SHORTEST} and {LONGEST} characters."
        ))),
        length if length < OUR_SHORTEST => Err(ApiError::bad(format!(
            "Password is too short. This server wants at least {OUR_SHORTEST} characters."
        ))),
        length if length > LONGEST => Err(ApiError::bad(format!(
            "Password is too long. It must be between {SHORTEST} and {LONGEST} characters."
        ))),
        _ => Ok(text),
    }
}

/// A local part is completed by the domain; an address in another domain is none of its logins.
fn address_of(login: &str, domain: &Domain) -> Result<Address, ApiError> {
    let login = login.trim();
    let whole = if login.contains('@') { login.to_owned() } else { format!("{login}@{domain}") };
    let wrong = || ApiError::bad(format!("`{}` is not a valid login of {domain}", shown(login)));
    let address = Address::parse(&whole).map_err(|_| wrong())?;
    if address.domain() == Some(domain) { Ok(address) } else { Err(wrong()) }
}

fn item(account: &Account) -> Value {
    let made = account.created_at.unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC);
    json!({
        "login": account.name,
        "mailbox": account.name,
        "created_at": made.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string(),
        "size_bytes": null,
    })
}
