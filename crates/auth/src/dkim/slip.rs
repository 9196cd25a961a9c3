//! Slips in publishing a key record: what went wrong between the key and the DNS, and what to do.

use memchr::memmem::find;
use tegami_mail::{Note, note};

use super::tag::{TagList, base64, compact};

/// What probably went wrong with a record that cannot be used, with the remedy. `None` where it looks like no common
/// slip.
pub fn slip(text: &[u8]) -> Option<Note> {
    let has = |part: &str| find(text, part.as_bytes()).is_some();
    if has("PRIVATE KEY") {
        return Some(note!("dkim-slip-private"));
    }
    if has("-----BEGIN") || has("-----END") {
        return Some(note!("dkim-slip-pem"));
    }
    for (start, kind) in
        [("v=spf1", "SPF"), ("v=DMARC1", "DMARC"), ("v=STSv1", "MTA-STS"), ("v=TLSRPTv1", "TLS-RPT")]
    {
        if text.trim_ascii_start().starts_with(start.as_bytes()) {
            return Some(note!("dkim-slip-other-record", kind = kind));
        }
    }
    if has("IN TXT") || has("IN\tTXT") || has("TXT (") || text.ends_with(b")") {
        return Some(note!("dkim-slip-zone-line"));
    }
    if has("\\") {
        return Some(note!("dkim-slip-backslash"));
    }
    if ["\"", "'", "“", "”", "„", "＂"].iter().any(|quote| has(quote)) {
        return Some(note!("dkim-slip-quotes"));
    }
    if !has(";") && has("p=") && has("v=") {
        return Some(note!("dkim-slip-semicolon"));
    }
    if text.split(|&octet| octet == b';').filter(|tag| tag.trim_ascii_start().starts_with(b"p=")).count() > 1
    {
        return Some(note!("dkim-slip-several-p"));
    }
    let tags = TagList::parse(text).ok()?;
    // An empty `p=` withdraws the key (RFC 6376 section 3.6.1), and is meant.
    let value = Some(compact(tags.get("p")?.value)).filter(|value| !value.is_empty())?;
    if value.iter().any(|octet| matches!(octet, b'-' | b'_')) {
        return Some(note!("dkim-slip-base64url"));
    }
    key(&base64(&value)?, tags.get("k").map_or(b"rsa", |tag| tag.value))
}

/// The algorithm of an Ed25519 key in a SubjectPublicKeyInfo (RFC 8410 section 4), of 44 octets.
const ED25519_INFO: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70];

fn key(data: &[u8], kind: &[u8]) -> Option<Note> {
    if is_private(data) {
        return Some(note!("dkim-slip-private"));
    }
    if data.starts_with(ED25519_INFO) {
        // RFC 8463 section 4.2: the record holds the 32 octets alone.
        return Some(note!("dkim-slip-ed25519-info"));
    }
    if data.len() == 32 && !kind.eq_ignore_ascii_case(b"ed25519") {
        return Some(note!("dkim-slip-ed25519-untyped"));
    }
    if kind.eq_ignore_ascii_case(b"ed25519") {
        let rsa = data.first() == Some(&0x30) && data.len() > 100;
        let found = data.len();
        return Some(if rsa {
            note!("dkim-slip-rsa-typed-ed25519")
        } else {
            note!("dkim-slip-ed25519-length", found = found)
        })
        .filter(|_| found != 32);
    }
    let wanted = length(data)?;
    (wanted > data.len()).then(|| note!("dkim-slip-truncated", found = data.len(), wanted = wanted))
}

/// PKCS#8 and PKCS#1 begin a private key with a small version number (RFC 5958 section 2, RFC 8017 section A.1.2).
fn is_private(data: &[u8]) -> bool {
    let Some((0x30, rest)) = data.split_first().map(|(first, rest)| (*first, rest)) else { return false };
    let skip = match rest.first() {
        Some(&long @ 0x81..=0x84) => 1 + usize::from(long & 0x7f),
        Some(_) => 1,
        None => return false,
    };
    rest.get(skip..).is_some_and(|body| body.starts_with(&[0x02, 0x01, 0x00]))
}

/// How many octets a DER element says that it has, its own head among them.
fn length(data: &[u8]) -> Option<usize> {
    let (&0x30, rest) = data.split_first()? else { return None };
    let (&first, rest) = rest.split_first()?;
    match first {
        0..=0x7f => Some(2 + usize::from(first)),
        0x81..=0x82 => {
            let octets = usize::from(first & 0x7f);
            let length =
                rest.get(..octets)?.iter().fold(0, |length, &octet| length << 8 | usize::from(octet));
            Some(2 + octets + length)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dkim::PrivateKey;

    fn check(text: &str, expect: &str) {
        assert_eq!(slip(text.as_bytes()).map_or("", |note| note.id), expect, "{text}");
    }

    #[test]
    fn common_slips() {
        let key = PrivateKey::generate_rsa_2048().unwrap();
        let record = key.dns_record();
        check(&record, "");
        check(record.get(..300).unwrap(), "dkim-slip-truncated");
        check(&format!("\"{record}\""), "dkim-slip-quotes");
        check(&record.replace("v=DKIM1", "v=“DKIM1”"), "dkim-slip-quotes");
        check(&record.replace(';', "\\;"), "dkim-slip-backslash");
        check(&record.replace(';', ""), "dkim-slip-semicolon");
        check(&record.replace("MII", "p=; p=MII"), "dkim-slip-several-p");
        check(&record.replace("p=M", "p=-M"), "dkim-slip-base64url");
        check(&format!("s._domainkey IN TXT ( {record} )"), "dkim-slip-zone-line");
        check("v=DKIM1; p=-----BEGIN PUBLIC KEY-----MIIB", "dkim-slip-pem");
        check("v=DKIM1; k=ed25519; p=", "");
        check("v=spf1 -all", "dkim-slip-other-record");
        let pem = key.to_pem().unwrap();
        check(&format!("v=DKIM1; p={pem}"), "dkim-slip-private");
        let inner: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        check(&format!("v=DKIM1; p={inner}"), "dkim-slip-private");
        check(&record.replace("k=rsa", "k=ed25519"), "dkim-slip-rsa-typed-ed25519");
        let ed25519 = PrivateKey::generate_ed25519().unwrap().dns_record();
        check(&ed25519, "");
        check(&ed25519.replacen("k=ed25519; ", "", 1), "dkim-slip-ed25519-untyped");
        check("v=DKIM1; k=ed25519; p=HbawiMnQXTCopHTkR0jlKQ==", "dkim-slip-ed25519-length");
        check(
            "k=ed25519; p=MCowBQYDK2VwAyEAOawuhd2W0grIu8Y8lsyFsXlRHNndaqfYXBor0riFILE=",
            "dkim-slip-ed25519-info",
        );
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text: Vec<u8>, record in "(v=DKIM1|;|p=|k=ed25519|[0-9A-Za-z+/=]{0,20}| |\"|MI){0,12}") {
            slip(&text);
            slip(record.as_bytes());
            is_private(&text);
            length(&text);
        }
    }
}
