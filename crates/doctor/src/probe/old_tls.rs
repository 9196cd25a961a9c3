//! What a host still takes of TLS: connections on which it is offered nothing else.

use std::net::IpAddr;

use tegami_mail::Domain;

use super::hello::{self, Offer, OfferSeen, Read};
use super::line::{Lines, Mute};
use super::{Network, Unprobed};

/// Makes each offer on a connection of its own.
pub(super) async fn look(network: &Network, host: &Domain, ip: IpAddr) -> Result<Vec<OfferSeen>, Unprobed> {
    let mut seen = Vec::new();
    for offer in [Offer::OldVersions, Offer::WeakCiphers, Offer::Manners] {
        seen.push(OfferSeen { offer, answer: ask(network, host, ip, offer).await? });
    }
    Ok(seen)
}

async fn ask(
    network: &Network,
    host: &Domain,
    ip: IpAddr,
    offer: Offer,
) -> Result<Result<hello::Picked, String>, Unprobed> {
    let (mut lines, greeting) = Lines::open(network, ip).await?;
    if !greeting.is_completion() || !lines.hello().await?.starttls {
        return Err(Unprobed::Failed("there is no STARTTLS".to_owned()));
    }
    let reply = lines.say("STARTTLS").await?;
    if !reply.is_completion() {
        return Err(Unprobed::Failed(reply.to_string()));
    }
    let mut random = [0; 32];
    let _ = aws_lc_rs::rand::fill(&mut random);
    let hello = offer.client_hello(host.as_str(), random);
    let patience = network.settings.patience.command;
    let exchange = async {
        lines.wire.write(&hello).await.map_err(|_| Mute::Closed)?;
        let (mut heard, mut buffer) = (Vec::new(), [0; 4096]);
        loop {
            match lines.wire.read(&mut buffer).await {
                0 => return Ok(Err("the connection was closed".to_owned())),
                count => heard.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            }
            match hello::read(&heard) {
                Read::More => {}
                Read::Picked(picked) => return Ok(Ok(picked)),
                Read::Refused(why) => return Ok(Err(why)),
            }
        }
    };
    Ok(tokio::time::timeout(patience, exchange).await.unwrap_or(Err(Mute::Timeout))?)
}
