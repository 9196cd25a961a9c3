//! Record data as it stands in messages, names uncompressed.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{Data, DnsName, Dnskey, Ds, MxHost, Nsec3Param, RecordType, Service, Tlsa, TxtData};

/// The payload that passes every path without fragments, and that we offer (RFC 9715 section 3.1).
pub(crate) const MAX_PAYLOAD: u16 = 1232;

/// Reads the data of one record; `None` where the octets do not follow the type's form.
pub(crate) fn data(kind: RecordType, rdata: &[u8]) -> Option<Data> {
    let mut input = Input { rest: rdata };
    let data = match kind {
        RecordType::A => Data::A(Ipv4Addr::from(input.array::<4>()?)),
        RecordType::Aaaa => Data::Aaaa(Ipv6Addr::from(input.array::<16>()?)),
        RecordType::Cname => Data::Cname(input.name()?),
        RecordType::Ns => Data::Ns(input.name()?),
        RecordType::Ptr => Data::Ptr(input.name()?),
        RecordType::Mx => {
            Data::Mx(MxHost { preference: u16::from_be_bytes(input.array()?), exchange: input.name()? })
        }
        RecordType::Caa => {
            let flags = input.octet()?;
            let tag = input.string()?.to_vec();
            Data::Caa(flags, String::from_utf8(tag).ok()?, input.remainder())
        }
        RecordType::Dnskey => Data::Dnskey(Dnskey {
            flags: u16::from_be_bytes(input.array()?),
            protocol: input.octet()?,
            algorithm: input.octet()?,
            key: input.remainder(),
        }),
        RecordType::Ds => Data::Ds(Ds {
            tag: u16::from_be_bytes(input.array()?),
            algorithm: input.octet()?,
            digest_type: input.octet()?,
            digest: input.remainder(),
        }),
        RecordType::Nsec3Param => Data::Nsec3Param(Nsec3Param {
            algorithm: input.octet()?,
            flags: input.octet()?,
            iterations: u16::from_be_bytes(input.array()?),
            salt: input.string()?.to_vec(),
        }),
        RecordType::Srv => Data::Srv(Service {
            priority: u16::from_be_bytes(input.array()?),
            weight: u16::from_be_bytes(input.array()?),
            port: u16::from_be_bytes(input.array()?),
            target: input.name()?,
        }),
        RecordType::Soa => {
            let (primary, mailbox) = (input.name()?, input.name()?);
            let mut numbers = [0; 5];
            for number in &mut numbers {
                *number = u32::from_be_bytes(input.array()?);
            }
            Data::Soa(primary, mailbox, numbers)
        }
        RecordType::Spf => Data::Spf(input.strings()?),
        RecordType::Txt => Data::Txt(input.strings()?),
        RecordType::Tlsa => Data::Tlsa(Tlsa {
            usage: input.octet()?,
            selector: input.octet()?,
            matching_type: input.octet()?,
            data: input.remainder(),
        }),
    };
    input.rest.is_empty().then_some(data)
}

struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    fn octet(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*first)
    }

    /// One character-string: a length, then so many octets (RFC 1035 section 3.3).
    fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.octet()?);
        let (string, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(string)
    }

    /// One or more character-strings (RFC 1035 section 3.3.14).
    fn strings(&mut self) -> Option<TxtData> {
        let first = self.string()?;
        if self.rest.is_empty() {
            return Some(TxtData::join([first]));
        }
        let mut strings = vec![first];
        while !self.rest.is_empty() {
            strings.push(self.string()?);
        }
        Some(TxtData::join(strings))
    }

    fn name(&mut self) -> Option<DnsName> {
        let mut labels = Vec::new();
        loop {
            let label = self.string()?;
            if label.is_empty() {
                return DnsName::from_labels(labels).ok();
            }
            labels.push(label);
        }
    }

    fn remainder(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.rest).to_vec()
    }
}
