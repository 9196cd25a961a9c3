//! The words of `tegami suppression`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tegami_store::{SuppressionList, SuppressionSource};

#[derive(Debug, Subcommand)]
pub(crate) enum Suppression {
    List {
        #[arg(value_name = "TEXT")]
        text: Option<String>,
        #[command(flatten)]
        choice: Choice,
        #[arg(long, value_name = "SOURCE", value_parser = parse_source)]
        source: Option<SuppressionSource>,
        #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
        limit: usize,
    },
    Show {
        #[arg(value_name = "ADDRESS")]
        address: String,
        #[command(flatten)]
        choice: Choice,
    },
    Add {
        #[arg(value_name = "ADDRESS", required = true)]
        addresses: Vec<String>,
        #[command(flatten)]
        choice: Choice,
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    Remove {
        #[arg(value_name = "ADDRESS", required = true)]
        addresses: Vec<String>,
        #[command(flatten)]
        choice: Choice,
    },
    Import {
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        choice: Choice,
    },
    Export {
        #[command(flatten)]
        choice: Choice,
    },
}

/// Which domain and which list.
#[derive(Clone, Debug, Args)]
pub(crate) struct Choice {
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) domain: Option<String>,
    #[arg(long, value_name = "LIST", value_parser = parse_list)]
    pub(crate) list: Option<SuppressionList>,
}

fn parse_list(text: &str) -> Result<SuppressionList, String> {
    let words = SuppressionList::ALL.map(SuppressionList::as_str);
    let found = SuppressionList::ALL.into_iter().find(|list| list.as_str() == text);
    found.ok_or_else(|| words.join(", "))
}

fn parse_source(text: &str) -> Result<SuppressionSource, String> {
    let words = SuppressionSource::ALL.map(SuppressionSource::as_str);
    let found = SuppressionSource::ALL.into_iter().find(|source| source.as_str() == text);
    found.ok_or_else(|| words.join(", "))
}
