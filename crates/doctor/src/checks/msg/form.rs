//! How the message is written: its lines, its octets, its MIME structure.

use tegami_auth::finding::Severity;
use tegami_mail::mime::{MimeLimits, Outlined, outline};
use tegami_mail::{Body, LineFaults, Note, charset, encoded_word, note, transfer};

use super::{excerpt, gmail};
use crate::case::MessageCase;
use crate::{About, Check, Finding, Fix, Who};

pub(super) const HEADER_SIZE: Check =
    Check::new("msg.header-size", About::Message, Severity::S3, "RFC 5322 section 2.1.1")
        .who(&[Who::Gmail])
        .answers(&[gmail("552 5.3.4")]);
pub(super) const INJECTION: Check =
    Check::new("msg.header-injection", About::Message, Severity::S4, "RFC 5322 section 2.2");
pub(super) const LINE_LENGTH: Check =
    Check::new("msg.line-length", About::Message, Severity::S3, "RFC 5322 section 2.1.1");
pub(super) const EOL: Check = Check::new("msg.eol", About::Message, Severity::S3, "RFC 5321 section 2.3.8");
pub(super) const EIGHT_BIT: Check =
    Check::new("msg.eightbit", About::Message, Severity::S2, "RFC 6152 section 3");
pub(super) const MIME_VERSION: Check =
    Check::new("msg.mime-version", About::Message, Severity::S2, "RFC 2045 section 4");
pub(super) const STRUCTURE: Check =
    Check::new("msg.mime-structure", About::Message, Severity::S3, "RFC 2046 section 5.1.1");

pub(super) fn judge(case: &MessageCase<'_>) -> Vec<Finding> {
    vec![
        header_size(case),
        injection(case),
        line_length(case),
        eol(case),
        eight_bit(case),
        mime_version(case),
        structure(case),
    ]
}

/// Octets of a header section above which it is told.
const LARGE: usize = 64 * 1024;

fn header_size(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let bytes = case.section.as_bytes();
    let fix = || Fix::new(note!("msg-header-size-fix"));
    if let Some(error) = &case.excess {
        return HEADER_SIZE.fail(subject, note!("msg-header-size-excess", reason = error)).fix(fix());
    }
    let faults = LineFaults::find(bytes);
    if faults.nul.is_some() {
        return HEADER_SIZE.fail(subject, note!("msg-header-size-nul")).fix(fix());
    }
    let strange = case.section.fields().iter().find(|field| field.name.is_empty());
    if let Some(field) = strange {
        let shown = excerpt(&String::from_utf8_lossy(field.raw));
        return HEADER_SIZE.fail(subject, note!("msg-header-size-line")).evidence(shown).fix(fix());
    }
    if let Some(at) = faults.over_long {
        let shown = bytes.get(at..).unwrap_or_default().iter().take(60).copied().collect::<Vec<_>>();
        let found =
            HEADER_SIZE.fail(subject, note!("msg-header-size-long", limit = tegami_mail::line::MAX_LINE));
        return found.evidence(excerpt(&String::from_utf8_lossy(&shown))).fix(fix());
    }
    if bytes.len() > LARGE {
        return HEADER_SIZE.info(subject, note!("msg-header-size-large", octets = bytes.len()));
    }
    HEADER_SIZE.pass(subject, note!("msg-header-size", octets = bytes.len()))
}

/// What somebody writes who wants to put a field into a message that a form sends.
fn injection(case: &MessageCase<'_>) -> Finding {
    let fields = ["From", "To", "Cc", "Subject", "Reply-To"];
    let of_people = case.section.fields().iter().filter(|field| fields.iter().any(|name| field.is(name)));
    for field in of_people {
        let text = field.text();
        let decoded = encoded_word::decode(&field.unfolded());
        let smuggled = encoded_line_end(&text);
        let escaped = ["%0a", "%0d", "\\r\\n", "\\n"].iter().any(|mark| {
            let lower = decoded.to_ascii_lowercase();
            lower
                .split(mark)
                .skip(1)
                .any(|after| begins_field(after.trim_start_matches([' ', '%']).trim_start_matches("0a")))
        });
        if smuggled || escaped {
            let shown = excerpt(&format!("{}: {text}", field.name));
            let fix = Fix::new(note!("msg-injection-fix"));
            return INJECTION
                .fail(&case.subject, note!("msg-injection-found", field = field.name))
                .evidence(shown)
                .fix(fix);
        }
    }
    INJECTION.pass(&case.subject, note!("msg-injection"))
}

/// Whether an encoded-word holds a line end.
fn encoded_line_end(text: &str) -> bool {
    text.split("=?").skip(1).any(|word| {
        let mut parts = word.splitn(4, '?').skip(1);
        let octets = match (parts.next(), parts.next()) {
            (Some("B" | "b"), Some(text)) => transfer::decode_base64(text.as_bytes()),
            (Some("Q" | "q"), Some(text)) => transfer::decode_quoted_printable(text.as_bytes()),
            _ => return false,
        };
        octets.trim_ascii_end().iter().any(|octet| matches!(octet, b'\r' | b'\n'))
    })
}

fn begins_field(text: &str) -> bool {
    ["bcc:", "cc:", "to:", "from:", "subject:", "reply-to:", "content-type:", "mime-version:"]
        .iter()
        .any(|start| text.starts_with(start))
}

fn line_length(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let over = case
        .body
        .split(|octet| *octet == b'\n')
        .position(|line| line.strip_suffix(b"\r").unwrap_or(line).len() > tegami_mail::line::MAX_LINE);
    if let Some(at) = over {
        let note = note!("msg-line-length-over", line = at + 1, limit = tegami_mail::line::MAX_LINE);
        return LINE_LENGTH.fail(subject, note).fix(Fix::new(note!("msg-line-length-fix")));
    }
    let (parts, _) = outline(&case.arrival.content, MimeLimits::GENEROUS);
    let wide = parts.iter().filter(|part| part.kind() == "text/plain" && is_plain(&part.encoding)).find_map(
        |part| part.body.split(|octet| *octet == b'\n').map(<[u8]>::len).filter(|length| *length > 80).max(),
    );
    match wide {
        Some(length) => LINE_LENGTH.info(subject, note!("msg-line-length-wide", length = length - 1)),
        None => LINE_LENGTH.pass(subject, note!("msg-line-length")),
    }
}

/// Whether the octets travel as they are.
fn is_plain(encoding: &str) -> bool {
    matches!(encoding, "" | "7bit" | "8bit" | "binary")
}

fn eol(case: &MessageCase<'_>) -> Finding {
    let faults = LineFaults::find(&case.arrival.content);
    let subject = &case.subject;
    let fix = || Fix::new(note!("msg-eol-fix"));
    match (faults.bare_lf, faults.bare_cr) {
        (Some(at), _) => EOL.fail(subject, note!("msg-eol-lf", octet = at)).fix(fix()),
        (None, Some(at)) => EOL.fail(subject, note!("msg-eol-cr", octet = at)).fix(fix()),
        (None, None) => EOL.pass(subject, note!("msg-eol")),
    }
}

fn eight_bit(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    if case.body.is_ascii() {
        return EIGHT_BIT.pass(subject, note!("msg-eightbit-ascii"));
    }
    match case.arrival.body {
        Some(Body::EightBitMime | Body::BinaryMime) => {
            EIGHT_BIT.pass(subject, note!("msg-eightbit-declared"))
        }
        None => EIGHT_BIT.info(subject, note!("msg-eightbit-unknown")),
        Some(Body::SevenBit) => {
            EIGHT_BIT.warn(subject, note!("msg-eightbit-undeclared")).fix(Fix::new(note!("msg-eightbit-fix")))
        }
    }
}

fn mime_version(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let uses = ["Content-Type", "Content-Transfer-Encoding", "Content-Disposition"]
        .iter()
        .find(|name| case.section.first(name).is_some());
    match (case.section.first("MIME-Version"), uses) {
        (Some(field), _) if field.text().trim().starts_with("1.0") => {
            MIME_VERSION.pass(subject, note!("msg-mime-version"))
        }
        (Some(field), _) => {
            MIME_VERSION.warn(subject, note!("msg-mime-version-other", value = excerpt(&field.text())))
        }
        (None, Some(name)) => MIME_VERSION
            .warn(subject, note!("msg-mime-version-missing", field = name))
            .fix(Fix::new(note!("msg-mime-version-fix"))),
        (None, None) => MIME_VERSION.pass(subject, note!("msg-mime-version-none")),
    }
}

/// RFC 2046 section 5.1.1.
const LONGEST_BOUNDARY: usize = 70;
/// Multiparts within multiparts above which filters give up.
const DEEPEST: usize = 20;

fn structure(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let (parts, whole) = outline(&case.arrival.content, MimeLimits::GENEROUS);
    let deepest = parts.iter().map(|part| part.depth).max().unwrap_or_default();
    let found = |note: Note| STRUCTURE.fail(subject, note).fix(Fix::new(note!("msg-mime-fix")));
    if !whole || deepest > DEEPEST {
        return found(note!("msg-mime-deep", depth = deepest));
    }
    if let Some(note) = parts.iter().find_map(fault) {
        return found(note);
    }
    let soft = parts.iter().find_map(soft_fault);
    let shown =
        parts.iter().take(50).map(|part| format!("{}{}", "  ".repeat(part.depth), excerpt(part.kind())));
    match soft {
        Some(note) => found(note).as_warning(Severity::S2),
        None => STRUCTURE.pass(subject, note!("msg-mime", count = parts.len())).evidences(shown),
    }
}

fn fault(part: &Outlined<'_>) -> Option<Note> {
    let kind = excerpt(part.kind());
    let encoding = part.encoding.split([';', '(', ' ']).next().unwrap_or_default();
    if let Some(value) = part.content_type.as_ref().filter(|value| !value.value.contains('/')) {
        return Some(note!("msg-mime-type", value = excerpt(&value.value)));
    }
    if !matches!(encoding, "" | "7bit" | "8bit" | "binary" | "quoted-printable" | "base64") {
        return Some(note!("msg-mime-encoding", value = excerpt(encoding)));
    }
    if let Some(delimited) = &part.delimited {
        if delimited.boundary.is_empty() {
            return Some(note!("msg-mime-no-boundary", kind = kind));
        }
        if delimited.boundary.len() > LONGEST_BOUNDARY {
            return Some(note!("msg-mime-long-boundary", length = delimited.boundary.len()));
        }
        if delimited.parts.is_none() {
            return Some(note!("msg-mime-unused-boundary", boundary = excerpt(&delimited.boundary)));
        }
        if !delimited.closed {
            return Some(note!("msg-mime-open", boundary = excerpt(&delimited.boundary)));
        }
        if matches!(encoding, "base64" | "quoted-printable") {
            return Some(note!("msg-mime-encoded-multipart", kind = kind, encoding = encoding));
        }
        return None;
    }
    let is_base64 = |octet: &u8| octet.is_ascii_alphanumeric() || b"+/=\r\n\t ".contains(octet);
    if encoding == "base64" && !part.body.iter().all(is_base64) {
        return Some(note!("msg-mime-base64", kind = kind));
    }
    if !part.kind().starts_with("text/") {
        return None;
    }
    let declared = part.parameter("charset")?;
    if !charset::is_known(declared) {
        return Some(note!("msg-mime-charset", value = excerpt(declared)));
    }
    let octets = octets(part, encoding);
    let is_utf8 = declared.eq_ignore_ascii_case("utf-8") || declared.eq_ignore_ascii_case("utf8");
    (is_utf8 && std::str::from_utf8(&octets).is_err()).then(|| note!("msg-mime-not-utf8", kind = kind))
}

fn octets(part: &Outlined<'_>, encoding: &str) -> Vec<u8> {
    match encoding {
        "base64" => transfer::decode_base64(part.body),
        "quoted-printable" => transfer::decode_quoted_printable(part.body),
        _ => part.body.to_vec(),
    }
}

/// What most readers forgive.
fn soft_fault(part: &Outlined<'_>) -> Option<Note> {
    let is_text = part.kind().starts_with("text/");
    if !is_text || part.parameter("charset").is_some() {
        let ascii = part.parameter("charset").is_some_and(|name| name.eq_ignore_ascii_case("us-ascii"));
        return (is_text && ascii && !part.body.is_ascii()).then_some(note!("msg-mime-not-ascii"));
    }
    let encoding = part.encoding.as_str();
    let plain_ascii = octets(part, encoding).is_ascii();
    (!plain_ascii).then(|| note!("msg-mime-no-charset", kind = excerpt(part.kind())))
}

#[cfg(test)]
pub(super) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::Fixture;
    macro_rules! body {
        ($make:ident $id:literal, $kind:literal, $body:expr) => {
            Fixture::$make($id, "").letter(|letter| {
                letter.body($kind, $body);
            })
        };
    }
    macro_rules! set {
        ($make:ident $id:literal, $field:expr) => {
            Fixture::$make($id, "").letter(|letter| {
                letter.set($field);
            })
        };
    }
    vec![
        Fixture::pass("msg.header-size", ""),
        set!(fail "msg.header-size", &format!("X-Long: {}", "x".repeat(1_000))),
        set!(fail "msg.header-size", "X-Nul: a\0b"),
        set!(fail "msg.header-size", "no field at all"),
        set!(info "msg.header-size", &format!("X-Long: {}", "x\r\n ".repeat(20_000))),
        Fixture::fail("msg.header-size", "").letter(|letter| {
            (0..6_000).for_each(|_| {
                letter.add("X: y");
            });
        }),
        Fixture::pass("msg.header-injection", ""),
        set!(fail "msg.header-injection", "Subject: =?utf-8?Q?tea=0D=0ABcc:_eve@example.org?="),
        set!(fail "msg.header-injection", "Subject: tea%0d%0aBcc: eve@example.org"),
        set!(fail "msg.header-injection", "Subject: tea%0aBcc: eve@example.org"),
        Fixture::pass("msg.line-length", ""),
        body!(fail "msg.line-length", "text/plain; charset=utf-8", &"x".repeat(1_200)),
        body!(info "msg.line-length", "text/plain; charset=utf-8", &"word ".repeat(30)),
        Fixture::pass("msg.eol", ""),
        Fixture::fail("msg.eol", "").letter(|letter| {
            letter.signers.clear();
            letter.body.push_str("bare\nline\r\n");
        }),
        Fixture::fail("msg.eol", "").letter(|letter| {
            letter.signers.clear();
            letter.body.push_str("bare\rline\r\n");
        }),
        Fixture::pass("msg.eightbit", ""),
        body!(warn "msg.eightbit", "text/plain; charset=utf-8", "Grüße\r\n"),
        Fixture::pass("msg.eightbit", "").letter(|letter| {
            letter.body("text/plain; charset=utf-8", "Grüße\r\n").declared = Some(Body::EightBitMime);
        }),
        Fixture::info("msg.eightbit", "").letter(|letter| {
            letter.body("text/plain; charset=utf-8", "Grüße\r\n").declared = None;
        }),
        Fixture::pass("msg.mime-version", ""),
        Fixture::warn("msg.mime-version", "").letter(|letter| {
            letter.without("MIME-Version");
        }),
        set!(warn "msg.mime-version", "MIME-Version: 2.0"),
        Fixture::pass("msg.mime-structure", ""),
        body!(fail "msg.mime-structure", "multipart/mixed; boundary=b", "--b\r\n\r\nopen end\r\n"),
        body!(fail "msg.mime-structure", "multipart/mixed; boundary=b", "nothing\r\n"),
        body!(fail "msg.mime-structure", "multipart/mixed", "--b\r\n\r\nx\r\n--b--\r\n"),
        body!(fail "msg.mime-structure", "text/plain; charset=klingon", "nuqneH\r\n"),
        body!(fail "msg.mime-structure", "text", "words\r\n"),
        body!(pass "msg.mime-structure", "text/plain; charset=iso-2022-jp", "\u{1b}$B$*Cc\u{1b}(B\r\n"),
        Fixture::fail("msg.mime-structure", "").letter(|letter| {
            letter
                .body("text/plain; charset=utf-8", "not!base64\r\n")
                .add("Content-Transfer-Encoding: base64");
        }),
        Fixture::fail("msg.mime-structure", "").letter(|letter| {
            letter.body("text/plain; charset=utf-8", "words\r\n").add("Content-Transfer-Encoding: rot13");
        }),
        Fixture::warn("msg.mime-structure", "").letter(|letter| {
            letter.body("text/plain", "Grüße\r\n").declared = Some(Body::EightBitMime);
        }),
    ]
}
