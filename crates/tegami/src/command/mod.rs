//! The verbs of the command line. Each is a function from its arguments and a [`Context`] to an [`Outcome`].

mod config;
mod context;

use std::ffi::OsString;
use std::process::ExitCode;

pub(crate) use context::{Context, Failure, Outcome};

use crate::cli::{self, Cli, Verb};

/// Exit status for wrong use, or where a command cannot run.
const CANNOT: u8 = 2;

/// Runs the program.
pub(crate) fn run(arguments: &[OsString]) -> ExitCode {
    let cli = match cli::parse(arguments.iter().cloned()) {
        Ok(cli) => cli,
        Err(error) => {
            let status = if error.use_stderr() { ExitCode::from(CANNOT) } else { ExitCode::SUCCESS };
            // A terminal that is gone cannot be told so.
            let _ = error.print();
            return status;
        }
    };
    let context = Context::new(&cli.global);
    match verb(&cli, &context) {
        Ok(Outcome::Well) => ExitCode::SUCCESS,
        Ok(Outcome::Finding) => ExitCode::from(1),
        Err(failure) => {
            failure.print(&context);
            ExitCode::from(CANNOT)
        }
    }
}

fn verb(cli: &Cli, context: &Context) -> Result<Outcome, Failure> {
    match &cli.verb {
        Verb::Config(cli::Config::Check) => config::check(context),
        _ => Err(Failure::Text("not in this build".to_owned())),
    }
}
