//! The routes of a store, parsed and in their order.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_store::{Store, StoreError, Table};

use super::action::Action;
use super::expression::Expression;
use crate::held::{Held, read_all, written};
use crate::id::fresh_id;

/// Octets of an expression, and of an action.
const LONGEST: usize = 4 << 10;

/// Actions of one route.
const MOST_ACTIONS: usize = 100;

/// Routes of a server: all of them may be asked about each recipient.
const MOST_ROUTES: usize = 5000;

/// A route as it is kept. Its texts are those that were given, to the letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// 24 hexadecimal digits.
    pub id: String,
    /// Lower ones are asked first; among equal ones the older.
    pub priority: i64,
    /// For people.
    pub description: String,
    /// For which mail it is.
    pub expression: String,
    /// What it does, in this order.
    pub actions: Vec<String>,
    /// Since when.
    pub created_at: Timestamp,
}

/// What somebody wants a new route to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRoute {
    /// See [`Route::priority`].
    pub priority: i64,
    /// See [`Route::description`].
    pub description: String,
    /// See [`Route::expression`].
    pub expression: String,
    /// Texts of one action or several.
    pub actions: Vec<String>,
}

/// What somebody wants to be different.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteChange {
    /// See [`Route::priority`].
    pub priority: Option<i64>,
    /// See [`Route::description`].
    pub description: Option<String>,
    /// See [`Route::expression`].
    pub expression: Option<String>,
    /// Texts of one action or several, in place of all.
    pub actions: Option<Vec<String>>,
}

/// Why a route was not kept. The fault is with whoever wrote it, save for that of the store.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RouteError {
    /// It says not for which mail it is.
    #[error("expression parameter is missing")]
    NoExpression,
    /// It does nothing.
    #[error("action parameter is missing")]
    NoAction,
    /// Too long.
    #[error("{what} is longer than 4 KB")]
    TooLong {
        /// `expression` or `action`.
        what: &'static str,
    },
    /// Too many actions.
    #[error("a route has at most {MOST_ACTIONS} actions")]
    TooManyActions,
    /// Too many routes.
    #[error("this server has at most {MOST_ROUTES} routes")]
    TooManyRoutes,
    /// The expression is none.
    #[error("invalid expression: {0}")]
    Expression(String),
    /// An action is none.
    #[error("invalid action: {0}")]
    Action(String),
    /// There is no such route.
    #[error("Route not found")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A route that was parsed.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) route: Route,
    pub(super) expression: Expression,
    pub(super) actions: Vec<Action>,
}

impl Rule {
    fn parse(route: Route) -> Result<Self, RouteError> {
        if route.expression.trim().is_empty() {
            return Err(RouteError::NoExpression);
        }
        if route.expression.len() > LONGEST {
            return Err(RouteError::TooLong { what: "expression" });
        }
        let expression = Expression::parse(&route.expression).map_err(RouteError::Expression)?;
        let mut actions = Vec::new();
        for text in &route.actions {
            if text.len() > LONGEST {
                return Err(RouteError::TooLong { what: "action" });
            }
            let parsed = Action::parse_all(text).map_err(RouteError::Action)?;
            actions.extend(parsed.into_iter().map(|(_, action)| action));
        }
        if actions.is_empty() {
            return Err(RouteError::NoAction);
        }
        Ok(Self { route, expression, actions })
    }
}

/// Texts that hold several actions become several texts.
fn parted(texts: &[String]) -> Result<Vec<String>, RouteError> {
    let mut actions = Vec::new();
    for text in texts.iter().filter(|text| !text.trim().is_empty()) {
        if text.len() > LONGEST {
            return Err(RouteError::TooLong { what: "action" });
        }
        let mut parsed = Action::parse_all(text).map_err(RouteError::Action)?;
        match parsed.as_mut_slice() {
            [_] => actions.push(text.clone()),
            several => actions.extend(several.iter_mut().map(|(words, _)| std::mem::take(words))),
        }
    }
    match actions.len() {
        0 => Err(RouteError::NoAction),
        count if count > MOST_ACTIONS => Err(RouteError::TooManyActions),
        _ => Ok(actions),
    }
}

/// Routes in the order in which they are asked.
#[derive(Debug, Default)]
pub struct RouteTable {
    pub(super) rules: Vec<Arc<Rule>>,
}

impl RouteTable {
    /// Of these routes; one that cannot be read is told to the log and left out. What `before` has parsed is not parsed again.
    fn new(routes: impl IntoIterator<Item = Route>, before: &Self) -> Self {
        let known: BTreeMap<_, _> = before.rules.iter().map(|rule| (rule.route.id.as_str(), rule)).collect();
        let mut rules = Vec::new();
        for route in routes {
            if let Some(known) = known.get(route.id.as_str()).filter(|rule| rule.route == route) {
                rules.push(Arc::clone(known));
                continue;
            }
            let id = route.id.clone();
            match Rule::parse(route) {
                Ok(rule) => rules.push(Arc::new(rule)),
                Err(error) => tracing::error!(id, %error, "a route cannot be read and is left out"),
            }
        }
        rules.sort_by(|one, other| order(&one.route).cmp(&order(&other.route)));
        Self { rules }
    }

    /// Of routes that stand in no store.
    ///
    /// # Errors
    /// The first that is none.
    pub fn of(routes: impl IntoIterator<Item = Route>) -> Result<Self, RouteError> {
        let rules = routes.into_iter().map(|route| Rule::parse(route).map(Arc::new));
        let mut rules = rules.collect::<Result<Vec<_>, _>>()?;
        rules.sort_by(|one, other| order(&one.route).cmp(&order(&other.route)));
        Ok(Self { rules })
    }

    /// The routes, in the order in which they are asked.
    pub fn routes(&self) -> impl ExactSizeIterator<Item = &Route> {
        self.rules.iter().map(|rule| &rule.route)
    }

    /// The route of this identifier.
    pub fn route(&self, id: &str) -> Option<&Route> {
        self.routes().find(|route| route.id == id)
    }
}

fn order(route: &Route) -> (i64, Timestamp, &str) {
    (route.priority, route.created_at, &route.id)
}

/// The routes of a store, read anew when they were changed.
#[derive(Debug, Default)]
pub struct Routes {
    held: Held<RouteTable>,
    /// One change after the other: each reads routes before it writes one.
    changing: tokio::sync::Mutex<()>,
}

impl Routes {
    /// The routes as they stand now.
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn table(&self, store: &dyn Store) -> Result<Arc<RouteTable>, StoreError> {
        self.held.get(store, Table::Routes, self.read(store)).await
    }

    async fn read(&self, store: &dyn Store) -> Result<RouteTable, StoreError> {
        let rows = read_all::<serde_json::Value>(store, Table::Routes, "").await?;
        let read = |(id, value)| match serde_json::from_value(value) {
            Ok(route) => Some(route),
            Err(error) => {
                tracing::error!(id, %error, "a route cannot be read and is left out");
                None
            }
        };
        let before = self.held.last().unwrap_or_default();
        Ok(RouteTable::new(rows.into_iter().filter_map(read), &before))
    }

    /// Keeps a new route.
    ///
    /// # Errors
    /// A [`RouteError`]; nothing was kept.
    pub async fn create(
        &self,
        store: &dyn Store,
        new: NewRoute,
        now: Timestamp,
    ) -> Result<Route, RouteError> {
        let NewRoute { priority, description, expression, actions } = new;
        if expression.trim().is_empty() {
            return Err(RouteError::NoExpression);
        }
        let _alone = self.changing.lock().await;
        if self.table(store).await?.routes().len() >= MOST_ROUTES {
            return Err(RouteError::TooManyRoutes);
        }
        let route = Route {
            id: fresh_id(now),
            priority,
            description,
            expression,
            actions: parted(&actions)?,
            created_at: now,
        };
        Self::keep(store, route).await
    }

    /// Changes a route.
    ///
    /// # Errors
    /// A [`RouteError`]; nothing was changed.
    pub async fn update(
        &self,
        store: &dyn Store,
        id: &str,
        change: RouteChange,
    ) -> Result<Route, RouteError> {
        let _alone = self.changing.lock().await;
        let mut route = self.table(store).await?.route(id).cloned().ok_or(RouteError::NotFound)?;
        route.priority = change.priority.unwrap_or(route.priority);
        route.description = change.description.unwrap_or(route.description);
        route.expression = change.expression.unwrap_or(route.expression);
        if let Some(actions) = change.actions {
            route.actions = parted(&actions)?;
        }
        Self::keep(store, route).await
    }

    /// Removes a route, and gives it back.
    ///
    /// # Errors
    /// [`RouteError::NotFound`], or the store failed; nothing was changed.
    pub async fn remove(&self, store: &dyn Store, id: &str) -> Result<Route, RouteError> {
        let _alone = self.changing.lock().await;
        let route = self.table(store).await?.route(id).cloned().ok_or(RouteError::NotFound)?;
        store.delete(Table::Routes, vec![route.id.clone()]).await?;
        Ok(route)
    }

    async fn keep(store: &dyn Store, route: Route) -> Result<Route, RouteError> {
        let rule = Rule::parse(route)?;
        store.put(Table::Routes, vec![(rule.route.id.clone(), written(&rule.route)?)]).await?;
        Ok(rule.route)
    }
}
