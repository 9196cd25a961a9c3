//! The corpora of the fuzz targets, replayed, and octets at random.

use std::path::Path;

use proptest::prelude::*;

use crate::property;

fn replay(target: &str, property: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut replayed = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let content = std::fs::read(entry.unwrap().path()).unwrap();
        for end in (0..=content.len()).rev().step_by(content.len() / 20 + 1) {
            property(&content[..end]);
        }
        replayed += 1;
    }
    assert!(replayed > 0, "{} is empty", folder.display());
}

#[test]
fn fuzz_corpus() {
    replay("bounce", property::bounce);
    replay("complaint", property::complaint);
    replay("tls_report", property::tls_report);
}

proptest! {
    #[test]
    fn any_octets_as_a_bounce(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut content = b"From: MAILER-DAEMON\nSubject: failure notice\n\ncould not be delivered\n".to_vec();
        content.extend_from_slice(&octets);
        property::bounce(&content);
        property::bounce(&octets);
        property::complaint(&octets);
        property::tls_report(&octets);
    }

    #[test]
    fn any_words_as_a_bounce(words in "([<@>.:;() \n]|5[.]1[.]1|550|a@example[.]org|Received:|--|送|To:){0,80}") {
        let mut content = b"X-Failed-Recipients: b@example.org\nSubject: x\n\n".to_vec();
        content.extend_from_slice(words.as_bytes());
        property::bounce(&content);
    }
}
