//! Fields that a message brings along and that concern us: the chain of Received fields, and results forged in our name.

use tegami_mail::header::{self, HeaderLimits, HeaderSection};

/// More Received fields than this are a loop (RFC 5321 section 6.3 asks for at least 100).
pub(crate) const MAX_HOPS: usize = 100;

/// How many Received fields the message has.
pub fn received_by_chain(content: &[u8]) -> usize {
    HeaderSection::parse(content, HeaderLimits::GENEROUS).map_or(0, |section| section.all("Received").count())
}

/// The content without Authentication-Results fields that claim to be ours (RFC 8601 section 5).
pub fn strip_forged_results(content: &[u8], authserv_id: &str) -> Vec<u8> {
    header::without(content, |field| {
        field.is("Authentication-Results") && tegami_auth::results::claims(&field.unfolded(), authserv_id)
    })
}
