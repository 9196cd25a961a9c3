//! `check_host()` (RFC 7208 section 4): a record applied to an address, with its limits and its steps.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use tegami_dns::{DnsError, DnsName};
use tegami_mail::{AsText as _, Note, Text, note};

use super::macros::{MacroString, Place, Values};
use super::published::Published;
use super::record::{DomainSpec, DualCidr, Mechanism, Record, Term, TermKind, queried};
use super::{Identity, Request, SpfResult, Verdict};
use crate::network::in_network;
use crate::records::{Addresses, Ipv4Addresses, MxHosts, PtrNames};
use crate::step::list;
use crate::{Records, Spent, Step};

/// DNS-querying terms allowed in one evaluation (RFC 7208 section 4.6.4).
pub const MAX_LOOKUPS: u8 = 10;

/// Void lookups allowed in one evaluation (RFC 7208 section 4.6.4).
pub const MAX_VOID_LOOKUPS: u8 = 2;

/// MX hosts of one `mx`, and names of one `ptr` or `%{p}`, whose addresses are asked (RFC 7208 section 4.6.4).
pub const MAX_ADDRESS_NAMES: usize = 10;

/// What is asked for a record.
const TXT: Text = Text::from_static("TXT");

/// The `p` macro where no name is validated (RFC 7208 section 7.3).
const UNKNOWN: &str = "unknown";

/// Longest explanation, in octets: it is made for a reply of SMTP, and macros can blow a small record up to megabytes.
const MAX_EXPLANATION: usize = 2_048;

/// Local-parts outside ASCII are not made into names.
const LOCAL_PART_RULE: &str = "RFC 8616 section 4";

/// Room for the steps of most evaluations.
const USUAL_STEPS: usize = 16;

/// Steps beyond which terms that do not match are not told any more: a record of 64 KiB has tens of thousands, includes have as
/// many again, and verdicts are stored with their messages.
const MAX_STEPS: usize = 500;

/// One evaluation: what was asked, what it has cost so far, and its steps.
pub(super) struct Evaluation<'a> {
    request: &'a Request<'a>,
    records: Records<'a>,
    ip: IpAddr,
    /// The same as every note tells it.
    ip_text: Text,
    local_part: &'a str,
    sender_domain: &'a DnsName,
    lookups: u8,
    void_lookups: u8,
    steps: Vec<Step>,
    /// Some terms were not told.
    is_cut: bool,
}

/// Where a step belongs.
#[derive(Clone, Copy)]
struct At<'a> {
    depth: u8,
    domain: &'a DnsName,
}

/// What a record came to: the result, and what holds the explanation that would apply to a fail, with its domain.
struct Found {
    result: SpfResult,
    /// A directive of the record itself decided: then its explanation applies (RFC 7208 section 6.2).
    own: bool,
    explanation: Option<(DnsName, Arc<Published>)>,
}

/// What a mechanism came to.
struct Outcome {
    matched: Matched,
    note: Note,
}

enum Matched {
    Yes,
    No,
    /// `temperror` or `permerror` for the whole evaluation.
    Stop(SpfResult),
}

impl Outcome {
    fn yes(note: Note) -> Self {
        Self { matched: Matched::Yes, note }
    }
    fn no(note: Note) -> Self {
        Self { matched: Matched::No, note }
    }
    fn permerror(note: Note) -> Self {
        Self { matched: Matched::Stop(SpfResult::PermError), note }
    }
    /// The DNS failed us (RFC 7208 section 5).
    fn temperror(name: &DnsName, error: &DnsError) -> Self {
        Self {
            matched: Matched::Stop(SpfResult::TempError),
            note: note!("spf-dns-error", name = name, error = error),
        }
    }
}

impl Matched {
    fn word(&self) -> &'static str {
        match self {
            Self::Yes => "match",
            Self::No => "no-match",
            Self::Stop(_) => "error",
        }
    }
}

impl From<SpfResult> for Found {
    fn from(result: SpfResult) -> Self {
        Self { result, own: false, explanation: None }
    }
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(
        request: &'a Request<'a>,
        local_part: &'a str,
        sender_domain: &'a DnsName,
        records: Records<'a>,
    ) -> Self {
        // An IPv4-mapped address is an IPv4 address (RFC 7208 section 5).
        let ip = request.ip.to_canonical();
        Self {
            request,
            records,
            ip,
            ip_text: ip.into(),
            local_part,
            sender_domain,
            lookups: 0,
            void_lookups: 0,
            steps: Vec::with_capacity(USUAL_STEPS),
            is_cut: false,
        }
    }

    pub(super) async fn run(mut self, identity: Identity) -> Verdict {
        let found = self.check_host(At { depth: 0, domain: self.sender_domain }).await;
        let explanation = match (found.result, found.explanation) {
            (SpfResult::Fail, Some((domain, published))) => Box::pin(self.explain(&domain, &published)).await,
            _ => None,
        };
        Verdict {
            result: found.result,
            identity,
            domain: self.sender_domain.as_text().clone(),
            explanation,
            lookups: self.lookups,
            void_lookups: self.void_lookups,
            steps: self.steps,
        }
    }

    /// RFC 7208 section 4: finds the record of a domain and applies it.
    async fn check_host(&mut self, at: At<'_>) -> Found {
        let published = match self.records.get::<Published>(at.domain).await {
            Ok(published) => published,
            Err(error) => return self.no_answer(&error, at),
        };
        match &*published {
            Published::Record(text, record) => {
                let note = note!("spf-record-found", record = text);
                self.step(at, TXT, "found", note, "RFC 7208 section 4.5");
                let mut found = self.apply(record, at).await;
                if found.own && record.explanation().is_some() {
                    found.explanation = Some((at.domain.clone(), Arc::clone(&published)));
                }
                found
            }
            Published::Malformed(error) => {
                self.step(at, &error.term, "error", error.note(), "RFC 7208 section 4.6");
                SpfResult::PermError.into()
            }
            Published::Several(count) => {
                let note = note!("spf-record-multiple", domain = at.domain, count = count);
                self.step(at, TXT, "error", note, "RFC 7208 section 4.5");
                SpfResult::PermError.into()
            }
            Published::Other(count) => {
                let note = note!("spf-record-absent", domain = at.domain, count = count);
                self.step(at, TXT, "none", note, "RFC 7208 section 4.5");
                SpfResult::None.into()
            }
        }
    }

    fn no_answer(&mut self, error: &DnsError, at: At<'_>) -> Found {
        if error.is_void() {
            let note = note!("spf-record-void", domain = at.domain, error = error);
            self.step(at, TXT, "none", note, "RFC 7208 section 4.5");
            return SpfResult::None.into();
        }
        let note = note!("spf-dns-error", name = at.domain, error = error);
        self.step(at, TXT, "error", note, "RFC 7208 section 4.4");
        SpfResult::TempError.into()
    }

    /// The record of another domain, one level deeper. At most [`MAX_LOOKUPS`] deep, because every include and redirect is
    /// counted.
    fn check_other<'b>(
        &'b mut self,
        domain: &'b DnsName,
        at: At<'_>,
    ) -> Pin<Box<dyn Future<Output = Found> + Send + 'b>> {
        let depth = at.depth.saturating_add(1);
        Box::pin(self.check_host(At { depth, domain }))
    }

    /// The mechanisms from left to right, then `redirect=`, then neutral (RFC 7208 sections 4.6.2, 4.6.3 and 4.7).
    async fn apply(&mut self, record: &Record, at: At<'_>) -> Found {
        for term in &record.terms {
            if let TermKind::Unknown(name) = &term.kind
                && self.may_tell(at)
            {
                self.step(
                    at,
                    &term.text,
                    "ignored",
                    note!("spf-modifier-unknown", name = name),
                    "RFC 7208 section 6",
                );
            }
            let TermKind::Directive(qualifier, mechanism) = &term.kind else { continue };
            let matched = self.directive(term, mechanism, at).await;
            let result = match matched {
                Matched::Yes => qualifier.result(),
                Matched::No => continue,
                Matched::Stop(result) => result,
            };
            return Found { own: true, ..result.into() };
        }
        if let Some((term, target)) = record.redirect() {
            return Found { own: false, ..Box::pin(self.redirect(term, target, at)).await };
        }
        self.step(
            at,
            "",
            "neutral",
            note!("spf-default-neutral", domain = at.domain),
            "RFC 7208 section 4.7",
        );
        Found::from(SpfResult::Neutral)
    }

    /// One directive: whether it matches, and its step.
    async fn directive(&mut self, term: &Term, mechanism: &Mechanism, at: At<'_>) -> Matched {
        let place = self.steps.len();
        let admitted = self.admit(mechanism);
        let before = self.spent();
        let mut source = mechanism.source();
        let outcome = match admitted {
            Err((outcome, rule)) => {
                source = rule;
                outcome
            }
            Ok(()) => match mechanism {
                Mechanism::All => Outcome::yes(note!("spf-all")),
                Mechanism::Ip4(network, length) => self.network((*network).into(), *length, &term.network),
                Mechanism::Ip6(network, length) => self.network((*network).into(), *length, &term.network),
                Mechanism::Include(spec) => self.include(spec, at).await,
                // Boxed, so that the state of an evaluation, which is moved with every include, stays small.
                Mechanism::A(spec, cidr) => Box::pin(self.a(spec.as_ref(), *cidr, at)).await,
                Mechanism::Mx(spec, cidr) => Box::pin(self.mx(spec.as_ref(), *cidr, at)).await,
                Mechanism::Ptr(spec) => Box::pin(self.ptr(spec.as_ref(), at)).await,
                Mechanism::Exists(spec) => Box::pin(self.exists(spec, at)).await,
            },
        };
        let is_miss = matches!(outcome.matched, Matched::No) && self.steps.len() == place;
        if !is_miss || self.may_tell(at) {
            let spent = self.spent_at(place, before);
            // An include stands before the steps of the record that it includes.
            let told = step(at, &term.text, outcome.matched.word(), outcome.note, source, spent);
            self.steps.insert(place, told);
        }
        outcome.matched
    }

    /// Counts a mechanism that asks the DNS; `Err` where it may not ask, with the rule.
    fn admit(&mut self, mechanism: &Mechanism) -> Result<(), (Outcome, &'static str)> {
        if !mechanism.asks_dns() {
            return Ok(());
        }
        if let Err(note) = self.count_lookup() {
            return Err((Outcome::permerror(note), "RFC 7208 section 4.6.4"));
        }
        match mechanism.domain_spec() {
            Some(spec) if self.is_beyond_names(spec) => {
                Err((Outcome::no(self.beyond_names()), LOCAL_PART_RULE))
            }
            _ => Ok(()),
        }
    }

    /// RFC 7208 section 5.6.
    fn network(&self, network: IpAddr, length: u8, shown: &Text) -> Outcome {
        if network.is_ipv4() != self.ip.is_ipv4() {
            return Outcome::no(note!("spf-network-other-family", ip = self.ip_text, network = shown));
        }
        if in_network(self.ip, network, length) {
            Outcome::yes(note!("spf-network-match", ip = self.ip_text, network = shown))
        } else {
            Outcome::no(note!("spf-network-no-match", ip = self.ip_text, network = shown))
        }
    }

    /// RFC 7208 section 5.2.
    async fn include(&mut self, spec: &DomainSpec, at: At<'_>) -> Outcome {
        let target = match self.other_domain(spec, at).await {
            Ok(target) => target,
            Err(name) => return Outcome::permerror(note!("spf-include-none", target = name)),
        };
        let found = self.check_other(&target, at).await;
        let result = found.result.as_str();
        match found.result {
            SpfResult::Pass => Outcome::yes(note!("spf-include-pass", target = target)),
            SpfResult::Fail | SpfResult::SoftFail | SpfResult::Neutral => {
                Outcome::no(note!("spf-include-no-pass", target = target, result = result))
            }
            SpfResult::TempError => Outcome {
                matched: Matched::Stop(SpfResult::TempError),
                note: note!("spf-include-error", target = target, result = result),
            },
            SpfResult::PermError => {
                Outcome::permerror(note!("spf-include-error", target = target, result = result))
            }
            SpfResult::None => Outcome::permerror(note!("spf-include-none", target = target)),
        }
    }

    /// RFC 7208 section 5.3.
    async fn a(&mut self, spec: Option<&DomainSpec>, cidr: DualCidr, at: At<'_>) -> Outcome {
        let name = match self.target(spec, at).await {
            Ok(name) => name,
            Err(name) => return Outcome::no(note!("spf-name-invalid", name = name)),
        };
        match self.addresses(&name).await {
            Ok(addresses) => match addresses.iter().find(|address| self.covers(*address, cidr)) {
                Some(address) => {
                    let length = self.length(cidr);
                    Outcome::yes(note!(
                        "spf-address-match",
                        name = name,
                        ip = self.ip_text,
                        network = format!("{address}/{length}")
                    ))
                }
                None => Outcome::no(note!(
                    "spf-address-no-match",
                    name = name,
                    ip = self.ip_text,
                    addresses = list(addresses.iter())
                )),
            },
            Err(error) => self.failed(&name, &error),
        }
    }

    /// RFC 7208 section 5.4. A domain without MX records has none here: its own address does not count.
    async fn mx(&mut self, spec: Option<&DomainSpec>, cidr: DualCidr, at: At<'_>) -> Outcome {
        let name = match self.target(spec, at).await {
            Ok(name) => name,
            Err(name) => return Outcome::no(note!("spf-name-invalid", name = name)),
        };
        let known = match self.records.get::<MxHosts>(&name).await {
            Ok(known) => known,
            Err(error) => return self.failed(&name, &error),
        };
        let hosts = &known.0;
        if hosts.len() > MAX_ADDRESS_NAMES {
            return Outcome::permerror(note!(
                "spf-mx-limit",
                name = name,
                count = hosts.len(),
                limit = MAX_ADDRESS_NAMES
            ));
        }
        let mut seen = Vec::new();
        // The root is the null MX (RFC 7505): no host.
        for host in hosts.iter().filter(|host| !host.exchange.is_root()) {
            match self.addresses(&host.exchange).await {
                Ok(addresses) => {
                    if let Some(address) = addresses.iter().find(|address| self.covers(*address, cidr)) {
                        return Outcome::yes(note!(
                            "spf-mx-match",
                            name = name,
                            host = host.exchange,
                            ip = self.ip_text,
                            network = format!("{address}/{}", self.length(cidr))
                        ));
                    }
                    seen.extend(addresses.iter());
                }
                Err(error) if error.is_void() => {}
                Err(error) => return Outcome::temperror(&host.exchange, &error),
            }
        }
        Outcome::no(note!(
            "spf-mx-no-match",
            name = name,
            hosts = list(hosts.iter().map(|host| &host.exchange)),
            ip = self.ip_text,
            addresses = list(&seen)
        ))
    }

    /// RFC 7208 section 5.5. Failures of the DNS are no match, never errors.
    async fn ptr(&mut self, spec: Option<&DomainSpec>, at: At<'_>) -> Outcome {
        let target = match self.target(spec, at).await {
            Ok(name) => name,
            Err(name) => return Outcome::no(note!("spf-name-invalid", name = name)),
        };
        let known = match self.records.get::<PtrNames>(&DnsName::reverse(self.ip)).await {
            Ok(known) => known,
            Err(error) if error.is_void() => {
                let outcome = Outcome::no(note!("spf-ptr-void", ip = self.ip_text, error = error));
                return self.count_void().map_or_else(Outcome::permerror, |()| outcome);
            }
            Err(error) => return Outcome::no(note!("spf-ptr-void", ip = self.ip_text, error = error)),
        };
        let names = &known.0;
        for name in names.iter().take(MAX_ADDRESS_NAMES).filter(|name| is_at_or_below(name, &target)) {
            if self.confirms(name).await {
                return Outcome::yes(note!("spf-ptr-match", ip = self.ip_text, name = name, target = target));
            }
        }
        Outcome::no(note!("spf-ptr-no-match", ip = self.ip_text, names = list(names), target = target))
    }

    /// RFC 7208 section 5.7: always an A query.
    async fn exists(&mut self, spec: &DomainSpec, at: At<'_>) -> Outcome {
        let name = match self.target(Some(spec), at).await {
            Ok(name) => name,
            Err(name) => return Outcome::no(note!("spf-name-invalid", name = name)),
        };
        match self.records.get::<Ipv4Addresses>(&name).await {
            Ok(addresses) => {
                Outcome::yes(note!("spf-exists-match", name = name, addresses = list(&addresses.0)))
            }
            Err(error) => self.failed(&name, &error),
        }
    }

    /// RFC 7208 section 6.1.
    async fn redirect(&mut self, term: &Term, spec: &DomainSpec, at: At<'_>) -> Found {
        let source = "RFC 7208 section 6.1";
        if let Err(note) = self.count_lookup() {
            self.step(at, &term.text, "error", note, "RFC 7208 section 4.6.4");
            return Found::from(SpfResult::PermError);
        }
        if self.is_beyond_names(spec) {
            self.step(at, &term.text, "no-match", self.beyond_names(), LOCAL_PART_RULE);
            return Found::from(SpfResult::Neutral);
        }
        let target = match self.other_domain(spec, at).await {
            Ok(target) => target,
            Err(name) => {
                self.step(at, &term.text, "error", note!("spf-redirect-none", target = name), source);
                return Found::from(SpfResult::PermError);
            }
        };
        let (place, before) = (self.steps.len(), self.spent());
        let mut found = self.check_other(&target, at).await;
        let (outcome, note) = match found.result {
            SpfResult::None => {
                found.result = SpfResult::PermError;
                ("error", note!("spf-redirect-none", target = target))
            }
            result => (result.as_str(), note!("spf-redirect", target = target, result = result.as_str())),
        };
        let spent = self.spent_at(place, before);
        self.steps.insert(place, step(at, &term.text, outcome, note, source, spent));
        found
    }

    /// RFC 7208 section 6.2: the domain owner's explanation. Whatever goes wrong, there is none, and the result stands.
    async fn explain(&mut self, domain: &DnsName, published: &Published) -> Option<String> {
        let Published::Record(_, record) = published else { return None };
        let (term, spec) = record.explanation()?;
        let at = At { depth: 0, domain };
        let found = match self.target(Some(spec), at).await {
            Ok(name) => self.explanation_text(&name, at).await.ok_or(name.to_string()),
            Err(name) => Err(name),
        };
        let (outcome, note) = match &found {
            Ok(text) => ("found", note!("spf-explanation", text = text)),
            Err(name) => ("ignored", note!("spf-explanation-unusable", name = name)),
        };
        self.step(at, &term.text, outcome, note, "RFC 7208 section 6.2");
        found.ok()
    }

    /// One TXT record, ASCII, well formed, not too long.
    async fn explanation_text(&mut self, name: &DnsName, at: At<'_>) -> Option<String> {
        let texts = self.records.resolver().txt(name).await.ok()?;
        let [text] = texts.as_slice() else { return None };
        let text = std::str::from_utf8(text).ok()?;
        let parsed = MacroString::parse(text, Place::Explanation).ok()?;
        self.expand(&parsed, at, |parsed, values| parsed.expand(values, MAX_EXPLANATION)).await
    }

    /// The name that a mechanism or modifier asks for: its domain-spec expanded, else the current domain
    /// (RFC 7208 section 4.8). `Err` is a text that is no name.
    async fn target(&mut self, spec: Option<&DomainSpec>, at: At<'_>) -> Result<DnsName, String> {
        let Some(spec) = spec else { return Ok(at.domain.clone()) };
        if let Some(name) = spec.name() {
            return Ok(name.clone());
        }
        let expanded = Box::pin(self.expand(spec.macros(), at, MacroString::expand_name)).await;
        queried(&expanded).ok_or(expanded)
    }

    /// The domain that `include` or `redirect` names: of one label it has no record, whatever it publishes
    /// (RFC 7208 section 4.3).
    async fn other_domain(&mut self, spec: &DomainSpec, at: At<'_>) -> Result<DnsName, String> {
        let name = self.target(Some(spec), at).await?;
        if name.as_str().contains('.') { Ok(name) } else { Err(name.to_string()) }
    }

    /// Whether a name would be made of a local-part outside ASCII: such a term matches nothing.
    fn is_beyond_names(&self, spec: &DomainSpec) -> bool {
        !self.local_part.is_ascii() && (spec.macros().uses('l') || spec.macros().uses('s'))
    }

    fn beyond_names(&self) -> Note {
        note!("spf-local-part-beyond-names", local_part = self.local_part)
    }

    async fn expand<T>(
        &mut self,
        macros: &MacroString,
        at: At<'_>,
        how: impl Fn(&MacroString, &Values<'_>) -> T,
    ) -> T {
        let validated = if macros.uses('p') { self.validated_name(at).await } else { String::new() };
        let values = Values {
            local_part: self.local_part,
            sender_domain: self.sender_domain.as_str(),
            domain: at.domain.as_str(),
            ip: self.ip,
            validated: &validated,
            helo: self.request.helo,
            receiver: self.request.receiver,
            now_seconds: self.request.now.as_second(),
        };
        how(macros, &values)
    }

    /// The `p` macro (RFC 7208 section 7.3): the domain itself, else a name below it, else any name that points back.
    async fn validated_name(&mut self, at: At<'_>) -> String {
        let Ok(known) = self.records.get::<PtrNames>(&DnsName::reverse(self.ip)).await else {
            return UNKNOWN.to_owned();
        };
        let mut names: Vec<&DnsName> = known.0.iter().take(MAX_ADDRESS_NAMES).collect();
        names.sort_by_key(|name| {
            if *name == at.domain { 0 } else { 1 + u8::from(!is_at_or_below(name, at.domain)) }
        });
        for name in names {
            if self.confirms(name).await {
                return name.to_string();
            }
        }
        UNKNOWN.to_owned()
    }

    /// Whether the name has the client's address. A failure of the DNS is a no (RFC 7208 section 5.5).
    async fn confirms(&self, name: &DnsName) -> bool {
        self.addresses(name).await.is_ok_and(|addresses| addresses.iter().any(|address| address == self.ip))
    }

    /// A or AAAA records, by the family of the client's address (RFC 7208 section 5.3).
    async fn addresses(&self, name: &DnsName) -> Result<Addresses, DnsError> {
        self.records.addresses(self.ip, name).await
    }

    fn covers(&self, address: IpAddr, cidr: DualCidr) -> bool {
        in_network(self.ip, address, self.length(cidr))
    }

    fn length(&self, cidr: DualCidr) -> u8 {
        if self.ip.is_ipv4() { cidr.v4 } else { cidr.v6 }
    }

    /// A query of a term that gave no records: nothing there counts as void, anything else is a `temperror`
    /// (RFC 7208 sections 4.6.4 and 5).
    fn failed(&mut self, name: &DnsName, error: &DnsError) -> Outcome {
        if !error.is_void() {
            return Outcome::temperror(name, error);
        }
        match self.count_void() {
            Ok(()) => Outcome::no(note!("spf-void", name = name, error = error)),
            Err(note) => Outcome::permerror(note),
        }
    }

    /// Counts a DNS-querying term; the eleventh is one too many.
    fn count_lookup(&mut self) -> Result<(), Note> {
        self.lookups = self.lookups.saturating_add(1);
        if self.lookups > MAX_LOOKUPS { Err(note!("spf-lookup-limit", limit = MAX_LOOKUPS)) } else { Ok(()) }
    }

    /// Counts a void lookup; the third is one too many.
    fn count_void(&mut self) -> Result<(), Note> {
        self.void_lookups = self.void_lookups.saturating_add(1);
        if self.void_lookups > MAX_VOID_LOOKUPS {
            Err(note!("spf-void-limit", limit = MAX_VOID_LOOKUPS))
        } else {
            Ok(())
        }
    }

    /// Whether there is room for a step that decides nothing; the first time that there is none, that is told.
    fn may_tell(&mut self, at: At<'_>) -> bool {
        let may = self.steps.len() < MAX_STEPS;
        if !may && !std::mem::replace(&mut self.is_cut, true) {
            let note = note!("spf-steps-cut", limit = MAX_STEPS);
            self.step(at, "", "ignored", note, "RFC 7208 section 11.1");
        }
        may
    }

    fn step(
        &mut self,
        at: At<'_>,
        term: impl Into<Text>,
        outcome: &'static str,
        note: Note,
        source: &'static str,
    ) {
        let spent = self.spent();
        self.steps.push(step(at, term, outcome, note, source, spent));
    }

    fn spent(&self) -> Spent {
        Spent { lookups: self.lookups, void_lookups: self.void_lookups }
    }

    /// For the step at `place`: what had been spent `before` the steps that follow it, where another record has any.
    fn spent_at(&self, place: usize, before: Spent) -> Spent {
        if self.steps.len() > place { before } else { self.spent() }
    }
}

fn step(
    at: At<'_>,
    term: impl Into<Text>,
    outcome: &'static str,
    note: Note,
    source: &'static str,
    spent: Spent,
) -> Step {
    let domain = at.domain.as_text().clone();
    Step { depth: at.depth, domain, term: term.into(), outcome, note, source, spent: Some(spent) }
}

fn is_at_or_below(name: &DnsName, ancestor: &DnsName) -> bool {
    name.as_str().strip_suffix(ancestor.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests;
