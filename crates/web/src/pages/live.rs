//! The stream that tells open pages to look again: server-sent events without content.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use tegami_store::{EventFilter, Store};
use tokio::sync::watch;

use super::Hall;

/// How often the store is asked whether it has a new event. Every change of a message brings one.
const LOOK: Duration = Duration::from_secs(1);
/// A busy server does not make its readers look more often than this.
const REST: Duration = Duration::from_millis(250);

/// What one open page waits for.
struct Watcher {
    store: Arc<dyn Store>,
    closing: watch::Receiver<bool>,
    stage: Option<watch::Receiver<u64>>,
    seen: Option<u64>,
}

/// A tick with every change, until the page is closed or the server stops.
pub(crate) async fn stream(
    State(hall): State<Arc<Hall>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut watcher = Watcher {
        store: Arc::clone(&hall.store),
        closing: hall.closing.clone(),
        stage: hall.stage.as_ref().map(|stage| stage.changes()),
        seen: None,
    };
    watcher.seen = watcher.newest().await;
    let ticks = stream::unfold(watcher, |mut watcher| async move {
        let number = watcher.change().await?;
        Some((Ok(Event::default().event("change").data(number.to_string())), watcher))
    });
    Sse::new(ticks).keep_alive(KeepAlive::default())
}

impl Watcher {
    /// Waits for the next change; `None` when the server stops.
    async fn change(&mut self) -> Option<u64> {
        loop {
            if *self.closing.borrow() {
                return None;
            }
            let staged = tokio::select! {
                // A sender that is gone has stopped, too.
                _ = self.closing.changed() => return None,
                () = changed(&mut self.stage) => true,
                () = tokio::time::sleep(LOOK) => false,
            };
            let newest = self.newest().await;
            if staged || newest != self.seen {
                self.seen = newest;
                tokio::time::sleep(REST).await;
                return Some(newest.unwrap_or_default());
            }
        }
    }

    async fn newest(&self) -> Option<u64> {
        let filter = EventFilter { descending: true, limit: 1, ..EventFilter::default() };
        self.store.events(filter).await.ok()?.first().map(|event| event.seq)
    }
}

/// Waits for the stage, or for ever where there is none.
async fn changed(stage: &mut Option<watch::Receiver<u64>>) {
    if let Some(receiver) = stage
        && receiver.changed().await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}
