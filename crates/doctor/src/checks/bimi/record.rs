//! The record of the draft: `v=BIMI1; l=https://…; a=https://…`.

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// `l`: the picture; `None` where the domain declines to show one.
    pub(super) picture: Option<String>,
    /// `a`: the certificate.
    pub(super) evidence: Option<String>,
}

/// What is wrong with one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// The version is another one, or not the first tag.
    Version,
    /// No tag, or one that stands twice.
    Tag(String),
    /// No `l`.
    NoPicture,
    /// An address of another scheme.
    NotHttps(String),
    /// `avp` is neither `brand` nor `personal`.
    Preference(String),
}

impl Record {
    /// Reads one. Tags that are not known are passed over.
    pub(super) fn parse(text: &[u8]) -> Result<Self, Problem> {
        let text = String::from_utf8_lossy(text);
        let mut tags: Vec<(String, String)> = Vec::new();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| Problem::Tag(shown(part)))?;
            let name = name.trim().to_ascii_lowercase();
            if tags.iter().any(|(known, _)| *known == name) {
                return Err(Problem::Tag(shown(&name)));
            }
            tags.push((name, value.trim().to_owned()));
        }
        if tags.first().is_none_or(|(name, value)| name != "v" || value != "BIMI1") {
            return Err(Problem::Version);
        }
        let value = |name: &str| tags.iter().find(|(tag, _)| tag == name).map(|(_, value)| value.as_str());
        let preference = value("avp").unwrap_or("brand");
        if !["brand", "personal"].iter().any(|known| known.eq_ignore_ascii_case(preference)) {
            return Err(Problem::Preference(shown(preference)));
        }
        let picture = address(value("l").ok_or(Problem::NoPicture)?)?;
        let evidence = address(value("a").unwrap_or_default())?;
        Ok(Self { picture, evidence })
    }
}

fn address(value: &str) -> Result<Option<String>, Problem> {
    if value.is_empty() {
        return Ok(None);
    }
    let is_https = value.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
    let plain = value.bytes().all(|octet| octet.is_ascii_graphic());
    if is_https && plain && value.len() > 8 {
        Ok(Some(value.to_owned()))
    } else {
        Err(Problem::NotHttps(shown(value)))
    }
}

fn shown(text: &str) -> String {
    crate::txt::shown(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads() {
        let check = |text: &str, expected: Result<(Option<&str>, Option<&str>), Problem>| {
            let read = Record::parse(text.as_bytes());
            let read = read.as_ref().map(|one| (one.picture.as_deref(), one.evidence.as_deref()));
            assert_eq!(read, expected.as_ref().map(|one| *one), "{text}");
        };
        check("v=BIMI1; l=https://example.org/a.svg", Ok((Some("https://example.org/a.svg"), None)));
        check(
            "v=BIMI1;l=https://example.org/a.svg;a=https://example.org/a.pem;avp=brand;lps=x",
            Ok((Some("https://example.org/a.svg"), Some("https://example.org/a.pem"))),
        );
        check("v=BIMI1; l=; a=;", Ok((None, None)));
        check("v=BIMI1; a=https://example.org/a.pem", Err(Problem::NoPicture));
        check("v=BIMI2; l=", Err(Problem::Version));
        check("l=; v=BIMI1", Err(Problem::Version));
        check(
            "v=BIMI1; l=http://example.org/a.svg",
            Err(Problem::NotHttps("http://example.org/a.svg".into())),
        );
        check("v=BIMI1; l=; avp=logo", Err(Problem::Preference("logo".into())));
        check("v=BIMI1; l=; l=", Err(Problem::Tag("l".into())));
    }

    proptest! {
        #[test]
        fn never_panics(text: Vec<u8>) {
            let _ = Record::parse(&text);
        }
    }
}
