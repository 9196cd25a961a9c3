use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use tegami_auth::dkim::{DkimResult, PrivateKey, Signer, fuzz, sign};

use super::{NOW, at, ed25519, judge, signed, signer, zone_of};

static KEY: LazyLock<Arc<PrivateKey>> = LazyLock::new(ed25519);

fn ours() -> Signer {
    signer(&KEY)
}

fn result(message: &[u8]) -> DkimResult {
    judge(message, &zone_of(&ours()), NOW)[0].result
}

prop_compose! {
    /// A content with From, some other fields and a body of lines; any octets but CR and LF.
    fn content()(
        subject in "[ -~]{0,60}",
        others in prop::collection::vec(("(To|Cc|Date|Reply-To|X-[A-Z]{1,5}|List-Id)", "[ -~\u{80}-\u{7ff}]{0,40}"), 0..6),
        lines in prop::collection::vec(prop::collection::vec(any::<u8>().prop_filter("line ends", |b| !matches!(b, b'\r' | b'\n')), 0..40), 0..8),
    ) -> Vec<u8> {
        let mut content = format!("From: a@example.org\r\nSubject: {subject}\r\n").into_bytes();
        for (name, value) in others {
            content.extend_from_slice(format!("{name}: {value}\r\n\t{value}\r\n").as_bytes());
        }
        content.extend_from_slice(b"\r\n");
        for line in lines {
            content.extend_from_slice(&line);
            content.extend_from_slice(b"\r\n");
        }
        content
    }
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn what_we_sign_verifies(content in content()) {
        prop_assert_eq!(result(&signed(&content, &ours())), DkimResult::Pass);
    }

    /// Relays may refold and respace under `relaxed`.
    #[test]
    fn white_space_may_change(content in content()) {
        let message = signed(&content, &ours());
        let text: Vec<u8> = message.strip_suffix(b"\r\n").unwrap_or(&message).to_vec();
        let spaced = [text.as_slice(), b" \t\r\n\r\n \r\n"].concat();
        if text.ends_with(b"\r\n") { return Ok(()); }
        prop_assert_eq!(result(&spaced), DkimResult::Pass);
    }

    /// Any octet of the body or of a signed field, made into a letter that was not there, breaks the signature.
    #[test]
    fn no_octet_may_change(content in content(), place in any::<prop::sample::Index>()) {
        let mut message = signed(&content, &ours());
        let header_end = message.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let own_end = message.len() - content.len();
        let text = String::from_utf8_lossy(&message[own_end..header_end]).into_owned();
        let unsigned = text.contains("X-");
        let first = if unsigned { header_end + 4 } else { own_end };
        if first == message.len() { return Ok(()); }
        let at = first + place.index(message.len() - first);
        // Line ends that go missing make another structure, with lines that no signature speaks of; so does the white
        // space that folds a field: without it, a blank line of a field becomes a line that is no field.
        let folds = at < header_end && message[at - 1] == b'\n' && matches!(message[at], b' ' | b'\t');
        if folds || matches!(message[at], b'\r' | b'\n') { return Ok(()); }
        // Another case of a field name is the same name.
        let letter = if matches!(message[at], b'q' | b'Q') { b'z' } else { b'q' };
        message[at] = letter;
        prop_assert_ne!(result(&message), DkimResult::Pass, "octet {} of {}", at, message.escape_ascii());
    }

    #[test]
    fn a_line_more_breaks_it(content in content(), line in "[!-~]{1,20}") {
        let mut message = signed(&content, &ours());
        message.extend_from_slice(line.as_bytes());
        prop_assert_eq!(result(&message), DkimResult::Fail);
    }

    /// Fields that readers are shown cannot be added.
    #[test]
    fn oversigned_fields_cannot_be_added(
        content in content(),
        name in "(From|subject|TO|Cc|Date|Reply-To|Message-ID)",
        value in "[!-~]{1,20}",
    ) {
        let message = signed(&content, &ours());
        let injected = [format!("{name}: {value}\r\n").as_bytes(), message.as_slice()].concat();
        prop_assert_eq!(result(&injected), DkimResult::Fail);
    }

    /// Whatever we are willing to sign verifies, however odd.
    #[test]
    fn odd_contents_verify_once_signed(header in "(From:[ -~]{0,9}|[ -~\t]{0,12}|[A-Z]: ?)((\r\n|\r\n[ \t])[ -~\t]{0,12}){0,5}", body in "[ \t\r\n.a]{0,30}") {
        let content = format!("From: a@example.org\r\n{header}\r\n\r\n{body}");
        if let Ok(fields) = sign(content.as_bytes(), &[ours()], at(NOW)) {
            prop_assert_eq!(result(&[&fields, content.as_bytes()].concat()), DkimResult::Pass);
        }
    }

    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        fuzz::signature(&bytes);
        fuzz::key_record(&bytes);
        let _ = judge(&bytes, "", NOW);
        let field = [b"DKIM-Signature:".as_slice(), &bytes].concat();
        let _ = judge(&field, "", NOW);
    }

    #[test]
    fn nearly_right_never_panics(text in "(DKIM-Signature: ?)?((v=1|a=(rsa|ed25519)-sha256|d=example.org|s=mail|h=from(:to)*|b=[A-Za-z0-9+/=]{0,9}|bh=A{44}|l=[0-9]{0,30}|x=[0-9]{0,22}|t=9|c=[a-z/]{0,9}|i=.?@.?)[; \r\n]{0,3}){0,14}(\r\n)?(\r\n.{0,9})?") {
        fuzz::signature(text.as_bytes());
        let _ = judge(text.as_bytes(), &zone_of(&ours()), NOW);
    }
}
