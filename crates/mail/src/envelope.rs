//! The envelope: what MAIL and RCPT carried (RFC 5321 sections 2.3.1 and 3.3, RFC 3461).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::address::Address;

/// Where failures are told (RFC 5321 section 4.4).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum ReversePath {
    /// `<>`, the reverse-path of a notification; nothing is ever sent back to it (RFC 5321 section 4.5.5).
    Null,
    /// An ordinary address.
    Address(Address),
}

impl ReversePath {
    /// The address, unless this is the null reverse-path.
    pub fn address(&self) -> Option<&Address> {
        match self {
            Self::Null => None,
            Self::Address(address) => Some(address),
        }
    }
}

impl fmt::Display for ReversePath {
    /// The address without angle brackets; empty for the null reverse-path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl From<ReversePath> for String {
    fn from(path: ReversePath) -> Self {
        path.to_string()
    }
}

impl TryFrom<String> for ReversePath {
    type Error = crate::AddressError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.is_empty() { Ok(Self::Null) } else { Address::parse(&text).map(Self::Address) }
    }
}

/// BODY= of MAIL (RFC 6152, RFC 3030).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// Lines of ASCII.
    #[default]
    SevenBit,
    /// 8BITMIME.
    EightBitMime,
    /// BINARYMIME: only with BDAT.
    BinaryMime,
}

/// RET= of MAIL: how much a DSN returns (RFC 3461 section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ret {
    /// The whole content.
    Full,
    /// The header section only.
    Headers,
}

/// DSN parameters of MAIL (RFC 3461 sections 4.3 and 4.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dsn {
    /// RET=.
    pub ret: Option<Ret>,
    /// ENVID=, decoded from xtext.
    pub envelope_id: Option<String>,
}

/// NOTIFY= of RCPT (RFC 3461 section 4.1). All false is `NEVER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notify {
    /// Tell of delivery.
    pub success: bool,
    /// Tell of failure.
    pub failure: bool,
    /// Tell of delay.
    pub delay: bool,
}

/// One RCPT: an address and its DSN parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwardPath {
    /// Who shall get it.
    pub address: Address,
    /// NOTIFY=; `None` when it was not given (then failures are told).
    pub notify: Option<Notify>,
    /// ORCPT= as `addr-type;xtext-decoded address` (RFC 3461 section 4.2).
    pub original_recipient: Option<String>,
}

impl From<Address> for ForwardPath {
    fn from(address: Address) -> Self {
        Self { address, notify: None, original_recipient: None }
    }
}

/// What MAIL and RCPT carried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// MAIL FROM.
    pub reverse_path: ReversePath,
    /// RCPT TO, in order, at least one when the message is accepted.
    pub forward_paths: Vec<ForwardPath>,
    /// BODY=.
    pub body: Body,
    /// SMTPUTF8 was asked for (RFC 6531 section 3.4).
    pub smtputf8: bool,
    /// REQUIRETLS was asked for (RFC 8689 section 2).
    pub require_tls: bool,
    /// RET= and ENVID=.
    pub dsn: Dsn,
}

impl Envelope {
    /// An envelope without parameters.
    pub fn new(reverse_path: ReversePath, recipients: impl IntoIterator<Item = Address>) -> Self {
        Self {
            reverse_path,
            forward_paths: recipients.into_iter().map(ForwardPath::from).collect(),
            body: Body::default(),
            smtputf8: false,
            require_tls: false,
            dsn: Dsn::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_survives_being_kept() {
        let address = |text| Address::parse(text).unwrap();
        let mut envelope =
            Envelope::new(ReversePath::Address(address("a@example.org")), [address("da..me.@example.test")]);
        envelope.dsn = Dsn { ret: Some(Ret::Headers), envelope_id: Some("x y".to_owned()) };
        envelope.forward_paths[0].notify = Some(Notify { success: true, failure: false, delay: true });
        let json = serde_json::to_string(&envelope).unwrap();
        assert_eq!(serde_json::from_str::<Envelope>(&json).unwrap(), envelope);
    }

    #[test]
    fn the_null_reverse_path_is_empty_text() {
        assert_eq!(String::from(ReversePath::Null), "");
        assert_eq!(ReversePath::try_from(String::new()), Ok(ReversePath::Null));
        let path = ReversePath::try_from("a@example.org".to_owned()).unwrap();
        assert_eq!(path.address().map(ToString::to_string), Some("a@example.org".to_owned()));
        assert!(ReversePath::try_from("a".to_owned()).is_err());
    }
}
