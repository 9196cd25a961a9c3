//! `tegami check`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;

use super::DnsOptions;

#[derive(Debug, Default, Args)]
pub(crate) struct Check {
    #[arg(value_name = "DOMAIN|IP|ADDRESS|self", required_unless_present = "list")]
    pub(crate) subject: Option<String>,
    /// What the subject is like.
    #[command(flatten)]
    pub(crate) known: Known,
    #[arg(long = "from-provider", value_name = "PROVIDER", value_parser = crate::command::provider_word)]
    pub(crate) from_provider: Vec<String>,
    #[arg(long)]
    pub(crate) explain: bool,
    #[arg(long)]
    pub(crate) strict: bool,
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// `Some(None)`: as soon as the records may have changed.
    #[arg(
        long,
        value_name = "MINUTES",
        num_args = 0..=1,
        value_parser = clap::value_parser!(u32).range(1..=10_080),
        conflicts_with = "baseline"
    )]
    pub(crate) watch: Option<Option<u32>>,
    #[arg(long, conflicts_with = "subject")]
    pub(crate) list: bool,
    #[arg(long = "no-probes", visible_alias = "dns-only")]
    pub(crate) no_probes: bool,
    #[arg(long)]
    pub(crate) rdap: bool,
    #[arg(long, value_name = "PORT", conflicts_with = "no_probes")]
    pub(crate) port: Option<u16>,
    #[arg(long, value_name = "FILE")]
    pub(crate) targets: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) dns: DnsOptions,
}

/// What the asker knows of the subject.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Known {
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) selector: Vec<String>,
    #[arg(long, value_name = "IP")]
    pub(crate) ip: Vec<IpAddr>,
    #[arg(long, value_name = "NAME")]
    pub(crate) helo: Option<String>,
    #[arg(long)]
    pub(crate) bulk: bool,
    #[arg(long = "no-mail", conflicts_with = "bulk")]
    pub(crate) no_mail: bool,
}
