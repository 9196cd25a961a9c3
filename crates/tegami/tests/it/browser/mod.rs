//! The pages of a real server in a real browser, used and read as people do.

mod chrome;
mod doctor;
mod look;
mod work;

use self::chrome::Chrome;
use crate::sdk::World;

const NO_CHROMIUM: &str = "chromium is not installed";
const PASSWORD: &str = "correct horse battery";

/// A server with an admin, `alice`, and somebody who may only look, `bob`.
struct Office {
    world: World,
    chrome: Chrome,
}

impl Office {
    /// `None` where there is no browser.
    fn open() -> Option<Self> {
        crate::peer::program("chromium")?;
        let world = World::with("[webhooks]\nallow = \"127.0.0.0/8\"\n");
        let file = world.site.path("password");
        std::fs::write(&file, PASSWORD).unwrap();
        for (name, role) in [("alice", "admin"), ("bob", "read-only")] {
            let words = ["operator", "add", name, "--role", role, "--password-file", file.to_str().unwrap()];
            world.site.tegami(&words).well();
        }
        let chrome = Chrome::open(&world.url())?;
        Some(Self { world, chrome })
    }

    /// Signs in, and goes to a page.
    fn enter(&mut self, name: &str, path: &str) -> &mut Chrome {
        let chrome = &mut self.chrome;
        chrome.go("/sign-in");
        chrome.fill("", "Name", name);
        chrome.fill("", "Password", PASSWORD);
        chrome.send("", "Sign in");
        chrome.go(path);
        chrome
    }

    fn leave(&mut self) {
        self.chrome.send("", "Sign out");
    }
}
