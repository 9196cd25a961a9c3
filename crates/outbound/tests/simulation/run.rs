//! Story after story, and what a broken one looks like.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::life::{Lived, live};
use crate::verdict;
use crate::world::{World, panics, watch_panics};

/// Seeds of an ordinary test run; `cargo xtask simulate` runs more.
const SEEDS: u64 = 150;

/// Tells a story to its end. Gives what is broken, and its lines.
fn story(seed: u64, told: bool) -> (Vec<String>, Vec<String>, usize) {
    let world = World::new(seed, told);
    world.tell(|| format!("{:#?}", world.plan));
    loop {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let lived = runtime.block_on(async {
            let lived = live(std::sync::Arc::clone(&world)).await;
            let down = if let Lived::Ended(_, down) = lived { down } else { std::time::Duration::ZERO };
            world.end_life(down);
            lived
        });
        // Whatever still runs ends here, in the middle of what it does.
        drop(runtime);
        world.cut_all();
        match lived {
            Lived::Ended(ending, _) => world.watch().ends.push(ending),
            Lived::Finished => break,
        }
    }
    verdict::judge(&world);
    let mut broken = std::mem::take(&mut world.watch().broken);
    broken.extend(panics());
    let attempts = world.watch().attempts;
    (broken, world.story(), attempts)
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}: `{text}` is no number")))
}

#[test]
fn nothing_is_lost_whatever_happens() {
    watch_panics();
    if let Some(seed) = number("TEGAMI_SEED") {
        let (broken, lines, _) = story(seed, true);
        println!("{}", lines.join("\n"));
        assert_no_fault(seed, &broken);
        return;
    }
    let first = number("TEGAMI_FIRST_SEED").unwrap_or(0);
    let count = number("TEGAMI_SEEDS").unwrap_or(SEEDS);
    let (next, attempts, began) = (AtomicU64::new(first), AtomicU64::new(0), Instant::now());
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let faults = std::thread::scope(|scope| {
        let walk = || {
            let mut faults = Vec::new();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= first + count || faults.len() >= 5 {
                    return faults;
                }
                let (broken, _, tried) = story(seed, false);
                attempts.fetch_add(tried as u64, Ordering::Relaxed);
                if !broken.is_empty() {
                    faults.push((seed, broken));
                }
            }
        };
        let walks: Vec<_> = (0..threads).map(|_| scope.spawn(walk)).collect();
        let mut faults: Vec<_> = walks.into_iter().flat_map(|walk| walk.join().unwrap()).collect();
        faults.sort();
        faults
    });
    let seconds = began.elapsed().as_secs_f64();
    println!("{count} seeds, {} attempts, {seconds:.1} s", attempts.load(Ordering::Relaxed));
    for (seed, broken) in &faults {
        println!("seed {seed}: {}", broken.join("\n    "));
    }
    if let Some((seed, broken)) = faults.first() {
        assert_no_fault(*seed, broken);
    }
}

fn assert_no_fault(seed: u64, broken: &[String]) {
    assert!(
        broken.is_empty(),
        "seed {seed}: {}\nIts story: cargo xtask simulate --seed {seed}",
        broken.join("\n    ")
    );
}

#[test]
fn a_seed_tells_the_same_story_again() {
    watch_panics();
    for seed in 0..30 {
        let (first, second) = (story(seed, true).1, story(seed, true).1);
        let differs = first.iter().zip(&second).find(|(one, other)| one != other);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(first.len(), second.len(), "seed {seed}");
    }
}
