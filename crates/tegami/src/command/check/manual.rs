//! The page of all checks, `docs/checks.md` and `docs/checks.ja.md`, drawn from the catalogue; that of the score, `docs/score.md` and
//! `docs/score.ja.md`; and the schema of findings.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tegami_doctor::score::{BEST, BY_SEVERITY, Group, content_points, most_points, phrases};
use tegami_doctor::{About, Check, Severity, State, catalogue};
use tegami_words::Language;

/// The page in one language.
fn page(language: Language) -> String {
    let word = |id: &str| tegami_words::plain(language, id);
    let mut page = format!("# {}\n\n{}\n", word("cli-checks-title"), word("cli-checks-intro"));
    let _ = writeln!(page, "\n| | {} |\n| --- | --- |", word("cli-checks-meaning"));
    for severity in ["S4", "S3", "S2", "S1", "S0"] {
        let _ =
            writeln!(page, "| {severity} | {} |", word(&format!("cli-checks-{}", severity.to_lowercase())));
    }
    let _ = writeln!(page, "\n{}", word("cli-checks-states"));
    let mut last = "";
    for family in catalogue::FAMILIES.iter().filter(|family| !family.checks.is_empty()) {
        if std::mem::replace(&mut last, family.name) != family.name {
            let _ = writeln!(page, "\n## {}", word(&format!("check-family-{}", family.name)));
        }
        for check in family.checks {
            page.push_str(&entry(check, language));
        }
    }
    page
}

/// One check.
fn entry(check: &Check, language: Language) -> String {
    let word = |id: &str| tegami_words::plain(language, id);
    let who = |one: &str| word(&format!("check-who-{one}"));
    let colon = if language == Language::Japanese { "：" } else { ": " };
    let mut entry = format!("\n### `{}`\n\n**{}**", check.id, word(&check.title()));
    let subject = word(&format!("check-about-{}", check.about.as_str()));
    let _ = writeln!(entry, " ({:?}; {subject}; {})\n", check.severity, check.source);
    let _ = writeln!(entry, "{}", word(&check.documentation()));
    let mut line = |id: &str, text: String| {
        if !text.is_empty() {
            let _ = write!(entry, "\n- {}{colon}{text}", word(id));
        }
    };
    let list = |items: Vec<String>| items.join(", ");
    line("cli-checks-who", list(check.who.iter().map(|one| who(one.as_str())).collect()));
    let answers = check.consequences.iter();
    let answers = answers.map(|one| format!("{} `{}`", who(one.provider.as_str()), one.code));
    line("cli-checks-answers", list(answers.collect()));
    line("cli-checks-after", list(check.depends.iter().map(|id| format!("`{id}`")).collect()));
    if !entry.ends_with('\n') {
        entry.push('\n');
    }
    entry
}

/// So many tenths, as points.
fn points(tenths: u32) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// What every check of a message takes from its score.
fn score_page(language: Language) -> String {
    let word = |id: &str| tegami_words::plain(language, &format!("cli-score-page-{id}"));
    let mut page = format!("# {}\n\n{}\n", word("title"), word("intro"));
    let header = |words: [&str; 3]| format!("\n| {} |\n| --- | --- | --- |\n", words.map(&word).join(" | "));
    page.push_str(&header(["severity", "fail", "warn"]));
    for &(severity, tenths) in BY_SEVERITY {
        let warned = tegami_doctor::score::warned(severity);
        let _ = writeln!(page, "| {severity:?} | {} | {} |", points(tenths), points(warned));
    }
    let _ = writeln!(page, "\n{}", word("groups"));
    for group in Group::ALL {
        let title = word(&format!("group-{}", group.as_str()));
        let most = group.cap().map_or_else(|| word("no-cap"), points);
        let _ = write!(page, "\n## {title}\n\n{}: {most}\n", word("cap"));
        page.push_str(&rows(group, language));
    }
    let _ = writeln!(page, "\n## {}\n\n{}\n", word("phrases"), word("phrases-intro"));
    let (english, japanese) = phrases();
    for list in [english, japanese] {
        let quoted: Vec<String> = list.iter().map(|phrase| format!("`{phrase}`")).collect();
        let _ = writeln!(page, "- {}", quoted.join(", "));
    }
    page
}

/// The checks of a group that can take something from a message.
fn rows(group: Group, language: Language) -> String {
    let word = |id: &str| tegami_words::plain(language, &format!("cli-score-page-{id}"));
    let checks = catalogue::checks().filter(|check| check.about == About::Message);
    let checks: Vec<&Check> =
        checks.filter(|check| Group::of(check) == group && most_points(check) > 0).collect();
    if checks.is_empty() {
        return String::new();
    }
    let columns = ["check", "meaning", "most", "rule"].map(&word).join(" | ");
    let mut rows = format!("\n| {columns} |\n| --- | --- | --- | --- |\n");
    for check in checks {
        let most = most_points(check).min(group.cap().unwrap_or(BEST));
        let title = tegami_words::plain(language, &check.title());
        let _ = writeln!(rows, "| `{}` | {title} | {} | {} |", check.id, points(most), check.source);
    }
    rows
}

/// `TEGAMI_WRITE=1` writes the file.
fn stands(name: &str, text: &str) {
    let file: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    if std::env::var_os("TEGAMI_WRITE").is_some() {
        std::fs::write(&file, text).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(written == text, "docs/{name} says something else: TEGAMI_WRITE=1 cargo test -p tegami manual");
}

#[test]
fn the_page_of_checks_is_what_the_catalogue_says() {
    for (language, name) in [(Language::English, "checks.md"), (Language::Japanese, "checks.ja.md")] {
        let page = page(language);
        for id in ["check-", "cli-checks-"] {
            assert!(!page.contains(&format!(" {id}")), "{name}: a message is missing");
        }
        stands(name, &page);
    }
}

#[test]
fn the_page_of_the_score_is_what_the_doctor_takes() {
    for (language, name) in [(Language::English, "score.md"), (Language::Japanese, "score.ja.md")] {
        let page = score_page(language);
        assert!(!page.contains("cli-score-page-"), "{name}: a message is missing");
        stands(name, &page);
    }
}

/// What a check takes at the most is what its worst finding takes.
#[test]
fn the_most_is_what_a_failure_takes() {
    let taken = |id: &str, state| {
        let check = catalogue::find(id).unwrap();
        let found = check.found(state, "message", tegami_mail::note!("check-late"));
        (tegami_doctor::score::points(&found), most_points(check))
    };
    assert_eq!(taken("msg.spf", State::Fail), (40, 40));
    assert_eq!(taken("ct.link-shortener", State::Warn), (15, 15));
    assert_eq!(content_points().iter().find(|(id, _)| *id == "ct.caps"), Some(&("ct.caps", 12)));
    assert_eq!(tegami_doctor::score::warned(Severity::S4), 5);
}

#[test]
fn the_schema_of_findings_is_what_the_doctor_says() {
    stands("finding.schema.json", &format!("{:#}\n", tegami_doctor::json::schema()));
}
