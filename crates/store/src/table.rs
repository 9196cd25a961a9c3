//! Plain tables: small records that people and programs administer, kept as JSON under a text key.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_mail::failure::Cause;

use crate::QueueId;

/// The tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Table {
    /// [`Account`] by name.
    Accounts,
    /// [`ApiKey`] by the SHA-256 of the key, in hex.
    ApiKeys,
    /// [`DomainRow`](crate::DomainRow) by domain.
    Domains,
    /// [`DkimKeyRow`] by `domain/selector`.
    DkimKeys,
    /// Policies of MTA-STS by domain, as they were fetched.
    MtaStsPolicies,
    /// [`Suppression`] by `domain/list/lower-case address`.
    Suppressions,
    /// [`FailureCount`] by `domain/lower-case address`.
    FailureCounts,
    /// Sessions by policy and result of TLS, and what became of the report about them, by `date/domain`.
    TlsReports,
    /// What is known of providers: back-off and counters by `path/source/place`, places of next hops by `hop/next-hop`.
    Shaping,
    /// Standing rules that hold mail, by their identifier. `queue` gives them their shape.
    Holds,
    /// Addresses and domains whose failures suppress nothing, by `domain/lower-case address or domain`.
    Allowed,
    /// Routes of incoming mail, by their identifier. `queue` gives them their shape.
    Routes,
    /// Where events are told, by `domain/type`. `web` gives them their shape.
    Webhooks,
    /// Requests that shall reach somebody's URL, and what became of them: those that wait by the moment they are due, the others by the moment they
    /// ended. `queue` gives them their shape.
    Calls,
    /// Templates of mail by `domain/name`, and their versions by `domain:name/tag`. `web` gives them their shape.
    Templates,
    /// Tags of messages, by `domain/lower-case tag`. `web` gives them their shape.
    Tags,
    /// Events counted by hour, for domains, their tags and their recipients' providers. `web` gives them their shape.
    Statistics,
    /// Mailing lists, by address. `web` gives them their shape.
    Lists,
    /// Members of mailing lists, by `list/lower-case address`. `web` gives them their shape.
    ListMembers,
    /// Who may sign in to the pages, by name. `web` gives them their shape.
    Users,
    /// Who is signed in, by the SHA-256 of the token, in hex. `web` gives them their shape.
    Sessions,
    /// Answers to requests that may come twice, by scope and key. `web` gives them their shape.
    Idempotency,
    /// Test inboxes by name, and what came to them by `name/message`. `queue` gives them their shape.
    TestInboxes,
    /// Examinations by the doctor, by `subject/milliseconds`. `web` gives them their shape.
    Checkups,
    /// Secrets and single values of this server, by name: signing keys, places in the order of events.
    Values,
}

/// A change of a plain table that belongs to another change, and is made in the same commit.
#[derive(Clone, Debug, PartialEq)]
pub struct TableChange {
    /// The table.
    pub table: Table,
    /// The row's key.
    pub key: String,
    /// What it becomes; `None` where it goes.
    pub value: Option<serde_json::Value>,
}

/// Somebody who may submit or owns mailboxes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The user name, usually an address.
    pub name: String,
    /// Argon2id hash in PHC form.
    pub password_hash: String,
    /// Addresses it may send as: `user@example.org` or `*@example.org`.
    pub senders: Vec<String>,
    /// Addresses whose mail lands in its mailboxes.
    pub addresses: Vec<String>,
    /// When it was made, where that was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// It was made as a credential of this domain: to submit mail, without a mailbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_of: Option<String>,
}

/// What an API key may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApiKeyScope {
    /// Everything.
    Account,
    /// Only sending for this domain.
    Domain(String),
}

/// An API key; the key itself is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scope: ApiKeyScope,
    /// When it was made.
    pub created_at: Timestamp,
    /// For whom it was made.
    #[serde(default)]
    pub kind: ApiKeyKind,
    /// What its holder shall do with it.
    #[serde(default)]
    pub role: ApiKeyRole,
    /// From then on it is worth nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// It is worth nothing, and may be again.
    #[serde(default)]
    pub disabled: bool,
    /// Who uses it, as its maker said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// Who asked for it, as its maker said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requestor: Option<String>,
}

/// For whom an API key was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApiKeyKind {
    /// A person or a program.
    #[default]
    User,
    /// Whoever sends for a domain.
    Domain,
    /// A page.
    Web,
}

impl ApiKeyKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::User, Self::Domain, Self::Web];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Domain => "domain",
            Self::Web => "web",
        }
    }
}

/// What the holder of an API key shall do with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApiKeyRole {
    /// Everything.
    #[default]
    Admin,
    /// Look at everything, and change nothing.
    Basic,
    /// Send.
    Sending,
    /// Everything; told apart for people.
    Developer,
}

impl ApiKeyRole {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Basic, Self::Sending, Self::Developer];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Basic => "basic",
            Self::Sending => "sending",
            Self::Developer => "developer",
        }
    }
}

/// A DKIM key of ours. The private key lies in the key folder, readable by the service user only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DkimKeyRow {
    /// SDID.
    pub domain: String,
    /// Selector.
    pub selector: String,
    /// `rsa-sha256` or `ed25519-sha256`.
    pub algorithm: String,
    /// What stands in the DNS: `v=DKIM1; k=…; p=…`.
    pub record: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Signs at present.
    pub active: bool,
    /// Where it stands in a rotation; `None` where it takes part in none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<KeyTurn>,
}

/// Where a key stands in a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "lowercase")]
pub enum KeyTurn {
    /// It will sign once its record is there for everybody.
    Coming,
    /// It signs no more; what it signed can still be verified.
    Retired {
        /// Since when.
        since: Timestamp,
    },
    /// Its record shall say that it is revoked (RFC 6376 section 3.6.1).
    Revoking,
    /// Its record says so.
    Revoked {
        /// Since when, as all servers of the zone tell it.
        since: Timestamp,
    },
    /// Its record shall be there no more.
    Leaving,
}

/// Why an address is not written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SuppressionList {
    /// Its mailbox does not exist.
    Bounces,
    /// It asked not to be written to.
    Unsubscribes,
    /// It complained.
    Complaints,
}

/// Who put an address on a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuppressionSource {
    /// A receiver refused a message in our session, and the rules say what follows.
    Rule,
    /// A notification came later, after the receiver had taken the message.
    Notification,
    /// A complaint of a reader, passed on by the receiver.
    Complaint,
    /// Somebody who administers this server.
    Person,
    /// The recipient, by a link in a message.
    Recipient,
    /// The HTTP API; also everything from before sources were kept.
    #[default]
    Api,
}

impl SuppressionSource {
    /// Every source.
    pub const ALL: [Self; 6] =
        [Self::Rule, Self::Notification, Self::Complaint, Self::Person, Self::Recipient, Self::Api];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Notification => "notification",
            Self::Complaint => "complaint",
            Self::Person => "person",
            Self::Recipient => "recipient",
            Self::Api => "api",
        }
    }
}

/// What led to a suppression.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// Our message that was refused, came back, or was complained about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<QueueId>,
    /// The notification or complaint, as it was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<QueueId>,
    /// The host that said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What it said, word for word, codes and all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reply: String,
    /// What that means, in one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// When it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// How many messages had failed alike, where more than one had to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures: Option<u32>,
}

/// An address that is not written to from one domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// The sending domain.
    pub domain: String,
    /// Why.
    pub list: SuppressionList,
    /// Whom.
    pub address: String,
    /// The reply code, for bounces.
    pub code: String,
    /// The reply, or whatever led to it.
    pub error: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Who says so.
    #[serde(default)]
    pub source: SuppressionSource,
    /// What led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Box<Evidence>>,
    /// Of an address that unsubscribed: from messages with one of these tags only. Empty, or with `*` among them: from everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// Whose failures never put anybody on the list of bounces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// The sending domain.
    pub domain: String,
    /// One address, or all of a domain.
    pub kind: AllowedKind,
    /// Which.
    pub value: String,
    /// Why, in a person's words.
    pub reason: String,
    /// Since when.
    pub created_at: Timestamp,
}

/// What an [`Allowed`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AllowedKind {
    /// One address.
    Address,
    /// Every address of this domain, not of those below it.
    Domain,
}

/// Failures of an address that do not suppress it yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FailureCount {
    /// Messages that failed because the address is bad.
    pub hard: u32,
    /// Messages that failed for another reason that lies with the recipient.
    pub soft: u32,
    /// The first of them.
    pub since: Option<Timestamp>,
}

impl SuppressionList {
    /// Every list.
    pub const ALL: [Self; 3] = [Self::Bounces, Self::Unsubscribes, Self::Complaints];

    /// Its name in keys and in the API's paths.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bounces => "bounces",
            Self::Unsubscribes => "unsubscribes",
            Self::Complaints => "complaints",
        }
    }
}

impl Suppression {
    /// Its key in [`Table::Suppressions`].
    pub fn key(&self) -> String {
        suppression_key(&self.domain, self.list, &self.address)
    }

    /// That it is kept from now on.
    pub fn change(&self) -> TableChange {
        let value = serde_json::to_value(self).unwrap_or_default();
        TableChange { table: Table::Suppressions, key: self.key(), value: Some(value) }
    }

    /// Whether it keeps a message with these tags from being sent.
    pub fn holds_for(&self, tags: &[String]) -> bool {
        let everything = self.tags.is_empty() || self.tags.iter().any(|tag| tag == EVERY_TAG);
        everything || tags.iter().any(|tag| self.tags.iter().any(|left| left.eq_ignore_ascii_case(tag)))
    }
}

/// Stands for every tag in the tags of a [`Suppression`].
pub const EVERY_TAG: &str = "*";

impl AllowedKind {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Domain => "domain",
        }
    }
}

impl Allowed {
    /// Its key in [`Table::Allowed`].
    pub fn key(&self) -> String {
        allowed_key(&self.domain, &self.value)
    }

    /// That it is kept from now on.
    pub fn change(&self) -> TableChange {
        let value = serde_json::to_value(self).unwrap_or_default();
        TableChange { table: Table::Allowed, key: self.key(), value: Some(value) }
    }
}

/// The key of an [`Allowed`].
pub fn allowed_key(domain: &str, value: &str) -> String {
    format!("{domain}/{}", value.to_lowercase())
}

/// The key of a [`Suppression`]: an address is suppressed however its letters are written.
pub fn suppression_key(domain: &str, list: SuppressionList, address: &str) -> String {
    format!("{domain}/{}/{}", list.as_str(), address.to_lowercase())
}
