//! What this server knows of its own domains: who signs, what stands in MAIL FROM, and what its log says.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tegami_auth::dkim::Selector;
use tegami_doctor::{Known, Numbers, OwnKey, Purpose, Sent, Who};
use tegami_mail::Domain;
use tegami_mail::failure::Provider;
use tegami_queue::{DkimKeys, Domains};
use tegami_store::{Store, StoreError};

use crate::statistics::{self, Counts, Whose};

/// Days over which messages to a provider are counted.
const MONTH: i64 = 30;
/// Days over which shares are taken.
const WEEK: i64 = 7;
/// Fewer messages make no share: one complaint among ten says nothing.
const ENOUGH: u64 = 100;

/// Where the facts about our own domains lie.
pub struct Registry {
    /// Events, counted by hour.
    pub store: Arc<dyn Store>,
    /// Which domains are ours.
    pub domains: Arc<Domains>,
    /// Their keys.
    pub keys: Arc<DkimKeys>,
}

impl Registry {
    /// Tells what is known of a domain of ours, beside what was known before. What cannot be read stays untold.
    pub(super) async fn tell(&self, domain: &Domain, known: &mut Known) {
        known.purpose = Purpose::Sends;
        // Keys of a domain above it sign with that domain's name: their records lie there.
        let keys = self.keys.of(domain).await.unwrap_or_default().into_iter().filter(|row| row.active);
        let keys = keys.filter_map(|row| {
            let selector = Selector::parse(&row.selector).ok()?;
            Some(OwnKey { selector, record: row.record })
        });
        known.keys.extend(keys);
        let bounces = self.domains.find(domain).await.ok().flatten().and_then(|ours| ours.bounce_host());
        if let Some(host) = bounces {
            // Only what comes in without a return path of its own gets this one.
            known.mail_from.extend([domain.clone(), host]);
        }
        match self.numbers(domain, known.now).await {
            Ok(numbers) => known.numbers = Some(numbers),
            Err(error) => tracing::warn!(%error, %domain, "nothing could be counted of a domain's mail"),
        }
    }

    /// What our own log says.
    async fn numbers(&self, domain: &Domain, now: Timestamp) -> Result<Numbers, StoreError> {
        let week = self.counted(Whose::Domain(domain.to_string()), now, WEEK).await?;
        let mut all = Counts::default();
        week.iter().for_each(|(_, counts)| all.join(counts));
        let delivered = all.of("delivered-smtp");
        Ok(Numbers {
            sent: self.sent(domain, now).await?,
            complaint_rate: share(all.of("complained"), delivered),
            bounce_rate: share(all.of("hard-bounce"), delivered + all.of("hard-bounce")),
            ..Numbers::default()
        })
    }

    /// The most that went to each family of mailboxes in one day, from the domain and everything of ours below it.
    async fn sent(&self, domain: &Domain, now: Timestamp) -> Result<Vec<Sent>, StoreError> {
        let roll = self.domains.roll().await?;
        let family = roll.iter().map(|ours| &ours.name).filter(|name| name.is_at_or_below(domain));
        let mut days = BTreeMap::<(usize, Date), u64>::new();
        for name in family {
            for (place, (_, provider)) in PROVIDERS.iter().enumerate() {
                let whose = Whose::Provider(name.to_string(), provider.as_str().to_owned());
                for (hour, counts) in self.counted(whose, now, MONTH).await? {
                    let day = hour.to_zoned(TimeZone::UTC).date();
                    *days.entry((place, day)).or_default() += counts.of("delivered-smtp");
                }
            }
        }
        let most =
            |at: usize| days.iter().filter(|((place, _), _)| *place == at).map(|(_, count)| *count).max();
        let sent = PROVIDERS.iter().enumerate().filter_map(|(place, (provider, _))| {
            Some(Sent { provider: *provider, most_per_day: most(place).filter(|count| *count > 0)? })
        });
        Ok(sent.collect())
    }

    async fn counted(
        &self,
        whose: Whose,
        now: Timestamp,
        days: i64,
    ) -> Result<Vec<(Timestamp, Counts)>, StoreError> {
        let begin = now.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MIN);
        statistics::hours(&*self.store, &whose, begin, now).await
    }
}

/// Families of mailboxes that count, and what our log calls them.
const PROVIDERS: [(Who, Provider); 4] = [
    (Who::Gmail, Provider::Google),
    (Who::Outlook, Provider::Outlook),
    (Who::Yahoo, Provider::Yahoo),
    (Who::ICloud, Provider::Icloud),
];

#[allow(clippy::cast_precision_loss, reason = "nobody sends 2 to the power of 53 messages a week")]
fn share(part: u64, of: u64) -> Option<f64> {
    (of >= ENOUGH).then(|| part as f64 / of as f64)
}
