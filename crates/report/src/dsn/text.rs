//! Bounces in sentences: who could not be reached, and what the other side said.

use tegami_mail::failure::{Cause, Said, classify};

use super::read::Head;
use super::{Action, MAX_RECIPIENTS, Notice, Original, Recipient, Typed, find, status};

/// The most octets of sentences that are looked at.
const MAX_TOLD: usize = 64 << 10;

/// The most characters kept of one diagnostic text.
const MAX_DIAGNOSTIC: usize = 1_000;

/// The sentences of a notice, and the message that came back below them.
pub(super) struct Told {
    lines: Vec<String>,
    pub(super) below: String,
}

/// What stands above the message that came back, in lower case.
const MARKS: &[&str] = &[
    "below this line is a copy",
    "this is a copy of",
    "original message follows",
    "original message:",
    "original message header",
    "original message headers",
    "original message -----",
    "original message ----",
    "message header follow",
    "message headers follow",
    "message text follows",
    "unsent message below",
    "unsent message follows",
    "returned message below",
    "received message follows",
    "header of the original message",
    "the first 50 lines",
    "the header of the message",
    "undelivered message headers",
];

/// Fields with which a header section begins, in lower case.
const FIRST_FIELDS: &[&str] = &["received:", "return-path:", "message-id:", "x-originating-ip:"];

/// Sentences that tell of a failure, in lower case.
const SENTENCES: &[&str] = &[
    "could not be delivered",
    "couldn't be delivered",
    "cannot be delivered",
    "can not be delivered",
    "can't be delivered",
    "not delivered",
    "was not delivered",
    "undeliverable",
    "undelivered",
    "unable to deliver",
    "wasn't able to deliver",
    "not able to deliver",
    "delivery failed",
    "delivery has failed",
    "delivery to the following",
    "delivery problem",
    "failed permanently",
    "failed to deliver",
    "fatal error",
    "did not reach",
    "not reach the following",
    "rejected by",
    "was rejected",
    "user unknown",
    "unknown user",
    "unknown recipient",
    "no such user",
    "mailbox is full",
    "mailbox full",
    "mail was not sent",
    "has been delayed",
    "will be retried",
    "returned to sender",
    "being returned",
    "delivery status",
    "cannot send",
    "error delivering",
    "error occurred while trying to deliver",
    "trouble delivering",
    "exceeds allowed size",
    "invalid final delivery userid",
    "invalid user address",
    "no valid recipients",
    "failure reasons",
    "delivery errors",
    "account is disabled",
    "unable to send",
    "送信できません",
    "配信できません",
    "お届けできません",
    "配送できません",
    "送ることができません",
    "届きません",
];

/// Sentences of a warning, after which the reporter goes on trying.
const DELAYS: &[&str] = &[
    "has been delayed",
    "will be retried",
    "not yet been delivered",
    "still be trying",
    "will keep trying",
    "warning message only",
    "do not need to resend",
];

impl Told {
    pub(super) fn split(text: &str) -> Self {
        let mut lines: Vec<String> = Vec::new();
        let (mut octets, mut below, mut cut) = (0, String::new(), false);
        for line in text.lines() {
            if !cut {
                let lower = line.trim().to_lowercase();
                let field = FIRST_FIELDS.iter().any(|field| lower.starts_with(field));
                let mark = MARKS.iter().any(|mark| lower.contains(mark)) && !lines.is_empty();
                if field || mark {
                    cut = true;
                } else if octets < MAX_TOLD {
                    octets += line.len() + 1;
                    lines.push(line.trim().to_owned());
                }
                if !field {
                    continue;
                }
            }
            if below.is_empty() && !looks_like_field(line) {
                continue;
            }
            if below.len() < MAX_TOLD {
                below.push_str(line);
                below.push('\n');
            }
        }
        Self { lines, below }
    }

    pub(super) fn sounds_like_one(&self) -> bool {
        self.says(SENTENCES)
    }

    pub(super) fn has_code(&self) -> bool {
        self.lines.iter().any(|line| find::status(line).is_some() || find::reply_code(line).is_some())
    }

    /// Reads the fields of RFC 3464 where they stand among the sentences.
    pub(super) fn read_status(&self, notice: &mut Notice) {
        let begins = |line: &String, name: &str| {
            line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        };
        if self.lines.iter().any(|line| begins(line, "final-recipient:")) {
            status::read(self.lines.join("\n").as_bytes(), notice);
        }
    }

    fn says(&self, sentences: &[&str]) -> bool {
        let text = self.lines.join(" ").to_lowercase();
        sentences.iter().any(|sentence| text.contains(sentence))
    }

    /// The recipients of a notice without a part for programs.
    pub(super) fn recipients(&self, head: &Head, original: Option<&Original>) -> Vec<Recipient> {
        let mut blocks = self.blocks(&head.to);
        if !head.failed.is_empty() {
            let named: Vec<String> =
                find::addresses(&head.failed).iter().map(|found| found.address.to_owned()).collect();
            blocks.retain(|block| named.iter().any(|address| address.eq_ignore_ascii_case(&block.address)));
            for address in named {
                if !blocks.iter().any(|block| block.address.eq_ignore_ascii_case(&address)) {
                    blocks.push(Block { address, lines: Vec::new(), named: false });
                }
            }
        }
        if blocks.is_empty() {
            blocks = self.only_address(head, original).into_iter().collect();
        }
        let one = blocks.len() == 1;
        blocks.truncate(MAX_RECIPIENTS);
        let delayed = self.says(DELAYS);
        let recipients = blocks.into_iter().map(|block| {
            let said = self.said_of(&block, one);
            let status = said.as_deref().and_then(find::status);
            let status = status.or_else(|| find::status(&block.lines.join(" ")));
            let action = if delayed { Action::Delayed } else { Action::Failed };
            Recipient {
                final_recipient: Some(block.address),
                action: Some(action),
                status,
                diagnostic: said.map(|value| Typed { kind: String::new(), value }),
                ..Recipient::default()
            }
        });
        recipients.collect()
    }

    /// What was said of a recipient: of what stands nearest, the first that has a meaning; where nothing has one, what stands nearest.
    fn said_of(&self, block: &Block<'_>, only: bool) -> Option<String> {
        let whole: Vec<&str> = self.lines.iter().map(String::as_str).collect();
        let near = [said(&block.lines), said(&whole), below(&block.lines)];
        let far = [only.then(|| joined(&whole))];
        let mut texts = near.into_iter().chain(far).flatten().filter(|text| !text.is_empty()).peekable();
        let nearest = texts.peek().cloned();
        texts.find(|text| means_something(text)).or(nearest)
    }

    /// Fills what the part for programs leaves open from the sentences about the same address.
    pub(super) fn complete(&self, recipients: &mut [Recipient]) {
        let bare = |recipient: &Recipient| {
            recipient.precise_status().is_none_or(|status| status.subject == 0)
                || recipient.diagnostic.is_none()
        };
        if !recipients.iter().any(bare) {
            return;
        }
        let blocks = self.blocks("");
        let one = recipients.len() == 1;
        let whole: Vec<&str> = self.lines.iter().map(String::as_str).collect();
        for recipient in recipients.iter_mut().filter(|recipient| bare(recipient)) {
            let address = recipient.address().unwrap_or_default();
            let block = blocks.iter().find(|block| block.address.eq_ignore_ascii_case(address));
            let found = block.and_then(|block| said(&block.lines));
            let found = found.or_else(|| if one { said(&whole) } else { None });
            let Some(found) = found else { continue };
            let known = recipient.precise_status();
            let better =
                find::status(&found).filter(|code| known.is_none_or(|known| known.class == code.class));
            if let Some(code) = better
                && known.is_none_or(|known| known.subject == 0)
            {
                recipient.status = Some(code);
            }
            if recipient.diagnostic.is_none() {
                recipient.diagnostic = Some(Typed { kind: String::new(), value: found });
            }
        }
    }

    /// Addresses that open a line, each with the lines below it.
    fn blocks<'a>(&'a self, sender: &str) -> Vec<Block<'a>> {
        let mut blocks: Vec<Block<'a>> = Vec::new();
        let mut current: Option<usize> = None;
        for line in &self.lines {
            if let Some((address, named)) = opens(line)
                && !(sender.contains(&address.to_ascii_lowercase()))
            {
                let known = blocks.iter().position(|block| block.address.eq_ignore_ascii_case(address));
                current = known.or_else(|| {
                    let room = blocks.len() < MAX_RECIPIENTS;
                    room.then(|| {
                        blocks.push(Block { address: address.to_owned(), lines: Vec::new(), named });
                    });
                    room.then(|| blocks.len() - 1)
                });
            }
            if let Some(block) = current.and_then(|at| blocks.get_mut(at)) {
                block.lines.push(line);
            }
        }
        // Help is offered at an address, too: where addresses stand alone, those behind words are something else.
        if blocks.iter().any(|block| !block.named) {
            blocks.retain(|block| !block.named);
        }
        blocks
    }

    /// Where no line opens with an address: the only one in the sentences that is neither author nor reader, else the only
    /// one that the message was for.
    fn only_address(&self, head: &Head, original: Option<&Original>) -> Option<Block<'_>> {
        let mut seen: Vec<&str> = Vec::new();
        for line in &self.lines {
            for found in find::addresses(line) {
                let lower = found.address.to_ascii_lowercase();
                let own = head.to.contains(&lower) || head.from.contains(&lower);
                let known = seen.iter().any(|address| address.eq_ignore_ascii_case(found.address));
                if !own && !known && seen.len() < 3 {
                    seen.push(found.address);
                }
            }
        }
        if let [address] = seen.as_slice() {
            return Some(Block { address: (*address).to_owned(), lines: Vec::new(), named: false });
        }
        let header = String::from_utf8_lossy(&original?.header).into_owned();
        let to =
            header.lines().find(|line| line.get(..3).is_some_and(|name| name.eq_ignore_ascii_case("to:")))?;
        match find::addresses(to).as_slice() {
            [found] if seen.is_empty() || seen.contains(&found.address) => {
                Some(Block { address: found.address.to_owned(), lines: Vec::new(), named: false })
            }
            _ => None,
        }
    }
}

struct Block<'a> {
    address: String,
    lines: Vec<&'a str>,
    /// Whether other words stand before the address.
    named: bool,
}

/// Words before an address that say it is the recipient, in lower case.
const LABELS: &[&str] = &[
    "recipient:",
    "recipients:",
    "recipient address:",
    "failed recipient:",
    "could not be delivered to:",
    "delivered to:",
    "unknown user:",
    "user unknown:",
    "delivery to:",
    "to:",
    "rcpt to:",
    "user mailbox exceeds allowed size:",
    "undeliverable to",
    "message to",
    "delivery failed:",
    "invalid final delivery userid:",
    "final recipient:",
    "error mail to",
    "mailbox unavailable:",
];

/// The address with which a line opens: alone, in angle brackets, after a bullet or a label; or, told by `true`, after a name.
fn opens(line: &str) -> Option<(&str, bool)> {
    let found = find::addresses(line);
    let first = found.first()?;
    let before = line.get(..first.start)?.trim().to_lowercase();
    let before =
        before.trim_end_matches("mailto:").trim_matches(['<', '[', '(', '"', '\'', '*', '>', '-', '•', ' ']);
    let after = line.get(first.end..)?.trim_start_matches('>');
    // A program that speaks tells no recipient: `SMTP error from …`, `user@example.org wrote:`.
    let plain =
        after.is_empty() || after.starts_with([':', ' ', ',', '(', ';', '<', '\t', '[', '"', '\'', '.', ')']);
    let named = after.is_empty() && before.len() < 60 && line.contains('<') && !before.contains([':', '=']);
    let alone = before.is_empty() || LABELS.contains(&before);
    (plain && (alone || named)).then_some((first.address, !alone))
}

/// The line that quotes a reply of a server or has an enhanced status code, best both, and the lines that go on with it.
fn said(lines: &[&str]) -> Option<String> {
    // The field Status is read as a field; it quotes nobody.
    let status = |line: &str| find::status(line).is_some() && !line.starts_with("Status:");
    let code = |line: &str| find::reply_code(line).is_some();
    let first = |wanted: &dyn Fn(&str) -> bool| lines.iter().position(|line| wanted(line));
    let at = first(&|line| status(line) && code(line)).or_else(|| first(&status)).or_else(|| first(&code))?;
    let more = lines.iter().skip(at - led_in(lines.get(..at)?)).take_while(|line| !line.is_empty()).take(12);
    Some(cut(&more.copied().collect::<Vec<_>>().join(" ")))
}

/// How many of these lines lead to what follows, as in `SMTP error from remote mail server after MAIL FROM:<…>:`.
fn led_in(lines: &[&str]) -> usize {
    match lines {
        [.., host, last] if last.ends_with(':') && host.starts_with("host ") => 2,
        [.., last] if last.ends_with(':') && find::addresses(last).len() < 2 && lines.len() > 1 => 1,
        _ => 0,
    }
}

/// What stands below the address.
fn below(lines: &[&str]) -> Option<String> {
    Some(joined(lines.get(1..)?))
}

fn joined(lines: &[&str]) -> String {
    let told = lines.iter().copied().filter(|line| line.chars().any(char::is_alphanumeric));
    cut(&told.collect::<Vec<_>>().join(" "))
}

fn means_something(text: &str) -> bool {
    classify(&Said::parse(text)).cause != Cause::Unknown
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_DIAGNOSTIC).collect()
}

fn looks_like_field(line: &str) -> bool {
    line.split_once(':').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
    })
}
