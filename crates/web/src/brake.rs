//! Brakes against guessing API keys, and keys that may only look.
//!
//! Who shows an unknown key again and again waits longer and longer, and is then refused for a while, with everybody on its network, save for keys that
//! were proven from there before: a neighbour's guessing does not lock a working application out. The memory of failures is that of the logins at
//! other doors.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use tegami_mail::hex;
use tegami_queue::{Admission, Throttle};
use tegami_store::ApiKeyRole;

use crate::error::ApiError;
use crate::house::{House, Shared};
use crate::mailgun::key_of;

/// How long a key counts as proven from an address.
const PROVEN: SignedDuration = SignedDuration::from_hours(24);
/// Most pairs of address and key that are remembered.
const MOST_PROVEN: usize = 20_000;
/// The longest that a connection is kept waiting: they are counted, too.
const LONGEST: Duration = Duration::from_secs(10);

/// Which keys were proven from which addresses.
#[derive(Debug, Default)]
pub(crate) struct Proven(Mutex<BTreeMap<(IpAddr, [u8; 16]), Timestamp>>);

impl Proven {
    fn knows(&self, ip: IpAddr, mark: [u8; 16], now: Timestamp) -> bool {
        let proven = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        proven.get(&(ip, mark)).is_some_and(|until| now < *until)
    }

    fn note(&self, ip: IpAddr, mark: [u8; 16], now: Timestamp) {
        let mut proven = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if proven.len() >= MOST_PROVEN {
            proven.retain(|_, until| now < *until);
        }
        if proven.len() < MOST_PROVEN {
            proven.insert((ip, mark), now.checked_add(PROVEN).unwrap_or(now));
        }
    }
}

/// Looks at the key of a request before anybody answers it.
pub(crate) async fn brake(State(house): State<Shared>, request: Request, next: Next) -> Response {
    let Some(key) = key_of(request.headers()) else { return next.run(request).await };
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let ip = peer.map(|ConnectInfo(peer)| peer.ip().to_canonical());
    match house.look_at(&key, ip, request.method()).await {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

impl House {
    async fn look_at(&self, key: &str, ip: Option<IpAddr>, method: &Method) -> Result<(), ApiError> {
        let mark = mark(key);
        let now = self.rooms.clock.now();
        let name = format!("api key {}", hex(&mark));
        let guarded = ip.filter(|ip| !self.proven.knows(*ip, mark, now));
        if let Some(ip) = guarded {
            if let Admission::Delay(delay) = self.throttle(|throttle| throttle.admit(ip, &name, now)) {
                tokio::time::sleep(delay.min(LONGEST)).await;
            }
            // While we waited, the same client may have gone on guessing.
            if let Admission::Banned(until) = self.throttle(|throttle| throttle.admit(ip, &name, now)) {
                let seconds = u64::try_from(until.duration_since(now).as_secs()).unwrap_or(1).max(1);
                let message =
                    "Too many requests with unknown API keys came from your network, try again later";
                return Err(ApiError::TooManyRequests { message: message.to_owned(), until, seconds });
            }
        }
        match (self.rooms.accounts.api_key(key).await?, guarded) {
            (Some(row), _) if row.role == ApiKeyRole::Basic && !is_looking(method) => {
                Err(ApiError::NotAllowed("this API key may look at everything and change nothing".to_owned()))
            }
            (Some(_), Some(ip)) => {
                self.throttle(|throttle| throttle.succeeded(ip, &name));
                self.proven.note(ip, mark, now);
                Ok(())
            }
            (None, _) => {
                if let Some(until) =
                    ip.and_then(|ip| self.throttle(|throttle| throttle.failed(ip, &name, now)))
                {
                    tracing::warn!(?ip, %until, "unknown API keys: nobody on this network is let in for a while");
                }
                Err(ApiError::Unauthorized)
            }
            (Some(_), None) => Ok(()),
        }
    }

    fn throttle<T>(&self, act: impl FnOnce(&mut Throttle) -> T) -> T {
        act(&mut self.rooms.throttle.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn is_looking(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// What a key is remembered by.
fn mark(key: &str) -> [u8; 16] {
    let digest = digest::digest(&digest::SHA256, key.as_bytes());
    let mut mark = [0; 16];
    mark.iter_mut().zip(digest.as_ref()).for_each(|(place, octet)| *place = *octet);
    mark
}
