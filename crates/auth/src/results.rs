//! `Authentication-Results` (RFC 8601) and `Received-SPF` (RFC 7208 section 9.1).
