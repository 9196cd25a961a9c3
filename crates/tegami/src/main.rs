//! `tegami`: one binary that sends, receives and vouches for e-mail.

mod cli;
mod command;
mod config;
mod server;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    command::run(&arguments)
}
