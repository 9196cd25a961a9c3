//! The deterministic simulation of delivery: the real intake, loop, attempt and settling over a simulated clock, network, DNS and disk.
//!
//! A seed decides everything: the world, what is sent, and what goes wrong when. The same seed brings the same story to the microsecond, so that
//! whatever it shows can be looked at again: `cargo xtask simulate --seed 4711` tells the story of a seed.
//!
//! What must hold in every story stands in `watch` (while it runs) and in `verdict` (afterwards): nothing accepted is lost; nobody gets a message
//! twice, except where nobody can know that it was taken; what arrives is what was accepted; limits are kept, those of the shaper too, and nothing
//! goes where it was too much a moment ago; nothing is tried that a rule holds, and it goes on when the rule is lifted; nobody gets mail that no
//! way leads to; attempts come when the schedule says; notifications are born exactly where they were promised; events tell what happened; nothing
//! stays occupied.

#[cfg(test)]
#[path = "../../../store/tests/it/model.rs"]
#[allow(dead_code, reason = "an engine for its own suite too")]
mod model;

#[cfg(test)]
#[path = "../../../store/tests/it/time.rs"]
mod time;

#[cfg(test)]
mod gate;
#[cfg(test)]
mod life;
#[cfg(test)]
mod names;
#[cfg(test)]
mod network;
#[cfg(test)]
mod plan;
#[cfg(test)]
mod receiver;
#[cfg(test)]
mod run;
#[cfg(test)]
mod shape;
#[cfg(test)]
mod verdict;
#[cfg(test)]
mod watch;
#[cfg(test)]
mod way;
#[cfg(test)]
mod world;
