//! Who says so: SPF, DKIM, DMARC, ARC, iprev, and the fields that carry their results; for hosts, the rules of DANE and MTA-STS.
//!
//! Every verdict has its [`Step`]s: what was asked, what came back, what follows, and the section of the standard that
//! says so. A verdict without steps cannot be built. The world is reached only through [`tegami_dns::Resolver`]; time is an argument.
//!
//! # Examples
//!
//! SPF alone. The DNS is a text here; [`SystemResolver`](tegami_dns::SystemResolver) asks the real one.
//!
//! ```
//! use tegami_auth::spf::{self, SpfResult};
//! use tegami_dns::ZoneResolver;
//! use tegami_mail::{Address, ReversePath};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let resolver = ZoneResolver::from_text(
//!     r#"example.org.      TXT "v=spf1 include:spf.example.net -all"
//!        spf.example.net.  TXT "v=spf1 ip4:192.0.2.0/24 -all""#,
//! )?;
//! let request = spf::Request {
//!     ip: "192.0.2.7".parse()?,
//!     helo: "mail.example.org",
//!     mail_from: &ReversePath::Address(Address::parse("alice@example.org")?),
//!     receiver: "mx.example.com",
//!     now: "2026-07-01T12:00:00Z".parse()?,
//! };
//!
//! let verdict = spf::check_mail_from(&request, &resolver).await;
//! assert_eq!(verdict.result, SpfResult::Pass);
//! assert_eq!(verdict.mechanism(), Some("include:spf.example.net"));
//! for step in &verdict.steps {
//!     println!("{}{} {}: {}", "  ".repeat(step.depth.into()), step.domain, step.term, step.outcome);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A message is signed by one side and verified by the other, which asks everything at once and writes down what it found.
//!
//! ```
//! use std::sync::Arc;
//!
//! use tegami_auth::dkim::{self, DkimResult, PrivateKey, Selector, Signer};
//! use tegami_auth::dmarc::DmarcResult;
//! use tegami_auth::verify::{self, Client};
//! use tegami_dns::ZoneResolver;
//! use tegami_mail::{Domain, ReversePath};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let content = b"From: Alice <alice@example.org>\r\nSubject: Tea\r\n\r\nAt four.\r\n";
//! let (domain, selector) = (Domain::parse("example.org")?, Selector::parse("s1")?);
//! let key = Arc::new(PrivateKey::generate_ed25519()?);
//! let now = "2026-07-01T12:00:00Z".parse()?;
//!
//! // The signature stands before the content; what has to be published stands in the key.
//! let published = format!("{}. TXT \"{}\"", dkim::record_name(&selector, &domain), key.dns_record());
//! let mut signed = dkim::sign(content, &[Signer::new(domain, selector, key)], now)?;
//! signed.extend_from_slice(content);
//!
//! let zone = format!("{published}\n_dmarc.example.org. TXT \"v=DMARC1; p=reject\"");
//! let resolver = ZoneResolver::from_text(&zone)?;
//! let client = Client {
//!     ip: "192.0.2.7".parse()?,
//!     helo: "mail.example.org",
//!     mail_from: &ReversePath::Null,
//!     receiver: "mx.example.com",
//!     now,
//! };
//! let early = verify::early(&client, &resolver).await; // known at MAIL, before the content comes
//! let verdicts = verify::message(&client, early, &signed, &resolver).await;
//! assert_eq!(verdicts.dkim[0].result, DkimResult::Pass);
//! assert_eq!(verdicts.dmarc.result, DmarcResult::Pass);
//! assert!(verdicts.authentication_results("mx.example.com").starts_with("Authentication-Results:"));
//! # Ok(())
//! # }
//! ```

pub mod arc;
mod cache;
mod certificate;
pub mod dane;
pub mod der;
pub mod dkim;
pub mod dmarc;
pub mod finding;
pub mod iprev;
pub mod json;
pub mod mta_sts;
mod network;
pub mod received;
mod records;
pub mod results;
pub mod slip;
pub mod spf;
mod step;
pub mod tls_rpt;
pub mod verify;

pub use cache::{Bounds, Cache};
pub use certificate::{Certificate, Digest, Key, Strength};
pub use network::{Network, NotANetwork, is_on_the_internet};
pub use records::Records;
pub use step::{Spent, Step};
