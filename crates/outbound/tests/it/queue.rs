//! The queue's side: a job goes in, an outcome comes out, the content comes from the store.

use std::sync::Arc;

use bytes::Bytes;
use expect_test::expect;
use jiff::Timestamp;
use tegami_mail::{Address, ForwardPath, ReversePath};
use tegami_outbound::Outbound;
use tegami_queue::{Deliver, Job, RecipientOutcome};
use tegami_store::{
    Embedded, EnvelopeParameters, NewMessage, NewRecipient, Options, Origin, Priority, QueueId, Store,
    Summary,
};

use crate::peer::Script;
use crate::world::{CONTENT, failed, world};

pub(crate) fn message(recipients: &[&str]) -> NewMessage {
    let recipient = |text: &&str| {
        let address = Address::parse(text).unwrap();
        let next_hop = address.host().to_string();
        let (due, expires) = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
        NewRecipient { path: ForwardPath::from(address), next_hop, due, expires }
    };
    NewMessage {
        id: QueueId::from_bits(1),
        accepted_at: Timestamp::UNIX_EPOCH,
        origin: Origin::Own,
        domain: "example.org".to_owned(),
        reverse_path: ReversePath::Null,
        envelope_parameters: EnvelopeParameters::default(),
        content: Bytes::from_static(CONTENT),
        summary: Summary::default(),
        priority: Priority::default(),
        recipients: recipients.iter().map(recipient).collect(),
        mailboxes: Vec::new(),
        verdicts: None,
        tables: Vec::new(),
        events: Vec::new(),
    }
}

#[tokio::test]
async fn a_job_is_carried_out() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Embedded::open(folder.path(), Options::default()).unwrap());
    let world = world(
        "example.test. A 127.0.0.2",
        vec![Script::answering("RCPT TO:<no", "550 5.1.1 nobody")],
        |_| {},
    )
    .await;
    let new = message(&["yes@example.test", "no@example.test"]);
    let id = new.id;
    store.accept(vec![new]).await.unwrap();
    let job = |rows| async {
        let message = store.message(id).await.unwrap();
        let reverse_path = message.reverse_path.clone();
        let next_hop = "example.test".to_owned();
        Job { number: None, message, next_hop, reverse_path, rows, content: None }
    };
    let rows = store.recipients(id).await.unwrap();
    let outbound = Outbound::with(Arc::new(world.courier), Arc::clone(&store));
    let outcome = outbound.attempt(job(rows.clone()).await).await;
    let mut text = String::new();
    for (recipient, row) in outcome.recipients.iter().zip(&rows) {
        assert_eq!(recipient.row, row.id);
        match &recipient.outcome {
            RecipientOutcome::Delivered { reply } => text.push_str(&format!("delivered {reply}\n")),
            RecipientOutcome::Failed(failure) => text.push_str(&format!("failed {}\n", failed(failure))),
            other => panic!("{other:?}"),
        }
    }
    expect![[r#"
        delivered 250 2.0.0 taken
        failed Permanent Recipient 5.1.1 outbound-refused
    "#]]
    .assert_eq(&text);
    assert_eq!(outcome.record.value()["hosts"][0]["host"], "example.test");
    assert_eq!(world.seen[0].count("MAIL FROM:<>"), 1);
    assert_eq!(world.seen[0].count("| ..dot"), 1);

    let mut gone = job(rows).await;
    gone.message.id = QueueId::from_bits(2);
    let outcome = outbound.attempt(gone).await;
    let RecipientOutcome::Failed(failure) = &outcome.recipients[1].outcome else { panic!("{outcome:?}") };
    expect!["Transient Local 4.3.0 outbound-content-unreadable"].assert_eq(&failed(failure));
}
