//! Passwords and keys.

use tegami_mail::Domain;
use tegami_queue::{AccountError, AuthError};
use tegami_store::{ApiKeyScope, Table};

use crate::desk::{Desk, address};

#[tokio::test]
async fn passwords_are_proved_and_changed() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let shop = desk.shop().await;
    assert!(shop.may(&address("any@shop.test")) && !shop.may(&address("any@bank.test")));
    let accounts = &desk.accounts;
    for (name, password) in [("shop", "wrong horse"), ("nobody", "correct horse"), ("shop", "")] {
        assert!(matches!(accounts.authenticate(name, password).await, Err(AuthError::Refused)));
    }
    let again = accounts.create("shop", "another one", &[], &[]).await;
    assert!(matches!(again, Err(AccountError::Exists(_))));
    accounts.set_password("shop", "battery staple").await.unwrap();
    assert!(matches!(accounts.authenticate("shop", "correct horse").await, Err(AuthError::Refused)));
    assert!(accounts.authenticate("shop", "battery staple").await.is_ok());
    accounts.remove("shop").await.unwrap();
    assert!(matches!(accounts.authenticate("shop", "battery staple").await, Err(AuthError::Refused)));
    assert!(matches!(accounts.create("x", "short", &[], &[]).await, Err(AccountError::BadPassword)));
    let bad = accounts.create("x", "long enough", &["no address".to_owned()], &[]).await;
    assert!(matches!(bad, Err(AccountError::BadAddress { .. })));
}

#[tokio::test]
async fn keys_open_their_domain_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let accounts = &desk.accounts;
    let shop = Domain::parse("shop.test").unwrap();
    let bank = Domain::parse("bank.test").unwrap();
    let scope = ApiKeyScope::Domain("shop.test".to_owned());
    let (key, _) = accounts.create_api_key("web", scope).await.unwrap();
    let (whole, _) = accounts.create_api_key("admin", ApiKeyScope::Account).await.unwrap();
    let proved = accounts.authenticate_key(&key, Some(&shop)).await.unwrap();
    assert!(proved.may(&address("x@shop.test")) && !proved.may(&address("x@bank.test")));
    assert!(matches!(accounts.authenticate_key(&key, Some(&bank)).await, Err(AuthError::OutOfScope)));
    assert!(matches!(accounts.authenticate_key(&key, None).await, Err(AuthError::OutOfScope)));
    assert!(matches!(accounts.authenticate_key("key-guess", Some(&shop)).await, Err(AuthError::Refused)));
    assert!(accounts.authenticate_key(&whole, Some(&bank)).await.unwrap().may(&address("x@bank.test")));
    assert!(accounts.authenticate_key(&whole, None).await.is_ok());
    let kept = format!("{:?}", desk.store.scan(Table::ApiKeys, "", None, 10).await.unwrap());
    assert!(!kept.contains(&key), "the key itself is kept");
}

#[tokio::test]
async fn no_change_is_lost_to_another_at_the_same_time() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let accounts = &desk.accounts;
    let (one, other) = tokio::join!(
        accounts.create("new", "first password", &[], &[]),
        accounts.create("new", "second password", &[], &[]),
    );
    assert!(one.is_ok() && matches!(other, Err(AccountError::Exists(_))));
    assert!(accounts.authenticate("new", "first password").await.is_ok());
    let (changed, removed) =
        tokio::join!(accounts.set_password("new", "third password"), accounts.remove("new"));
    assert!(changed.is_ok() && removed.is_ok());
    assert!(accounts.list().await.unwrap().is_empty(), "who was removed does not come back");
    let shop = Domain::parse("shop.test").unwrap();
    let login = address("login@shop.test");
    let (one, other) = tokio::join!(
        accounts.create_credential(&login, &shop, "first password"),
        accounts.create("login@shop.test", "second password", &[], &[]),
    );
    assert!(one.is_ok() && matches!(other, Err(AccountError::Exists(_))));
}
