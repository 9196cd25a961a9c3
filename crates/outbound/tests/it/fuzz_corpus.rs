//! Everything that fuzzing has found worth keeping is read again by every test run.

use std::fs;
use std::path::Path;

use tegami_outbound::Certificate;

#[test]
fn certificate() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/certificate");
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let certificate = Certificate::read(&fs::read(entry.unwrap().path()).unwrap());
        assert!(!certificate.subject.contains('\n'));
        count += 1;
    }
    assert!(count > 0, "no corpus in {}", folder.display());
}
