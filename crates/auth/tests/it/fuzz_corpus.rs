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

#[test]
fn mta_sts() {
    use tegami_auth::mta_sts::{Policy, Record};
    replay("mta_sts", |octets| {
        if let Ok(record) = Record::parse(octets) {
            assert!((1..=32).contains(&record.id().len()));
        }
        if let Ok(policy) = Policy::parse(octets) {
            assert_eq!(Policy::parse(policy.lines().join("\n").as_bytes()), Ok(policy));
        }
    });
}

#[test]
fn tls_rpt_record() {
    use tegami_auth::tls_rpt::{MAX_TARGETS, Record};
    replay("tls_rpt_record", |octets| {
        if let Ok(record) = Record::parse(octets) {
            assert!((1..=MAX_TARGETS).contains(&record.rua.len()));
        }
    });
}

#[test]
fn dane() {
    use tegami_auth::dane::{Records, public_key, verify};
    replay("dane", |octets| {
        let (own, other) = octets.split_at(octets.len() / 2);
        let record = |usage, data: &[u8]| tegami_dns::Tlsa {
            usage,
            selector: 0,
            matching_type: 0,
            data: data.to_vec(),
        };
        let records = Records::read([record(2, other), record(3, own)]);
        let chain = [own, other].map(rustls_pki_types::CertificateDer::from);
        let found = verify(&chain, &records.usable, &[], jiff::Timestamp::UNIX_EPOCH);
        assert_eq!(found.is_ok(), !own.is_empty());
        public_key(octets);
    });
}
