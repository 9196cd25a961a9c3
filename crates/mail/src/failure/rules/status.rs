//! Enhanced status codes: RFC 3463, and the registry that RFC 5248 founded.

use super::super::Cause::{
    Authentication, BadDomain, BadMailbox, Content, Dns, Expired, Inactive, Login, MailboxFull, Moved,
    Network, Policy, Protocol, Rate, ReverseDns, Sender, Size, System, Tls,
};
use super::super::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::new("status-mailbox", BadMailbox).status(&[(1, 1, 1), (1, 3, 4)]),
    Rule::new("status-domain", BadDomain).status(&[(1, 2, 2), (4, 4, 4)]),
    Rule::new("status-moved", Moved).status(&[(1, 6, 6)]),
    Rule::new("status-sender", Sender).status(&[(1, 7, 8)]),
    // RFC 7505 section 4.2: the recipient's domain, and with x.7.27 the sender's, has a null MX.
    Rule::new("status-null-mx", BadDomain).status(&[(1, 10, 10)]),
    Rule::new("status-sender-null-mx", Sender).status(&[(7, 27, 27)]),
    Rule::new("status-inactive", Inactive).status(&[(2, 1, 1), (7, 13, 13)]),
    Rule::new("status-full", MailboxFull).status(&[(2, 2, 2)]),
    Rule::new("status-size", Size).status(&[(2, 3, 3), (3, 4, 4)]),
    Rule::new("status-list", System).status(&[(2, 4, 4)]),
    Rule::new("status-no-mail", BadDomain).code(&[521, 556]).status(&[(3, 2, 2)]),
    Rule::new("status-system", System).status(&[(3, 1, 2), (3, 5, 5)]),
    Rule::new("status-feature", Protocol).status(&[(3, 3, 3)]),
    Rule::new("status-network", Network).status(&[(4, 1, 2), (4, 6, 6)]),
    Rule::new("status-dns", Dns).status(&[(4, 3, 3)]),
    Rule::new("status-congestion", Rate).status(&[(4, 5, 5), (5, 3, 3)]),
    Rule::new("status-expired", Expired).status(&[(4, 7, 7)]),
    Rule::new("status-protocol", Protocol).status(&[(5, 1, 2), (5, 4, 5), (6, 7, 7), (6, 9, 9)]),
    Rule::new("status-content", Content).status(&[(6, 1, 3), (6, 5, 6)]),
    Rule::new("status-list-policy", Policy).status(&[(7, 2, 2)]),
    Rule::new("status-tls", Tls).status(&[(7, 4, 5), (7, 10, 11), (7, 30, 30)]),
    Rule::new("status-login", Login).status(&[(7, 8, 8), (7, 14, 14)]),
    // RFC 7293: the mailbox or its domain has another owner than the sender knew.
    Rule::new("status-owner", Moved).status(&[(7, 17, 19)]),
    // RFC 7372.
    Rule::new("status-authentication", Authentication).status(&[(7, 20, 24), (7, 26, 26), (7, 29, 29)]),
    Rule::new("status-reverse-dns", ReverseDns).status(&[(7, 25, 25)]),
    Rule::new("status-flood", Rate).status(&[(7, 28, 28)]),
];
