use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use rcgen::{CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, KeyPair};

use crate::checks::fixture::{Fixture, World};
use crate::probe::{Document, Unprobed};

const PICTURE: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.2\" baseProfile=\"tiny-ps\" viewBox=\"0 0 8 8\"><title>Example</title><rect width=\"8\" height=\"8\"/></svg>\n";

const RECORD: &str = "default._bimi TXT \"v=BIMI1; l=https://www.example.com/logo.svg\"";
const BOTH: &str =
    "default._bimi TXT \"v=BIMI1; l=https://www.example.com/logo.svg; a=https://www.example.com/logo.pem\"";

pub(crate) fn fixtures() -> Vec<Fixture> {
    [records(), pictures(), certificates()].into_iter().flatten().collect()
}

fn document(world: &mut World, path: &str, kind: &str, body: &str) {
    let document = Document {
        status: 200,
        content_type: kind.to_owned(),
        location: None,
        body: body.as_bytes().to_vec(),
        certificate: None,
    };
    world.table.https.insert(format!("www.example.com{path}"), Ok(document));
}

/// A picture that keeps to the profile.
fn shown(world: &mut World) {
    document(world, "/logo.svg", "image/svg+xml", PICTURE);
}

/// The same, with a certificate.
fn proven(world: &mut World, name: &str, year: i32, picture: &str, usage: &[u64]) {
    shown(world);
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(picture.as_bytes()).unwrap();
    let uri = format!("data:image/svg+xml;base64,{}", STANDARD.encode(packed.finish().unwrap()));
    let length = u16::try_from(uri.len()).unwrap().to_be_bytes();
    let content = [&[0x16, 0x82], length.as_slice(), uri.as_bytes()].concat();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(year, 10, 1);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(usage.to_vec())];
    params.custom_extensions =
        vec![CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 12], content)];
    let pem = params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem();
    document(world, "/logo.pem", "application/x-pem-file", &format!("{pem}{pem}"));
}

const BRAND: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 3, 31];

fn records() -> Vec<Fixture> {
    vec![
        Fixture::info("bimi.record", ""),
        Fixture::pass("bimi.record", RECORD).with(shown),
        Fixture::info("bimi.record", "default._bimi TXT \"v=BIMI1; l=; a=;\""),
        Fixture::warn("bimi.record", "default._bimi TXT \"v=BIMI1; l=http://www.example.com/logo.svg\""),
        Fixture::warn("bimi.record", "default._bimi TXT \"v=BIMI1; a=\""),
        Fixture::warn(
            "bimi.record",
            "default._bimi TXT \"v=BIMI1; l=;\"\ndefault._bimi TXT \"v=BIMI1; l=https://www.example.com/logo.svg\"",
        ),
        Fixture::unknown("bimi.record", "$SERVFAIL default._bimi.example.com. TXT"),
        Fixture::na("bimi.dmarc", ""),
        Fixture::pass("bimi.dmarc", RECORD).with(shown),
        Fixture::warn(
            "bimi.dmarc",
            "default._bimi TXT \"v=BIMI1; l=https://www.example.com/logo.svg\"\n- _dmarc\n_dmarc TXT \"v=DMARC1; p=none; rua=mailto:d@example.com\"",
        ),
        Fixture::warn(
            "bimi.dmarc",
            "default._bimi TXT \"v=BIMI1; l=https://www.example.com/logo.svg\"\n- _dmarc\n_dmarc TXT \"v=DMARC1; p=reject; sp=none\"",
        ),
        Fixture::warn(
            "bimi.dmarc",
            "default._bimi TXT \"v=BIMI1; l=https://www.example.com/logo.svg\"\n- _dmarc\n_dmarc TXT \"v=DMARC1; p=reject; pct=50\"",
        ),
        Fixture::warn(
            "bimi.dmarc",
            "default._bimi TXT \"v=BIMI1; l=https://www.example.com/logo.svg\"\n- _dmarc\n_dmarc TXT \"v=DMARC1; p=quarantine; t=y\"",
        ),
    ]
}

fn pictures() -> Vec<Fixture> {
    vec![
        Fixture::na("bimi.svg", ""),
        Fixture::pass("bimi.svg", RECORD).with(shown),
        Fixture::unknown("bimi.svg", RECORD),
        Fixture::unknown("bimi.svg", RECORD).with(|world| {
            world.table.https.insert("www.example.com/logo.svg".to_owned(), Err(Unprobed::Off));
        }),
        Fixture::warn("bimi.svg", RECORD).with(|world| document(world, "/logo.svg", "text/plain", PICTURE)),
        Fixture::warn("bimi.svg", RECORD).with(|world| {
            document(world, "/logo.svg", "image/svg+xml", &PICTURE.replace("tiny-ps", "full"));
        }),
        Fixture::warn("bimi.svg", RECORD).with(|world| {
            let large = PICTURE.replace("</svg>", &format!("<!--{}--></svg>", "x".repeat(40_000)));
            document(world, "/logo.svg", "image/svg+xml", &large);
        }),
    ]
}

fn certificates() -> Vec<Fixture> {
    vec![
        Fixture::info("bimi.cert", RECORD).with(shown),
        Fixture::pass("bimi.cert", BOTH).with(|world| proven(world, "example.com", 2027, PICTURE, BRAND)),
        // Expired, for others, for another picture, for servers.
        Fixture::warn("bimi.cert", BOTH).with(|world| proven(world, "example.com", 2026, PICTURE, BRAND)),
        Fixture::warn("bimi.cert", BOTH).with(|world| proven(world, "example.net", 2027, PICTURE, BRAND)),
        Fixture::warn("bimi.cert", BOTH).with(|world| {
            proven(world, "example.com", 2027, &PICTURE.replace('8', "9"), BRAND);
        }),
        Fixture::warn("bimi.cert", BOTH)
            .with(|world| proven(world, "example.com", 2027, PICTURE, &[1, 3, 6, 1, 5, 5, 7, 3, 1])),
        Fixture::warn("bimi.cert", BOTH).with(|world| {
            shown(world);
            document(world, "/logo.pem", "text/plain", "nothing");
        }),
        Fixture::unknown("bimi.cert", BOTH).with(shown),
    ]
}
