//! The network of a story: connections that come about or not, and break where chance has it.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tegami_outbound::{Connection, Dial};
use tegami_store::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

use crate::plan::IMPLICIT;
use crate::receiver;
use crate::shape::ShapePlan;
use crate::time::pass;
use crate::world::World;

/// All connections of a story, by the address they lead to.
#[derive(Default)]
pub(crate) struct Roads {
    wires: BTreeMap<IpAddr, Vec<Arc<Wire>>>,
    last: u64,
}

/// What is known of a connection at both of its ends.
pub(crate) struct Wire {
    pub(crate) number: u64,
    pub(crate) peer: IpAddr,
    /// The name of our address, in shaped worlds.
    pub(crate) source: String,
    /// Where it leads, as the shaper counts; `None` where that is the next hop itself.
    pub(crate) place: Option<String>,
    /// Octets that our side has read.
    read: AtomicU64,
    /// Octets that the receiver has written.
    written: AtomicU64,
    /// Our side still holds it.
    open: AtomicBool,
    /// The receiver waits for a command, and owes nothing.
    waits: AtomicBool,
    /// The receiver has heard QUIT: what it takes to say goodbye is its own time.
    over: AtomicBool,
    /// Nothing can be said about it: our side said QUIT, or it is encrypted.
    pub(crate) unseen: AtomicBool,
    /// Its end is an error rather than a close.
    abrupt: bool,
}

impl Wire {
    /// Octets that the receiver has written.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Whether our side has read so many octets.
    pub(crate) fn has_read(&self, octets: u64) -> bool {
        self.read.load(Ordering::Relaxed) >= octets
    }

    pub(crate) fn set_waits(&self, waits: bool) {
        self.waits.store(waits, Ordering::Relaxed);
    }

    pub(crate) fn set_over(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    /// Our side waits for something.
    fn is_busy(&self) -> bool {
        let idle = self.waits.load(Ordering::Relaxed) && self.has_read(self.written());
        self.is_open() && !idle && !self.unseen.load(Ordering::Relaxed)
    }
}

impl World {
    /// Connections that our side holds.
    pub(crate) fn open_connections(&self) -> usize {
        let roads = self.roads.lock().unwrap();
        roads.wires.values().flatten().filter(|wire| wire.is_open()).count()
    }

    /// Connections do not outlive a process.
    pub(crate) fn cut_all(&self) {
        self.roads.lock().unwrap().wires.clear();
    }

    fn lay(&self, peer: IpAddr, host: usize, source: Option<IpAddr>) -> Arc<Wire> {
        let abrupt = self.chance(0.3);
        let name = &self.plan.hosts[host].name;
        let place = match name.strip_prefix("smart") {
            Some(_) => format!("smarthost:{name}"),
            None => ShapePlan::place_of(name).to_owned(),
        };
        let source = self.plan.shape.as_ref().map_or("", |plan| plan.source_of(source)).to_owned();
        let mut roads = self.roads.lock().unwrap();
        roads.last += 1;
        let wire = Arc::new(Wire {
            number: roads.last,
            peer,
            source,
            place: (peer != IpAddr::V4(IMPLICIT)).then_some(place),
            read: AtomicU64::default(),
            written: AtomicU64::default(),
            open: AtomicBool::new(true),
            waits: AtomicBool::default(),
            over: AtomicBool::default(),
            unseen: AtomicBool::default(),
            abrupt,
        });
        let beside = roads.wires.entry(peer).or_default();
        beside.retain(|wire| wire.is_open());
        beside.push(Arc::clone(&wire));
        let busy = beside.iter().filter(|wire| wire.is_busy()).count();
        let crowd = self.crowd_on(&roads, &wire);
        drop(roads);
        crowd.into_iter().for_each(|what| self.broken(what));
        if busy > self.plan.outbound.limits.connections_per_address {
            self.broken(format!("{busy} connections to {peer} at once"));
        }
        wire
    }

    /// More connections, idle ones included, than a provider wants from one of our addresses.
    fn crowd_on(&self, roads: &Roads, wire: &Wire) -> Option<String> {
        let (plan, place) = (self.plan.shape.as_ref()?, wire.place.as_ref()?);
        let limit = plan.table(place)?.connections.as_ref()?.limit as usize;
        let beside = |other: &&Arc<Wire>| {
            other.is_open()
                && !other.over.load(Ordering::Relaxed)
                && (&other.source, &other.place) == (&wire.source, &wire.place)
        };
        let count = roads.wires.values().flatten().filter(beside).count();
        let lane = format!("{}/{place}", wire.source);
        (count > limit).then(|| format!("{count} connections at once on {lane}, and {limit} are allowed"))
    }
}

/// The network.
pub(crate) struct Network(pub(crate) Arc<World>);

impl Dial for Network {
    fn dial(
        &self,
        peer: SocketAddr,
        source: Option<IpAddr>,
        timeout: Duration,
    ) -> BoxFuture<'_, io::Result<Connection>> {
        Box::pin(async move {
            let world = &self.0;
            // What ends in this very moment ends before.
            pass(Duration::from_millis(1) + world.span(Duration::from_millis(50))).await;
            match self.connect(peer.ip(), source) {
                Ok(connection) => Ok(connection),
                Err(kind) => {
                    world.tell(|| format!("{}: {kind}", peer.ip()));
                    if kind == io::ErrorKind::TimedOut {
                        pass(timeout).await;
                    }
                    Err(kind.into())
                }
            }
        })
    }
}

impl Network {
    fn connect(&self, ip: IpAddr, source: Option<IpAddr>) -> Result<Connection, io::ErrorKind> {
        let world = &self.0;
        let hosts = &world.plan.hosts;
        let first = (ip == IpAddr::V4(IMPLICIT)).then_some(0);
        let host = first.or_else(|| hosts.iter().position(|host| host.addresses.contains(&ip)));
        let host = host.ok_or(io::ErrorKind::HostUnreachable)?;
        let habits = &hosts[host];
        let hour = world.since_beginning();
        let is_away = habits.away.is_some_and(|(from, until)| from <= hour && hour < until);
        if is_away || world.chance(habits.refuses) {
            let kinds = [
                io::ErrorKind::ConnectionRefused,
                io::ErrorKind::TimedOut,
                io::ErrorKind::NetworkUnreachable,
            ];
            return Err(kinds[world.below(kinds.len())]);
        }
        let wire = world.lay(ip, host, source);
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        let mut budget = [None, None];
        if world.chance(habits.cuts) {
            // Somewhere in an ordinary session, most of which have some hundreds of octets each way.
            budget[world.below(2)] = Some(world.below(700));
        }
        world.tell(|| format!("{ip}: connection {} {budget:?}", wire.number));
        let theirs = Theirs { inner: theirs, wire: Arc::clone(&wire), budget };
        tokio::spawn(receiver::serve(Arc::clone(world), host, theirs, Arc::clone(&wire)));
        let stream = Box::new(Ours { inner: ours, wire });
        Ok(Connection { stream, source: source.or(Some(Ipv4Addr::new(198, 51, 100, 1).into())) })
    }
}

/// Our end.
struct Ours {
    inner: DuplexStream,
    wire: Arc<Wire>,
}

impl Drop for Ours {
    fn drop(&mut self) {
        self.wire.open.store(false, Ordering::Relaxed);
    }
}

impl AsyncRead for Ours {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        let count = buf.filled().len() - before;
        self.wire.read.fetch_add(count as u64, Ordering::Relaxed);
        match polled {
            Poll::Ready(Ok(())) if count == 0 && self.wire.abrupt => {
                Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
            }
            other => other,
        }
    }
}

impl AsyncWrite for Ours {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if buf.ends_with(b"QUIT\r\n") {
            self.wire.unseen.store(true, Ordering::Relaxed);
        }
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// The receiver's end. After so many octets read or written, it is no more.
pub(crate) struct Theirs {
    inner: DuplexStream,
    wire: Arc<Wire>,
    budget: [Option<usize>; 2],
}

impl AsyncRead for Theirs {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(rest) = self.budget[0] else { return Pin::new(&mut self.inner).poll_read(cx, buf) };
        if rest == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let mut part = vec![0; rest.min(buf.remaining())];
        let mut part = ReadBuf::new(&mut part);
        let polled = Pin::new(&mut self.inner).poll_read(cx, &mut part);
        buf.put_slice(part.filled());
        self.budget[0] = Some(rest - part.filled().len());
        polled
    }
}

impl AsyncWrite for Theirs {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let rest = self.budget[1].unwrap_or(usize::MAX);
        if rest == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let polled = Pin::new(&mut self.inner).poll_write(cx, &buf[..buf.len().min(rest)]);
        if let Poll::Ready(Ok(count)) = polled {
            self.wire.written.fetch_add(count as u64, Ordering::Relaxed);
            self.budget[1] = self.budget[1].map(|rest| rest - count);
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
