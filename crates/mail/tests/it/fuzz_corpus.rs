//! The corpora of the fuzz targets, replayed.

use std::path::Path;

use crate::property;

fn replay(target: &str, property: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut replayed = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        property(&std::fs::read(entry.unwrap().path()).unwrap());
        replayed += 1;
    }
    assert!(replayed > 0, "{} is empty", folder.display());
}

#[test]
fn fuzz_corpus() {
    replay("header_section", property::header_section);
    replay("encoded_word", property::encoded_words);
    replay("address_list", property::address_list);
    replay("address", property::address);
    replay("date", property::date_time);
    replay("parameter", property::parameters);
    replay("mime", property::message);
    replay("mime_rewrite", property::rewritten);
    replay("html", property::html);
    replay("quotation", property::quotation);
    replay("refusal", property::refusal);
}

/// The same for the messages of the conformance suites, and for each of them cut short and with octets changed.
#[test]
fn suites_cut_and_changed() {
    let Some(folder) = crate::suites("mime") else { return };
    for path in crate::differential::messages(&folder) {
        let content = std::fs::read(path).unwrap();
        property::header_section(&content);
        property::message(&content);
        let step = content.len() / 40 + 1;
        for at in (0..content.len()).step_by(step) {
            property::message(&content[..at]);
            let mut changed = content.clone();
            changed[at] ^= 0x15;
            property::message(&changed);
        }
    }
}
