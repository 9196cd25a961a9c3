//! Who can change the name of an address, and how they want to be asked.

use std::fmt::Display;
use std::net::IpAddr;

use tegami_mail::{Note, note};

/// Somebody who has addresses and lets others use them.
#[derive(Clone, Copy, Debug)]
pub struct AddressOwner {
    /// What people call it.
    pub name: &'static str,
    /// Ends of the names that its addresses have at first.
    names: &'static [&'static str],
    /// Words of its name in registries, lower case.
    registered: &'static [&'static str],
    how: How,
}

/// How a name is changed.
#[derive(Clone, Copy, Debug)]
enum How {
    Ec2,
    Google,
    Azure,
    /// In a control panel, at this place.
    Panel(&'static str),
    /// The droplet's name is the name of the address.
    MachineName,
    /// By a letter to support.
    Ticket,
    /// Only with a contract for a fixed address.
    Access,
}

const OWNERS: &[AddressOwner] = &[
    owner("Amazon EC2", &["compute.amazonaws.com", "compute-1.amazonaws.com"], &["amazon", "aws"], How::Ec2),
    owner("Google Cloud", &["bc.googleusercontent.com"], &["google cloud", "google llc"], How::Google),
    owner("Microsoft Azure", &["cloudapp.azure.com", "cloudapp.net"], &["microsoft"], How::Azure),
    owner("DigitalOcean", &[], &["digitalocean"], How::MachineName),
    owner(
        "Hetzner",
        &["your-server.de", "your-cloud.host"],
        &["hetzner"],
        How::Panel("Cloud Console → Server → Networking → Reverse DNS"),
    ),
    owner(
        "Vultr",
        &["vultrusercontent.com", "vultr.com"],
        &["vultr", "choopa", "constant company"],
        How::Panel("Products → Server → Settings → IPv4 / IPv6 → Reverse DNS"),
    ),
    owner(
        "Linode",
        &["ip.linodeusercontent.com", "members.linode.com"],
        &["linode", "akamai connected cloud"],
        How::Panel("Linodes → Network → IP Addresses → Edit RDNS"),
    ),
    owner(
        "OVHcloud",
        &["ovh.net", "ovh.ca", "vps.ovh.net"],
        &["ovh"],
        How::Panel("Network → Public IP Addresses → … → Modify the reverse path"),
    ),
    owner("Oracle Cloud", &["oraclevcn.com", "oraclecloud.com"], &["oracle"], How::Ticket),
    owner("Contabo", &["contaboserver.net"], &["contabo"], How::Panel("Reverse DNS Management")),
    owner(
        "IONOS",
        &["onlinehome-server.info", "kundenserver.de"],
        &["ionos"],
        How::Panel("Network → Public IP → Reverse DNS"),
    ),
    owner(
        "Scaleway",
        &["scw.cloud"],
        &["scaleway", "online s.a.s."],
        How::Panel("IP addresses → Reverse DNS"),
    ),
    owner(
        "Sakura Internet",
        &["sakura.ne.jp"],
        &["sakura internet"],
        How::Panel("サーバー → ネットワーク → 逆引きホスト名"),
    ),
    owner(
        "ConoHa",
        &["cnode.io", "cnode.jp"],
        &["gmo internet", "conoha"],
        How::Panel("サーバー → ネットワーク情報 → 逆引き"),
    ),
    owner("Xserver VPS", &["xvps.ne.jp"], &["xserver"], How::Panel("VPS管理 → DNS逆引き設定")),
    owner("KAGOYA", &["kagoya.net"], &["kagoya"], How::Panel("インスタンス → 逆引き")),
    owner("OCN", &["ocn.ne.jp"], &["ntt communications", "ntt docomo business"], How::Access),
    owner("So-net", &["so-net.ne.jp"], &["so-net", "sony network"], How::Access),
    owner("BIGLOBE", &["mesh.ad.jp"], &["biglobe"], How::Access),
];

const fn owner(
    name: &'static str,
    names: &'static [&'static str],
    registered: &'static [&'static str],
    how: How,
) -> AddressOwner {
    AddressOwner { name, names, registered, how }
}

impl AddressOwner {
    /// The owner by the name that an address has now.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let ends = |end: &&str| name.strip_suffix(*end).is_some_and(|rest| rest.ends_with('.'));
        OWNERS.iter().find(|owner| owner.names.iter().any(&ends))
    }

    /// The owner by what a registry says of the network.
    pub fn by_registration(organization: &str) -> Option<&'static Self> {
        let organization = organization.to_lowercase();
        OWNERS.iter().find(|owner| owner.registered.iter().any(|word| organization.contains(word)))
    }

    /// What to do there, so that the address gets this name.
    pub fn request(&self, ip: IpAddr, name: impl Display) -> Note {
        let owner = self.name;
        match self.how {
            How::Ec2 => note!("ip-owner-ec2", ip = ip, name = name),
            How::Google => note!("ip-owner-google", ip = ip, name = name),
            How::Azure => note!("ip-owner-azure", ip = ip, name = name),
            How::Panel(place) => {
                note!("ip-owner-panel", owner = owner, place = place, ip = ip, name = name)
            }
            How::MachineName => note!("ip-owner-machine", owner = owner, ip = ip, name = name),
            How::Ticket => note!("ip-owner-ticket", owner = owner, ip = ip, name = name),
            How::Access => note!("ip-owner-access", owner = owner, ip = ip, name = name),
        }
    }
}

/// What to ask of somebody whom the table does not know.
pub fn request(owner: Option<&str>, ip: IpAddr, name: impl Display) -> Note {
    match owner {
        Some(owner) => note!("ip-owner-ticket", owner = owner, ip = ip, name = name),
        None => note!("ip-owner-unknown", ip = ip, name = name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_known_by_names_and_registrations() {
        let name = |name: &str| AddressOwner::by_name(name).map(|owner| owner.name);
        assert_eq!(name("ec2-192-0-2-10.ap-northeast-1.compute.amazonaws.com."), Some("Amazon EC2"));
        assert_eq!(name("static.10.2.0.192.clients.your-server.de"), Some("Hetzner"));
        assert_eq!(name("ik1-301-12345.vs.sakura.ne.jp"), Some("Sakura Internet"));
        assert_eq!(name("mx1.example.com"), None);
        assert_eq!(name("compute.amazonaws.com"), None);
        let registered = |name: &str| AddressOwner::by_registration(name).map(|owner| owner.name);
        assert_eq!(registered("DigitalOcean, LLC"), Some("DigitalOcean"));
        assert_eq!(registered("Example Networks"), None);
    }

    #[test]
    fn a_request_names_the_address_and_its_name() {
        let owner = AddressOwner::by_name("ec2-192-0-2-10.compute-1.amazonaws.com").unwrap();
        let note = owner.request("192.0.2.10".parse().unwrap(), "mx1.example.com");
        assert_eq!(note.id, "ip-owner-ec2");
        assert_eq!(&*note.args[1].1, "mx1.example.com");
    }
}
