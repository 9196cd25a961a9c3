//! The client's session against the server's session, in memory: what goes in comes out, octet for octet.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use proptest::prelude::*;
use tegami_mail::{Address, Body, Dsn, Envelope, ForwardPath, Notify, Ret, ReversePath};
use tegami_proto::sasl::Credentials;
use tegami_proto::smtp::client::{self, Event, StartTls, TransactionReport};
use tegami_proto::smtp::server::{self, AuthOffer, Question};

/// Both ends and what happened at them.
struct Pair {
    client: client::Session,
    server: server::Session,
    now: Instant,
    /// Octets a read takes, over and over.
    steps: Vec<usize>,
    events: Vec<Event>,
    messages: Vec<server::Transaction>,
    closed: bool,
}

impl Pair {
    fn new(client: client::Settings, server: server::Settings, steps: Vec<usize>) -> Self {
        let now = Instant::now();
        let begin = if client.implicit_tls { server::Session::under_tls } else { server::Session::new };
        Self {
            client: client::Session::new(client, now),
            server: begin(Arc::new(server), now),
            now,
            steps,
            events: Vec::new(),
            messages: Vec::new(),
            closed: false,
        }
    }

    /// Until neither end has anything to say.
    fn drive(&mut self) {
        while self.drain_server() | self.drain_client() {}
    }

    fn parts<'a>(&self, octets: &'a [u8]) -> Vec<&'a [u8]> {
        let mut rest = octets;
        let mut parts = Vec::new();
        for step in self.steps.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (part, tail) = rest.split_at((*step).min(rest.len()));
            parts.push(part);
            rest = tail;
        }
        parts
    }

    fn drain_server(&mut self) -> bool {
        let mut moved = false;
        while let Some(action) = self.server.next() {
            moved = true;
            match action {
                server::Action::Send(octets) => {
                    for part in self.parts(&octets) {
                        self.client.receive(part, self.now);
                    }
                }
                server::Action::Ask(question) => {
                    let answer = crate::server::policy(&question);
                    if let Question::Message(message) = question {
                        self.messages.push(message);
                    }
                    self.server.answer(answer);
                }
                server::Action::StartTls | server::Action::WakeAt(_) => {}
                server::Action::Close => self.client.closed(self.now),
            }
        }
        moved
    }

    fn drain_client(&mut self) -> bool {
        let mut moved = false;
        while let Some(action) = self.client.next() {
            moved = true;
            match action {
                client::Action::Send(octets) => {
                    for part in self.parts(&octets) {
                        self.server.receive(part, self.now);
                        self.drain_server();
                    }
                }
                client::Action::StartTls => {
                    self.server.tls_established(self.now);
                    self.client.tls_established(self.now, "TLSv1.3");
                }
                client::Action::Report(event) => self.events.push(event),
                client::Action::Close => {
                    self.closed = true;
                    self.server.closed();
                }
                client::Action::WakeAt(_) => {}
            }
        }
        moved
    }

    fn deliver(&mut self, envelope: Envelope, content: Bytes) {
        self.client.deliver(client::Transaction { envelope, content }, self.now);
        self.drive();
    }

    fn codes(&self) -> Vec<Vec<u16>> {
        let codes = |report: &TransactionReport| report.recipients.iter().map(|one| one.reply.code).collect();
        self.events
            .iter()
            .filter_map(
                |event| if let Event::Transaction(report) = event { Some(codes(report)) } else { None },
            )
            .collect()
    }
}

fn envelope(names: &[&str]) -> Envelope {
    let addresses = names.iter().map(|name| Address::parse(&format!("{name}@example.org")).unwrap());
    Envelope::new(ReversePath::Address(Address::parse("a@example.net").unwrap()), addresses)
}

#[test]
fn parameters_arrive_as_they_were_given() {
    let settings = client::Settings { starttls: StartTls::Required, ..crate::client::settings() };
    let mut pair = Pair::new(settings, crate::server::settings(), vec![1000]);
    let sent = Envelope {
        forward_paths: vec![
            ForwardPath {
                address: Address::parse("\"two words\"@example.org").unwrap(),
                notify: Some(Notify { success: true, failure: true, delay: false }),
                original_recipient: Some("rfc822;one+two@example.com".to_owned()),
            },
            ForwardPath::from(Address::parse("用户@例え.test").unwrap()),
        ],
        body: Body::EightBitMime,
        smtputf8: true,
        require_tls: true,
        dsn: Dsn { ret: Some(Ret::Headers), envelope_id: Some("id=1 +".to_owned()) },
        ..envelope(&[])
    };
    pair.deliver(sent.clone(), Bytes::from_static("Subject: 件名\r\n\r\n本文\r\n".as_bytes()));
    pair.client.quit(pair.now);
    pair.drive();
    assert_eq!(pair.codes(), [[250, 250]]);
    assert_eq!(pair.messages[0].envelope, sent);
    assert!(pair.closed);
    assert!(pair.client.is_tls() && pair.server.facts().tls);
}

#[test]
fn several_transactions_and_refusals() {
    let mut pair = Pair::new(crate::client::settings(), crate::server::settings(), vec![1000]);
    pair.deliver(envelope(&["b", "nobody", "later"]), Bytes::from_static(b"one\r\n"));
    pair.deliver(envelope(&["nobody"]), Bytes::from_static(b"two\r\n"));
    pair.deliver(envelope(&["b", "c"]), Bytes::from_static(b"spam\r\n"));
    pair.deliver(envelope(&[]), Bytes::from_static(b"nothing\r\n"));
    pair.deliver(envelope(&["b"]), Bytes::new());
    assert_eq!(pair.codes(), [vec![250, 550, 450], vec![550], vec![550, 550], vec![], vec![250]]);
    assert_eq!(pair.messages.len(), 3);
}

#[test]
fn many_recipients_do_not_fill_the_pipe() {
    let names: Vec<String> = (0..350).map(|n| format!("user{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let server = server::Settings { max_recipients: 1000, ..crate::server::settings() };
    let mut pair = Pair::new(crate::client::settings(), server, vec![100]);
    pair.deliver(envelope(&names), Bytes::from_static(b"x\r\n"));
    assert_eq!(pair.codes(), [vec![250; 350]]);
    assert_eq!(pair.messages[0].envelope.forward_paths.len(), 350);
}

#[test]
fn large_content_goes_by_chunk() {
    let server = server::Settings { max_size: 3 << 20, ..crate::server::settings() };
    let mut pair = Pair::new(crate::client::settings(), server, vec![16 * 1024]);
    let content = Bytes::from(".dot\r\nx\r\n".repeat(200_000));
    pair.deliver(envelope(&["b"]), content.clone());
    assert_eq!(pair.codes(), [[250]]);
    assert_eq!(pair.messages[0].content, content);
    assert!(pair.client.transcript().lines.iter().any(|line| line.text == "BDAT 1800000 LAST"));
}

#[test]
fn auth_goes_under_tls() {
    let credentials = Credentials { username: "tanaka".to_owned(), password: "secret".to_owned() };
    let settings = client::Settings { credentials: Some(credentials), ..crate::client::settings() };
    let server =
        server::Settings { auth: AuthOffer::UnderTls, auth_required: true, ..crate::server::settings() };
    let mut pair = Pair::new(settings, server, vec![7]);
    pair.deliver(envelope(&["b"]), Bytes::from_static(b"x\r\n"));
    assert_eq!(pair.codes(), [[250]]);
    assert_eq!(pair.server.facts().user.as_deref(), Some("tanaka"));
    assert!(!format!("{:?}", pair.client.transcript()).contains("AHRhbmFrYQ"));
}

/// Lines with dots where they hurt, and any octet that a line may have.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![
        4 => Just(b'.'), 2 => Just(b'\t'),
        6 => any::<u8>().prop_filter("line ends come with the lines", |octet| !matches!(octet, b'\r' | b'\n')),
    ];
    let line = prop::collection::vec(octet, 0..12);
    let lines = prop::collection::vec(line, 0..20);
    (lines, any::<bool>()).prop_map(|(lines, ended)| {
        let mut body = lines.join(&b"\r\n"[..]);
        if ended && !body.is_empty() {
            body.extend_from_slice(b"\r\n");
        }
        body
    })
}

/// Two of the octets above may be a dot hidden by NUL, which is refused on purpose.
fn has_hidden_dot(body: &[u8]) -> bool {
    body.split(|octet| *octet == b'\n').any(|line| {
        line.contains(&0) && line.iter().copied().filter(|octet| !matches!(octet, 0 | b'\r')).eq([b'.'])
    })
}

proptest! {
    #[test]
    fn content_arrives_octet_for_octet(
        bodies in prop::collection::vec(body(), 1..4),
        steps in prop::collection::vec(1_usize..30, 1..8),
    ) {
        prop_assume!(!bodies.iter().any(|body| has_hidden_dot(body)));
        let mut pair = Pair::new(crate::client::settings(), crate::server::settings(), steps);
        for body in &bodies {
            // "spam" is what the policy refuses.
            pair.deliver(envelope(&["b"]), Bytes::copy_from_slice(&[b"x".as_slice(), body].concat()));
        }
        prop_assert_eq!(pair.codes(), vec![vec![250]; bodies.len()]);
        for (body, message) in bodies.iter().zip(&pair.messages) {
            let mut expected = [b"x".as_slice(), body].concat();
            if !expected.ends_with(b"\r\n") {
                expected.extend_from_slice(b"\r\n");
            }
            prop_assert_eq!(message.content.as_ref(), expected.as_slice());
        }
    }
}
