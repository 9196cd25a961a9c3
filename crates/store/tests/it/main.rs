//! The store's integration tests.

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod embedded;
#[cfg(test)]
mod fault;
#[cfg(test)]
mod folder;
#[cfg(test)]
#[allow(dead_code, reason = "the simulation of delivery uses the rest")]
mod model;
#[cfg(test)]
mod power;
#[cfg(test)]
mod roll;
#[cfg(test)]
mod support;
#[cfg(test)]
mod time;
