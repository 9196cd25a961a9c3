//! The verbs of the command line. Each is a function from its arguments and a [`Context`] to an [`Outcome`].
//!
//! Administrative verbs work on the data folder. While a server runs, the folder is its own: then the verb travels over the control socket and
//! the server runs the same function.

mod check;
mod config;
mod context;
mod dkim;
mod dns;
mod domain;
mod dry_run;
mod init;
mod inspect;
mod key;
mod lab;
mod lookup;
mod mailbox;
mod operator;
mod paper;
mod plan;
mod prose;
mod provider;
mod queue;
mod reload;
mod remote;
mod report;
mod route;
mod score;
mod send;
mod serve;
mod suppression;
mod table;
mod user;
mod way;
mod why;

use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use tegami_mail::note;
use tegami_queue::SystemClock;

pub(crate) use check::provider_word;
pub(crate) use context::{Context, Failure, Outcome, Report};
pub(crate) use dns::ZoneFile;
pub(crate) use serve::reach;

use crate::cli::{self, Cli, Verb};
use crate::config::Config;
use crate::server::control::{self, Request, Response};
use crate::server::{House, Rooms, metrics};

/// Exit status for wrong use, or where a command cannot run.
const CANNOT: u8 = 2;

/// Runs the program.
pub(crate) fn run(arguments: &[OsString]) -> ExitCode {
    if send::is_sendmail(arguments) {
        return send::sendmail(arguments);
    }
    let cli = match cli::parse(arguments.iter().cloned()) {
        Ok(cli) => cli,
        Err(error) => {
            let status = if error.use_stderr() { ExitCode::from(CANNOT) } else { ExitCode::SUCCESS };
            match cli::mistake(&error, cli::language_of(arguments)) {
                Some(told) => anstream::eprintln!("{told}"),
                // A terminal that is gone cannot be told so.
                None => drop(error.print()),
            }
            return status;
        }
    };
    let context = Context::new(&cli.global);
    let ended = runtime().and_then(|runtime| runtime.block_on(verb(&cli, &context, arguments)));
    match ended {
        Ok(Outcome::Well) => ExitCode::SUCCESS,
        Ok(Outcome::Finding) => ExitCode::from(1),
        Err(Failure::Told) => ExitCode::from(CANNOT),
        Err(failure) => {
            anstream::eprintln!("{}", failure.render(&context));
            ExitCode::from(CANNOT)
        }
    }
}

/// The runtime that every verb runs on.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

async fn verb(cli: &Cli, context: &Context, arguments: &[OsString]) -> Result<Outcome, Failure> {
    match &cli.verb {
        Verb::Config(cli::Config::Check) => config::check(context),
        Verb::Init(init) => init::run(init, context).await,
        Verb::Serve => serve::run(context).await,
        Verb::Send(send) => send::run(send, context).await,
        Verb::Lookup(lookup) => Ok(print(&lookup::run(lookup, context).await?)),
        Verb::Inspect(inspect) => Ok(print(&inspect::run(inspect, context).await?)),
        Verb::Check(check) => Ok(print(&check::run(check, context).await?)),
        Verb::Lab(lab) => lab::run(lab, context).await,
        Verb::Dns(dns) => plan::run(dns, context).await,
        Verb::Dkim(cli::Dkim::Rotate(rotate)) => dkim::rotate(rotate, context).await,
        Verb::Queue(_)
        | Verb::Metrics
        | Verb::Reload
        | Verb::Why(_)
        | Verb::User(_)
        | Verb::Operator(_)
        | Verb::Key(_)
        | Verb::Domain(_)
        | Verb::Dkim(_)
        | Verb::Mailbox(_)
        | Verb::Provider(_)
        | Verb::Report(_)
        | Verb::Route(_)
        | Verb::Score(_)
        | Verb::Suppression(_) => administer(cli, context, arguments).await,
    }
}

/// Prints what a command found.
fn print(report: &Report) -> Outcome {
    anstream::print!("{}", report.text);
    report.outcome
}

/// Runs an administrative verb: by the running server if there is one, else on the data folder itself.
async fn administer(cli: &Cli, context: &Context, arguments: &[OsString]) -> Result<Outcome, Failure> {
    let config = context.config()?;
    let consent = if let Verb::Queue(queue) = &cli.verb { queue.consent() } else { None };
    if consent.is_none_or(|consent| consent.yes || consent.dry_run) {
        return carry_out(cli, context, arguments, &config).await;
    }
    // Whoever changes something sees first what it is.
    let with = |word: &str| -> Result<(Cli, Vec<OsString>), Failure> {
        let arguments: Vec<_> = arguments.iter().cloned().chain([word.into()]).collect();
        let cli = cli::parse(arguments.iter().cloned()).map_err(|error| Failure::Text(error.to_string()))?;
        Ok((cli, arguments))
    };
    if context.json || !std::io::stdin().is_terminal() {
        return Err(note!("cli-queue-say-yes").into());
    }
    let (preview, words) = with("--dry-run")?;
    if carry_out(&preview, context, &words, &config).await? == Outcome::Finding {
        return Ok(Outcome::Finding);
    }
    if !agreed(context)? {
        anstream::println!("{}", context.word("cli-queue-left-alone"));
        return Ok(Outcome::Finding);
    }
    let (command, words) = with("--yes")?;
    carry_out(&command, context, &words, &config).await
}

/// Whether the person at the terminal says yes.
fn agreed(context: &Context) -> Result<bool, Failure> {
    anstream::print!("\n{} ", context.word("cli-queue-sure"));
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    let answer = answer.trim().to_lowercase();
    Ok(matches!(answer.as_str(), "y" | "yes" | "はい"))
}

/// Who sits at the terminal, for the record: the control socket lets nobody in who could not read the store anyway.
fn who() -> String {
    let named = |name: &&str| std::env::var(name).ok().filter(|value| !value.is_empty());
    ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(named).unwrap_or_else(|| "operator".to_owned())
}

async fn carry_out(
    cli: &Cli,
    context: &Context,
    arguments: &[OsString],
    config: &Config,
) -> Result<Outcome, Failure> {
    let request = Request {
        arguments: arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
        language: context.language.tag().to_owned(),
        input: input(&cli.verb)?,
        who: who(),
    };
    if let Some(response) = control::ask(&config.data, &request).await? {
        anstream::print!("{}", response.output);
        anstream::eprint!("{}", response.errors);
        return match response.status {
            0 => Ok(Outcome::Well),
            1 => Ok(Outcome::Finding),
            _ => Err(Failure::Told),
        };
    }
    if matches!(cli.verb, Verb::Metrics | Verb::Reload | Verb::Score(_)) {
        return Err(note!("cli-no-server", folder = config.data.display()).into());
    }
    let rooms = Rooms::open(config, Arc::new(SystemClock)).await?;
    let site = queue::Site { context, rooms: &rooms, config, who: &request.who };
    let report = on_rooms(&cli.verb, request.input, site).await?;
    anstream::print!("{}", report.text);
    Ok(report.outcome)
}

/// What an administrative command tells programs: by the running server if there is one, else from the data folder itself.
async fn told(words: &[&str], context: &Context, config: &Config) -> Result<serde_json::Value, Failure> {
    let arguments: Vec<String> =
        ["tegami", "--json"].iter().chain(words).map(|word| (*word).to_owned()).collect();
    let tag = context.language.tag().to_owned();
    let request = Request { arguments: arguments.clone(), language: tag, input: None, who: who() };
    let text = match control::ask(&config.data, &request).await? {
        Some(response) if response.status == 0 => response.output,
        Some(response) => return Err(Failure::Text(response.errors)),
        None => {
            let cli = cli::parse(arguments.iter().map(OsString::from));
            let cli = cli.map_err(|error| Failure::Text(error.to_string()))?;
            let mut context = context.clone();
            context.json = true;
            let rooms = Rooms::open(config, Arc::new(SystemClock)).await?;
            let site = queue::Site { context: &context, rooms: &rooms, config, who: &request.who };
            on_rooms(&cli.verb, None, site).await?.text
        }
    };
    serde_json::from_str(&text).map_err(|error| Failure::Text(error.to_string()))
}

/// The list of `tegami queue list`, for `mailq`.
async fn queue_list(context: &Context, config: &Config) -> Result<String, Failure> {
    let arguments = ["tegami", "queue", "list"].map(str::to_owned).to_vec();
    let request = Request { arguments, language: context.language.tag().to_owned(), input: None, who: who() };
    if let Some(response) = control::ask(&config.data, &request).await? {
        return Ok(response.output);
    }
    let rooms = Rooms::open(config, Arc::new(SystemClock)).await?;
    Ok(queue::whole(context, &rooms).await?.text)
}

/// What an administrative verb reads from a file or standard input; the server has neither.
fn input(verb: &Verb) -> Result<Option<String>, Failure> {
    match verb {
        Verb::User(cli::User::Add { password_file: Some(path), .. })
        | Verb::Operator(
            cli::Operator::Add { password_file: Some(path), .. }
            | cli::Operator::Password { password_file: Some(path), .. },
        ) => user::read_password(path).map(Some),
        Verb::Route(route) => route.file().map(|file| suppression::read(&file)).transpose(),
        Verb::Suppression(cli::Suppression::Import { file, .. }) => suppression::read(file).map(Some),
        Verb::Why(cli::Why { dns: cli::DnsOptions { zone: Some(path), .. }, .. }) => {
            let text = std::fs::read_to_string(path);
            text.map(Some)
                .map_err(|error| note!("cli-file-unreadable", file = path.display(), reason = error).into())
        }
        _ => Ok(None),
    }
}

/// An administrative verb that came over the control socket.
pub(crate) async fn administer_remotely(request: &Request, house: &House) -> Response {
    let refuse = |errors: String| Response { status: CANNOT, output: String::new(), errors };
    let cli = match cli::parse(request.arguments.iter().map(OsString::from)) {
        Ok(cli) => cli,
        Err(error) => return refuse(error.to_string()),
    };
    let mut context = Context::new(&cli.global);
    context.language = request.language.parse().unwrap_or(context.language);
    if matches!(cli.verb, Verb::Reload) {
        return match reload::ask(&context, house).await {
            Ok(report) => Response { status: 0, output: report.text, errors: String::new() },
            Err(failure) => refuse(format!("{}\n", failure.render(&context))),
        };
    }
    if let Verb::Send(send) = &cli.verb {
        return answer(
            send::preflight::remotely(send, request.input.as_deref(), &context, house).await,
            &context,
        );
    }
    let House { rooms, config, .. } = house;
    let site = queue::Site { context: &context, rooms, config, who: &request.who };
    answer(on_rooms(&cli.verb, request.input.clone(), site).await, &context)
}

/// How a command went, for whoever asked over the control socket.
fn answer(ended: Result<Report, Failure>, context: &Context) -> Response {
    match ended {
        Ok(report) => Response {
            status: u8::from(report.outcome == Outcome::Finding),
            output: report.text,
            errors: String::new(),
        },
        Err(failure) => Response {
            status: CANNOT,
            output: String::new(),
            errors: format!("{}\n", failure.render(context)),
        },
    }
}

async fn on_rooms(verb: &Verb, input: Option<String>, site: queue::Site<'_>) -> Result<Report, Failure> {
    let queue::Site { context, rooms, config, .. } = site;
    match verb {
        Verb::Report(cli::Report::Tls { domain }) => report::tls(domain.as_deref(), context, rooms).await,
        Verb::Queue(verb) => queue::run(verb, site).await,
        Verb::Metrics => Ok(Report::well(metrics::told(rooms).await)),
        Verb::Why(why) if why.dry_run => dry_run::run(why, input.as_deref(), context, rooms, config).await,
        Verb::Why(why) => why::run(&why.subject, context, rooms).await,
        Verb::User(user) => user::run(user, input, context, rooms, config).await,
        Verb::Operator(operator) => operator::run(operator, input, context, rooms).await,
        Verb::Key(key) => key::run(key, context, rooms).await,
        Verb::Domain(domain) => domain::run(domain, context, rooms, config).await,
        Verb::Dkim(verb) => dkim::on_rooms(verb, context, rooms).await,
        Verb::Mailbox(mailbox) => mailbox::run(mailbox, context, rooms).await,
        Verb::Provider(provider) => provider::run(provider, context, rooms).await,
        Verb::Route(route) => route::run(route, input, context, rooms).await,
        Verb::Score(score) => score::run(score, context, rooms).await,
        Verb::Suppression(verb) => suppression::run(verb, input, context, rooms).await,
        _ => Err(Failure::Text("this command does not travel over the control socket".to_owned())),
    }
}
