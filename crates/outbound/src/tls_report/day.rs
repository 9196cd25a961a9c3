//! What is kept of one day and one domain.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use tegami_mail::Domain;
use tegami_report::tls_rpt::{PolicyReport, Tally};
use tegami_store::{Store, StoreError, Table};

/// Rows that are read at a time.
const PAGE: usize = 500;

/// What was counted on one day (UTC) for one domain, and what became of its report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Day {
    /// Sessions by policy and result.
    pub policies: Vec<PolicyReport>,
    /// The report's identifier, once there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_id: Option<String>,
    /// What became of it; `None` while it waits for its moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fate: Option<Fate>,
    /// Where it went, and how.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deliveries: Vec<Delivery>,
    /// Not tried before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
    /// Why it was not sent at the last try.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It went to at least one of the addresses.
    Sent,
    /// The domain asks for none.
    Unwanted,
    /// It could not be sent for a whole day.
    GivenUp,
}

/// One address of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// `mailto:` or `https:`.
    pub to: String,
    /// When it was handed over or refused.
    pub at: Timestamp,
    /// How it went.
    pub outcome: Delivered,
}

/// How it went at one address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivered {
    /// The message with this Message-ID waits in the queue, or has left it: `tegami why` knows more.
    Queued(String),
    /// Posted; the status of the answer.
    Posted(u16),
    /// Not this way; tried again with the report's next try.
    Failed(String),
}

impl Day {
    /// Adds what was counted meanwhile.
    pub(super) fn add(&mut self, more: &Tally) {
        let mut whole = Tally::of(&self.policies);
        whole.merge(&more.policies());
        self.policies = whole.policies();
    }

    /// Sessions that kept to their policy, and those that did not.
    pub fn sessions(&self) -> (u64, u64) {
        let summaries = self.policies.iter().map(|policy| policy.summary);
        summaries.fold((0, 0), |(good, bad), one| {
            (
                good.saturating_add(one.total_successful_session_count),
                bad.saturating_add(one.total_failure_session_count),
            )
        })
    }
}

/// The row's key in [`Table::TlsReports`]: by day, then by domain.
pub fn key(date: Date, domain: &Domain) -> String {
    format!("{date}/{domain}")
}

/// Day and domain of a key.
pub(super) fn of_key(key: &str) -> Option<(Date, Domain)> {
    let (date, domain) = key.split_once('/')?;
    Some((date.parse().ok()?, Domain::parse(domain).ok()?))
}

/// The day of a moment.
pub(super) fn date(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// The first and the last moment of a day, and the first of the next.
pub(super) fn bounds(date: Date) -> (Timestamp, Timestamp, Timestamp) {
    let midnight =
        |date: Date| date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()).unwrap_or(Timestamp::MAX);
    let (first, next) = (midnight(date), midnight(date.tomorrow().unwrap_or(Date::MAX)));
    let last = next.checked_sub(jiff::SignedDuration::from_secs(1)).unwrap_or(next);
    (first, last, next)
}

/// All that is kept, oldest first.
///
/// # Errors
/// The store could not be read.
pub async fn days(store: &dyn Store) -> Result<Vec<(Date, Domain, Day)>, StoreError> {
    let (mut all, mut after) = (Vec::new(), None);
    while let Some(days) = page(store, &mut after).await? {
        all.extend(days);
    }
    Ok(all)
}

/// The next rows after a key, oldest first, and moves the key; `None` at the end.
pub(super) async fn page(
    store: &dyn Store,
    after: &mut Option<String>,
) -> Result<Option<Vec<(Date, Domain, Day)>>, StoreError> {
    let rows = store.scan(Table::TlsReports, "", after.as_deref(), PAGE).await?;
    let Some((last, _)) = rows.last() else { return Ok(None) };
    *after = Some(last.clone());
    let day = |(key, row): (String, serde_json::Value)| {
        let (date, domain) = of_key(&key)?;
        Some((date, domain, serde_json::from_value(row).ok()?))
    };
    Ok(Some(rows.into_iter().filter_map(day).collect()))
}

/// The key after which the rows of this day and later ones stand.
pub(super) fn before(date: Date) -> String {
    format!("{date}/")
}
