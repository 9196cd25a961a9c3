//! Operators hold, release, reroute and drop; standing rules hold what comes.

use std::sync::Arc;

use serde_json::Value;
use tegami_mail::{EnhancedStatusCode, note};
use tegami_queue::gate::{Admission, Gate, GateFacts};
use tegami_queue::{
    Act, Deliver, Failure, HoldRule, HoldSubject, Holds, Job, Operator, Order, Outcome, Stage,
};
use tegami_store::{
    Alteration, BoxFuture, EventFilter, EventKind, Json, NodeId, QueueFilter, QueueId, RecipientState,
};

use crate::desk::{Desk, start};

fn order(act: Act) -> Order {
    Order { act, by: "alice".to_owned(), reason: "complaints".to_owned() }
}

pub(crate) async fn act(desk: &Desk, filter: QueueFilter, act: Act) -> usize {
    let operator = Operator {
        store: &*desk.store,
        intake: &desk.intake,
        control: &desk.control,
        node: &NodeId("test".to_owned()),
    };
    operator.act(&filter, &order(act), start()).await.unwrap()
}

async fn acts(desk: &Desk, id: QueueId) -> Vec<(EventKind, Value)> {
    let filter = EventFilter { message: Some(id), limit: 100, ..EventFilter::default() };
    let events = desk.store.events(filter).await.unwrap();
    let told = events.into_iter().map(|event| (event.event.kind, event.event.data.value()));
    told.filter(|(_, data)| data.get("act").is_some()).collect()
}

#[tokio::test]
async fn acts_leave_events_that_say_who_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let id = desk.submit("shop@example.org", &["a@example.net", "b@example.com"]).await.unwrap().id;
    let only = |domain: &str| QueueFilter { domains: vec![domain.to_owned()], ..QueueFilter::default() };
    assert_eq!(act(&desk, only("example.net"), Act::Hold).await, 1);
    assert_eq!(act(&desk, only("example.net"), Act::Hold).await, 0);
    assert_eq!(desk.store.recipients(id).await.unwrap()[0].state, RecipientState::Held);
    assert_eq!(act(&desk, QueueFilter::default(), Act::Release).await, 1);
    let elsewhere = || Act::Reroute { next_hop: "relay.example.org".to_owned() };
    assert_eq!(act(&desk, only("example.com"), elsewhere()).await, 1);
    assert_eq!(act(&desk, only("example.com"), Act::Drop { bounce: false }).await, 1);
    let told = acts(&desk, id).await;
    let words: Vec<_> = told.iter().map(|(kind, data)| (*kind, data["act"].as_str().unwrap())).collect();
    assert_eq!(
        words,
        [
            (EventKind::Operated, "hold"),
            (EventKind::Operated, "release"),
            (EventKind::Operated, "reroute"),
            (EventKind::Failed, "drop"),
        ]
    );
    assert!(told.iter().all(|(_, data)| data["by"] == "alice" && data["why"] == "complaints"));
    assert_eq!(told[3].1["reason"], "dropped");
}

/// Finds that somebody drops the message while it is tried, and that the receiver does not want it.
struct DroppedMeanwhile(Arc<dyn tegami_store::Store>);

impl Deliver for DroppedMeanwhile {
    fn attempt(&self, job: Job) -> BoxFuture<'_, Outcome> {
        Box::pin(async move {
            let filter = QueueFilter { message: Some(job.message.id), ..QueueFilter::default() };
            let drop = Alteration::Drop { status: "dropped".to_owned() };
            let rows = self.0.queue_ids(filter).await.unwrap();
            self.0.alter(rows, drop, Value::Null, start()).await.unwrap();
            let status = EnhancedStatusCode::new(5, 1, 1);
            let failure = Failure::without_reply(Stage::Recipient, status, note!("queue-no-result"));
            Outcome::failed(job, start(), Json::default(), &failure, None)
        })
    }
}

#[tokio::test]
async fn what_is_dropped_while_it_is_tried_stays_dropped_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let dropped = desk.submit("shop@shop.test", &["a@example.net"]).await.unwrap().id;
    let mut postman = desk.postman(Arc::new(DroppedMeanwhile(desk.store.clone())));
    assert_eq!(postman.run_due().await.unwrap(), None);
    let row = desk.store.recipients(dropped).await.unwrap().remove(0);
    assert_eq!((row.state, row.last_status.as_deref()), (RecipientState::Failed, Some("dropped")));
    // The notification of the refusal was not born.
    assert_eq!(desk.store.messages(None, 9).await.unwrap().len(), 1);
    let next = desk.submit("shop@shop.test", &["b@example.net"]).await.unwrap().id;
    assert_eq!(postman.run_due().await.unwrap(), None);
    assert_eq!(desk.store.recipients(next).await.unwrap()[0].state, RecipientState::Failed);
}

#[tokio::test]
async fn dropped_with_a_notification() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let recipients = ["a@example.net", "b@example.com"];
    let id = desk.submit("shop@example.org", &recipients).await.unwrap().id;
    assert_eq!(act(&desk, QueueFilter::default(), Act::Drop { bounce: true }).await, 2);
    let states: Vec<_> = desk.store.recipients(id).await.unwrap().into_iter().map(|row| row.state).collect();
    assert_eq!(states, [RecipientState::Failed, RecipientState::Failed]);
    let newest = desk.store.messages(None, 1).await.unwrap().remove(0);
    assert!(newest.reverse_path.address().is_none(), "a notification to the sender");
    let content = desk.store.content(newest.id, None).await.unwrap();
    let content = String::from_utf8_lossy(&content);
    assert!(content.contains("Status: 5.7.1") && content.contains("alice: complaints"), "{content}");
}

#[tokio::test]
async fn standing_rules_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let id = desk.submit("shop@example.org", &["a@example.net"]).await.unwrap().id;
    let row = desk.store.recipients(id).await.unwrap().remove(0);
    let job = GateFacts { number: None, message: id, next_hop: &row.next_hop, facts: &row.facts };
    let holds = Holds::load(&*desk.store).await.unwrap();
    let rule = HoldRule::new(HoldSubject::Domain("example.net".to_owned()), "broken", "alice", start());
    holds.add(&*desk.store, &rule).await.unwrap();
    let again = Holds::load(&*desk.store).await.unwrap();
    assert_eq!(*again.rules(), [rule]);
    assert!(matches!(again.look("example.net", &job, start()), Admission::Held { .. }));
    assert!(again.lift(&*desk.store, "domain:example.net").await.unwrap().is_some());
    assert!(again.lift(&*desk.store, "domain:example.net").await.unwrap().is_none());
    assert_eq!(again.look("example.net", &job, start()), Admission::Go);
}
