//! What people do on each page, and what they see of it.

use super::{NO_CHROMIUM, Office, PASSWORD};
use crate::peer::need;

/// Controls that everybody has on every page: the language is a link.
const ALWAYS: [&str; 1] = ["Sign out"];

#[test]
fn people_sign_in_and_out_and_lookers_change_nothing() {
    let mut office = need!("signing in", Office::open(), NO_CHROMIUM);
    let chrome = &mut office.chrome;
    chrome.go("/queue");
    assert_eq!(chrome.path(), "/sign-in");
    chrome.sees_none(&["Messages", "Sign out"]);
    chrome.fill("", "Name", "bob");
    chrome.fill("", "Password", "wrong horse");
    chrome.send("", "Sign in");
    chrome.sees(&["The name or the password is wrong."]);
    assert_eq!(
        chrome.ask("document.activeElement.name"),
        "password",
        "the name stays, the password is asked for again"
    );
    assert_eq!(chrome.complaints().len(), 1, "the refused form is told as 403");
    chrome.fill("", "Password", PASSWORD);
    chrome.send("", "Sign in");
    assert_eq!(chrome.path(), "/queue", "where bob wanted to go first");
    chrome.sees(&["bob", "read-only", "Sign out", "Queue"]);
    for (path, may) in [
        ("/", vec![]),
        ("/queue", vec!["Recipient", "State", "Search"]),
        ("/domains", vec![]),
        ("/domains/sender.test", vec![]),
        ("/webhooks", vec![]),
        ("/templates", vec![]),
        ("/keys", vec![]),
        ("/users", vec![]),
        ("/suppressions", vec!["Address", "List", "Domain", "Search"]),
        ("/suppressions/allowed", vec![]),
        ("/lists", vec![]),
        ("/tags", vec!["Tag", "Domain", "Search"]),
        ("/routes", vec!["Recipient", "Message", "Try"]),
    ] {
        chrome.go(path);
        let mut controls = chrome.controls();
        controls.retain(|control| !ALWAYS.contains(&control.as_str()) && !control.starts_with("Copy"));
        assert_eq!(controls, may, "{path}");
    }
    // A form that bob was never given, with the secret of bob's session.
    chrome.go("/routes");
    let forged = "(async () => { const form = new URLSearchParams({csrf: document.querySelector('[name=csrf]').value, name: 'x', domain: ''}); \
                  const answer = await fetch('/keys', {method: 'POST', body: form}); return answer.status + ' ' + await answer.text(); })()";
    let told = chrome.ask(forged);
    let told = told.as_str().unwrap();
    assert!(told.starts_with("403 ") && told.contains("changing it takes the role admin"), "{told}");
    office.leave();
    let chrome = &mut office.chrome;
    assert_eq!(chrome.path(), "/sign-in");
    chrome.go("/keys");
    assert_eq!(chrome.path(), "/sign-in", "the session is over");
}

#[test]
fn users_come_and_go() {
    let mut office = need!("the users", Office::open(), NO_CHROMIUM);
    let chrome = office.enter("alice", "/users");
    chrome.sees(&["alice", "admin", "bob", "read-only", "Add a user"]);
    chrome.fill("Add a user", "Name", "carol");
    chrome.fill("Add a user", "Password", "short but long enough");
    chrome.fill("Add a user", "Role", "read-only");
    chrome.send("Add a user", "Add");
    chrome.sees(&["Added.", "alice", "bob", "carol", "read-only"]);
    chrome.send("carol", "Make admin");
    chrome.sees(&["carol", "admin"]);
    chrome.press("carol", "New password…");
    chrome.fill("carol", "Password", PASSWORD);
    chrome.send("carol", "Set");
    chrome.sees(&["The password is changed, and all sessions have ended."]);
    office.leave();
    let chrome = office.enter("carol", "/users");
    chrome.sees(&["carol", "Sign out"]);
    chrome.press("alice", "Remove");
    chrome.sees(&["All their sessions end at once."]);
    chrome.send("alice", "Remove alice");
    chrome.sees(&["Removed."]);
    chrome.sees_none(&["alice"]);
    // The last admin cannot go.
    chrome.send("carol", "Make read-only");
    chrome.sees(&["Nothing was changed, because this cannot be:"]);
    // A page that looks again by itself may do so just after its session has ended.
    let mut complaints = chrome.complaints();
    complaints.retain(|complaint| !complaint.contains("status of 401"));
    assert_eq!(complaints.len(), 1, "which is told as 400: {complaints:?}");
}

#[test]
fn templates_are_written_and_previewed() {
    let mut office = need!("the templates", Office::open(), NO_CHROMIUM);
    let chrome = office.enter("alice", "/templates");
    let new = "Make a template";
    chrome.fill(new, "Name", "welcome");
    chrome.fill(new, "Subject", "Welcome, {{name}}");
    chrome.fill(new, "HTML", "<h1>Hello {{name}}</h1><script>document.title = 'ran'</script>");
    chrome.send(new, "Save");
    assert_eq!(chrome.path(), "/templates/sender%2Etest/welcome");
    chrome.sees(&["welcome", "sender.test", "Preview", "Versions", "initial", "in use"]);
    chrome.fill("Preview", "Values (JSON)", r#"{"name": "Hanako & Tarō"}"#);
    chrome.send("Preview", "Show");
    chrome.sees(&["Subject", "Welcome, Hanako & Tarō"]);
    let frame = "(async () => (await fetch(document.querySelector('iframe').src)).text())()";
    let shown = chrome.ask(frame);
    assert!(shown.as_str().unwrap().contains("<h1>Hello Hanako &amp; Tarō</h1>"), "{shown}");
    assert_eq!(
        chrome.ask("document.querySelector('iframe').contentDocument"),
        serde_json::Value::Null,
        "a sandbox"
    );
    chrome.fill("Preview", "Values (JSON)", "{name}");
    chrome.send("Preview", "Show");
    chrome.sees(&["Preview", "values: key must be a string"]);
    let change = "Change, or add a version";
    chrome.fill(change, "Tag of the version; one of this tag is replaced", "summer");
    chrome.fill(change, "What changed", "a warmer word");
    chrome.send(change, "Save");
    chrome.sees(&["Versions", "initial", "summer", "in use", "a warmer word"]);
    chrome.press("", "Remove the template…");
    chrome.send("", "Remove the template…");
    chrome.sees(&["Removed.", "There are none yet."]);
    let said = chrome.complaints();
    assert!(
        said.iter().all(|word| word.contains("sandbox")),
        "only the script of the preview is held back: {said:?}"
    );
}

#[test]
fn routes_are_made_and_tried_by_those_who_only_look_too() {
    let mut office = need!("the routes", Office::open(), NO_CHROMIUM);
    let chrome = office.enter("alice", "/routes");
    chrome.sees(&["There are no routes: mail goes into mailboxes here, or is refused."]);
    let new = "Make a route";
    for (expression, actions, priority, description) in [
        (
            r#"match_recipient("info@sender.test")"#,
            "forward(\"friend@receiver.test\")\nstop()",
            "1",
            "the front desk",
        ),
        ("catch_all()", "store()", "9", "the rest"),
    ] {
        chrome.fill(new, "For which mail", expression);
        chrome.fill(new, "What it does, one action on each line", actions);
        chrome.fill(new, "Priority", priority);
        chrome.fill(new, "Description", description);
        chrome.send(new, "Save");
        chrome.sees(&["Added.", expression, description, "Try the routes"]);
    }
    chrome.fill(new, "For which mail", "match_recipient(");
    chrome.fill(new, "What it does, one action on each line", "stop()");
    chrome.send(new, "Save");
    chrome.sees(&["Nothing was changed, because this cannot be:"]);
    chrome.complaints();
    office.leave();
    let chrome = office.enter("bob", "/routes");
    chrome.sees(&["the front desk", "the rest", "Try the routes"]);
    chrome.sees_none(&["Make a route", "Remove"]);
    chrome.fill("Try the routes", "Recipient", "info@sender.test");
    chrome.fill("Try the routes", "Message", "Subject: Question\n\nHello");
    chrome.send("Try the routes", "Try");
    chrome.sees(&[
        "Mail to info@sender.test",
        "At least one route takes this message.",
        "matches",
        "match_recipient",
        "friend@receiver.test",
        "not asked",
        "catch_all()",
    ]);
    assert_eq!(
        chrome.ask("document.querySelector('#test textarea').value"),
        "Subject: Question\n\nHello",
        "what was tried stays"
    );
    chrome.fill("Try the routes", "Recipient", "sales@sender.test");
    chrome.send("Try the routes", "Try");
    chrome.sees(&[
        "Mail to sales@sender.test",
        "does not match",
        "match_recipient",
        "matches",
        "catch_all()",
    ]);
    assert_eq!(chrome.complaints(), [""; 0]);
}

#[test]
fn webhooks_are_set_and_sent_again() {
    let mut office = need!("the webhooks", Office::open(), NO_CHROMIUM);
    let url = format!("{}/refuse/delivered", office.world.posts.url());
    let chrome = office.enter("alice", "/webhooks");
    chrome.sees(&["Nobody is told."]);
    chrome.fill("Tell a URL", "Domain", "sender.test");
    chrome.fill("Tell a URL", "Of", "delivered");
    chrome.fill("Tell a URL", "URL", &url);
    chrome.send("Tell a URL", "Save");
    chrome.sees(&["delivered", "sender.test", &url, "Log", "No request of this kind"]);
    office.world.note("friend@receiver.test", &[]);
    office.world.posts.to("/refuse/delivered", 1);
    let chrome = &mut office.chrome;
    chrome.awaits("/webhooks?state=failed", "given up");
    chrome.sees(&["Log", "given up", "delivered", "sender.test", &url, "406", "ms"]);
    chrome.send(&url, "Send again");
    chrome.sees(&["It is sent again now."]);
    office.world.posts.to("/refuse/delivered", 2);
    let chrome = &mut office.chrome;
    chrome.awaits("/webhooks?state=failed", "given up");
    chrome.send("sender.test", "Remove");
    chrome.sees(&["Nobody is told."]);
    chrome.press("Signing key", "Show the key");
    let key = chrome.ask("document.getElementById('call-key').textContent");
    chrome.sees(&["Signing key", key.as_str().unwrap()]);
    chrome.press("Signing key", "Make a new key…");
    chrome.sees(&["can be verified with the new key only"]);
    chrome.send("", "Make a new key…");
    chrome.press("Signing key", "Show the key");
    chrome.sees_none(&[key.as_str().unwrap()]);
    assert_eq!(chrome.complaints(), [""; 0]);
}

#[test]
fn suppressed_addresses_are_found_and_forgiven() {
    let mut office = need!("the suppressions", Office::open(), NO_CHROMIUM);
    office.world.note("nobody@receiver.test", &[]);
    office.world.event("event=failed&severity=permanent");
    let chrome = office.enter("alice", "/suppressions");
    chrome.awaits("/suppressions", "nobody@receiver.test");
    chrome.sees(&[
        "nobody@receiver.test",
        "bounced",
        "sender.test",
        "550 5.1.1 no such mailbox here",
        "a receiver refused it",
    ]);
    let add = "Put an address on a list";
    chrome.fill(add, "Address", "hanako@receiver.test");
    chrome.fill(add, "List", "unsubscribed");
    chrome.fill(add, "Why", "wrote a letter");
    chrome.send(add, "Write no more");
    chrome.sees(&[
        "The address is not written to any more.",
        "hanako@receiver.test",
        "unsubscribed",
        "wrote a letter",
        "put here by a person",
    ]);
    chrome.fill("", "Address", "HANAKO");
    chrome.send("", "Search");
    chrome.sees(&["hanako@receiver.test"]);
    chrome.sees_none(&["nobody@receiver.test"]);
    chrome.send("hanako@receiver.test", "Write again");
    chrome.sees(&["The address may be written to again.", "nobody@receiver.test"]);
    chrome.sees_none(&["hanako"]);
    chrome.send("nobody@receiver.test", "the message");
    chrome.sees(&["a note", "nobody@receiver.test", "550 5.1.1 no such mailbox here"]);
    assert_eq!(chrome.complaints(), [""; 0]);
}

#[test]
fn the_allow_list_is_kept() {
    let mut office = need!("the allow list", Office::open(), NO_CHROMIUM);
    let chrome = office.enter("alice", "/suppressions");
    chrome.send("", "Allow list");
    chrome.sees(&["Allow list", "Nobody: who bounces is not written to again."]);
    let add = "Add an address or a domain";
    for (value, seen) in [("full@receiver.test", "full@receiver.test"), ("example.net", "whole domain")] {
        chrome.fill(add, "Address or domain", value);
        chrome.fill(add, "Why", "it passes");
        chrome.send(add, "Add");
        chrome.sees(&["Added.", value]);
        chrome.sees(&[seen, "sender.test", "it passes"]);
    }
    chrome.send("example.net", "Remove");
    chrome.sees(&["Removed.", "full@receiver.test"]);
    chrome.sees_none(&["whole domain"]);
    assert_eq!(chrome.complaints(), [""; 0]);
}

#[test]
fn mailing_lists_gain_and_lose_members() {
    let mut office = need!("the mailing lists", Office::open(), NO_CHROMIUM);
    let chrome = office.enter("alice", "/lists");
    chrome.sees(&["There are no lists yet."]);
    let new = "Make a list";
    chrome.fill(new, "Address", "news");
    chrome.fill(new, "Name", "News of the shop");
    chrome.fill(new, "Who may write to it", "members");
    chrome.send(new, "Make the list");
    chrome.sees(&[
        "Added.",
        "news@sender.test",
        "News of the shop",
        "members",
        "The list has no members yet",
    ]);
    chrome.fill(
        "Add members",
        "Addresses, one on each line",
        "Hanako <hanako@receiver.test>\ntaro@receiver.test",
    );
    chrome.send("Add members", "Add");
    chrome.sees(&["Members 2", "hanako@receiver.test", "Hanako", "taro@receiver.test"]);
    chrome.fill("", "Name or address", "TARO");
    chrome.send("Members", "Search");
    chrome.sees(&["taro@receiver.test"]);
    chrome.sees_none(&["hanako"]);
    chrome.send("taro@receiver.test", "Remove");
    chrome.sees(&["Removed.", "Members 1", "hanako@receiver.test"]);
    chrome.fill("Change the list", "Who may write to it", "everybody");
    chrome.send("Change the list", "Save");
    chrome.sees(&["Who may write to it", "everybody"]);
    chrome.go("/lists");
    chrome.sees(&["news@sender.test", "News of the shop", "Members: 1"]);
    chrome.send("", "news@sender.test");
    chrome.press("", "Remove the list…");
    chrome.send("", "Remove the list…");
    chrome.sees(&["Removed.", "There are no lists yet."]);
    assert_eq!(chrome.complaints(), [""; 0]);
}

#[test]
fn tags_show_what_became_of_their_messages() {
    let mut office = need!("the tags", Office::open(), NO_CHROMIUM);
    for to in ["friend@receiver.test", "nobody@receiver.test"] {
        office.world.note(to, &[("o:tag", "Spring letter")]);
    }
    office.world.event("event=failed&severity=permanent");
    office.world.event("event=delivered");
    let chrome = office.enter("alice", "/tags");
    chrome.awaits("/tags", "50.0 %");
    chrome.sees(&["Spring letter", "sender.test", "50.0 %"]);
    chrome.send("", "Spring letter");
    chrome.sees(&["Spring letter", "sender.test", "The last 30 days", "50.0 %", "Recipients by the day"]);
    let bars = chrome.ask("document.querySelectorAll('.chart rect.good').length + '/' + document.querySelectorAll('.chart rect.bad').length");
    assert_eq!(bars, "1/1");
    chrome.fill("Description", "What this tag is for", "the letter of spring");
    chrome.send("Description", "Save");
    chrome.sees(&["Spring letter", "the letter of spring", "The last 30 days"]);
    chrome.send("", "Messages with this tag");
    chrome.sees(&["a note", "Spring letter", "nobody@receiver.test", "friend@receiver.test"]);
    chrome.go("/tags/sender.test/spring%20letter");
    chrome.press("", "Forget the tag…");
    chrome.send("", "Forget the tag…");
    chrome.sees(&["Removed.", "No message has carried a tag yet."]);
    assert_eq!(chrome.complaints(), [""; 0]);
}
