//! The DNS of a story.

use std::sync::Arc;
use std::time::Duration;

use tegami_dns::{Answer, BoxFuture, DnsError, DnsName, RecordType, Resolver, ZoneResolver};

use crate::time::pass;
use crate::world::World;

/// Answers from the zone of the hour, or not.
pub(crate) struct Names {
    world: Arc<World>,
    zones: [ZoneResolver; 2],
}

impl Names {
    pub(crate) fn new(world: Arc<World>) -> Self {
        let (first, _, second) = &world.plan.zones;
        let zones = [first, second].map(|text| ZoneResolver::from_text(text).unwrap());
        Self { world, zones }
    }
}

impl Resolver for Names {
    fn lookup<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Result<Answer, DnsError>> {
        Box::pin(async move {
            let world = &self.world;
            pass(world.span(Duration::from_millis(100))).await;
            if world.chance(world.plan.dns_trouble) {
                world.tell(|| format!("dns: no answer about {name} {kind:?}"));
                let silent = world.chance(0.5);
                pass(Duration::from_secs(if silent { 10 } else { 0 })).await;
                return Err(if silent { DnsError::Timeout } else { DnsError::ServFail });
            }
            let changed = world.since_beginning() >= world.plan.zones.1;
            self.zones[usize::from(changed)].lookup(name, kind).await
        })
    }
}
