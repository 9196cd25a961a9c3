//! `tegami queue`: which rows are meant, and what is to be done to them.

use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};
use tegami_mail::failure::Cause;
use tegami_store::QueueId;

#[derive(Debug, Subcommand)]
pub(crate) enum Queue {
    List(List),
    Summary(Summary),
    Show {
        #[arg(value_name = "ID")]
        id: String,
    },
    Holds,
    Hold(Hold),
    Release(Release),
    Retry(Retry),
    Reroute(Reroute),
    Drop(Drop),
}

impl Queue {
    /// How a command that changes something is consented to; `None` for one that does not, or that asks nobody.
    pub(crate) fn consent(&self) -> Option<&Consent> {
        match self {
            Self::List(_) | Self::Summary(_) | Self::Show { .. } | Self::Holds => None,
            Self::Hold(hold) => Some(&hold.consent),
            Self::Release(release) => release.rule.is_none().then_some(&release.consent),
            Self::Retry(retry) => Some(&retry.consent),
            Self::Reroute(reroute) => Some(&reroute.consent),
            Self::Drop(drop) => Some(&drop.consent),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Summary {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[arg(long, value_enum, default_value = "provider")]
    pub(crate) by: By,
}

/// By what a summary counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum By {
    Provider,
    Domain,
    Account,
    Sender,
    Priority,
    State,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("meant").args(MEANT).multiple(true).required(true)))]
pub(crate) struct Hold {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[arg(long)]
    pub(crate) standing: bool,
    #[command(flatten)]
    pub(crate) consent: Consent,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("meant").args(MEANT).arg("rule").multiple(true).required(true)))]
pub(crate) struct Release {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[arg(long, value_name = "RULE")]
    pub(crate) rule: Option<String>,
    #[command(flatten)]
    pub(crate) consent: Consent,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("meant").args(MEANT).multiple(true).required(true)))]
pub(crate) struct Retry {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) consent: Consent,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("meant").args(MEANT).multiple(true).required(true)))]
pub(crate) struct Reroute {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[arg(long, value_name = "HOP")]
    pub(crate) via: String,
    #[command(flatten)]
    pub(crate) consent: Consent,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("meant").args(MEANT).multiple(true).required(true)))]
pub(crate) struct Drop {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[arg(long)]
    pub(crate) bounce: bool,
    #[command(flatten)]
    pub(crate) consent: Consent,
}

/// What may say which rows are meant; whoever changes something says at least one of them.
pub(super) const MEANT: [&str; 13] = [
    "only-id",
    "only-to",
    "only-domain",
    "only-provider",
    "only-account",
    "only-sender",
    "only-tag",
    "only-state",
    "only-older",
    "only-newer",
    "only-attempts",
    "only-reply",
    "only-cause",
];

/// Which rows are meant: those that fit all that is said. The names begin with `only-` because their help is the same everywhere.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Selection {
    #[arg(id = "only-id", value_name = "ID")]
    pub(crate) id: Option<QueueId>,
    #[arg(id = "only-to", long = "to", value_name = "ADDRESS")]
    pub(crate) to: Option<String>,
    #[arg(id = "only-domain", long = "domain", value_name = "DOMAIN")]
    pub(crate) domains: Vec<String>,
    #[arg(id = "only-provider", long = "provider", value_name = "NAME")]
    pub(crate) provider: Option<String>,
    #[arg(id = "only-account", long = "account", value_name = "NAME")]
    pub(crate) account: Option<String>,
    #[arg(id = "only-sender", long = "sender", value_name = "DOMAIN")]
    pub(crate) sender: Option<String>,
    #[arg(id = "only-tag", long = "tag", value_name = "TAG")]
    pub(crate) tag: Option<String>,
    #[arg(id = "only-state", long = "state", value_name = "STATE", value_enum)]
    pub(crate) state: Option<State>,
    #[arg(id = "only-older", long = "older", value_name = "AGE", value_parser = parse_age)]
    pub(crate) older: Option<Duration>,
    #[arg(id = "only-newer", long = "newer", value_name = "AGE", value_parser = parse_age)]
    pub(crate) newer: Option<Duration>,
    #[arg(id = "only-attempts", long = "attempts", value_name = "COUNT")]
    pub(crate) attempts: Option<u32>,
    #[arg(id = "only-reply", long = "reply", value_name = "TEXT")]
    pub(crate) reply: Option<String>,
    #[arg(id = "only-cause", long = "cause", value_name = "CAUSE", value_parser = parse_cause)]
    pub(crate) cause: Option<Cause>,
}

/// States in which rows wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum State {
    Queued,
    Held,
}

/// How a change is consented to, and why it is made.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Consent {
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) reason: String,
    #[arg(long)]
    pub(crate) yes: bool,
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
}

fn parse_cause(text: &str) -> Result<Cause, String> {
    let known = || Cause::ALL.map(Cause::as_str).join(", ");
    text.parse().map_err(|_| known())
}

/// `90s`, `15m`, `6h`, `3d`, `2w`.
pub(super) fn parse_age(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = match unit.trim() {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3600),
        "d" => Some(86_400),
        "w" => Some(7 * 86_400),
        _ => None,
    };
    let number: Option<u64> = number.parse().ok().filter(|number| *number <= 100_000);
    let age = number.zip(seconds).map(|(number, seconds)| Duration::from_secs(number * seconds));
    age.ok_or_else(|| "90s, 15m, 6h, 3d, 2w".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        assert_eq!(parse_age("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_age("2w"), Ok(Duration::from_secs(1_209_600)));
        for text in ["", "h", "5", "-5m", "5 years", "99999999999999999999s", "９h"] {
            assert!(parse_age(text).is_err(), "{text}");
        }
    }
}
