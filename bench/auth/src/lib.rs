//! The inputs and the works of the benchmarks: Tegami's engine, `mail-auth`, and the cryptography that neither can do without.
//! All get the same messages and the same zone.

pub mod crypto;
pub mod input;
pub mod ours;
pub mod peer;
pub mod rounds;

/// A piece of work that is done again and again.
pub type Work<'a> = Box<dyn FnMut() + 'a>;
