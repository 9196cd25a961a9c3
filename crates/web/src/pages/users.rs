//! Who may sign in.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::Hall;
use super::form::Fields;
use super::reader::{Reader, Trouble, done};
use super::show::{Moment, visible};
use crate::people::Role;

struct Row {
    name: String,
    admin: bool,
    role: String,
    since: Moment,
}

#[derive(Template)]
#[template(path = "users.html", blocks = ["live"])]
struct UsersPage<'a> {
    reader: &'a Reader,
    rows: Vec<Row>,
}

/// The list.
pub(crate) async fn page(State(hall): State<Arc<Hall>>, reader: Reader) -> Result<Response, Trouble> {
    let users = reader.unless_missing(hall.house.rooms.people.list().await)?;
    let rows = users.into_iter().map(|user| Row {
        name: visible(&user.name),
        admin: user.role == Role::Admin,
        role: reader.say(&format!("page-role-{}", user.role.as_str())),
        since: Moment::new(user.created_at),
    });
    let page = UsersPage { reader: &reader, rows: rows.collect() };
    Ok(reader.answer(&page, &page.as_live()))
}

fn role(reader: &Reader, fields: &Fields) -> Result<Role, Trouble> {
    fields.line("role").parse().map_err(|_| reader.missing())
}

/// Makes a user.
pub(crate) async fn add(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    fields: Fields,
) -> Result<Response, Trouble> {
    let role = role(&reader, &fields)?;
    let made = hall.house.rooms.people.create(fields.line("name"), fields.one("password"), role).await;
    reader.unless_refused(made)?;
    Ok(done("/users", "added", 1))
}

/// Gives a user another role.
pub(crate) async fn change(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    fields: Fields,
) -> Result<Response, Trouble> {
    let role = role(&reader, &fields)?;
    reader.unless_refused(hall.house.rooms.people.set_role(fields.line("name"), role).await)?;
    Ok(done("/users", "changed", 1))
}

/// Gives a user another password.
pub(crate) async fn password(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    fields: Fields,
) -> Result<Response, Trouble> {
    let people = &hall.house.rooms.people;
    reader.unless_refused(people.set_password(fields.line("name"), fields.one("password")).await)?;
    Ok(done("/users", "password", 1))
}

/// Takes a user away.
pub(crate) async fn remove(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    fields: Fields,
) -> Result<Response, Trouble> {
    reader.unless_refused(hall.house.rooms.people.remove(fields.line("name")).await)?;
    Ok(done("/users", "removed", 1))
}
