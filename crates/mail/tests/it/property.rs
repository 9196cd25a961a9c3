//! What holds for any octets whatever; shared by the fuzz targets and the replay of their corpora.
#![allow(
    dead_code,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a fuzz target takes one function, and fails by panicking"
)]

use tegami_mail::failure::{Said, classify};
use tegami_mail::mailbox_list::{parse_list, write_list};
use tegami_mail::{
    Address, HeaderLimits, HeaderSection, LineFaults, ParameterizedValue, date, encoded_word, header, html,
    line, mime, quote,
};

/// Every octet is in exactly one field; nothing is lost by taking out nothing; a field put before them stays what it is.
pub(crate) fn header_section(octets: &[u8]) {
    if let Ok(section) = HeaderSection::parse(octets, HeaderLimits::GENEROUS) {
        let joined: Vec<u8> = section.fields().iter().flat_map(|field| field.raw).copied().collect();
        assert_eq!(joined, section.as_bytes());
        for field in section.fields() {
            let _ = (field.decoded(), field.text());
        }
    }
    assert_eq!(header::without(octets, |_| false), octets);
    let longer = header::prepend(octets, &[b"X: y\r\n"]);
    if let Ok(section) = HeaderSection::parse(&longer, HeaderLimits::GENEROUS) {
        assert_eq!(section.first("X").map(|field| field.raw), Some(b"X: y\r\n".as_slice()));
    }
    let faults = LineFaults::find(&line::to_crlf(octets));
    assert_eq!((faults.bare_cr, faults.bare_lf), (None, None));
}

/// No line end comes out, and what was decoded can be written and read again.
pub(crate) fn encoded_words(octets: &[u8]) {
    let text = encoded_word::decode(octets);
    assert!(!text.contains(['\r', '\n', '\0']));
    let written = encoded_word::encode_unstructured(&text, 9).replace("\r\n", "");
    assert_eq!(encoded_word::decode(written.as_bytes()), text);
}

/// A list that was read can be written and read again.
pub(crate) fn address_list(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    if let Ok(list) = parse_list(&text) {
        assert_eq!(parse_list(&write_list(&list, 4)), Ok(list));
    }
}

/// An address that was read can be written and read again.
pub(crate) fn address(octets: &[u8]) {
    if let Ok(address) = Address::parse(&String::from_utf8_lossy(octets)) {
        assert_eq!(Address::parse(&address.to_string()), Ok(address));
    }
}

/// A date that was read can be written and read again, to the second.
pub(crate) fn date_time(octets: &[u8]) {
    if let Ok(moment) = date::parse(&String::from_utf8_lossy(octets)) {
        let again = date::parse(&date::write(moment));
        assert_eq!(again.map(|again| again.as_second()), Ok(moment.as_millisecond().div_euclid(1000)));
    }
}

/// Parameters that were read can be written and read again, where their names are such.
pub(crate) fn parameters(octets: &[u8]) {
    let value = ParameterizedValue::parse(octets);
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-".contains(&byte));
    if plain(&value.value) && value.parameters.iter().all(|(name, _)| plain(name)) {
        assert_eq!(ParameterizedValue::parse(value.write(14).as_bytes()), value);
    }
}

/// Nothing panics, whatever is nested in whatever.
pub(crate) fn message(octets: &[u8]) {
    mime::parse(octets);
}

/// Where nothing is changed there is no other content, and what was changed is there to be read.
pub(crate) fn rewritten(octets: &[u8]) {
    const MARK: &str = "\u{6a9c} ";
    let mut read = 0;
    let same = mime::rewrite(octets, |_, _| {
        read += 1;
        None
    });
    assert_eq!(same, None);
    let Some(written) = mime::rewrite(octets, |_, text| Some(format!("{MARK}{text}"))) else {
        assert_eq!(read, 0);
        return;
    };
    let mut marked = 0;
    let _ = mime::rewrite(&written, |_, text| {
        marked += usize::from(text.starts_with(MARK));
        None
    });
    assert_eq!(marked, read);
}

/// The pieces are the whole text, what was escaped comes back, and there is a plain text of everything.
pub(crate) fn html(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let mut at = 0;
    for piece in html::pieces(&text) {
        assert_eq!(piece.start, at);
        at += piece.source.len();
        if let html::Token::Open(tag) = piece.token {
            for attribute in tag.attributes() {
                let _ = tag.attribute(attribute.name);
            }
        }
    }
    assert_eq!(at, text.len());
    assert_eq!(html::decode(&html::escape(&text)), text);
    let _ = html::to_text(&text);
}

/// What is left of a text is no longer than the text, and something is left of everything that says something.
pub(crate) fn quotation(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let stripped = quote::strip(&text);
    let length = stripped.text.len() + stripped.signature.as_ref().map_or(0, String::len);
    assert!(length <= text.len() + 1);
    assert_eq!(stripped.text.trim().is_empty(), text.trim().is_empty());
    assert!(quote::strip_html(&text).len() <= text.len());
}

/// A refusal always has a verdict, the same for the same words, and no more of it is looked at than is looked at of its beginning.
pub(crate) fn refusal(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let said = Said::parse(&text);
    let verdict = classify(&said);
    assert_eq!(classify(&said), verdict);
    assert!(said.text.len() <= 9 << 10);
    assert!(!(verdict.is_bad_address() && verdict.retry()));
}
