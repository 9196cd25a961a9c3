//! `tegami lab`: a small internet on this machine, and a story of real messages that go through it.
//!
//! The site is the same [`Server`](crate::server::Server) that `tegami serve` runs; the hosts it writes to are those of the room `lab`. Only addresses, resolver, retry
//! delays and trust differ, and those are handed in.

mod act;
mod judge;
mod scene;
mod site;
mod stage;
mod tell;

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tegami_mail::note;

use super::serve::Signals;
use super::{Context, Failure, Outcome};
use crate::cli::Lab;
use judge::Fate;
use scene::Scene;
use site::Site;
use stage::LabStage;

/// The longest a scene may take: greylisting and its retry are the slowest.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts the lab, plays the story, and (without `--once`) stays.
pub(crate) async fn run(lab: &Lab, context: &Context) -> Result<Outcome, Failure> {
    let stage = Arc::new(LabStage::default());
    let site = Site::start(lab, Arc::clone(&stage)).await?;
    if !context.json {
        anstream::println!("{}", tell::opening(context, &site));
    }
    let scenes = scene::story();
    stage.begin(&scenes, &site);
    let fates = play(&scenes, &site, &stage, context).await;
    let well = fates.iter().all(|fate| fate.as_expected);
    if context.json {
        context.print_json(&tell::json(context, &scenes, &fates));
    } else {
        for (scene, fate) in scenes.iter().zip(&fates) {
            anstream::println!("{}", tell::scene(context, scene, fate));
        }
        anstream::println!("{}", tell::closing(context, &fates));
    }
    if !lab.once {
        if !context.json {
            anstream::println!("{}", tell::commands(context, &site));
        }
        Signals::listen()?.end().await;
    }
    site.stop().await;
    Ok(if well { Outcome::Well } else { Outcome::Finding })
}

/// Plays all scenes at the same time, as a real day would, and waits for each to end.
async fn play(scenes: &[Scene], site: &Site, stage: &LabStage, context: &Context) -> Vec<Fate> {
    let bar = progress(scenes.len(), context);
    let playing = scenes.iter().enumerate().map(|(place, scene)| {
        let bar = &bar;
        async move {
            let played =
                tokio::time::timeout(PATIENCE, act::play(scene, site, |id| stage.sent(place, id))).await;
            let fate = match played {
                Ok(Ok(end)) => judge::judge(scene, &end, site).await,
                Ok(Err(failure)) => Fate::broken(note!("lab-scene-broken", reason = failure.render(context))),
                Err(_) => Fate::broken(note!("lab-scene-too-long", seconds = PATIENCE.as_secs())),
            };
            stage.ended(place, &fate);
            bar.inc(1);
            fate
        }
    });
    let fates = futures_util::future::join_all(playing).await;
    bar.finish_and_clear();
    fates
}

fn progress(scenes: usize, context: &Context) -> ProgressBar {
    if context.json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(scenes as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar.set_message(context.word("lab-playing"));
    bar
}
