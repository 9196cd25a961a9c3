//! What the rounds came to: medians, and ratios to the peers.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;

/// One run of one contestant, as the bench writes it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Run {
    contestant: String,
    mode: String,
    size: u64,
    sessions: u64,
    #[serde(default)]
    kept: bool,
    accept_rate: Option<f64>,
    relay_rate: Option<f64>,
    all_cpu_s_per_1000: Option<f64>,
    cpu_s_per_1000: Option<f64>,
    flushes_per_msg: Option<f64>,
    peak_pss_mib: Option<f64>,
    foreign_cpu: Option<f64>,
}

/// Reads the lines that count.
///
/// # Errors
/// There are none.
pub(super) fn read(path: &Path) -> Result<Vec<Run>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text
        .lines()
        .filter_map(|line| serde_json::from_str::<Run>(line).ok())
        .filter(|run| run.kept)
        .collect())
}

/// The order of the rows.
const ORDER: &[&str] = &["tegami", "postfix", "exim", "opensmtpd", "haraka", "floor", "direct-sink"];
/// Peers that sync before they answer 250.
const DURABLE: &[&str] = &["postfix", "exim", "haraka"];

/// The table, a part for each load.
pub(super) fn markdown(runs: &[Run]) -> String {
    let mut parts: BTreeMap<(String, u64, u64), Vec<&Run>> = BTreeMap::new();
    for run in runs {
        parts.entry((run.mode.clone(), run.size, run.sessions)).or_default().push(run);
    }
    let mut text = String::new();
    for ((mode, size, sessions), runs) in &parts {
        let _ = writeln!(text, "### {mode}, {} KiB, {sessions} sessions\n", size / 1024);
        text.push_str(
            "| | mails/s | CPU s per 1,000 | flushes per mail | peak memory, MiB | foreign load |\n",
        );
        text.push_str("| --- | --- | --- | --- | --- | --- |\n");
        for name in ORDER {
            let own: Vec<&Run> = runs.iter().copied().filter(|run| run.contestant == *name).collect();
            if own.is_empty() {
                continue;
            }
            let _ = writeln!(
                text,
                "| {name} | {} | {} | {} | {} | {} |",
                shown(rate(&own), 0),
                shown(cpu(&own), 2),
                shown(median(&own, |run| run.flushes_per_msg), 2),
                shown(median(&own, |run| run.peak_pss_mib), 0),
                shown(median(&own, |run| run.foreign_cpu), 2),
            );
        }
        let _ = writeln!(text, "\n{}\n", ratios(runs));
    }
    text
}

/// How many times faster, and cheaper, we are than each peer.
fn ratios(runs: &[&Run]) -> String {
    let of =
        |name: &str| -> Vec<&Run> { runs.iter().copied().filter(|run| run.contestant == name).collect() };
    let ours = of("tegami");
    let told =
        ORDER.iter().filter(|name| !["tegami", "floor", "direct-sink"].contains(name)).filter_map(|name| {
            let theirs = of(name);
            let (rate, cpu) = (rate(&ours)? / rate(&theirs)?, cpu(&theirs)? / cpu(&ours)?);
            let remark = if DURABLE.contains(name) { "" } else { " (does not sync before the 250)" };
            Some(format!("{rate:.1} × the rate of {name}{remark} for 1/{cpu:.1} of its processor time"))
        });
    let told: Vec<String> = told.collect();
    if told.is_empty() { "No peer took part.".to_owned() } else { format!("Tegami: {}.", told.join("; ")) }
}

/// Messages a second, to the end of the relaying where there is one.
fn rate(runs: &[&Run]) -> Option<f64> {
    median(runs, |run| run.relay_rate.or(run.accept_rate))
}

/// Exim's children escape the count of its own processes, so what the machine burned counts for all; the own count is for a machine
/// that others use too.
fn cpu(runs: &[&Run]) -> Option<f64> {
    let quiet = median(runs, |run| run.foreign_cpu).is_some_and(|foreign| foreign < 0.3);
    let exim = runs.iter().any(|run| run.contestant == "exim");
    if quiet || exim {
        median(runs, |run| run.all_cpu_s_per_1000)
    } else {
        median(runs, |run| run.cpu_s_per_1000)
    }
}

fn median(runs: &[&Run], value: impl Fn(&Run) -> Option<f64>) -> Option<f64> {
    let mut values: Vec<f64> = runs.iter().filter_map(|run| value(run)).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        1 => values.get(middle).copied(),
        _ => Some(f64::midpoint(*values.get(middle.checked_sub(1)?)?, *values.get(middle)?)),
    }
}

fn shown(value: Option<f64>, places: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.places$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_ratios() {
        let line = |contestant, rate, cpu| {
            format!(
                r#"{{"contestant":"{contestant}","mode":"relay","size":1024,"sessions":20,"kept":true,"accept_rate":1.0,"relay_rate":{rate},"all_cpu_s_per_1000":{cpu},"cpu_s_per_1000":{cpu},"flushes_per_msg":0.1,"peak_pss_mib":20.0,"foreign_cpu":0.0}}"#
            )
        };
        let lines = [line("tegami", 4000, 0.2), line("tegami", 6000, 0.2), line("postfix", 1000, 1.6)];
        let runs: Vec<Run> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let text = markdown(&runs);
        assert!(text.contains("| tegami | 5000 | 0.20 |"), "{text}");
        assert!(text.contains("5.0 × the rate of postfix for 1/8.0 of its processor time"), "{text}");
    }
}
