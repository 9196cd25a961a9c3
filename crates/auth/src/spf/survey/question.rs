//! The questions of a survey: everything is asked first, level by level and side by side, and judged afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use futures_util::future::join_all;
use tegami_dns::{Answer, Data, DnsError, DnsName, RecordType, Resolver, TxtData};

use super::super::evaluation::MAX_ADDRESS_NAMES;
use super::super::macros::Values;
use super::super::record::{DomainSpec, Mechanism, Record, SyntaxError, Term, TermKind};

/// Questions of one survey. An honest record needs a tenth of them; a hostile one ends here.
pub const MAX_QUESTIONS: usize = 200;

/// Levels of includes and redirects that are followed. Ten is where every evaluation ends.
pub const MAX_DEPTH: usize = 20;

/// Questions that may fail before no more are asked: whoever waits for each of them waits too long.
const MAX_FAILURES: usize = 12;

/// Questions that are asked side by side.
const AT_ONCE: usize = 16;

/// Records of one answer that are looked at.
pub(super) const MAX_RECORDS: usize = 100;

type Question = (DnsName, RecordType);

/// What the DNS has said.
pub(super) struct World {
    /// The domain that is surveyed.
    pub(super) domain: DnsName,
    answers: BTreeMap<Question, Result<Answer, DnsError>>,
    failures: usize,
    /// Something was not asked because a limit was reached.
    pub(super) exhausted: bool,
}

/// What the records of one level lead to.
#[derive(Default)]
struct Ahead {
    questions: Vec<Question>,
    /// Names whose MX hosts are asked for their addresses.
    exchanges: Vec<DnsName>,
    /// The next level.
    records: Vec<DnsName>,
}

/// What a name publishes.
pub(super) enum Published<'w> {
    One(&'w TxtData),
    Several(Vec<&'w TxtData>),
    /// No SPF record.
    None,
    Failed(&'w DnsError),
}

/// What a term asks for.
pub(super) enum Target {
    Name(DnsName),
    /// Macros make it depend on the sender.
    Open,
    /// No name of the DNS.
    Invalid(String),
}

impl World {
    /// Asks for everything that the records of a domain lead to.
    pub(super) async fn ask(domain: &DnsName, resolver: &dyn Resolver) -> Self {
        let mut world =
            Self { domain: domain.clone(), answers: BTreeMap::new(), failures: 0, exhausted: false };
        let mut level = vec![domain.clone()];
        let mut seen: BTreeSet<DnsName> = level.iter().cloned().collect();
        for _ in 0..MAX_DEPTH {
            world.fetch(level.iter().map(|name| (name.clone(), RecordType::Txt)), resolver).await;
            let mut ahead = Ahead::default();
            for name in &level {
                world.follow(name, &mut ahead);
            }
            world.fetch(ahead.questions, resolver).await;
            let hosts = world.mx_hosts(&ahead.exchanges);
            world.fetch(hosts, resolver).await;
            level = ahead.records;
            level.retain(|name| seen.insert(name.clone()));
            if level.is_empty() {
                break;
            }
        }
        world.exhausted |= !level.is_empty();
        world.fetch_beside(resolver).await;
        world
    }

    /// The answer to a question that was asked.
    pub(super) fn answer(&self, name: &DnsName, kind: RecordType) -> Option<Result<&Answer, &DnsError>> {
        // Tuples of references are no borrowed form of tuples, so the key is made.
        self.answers.get(&(name.clone(), kind)).map(Result::as_ref)
    }

    /// How many questions were asked.
    pub(super) fn questions(&self) -> usize {
        self.answers.len()
    }

    /// The SPF records of a name (RFC 7208 section 4.5); `None` where it was not asked.
    pub(super) fn published(&self, name: &DnsName) -> Option<Published<'_>> {
        Some(match self.answer(name, RecordType::Txt)? {
            Ok(answer) => {
                let records: Vec<&TxtData> = texts(answer).filter(|text| Record::is_spf(text)).collect();
                match records.as_slice() {
                    [] => Published::None,
                    [one] => Published::One(one),
                    _ => Published::Several(records),
                }
            }
            Err(error) if error.is_void() => Published::None,
            Err(error) => Published::Failed(error),
        })
    }

    /// The TXT records of a name that was asked.
    pub(super) fn texts(&self, name: &DnsName) -> impl Iterator<Item = &TxtData> {
        self.answer(name, RecordType::Txt).and_then(Result::ok).into_iter().flat_map(texts)
    }

    /// The MX hosts of a name that was asked.
    pub(super) fn hosts(&self, name: &DnsName) -> Vec<&DnsName> {
        let answer = self.answer(name, RecordType::Mx).and_then(Result::ok);
        let records = answer.into_iter().flat_map(|answer| answer.records.iter().take(MAX_RECORDS));
        records
            .filter_map(|record| if let Data::Mx(host) = &record.data { Some(&host.exchange) } else { None })
            .collect()
    }

    /// The addresses of a name that was asked.
    pub(super) fn addresses(&self, name: &DnsName) -> Vec<IpAddr> {
        let answers =
            [RecordType::A, RecordType::Aaaa].map(|kind| self.answer(name, kind).and_then(Result::ok));
        let records =
            answers.into_iter().flatten().flat_map(|answer| answer.records.iter().take(MAX_RECORDS));
        records
            .filter_map(|record| match record.data {
                Data::A(ip) => Some(IpAddr::V4(ip)),
                Data::Aaaa(ip) => Some(IpAddr::V6(ip)),
                _ => None,
            })
            .collect()
    }

    /// What a term at `domain` asks for: known where no macro depends on the sender. The domain itself stands for the
    /// sender's, as it does for its own mail.
    pub(super) fn target(&self, spec: Option<&DomainSpec>, domain: &DnsName) -> Target {
        let Some(spec) = spec else { return Target::Name(domain.clone()) };
        if "slivphcrt".chars().any(|letter| spec.macros().uses(letter)) {
            return Target::Open;
        }
        let values = Values {
            local_part: "",
            sender_domain: self.domain.as_str(),
            domain: domain.as_str(),
            ip: Ipv4Addr::UNSPECIFIED.into(),
            validated: "",
            helo: "",
            receiver: "",
            now_seconds: 0,
        };
        let expanded = spec.macros().expand_name(&values);
        match DnsName::parse(&expanded.replace('\\', "\\\\")) {
            Ok(name) if !name.is_root() => Target::Name(name),
            _ => Target::Invalid(expanded),
        }
    }

    /// What the record at a name leads to.
    fn follow(&self, domain: &DnsName, ahead: &mut Ahead) {
        let records = match self.published(domain) {
            Some(Published::One(text)) => vec![text],
            Some(Published::Several(texts)) => texts,
            _ => return,
        };
        for term in records.into_iter().flat_map(|text| Record::read(text)).filter_map(Result::ok) {
            // More names than can be asked need not be remembered, nor read.
            if ahead.questions.len() + ahead.records.len() > 2 * MAX_QUESTIONS {
                return;
            }
            let (spec, kinds): (_, &[RecordType]) = match &term.kind {
                TermKind::Directive(_, Mechanism::Include(spec)) | TermKind::Redirect(spec) => {
                    (Some(spec), &[])
                }
                TermKind::Directive(_, Mechanism::A(spec, _)) => {
                    (spec.as_ref(), &[RecordType::A, RecordType::Aaaa])
                }
                TermKind::Directive(_, Mechanism::Mx(spec, _)) => (spec.as_ref(), &[RecordType::Mx]),
                TermKind::Directive(_, Mechanism::Exists(spec)) => (Some(spec), &[RecordType::A]),
                TermKind::Explanation(spec) if *domain == self.domain => (Some(spec), &[RecordType::Txt]),
                _ => continue,
            };
            let Target::Name(name) = self.target(spec, domain) else { continue };
            match kinds {
                [] => ahead.records.push(name),
                [RecordType::Mx] => {
                    ahead.questions.push((name.clone(), RecordType::Mx));
                    ahead.exchanges.push(name);
                }
                kinds => ahead.questions.extend(kinds.iter().map(|kind| (name.clone(), *kind))),
            }
        }
    }

    /// The addresses of the MX hosts of names that were asked for them.
    fn mx_hosts(&self, names: &[DnsName]) -> Vec<Question> {
        let mut questions = Vec::new();
        for name in names {
            for host in self.hosts(name).into_iter().filter(|host| !host.is_root()).take(MAX_ADDRESS_NAMES) {
                questions.extend([RecordType::A, RecordType::Aaaa].map(|kind| (host.clone(), kind)));
            }
            if questions.len() > MAX_QUESTIONS {
                break;
            }
        }
        questions
    }

    /// What does not belong to any record, but tells what the domain means by them.
    async fn fetch_beside(&mut self, resolver: &dyn Resolver) {
        let domain = self.domain.clone();
        let below = |label: &str| domain.prepend(label).ok();
        let mut questions = vec![(domain.clone(), RecordType::Spf)];
        match self.published(&domain) {
            Some(Published::None) => {
                let places = WRONG_PLACES.iter().filter_map(|label| below(label));
                questions.extend(places.map(|name| (name, RecordType::Txt)));
                questions.push((domain.clone(), RecordType::Mx));
            }
            Some(Published::One(text)) if sends_nothing(text) => {
                questions.extend(
                    [RecordType::Mx, RecordType::A, RecordType::Aaaa].map(|kind| (domain.clone(), kind)),
                );
                let places = ["_dmarc", "*._domainkey"].into_iter().filter_map(below);
                questions.extend(places.map(|name| (name, RecordType::Txt)));
            }
            Some(Published::One(text)) => questions.extend(self.reverse_names(text)),
            _ => {}
        }
        // A few questions more than the limit: they are about the domain itself.
        self.fetch_all(questions, resolver).await;
    }

    /// The reverse names of the addresses that the record names, where `ptr` makes them matter.
    fn reverse_names(&self, text: &TxtData) -> Vec<Question> {
        let terms: Vec<Term> = Record::read(text).filter_map(Result::ok).collect();
        if !terms.iter().any(|term| matches!(term.kind, TermKind::Directive(_, Mechanism::Ptr(_)))) {
            return Vec::new();
        }
        let named = terms.iter().filter_map(|term| match term.kind {
            TermKind::Directive(_, Mechanism::Ip4(ip, 32)) => Some(IpAddr::V4(ip)),
            TermKind::Directive(_, Mechanism::Ip6(ip, 128)) => Some(IpAddr::V6(ip)),
            _ => None,
        });
        let mut hosts = vec![&self.domain];
        hosts.extend(self.hosts(&self.domain));
        let found = hosts.into_iter().flat_map(|host| self.addresses(host));
        named.chain(found).take(MAX_ADDRESS_NAMES).map(|ip| (DnsName::reverse(ip), RecordType::Ptr)).collect()
    }

    /// Asks what has not been asked, as far as the limits go.
    async fn fetch(&mut self, questions: impl IntoIterator<Item = Question>, resolver: &dyn Resolver) {
        let mut wanted = Vec::new();
        for question in questions {
            if self.answers.contains_key(&question) || wanted.contains(&question) {
                continue;
            }
            if self.answers.len() + wanted.len() >= MAX_QUESTIONS {
                self.exhausted = true;
                break;
            }
            wanted.push(question);
        }
        self.fetch_all(wanted, resolver).await;
    }

    async fn fetch_all(&mut self, mut questions: Vec<Question>, resolver: &dyn Resolver) {
        questions.retain(|question| !self.answers.contains_key(question));
        for some in questions.chunks(AT_ONCE) {
            if self.failures >= MAX_FAILURES {
                self.exhausted = true;
                return;
            }
            let answers = join_all(some.iter().map(|(name, kind)| resolver.lookup(name, *kind))).await;
            for (question, answer) in some.iter().zip(answers) {
                self.failures += usize::from(answer.as_ref().is_err_and(|error| !error.is_void()));
                self.answers.insert(question.clone(), answer);
            }
        }
    }
}

/// Where people publish SPF records that nobody looks for there.
pub(super) const WRONG_PLACES: [&str; 3] = ["_spf", "spf", "www"];

/// Whether the record allows nobody: `v=spf1 -all`.
pub(super) fn sends_nothing(text: &[u8]) -> bool {
    let terms: Vec<Result<Term, SyntaxError>> = Record::read(text).take(2).collect();
    matches!(
        terms.as_slice(),
        [Ok(Term { kind: TermKind::Directive(super::super::Qualifier::Fail, Mechanism::All), .. })]
    )
}

fn texts(answer: &Answer) -> impl Iterator<Item = &TxtData> {
    answer.records.iter().take(MAX_RECORDS).filter_map(|record| match &record.data {
        Data::Txt(text) => Some(text),
        _ => None,
    })
}
