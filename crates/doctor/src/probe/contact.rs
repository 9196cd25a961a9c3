//! Short connections by which the network around us is known: a greeting, an answer to EHLO, the hour, a session with a relay of ours.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use tegami_dns::Resolver;
use tegami_mail::{Domain, Host};
use tegami_proto::sasl::Credentials;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpSocket, TcpStream};

use super::network::unprobed;
use super::{HelloSeen, Network, RelaySeen, Unprobed, session};
use crate::checks::path::contact::addresses_of;

/// How long a connection, a greeting, an answer and a handshake have, each.
const PATIENCE: Duration = Duration::from_secs(4);

/// The longest line that is read, octets.
const MAX_LINE: u64 = 2048;

/// Lines of an answer that are read.
const MAX_LINES: usize = 64;

/// Octets of a web server's answer that are read.
const MAX_HEAD: u64 = 16 * 1024;

/// What stands in the place of the pages of a web server: nothing is wanted of it but its clock.
const HTTP: u16 = 80;
const HTTPS: u16 = 443;

/// A relay of ours, and how one comes in there.
#[derive(Clone, Debug)]
pub struct RelayAccess {
    /// What the configuration calls it.
    pub name: String,
    /// Its host.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// TLS begins with the first octet (RFC 8314 section 3.3), else by STARTTLS.
    pub implicit_tls: bool,
    /// Name and password; they are told only to a host whose certificate is trusted.
    pub credentials: Option<Credentials>,
}

/// What connections to relays and clocks need.
#[derive(Clone)]
pub struct Contacts {
    /// Where their addresses are asked.
    pub resolver: Arc<dyn Resolver>,
    /// The relays.
    pub relays: Vec<RelayAccess>,
}

/// The local address from which packets to this address leave. Nothing is sent: connecting a datagram socket only asks the routing table.
pub(super) fn source(towards: IpAddr) -> Result<IpAddr, Unprobed> {
    let any: IpAddr = if towards.is_ipv4() { [0, 0, 0, 0].into() } else { [0_u16; 8].into() };
    let asked = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((towards, HTTPS))?;
        socket.local_addr()
    });
    asked.map(|address| address.ip()).map_err(|error| unprobed(&error))
}

/// Reads the greeting, and with `ehlo` the answer to EHLO.
pub(super) async fn hello(
    network: &Network,
    to: SocketAddr,
    ehlo: Option<&str>,
) -> Result<HelloSeen, Unprobed> {
    let mut stream = connect(network, to).await?;
    let local = stream.local_addr().map_or(to.ip(), |address| address.ip());
    let (read, mut write) = stream.split();
    let mut read = BufReader::new(read);
    let greeting = lines(&mut read).await?;
    let greeting: String = greeting.first().map(|line| shown(line)).unwrap_or_default();
    let mut answer = None;
    if let Some(name) = ehlo {
        let said = write.write_all(format!("EHLO {name}\r\n").as_bytes()).await;
        let told = if said.is_ok() { lines(&mut read).await.ok() } else { None };
        answer =
            told.map(|lines| lines.iter().map(|line| shown(line.get(4..).unwrap_or_default())).collect());
        // Who has gone already needs no farewell.
        drop(write.write_all(b"QUIT\r\n").await);
    }
    Ok(HelloSeen { greeting, answer, local })
}

async fn connect(network: &Network, to: SocketAddr) -> Result<TcpStream, Unprobed> {
    if !network.settings.reach.has(to.ip().to_canonical()) {
        return Err(Unprobed::Forbidden(to.ip()));
    }
    let connecting = async {
        let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        let mut sources = network.settings.sources.iter();
        if let Some(source) = sources.find(|source| source.is_ipv4() == to.is_ipv4()) {
            socket.bind(SocketAddr::new(*source, 0))?;
        }
        socket.connect(to).await
    };
    match tokio::time::timeout(PATIENCE, connecting).await {
        Ok(connected) => connected.map_err(|error| unprobed(&error)),
        Err(_) => Err(Unprobed::Timeout),
    }
}

/// The lines of one reply.
async fn lines(read: &mut BufReader<tokio::net::tcp::ReadHalf<'_>>) -> Result<Vec<String>, Unprobed> {
    let reading = async {
        let mut lines = Vec::new();
        while lines.len() < MAX_LINES {
            let mut line = Vec::new();
            let count = (&mut *read).take(MAX_LINE).read_until(b'\n', &mut line).await;
            if !matches!(count, Ok(1..)) {
                break;
            }
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            let more = text.as_bytes().get(3) == Some(&b'-');
            lines.push(text);
            if !more {
                break;
            }
        }
        lines
    };
    match tokio::time::timeout(PATIENCE, reading).await {
        // Closed before a word: somebody on the way answers in the host's place.
        Ok(lines) if lines.is_empty() => Err(Unprobed::Refused),
        Ok(lines) => Ok(lines),
        Err(_) => Err(Unprobed::Silent(PATIENCE)),
    }
}

fn shown(line: &str) -> String {
    line.chars().filter(|c| !c.is_control()).take(120).collect()
}

/// The hour of a web server. The handshake comes first: where it hangs, large packets are lost; the hour itself comes without TLS, because a
/// clock that is wrong makes good certificates look bad.
pub(super) async fn clock(network: &Network, host: &Domain) -> Result<(Timestamp, Timestamp), Unprobed> {
    let contacts = network.contacts.as_ref().ok_or(Unprobed::Off)?;
    let found = addresses_of(&*contacts.resolver, host).await;
    let found = found.map_err(|error| Unprobed::Failed(error.to_string()))?;
    let ip = *found.first().ok_or_else(|| Unprobed::Failed("no address".to_owned()))?;
    let stream = connect(network, SocketAddr::new(ip, HTTPS)).await?;
    let handshake = network.tls.handshake(stream, host, network.clock.now());
    if tokio::time::timeout(PATIENCE, handshake).await.is_err() {
        return Err(Unprobed::Silent(PATIENCE));
    }
    let mut stream = connect(network, SocketAddr::new(ip, HTTP)).await?;
    let asked = async {
        let request = format!("HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        stream.take(MAX_HEAD).read_to_end(&mut head).await?;
        Ok::<_, std::io::Error>(head)
    };
    let head = match tokio::time::timeout(PATIENCE, asked).await {
        Ok(head) => head.map_err(|error| unprobed(&error))?,
        Err(_) => return Err(Unprobed::Timeout),
    };
    let ours = network.clock.now();
    date(&head).map(|theirs| (theirs, ours)).ok_or_else(|| Unprobed::Failed("no Date".to_owned()))
}

/// The Date field of an answer (RFC 9110 section 6.6.1).
fn date(head: &[u8]) -> Option<Timestamp> {
    let text = String::from_utf8_lossy(head);
    let field = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("date").then(|| value.trim().to_owned())
    })?;
    DateTimeParser::new().parse_timestamp(&field).ok()
}

/// A session with a relay of ours, up to AUTH.
pub(super) async fn relay(network: &Network, name: &str) -> Result<RelaySeen, Unprobed> {
    let contacts = network.contacts.as_ref().ok_or(Unprobed::Off)?;
    let access = contacts.relays.iter().find(|relay| relay.name == name).ok_or(Unprobed::Off)?;
    let (host, ips) = match &access.host {
        Host::Domain(host) => {
            let found = addresses_of(&*contacts.resolver, host).await;
            (host.clone(), found.map_err(|error| Unprobed::Failed(error.to_string()))?)
        }
        // A certificate for an address is nothing that a name could be compared with.
        Host::Literal(ip) => (Domain::parse("literal.invalid").map_err(|_| Unprobed::Off)?, vec![*ip]),
    };
    let mut last = Unprobed::Failed("no address".to_owned());
    for ip in ips {
        match connect(network, SocketAddr::new(ip, access.port)).await {
            Ok(stream) => return session::log_in(network, &host, ip, access, stream).await,
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_hour_of_a_web_server() {
        let head =
            b"HTTP/1.1 301 Moved Permanently\r\nServer: x\r\ndate: Sat, 21 Nov 2026 12:00:02 GMT\r\n\r\n";
        assert_eq!(date(head), "2026-11-21T12:00:02Z".parse().ok());
        assert_eq!(date(b"HTTP/1.1 200 OK\r\nDate: yesterday\r\n\r\n"), None);
        assert_eq!(date(b"\xff\xfe"), None);
    }

    #[test]
    fn the_way_to_ourselves_leaves_from_ourselves() {
        let here: IpAddr = "127.0.0.1".parse().unwrap();
        assert_eq!(source(here), Ok(here));
    }
}
