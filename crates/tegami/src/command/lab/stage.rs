//! What the pages show of the story while it is played.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tegami_lab::{Ledger, World};
use tegami_mail::{StoredNote, note};
use tegami_store::QueueId;
use tegami_web::pages::{self, Command, FateWord, HostView, Role, Stage};
use tokio::sync::watch;

use super::judge::{Fate, Word};
use super::scene::{Expected, Scene};
use super::site::Site;
use super::tell;

/// The state of the story, shared with the pages.
pub(crate) struct LabStage {
    state: Mutex<State>,
    ledger: OnceLock<Ledger>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    scenes: Vec<(Scene, Option<QueueId>, Option<Fate>)>,
    commands: Vec<Command>,
    hosts: Vec<HostView>,
}

impl Default for LabStage {
    fn default() -> Self {
        Self { state: Mutex::default(), ledger: OnceLock::new(), changed: watch::Sender::new(0) }
    }
}

impl LabStage {
    /// Shows what the hosts see, from now on.
    pub(crate) fn watch(self: &Arc<Self>, ledger: &Ledger) {
        if self.ledger.set(ledger.clone()).is_ok() {
            let stage = Arc::clone(self);
            let mut visits = ledger.watch();
            tokio::spawn(async move {
                while visits.changed().await.is_ok() {
                    stage.tick();
                }
            });
        }
    }

    /// The curtain rises.
    pub(crate) fn begin(&self, scenes: &[Scene], site: &Site) {
        self.change(|state| {
            state.scenes = scenes.iter().map(|scene| (*scene, None, None)).collect();
            state.commands = tell::command_list(site)
                .into_iter()
                .map(|(title, text)| Command { title: title.into(), text })
                .collect();
            state.hosts = hosts(site);
        });
    }

    /// A message has its identifier.
    pub(crate) fn sent(&self, place: usize, id: QueueId) {
        self.change(|state| {
            if let Some((_, sent, _)) = state.scenes.get_mut(place) {
                *sent = Some(id);
            }
        });
    }

    /// A scene has ended.
    pub(crate) fn ended(&self, place: usize, fate: &Fate) {
        self.change(|state| {
            if let Some((_, _, ended)) = state.scenes.get_mut(place) {
                *ended = Some(fate.clone());
            }
        });
    }

    fn change(&self, act: impl FnOnce(&mut State)) {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.tick();
    }

    fn tick(&self) {
        self.changed.send_modify(|count| *count += 1);
    }
}

impl Stage for LabStage {
    fn scenes(&self) -> Vec<pages::Scene> {
        let visits = self.ledger.get().map(Ledger::visits).unwrap_or_default();
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shown = Vec::new();
        for (place, (scene, id, fate)) in state.scenes.iter().enumerate() {
            let mine = visits.iter().enumerate().filter(|(_, visit)| {
                scene.from.contains(&visit.reverse_path)
                    && visit.recipients.iter().any(|recipient| recipient == scene.to)
            });
            shown.push(pages::Scene {
                number: place + 1,
                title: scene.title().into(),
                explanation: scene.lesson().into(),
                message: *id,
                from: scene.from.to_owned(),
                to: scene.to.to_owned(),
                expected: expected(scene.expected),
                fate: fate.as_ref().map(|fate| pages::Fate {
                    word: word(fate),
                    as_expected: fate.as_expected,
                    deciding: fate.deciding.clone().into(),
                }),
                visits: mine.map(|(number, _)| number).collect(),
            });
        }
        shown
    }

    fn visits(&self) -> Vec<serde_json::Value> {
        let visits = self.ledger.get().map(Ledger::visits).unwrap_or_default();
        visits.iter().map(|visit| serde_json::json!(visit)).collect()
    }

    fn commands(&self) -> Vec<Command> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).commands.clone()
    }

    fn hosts(&self) -> Vec<HostView> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).hosts.clone()
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

fn word(fate: &Fate) -> FateWord {
    match fate.word {
        Word::Delivered if fate.visit.as_ref().is_some_and(|visit| visit.mailbox == Some("Junk")) => {
            FateWord::Junk
        }
        Word::Delivered if fate.attempts.len() > 1 => FateWord::DeliveredLater,
        Word::Delivered | Word::Received => FateWord::Delivered,
        Word::Bounced | Word::Broken => FateWord::Bounced,
        Word::Refused => FateWord::Refused,
    }
}

/// What must become of it, in words.
pub(crate) fn expected(expected: Expected) -> StoredNote {
    match expected {
        Expected::Inbox => note!("lab-expected-inbox"),
        Expected::InboxAfterWaiting => note!("lab-expected-after-waiting"),
        Expected::InboxOfSecondHost => note!("lab-expected-second-host"),
        Expected::InboxUntrusted => note!("lab-expected-untrusted"),
        Expected::Bounced(code) => note!("lab-expected-bounced", code = code),
        Expected::Refused(code) => note!("lab-expected-refused", code = code),
    }
    .into()
}

fn hosts(site: &Site) -> Vec<HostView> {
    let port = site.internet.smtp_port;
    let machine = |plan: tegami_lab::HostPlan, role, habit: &str, explanation: tegami_mail::Note| HostView {
        name: plan.name.to_owned(),
        address: format!("{}:{port}", plan.ip),
        role,
        habit: habit.to_owned(),
        explanation: explanation.into(),
    };
    vec![
        machine(World::SITE, Role::Site, "", note!("lab-host-site")),
        HostView {
            name: "ns.lab.test".to_owned(),
            address: site.internet.dns.to_string(),
            role: Role::Dns,
            habit: String::new(),
            explanation: note!("lab-host-dns").into(),
        },
        machine(World::BIGMAIL, Role::Receiver, "bigmail", note!("lab-host-bigmail")),
        machine(World::GREY, Role::Receiver, "greylist", note!("lab-host-grey")),
        machine(World::DEAD, Role::Silent, "", note!("lab-host-dead")),
        machine(World::ALIVE, Role::Receiver, "plain", note!("lab-host-alive")),
        machine(World::SELFSIGNED, Role::Receiver, "plain", note!("lab-host-selfsigned")),
        machine(World::PARTNER, Role::Sender, "plain", note!("lab-host-partner")),
        machine(World::SPOOFER, Role::Sender, "", note!("lab-host-spoofer")),
    ]
}
