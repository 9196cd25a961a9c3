//! `tegami config check`

use tegami_mail::{Note, note};

use super::{Context, Failure, Outcome};
use crate::config::{Config, ConfigError};

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
            Ok(config) => {
                let remarks: Vec<_> = remarks(config).iter().map(|remark| context.say(remark)).collect();
                serde_json::json!({"file": path.display().to_string(), "problems": [], "remarks": remarks})
            }
            Err(error) => error.to_json(context.language),
        };
        context.print_json(&value);
        return Ok(if loaded.is_ok() { Outcome::Well } else { Outcome::Finding });
    }
    match loaded {
        Ok(config) => {
            let domains = config.domains.len();
            let hostname = &config.hostname;
            anstream::println!(
                "{}",
                context.say(&note!(
                    "cli-config-good",
                    path = path.display(),
                    hostname = hostname,
                    domains = domains
                ))
            );
            for remark in remarks(&config) {
                anstream::println!("{}", context.say(&remark));
            }
            Ok(Outcome::Well)
        }
        Err(error @ (ConfigError::Missing | ConfigError::Unreadable { .. })) => Err(error.into()),
        Err(error) => {
            anstream::eprintln!("{}", Failure::from(error).render(context));
            Ok(Outcome::Finding)
        }
    }
}

/// What is allowed and yet worth a second look.
fn remarks(config: &Config) -> Vec<Note> {
    let mut remarks = Vec::new();
    let trusted = &config.submission.trusted;
    if !trusted.is_empty() {
        let networks: Vec<String> = trusted.iter().map(ToString::to_string).collect();
        remarks.push(note!("cli-config-trusted", networks = networks.join(" ")));
    }
    let public: Vec<String> = trusted.public().map(ToString::to_string).collect();
    if !public.is_empty() {
        remarks.push(note!("cli-config-trusted-public", networks = public.join(" ")));
    }
    if config.delivery.paused {
        remarks.push(note!("cli-config-paused"));
    }
    remarks
}
