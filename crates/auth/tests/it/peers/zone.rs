//! Random zones with SPF records: all mechanisms and modifiers, macros, limits, and mistakes now and then.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Chance;

/// One record, or the fault of a name.
#[derive(Debug)]
enum Entry {
    A(String),
    Aaaa(String),
    Mx(usize, String),
    Ptr(String),
    Txt(String),
    Cname(String),
    /// Every question for the name times out.
    Timeout,
}

/// What is published.
#[derive(Debug, Default)]
pub(super) struct Zone {
    entries: Vec<(String, Entry)>,
}

/// The client, the reverse-path and the argument of HELO.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) ip: &'static str,
    pub(super) sender: &'static str,
    pub(super) helo: &'static str,
}

const NAMES: &[&str] = &[
    "example.org",
    "a.example.org",
    "b.example.org",
    "c.b.example.org",
    "mail.example.net",
    "example.net",
    "1.192.in-addr.example.org",
];
/// Names that hold no SPF record; not every one exists.
const LEAVES: &[&str] = &["mx.example.org", "host.example.net", "void.example.org", "exp.example.org"];
const ADDRESSES: &[&str] = &["192.0.2.1", "192.0.2.77", "198.51.100.5", "203.0.113.9"];
const ADDRESSES_6: &[&str] = &["2001:db8::1", "2001:db8:1::5", "2001:db8:2::77"];
const CLIENTS: &[&str] = &[
    "192.0.2.1",
    "192.0.2.77",
    "198.51.100.5",
    "203.0.113.9",
    "2001:db8::1",
    "2001:db8:1::5",
    "::ffff:192.0.2.1",
];
const SENDERS: &[&str] = &[
    "a@example.org",
    "strong-bad@example.org",
    "b@a.example.org",
    "c.b@b.example.org",
    "x+y@c.b.example.org",
    "mx@mail.example.net",
    "a@void.example.org",
    "",
];
const HELOS: &[&str] =
    &["example.org", "mail.example.net", "c.b.example.org", "host.example.net", "[192.0.2.1]"];

impl Zone {
    pub(super) fn random(chance: &mut Chance) -> Self {
        let mut zone = Self::default();
        for name in NAMES {
            if chance.percent(4) {
                zone.add(name, if chance.percent(50) { Entry::Timeout } else { cname(chance) });
                continue;
            }
            if chance.percent(88) {
                zone.add(name, Entry::Txt(record(chance)));
            }
            if chance.percent(3) {
                zone.add(name, Entry::Txt(record(chance)));
            }
            zone.hosts(name, chance);
        }
        for name in LEAVES {
            zone.hosts(name, chance);
        }
        zone.add("exp.example.org", Entry::Txt(explanation(chance)));
        if chance.percent(10) {
            zone.add("exp.example.org", Entry::Txt(explanation(chance)));
        }
        for ip in ADDRESSES.iter().chain(ADDRESSES_6) {
            let count = if chance.percent(4) { 11 } else { chance.below(3) };
            let names: Vec<&str> = (0..count).map(|_| chance.pick(&[NAMES, LEAVES].concat())).collect();
            for name in names {
                zone.add(
                    tegami_dns::DnsName::reverse(ip.parse().unwrap()).as_str(),
                    Entry::Ptr(name.to_owned()),
                );
            }
        }
        zone
    }

    fn add(&mut self, name: &str, entry: Entry) {
        self.entries.push((name.to_owned(), entry));
    }

    fn hosts(&mut self, name: &str, chance: &mut Chance) {
        for _ in 0..chance.below(3) {
            self.add(name, Entry::A(chance.pick(ADDRESSES).to_owned()));
        }
        for _ in 0..chance.below(2) {
            self.add(name, Entry::Aaaa(chance.pick(ADDRESSES_6).to_owned()));
        }
        let count = if chance.percent(3) { 11 } else { chance.below(3) };
        for at in 0..count {
            let host = if count == 11 { format!("mx{at}.example.org") } else { any_name(chance).to_owned() };
            self.add(name, Entry::Mx(10 * at, host));
        }
        if chance.percent(20) {
            self.add(name, Entry::Txt("v=spf10 is none of ours".to_owned()));
        }
    }

    /// As zone text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (name, entry) in &self.entries {
            match entry {
                Entry::A(ip) => writeln!(text, "{name}. A {ip}"),
                Entry::Aaaa(ip) => writeln!(text, "{name}. AAAA {ip}"),
                Entry::Mx(preference, host) => writeln!(text, "{name}. MX {preference} {host}."),
                Entry::Ptr(target) => writeln!(text, "{name}. PTR {target}."),
                Entry::Txt(content) => writeln!(text, "{name}. TXT \"{}\"", content.replace('"', "\\\"")),
                Entry::Cname(target) => writeln!(text, "{name}. CNAME {target}."),
                Entry::Timeout => writeln!(text, "$TIMEOUT {name}."),
            }
            .unwrap();
        }
        text
    }

    /// For the drivers: by name, pairs of a type and its value.
    pub(super) fn json(&self) -> Value {
        let mut names = serde_json::Map::new();
        for (name, entry) in &self.entries {
            let entry = match entry {
                Entry::A(ip) => json!(["A", ip]),
                Entry::Aaaa(ip) => json!(["AAAA", ip]),
                Entry::Mx(preference, host) => json!(["MX", [preference, host]]),
                Entry::Ptr(target) => json!(["PTR", target]),
                Entry::Txt(content) => json!(["TXT", content]),
                Entry::Cname(target) => json!(["CNAME", target]),
                Entry::Timeout => json!(["TIMEOUT", ""]),
            };
            let list = names.entry(name.clone()).or_insert_with(|| json!([]));
            list.as_array_mut().unwrap().push(entry);
        }
        Value::Object(names)
    }
}

impl Query {
    pub(super) fn random(chance: &mut Chance) -> Self {
        Self { ip: chance.pick(CLIENTS), sender: chance.pick(SENDERS), helo: chance.pick(HELOS) }
    }

    pub(super) fn json(&self) -> Value {
        json!([self.ip, self.sender, self.helo])
    }
}

fn any_name(chance: &mut Chance) -> &'static str {
    if chance.percent(60) { chance.pick(NAMES) } else { chance.pick(LEAVES) }
}

fn cname(chance: &mut Chance) -> Entry {
    Entry::Cname(any_name(chance).to_owned())
}

/// An SPF record; one in ten has a mistake.
fn record(chance: &mut Chance) -> String {
    let mut terms: Vec<String> = (0..=chance.below(4)).map(|_| term(chance)).collect();
    if chance.percent(10) {
        terms.insert(chance.below(terms.len() + 1), mistake(chance).to_owned());
    }
    if chance.percent(15) {
        terms.insert(chance.below(terms.len() + 1), "exp=exp.example.org".to_owned());
    }
    if chance.percent(5) {
        terms.insert(chance.below(terms.len() + 1), "tag=%{d}.example".to_owned());
    }
    match chance.below(10) {
        0..6 => terms.push(format!("{}all", chance.pick(&["-", "-", "~", "?", "+"]))),
        6..8 => terms.push(format!("redirect={}", target(chance))),
        _ => {}
    }
    let version = if chance.percent(3) { "V=SPF1" } else { "v=spf1" };
    let between = if chance.percent(3) { "  " } else { " " };
    format!("{version} {}", terms.join(between))
}

fn term(chance: &mut Chance) -> String {
    let qualifier = chance.pick(&["", "", "", "", "+", "-", "~", "?"]);
    let mechanism = match chance.below(16) {
        0..3 => format!("ip4:{}{}", chance.pick(ADDRESSES), chance.pick(&["", "", "/32", "/24", "/8", "/0"])),
        3 => format!("ip6:{}{}", chance.pick(ADDRESSES_6), chance.pick(&["", "/128", "/48", "/32", "/0"])),
        4 => chance.pick(&["a", "mx", "ptr", "a/24", "mx/24//48", "a//64"]).to_owned(),
        5..7 => format!("a:{}{}", target(chance), chance.pick(&["", "", "/24", "/24//64"])),
        7..9 => format!("mx:{}{}", target(chance), chance.pick(&["", "", "/24", "//32"])),
        9..12 => format!("include:{}", target(chance)),
        12..15 => format!("exists:{}", target(chance)),
        _ => format!("ptr:{}", chance.pick(NAMES)),
    };
    let mechanism = if chance.percent(2) { mechanism.to_ascii_uppercase() } else { mechanism };
    format!("{qualifier}{mechanism}")
}

/// A domain-spec.
fn target(chance: &mut Chance) -> String {
    match chance.below(20) {
        0..14 => any_name(chance).to_owned(),
        14 => "%{d}".to_owned(),
        15 => "%{o}".to_owned(),
        16 => chance.pick(&["%{l}.example.org", "%{l1r-}.example.org", "%{L}.%{D}"]).to_owned(),
        17 => {
            chance.pick(&["%{i}.example.org", "%{ir}.%{v}.%{d2}", "%{i1r}.192.%{v}.example.org"]).to_owned()
        }
        18 => chance.pick(&["%{h}", "%{d2}", "%{s}", "%{dr}.%{d1}", "%{d4r.}.%{o2}"]).to_owned(),
        _ => chance.pick(&["%{p}", "%{p2}.example.net", "%{lr+-}.example.org", "%%.example.org"]).to_owned(),
    }
}

fn explanation(chance: &mut Chance) -> String {
    chance
        .pick(&[
            "%{i} may not send for %{d}",
            "%{c}%_%{h}%-%{s}",
            "%{S} to %{r} from %{o} in %{d} by %{v}",
            "See http://%{d}/why?s=%{S};i=%{I}",
            "%{p} %{lr-} 100%%",
            "broken %{x}",
            "plain",
        ])
        .to_owned()
}

fn mistake(chance: &mut Chance) -> &'static str {
    chance.pick(&[
        "ipv4:192.0.2.1",
        "ip4:192.0.2",
        "ip4:192.0.2.1/33",
        "ip4:192.0.2.1/032",
        "ip6:2001:db8::1/129",
        "ip6:192.0.2.1",
        "a:",
        "a/33",
        "a//129",
        "include:",
        "include",
        "include:%{x}.example.org",
        "exists",
        "exists:%{d",
        "exists:%{d0}.example.org",
        "all:example.org",
        "ptr:",
        "foo",
        "foo:bar",
        "-foo=bar",
        "=bar",
        "redirect=",
        "redirect=a.example.org",
        "exp=exp.example.org exp=exp.example.org",
        "exp=",
        "a:example",
        "a:example.123",
        "mx:a..example.org",
        "ip4:192.0.2.1,",
        "%{d}",
        "include:example.org/24",
    ])
}
