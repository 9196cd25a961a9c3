//! What the probes mean.

use tegami_mail::{Note, note};

use super::probe::{Came, Probe};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Pass,
    Info,
    Warn,
    Fail,
    Unknown,
    NotApplicable,
}

impl State {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::NotApplicable => "na",
        }
    }
}

/// One finding.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) id: &'static str,
    pub(super) state: State,
    /// How bad a failure is, from `S0` to `S4`.
    pub(super) severity: &'static str,
    pub(super) detail: Note,
    pub(super) evidence: Vec<String>,
    /// Where the rule stands.
    pub(super) source: &'static str,
    pub(super) fix: Option<Note>,
    pub(super) depends: Vec<&'static str>,
}

impl Finding {
    /// A smarthost is the way out.
    pub(super) fn wants_relay(&self) -> bool {
        self.id == PORT25 && self.state == State::Fail
    }

    /// The configuration has a smarthost for all mail.
    pub(super) fn is_led_around(&mut self) {
        if self.wants_relay() {
            self.state = State::Info;
            self.fix = Some(note!("cli-check-led-around"));
        }
    }
}

const PORT25: &str = "path.port25";
const RESOLVER: &str = "path.resolver";

/// What the probes say about our network.
pub(super) fn judge(probes: &[Probe]) -> Vec<Finding> {
    vec![resolver(probes), port25(probes)]
}

fn resolver(probes: &[Probe]) -> Finding {
    let missing: Vec<String> =
        probes.iter().filter(|probe| !probe.resolved).map(|probe| probe.name.clone()).collect();
    let (state, detail) = match missing.len() {
        0 => (State::Pass, note!("cli-check-dns-good")),
        count if count == probes.len() => (State::Fail, note!("cli-check-dns-broken")),
        _ => (State::Info, note!("cli-check-dns-some", names = missing.join(", "))),
    };
    let fix = (state == State::Fail).then_some(note!("cli-check-dns-fix"));
    let (evidence, depends) = (missing, Vec::new());
    Finding {
        id: RESOLVER,
        state,
        severity: "S4",
        detail,
        evidence,
        source: "RFC 5321 section 5.1",
        fix,
        depends,
    }
}

fn port25(probes: &[Probe]) -> Finding {
    let v4 = Family::of(probes.iter().filter_map(|probe| probe.v4.as_ref()).map(|(_, came)| came));
    let v6 = Family::of(probes.iter().filter_map(|probe| probe.v6.as_ref()).map(|(_, came)| came));
    let control = probes.iter().any(|probe| matches!(probe.control, Came::Greeted(_) | Came::Silent));
    let resolved = probes.iter().any(|probe| probe.resolved);
    let (state, detail) = decide(resolved, control, &v4, &v6);
    let fix = match state {
        State::Fail => Some(note!("cli-check-port25-fix")),
        State::Warn => Some(note!("cli-check-port25-ip")),
        _ => None,
    };
    let depends = if resolved { Vec::new() } else { vec![RESOLVER] };
    let evidence = probes.iter().flat_map(lines).collect();
    Finding {
        id: PORT25,
        state,
        severity: "S4",
        detail,
        evidence,
        source: "RFC 5068 section 3.1",
        fix,
        depends,
    }
}

fn decide(resolved: bool, control: bool, v4: &Family, v6: &Family) -> (State, Note) {
    if !resolved {
        return (State::NotApplicable, note!("cli-check-port25-no-dns"));
    }
    let (open, asked) = (v4.open + v6.open, v4.asked + v6.asked);
    if open == 0 {
        return match () {
            () if !control => (State::Unknown, note!("cli-check-no-network")),
            () if v4.refused + v6.refused == asked => {
                (State::Fail, note!("cli-check-port25-refused", asked = asked))
            }
            () => (State::Fail, note!("cli-check-port25-blocked", asked = asked)),
        };
    }
    let mut banners = [v4.banners.clone(), v6.banners.clone()].concat();
    banners.sort();
    banners.dedup();
    if open >= 3 && banners.len() == 1 {
        let banner = banners.first().cloned().unwrap_or_default();
        return (State::Fail, note!("cli-check-port25-intercepted", banner = banner));
    }
    match (v4.open, v6.open) {
        (1.., 0) if v6.asked > 0 && v6.unreachable < v6.asked => {
            (State::Warn, note!("cli-check-port25-one", open = "IPv4", closed = "IPv6"))
        }
        (0, 1..) if v4.asked > 0 => {
            (State::Warn, note!("cli-check-port25-one", open = "IPv6", closed = "IPv4"))
        }
        _ => {
            let failed = (v4.asked - v4.open) + (v6.asked - v6.open - v6.unreachable);
            match failed {
                0 => (State::Pass, note!("cli-check-port25-open", open = open)),
                1 => (State::Pass, note!("cli-check-port25-single", open = open)),
                _ => (State::Unknown, note!("cli-check-port25-some", open = open, failed = failed)),
            }
        }
    }
}

/// What came over one version of IP.
#[derive(Debug, Default)]
struct Family {
    asked: usize,
    open: usize,
    refused: usize,
    unreachable: usize,
    banners: Vec<String>,
}

impl Family {
    fn of<'p>(came: impl Iterator<Item = &'p Came>) -> Self {
        let mut family = Self::default();
        for came in came {
            family.asked += 1;
            match came {
                Came::Greeted(banner) => {
                    family.open += 1;
                    family.banners.push(banner.clone());
                }
                Came::Refused => family.refused += 1,
                Came::Unreachable => family.unreachable += 1,
                Came::Silent | Came::Timeout | Came::NoAddress => {}
            }
        }
        family
    }
}

/// The probes as lines that need no translation.
fn lines(probe: &Probe) -> Vec<String> {
    let word = |came: &Came| match came {
        Came::Greeted(banner) => banner.clone(),
        Came::Silent => "connected, silent".to_owned(),
        Came::Refused => "refused".to_owned(),
        Came::Timeout => "timeout".to_owned(),
        Came::Unreachable => "unreachable".to_owned(),
        Came::NoAddress => "no address".to_owned(),
    };
    let name = &probe.name;
    let mut lines: Vec<String> = [&probe.v4, &probe.v6]
        .into_iter()
        .flatten()
        .map(|(ip, came)| format!("{name} [{ip}]: {}", word(came)))
        .collect();
    let control = match &probe.control {
        Came::Greeted(_) => "open".to_owned(),
        other => word(other),
    };
    lines.push(format!("{name} control: {control}"));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(v4: &Came, v6: Option<&Came>, control: &Came) -> Probe {
        let at = |ip: &str, came: &Came| (ip.parse().unwrap(), came.clone());
        Probe {
            name: "example".to_owned(),
            v4: (*v4 != Came::NoAddress).then(|| at("192.0.2.1", v4)),
            v6: v6.map(|came| at("2001:db8::1", came)),
            resolved: *v4 != Came::NoAddress,
            control: control.clone(),
        }
    }

    fn check(probes: &[Probe], state: State, detail: &str) {
        let findings = judge(probes);
        let port = findings.iter().find(|finding| finding.id == PORT25).unwrap();
        assert_eq!((port.state, port.detail.id), (state, detail), "{probes:?}");
    }

    #[test]
    fn by_what_came() {
        let open = Came::Greeted("220 ready".to_owned());
        let greeted = |at: usize| Came::Greeted(format!("220 mx{at}.example.org"));
        let (timeout, refused) = (Came::Timeout, Came::Refused);
        let all = |came: &Came, control: &Came| vec![probe(came, None, control); 3];
        check(&all(&timeout, &open), State::Fail, "cli-check-port25-blocked");
        check(&all(&Came::Silent, &open), State::Fail, "cli-check-port25-blocked");
        check(&all(&refused, &open), State::Fail, "cli-check-port25-refused");
        check(&all(&timeout, &timeout), State::Unknown, "cli-check-no-network");
        check(&all(&Came::NoAddress, &Came::NoAddress), State::NotApplicable, "cli-check-port25-no-dns");
        check(&all(&open, &open), State::Fail, "cli-check-port25-intercepted");
        let mut good: Vec<Probe> = (0..4).map(|at| probe(&greeted(at), None, &open)).collect();
        check(&good, State::Pass, "cli-check-port25-open");
        good[0] = probe(&timeout, None, &open);
        check(&good, State::Pass, "cli-check-port25-single");
        good[1] = probe(&refused, None, &open);
        check(&good, State::Unknown, "cli-check-port25-some");
        let both: Vec<Probe> = (0..3).map(|at| probe(&greeted(at), Some(&timeout), &open)).collect();
        check(&both, State::Warn, "cli-check-port25-one");
        let without: Vec<Probe> =
            (0..3).map(|at| probe(&greeted(at), Some(&Came::Unreachable), &open)).collect();
        check(&without, State::Pass, "cli-check-port25-open");
    }
}
