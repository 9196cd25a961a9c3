//! Doors for the fuzzers: each reads what strangers send, and must not panic.

use jiff::Timestamp;
use tegami_mail::Domain;
use tegami_store::{ClickTracking, QueueId, TrackingSettings};

use crate::link::{Link, LinkAction, Links};
use crate::track::Reader;

fn links() -> Links {
    Links::new(&[7; 32], Some("https://t.example.org".to_owned()))
}

/// The end of a link: nobody makes one without the key, and one of ours comes back as it was.
pub fn link(octets: &[u8]) {
    let (links, text) = (links(), String::from_utf8_lossy(octets));
    assert_eq!(links.read(&text), None);
    let link = Link {
        domain: "example.org".to_owned(),
        message: QueueId::from_bits(1),
        recipient: text.chars().take(64).collect(),
        issued: Timestamp::UNIX_EPOCH,
        action: LinkAction::Click(text.chars().take(500).collect()),
    };
    assert_eq!(links.read(&links.write(&link)), Some(link));
}

/// A message, whose links lead through this server in the copy.
pub fn tracking(octets: &[u8]) {
    let links = links();
    let settings = TrackingSettings {
        opens: true,
        clicks: ClickTracking::On,
        unsubscribe: true,
        ..TrackingSettings::default()
    };
    let Ok(domain) = Domain::parse("example.org") else { return };
    let reader = Reader {
        links: Some(&links),
        domain: &domain,
        by_mail: true,
        message: QueueId::from_bits(1),
        recipient: "a@example.net",
        now: Timestamp::UNIX_EPOCH,
        tags: &["news".to_owned()],
        list: None,
        person: None,
        tracking: &settings,
    };
    let _ = reader.copy(octets);
}
