//! The driver: TLS on the way, limits, clients that misbehave, a server that stops.

use std::sync::Arc;
use std::time::Duration;

use tegami_inbound::{BoxFuture, Clerk, ConnectionLimits, Desk, Peer, Shutdown, session};
use tegami_mail::Transcript;
use tegami_proto::smtp::server::{Answer, Facts, Question, Settings};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;

use crate::client::Client;
use crate::house::{Door, service, settings};

const MINUTE: Duration = Duration::from_secs(60);

/// A desk that takes everything, slowly where it is told to.
struct Willing {
    /// Asked of every message; it waits for `go`.
    came: mpsc::UnboundedSender<()>,
    go: Arc<Notify>,
    ended: mpsc::UnboundedSender<String>,
}

struct WillingClerk {
    came: mpsc::UnboundedSender<()>,
    go: Arc<Notify>,
    ended: mpsc::UnboundedSender<String>,
}

impl Desk for Willing {
    fn open(&self, _peer: Peer) -> Box<dyn Clerk> {
        let (came, go, ended) = (self.came.clone(), self.go.clone(), self.ended.clone());
        Box::new(WillingClerk { came, go, ended })
    }
}

impl Clerk for WillingClerk {
    fn answer<'a>(&'a mut self, question: Question, _facts: &'a Facts) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            match question {
                Question::Mail(path) => {
                    assert_ne!(path.to_string(), "panic@example.net", "this clerk panics by design");
                    if path.to_string() == "slow@example.net" {
                        self.came.send(()).unwrap();
                        std::future::pending::<()>().await;
                    }
                }
                Question::Message(_) => {
                    self.came.send(()).unwrap();
                    self.go.notified().await;
                }
                _ => {}
            }
            Answer::Accept
        })
    }

    fn ended(&mut self, transcript: Transcript) {
        let last = transcript.lines.last().map(|line| line.text.clone());
        let _ = self.ended.send(last.unwrap_or_default());
    }
}

struct Told {
    came: mpsc::UnboundedReceiver<()>,
    go: Arc<Notify>,
    ended: mpsc::UnboundedReceiver<String>,
}

fn willing() -> (Arc<dyn Desk>, Told) {
    let (came, came_here) = mpsc::unbounded_channel();
    let (ended, ended_here) = mpsc::unbounded_channel();
    let go = Arc::new(Notify::new());
    let told = Told { came: came_here, go: go.clone(), ended: ended_here };
    (Arc::new(Willing { came, go, ended }), told)
}

#[tokio::test]
async fn what_comes_with_starttls_is_dropped() {
    let (desk, _told) = willing();
    let door = Door::open(desk, settings()).await;
    let (mut client, _) = Client::connect(door.address).await;
    client.send(b"EHLO c\r\nSTARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@example.net>\r\n").await;
    let said = client.reply().await;
    assert!(said.ends_with("250 STARTTLS"), "{said}");
    assert_eq!(client.reply().await, "220 2.0.0 ready for the handshake");
    client.handshake(&door.certificate).await;
    assert_eq!(client.say("MAIL FROM:<a@example.net>").await, "503 5.5.1 EHLO comes first");
    assert!(!client.say("EHLO c").await.contains("STARTTLS"));
    assert_eq!(client.say("STARTTLS").await, "503 5.5.1 TLS runs already");
}

#[tokio::test]
async fn a_handshake_that_fails_ends_the_session() {
    let (desk, mut told) = willing();
    let door = Door::open(desk, settings()).await;
    let (mut client, _) = Client::connect(door.address).await;
    client.talk(&["EHLO c", "STARTTLS"]).await;
    client.send(b"EHLO this is no handshake\r\n").await;
    assert!(told.ended.recv().await.is_some());
    let (_, greeting) = Client::connect(door.address).await;
    assert!(greeting.starts_with("220"), "{greeting}");
}

#[tokio::test]
async fn too_many_connections() {
    let (desk, mut told) = willing();
    let (mut service, certificate) = service(desk, settings());
    service.limits = ConnectionLimits { total: 1, per_network: 1 };
    let door = Door::with(service, certificate).await;
    let (mut first, _) = Client::connect(door.address).await;
    let (mut second, said) = Client::connect(door.address).await;
    assert_eq!(said, "421 4.3.2 Too many connections, try again later");
    assert!(second.closed().await);
    assert_eq!(first.say("QUIT").await, "221 2.0.0 goodbye");
    drop(first);
    told.ended.recv().await;
    // The place is given back when the session's task ends, a moment after its clerk was told.
    let mut greeting = said;
    while !greeting.starts_with("220") {
        greeting = Client::connect(door.address).await.1;
    }
}

#[tokio::test]
async fn a_server_that_stops() {
    let (desk, mut told) = willing();
    let door = Door::open(desk, settings()).await;
    let (mut idle, _) = Client::connect(door.address).await;
    let (mut slow, _) = Client::connect(door.address).await;
    slow.say("EHLO c").await;
    slow.send(b"MAIL FROM:<slow@example.net>\r\n").await;
    told.came.recv().await;
    let (mut busy, _) = Client::connect(door.address).await;
    busy.talk(&["EHLO c", "MAIL FROM:<a@example.net>", "RCPT TO:<b@example.org>", "DATA"]).await;
    busy.send(b"Subject: x\r\n\r\nx\r\n.\r\n").await;
    told.came.recv().await;

    door.stop.send_replace(true);
    let farewell = "421 4.3.2 mx.example.org is shutting down, try again later";
    for client in [&mut idle, &mut slow] {
        assert_eq!(client.reply().await, farewell);
        assert!(client.closed().await);
    }
    drop((idle, slow));
    // The message is being stored: its client hears of it first.
    assert!(!door.task.is_finished());
    told.go.notify_one();
    assert_eq!(busy.reply().await, "250 2.6.0 the message is accepted");
    assert_eq!(busy.reply().await, farewell);
    assert!(busy.closed().await);
    drop(busy);
    door.task.await.unwrap();
    assert_eq!(told.ended.recv().await.as_deref(), Some(farewell));
}

#[tokio::test]
async fn a_clerk_that_panics() {
    let (desk, _told) = willing();
    let door = Door::open(desk, settings()).await;
    let (mut client, _) = Client::connect(door.address).await;
    client.say("EHLO c").await;
    let said = client.say("MAIL FROM:<panic@example.net>").await;
    assert_eq!(said, "421 4.3.0 Something went wrong here, try again later");
    assert!(client.closed().await);
    let (mut client, _) = Client::connect(door.address).await;
    assert!(client.say("EHLO c").await.starts_with("250"));
}

/// A client whose session runs in simulated time: nothing here waits in truth.
fn simulated(desk: Arc<dyn Desk>, settings: Settings) -> (Client, watch::Sender<bool>) {
    let (ours, theirs) = tokio::io::duplex(4096);
    let (stop, shutdown) = Shutdown::pair();
    let (service, _) = service(desk, settings);
    tokio::spawn(session(theirs, Peer::Local { uid: 1000 }, Arc::new(service), shutdown));
    (Client::new(ours), stop)
}

#[tokio::test(start_paused = true)]
async fn clients_that_do_not_speak_or_do_not_read() {
    let (desk, mut told) = willing();
    let patience = Settings { idle_timeout: MINUTE, session_timeout: 60 * MINUTE, ..settings() };
    let (mut silent, _stop) = simulated(Arc::clone(&desk), patience.clone());
    silent.reply().await;
    let began = Instant::now();
    assert_eq!(silent.reply().await, "421 4.4.2 mx.example.org silent for too long");
    assert!((MINUTE..=2 * MINUTE).contains(&began.elapsed()));
    assert!(silent.closed().await);
    drop(silent);
    told.ended.recv().await;

    // The replies to these fill the connection, and nobody takes them out.
    let (mut deaf, _stop) = simulated(desk, patience);
    deaf.reply().await;
    let began = Instant::now();
    deaf.send_on(b"EHLO client.example.net\r\n".repeat(100).as_slice()).await;
    assert!(told.ended.recv().await.is_some());
    assert_eq!(began.elapsed(), MINUTE);
}

#[tokio::test(start_paused = true)]
async fn a_session_has_its_time_whatever_is_said() {
    let (desk, mut told) = willing();
    let settings = Settings { idle_timeout: 5 * MINUTE, session_timeout: 60 * MINUTE, ..settings() };
    let (mut client, _stop) = simulated(desk, settings);
    let began = Instant::now();
    client.reply().await;
    client.talk(&["EHLO c", "MAIL FROM:<a@example.net>", "RCPT TO:<b@example.org>", "DATA"]).await;
    let drip = async {
        // Always before the session takes the client for silent.
        let mut pause = tokio::time::interval(4 * MINUTE);
        loop {
            pause.tick().await;
            client.send(b"x\r\n").await;
        }
    };
    tokio::select! {
        last = told.ended.recv() => {
            assert_eq!(last.as_deref(), Some("421 4.4.2 mx.example.org the session takes too long"));
        }
        () = drip => {}
    }
    assert_eq!(began.elapsed().as_secs() / 60, 60);
}
