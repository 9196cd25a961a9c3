//! How the pages look: at every width, light and dark, in both languages, by keyboard.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::chrome::Chrome;
use super::{NO_CHROMIUM, Office};
use crate::peer::{eventually, need};
use crate::sdk::World;

/// What every person who administers comes by. The name of a message and of a template is put in.
const PAGES: [(&str, &str); 33] = [
    ("overview", "/"),
    ("messages", "/messages"),
    ("messages-none", "/messages?q=nowhere"),
    ("message", "/messages/MESSAGE"),
    ("queue", "/queue"),
    ("queue-held", "/queue?state=held"),
    ("mailboxes", "/mailboxes"),
    ("mailbox", "/mailboxes/alice@sender.test/INBOX"),
    ("domains", "/domains"),
    ("domain", "/domains/sender.test"),
    ("plan", "/domains/sender.test/plan?dmarc=next&ptr_at=ec2"),
    ("checks", "/check"),
    ("check", "/check/sick.test"),
    ("spf", "/check/sick.test/spf"),
    ("tests", "/test"),
    ("test-waiting", "/test/WAITING"),
    ("test", "/test/JUDGED"),
    ("headers", "/headers"),
    ("suppressions", "/suppressions"),
    ("allowed", "/suppressions/allowed"),
    ("tags", "/tags"),
    ("tag", "/tags/sender.test/orders"),
    ("lists", "/lists"),
    ("list", "/lists/news@sender.test"),
    ("routes", "/routes"),
    ("routes-change", "/routes?change=ROUTE"),
    ("webhooks", "/webhooks"),
    ("templates", "/templates"),
    ("template", "/templates/sender.test/welcome?values=%7B%22name%22:%22Hanako%22%7D"),
    ("keys", "/keys"),
    ("users", "/users"),
    ("missing", "/messages/01M7ZXK2H33MWJPB34TJM4QNRR"),
    ("users-said", "/users?done=added&count=1"),
];

/// Pages of a server that is new.
const NEW: [(&str, &str); 8] = [
    ("new-overview", "/"),
    ("new-queue", "/queue"),
    ("new-mailboxes", "/mailboxes"),
    ("new-tags", "/tags"),
    ("new-lists", "/lists"),
    ("new-routes", "/routes"),
    ("new-webhooks", "/webhooks"),
    ("new-templates", "/templates"),
];

/// Where people look at the pictures.
fn pictures() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots/pages");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Something on every page, by the API.
fn furnish(world: &World) {
    world.site.add_user("alice@sender.test", "correct horse");
    let hook = format!("url={}/once/delivered", world.posts.url());
    world.good("/v3/domains/sender.test/webhooks", &["--form", "id=delivered", "--form", &hook]);
    let refused = format!("url={}/refuse/failed", world.posts.url());
    world.good("/v3/domains/sender.test/webhooks", &["--form", "id=permanent_fail", "--form", &refused]);
    let template = [
        "--form-string",
        "name=welcome",
        "--form-string",
        "description=The first letter that customers get",
        "--form-string",
        "template=<h1>Welcome, {{name}}</h1><p>We are glad that you are here.</p>",
        "--form-string",
        "headers={\"Subject\": \"Welcome, {{name}}\"}",
    ];
    world.good("/v3/sender.test/templates", &template);
    let route = [
        "--form-string",
        "priority=1",
        "--form-string",
        "description=Questions go to the desk and to the application",
        "--form-string",
        "expression=match_recipient(\"^(info|sales)@sender\\.test$\") and match_header(\"subject\", \".*(invoice|請求書).*\")",
        "--form-string",
        "action=forward(\"https://application.example.org/incoming/mail/parsed\")",
        "--form-string",
        "action=forward(\"desk@receiver.test\")",
        "--form-string",
        "action=stop()",
    ];
    world.good("/v3/routes", &route);
    let list = [
        "--form-string",
        "address=news@sender.test",
        "--form-string",
        "name=News of the shop",
        "--form-string",
        "description=What is new, once a month",
    ];
    world.good("/v3/lists", &list);
    let members = r#"members=["Hanako <hanako@receiver.test>", "taro@receiver.test"]"#;
    world.good("/v3/lists/news@sender.test/members.json", &["--form-string", members]);
    world.good(
        "/v3/sender.test/whitelists",
        &["--form", "address=full@receiver.test", "--form", "reason=full at times"],
    );
}

/// Mail in every state.
fn send_mail(world: &World) {
    for (to, subject, tag) in [
        ("friend@receiver.test", "Your order 2026-0117 is on its way", "orders"),
        ("nobody@receiver.test", "ご注文ありがとうございます", "orders"),
        (
            "later@receiver.test",
            "A very long subject that goes on and on, as subjects of newsletters do, until nobody reads it any more",
            "news",
        ),
        ("alice@sender.test", "Note to ourselves", "internal"),
        ("friend@receiver.test", "Welcome", "news"),
    ] {
        let fields = [
            "from=Shop <alice@sender.test>".to_owned(),
            format!("to={to}"),
            format!("subject={subject}"),
            format!("o:tag={tag}"),
            "text=Hello".to_owned(),
            "html=<p>Hello</p>".to_owned(),
        ];
        let words: Vec<&str> = fields.iter().flat_map(|field| ["--form-string", field]).collect();
        world.good("/v3/sender.test/messages", &words);
    }
    world.event("event=failed&severity=permanent");
    world.event("event=delivered");
    world.posts.to("/once/delivered", 1);
    world.posts.to("/refuse/failed", 1);
}

/// The pages with what they name.
fn pages(world: &World, inboxes: &(String, String)) -> Vec<(&'static str, String)> {
    let message = eventually("the message that failed", || {
        let found = world.get("/api/messages?recipient=nobody@receiver.test&fate=failed");
        found["messages"][0]["id"].as_str().map(str::to_owned)
    });
    let route = world.get("/api/routes")["routes"][0]["id"].as_str().unwrap().to_owned();
    let put = |path: &str| {
        let names =
            [("MESSAGE", &message), ("ROUTE", &route), ("WAITING", &inboxes.0), ("JUDGED", &inboxes.1)];
        names.iter().fold(path.to_owned(), |path, (mark, name)| path.replace(mark, name))
    };
    PAGES.map(|(name, path)| (name, put(path))).to_vec()
}

/// Something for the doctor: a domain with much to mend, one that is nearly well, and two test addresses, to the second of which somebody has written.
fn examine(office: &Office) -> (String, String) {
    office.publish(super::doctor::ZONE);
    let world = &office.world;
    for subject in ["sick.test", "shop.test", "sender.test"] {
        world.good("/api/checks", &["--json", &format!("{{\"subject\": \"{subject}\"}}")]);
        eventually("the examination", || {
            world.get(&format!("/api/checks/{subject}?wait=5"))["running"].is_null().then_some(())
        });
    }
    let open = || world.good("/api/inboxes", &["--request", "POST"]);
    let (waiting, judged) = (open(), open());
    let name = |inbox: &serde_json::Value| inbox["name"].as_str().unwrap().to_owned();
    office.submit(judged["address"].as_str().unwrap(), "Your order 2026-0117 is on its way");
    (name(&waiting), name(&judged))
}

/// What the header analyser makes of a pasted header section.
fn look_at_headers(chrome: &mut Chrome, wrong: &mut String) {
    for (view, language, scheme, width) in VIEWS {
        chrome.size(width, 900);
        chrome.scheme(scheme);
        chrome.go(&format!("/headers?lang={language}"));
        let label = chrome.ask("person.label(document.querySelector('main textarea'))");
        chrome.fill("", label.as_str().unwrap(), super::doctor::HEADER);
        chrome.send("", if language == "ja" { "読み取る" } else { "Read it" });
        for problem in chrome.audit() {
            writeln!(wrong, "headers-read {view}: {problem}").unwrap();
        }
        chrome.picture(&pictures().join(format!("headers-read-{view}.png")), width);
    }
}

/// Goes through the page by the Tab key: what has the focus is seen to have it.
fn tab(chrome: &mut Chrome, wrong: &mut String, name: &str) {
    for _ in 0..40 {
        chrome.key("Tab", 9);
        let told = chrome.ask(
            "(() => { const one = document.activeElement; if (!one || one === document.body) return 'end'; \
             const style = getComputedStyle(one); const { top, bottom, width } = one.getBoundingClientRect(); \
             if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) return `no outline: ${one.outerHTML.slice(0, 120)}`; \
             if (width < 2 || bottom < 0 || top > innerHeight) return `out of sight: ${one.outerHTML.slice(0, 120)}`; return ''; })()",
        );
        match told.as_str().unwrap() {
            "" => {}
            "end" => return,
            problem => writeln!(wrong, "{name} by keyboard: {problem}").unwrap(),
        }
    }
}

/// A way to look: its name, the language, the colours, the width of the window.
type View = (&'static str, &'static str, &'static str, u32);

const VIEWS: [View; 5] = [
    ("light", "en", "light", 1180),
    ("dark", "en", "dark", 1180),
    ("phone", "en", "light", 360),
    ("ja", "ja", "light", 1180),
    ("ja-phone", "ja", "dark", 360),
];

/// Looks at a page, and says what is wrong with it.
fn look(chrome: &mut Chrome, wrong: &mut String, (name, path): (&str, &str), views: &[View]) {
    for (view, language, scheme, width) in views {
        chrome.size(*width, 900);
        chrome.scheme(scheme);
        let joint = if path.contains('?') { '&' } else { '?' };
        chrome.go(&format!("{path}{joint}lang={language}"));
        for problem in chrome.audit().iter().filter(|problem| !problem.contains(" 404 ")) {
            writeln!(wrong, "{name} {view}: {problem}").unwrap();
        }
        chrome.picture(&pictures().join(format!("{name}-{view}.png")), *width);
        if *view == "light" {
            tab(chrome, wrong, name);
        }
    }
}

#[test]
fn every_page_can_be_read_everywhere() {
    let mut office = need!("the look of the pages", Office::open(), NO_CHROMIUM);
    let mut wrong = String::new();
    look(&mut office.chrome, &mut wrong, ("sign-in", "/sign-in"), &VIEWS);
    office.chrome.go("/sign-in?lang=en");
    office.enter("alice", "/");
    for (name, path) in NEW {
        look(&mut office.chrome, &mut wrong, (name, path), &[VIEWS[0], VIEWS[4]]);
    }
    furnish(&office.world);
    send_mail(&office.world);
    let inboxes = examine(&office);
    for (name, path) in pages(&office.world, &inboxes) {
        look(&mut office.chrome, &mut wrong, (name, &path), &VIEWS);
    }
    look_at_headers(&mut office.chrome, &mut wrong);
    assert!(wrong.is_empty(), "{} faults\n{wrong}", wrong.lines().count());
}
