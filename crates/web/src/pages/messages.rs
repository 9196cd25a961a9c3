//! The list of messages, with search.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tegami_store::{MessageRow, Origin, QueueId, QueueRow};

use super::Hall;
use super::reader::{Reader, Trouble};
use super::show::{Badge, Moment, echoed, path, visible};
use crate::api::message::{Fate, Search};

/// One message in a list.
pub(crate) struct MessageLine {
    pub(crate) id: QueueId,
    pub(crate) at: Moment,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) tags: Vec<String>,
    pub(crate) badge: Badge,
    pub(crate) status: String,
    pub(crate) own: bool,
}

impl MessageLine {
    pub(crate) fn new(reader: &Reader, message: &MessageRow, rows: &[QueueRow]) -> Self {
        let status = rows.iter().filter_map(|row| row.last_status.as_deref()).next_back();
        let to: Vec<String> = rows.iter().map(|row| row.path.address.to_string()).collect();
        let summary = &message.summary;
        let reverse_path = path(&message.reverse_path.to_string());
        Self {
            id: message.id,
            at: Moment::new(message.accepted_at),
            from: if summary.from.is_empty() { reverse_path } else { visible(&summary.from) },
            to: visible(if to.is_empty() { summary.to.clone() } else { to.join(", ") }.as_str()),
            subject: visible(&summary.subject),
            tags: summary.tags.iter().map(|tag| visible(tag)).collect(),
            badge: Badge::message(reader, message, rows),
            status: visible(status.unwrap_or_default()),
            own: message.origin == Origin::Own,
        }
    }
}

/// One choice of a list.
struct Choice {
    value: String,
    name: String,
    chosen: bool,
}

/// What was searched for, as the form shows it.
#[derive(Default)]
struct Asked {
    q: String,
    recipient: String,
    sender: String,
    tag: String,
    from: String,
    to: String,
}

impl Asked {
    fn has_more(&self) -> bool {
        [&self.recipient, &self.sender, &self.tag, &self.from, &self.to].iter().any(|text| !text.is_empty())
    }
}

#[derive(Template)]
#[template(path = "messages.html", blocks = ["live"])]
struct MessagesPage<'a> {
    reader: &'a Reader,
    asked: Asked,
    fates: Vec<Choice>,
    domains: Vec<Choice>,
    searched: bool,
    messages: Vec<MessageLine>,
    older: Option<String>,
    newest: Option<&'static str>,
}

/// The list.
pub(crate) async fn page(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    uri: Uri,
) -> Result<Response, Trouble> {
    let query = uri.query().unwrap_or_default();
    let field = |name: &str| {
        let found = form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name);
        found.map(|(_, value)| echoed(&value)).unwrap_or_default()
    };
    let some = |name: &str| Some(field(name)).filter(|value| !value.is_empty());
    let fate = Fate::ALL.into_iter().find(|fate| fate.as_str() == field("fate"));
    let search = Search {
        q: some("q"),
        recipient: some("recipient"),
        sender: some("sender"),
        tag: some("tag"),
        domain: some("domain"),
        fate,
        begin: day(&field("from"), 0),
        end: day(&field("to"), 1),
        before: some("before").and_then(|id| id.parse().ok()),
        ..Search::default()
    };
    let found = reader.unless_missing(hall.house.search(&search).await)?;
    let roll = reader.unless_missing(hall.house.rooms.domains.roll().await)?;
    let domains = roll.iter().map(|ours| ours.name.to_string()).map(|name| Choice {
        chosen: search.domain.as_deref() == Some(&name),
        value: name.clone(),
        name,
    });
    let fates = Fate::ALL.into_iter().map(|known| Choice {
        value: known.as_str().to_owned(),
        name: reader.say(&format!("page-fate-{}", known.as_str())),
        chosen: fate == Some(known),
    });
    let older = found.next.map(|next| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            if !matches!(&*name, "before" | "lang") && !value.is_empty() {
                query.append_pair(&name, &value);
            }
        }
        format!("/messages?{}", query.append_pair("before", &next.to_string()).finish())
    });
    let page = MessagesPage {
        reader: &reader,
        fates: fates.collect(),
        domains: domains.collect(),
        searched: !search.is_open(),
        newest: search.before.map(|_| "/messages"),
        asked: Asked {
            q: field("q"),
            recipient: field("recipient"),
            sender: field("sender"),
            tag: field("tag"),
            from: field("from"),
            to: field("to"),
        },
        messages: found
            .messages
            .iter()
            .map(|(message, rows)| MessageLine::new(&reader, message, rows))
            .collect(),
        older,
    };
    Ok(reader.answer(&page, &page.as_live()))
}

/// The beginning of a day (UTC), or of one after it.
fn day(text: &str, later: i64) -> Option<Timestamp> {
    let date: Date = text.parse().ok()?;
    let date = date.checked_add(jiff::Span::new().try_days(later).ok()?).ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
}
