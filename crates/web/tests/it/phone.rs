//! Somebody who makes requests, but only here: what is posted is kept, and answered as the test says.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::Value;
use tegami_queue::{Answered, CallError, Caller, Post};
use tegami_store::BoxFuture;
use tokio::sync::{Notify, mpsc};

/// Hosts whose URLs begin so never answer.
pub(crate) const SILENT: &str = "https://silent.test/";

pub(crate) struct Phone {
    answers: Mutex<BTreeMap<String, Vec<Result<u16, CallError>>>>,
    /// What is said to requests to a URL.
    words: Mutex<BTreeMap<String, String>>,
    posted: mpsc::UnboundedSender<Post>,
    heard: tokio::sync::Mutex<mpsc::UnboundedReceiver<Post>>,
    never: Notify,
}

impl Default for Phone {
    fn default() -> Self {
        let (posted, heard) = mpsc::unbounded_channel();
        Self {
            answers: Mutex::default(),
            words: Mutex::default(),
            posted,
            heard: tokio::sync::Mutex::new(heard),
            never: Notify::new(),
        }
    }
}

impl Phone {
    /// What the next requests to a URL are answered with; 200 after that.
    pub(crate) fn answer(&self, url: &str, answers: &[Result<u16, CallError>]) {
        self.answers.lock().unwrap().insert(url.to_owned(), answers.iter().rev().cloned().collect());
    }

    /// Says these words to requests to a URL from now on.
    pub(crate) fn say(&self, url: &str, words: &str) {
        self.words.lock().unwrap().insert(url.to_owned(), words.to_owned());
    }

    /// Waits for the next request.
    pub(crate) async fn next(&self) -> (String, Value) {
        let post = self.heard.lock().await.recv().await.unwrap();
        (post.url, serde_json::from_slice(&post.body).unwrap_or_default())
    }

    /// Answers one request to a host that never answers.
    pub(crate) fn wake(&self) {
        self.never.notify_one();
    }

    /// Whether somebody has asked whom nobody has looked at.
    pub(crate) async fn is_quiet(&self) -> bool {
        self.heard.lock().await.try_recv().is_err()
    }
}

impl Caller for Phone {
    fn post(&self, post: Post) -> BoxFuture<'_, Result<Answered, CallError>> {
        Box::pin(async move {
            let url = post.url.clone();
            self.posted.send(post).unwrap();
            if url.starts_with(SILENT) {
                self.never.notified().await;
            }
            let answer = self.answers.lock().unwrap().get_mut(&url).and_then(Vec::pop).unwrap_or(Ok(200));
            let words = self.words.lock().unwrap().get(&url).cloned();
            answer.map(|status| Answered {
                status,
                beginning: words.unwrap_or_else(|| format!("said {status}")),
            })
        })
    }

    fn permits(&self, url: &str) -> Result<(), CallError> {
        match url {
            "https://x/" => Err(CallError::Forbidden("host not found".to_owned())),
            _ if url.starts_with("http") => Ok(()),
            _ => Err(CallError::Forbidden("it is no URL".to_owned())),
        }
    }
}
