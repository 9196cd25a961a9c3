//! What a DKIM-Signature field says of itself, before anybody verifies it.

use super::signature::timestamp;
use super::tag::TagList;

/// The tags of a DKIM-Signature field (RFC 6376 section 3.5), as they stand; what is missing has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// `a=`, in lower case.
    pub algorithm: String,
    /// `d=`, in lower case.
    pub domain: String,
    /// `s=`.
    pub selector: String,
    /// `c=`, in lower case, both halves: `relaxed/simple`.
    pub canonicalization: (String, String),
    /// `h=`, in lower case, in their order.
    pub fields: Vec<String>,
    /// `l=`, octets of the body that are signed.
    pub length: Option<u64>,
    /// `t=`, seconds since 1970.
    pub time: Option<u64>,
    /// `x=`, seconds since 1970.
    pub expiry: Option<u64>,
}

impl Claim {
    /// Reads the value of a field; `None` where it is no tag list.
    pub fn read(value: &[u8]) -> Option<Self> {
        let tags = TagList::parse(value).ok()?;
        let lower = |name| tags.text(name).to_ascii_lowercase();
        let how = lower("c");
        let (header, body) = how.split_once('/').unwrap_or((&how, ""));
        let or_simple = |text: &str| if text.is_empty() { "simple".to_owned() } else { text.to_owned() };
        let names = lower("h");
        let names = names.split(':').map(str::trim).filter(|name| !name.is_empty());
        Some(Self {
            algorithm: lower("a"),
            domain: lower("d"),
            selector: tags.text("s"),
            canonicalization: (or_simple(header), or_simple(body)),
            fields: names.map(str::to_owned).collect(),
            length: super::signature::length(&tags).ok().flatten(),
            time: timestamp(&tags, "t").ok().flatten(),
            expiry: timestamp(&tags, "x").ok().flatten(),
        })
    }

    /// How often `h=` names a field, given in lower case.
    pub fn signs(&self, name: &str) -> usize {
        self.fields.iter().filter(|signed| *signed == name).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_as_they_stand() {
        let claim = Claim::read(
            b" v=1; a=RSA-SHA256; d=Example.org; s=s1; c=relaxed;\r\n h=From : To:from; l=12; t=1; x=2; bh=; b=",
        )
        .unwrap();
        assert_eq!((claim.algorithm.as_str(), claim.domain.as_str()), ("rsa-sha256", "example.org"));
        assert_eq!(claim.canonicalization, ("relaxed".to_owned(), "simple".to_owned()));
        assert_eq!((claim.signs("from"), claim.signs("to"), claim.signs("cc")), (2, 1, 0));
        assert_eq!((claim.length, claim.time, claim.expiry), (Some(12), Some(1), Some(2)));
        assert_eq!(Claim::read(b"nothing"), None);
    }
}
