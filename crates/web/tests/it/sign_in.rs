//! Signing in: sessions, roles, forms that are not ours, and what nobody may see without a name.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine;
use tegami_store::{ApiKeyScope, Table};
use tegami_web::Rooms;
use tegami_web::pages::PageSettings;
use tegami_web::people::Role;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::theatre::Theatre;

const PASSWORD: &str = "correct horse";

/// An ordinary server with two people.
pub(crate) struct Office {
    pub(crate) theatre: Arc<Theatre>,
    pub(crate) rooms: Rooms,
    address: SocketAddr,
    /// All that the router serves.
    pub(crate) paths: BTreeSet<String>,
    _folder: tempfile::TempDir,
}

/// An answer.
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Told {
    /// The value of a field.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The cookie of this name that it sets, as a client sends it back.
    fn cookie(&self, name: &str) -> Option<String> {
        let mut cookies = self.head.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
        let set = cookies.find(|set| set.starts_with(&format!("{name}=")))?;
        set.split(';').next().map(str::to_owned)
    }

    /// The secret of the first form.
    pub(crate) fn secret(&self) -> String {
        let rest = self.body.split("name=\"csrf\" value=\"").nth(1).unwrap_or_default();
        rest.split('"').next().unwrap_or_default().to_owned()
    }
}

impl Office {
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let theatre = Theatre::open(folder.path()).await;
        let rooms = theatre.rooms();
        rooms.people.create("alice", PASSWORD, Role::Admin).await.unwrap();
        rooms.people.create("bob", PASSWORD, Role::ReadOnly).await.unwrap();
        rooms.accounts.put_api_key("key-wide", "wide", ApiKeyScope::Account).await.unwrap();
        let narrow = ApiKeyScope::Domain("shop.test".into());
        rooms.accounts.put_api_key("key-narrow", "narrow", narrow).await.unwrap();
        let pages = PageSettings { stage: None, ..theatre.settings() };
        let router = tegami_web::router_with_pages(
            tegami_web::Settings::new("mail.shop.test".parse().unwrap()),
            rooms.clone(),
            pages,
        );
        let paths = crate::door::paths(&router);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(tegami_web::serve(listener, router, std::future::pending()));
        Self { theatre, rooms, address, paths, _folder: folder }
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, fields: &str, body: &str) -> Told {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: mail.example.org\r\nConnection: close\r\nAccept: text/html\r\n\
             Content-Length: {}\r\n{fields}\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Told { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub(crate) async fn get(&self, path: &str, cookie: &str) -> Told {
        self.ask("GET", path, &format!("Cookie: {cookie}\r\n"), "").await
    }

    pub(crate) async fn post(&self, path: &str, cookie: &str, body: &str) -> Told {
        self.ask("POST", path, &format!("Cookie: {cookie}\r\n"), body).await
    }

    async fn try_in(&self, name: &str, password: &str, to: &str) -> Told {
        let form = self.get("/sign-in", "").await;
        let cookie = form.cookie("tegami-form").unwrap();
        let body = format!("csrf={}&name={name}&password={password}&to={to}", form.secret());
        self.post("/sign-in", &cookie, &body).await
    }

    /// Signs in and gives the cookie.
    pub(crate) async fn sign_in(&self, name: &str) -> String {
        let told = self.try_in(name, &PASSWORD.replace(' ', "+"), "%2F").await;
        assert_eq!(told.status, 303, "{}", told.body);
        told.cookie("tegami-session").unwrap()
    }
}

pub(crate) fn basic(key: &str) -> String {
    let token = base64::engine::general_purpose::STANDARD.encode(format!("api:{key}"));
    format!("Authorization: Basic {token}\r\n")
}

#[tokio::test]
async fn who_is_not_signed_in_sees_the_form_and_nothing_else() {
    let office = Office::open().await;
    let id = office.theatre.delivered;
    for path in ["/", "/queue", "/mailboxes", &format!("/messages/{id}"), &format!("/messages/{id}/source")] {
        let told = office.get(path, "").await;
        assert_eq!(told.status, 303, "{path}");
        assert!(told.field("location").unwrap().starts_with("/sign-in"), "{path}");
        assert!(!told.body.contains("shop.test"), "{path}");
    }
    assert_eq!(office.get("/live", "tegami-session=made-up").await.status, 303);
    let part = office.ask("GET", "/queue", "Tegami-Part: live\r\n", "").await;
    assert_eq!((part.status, part.body.contains("shop.test")), (401, false));
    let form = office.get("/sign-in?to=%2Fqueue", "").await;
    assert!(form.body.contains("name=\"to\" value=\"/queue\""), "{}", form.body);
    assert!(!form.body.contains("/mailboxes") && !form.body.contains("data-live"));
    let away = office.get("/sign-in?to=%2F%2Fevil.example.com%2F", "").await;
    assert!(away.body.contains("name=\"to\" value=\"/\""));
    for asset in ["/assets/style.css", "/assets/live.js", "/assets/icon.svg"] {
        assert_eq!(office.get(asset, "").await.status, 200, "{asset}");
    }
    assert_eq!(office.get("/api/messages", "").await.status, 401);
}

#[tokio::test]
async fn a_session_begins_and_ends() {
    let office = Office::open().await;
    let told = office.try_in("alice", "correct+horse", "%2Fqueue%3Fa%3Db").await;
    assert_eq!((told.status, told.field("location")), (303, Some("/queue?a=b")));
    let set = told.head.lines().find(|line| line.contains("tegami-session")).unwrap();
    assert!(set.contains("; HttpOnly; SameSite=Strict") && !set.contains("Secure"), "{set}");
    let cookie = told.cookie("tegami-session").unwrap();
    let page = office.get("/queue", &cookie).await;
    assert!(page.status == 200 && page.body.contains("alice") && page.body.contains("data-live"));
    assert_eq!(office.get("/sign-in", &cookie).await.status, 303, "whoever is in is led on");
    assert_eq!(office.get("/api/queue", &cookie).await.status, 200);
    let token = cookie.split_once('=').unwrap().1;
    let kept = office.theatre.store.scan(Table::Sessions, "", None, 9).await.unwrap();
    assert!(kept.len() == 1 && !format!("{kept:?}").contains(token), "{kept:?}");
    assert_eq!(office.post("/sign-out", &cookie, "csrf=wrong").await.status, 403);
    assert_eq!(office.get("/queue", &cookie).await.status, 200);
    let out = office.post("/sign-out", &cookie, &format!("csrf={}", page.secret())).await;
    assert_eq!((out.status, out.field("location")), (303, Some("/sign-in")));
    assert_eq!(office.get("/queue", &cookie).await.status, 303, "the token is worth nothing any more");
}

#[tokio::test]
async fn behind_tls_the_cookie_is_for_tls_alone() {
    let office = Office::open().await;
    let form = office.ask("GET", "/sign-in", "X-Forwarded-Proto: https\r\n", "").await;
    assert!(form.field("set-cookie").unwrap().ends_with("; Secure"), "{}", form.head);
}

#[tokio::test]
async fn wrong_passwords_are_told_alike_and_bring_a_ban() {
    let office = Office::open().await;
    let (known, unknown) =
        (office.try_in("alice", "wrong", "%2F").await, office.try_in("nobody", "wrong", "%2F").await);
    assert_eq!((known.status, unknown.status), (403, 403));
    for told in [&known, &unknown] {
        assert!(
            told.body.contains("The name or the password is wrong.")
                && told.cookie("tegami-session").is_none()
        );
    }
    for n in 0..38 {
        office.try_in(&format!("guess{n}"), "wrong", "%2F").await;
    }
    let told = office.try_in("alice", "correct+horse", "%2F").await;
    assert!(told.status == 429 && told.body.contains("Too many sign-ins"), "{}", told.body);
}

#[tokio::test]
async fn a_form_must_be_ours() {
    let office = Office::open().await;
    let form = office.get("/sign-in", "").await;
    let (cookie, secret) = (form.cookie("tegami-form").unwrap(), form.secret());
    let good = format!("csrf={secret}&name=alice&password=correct+horse");
    for (fields, body) in [
        ("", good.as_str()),
        (&*format!("Cookie: {cookie}\r\n"), "name=alice&password=correct+horse"),
        (&*format!("Cookie: {cookie}\r\nOrigin: https://evil.example.com\r\n"), &good),
        (&*format!("Cookie: {cookie}\r\nOrigin: null\r\n"), &good),
        (&*format!("Cookie: {cookie}\r\nSec-Fetch-Site: same-site\r\n"), &good),
    ] {
        assert_eq!(office.ask("POST", "/sign-in", fields, body).await.status, 403, "{fields}");
    }
    let ours =
        format!("Cookie: {cookie}\r\nOrigin: https://mail.example.org\r\nSec-Fetch-Site: same-origin\r\n");
    assert_eq!(office.ask("POST", "/sign-in", &ours, &good).await.status, 303);
}

#[tokio::test]
async fn programs_show_a_key_of_account_scope() {
    let office = Office::open().await;
    for (path, fields, status) in [
        ("/queue", basic("key-wide"), 200),
        ("/queue", basic("key-narrow"), 303),
        ("/api/queue", basic("key-wide"), 200),
        ("/api/queue", basic("key-narrow"), 401),
        ("/api/queue", basic("nonsense"), 401),
        ("/api/queue", "Authorization: Basic %%%\r\n".to_owned(), 401),
        ("/visits/0", basic("key-wide"), 404),
    ] {
        let told = office.ask("GET", path, &fields, "").await;
        assert_eq!(told.status, status, "{path} {fields}");
    }
    let told = office.ask("GET", "/queue", "Accept: application/json\r\nTegami-Part: live\r\n", "").await;
    assert!(told.status == 401 && told.head.contains("www-authenticate: Basic"), "{}", told.head);
}

#[tokio::test]
async fn a_key_may_what_its_role_says() {
    use tegami_store::{ApiKey, ApiKeyRole};
    let office = Office::open().await;
    let accounts = &office.rooms.accounts;
    let usual = accounts.usual_key("limited", ApiKeyScope::Account);
    let made = async |role| accounts.make_api_key(ApiKey { role, ..usual.clone() }).await.unwrap().0;
    let (looks, sends) = (made(ApiKeyRole::Basic).await, made(ApiKeyRole::Sending).await);
    assert_eq!(office.ask("GET", "/api/queue", &basic(&looks), "").await.status, 200);
    let rule = r#"{"what": "tag", "value": "news"}"#;
    assert_eq!(office.ask("POST", "/api/holds", &basic(&looks), rule).await.status, 403);
    assert_eq!(office.ask("GET", "/api/queue", &basic(&sends), "").await.status, 401);
}

#[tokio::test]
async fn a_change_of_the_user_is_felt_at_once() {
    let office = Office::open().await;
    let (alice, bob) = (office.sign_in("alice").await, office.sign_in("bob").await);
    let people = &office.rooms.people;
    assert!(office.get("/queue", &bob).await.body.contains("read-only"));
    people.set_role("bob", Role::Admin).await.unwrap();
    assert!(!office.get("/queue", &bob).await.body.contains("read-only"));
    people.set_password("bob", "another horse").await.unwrap();
    assert_eq!(office.get("/queue", &bob).await.status, 303);
    people.remove("alice").await.unwrap();
    assert_eq!(office.get("/queue", &alice).await.status, 303);
    assert!(people.remove("bob").await.is_err(), "nobody could administer any more");
    assert!(people.set_role("bob", Role::ReadOnly).await.is_err());
    for name in ["", "a b", "a\nb"] {
        assert!(people.create(name, PASSWORD, Role::Admin).await.is_err(), "{name:?}");
    }
    assert!(people.create("carol", "short", Role::Admin).await.is_err());
}
