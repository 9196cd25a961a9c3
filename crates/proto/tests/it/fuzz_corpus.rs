//! Everything that fuzzing has found worth keeping is read again by every test run.

use std::path::Path;

#[path = "../../../../fuzz/fuzz_targets/smtp/mod.rs"]
mod smtp;

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
fn smtp_server() {
    replay("smtp_server", smtp::server);
}

#[test]
fn smtp_client() {
    replay("smtp_client", smtp::client);
}
