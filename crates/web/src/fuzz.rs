//! Doors for the fuzzers: each reads what strangers send, and must not panic.

use bytes::Bytes;
use futures_util::FutureExt;

use crate::mailgun::filter::{Expression, Manner};
use crate::mailgun::form::Form;
use crate::mailgun::token::Token;

/// A body; its first line is the content type.
pub fn form(octets: &[u8]) {
    let end = octets.iter().position(|octet| *octet == b'\n').unwrap_or(octets.len());
    let (content_type, body) = octets.split_at(end);
    let body = Bytes::copy_from_slice(body.get(1..).unwrap_or_default());
    let _ = Form::of_bytes(Some(content_type), body).now_or_never();
}

/// A filter expression, tried on itself.
pub fn filter(text: &str) {
    if let Ok(expression) = Expression::parse(text) {
        let values = [text.to_owned(), "12".to_owned()];
        let _ = (expression.fits(&values, Manner::Whole), expression.fits(&values, Manner::Part));
    }
}

/// A page token: what was read is written and read again.
pub fn token(text: &str) {
    if let Ok(token) = Token::read(text) {
        assert_eq!(Token::read(&token.write()), Ok(token), "a token comes back");
    }
}
