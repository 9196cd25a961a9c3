//! Asking for a PTR record: whoever gave out the address publishes it, each in another way.

use std::net::IpAddr;

use tegami_dns::DnsName;
use tegami_mail::{Domain, Note, note};

use super::{Plan, Wishes};

/// Who gave out an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Provider {
    /// Amazon EC2.
    Ec2,
    /// Google Cloud.
    Google,
    /// Microsoft Azure.
    Azure,
    /// Hetzner.
    Hetzner,
    /// DigitalOcean.
    DigitalOcean,
    /// Linode (Akamai).
    Linode,
    /// Vultr.
    Vultr,
    /// OVHcloud.
    Ovh,
    /// SAKURA internet.
    Sakura,
    /// Somebody else.
    #[default]
    Other,
}

/// All of them.
pub const PROVIDERS: [Provider; 10] = [
    Provider::Ec2,
    Provider::Google,
    Provider::Azure,
    Provider::Hetzner,
    Provider::DigitalOcean,
    Provider::Linode,
    Provider::Vultr,
    Provider::Ovh,
    Provider::Sakura,
    Provider::Other,
];

impl Provider {
    /// The word of the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Google => "gcp",
            Self::Azure => "azure",
            Self::Hetzner => "hetzner",
            Self::DigitalOcean => "digitalocean",
            Self::Linode => "linode",
            Self::Vultr => "vultr",
            Self::Ovh => "ovh",
            Self::Sakura => "sakura",
            Self::Other => "other",
        }
    }

    /// What it calls itself; `None` for somebody else.
    pub fn title(self) -> Option<&'static str> {
        Some(match self {
            Self::Ec2 => "Amazon EC2",
            Self::Google => "Google Cloud",
            Self::Azure => "Microsoft Azure",
            Self::Hetzner => "Hetzner",
            Self::DigitalOcean => "DigitalOcean",
            Self::Linode => "Linode (Akamai)",
            Self::Vultr => "Vultr",
            Self::Ovh => "OVHcloud",
            Self::Sakura => "SAKURA internet",
            Self::Other => return None,
        })
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        PROVIDERS.into_iter().find(|provider| provider.as_str().eq_ignore_ascii_case(word))
    }
}

/// How to ask for the PTR records of a plan that are not as they have to be.
pub fn requests(plan: &Plan, wishes: &Wishes, provider: Provider) -> Vec<Note> {
    let addresses = wishes.server.iter().flat_map(|server| &server.addresses);
    let wanted = addresses.filter(|(_, ip)| {
        let name = DnsName::reverse(*ip);
        plan.sets.iter().any(|set| set.name == name && set.changes())
    });
    wanted.map(|(name, ip)| request(provider, *ip, name)).collect()
}

/// What to do, and the text of the request, for an address whose name has to be this one.
pub fn request(provider: Provider, ip: IpAddr, name: &Domain) -> Note {
    let reverse = DnsName::reverse(ip);
    match provider {
        Provider::Ec2 => note!("plan-ptr-ec2", ip = ip, name = name, reverse = reverse),
        Provider::Google => note!("plan-ptr-gcp", ip = ip, name = name, reverse = reverse),
        Provider::Azure => note!("plan-ptr-azure", ip = ip, name = name, reverse = reverse),
        Provider::Hetzner => note!("plan-ptr-hetzner", ip = ip, name = name, reverse = reverse),
        Provider::DigitalOcean => note!("plan-ptr-digitalocean", ip = ip, name = name, reverse = reverse),
        Provider::Linode => note!("plan-ptr-linode", ip = ip, name = name, reverse = reverse),
        Provider::Vultr => note!("plan-ptr-vultr", ip = ip, name = name, reverse = reverse),
        Provider::Ovh => note!("plan-ptr-ovh", ip = ip, name = name, reverse = reverse),
        Provider::Sakura => note!("plan-ptr-sakura", ip = ip, name = name, reverse = reverse),
        Provider::Other => note!("plan-ptr-other", ip = ip, name = name, reverse = reverse),
    }
}
