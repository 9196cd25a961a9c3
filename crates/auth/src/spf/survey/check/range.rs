//! Which addresses the record names.

use std::net::IpAddr;

use tegami_mail::note;

use super::super::finding::{Finding, PRIVATE_RANGE, REDUNDANT, State, WIDE_RANGE};
use super::super::question::{Target, World};
use super::super::tree::{RecordNode, Status, TermNode};
use super::{Judge, Visit};
use crate::network::{Network, ipv4_addresses};
use crate::spf::{DualCidr, Mechanism, Qualifier, TermKind};

/// IPv4 addresses that one domain may name before it looks as if it named strangers.
const MANY: u64 = 65_536;

/// Terms of one record, and networks of earlier ones, among which one is looked for that covers a later one.
const MAX_COMPARED: usize = 1_000;

/// Networks of one term that is compared: a name may have thousands of addresses, and may be named a thousand times.
const MAX_OF_TERM: usize = 40;

pub(super) fn check(judge: &mut Judge<'_>, visits: &[Visit<'_>]) {
    let mut named: Vec<Network> = Vec::new();
    for visit in visits {
        for term in visit.node.terms.iter().filter(|term| term.reached) {
            let Some(TermKind::Directive(Qualifier::Pass, mechanism)) = term.kind() else { continue };
            let networks = networks(judge.world, term);
            wide(judge, *visit, term, &networks);
            if visit.own && matches!(mechanism, Mechanism::Ip4(..) | Mechanism::Ip6(..)) {
                unreachable(judge, visit.node, term, &networks);
                named.extend(networks);
            }
        }
        if visit.own && visit.node.status == Status::Found {
            redundant(judge, visit.node);
        }
    }
    let domain = &judge.world.domain;
    named.retain(|network| network.length > 0 && !network.is_wide());
    let count = ipv4_addresses(&named);
    if count > MANY {
        let note = note!("spf-survey-wide-union", domain = domain, count = count, limit = MANY);
        judge.push(Finding::new(&WIDE_RANGE, State::Fail, domain, note));
    }
}

/// The networks that a term names, or that the addresses it leads to come to with its prefix lengths.
pub(super) fn networks(world: &World, term: &TermNode) -> Vec<Network> {
    match term.mechanism() {
        Some(Mechanism::Ip4(address, length)) => {
            vec![Network { address: IpAddr::V4(*address), length: *length }]
        }
        Some(Mechanism::Ip6(address, length)) => {
            vec![Network { address: IpAddr::V6(*address), length: *length }]
        }
        Some(Mechanism::A(_, cidr)) => match &term.asks {
            super::super::tree::Asks::Name(name, _) => widened(&world.addresses(name), *cidr),
            _ => Vec::new(),
        },
        Some(Mechanism::Mx(_, cidr)) => match &term.asks {
            super::super::tree::Asks::Name(name, _) => {
                let hosts =
                    world.hosts(name).into_iter().take(super::super::super::evaluation::MAX_ADDRESS_NAMES);
                hosts.flat_map(|host| widened(&world.addresses(host), *cidr)).collect()
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn widened(addresses: &[IpAddr], cidr: DualCidr) -> Vec<Network> {
    let length = |ip: &IpAddr| if ip.is_ipv4() { cidr.v4 } else { cidr.v6 };
    addresses.iter().map(|ip| Network { address: *ip, length: length(ip) }).collect()
}

/// More than any one sender has. The whole Internet is another matter.
fn wide(judge: &mut Judge<'_>, visit: Visit<'_>, term: &TermNode, networks: &[Network]) {
    let Some(network) = networks.iter().find(|network| network.is_wide() && network.length > 0) else {
        return;
    };
    let domain = &visit.node.domain;
    let state = if visit.own { State::Fail } else { State::Info };
    let note = note!("spf-survey-wide-range", domain = domain, term = term.text(), network = network);
    judge.push(Finding::new(&WIDE_RANGE, state, domain, note).at_term(visit.node, term));
}

/// Addresses from which nothing comes over the Internet. What would be matched anyway is told by its own name.
fn unreachable(judge: &mut Judge<'_>, node: &RecordNode, term: &TermNode, networks: &[Network]) {
    let is_mapped = |ip: IpAddr| ip.to_canonical() != ip;
    if networks.iter().any(|network| network.is_unreachable() && !is_mapped(network.address)) {
        let note = note!("spf-survey-private", term = term.text());
        judge
            .push(Finding::new(&PRIVATE_RANGE, State::Warn, &node.domain, note).at_term(node, term).remove());
    }
}

/// A term whose addresses an earlier one of the same record has with the same qualifier.
fn redundant(judge: &mut Judge<'_>, node: &RecordNode) {
    let mut earlier: Vec<(Qualifier, Network, &TermNode)> = Vec::new();
    let mut asked: Vec<(Qualifier, &'static str, String, &TermNode)> = Vec::new();
    for term in node.terms.iter().filter(|term| term.reached).take(MAX_COMPARED) {
        let Some(TermKind::Directive(qualifier, mechanism)) = term.kind() else { continue };
        let networks = networks(judge.world, term);
        let covering = networks.iter().map(|network| {
            earlier
                .iter()
                .find(|(sign, other, _)| sign == qualifier && other.covers(network))
                .map(|(.., term)| *term)
        });
        let covering: Option<Vec<&TermNode>> =
            if networks.len() <= MAX_OF_TERM { covering.collect() } else { None };
        let same = same_question(judge.world, node, mechanism).and_then(|(name, text)| {
            let found = asked
                .iter()
                .find(|(sign, other, old, _)| sign == qualifier && *other == name && *old == text);
            let by = found.map(|(.., term)| *term);
            asked.push((*qualifier, name, text, term));
            by
        });
        let by = same.or(covering.and_then(|terms| terms.first().copied()));
        if let Some(by) = by {
            let note =
                note!("spf-survey-redundant", term = term.text(), by = by.text(), count = term.cost.lookups);
            judge
                .push(Finding::new(&REDUNDANT, State::Info, &node.domain, note).at_term(node, term).remove());
        }
        if earlier.len() < MAX_COMPARED {
            earlier.extend(networks.into_iter().map(|network| (*qualifier, network, term)));
        }
    }
}

/// What a term asks for, to find the same question again. Includes are told with the tree.
fn same_question(world: &World, node: &RecordNode, mechanism: &Mechanism) -> Option<(&'static str, String)> {
    let (spec, cidr) = match mechanism {
        Mechanism::A(spec, cidr) | Mechanism::Mx(spec, cidr) => (spec.as_ref(), Some(*cidr)),
        Mechanism::Ptr(spec) => (spec.as_ref(), None),
        Mechanism::Exists(spec) => (Some(spec), None),
        _ => return None,
    };
    let target = match world.target(spec, &node.domain) {
        Target::Name(name) => name.to_string(),
        Target::Open | Target::Invalid(_) => format!("{spec:?}"),
    };
    Some((mechanism.name(), format!("{target} {cidr:?}")))
}
