//! A place that webhooks and routes post to: it keeps what came, and answers what the path asks for.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::peer::eventually;

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) path: String,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
    /// What was answered.
    pub(crate) status: u16,
}

impl Post {
    /// As scripts get it; octets as text of the same numbers.
    pub(crate) fn json(&self) -> Value {
        let body: String = self.body.iter().map(|octet| char::from(*octet)).collect();
        json!({"path": self.path, "content_type": self.content_type, "body": body})
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The place. `/refuse…` answers 406, `/once…` answers 500 to the first request of each path, everything else 200.
#[derive(Clone)]
pub(crate) struct Posts {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Post>>>,
}

impl Posts {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let posts = Self { address: listener.local_addr().unwrap(), taken: Arc::default() };
        let taken = Arc::clone(&posts.taken);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let taken = Arc::clone(&taken);
                // Who goes away in the middle of a request posted nothing.
                std::thread::spawn(move || drop(serve(stream, &taken)));
            }
        });
        posts
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The posts to a path, once there are so many.
    #[track_caller]
    pub(crate) fn to(&self, path: &str, count: usize) -> Vec<Post> {
        eventually(&format!("{count} posts to {path}"), || {
            let taken = self.taken.lock().unwrap();
            let found: Vec<_> = taken.iter().filter(|post| post.path == path).cloned().collect();
            (found.len() >= count).then_some(found)
        })
    }
}

fn serve(stream: TcpStream, taken: &Mutex<Vec<Post>>) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut reader = BufReader::new(stream);
    while let Some(mut post) = read(&mut reader)? {
        let mut taken = taken.lock().unwrap();
        let first = !taken.iter().any(|earlier| earlier.path == post.path);
        post.status = if post.path.starts_with("/refuse") {
            406
        } else if post.path.starts_with("/once") && first {
            500
        } else {
            200
        };
        let answer = format!("HTTP/1.1 {} Told\r\nContent-Length: 2\r\n\r\nok", post.status);
        taken.push(post);
        drop(taken);
        reader.get_mut().write_all(answer.as_bytes())?;
    }
    Ok(())
}

fn read(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Post>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let (mut length, mut chunked, mut content_type) = (0, false, String::new());
    loop {
        let mut field = String::new();
        reader.read_line(&mut field)?;
        let Some((name, value)) = field.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or_default(),
            "transfer-encoding" => chunked = value.contains("chunked"),
            "content-type" => value.trim().clone_into(&mut content_type),
            "expect" => reader.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?,
            _ => {}
        }
    }
    let mut body = Vec::new();
    if chunked {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk)?;
            chunk.truncate(size);
            body.append(&mut chunk);
            if size == 0 {
                break;
            }
        }
    } else {
        body.resize(length, 0);
        reader.read_exact(&mut body)?;
    }
    Ok(Some(Post { path, content_type, body, status: 0 }))
}
