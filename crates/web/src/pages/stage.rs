//! What only the lab knows: the story that is told, the map, and what the other hosts saw.

use serde::Deserialize;
use tegami_mail::{StoredNote, Transcript};
use tegami_store::QueueId;
use tokio::sync::watch;

/// What the lab adds to the pages of its site. Every call gives what is true now; [`Stage::changes`] says when to ask again.
pub trait Stage: Send + Sync + 'static {
    /// The messages of the story, in order.
    fn scenes(&self) -> Vec<Scene>;

    /// What the receiving hosts saw, oldest first, as the lab's `Visit` is serialized; the place in the list is
    /// the number in [`Scene::visits`].
    fn visits(&self) -> Vec<serde_json::Value>;

    /// What can be copied into a terminal and works.
    fn commands(&self) -> Vec<Command>;

    /// The machines on the map.
    fn hosts(&self) -> Vec<HostView>;

    /// Grows with every change of scenes or visits.
    fn changes(&self) -> watch::Receiver<u64>;
}

/// One message of the story.
#[derive(Clone, Debug)]
pub struct Scene {
    /// From 1.
    pub number: usize,
    /// What is shown.
    pub title: StoredNote,
    /// Why it matters, in a sentence or three.
    pub explanation: StoredNote,
    /// The message at our server; `None` where somebody else sent it to somebody else, or before it was accepted.
    pub message: Option<QueueId>,
    /// From whom, for people.
    pub from: String,
    /// To whom, for people.
    pub to: String,
    /// What should come of it.
    pub expected: StoredNote,
    /// What came of it; `None` while it is under way.
    pub fate: Option<Fate>,
    /// Places of its visits in [`Stage::visits`].
    pub visits: Vec<usize>,
}

/// What came of a message of the story.
#[derive(Clone, Debug)]
pub struct Fate {
    /// In one word.
    pub word: FateWord,
    /// Whether this was expected.
    pub as_expected: bool,
    /// The sentence that tells why.
    pub deciding: StoredNote,
}

/// The fates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FateWord {
    /// The receiver took it at once.
    Delivered,
    /// The receiver took it after it had to wait.
    DeliveredLater,
    /// The receiver took it, and put it where few people look.
    Junk,
    /// It was given back to its sender.
    Bounced,
    /// It was refused at the door.
    Refused,
}

/// Something to copy into a terminal.
#[derive(Clone, Debug)]
pub struct Command {
    /// What it does.
    pub title: StoredNote,
    /// The command, one line or several.
    pub text: String,
}

/// One machine on the map.
#[derive(Clone, Debug)]
pub struct HostView {
    /// Its name.
    pub name: String,
    /// Its address, with the port where that helps.
    pub address: String,
    /// What it is there for.
    pub role: Role,
    /// Its habit, as in the visits; empty where it has none.
    pub habit: String,
    /// How it behaves.
    pub explanation: StoredNote,
}

/// What a machine is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Our own server.
    Site,
    /// The DNS.
    Dns,
    /// Takes mail.
    Receiver,
    /// Does not answer.
    Silent,
    /// Sends mail of its own.
    Sender,
}

/// A visit, read from the lab's JSON. Fields that are absent are empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Visit {
    pub(crate) host: String,
    pub(crate) habit: String,
    pub(crate) at: Option<jiff::Timestamp>,
    pub(crate) client: String,
    pub(crate) helo: String,
    pub(crate) tls: Option<String>,
    pub(crate) reverse_path: String,
    pub(crate) recipients: Vec<String>,
    pub(crate) verdicts: Option<serde_json::Value>,
    pub(crate) reply: String,
    pub(crate) accepted: bool,
    pub(crate) mailbox: Option<String>,
    pub(crate) message_id: Option<String>,
    pub(crate) transcript: Transcript,
}

impl Visit {
    /// What cannot be read is an empty visit: the place in the list stays.
    pub(crate) fn read(value: serde_json::Value) -> Self {
        serde_json::from_value(value).unwrap_or_default()
    }
}
