//! Mail to mailing lists, from outside and from our own accounts, to each member and back.

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::Value;
use tegami_auth::dkim::{DkimResult, PrivateKey, Selector, SignedFields, Signer, sign};
use tegami_auth::dmarc::DmarcResult;
use tegami_mail::{Domain, header};

use crate::farewell::ask;
use crate::hook::get;
use crate::peer::eventually;
use crate::sink::{Sink, Taken};
use crate::site::{Plan, SOURCE, Site};
use crate::wire::Wire;

/// Where the authors' mail comes from.
const AUTHOR: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 43, 71, 1));
const LIST: &str = "dev@sender.test";

/// A site with a list, a host of its members, and authors whose domain protects them.
struct World {
    sink: Sink,
    site: Site,
    key: String,
    zone: String,
    signer: Signer,
}

impl World {
    /// With members `anna` at home, and `one`, `two` and `gone` at another domain.
    fn start(ip: &str, settings: &str) -> Self {
        let sink =
            Sink::with(ip, |line| line.contains("gone@").then(|| "550 5.1.1 no such user here".to_owned()));
        let secret = Arc::new(PrivateKey::generate_ed25519().unwrap());
        let zone = format!(
            "author.test. TXT \"v=spf1 ip4:127.43.71.1 -all\"\n_dmarc.author.test. TXT \"v=DMARC1; p=reject\"\n\
             s._domainkey.author.test. TXT \"{}\"\nsender.test. TXT \"v=spf1 ip4:{SOURCE} -all\"\n{}{}",
            secret.dns_record(),
            sink.zone("dest.test"),
            sink.zone("author.test"),
        );
        let signer =
            Signer::new(Domain::parse("author.test").unwrap(), Selector::parse("s").unwrap(), secret);
        let site = Site::start(&Plan {
            zone: zone.clone(),
            port: Some(sink.address.port()),
            top: "public_url = \"https://mail.sender.test\"\n".to_owned(),
            ..Plan::default()
        });
        let key = site.json(&["key", "add", "operator"])["key"].as_str().unwrap().to_owned();
        let world = Self { sink, site, key, zone, signer };
        world.post("/v3/lists", &format!("address={LIST}&name=Developers&{settings}"));
        let members = "[\"Anna <anna@author.test>\",\"one@dest.test\",\"two@dest.test\",\"gone@dest.test\"]";
        world.post(&format!("/v3/lists/{LIST}/members.json"), &format!("members={members}"));
        world
    }

    fn post(&self, path: &str, body: &str) {
        let (head, answer) = ask(&self.site, &self.key, &format!("POST {path}"), body);
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}\n{answer}");
    }

    /// The events that a query finds, the oldest first.
    fn events(&self, query: &str) -> Vec<Value> {
        let path = format!("/v3/sender.test/events?ascending=yes&{query}");
        let answer = get(self.site.addresses.http[0], &self.key, &path);
        answer["items"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
    }

    fn plain(from: &str, subject: &str) -> String {
        format!(
            "From: {from}\r\nTo: {LIST}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@author.test>\r\nDate: {}\r\n\r\nHello %recipient.name%.\r\n",
            tegami_mail::date::write(jiff::Timestamp::now())
        )
    }

    fn signed(&self, content: &str, fields: SignedFields) -> String {
        let signer = Signer { fields, ..self.signer.clone() };
        let signature = sign(content.as_bytes(), &[signer], jiff::Timestamp::now()).unwrap();
        format!("{}{content}", String::from_utf8(signature).unwrap())
    }

    /// A letter whose signature leaves room for what lists add.
    fn letter(&self, from: &str, subject: &str) -> String {
        let fields = ["To", "Subject", "Date", "Message-ID"].map(str::to_owned).to_vec();
        self.signed(&Self::plain(from, subject), SignedFields::These(fields))
    }

    /// The last reply to a letter to these from this reverse-path.
    fn write(&self, from: &str, to: &[&str], content: &str) -> String {
        let mut wire = Wire::connect_from(AUTHOR, self.site.smtp()).unwrap();
        wire.command("EHLO mx.author.test").unwrap();
        wire.send(from, to, content).unwrap()
    }

    fn anna(&self, content: &str) -> String {
        self.write("anna@author.test", &[LIST], content)
    }

    /// The copies with this subject, once there are so many, by recipient.
    fn copies(&self, subject: &str, count: usize) -> Vec<Taken> {
        let subject = format!("Subject: {subject}\r\n");
        eventually("the copies of the members", || {
            let mut all: Vec<_> =
                self.sink.taken().into_iter().filter(|taken| taken.text().contains(&subject)).collect();
            all.sort_by(|one, other| one.recipients.cmp(&other.recipients));
            (all.len() == count).then_some(all)
        })
    }
}

/// The values of a field.
fn field(taken: &Taken, name: &str) -> Vec<String> {
    let mut values = Vec::new();
    header::without(&taken.content, |field| {
        if field.is(name) {
            values.push(field.text());
        }
        false
    });
    values
}

/// A member's letter reaches each member as its author wrote it; what comes back to us concerns one of them.
#[test]
fn a_letter_from_outside_reaches_the_members() {
    let world = World::start("127.43.71.10", "access_level=members&reply_preference=sender");
    let letter = world.letter("Anna <anna@author.test>", "first");
    let reply = world.anna(&letter);
    assert!(reply.starts_with("250 2.0.0 Ok: queued"), "{reply}");
    let copies = world.copies("first", 3);
    let recipients: Vec<_> = copies.iter().map(|copy| copy.recipients.join(" ")).collect();
    assert_eq!(
        recipients,
        ["RCPT TO:<anna@author.test>", "RCPT TO:<one@dest.test>", "RCPT TO:<two@dest.test>"]
    );
    for copy in &copies {
        assert!(copy.text().trim_end().ends_with(letter.trim_end()), "{}", copy.text());
        assert_eq!(field(copy, "From"), ["Anna <anna@author.test>"]);
        assert_eq!(field(copy, "List-Id"), ["Developers <dev.sender.test>"]);
        assert_eq!(field(copy, "List-Post"), ["<mailto:dev@sender.test>"]);
        assert_eq!(field(copy, "Reply-To"), [""; 0]);
        assert_eq!(field(copy, "List-Unsubscribe-Post"), ["List-Unsubscribe=One-Click"]);
        assert!(copy.return_path().starts_with("bounces+"), "{}", copy.mail);
        let verdicts = copy.verdicts(&world.zone);
        assert_eq!(verdicts.dmarc.result, DmarcResult::Pass, "{}", copy.text());
        let passed = |domain: &str| {
            verdicts.dkim.iter().any(|one| one.domain == domain && one.result == DkimResult::Pass)
        };
        assert!(passed("author.test"));
        assert!(verdicts.dkim.iter().any(|one| one.domain == "sender.test"), "the list signs too");
    }
    let failed = eventually("the failure of one member", || {
        let events = world.events(&format!("event=failed&list={LIST}"));
        (events.len() == 1).then_some(events)
    });
    assert_eq!(failed[0]["recipient"], "gone@dest.test");
    assert_eq!(failed[0]["mailing-list"]["list-id"], "dev.sender.test");
    assert_eq!(failed[0]["flags"]["is-routed"], false);
    let accepted = world.events("event=accepted&list=dev.sender.test");
    let to: Vec<_> = accepted.iter().map(|event| event["recipient"].as_str().unwrap()).collect();
    assert_eq!(to, [LIST, "anna@author.test", "gone@dest.test", "one@dest.test", "two@dest.test"]);
    assert_eq!(world.events("event=accepted&list=other@sender.test").len(), 0);
    assert_eq!(world.site.json(&["suppression", "list"])["suppressions"][0]["address"], "gone@dest.test");
    // Nobody was told by mail, and a bounce that comes later is known by its return path.
    let notice = "From: MAILER-DAEMON@mx.dest.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
        --b\r\nContent-Type: text/plain\r\n\r\nSorry\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
        Reporting-MTA: dns; mx.dest.test\r\n\r\nFinal-Recipient: rfc822; one@dest.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n";
    let reply = world.write("", &[&copies[1].return_path()], notice);
    assert!(reply.starts_with("250"), "{reply}");
    let later = world.events(&format!("event=failed&list={LIST}&recipient=one@dest.test"));
    assert_eq!(later[0]["flags"]["is-delayed-bounce"], true, "{later:?}");
    let mut taken = world.sink.taken();
    // The host counts the refused transaction, too.
    taken.retain(|taken| !taken.content.is_empty());
    assert_eq!(taken.len(), 3, "no notification went to anybody");
    // Those that are left say farewell: by the link, and by mail.
    let link = field(&copies[2], "List-Unsubscribe")[0].clone();
    let path = link.split("https://mail.sender.test").nth(1).unwrap().split('>').next().unwrap().to_owned();
    let (head, _) = ask(&world.site, &world.key, &format!("POST {path}"), "List-Unsubscribe=One-Click");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let way = field(&copies[1], "List-Unsubscribe")[0].clone();
    let address = way.split("<mailto:").nth(1).unwrap().split('?').next().unwrap();
    assert_eq!(world.write("one@dest.test", &[address], "Subject: x\r\n\r\n"), "250 2.0.0 Ok: unsubscribed");
    assert!(world.anna(&world.letter("anna@author.test", "second")).starts_with("250"));
    let copies = world.copies("second", 1);
    assert_eq!(copies[0].recipients, ["RCPT TO:<anna@author.test>"]);
    let gone = world.events(&format!("event=unsubscribed&list={LIST}"));
    let gone: Vec<_> = gone.iter().map(|event| event["recipient"].as_str().unwrap()).collect();
    assert_eq!(gone, ["two@dest.test", "one@dest.test"]);
}

/// Where the list has to change what a protected author signed, it becomes the author itself.
#[test]
fn a_signature_that_breaks_makes_the_list_the_author() {
    let world = World::start("127.43.71.20", "access_level=everyone");
    let plain = World::plain("=?utf-8?B?5bGx55Sw?= <eve@author.test>", "strict");
    let letter = world.signed(&plain, SignedFields::Recommended);
    assert!(world.write("eve@author.test", &[LIST], &letter).starts_with("250"));
    for copy in world.copies("strict", 3) {
        let from = tegami_mail::mailbox_list::parse_list(&field(&copy, "From")[0]).unwrap();
        assert_eq!(from[0].address.to_string(), LIST);
        assert_eq!(from[0].name.as_deref(), Some("山田 via Developers"));
        assert_eq!(field(&copy, "Reply-To"), [LIST]);
        assert!(field(&copy, "X-Original-From")[0].ends_with("<eve@author.test>"));
        assert!(copy.text().trim_end().ends_with("Hello %recipient.name%."), "{}", copy.text());
    }
    // Room for a Reply-To field, and the author stays.
    assert!(
        world.write("eve@author.test", &[LIST], &world.letter("eve@author.test", "roomy")).starts_with("250")
    );
    for copy in world.copies("roomy", 3) {
        assert_eq!(
            (field(&copy, "From"), field(&copy, "Reply-To")),
            (vec!["eve@author.test".to_owned()], vec![LIST.to_owned()])
        );
        assert_eq!(copy.verdicts(&world.zone).dmarc.result, DmarcResult::Pass);
    }
    // Proven by SPF alone, which speaks of the list from now on.
    assert!(
        world
            .write("eve@author.test", &[LIST], &World::plain("eve@author.test", "unsigned"))
            .starts_with("250")
    );
    let copies = world.copies("unsigned", 3);
    assert_eq!(field(&copies[0], "From"), ["eve via Developers <dev@sender.test>"]);
}

/// Who may not write hears so, and nothing goes round.
#[test]
fn a_list_says_what_it_does_not_take() {
    let world = World::start("127.43.71.30", "access_level=members");
    let refused = |reply: String, why: &str| {
        assert!(reply.starts_with("550 5.7.2") && reply.contains(why), "{why}: {reply}");
    };
    let stranger = world.letter("eve@author.test", "stranger");
    refused(world.write("eve@author.test", &[LIST], &stranger), "only members");
    let program =
        format!("Auto-Submitted: auto-replied; x=y\r\n{}", world.letter("anna@author.test", "away"));
    refused(world.anna(&program), "automatic answer");
    refused(world.write("", &[LIST], &world.letter("anna@author.test", "null")), "automatic answer");
    assert!(world.anna(&world.letter("anna@author.test", "round")).starts_with("250"));
    let copy = world.copies("round", 3).remove(0).text();
    refused(world.anna(&copy), "from the list itself");
    let stripped = copy.replace("List-Id:", "X-List-Id:");
    refused(world.anna(&stripped), "from the list itself");
    world.site.add_user("alice@sender.test", "correct horse");
    let letter = world.letter("anna@author.test", "both");
    let reply = world.write("anna@author.test", &["alice@sender.test", LIST], &letter);
    assert!(reply.starts_with("452 4.5.3"), "{reply}");
    let (head, _) = ask(&world.site, &world.key, &format!("PUT /v3/lists/{LIST}"), "access_level=readonly");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    refused(world.anna(&world.letter("anna@author.test", "late")), "authenticated senders");
    // An account of its domain may write, and the list is no reason to hand in by the API.
    let mut wire = Wire::local(&world.site.path("submit.sock")).unwrap();
    wire.command("EHLO localhost").unwrap();
    let letter = World::plain("alice@sender.test", "news");
    let reply = wire.send("alice@sender.test", &[LIST], &letter).unwrap();
    assert!(reply.starts_with("250"), "{reply}");
    assert_eq!(field(&world.copies("news", 3)[0], "List-Post"), ["NO"]);
}
