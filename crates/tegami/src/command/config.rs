//! `tegami config check`

use tegami_mail::note;

use super::{Context, Failure, Outcome};
use crate::config::ConfigError;

/// Reads the configuration and shows every problem at its place. A wrong configuration is a finding, a missing one a failure.
pub(crate) fn check(context: &Context) -> Result<Outcome, Failure> {
    let path = context.config_path();
    let loaded = match context.config() {
        Ok(config) => Ok(config),
        Err(Failure::Config(error)) => Err(error),
        Err(failure) => return Err(failure),
    };
    if context.json {
        let value = match &loaded {
            Ok(_) => serde_json::json!({"file": path.display().to_string(), "problems": []}),
            Err(error) => error.to_json(context.language),
        };
        context.print_json(&value);
        return Ok(if loaded.is_ok() { Outcome::Well } else { Outcome::Finding });
    }
    match loaded {
        Ok(config) => {
            let domains = config.domains.len();
            let hostname = config.hostname;
            anstream::println!(
                "{}",
                context.say(&note!(
                    "cli-config-good",
                    path = path.display(),
                    hostname = hostname,
                    domains = domains
                ))
            );
            Ok(Outcome::Well)
        }
        Err(error @ (ConfigError::Missing | ConfigError::Unreadable { .. })) => Err(error.into()),
        Err(error) => {
            anstream::eprintln!("{}", Failure::from(error).render(context));
            Ok(Outcome::Finding)
        }
    }
}
