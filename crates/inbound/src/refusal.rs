//! Refusals are remembered, so that "your server refused my mail" has an answer.

use std::net::IpAddr;

use serde_json::{Value, json};
use tegami_mail::{Clock, Domain, Note, Reply, ReversePath};
use tegami_store::{EventKind, Json, NewEvent, Store};

/// Refusals that one session may put on record; what follows is in the log alone. A client that guesses addresses must not
/// make us write without end.
const MOST: usize = 20;

/// What was refused, and why.
pub(crate) struct Refused<'a> {
    pub(crate) ip: IpAddr,
    /// The authenticated account, if any.
    pub(crate) account: Option<&'a str>,
    pub(crate) reverse_path: &'a ReversePath,
    /// The sending domain; where there is none, each event stands under the domain of its recipient.
    pub(crate) domain: Option<&'a Domain>,
    /// Each gets an event of its own.
    pub(crate) recipients: &'a [tegami_mail::Address],
    pub(crate) reply: &'a Reply,
    pub(crate) why: &'a Note,
    pub(crate) verdicts: Option<Value>,
}

/// The refusals of one session.
#[derive(Debug, Default)]
pub(crate) struct Record {
    written: usize,
}

impl Record {
    /// Writes one event for each recipient. A failure of the store is told to the log: the refusal stands all the same.
    pub(crate) async fn write(&mut self, refused: Refused<'_>, store: &dyn Store, clock: &dyn Clock) {
        let Refused { ip, account, reverse_path, domain, recipients, reply, why, verdicts } = refused;
        let room = MOST.saturating_sub(self.written);
        let at = clock.now();
        let data: Json = json!({
            "ip": ip,
            "account": account,
            "reverse_path": reverse_path,
            "code": reply.code,
            "message": reply.lines.join("\n"),
            "reply": reply.to_string(),
            "why": why,
            "verdicts": verdicts,
        })
        .into();
        let events: Vec<_> = recipients
            .iter()
            .take(room)
            .map(|recipient| NewEvent {
                kind: EventKind::Rejected,
                at,
                domain: domain.or(recipient.domain()).map(Domain::to_string).unwrap_or_default(),
                message: None,
                recipient: Some(recipient.to_string()),
                data: data.clone(),
            })
            .collect();
        self.written += events.len();
        if events.is_empty() {
            return;
        }
        if let Err(error) = store.record(events).await {
            tracing::warn!(%error, "cannot record a refusal");
        }
    }
}
