//! Subjects of enhanced status codes, then reply codes.

use super::super::Cause::{
    BadDomain, BadMailbox, Content, Inactive, Login, MailboxFull, Moved, Network, Policy, Protocol, Size,
    System,
};
use super::super::rule::Rule;

const ANY: u16 = u16::MAX;

pub(super) const RULES: &[Rule] = &[
    Rule::new("subject-3", System).status(&[(3, 0, ANY)]),
    Rule::new("subject-4", Network).status(&[(4, 0, ANY)]),
    Rule::new("subject-5", Protocol).status(&[(5, 1, ANY)]),
    Rule::new("subject-6", Content).status(&[(6, 0, ANY)]),
    Rule::new("subject-7", Policy).status(&[(7, 0, ANY)]),
    Rule::new("code-422", MailboxFull).code(&[422, 522]),
    Rule::new("code-system", System).code(&[421, 431, 432, 451, 452]),
    Rule::new("code-protocol", Protocol).code(&[455, 500, 501, 502, 503, 504, 555]),
    // RFC 7504: the host takes no mail at all.
    Rule::new("code-no-mail", BadDomain).code(&[521, 556]),
    Rule::new("code-523", Size).code(&[523]),
    Rule::new("code-525", Inactive).code(&[525]),
    Rule::new("code-login", Login).code(&[530, 534, 535, 538]),
    Rule::new("code-551", Moved).code(&[551]),
    Rule::new("code-552", MailboxFull).code(&[552]),
    Rule::new("code-553", BadMailbox).code(&[553]),
    Rule::new("code-571", Policy).code(&[571]),
];
