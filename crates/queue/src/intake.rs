//! The one door to the queue. Everything that leaves, and everything that lies in a mailbox, was made and written here: what shall leave by
//! [`Intake::accept`] and [`Intake::accept_all`], what comes from others by [`Intake::receive`] and [`Intake::hear`], and notifications of our own,
//! born with what they tell of, by `Intake::notifications`.
//!
//! Stages of a submission: limits, completed header section, author, signature, recipients (suppressed, local, remote), one synced write.
//! Each is all or nothing: a submission that fails at any stage leaves no trace.

mod before;
mod copies;
mod post;
mod sort;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tegami_auth::dkim::Signer;
use tegami_mail::header;
use tegami_mail::{Address, Clock, Domain, Envelope, ReversePath};
use tegami_report::dsn::{Action, Languages, Report, Returned, Told};
use tegami_store::{
    EnvelopeParameters, HopTls, IdSource, MessageRow, NewMessage, Origin, Priority, QueueId, SpamAction,
    Store, StoreError, TrackingSettings,
};

use self::copies::Copies;
pub(crate) use self::post::Post;
pub(crate) use self::sort::{told_here, unique};
use crate::complete::{self, Completed};
use crate::control::Control;
use crate::controls::Turn;
use crate::domains::Domains;
use crate::dsn::{self, News};
use crate::fate;
use crate::gate::{Gate, Open};
use crate::link::Links;
use crate::local::LocalMailboxes;
use crate::mailing_list::MailingLists;
use crate::notice::FEEDBACK_ID;
use crate::permit::Permit;
use crate::preflight::Preflight;
use crate::returns::Returns;
use crate::route::Routes;
use crate::schedule::{Retries, later};
use crate::sign::{SignerSource, Signing};
use crate::submission::{
    Accepted, AuthorRule, IntakeError, KeyName, Options, Reception, SecondSignature, Signatures, Submission,
};
use crate::summary::summarize;
use crate::suppress::SuppressionRules;
use crate::test_inbox::TestInboxes;
use crate::unsuppressed::Unsuppressed;

/// What intake goes by.
#[derive(Clone, Debug)]
pub struct IntakeSettings {
    /// Our name, in trace fields and notifications.
    pub hostname: Domain,
    /// Largest content in octets.
    pub max_size: u64,
    /// Most recipients of one message.
    pub max_recipients: usize,
    /// How far in the future delivery may be asked for.
    pub max_ahead: Duration,
    /// How long delivery is tried.
    pub retry: Retries,
    /// The languages of notifications.
    pub languages: Languages,
    /// Who is not written to any more.
    pub suppressions: SuppressionRules,
    /// Where receivers send complaints: mail whose author is aligned with such an address asks for them (RFC 9477).
    pub feedback: Vec<Address>,
    /// How urgent the mail of an account is, where nothing else tells.
    pub priorities: BTreeMap<String, Priority>,
}

impl IntakeSettings {
    /// The usual limits: 50 MiB, 1,000 recipients, three days ahead.
    pub fn new(hostname: Domain) -> Self {
        Self {
            hostname,
            max_size: 50 << 20,
            max_recipients: 1000,
            max_ahead: Duration::from_secs(3 * 24 * 3600),
            retry: Retries::default(),
            languages: Languages::default(),
            suppressions: SuppressionRules::default(),
            feedback: Vec::new(),
            priorities: BTreeMap::new(),
        }
    }
}

/// The door.
pub struct Intake {
    pub(crate) store: Arc<dyn Store>,
    settings: IntakeSettings,
    signers: Arc<dyn SignerSource>,
    pub(crate) local: Arc<dyn LocalMailboxes>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<IdSource>,
    pub(crate) control: Arc<Control>,
    returns: Arc<Returns>,
    routes: Arc<Routes>,
    gate: Arc<dyn Gate>,
    domains: Option<Arc<Domains>>,
    links: Option<Arc<Links>>,
    lists: Arc<MailingLists>,
    tests: Arc<TestInboxes>,
    /// The log was told that links are wanted and cannot be made.
    told_of_links: AtomicBool,
    unsuppressed: Unsuppressed,
    signing: Signing,
    /// Who looks at our own mail before it leaves.
    preflight: OnceLock<Arc<dyn Preflight>>,
}

/// What all copies of a submission have in common.
#[derive(Clone)]
pub(crate) struct Whole {
    pub(crate) origin: Origin,
    pub(crate) domain: Domain,
    /// The author's domain.
    author: Option<Domain>,
    signers: Vec<Signer>,
    pub(crate) options: Options,
    hop_tls: HopTls,
    /// How readers reach us by the domain's own name.
    links_at: Option<String>,
    /// Readers may say farewell by mail: what is written to the domain comes here.
    by_mail: bool,
}

impl Intake {
    /// What is accepted is handed to the loop by `control`.
    pub fn new(
        store: Arc<dyn Store>,
        settings: IntakeSettings,
        signers: Arc<dyn SignerSource>,
        local: Arc<dyn LocalMailboxes>,
        clock: Arc<dyn Clock>,
        ids: Arc<IdSource>,
        control: Arc<Control>,
    ) -> Self {
        let returns = Arc::default();
        let lists = Arc::new(MailingLists::new(Arc::clone(&store)));
        let gate = Arc::new(Open);
        let host = settings.hostname.clone();
        let tests = TestInboxes::new(Arc::clone(&store), Arc::clone(&clock), host);
        Self {
            tests: Arc::new(tests),
            store,
            settings,
            signers,
            local,
            clock,
            ids,
            control,
            returns,
            routes: Arc::default(),
            gate,
            domains: None,
            links: None,
            lists,
            told_of_links: AtomicBool::new(false),
            unsuppressed: Unsuppressed::default(),
            signing: Signing::default(),
            preflight: OnceLock::new(),
        }
    }

    /// With return paths of our own.
    #[must_use]
    pub fn with_returns(self, returns: Arc<Returns>) -> Self {
        Self { returns, ..self }
    }

    /// With routes that others know too.
    #[must_use]
    pub fn with_routes(self, routes: Arc<Routes>) -> Self {
        Self { routes, ..self }
    }

    /// The routes of incoming mail.
    pub fn routes(&self) -> &Arc<Routes> {
        &self.routes
    }

    /// With a gate that knows where next hops lead, for the rules of retries.
    #[must_use]
    pub fn with_gate(self, gate: Arc<dyn Gate>) -> Self {
        Self { gate, ..self }
    }

    /// With domains that come and go, and may have been forbidden to send.
    #[must_use]
    pub fn with_domains(self, domains: Arc<Domains>) -> Self {
        Self { domains: Some(domains), ..self }
    }

    /// With links that readers of our mail follow.
    #[must_use]
    pub fn with_links(self, links: Arc<Links>) -> Self {
        Self { links: Some(links), ..self }
    }

    /// The mailing lists.
    pub fn lists(&self) -> &Arc<MailingLists> {
        &self.lists
    }

    /// The inboxes for messages that are judged.
    pub fn test_inboxes(&self) -> &Arc<TestInboxes> {
        &self.tests
    }

    /// The links that readers of our mail follow.
    pub fn links(&self) -> Option<&Arc<Links>> {
        self.links.as_ref()
    }

    pub(crate) fn gate(&self) -> &dyn Gate {
        &*self.gate
    }

    pub(crate) fn settings(&self) -> &IntakeSettings {
        &self.settings
    }

    /// The return paths.
    pub fn returns(&self) -> &Arc<Returns> {
        &self.returns
    }

    /// The right to make a submission of this name, which must not be made twice at the same time; `None` while somebody else has it.
    pub fn turn(&self, name: &str) -> Option<Turn> {
        self.control.under_way.begin(name)
    }

    /// How far in the future delivery may be asked for.
    pub fn max_ahead(&self) -> Duration {
        self.settings.max_ahead
    }

    /// Takes a message that shall leave: completes, signs and keeps it. `Ok` means that it is on the disk, with its recipients
    /// and events.
    ///
    /// # Errors
    /// An [`IntakeError`], which says whose fault it is; nothing was kept.
    pub async fn accept(&self, submission: Submission) -> Result<Accepted, IntakeError> {
        let (accepted, messages) = self.prepare(submission).await?;
        self.admit(messages).await?;
        Ok(accepted)
    }

    /// Takes several messages, all or none of them, in one synced write: the copies of one message that differ for each recipient.
    ///
    /// # Errors
    /// An [`IntakeError`] about the first message that is not accepted; nothing was kept.
    pub async fn accept_all(&self, submissions: Vec<Submission>) -> Result<Vec<Accepted>, IntakeError> {
        let (mut accepted, mut messages) = (Vec::with_capacity(submissions.len()), Vec::new());
        for submission in submissions {
            let (one, mut of_one) = self.prepare(submission).await?;
            accepted.push(one);
            messages.append(&mut of_one);
        }
        self.admit(messages).await?;
        Ok(accepted)
    }

    async fn keep(&self, messages: Vec<NewMessage>) -> Result<(), IntakeError> {
        let lines: Vec<_> = messages.iter().flat_map(fate::kept).collect();
        self.keep_told(messages, &lines).await
    }

    /// One commit, and what is told when it is durable.
    pub(crate) async fn keep_told(
        &self,
        messages: Vec<NewMessage>,
        lines: &[fate::Line],
    ) -> Result<(), IntakeError> {
        let announcement = self.control.announce(&messages);
        self.store.accept(messages).await?;
        announcement.committed();
        self.control.tell(lines);
        Ok(())
    }

    /// The message as it will be kept, and the notifications that are born with it.
    async fn prepare(&self, submission: Submission) -> Result<(Accepted, Vec<NewMessage>), IntakeError> {
        let Submission { permit, origin, domain, content, mut options } = submission;
        let now = self.clock.now();
        let (hop_tls, tracking, links_at) = self.check_domain(&domain, &mut options).await?;
        self.check_limits(permit.envelope(), content.len(), &options, now)?;
        let id = self.ids.next(now);
        let completed = complete::complete(&content, id, &self.settings.hostname, now)?;
        check_authors(&permit, &completed, options.author)?;
        self.check_names(completed.authors.iter().filter_map(Address::domain).cloned()).await?;
        let recipients = permit.envelope().forward_paths.len();
        let (looks, usual) = (completed.looks, &self.settings.priorities);
        options.priority = Some(looks.priority(options.priority, recipients, permit.holder(), usual));
        let signers =
            self.signers_wanted(&permit, completed.author_domain(), &domain, &options.signatures)?;
        let posts = self.posts(&permit, &completed).await?;
        self.check_names(posts.iter().filter_map(Post::domain)).await?;
        let mut envelope = permit.into_envelope();
        drop_repeated(&mut envelope);
        envelope.forward_paths.retain(|path| !posts.iter().any(|post| post.is_to(&path.address)));
        let author = completed.author_domain().cloned();
        let by_mail = self.returns.takes_mail(&domain);
        let whole = Whole { origin, domain, author, signers, options, hop_tls, links_at, by_mail };
        let links = self.links_for(&completed.content, &whole, &tracking)?;
        let links = links.as_ref();
        let (mut accepted, mut messages) = self
            .seal_posts(&whole, posts, (links, &tracking), &envelope, &completed.content, (id, now))
            .await?;
        let rest = match (envelope.forward_paths.is_empty(), links) {
            (true, _) => None,
            (false, None) => {
                let id = if accepted.is_none() { id } else { self.ids.next(now) };
                Some(self.seal(&whole, id, envelope, completed.content, now).await?)
            }
            (false, Some(links)) => {
                let first = if accepted.is_none() { id } else { self.ids.next(now) };
                let copies = Copies { links, tracking: &tracking, first };
                Some(self.seal_each(&whole, copies, &envelope, &completed.content, now).await?)
            }
        };
        if let Some((one, mut of_rest)) = rest {
            messages.append(&mut of_rest);
            accepted.get_or_insert(one);
        }
        accepted.map(|accepted| (accepted, messages)).ok_or(IntakeError::NoRecipients)
    }

    /// Signs a copy, and makes of it what will be kept.
    async fn seal(
        &self,
        whole: &Whole,
        id: QueueId,
        envelope: Envelope,
        content: Vec<u8>,
        now: Timestamp,
    ) -> Result<(Accepted, Vec<NewMessage>), IntakeError> {
        let Whole { author, signers, .. } = whole;
        let content = match self.feedback_fields(author.as_ref(), id, now) {
            Some(fields) => header::prepend(&content, &[fields]),
            None => content,
        };
        let content = self.signing.sign(Bytes::from(content), signers.clone(), now).await?;
        let (envelope, here) = self.wanted_by_routes(whole, envelope, &content, now).await?;
        let Some(reception) = here else { return self.seal_rest(whole, id, envelope, content, now).await };
        if envelope.forward_paths.is_empty() {
            return Box::pin(self.received(id, &reception, now)).await;
        }
        let (_, mut routed) = Box::pin(self.received(self.ids.next(now), &reception, now)).await?;
        let (accepted, mut messages) = self.seal_rest(whole, id, envelope, content, now).await?;
        messages.append(&mut routed);
        Ok((accepted, messages))
    }

    /// A signed copy for those whom no route serves.
    async fn seal_rest(
        &self,
        whole: &Whole,
        id: QueueId,
        envelope: Envelope,
        content: Bytes,
        now: Timestamp,
    ) -> Result<(Accepted, Vec<NewMessage>), IntakeError> {
        let Whole { origin, domain, signers, options, hop_tls, .. } = whole;
        let content = match &options.trace {
            Some(trace) => {
                let field = complete::received(trace, &envelope, &self.settings.hostname, id, now);
                Bytes::from(header::prepend(&content, &[field]))
            }
            None => content,
        };
        let (mut message, told) = self
            .message(id, origin.clone(), domain.as_str(), envelope, content, (options, *hop_tls), now)
            .await?;
        let record = |signer: &Signer| format!("{}._domainkey.{}", signer.selector, signer.domain);
        message.summary.primary_dkim = signers.first().map(record);
        let accepted = Accepted { id, message_id: message.summary.message_id.clone() };
        let row = row_of(&message);
        let mut born = self.notifications(&row, &told, &message.content, now).await?;
        let mut messages = self.part(message, now);
        messages.append(&mut born);
        Ok((accepted, messages))
    }

    /// What lies in a mailbox begins with its Return-Path field, which nothing that travels on may have (RFC 5321 section 4.4): a
    /// message for both becomes two.
    fn part(&self, message: NewMessage, now: Timestamp) -> Vec<NewMessage> {
        let mut message = message;
        if message.mailboxes.is_empty() {
            return vec![message];
        }
        let content = complete::delivered(&message.content, &message.reverse_path);
        if message.recipients.is_empty() {
            message.content = content;
            return vec![message];
        }
        let here = NewMessage {
            id: self.ids.next(now),
            content,
            recipients: Vec::new(),
            mailboxes: std::mem::take(&mut message.mailboxes),
            events: Vec::new(),
            tables: Vec::new(),
            ..message.clone()
        };
        vec![message, here]
    }

    /// Takes a message from another ADMD into mailboxes, and to where routes send it: trace fields, one synced write. Where it goes and whether it is welcome
    /// was decided before.
    ///
    /// # Errors
    /// An [`IntakeError`]; nothing was kept.
    pub async fn receive(&self, reception: Reception) -> Result<Accepted, IntakeError> {
        let now = self.clock.now();
        let (accepted, messages) = self.received(self.ids.next(now), &reception, now).await?;
        self.keep(messages).await?;
        if reception.tested.is_some() {
            self.tests.arrived();
        }
        Ok(accepted)
    }

    /// What becomes of incoming mail for this domain that looks like spam.
    ///
    /// # Errors
    /// The store failed.
    pub async fn spam_action(&self, domain: &Domain) -> Result<SpamAction, StoreError> {
        let Some(domains) = &self.domains else { return Ok(SpamAction::default()) };
        Ok(domains.find(domain).await?.map(|ours| ours.row.spam_action).unwrap_or_default())
    }

    pub(crate) fn check_size(&self, content: &[u8]) -> Result<(), IntakeError> {
        let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
        let limit = self.settings.max_size;
        if size > limit { Err(IntakeError::TooLarge { size, limit }) } else { Ok(()) }
    }

    /// The DSNs for what happened to recipients: one for each action, none to the null reverse-path (RFC 5321 section
    /// 4.5.5). They are born in the commit of whoever asks. `content` is that of the message they tell of.
    pub(crate) async fn notifications(
        &self,
        message: &MessageRow,
        told: &[News],
        content: &Bytes,
        now: Timestamp,
    ) -> Result<Vec<NewMessage>, StoreError> {
        let Some(sender) = dsn::reader(message).filter(|_| !told.is_empty()) else { return Ok(Vec::new()) };
        let hostname = &self.settings.hostname;
        let (author, signers) = dsn::author(&*self.signers, hostname, message);
        let Ok(from) = Address::parse(&format!("postmaster@{author}")) else { return Ok(Vec::new()) };
        let (summary, asked) = (&message.summary, &message.envelope_parameters.dsn);
        let mut born = Vec::new();
        for action in [Action::Failed, Action::Delayed, Action::Relayed, Action::Delivered] {
            let of_action = told.iter().filter(|news| news.action == action);
            let recipients: Vec<Told> = of_action.map(|news| news.told.clone()).collect();
            if recipients.is_empty() {
                continue;
            }
            let report = Report {
                action,
                languages: self.settings.languages,
                hostname,
                from: &from,
                to: sender,
                recipients: &recipients,
                envelope_id: asked.envelope_id.as_deref(),
                accepted_at: message.accepted_at,
                subject: &summary.subject,
                message_id: &summary.message_id,
                queue_id: &message.id.to_string(),
                returned: Returned::choose(asked.ret, summary.size, action, content),
                now,
            };
            match self.notification(&report, &author, signers.clone()).await {
                Ok(notification) => born.append(&mut self.part(notification, now)),
                Err(IntakeError::Store(error)) => return Err(error),
                // The sender does not exist here, or the like: a notification that cannot be delivered ends here
                // (RFC 5321 section 6.1 forbids telling of it).
                Err(error) => tracing::warn!(message = %message.id, %error, "a DSN was not sent"),
            }
        }
        Ok(born)
    }

    /// One notification of ours, to be kept.
    async fn notification(
        &self,
        report: &Report<'_>,
        author: &Domain,
        signers: Vec<Signer>,
    ) -> Result<NewMessage, IntakeError> {
        let permit = Permit::own(Envelope::new(ReversePath::Null, [report.to.clone()]));
        let now = report.now;
        let id = self.ids.next(now);
        let hostname = &self.settings.hostname;
        let content = tegami_report::dsn::write(report, &id.to_string())
            .map_err(|error| IntakeError::BadHeader(error.to_string()))?;
        let completed = complete::complete(&content, id, hostname, now)?;
        check_authors(&permit, &completed, AuthorRule::Belongs)?;
        let content = Bytes::from(completed.content);
        // A DSN without signature is better than none: our own key must not stand between a sender and the news.
        let content = match self.signing.sign(content.clone(), signers, now).await {
            Ok(signed) => signed,
            Err(error) => {
                tracing::error!(%error, "a DSN goes out unsigned");
                content
            }
        };
        let options = Options::default();
        let envelope = permit.into_envelope();
        let message = self
            .message(id, Origin::Own, author.as_str(), envelope, content, (&options, HopTls::AsPolicy), now)
            .await?;
        Ok(message.0)
    }

    /// The message as it will be kept, and what is to be told of it at once.
    #[allow(clippy::too_many_arguments, reason = "the parts of one message, each made by an earlier stage")]
    async fn message(
        &self,
        id: QueueId,
        origin: Origin,
        domain: &str,
        envelope: Envelope,
        content: Bytes,
        (options, hop_tls): (&Options, HopTls),
        now: Timestamp,
    ) -> Result<(NewMessage, Vec<News>), IntakeError> {
        let sorted = self.sort(id, &origin, domain, &envelope, options, now).await?;
        let message = NewMessage {
            id,
            accepted_at: now,
            origin,
            domain: domain.to_owned(),
            envelope_parameters: EnvelopeParameters {
                hop_tls,
                release_at: options.deliver_at.filter(|moment| *moment > now),
                archive_to: options.archive_to.clone(),
                leaves_from: options.leaves_from.clone(),
                ..parameters(&envelope, &content)
            },
            reverse_path: envelope.reverse_path,
            summary: summarize(&content, options),
            content,
            priority: options.priority.unwrap_or_default(),
            recipients: sorted.remote,
            mailboxes: sorted.mailboxes,
            verdicts: None,
            events: sorted.events,
            tables: options.tables.iter().cloned().chain(sorted.archived).collect(),
        };
        Ok((message, sorted.told))
    }

    /// Whether the domain may send, what TLS with the next hop has to be, what is learnt of readers, and by which way they reach us. The archive is the domain's where the message
    /// names none.
    async fn check_domain(
        &self,
        domain: &Domain,
        options: &mut Options,
    ) -> Result<(HopTls, TrackingSettings, Option<String>), IntakeError> {
        let ours = match &self.domains {
            Some(domains) => domains.find(domain).await?,
            None => None,
        };
        if let Some(why) = ours.as_ref().and_then(|ours| ours.refusal()) {
            return Err(IntakeError::DomainNotAllowed { domain: domain.clone(), why });
        }
        let row = ours.as_ref().map(|ours| &ours.row);
        let settings = row.map(|row| row.tracking.clone()).unwrap_or_default();
        let archive = || row.and_then(|row| row.archive_to.clone());
        options.archive_to = options.archive_to.take().or_else(archive);
        let links_at = ours.as_ref().and_then(|ours| ours.links_at());
        Ok((options.hop_tls.hop_tls(row), options.tracking.over(settings), links_at))
    }

    /// Whether mail may be sent in the name of all these: what lies below a domain of ours goes by its state, as it is signed by its keys.
    async fn check_names(&self, names: impl Iterator<Item = Domain> + Send) -> Result<(), IntakeError> {
        let Some(domains) = &self.domains else { return Ok(()) };
        let roll = domains.roll().await?;
        for name in names {
            if let Some(ours) = roll.above(&name)
                && let Some(why) = ours.refusal()
            {
                return Err(IntakeError::DomainNotAllowed { domain: ours.name.clone(), why });
            }
        }
        Ok(())
    }

    fn check_limits(
        &self,
        envelope: &Envelope,
        size: usize,
        options: &Options,
        now: Timestamp,
    ) -> Result<(), IntakeError> {
        let limits = &self.settings;
        let size = u64::try_from(size).unwrap_or(u64::MAX);
        if size > limits.max_size {
            return Err(IntakeError::TooLarge { size, limit: limits.max_size });
        }
        match envelope.forward_paths.len() {
            0 => return Err(IntakeError::NoRecipients),
            count if count > limits.max_recipients => {
                return Err(IntakeError::TooManyRecipients { count, limit: limits.max_recipients });
            }
            _ => {}
        }
        let latest = later(now, limits.max_ahead);
        options
            .deliver_at
            .filter(|moment| *moment > latest)
            .map_or(Ok(()), |moment| Err(IntakeError::TooLate(moment)))
    }

    /// Those who sign, as far as the submitter has a say in it.
    fn signers_wanted(
        &self,
        permit: &Permit,
        author: Option<&Domain>,
        sending: &Domain,
        wanted: &Signatures,
    ) -> Result<Vec<Signer>, IntakeError> {
        if wanted.withheld {
            return Ok(Vec::new());
        }
        let mut signers = self.signers_for(author, sending);
        let Some(SecondSignature { key, shown_as }) = &wanted.second else { return Ok(signers) };
        let is_named = |signer: &Signer| signer.domain == key.domain && signer.selector == key.selector;
        let known = self.signers.signers(&key.domain).into_iter().find(is_named);
        let signer = known.filter(|_| permit.may_sign_for(&key.domain));
        let mut signer = signer.ok_or_else(|| IntakeError::NoSuchKey(key.to_string()))?;
        if let Some(KeyName { domain, selector }) = shown_as {
            (signer.domain, signer.selector) = (domain.clone(), selector.clone());
        }
        if !signers.iter().any(|one| one.domain == signer.domain && one.selector == signer.selector) {
            signers.push(signer);
        }
        Ok(signers)
    }

    fn signers_for(&self, author: Option<&Domain>, sending: &Domain) -> Vec<Signer> {
        let signers = author.map(|author| self.signers.signers(author)).unwrap_or_default();
        if signers.is_empty() { self.signers.signers(sending) } else { signers }
    }

    /// The fields by which a receiver finds where to complain, and we the message complained about (RFC 9477 section 3): signed, and only
    /// where the address is of the author's organization.
    fn feedback_fields(&self, author: Option<&Domain>, id: QueueId, now: Timestamp) -> Option<Vec<u8>> {
        let author = author?;
        let aligned = |feedback: &&Address| {
            let domain = feedback.domain();
            domain.is_some_and(|domain| author.is_at_or_below(domain) || domain.is_at_or_below(author))
        };
        let feedback = self.settings.feedback.iter().find(aligned)?;
        let identity = self.returns.identity(feedback.domain()?, id, now)?;
        Some(format!("CFBL-Address: {feedback}; report=arf\r\n{FEEDBACK_ID}: {identity}\r\n").into_bytes())
    }
}

fn check_authors(permit: &Permit, completed: &Completed, rule: AuthorRule) -> Result<(), IntakeError> {
    if rule == AuthorRule::Any {
        return Ok(());
    }
    let stranger = completed.authors.iter().find(|author| !permit.may_write_as(author));
    stranger.map_or(Ok(()), |author| {
        Err(IntakeError::AuthorNotPermitted {
            account: permit.holder().to_owned(),
            author: author.to_string(),
        })
    })
}

/// A recipient that is named twice gets one copy.
fn drop_repeated(envelope: &mut Envelope) {
    let mut seen = BTreeSet::new();
    envelope.forward_paths.retain(|path| seen.insert(path.address.clone()));
}

/// What the next hop must be told.
pub(crate) fn parameters(envelope: &Envelope, content: &[u8]) -> EnvelopeParameters {
    let (body, smtputf8) = complete::needs(envelope, content);
    EnvelopeParameters {
        body,
        smtputf8,
        require_tls: envelope.require_tls,
        hop_tls: HopTls::AsPolicy,
        dsn: envelope.dsn.clone(),
        release_at: None,
        archive_to: None,
        leaves_from: None,
    }
}

/// The row that a message will have.
pub(crate) fn row_of(message: &NewMessage) -> MessageRow {
    MessageRow {
        id: message.id,
        accepted_at: message.accepted_at,
        origin: message.origin.clone(),
        domain: message.domain.clone(),
        reverse_path: message.reverse_path.clone(),
        envelope_parameters: message.envelope_parameters.clone(),
        summary: message.summary.clone(),
        verdicts: message.verdicts.clone(),
    }
}
