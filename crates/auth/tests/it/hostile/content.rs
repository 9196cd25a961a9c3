//! Attacks by the message: signatures, seals, authors and trace fields without end.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tegami_auth::arc::{self, ArcResult};
use tegami_auth::dkim::{self, DkimResult, Verdict, sign};
use tegami_auth::dmarc::{MAX_AUTHOR_DOMAINS, MAX_QUERIES};
use tegami_auth::received::Hop;
use tegami_auth::verify::{Client, Verdicts, early, message};
use tegami_mail::ReversePath;

use super::{Zone, lines};
use crate::block_on;
use crate::dkim::{at, ed25519, signer, zone_of};
use crate::evaluation::hostile_dns::{longest, octets};
use crate::evaluation::{NOW, SPF_QUESTIONS};

const CONTENT: &str = "From: Alice <alice@example.org>\r\nSubject: Tea\r\n\r\nAt four.\r\n";

fn verify(content: &[u8], zone: &Zone) -> Vec<Verdict> {
    block_on(dkim::verify(content, zone, NOW))
}

/// A signature that is well formed, with these tags beside its hashes.
fn signature(tags: &str) -> String {
    format!("DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=mail; bh=AAAA; b=AAAA;{tags}\r\n{CONTENT}")
}

/// The one verdict, and that little is kept of it.
fn check(content: &str, zone: &Zone, expect: (DkimResult, &str)) {
    let verdicts = verify(content.as_bytes(), zone);
    let [verdict] = verdicts.as_slice() else { panic!("{verdicts:?}") };
    assert_eq!((verdict.result, verdict.reason.id), expect);
    let kept = octets(&verdict.steps);
    assert!(kept < 4096, "{kept} octets are kept");
}

#[test]
fn a_thousand_signatures() {
    let signer = signer(&ed25519());
    let zone = Zone::new(&zone_of(&signer));
    let fields = sign(CONTENT.as_bytes(), std::slice::from_ref(&signer), NOW).unwrap();
    let content = [fields.repeat(1000), CONTENT.as_bytes().to_vec()].concat();
    let verdicts = verify(&content, &zone);
    assert_eq!(verdicts.len(), 11);
    assert!(verdicts.iter().take(10).all(|verdict| verdict.result == DkimResult::Pass), "{verdicts:?}");
    assert_eq!(verdicts[10].result, DkimResult::Policy);
    assert_eq!(zone.asked(), 1);
    let others = lines(1000, |at| {
        format!("DKIM-Signature: v=1; a=rsa-sha256; d=d{at}.test; s=s; h=from; bh=AAAA; b=AAAA\r")
    });
    let zone = Zone::new("");
    let verdicts = verify(format!("{others}{CONTENT}").as_bytes(), &zone);
    assert_eq!((verdicts.len(), zone.asked()), (11, 10));
    assert!(verdicts.iter().take(10).all(|verdict| verdict.result == DkimResult::PermError));
}

#[test]
fn names_without_end() {
    let zone = Zone::new("");
    let names = |count: usize, name: &str| signature(&format!(" h=from{}", format!(":{name}").repeat(count)));
    let malformed = (DkimResult::PermError, "dkim-value-malformed");
    check(&names(20_000, "to"), &zone, malformed);
    check(&names(100_000, "from"), &zone, malformed);
    check(
        &signature(&format!(" h={}", "x".repeat(100 << 10))),
        &zone,
        (DkimResult::PermError, "dkim-from-not-signed"),
    );
    check(&signature(&format!(" h=from:{}", ":".repeat(100 << 10))), &zone, malformed);
    let tags: String = (0..20_000).map(|number| format!(" t{number}=;")).collect();
    check(&signature(&tags), &zone, (DkimResult::PermError, "dkim-tag-too-many"));
    check(&signature(&" x=1;".repeat(2)), &zone, (DkimResult::PermError, "dkim-tag-duplicate"));
    check(
        &signature(&format!(" h=from; z={}; i=@{}", "z".repeat(100_000), longest(0))),
        &zone,
        (DkimResult::PermError, "dkim-identity-outside"),
    );
    assert_eq!(zone.asked(), 0);
}

/// Names that are signed as often as a signer may say, in a message that has them as often.
#[test]
fn a_thousand_fields_of_one_name() {
    let signer = signer(&ed25519());
    let zone = Zone::new(&zone_of(&signer));
    let content = "X: 1\r\n".repeat(900) + CONTENT;
    let mut all = signer;
    all.fields = dkim::SignedFields::These(vec!["x".to_owned()]);
    let fields = sign(content.as_bytes(), std::slice::from_ref(&all), NOW).unwrap();
    let signed = [fields, content.into_bytes()].concat();
    assert_eq!(verify(&signed, &zone)[0].result, DkimResult::Pass);
    let changed = String::from_utf8(signed).unwrap().replacen("X: 1", "X: 2", 1);
    assert_eq!(verify(changed.as_bytes(), &zone)[0].result, DkimResult::Fail);
}

#[test]
fn numbers_beyond_the_machine() {
    let zone = Zone::new("mail._domainkey.example.org. TXT \"v=DKIM1; p=\"");
    let with = |tags: &str| signature(&format!(" h=from;{tags}"));
    let revoked = (DkimResult::PermError, "dkim-key-revoked");
    check(&with(&format!(" x={}", "9".repeat(20))), &zone, revoked);
    check(&with(&format!(" l={}", "9".repeat(76))), &zone, revoked);
    check(&with(&format!(" l={}", "9".repeat(77))), &zone, (DkimResult::PermError, "dkim-value-malformed"));
    check(&with(&format!(" t={}", "9".repeat(21))), &zone, (DkimResult::PermError, "dkim-value-malformed"));
    check(&with(" x=-1"), &zone, (DkimResult::PermError, "dkim-value-malformed"));
    check(
        &with(&format!(" t={0}; x={0}", "9".repeat(20))),
        &zone,
        (DkimResult::PermError, "dkim-expiry-before-time"),
    );
}

/// An RSAPublicKey in a SubjectPublicKeyInfo (RFC 8017 section A.1.1), as `p=` has it.
fn rsa(modulus: &[u8], exponent: &[u8]) -> String {
    let element = |tag: u8, content: &[u8]| -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x84], length.as_slice(), content].concat()
    };
    let number = |octets: &[u8]| element(2, &[&[0], octets].concat());
    let key = element(0x30, &[number(modulus), number(exponent)].concat());
    let oid = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let spki = [element(0x30, &oid), element(3, &[&[0], key.as_slice()].concat())].concat();
    STANDARD.encode(element(0x30, &spki))
}

#[test]
fn keys_beyond_measure() {
    let with = |key: &str| Zone::new("").with("mail._domainkey.example.org", format!("p={key}"));
    let content = signature(" h=from");
    let modulus = |bits: usize| vec![0xc5; bits / 8];
    let unusable = |key: &str, reason: &str| check(&content, &with(key), (DkimResult::PermError, reason));
    unusable(&rsa(&modulus(16_384), &[1, 0, 1]), "dkim-key-too-long");
    unusable(&rsa(&modulus(1 << 20), &[1, 0, 1]), "dkim-key-too-long");
    unusable(&rsa(&modulus(512), &[1, 0, 1]), "dkim-key-weak");
    unusable(&rsa(&[&[0; 256], modulus(1016).as_slice()].concat(), &[1, 0, 1]), "dkim-key-weak");
    for exponent in [&vec![0xff; 4096][..], &[0xff; 128], &[0xff; 8], &[1], &[2], &[0], &[]] {
        unusable(&rsa(&modulus(2048), exponent), "dkim-key-unreadable");
    }
    unusable(&rsa(&[], &[1, 0, 1]), "dkim-key-unreadable");
    unusable(&rsa(&[0xc4; 256], &[1, 0, 1]), "dkim-key-unreadable");
    unusable(&STANDARD.encode([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), "dkim-key-unreadable");
    unusable(&STANDARD.encode([0x30, 0x80, 0, 0]), "dkim-key-unreadable");
    unusable(&"A".repeat(4 << 20), "dkim-key-unreadable");
    unusable(&format!("{}!", "A".repeat(4 << 20)), "dkim-key-not-base64");
    unusable("; k=ed25519", "dkim-key-revoked");
    unusable("AAAA; k=ed25519", "dkim-key-type-mismatch");
}

/// Bodies made to be slow under relaxed canonicalisation.
#[test]
fn bodies_of_blanks() {
    let signer = signer(&ed25519());
    let zone = Zone::new(&zone_of(&signer));
    for piece in [" ", " \t", " \r\n", "\r\n", "a ", "a  ", "\t", "\r", "a \r"] {
        let header = "From: Alice <alice@example.org>\r\nSubject: Tea\r\n\r\n";
        let body = piece.repeat((256 << 10) / piece.len());
        for end in ["", "x"] {
            let signed =
                match sign(format!("{header}{body}{end}").as_bytes(), std::slice::from_ref(&signer), NOW) {
                    Ok(fields) => [fields, format!("{header}{body}{end}").into_bytes()].concat(),
                    // A bare CR is not signed.
                    Err(_) => {
                        signature(" h=from").replace("At four.\r\n", &format!("{body}{end}")).into_bytes()
                    }
                };
            let verdicts = verify(&signed, &zone);
            assert_eq!(verdicts.len(), 1);
            assert!(octets(&verdicts[0].steps) < 4096);
            if !piece.contains('\r') || piece.ends_with('\n') {
                assert_eq!(verdicts[0].result, DkimResult::Pass, "{piece:?}");
            }
        }
    }
}

#[test]
fn names_of_signers_at_their_limits() {
    let with = |domain: &str, selector: &str| {
        let tags = " h=from";
        signature(tags)
            .replace("d=example.org", &format!("d={domain}"))
            .replace("s=mail", &format!("s={selector}"))
    };
    let label = |length| "x".repeat(length);
    let none = (DkimResult::PermError, "dkim-key-none");
    let malformed = (DkimResult::PermError, "dkim-value-malformed");
    let zone = Zone::new("");
    check(&with(&format!("{}.org", label(63)), "mail"), &zone, none);
    check(&with(&format!("{}.org", label(64)), "mail"), &zone, malformed);
    // The name of the key would be too long: it exists nowhere, and nobody is asked.
    check(&with(&longest(0), "mail"), &zone, none);
    check(&with(&format!("y{}", longest(0)), "mail"), &zone, malformed);
    check(&with("example.org", &label(63)), &zone, none);
    check(&with("example.org", &label(64)), &zone, malformed);
    check(&with("example.org", r"a\.b"), &zone, malformed);
    check(&with(r"exa\mple.org", "mail"), &zone, malformed);
    check(&with("example.org.", "mail"), &zone, malformed);
    check(&with("org", "mail"), &zone, malformed);
    assert_eq!(zone.asked(), 2);
}

/// Sets as anybody can write them: no signature holds.
fn sets(instances: impl Iterator<Item = usize>) -> String {
    let set = |at: usize| {
        let cv = if at == 1 { "none" } else { "pass" };
        format!(
            "ARC-Seal: i={at}; a=rsa-sha256; cv={cv}; d=s{at}.test; s=s; b=AAAA\r\n\
             ARC-Message-Signature: i={at}; a=rsa-sha256; d=m{at}.test; s=s; h=from; bh=AAAA; b=AAAA\r\n\
             ARC-Authentication-Results: i={at}; mx.test; spf=pass\r\n"
        )
    };
    instances.map(set).collect::<String>() + CONTENT
}

#[test]
fn seals() {
    let check = |content: &str, expect: (ArcResult, u8, &str), most: usize| {
        let zone = Zone::new("");
        let verdict = block_on(arc::verify(content.as_bytes(), &zone, NOW));
        assert_eq!((verdict.result, verdict.instance, verdict.reason.id), expect);
        assert!(zone.asked() <= most, "{}", zone.asked());
        assert!(verdict.steps.len() <= 52);
    };
    // Not one of the other hundred keys is asked for before the newest signature holds.
    check(&sets(1..=50), (ArcResult::Fail, 50, "dkim-key-none"), 1);
    check(&sets((1..=50).rev()), (ArcResult::Fail, 50, "dkim-key-none"), 1);
    check(&sets(1..=51), (ArcResult::Fail, 0, "arc-too-many"), 0);
    check(&sets(1..=1000), (ArcResult::Fail, 0, "arc-too-many"), 0);
    check(&sets((1..=50).filter(|at| *at != 25)), (ArcResult::Fail, 25, "arc-field-missing"), 0);
    check(&sets(2..=50), (ArcResult::Fail, 1, "arc-field-missing"), 0);
    check(&sets([1, 1].into_iter()), (ArcResult::Fail, 1, "arc-field-repeated"), 0);
    check(&sets([51].into_iter()), (ArcResult::Fail, 0, "arc-results-without-instance"), 0);
    check(&sets([0].into_iter()), (ArcResult::Fail, 0, "arc-results-without-instance"), 0);
    check(
        &format!("ARC-Seal: {}\r\n{CONTENT}", "i=1;".repeat(1000)),
        (ArcResult::Fail, 0, "dkim-tag-duplicate"),
        0,
    );
}

/// All verdicts on a content from a client that is nobody.
fn judge(content: &str, zone: &Zone) -> Verdicts {
    let client = Client {
        ip: "192.0.2.1".parse().unwrap(),
        helo: "mail.example.org",
        mail_from: &ReversePath::Null,
        receiver: "mx.example.com",
        now: at(0),
    };
    let early = block_on(early(&client, zone));
    block_on(message(&client, early, content.as_bytes(), zone))
}

/// The result of DMARC, the note that says why, and how many questions the content cost at most.
fn check_authors(from: &str, expect: (&str, &str), most: usize) {
    let zone = Zone::new(
        "_dmarc.example.org. TXT \"v=DMARC1; p=reject\"
         _dmarc.example.net. TXT \"v=DMARC1; p=none\"",
    );
    let verdicts = judge(&format!("From: {from}\r\n\r\n"), &zone);
    let dmarc = &verdicts.dmarc;
    let told = dmarc.steps.iter().any(|step| step.note.id == expect.1);
    assert_eq!((dmarc.result.as_str(), told), (expect.0, true), "{:.1000}", format!("{:?}", dmarc.steps));
    assert!(zone.asked() <= 3 + most, "{} questions", zone.asked());
    assert!(octets(&dmarc.steps) < 64 << 10, "{}", octets(&dmarc.steps));
    assert!(verdicts.authentication_results("mx.example.com").len() < 4096);
}

#[test]
fn authors_without_end() {
    let walks = MAX_AUTHOR_DOMAINS * (MAX_QUERIES + 1);
    let list = |count: usize, make: fn(usize) -> String| (0..count).map(make).collect::<Vec<_>>().join(",");
    check_authors(&list(50_000, |at| format!("a{at}@example.org")), ("fail", "dmarc-fail"), 2);
    check_authors(
        &list(40_000, |at| format!("a@d{at}.test")),
        ("permerror", "dmarc-too-many-authors"),
        walks,
    );
    check_authors(
        &list(2_000, |at| format!("a@a.b.c.d.e.f.g.h.i.j.k.l.m.d{at}.example.net")),
        ("permerror", "dmarc-too-many-authors"),
        walks,
    );
    check_authors(&list(2_000, |at| format!("a@d{at}.example.org")), ("fail", "dmarc-fail"), walks);
    check_authors(&"(".repeat(100_000), ("permerror", "dmarc-from-unreadable"), 0);
    check_authors(&"<".repeat(100_000), ("permerror", "dmarc-from-unreadable"), 0);
    check_authors(
        &format!("{}x{} a@example.org", "(".repeat(100_000), ")".repeat(100_000)),
        ("fail", "dmarc-fail"),
        2,
    );
    check_authors(&format!("a@{}.org", "x".repeat(64)), ("permerror", "dmarc-from-unreadable"), 9);
    check_authors(&"a@example.org ".repeat(20_000), ("fail", "dmarc-from-unreadable"), walks);
    check_authors(&"@".repeat(100_000), ("permerror", "dmarc-from-unreadable"), 0);
    check_authors("alice@[192.0.2.1]", ("none", "dmarc-no-author"), 0);
    check_authors(&format!("a@{}", longest(0)), ("none", "dmarc-record-absent"), MAX_QUERIES);
}

#[test]
fn a_hundred_thousand_fields() {
    let zone = Zone::new("_dmarc.example.org. TXT \"v=DMARC1; p=reject\"");
    let verdicts = judge(&("X: 1\r\n".repeat(100_000) + CONTENT), &zone);
    assert_eq!(verdicts.dkim[0].result, DkimResult::PermError);
    assert_eq!(verdicts.arc.result, ArcResult::Fail);
    assert_eq!(verdicts.dmarc.result.as_str(), "permerror");
    // One From field too many for one author, and each tells of another domain.
    let many = lines(4_000, |at| format!("From: a@d{at}.test\r"));
    let verdicts = judge(&format!("{many}\r\n"), &Zone::new(""));
    assert_eq!(verdicts.dmarc.result.as_str(), "permerror");
}

#[test]
fn trace_fields() {
    let deep = format!("from a {}x{} by b; x", "(".repeat(100_000), ")".repeat(100_000));
    assert_eq!(Hop::parse(deep.as_bytes()).by.as_deref(), Some("b"));
    for piece in ["(", "(a", "\\", "from ", "from(", "; ", "[", "by x (tls) "] {
        let hop = Hop::parse(piece.repeat(100_000).as_bytes());
        let kept = [hop.helo, hop.name, hop.by].into_iter().flatten().map(|text| text.len()).max();
        assert!(kept.unwrap_or_default() <= 4 * 255);
    }
}

/// Everything at once stays within the sum of the limits.
#[test]
fn all_together() {
    let zone = "example.org. TXT \"v=spf1 \"".to_owned()
        + &(0..10).map(|at| format!(" \"mx:m{at}.%{{p}}.example.org \"")).collect::<String>()
        + "\n_dmarc.example.org. TXT \"v=DMARC1; p=reject; np=quarantine\"\n"
        + &lines(20, |at| format!("1.2.0.192.in-addr.arpa. PTR p{at}.example.org."));
    let zone = Zone::new(&zone);
    let signatures = lines(100, |at| {
        format!(
            "DKIM-Signature: v=1; a=rsa-sha256; d=a.b.c.d.e.f.g.h.d{at}.example.org; s=s; h=from; bh=AAAA; b=AAAA\r"
        )
    });
    let verdicts = judge(&format!("{signatures}{}", sets(1..=50)), &zone);
    assert_eq!(verdicts.dmarc.result.as_str(), "fail");
    let most = 11 + 2 * SPF_QUESTIONS + 10 + 1 + MAX_QUERIES + 1;
    assert!(zone.asked() <= most, "{} questions", zone.asked());
}
