//! One process: the real parts over the simulated ones, until it ends.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rustls::RootCertStore;
use tegami_mail::{Address, Clock, Domain, Envelope, ForwardPath, ReversePath};
use tegami_outbound::{Courier, Outbound};
use tegami_queue::gate::{Gate, GateFacts};
use tegami_queue::shaping::{Relay, Shaping};
use tegami_queue::{
    Accepted, Act, Authenticated, Control, HoldRule, HoldSubject, Holds, Intake, IntakeError, IntakeSettings,
    KeyRing, NoMailboxes, Operator, Options, Order, Permit, Postman, RunSettings, Senders, Settler,
    Submission,
};
use tegami_store::{IdSource, NodeId, Origin, QueueFilter, Store, StoreError};

use crate::gate::{Standing, WatchedGate};
use crate::model::Model;
use crate::names::Names;
use crate::network::Network;
use crate::plan::{Deed, Ending, Letter, Plan};
use crate::time::pass;
use crate::watch::Watched;
use crate::world::{Hour, Skies, World};

/// How a life went.
pub(crate) enum Lived {
    /// It ended, and another one begins after a while.
    Ended(Ending, Duration),
    /// Everything is settled.
    Finished,
}

/// Our parts.
struct Process {
    world: Arc<World>,
    control: Arc<Control>,
    intake: Arc<Intake>,
    courier: Arc<Courier>,
    holds: Arc<Holds>,
    shaping: Option<Arc<Shaping>>,
    store: Arc<dyn Store>,
}

/// Lives until the plan ends it, the store gives up, or nothing is left to do.
pub(crate) async fn live(world: Arc<World>) -> Lived {
    world.life_begins();
    world.tell(|| format!("process {} begins", world.watch().life));
    let (process, postman) = Process::new(&world).await;
    for number in 0..world.plan.letters.len() {
        tokio::spawn(write_letter(Arc::clone(&world), Arc::clone(&process.intake), number));
    }
    if world.plan.is_operated() {
        tokio::spawn(process.operate());
    }
    let life = world.watch().life;
    let planned = world.plan.ends.get(life - 1).copied();
    let mut run = tokio::spawn(postman.run());
    let (end, ending, down) = planned.unwrap_or((Duration::MAX, Ending::Killed, Duration::ZERO));
    let until = end.saturating_sub(world.since_beginning());
    tokio::select! {
        biased;
        ended = &mut run => {
            world.tell(|| format!("the loop ended: {ended:?}"));
            match ended {
                Ok(Err(_)) if world.plan.store_trouble > 0.0 => {}
                other => world.broken(format!("the loop ended by itself: {other:?}")),
            }
            Lived::Ended(Ending::Killed, Duration::from_secs(5))
        }
        () = pass(until), if planned.is_some() => {
            world.tell(|| format!("{ending:?}, then nothing for {down:?}"));
            if ending == Ending::Closed && !process.close(run).await {
                return Lived::Ended(Ending::Killed, down);
            }
            Lived::Ended(ending, down)
        }
        () = nothing_left(&world) => {
            pass(world.plan.outbound.limits.idle + Duration::from_secs(30)).await;
            if world.open_connections() > 0 && world.jobs_under_way() == 0 {
                world.broken("a connection stays open though nobody needs it".to_owned());
            }
            process.close(run).await;
            Lived::Finished
        }
    }
}

impl Process {
    async fn new(world: &Arc<World>) -> (Self, Postman) {
        let plan = &world.plan;
        let clock: Arc<dyn Clock> = Arc::new(Hour(Arc::clone(world)));
        let store: Arc<dyn Store> =
            Arc::new(Model::open(Arc::clone(&world.disk), Arc::new(Skies(Arc::clone(world)))));
        let control = Arc::new(Control::default());
        let seed = world.seed ^ (world.watch().life as u64) << 48;
        let mut settings = IntakeSettings::new(Domain::parse("mail.example.org").unwrap());
        settings.retry = plan.retry.clone().into();
        let intake = Arc::new(Intake::new(
            Arc::clone(&store),
            settings,
            Arc::new(KeyRing::default()),
            Arc::new(NoMailboxes),
            Arc::clone(&clock),
            Arc::new(IdSource::seeded(seed)),
            Arc::clone(&control),
        ));
        let settler = Settler::new(Arc::clone(&store), Arc::clone(&intake), plan.retry.clone());
        let names = Arc::new(Names::new(Arc::clone(world)));
        let courier =
            Courier::new(plan.outbound.clone(), RootCertStore::empty(), names, Arc::clone(&clock)).unwrap();
        let courier = Arc::new(courier.seeded(seed).over(Arc::new(Network(Arc::clone(world)))));
        let shaping = shaping(plan, store.as_ref(), world.now()).await;
        let mut inner = Outbound::with(Arc::clone(&courier), Arc::clone(&store));
        if let Some(shaping) = &shaping {
            inner = inner.shaped_by(Arc::clone(shaping));
        }
        let learned = shaping.clone().map(|shaping| (shaping, Arc::clone(&store)));
        let deliver = Watched { world: Arc::clone(world), inner, learned };
        let holds = Arc::new(Holds::load(store.as_ref()).await.unwrap());
        if let Some(shaping) = &shaping {
            holds.before(Arc::clone(shaping) as Arc<dyn Gate>);
        }
        let gate =
            WatchedGate { world: Arc::clone(world), inner: Arc::clone(&holds), shaping: shaping.clone() };
        let mut run = RunSettings::new(NodeId("only".to_owned()));
        (run.limits, run.lease, run.poll) = (plan.jobs, plan.lease, plan.poll);
        run.gate = Arc::new(gate);
        let (settler, deliver) = (Arc::new(settler), Arc::new(deliver));
        let postman = Postman::new(Arc::clone(&store), settler, deliver, clock, Arc::clone(&control), run);
        (Self { world: Arc::clone(world), control, intake, courier, holds, shaping, store }, postman)
    }

    /// An operator, who in the end lets go what is held.
    fn operate(&self) -> impl Future<Output = ()> + use<> {
        let (world, store) = (Arc::clone(&self.world), Arc::clone(&self.store));
        let (intake, control) = (Arc::clone(&self.intake), Arc::clone(&self.control));
        let holds = Arc::clone(&self.holds);
        async move {
            let desk =
                Desk { world: &world, store: &store, intake: &intake, control: &control, holds: &holds };
            let now = world.since_beginning();
            for (at, deed) in world.plan.deeds.iter().filter(|(at, ..)| *at >= now) {
                pass(at.saturating_sub(world.since_beginning())).await;
                match deed {
                    Deed::Act(act, next_hops) => desk.act(act.clone(), next_hops).await,
                    Deed::Hold(subject) => desk.hold(subject).await,
                    Deed::Lift(subject) => desk.lift(subject).await,
                }
            }
            loop {
                pass(Duration::from_secs(600)).await;
                if world.is_calm() {
                    for rule in holds.rules().iter() {
                        desk.lift(&rule.subject).await;
                    }
                    desk.act(Act::Release, &[]).await;
                }
            }
        }
    }

    /// Ends as the program does: what is under way goes on to its end, and nothing stays occupied. `false` when the store gave up meanwhile.
    async fn close(&self, run: tokio::task::JoinHandle<Result<(), tegami_queue::RunError>>) -> bool {
        let world = &self.world;
        self.control.close();
        match tokio::time::timeout(Duration::from_secs(4 * 3600), run).await {
            Ok(Ok(Ok(()))) => world.check_written(),
            Ok(Ok(Err(_))) if world.plan.store_trouble > 0.0 => return false,
            Ok(other) => world.broken(format!("closing ended with {other:?}")),
            Err(_) => world.broken("closing does not end".to_owned()),
        }
        self.courier.close().await;
        if let Some(shaping) = &self.shaping
            && shaping.write(self.store.as_ref()).await.is_err()
        {
            world.watch().quiet.clear();
        }
        pass(Duration::from_secs(30)).await;
        let (jobs, connections) = (world.jobs_under_way(), world.open_connections());
        if jobs + connections > 0 {
            world.broken(format!("after closing, {jobs} jobs and {connections} connections are left"));
        }
        true
    }
}

/// Where an operator stands.
struct Desk<'a> {
    world: &'a World,
    store: &'a Arc<dyn Store>,
    intake: &'a Intake,
    control: &'a Control,
    holds: &'a Holds,
}

impl Desk<'_> {
    async fn act(&self, act: Act, next_hops: &[String]) {
        let Self { world, store, intake, control, .. } = *self;
        let node = NodeId("only".to_owned());
        let operator = Operator { store: store.as_ref(), intake, control, node: &node };
        let order = Order { act, by: "somebody".to_owned(), reason: String::new() };
        let filter = QueueFilter { next_hops: next_hops.to_vec(), ..QueueFilter::default() };
        let filter = order.act.among(filter);
        world.watch().operated = Some(world.now());
        let done = operator.act(&filter, &order, world.now()).await;
        world.watch().operated = Some(world.now());
        world.tell(|| format!("operator: {:?} of {next_hops:?}: {done:?}", order.act));
    }

    async fn hold(&self, subject: &HoldSubject) {
        let Self { world, store, holds, .. } = *self;
        let rule = HoldRule::new(subject.clone(), "", "somebody", world.now());
        let unsure = Standing { subject: subject.clone(), since: None };
        let before = world.watch().rules.insert(rule.id.clone(), unsure);
        let done = holds.add(store.as_ref(), &rule).await;
        world.tell(|| format!("operator: holds {}: {done:?}", rule.id));
        let since = match &done {
            Ok(()) => Some(world.now()),
            Err(_) => before
                .and_then(|standing| standing.since)
                .filter(|_| matches!(done, Err(StoreError::Full(_)))),
        };
        world.watch().rules.entry(rule.id).and_modify(|standing| standing.since = since);
    }

    async fn lift(&self, subject: &HoldSubject) {
        let Self { world, store, control, holds, .. } = *self;
        let id = HoldRule::new(subject.clone(), "", "", world.now()).id;
        let before = world.watch().rules.get_mut(&id).and_then(|standing| standing.since.take());
        let done = holds.lift(store.as_ref(), &id).await;
        world.tell(|| format!("operator: lifts {id}: {:?}", done.as_ref().map(Option::is_some)));
        control.gate_changed();
        let mut watch = world.watch();
        match done {
            Ok(_) => {
                watch.rules.remove(&id);
                watch.eased = Some(world.now());
            }
            Err(StoreError::Full(_)) => {
                watch.rules.entry(id).and_modify(|standing| standing.since = before);
            }
            Err(_) => {}
        }
    }
}

/// The shaper, where the world has one, with what it knew.
async fn shaping(plan: &Plan, store: &dyn Store, now: jiff::Timestamp) -> Option<Arc<Shaping>> {
    let shape = plan.shape.as_ref()?;
    let settings = plan.outbound.clone();
    let relay: Box<Relay> = Box::new(move |job: &GateFacts<'_>| settings.first_smarthost(job));
    let shaping = Shaping::new(shape.settings()).with_relay(relay);
    shaping.restore(store, now).await.unwrap();
    Some(Arc::new(shaping))
}

/// Waits until every letter is accepted and every recipient settled, or too much time has passed.
async fn nothing_left(world: &World) {
    let last = world.plan.letters.iter().map(|letter| letter.at + letter.ahead.unwrap_or_default()).max();
    // A letter and the notification about it, and an attempt of each that takes its time.
    let horizon = last.unwrap_or_default() + world.plan.retry.lifetime * 2 + world.plan.longest_wait();
    loop {
        pass(Duration::from_secs(30)).await;
        let all = world.watch().accepted.len() == world.plan.letters.len();
        if all && !world.disk.is_waiting() && world.jobs_under_way() == 0 {
            return;
        }
        if world.since_beginning() > horizon {
            world.broken("after all this time recipients still wait".to_owned());
            return;
        }
    }
}

/// Somebody who wants a letter to go, and asks again where we cannot take it.
async fn write_letter(world: Arc<World>, intake: Arc<Intake>, number: usize) {
    let letter = &world.plan.letters[number];
    if world.watch().accepted.iter().any(|(accepted, ..)| *accepted == number) {
        return;
    }
    pass(letter.at.saturating_sub(world.since_beginning())).await;
    for turn in 0.. {
        let message_id = format!("{number}.{turn}.{}@example.org", world.watch().life);
        // Until the answer comes nobody can say; a kill leaves it at that.
        world.watch().unsure.insert(message_id.clone());
        let result = submit(&world, &intake, letter, number, &message_id).await;
        world.tell(|| format!("letter {number} as {message_id}: {result:?}"));
        match result {
            Ok(accepted) => {
                let mut watch = world.watch();
                watch.unsure.remove(&message_id);
                watch.accepted.push((number, accepted.id, message_id));
                return;
            }
            Err(IntakeError::Store(StoreError::Full(_))) => {
                let mut watch = world.watch();
                watch.unsure.remove(&message_id);
                watch.refused.insert(message_id);
            }
            Err(IntakeError::Store(StoreError::Unsure(_))) => {}
            Err(error) => {
                world.broken(format!("letter {number} was refused: {error}"));
                return;
            }
        }
        pass(Duration::from_secs(1) + world.span(Duration::from_secs(60))).await;
    }
}

async fn submit(
    world: &World,
    intake: &Intake,
    letter: &Letter,
    number: usize,
    message_id: &str,
) -> Result<Accepted, IntakeError> {
    let domain = Domain::parse("example.org").unwrap();
    // Each letter has a sender of its own, so that notifications tell what they are about.
    let sender = format!("s{number}@example.org");
    let mut content =
        format!("From: {sender}\r\nTo: all\r\nMessage-ID: <{message_id}>\r\nSubject: {number}\r\n\r\n");
    for line in 0..letter.lines {
        content.push_str(&format!(".{line} line that has some length\r\n"));
    }
    let address = |text: &str| Address::parse(text).unwrap();
    let mut envelope = Envelope::new(ReversePath::Address(address(&sender)), []);
    envelope.forward_paths = letter
        .to
        .iter()
        .map(|(to, notify)| ForwardPath { notify: *notify, ..ForwardPath::from(address(to)) })
        .collect();
    let somebody = Authenticated::by_kernel(1, vec![Senders::Domain(domain.clone())]);
    let permit = Permit::for_account(&somebody, envelope).unwrap();
    let origin = Origin::Submission { account: "somebody".to_owned() };
    let tags = letter.tags.clone();
    let deliver_at = letter.ahead.map(|ahead| world.now() + ahead);
    let options = Options { deliver_at, tags, ..Options::default() };
    intake.accept(Submission { permit, origin, domain, content: Bytes::from(content), options }).await
}
