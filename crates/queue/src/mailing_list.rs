//! Mailing lists: an address of ours, and who gets what is sent to it.
//!
//! A message to a list becomes one copy for each subscribed member, in the commit of its acceptance ([`crate::Intake::accept`]).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tegami_mail::Address;
use tegami_store::{NewEvent, Store, StoreError, Table, TableChange};

use crate::held::{Held, read, read_all};

/// Most members of a list: a message to it is one commit.
pub const MOST_MEMBERS: usize = 5000;

/// A mailing list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailingList {
    /// Its address.
    pub address: String,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Who may write to it.
    pub access_level: AccessLevel,
    /// Where answers go.
    pub reply_preference: ReplyPreference,
    /// Since when.
    pub created_at: Timestamp,
    /// How many members it has, those who left among them.
    pub members_count: usize,
}

/// Who may write to a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccessLevel {
    /// Whoever may send as its address.
    #[default]
    ReadOnly,
    /// Its members too.
    Members,
    /// Everybody.
    Everyone,
}

impl AccessLevel {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "readonly",
            Self::Members => "members",
            Self::Everyone => "everyone",
        }
    }

    /// From [`AccessLevel::as_str`].
    pub fn named(text: &str) -> Option<Self> {
        [Self::ReadOnly, Self::Members, Self::Everyone].into_iter().find(|level| level.as_str() == text)
    }
}

/// Where answers to a message of a list go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplyPreference {
    /// To the list.
    #[default]
    List,
    /// To who wrote it.
    Sender,
}

impl ReplyPreference {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Sender => "sender",
        }
    }

    /// From [`ReplyPreference::as_str`].
    pub fn named(text: &str) -> Option<Self> {
        [Self::List, Self::Sender].into_iter().find(|preference| preference.as_str() == text)
    }
}

/// A member of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Whom.
    pub address: String,
    /// What people call them.
    pub name: String,
    /// Whether they get what is sent to the list.
    pub subscribed: bool,
    /// What stands for `%recipient.NAME%` in their copies.
    pub vars: Map<String, Value>,
}

/// Why something about lists was not done.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ListError {
    /// There is no such list.
    #[error("Mailing list {0} not found")]
    NotFound(String),
    /// There is one.
    #[error("Duplicate object")]
    Exists(String),
    /// The list has no such member.
    #[error("Member {member} of mailing list {list} not found")]
    NoMember {
        /// Whom.
        member: String,
        /// Of which list.
        list: String,
    },
    /// The list has this member.
    #[error("Address already exists '{0}'")]
    MemberExists(String),
    /// The list would have more members than it can.
    #[error("a mailing list has at most {MOST_MEMBERS} members on this server")]
    TooManyMembers,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The lists of this server. They are few and every message asks for them, so they are held in memory.
pub struct MailingLists {
    store: Arc<dyn Store>,
    held: Held<BTreeMap<String, MailingList>>,
    /// One change after the other: the count of members is read and written.
    changing: tokio::sync::Mutex<()>,
}

/// The key of a list.
pub fn list_key(address: &str) -> String {
    address.to_lowercase()
}

/// The key of a member.
pub fn member_key(list: &str, member: &str) -> String {
    format!("{}/{}", list_key(list), member.to_lowercase())
}

impl MailingLists {
    /// Those in `store`.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, held: Held::default(), changing: tokio::sync::Mutex::new(()) }
    }

    /// All of them, by address.
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn all(&self) -> Result<Arc<BTreeMap<String, MailingList>>, StoreError> {
        let store = self.store.as_ref();
        let read = async { Ok(read_all(store, Table::Lists, "").await?.into_iter().collect()) };
        self.held.get(store, Table::Lists, read).await
    }

    /// The list of this address.
    ///
    /// # Errors
    /// [`ListError::NotFound`], or the store failed.
    pub async fn find(&self, address: &str) -> Result<MailingList, ListError> {
        let lists = self.all().await?;
        lists.get(&list_key(address)).cloned().ok_or_else(|| ListError::NotFound(address.to_owned()))
    }

    /// The list that a recipient is, if it is one.
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn of(&self, address: &Address) -> Result<Option<MailingList>, StoreError> {
        let lists = self.all().await?;
        if lists.is_empty() {
            return Ok(None);
        }
        Ok(lists.get(&list_key(&address.to_string())).cloned())
    }

    /// Makes a list.
    ///
    /// # Errors
    /// [`ListError::Exists`], or the store failed.
    pub async fn create(&self, list: MailingList) -> Result<(), ListError> {
        let _alone = self.changing.lock().await;
        if self.all().await?.contains_key(&list_key(&list.address)) {
            return Err(ListError::Exists(list.address));
        }
        Ok(self.store.change(vec![change_of(&list)]).await?)
    }

    /// Changes a list. A new address takes its members along.
    ///
    /// # Errors
    /// [`ListError::NotFound`], [`ListError::Exists`], or the store failed.
    pub async fn alter(
        &self,
        address: &str,
        change: impl FnOnce(&mut MailingList) + Send,
    ) -> Result<MailingList, ListError> {
        let _alone = self.changing.lock().await;
        let before = self.find(address).await?;
        let mut after = before.clone();
        change(&mut after);
        let moves = list_key(&before.address) != list_key(&after.address);
        let mut changes = vec![change_of(&after)];
        if moves {
            if self.all().await?.contains_key(&list_key(&after.address)) {
                return Err(ListError::Exists(after.address));
            }
            let table = Table::Lists;
            changes.push(TableChange { table, key: list_key(&before.address), value: None });
            for member in self.members(&before.address).await? {
                let (from, to) = (&before.address, &after.address);
                let key = member_key(from, &member.address);
                changes.push(TableChange { table: Table::ListMembers, key, value: None });
                changes.push(member_change(to, &member));
            }
        }
        self.store.change(changes).await?;
        Ok(after)
    }

    /// Takes a list away, with its members.
    ///
    /// # Errors
    /// [`ListError::NotFound`], or the store failed.
    pub async fn remove(&self, address: &str) -> Result<MailingList, ListError> {
        let _alone = self.changing.lock().await;
        let list = self.find(address).await?;
        let mut changes =
            vec![TableChange { table: Table::Lists, key: list_key(&list.address), value: None }];
        for member in self.members(&list.address).await? {
            let key = member_key(&list.address, &member.address);
            changes.push(TableChange { table: Table::ListMembers, key, value: None });
        }
        self.store.change(changes).await?;
        Ok(list)
    }

    /// All members of a list, by address.
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn members(&self, list: &str) -> Result<Vec<Member>, StoreError> {
        let rows = read_all(self.store.as_ref(), Table::ListMembers, &member_key(list, "")).await?;
        Ok(rows.into_iter().map(|(_, member)| member).collect())
    }

    /// One member.
    ///
    /// # Errors
    /// [`ListError::NoMember`], or the store failed.
    pub async fn member(&self, list: &str, member: &str) -> Result<Member, ListError> {
        let key = member_key(list, member);
        match self.store.get(Table::ListMembers, &key).await? {
            Some(value) => Ok(read(&key, value)?),
            None => Err(ListError::NoMember { member: member.to_owned(), list: list.to_owned() }),
        }
    }

    /// Adds members, all or none. Those who are there are changed where `upsert` says so.
    ///
    /// # Errors
    /// [`ListError`].
    pub async fn add(
        &self,
        list: &str,
        members: Vec<Member>,
        upsert: bool,
    ) -> Result<MailingList, ListError> {
        let _alone = self.changing.lock().await;
        let mut list = self.find(list).await?;
        let mut changes: BTreeMap<String, TableChange> = BTreeMap::new();
        for member in members {
            let key = member_key(&list.address, &member.address);
            let is_new =
                !changes.contains_key(&key) && self.store.get(Table::ListMembers, &key).await?.is_none();
            if !is_new && !upsert {
                return Err(ListError::MemberExists(member.address));
            }
            list.members_count += usize::from(is_new);
            changes.insert(key, member_change(&list.address, &member));
        }
        if list.members_count > MOST_MEMBERS {
            return Err(ListError::TooManyMembers);
        }
        let changes = changes.into_values().chain([change_of(&list)]).collect();
        self.store.change(changes).await?;
        Ok(list)
    }

    /// Changes a member, perhaps its address.
    ///
    /// # Errors
    /// [`ListError`].
    pub async fn alter_member(
        &self,
        list: &str,
        member: &str,
        change: impl FnOnce(&mut Member) + Send,
    ) -> Result<Member, ListError> {
        let _alone = self.changing.lock().await;
        let list = self.find(list).await?;
        let before = self.member(&list.address, member).await?;
        let mut after = before.clone();
        change(&mut after);
        let (old, new) =
            (member_key(&list.address, &before.address), member_key(&list.address, &after.address));
        let mut changes = vec![member_change(&list.address, &after)];
        if old != new {
            if self.store.get(Table::ListMembers, &new).await?.is_some() {
                return Err(ListError::MemberExists(after.address));
            }
            changes.push(TableChange { table: Table::ListMembers, key: old, value: None });
        }
        self.store.change(changes).await?;
        Ok(after)
    }

    /// A member leaves by a link: it stays on record, and the event is told in the same commit. `false`: it was no subscribed member.
    ///
    /// # Errors
    /// The store could not be read or written.
    pub async fn leave(&self, list: &str, member: &str, event: NewEvent) -> Result<bool, StoreError> {
        let _alone = self.changing.lock().await;
        let mut member = match self.member(list, member).await {
            Ok(member) if member.subscribed => member,
            Ok(_) | Err(ListError::NoMember { .. }) => return Ok(false),
            Err(ListError::Store(error)) => return Err(error),
            Err(_) => return Ok(false),
        };
        member.subscribed = false;
        self.store.tell(vec![event], vec![member_change(list, &member)]).await?;
        Ok(true)
    }

    /// Takes a member off a list.
    ///
    /// # Errors
    /// [`ListError`].
    pub async fn remove_member(&self, list: &str, member: &str) -> Result<Member, ListError> {
        let _alone = self.changing.lock().await;
        let mut list = self.find(list).await?;
        let member = self.member(&list.address, member).await?;
        list.members_count = list.members_count.saturating_sub(1);
        let key = member_key(&list.address, &member.address);
        let gone = TableChange { table: Table::ListMembers, key, value: None };
        self.store.change(vec![gone, change_of(&list)]).await?;
        Ok(member)
    }
}

impl MailingList {
    /// What stands in List-Id (RFC 2919 section 3): the address with a dot in it.
    pub fn id(&self) -> String {
        self.address.replacen('@', ".", 1)
    }
}

fn change_of(list: &MailingList) -> TableChange {
    let value = serde_json::to_value(list).unwrap_or_default();
    TableChange { table: Table::Lists, key: list_key(&list.address), value: Some(value) }
}

fn member_change(list: &str, member: &Member) -> TableChange {
    let value = serde_json::to_value(member).unwrap_or_default();
    TableChange { table: Table::ListMembers, key: member_key(list, &member.address), value: Some(value) }
}
