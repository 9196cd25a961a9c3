//! The first words of TLS, said by hand: our own library speaks neither versions before 1.2 nor ciphers that are known to be weak, and
//! whether a host still does can only be found out by asking for them. No handshake is ever finished.

use std::fmt;

/// What a host is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Offer {
    /// TLS 1.1 and older, which nobody should speak any more (RFC 8996).
    OldVersions,
    /// TLS 1.2 with ciphers alone that protect nothing, or too little.
    WeakCiphers,
    /// TLS 1.2 with good ciphers and everything beside that a host may take up: compression, the extended master secret, secure
    /// renegotiation.
    Manners,
}

/// What a host took of an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picked {
    /// The version as on the wire: `0x0301` for TLS 1.0.
    pub version: u16,
    /// The cipher suite as on the wire.
    pub cipher: u16,
    /// What is said is compressed, so that its length tells of it (RFC 9325 section 3.3).
    pub compression: bool,
    /// Keys are bound to the whole handshake (RFC 7627).
    pub extended_master_secret: bool,
    /// A second handshake is bound to the first (RFC 5746).
    pub secure_renegotiation: bool,
}

/// An offer, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferSeen {
    /// The offer.
    pub offer: Offer,
    /// What the host took; the error is what it said instead.
    pub answer: Result<Picked, String>,
}

/// What the octets so far come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// More have to come.
    More,
    /// The host picked.
    Picked(Picked),
    /// It did not: the alert's name, or what is wrong with the octets.
    Refused(String),
}

/// RFC 5246 section 6.2.1: 2^14 octets and a head; a ServerHello is far below.
const MOST: usize = 1 << 15;

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;

/// RFC 7627 section 5.1, RFC 5746 section 3.2.
const EXTENDED_MASTER_SECRET: u16 = 23;
const RENEGOTIATION_INFO: u16 = 0xff01;

/// Suites of TLS 1.0 and 1.1, good ones first (RFC 4346 appendix A.5, RFC 4492 section 6).
const OLD: &[u16] = &[
    0xc00a, 0xc014, 0xc009, 0xc013, 0x0039, 0x0033, 0x0035, 0x002f, 0xc012, 0xc008, 0x0016, 0x000a, 0x0005,
    0x0004,
];

/// Suites of TLS 1.2 that are good (RFC 9325 section 4.2).
const GOOD: &[u16] =
    &[0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0x009e, 0x009f, 0xc009, 0xc013, 0x009c, 0x002f];

/// Suites that protect nothing or too little, with their names (RFC 9325 section 4.1). Those without a certificate come last: many hosts
/// take them for senders who verify nobody, and a host that goes by our order shows first whether it takes worse.
const WEAK: &[(u16, &str)] = &[
    (0x0001, "TLS_RSA_WITH_NULL_MD5"),
    (0x0002, "TLS_RSA_WITH_NULL_SHA"),
    (0x003b, "TLS_RSA_WITH_NULL_SHA256"),
    (0xc006, "TLS_ECDHE_ECDSA_WITH_NULL_SHA"),
    (0xc010, "TLS_ECDHE_RSA_WITH_NULL_SHA"),
    (0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5"),
    (0x0006, "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5"),
    (0x0008, "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA"),
    (0x0014, "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA"),
    (0x0009, "TLS_RSA_WITH_DES_CBC_SHA"),
    (0x0015, "TLS_DHE_RSA_WITH_DES_CBC_SHA"),
    (0x0004, "TLS_RSA_WITH_RC4_128_MD5"),
    (0x0005, "TLS_RSA_WITH_RC4_128_SHA"),
    (0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"),
    (0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA"),
    (0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0xc008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"),
    (0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x0018, "TLS_DH_anon_WITH_RC4_128_MD5"),
    (0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA"),
    (0x003a, "TLS_DH_anon_WITH_AES_256_CBC_SHA"),
    (0x006c, "TLS_DH_anon_WITH_AES_128_CBC_SHA256"),
    (0x006d, "TLS_DH_anon_WITH_AES_256_CBC_SHA256"),
    (0x00a6, "TLS_DH_anon_WITH_AES_128_GCM_SHA256"),
    (0x00a7, "TLS_DH_anon_WITH_AES_256_GCM_SHA384"),
    (0xc016, "TLS_ECDH_anon_WITH_RC4_128_SHA"),
    (0xc018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA"),
    (0xc019, "TLS_ECDH_anon_WITH_AES_256_CBC_SHA"),
];

/// The names of the others that are offered.
const OTHERS: &[(u16, &str)] = &[
    (0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
    (0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
    (0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
    (0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
    (0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"),
    (0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
    (0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"),
    (0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"),
];

impl Picked {
    /// The version for people.
    pub fn version_name(&self) -> String {
        match self.version {
            0x0300 => "SSLv3".to_owned(),
            0x0301 => "TLSv1.0".to_owned(),
            0x0302 => "TLSv1.1".to_owned(),
            0x0303 => "TLSv1.2".to_owned(),
            other => format!("0x{other:04x}"),
        }
    }

    /// Nobody is authenticated, as nobody would be by a certificate that is not looked at.
    pub fn is_anonymous(&self) -> bool {
        self.cipher_name().contains("_anon_")
    }

    /// The cipher suite as IANA names it, or its number.
    pub fn cipher_name(&self) -> String {
        let known = WEAK.iter().chain(OTHERS).find(|(value, _)| *value == self.cipher);
        known.map_or_else(|| format!("0x{:04x}", self.cipher), |(_, name)| (*name).to_owned())
    }
}

impl fmt::Display for Picked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.version_name(), self.cipher_name())
    }
}

impl Offer {
    /// The record with our ClientHello (RFC 5246 section 7.4.1.2). `random` is no secret: the handshake is not finished.
    pub fn client_hello(self, host: &str, random: [u8; 32]) -> Vec<u8> {
        let version: u16 = if self == Self::OldVersions { 0x0302 } else { 0x0303 };
        let suites: Vec<u16> = match self {
            Self::OldVersions => OLD.to_vec(),
            Self::WeakCiphers => WEAK.iter().map(|(suite, _)| *suite).collect(),
            Self::Manners => GOOD.to_vec(),
        };
        let mut hello = Vec::new();
        hello.extend(version.to_be_bytes());
        hello.extend(random);
        hello.push(0);
        let suites: Vec<u8> = suites.iter().flat_map(|suite| suite.to_be_bytes()).collect();
        sized(&mut hello, 2, &suites);
        // DEFLATE before none: a host that takes it up shows that it would compress (RFC 3749 section 2).
        sized(&mut hello, 1, if self == Self::Manners { &[1, 0] } else { &[0] });
        sized(&mut hello, 2, &self.extensions(host));
        let mut message = vec![CLIENT_HELLO];
        sized(&mut message, 3, &hello);
        // Hosts of that age refuse records of a version that they do not know.
        let mut record = vec![HANDSHAKE, 3, 1];
        sized(&mut record, 2, &message);
        record
    }

    fn extensions(self, host: &str) -> Vec<u8> {
        let mut name = vec![0];
        sized(&mut name, 2, host.as_bytes());
        let mut names = Vec::new();
        sized(&mut names, 2, &name);
        let groups = [0, 8, 0, 29, 0, 23, 0, 24, 0, 25];
        let mut all: Vec<(u16, Vec<u8>)> = vec![
            (0, names),
            (10, groups.to_vec()),
            // Points as they are, not compressed (RFC 8422 section 5.1.2).
            (11, vec![1, 0]),
            (RENEGOTIATION_INFO, vec![0]),
        ];
        if self != Self::OldVersions {
            // RSA and ECDSA with SHA-256 to SHA-1 (RFC 5246 section 7.4.1.4.1), and RSA-PSS.
            let kinds = [4, 1, 5, 1, 6, 1, 4, 3, 5, 3, 6, 3, 8, 4, 8, 5, 8, 6, 2, 1, 2, 3];
            let mut list = Vec::new();
            sized(&mut list, 2, &kinds);
            all.push((13, list));
            all.push((EXTENDED_MASTER_SECRET, Vec::new()));
        }
        let mut extensions = Vec::new();
        for (kind, contents) in all {
            extensions.extend(kind.to_be_bytes());
            sized(&mut extensions, 2, &contents);
        }
        extensions
    }
}

/// Adds contents behind their length, which has so many octets.
fn sized(to: &mut Vec<u8>, octets: usize, contents: &[u8]) {
    let length = contents.len().to_be_bytes();
    to.extend(length.get(length.len() - octets..).unwrap_or_default());
    to.extend(contents);
}

/// Reads what a host answers to a ClientHello: a ServerHello (RFC 5246 section 7.4.1.3) or an alert (section 7.2).
pub fn read(octets: &[u8]) -> Read {
    let mut rest = octets;
    let mut messages = Vec::new();
    loop {
        let Some((head, after)) = rest.split_at_checked(5) else {
            let wrong = rest.first().is_some_and(|kind| ![ALERT, HANDSHAKE].contains(kind));
            return more_unless(wrong || octets.len() > MOST);
        };
        let &[kind, major, _, high, low] = head else { return Read::More };
        if major != 3 || ![ALERT, HANDSHAKE].contains(&kind) {
            return Read::Refused("what came is not TLS".to_owned());
        }
        let Some((contents, after)) = after.split_at_checked(usize::from(u16::from_be_bytes([high, low])))
        else {
            return more_unless(octets.len() > MOST);
        };
        if kind == ALERT {
            return match contents {
                [_, description, ..] => Read::Refused(alert(*description)),
                _ => Read::Refused("an alert without a description".to_owned()),
            };
        }
        messages.extend_from_slice(contents);
        if let Some(read) = server_hello(&messages) {
            return read;
        }
        rest = after;
    }
}

fn more_unless(wrong: bool) -> Read {
    if wrong { Read::Refused("what came is not TLS".to_owned()) } else { Read::More }
}

/// `None` until the message is whole.
fn server_hello(message: &[u8]) -> Option<Read> {
    let (head, rest) = message.split_at_checked(4)?;
    let &[kind, high, middle, low] = head else { return None };
    if kind != SERVER_HELLO {
        return Some(Read::Refused("what came is not a ServerHello".to_owned()));
    }
    let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
    if length > MOST {
        return Some(Read::Refused("what came is not a ServerHello".to_owned()));
    }
    let (hello, _) = rest.split_at_checked(length)?;
    let broken = || Read::Refused("the ServerHello is broken".to_owned());
    Some(picked(hello).map_or_else(broken, Read::Picked))
}

fn picked(hello: &[u8]) -> Option<Picked> {
    let mut hello = Octets(hello);
    let version = hello.number()?;
    hello.take(32)?;
    let session = usize::from(hello.octet()?);
    hello.take(session)?;
    let cipher = hello.number()?;
    let compression = hello.octet()? != 0;
    let mut picked =
        Picked { version, cipher, compression, extended_master_secret: false, secure_renegotiation: false };
    // Old hosts end here.
    let Some(length) = hello.number() else { return Some(picked) };
    let mut extensions = Octets(hello.take(usize::from(length))?);
    while let Some(kind) = extensions.number() {
        let length = extensions.number()?;
        extensions.take(usize::from(length))?;
        picked.extended_master_secret |= kind == EXTENDED_MASTER_SECRET;
        picked.secure_renegotiation |= kind == RENEGOTIATION_INFO;
    }
    Some(picked)
}

/// What is left to read.
struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn octet(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn number(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }
}

/// The name of an alert (RFC 5246 section 7.2), or its number.
fn alert(description: u8) -> String {
    let name = rustls::AlertDescription::from(description);
    name.as_str().map_or_else(|| format!("alert {description}"), |name| format!("alert {name}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A ServerHello as record, with these extensions.
    fn answer(version: u16, cipher: u16, compression: u8, extensions: &[(u16, &[u8])]) -> Vec<u8> {
        let mut hello = version.to_be_bytes().to_vec();
        hello.extend([7; 32]);
        hello.push(0);
        hello.extend(cipher.to_be_bytes());
        hello.push(compression);
        let mut all = Vec::new();
        for (kind, contents) in extensions {
            all.extend(kind.to_be_bytes());
            sized(&mut all, 2, contents);
        }
        if !all.is_empty() {
            sized(&mut hello, 2, &all);
        }
        let mut message = vec![SERVER_HELLO];
        sized(&mut message, 3, &hello);
        let mut record = vec![HANDSHAKE, 3, 1];
        sized(&mut record, 2, &message);
        record
    }

    #[test]
    fn answers_are_read() {
        let old = answer(0x0301, 0x000a, 0, &[]);
        let Read::Picked(picked) = read(&old) else { panic!() };
        assert_eq!(picked.to_string(), "TLSv1.0 TLS_RSA_WITH_3DES_EDE_CBC_SHA");
        assert!(!picked.compression && !picked.secure_renegotiation);
        assert_eq!(read(&old[..old.len() - 1]), Read::More);
        let good = answer(0x0303, 0xc02f, 1, &[(0xff01, &[0]), (23, &[])]);
        let Read::Picked(picked) = read(&good) else { panic!() };
        assert!(picked.compression && picked.secure_renegotiation && picked.extended_master_secret);
        assert_eq!(picked.to_string(), "TLSv1.2 0xc02f");
        assert_eq!(read(&[21, 3, 1, 0, 2, 2, 70]), Read::Refused("alert ProtocolVersion".to_owned()));
        assert_eq!(read(b"454 4.7.0 no"), Read::Refused("what came is not TLS".to_owned()));
        assert_eq!(read(b""), Read::More);
    }

    #[test]
    fn a_message_may_come_in_pieces() {
        let whole = answer(0x0302, 0x002f, 0, &[]);
        let (head, body) = (&whole[..5], &whole[5..]);
        let (one, two) = body.split_at(11);
        let mut pieces = Vec::new();
        for piece in [one, two] {
            pieces.extend_from_slice(&head[..3]);
            sized(&mut pieces, 2, piece);
        }
        assert_eq!(read(&pieces), read(&whole));
    }

    #[test]
    fn a_hello_is_what_our_library_understands() {
        let accepted = |offer: Offer| {
            let hello = offer.client_hello("mx.example.org", [3; 32]);
            let mut acceptor = rustls::server::Acceptor::default();
            acceptor.read_tls(&mut hello.as_slice()).unwrap();
            acceptor.accept().map_err(|(error, _)| error)
        };
        for offer in [Offer::WeakCiphers, Offer::Manners] {
            let accepted = accepted(offer).unwrap().unwrap();
            assert_eq!(accepted.client_hello().server_name(), Some("mx.example.org"));
        }
        // Signature algorithms must not be offered together with old versions (RFC 5246 section 7.4.1.4.1), and our library wants them.
        let error = accepted(Offer::OldVersions).err();
        assert!(matches!(error, Some(rustls::Error::PeerIncompatible(_))), "{error:?}");
    }

    /// Everything that fuzzing has found worth keeping.
    #[test]
    fn fuzz_corpus() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/tls_server_hello");
        let files: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
        assert!(!files.is_empty());
        for file in files {
            read(&std::fs::read(file.unwrap().path()).unwrap());
        }
    }

    proptest! {
        #[test]
        fn never_panics(octets: Vec<u8>) {
            read(&octets);
        }

        #[test]
        fn never_panics_on_what_looks_like_an_answer(contents in proptest::collection::vec(0_u8..60, 0..90), cut in 0..200_usize) {
            let mut record = vec![HANDSHAKE, 3, 1];
            let mut message = vec![SERVER_HELLO];
            sized(&mut message, 3, &contents);
            sized(&mut record, 2, &message);
            record.truncate(cut.max(1));
            read(&record);
        }
    }
}
