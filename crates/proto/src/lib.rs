//! Conversations as values: SMTP client and server, SASL.
//!
//! A pure room: no socket, no clock, no `async`. Whoever owns the socket hands bytes and the time in and drains actions; see
//! [`smtp::server::Session`] and [`smtp::client::Session`].
//!
//! # Examples
//!
//! A server that takes whatever it is given. The octets come from nowhere but this text.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Instant;
//!
//! use tegami_proto::smtp::server::{Action, Answer, Question, Session, Settings};
//!
//! let now = Instant::now();
//! let mut session = Session::new(Arc::new(Settings::new("mx.example.org")), now);
//! let (mut said, mut taken) = (String::new(), Vec::new());
//! for line in [
//!     "",
//!     "EHLO client.example.net\r\n",
//!     "MAIL FROM:<alice@example.net>\r\n",
//!     "RCPT TO:<bob@example.org>\r\n",
//!     "DATA\r\n",
//!     "Subject: Tea\r\n\r\nAt four.\r\n.\r\n",
//!     "QUIT\r\n",
//! ] {
//!     session.receive(line.as_bytes(), now);
//!     while let Some(action) = session.next() {
//!         match action {
//!             Action::Send(octets) => said.push_str(&String::from_utf8_lossy(&octets)),
//!             Action::Ask(question) => {
//!                 // Here the policy says who is welcome; a real one takes its time.
//!                 if let Question::Message(transaction) = question {
//!                     taken.push(transaction);
//!                 }
//!                 session.answer(Answer::Accept);
//!             }
//!             Action::StartTls | Action::WakeAt(_) | Action::Close => {}
//!         }
//!     }
//! }
//! assert!(said.starts_with("220 mx.example.org "));
//! assert!(said.ends_with("221 2.0.0 goodbye\r\n"));
//! assert_eq!(taken[0].content, "Subject: Tea\r\n\r\nAt four.\r\n");
//! assert_eq!(taken[0].envelope.forward_paths.len(), 1);
//! ```

pub mod sasl;
pub mod smtp;
