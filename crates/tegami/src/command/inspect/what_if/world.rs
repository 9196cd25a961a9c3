//! A world that can be changed: the DNS, the content, and how the message comes.

use std::sync::Arc;

use tegami_auth::dkim::{self, PrivateKey, Selector, Signer};
use tegami_auth::{dmarc, spf};
use tegami_dns::{Data, DnsError, DnsName, Overlay, Record, RecordType, Resolver, TxtData};
use tegami_mail::{Domain, HeaderField, ReversePath, header, note};

use super::super::circumstances::{Circumstances, Known, Source};
use super::change::Change;
use super::{Failure, Findings, Told};

/// The selector of signatures that nobody has made yet.
const SELECTOR: &str = "what-if";

/// A message and the world that it comes into.
pub(super) struct World {
    pub(super) resolver: Overlay,
    pub(super) content: Vec<u8>,
    pub(super) at: Circumstances,
    /// The Author Domain; empty where there is none.
    author: String,
}

impl World {
    /// The world as it was found.
    pub(super) fn new(found: &Findings, content: &[u8], resolver: Arc<dyn Resolver>) -> Self {
        Self {
            resolver: Overlay::new(resolver),
            content: content.to_vec(),
            at: found.circumstances.clone(),
            author: found.verdicts.dmarc.author_domain.to_string(),
        }
    }

    /// Makes one change.
    pub(super) async fn make(&mut self, change: &Change) -> Result<Told, Failure> {
        Ok(match change {
            Change::SpfRecord(record) => self.replace_spf(|_| Some(record.clone())).await,
            Change::SpfTerm(term) => self.edit_spf(|record| with_term(record, term)).await,
            Change::SpfAll(qualifier) => self.edit_spf(|record| with_all(record, *qualifier)).await,
            Change::SpfRemove => self.edit_spf(|_| None).await,
            Change::DkimAdd(domain) => self.sign(domain),
            Change::DkimRemove(domain) => self.remove_signatures(domain.as_ref()),
            Change::DmarcRecord(record) => self.publish_dmarc(record).await,
            Change::DmarcTag(name, value) => self.set_dmarc_tag(name, value).await,
            Change::DmarcRemove => self.remove_dmarc().await,
            Change::Ip(ip) => {
                self.at.ip = given(*ip);
                Told::Made(note!("cli-whatif-ip", ip = ip))
            }
            Change::Helo(helo) => {
                self.at.helo = given(helo.clone());
                Told::Made(note!("cli-whatif-helo", helo = helo))
            }
            Change::MailFrom(path) => {
                self.at.mail_from = given(path.clone());
                Told::Made(note!("cli-whatif-mail-from", path = format!("<{path}>")))
            }
            Change::Forward(via, srs) => self.forward(via, *srs).await?,
            Change::List(via) => self.list(via.as_ref()).await?,
        })
    }

    /// The domain that SPF of MAIL FROM asks: of the reverse-path, or of HELO where that is null (RFC 7208 section 2.4).
    fn spf_domain(&self) -> Option<Domain> {
        match &self.at.mail_from.value {
            ReversePath::Address(address) => address.domain().cloned(),
            ReversePath::Null => Domain::parse(&self.at.helo.value).ok(),
        }
    }

    /// Changes the one SPF record that is there.
    async fn edit_spf(&mut self, edit: impl FnOnce(&str) -> Option<String>) -> Told {
        let Some((domain, name)) =
            self.spf_domain().and_then(|domain| Some((domain.clone(), named(&domain)?)))
        else {
            return Told::Nothing(note!("cli-whatif-spf-no-domain"));
        };
        match self.texts(&name, spf::Record::is_spf).await {
            Err(error) => Told::Nothing(note!("cli-whatif-dns-error", name = name, error = error)),
            Ok((records, _)) if records.is_empty() => {
                Told::Nothing(note!("cli-whatif-spf-no-record", domain = domain))
            }
            Ok((records, _)) if records.len() > 1 => {
                let count = records.len();
                Told::Nothing(note!("cli-whatif-spf-several", domain = domain, count = count))
            }
            Ok((records, _)) => {
                let text = records.first().map(|record| String::from_utf8_lossy(record).into_owned());
                self.replace_spf(|_| edit(text.as_deref().unwrap_or_default())).await
            }
        }
    }

    /// Puts one record, or none, in the place of all SPF records.
    async fn replace_spf(&mut self, edit: impl FnOnce(&str) -> Option<String>) -> Told {
        let Some((domain, name)) =
            self.spf_domain().and_then(|domain| Some((domain.clone(), named(&domain)?)))
        else {
            return Told::Nothing(note!("cli-whatif-spf-no-domain"));
        };
        let (_, others) = self.texts(&name, spf::Record::is_spf).await.unwrap_or_default();
        let record = edit("");
        self.publish(name, others, record.as_deref());
        Told::Made(match record {
            Some(record) => note!("cli-whatif-spf-record", domain = domain, record = record),
            None => note!("cli-whatif-spf-removed", domain = domain),
        })
    }

    async fn publish_dmarc(&mut self, record: &str) -> Told {
        let Some((domain, name)) = dmarc_name(&self.author) else {
            return Told::Nothing(note!("cli-whatif-no-author"));
        };
        let (_, others) = self.texts(&name, is_dmarc).await.unwrap_or_default();
        self.publish(name, others, Some(record));
        Told::Made(note!("cli-whatif-dmarc-record", domain = domain, record = record))
    }

    /// Changes the record that applies. Where there is none, a policy makes one; another tag has nothing to stand in.
    async fn set_dmarc_tag(&mut self, tag: &str, value: &str) -> Told {
        let Some((author, _)) = dmarc_name(&self.author) else {
            return Told::Nothing(note!("cli-whatif-no-author"));
        };
        let found = dmarc::discover(&author, &self.resolver).await;
        let (Some(record), Some(domain)) = (found.record().cloned(), found.policy_domain().cloned()) else {
            if found.temp_error {
                return Told::Nothing(note!("cli-whatif-dmarc-unknown", domain = author));
            }
            if tag == "p" {
                return self.publish_dmarc(&format!("v=DMARC1; p={value}")).await;
            }
            return Told::Nothing(note!("cli-whatif-dmarc-no-record", domain = author));
        };
        let Some((_, name)) = dmarc_name(domain.as_str()) else {
            return Told::Nothing(note!("cli-whatif-no-author"));
        };
        let text = with_tag(&record.text, tag, value);
        let (_, others) = self.texts(&name, is_dmarc).await.unwrap_or_default();
        self.publish(name, others, Some(&text));
        // For a subdomain `sp` comes before `p` (RFC 9989 section 4.10.1).
        if tag == "p" && domain != author && record.sp.is_some() {
            return Told::Made(note!("cli-whatif-dmarc-sp", domain = domain, record = text, author = author));
        }
        Told::Made(note!("cli-whatif-dmarc-record", domain = domain, record = text))
    }

    async fn remove_dmarc(&mut self) -> Told {
        let Some((author, _)) = dmarc_name(&self.author) else {
            return Told::Nothing(note!("cli-whatif-no-author"));
        };
        let found = dmarc::discover(&author, &self.resolver).await;
        let Some((domain, name)) = found.policy_domain().and_then(|domain| dmarc_name(domain.as_str()))
        else {
            return Told::Nothing(note!("cli-whatif-dmarc-no-record", domain = author));
        };
        let (_, others) = self.texts(&name, is_dmarc).await.unwrap_or_default();
        self.publish(name, others, None);
        Told::Made(note!("cli-whatif-dmarc-removed", domain = domain))
    }

    /// Signs the content as it now is, with a key that is made for it and published in this world alone.
    fn sign(&mut self, domain: &Domain) -> Told {
        let cannot = |reason: &dyn std::fmt::Display| {
            Told::Nothing(note!("cli-whatif-dkim-cannot", domain = domain, reason = reason))
        };
        let key = match PrivateKey::generate_rsa_2048() {
            Ok(key) => Arc::new(key),
            Err(error) => return cannot(&error),
        };
        let Ok(selector) = Selector::parse(SELECTOR) else { return cannot(&SELECTOR) };
        let Ok(name) = DnsName::parse(&dkim::record_name(&selector, domain)) else { return cannot(&domain) };
        let record = Data::Txt(key.dns_record().into_bytes().into());
        let signer = Signer::new(domain.clone(), selector, key);
        match dkim::sign(&self.content, &[signer], self.at.now) {
            Ok(signature) => self.content = header::prepend(&self.content, &[signature]),
            Err(error) => return cannot(&error),
        }
        self.resolver.set(name.clone(), RecordType::Txt, vec![record]);
        Told::Made(note!("cli-whatif-dkim-added", domain = domain, name = name))
    }

    fn remove_signatures(&mut self, domain: Option<&Domain>) -> Told {
        let mut count = 0_usize;
        let content = header::without(&self.content, |field| {
            let gone = field.is("DKIM-Signature")
                && domain.is_none_or(|domain| signing_domain(field).as_ref() == Some(domain));
            count += usize::from(gone);
            gone
        });
        self.content = content;
        match (count, domain) {
            (0, Some(domain)) => Told::Nothing(note!("cli-whatif-dkim-not-by", domain = domain)),
            (0, None) => Told::Nothing(note!("cli-whatif-dkim-none")),
            _ => Told::Made(note!("cli-whatif-dkim-removed", count = count)),
        }
    }

    /// The TXT records at a name: those that are meant, and the others.
    async fn texts(
        &self,
        name: &DnsName,
        meant: impl Fn(&[u8]) -> bool,
    ) -> Result<(Vec<TxtData>, Vec<TxtData>), DnsError> {
        let text = |record: Record| if let Data::Txt(text) = record.data { Some(text) } else { None };
        match self.resolver.lookup(name, RecordType::Txt).await {
            Ok(answer) => Ok(answer.records.into_iter().filter_map(text).partition(|text| meant(text))),
            Err(error) if error.is_void() => Ok(Default::default()),
            Err(error) => Err(error),
        }
    }

    fn publish(&mut self, name: DnsName, others: Vec<TxtData>, record: Option<&str>) {
        let record = record.map(|record| TxtData::from(record.as_bytes().to_vec()));
        let data = others.into_iter().chain(record).map(Data::Txt).collect();
        self.resolver.set(name, RecordType::Txt, data);
    }
}

/// What is assumed counts as given.
pub(super) fn given<T>(value: T) -> Known<T> {
    Known { value, source: Source::Given }
}

pub(super) fn named(domain: &Domain) -> Option<DnsName> {
    DnsName::parse(domain.as_str()).ok()
}

fn dmarc_name(domain: &str) -> Option<(Domain, DnsName)> {
    let domain = Domain::parse(domain).ok()?;
    let name = named(&domain)?.prepend("_dmarc").ok()?;
    Some((domain, name))
}

fn is_dmarc(text: &[u8]) -> bool {
    dmarc::Record::parse(text).is_some()
}

/// `d=` of a signature (RFC 6376 section 3.5).
fn signing_domain(field: &HeaderField<'_>) -> Option<Domain> {
    let text = field.text();
    let mut tags = text.split(';').filter_map(|tag| tag.split_once('='));
    let (_, domain) = tags.find(|(name, _)| name.trim() == "d")?;
    Domain::parse(domain.trim()).ok()
}

/// The record with one more term before `all`, or before `redirect=`, or at its end.
fn with_term(record: &str, term: &str) -> Option<String> {
    let words: Vec<&str> = record.split(' ').filter(|word| !word.is_empty()).collect();
    let ends = |word: &&str| is_all(word) || starts(word, "redirect=");
    let place = words.iter().position(ends).unwrap_or(words.len());
    let (head, tail) = words.split_at_checked(place)?;
    Some([head, &[term], tail].concat().join(" "))
}

/// The record with `all` under another qualifier; where it has none, it gets one at its end, and `redirect=` goes, which
/// `all` outdoes (RFC 7208 section 5.1).
fn with_all(record: &str, qualifier: char) -> Option<String> {
    let all = format!("{qualifier}all");
    let mut words: Vec<&str> =
        record.split(' ').filter(|word| !word.is_empty() && !starts(word, "redirect=")).collect();
    match words.iter_mut().find(|word| is_all(word)) {
        Some(word) => *word = &all,
        None => words.push(&all),
    }
    Some(words.join(" "))
}

fn is_all(word: &str) -> bool {
    word.trim_start_matches(['+', '-', '~', '?']).eq_ignore_ascii_case("all")
}

fn starts(word: &str, prefix: &str) -> bool {
    word.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// The record with one tag set: in its place where it has one, `p` after the version, others at the end.
fn with_tag(record: &str, name: &str, value: &str) -> String {
    let element = format!("{name}={value}");
    let is_it = |one: &str| one.split_once('=').is_some_and(|(tag, _)| tag.trim().eq_ignore_ascii_case(name));
    let mut elements: Vec<&str> =
        record.split(';').map(str::trim).filter(|element| !element.is_empty()).collect();
    let place = elements.iter().position(|one| is_it(one));
    elements.retain(|one| !is_it(one));
    let place = place.unwrap_or(if name == "p" { 1 } else { elements.len() }).min(elements.len());
    elements.insert(place, &element);
    elements.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_come_before_the_end_of_a_record() {
        let check = |record, expected: &str| assert_eq!(with_term(record, "mx").as_deref(), Some(expected));
        check("v=spf1 -all", "v=spf1 mx -all");
        check("v=spf1  a ALL a", "v=spf1 a mx ALL a");
        check("v=spf1 a", "v=spf1 a mx");
        check(
            "v=spf1 exp=x.example.org Redirect=example.net",
            "v=spf1 exp=x.example.org mx Redirect=example.net",
        );
        check("v=spf1", "v=spf1 mx");
        let check = |record, expected: &str| assert_eq!(with_all(record, '~').as_deref(), Some(expected));
        check("v=spf1 a -all", "v=spf1 a ~all");
        check("v=spf1 redirect=example.net", "v=spf1 ~all");
    }

    #[test]
    fn tags_are_set_in_their_place() {
        let check = |record, name, expected: &str| assert_eq!(with_tag(record, name, "x"), expected);
        check("v=DMARC1; p=none; rua=mailto:a@example.org;", "p", "v=DMARC1; p=x; rua=mailto:a@example.org");
        check("v=DMARC1; rua=mailto:a@example.org", "p", "v=DMARC1; p=x; rua=mailto:a@example.org");
        check("v=DMARC1;p=none", "adkim", "v=DMARC1; p=none; adkim=x");
        check("v=DMARC1; SP = none; p=none; sp=reject", "sp", "v=DMARC1; sp=x; p=none");
    }
}
