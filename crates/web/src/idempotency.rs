//! Requests that may come twice and act once: the client numbers them, and who sends one again hears what was answered before.

use aws_lc_rs::digest;
use axum::http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tegami_mail::hex;
use tegami_queue::Turn;
use tegami_store::{Store, StoreError, Table, TableChange};

use crate::error::ApiError;
use crate::house::Rooms;

/// How long an answer is remembered.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// Longest number of a request, in octets.
const LONGEST: usize = 255;
/// Rows looked at in one step.
const PAGE: usize = 500;

/// What is kept of a request.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    /// What was asked, as a hash.
    fingerprint: String,
    /// The Message-ID that was answered.
    message_id: String,
    at: Timestamp,
}

/// Why a request is not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Clash {
    /// The same number, another request. The fault is the client's.
    #[error("this Idempotency-Key was used before with another request: every new request needs a new key")]
    Another,
    /// The same request is under way: it may be asked again in a moment.
    #[error("a request with this Idempotency-Key is still under way: try again in a moment")]
    UnderWay,
    /// Not a number that can be kept.
    #[error("Idempotency-Key: a key has 1 to {LONGEST} printable ASCII characters")]
    BadKey,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Clash> for ApiError {
    fn from(clash: Clash) -> Self {
        let status = match clash {
            Clash::Another => 422,
            Clash::UnderWay => 409,
            Clash::BadKey => 400,
            Clash::Store(error) => return error.into(),
        };
        Self::NotAccepted { status, message: clash.to_string() }
    }
}

/// What is known of a request.
pub(crate) enum Before {
    /// It was made, and this Message-ID was answered.
    Answered(String),
    /// It is made now; nobody else makes the same while the ticket is held.
    Never(Option<Ticket>),
}

/// The right to make a request, and what is to be remembered of it.
pub(crate) struct Ticket {
    row: String,
    fingerprint: String,
    _turn: Turn,
}

impl Ticket {
    /// That it was made: belongs into the commit that makes it.
    pub(crate) fn change(&self, message_id: &str, now: Timestamp) -> TableChange {
        let row = Row { fingerprint: self.fingerprint.clone(), message_id: message_id.to_owned(), at: now };
        let value = serde_json::to_value(row).unwrap_or_default();
        TableChange { table: Table::Idempotency, key: self.row.clone(), value: Some(value) }
    }
}

/// A hash of what is asked for.
pub(crate) struct Fingerprint(digest::Context);

impl Fingerprint {
    /// Of a request of this kind.
    pub(crate) fn new(kind: &str) -> Self {
        let mut fingerprint = Self(digest::Context::new(&digest::SHA256));
        fingerprint.add(kind.as_bytes());
        fingerprint
    }

    /// One part of it. Parts do not run into each other.
    pub(crate) fn add(&mut self, part: &[u8]) {
        self.0.update(&part.len().to_be_bytes());
        self.0.update(part);
    }

    fn finish(self) -> String {
        hex(self.0.finish().as_ref())
    }
}

/// The number that a client gave its request.
pub(crate) fn key_of(headers: &HeaderMap) -> Result<Option<String>, Clash> {
    let value = ["Idempotency-Key", "X-Idempotency-Key"].iter().find_map(|name| headers.get(*name));
    value.map(|value| checked(value.to_str().unwrap_or_default())).transpose()
}

/// A number that can be kept.
pub(crate) fn checked(key: &str) -> Result<String, Clash> {
    let key = key.trim();
    let fine = (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if fine { Ok(key.to_owned()) } else { Err(Clash::BadKey) }
}

/// Whether a request with this number was made; if not, the right to make it. Numbers of different API keys and domains have nothing to do with each other.
pub(crate) async fn look(
    rooms: &Rooms,
    (asks, domain): (&str, &str),
    key: &str,
    fingerprint: Fingerprint,
) -> Result<Before, Clash> {
    let mut named = Fingerprint::new(asks);
    named.add(key.as_bytes());
    let row = format!("{domain}/{}", named.finish());
    let turn = rooms.intake.turn(&row).ok_or(Clash::UnderWay)?;
    let fingerprint = fingerprint.finish();
    if let Some(value) = rooms.store.get(Table::Idempotency, &row).await?
        && let Ok(found) = serde_json::from_value::<Row>(value)
        && !is_over(&found, rooms.clock.now())
    {
        return if found.fingerprint == fingerprint {
            Ok(Before::Answered(found.message_id))
        } else {
            Err(Clash::Another)
        };
    }
    Ok(Before::Never(Some(Ticket { row, fingerprint, _turn: turn })))
}

fn is_over(row: &Row, now: Timestamp) -> bool {
    now.duration_since(row.at) >= KEPT
}

/// Forgets requests that are older than a day. Tells how many.
///
/// # Errors
/// The store could not be read or written; some are forgotten then.
pub async fn forget_requests(store: &dyn Store, now: Timestamp) -> Result<usize, StoreError> {
    let (mut after, mut forgotten) = (None::<String>, 0);
    loop {
        let rows = store.scan(Table::Idempotency, "", after.as_deref(), PAGE).await?;
        let Some((last, _)) = rows.last() else { return Ok(forgotten) };
        after = Some(last.clone());
        let is_old = |value: serde_json::Value| {
            serde_json::from_value::<Row>(value).map_or(true, |row| is_over(&row, now))
        };
        let old: Vec<String> =
            rows.into_iter().filter_map(|(key, value)| is_old(value).then_some(key)).collect();
        forgotten += old.len();
        if !old.is_empty() {
            store.delete(Table::Idempotency, old).await?;
        }
    }
}
