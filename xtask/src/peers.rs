//! What the tests need beside installed packages: clients of npm and judges of PyPI, and Exim, which Debian does not install beside Postfix.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::run;

/// For Python: who verifies DKIM and SPF (dkimpy reads Ed25519 with PyNaCl), who speaks the Mailgun-compatible API and takes its
/// webhooks, who tries an OpenAPI document, and who plays the API of Route 53, and
/// who examines domains as the doctor does.
const PYTHON: &[&str] = &[
    "dkimpy==1.1.8",
    "pyspf==2.0.14",
    "dnspython==2.9.2",
    "pynacl==1.6.2",
    "mailgun==1.10.0",
    "django==5.2.19",
    "django-anymail==15.2",
    "schemathesis==4.32.5",
    "moto[server]==5.2.5",
    "checkdmarc==6.0.4",
];
/// For Node: who submits by SMTP and by HTTP. `mailgun-js` is the old client, which many applications still carry.
const NODE: &[&str] = &[
    "nodemailer@10.6.0",
    "mailgun.js@14.0.1",
    "form-data@4.0.6",
    "mailgun-js@0.22.0",
    "nodemailer-mailgun-transport@2.1.5",
];

/// Fills `target/peers`, once for each list of packages; what is there already stays. It takes about a minute and 190 MB.
///
/// # Errors
/// A sentence that says what is missing, and what the tests then skip.
pub(crate) fn install(root: &Path) -> Result<(), String> {
    let folder = root.join("target/peers");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let problems: Vec<String> =
        [python(&folder), node(&folder), exim(&folder)].into_iter().filter_map(Result::err).collect();
    if problems.is_empty() {
        println!("everything that the tests need of npm and PyPI is there, and Exim");
        return Ok(());
    }
    Err(problems.join("\n"))
}

fn python(folder: &Path) -> Result<(), String> {
    let done = folder.join("venv/complete");
    if holds(&done, PYTHON) {
        return Ok(());
    }
    // An environment that is there already may be another Python's, and stays with it.
    if !folder.join("venv/bin/pip").exists() {
        quietly(folder, Command::new("python3").args(["-m", "venv", "venv"]))?;
    }
    let mut fill = Command::new(folder.join("venv/bin/pip"));
    fill.args(["install", "--quiet", "--disable-pip-version-check"]).args(PYTHON);
    quietly(folder, &mut fill).map_err(|error| {
        format!(
            "{error}\nthe tests that ask Python's packages are skipped; offline? They come from PyPI: {}",
            PYTHON.join(" ")
        )
    })?;
    complete(&done, PYTHON)
}

/// Whether these packages were installed, and not those of another list.
fn holds(done: &Path, packages: &[&str]) -> bool {
    std::fs::read_to_string(done).is_ok_and(|list| list == packages.join("\n"))
}

fn complete(done: &Path, packages: &[&str]) -> Result<(), String> {
    std::fs::write(done, packages.join("\n")).map_err(|error| format!("{}: {error}", done.display()))
}

fn node(folder: &Path) -> Result<(), String> {
    let done = folder.join("node_modules/complete");
    if holds(&done, NODE) {
        return Ok(());
    }
    if !run::has("npm") {
        return Err("npm is missing: the tests with clients for Node are skipped".to_owned());
    }
    let manifest = folder.join("package.json");
    // Without a manifest of its own npm would look for one in the folders above.
    std::fs::write(&manifest, "{\"private\": true}\n")
        .map_err(|error| format!("{}: {error}", manifest.display()))?;
    let mut fill = Command::new("npm");
    fill.args(["install", "--silent", "--no-audit", "--no-fund"]).args(NODE);
    quietly(folder, &mut fill).map_err(|error| {
        format!(
            "{error}\nthe tests with clients for Node are skipped; offline? They come from npm: {}",
            NODE.join(" ")
        )
    })?;
    complete(&done, NODE)
}

/// Exim, unpacked and not installed. It refuses to start where its user is unknown to the machine.
fn exim(folder: &Path) -> Result<(), String> {
    let place = folder.join("exim");
    let known = |user: &str| {
        let mut ask = Command::new("getent");
        quietly(folder, ask.args(["passwd", user])).is_ok()
    };
    if place.join("usr/sbin/exim4").exists() && known("Debian-exim") {
        return Ok(());
    }
    if !run::has("apt-get") {
        return Err("this is not Debian: the tests with Exim are skipped".to_owned());
    }
    let whole = || {
        std::fs::create_dir_all(&place).map_err(|error| format!("{}: {error}", place.display()))?;
        let mut fetch = Command::new("apt-get");
        quietly(&place, fetch.args(["download", "-qq", "exim4-daemon-light"]).stderr(Stdio::null()))?;
        let mut unpack = Command::new("sh");
        quietly(&place, unpack.args(["-c", "for package in *.deb; do dpkg-deb -x \"$package\" .; done"]))?;
        if known("Debian-exim") {
            return Ok(());
        }
        let user = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"];
        quietly(&place, Command::new("useradd").args(user).arg("Debian-exim"))
    };
    whole().map_err(|error: String| format!("{error}\nthe tests with Exim are skipped"))
}

fn quietly(folder: &Path, command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name}: {status}")),
        Err(error) => Err(format!("cannot start {name}: {error}")),
    }
}
