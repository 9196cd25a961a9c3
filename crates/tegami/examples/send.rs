//! Sends one message and tells what the recipients' hosts said.
//!
//! ```sh
//! cargo run -p tegami --example send -- --from shop@example.org --to hanako@example.net --dkim example.org:s1:key.pem
//! cargo run -p tegami --example send -- --from shop@example.org --to hanako@example.net --via smtp.example.net:465 --login user:password
//! ```
//!
//! Between the hosts of the lab (`tegami lab --data FOLDER` prints the DNS server and the port of its MX hosts):
//!
//! ```sh
//! cargo run -p tegami --example send -- --from sales@partner.test --to hanako@bigmail.test --hostname mail.partner.test \
//!   --source 127.42.0.50 --dns 127.0.0.1:PORT --port PORT --trust FOLDER/tls/lab.cert.pem
//! ```

#![allow(clippy::print_stdout, reason = "it is there to be read")]

use std::error::Error;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;

use clap::Parser;
use tegami::{
    Language, Mailer, MailerBuilder, Message, MessageBuilder, NameAddr, Reach, Smarthost, SystemOptions,
    SystemResolver,
};

/// Sends one message and tells what the recipients' hosts said.
#[derive(Parser)]
struct Arguments {
    /// The author: `shop@example.org`, `"お店 <shop@example.org>"`.
    #[arg(long)]
    from: String,
    /// A recipient; may be given several times.
    #[arg(long, required = true)]
    to: Vec<String>,
    #[arg(long, default_value = "Hello from Tegami")]
    subject: String,
    #[arg(long, default_value = "It works.\n")]
    text: String,
    /// Our name in EHLO.
    #[arg(long, default_value = "localhost.localdomain")]
    hostname: String,
    /// Signs: `DOMAIN:SELECTOR:FILE`.
    #[arg(long)]
    dkim: Vec<String>,
    /// A smarthost, `HOST:PORT`, in place of the recipients' MX hosts.
    #[arg(long)]
    via: Option<String>,
    /// `USER:PASSWORD` at the smarthost.
    #[arg(long)]
    login: Option<String>,
    /// Trusts the certification authorities of this file too.
    #[arg(long)]
    trust: Option<String>,
    /// Our address for outgoing connections.
    #[arg(long)]
    source: Option<IpAddr>,
    /// Asks this DNS server. One of this machine may lead to hosts of this machine.
    #[arg(long)]
    dns: Option<SocketAddr>,
    /// The port of MX hosts.
    #[arg(long, default_value_t = 25)]
    port: u16,
    /// `en` or `ja`.
    #[arg(long, default_value = "en")]
    lang: Language,
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mailer = builder(&arguments)?.build()?;
    let addresses =
        |texts: &[String]| texts.iter().map(|text| NameAddr::parse(text)).collect::<Result<Vec<_>, _>>();
    let message = Message::compose(&MessageBuilder {
        from: addresses(std::slice::from_ref(&arguments.from))?,
        to: addresses(&arguments.to)?,
        subject: Some(arguments.subject),
        text: Some(arguments.text),
        ..MessageBuilder::default()
    })?;
    let report = mailer.send(&message).await?;
    println!("Message-ID: <{}>", report.message_id());
    for recipient in report.recipients() {
        println!("{}  {:?}", recipient.address, recipient.outcome);
        if let Some(host) = &recipient.host {
            let tls = recipient.tls.as_ref().map(|tls| format!("  {} {}", tls.version, tls.cipher));
            println!("  {host}{}", tls.unwrap_or_default());
        }
        if let Some(reply) = &recipient.reply {
            println!("  {reply}");
        }
        println!("  {}", recipient.explanation(arguments.lang));
    }
    mailer.close().await;
    Ok(if report.is_delivered() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn builder(arguments: &Arguments) -> Result<MailerBuilder, Box<dyn Error>> {
    let mut builder = Mailer::builder(&arguments.hostname).port(arguments.port);
    for key in &arguments.dkim {
        let mut pieces = key.splitn(3, ':');
        let (Some(domain), Some(selector), Some(file)) = (pieces.next(), pieces.next(), pieces.next()) else {
            return Err(format!("`{key}` is not DOMAIN:SELECTOR:FILE").into());
        };
        builder = builder.dkim(domain, selector, fs::read_to_string(file)?);
    }
    if let Some(via) = &arguments.via {
        let (host, port) = via.rsplit_once(':').ok_or("--via wants HOST:PORT")?;
        let mut smarthost = Smarthost::new(host, port.parse()?);
        if let Some((user, password)) = arguments.login.as_deref().and_then(|login| login.split_once(':')) {
            smarthost = smarthost.login(user, password);
        }
        builder = builder.smarthost(smarthost);
    }
    if let Some(file) = &arguments.trust {
        builder = builder.trust(fs::read_to_string(file)?);
    }
    if let Some(source) = arguments.source {
        builder = builder.source(source);
    }
    if let Some(server) = arguments.dns {
        builder = builder.dns(SystemResolver::from_server(server, &SystemOptions::default())?);
        if server.ip().is_loopback() {
            builder = builder.reach(Reach::Loopback);
        }
    }
    Ok(builder)
}
