//! Reading HTML as far as mail needs it: the pieces of a text in order, and its plain text. Always linear in time, never refuses: the HTML is a
//! stranger's.

use std::borrow::Cow;

/// One piece of an HTML text. The pieces' sources, put together, are the whole text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// As it stands in the text.
    pub source: &'a str,
    /// Where it begins in the text, in octets.
    pub start: usize,
    /// What it is.
    pub token: Token<'a>,
}

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// Text, entities as they stand.
    Text,
    /// A start tag.
    Open(Tag<'a>),
    /// An end tag, with its name.
    Close(&'a str),
    /// What is no text for people: comments, declarations, the contents of `script` and `style`.
    Other,
}

/// A start tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag<'a> {
    /// Its name, in whatever case it was written.
    pub name: &'a str,
    /// Everything behind the name, before `>`.
    pub rest: &'a str,
}

impl<'a> Tag<'a> {
    /// Whether it has this name.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value of an attribute, entities decoded.
    pub fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        let found = self.attributes().find(|found| found.name.eq_ignore_ascii_case(name))?;
        Some(decode(found.value))
    }

    /// Every attribute, in order.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes { rest: self.rest }
    }
}

/// One attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Its name, in whatever case it was written.
    pub name: &'a str,
    /// Its value without quotes, entities as they stand; a part of [`Tag::rest`].
    pub value: &'a str,
}

/// The attributes of a tag.
#[derive(Clone, Debug)]
pub struct Attributes<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        let blank = |c: char| c.is_ascii_whitespace() || c == '/';
        let rest = self.rest.trim_start_matches(blank);
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(|c: char| blank(c) || c == '=').unwrap_or(rest.len());
        // A name may begin with `=`; something must be taken in any case.
        let (name, rest) = rest.split_at(if end == 0 { 1 } else { end });
        let Some(behind) = rest.trim_start().strip_prefix('=') else {
            self.rest = rest;
            return Some(Attribute { name, value: "" });
        };
        let behind = behind.trim_start();
        let quote = behind.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, rest) = match quote {
            Some(quote) => {
                let inside = behind.get(1..).unwrap_or_default();
                inside.split_once(quote).unwrap_or((inside, ""))
            }
            None => behind.split_at(behind.find(|c: char| c.is_ascii_whitespace()).unwrap_or(behind.len())),
        };
        self.rest = rest;
        Some(Attribute { name, value })
    }
}

/// The pieces of an HTML text.
pub fn pieces(html: &str) -> Pieces<'_> {
    Pieces { html, at: 0, raw: None }
}

/// The pieces of an HTML text, in order.
#[derive(Clone, Debug)]
pub struct Pieces<'a> {
    html: &'a str,
    at: usize,
    /// Within this element everything is text for programs.
    raw: Option<&'a str>,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let rest = self.html.get(self.at..).filter(|rest| !rest.is_empty())?;
        let (length, token) = match self.raw.take() {
            Some(name) => match find_end_tag(rest, name) {
                0 => markup(rest),
                end => (end, Token::Other),
            },
            None => markup(rest),
        };
        let source = rest.get(..length).unwrap_or(rest);
        if let Token::Open(tag) = token
            && ["script", "style"].iter().any(|name| tag.is(name))
        {
            self.raw = Some(tag.name);
        }
        let start = self.at;
        self.at += source.len();
        Some(Piece { source, start, token })
    }
}

/// The first piece of a text that is not empty, with its length in octets.
fn markup(rest: &str) -> (usize, Token<'_>) {
    let Some(inside) = rest.strip_prefix('<') else {
        return (rest.find('<').unwrap_or(rest.len()), Token::Text);
    };
    if let Some(comment) = inside.strip_prefix("!--") {
        return (comment.find("-->").map_or(rest.len(), |end| end + 7), Token::Other);
    }
    match inside.chars().next() {
        Some('!' | '?') => (inside.find('>').map_or(rest.len(), |end| end + 2), Token::Other),
        Some('/') => match inside.find('>') {
            Some(end) => {
                let name = inside.get(1..end).unwrap_or_default();
                (
                    end + 2,
                    Token::Close(name.split(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default()),
                )
            }
            None => (rest.len(), Token::Text),
        },
        Some(c) if c.is_ascii_alphabetic() => match end_of_tag(inside) {
            Some(end) => {
                let whole = inside.get(..end).unwrap_or_default();
                let split = whole.find(|c: char| c.is_ascii_whitespace() || c == '/').unwrap_or(whole.len());
                let (name, rest) = whole.split_at(split);
                (end + 2, Token::Open(Tag { name, rest }))
            }
            None => (rest.len(), Token::Text),
        },
        // A less-than sign is one.
        _ => (inside.find('<').map_or(rest.len(), |end| end + 1), Token::Text),
    }
}

/// Where the tag's `>` stands, which is not within quotes.
fn end_of_tag(inside: &str) -> Option<usize> {
    let mut quote = None;
    let mut value_begins = false;
    for (at, byte) in inside.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'>') => return Some(at),
            // A quote within a word is no quote.
            (None, b'"' | b'\'') if value_begins => quote = Some(byte),
            (None, byte) => value_begins = byte == b'=' || value_begins && byte.is_ascii_whitespace(),
        }
    }
    None
}

fn find_end_tag(rest: &str, name: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut from = 0;
    while let Some(at) = memchr::memmem::find(bytes.get(from..).unwrap_or_default(), b"</") {
        let at = from + at;
        let named = bytes.get(at + 2..at + 2 + name.len());
        if named.is_some_and(|named| named.eq_ignore_ascii_case(name.as_bytes())) {
            return at;
        }
        from = at + 2;
    }
    rest.len()
}

/// Entities become what they stand for; unknown ones stay.
pub fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        // The longest name that is looked for is short, so that a text of ampersands stays cheap.
        let end = after.bytes().take(12).position(|byte| byte == b';');
        let found = end.and_then(|end| Some((character(after.get(..end)?)?, after.get(end + 1..)?)));
        match found {
            Some((character, tail)) => {
                out.push(character);
                rest = tail;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// What an entity stands for: those that mail has.
fn character(entity: &str) -> Option<char> {
    if let Some(number) = entity.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| *c != '\0');
    }
    const NAMED: &[(&str, char)] = &[
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("nbsp", '\u{a0}'),
        ("copy", '©'),
        ("reg", '®'),
        ("trade", '™'),
        ("yen", '¥'),
        ("euro", '€'),
        ("pound", '£'),
        ("hellip", '…'),
        ("mdash", '—'),
        ("ndash", '–'),
        ("lsquo", '‘'),
        ("rsquo", '’'),
        ("ldquo", '“'),
        ("rdquo", '”'),
        ("laquo", '«'),
        ("raquo", '»'),
        ("bull", '•'),
        ("middot", '·'),
        ("times", '×'),
        ("rarr", '→'),
        ("larr", '←'),
        ("shy", '\u{ad}'),
        ("zwnj", '\u{200c}'),
        ("zwj", '\u{200d}'),
        ("eacute", 'é'),
        ("egrave", 'è'),
        ("agrave", 'à'),
        ("ccedil", 'ç'),
        ("auml", 'ä'),
        ("ouml", 'ö'),
        ("uuml", 'ü'),
        ("Auml", 'Ä'),
        ("Ouml", 'Ö'),
        ("Uuml", 'Ü'),
        ("szlig", 'ß'),
    ];
    NAMED.iter().find(|(name, _)| *name == entity).map(|(_, character)| *character)
}

/// `text` made fit to stand in HTML, also within quotes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// What a person reads of an HTML text, as plain text: paragraphs, list items and links (their URL in angle brackets behind them).
pub fn to_text(html: &str) -> String {
    let mut writer = Writer::default();
    let mut hidden = 0_usize;
    let mut links: Vec<(String, usize)> = Vec::new();
    for piece in pieces(html) {
        match piece.token {
            Token::Open(tag) if is_hidden(tag.name) => {
                hidden += usize::from(!tag.rest.trim_end().ends_with('/'));
            }
            Token::Close(name) if is_hidden(name) => hidden = hidden.saturating_sub(1),
            _ if hidden > 0 => {}
            Token::Text => writer.text(&decode(piece.source)),
            Token::Open(tag) => {
                open(&mut writer, &tag);
                if tag.is("a") && links.len() < DEEPEST {
                    links.push((
                        tag.attribute("href").unwrap_or_default().trim().to_owned(),
                        writer.out.len(),
                    ));
                }
            }
            Token::Close(name) => {
                if name.eq_ignore_ascii_case("a")
                    && let Some((url, from)) = links.pop()
                {
                    close_link(&mut writer, &url, from);
                }
                close(&mut writer, name);
            }
            Token::Other => {}
        }
    }
    writer.finish()
}

/// Links within links that are kept in mind.
const DEEPEST: usize = 50;

fn is_hidden(name: &str) -> bool {
    ["head", "title", "noscript", "template"].iter().any(|hidden| name.eq_ignore_ascii_case(hidden))
}

fn lower(name: &str) -> String {
    name.to_ascii_lowercase()
}

fn open(writer: &mut Writer, tag: &Tag<'_>) {
    match lower(tag.name).as_str() {
        "br" => writer.line_break(),
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "blockquote" | "table" => {
            writer.apart(2);
        }
        "div" | "tr" | "section" | "article" | "header" | "footer" | "dl" | "dt" | "dd" | "body" => {
            writer.apart(1);
        }
        "li" => {
            writer.apart(1);
            writer.text("- ");
        }
        "hr" => {
            writer.apart(1);
            writer.text("----------");
            writer.apart(1);
        }
        "pre" => {
            writer.apart(2);
            writer.preformatted += 1;
        }
        "td" | "th" => writer.text(" "),
        "img" => writer.text(&tag.attribute("alt").unwrap_or_default()),
        _ => {}
    }
}

fn close(writer: &mut Writer, name: &str) {
    match lower(name).as_str() {
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "blockquote" | "table" => {
            writer.apart(2);
        }
        "div" | "tr" | "li" | "section" | "article" | "header" | "footer" | "dl" | "dt" | "dd" => {
            writer.apart(1);
        }
        "pre" => {
            writer.preformatted = writer.preformatted.saturating_sub(1);
            writer.apart(2);
        }
        _ => {}
    }
}

/// The URL stands behind the text of a link, unless the text says it.
fn close_link(writer: &mut Writer, url: &str, from: usize) {
    let shown = writer.out.get(from..).unwrap_or_default().trim();
    let bare = url.strip_prefix("mailto:").unwrap_or(url);
    let goes_out = ["http://", "https://", "mailto:", "%"].iter().any(|scheme| url.starts_with(scheme));
    if goes_out && !shown.is_empty() && !shown.contains(bare) {
        writer.text(&format!(" <{bare}>"));
    }
}

/// Text whose blanks are folded as a browser folds them.
#[derive(Default)]
struct Writer {
    out: String,
    /// Line ends that must stand before the next word.
    lines: usize,
    /// Whether a blank must.
    blank: bool,
    preformatted: usize,
}

impl Writer {
    fn text(&mut self, text: &str) {
        if self.preformatted > 0 {
            self.separate();
            self.out.push_str(text);
            return;
        }
        for c in text.chars() {
            // A no-break space is a blank to whoever reads plain text, but not one that is folded.
            if matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{c}') {
                self.blank = true;
                continue;
            }
            self.separate();
            self.out.push(if c == '\u{a0}' { ' ' } else { c });
        }
    }

    fn separate(&mut self) {
        if self.out.is_empty() {
            (self.lines, self.blank) = (0, false);
        }
        if self.lines > 0 {
            self.out.extend(std::iter::repeat_n('\n', self.lines));
        } else if self.blank && !self.out.ends_with(['\n', ' ']) {
            self.out.push(' ');
        }
        (self.lines, self.blank) = (0, false);
    }

    fn apart(&mut self, lines: usize) {
        self.lines = self.lines.max(lines);
    }

    fn line_break(&mut self) {
        self.lines += 1;
    }

    fn finish(self) -> String {
        let mut out = self.out;
        out.truncate(out.trim_end().len());
        if !out.is_empty() {
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(html: &str, expected: &str) {
        assert_eq!(to_text(html), expected, "{html}");
    }

    #[test]
    fn people_read_the_same() {
        check("<p>Hello,\n <b>Alice</b>!</p><p>Bye</p>", "Hello, Alice!\n\nBye\n");
        check("a<br>b<br/><br>c", "a\nb\n\nc\n");
        check("<ul><li>one</li><li>two</li></ul>after", "- one\n- two\n\nafter\n");
        check("<a href='https://example.org/?a=1&amp;b=2'>here</a>", "here <https://example.org/?a=1&b=2>\n");
        check("<a href=\"https://example.org/\">https://example.org/</a>", "https://example.org/\n");
        check("<a href=mailto:a@example.org>a@example.org</a>", "a@example.org\n");
        check(
            "<head><title>x</title><style>p>a{}</style></head><body>5 &lt; 6 &amp; 7&nbsp;&#12354;&bogus;</body>",
            "5 < 6 & 7 あ&bogus;\n",
        );
        check("<script>if (a</b) '</p>'</script>x<!-- no -->y", "xy\n");
        check("<pre>a\n  b</pre>", "a\n  b\n");
        check("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc\n");
        check("こんにちは<div>世界</div>", "こんにちは\n世界\n");
        check("3 < 4 <", "3 < 4 <\n");
        check("", "");
    }

    #[test]
    fn attributes_in_all_forms() {
        let html = "<A HREF = \"x>y\" data-x='a&quot;b' checked value=z/>";
        let piece = pieces(html).next().unwrap();
        let Token::Open(tag) = piece.token else { panic!("{piece:?}") };
        assert_eq!(tag.attribute("href").as_deref(), Some("x>y"));
        assert_eq!(tag.attribute("data-x").as_deref(), Some("a\"b"));
        assert_eq!(tag.attribute("checked").as_deref(), Some(""));
        assert_eq!(tag.attribute("value").as_deref(), Some("z/"));
        assert_eq!(tag.attribute("none"), None);
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_whole(
            html: String,
            near in "(<(/?(a|p|script|style|pre|title)|!--|!)( [a-z]+=?[\"']?| ?/?>|-->)?|[あ&;\"'>< ]){0,20}",
        ) {
            for html in [html, near] {
                let whole: String = pieces(&html).map(|piece| piece.source).collect();
                prop_assert_eq!(&whole, &html);
                to_text(&html);
            }
        }

        #[test]
        fn what_is_escaped_reads_the_same(text: String) {
            let escaped = escape(&text);
            prop_assert_eq!(decode(&escaped), text);
        }
    }

    #[test]
    fn time_grows_with_the_size() {
        for start in ["<a \"", "<a b='", "<!--", "<script>", "</", "&", "<", "<a>"] {
            to_text(&start.repeat(200_000));
        }
    }
}
