//! Words that can mean several things.

use super::super::Cause::{
    BadMailbox, Content, Filtered, Inactive, Policy, Reputation, Sender, Spam, System,
};
use super::super::Phase;
use super::super::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::new("local-program-ended", System).says(&["x-unix;"]),
    Rule::new("denied-at-once", Reputation).at(Phase::Session).says(&[
        "denied",
        "rejected",
        "blocked",
        "refused",
        "forbidden",
    ]),
    Rule::new("domain-after-content", Sender).code(&[553]).at(Phase::Content).says(&["does not exist"]),
    Rule::new("mailbox-unavailable", BadMailbox).code(&[550, 553]).says(&[
        "mailbox unavailable",
        "address rejected",
        "recipient rejected",
        "recipient address rejected",
        "mailbox not available",
        "not available",
        "requested action not taken",
    ]),
    Rule::new("mailbox-unavailable-now", System).code(&[450]).says(&[
        "mailbox unavailable",
        "mailbox busy",
        "mailbox not available",
    ]),
    Rule::new("account", Inactive).says(&["account is not", "user is not"]),
    Rule::new("rejected-after-content", Spam).at(Phase::Content).says(&[
        "content",
        "message rejected",
        "message refused",
    ]),
    Rule::new("content", Content).says(&["content", "attachment", "mime"]),
    Rule::new("filter", Filtered).says(&["filter"]),
    Rule::new("denied", Policy).says(&[
        "access denied",
        "not permitted",
        "not authorized",
        "not accepted",
        "denied",
        "forbidden",
        "policy",
        "not allowed",
    ]),
    Rule::new("blocked", Reputation).says(&["blocked", "block"]),
    Rule::new("rejected-by-policy", Policy).status(&[(7, 0, u16::MAX)]).says(&["rejected", "refused"]),
    Rule::new("rejected", Reputation).says(&["rejected"]),
    Rule::new("try-later", System).says(&[
        "try again later",
        "try later",
        "temporar",
        "unavailable",
        "transaction failed",
        "service refus",
    ]),
];
