//! Whose reply it is: by the MX host that gave it, else by what it says.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::cause::words;
use crate::provider::{Ends, presets};

words! {
    /// A receiver that has a name: the word is its table in `data/providers.toml`.
    Provider {
        /// Gmail and Google Workspace.
        Google = "google",
        /// Outlook.com, Hotmail, Live, MSN.
        Outlook = "outlook",
        /// Exchange Online.
        Microsoft365 = "microsoft365",
        /// Yahoo, AOL, Verizon.
        Yahoo = "yahoo",
        /// iCloud Mail.
        Icloud = "icloud",
        /// Yahoo! JAPAN.
        YahooJapan = "yahoo-japan",
        /// NTT docomo.
        Docomo = "docomo",
        /// au, UQ mobile.
        Au = "au",
        /// SoftBank, Y!mobile.
        Softbank = "softbank",
        /// @nifty.
        Nifty = "nifty",
        /// OCN.
        Ocn = "ocn",
        /// BIGLOBE.
        Biglobe = "biglobe",
        /// Comcast, Xfinity.
        Comcast = "comcast",
        /// Cox.
        Cox = "cox",
        /// Spectrum, Charter, Time Warner.
        Spectrum = "spectrum",
        /// Orange, Wanadoo, La Poste.
        Orange = "orange",
        /// QQ Mail, Tencent.
        Qq = "qq",
        /// Mail.ru.
        MailRu = "mail-ru",
        /// GoDaddy.
        Godaddy = "godaddy",
        /// Mimecast.
        Mimecast = "mimecast",
        /// Proofpoint.
        Proofpoint = "proofpoint",
        /// Barracuda.
        Barracuda = "barracuda",
        /// Cisco Secure Email.
        Cisco = "cisco",
        /// Amazon SES.
        AmazonSes = "amazon-ses",
        /// Free, Alice.
        Free = "free",
        /// GMX, WEB.DE, mail.com.
        Gmx = "gmx",
        /// IONOS.
        Ionos = "ionos",
        /// Telekom.
        TOnline = "t-online",
        /// Libero, Virgilio.
        Libero = "libero",
        /// Seznam.cz.
        Seznam = "seznam",
        /// Proton Mail.
        Proton = "proton",
        /// Zoho Mail.
        Zoho = "zoho",
        /// Fastmail.
        Fastmail = "fastmail",
        /// Rackspace Email.
        Rackspace = "rackspace",
        /// OVHcloud.
        Ovh = "ovh",
        /// Yandex Mail.
        Yandex = "yandex",
        /// NetEase.
        Netease = "netease",
        /// Naver.
        Naver = "naver",
        /// Daum, Hanmail, Kakao.
        Kakao = "kakao",
    }
}

/// By MX host, from the one table of providers.
static HOSTS: LazyLock<Ends<Provider>> = LazyLock::new(|| {
    let mut ends = Ends::default();
    for (name, preset) in presets() {
        for end in &preset.mx {
            if let Ok(provider) = name.parse() {
                ends.insert(end, provider);
            }
        }
    }
    ends
});

/// What replies say that nobody else says, in lower case.
const MARKS: &[(&str, Provider)] = &[
    (" gsmtp", Provider::Google),
    ("support.google.com", Provider::Google),
    ("olc.protection.outlook.com", Provider::Outlook),
    ("mail.live.com", Provider::Outlook),
    ("postmaster.live.com", Provider::Outlook),
    ("hotmail.com", Provider::Outlook),
    ("prod.outlook.com", Provider::Microsoft365),
    ("protection.outlook.com", Provider::Microsoft365),
    ("resolver.adr.", Provider::Microsoft365),
    ("resolver.rst.", Provider::Microsoft365),
    ("sender.office.com", Provider::Microsoft365),
    ("yahooinc.com", Provider::Yahoo),
    ("verizonmedia.com", Provider::Yahoo),
    ("[tss", Provider::Yahoo),
    ("[ts0", Provider::Yahoo),
    ("mail.ne1.yahoo.com", Provider::Yahoo),
    ("postmaster.yahoo.com", Provider::Yahoo),
    ("yahoo-help.jp", Provider::YahooJapan),
    ("support.apple.com", Provider::Icloud),
    (".me.com esmtp", Provider::Icloud),
    ("@docomo.ne.jp", Provider::Docomo),
    ("@ezweb.ne.jp", Provider::Au),
    ("@au.com", Provider::Au),
    ("@uqmobile.jp", Provider::Au),
    ("softbank.jp", Provider::Softbank),
    ("@softbank.ne.jp", Provider::Softbank),
    ("@vodafone.ne.jp", Provider::Softbank),
    ("postmaster.comcast.net", Provider::Comcast),
    ("aup#cx", Provider::Cox),
    ("cox.com", Provider::Cox),
    ("spectrum.net", Provider::Spectrum),
    ("charter.net", Provider::Spectrum),
    (" ofr", Provider::Orange),
    (" lpn0", Provider::Orange),
    ("mail.qq.com", Provider::Qq),
    ("help.mail.ru", Provider::MailRu),
    ("x.co/", Provider::Godaddy),
    ("mimecast", Provider::Mimecast),
    ("proofpoint.com", Provider::Proofpoint),
    ("barracuda", Provider::Barracuda),
    ("in region ", Provider::AmazonSes),
];

impl Provider {
    /// The provider of an MX host.
    pub fn of_host(host: &str) -> Option<Self> {
        HOSTS.find(host).copied()
    }

    /// The provider that speaks so; `text` is in lower case.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        MARKS.iter().find(|(mark, _)| text.contains(mark)).map(|(_, provider)| *provider)
    }
}
