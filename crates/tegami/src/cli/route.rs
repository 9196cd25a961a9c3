//! The words of `tegami route`.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Route {
    List,
    Show {
        #[arg(value_name = "ID")]
        id: String,
    },
    Add {
        #[arg(value_name = "EXPRESSION")]
        expression: String,
        #[arg(value_name = "ACTION", required = true)]
        actions: Vec<String>,
        #[arg(long, value_name = "NUMBER", default_value_t = 0, allow_negative_numbers = true)]
        priority: i64,
        #[arg(long, value_name = "TEXT", default_value = "")]
        description: String,
    },
    Remove {
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
    },
    Test {
        #[arg(value_name = "FILE|ADDRESS")]
        subject: String,
        #[arg(long, value_name = "ADDRESS")]
        to: Vec<String>,
    },
}

impl Route {
    /// The file that `test` reads; an address names none.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        match self {
            Self::Test { subject, .. } => {
                let path = PathBuf::from(subject);
                (subject == "-" || path.exists() || !subject.contains('@')).then_some(path)
            }
            _ => None,
        }
    }
}
