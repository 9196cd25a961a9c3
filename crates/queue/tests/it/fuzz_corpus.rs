//! What the fuzz targets were given, given to the same functions again.

use std::path::Path;

#[test]
fn route() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/route");
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        tegami_queue::route::read(&String::from_utf8_lossy(&std::fs::read(entry.unwrap().path()).unwrap()));
        count += 1;
    }
    assert!(count > 0, "no corpus in {}", folder.display());
}
