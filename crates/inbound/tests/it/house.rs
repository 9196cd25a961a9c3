//! A server in a temporary folder, in a world of zone text, at a fixed time.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tegami_auth::dkim::{PrivateKey, Selector, Signer};
use tegami_dns::ZoneResolver;
use tegami_inbound::{
    Arrival, BoxFuture, Clerk, Desk, Judge, Listener, OnFail, Peer, Policy, Reception, ReceptionSettings,
    Service, Shutdown, SubmissionDesk, SubmissionSettings, serve,
};
use tegami_mail::{Address, Clock, Domain};
use tegami_proto::smtp::server::{AuthOffer, Settings};
use tegami_queue::{
    Accounts, Control, Directory, Domains, Intake, IntakeSettings, KeyRing, LocalMailboxes, NoControls,
    TestInboxes, Throttle, ThrottlePolicy, TrustedNetworks,
};
use tegami_store::{
    Account, Embedded, Event, EventFilter, EventKind, IdSource, Options, QueueId, Store, Table,
};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(crate) const STRICT: Policy = Policy { dmarc_reject: OnFail::Refuse, spf_fail: OnFail::Refuse };
pub(crate) const LENIENT: Policy = Policy { dmarc_reject: OnFail::Mark, spf_fail: OnFail::Mark };

const ZONE: &str = r#"
    1.2.0.192.in-addr.arpa. PTR client.example.net.
    client.example.net. A 192.0.2.1
    client.example.net. TXT "v=spf1 a -all"
    example.net. TXT "v=spf1 ip4:192.0.2.1 -all"
    _dmarc.example.net. TXT "v=DMARC1; p=none"
    nomail.test. TXT "v=spf1 exp=why.nomail.test -all"
    why.nomail.test. TXT "mail from %{i} is not ours"
    reject.test. TXT "v=spf1 ?all"
    _dmarc.reject.test. TXT "v=DMARC1; p=reject"
    quarantine.test. TXT "v=spf1 ?all"
    _dmarc.quarantine.test. TXT "v=DMARC1; p=quarantine"
    broken.test. TXT "v=spf1 ?all"
    $SERVFAIL _dmarc.broken.test
"#;

#[derive(Debug)]
pub(crate) struct FixedClock(pub(crate) Mutex<Timestamp>);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

pub(crate) fn domain(text: &str) -> Domain {
    Domain::parse(text).unwrap()
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub(crate) struct House {
    pub(crate) store: Arc<dyn Store>,
    clock: Arc<FixedClock>,
    accounts: Arc<Accounts>,
    local: Arc<dyn LocalMailboxes>,
    intake: Arc<Intake>,
    throttle: Arc<Mutex<Throttle>>,
    _folder: tempfile::TempDir,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::open_with(Options::default()).await
    }

    pub(crate) async fn open_with(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(Embedded::open(folder.path(), options).unwrap());
        let clock = Arc::new(FixedClock(Mutex::new("2026-07-06T09:00:00Z".parse().unwrap())));
        let accounts = Arc::new(Accounts::new(store.clone(), clock.clone()).unwrap());
        for name in ["b@example.org", "c@example.org"] {
            let own = vec![name.to_owned()];
            // Nobody logs in with this one; a real hash takes its time.
            let (password_hash, senders) = (String::new(), own.clone());
            let account = Account {
                name: name.to_owned(),
                password_hash,
                senders,
                addresses: own,
                ..Account::default()
            };
            let row = (name.to_owned(), serde_json::to_value(account).unwrap());
            store.put(Table::Accounts, vec![row]).await.unwrap();
        }
        let postmaster = Some(address("b@example.org"));
        let local = Directory::new(store.clone(), clock.clone(), [domain("example.org")], postmaster);
        let local: Arc<dyn LocalMailboxes> = Arc::new(local.with_hostname(domain("mx.example.org")));
        let signer = Signer::new(
            domain("example.org"),
            Selector::parse("s1").unwrap(),
            Arc::new(PrivateKey::generate_ed25519().unwrap()),
        );
        let intake = Intake::new(
            store.clone(),
            IntakeSettings::new(domain("mx.example.org")),
            Arc::new(KeyRing::new([signer])),
            local.clone(),
            clock.clone(),
            Arc::new(IdSource::default()),
            Arc::new(Control::default()),
        );
        let throttle = Throttle::new(ThrottlePolicy {
            free_failures: 0,
            longest_delay: Duration::from_millis(30),
            pair_failures: 3,
            ..ThrottlePolicy::default()
        });
        let (intake, throttle) = (Arc::new(intake), Arc::new(Mutex::new(throttle)));
        Self { store, clock, accounts, local, intake, throttle, _folder: folder }
    }

    pub(crate) fn reception(&self, policy: Policy) -> Arc<dyn Desk> {
        let desk = Reception::new(ReceptionSettings {
            hostname: domain("mx.example.org"),
            policy,
            resolver: Arc::new(ZoneResolver::from_text(ZONE).unwrap()),
            mailboxes: self.local.clone(),
            intake: self.intake.clone(),
            store: self.store.clone(),
            clock: self.clock.clone(),
            judge: Some(Arc::new(Witness)),
        });
        Arc::new(From { ip: "192.0.2.1".parse().unwrap(), desk })
    }

    /// Gives `b@example.org` the password `correct horse`.
    pub(crate) async fn password(&self) {
        self.accounts.set_password("b@example.org", "correct horse").await.unwrap();
    }

    /// A credential `shop@example.org` with the same password, and its domain lets the names below it send.
    pub(crate) async fn wildcard(&self) {
        let ours = domain("example.org");
        self.accounts.create_credential(&address("shop@example.org"), &ours, "correct horse").await.unwrap();
        let domains = Domains::new(self.store.clone(), self.clock.clone(), [ours.clone()]);
        domains.alter(&ours, |row| row.wildcard = true).await.unwrap();
    }

    pub(crate) fn submission(&self) -> Arc<dyn Desk> {
        self.submission_with(TrustedNetworks::default())
    }

    pub(crate) fn submission_with(&self, trusted: TrustedNetworks) -> Arc<dyn Desk> {
        Arc::new(SubmissionDesk::new(SubmissionSettings {
            hostname: domain("mx.example.org"),
            accounts: self.accounts.clone(),
            domains: Arc::new(Domains::new(self.store.clone(), self.clock.clone(), [domain("example.org")])),
            trusted,
            mailboxes: self.local.clone(),
            controls: Arc::new(NoControls(self.intake.clone())),
            intake: self.intake.clone(),
            store: self.store.clone(),
            throttle: self.throttle.clone(),
            clock: self.clock.clone(),
        }))
    }

    /// Where messages are judged.
    pub(crate) fn inboxes(&self) -> &TestInboxes {
        self.intake.test_inboxes()
    }

    /// Time goes on.
    pub(crate) fn later(&self, by: Duration) {
        let mut now = self.clock.0.lock().unwrap();
        *now += by;
    }

    /// The contents of a mailbox, the queue id in them made plain.
    pub(crate) async fn mailbox(&self, owner: &str, mailbox: &str) -> Vec<String> {
        let mut contents = Vec::new();
        for entry in self.store.mailbox(&address(owner), mailbox, 0, 100).await.unwrap() {
            contents.push(self.content(entry.message.id).await);
        }
        contents
    }

    pub(crate) async fn content(&self, id: QueueId) -> String {
        let content = self.store.content(id, None).await.unwrap();
        let text = String::from_utf8(content.to_vec()).unwrap().replace('\r', "");
        text.replace(&id.to_string(), "ID")
    }

    /// Refusals on record: recipient, reply and the identifier of the reason.
    pub(crate) async fn refusals(&self) -> String {
        let events = self.store.events(EventFilter { limit: 100, ..EventFilter::default() }).await.unwrap();
        let rejected = events.iter().filter(|event| event.event.kind == EventKind::Rejected);
        let line = |event: &Event| {
            let data = event.event.data.value();
            let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
            let recipient = event.event.recipient.as_deref().unwrap_or("-");
            format!("{} {recipient} {} {}\n", event.event.domain, data["code"], text(&data["why"]["id"]))
        };
        rejected.map(line).collect()
    }
}

/// Writes down what it is shown.
struct Witness;

impl Judge for Witness {
    fn judge<'a>(&'a self, arrival: Arrival<'a>) -> BoxFuture<'a, serde_json::Value> {
        let seen = serde_json::json!({
            "ip": arrival.verdicts.ip,
            "dmarc": arrival.verdicts.dmarc.result.as_str(),
            "octets": arrival.content.len(),
            "from": arrival.envelope.reverse_path.to_string(),
            "protocol": arrival.protocol,
            "tls": arrival.tls,
        });
        Box::pin(std::future::ready(seen))
    }
}

/// The desk behind a network: its clients come from `ip`.
struct From<D> {
    ip: IpAddr,
    desk: D,
}

impl<D: Desk> Desk for From<D> {
    fn open(&self, peer: Peer) -> Box<dyn Clerk> {
        let Peer::Tcp { local, .. } = peer else { return self.desk.open(peer) };
        self.desk.open(Peer::Tcp { remote: SocketAddr::new(self.ip, 50_000), local })
    }
}

pub(crate) fn settings() -> Settings {
    let minute = Duration::from_secs(60);
    Settings {
        max_size: 10_000,
        idle_timeout: minute,
        session_timeout: minute,
        ..Settings::new("mx.example.org")
    }
}

pub(crate) fn submission_settings() -> Settings {
    Settings { auth: AuthOffer::UnderTls, auth_required: true, ..settings() }
}

/// A running listener.
pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) task: JoinHandle<()>,
}

pub(crate) fn service(desk: Arc<dyn Desk>, settings: Settings) -> (Service, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["mx.example.org".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    (Service::new(settings, Arc::new(tls), desk), certificate)
}

impl Door {
    pub(crate) async fn open(desk: Arc<dyn Desk>, settings: Settings) -> Self {
        let (service, certificate) = service(desk, settings);
        Self::with(service, certificate).await
    }

    pub(crate) async fn with(service: Service, certificate: CertificateDer<'static>) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let (stop, shutdown) = Shutdown::pair();
        let task = tokio::spawn(serve(Listener::Tcp(socket), Arc::new(service), shutdown));
        Self { address, certificate, stop, task }
    }
}
