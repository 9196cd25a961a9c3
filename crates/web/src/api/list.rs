//! Mailing lists and their members.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_mail::NameAddr;
use tegami_queue::{AccessLevel, MailingList, Member as Kept, ReplyPreference, member_key};
use tegami_store::Table;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{Changing, Named, Usual};
use super::input::{Asked, Body};
use super::limited;
use super::queue::one_line;
use super::search::search;
use crate::error::{ApiError, good};
use crate::house::{House, Shared};
use crate::segments::Segments;

/// Members that are added at once.
const MOST: usize = 1000;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(all, create))
        .routes(routes!(one, change, remove))
        .routes(routes!(members, add))
        .routes(routes!(remove_member))
}

/// A mailing list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct List {
    /// Mail to it goes to its members.
    pub(crate) address: String,
    /// What people call it.
    pub(crate) name: String,
    /// For people.
    pub(crate) description: String,
    /// Who may write to it: `readonly` (whoever may send as the list), `members` (they too) or `everyone` (every account).
    #[schema(value_type = String)]
    pub(crate) access_level: AccessLevel,
    /// Where answers go: `list` or `sender`.
    #[schema(value_type = String)]
    pub(crate) reply_preference: ReplyPreference,
    /// How many it has, those who left included.
    pub(crate) members: usize,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
}

impl From<&MailingList> for List {
    fn from(list: &MailingList) -> Self {
        Self {
            address: list.address.clone(),
            name: list.name.clone(),
            description: list.description.clone(),
            access_level: list.access_level,
            reply_preference: list.reply_preference,
            members: list.members_count,
            created_at: list.created_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
struct Lists {
    /// By their addresses.
    lists: Vec<List>,
}

/// What of a list people choose.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct Terms {
    /// What people call it.
    pub(crate) name: String,
    /// For people.
    pub(crate) description: String,
    /// `readonly`, `members` or `everyone`.
    #[schema(value_type = String)]
    pub(crate) access_level: AccessLevel,
    /// `list` or `sender`.
    #[schema(value_type = String)]
    pub(crate) reply_preference: ReplyPreference,
}

/// A list that somebody wants.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct Wanted {
    /// In a domain of ours.
    pub(crate) address: String,
    #[serde(flatten)]
    pub(crate) terms: Terms,
}

/// Somebody on a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Member {
    pub(crate) address: String,
    pub(crate) name: String,
    /// `false` for who left and is kept on record.
    pub(crate) subscribed: bool,
    /// What templates know of them.
    #[schema(value_type = Object)]
    pub(crate) vars: serde_json::Map<String, serde_json::Value>,
}

impl From<Kept> for Member {
    fn from(member: Kept) -> Self {
        let Kept { address, name, subscribed, vars } = member;
        Self { address, name, subscribed, vars }
    }
}

/// A page of members.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Members {
    /// By their addresses.
    pub(crate) members: Vec<Member>,
    /// `after` of the following page; `null` where there is none.
    pub(crate) next: Option<String>,
}

/// Which members.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Search {
    /// The address or the name, or a part of it.
    pub(crate) q: Option<String>,
    /// `next` of the page before.
    pub(crate) after: Option<String>,
    /// At most so many, 50 unless asked for otherwise, never more than 500.
    pub(crate) limit: Option<u32>,
}

/// People for a list.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct Newcomers {
    /// Addresses, with or without display names; those who left are taken in again.
    #[schema(min_items = 1, max_items = 1000)]
    pub(crate) members: Vec<String>,
}

impl House {
    /// All lists, by address.
    pub(crate) async fn lists(&self) -> Result<Vec<List>, ApiError> {
        let lists = self.rooms.intake.lists().all().await?;
        Ok(lists.values().map(List::from).collect())
    }

    /// One list.
    pub(crate) async fn list(&self, address: &str) -> Result<List, ApiError> {
        Ok(List::from(&self.rooms.intake.lists().find(address).await?))
    }

    /// Makes a list.
    pub(crate) async fn make_list(&self, wanted: Wanted) -> Result<List, ApiError> {
        let mut list = MailingList {
            address: self.list_address(&wanted.address).await?,
            name: String::new(),
            description: String::new(),
            access_level: AccessLevel::default(),
            reply_preference: ReplyPreference::default(),
            created_at: self.rooms.clock.now(),
            members_count: 0,
        };
        wanted.terms.apply(&mut list);
        self.rooms.intake.lists().create(list.clone()).await?;
        Ok(List::from(&list))
    }

    /// Changes what people choose of a list.
    pub(crate) async fn change_list(&self, address: &str, terms: Terms) -> Result<List, ApiError> {
        let list = self.rooms.intake.lists().alter(address, |list| terms.apply(list)).await?;
        Ok(List::from(&list))
    }

    /// Takes a list away, with its members.
    pub(crate) async fn remove_list(&self, address: &str) -> Result<List, ApiError> {
        Ok(List::from(&self.rooms.intake.lists().remove(address).await?))
    }

    /// A page of the members of a list.
    pub(crate) async fn list_members(&self, address: &str, asked: &Search) -> Result<Members, ApiError> {
        let list = self.rooms.intake.lists().find(address).await?;
        let wanted = asked.q.as_deref().map(str::to_lowercase);
        let fits = |_: &str, member: Kept| {
            let has = |text: &str, wanted: &String| text.to_lowercase().contains(wanted);
            let fits = wanted.as_ref().is_none_or(|q| has(&member.address, q) || has(&member.name, q));
            fits.then(|| member.into())
        };
        let prefix = member_key(&list.address, "");
        let (place, limit) = ((Table::ListMembers, prefix.as_str()), limited(asked.limit));
        let store = &*self.rooms.store;
        let (members, next) = search(store, place, asked.after.as_deref(), limit, fits).await?;
        Ok(Members { members, next })
    }

    /// Puts people on a list.
    pub(crate) async fn add_members(&self, address: &str, wanted: &Newcomers) -> Result<List, ApiError> {
        if wanted.members.is_empty() || wanted.members.len() > MOST {
            return Err(ApiError::bad(format!("`members` are 1 to {MOST} addresses")));
        }
        let member = |written: &String| {
            let parsed = NameAddr::parse(written.trim())
                .map_err(|error| ApiError::bad(format!("`{}`: {error}", one_line(written))))?;
            Ok(Kept {
                address: parsed.address.to_string(),
                name: one_line(&parsed.name.unwrap_or_default()),
                subscribed: true,
                vars: serde_json::Map::new(),
            })
        };
        let members = wanted.members.iter().map(member).collect::<Result<Vec<_>, ApiError>>()?;
        Ok(List::from(&self.rooms.intake.lists().add(address, members, true).await?))
    }

    /// Takes somebody off a list.
    pub(crate) async fn remove_member(&self, list: &str, member: &str) -> Result<Member, ApiError> {
        Ok(self.rooms.intake.lists().remove_member(list, member).await?.into())
    }
}

impl Terms {
    fn apply(self, list: &mut MailingList) {
        let Self { name, description, access_level, reply_preference } = self;
        (list.name, list.description) = (one_line(&name), one_line(&description));
        (list.access_level, list.reply_preference) = (access_level, reply_preference);
    }
}

/// All mailing lists.
#[utoipa::path(get, path = "/api/lists", tag = "lists", operation_id = "lists", responses((status = 200, body = Lists), Usual))]
async fn all(State(house): State<Shared>) -> Result<Response, ApiError> {
    Ok(good(&Lists { lists: house.lists().await? }))
}

/// Makes a mailing list.
#[utoipa::path(post, path = "/api/lists", tag = "lists", operation_id = "create_list", request_body = Wanted, responses((status = 200, body = List), Changing))]
async fn create(State(house): State<Shared>, Body(wanted): Body<Wanted>) -> Result<Response, ApiError> {
    Ok(good(&house.make_list(wanted).await?))
}

/// One mailing list.
#[utoipa::path(get, path = "/api/lists/{list}", tag = "lists", operation_id = "list", params(("list" = String, Path, description = "The list's address.")), responses((status = 200, body = List), Named))]
async fn one(State(house): State<Shared>, Segments(list): Segments<String>) -> Result<Response, ApiError> {
    Ok(good(&house.list(&list).await?))
}

/// Changes a mailing list.
#[utoipa::path(put, path = "/api/lists/{list}", tag = "lists", operation_id = "change_list", params(("list" = String, Path, description = "The list's address.")), request_body = Terms, responses((status = 200, body = List), Changing))]
async fn change(
    State(house): State<Shared>,
    Segments(list): Segments<String>,
    Body(terms): Body<Terms>,
) -> Result<Response, ApiError> {
    Ok(good(&house.change_list(&list, terms).await?))
}

/// Takes a mailing list away with its members, and gives it back.
#[utoipa::path(delete, path = "/api/lists/{list}", tag = "lists", operation_id = "remove_list", params(("list" = String, Path, description = "The list's address.")), responses((status = 200, body = List), Changing))]
async fn remove(State(house): State<Shared>, Segments(list): Segments<String>) -> Result<Response, ApiError> {
    Ok(good(&house.remove_list(&list).await?))
}

/// The members of a mailing list.
#[utoipa::path(get, path = "/api/lists/{list}/members", tag = "lists", operation_id = "members", params(("list" = String, Path, description = "The list's address."), Search), responses((status = 200, body = Members), Named))]
async fn members(
    State(house): State<Shared>,
    Segments(list): Segments<String>,
    Asked(asked): Asked<Search>,
) -> Result<Response, ApiError> {
    Ok(good(&house.list_members(&list, &asked).await?))
}

/// Puts people on a mailing list.
#[utoipa::path(post, path = "/api/lists/{list}/members", tag = "lists", operation_id = "add_members", params(("list" = String, Path, description = "The list's address.")), request_body = Newcomers, responses((status = 200, body = List), Changing))]
async fn add(
    State(house): State<Shared>,
    Segments(list): Segments<String>,
    Body(wanted): Body<Newcomers>,
) -> Result<Response, ApiError> {
    Ok(good(&house.add_members(&list, &wanted).await?))
}

/// Takes somebody off a mailing list, and tells who it was.
#[utoipa::path(delete, path = "/api/lists/{list}/members/{member}", tag = "lists", params(("list" = String, Path, description = "The list's address."), ("member" = String, Path, description = "The member's address.")), responses((status = 200, body = Member), Changing))]
async fn remove_member(
    State(house): State<Shared>,
    Segments((list, member)): Segments<(String, String)>,
) -> Result<Response, ApiError> {
    Ok(good(&house.remove_member(&list, &member).await?))
}
