//! `tegami`: one binary that sends, receives and vouches for e-mail.

mod cli;
mod command;
mod config;
mod server;

use std::process::ExitCode;

/// Messages are many small texts, and the system's allocator took a fifth of the processor time (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    command::run(&arguments)
}
