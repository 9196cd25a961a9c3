//! Entries of a master file become a zone (RFC 1035 section 5, RFC 2308 section 4, RFC 3597 section 5).

use std::time::Duration;

use super::lex::{self, Entry, Token};
use super::{Fault, Problem, Zone, ZoneError, rdata};
use crate::{DnsName, RecordType, kind};

/// For records where neither they nor `$TTL` nor a record before them say how long they may be kept.
const DEFAULT_TTL: u32 = 3600;

/// Said of a first record without an owner.
const NO_OWNER: &str =
    "the line begins with a blank, but no record stands before it whose owner it could take";

/// Reads a whole file and tells every problem in it.
pub(super) fn zone(text: &str) -> Result<Zone, ZoneError> {
    let (entries, problems) = lex::entries(text);
    let mut reader = Reader {
        zone: Zone::default(),
        origin: DnsName::root(),
        default_ttl: None,
        last_ttl: DEFAULT_TTL,
        owner: None,
    };
    let mut problems: Vec<Problem> = problems
        .into_iter()
        .chain(
            entries
                .iter()
                .filter_map(|entry| reader.entry(entry).err().map(|what| Problem { line: entry.line, what })),
        )
        .collect();
    problems.sort_by_key(|problem| problem.line);
    if problems.is_empty() { Ok(reader.zone) } else { Err(ZoneError { problems }) }
}

/// A name as a master file writes it: `@` is the origin, without a final dot the origin is added.
pub(super) fn absolute(text: &str, origin: &DnsName) -> Result<DnsName, String> {
    let problem = |why: &dyn std::fmt::Display| format!("`{text}` is not a name: {why}");
    if text.is_empty() {
        return Err(problem(&"it is empty"));
    }
    if text == "@" {
        return Ok(origin.clone());
    }
    let name = if origin.is_root() || ends_absolute(text) {
        DnsName::parse(text)
    } else {
        DnsName::parse(&format!("{text}.{origin}"))
    };
    name.map_err(|why| problem(&why))
}

/// Seconds, or BIND's `1h30m` (units w, d, h, m, s).
pub(super) fn seconds(text: &str) -> Option<u32> {
    if let Ok(number) = text.parse() {
        return text.starts_with(|c: char| c.is_ascii_digit()).then_some(number);
    }
    let (mut total, mut number) = (0_u32, None::<u32>);
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(digit)?);
            continue;
        }
        let unit = match c.to_ascii_lowercase() {
            'w' => 604_800,
            'd' => 86_400,
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        total = total.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    (number.is_none() && !text.is_empty()).then_some(total)
}

/// Whether the last dot is a dot and not an escaped character.
fn ends_absolute(text: &str) -> bool {
    let Some(before) = text.strip_suffix('.') else { return false };
    (before.len() - before.trim_end_matches('\\').len()) % 2 == 0
}

struct Reader {
    zone: Zone,
    origin: DnsName,
    /// What `$TTL` said (RFC 2308 section 4).
    default_ttl: Option<u32>,
    /// What the last record with a TTL said (RFC 1035 section 5.1).
    last_ttl: u32,
    owner: Option<DnsName>,
}

impl Reader {
    fn entry(&mut self, entry: &Entry) -> Result<(), String> {
        let Some((first, rest)) = entry.tokens.split_first() else { return Ok(()) };
        if !first.quoted && first.text.starts_with('$') {
            return self.directive(first, rest);
        }
        // A blank before an owner is forgiven wherever the line can mean nothing else.
        let mut failure = None;
        if entry.indented && leads_record(first) {
            let inherited = self.owner.clone().ok_or_else(|| NO_OWNER.to_owned());
            match inherited.and_then(|owner| self.record(&owner, &entry.tokens)) {
                Ok(()) => return Ok(()),
                Err(what) => failure = Some(what),
            }
        }
        let own = absolute(&first.text, &self.origin).and_then(|owner| {
            let outcome = self.record(&owner, rest);
            // A line that fails still says whose the lines after it are.
            if outcome.is_ok() || failure.is_none() {
                self.owner = Some(owner);
            }
            outcome
        });
        own.map_err(|what| failure.unwrap_or(what))
    }

    fn record(&mut self, owner: &DnsName, tokens: &[Token]) -> Result<(), String> {
        let (mut ttl, mut class, mut rest) = (None, false, tokens);
        // TTL and class may stand in either order, each may be left out (RFC 1035 section 5.1).
        let word = loop {
            let (word, after) = rest.split_first().ok_or("the record has no type")?;
            rest = after;
            if word.is("IN") && !class {
                class = true;
            } else if let (None, false, Some(value)) = (ttl, word.quoted, seconds(&word.text)) {
                ttl = Some(ttl_limit(value, &word.text)?);
            } else {
                break word;
            }
        };
        if ["CH", "HS", "CS", "ANY", "NONE"].iter().any(|class| word.is(class)) {
            return Err(format!("class {} is not served, only IN is", word.text));
        }
        let code = record_type(word)?;
        let rdata = rdata::read(code, rest, &self.origin)?;
        if let Some(ttl) = ttl {
            self.last_ttl = ttl;
        }
        let ttl = ttl.or(self.default_ttl).unwrap_or(self.last_ttl);
        self.zone.insert(owner.clone(), super::Entry::new(code, Duration::from_secs(ttl.into()), rdata));
        Ok(())
    }

    fn directive(&mut self, word: &Token, arguments: &[Token]) -> Result<(), String> {
        let name = word.text.to_ascii_uppercase();
        match (name.as_str(), arguments) {
            ("$ORIGIN", [origin]) => self.origin = absolute(&origin.text, &self.origin)?,
            ("$TTL", [ttl]) => {
                let value = seconds(&ttl.text).ok_or_else(|| format!("`{}` is not a TTL", ttl.text))?;
                self.default_ttl = Some(ttl_limit(value, &ttl.text)?);
            }
            ("$SECURE", [top]) => {
                let top = absolute(&top.text, &self.origin)?;
                self.zone.secure(top);
            }
            ("$SERVFAIL", [name, kind @ ..]) => self.fault(Fault::ServFail, name, kind)?,
            ("$TIMEOUT", [name, kind @ ..]) => self.fault(Fault::Timeout, name, kind)?,
            ("$BOGUS", [name, kind @ ..]) => self.fault(Fault::Bogus, name, kind)?,
            ("$INCLUDE", _) => return Err("$INCLUDE is refused: zone text reads no other files".to_owned()),
            ("$ORIGIN" | "$TTL" | "$SECURE", _) => {
                return Err(format!("{name} takes exactly one word after it"));
            }
            ("$SERVFAIL" | "$TIMEOUT" | "$BOGUS", _) => {
                return Err(format!("{name} takes a name and, if wanted, a type"));
            }
            _ => {
                return Err(format!(
                    "{} is unknown: there are $ORIGIN, $TTL, $SERVFAIL, $TIMEOUT, $BOGUS and $SECURE",
                    word.text
                ));
            }
        }
        Ok(())
    }

    fn fault(&mut self, fault: Fault, name: &Token, kind: &[Token]) -> Result<(), String> {
        let name = absolute(&name.text, &self.origin)?;
        let code = match kind {
            [] => None,
            [kind] => Some(record_type(kind)?),
            [_, extra, ..] => {
                return Err(format!("`{}` is too much: a name and one type are enough", extra.text));
            }
        };
        self.zone.fail(name, fault, code);
        Ok(())
    }
}

/// Whether a word can stand after an owner that was left out.
fn leads_record(word: &Token) -> bool {
    !word.quoted && (word.is("IN") || seconds(&word.text).is_some() || kind::code_of(&word.text).is_some())
}

fn record_type(word: &Token) -> Result<u16, String> {
    if word.quoted {
        return Err(format!("\"{}\" stands where the type is expected", word.text));
    }
    kind::code_of(&word.text).ok_or_else(|| {
        let known: Vec<String> = RecordType::all().map(|kind| kind.to_string()).collect();
        format!(
            "`{}` is not a type that is known here ({}); every other can be written as `TYPEnumber \\# length hex`",
            word.text,
            known.join(", ")
        )
    })
}

/// RFC 2181 section 8: a TTL has 31 bits.
fn ttl_limit(value: u32, text: &str) -> Result<u32, String> {
    if value > i32::MAX.unsigned_abs() {
        Err(format!("the TTL `{text}` is longer than 2147483647 seconds"))
    } else {
        Ok(value)
    }
}
