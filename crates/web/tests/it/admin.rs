//! What people administer on the pages: each form does what it says, for those who may, with the secret of their session.

use crate::sign_in::Office;
use crate::theatre::HOSTILE;

/// Every form of the pages, with something that it would do.
const FORMS: [(&str, &str); 31] = [
    ("/queue/act", "act=retry&provider=grey.test"),
    ("/queue/hold", "what=tag&value=news"),
    ("/queue/lift", "id=tag:news"),
    ("/suppressions", "domain=shop.test&list=bounces&address=a@example.net"),
    ("/suppressions/remove", "domain=shop.test&list=bounces&address=a@example.net"),
    ("/suppressions/allowed", "domain=shop.test&value=example.net"),
    ("/suppressions/allowed/remove", "domain=shop.test&value=example.net"),
    ("/lists", "local=news&domain=shop.test&level=members&answers=list"),
    ("/lists/news@shop.test", "name=x&level=members&answers=list"),
    ("/lists/news@shop.test/members", "members=a@example.net"),
    ("/lists/news@shop.test/members/remove", "member=a@example.net"),
    ("/lists/news@shop.test/remove", ""),
    ("/tags/shop.test/news", "description=x"),
    ("/tags/shop.test/news/remove", ""),
    ("/webhooks/key", ""),
    ("/keys", "name=website&domain=shop.test"),
    ("/keys/remove", "id=0000000000000000"),
    ("/users", "name=carol&password=correct+horse&role=admin"),
    ("/users/role", "name=bob&role=admin"),
    ("/users/password", "name=bob&password=another+horse"),
    ("/users/remove", "name=bob"),
    ("/domains", "name=new.example"),
    ("/domains/shop.test", "act=make&selector=s2"),
    ("/routes", "expression=catch_all()&actions=stop()"),
    ("/routes/test", "recipient=info@shop.test"),
    ("/routes/remove", "id=none"),
    ("/webhooks", "domain=shop.test&kind=delivered&urls=http://app.example.org/"),
    ("/webhooks/again", "key=none"),
    ("/templates", "domain=shop.test&name=welcome&content=x"),
    ("/templates/remove", "domain=shop.test&name=welcome"),
    ("/sign-out", ""),
];

/// Pages that show something to administer.
const PAGES: [&str; 13] = [
    "/messages",
    "/queue",
    "/domains",
    "/domains/shop.test",
    "/suppressions",
    "/suppressions/allowed",
    "/lists",
    "/tags",
    "/routes",
    "/webhooks",
    "/templates",
    "/keys",
    "/users",
];

/// Percent-encodes a value of a form.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test]
async fn a_form_wants_the_secret_of_its_session_and_a_role_that_may() {
    let office = Office::open().await;
    let (alice, bob) = (office.sign_in("alice").await, office.sign_in("bob").await);
    let secret = office.get("/users", &bob).await.secret();
    for (path, body) in FORMS {
        assert_eq!(office.post(path, &alice, body).await.status, 403, "{path}: no secret");
        let stranger = format!("csrf={secret}&{body}");
        assert_eq!(
            office.post(path, &alice, &stranger).await.status,
            403,
            "{path}: the secret of somebody else"
        );
        if path == "/sign-out" {
            continue;
        }
        let looker = office.post(path, &bob, &stranger).await;
        if path == "/routes/test" {
            assert_eq!(looker.status, 200, "it changes nothing");
            continue;
        }
        assert!(looker.status == 403 && looker.body.contains("role admin"), "{path}: {}", looker.body);
        let nobody = office.post(path, "", body).await;
        assert!([401, 303].contains(&nobody.status), "{path}");
    }
    assert_eq!(office.rooms.people.list().await.unwrap().len(), 2);
    assert!(office.rooms.holds.rules().is_empty());
}

#[tokio::test]
async fn who_may_only_look_is_shown_no_forms() {
    let office = Office::open().await;
    let (alice, bob) = (office.sign_in("alice").await, office.sign_in("bob").await);
    for path in PAGES {
        let (shown, looked) = (office.get(path, &alice).await, office.get(path, &bob).await);
        assert_eq!((shown.status, looked.status), (200, 200), "{path}");
        let forms = |page: &str| page.matches("method=\"post\"").count();
        let always = if path == "/routes" { 2 } else { 1 };
        assert_eq!(forms(&looked.body), always, "{path}: only those for signing out and for trying routes");
        assert!(["/messages", "/tags"].contains(&path) || forms(&shown.body) > always, "{path}");
    }
}

#[tokio::test]
async fn forms_do_what_they_say() {
    let office = Office::open().await;
    let alice = office.sign_in("alice").await;
    let secret = office.get("/queue", &alice).await.secret();
    let send =
        async |path: &str, body: &str| office.post(path, &alice, &format!("csrf={secret}&{body}")).await;
    let lands = async |path: &str, body: &str, at: &str| {
        let told = send(path, body).await;
        assert_eq!((told.status, told.field("location")), (303, Some(at)), "{path} {}", told.body);
    };
    lands("/queue/hold", "what=provider&value=grey.test&reason=a+look", "/queue?done=held&count=1").await;
    let queue = office.get("/queue", &alice).await.body;
    assert!(queue.contains("a look") && queue.contains("Lift the hold"), "{queue}");
    lands("/queue/lift", "id=provider:grey.test", "/queue?done=lifted&count=1").await;
    lands("/queue/act", "act=hold&recipient=taro@grey.test", "/queue?done=changed&count=1").await;
    assert!(office.get("/queue?state=held", &alice).await.body.contains("taro@grey.test"));
    lands("/queue/act", "act=release&provider=grey.test", "/queue?done=changed&count=1").await;
    assert_eq!(send("/queue/act", "act=drop").await.status, 400, "nobody is meant");
    lands("/queue/act", "act=drop&recipient=taro@grey.test", "/queue?done=changed&count=1").await;
    assert!(office.get("/queue?done=changed&count=1", &alice).await.body.contains("Changed: 1"));

    let address = "domain=shop.test&list=complaints&address=gone@example.net&reason=by+hand";
    lands("/suppressions", address, "/suppressions?done=suppressed&count=1").await;
    let found = office.get("/suppressions?address=GONE&list=complaints", &alice).await.body;
    assert!(found.contains("gone@example.net") && found.contains("by hand"), "{found}");
    assert!(!office.get("/suppressions?list=bounces", &alice).await.body.contains("gone@example.net"));
    lands("/suppressions/remove", address, "/suppressions?done=forgiven&count=1").await;
    let wrong = send("/suppressions", "domain=shop.test&list=bounces&address=nonsense").await;
    assert!(wrong.status == 400 && wrong.body.contains("Nothing was changed"), "{}", wrong.body);

    let made = send("/keys", "name=website&domain=shop.test").await;
    let key = made.body.split("key-").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(made.status == 200 && made.body.contains("shown only now"), "{}", made.body);
    let keys = office.get("/keys", &alice).await.body;
    assert!(keys.contains("website") && !keys.contains(&key));
    let row = keys.split("website").nth(1).unwrap();
    let id = row.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    lands("/keys/remove", &format!("id={id}"), "/keys?done=removed&count=1").await;
    assert!(!office.get("/keys", &alice).await.body.contains("website"));

    lands("/users", "name=carol&password=correct+horse&role=read-only", "/users?done=added&count=1").await;
    lands("/users/role", "name=carol&role=admin", "/users?done=changed&count=1").await;
    lands("/users/password", "name=carol&password=another+horse", "/users?done=password&count=1").await;
    lands("/users/remove", "name=carol", "/users?done=removed&count=1").await;
    let last = send("/users/remove", "name=alice").await;
    assert!(last.status == 400 && last.body.contains("only administrator"), "{}", last.body);
}

#[tokio::test]
async fn domains_are_taken_in_verified_and_removed() {
    let office = Office::open().await;
    let alice = office.sign_in("alice").await;
    let secret = office.get("/queue", &alice).await.secret();
    let send =
        async |path: &str, body: &str| office.post(path, &alice, &format!("csrf={secret}&{body}")).await;
    let made = send("/domains", "name=New.Example").await;
    assert_eq!(made.field("location"), Some("/domains/new.example?done=added&count=1"), "{}", made.body);
    let page = office.get("/domains/new.example", &alice).await.body;
    for shown in
        ["v=spf1", "v=DKIM1", "_dmarc.new.example.", "not found", "not yet", "Copy", "Remove the domain"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let here = "/domains/new.example";
    assert_eq!(
        send(here, "act=verify").await.field("location"),
        Some("/domains/new.example?done=verified&count=1")
    );
    assert_eq!(send(here, "act=make&selector=second").await.status, 303);
    assert_eq!(send(here, "act=activate&selector=second").await.status, 303);
    assert!(office.get(here, &alice).await.body.contains("second._domainkey.new.example."));
    assert_eq!(send(here, "act=deactivate&selector=second").await.status, 303);
    assert_eq!(send(here, "act=delete&selector=second").await.status, 303);
    assert_eq!(send(here, "act=make&selector=%3Cb%3E").await.status, 400);
    assert_eq!(send("/domains/shop.test", "act=remove").await.status, 403, "the configuration names it");
    assert_eq!(send(here, "act=remove").await.field("location"), Some("/domains?done=removed&count=1"));
    assert_eq!(office.get(here, &alice).await.status, 404);
}

#[tokio::test]
async fn routes_are_made_tried_changed_and_removed() {
    let office = Office::open().await;
    let alice = office.sign_in("alice").await;
    let secret = office.get("/queue", &alice).await.secret();
    let send =
        async |path: &str, body: &str| office.post(path, &alice, &format!("csrf={secret}&{body}")).await;
    let new = format!(
        "expression={}&actions={}&priority=3&description=orders",
        encoded("match_recipient(\"order@shop.test\") and match_header(\"subject\", \".*urgent.*\")"),
        encoded("forward(\"boss@example.net\")\r\nstop()\r\n")
    );
    assert_eq!(send("/routes", &new).await.status, 303);
    let page = office.get("/routes", &alice).await.body;
    assert!(page.contains("forward(&#34;boss@example.net&#34;)") && page.contains("stop()"), "{page}");
    let id = page.split("/routes?change=").nth(1).unwrap().split('#').next().unwrap().to_owned();
    let trial = |subject: &str| {
        format!(
            "recipient=order@shop.test&message={}",
            encoded(&format!("Subject: {subject}\nFrom: a@example.net\n\nHello"))
        )
    };
    let tried = send("/routes/test", &trial("it is urgent <b>")).await.body;
    assert!(tried.contains("At least one route") && tried.contains("sends the message on"), "{tried}");
    assert!(tried.contains("urgent &#60;b&#62;") && !tried.contains("<b>"), "{tried}");
    let tried = send("/routes/test", &trial("whenever")).await.body;
    assert!(tried.contains("No route takes") && tried.contains("does not match"), "{tried}");
    assert!(office.get(&format!("/routes?change={id}"), &alice).await.body.contains("value=\"orders\""));
    let changed = format!("id={id}&expression=catch_all()&actions=store()&priority=0");
    assert_eq!(send("/routes", &changed).await.field("location"), Some("/routes?done=changed&count=1"));
    assert!(send("/routes/test", &trial("whenever")).await.body.contains("At least one route"));
    let wrong = send("/routes", "expression=catch_all(&actions=stop()").await;
    assert!(wrong.status == 400 && wrong.body.contains("Nothing was changed"), "{}", wrong.body);
    assert_eq!(send("/routes/remove", &format!("id={id}")).await.status, 303);
    assert!(office.get("/routes", &alice).await.body.contains("There are no routes"));
}

#[tokio::test]
async fn templates_are_kept_and_shown_in_a_sandbox() {
    let office = Office::open().await;
    let (alice, bob) = (office.sign_in("alice").await, office.sign_in("bob").await);
    let secret = office.get("/queue", &alice).await.secret();
    let send =
        async |path: &str, body: &str| office.post(path, &alice, &format!("csrf={secret}&{body}")).await;
    let content = encoded("<h1>Hello {{name}}</h1><script>alert(1)</script>");
    let new = format!("domain=shop.test&name=Welcome&subject={}&content={content}", encoded("For {{name}}"));
    let made = send("/templates", &new).await;
    assert_eq!(
        made.field("location"),
        Some("/templates/shop%2Etest/welcome?done=changed&count=1"),
        "{}",
        made.body
    );
    assert!(office.get("/templates", &bob).await.body.contains("welcome"));
    let values = encoded("{\"name\": \"<Taro>\"}");
    let page = office.get(&format!("/templates/shop.test/welcome?values={values}"), &bob).await.body;
    assert!(page.contains("For &#60;Taro&#62;") && page.contains("<iframe class=\"html\" sandbox"), "{page}");
    assert!(!page.contains("<script>alert"), "{page}");
    let html = office.get(&format!("/templates/shop.test/welcome/html?values={values}"), &bob).await;
    assert!(html.body.contains("Hello &lt;Taro&gt;"), "{}", html.body);
    assert!(html.field("content-security-policy").unwrap().ends_with("sandbox"), "{}", html.head);
    let wrong = office.get("/templates/shop.test/welcome?values=%7B", &bob).await;
    assert!(wrong.status == 200 && wrong.body.contains("role=\"alert\""));
    let second =
        format!("domain=shop.test&name=welcome&tag=v2&content={}&active=yes", encoded("<p>Second</p>"));
    assert_eq!(send("/templates", &second).await.status, 303);
    assert!(
        office.get("/templates/shop.test/welcome/html", &bob).await.body.contains("Second")
            || office.get("/templates/shop.test/welcome/html?tag=v2", &bob).await.body.contains("Second")
    );
    assert_eq!(send("/templates/remove", "domain=shop.test&name=welcome").await.status, 303);
    assert_eq!(office.get("/templates/shop.test/welcome", &bob).await.status, 404);
}

#[tokio::test]
async fn webhooks_are_told_of_with_what_became_of_them() {
    let office = Office::open().await;
    let alice = office.sign_in("alice").await;
    let now = jiff::Timestamp::now();
    let subject = tegami_queue::CallSubject::Event { seq: 1, kind: "delivered".to_owned() };
    let call =
        tegami_queue::Call::new("1".to_owned(), "shop.test", "https://app.example.org/<b>", subject, now);
    office.theatre.store.change(vec![call.change()]).await.unwrap();
    let page = office.get("/webhooks", &alice).await.body;
    assert!(page.contains("https://app.example.org/&#60;b&#62;") && page.contains("delivered"), "{page}");
    assert!(!office.get("/webhooks?state=failed", &alice).await.body.contains("app.example.org/&#60;"));
    let secret = office.get("/queue", &alice).await.secret();
    let key = encoded(&call.key());
    let again = office.post("/webhooks/again", &alice, &format!("csrf={secret}&key={key}")).await;
    assert_eq!(again.field("location"), Some("/webhooks?done=again&count=1"), "{}", again.body);
    let wrong = format!("csrf={secret}&domain=shop.test&kind=nonsense&urls=https://app.example.org/");
    assert_eq!(office.post("/webhooks", &alice, &wrong).await.status, 400);
}

#[tokio::test]
async fn hostile_words_stay_words() {
    let office = Office::open().await;
    let alice = office.sign_in("alice").await;
    let secret = office.get("/queue", &alice).await.secret();
    let evil = encoded(HOSTILE);
    for (path, body) in [
        ("/queue/hold", format!("what=tag&value={evil}&reason={evil}")),
        ("/suppressions", format!("domain=shop.test&list=bounces&address=a@example.net&reason={evil}")),
        ("/keys", format!("name={evil}&domain=shop.test")),
        ("/users", "name=%3Cb%3E%22&password=correct+horse&role=admin".to_owned()),
    ] {
        let told = office.post(path, &alice, &format!("csrf={secret}&{body}")).await;
        assert!([200, 303].contains(&told.status), "{path} {}", told.body);
    }
    let evil_pages = [
        format!("/messages?q={evil}"),
        format!("/messages?recipient={evil}&fate={evil}"),
        format!("/queue?to={evil}&provider={evil}"),
        format!("/suppressions?address={evil}&domain={evil}"),
        format!("/queue?done={evil}&count={evil}"),
        "/queue?done=changed&count=1%3Cscript%3E".to_owned(),
    ];
    for path in PAGES.iter().map(|path| (*path).to_owned()).chain(evil_pages) {
        let page = office.get(&path, &alice).await;
        assert_eq!(page.status, 200, "{path}");
        for markup in ["<script>", "<img", "<b>", "\u{202e}"] {
            assert!(!page.body.contains(markup), "{path}: {markup}");
        }
    }
}

#[tokio::test]
async fn search_goes_on_from_page_to_page() {
    let office = Office::open().await;
    let alice = office.sign_in("alice").await;
    let shown = async |query: &str| office.get(&format!("/messages?{query}"), &alice).await.body;
    assert!(shown("q=order").await.contains("Your order") && !shown("q=order").await.contains("Weekly news"));
    assert!(shown("fate=failed").await.contains("Your order"));
    assert!(!shown("fate=delivered").await.contains("Your order"));
    assert!(shown("from=2026-07-06&to=2026-07-06").await.contains("Your order"));
    assert!(shown("to=2026-07-05").await.contains("No message fits."));
    assert!(shown("from=nonsense").await.contains("Your order"));
    assert!(shown("q=order&lang=ja").await.contains("検索"));
}

#[tokio::test]
async fn a_template_keeps_what_the_form_does_not_change() {
    let office = Office::open().await;
    let alice = office.sign_in("alice").await;
    let secret = office.get("/queue", &alice).await.secret();
    let content = "\n<p>\u{202e}x &amp; y</p>";
    let headers = r#"{"subject": "Hi", "from": "Shop <a@shop.test>", "Reply-To": "b@shop.test"}"#;
    let body = format!(r#"{{"content": {}, "headers": {headers}}}"#, serde_json::json!(content));
    let json = format!("Cookie: {alice}\r\nTegami-Csrf: {secret}\r\n");
    let path = "/api/templates/shop.test/order";
    assert_eq!(office.ask("PUT", path, &json, &body).await.status, 200);
    let page = office.get("/templates/shop.test/order", &alice).await.body;
    for shown in [
        "name=\"subject\" value=\"Hi\"",
        "name=\"from\" value=\"Shop &#60;a@shop.test&#62;\"",
        "name=\"reply-to\" value=\"b@shop.test\"",
        "dir=\"ltr\">\n\n&#60;p&#62;\u{202e}x &#38;amp; y&#60;/p&#62;</textarea>",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let send = async |fields: &str| {
        let form = format!("csrf={secret}&domain=shop.test&name=order&content={}{fields}", encoded(content));
        assert_eq!(office.post("/templates", &alice, &form).await.status, 303);
        let told = office.ask("GET", path, &json, "").await;
        let whole: serde_json::Value = serde_json::from_str(&told.body).unwrap();
        assert_eq!(whole["versions"][0]["content"], content);
        whole["versions"][0]["headers"].clone()
    };
    let (from, to) = ("Shop <a@shop.test>", "b@shop.test");
    assert_eq!(
        send("&subject=New").await,
        serde_json::json!({"Subject": "New", "from": from, "Reply-To": to})
    );
    assert_eq!(send("&subject=&reply-to=").await, serde_json::json!({"from": from}));
}
