//! What people would rather look at than read: rates by the hour, and what providers make of our mail, drawn here as SVG.

use super::reader::Reader;
use super::show::visible;
use crate::api::overview::{Counts, Matter, Overview};

/// The chart of hours: its height, and the room of one hour with the gap after it, in its own units.
const HEIGHT: u64 = 140;
const STEP: u64 = 30;
/// Providers that are shown.
const PROVIDERS: usize = 12;

/// One hour of the chart.
pub(crate) struct Bar {
    pub(crate) x: u64,
    /// From above: the parts that failed, have to be tried again, and arrived, as places and heights.
    pub(crate) failed: (u64, u64),
    pub(crate) deferred: (u64, u64),
    pub(crate) delivered: (u64, u64),
    pub(crate) title: String,
    /// The hour, where it is written under the chart.
    pub(crate) label: Option<String>,
}

/// One provider.
pub(crate) struct Share {
    pub(crate) title: String,
    /// Arrived, of a thousand that finished.
    pub(crate) arrived: u64,
    /// The same for people, in per cent.
    pub(crate) percent: String,
    pub(crate) tone: &'static str,
    pub(crate) counts: Counts,
}

/// Everything.
pub(crate) struct Numbers {
    pub(crate) total: Counts,
    pub(crate) waiting: u64,
    pub(crate) held: u64,
    pub(crate) bars: Vec<Bar>,
    /// What the highest line of the chart stands for.
    pub(crate) top: u64,
    pub(crate) quiet: bool,
    pub(crate) shares: Vec<Share>,
    pub(crate) attention: Vec<Matter>,
    pub(crate) partial: bool,
}

impl Numbers {
    pub(crate) fn new(reader: &Reader, overview: Overview) -> Self {
        let sum = |counts: &Counts| counts.delivered + counts.deferred + counts.failed;
        let highest = overview.hours.iter().map(|hour| sum(&hour.counts)).max().unwrap_or_default();
        let top = rounded(highest.max(1));
        let bars = overview.hours.iter().zip(0_u64..).map(|(hour, number)| {
            let height = |count: u64| (count * HEIGHT).div_ceil(top).min(HEIGHT);
            let Counts { delivered, deferred, failed, .. } = hour.counts;
            let (delivered, deferred, failed) = (height(delivered), height(deferred), height(failed));
            let base = |under: u64| HEIGHT.saturating_sub(under);
            let clock = hour.at.strftime("%H:%M").to_string();
            Bar {
                x: number * STEP,
                delivered: (base(delivered), delivered),
                deferred: (base(delivered + deferred), deferred),
                failed: (base(delivered + deferred + failed), failed),
                title: title(reader, &clock, &hour.counts),
                label: (number % 6 == 5).then_some(clock),
            }
        });
        let shares = overview.providers.iter().take(PROVIDERS).map(|provider| {
            let counts = provider.counts;
            let finished = counts.delivered + counts.failed;
            let arrived = (counts.delivered * 1000).checked_div(finished).unwrap_or_default();
            Share {
                title: visible(&provider.title),
                arrived,
                percent: if finished == 0 {
                    "–".to_owned()
                } else {
                    format!("{}.{} %", arrived / 10, arrived % 10)
                },
                tone: match arrived {
                    _ if finished == 0 => "dim",
                    980.. => "good",
                    900.. => "wait",
                    _ => "bad",
                },
                counts,
            }
        });
        Self {
            bars: bars.collect(),
            shares: shares.collect(),
            top,
            quiet: highest == 0,
            total: overview.total,
            waiting: overview.waiting,
            held: overview.held,
            attention: overview.attention,
            partial: overview.partial,
        }
    }
}

fn title(reader: &Reader, clock: &str, counts: &Counts) -> String {
    let say = |id: &str, count: u64| format!("{}: {count}", reader.say(id));
    format!(
        "{clock} UTC · {} · {} · {}",
        say("page-delivered", counts.delivered),
        say("page-deferred", counts.deferred),
        say("page-failed", counts.failed)
    )
}

/// The next number that people like to read: 1, 2 or 5 and zeros.
fn rounded(count: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for step in [1, 2, 5] {
            if power.saturating_mul(step) >= count {
                return power.saturating_mul(step);
            }
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn scales_end_with_round_numbers() {
        for (count, top) in [(1, 1), (3, 5), (5, 5), (6, 10), (11, 20), (201, 500), (999, 1000)] {
            assert_eq!(rounded(count), top);
        }
        assert_eq!(rounded(u64::MAX), u64::MAX);
    }
}
