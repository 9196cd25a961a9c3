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
