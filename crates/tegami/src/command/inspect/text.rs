//! The proof: what a receiver learns, in the order in which it learns it, and what follows.

use std::collections::BTreeSet;

use tegami_auth::arc::ArcResult;
use tegami_auth::dkim::{self, DkimResult};
use tegami_auth::dmarc::Alignment;
use tegami_auth::{Step, spf};
use tegami_doctor::State;
use tegami_mail::{HeaderSection, ReversePath, note};

use super::super::context::moment;
use super::super::lookup::spf::{tell_decision, tell_lookups};
use super::super::prose::{Prose, paint, style};
use super::super::{table, way};
use super::circumstances::Source;
use super::{Context, Findings, remedy};

/// The whole text.
pub(super) fn render(
    findings: &Findings,
    section: &HeaderSection<'_>,
    explain: bool,
    context: &Context,
) -> String {
    let mut telling = Telling { prose: Prose::new(context), findings, context, explain, number: 0 };
    telling.decision("cli-inspect-verdict");
    telling.because();
    telling.envelope(section);
    telling.reverse_dns();
    telling.spf();
    telling.dkim();
    telling.arc();
    telling.dmarc();
    telling.decision("cli-inspect-therefore");
    telling.received();
    telling.score();
    telling.prose.into_text()
}

/// Whether a step says what probably happened, or what is to be changed.
pub(super) fn is_advice(step: &Step) -> bool {
    matches!(step.outcome, "noted" | "proven" | "possible")
}

struct Telling<'a> {
    prose: Prose<'a>,
    findings: &'a Findings,
    context: &'a Context,
    explain: bool,
    /// Of the last numbered heading.
    number: u8,
}

impl Telling<'_> {
    fn word(&self, id: &str) -> String {
        self.context.word(&format!("cli-inspect-{id}"))
    }

    fn decision(&mut self, title: &str) {
        let decision = self.findings.decision.0;
        self.prose.gap();
        let title = self.context.word(title);
        let word = paint(style(decision).bold(), &self.word(decision));
        self.prose.line(&format!("{title}: {word}"));
    }

    /// What DMARC comes to; and what it alone does not explain.
    fn because(&mut self) {
        if let Some(why) = self.findings.decision.1.as_ref().filter(|why| why.id == "inbound-junk-spf") {
            self.prose.sentence(3, why, "");
        }
        if let Some(step) = self.findings.verdicts.dmarc.steps.last() {
            self.prose.sentence(3, &step.note, step.source);
        }
    }

    fn envelope(&mut self, section: &HeaderSection<'_>) {
        let at = &self.findings.circumstances;
        let title = self.word("envelope");
        let taken = |value: String, source: Source| match source {
            Source::Given => value,
            Source::Received => format!("{value}  {}", self.word("from-received")),
            Source::ReturnPath => format!("{value}  {}", self.word("from-return-path")),
            Source::Nowhere => value,
        };
        let helo = match at.helo.source {
            Source::Nowhere => self.word("no-helo"),
            source => taken(at.helo.value.clone(), source),
        };
        let mail_from = match (&at.mail_from.value, at.mail_from.source) {
            (_, Source::Nowhere) => self.word("no-return-path"),
            (ReversePath::Null, source) => taken("<>".to_owned(), source),
            (path, source) => taken(format!("<{path}>"), source),
        };
        let field = |name: &str| {
            let found = section.first(name).map(|field| field.decoded());
            let shown: String = found.unwrap_or_default().chars().take(200).collect();
            table::plain(&shown)
        };
        let pairs = [
            (self.word("client"), taken(at.ip.value.to_string(), at.ip.source)),
            ("HELO".to_owned(), helo),
            ("MAIL FROM".to_owned(), mail_from),
            ("From".to_owned(), field("From")),
            ("Subject".to_owned(), field("Subject")),
            (self.word("now"), moment(at.now)),
        ];
        self.prose.heading(&title);
        self.prose.pairs(&pairs);
    }

    /// A numbered heading with its result.
    fn question(&mut self, title: &str, result: &str) {
        self.number += 1;
        self.prose.verdict(&format!("{}. {title}", self.number), result);
    }

    fn all_steps(&mut self, steps: &[Step]) {
        if self.explain {
            self.prose.gap();
            self.prose.steps(steps);
        }
    }

    fn reverse_dns(&mut self) {
        let findings = self.findings;
        let iprev = &findings.verdicts.early.iprev;
        let title = format!("{} {}", self.word("iprev"), findings.verdicts.ip);
        self.question(&title, iprev.result.as_str());
        let decided = iprev.steps.iter().find(|step| step.outcome == "match").or(iprev.steps.last());
        if let Some(step) = decided.filter(|_| !self.explain) {
            self.prose.decided(step);
        }
        self.all_steps(&iprev.steps);
    }

    fn spf(&mut self) {
        let early = &self.findings.verdicts.early;
        self.spf_identity("SPF HELO", &early.spf_helo);
        // For the null reverse-path both are the same check (RFC 7208 section 2.4).
        if self.findings.circumstances.mail_from.value == ReversePath::Null {
            self.question("SPF MAIL FROM <>", early.spf_mail_from.result.as_str());
            self.prose.sentence(3, &note!("cli-inspect-spf-null"), "RFC 7208 section 2.4");
        } else {
            self.spf_identity("SPF MAIL FROM", &early.spf_mail_from);
        }
    }

    fn spf_identity(&mut self, title: &str, verdict: &spf::Verdict) {
        self.question(format!("{title} {}", verdict.domain).trim_end(), verdict.result.as_str());
        if self.explain {
            // The steps say the rest, each once.
            if let (Some(term), Some(step)) = (verdict.mechanism(), verdict.deciding_step()) {
                self.prose.sentence(3, &note!("cli-spf-decided", term = term, domain = step.domain), "");
            }
            self.all_steps(&verdict.steps);
            tell_lookups(&mut self.prose, verdict);
        } else {
            tell_decision(&mut self.prose, verdict);
        }
    }

    fn dkim(&mut self) {
        for verdict in &self.findings.verdicts.dkim {
            let title = match verdict.result {
                DkimResult::None => "DKIM".to_owned(),
                _ if verdict.domain.is_empty() => "DKIM".to_owned(),
                _ => format!("DKIM {} ({}, {})", verdict.domain, verdict.selector, verdict.algorithm),
            };
            self.question(&title, verdict.result.as_str());
            self.dkim_reason(verdict);
            self.all_steps(&verdict.steps);
        }
    }

    /// The reason, and what was noted beside it: that is where the advice stands.
    fn dkim_reason(&mut self, verdict: &dkim::Verdict) {
        let decided = |step: &&Step| step.note == verdict.reason || step.outcome == "fail";
        let source = verdict.steps.iter().rev().find(decided).or(verdict.steps.last());
        self.prose.sentence(3, &verdict.reason, source.map_or("", |step| step.source));
        let noted = |step: &&Step| is_advice(step) && step.note != verdict.reason;
        for step in verdict.steps.iter().filter(noted).filter(|_| !self.explain) {
            self.prose.decided(step);
        }
    }

    fn arc(&mut self) {
        let arc = &self.findings.verdicts.arc;
        // Most messages bring no seals, and then nothing follows from it.
        if arc.result == ArcResult::None && !self.explain {
            return;
        }
        let title = match arc.result {
            ArcResult::None => "ARC".to_owned(),
            _ => format!("ARC {} (i={})", arc.domain, arc.instance),
        };
        self.question(&title, arc.result.as_str());
        self.prose.sentence(3, &arc.reason, "RFC 8617 section 5.2");
        if arc.result != ArcResult::None {
            self.all_steps(&arc.steps);
        }
    }

    fn dmarc(&mut self) {
        let dmarc = &self.findings.verdicts.dmarc;
        self.question(format!("DMARC {}", dmarc.author_domain).trim_end(), dmarc.result.as_str());
        if let (Some(domain), Some(record)) = (&dmarc.policy_domain, &dmarc.record) {
            let organizational = dmarc.organizational_domain.as_deref().unwrap_or("–");
            let found = note!(
                "cli-inspect-dmarc-policy",
                policy = dmarc.policy.as_str(),
                domain = domain,
                record = record,
                organizational = organizational
            );
            self.prose.sentence(3, &found, "RFC 9989 section 4.10.1");
        }
        // What is remarkable about the author, which the result alone does not tell.
        let before_the_last = dmarc.steps.split_last().map_or(&[][..], |(_, steps)| steps);
        for step in before_the_last.iter().take_while(|step| step.term == "From").filter(|_| !self.explain) {
            self.prose.decided(step);
        }
        if !self.findings.identifiers.is_empty() {
            self.prose.gap();
            self.alignment();
        }
        self.all_steps(&dmarc.steps);
        let differences = self.findings.older.as_ref().is_some_and(|older| !older.differences.is_empty());
        if differences {
            self.prose.gap();
        }
        // Each sentence stands for something that other receivers do.
        for difference in self.findings.older.iter().flat_map(|older| &older.differences) {
            self.prose.sentence(3, difference, "");
        }
    }

    fn alignment(&mut self) {
        let heading = ["identifier", "domain", "result", "strict", "relaxed", "demanded", "counts"];
        let heading = heading.map(|id| self.word(&format!("column-{id}")));
        let (yes, no) = (self.word("yes"), self.word("no"));
        let tell = |holds: Option<bool>| match holds {
            Some(true) => yes.clone(),
            Some(false) => no.clone(),
            None => "?".to_owned(),
        };
        let rows: Vec<Vec<String>> = self
            .findings
            .identifiers
            .iter()
            .map(|one| {
                let demanded = match one.demanded {
                    Alignment::Strict => "strict",
                    Alignment::Relaxed => "relaxed",
                };
                vec![
                    one.method.to_owned(),
                    one.domain.clone(),
                    one.result.to_owned(),
                    tell(Some(one.strict)),
                    tell(one.relaxed),
                    self.word(&format!("column-{demanded}")),
                    tell(Some(one.counts())),
                ]
            })
            .collect();
        self.prose.table(3, &heading, &rows);
    }

    fn received(&mut self) {
        way::tell(&mut self.prose, &self.findings.hops, self.context);
    }

    /// What took points, each with what to do; and what stayed open, which takes none.
    fn score(&mut self) {
        let tenths = self.findings.score.tenths();
        let title = note!("cli-inspect-score", points = shown(tenths), of = tegami_doctor::score::BEST / 10);
        self.prose.heading(&self.context.say(&title));
        for deduction in &self.findings.score.deductions {
            let finding = &deduction.finding;
            // What its group has no room for takes nothing more.
            let taken = match deduction.tenths {
                0 => "     ".to_owned(),
                tenths => format!("−{} ", shown(tenths)),
            };
            let detail = self.context.say(&finding.note);
            self.prose.hanging(&format!("  {taken}"), &format!("{detail} ({})", finding.check.id));
            if let Some(fix) = &finding.fix {
                self.prose.hanging("       → ", &self.context.say(&fix.note));
            }
            if let Some(record) = remedy::record(finding, &self.findings.verdicts) {
                let record = self.context.say(&note!("cli-inspect-record", record = record));
                self.prose.hanging("         ", &record);
            }
        }
        let open = self.findings.examination.findings.iter();
        let open = open.filter(|finding| finding.state == State::Unknown);
        let open: BTreeSet<String> = open.map(|finding| self.context.say(&finding.note)).collect();
        for told in open {
            self.prose.hanging("  ?    ", &told);
        }
    }
}

/// Points of so many tenths.
fn shown(tenths: u32) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}
