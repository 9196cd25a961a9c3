//! A DNS of somebody who means harm, for the fuzz targets of whole evaluations and the tests of attacks.
#![allow(
    dead_code,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test code that several programs share"
)]

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use tegami_auth::Step;
use tegami_dns::{
    Answer, BoxFuture, Data, DnsError, DnsName, Kept, MxHost, Record, RecordType, Resolver, Security,
};

/// How many records an answer has.
const COUNTS: [usize; 8] = [1, 1, 2, 10, 11, 3, 12, 24];

/// Octets that an answer has room for (RFC 1035 section 4.2.2).
const MAX_ANSWER: usize = 65_535;

/// Answers every name. The shape of the n-th distinct answer stands in the n-th octet, its text in the n-th text; both begin
/// again where they end. The same question always has the same answer.
pub(crate) struct HostileDns {
    shapes: Vec<u8>,
    texts: Vec<Vec<u8>>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    answers: HashMap<(DnsName, RecordType), Result<Answer, DnsError>>,
    texts: usize,
    work: Asked,
}

/// What was asked so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Questions, the same ones counted again.
    pub(crate) questions: usize,
    /// Different questions.
    pub(crate) distinct: usize,
    /// Octets of the texts and names in different answers.
    pub(crate) octets: usize,
}

impl HostileDns {
    pub(crate) fn new(shapes: &[u8], texts: &[&[u8]]) -> Self {
        let texts = texts.iter().map(|text| text.to_vec()).collect();
        Self { shapes: shapes.to_vec(), texts, known: Mutex::default() }
    }

    pub(crate) fn asked(&self) -> Asked {
        self.known.lock().unwrap().work
    }

    fn make(&self, name: &DnsName, kind: RecordType, known: &mut Known) -> Result<Answer, DnsError> {
        let number = known.answers.len();
        let shape = if self.shapes.is_empty() { 0 } else { self.shapes[number % self.shapes.len()] };
        match shape & 7 {
            0..=3 => {}
            4 => return Err(DnsError::NxDomain),
            5 => return Err(DnsError::NoData),
            6 => return Err(DnsError::ServFail),
            _ if shape >> 6 == 0 => return Err(DnsError::Bogus),
            _ if shape >> 6 == 1 => return Err(DnsError::Malformed("nothing fits".to_owned())),
            _ => return Err(DnsError::Timeout),
        }
        let count = COUNTS[usize::from(shape >> 3 & 7)];
        let begins = known.work.octets;
        let mut data = Vec::new();
        for index in 0..count {
            data.push(self.data(name, kind, shape >> 6, index, known));
            if known.work.octets - begins > MAX_ANSWER {
                break;
            }
        }
        let data: Option<Vec<Data>> = data.into_iter().collect();
        let Some(data) = data else { return Err(DnsError::NoData) };
        let record = |data| Record { name: name.clone(), ttl: Duration::ZERO, data };
        let aliases = if shape >> 6 == 3 { vec![name.clone(); 8] } else { Vec::new() };
        Ok(Answer { records: data.into_iter().map(record).collect(), aliases, security: Security::Insecure })
    }

    fn data(
        &self,
        name: &DnsName,
        kind: RecordType,
        variant: u8,
        index: usize,
        known: &mut Known,
    ) -> Option<Data> {
        let host = || match variant {
            0 => name.clone(),
            1 => DnsName::parse(&format!("host{index}.example.org")).unwrap(),
            2 => DnsName::parse(&longest(index)).unwrap(),
            _ => DnsName::parse(&format!("host{index}.{name}")).unwrap_or_else(|_| name.clone()),
        };
        let [high, low] = u16::try_from(index).unwrap_or(u16::MAX).to_be_bytes();
        Some(match kind {
            RecordType::Txt if self.texts.is_empty() => return None,
            RecordType::Txt => {
                let text = self.texts[known.texts % self.texts.len()].clone();
                known.texts += 1;
                known.work.octets += text.len() + 12;
                Data::Txt(text.into())
            }
            // Every fourth answer has the client's own address, at its end.
            RecordType::A if variant == 3 => Data::A([192, 0, 2, 1].into()),
            RecordType::A => Data::A([198, 51, high, low].into()),
            RecordType::Aaaa if variant == 3 => Data::Aaaa("2001:db8::1".parse().unwrap()),
            RecordType::Aaaa => Data::Aaaa(format!("2001:db8:1::{index:x}").parse().unwrap()),
            RecordType::Mx => {
                known.work.octets += host().as_str().len();
                Data::Mx(MxHost { preference: u16::from(low), exchange: host() })
            }
            RecordType::Ptr => {
                known.work.octets += host().as_str().len();
                Data::Ptr(host())
            }
            _ => return None,
        })
    }
}

/// A name of 253 octets.
pub(crate) fn longest(index: usize) -> String {
    let label = "x".repeat(63);
    format!("{index:061}.{label}.{label}.{label}")
}

impl Resolver for HostileDns {
    fn lookup<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Result<Answer, DnsError>> {
        let mut known = self.known.lock().unwrap();
        known.work.questions += 1;
        let question = (name.clone(), kind);
        let answer = match known.answers.get(&question) {
            Some(answer) => answer.clone(),
            None => {
                let answer = self.make(name, kind, &mut known);
                known.work.distinct += 1;
                known.answers.insert(question, answer.clone());
                answer
            }
        };
        Box::pin(std::future::ready(answer))
    }

    /// Everything may be kept, also that there is nothing.
    fn lookup_to_keep<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Kept> {
        Box::pin(async move { Kept { result: self.lookup(name, kind).await, ttl: Duration::from_secs(300) } })
    }
}

/// The octets that steps keep in memory.
pub(crate) fn octets(steps: &[Step]) -> usize {
    steps
        .iter()
        .map(|step| {
            let values: usize = step.note.args.iter().map(|(_, value)| value.to_string().len()).sum();
            step.domain.len() + step.term.len() + values
        })
        .sum()
}
