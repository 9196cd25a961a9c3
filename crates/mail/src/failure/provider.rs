//! Whose reply it is: by the MX host that gave it, else by what it says.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::cause::words;

words! {
    /// A receiver whose replies are documented, or whose wording is its own.
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
    }
}

/// The ends of MX host names.
const HOSTS: &[(&str, Provider)] = &[
    ("google.com", Provider::Google),
    ("googlemail.com", Provider::Google),
    ("olc.protection.outlook.com", Provider::Outlook),
    ("hotmail.com", Provider::Outlook),
    ("protection.outlook.com", Provider::Microsoft365),
    ("mx.microsoft", Provider::Microsoft365),
    ("yahoodns.net", Provider::Yahoo),
    ("mail.icloud.com", Provider::Icloud),
    ("me.com", Provider::Icloud),
    ("me.com.akadns.net", Provider::Icloud),
    ("yahoo.co.jp", Provider::YahooJapan),
    ("docomo.ne.jp", Provider::Docomo),
    ("ezweb.ne.jp", Provider::Au),
    ("au.com", Provider::Au),
    ("dion.ne.jp", Provider::Au),
    ("auone-net.jp", Provider::Au),
    ("softbank.jp", Provider::Softbank),
    ("softbank.ne.jp", Provider::Softbank),
    ("vodafone.ne.jp", Provider::Softbank),
    ("nifty.com", Provider::Nifty),
    ("ocn.ad.jp", Provider::Ocn),
    ("ocn.ne.jp", Provider::Ocn),
    ("biglobe.ne.jp", Provider::Biglobe),
    ("comcast.net", Provider::Comcast),
    ("cox.net", Provider::Cox),
    ("charter.net", Provider::Spectrum),
    ("rr.com", Provider::Spectrum),
    ("orange.fr", Provider::Orange),
    ("wanadoo.fr", Provider::Orange),
    ("laposte.net", Provider::Orange),
    ("qq.com", Provider::Qq),
    ("mail.ru", Provider::MailRu),
    ("secureserver.net", Provider::Godaddy),
    ("mimecast.com", Provider::Mimecast),
    ("mimecast.co.za", Provider::Mimecast),
    ("pphosted.com", Provider::Proofpoint),
    ("ppe-hosted.com", Provider::Proofpoint),
    ("barracudanetworks.com", Provider::Barracuda),
    ("iphmx.com", Provider::Cisco),
    ("amazonaws.com", Provider::AmazonSes),
];

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
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let ends =
            |end: &str| host.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        HOSTS.iter().find(|(end, _)| ends(end)).map(|(_, provider)| *provider)
    }

    /// The provider that speaks so; `text` is in lower case.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        MARKS.iter().find(|(mark, _)| text.contains(mark)).map(|(_, provider)| *provider)
    }
}
