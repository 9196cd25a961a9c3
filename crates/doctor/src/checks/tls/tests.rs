use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use tegami_auth::received::Tls;
use tegami_proto::smtp::client::Capabilities;

use crate::checks::fixture::{Fixture, World, certificate_of};
use crate::probe::{Distrust, Offer, StartTls, Unprobed};

/// Neither MTA-STS nor DANE: nobody looks at certificates.
const NOBODY_LOOKS: &str = "- _mta-sts TXT\n- mta-sts A\n- _25._tcp";

/// A certificate with an RSA key of 1024 bits.
const RSA_1024: &str = "\
    MIICLDCCAZWgAwIBAgIUNBpnjg7eQGflaD7A1qY+mkPa960wDQYJKoZIhvcNAQELBQAwGjEYMBYGA1UEAwwPbXgxLmV4YW1w\
    bGUuY29tMB4XDTI2MTEyMjE4MjI1MVoXDTI3MTIyNzE4MjI1MVowGjEYMBYGA1UEAwwPbXgxLmV4YW1wbGUuY29tMIGfMA0G\
    CSqGSIb3DQEBAQUAA4GNADCBiQKBgQC4YiFbrGS1QlTCRava6FP2HkaSxMa354Hq49gPnk5kIZZSVlUri9iwUCoXISfF4C7w\
    eZdzng6hCojR/dbXnUZI9UbHrQfZgsjSOtJvpYomM94UivHOiHvfyZxPAvqe6SROCNwQr0v4HaxTgZpZ17nIRA8wSdwySUVS\
    62tkc+gYSQIDAQABo28wbTAdBgNVHQ4EFgQUlo/qaqzkSEGmxjnl9mvi/QOMnXowHwYDVR0jBBgwFoAUlo/qaqzkSEGmxjnl\
    9mvi/QOMnXowDwYDVR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgg9teDEuZXhhbXBsZS5jb20wDQYJKoZIhvcNAQELBQADgYEA\
    WUpBuCzwe6a8ZmvFZYLP+195SamHnX3kcXXalRpDElfWZ8lANrdaXqApTaKtB3ik2lLqer7TugLnb4ot03hx1bF96KBMPRHL\
    z6D/iq57s+V21CApfUfR7tOAVJWAhGBf+j/OXXLGP9lIDuEoZd5uFDV0c3mbCPd8g2O93RM5yKo=";

/// A certificate that an authority has signed over SHA-1.
const SHA_1: &str = "\
    MIIBKTCB0gIUJhs2MzsqIIy7MTTgY6C5Vw/Lz5owCQYHKoZIzj0EATAYMRYwFAYDVQQDDA1PbGQgQXV0aG9yaXR5MB4XDTI2\
    MTEyMjE4MjI1MVoXDTI3MTIyNzE4MjI1MVowGjEYMBYGA1UEAwwPbXgxLmV4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZI\
    zj0DAQcDQgAE1eUkrRQ58Hgy1LOih1rfOuqYShVkU8x18zVfgplyZwSbNws4n7z2vjc8qdN/LKiiFXf3NZRdE/5Cc52mUJAK\
    HjAJBgcqhkjOPQQBA0cAMEQCIHeTZJpsf2zgsepcT5+6D/wvxLf3J5UD/+bgA88hg8KwAiAYNqMFfS9FFhOArRexzXPEpml9\
    rj0IbmJ3uaTBjHS23g==";

/// A certificate with an RSA key of 2048 bits.
const RSA_2048: &str = "\
    MIIDMTCCAhmgAwIBAgIUPOzsdGs/zasUrjvEm77kma+SWgYwDQYJKoZIhvcNAQELBQAwGjEYMBYGA1UEAwwPbXgxLmV4YW1w\
    bGUuY29tMB4XDTI2MTEyMjE4MjI1MVoXDTI3MTIyNzE4MjI1MVowGjEYMBYGA1UEAwwPbXgxLmV4YW1wbGUuY29tMIIBIjAN\
    BgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA6uOSMM8ppXr+oCeL8LtTukA2jCNPOYMiW0/R9+hXO4Sc6D4cJ97cMG/GsjEm\
    rcKiz77Iqp1kyY0KFWNGM+7M4mr4XrbZS2hxja/jctImHoFemDl5Ur5Q2YKEZHoO3MowwoxTRtZgFAVjNaZxe58kmCTpvZ/K\
    SveDrXZOSpYWpMWKwTVF9SKILDH0SaCmbI87ZegZNp1C6zG+LSsD4WuNwxh+mRiNvJWNJJ0gSsarCzBpNshnF6gbURh08XYd\
    wltqH3gqzLGLpcFtRtPucNao5ohR+SWF1lSC5ePMAK0rbVgG3eeTB94fPBQzgnTfRZA8o3RlomOcKSBEfuViPO6zowIDAQAB\
    o28wbTAdBgNVHQ4EFgQU6/pBBHERa6m4LgHyVpWMPadQyrEwHwYDVR0jBBgwFoAU6/pBBHERa6m4LgHyVpWMPadQyrEwDwYD\
    VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgg9teDEuZXhhbXBsZS5jb20wDQYJKoZIhvcNAQELBQADggEBAFU0H1s4QdkZP+sL\
    VMiK4ZgO2SOg5lbae4PFrgw1XZVvuwh1TFRrsnTIDfbM0u4b3YOeczHILW320zvYQiV7WL+/ialaFbi6feI0Hzoj/m5ojiJj\
    8YKGR2Yuz+t5nTyrKknLlnHIXIV8k3VvMkdF7xT500wfXMbO0X34CMauW143dgImjilRs8YP59k2JXbK5NW78yw0KNctLpCS\
    isvMr8oVREp6NiaYqn2mHVc2Ctm2yjAbvUdU6BA0gW/aDNyzXmiQSmOETjcmhBLtSeuLyc/S3noW7G8TDD5oA9Ie/RG/uXc5\
    8KoYPiDF0mnia5bFa5ToP6+G8vs26DhjbdT94vY=";

fn shows(world: &mut World, text: &str) {
    let der = STANDARD.decode(text.replace(char::is_whitespace, "")).unwrap();
    world.shows(CertificateDer::from(der), None);
}

pub(crate) fn fixtures() -> Vec<Fixture> {
    [of_tls(), of_certificates(), of_submission()].into_iter().flatten().collect()
}

fn of_tls() -> Vec<Fixture> {
    let none = |world: &mut World| world.mx1().tls = StartTls::NotOffered;
    vec![
        Fixture::pass("tls.starttls", ""),
        Fixture::warn("tls.starttls", NOBODY_LOOKS).with(none),
        Fixture::fail("tls.starttls", "").with(none),
        Fixture::warn("tls.starttls", NOBODY_LOOKS)
            .with(|world| world.mx1().tls = StartTls::Failed("alert HandshakeFailure".to_owned())),
        Fixture::warn("tls.starttls", NOBODY_LOOKS).with(|world| {
            world.mx1().tls = StartTls::Refused(tegami_mail::Reply::plain(454, "TLS not available"));
        }),
        Fixture::unknown("tls.starttls", "").with(|world| world.mx1().tls = StartTls::Unreached),
        Fixture::pass("tls.version", ""),
        Fixture::warn("tls.version", NOBODY_LOOKS)
            .with(|world| world.mx1().tls = StartTls::TooOld("peer is incompatible".to_owned())),
        Fixture::info("tls.version", "").with(|world| world.tls1().version = "TLSv1.2".to_owned()),
        Fixture::info("tls.version", "").with(|world| {
            world.picks(Offer::OldVersions, 0x0301, 0x002f);
        }),
        Fixture::pass("tls.ciphers", ""),
        Fixture::warn("tls.ciphers", "").with(|world| {
            world.picks(Offer::WeakCiphers, 0x0303, 0x000a);
        }),
        Fixture::pass("tls.ciphers", "").with(|world| {
            world.picks(Offer::OldVersions, 0x0302, 0xc013);
        }),
        Fixture::info("tls.ciphers", "").with(|world| {
            world.picks(Offer::WeakCiphers, 0x0303, 0x0034);
        }),
        Fixture::pass("tls.client-cert-request", ""),
        Fixture::warn("tls.client-cert-request", "").with(|world| world.tls1().asked_for_ours = true),
        Fixture::na("tls.renegotiation", ""),
        Fixture::pass("tls.renegotiation", "").with(|world| {
            world.picks(Offer::Manners, 0x0303, 0xc02f);
        }),
        Fixture::warn("tls.renegotiation", "")
            .with(|world| world.picks(Offer::Manners, 0x0303, 0xc02f).secure_renegotiation = false),
        Fixture::na("tls.compression", ""),
        Fixture::warn("tls.compression", "")
            .with(|world| world.picks(Offer::Manners, 0x0303, 0xc02f).compression = true),
        Fixture::pass("tls.ems", "").with(|world| {
            // A host that speaks TLS 1.3 alone refuses all of them.
            world.picks(Offer::OldVersions, 0x0302, 0xc013);
        }),
        Fixture::info("tls.ems", "")
            .with(|world| world.picks(Offer::Manners, 0x0303, 0xc02f).extended_master_secret = false),
        Fixture::pass("tls.outbound", ""),
        Fixture::fail("tls.outbound", "").letter(|letter| letter.tls = Tls::Clear),
        Fixture::unknown("tls.outbound", "").letter(|letter| letter.tls = Tls::Unknown),
    ]
}

fn of_certificates() -> Vec<Fixture> {
    vec![
        Fixture::pass("tls.cert-chain", ""),
        Fixture::warn("tls.cert-chain", NOBODY_LOOKS)
            .with(|world| world.tls1().trusted = Err(Distrust::Issuer)),
        // The host shows its own certificate and no other.
        Fixture::warn("tls.cert-chain", NOBODY_LOOKS).with(|world| {
            shows(world, SHA_1);
            world.tls1().trusted = Err(Distrust::Issuer);
        }),
        Fixture::warn("tls.cert-chain", NOBODY_LOOKS)
            .with(|world| world.tls1().trusted = Err(Distrust::Expired)),
        // Under MTA-STS another check tells of it, and in red.
        Fixture::pass("tls.cert-chain", "").with(|world| world.tls1().trusted = Err(Distrust::Issuer)),
        Fixture::pass("tls.cert-name", ""),
        Fixture::warn("tls.cert-name", NOBODY_LOOKS).with(|world| {
            let other = certificate_of(&["mail.example.net"], (2026, 10, 1), (2027, 1, 1));
            world.shows(other, Some(Distrust::Name));
        }),
        Fixture::pass("tls.cert-name", NOBODY_LOOKS)
            .with(|world| world.shows(certificate_of(&["*.example.com"], (2026, 10, 1), (2027, 1, 1)), None)),
        Fixture::pass("tls.cert-expiry", ""),
        Fixture::warn("tls.cert-expiry", NOBODY_LOOKS).with(|world| {
            let old = certificate_of(&["mx1.example.com"], (2025, 1, 1), (2026, 1, 1));
            world.shows(old, Some(Distrust::Expired));
        }),
        Fixture::warn("tls.cert-expiry", NOBODY_LOOKS).with(|world| {
            world.shows(certificate_of(&["mx1.example.com"], (2026, 9, 1), (2026, 11, 25)), None);
        }),
        Fixture::info("tls.cert-expiry", NOBODY_LOOKS).with(|world| {
            world.shows(certificate_of(&["mx1.example.com"], (2026, 9, 10), (2026, 12, 9)), None);
        }),
        Fixture::pass("tls.cert-key", ""),
        Fixture::warn("tls.cert-key", NOBODY_LOOKS).with(|world| shows(world, RSA_1024)),
        Fixture::warn("tls.cert-key", NOBODY_LOOKS).with(|world| shows(world, SHA_1)),
        Fixture::info("tls.cert-key", NOBODY_LOOKS).with(|world| shows(world, RSA_2048)),
    ]
}

fn of_submission() -> Vec<Fixture> {
    vec![
        Fixture::na("tls.submission", ""),
        Fixture::info("tls.submission", "").with(|world| {
            world.ours();
        }),
        Fixture::fail("tls.submission", "").with(|world| {
            let lines = ["mx1.example.com", "STARTTLS", "AUTH PLAIN"].map(str::to_owned);
            world.ports()[0].in_clear = Some(Capabilities::read(&lines));
        }),
        Fixture::fail("tls.submission", "").with(|world| world.ports()[0].tls = Ok(StartTls::NotOffered)),
        Fixture::fail("tls.submission", "")
            .with(|world| world.ports()[1].tls = Ok(StartTls::TooOld("incompatible".to_owned()))),
        Fixture::fail("tls.submission", "").with(|world| {
            world.tls1().trusted = Err(Distrust::Name);
            world.ours();
            world.tls1().trusted = Ok(());
        }),
        Fixture::info("tls.submission", "").with(|world| world.ports()[1].tls = Err(Unprobed::Refused)),
    ]
}
