//! Everything that fuzzing has found worth keeping is read again by every test run.

use std::path::Path;

use tegami_auth::dkim::{DkimResult, fuzz, sign};

use super::{NOW, at, ed25519, judge, signer, zone_of};

fn replay(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        check(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0, "no corpus in {}", folder.display());
}

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
