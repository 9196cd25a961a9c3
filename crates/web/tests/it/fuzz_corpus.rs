//! Everything that fuzzing has found worth keeping is read again by every test run.

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
fn http_form() {
    replay("http_form", tegami_web::fuzz::form);
}

#[test]
fn template() {
    replay("template", tegami_web::fuzz::template);
}

#[test]
fn event_filter() {
    replay("event_filter", |octets| tegami_web::fuzz::filter(&String::from_utf8_lossy(octets)));
}

#[test]
fn event_token() {
    replay("event_token", |octets| tegami_web::fuzz::token(&String::from_utf8_lossy(octets)));
}
