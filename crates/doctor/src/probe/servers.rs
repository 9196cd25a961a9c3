//! Questions to one name server, at public addresses alone.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tegami_dns::{BoxFuture, Direct, DnsError, DnsName, RecordType, ask_server};

use super::network::Servers;
use super::{ServerAnswer, Unprobed};
use crate::Reach;

/// Name servers of the Internet, asked by [`tegami_dns::ask_server`].
#[derive(Clone, Copy, Debug)]
pub struct NameServers {
    /// Which addresses may be asked.
    pub reach: Reach,
    /// Their port: 53, but in a laboratory.
    pub port: u16,
    /// How long to wait for a server.
    pub patience: Duration,
}

impl NameServers {
    /// Port 53, and three seconds for each server.
    pub fn new(reach: Reach) -> Self {
        Self { reach, port: 53, patience: Duration::from_secs(3) }
    }
}

impl Servers for NameServers {
    fn ask<'a>(
        &'a self,
        server: IpAddr,
        name: &'a DnsName,
        kind: RecordType,
    ) -> BoxFuture<'a, Result<ServerAnswer, Unprobed>> {
        Box::pin(async move {
            if !self.reach.has(server.to_canonical()) {
                return Err(Unprobed::Forbidden(server));
            }
            match ask_server(SocketAddr::new(server, self.port), name, kind, self.patience).await {
                Ok(Direct { kept, authoritative, truncated }) => {
                    Ok(ServerAnswer { kept, authoritative, truncated })
                }
                Err(DnsError::Timeout) => Err(Unprobed::Timeout),
                Err(error) => Err(Unprobed::Failed(error.to_string())),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use tegami_dns::{Server, Zone};

    use super::*;

    #[tokio::test]
    async fn one_server_is_asked_where_it_may_be() {
        let at = SocketAddr::from(([127, 0, 0, 1], 0));
        let zone = Zone::parse("example.org. SOA a b 7 1 1 1 1").unwrap();
        let server = Server::bind(at, zone).await.unwrap();
        let (ip, port) = (server.local_addr().ip(), server.local_addr().port());
        let name = DnsName::parse("example.org").unwrap();
        let servers = NameServers { port, ..NameServers::new(Reach::Everywhere) };
        let said = servers.ask(ip, &name, RecordType::Soa).await.unwrap();
        assert!(said.authoritative && !said.truncated && said.records().unwrap().len() == 1);

        let strict = NameServers { port, ..NameServers::new(Reach::Internet) };
        let said = strict.ask(ip, &name, RecordType::Soa).await;
        assert_eq!(said, Err(Unprobed::Forbidden(ip)));
    }
}
