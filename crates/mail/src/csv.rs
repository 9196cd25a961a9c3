//! Comma-separated values (RFC 4180), read with tolerance: LF line ends, blank lines, a byte order mark.

/// The cells of each line that has any, with the number of the line on which it begins, from 1.
pub fn read(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut lines: Vec<(usize, Vec<String>)> = Vec::new();
    let (mut line, mut begun) = (1, 1);
    let (mut row, mut cell, mut in_quotes) = (Vec::new(), String::new(), false);
    let mut letters = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(letter) = letters.next() {
        line += usize::from(letter == '\n');
        match letter {
            '"' if in_quotes && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' if in_quotes || cell.trim().is_empty() => {
                in_quotes = !in_quotes;
            }
            ',' if !in_quotes => row.push(std::mem::take(&mut cell)),
            '\n' if !in_quotes => {
                row.push(std::mem::take(&mut cell));
                lines.push((begun, std::mem::take(&mut row)));
                begun = line;
            }
            '\r' if !in_quotes => {}
            other => cell.push(other),
        }
    }
    row.push(cell);
    lines.push((begun, row));
    lines.retain(|(_, cells)| cells.iter().any(|cell| !cell.trim().is_empty()));
    lines
}

/// The cells as a line, its line end included.
pub fn line<T: AsRef<str>>(cells: &[T]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell.as_ref())).collect();
    format!("{}\r\n", cells.join(","))
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\r', '\n']) || cell != cell.trim() {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(cells in prop::collection::vec("[a\"\\r\n, é]{0,6}x", 1..4)) {
            prop_assert_eq!(read(&line(&cells)), vec![(1, cells)]);
        }

        #[test]
        fn nothing_panics(text: String) {
            read(&text);
        }
    }
}
