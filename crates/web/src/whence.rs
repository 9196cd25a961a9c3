//! Whence a request came, where proxies of ours stand between.
//!
//! Each proxy adds the address of its own client at the right end of a field, and passes on what stood there before: what its client says of itself. So
//! the fields are read from the right, and only as far as those who speak are trusted.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use tegami_auth::Network;

use crate::house::Shared;

/// Hops that are read.
const MOST: usize = 64;

/// Has everybody behind it see the client where they look for the peer.
pub(crate) async fn whence(State(house): State<Shared>, mut request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>().copied() {
        let ip = peer.ip().to_canonical();
        let client = client(ip, request.headers(), &house.settings.proxies);
        if client != ip {
            // The port is the proxy's.
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(client, 0)));
        }
    }
    next.run(request).await
}

/// The first address from the right that is no proxy of ours. Proxies write one of two fields; a client can write the other. Where the two do not
/// agree, neither is believed.
fn client(peer: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> IpAddr {
    let trusted = |ip: IpAddr| proxies.iter().any(|network| network.covers(&Network::from(ip)));
    if !trusted(peer) {
        return peer;
    }
    let walk = |hops: Vec<Option<IpAddr>>| {
        let mut at = peer;
        for hop in hops {
            match hop {
                Some(ip) if trusted(at) => at = ip,
                _ => break,
            }
        }
        at
    };
    let (common, standard) = (x_forwarded_for(headers), forwarded(headers));
    match (common.is_empty(), standard.is_empty()) {
        (true, _) => walk(standard),
        (false, true) => walk(common),
        (false, false) => {
            let (common, standard) = (walk(common), walk(standard));
            if common == standard { common } else { peer }
        }
    }
}

/// The hops of X-Forwarded-For, the last one first; `None` for one that is no address.
fn x_forwarded_for(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let hops = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
    hops.take(MOST).map(address).collect()
}

/// The hops of Forwarded (RFC 7239 section 4), the last one first; `None` for one without an address, such as `unknown`.
fn forwarded(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all("forwarded").iter().rev();
    let elements = lines.flat_map(|line| {
        let mut elements = outside_quotes(line.to_str().unwrap_or_default(), ',');
        elements.reverse();
        elements
    });
    let hop = |element: &str| {
        let pairs = outside_quotes(element, ';');
        let named = pairs.into_iter().filter_map(|pair| pair.split_once('='));
        let mut values = named.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
        values.next().and_then(|(_, value)| address(value))
    };
    elements.take(MOST).map(hop).collect()
}

fn outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let mut quoted = false;
    let split = |c: char| {
        quoted ^= c == '"';
        c == separator && !quoted
    };
    text.split(split).collect()
}

/// An address, perhaps with a port, in brackets or in quotes (RFC 7239 section 6).
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let ip = bare.unwrap_or(text).parse::<IpAddr>().ok();
    ip.or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip())).map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(peer: &str, fields: &[(&'static str, &str)], expected: &str) {
        let proxies = ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"].map(|text| Network::parse(text).unwrap());
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        let found = client(peer.parse().unwrap(), &headers, &proxies);
        assert_eq!(found.to_string(), expected, "{peer} {fields:?}");
    }

    #[test]
    fn only_proxies_are_believed() {
        const COMMON: &str = "x-forwarded-for";
        const STANDARD: &str = "forwarded";
        check("192.0.2.1", &[(COMMON, "203.0.113.9")], "192.0.2.1");
        check("127.0.0.1", &[], "127.0.0.1");
        check("127.0.0.1", &[(COMMON, "203.0.113.9")], "203.0.113.9");
        // What the client wrote itself stands further left.
        check("127.0.0.1", &[(COMMON, "198.51.100.1, 203.0.113.9")], "203.0.113.9");
        check("127.0.0.1", &[(COMMON, "198.51.100.1"), (COMMON, "203.0.113.9")], "203.0.113.9");
        check("127.0.0.1", &[(COMMON, "198.51.100.1,203.0.113.9 , 10.1.2.3")], "203.0.113.9");
        check("127.0.0.1", &[(COMMON, "10.9.9.9, 10.1.2.3")], "10.9.9.9");
        check("127.0.0.1", &[(COMMON, "203.0.113.9, unknown, 10.1.2.3")], "10.1.2.3");
        check("127.0.0.1", &[(COMMON, "203.0.113.9:4711")], "203.0.113.9");
        check(
            "127.0.0.1",
            &[(STANDARD, "for=198.51.100.1, for=203.0.113.9;proto=https;by=10.0.0.1")],
            "203.0.113.9",
        );
        check("2001:db8::1", &[(STANDARD, "proto=https; For=\"[2001:4860::7]:4711\"")], "2001:4860::7");
        check("127.0.0.1", &[(STANDARD, "for=203.0.113.9, for=\"_hidden,for=1.2.3.4\"")], "127.0.0.1");
        check("127.0.0.1", &[(STANDARD, "for=203.0.113.9"), (COMMON, "203.0.113.9")], "203.0.113.9");
        check("127.0.0.1", &[(STANDARD, "for=198.51.100.1"), (COMMON, "203.0.113.9")], "127.0.0.1");
    }

    proptest! {
        #[test]
        fn no_field_breaks_it(value in "[ -~]{0,200}", other in "(for=|\"|,|;|\\[|\\]|:|[0-9a-f.])*") {
            for text in [&value, &other] {
                let mut headers = HeaderMap::new();
                headers.insert("forwarded", text.parse().unwrap());
                headers.insert("x-forwarded-for", text.parse().unwrap());
                client("127.0.0.1".parse().unwrap(), &headers, &[Network::parse("0.0.0.0/0").unwrap()]);
            }
        }
    }
}
