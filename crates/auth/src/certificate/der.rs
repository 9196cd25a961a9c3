//! The elements of a certificate, one after the other.

use crate::der::element;

/// What is left to read.
pub(super) struct Der<'a>(pub(super) &'a [u8]);

impl<'a> Der<'a> {
    /// The next element's tag and contents.
    pub(super) fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let element = element(self.0)?;
        self.0 = element.after;
        Some((element.tag, element.contents))
    }

    /// The contents of the next element, which must have this tag.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, value)| value)
    }

    /// Passes over an optional element.
    pub(super) fn skip_if(&mut self, tag: u8) {
        if self.0.first() == Some(&tag) {
            self.next();
        }
    }
}
