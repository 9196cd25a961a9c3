//! Everything that fuzzing has found worth keeping is read again by every test run.

use tegami_auth::dkim::{DkimResult, fuzz, sign};

use super::{NOW, at, ed25519, judge, signer, zone_of};
use crate::fuzz_corpus::replay;

#[test]
fn dkim_signature() {
    replay("dkim_signature", fuzz::signature);
}

#[test]
fn dkim_key_record() {
    replay("dkim_key_record", fuzz::key_record);
}

#[test]
fn dkim_verify() {
    let signer = signer(&ed25519());
    let zone = zone_of(&signer);
    replay("dkim_verify", |content| {
        judge(content, &zone, NOW);
        if let Ok(fields) = sign(content, std::slice::from_ref(&signer), at(NOW)) {
            assert_eq!(judge(&[&fields, content].concat(), &zone, NOW)[0].result, DkimResult::Pass);
        }
    });
}
