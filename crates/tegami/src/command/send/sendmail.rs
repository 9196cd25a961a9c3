//! The `sendmail` that programs have called since 1983: its options, and its exit statuses of `sysexits.h`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tegami_mail::{Envelope, Reply, ReplyClass, header, line};
use tokio::io::copy_bidirectional;
use tokio::net::UnixStream;

use super::{complete, local, origin, parse_list, recipients, reverse_path, user_name};
use crate::command::{Context, Failure, runtime};
use crate::config::Config;

/// Exit statuses of `sysexits.h`.
const EX_USAGE: u8 = 64;
const EX_NOUSER: u8 = 67;
const EX_UNAVAILABLE: u8 = 69;
const EX_TEMPFAIL: u8 = 75;
const EX_NOPERM: u8 = 77;
const EX_CONFIG: u8 = 78;

/// Whether we were called by one of sendmail's names. mailx calls it `send-mail`.
pub(crate) fn is_sendmail(arguments: &[OsString]) -> bool {
    let name = arguments.first().and_then(|name| Path::new(name).file_name()).and_then(|name| name.to_str());
    matches!(name, Some("sendmail" | "send-mail" | "mailq" | "newaliases"))
}

/// What the options say.
#[derive(Debug, Default, PartialEq, Eq)]
struct Call {
    config: Option<PathBuf>,
    from: Option<String>,
    full_name: Option<String>,
    read_recipients: bool,
    ignore_dots: bool,
    mode: Mode,
    recipients: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Mode {
    /// `-bm`: a message on standard input.
    #[default]
    Message,
    /// `-bs`: SMTP on standard input and output.
    Smtp,
    /// `-bp`, `mailq`: the queue.
    Queue,
    /// `newaliases`, `-bi`: there is nothing to rebuild.
    Aliases,
}

/// Runs as `sendmail`.
pub(crate) fn sendmail(arguments: &[OsString]) -> ExitCode {
    let words: Vec<String> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let call = match read(&words) {
        Ok(call) => call,
        Err(message) => {
            anstream::eprintln!("sendmail: {message}");
            return ExitCode::from(EX_USAGE);
        }
    };
    let context = Context::for_sendmail(call.config.clone());
    let ended = runtime().and_then(|runtime| runtime.block_on(run(call, &context)));
    match ended {
        Ok(status) => ExitCode::from(status),
        Err(failure) => {
            anstream::eprintln!("{}", failure.render(&context));
            ExitCode::from(match failure {
                Failure::Config(_) => EX_CONFIG,
                // Trying again later would not give it a recipient.
                Failure::Note(note) if note.id == "cli-send-no-recipient" => EX_USAGE,
                _ => EX_TEMPFAIL,
            })
        }
    }
}

/// Options that take a value, in the same word or the next, and mean nothing to us.
const IGNORED_WITH_VALUE: &str = "BhLNORVX";

fn read(words: &[String]) -> Result<Call, String> {
    let name = words.first().and_then(|name| Path::new(name).file_name()).and_then(|name| name.to_str());
    let mut call = Call::default();
    match name {
        Some("mailq") => call.mode = Mode::Queue,
        Some("newaliases") => call.mode = Mode::Aliases,
        _ => {}
    }
    let mut rest = words.iter().skip(1);
    while let Some(word) = rest.next() {
        let Some(option) = word.strip_prefix('-').filter(|option| !option.is_empty()) else {
            call.recipients.push(word.clone());
            continue;
        };
        if option == "-" {
            call.recipients.extend(rest.by_ref().cloned());
            break;
        }
        let mut letters = option.chars();
        while let Some(letter) = letters.next() {
            let attached = letters.as_str();
            let mut value = || {
                if attached.is_empty() { rest.next().cloned() } else { Some(attached.to_owned()) }
                    .ok_or_else(|| format!("option -{letter} wants a value"))
            };
            match letter {
                't' => call.read_recipients = true,
                'i' => call.ignore_dots = true,
                // -v talks more, -m spares the sender, -U, -G and -n mark submissions: nothing changes for us.
                'v' | 'm' | 'U' | 'G' | 'n' => {}
                'f' | 'r' => call.from = Some(value()?),
                'F' => call.full_name = Some(value()?),
                'C' => call.config = Some(value()?.into()),
                'b' => call.mode = mode(&value()?)?,
                // -oi is -i; other -o options and -q are for daemons.
                'o' => call.ignore_dots |= value()? == "i",
                'q' | 'd' => {}
                letter if IGNORED_WITH_VALUE.contains(letter) => drop(value()?),
                _ => return Err(format!("option -{letter} is not known")),
            }
            if "frFCboqd".contains(letter) || IGNORED_WITH_VALUE.contains(letter) {
                break;
            }
        }
    }
    Ok(call)
}

fn mode(letter: &str) -> Result<Mode, String> {
    match letter {
        "m" => Ok(Mode::Message),
        "s" => Ok(Mode::Smtp),
        "p" => Ok(Mode::Queue),
        "i" => Ok(Mode::Aliases),
        other => Err(format!("mode -b{other} is not served")),
    }
}

async fn run(call: Call, context: &Context) -> Result<u8, Failure> {
    if call.mode == Mode::Aliases {
        return Ok(0);
    }
    let config = context.config()?;
    match call.mode {
        Mode::Smtp => smtp(&config).await,
        Mode::Queue => queue(context, &config).await,
        Mode::Message | Mode::Aliases => message(&call, &config).await,
    }
}

/// The socket speaks SMTP already.
async fn smtp(config: &Config) -> Result<u8, Failure> {
    let mut stream = UnixStream::connect(&config.listen.local).await?;
    let mut terminal = tokio::io::join(tokio::io::stdin(), tokio::io::stdout());
    copy_bidirectional(&mut terminal, &mut stream).await?;
    Ok(0)
}

async fn queue(context: &Context, config: &Config) -> Result<u8, Failure> {
    let report = crate::command::queue_list(context, config).await?;
    anstream::print!("{report}");
    Ok(0)
}

async fn message(call: &Call, config: &Config) -> Result<u8, Failure> {
    let mut content = super::read(None)?;
    if !call.ignore_dots {
        content = until_dot(&content).to_vec();
    }
    let origin = origin(config);
    let named: Result<Vec<String>, Failure> = call
        .recipients
        .iter()
        .map(|text| Ok(if text.contains('@') { text.clone() } else { complete(text, origin)?.to_string() }))
        .collect();
    let recipients = recipients(&named?, call.read_recipients, &content)?;
    let reverse_path = reverse_path(call.from.as_deref(), &content, origin)?;
    let content = with_author(call, origin, line::to_crlf(&content).into_owned())?;
    let reply = local::hand_over(config, Envelope::new(reverse_path, recipients), content).await?;
    if !reply.is_completion() {
        anstream::eprintln!("sendmail: {reply}");
    }
    Ok(status(&reply))
}

/// Without `-i` a line of one dot ends the message.
fn until_dot(content: &[u8]) -> &[u8] {
    let mut place = 0;
    for line in content.split_inclusive(|octet| *octet == b'\n') {
        if matches!(line, b".\n" | b".\r\n" | b".") {
            return content.get(..place).unwrap_or(content);
        }
        place += line.len();
    }
    content
}

/// mailx leaves the From field to sendmail.
fn with_author(call: &Call, origin: &tegami_mail::Domain, content: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let section = header::HeaderSection::parse(&content, header::HeaderLimits::GENEROUS);
    if section.is_ok_and(|section| section.first("From").is_some()) {
        return Ok(content);
    }
    let address = match &call.from {
        Some(from) if !from.trim_matches(['<', '>', ' ']).is_empty() => parse_list(from)
            .ok()
            .and_then(|list| list.into_iter().next())
            .map_or_else(|| complete(from, origin), Ok)?,
        _ => complete(&user_name(), origin)?,
    };
    let author = tegami_mail::mailbox_list::NameAddr { name: call.full_name.clone(), address };
    let field =
        header::write("From", &author.to_string()).map_err(|error| Failure::Text(error.to_string()))?;
    if header::begins_with_field(&content) || content.starts_with(b"\r\n") {
        return Ok(header::prepend(&content, &[field]));
    }
    // A message of body only, as `echo hi | sendmail someone` makes it.
    Ok([field, b"\r\n".to_vec(), content].concat())
}

fn status(reply: &Reply) -> u8 {
    match (reply.class(), reply.enhanced.map(|code| (code.subject, code.detail))) {
        (ReplyClass::Completion, _) => 0,
        (ReplyClass::Permanent, Some((1, 1))) => EX_NOUSER,
        (ReplyClass::Permanent, Some((7, _))) => EX_NOPERM,
        (ReplyClass::Permanent, _) => EX_UNAVAILABLE,
        _ => EX_TEMPFAIL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(line: &str) -> Call {
        read(&line.split(' ').map(str::to_owned).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn options_of_programs() {
        let mailx = call("send-mail -i a@example.org b@example.org");
        assert!(mailx.ignore_dots);
        assert_eq!(mailx.recipients, ["a@example.org", "b@example.org"]);
        let php = call("/usr/sbin/sendmail -t -i");
        assert!(php.read_recipients && php.ignore_dots);
        let cron = call("sendmail -FCronDaemon -i -B8BITMIME -oem root");
        assert_eq!(cron.full_name.as_deref(), Some("CronDaemon"));
        assert_eq!(cron.recipients, ["root"]);
        let git = call("sendmail -i -f me@example.org -- -odd@example.org");
        assert_eq!(git.from.as_deref(), Some("me@example.org"));
        assert_eq!(git.recipients, ["-odd@example.org"]);
        assert_eq!(call("sendmail -ti -fme@example.org").from.as_deref(), Some("me@example.org"));
        assert_eq!(call("sendmail -bs").mode, Mode::Smtp);
        assert_eq!(call("mailq").mode, Mode::Queue);
    }

    #[test]
    fn wrong_options_are_named() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(read(&words("sendmail -Z")), Err("option -Z is not known".to_owned()));
        assert_eq!(read(&words("sendmail -f")), Err("option -f wants a value".to_owned()));
    }

    #[test]
    fn a_dot_ends_the_message() {
        assert_eq!(until_dot(b"one\n.\ntwo\n"), b"one\n");
        assert_eq!(until_dot(b"one\n..\ntwo\n"), b"one\n..\ntwo\n");
    }
}
