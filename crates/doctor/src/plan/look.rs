//! What the servers of a zone say of a plan.

use std::time::Duration;

use tegami_dns::{Data, DnsError};

use super::{contains, same};

/// What one server says of one set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Which server.
    pub server: String,
    /// The records; none where there are none.
    pub data: Result<Vec<Data>, DnsError>,
}

/// How a set stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Everybody shows it as planned.
    Fine,
    /// None of its records is there.
    Missing,
    /// Other records are there.
    Different,
    /// What is planned is there, and more.
    Extra,
    /// It is published; these do not show it yet.
    Pending {
        /// Servers that show something else.
        servers: Vec<String>,
        /// How long resolvers may still tell what was there before.
        until: Option<Duration>,
    },
    /// These did not say, and why.
    Unknown(Vec<(String, DnsError)>),
}

impl Standing {
    /// The word of the JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Missing => "missing",
            Self::Different => "different",
            Self::Extra => "extra",
            Self::Pending { .. } => "pending",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// How a planned set stands with what all servers of its zone say. `kept` is what a resolver tells, and how long it will.
pub fn standing(planned: &[Data], said: &[Said], kept: Option<(&[Data], Duration)>) -> Standing {
    let mute: Vec<_> = said
        .iter()
        .filter_map(|said| said.data.as_ref().err().map(|error| (said.server.clone(), error.clone())))
        .collect();
    let shown: Vec<(&str, &[Data])> = said
        .iter()
        .filter_map(|said| said.data.as_deref().ok().map(|data| (said.server.as_str(), data)))
        .collect();
    let others: Vec<String> = shown
        .iter()
        .filter(|(_, data)| !same(data, planned))
        .map(|(server, _)| (*server).to_owned())
        .collect();
    if shown.is_empty() || (others.is_empty() && !mute.is_empty()) {
        return Standing::Unknown(mute);
    }
    if others.is_empty() {
        return match kept {
            Some((data, left)) if !same(data, planned) => {
                Standing::Pending { servers: Vec::new(), until: Some(left) }
            }
            _ => Standing::Fine,
        };
    }
    if others.len() < shown.len() {
        return Standing::Pending { servers: others, until: None };
    }
    let there: Vec<&Data> = shown.iter().flat_map(|(_, data)| data.iter()).collect();
    let strange = there.iter().any(|data| !contains(planned, data));
    let all = planned.iter().all(|data| shown.iter().all(|(_, shown)| contains(shown, data)));
    match (there.is_empty(), strange, all) {
        (true, ..) => Standing::Missing,
        (_, true, true) => Standing::Extra,
        (_, true, false) => Standing::Different,
        // Some of several records.
        (_, false, _) => Standing::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standings() {
        let data = |names: &[&str]| -> Vec<Data> {
            names.iter().map(|text| Data::Txt(text.as_bytes().to_vec().into())).collect()
        };
        let check = |planned: &[&str], said: &[&[&str]], expected: &str| {
            let said: Vec<Said> = (1..)
                .zip(said)
                .map(|(number, texts)| Said {
                    server: format!("ns{number}"),
                    data: if *texts == ["!"] { Err(DnsError::Timeout) } else { Ok(data(texts)) },
                })
                .collect();
            let found = standing(&data(planned), &said, None);
            assert_eq!(found.as_str(), expected, "{planned:?} {said:?}");
        };
        check(&["a"], &[&["a"], &["a"]], "ok");
        check(&["a", "b"], &[&["b", "a"], &["a", "b"]], "ok");
        check(&[], &[&[], &[]], "ok");
        check(&["a"], &[&[], &[]], "missing");
        check(&["a", "b"], &[&["a"], &["a"]], "missing");
        check(&["a"], &[&["b"], &["b"]], "different");
        check(&["a"], &[&["a", "b"], &["a", "b"]], "extra");
        check(&[], &[&["a"], &["a"]], "extra");
        check(&["a"], &[&["a"], &["b"]], "pending");
        check(&["a"], &[&["a"], &["!"]], "unknown");
        check(&["a"], &[&["b"], &["!"]], "different");
        check(&["a"], &[], "unknown");
    }

    #[test]
    fn resolvers_keep_what_was_there() {
        let data = |text: &str| vec![Data::Txt(text.as_bytes().to_vec().into())];
        let said = [Said { server: "ns1".to_owned(), data: Ok(data("new")) }];
        let left = Duration::from_secs(300);
        let found = standing(&data("new"), &said, Some((&data("old"), left)));
        assert_eq!(found, Standing::Pending { servers: Vec::new(), until: Some(left) });
        assert_eq!(standing(&data("new"), &said, Some((&data("new"), left))), Standing::Fine);
    }
}
