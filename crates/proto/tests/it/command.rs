//! Another reader of MAIL and RCPT must understand what is well formed as ours does. (What is not well formed is our own affair; `server`
//! has it.)

use std::sync::Arc;
use std::time::Instant;

use proptest::prelude::*;
use smtp_proto as other;
use tegami_mail::{Body, Envelope, Ret};
use tegami_proto::smtp::server::{Action, Answer, Question, Session};

/// What our server has understood behind EHLO, with the recipients that it asked about.
fn ours(lines: &[&str]) -> Envelope {
    let now = Instant::now();
    let mut session = Session::new(Arc::new(crate::server::settings()), now);
    let mut paths = Vec::new();
    for line in ["EHLO c"].iter().chain(lines) {
        session.receive(format!("{line}\r\n").as_bytes(), now);
        while let Some(action) = session.next() {
            if let Action::Ask(question) = action {
                if let Question::Recipient(path) = question {
                    paths.push(path);
                }
                session.answer(Answer::Accept);
            }
        }
    }
    let mut envelope = session.envelope().expect("MAIL was well formed").clone();
    envelope.forward_paths = paths;
    envelope
}

fn theirs(line: &str) -> other::Request<std::borrow::Cow<'_, str>> {
    other::Request::parse(&mut line.as_bytes().iter()).unwrap_or_else(|error| panic!("{line}: {error:?}"))
}

fn address() -> impl Strategy<Value = String> {
    let local_part = "[a-zA-Z0-9!#$%&'*+/=?^_{|}~-]{1,8}(\\.[a-zA-Z0-9]{1,8}){0,2}";
    (local_part, "[a-z0-9]{1,8}(\\.[a-z]{2,5}){1,2}")
        .prop_map(|(local_part, domain)| format!("{local_part}@{domain}"))
}

fn parameters(all: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::subsequence(all, 0..=all.len())
        .prop_shuffle()
        .prop_map(|chosen| chosen.iter().map(|one| format!(" {one}")).collect())
}

proptest! {
    #[test]
    fn mail_is_read_alike(
        address in address(),
        parameters in parameters(&["SIZE=1234", "BODY=8BITMIME", "smtputf8", "RET=HDRS", "ENVID=QQ314159"]),
    ) {
        let line = format!("MAIL FROM:<{address}>{parameters}");
        let wire = format!("{line}\r\n");
        let envelope = ours(&[&line]);
        let other::Request::Mail { from } = theirs(&wire) else { panic!("{line} is not MAIL") };
        prop_assert_eq!(envelope.reverse_path.to_string(), from.address);
        prop_assert_eq!(envelope.body == Body::EightBitMime, from.flags & other::MAIL_BODY_8BITMIME != 0);
        prop_assert_eq!(envelope.smtputf8, from.flags & other::MAIL_SMTPUTF8 != 0);
        prop_assert_eq!(envelope.dsn.ret == Some(Ret::Headers), from.flags & other::MAIL_RET_HDRS != 0);
        prop_assert_eq!(envelope.dsn.envelope_id, from.env_id.map(|id| id.into_owned()));
    }

    #[test]
    fn rcpt_is_read_alike(
        address in address(),
        parameters in parameters(&["NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;someone@example.org"]),
    ) {
        let line = format!("RCPT TO:<{address}>{parameters}");
        let wire = format!("{line}\r\n");
        let envelope = ours(&["MAIL FROM:<>", &line]);
        let other::Request::Rcpt { to } = theirs(&wire) else { panic!("{line} is not RCPT") };
        let [path] = envelope.forward_paths.as_slice() else { panic!("{line} was refused") };
        prop_assert_eq!(path.address.to_string(), to.address);
        let flags = path.notify.map(|notify| (notify.success, notify.failure, notify.delay));
        let told = |flag| to.flags & flag != 0;
        let other_flags = (told(other::RCPT_NOTIFY_SUCCESS), told(other::RCPT_NOTIFY_FAILURE), told(other::RCPT_NOTIFY_DELAY));
        prop_assert_eq!(flags.unwrap_or_default(), other_flags);
        let original = path.original_recipient.as_deref().and_then(|original| original.split_once(';'));
        prop_assert_eq!(original.map(|(_, address)| address.to_owned()), to.orcpt.map(|address| address.into_owned()));
    }
}
