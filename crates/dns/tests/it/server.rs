//! The server: what it answers to messages, and over sockets.

use std::net::SocketAddr;

use hickory_proto::op::{Edns, Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use tegami_dns::{Server, Transport, Zone, reply};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

const ZONE: &str = "
$ORIGIN example.org.
@ SOA ns hostmaster 1 7200 900 1209600 300
@ TXT one two
www CNAME host
host A 192.0.2.1
lost CNAME gone
loop CNAME loop
$SERVFAIL broken
$TIMEOUT silent
$BOGUS forged
$SECURE host
";

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn question(name: &str, kind: RecordType) -> Message {
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    message
}

fn ask(zone: &str, message: &Message, transport: Transport) -> Option<Message> {
    let answer = reply(&Zone::parse(zone).unwrap(), &message.to_vec().unwrap(), transport)?;
    Some(Message::from_vec(&answer).unwrap())
}

fn code(zone: &str, name: &str, kind: RecordType) -> (ResponseCode, bool, usize, usize) {
    let answer = ask(zone, &question(name, kind), Transport::Udp).unwrap();
    (answer.response_code, answer.authoritative, answer.answers.len(), answer.authorities.len())
}

#[test]
fn codes_and_sections() {
    use ResponseCode::{NXDomain, NoError, Refused, ServFail};
    assert_eq!(code(ZONE, "example.org.", RecordType::TXT), (NoError, true, 1, 0));
    assert_eq!(code(ZONE, "example.org.", RecordType::MX), (NoError, true, 0, 1));
    assert_eq!(code(ZONE, "example.org.", RecordType::ANY), (NoError, true, 2, 0));
    assert_eq!(code(ZONE, "nobody.example.org.", RecordType::A), (NXDomain, true, 0, 1));
    assert_eq!(code(ZONE, "www.example.org.", RecordType::A), (NoError, true, 2, 0));
    assert_eq!(code(ZONE, "lost.example.org.", RecordType::A), (NXDomain, true, 1, 1));
    assert_eq!(code(ZONE, "loop.example.org.", RecordType::A), (ServFail, false, 0, 0));
    assert_eq!(code(ZONE, "broken.example.org.", RecordType::A), (ServFail, false, 0, 0));
    assert_eq!(code(ZONE, "forged.example.org.", RecordType::A), (ServFail, false, 0, 0));
    assert_eq!(code(ZONE, "example.net.", RecordType::A), (Refused, false, 0, 0));
    assert_eq!(code(ZONE, "example.org.", RecordType::AXFR), (Refused, false, 0, 0));
    assert_eq!(ask(ZONE, &question("silent.example.org.", RecordType::A), Transport::Udp), None);
    // Without any SOA record nobody is told that a name is somebody else's.
    assert_eq!(code("a TXT x", "example.net.", RecordType::A), (NXDomain, true, 0, 0));
}

#[test]
fn absence_is_kept_as_long_as_the_soa_record_says() {
    let answer = ask(ZONE, &question("nobody.example.org.", RecordType::A), Transport::Udp).unwrap();
    assert_eq!(answer.authorities[0].ttl, 300);
}

#[test]
fn authentic_data_only_where_asked_for() {
    let plain = question("host.example.org.", RecordType::A);
    let mut with_ad = plain.clone();
    with_ad.metadata.authentic_data = true;
    let mut with_do = plain.clone();
    let mut edns = Edns::new();
    edns.set_dnssec_ok(true).set_max_payload(1232);
    with_do.set_edns(edns);
    let mut unsigned = with_do.clone();
    unsigned.queries = question("example.org.", RecordType::TXT).queries;
    let ad = |message: &Message| ask(ZONE, message, Transport::Udp).unwrap().authentic_data;
    assert_eq!([ad(&plain), ad(&with_ad), ad(&with_do), ad(&unsigned)], [false, true, true, false]);
    assert!(ask(ZONE, &with_do, Transport::Udp).unwrap().edns.unwrap().flags().dnssec_ok);
}

#[test]
fn long_answers_are_truncated_by_udp_and_whole_by_tcp() {
    let zone: String = (0..40).map(|n| format!("big TXT {n:0>100}\n")).collect();
    let mut message = question("big.", RecordType::TXT);
    for (payload, expected) in [(None, 512), (Some(4096), 1232), (Some(1), 512)] {
        if let Some(payload) = payload {
            let mut edns = Edns::new();
            edns.set_max_payload(payload);
            message.set_edns(edns);
        }
        let zone = Zone::parse(&zone).unwrap();
        let octets = reply(&zone, &message.to_vec().unwrap(), Transport::Udp).unwrap();
        let answer = Message::from_vec(&octets).unwrap();
        assert!(answer.truncation && octets.len() <= expected, "{} octets", octets.len());
        assert_eq!(answer.edns.is_some(), payload.is_some());
    }
    let whole = ask(&zone, &message, Transport::Tcp).unwrap();
    assert_eq!((whole.truncation, whole.answers.len()), (false, 40));
}

#[test]
fn what_is_no_question_is_told_so_or_left_alone() {
    let zone = Zone::parse(ZONE).unwrap();
    let good = question("example.org.", RecordType::TXT).to_vec().unwrap();
    let with_flags = |flags: u8| {
        let mut octets = good.clone();
        octets[2] = flags;
        reply(&zone, &octets, Transport::Udp).map(|answer| answer[3] & 15)
    };
    assert_eq!(with_flags(0x01), Some(0));
    assert_eq!(with_flags(0x80), None);
    assert_eq!(with_flags(0x28), Some(4), "dynamic update");
    assert_eq!(with_flags(0x78), Some(4), "an opcode that nobody has assigned");
    assert_eq!(reply(&zone, &good[..11], Transport::Udp), None);
    let cut = reply(&zone, &good[..good.len() - 3], Transport::Udp).unwrap();
    assert_eq!((cut.len(), cut[3] & 15), (12, 1));
    let mut two = question("example.org.", RecordType::TXT);
    two.add_query(Query::query(Name::root(), RecordType::NS));
    assert_eq!(reply(&zone, &two.to_vec().unwrap(), Transport::Udp).unwrap()[3] & 15, 1);
}

#[tokio::test]
async fn one_port_answers_by_udp_and_tcp_and_changes_its_zone() {
    let server = Server::bind(loopback(), Zone::parse(ZONE).unwrap()).await.unwrap();
    let request = question("example.org.", RecordType::TXT).to_vec().unwrap();

    let udp = UdpSocket::bind(loopback()).await.unwrap();
    udp.connect(server.local_addr()).await.unwrap();
    let mut buffer = [0; 1500];
    udp.send(&request).await.unwrap();
    let length = udp.recv(&mut buffer).await.unwrap();
    assert_eq!(Message::from_vec(&buffer[..length]).unwrap().answers.len(), 1);

    server.replace(Zone::parse("example.org. TXT a\nexample.org. TXT b").unwrap());
    let mut tcp = TcpStream::connect(server.local_addr()).await.unwrap();
    for _ in 0..2 {
        tcp.write_u16(u16::try_from(request.len()).unwrap()).await.unwrap();
        tcp.write_all(&request).await.unwrap();
        let length = usize::from(tcp.read_u16().await.unwrap());
        tcp.read_exact(&mut buffer[..length]).await.unwrap();
        assert_eq!(Message::from_vec(&buffer[..length]).unwrap().answers.len(), 2);
    }

    drop(server);
    assert_eq!(tcp.read(&mut buffer).await.unwrap_or(0), 0, "the connection ends with the server");
}
