//! The Date as it may have been, before a program read it and wrote the same moment otherwise.

use tegami_mail::note;

use super::header::{Clues, Proposal, field, written};
use crate::dkim::tag::excerpt;

pub(super) fn proposals(clues: &Clues<'_>) -> Vec<Proposal> {
    let Some(came) = field(clues.message, "date").filter(|field| field.raw.len() < 200) else {
        return Vec::new();
    };
    let text = came.text();
    let shown = excerpt(text.as_bytes());
    let proposal = |signed: String| {
        let said = excerpt(signed.as_bytes());
        let note = note!("dkim-header-rewritten", field = came.name, signed = said, came = shown);
        Proposal { weight: 2, fields: vec![written(came.name, signed.as_bytes())], note }
    };
    spellings(&text).into_iter().map(proposal).collect()
}

/// The same moment with another number of digits in the day, another way to say UTC, and with or without a comment.
fn spellings(text: &str) -> Vec<String> {
    let bare = text.split_once(" (").map_or(text, |(bare, _)| bare);
    let mut days = vec![bare.to_owned()];
    let (week, rest) = bare.split_once(", ").map_or(("", bare), |(week, rest)| (week, rest.trim_start()));
    if let Some((day, rest)) = rest.split_once(' ') {
        let other = day.strip_prefix('0').map_or_else(|| format!("0{day}"), str::to_owned);
        days.extend([other.as_str(), day].map(|day| {
            if week.is_empty() { format!("{day} {rest}") } else { format!("{week}, {day} {rest}") }
        }));
        days.push(format!("{other} {rest}"));
    }
    let mut ways = days.clone();
    for day in &days {
        for utc in ["+0000", "-0000", "GMT", "UT"] {
            let Some(moment) = day.strip_suffix(utc) else { continue };
            ways.extend(
                ["+0000", "-0000", "GMT", "+0000 (UTC)", "+0000 (GMT)"].map(|utc| format!("{moment}{utc}")),
            );
        }
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_moment_many_spellings() {
        let ways = spellings("Thu, 02 Jul 2026 03:00:00 +0000");
        assert!(ways.contains(&"Thu, 2 Jul 2026 03:00:00 +0000 (UTC)".to_owned()));
        assert!(ways.contains(&"Thu, 2 Jul 2026 03:00:00 GMT".to_owned()));
        assert!(
            spellings("Thu, 2 Jul 2026 12:00:00 +0900 (JST)")
                .contains(&"Thu, 02 Jul 2026 12:00:00 +0900".to_owned())
        );
        assert!(spellings("").len() < 9);
    }
}
