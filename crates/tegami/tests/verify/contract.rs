//! The JSON of the verification commands on cases reasoned from the standards: `contract/*.txt`.
//!
//! A file is a list of lines:
//!
//! | line | meaning |
//! | --- | --- |
//! | `@zone` | zone text follows; it stands until the next |
//! | `@file NAME` | a file follows, lines ended by CRLF; `@unix NAME` by LF; `\xHH` is an octet |
//! | `== TITLE` | a case begins |
//! | `@run WORDS` | its command line; `--json` and `--zone` are put after it where they are not there |
//! | `@exit N` | its exit status |
//! | `@error TEXT` | standard error has this text |
//! | `/POINTER JSON` | this member of the output is this value |
//! | `/POINTER ? JSON` | this array has an element with these members |
//! | `/POINTER # N` | this array has so many elements |
//! | `/POINTER ~ JSON` | this text has that text in it |
//!
//! Everything before the first of these is for people.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Answer, Scene};

/// One case, and what it runs against.
#[derive(Default)]
struct Case<'t> {
    title: &'t str,
    run: &'t str,
    exit: i32,
    errors: Vec<&'t str>,
    expected: Vec<&'t str>,
}

/// What lines that follow belong to.
enum Place<'t> {
    Nothing,
    Zone(String),
    File { name: &'t str, content: String, line_end: &'t str },
    Case(Case<'t>),
}

/// Runs all cases of a text; tells all that differ, at once.
fn check(text: &str) {
    let scene = Scene::new("");
    let (mut count, mut differences) = (0, String::new());
    let mut place = Place::Nothing;
    for line in text.lines().chain(["== "]) {
        if let Some(next) = begins(line) {
            match std::mem::replace(&mut place, next) {
                Place::Nothing => {}
                Place::Zone(zone) => drop(scene.file("zone", zone.as_bytes())),
                Place::File { name, content, line_end } => {
                    drop(scene.file(name, &octets(&content.replace('\n', line_end))));
                }
                Place::Case(case) => {
                    count += 1;
                    differences += &differs(&case, &scene);
                }
            }
            continue;
        }
        match &mut place {
            Place::Nothing => {}
            Place::Zone(text) | Place::File { content: text, .. } => {
                text.push_str(line);
                text.push('\n');
            }
            Place::Case(case) => match line.split_once(' ').unwrap_or((line, "")) {
                ("", _) => {}
                ("@run", words) => case.run = words,
                ("@exit", status) => case.exit = status.parse().unwrap(),
                ("@error", text) => case.errors.push(text),
                _ if line.starts_with('/') => case.expected.push(line),
                _ => panic!("what is `{line}`?"),
            },
        }
    }
    assert!(count > 0);
    assert!(differences.is_empty(), "of {count} cases\n{differences}");
}

fn begins(line: &str) -> Option<Place<'_>> {
    Some(match line.split_once(' ').unwrap_or((line, "")) {
        ("@zone", _) => Place::Zone(String::new()),
        ("@file", name) => Place::File { name, content: String::new(), line_end: "\r\n" },
        ("@unix", name) => Place::File { name, content: String::new(), line_end: "\n" },
        ("==", title) => Place::Case(Case { title, ..Case::default() }),
        _ => return None,
    })
}

/// The octets of a text, with `\xHH` for those that no text has.
fn octets(text: &str) -> Vec<u8> {
    let mut pieces = text.split("\\x");
    let mut octets = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (hex, rest) = piece.split_at(2);
        octets.push(u8::from_str_radix(hex, 16).unwrap());
        octets.extend_from_slice(rest.as_bytes());
    }
    octets
}

/// How a case differs from what is expected; nothing where it does not.
fn differs(case: &Case<'_>, scene: &Scene) -> String {
    let mut words = case.run.to_owned();
    if !words.contains("--zone") {
        words += " --zone zone";
    }
    let Answer { status, output, errors } = scene.run(&format!("{words} --json"));
    let mut wrong = String::new();
    if status != case.exit {
        writeln!(wrong, "  exit status {status}, expected {}", case.exit).unwrap();
    }
    for text in case.errors.iter().filter(|text| !errors.contains(**text)) {
        writeln!(wrong, "  `{text}` is not told").unwrap();
    }
    let found: Value = serde_json::from_str(&output).unwrap_or_default();
    for line in &case.expected {
        let (pointer, expected) = line.split_once(' ').unwrap();
        let value = found.pointer(pointer).unwrap_or(&Value::Null);
        if !holds(value, expected) || found.is_null() {
            writeln!(wrong, "  {pointer} is {value:.600}\n    expected {expected}").unwrap();
        }
    }
    if wrong.is_empty() { wrong } else { format!("{}\n  {}\n{wrong}  {errors}\n", case.title, case.run) }
}

fn holds(value: &Value, expected: &str) -> bool {
    let read = |text: &str| -> Value {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    };
    match expected.split_at_checked(2) {
        Some(("? ", expected)) => {
            let members = read(expected);
            let has = |element: &Value| {
                members.as_object().unwrap().iter().all(|(name, value)| &element[name] == value)
            };
            value.as_array().is_some_and(|elements| elements.iter().any(has))
        }
        Some(("# ", count)) => value.as_array().is_some_and(|elements| elements.len().to_string() == count),
        Some(("~ ", part)) => value.as_str().is_some_and(|text| text.contains(read(part).as_str().unwrap())),
        _ => *value == read(expected),
    }
}

#[test]
fn spf() {
    check(include_str!("contract/spf.txt"));
}

#[test]
fn dmarc() {
    check(include_str!("contract/dmarc.txt"));
}

#[test]
fn inspect() {
    check(include_str!("contract/inspect.txt"));
}

/// What strangers write in names, records and fields neither commands the terminal nor turns the order of the text
/// (Unicode Standard Annex #9), although styles are asked for.
#[test]
fn strangers_command_no_terminal() {
    const EVIL: &str = "\u{1b}[2J\u{9b}2J\u{202e}\u{7}";
    let scene = Scene::new(&format!(
        "evil.test. TXT \"v=spf1 -all {EVIL}\"\n\
         _dmarc.evil.test. TXT \"v=DMARC1; p={EVIL}; {EVIL}=x; rua=mailto:{EVIL}@x.test\"\n\
         s._domainkey.evil.test. TXT \"v=DKIM1; p={EVIL}; {EVIL}=\"\n\
         1.2.0.192.in-addr.arpa. PTR {EVIL}.evil.test.\n"
    ));
    let field = format!(
        "From: {EVIL} <a@evil.test>\r\nSubject: {EVIL}\r\nDKIM-Signature: v=1; a={EVIL}; d={EVIL}.test; s={EVIL}; h=from\r\n\
         ARC-Seal: i={EVIL}\r\nReceived: from {EVIL} ({EVIL}.x [192.0.2.1]) by {EVIL} id {EVIL}; Mon\r\n\r\n{EVIL}"
    );
    scene.file("message", field.as_bytes());
    let inspect = "inspect message --ip 192.0.2.1 --mail-from '' --zone zone";
    for words in [
        "lookup spf evil.test --ip 192.0.2.1 --zone zone",
        "lookup dmarc evil.test --zone zone",
        "lookup dkim evil.test s --zone zone",
        "lookup ptr 192.0.2.1 --zone zone",
        &format!("{inspect} --explain --helo {EVIL}"),
        &format!("{inspect} --helo {EVIL} --lang ja"),
        &format!("{inspect} --what-if dkim.remove --helo {EVIL}"),
    ] {
        let Answer { status, output, errors } = scene.run_styled(words);
        assert!(status < 2 && output.lines().count() > 2, "{words}: {errors}");
        // Our own styles are all of one form.
        let mut pieces = output.split("\u{1b}[");
        let first = pieces.next().unwrap_or_default().to_owned();
        let plain = pieces.fold(first, |text, piece| {
            let (style, after) = piece.split_once('m').unwrap_or(("none", piece));
            let is_ours = style.chars().all(|c| c.is_ascii_digit());
            if is_ours { text + after } else { text + "\u{1b}" + piece }
        });
        let commands = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!plain.contains(commands), "{words}: {plain:?}");
        assert_ne!(plain, output, "{words}: styles were asked for");
    }
}
