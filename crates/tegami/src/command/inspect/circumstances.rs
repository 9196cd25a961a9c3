//! Under which circumstances a message is judged: what the command line says, else what the message tells.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use tegami_auth::received::{self, Hop};
use tegami_doctor::Reach;
use tegami_doctor::rbl::Lists;
use tegami_mail::{Address, Domain, HeaderSection, Note, ReversePath, note};

use super::Failure;
use crate::cli;

/// Where a value was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// An option of the command line.
    Given,
    /// The Received field that tells of the connection from outside.
    Received,
    /// The Return-Path field.
    ReturnPath,
    /// Nowhere: nothing is known.
    Nowhere,
}

impl Source {
    fn as_str(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Received => "received",
            Self::ReturnPath => "return-path",
            Self::Nowhere => "unknown",
        }
    }
}

/// A value and where it was taken from.
#[derive(Clone, Debug)]
pub(super) struct Known<T> {
    pub(super) value: T,
    pub(super) source: Source,
}

/// What a receiver knows before the content comes.
#[derive(Clone, Debug)]
pub(super) struct Circumstances {
    pub(super) ip: Known<IpAddr>,
    pub(super) helo: Known<String>,
    pub(super) mail_from: Known<ReversePath>,
    pub(super) now: Timestamp,
    pub(super) authserv_id: String,
    /// Which addresses count.
    pub(super) reach: Reach,
    /// The lists of reputation that are asked about links.
    pub(super) lists: Arc<Lists>,
}

impl Circumstances {
    /// Takes what is given, and the rest from the message.
    pub(super) fn find(
        inspect: &cli::Inspect,
        section: &HeaderSection<'_>,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let hops = received::chain(section, inspect.ip);
        // With a given address only the field that tells of it can say more.
        let told = match inspect.ip {
            Some(ip) => hops.iter().rev().find(|hop| hop.ip == Some(ip.to_canonical())),
            None => received::entrance(&hops),
        };
        let ip = match (inspect.ip, told.and_then(|hop| hop.ip)) {
            (Some(value), _) => Known { value, source: Source::Given },
            (None, Some(value)) => Known { value, source: Source::Received },
            (None, None) => return Err(note!("cli-inspect-no-ip").into()),
        };
        let helo = match (&inspect.helo, told.and_then(|hop| hop.helo.clone())) {
            (Some(helo), _) => Known { value: helo.clone(), source: Source::Given },
            (None, Some(value)) => Known { value, source: Source::Received },
            (None, None) => Known { value: String::new(), source: Source::Nowhere },
        };
        Ok(Self {
            ip,
            helo,
            mail_from: mail_from(inspect.mail_from.as_deref(), section)?,
            now: inspect.now.unwrap_or(now),
            authserv_id: inspect.authserv_id.clone().unwrap_or_else(|| receiver(told)),
            reach: super::super::check::examine::reach(&inspect.dns),
            lists: Arc::default(),
        })
    }

    pub(super) fn as_json(&self) -> Value {
        let taken = |value: Value, source: Source| json!({"value": value, "source": source.as_str()});
        json!({
            "ip": taken(self.ip.value.to_string().into(), self.ip.source),
            "helo": taken(self.helo.value.clone().into(), self.helo.source),
            "mail_from": taken(self.mail_from.value.to_string().into(), self.mail_from.source),
            "now": self.now.to_string(),
        })
    }
}

/// Without either source the null reverse-path is assumed: then SPF speaks for the HELO name alone.
fn mail_from(given: Option<&str>, section: &HeaderSection<'_>) -> Result<Known<ReversePath>, Failure> {
    if let Some(text) = given {
        return Ok(Known { value: reverse_path(text)?, source: Source::Given });
    }
    let field = section.first("Return-Path").map(|field| field.text());
    let inner = field.as_deref().and_then(|text| text.trim().strip_prefix('<')?.strip_suffix('>'));
    let path = match inner {
        Some("") => Some(ReversePath::Null),
        Some(text) => Address::parse(text).ok().map(ReversePath::Address),
        None => None,
    };
    Ok(match path {
        Some(value) => Known { value, source: Source::ReturnPath },
        None => Known { value: ReversePath::Null, source: Source::Nowhere },
    })
}

/// A reverse-path as it is given on the command line, with or without angle brackets; empty for the null one.
pub(super) fn reverse_path(text: &str) -> Result<ReversePath, Note> {
    let inner = text.trim().trim_start_matches('<').trim_end_matches('>');
    ReversePath::try_from(inner.to_owned())
        .map_err(|error| note!("cli-bad-address", address = text, reason = error))
}

/// The name of the host that received the message, where its field tells.
fn receiver(told: Option<&Hop>) -> String {
    let by = told.and_then(|hop| hop.by.as_deref()).and_then(|by| Domain::parse(by).ok());
    by.map_or_else(|| "localhost".to_owned(), |domain| domain.to_string())
}
