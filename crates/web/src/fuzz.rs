//! Doors for the fuzzers: each reads what strangers send, and must not panic.

use bytes::Bytes;
use futures_util::FutureExt;

use crate::mailgun::filter::{Expression, Manner};
use crate::mailgun::form::Form;
use crate::mailgun::token::Token;
use crate::template::{self, Renderer};

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

/// A template; its first line is the JSON of the values. What is in the language is filled, or it is said why not.
pub fn template(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let (values, text) = text.split_once('\n').unwrap_or(("{}", &text));
    let values = serde_json::from_str(values).unwrap_or_default();
    let known = template::check(text).is_ok();
    for add in [Renderer::add_html, Renderer::add_plain] {
        let mut renderer = Renderer::new();
        assert_eq!(add(&mut renderer, "x", text).is_ok(), known, "it is checked as it is read");
        let _ = renderer.render("x", &values);
    }
}

/// A page token: what was read is written and read again.
pub fn token(text: &str) {
    if let Ok(token) = Token::read(text) {
        assert_eq!(Token::read(&token.write()), Ok(token), "a token comes back");
    }
}
