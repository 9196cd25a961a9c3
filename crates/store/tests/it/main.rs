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
mod support;
