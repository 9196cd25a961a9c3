//! Tegami.
fn main() {}
