//! The two languages.

use std::fmt;
use std::str::FromStr;

/// A language that people read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// 日本語
    Japanese,
}

/// Neither English nor Japanese.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLanguage(pub String);

impl Language {
    /// Both, in the order in which they are shown.
    pub const ALL: [Self; 2] = [Self::English, Self::Japanese];

    /// The tag: `en` or `ja`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Japanese => "ja",
        }
    }

    /// From a POSIX locale such as `ja_JP.UTF-8` (POSIX Base Definitions section 8.2); anything but Japanese is English.
    pub fn from_locale(locale: &str) -> Self {
        if locale.starts_with("ja") { Self::Japanese } else { Self::English }
    }

    /// The better match for an `Accept-Language` field (RFC 9110 section 12.5.4).
    pub fn from_accept_language(value: &str) -> Self {
        let mut best = (0_u32, Self::English);
        for entry in value.split(',') {
            let mut pieces = entry.split(';');
            let tag = pieces.next().unwrap_or_default().trim().to_ascii_lowercase();
            let weight = pieces
                .find_map(|piece| piece.trim().strip_prefix("q="))
                .map_or(1.0, |text| text.trim().parse::<f32>().unwrap_or(0.0));
            let Some(language) = Self::ALL.into_iter().find(|language| tag.starts_with(language.tag()))
            else {
                continue;
            };
            // Weights have three decimals at most, so thousandths compare exactly.
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clamped to 0..=1000 first"
            )]
            let thousandths = (weight.clamp(0.0, 1.0) * 1000.0) as u32;
            if thousandths > best.0 {
                best = (thousandths, language);
            }
        }
        best.1
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|language| language.tag() == text)
            .ok_or_else(|| UnknownLanguage(text.to_owned()))
    }
}

impl fmt::Display for UnknownLanguage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a language Tegami speaks: use `en` or `ja`", self.0)
    }
}

impl std::error::Error for UnknownLanguage {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_language_by_weight() {
        assert_eq!(Language::from_accept_language("ja,en;q=0.8"), Language::Japanese);
        assert_eq!(Language::from_accept_language("fr, en-GB;q=0.9, ja;q=0.8"), Language::English);
        assert_eq!(Language::from_accept_language("ja;q=0"), Language::English);
        assert_eq!(Language::from_accept_language(""), Language::English);
    }

    #[test]
    fn locale() {
        assert_eq!(Language::from_locale("ja_JP.UTF-8"), Language::Japanese);
        assert_eq!(Language::from_locale("C"), Language::English);
    }
}
