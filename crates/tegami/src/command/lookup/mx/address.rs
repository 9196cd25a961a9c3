//! What the lists of reputation say of the address of a mail host, and what came of a polite session with it.

use std::net::IpAddr;
use std::sync::Arc;

use futures_util::future::join;
use serde_json::{Value, json};
use tegami_dns::Resolver;
use tegami_doctor::probe::Unprobed;
use tegami_doctor::rbl::{Choice, Row as Listing, Said, Subject, Unsaid};
use tegami_doctor::{Case, Probes};
use tegami_mail::{Domain, Note, note};

use super::super::super::Context;
use super::super::smtp::{self, Visit};

/// Addresses that are looked at: a domain with more has enough of them, and hosts are not visited by the dozen.
pub(super) const MOST: usize = 8;

/// One address of a mail host.
pub(super) struct Address {
    pub(super) ip: IpAddr,
    pub(super) listed: Listed,
    pub(super) session: Session,
}

/// What the lists say.
pub(super) enum Listed {
    /// Nobody was asked, or nobody could be believed, and why.
    Not(Word, Note),
    /// Those that answered.
    Said(Vec<Listing>),
}

/// What came of the session.
pub(super) enum Session {
    /// There was none, or nothing follows from it, and why.
    Not(Word, Note),
    /// The tests, and the worst of them.
    Had(&'static str, Vec<smtp::Row>),
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Nobody was asked.
    NotAsked,
    /// Somebody was, and nothing follows.
    Unknown,
}

impl Word {
    fn as_str(self) -> &'static str {
        match self {
            Self::NotAsked => "not-asked",
            Self::Unknown => "unknown",
        }
    }
}

/// Whom addresses are looked at with.
pub(super) struct Look {
    pub(super) case: Case,
    /// Why no session is had, where that is known before.
    pub(super) silent: Option<Note>,
    /// The DNS is a zone text.
    pub(super) of_zone: bool,
}

impl Look {
    /// Looks at one address of a host.
    pub(super) async fn at(&self, host: &str, ip: IpAddr) -> Address {
        if !self.case.known.reach.has(ip) {
            let why = note!("ip-special-private", ip = ip);
            let session = Session::Not(Word::NotAsked, why.clone());
            return Address { ip, listed: Listed::Not(Word::NotAsked, why), session };
        }
        let (listed, session) = join(self.listed(ip), self.session(host, ip)).await;
        Address { ip, listed, session }
    }

    /// One of too many.
    pub(super) fn passed_over(ip: IpAddr) -> Address {
        let why = note!("cli-mx-enough", most = MOST);
        let session = Session::Not(Word::NotAsked, why.clone());
        Address { ip, listed: Listed::Not(Word::NotAsked, why), session }
    }

    async fn listed(&self, ip: IpAddr) -> Listed {
        let subject = Subject::Ip(ip.to_canonical());
        let (known, resolver) = (&self.case.known, self.case.resolver());
        let rows = known.lists.look(&subject, Choice::Examination, resolver, known.now).await;
        if rows.iter().any(|row| !matches!(row.said, Said::Nothing(_))) {
            return Listed::Said(rows);
        }
        let absent = |row: &Listing| matches!(row.said, Said::Nothing(Unsaid::NoTestEntry | Unsaid::NoKey));
        if self.of_zone && rows.iter().all(absent) {
            return Listed::Not(Word::NotAsked, note!("cli-mx-zone-has-no-lists"));
        }
        let why = rows.iter().find_map(|row| match &row.said {
            Said::Nothing(why) => Some(why.note(&row.list)),
            _ => None,
        });
        match why {
            Some(why) => Listed::Not(Word::Unknown, why),
            None => Listed::Not(Word::NotAsked, note!("rbl-not-asked")),
        }
    }

    async fn session(&self, host: &str, ip: IpAddr) -> Session {
        if let Some(why) = &self.silent {
            return Session::Not(Word::NotAsked, why.clone());
        }
        let Ok(host) = Domain::parse(host) else {
            return Session::Not(Word::NotAsked, note!("cli-mx-host-none", host = host));
        };
        let probes: &Arc<dyn Probes> = &self.case.probes;
        let resolver: &dyn Resolver = self.case.resolver();
        let visit = Visit::make(&host, ip, &**probes, resolver).await;
        let word = match &visit.seen {
            Err(Unprobed::Off | Unprobed::Forbidden(_)) => Word::NotAsked,
            // Many networks let nothing out to port 25: that is nothing to blame the host for.
            Err(Unprobed::Timeout | Unprobed::Unreachable) => Word::Unknown,
            _ => {
                let rows = smtp::rows(&visit);
                return Session::Had(smtp::worst(&rows), rows);
            }
        };
        let error = visit.seen.err().map(|error| error.to_string()).unwrap_or_default();
        Session::Not(word, note!("cli-mx-no-session", host = host, ip = ip, error = error))
    }
}

impl Listed {
    /// How it came out: `clean`, `listed`, `unknown`, `not-asked`.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Not(word, _) => word.as_str(),
            Self::Said(rows) if rows.iter().any(|row| row.worst().is_some()) => "listed",
            Self::Said(_) => "clean",
        }
    }

    /// The bad entries.
    pub(super) fn entries(&self) -> impl Iterator<Item = Note> {
        let rows = if let Self::Said(rows) = self { rows.as_slice() } else { &[] };
        rows.iter().filter_map(|row| row.worst().map(|hit| hit.means.note(&row.subject, &row.list)))
    }

    fn to_json(&self, context: &Context) -> Value {
        let (rows, why) = match self {
            Self::Not(_, why) => (&[][..], Some(context.say(why))),
            Self::Said(rows) => (rows.as_slice(), None),
        };
        let lists: Vec<Value> =
            rows.iter().map(|row| super::super::blacklist::member(row, context)).collect();
        json!({"state": self.word(), "because": why, "lists": lists})
    }
}

impl Session {
    /// How it came out: `pass`, `warn`, `fail`, `unknown`, `not-asked`.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Not(word, _) => word.as_str(),
            Self::Had(worst, _) => worst,
        }
    }

    fn to_json(&self, context: &Context) -> Value {
        let (rows, why) = match self {
            Self::Not(_, why) => (Vec::new(), Some(context.say(why))),
            Self::Had(_, rows) => (rows.clone(), None),
        };
        json!({"state": self.word(), "because": why, "tests": smtp::tests(rows)})
    }
}

impl Address {
    /// Whether nothing bad was seen.
    pub(super) fn is_good(&self) -> bool {
        self.listed.word() != "listed" && self.session.word() != "fail"
    }

    /// The member of the JSON.
    pub(super) fn to_json(&self, context: &Context) -> Value {
        json!({
            "ip": self.ip,
            "blacklist": self.listed.to_json(context),
            "smtp": self.session.to_json(context),
        })
    }
}
