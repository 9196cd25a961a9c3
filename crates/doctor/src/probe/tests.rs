//! Sessions with hosts that say what a script makes them say.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use expect_test::{Expect, expect};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig};
use tegami_mail::{Clock, Domain};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::{Network, Patience, Probes as _, Settings, SmtpSeen, StartTls, Unprobed};
use crate::Reach;

const HOST: &str = "mx.example.org";

/// A fixed hour.
struct At(jiff::Timestamp);

impl Clock for At {
    fn now(&self) -> jiff::Timestamp {
        self.0
    }
}

fn noon() -> jiff::Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// What a host answers to lines that begin so; the empty one is the greeting.
type Script = &'static [(&'static str, &'static str)];

/// A certificate for these names between two years.
fn certificate(name: &str, years: (i32, i32)) -> (Arc<ServerConfig>, RootCertStore) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
    params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
    let certificate = params.self_signed(&key).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (Arc::new(config), roots)
}

/// Follows the script until the peer leaves; `true` where TLS was asked for and granted.
async fn follow<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, script: Script, greet: bool) -> bool {
    let mut stream = BufReader::new(stream);
    if greet {
        let greeting = script.iter().find(|(line, _)| line.is_empty()).map_or("", |(_, text)| text);
        stream.write_all(greeting.as_bytes()).await.unwrap();
    }
    let mut line = String::new();
    while stream.read_line(&mut line).await.unwrap_or_default() > 0 {
        let (_, answer) =
            script.iter().skip(1).find(|(start, _)| line.starts_with(start)).unwrap_or(&("", "502 no\r\n"));
        stream.write_all(answer.as_bytes()).await.unwrap();
        if line.starts_with("STARTTLS") && answer.starts_with("220") {
            return true;
        }
        line.clear();
    }
    false
}

async fn serve(mut stream: TcpStream, script: Script, config: Arc<ServerConfig>) {
    if follow(&mut stream, script, true).await
        && let Ok(mut stream) = TlsAcceptor::from(config).accept(stream).await
    {
        follow(&mut stream, script, false).await;
        let _ = stream.shutdown().await;
    }
}

/// Looks at a host that follows the script, with a certificate for a name between two years.
async fn look(script: Script, name: &str, years: (i32, i32)) -> Result<SmtpSeen, Unprobed> {
    let (config, roots) = certificate(name, years);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream, script, config).await;
    });
    let network = network(port, roots);
    let seen = network.smtp(&Domain::parse(HOST).unwrap(), IpAddr::V4(Ipv4Addr::LOCALHOST)).await;
    server.abort();
    seen
}

fn network(port: u16, roots: RootCertStore) -> Network {
    let settings = Settings {
        port,
        reach: Reach::Everywhere,
        patience: Patience { greeting: Duration::from_secs(2), ..Patience::default() },
        ..Settings::new("probe.example.net", roots)
    };
    Network::new(settings, Arc::new(At(noon()))).unwrap()
}

async fn check(script: Script, expected: &Expect) {
    let seen = look(script, HOST, (2026, 2027)).await;
    let told = match seen {
        Err(error) => format!("{error:?}\n"),
        Ok(seen) => {
            let tls = match &seen.tls {
                StartTls::Done(tls) => format!("{} {:?}", tls.version, tls.trusted),
                other => format!("{other:?}"),
            };
            format!("{}\n{tls}\nTLS: {}\n", seen.transcript.join("\n"), seen.offered_under_tls.is_some())
        }
    };
    expected.assert_eq(&told);
}

const GOOD: Script = &[
    ("", "220 mx.example.org ESMTP\r\n"),
    ("EHLO", "250-mx.example.org\r\n250-SIZE 1000\r\n250 STARTTLS\r\n"),
    ("STARTTLS", "220 go\r\n"),
    ("QUIT", "221 bye\r\n"),
];

#[tokio::test]
async fn a_session_from_greeting_to_farewell() {
    check(
        GOOD,
        &expect![[r#"
            < 220 mx.example.org ESMTP
            > EHLO probe.example.net
            < 250-mx.example.org
            < 250-SIZE 1000
            < 250 STARTTLS
            > STARTTLS
            < 220 go
            = TLSv1.3 TLS13_AES_256_GCM_SHA384
            > EHLO probe.example.net
            < 250-mx.example.org
            < 250-SIZE 1000
            < 250 STARTTLS
            > QUIT
            < 221 bye
            TLSv1.3 Ok(())
            TLS: true
        "#]],
    )
    .await;
}

#[tokio::test]
async fn hosts_that_offer_less() {
    let helo: Script = &[("", "220 old\r\n"), ("HELO", "250 old\r\n"), ("QUIT", "221 bye\r\n")];
    check(
        helo,
        &expect![[r#"
        < 220 old
        > EHLO probe.example.net
        < 502 no
        > HELO probe.example.net
        < 250 old
        > QUIT
        < 221 bye
        NotOffered
        TLS: false
    "#]],
    )
    .await;
    let refused: Script = &[
        ("", "220 mx\r\n"),
        ("EHLO", "250-mx\r\n250 STARTTLS\r\n"),
        ("STARTTLS", "454 4.7.0 not now\r\n"),
        ("QUIT", "221 bye\r\n"),
    ];
    check(
        refused,
        &expect![[r#"
        < 220 mx
        > EHLO probe.example.net
        < 250-mx
        < 250 STARTTLS
        > STARTTLS
        < 454 4.7.0 not now
        > QUIT
        < 221 bye
        Refused(Reply { code: 454, enhanced: None, lines: ["4.7.0 not now"] })
        TLS: false
    "#]],
    )
    .await;
    let shut: Script = &[("", "554 5.7.1 refused, see https://zen.example/\r\n"), ("QUIT", "221 bye\r\n")];
    check(
        shut,
        &expect![[r#"
        < 554 5.7.1 refused, see https://zen.example/
        > QUIT
        < 221 bye
        Unreached
        TLS: false
    "#]],
    )
    .await;
    let no_tls: Script =
        &[("", "220 mx\r\n"), ("EHLO", "250-mx\r\n250 STARTTLS\r\n"), ("STARTTLS", "220 go\r\n454 x\r\n")];
    check(
        no_tls,
        &expect![[r#"
        < 220 mx
        > EHLO probe.example.net
        < 250-mx
        < 250 STARTTLS
        > STARTTLS
        < 220 go
        = 7 octets behind the reply to STARTTLS discarded
        = TLSv1.3 TLS13_AES_256_GCM_SHA384
        > EHLO probe.example.net
        < 250-mx
        < 250 STARTTLS
        > QUIT
        < 502 no
        TLSv1.3 Ok(())
        TLS: true
    "#]],
    )
    .await;
    check(
        &[("", "HTTP/1.1 400 Bad Request\r\n")],
        &expect![[r#"
        NoSmtp("not a reply: HTTP/1.1 400 Bad Request")
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_host_without_a_greeting_is_silent() {
    let seen = look(&[("", "")], HOST, (2026, 2027)).await;
    assert_eq!(seen, Err(Unprobed::Silent(Duration::from_secs(2))));
}

#[tokio::test]
async fn certificates_are_judged_and_break_nothing() {
    let trusted = |seen: Result<SmtpSeen, Unprobed>| match seen.unwrap().tls {
        StartTls::Done(tls) => tls.trusted.map_err(|why| why.to_string()),
        other => Err(format!("{other:?}")),
    };
    let expired = look(GOOD, HOST, (2024, 2025)).await;
    assert_eq!(trusted(expired), Err("expired".to_owned()));
    let early = look(GOOD, HOST, (2027, 2028)).await;
    assert_eq!(trusted(early), Err("not valid yet".to_owned()));
    let other = look(GOOD, "other.example.org", (2026, 2027)).await;
    assert_eq!(trusted(other), Err("not for this name".to_owned()));
}

#[tokio::test]
async fn addresses_of_nobody_are_not_connected_to() {
    let settings = Settings::new("probe.example.net", RootCertStore::empty());
    let network = Network::new(settings, Arc::new(At(noon()))).unwrap();
    let host = Domain::parse(HOST).unwrap();
    for text in
        ["127.0.0.1", "10.0.0.5", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.5", "100.64.0.1"]
    {
        let ip: IpAddr = text.parse().unwrap();
        assert_eq!(network.smtp(&host, ip).await, Err(Unprobed::Forbidden(ip)), "{text}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let network = self::network(port, RootCertStore::empty());
    let refused = network.smtp(&host, IpAddr::V4(Ipv4Addr::LOCALHOST)).await;
    assert_eq!(refused, Err(Unprobed::Refused));
}
