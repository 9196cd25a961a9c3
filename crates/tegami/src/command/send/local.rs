//! Handing a message to our own server over its Unix socket, or, while it does not run, into its queue.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tegami_mail::{EnhancedStatusCode, Envelope, Reply, note};
use tegami_proto::smtp::client::{
    Action, Event, FailureCause, Session, Settings, StartTls, Timeouts, Transaction,
};
use tegami_queue::{Authenticated, Controls, Options, Submitted, SystemClock};
use tegami_store::Origin;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::command::Failure;
use crate::command::serve::resolver;
use crate::config::Config;
use crate::server::{Guard, Practice, Rooms, choose_returns, controls};

/// The server's reply to the message, or to the command that it refused.
pub(super) async fn hand_over(
    config: &Config,
    envelope: Envelope,
    content: Vec<u8>,
) -> Result<Reply, Failure> {
    match UnixStream::connect(&config.listen.local).await {
        Ok(stream) => speak(stream, config, Transaction { envelope, content: content.into() }).await,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            Err(note!("cli-local-denied", socket = config.listen.local.display()).into())
        }
        Err(_) => enqueue(config, envelope, content.into()).await,
    }
}

async fn speak(mut stream: UnixStream, config: &Config, transaction: Transaction) -> Result<Reply, Failure> {
    let settings = Settings {
        hostname: config.hostname.to_string(),
        starttls: StartTls::Never,
        implicit_tls: false,
        credentials: None,
        auth_in_clear: false,
        timeouts: Timeouts::default(),
    };
    let mut session = Session::new(settings, Instant::now());
    let mut transaction = Some(transaction);
    let mut reply = None;
    let mut buffer = vec![0_u8; 8 * 1024];
    loop {
        let mut wake = Instant::now() + Duration::from_secs(600);
        while let Some(action) = session.next() {
            match action {
                Action::Send(bytes) => stream.write_all(&bytes).await?,
                Action::WakeAt(at) => wake = at,
                Action::Report(Event::Ready) => {
                    if let Some(transaction) = transaction.take() {
                        session.deliver(transaction, Instant::now());
                    }
                }
                Action::Report(Event::Transaction(report)) => {
                    // One refused recipient is told before the success of the others.
                    let worst = report
                        .recipients
                        .into_iter()
                        .map(|result| result.reply)
                        .max_by_key(|reply| reply.code);
                    reply = worst;
                    session.quit(Instant::now());
                }
                Action::Report(Event::Failed(failure)) => return refused(failure.cause),
                Action::StartTls => return Err(note!("cli-control-broke-off").into()),
                Action::Close => return reply.ok_or_else(|| note!("cli-control-broke-off").into()),
            }
        }
        tokio::select! {
            read = stream.read(&mut buffer) => match read? {
                0 => session.closed(Instant::now()),
                count => session.receive(buffer.get(..count).unwrap_or_default(), Instant::now()),
            },
            () = tokio::time::sleep_until(wake.into()) => session.timeout(Instant::now()),
        }
    }
}

fn refused(cause: FailureCause) -> Result<Reply, Failure> {
    match cause {
        FailureCause::Refused(reply) | FailureCause::Unsupported(reply) => Ok(reply),
        _ => Err(note!("cli-control-broke-off").into()),
    }
}

/// Nobody serves: the message waits in the queue until somebody does. Needs the right to the data folder.
async fn enqueue(config: &Config, envelope: Envelope, content: Bytes) -> Result<Reply, Failure> {
    let rooms = Rooms::open(config, Arc::new(SystemClock)).await?;
    let uid = std::fs::metadata("/proc/self")?.uid();
    let senders = rooms.domains.senders().await?;
    let account = Authenticated::by_kernel(uid, senders);
    let domain = envelope.reverse_path.address().and_then(|address| address.domain()).cloned();
    let domain = domain.unwrap_or_else(|| config.hostname.clone());
    let submitted = Submitted {
        local: true,
        origin: Origin::Submission { account: account.account().to_owned() },
        account,
        envelope,
        domain,
        content,
        options: Options::default(),
    };
    let resolver = resolver(config)?;
    choose_returns(config, &rooms, &resolver).await;
    let practice = Practice::of(config, Arc::clone(&resolver));
    rooms.intake.show_to(Guard::new(&rooms, &practice, config, None));
    Ok(match controls(&rooms, &practice, config).submit(submitted).await {
        Ok(id) => {
            let text = format!("Ok: queued as {id}; it leaves when the server runs");
            Reply::new(250, EnhancedStatusCode::new(2, 0, 0), text)
        }
        Err(declined) => declined.reply,
    })
}
