//! What may have been put into a body: a stretch between a place that is known and another that is one of a few. All
//! combinations are tried in one walk, in which each stretch of the body is hashed as seldom as can be.

use std::ops::Range;

use super::digest::BodyDigest;
use super::effort::Effort;
use super::view::View;
use crate::dkim::Canonicalization;

/// What is wanted of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target<'a> {
    pub(super) how: Canonicalization,
    pub(super) length: Option<u64>,
    pub(super) hash: &'a [u8],
}

/// One stretch that may have been put in. The gaps of a walk follow one another.
#[derive(Clone, Debug)]
pub(super) enum Gap {
    /// It ends here and begins at one of these places, in ascending order.
    Before { starts: Vec<usize>, end: usize },
    /// It begins here and ends at one of these places, in ascending order.
    After { start: usize, ends: Vec<usize> },
}

/// Looks for stretches without which the body has the hash that is wanted: one for each gap, empty where nothing was
/// put in there. `None` where no combination fits, or where the effort ends.
pub(super) fn walk(
    body: &[u8],
    view: View,
    gaps: &[Gap],
    target: Target<'_>,
    effort: &mut Effort,
) -> Option<Vec<Range<usize>>> {
    let hash = BodyDigest::new(target.how, target.length);
    let mut walker = Walker { body, target, effort, removed: Vec::new() };
    walker.go(At { hash, view, place: 0 }, gaps).then_some(walker.removed)
}

struct Walker<'a, 'e> {
    body: &'a [u8],
    target: Target<'a>,
    effort: &'e mut Effort,
    removed: Vec<Range<usize>>,
}

/// A point of the walk.
#[derive(Clone)]
struct At {
    hash: BodyDigest,
    view: View,
    place: usize,
}

impl Walker<'_, '_> {
    fn go(&mut self, mut at: At, gaps: &[Gap]) -> bool {
        let Some((gap, gaps)) = gaps.split_first() else {
            return self.advance(&mut at, self.body.len()) && self.arrives(&at);
        };
        match gap {
            Gap::Before { starts, end } => {
                for &start in starts {
                    if start < at.place || start >= *end {
                        continue;
                    }
                    if !self.advance(&mut at, start) {
                        return false;
                    }
                    if self.leap(&at, start..*end, gaps) {
                        return true;
                    }
                }
                let here = at.place.max(*end);
                self.advance(&mut at, here) && self.leap(&at, here..here, gaps)
            }
            Gap::After { start, ends } => {
                let start = at.place.max(*start);
                self.advance(&mut at, start)
                    && (self.leap(&at, start..start, gaps)
                        || ends
                            .iter()
                            .filter(|end| **end > start)
                            .any(|end| self.leap(&at, start..*end, gaps)))
            }
        }
    }

    /// Goes on behind a stretch.
    fn leap(&mut self, at: &At, stretch: Range<usize>, gaps: &[Gap]) -> bool {
        // At the end of the body there is nothing to go through: no copy is needed.
        if gaps.is_empty() && stretch.end == self.body.len() {
            if !self.arrives(at) {
                return false;
            }
            self.removed.insert(0, stretch);
            return true;
        }
        let after = At { place: stretch.end, ..at.clone() };
        let found = self.go(after, gaps);
        if found {
            self.removed.insert(0, stretch);
        }
        found
    }

    /// Hashes up to a place.
    fn advance(&mut self, at: &mut At, to: usize) -> bool {
        let lines = self.body.get(at.place..to).unwrap_or_default();
        at.place = to;
        if !self.effort.may_hash_body(lines.len()) {
            return false;
        }
        at.view.feed(lines, &mut at.hash);
        true
    }

    fn arrives(&mut self, at: &At) -> bool {
        self.effort.may_compare_body() && at.view.ends_as(&at.hash, self.target.hash)
    }
}

/// The beginnings of the last lines before `end`, in ascending order; none before `from`.
pub(super) fn line_starts_before(body: &[u8], from: usize, end: usize, most: usize) -> Vec<usize> {
    let region = body.get(from..end).unwrap_or_default();
    let inner = region.strip_suffix(b"\n").unwrap_or(region);
    let mut starts: Vec<usize> =
        memchr::memrchr_iter(b'\n', inner).take(most).map(|at| from + at + 1).collect();
    if starts.len() < most && !region.is_empty() {
        starts.push(from);
    }
    starts.reverse();
    starts
}

/// The ends of the first lines after `start`, in ascending order; none beyond `end`.
pub(super) fn line_ends_after(body: &[u8], start: usize, end: usize, most: usize) -> Vec<usize> {
    let region = body.get(start..end).unwrap_or_default();
    memchr::memchr_iter(b'\n', region).take(most).map(|at| start + at + 1).collect()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};

    use super::*;

    fn check(signed: &str, body: &str, gaps: &[Gap], expect: &str) {
        let hash = digest(&SHA256, signed.as_bytes());
        let target = Target { how: Canonicalization::Relaxed, length: None, hash: hash.as_ref() };
        let mut effort = Effort::for_message(body.len());
        let found = walk(body.as_bytes(), View::AsIs, gaps, target, &mut effort);
        let shown = found.map(|found| {
            found.iter().map(|range| body.get(range.clone()).unwrap()).collect::<Vec<_>>().join("|")
        });
        assert_eq!(shown.unwrap_or_default(), expect);
    }

    #[test]
    fn stretches_are_found_alone_and_together() {
        let body = "top\r\na\r\nmid\r\n--\r\nb\r\nend\r\nend\r\n";
        let gaps = [
            Gap::After { start: 0, ends: line_ends_after(body.as_bytes(), 0, body.len(), 3) },
            Gap::Before { starts: vec![5, 8], end: 13 },
            Gap::Before { starts: line_starts_before(body.as_bytes(), 0, body.len(), 3), end: body.len() },
        ];
        check("a\r\n--\r\nb\r\n", body, &gaps, "top\r\n|mid\r\n|end\r\nend\r\n");
        check("top\r\na\r\nmid\r\n--\r\nb\r\nend\r\n", body, &gaps, "||end\r\n");
        check("a\r\nmid\r\n--\r\nb\r\nend\r\nend\r\n", body, &gaps, "top\r\n||");
        check("a\r\n--\r\nc\r\n", body, &gaps, "");
    }

    #[test]
    fn the_effort_ends() {
        let body = "line\r\n".repeat(20_000);
        let ends = line_ends_after(body.as_bytes(), 0, body.len(), 20_000);
        let starts = line_starts_before(body.as_bytes(), 0, body.len(), 20_000);
        let gaps = [Gap::After { start: 0, ends }, Gap::Before { starts, end: body.len() }];
        let target = Target { how: Canonicalization::Simple, length: None, hash: b"" };
        let mut effort = Effort::for_message(body.len());
        assert_eq!(walk(body.as_bytes(), View::AsIs, &gaps, target, &mut effort), None);
        assert!(effort.is_spent());
    }
}
