//! Templates, and messages made of them.

use expect_test::expect;
use serde_json::Value;
use tegami_mail::mime;

use crate::site::{Answer, KEY, SENDING_KEY, Site};

const FORM: &str = "application/x-www-form-urlencoded";
const TEMPLATES: &str = "/v3/example.org/templates";

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// An answer with its identifiers made plain.
fn plain(answer: &Answer) -> String {
    fn walk(value: &mut Value) {
        match value {
            Value::Object(members) => {
                for (name, value) in members.iter_mut() {
                    if name == "id" {
                        *value = Value::from("ID");
                    }
                    walk(value);
                }
            }
            Value::Array(values) => values.iter_mut().for_each(walk),
            _ => {}
        }
    }
    let mut json = answer.json();
    walk(&mut json);
    format!("{} {json}", answer.status)
}

impl Site {
    async fn template(&self, pairs: &[(&str, &str)]) -> Answer {
        self.post(TEMPLATES, &form(pairs)).await
    }

    async fn send(&self, pairs: &[(&str, &str)]) -> Answer {
        self.post("/v3/example.org/messages", &form(pairs)).await
    }

    async fn put(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        self.request("PUT", path, KEY, FORM, form(pairs).as_bytes()).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.request("DELETE", path, KEY, "multipart/form-data; boundary=x", b"--x--\r\n").await
    }
}

#[tokio::test]
async fn templates_are_made_shown_changed_and_deleted() {
    let site = Site::open().await;
    let mut said = Vec::new();
    let made = site
        .template(&[
            ("name", "Welcome Mail"),
            ("description", "first"),
            ("template", "<p>{{name}}</p>"),
            ("tag", "V1"),
            ("comment", "c"),
            ("headers", r#"{"Subject":"Hi {{name}}","From":""}"#),
        ])
        .await;
    said.push(plain(&made));
    said.push(plain(&site.template(&[("name", "bare")]).await));
    let one = format!("{TEMPLATES}/Welcome%20Mail");
    said.push(plain(&site.get(&one).await));
    said.push(plain(&site.get(&format!("{TEMPLATES}/welcome+mail?active=yes")).await));
    said.push(plain(&site.put(&one, &[("description", "second")]).await));
    said.push(plain(&site.delete(&one).await));
    said.push(plain(&site.get(&one).await));
    said.push(plain(&site.delete(TEMPLATES).await));
    said.push(plain(&site.get(TEMPLATES).await).replace(&site.address.to_string(), "HOST"));
    expect![[r#"
        200 {"message":"template has been stored","template":{"createdAt":"Mon, 06 Jul 2026 09:00:00 UTC","createdBy":"","description":"first","id":"ID","name":"welcome mail","version":{"active":true,"comment":"c","createdAt":"Mon, 06 Jul 2026 09:00:00 UTC","engine":"handlebars","headers":{"Subject":"Hi {{name}}"},"id":"ID","mjml":"","tag":"v1","template":"<p>{{name}}</p>"}}}
        200 {"message":"template has been stored","template":{"createdAt":"Mon, 06 Jul 2026 09:00:00 UTC","createdBy":"","description":"","id":"ID","name":"bare"}}
        200 {"template":{"createdAt":"Mon, 06 Jul 2026 09:00:00 UTC","createdBy":"","description":"first","id":"ID","name":"welcome mail"}}
        200 {"template":{"createdAt":"Mon, 06 Jul 2026 09:00:00 UTC","createdBy":"","description":"first","id":"ID","name":"welcome mail","version":{"active":true,"comment":"c","createdAt":"Mon, 06 Jul 2026 09:00:00 UTC","engine":"handlebars","headers":{"Subject":"Hi {{name}}"},"id":"ID","mjml":"","tag":"v1","template":"<p>{{name}}</p>"}}}
        200 {"message":"template has been updated","template":{"name":"welcome mail"}}
        200 {"message":"template has been deleted","template":{"name":"welcome mail"}}
        404 {"message":"template not found"}
        200 {"message":"templates have been deleted"}
        200 {"items":[],"paging":{"first":"http://HOST/v3/example.org/templates?limit=100","last":"http://HOST/v3/example.org/templates?page=last&limit=100","next":"http://HOST/v3/example.org/templates?page=next&p=&limit=100","previous":"http://HOST/v3/example.org/templates?page=previous&p=&limit=100"}}"#]].assert_eq(&said.join("\n"));
}

#[tokio::test]
async fn versions() {
    let site = Site::open().await;
    site.template(&[("name", "t"), ("template", "one")]).await;
    let versions = format!("{TEMPLATES}/t/versions");
    let host = |text: String| text.replace(&site.address.to_string(), "HOST");
    let mut said = Vec::new();
    let add = form(&[("template", "two"), ("tag", "V2"), ("comment", "c"), ("active", "yes")]);
    said.push(plain(&site.post(&versions, &add).await));
    said.push(host(plain(&site.get(&format!("{versions}?limit=1")).await)));
    said.push(plain(&site.get(&format!("{versions}/initial")).await));
    let changed = [("template", "one!"), ("active", "true")];
    said.push(plain(&site.put(&format!("{versions}/initial"), &changed).await));
    said.push(plain(&site.put(&format!("{versions}/v2/copy/v3"), &[("comment", "copied")]).await));
    said.push(plain(&site.delete(&format!("{versions}/v2")).await));
    said.push(plain(&site.get(&format!("{versions}/v2")).await));
    expect![[r#"
        200 {"message":"new version of the template has been stored","template":{"createdAt":"Mon, 06 Jul 2026 09:00:00 UTC","createdBy":"","description":"","id":"ID","name":"t","version":{"active":true,"comment":"c","createdAt":"Mon, 06 Jul 2026 09:00:00 UTC","engine":"handlebars","headers":{},"id":"ID","mjml":"","tag":"v2","template":"two"}}}
        200 {"paging":{"first":"http://HOST/v3/example.org/templates/t/versions?limit=1","last":"http://HOST/v3/example.org/templates/t/versions?page=last&limit=1","next":"http://HOST/v3/example.org/templates/t/versions?page=next&p=initial&limit=1","previous":"http://HOST/v3/example.org/templates/t/versions?page=previous&p=initial&limit=1"},"template":{"createdAt":"Mon, 06 Jul 2026 09:00:00 UTC","createdBy":"","description":"","id":"ID","name":"t","versions":[{"active":false,"comment":"","createdAt":"Mon, 06 Jul 2026 09:00:00 UTC","engine":"handlebars","headers":{},"id":"ID","mjml":"","tag":"initial"}]}}
        200 {"template":{"createdAt":"Mon, 06 Jul 2026 09:00:00 UTC","createdBy":"","description":"","id":"ID","name":"t","version":{"active":false,"comment":"","createdAt":"Mon, 06 Jul 2026 09:00:00 UTC","engine":"handlebars","headers":{},"id":"ID","mjml":"","tag":"initial","template":"one"}}}
        200 {"message":"version has been updated","template":{"name":"t","version":{"tag":"initial"}}}
        200 {"message":"version has been copied","template":{"createdAt":"Mon, 06 Jul 2026 09:00:00 UTC","createdBy":"","description":"","id":"ID","name":"t"},"version":{"active":false,"comment":"copied","createdAt":"Mon, 06 Jul 2026 09:00:00 UTC","engine":"handlebars","headers":{},"id":"ID","mjml":"","tag":"v3","template":"two"}}
        200 {"message":"version has been deleted","template":{"name":"t","version":{"tag":"v2"}}}
        404 {"message":"template version not found"}"#]].assert_eq(&said.join("\n"));
}

#[tokio::test]
async fn what_is_refused() {
    let site = Site::open().await;
    let mut said = Vec::new();
    let mut tell = |answer: Answer| said.push(format!("{} {}", answer.status, answer.message()));
    tell(site.template(&[("description", "x")]).await);
    tell(site.template(&[("name", "t"), ("template", "{{#if x}}")]).await);
    tell(site.template(&[("name", "t"), ("template", "{{> /etc/passwd}}")]).await);
    tell(site.template(&[("name", "t"), ("template", "x"), ("headers", r#"{"Bcc":"a@b"}"#)]).await);
    tell(site.template(&[("name", "t"), ("template", "x"), ("headers", "[]")]).await);
    tell(site.template(&[("name", "t")]).await);
    tell(site.template(&[("name", "T")]).await);
    tell(site.post(&format!("{TEMPLATES}/t/versions"), "tag=a").await);
    tell(site.get("/v3/elsewhere.test/templates").await);
    tell(site.get(&format!("{TEMPLATES}/none/versions")).await);
    tell(site.get(&format!("{TEMPLATES}/t/versions/none")).await);
    expect![[r#"
        400 Missing mandatory parameter: name
        400 the template cannot be read: line 1, column 10: invalid handlebars syntax
        400 the template cannot be read: partials and decorators are not served
        400 headers: only From, Subject and Reply-To may be given, each in one line
        400 headers: this is not a JSON object of texts
        200 template has been stored
        409 template with name 't' already exists
        400 Missing mandatory parameter: template
        404 domain not found
        404 template not found
        404 template version not found"#]]
    .assert_eq(&said.join("\n"));
    let forbidden = site.request("GET", TEMPLATES, SENDING_KEY, FORM, b"").await;
    assert_eq!(forbidden.status, 401);
}

#[tokio::test]
async fn pages_walk_to_the_end() {
    let site = Site::open().await;
    for name in ["b", "a/b", "a", "c d", "e"] {
        assert_eq!(site.template(&[("name", name)]).await.status, 200);
    }
    let mut path = format!("{TEMPLATES}?limit=2");
    let mut seen = Vec::new();
    loop {
        let page = site.get(&path).await.json();
        let names: Vec<_> =
            page["items"].as_array().unwrap().iter().map(|item| item["name"].clone()).collect();
        if names.is_empty() {
            break;
        }
        seen.extend(names);
        let next = page["paging"]["next"].as_str().unwrap();
        path = next.split_once(&site.address.to_string()).unwrap().1.to_owned();
    }
    assert_eq!(seen, ["a", "a/b", "b", "c d", "e"]);
    let last = site.get(&format!("{TEMPLATES}?page=last&limit=2")).await.json();
    assert_eq!((&last["items"][0]["name"], &last["items"][1]["name"]), (&"c d".into(), &"e".into()));
    assert_eq!(site.get(&format!("{TEMPLATES}/a%2Fb")).await.json()["template"]["name"], "a/b");
}

#[tokio::test]
async fn a_message_of_a_template() {
    let site = Site::open().await;
    let text =
        "<p>{{name}} {{#if vip}}★{{else}}-{{/if}} {{#each items}}<b>{{what}}</b>{{/each}}</p><p>{{none}}</p>";
    let headers =
        r#"{"From":"Shop <shop@example.org>","Subject":"For {{name}} & co","Reply-To":"help@example.org"}"#;
    site.template(&[("name", "order"), ("template", text), ("headers", headers)]).await;
    let answer = site
        .send(&[
            ("to", "a@example.net"),
            ("template", "Order"),
            ("v:name", "weaker"),
            ("h:X-Mailgun-Variables", r#"{"vip":true}"#),
            ("t:variables", r#"{"name":"<太郎>","items":[{"what":"tea"},{"what":"cake"}]}"#),
            ("t:text", "yes"),
            ("text", ""),
        ])
        .await;
    assert_eq!((answer.status, answer.message().as_str()), (200, "Queued. Thank you."), "{answer:?}");
    let (row, content) = site.newest().await;
    let parsed = mime::parse(content.as_bytes());
    assert_eq!(parsed.from, "Shop <shop@example.org>");
    assert_eq!(parsed.subject, "For <太郎> & co");
    assert_eq!(
        parsed.html.as_deref().map(str::trim_end),
        Some("<p>&lt;太郎&gt; ★ <b>tea</b><b>cake</b></p><p></p>")
    );
    assert_eq!(parsed.text.as_deref().map(str::trim_end), Some("<太郎> ★ teacake"));
    assert!(content.contains("Reply-To: help@example.org"));
    assert_eq!(row.reverse_path.to_string(), "shop@example.org");
    assert_eq!(Value::Object(row.summary.variables), serde_json::json!({"name": "weaker", "vip": true}));
    // What the message has itself goes before what the template has, and an author there always is.
    let own = [
        ("to", "a@example.net"),
        ("template", "order"),
        ("from", "me@example.org"),
        ("subject", "own"),
        ("h:reply-to", "r@example.org"),
    ];
    assert_eq!(site.send(&own).await.status, 200);
    let (row, content) = site.newest().await;
    assert_eq!((row.summary.from.as_str(), row.summary.subject.as_str()), ("me@example.org", "own"));
    assert!(!content.contains("help@example.org"));
    site.template(&[("name", "plain"), ("template", "x")]).await;
    assert_eq!(site.send(&[("to", "a@example.net"), ("template", "plain")]).await.status, 200);
    assert_eq!(site.newest().await.0.summary.from, "postmaster@example.org");
}

#[tokio::test]
async fn versions_and_errors_of_messages() {
    let site = Site::open().await;
    site.template(&[("name", "t"), ("template", "one")]).await;
    site.post(&format!("{TEMPLATES}/t/versions"), &form(&[("template", "two"), ("tag", "v2")])).await;
    site.template(&[("name", "empty")]).await;
    site.template(&[("name", "helpless"), ("template", "{{nobody knows}}")]).await;
    let base = [("from", "me@example.org"), ("to", "a@example.net")];
    let send = async |more: &[(&str, &str)]| site.send(&[&base[..], more].concat()).await;
    assert_eq!(send(&[("template", "t"), ("t:version", "V2")]).await.status, 200);
    let (_, content) = site.newest().await;
    assert_eq!(mime::parse(content.as_bytes()).html.as_deref().map(str::trim_end), Some("two"));
    let mut said = Vec::new();
    for more in [
        [("template", "none"), ("x", "")],
        [("template", "t"), ("t:version", "v9")],
        [("template", "empty"), ("x", "")],
        [("template", "t"), ("html", "x")],
        [("template", "t"), ("t:variables", "{")],
        [("template", "helpless"), ("x", "")],
    ] {
        let answer = send(&more).await;
        said.push(format!("{} {}", answer.status, answer.message()));
    }
    expect![[r#"
        400 template with name 'none' not found
        400 template with name 't' has no version with tag 'v9'
        400 template with name 'empty' has no active version
        400 Only one parameters 'html' or 'template' is allowed
        400 't:variables' parameter is not a valid JSON
        400 the template cannot be rendered: Helper not found nobody"#]]
    .assert_eq(&said.join("\n"));
}

/// Values go into the variables, with them into the template, and then into what became of it.
#[tokio::test]
async fn templates_for_each_recipient() {
    let site = Site::open().await;
    let headers = r#"{"Subject":"{{greeting}}"}"#;
    site.template(&[
        ("name", "t"),
        ("template", "<p>{{who}} %recipient.n% {{deep.inside}}</p>"),
        ("headers", headers),
    ])
    .await;
    let answer = site
        .send(&[
            ("from", "me@example.org"),
            ("to", "alice@example.net, bob@example.net"),
            ("template", "t"),
            ("v:who", "%recipient.name%"),
            ("h:X-Mailgun-Variables", r#"{"greeting":"Hi %recipient.name%"}"#),
            ("t:variables", r#"{"deep":{"inside":"%recipient.n%!"}}"#),
            ("t:text", "yes"),
            (
                "recipient-variables",
                r#"{"alice@example.net":{"name":"A<lice","n":1},"bob@example.net":{"name":"Bob","n":2}}"#,
            ),
        ])
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let rows = site.store.messages(None, 10).await.unwrap();
    let mut seen = Vec::new();
    for row in rows.iter().rev() {
        let parsed = mime::parse(&site.store.content(row.id, None).await.unwrap());
        let (html, text) = (parsed.html.unwrap(), parsed.text.unwrap());
        seen.push(format!("{} | {} | {} | {}", parsed.to, parsed.subject, html.trim_end(), text.trim_end()));
    }
    expect![[r#"
        alice@example.net | Hi A<lice | <p>A&lt;lice 1 1!</p> | A<lice 1 1!
        bob@example.net | Hi Bob | <p>Bob 2 2!</p> | Bob 2 2!"#]]
    .assert_eq(&seen.join("\n"));
}

/// A template in place of the body of a whole message, whose fields and files stay.
#[tokio::test]
async fn templates_in_raw_messages() {
    let site = Site::open().await;
    site.template(&[("name", "t"), ("template", "<p>{{who}}</p>")]).await;
    let raw = "From: Me <me@example.org>\r\nTo: Alice <a@example.net>\r\nSubject: =?utf-8?B?5Lu25ZCN?=\r\nX-Own: kept\r\nMessage-ID: <own@example.org>\r\n\
        X-Mailgun-Template-Name: t\r\nX-Mailgun-Template-Variables: {\"who\":\r\n \"you\"}\r\nX-Mailgun-Template-Text: yes\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nold body\r\n--b\r\nContent-Type: text/csv\r\n\
        Content-Disposition: attachment; filename=a.csv\r\n\r\n1,2\r\n--b--\r\n";
    let body = form(&[("to", "a@example.net"), ("message", raw)]);
    let answer = site.post("/v3/example.org/messages.mime", &body).await;
    assert_eq!(answer.json()["id"], "<own@example.org>", "{answer:?}");
    let (_, content) = site.newest().await;
    let parsed = mime::parse(content.as_bytes());
    assert_eq!(
        (parsed.subject.as_str(), parsed.to.as_str(), parsed.from.as_str()),
        ("件名", "Alice <a@example.net>", "Me <me@example.org>")
    );
    assert_eq!(parsed.html.as_deref().map(str::trim_end), Some("<p>you</p>"));
    assert_eq!(parsed.text.as_deref().map(str::trim_end), Some("you"));
    assert_eq!(parsed.attachments[0].filename.as_deref(), Some("a.csv"));
    assert!(
        content.contains("X-Own: kept")
            && !content.contains("X-Mailgun-Template")
            && !content.contains("old body")
    );
}
