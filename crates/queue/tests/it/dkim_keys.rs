//! DKIM keys that come and go, and the ring that follows.

use std::sync::Arc;

use tegami_auth::dkim::{PrivateKey, Selector, Signer};
use tegami_mail::{Clock, Domain};
use tegami_queue::{DkimKeyError, DkimKeys, Domains, KeyRing, SignerSource, SystemClock};
use tegami_store::{Embedded, KeyFolder, Options, Store};

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

    /// The selectors that sign for a domain.
    fn signing(&self, text: &str) -> Vec<String> {
        self.ring.signers(&domain(text)).iter().map(|signer| signer.selector.to_string()).collect()
    }
}

#[tokio::test]
async fn keys_come_and_go_and_the_ring_follows() {
    let desk = Desk::open(Vec::new());
    let (top, sub) = (domain("example.org"), domain("mg.example.org"));
    let signers = desk.keys.signers(&desk.domains).await.unwrap();
    assert_eq!(signers.len(), 2);
    assert_eq!(desk.keys.signers(&desk.domains).await.unwrap().len(), 2, "they are made once");
    desk.ring.replace(signers);
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
    let desk = Desk::open(vec![Signer::new(ours.clone(), selector("conf"), key)]);
    assert_eq!(desk.keys.signers(&desk.domains).await.unwrap().len(), 1);
    assert_eq!(desk.keys.of(&ours).await.unwrap()[0].selector, "conf");
    assert_eq!(desk.keys.all().await.unwrap().len(), 1);
    let made = desk.keys.make(&ours, &selector("s1")).await;
    assert!(matches!(made, Err(DkimKeyError::Configured(_))));
    assert!(desk.folder.list().unwrap().is_empty());
}
