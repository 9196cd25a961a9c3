//! Routes: administered by the clients, their posts read by django-anymail's views.

use serde_json::{Value, json};

use super::arrival::PICTURE;
use super::shell::{form, words};
use super::{NO_NODE, NO_PYTHON, World};
use super::{anymail, mailgun_js, node, python};
use crate::peer::need;
use crate::wire::Wire;

const SIGNING: &str = "a-signing-key-for-tests";

fn world() -> World {
    World::with(&format!(
        "[webhooks]\nallow = \"127.0.0.0/8\"\nsigning_key = \"{SIGNING}\"\nretry = [\"1s\"]\n"
    ))
}

impl World {
    fn route(&self, expression: &str, actions: &[&str]) {
        let mut fields = vec![("expression", expression)];
        fields.extend(actions.iter().map(|action| ("action", *action)));
        self.good("/v3/routes", &words(&form(&fields)));
    }

    /// A letter from outside.
    #[track_caller]
    fn incoming(&self, to: &str, content: &str) {
        let mut wire = Wire::connect(self.site.smtp()).unwrap();
        wire.command("EHLO mx.author.test").unwrap();
        let reply = wire.send("anna@author.test", &[to], content).unwrap();
        assert!(reply.starts_with("250"), "{reply}");
    }
}

/// The header section of letters from outside.
const HEAD: &str = "From: =?UTF-8?B?5qGc?= <anna@author.test>\r\nTo: Info <info@sender.test>\r\n\
                    Subject: =?UTF-8?B?44GK6aGY44GE?=\r\nMessage-ID: <in@author.test>\r\n\
                    Date: Sun, 22 Nov 2026 10:00:00 +0900\r\nMIME-Version: 1.0\r\n";

fn plain() -> String {
    format!(
        "{HEAD}Content-Type: text/plain; charset=UTF-8\r\n\r\nはい、そうです。\r\n\r\n\
         On Sat, 21 Nov 2026 at 10:00, Info <info@sender.test> wrote:\r\n> そうですか。\r\n"
    )
}

fn with_files() -> String {
    format!(
        "{HEAD}Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: multipart/related; boundary=r\r\n\r\n\
         --r\r\nContent-Type: text/html; charset=UTF-8\r\n\r\n<p>写真<img src=\"cid:dot@author.test\"></p>\r\n\
         --r\r\nContent-Type: image/png; name=dot.png\r\nContent-ID: <dot@author.test>\r\n\
         Content-Disposition: inline; filename=dot.png\r\nContent-Transfer-Encoding: base64\r\n\r\n{PICTURE}\r\n--r--\r\n\
         --m\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename*=UTF-8''%E8%A1%A8.csv\r\n\r\na,b\r\n--m--\r\n"
    )
}

#[test]
fn administered_by_python_and_by_mailgun_js_before_the_dot() {
    need!("Python's mailgun", python::script(), NO_PYTHON);
    need!("mailgun-js", node::old(), NO_NODE);
    let world = world();
    world.python("routes");
    world.old("routes");
}

/// Case 8.
#[test]
fn posts_are_read_by_anymail() {
    need!("mailgun.js", mailgun_js::script(), NO_NODE);
    need!("django-anymail", anymail::script(), NO_PYTHON);
    let world = world();
    world.js("routes", false);
    let posts = world.posts.url();
    world.route("match_recipient(\"raw@sender.test\")", &[&format!("forward(\"{posts}/raw/mime\")")]);
    world.route(
        r#"match_recipient("(?P<who>.*)\+box@sender.test")"#,
        &[&format!("forward(\"{posts}/for/\\g<who>\")")],
    );
    world.route("match_recipient(\"kept@.*\")", &[&format!("store(notify=\"{posts}/kept\")")]);
    world.incoming("info@sender.test", &plain());
    let first = world.posts.to("/parsed", 1);
    assert!(
        first[0].content_type.starts_with("application/x-www-form-urlencoded"),
        "{}",
        first[0].content_type
    );
    world.incoming("info@sender.test", &with_files());
    let both = world.posts.to("/parsed", 2);
    assert!(both[1].content_type.starts_with("multipart/form-data"), "{}", both[1].content_type);
    let facts = |posts: &[super::post::Post], mime: bool| {
        let received: Vec<Value> = posts.iter().map(super::post::Post::json).collect();
        json!({"signing": SIGNING, "mime": mime, "received": received})
    };
    let told = world.anymail("received", &facts(&both, false));
    for one in told.as_array().unwrap() {
        assert_eq!(one["envelope_sender"], "anna@author.test");
        assert_eq!(one["envelope_recipient"], "info@sender.test");
        assert_eq!((&one["from"], &one["from_name"]), (&json!("anna@author.test"), &json!("桜")));
        assert_eq!((&one["subject"], &one["to"]), (&json!("お願い"), &json!(["info@sender.test"])));
    }
    assert!(told[0]["text"].as_str().unwrap().starts_with("はい、そうです。\n"), "{told:#}");
    assert_eq!(told[0]["stripped"].as_str().unwrap().trim_end(), "はい、そうです。");
    assert_eq!(told[0]["attachments"], json!([]));
    assert!(told[1]["html"].as_str().unwrap().contains("cid:dot@author.test"), "{told:#}");
    assert!(told[1]["text"].as_str().unwrap().contains("写真"), "text from HTML: {told:#}");
    let file = &told[1]["attachments"][0];
    assert_eq!((&file["name"], &file["type"]), (&json!("表.csv"), &json!("text/csv")), "{told:#}");
    assert_eq!(told[1]["inlines"]["dot@author.test"], PICTURE, "{told:#}");

    world.incoming("raw@sender.test", &with_files());
    let told = world.anymail("received", &facts(&world.posts.to("/raw/mime", 1), true));
    assert_eq!(
        (&told[0]["subject"], &told[0]["inlines"]["dot@author.test"]),
        (&json!("お願い"), &json!(PICTURE))
    );

    world.incoming("ann+box@sender.test", &plain());
    world.posts.to("/for/ann", 1);

    world.incoming("kept@sender.test", &plain());
    let told = world.posts.to("/kept", 1);
    let text = told[0].text();
    let url = text.split('&').find_map(|pair| pair.strip_prefix("message-url=")).unwrap();
    let url = url.replace("%3A", ":").replace("%2F", "/");
    let path = url.strip_prefix(&world.url()).unwrap();
    let kept = world.get(path);
    assert_eq!((&kept["subject"], &kept["recipients"]), (&json!("お願い"), &json!("kept@sender.test")));
    let event = world.event("event=stored");
    assert_eq!(event["storage"]["url"], url, "{event:#}");
}
