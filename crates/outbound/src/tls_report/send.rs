//! When a day is over: asking who wants a report, writing it, sending it.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flate2::write::GzEncoder;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use tegami_auth::tls_rpt::{self, Record, Target};
use tegami_dns::{DnsError, DnsName, Resolver};
use tegami_mail::{Address, Clock, Domain};
use tegami_queue::Intake;
use tegami_report::tls_rpt::{Coding, DateRange, Letter, Report};
use tegami_store::{Store, StoreError, Table};

use super::day::{self, Day, Delivered, Delivery, Fate};
use super::{Identity, Journal, Post};

/// The first reports go out so long after midnight: sessions that began before it have ended.
const SETTLED: SignedDuration = SignedDuration::from_mins(10);

/// Reports are spread over so many seconds: everybody's day ends at the same moment (RFC 8460 section 4.4 asks for up to four hours).
const SPREAD: u32 = 4 * 3600;

/// Between two tries of a report that could not be sent, and how long it is tried (RFC 8460 section 5.5: a day).
const RETRY: SignedDuration = SignedDuration::from_hours(1);
const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// The media type of a report that is posted (RFC 8460 section 5.4).
const GZIP: &str = "application/tlsrpt+gzip";

/// How often what was counted is written.
const EVERY: Duration = Duration::from_secs(30);

/// Reports are looked for each time that so many times were written.
const LOOKS: usize = 20;

/// Reports of days that lie longer back have had their time; those that a pause of ours has left behind are looked for at the start.
const OPEN: SignedDuration = SignedDuration::from_hours(72);

/// Writes and sends the reports of days that are over.
pub struct Reporter {
    /// What is counted.
    pub journal: Arc<Journal>,
    /// Where it is kept.
    pub store: Arc<dyn Store>,
    /// Who knows which domains ask for reports.
    pub resolver: Arc<dyn Resolver>,
    /// The door for letters.
    pub intake: Arc<Intake>,
    /// For `https:` addresses.
    pub post: Arc<dyn Post>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who reports; `None` counts and sends nothing.
    pub identity: Option<Identity>,
    /// How long rows are kept.
    pub kept: Duration,
}

impl Reporter {
    /// Works until `stop` is done, and writes what was counted at the end.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        for turn in 0_usize.. {
            let done = tokio::select! {
                () = tokio::time::sleep(EVERY) => false,
                () = &mut stop => true,
            };
            let worked = match turn {
                _ if done => self.journal.flush().await,
                0 => self.work().await,
                turn if turn.is_multiple_of(LOOKS) => {
                    self.work_from(self.clock.now().checked_sub(OPEN).unwrap_or(Timestamp::MIN)).await
                }
                _ => self.journal.flush().await,
            };
            if let Err(error) = worked {
                tracing::warn!(%error, "reports about TLS have to wait");
            }
            if done {
                return;
            }
        }
    }

    /// Writes what was counted, sends what is due, forgets what is old.
    ///
    /// # Errors
    /// The store could not be read or written; nothing is lost by that.
    pub async fn work(&self) -> Result<(), StoreError> {
        self.work_from(Timestamp::MIN).await
    }

    /// The same, where no report of an earlier day waits.
    async fn work_from(&self, first: Timestamp) -> Result<(), StoreError> {
        self.journal.flush().await?;
        let now = self.clock.now();
        self.forget(now).await?;
        let (store, today) = (self.store.as_ref(), day::date(now));
        let Some(identity) = &self.identity else { return Ok(()) };
        let mut after = Some(day::before(day::date(first)));
        while let Some(days) = day::page(store, &mut after).await? {
            for (date, domain, row) in days {
                if date >= today {
                    return Ok(());
                }
                if row.fate.is_some() || now < row.next.unwrap_or_else(|| due(date, &domain)) {
                    continue;
                }
                let row = self.report(identity, date, &domain, row, now).await;
                if let Ok(json) = serde_json::to_value(&row) {
                    store.put(Table::TlsReports, vec![(day::key(date, &domain), json)]).await?;
                }
            }
        }
        Ok(())
    }

    /// Forgets what is old, which stands in front.
    async fn forget(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut after = None;
        while let Some(days) = day::page(self.store.as_ref(), &mut after).await? {
            let count = days.len();
            let old = days.into_iter().filter(|(date, ..)| self.is_old(*date, now));
            let keys: Vec<String> = old.map(|(date, domain, _)| day::key(date, &domain)).collect();
            let all_old = keys.len() == count;
            if !keys.is_empty() {
                self.store.delete(Table::TlsReports, keys).await?;
            }
            if !all_old {
                break;
            }
        }
        Ok(())
    }

    fn is_old(&self, date: Date, now: Timestamp) -> bool {
        let (_, _, over) = day::bounds(date);
        over.checked_add(self.kept).is_ok_and(|end| end < now)
    }

    async fn report(
        &self,
        identity: &Identity,
        date: Date,
        domain: &Domain,
        row: Day,
        now: Timestamp,
    ) -> Day {
        let mut row = row;
        let late = now >= due(date, domain).checked_add(LIFETIME).unwrap_or(Timestamp::MAX);
        match self.wanted(domain).await {
            Ok(Some(record)) => self.deliver(identity, date, domain, &record, &mut row, now).await,
            Ok(None) => row.fate = Some(Fate::Unwanted),
            Err(error) => row.trouble = Some(format!("{}.{domain}: {error}", tls_rpt::RECORD_LABEL)),
        }
        if row.fate.is_none() {
            row.next = now.checked_add(RETRY).ok();
            row.fate = late.then_some(Fate::GivenUp);
        }
        if row.fate == Some(Fate::Sent) {
            tracing::info!(%domain, %date, report = row.report_id, "report about TLS sent");
        }
        row
    }

    /// Whom the domain asks to write to.
    async fn wanted(&self, domain: &Domain) -> Result<Option<Record>, DnsError> {
        let Ok(name) = DnsName::from(domain).prepend(tls_rpt::RECORD_LABEL) else { return Ok(None) };
        match self.resolver.txt(&name).await {
            Ok(texts) => Ok(tls_rpt::find(texts.iter().map(Vec::as_slice)).ok()),
            Err(error) if error.is_void() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// To every address that has not had it. One that took it is enough.
    async fn deliver(
        &self,
        identity: &Identity,
        date: Date,
        domain: &Domain,
        record: &Record,
        row: &mut Day,
        now: Timestamp,
    ) {
        let (start_datetime, end_datetime, _) = day::bounds(date);
        let report_id = format!("{date}-{domain}@{}", identity.submitter);
        let report = Report {
            organization_name: identity.organization.clone(),
            date_range: DateRange { start_datetime, end_datetime },
            contact_info: identity.contact.clone(),
            report_id: report_id.clone(),
            policies: row.policies.clone(),
        };
        row.report_id = Some(report_id);
        let Some(octets) = packed(&report) else {
            row.trouble = Some("the report cannot be written".to_owned());
            return;
        };
        row.deliveries.retain(|delivery| !matches!(delivery.outcome, Delivered::Failed(_)));
        for target in &record.rua {
            let to = match target {
                Target::Mail(address) => format!("mailto:{address}"),
                Target::Https(uri) => uri.clone(),
            };
            if row.deliveries.iter().any(|delivery| delivery.to == to) {
                continue;
            }
            let outcome = match target {
                Target::Mail(address) => self.write(identity, &report, domain, address, &octets, now).await,
                Target::Https(uri) => match self.post.post(uri, GZIP, octets.clone()).await {
                    Ok(status @ 200..=299) => Delivered::Posted(status),
                    Ok(status) => Delivered::Failed(format!("HTTP {status}")),
                    Err(error) => Delivered::Failed(error),
                },
            };
            row.deliveries.push(Delivery { to, at: now, outcome });
        }
        let failed = row.deliveries.iter().find_map(|delivery| match &delivery.outcome {
            Delivered::Failed(reason) => Some(format!("{}: {reason}", delivery.to)),
            _ => None,
        });
        row.fate = row
            .deliveries
            .iter()
            .any(|one| !matches!(one.outcome, Delivered::Failed(_)))
            .then_some(Fate::Sent);
        row.trouble = failed;
    }

    async fn write(
        &self,
        identity: &Identity,
        report: &Report,
        about: &Domain,
        to: &Address,
        octets: &Bytes,
        now: Timestamp,
    ) -> Delivered {
        let letter = Letter {
            report,
            about,
            submitter: &identity.submitter,
            from: identity.from.clone(),
            to: to.clone(),
            date: now,
            coding: Coding::Gzip,
            octets,
        };
        let content = match letter.write(&report.report_id) {
            Ok(content) => Bytes::from(content),
            Err(error) => return Delivered::Failed(error.to_string()),
        };
        match self.intake.send_paper(&identity.submitter, to.clone(), content).await {
            Ok(accepted) => Delivered::Queued(accepted.message_id),
            Err(error) => Delivered::Failed(error.to_string()),
        }
    }
}

/// When the report of a day goes out.
fn due(date: Date, domain: &Domain) -> Timestamp {
    let (_, _, over) = day::bounds(date);
    let spread = spread_of(domain.as_str()) % SPREAD;
    over.checked_add(SETTLED + SignedDuration::from_secs(spread.into())).unwrap_or(Timestamp::MAX)
}

/// FNV-1a: always the same for a domain, and spread evenly enough.
fn spread_of(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, octet| (hash ^ u32::from(octet)).wrapping_mul(0x0100_0193))
}

fn packed(report: &Report) -> Option<Bytes> {
    let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&report.write().ok()?).ok()?;
    gzip.finish().ok().map(Bytes::from)
}
