//! Providers that take a domain's mail, or send for it: which records they ask for.
//!
//! The names are those of `preset` in the configuration. What a provider shows in its console alone (a key, a number) cannot stand here.

use tegami_mail::Domain;

/// A provider. In hosts, terms and targets, `{account}` stands for the account's name there, `{domain}` for the domain, and `{dashed}` for the
/// domain with hyphens for dots.
#[derive(Debug, PartialEq, Eq)]
pub struct Service {
    /// As it is named on the command line.
    pub name: &'static str,
    /// As people call it.
    pub title: &'static str,
    /// Hosts that take mail, by preference; none where it takes none.
    mx: &'static [(u16, &'static str)],
    /// Terms of SPF.
    spf: &'static [&'static str],
    /// Keys that lie with the provider: label and target.
    keys: &'static [(&'static str, &'static str)],
    /// The provider shows further records of keys in its console.
    pub shows_keys: bool,
    /// What `{account}` is where nothing is said; `None` where it has to be said.
    usual: Option<&'static str>,
}

/// One of them, with the account there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The provider.
    pub service: &'static Service,
    account: String,
}

/// Why a word names no provider that would do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// There is none of this name.
    #[error("there is no provider `{0}`")]
    Unknown(String),
    /// Its records depend on the account.
    #[error("`{0}` needs the name of the account there: {0}:ACCOUNT")]
    Account(&'static str),
    /// It takes no mail.
    #[error("`{0}` takes no mail, it only sends")]
    TakesNone(&'static str),
}

const NONE: Service =
    Service { name: "", title: "", mx: &[], spf: &[], keys: &[], shows_keys: true, usual: Some("") };

/// All that are known, by name.
pub const SERVICES: &[Service] = &[
    Service { name: "brevo", title: "Brevo", spf: &["include:spf.brevo.com"], ..NONE },
    Service {
        name: "elastic-email",
        title: "Elastic Email",
        spf: &["include:_spf.elasticemail.com"],
        ..NONE
    },
    Service {
        name: "fastmail",
        title: "Fastmail",
        mx: &[(10, "in1-smtp.messagingengine.com"), (20, "in2-smtp.messagingengine.com")],
        spf: &["include:spf.messagingengine.com"],
        keys: &[
            ("fm1._domainkey", "fm1.{domain}.dkim.fmhosted.com"),
            ("fm2._domainkey", "fm2.{domain}.dkim.fmhosted.com"),
            ("fm3._domainkey", "fm3.{domain}.dkim.fmhosted.com"),
        ],
        shows_keys: false,
        ..NONE
    },
    Service {
        name: "gmail",
        title: "Google Workspace",
        mx: &[(1, "smtp.google.com")],
        spf: &["include:_spf.google.com"],
        ..NONE
    },
    Service {
        name: "icloud",
        title: "iCloud Mail",
        mx: &[(10, "mx01.mail.icloud.com"), (10, "mx02.mail.icloud.com")],
        spf: &["include:icloud.com"],
        keys: &[("sig1._domainkey", "sig1.dkim.{domain}.at.icloudmailadmin.com")],
        shows_keys: false,
        ..NONE
    },
    Service {
        name: "mailchimp",
        title: "Mailchimp",
        spf: &["include:servers.mcsv.net"],
        keys: &[("k2._domainkey", "dkim2.mcsv.net"), ("k3._domainkey", "dkim3.mcsv.net")],
        shows_keys: false,
        ..NONE
    },
    Service {
        name: "mailgun",
        title: "Mailgun",
        mx: &[(10, "mxa.{account}mailgun.org"), (10, "mxb.{account}mailgun.org")],
        spf: &["include:{account}mailgun.org"],
        ..NONE
    },
    Service {
        name: "microsoft-365",
        title: "Microsoft 365",
        mx: &[(0, "{dashed}.mail.protection.outlook.com")],
        spf: &["include:spf.protection.outlook.com"],
        ..NONE
    },
    Service { name: "postmark", title: "Postmark", spf: &["include:spf.mtasv.net"], ..NONE },
    Service {
        name: "proton",
        title: "Proton Mail",
        mx: &[(10, "mail.protonmail.ch"), (20, "mailsec.protonmail.ch")],
        spf: &["include:_spf.protonmail.ch"],
        ..NONE
    },
    Service {
        name: "sakura",
        title: "さくらのレンタルサーバ",
        mx: &[(10, "{account}.sakura.ne.jp")],
        spf: &["a:{account}.sakura.ne.jp"],
        usual: None,
        ..NONE
    },
    Service { name: "sendgrid", title: "Twilio SendGrid", spf: &["include:sendgrid.net"], ..NONE },
    Service {
        name: "ses",
        title: "Amazon SES",
        mx: &[(10, "inbound-smtp.{account}.amazonaws.com")],
        spf: &["include:amazonses.com"],
        usual: Some("us-east-1"),
        ..NONE
    },
    Service { name: "smtp2go", title: "SMTP2GO", spf: &["include:spf.smtp2go.com"], ..NONE },
];

impl Chosen {
    /// Reads `NAME` or `NAME:ACCOUNT`.
    ///
    /// # Errors
    /// A [`ServiceError`].
    pub fn parse(text: &str) -> Result<Self, ServiceError> {
        let (name, account) =
            text.split_once(':').map_or((text, None), |(name, account)| (name, Some(account)));
        let service = SERVICES.iter().find(|service| service.name.eq_ignore_ascii_case(name));
        let service = service.ok_or_else(|| ServiceError::Unknown(name.to_owned()))?;
        let account = match (account, service.usual) {
            // Mailgun's hosts in Europe have a label more.
            (Some(region), _) if service.name == "mailgun" => match region.to_ascii_lowercase().as_str() {
                "us" => String::new(),
                region => format!("{region}."),
            },
            (Some(account), _) => account.to_ascii_lowercase(),
            (None, Some(usual)) => usual.to_owned(),
            (None, None) => return Err(ServiceError::Account(service.name)),
        };
        Ok(Self { service, account })
    }

    /// The same, for somebody who takes mail.
    ///
    /// # Errors
    /// A [`ServiceError`].
    pub fn parse_receiver(text: &str) -> Result<Self, ServiceError> {
        let chosen = Self::parse(text)?;
        if chosen.service.mx.is_empty() {
            Err(ServiceError::TakesNone(chosen.service.name))
        } else {
            Ok(chosen)
        }
    }

    fn fill(&self, text: &str, domain: &Domain) -> String {
        let dashed = domain.as_str().replace('.', "-");
        text.replace("{account}", &self.account)
            .replace("{dashed}", &dashed)
            .replace("{domain}", domain.as_str())
    }

    /// Hosts that take mail, with their preference.
    pub(super) fn hosts(&self, domain: &Domain) -> Vec<(u16, String)> {
        self.service.mx.iter().map(|(preference, host)| (*preference, self.fill(host, domain))).collect()
    }

    /// Terms of SPF.
    pub(super) fn spf(&self, domain: &Domain) -> Vec<String> {
        self.service.spf.iter().map(|term| self.fill(term, domain)).collect()
    }

    /// Labels under which keys lie with the provider, and where.
    pub(super) fn keys(&self, domain: &Domain) -> Vec<(String, String)> {
        let keys = self.service.keys.iter();
        keys.map(|(label, target)| ((*label).to_owned(), self.fill(target, domain))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let domain = Domain::parse("example.co.jp").unwrap();
        let hosts = |text: &str| Chosen::parse_receiver(text).map(|chosen| chosen.hosts(&domain));
        let one = |preference, host: &str| Ok(vec![(preference, host.to_owned())]);
        assert_eq!(hosts("sakura:Example"), one(10, "example.sakura.ne.jp"));
        assert_eq!(hosts("sakura"), Err(ServiceError::Account("sakura")));
        assert_eq!(hosts("microsoft-365"), one(0, "example-co-jp.mail.protection.outlook.com"));
        assert_eq!(hosts("ses:ap-northeast-1"), one(10, "inbound-smtp.ap-northeast-1.amazonaws.com"));
        assert_eq!(hosts("postmark"), Err(ServiceError::TakesNone("postmark")));
        assert_eq!(hosts("sendmail"), Err(ServiceError::Unknown("sendmail".to_owned())));
        let spf = |text: &str| Chosen::parse(text).unwrap().spf(&domain);
        assert_eq!(spf("mailgun"), ["include:mailgun.org"]);
        assert_eq!(spf("mailgun:eu"), ["include:eu.mailgun.org"]);
        assert!(SERVICES.is_sorted_by_key(|service| service.name));
    }
}
