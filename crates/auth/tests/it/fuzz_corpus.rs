//! The corpora of the fuzz targets for SPF, DMARC, ARC, trace and result fields, replayed.

use std::fs;

use tegami_auth::results::{AuthenticationResults, claims};
use tegami_auth::{dmarc, spf};

use crate::{evaluation, property};

/// Runs `target` on every file of a corpus.
pub(crate) fn replay(corpus: &str, target: impl Fn(&[u8])) {
    let folder = format!("{}/../../fuzz/corpus/{corpus}", env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for file in fs::read_dir(&folder).unwrap() {
        target(&fs::read(file.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0, "{folder} is empty");
}

#[test]
fn spf_record() {
    replay("spf_record", |octets| {
        if let Ok(record) = spf::Record::parse(octets) {
            assert!(spf::Record::parse(record.to_string()).is_ok());
        }
    });
}

#[test]
fn spf_survey() {
    replay("spf_survey", spf::survey::fuzz::survey);
}

#[test]
fn dmarc_record() {
    replay("dmarc_record", |octets| {
        let _ = dmarc::Record::parse(octets).map(|record| record.applies());
    });
}

#[test]
fn authentication_results() {
    replay("authentication_results", |octets| {
        let _ = claims(octets, "mx.example.org");
        if let Ok(found) = AuthenticationResults::parse(octets) {
            assert!(found.to_field().lines().skip(1).all(|line| line.starts_with('\t')));
        }
    });
}

#[test]
fn verify() {
    replay("verify", property::verify);
}

#[test]
fn whole_evaluations() {
    replay("spf_evaluation", evaluation::spf);
    replay("dmarc_evaluation", evaluation::dmarc);
    replay("dkim_evaluation", evaluation::dkim);
    replay("arc_evaluation", evaluation::arc);
    replay("whole_evaluation", evaluation::whole);
}

#[test]
fn arc_chain() {
    replay("arc_chain", tegami_auth::arc::fuzz::chain);
}

#[test]
fn received() {
    replay("received", |octets| {
        let _ = tegami_auth::received::Hop::parse(octets);
    });
}
