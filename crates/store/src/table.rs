//! Plain tables: small records that people and programs administer, kept as JSON under a text key.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Table {
    /// [`Account`] by name.
    Accounts,
    /// [`ApiKey`] by the SHA-256 of the key, in hex.
    ApiKeys,
    /// [`DomainRow`] by domain.
    Domains,
    /// [`DkimKeyRow`] by `domain/selector`.
    DkimKeys,
    /// [`Suppression`] by `domain/list/lower-case address`.
    Suppressions,
}

/// Somebody who may submit or owns mailboxes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The user name, usually an address.
    pub name: String,
    /// Argon2id hash in PHC form.
    pub password_hash: String,
    /// Addresses it may send as: `user@example.org` or `*@example.org`.
    pub senders: Vec<String>,
    /// Addresses whose mail lands in its mailboxes.
    pub addresses: Vec<String>,
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
}

/// A domain of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainRow {
    /// A-label form.
    pub name: String,
    /// When it came to us.
    pub created_at: Timestamp,
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

/// The key of a [`Suppression`]: an address is suppressed however its letters are written.
pub fn suppression_key(domain: &str, list: SuppressionList, address: &str) -> String {
    format!("{domain}/{}/{}", list.as_str(), address.to_lowercase())
}
