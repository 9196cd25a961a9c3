//! The letter that a form becomes.

use bytes::Bytes;
use tegami_mail::{Envelope, MessageBuilder, NameAddr, ReversePath, compose};
use tegami_queue::{Authenticated, Options, Permit, Senders, Submission};
use tegami_store::{Origin as Door, Priority};

use super::gate::Origin;
use super::given::Given;
use super::{FormSettings, Stranger};
use crate::house::House;

/// Longest line of a value that stands beside its label.
const SHORT: usize = 60;

impl House {
    /// Writes it and hands it to intake. The permit is the configuration's: from this address to these people, and nothing that a visitor writes
    /// changes that.
    pub(super) async fn write_letter(
        &self,
        name: &str,
        settings: &FormSettings,
        given: &Given,
        stranger: &Stranger,
        origin: &Origin,
    ) -> Result<(), String> {
        let now = self.rooms.clock.now();
        let from = settings.from.clone();
        let domain = from.address.domain().cloned().ok_or("the form's author has no domain")?;
        let mut chance = [0; 8];
        aws_lc_rs::rand::fill(&mut chance).map_err(|_| "the random source failed")?;
        let unique = format!("form.{}.{:016x}", now.as_second(), u64::from_be_bytes(chance));
        let message_id = compose::message_id(&unique, &domain);
        let to = settings.to.iter().map(|address| NameAddr { name: None, address: address.clone() });
        let builder = MessageBuilder {
            from: vec![from.clone()],
            reply_to: given
                .author(settings)
                .map(|address| NameAddr { name: None, address })
                .into_iter()
                .collect(),
            to: to.collect(),
            subject: Some(given.subject(settings)),
            date: Some(now),
            message_id: Some(message_id.clone()),
            text: Some(body(given, stranger, origin)),
            ..MessageBuilder::default()
        };
        let content = builder.build(&message_id).map_err(|error| error.to_string())?;
        let account =
            Authenticated::by_configuration(format!("form {name}"), vec![Senders::One(from.address.clone())]);
        let envelope = Envelope::new(ReversePath::Address(from.address), settings.to.clone());
        let permit = Permit::for_account(&account, envelope).map_err(|error| error.to_string())?;
        let submission = Submission {
            permit,
            origin: Door::Http { account: account.account().to_owned() },
            domain,
            content: Bytes::from(content),
            options: Options { priority: Some(Priority::Normal), ..Options::default() },
        };
        self.rooms.intake.accept(submission).await.map(drop).map_err(|error| error.to_string())
    }
}

/// Labels and what was written; at the end, whence it came.
fn body(given: &Given, stranger: &Stranger, origin: &Origin) -> String {
    let mut text = String::new();
    for (field, value) in given.fields.iter().filter(|(_, value)| !value.is_empty()) {
        if value.contains('\n') || value.len() > SHORT {
            text.push_str(&format!("{}:\n\n{value}\n\n", field.label));
        } else {
            text.push_str(&format!("{}: {value}\n", field.label));
        }
    }
    let site = match origin {
        Origin::Allowed(site) => format!("{site}, "),
        Origin::Here | Origin::Foreign => String::new(),
    };
    text.push_str(&format!("\n-- \n{site}{}\n", stranger.ip));
    text
}
