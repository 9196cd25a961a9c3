//! Domains that keep their messages for a shorter time than the server does.

use std::time::Duration;

use jiff::Timestamp;
use tegami_mail::{Domain, Envelope, ReversePath};
use tegami_queue::{Domains, Mode, Options, Retention};

use crate::desk::{Desk, address, start};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn what_is_over_goes_when_its_domain_wants_it() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let ours = Domain::parse("example.org").unwrap();
    let domains = Domains::new(desk.store.clone(), desk.clock.clone(), [ours.clone()]);
    let envelope =
        || Envelope::new(ReversePath::Address(address("a@example.org")), [address("b@example.com")]);
    let content = "From: a@example.org\r\nSubject: x\r\n\r\nHello\r\n";
    let test = Options { mode: Mode::Test, ..Options::default() };
    let over = desk.submit_this(envelope(), content, test).await.unwrap();
    let waits = desk.submit_this(envelope(), content, Options::default()).await.unwrap();
    let mut retention = Retention::default();
    let mut at = async |seconds: u64| {
        let now: Timestamp = start() + Duration::from_secs(seconds);
        retention.forget(&desk.store, &domains, DAY, now).await.unwrap()
    };
    // Nothing was set, and what is longer than usual changes nothing.
    assert_eq!(at(23 * 3600).await, 0);
    domains.alter(&ours, |row| row.message_ttl = Some(25 * 3600)).await.unwrap();
    assert_eq!(at(23 * 3600).await, 0);
    domains.alter(&ours, |row| row.message_ttl = Some(600)).await.unwrap();
    assert_eq!((at(599).await, at(601).await, at(1200).await), (0, 1, 0));
    assert!(desk.store.message(over.id).await.is_err());
    // What still has to go somewhere stays.
    assert!(desk.store.message(waits.id).await.is_ok());

    let late = desk.submit_this(envelope(), content, Options { mode: Mode::Test, ..Options::default() });
    desk.clock.set(start() + Duration::from_secs(1000));
    let late = late.await.unwrap();
    assert_eq!((at(1500).await, at(1700).await), (0, 1));
    assert!(desk.store.message(late.id).await.is_err());
}
