//! A whole post desk in a temporary folder.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tegami_mail::{Address, Clock, Domain, EnhancedStatusCode, Envelope, Reply, ReversePath, note};
use tegami_queue::{
    Accepted, Accounts, Authenticated, Control, Deliver, Directory, Domains, EventData, Failure, Intake,
    IntakeError, IntakeSettings, Job, KeyRing, Limits, Options, Outcome, Peer, Permit, Postman,
    RecipientOutcome, RecipientResult, RetryPolicy, Returns, RunSettings, Settler, Stage, Submission,
};
use tegami_report::return_path::ReturnPaths;
use tegami_store::{BoxFuture, Embedded, EventFilter, IdSource, NodeId, Origin, QueueId, QueueRow, Store};

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub(crate) struct HandClock(Mutex<Timestamp>);

impl HandClock {
    pub(crate) fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap() = now;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

type Script = dyn Fn(&Job, &QueueRow) -> RecipientOutcome + Send + Sync;

/// Delivers by a script, and remembers what it was given.
pub(crate) struct Scripted {
    script: Box<Script>,
    clock: Arc<HandClock>,
    pub(crate) jobs: Mutex<Vec<String>>,
    pub(crate) dsn: bool,
}

impl Deliver for Scripted {
    fn attempt(&self, job: Job) -> BoxFuture<'_, Outcome> {
        let recipients = job.rows.iter().map(|row| row.path.address.to_string()).collect::<Vec<_>>();
        self.jobs.lock().unwrap().push(format!("{} #{}", recipients.join(" "), job.attempt()));
        let peer = Peer {
            host: format!("mx.{}", job.next_hop),
            ip: Some("192.0.2.25".parse().unwrap()),
            dsn: self.dsn,
            session: Duration::from_millis(1500),
            ..Peer::default()
        };
        let result = |row: &QueueRow| RecipientResult {
            row: row.id,
            peer: Some(peer.clone()),
            outcome: (self.script)(&job, row),
        };
        let results = job.rows.iter().map(result).collect();
        let outcome = Outcome {
            began_at: self.clock.now(),
            record: serde_json::json!({"next_hop": job.next_hop}).into(),
            recipients: results,
            put_back: None,
            job,
        };
        Box::pin(std::future::ready(outcome))
    }
}

pub(crate) struct Desk {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) intake: Arc<Intake>,
    pub(crate) accounts: Accounts,
    pub(crate) control: Arc<Control>,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) domains: Arc<Domains>,
    settler: Arc<Settler>,
}

pub(crate) fn start() -> Timestamp {
    "2026-07-06T09:00:00Z".parse().unwrap()
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

impl Desk {
    pub(crate) fn open(folder: &Path) -> Self {
        Self::open_with(folder, tegami_store::Options::default())
    }

    pub(crate) fn open_with(folder: &Path, options: tegami_store::Options) -> Self {
        Self::open_by(folder, options, |_| {})
    }

    /// With these changes of the settings.
    pub(crate) fn open_as(folder: &Path, change: impl FnOnce(&mut IntakeSettings)) -> Self {
        Self::open_by(folder, tegami_store::Options::default(), change)
    }

    fn open_by(
        folder: &Path,
        options: tegami_store::Options,
        change: impl FnOnce(&mut IntakeSettings),
    ) -> Self {
        let mut settings = IntakeSettings::new(Domain::parse("mail.example.org").unwrap());
        change(&mut settings);
        let store: Arc<dyn Store> = Arc::new(Embedded::open(folder, options).unwrap());
        let clock = Arc::new(HandClock(Mutex::new(start())));
        let domain = |text: &str| Domain::parse(text).unwrap();
        let local = Directory::new(store.clone(), clock.clone(), [domain("example.org")], None);
        let keys = Arc::new(KeyRing::default());
        let domains = Arc::new(Domains::new(store.clone(), clock.clone(), []));
        let control = Arc::new(Control::default());
        let intake = Arc::new(
            Intake::new(
                store.clone(),
                settings,
                keys.clone(),
                Arc::new(local),
                clock.clone(),
                Arc::new(IdSource::default()),
                control.clone(),
            )
            .with_domains(domains.clone())
            .with_returns(Arc::new(Returns::new([ReturnPaths::new(
                "bounces",
                domain("example.org"),
                &[7; 32],
            )
            .unwrap()]))),
        );
        let settler = Arc::new(Settler::new(store.clone(), intake.clone(), RetryPolicy::default()));
        let accounts = Accounts::new(store.clone(), clock.clone()).unwrap();
        Self { store, clock, intake, accounts, control, keys, domains, settler }
    }

    pub(crate) fn deliver_by(
        &self,
        script: impl Fn(&Job, &QueueRow) -> RecipientOutcome + Send + Sync + 'static,
    ) -> Arc<Scripted> {
        Arc::new(Scripted {
            script: Box::new(script),
            clock: self.clock.clone(),
            jobs: Mutex::default(),
            dsn: false,
        })
    }

    pub(crate) fn postman(&self, deliver: Arc<dyn Deliver>) -> Postman {
        self.postman_with(deliver, Arc::new(tegami_queue::gate::Open))
    }

    pub(crate) fn postman_with(
        &self,
        deliver: Arc<dyn Deliver>,
        gate: Arc<dyn tegami_queue::gate::Gate>,
    ) -> Postman {
        self.postman_as(deliver, |settings| settings.gate = gate)
    }

    pub(crate) fn postman_within(&self, deliver: Arc<dyn Deliver>, limits: Limits) -> Postman {
        self.postman_as(deliver, |settings| settings.limits = limits)
    }

    fn postman_as(&self, deliver: Arc<dyn Deliver>, change: impl FnOnce(&mut RunSettings)) -> Postman {
        let mut settings = RunSettings::new(NodeId("test".to_owned()));
        change(&mut settings);
        Postman::new(
            self.store.clone(),
            self.settler.clone(),
            deliver,
            self.clock.clone(),
            self.control.clone(),
            settings,
        )
    }

    /// The account `shop`, which may send as everybody at example.org and shop.test; its mailbox is `shop@example.org`.
    pub(crate) async fn shop(&self) -> Authenticated {
        let senders = ["*@example.org".to_owned(), "*@shop.test".to_owned()];
        let addresses = ["shop@example.org".to_owned()];
        if self.accounts.list().await.unwrap().is_empty() {
            self.accounts.create("shop", "correct horse", &senders, &addresses).await.unwrap();
        }
        self.accounts.authenticate("shop", "correct horse").await.unwrap()
    }

    pub(crate) async fn submit(&self, from: &str, to: &[&str]) -> Result<Accepted, IntakeError> {
        let content = format!(
            "From: {from}\r\nTo: {}\r\nSubject: =?utf-8?B?44GT44KT44Gr44Gh44Gv?=\r\n\r\nHello\r\n",
            to.join(", ")
        );
        let envelope =
            Envelope::new(ReversePath::Address(address(from)), to.iter().map(|text| address(text)));
        self.submit_this(envelope, &content, Options::default()).await
    }

    pub(crate) async fn submit_this(
        &self,
        envelope: Envelope,
        content: &str,
        options: Options,
    ) -> Result<Accepted, IntakeError> {
        let origin = Origin::Http { account: "shop".to_owned() };
        self.submit_from(origin, envelope, content, options).await
    }

    pub(crate) async fn submit_from(
        &self,
        origin: Origin,
        envelope: Envelope,
        content: &str,
        options: Options,
    ) -> Result<Accepted, IntakeError> {
        let permit = Permit::for_account(&self.shop().await, envelope).unwrap();
        let domain = Domain::parse("example.org").unwrap();
        let content = bytes::Bytes::from(content.to_owned());
        self.intake.accept(Submission { permit, origin, domain, content, options }).await
    }

    /// All events in words, oldest first.
    pub(crate) async fn events(&self) -> String {
        let filter = EventFilter { limit: 1000, ..EventFilter::default() };
        let mut text = String::new();
        for event in self.store.events(filter).await.unwrap() {
            let event = event.event;
            let data = EventData::from_json(&event.data).unwrap();
            text.push_str(&format!("{:?} {}", event.kind, event.recipient.unwrap_or_default()));
            if data.code > 0 {
                text.push_str(&format!(" {} {}", data.code, data.message));
            }
            if let Some(reason) = data.reason {
                text.push_str(&format!(" ({reason:?})"));
            }
            if let Some(seconds) = data.retry_seconds {
                text.push_str(&format!(" retry in {} min", seconds / 60));
            }
            text.push('\n');
        }
        text
    }

    /// The content of a message as text, line ends made LF.
    pub(crate) async fn content(&self, id: QueueId) -> String {
        let content = self.store.content(id, None).await.unwrap();
        String::from_utf8(content.to_vec()).unwrap().replace("\r\n", "\n")
    }

    /// The newest message that is not `but`.
    pub(crate) async fn newest_but(&self, but: QueueId) -> QueueId {
        let messages = self.store.messages(None, 10).await.unwrap();
        messages.into_iter().map(|message| message.id).find(|id| *id != but).unwrap()
    }
}

pub(crate) fn took_it() -> RecipientOutcome {
    let reply = Reply::new(250, EnhancedStatusCode::new(2, 0, 0), "queued as 4711");
    RecipientOutcome::Delivered { reply }
}

pub(crate) fn refused(code: u16, status: &str, text: &str) -> RecipientOutcome {
    let reply = Reply::new(code, status.parse().unwrap(), text);
    RecipientOutcome::Failed(Failure::by_reply(Stage::Recipient, reply, note!("queue-no-result")))
}
