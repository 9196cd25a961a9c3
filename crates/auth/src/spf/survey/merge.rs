//! Several records as one.

use super::super::Qualifier;
use super::super::record::{Mechanism, Record, Term, TermKind};
use super::correction;

/// The records that the union of several comes to: first with the mildest of their `all`s, because it refuses nothing that
/// one of them lets pass, then with the strictest. Empty where one of them cannot be repaired.
pub fn merged(texts: &[&[u8]]) -> Vec<String> {
    let (mut terms, mut redirects) = (Vec::<String>::new(), Vec::<String>::new());
    let (mut explanation, mut ends) = (None, Vec::<Qualifier>::new());
    for text in texts {
        let rest = text.get("v=spf1".len()..).unwrap_or_default();
        let Some(record) = correction::record(rest).and_then(|text| Record::parse(text).ok()) else {
            return Vec::new();
        };
        for Term { text, kind, .. } in record.terms {
            let text = text.to_string();
            let known = terms.iter().any(|term| term.eq_ignore_ascii_case(&text));
            match kind {
                TermKind::Directive(qualifier, Mechanism::All) => ends.push(qualifier),
                TermKind::Redirect(_) => redirects.push(text),
                TermKind::Explanation(_) => explanation = explanation.or(Some(text)),
                _ if !known => terms.push(text),
                _ => {}
            }
        }
    }
    redirects.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
    // A redirect replaces the whole record, which the union must not do: what it allows is included.
    if ends.is_empty() && redirects.len() == 1 {
        terms.append(&mut redirects);
    }
    for redirect in redirects {
        let include = redirect.split_once('=').map(|(_, target)| format!("include:{target}"));
        terms.extend(include.filter(|include| !terms.contains(include)));
    }
    ends.sort_by_key(|qualifier| strictness(*qualifier));
    let ends = match (ends.first(), ends.last()) {
        (Some(mild), Some(strict)) if mild != strict => vec![Some(*mild), Some(*strict)],
        (one, _) => vec![one.copied()],
    };
    let whole = |end: Option<Qualifier>| {
        let end = end.map(|qualifier| format!("{}all", sign(qualifier)));
        let words = std::iter::once("v=spf1".to_owned()).chain(terms.iter().cloned()).chain(end);
        words.chain(explanation.clone()).collect::<Vec<_>>().join(" ")
    };
    ends.into_iter().map(whole).collect()
}

/// `-all` is the strictest.
fn strictness(qualifier: Qualifier) -> u8 {
    match qualifier {
        Qualifier::Pass => 0,
        Qualifier::Neutral => 1,
        Qualifier::SoftFail => 2,
        Qualifier::Fail => 3,
    }
}

/// As it is written before `all`.
fn sign(qualifier: Qualifier) -> &'static str {
    match qualifier {
        Qualifier::Pass => "+",
        Qualifier::Neutral => "?",
        Qualifier::SoftFail => "~",
        Qualifier::Fail => "-",
    }
}

#[cfg(test)]
mod tests {
    use super::merged;

    #[test]
    fn unions() {
        let check = |texts: &[&str], expected: &[&str]| {
            let texts: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
            assert_eq!(merged(&texts), expected);
        };
        check(
            &["v=spf1 ip4:192.0.2.10 mx ~all", "v=spf1 include:_spf.example.net MX -all"],
            &[
                "v=spf1 ip4:192.0.2.10 mx include:_spf.example.net ~all",
                "v=spf1 ip4:192.0.2.10 mx include:_spf.example.net -all",
            ],
        );
        check(&["v=spf1 a -all", "v=spf1 ipv4:192.0.2.1 -all"], &["v=spf1 a ip4:192.0.2.1 -all"]);
        check(&["v=spf1 a", "v=spf1 redirect=spf.example.net"], &["v=spf1 a redirect=spf.example.net"]);
        check(
            &["v=spf1 a -all exp=why.example.org", "v=spf1 redirect=spf.example.net"],
            &["v=spf1 a include:spf.example.net -all exp=why.example.org"],
        );
        check(&["v=spf1 a -all", "v=spf1 frobnicate:x -all"], &[]);
    }
}
