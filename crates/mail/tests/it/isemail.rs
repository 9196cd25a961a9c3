//! Addresses of the isemail suite: as SMTP has them and as header fields have them.

use tegami_mail::{Address, NameAddr};

struct Case {
    id: String,
    address: String,
    category: String,
    diagnosis: String,
}

fn cases(xml: &str) -> Vec<Case> {
    let field = |text: &str, name: &str| {
        let start = text.split_once(&format!("<{name}>")).map(|(_, rest)| rest).unwrap_or_default();
        unescape(start.split_once(&format!("</{name}>")).map(|(inside, _)| inside).unwrap_or_default())
    };
    xml.split("<test id=\"")
        .skip(1)
        .map(|text| Case {
            id: text.split('"').next().unwrap_or_default().to_owned(),
            address: field(text, "address"),
            category: field(text, "category"),
            diagnosis: field(text, "diagnosis"),
        })
        .collect()
}

/// Entities, and the pictures of control characters (U+2400 and above) that stand for them in the suite.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let (entity, after) = after.split_once(';').unwrap();
        out.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let digits = entity.strip_prefix("#x").map(|hex| u32::from_str_radix(hex, 16));
                char::from_u32(digits.unwrap_or_else(|| entity.trim_start_matches('#').parse()).unwrap())
                    .unwrap()
            }
        });
        rest = after;
    }
    out.push_str(rest);
    out.chars()
        .map(|c| match u32::from(c) {
            picture @ 0x2400..=0x241f => char::from_u32(picture - 0x2400).unwrap(),
            _ => c,
        })
        .collect()
}

/// Cases on which we decide otherwise, for SMTP and for header fields alike.
const OTHERWISE: &[(&str, &str)] = &[
    ("15", "misplaced dots are accepted and quoted, as Japanese carriers gave them out"),
    ("35", "one trailing dot of the domain is dropped"),
];

#[test]
fn addresses_as_smtp_has_them() {
    let Some(path) = crate::suites("address/isemail-odd.xml") else { return };
    let cases = cases(&std::fs::read_to_string(path).unwrap());
    assert!(cases.len() > 70, "the suite was read");
    let mut wrong = Vec::new();
    for case in &cases {
        let otherwise = OTHERWISE.iter().any(|(id, _)| *id == case.id);
        // Deprecated, but an address literal all the same; other deprecated forms are header field syntax.
        let valid = matches!(
            case.category.as_str(),
            "ISEMAIL_VALID_CATEGORY" | "ISEMAIL_DNSWARN" | "ISEMAIL_RFC5321"
        ) || case.diagnosis == "ISEMAIL_RFC5321_IPV6DEPRECATED";
        if Address::parse(&case.address).is_ok() != (valid != otherwise) {
            wrong.push(format!(
                "{} {:?} {} {:?}",
                case.id,
                case.address,
                case.diagnosis,
                Address::parse(&case.address)
            ));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// Cases on which only the reader of header fields decides otherwise.
fn is_lenient(case: &Case) -> bool {
    // Line ends in a value are folds that are undone, whatever stands around them.
    case.diagnosis.contains("CRLF") || case.diagnosis.contains("CR_NO_LF") || case.address.contains('\n')
}

#[test]
fn addresses_as_header_fields_have_them() {
    let Some(path) = crate::suites("address/isemail-odd.xml") else { return };
    let cases = cases(&std::fs::read_to_string(path).unwrap());
    let mut wrong = Vec::new();
    for case in cases.iter().filter(|case| !is_lenient(case)) {
        let otherwise = OTHERWISE.iter().any(|(id, _)| *id == case.id);
        // What SMTP cannot carry is refused although RFC 5322 has it: other literals, long parts, quoted controls.
        let valid = !matches!(case.category.as_str(), "ISEMAIL_ERR" | "ISEMAIL_RFC5322")
            && case.diagnosis != "ISEMAIL_DEPREC_QP";
        if NameAddr::parse(&case.address).is_ok() != (valid != otherwise) {
            wrong.push(format!(
                "{} {:?} {} {:?}",
                case.id,
                case.address,
                case.diagnosis,
                NameAddr::parse(&case.address)
            ));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
