//! `tegami operator`: who may sign in to the pages.

use serde_json::json;
use tegami_mail::note;
use tegami_web::people::{PeopleError, User};

use super::user::make_password;
use super::{Context, Failure, Report, table};
use crate::cli::Operator;
use crate::command::context::moment;
use crate::server::Rooms;

/// Adds, changes, removes or lists operators.
pub(crate) async fn run(
    operator: &Operator,
    input: Option<String>,
    context: &Context,
    rooms: &Rooms,
) -> Result<Report, Failure> {
    let people = &rooms.people;
    match operator {
        Operator::Add { name, role, .. } => {
            let (password, made) = password(input)?;
            let user = people.create(name, &password, *role).await.map_err(failure)?;
            Ok(told(context, &user.name, made.then_some(password), "cli-operator-added"))
        }
        Operator::Password { name, .. } => {
            let (password, made) = password(input)?;
            people.set_password(name, &password).await.map_err(failure)?;
            Ok(told(context, name, made.then_some(password), "cli-operator-password-changed"))
        }
        Operator::Role { name, role } => {
            people.set_role(name, *role).await.map_err(failure)?;
            Ok(told(context, name, None, "cli-operator-role-changed"))
        }
        Operator::Remove { name } => {
            people.remove(name).await.map_err(failure)?;
            Ok(told(context, name, None, "cli-operator-removed"))
        }
        Operator::List => list(context, people.list().await?),
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn failure(error: PeopleError) -> Failure {
    Failure::Text(error.to_string())
}

/// The password that was given, or a new one, and whether it is that.
fn password(input: Option<String>) -> Result<(String, bool), Failure> {
    match input {
        Some(password) => Ok((password, false)),
        None => Ok((make_password()?, true)),
    }
}

fn told(context: &Context, name: &str, password: Option<String>, id: &str) -> Report {
    if context.json {
        return Report::json(&json!({"operator": name, "password": password}));
    }
    let done = tegami_words::text(context.language, id, &[("name", name)]);
    let shown = password.map(|password| context.say(&note!("cli-operator-password", password = password)));
    Report::well([Some(done), shown].into_iter().flatten().collect::<Vec<_>>().join("\n"))
}

fn list(context: &Context, users: Vec<User>) -> Result<Report, Failure> {
    if context.json {
        let shown =
            |user: &User| json!({"operator": user.name, "role": user.role, "created_at": user.created_at});
        return Ok(Report::json(&json!({"operators": users.iter().map(shown).collect::<Vec<_>>()})));
    }
    if users.is_empty() {
        return Ok(Report::well(context.word("cli-operator-none")));
    }
    let heading = ["operator", "role", "created"].map(|column| context.word(&format!("cli-column-{column}")));
    let rows: Vec<_> = users
        .into_iter()
        .map(|user| vec![user.name, user.role.as_str().to_owned(), moment(user.created_at)])
        .collect();
    Ok(Report::well(table::render(&heading, &rows)))
}
