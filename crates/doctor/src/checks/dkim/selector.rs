//! Which selectors a domain has. Nobody can list them: those that were told come first, then those that its providers use, then a few
//! usual ones. What is not found is unknown and not missing, unless nothing at all exists below `_domainkey`.

use futures_util::future::join_all;
use tegami_auth::dkim::{KeyRecord, Selector};
use tegami_dns::{Data, DnsError, DnsName, RecordType, TxtData};

use crate::case::DomainCase;
use crate::txt::Texts;

/// Ends of names of mail hosts and of SPF includes, and the selectors that the provider behind them is known to use.
const PROVIDERS: [(&str, &[&str]); 27] = [
    ("google.com", &["google"]),
    ("googlemail.com", &["google"]),
    ("protection.outlook.com", &["selector1", "selector2"]),
    ("mx.microsoft", &["selector1", "selector2"]),
    ("sendgrid.net", &["s1", "s2"]),
    ("mailgun.org", &["mailo", "k1", "pic", "smtp"]),
    ("mcsv.net", &["k1", "k2", "k3"]),
    ("mandrillapp.com", &["mte1", "mte2", "mandrill"]),
    ("mtasv.net", &["pm"]),
    ("mailjet.com", &["mailjet"]),
    ("sendinblue.com", &["mail", "brevo1", "brevo2"]),
    ("brevo.com", &["mail", "brevo1", "brevo2"]),
    ("zendesk.com", &["zendesk1", "zendesk2"]),
    ("zoho.com", &["zoho", "zmail"]),
    ("zoho.eu", &["zoho", "zmail"]),
    ("zohomail.com", &["zoho", "zmail"]),
    ("messagingengine.com", &["fm1", "fm2", "fm3"]),
    ("protonmail.ch", &["protonmail", "protonmail2", "protonmail3"]),
    ("icloud.com", &["sig1"]),
    ("yandex.net", &["mail"]),
    ("mail.ru", &["mailru"]),
    ("kundenserver.de", &["s1-ionos", "s2-ionos"]),
    ("ionos.com", &["s1-ionos", "s2-ionos"]),
    ("hostinger.com", &["hostingermail-a", "hostingermail-b", "hostingermail-c"]),
    ("mimecast.com", &["mimecast20190104", "mimecast"]),
    ("sakura.ne.jp", &["default"]),
    ("xserver.jp", &["default"]),
];

/// What many call their selector.
const USUAL: [&str; 10] =
    ["default", "dkim", "mail", "s1", "s2", "k1", "selector1", "selector2", "google", "smtp"];

/// Selectors that are asked for because of a provider.
const MAX_OF_PROVIDERS: usize = 10;

/// Who says that a selector may exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// It signs here.
    Own,
    /// The asker told.
    Told,
    /// A provider of the domain uses it.
    Provider,
    /// Many have it.
    Usual,
}

impl Origin {
    /// Whether somebody said that there is a key.
    pub(crate) fn is_sure(self) -> bool {
        matches!(self, Self::Own | Self::Told)
    }
}

/// What stands at the name of a key record.
#[derive(Clone, Debug)]
pub(crate) struct KeyAt {
    pub(crate) selector: Selector,
    pub(crate) name: DnsName,
    pub(crate) origin: Origin,
    pub(crate) texts: Result<Texts, DnsError>,
    /// Where an alias leads that leads to nothing.
    pub(crate) dangling: Option<DnsName>,
}

impl KeyAt {
    /// The record that counts: the first that can be read, else the first.
    pub(crate) fn text(&self) -> Option<&TxtData> {
        let list = &self.texts.as_ref().ok()?.list;
        list.iter().find(|text| KeyRecord::parse(text).is_ok()).or(list.first())
    }

    /// A key with which signatures can pass.
    pub(crate) fn usable(&self) -> Option<KeyRecord> {
        let record = KeyRecord::parse(self.text()?).ok()?;
        let sha256 = record.hashes.as_ref().is_none_or(|hashes| hashes.iter().any(|hash| hash == "sha256"));
        (record.fault().is_none() && sha256).then_some(record)
    }

    /// Somebody else publishes it: the name is an alias into another domain.
    pub(crate) fn publisher(&self, case: &DomainCase) -> Option<DnsName> {
        let target = self.dangling.as_ref().or(self.texts.as_ref().ok()?.aliases.last())?;
        (!target.is_within(&case.name)).then(|| target.clone())
    }
}

/// The keys of a domain, as far as their selectors are known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    /// Those that were told, whatever stands there, and those that were found by trying.
    pub(crate) at: Vec<KeyAt>,
    /// So many names were tried that nobody told.
    pub(crate) tried: usize,
    /// Nothing exists below `_domainkey` (RFC 8020 section 2).
    pub(crate) none_can_exist: bool,
    /// Every name has a record that withdraws its key: a wildcard.
    pub(crate) withdrawn: bool,
    /// The DNS did not answer when it was asked whether there can be any.
    pub(crate) error: Option<DnsError>,
}

impl Keys {
    /// Looks for them.
    pub(crate) async fn find(case: &DomainCase) -> Self {
        let mut keys = Self::default();
        let own = case.known.keys.iter().map(|key| (key.selector.clone(), Origin::Own));
        let told = case.known.selectors.iter().map(|selector| (selector.clone(), Origin::Told));
        keys.ask(case, own.chain(told).collect()).await;
        keys.ask(case, named(&of_providers(case).await, Origin::Provider)).await;
        if !keys.any() {
            keys.ask(case, named(&USUAL, Origin::Usual)).await;
        }
        if !keys.any()
            && let Ok(name) = case.name.prepend("_domainkey")
        {
            match Texts::ask(&name, case.resolver()).await {
                Ok(texts) => keys.none_can_exist = texts.no_name,
                Err(error) => keys.error = Some(error),
            }
        }
        keys
    }

    /// Whether there is a record at all.
    pub(crate) fn any(&self) -> bool {
        let has = |key: &KeyAt| key.texts.as_ref().is_ok_and(|texts| !texts.list.is_empty());
        self.withdrawn || self.at.iter().any(has)
    }

    /// The keys with which signatures can pass.
    pub(crate) fn usable(&self) -> impl Iterator<Item = (&KeyAt, KeyRecord)> {
        self.at.iter().filter_map(|key| Some((key, key.usable()?)))
    }

    async fn ask(&mut self, case: &DomainCase, selectors: Vec<(Selector, Origin)>) {
        let mut wanted: Vec<(Selector, Origin)> = Vec::new();
        for (selector, origin) in selectors {
            let known = self.at.iter().any(|key| key.selector == selector);
            if !known && !wanted.iter().any(|(other, _)| *other == selector) {
                wanted.push((selector, origin));
            }
        }
        let asked = wanted.into_iter().map(|(selector, origin)| look(case, selector, origin));
        for key in join_all(asked).await.into_iter().flatten() {
            if key.origin.is_sure() {
                self.at.push(key);
                continue;
            }
            self.tried += 1;
            self.withdrawn |= key.text().is_some_and(|text| is_withdrawn(text));
            if key.dangling.is_some() || key.text().is_some_and(|text| is_key(text)) {
                self.at.push(key);
            }
        }
    }
}

async fn look(case: &DomainCase, selector: Selector, origin: Origin) -> Option<KeyAt> {
    let name = DnsName::parse(&format!("{selector}._domainkey.{}", case.domain)).ok()?;
    let texts = Texts::ask(&name, case.resolver()).await;
    let empty = texts.as_ref().is_ok_and(|texts| texts.list.is_empty());
    let mut dangling = None;
    // An alias that leads nowhere is told as no such name, so the alias itself is asked for.
    if empty
        && origin != Origin::Usual
        && let Ok(answer) = case.resolver().lookup(&name, RecordType::Cname).await
    {
        dangling = answer.records.iter().find_map(|record| match &record.data {
            Data::Cname(target) => Some(target.clone()),
            _ => None,
        });
    }
    Some(KeyAt { selector, name, origin, texts, dangling })
}

/// Looks like a key, if a damaged one; not one that is withdrawn, which a wildcard shows for every name.
fn is_key(text: &[u8]) -> bool {
    let has_key = text.windows(2).any(|part| part == b"p=") && text.len() > 40;
    has_key && !is_withdrawn(text)
}

fn is_withdrawn(text: &[u8]) -> bool {
    KeyRecord::parse(text).is_ok_and(|record| record.is_revoked())
}

fn named(names: &[&str], origin: Origin) -> Vec<(Selector, Origin)> {
    names.iter().filter_map(|name| Some((Selector::parse(name).ok()?, origin))).collect()
}

/// The selectors of those whom MX and SPF records name.
async fn of_providers(case: &DomainCase) -> Vec<&'static str> {
    let hosts = case.hosts().await.real().map(|host| host.name.clone());
    let survey = case.spf().await;
    let included = survey.tree.all().into_iter().map(|node| node.domain.clone());
    let names: Vec<DnsName> = hosts.chain(included).filter(|name| !name.is_within(&case.name)).collect();
    let mut selectors: Vec<&'static str> = Vec::new();
    for (end, of_provider) in PROVIDERS {
        let Ok(end) = DnsName::parse(end) else { continue };
        if names.iter().any(|name| name.is_within(&end)) {
            selectors.extend(of_provider.iter().filter(|name| !selectors.contains(name)).collect::<Vec<_>>());
        }
    }
    selectors.truncate(MAX_OF_PROVIDERS);
    selectors
}
