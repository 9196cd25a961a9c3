//! As much XML as it takes to see whether a picture keeps to SVG Tiny PS: tags and attributes, no document type, no entities, nothing
//! that is fetched or runs. Nothing is drawn.

use tegami_mail::{Note, note};

/// Elements of one picture, and how deep they may stand.
const MAX_ELEMENTS: usize = 20_000;
const MAX_DEPTH: usize = 100;

/// Faults that are told.
const MAX_FAULTS: usize = 20;

/// Elements that a picture must not have: they run, move, fetch or link.
const FORBIDDEN: [&str; 18] = [
    "script",
    "handler",
    "listener",
    "image",
    "foreignobject",
    "animate",
    "animatecolor",
    "animatemotion",
    "animatetransform",
    "set",
    "discard",
    "audio",
    "video",
    "animation",
    "a",
    "iframe",
    "style",
    "prefetch",
];

/// Something that the profile does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Compressed, or no text.
    NotText,
    /// The XML cannot be read from here.
    NotXml(usize),
    /// A document type, which could bring entities.
    DocumentType,
    /// The outermost element is no `svg`.
    NotSvg,
    /// `baseProfile` is not `tiny-ps`.
    Profile,
    /// `version` is not `1.2`.
    Version,
    /// `x` or `y` at the outermost element.
    Moved,
    /// No `title`, or an empty one.
    Title,
    /// Width and height differ, or neither is told.
    NotSquare,
    /// An element that is not allowed.
    Element(String),
    /// An attribute that runs something.
    Event(String),
    /// An address outside of the picture.
    Outside(String),
    /// Too many elements, or too deep.
    TooMuch,
}

impl Fault {
    /// For people.
    pub(super) fn note(&self) -> Note {
        match self {
            Self::NotText => note!("bimi-svg-not-text"),
            Self::NotXml(at) => note!("bimi-svg-not-xml", at = at),
            Self::DocumentType => note!("bimi-svg-doctype"),
            Self::NotSvg => note!("bimi-svg-not-svg"),
            Self::Profile => note!("bimi-svg-profile"),
            Self::Version => note!("bimi-svg-version"),
            Self::Moved => note!("bimi-svg-moved"),
            Self::Title => note!("bimi-svg-title"),
            Self::NotSquare => note!("bimi-svg-square"),
            Self::Element(name) => note!("bimi-svg-element", name = name),
            Self::Event(name) => note!("bimi-svg-event", name = name),
            Self::Outside(uri) => note!("bimi-svg-outside", uri = uri),
            Self::TooMuch => note!("bimi-svg-too-much"),
        }
    }

    /// For evidence.
    pub(super) fn line(&self) -> String {
        match self {
            Self::NotText => "not UTF-8".to_owned(),
            Self::NotXml(at) => format!("octet {at}"),
            Self::DocumentType => "<!DOCTYPE".to_owned(),
            Self::NotSvg => "<svg".to_owned(),
            Self::Profile => "baseProfile=\"tiny-ps\"".to_owned(),
            Self::Version => "version=\"1.2\"".to_owned(),
            Self::Moved => "x=, y=".to_owned(),
            Self::Title => "<title>".to_owned(),
            Self::NotSquare => "viewBox=".to_owned(),
            Self::Element(name) => format!("<{name}"),
            Self::Event(name) => format!("{name}="),
            Self::Outside(uri) => uri.clone(),
            Self::TooMuch => format!("{MAX_ELEMENTS}, {MAX_DEPTH}"),
        }
    }
}

/// What keeps a picture from being SVG Tiny PS; nothing where it is.
pub(super) fn faults(octets: &[u8]) -> Vec<Fault> {
    let Ok(text) = std::str::from_utf8(octets) else { return vec![Fault::NotText] };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { text, at: 0, open: Vec::new(), elements: 0, titled: false, faults: Vec::new() };
    if let Err(fault) = reader.read() {
        reader.add(fault);
    }
    reader.faults
}

/// One tag.
struct Tag<'t> {
    name: &'t str,
    attributes: Vec<(&'t str, &'t str)>,
    /// It has no contents: `<g/>`.
    empty: bool,
}

impl<'t> Tag<'t> {
    fn attribute(&self, name: &str) -> Option<&'t str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.trim())
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    open: Vec<&'t str>,
    elements: usize,
    titled: bool,
    faults: Vec<Fault>,
}

impl<'t> Reader<'t> {
    fn add(&mut self, fault: Fault) {
        if self.faults.len() < MAX_FAULTS && !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Goes behind the next occurrence; what stands before it.
    fn past(&mut self, end: &str) -> Result<&'t str, Fault> {
        let rest = self.rest();
        let found = rest.find(end).ok_or(Fault::NotXml(self.at))?;
        self.at += found + end.len();
        Ok(rest.get(..found).unwrap_or_default())
    }

    fn read(&mut self) -> Result<(), Fault> {
        while !self.rest().is_empty() {
            let Ok(before) = self.past("<") else {
                let blank = self.rest().trim().is_empty();
                return if blank && self.open.is_empty() { self.end() } else { Err(Fault::NotXml(self.at)) };
            };
            self.characters(before)?;
            let rest = self.rest();
            if rest.starts_with('?') {
                self.past("?>")?;
            } else if rest.starts_with("!--") {
                self.past("-->")?;
            } else if rest.starts_with("![CDATA[") {
                self.past("]]>")?;
            } else if rest.starts_with('!') {
                return Err(Fault::DocumentType);
            } else if rest.starts_with('/') {
                let name = self.past(">")?.trim_start_matches('/').trim();
                if self.open.pop() != Some(name) {
                    return Err(Fault::NotXml(self.at));
                }
            } else {
                let tag = self.tag()?;
                self.element(&tag)?;
            }
        }
        self.end()
    }

    fn end(&mut self) -> Result<(), Fault> {
        if !self.open.is_empty() || self.elements == 0 {
            return Err(Fault::NotXml(self.at));
        }
        if !self.titled {
            self.add(Fault::Title);
        }
        Ok(())
    }

    /// Text between tags.
    fn characters(&mut self, text: &str) -> Result<(), Fault> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        if self.open.is_empty() {
            return Err(Fault::NotXml(self.at));
        }
        if let [_, last] = self.open.as_slice() {
            self.titled |= local(last) == "title";
        }
        Ok(())
    }

    fn tag(&mut self) -> Result<Tag<'t>, Fault> {
        let bad = Fault::NotXml(self.at);
        let rest = self.rest();
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).ok_or(bad.clone())?;
        let name = rest.get(..end).filter(|name| !name.is_empty()).ok_or(bad.clone())?;
        self.at += end;
        let mut attributes: Vec<(&str, &str)> = Vec::new();
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start().len();
            self.at += blank;
            let rest = self.rest();
            if rest.starts_with('>') {
                self.at += 1;
                return Ok(Tag { name, attributes, empty: false });
            }
            if rest.starts_with("/>") {
                self.at += 2;
                return Ok(Tag { name, attributes, empty: true });
            }
            let attribute = self.past("=")?.trim();
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            let quote = self.rest().chars().next().filter(|c| matches!(c, '"' | '\''));
            let quote = quote.ok_or(bad.clone())?;
            self.at += 1;
            let value = self.past(quote.encode_utf8(&mut [0; 4]))?;
            let plain = !attribute.is_empty()
                && !attribute.contains(|c: char| c.is_whitespace() || "<>\"'".contains(c));
            if !plain || attributes.len() >= MAX_DEPTH || value.contains('<') {
                return Err(bad);
            }
            attributes.push((attribute, value));
        }
    }

    fn element(&mut self, tag: &Tag<'t>) -> Result<(), Fault> {
        self.elements += 1;
        if self.elements > MAX_ELEMENTS || self.open.len() >= MAX_DEPTH {
            return Err(Fault::TooMuch);
        }
        if self.open.is_empty() {
            if self.elements > 1 {
                return Err(Fault::NotXml(self.at));
            }
            self.outermost(tag);
        }
        let name = local(tag.name).to_ascii_lowercase();
        if FORBIDDEN.contains(&name.as_str()) {
            self.add(Fault::Element(name));
        }
        for (attribute, value) in &tag.attributes {
            let attribute = local(attribute).to_ascii_lowercase();
            if attribute.starts_with("on") {
                self.add(Fault::Event(attribute.clone()));
            }
            if attribute == "href" && !value.trim().starts_with('#') {
                self.add(Fault::Outside(crate::txt::shown(value.as_bytes())));
            }
            let urls = value.split("url(").skip(1).map(|rest| rest.trim_start_matches([' ', '\'', '"']));
            for url in urls.filter(|url| !url.starts_with('#')) {
                self.add(Fault::Outside(crate::txt::shown(url.as_bytes())));
            }
        }
        if !tag.empty {
            self.open.push(tag.name);
        }
        Ok(())
    }

    fn outermost(&mut self, tag: &Tag<'_>) {
        if local(tag.name) != "svg" {
            self.add(Fault::NotSvg);
            return;
        }
        if tag.attribute("baseProfile") != Some("tiny-ps") {
            self.add(Fault::Profile);
        }
        if tag.attribute("version") != Some("1.2") {
            self.add(Fault::Version);
        }
        if tag.attribute("x").is_some() || tag.attribute("y").is_some() {
            self.add(Fault::Moved);
        }
        if !is_square(tag) {
            self.add(Fault::NotSquare);
        }
    }
}

/// As wide as high, by the view box, else by width and height.
fn is_square(tag: &Tag<'_>) -> bool {
    let number = |text: &str| text.trim_end_matches("px").parse::<f64>().ok().filter(|number| *number > 0.0);
    let (width, height) = match tag.attribute("viewBox") {
        Some(view) => {
            let mut parts = view.split([' ', ',', '\t', '\n', '\r']).filter(|part| !part.is_empty()).skip(2);
            (parts.next().and_then(number), parts.next().and_then(number))
        }
        None => (tag.attribute("width").and_then(number), tag.attribute("height").and_then(number)),
    };
    width.zip(height).is_some_and(|(width, height)| (width - height).abs() < width / 1000.0)
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A picture that keeps to the profile.
    const GOOD: &str = r##"<?xml version="1.0" encoding="utf-8"?>
        <!-- a mark -->
        <svg xmlns="http://www.w3.org/2000/svg" version="1.2" baseProfile="tiny-ps" viewBox="0 0 64 64">
        <title>Example</title><defs><linearGradient id="g"><stop offset="0" stop-color="#fff"/></linearGradient></defs>
        <rect width='64' height='64' fill="url(#g)"/><use href="#g"/></svg>
        "##;

    fn check(text: &str, expected: &[Fault]) {
        assert_eq!(faults(text.as_bytes()), expected, "{text}");
    }

    #[test]
    fn pictures() {
        check(GOOD, &[]);
        check(&GOOD.replace("tiny-ps", "tiny"), &[Fault::Profile]);
        check(&GOOD.replace("1.2", "1.1"), &[Fault::Version]);
        check(&GOOD.replace("0 0 64 64", "0 0 64 32"), &[Fault::NotSquare]);
        check(&GOOD.replace("viewBox", "x=\"0\" viewBox"), &[Fault::Moved]);
        check(&GOOD.replace("<title>Example</title>", ""), &[Fault::Title]);
        check(&GOOD.replace("Example", " "), &[Fault::Title]);
        check(
            &GOOD.replace(
                "<use href=\"#g\"/>",
                "<script>x</script><image xlink:href=\"https://example.org/x.png\"/>",
            ),
            &[
                Fault::Element("script".into()),
                Fault::Element("image".into()),
                Fault::Outside("https://example.org/x.png".into()),
            ],
        );
        check(&GOOD.replace("<rect", "<rect onclick=\"x\""), &[Fault::Event("onclick".into())]);
        check(
            &GOOD.replace("url(#g)", "url(https://example.org/)"),
            &[Fault::Outside("https://example.org/)".into())],
        );
        check(&format!("<!DOCTYPE svg>{GOOD}"), &[Fault::DocumentType]);
        check("<html><title>x</title></html>", &[Fault::NotSvg]);
        check("", &[Fault::NotXml(0)]);
        assert_eq!(faults(&[0x1f, 0x8b, 8, 0]), [Fault::NotText]);
        assert!(matches!(faults(b"<svg><g></svg>").as_slice(), [.., Fault::NotXml(_)]));
        let deep = format!("{}{}", "<g>".repeat(200), "</g>".repeat(200));
        assert!(faults(deep.as_bytes()).contains(&Fault::TooMuch));
    }

    proptest! {
        #[test]
        fn never_panics(octets: Vec<u8>, text in "(<svg |<g>|</g>|<!--|-->|a=\"|'|/>|>|é|<|=| |title|&){0,30}") {
            faults(&octets);
            faults(text.as_bytes());
        }
    }
}
