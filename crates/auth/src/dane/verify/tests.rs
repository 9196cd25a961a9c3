use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use super::*;
use crate::dane::references;

const NOW: &str = "2026-07-01T12:00:00Z";

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
}

fn authority(name: &str) -> Authority {
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let der = parameters.self_signed(&key).unwrap().der().clone();
    Authority { issuer: Issuer::new(parameters, key), der }
}

fn parameters(name: &str, until: i32) -> CertificateParams {
    let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
    parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(until, 1, 1);
    parameters
}

fn issue(by: &Authority, name: &str, until: i32) -> CertificateDer<'static> {
    let key = KeyPair::generate().unwrap();
    parameters(name, until).signed_by(&key, &by.issuer).unwrap().der().clone()
}

fn record(usage: Usage, selector: Selector, matching: Matching, certificate: &[u8]) -> Association {
    let selected = match selector {
        Selector::Cert => certificate,
        Selector::Spki => public_key(certificate).unwrap(),
    };
    let data = match matching {
        Matching::Full => selected.to_vec(),
        Matching::Sha256 => digest(&SHA256, selected).as_ref().to_vec(),
        Matching::Sha512 => digest(&SHA512, selected).as_ref().to_vec(),
    };
    Association { usage, selector, matching, data }
}

fn check(chain: &[CertificateDer<'_>], records: &[Association], expected: Result<usize, Mismatch>) {
    let name = |text: &str| Domain::parse(text).unwrap();
    let names = references(&name("mx.example.net"), Some(&name("example.org")), None);
    let found = verify(chain, records, &names, NOW.parse().unwrap());
    let expected = expected.map(|at| &records[at]);
    assert_eq!(found, expected);
}

#[test]
fn dane_ee_looks_at_nothing_but_the_certificate() {
    let expired = issue(&authority("nobody"), "elsewhere.example.com", 2021);
    let other = issue(&authority("nobody"), "mx.example.net", 2051);
    for selector in [Selector::Cert, Selector::Spki] {
        for matching in [Matching::Full, Matching::Sha256, Matching::Sha512] {
            let record = |certificate| record(Usage::DaneEe, selector, matching, certificate);
            check(std::slice::from_ref(&expired), &[record(&other), record(&expired)], Ok(1));
            check(std::slice::from_ref(&other), &[record(&expired)], Err(Mismatch::NoMatch));
            // The record names the server's own certificate, not one behind it.
            check(&[other.clone(), expired.clone()], &[record(&expired)], Err(Mismatch::NoMatch));
        }
    }
    check(
        &[],
        &[record(Usage::DaneEe, Selector::Cert, Matching::Full, &other)],
        Err(Mismatch::NoCertificate),
    );
}

#[test]
fn dane_ta_wants_a_chain_a_name_and_a_time() {
    let (good, other) = (authority("good"), authority("other"));
    let record =
        |authority: &Authority, matching| [record(Usage::DaneTa, Selector::Cert, matching, &authority.der)];
    let key_of_good = [super::tests::record(Usage::DaneTa, Selector::Spki, Matching::Sha256, &good.der)];
    let leaf = issue(&good, "mx.example.net", 2051);
    let chain = [leaf.clone(), good.der.clone()];
    check(&chain, &record(&good, Matching::Sha256), Ok(0));
    check(&chain, &key_of_good, Ok(0));
    check(&chain, &record(&other, Matching::Sha256), Err(Mismatch::NoMatch));
    // The authority is not shown: only a record that holds it whole can do without.
    check(&chain[..1], &record(&good, Matching::Sha512), Err(Mismatch::NoMatch));
    check(&chain[..1], &record(&good, Matching::Full), Ok(0));
    // The authority is shown and has nothing to do with the certificate.
    let foreign = [issue(&other, "mx.example.net", 2051), good.der.clone()];
    let mut names = Vec::new();
    let found = verify(&foreign, &key_of_good, &names, NOW.parse().unwrap());
    assert!(matches!(found, Err(Mismatch::Chain(_))), "{found:?}");
    names.push(Domain::parse("mx.example.net").unwrap());
    let expired = [issue(&good, "mx.example.net", 2021), good.der.clone()];
    check(&expired, &key_of_good, Err(Mismatch::Expired));
    let renamed = [issue(&good, "mx.example.com", 2051), good.der.clone()];
    check(&renamed, &key_of_good, Err(Mismatch::Name));
    // The next hop's own name will do as well, and so does a wildcard.
    check(&[issue(&good, "example.org", 2051), good.der.clone()], &key_of_good, Ok(0));
    check(&[issue(&good, "*.example.net", 2051), good.der.clone()], &key_of_good, Ok(0));
    check(&[issue(&good, "*.net", 2051), good.der.clone()], &key_of_good, Err(Mismatch::Name));
}

#[test]
fn dane_ta_through_an_authority_between() {
    let root = authority("root");
    let key = KeyPair::generate().unwrap();
    let mut between = CertificateParams::new(Vec::new()).unwrap();
    between.distinguished_name.push(rcgen::DnType::CommonName, "between");
    between.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let der = between.signed_by(&key, &root.issuer).unwrap().der().clone();
    let between = Authority { issuer: Issuer::new(between, key), der };
    let chain = [issue(&between, "mx.example.net", 2051), between.der.clone(), root.der.clone()];
    let of =
        |authority: &Authority| [record(Usage::DaneTa, Selector::Spki, Matching::Sha256, &authority.der)];
    check(&chain, &of(&root), Ok(0));
    check(&chain, &of(&between), Ok(0));
    check(&chain[..2], &of(&between), Ok(0));
}

proptest::proptest! {
    #[test]
    fn never_panics(own: Vec<u8>, other: Vec<u8>, data: Vec<u8>) {
        let records = [
            Association { usage: Usage::DaneTa, selector: Selector::Cert, matching: Matching::Full, data: data.clone() },
            Association { usage: Usage::DaneEe, selector: Selector::Spki, matching: Matching::Full, data },
        ];
        let chain = [CertificateDer::from(own), CertificateDer::from(other)];
        let _ = verify(&chain, &records, &[], NOW.parse().unwrap());
    }
}
