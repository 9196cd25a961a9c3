//! The data of one record, from text to the octets of messages.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::lex::Token;
use super::parse::{absolute, seconds};
use crate::name::parse::octets;
use crate::presentation::is_caa_tag;
use crate::{DnsName, RecordType, kind, wire};

/// Reads the tokens after the type; the error is a sentence about them.
pub(super) fn read(code: u16, tokens: &[Token], origin: &DnsName) -> Result<Vec<u8>, String> {
    let known = RecordType::from_code(code);
    let mut words = Words { rest: tokens, origin, kind: kind::mnemonic(code) };
    if words.rest.first().is_some_and(|token| token.is("\\#")) {
        let rdata = words.generic()?;
        return match known {
            Some(kind) if wire::data(kind, &rdata).is_none() => {
                Err(format!("these octets are no data of a {kind} record"))
            }
            _ => Ok(rdata),
        };
    }
    let kind = known.ok_or_else(|| {
        format!("the data of {} can only be written as `\\# length hex` (RFC 3597 section 5)", words.kind)
    })?;
    let rdata = words.of(kind)?;
    // RDLENGTH has 16 bits (RFC 1035 section 3.2.1).
    if rdata.len() > usize::from(u16::MAX) {
        return Err(format!(
            "the data of the {kind} record has {} octets, and at most 65535 fit",
            rdata.len()
        ));
    }
    match words.rest.first() {
        None => Ok(rdata),
        Some(token) => Err(format!("`{}` is too much: the {kind} record ends before it", token.text)),
    }
}

/// What is left to read of a record.
struct Words<'t> {
    rest: &'t [Token],
    origin: &'t DnsName,
    kind: String,
}

impl<'t> Words<'t> {
    fn of(&mut self, kind: RecordType) -> Result<Vec<u8>, String> {
        let mut rdata = Vec::new();
        match kind {
            RecordType::A => rdata.extend(self.parse::<Ipv4Addr>("an IPv4 address")?.octets()),
            RecordType::Aaaa => rdata.extend(self.parse::<Ipv6Addr>("an IPv6 address")?.octets()),
            RecordType::Cname | RecordType::Ns | RecordType::Ptr => rdata = self.name("a name")?.to_wire(),
            RecordType::Mx => {
                rdata.extend(self.parse::<u16>("a preference from 0 to 65535")?.to_be_bytes());
                rdata.extend(self.name("the name of a host")?.to_wire());
            }
            RecordType::Soa => {
                rdata.extend(self.name("the name of the primary server")?.to_wire());
                rdata.extend(self.name("the mailbox as a name")?.to_wire());
                for field in ["serial", "refresh", "retry", "expire", "minimum"] {
                    let word = self.next(field)?;
                    let number = seconds(&word.text)
                        .ok_or_else(|| format!("`{}` is no {field} of an SOA record", word.text))?;
                    rdata.extend(number.to_be_bytes());
                }
            }
            RecordType::Spf | RecordType::Txt => {
                rdata = self.string()?;
                while !self.rest.is_empty() {
                    rdata.extend(self.string()?);
                }
            }
            RecordType::Caa => {
                rdata.push(self.parse("flags from 0 to 255")?);
                let tag = self.next("a tag such as issue")?;
                if !is_caa_tag(&tag.text) {
                    return Err(format!("`{}` is no CAA tag: it is made of letters and digits", tag.text));
                }
                rdata.push(u8::try_from(tag.text.len()).map_err(|_| "the CAA tag is too long".to_owned())?);
                rdata.extend(tag.text.as_bytes());
                rdata.extend(unescape(self.next("a value in quotation marks")?)?);
            }
            RecordType::Dnskey | RecordType::Ds | RecordType::Nsec3Param => rdata = self.of_dnssec(kind)?,
            RecordType::Srv => {
                for field in ["priority", "weight", "port"] {
                    rdata.extend(self.pair(field)?);
                }
                rdata.extend(self.name("the name of a host")?.to_wire());
            }
            RecordType::Tlsa => {
                for field in ["certificate usage", "selector", "matching type"] {
                    rdata.push(self.octet(field)?);
                }
                rdata.extend(self.hex()?);
            }
        }
        Ok(rdata)
    }

    /// RFC 4034 sections 2.2 and 5.3, RFC 5155 section 4.3.
    fn of_dnssec(&mut self, kind: RecordType) -> Result<Vec<u8>, String> {
        let mut rdata = Vec::new();
        match kind {
            RecordType::Ds => {
                rdata.extend(self.pair("key tag")?);
                rdata.push(self.octet("algorithm")?);
                rdata.push(self.octet("digest type")?);
                rdata.extend(self.hex()?);
            }
            RecordType::Nsec3Param => {
                rdata.push(self.octet("hash algorithm")?);
                rdata.push(self.octet("set of flags")?);
                rdata.extend(self.pair("number of iterations")?);
                let salt = if self.rest.first().is_some_and(|token| token.is("-")) {
                    self.next("a salt").map(|_| Vec::new())?
                } else {
                    self.hex()?
                };
                let length = u8::try_from(salt.len());
                rdata.push(length.map_err(|_| "the salt has more than 255 octets".to_owned())?);
                rdata.extend(salt);
            }
            _ => {
                rdata.extend(self.pair("set of flags")?);
                rdata.push(self.octet("protocol")?);
                rdata.push(self.octet("algorithm")?);
                rdata.extend(self.base64()?);
            }
        }
        Ok(rdata)
    }

    fn octet(&mut self, field: &str) -> Result<u8, String> {
        self.parse(&format!("a {field} from 0 to 255"))
    }

    fn pair(&mut self, field: &str) -> Result<[u8; 2], String> {
        Ok(self.parse::<u16>(&format!("a {field} from 0 to 65535"))?.to_be_bytes())
    }

    /// `\# length hex…` (RFC 3597 section 5).
    fn generic(&mut self) -> Result<Vec<u8>, String> {
        self.next("`\\#`")?;
        let length = self.parse::<u16>("the number of octets")?;
        let rdata = if length == 0 && self.rest.is_empty() { Vec::new() } else { self.hex()? };
        if rdata.len() == usize::from(length) {
            Ok(rdata)
        } else {
            Err(format!("`\\#` promises {length} octets, but {} follow", rdata.len()))
        }
    }

    fn next(&mut self, wanted: &str) -> Result<&'t Token, String> {
        let (first, rest) =
            self.rest.split_first().ok_or_else(|| format!("the {} record lacks {wanted}", self.kind))?;
        self.rest = rest;
        Ok(first)
    }

    fn parse<T: FromStr>(&mut self, wanted: &str) -> Result<T, String> {
        let word = self.next(wanted)?;
        word.text.parse().map_err(|_| format!("`{}` is not {wanted}", word.text))
    }

    fn name(&mut self, wanted: &str) -> Result<DnsName, String> {
        let word = self.next(wanted)?;
        absolute(&word.text, self.origin)
    }

    /// One character-string with its length (RFC 1035 section 3.3).
    fn string(&mut self) -> Result<Vec<u8>, String> {
        let octets = unescape(self.next("a character-string")?)?;
        let length = u8::try_from(octets.len()).map_err(|_| {
            format!(
                "the character-string has {} octets, and at most 255 fit (RFC 1035 section 3.3): split it into \
                 several strings, such as \"first part\" \"second part\"",
                octets.len()
            )
        })?;
        Ok(std::iter::once(length).chain(octets).collect())
    }

    /// All that is left, as base64 in which blanks may stand (RFC 4034 section 2.2).
    fn base64(&mut self) -> Result<Vec<u8>, String> {
        let first = self.next("a key in base64")?;
        let text = joined(first, std::mem::take(&mut self.rest));
        BASE64_STANDARD.decode(text).map_err(|error| format!("the key is not base64: {error}"))
    }

    /// All that is left, as hexadecimal digits in which blanks may stand.
    fn hex(&mut self) -> Result<Vec<u8>, String> {
        let first = self.next("hexadecimal digits")?;
        let digits = joined(first, std::mem::take(&mut self.rest)).into_bytes();
        let digit = |octet: &u8| char::from(*octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        digits
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => Some(digit(high)? << 4 | digit(low)?),
                _ => None,
            })
            .collect::<Option<_>>()
            .ok_or_else(|| "the data is not an even number of hexadecimal digits".to_owned())
    }
}

/// The words that are left, joined.
fn joined<'t>(first: &'t Token, rest: &'t [Token]) -> String {
    std::iter::once(first).chain(rest).map(|token| token.text.as_str()).collect()
}

fn unescape(token: &Token) -> Result<Vec<u8>, String> {
    octets(&token.text).map_err(|_| {
        format!(
            "`{}` has a backslash that is followed by neither a character nor three digits up to 255",
            token.text
        )
    })
}
