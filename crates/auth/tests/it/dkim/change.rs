//! What may happen to a message between signing and verifying, and what may not.

use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use proptest::prelude::*;
use tegami_auth::dkim::{Canonicalization, DkimResult, PrivateKey, SignedFields, Signer, fuzz, sign};
use tegami_mail::{HeaderLimits, HeaderSection};

use super::example::{RFC_8463_KEYS, rfc_8463_message};
use super::{NOW, at, ed25519, judge, txt, zone_of};
use crate::peers::Chance;
use crate::peers::message::{Change, content};

use Canonicalization::{Relaxed, Simple};

static RSA: LazyLock<Arc<PrivateKey>> = LazyLock::new(|| Arc::new(PrivateKey::generate_rsa_2048().unwrap()));
static ED25519: LazyLock<Arc<PrivateKey>> = LazyLock::new(ed25519);

/// RSA and Ed25519, side by side.
fn signers(header: Canonicalization, body: Canonicalization) -> [Signer; 2] {
    [("rsa", &*RSA), ("ed", &*ED25519)].map(|(selector, key)| {
        let mut signer =
            Signer::new("example.org".parse().unwrap(), selector.parse().unwrap(), Arc::clone(key));
        (signer.header, signer.body) = (header, body);
        signer
    })
}

fn signed(content: &[u8], signers: &[Signer]) -> Vec<u8> {
    [sign(content, signers, at(NOW)).unwrap().as_slice(), content].concat()
}

fn results(message: &[u8], signers: &[Signer]) -> Vec<DkimResult> {
    let zone: String = signers.iter().map(zone_of).collect();
    judge(message, &zone, NOW).iter().map(|verdict| verdict.result).collect()
}

const PASS: [DkimResult; 2] = [DkimResult::Pass; 2];

fn how() -> impl Strategy<Value = Canonicalization> {
    prop_oneof![Just(Simple), Just(Relaxed)]
}

/// What relays may do under `relaxed`: to the header section, and to the body.
const HEADER_CHANGES: &[Change] =
    &[Change::Refold, Change::WidenBlanks, Change::NameCase, Change::BlankBeforeColon];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_we_sign_verifies_in_every_way(seed in any::<u64>(), header in how(), body in how()) {
        let signers = signers(header, body);
        let message = signed(&content(&mut Chance::new(seed)), &signers);
        prop_assert_eq!(results(&message, &signers), PASS, "{}", message.escape_ascii());
    }

    #[test]
    fn a_relaxed_header_section_may_be_refolded(seed in any::<u64>(), body in how()) {
        let (signers, mut chance) = (signers(Relaxed, body), Chance::new(seed));
        let mut message = signed(&content(&mut chance), &signers);
        for change in HEADER_CHANGES {
            message = change.apply(&message, &mut chance);
            prop_assert_eq!(results(&message, &signers), PASS, "{:?}: {}", change, message.escape_ascii());
        }
    }

    #[test]
    fn a_relaxed_body_may_end_in_blanks(seed in any::<u64>(), header in how()) {
        let (signers, mut chance) = (signers(header, Relaxed), Chance::new(seed));
        let mut message = signed(&content(&mut chance), &signers);
        for change in [Change::TrailingBlanks, Change::WidenBody, Change::TrailingBlanks] {
            message = change.apply(&message, &mut chance);
            prop_assert_eq!(results(&message, &signers), PASS, "{:?}: {}", change, message.escape_ascii());
        }
    }

    #[test]
    fn a_trace_field_harms_nothing(seed in any::<u64>(), header in how(), body in how()) {
        let (signers, mut chance) = (signers(header, body), Chance::new(seed));
        let message = Change::Trace.apply(&signed(&content(&mut chance), &signers), &mut chance);
        prop_assert_eq!(results(&message, &signers), PASS);
    }

    /// A name that is signed once more than it occurs leaves no room for another field.
    #[test]
    fn no_oversigned_field_can_be_added(
        seed in any::<u64>(),
        header in how(),
        name in "(From|SUBJECT|To|cc|Date|reply-to|Message-Id)",
        below in any::<bool>(),
    ) {
        let signers = signers(header, Relaxed);
        let message = signed(&content(&mut Chance::new(seed)), &signers);
        let field = format!("{name}: other\r\n");
        let place = if below { message.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 2 } else { 0 };
        let (before, after) = message.split_at(place);
        let more = [before, field.as_bytes(), after].concat();
        prop_assert!(!results(&more, &signers).contains(&DkimResult::Pass), "{}", more.escape_ascii());
    }

    #[test]
    fn a_footer_breaks_every_signature(seed in any::<u64>(), header in how(), body in how()) {
        let (signers, mut chance) = (signers(header, body), Chance::new(seed));
        let message = Change::Footer.apply(&signed(&content(&mut chance), &signers), &mut chance);
        prop_assert_eq!(results(&message, &signers), [DkimResult::Fail; 2]);
    }
}

/// What others signed survives the same: the message of RFC 8463 appendix A.3, `relaxed/relaxed` with both algorithms.
#[test]
fn what_others_sign_survives_what_relaxed_allows() {
    let zone: String = RFC_8463_KEYS.iter().map(|(name, text)| txt(name, text)).collect();
    let mut message = rfc_8463_message();
    let mut chance = Chance::new(8463);
    for change in [HEADER_CHANGES, &[Change::TrailingBlanks, Change::WidenBody, Change::Trace]].concat() {
        message = change.apply(&message, &mut chance);
        let found: Vec<DkimResult> =
            judge(&message, &zone, NOW).iter().map(|verdict| verdict.result).collect();
        assert_eq!(found, PASS, "{change:?}: {}", message.escape_ascii());
    }
}

/// Every field of it is signed by [`short`].
const CONTENT: &[u8] = b"From: Hanako <hanako@example.org>\r\nTo: a@example.net,\r\n\tb@example.net\r\nSubject:  A  subject\r\n\r\n\
    One  line.\r\n\r\nAnother \t\r\n";

/// Signers whose field is short, so that every octet can be tried.
fn short(header: Canonicalization, body: Canonicalization) -> [Signer; 2] {
    signers(header, body).map(|mut signer| {
        signer.fields = SignedFields::These(vec!["To".to_owned(), "Subject".to_owned()]);
        signer
    })
}

/// What a message says: its canonical octets, with the octets that its first field's `b=` stands for.
fn meaning(message: &[u8], how: (Canonicalization, Canonicalization)) -> (Vec<u8>, Vec<u8>) {
    let (header, body) = tegami_mail::header::split(message);
    // `b=` is the last tag; a field may have lost the CR that ends it, and says the same.
    let start = header.windows(3).position(|three| three == b" b=").map_or(0, |at| at + 3);
    let length = header[start..]
        .windows(2)
        .position(|two| two[0] == b'\n' && !matches!(two[1], b' ' | b'\t'))
        .unwrap_or_default();
    let (before, rest) = header.split_at(start);
    let (value, after) = rest.split_at(length);
    let base64: Vec<u8> = value.iter().copied().filter(|c| !c.is_ascii_whitespace() && *c != b'=').collect();
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let signature = GeneralPurpose::new(&STANDARD, lenient).decode(base64).unwrap_or_default();
    let header = [before, after].concat();
    let section = HeaderSection::parse(&header, HeaderLimits::GENEROUS).unwrap();
    // A line that is no field says nothing.
    let fields = section.fields().iter().filter(|field| !field.name.is_empty()).map(|field| field.raw);
    let mut octets = fuzz::canonical(how.0, &fields.collect::<Vec<_>>().concat());
    octets.extend(fuzz::canonical(how.1, &[b"X: y\r\n\r\n", body].concat()));
    (octets, signature)
}

/// Changes every octet of a message and leaves out every one; whatever then means something else must not pass. Gives
/// how many changes pass.
fn check_every_octet(signer: &Signer) -> usize {
    const OTHERS: &[u8] = b" \t\r\n:;=,A";
    let how = (signer.header, signer.body);
    let signers = std::slice::from_ref(signer);
    let message = signed(CONTENT, signers);
    assert_eq!(results(&message, signers), [DkimResult::Pass]);
    let original = meaning(&message, how);
    let mut passed = 0;
    let mut check = |changed: &[u8], what: String| {
        if changed != message && results(changed, signers).contains(&DkimResult::Pass) {
            passed += 1;
            assert!(meaning(changed, how) == original, "{what}: {}", changed.escape_ascii());
        }
    };
    for at in 0..message.len() {
        for octet in [message[at] ^ (1 << (at % 8)), OTHERS[at % OTHERS.len()]] {
            let mut changed = message.clone();
            changed[at] = octet;
            check(&changed, format!("octet {at} became {octet:?}"));
        }
        let mut shorter = message.clone();
        shorter.remove(at);
        check(&shorter, format!("without octet {at}"));
    }
    passed
}

/// Under `simple` nothing at all may change but the blanks, the padding and the unused bits of the base64 in `b=`, which
/// stand for the same octets (RFC 6376 sections 2.10 and 3.7), and the CR at the end of a field.
#[test]
fn no_octet_of_a_simple_message_may_change() {
    let [_, ed] = short(Simple, Simple);
    println!("{} changes pass, in the base64 of `b=` and in line ends", check_every_octet(&ed));
}

#[test]
fn no_octet_of_a_relaxed_message_may_change() {
    let [_, ed] = short(Relaxed, Relaxed);
    println!("{} changes pass, each the same by relaxed", check_every_octet(&ed));
}

#[test]
fn no_octet_may_change_under_mixed_canonicalisations_with_rsa() {
    let [rsa, _] = short(Relaxed, Simple);
    println!("{} changes pass, each the same by relaxed/simple", check_every_octet(&rsa));
}

/// With several signatures: what the content loses, all of them lose; what one field loses, the other does not.
#[test]
fn each_signature_stands_alone() {
    let both = short(Simple, Simple);
    let message = signed(CONTENT, &both);
    let fields = message.len() - CONTENT.len();
    let every_third = (0..fields).step_by(3).chain(fields..message.len());
    for at in every_third.filter(|at| !message[*at].is_ascii_whitespace()) {
        let mut changed = message.clone();
        changed[at] ^= 1;
        let found = results(&changed, &both);
        let passing = found.iter().filter(|result| **result == DkimResult::Pass).count();
        if at >= fields {
            assert_eq!(passing, 0, "octet {at}: {found:?} {}", changed.escape_ascii());
        } else {
            assert!(passing <= 1, "octet {at}: {found:?} {}", changed.escape_ascii());
        }
    }
}
