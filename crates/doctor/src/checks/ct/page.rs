//! What stands in the HTML of a message, read in one pass: links, pictures, what is shown and what is hidden. The HTML is a stranger's.

use tegami_mail::html::{Tag, Token, decode, pieces};

/// Octets of HTML that are looked at.
const LONGEST: usize = 1 << 20;
/// Elements within elements that are kept in mind.
const DEEPEST: usize = 256;
/// Links and pictures that are kept.
const MOST: usize = 2_000;
/// Octets of a URL or of a link's text that are kept.
const LONGEST_TEXT: usize = 4_096;

/// A link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Link {
    /// Where it leads, entities decoded.
    pub(super) url: String,
    /// What people read; empty for links of plain text.
    pub(super) text: String,
}

/// A picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Image {
    pub(super) source: String,
    /// `None` where the attribute is missing.
    pub(super) alternative: Option<String>,
    /// It is so small that nobody sees it.
    pub(super) tiny: bool,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    pub(super) links: Vec<Link>,
    pub(super) images: Vec<Image>,
    /// What people see.
    pub(super) shown: String,
    /// What stands there and cannot be seen.
    pub(super) hidden: String,
    /// How it is hidden, the first time.
    pub(super) hidden_by: Option<&'static str>,
    /// `script`, event handlers and `javascript:`.
    pub(super) scripts: usize,
    pub(super) forms: usize,
    /// `iframe`, `object`, `embed`, `applet`.
    pub(super) objects: usize,
    /// Style sheets that are fetched.
    pub(super) sheets: usize,
    /// The page leads elsewhere by itself.
    pub(super) refresh: bool,
    /// `<html>` stands there.
    pub(super) whole: bool,
    /// Elements that are not closed, of those that must be.
    pub(super) unclosed: usize,
    /// A rule that begins with `@` within another, which Gmail drops with the whole style.
    pub(super) nested_rules: bool,
    /// Letters written as numeric entities within words.
    pub(super) spelled: usize,
}

/// An open element.
struct Open<'h> {
    name: &'h str,
    hidden: Option<&'static str>,
    background: Option<String>,
    color: Option<String>,
}

/// Reads a page.
pub(super) fn read(html: &str) -> Page {
    let html = html.get(..html.floor_char_boundary(LONGEST)).unwrap_or(html);
    let mut reader =
        Reader { page: Page::default(), open: Vec::new(), deeper: 0, link: None, in_style: false };
    for piece in pieces(html) {
        match piece.token {
            Token::Text => reader.text(piece.source),
            Token::Open(tag) => reader.open(tag),
            Token::Close(name) => reader.close(name),
            Token::Other if reader.in_style => {
                reader.style(piece.source);
                reader.in_style = false;
            }
            Token::Other => {}
        }
    }
    reader.finish()
}

struct Reader<'h> {
    page: Page,
    open: Vec<Open<'h>>,
    /// Elements beyond [`DEEPEST`] that are open.
    deeper: usize,
    link: Option<Link>,
    in_style: bool,
}

impl<'h> Reader<'h> {
    fn hidden(&self) -> Option<&'static str> {
        self.open.last().and_then(|open| open.hidden)
    }

    fn text(&mut self, source: &str) {
        self.page.spelled += spelled(source);
        let text = decode(source);
        match self.hidden() {
            Some("head") => {}
            Some(how) => {
                if !text.trim().is_empty() {
                    self.page.hidden_by.get_or_insert(how);
                }
                self.page.hidden.push_str(&text);
            }
            None => {
                self.page.shown.push_str(&text);
                if let Some(link) = self.link.as_mut().filter(|link| link.text.len() < LONGEST_TEXT) {
                    link.text.push_str(&text);
                }
            }
        }
    }

    fn open(&mut self, tag: Tag<'h>) {
        let name = tag.name.to_ascii_lowercase();
        self.in_style = name == "style";
        self.count(&name, &tag);
        match name.as_str() {
            "a" | "area" => {
                self.end_link();
                if let Some(url) = tag.attribute("href") {
                    self.link = Some(Link { url: cut(url.trim()), text: String::new() });
                }
            }
            "img" => self.image(&tag),
            "br" | "p" | "div" | "tr" | "td" | "th" | "li" | "h1" | "h2" | "h3" => self.apart(),
            _ => {}
        }
        if is_void(&name) || tag.rest.trim_end().ends_with('/') {
            return;
        }
        if self.open.len() >= DEEPEST {
            self.deeper += 1;
            return;
        }
        let (hidden, background, color) = self.look_of(&name, &tag);
        self.open.push(Open { name: tag.name, hidden, background, color });
    }

    /// How the element looks: whether it is hidden, and its colours, which it has from those around it.
    fn look_of(&self, name: &str, tag: &Tag<'_>) -> (Option<&'static str>, Option<String>, Option<String>) {
        let around = self.open.last();
        let style = tag.attribute("style").unwrap_or_default().to_ascii_lowercase();
        let declared = |property: &str| declaration(&style, property);
        let background = declared("background-color")
            .or_else(|| {
                declared("background").and_then(|value| value.split_whitespace().next().map(str::to_owned))
            })
            .or_else(|| tag.attribute("bgcolor").map(|value| value.to_ascii_lowercase()))
            .map(|value| plain_color(&value))
            .or_else(|| around.and_then(|open| open.background.clone()));
        let color = declared("color")
            .or_else(|| tag.attribute("color").map(|value| value.to_ascii_lowercase()))
            .map(|value| plain_color(&value))
            .or_else(|| around.and_then(|open| open.color.clone()));
        let same = color.is_some() && color.as_deref() == Some(background.as_deref().unwrap_or("ffffff"));
        let is_zero = |value: &str| {
            let number: String = value.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
            number.parse::<f32>().is_ok_and(|number| number == 0.0)
        };
        let hidden = if let Some(how) = around.and_then(|open| open.hidden) {
            Some(how)
        } else if matches!(name, "head" | "title" | "noscript" | "template") {
            Some("head")
        } else if declared("display").is_some_and(|value| value.starts_with("none"))
            || tag.attributes().any(|attribute| attribute.name.eq_ignore_ascii_case("hidden"))
        {
            Some("display:none")
        } else if declared("visibility").is_some_and(|value| value.starts_with("hidden")) {
            Some("visibility:hidden")
        } else if declared("font-size").is_some_and(|value| is_zero(&value)) {
            Some("font-size:0")
        } else if declared("opacity").is_some_and(|value| is_zero(&value)) {
            Some("opacity:0")
        } else if same {
            Some("color")
        } else {
            None
        };
        (hidden, background, color)
    }

    fn count(&mut self, name: &str, tag: &Tag<'_>) {
        let page = &mut self.page;
        match name {
            "script" => page.scripts += 1,
            "form" => page.forms += 1,
            "iframe" | "object" | "embed" | "applet" => page.objects += 1,
            "html" => page.whole = true,
            "link" => {
                let relation = tag.attribute("rel").unwrap_or_default().to_ascii_lowercase();
                page.sheets += usize::from(relation.contains("stylesheet"));
            }
            "meta" => {
                let kind = tag.attribute("http-equiv").unwrap_or_default();
                page.refresh |= kind.trim().eq_ignore_ascii_case("refresh");
            }
            _ => {}
        }
        let active = tag.attributes().any(|attribute| {
            let handler = attribute.name.len() > 4
                && attribute.name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("on"))
                && !attribute.value.is_empty();
            let value = attribute.value.trim_start();
            let script = value.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("javascript:"));
            handler || script
        });
        page.scripts += usize::from(active);
    }

    fn image(&mut self, tag: &Tag<'_>) {
        let number = |name: &str| {
            let value = tag.attribute(name)?;
            value.trim().trim_end_matches("px").parse::<u32>().ok()
        };
        let tiny = number("width").is_some_and(|width| width <= 1)
            && number("height").is_some_and(|height| height <= 1);
        let alternative = tag.attribute("alt").map(|text| cut(&text));
        if let Some(link) = self.link.as_mut().filter(|link| link.text.len() < LONGEST_TEXT) {
            link.text.push_str(alternative.as_deref().unwrap_or_default());
        }
        if self.page.images.len() < MOST {
            let source = cut(tag.attribute("src").unwrap_or_default().trim());
            self.page.images.push(Image { source, alternative, tiny });
        }
    }

    fn style(&mut self, source: &str) {
        let lower = source.to_ascii_lowercase();
        self.page.sheets += lower.matches("@import").count();
        let mut depth = 0_usize;
        // In how many braces the outermost rule with @ stands.
        let mut within: Option<usize> = None;
        for octet in lower.bytes() {
            match octet {
                b'{' => depth += 1,
                b'}' => {
                    depth = depth.saturating_sub(1);
                    within = within.filter(|opened| depth > *opened);
                }
                b'@' if within.is_some_and(|opened| depth > opened) => self.page.nested_rules = true,
                b'@' if within.is_none() => within = Some(depth),
                b';' if within == Some(depth) => within = None,
                _ => {}
            }
        }
    }

    /// What was shown ends here, and something else begins.
    fn apart(&mut self) {
        if self.hidden().is_none() && !self.page.shown.ends_with('\n') {
            self.page.shown.push('\n');
        }
    }

    fn close(&mut self, name: &str) {
        if name.eq_ignore_ascii_case("a") {
            self.end_link();
        }
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        let found = self.open.iter().rposition(|open| open.name.eq_ignore_ascii_case(name));
        let Some(at) = found else { return };
        for open in self.open.drain(at + 1..) {
            self.page.unclosed += usize::from(must_close(open.name));
        }
        self.open.pop();
    }

    fn end_link(&mut self) {
        if let Some(link) = self.link.take().filter(|_| self.page.links.len() < MOST) {
            self.page.links.push(link);
        }
    }

    fn finish(mut self) -> Page {
        self.end_link();
        let open = self.open.iter().filter(|open| must_close(open.name)).count();
        self.page.unclosed += open;
        self.page
    }
}

fn cut(text: &str) -> String {
    text.get(..text.floor_char_boundary(LONGEST_TEXT)).unwrap_or_default().to_owned()
}

/// The value of a property in a style attribute in lower case.
fn declaration(style: &str, property: &str) -> Option<String> {
    style.split(';').find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == property).then(|| value.trim().trim_end_matches("!important").trim().to_owned())
    })
}

/// Colours in one form, as far as mail uses several for white and black.
fn plain_color(color: &str) -> String {
    let bare: String = color.chars().filter(|c| !c.is_whitespace()).collect();
    match bare.as_str() {
        "white" | "#fff" | "#ffffff" | "rgb(255,255,255)" | "fff" => "ffffff".to_owned(),
        "black" | "#000" | "#000000" | "rgb(0,0,0)" | "000" => "000000".to_owned(),
        other => other.trim_start_matches('#').to_owned(),
    }
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "br" | "img"
            | "hr"
            | "input"
            | "meta"
            | "link"
            | "area"
            | "base"
            | "col"
            | "embed"
            | "source"
            | "track"
            | "wbr"
    )
}

/// HTML lets these end without an end tag: all others must have one.
fn must_close(name: &str) -> bool {
    let optional = [
        "p", "li", "td", "tr", "th", "tbody", "thead", "tfoot", "option", "html", "body", "head", "dt", "dd",
        "colgroup", "script", "style",
    ];
    !optional.iter().any(|other| name.eq_ignore_ascii_case(other))
        && name.chars().all(|c| c.is_ascii_alphanumeric())
}

/// Letters of ASCII that are written as numeric entities beside other letters.
fn spelled(source: &str) -> usize {
    let mut count = 0;
    let mut before: Option<&str> = None;
    for part in source.split("&#") {
        if let Some(before) = before {
            let end = part.bytes().take(8).position(|octet| octet == b';');
            let number = end.and_then(|end| part.get(..end)).unwrap_or_default();
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => number.parse().ok(),
            };
            let letter = code.and_then(char::from_u32).is_some_and(|c| c.is_ascii_alphabetic());
            let after = end.and_then(|end| part.get(end + 1..)).unwrap_or_default();
            let beside = before.ends_with(|c: char| c.is_ascii_alphabetic() || c == ';')
                || after.starts_with(|c: char| c.is_ascii_alphabetic());
            count += usize::from(letter && beside);
        }
        before = Some(part);
    }
    count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_page_is_taken_apart() {
        let page = read(
            "<html><head><title>t</title><style>@media x { @media y { a {} } } @import url(x);</style></head><body bgcolor=white><p style='color:#FFF'>secret</p><div style=\"display:none\">pre</div><a href='https://example.org/?a&amp;b'>go <b>there</b></a><img src=x width=1 height=1><form></form><script>x()</script>V&#105;a&#103;ra</body></html>",
        );
        assert_eq!(
            page.links,
            [Link { url: "https://example.org/?a&b".to_owned(), text: "go there".to_owned() }]
        );
        assert_eq!((page.hidden.as_str(), page.hidden_by), ("secretpre", Some("color")));
        assert!(page.shown.contains("Viagra") && !page.shown.contains('t') || page.shown.contains("there"));
        assert_eq!((page.scripts, page.forms, page.sheets, page.spelled), (1, 1, 1, 2));
        assert!(page.images.first().is_some_and(|image| image.tiny) && page.whole && page.nested_rules);
        assert_eq!(page.unclosed, 0);
    }

    #[test]
    fn what_is_left_open_is_counted() {
        assert_eq!(read("<div><p>one<p>two<b>x</div>").unclosed, 1);
        assert_eq!(read("<table><tr><td>x").unclosed, 1);
    }

    #[test]
    fn time_grows_with_the_size() {
        for start in [
            "<a href=x>",
            "<div>",
            "<div style='color:#fff'>",
            "</div>",
            "<style>@",
            "&#1",
            "<b></i>",
            "<img src=a>",
        ] {
            read(&start.repeat(120_000));
        }
    }

    #[test]
    fn fuzz_corpus() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/message_page");
        let mut count = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            crate::fuzz::page(&std::fs::read(file.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count > 0, "{folder} is empty");
    }

    proptest! {
        #[test]
        fn nothing_panics(
            html: String,
            near in "(<(/?(a|p|div|style|td|b|img|title)|!--)( (href|style|src|bgcolor)=[\"']?(color:#fff|あ|display:none|javascript:)?[\"']?| ?/?>|-->)?|[あ&#;\"'>< ]){0,24}",
        ) {
            read(&html);
            read(&near);
        }
    }
}
