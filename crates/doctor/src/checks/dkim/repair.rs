//! Key records as they were meant. Nothing is suggested with which signatures cannot pass.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tegami_auth::dkim::KeyRecord;

/// An Ed25519 key as SubjectPublicKeyInfo (RFC 8410 section 4): this, and the 32 octets of the key.
const ED25519_INFO: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The record that was probably meant by one that cannot be used.
pub(super) fn repaired(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let quotes = ['"', '\'', '\\', '“', '”', '„', '＂', '(', ')'];
    let plain: String = text.chars().filter(|c| !quotes.contains(c) && !c.is_control()).collect();
    let mut tags = Vec::new();
    for tag in plain.split(';') {
        let Some((name, value)) = tag.split_once('=') else { continue };
        let name = name.rsplit(char::is_whitespace).find(|word| !word.is_empty()).unwrap_or_default();
        tags.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let value = |wanted: &str| tags.iter().rfind(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    let key = bare(&value("p")?);
    let data = STANDARD.decode(&key).ok()?;
    let key = match data.strip_prefix(&ED25519_INFO) {
        Some(raw) => STANDARD.encode(raw),
        None => key,
    };
    let is_raw = STANDARD.decode(&key).is_ok_and(|data| data.len() == 32);
    let kind = if is_raw { "ed25519" } else { "rsa" };
    let rest = tags.iter().filter(|(name, _)| !["v", "k", "p", "a", "g"].contains(&name.as_str()));
    let rest: String = rest.map(|(name, value)| format!("{name}={value}; ")).collect();
    let record = format!("v=DKIM1; k={kind}; {rest}p={key}");
    KeyRecord::parse(record.as_bytes()).ok()?.fault().is_none().then_some(record)
}

/// The base64 of a key without the lines of PEM around it, in the usual alphabet.
fn bare(value: &str) -> String {
    let mut inner = value.to_owned();
    for label in ["PUBLIC KEY", "RSA PUBLIC KEY"] {
        for edge in ["BEGIN", "END"] {
            inner = inner.replace(&format!("-----{edge} {label}-----"), "");
        }
    }
    let usual = |c: char| match c {
        '-' => '+',
        '_' => '/',
        c => c,
    };
    inner.chars().filter(|c| !c.is_whitespace()).map(usual).collect()
}

/// The record with one tag changed, or taken away by `None`; the others as they stand.
pub(super) fn with_tag(text: &[u8], name: &str, value: Option<&str>) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let tags = text.split(';').filter(|tag| !tag.trim().is_empty()).filter_map(|tag| {
        let own = tag.split('=').next().is_some_and(|found| found.trim() == name);
        match (own, value) {
            (true, None) => None,
            (true, Some(value)) => Some(format!("{name}={value}")),
            (false, _) => Some(tag.trim().to_owned()),
        }
    });
    let record = tags.collect::<Vec<_>>().join("; ");
    KeyRecord::parse(record.as_bytes()).is_ok().then_some(record)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tegami_auth::dkim::PrivateKey;

    use super::*;

    #[test]
    fn what_was_meant() {
        let record = PrivateKey::generate_rsa_2048().unwrap().dns_record();
        let check =
            |text: String| assert_eq!(repaired(text.as_bytes()).as_deref(), Some(record.as_str()), "{text}");
        check(record.clone());
        check(format!("\"{record}\""));
        check(record.replace("v=DKIM1", "v=“DKIM1”"));
        check(record.replace(';', "\\;"));
        check(record.replace("v=DKIM1; ", ""));
        check(record.replace("v=DKIM1", "v=DKIM2"));
        check(record.replace("p=", "p=-----BEGIN PUBLIC KEY-----") + "-----END PUBLIC KEY-----");
        check(record.replace('+', "-").replace('/', "_"));
        check(record.replace("; k=rsa", "; k=ed25519"));
        assert_eq!(repaired(&record.as_bytes()[..300]), None);
        let info = "k=ed25519; p=MCowBQYDK2VwAyEAOawuhd2W0grIu8Y8lsyFsXlRHNndaqfYXBor0riFILE=";
        let raw = "v=DKIM1; k=ed25519; p=Oawuhd2W0grIu8Y8lsyFsXlRHNndaqfYXBor0riFILE=";
        assert_eq!(repaired(info.as_bytes()).as_deref(), Some(raw));
        assert_eq!(
            with_tag(b"v=DKIM1; t=y:s; p=AAAA", "t", Some("s")).as_deref(),
            Some("v=DKIM1; t=s; p=AAAA")
        );
        assert_eq!(with_tag(b"v=DKIM1; t=y; p=AAAA;", "t", None).as_deref(), Some("v=DKIM1; p=AAAA"));
    }

    proptest! {
        #[test]
        fn nothing_panics(text: Vec<u8>, record in "(v=DKIM1|;|p=|k=ed25519|[0-9A-Za-z+/=]{0,20}| |\"|MI){0,12}") {
            repaired(&text);
            repaired(record.as_bytes());
            with_tag(&text, "t", None);
        }
    }
}
