//! What `docs/mailgun.md` tells people to write, run as it stands there but for the names and the key.

use std::path::Path;
use std::process::Command;

use super::{DOMAIN, NO_NODE, NO_PHP, NO_PYTHON, World, php};
use crate::peer::{folder, need, program, python, run, skip};

/// The piece that is run by this name.
fn piece(name: &str) -> String {
    piece_of("run", name)
}

fn piece_of(mark: &str, name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/mailgun.md");
    let document = std::fs::read_to_string(path).unwrap();
    let (_, rest) =
        document.split_once(&format!("<!-- {mark}: {name} -->\n```")).unwrap_or_else(|| panic!("{name}"));
    let (_, code) = rest.split_once('\n').unwrap();
    code.split_once("\n```").unwrap().0.to_owned()
}

impl World {
    /// The same with our names in it.
    fn ours(&self, name: &str) -> String {
        piece(name)
            .replace("https://mail.example.com", &self.url())
            .replace("YOUR-API-KEY", &self.key)
            .replace("example.com", DOMAIN)
            .replace("example.net", "receiver.test")
    }

    #[track_caller]
    fn says_hello(&self, mut command: Command, subject: &str) {
        run(&mut command, b"").well();
        self.sink.with_text(&format!("Subject: {subject}"));
    }
}

#[test]
fn pieces_for_the_shell_and_python() {
    need!("the examples of docs/mailgun.md", program("curl").and(python()), NO_PYTHON);
    let world = World::start();
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(world.ours("curl"));
    world.says_hello(shell, "Hello from curl");
    let mut snake = Command::new(python().unwrap());
    snake.arg("-c").arg(world.ours("python"));
    world.says_hello(snake, "Hello from Python");
    let settings = world.ours("anymail");
    let send = format!(
        "import django\nfrom django.conf import settings\n{settings}\n\
         settings.configure(EMAIL_BACKEND=EMAIL_BACKEND, ANYMAIL=ANYMAIL, DEFAULT_CHARSET='utf-8')\ndjango.setup()\n\
         from django.core.mail import send_mail\n\
         send_mail('Hello from Django', 'x', 'alice@{DOMAIN}', ['friend@receiver.test'])\n"
    );
    let mut snake = Command::new(python().unwrap());
    snake.arg("-c").arg(send);
    world.says_hello(snake, "Hello from Django");
}

#[test]
fn pieces_for_symfony() {
    need!("the examples of docs/mailgun.md", php::script("symfony.php"), NO_PHP);
    let world = World::start();
    let here = world.site.addresses.http[0].to_string();
    let settings = piece("symfony").replace("YOUR-API-KEY", &world.key).replace("mail.example.com", &here);
    let settings = settings.replace("example.com", DOMAIN);
    let dsn: Vec<String> =
        settings.lines().filter_map(|line| line.strip_prefix("MAILER_DSN=")).map(str::to_owned).collect();
    assert_eq!(dsn.len(), 2, "{settings}");
    world.symfony_by(&dsn);
    for number in 0..dsn.len() {
        world.sink.with_text(&format!("Subject: Hello from Symfony {number}"));
    }
}

/// What cannot be run where packages come from Debian, npm and PyPI alone.
#[test]
fn pieces_for_clients_that_are_not_here() {
    for (name, client) in [("php", "mailgun-php"), ("go", "mailgun-go"), ("ruby", "mailgun-ruby")] {
        let piece = piece_of("by-wire", name);
        assert!(piece.contains("YOUR-API-KEY") && piece.contains("mail.example.com"), "{piece}");
        skip(
            &format!("{client} itself, and its example of docs/mailgun.md,"),
            "neither Debian nor npm nor PyPI has it; `sdk::dialect` and `sdk::wire` say what it says on the wire",
        );
    }
}

#[test]
fn pieces_for_node() {
    let modules = Some(folder().join("node_modules")).filter(|modules| modules.is_dir());
    let modules = need!("the examples of docs/mailgun.md", modules, NO_NODE);
    let node = need!("the examples of docs/mailgun.md", program("node"), NO_NODE);
    let world = World::start();
    for (name, subject) in [
        ("mailgun.js", "Hello from mailgun.js"),
        ("mailgun-js", "Hello from mailgun-js"),
        ("nodemailer", "Hello from Nodemailer"),
    ] {
        let mut command = Command::new(&node);
        command.arg("-e").arg(world.ours(name)).env("NODE_PATH", &modules);
        world.says_hello(command, subject);
    }
}
