//! What the fuzz targets were given, given to the same functions again.

use std::path::Path;

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
fn route() {
    replay("route", |octets| tegami_queue::route::read(&String::from_utf8_lossy(octets)));
}

#[test]
fn link() {
    replay("link", tegami_queue::fuzz::link);
}

#[test]
fn tracking() {
    replay("tracking", tegami_queue::fuzz::tracking);
}
