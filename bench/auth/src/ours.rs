//! Tegami's engine.

use std::collections::HashMap;
use std::future::ready;
use std::hint::black_box;
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use tegami_auth::dkim::{self, DkimResult, Signer};
use tegami_auth::dmarc::{self, DmarcResult};
use tegami_auth::iprev::{self, IprevResult};
use tegami_auth::spf::{self, Identity, SpfResult};
use tegami_auth::verify::{self, Client, Early, Verdicts};
use tegami_auth::{Cache, Records};
use tegami_dns::{Answer, BoxFuture, Data, DnsError, DnsName, Kept, Record, RecordType, Resolver, Security};
use tegami_mail::{Address, Domain, ReversePath};

use crate::Work;
use crate::input::{self, Zone};

/// Answers that are there already: what a server's resolver is after the first minutes.
struct Memory(HashMap<DnsName, Answer>);

impl Resolver for Memory {
    fn lookup<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Result<Answer, DnsError>> {
        let known = self.0.get(name).filter(|_| kind == RecordType::Txt);
        Box::pin(ready(known.cloned().ok_or(DnsError::NxDomain)))
    }

    /// Every answer, and that there is none, may be kept for an hour, as on the other side.
    fn lookup_to_keep<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Kept> {
        Box::pin(self.lookup(name, kind).map(|result| Kept { result, ttl: HOUR }))
    }
}

const HOUR: Duration = Duration::from_secs(3600);

/// The engine with its cache, which is warm after the first message.
pub struct Ours {
    resolver: Memory,
    cache: Cache,
    mail_from: ReversePath,
    now: Timestamp,
}

impl Ours {
    /// # Panics
    /// Where a name of the zone is none.
    pub fn new(zone: &Zone) -> Self {
        let record = |name: &DnsName, text: &str| Record {
            name: name.clone(),
            ttl: HOUR,
            data: Data::Txt(text.as_bytes().to_vec().into()),
        };
        let answers = zone.texts.iter().map(|(name, text)| {
            let name = DnsName::parse(name).expect("a name");
            let records = vec![record(&name, text)];
            (name, Answer { records, aliases: Vec::new(), security: Security::Insecure })
        });
        Self {
            resolver: Memory(answers.collect()),
            cache: Cache::default(),
            mail_from: ReversePath::Address(Address::parse(input::MAIL_FROM).expect("an address")),
            now: Timestamp::now(),
        }
    }

    fn client(&self) -> Client<'_> {
        Client {
            ip: input::IP.parse().expect("an address"),
            helo: input::HELO,
            mail_from: &self.mail_from,
            receiver: input::RECEIVER,
            now: self.now,
        }
    }

    fn records(&self) -> Records<'_> {
        Records::cached(&self.resolver, &self.cache, self.now)
    }

    fn spf(&self) -> spf::Verdict {
        spf::check_mail_from(&(&self.client()).into(), self.records()).now_or_never().expect("memory never waits")
    }

    /// SPF of the MAIL FROM identity, DKIM, ARC and DMARC, all steps recorded. The peer is asked for neither iprev nor
    /// the HELO identity, so they are empty here.
    pub fn verdicts(&self, content: &[u8]) -> Verdicts {
        let early = Early {
            iprev: iprev::Verdict { result: IprevResult::Pass, name: None, steps: Vec::new() },
            spf_helo: spf::Verdict {
                result: SpfResult::None,
                identity: Identity::Helo,
                domain: tegami_mail::Text::default(),
                explanation: None,
                lookups: 0,
                void_lookups: 0,
                steps: Vec::new(),
            },
            spf_mail_from: self.spf(),
        };
        verify::message(&self.client(), early, content, self.records())
            .now_or_never()
            .expect("memory never waits")
    }

    /// Full verification.
    ///
    /// # Panics
    /// Where the message does not pass.
    pub fn verify<'a>(&'a self, content: &'a [u8]) -> Work<'a> {
        Box::new(move || {
            let verdicts = self.verdicts(content);
            assert_eq!(verdicts.early.spf_mail_from.result, SpfResult::Pass);
            assert_eq!(verdicts.dkim.first().map(|verdict| verdict.result), Some(DkimResult::Pass));
            assert_eq!(verdicts.dmarc.result, DmarcResult::Pass);
            black_box(verdicts);
        })
    }

    /// SPF and DMARC alone, all steps recorded.
    ///
    /// # Panics
    /// Where one of them does not pass.
    pub fn spf_and_dmarc(&self) -> Work<'_> {
        let domain: Domain = input::DOMAIN.parse().expect("a domain");
        let dkim = [(DkimResult::Pass, domain.clone())];
        Box::new(move || {
            let spf = self.spf();
            let results = [(spf.result, domain.clone())];
            let dmarc = dmarc::evaluate(std::slice::from_ref(&domain), &results, &dkim, self.records());
            let dmarc = dmarc.now_or_never().expect("memory never waits");
            assert_eq!((spf.result, dmarc.result), (SpfResult::Pass, DmarcResult::Pass));
            black_box((spf, dmarc));
        })
    }

    /// One RSA-2048 signature, relaxed/relaxed.
    ///
    /// # Panics
    /// Where the content cannot be signed.
    pub fn sign<'a>(&'a self, content: &'a [u8], signer: &'a Signer) -> Work<'a> {
        Box::new(move || {
            black_box(dkim::sign(content, std::slice::from_ref(signer), self.now).expect("a signature"));
        })
    }
}
