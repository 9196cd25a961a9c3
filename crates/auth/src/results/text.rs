//! Peers' words as values, comments and lines of header fields.

/// Longest value written; nothing that names a mailbox or a domain is longer (RFC 5321 section 4.5.3.1).
const MAX_VALUE: usize = 320;

/// Columns of a line, without its end (RFC 5322 section 2.1.1).
const COLUMNS: usize = 78;

/// `value` of RFC 2045 section 5.1: a token, or a quoted-string.
pub(super) fn value(text: &str) -> String {
    let is_token = |c: char| c.is_ascii_graphic() && !"()<>@,;:\\\"/[]?=".contains(c);
    if !text.is_empty() && text.chars().all(is_token) { shorten(text) } else { quoted(text) }
}

/// `[[local-part] "@"] domain-name` where that is allowed as it stands, else a quoted-string (RFC 8601 section 2.2, pvalue).
pub(super) fn address(text: &str) -> String {
    let plain = |part: &str| part.chars().all(|c| is_atext(c) || c == '.');
    match text.rsplit_once('@') {
        Some((local_part, domain)) if plain(local_part) && plain(domain) && !domain.is_empty() => {
            shorten(text)
        }
        Some(_) => quoted(text),
        None => value(text),
    }
}

/// A dot-atom, or a quoted-string (RFC 7208 section 9.1).
pub(super) fn dot_atom(text: &str) -> String {
    let is_dot_atom = text.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atext));
    if is_dot_atom { shorten(text) } else { quoted(text) }
}

/// RFC 5322 section 3.2.3.
fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
}

/// A quoted-string (RFC 5322 section 3.2.4); controls become question marks.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text, "\"\\"))
}

/// A comment (RFC 5322 section 3.2.2); controls become question marks.
pub(super) fn comment(text: &str) -> String {
    format!("({})", escaped(text, "()\\"))
}

fn escaped(text: &str, special: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in shorten(text).chars() {
        if special.contains(c) {
            escaped.push('\\');
        }
        escaped.push(if c.is_control() { '?' } else { c });
    }
    escaped
}

/// The same in ASCII, for what an SMTP client may have made up freely.
pub(super) fn ascii(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect()
}

fn shorten(text: &str) -> String {
    let mut end = text.len().min(MAX_VALUE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

/// Joins words with blanks, folding before a word that would pass the last column. `column` is where the first begins.
pub(super) fn fold(words: &[String], mut column: usize) -> String {
    let mut folded = String::new();
    for (at, word) in words.iter().enumerate() {
        let width = word.chars().count();
        if at > 0 {
            // A tab is counted as the eight columns that readers show.
            let fits = column + 1 + width <= COLUMNS;
            folded.push_str(if fits { " " } else { "\r\n\t" });
            column = if fits { column + 1 } else { 8 };
        }
        folded.push_str(word);
        column += width;
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_line() {
        for hostile in ["a\r\nBcc: x@example.org", "a\"; spf=pass", "a) dmarc=pass (", "a\0b\\", ""] {
            for written in [value(hostile), address(hostile), dot_atom(hostile), comment(hostile)] {
                assert!(!written.contains(['\r', '\n', '\0']), "{written:?}");
                assert!(written.starts_with(['"', '(']), "{written:?}");
            }
        }
        assert_eq!(quoted("a\"b\\c"), r#""a\"b\\c""#);
        assert_eq!(comment("a(b)c"), r"(a\(b\)c)");
        assert_eq!(value("mail.example.org"), "mail.example.org");
        assert_eq!(value("2001:db8::1"), "\"2001:db8::1\"");
        assert_eq!(address("a.b+c@example.org"), "a.b+c@example.org");
        assert_eq!(address("@example.org"), "@example.org");
        assert_eq!(address("a@"), "\"a@\"");
        assert_eq!(address("\"a b\"@example.org"), r#""\"a b\"@example.org""#);
        assert_eq!(dot_atom("192.0.2.1"), "192.0.2.1");
        assert_eq!(dot_atom("a@example.org"), "\"a@example.org\"");
        assert!(value(&"a".repeat(5_000)).len() <= MAX_VALUE);
    }
}
