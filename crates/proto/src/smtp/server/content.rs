//! Content on its way in: dots unstuffed (RFC 5321 section 4.5.2), the one true end found, line ends judged.

use bytes::Bytes;
use memchr::memchr2;
use tegami_mail::line::has_bare_line_end;

use super::command::Fault;
use crate::smtp::line_end;

/// Most octets that are set aside at once because MAIL announced them by SIZE.
const MAX_RESERVE: usize = 1 << 20;

/// Content that grows. Once it is spoiled nothing more is kept, yet everything is read to the end.
#[derive(Debug)]
pub(super) struct Content {
    octets: Vec<u8>,
    limit: usize,
    defect: Option<Defect>,
    /// Octets that came, kept or not.
    received: u64,
}

/// Why content cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
    TooLarge,
    BareLineEnd,
    HiddenDot,
}

impl Defect {
    fn fault(self) -> Fault {
        match self {
            Self::TooLarge => Fault::TOO_LARGE,
            Self::BareLineEnd => {
                Fault::new(550, (5, 6, 11), "the content has a CR or LF on its own (RFC 5321 section 2.3.8)")
            }
            Self::HiddenDot => Fault::new(550, (5, 6, 11), "the content has a dot hidden by NUL octets"),
        }
    }
}

impl Content {
    pub(super) fn new(limit: usize, announced: u64) -> Self {
        let reserve = usize::try_from(announced).unwrap_or(MAX_RESERVE).min(limit).min(MAX_RESERVE);
        Self { octets: Vec::with_capacity(reserve), limit, defect: None, received: 0 }
    }

    pub(super) fn push(&mut self, run: &[u8]) {
        self.received = self.received.saturating_add(run.len() as u64);
        if self.defect.is_some() {
            return;
        }
        if run.len() > self.limit.saturating_sub(self.octets.len()) {
            self.spoil(Defect::TooLarge);
        } else {
            self.octets.extend_from_slice(run);
        }
    }

    fn spoil(&mut self, defect: Defect) {
        self.defect.get_or_insert(defect);
        self.octets = Vec::new();
    }

    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// What is wrong so far.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.defect.map(Defect::fault)
    }

    /// The content, complete.
    pub(super) fn finish(mut self) -> Result<Bytes, Fault> {
        if line_end::has_hidden_dot(&self.octets) {
            self.spoil(Defect::HiddenDot);
        }
        self.fault().map_or(Ok(Bytes::from(self.octets)), Err)
    }

    /// The content, complete, when it came by BDAT and nobody has looked at its line ends yet.
    pub(super) fn finish_chunks(mut self) -> Result<Bytes, Fault> {
        if has_bare_line_end(&self.octets) {
            self.spoil(Defect::BareLineEnd);
        }
        self.finish()
    }
}

/// Reads what follows DATA.
#[derive(Debug)]
pub(super) struct DotReader {
    pub(super) content: Content,
    at: At,
}

/// Where the next octet stands.
#[derive(Clone, Copy, Debug)]
enum At {
    LineStart,
    Within,
    /// After a CR whose next octet has not come yet; it is not in the content yet.
    Cr,
    /// After a dot at the start of a line; it is not in the content.
    Dot,
    /// After CR behind such a dot.
    DotCr,
}

impl DotReader {
    pub(super) fn new(content: Content) -> Self {
        Self { content, at: At::LineStart }
    }

    /// Takes octets. `Some(used)` when the end was among them: the rest are commands. `None`: all were taken.
    pub(super) fn read(&mut self, input: &[u8]) -> Option<usize> {
        // `run..next` belongs to the content and has not been copied yet.
        let (mut run, mut next) = (0, 0);
        loop {
            let Some(&octet) = input.get(next) else {
                self.take(input, run, next);
                return None;
            };
            match (self.at, octet) {
                (At::LineStart, b'.') => {
                    self.take(input, run, next);
                    (run, next) = (next + 1, next + 1);
                    self.at = At::Dot;
                }
                (At::LineStart, _) => self.at = At::Within,
                (At::Within, _) => next = self.read_line(input, run, next)?,
                (At::Cr, b'\n') => {
                    self.content.push(b"\r\n");
                    (run, next) = (next + 1, next + 1);
                    self.at = At::LineStart;
                }
                (At::Dot, b'\r') => {
                    (run, next) = (next + 1, next + 1);
                    self.at = At::DotCr;
                }
                // RFC 5321 section 4.5.2: the dot goes, the line stays.
                (At::Dot, _) => self.at = At::Within,
                (At::DotCr, b'\n') => return Some(next + 1),
                (At::Cr | At::DotCr, _) => {
                    self.content.spoil(Defect::BareLineEnd);
                    self.at = At::Within;
                }
            }
        }
    }

    /// From `next` to the start of the following line; `None` where the input ends before it.
    fn read_line(&mut self, input: &[u8], run: usize, next: usize) -> Option<usize> {
        let rest = input.get(next..)?;
        let Some(offset) = memchr2(b'\r', b'\n', rest) else {
            self.take(input, run, input.len());
            return None;
        };
        let at = next + offset;
        match (rest.get(offset), rest.get(offset + 1)) {
            (Some(b'\r'), Some(b'\n')) => {
                self.at = At::LineStart;
                return Some(at + 2);
            }
            (Some(b'\r'), None) => {
                self.take(input, run, at);
                self.at = At::Cr;
                return None;
            }
            _ => self.content.spoil(Defect::BareLineEnd),
        }
        Some(at + 1)
    }

    fn take(&mut self, input: &[u8], from: usize, to: usize) {
        self.content.push(input.get(from..to).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The content or why not, and the octets behind it.
    type Read = (Result<Vec<u8>, &'static str>, Vec<u8>);

    /// What comes out of `wire`, cut into reads of `step` octets, and what is left for the commands.
    fn read(wire: &[u8], step: usize) -> Option<Read> {
        let mut reader = DotReader::new(Content::new(1000, 0));
        for (at, part) in wire.chunks(step).enumerate() {
            if let Some(used) = reader.read(part) {
                let content = reader.content.finish();
                let left = wire[at * step + used..].to_vec();
                return Some((content.map(|octets| octets.to_vec()).map_err(|fault| fault.text), left));
            }
        }
        None
    }

    fn check(wire: &str, expected: Option<(&str, &str)>) {
        for step in 1..=wire.len() {
            let got = read(wire.as_bytes(), step);
            let expected =
                expected.map(|(content, left)| (Ok(content.as_bytes().to_vec()), left.as_bytes().to_vec()));
            assert_eq!(got, expected, "{wire:?} in steps of {step}");
        }
    }

    #[test]
    fn dots_and_the_end() {
        check(".\r\n", Some(("", "")));
        check(".\r\nQUIT\r\n", Some(("", "QUIT\r\n")));
        check("a\r\n.\r\nb", Some(("a\r\n", "b")));
        check("..\r\n.\r\n", Some((".\r\n", "")));
        check("..a\r\n...\r\n.b\r\n.\r\n", Some((".a\r\n..\r\nb\r\n", "")));
        check("\r\n\r\n.\r\n", Some(("\r\n\r\n", "")));
        check("a\0b\r\n.\r\n", Some(("a\0b\r\n", "")));
        check("a\r\n.", None);
        check("a\r\n.\r", None);
        check("a", None);
    }

    #[test]
    fn bare_line_ends_never_end_the_content() {
        for wire in
            ["a\n.\n", "a\n.\r\n", "a\r.\r", "a\r\n.\n", "a\r\n.\r\r", "a\r\r\n", "\n", ".\n", ".\r.\r\n"]
        {
            let ended = format!("{wire}b\r\n.\r\nQUIT");
            for step in 1..=ended.len() {
                let (content, left) = read(ended.as_bytes(), step).expect("it ends");
                assert!(content.is_err_and(|text| text.contains("on its own")), "{wire:?}");
                assert_eq!(left, b"QUIT", "{wire:?}");
            }
        }
    }

    #[test]
    fn too_large_is_read_to_its_end() {
        let wire = format!("{}\r\n.\r\nQUIT", "x".repeat(5000));
        let (content, left) = read(wire.as_bytes(), 100).unwrap();
        assert_eq!((content, left), (Err(Fault::TOO_LARGE.text), b"QUIT".to_vec()));
    }
}
