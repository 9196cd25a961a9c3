//! Flows, bins, lanes and accounts are entered in the books when the first row needs them, and struck out with the last.

use std::collections::VecDeque;
use std::sync::Arc;

use tegami_store::{Facts, QueueId};

use super::Dispatcher;
use super::part::{Account, Bin, BinState, Flow, FlowKey, FlowState, Lane};
use crate::gate::GateFacts;

impl Dispatcher {
    /// The number of a flow; a new one where there was none.
    pub(super) fn flow(&mut self, shard: u16, message: QueueId, next_hop: &str, facts: &Facts) -> u32 {
        let lane = self.lane(&self.gate.lane(&GateFacts { number: None, message, next_hop, facts }));
        let account = self.account(facts);
        let bin = self.bin(account, lane);
        let known = self.facts.get_key_value(facts).map(|(known, _)| Arc::clone(known));
        let facts = known.unwrap_or_else(|| Arc::new(facts.clone()));
        let key = FlowKey { bin, shard, next_hop: Arc::from(next_hop), facts: Arc::clone(&facts) };
        if let Some(number) = self.flow_numbers.get(&key) {
            return *number;
        }
        *self.facts.entry(facts).or_default() += 1;
        if let Some(bin) = self.bins.get_mut(bin) {
            bin.flows += 1;
        }
        let flow = Flow { key: key.clone(), rows: VecDeque::new(), future: 0, state: FlowState::Empty };
        let number = self.flows.insert(flow);
        self.hops.insert((Arc::clone(&key.next_hop), number));
        self.flow_numbers.insert(key, number);
        number
    }

    pub(super) fn account(&mut self, facts: &Facts) -> u32 {
        let whose = (facts.priority, facts.account.clone());
        if let Some(number) = self.account_numbers.get(&whose) {
            return *number;
        }
        let (priority, name) = whose.clone();
        let account = Account { priority, name, spent: 0, ring: VecDeque::new(), bins: 0 };
        let number = self.accounts.insert(account);
        self.account_numbers.insert(whose, number);
        number
    }

    pub(super) fn bin(&mut self, account: u32, lane: u32) -> u32 {
        if let Some(number) = self.bin_numbers.get(&(account, lane)) {
            return *number;
        }
        let bin = Bin { account, lane, ready: VecDeque::new(), flows: 0, state: BinState::Empty };
        let number = self.bins.insert(bin);
        self.bin_numbers.insert((account, lane), number);
        if let Some(account) = self.accounts.get_mut(account) {
            account.bins += 1;
        }
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.bins += 1;
        }
        number
    }

    pub(super) fn lane(&mut self, name: &Arc<str>) -> u32 {
        if let Some(number) = self.lane_numbers.get(name) {
            return *number;
        }
        let lane =
            Lane { name: Arc::clone(name), under_way: 0, called: 0, bins: 0, stopped: None, line: None };
        let number = self.lanes.insert(lane);
        self.lane_numbers.insert(Arc::clone(name), number);
        number
    }

    /// Forgets a flow without rows.
    pub(super) fn drop_if_over(&mut self, number: u32) {
        let Some(flow) = self.flows.get(number) else { return };
        if flow.state != FlowState::Empty || flow.future > 0 || !flow.rows.is_empty() {
            return;
        }
        let Some(flow) = self.flows.remove(number) else { return };
        self.flow_numbers.remove(&flow.key);
        let FlowKey { bin, facts, next_hop, .. } = flow.key;
        self.hops.remove(&(next_hop, number));
        if let Some(flows) = self.facts.get_mut(&facts) {
            *flows = flows.saturating_sub(1);
            if *flows == 0 {
                self.facts.remove(&facts);
            }
        }
        if let Some(bin) = self.bins.get_mut(bin) {
            bin.flows = bin.flows.saturating_sub(1);
        }
        self.drop_bin_if_over(bin);
    }

    pub(super) fn drop_bin_if_over(&mut self, number: u32) {
        let Some(bin) = self.bins.get(number) else { return };
        if bin.flows > 0 || bin.state != BinState::Empty {
            return;
        }
        let Some(bin) = self.bins.remove(number) else { return };
        self.bin_numbers.remove(&(bin.account, bin.lane));
        if let Some(lane) = self.lanes.get_mut(bin.lane) {
            lane.bins = lane.bins.saturating_sub(1);
        }
        self.drop_lane_if_over(bin.lane);
        let Some(account) = self.accounts.get_mut(bin.account) else { return };
        account.bins = account.bins.saturating_sub(1);
        if account.bins == 0
            && let Some(account) = self.accounts.remove(bin.account)
        {
            self.account_numbers.remove(&(account.priority, account.name));
        }
    }

    pub(super) fn drop_lane_if_over(&mut self, number: u32) {
        let Some(lane) = self.lanes.get(number) else { return };
        if lane.bins == 0
            && lane.under_way == 0
            && lane.stopped.is_none()
            && let Some(lane) = self.lanes.remove(number)
        {
            self.lane_numbers.remove(&lane.name);
        }
    }
}
