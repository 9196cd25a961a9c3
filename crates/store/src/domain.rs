//! Rows of [`Table::Domains`](crate::Table::Domains): what is kept about a domain of ours.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A domain of ours, or what was set for one that the configuration names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DomainRow {
    /// A-label form.
    pub name: String,
    /// When it came to us.
    pub created_at: Timestamp,
    /// 24 hexadecimal digits that no other domain has, and none of the same name had before.
    pub id: String,
    /// The configuration named it when this was written: the row holds settings alone, and makes no domain of ours.
    pub settings_only: bool,
    /// Whether it may send.
    pub state: DomainState,
    /// Its MX records named us when they were last looked at: its mail comes here.
    pub receives: bool,
    /// What becomes of incoming mail that looks like spam.
    pub spam_action: SpamAction,
    /// Who may send as every address of it may send as those of names below it too.
    pub wildcard: bool,
    /// The label before the domain under which rewritten links lead to us.
    pub web_prefix: String,
    /// Whether those links begin with `https`.
    pub web_https: bool,
    /// Where they would lead to: scheme and host, once a request that went there has come back to this server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links_at: Option<String>,
    /// No delivery without TLS, where a message says nothing else.
    pub require_tls: bool,
    /// With `require_tls`: any certificate will do.
    pub skip_verification: bool,
    /// How long its messages are kept once they are over, in seconds, where that is shorter than the server keeps all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_ttl: Option<u64>,
    /// What is found out about readers.
    pub tracking: TrackingSettings,
    /// The URL to which a copy of each delivered message goes, where the message names none itself.
    pub archive_to: Option<String>,
    /// The host in return paths, a name below the domain.
    pub mailfrom_host: Option<String>,
    /// Kept for clients that set it; keys are not rotated by themselves here.
    pub use_automatic_sender_security: bool,
    /// Kept for clients that set it.
    pub encrypt_incoming_message: bool,
    /// What the DNS said when it was last asked.
    pub checks: Vec<RecordCheck>,
    /// When that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<Timestamp>,
}

impl Default for DomainRow {
    fn default() -> Self {
        Self {
            name: String::new(),
            created_at: Timestamp::UNIX_EPOCH,
            id: String::new(),
            settings_only: false,
            state: DomainState::default(),
            receives: false,
            spam_action: SpamAction::default(),
            wildcard: false,
            web_prefix: "email".to_owned(),
            web_https: false,
            links_at: None,
            require_tls: false,
            skip_verification: false,
            message_ttl: None,
            tracking: TrackingSettings::default(),
            archive_to: None,
            mailfrom_host: None,
            use_automatic_sender_security: false,
            encrypt_incoming_message: false,
            checks: Vec::new(),
            checked_at: None,
        }
    }
}

/// Whether a domain may send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DomainState {
    /// Its owner has not yet published what shows that the domain is meant to be here.
    #[default]
    Unverified,
    /// It may.
    Active,
    /// Somebody who administers this server took its right away.
    Disabled,
}

impl DomainState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Unverified, Self::Active, Self::Disabled];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

/// What becomes of incoming mail that looks like spam.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpamAction {
    /// Nothing.
    #[default]
    Disabled,
    /// It is refused.
    Block,
    /// Header fields tell of it.
    Tag,
    /// It is taken and thrown away.
    Delete,
}

impl SpamAction {
    /// Every action.
    pub const ALL: [Self; 4] = [Self::Disabled, Self::Block, Self::Tag, Self::Delete];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Block => "block",
            Self::Tag => "tag",
            Self::Delete => "delete",
        }
    }
}

/// What is found out about the readers of a domain's mail, where a message says nothing else. Everything is off at first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrackingSettings {
    /// An invisible picture tells that a message was opened.
    pub opens: bool,
    /// That picture stands at the top of the message, not at its end.
    pub pixel_at_the_top: bool,
    /// Links lead past us.
    pub clicks: ClickTracking,
    /// A message without a way to unsubscribe gets one.
    pub unsubscribe: bool,
    /// What is put under HTML then; `%unsubscribe_url%` stands for the link.
    pub html_footer: String,
    /// What is put under plain text then.
    pub text_footer: String,
}

impl Default for TrackingSettings {
    fn default() -> Self {
        Self {
            opens: false,
            pixel_at_the_top: false,
            clicks: ClickTracking::Off,
            unsubscribe: false,
            html_footer: "\n<br>\n<p><a href=\"%unsubscribe_url%\">unsubscribe</a></p>\n".to_owned(),
            text_footer: "\n\nTo unsubscribe click: <%unsubscribe_url%>\n\n".to_owned(),
        }
    }
}

impl TrackingSettings {
    /// Whether anything in it needs links that lead to us.
    pub fn needs_links(&self) -> bool {
        self.opens || self.unsubscribe || self.clicks != ClickTracking::Off
    }
}

/// Which links lead past us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClickTracking {
    /// None.
    #[default]
    Off,
    /// Those in HTML and in plain text.
    On,
    /// Those in HTML.
    HtmlOnly,
}

/// What the DNS said about one record that a domain needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordCheck {
    /// The name asked for, without the dot at its end.
    pub name: String,
    /// `TXT`, `MX`, `CNAME` …
    pub kind: String,
    /// What came of it.
    pub found: RecordFinding,
    /// The answer, record by record.
    pub answer: Vec<String>,
}

/// Whether a record is as it has to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordFinding {
    /// There is none, or the DNS did not say.
    #[default]
    Unknown,
    /// It is.
    Valid,
    /// There is one that says something else.
    Invalid,
}
