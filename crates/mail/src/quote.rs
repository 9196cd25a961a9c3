//! What the author of an answer wrote anew: the text without quoted parts and signature.
//!
//! There is no standard for quoting (RFC 3676 section 4.5 knows `>`, and section 4.3 the signature's `-- `); the rest goes by what the usual programs write, in English and
//! Japanese above all. Where an answer stands between the lines it answers, nothing is taken out: without them it would say nothing.

use crate::html::{self, Token};

/// A text taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stripped {
    /// What its author wrote anew. The whole text where nothing else is left.
    pub text: String,
    /// The author's signature, where one was recognized.
    pub signature: Option<String>,
}

/// Takes quoted parts and signature out of a plain text.
pub fn strip(text: &str) -> Stripped {
    let lines: Vec<&str> = text.lines().collect();
    let kept = without_quotation(&lines);
    let (body, signature) = part_signature(&kept);
    let joined = |lines: &[&str]| {
        let text = lines.join("\n");
        text.trim_matches('\n').trim_end().to_owned()
    };
    let body = joined(body);
    let signature = Some(joined(signature)).filter(|signature| !signature.is_empty());
    if body.trim().is_empty() {
        return Stripped { text: joined(&lines), signature: None };
    }
    Stripped { text: body, signature }
}

/// Takes quoted parts out of an HTML text.
pub fn strip_html(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut within: Option<Within<'_>> = None;
    for piece in html::pieces(html) {
        match (&mut within, piece.token) {
            (None, Token::Open(tag)) => match quotation_begins(&tag) {
                Some(Extent::Element) => within = Some(Within::Element { name: tag.name, depth: 1 }),
                Some(Extent::Rest) => within = Some(Within::Rest),
                None => out.push_str(piece.source),
            },
            (None, _) => out.push_str(piece.source),
            (Some(Within::Element { name, depth }), Token::Open(tag)) if tag.is(name) => *depth += 1,
            (Some(Within::Element { name, depth }), Token::Close(closed))
                if closed.eq_ignore_ascii_case(name) =>
            {
                *depth -= 1;
                if *depth == 0 {
                    within = None;
                }
            }
            (Some(Within::Rest), Token::Close(closed))
                if ["body", "html"].iter().any(|name| closed.eq_ignore_ascii_case(name)) =>
            {
                out.push_str(piece.source);
            }
            (Some(_), _) => {}
        }
    }
    if html::to_text(&out).trim().is_empty() { html.to_owned() } else { out }
}

enum Within<'a> {
    Element { name: &'a str, depth: usize },
    Rest,
}

enum Extent {
    Element,
    Rest,
}

/// Whether this element is what a mail program puts around the message that is answered.
fn quotation_begins(tag: &html::Tag<'_>) -> Option<Extent> {
    if tag.is("blockquote") {
        return Some(Extent::Element);
    }
    if !tag.is("div") && !tag.is("hr") && !tag.is("span") {
        return None;
    }
    let class = tag.attribute("class").unwrap_or_default();
    let quoting =
        ["gmail_quote", "gmail_attr", "yahoo_quoted", "moz-cite-prefix", "protonmail_quote", "zmail_extra"];
    if class.split_ascii_whitespace().any(|class| quoting.contains(&class)) {
        return Some(Extent::Element);
    }
    let id = tag.attribute("id").unwrap_or_default();
    // Outlook puts the message that is answered behind this, and nothing around it.
    if ["divRplyFwdMsg", "appendonsend", "stopSpelling"].contains(&&*id) {
        return Some(Extent::Rest);
    }
    let style = tag.attribute("style").unwrap_or_default().replace(' ', "").to_ascii_lowercase();
    let ruled = style.contains("border-top:solid#e1e1e1") || style.contains("border-top:solid#b5c4df");
    (ruled && style.contains("border:none")).then_some(Extent::Rest)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Empty,
    /// Begins with `>`.
    Quoted,
    Written,
}

fn kind_of(line: &str) -> Kind {
    let line = line.trim_start();
    if line.trim().is_empty() {
        Kind::Empty
    } else if line.starts_with(['>', '＞']) {
        Kind::Quoted
    } else {
        Kind::Written
    }
}

/// The lines without what is quoted.
fn without_quotation<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    if lines.iter().find(|line| kind_of(line) != Kind::Empty).is_some_and(|line| is_forward(line)) {
        return lines.to_vec();
    }
    let kinds: Vec<Kind> = lines.iter().map(|line| kind_of(line)).collect();
    let beginning = (0..lines.len()).find_map(|at| begins_quotation(lines, at));
    let Some(Beginning { at, behind }) = beginning else { return trailing(lines, &kinds) };
    let rest = kinds.get(behind..).unwrap_or_default();
    let first = rest.iter().find(|kind| **kind != Kind::Empty);
    if first != Some(&Kind::Quoted) {
        // Everything below the line that introduces it is quoted.
        return lines.get(..at).unwrap_or_default().to_vec();
    }
    if is_interleaved(rest) {
        return lines.to_vec();
    }
    // An answer below the quoted part, or none there.
    let above = lines.get(..at).unwrap_or_default();
    let quoted_until =
        rest.iter().rposition(|kind| *kind == Kind::Quoted).map_or(behind, |last| behind + last + 1);
    let below = lines.get(quoted_until..).unwrap_or_default();
    above.iter().chain(below).copied().collect()
}

/// Text between two quoted stretches is an answer to the first one.
fn is_interleaved(kinds: &[Kind]) -> bool {
    let mut seen_quoted = false;
    let mut answered = false;
    for kind in kinds {
        match kind {
            Kind::Quoted if answered => return true,
            Kind::Quoted => seen_quoted = true,
            Kind::Written if seen_quoted => answered = true,
            Kind::Written | Kind::Empty => {}
        }
    }
    false
}

/// Without an introducing line: three or more quoted lines at the end go.
fn trailing<'a>(lines: &[&'a str], kinds: &[Kind]) -> Vec<&'a str> {
    let quoted = kinds.iter().filter(|kind| **kind == Kind::Quoted).count();
    let first = kinds.iter().position(|kind| *kind == Kind::Quoted);
    let Some(first) = first.filter(|_| quoted >= 3 && !is_interleaved(kinds)) else { return lines.to_vec() };
    let last = kinds.iter().rposition(|kind| *kind == Kind::Quoted).unwrap_or(first);
    let above = lines.get(..first).unwrap_or_default();
    let below = lines.get(last + 1..).unwrap_or_default();
    above.iter().chain(below).copied().collect()
}

/// A line, or several, behind which the quoted message stands.
struct Beginning {
    at: usize,
    behind: usize,
}

/// Lines over which an introduction is broken at most.
const BROKEN_OVER: usize = 3;
/// Octets of the longest introduction; nobody's name is longer.
const LONGEST: usize = 500;

fn begins_quotation(lines: &[&str], at: usize) -> Option<Beginning> {
    let line = unquoted(lines.get(at)?);
    if line.is_empty() || line.len() > LONGEST {
        return None;
    }
    if is_rule_of_original(line) {
        return Some(Beginning { at, behind: at + 1 });
    }
    if is_header_block(lines, at) {
        // Outlook draws a line above it.
        let above = at.checked_sub(1).and_then(|above| lines.get(above));
        let ruled =
            above.is_some_and(|line| line.trim().len() >= 5 && line.trim().bytes().all(|byte| byte == b'_'));
        return Some(Beginning { at: if ruled { at - 1 } else { at }, behind: at + 1 });
    }
    if !may_introduce(line) {
        return None;
    }
    let mut joined = String::new();
    for (more, line) in lines.iter().skip(at).take(BROKEN_OVER).enumerate() {
        let line = unquoted(line);
        if line.is_empty() || joined.len() + line.len() > LONGEST {
            return None;
        }
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(line);
        if introduces(&joined) {
            return Some(Beginning { at, behind: at + more + 1 });
        }
    }
    None
}

/// One program quotes the line that introduces the quoted part too.
fn unquoted(line: &str) -> &str {
    line.trim().trim_start_matches(['>', '＞']).trim()
}

/// `-----Original Message-----` in the languages of those who write to us.
fn is_rule_of_original(line: &str) -> bool {
    let inside = line.trim_matches(|c: char| matches!(c, '-' | '_' | ' ' | '—' | '―' | '─'));
    if inside.len() == line.len() || !line.starts_with(['-', '_', '—', '―', '─']) {
        return false;
    }
    let inside = inside.to_lowercase();
    const WORDS: [&str; 9] = [
        "original message",
        "reply message",
        "元のメッセージ",
        "元のメール",
        "オリジナルメッセージ",
        "ursprüngliche nachricht",
        "message d'origine",
        "mensaje original",
        "原始邮件",
    ];
    WORDS.contains(&inside.as_str())
}

/// `From:`, `Sent:`, `To:`, `Subject:` in successive lines: the way of Outlook.
fn is_header_block(lines: &[&str], at: usize) -> bool {
    const AUTHOR: [&str; 5] = ["from:", "差出人:", "送信者:", "von:", "de :"];
    const OTHERS: [&str; 17] = [
        "sent:",
        "date:",
        "to:",
        "cc:",
        "subject:",
        "送信日時:",
        "送信日:",
        "日時:",
        "日付:",
        "宛先:",
        "件名:",
        "gesendet:",
        "an:",
        "betreff:",
        "envoyé :",
        "à :",
        "objet :",
    ];
    let starts = |line: &str, words: &[&str]| {
        let line =
            unquoted(line).trim_start_matches('*').replace('：', ":").replace("*:", ":").to_lowercase();
        words.iter().any(|word| line.starts_with(word))
    };
    let Some(first) = lines.get(at) else { return false };
    let following = lines.iter().skip(at + 1).take(5).filter(|line| starts(line, &OTHERS));
    starts(first, &AUTHOR) && following.count() >= 2
}

/// Cheap, and true of every line with which an introduction begins.
fn may_introduce(line: &str) -> bool {
    let starts = ["On ", "Am ", "Le ", "El ", "Il ", "Op ", "Em ", "---", "In article", "("];
    starts.iter().any(|start| line.starts_with(start))
        || line.starts_with(|c: char| c.is_ascii_digit())
        || says_who_wrote(line)
        || line.ends_with(':') && line.contains('@')
        || line.ends_with('：') && line.contains('@')
}

fn says_who_wrote(line: &str) -> bool {
    const ENDS: [&str; 11] = [
        "wrote",
        "writes",
        "さんは書きました",
        "さんが書きました",
        "は書きました",
        "のメール",
        "さんからのメール",
        "schrieb",
        "a écrit",
        "escribió",
        "写道",
    ];
    let line = line.trim_end_matches([':', '：', ' ']);
    ENDS.iter().any(|end| line.ends_with(end))
}

/// `On Mon, 6 Jul 2026 at 9:30, Taro <taro@example.org> wrote:`, `2026年7月6日(月) 9:30 山田 <y@example.org>:` and the like.
fn introduces(text: &str) -> bool {
    if !text.ends_with([':', '：']) {
        return false;
    }
    let dated = text.contains(|c: char| c.is_ascii_digit());
    if says_who_wrote(text) {
        return dated || text.contains('@');
    }
    // German puts the name behind the verb.
    if text.starts_with("Am ") && text.contains(" schrieb ") {
        return true;
    }
    let begins_with_date = text.starts_with(|c: char| c.is_ascii_digit()) || text.starts_with('(');
    begins_with_date
        && text.contains('@')
        && text.contains('<')
        && (text.contains(':') || text.contains('年'))
}

fn is_forward(line: &str) -> bool {
    let line = line.trim().to_lowercase();
    ["forwarded message", "begin forwarded message", "転送メッセージ", "転送されたメッセージ", "以下転送"]
        .iter()
        .any(|words| line.contains(words))
}

/// Lines of a signature at most.
const LONGEST_SIGNATURE: usize = 12;

/// The lines before the signature, and those of it.
fn part_signature<'s, 'a>(lines: &'s [&'a str]) -> (&'s [&'a str], &'s [&'a str]) {
    let end = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
    let lines = lines.get(..end).unwrap_or_default();
    let from = lines.len().saturating_sub(LONGEST_SIGNATURE + 2);
    // RFC 3676 section 4.3; many lose the blank on the way.
    let marked = lines.iter().skip(from).position(|line| matches!(line.trim_end(), "--" | "—"));
    let at = marked.map(|at| from + at).or_else(|| ruled(lines, from)).or_else(|| of_device(lines));
    match at.filter(|at| lines.iter().take(*at).any(|line| !line.trim().is_empty())) {
        Some(at) => lines.split_at(at),
        None => (lines, &[]),
    }
}

/// A Japanese signature: a block between two lines of ornaments, or below one, that says how to reach its owner.
fn ruled(lines: &[&str], from: usize) -> Option<usize> {
    let is_rule = |line: &&str| {
        let line = line.trim();
        let mut characters = line.chars();
        let Some(first) = characters.next() else { return false };
        line.chars().count() >= 6
            && !first.is_alphanumeric()
            && first != '>'
            && line.chars().all(|c| !c.is_alphanumeric())
            && line.chars().filter(|c| *c == first).count() * 2 >= line.chars().count()
    };
    let at = from + lines.iter().skip(from).position(is_rule)?;
    let block = lines.get(at + 1..)?;
    let reaches = |line: &&str| {
        let digits = line.bytes().filter(u8::is_ascii_digit).count();
        line.contains('@')
            || line.contains("http")
            || digits >= 9 && (line.contains('-') || line.contains('('))
    };
    (!block.is_empty() && block.iter().any(reaches)).then_some(at)
}

/// What telephones write under every message.
fn of_device(lines: &[&str]) -> Option<usize> {
    let last = lines.len().checked_sub(1)?;
    let line = lines.get(last)?.trim();
    const STARTS: [&str; 5] =
        ["Sent from my ", "Sent from Outlook", "Get Outlook for ", "Sent from Mail for", "Von meinem "];
    const ENDS: [&str; 5] = ["から送信", "から送信しました", "を入手", "より送信", "gesendet"];
    let found =
        STARTS.iter().any(|start| line.starts_with(start)) || ENDS.iter().any(|end| line.ends_with(end));
    (found && line.chars().count() <= 60).then_some(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &str, signature: Option<&str>) {
        let stripped = strip(text);
        assert_eq!((stripped.text.as_str(), stripped.signature.as_deref()), (expected, signature), "{text}");
        let crlf = strip(&text.replace('\n', "\r\n"));
        assert_eq!(crlf.text, expected, "with CRLF");
    }

    #[test]
    fn english_programs() {
        check(
            "Yes.\n\nOn Mon, Jul 6, 2026 at 9:30 AM Taro <taro@example.org> wrote:\n> Tea?\n> At four.\n",
            "Yes.",
            None,
        );
        check(
            "Yes.\n\nOn Mon, Jul 6, 2026 at 9:30 AM Taro Yamada\n<taro@example.org> wrote:\n\n> Tea?\n",
            "Yes.",
            None,
        );
        check(
            "Yes.\n\n> On Jul 6, 2026, at 09:30, Taro <taro@example.org> wrote:\n> \n> Tea?\n",
            "Yes.",
            None,
        );
        check(
            "Yes.\n\n-----Original Message-----\nFrom: Taro [mailto:taro@example.org]\nSent: Monday\nTo: H\nSubject: Tea\n\nTea?\n",
            "Yes.",
            None,
        );
        check(
            "Yes.\n\n________________________________\nFrom: Taro <taro@example.org>\nSent: Monday, July 6\nTo: Hanako\nSubject: Tea\n\nTea?\n",
            "Yes.",
            None,
        );
        check(
            "On 06/07/2026 09:30, Taro wrote:\n> Tea?\n\nYes, with pleasure.\n",
            "Yes, with pleasure.",
            None,
        );
        check("Am 06.07.2026 um 09:30 schrieb Taro:\n> Tee?\n\nJa.\n", "Ja.", None);
    }

    #[test]
    fn japanese_programs() {
        check("はい。\n\n2026年7月6日(月) 9:30 山田 太郎 <taro@example.org>:\n\n> お茶?\n", "はい。", None);
        check(
            "はい。\n\n> 2026/07/06 9:30、山田 <taro@example.org>のメール：\n> \n> お茶?\n",
            "はい。",
            None,
        );
        check("はい。\n\n(2026/07/06 9:30), 山田 wrote:\n> お茶?\n", "はい。", None);
        check(
            "はい。\n\n-----元のメッセージ-----\n差出人: 山田\n送信日時: 2026年7月6日\n宛先: 花子\n件名: お茶\n\nお茶?\n",
            "はい。",
            None,
        );
        check(
            "はい。\n\n________________________________\n差出人: 山田 <taro@example.org>\n送信日時: 2026年7月6日 9:30\n宛先: 花子\n件名: お茶\n\nお茶?\n",
            "はい。",
            None,
        );
        check("はい。\n＞ お茶\n＞ 四時\n＞ どう?\n", "はい。", None);
    }

    #[test]
    fn answers_between_the_lines_stay() {
        let text = "On 06/07/2026 09:30, Taro wrote:\n> Tea?\nYes.\n> At four?\nAt five.";
        check(text, text, None);
        check("> 1\nOne quoted line is none.", "> 1\nOne quoted line is none.", None);
        let forward = "---------- Forwarded message ---------\nFrom: Taro <taro@example.org>\nDate: Mon\nSubject: Tea\nTo: H\n\nTea?";
        check(forward, forward, None);
    }

    #[test]
    fn words_that_look_like_it_stay() {
        let text = "On Monday we wrote a letter to them.\nOn time: 9:30.\nFrom: here it goes on.";
        check(text, text, None);
        check("> only quoted\n> nothing else\n> at all", "> only quoted\n> nothing else\n> at all", None);
        check("", "", None);
    }

    #[test]
    fn signatures() {
        check("Yes.\n\n-- \nTaro\nExample Ltd.\n", "Yes.", Some("-- \nTaro\nExample Ltd."));
        check(
            "Yes.\n\nSent from my iPhone\n\nOn Jul 6, 2026, at 9:30, H <h@example.org> wrote:\n> Tea?\n",
            "Yes.",
            Some("Sent from my iPhone"),
        );
        check("はい。\n\niPhoneから送信\n", "はい。", Some("iPhoneから送信"));
        check(
            "承知しました。\n\n━━━━━━━━━━━\n株式会社例\n山田 太郎\nTEL 03-1234-5678\n━━━━━━━━━━━\n",
            "承知しました。",
            Some("━━━━━━━━━━━\n株式会社例\n山田 太郎\nTEL 03-1234-5678\n━━━━━━━━━━━"),
        );
        check("Prices\n==========\nTea 4\nCake 5", "Prices\n==========\nTea 4\nCake 5", None);
    }

    #[test]
    fn quotations_in_html() {
        let html = |html: &str, expected: &str| assert_eq!(strip_html(html), expected);
        html(
            "<p>Yes.</p><blockquote type=\"cite\">Tea?<blockquote>x</blockquote></blockquote>",
            "<p>Yes.</p>",
        );
        html(
            "<div>Yes.</div><div class=\"gmail_quote gmail_quote_container\"><div>On … wrote:</div>Tea?</div>after",
            "<div>Yes.</div>after",
        );
        html(
            "<html><body><p>Yes.</p><div id=\"appendonsend\"></div><hr>From: Taro<p>Tea?</p></body></html>",
            "<html><body><p>Yes.</p></body></html>",
        );
        html(
            "<p>Yes.</p><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt'>From: x</div><p>Tea?</p>",
            "<p>Yes.</p>",
        );
        html("<blockquote>only</blockquote>", "<blockquote>only</blockquote>");
    }

    proptest! {
        #[test]
        fn nothing_panics_and_nothing_is_invented(
            text: String,
            near in "((> |On 6 |wrote:|From: |To: |Sent: |-- |--|=======|差出人: |2026年|[a:@<\u{3042}])?\n?){0,20}",
        ) {
            for text in [text, near] {
                let stripped = strip(&text);
                prop_assert!(stripped.text.len() <= text.len());
                strip_html(&text);
            }
        }
    }

    #[test]
    fn time_grows_with_the_size() {
        for line in ["> a\n", "On 6\n", "From: a\n", "a\n", "2026 <a@b>\n", "<div>", "<blockquote>"] {
            strip(&line.repeat(10_000));
            strip_html(&line.repeat(10_000));
        }
    }
}
