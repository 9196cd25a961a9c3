//! The changed world for the terminal: what is supposed, what follows, and nothing that stays as it is.

use super::super::super::prose::{Prose, paint, style};
use super::super::super::table;
use super::super::Context;
use super::difference::{Difference, Side};
use super::{Outlook, Told};

/// Between before and after.
const ARROW: &str = "→";

pub(super) fn render(outlook: &Outlook, context: &Context) -> String {
    let mut telling = Telling { prose: Prose::new(context), context, gap: true };
    for effect in &outlook.effects {
        telling.prose.heading(&format!("{}: {}", context.word("cli-whatif-title"), effect.written));
        if matches!(effect.told, Told::Nothing(_)) {
            telling.prose.paragraph(3, &context.word("cli-whatif-no-effect"));
        }
        telling.prose.sentence(3, effect.told.note(), "");
    }
    telling.decision(outlook);
    for difference in outlook.differences.iter().filter(|difference| difference.id != "decision") {
        telling.difference(difference);
    }
    for hint in &outlook.hints {
        telling.prose.gap();
        telling.prose.sentence(0, hint, "");
    }
    telling.prose.into_text()
}

struct Telling<'c> {
    prose: Prose<'c>,
    context: &'c Context,
    /// An empty line comes before what follows.
    gap: bool,
}

impl Telling<'_> {
    /// What a receiver does now, also where it does the same.
    fn decision(&mut self, outlook: &Outlook) {
        let (before, after) = (outlook.before.decision.0, outlook.after.decision.0);
        let word = |decision: &str| {
            paint(style(decision).bold(), &self.context.word(&format!("cli-inspect-{decision}")))
        };
        let title = self.context.word("cli-inspect-verdict");
        let same = self.context.word("cli-whatif-as-before");
        let told = match (before == after, outlook.differences.is_empty()) {
            (true, true) => format!("{} {title}: {}", self.context.word("cli-whatif-nothing"), word(after)),
            (true, false) => format!("{title}: {} {same}", word(after)),
            (false, _) => format!("{title}: {} {ARROW} {}", word(before), word(after)),
        };
        self.prose.gap();
        self.prose.line(&told);
    }

    fn difference(&mut self, difference: &Difference) {
        let title = self.context.word(&format!("cli-whatif-{}", difference.id.replace('.', "-")));
        let Side { value: before, subject: old } = &difference.before;
        let Side { value: after, subject: new } = &difference.after;
        let (heading, told) = match (old, new) {
            (Some(old), Some(new)) if old == new => (format!("{title} {old}"), None),
            (Some(only), None) | (None, Some(only)) => (format!("{title} {only}"), None),
            (Some(old), Some(new)) => (title, Some((old, new))),
            (None, None) => (title, None),
        };
        let tell = |value: &Option<String>, subject: Option<&String>| {
            let shown = match value.as_deref() {
                None => self.context.word("cli-whatif-none"),
                Some(yes @ ("yes" | "no")) => self.context.word(&format!("cli-inspect-{yes}")),
                Some(value) => value.to_owned(),
            };
            let shown = paint(style(value.as_deref().unwrap_or_default()).bold(), &shown);
            subject.map_or_else(|| shown.clone(), |subject| format!("{shown} ({})", table::plain(subject)))
        };
        let before = tell(before, told.map(|(old, _)| old));
        let after = tell(after, told.map(|(_, new)| new));
        let told_why = !difference.reason.is_empty();
        if self.gap || told_why || difference.id == "score" {
            self.prose.gap();
        }
        self.gap = told_why;
        self.prose.line(&format!("{}: {before} {ARROW} {after}", table::plain(&heading)));
        for (note, source) in &difference.reason {
            self.prose.sentence(3, note, source);
        }
    }
}
