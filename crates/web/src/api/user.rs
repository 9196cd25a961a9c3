//! Users of the pages.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{Changing, Usual};
use super::input::Body;
use crate::error::{ApiError, good};
use crate::house::Shared;
use crate::people::{PeopleError, Role, User};
use crate::segments::Segments;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(users, create)).routes(routes!(change, remove))
}

/// Somebody who may sign in.
#[derive(Serialize, ToSchema)]
struct Person {
    name: String,
    /// `admin` or `read-only`.
    role: &'static str,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<User> for Person {
    fn from(user: User) -> Self {
        Self { name: user.name, role: user.role.as_str(), created_at: user.created_at }
    }
}

#[derive(Serialize, ToSchema)]
struct Users {
    users: Vec<Person>,
}

/// A user that somebody wants.
#[derive(Deserialize, ToSchema)]
struct Wanted {
    /// The name to sign in with.
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    /// At least 8 characters.
    #[schema(min_length = 8, max_length = 1024)]
    password: String,
    /// `admin` or `read-only`.
    #[schema(value_type = String)]
    role: Role,
}

/// What of a user is changed.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
struct Changed {
    /// Another password; it ends all sessions.
    #[schema(min_length = 8, max_length = 1024)]
    password: Option<String>,
    /// `admin` or `read-only`.
    #[schema(value_type = Option<String>)]
    role: Option<Role>,
}

impl From<PeopleError> for ApiError {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::Unknown(_) => Self::NotFound(error.to_string()),
            PeopleError::Exists(_) | PeopleError::LastAdmin(_) | PeopleError::BadName => {
                Self::bad(error.to_string())
            }
            PeopleError::Password(error) => error.into(),
            PeopleError::Store(error) => error.into(),
        }
    }
}

/// Who may sign in.
#[utoipa::path(get, path = "/api/users", tag = "users", responses((status = 200, body = Users), Usual))]
async fn users(State(house): State<Shared>) -> Result<Response, ApiError> {
    let users = house.rooms.people.list().await?;
    Ok(good(&Users { users: users.into_iter().map(Person::from).collect() }))
}

/// Makes a user.
#[utoipa::path(post, path = "/api/users", tag = "users", request_body = Wanted, responses((status = 200, body = Person), Changing))]
async fn create(State(house): State<Shared>, Body(wanted): Body<Wanted>) -> Result<Response, ApiError> {
    let user = house.rooms.people.create(&wanted.name, &wanted.password, wanted.role).await?;
    Ok(good(&Person::from(user)))
}

/// Gives a user another password or role.
#[utoipa::path(put, path = "/api/users/{name}", tag = "users", params(("name" = String, Path, description = "The name.")), request_body = Changed, responses((status = 200, body = Person), Changing))]
async fn change(
    State(house): State<Shared>,
    Segments(name): Segments<String>,
    Body(changed): Body<Changed>,
) -> Result<Response, ApiError> {
    let people = &house.rooms.people;
    let user = people.change(&name, changed.role, changed.password.as_deref()).await?;
    Ok(good(&Person::from(user)))
}

/// Takes a user away, and ends all sessions.
#[utoipa::path(delete, path = "/api/users/{name}", tag = "users", params(("name" = String, Path, description = "The name.")), responses((status = 200, body = Users), Changing))]
async fn remove(State(house): State<Shared>, Segments(name): Segments<String>) -> Result<Response, ApiError> {
    house.rooms.people.remove(&name).await?;
    users(State(house)).await
}
