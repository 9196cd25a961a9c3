//! From what a person says to a filter of the store.

use std::ops::ControlFlow;

use jiff::Timestamp;
use tegami_mail::Domain;
use tegami_mail::failure::{Cause, Said, classify};
use tegami_queue::gate::Gate;
use tegami_store::{QueueColumn, QueueFilter, QueueRow, RecipientState};

use crate::cli::{Selection, State};
use crate::command::Failure;
use crate::server::Rooms;

/// Rows asked for at once.
const PAGE: usize = 1000;

/// Which rows are meant.
pub(super) struct Meant {
    /// What the store can tell.
    pub(super) filter: QueueFilter,
    /// What is read from the last reply of each row.
    pub(super) cause: Option<Cause>,
    /// Nothing can fit: there is no mail for the provider that was named.
    pub(super) nothing: bool,
}

pub(super) async fn meant(selection: &Selection, rooms: &Rooms) -> Result<Meant, Failure> {
    let now = rooms.clock.now();
    let ago = |age: std::time::Duration| now.checked_sub(age).unwrap_or(Timestamp::MIN);
    let state = selection.state.map(|state| match state {
        State::Queued => RecipientState::Queued,
        State::Held => RecipientState::Held,
    });
    // As the rows have them: A-labels in lower case. What is no domain fits nothing, and an address literal is one.
    let domain =
        |text: &String| Domain::parse(text).map_or_else(|_| text.clone(), |domain| domain.to_string());
    let mut filter = QueueFilter {
        state,
        message: selection.id,
        recipient: selection.to.clone(),
        domains: selection.domains.iter().map(domain).collect(),
        account: selection.account.clone(),
        sender_domain: selection.sender.as_ref().map(domain),
        tag: selection.tag.clone(),
        accepted_from: selection.newer.map(ago),
        accepted_until: selection.older.map(ago),
        attempts_from: selection.attempts,
        status: selection.reply.clone(),
        ..QueueFilter::default()
    };
    let mut nothing = false;
    if let Some(provider) = &selection.provider {
        filter.next_hops = hops_of(provider, &filter, rooms).await?;
        nothing = filter.next_hops.is_empty();
    }
    Ok(Meant { filter, cause: selection.cause, nothing })
}

/// The next hops of waiting mail that lead to a provider.
async fn hops_of(provider: &str, filter: &QueueFilter, rooms: &Rooms) -> Result<Vec<String>, Failure> {
    let counts = rooms.store.queue_counts(filter.clone(), QueueColumn::NextHop).await?;
    let leads = |hop: &String| *rooms.holds.place(hop) == *provider;
    Ok(counts.into_iter().map(|count| count.value).filter(leads).collect())
}

impl Meant {
    /// Goes through the rows, by the time of their next attempt, as long as `visit` goes on. There may be a million: whoever visits keeps
    /// only what it needs.
    pub(super) async fn each(
        &self,
        rooms: &Rooms,
        mut visit: impl FnMut(QueueRow) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        if self.nothing {
            return Ok(());
        }
        let mut after = None;
        loop {
            let page = rooms.store.queue(self.filter.clone(), after, PAGE).await?;
            let full = page.len() == PAGE;
            after = page.last().map(|row| row.id);
            let ended = page.into_iter().filter(|row| self.fits(row)).try_for_each(&mut visit);
            if ended.is_break() || !full {
                return Ok(());
            }
        }
    }

    /// The first rows, at most `most`.
    pub(super) async fn rows(&self, rooms: &Rooms, most: usize) -> Result<Vec<QueueRow>, Failure> {
        let mut found: Vec<QueueRow> = Vec::new();
        let visit = |row| {
            if found.len() < most {
                found.push(row);
            }
            if found.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        self.each(rooms, visit).await?;
        Ok(found)
    }

    /// How many they are. What is read from replies has to be read to be counted.
    pub(super) async fn count(&self, rooms: &Rooms) -> Result<u64, Failure> {
        if self.cause.is_some() {
            let mut count = 0;
            let visit = |_| {
                count += 1;
                ControlFlow::Continue(())
            };
            self.each(rooms, visit).await?;
            return Ok(count);
        }
        if self.nothing {
            return Ok(0);
        }
        let counts = rooms.store.queue_counts(self.filter.clone(), QueueColumn::State).await?;
        Ok(counts.iter().map(|count| count.rows).sum())
    }

    fn fits(&self, row: &QueueRow) -> bool {
        let Some(wanted) = self.cause else { return true };
        row.last_status.as_deref().is_some_and(|status| classify(&Said::parse(status)).cause == wanted)
    }
}
