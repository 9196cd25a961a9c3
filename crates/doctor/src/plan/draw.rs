//! What is wanted laid over what is published.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tegami_auth::spf::survey::Cost;
use tegami_dns::{Answer, Data, DnsError, DnsName, Overlay, RecordType, Resolver, Security};
use tegami_mail::{Domain, Note, note};

use super::want::{self, Receive, Want, Wishes};
use super::{By, Plan, Planned, Purpose, contains, dmarc, spf, text};

/// What is published of one type at one name.
#[derive(Clone, Debug)]
pub(super) struct Published {
    /// The records; where the name is an alias, those that it leads to.
    data: Result<Vec<Data>, DnsError>,
    ttl: Option<Duration>,
    /// The name is an alias of this one.
    alias: Option<DnsName>,
}

/// Draws the plan for a domain. `resolver` tells what is published; where only it is asked, answers that it keeps count until their TTL ends.
pub async fn draw(wishes: &Wishes, resolver: &Arc<dyn Resolver>, now: Timestamp) -> Plan {
    let mut drawing = Drawing { wishes, resolver, now, sets: Vec::new(), notes: Vec::new(), spf: None };
    let wants = want::want(wishes);
    let asked = join_all(wants.iter().map(|want| published(want, resolver.as_ref()))).await;
    for (want, there) in wants.into_iter().zip(asked) {
        if drawing.is_wanted(&want, &there).await {
            drawing.lay(want, there).await;
        }
    }
    drawing.services();
    let Drawing { sets, notes, spf, .. } = drawing;
    let policy = wishes.policy().filter(|_| wishes.receives_here());
    Plan { domain: wishes.domain.clone(), sets, notes, spf, policy }
}

async fn published(want: &Want, resolver: &dyn Resolver) -> Published {
    let of = |answer: Answer| Published {
        ttl: Some(answer.ttl()).filter(|_| answer.aliases.is_empty()),
        alias: if answer.aliases.is_empty() { None } else { Some(want.name.clone()) },
        data: Ok(answer.records.into_iter().map(|record| record.data).collect()),
    };
    let found = match resolver.lookup(&want.name, want.kind).await {
        Ok(answer) => of(answer),
        Err(error) if error.is_void() => Published { data: Ok(Vec::new()), ttl: None, alias: None },
        Err(error) => return Published { data: Err(error), ttl: None, alias: None },
    };
    if want.kind == RecordType::Cname {
        return found;
    }
    // An alias may lead to nothing, too.
    let asks = found.alias.is_some() || found.data.as_ref().is_ok_and(Vec::is_empty);
    let alias = if asks { resolver.lookup(&want.name, RecordType::Cname).await.ok() } else { None };
    let target =
        alias.and_then(|answer| answer.records.into_iter().next()).and_then(|record| match record.data {
            Data::Cname(target) => Some(target),
            _ => None,
        });
    Published { alias: target, ..found }
}

struct Drawing<'w> {
    wishes: &'w Wishes,
    resolver: &'w Arc<dyn Resolver>,
    now: Timestamp,
    sets: Vec<Planned>,
    notes: Vec<Note>,
    spf: Option<Cost>,
}

impl Drawing<'_> {
    /// Whether a want is one here: some depend on what is published.
    async fn is_wanted(&mut self, want: &Want, there: &Published) -> bool {
        match want.purpose {
            // RFC 7672 section 2.2: without DNSSEC, TLSA records mean nothing.
            Purpose::Tlsa => self.wishes.signed || self.is_signed().await,
            Purpose::StsHost | Purpose::Links | Purpose::ServiceKey if want.kind == RecordType::Cname => {
                !self.leads_elsewhere(want, there).await
            }
            _ => true,
        }
    }

    async fn is_signed(&mut self) -> bool {
        let Some(server) = &self.wishes.server else { return false };
        let name = DnsName::from(&server.hostname);
        let answers = [
            self.resolver.lookup(&name, RecordType::A).await,
            self.resolver.lookup(&name, RecordType::Aaaa).await,
        ];
        let signed = answers.iter().flatten().any(|answer| answer.security == Security::Secure);
        if !signed {
            self.notes.push(note!("plan-tlsa-unsigned", host = server.hostname));
        }
        signed
    }

    /// A name that has addresses of its own leads where its owner wants it: to a proxy before this server, or to another service.
    async fn leads_elsewhere(&mut self, want: &Want, there: &Published) -> bool {
        if there.data.as_ref().is_ok_and(|data| !data.is_empty()) {
            return false;
        }
        let mut found = Vec::new();
        for kind in [RecordType::A, RecordType::Aaaa] {
            if let Ok(answer) = self.resolver.lookup(&want.name, kind).await {
                found.extend(answer.records.into_iter().map(|record| record.data.to_string()));
            }
        }
        if found.is_empty() {
            // RFC 1034 section 3.6.2: no alias beside other data.
            for kind in [RecordType::Txt, RecordType::Mx] {
                if self.resolver.lookup(&want.name, kind).await.is_ok() {
                    self.notes.push(note!("plan-alias-blocked", name = want.name, kind = kind));
                    return true;
                }
            }
        }
        let own = self.wishes.server.iter().flat_map(|server| &server.addresses);
        let own: Vec<String> = own.map(|(_, ip)| ip.to_string()).collect();
        if !found.is_empty() && !found.iter().all(|ip| own.contains(ip)) {
            self.notes.push(note!("plan-leads-elsewhere", name = want.name, addresses = found.join(", ")));
        }
        !found.is_empty()
    }

    /// Lays one want over what is there.
    async fn lay(&mut self, want: Want, there: Published) {
        let known = self.sets.iter().position(|set| set.name == want.name && set.kind == want.kind);
        let current = match known.and_then(|at| self.sets.get(at)) {
            Some(set) => Ok(set.after.clone()),
            None => there.data.clone(),
        };
        let after = match &current {
            Ok(data) => self.merge(&want, data).await,
            Err(error) => {
                self.notes.push(note!("plan-unknown", name = want.name, kind = want.kind, error = error));
                want.data.clone()
            }
        };
        let Some(after) = after_alias(&want, &there, after) else { return };
        if let Some(set) = known.and_then(|at| self.sets.get_mut(at)) {
            set.after = after;
            if !set.purposes.contains(&want.purpose) {
                set.purposes.push(want.purpose);
            }
            return;
        }
        let leaves = there.alias.is_some() && want.kind != RecordType::Cname;
        let before = if leaves { current.map(|_| Vec::new()) } else { current };
        let by = by(&want, self.wishes);
        if let (Some(alias), true) = (there.alias, leaves) {
            // RFC 1034 section 3.6.2: no other data beside an alias.
            self.notes.push(note!("plan-alias-goes", name = want.name, target = alias));
            let (before, purposes) = (Some(vec![Data::Cname(alias)]), vec![want.purpose]);
            let (name, kind, by) = (want.name.clone(), RecordType::Cname, by.clone());
            self.sets.push(Planned {
                name,
                kind,
                purposes,
                before,
                after: Vec::new(),
                ttl: self.wishes.ttl,
                by,
            });
        }
        let ttl =
            there.ttl.filter(|ttl| !ttl.is_zero() && before.as_ref().is_ok_and(|data| !data.is_empty()));
        self.sets.push(Planned {
            name: want.name,
            kind: want.kind,
            purposes: vec![want.purpose],
            before: before.ok(),
            after,
            ttl: ttl.unwrap_or(self.wishes.ttl),
            by,
        });
    }

    async fn merge(&mut self, want: &Want, there: &[Data]) -> Vec<Data> {
        let first = want.data.first();
        match (want.purpose, first) {
            (Purpose::Spf | Purpose::HostSpf | Purpose::BounceSpf, Some(fresh)) => {
                self.spf(want, fresh, there).await
            }
            (Purpose::Dmarc, Some(fresh)) => self.dmarc(fresh, there).await,
            (Purpose::Reports, Some(wanted)) => {
                let agrees = there.iter().any(|data| dmarc::dmarc_text(data).is_some());
                if agrees { there.to_vec() } else { beside(there, std::slice::from_ref(wanted)) }
            }
            (Purpose::Key | Purpose::SpareKey | Purpose::OldKey, Some(wanted)) => text::key(there, wanted),
            (Purpose::Sts, Some(wanted)) => text::sts(there, wanted),
            (Purpose::TlsReports, Some(wanted)) => {
                let (after, notes) = text::tls_reports(there, wanted, self.wishes);
                self.notes.extend(notes);
                after
            }
            (Purpose::Mail, _) => self.mail(want, there),
            // A key that nobody shows any more does no harm, and one that will be shown next must be there before.
            (Purpose::Host, _) if want.kind != RecordType::Ptr => self.extra(want, there),
            (Purpose::Tlsa, _) => self.extra(want, there),
            (Purpose::Wished, _) if want.kind != RecordType::Cname => beside(there, &want.data),
            (Purpose::Bounces, _) if want.data.iter().all(|host| names(there, host)) => there.to_vec(),
            _ => exactly(there, &want.data),
        }
    }

    /// What is wanted, beside what is there; what is there for no reason that we know is told.
    fn extra(&mut self, want: &Want, there: &[Data]) -> Vec<Data> {
        let others = there.iter().filter(|data| !contains(&want.data, data));
        // Several addresses of one name are several wants.
        let addresses = self.wishes.server.iter().flat_map(|server| &server.addresses);
        let own: Vec<IpAddr> = addresses.map(|(_, ip)| *ip).collect();
        let strange = others.filter(|data| match data {
            Data::A(ip) => !own.contains(&IpAddr::V4(*ip)),
            Data::Aaaa(ip) => !own.contains(&IpAddr::V6(*ip)),
            _ => true,
        });
        for data in strange {
            let note = match want.purpose {
                Purpose::Tlsa => note!("plan-tlsa-extra", name = want.name, record = data),
                _ => note!("plan-address-extra", name = want.name, record = data),
            };
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        beside(there, &want.data)
    }

    fn mail(&mut self, want: &Want, there: &[Data]) -> Vec<Data> {
        let named = want.data.iter().all(|host| names(there, host));
        if named && (self.wishes.receive == Receive::Usual || there.len() == want.data.len()) {
            return there.to_vec();
        }
        let hosts = there.iter().filter(|host| !names(&want.data, host)).map(ToString::to_string);
        let hosts: Vec<String> = hosts.collect();
        if !hosts.is_empty() {
            let note = note!("plan-mail-moves", domain = want.name, hosts = hosts.join(", "));
            self.notes.push(note);
        }
        want.data.clone()
    }

    async fn spf(&mut self, want: &Want, fresh: &Data, there: &[Data]) -> Vec<Data> {
        let wishes = self.wishes;
        let addresses = wishes.server.as_ref().map_or(&[][..], |server| server.addresses.as_slice());
        let fresh = String::from_utf8_lossy(text::text_of(fresh).unwrap_or_default()).into_owned();
        let (terms, sources, end) = match want.purpose {
            Purpose::HostSpf => {
                let of = |(name, ip): &(Domain, IpAddr)| (DnsName::from(name) == want.name).then_some(*ip);
                let ips = addresses.iter().filter_map(of).collect();
                (vec!["a".to_owned()], vec![("a".to_owned(), ips)], None)
            }
            Purpose::BounceSpf => {
                let sources = spf::of_hosts(&wishes.hosts(), addresses);
                (sources.iter().map(|(term, _)| term.clone()).collect(), sources, None)
            }
            _ => (want::spf_terms(wishes), spf::of_hosts(&wishes.hosts(), addresses), wishes.spf_end),
        };
        let wanted = spf::Wanted { fresh, terms, sources, end };
        let world = spf::World { resolver: &self.planned(), now: self.now };
        let merged = spf::merge(&want.name, there, &wanted, &world).await;
        self.notes.extend(merged.notes);
        if want.purpose == Purpose::Spf {
            self.spf = merged.cost;
        }
        match merged.text {
            Some(text) => {
                let is_one = |text: &[u8]| spf::spf_text(&Data::Txt(text.to_vec().into())).is_some();
                let only: Vec<&[u8]> = there.iter().filter_map(spf::spf_text).collect();
                if only == [text.as_bytes()] {
                    there.to_vec()
                } else {
                    text::instead(there, is_one, &want::txt(&text))
                }
            }
            None => there.to_vec(),
        }
    }

    /// The DNS as it will be: `mx` and `a` mean the hosts of the plan.
    fn planned(&self) -> Arc<dyn Resolver> {
        let mut overlay = Overlay::new(Arc::clone(self.resolver));
        for set in self.sets.iter().filter(|set| set.before.is_some()) {
            overlay.set(set.name.clone(), set.kind, set.after.clone());
        }
        Arc::new(overlay)
    }

    async fn dmarc(&mut self, fresh: &Data, there: &[Data]) -> Vec<Data> {
        let fresh = String::from_utf8_lossy(text::text_of(fresh).unwrap_or_default()).into_owned();
        let merged = dmarc::merge(there, &fresh, self.wishes, self.resolver.as_ref()).await;
        self.notes.extend(merged.notes);
        match merged.text {
            Some(text) => {
                let is_one = |text: &[u8]| tegami_auth::dmarc::Record::begins(text);
                let only: Vec<&[u8]> = there.iter().filter_map(dmarc::dmarc_text).collect();
                if only == [text.as_bytes()] {
                    there.to_vec()
                } else {
                    text::instead(there, is_one, &want::txt(&text))
                }
            }
            None => there.to_vec(),
        }
    }

    /// What providers show in their consoles alone.
    fn services(&mut self) {
        for chosen in self.wishes.services.iter().filter(|chosen| chosen.service.shows_keys) {
            self.notes.push(note!("plan-service-keys", provider = chosen.service.title));
        }
    }
}

/// The records at a name that is an alias: `None` where what it leads to will do.
fn after_alias(want: &Want, there: &Published, after: Vec<Data>) -> Option<Vec<Data>> {
    let (Some(_), Ok(data)) = (&there.alias, &there.data) else { return Some(after) };
    let will_do = want.kind != RecordType::Cname && super::same(data, &after);
    if will_do {
        return None;
    }
    // What others publish behind the alias is not ours to copy.
    let own = |data: &Data| contains(&want.data, data);
    Some(if want.kind == RecordType::Cname { after } else { after.into_iter().filter(own).collect() })
}

fn by(want: &Want, wishes: &Wishes) -> By {
    match (want.purpose, want.kind) {
        (_, RecordType::Ptr) => By::Provider,
        (Purpose::Reports, _) => {
            let reports = wishes.dmarc_reports.as_deref().unwrap_or_default();
            dmarc::other_domain(wishes, reports).map_or(By::Owner, By::Other)
        }
        _ => By::Owner,
    }
}

/// Whether MX records name a host, with whatever preference.
fn names(there: &[Data], host: &Data) -> bool {
    let Data::Mx(host) = host else { return false };
    there.iter().any(|data| matches!(data, Data::Mx(other) if other.exchange == host.exchange))
}

fn beside(there: &[Data], wanted: &[Data]) -> Vec<Data> {
    let mut all = there.to_vec();
    for data in wanted {
        if !contains(&all, data) {
            all.push(data.clone());
        }
    }
    all
}

/// Those that are wanted, in the form in which they are there.
fn exactly(there: &[Data], wanted: &[Data]) -> Vec<Data> {
    if super::same(there, wanted) { there.to_vec() } else { wanted.to_vec() }
}
