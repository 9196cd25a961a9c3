//! Asking for a PTR record: whoever gave out the address publishes it, each in another way.

use std::fmt::Display;
use std::net::IpAddr;

use tegami_dns::DnsName;
use tegami_mail::{Note, note};

use super::{Plan, Wishes};

/// Somebody who gives out addresses.
#[derive(Clone, Copy, Debug)]
pub struct Provider {
    word: &'static str,
    title: Option<&'static str>,
    /// Ends of the names that its addresses have at first.
    names: &'static [&'static str],
    /// Words of its name in registries, lower case.
    registered: &'static [&'static str],
    how: How,
}

/// How a name is changed.
#[derive(Clone, Copy, Debug)]
enum How {
    /// In ways of its own, with commands to run.
    Ec2,
    Google,
    Azure,
    Hetzner,
    DigitalOcean,
    Linode,
    Vultr,
    Ovh,
    /// In a control panel, at this place.
    Panel(&'static str),
    /// By a letter to support.
    Ticket,
    /// Only with a contract for a fixed address.
    Access,
    /// Nobody knows.
    Unknown,
}

/// All who are known, and somebody else at the end.
pub const PROVIDERS: [Provider; 20] = [
    one(
        "ec2",
        "Amazon EC2",
        &["compute.amazonaws.com", "compute-1.amazonaws.com"],
        &["amazon", "aws"],
        How::Ec2,
    ),
    one("gcp", "Google Cloud", &["bc.googleusercontent.com"], &["google cloud", "google llc"], How::Google),
    one("azure", "Microsoft Azure", &["cloudapp.azure.com", "cloudapp.net"], &["microsoft"], How::Azure),
    one("digitalocean", "DigitalOcean", &[], &["digitalocean"], How::DigitalOcean),
    one("hetzner", "Hetzner", &["your-server.de", "your-cloud.host"], &["hetzner"], How::Hetzner),
    one(
        "vultr",
        "Vultr",
        &["vultrusercontent.com", "vultr.com"],
        &["vultr", "choopa", "constant company"],
        How::Vultr,
    ),
    one(
        "linode",
        "Linode (Akamai)",
        &["ip.linodeusercontent.com", "members.linode.com"],
        &["linode", "akamai connected cloud"],
        How::Linode,
    ),
    one("ovh", "OVHcloud", &["ovh.net", "ovh.ca", "vps.ovh.net"], &["ovh"], How::Ovh),
    one("oracle", "Oracle Cloud", &["oraclevcn.com", "oraclecloud.com"], &["oracle"], How::Ticket),
    one("contabo", "Contabo", &["contaboserver.net"], &["contabo"], How::Panel("Reverse DNS Management")),
    one(
        "ionos",
        "IONOS",
        &["onlinehome-server.info", "kundenserver.de"],
        &["ionos"],
        How::Panel("Network → Public IP → Reverse DNS"),
    ),
    one(
        "scaleway",
        "Scaleway",
        &["scw.cloud"],
        &["scaleway", "online s.a.s."],
        How::Panel("IP addresses → Reverse DNS"),
    ),
    one(
        "sakura",
        "SAKURA internet",
        &["sakura.ne.jp"],
        &["sakura internet"],
        How::Panel("サーバー → ネットワーク → 逆引きホスト名"),
    ),
    one(
        "conoha",
        "ConoHa",
        &["cnode.io", "cnode.jp"],
        &["gmo internet", "conoha"],
        How::Panel("サーバー → ネットワーク情報 → 逆引き"),
    ),
    one("xserver", "Xserver VPS", &["xvps.ne.jp"], &["xserver"], How::Panel("VPS管理 → DNS逆引き設定")),
    one("kagoya", "KAGOYA", &["kagoya.net"], &["kagoya"], How::Panel("インスタンス → 逆引き")),
    one("ocn", "OCN", &["ocn.ne.jp"], &["ntt communications", "ntt docomo business"], How::Access),
    one("so-net", "So-net", &["so-net.ne.jp"], &["so-net", "sony network"], How::Access),
    one("biglobe", "BIGLOBE", &["mesh.ad.jp"], &["biglobe"], How::Access),
    Provider::OTHER,
];

const fn one(
    word: &'static str,
    title: &'static str,
    names: &'static [&'static str],
    registered: &'static [&'static str],
    how: How,
) -> Provider {
    Provider { word, title: Some(title), names, registered, how }
}

impl PartialEq for Provider {
    fn eq(&self, other: &Self) -> bool {
        self.word == other.word
    }
}

impl Default for Provider {
    fn default() -> Self {
        Self::OTHER
    }
}

impl Provider {
    /// Somebody whom the table does not know.
    pub const OTHER: Self =
        Self { word: "other", title: None, names: &[], registered: &[], how: How::Unknown };

    /// The word of the command line.
    pub fn as_str(self) -> &'static str {
        self.word
    }

    /// What it calls itself; `None` for somebody else.
    pub fn title(self) -> Option<&'static str> {
        self.title
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        PROVIDERS.into_iter().find(|provider| provider.word.eq_ignore_ascii_case(word))
    }

    /// Whose an address is by the name that it has now.
    pub fn by_name(name: &str) -> Option<Self> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let ends = |end: &&str| name.strip_suffix(*end).is_some_and(|rest| rest.ends_with('.'));
        PROVIDERS.into_iter().find(|provider| provider.names.iter().any(&ends))
    }

    /// Whose an address is by what a registry says of its network.
    pub fn by_registration(organization: &str) -> Option<Self> {
        let organization = organization.to_lowercase();
        PROVIDERS
            .into_iter()
            .find(|provider| provider.registered.iter().any(|word| organization.contains(word)))
    }

    /// What to do, and the text of the request, so that the address gets this name.
    pub fn request(self, ip: IpAddr, name: impl Display) -> Note {
        let provider = self.title.unwrap_or_default();
        match self.how {
            How::Ec2 => note!("plan-ptr-ec2", ip = ip, name = name),
            How::Google => note!("plan-ptr-gcp", ip = ip, name = name),
            How::Azure => note!("plan-ptr-azure", ip = ip, name = name),
            How::Hetzner => note!("plan-ptr-hetzner", ip = ip, name = name),
            How::DigitalOcean => note!("plan-ptr-digitalocean", ip = ip, name = name),
            How::Linode => note!("plan-ptr-linode", ip = ip, name = name),
            How::Vultr => note!("plan-ptr-vultr", ip = ip, name = name),
            How::Ovh => note!("plan-ptr-ovh", ip = ip, name = name),
            How::Panel(place) => {
                note!("plan-ptr-panel", provider = provider, place = place, ip = ip, name = name)
            }
            How::Ticket => by_letter(provider, ip, name),
            How::Access => note!("plan-ptr-access", provider = provider, ip = ip, name = name),
            How::Unknown => note!("plan-ptr-other", ip = ip, name = name, reverse = DnsName::reverse(ip)),
        }
    }
}

/// The request to somebody who is known by name alone.
pub fn by_letter(provider: &str, ip: IpAddr, name: impl Display) -> Note {
    note!("plan-ptr-ticket", provider = provider, ip = ip, name = name)
}

/// How to ask for the PTR records of a plan that are not as they have to be.
pub fn requests(plan: &Plan, wishes: &Wishes, provider: Provider) -> Vec<Note> {
    let addresses = wishes.server.iter().flat_map(|server| &server.addresses);
    let wanted = addresses.filter(|(_, ip)| {
        let name = DnsName::reverse(*ip);
        plan.sets.iter().any(|set| set.name == name && set.changes())
    });
    wanted.map(|(name, ip)| provider.request(*ip, name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_known_by_names_and_registrations() {
        let name = |name: &str| Provider::by_name(name).map(Provider::as_str);
        assert_eq!(name("ec2-192-0-2-10.ap-northeast-1.compute.amazonaws.com."), Some("ec2"));
        assert_eq!(name("static.10.2.0.192.clients.your-server.de"), Some("hetzner"));
        assert_eq!(name("ik1-301-12345.vs.sakura.ne.jp"), Some("sakura"));
        assert_eq!(name("mx1.example.com"), None);
        assert_eq!(name("compute.amazonaws.com"), None);
        let registered = |name: &str| Provider::by_registration(name).map(Provider::as_str);
        assert_eq!(registered("DigitalOcean, LLC"), Some("digitalocean"));
        assert_eq!(registered("Example Networks"), None);
    }

    #[test]
    fn a_word_leads_to_one_provider() {
        for provider in PROVIDERS {
            assert_eq!(Provider::from_word(provider.as_str()), Some(provider));
        }
        assert_eq!(Provider::from_word("EC2").and_then(Provider::title), Some("Amazon EC2"));
        assert_eq!(Provider::from_word("nobody"), None);
    }

    #[test]
    fn a_request_names_the_address_and_its_name() {
        let provider = Provider::by_name("ec2-192-0-2-10.compute-1.amazonaws.com").unwrap();
        let note = provider.request("192.0.2.10".parse().unwrap(), "mx1.example.com");
        assert_eq!(note.id, "plan-ptr-ec2");
        assert_eq!(&*note.args[1].1, "mx1.example.com");
    }
}
