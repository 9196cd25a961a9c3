//! `Authentication-Results` (RFC 8601) and `Received-SPF` (RFC 7208 section 9.1): written and read.
//!
//! Much of what stands in these fields was said by the peer. Everything goes through `text`, so no value can end a
//! line, a comment or a quoted-string that it stands in.

mod authres;
mod parse;
mod received_spf;
mod text;

pub use authres::{AuthenticationResults, MethodResult, Property};
pub use parse::{ParseError, claims};
pub use received_spf::{ReceivedSpf, received_spf};
