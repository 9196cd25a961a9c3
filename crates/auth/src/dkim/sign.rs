//! Signing (RFC 6376 section 5).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use tegami_mail::header::begins_with_fold;
use tegami_mail::line::has_bare_line_end;
use tegami_mail::{Address, Domain, HeaderError, Host, Text};

use super::hash::{BodyHashes, Message};
use super::signature::lower;
use super::{Algorithm, Canonicalization, PrivateKey, Selector};

/// Who signs, with what, and what.
#[derive(Clone, Debug)]
pub struct Signer {
    /// `d=`, the SDID.
    pub domain: Domain,
    /// `s=`
    pub selector: Selector,
    /// The private key; its public half stands at [`record_name`](super::record_name).
    pub key: Arc<PrivateKey>,
    /// `i=`, the AUID, at or below `domain`; left out where there is none.
    pub identity: Option<Address>,
    /// Which fields are signed.
    pub fields: SignedFields,
    /// How the header section is canonicalised (`c=`, before the slash).
    pub header: Canonicalization,
    /// How the body is canonicalised (`c=`, after the slash).
    pub body: Canonicalization,
    /// How long the signature is good for (`x=`); for ever where there is none.
    pub expiry: Option<Duration>,
}

impl Signer {
    /// A signer as most domains want it: recommended fields, `relaxed/relaxed`, no `i=`, no `x=`.
    pub fn new(domain: Domain, selector: Selector, key: Arc<PrivateKey>) -> Self {
        Self {
            domain,
            selector,
            key,
            identity: None,
            fields: SignedFields::Recommended,
            header: Canonicalization::Relaxed,
            body: Canonicalization::Relaxed,
            expiry: None,
        }
    }
}

/// Which fields are signed. From is always signed and oversigned.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum SignedFields {
    /// What RFC 6376 section 5.4.1 recommends, and what newer standards ask for.
    #[default]
    Recommended,
    /// These names, every instance of each, and nothing but From oversigned.
    These(Vec<String>),
}

/// Why a content is not signed. The fault lies with the content or with the signer's settings: trying again does not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The header section is beyond all measure.
    #[error(transparent)]
    HeaderSection(#[from] HeaderError),
    /// RFC 6376 section 5.4: From must be signed; RFC 5322 section 3.6: there is one.
    #[error("the content has {0} From fields: a signature needs exactly one")]
    FromCount(usize),
    /// RFC 6376 section 5.3: the next hop would change it, and the signature would break.
    #[error("the content has a bare CR or LF: only CRLF may end a line that is signed")]
    BareLineEnd,
    /// RFC 5322 section 2.2.3: it would become part of the signature's own field.
    #[error("the content begins with a blank: its first line would go on with the field before it")]
    BeginsWithFold,
    /// RFC 6376 section 3.5, `i=`.
    #[error("the identity of the signature is not at or below its domain")]
    Identity,
    /// Not a field name of RFC 5322 section 2.2.
    #[error("a name in the list of fields to sign is not a field name")]
    FieldName,
    /// The cryptographic library refused.
    #[error("the signature could not be computed with this key")]
    Key,
}

/// Signed and oversigned, present or not: one more instance would change what a reader sees or where an answer goes.
/// A name that is listed once more than it occurs forbids adding one (RFC 6376 section 8.15).
const ALWAYS: &[&str] = &["from", "reply-to", "to", "cc", "subject", "date", "message-id"];
/// Signed and oversigned where present: relays may add them to a message that has none.
const PRESENT: &[&str] =
    &["sender", "in-reply-to", "references", "mime-version", "content-type", "content-transfer-encoding"];
/// Every instance signed, more may be added: RFC 6376 section 5.4.1; RFC 8058 section 4 demands the first two.
const INSTANCES: &[&str] = &[
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-id",
    "list-help",
    "list-subscribe",
    "list-post",
    "list-owner",
    "list-archive",
    "content-id",
    "content-description",
    "auto-submitted",
    "feedback-id",
    // RFC 9477 sections 3.1 and 3.2.
    "cfbl-address",
    "cfbl-feedback-id",
    "resent-date",
    "resent-from",
    "resent-sender",
    "resent-to",
    "resent-cc",
    "resent-message-id",
];

/// Signs a content: one DKIM-Signature field for each signer, in their order, each ended by CRLF, to be put in front of
/// the content. The body is hashed once for all signers that canonicalise it alike.
///
/// # Errors
/// A [`SignError`]; then nothing is signed.
pub fn sign(content: &[u8], signers: &[Signer], now: Timestamp) -> Result<Vec<u8>, SignError> {
    if signers.is_empty() {
        return Ok(Vec::new());
    }
    if has_bare_line_end(content) {
        return Err(SignError::BareLineEnd);
    }
    if begins_with_fold(content) {
        return Err(SignError::BeginsWithFold);
    }
    let message = Message::new(content)?;
    if message.count("from") != 1 {
        return Err(SignError::FromCount(message.count("from")));
    }
    let mut bodies = BodyHashes::new(message.body);
    for signer in signers {
        bodies.announce(signer.body, None);
    }
    let mut fields = Vec::with_capacity(signers.len() * USUAL_LENGTH);
    for signer in signers {
        let names = names(&signer.fields, &message)?;
        let body_hash = bodies.get(signer.body, None).digest;
        let mut field = unsigned_field(signer, &names, body_hash.as_ref(), now)?;
        let digest = message.header_hash(signer.header, &names, field.text.as_bytes());
        let signature = signer.key.sign(&digest).map_err(|_| SignError::Key)?;
        field.fill(&STANDARD.encode(signature));
        fields.extend_from_slice(field.text.as_bytes());
        fields.extend_from_slice(b"\r\n");
    }
    Ok(fields)
}

/// The names for `h=`, in lower case.
fn names(fields: &SignedFields, message: &Message<'_>) -> Result<Vec<Text>, SignError> {
    let mut names = Vec::with_capacity(32);
    let mut push = |name: Text, count: usize| names.extend(std::iter::repeat_n(name, count));
    match fields {
        SignedFields::Recommended => {
            for name in ALWAYS {
                push(Text::from_static(name), message.count(name) + 1);
            }
            for name in PRESENT.iter().filter(|name| message.count(name) > 0) {
                push(Text::from_static(name), message.count(name) + 1);
            }
            for name in INSTANCES {
                push(Text::from_static(name), message.count(name));
            }
        }
        SignedFields::These(wanted) => {
            push(Text::from_static("from"), message.count("from") + 1);
            for (at, name) in wanted.iter().enumerate() {
                let well_named = !name.is_empty()
                    && name.bytes().all(|b| matches!(b, 0x21..=0x7e) && b != b':' && b != b';');
                if !well_named {
                    return Err(SignError::FieldName);
                }
                let seen = wanted.iter().take(at).any(|earlier| earlier.eq_ignore_ascii_case(name));
                if !seen && !name.eq_ignore_ascii_case("from") {
                    push(lower(name), message.count(name).max(1));
                }
            }
        }
    }
    Ok(names)
}

/// The field up to and including `b=`.
fn unsigned_field(
    signer: &Signer,
    names: &[Text],
    body_hash: &[u8],
    now: Timestamp,
) -> Result<Folded, SignError> {
    let algorithm = match signer.key.algorithm() {
        Algorithm::RsaSha256 => "a=rsa-sha256;",
        Algorithm::Ed25519Sha256 => "a=ed25519-sha256;",
    };
    let mut field = Folded::new("DKIM-Signature:");
    field.word("v=1;");
    field.word(algorithm);
    field.word(&format!("c={}/{};", signer.header.as_str(), signer.body.as_str()));
    field.word(&format!("d={};", signer.domain));
    field.word(&format!("s={};", signer.selector));
    if let Some(identity) = &signer.identity {
        field.word(&format!("i={};", auid(identity, &signer.domain)?));
    }
    let time = now.as_second().max(0);
    field.word(&format!("t={time};"));
    if let Some(expiry) = signer.expiry {
        let expiry = time.saturating_add(i64::try_from(expiry.as_secs()).unwrap_or(i64::MAX)).max(time + 1);
        field.word(&format!("x={expiry};"));
    }
    for (at, name) in names.iter().enumerate() {
        let end = if at + 1 == names.len() { ";" } else { ":" };
        if at == 0 { field.word(&format!("h={name}{end}")) } else { field.more(name, end) }
    }
    field.word(&format!("bh={};", STANDARD.encode(body_hash)));
    field.word("b=");
    Ok(field)
}

/// `i=` in dkim-quoted-printable (RFC 6376 section 2.11).
fn auid(identity: &Address, domain: &Domain) -> Result<String, SignError> {
    let Host::Domain(host) = identity.host() else { return Err(SignError::Identity) };
    if !host.is_at_or_below(domain) {
        return Err(SignError::Identity);
    }
    let mut text = String::new();
    for byte in identity.local_part().as_str().bytes() {
        match byte {
            0x21..=0x7e if !matches!(byte, b';' | b'=' | b':' | b'@') => text.push(char::from(byte)),
            _ => text.push_str(&format!("={byte:02X}")),
        }
    }
    Ok(format!("{text}@{host}"))
}

/// Room for most signatures, in octets.
const USUAL_LENGTH: usize = 1024;

/// A field that is folded while it is written.
struct Folded {
    text: String,
    /// Octets on the last line.
    column: usize,
}

/// Octets on a line, where its words allow it (RFC 5322 section 2.1.1).
const LINE: usize = 78;

impl Folded {
    fn new(start: &str) -> Self {
        let mut text = String::with_capacity(USUAL_LENGTH);
        text.push_str(start);
        Self { text, column: start.len() }
    }

    /// A word after white space.
    fn word(&mut self, word: &str) {
        if self.column + 1 + word.len() > LINE {
            self.fold();
        } else {
            self.text.push(' ');
            self.column += 1;
        }
        self.push(word);
    }

    /// A word that needs no white space before it, but may have it; `end` stays with it.
    fn more(&mut self, word: &str, end: &str) {
        if self.column + word.len() + end.len() > LINE {
            self.fold();
        }
        self.push(word);
        self.push(end);
    }

    /// The value of `b=`, cut wherever the line is full.
    fn fill(&mut self, base64: &str) {
        let mut rest = base64;
        while !rest.is_empty() {
            if self.column >= LINE {
                self.fold();
            }
            let (line, more) = rest.split_at_checked(LINE - self.column).unwrap_or((rest, ""));
            self.push(line);
            rest = more;
        }
    }

    fn fold(&mut self) {
        self.text.push_str("\r\n ");
        self.column = 1;
    }

    fn push(&mut self, word: &str) {
        self.text.push_str(word);
        self.column += word.len();
    }
}
