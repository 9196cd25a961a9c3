//! Tables for the terminal, in columns that know how wide a kanji is.

use comfy_table::{ContentArrangement, Table, presets};

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
