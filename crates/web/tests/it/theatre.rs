//! A store with messages in every state, and a stage that tells a story about them: for the tests of the pages, and for
//! `examples/pages.rs`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tegami_dns::ZoneResolver;
use tegami_mail::{Address, Clock, Domain, ForwardPath, ReversePath, StoredNote};
use tegami_queue::{
    Accounts, Control, DkimKeys, Domains, Intake, IntakeSettings, KeyRing, NoMailboxes, SystemClock,
};
use tegami_store::{
    Account, Attempt, Embedded, EnvelopeParameters, EventKind, IdSource, KeyFolder, Lease, MailboxDelivery,
    NewEvent, NewMessage, NewRecipient, NodeId, Options, Origin, Priority, QueueId, RowId, SettleOp,
    Settlement, Store, Summary, Table,
};
use tegami_web::pages::{Command, Fate, FateWord, HostView, PageSettings, Role, Scene, Stage};
use tegami_web::{Rooms, Settings};
use tokio::sync::watch;

/// A subject that would run, turn the text around and end its element, if it could.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script> \u{202e}\"'</title><img src=x onerror=alert(2)>";

pub(crate) struct Theatre {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) delivered: QueueId,
    pub(crate) bounced: QueueId,
    pub(crate) notification: QueueId,
    pub(crate) waiting: QueueId,
    pub(crate) hostile: QueueId,
    keys: PathBuf,
    changes: watch::Sender<u64>,
    closing: watch::Sender<bool>,
}

fn note(id: &str, args: &[(&str, &str)]) -> StoredNote {
    let args = args.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    StoredNote { id: id.to_owned(), args }
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// So many milliseconds after the curtain rose.
fn moment(millis: i64) -> Timestamp {
    Timestamp::from_second(1_783_300_000).unwrap() + SignedDuration::from_millis(millis)
}

impl Theatre {
    /// Fills a new store in this folder.
    pub(crate) async fn open(folder: &Path) -> Arc<Self> {
        let store: Arc<dyn Store> = Arc::new(Embedded::open(folder, Options::default()).unwrap());
        let ids = IdSource::default();
        let [delivered, bounced, waiting, hostile, notification] =
            [0, 100, 200, 300, 900].map(|at| ids.next(moment(at)));
        let keys = folder.join("keys");
        let letters = vec![
            letter(delivered, 0, "【お問い合わせ】資料請求について", "hanako@bigmail.test"),
            letter(bounced, 100, "Your order", "somebody@nullmx.test"),
            letter(waiting, 200, "Weekly news", "taro@grey.test"),
            arrived(hostile),
        ];
        store.accept(letters).await.unwrap();
        let lease = store
            .claim(&NodeId("a".into()), moment(0), Duration::from_secs(1 << 30))
            .await
            .unwrap()
            .remove(0);
        settle_delivered(&*store, &lease, delivered).await;
        settle_bounced(&*store, &lease, bounced, notification).await;
        settle_waiting(&*store, &lease, waiting).await;
        let rejected = NewEvent {
            kind: EventKind::Rejected,
            at: moment(700),
            domain: "shop.test".into(),
            message: None,
            recipient: Some("info@shop.test".into()),
            data: json!({"ip": "127.42.0.66", "reverse_path": "alerts@bank.test", "reply": "550 5.7.1 SPF fail",
                "why": {"id": "dmarc-fail", "args": [["domain", "bank.test"], ["policy", "reject"]]}, "verdicts": spoofed()}).into(),
        };
        store.record(vec![rejected]).await.unwrap();
        let account = Account {
            name: "info@shop.test".into(),
            password_hash: String::new(),
            senders: vec![],
            addresses: vec!["info@shop.test".into()],
            ..Account::default()
        };
        store.put(Table::Accounts, vec![(account.name.clone(), json!(account))]).await.unwrap();
        let (changes, closing) = (watch::Sender::new(0), watch::Sender::new(false));
        Arc::new(Self { store, delivered, bounced, notification, waiting, hostile, keys, changes, closing })
    }

    /// The pages, in the lab.
    pub(crate) fn settings(self: &Arc<Self>) -> PageSettings {
        PageSettings {
            stage: Some(Arc::clone(self) as Arc<dyn Stage>),
            owners: vec![],
            closing: self.closing.subscribe(),
        }
    }

    /// The rooms over this store.
    pub(crate) fn rooms(&self) -> Rooms {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let accounts = Accounts::new(Arc::clone(&self.store), Arc::clone(&clock)).unwrap();
        let intake = Intake::new(
            Arc::clone(&self.store),
            IntakeSettings::new(Domain::parse("mail.shop.test").unwrap()),
            Arc::new(KeyRing::default()),
            Arc::new(NoMailboxes),
            Arc::clone(&clock),
            Arc::new(IdSource::default()),
            Arc::new(Control::default()),
        );
        let ours = [Domain::parse("shop.test").unwrap()];
        let domains = Domains::new(Arc::clone(&self.store), Arc::clone(&clock), ours);
        let (folder, ring) = (KeyFolder::open(&self.keys).unwrap(), Arc::new(KeyRing::default()));
        let keys = DkimKeys::new(Arc::clone(&self.store), folder, Arc::clone(&clock), ring, Vec::new());
        Rooms::new(
            Arc::clone(&self.store),
            Arc::new(domains),
            Arc::new(keys),
            Arc::new(accounts),
            Arc::new(intake),
            Arc::new(ZoneResolver::from_text("").unwrap()),
            clock,
        )
    }

    /// API and pages of the lab.
    pub(crate) fn router(self: &Arc<Self>, settings: PageSettings) -> axum::Router {
        let lab = Settings {
            open_on_loopback: settings.stage.is_some(),
            ..Settings::new(address("a@mail.shop.test").domain().unwrap().clone())
        };
        tegami_web::router_with_pages(lab, self.rooms(), settings)
    }

    /// Something has changed on the stage.
    #[allow(dead_code, reason = "the example's story stands still")]
    pub(crate) fn tick(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

fn letter(id: QueueId, at: i64, subject: &str, to: &str) -> NewMessage {
    let path = address(to);
    let content = format!(
        "From: Shop <shop@shop.test>\r\nTo: {to}\r\nSubject: {}\r\nMessage-ID: <{id}@shop.test>\r\nDate: Mon, 6 Jul 2026 00:13:20 +0000\r\n\r\nこんにちは。\r\nThis is the text.\r\n",
        subject.replace(['\r', '\n'], " ")
    );
    NewMessage {
        id,
        accepted_at: moment(at),
        origin: Origin::Http { account: "shop".into() },
        domain: "shop.test".into(),
        reverse_path: ReversePath::Address(address("bounces@shop.test")),
        envelope_parameters: EnvelopeParameters::default(),
        summary: Summary {
            from: "Shop <shop@shop.test>".into(),
            to: to.into(),
            subject: subject.into(),
            message_id: format!("{id}@shop.test"),
            size: content.len() as u64,
            tags: vec!["welcome".into()],
            ..Summary::default()
        },
        content: content.into_bytes().into(),
        priority: Priority::default(),
        recipients: vec![NewRecipient {
            next_hop: path.host().to_string(),
            path: ForwardPath::from(path),
            due: moment(at),
            expires: moment(at + 432_000_000),
        }],
        mailboxes: vec![],
        verdicts: None,
        tables: Vec::new(),
        events: vec![],
    }
}

/// A message from outside in a mailbox here, with everything that a stranger could try.
fn arrived(id: QueueId) -> NewMessage {
    let content = format!(
        "From: {HOSTILE} <x@partner.test>\r\nSubject: {HOSTILE}\r\nX-{0}: {HOSTILE}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n{HOSTILE}\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<h1>Hello</h1><script>alert(3)</script><p style=\"color:teal\">A letter in HTML.</p>\r\n--b--\r\n",
        "Evil"
    );
    let mut message = letter(id, 300, HOSTILE, "info@shop.test");
    message.origin = Origin::Reception { ip: "127.42.0.50".parse().unwrap() };
    message.summary.from = HOSTILE.into();
    message.summary.size = content.len() as u64;
    message.content = content.into_bytes().into();
    message.recipients = vec![];
    message.mailboxes = vec![MailboxDelivery { owner: address("info@shop.test"), mailbox: "INBOX".into() }];
    message.verdicts = Some(passing("partner.test", "127.42.0.50"));
    message
}

fn step(depth: u8, domain: &str, term: &str, outcome: &str, detail: &StoredNote, source: &str) -> Value {
    json!({"depth": depth, "domain": domain, "term": term, "outcome": outcome, "detail": detail, "source": source})
}

fn iprev(ip: &str, name: &str) -> Value {
    json!({"result": "pass", "name": name, "steps": [
        step(0, "", &format!("PTR {ip}"), "found", &note("iprev-names", &[("ip", ip), ("names", name)]), "RFC 8601 section 3"),
        step(0, name, &format!("A {name}"), "match", &note("iprev-confirmed", &[("ip", ip), ("name", name)]), "RFC 8601 section 3"),
    ]})
}

fn passing(domain: &str, ip: &str) -> Value {
    let network = format!("{ip}/32");
    let record = format!("v=spf1 include:spf.{domain} -all");
    let spf = json!({"result": "pass", "identity": "mailfrom", "domain": domain, "explanation": null, "lookups": 1, "void_lookups": 0, "steps": [
        step(0, domain, "TXT", "found", &note("spf-record-found", &[("record", &record)]), "RFC 7208 section 4.5"),
        step(0, domain, &format!("include:spf.{domain}"), "match", &note("spf-include-pass", &[("target", &format!("spf.{domain}"))]), "RFC 7208 section 5.2"),
        step(1, &format!("spf.{domain}"), &format!("ip4:{ip}"), "match", &note("spf-network-match", &[("ip", ip), ("network", &network)]), "RFC 7208 section 5.6"),
    ]});
    json!({
        "iprev": iprev(ip, &format!("mail.{domain}")),
        "spf": {"mailfrom": spf, "helo": {"result": "pass", "identity": "helo", "domain": format!("mail.{domain}"), "steps": []}},
        "dkim": [{"result": "pass", "domain": domain, "selector": "s1", "algorithm": "ed25519-sha256",
            "reason": note("dkim-pass", &[("domain", domain), ("selector", "s1")]),
            "steps": [step(0, domain, "body hash", "match", &note("dkim-body-match", &[("canonicalization", "relaxed"), ("hash", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]), "RFC 6376 section 3.7")]}],
        "dmarc": {"result": "pass", "policy_domain": domain, "organizational_domain": domain, "policy": "reject", "disposition": "none",
            "aligned": {"spf": true, "dkim": true},
            "steps": [step(0, domain, &format!("_dmarc.{domain}"), "pass", &note("dmarc-pass", &[("domain", domain)]), "RFC 9989 section 4.4")]},
        "authentication_results": format!("mx1.bigmail.test; spf=pass smtp.mailfrom={domain}; dkim=pass header.d={domain} header.s=s1; dmarc=pass header.from={domain}"),
    })
}

fn spoofed() -> Value {
    json!({
        "iprev": iprev("127.42.0.66", "cheap-vps.spoofer.test"),
        "spf": {"mailfrom": {"result": "fail", "identity": "mailfrom", "domain": "bank.test", "explanation": null, "steps": [
            step(0, "bank.test", "TXT", "found", &note("spf-record-found", &[("record", "v=spf1 -all")]), "RFC 7208 section 4.5"),
            step(0, "bank.test", "-all", "match", &note("spf-all", &[]), "RFC 7208 section 5.1"),
        ]}},
        "dkim": [],
        "dmarc": {"result": "fail", "policy_domain": "bank.test", "organizational_domain": "bank.test", "policy": "reject", "disposition": "reject",
            "aligned": {"spf": false, "dkim": false},
            "steps": [step(0, "bank.test", "bank.test", "fail", &note("dmarc-fail", &[("domain", "bank.test"), ("policy", "reject")]), "RFC 9989 section 5")]},
    })
}

fn transcript(lines: &[(&str, &str)]) -> Value {
    let lines = lines.iter().enumerate();
    json!({"lines": lines.map(|(at, (speaker, text))| json!({"after": {"secs": 0, "nanos": at * 4_000_000}, "speaker": speaker, "text": text})).collect::<Vec<_>>()})
}

fn session(host: &str, to: &str, end: &str) -> Value {
    transcript(&[
        ("server", &format!("220 {host} ESMTP Tegami")),
        ("client", "EHLO mail.shop.test"),
        ("server", &format!("250-{host} greets mail.shop.test")),
        ("server", "250-PIPELINING"),
        ("server", "250 STARTTLS"),
        ("client", "STARTTLS"),
        ("server", "220 2.0.0 Go ahead"),
        ("remark", "TLSv1.3 TLS13_AES_256_GCM_SHA384"),
        ("client", "MAIL FROM:<bounces@shop.test>"),
        ("client", &format!("RCPT TO:<{to}>")),
        ("server", end),
    ])
}

fn host_try(host: &str, ip: &str, to: &str, end: &str, trusted: bool) -> Value {
    let reason = (!trusted).then(|| note("outbound-tls-self-signed", &[("subject", &format!("CN={host}"))]));
    json!({"host": host, "ip": ip, "port": 2525, "preference": 10, "source": "127.42.0.1", "connected": true, "reused": false, "fallback_to_clear": false,
        "tls": {"version": "TLSv1.3", "cipher": "TLS13_AES_256_GCM_SHA384", "trusted": trusted, "reason": reason,
            "certificate": {"subject": format!("CN={host}"), "issuer": "CN=Tegami Lab", "names": [host], "not_before": "2026-07-01T00:00:00Z", "not_after": null, "sha256": "00ff"}},
        "transcript": session(host, to, end), "results": [], "failure": null, "duration_ms": 38})
}

fn attempt(message: QueueId, at: i64, record: Value) -> Attempt {
    Attempt { message, recipients: vec![0], at: moment(at), record: record.into() }
}

async fn settle_delivered(store: &dyn Store, lease: &Lease, id: QueueId) {
    let to = "hanako@bigmail.test";
    let dead = json!({"host": "mx1.deadmx.test", "ip": "127.42.0.30", "port": 2525, "preference": 5, "connected": false,
        "transcript": {"lines": []}, "failure": {"stage": "connect", "class": "transient", "status": "4.4.1", "reply": null, "detail": note("outbound-connect-refused", &[])}, "duration_ms": 1});
    let reply = json!({"code": 250, "enhanced": "2.0.0", "lines": ["Ok: mx1.bigmail.test has it"]});
    let record = json!({"next_hop": "bigmail.test", "way": "mx",
        "steps": [note("outbound-mx-found", &[("domain", "bigmail.test"), ("hosts", "5 mx1.deadmx.test, 10 mx1.bigmail.test")])],
        "hosts": [dead, host_try("mx1.bigmail.test", "127.42.0.10", to, "250 2.0.0 Ok: mx1.bigmail.test has it", true)],
        "recipients": [{"address": to, "result": "delivered", "host": 1, "reply": reply, "failure": null}]});
    let op = SettleOp::Delivered {
        row: RowId { message: id, recipient: 0 },
        status: "250 2.0.0 Ok: mx1.bigmail.test has it".into(),
    };
    let settlement = Settlement {
        at: Some(moment(60)),
        ops: vec![op],
        attempts: vec![attempt(id, 10, record)],
        ..Settlement::default()
    };
    store.settle(lease, settlement).await.unwrap();
}

async fn settle_bounced(store: &dyn Store, lease: &Lease, id: QueueId, notification: QueueId) {
    let detail = note("outbound-null-mx", &[("domain", "nullmx.test")]);
    let failure = json!({"stage": "destination", "class": "permanent", "status": "5.1.10", "reply": null, "detail": detail});
    let record = json!({"next_hop": "nullmx.test", "way": "mx", "steps": [], "hosts": [],
        "recipients": [{"address": "somebody@nullmx.test", "result": "failed", "host": null, "reply": null, "failure": failure}]});
    let mut born = letter(notification, 900, "Undelivered: Your order", "bounces@shop.test");
    born.origin = Origin::Own;
    born.reverse_path = ReversePath::Null;
    born.content = format!("Subject: Undelivered\r\nReferences: <{id}@shop.test>\r\n\r\nSorry.\r\n").into();
    born.summary.size = born.content.len() as u64;
    let op = SettleOp::Fail {
        row: RowId { message: id, recipient: 0 },
        status: "5.1.10 nullmx.test takes no mail".into(),
    };
    let settlement = Settlement {
        at: Some(moment(900)),
        ops: vec![op],
        attempts: vec![attempt(id, 110, record)],
        born: vec![born],
        ..Settlement::default()
    };
    store.settle(lease, settlement).await.unwrap();
}

async fn settle_waiting(store: &dyn Store, lease: &Lease, id: QueueId) {
    let to = "taro@grey.test";
    let end = "451 4.7.1 Greylisted: come again in 2 s";
    let reply = json!({"code": 451, "enhanced": "4.7.1", "lines": ["Greylisted: come again in 2 s"]});
    let failure = json!({"stage": "recipient", "class": "transient", "status": null, "reply": reply,
        "detail": note("outbound-refused", &[("command", "RCPT"), ("reply", end)])});
    let record = json!({"next_hop": "grey.test", "way": "mx", "steps": [],
        "hosts": [host_try("mx.grey.test", "127.42.0.20", to, end, false)],
        "recipients": [{"address": to, "result": "failed", "host": 0, "reply": reply, "failure": failure}]});
    let op = SettleOp::Defer {
        row: RowId { message: id, recipient: 0 },
        next_hop: "grey.test".into(),
        due: moment(3_000),
        status: end.into(),
    };
    let settlement = Settlement {
        at: Some(moment(260)),
        ops: vec![op],
        attempts: vec![attempt(id, 210, record)],
        ..Settlement::default()
    };
    store.settle(lease, settlement).await.unwrap();
}

fn visit(host: &str, at: i64, envelope: (&str, &str), reply: &str, message_id: Option<&str>) -> Value {
    let taken = reply.starts_with('2');
    json!({"host": host, "habit": "plain", "at": moment(at), "client": "127.42.0.1", "helo": "mail.shop.test", "tls": "TLSv1.3 TLS13_AES_256_GCM_SHA384",
        "reverse_path": envelope.0, "recipients": [envelope.1], "verdicts": if envelope.0.contains("bank") { spoofed() } else { passing("shop.test", "127.42.0.1") },
        "reply": reply, "accepted": taken, "mailbox": taken.then_some("INBOX"), "message_id": message_id, "transcript": session(host, envelope.1, reply)})
}

impl Stage for Theatre {
    fn scenes(&self) -> Vec<Scene> {
        let scene = |number, name: &str, message, to: &str, fate| Scene {
            number,
            title: note(&format!("lab-scene-{name}"), &[]),
            explanation: note(&format!("lab-lesson-{name}"), &[]),
            message,
            from: "shop@shop.test".to_owned(),
            to: to.to_owned(),
            expected: note("lab-expected-inbox", &[]),
            fate,
            visits: vec![],
        };
        let fate = |word, as_expected, deciding| Some(Fate { word, as_expected, deciding });
        let host = [("host", "mx1.bigmail.test"), ("mailbox", "INBOX"), ("reply", "550 5.7.26 <b>no</b>")];
        let spoofed = fate(FateWord::Refused, false, note("lab-fate-refused", &host));
        vec![
            scene(
                1,
                "contact-form",
                Some(self.delivered),
                "hanako@bigmail.test",
                fate(FateWord::Delivered, true, note("lab-fate-delivered", &host)),
            ),
            scene(
                2,
                "null-mx",
                Some(self.bounced),
                "somebody@nullmx.test",
                fate(FateWord::Bounced, true, note("lab-fate-no-host", &[("code", "5.1.10")])),
            ),
            scene(3, "greylist", Some(self.waiting), "taro@grey.test", None),
            Scene {
                visits: vec![2],
                from: "alerts@bank.test".into(),
                ..scene(4, "spoofed-there", None, "hanako@bigmail.test", spoofed)
            },
        ]
    }

    fn visits(&self) -> Vec<Value> {
        let shop = "bounces@shop.test";
        let message_id = format!("{}@shop.test", self.delivered);
        vec![
            visit(
                "mx1.bigmail.test",
                50,
                (shop, "hanako@bigmail.test"),
                "250 2.0.0 Ok: mx1.bigmail.test has it",
                Some(&message_id),
            ),
            visit(
                "mx.grey.test",
                240,
                (shop, "taro@grey.test"),
                "451 4.7.1 Greylisted: come again in 2 s",
                None,
            ),
            visit(
                "mx1.bigmail.test",
                600,
                ("alerts@bank.test", "hanako@bigmail.test"),
                "550 5.7.26 The DMARC policy of bank.test asks to reject this message",
                None,
            ),
            visit(
                "mx.grey.test",
                800,
                ("stranger@partner.test", "taro@grey.test"),
                "250 2.0.0 Ok",
                Some("other@partner.test"),
            ),
        ]
    }

    fn commands(&self) -> Vec<Command> {
        let curl = "curl -s --user 'api:key-0123456789abcdef' http://127.0.0.1:8025/v3/shop.test/messages \\\n  -F from='Shop <shop@shop.test>' -F to=hanako@bigmail.test \\\n  -F subject='Hello' -F text='<3 from the lab'";
        vec![
            Command { title: note("lab-try-curl", &[]), text: curl.into() },
            Command {
                title: note("lab-try-dig", &[]),
                text: "dig @127.0.0.1 -p 5353 bigmail.test MX +short".into(),
            },
        ]
    }

    fn hosts(&self) -> Vec<HostView> {
        let host = |name: &str, address: &str, role, explanation: &str| HostView {
            name: name.to_owned(),
            address: address.to_owned(),
            role,
            habit: String::new(),
            explanation: note(explanation, &[]),
        };
        vec![
            host("mail.shop.test", "127.42.0.1:2525", Role::Site, "lab-host-site"),
            host("ns.lab.test", "127.0.0.1:5353", Role::Dns, "lab-host-dns"),
            host("mx1.bigmail.test", "127.42.0.10:2525", Role::Receiver, "lab-host-bigmail"),
            host("mx.grey.test", "127.42.0.20:2525", Role::Receiver, "lab-host-grey"),
            host("mx1.deadmx.test", "127.42.0.30:2525", Role::Silent, "lab-host-dead"),
            host("mx2.deadmx.test", "127.42.0.31:2525", Role::Receiver, "lab-host-alive"),
            host("mx.selfsigned.test", "127.42.0.40:2525", Role::Receiver, "lab-host-selfsigned"),
            host("mail.partner.test", "127.42.0.50", Role::Sender, "lab-host-partner"),
            host("cheap-vps.spoofer.test", "127.42.0.66", Role::Sender, "lab-host-spoofer"),
        ]
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}
