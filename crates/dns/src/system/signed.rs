//! Validation, against answers that are really signed: the root's, by a key of our own that is the anchor here.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use hickory_resolver::proto::dnssec::crypto::Ed25519SigningKey;
use hickory_resolver::proto::dnssec::rdata::{DNSKEY, DNSSECRData, NSEC, RRSIG};
use hickory_resolver::proto::dnssec::{DnssecSigner, SigningKey};
use hickory_resolver::proto::op::OpCode;
use hickory_resolver::proto::rr::{DNSClass, RecordSet, rdata};
use time::OffsetDateTime;
use tokio::net::UdpSocket;

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

/// What a question gets: answers, or proofs that there are none.
#[derive(Clone, Default)]
struct Said {
    answers: Vec<rr::Record>,
    authorities: Vec<rr::Record>,
}

/// A zone that is signed, but where it is not.
struct Root {
    signer: DnssecSigner,
    said: BTreeMap<(String, u16), Said>,
}

fn named(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

impl Root {
    fn new() -> (Self, TrustAnchors) {
        let der = Ed25519SigningKey::generate_pkcs8().unwrap();
        let key = Ed25519SigningKey::from_pkcs8(&der).unwrap();
        let public = key.to_public_key().unwrap();
        let mut anchors = TrustAnchors::empty();
        anchors.insert(&public);
        let dnskey = DNSKEY::from_key(&public);
        let signer = DnssecSigner::new(dnskey.clone(), Box::new(key), Name::root(), HOUR * 24);
        let mut root = Self { signer, said: BTreeMap::new() };
        let keys = root.signed(".", RData::DNSSEC(DNSSECRData::DNSKEY(dnskey)));
        root.answer(".", RecordTypes::DNSKEY, keys);
        (root, anchors)
    }

    /// The record and its signature.
    fn signed(&self, owner: &str, data: RData) -> Vec<rr::Record> {
        let record = rr::Record::from_rdata(named(owner), 300, data);
        let mut set = RecordSet::new(named(owner), record.record_type(), 0);
        set.insert(record.clone(), 0);
        let began = OffsetDateTime::now_utc() - HOUR;
        let signature = RRSIG::from_rrset(&set, DNSClass::IN, began, &self.signer).unwrap();
        let signature = RData::DNSSEC(DNSSECRData::RRSIG(signature));
        vec![record, rr::Record::from_rdata(named(owner), 300, signature)]
    }

    fn answer(&mut self, owner: &str, kind: rr::RecordType, answers: Vec<rr::Record>) {
        self.said.insert((owner.to_owned(), kind.into()), Said { answers, ..Said::default() });
    }

    async fn serve(self) -> SocketAddr {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
                let request = Message::from_vec(&buffer[..length]).unwrap();
                let query = request.queries[0].clone();
                let mut response = Message::response(request.id, OpCode::Query);
                let asked = (query.name().to_ascii().to_ascii_lowercase(), query.query_type().into());
                let said = self.said.get(&asked).cloned().unwrap_or_default();
                response.add_query(query);
                response.add_answers(said.answers);
                response.add_authorities(said.authorities);
                socket.send_to(&response.to_vec().unwrap(), peer).await.unwrap();
            }
        });
        address
    }
}

type RecordTypes = rr::RecordType;

#[tokio::test]
async fn signatures_decide() {
    let (mut root, anchors) = Root::new();
    let a = |last| RData::A(rdata::A::new(192, 0, 2, last));
    let good = root.signed("mx.test.", a(1));
    root.answer("mx.test.", RecordTypes::A, good.clone());
    let alias = root.signed("alias.test.", RData::CNAME(rdata::CNAME(named("mx.test."))));
    root.answer("alias.test.", RecordTypes::A, [alias, good].concat());
    // Signed for another address.
    let mut forged = root.signed("forged.test.", a(2));
    forged[0] = rr::Record::from_rdata(named("forged.test."), 300, a(66));
    root.answer("forged.test.", RecordTypes::A, forged);
    // Without its signature: nothing proves that it needs none.
    let stripped = vec![rr::Record::from_rdata(named("stripped.test."), 300, a(3))];
    root.answer("stripped.test.", RecordTypes::A, stripped);
    // The name is there, and has no such record.
    let soa = rdata::SOA::new(named("ns.test."), named("host.test."), 1, 3600, 600, 86_400, 300);
    let nsec = NSEC::new(named("next.test."), [RecordTypes::A, RecordTypes::RRSIG, RecordTypes::NSEC]);
    let nsec = root.signed("mx.test.", RData::DNSSEC(DNSSECRData::NSEC(nsec)));
    let authorities = [root.signed(".", RData::SOA(soa)), nsec].concat();
    let nothing = Said { answers: Vec::new(), authorities };
    root.said.insert(("mx.test.".to_owned(), RecordTypes::TLSA.into()), nothing);

    let options = SystemOptions {
        timeout: Duration::from_millis(500),
        attempts: 1,
        dnssec: Dnssec::Validate,
        ..SystemOptions::default()
    };
    let resolver = SystemResolver::from_server_with(root.serve().await, &options, anchors).unwrap();
    for (text, kind, expected) in [
        ("mx.test", RecordType::A, Ok(Security::Secure)),
        ("alias.test", RecordType::A, Ok(Security::Secure)),
        ("forged.test", RecordType::A, Err(DnsError::Bogus)),
        ("stripped.test", RecordType::A, Err(DnsError::Bogus)),
        ("mx.test", RecordType::Tlsa, Err(DnsError::NoData)),
        // Nothing is said of it, and nothing is proven.
        ("nobody.test", RecordType::A, Err(DnsError::Bogus)),
    ] {
        let answer = resolver.lookup(&DnsName::parse(text).unwrap(), kind).await;
        assert_eq!(answer.map(|answer| answer.security), expected, "{text}");
    }
}
