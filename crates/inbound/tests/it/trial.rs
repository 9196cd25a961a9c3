//! Messages to test inboxes.

use std::time::Duration;

use tegami_queue::TEST_INBOX_LIVES;

use crate::client::Client;
use crate::house::{Door, House, STRICT, address, settings};

const FORGED: &str = "From: boss@reject.test\nTo: x\nSubject: Is this good?\n\nHi\n";

async fn client(house: &House) -> (Client, Door) {
    let door = Door::open(house.reception(STRICT), settings()).await;
    let (mut client, _) = Client::connect(door.address).await;
    client.say("EHLO client.example.net").await;
    (client, door)
}

#[tokio::test]
async fn is_refused_for_nothing_and_kept_with_what_was_found() {
    let house = House::open().await;
    let inbox = house.inboxes().open().await.unwrap();
    let (mut client, _door) = client(&house).await;
    let waiting = house.inboxes().wait(&inbox.name, 0);
    // The same message to a mailbox is refused: its author's domain wants that.
    let reply = client.mail("a@nomail.test", &["b@example.org"], FORGED).await;
    assert!(reply.starts_with('5'), "{reply}");
    client.say("RSET").await;
    let reply = client.mail("a@nomail.test", &[&inbox.address.to_uppercase()], FORGED).await;
    assert!(reply.starts_with("250 2.0.0 Ok: queued as "), "{reply}");
    let reports = waiting.await.unwrap();
    let [report] = reports.as_slice() else { panic!("{reports:?}") };
    assert_eq!((report.from.as_str(), report.subject.as_str()), ("boss@reject.test", "Is this good?"));
    assert_eq!(report.report["dmarc"], "fail");
    assert_eq!(report.report["from"], "a@nomail.test");
    assert!(house.content(report.message).await.contains("Subject: Is this good?"));
}

#[tokio::test]
async fn takes_no_other_recipient_beside_it() {
    let house = House::open().await;
    let inbox = house.inboxes().open().await.unwrap();
    let (mut client, _door) = client(&house).await;
    client.say("MAIL FROM:<a@example.net>").await;
    let to = format!("RCPT TO:<{}>", inbox.address);
    assert!(client.say(&to).await.starts_with("250"));
    assert!(client.say("RCPT TO:<b@example.org>").await.starts_with("452 4.5.3"));
    client.say("RSET").await;
    client.say("MAIL FROM:<a@example.net>").await;
    assert!(client.say("RCPT TO:<b@example.org>").await.starts_with("250"));
    assert!(client.say(&to).await.starts_with("452 4.5.3"));
}

#[tokio::test]
async fn is_over_after_a_day() {
    let house = House::open().await;
    let inbox = house.inboxes().open().await.unwrap();
    let (mut client, _door) = client(&house).await;
    assert!(client.mail("a@example.net", &[&inbox.address], FORGED).await.starts_with("250"));
    assert_eq!(house.inboxes().forget().await.unwrap(), 0);
    house.later(TEST_INBOX_LIVES + Duration::from_secs(1));
    let other = house.inboxes().open().await.unwrap();
    client.say("MAIL FROM:<a@example.net>").await;
    assert!(client.say(&format!("RCPT TO:<{}>", inbox.address)).await.starts_with("550 5.1.1"));
    // The inbox and its report go, the young one stays.
    assert_eq!(house.inboxes().forget().await.unwrap(), 2);
    assert_eq!(house.inboxes().find(&inbox.name).await.unwrap(), None);
    assert_eq!(house.inboxes().reports(&inbox.name).await.unwrap(), []);
    assert_eq!(house.inboxes().find(&other.name).await.unwrap(), Some(other));
}

#[tokio::test]
async fn names_that_nobody_made_are_nobody() {
    let house = House::open().await;
    let guessed = "test-abcdefghijkmnpqr@mx.example.org";
    assert_eq!(house.inboxes().at(&address(guessed)).await.unwrap(), Some(None));
    for other in ["test-abc@mx.example.org", "test-abcdefghijkmnpqr@example.org", "test@mx.example.org"] {
        assert_eq!(house.inboxes().at(&address(other)).await.unwrap(), None, "{other}");
    }
}
