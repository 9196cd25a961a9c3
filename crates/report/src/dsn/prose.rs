//! What people read in a notification: what happened, what each receiving server said, what that means and what to do.

use tegami_mail::date;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Action;
use super::write::{Explanation, Languages, Report, Told, printable, reply_lines};

/// Columns of a line (RFC 5322 section 2.1.1 recommends at most 78).
const COLUMNS: usize = 76;
/// Blanks before an explanation.
const INDENT: usize = 8;

/// The sentences of one action. `{host}` is our name.
struct Sentences {
    subject: (&'static str, &'static str),
    english: &'static str,
    japanese: &'static str,
}

const FAILED: Sentences = Sentences {
    subject: ("Not delivered", "配信できませんでした"),
    english: "This is the mail server {host}. Your message could not be delivered to the following \
              recipients, and no further attempt will be made. The answer of the receiving server stands \
              below each address, word for word.",
    japanese: "メールサーバー {host} からのお知らせです。お送りになったメッセージは、次の宛先に\
               配信できませんでした。再送は行いません。各宛先の下に、受信側サーバーの応答をそのまま\
               記載しています。",
};
const DELAYED: Sentences = Sentences {
    subject: ("Delayed, still trying", "配信が遅れています"),
    english: "This is the mail server {host}. Your message has not yet been delivered to the following \
              recipients. Delivery is tried again by itself: you need not do anything.",
    japanese: "メールサーバー {host} からのお知らせです。お送りになったメッセージは、次の宛先に\
               まだ配信できていません。自動的に再送しますので、お手続きは不要です。",
};
const RELAYED: Sentences = Sentences {
    subject: ("Handed on", "次のサーバーに引き渡しました"),
    english: "This is the mail server {host}. Your message was handed to the server of the following \
              recipients. That server sends no notice of delivery, so this is the last you hear of it.",
    japanese: "メールサーバー {host} からのお知らせです。お送りになったメッセージを、次の宛先の\
               サーバーに引き渡しました。そのサーバーは配信通知に対応していないため、今後の通知はありません。",
};
const DELIVERED: Sentences = Sentences {
    subject: ("Delivered", "配信しました"),
    english: "This is the mail server {host}. Your message lies in the mailboxes of the following recipients.",
    japanese: "メールサーバー {host} からのお知らせです。お送りになったメッセージを、次の宛先の\
               メールボックスに配信しました。",
};

fn sentences(action: Action) -> &'static Sentences {
    match action {
        Action::Failed => &FAILED,
        Action::Delayed => &DELAYED,
        // We expand no lists; like one who relays, one who does so tells no more.
        Action::Relayed | Action::Expanded => &RELAYED,
        Action::Delivered => &DELIVERED,
    }
}

impl Languages {
    /// The words of either language, or of both with a stroke between them.
    fn of(self, (english, japanese): (&str, &str)) -> String {
        match self {
            Self::Both => format!("{english} / {japanese}"),
            Self::English => english.to_owned(),
            Self::Japanese => japanese.to_owned(),
        }
    }

    /// What is said in either language; English where there is no Japanese.
    fn choose<'a>(self, (english, japanese): (&'a str, Option<&'a str>)) -> impl Iterator<Item = &'a str> {
        let english = (self.has_english() || japanese.is_none()).then_some(english);
        english.into_iter().chain(japanese.filter(|_| self.has_japanese()))
    }

    fn has_english(self) -> bool {
        self != Self::Japanese
    }

    fn has_japanese(self) -> bool {
        self != Self::English
    }
}

/// The Subject field.
pub(super) fn subject(report: &Report<'_>) -> String {
    report.languages.of(sentences(report.action).subject)
}

/// The whole text: each language has its say, and the recipients stand there once.
pub(super) fn text(report: &Report<'_>) -> String {
    let (sentences, languages) = (sentences(report.action), report.languages);
    let say = |sentence: &str| wrapped(&sentence.replace("{host}", report.hostname.as_str()), 0);
    let mut paragraphs = Vec::new();
    paragraphs.extend(languages.has_english().then(|| say(sentences.english)));
    paragraphs.extend(languages.has_japanese().then(|| say(sentences.japanese)));
    let mut text = paragraphs.join("\n");
    for recipient in report.recipients {
        text.push_str(&told(report, recipient));
    }
    let label = |words| languages.of(words);
    text.push_str(&format!(
        "\n{}: {}\n{}: {}\nMessage-ID: <{}>\nQueue id: {}\n",
        label(("Subject", "件名")),
        printable(report.subject),
        label(("Date accepted", "受付日時")),
        date::write(report.accepted_at),
        printable(report.message_id),
        report.queue_id,
    ));
    text
}

fn told(report: &Report<'_>, recipient: &Told) -> String {
    let mut text = format!("\n    <{}>\n", recipient.path.address);
    let host = recipient.remote_mta.as_deref().unwrap_or(report.hostname.as_str());
    match &recipient.reply {
        Some(reply) => {
            for line in reply_lines(reply) {
                text.push_str(&format!("        {host}: {line}\n"));
            }
        }
        None => {
            let words = (recipient.words.as_str(), recipient.words_japanese.as_deref());
            for words in report.languages.choose(words) {
                text.push_str(&wrapped(&printable(words), INDENT));
            }
        }
    }
    if let Some(explanation) = &recipient.explanation {
        text.push_str(&explained(report.languages, explanation));
    }
    if let Some(until) = recipient.will_retry_until {
        let label = report.languages.of(("Tried until", "再送期限"));
        text.push_str(&format!("        {label}: {}\n", date::write(until)));
    }
    text
}

fn explained(languages: Languages, explanation: &Explanation) -> String {
    let mut text = String::new();
    let mut add = |label: &str, sentence: &str| {
        if !sentence.is_empty() {
            text.push_str(&wrapped(&format!("{label}{}", printable(sentence)), INDENT));
        }
    };
    if languages.has_english() {
        add("What it means: ", &explanation.english.0);
        add("What to do: ", &explanation.english.1);
    }
    if languages.has_japanese() {
        add("意味：", &explanation.japanese.0);
        add("対処：", &explanation.japanese.1);
    }
    text
}

/// Characters that begin no line of Japanese (JIS X 4051).
const NO_BEGINNING: &str = "、。，．：；？！）」』】〕〉》ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ";

/// A paragraph in lines of at most [`COLUMNS`], each with its line end: English breaks at blanks, Japanese anywhere but before
/// the characters that begin no line.
fn wrapped(paragraph: &str, indent: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for piece in pieces(paragraph) {
        let width = line.width() + piece.trim_end().width();
        let may_begin = !piece.starts_with(|c: char| NO_BEGINNING.contains(c));
        if width > COLUMNS.saturating_sub(indent) && may_begin && !line.trim().is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        line.push_str(piece);
    }
    lines.push(line);
    let pad = " ".repeat(indent);
    lines.iter().map(|line| format!("{pad}{}\n", line.trim())).collect()
}

/// Where a line may break: after blanks, and around wide characters.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut before: Option<char> = None;
    for (at, c) in text.char_indices() {
        let wide = |c: char| c.width().is_some_and(|width| width > 1);
        let breaks = before.is_some_and(|before| before == ' ' || wide(c) || wide(before));
        if breaks && at > start {
            pieces.extend(text.get(start..at));
            start = at;
        }
        before = Some(c);
    }
    pieces.extend(text.get(start..));
    pieces
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn lines_break_where_each_language_breaks_them() {
        let english = "The receiving server has no mailbox of this name. Check the address for a slip of the pen, and ask its owner by another way.";
        let japanese = "受信側のサーバーに、このアドレスのメールボックスはありません。アドレスの打ち間違いがないか、確かめてください。example.net の管理者にも問い合わせられます。";
        expect![[r#"
            .
                    The receiving server has no mailbox of this name. Check the address
                    for a slip of the pen, and ask its owner by another way.
                    受信側のサーバーに、このアドレスのメールボックスはありません。アドレ
                    スの打ち間違いがないか、確かめてください。example.net の管理者にも問
                    い合わせられます。
        "#]]
        .assert_eq(&format!(".\n{}{}", wrapped(english, INDENT), wrapped(japanese, INDENT)));
    }
}
