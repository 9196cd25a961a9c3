//! Tables for the terminal, in columns that know how wide a kanji is.

use comfy_table::{ContentArrangement, Table, presets};
use unicode_width::UnicodeWidthStr as _;

/// Columns of a cell that a stranger filled.
const WIDEST: usize = 60;

/// A stranger's words for a cell: one line that commands no terminal, and not so wide that it pushes the others off the screen.
pub(crate) fn cell(text: &str) -> String {
    let mut cell: String = plain(text).chars().take(WIDEST).collect();
    if text.chars().nth(WIDEST).is_some() {
        cell.push('…');
    }
    cell
}

/// The text, at most so many columns wide.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut shown = String::new();
    for c in text.chars() {
        if shown.width() + 2 > columns {
            break;
        }
        shown.push(c);
    }
    shown.push('…');
    shown
}

/// A stranger's words in one line that commands no terminal.
pub(crate) fn plain(text: &str) -> String {
    text.replace(commands, " ")
}

/// Controls, and what turns the direction of writing or cannot be seen: with them a name is shown as another one.
pub(crate) fn commands(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A table with a heading row and no frame, as wide as it needs to be.
pub(crate) fn render(heading: &[String], rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(heading);
    for row in rows {
        table.add_row(row);
    }
    if let Some(first) = table.column_mut(0) {
        first.set_padding((0, 1));
    }
    let text: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    format!("{}\n", text.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_cannot_spoil_a_table() {
        assert_eq!(cell("店 <shop@example.org>"), "店 <shop@example.org>");
        assert_eq!(cell("a\u{1b}[31m\r\nb"), "a [31m  b");
        assert_eq!(cell("a\u{202e}gro.elpmaxe\u{200b}"), "a gro.elpmaxe ");
        assert_eq!(cell("a\u{9b}31m\u{202e}ssap\u{2069}"), "a 31m ssap ");
        assert_eq!(cell(&"(".repeat(200_000)).chars().count(), WIDEST + 1);
    }
}
