//! What the fields of MIME may have been: relays write the transfer encoding anew, lists wrap a body into a multipart.

use tegami_mail::{HeaderLimits, HeaderSection, ParameterizedValue, note};

use super::header::{Clues, Proposal, field, written};
use crate::dkim::hash::without_line_end;
use crate::dkim::tag::excerpt;

pub(super) fn proposals(clues: &Clues<'_>, name: &str) -> Vec<Proposal> {
    let came = field(clues.message, name);
    let proper = came.map_or_else(|| proper(name), |field| field.name);
    let value = came.map(|field| field.unfolded()).unwrap_or_default();
    let shown = excerpt(&value);
    let mut proposals = inner(clues, name, proper, &shown);
    let mut push = |weight, signed: &[u8]| {
        let said = excerpt(signed);
        let note = match name {
            _ if came.is_none() => note!("dkim-header-removed", field = proper, signed = said),
            "content-type" => note!("dkim-header-parameters", signed = said, came = shown),
            "content-transfer-encoding" => note!("dkim-header-encoding", signed = said, came = shown),
            _ => note!("dkim-header-rewritten", field = proper, signed = said, came = shown),
        };
        proposals.push(Proposal { weight, fields: vec![written(proper, signed)], note });
    };
    match name {
        "content-type" if came.is_some() => {
            content_types(&value).iter().for_each(|signed| push(2, signed.as_bytes()));
        }
        "content-type" => {
            let common =
                ["text/plain; charset=\"utf-8\"", "text/plain; charset=utf-8", "text/plain; charset=UTF-8"];
            common.iter().for_each(|signed| push(3, signed.as_bytes()));
        }
        "content-transfer-encoding" => {
            for signed in ["8bit", "7bit", "quoted-printable"] {
                push(if came.is_some() { 1 } else { 2 }, signed.as_bytes());
            }
            ["base64", "8BIT", "7BIT", "Quoted-Printable"]
                .iter()
                .for_each(|signed| push(2, signed.as_bytes()));
        }
        _ => push(2, b"1.0"),
    }
    proposals
}

/// The field of the part that the body was, before it was wrapped.
fn inner(clues: &Clues<'_>, name: &str, proper: &str, came: &str) -> Vec<Proposal> {
    let body = clues.message.body;
    let mut proposals = Vec::new();
    for part in clues.structure.parts.iter().filter(|part| part.depth == 1).take(2) {
        let header = body.get(part.header.clone()).unwrap_or_default();
        let Ok(section) = HeaderSection::parse(header, HeaderLimits::GENEROUS) else { continue };
        let kept = section.first(name);
        let signed = kept.map(|field| field.unfolded()).unwrap_or_default();
        let note = note!("dkim-header-wrapped", field = proper, signed = excerpt(&signed), came = came);
        let raw = kept.map(|field| without_line_end(field.raw));
        let fields = raw.map(|raw| {
            // The list has kept the value, and perhaps written the name otherwise.
            let colon = memchr::memchr(b':', raw).unwrap_or(raw.len());
            [proper.as_bytes(), raw.get(colon..).unwrap_or_default()].concat()
        });
        proposals.push(Proposal { weight: 1, fields: fields.into_iter().collect(), note });
    }
    proposals
}

fn proper(name: &str) -> &'static str {
    match name {
        "content-type" => "Content-Type",
        "content-transfer-encoding" => "Content-Transfer-Encoding",
        _ => "MIME-Version",
    }
}

/// The same value with its parameters quoted or not, the charset in another case, and `format=flowed` put back.
fn content_types(value: &[u8]) -> Vec<String> {
    let parsed = ParameterizedValue::parse(value);
    let write = |quoted: bool, charset: fn(&str) -> String, more: &str| {
        let mut text = parsed.value.clone();
        for (name, value) in &parsed.parameters {
            let value = if name == "charset" { charset(value) } else { value.clone() };
            // RFC 2045 section 5.1: what is no token needs quotes.
            let token =
                value.bytes().all(|octet| octet.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&octet));
            text.push_str(&if quoted || !token {
                format!("; {name}=\"{value}\"")
            } else {
                format!("; {name}={value}")
            });
        }
        text + more
    };
    let mut ways = Vec::new();
    for more in ["", "; format=flowed", "; format=flowed; delsp=yes"] {
        for charset in
            [str::to_owned, str::to_ascii_uppercase, str::to_ascii_lowercase] as [fn(&str) -> String; 3]
        {
            ways.push(write(true, charset, more));
            ways.push(write(false, charset, more));
        }
    }
    // Where only the charset is of another letter case and nothing else was touched.
    if let Ok(text) = std::str::from_utf8(value) {
        ways.push(text.replace("us-ascii", "utf-8"));
        ways.push(text.replace("utf-8", "us-ascii"));
    }
    ways
}
