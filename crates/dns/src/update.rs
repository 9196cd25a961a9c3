//! Dynamic updates (RFC 2136), signed with a shared secret (TSIG, RFC 8945).
//!
//! An update replaces whole sets of records. Each says what it found there before, and the server changes nothing where that is no longer so (RFC 2136
//! section 2.4): two who change the same zone do not undo each other's work.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hickory_resolver::proto::op::{Message, OpCode, Query, ResponseCode};
use hickory_resolver::proto::rr::rdata::NULL;
use hickory_resolver::proto::rr::rdata::tsig::{TsigAlgorithm, TsigError};
use hickory_resolver::proto::rr::{DNSClass, Name, RData, Record, RecordType as Code, TSigVerifier, TSigner};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::zone::Zone;
use crate::{Data, DnsName, RecordType};

/// How far the clocks of the two may be apart (RFC 8945 section 10 recommends 300 seconds).
const FUDGE: u16 = 300;

/// All records of one type at one name, as they were and as they shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetChange {
    /// The owner name.
    pub name: DnsName,
    /// The type.
    pub kind: RecordType,
    /// How long the new ones may be kept.
    pub ttl: Duration,
    /// As they were; empty where there were none.
    pub before: Vec<Data>,
    /// As they shall be; empty where there shall be none.
    pub after: Vec<Data>,
}

/// A secret that a server shares with those who may change its zones.
#[derive(Clone, PartialEq, Eq)]
pub struct UpdateKey {
    name: DnsName,
    algorithm: Mac,
    secret: Vec<u8>,
}

/// Which code authenticates (RFC 8945 section 6). Those with MD5 and SHA-1 are not spoken any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mac {
    Sha256,
    Sha384,
    Sha512,
}

/// Why a text is no key. It never repeats the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateKeyError {
    /// It is in neither of the two forms.
    #[error(
        "this is neither `key \"NAME\" {{ algorithm hmac-sha256; secret \"…\"; }};` nor `hmac-sha256:NAME:SECRET`"
    )]
    Form,
    /// The algorithm is none of ours.
    #[error("`{0}` is not one of hmac-sha256, hmac-sha384 and hmac-sha512")]
    Algorithm(String),
    /// The name of the key is no name.
    #[error("`{0}` is no name of a key")]
    Name(String),
    /// The secret is not Base64.
    #[error("the secret is not Base64")]
    Secret,
}

/// Why a zone was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// What is there is not what was there when the change was planned: plan again.
    #[error("the zone has changed meanwhile")]
    Changed,
    /// The server does not let this key, or anybody without one, change the zone.
    #[error("the server refuses the change: the key (or the address) has no right to it")]
    Refused,
    /// The server does not know the key, or has another secret for it.
    #[error("the server does not accept the key: its name, algorithm or secret is another one there")]
    Key,
    /// The clocks are apart.
    #[error("the server does not accept the signature's time: the clocks are more than five minutes apart")]
    Time,
    /// The server is not the one that changes this zone.
    #[error("the server does not change this zone: it is not its primary server, or the zone is fixed")]
    NotAuthoritative,
    /// The answer is not signed by the server's side of the secret.
    #[error("the answer is not signed as it has to be: {0}")]
    Unsigned(String),
    /// Another code.
    #[error("the server answered {0}")]
    Other(String),
    /// The change cannot be written as a message.
    #[error("the change cannot be written: {0}")]
    Malformed(String),
    /// No answer came.
    #[error("no answer: {0}")]
    Network(String),
}

impl UpdateKey {
    /// Reads a key in the form of BIND's files (`tsig-keygen` writes them), or `ALGORITHM:NAME:SECRET` as `nsupdate -y` takes it.
    ///
    /// # Errors
    /// An [`UpdateKeyError`].
    pub fn parse(text: &str) -> Result<Self, UpdateKeyError> {
        let text = text.trim();
        if !text.contains('{') {
            let parts: Vec<&str> = text.split(':').collect();
            return match parts.as_slice() {
                [algorithm, name, secret] => Self::read(algorithm, name, secret),
                [name, secret] => Self::read("hmac-sha256", name, secret),
                _ => Err(UpdateKeyError::Form),
            };
        }
        let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default().trim());
        let text: Vec<&str> = lines.filter(|line| !line.starts_with('#')).collect();
        let text = text.join(" ");
        let words: Vec<&str> = text
            .split(|c: char| c.is_whitespace() || matches!(c, '{' | '}' | ';' | '"'))
            .filter(|word| !word.is_empty())
            .collect();
        let after = |key: &str| {
            let at = words.iter().position(|word| word.eq_ignore_ascii_case(key))?;
            words.get(at + 1).copied()
        };
        match (after("key"), after("algorithm"), after("secret")) {
            (Some(name), Some(algorithm), Some(secret)) => Self::read(algorithm, name, secret),
            _ => Err(UpdateKeyError::Form),
        }
    }

    fn read(algorithm: &str, name: &str, secret: &str) -> Result<Self, UpdateKeyError> {
        let algorithm = match algorithm.trim().trim_end_matches('.').to_ascii_lowercase().as_str() {
            "hmac-sha256" => Mac::Sha256,
            "hmac-sha384" => Mac::Sha384,
            "hmac-sha512" => Mac::Sha512,
            other => return Err(UpdateKeyError::Algorithm(other.to_owned())),
        };
        let bad = |_| UpdateKeyError::Name(name.to_owned());
        let name = DnsName::parse(name.trim()).map_err(bad)?;
        let secret = STANDARD.decode(secret.trim()).map_err(|_| UpdateKeyError::Secret)?;
        if secret.is_empty() { Err(UpdateKeyError::Secret) } else { Ok(Self { name, algorithm, secret }) }
    }

    fn signer(&self) -> Result<TSigner, UpdateError> {
        let algorithm = match self.algorithm {
            Mac::Sha256 => TsigAlgorithm::HmacSha256,
            Mac::Sha384 => TsigAlgorithm::HmacSha384,
            Mac::Sha512 => TsigAlgorithm::HmacSha512,
        };
        TSigner::new(self.secret.clone(), algorithm, name_of(&self.name), FUDGE)
            .map_err(|error| malformed(&error))
    }
}

impl fmt::Debug for UpdateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpdateKey").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Changes sets of records of a zone: all of them or none. `server` is the zone's primary server; the message goes over TCP.
///
/// # Errors
/// An [`UpdateError`]; nothing was changed then, unless it is [`UpdateError::Network`] or [`UpdateError::Unsigned`].
pub async fn update(
    server: SocketAddr,
    zone: &DnsName,
    changes: &[SetChange],
    key: Option<&UpdateKey>,
    now: SystemTime,
    patience: Duration,
) -> Result<(), UpdateError> {
    let (octets, verifier) = message(zone, changes, key, now)?;
    let answer = timeout(patience, exchange(server, &octets)).await;
    let answer = answer.map_err(|_| UpdateError::Network("timeout".to_owned()))?;
    judge(&answer.map_err(|error| UpdateError::Network(error.to_string()))?, verifier)
}

fn message(
    zone: &DnsName,
    changes: &[SetChange],
    key: Option<&UpdateKey>,
    now: SystemTime,
) -> Result<(Vec<u8>, Option<TSigVerifier>), UpdateError> {
    let mut message = Message::query();
    message.metadata.op_code = OpCode::Update;
    message.metadata.recursion_desired = false;
    message.add_query(Query::query(name_of(zone), Code::SOA));
    for change in changes {
        for record in prerequisites(change)? {
            message.add_answer(record);
        }
        for record in updates(change)? {
            message.add_authority(record);
        }
    }
    let mut verifier = None;
    if let Some(key) = key {
        let since = now.duration_since(SystemTime::UNIX_EPOCH).map_err(|error| malformed(&error))?;
        verifier = message.finalize(&key.signer()?, since.as_secs()).map_err(|error| malformed(&error))?;
    }
    Ok((message.to_vec().map_err(|error| malformed(&error))?, verifier))
}

/// The set is as it was (RFC 2136 section 2.4.2), or there is none (section 2.4.3).
fn prerequisites(change: &SetChange) -> Result<Vec<Record>, UpdateError> {
    if change.before.is_empty() {
        return Ok(vec![bare(change, DNSClass::NONE)]);
    }
    change.before.iter().map(|data| record(change, data, 0)).collect()
}

/// The set goes (RFC 2136 section 2.5.2), and the new one comes (section 2.5.1).
fn updates(change: &SetChange) -> Result<Vec<Record>, UpdateError> {
    let ttl = u32::try_from(change.ttl.as_secs()).unwrap_or(u32::MAX).min(i32::MAX.unsigned_abs());
    let gone = bare(change, DNSClass::ANY);
    let new = change.after.iter().map(|data| record(change, data, ttl));
    std::iter::once(Ok(gone)).chain(new).collect()
}

/// A record without data.
fn bare(change: &SetChange, class: DNSClass) -> Record {
    let mut record = Record::update0(name_of(&change.name), 0, Code::from(change.kind.code()));
    record.dns_class = class;
    record
}

fn record(change: &SetChange, data: &Data, ttl: u32) -> Result<Record, UpdateError> {
    let rdata = rdata(data).ok_or_else(|| UpdateError::Malformed(data.to_string()))?;
    let code = Code::from(change.kind.code());
    Ok(Record::from_rdata(name_of(&change.name), ttl, RData::Unknown { code, rdata: NULL::with(rdata) }))
}

/// The octets of a record's data; master files are the form that all of them have.
fn rdata(data: &Data) -> Option<Vec<u8>> {
    let zone = Zone::parse(&format!("record. 0 IN {} {data}", data.kind())).ok()?;
    zone.octets()
}

fn name_of(name: &DnsName) -> Name {
    let mut name = Name::from_labels(name.labels().collect::<Vec<_>>()).unwrap_or_default();
    name.set_fqdn(true);
    name
}

async fn exchange(server: SocketAddr, message: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    stream.write_all(&[length.to_be_bytes().as_slice(), message].concat()).await?;
    let mut answer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

/// Reads the octets of an answer to an update. Whoever refuses may do so without a signature; whoever agrees has to sign where we did.
fn judge(octets: &[u8], verifier: Option<TSigVerifier>) -> Result<(), UpdateError> {
    let answer = Message::from_vec(octets).map_err(|error| malformed(&error))?;
    let signature = answer.signature().and_then(|record| record.data.error);
    match (answer.response_code, signature) {
        (ResponseCode::NoError, _) => {}
        (_, Some(TsigError::BadTime)) | (ResponseCode::BADTIME, _) => return Err(UpdateError::Time),
        (_, Some(_)) | (ResponseCode::BADKEY | ResponseCode::BADSIG, _) => return Err(UpdateError::Key),
        (ResponseCode::NXRRSet | ResponseCode::YXRRSet, _)
        | (ResponseCode::NXDomain | ResponseCode::YXDomain, _) => return Err(UpdateError::Changed),
        (ResponseCode::Refused, _) => return Err(UpdateError::Refused),
        (ResponseCode::NotAuth | ResponseCode::NotZone | ResponseCode::NotImp, _) => {
            return Err(UpdateError::NotAuthoritative);
        }
        (code, _) => return Err(UpdateError::Other(code.to_string())),
    }
    match verifier {
        None => Ok(()),
        Some(mut verifier) => match verifier.verify(octets) {
            Ok(_) => Ok(()),
            Err(error) => Err(UpdateError::Unsigned(error.to_string())),
        },
    }
}

fn malformed(error: &dyn fmt::Display) -> UpdateError {
    UpdateError::Malformed(error.to_string())
}

/// For the fuzz target of answers.
pub(crate) fn read_octets(octets: &[u8]) {
    drop(judge(octets, None));
    drop(UpdateKey::parse(&String::from_utf8_lossy(octets)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        let file = "# made by tsig-keygen\nkey \"tegami.example.org\" {\n\talgorithm hmac-sha256;\n\tsecret \"c2VjcmV0\";\n};\n";
        let key = UpdateKey::parse(file).unwrap();
        assert_eq!(key, UpdateKey::parse("hmac-sha256:tegami.example.org:c2VjcmV0").unwrap());
        assert_eq!(key, UpdateKey::parse("tegami.example.org.:c2VjcmV0\n").unwrap());
        assert_ne!(key, UpdateKey::parse("hmac-sha512:tegami.example.org:c2VjcmV0").unwrap());
        assert!(!format!("{key:?}").contains("secret"));
        for (text, error) in [
            ("", UpdateKeyError::Form),
            ("key \"a\" { secret \"c2VjcmV0\"; };", UpdateKeyError::Form),
            ("hmac-md5:a:c2VjcmV0", UpdateKeyError::Algorithm("hmac-md5".to_owned())),
            ("a:???", UpdateKeyError::Secret),
            ("a:", UpdateKeyError::Secret),
            ("a..b:c2VjcmV0", UpdateKeyError::Name("a..b".to_owned())),
        ] {
            assert_eq!(UpdateKey::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn data_as_octets() {
        for text in [
            "10 mx.example.org.",
            "\"v=spf1 \" \"-all\"",
            "3 1 1 0102",
            "0 1 465 mail.example.org.",
            "192.0.2.1",
        ] {
            let kind = match text.split(' ').count() {
                2 if text.starts_with('"') => RecordType::Txt,
                2 => RecordType::Mx,
                4 if text.contains("mail") => RecordType::Srv,
                4 => RecordType::Tlsa,
                _ => RecordType::A,
            };
            let kind = if text.starts_with('"') { RecordType::Txt } else { kind };
            let record = Zone::parse(&format!("a. {kind} {text}")).unwrap().records().next().unwrap();
            let octets = rdata(&record.data).unwrap();
            assert_eq!(crate::wire::data(kind, &octets), Some(record.data));
        }
    }

    #[test]
    fn answers() {
        let answer = |code: ResponseCode| {
            let mut message = Message::response(1, OpCode::Update);
            message.metadata.response_code = code;
            judge(&message.to_vec().unwrap(), None)
        };
        assert_eq!(answer(ResponseCode::NoError), Ok(()));
        assert_eq!(answer(ResponseCode::NXRRSet), Err(UpdateError::Changed));
        assert_eq!(answer(ResponseCode::Refused), Err(UpdateError::Refused));
        assert_eq!(answer(ResponseCode::NotAuth), Err(UpdateError::NotAuthoritative));
        // Whoever signed is not content with an answer that anybody could have written.
        let key = UpdateKey::parse("key.example.org:c2VjcmV0").unwrap();
        let zone = DnsName::parse("example.org").unwrap();
        let (_, verifier) = message(&zone, &[], Some(&key), SystemTime::now()).unwrap();
        let unsigned = Message::response(1, OpCode::Update).to_vec().unwrap();
        assert!(matches!(judge(&unsigned, verifier), Err(UpdateError::Unsigned(_))));
        assert!(matches!(judge(b"nonsense", None), Err(UpdateError::Malformed(_))));
    }
}
