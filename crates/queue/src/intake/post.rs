//! Messages to mailing lists: whether a list takes one, and the copies that its subscribed members get.
//!
//! What our accounts write is finished here like all their mail: each copy is filled in and signed for its author. What comes from outside stays the
//! author's: fields are put before it and none of its words are changed, so that the author's signature proves it at the next hop too. Where it
//! cannot (a signed field is one that the list has to change, or nothing but SPF proved the author) and the author's domain asks receivers to keep
//! back what does not pass DMARC, the list becomes the author, and names the true one.

use std::borrow::Cow;

use jiff::Timestamp;
use tegami_auth::dkim::Signer;
use tegami_mail::header::{self, HeaderField, HeaderLimits, HeaderSection};
use tegami_mail::mailbox_list::{parse_list, write_list};
use tegami_mail::{Address, Domain, Envelope, NameAddr, line};
use tegami_store::{NewMessage, Priority, QueueId, TrackingSettings};

use super::copies::bounded;
use super::{Intake, Whole};
use crate::complete::{self, Completed};
use crate::link::Links;
use crate::mailing_list::{AccessLevel, MailingList, Member, ReplyPreference, list_key};
use crate::permit::Permit;
use crate::submission::{Accepted, Author, IntakeError, Options, Reception};
use crate::track::Reader;
use crate::variables::Person;

/// Fields in which a list speaks of itself (RFC 2369, RFC 2919, RFC 8058): a message speaks of one list, the last.
const LIST_FIELDS: [&str; 8] = [
    "List-Id",
    "List-Post",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Subscribe",
    "List-Help",
    "List-Owner",
    "List-Archive",
];

/// A message that a mailing list takes. Only [`Intake`] makes one, when it has looked who wrote it.
pub(crate) struct Post {
    list: MailingList,
    /// Those who are subscribed.
    members: Vec<Member>,
}

/// Who writes to a list.
struct Writer<'a> {
    /// Somebody of ours, who sends in the name of the list's domain.
    at_home: bool,
    /// The authors, where it is known that they are.
    authors: &'a [Address],
}

/// A message from outside.
#[derive(Clone, Copy)]
struct Came<'a> {
    reception: &'a Reception,
    authors: &'a [Address],
    /// As what it is kept for itself.
    base: QueueId,
    now: Timestamp,
}

/// The same, as a list sends it on.
struct Letter {
    content: Vec<u8>,
    /// The domain of its author, where that is ours to sign for.
    author: Option<Domain>,
    signers: Vec<Signer>,
}

impl Post {
    pub(super) fn is_to(&self, address: &Address) -> bool {
        list_key(&self.list.address) == list_key(&address.to_string())
    }

    /// The domain in whose name it goes to the members: the list's.
    pub(super) fn domain(&self) -> Option<Domain> {
        Address::parse(&self.list.address).ok()?.domain().cloned()
    }
}

impl Intake {
    /// The mailing lists among the recipients of a submission, if its sender may write to them.
    pub(super) async fn posts(
        &self,
        permit: &Permit,
        completed: &Completed,
    ) -> Result<Vec<Post>, IntakeError> {
        let mut posts: Vec<Post> = Vec::new();
        for path in &permit.envelope().forward_paths {
            let Some(list) = self.lists.of(&path.address).await? else { continue };
            if posts.iter().any(|post| post.is_to(&path.address)) {
                continue;
            }
            let at_home = path.address.domain().is_some_and(|domain| permit.may_sign_for(domain));
            let writer = Writer { at_home, authors: &completed.authors };
            posts.push(self.post(list, &writer, &completed.content).await?);
        }
        Ok(posts)
    }

    /// Asks a list whether it takes a message.
    async fn post(
        &self,
        list: MailingList,
        writer: &Writer<'_>,
        content: &[u8],
    ) -> Result<Post, IntakeError> {
        let refused = |why| IntakeError::ListRefuses { list: list.address.clone(), why };
        let section = HeaderSection::parse(content, HeaderLimits::GENEROUS)
            .map_err(|error| IntakeError::BadHeader(error.to_string()))?;
        self.check_circle(&list, &section).map_err(refused)?;
        let mut members = self.lists.members(&list.address).await?;
        let is_member = |author: &Address| {
            let author = list_key(&author.to_string());
            members.iter().any(|member| list_key(&member.address) == author)
        };
        match list.access_level {
            _ if writer.at_home => {}
            AccessLevel::ReadOnly => return Err(refused("its sender may not write to it")),
            AccessLevel::Members if !writer.authors.iter().any(is_member) => {
                return Err(refused(
                    "only members may write to it, and nothing proves that its author is one",
                ));
            }
            AccessLevel::Members | AccessLevel::Everyone => {}
        }
        members.retain(|member| member.subscribed);
        if members.is_empty() {
            return Err(refused("it has no subscribed members"));
        }
        Ok(Post { list, members })
    }

    /// What would go round and round: what came from the list, and what a program answers.
    fn check_circle(&self, list: &MailingList, section: &HeaderSection<'_>) -> Result<(), &'static str> {
        let bracketed = format!("<{}>", list.id().to_lowercase());
        // A list that is a member of a list, or of itself, would send for ever.
        let named = section.all("List-Id").any(|field| field.text().to_lowercase().contains(&bracketed));
        let (by, given) = (format!("by {} ", self.settings.hostname), format!("for <{}>", list.address));
        let given = given.to_lowercase();
        let passed = section.all("Received").any(|field| {
            let text = field.text().to_lowercase();
            text.contains(&by) && text.contains(&given)
        });
        if named || passed {
            return Err("it came from the list itself");
        }
        // RFC 3834 section 5: what is generated answers nobody, and a program may write to a list.
        let answers = section.all("Auto-Submitted").any(|field| {
            let text = field.text().to_ascii_lowercase();
            let word = text.split(';').next().unwrap_or_default().trim();
            !matches!(word, "no" | "auto-generated")
        });
        if answers { Err("it is an automatic answer") } else { Ok(()) }
    }

    /// One copy for each member of each list; the first one has the identifier that is given.
    pub(super) async fn seal_posts(
        &self,
        whole: &Whole,
        posts: Vec<Post>,
        (links, tracking): (Option<&Links>, &TrackingSettings),
        envelope: &Envelope,
        content: &[u8],
        (id, now): (QueueId, Timestamp),
    ) -> Result<(Option<Accepted>, Vec<NewMessage>), IntakeError> {
        let (mut accepted, mut messages, mut octets) = (None, Vec::new(), 0_usize);
        for post in posts {
            let options = Options { list: Some(post.list.address.clone()), ..whole.options.clone() };
            let domain = post.domain().unwrap_or_else(|| whole.domain.clone());
            let by_mail = self.returns.takes_mail(&domain);
            let whole = Whole { domain, options, by_mail, ..whole.clone() };
            for member in &post.members {
                let Some(person) = Person::member(member) else { continue };
                let id = if accepted.is_none() { id } else { self.ids.next(now) };
                let reader = Reader {
                    message: id,
                    recipient: &member.address,
                    list: Some(&post.list),
                    person: Some(&person),
                    ..whole.reader(links, tracking, now)
                };
                let content = reader.copy(content);
                octets = bounded(octets, content.len(), accepted.is_some())?;
                let to = person.address().clone();
                let envelope = Envelope { forward_paths: vec![to.into()], ..envelope.clone() };
                let (one, mut of_one) = self.seal(&whole, id, envelope, content, now).await?;
                messages.append(&mut of_one);
                accepted.get_or_insert(one);
            }
        }
        Ok((accepted, messages))
    }

    /// What came from outside to lists, as it goes to their members.
    ///
    /// # Errors
    /// A list does not take it, or may not send.
    pub(crate) async fn received_posts(
        &self,
        lists: &[Address],
        reception: &Reception,
        (base, now): (QueueId, Timestamp),
    ) -> Result<Vec<NewMessage>, IntakeError> {
        if lists.is_empty() {
            return Ok(Vec::new());
        }
        let (mut messages, mut octets) = (Vec::new(), 0_usize);
        // Line ends that no signature could stand are mended, and what signed them proves nothing any more.
        let mended = match line::to_crlf(&reception.content) {
            Cow::Borrowed(_) => None,
            Cow::Owned(content) => {
                let author = Author { signatures: Vec::new(), ..reception.author.clone() };
                Some(Reception { content: content.into(), author, ..reception.clone() })
            }
        };
        let reception = mended.as_ref().unwrap_or(reception);
        for address in lists {
            // It may have gone since RCPT.
            let list = self.lists.of(address).await?;
            let list = list.ok_or_else(|| IntakeError::NoSuchMailbox(address.clone()))?;
            let refused = |why| IntakeError::ListRefuses { list: list.address.clone(), why };
            if reception.author.suspect {
                return Err(refused("it looks like spam, or forged"));
            }
            // RFC 5321 section 4.5.5: whoever has no return path speaks as a program.
            if reception.envelope.reverse_path.address().is_none() {
                return Err(refused("it is an automatic answer"));
            }
            let section = HeaderSection::parse(&reception.content, HeaderLimits::GENEROUS)
                .map_err(|error| IntakeError::BadHeader(error.to_string()))?;
            let authors = complete::authors(&section)?;
            // Where there are several, what was proven is proven of one of them.
            let proven = reception.author.proven && authors.len() == 1;
            let writer = Writer { at_home: false, authors: if proven { &authors } else { &[] } };
            let post = self.post(list, &writer, &reception.content).await?;
            let came = Came { reception, authors: &authors, base, now };
            messages.append(&mut self.seal_received(&post, came, &mut octets).await?);
        }
        Ok(messages)
    }

    async fn seal_received(
        &self,
        post: &Post,
        came: Came<'_>,
        octets: &mut usize,
    ) -> Result<Vec<NewMessage>, IntakeError> {
        let Came { reception, now, .. } = came;
        let domain = post.domain().unwrap_or_else(|| reception.domain.clone());
        let list = Some(post.list.address.clone());
        let mut options = Options { list, priority: Some(Priority::Bulk), ..Options::default() };
        let (hop_tls, _, links_at) = self.check_domain(&domain, &mut options).await?;
        let (ours, tracking) = (self.links.as_deref(), TrackingSettings::default());
        let by_name = ours.zip(links_at.clone()).map(|(links, base)| links.by(base));
        let links = by_name.as_ref().or(ours);
        let origin = reception.origin.clone();
        let by_mail = self.returns.takes_mail(&domain);
        let (author, signers) = (None, Vec::new());
        let mut whole = Whole { origin, domain, author, signers, options, hop_tls, links_at, by_mail };
        let reader = |whole: &Whole, id, member: &Member, content: &[u8]| {
            let usual = whole.reader(links, &tracking, now);
            let list = Some(&post.list);
            Reader { message: id, recipient: &member.address, list, ..usual }.list_fields(content)
        };
        let mut made: Option<Letter> = None;
        let mut messages = Vec::new();
        for member in &post.members {
            let Ok(address) = Address::parse(&member.address) else { continue };
            let id = self.ids.next(now);
            // The fields of all members have the same names.
            if made.is_none() {
                let own = header::without(&reception.content, speaks_of_lists);
                let letter = self.letter(post, came, &reader(&whole, id, member, &own));
                (whole.author, whole.signers) = (letter.author.clone(), letter.signers.clone());
                made = Some(letter);
            }
            let Some(letter) = &made else { continue };
            let fields = reader(&whole, id, member, &letter.content);
            let content = header::prepend(&letter.content, &[fields]);
            *octets = bounded(*octets, content.len(), *octets > 0)?;
            let permit = Permit::for_member(post, &reception.envelope, address);
            let (_, mut of_one) = self.seal(&whole, id, permit.into_envelope(), content, now).await?;
            messages.append(&mut of_one);
        }
        Ok(messages)
    }

    /// A message from outside as the list sends it on, below the `fields` in which the list speaks of itself.
    fn letter(&self, post: &Post, came: Came<'_>, fields: &[u8]) -> Letter {
        let Came { reception, authors, base, now } = came;
        let Author { proven, protected, .. } = &reception.author;
        let domain = post.domain().unwrap_or_else(|| reception.domain.clone());
        let mut touched = names(fields, |_| true);
        touched.extend(names(&reception.content, speaks_of_lists));
        let author = authors.first().and_then(Address::domain).filter(|_| *proven);
        let ours = |author: &&Domain| {
            let signers = self.signers.signers(author);
            signers.iter().any(|signer| author.is_at_or_below(&signer.domain))
        };
        let author = author.filter(ours).cloned();
        let keeps_author = !protected || author.is_some() || reception.author.survives(&touched);
        let own = header::without(&reception.content, speaks_of_lists);
        let (own, author) = if keeps_author {
            (own, author)
        } else {
            (with_list_as_author(&own, &post.list), Some(domain.clone()))
        };
        let came = Envelope::new(reception.envelope.reverse_path.clone(), Address::parse(&post.list.address));
        let trace = complete::received(&reception.trace, &came, &self.settings.hostname, base, now);
        let content = header::prepend(&own, &[&reception.fields, &trace]);
        let signers = self.signers_for(author.as_ref(), &domain);
        Letter { content, author, signers }
    }
}

fn speaks_of_lists(field: &HeaderField<'_>) -> bool {
    LIST_FIELDS.iter().any(|name| field.is(name))
}

/// The names of these fields of a content, in lower case.
fn names(content: &[u8], wanted: impl Fn(&HeaderField<'_>) -> bool) -> Vec<String> {
    let mut names = Vec::new();
    header::without(content, |field| {
        if wanted(field) {
            names.push(field.name.to_ascii_lowercase());
        }
        false
    });
    names
}

/// The content with the list as its author; the true one is told by name, and in a field of its own, and answered where answers go to the sender.
fn with_list_as_author(content: &[u8], list: &MailingList) -> Vec<u8> {
    let section = HeaderSection::parse(content, HeaderLimits::GENEROUS);
    let from = section.as_ref().ok().and_then(|section| section.first("From"));
    let written = from.map(HeaderField::text).unwrap_or_default();
    let authors = parse_list(&written).unwrap_or_default();
    let answered = section.is_ok_and(|section| section.first("Reply-To").is_some());
    let Ok(address) = Address::parse(&list.address) else { return content.to_vec() };
    let local_part = |address: &Address| address.local_part().as_str().to_owned();
    let author = authors.first();
    let author = author.map(|author| author.name.clone().unwrap_or_else(|| local_part(&author.address)));
    let name = if list.name.is_empty() { local_part(&address) } else { list.name.clone() };
    let name = Some(format!("{} via {name}", author.unwrap_or_default()));
    let mut fields = format!("From: {}\r\n", write_list(&[NameAddr { name, address }], 6));
    if list.reply_preference == ReplyPreference::Sender && !answered {
        fields += &format!("Reply-To: {}\r\n", write_list(&authors, 10));
    }
    fields += &format!("X-Original-From: {}\r\n", write_list(&authors, 17));
    header::prepend(&header::without(content, |field| field.is("From")), &[fields])
}
