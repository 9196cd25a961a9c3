//! The body hash, computed piece by piece, so that it can be taken at many places of one walk.

use aws_lc_rs::digest::{Context, SHA256};

use crate::dkim::Canonicalization;

/// A canonical body while it is hashed (RFC 6376 sections 3.4.3 and 3.4.4). A copy goes on from where it was made.
#[derive(Clone)]
pub(super) struct BodyDigest {
    how: Canonicalization,
    context: Context,
    /// Octets that `l=` still covers.
    left: Option<u64>,
    /// Line ends that are hashed as soon as something follows them.
    line_ends: usize,
    /// White space that is hashed as soon as something follows it on its line.
    blank: bool,
    /// A CR of which it is not known yet whether a LF follows.
    cr: bool,
    empty: bool,
}

impl BodyDigest {
    pub(super) fn new(how: Canonicalization, length: Option<u64>) -> Self {
        let context = Context::new(&SHA256);
        Self { how, context, left: length, line_ends: 0, blank: false, cr: false, empty: true }
    }

    pub(super) fn update(&mut self, mut piece: &[u8]) {
        while let Some((&first, rest)) = piece.split_first() {
            if std::mem::take(&mut self.cr) {
                if first == b'\n' {
                    self.blank = false;
                    self.line_ends += 1;
                    piece = rest;
                    continue;
                }
                self.text(b"\r");
            }
            match first {
                b'\r' => self.cr = true,
                b' ' | b'\t' if self.how == Canonicalization::Relaxed => self.blank = true,
                _ => {
                    let run = self.run(piece);
                    let (run, rest) = piece.split_at_checked(run).unwrap_or((piece, &[]));
                    self.text(run);
                    piece = rest;
                    continue;
                }
            }
            piece = rest;
        }
    }

    /// How many octets at the front are hashed as they are.
    fn run(&self, piece: &[u8]) -> usize {
        if self.how == Canonicalization::Simple {
            return memchr::memchr(b'\r', piece).unwrap_or(piece.len());
        }
        let last = piece.len() - 1;
        let pairs = piece.iter().zip(piece.iter().skip(1));
        let end = pairs.into_iter().position(|(&octet, &next)| {
            (octet == b'\r')
                | (octet == b'\t')
                | ((octet == b' ') & ((next == b' ') | (next == b'\t') | (next == b'\r')))
        });
        let last_is_plain = !matches!(piece.last(), Some(b'\r' | b'\t' | b' '));
        end.unwrap_or(if last_is_plain { piece.len() } else { last })
    }

    fn text(&mut self, text: &[u8]) {
        for _ in 0..std::mem::take(&mut self.line_ends) {
            self.put(b"\r\n");
        }
        if std::mem::take(&mut self.blank) {
            self.put(b" ");
        }
        self.put(text);
        self.empty = false;
    }

    fn put(&mut self, octets: &[u8]) {
        let Some(left) = &mut self.left else { return self.context.update(octets) };
        let covered = usize::try_from(*left).unwrap_or(usize::MAX).min(octets.len());
        self.context.update(octets.get(..covered).unwrap_or_default());
        *left -= covered as u64;
    }

    /// Whether the body, if it ends here, has this hash.
    pub(super) fn ends_as(&self, claimed: &[u8]) -> bool {
        let mut whole = self.clone();
        if std::mem::take(&mut whole.cr) {
            whole.text(b"\r");
        }
        if !whole.empty || whole.how == Canonicalization::Simple {
            whole.put(b"\r\n");
        }
        whole.left.is_none_or(|left| left == 0) && whole.context.finish().as_ref() == claimed
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::digest;

    use super::*;

    proptest::proptest! {
        /// However it is cut, the body has one hash, which is the verifier's.
        #[test]
        fn pieces_make_the_whole(
            pieces in proptest::collection::vec("([a-z]{0,9}| |\t|\r|\n|\r\n|  ){0,6}", 0..6),
            length in proptest::option::of(0_u64..20),
        ) {
            let body = pieces.concat();
            for how in [Canonicalization::Simple, Canonicalization::Relaxed] {
                let mut whole = Vec::new();
                how.body(body.as_bytes(), |piece| whole.extend_from_slice(piece));
                let covered = length.map_or(whole.len(), |length| usize::try_from(length).unwrap());
                let mut hash = BodyDigest::new(how, length);
                pieces.iter().for_each(|piece| hash.update(piece.as_bytes()));
                let wanted = whole.get(..covered).map(|covered| digest(&SHA256, covered));
                assert_eq!(hash.ends_as(wanted.as_ref().map_or(&[], |hash| hash.as_ref())), wanted.is_some(), "{body:?}");
            }
        }
    }
}
