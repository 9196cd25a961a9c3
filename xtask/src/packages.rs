//! What the tests need from Debian.

use std::process::{Command, Stdio};

use crate::run;

/// `(package, a file that shows it is there)`.
const PACKAGES: &[(&str, &str)] = &[
    ("postfix", "/usr/sbin/postfix"),
    ("testssl.sh", "/usr/bin/testssl"),
    ("libsasl2-modules", "/usr/lib/x86_64-linux-gnu/sasl2/libplain.so"),
    ("swaks", "/usr/bin/swaks"),
    ("bind9", "/usr/sbin/named"),
    ("bind9-dnsutils", "/usr/bin/dig"),
    ("bsd-mailx", "/usr/bin/bsd-mailx"),
    ("php-cli", "/usr/bin/php"),
    ("php-curl", "/usr/lib/php/20220829/curl.so"),
    ("php-symfony-mailgun-mailer", "/usr/share/php/Symfony/Component/Mailer/Bridge/Mailgun/autoload.php"),
    ("php-symfony-http-client", "/usr/share/php/Symfony/Component/HttpClient/autoload.php"),
    ("chromium", "/usr/bin/chromium"),
    ("fonts-noto-cjk", "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    ("python3-venv", "/usr/share/python-wheels"),
    ("curl", "/usr/bin/curl"),
    // Exim, which is unpacked and not installed, loads it.
    ("libidn12", "/usr/lib/x86_64-linux-gnu/libidn.so.12"),
    ("npm", "/usr/bin/npm"),
    ("perl", "/usr/bin/perl"),
    ("libmail-spf-perl", "/usr/share/perl5/Mail/SPF.pm"),
    ("libmail-dkim-perl", "/usr/share/perl5/Mail/DKIM.pm"),
    ("gcc", "/usr/bin/gcc"),
    ("libc6-dev", "/usr/include/stdio.h"),
    ("libopendkim-dev", "/usr/include/opendkim/dkim.h"),
    ("libopendmarc-dev", "/usr/include/opendmarc/dmarc.h"),
];

/// Installs what is missing, by apt, as root.
///
/// # Errors
/// A sentence that says what to install by hand, where apt or the rights are missing.
pub(crate) fn install() -> Result<(), String> {
    let missing: Vec<&str> =
        PACKAGES.iter().filter(|(package, file)| !is_there(package, file)).map(|(name, _)| *name).collect();
    if missing.is_empty() {
        println!("every package that the tests need is there");
        return Ok(());
    }
    let by_hand = format!("apt-get install --no-install-recommends {}", missing.join(" "));
    if !run::has("apt-get") {
        return Err(format!(
            "this is not Debian: install what these packages hold, then run again: {}",
            missing.join(" ")
        ));
    }
    println!("installing: {}", missing.join(" "));
    apt(&["update", "-qq"])
        .and_then(|()| {
            let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
            arguments.extend(&missing);
            apt(&arguments)
        })
        .map_err(|error| format!("{error}\nthe tests need Debian packages; as root: {by_hand}"))
}

fn is_there(package: &str, file: &str) -> bool {
    // npm may also come from elsewhere than Debian.
    std::path::Path::new(file).exists()
        || (package == "npm" && run::has("npm"))
        || (package == "curl" && run::has("curl"))
}

fn apt(arguments: &[&str]) -> Result<(), String> {
    let status = Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .map_err(|error| format!("cannot start apt-get: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("apt-get {}: {status}", arguments.join(" "))) }
}
