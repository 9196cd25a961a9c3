//! As much DER (X.690) as keys and certificates need.

/// The tag of a SEQUENCE.
pub const SEQUENCE: u8 = 0x30;

/// One element, and what follows it.
#[derive(Clone, Copy, Debug)]
pub struct Element<'a> {
    /// Its tag.
    pub tag: u8,
    /// Tag and length included.
    pub whole: &'a [u8],
    /// What is in it.
    pub contents: &'a [u8],
    /// What follows it.
    pub after: &'a [u8],
}

/// The element at the front (X.690 section 8.1): tags of one octet, lengths of up to four.
pub fn element(der: &[u8]) -> Option<Element<'_>> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (octets.iter().fold(0, |length, &octet| length << 8 | usize::from(octet)), rest)
        }
        _ => return None,
    };
    let (contents, after) = rest.split_at_checked(length)?;
    let whole = der.get(..der.len() - after.len())?;
    Some(Element { tag, whole, contents, after })
}
