//! Sockets and the sessions behind them.

use std::net::SocketAddr;

use tegami_mail::note;
use tegami_proto::smtp::server::{AuthOffer, Settings};
use tokio::net::TcpListener;

use crate::command::Failure;
use crate::config::Config;

/// Binds every address of one key of `[listen]`.
///
/// # Errors
/// Which address, and why: the port is in use, or the right to it is missing.
pub(crate) async fn bind_all(key: &str, addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, Failure> {
    let mut sockets = Vec::new();
    for address in addresses {
        match TcpListener::bind(address).await {
            Ok(socket) => sockets.push(socket),
            // "Every address" names both families; a machine without IPv6, or one whose IPv6 sockets take IPv4 too, has one of them.
            Err(_) if address.ip().is_unspecified() && address.is_ipv6() && !sockets.is_empty() => {}
            Err(error) => {
                let reason = match error.kind() {
                    std::io::ErrorKind::AddrInUse => note!("cli-listen-in-use", key = key, address = address),
                    std::io::ErrorKind::PermissionDenied => {
                        note!("cli-listen-denied", key = key, address = address)
                    }
                    _ => note!("cli-listen-failed", key = key, address = address, reason = error),
                };
                return Err(reason.into());
            }
        }
    }
    Ok(sockets)
}

/// Sessions of reception (`AuthOffer::Never`) or submission.
pub(crate) fn session(config: &Config, auth: AuthOffer) -> Settings {
    Settings {
        max_size: config.limits.message_size,
        max_recipients: config.limits.recipients.max(100),
        auth,
        auth_required: auth != AuthOffer::Never,
        ..Settings::new(config.hostname.to_string())
    }
}

/// Sessions over the Unix socket: the kernel has told who it is.
pub(crate) fn local_session(config: &Config) -> Settings {
    Settings { starttls: false, auth_required: false, ..session(config, AuthOffer::Never) }
}
