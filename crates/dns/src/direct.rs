//! One question to one server, without recursion: what does this one say itself?

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_resolver::proto::op::{Edns, Message, MessageType, Query, ResponseCode};
use hickory_resolver::proto::rr::{self, Name, RData};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout_at};

use crate::system::{name_of, read_answer, time_to_live};
use crate::wire::MAX_PAYLOAD;
use crate::{Answer, Data, DnsError, DnsName, Kept, Record, RecordType, Security};

/// Times that a datagram is sent, because one of them may be lost.
const ATTEMPTS: u32 = 2;

/// What one server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Direct {
    /// Its answer. A referral of the name itself (RFC 1034 section 4.3.2) answers a question for NS records: this is how the zone above tells them.
    /// Aliases that lead out of the server's zones lead to nothing here.
    pub kept: Kept,
    /// It speaks for the zone (the AA bit, RFC 1035 section 4.1.1).
    pub authoritative: bool,
    /// It did not fit into a datagram, and was asked for again by TCP; where that failed, `kept` says [`DnsError::Timeout`] or
    /// [`DnsError::Network`].
    pub truncated: bool,
}

/// Asks one server, by UDP with EDNS, and by TCP where the answer does not fit (RFC 7766 section 5). `patience` is for each of the two.
///
/// # Errors
/// [`DnsError::Timeout`] and [`DnsError::Network`] where no answer came by UDP. An answer without records is no error: it stands in [`Direct::kept`].
pub async fn ask_server(
    server: SocketAddr,
    name: &DnsName,
    kind: RecordType,
    patience: Duration,
) -> Result<Direct, DnsError> {
    let asked = Asked { server, name, kind, patience };
    let mut message = asked.by_udp(Payload::Large).await?;
    // RFC 6891 section 7: who does not know EDNS says that it cannot read the question.
    let unread = [ResponseCode::FormErr, ResponseCode::NotImp].contains(&message.response_code);
    if unread && message.edns.is_none() {
        message = asked.by_udp(Payload::Plain).await?;
    }
    if !message.truncation {
        return Ok(read(name, kind, &message));
    }
    let authoritative = message.authoritative;
    Ok(match asked.by_tcp().await {
        Ok(message) => Direct { truncated: true, ..read(name, kind, &message) },
        Err(error) => {
            Direct { kept: Kept { result: Err(error), ttl: Duration::ZERO }, authoritative, truncated: true }
        }
    })
}

/// Reads the octets of an answer, whichever question it repeats; `None` where they are something else.
pub(crate) fn read_octets(octets: &[u8]) -> Option<Direct> {
    let message = Message::from_vec(octets).ok()?;
    let query = message.queries.first()?;
    let (name, kind) = (name_of(query.name())?, RecordType::from_code(query.query_type().into())?);
    is_answer(&message, message.id, &name, kind).then(|| read(&name, kind, &message))
}

/// How long an answer may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Payload {
    /// 512 octets, without EDNS.
    Plain,
    Large,
}

struct Asked<'q> {
    server: SocketAddr,
    name: &'q DnsName,
    kind: RecordType,
    patience: Duration,
}

impl Asked<'_> {
    /// The question, with its id, which nobody can guess.
    fn question(&self, payload: Payload) -> Result<(u16, Vec<u8>), DnsError> {
        let malformed = |error: &dyn std::fmt::Display| DnsError::Malformed(error.to_string());
        let mut name =
            Name::from_labels(self.name.labels().collect::<Vec<_>>()).map_err(|e| malformed(&e))?;
        name.set_fqdn(true);
        let mut message = Message::query();
        message.add_query(Query::query(name, rr::RecordType::from(self.kind.code())));
        if payload == Payload::Large {
            let mut edns = Edns::new();
            edns.set_max_payload(MAX_PAYLOAD);
            message.set_edns(edns);
        }
        Ok((message.id, message.to_vec().map_err(|error| malformed(&error))?))
    }

    async fn by_udp(&self, payload: Payload) -> Result<Message, DnsError> {
        let (id, question) = self.question(payload)?;
        let from: SocketAddr = if self.server.is_ipv4() {
            (Ipv4Addr::UNSPECIFIED, 0).into()
        } else {
            (Ipv6Addr::UNSPECIFIED, 0).into()
        };
        let socket = UdpSocket::bind(from).await.map_err(|error| network(&error))?;
        // From here on the kernel lets nobody else answer.
        socket.connect(self.server).await.map_err(|error| network(&error))?;
        let mut buffer = vec![0; usize::from(u16::MAX)];
        for _ in 0..ATTEMPTS {
            let until = Instant::now() + self.patience / ATTEMPTS;
            socket.send(&question).await.map_err(|error| network(&error))?;
            while let Ok(received) = timeout_at(until, socket.recv(&mut buffer)).await {
                let length = received.map_err(|error| network(&error))?;
                let message = Message::from_vec(buffer.get(..length).unwrap_or_default());
                if let Ok(message) = message
                    && is_answer(&message, id, self.name, self.kind)
                {
                    return Ok(message);
                }
            }
        }
        Err(DnsError::Timeout)
    }

    async fn by_tcp(&self) -> Result<Message, DnsError> {
        let (id, question) = self.question(Payload::Large)?;
        let exchange = async {
            let mut stream = TcpStream::connect(self.server).await?;
            let length = u16::try_from(question.len()).map_err(io::Error::other)?;
            stream.write_all(&[length.to_be_bytes().as_slice(), &question].concat()).await?;
            let mut answer = vec![0; usize::from(stream.read_u16().await?)];
            stream.read_exact(&mut answer).await?;
            Ok(answer)
        };
        let answer = timeout_at(Instant::now() + self.patience, exchange).await;
        let answer = answer.map_err(|_| DnsError::Timeout)?.map_err(|error| network(&error))?;
        let message = Message::from_vec(&answer).map_err(|error| DnsError::Malformed(error.to_string()))?;
        if is_answer(&message, id, self.name, self.kind) {
            Ok(message)
        } else {
            Err(DnsError::Malformed("an answer to another question".to_owned()))
        }
    }
}

fn network(error: &io::Error) -> DnsError {
    DnsError::Network(error.to_string())
}

/// Whether this is what was waited for (RFC 5452 section 9.1).
fn is_answer(message: &Message, id: u16, name: &DnsName, kind: RecordType) -> bool {
    let same = |query: &Query| {
        name_of(query.name()).is_some_and(|asked| asked == *name)
            && u16::from(query.query_type()) == kind.code()
    };
    let question = match message.queries.as_slice() {
        [query] => same(query),
        // Who could not read the question cannot repeat it.
        [] => message.response_code == ResponseCode::FormErr,
        _ => false,
    };
    message.message_type == MessageType::Response && message.id == id && question
}

fn read(name: &DnsName, kind: RecordType, message: &Message) -> Direct {
    let authoritative = message.authoritative;
    let result = match message.response_code {
        ResponseCode::NoError => read_answer(name, kind, &message.answers),
        ResponseCode::NXDomain => Err(DnsError::NxDomain),
        ResponseCode::ServFail => Err(DnsError::ServFail),
        ResponseCode::Refused => Err(DnsError::Refused),
        other => Err(DnsError::Malformed(other.to_str().to_owned())),
    };
    let result = match result {
        Err(DnsError::NoData) if kind == RecordType::Ns && !authoritative => {
            referral(name, &message.authorities).ok_or(DnsError::NoData)
        }
        result => result,
    };
    let ttl = match &result {
        Ok(answer) => message
            .answers
            .iter()
            .map(|record| time_to_live(record.ttl))
            .min()
            .unwrap_or_else(|| answer.ttl()),
        Err(error) if error.is_void() => negative_ttl(&message.authorities),
        Err(_) => Duration::ZERO,
    };
    Direct { kept: Kept { result, ttl }, authoritative, truncated: message.truncation }
}

/// The servers that somebody above names for this very name.
fn referral(name: &DnsName, authorities: &[rr::Record]) -> Option<Answer> {
    let server = |record: &rr::Record| match &record.data {
        RData::NS(server) if name_of(&record.name).as_ref() == Some(name) => Some(Record {
            name: name.clone(),
            ttl: time_to_live(record.ttl),
            data: Data::Ns(name_of(server)?),
        }),
        _ => None,
    };
    let records: Vec<Record> = authorities.iter().filter_map(server).collect();
    (!records.is_empty()).then_some(Answer { records, aliases: Vec::new(), security: Security::Insecure })
}

/// How long it holds that there is nothing (RFC 2308 section 5).
fn negative_ttl(authorities: &[rr::Record]) -> Duration {
    let soa = authorities.iter().find_map(|record| match &record.data {
        RData::SOA(soa) => Some(time_to_live(record.ttl).min(time_to_live(soa.minimum))),
        _ => None,
    });
    soa.unwrap_or_default()
}
