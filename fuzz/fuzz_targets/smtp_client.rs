//! Replies that arrive at the SMTP client.
#![no_main]

#[allow(dead_code, reason = "one file for both sides, shared with the tests that replay the corpus")]
mod smtp;

libfuzzer_sys::fuzz_target!(|input: &[u8]| smtp::client(input));
