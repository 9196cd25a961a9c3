//! Records as `dig` prints them and master files write them (RFC 1035 section 5.1).

use std::fmt::{self, Write};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::{Data, DnsName, Record, RecordType, Service};

impl Data {
    /// The type that this is data of.
    pub fn kind(&self) -> RecordType {
        match self {
            Self::A(_) => RecordType::A,
            Self::Aaaa(_) => RecordType::Aaaa,
            Self::Cname(_) => RecordType::Cname,
            Self::Caa(..) => RecordType::Caa,
            Self::Dnskey(_) => RecordType::Dnskey,
            Self::Ds(_) => RecordType::Ds,
            Self::Mx(_) => RecordType::Mx,
            Self::Ns(_) => RecordType::Ns,
            Self::Nsec3Param(_) => RecordType::Nsec3Param,
            Self::Ptr(_) => RecordType::Ptr,
            Self::Soa(..) => RecordType::Soa,
            Self::Spf(_) => RecordType::Spf,
            Self::Srv(_) => RecordType::Srv,
            Self::Tlsa(_) => RecordType::Tlsa,
            Self::Txt(_) => RecordType::Txt,
        }
    }
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::A(ip) => ip.fmt(f),
            Self::Aaaa(ip) => ip.fmt(f),
            Self::Cname(name) | Self::Ns(name) | Self::Ptr(name) => Absolute(name).fmt(f),
            // RFC 8659 section 4.1: a tag is letters and digits. Other octets have no other form than this.
            Self::Caa(flags, tag, value) if !is_caa_tag(tag) => {
                let length = u8::try_from(tag.len()).unwrap_or(u8::MAX);
                generic(f, &[&[*flags, length], tag.as_bytes(), value].concat())
            }
            Self::Caa(flags, tag, value) => {
                write!(f, "{flags} {tag} ")?;
                quoted(f, value)
            }
            Self::Dnskey(key) if key.key.is_empty() => {
                let [high, low] = key.flags.to_be_bytes();
                generic(f, &[high, low, key.protocol, key.algorithm])
            }
            Self::Dnskey(key) => {
                write!(f, "{} {} {} ", key.flags, key.protocol, key.algorithm)?;
                f.write_str(&BASE64_STANDARD.encode(&key.key))
            }
            Self::Ds(ds) if ds.digest.is_empty() => {
                let [high, low] = ds.tag.to_be_bytes();
                generic(f, &[high, low, ds.algorithm, ds.digest_type])
            }
            Self::Ds(ds) => {
                write!(f, "{} {} {} ", ds.tag, ds.algorithm, ds.digest_type)?;
                hexadecimal(f, &ds.digest)
            }
            Self::Mx(host) => write!(f, "{} {}", host.preference, Absolute(&host.exchange)),
            Self::Nsec3Param(param) => {
                write!(f, "{} {} {} ", param.algorithm, param.flags, param.iterations)?;
                if param.salt.is_empty() { f.write_char('-') } else { hexadecimal(f, &param.salt) }
            }
            Self::Srv(service) => {
                let Service { priority, weight, port, target } = service;
                write!(f, "{priority} {weight} {port} {}", Absolute(target))
            }
            Self::Soa(primary, mailbox, numbers) => {
                write!(f, "{} {}", Absolute(primary), Absolute(mailbox))?;
                numbers.iter().try_for_each(|number| write!(f, " {number}"))
            }
            Self::Spf(text) | Self::Txt(text) => {
                let mut strings = text.strings();
                quoted(f, strings.next().unwrap_or_default())?;
                strings.try_for_each(|string| {
                    f.write_char(' ')?;
                    quoted(f, string)
                })
            }
            Self::Tlsa(tlsa) if tlsa.data.is_empty() => {
                generic(f, &[tlsa.usage, tlsa.selector, tlsa.matching_type])
            }
            Self::Tlsa(tlsa) => {
                write!(f, "{} {} {} ", tlsa.usage, tlsa.selector, tlsa.matching_type)?;
                hexadecimal(f, &tlsa.data)
            }
        }
    }
}

/// One line of a master file: `example.org. 3600 IN MX 10 mx.example.org.`
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} IN {} {}", Absolute(&self.name), self.ttl.as_secs(), self.data.kind(), self.data)
    }
}

/// A name with its final dot, and with the characters escaped that mean something to master files.
struct Absolute<'a>(&'a DnsName);

impl fmt::Display for Absolute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.as_str().chars() {
            if matches!(c, '"' | '(' | ')' | ';' | '@' | '$') {
                f.write_char('\\')?;
            }
            f.write_char(c)?;
        }
        f.write_char('.')
    }
}

/// Data as octets (RFC 3597 section 5).
fn generic(f: &mut fmt::Formatter<'_>, octets: &[u8]) -> fmt::Result {
    write!(f, "\\# {} ", octets.len())?;
    hexadecimal(f, octets)
}

fn hexadecimal(f: &mut fmt::Formatter<'_>, octets: &[u8]) -> fmt::Result {
    octets.iter().try_for_each(|octet| write!(f, "{octet:02X}"))
}

/// RFC 8659 section 4.1.
pub(crate) fn is_caa_tag(tag: &str) -> bool {
    !tag.is_empty() && tag.bytes().all(|octet| octet.is_ascii_alphanumeric())
}

/// One character-string.
fn quoted(f: &mut fmt::Formatter<'_>, octets: &[u8]) -> fmt::Result {
    f.write_char('"')?;
    for octet in octets {
        match octet {
            b'"' | b'\\' => write!(f, "\\{}", char::from(*octet))?,
            b' '..=b'~' => f.write_char(char::from(*octet))?,
            _ => write!(f, "\\{octet:03}")?,
        }
    }
    f.write_char('"')
}
