//! One transaction: MAIL, RCPT, the content, and what the server said to each.

use bytes::Bytes;
use tegami_mail::{EnhancedStatusCode, Reply, ReplyClass, Speaker};

use super::plan::{self, Plan};
use super::session::{Farewell, Sent, Session, unexpected};
use super::{Event, FailureCause, RecipientResult, Stage, Transaction, TransactionReport, content};

/// Most commands that wait for replies at once: more could fill the buffers of both ends and stop both (RFC 2920 section 3.1).
const WINDOW: usize = 100;

/// The transaction under way.
#[derive(Debug)]
pub(super) struct Running {
    transaction: Transaction,
    plan: Plan,
    next: Step,
    mail: Option<ReplyClass>,
    /// For each forward-path.
    recipients: Vec<Recipient>,
}

/// What is sent next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Reset,
    Mail,
    Recipient(usize),
    Content,
    /// Everything is sent; replies are outstanding.
    Await,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Recipient {
    /// No reply yet.
    Open,
    /// RCPT was accepted.
    Accepted,
    Decided(RecipientResult),
}

impl Running {
    /// Gives the forward-paths without result this one.
    pub(super) fn decide_rest(&mut self, stage: Stage, reply: &Reply) {
        for recipient in &mut self.recipients {
            if !matches!(recipient, Recipient::Decided(_)) {
                *recipient = Recipient::Decided(RecipientResult { stage, reply: reply.clone() });
            }
        }
    }

    /// What was decided, forward-path by forward-path.
    pub(super) fn results(self) -> Vec<Option<RecipientResult>> {
        let result = |recipient| match recipient {
            Recipient::Decided(result) => Some(result),
            Recipient::Open | Recipient::Accepted => None,
        };
        self.recipients.into_iter().map(result).collect()
    }

    fn is_accepted_for_any(&self) -> bool {
        self.mail == Some(ReplyClass::Completion) && self.recipients.contains(&Recipient::Accepted)
    }

    fn is_decided(&self) -> bool {
        self.recipients.iter().all(|recipient| matches!(recipient, Recipient::Decided(_)))
    }
}

impl Session {
    pub(super) fn begin(&mut self, transaction: Transaction) {
        self.decided.clear();
        let recipients = vec![Recipient::Open; transaction.envelope.forward_paths.len()];
        match plan::plan(&transaction, &self.capabilities, self.tls) {
            Ok(plan) => {
                let next = if std::mem::take(&mut self.reset_first) { Step::Reset } else { Step::Mail };
                self.running = Some(Running { transaction, plan, next, mail: None, recipients });
                self.proceed();
            }
            Err(reply) => self.fail_at(Stage::Mail, FailureCause::Unsupported(reply), Farewell::Quit),
        }
    }

    /// Sends what may be sent now.
    pub(super) fn proceed(&mut self) {
        while let Some(running) = &mut self.running {
            let most = if self.capabilities.pipelining { WINDOW } else { 1 };
            if self.waiting.len() >= most {
                return;
            }
            match running.next {
                // Everybody is refused already, or there is nobody: nothing more needs to be sent.
                Step::Mail | Step::Recipient(_) | Step::Content if running.is_decided() => {
                    if self.waiting.is_empty() {
                        self.reset_first = running.mail == Some(ReplyClass::Completion);
                        self.conclude();
                    }
                    return;
                }
                Step::Reset => {
                    running.next = Step::Mail;
                    self.command("RSET".to_owned(), Sent::Reset);
                }
                Step::Mail => {
                    running.next = Step::Recipient(0);
                    let mail = running.plan.mail.clone();
                    self.command(mail, Sent::Mail);
                }
                Step::Recipient(at) => match running.transaction.envelope.forward_paths.get(at) {
                    Some(path) => {
                        running.next = Step::Recipient(at + 1);
                        let rcpt = running.plan.recipient(path);
                        self.command(rcpt, Sent::Recipient(at));
                    }
                    None => running.next = Step::Content,
                },
                // Content goes out by BDAT only when somebody is known to take it.
                Step::Content if running.plan.chunks && !self.waiting.is_empty() => return,
                Step::Content => {
                    running.next = Step::Await;
                    let chunk = running.plan.chunks.then(|| running.transaction.content.clone());
                    match chunk {
                        Some(content) => {
                            self.command(format!("BDAT {} LAST", content.len()), Sent::Content);
                            self.content([content.clone()], content.len());
                        }
                        None => self.command("DATA".to_owned(), Sent::Data),
                    }
                }
                Step::Await => return,
            }
        }
    }

    pub(super) fn transaction_reply(&mut self, sent: Sent, reply: Reply) {
        let class = reply.class();
        let expects_more = sent == Sent::Data;
        let is_misplaced = match class {
            ReplyClass::Intermediate => !expects_more,
            ReplyClass::Completion => expects_more,
            ReplyClass::Transient | ReplyClass::Permanent => false,
        };
        if is_misplaced {
            return self.fail_at(stage(sent), unexpected(&reply), Farewell::Close);
        }
        let Some(running) = &mut self.running else { return };
        match sent {
            Sent::Mail => {
                running.mail = Some(class);
                if class != ReplyClass::Completion {
                    running.decide_rest(Stage::Mail, &reply);
                }
            }
            Sent::Recipient(at) => {
                if let Some(recipient @ Recipient::Open) = running.recipients.get_mut(at) {
                    *recipient = recipient_result(reply);
                }
            }
            Sent::Data if class == ReplyClass::Intermediate => return self.send_content(),
            Sent::Data => {
                // Refused to everybody: the server may keep MAIL and RCPT (RFC 5321 section 4.1.1.4).
                self.reset_first = running.mail == Some(ReplyClass::Completion);
                running.decide_rest(Stage::Data, &reply);
                return self.conclude();
            }
            Sent::Content => {
                // RFC 3030 section 2: after a refused BDAT the transaction waits for RSET.
                self.reset_first = running.plan.chunks && class != ReplyClass::Completion;
                running.decide_rest(Stage::EndOfData, &reply);
                return self.conclude();
            }
            _ => {
                // Whatever became of the lone dot, it was for nobody.
                self.reset_first = true;
                return self.conclude();
            }
        }
        self.proceed();
    }

    /// DATA was answered by 354.
    fn send_content(&mut self) {
        let Some(running) = self.running.as_ref() else { return };
        if running.is_accepted_for_any() {
            let content = running.transaction.content.clone();
            self.waiting.push_back(Sent::Content);
            self.content(content::stuffed(&content), content.len());
        } else {
            self.command(".".to_owned(), Sent::LoneDot);
        }
    }

    fn content(&mut self, pieces: impl IntoIterator<Item = Bytes>, size: usize) {
        self.octets(pieces);
        self.record(Speaker::Client, format!("({size} octets)"));
    }

    /// Every reply has come.
    fn conclude(&mut self) {
        let results = self.running.take().map(Running::results);
        if let Some(recipients) = results.and_then(|results| results.into_iter().collect()) {
            self.report(Event::Transaction(TransactionReport { recipients }));
        }
        self.idle();
    }
}

fn stage(sent: Sent) -> Stage {
    match sent {
        Sent::Mail => Stage::Mail,
        Sent::Recipient(_) => Stage::Recipient,
        Sent::Content => Stage::EndOfData,
        _ => Stage::Data,
    }
}

/// RFC 5321 section 4.5.3.1.10: 552 to RCPT is how old servers say "too many recipients", which is transient. Where an enhanced
/// status code tells of something else, a full mailbox for example, it is taken at its word.
fn recipient_result(reply: Reply) -> Recipient {
    const TOO_MANY: EnhancedStatusCode = EnhancedStatusCode::new(5, 5, 3);
    if reply.is_completion() {
        return Recipient::Accepted;
    }
    let too_many = reply.code == 552 && reply.enhanced.is_none_or(|code| code == TOO_MANY);
    let reply = if too_many {
        Reply { code: 452, enhanced: Some(EnhancedStatusCode::new(4, 5, 3)), lines: reply.lines }
    } else {
        reply
    };
    Recipient::Decided(RecipientResult { stage: Stage::Recipient, reply })
}
