//! `tegami route`: what becomes of incoming mail, and why.

use serde_json::json;
use tegami_mail::header::{HeaderLimits, HeaderSection};
use tegami_mail::{Address, mailbox_list, note};
use tegami_queue::Locality;
use tegami_queue::route::{Fields, NewRoute, Route, RouteError, RouteOutcome, RouteSteps, RouteTable};

use super::context::moment;
use super::prose::Prose;
use super::{Context, Failure, Outcome, Report, table};
use crate::cli;
use crate::server::Rooms;

pub(super) async fn run(
    route: &cli::Route,
    input: Option<String>,
    context: &Context,
    rooms: &Rooms,
) -> Result<Report, Failure> {
    let (store, routes) = (&*rooms.store, rooms.intake.routes());
    match route {
        cli::Route::List => Ok(list(context, &*routes.table(store).await?)),
        cli::Route::Show { id } => {
            let table = routes.table(store).await?;
            let found = table.route(id).ok_or_else(|| no_such(id))?;
            Ok(show(context, found))
        }
        cli::Route::Add { expression, actions, priority, description } => {
            let new = NewRoute {
                priority: *priority,
                description: description.clone(),
                expression: expression.clone(),
                actions: actions.clone(),
            };
            let made = routes.create(store, new, rooms.clock.now()).await.map_err(|error| failure(&error))?;
            if context.json {
                return Ok(Report::json(&json!({ "route": made })));
            }
            Ok(Report::well(context.say(&note!("cli-route-added", id = made.id))))
        }
        cli::Route::Remove { ids } => {
            // All or none: who has to correct one name gives the same command again.
            let table = routes.table(store).await?;
            if let Some(unknown) = ids.iter().find(|id| table.route(id).is_none()) {
                return Err(no_such(unknown));
            }
            let mut gone = Vec::new();
            for id in ids {
                match routes.remove(store, id).await {
                    Ok(route) => gone.push(route.id),
                    // Named twice, or removed by somebody else a moment ago.
                    Err(RouteError::NotFound) => {}
                    Err(error) => return Err(failure(&error)),
                }
            }
            if context.json {
                return Ok(Report::json(&json!({ "removed": gone })));
            }
            let lines = gone.iter().map(|id| context.say(&note!("cli-route-removed", id = id)));
            Ok(Report::well(lines.collect::<Vec<_>>().join("\n")))
        }
        cli::Route::Test { subject, to } => {
            let content = input.unwrap_or_default();
            let recipients =
                recipients(subject, to, &content, route.file().is_some() || !content.is_empty())?;
            let fields = Fields::of(content.as_bytes(), &[]);
            let table = routes.table(store).await?;
            let mut tested = Vec::new();
            for recipient in recipients {
                let locality = rooms.local.find(&recipient).await?;
                let is_list = rooms.intake.lists().of(&recipient).await?.is_some();
                let steps = table.evaluate(&recipient, &fields).steps;
                tested.push(Tested { steps, recipient, locality, is_list });
            }
            Ok(test(context, &tested))
        }
    }
}

fn no_such(id: &str) -> Failure {
    note!("cli-route-unknown", id = table::plain(id)).into()
}

fn failure(error: &RouteError) -> Failure {
    Failure::Text(error.to_string())
}

fn list(context: &Context, routes: &RouteTable) -> Report {
    if context.json {
        return Report::json(&json!({ "routes": routes.routes().collect::<Vec<_>>() }));
    }
    if routes.routes().len() == 0 {
        return Report::well(context.word("cli-route-none"));
    }
    let heading = ["id", "priority", "expression", "actions", "description"]
        .map(|column| context.word(&format!("cli-column-{column}")));
    let line = |route: &Route| {
        vec![
            route.id.clone(),
            route.priority.to_string(),
            table::cell(&route.expression),
            table::cell(&route.actions.join(", ")),
            table::cell(&route.description),
        ]
    };
    Report::well(table::render(&heading, &routes.routes().map(line).collect::<Vec<_>>()))
}

fn show(context: &Context, route: &Route) -> Report {
    if context.json {
        return Report::json(&json!({ "route": route }));
    }
    let label = |name: &str| context.word(&format!("cli-column-{name}"));
    let mut prose = Prose::new(context);
    prose.heading(&route.id);
    let mut pairs = vec![
        (label("priority"), route.priority.to_string()),
        (label("expression"), table::plain(&route.expression)),
    ];
    pairs.extend(route.actions.iter().map(|action| (label("actions"), table::plain(action))));
    pairs.push((label("description"), table::plain(&route.description)));
    pairs.push((label("since"), moment(route.created_at)));
    prose.pairs(&pairs);
    Report::well(prose.into_text())
}

/// What was tested for one recipient.
struct Tested {
    recipient: Address,
    locality: Locality,
    is_list: bool,
    steps: Vec<RouteSteps>,
}

impl Tested {
    fn is_matched(&self) -> bool {
        self.steps.iter().any(|step| step.outcome == RouteOutcome::Matched)
    }
}

/// Those that were named, else the address itself, else those whom the message says it is for.
fn recipients(subject: &str, to: &[String], content: &str, is_file: bool) -> Result<Vec<Address>, Failure> {
    let parse = |text: &str| -> Result<Address, Failure> {
        Address::parse(text).map_err(|error| note!("cli-bad-address", address = text, reason = error).into())
    };
    if !to.is_empty() {
        return to.iter().map(|text| parse(text)).collect();
    }
    if !is_file {
        return Ok(vec![parse(subject)?]);
    }
    let section = HeaderSection::parse(content.as_bytes(), HeaderLimits::GENEROUS);
    let section = section.map_err(|error| Failure::Text(error.to_string()))?;
    let mut found: Vec<Address> = Vec::new();
    for name in ["X-Original-To", "To", "Cc"] {
        for field in section.all(name) {
            let named = mailbox_list::authors(&field.unfolded()).unwrap_or_default();
            for address in named {
                if !found.contains(&address) {
                    found.push(address);
                }
            }
        }
    }
    if found.is_empty() { Err(note!("cli-route-no-recipient").into()) } else { Ok(found) }
}

fn test(context: &Context, tested: &[Tested]) -> Report {
    let all = tested.iter().all(Tested::is_matched);
    let outcome = if all { Outcome::Well } else { Outcome::Finding };
    if context.json {
        let member = |tested: &Tested| {
            let locality = match tested.locality {
                _ if tested.is_list => "list",
                Locality::Remote => "remote",
                Locality::Unknown => "unknown",
                Locality::Mailboxes(_) => "mailbox",
            };
            json!({ "recipient": tested.recipient, "address": locality, "matched": tested.is_matched(), "routes": tested.steps })
        };
        let members: Vec<_> = tested.iter().map(member).collect();
        return Report { outcome, ..Report::json(&json!({ "recipients": members })) };
    }
    let mut prose = Prose::new(context);
    for Tested { recipient, locality, is_list, steps } in tested {
        prose.heading(&table::plain(&recipient.to_string()));
        if *locality == Locality::Remote {
            prose.sentence(2, &note!("cli-route-remote", address = recipient), "");
        }
        for step in steps {
            let word = match step.outcome {
                RouteOutcome::Matched => "cli-route-matched",
                RouteOutcome::Unmatched => "cli-route-unmatched",
                RouteOutcome::Unasked => "cli-route-unasked",
            };
            prose.line(&format!("  {} {} → {}", step.priority, step.id, context.word(word)));
            prose.paragraph(4, &table::plain(&step.expression));
            for note in step.why.iter().chain(&step.does) {
                prose.sentence(6, note, "");
            }
        }
        let end = match (steps.iter().any(|step| step.outcome == RouteOutcome::Matched), locality) {
            _ if *is_list => note!("cli-route-list"),
            (_, Locality::Mailboxes(_)) => note!("cli-route-mailbox"),
            (false, Locality::Unknown) => note!("cli-route-nobody"),
            _ => continue,
        };
        prose.sentence(2, &end, "");
    }
    Report { outcome, ..Report::well(prose.into_text()) }
}
