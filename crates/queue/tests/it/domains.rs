//! Domains that come and go while the server runs.

use std::sync::Arc;

use tegami_mail::{Clock, Domain, Envelope, ReversePath};
use tegami_queue::{
    AccessLevel, Authenticated, AuthorRule, DomainError, Domains, MailingList, Member, Options as Wishes,
    ReplyPreference, Senders, SystemClock,
};
use tegami_store::{DomainRow, DomainState, Embedded, Options, Store};

use crate::desk::{Desk, address, start};

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

#[tokio::test]
async fn a_change_reads_nothing_anew_and_another_configuration_hears_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Embedded::open(folder.path(), Options::default()).unwrap());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (one, two, configured) = (domain("one.test"), domain("two.test"), domain("example.org"));
    let before = Domains::new(store, clock, [configured.clone()]);
    before.create(&one, DomainRow::default()).await.unwrap();
    before.create(&two, DomainRow::default()).await.unwrap();
    let untouched = before.find(&one).await.unwrap().unwrap();
    let altered = before.alter(&two, |row| row.wildcard = true).await.unwrap();
    assert!(Arc::ptr_eq(&altered, &before.find(&two).await.unwrap().unwrap()));
    assert!(Arc::ptr_eq(&untouched, &before.find(&one).await.unwrap().unwrap()), "nothing was read");
    assert_eq!(before.names().await.unwrap(), [configured.clone(), one.clone(), two.clone()]);

    let mut changes = before.changes();
    let after = before.renewed([configured.clone()]);
    after.remove(&one).await.unwrap();
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    assert_eq!(before.names().await.unwrap(), [configured, two.clone()]);
    let (wildcard, spam) = tokio::join!(
        before.alter(&two, |row| row.wildcard = false),
        after.alter(&two, |row| row.web_prefix = "click".to_owned()),
    );
    assert!(wildcard.is_ok() && spam.is_ok());
    let both = after.find(&two).await.unwrap().unwrap();
    assert_eq!((both.row.wildcard, both.row.web_prefix.as_str()), (false, "click"));
}

#[tokio::test]
async fn nobody_sends_in_the_name_of_a_domain_that_may_not_send() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let shop = domain("shop.test");
    desk.domains.create(&shop, DomainRow::default()).await.unwrap();
    let list = MailingList {
        address: "news@shop.test".to_owned(),
        name: String::new(),
        description: String::new(),
        access_level: AccessLevel::Everyone,
        reply_preference: ReplyPreference::List,
        created_at: start(),
        members_count: 0,
    };
    let reader = Member {
        address: "a@a.test".to_owned(),
        name: String::new(),
        subscribed: true,
        vars: serde_json::Map::new(),
    };
    desk.intake.lists().create(list).await.unwrap();
    desk.intake.lists().add("news@shop.test", vec![reader], false).await.unwrap();
    let send = async |author: &str, to: &str| {
        let path = ReversePath::Address(address("shop@example.org"));
        let content = format!("From: {author}\r\n\r\nHello\r\n");
        let options = Wishes { author: AuthorRule::Any, ..Wishes::default() };
        let accepted = desk.submit_this(Envelope::new(path, [address(to)]), &content, options).await;
        accepted.map(|_| ()).map_err(|error| error.reply().to_string())
    };
    let cases = [
        ("shop@shop.test", "a@a.test"),
        ("shop@below.shop.test", "a@a.test"),
        ("shop@example.org, shop@shop.test", "a@a.test"),
        ("shop@example.org", "news@shop.test"),
    ];
    for state in [DomainState::Unverified, DomainState::Disabled, DomainState::Active] {
        desk.domains.alter(&shop, |row| row.state = state).await.unwrap();
        for (author, to) in cases {
            let sent = send(author, to).await;
            assert_eq!(sent.is_ok(), state == DomainState::Active, "{author} to {to}: {sent:?}");
            if let Err(reply) = sent {
                assert!(reply.starts_with("550 5.7.1") && reply.contains("shop.test"), "{reply}");
            }
        }
        send("shop@example.org", "a@a.test").await.unwrap();
    }
}
