//! The command line: words in, values out. What each word means to people stands in `cli.ftl`, in both languages.

mod check;
mod plan;
mod queue;
mod route;
mod suppression;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand};
use tegami_mail::note;
use tegami_web::people::Role;
use tegami_words::Language;

pub(crate) use check::Check;
pub(crate) use plan::{
    Access, Dkim, DmarcStage, Dns, Doing, Format, Rotate, Servers, SpfEnd, StepWord, Subject, Way, When,
};
pub(crate) use queue::{By, Consent, List, Queue, Selection, State, Summary};
pub(crate) use route::Route;
pub(crate) use suppression::{Choice, Suppression};

#[derive(Debug, Parser)]
#[command(
    name = "tegami",
    version,
    disable_help_subcommand = true,
    disable_version_flag = true,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    #[arg(long, global = true, value_name = "FILE", env = "TEGAMI_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    #[arg(long, global = true, value_name = "en|ja", value_parser = parse_language)]
    pub(crate) lang: Option<Language>,
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

fn parse_language(text: &str) -> Result<Language, tegami_words::UnknownLanguage> {
    text.parse()
}

/// Where DNS questions go.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct DnsOptions {
    #[arg(long, value_name = "FILE")]
    pub(crate) zone: Option<PathBuf>,
    #[arg(long, value_name = "IP:PORT", conflicts_with = "zone")]
    pub(crate) resolver: Option<SocketAddr>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Lab(Lab),
    Init(Init),
    Serve,
    Reload,
    Send(Send),
    #[command(subcommand)]
    Lookup(Lookup),
    Inspect(Inspect),
    Check(Check),
    #[command(subcommand)]
    Queue(Queue),
    Metrics,
    Why(Why),
    #[command(subcommand)]
    User(User),
    #[command(subcommand)]
    Operator(Operator),
    #[command(subcommand)]
    Key(Key),
    #[command(subcommand)]
    Domain(Domain),
    #[command(subcommand)]
    Dns(Dns),
    #[command(subcommand)]
    Dkim(Dkim),
    #[command(subcommand)]
    Mailbox(Mailbox),
    #[command(subcommand)]
    Provider(Provider),
    #[command(subcommand)]
    Report(Report),
    #[command(subcommand)]
    Route(Route),
    Score(Score),
    #[command(subcommand)]
    Suppression(Suppression),
    #[command(subcommand)]
    Config(Config),
}

#[derive(Debug, Args)]
pub(crate) struct Lab {
    #[arg(long)]
    pub(crate) once: bool,
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) http: u16,
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    #[arg(value_name = "DOMAIN")]
    pub(crate) domain: String,
    #[arg(long, value_name = "NAME")]
    pub(crate) hostname: Option<String>,
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
    #[arg(long, value_name = "IP")]
    pub(crate) ip: Vec<IpAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct Send {
    /// Recipients.
    #[arg(value_name = "ADDRESS")]
    pub(crate) recipients: Vec<String>,
    #[arg(short = 'f', long = "from", value_name = "ADDRESS")]
    pub(crate) from: Option<String>,
    #[arg(short = 't', long = "read-recipients")]
    pub(crate) read_recipients: bool,
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    #[arg(long)]
    pub(crate) direct: bool,
    #[arg(long, conflicts_with = "direct")]
    pub(crate) preflight: bool,
    #[arg(long, value_name = "PORT", default_value_t = 25, requires = "direct")]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) dns: DnsOptions,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Lookup {
    Mx(MxQuestion),
    Spf(SpfQuestion),
    Dkim(DkimQuestion),
    Dmarc(DmarcQuestion),
    Ptr(PtrQuestion),
    #[command(name = "mta-sts")]
    MtaSts(MtaStsQuestion),
    #[command(name = "tls-rpt")]
    TlsRpt(DomainQuestion),
    Tlsa(TlsaQuestion),
    #[command(visible_alias = "dnsbl")]
    Blacklist(BlacklistQuestion),
    Smtp(SmtpQuestion),
    Bimi(BimiQuestion),
    Reply(ReplyQuestion),
    Headers(HeadersQuestion),
}

#[derive(Debug, Args)]
pub(crate) struct DomainQuestion {
    #[arg(value_name = "DOMAIN")]
    pub(crate) domain: String,
    #[command(flatten)]
    pub(crate) dns: DnsOptions,
}

#[derive(Debug, Args)]
pub(crate) struct MxQuestion {
    #[arg(value_name = "DOMAIN")]
    pub(crate) domain: String,
    #[arg(long = "no-probes", visible_alias = "dns-only")]
    pub(crate) no_probes: bool,
    #[arg(long, value_name = "PORT", conflicts_with = "no_probes")]
    pub(crate) port: Option<u16>,
    #[command(flatten)]
    pub(crate) dns: DnsOptions,
}

#[derive(Debug, Args)]
pub(crate) struct BimiQuestion {
    #[arg(value_name = "DOMAIN")]
    pub(crate) domain: String,
    #[arg(long = "no-probes", visible_alias = "dns-only")]
    pub(crate) no_probes: bool,
    #[command(flatten)]
    pub(crate) dns: DnsOptions,
}

#[derive(Debug, Args)]
pub(crate) struct SpfQuestion {
    #[arg(value_name = "DOMAIN")]
    pub(crate) domain: Option<String>,
    #[arg(value_name = "IP", conflicts_with = "ip")]
    pub(crate) client: Option<IpAddr>,
    #[arg(long, value_name = "IP")]
    pub(crate) ip: Option<IpAddr>,
    #[arg(long = "mail-from", value_name = "ADDRESS")]
    pub(crate) mail_from: Option<String>,
    #[arg(long, value_name = "NAME")]
    pub(crate) helo: Option<String>,
    #[command(flatten)]
    pub(crate) dns: DnsOptions,
}

#[derive(Debug, Args)]
pub(crate) struct BlacklistQuestion {
    #[arg(value_name = "IP|DOMAIN")]
    pub(crate) subject: String,
    #[command(flatten)]
    pub(crate) dns: DnsOptions,
}

#[derive(Debug, Args)]
pub(crate) struct SmtpQuestion {
    #[arg(value_name = "HOST")]
    pub(crate) host: String,
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    #[command(flatten)]
    pub(crate) dns: DnsOptions,
}

#[derive(Debug, Args)]
pub(crate) struct DkimQuestion {
    #[arg(value_name = "DOMAIN")]
    pub(crate) domain: String,
    #[arg(value_name = "SELECTOR")]
    pub(crate) selector: Option<String>,
    #[command(flatten)]
    pub(crate) dns: DnsOptions,
}

#[derive(Debug, Args)]
pub(crate) struct DmarcQuestion {
    #[arg(value_name = "DOMAIN|ADDRESS", required = true)]
    pub(crate) subjects: Vec<String>,
    #[arg(long, value_name = "RESULT:DOMAIN")]
    pub(crate) spf: Vec<String>,
    #[arg(long, value_name = "RESULT:DOMAIN")]
    pub(crate) dkim: Vec<String>,
    #[command(flatten)]
    pub(crate) dns: DnsOptions,
}

#[derive(Debug, Args)]
pub(crate) struct PtrQuestion {
    #[arg(value_name = "IP")]
    pub(crate) ip: IpAddr,
    #[command(flatten)]
    pub(crate) dns: DnsOptions,
}

#[derive(Debug, Args)]
pub(crate) struct MtaStsQuestion {
    #[arg(value_name = "DOMAIN")]
    pub(crate) domain: String,
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) dns: DnsOptions,
}

#[derive(Debug, Args)]
pub(crate) struct TlsaQuestion {
    #[arg(value_name = "HOST[:PORT]")]
    pub(crate) host: String,
    #[command(flatten)]
    pub(crate) dns: DnsOptions,
}

#[derive(Debug, Args)]
pub(crate) struct ReplyQuestion {
    #[arg(value_name = "REPLY", allow_hyphen_values = true)]
    pub(crate) reply: Option<String>,
    #[arg(long, value_name = "HOST")]
    pub(crate) mx: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct HeadersQuestion {
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) file: PathBuf,
    #[arg(long = "authserv-id", value_name = "NAME")]
    pub(crate) authserv_id: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[arg(long, value_name = "IP")]
    pub(crate) ip: Option<IpAddr>,
    #[arg(long, value_name = "NAME")]
    pub(crate) helo: Option<String>,
    #[arg(long = "mail-from", value_name = "ADDRESS")]
    pub(crate) mail_from: Option<String>,
    #[arg(long, value_name = "RFC3339")]
    pub(crate) now: Option<jiff::Timestamp>,
    #[arg(long = "authserv-id", value_name = "NAME")]
    pub(crate) authserv_id: Option<String>,
    #[arg(long)]
    pub(crate) explain: bool,
    #[arg(long = "what-if", value_name = "CHANGE")]
    pub(crate) what_if: Vec<String>,
    #[command(flatten)]
    pub(crate) dns: DnsOptions,
}

#[derive(Debug, Args)]
pub(crate) struct Score {
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) wait: Option<String>,
    #[arg(long, value_name = "POINTS", requires = "wait", value_parser = points)]
    pub(crate) min: Option<f64>,
    #[arg(long, value_name = "SECONDS", requires = "wait", default_value_t = 300)]
    pub(crate) timeout: u64,
}

fn points(text: &str) -> Result<f64, String> {
    let points: Option<f64> = text.parse().ok().filter(|points| (0.0..=10.0).contains(points));
    points.ok_or_else(|| "0 to 10".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct Why {
    #[arg(value_name = "ID|ADDRESS")]
    pub(crate) subject: String,
    #[arg(long = "dry-run")]
    pub(crate) dry_run: bool,
    #[arg(long, value_name = "ADDRESS", requires = "dry_run")]
    pub(crate) from: Option<String>,
    #[arg(long, value_name = "TAG", requires = "dry_run")]
    pub(crate) tag: Vec<String>,
    #[command(flatten)]
    pub(crate) dns: DnsOptions,
}

#[derive(Debug, Subcommand)]
pub(crate) enum User {
    Add {
        #[arg(value_name = "ADDRESS")]
        name: String,
        #[arg(long = "may-send-as", value_name = "ADDRESS|*@DOMAIN")]
        senders: Vec<String>,
        #[arg(long = "password-file", value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Operator {
    Add {
        #[arg(value_name = "NAME")]
        name: String,
        #[arg(long, value_name = "admin|read-only", default_value = "admin")]
        role: Role,
        #[arg(long = "password-file", value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    Password {
        #[arg(value_name = "NAME")]
        name: String,
        #[arg(long = "password-file", value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    Role {
        #[arg(value_name = "NAME")]
        name: String,
        #[arg(value_name = "admin|read-only")]
        role: Role,
    },
    Remove {
        #[arg(value_name = "NAME")]
        name: String,
    },
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    Add {
        #[arg(value_name = "NAME")]
        name: String,
        #[arg(long, value_name = "DOMAIN")]
        domain: Option<String>,
    },
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Domain {
    List,
    Records {
        #[arg(value_name = "DOMAIN")]
        domain: String,
    },
    /// What plans have to know of a domain.
    #[command(hide = true)]
    Facts {
        #[arg(value_name = "DOMAIN")]
        domain: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Provider {
    List,
    Show {
        #[arg(value_name = "NAME")]
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Mailbox {
    List {
        #[arg(value_name = "ADDRESS")]
        address: String,
        #[arg(value_name = "MAILBOX")]
        mailbox: Option<String>,
    },
    Show {
        #[arg(value_name = "ADDRESS")]
        address: String,
        #[arg(value_name = "MAILBOX")]
        mailbox: String,
        #[arg(value_name = "UID")]
        uid: u32,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Report {
    Tls {
        #[arg(value_name = "DOMAIN")]
        domain: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    Check,
}

/// Reads the command line; `--help` and mistakes are told in the language of the reader.
///
/// # Errors
/// What clap has to say: help, version, or what is wrong.
pub(crate) fn parse(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Cli, clap::Error> {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let matches = command(language_of(&arguments)).try_get_matches_from(&arguments)?;
    Cli::from_arg_matches(&matches)
}

/// The language: `--lang`, else the locale.
pub(crate) fn language_of(arguments: &[std::ffi::OsString]) -> Language {
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let named =
        words.iter().zip(words.iter().skip(1)).find(|(flag, _)| **flag == "--lang").map(|(_, tag)| *tag);
    let joined = words.iter().find_map(|word| word.strip_prefix("--lang="));
    named.or(joined).and_then(|tag| tag.parse().ok()).unwrap_or_else(locale)
}

/// The language of the locale (POSIX Base Definitions section 8.2: `LC_ALL` before `LC_MESSAGES` before `LANG`).
pub(crate) fn locale() -> Language {
    let set = |name: &&str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let value = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set);
    value.map_or(Language::English, |value| Language::from_locale(&value))
}

/// The command with its help in `language`.
pub(crate) fn command(language: Language) -> Command {
    localise(Cli::command(), language, ROOT)
}

fn localise(command: Command, language: Language, path: &str) -> Command {
    let word = |id: &str| tegami_words::plain(language, id);
    let command = command
        .about(word(path))
        .help_template(template(&word("cli-help-usage")))
        .subcommand_help_heading(word("cli-help-commands"))
        .disable_help_flag(true)
        .arg(flag("help", 'h', ArgAction::Help));
    let command = if path == ROOT { command.arg(flag("version", 'V', ArgAction::Version)) } else { command };
    let command = command.mut_args(|argument| {
        let name = argument.get_id().as_str().replace('_', "-");
        let shared = SHARED.iter().chain(&queue::MEANT).any(|shared| *shared == name);
        let planned = plan::COMMANDS.iter().any(|commands| path.starts_with(commands));
        let id = match (shared, planned && !plan::OWN.contains(&name.as_str())) {
            (true, _) => format!("cli-help-shared-{name}"),
            (_, true) => format!("cli-help-plan-{name}"),
            _ => format!("{path}-arg-{name}"),
        };
        let heading = match (argument.is_positional(), EVERYWHERE.contains(&name.as_str())) {
            (true, _) => "cli-help-arguments",
            (_, true) => "cli-help-everywhere",
            _ => "cli-help-options",
        };
        // Defaults and variables stand in the sentences, in the reader's language.
        let (default, variable) = (!argument.get_default_values().is_empty(), argument.get_env().is_some());
        let argument = argument.help(word(&id)).help_heading(word(heading));
        argument.hide_default_value(default).hide_env(variable)
    });
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| {
        let below = format!("{path}-{name}");
        command.mut_subcommand(&name, |sub| localise(sub, language, &below))
    })
}

fn flag(name: &'static str, short: char, action: ArgAction) -> Arg {
    Arg::new(name).long(name).short(short).action(action).display_order(usize::MAX)
}

/// What `--help` prints, with the word for the usage line.
fn template(usage: &str) -> StyledStr {
    const HEADING: anstyle::Style = anstyle::Style::new().bold().underline();
    format!("{{about-with-newline}}\n{HEADING}{usage}:{HEADING:#} {{usage}}\n\n{{all-args}}").into()
}

/// What is wrong with a command line, in the reader's language. `None` where clap's own words have to do.
pub(crate) fn mistake(error: &clap::Error, language: Language) -> Option<String> {
    let about = |kind| match error.get(kind) {
        Some(ContextValue::Strings(words)) => words.join(" "),
        Some(value) => value.to_string(),
        None => String::new(),
    };
    // clap puts the most similar one last.
    let most_similar = |kind| match error.get(kind) {
        Some(ContextValue::Strings(words)) => words.last().cloned(),
        value => value.map(ToString::to_string),
    };
    let argument = about(ContextKind::InvalidArg);
    let said = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            note!("cli-wrong-command", word = about(ContextKind::InvalidSubcommand))
        }
        ErrorKind::UnknownArgument => note!("cli-wrong-argument", word = argument),
        ErrorKind::MissingRequiredArgument => note!("cli-wrong-missing", words = argument),
        ErrorKind::ArgumentConflict => {
            note!("cli-wrong-together", one = argument, other = about(ContextKind::PriorArg))
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let value = about(ContextKind::InvalidValue);
            match std::error::Error::source(error) {
                Some(reason) => {
                    note!("cli-wrong-value", value = value, argument = argument, reason = reason)
                }
                None => note!("cli-wrong-no-value", argument = argument),
            }
        }
        _ => return None,
    };
    let mut lines = vec![format!("tegami: {}", tegami_words::note(language, &said))];
    let similar = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg];
    if let Some(key) = similar.into_iter().find_map(most_similar) {
        lines.push(tegami_words::note(language, &note!("cli-config-did-you-mean", key = key)));
    }
    if let Some(usage) = error.get(ContextKind::Usage) {
        let usage = usage.to_string();
        let usage = usage.trim_start_matches("Usage:").trim();
        lines.push(format!("{}: {usage}", tegami_words::plain(language, "cli-help-usage")));
    }
    lines.push(tegami_words::plain(language, "cli-wrong-more"));
    Some(lines.join("\n"))
}

const ROOT: &str = "cli-help";

/// Arguments that every verb takes.
const EVERYWHERE: &[&str] = &["config", "lang", "json", "help", "version"];

/// Arguments that mean the same wherever they stand.
const SHARED: &[&str] =
    &["config", "lang", "json", "zone", "resolver", "help", "version", "yes", "dry-run", "reason"];

#[cfg(test)]
mod manual;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        command(Language::English).debug_assert();
    }

    #[test]
    fn every_word_is_told_in_both_languages() {
        for language in Language::ALL {
            untold(&command(language), language);
        }
    }

    fn untold(command: &Command, language: Language) {
        let mut words = vec![command.get_about().map(ToString::to_string)];
        words.extend(command.get_arguments().map(|argument| argument.get_help().map(ToString::to_string)));
        for word in words.into_iter().flatten() {
            assert!(!word.starts_with("cli-help"), "{language}: `{word}` stands in no Fluent file");
        }
        command.get_subcommands().for_each(|sub| untold(sub, language));
    }

    #[test]
    fn mistakes_are_told_in_both_languages() {
        let told = |language, words: &str| {
            let error = command(language).try_get_matches_from(words.split(' ')).unwrap_err();
            mistake(&error, language).unwrap()
        };
        for words in [
            "tegami serv",
            "tegami lab --onec",
            "tegami init",
            "tegami lookup spf --ip here",
            "tegami lookup mx a.test --zone z --resolver 192.0.2.1:53",
            "tegami inspect FILE --ip",
        ] {
            for language in Language::ALL {
                let told = told(language, words);
                assert!(!told.contains("cli-"), "{words}: {told}");
            }
        }
        assert!(told(Language::English, "tegami serv").contains("Did you mean `serve`?"));
        assert!(told(Language::Japanese, "tegami lab --onec").contains("--once"));
    }

    #[test]
    fn every_verb_stands_in_the_manual() {
        for verb in command(Language::English).get_subcommands() {
            let mut paths: Vec<_> = verb
                .get_subcommands()
                .filter(|below| !below.is_hide_set())
                .map(|below| format!("{} {}", verb.get_name(), below.get_name()))
                .collect();
            if paths.is_empty() {
                paths.push(verb.get_name().to_owned());
            }
            for path in paths {
                let told = include_str!("../../../docs/commands.md").contains(&format!("tegami {path}"));
                assert!(told, "docs/commands.md does not tell of `tegami {path}`");
            }
        }
    }

    #[test]
    fn language_from_the_command_line() {
        let words = |text: &str| text.split(' ').map(Into::into).collect::<Vec<_>>();
        assert_eq!(language_of(&words("tegami --lang ja lab")), Language::Japanese);
        assert_eq!(language_of(&words("tegami lab --lang=ja")), Language::Japanese);
    }
}
