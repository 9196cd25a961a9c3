//! What the dispatcher is made of: flows in bins, bins in the rings of accounts and in the lines of lanes.

use std::collections::VecDeque;
use std::sync::Arc;

use tegami_store::{Facts, Priority, QueueId, RowId};

use crate::schedule::Wait;
use crate::schedule::turn::{ByPriority, Turn};

/// A row's name in 20 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) message: [u8; 16],
    pub(super) recipient: [u8; 4],
}

impl From<RowId> for Key {
    fn from(row: RowId) -> Self {
        Self { message: row.message.to_bytes(), recipient: row.recipient.to_be_bytes() }
    }
}

impl From<Key> for RowId {
    fn from(key: Key) -> Self {
        let message = QueueId::from_bytes(key.message);
        Self { message, recipient: u32::from_be_bytes(key.recipient) }
    }
}

/// What the rows of a flow share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct FlowKey {
    pub(super) bin: u32,
    pub(super) shard: u16,
    pub(super) next_hop: Arc<str>,
    pub(super) facts: Arc<Facts>,
}

/// What a gate can put to sleep or hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sleeper {
    Lane(u32),
    Flow(u32),
}

/// Rows with the same lane, next hop and facts.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) key: FlowKey,
    pub(super) rows: VecDeque<Key>,
    /// Rows whose moment has not come.
    pub(super) future: u32,
    pub(super) state: FlowState,
}

impl Flow {
    /// Takes the rows of a message from the front: rows of one message come together.
    pub(super) fn pop_message(&mut self, message: [u8; 16], most: usize) -> Vec<Key> {
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some(key) = self.rows.pop_front_if(|key| key.message == message)
        {
            taken.push(key);
        }
        taken
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum FlowState {
    /// Has no rows that are due.
    Empty,
    /// Stands in its bin.
    Ready,
    /// The gate said so.
    Stopped(Box<Wait>),
}

/// What one account has for one lane.
#[derive(Debug)]
pub(super) struct Bin {
    pub(super) account: u32,
    pub(super) lane: u32,
    /// Flows that are ready, in turn.
    pub(super) ready: VecDeque<u32>,
    /// All flows.
    pub(super) flows: u32,
    pub(super) state: BinState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BinState {
    /// Has no flow that is ready.
    Empty,
    /// Stands in the ring of its account.
    InRing,
    /// Stands at the front of that ring, and the lane keeps room for it.
    Called,
    /// Stands in the line of its lane.
    InLine,
}

/// What leads to one receiver.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) name: Arc<str>,
    pub(super) under_way: usize,
    /// Bins that were called and have not come yet.
    pub(super) called: usize,
    pub(super) bins: u32,
    pub(super) stopped: Option<Box<Wait>>,
    pub(super) line: Option<Box<Line>>,
}

/// Bins that wait for room in a lane.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) bins: ByPriority<VecDeque<u32>>,
    pub(super) turn: Turn,
}

/// An account's mail of one priority.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) priority: Priority,
    pub(super) name: Option<String>,
    pub(super) spent: u64,
    /// Bins with work, in turn.
    pub(super) ring: VecDeque<u32>,
    pub(super) bins: u32,
}
