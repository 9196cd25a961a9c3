//! The official suite of RFC 7208: 203 cases, each with its result and, where given, its explanation.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_yaml_ng::{Deserializer, Value};
use tegami_auth::spf::{self, Identity, Request};
use tegami_auth::{Cache, Records};
use tegami_dns::{
    Answer, BoxFuture, Data, DnsError, DnsName, Kept, MxHost, Record, RecordType, Resolver, Security,
};
use tegami_mail::ReversePath;

use serde::Deserialize as _;

use super::{Outcome, Suite, text};

/// One scenario's zone, with the suite's own rules: `SPF` stands for `TXT` too where the name has no `TXT` entry, and
/// after `TIMEOUT` every type that is not listed times out.
struct Zone {
    names: BTreeMap<DnsName, Entries>,
}

#[derive(Default)]
struct Entries {
    data: Vec<Data>,
    aliases: Vec<DnsName>,
    timeout: bool,
}

impl Resolver for Zone {
    fn lookup<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Result<Answer, DnsError>> {
        Box::pin(async move { self.answer(name, kind) })
    }

    fn lookup_to_keep<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Kept> {
        Box::pin(async move { Kept { result: self.answer(name, kind), ttl: Duration::from_secs(60) } })
    }
}

impl Zone {
    fn new(zonedata: &Value) -> Self {
        let mut names: BTreeMap<DnsName, Entries> = BTreeMap::new();
        for (name, entries) in zonedata.as_mapping().unwrap() {
            let name = DnsName::parse(name.as_str().unwrap()).unwrap();
            names.insert(name, Entries::new(entries.as_sequence().unwrap()));
        }
        Self { names }
    }

    fn answer(&self, name: &DnsName, kind: RecordType) -> Result<Answer, DnsError> {
        let (mut owner, mut aliases) = (name, Vec::new());
        loop {
            let entries = self.names.get(owner).ok_or(DnsError::NxDomain)?;
            if let Some(target) = entries.aliases.first() {
                if aliases.contains(target) || aliases.len() > 8 {
                    return Err(DnsError::Malformed("CNAME loop".to_owned()));
                }
                aliases.push(target.clone());
                owner = target;
                continue;
            }
            let records: Vec<Record> = entries
                .data
                .iter()
                .filter(|data| has_type(data, kind))
                .map(|data| Record { name: owner.clone(), ttl: Duration::from_secs(60), data: data.clone() })
                .collect();
            return match records.is_empty() {
                false => Ok(Answer { records, aliases, security: Security::Insecure }),
                true if entries.timeout => Err(DnsError::Timeout),
                true => Err(DnsError::NoData),
            };
        }
    }
}

impl Entries {
    fn new(listed: &[Value]) -> Self {
        let mut entries = Self::default();
        let mut has_txt = false;
        for entry in listed {
            let Some(entry) = entry.as_mapping() else {
                entries.timeout = true;
                continue;
            };
            for (kind, value) in entry {
                let kind = kind.as_str().unwrap();
                has_txt |= kind == "TXT";
                if kind == "CNAME" {
                    entries.aliases.push(DnsName::parse(value.as_str().unwrap()).unwrap());
                } else if value.as_str() != Some("NONE") {
                    entries.data.push(data(kind, value));
                }
            }
        }
        if !has_txt {
            let texts: Vec<Data> = entries
                .data
                .iter()
                .filter_map(
                    |data| if let Data::Spf(text) = data { Some(Data::Txt(text.clone())) } else { None },
                )
                .collect();
            entries.data.extend(texts);
        }
        entries
    }
}

fn data(kind: &str, value: &Value) -> Data {
    match kind {
        "A" => Data::A(value.as_str().unwrap().parse().unwrap()),
        "AAAA" => Data::Aaaa(value.as_str().unwrap().parse().unwrap()),
        "PTR" => Data::Ptr(DnsName::parse(value.as_str().unwrap()).unwrap()),
        "MX" => {
            let preference = u16::try_from(value[0].as_u64().unwrap()).unwrap();
            let exchange = match value[1].as_str().unwrap() {
                "" => DnsName::parse(".").unwrap(),
                exchange => DnsName::parse(exchange).unwrap(),
            };
            Data::Mx(MxHost { preference, exchange })
        }
        "SPF" => Data::Spf(octets(value).into()),
        "TXT" => Data::Txt(octets(value).into()),
        _ => panic!("unknown type {kind}"),
    }
}

/// Escapes such as `\x80` are octets in this suite; the strings of one record are joined.
fn octets(value: &Value) -> Vec<u8> {
    match value {
        Value::Sequence(parts) => parts.iter().flat_map(octets).collect(),
        _ => value.as_str().unwrap().chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect(),
    }
}

fn has_type(data: &Data, kind: RecordType) -> bool {
    matches!(
        (data, kind),
        (Data::A(_), RecordType::A)
            | (Data::Aaaa(_), RecordType::Aaaa)
            | (Data::Mx(_), RecordType::Mx)
            | (Data::Ptr(_), RecordType::Ptr)
            | (Data::Spf(_), RecordType::Spf)
            | (Data::Txt(_), RecordType::Txt)
    )
}

/// The verdict on one case, which is the same with a cache: while it learns, and when it knows everything.
fn verdict(case: &Value, zone: &Zone, cache: &Cache) -> spf::Verdict {
    let found = verdict_of(case, zone.into());
    for _ in 0..2 {
        let again = verdict_of(case, Records::cached(zone, cache, NOW));
        assert_eq!(format!("{again:?}"), format!("{found:?}"), "{case:?}");
    }
    found
}

const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);

/// The suite's reverse-paths include texts that are no addresses, so they are split here.
fn verdict_of(case: &Value, records: Records<'_>) -> spf::Verdict {
    let mail_from = case["mailfrom"].as_str().unwrap();
    let request = Request {
        ip: case["host"].as_str().unwrap().parse().unwrap(),
        helo: case["helo"].as_str().unwrap(),
        mail_from: &ReversePath::Null,
        receiver: "receiver.example.org",
        now: NOW,
    };
    crate::block_on(async {
        match mail_from.rsplit_once('@') {
            None => spf::check_mail_from(&request, records).await,
            Some((local_part, domain)) => {
                spf::check_host(&request, Identity::MailFrom, local_part, domain, records).await
            }
        }
    })
}

fn problem(name: &str, case: &Value, found: &spf::Verdict) -> Option<String> {
    let expected: Vec<&str> = match &case["result"] {
        Value::Sequence(list) => list.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    if !expected.contains(&found.result.as_str()) {
        return Some(format!("expected {expected:?}, found {}: {:#?}", found.result.as_str(), found.steps));
    }
    assert!(!found.steps.is_empty());
    let explanation = case["explanation"].as_str()?;
    let same = match &found.explanation {
        None => explanation == "DEFAULT",
        // The case of hexadecimal digits in `%{c}` is free.
        Some(text) if name == "v-macro-ip6" => text.eq_ignore_ascii_case(explanation),
        Some(text) => text == explanation,
    };
    (!same).then(|| format!("expected the explanation {explanation:?}, found {:?}", found.explanation))
}

pub(super) fn official() -> Result<Suite, String> {
    let about = "the official suite of RFC 7208, from pyspf: results and explanations";
    let (mut suite, text) = (Suite::new("spf", about, &[]), text("spf/rfc7208-tests.yml")?);
    for document in Deserializer::from_str(&text) {
        let scenario = Value::deserialize(document).unwrap();
        let (zone, cache) = (Zone::new(&scenario["zonedata"]), Cache::default());
        for (name, case) in scenario["tests"].as_mapping().unwrap() {
            let name = name.as_str().unwrap();
            let outcome = match problem(name, case, &verdict(case, &zone, &cache)) {
                None => Outcome::Passed,
                Some(problem) => Outcome::Failed(problem),
            };
            suite.outcome(name, outcome);
        }
    }
    Ok(suite)
}
