//! The tables, in the order in which they are asked.

mod code;
mod plain;
mod provider;
mod status;
mod vague;

use super::rule::{Heard, Rule};
use super::{Cause, Certainty};

/// A table of rules.
pub(super) struct Table {
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    pub(super) certainty: Certainty,
    pub(super) rules: &'static [Rule],
}

pub(super) const TABLES: &[Table] = &[
    Table {
        title: "Replies that providers document",
        about: "The provider is known by its MX host, else by words that only it uses.",
        certainty: Certainty::Certain,
        rules: provider::RULES,
    },
    Table {
        title: "Plain words",
        about: "Wording that says what is wrong, whatever the code. Addresses and links in a reply are left out before its words are compared.",
        certainty: Certainty::Likely,
        rules: plain::RULES,
    },
    Table {
        title: "Enhanced status codes",
        about: "RFC 3463 and the registry that RFC 5248 founded.",
        certainty: Certainty::Likely,
        rules: status::RULES,
    },
    Table {
        title: "Vague words",
        about: "Wording that can mean several things; asked only where no enhanced status code says it.",
        certainty: Certainty::Guess,
        rules: vague::RULES,
    },
    Table {
        title: "Subjects and reply codes",
        about: "The last resort: the subject of the enhanced status code (RFC 3463 section 3), then the reply code (RFC 5321 section 4.2.3).",
        certainty: Certainty::Guess,
        rules: code::RULES,
    },
];

/// Fits everything.
const NOTHING_KNOWN: Rule = Rule::new("unknown", Cause::Unknown);

/// The first rule that fits, and how sure it is: words are certain where the enhanced status code agrees.
pub(super) fn find(heard: &Heard) -> (&'static Rule, Certainty) {
    for table in TABLES {
        let Some(rule) = table.rules.iter().find(|rule| rule.fits(heard)) else { continue };
        let agrees = || {
            status::RULES.iter().find(|rule| rule.fits(heard)).is_some_and(|other| other.cause == rule.cause)
        };
        let sure = table.certainty == Certainty::Likely && !rule.says.is_empty() && agrees();
        return (rule, if sure { Certainty::Certain } else { table.certainty });
    }
    (&NOTHING_KNOWN, Certainty::Guess)
}

/// Every rule.
pub(super) fn all() -> impl Iterator<Item = &'static Rule> {
    TABLES.iter().flat_map(|table| table.rules)
}
