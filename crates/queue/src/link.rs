//! Links that prove themselves: what a reader of a message opens, follows, or says farewell by.
//!
//! A link carries all that it means (which message of which domain, to whom, what to do) and a tag that only this server can compute. So nothing
//! has to be kept for it, a link outlives the message it stood in, and nobody can make one up: neither for somebody else, nor to another place.

use aws_lc_rs::{constant_time, hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tegami_mail::{Address, Domain};
use tegami_report::return_path::{Proof, ReturnPaths};
use tegami_store::{QueueId, Store, StoreError, Table};

/// Makes links and reads them.
#[derive(Clone)]
pub struct Links {
    base: Option<String>,
    key: hmac::Key,
    /// For addresses to say farewell by mail.
    mail_key: [u8; 32],
}

/// What an address to say farewell by mail means. It has no room for more: whose copy it was, and what that had to do with, is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailFarewell {
    /// The copy of the message that this reader got.
    pub message: QueueId,
    /// From what.
    pub from: FarewellFrom,
}

/// What a reader says farewell to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FarewellFrom {
    /// Everything of the domain.
    Domain,
    /// Messages with the tags of this one.
    Tags,
    /// The mailing list that it came by.
    List,
}

/// The `data` of Opened, Clicked and Unsubscribed events that came of a link, or of mail to such an address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Visit {
    /// Whence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<std::net::IpAddr>,
    /// What the client said it was.
    pub user_agent: String,
    /// Where a click led.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Of a farewell: the tags; none for everything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub from_tags: Vec<String>,
    /// Of a farewell: the mailing list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mailing_list: Option<String>,
}

/// What stands before the proof in an address to say farewell by mail.
const MAILBOX: &str = "unsubscribe";

/// What a link means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The sending domain.
    pub domain: String,
    /// The copy of the message that this reader got.
    pub message: QueueId,
    /// Who got it.
    pub recipient: String,
    /// When it was made, in whole seconds.
    pub issued: Timestamp,
    /// What it does.
    pub action: LinkAction,
}

/// What a link does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkAction {
    /// The recipient wants no more mail from the domain: none with one of these tags, or none at all where there are none.
    Unsubscribe(Vec<String>),
    /// The recipient leaves this mailing list.
    Leave(String),
    /// A picture that nobody sees was fetched.
    Open,
    /// The recipient goes to this URL.
    Click(String),
}

/// The row of [`Table::Values`] with the key.
const KEY: &str = "links/key";
/// Where a link begins; another form of links gets another number.
const FORM: u8 = 1;
/// Octets of the tag: 128 bits.
const TAG: usize = 16;
/// Longest text of a link that is read, in characters.
const LONGEST: usize = 8 << 10;
/// Longest URL that a link leads to, in octets; longer ones stay as they are.
pub const LONGEST_TARGET: usize = 4 << 10;

impl FarewellFrom {
    /// The letter before the message.
    const ALL: [(char, Self); 3] = [('a', Self::Domain), ('t', Self::Tags), ('l', Self::List)];
}

impl LinkAction {
    /// The first segment of the path, after the base.
    pub const fn path(&self) -> &'static str {
        match self {
            Self::Unsubscribe(_) | Self::Leave(_) => "u",
            Self::Open => "o",
            Self::Click(_) => "c",
        }
    }

    const fn code(&self) -> u8 {
        match self {
            Self::Unsubscribe(_) => 0,
            Self::Leave(_) => 1,
            Self::Open => 2,
            Self::Click(_) => 3,
        }
    }
}

impl Links {
    /// With the key that the store keeps, made when there is none. `base` is how readers reach this server, without a slash at its end.
    ///
    /// # Errors
    /// The store could not be read or written, or the random source failed.
    pub async fn load(store: &dyn Store, base: Option<String>) -> Result<Self, StoreError> {
        let kept = store.get(Table::Values, KEY).await?;
        let kept = kept.as_ref().and_then(|row| row.get("key")).and_then(Value::as_str);
        let kept = kept.and_then(|text| <[u8; 32]>::try_from(URL_SAFE_NO_PAD.decode(text).ok()?).ok());
        let key = match kept {
            Some(key) => key,
            None => {
                let mut key = [0; 32];
                rand::fill(&mut key)
                    .map_err(|_| StoreError::Unusable("the random source failed".to_owned()))?;
                let row = json!({"key": URL_SAFE_NO_PAD.encode(key)});
                store.put(Table::Values, vec![(KEY.to_owned(), row)]).await?;
                key
            }
        };
        Ok(Self::new(&key, base))
    }

    /// With this key.
    pub fn new(key: &[u8; 32], base: Option<String>) -> Self {
        let base = base.map(|base| base.trim_end_matches('/').to_owned());
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        let mut mail_key = [0; 32];
        let derived = hmac::sign(&key, b"farewell by mail");
        mail_key.iter_mut().zip(derived.as_ref()).for_each(|(place, octet)| *place = *octet);
        Self { base, key, mail_key }
    }

    /// The same links by another way to this server.
    #[must_use]
    pub fn by(&self, base: String) -> Self {
        Self { base: Some(base), ..self.clone() }
    }

    /// How readers reach this server; without it there are no links.
    pub fn base(&self) -> Option<&str> {
        self.base.as_deref()
    }

    /// The URL of a link; `None` where readers cannot reach this server.
    pub fn url(&self, link: &Link) -> Option<String> {
        Some(format!("{}/{}/{}", self.base()?, link.action.path(), self.write(link)))
    }

    /// The link as text of letters, digits, `-` and `_`.
    pub fn write(&self, link: &Link) -> String {
        let mut octets = vec![FORM, link.action.code()];
        octets.extend(u32::try_from(link.issued.as_second()).unwrap_or_default().to_be_bytes());
        octets.extend(link.message.to_bytes());
        push(&mut octets, &link.domain);
        push(&mut octets, &link.recipient);
        match &link.action {
            LinkAction::Unsubscribe(tags) => tags.iter().for_each(|tag| push(&mut octets, tag)),
            LinkAction::Leave(text) | LinkAction::Click(text) => push(&mut octets, text),
            LinkAction::Open => {}
        }
        let tag = self.tag(&octets);
        octets.extend(tag.as_ref().iter().take(TAG));
        URL_SAFE_NO_PAD.encode(octets)
    }

    /// Reads what [`Links::write`] wrote; `None` for everything else.
    pub fn read(&self, text: &str) -> Option<Link> {
        if text.len() > LONGEST {
            return None;
        }
        let octets = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (said, tag) = octets.split_at_checked(octets.len().checked_sub(TAG)?)?;
        constant_time::verify_slices_are_equal(self.tag(said).as_ref().get(..TAG)?, tag).ok()?;
        let (head, mut rest) = said.split_at_checked(22)?;
        let [form, code, head @ ..] = head else { return None };
        let (issued, message) = head.split_first_chunk::<4>()?;
        let domain = take(&mut rest)?;
        let recipient = take(&mut rest)?;
        let action = match code {
            0 => {
                let mut tags = Vec::new();
                while !rest.is_empty() {
                    tags.push(take(&mut rest)?);
                }
                LinkAction::Unsubscribe(tags)
            }
            1 => LinkAction::Leave(take(&mut rest)?),
            2 => LinkAction::Open,
            3 => LinkAction::Click(take(&mut rest)?),
            _ => return None,
        };
        (*form == FORM && rest.is_empty()).then_some(Link {
            domain,
            message: QueueId::from_bytes(message.try_into().ok()?),
            recipient,
            issued: Timestamp::from_second(i64::from(u32::from_be_bytes(*issued))).ok()?,
            action,
        })
    }

    /// The address to which a reader writes to say farewell: `unsubscribe+…@domain`, made like a return path.
    pub fn address(&self, domain: &Domain, farewell: MailFarewell, issued: Timestamp) -> Option<Address> {
        let (letter, _) = FarewellFrom::ALL.into_iter().find(|(_, from)| *from == farewell.from)?;
        let paths = ReturnPaths::new(MAILBOX, domain.clone(), &self.mail_key).ok()?;
        paths.make(&format!("{letter}{}", farewell.message), issued).ok()
    }

    /// Reads what [`Links::address`] made, however long ago; `Some(None)` for what only looks so.
    pub fn read_address(&self, address: &Address, now: Timestamp) -> Option<Option<MailFarewell>> {
        let paths = ReturnPaths::new(MAILBOX, address.domain()?.clone(), &self.mail_key).ok()?;
        let id = match paths.verify(address, now) {
            Proof::Genuine { id } | Proof::Old { id } => id,
            Proof::Forged => return Some(None),
            Proof::Foreign => return None,
        };
        let read = || {
            let letter = id.chars().next()?;
            let (_, from) = FarewellFrom::ALL.into_iter().find(|(known, _)| *known == letter)?;
            Some(MailFarewell { message: id.get(1..)?.parse().ok()?, from })
        };
        Some(read())
    }

    /// A proof that this server said `text` for this purpose, of letters, digits, `-` and `_`.
    pub fn seal(&self, purpose: &str, text: &str) -> String {
        let tag = self.tag(format!("{purpose}\0{text}").as_bytes());
        URL_SAFE_NO_PAD.encode(tag.as_ref().get(..TAG).unwrap_or_default())
    }

    /// Whether [`Links::seal`] gave this proof.
    pub fn is_sealed(&self, purpose: &str, text: &str, seal: &str) -> bool {
        constant_time::verify_slices_are_equal(self.seal(purpose, text).as_bytes(), seal.as_bytes()).is_ok()
    }

    fn tag(&self, octets: &[u8]) -> hmac::Tag {
        hmac::sign(&self.key, octets)
    }
}

/// A text behind its length: seven bits an octet, the lowest first.
fn push(octets: &mut Vec<u8>, text: &str) {
    let mut length = text.len();
    while length >= 0x80 {
        octets.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
        length >>= 7;
    }
    octets.push(u8::try_from(length).unwrap_or_default());
    octets.extend(text.as_bytes());
}

fn take(rest: &mut &[u8]) -> Option<String> {
    let (mut length, mut shift) = (0_usize, 0_u32);
    loop {
        let (octet, after) = rest.split_first()?;
        *rest = after;
        length |= usize::from(octet & 0x7f).checked_shl(shift).filter(|_| shift < 21)?;
        shift += 7;
        if octet & 0x80 == 0 {
            break;
        }
    }
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    String::from_utf8(text.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn links(key: u8) -> Links {
        Links::new(&[key; 32], Some("https://mail.example.org/".to_owned()))
    }

    fn link(action: LinkAction) -> Link {
        Link {
            domain: "example.org".to_owned(),
            message: QueueId::from_bits(7),
            recipient: "alice@example.net".to_owned(),
            issued: "2026-07-06T09:00:00Z".parse().unwrap(),
            action,
        }
    }

    fn actions() -> impl Strategy<Value = LinkAction> {
        prop_oneof![
            prop::collection::vec("[ -~]{1,20}", 0..4).prop_map(LinkAction::Unsubscribe),
            any::<String>().prop_map(LinkAction::Leave),
            Just(LinkAction::Open),
            "https://[a-z]{1,300}".prop_map(LinkAction::Click),
        ]
    }

    #[test]
    fn urls_are_short_enough_for_a_line() {
        let url = links(1).url(&link(LinkAction::Unsubscribe(Vec::new()))).unwrap();
        assert!(url.starts_with("https://mail.example.org/u/"), "{url}");
        assert!(url.len() < 128, "{url}");
        assert_eq!(Links::new(&[1; 32], None).url(&link(LinkAction::Open)), None);
    }

    #[test]
    fn addresses_prove_themselves() {
        let (domain, made) = (Domain::parse("example.org").unwrap(), "2026-07-06T09:00:00Z".parse().unwrap());
        let later = "2028-07-06T09:00:00Z".parse().unwrap();
        for (_, from) in FarewellFrom::ALL {
            let farewell = MailFarewell { message: QueueId::from_bits(u128::MAX), from };
            let address = links(1).address(&domain, farewell, made).unwrap();
            assert!(address.local_part().as_str().len() <= 64, "{address}");
            let upper = Address::parse(&address.to_string().to_ascii_uppercase()).unwrap();
            for address in [&address, &upper] {
                assert_eq!(links(1).read_address(address, later), Some(Some(farewell)));
                assert_eq!(links(2).read_address(address, made), Some(None));
            }
            let elsewhere = address.to_string().replace("example.org", "example.net");
            assert_eq!(links(1).read_address(&Address::parse(&elsewhere).unwrap(), made), Some(None));
        }
        assert_eq!(links(1).read_address(&Address::parse("unsubscribe@example.org").unwrap(), made), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(action in actions(), recipient: String) {
            let link = Link { recipient, ..link(action) };
            let text = links(1).write(&link);
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
            prop_assert_eq!(links(1).read(&text), Some(link));
            prop_assert_eq!(links(2).read(&text), None);
        }

        #[test]
        fn nothing_else_is_believed(action in actions(), place: prop::sample::Index, bit in 0_u8..8) {
            let mut octets = URL_SAFE_NO_PAD.decode(links(1).write(&link(action))).unwrap();
            let place = place.index(octets.len());
            octets[place] ^= 1 << bit;
            prop_assert_eq!(links(1).read(&URL_SAFE_NO_PAD.encode(octets)), None);
        }

        #[test]
        fn seals_are_for_one_purpose(text: String, other: String) {
            let seal = links(1).seal("form", &text);
            prop_assert!(links(1).is_sealed("form", &text, &seal));
            prop_assert!(!links(2).is_sealed("form", &text, &seal) && !links(1).is_sealed("forms", &text, &seal));
            prop_assert_eq!(links(1).is_sealed("form", &other, &seal), text == other);
        }

        #[test]
        fn nothing_panics(octets: Vec<u8>, text: String) {
            let links = links(1);
            let signed = [octets.as_slice(), links.tag(&octets).as_ref().get(..TAG).unwrap()].concat();
            let _ = (links.read(&URL_SAFE_NO_PAD.encode(signed)), links.read(&text));
        }
    }
}
