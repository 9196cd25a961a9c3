//! How much work the explanation of one message may cost: a stranger decides how often we come here.

/// What may still be spent on the signatures of one message.
#[derive(Debug)]
pub(super) struct Effort {
    body: Pool,
    header: Pool,
    /// Octets of header fields that are written as they may have been.
    written: u64,
    verifications: u32,
    refused: bool,
}

#[derive(Debug)]
struct Pool {
    hashes: u32,
    octets: u64,
}

impl Pool {
    fn take(&mut self, hashes: u32, octets: usize) -> bool {
        let left = self.hashes.checked_sub(hashes).zip(self.octets.checked_sub(octets as u64));
        left.map(|(hashes, octets)| *self = Self { hashes, octets }).is_some()
    }
}

impl Effort {
    /// What one message with a body of so many octets may cost: one more walk over the body, and beyond it four MiB to hash
    /// and four to write, 6,000 hashes and 128 signatures to compare. That takes a few milliseconds for messages of common size.
    pub(super) fn for_message(body: usize) -> Self {
        Self {
            body: Pool { hashes: 3_000, octets: (4 << 20) + body as u64 },
            header: Pool { hashes: 3_000, octets: 4 << 20 },
            written: 4 << 20,
            verifications: 128,
            refused: false,
        }
    }

    /// Whether something was left untried.
    pub(super) fn is_spent(&self) -> bool {
        self.refused
    }

    /// Without a hash left to compare there is nothing to hash for.
    pub(super) fn may_hash_body(&mut self, octets: usize) -> bool {
        let may = self.body.hashes > 0 && self.body.take(0, octets);
        self.note(may)
    }

    pub(super) fn may_compare_body(&mut self) -> bool {
        let may = self.body.take(1, 0);
        self.note(may)
    }

    pub(super) fn may_hash_header(&mut self, octets: usize) -> bool {
        let may = self.header.take(1, octets);
        self.note(may)
    }

    /// Fields are written before they are hashed, whether or not it comes to that.
    pub(super) fn may_write_header(&mut self, octets: usize) -> bool {
        let left = self.written.checked_sub(octets as u64);
        self.written = left.unwrap_or(self.written);
        self.note(left.is_some())
    }

    /// A verification is dear: where the hash inside of a signature can be read, none is needed.
    pub(super) fn may_verify(&mut self) -> bool {
        let left = self.verifications.checked_sub(1);
        self.verifications = left.unwrap_or_default();
        self.note(left.is_some())
    }

    fn note(&mut self, may: bool) -> bool {
        self.refused |= !may;
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_hashed_that_cannot_be_compared() {
        let mut effort = Effort::for_message(0);
        assert!(effort.may_hash_body(1));
        while effort.may_compare_body() {}
        assert!(!effort.may_hash_body(0));
        assert!(effort.is_spent());
    }
}
