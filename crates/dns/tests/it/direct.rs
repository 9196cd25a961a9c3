//! Questions to one server: what it says itself, over real sockets.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::rdata::{NS, SOA};
use hickory_proto::rr::{Name, RData, Record};
use tegami_dns::{Direct, DnsError, DnsName, RecordType, Server, Zone, ask_server};
use tokio::net::UdpSocket;

const PATIENCE: Duration = Duration::from_secs(5);

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn ask(server: SocketAddr, name: &str, kind: RecordType) -> Result<Direct, DnsError> {
    ask_server(server, &DnsName::parse(name).unwrap(), kind, PATIENCE).await
}

/// One line: what the server said, `aa` and `tc`.
async fn told(server: SocketAddr, name: &str, kind: RecordType) -> String {
    let direct = match ask(server, name, kind).await {
        Ok(direct) => direct,
        Err(error) => return format!("no answer: {error}"),
    };
    let aa = if direct.authoritative { " aa" } else { "" };
    let tc = if direct.truncated { " tc" } else { "" };
    let said = match direct.kept.result {
        Ok(answer) if answer.records.len() > 3 => format!("{} records", answer.records.len()),
        Ok(answer) => answer.records.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        Err(error) => error.to_string(),
    };
    format!("{said} ({} s){aa}{tc}", direct.kept.ttl.as_secs())
}

/// A server that says to each datagram what `say` makes of it, and has no TCP.
async fn datagrams(say: impl Fn(&Message, &mut Message) + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind(loopback()).await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
            let request = Message::from_vec(&buffer[..length]).unwrap();
            assert!(!request.recursion_desired);
            let mut response = Message::response(request.id, request.op_code);
            response.add_query(request.queries[0].clone());
            say(&request, &mut response);
            // What comes before the answer and is none of ours is passed over.
            let mut other = response.clone();
            other.metadata.id ^= 1;
            socket.send_to(&other.to_vec().unwrap(), peer).await.unwrap();
            socket.send_to(b"noise", peer).await.unwrap();
            socket.send_to(&response.to_vec().unwrap(), peer).await.unwrap();
        }
    });
    address
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

#[tokio::test]
async fn a_server_says_what_it_knows() {
    let big: String = (0..40).map(|n| format!("big TXT {n:0>100}\n")).collect();
    let zone = format!(
        "$ORIGIN example.org.
$TTL 60
@ SOA ns hostmaster 1 7200 900 1209600 300
@ 60 MX 10 mx
www 30 CNAME mx
mx A 192.0.2.1
_imaps._tcp SRV 0 1 993 imap
$SERVFAIL broken
{big}"
    );
    let server = Server::bind(loopback(), Zone::parse(&zone).unwrap()).await.unwrap();
    let at = server.local_addr();
    for (question, kind, expected) in [
        ("example.org", RecordType::Mx, "example.org. 60 IN MX 10 mx.example.org. (60 s) aa"),
        ("www.example.org", RecordType::A, "mx.example.org. 60 IN A 192.0.2.1 (30 s) aa"),
        (
            "_imaps._tcp.example.org",
            RecordType::Srv,
            "_imaps._tcp.example.org. 60 IN SRV 0 1 993 imap.example.org. (60 s) aa",
        ),
        ("example.org", RecordType::Txt, "NODATA (60 s) aa"),
        ("nobody.example.org", RecordType::A, "NXDOMAIN (60 s) aa"),
        ("broken.example.org", RecordType::A, "SERVFAIL (0 s)"),
        ("example.net", RecordType::A, "REFUSED (0 s)"),
        ("big.example.org", RecordType::Txt, "40 records (60 s) aa tc"),
    ] {
        assert_eq!(told(at, question, kind).await, expected, "{question}");
    }
}

#[tokio::test]
async fn what_does_not_fit_and_has_no_tcp_is_told_so() {
    let at = datagrams(|_, response| {
        response.metadata.authoritative = true;
        response.metadata.truncation = true;
    })
    .await;
    let direct = ask(at, "example.org", RecordType::Txt).await.unwrap();
    assert!(direct.truncated && direct.authoritative);
    assert!(matches!(direct.kept.result, Err(DnsError::Network(_))), "{direct:?}");
}

#[tokio::test]
async fn a_referral_tells_the_servers_that_the_zone_above_knows() {
    let at = datagrams(|request, response| {
        let owner = name("example.org.");
        let server = RData::NS(NS(name("ns1.example.net.")));
        response.authorities.push(Record::from_rdata(owner, 172_800, server));
        if request.queries[0].name() == &name("lost.example.org.") {
            response.metadata.response_code = ResponseCode::NXDomain;
            let soa = SOA::new(name("ns."), name("host."), 1, 2, 3, 4, 77);
            response.authorities = vec![Record::from_rdata(name("org."), 900, RData::SOA(soa))];
        }
    })
    .await;
    let kind = RecordType::Ns;
    assert_eq!(told(at, "example.org", kind).await, "example.org. 172800 IN NS ns1.example.net. (172800 s)");
    assert_eq!(told(at, "www.example.org", kind).await, "NODATA (0 s)", "the referral is another name's");
    assert_eq!(told(at, "example.org", RecordType::Mx).await, "NODATA (0 s)");
    assert_eq!(told(at, "lost.example.org", kind).await, "NXDOMAIN (77 s)");
}

#[tokio::test]
async fn a_server_that_knows_no_edns_is_asked_without() {
    let at = datagrams(|request, response| {
        if request.edns.is_some() {
            response.metadata.response_code = ResponseCode::FormErr;
            response.queries.clear();
        } else {
            response.metadata.response_code = ResponseCode::Refused;
        }
    })
    .await;
    assert_eq!(told(at, "example.org", RecordType::A).await, "REFUSED (0 s)");
}

#[tokio::test]
async fn silence_and_closed_doors() {
    let silent = UdpSocket::bind(loopback()).await.unwrap();
    let at = silent.local_addr().unwrap();
    let question = DnsName::parse("example.org").unwrap();
    let said = ask_server(at, &question, RecordType::A, Duration::from_millis(50)).await;
    assert_eq!(said, Err(DnsError::Timeout));
    drop(silent);
    let said = ask(at, "example.org", RecordType::A).await;
    assert!(matches!(said, Err(DnsError::Network(_))), "{said:?}");
}

/// What answers another question is not heard.
#[tokio::test]
async fn an_answer_to_another_question_is_none() {
    let at = datagrams(|_, response| {
        response.queries = vec![Query::query(name("example.net."), hickory_proto::rr::RecordType::A)];
    })
    .await;
    let question = DnsName::parse("example.org").unwrap();
    let said = ask_server(at, &question, RecordType::A, Duration::from_millis(100)).await;
    assert_eq!(said, Err(DnsError::Timeout));
}
