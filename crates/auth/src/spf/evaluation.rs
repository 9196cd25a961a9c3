//! `check_host()` (RFC 7208 section 4): a record applied to an address, with its limits and its steps.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use tegami_dns::{DnsError, DnsName};
use tegami_mail::{AsText as _, Note, Text, note};

use super::macros::{MacroString, Place, Values};
use super::published::Published;
use super::record::{DomainSpec, DualCidr, Mechanism, Qualifier, Record, Term, TermKind, queried};
use super::{Identity, Request, SpfResult, Verdict};
use crate::records::{Addresses, Ipv4Addresses, MxHosts, PtrNames};
use crate::step::list;
use crate::{Records, Spent, Step};

/// DNS-querying terms allowed in one evaluation (RFC 7208 section 4.6.4).
pub const MAX_LOOKUPS: u8 = 10;

/// Void lookups allowed in one evaluation (RFC 7208 section 4.6.4).
pub const MAX_VOID_LOOKUPS: u8 = 2;

/// MX hosts of one `mx`, and names of one `ptr` or `%{p}`, whose addresses are asked (RFC 7208 section 4.6.4).
pub const MAX_ADDRESS_NAMES: usize = 10;

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
    fn word(&self) -> &'static str {
        match self.matched {
            Matched::Yes => "match",
            Matched::No => "no-match",
            Matched::Stop(_) => "error",
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
            ip_text: Text::of(ip),
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
            (SpfResult::Fail, Some((domain, published))) => self.explain(&domain, &published).await,
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
                self.step(at, "TXT", "found", note, "RFC 7208 section 4.5");
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
                self.step(at, "TXT", "error", note, "RFC 7208 section 4.5");
                SpfResult::PermError.into()
            }
            Published::Other(count) => {
                let note = note!("spf-record-absent", domain = at.domain, count = count);
                self.step(at, "TXT", "none", note, "RFC 7208 section 4.5");
                SpfResult::None.into()
            }
        }
    }

    fn no_answer(&mut self, error: &DnsError, at: At<'_>) -> Found {
        if error.is_void() {
            let note = note!("spf-record-void", domain = at.domain, error = error);
            self.step(at, "TXT", "none", note, "RFC 7208 section 4.5");
            return SpfResult::None.into();
        }
        let note = note!("spf-dns-error", name = at.domain, error = error);
        self.step(at, "TXT", "error", note, "RFC 7208 section 4.4");
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
            if let Some(result) = self.directive(term, *qualifier, mechanism, at).await {
                return Found { own: true, ..result.into() };
            }
        }
        if let Some((term, target)) = record.redirect() {
            return Found { own: false, ..self.redirect(term, target, at).await };
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

    /// One directive; `None` where it does not match.
    async fn directive(
        &mut self,
        term: &Term,
        qualifier: Qualifier,
        mechanism: &Mechanism,
        at: At<'_>,
    ) -> Option<SpfResult> {
        let place = self.steps.len();
        let counted = if mechanism.asks_dns() { self.count_lookup() } else { Ok(()) };
        let before = self.spent();
        let (outcome, source) = match counted {
            Ok(()) if mechanism.domain_spec().is_some_and(|spec| self.is_beyond_names(spec)) => {
                (Outcome::no(self.beyond_names()), LOCAL_PART_RULE)
            }
            Ok(()) => (self.mechanism(term, mechanism, at).await, mechanism.source()),
            Err(note) => (Outcome::permerror(note), "RFC 7208 section 4.6.4"),
        };
        let is_miss = matches!(outcome.matched, Matched::No) && self.steps.len() == place;
        if !is_miss || self.may_tell(at) {
            let spent = self.spent_at(place, before);
            // An include stands before the steps of the record that it includes.
            self.steps.insert(place, step(at, &term.text, outcome.word(), outcome.note, source, spent));
        }
        match outcome.matched {
            Matched::Yes => Some(qualifier.result()),
            Matched::No => None,
            Matched::Stop(result) => Some(result),
        }
    }

    async fn mechanism(&mut self, term: &Term, mechanism: &Mechanism, at: At<'_>) -> Outcome {
        match mechanism {
            Mechanism::All => Outcome::yes(note!("spf-all")),
            Mechanism::Ip4(network, length) => self.network(IpAddr::V4(*network), *length, &term.network),
            Mechanism::Ip6(network, length) => self.network(IpAddr::V6(*network), *length, &term.network),
            Mechanism::Include(spec) => self.include(spec, at).await,
            Mechanism::A(spec, cidr) => self.a(spec.as_ref(), *cidr, at).await,
            Mechanism::Mx(spec, cidr) => self.mx(spec.as_ref(), *cidr, at).await,
            Mechanism::Ptr(spec) => self.ptr(spec.as_ref(), at).await,
            Mechanism::Exists(spec) => self.exists(spec, at).await,
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
        let expanded = self.expand(spec.macros(), at, MacroString::expand_name).await;
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

/// Whether the first `length` bits agree. Addresses of different families never do.
pub(super) fn in_network(ip: IpAddr, network: IpAddr, length: u8) -> bool {
    match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0);
            (ip.to_bits() ^ network.to_bits()) & mask == 0
        }
        (IpAddr::V6(ip), IpAddr::V6(network)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0);
            (ip.to_bits() ^ network.to_bits()) & mask == 0
        }
        _ => false,
    }
}

fn is_at_or_below(name: &DnsName, ancestor: &DnsName) -> bool {
    name.as_str().strip_suffix(ancestor.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use jiff::Timestamp;
    use tegami_dns::{Resolver, ZoneResolver};
    use tegami_mail::{Address, ReversePath};

    use super::super::{check_helo, check_mail_from};
    use super::*;

    fn show(verdict: &Verdict) -> String {
        let mut shown = format!(
            "{} {} {} lookups={} void={} decided by {:?}\n",
            verdict.result.as_str(),
            verdict.identity.as_str(),
            verdict.domain,
            verdict.lookups,
            verdict.void_lookups,
            verdict.mechanism(),
        );
        if let Some(text) = &verdict.explanation {
            shown.push_str(&format!("explanation: {text}\n"));
        }
        shown + &crate::step::show(&verdict.steps)
    }

    fn check(zone: &str, ip: &str, mail_from: &str, expect: &Expect) {
        let mail_from = match mail_from {
            "" => ReversePath::Null,
            text => ReversePath::Address(Address::parse(text).unwrap()),
        };
        let request = Request {
            ip: ip.parse().unwrap(),
            helo: "mail.example.org",
            mail_from: &mail_from,
            receiver: "mx.example.com",
            now: Timestamp::UNIX_EPOCH,
        };
        let resolver = ZoneResolver::from_text(zone).unwrap();
        expect.assert_eq(&show(&crate::step::block_on(check_mail_from(&request, &resolver))));
    }

    #[test]
    fn include_redirect_and_explanation() {
        let zone = "
            example.org.      TXT \"v=spf1 include:spf.example.net redirect=%{d2}.example.net\"
            spf.example.net.  TXT \"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all\"
            example.org.example.net.  TXT \"v=spf1 mx a:absent.example.net -all exp=why.example.net\"
            example.org.example.net.  MX 10 mx.example.net.
            mx.example.net.   A 198.51.100.1
            why.example.net.  TXT \"%{c} may not send for %{o}\"
        ";
        check(
            zone,
            "192.0.2.7",
            "someone@example.org",
            &expect![[r#"
            pass mailfrom example.org lookups=1 void=0 decided by Some("include:spf.example.net")
            TXT [example.org] found | spf-record-found record=v=spf1 include:spf.example.net redirect=%{d2}.example.net | RFC 7208 section 4.5
            include:spf.example.net [example.org] match | spf-include-pass target=spf.example.net | RFC 7208 section 5.2
              TXT [spf.example.net] found | spf-record-found record=v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all | RFC 7208 section 4.5
              ip4:192.0.2.0/24 [spf.example.net] match | spf-network-match ip=192.0.2.7 network=192.0.2.0/24 | RFC 7208 section 5.6
        "#]],
        );
        check(
            zone,
            "203.0.113.9",
            "someone@example.org",
            &expect![[r#"
                fail mailfrom example.org lookups=4 void=1 decided by Some("-all")
                explanation: 203.0.113.9 may not send for example.org
                TXT [example.org] found | spf-record-found record=v=spf1 include:spf.example.net redirect=%{d2}.example.net | RFC 7208 section 4.5
                include:spf.example.net [example.org] no-match | spf-include-no-pass target=spf.example.net result=fail | RFC 7208 section 5.2
                  TXT [spf.example.net] found | spf-record-found record=v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all | RFC 7208 section 4.5
                  ip4:192.0.2.0/24 [spf.example.net] no-match | spf-network-no-match ip=203.0.113.9 network=192.0.2.0/24 | RFC 7208 section 5.6
                  ip6:2001:db8::/32 [spf.example.net] no-match | spf-network-other-family ip=203.0.113.9 network=2001:db8::/32 | RFC 7208 section 5.6
                  -all [spf.example.net] match | spf-all  | RFC 7208 section 5.1
                redirect=%{d2}.example.net [example.org] fail | spf-redirect target=example.org.example.net result=fail | RFC 7208 section 6.1
                  TXT [example.org.example.net] found | spf-record-found record=v=spf1 mx a:absent.example.net -all exp=why.example.net | RFC 7208 section 4.5
                  mx [example.org.example.net] no-match | spf-mx-no-match name=example.org.example.net hosts=mx.example.net ip=203.0.113.9 addresses=198.51.100.1 | RFC 7208 section 5.4
                  a:absent.example.net [example.org.example.net] no-match | spf-void name=absent.example.net error=NXDOMAIN | RFC 7208 section 5.3
                  -all [example.org.example.net] match | spf-all  | RFC 7208 section 5.1
                exp=why.example.net [example.org.example.net] found | spf-explanation text=203.0.113.9 may not send for example.org | RFC 7208 section 6.2
            "#]],
        );
        check(
            zone,
            "::ffff:198.51.100.1",
            "someone@example.org",
            &expect![[r#"
                pass mailfrom example.org lookups=3 void=0 decided by Some("mx")
                TXT [example.org] found | spf-record-found record=v=spf1 include:spf.example.net redirect=%{d2}.example.net | RFC 7208 section 4.5
                include:spf.example.net [example.org] no-match | spf-include-no-pass target=spf.example.net result=fail | RFC 7208 section 5.2
                  TXT [spf.example.net] found | spf-record-found record=v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all | RFC 7208 section 4.5
                  ip4:192.0.2.0/24 [spf.example.net] no-match | spf-network-no-match ip=198.51.100.1 network=192.0.2.0/24 | RFC 7208 section 5.6
                  ip6:2001:db8::/32 [spf.example.net] no-match | spf-network-other-family ip=198.51.100.1 network=2001:db8::/32 | RFC 7208 section 5.6
                  -all [spf.example.net] match | spf-all  | RFC 7208 section 5.1
                redirect=%{d2}.example.net [example.org] pass | spf-redirect target=example.org.example.net result=pass | RFC 7208 section 6.1
                  TXT [example.org.example.net] found | spf-record-found record=v=spf1 mx a:absent.example.net -all exp=why.example.net | RFC 7208 section 4.5
                  mx [example.org.example.net] match | spf-mx-match name=example.org.example.net host=mx.example.net ip=198.51.100.1 network=198.51.100.1/32 | RFC 7208 section 5.4
            "#]],
        );
    }

    #[test]
    fn failures_of_the_dns() {
        let zone = "
            example.org.      TXT \"v=spf1 a:broken.example.net -all\"
            mail.example.org. TXT \"v=spf1 ptr exists:%{i}.example.net -all\"
            $SERVFAIL broken.example.net
            $BOGUS example.net TXT
            $TIMEOUT 7.2.0.192.in-addr.arpa
        ";
        check(
            zone,
            "192.0.2.7",
            "someone@example.org",
            &expect![[r#"
            temperror mailfrom example.org lookups=1 void=0 decided by None
            TXT [example.org] found | spf-record-found record=v=spf1 a:broken.example.net -all | RFC 7208 section 4.5
            a:broken.example.net [example.org] error | spf-dns-error name=broken.example.net error=SERVFAIL | RFC 7208 section 5.3
        "#]],
        );
        check(
            zone,
            "192.0.2.7",
            "someone@example.net",
            &expect![[r#"
            temperror mailfrom example.net lookups=0 void=0 decided by None
            TXT [example.net] error | spf-dns-error name=example.net error=bogus (DNSSEC validation failed) | RFC 7208 section 4.4
        "#]],
        );
        check(
            zone,
            "192.0.2.7",
            "",
            &expect![[r#"
            fail mailfrom mail.example.org lookups=2 void=1 decided by Some("-all")
            TXT [mail.example.org] found | spf-record-found record=v=spf1 ptr exists:%{i}.example.net -all | RFC 7208 section 4.5
            ptr [mail.example.org] no-match | spf-ptr-void ip=192.0.2.7 error=timeout | RFC 7208 section 5.5
            exists:%{i}.example.net [mail.example.org] no-match | spf-void name=192.0.2.7.example.net error=NXDOMAIN | RFC 7208 section 5.7
            -all [mail.example.org] match | spf-all  | RFC 7208 section 5.1
        "#]],
        );
    }

    #[test]
    fn broken_records() {
        let zone = "
            example.org. TXT \"v=spf1 ip4:192.0.2.1 a:192.0.2.7 -all\"
            example.net. TXT \"v=spf1 -all\"
            example.net. TXT \"v=spf1 mx -all\"
            example.com. TXT \"v=spf1 a a a a a a a a a a a -all\"
            example.com. A 198.51.100.1
        ";
        check(
            zone,
            "192.0.2.1",
            "someone@example.org",
            &expect![[r#"
            permerror mailfrom example.org lookups=0 void=0 decided by None
            a:192.0.2.7 [example.org] error | spf-syntax-address-as-domain column=24 term=a:192.0.2.7 | RFC 7208 section 4.6
        "#]],
        );
        check(
            zone,
            "192.0.2.1",
            "someone@example.net",
            &expect![[r#"
            permerror mailfrom example.net lookups=0 void=0 decided by None
            TXT [example.net] error | spf-record-multiple domain=example.net count=2 | RFC 7208 section 4.5
        "#]],
        );
        check(
            zone,
            "192.0.2.1",
            "someone@example.com",
            &expect![[r#"
            permerror mailfrom example.com lookups=11 void=0 decided by None
            TXT [example.com] found | spf-record-found record=v=spf1 a a a a a a a a a a a -all | RFC 7208 section 4.5
            a [example.com] no-match | spf-address-no-match name=example.com ip=192.0.2.1 addresses=198.51.100.1 | RFC 7208 section 5.3
            a [example.com] no-match | spf-address-no-match name=example.com ip=192.0.2.1 addresses=198.51.100.1 | RFC 7208 section 5.3
            a [example.com] no-match | spf-address-no-match name=example.com ip=192.0.2.1 addresses=198.51.100.1 | RFC 7208 section 5.3
            a [example.com] no-match | spf-address-no-match name=example.com ip=192.0.2.1 addresses=198.51.100.1 | RFC 7208 section 5.3
            a [example.com] no-match | spf-address-no-match name=example.com ip=192.0.2.1 addresses=198.51.100.1 | RFC 7208 section 5.3
            a [example.com] no-match | spf-address-no-match name=example.com ip=192.0.2.1 addresses=198.51.100.1 | RFC 7208 section 5.3
            a [example.com] no-match | spf-address-no-match name=example.com ip=192.0.2.1 addresses=198.51.100.1 | RFC 7208 section 5.3
            a [example.com] no-match | spf-address-no-match name=example.com ip=192.0.2.1 addresses=198.51.100.1 | RFC 7208 section 5.3
            a [example.com] no-match | spf-address-no-match name=example.com ip=192.0.2.1 addresses=198.51.100.1 | RFC 7208 section 5.3
            a [example.com] no-match | spf-address-no-match name=example.com ip=192.0.2.1 addresses=198.51.100.1 | RFC 7208 section 5.3
            a [example.com] error | spf-lookup-limit limit=10 | RFC 7208 section 4.6.4
        "#]],
        );
        check(
            zone,
            "192.0.2.1",
            "someone@[192.0.2.1]",
            &expect![[r#"
            none mailfrom [192.0.2.1] lookups=0 void=0 decided by None
            [192.0.2.1] [[192.0.2.1]] none | spf-domain-malformed domain=[192.0.2.1] | RFC 7208 section 4.3
        "#]],
        );
    }

    #[test]
    fn helo_is_an_identity_of_its_own() {
        let mail_from = ReversePath::Address(Address::parse("a@example.net").unwrap());
        let request = Request {
            ip: "192.0.2.1".parse().unwrap(),
            helo: "mail.example.org",
            mail_from: &mail_from,
            receiver: "mx.example.com",
            now: Timestamp::UNIX_EPOCH,
        };
        let zone = "mail.example.org. TXT \"v=spf1 exists:%{l}.%{h} -all\"\npostmaster.mail.example.org. A 127.0.0.2";
        let resolver = ZoneResolver::from_text(zone).unwrap();
        expect![[r#"
            pass helo mail.example.org lookups=1 void=0 decided by Some("exists:%{l}.%{h}")
            TXT [mail.example.org] found | spf-record-found record=v=spf1 exists:%{l}.%{h} -all | RFC 7208 section 4.5
            exists:%{l}.%{h} [mail.example.org] match | spf-exists-match name=postmaster.mail.example.org addresses=127.0.0.2 | RFC 7208 section 5.7
        "#]].assert_eq(&show(&crate::step::block_on(check_helo(&request, &resolver))));
    }

    /// Has every record that is asked for, at every name.
    struct Everywhere {
        text: Vec<u8>,
    }

    impl Resolver for Everywhere {
        fn lookup<'a>(
            &'a self,
            name: &'a DnsName,
            kind: tegami_dns::RecordType,
        ) -> tegami_dns::BoxFuture<'a, Result<tegami_dns::Answer, DnsError>> {
            use tegami_dns::{Answer, Data, MxHost, Record, RecordType, Security};
            let data = match kind {
                RecordType::Txt => Data::Txt(self.text.clone().into()),
                RecordType::A => Data::A([198, 51, 100, 1].into()),
                RecordType::Mx => Data::Mx(MxHost { preference: 10, exchange: name.clone() }),
                RecordType::Ptr => Data::Ptr(name.clone()),
                _ => return Box::pin(std::future::ready(Err(DnsError::NoData))),
            };
            let record = Record { name: name.clone(), ttl: std::time::Duration::ZERO, data };
            let answer = Answer { records: vec![record], aliases: Vec::new(), security: Security::Insecure };
            Box::pin(std::future::ready(Ok(answer)))
        }
    }

    proptest::proptest! {
        #[test]
        fn every_record_comes_to_an_end(
            terms in "( [-~?]?(a|mx|ptr|include:|redirect=|exists:|exp=|x=)(:?(%[{][sldipvhR][1-9]?r?[-.]?[}]|[a-z]{1,3}){1,4}[.]org)?(//?[0-9]{1,2})?){0,14}",
            helo in ".{0,20}",
        ) {
            let resolver = Everywhere { text: format!("v=spf1{terms}").into_bytes() };
            let mail_from = ReversePath::Address(Address::parse("\"a b\"@example.org").unwrap());
            let (ip, now) = ("192.0.2.1".parse().unwrap(), Timestamp::UNIX_EPOCH);
            let request = Request { ip, helo: &helo, mail_from: &mail_from, receiver: "mx.example.com", now };
            let found = crate::step::block_on(check_mail_from(&request, &resolver));
            proptest::prop_assert!(!found.steps.is_empty());
            proptest::prop_assert!(found.lookups <= MAX_LOOKUPS + 1);
        }
    }

    #[test]
    fn prefixes() {
        let within = |ip: &str, network: &str, length| {
            in_network(ip.parse().unwrap(), network.parse().unwrap(), length)
        };
        assert!(within("192.0.2.1", "198.51.100.1", 0));
        assert!(within("192.0.2.1", "192.0.2.254", 24));
        assert!(!within("192.0.2.1", "192.0.2.2", 32));
        assert!(within("2001:db8::1", "::", 0));
        assert!(within("2001:db8::1", "2001:db8::ffff", 112));
        assert!(!within("2001:db8::1", "2001:db8::2", 128));
        assert!(!within("192.0.2.1", "::", 0));
    }
}
