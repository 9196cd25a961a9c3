//! Slips of those who publish records: characters that only look like those that records are made of, as word processors and web forms
//! bring them in, and words of a zone file that were pasted into a form.

/// Text with the characters that were meant: quotation marks, dashes, blanks, full-width and Cyrillic letters become
/// ASCII, and what cannot be seen is dropped. Octets that are no UTF-8 are read as windows-1252, whose curly quotation
/// marks, dashes and no-break spaces are the usual ones.
pub fn plain(octets: &[u8]) -> String {
    match std::str::from_utf8(octets) {
        Ok(text) => text.chars().filter_map(meant).collect(),
        Err(_) => octets.iter().map(|octet| windows_1252(*octet)).filter_map(meant).collect(),
    }
}

/// The ASCII character that was meant; others stay as they are, `None` cannot be seen.
fn meant(c: char) -> Option<char> {
    Some(match c {
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{ad}' | '\u{feff}' => {
            return None;
        }
        '\t' | '\r' | '\n' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' => ' ',
        '\u{3000}' => ' ',
        '“' | '”' | '„' | '‟' | '«' | '»' | '″' | '〝' | '〞' | '「' | '」' => '"',
        '‘' | '’' | '‚' | '‛' | '′' | '´' | '`' => '\'',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '﹣' | 'ー' | '\u{2500}' => '-',
        '〜' | '∼' | '˜' | '∿' => '~',
        '。' | '․' | '·' => '.',
        '、' => ',',
        '∶' | '﹕' | 'ː' => ':',
        '⁄' | '∕' => '/',
        // Full-width forms lie at a fixed distance from ASCII (Unicode chapter 18, Halfwidth and Fullwidth Forms).
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        'а' | 'А' => 'a',
        'с' | 'С' => 'c',
        'ԁ' => 'd',
        'е' | 'Е' => 'e',
        'і' | 'І' => 'i',
        'ⅼ' | 'ӏ' => 'l',
        'м' | 'М' => 'm',
        'о' | 'О' | 'ο' => 'o',
        'р' | 'Р' | 'ρ' => 'p',
        'ѕ' => 's',
        'т' | 'Т' => 't',
        'х' | 'Х' => 'x',
        'ν' => 'v',
        c => c,
    })
}

/// The octets 0x80 to 0x9f that matter here; above them it is Latin-1.
fn windows_1252(octet: u8) -> char {
    match octet {
        0x91 => '‘',
        0x92 => '’',
        0x93 => '“',
        0x94 => '”',
        0x96 => '–',
        0x97 => '—',
        octet => char::from(octet),
    }
}

/// The record behind words of a zone file that were pasted with it: `TXT "v=spf1 …`, `TXTv=spf1 …`, `@ 3600 IN TXT v=spf1 …`. `None` where there
/// are none, or what follows does not begin with a version.
pub fn without_words(text: &str) -> Option<&str> {
    let trim = |text: &'_ str| text.len() - text.trim_start_matches([' ', '"', '\'', '=', ':', '(']).len();
    let mut rest = text.get(trim(text)..)?;
    let mut found = false;
    while let Some(after) = after_word(rest) {
        rest = after.get(trim(after)..)?;
        found = true;
    }
    let version = rest.strip_prefix(['v', 'V']).map(str::trim_start);
    (found && version.is_some_and(|version| version.starts_with(['=', ':']))).then_some(rest)
}

/// What follows one word of a zone file: an owner, a TTL, a class, a type.
fn after_word(text: &str) -> Option<&str> {
    let (word, _) = text.split_once([' ', '"', '=', ':'])?;
    let lower = word.to_ascii_lowercase();
    let is_name = lower.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"._-*".contains(&octet))
        && (lower.contains('.') || lower.starts_with('_'));
    let is_number = !lower.is_empty() && lower.bytes().all(|octet| octet.is_ascii_digit());
    if ["txt", "in", "@", "spf"].contains(&lower.as_str()) || is_name || is_number {
        return text.get(word.len()..);
    }
    // `TXTv=spf1`: the blank between was lost.
    let glued = text.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("txtv"));
    text.get(3..).filter(|_| glued)
}

#[cfg(test)]
mod tests {
    use super::{plain, without_words};

    #[test]
    fn words_of_a_zone_file() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(without_words(text), expected, "{text}");
        let record = Some("v=spf1 -all");
        check("TXTv=spf1 -all", record);
        check("txt v=spf1 -all", record);
        check("TXT=v=spf1 -all", record);
        check("\"TXT\" \"v=spf1 -all", record);
        check("@ 3600 IN TXT (\"v=spf1 -all", record);
        check("_dmarc.example.com. IN TXT v=spf1 -all", record);
        check("SPF: v=spf1 -all", record);
        for text in
            ["v=spf1 -all", "\"v=spf1 -all", "spf1 -all", "TXT", "TXT is a type", "see v=spf1 -all", ""]
        {
            check(text, None);
        }
    }

    #[test]
    fn what_was_meant() {
        let check = |octets: &[u8], expected: &str| assert_eq!(plain(octets), expected);
        check("“v=spf1 ip4：１９２．0．2．1 –all”".as_bytes(), "\"v=spf1 ip4:192.0.2.1 -all\"");
        check(b"\x93v=spf1\xa0\x96all\x94", "\"v=spf1 -all\"");
        check("v=spf1\u{a0}\u{200b}～all\u{feff}".as_bytes(), "v=spf1 ~all");
        check("іnclude:ехаmple".as_bytes(), "include:example");
    }
}
