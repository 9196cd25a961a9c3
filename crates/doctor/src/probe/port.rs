//! The ports at which people's programs reach a host of ours.

use std::net::IpAddr;

use futures_util::future::join_all;
use tegami_mail::Domain;
use tegami_proto::smtp::client::Capabilities;

use super::line::Lines;
use super::{Network, OwnPort, StartTls, TlsSeen, Unprobed};

/// A port of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortSeen {
    /// What it is for.
    pub port: OwnPort,
    /// Its number.
    pub number: u16,
    /// How TLS came out; an error where nobody listens, or nothing could be found out.
    pub tls: Result<StartTls, Unprobed>,
    /// What EHLO offers before TLS, for submission with STARTTLS.
    pub in_clear: Option<Capabilities>,
}

/// Looks at every one.
pub(super) async fn look(network: &Network, host: &Domain, ip: IpAddr) -> Vec<PortSeen> {
    let ports = network.settings.own_ports.iter();
    join_all(ports.map(|(port, number)| one(network, host, ip, *port, *number))).await
}

async fn one(network: &Network, host: &Domain, ip: IpAddr, port: OwnPort, number: u16) -> PortSeen {
    let mut seen = PortSeen { port, number, tls: Ok(StartTls::Unreached), in_clear: None };
    seen.tls = match network.connect_to(ip, number).await {
        Err(error) => Err(error),
        Ok(stream) => {
            let mut lines = Lines::over(network, stream);
            if port == OwnPort::Submission {
                submission(network, host, &mut lines, &mut seen.in_clear).await
            } else {
                Ok(told(lines.secure(host).await))
            }
        }
    };
    seen
}

fn told(handshake: Result<TlsSeen, StartTls>) -> StartTls {
    handshake.map_or_else(|failed| failed, |seen| StartTls::Done(Box::new(seen)))
}

async fn submission(
    network: &Network,
    host: &Domain,
    lines: &mut Lines<'_>,
    in_clear: &mut Option<Capabilities>,
) -> Result<StartTls, Unprobed> {
    let greeting = lines.reply_within(network.settings.patience.greeting).await?;
    if !greeting.is_completion() {
        return Ok(StartTls::Unreached);
    }
    let offered = lines.hello().await?;
    let starttls = offered.starttls;
    *in_clear = Some(offered);
    if !starttls {
        lines.quit().await;
        return Ok(StartTls::NotOffered);
    }
    let reply = lines.say("STARTTLS").await?;
    if !reply.is_completion() {
        lines.quit().await;
        return Ok(StartTls::Refused(reply));
    }
    let seen = told(lines.secure(host).await);
    lines.quit().await;
    Ok(seen)
}
