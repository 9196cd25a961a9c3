//! How urgent a message is: what its submitter says, else what it looks like, else what its account is for. Pure.

use std::collections::BTreeMap;

use tegami_mail::HeaderField;
use tegami_mail::header::HeaderSection;
use tegami_store::Priority;

/// More recipients than this are a mailing.
const MANY: usize = 20;

/// The field by which a submitter says it; it does not travel.
pub(crate) const FIELD: &str = "X-Tegami-Priority";

/// The word for a priority: `transactional`, `normal` or `bulk`.
pub fn named(word: &str) -> Option<Priority> {
    let known =
        [("transactional", Priority::Transactional), ("normal", Priority::Normal), ("bulk", Priority::Bulk)];
    known.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(word.trim())).map(|(_, priority)| priority)
}

/// What a header section says of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Looks {
    /// The submitter's own word.
    pub(crate) said: Option<Priority>,
    /// It goes to many: a list's field (RFC 2369, RFC 2919) or an old `Precedence`.
    pub(crate) bulk: bool,
}

impl Looks {
    pub(crate) fn of(section: &HeaderSection<'_>) -> Self {
        let said = section.first(FIELD).map(HeaderField::text).and_then(|text| named(&text));
        let precedence = section.first("Precedence").map(HeaderField::text).unwrap_or_default();
        let precedence = precedence.trim().to_ascii_lowercase();
        let list = ["List-Unsubscribe", "List-Id"].iter().any(|name| section.first(name).is_some());
        Self { said, bulk: list || matches!(precedence.as_str(), "bulk" | "list" | "junk") }
    }

    /// The priority: the submitter's word, by option or field; then the message's looks; then what the account is for.
    pub(crate) fn priority(
        self,
        asked: Option<Priority>,
        recipients: usize,
        account: &str,
        accounts: &BTreeMap<String, Priority>,
    ) -> Priority {
        let bulk = (self.bulk || recipients > MANY).then_some(Priority::Bulk);
        let usual = accounts.get(account).copied();
        asked.or(self.said).or(bulk).or(usual).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use tegami_mail::header::HeaderLimits;

    use super::*;

    fn check(fields: &str, asked: Option<Priority>, recipients: usize, account: &str, expected: Priority) {
        let content = format!("From: a@example.org\r\n{fields}\r\nHello\r\n");
        let section = HeaderSection::parse(content.as_bytes(), HeaderLimits::GENEROUS).unwrap();
        let accounts = BTreeMap::from([("login".to_owned(), Priority::Transactional)]);
        let looks = Looks::of(&section);
        assert_eq!(looks.priority(asked, recipients, account, &accounts), expected, "{fields}");
    }

    #[test]
    fn the_submitter_is_asked_first_then_the_message_then_the_account() {
        use Priority::{Bulk, Normal, Transactional};
        check("", None, 1, "shop", Normal);
        check("", None, 21, "shop", Bulk);
        check("", None, 1, "login", Transactional);
        check("Precedence: Bulk\r\n", None, 1, "login", Bulk);
        check("Precedence: first-class\r\n", None, 1, "shop", Normal);
        check("List-Unsubscribe: <https://example.org/u>\r\n", None, 1, "shop", Bulk);
        check("List-Id: <news.example.org>\r\nX-Tegami-Priority: normal\r\n", None, 99, "shop", Normal);
        check("X-Tegami-Priority: Transactional\r\n", None, 1, "shop", Transactional);
        check("X-Tegami-Priority: bulk\r\n", Some(Transactional), 1, "shop", Transactional);
        check("X-Tegami-Priority: whatever\r\n", None, 1, "shop", Normal);
    }
}
