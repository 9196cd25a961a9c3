//! `cargo xtask simulate`: stories of delivery in which everything goes wrong, from seeds.

use std::path::Path;

use crate::run::{cargo, step};

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
    let mut seeds = "2000";
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
