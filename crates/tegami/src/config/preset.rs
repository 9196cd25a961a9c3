//! Presets of smarthosts: what the provider's documentation says, so that nobody has to look it up. They stand in `data/relays.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use tegami_words::Language;

/// One provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Preset {
    /// What people call it.
    pub(crate) title: String,
    /// Where the provider describes its SMTP access.
    pub(crate) documentation: String,
    /// The host, with `{region}` and `{account}` to be replaced.
    host: String,
    /// Words for `region`, and what they stand for.
    #[serde(default)]
    pub(crate) regions: BTreeMap<String, String>,
    /// The region without the key `region`.
    #[serde(default)]
    default: Option<String>,
    /// Ports with STARTTLS, the best first.
    pub(crate) starttls: Vec<u16>,
    /// Ports with TLS from the first octet, the best first.
    pub(crate) implicit: Vec<u16>,
    /// The user name, where it is the same for everybody.
    #[serde(default)]
    pub(crate) user: Option<String>,
    /// What user name and password are.
    login: InTwo,
}

/// A text in both languages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct InTwo {
    en: String,
    ja: String,
}

impl InTwo {
    fn text(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::Japanese => &self.ja,
        }
    }
}

/// Why a preset does not lead to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// `region` must be given.
    Region,
    /// `region` is not one of its regions.
    UnknownRegion,
    /// `account` must be given.
    Account,
}

/// All of them, by the word that `preset` takes.
pub(crate) fn all() -> &'static BTreeMap<String, Preset> {
    static ALL: LazyLock<BTreeMap<String, Preset>> =
        LazyLock::new(|| toml::from_str(include_str!("../../data/relays.toml")).unwrap_or_default());
    &ALL
}

impl Preset {
    /// The host to connect to.
    ///
    /// # Errors
    /// What has to be given, or given otherwise.
    pub(crate) fn host(&self, region: Option<&str>, account: Option<&str>) -> Result<String, Missing> {
        let mut host = self.host.clone();
        if host.contains("{region}") {
            let region = region.or(self.default.as_deref()).ok_or(Missing::Region)?;
            host = host.replace("{region}", self.regions.get(region).ok_or(Missing::UnknownRegion)?);
        }
        if host.contains("{account}") {
            host = host.replace("{account}", account.ok_or(Missing::Account)?);
        }
        Ok(host)
    }

    /// What user name and password are, for people.
    pub(crate) fn login(&self, language: Language) -> &str {
        self.login.text(language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tegami_mail::Domain;

    #[test]
    fn every_preset_leads_to_a_host_in_every_region() {
        assert!(all().len() >= 6);
        for (name, preset) in all() {
            let account = preset.host.contains("{account}").then_some("example");
            let regions: Vec<_> = preset.regions.keys().map(|region| Some(region.as_str())).collect();
            for region in if regions.is_empty() { vec![None] } else { regions } {
                let host = preset.host(region, account).unwrap();
                assert!(Domain::parse(&host).is_ok() && !host.contains('{'), "{name}: {host}");
            }
            assert!(!preset.starttls.is_empty(), "{name}");
            assert!(preset.documentation.starts_with("https://"), "{name}");
            for language in Language::ALL {
                assert!(!preset.login(language).is_empty() && !preset.title.is_empty(), "{name}");
            }
        }
    }

    #[test]
    fn regions() {
        let host = |name: &str, region| all()[name].host(region, None);
        assert_eq!(host("ses", Some("ap-northeast-1")).unwrap(), "email-smtp.ap-northeast-1.amazonaws.com");
        assert_eq!(host("ses", None), Err(Missing::Region));
        assert_eq!(host("ses", Some("tokyo")), Err(Missing::UnknownRegion));
        assert_eq!(host("mailgun", None).unwrap(), "smtp.mailgun.org");
        assert_eq!(host("mailgun", Some("eu")).unwrap(), "smtp.eu.mailgun.org");
        assert_eq!(host("sakura", None), Err(Missing::Account));
    }
}
