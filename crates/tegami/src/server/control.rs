//! Two Unix sockets: `submit.sock` takes mail from programs on this machine, as SMTP, and `control.sock` takes the administrator's
//! commands: while the server runs, the data folder is its own, so `tegami queue list` asks the server to run the command.
//!
//! One request and one answer a connection, each a line of JSON.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tegami_inbound::Shutdown;
use tegami_mail::note;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use super::House;
use crate::command::{self, Failure};

/// The longest request, octets: a long list of addresses to import fits in.
const LONGEST: u64 = 64 << 20;

/// How long the accept loop rests when the machine has no more sockets (EMFILE): accepting at once again would spin.
const REST: Duration = Duration::from_millis(200);

/// A command to run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    /// The command line, program name first.
    pub(crate) arguments: Vec<String>,
    /// `en` or `ja`.
    pub(crate) language: String,
    /// What the command reads, where it reads something: a password.
    pub(crate) input: Option<String>,
    /// Who asks, for the record.
    #[serde(default)]
    pub(crate) who: String,
}

/// How it went.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Response {
    /// Exit status.
    pub(crate) status: u8,
    /// For standard output.
    pub(crate) output: String,
    /// For standard error.
    pub(crate) errors: String,
}

/// Where the administrator's socket of a data folder lies.
pub(crate) fn path(data: &Path) -> PathBuf {
    data.join("control.sock")
}

/// Binds the administrator's socket, for the user who runs the server.
///
/// # Errors
/// The socket cannot be bound; the sentence names it.
pub(crate) fn bind(data: &Path) -> Result<UnixListener, Failure> {
    bind_with_mode(&path(data), 0o600)
}

/// Binds the submission socket, for every user of this machine.
///
/// # Errors
/// As [`bind`].
pub(crate) fn bind_submission(path: &Path) -> Result<UnixListener, Failure> {
    bind_with_mode(path, 0o666)
}

fn bind_with_mode(path: &Path, mode: u32) -> Result<UnixListener, Failure> {
    // The store's lock says that no other server runs on this data, so a socket that lies there is left over. Anything else that lies
    // there is somebody's, and binding will fail.
    if std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
        std::fs::remove_file(path).map_err(|error| cannot_bind(path, &error))?;
    }
    let socket = UnixListener::bind(path).map_err(|error| cannot_bind(path, &error))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .map_err(|error| cannot_bind(path, &error))?;
    Ok(socket)
}

fn cannot_bind(path: &Path, error: &std::io::Error) -> Failure {
    note!("cli-listen-failed", key = "socket", address = path.display(), reason = error).into()
}

/// Runs commands until `shutdown`.
pub(crate) async fn serve(socket: UnixListener, house: watch::Receiver<House>, mut shutdown: Shutdown) {
    loop {
        tokio::select! {
            accepted = socket.accept() => match accepted {
                Ok((stream, _)) => {
                    let house = house.borrow().clone();
                    tokio::spawn(answer(stream, house));
                }
                Err(_) => tokio::time::sleep(REST).await,
            },
            () = shutdown.requested() => return,
        }
    }
}

async fn answer(stream: UnixStream, house: House) {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    let read = BufReader::new(read.take(LONGEST)).read_line(&mut line).await;
    let request = read.ok().and_then(|_| serde_json::from_str::<Request>(&line).ok());
    let Some(request) = request else { return };
    let response = command::administer_remotely(&request, &house).await;
    if let Ok(mut line) = serde_json::to_string(&response) {
        line.push('\n');
        // Whoever asked may be gone; the command has run all the same.
        let _ = write.write_all(line.as_bytes()).await;
    }
}

/// Has a running server run a command. `None` where no server answers.
///
/// # Errors
/// The server broke off.
pub(crate) async fn ask(data: &Path, request: &Request) -> Result<Option<Response>, Failure> {
    let Ok(stream) = UnixStream::connect(path(data)).await else { return Ok(None) };
    let (read, mut write) = stream.into_split();
    let mut line = serde_json::to_string(request).map_err(|error| Failure::Text(error.to_string()))?;
    line.push('\n');
    write.write_all(line.as_bytes()).await?;
    let mut answer = String::new();
    BufReader::new(read).read_line(&mut answer).await?;
    let response = serde_json::from_str(&answer).map_err(|_| note!("cli-control-broke-off"))?;
    Ok(Some(response))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_that_is_left_over_goes_and_a_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("submit.sock");
        drop(bind_submission(&path).unwrap());
        drop(bind_submission(&path).unwrap());
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "somebody's letter").unwrap();
        assert!(bind_submission(&path).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "somebody's letter");
    }
}
