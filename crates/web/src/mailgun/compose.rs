//! From parameters to content.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tegami_mail::{Domain, MessageBuilder, header};

use super::options::SendOptions;
use super::parameters::Parameters;
use crate::error::ApiError;

/// Fields of ours in the delivered copy.
const TAG: &str = "X-Mailgun-Tag";
const VARIABLES: &str = "X-Mailgun-Variables";

/// The content of a message, Message-ID included. Recipients of blind copies stand nowhere in it.
pub(crate) fn compose(message: Parameters, message_id: &str, now: Timestamp) -> Result<Vec<u8>, ApiError> {
    let given = |name: &str| message.fields.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    let (own_to, own_cc, own_date) = (given("To"), given("Cc"), given("Date"));
    let mut fields = message.fields;
    fields.extend(fields_of_ours(&message.options));
    let builder = MessageBuilder {
        from: message.from,
        sender: message.sender,
        reply_to: Vec::new(),
        to: if own_to { Vec::new() } else { message.to },
        cc: if own_cc { Vec::new() } else { message.cc },
        subject: message.subject,
        date: (!own_date).then_some(now),
        message_id: Some(message_id.to_owned()),
        fields,
        text: message.text,
        html: message.html,
        amp_html: message.amp_html,
        attachments: message.attachments,
        inline: message.inline,
    };
    builder.build(message_id).map_err(|error| ApiError::bad(error.to_string()))
}

/// Tags and variables, which the receiver may see.
pub(crate) fn fields_of_ours(options: &SendOptions) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    if options.shows(TAG) {
        fields.extend(options.tags.iter().map(|tag| (TAG.to_owned(), tag.clone())));
    }
    if options.shows(VARIABLES) && !options.variables.is_empty() {
        let json = serde_json::Value::Object(options.variables.clone()).to_string();
        fields.push((VARIABLES.to_owned(), json));
    }
    fields
}

/// The same, written.
pub(crate) fn written(fields: &[(String, String)]) -> Result<Vec<Vec<u8>>, ApiError> {
    let write = |(name, value): &(String, String)| header::write(name, value);
    fields.iter().map(write).collect::<Result<_, _>>().map_err(|error| ApiError::bad(error.to_string()))
}

/// A Message-ID that nobody has: the moment, and 64 bits of chance.
pub(crate) fn new_message_id(domain: &Domain, now: Timestamp) -> String {
    let mut chance = [0_u8; 8];
    if aws_lc_rs::rand::fill(&mut chance).is_err() {
        // Without chance there are still nanoseconds.
        chance = now.as_nanosecond().to_be_bytes().last_chunk().copied().unwrap_or_default();
    }
    let moment = now.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%S");
    tegami_mail::compose::message_id(&format!("{moment}.{:016x}", u64::from_be_bytes(chance)), domain)
}
