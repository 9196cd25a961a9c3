//! What was said in a session, kept as evidence.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Who said a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    /// The SMTP client.
    Client,
    /// The SMTP server.
    Server,
    /// Nobody on the wire: a remark of ours, such as the TLS version that was negotiated.
    Remark,
}

/// One line of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TranscriptLine {
    /// Since the first line of the session.
    pub after: Duration,
    /// Who said it.
    pub speaker: Speaker,
    /// The line without its CRLF. Secrets are replaced by `***`, content by its size.
    pub text: String,
}

/// A session in words: commands and replies in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    /// The lines, oldest first.
    pub lines: Vec<TranscriptLine>,
}

impl Transcript {
    /// Adds a line. Callers redact secrets before they come here.
    pub fn push(&mut self, after: Duration, speaker: Speaker, text: impl Into<String>) {
        self.lines.push(TranscriptLine { after, speaker, text: text.into() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_order_and_survive_being_kept() {
        let mut transcript = Transcript::default();
        transcript.push(Duration::ZERO, Speaker::Server, "220 mx.example.org");
        transcript.push(Duration::from_millis(3), Speaker::Client, "EHLO a.example.org");
        let json = serde_json::to_string(&transcript).unwrap();
        let again: Transcript = serde_json::from_str(&json).unwrap();
        assert_eq!(again, transcript);
        assert_eq!(again.lines[1].speaker, Speaker::Client);
    }
}
