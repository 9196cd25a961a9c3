//! Works measured side by side. A machine is never quiet: what is compared is measured in the same rounds, in processor
//! time of this thread, and compared round by round.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::Work;

/// What the rounds gave: for each work, the seconds that it took once, in each round.
pub struct Rounds(Vec<Vec<f64>>);

impl Rounds {
    /// Does all works, one after the other, in every round, each for about `slice`.
    pub fn run(works: &mut [Work<'_>], rounds: usize, slice: Duration, mut told: impl FnMut(usize)) -> Self {
        let counts: Vec<u32> = works.iter_mut().map(|work| how_often(work, slice)).collect();
        let mut seconds = vec![Vec::with_capacity(rounds); works.len()];
        for round in 0..rounds {
            for ((work, &count), seconds) in works.iter_mut().zip(&counts).zip(&mut seconds) {
                seconds.push(once(work, count));
            }
            told(round + 1);
        }
        Self(seconds)
    }

    /// Seconds that this work takes once, in the middle of all rounds.
    pub fn seconds(&self, work: usize) -> f64 {
        median(self.of(work).to_vec())
    }

    /// How many times as long `work` takes as `other`, in the middle of all rounds.
    pub fn ratio(&self, work: usize, other: usize) -> f64 {
        median(self.of(work).iter().zip(self.of(other)).map(|(work, other)| work / other).collect())
    }

    fn of(&self, work: usize) -> &[f64] {
        self.0.get(work).map(Vec::as_slice).unwrap_or_default()
    }
}

/// How often a work fits into a slice, found after it has warmed up.
fn how_often(work: &mut Work<'_>, slice: Duration) -> u32 {
    let mut count = 1;
    while once(work, count) * f64::from(count) < slice.as_secs_f64() {
        count *= 2;
    }
    count
}

/// Seconds that the work takes once, measured over `count` times.
fn once(work: &mut Work<'_>, count: u32) -> f64 {
    let begin = processor_time();
    for _ in 0..count {
        work();
    }
    (processor_time() - begin).as_secs_f64() / f64::from(count)
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    values.get(middle).copied().unwrap_or(f64::NAN)
}
