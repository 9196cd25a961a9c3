//! Papers that mail systems send each other: reading and writing.
//!
//! A pure room: octets in, values out. Time and keys are arguments.
//!
//! # Examples
//!
//! ```
//! let bounce = b"From: MAILER-DAEMON@example.net\r\nSubject: failure notice\r\n\r\n\
//!     Hi. This is the qmail-send program at example.net.\r\n\
//!     I'm afraid I wasn't able to deliver your message to the following addresses.\r\n\r\n\
//!     <a@example.net>:\r\nSorry, no mailbox here by that name. (#5.1.1)\r\n";
//! let notice = tegami_report::dsn::read(bounce).unwrap();
//! let recipient = &notice.recipients[0];
//! assert_eq!(recipient.address(), Some("a@example.net"));
//! assert_eq!(recipient.precise_status().unwrap().to_string(), "5.1.1");
//! ```

pub mod arf;
pub mod dsn;
mod field;
pub mod return_path;
pub mod srs;
pub mod tls_rpt;
