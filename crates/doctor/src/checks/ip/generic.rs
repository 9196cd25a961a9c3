//! Names that were given to an address by a machine, as filters tell them apart from names that somebody chose.

use std::net::IpAddr;

/// How such a name looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Looks {
    /// Chosen by somebody.
    Chosen,
    /// Made of the address, as hosting providers do until somebody asks for another.
    Numbered,
    /// With a word of lines that change their address, or of a provider's default names.
    Dynamic(String),
    /// With such a word, and without the address.
    Wordy(String),
}

/// Words of lines whose addresses change.
const WORDS: &[&str] = &[
    "dhcp",
    "dial",
    "dialup",
    "dialin",
    "ppp",
    "pppoe",
    "pool",
    "pools",
    "adsl",
    "vdsl",
    "xdsl",
    "dsl",
    "cable",
    "broadband",
    "unassigned",
    "dynamic",
    "dyn",
    "dynip",
];

/// Words that say so only beside the numbers of an address.
const BESIDE: &[&str] = &["user", "host", "client", "clients", "customer", "rev", "reverse", "static"];

/// Ends of names that clouds give to their machines before anybody asks for another.
const DEFAULTS: &[&str] = &[
    "compute.amazonaws.com",
    "compute-1.amazonaws.com",
    "compute.internal",
    "bc.googleusercontent.com",
    "cloudapp.azure.com",
    "cloudapp.net",
    "ip.linodeusercontent.com",
    "members.linode.com",
    "vultrusercontent.com",
];

/// What the name of this address looks like.
pub(crate) fn looks(name: &str, ip: IpAddr) -> Looks {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let default = DEFAULTS.iter().find(|end| name.strip_suffix(*end).is_some_and(|rest| rest.ends_with('.')));
    if let Some(end) = default {
        return Looks::Dynamic((*end).to_owned());
    }
    let numbered = has_address(&name, ip);
    let word = words(&name).find(|word| WORDS.contains(word));
    match (word, numbered) {
        (Some(word), true) => Looks::Dynamic(word.to_owned()),
        (Some(word), false) => Looks::Wordy(word.to_owned()),
        (None, true) => Looks::Numbered,
        (None, false) => match words(&name).find(|word| BESIDE.contains(word)) {
            // `host-1234.isp.example`: not the address, and still a number that nobody chose.
            Some(word) if digits(&name) >= 4 => Looks::Wordy(word.to_owned()),
            _ if is_vps(&name) => Looks::Wordy("vps".to_owned()),
            _ => Looks::Chosen,
        },
    }
}

/// Runs of letters.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty())
}

/// The digits of the first label.
fn digits(name: &str) -> usize {
    name.split('.').next().unwrap_or_default().bytes().filter(u8::is_ascii_digit).count()
}

/// `vps12345` as a label.
fn is_vps(name: &str) -> bool {
    name.split(['.', '-']).any(|label| {
        label
            .strip_prefix("vps")
            .is_some_and(|rest| rest.len() >= 3 && rest.bytes().all(|b| b.is_ascii_digit()))
    })
}

/// Whether the numbers of the address stand in the name.
fn has_address(name: &str, ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let octets = ip.octets();
            let backwards = {
                let [a, b, c, d] = octets;
                [d, c, b, a]
            };
            [octets, backwards].iter().any(|octets| has_octets(name, octets))
        }
        IpAddr::V6(ip) => {
            let groups = ip.segments().map(|group| format!("{group:x}"));
            let full = ip.segments().map(|group| format!("{group:04x}"));
            let nibbles: String = full.concat();
            let backwards: String = nibbles.chars().rev().collect();
            let bare: String = name.chars().filter(char::is_ascii_hexdigit).collect();
            let shortened = ip.to_string().replace(':', "-");
            bare.contains(&nibbles)
                || bare.contains(&backwards)
                || name.contains(&groups.join("-"))
                || name.contains(&full.join("-"))
                || shortened.len() >= 8 && name.contains(&shortened)
        }
    }
}

fn has_octets(name: &str, octets: &[u8; 4]) -> bool {
    let decimal = octets.map(|octet| octet.to_string());
    let padded = octets.map(|octet| format!("{octet:03}"));
    let hexadecimal = octets.map(|octet| format!("{octet:02x}")).concat();
    // Two octets that follow each other, as `p203-113` has them, are too little: every second name has two numbers.
    let separated = ["-", ".", "_", "x"]
        .iter()
        .any(|by| has_run(name, &decimal.join(by)) || has_run(name, &padded.join(by)));
    separated || has_run(name, &padded.concat()) || has_hexadecimal(name, &hexadecimal)
}

/// Whether the digits stand in the name without other digits beside them.
fn has_run(name: &str, run: &str) -> bool {
    name.match_indices(run).any(|(at, _)| {
        let before = name.get(..at).and_then(|text| text.chars().next_back());
        let after = name.get(at + run.len()..).and_then(|text| text.chars().next());
        ![before, after].into_iter().flatten().any(|c| c.is_ascii_digit())
    })
}

/// Whether the eight digits stand in the name as a word of their own.
fn has_hexadecimal(name: &str, digits: &str) -> bool {
    name.split(|c: char| !c.is_ascii_hexdigit()).any(|run| run == digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ip: &str, names: &[(&str, Looks)]) {
        for (name, expected) in names {
            assert_eq!(looks(name, ip.parse().unwrap()), *expected, "{name}");
        }
    }

    fn dynamic(word: &str) -> Looks {
        Looks::Dynamic(word.to_owned())
    }

    fn wordy(word: &str) -> Looks {
        Looks::Wordy(word.to_owned())
    }

    #[test]
    fn names_of_ipv4() {
        let names = [
            ("mx1.example.com", Looks::Chosen),
            ("mail9.example.com", Looks::Chosen),
            ("hostmaster.example.com", Looks::Chosen),
            ("user.example.com", Looks::Chosen),
            ("203-0-113-9.isp.example", Looks::Numbered),
            ("9.113.0.203.isp.example", Looks::Numbered),
            ("203000113009.isp.example", Looks::Numbered),
            ("xcb007109.isp.example", Looks::Numbered),
            ("static.203-0-113-9.clients.isp.example", Looks::Numbered),
            ("203-0-113-91.isp.example", Looks::Chosen),
            ("203-0-113-9.dynamic.isp.example.", dynamic("dynamic")),
            ("p203-0-113-9.adsl.isp.example", dynamic("adsl")),
            ("ec2-203-0-113-9.ap-northeast-1.compute.amazonaws.com", dynamic("compute.amazonaws.com")),
            ("203-0-113-9.ip.linodeusercontent.com", dynamic("ip.linodeusercontent.com")),
            ("dhcp7.campus.example", wordy("dhcp")),
            ("vps81234.hosting.example", wordy("vps")),
            ("vps1.example.com", Looks::Chosen),
            ("client-81234.hosting.example", wordy("client")),
        ];
        check("203.0.113.9", &names);
    }

    #[test]
    fn names_of_ipv6() {
        let names = [
            ("mx1.example.com", Looks::Chosen),
            ("2001-db8--10.isp.example", Looks::Numbered),
            ("2001-0db8-0000-0000-0000-0000-0000-0010.pool.isp.example", dynamic("pool")),
        ];
        check("2001:db8::10", &names);
    }

    #[test]
    fn no_name_is_too_strange() {
        for name in ["", ".", "..", "-", "xn--", "203.0.113.9"] {
            let _ = looks(name, "203.0.113.9".parse().unwrap());
        }
    }
}
