//! An examination for people: what to do first comes first, records so that they can be pasted.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use tegami_dns::{Data, RecordType};
use tegami_doctor::memory::Changed;
use tegami_doctor::probe::Made;
use tegami_doctor::{
    Change, Check, Consequence, Examination, Finding, Fix, Operation, Question, Severity, State,
};
use tegami_mail::{Note, note};
use unicode_width::UnicodeWidthStr as _;

use super::super::context::moment;
use super::super::prose::{DIM, Prose, paint, style};
use super::super::{Context, table};
use super::baseline::Since;
use super::examine::is_unanswered;

/// Lines of evidence that are shown of one finding unless everything is wanted, and their columns.
const MAX_EVIDENCE: usize = 4;
const EVIDENCE_COLUMNS: usize = 74;
/// The reason of lists of reputation that show nothing, not even their own test entry. Where nothing outside can be asked, all of them do so.
const SILENT_LIST: &str = "rbl-unsaid-test";
/// What a record is published with, in seconds, where nothing is said.
const TTL: u32 = 3600;

/// Findings that are told together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    /// To be mended first.
    Mend,
    /// To be improved then.
    Improve,
    /// Could not be looked at.
    Open,
    /// Worth knowing.
    Known,
    /// Well.
    Well,
    /// Does not apply.
    Aside,
}

impl Group {
    const ALL: [Self; 6] = [Self::Mend, Self::Improve, Self::Open, Self::Known, Self::Well, Self::Aside];

    fn of(finding: &Finding) -> Self {
        match finding.state {
            State::Fail if finding.severity >= Severity::S3 => Self::Mend,
            State::Fail | State::Warn => Self::Improve,
            State::Unknown => Self::Open,
            State::Info => Self::Known,
            State::Pass => Self::Well,
            State::NotApplicable => Self::Aside,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Mend => "mend",
            Self::Improve => "improve",
            Self::Open => "open",
            Self::Known => "known",
            Self::Well => "well",
            Self::Aside => "aside",
        }
    }
}

/// The whole examination, with everything that stands behind it.
pub(in crate::command) fn explained(examination: &Examination, context: &Context) -> String {
    text(examination, None, true, context)
}

/// The whole examination.
pub(super) fn text(
    examination: &Examination,
    since: Option<&Since>,
    explain: bool,
    context: &Context,
) -> String {
    let mut telling = Telling { prose: Prose::new(context), context, explain };
    telling.summary(examination);
    since.into_iter().for_each(|since| telling.since(since, examination));
    for group in Group::ALL {
        let of_group: Vec<_> =
            examination.findings.iter().filter(|finding| Group::of(finding) == group).collect();
        if !of_group.is_empty() {
            telling.group(group, &of_group);
        }
    }
    if explain {
        telling.questions(&examination.questions);
        telling.probes(&examination.probes);
    }
    telling.caches(examination);
    telling.prose.into_text()
}

/// What is worse or better than at the last look; nothing where nothing is.
pub(super) fn changes(examination: &Examination, changes: &[Changed], at: &str, context: &Context) -> String {
    let mut telling = Telling { prose: Prose::new(context), context, explain: false };
    for change in changes {
        let Some(row) = change.row() else { continue };
        let word = context.word(if change.worse { "cli-check-worse" } else { "cli-check-better" });
        let word = paint(style(if change.worse { "fail" } else { "pass" }).bold(), &word);
        telling.prose.line(&format!("{at}  {word}  {}  {}", row.id, table::plain(&row.subject)));
        for finding in behind(change, examination) {
            telling.finding(finding);
        }
    }
    telling.prose.into_text()
}

/// When the watcher looks again.
pub(super) fn next_look(next: Duration, context: &Context) -> String {
    let mut prose = Prose::new(context);
    prose.sentence(0, &note!("cli-check-watching", time = span(next, context)), "");
    format!("\n{}", prose.into_text())
}

/// The list that a reason names.
fn list_of(note: &Note) -> Option<&str> {
    note.args.iter().find(|(name, _)| *name == "list").map(|(_, value)| value.as_str())
}

/// The findings that a change is about, as they are now.
pub(super) fn behind<'e>(change: &Changed, examination: &'e Examination) -> Vec<&'e Finding> {
    let Some(row) = &change.now else { return Vec::new() };
    let same = |finding: &&Finding| {
        finding.check.id == row.id && finding.subject == row.subject && finding.state.as_str() == row.state
    };
    examination.findings.iter().filter(same).collect()
}

/// The mark of a state.
fn mark(state: State) -> String {
    let mark = match state {
        State::Fail => "✗",
        State::Warn => "!",
        State::Unknown => "?",
        State::Info => "i",
        State::Pass => "✓",
        State::NotApplicable => "–",
    };
    paint(style(state.as_str()).bold(), mark)
}

/// `2 min`, `1 h`, `1 d`: whole units, rounded up.
fn span(time: Duration, context: &Context) -> String {
    let seconds = time.as_secs();
    let (count, unit) = match seconds {
        0..=99 => (seconds, "s"),
        100..3_600 => (seconds.div_ceil(60), "min"),
        3_600..129_600 => (seconds.div_ceil(3_600), "h"),
        _ => (seconds.div_ceil(86_400), "d"),
    };
    format!("{count}{}", context.word(&format!("cli-inspect-unit-{unit}")))
}

/// A record as a line of a zone file.
fn zone_line(change: &Change) -> String {
    let data = match change.kind {
        RecordType::Txt => Data::Txt(change.value.clone().into_bytes().into()).to_string(),
        _ => change.value.clone(),
    };
    let kind = change.kind;
    // RFC 1035 section 5.1: what a fix names may hold a stranger's words, and a line of a zone file is one line.
    table::plain(&format!("{}. {TTL} IN {kind} {data}", change.name.trim_end_matches('.')))
}

struct Telling<'c> {
    prose: Prose<'c>,
    context: &'c Context,
    explain: bool,
}

impl Telling<'_> {
    fn word(&self, id: &str) -> String {
        self.context.word(&format!("cli-check-{id}"))
    }

    fn title(&self, check: &Check) -> String {
        self.context.word(&check.title())
    }

    fn summary(&mut self, examination: &Examination) {
        let worst = [State::Fail, State::Warn].into_iter().find(|state| examination.count(*state) > 0);
        let open = is_unanswered(examination).then_some(State::Unknown);
        let worst = worst.or(open).unwrap_or(State::Pass);
        self.prose.verdict(&examination.subject, worst.as_str());
        let count = |group| examination.findings.iter().filter(|one| Group::of(one) == group).count();
        let counts = note!(
            "cli-check-summary",
            mend = count(Group::Mend),
            improve = count(Group::Improve),
            open = count(Group::Open),
            well = count(Group::Well) + count(Group::Known),
            questions = examination.questions.len()
        );
        self.prose.sentence(2, &counts, "");
    }

    fn since(&mut self, since: &Since, examination: &Examination) {
        let at = moment(since.at);
        let told = match (since.written, since.changes.is_empty()) {
            (true, _) => note!("cli-check-baseline-written"),
            (false, true) => note!("cli-check-baseline-same", at = at),
            (false, false) => note!("cli-check-baseline-since", at = at),
        };
        self.prose.gap();
        self.prose.sentence(0, &told, "");
        for change in &since.changes {
            let Some(row) = change.row() else { continue };
            let word = self.word(if change.worse { "worse" } else { "better" });
            let word = paint(style(if change.worse { "fail" } else { "pass" }).bold(), &word);
            let subject = if row.subject == examination.subject { "" } else { &row.subject };
            self.prose.line(format!("  {word}  {}  {}", row.id, table::plain(subject)).trim_end());
        }
    }

    fn group(&mut self, group: Group, findings: &[&Finding]) {
        let named = matches!(group, Group::Mend | Group::Improve | Group::Known);
        if !named && !self.explain && group != Group::Open {
            return;
        }
        self.prose.heading(&self.word(&format!("group-{}", group.word())));
        match group {
            Group::Open => return self.open(findings),
            Group::Known => return self.known(findings),
            _ => {}
        }
        let mut last: Option<&str> = None;
        for finding in findings {
            let check = finding.check;
            if last != Some(check.id) {
                if last.is_some() && named {
                    self.prose.gap();
                }
                self.headline(finding);
            }
            last = Some(check.id);
            self.finding(finding);
        }
    }

    /// The mark, the identifier and the title, which says how it should be.
    fn headline(&mut self, finding: &Finding) {
        let check = finding.check;
        let (mark, title) = (mark(finding.state), self.title(check));
        let severity =
            if finding.state >= State::Warn { format!(" {:?}", finding.severity) } else { String::new() };
        let id = paint(DIM, &format!("{}{severity}", check.id));
        let used = 2 + check.id.width() + severity.width() + 2;
        if used + title.width() <= 80 {
            self.prose.line(&format!("{mark} {title}  {id}"));
        } else {
            self.prose.line(&format!("{mark} {title}"));
            self.prose.line(&format!("    {id}"));
        }
    }

    /// What was seen, what stands behind it, and what to do.
    fn finding(&mut self, finding: &Finding) {
        let bad = finding.state >= State::Warn;
        let source = if bad || self.explain { finding.source } else { "" };
        self.prose.sentence(4, &finding.note, source);
        if bad {
            self.consequences(finding.check);
        }
        if bad || self.explain {
            self.evidence(&finding.evidence);
        }
        finding.fix.iter().for_each(|fix| self.fix(fix));
    }

    fn consequences(&mut self, check: &Check) {
        if check.consequences.is_empty() {
            return;
        }
        let told = |one: &Consequence| {
            format!("{} {}", self.context.word(&format!("check-who-{}", one.provider.as_str())), one.code)
        };
        let answers: Vec<String> = check.consequences.iter().map(told).collect();
        self.prose.sentence(4, &note!("cli-check-answers", answers = answers.join(", ")), "");
    }

    fn evidence(&mut self, lines: &[String]) {
        let most = if self.explain { usize::MAX } else { MAX_EVIDENCE };
        for line in lines.iter().take(most) {
            let line = table::plain(line);
            let shown = if self.explain { line } else { table::cut(&line, EVIDENCE_COLUMNS) };
            self.prose.line(&format!("      {}", paint(DIM, &shown)));
        }
        if lines.len() > most {
            self.prose.sentence(6, &note!("cli-check-more-lines", count = lines.len() - most), "");
        }
    }

    fn fix(&mut self, fix: &Fix) {
        let text = self.context.say(&fix.note);
        self.prose.hanging("    → ", &text);
        if let Some(by) = &fix.by {
            let told = match by.parse::<IpAddr>() {
                Ok(ip) => note!("cli-check-by-owner", ip = ip),
                Err(_) => note!("cli-check-by", who = by),
            };
            self.prose.sentence(6, &told, "");
        }
        for (number, changes) in fix.choices.iter().enumerate() {
            if number > 0 {
                let or = self.context.word("cli-spf-or");
                self.prose.line(&format!("      {or}"));
            }
            self.records(changes);
        }
        for line in fix.settings.iter().flat_map(|lines| lines.lines()) {
            self.prose.line(&format!("      {}", table::plain(line)));
        }
    }

    /// A piece of a zone file: what is not to be added stands in comments.
    fn records(&mut self, changes: &[Change]) {
        let mut last = Operation::Add;
        for change in changes {
            let line = zone_line(change);
            if change.operation != last {
                let word = self.word(match change.operation {
                    Operation::Add => "zone-add",
                    Operation::Replace => "zone-replace",
                    Operation::Delete => "zone-delete",
                });
                self.prose.line(&format!("      {}", paint(DIM, &format!("; {word}"))));
            }
            last = change.operation;
            let comment = if change.operation == Operation::Delete { "; " } else { "" };
            self.prose.line(&format!("      {comment}{line}"));
        }
    }

    /// What is worth knowing. How it should be is not said: nothing has to be done.
    fn known(&mut self, findings: &[&Finding]) {
        for (number, finding) in findings.iter().enumerate() {
            if number > 0 {
                self.prose.gap();
            }
            let id = paint(DIM, finding.check.id);
            self.prose.hanging("  i ", &self.context.say(&finding.note));
            if self.explain {
                self.evidence(&finding.evidence);
            }
            finding.fix.iter().for_each(|fix| self.fix(fix));
            self.prose.line(&format!("    {id}"));
        }
    }

    /// What could not be looked at, by reason.
    fn open(&mut self, findings: &[&Finding]) {
        let silent = |finding: &&&Finding| finding.note.id == SILENT_LIST;
        let mut lists: Vec<&str> = Vec::new();
        for list in findings.iter().filter(silent).filter_map(|one| list_of(&one.note)) {
            if !lists.contains(&list) {
                lists.push(list);
            }
        }
        let several = lists.len() > 1;
        let together = note!("rbl-unsaid-tests", lists = lists.join(", "));
        let say = |finding: &Finding| {
            let silent = several && finding.note.id == SILENT_LIST;
            self.context.say(if silent { &together } else { &finding.note })
        };
        let said: Vec<(String, &str)> = findings.iter().map(|one| (say(one), one.check.id)).collect();
        let mut told = BTreeSet::new();
        for (reason, _) in &said {
            if !told.insert(reason) {
                continue;
            }
            let same = said.iter().filter(|(other, _)| other == reason);
            let mut ids: Vec<&str> = same.map(|(_, id)| *id).collect();
            ids.dedup();
            self.prose.hanging("  ? ", reason);
            self.prose.paragraph(4, &ids.join(", "));
        }
    }

    fn questions(&mut self, questions: &[Question]) {
        self.prose.heading(&self.word("questions"));
        for question in questions {
            self.prose.hanging("  ", &question.line());
        }
    }

    fn probes(&mut self, probes: &[Made]) {
        if probes.is_empty() {
            return;
        }
        self.prose.heading(&self.word("probes"));
        for made in probes {
            self.prose.hanging("  ", &made.to_string());
        }
    }

    /// Old answers lie in caches for a while.
    fn caches(&mut self, examination: &Examination) {
        let mended = examination.findings.iter().filter(|finding| finding.fix.is_some());
        let Some(ttl) = mended.filter_map(|finding| finding.ttl).filter(|ttl| *ttl < Duration::MAX).max()
        else {
            return;
        };
        self.prose.gap();
        self.prose.sentence(0, &note!("cli-check-caches", time = span(ttl, self.context)), "");
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use tegami_doctor::{Examination, catalogue};
    use tegami_words::Language;

    use super::*;
    use crate::cli::Global;

    /// Findings of every kind, of checks that will always be there.
    fn examination() -> Examination {
        let check = |id| catalogue::find(id).unwrap();
        let key = format!("v=DKIM1; k=rsa; p={}", "A".repeat(240));
        let records = vec![
            Change::new(Operation::Delete, "example.org", RecordType::Mx, "30 mx9.example.org."),
            Change::new(Operation::Replace, "example.org", RecordType::Mx, "10 mx1.example.org."),
            Change::txt(Operation::Add, "s1._domainkey.example.org", key),
        ];
        let fix = Fix::new(note!("mx-resolves-fix", host = "mx9.example.org")).records(records);
        let by = Fix::new(note!("mx-public-ip-fix", host = "mx1.example.org")).by("example.net");
        let unanswered = note!("dns-unanswered", name = "example.org", kind = "TXT", error = "SERVFAIL");
        let host = "mx9.example.org";
        let findings = vec![
            check("mx.resolves")
                .fail(host, note!("mx-resolves-none", host = host))
                .evidences((1..=6).map(|at| format!("line {at}\u{1b}[31m {}", "x".repeat(80))))
                .fix(fix.records(vec![Change::new(Operation::Add, host, RecordType::A, "192.0.2.9")]))
                .ttl(Duration::from_secs(7_000)),
            check("mx.public-ip")
                .warn(
                    "mx1.example.org",
                    note!("mx-public-ip-private", host = "mx1.example.org", ip = "10.0.0.1"),
                )
                .fix(by),
            check("mx.exists").unknown("example.org", unanswered.clone()),
            check("mx.resolves").unknown("example.org", unanswered),
            check("mx.exists").info("example.org", note!("mx-exists-null", domain = "example.org")),
            check("mx.public-ip").pass("mx2.example.org", note!("mx-public-ip", host = "mx2.example.org")),
        ];
        let (questions, probes) = (Vec::new(), Vec::new());
        Examination { subject: "example.org".to_owned(), findings, questions, probes, sts: None }
    }

    fn told(language: Language, expect: &Expect) {
        let global = Global { config: None, lang: Some(language), json: false };
        let told = text(&examination(), None, false, &Context::new(&global));
        expect.assert_eq(&anstream::adapter::strip_str(&told).to_string());
    }

    #[test]
    fn what_to_do_first_comes_first() {
        told(
            Language::English,
            &expect![[r#"
            example.org: fail
              To mend: 1. To improve: 1. In order: 2. Could not be looked at: 2. Questions
              to the DNS: 0.

            To mend first
            ✗ Every mail host has an address  mx.resolves S4
                mx9.example.org has neither an A nor an AAAA record. [RFC 5321 section 5.1]
                  line 1 [31m xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
                  line 2 [31m xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
                  line 3 [31m xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
                  line 4 [31m xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
                  … and 2 more lines (--explain shows them).
                → Publish the address of mx9.example.org, or take it out of the MX records.
                  ; to take away:
                  ; example.org. 3600 IN MX 30 mx9.example.org.
                  ; in place of what is there:
                  example.org. 3600 IN MX 10 mx1.example.org.
                  ; to add:
                  s1._domainkey.example.org. 3600 IN TXT "v=DKIM1; k=rsa; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" "AAA"
                  or
                  mx9.example.org. 3600 IN A 192.0.2.9

            To improve
            ! Mail hosts have public addresses  mx.public-ip S4
                mx1.example.org has the address 10.0.0.1, which nobody outside can reach.
                [RFC 6890 section 2.2.2]
                → Take the address away, and publish the public address of mx1.example.org.
                  To be done by example.net.

            Could not be looked at
              ? The DNS did not answer the question for TXT at example.org: SERVFAIL.
                Nothing follows from that; try again later.
                mx.exists, mx.resolves

            Worth knowing
              i example.org says by a null MX that it receives no mail.
                mx.exists

            Other mail servers may keep the old records for up to 2 h after a change.
        "#]],
        );
        told(
            Language::Japanese,
            &expect![[r#"
            example.org: fail
              要修正 1 件、要改善 1 件、問題なし 2 件、検査できず 2 件。DNS への問い合わせ 0
              件。

            まず直すこと
            ✗ すべてのメールホストにアドレスがある  mx.resolves S4
                mx9.example.org には A レコードも AAAA レコードもありません。
                [RFC 5321 section 5.1]
                  line 1 [31m xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
                  line 2 [31m xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
                  line 3 [31m xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
                  line 4 [31m xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
                  …ほか 2 行（--explain ですべて表示）
                → mx9.example.org のアドレスを公開するか、MX レコードから外してください。
                  ; 削除するレコード：
                  ; example.org. 3600 IN MX 30 mx9.example.org.
                  ; いまのレコードと置き換えるレコード：
                  example.org. 3600 IN MX 10 mx1.example.org.
                  ; 追加するレコード：
                  s1._domainkey.example.org. 3600 IN TXT "v=DKIM1; k=rsa; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" "AAA"
                  または
                  mx9.example.org. 3600 IN A 192.0.2.9

            改善したほうがよいこと
            ! メールホストのアドレスが公開アドレスである  mx.public-ip S4
                mx1.example.org のアドレス 10.0.0.1 には外部から到達できません。
                [RFC 6890 section 2.2.2]
                → このアドレスを削除し、mx1.example.org の公開アドレスを公開してください。
                  作業をする人：example.net

            検査できなかったこと
              ? example.org の TXT について DNS から回答が得られませんでした（SERVFAIL）。こ
                こからは何も言えません。しばらくしてからやり直してください。
                mx.exists, mx.resolves

            知っておくとよいこと
              i example.org は null MX により、メールを受け取らないと宣言しています。
                mx.exists

            変更したあとも最大 2 時間のあいだ、ほかのメールサーバーには古いレコードが残るこ
            とがあります。
        "#]],
        );
    }

    #[test]
    fn spans_are_whole_and_not_too_short() {
        let global = Global { config: None, lang: Some(Language::English), json: false };
        let context = Context::new(&global);
        let span = |seconds| span(Duration::from_secs(seconds), &context);
        let told = [span(5), span(300), span(3_599), span(3_601), span(86_400), span(200_000)];
        assert_eq!(told, ["5 s", "5 min", "60 min", "2 h", "24 h", "3 d"]);
    }
}
