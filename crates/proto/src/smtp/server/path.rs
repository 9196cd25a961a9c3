//! The arguments of MAIL and RCPT: a path (RFC 5321 section 4.1.2) and its parameters.

use tegami_mail::{Address, Body, Dsn, ForwardPath, Host, LocalPart, Notify, Ret, ReversePath};

use super::command::Fault;
use super::{FutureRelease, Hold};
use crate::smtp::xtext;

/// MAIL with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mail {
    pub(super) reverse_path: ReversePath,
    pub(super) parameters: MailParameters,
}

/// The parameters of MAIL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MailParameters {
    /// SIZE= (RFC 1870 section 6).
    pub(super) size: Option<u64>,
    pub(super) body: Option<Body>,
    pub(super) smtputf8: bool,
    pub(super) require_tls: bool,
    pub(super) dsn: Dsn,
    /// HOLDFOR= or HOLDUNTIL= (RFC 4865 section 4).
    pub(super) hold: Option<Hold>,
}

/// Longest ENVID= and ORCPT= in octets (RFC 3461 sections 4.2 and 4.4).
const MAX_ENVID: usize = 100;
const MAX_ORCPT: usize = 500;

const BAD_REVERSE_PATH: Fault = Fault::new(501, (5, 1, 7), "the reverse-path is not well formed");
const BAD_FORWARD_PATH: Fault = Fault::new(501, (5, 1, 3), "the forward-path is not well formed");
/// RFC 6531 section 3.5.
const NEEDS_SMTPUTF8: Fault = Fault::new(553, (5, 6, 7), "an address outside ASCII needs SMTPUTF8");
const UNKNOWN_PARAMETER: Fault = Fault::new(555, (5, 5, 4), "unknown parameter");
const BAD_PARAMETER: Fault = Fault::new(501, (5, 5, 4), "the parameter is not well formed or is given twice");

/// Reads what follows `MAIL FROM:`. `future_release` is what FUTURERELEASE offers, if it is offered.
pub(super) fn mail(argument: &str, future_release: Option<&FutureRelease>) -> Result<Mail, Fault> {
    let (path, rest) = angle(argument).ok_or(BAD_REVERSE_PATH)?;
    let reverse_path = if path.is_empty() {
        ReversePath::Null
    } else {
        ReversePath::Address(address(path).ok_or(BAD_REVERSE_PATH)?)
    };
    let parameters = mail_parameters(rest, future_release)?;
    if !path.is_ascii() && !parameters.smtputf8 {
        return Err(NEEDS_SMTPUTF8);
    }
    Ok(Mail { reverse_path, parameters })
}

/// Reads what follows `RCPT TO:`. `hostname` is where `<postmaster>` lives (RFC 5321 section 4.5.1).
pub(super) fn rcpt(argument: &str, hostname: &str, smtputf8: bool) -> Result<ForwardPath, Fault> {
    let (path, rest) = angle(argument).ok_or(BAD_FORWARD_PATH)?;
    if !path.is_ascii() && !smtputf8 {
        return Err(NEEDS_SMTPUTF8);
    }
    let address = if path.eq_ignore_ascii_case("postmaster") {
        let local_part = LocalPart::parse(path).ok();
        local_part
            .zip(Host::parse(hostname).ok())
            .and_then(|(local_part, host)| Address::new(local_part, host).ok())
    } else {
        address(path)
    };
    rcpt_parameters(ForwardPath::from(address.ok_or(BAD_FORWARD_PATH)?), rest)
}

/// The text between `<` and its `>`, and what follows. A `>` inside quotes is part of the local-part.
fn angle(argument: &str) -> Option<(&str, &str)> {
    let rest = argument.strip_prefix('<')?;
    let (mut quoted, mut escaped) = (false, false);
    for (at, octet) in rest.bytes().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => {
                let tail = rest.get(at + 1..)?;
                return (tail.is_empty() || tail.starts_with([' ', '\t'])).then_some((rest.get(..at)?, tail));
            }
            _ => {}
        }
    }
    None
}

/// A mailbox, its source route read and dropped (RFC 5321 appendix C: `<@a,@b:user@c>` is for `user@c`).
fn address(path: &str) -> Option<Address> {
    let mailbox = if path.starts_with('@') {
        let (route, mailbox) = path.split_once(':')?;
        let hop = |hop: &str| hop.strip_prefix('@').is_some_and(|host| Host::parse(host).is_ok());
        route.split(',').all(hop).then_some(mailbox)?
    } else {
        path
    };
    Address::parse(mailbox).ok()
}

fn mail_parameters(text: &str, future_release: Option<&FutureRelease>) -> Result<MailParameters, Fault> {
    let mut seen = MailParameters::default();
    let mut auth = false;
    for word in text.split_ascii_whitespace() {
        let (keyword, value) = parameter(word);
        match (keyword.to_ascii_uppercase().as_str(), value) {
            ("SIZE", Some(value)) => once(&mut seen.size, size(value))?,
            ("BODY", Some(value)) => once(&mut seen.body, body(value)?)?,
            ("SMTPUTF8", None) => flag(&mut seen.smtputf8)?,
            ("REQUIRETLS", None) => flag(&mut seen.require_tls)?,
            ("RET", Some(value)) => once(&mut seen.dsn.ret, ret(value))?,
            ("ENVID", Some(value)) => {
                let id = xtext::decode(value).filter(|_| !value.is_empty() && value.len() <= MAX_ENVID);
                once(&mut seen.dsn.envelope_id, id)?;
            }
            // RFC 4954 section 5: whoever was authenticated elsewhere has no meaning here.
            ("AUTH", Some(value)) if value == "<>" || xtext::decode(value).is_some() => flag(&mut auth)?,
            // One of the two, once.
            (keyword @ ("HOLDFOR" | "HOLDUNTIL"), value) => {
                let limits = future_release.ok_or(UNKNOWN_PARAMETER)?;
                let hold =
                    if keyword == "HOLDFOR" { limits.hold_for(value) } else { limits.hold_until(value) };
                once(&mut seen.hold, Some(hold?))?;
            }
            ("SIZE" | "BODY" | "SMTPUTF8" | "REQUIRETLS" | "RET" | "ENVID" | "AUTH", _) => {
                return Err(BAD_PARAMETER);
            }
            _ => return Err(UNKNOWN_PARAMETER),
        }
    }
    Ok(seen)
}

fn rcpt_parameters(mut path: ForwardPath, text: &str) -> Result<ForwardPath, Fault> {
    for word in text.split_ascii_whitespace() {
        let (keyword, value) = parameter(word);
        match (keyword.to_ascii_uppercase().as_str(), value) {
            ("NOTIFY", Some(value)) => once(&mut path.notify, notify(value))?,
            ("ORCPT", Some(value)) => once(&mut path.original_recipient, original_recipient(value))?,
            ("NOTIFY" | "ORCPT", None) => return Err(BAD_PARAMETER),
            _ => return Err(UNKNOWN_PARAMETER),
        }
    }
    Ok(path)
}

fn parameter(word: &str) -> (&str, Option<&str>) {
    word.split_once('=').map_or((word, None), |(keyword, value)| (keyword, Some(value)))
}

/// A value that is well formed and given once.
fn once<T>(place: &mut Option<T>, value: Option<T>) -> Result<(), Fault> {
    if place.is_some() || value.is_none() {
        return Err(BAD_PARAMETER);
    }
    *place = value;
    Ok(())
}

fn flag(place: &mut bool) -> Result<(), Fault> {
    if std::mem::replace(place, true) { Err(BAD_PARAMETER) } else { Ok(()) }
}

/// Up to twenty digits (RFC 1870 section 5).
fn size(value: &str) -> Option<u64> {
    let digits = !value.is_empty() && value.len() <= 20 && value.bytes().all(|digit| digit.is_ascii_digit());
    digits.then(|| value.parse().unwrap_or(u64::MAX))
}

fn body(value: &str) -> Result<Option<Body>, Fault> {
    match value.to_ascii_uppercase().as_str() {
        "7BIT" => Ok(Some(Body::SevenBit)),
        "8BITMIME" => Ok(Some(Body::EightBitMime)),
        // RFC 3030 section 3: not offered here.
        "BINARYMIME" => Err(UNKNOWN_PARAMETER),
        _ => Ok(None),
    }
}

fn ret(value: &str) -> Option<Ret> {
    match value.to_ascii_uppercase().as_str() {
        "FULL" => Some(Ret::Full),
        "HDRS" => Some(Ret::Headers),
        _ => None,
    }
}

/// `NEVER`, or a list of the others (RFC 3461 section 4.1).
fn notify(value: &str) -> Option<Notify> {
    let mut notify = Notify { success: false, failure: false, delay: false };
    if value.eq_ignore_ascii_case("NEVER") {
        return Some(notify);
    }
    for word in value.split(',') {
        match word.to_ascii_uppercase().as_str() {
            "SUCCESS" => notify.success = true,
            "FAILURE" => notify.failure = true,
            "DELAY" => notify.delay = true,
            _ => return None,
        }
    }
    Some(notify)
}

/// `addr-type ";" xtext` (RFC 3461 section 4.2).
fn original_recipient(value: &str) -> Option<String> {
    let (kind, address) = value.split_once(';').filter(|_| value.len() <= MAX_ORCPT)?;
    let is_atom = !kind.is_empty() && kind.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
    let address = xtext::decode(address).filter(|address| is_atom && !address.is_empty())?;
    Some(format!("{kind};{address}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn check(argument: &str, expected: &Expect) {
        let got = rcpt(argument, "mx.example.org", false).map_or_else(
            |fault| fault.reply().to_string(),
            |path| format!("{} {:?} {:?}", path.address, path.notify, path.original_recipient),
        );
        expected.assert_eq(&got);
    }

    #[test]
    fn forward_paths() {
        check("<User.Name@Example.ORG>", &expect!["User.Name@example.org None None"]);
        check("<\"a > b\\\"\"@example.org>", &expect![[r#""a > b\""@example.org None None"#]]);
        check("<da..me.@example.test>", &expect![[r#""da..me."@example.test None None"#]]);
        check("<a@[192.0.2.1]>", &expect!["a@[192.0.2.1] None None"]);
        check("<Postmaster>", &expect!["Postmaster@mx.example.org None None"]);
        check("<@a.test,@b.test:user@c.test>", &expect!["user@c.test None None"]);
        check("<user%c.test@example.org>", &expect!["user%c.test@example.org None None"]);
        for wrong in [
            "",
            "a@example.org",
            "<>",
            "<a>",
            "<a@>",
            "<@example.org>",
            "<a@b@example.org>",
            "<a b@example.org>",
            "<a@example.org",
            "<a@example.org>x",
            "<a@b.test,c@d.test>",
            "<@a.test user@c.test>",
            "<\"a@example.org>",
            "<@a.test:@b.test:user@c.test>",
            "<@:user@c.test>",
        ] {
            assert_eq!(rcpt(wrong, "mx.example.org", true), Err(BAD_FORWARD_PATH), "{wrong}");
        }
    }

    #[test]
    fn international_addresses_need_smtputf8() {
        check("<用户@example.org>", &expect!["553 5.6.7 an address outside ASCII needs SMTPUTF8"]);
        assert!(rcpt("<用户@例え.test>", "mx.example.org", true).is_ok());
        assert_eq!(mail("<用户@example.org>", None), Err(NEEDS_SMTPUTF8));
        assert!(mail("<用户@example.org> SMTPUTF8", None).is_ok());
    }

    #[test]
    fn recipient_parameters() {
        check(
            "<a@example.org> NOTIFY=success,DELAY ORCPT=rfc822;b+2Bc@example.net",
            &expect![[
                r#"a@example.org Some(Notify { success: true, failure: false, delay: true }) Some("rfc822;b+c@example.net")"#
            ]],
        );
        check(
            "<a@example.org> NOTIFY=NEVER",
            &expect!["a@example.org Some(Notify { success: false, failure: false, delay: false }) None"],
        );
        check("<a@example.org> X=1", &expect!["555 5.5.4 unknown parameter"]);
        for wrong in
            ["NOTIFY", "NOTIFY=", "NOTIFY=NEVER,DELAY", "ORCPT=a", "ORCPT=;a", "NOTIFY=DELAY NOTIFY=DELAY"]
        {
            let argument = format!("<a@example.org> {wrong}");
            assert_eq!(rcpt(&argument, "mx.example.org", false), Err(BAD_PARAMETER), "{wrong}");
        }
    }

    #[test]
    fn mail_parameters_are_read() {
        let read =
            mail("<> SIZE=123 body=8bitmime SMTPUTF8 RET=HDRS ENVID=a+2Bb AUTH=<> REQUIRETLS", None).unwrap();
        expect![[r#"Mail { reverse_path: Null, parameters: MailParameters { size: Some(123), body: Some(EightBitMime), smtputf8: true, require_tls: true, dsn: Dsn { ret: Some(Headers), envelope_id: Some("a+b") }, hold: None } }"#]]
        .assert_eq(&format!("{read:?}"));
        for wrong in [
            "SIZE",
            "SIZE=",
            "SIZE=x",
            "SIZE=1 SIZE=1",
            "BODY=9BIT",
            "SMTPUTF8=1",
            "RET=ALL",
            "ENVID=a=b",
            "AUTH",
        ] {
            assert_eq!(mail(&format!("<> {wrong}"), None), Err(BAD_PARAMETER), "{wrong}");
        }
        for unknown in ["BODY=BINARYMIME", "FUTURERELEASE=1", "X"] {
            assert_eq!(mail(&format!("<> {unknown}"), None), Err(UNKNOWN_PARAMETER), "{unknown}");
        }
        assert_eq!(mail("a@example.org", None), Err(BAD_REVERSE_PATH));
    }

    #[test]
    fn a_hold_is_read_where_it_is_offered() {
        let now = "2026-07-06T09:00:00Z".parse().unwrap();
        let limits = FutureRelease::new(now, Duration::from_secs(3600)).unwrap();
        let with = |parameters: &str| mail(&format!("<> {parameters}"), Some(&limits));
        let hour = with("size=9 holdfor=3600").unwrap().parameters.hold;
        assert_eq!(hour, Some(Hold::For(Duration::from_secs(3600))));
        let moment = with("HOLDUNTIL=2026-07-06T10:00:00Z").unwrap().parameters.hold;
        assert_eq!(moment, Some(Hold::Until("2026-07-06T10:00:00Z".parse().unwrap())));
        for wrong in [
            "HOLDFOR",
            "HOLDFOR=",
            "HOLDFOR=3601",
            "HOLDUNTIL",
            "HOLDUNTIL=2026-07-06",
            "HOLDUNTIL=2026-07-06T10:00:01Z",
            "HOLDFOR=1 HOLDFOR=1",
            "HOLDFOR=1 HOLDUNTIL=2026-07-06T10:00:00Z",
            "HOLDUNTIL=2026-07-06T10:00:00Z HOLDFOR=1",
        ] {
            let fault = with(wrong).unwrap_err();
            assert_eq!((fault.code, fault.enhanced), (501, (5, 5, 4)), "{wrong}");
        }
        for parameter in ["HOLDFOR=1", "HOLDFOR", "HOLDUNTIL=2026-07-06T10:00:00Z", "HOLDUNTIL=x"] {
            assert_eq!(mail(&format!("<> {parameter}"), None), Err(UNKNOWN_PARAMETER), "{parameter}");
        }
    }

    proptest! {
        #[test]
        fn any_argument_is_read_without_panic(text in "[<>@\"\\\\:, a.=;\\PC]{0,40}") {
            let _ = mail(&text, None);
            let _ = rcpt(&text, "mx.example.org", true);
        }
    }
}
