//! The words of `tegami dns` and `tegami dkim`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::DnsOptions;
use super::queue::parse_age;

/// Below these, words that are the same mean the same.
pub(super) const COMMANDS: [&str; 2] = ["cli-help-dns-", "cli-help-dkim-"];

/// Words that stand with a command of its own all the same.
pub(super) const OWN: [&str; 4] = ["format", "changes", "json", "name"];

#[derive(Debug, Subcommand)]
pub(crate) enum Dns {
    Plan(Subject),
    Diff(Subject),
    Export {
        #[command(flatten)]
        subject: Subject,
        #[arg(long, value_name = "FORMAT")]
        format: Format,
        #[arg(long)]
        changes: bool,
    },
    Apply {
        #[command(flatten)]
        subject: Subject,
        #[command(flatten)]
        publisher: Publisher,
        #[command(flatten)]
        consent: Doing,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Dkim {
    List {
        #[arg(value_name = "DOMAIN")]
        domain: String,
    },
    Rotate(Box<Rotate>),
    /// One change of the store; `rotate` asks for it once the DNS allows it.
    #[command(hide = true)]
    Step {
        #[arg(value_name = "DOMAIN")]
        domain: String,
        #[arg(value_name = "STEP")]
        step: StepWord,
        #[arg(value_name = "SELECTOR")]
        selectors: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Rotate {
    #[arg(value_name = "DOMAIN")]
    pub(crate) domain: String,
    #[arg(long, value_name = "NAME")]
    pub(crate) selector: Option<String>,
    #[arg(long, value_name = "DURATION", value_parser = parse_age)]
    pub(crate) keep: Option<Duration>,
    #[command(flatten)]
    pub(crate) publisher: MaybePublisher,
    #[command(flatten)]
    pub(crate) consent: Doing,
    #[command(flatten)]
    pub(crate) at: Servers,
}

/// What is done to a key in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StepWord {
    Begin,
    Switch,
    Revoke,
    Revoked,
    Leave,
    Forget,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Zone,
    Route53,
    Terraform,
    TerraformMap,
    Nsupdate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    Auto,
    Always,
    Never,
}

/// Whom is asked what is published.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Servers {
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) server: Vec<SocketAddr>,
    #[command(flatten)]
    pub(crate) dns: DnsOptions,
}

/// A domain, and what it is for.
#[derive(Debug, Args)]
pub(crate) struct Subject {
    #[arg(value_name = "DOMAIN")]
    pub(crate) domain: String,
    #[arg(long, value_name = "self|keep|nobody|PROVIDER[:ACCOUNT]")]
    pub(crate) receive: Option<String>,
    #[arg(long, value_name = "self|PROVIDER[:ACCOUNT]")]
    pub(crate) send: Vec<String>,
    #[arg(long, value_name = "NAME")]
    pub(crate) hostname: Option<String>,
    #[arg(long, value_name = "IP")]
    pub(crate) ip: Vec<IpAddr>,
    #[arg(long = "spf-all", value_name = "fail|softfail|neutral")]
    pub(crate) spf_all: Option<SpfEnd>,
    #[arg(long, value_name = "none|quarantine|reject|next")]
    pub(crate) dmarc: Option<DmarcStage>,
    #[arg(long = "dmarc-rua", value_name = "URI")]
    pub(crate) dmarc_rua: Option<String>,
    #[arg(long = "tls-rua", value_name = "URI")]
    pub(crate) tls_rua: Option<String>,
    #[arg(long, value_name = "auto|always|never", default_value = "auto")]
    pub(crate) tlsa: When,
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Vec<PathBuf>,
    #[arg(long, value_name = "LINE")]
    pub(crate) also: Vec<String>,
    #[arg(long = "ptr-at", value_name = "PROVIDER", default_value = "other")]
    pub(crate) ptr_at: String,
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = parse_age)]
    pub(crate) ttl: Duration,
    #[command(flatten)]
    pub(crate) at: Servers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SpfEnd {
    Fail,
    #[value(name = "softfail")]
    SoftFail,
    Neutral,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DmarcStage {
    None,
    Quarantine,
    Reject,
    Next,
}

/// By which way records are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    Nsupdate,
    Route53,
}

#[derive(Debug, Args)]
pub(crate) struct Publisher {
    #[arg(long, value_name = "nsupdate|route53")]
    pub(crate) by: Way,
    #[command(flatten)]
    pub(crate) access: Access,
}

#[derive(Debug, Args)]
pub(crate) struct MaybePublisher {
    #[arg(long, value_name = "nsupdate|route53")]
    pub(crate) by: Option<Way>,
    #[command(flatten)]
    pub(crate) access: Access,
}

/// With which rights.
#[derive(Debug, Args)]
pub(crate) struct Access {
    #[arg(long, value_name = "FILE")]
    pub(crate) tsig: Option<PathBuf>,
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) primary: Option<SocketAddr>,
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    #[arg(long = "hosted-zone", value_name = "ID")]
    pub(crate) hosted_zone: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Doing {
    #[arg(long)]
    pub(crate) yes: bool,
    #[arg(long = "dry-run")]
    pub(crate) dry_run: bool,
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = parse_age)]
    pub(crate) wait: Duration,
}
