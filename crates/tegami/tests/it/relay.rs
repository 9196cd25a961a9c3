//! Strangers who want us to carry their mail to other strangers.

use crate::sink::Sink;
use crate::site::{Plan, Site};
use crate::wire::Wire;

/// MAIL and RCPT of each attempt, arguments as they are written.
const ATTEMPTS: &[(&str, &str)] = &[
    ("<spam@stranger.test>", "<user@victim.test>"),
    ("<>", "<user@victim.test>"),
    ("<postmaster@sender.test>", "<user@victim.test>"),
    ("<user@[127.0.0.1]>", "<user@victim.test>"),
    ("<spam@stranger.test>", "<user%victim.test@sender.test>"),
    ("<spam@stranger.test>", "<user%victim.test@[127.0.0.1]>"),
    ("<spam@stranger.test>", "<victim.test!user>"),
    ("<spam@stranger.test>", "<victim.test!user@sender.test>"),
    ("<spam@stranger.test>", "<@sender.test:user@victim.test>"),
    ("<spam@stranger.test>", "<@sender.test,@victim.test:user@victim.test>"),
    ("<spam@stranger.test>", "<\"user@victim.test\"@sender.test>"),
    ("<spam@stranger.test>", "<\"user@victim.test\">"),
    ("<spam@stranger.test>", "<\"user%victim.test\"@sender.test>"),
    ("<spam@stranger.test>", "<user\\@victim.test@sender.test>"),
    ("<spam@stranger.test>", "<user@victim.test@sender.test>"),
    ("<spam@stranger.test>", "<user@sender.test@victim.test>"),
    ("<spam@stranger.test>", "<user@[127.43.10.1]>"),
    ("<spam@stranger.test>", "<user@127.43.10.1>"),
    ("<spam@stranger.test>", "<user@[IPv6:::ffff:127.43.10.1]>"),
    ("<spam@stranger.test>", "<user@victim.test.>"),
    ("<spam@stranger.test>", "<USER@VICTIM.TEST>"),
    ("<spam@stranger.test>", " <user@victim.test>"),
    ("<spam@stranger.test>", "user@victim.test"),
    ("<spam@stranger.test>", "<postmaster@victim.test>"),
    ("<spam@stranger.test>", "<\"postmaster\"@victim.test>"),
    ("<spam@stranger.test>", "<postmaster%victim.test@sender.test>"),
    ("<spam@stranger.test>", "<user@victim.test> ORCPT=rfc822;postmaster@sender.test"),
    ("<spam@stranger.test> AUTH=<postmaster@sender.test>", "<user@victim.test>"),
    ("<spam@stranger.test>", "<user@localhost>"),
    ("<spam@stranger.test>", "<user@mail.sender.test>"),
    ("<spam@stranger.test>", "<nobody@sender.test>"),
    ("<spam@stranger.test>", "<user@victim.test,postmaster@sender.test>"),
];

#[test]
fn we_carry_for_no_stranger() {
    let victim = Sink::start("127.43.10.1");
    let zone = victim.zone("victim.test");
    let site = Site::start(&Plan { zone, port: Some(victim.address.port()), ..Plan::default() });
    for (mail, recipient) in ATTEMPTS {
        for address in [site.smtp(), site.submission()] {
            let mut wire = Wire::connect(address).unwrap();
            wire.command("EHLO mail.sender.test").unwrap();
            let sender = wire.command(&format!("MAIL FROM:{mail}")).unwrap();
            let reply = wire.command(&format!("RCPT TO:{recipient}")).unwrap();
            let about = format!("{mail} {recipient} at {address}: {sender} / {reply}");
            assert!(reply.starts_with('5'), "{about}");
            if address == site.submission() {
                assert!(sender.starts_with("530 5.7.0"), "{about}");
            }
            let data = wire.command("DATA").unwrap();
            assert!(data.starts_with('5'), "{about}: {data}");
        }
    }
    assert_eq!(site.waiting(), 0);
    assert_eq!(victim.taken().len(), 0);
    eprintln!("{} relay attempts at two doors, none let in", ATTEMPTS.len());
}

/// RFC 5321 section 4.5.1: always, and in any case of letters.
#[test]
fn postmaster_is_heard() {
    let site = Site::start(&Plan::default());
    for recipient in ["<postmaster@sender.test>", "<Postmaster@Sender.TEST>", "<Postmaster>"] {
        let mut wire = Wire::connect(site.smtp()).unwrap();
        wire.command("EHLO client.stranger.test").unwrap();
        assert!(wire.command("MAIL FROM:<>").unwrap().starts_with("250"));
        let reply = wire.command(&format!("RCPT TO:{recipient}")).unwrap();
        assert!(reply.starts_with("250"), "{recipient}: {reply}");
        wire.command("DATA").unwrap();
        wire.write(b"From: someone@stranger.test\r\nSubject: your server\r\n\r\nHello\r\n.\r\n").unwrap();
        let reply = wire.reply().unwrap();
        assert!(reply.starts_with("250"), "{recipient}: {reply}");
    }
    assert_eq!(site.count("postmaster@sender.test", "INBOX"), 3);
}
