//! `tegami`: one binary that sends, receives and vouches for e-mail.
mod config;
fn main() {}
