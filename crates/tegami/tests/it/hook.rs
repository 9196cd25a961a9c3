//! A web server of somebody else that keeps what is posted to it, and a client for ours.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;

use crate::peer::eventually;

/// One request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Posted {
    pub(crate) path: String,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Posted {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The first field of this name of a urlencoded form.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let text = self.text();
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        let mut found = pairs.filter(|(key, _)| decode(key) == name);
        found.next().map(|(_, value)| decode(value))
    }
}

fn decode(text: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            octet => octet,
        });
    }
    String::from_utf8_lossy(&octets).into_owned()
}

/// The server. It answers with the status that its script says for a path and the number of requests to it so far.
#[derive(Clone)]
pub(crate) struct Hook {
    pub(crate) address: SocketAddr,
    posted: Arc<Mutex<Vec<Posted>>>,
}

impl Hook {
    pub(crate) fn start(status: impl Fn(&str, usize) -> u16 + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let hook = Self { address: listener.local_addr().unwrap(), posted: Arc::default() };
        let (posted, status) = (Arc::clone(&hook.posted), Arc::new(status));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (posted, status) = (Arc::clone(&posted), Arc::clone(&status));
                std::thread::spawn(move || drop(answer(stream, &posted, &*status)));
            }
        });
        hook
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What was posted to a path, once it is so many requests.
    #[track_caller]
    pub(crate) fn posted(&self, path: &str, count: usize) -> Vec<Posted> {
        eventually(&format!("{count} requests to {path}"), || {
            let posted = self.posted.lock().unwrap();
            let found: Vec<_> = posted.iter().filter(|posted| posted.path == path).cloned().collect();
            (found.len() >= count).then_some(found)
        })
    }
}

fn answer(
    stream: TcpStream,
    posted: &Mutex<Vec<Posted>>,
    status: &dyn Fn(&str, usize) -> u16,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut request =
        Posted { path: line.split(' ').nth(1).unwrap_or_default().to_owned(), ..Posted::default() };
    let mut length = 0;
    loop {
        let mut field = String::new();
        reader.read_line(&mut field)?;
        let Some((name, value)) = field.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap(),
            "content-type" => value.trim().clone_into(&mut request.content_type),
            _ => {}
        }
    }
    request.body = vec![0; length];
    reader.read_exact(&mut request.body)?;
    let mut all = posted.lock().unwrap();
    let before = all.iter().filter(|known| known.path == request.path).count();
    let status = status(&request.path, before);
    all.push(request);
    drop(all);
    write!(reader.get_mut(), "HTTP/1.1 {status} X\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK")
}

/// The body of an answer of ours.
pub(crate) fn get(address: SocketAddr, key: &str, path: &str) -> serde_json::Value {
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!("api:{key}"));
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Basic {credentials}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{path}: {error}: {answer}"))
}
