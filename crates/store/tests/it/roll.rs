//! Lists and counts are answered from memory: what is remembered commit by commit is what would be read anew.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tegami_store::{
    Alteration, Embedded, NewMessage, Options, Origin, Priority, QueueColumn, QueueFilter, RecipientState,
    RowId, SettleOp, Settlement, Store, StoreError,
};

use crate::support::{lease, message, second};

/// Everything that can be asked, as one text.
async fn told(store: &Embedded) -> String {
    let any = QueueFilter::default;
    let mut told = String::new();
    for row in store.queue(any(), None, usize::MAX).await.unwrap() {
        told.push_str(&format!("{row:?}\n"));
    }
    for by in [QueueColumn::NextHop, QueueColumn::Domain, QueueColumn::Account, QueueColumn::State] {
        told.push_str(&format!("{:?}\n", store.queue_counts(any(), by).await.unwrap()));
    }
    for filter in [
        QueueFilter { tag: Some("t3".into()), ..any() },
        QueueFilter { attempts_from: Some(2), state: Some(RecipientState::Queued), ..any() },
        QueueFilter { next_hops: vec!["relay.example".into()], ..any() },
        QueueFilter { recipient: Some("A7@d7.test".into()), ..any() },
        QueueFilter { status: Some("LATER 5".into()), ..any() },
    ] {
        let ids = store.queue_ids(filter.clone()).await.unwrap();
        let counted = store.queue_counts(filter, QueueColumn::State).await.unwrap();
        assert_eq!(counted.iter().map(|count| count.rows).sum::<u64>(), ids.len() as u64);
        told.push_str(&format!("{ids:?}\n"));
    }
    told
}

/// Closes the folder, and compares with what is read anew.
async fn compare(store: Embedded, folder: &Path) {
    let kept = told(&store).await;
    drop(store);
    let anew = Embedded::open(folder, Options::default()).unwrap();
    assert!(kept == told(&anew).await, "{kept}\n\n{}", told(&anew).await);
}

fn numbered(n: i64) -> NewMessage {
    let (first, second) = (format!("a{n}@d{}.test", n % 40), format!("b{n}@d{}.test", n % 7));
    let mut new = message(100 + n, &[&first, &second]);
    new.origin = Origin::Submission { account: format!("account{}", n % 5) };
    new.priority =
        [Priority::Transactional, Priority::Normal, Priority::Bulk][usize::try_from(n % 3).unwrap()];
    if n % 2 == 0 {
        new.summary.tags = vec![format!("t{}", n % 11)];
    }
    new
}

fn row(new: &NewMessage, recipient: u32) -> RowId {
    RowId { message: new.id, recipient }
}

/// Another attempt by the way that the message came with; of a row that was rerouted, the store makes it due at once.
fn deferred(new: &NewMessage, recipient: u32, due: i64, status: &str) -> SettleOp {
    let next_hop = new.recipients[recipient as usize].next_hop.clone();
    SettleOp::Defer { row: row(new, recipient), next_hop, due: second(due), status: status.to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_remembered_is_what_would_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path(), Options::default()).unwrap();
    let lease = lease(&store).await;
    assert_eq!(store.queue_ids(QueueFilter::default()).await.unwrap(), []);
    let mut messages = Vec::new();
    for page in 0..30 {
        let page: Vec<_> = (0..40).map(|n| numbered(page * 40 + n)).collect();
        store.accept(page.clone()).await.unwrap();
        messages.extend(page);
    }
    // Accepted again: nothing comes twice.
    store.accept(messages[..3].to_vec()).await.unwrap();
    let ids = |modulus: usize| -> Vec<RowId> {
        messages.iter().skip(modulus / 2).step_by(modulus).map(|new| row(new, 1)).collect()
    };
    for (modulus, alteration) in [
        (5, Alteration::Hold { reason: "a test".into() }),
        (7, Alteration::Release),
        (9, Alteration::Retry),
        (11, Alteration::Reroute { next_hop: "relay.example".into() }),
        (13, Alteration::Drop { status: "a test".into() }),
    ] {
        store.alter(ids(modulus), alteration, Value::Null, second(5000)).await.unwrap();
    }
    for (n, new) in (0..).zip(&messages) {
        let op = match n % 6 {
            0 => deferred(new, 0, 9000 - n, &format!("451 Later {n}")),
            1 => deferred(new, 1, 9000, "451"),
            _ => SettleOp::Delivered { row: row(new, 0), status: "250 OK".into() },
        };
        let mut ops = vec![op.clone()];
        ops.extend((n % 12 == 0).then_some(op));
        ops.extend((n % 3 != 0).then(|| SettleOp::Fail { row: row(new, 1), status: "550 no".into() }));
        // Every tenth settlement names a row that is not there, and is taken back as a whole.
        ops.extend((n % 10 == 9).then(|| SettleOp::Delivered { row: row(new, 2), status: "250".into() }));
        let settlement = Settlement { at: Some(second(6000)), ops, ..Settlement::default() };
        let settled = store.settle(&lease, settlement).await;
        let refused = matches!(&settled, Err(StoreError::Finished(rows)) if !rows.is_empty());
        assert!(if n % 10 == 9 { refused } else { refused || settled.is_ok() }, "{settled:?}");
    }
    let rows = store.queue_ids(QueueFilter::default()).await.unwrap().len();
    assert!(
        (500..1300).contains(&rows),
        "{rows} of 2,400 wait, so that the finished ones were forgotten once"
    );
    compare(store, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_question_comes_while_mail_comes() {
    for first in [1, 40] {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Embedded::open(folder.path(), Options::default()).unwrap());
        let lease = lease(&*store).await;
        let (tell, told) = tokio::sync::oneshot::channel();
        let (of_writer, mut tell) = (Arc::clone(&store), Some(tell));
        let writer = tokio::spawn(async move {
            for n in 0..80 {
                let new = numbered(n);
                of_writer.accept(vec![new.clone()]).await.unwrap();
                let ops = vec![
                    SettleOp::Delivered { row: row(&new, 0), status: "250".into() },
                    deferred(&new, 1, n, "451"),
                ];
                of_writer.settle(&lease, Settlement { ops, ..Settlement::default() }).await.unwrap();
                if n == first {
                    tell.take().unwrap().send(()).unwrap();
                }
            }
        });
        told.await.unwrap();
        let many = store.queue_ids(QueueFilter::default()).await.unwrap().len();
        assert!(many > usize::try_from(first).unwrap(), "{many}");
        writer.await.unwrap();
        compare(Arc::into_inner(store).unwrap(), folder.path()).await;
    }
}
