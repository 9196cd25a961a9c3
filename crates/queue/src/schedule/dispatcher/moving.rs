//! Rows that were altered, or lead elsewhere by now, leave the places where they wait.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use tegami_store::{QueueId, RowId};

use super::part::{FlowKey, FlowState, Key, Sleeper};
use super::{Dispatcher, nanos};
use crate::gate::GateFacts;

impl Dispatcher {
    /// Somebody altered these rows, by the next hop they had: no row is taken for what it was any more, and of these, those that wait are
    /// forgotten, wherever they wait; the store knows them. Those under way stay known. Looks once at the rows that wait for these next hops.
    pub fn altered(&mut self, rows: &BTreeMap<String, Vec<RowId>>) {
        self.fresh.clear();
        let keys: HashSet<Key> = rows.values().flatten().copied().map(Key::from).collect();
        if !keys.is_empty() {
            let concerned = rows.keys().flat_map(|next_hop| self.flows_to(next_hop)).collect();
            self.forget(concerned, |key| keys.contains(key));
        }
    }

    /// Somebody altered more rows than anybody can name: all that wait are forgotten.
    pub fn all_altered(&mut self) {
        self.fresh.clear();
        let all = self.flows.iter().map(|(number, _)| number).collect();
        self.forget(all, |_| true);
    }

    /// These next hops lead elsewhere by now: what waits for them waits from now on where it belongs, and not until the turn of a lane comes that has
    /// nothing to do with it any more. Rows whose moment has not come follow when it comes.
    pub fn moved(&mut self, next_hops: impl IntoIterator<Item = String>) {
        for next_hop in next_hops {
            for number in self.flows_to(&next_hop) {
                let rows = self.flows.get_mut(number).map(|flow| std::mem::take(&mut flow.rows));
                for key in rows.into_iter().flatten() {
                    let own = self.flow_by_now(number, key);
                    self.enqueue(own, key);
                }
                self.wait_for_nothing_if_empty(number);
            }
        }
    }

    fn flows_to(&self, next_hop: &str) -> Vec<u32> {
        let next_hop: Arc<str> = next_hop.into();
        let flows = self.hops.range((Arc::clone(&next_hop), 0)..=(next_hop, u32::MAX));
        flows.map(|(_, number)| *number).collect()
    }

    /// More became known of where a message goes: its rows move to another lane.
    pub(super) fn change_lane(&mut self, flow_number: u32, bin_number: u32, message: QueueId) {
        let Some(flow) = self.flows.get_mut(flow_number) else { return };
        let moved = flow.pop_message(message.to_bytes(), usize::MAX);
        let FlowKey { shard, next_hop, facts, .. } = flow.key.clone();
        if flow.rows.is_empty() {
            flow.state = FlowState::Empty;
        } else if let Some(bin) = self.bins.get_mut(bin_number) {
            bin.ready.push_front(flow_number);
        }
        let number = self.flow(shard, message, &next_hop, &facts);
        for key in moved {
            self.enqueue(number, key);
        }
        self.drop_if_over(flow_number);
    }

    /// The flow of a row of this flow, as things are now.
    pub(super) fn flow_by_now(&mut self, number: u32, key: Key) -> u32 {
        let Some(flow) = self.flows.get(number) else { return number };
        let lane = self.bins.get(flow.key.bin).and_then(|bin| self.lanes.get(bin.lane));
        let FlowKey { shard, next_hop, facts, .. } = &flow.key;
        let message = QueueId::from_bytes(key.message);
        let job = GateFacts { number: None, message, next_hop, facts };
        if lane.is_some_and(|lane| self.gate.lane(&job) == lane.name) {
            return number;
        }
        let (shard, next_hop, facts) = (*shard, Arc::clone(next_hop), Arc::clone(facts));
        self.flow(shard, message, &next_hop, &facts)
    }

    /// A flow that is left without rows. One that stands in its bin goes when its turn comes.
    fn wait_for_nothing_if_empty(&mut self, number: u32) {
        let Some(flow) = self.flows.get_mut(number).filter(|flow| flow.rows.is_empty()) else { return };
        if let FlowState::Stopped(wait) = &flow.state {
            let sleeper = Sleeper::Flow(number);
            match wait.until {
                Some(until) => self.sleeping.remove(&(nanos(until), sleeper)),
                None => self.held.remove(&sleeper),
            };
            flow.state = FlowState::Empty;
        }
        self.drop_if_over(number);
    }

    fn forget(&mut self, concerned: Vec<u32>, is_meant: impl Fn(&Key) -> bool) {
        let later: Vec<_> = self.future.extract_if(.., |(_, key, _)| is_meant(key)).collect();
        for (_, key, number) in later {
            self.known.remove(&key);
            if let Some(flow) = self.flows.get_mut(number) {
                flow.future = flow.future.saturating_sub(1);
            }
            self.drop_if_over(number);
        }
        for number in concerned {
            self.forget_waiting(number, &is_meant);
        }
    }

    fn forget_waiting(&mut self, number: u32, is_meant: impl Fn(&Key) -> bool) {
        let Some(flow) = self.flows.get_mut(number) else { return };
        let known = &mut self.known;
        flow.rows.retain(|key| !(is_meant(key) && known.remove(key)));
        self.wait_for_nothing_if_empty(number);
    }
}
