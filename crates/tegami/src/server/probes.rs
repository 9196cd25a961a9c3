//! The doctor's probes, over the network that this program uses: mail hosts, web servers, name servers, registries.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::RootCertStore;
use tegami_dns::{BoxFuture, Resolver};
use tegami_doctor::probe::{
    Contacts, Document, NameServers, Network, Probes, RelayAccess, Settings, Unprobed, Web,
};
use tegami_doctor::{Reach, rdap};
use tegami_mail::Domain;
use tegami_outbound::{HttpCaller, Https, HttpsError};
use tegami_queue::SystemClock;

/// From where and how far the doctor looks.
pub(crate) struct Outside {
    /// Our name in EHLO.
    pub(crate) hostname: String,
    /// The port of mail hosts.
    pub(crate) port: u16,
    /// The port of name servers.
    pub(crate) dns_port: u16,
    /// Addresses to connect from.
    pub(crate) sources: Vec<IpAddr>,
    pub(crate) reach: Reach,
    pub(crate) roots: RootCertStore,
    /// Whether registries may learn whom we ask about.
    pub(crate) registries: bool,
    /// Relays of ours that may be tried.
    pub(crate) relays: Vec<RelayAccess>,
    /// Whether links of messages may be followed, which tells their owners that somebody read them.
    pub(crate) links: bool,
}

/// Probes over the network.
///
/// # Errors
/// What the TLS library says of the roots.
pub(crate) fn probes(outside: Outside, resolver: Arc<dyn Resolver>) -> Result<Arc<dyn Probes>, String> {
    let Outside { hostname, port, dns_port, sources, reach, roots, registries, relays, links } = outside;
    let near = match reach {
        Reach::Everywhere => tegami_outbound::Reach::Loopback,
        Reach::Internet | Reach::Documentation => tegami_outbound::Reach::Network,
    };
    let https = Https::new(roots.clone(), Arc::clone(&resolver), near).map_err(|error| error.to_string())?;
    let https = Arc::new(https);
    let links = links.then(|| HttpCaller::new(Arc::clone(&https)));
    // More is asked of this host, where a check takes it for one of ours.
    let own_hosts = Domain::parse(&hostname).into_iter().collect();
    let settings = Settings { port, sources, reach, own_hosts, ..Settings::new(hostname, roots) };
    let network = Network::new(settings, Arc::new(SystemClock))?
        .with_web(Arc::new(Documents { https, links }))
        .with_servers(Arc::new(NameServers { port: dns_port, ..NameServers::new(reach) }))
        .with_contacts(Contacts { resolver, relays });
    if registries {
        return Ok(Arc::new(network.with_registries(rdap::Directory::default())));
    }
    Ok(Arc::new(network))
}

/// Documents over the same HTTPS that fetches policies of MTA-STS, and links as webhooks are called: never inside somebody's network.
struct Documents {
    https: Arc<Https>,
    links: Option<HttpCaller>,
}

impl Web for Documents {
    fn fetch<'a>(
        &'a self,
        host: &'a Domain,
        path: &'a str,
        limit: usize,
    ) -> BoxFuture<'a, Result<Document, Unprobed>> {
        Box::pin(async move {
            match self.https.get(host, path, limit).await {
                Ok(found) => Ok(Document {
                    status: found.status,
                    content_type: found.content_type,
                    location: found.location,
                    body: found.body.to_vec(),
                    certificate: found.certificate,
                }),
                Err(HttpsError::Timeout) => Err(Unprobed::Timeout),
                Err(HttpsError::OutOfReach(_, ip)) => Err(Unprobed::Forbidden(ip)),
                Err(HttpsError::Tls(error)) => Err(Unprobed::Tls(error)),
                Err(HttpsError::Connect(error)) if error.contains("refused") => Err(Unprobed::Refused),
                // Whether that is the server's fault or that of the way there, nobody can say.
                Err(HttpsError::Connect(_)) => Err(Unprobed::Unreachable),
                Err(error) => Err(Unprobed::Failed(error.to_string())),
            }
        })
    }

    fn visit<'a>(&'a self, url: &'a str, form: Option<&'a str>) -> BoxFuture<'a, Result<Document, Unprobed>> {
        Box::pin(async move {
            let answered = self.links.as_ref().ok_or(Unprobed::Off)?.visit(url, form).await;
            let answered = answered.map_err(|error| Unprobed::Failed(error.to_string()))?;
            Ok(Document {
                status: answered.status,
                content_type: String::new(),
                location: None,
                body: answered.beginning.into_bytes(),
                certificate: None,
            })
        })
    }
}
