//! Authentication-Results fields come in with the message.

#![no_main]

use tegami_auth::results::{AuthenticationResults, claims};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let _ = claims(octets, "mx.example.org");
    if let Ok(found) = AuthenticationResults::parse(octets) {
        let field = found.to_field();
        assert!(field.lines().skip(1).all(|line| line.starts_with('\t')), "no value ends its line");
    }
});
