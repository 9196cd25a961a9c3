//! Bodies in the transfer encoding that they may have had when they were signed. Only texts of common size are written
//! again: nothing large is ever copied.

use std::borrow::Cow;

use tegami_mail::line::to_crlf;
use tegami_mail::{HeaderLimits, HeaderSection, transfer};

use super::part::Part;
use super::view::View;

/// A body to try, in several ways of writing it.
pub(super) struct Recoding<'a> {
    pub(super) source: Cow<'a, [u8]>,
    pub(super) views: Vec<View>,
    /// The encoding that came.
    pub(super) from: String,
    /// The encoding that was signed.
    pub(super) to: &'static str,
}

/// Octets of a body that is decoded.
const MOST: usize = 1 << 20;
/// Characters on a line of base64, as programs write them.
const WIDTHS: [usize; 4] = [76, 72, 64, 60];

/// The octets of a part; `None` where they are too many.
pub(super) fn decoded<'a>(body: &'a [u8], part: &Part) -> Option<Cow<'a, [u8]>> {
    let content = body.get(part.content.clone()).filter(|content| content.len() <= MOST)?;
    Some(match part.encoding.as_str() {
        "quoted-printable" => transfer::decode_quoted_printable(content).into(),
        "base64" => transfer::decode_base64(content).into(),
        _ => content.into(),
    })
}

/// A body that is no multipart.
pub(super) fn of_body<'a>(body: &'a [u8], part: &Part) -> Vec<Recoding<'a>> {
    let Some(octets) = decoded(body, part) else { return Vec::new() };
    let from = part.encoding.clone();
    let base64 = || WIDTHS.map(View::base64).to_vec();
    // What programs encode has LF or CRLF at its line ends.
    let text = to_crlf(&octets).into_owned();
    let mut recodings = Vec::new();
    if octets.as_ref() != text {
        recodings.push(Recoding { source: octets, views: base64(), from: from.clone(), to: "base64" });
    }
    let encoded = matches!(from.as_str(), "quoted-printable" | "base64");
    if encoded {
        let views = vec![View::AsIs];
        recodings.push(Recoding { source: text.clone().into(), views, from: from.clone(), to: "8bit" });
    }
    recodings.push(Recoding {
        source: text.clone().into(),
        views: base64(),
        from: from.clone(),
        to: "base64",
    });
    if !encoded {
        // The line ends inside of base64 were LF.
        let mut bare = Vec::with_capacity(text.len());
        text.iter().filter(|&&octet| octet != b'\r').for_each(|&octet| bare.push(octet));
        recodings.push(Recoding { source: bare.into(), views: base64(), from, to: "base64" });
    }
    recodings
}

/// A multipart whose parts a relay wrote in quoted-printable because the next host did not take eight bits (RFC 6152
/// section 3).
pub(super) fn of_parts<'a>(body: &'a [u8], parts: &[Part]) -> Vec<Recoding<'a>> {
    let encoded = |part: &&Part| part.encoding == "quoted-printable" && !part.kind.starts_with("multipart/");
    let encoded: Vec<&Part> = parts.iter().filter(encoded).collect();
    if encoded.is_empty() || body.len() > MOST {
        return Vec::new();
    }
    let ways = [Field::InPlace, Field::Gone, Field::First, Field::AfterType];
    let recoding = |way| {
        let source = Cow::from(eight_bit(body, &encoded, way));
        Recoding { source, views: vec![View::AsIs], from: "quoted-printable".to_owned(), to: "8bit" }
    };
    ways.into_iter().map(recoding).collect()
}

/// Where the field with the transfer encoding stood.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    InPlace,
    Gone,
    First,
    AfterType,
}

fn eight_bit(body: &[u8], parts: &[&Part], way: Field) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut place = 0;
    for part in parts {
        let mut copy = |to: usize, out: &mut Vec<u8>| {
            out.extend_from_slice(body.get(place..to).unwrap_or_default());
            place = to;
        };
        copy(part.header.start, &mut out);
        let header = body.get(part.header.clone()).unwrap_or_default();
        out.extend_from_slice(&fields(header, way));
        place = part.header.end;
        let mut copy = |to: usize, out: &mut Vec<u8>| {
            out.extend_from_slice(body.get(place..to).unwrap_or_default());
            place = to;
        };
        copy(part.content.start, &mut out);
        let content = body.get(part.content.clone()).unwrap_or_default();
        out.extend_from_slice(&transfer::decode_quoted_printable(content));
        place = part.content.end;
    }
    out.extend_from_slice(body.get(place..).unwrap_or_default());
    out
}

fn fields(header: &[u8], way: Field) -> Vec<u8> {
    const EIGHT_BIT: &[u8] = b"Content-Transfer-Encoding: 8bit\r\n";
    let Ok(section) = HeaderSection::parse(header, HeaderLimits::GENEROUS) else { return header.to_vec() };
    let mut out = Vec::with_capacity(header.len());
    if way == Field::First {
        out.extend_from_slice(EIGHT_BIT);
    }
    for field in section.fields() {
        if !field.is("Content-Transfer-Encoding") {
            out.extend_from_slice(field.raw);
        } else if way == Field::InPlace {
            out.extend_from_slice(EIGHT_BIT);
        }
        if field.is("Content-Type") && way == Field::AfterType {
            out.extend_from_slice(EIGHT_BIT);
        }
    }
    out
}
