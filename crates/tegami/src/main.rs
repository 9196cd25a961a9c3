//! `tegami`: one binary that sends, receives and vouches for e-mail.

mod cli;
mod command;
mod config;
mod server;

use std::ffi::OsString;
use std::process::ExitCode;

/// Messages are many small texts, and the system's allocator took a fifth of the processor time (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    small_pages();
    thrifty_allocator(&arguments);
    command::run(&arguments)
}

/// Where the kernel hands out huge pages, a few small texts hold two megabytes each: 57 MiB instead of 41 at 20 sessions. Elsewhere than on Linux, and where
/// the kernel refuses, all stays as it is.
fn small_pages() {
    #[cfg(target_os = "linux")]
    // Nobody listens to a log yet.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

/// Has the allocator take memory bit by bit and give it back at once: 37 MiB instead of 44 at 20 sessions, for no processor time that could be measured. It reads
/// its options from the environment, before `main`: so a server begins once more, as the same process, with those set that nobody else has set. Where that fails,
/// all stays as it is.
fn thrifty_allocator(arguments: &[OsString]) {
    #[cfg(target_os = "linux")]
    if let [program, words @ ..] = arguments
        && words.iter().any(|word| word == "serve")
    {
        use std::os::unix::process::CommandExt;
        let options = ["MIMALLOC_ARENA_EAGER_COMMIT", "MIMALLOC_PURGE_DELAY"];
        let unset = options.into_iter().filter(|name| std::env::var_os(name).is_none());
        let unset: Vec<_> = unset.map(|name| (name, "0")).collect();
        if !unset.is_empty() {
            // By its own path: the kernel names a process after the file, and `pgrep tegami` has to find it.
            let again = std::env::current_exe().map(std::process::Command::new);
            // Nobody listens to a log yet.
            drop(again.map(|mut again| again.arg0(program).args(words).envs(unset).exec()));
        }
    }
}
