//! What a User-Agent field says of who reads, in few words. It says what it likes; where it says nothing that we know, we say so.

use serde_json::{Value, json};

/// A client, by its User-Agent field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// `browser`, `mobile browser`, `email client`, `robot` or `unknown`.
    kind: &'static str,
    name: &'static str,
    os: &'static str,
    device: &'static str,
    /// Whose program fetched it in a person's stead; empty where none is known.
    bot: &'static str,
}

/// Programs that fetch for a person, or for nobody: what they say, their names, and whose they are.
const ROBOTS: &[(&str, &str, &str)] = &[
    ("GoogleImageProxy", "Gmail", "gmail"),
    ("YahooMailProxy", "Yahoo Mail", "yahoo"),
    ("BingPreview", "Bing", "microsoft"),
    ("SkypeUriPreview", "Skype", "microsoft"),
    ("Googlebot", "Googlebot", "google"),
    ("Barracuda", "Barracuda", "generic"),
    ("HeadlessChrome", "Headless Chrome", "generic"),
    ("python-requests", "Python", "generic"),
    ("Python-urllib", "Python", "generic"),
    ("Go-http-client", "Go", "generic"),
    ("curl/", "curl", "generic"),
    ("Wget/", "Wget", "generic"),
    ("bot", "unknown", "generic"),
    ("spider", "unknown", "generic"),
    ("crawl", "unknown", "generic"),
    ("scanner", "unknown", "generic"),
];

const PROGRAMS: &[(&str, &str)] = &[
    ("Thunderbird", "Thunderbird"),
    ("Microsoft Outlook", "Outlook"),
    ("MSOffice", "Outlook"),
    ("Microsoft Office", "Outlook"),
    ("AppleMail", "Apple Mail"),
    ("Sylpheed", "Sylpheed"),
];

/// Browsers, those that claim to be others besides first.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi", "Vivaldi"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
];

const SYSTEMS: &[(&str, &str, &str)] = &[
    ("iPad", "iOS", "tablet"),
    ("iPhone", "iOS", "mobile"),
    ("Android", "Android", "mobile"),
    ("Windows", "Windows", "desktop"),
    ("Macintosh", "macOS", "desktop"),
    ("CrOS", "ChromeOS", "desktop"),
    ("Linux", "Linux", "desktop"),
];

impl Client {
    /// By what it says.
    pub(crate) fn of(user_agent: &str) -> Self {
        let system = SYSTEMS.iter().find(|(word, ..)| user_agent.contains(word));
        let (os, device) = system.map_or(("unknown", "unknown"), |(_, os, device)| (*os, *device));
        let lower = user_agent.to_ascii_lowercase();
        if let Some((_, name, bot)) =
            ROBOTS.iter().find(|(word, ..)| lower.contains(&word.to_ascii_lowercase()))
        {
            return Self { kind: "robot", name, os, device, bot };
        }
        // Apple's mail fetches pictures ahead of its readers and says only this.
        if user_agent == "Mozilla/5.0" {
            return Self { kind: "email client", name: "Apple Mail", os, device, bot: "apple" };
        }
        if let Some((_, name)) = PROGRAMS.iter().find(|(word, _)| user_agent.contains(word)) {
            return Self { kind: "email client", name, os, device, bot: "" };
        }
        match BROWSERS.iter().find(|(word, _)| user_agent.contains(word)) {
            Some((_, name)) => {
                let kind = if device == "desktop" { "browser" } else { "mobile browser" };
                Self { kind, name, os, device, bot: "" }
            }
            None => Self { kind: "unknown", name: "unknown", os, device, bot: "" },
        }
    }

    /// As events show it.
    pub(crate) fn info(self, user_agent: &str) -> Value {
        json!({
            "client-type": self.kind,
            "client-os": self.os,
            "device-type": self.device,
            "client-name": self.name,
            "user-agent": user_agent,
            "bot": self.bot,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(user_agent: &str, expected: [&str; 5]) {
        let found = Client::of(user_agent);
        assert_eq!([found.kind, found.name, found.os, found.device, found.bot], expected, "{user_agent}");
    }

    #[test]
    fn what_clients_say() {
        check(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
            ["browser", "Edge", "Windows", "desktop", ""],
        );
        check(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
            ["mobile browser", "Safari", "iOS", "mobile", ""],
        );
        check(
            "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
            ["robot", "Gmail", "Windows", "desktop", "gmail"],
        );
        check("Mozilla/5.0", ["email client", "Apple Mail", "unknown", "unknown", "apple"]);
        check(
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.0",
            ["email client", "Thunderbird", "Linux", "desktop", ""],
        );
        check("SomeBot/1.0", ["robot", "unknown", "unknown", "unknown", "generic"]);
        check("", ["unknown", "unknown", "unknown", "unknown", ""]);
    }
}
