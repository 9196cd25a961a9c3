//! The last step: an envelope, a permit, and through the door of the queue.

use std::time::Duration;

use bytes::Bytes;
use tegami_mail::{Address, Envelope, ReversePath};
use tegami_queue::shaping::SourceTerms;
use tegami_queue::{Accepted, AuthError, Authenticated, AuthorRule, Options, Permit, Submission, Trace};
use tegami_store::{Origin, SourceWish, TableChange};

use super::auth::Sender;
use super::options::SendOptions;
use super::scalar::shown;
use crate::error::ApiError;
use crate::house::House;

/// A message that is ready.
pub(crate) struct Parcel {
    /// Whom the From field names.
    pub(crate) authors: Vec<Address>,
    /// Who gets it.
    pub(crate) recipients: Vec<Address>,
    /// Header section and body.
    pub(crate) content: Vec<u8>,
    /// The rest.
    pub(crate) options: SendOptions,
    /// What is kept in the same commit.
    pub(crate) tables: Vec<TableChange>,
}

impl House {
    /// Gives a message to intake.
    pub(crate) async fn submit(&self, sender: &Sender, parcel: Parcel) -> Result<Accepted, ApiError> {
        let submission = self.submission(sender, parcel).await?;
        Ok(self.rooms.intake.accept(submission).await?)
    }

    /// Gives several messages to intake: all of them or none.
    pub(crate) async fn submit_all(&self, sender: &Sender, mut parcels: Vec<Parcel>) -> Result<(), ApiError> {
        if parcels.len() == 1
            && let Some(only) = parcels.pop()
        {
            self.submit(sender, only).await?;
            return Ok(());
        }
        let mut submissions = Vec::with_capacity(parcels.len());
        for parcel in parcels {
            submissions.push(self.submission(sender, parcel).await?);
        }
        self.rooms.intake.accept_all(submissions).await?;
        Ok(())
    }

    /// The author may be anybody, as with the real service: an author elsewhere does not align with the signature, which
    /// speaks for the path's domain. Only an author in *another domain of ours* needs a key that is good for that domain. The reverse-path
    /// is the first author in the path's domain, else that domain's postmaster, so that it always belongs to the domain.
    async fn submission(&self, sender: &Sender, parcel: Parcel) -> Result<Submission, ApiError> {
        for author in &parcel.authors {
            if let Some(domain) = author.domain()
                && !self.may_write_as(sender, domain).await?
            {
                let domain = &sender.domain;
                let why =
                    format!("Domain {domain} is not allowed to send: this key may not write as {author}");
                return Err(ApiError::NotAllowed(why));
            }
        }
        self.check_size(parcel.content.len())?;
        self.check_moment(&parcel.options)?;
        self.check_source(&parcel.options)?;
        let reverse_path = reverse_path(&parcel.authors, sender)?;
        let envelope = Envelope::new(reverse_path, parcel.recipients);
        let account = self.account_for(sender, &parcel.options).await?;
        let permit = Permit::for_account(&account, envelope)
            .map_err(|error| ApiError::NotAllowed(error.to_string()))?;
        Ok(Submission {
            permit,
            origin: Origin::Http { account: account.account().to_owned() },
            domain: sender.domain.clone(),
            content: Bytes::from(parcel.content),
            options: parcel.options.into_queue(Options {
                trace: Some(Trace { protocol: "HTTP".to_owned(), ..Trace::default() }),
                author: AuthorRule::Any,
                tables: parcel.tables,
                ..Options::default()
            }),
        })
    }

    /// The sender's rights; with those for the domain of a second signature, where the key has them.
    async fn account_for(&self, sender: &Sender, options: &SendOptions) -> Result<Authenticated, ApiError> {
        let account = sender.account.clone();
        let Some(key) = options.second_key.as_ref().filter(|key| key.domain != sender.domain) else {
            return Ok(account);
        };
        match self.rooms.accounts.authenticate_key(sender.key(), Some(&key.domain)).await {
            Ok(there) => Ok(account.together_with(there)),
            Err(AuthError::Unavailable(error)) => Err(AuthError::Unavailable(error).into()),
            Err(_) => Ok(account),
        }
    }

    fn check_size(&self, size: usize) -> Result<(), ApiError> {
        let size = u64::try_from(size).unwrap_or(u64::MAX);
        let limit = self.settings.max_size;
        if size > limit {
            let message =
                format!("the message has {size} octets once it is encoded; at most {limit} are accepted");
            return Err(ApiError::NotAccepted { status: 413, message });
        }
        Ok(())
    }

    /// A pool and an address that mail leaves from must be there.
    pub(crate) fn check_source(&self, options: &SendOptions) -> Result<(), ApiError> {
        if options.sending_ip.is_none() && options.sending_pool.is_none() {
            return Ok(());
        }
        let settings = self.rooms.shaping.settings();
        let pool = options.sending_pool.clone().map(SourceWish::Pool);
        if let (Some(wish), Some(name)) = (&pool, &options.sending_pool)
            && !settings.sources.has(wish)
        {
            let why = format!("o:sending-ip-pool: no mail leaves from a pool `{}`", shown(name));
            return Err(ApiError::bad(why));
        }
        let Some(ip) = options.sending_ip else { return Ok(()) };
        let wish = SourceWish::Address(ip);
        if !settings.sources.has(&wish) {
            return Err(ApiError::bad(format!("o:sending-ip: no mail leaves from {ip}")));
        }
        let is_both =
            |source: &SourceTerms| source.is_wished(&wish) && pool.iter().all(|pool| source.is_wished(pool));
        if settings.sources.iter().any(|source| is_both(source)) {
            return Ok(());
        }
        Err(ApiError::bad(format!("o:sending-ip: {ip} is not in the pool of o:sending-ip-pool")))
    }

    fn check_moment(&self, options: &SendOptions) -> Result<(), ApiError> {
        let Some(moment) = options.deliver_at else { return Ok(()) };
        let ahead = moment.duration_since(self.rooms.clock.now());
        let horizon = self.rooms.intake.max_ahead();
        if Duration::try_from(ahead).is_ok_and(|ahead| ahead > horizon) {
            let days = horizon.as_secs() / 86_400;
            let why =
                format!("o:deliverytime: {} is more than {days} days ahead", shown(&moment.to_string()));
            return Err(ApiError::bad(why));
        }
        Ok(())
    }
}

fn reverse_path(authors: &[Address], sender: &Sender) -> Result<ReversePath, ApiError> {
    if let Some(author) = authors.iter().find(|author| sender.account.may(author)) {
        return Ok(ReversePath::Address(author.clone()));
    }
    let postmaster = Address::parse(&format!("postmaster@{}", sender.domain));
    postmaster.map(ReversePath::Address).map_err(|error| ApiError::bad(error.to_string()))
}
