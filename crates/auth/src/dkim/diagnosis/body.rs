//! What was done to the body. Each supposition is undone and tried against the body hash; the first that fits is proven.

use std::borrow::Cow;

use memchr::memmem;
use tegami_mail::line::to_crlf;
use tegami_mail::{Note, note, transfer};

use super::effort::Effort;
use super::gap::{Gap, Target, line_ends_after, line_starts_before, walk};
use super::part::{Part, Structure};
use super::recoding::{self, Recoding};
use super::view::{self, View};
use crate::dkim::tag::excerpt;

/// What is proven to have happened to a body.
#[derive(Clone, Debug)]
pub(super) struct BodyChange {
    /// In one word, for the reason.
    pub(super) cause: &'static str,
    /// In sentences.
    pub(super) notes: Vec<Note>,
}

/// Tries what lists, gateways and transports do to a body.
pub(super) fn explain(
    body: &[u8],
    structure: &Structure,
    target: Target<'_>,
    effort: &mut Effort,
) -> Option<BodyChange> {
    let other = Target { how: target.how.other(), ..target };
    if walk(body, View::AsIs, &[], other, effort).is_some() {
        let (declared, fits) = (target.how.as_str(), other.how.as_str());
        let note = note!("dkim-body-other", declared = declared, canonicalization = fits);
        return Some(BodyChange { cause: "white-space", notes: vec![note] });
    }
    let mut search = Search { body, structure, target, effort };
    search
        .stretches(&[search.footer(MOST_LINES)])
        .or_else(|| search.banner())
        .or_else(|| search.one_part())
        .or_else(|| search.wrapped())
        .or_else(|| search.appended_parts())
        .or_else(|| search.lines())
        .or_else(|| search.recoded())
        .or_else(|| search.several_parts())
}

/// Lines that a footer may have to be recognised.
const MOST_LINES: usize = 64;
/// Lines that a notice at the top may have.
const MOST_TOP_LINES: usize = 24;
/// Places in HTML at which something may begin or end.
const MOST_TAGS: usize = 96;
/// Octets of HTML in which these places are looked for.
const NEAR: usize = 16 << 10;
/// Where a stretch of lines probably begins, when many have to be combined.
const MOST_LIKELY: usize = 8;

/// A gap and what it means where something was put in there.
struct Supposition {
    gap: Gap,
    place: Place,
}

#[derive(Clone)]
enum Place {
    Top,
    End,
    PartTop(String),
    PartEnd(String),
    Wrapper(String),
    Appended,
}

struct Search<'a, 'e> {
    body: &'a [u8],
    structure: &'a Structure,
    target: Target<'a>,
    effort: &'e mut Effort,
}

impl<'a> Search<'a, '_> {
    fn stretches(&mut self, suppositions: &[Supposition]) -> Option<BodyChange> {
        self.stretches_in(self.body, View::AsIs, suppositions)
    }

    fn stretches_in(
        &mut self,
        source: &[u8],
        view: View,
        suppositions: &[Supposition],
    ) -> Option<BodyChange> {
        let gaps: Vec<Gap> = suppositions.iter().map(|one| one.gap.clone()).collect();
        let removed = walk(source, view, &gaps, self.target, self.effort)?;
        let mut change = BodyChange { cause: "", notes: Vec::new() };
        for (range, supposition) in removed.into_iter().zip(suppositions) {
            let stretch = source.get(range).unwrap_or_default();
            let Some((cause, note)) = supposition.place.tell(stretch) else { continue };
            change.cause = if matches!(change.cause, "" | "wrapped") || change.cause == cause {
                cause
            } else {
                "several"
            };
            if change.notes.last() != Some(&note) {
                change.notes.push(note);
            }
        }
        Some(change)
    }

    /// Lines at the end of the body.
    fn footer(&self, most: usize) -> Supposition {
        let end = self.body.len();
        let starts = line_starts_before(self.body, 0, end, most);
        Supposition { gap: Gap::Before { starts, end }, place: Place::End }
    }

    /// Lines at the top of the body, with or without a footer.
    fn banner(&mut self) -> Option<BodyChange> {
        if self.structure.is_multipart {
            return None;
        }
        let whole = self.structure.parts.first()?;
        let mut suppositions = self.top_of(whole, Place::Top);
        suppositions.push(self.footer(MOST_LIKELY));
        self.stretches(&suppositions).or_else(|| {
            let inside = self.end_of(whole, Place::PartEnd(whole.kind.clone()), MOST_LINES);
            whole.is_html().then(|| self.stretches(&inside))?
        })
    }

    /// Something at the top or at the end of one part.
    fn one_part(&mut self) -> Option<BodyChange> {
        for part in self.texts() {
            let name = part.kind.clone();
            let behind = self.body.len().saturating_sub(part.content.end);
            let most = if behind > NEAR { MOST_LIKELY } else { MOST_LINES };
            let end = self.end_of(part, Place::PartEnd(name.clone()), most);
            let top = self.top_of(part, Place::PartTop(name));
            if let Some(change) = self.stretches(&end).or_else(|| self.stretches(&top)) {
                return Some(change);
            }
        }
        None
    }

    /// Something in all text parts at once, as lists do that write their footer in plain text and in HTML; and what
    /// stands behind the last part.
    fn several_parts(&mut self) -> Option<BodyChange> {
        let parts = self.texts();
        if parts.len() < 2 {
            return None;
        }
        let ends: Vec<Supposition> = parts
            .iter()
            .flat_map(|part| self.end_of(part, Place::PartEnd(part.kind.clone()), MOST_LIKELY))
            .collect();
        let tops: Vec<Supposition> =
            parts.iter().flat_map(|part| self.top_of(part, Place::PartTop(part.kind.clone()))).collect();
        self.stretches(&ends).or_else(|| self.stretches(&tops))
    }

    /// The body was put into a multipart of which it is a part now, with other parts around it.
    fn wrapped(&mut self) -> Option<BodyChange> {
        for part in self.structure.parts.iter().filter(|part| part.depth == 1).take(3) {
            let end = part.content.end.saturating_sub(2).max(part.content.start);
            let around = |gap| Supposition { gap, place: Place::Wrapper(part.kind.clone()) };
            let before = around(Gap::After { start: 0, ends: vec![part.content.start] });
            let after = around(Gap::Before { starts: vec![end], end: self.body.len() });
            if let Some(change) = self.stretches(&[before, after]) {
                return Some(change);
            }
        }
        None
    }

    /// Parts were put behind the last one.
    fn appended_parts(&mut self) -> Option<BodyChange> {
        let (&last, earlier) = self.structure.delimiters.split_last()?;
        let starts = earlier.get(1..)?.to_vec();
        let gap = Gap::Before { starts, end: last };
        let footer = self.footer(MOST_LIKELY);
        self.stretches(&[Supposition { gap, place: Place::Appended }, footer])
    }

    /// A transport wrote lines otherwise.
    fn lines(&mut self) -> Option<BodyChange> {
        let footer = self.footer(MOST_LINES);
        for (view, cause, note) in suspicious_lines(self.body) {
            if let Some(change) = self.stretches_in(self.body, view, std::slice::from_ref(&footer)) {
                return Some(with(cause, note, change));
            }
        }
        None
    }

    /// The content was written in another transfer encoding.
    fn recoded(&mut self) -> Option<BodyChange> {
        let recodings = if self.structure.is_multipart {
            recoding::of_parts(self.body, &self.structure.parts)
        } else {
            recoding::of_body(self.body, self.structure.parts.first()?)
        };
        for Recoding { source, views, from, to } in recodings {
            let end = source.len();
            let starts = line_starts_before(&source, 0, end, MOST_LINES);
            let footer = Supposition { gap: Gap::Before { starts, end }, place: Place::End };
            for view in views {
                if let Some(change) = self.stretches_in(&source, view, std::slice::from_ref(&footer)) {
                    let note = note!("dkim-body-recoded", signed = to, found = from);
                    return Some(with("encoding", note, change));
                }
            }
        }
        self.quoted_printable()
    }

    /// Quoted-printable can be written in many ways; ours is a common one.
    fn quoted_printable(&mut self) -> Option<BodyChange> {
        let part = self
            .structure
            .parts
            .first()
            .filter(|part| !self.structure.is_multipart && part.encoding != "quoted-printable")?;
        let text = recoding::decoded(self.body, part)?;
        let text = to_crlf(&text);
        let mut ends = vec![text.len()];
        ends.extend(likely_starts(&text, 0, text.len(), MOST_LIKELY).into_iter().rev());
        for end in ends {
            let kept = text.get(..end).unwrap_or_default();
            let source = Cow::from(transfer::encode_quoted_printable(kept));
            if walk(&source, View::AsIs, &[], self.target, self.effort).is_some() {
                let cut = text.get(end..).unwrap_or_default();
                let footer = Place::End.tell(cut).map(|(_, note)| note);
                let found = part.encoding.as_str();
                let note = note!("dkim-body-recoded", signed = "quoted-printable", found = found);
                let notes = std::iter::once(note).chain(footer).collect();
                return Some(BodyChange { cause: "encoding", notes });
            }
        }
        None
    }

    fn texts(&self) -> Vec<&'a Part> {
        if !self.structure.is_multipart {
            return Vec::new();
        }
        self.structure
            .parts
            .iter()
            .filter(|part| part.is_text() && part.encoding != "base64")
            .take(4)
            .collect()
    }

    fn top_of(&self, part: &Part, place: Place) -> Vec<Supposition> {
        let (mut start, end) = (part.content.start, part.content.end);
        let mut ends = line_ends_after(self.body, start, end, MOST_TOP_LINES);
        if part.is_html() {
            start = after_body_tag(self.body, start, end).unwrap_or(start);
            ends.extend(tag_ends(self.body, start, end.min(start + NEAR)).into_iter().take(MOST_TAGS));
            ends.sort_unstable();
            ends.dedup();
        }
        vec![Supposition { gap: Gap::After { start, ends }, place }]
    }

    fn end_of(&self, part: &Part, place: Place, most: usize) -> Vec<Supposition> {
        let (from, mut end) = (part.content.start, part.content.end);
        let mut starts = if most <= MOST_LIKELY {
            likely_starts(self.body, from, end, most)
        } else {
            line_starts_before(self.body, from, end, most)
        };
        let mut suppositions = Vec::new();
        if part.is_html()
            && let Some(closing) = before_body_end(self.body, from, end)
        {
            // Inside of the body element, or behind the whole document.
            let near = closing.saturating_sub(NEAR).max(from);
            let tags = tag_ends(self.body, near, closing);
            let most = if most <= MOST_LIKELY { MOST_LIKELY * 2 } else { MOST_TAGS };
            let mut inside = tags.get(tags.len().saturating_sub(most)..).unwrap_or_default().to_vec();
            inside.extend(line_starts_before(self.body, near, closing, most));
            inside.sort_unstable();
            inside.dedup();
            let gap = Gap::Before { starts: inside, end: closing };
            suppositions.push(Supposition { gap, place: place.clone() });
            starts.retain(|&start| start > closing);
        }
        end = end.max(from);
        suppositions.push(Supposition { gap: Gap::Before { starts, end }, place });
        suppositions
    }
}

impl Place {
    /// The cause in a word and in a sentence; nothing where nothing was put in.
    fn tell(&self, stretch: &[u8]) -> Option<(&'static str, Note)> {
        if stretch.is_empty() {
            return None;
        }
        let lines = stretch.split_inclusive(|&octet| octet == b'\n').count();
        let text = first_words(stretch);
        Some(match self {
            Self::End => ("footer", note!("dkim-body-added", lines = lines, text = text)),
            Self::Top => ("banner", note!("dkim-body-banner", lines = lines, text = text)),
            Self::PartEnd(part) => {
                ("part-footer", note!("dkim-body-part-added", part = part, lines = lines, text = text))
            }
            Self::PartTop(part) => {
                ("part-banner", note!("dkim-body-part-banner", part = part, lines = lines, text = text))
            }
            Self::Appended => ("part-appended", note!("dkim-body-part-appended", text = text)),
            Self::Wrapper(part) => ("wrapped", note!("dkim-body-wrapped", part = part)),
        })
    }
}

fn with(cause: &'static str, note: Note, change: BodyChange) -> BodyChange {
    let cause = if change.notes.is_empty() { cause } else { "several" };
    BodyChange { cause, notes: std::iter::once(note).chain(change.notes).collect() }
}

/// The first line that says something, cut at a length for a sentence.
fn first_words(stretch: &[u8]) -> String {
    let says = |line: &&[u8]| {
        let text = line.iter().filter(|octet| octet.is_ascii_alphanumeric() || !octet.is_ascii()).count() > 2;
        text && ![b"--".as_slice(), b"Content-", b"MIME-Version"].iter().any(|start| line.starts_with(start))
    };
    let line = stretch.split(|&octet| octet == b'\n').map(<[u8]>::trim_ascii).find(says).unwrap_or(stretch);
    let text = excerpt(line);
    let is_whole = String::from_utf8_lossy(line.trim_ascii()).chars().count() == text.chars().count();
    if is_whole { text } else { format!("{}…", text.trim_end()) }
}

/// Line starts at which a footer is likely to begin: at or behind an empty line, or at a line that separates.
fn likely_starts(body: &[u8], from: usize, end: usize, most: usize) -> Vec<usize> {
    let mut starts = line_starts_before(body, from, end, MOST_LINES);
    starts.retain(|&start| {
        let line = body.get(start..end).unwrap_or_default();
        let before = body.get(from..start).unwrap_or_default();
        let separates = [b"--", b"__", b"==", b"**", b"~~", b"##", b"\r\n", b"<p", b"<h", b"<d", b"<b"];
        before.is_empty()
            || before.ends_with(b"\r\n\r\n")
            || separates.iter().any(|separator| line.starts_with(*separator))
    });
    starts.split_off(starts.len().saturating_sub(most))
}

/// What stands behind the `<body>` tag.
fn after_body_tag(body: &[u8], start: usize, end: usize) -> Option<usize> {
    let html = body.get(start..end.min(start + NEAR))?;
    let tag = memmem::find(&html.to_ascii_lowercase(), b"<body")?;
    Some(start + tag + memchr::memchr(b'>', html.get(tag..)?)? + 1)
}

/// Where `</body>` or `</html>` stands, near the end of a part.
fn before_body_end(body: &[u8], start: usize, end: usize) -> Option<usize> {
    let near = end.saturating_sub(NEAR).max(start);
    let html = body.get(near..end)?.to_ascii_lowercase();
    memmem::rfind(&html, b"</body>").or_else(|| memmem::rfind(&html, b"</html>")).map(|at| near + at)
}

/// The places behind tags, in ascending order.
fn tag_ends(body: &[u8], start: usize, end: usize) -> Vec<usize> {
    memchr::memchr_iter(b'>', body.get(start..end).unwrap_or_default()).map(|at| start + at + 1).collect()
}

/// Views that are worth a try, because the body has lines that look as if they had been written so.
fn suspicious_lines(body: &[u8]) -> Vec<(View, &'static str, Note)> {
    let has =
        |start: &[u8]| body.starts_with(start) || memmem::find(body, &[b"\n", start].concat()).is_some();
    let mut views = Vec::new();
    if has(b">From ") {
        views.push((View::Lines(view::without_from_escape), "lines", note!("dkim-body-from-escaped")));
    }
    if has(b"..") {
        views.push((View::Lines(view::without_doubled_dot), "lines", note!("dkim-body-dots-doubled")));
    }
    if has(b".") {
        views.push((View::Lines(view::with_doubled_dot), "lines", note!("dkim-body-dots-halved")));
    }
    if [b" \r\n", b"\t\r\n"].iter().any(|end| memmem::find(body, *end).is_some()) {
        views.push((View::Lines(view::without_blank_end), "white-space", note!("dkim-body-blank-ends")));
    }
    if has(b"--\r\n") {
        let note = note!("dkim-body-signature-blank");
        views.push((View::Lines(view::with_signature_blank), "white-space", note));
    }
    if has(b"        ") {
        views.push((View::Lines(view::with_tabs), "white-space", note!("dkim-body-tabs")));
    }
    if LONG.iter().any(|_| has_cut_line(body)) {
        for (end, start) in LONG {
            views.push((View::joined(end, start), "long-lines", note!("dkim-body-long-lines")));
        }
    }
    let ends = note!("dkim-body-line-ends");
    views.push((View::Lines(view::with_bare_lf), "line-ends", ends.clone()));
    if memchr::memchr_iter(b'\n', body).any(|at| at == 0 || body.get(at - 1) != Some(&b'\r')) {
        views.push((View::Lines(view::with_crlf), "line-ends", ends));
    }
    views
}

/// What relays put at the cut of a line that is too long: nothing, a blank that folds it, an exclamation mark.
const LONG: [(&[u8], &[u8]); 4] = [(b"", b""), (b"", b" "), (b"!", b" "), (b"!", b"")];

fn has_cut_line(body: &[u8]) -> bool {
    let mut start = 0;
    memchr::memchr_iter(b'\n', body).any(|end| {
        let length = end.saturating_sub(start);
        start = end + 1;
        (980..=1001).contains(&length)
    })
}
