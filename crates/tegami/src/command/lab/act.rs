//! Sending the messages of the story by the doors that applications use, and waiting until their fate is known.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use tegami_mail::compose::{Attachment, MessageBuilder, message_id};
use tegami_mail::mailbox_list::NameAddr;
use tegami_mail::{Address, Domain, Envelope, ReversePath};
use tegami_outbound::AttemptReport;
use tegami_store::{QueueId, QueueRow, RecipientState};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::scene::{Door, Scene};
use super::site::{API_KEY, Site};
use crate::command::Failure;

/// How a scene ended.
pub(crate) enum End {
    /// A message of the site, settled.
    Settled {
        /// Its identifier.
        id: QueueId,
        /// Its only recipient.
        row: QueueRow,
    },
    /// A message from outside, with what the host answered.
    Outside {
        /// Our identifier, where our own server took it.
        id: Option<QueueId>,
        /// The stranger's attempt.
        report: Box<AttemptReport>,
        /// Its Message-ID.
        message_id: String,
    },
}

fn text(error: impl std::fmt::Display) -> Failure {
    Failure::Text(error.to_string())
}

/// Sends the message and waits for its fate; `sent` hears its identifier as soon as there is one.
pub(crate) async fn play(scene: &Scene, site: &Site, sent: impl Fn(QueueId)) -> Result<End, Failure> {
    match scene.door {
        Door::Api => {
            let id = by_api(scene, site).await?;
            sent(id);
            settled(id, site).await
        }
        Door::Submission => {
            let (envelope, content, message_id) = compose(scene, site)?;
            let reports = site.application()?.send(&envelope, &content).await;
            let refused = || {
                text(format!(
                    "submission refused the message: {:?}",
                    reports.first().map(|report| &report.recipients)
                ))
            };
            let id = find(&message_id, site).await?.ok_or_else(refused)?;
            sent(id);
            settled(id, site).await
        }
        Door::Outside(machine) => {
            let (envelope, content, message_id) = compose(scene, site)?;
            let reports = site.stranger(machine)?.send(&envelope, &content).await;
            let report = reports.into_iter().next().ok_or_else(|| text("the message has no recipient"))?;
            let id = find(&message_id, site).await?;
            id.into_iter().for_each(sent);
            Ok(End::Outside { id, report: Box::new(report), message_id })
        }
    }
}

fn compose(scene: &Scene, site: &Site) -> Result<(Envelope, Bytes, String), Failure> {
    let from = NameAddr::parse(scene.from).map_err(text)?;
    let to = NameAddr::parse(scene.to).map_err(text)?;
    let author = from.address.clone();
    let domain: Domain = author.domain().cloned().ok_or_else(|| text("the author has no domain"))?;
    let now = site.clock.now();
    let id = message_id(&format!("{}.{}", now.as_microsecond(), scene.name), &domain);
    let attachment = scene.attachment.map(|(name, content)| Attachment {
        filename: Some(name.to_owned()),
        content_type: "image/gif".to_owned(),
        content: content.to_vec(),
        content_id: None,
    });
    let reply_to = scene.reply_to.map(NameAddr::parse).transpose().map_err(text)?;
    let message = MessageBuilder {
        from: vec![from],
        reply_to: reply_to.into_iter().collect(),
        to: vec![to.clone()],
        subject: Some(scene.subject.to_owned()),
        date: Some(now),
        message_id: Some(id.clone()),
        text: Some(scene.text.to_owned()),
        attachments: attachment.into_iter().collect(),
        ..MessageBuilder::default()
    };
    let content = message.build(&id).map_err(text)?;
    Ok((Envelope::new(ReversePath::Address(author), [to.address]), content.into(), id))
}

/// What `curl -u api:key-lab http://…/v3/DOMAIN/messages -F …` does.
async fn by_api(scene: &Scene, site: &Site) -> Result<QueueId, Failure> {
    let author: Address = NameAddr::parse(scene.from).map_err(text)?.address;
    let domain = author.domain().cloned().ok_or_else(|| text("the author has no domain"))?;
    let fields = [("from", scene.from), ("to", scene.to), ("subject", scene.subject), ("text", scene.text)];
    let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    let body = body.join("&");
    let address = site.http();
    let authorization = BASE64_STANDARD.encode(format!("api:{API_KEY}"));
    let request = format!(
        "POST /v3/{domain}/messages HTTP/1.1\r\nHost: {address}\r\nAuthorization: Basic {authorization}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let told: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let id = told.get("id").and_then(|id| id.as_str()).map(|id| id.trim_matches(['<', '>']).to_owned());
    let refused = || text(format!("the API answered {} {body}", head.lines().next().unwrap_or_default()));
    let id = id.ok_or_else(refused)?;
    find(&id, site).await?.ok_or_else(refused)
}

/// `application/x-www-form-urlencoded` (WHATWG URL section 5.2): everything but letters and digits escaped.
fn encode(value: &str) -> String {
    let octet = |octet: u8| match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(octet).to_string(),
        other => format!("%{other:02X}"),
    };
    value.bytes().map(octet).collect()
}

async fn find(message_id: &str, site: &Site) -> Result<Option<QueueId>, Failure> {
    Ok(site.server.rooms.store.by_message_id(message_id).await?.first().map(|row| row.id))
}

/// Waits until the recipient is delivered or has failed.
async fn settled(id: QueueId, site: &Site) -> Result<End, Failure> {
    const GLANCE: Duration = Duration::from_millis(50);
    loop {
        let rows = site.server.rooms.store.recipients(id).await?;
        let finished =
            |row: &QueueRow| matches!(row.state, RecipientState::Delivered | RecipientState::Failed);
        if let Some(row) = rows.into_iter().next().filter(finished) {
            return Ok(End::Settled { id, row });
        }
        tokio::time::sleep(GLANCE).await;
    }
}
