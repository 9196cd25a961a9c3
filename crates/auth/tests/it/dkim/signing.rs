use std::sync::Arc;
use std::time::Duration;

use expect_test::expect;
use tegami_auth::dkim::{
    Algorithm, DkimResult, KeyError, KeyRecord, PrivateKey, SignError, SignedFields, Signer, sign,
};

use super::{NOW, at, ed25519, judge, signed, signer, zone_of};

const CONTENT: &str = "From: hanako@example.org\r\nSubject: =?UTF-8?B?5pa9?=\r\nReceived: from x\r\nReturn-Path: <>\r\nContent-Type: text/plain\r\nList-Id: <l.example.org>\r\n\r\nbody\r\n";

#[test]
fn fields_are_folded_and_oversigned() {
    let mut signer = signer(&ed25519());
    signer.identity = Some("a=b@mail.example.org".parse().unwrap());
    signer.expiry = Some(Duration::from_secs(60));
    let field = String::from_utf8(sign(CONTENT.as_bytes(), &[signer.clone()], at(NOW)).unwrap()).unwrap();
    assert!(field.lines().all(|line| line.len() <= 78), "{field}");
    assert!(field.ends_with("\r\n") && !field.contains("\r\n\r\n"));
    let until_signature = field.split(" b=").next().unwrap().replace('\r', "");
    expect![[r#"
        DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.org;
         s=mail; i=a=3Db@mail.example.org; t=1789000000; x=1789000060; h=from:from:
         reply-to:to:cc:subject:subject:date:message-id:content-type:content-type:
         list-id; bh=Ck5SoRNWUpSR4X0COv7R5ub2pUTtl6xz4dTFz++ji4M=;"#]]
    .assert_eq(&until_signature);
    let message = format!("{field}{CONTENT}");
    assert_eq!(judge(message.as_bytes(), &zone_of(&signer), NOW)[0].result, DkimResult::Pass);
}

#[test]
fn two_signers_one_message() {
    let rsa = signer(&Arc::new(PrivateKey::generate_rsa_2048().unwrap()));
    let mut ed = signer(&ed25519());
    ed.selector = "ed".parse().unwrap();
    let fields = sign(CONTENT.as_bytes(), &[rsa.clone(), ed.clone()], at(NOW)).unwrap();
    let message = [fields.as_slice(), CONTENT.as_bytes()].concat();
    let verdicts = judge(&message, &(zone_of(&rsa) + &zone_of(&ed)), NOW);
    let seen: Vec<_> =
        verdicts.iter().map(|v| (v.result.as_str(), v.algorithm.as_str(), v.selector.as_str())).collect();
    assert_eq!(seen, [("pass", "rsa-sha256", "mail"), ("pass", "ed25519-sha256", "ed")]);
}

#[test]
fn what_is_not_signed() {
    let signer = signer(&ed25519());
    let refuse = |content: &str, signer: &Signer| {
        sign(content.as_bytes(), std::slice::from_ref(signer), at(NOW)).unwrap_err()
    };
    assert_eq!(refuse("Subject: x\r\n\r\n", &signer), SignError::FromCount(0));
    assert_eq!(
        refuse("From: a@example.org\r\nFROM : b@example.org\r\n\r\n", &signer),
        SignError::FromCount(2)
    );
    assert_eq!(refuse(" x\r\nFrom: a@example.org\r\n\r\n", &signer), SignError::BeginsWithFold);
    assert_eq!(refuse("From: a@example.org\r\n\r\nx\ny\r\n", &signer), SignError::BareLineEnd);
    assert_eq!(refuse("From: a@example.org\r\n\r\nx\ry\r\n", &signer), SignError::BareLineEnd);
    assert_eq!(refuse("From: a@example.org\r\n\r\nx\r", &signer), SignError::BareLineEnd);
    let elsewhere = Signer { identity: Some("a@example.net".parse().unwrap()), ..signer.clone() };
    assert_eq!(refuse(CONTENT, &elsewhere), SignError::Identity);
    for name in ["", "a:b", "a;b", "a\r\nBcc", "日本"] {
        let these = Signer { fields: SignedFields::These(vec![name.to_owned()]), ..signer.clone() };
        assert_eq!(refuse(CONTENT, &these), SignError::FieldName);
    }
    assert_eq!(sign(CONTENT.as_bytes(), &[], at(NOW)), Ok(Vec::new()));
}

#[test]
fn chosen_fields() {
    let mut signer = signer(&ed25519());
    signer.fields =
        SignedFields::These(vec!["Subject".into(), "subject".into(), "X-Absent".into(), "From".into()]);
    let message = String::from_utf8(signed(CONTENT.as_bytes(), &signer)).unwrap();
    assert!(message.contains(" h=from:from:subject:x-absent;"), "{message}");
    assert_eq!(judge(message.as_bytes(), &zone_of(&signer), NOW)[0].result, DkimResult::Pass);
}

#[test]
fn a_second_subject_is_told_where_it_was_not_forbidden() {
    let mut signer = signer(&ed25519());
    signer.fields = SignedFields::These(vec!["subject".into()]);
    let message = [b"Subject: You have won\r\n".as_slice(), &signed(CONTENT.as_bytes(), &signer)].concat();
    let verdict = &judge(&message, &zone_of(&signer), NOW)[0];
    assert_eq!(verdict.result, DkimResult::Pass);
    assert_eq!(verdict.steps.last().unwrap().note.id, "dkim-field-unsigned");
}

#[test]
fn keys_survive_pem() {
    for key in [PrivateKey::generate_rsa_2048().unwrap(), PrivateKey::generate_ed25519().unwrap()] {
        let pem = key.to_pem().unwrap();
        let again = PrivateKey::from_pem(&pem).unwrap();
        assert_eq!(again.dns_record(), key.dns_record());
        assert_eq!(again.algorithm(), key.algorithm());
        let record = KeyRecord::parse(key.dns_record().as_bytes()).unwrap();
        let bits = if key.algorithm() == Algorithm::RsaSha256 { 2048 } else { 256 };
        assert_eq!(record.bits(), Some(bits));
        assert_eq!(record.fault(), None);
        let shown = format!("{key:?}");
        assert!(pem.lines().all(|line| !shown.contains(line)) && shown.len() < 60, "{shown}");
    }
}

#[test]
fn pem_that_is_no_key() {
    let refuse = |pem: &str| PrivateKey::from_pem(pem).unwrap_err();
    assert_eq!(refuse(""), KeyError::NoPem);
    assert_eq!(refuse("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), KeyError::NoPem);
    assert_eq!(refuse("-----BEGIN PRIVATE KEY-----\nAAAA"), KeyError::NoPem);
    assert_eq!(refuse("-----BEGIN PRIVATE KEY-----\nA*\n-----END PRIVATE KEY-----"), KeyError::Base64);
    assert_eq!(refuse("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"), KeyError::Unusable);
    assert_eq!(refuse("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----"), KeyError::NoPem);
    assert_eq!(
        refuse("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----"),
        KeyError::Encrypted
    );
    assert_eq!(
        refuse(
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----"
        ),
        KeyError::Encrypted
    );
}
