//! The page of all checks, `docs/checks.md` and `docs/checks.ja.md`, drawn from the catalogue; and the schema of findings.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tegami_doctor::{Check, catalogue};
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
fn the_schema_of_findings_is_what_the_doctor_says() {
    stands("finding.schema.json", &format!("{:#}\n", tegami_doctor::json::schema()));
}
