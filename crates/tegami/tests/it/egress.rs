//! A client says from which of our addresses its mail leaves.

use std::net::IpAddr;

use crate::farewell::ask;
use crate::sink::Sink;
use crate::site::{Plan, SOURCE, Site};

const ONE: &str = "127.0.0.2";
const TWO: &str = "127.0.0.3";

#[test]
fn mail_leaves_from_the_pool_and_the_address_that_a_client_names() {
    let sink = Sink::start("127.43.52.1");
    let mut site = Site::prepare(&Plan {
        zone: sink.zone("receiver.test"),
        port: Some(sink.address.port()),
        tables: format!(
            "[delivery.sources.one]\nv4 = \"{ONE}\"\n[delivery.sources.two]\nv4 = \"{TWO}\"\npool = \"bulk\"\n\
             [delivery.pools.bulk]\ntags = [\"news\"]\n"
        ),
        ..Plan::default()
    });
    let config = std::fs::read_to_string(site.config()).unwrap();
    std::fs::write(site.config(), config.replace(&format!("sources = [\"{SOURCE}\"]\n"), "")).unwrap();
    site.serve();
    let key = site.json(&["key", "add", "operator"])["key"].as_str().unwrap().to_owned();
    let send = |subject: &str, options: &str| {
        let message =
            format!("from=shop@sender.test&to=friend@receiver.test&subject={subject}&text=Hello&{options}");
        let (head, body) = ask(&site, &key, "POST /v3/sender.test/messages", &message);
        (head.split(' ').nth(1).unwrap().to_owned(), body)
    };
    let left_from = |subject: &str, options: &str| {
        let (status, body) = send(subject, options);
        assert_eq!(status, "200", "{body}");
        sink.with_text(&format!("Subject: {subject}\r\n")).peer
    };
    let at = |text: &str| Some(text.parse::<IpAddr>().unwrap());
    assert_eq!(left_from("usual", ""), at(ONE));
    assert_eq!(left_from("news", "o:tag=news"), at(TWO));
    assert_eq!(left_from("pool", "o:sending-ip-pool=bulk"), at(TWO));
    assert_eq!(left_from("address", &format!("o:sending-ip={TWO}")), at(TWO));
    // The wish goes before the rule of the tag.
    assert_eq!(left_from("back", &format!("o:tag=news&o:sending-ip={ONE}")), at(ONE));
    let (status, body) = send("nowhere", "o:sending-ip=127.0.0.4");
    assert_eq!(
        (status.as_str(), body.as_str()),
        ("400", r#"{"message":"o:sending-ip: no mail leaves from 127.0.0.4"}"#)
    );
}
