//! What a mailing list does to a content: a tag before the subject, List fields (RFC 2369, RFC 2919), a footer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tegami_mail::{Domain, HeaderField, HeaderLimits, HeaderSection, ParameterizedValue, header};

/// The tag that goes before the subject.
const TAG: &[u8] = b"[list] ";

/// The content as a list at this domain hands it on: the From field stays as it was.
pub(super) fn by_list(content: &[u8], list: &Domain) -> Vec<u8> {
    let with_footer = with_footer(content, list);
    let fields = [
        format!("List-Id: <list.{list}>\r\n"),
        format!("List-Post: <mailto:list@{list}>\r\n"),
        format!("List-Unsubscribe: <mailto:list-leave@{list}>\r\n"),
        "Precedence: list\r\n".to_owned(),
    ];
    header::prepend(&with_tag(&with_footer), &fields)
}

fn with_tag(content: &[u8]) -> Vec<u8> {
    let (section, _) = header::split(content);
    let mut out = Vec::with_capacity(content.len() + TAG.len());
    let mut tagged = false;
    for field in HeaderSection::parse(section, HeaderLimits::GENEROUS).iter().flat_map(HeaderSection::fields)
    {
        let text = field.value_raw.trim_ascii_start();
        match field.raw.split_at_checked(field.raw.len() - text.len()) {
            Some((head, text)) if field.is("Subject") && !tagged => {
                tagged = true;
                out.extend_from_slice(&[head, TAG, text].concat());
            }
            _ => out.extend_from_slice(field.raw),
        }
    }
    out.extend_from_slice(content.get(out.len() - if tagged { TAG.len() } else { 0 }..).unwrap_or_default());
    out
}

/// The uppermost field of this name.
fn field<'c>(content: &'c [u8], name: &str) -> Option<HeaderField<'c>> {
    HeaderSection::parse(content, HeaderLimits::GENEROUS).ok()?.first(name).copied()
}

fn with_footer(content: &[u8], list: &Domain) -> Vec<u8> {
    let footer = format!("{}\r\nlist mailing list\r\nlist@{list}\r\n", "_".repeat(47));
    let (section, body) = header::split(content);
    let head = content.get(..content.len() - body.len()).unwrap_or_default();
    // A content without an empty line is all header section.
    let between: &[u8] = if head.len() == section.len() { b"\r\n" } else { b"" };
    let kind = field(content, "Content-Type").map(|field| ParameterizedValue::parse(&field.unfolded()));
    let boundary = kind.as_ref().and_then(|kind| kind.parameter("boundary"));
    if let Some(end) = boundary.and_then(|boundary| closing(body, boundary)) {
        let (parts, end) = body.split_at_checked(end).unwrap_or((body, &[]));
        let boundary = boundary.unwrap_or_default();
        let part = format!("--{boundary}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n{footer}\r\n");
        return [head, between, parts, part.as_bytes(), end].concat();
    }
    let encoding = field(content, "Content-Transfer-Encoding").map(|field| field.text());
    let footer = match encoding {
        Some(encoding) if encoding.trim().eq_ignore_ascii_case("base64") => {
            format!("{}\r\n", STANDARD.encode(footer))
        }
        _ => footer,
    };
    let line_end: &[u8] = if body.is_empty() || body.ends_with(b"\n") { b"" } else { b"\r\n" };
    [head, between, body, line_end, footer.as_bytes()].concat()
}

/// Where the line begins that closes a multipart (RFC 2046 section 5.1.1).
fn closing(body: &[u8], boundary: &str) -> Option<usize> {
    let delimiter = format!("--{boundary}--");
    let mut at = 0;
    let mut found = None;
    for line in body.split_inclusive(|octet| *octet == b'\n') {
        if line.trim_ascii_end() == delimiter.as_bytes() {
            found = Some(at);
        }
        at += line.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(content: &str, expect: &Expect) {
        let list = Domain::parse("lists.example").unwrap();
        let changed = by_list(content.replace('\n', "\r\n").as_bytes(), &list);
        expect.assert_eq(&String::from_utf8(changed).unwrap().replace('\r', ""));
    }

    #[test]
    fn a_plain_text() {
        check(
            "From: a@example.org\nSubject:\n Tea\n\nAt four.",
            &expect![[r#"
                List-Id: <list.lists.example>
                List-Post: <mailto:list@lists.example>
                List-Unsubscribe: <mailto:list-leave@lists.example>
                Precedence: list
                From: a@example.org
                Subject:
                 [list] Tea

                At four.
                _______________________________________________
                list mailing list
                list@lists.example
            "#]],
        );
    }

    #[test]
    fn a_header_section_alone_and_base64() {
        check(
            "Content-Transfer-Encoding: BASE64\n",
            &expect![[r#"
                List-Id: <list.lists.example>
                List-Post: <mailto:list@lists.example>
                List-Unsubscribe: <mailto:list-leave@lists.example>
                Precedence: list
                Content-Transfer-Encoding: BASE64

                X19fX19fX19fX19fX19fX19fX19fX19fX19fX19fX19fX19fX19fX19fX19fX18NCmxpc3QgbWFpbGluZyBsaXN0DQpsaXN0QGxpc3RzLmV4YW1wbGUNCg==
            "#]],
        );
    }

    #[test]
    fn a_multipart_gets_a_part() {
        check(
            "Content-Type: multipart/mixed; boundary=\"x\"\n\n--x\n\none\n--x--\nend\n",
            &expect![[r#"
                List-Id: <list.lists.example>
                List-Post: <mailto:list@lists.example>
                List-Unsubscribe: <mailto:list-leave@lists.example>
                Precedence: list
                Content-Type: multipart/mixed; boundary="x"

                --x

                one
                --x
                Content-Type: text/plain; charset=us-ascii

                _______________________________________________
                list mailing list
                list@lists.example

                --x--
                end
            "#]],
        );
    }
}
