//! An attempt as the shaper sees it.

use std::time::Duration;

use tegami_mail::Host;
use tegami_queue::Failure;
use tegami_queue::shaping::{Open, PathKey};

use super::{Target, Tour};
use crate::destination::MailHost;
use crate::failover::Kind;
use crate::pool::MESSAGES;
use crate::record::HostTry;
use crate::shape::{Named, Room, Shape};

/// A job that finds no room comes back after this: somebody's connection ends by then, or has become idle.
const NO_ROOM: Duration = Duration::from_secs(1);

impl Tour<'_> {
    /// The next hop leads to another place than the one whose limits let this job go: nothing was known of it. It comes back by the right
    /// gate before anybody is connected to. Where another way was gone first, the gate was that one's, and stays so.
    pub(super) fn belongs_elsewhere(&mut self, hosts: &[MailHost]) -> bool {
        let Some(shape) = self.shape.filter(|_| self.leg.kind() == Kind::Direct) else { return false };
        let elsewhere = shape.learn(&self.parcel.next_hop, hosts) && self.first;
        if elsewhere {
            self.log.put_back = Some(self.courier.clock.now());
        }
        elsewhere
    }

    /// The path to a host, where this attempt is shaped.
    pub(super) fn path(&self, target: &Target) -> Option<(&Shape, PathKey)> {
        let shape = self.shape?;
        Some((shape, shape.path(&target.host.host, self.named(target.host.preference))))
    }

    fn named(&self, preference: Option<u16>) -> Named {
        match preference {
            _ if self.leg.kind() == Kind::Smarthost => Named::Settings,
            None if self.first => Named::NextHop,
            _ => Named::Mx,
        }
    }

    /// Makes room for one more connection: an idle one to the same provider ends. `None` where there is none; then the job comes back, unless a
    /// host has been tried already.
    pub(super) fn room(&mut self, target: &Target) -> Option<Option<Open>> {
        let Some((shape, path)) = self.path(target) else { return Some(None) };
        loop {
            match shape.connect(&path) {
                Room::Counted(open) => return Some(Some(open)),
                Room::Full => match self.courier.pool.evict(&path) {
                    Some(link) => link.end(),
                    None => break,
                },
            }
        }
        if self.log.tries.is_empty() {
            self.log.put_back = self.courier.clock.now().checked_add(NO_ROOM).ok();
        }
        None
    }

    /// Recipients of one transaction, and messages of one connection.
    pub(super) fn sizes(&self, target: &Target) -> (usize, usize) {
        let own = self.courier.settings.limits.recipients.max(1);
        match self.path(target) {
            Some((shape, path)) => {
                let (recipients, messages) = shape.sizes(&path);
                (own.min(recipients.max(1)), messages.max(1))
            }
            None => (own, MESSAGES),
        }
    }

    /// Tells the shaper that a message was taken, or what was said instead.
    pub(super) fn heard(&self, target: &Target, failure: Option<&Failure>) {
        let Some((shape, path)) = self.path(target) else { return };
        match failure {
            None => shape.taken(&path),
            Some(failure) => shape.refused(&path, &target.host.host.to_string(), failure),
        }
    }

    /// The hosts of this way are through: those from `before` on.
    pub(super) fn tell_shape(&self, before: usize) {
        let Some(shape) = self.shape else { return };
        let path = |entry: &HostTry| {
            let host = Host::parse(&entry.host).ok()?;
            Some(shape.path(&host, self.named(entry.preference)))
        };
        shape.over(path, self.log.tries.get(before..).unwrap_or_default());
    }
}
