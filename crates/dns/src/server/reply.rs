//! One message in, one message out (RFC 1035 section 4, RFC 6891).

use std::time::Duration;

use hickory_proto::op::{Edns, Message, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::NULL;
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};

use crate::wire::MAX_PAYLOAD;
use crate::zone::{End, Entry, Fault, Walk};
use crate::{DnsName, Zone};

/// Without EDNS (RFC 1035 section 4.2.1).
const MIN_PAYLOAD: u16 = 512;

/// How a request came, which says how long the answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// What does not fit is asked again by TCP.
    Udp,
    /// Up to 65535 octets.
    Tcp,
}

/// Answers one request. `None` means silence: a question that shall time out, or octets that are no request.
pub fn reply(zone: &Zone, request: &[u8], transport: Transport) -> Option<Vec<u8>> {
    let header = request.first_chunk::<12>()?;
    let [id_high, id_low, flags, ..] = *header;
    // A response is never answered, or two servers could talk for ever.
    if flags & 0x80 != 0 {
        return None;
    }
    // QR set, opcode and RD copied, no sections.
    let bare = |code: u8| Some([[id_high, id_low, 0x80 | flags & 0x79, code].as_slice(), &[0; 8]].concat());
    if flags >> 3 & 15 != u8::from(OpCode::Query) {
        return bare(ResponseCode::NotImp.low());
    }
    let Ok(request) = Message::from_vec(request) else { return bare(ResponseCode::FormErr.low()) };
    let [query] = request.queries.as_slice() else { return bare(ResponseCode::FormErr.low()) };

    let mut response = Message::response(request.id, OpCode::Query);
    response.metadata.recursion_desired = request.recursion_desired;
    response.metadata.checking_disabled = request.checking_disabled;
    response.add_query(query.clone());
    let mut limit = MIN_PAYLOAD;
    let mut wants_security = request.authentic_data;
    if let Some(edns) = &request.edns {
        limit = edns.max_payload().clamp(MIN_PAYLOAD, MAX_PAYLOAD);
        wants_security |= edns.flags().dnssec_ok;
        let mut ours = Edns::new();
        ours.set_max_payload(MAX_PAYLOAD).set_dnssec_ok(edns.flags().dnssec_ok);
        response.set_edns(ours);
    }
    if request.edns.as_ref().is_some_and(|edns| edns.version() > 0) {
        response.metadata.response_code = ResponseCode::BADVERS;
    } else {
        let secure = answer(zone, query, &mut response)?;
        // RFC 6840 section 5.8: AD only for those who say that they understand it.
        response.metadata.authentic_data = secure && wants_security;
    }
    let octets = response.to_vec().ok().or_else(|| bare(ResponseCode::ServFail.low()))?;
    if transport == Transport::Tcp || octets.len() <= usize::from(limit) {
        return Some(octets);
    }
    response.metadata.truncation = true;
    response.answers.clear();
    response.authorities.clear();
    response.to_vec().ok()
}

/// Fills the sections and the response code; says whether the answer is DNSSEC-secure. `None` means silence.
fn answer(zone: &Zone, query: &Query, response: &mut Message) -> Option<bool> {
    let code = u16::from(query.query_type());
    let Ok(question) = DnsName::from_labels(query.name().iter()) else {
        response.metadata.response_code = ResponseCode::FormErr;
        return Some(false);
    };
    // Zone transfers and what is no question for data of a name.
    let transfer = matches!(query.query_type(), RecordType::AXFR | RecordType::IXFR | RecordType::OPT);
    if query.query_class() != DNSClass::IN || transfer {
        response.metadata.response_code = ResponseCode::Refused;
        return Some(false);
    }
    let walk = zone.walk(&question, code);
    response.metadata.response_code = match &walk.end {
        End::Fault(Fault::Timeout) => return None,
        End::Fault(Fault::ServFail | Fault::Bogus) | End::Loop => ResponseCode::ServFail,
        _ if zone.has_apex() && zone.apex(&question).is_none() => ResponseCode::Refused,
        End::Records(_) | End::NoData => ResponseCode::NoError,
        End::NxDomain => ResponseCode::NXDomain,
    };
    if matches!(response.metadata.response_code, ResponseCode::ServFail | ResponseCode::Refused) {
        return Some(false);
    }
    response.metadata.authoritative = true;
    let owner = |name: &DnsName| if *name == question { query.name().clone() } else { name_of(name) };
    let records = chain_and_records(&walk);
    response.answers = records.map(|(name, entry)| record(owner(name), entry, seconds(entry.ttl))).collect();
    if matches!(walk.end, End::NoData | End::NxDomain) {
        // Its TTL says how long absence may be kept (RFC 2308 section 3).
        response.authorities = zone
            .apex(walk.name)
            .map(|(name, soa)| record(owner(name), soa, seconds(zone.negative_ttl(walk.name))))
            .into_iter()
            .collect();
    }
    Some(walk.secure)
}

fn chain_and_records<'z>(walk: &'z Walk<'z>) -> impl Iterator<Item = (&'z DnsName, &'z Entry)> {
    let records = match &walk.end {
        End::Records(records) => records.as_slice(),
        _ => &[],
    };
    walk.chain.iter().copied().chain(records.iter().map(|entry| (walk.name, *entry)))
}

fn record(owner: Name, entry: &Entry, ttl: u32) -> Record {
    let rdata = NULL::with(entry.rdata.clone());
    Record::from_rdata(owner, ttl, RData::Unknown { code: RecordType::from(entry.code), rdata })
}

fn seconds(ttl: Duration) -> u32 {
    u32::try_from(ttl.as_secs()).unwrap_or(u32::MAX)
}

fn name_of(name: &DnsName) -> Name {
    let mut name = Name::from_labels(name.labels().collect::<Vec<_>>()).unwrap_or_default();
    name.set_fqdn(true);
    name
}
