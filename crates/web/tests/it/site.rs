//! A server on loopback, over a store in a temporary folder, and a client that sends octets.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tegami_dns::{DnsError, DnsName, RecordType, Resolver, ZoneResolver};
use tegami_mail::{Clock, Domain};
use tegami_queue::{
    Accounts, Caller, Control, Directory, DkimKeys, Domains, Intake, IntakeSettings, KeyRing, Links,
};
use tegami_store::{ApiKeyScope, Embedded, IdSource, KeyFolder, MessageRow, Store};
use tegami_web::{CallSettings, Calls, Rooms, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::phone::Phone;

pub(crate) const KEY: &str = "key-account-0123456789";
/// How readers of mail reach the server.
pub(crate) const PUBLIC: &str = "https://mail.example.org";
pub(crate) const SENDING_KEY: &str = "key-sending-0123456789";

pub(crate) struct StandingClock(Mutex<Timestamp>);

impl Default for StandingClock {
    fn default() -> Self {
        Self(Mutex::new("2026-07-06T09:00:00Z".parse().unwrap()))
    }
}

impl StandingClock {
    /// Moves on by this.
    pub(crate) fn advance(&self, duration: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(duration).unwrap();
    }
}

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// The DNS, which a test may change.
pub(crate) struct World(Mutex<Arc<ZoneResolver>>);

impl Default for World {
    fn default() -> Self {
        Self(Mutex::new(Arc::new(ZoneResolver::from_text("").unwrap())))
    }
}

impl World {
    pub(crate) fn become_zone(&self, text: &str) {
        *self.0.lock().unwrap() = Arc::new(ZoneResolver::from_text(text).unwrap());
    }
}

impl Resolver for World {
    fn lookup<'a>(
        &'a self,
        name: &'a DnsName,
        kind: RecordType,
    ) -> tegami_dns::BoxFuture<'a, Result<tegami_dns::Answer, DnsError>> {
        let zone = self.0.lock().unwrap().clone();
        Box::pin(async move { zone.lookup(name, kind).await })
    }
}

pub(crate) struct Site {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) address: std::net::SocketAddr,
    pub(crate) world: Arc<World>,
    pub(crate) accounts: Arc<Accounts>,
    /// The same router without a socket before it.
    pub(crate) router: axum::Router,
    pub(crate) rooms: Rooms,
    server: JoinHandle<()>,
    pub(crate) calls: Arc<Calls>,
    pub(crate) phone: Arc<Phone>,
    pub(crate) clock: Arc<StandingClock>,
    _folder: tempfile::TempDir,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn message(&self) -> String {
        self.json()["message"].as_str().unwrap_or_default().to_owned()
    }
}

impl Site {
    pub(crate) async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    /// A server of which nobody said how readers reach it.
    pub(crate) async fn open_without_links() -> Self {
        Self::open_by(None, |_| {}).await
    }

    pub(crate) async fn open_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::open_by(Some(PUBLIC), change).await
    }

    async fn open_by(public: Option<&str>, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> =
            Arc::new(Embedded::open(folder.path(), tegami_store::Options::default()).unwrap());
        let standing = Arc::new(StandingClock::default());
        let clock = Arc::clone(&standing) as Arc<dyn Clock>;
        let domain = |text: &str| Domain::parse(text).unwrap();
        let ours = [domain("example.org"), domain("shop.test")];
        let domains = Arc::new(Domains::new(store.clone(), clock.clone(), ours));
        let local = Directory::new(store.clone(), clock.clone(), [], None).with_domains(domains.clone());
        let ring = Arc::new(KeyRing::default());
        let folder_of_keys = KeyFolder::open(&folder.path().join("keys")).unwrap();
        let keys = DkimKeys::new(store.clone(), folder_of_keys, clock.clone(), ring.clone(), Vec::new());
        let (keys, world) = (Arc::new(keys), Arc::new(World::default()));
        let intake = Intake::new(
            store.clone(),
            IntakeSettings::new(domain("mail.example.org")),
            ring.clone(),
            Arc::new(local),
            clock.clone(),
            Arc::new(IdSource::default()),
            Arc::new(Control::default()),
        )
        .with_domains(domains.clone())
        .with_links(Arc::new(Links::load(&*store, public.map(str::to_owned)).await.unwrap()));
        let accounts = Arc::new(Accounts::new(store.clone(), clock.clone()).unwrap());
        accounts.put_api_key(KEY, "all", ApiKeyScope::Account).await.unwrap();
        let scope = ApiKeyScope::Domain("example.org".to_owned());
        accounts.put_api_key(SENDING_KEY, "sending", scope).await.unwrap();
        let mailboxes = ["info@example.org".to_owned()];
        accounts.create("info", "correct horse", &[], &mailboxes).await.unwrap();
        let mut settings = Settings::new(domain("mail.example.org"));
        change(&mut settings);
        settings.sources.addresses.push((domain("mail.example.org"), "192.0.2.1".parse().unwrap()));
        let phone = Arc::new(Phone::default());
        let caller = Arc::clone(&phone) as Arc<dyn Caller>;
        let calls = CallSettings::new("https://mail.example.org".to_owned());
        let calls = Arc::new(Calls::new(store.clone(), clock.clone(), caller, calls));
        let rooms = Rooms::new(
            store.clone(),
            domains,
            keys,
            accounts.clone(),
            Arc::new(intake),
            world.clone(),
            clock,
        );
        let rooms = Rooms { calls: calls.clone(), ..rooms };
        let router = tegami_web::router(settings, rooms.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = router.clone();
        let server = tokio::spawn(async move {
            tegami_web::serve(listener, served, std::future::pending()).await.unwrap();
        });
        Self {
            store,
            address,
            world,
            accounts,
            rooms,
            router,
            server,
            calls,
            phone,
            clock: standing,
            _folder: folder,
        }
    }

    /// Sends octets and reads to the end.
    pub(crate) async fn wire(&self, octets: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The server may answer, and close, before it has read everything.
        let _ = stream.write_all(octets).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        key: &str,
        content_type: &str,
        body: &[u8],
    ) -> Answer {
        use base64::Engine;
        let credentials = base64::engine::general_purpose::STANDARD.encode(format!("api:{key}"));
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Basic {credentials}\r\n\
             Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        self.wire(&[head.as_bytes(), body].concat()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request("GET", path, KEY, "application/x-www-form-urlencoded", b"").await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.request("POST", path, KEY, "application/x-www-form-urlencoded", body.as_bytes()).await
    }

    /// The newest message, with its content.
    pub(crate) async fn newest(&self) -> (MessageRow, String) {
        let row = self.store.messages(None, 1).await.unwrap().remove(0);
        let content = self.store.content(row.id, None).await.unwrap();
        (row, String::from_utf8(content.to_vec()).unwrap())
    }

    pub(crate) async fn recipients(&self, row: &MessageRow) -> Vec<String> {
        let rows = self.store.recipients(row.id).await.unwrap();
        rows.into_iter().map(|row| row.path.address.to_string()).collect()
    }
}
