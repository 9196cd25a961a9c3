//! `cargo xtask simulate`: stories of delivery in which everything goes wrong, from seeds.

use std::path::Path;

use crate::run::{cargo, step};

/// As many as take less than a minute on two cores that have nothing else to do.
const SEEDS: &str = "1000";

/// Runs the simulation: `--seeds N` stories from the seed `--first S` on, or with `--seed S` tells one story line by line.
///
/// # Errors
/// Words that are not understood, or a story in which something that must hold is broken.
pub(crate) fn run(root: &Path, words: &[&str]) -> Result<(), String> {
    let mut command = cargo(&[
        "test",
        "--quiet",
        "--package",
        "tegami-outbound",
        "--test",
        "simulation",
        "nothing_is_lost",
    ]);
    command.args(["--", "--nocapture"]);
    let mut seeds = SEEDS;
    for pair in words.chunks(2) {
        let [name, value] = pair else { return Err(format!("`{}` wants a number", pair.concat())) };
        if value.parse::<u64>().is_err() {
            return Err(format!("`{value}` is no number"));
        }
        match *name {
            "--seeds" => seeds = value,
            "--seed" => drop(command.env("TEGAMI_SEED", value)),
            "--first" => drop(command.env("TEGAMI_FIRST_SEED", value)),
            _ => return Err(format!("`{name}` is not understood: --seeds, --first or --seed")),
        }
    }
    step(root, "simulation", command.env("TEGAMI_SEEDS", seeds))
}
