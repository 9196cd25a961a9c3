//! A web host that serves the MTA-STS policy of `receiver.test` (RFC 8461 section 3.3).

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Its name.
const NAME: &str = "mta-sts.receiver.test";

/// The host, at an address of loopback where nobody else listens: its port is given.
pub(crate) struct PolicyHost {
    address: SocketAddr,
    /// The certificate that vouches for it.
    pub(crate) pem: String,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl PolicyHost {
    /// Serves a policy of this mode, with one pattern of hosts.
    pub(crate) fn start(mode: &str, mx: &str) -> Self {
        let made = rcgen::generate_simple_self_signed([NAME.to_owned()]).unwrap();
        let (chain, key) = (vec![made.cert.der().clone()], made.signing_key.serialize_der());
        let config = server(chain, PrivatePkcs8KeyDer::from(key).into());
        let listener = (1..255)
            .find_map(|last| TcpListener::bind((Ipv4Addr::new(127, 43, 67, last), 443)).ok())
            .expect("an address whose port 443 is free");
        let address = listener.local_addr().unwrap();
        let policy = format!("version: STSv1\r\nmode: {mode}\r\nmx: {mx}\r\nmax_age: 86400\r\n");
        let ended = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&ended);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if until.load(Ordering::Acquire) {
                    break;
                }
                // Who goes away in the middle is no concern of this host.
                drop(serve(stream, &config, &policy));
            }
        });
        Self { address, pem: made.cert.pem(), ended, thread: Some(thread) }
    }

    /// The records that tell of the policy.
    pub(crate) fn zone(&self) -> String {
        let ip = self.address.ip();
        format!("_mta-sts.receiver.test. TXT \"v=STSv1; id=20261122;\"\n{NAME}. A {ip}\n")
    }
}

impl Drop for PolicyHost {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        drop(TcpStream::connect(self.address));
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn server(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Arc<rustls::ServerConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key);
    Arc::new(config.unwrap())
}

fn serve(stream: TcpStream, config: &Arc<rustls::ServerConfig>, policy: &str) -> std::io::Result<()> {
    let session = rustls::ServerConnection::new(Arc::clone(config)).map_err(std::io::Error::other)?;
    let mut stream = rustls::StreamOwned::new(session, stream);
    let mut lines = BufReader::new(&mut stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let found = request.starts_with("GET /.well-known/mta-sts.txt HTTP/1.1");
    let (status, body) = if found { ("200 OK", policy) } else { ("404 Not Found", "") };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    stream.conn.send_close_notify();
    stream.flush()
}
