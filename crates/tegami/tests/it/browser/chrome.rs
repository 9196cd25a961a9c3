//! Chromium, told what to do over the pipe of its DevTools protocol: no socket, no driver.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use base64::Engine;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::peer::program;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// What people do, as functions of the page.
const PERSON: &str = include_str!("../scripts/browser/person.js");
/// What nobody may have to put up with.
const AUDIT: &str = include_str!("../scripts/browser/audit.js");

/// One window with one person before it.
pub(crate) struct Chrome {
    child: Child,
    pipe: ChildStdin,
    told: Receiver<Value>,
    calls: u64,
    session: String,
    /// The frame of the whole page; pages within it have frames of their own.
    frame: String,
    /// The loaders of all pages that have loaded, or stood there when something began: each page comes by a loader of its own.
    loaded: Vec<String>,
    /// What the browser had to say against pages: errors, what the policy forbids, what could not be loaded.
    complaints: Vec<String>,
    /// How pages are reached.
    base: String,
    _profile: TempDir,
}

impl Chrome {
    /// A window, where Chromium is installed.
    pub(crate) fn open(base: &str) -> Option<Self> {
        let chromium = program("chromium")?;
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1", "sh"])
            .arg(chromium)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--hide-scrollbars", "--lang=en-US", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, told) = channel();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            let mut octets = Vec::new();
            while answers.read_until(0, &mut octets).is_ok_and(|count| count > 0) {
                octets.pop();
                let Ok(message) = serde_json::from_slice(&octets) else { return };
                if sender.send(message).is_err() {
                    return;
                }
                octets.clear();
            }
        });
        let pipe = child.stdin.take().unwrap();
        let mut chrome = Self {
            child,
            pipe,
            told,
            calls: 0,
            session: String::new(),
            frame: String::new(),
            loaded: Vec::new(),
            complaints: Vec::new(),
            base: base.to_owned(),
            _profile: profile,
        };
        chrome.attach();
        Some(chrome)
    }

    fn attach(&mut self) {
        // Somebody sits before the window: what they press may write to their clipboard.
        let granted = json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]});
        self.call("Browser.grantPermissions", &granted);
        let targets = self.call("Target.getTargets", &json!({}));
        let targets = targets["targetInfos"].as_array().unwrap();
        let page = targets.iter().find(|target| target["type"] == "page").unwrap()["targetId"].clone();
        let attached = self.call("Target.attachToTarget", &json!({"targetId": page, "flatten": true}));
        attached["sessionId"].as_str().unwrap().clone_into(&mut self.session);
        for domain in ["Page", "Runtime", "Log"] {
            self.call(&format!("{domain}.enable"), &json!({}));
        }
        self.call("Page.setLifecycleEventsEnabled", &json!({"enabled": true}));
        for source in [PERSON, AUDIT] {
            self.call("Page.addScriptToEvaluateOnNewDocument", &json!({"source": source}));
        }
        self.call("Emulation.setFocusEmulationEnabled", &json!({"enabled": true}));
        self.size(1180, 900);
    }

    fn call(&mut self, method: &str, params: &Value) -> Value {
        self.calls += 1;
        let number = self.calls;
        let mut message = json!({"id": number, "method": method, "params": params});
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        self.pipe.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let message = self.listen();
            if message["id"] == number {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
        }
    }

    /// The next message; what pages did is kept.
    fn listen(&mut self) -> Value {
        let message = self.told.recv_timeout(PATIENCE).expect("the browser says something");
        let params = &message["params"];
        match message["method"].as_str().unwrap_or_default() {
            "Page.lifecycleEvent" if params["name"] == "load" && params["frameId"] == *self.frame => {
                self.loaded.push(params["loaderId"].as_str().unwrap().to_owned());
            }
            "Runtime.exceptionThrown" => self.complaints.push(params["exceptionDetails"].to_string()),
            "Runtime.consoleAPICalled" => self.complaints.push(params["args"].to_string()),
            "Log.entryAdded"
                if ["error", "warning"].contains(&params["entry"]["level"].as_str().unwrap()) =>
            {
                let entry = &params["entry"];
                self.complaints.push(format!("{} {}", entry["text"], entry["url"]));
            }
            _ => {}
        }
        message
    }

    /// Notes the page that stands there now: when it says that it has loaded, nothing new has come.
    fn stand(&mut self) {
        let frame = self.call("Page.getFrameTree", &json!({}))["frameTree"]["frame"].clone();
        frame["id"].as_str().unwrap().clone_into(&mut self.frame);
        self.loaded.push(frame["loaderId"].as_str().unwrap().to_owned());
    }

    /// Does something that leads to another page, and waits for a page that was not there before.
    fn leave(&mut self, act: impl FnOnce(&mut Self)) {
        self.stand();
        let before = self.loaded.clone();
        act(self);
        while self.loaded.iter().all(|loader| before.contains(loader)) {
            self.listen();
        }
    }

    /// Goes to a page, and waits for this very page.
    pub(crate) fn go(&mut self, path: &str) {
        let url = format!("{}{path}", self.base);
        self.stand();
        let gone = crate::peer::eventually(&url, || {
            let gone = self.call("Page.navigate", &json!({"url": url}));
            // A page that looks again by itself may do so at this moment, and the browser then goes there.
            let aborted = gone["errorText"] == "net::ERR_ABORTED";
            (!aborted).then_some(gone)
        });
        assert!(gone["errorText"].is_null(), "{url}: {gone}");
        // A place on the same page loads nothing.
        let Some(loader) = gone["loaderId"].as_str() else { return };
        while !self.loaded.iter().any(|loaded| loaded == loader) {
            self.listen();
        }
    }

    /// The value of an expression.
    #[track_caller]
    pub(crate) fn ask(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true, "userGesture": true});
        let answer = self.call("Runtime.evaluate", &params);
        let wrong = &answer["exceptionDetails"]["exception"]["description"];
        assert!(wrong.is_null(), "{expression}\n{}\n{}", wrong.as_str().unwrap_or_default(), self.text());
        answer["result"]["value"].clone()
    }

    /// What a person reads on the page.
    pub(crate) fn text(&mut self) -> String {
        let answer = self.call(
            "Runtime.evaluate",
            &json!({"expression": "document.body.innerText", "returnByValue": true}),
        );
        answer["result"]["value"].as_str().unwrap_or_default().to_owned()
    }

    /// Where we are.
    pub(crate) fn path(&mut self) -> String {
        self.ask("location.pathname").as_str().unwrap().to_owned()
    }

    /// Writes into the field with this label, or chooses what it offers.
    #[track_caller]
    pub(crate) fn fill(&mut self, within: &str, label: &str, text: &str) {
        self.ask(&format!("person.fill({}, {}, {})", json!(within), json!(label), json!(text)));
    }

    /// Presses what is called so; nothing else is loaded.
    #[track_caller]
    pub(crate) fn press(&mut self, within: &str, name: &str) {
        self.ask(&format!("person.press({}, {})", json!(within), json!(name)));
    }

    /// Presses what is called so, and waits for the page that it leads to.
    #[track_caller]
    pub(crate) fn send(&mut self, within: &str, name: &str) {
        let press = format!("person.press({}, {})", json!(within), json!(name));
        self.leave(|chrome| drop(chrome.ask(&press)));
    }

    /// Expects these words on the page, in this order.
    #[track_caller]
    pub(crate) fn sees(&mut self, words: &[&str]) {
        let text = self.text();
        let mut rest = text.as_str();
        for word in words {
            let Some((_, after)) = rest.split_once(word) else { panic!("`{word}` is not seen in:\n{text}") };
            rest = after;
        }
    }

    /// Expects none of these words on the page.
    #[track_caller]
    pub(crate) fn sees_none(&mut self, words: &[&str]) {
        let text = self.text();
        for word in words {
            assert!(!text.contains(word), "`{word}` is seen in:\n{text}");
        }
    }

    /// Loads the page again until it shows these words: what they tell of happens meanwhile.
    #[track_caller]
    pub(crate) fn awaits(&mut self, path: &str, word: &str) {
        crate::peer::eventually(&format!("`{word}` on {path}"), || {
            self.go(path);
            self.text().contains(word).then_some(())
        });
    }

    /// The names of everything that can be pressed or filled in.
    pub(crate) fn controls(&mut self) -> Vec<String> {
        serde_json::from_value(self.ask("person.controls()")).unwrap()
    }

    /// A key, as a keyboard sends it.
    pub(crate) fn key(&mut self, key: &str, code: u32) {
        for kind in ["rawKeyDown", "keyUp"] {
            let event = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code});
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    /// The size of the window; a narrow one is a phone's.
    pub(crate) fn size(&mut self, width: u32, height: u32) {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// `light` or `dark`, as the system wishes.
    pub(crate) fn scheme(&mut self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"}]);
        self.call("Emulation.setEmulatedMedia", &json!({"features": features}));
    }

    /// What is wrong with the page for those who look at it.
    pub(crate) fn audit(&mut self) -> Vec<String> {
        let mut wrong: Vec<String> = serde_json::from_value(self.ask("audit()")).unwrap();
        wrong.append(&mut self.complaints);
        wrong
    }

    /// What the browser said against the pages so far.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        std::mem::take(&mut self.complaints)
    }

    /// The whole page as a picture, in a window of this width that is as high as the page.
    pub(crate) fn picture(&mut self, file: &Path, width: u32) {
        let height = self.ask("Math.max(700, document.documentElement.scrollHeight)").as_u64().unwrap();
        self.size(width, u32::try_from(height).unwrap());
        let shot = self.call("Page.captureScreenshot", &json!({}));
        let octets = base64::engine::general_purpose::STANDARD.decode(shot["data"].as_str().unwrap());
        std::fs::write(file, octets.unwrap()).unwrap();
    }
}

impl Drop for Chrome {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
