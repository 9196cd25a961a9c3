//! Domains that come and go while the server runs.

use std::sync::Arc;

use tegami_mail::{Clock, Domain};
use tegami_queue::{Authenticated, DomainError, Domains, Senders, SystemClock};
use tegami_store::{DomainRow, DomainState, Embedded, Options, Store};

fn domain(text: &str) -> Domain {
    Domain::parse(text).unwrap()
}

#[tokio::test]
async fn a_domain_comes_and_goes_and_that_of_the_configuration_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Embedded::open(folder.path(), Options::default()).unwrap());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let open = |configured: &[&str]| {
        Domains::new(store.clone(), clock.clone(), configured.iter().map(|text| domain(text)))
    };
    let (ours, fresh) = (domain("example.org"), domain("mg.example.org"));
    let domains = open(&["example.org"]);
    let first = domains.find(&ours).await.unwrap().unwrap();
    assert_eq!((first.state(), first.row.id.len()), (DomainState::Active, 24));
    assert!(matches!(domains.create(&ours, DomainRow::default()).await, Err(DomainError::Exists(_))));

    let made = domains.create(&fresh, DomainRow { wildcard: true, ..DomainRow::default() }).await.unwrap();
    assert_eq!((made.state(), made.row.id.len(), made.row.wildcard), (DomainState::Unverified, 24, true));
    assert!(made.refusal().is_some() && !made.receives());
    let roll = domains.roll().await.unwrap();
    assert_eq!(roll.above(&domain("a.mg.example.org")).unwrap().name, fresh);
    assert_eq!(roll.above(&domain("b.example.org")).unwrap().name, ours);
    assert!(roll.above(&domain("example.net")).is_none());
    assert!(Arc::ptr_eq(&roll, &domains.roll().await.unwrap()), "nothing changed, so nothing was read");

    // What lies below a domain that lets it send may be sent as, unless it is a domain of its own.
    domains.alter(&ours, |row| row.wildcard = true).await.unwrap();
    let shop = Authenticated::by_kernel(1, vec![Senders::Domain(ours.clone())]);
    let wide = domains.widened(shop.clone()).await.unwrap();
    let may = |account: &Authenticated, text: &str| account.may(&tegami_mail::Address::parse(text).unwrap());
    assert!(may(&wide, "a@sub.example.org") && !may(&shop, "a@sub.example.org"));
    assert!(
        !may(&wide, "a@mg.example.org") && !may(&wide, "a@x.mg.example.org") && !may(&wide, "a@example.net")
    );
    let roll = domains.roll().await.unwrap();
    let sending = |text: &str| roll.sending(&domain(text)).map(|ours| ours.name.to_string());
    assert_eq!(sending("sub.example.org").as_deref(), Some("example.org"));
    assert_eq!(sending("x.mg.example.org").as_deref(), Some("mg.example.org"));
    assert_eq!(sending("example.net"), None);

    let altered = domains.alter(&fresh, |row| {
        row.state = DomainState::Active;
        row.id = "other".to_owned();
    });
    assert_eq!(altered.await.unwrap().row.id, made.row.id);
    assert_eq!(domains.find(&fresh).await.unwrap().unwrap().refusal(), None);

    domains.alter(&ours, |row| row.state = DomainState::Disabled).await.unwrap();
    let set = domains.find(&ours).await.unwrap().unwrap();
    assert_eq!((set.state(), set.row.settings_only), (DomainState::Active, true));
    assert!(matches!(domains.remove(&ours).await, Err(DomainError::Configured(_))));
    // Once the configuration names it no more, settings make no domain.
    assert!(open(&[]).find(&ours).await.unwrap().is_none());
    assert!(open(&[]).find(&fresh).await.unwrap().is_some());
    domains.remove(&fresh).await.unwrap();
    assert!(matches!(domains.remove(&fresh).await, Err(DomainError::Unknown(_))));
}
