//! Reading beside the writer: a few connections on the runtime's blocking threads.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::embedded::folder::Folder;
use crate::embedded::query::{self, damaged};
use crate::embedded::schema::open_reader;
use crate::embedded::segment::{self, ReadError};
use crate::{QueueId, StoreError};

/// Connections that only read; each is used by one caller at a time and sees one state of the rows.
pub(super) struct Readers {
    folder: Folder,
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

impl Readers {
    pub(super) fn new(folder: Folder, readers: usize) -> Self {
        Self { folder, idle: Mutex::default(), permits: Semaphore::new(readers.max(1)) }
    }

    /// Runs `work` on a blocking thread, within one read transaction.
    pub(super) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Connection, &Folder) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let closed = |_| StoreError::Unusable("the store is closed".into());
        let _permit = self.permits.acquire().await.map_err(closed)?;
        let readers = Arc::clone(self);
        tokio::task::spawn_blocking(move || readers.read(work))
            .await
            .map_err(|error| StoreError::Unusable(format!("a read did not come to its end: {error}")))?
    }

    fn read<T>(
        &self,
        work: impl FnOnce(&Connection, &Folder) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open_reader(&self.folder.rows()).map_err(damaged)?,
        };
        let transaction = connection.unchecked_transaction().map_err(damaged)?;
        let result = work(&transaction, &self.folder);
        transaction.finish().map_err(damaged)?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        result
    }

    /// A content, or a range of it.
    pub(super) async fn content(
        self: &Arc<Self>,
        id: QueueId,
        range: Option<Range<u64>>,
    ) -> Result<Bytes, StoreError> {
        let first = self.content_once(id, range.clone()).await?;
        match first {
            Ok(content) => Ok(content),
            // Between our look at the row and at the file a purge may have moved the content and removed the file.
            Err(ReadError::Io(_)) => {
                self.content_once(id, range).await?.map_err(|error| unreadable(id, &error))
            }
            Err(error) => Err(unreadable(id, &error)),
        }
    }

    async fn content_once(
        self: &Arc<Self>,
        id: QueueId,
        range: Option<Range<u64>>,
    ) -> Result<Result<Bytes, ReadError>, StoreError> {
        self.run(move |rows, folder| {
            let place = query::place(rows, id)?;
            if place.is_in_rows() {
                let record = query::record(rows, id)?;
                return Ok(segment::of_record(&record, id, range.as_ref()));
            }
            Ok(segment::read(folder, place, id, range.as_ref()))
        })
        .await
    }
}

fn unreadable(id: QueueId, error: &ReadError) -> StoreError {
    StoreError::Unusable(format!("the content of message {id} cannot be read: {error}"))
}
