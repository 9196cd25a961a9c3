//! What people would rather look at than read: rates by the hour, and what providers make of our mail, drawn here as SVG.

use super::reader::Reader;
use super::show::visible;
use crate::api::overview::{Counts, Matter, Overview};

/// A chart: its height, and the room of one bar with the gap after it, in its own units.
const HEIGHT: u64 = 140;
const STEP: u64 = 20;
/// Providers that are shown.
const PROVIDERS: usize = 12;

/// One bar of a chart.
pub(crate) struct Bar {
    pub(crate) x: u64,
    /// From above: the parts that failed, have to be tried again, and arrived, as places and heights.
    pub(crate) failed: (u64, u64),
    pub(crate) deferred: (u64, u64),
    pub(crate) delivered: (u64, u64),
    pub(crate) title: String,
    /// What is written under the chart.
    pub(crate) label: Option<String>,
}

/// What became of recipients in hours or days.
pub(crate) struct Chart {
    pub(crate) title: String,
    pub(crate) bars: Vec<Bar>,
    /// The room of all bars.
    pub(crate) width: u64,
    /// What the highest line stands for.
    pub(crate) top: u64,
    pub(crate) quiet: bool,
}

impl Chart {
    /// Of these stretches of time; each so many bars one is named.
    pub(crate) fn new(reader: &Reader, title: &str, stretches: Vec<(String, Counts)>, each: u64) -> Self {
        let sum = |counts: &Counts| counts.delivered + counts.deferred + counts.failed;
        let highest = stretches.iter().map(|(_, counts)| sum(counts)).max().unwrap_or_default();
        let top = rounded(highest.max(1));
        let height = |count: u64| (count * HEIGHT).div_ceil(top).min(HEIGHT);
        let base = |under: u64| HEIGHT.saturating_sub(under);
        let bars = stretches.into_iter().zip(0_u64..).map(|((name, counts), number)| {
            let Counts { delivered, deferred, failed, .. } = counts;
            let (delivered, deferred, failed) = (height(delivered), height(deferred), height(failed));
            Bar {
                x: number * STEP,
                delivered: (base(delivered), delivered),
                deferred: (base(delivered + deferred), deferred),
                failed: (base(delivered + deferred + failed), failed),
                title: told(reader, &name, &counts),
                label: (number % each == 2).then_some(name),
            }
        });
        let bars: Vec<Bar> = bars.collect();
        let width = bars.last().map_or(0, |bar| bar.x + STEP);
        Self { title: reader.say(title), bars, width, top, quiet: highest == 0 }
    }
}

/// How much of something arrives.
pub(crate) struct Share {
    pub(crate) title: String,
    /// Arrived, of a thousand that finished.
    pub(crate) arrived: u64,
    /// The same for people, in per cent.
    pub(crate) percent: String,
    pub(crate) tone: &'static str,
    pub(crate) counts: Counts,
}

impl Share {
    pub(crate) fn new(title: String, counts: Counts) -> Self {
        let finished = counts.delivered + counts.failed;
        let arrived = (counts.delivered * 1000).checked_div(finished).unwrap_or_default();
        let (percent, tone) = match arrived {
            _ if finished == 0 => ("–".to_owned(), "dim"),
            980.. => (per_cent(arrived), "good"),
            900.. => (per_cent(arrived), "wait"),
            _ => (per_cent(arrived), "bad"),
        };
        Self { title, arrived, percent, tone, counts }
    }
}

fn per_cent(thousandths: u64) -> String {
    format!("{}.{} %", thousandths / 10, thousandths % 10)
}

/// Everything.
pub(crate) struct Numbers {
    pub(crate) total: Counts,
    pub(crate) waiting: u64,
    pub(crate) held: u64,
    pub(crate) chart: Chart,
    pub(crate) shares: Vec<Share>,
    pub(crate) attention: Vec<Matter>,
}

impl Numbers {
    pub(crate) fn new(reader: &Reader, overview: Overview) -> Self {
        let hours = overview.hours.iter().map(|hour| (hour.at.strftime("%H:%M").to_string(), hour.counts));
        let shares = overview.providers.iter().take(PROVIDERS);
        Self {
            chart: Chart::new(reader, "page-chart-hours", hours.collect(), 6),
            shares: shares.map(|provider| Share::new(visible(&provider.title), provider.counts)).collect(),
            total: overview.total,
            waiting: overview.waiting,
            held: overview.held,
            attention: overview.attention,
        }
    }
}

fn told(reader: &Reader, when: &str, counts: &Counts) -> String {
    let say = |id: &str, count: u64| format!("{}: {count}", reader.say(id));
    format!(
        "{when} · {} · {} · {}",
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
