//! The copy of a message that one recipient gets: ways to unsubscribe, and, where somebody asked for it, links and a picture by which we learn
//! that it was read. What is rewritten leads to us and on to where it led before; nobody else learns anything.

use jiff::Timestamp;
use tegami_mail::Domain;
use tegami_mail::encoded_word::encode_unstructured;
use tegami_mail::header::{self, HeaderField, HeaderLimits, HeaderSection};
use tegami_mail::html::{self, Token};
use tegami_mail::mailbox_list;
use tegami_mail::mime::{TextKind, rewrite};
use tegami_store::{ClickTracking, QueueId, TrackingSettings};

use crate::link::{FarewellFrom, LONGEST_TARGET, Link, LinkAction, Links, MailFarewell};
use crate::mailing_list::{AccessLevel, MailingList, ReplyPreference};
use crate::variables::Person;

/// What a submitter says of links and readers. What it leaves open, its domain decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackingWish {
    /// Opens and clicks alike, where nothing says more.
    pub both: Option<ClickTracking>,
    /// A picture tells of opens.
    pub opens: Option<bool>,
    /// Which links tell of clicks.
    pub clicks: Option<ClickTracking>,
    /// The picture stands at the top.
    pub pixel_at_the_top: Option<bool>,
    /// The message gets a way to unsubscribe.
    pub unsubscribe: Option<bool>,
}

impl TrackingWish {
    /// What holds for a message of a domain with these settings.
    pub(crate) fn over(&self, settings: TrackingSettings) -> TrackingSettings {
        let both = self.both;
        TrackingSettings {
            opens: self.opens.or(both.map(|both| both != ClickTracking::Off)).unwrap_or(settings.opens),
            pixel_at_the_top: self.pixel_at_the_top.unwrap_or(settings.pixel_at_the_top),
            clicks: self.clicks.or(both).unwrap_or(settings.clicks),
            unsubscribe: self.unsubscribe.unwrap_or(settings.unsubscribe),
            ..settings
        }
    }
}

/// What stands for a link in the text of a message.
const EVERYTHING: &str = "%unsubscribe_url%";
const BY_TAG: &str = "%tag_unsubscribe_url%";
const BY_LIST: &str = "%mailing_list_unsubscribe_url%";

/// Whether a text asks for links by name. Long lines of encoded texts are broken anywhere, so this looks at a text that is decoded; on raw octets it
/// may overlook some.
pub(crate) fn names_links(text: &[u8]) -> bool {
    // All three end alike.
    memchr::memmem::find_iter(text, b"unsubscribe_url%").any(|at| {
        let before = text.get(..at).unwrap_or_default();
        [&b"%"[..], b"%tag_", b"%mailing_list_"].iter().any(|start| before.ends_with(start))
    })
}

/// What stands for an address to unsubscribe by mail, and how senders name it beside a link in List-Unsubscribe.
const ADDRESS: &str = "%unsubscribe_email%";
const BY_MAIL: &str = "<mailto:%unsubscribe_email%>";

/// Whether a text asks for links or for that address.
fn names_ways(text: &[u8]) -> bool {
    names_links(text) || memchr::memmem::find(text, ADDRESS.as_bytes()).is_some()
}

/// A header section that does not promise it, where what is written to the domain does not come here: the link is enough, and stands in its place
/// where there is no other.
fn without_address(head: &str) -> String {
    if !head.contains(BY_MAIL) {
        return head.to_owned();
    }
    let mut head = head.to_owned();
    for between in [", ", ",\r\n ", ","] {
        head = head.replace(&format!("{BY_MAIL}{between}"), "").replace(&format!("{between}{BY_MAIL}"), "");
    }
    head.replace(BY_MAIL, &format!("<{EVERYTHING}>"))
}

/// Whether a content asks for links by name, wherever and however encoded.
pub(crate) fn asks_for_links(content: &[u8]) -> bool {
    let mut asks = names_ways(content);
    // What is written as it is was looked at. A name that a soft line break parts stands in a line that ends so.
    let is_encoded = || {
        let has = |text: &str| memchr::memmem::find(content, text.as_bytes()).is_some();
        has("=\r\n") || has("base64") || has("BASE64") || has("Base64")
    };
    if !asks && is_encoded() {
        rewrite(content, |_, text| {
            asks |= names_ways(text.as_bytes());
            None
        });
    }
    asks
}

/// Whose copy it is, and what it gets.
pub(crate) struct Reader<'a> {
    /// Without them there are none, and nobody asked for any.
    pub(crate) links: Option<&'a Links>,
    pub(crate) domain: &'a Domain,
    /// What is written to the domain comes here.
    pub(crate) by_mail: bool,
    pub(crate) message: QueueId,
    pub(crate) recipient: &'a str,
    pub(crate) now: Timestamp,
    pub(crate) tags: &'a [String],
    /// The mailing list it comes by.
    pub(crate) list: Option<&'a MailingList>,
    /// What stands for this reader's own values.
    pub(crate) person: Option<&'a Person<'a>>,
    pub(crate) tracking: &'a TrackingSettings,
}

/// Which links the message named itself.
#[derive(Default)]
struct Named {
    everything: bool,
    by_tag: bool,
    by_list: bool,
}

impl Named {
    const fn any(&self) -> bool {
        self.everything || self.by_tag || self.by_list
    }
}

impl Reader<'_> {
    /// This reader's copy of a content that is complete and not signed yet.
    pub(crate) fn copy(&self, content: &[u8]) -> Vec<u8> {
        let mut named = Named::default();
        let (head, body) = header::split(content);
        // Links are words of plain ASCII: they break nothing in a field.
        let head = match std::str::from_utf8(head) {
            Ok(text) if self.by_mail => self.fill_header(text, &mut named),
            Ok(text) => self.fill_header(&without_address(text), &mut named),
            Err(_) => head.to_vec(),
        };
        let content = [&head, b"\r\n".as_slice(), body].concat();
        let rewritten = rewrite(&content, |kind, text| {
            let new = self.text(kind, text, &mut named);
            (new != text).then_some(new)
        });
        let content = rewritten.unwrap_or(content);
        let fields = self.fields(&content, &named);
        header::prepend(&content, &[fields])
    }

    fn link(&self, action: LinkAction) -> String {
        let link = Link {
            domain: self.domain.to_string(),
            message: self.message,
            recipient: self.recipient.to_owned(),
            issued: self.now,
            action,
        };
        self.links.and_then(|links| links.url(&link)).unwrap_or_default()
    }

    /// The address to which this reader writes to say farewell.
    fn address(&self, from: FarewellFrom) -> Option<String> {
        let farewell = MailFarewell { message: self.message, from };
        let address = self.links.filter(|_| self.by_mail)?.address(self.domain, farewell, self.now);
        address.map(|address| address.to_string())
    }

    fn unsubscribe(&self) -> String {
        self.link(LinkAction::Unsubscribe(Vec::new()))
    }

    fn by_tag(&self) -> String {
        self.link(LinkAction::Unsubscribe(self.tags.to_vec()))
    }

    fn by_list(&self) -> String {
        let leave = |list: &MailingList| self.link(LinkAction::Leave(list.address.clone()));
        self.list.map_or_else(|| self.unsubscribe(), leave)
    }

    /// The fields by which a reader's program offers to unsubscribe (RFC 2369, RFC 8058). A sender's own stay, and are given what makes one click
    /// enough where they lead to us; what other servers do with a POST is for the sender to know.
    fn fields(&self, content: &[u8], named: &Named) -> Vec<u8> {
        let Ok(section) = HeaderSection::parse(content, HeaderLimits::GENEROUS) else { return Vec::new() };
        let mut fields = self.list.map(|list| list_fields(list, &section)).unwrap_or_default();
        fields.extend(self.farewell_fields(&section, named));
        fields
    }

    /// What a list says of itself to this member, before a content that is not ours to change.
    pub(crate) fn list_fields(&self, content: &[u8]) -> Vec<u8> {
        self.fields(content, &Named::default())
    }

    fn farewell_fields(&self, section: &HeaderSection<'_>, named: &Named) -> Vec<u8> {
        let own: Vec<String> = section.all("List-Unsubscribe").map(|field| field.text()).collect();
        let one_click = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n";
        let Some(base) = self.links.and_then(Links::base) else { return Vec::new() };
        // RFC 8058 section 3.1: the URI is an HTTPS one.
        let secure = base.starts_with("https://");
        if !own.is_empty() {
            let ours = own.iter().any(|value| value.contains(&format!("<{base}/u/")));
            let has_post = section.first("List-Unsubscribe-Post").is_some();
            return if secure && ours && !has_post { one_click.into() } else { Vec::new() };
        }
        if !self.tracking.unsubscribe && !named.any() && self.list.is_none() {
            return Vec::new();
        }
        let (url, from) = match (self.list, named) {
            (Some(_), _) => (self.by_list(), FarewellFrom::List),
            (None, Named { everything: false, by_tag: true, .. }) => (self.by_tag(), FarewellFrom::Tags),
            _ => (self.unsubscribe(), FarewellFrom::Domain),
        };
        // RFC 2369 section 3.2: whoever can do the first of them needs no other.
        let address =
            self.address(from).map(|address| format!(",\r\n <mailto:{address}?subject=unsubscribe>"));
        let address = address.unwrap_or_default();
        let post = if secure && section.first("List-Unsubscribe-Post").is_none() { one_click } else { "" };
        // The blank is where the field may be folded.
        format!("List-Unsubscribe:\r\n <{url}>{address}\r\n{post}").into_bytes()
    }

    fn text(&self, kind: TextKind, text: &str, named: &mut Named) -> String {
        let tracking = self.tracking;
        let footer = match kind {
            TextKind::Plain => &tracking.text_footer,
            TextKind::Html => &tracking.html_footer,
            TextKind::Amp => "",
        };
        let wants_footer = tracking.unsubscribe && !names_links(text.as_bytes()) && !footer.is_empty();
        let text = match (wants_footer, kind) {
            (true, TextKind::Html) => insert(text, footer, Place::End),
            (true, TextKind::Plain) => format!("{text}{footer}"),
            _ => text.to_owned(),
        };
        let text = self.fill(&text, named);
        match kind {
            TextKind::Plain if tracking.clicks == ClickTracking::On => self.plain_links(&text),
            TextKind::Html => {
                let text = if tracking.clicks == ClickTracking::Off { text } else { self.html_links(&text) };
                if !tracking.opens {
                    return text;
                }
                let place = if tracking.pixel_at_the_top { Place::Top } else { Place::End };
                insert(&text, &pixel(&self.link(LinkAction::Open)), place)
            }
            _ => text,
        }
    }

    /// Puts links where their names stand.
    fn fill(&self, text: &str, named: &mut Named) -> String {
        let text = &match self.person {
            Some(person) => person.fill(text),
            None => text.to_owned(),
        };
        if !names_ways(text.as_bytes()) {
            return text.to_owned();
        }
        let mut text = text.to_owned();
        let from = if self.list.is_some() { FarewellFrom::List } else { FarewellFrom::Domain };
        if let Some(address) = self.address(from).filter(|_| text.contains(ADDRESS)) {
            text = text.replace(ADDRESS, &address);
            named.everything = true;
        }
        let mut put = |name: &str, url: &dyn Fn() -> String| {
            let found = text.contains(name);
            if found {
                text = text.replace(name, &url());
            }
            found
        };
        named.everything |= put(EVERYTHING, &|| self.unsubscribe());
        named.by_tag |= put(BY_TAG, &|| self.by_tag());
        named.by_list |= put(BY_LIST, &|| self.by_list());
        text
    }

    /// The same in a header section: what is not plain becomes an encoded-word (RFC 2047), and nothing ends a field.
    fn fill_header(&self, head: &str, named: &mut Named) -> Vec<u8> {
        let Some(person) = self.person else { return self.fill(head, named).into_bytes() };
        // A subject is a text, and may be encoded as a whole.
        let section = HeaderSection::parse(head.as_bytes(), HeaderLimits::GENEROUS);
        let subject = section.ok().and_then(|section| section.first("Subject").map(HeaderField::decoded));
        let subject = subject.filter(|subject| subject.contains("%recipient"));
        let written = subject.and_then(|subject| {
            let subject = person.fill_written(&subject, &|value| value.replace(char::is_control, " "));
            header::write("Subject", &subject).ok()
        });
        let mut head = head.to_owned();
        if let Some(written) = written {
            let rest = header::without(head.as_bytes(), |field| field.is("Subject"));
            let rest = String::from_utf8(rest).unwrap_or_default();
            head = rest + &String::from_utf8(written).unwrap_or_default();
        }
        let encoded = |value: &str| {
            let value = value.replace(char::is_control, " ");
            if value.is_ascii() { value } else { encode_unstructured(&value, 0) }
        };
        let head = person.fill_written(&head, &encoded);
        Reader { person: None, ..*self }.fill(&head, named).into_bytes()
    }

    /// The link that stands for this one; `None` for what does not lead to the web, and for our own.
    fn tracked(&self, url: &str) -> Option<String> {
        let is_web = ["http://", "https://"]
            .iter()
            .any(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
        let base = self.links?.base()?;
        let ours = ["u", "o", "c"].iter().any(|path| url.starts_with(&format!("{base}/{path}/")));
        let fits = url.len() <= LONGEST_TARGET && url.bytes().all(|byte| byte > b' ' && byte != 0x7f);
        (is_web && !ours && fits).then(|| self.link(LinkAction::Click(url.to_owned())))
    }

    /// Every octet outside the values of `href` stays.
    fn html_links(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + text.len() / 2);
        let mut at = 0;
        for piece in html::pieces(text) {
            let Token::Open(tag) = piece.token else { continue };
            let spared =
                || tag.attribute("disable-tracking").is_some_and(|value| value.eq_ignore_ascii_case("true"));
            if !(tag.is("a") || tag.is("area")) || spared() {
                continue;
            }
            let href = tag.attributes().find(|attribute| attribute.name.eq_ignore_ascii_case("href"));
            let Some(href) = href else { continue };
            let Some(link) = self.tracked(html::decode(href.value).trim()) else { continue };
            // The value is a part of the text.
            let start = href.value.as_ptr().addr() - text.as_ptr().addr();
            out.push_str(text.get(at..start).unwrap_or_default());
            out.push_str(&html::escape(&link));
            at = start + href.value.len();
        }
        out.push_str(text.get(at..).unwrap_or_default());
        out
    }

    fn plain_links(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + text.len() / 2);
        let mut rest = text;
        while let Some(at) = rest.find("http").filter(|at| *at < rest.len()) {
            let (before, tail) = rest.split_at(at);
            out.push_str(before);
            let in_word = before.chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric());
            let url = if in_word { "" } else { url_at(tail) };
            let found = if url.is_empty() { "http" } else { url };
            match self.tracked(url) {
                Some(link) => out.push_str(&link),
                None => out.push_str(found),
            }
            rest = tail.get(found.len()..).unwrap_or_default();
        }
        out.push_str(rest);
        out
    }
}

/// What a list says of itself (RFC 2919, RFC 2369), and where answers go.
fn list_fields(list: &MailingList, section: &HeaderSection<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    if section.first("List-Id").is_none() {
        let id = mailbox_list::write_named(&list.name, &list.id(), "List-Id: ".len());
        out.extend(format!("List-Id: {id}\r\n").into_bytes());
    }
    let post = if list.access_level == AccessLevel::ReadOnly {
        "NO".to_owned()
    } else {
        format!("<mailto:{}>", list.address)
    };
    let mut fields = vec![("List-Post", post)];
    // What a sender chose stays.
    if list.reply_preference == ReplyPreference::List && section.first("Reply-To").is_none() {
        fields.push(("Reply-To", list.address.clone()));
    }
    let fresh = fields.into_iter().filter(|(name, _)| section.first(name).is_none());
    out.extend(fresh.filter_map(|(name, value)| header::write(name, &value).ok()).flatten());
    out
}

/// The URL with which a text begins, without the punctuation that belongs to the sentence around it; empty where there is none.
fn url_at(text: &str) -> &str {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| text.starts_with(scheme));
    let Some(scheme) = scheme else { return "" };
    let ends =
        |c: char| !c.is_ascii_graphic() || matches!(c, '<' | '>' | '"' | '`' | '|' | '\\' | '^' | '{' | '}');
    let mut url = text.get(..text.find(ends).unwrap_or(text.len())).unwrap_or_default();
    let unopened =
        |open: char, close: char| url.matches(close).count().saturating_sub(url.matches(open).count());
    let (mut round, mut square) = (unopened('(', ')'), unopened('[', ']'));
    while let Some(last) = url.chars().next_back() {
        match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' => {}
            ')' if round > 0 => round -= 1,
            ']' if square > 0 => square -= 1,
            _ => break,
        }
        url = url.get(..url.len() - 1).unwrap_or_default();
    }
    if url.len() > scheme.len() { url } else { "" }
}

/// A picture of one pixel that nobody sees and no screen reader tells.
fn pixel(url: &str) -> String {
    let url = html::escape(url);
    format!("<img width=\"1\" height=\"1\" alt=\"\" role=\"presentation\" style=\"border:0\" src=\"{url}\">")
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Top,
    End,
}

/// Puts something into an HTML text: after the tag that opens the body or before the one that closes it, else at the text's own beginning (after
/// its head) or end.
fn insert(text: &str, what: &str, place: Place) -> String {
    let mut at = match place {
        Place::Top => 0,
        Place::End => text.len(),
    };
    for piece in html::pieces(text) {
        let end = piece.start + piece.source.len();
        match (place, piece.token) {
            (Place::Top, Token::Open(tag)) if tag.is("body") => {
                at = end;
                break;
            }
            (Place::Top, Token::Open(tag)) if tag.is("html") => at = end,
            (Place::Top, Token::Close(name)) if name.eq_ignore_ascii_case("head") => at = end,
            (Place::Top, Token::Other) if at == 0 && is_doctype(piece.source) => at = end,
            // Some texts have several, put together from others: the last one ends it.
            (Place::End, Token::Close(name)) if name.eq_ignore_ascii_case("body") => at = piece.start,
            _ => {}
        }
    }
    let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
    [before, what, after].concat()
}

fn is_doctype(source: &str) -> bool {
    source.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tegami_mail::mime;

    use super::*;

    fn links() -> Links {
        Links::new(&[7; 32], Some("https://t.example.org".to_owned()))
    }

    fn copy(tracking: &TrackingSettings, content: &str) -> Vec<u8> {
        let reader = Reader {
            links: Some(&links()),
            domain: &Domain::parse("example.org").unwrap(),
            by_mail: false,
            message: QueueId::from_bits(1),
            recipient: "a@example.net",
            now: "2026-07-06T09:00:00Z".parse().unwrap(),
            tags: &["news".to_owned()],
            list: None,
            person: None,
            tracking,
        };
        reader.copy(content.replace('\n', "\r\n").as_bytes())
    }

    fn check(tracking: &TrackingSettings, content: &str) -> String {
        let copy = copy(tracking, content);
        let head = String::from_utf8(header::split(&copy).0.to_vec()).unwrap();
        let parsed = mime::parse(&copy);
        let head: String = head.split_inclusive("\r\n").filter(|line| !is_mime(line)).collect();
        let text = parsed.html.or(parsed.text).unwrap_or_default();
        let mut text = format!("{head}\r\n{text}").replace("\r\n", "\n");
        // Links become what they mean.
        while let Some((before, after)) = text.split_once("https://t.example.org/") {
            let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || "-_/".contains(c)));
            let (token, rest) = after.split_at(end.unwrap_or(after.len()));
            let action = links().read(token.split_once('/').unwrap().1).unwrap().action;
            text = format!("{before}[{action:?}]{rest}");
        }
        text
    }

    /// Fields that say how the body is written, and that is seen from the body.
    fn is_mime(line: &str) -> bool {
        line.starts_with("MIME-Version:") || line.starts_with("Content-")
    }

    fn html(body: &str) -> String {
        format!("From: x@example.org\nContent-Type: text/html; charset=utf-8\n\n{body}")
    }

    fn body(text: &str) -> &str {
        text.split_once("\n\n").unwrap().1.trim_end()
    }

    #[test]
    fn links_of_html() {
        let tracking = TrackingSettings { clicks: ClickTracking::HtmlOnly, ..TrackingSettings::default() };
        let check = |text: &str, expected: &str| assert_eq!(body(&check(&tracking, &html(text))), expected);
        check(
            "<a class=x href=\"https://a.test/?a=1&amp;b=2\">x</a>",
            "<a class=x href=\"[Click(&quot;https://a.test/?a=1&b=2&quot;)]\">x</a>"
                .replace("&quot;", "\"")
                .as_str(),
        );
        check("<A HREF=http://a.test>x</A>", "<A HREF=[Click(\"http://a.test\")]>x</A>");
        check("<area href=' https://a.test '>", "<area href='[Click(\"https://a.test\")]'>");
        for same in [
            "<a href=\"mailto:a@a.test\">x</a> <a href=\"#x\">y</a> <a href=\"/x\">z</a> <a>w</a>",
            "<!-- <a href=\"https://a.test\"> --> https://a.test <link href=\"https://a.test\">",
            "<script>\"<a href='https://a.test'>\"</script><style>a[href='https://a.test']</style>",
            "<a disable-tracking=\"true\" href=\"https://a.test\">x</a>",
            "<a href=\"https://a.test\nx\">a",
        ] {
            check(same, same);
        }
    }

    #[test]
    fn links_of_plain_text() {
        let tracking = TrackingSettings { clicks: ClickTracking::On, ..TrackingSettings::default() };
        let check = |text: &str, expected: &str| {
            let found = check(&tracking, &format!("From: x@example.org\n\n{text}\n"));
            assert_eq!(body(&found), expected);
        };
        check(
            "See https://a.test/x_(y). And (http://b.test)!",
            "See [Click(\"https://a.test/x_(y)\")]. And ([Click(\"http://b.test\")])!",
        );
        check("<https://a.test/?a=b,c>;", "<[Click(\"https://a.test/?a=b,c\")]>;");
        check("http https:// httpx xhttp://a.test", "http https:// httpx xhttp://a.test");
        check("詳細はhttps://a.test/をご覧ください。", "詳細は[Click(\"https://a.test/\")]をご覧ください。");
    }

    #[test]
    fn time_grows_with_the_size() {
        for start in [")", "]", ".", "http://)", "(http://x", "http://x) "] {
            assert!(url_at(&format!("http://{}", start.repeat(200_000))).len() < 2_000_000);
        }
        assert_eq!(url_at("http://x/(a)(b))].)"), "http://x/(a)(b)");
    }

    #[test]
    fn a_picture_where_it_was_asked_for() {
        let picture =
            "<img width=\"1\" height=\"1\" alt=\"\" role=\"presentation\" style=\"border:0\" src=\"[Open]\">";
        let check = |top: bool, before: &str, after: &str| {
            let tracking =
                TrackingSettings { opens: true, pixel_at_the_top: top, ..TrackingSettings::default() };
            let found = check(&tracking, &html(&format!("{before}{after}")));
            assert_eq!(body(&found), format!("{before}{picture}{after}"));
        };
        check(false, "<html><body><p>x</p><!-- </body> -->", "</body></html>");
        check(false, "<p>x</p>", "");
        check(true, "<!DOCTYPE html><html><head></head><body class=x>", "<p>x</p></body>");
        check(true, "<!DOCTYPE html>", "<p>x</p>");
        check(true, "", "<p>x</p>");
    }

    #[test]
    fn ways_to_unsubscribe() {
        let plain = "From: x@example.org\n\nHello\n";
        let nothing = TrackingSettings::default();
        assert_eq!(check(&nothing, plain), plain);
        let post = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n";
        let field = |what: &str| format!("List-Unsubscribe:\n <[Unsubscribe([{what}])]>\n{post}");
        let named = check(&nothing, "From: x@example.org\nX: %tag_unsubscribe_url%\n\nHello\n");
        assert_eq!(
            named,
            format!("{}From: x@example.org\nX: [Unsubscribe([\"news\"])]\n\nHello\n", field("\"news\""))
        );
        let on = TrackingSettings { unsubscribe: true, ..nothing.clone() };
        let found = check(&on, plain);
        assert!(found.starts_with(&field("")), "{found}");
        assert!(found.ends_with("Hello\n\n\nTo unsubscribe click: <[Unsubscribe([])]>\n\n"), "{found}");
        // Who has a place for it gets no second one.
        let found = check(&on, "From: x@example.org\n\nBye: %unsubscribe_url%\n");
        assert_eq!(body(&found), "Bye: [Unsubscribe([])]");
        // A sender's own field stays the only one.
        let own = "List-Unsubscribe: <https://other.test/>\nFrom: x@example.org\n\nHello\n";
        let found = check(&on, own);
        assert!(found.starts_with("List-Unsubscribe: <https://other.test/>\nFrom:"), "{found}");
        let own = "List-Unsubscribe: <%unsubscribe_url%>\nFrom: x@example.org\n\nHello\n";
        let found = check(&nothing, own);
        assert!(found.starts_with(&format!("{post}List-Unsubscribe: <[Unsubscribe([])]>\nFrom:")), "{found}");
        // Nobody reads mail to unsubscribe here, so none is promised.
        for value in [
            "<mailto:%unsubscribe_email%>, <%unsubscribe_url%>",
            "<%unsubscribe_url%>,\n <mailto:%unsubscribe_email%>",
            "<mailto:%unsubscribe_email%>",
        ] {
            let own = format!("List-Unsubscribe: {value}\nFrom: x@example.org\n\nHello\n");
            assert!(asks_for_links(own.replace('\n', "\r\n").as_bytes()));
            assert_eq!(check(&nothing, &own), found);
        }
    }

    #[test]
    fn wishes_go_before_settings() {
        let settings =
            TrackingSettings { opens: true, clicks: ClickTracking::On, ..TrackingSettings::default() };
        let wish = TrackingWish { both: Some(ClickTracking::Off), ..TrackingWish::default() };
        let found = wish.over(settings.clone());
        assert_eq!((found.opens, found.clicks), (false, ClickTracking::Off));
        let wish = TrackingWish { clicks: Some(ClickTracking::HtmlOnly), ..wish };
        assert_eq!(wish.over(settings.clone()).clicks, ClickTracking::HtmlOnly);
        assert_eq!(TrackingWish::default().over(settings.clone()), settings);
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(<a href=[\"']?https?://[a-z.&;é]{0,9}[\"'>]{0,2}|<body|</body>|%unsubscribe_url%|https?://|[<>a-z\"' )(.é]{0,9}){0,12}") {
            let tracking = TrackingSettings {
                opens: true, clicks: ClickTracking::On, unsubscribe: true, ..TrackingSettings::default()
            };
            copy(&tracking, &html(&text));
            copy(&tracking, &text);
        }
    }
}
