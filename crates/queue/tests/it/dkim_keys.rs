//! DKIM keys that come and go, and the ring that follows.

use std::pin::pin;
use std::sync::Arc;

use futures_util::poll;
use tegami_auth::dkim::{PrivateKey, Selector, Signer};
use tegami_mail::{Clock, Domain};
use tegami_queue::{DkimKeyError, DkimKeys, Domains, KeyRing, NewRing, SignerSource, SystemClock};
use tegami_store::{DomainRow, Embedded, KeyFolder, Options, Store};

fn domain(text: &str) -> Domain {
    Domain::parse(text).unwrap()
}

fn selector(text: &str) -> Selector {
    Selector::parse(text).unwrap()
}

struct Desk {
    keys: DkimKeys,
    ring: Arc<KeyRing>,
    domains: Domains,
    folder: KeyFolder,
    _base: tempfile::TempDir,
}

impl Desk {
    fn open(given: Vec<Signer>) -> Self {
        let base = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> =
            Arc::new(Embedded::open(&base.path().join("data"), Options::default()).unwrap());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let folder = KeyFolder::open(&base.path().join("keys")).unwrap();
        let ring = Arc::new(KeyRing::default());
        let domains = Domains::new(store.clone(), clock.clone(), [domain("example.org")]);
        let keys = DkimKeys::new(store, folder.clone(), clock, ring.clone(), given);
        Self { keys, ring, domains, folder, _base: base }
    }

    async fn prepare(&self, given: Vec<Signer>) -> NewRing<'_> {
        self.keys.prepare(given, &self.domains).await.unwrap()
    }

    /// The selectors that sign for a domain.
    fn signing(&self, text: &str) -> Vec<String> {
        self.ring.signers(&domain(text)).iter().map(|signer| signer.selector.to_string()).collect()
    }
}

#[tokio::test]
async fn keys_come_and_go_and_the_ring_follows() {
    let desk = Desk::open(Vec::new());
    let (top, sub) = (domain("example.org"), domain("mg.example.org"));
    desk.prepare(Vec::new()).await.put_to_use();
    let first = desk.signing("example.org");
    assert_eq!(first.len(), 2);
    desk.prepare(Vec::new()).await.put_to_use();
    assert_eq!(desk.signing("example.org"), first, "they are made once");
    assert_eq!(desk.signing("mg.example.org"), desk.signing("example.org"));

    let made = desk.keys.make_usual(&sub, Some(&selector("S1"))).await.unwrap();
    assert_eq!(made.iter().map(|row| row.selector.as_str()).collect::<Vec<_>>(), ["s1", "s1e"]);
    assert_eq!(desk.signing("mg.example.org"), ["s1", "s1e"]);
    let again = desk.keys.make_usual(&sub, Some(&selector("s1"))).await;
    assert!(matches!(again, Err(DkimKeyError::Exists { .. })));

    let second = desk.keys.make(&sub, &selector("s2")).await.unwrap();
    assert!(!second.active && second.record.starts_with("v=DKIM1; k=rsa; p="));
    assert_eq!(desk.signing("mg.example.org"), ["s1", "s1e"]);
    desk.keys.activate(&sub, &selector("s2")).await.unwrap();
    desk.keys.deactivate(&sub, &selector("s1")).await.unwrap();
    desk.keys.delete(&sub, &selector("s1e")).await.unwrap();
    assert_eq!(desk.signing("mg.example.org"), ["s2"]);
    let last = desk.keys.delete(&sub, &selector("s2")).await;
    assert!(matches!(last, Err(DkimKeyError::LastActive(_))));
    let unknown = desk.keys.delete(&sub, &selector("s9")).await;
    assert!(matches!(unknown, Err(DkimKeyError::Unknown { .. })));

    let renamed = desk.keys.reselect(&sub, &selector("s3")).await.unwrap();
    assert_eq!(
        (renamed.record.as_str(), desk.signing("mg.example.org")),
        (second.record.as_str(), vec!["s3".to_owned()])
    );
    desk.keys.reselect(&sub, &selector("s1")).await.unwrap();
    assert_eq!(desk.signing("mg.example.org"), ["s1"]);

    desk.keys.deactivate(&sub, &selector("s1")).await.unwrap();
    assert_eq!(desk.signing("mg.example.org"), desk.signing("example.org"));
    assert_eq!(desk.keys.signing(&sub).await.unwrap()[0].domain, "example.org");
    desk.keys.forget(&sub).await.unwrap();
    assert!(desk.keys.of(&sub).await.unwrap().is_empty());
    let files = desk.folder.list().unwrap();
    assert!(files.len() == 2 && files.iter().all(|name| name.ends_with("._domainkey.example.org.pem")));
    assert_eq!(desk.keys.of(&top).await.unwrap().len(), 2);
}

#[tokio::test]
async fn keys_from_elsewhere_are_pkcs1() {
    let desk = Desk::open(Vec::new());
    let ours = domain("example.org");
    let s1 = selector("s1");
    let import = |text: &'static str| desk.keys.import(&ours, &s1, text);
    assert!(matches!(import("lorem ipsum").await, Err(DkimKeyError::NoPem)));
    let pkcs8 = PrivateKey::generate_ed25519().unwrap().to_pem().unwrap();
    let refused = desk.keys.import(&ours, &selector("s1"), &pkcs8).await;
    assert!(matches!(refused, Err(DkimKeyError::NotPkcs1)));
    let broken = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    assert!(matches!(import(broken).await, Err(DkimKeyError::Key { .. })));
    assert!(desk.keys.of(&ours).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_key_of_the_configuration_stays_as_it_is() {
    let key = Arc::new(PrivateKey::generate_ed25519().unwrap());
    let ours = domain("example.org");
    let named = Signer::new(ours.clone(), selector("conf"), key);
    let desk = Desk::open(vec![named.clone()]);
    desk.prepare(vec![named]).await.put_to_use();
    assert_eq!(desk.signing("example.org"), ["conf"]);
    assert_eq!(desk.keys.of(&ours).await.unwrap()[0].selector, "conf");
    assert_eq!(desk.keys.all().await.unwrap().len(), 1);
    let made = desk.keys.make(&ours, &selector("s1")).await;
    assert!(matches!(made, Err(DkimKeyError::Configured(_))));
    assert!(desk.folder.list().unwrap().is_empty());
}

#[tokio::test]
async fn another_configuration_loses_no_change_of_keys() {
    let desk = Desk::open(Vec::new());
    let (top, sub) = (domain("example.org"), domain("mg.example.org"));
    desk.domains.create(&sub, DomainRow::default()).await.unwrap();
    desk.prepare(Vec::new()).await.put_to_use();
    desk.keys.make_usual(&sub, Some(&selector("s1"))).await.unwrap();
    // What comes while the new ring is made waits for it, and counts after it.
    let ring = desk.prepare(Vec::new()).await;
    let s1 = selector("s1");
    let mut withdrawn = pin!(desk.keys.deactivate(&sub, &s1));
    assert!(poll!(&mut withdrawn).is_pending());
    assert!(desk.keys.of(&sub).await.unwrap().iter().all(|row| row.active));
    ring.put_to_use();
    assert_eq!(desk.signing("mg.example.org"), ["s1", "s1e"]);
    withdrawn.await.unwrap();
    assert_eq!(desk.signing("mg.example.org"), ["s1e"]);
    // Who waits while the configuration begins to name the key is told so.
    let key = Arc::new(PrivateKey::generate_ed25519().unwrap());
    let ring = desk.prepare(vec![Signer::new(top.clone(), selector("conf"), key)]).await;
    let own = selector(&desk.signing("example.org")[0]);
    let mut late = pin!(desk.keys.deactivate(&top, &own));
    assert!(poll!(&mut late).is_pending());
    ring.put_to_use();
    assert!(matches!(late.await, Err(DkimKeyError::Configured(_))));
    assert_eq!(desk.signing("example.org"), ["conf"]);
    // And once it names none any more, our own sign again.
    desk.prepare(Vec::new()).await.put_to_use();
    assert_eq!(desk.signing("example.org").len(), 2);
}

#[tokio::test]
async fn only_an_rsa_key_takes_the_place_of_one() {
    let desk = Desk::open(Vec::new());
    let sub = domain("mg.example.org");
    desk.keys.make_usual(&sub, Some(&selector("s1"))).await.unwrap();
    let refused = desk.keys.reselect(&sub, &selector("s1e")).await;
    assert!(matches!(refused, Err(DkimKeyError::NotRsa { .. })));
    assert_eq!(desk.signing("mg.example.org"), ["s1", "s1e"]);
    desk.keys.deactivate(&sub, &selector("s1")).await.unwrap();
    let made = desk.keys.reselect(&sub, &selector("s2")).await.unwrap();
    assert!(made.active);
    assert_eq!(desk.signing("mg.example.org"), ["s1e", "s2"]);
}

#[tokio::test]
async fn one_bad_key_keeps_no_other_from_signing() {
    let desk = Desk::open(Vec::new());
    let sub = domain("mg.example.org");
    desk.keys.make_usual(&sub, Some(&selector("s1"))).await.unwrap();
    desk.folder.write("s1._domainkey.mg.example.org.pem", "worn out").unwrap();
    desk.keys.make(&sub, &selector("s2")).await.unwrap();
    desk.keys.activate(&sub, &selector("s2")).await.unwrap();
    assert_eq!(desk.signing("mg.example.org"), ["s1e", "s2"]);
    let bad = desk.keys.activate(&sub, &selector("s1")).await;
    assert!(matches!(bad, Err(DkimKeyError::Key { .. })));
    desk.keys.delete(&sub, &selector("s1")).await.unwrap();
    assert_eq!(desk.signing("mg.example.org"), ["s1e", "s2"]);
}
