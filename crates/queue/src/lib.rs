//! The post desk: everything that leaves or lies in a mailbox enters here.
//!
//! ```text
//!   Authenticated ─► Permit ─► Intake::accept ─► store ─► Postman ─► Deliver (outbound)
//!                                   ▲                        │           │
//!                                   └── DSN ◄── Settler ◄────┴─ Outcome ◄┘
//! ```
//!
//! [`Intake`] completes, signs and keeps a message in one synced write. [`Postman`] takes due recipients from the store, groups them
//! ([`Dispatcher`], pure), hands [`Job`]s to whoever delivers, and settles the [`Outcome`]s: delivered, deferred, failed, with
//! events, DSNs and suppressions in the same commit.

mod accounts;
mod api_keys;
mod batch;
mod call;
mod clock;
mod complete;
mod control;
mod controls;
mod credentials;
mod dkim_keys;
mod domains;
mod dsn;
mod event;
mod farewell;
mod fate;
mod forward;
mod fresh;
#[doc(hidden)]
pub mod fuzz;
pub mod gate;
mod held;
mod here;
mod hold;
mod id;
mod intake;
mod link;
mod local;
mod mailing_list;
mod metrics;
mod notice;
mod operate;
mod outcome;
mod paper;
mod permit;
mod preflight;
mod priority;
mod retention;
mod returns;
pub mod rotation;
pub mod route;
mod run;
mod schedule;
mod settle;
pub mod shaping;
mod sign;
mod submission;
mod summary;
mod suppress;
mod test_inbox;
mod throttle;
mod track;
mod trusted;
mod unsuppressed;
mod variables;

pub use accounts::{AccountError, Accounts, AuthError};
pub use call::{
    Answered, Call, CallAttempt, CallError, CallState, CallSubject, Caller, NoCaller, OVER as CALLS_OVER,
    Post, WAITING as CALLS_WAITING,
};
pub use clock::SystemClock;
pub use complete::{Completed, complete, message_id, needs};
pub use control::Control;
pub use controls::{Controls, Declined, NoControls, Submitted, Turn};
pub use dkim_keys::{DkimKeyError, DkimKeys, NewRing};
pub use domains::{DomainError, DomainRoll, Domains, OurDomain};
pub use event::{EventData, Reason};
pub use farewell::{
    farewell_tags, joined as joined_suppression, merged as merged_suppression,
    writing as writing_suppressions,
};
pub use forward::Routed;
pub use hold::{HoldRule, HoldSubject, Holds};
pub use intake::{Intake, IntakeSettings};
pub use link::{FarewellFrom, LONGEST_TARGET, Link, LinkAction, Links, MailFarewell, Visit};
pub use local::{Directory, LocalMailboxes, Locality, NoMailboxes, mailbox_owners};
pub use mailing_list::{
    AccessLevel, ListError, MOST_MEMBERS, MailingList, MailingLists, Member, ReplyPreference, list_key,
    member_key,
};
pub use metrics::Metrics;
pub use notice::{Heard, Paper, Returning};
pub use operate::{Act, Operator, Order};
pub use outcome::{Class, Failure, Job, Outcome, Peer, PeerTls, RecipientOutcome, RecipientResult, Stage};
pub use permit::{Authenticated, NotPermitted, Permit, Senders};
pub use preflight::{Departure, JUDGEMENT, Kept, Preflight, Unfit, judgement_apart};
pub use priority::named as named_priority;
pub use retention::Retention;
pub use returns::{ReturnTo, ReturnedSender, Returns};
pub use run::{Deliver, Postman, RunError, RunSettings};
pub use schedule::{
    Dispatcher, Group, LaneState, Limits, Next, Retries, RetryPolicy, RetryRule, Survey, Wait,
};
pub use settle::Settler;
pub use sign::{KeyRing, SignerSource, Signing};
pub use submission::{
    Accepted, Author, AuthorRule, Fault, IntakeError, KeyName, Mode, Options, Reception, SecondSignature,
    Signatures, Submission, TlsWish, Trace,
};
pub use suppress::SuppressionRules;
pub use tegami_report::dsn::Languages;
pub use test_inbox::{TEST_INBOX_LIVES, TestInbox, TestInboxes, TestReport, Tested};
pub use throttle::{Admission, Throttle, ThrottlePolicy};
pub use track::TrackingWish;
pub use trusted::{Distrust, TrustedNetworks};
pub use variables::Person;
