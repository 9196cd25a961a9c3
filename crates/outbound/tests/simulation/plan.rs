//! What a seed decides beforehand: the world, what is sent, when the process dies.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use fastrand::Rng;
use tegami_mail::{Domain, Notify};
use tegami_outbound::{Limits, Reach, Settings, TlsDemand};
use tegami_queue::{Act, HoldSubject, Limits as Jobs, RetryPolicy};

use crate::shape::{BIG, ShapePlan};
use crate::way::{self, Way};

/// Everything about one story.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) jobs: Jobs,
    pub(crate) retry: RetryPolicy,
    pub(crate) lease: Duration,
    pub(crate) poll: Duration,
    pub(crate) outbound: Settings,
    /// Those of MX records first, then smarthosts.
    pub(crate) hosts: Vec<Habits>,
    /// Which domains go another way than by their MX records.
    pub(crate) ways: Vec<Way>,
    /// In half of the worlds nothing shapes.
    pub(crate) shape: Option<ShapePlan>,
    /// Zone text, and another one from some moment on.
    pub(crate) zones: (String, Duration, String),
    /// Chance that a question to the DNS is not answered.
    pub(crate) dns_trouble: f64,
    /// Chance that a change of the store finds the disk full, or does not know whether it happened.
    pub(crate) store_trouble: f64,
    /// The longest that a call of the store takes.
    pub(crate) store_latency: Duration,
    pub(crate) letters: Vec<Letter>,
    /// What an operator does, and when.
    pub(crate) deeds: Vec<(Duration, Deed)>,
    /// When the process ends, how, and how long nothing runs then.
    pub(crate) ends: Vec<(Duration, Ending, Duration)>,
}

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// In the middle of whatever it does.
    Killed,
    /// It finishes what is under way.
    Closed,
}

/// What an operator does.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    /// To mail for these next hops, to all mail where there are none.
    Act(Act, Vec<String>),
    /// A standing rule.
    Hold(HoldSubject),
    /// The end of that rule.
    Lift(HoldSubject),
}

/// A message that somebody sends.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) at: Duration,
    pub(crate) to: Vec<(String, Option<Notify>)>,
    /// Not before so long after it is sent.
    pub(crate) ahead: Option<Duration>,
    /// Lines of its body.
    pub(crate) lines: usize,
    pub(crate) tags: Vec<String>,
}

/// How a receiving host behaves: chances, each from 0 to 1.
#[derive(Clone, Debug)]
pub(crate) struct Habits {
    pub(crate) name: String,
    pub(crate) addresses: Vec<IpAddr>,
    /// No connection comes about.
    pub(crate) refuses: f64,
    /// The connection is cut after some octets, in one direction or the other.
    pub(crate) cuts: f64,
    /// A reply is another one than it should be, or none.
    pub(crate) moody: f64,
    /// It takes a message and does not say so.
    pub(crate) forgets: f64,
    /// A reply lets wait.
    pub(crate) slow: f64,
    /// It has had enough of us.
    pub(crate) weary: f64,
    /// New recipients hear 451 for so long.
    pub(crate) greylist: Option<Duration>,
    pub(crate) pipelining: bool,
    pub(crate) dsn: bool,
    pub(crate) tls: TlsHabit,
    /// Most recipients in a transaction.
    pub(crate) recipients: usize,
    /// Messages in a session.
    pub(crate) messages: usize,
    /// It is away between these moments.
    pub(crate) away: Option<(Duration, Duration)>,
}

/// What a host makes of STARTTLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TlsHabit {
    NotOffered,
    Refused,
    Broken,
    Works,
}

impl Plan {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let rng = &mut Draw(rng);
        let mut hosts: Vec<Habits> = (0..rng.one_of(&[1, 2, 3, 4])).map(|n| habits(rng, n)).collect();
        let domains = rng.between(1, 4);
        let ways = way::draw(rng, domains, &mut hosts);
        let shape = rng.chance(0.5).then(|| ShapePlan::new(rng));
        let first = zone(rng, &hosts, domains);
        let second = if rng.chance(0.3) { zone(rng, &hosts, domains) } else { first.clone() };
        let span = Duration::from_secs(rng.between(1, 1800) as u64);
        let few = if rng.chance(0.05) { rng.between(5, 20) } else { rng.between(1, 4) };
        let letters = (0..few).map(|_| letter(rng, domains, span)).collect();
        let (jobs, retry) = (jobs(rng), retry(rng));
        let ends = ends(rng, span + retry.lifetime);
        let deeds = deeds(rng, span + retry.lifetime / 2, domains, &hosts);
        let mut outbound = outbound(rng);
        outbound.routes = ways.iter().map(|way| way.route(&hosts)).collect();
        Self {
            jobs,
            lease: Duration::from_secs(rng.one_of(&[60, 60, 300])),
            poll: Duration::from_secs(rng.one_of(&[10, 30, 300])),
            outbound,
            ways,
            shape,
            zones: (first, rng.span(span + retry.lifetime), second),
            dns_trouble: rng.trouble(&[0.05, 0.3]),
            store_trouble: rng.trouble(&[0.01, 0.05]),
            store_latency: Duration::from_millis(rng.one_of(&[0, 5, 50, 2000])),
            hosts,
            retry,
            letters,
            deeds,
            ends,
        }
    }
}

impl Plan {
    /// How long mail may wait for its turn: days where the day of a source has no more room.
    pub(crate) fn longest_wait(&self) -> Duration {
        Duration::from_secs(3600 * if self.shape.is_some() { 36 } else { 6 })
    }

    /// An operator may keep mail back, or send it elsewhere.
    pub(crate) fn is_operated(&self) -> bool {
        !self.deeds.is_empty()
    }
}

/// Draws of all kinds.
pub(crate) struct Draw<'a>(&'a mut Rng);

impl Draw<'_> {
    pub(crate) fn chance(&mut self, chance: f64) -> bool {
        self.0.f64() < chance
    }

    /// Both ends included.
    pub(crate) fn between(&mut self, least: usize, most: usize) -> usize {
        self.0.usize(least..=most)
    }

    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.0.usize(0..choices.len())]
    }

    /// Half of the worlds are free of one trouble, so that the others are seen alone.
    pub(crate) fn trouble(&mut self, sizes: &[f64]) -> f64 {
        if self.chance(0.5) { 0.0 } else { self.one_of(sizes) }
    }

    fn span(&mut self, most: Duration) -> Duration {
        most.mul_f64(self.0.f64())
    }
}

fn jobs(rng: &mut Draw<'_>) -> Jobs {
    match rng.chance(0.3) {
        true => Jobs::default(),
        false => Jobs {
            jobs: rng.between(1, 4),
            jobs_per_lane: rng.between(1, 2),
            recipients_per_job: rng.between(1, 3),
        },
    }
}

fn retry(rng: &mut Draw<'_>) -> RetryPolicy {
    let minutes = |count: usize| Duration::from_secs(60 * count as u64);
    let delays = match rng.between(0, 2) {
        0 => [1, 5, 15, 30, 60].map(minutes).to_vec(),
        1 => vec![minutes(rng.between(1, 60))],
        _ => [10, 1].map(minutes).to_vec(),
    };
    // As many attempts as the delays have places, and a few more.
    let sum: Duration = delays.iter().sum();
    let lifetime = sum + delays[delays.len() - 1].mul_f64(4.0 * rng.0.f64());
    let warn_after = rng.chance(0.5).then(|| rng.span(lifetime));
    RetryPolicy { delays, lifetime, warn_after }
}

fn outbound(rng: &mut Draw<'_>) -> Settings {
    let mut settings = Settings::new(Domain::parse("mail.example.org").unwrap());
    settings.reach = Reach::Network;
    settings.tls = match rng.between(0, 19) {
        0 => TlsDemand::Encrypted,
        1..=4 => TlsDemand::Never,
        _ => TlsDemand::Opportunistic,
    };
    // Most worlds have little patience, so that more happens in their time.
    if rng.chance(0.7) {
        let patience = Duration::from_secs(rng.between(5, 60) as u64);
        settings.connect_timeout = patience;
        settings.timeouts.greeting = patience;
        settings.timeouts.command = patience;
        settings.timeouts.data = patience;
        settings.timeouts.end_of_data = patience * 2;
    }
    settings.limits = Limits {
        connections: rng.between(1, 4),
        recipients: rng.one_of(&[1, 2, 100]),
        connections_per_address: rng.one_of(&[1, 2, 20]),
        idle: Duration::from_secs(rng.one_of(&[0, 5, 5, 120])),
        idle_sessions: rng.one_of(&[1, 100]),
        ..Limits::default()
    };
    settings
}

pub(crate) fn habits(rng: &mut Draw<'_>, n: u8) -> Habits {
    let v4 = IpAddr::from(Ipv4Addr::new(192, 0, 2, 10 + n));
    let v6 = IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 10 + u16::from(n)));
    let hour = Duration::from_secs(3600);
    Habits {
        name: format!("mx{n}.example.net"),
        addresses: if rng.chance(0.3) { vec![v4, v6] } else { vec![v4] },
        refuses: if rng.chance(0.1) { 1.0 } else { rng.trouble(&[0.1, 0.3]) },
        cuts: rng.trouble(&[0.1, 0.5]),
        moody: rng.trouble(&[0.02, 0.1, 0.2]),
        forgets: rng.trouble(&[0.1, 0.5]),
        slow: rng.trouble(&[0.05, 0.2]),
        weary: rng.trouble(&[0.05, 0.2]),
        greylist: rng.chance(0.2).then(|| rng.span(hour / 6)),
        pipelining: rng.chance(0.7),
        dsn: rng.chance(0.3),
        tls: match rng.between(0, 9) {
            0 => TlsHabit::Refused,
            1 => TlsHabit::Broken,
            2 => TlsHabit::Works,
            _ => TlsHabit::NotOffered,
        },
        recipients: rng.one_of(&[1, 2, 100, 100]),
        messages: rng.one_of(&[1, 3, 100, 100]),
        away: rng.chance(0.1).then(|| {
            let from = rng.span(hour);
            (from, from + rng.span(hour))
        }),
    }
}

/// The address of domains without an MX record, where the first host is too.
pub(crate) const IMPLICIT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 9);

/// Domains of many kinds over the same hosts.
fn zone(rng: &mut Draw<'_>, hosts: &[Habits], domains: usize) -> String {
    let mut text = String::new();
    for host in hosts {
        for ip in &host.addresses {
            let kind = if ip.is_ipv4() { "A" } else { "AAAA" };
            text.push_str(&format!("{}. {kind} {ip}\n", host.name));
        }
    }
    let hosts: Vec<&Habits> = hosts.iter().filter(|host| host.name.starts_with("mx")).collect();
    // Where notifications go.
    text.push_str(&format!("example.org. MX 10 {}.\n", hosts[0].name));
    for n in 0..domains {
        let name = format!("d{n}.test.");
        match rng.between(0, 19) {
            0 => text.push_str(&format!("{name} MX 0 .\n")),
            1 => text.push_str(&format!("$SERVFAIL {name}\n")),
            2 => text.push_str(&format!("{name} A {IMPLICIT}\n")),
            3 => {}
            4 => text.push_str(&format!("{name} MX 10 nowhere.example.net.\n")),
            _ => {
                for _ in 0..rng.between(1, 3) {
                    let host = hosts[rng.between(0, hosts.len() - 1)];
                    text.push_str(&format!("{name} MX {} {}.\n", rng.between(1, 3), host.name));
                }
            }
        }
    }
    text
}

fn letter(rng: &mut Draw<'_>, domains: usize, span: Duration) -> Letter {
    let most = if rng.chance(0.1) { 8 } else { 3 };
    let to = (0..rng.between(1, most)).map(|n| {
        // Nobody of that name lives there.
        let local = if rng.chance(0.1) { "nobody" } else { "r" };
        let notify = match rng.between(0, 5) {
            0 => Some(Notify { success: false, failure: false, delay: false }),
            1 => Some(Notify { success: true, failure: true, delay: true }),
            2 => Some(Notify { success: false, failure: true, delay: false }),
            _ => None,
        };
        (format!("{local}{n}@d{}.test", rng.between(0, domains - 1)), notify)
    });
    Letter {
        to: to.collect(),
        at: rng.span(span),
        ahead: rng.chance(0.15).then(|| rng.span(Duration::from_secs(1800))),
        tags: if rng.chance(0.3) { vec!["news".to_owned()] } else { Vec::new() },
        lines: if rng.chance(0.1) { rng.between(100, 3000) } else { rng.between(0, 5) },
    }
}

fn deeds(rng: &mut Draw<'_>, span: Duration, domains: usize, hosts: &[Habits]) -> Vec<(Duration, Deed)> {
    let count = if rng.chance(0.6) { 0 } else { rng.between(1, 6) };
    let mut deeds = Vec::new();
    let mut held = Vec::new();
    for _ in 0..count {
        let domain = |rng: &mut Draw<'_>| format!("d{}.test", rng.between(0, domains - 1));
        let act = match rng.between(0, 9) {
            0 | 1 => Act::Hold,
            2 => Act::Release,
            3 => Act::Retry,
            4 => {
                let other = domain(rng);
                Act::Reroute { next_hop: elsewhere(rng, other, hosts) }
            }
            5 => Act::Drop { bounce: rng.chance(0.5) },
            6 if !held.is_empty() => {
                let subject = held.swap_remove(rng.between(0, held.len() - 1));
                deeds.push((rng.span(span), Deed::Lift(subject)));
                continue;
            }
            _ => {
                let subject = match rng.between(0, 5) {
                    0 => HoldSubject::Account("somebody".to_owned()),
                    1 => HoldSubject::Sender("example.org".to_owned()),
                    2 => HoldSubject::Tag("news".to_owned()),
                    3 => HoldSubject::Provider(BIG.to_owned()),
                    _ => HoldSubject::Domain(domain(rng)),
                };
                held.push(subject.clone());
                deeds.push((rng.span(span), Deed::Hold(subject)));
                continue;
            }
        };
        let of = if rng.chance(0.7) { vec![domain(rng)] } else { Vec::new() };
        deeds.push((rng.span(span), Deed::Act(act, of)));
    }
    deeds.sort_by_key(|(at, ..)| *at);
    deeds
}

/// To another domain, or to a smarthost past all routes.
fn elsewhere(rng: &mut Draw<'_>, domain: String, hosts: &[Habits]) -> String {
    let smarthost = hosts.iter().find(|host| host.name.starts_with("smart"));
    let smarthost = smarthost.filter(|_| rng.chance(0.5));
    smarthost.map_or(domain, |host| format!("{}:25", host.name))
}

fn ends(rng: &mut Draw<'_>, span: Duration) -> Vec<(Duration, Ending, Duration)> {
    let count = if rng.chance(0.5) { 0 } else { rng.between(1, 6) };
    // Early ones are worth more: that is when most happens.
    let span = if rng.chance(0.5) { span } else { span / 10 };
    let mut ends: Vec<_> = (0..count)
        .map(|_| {
            let ending = if rng.chance(0.75) { Ending::Killed } else { Ending::Closed };
            let down = Duration::from_millis(rng.one_of(&[1, 1000, 30_000, 600_000]));
            (rng.span(span), ending, down)
        })
        .collect();
    ends.sort_by_key(|(at, ..)| *at);
    ends
}
