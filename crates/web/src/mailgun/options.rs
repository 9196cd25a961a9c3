//! Send options: `o:` parameters, `v:` parameters, and the `X-Mailgun-…` fields that mean the same.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};
use tegami_queue::{TlsDemand, TrackingWish, named_priority};
use tegami_store::{ClickTracking, Priority};

use super::scalar::{flag, moment, shown};
use crate::error::ApiError;

/// What the client asks for besides the message itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SendOptions {
    /// Tags, in the order given.
    pub(crate) tags: Vec<String>,
    /// Accept for show only.
    pub(crate) test_mode: bool,
    /// First attempt not before.
    pub(crate) deliver_at: Option<Timestamp>,
    /// Given up so long after that.
    pub(crate) deliver_within: Option<Duration>,
    /// How urgent it is; an option of ours.
    pub(crate) priority: Option<Priority>,
    /// What TLS with the next hop has to be.
    pub(crate) tls: TlsDemand,
    /// Ways to unsubscribe, and what is learnt of readers.
    pub(crate) tracking: TrackingWish,
    /// The application's own variables.
    pub(crate) variables: Map<String, Value>,
    /// One message for each recipient.
    pub(crate) recipient_variables: Option<Map<String, Value>>,
    /// Which fields of ours the delivered copy does not have, in lower case; `all` is all of them.
    pub(crate) suppressed: Vec<String>,
}

/// Most tags of a message.
const MOST_TAGS: usize = 10;
/// Longest tag in characters.
const LONGEST_TAG: usize = 128;

/// Fields that mean the same as a parameter.
const FIELDS: &[(&str, &str)] = &[
    ("x-mailgun-tag", "tag"),
    ("x-mailgun-dkim", "dkim"),
    ("x-mailgun-deliver-by", "deliverytime"),
    ("x-mailgun-deliver-within", "deliver-within"),
    ("x-mailgun-drop-message", "testmode"),
    ("x-mailgun-track", "tracking"),
    ("x-mailgun-track-clicks", "tracking-clicks"),
    ("x-mailgun-track-opens", "tracking-opens"),
    ("x-mailgun-track-unsubscribe", "tracking-unsubscribe"),
    ("x-mailgun-track-pixel-location-top", "tracking-pixel-location-top"),
    ("x-mailgun-require-tls", "require-tls"),
    ("x-mailgun-skip-verification", "skip-verification"),
    ("x-mailgun-sending-ip", "sending-ip"),
    ("x-mailgun-sending-ip-pool", "sending-ip-pool"),
    ("x-mailgun-archive-to", "archive-to"),
    ("x-mailgun-suppress-headers", "suppress-headers"),
    ("x-mailgun-delivery-time-optimize-period", "deliverytime-optimize-period"),
    ("x-mailgun-time-zone-localize", "time-zone-localize"),
];

impl SendOptions {
    /// Sets `o:NAME`; `field` is the name by which the client called it. Unknown names are accepted, as the real service does.
    pub(crate) fn set(&mut self, name: &str, field: &str, value: &str) -> Result<(), ApiError> {
        match name.to_ascii_lowercase().as_str() {
            "tag" => self.add_tag(field, value),
            "testmode" => flag(field, value).map(|value| self.test_mode = value),
            "require-tls" => flag(field, value).map(|value| self.tls.require = Some(value)),
            "skip-verification" => flag(field, value).map(|value| self.tls.skip_verification = Some(value)),
            "deliverytime" => match moment(value) {
                Some(moment) => moment.map(|moment| self.deliver_at = Some(moment)),
                None => Ok(()),
            },
            "suppress-headers" => {
                let names = value.split(',').map(|name| name.trim().to_ascii_lowercase());
                self.suppressed.extend(names.filter(|name| !name.is_empty()));
                Ok(())
            }
            "dkim" => flag(field, value).map(|_| ()),
            "tracking" => clicks(field, value).map(|value| self.tracking.both = Some(value)),
            "tracking-clicks" => clicks(field, value).map(|value| self.tracking.clicks = Some(value)),
            "tracking-opens" => {
                let opens = clicks(field, value)? != ClickTracking::Off;
                self.tracking.opens = Some(opens);
                Ok(())
            }
            "tracking-pixel-location-top" => {
                let top = clicks(field, value)? != ClickTracking::Off;
                self.tracking.pixel_at_the_top = Some(top);
                Ok(())
            }
            "tracking-unsubscribe" => flag(field, value).map(|value| self.tracking.unsubscribe = Some(value)),
            "deliver-within" => {
                hours_and_minutes(field, value).map(|within| self.deliver_within = Some(within))
            }
            "priority" => match named_priority(value) {
                Some(priority) => {
                    self.priority = Some(priority);
                    Ok(())
                }
                None => {
                    let value = shown(value);
                    Err(ApiError::bad(format!("{field}: `{value}` is not transactional, normal or bulk")))
                }
            },
            "sending-ip" | "sending-ip-pool" | "archive-to" if !value.trim().is_empty() => {
                Err(ApiError::bad(format!("{field}: `{}` is not available on this server", shown(value))))
            }
            _ => Ok(()),
        }
    }

    /// Takes a header field that is an option. `false`: it is an ordinary field.
    pub(crate) fn take_field(&mut self, field: &str, value: &str) -> Result<bool, ApiError> {
        let lower = field.to_ascii_lowercase();
        match lower.as_str() {
            "x-mailgun-variables" => self.merge_variables(field, value)?,
            "x-mailgun-recipient-variables" => self.set_recipient_variables(value)?,
            "x-mailgun-template-name" => return Err(no_template(value)),
            name => match FIELDS.iter().find(|(known, _)| *known == name) {
                Some((_, option)) => self.set(option, field, value)?,
                None => return Ok(name.starts_with("x-mailgun-")),
            },
        }
        Ok(true)
    }

    /// Sets `v:NAME`. Values stay text, whatever they look like.
    pub(crate) fn set_variable(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), Value::String(value.to_owned()));
    }

    /// Turns batch mode on.
    pub(crate) fn set_recipient_variables(&mut self, json: &str) -> Result<(), ApiError> {
        let wrong = || ApiError::bad("'recipient-variables' parameter is not a valid JSON");
        match serde_json::from_str(json) {
            Ok(Value::Object(members)) => {
                self.recipient_variables = Some(members);
                Ok(())
            }
            _ => Err(wrong()),
        }
    }

    /// Whether the delivered copy has this field of ours.
    pub(crate) fn shows(&self, field: &str) -> bool {
        !self.suppressed.iter().any(|name| name == "all" || name.eq_ignore_ascii_case(field))
    }

    fn merge_variables(&mut self, field: &str, json: &str) -> Result<(), ApiError> {
        match serde_json::from_str(json) {
            Ok(Value::Object(members)) => {
                self.variables.extend(members);
                Ok(())
            }
            _ => Err(ApiError::bad(format!("{field} is not a valid JSON object"))),
        }
    }

    fn add_tag(&mut self, field: &str, tag: &str) -> Result<(), ApiError> {
        if tag.is_empty() {
            return Ok(());
        }
        if tag.len() > LONGEST_TAG || !tag.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            let why = format!("{field}: a tag has at most {LONGEST_TAG} printable ASCII characters");
            return Err(ApiError::bad(why));
        }
        if self.tags.iter().any(|known| known.eq_ignore_ascii_case(tag)) {
            return Ok(());
        }
        if self.tags.len() >= MOST_TAGS {
            return Err(ApiError::bad(format!("{field}: a message has at most {MOST_TAGS} tags")));
        }
        self.tags.push(tag.to_owned());
        Ok(())
    }
}

/// Yes, no, or yes in HTML alone.
fn clicks(field: &str, value: &str) -> Result<ClickTracking, ApiError> {
    if value.trim().eq_ignore_ascii_case("htmlonly") {
        return Ok(ClickTracking::HtmlOnly);
    }
    flag(field, value).map(|yes| if yes { ClickTracking::On } else { ClickTracking::Off })
}

/// There are no stored templates.
pub(crate) fn no_template(name: &str) -> ApiError {
    ApiError::bad(format!("template with name '{}' not found", shown(name)))
}

/// `[0-9]+h[0-9]+m`, either half alone too.
fn hours_and_minutes(field: &str, value: &str) -> Result<Duration, ApiError> {
    let value = value.trim();
    let (hours, rest) = value.split_once('h').map_or(("", value), |(hours, rest)| (hours, rest));
    let minutes = rest.strip_suffix('m').unwrap_or(rest);
    let is_number = |text: &str| text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    let fine = !value.is_empty()
        && is_number(hours)
        && is_number(minutes)
        && (rest.is_empty() || rest.ends_with('m'))
        && value.contains(['h', 'm']);
    if !fine {
        return Err(ApiError::bad(format!("{field}: `{}` is not of the form 1h30m", shown(value))));
    }
    let number = |text: &str| text.parse::<u64>().unwrap_or_default();
    let minutes = number(hours) * 60 + number(minutes);
    if !(5..=24 * 60).contains(&minutes) {
        return Err(ApiError::bad(format!("{field}: `{}` is not between 5m and 24h", shown(value))));
    }
    Ok(Duration::from_secs(minutes * 60))
}

#[cfg(test)]
mod tests {
    use tegami_store::HopTls;

    use super::*;

    #[test]
    fn fields_and_parameters_mean_the_same() {
        let mut options = SendOptions::default();
        options.set("tag", "o:tag", "tag 1").unwrap();
        options.set("Tag", "o:Tag", "TAG 1").unwrap();
        assert_eq!(options.take_field("X-Mailgun-Tag", "b"), Ok(true));
        assert_eq!(options.take_field("x-mailgun-drop-message", "yes"), Ok(true));
        assert_eq!(options.take_field("X-Mailgun-Variables", r#"{"a":1}"#), Ok(true));
        assert_eq!(options.take_field("X-Mailgun-Whatever", "x"), Ok(true));
        assert_eq!(options.take_field("X-Other", "x"), Ok(false));
        options.set_variable("b", "2");
        assert_eq!(options.tags, ["tag 1", "b"]);
        assert!(options.test_mode);
        assert_eq!(Value::Object(options.variables), serde_json::json!({"a": 1, "b": "2"}));
    }

    #[test]
    fn demands_of_tls() {
        let demand = |pairs: &[(&str, &str)]| {
            let mut options = SendOptions::default();
            for (name, value) in pairs {
                options.set(name, &format!("o:{name}"), value).unwrap();
            }
            options.tls.hop_tls(None)
        };
        assert_eq!(demand(&[]), HopTls::AsPolicy);
        assert_eq!(demand(&[("skip-verification", "yes")]), HopTls::AsPolicy);
        assert_eq!(demand(&[("require-tls", "True")]), HopTls::Verified);
        assert_eq!(demand(&[("require-tls", "yes"), ("skip-verification", "no")]), HopTls::Verified);
        assert_eq!(demand(&[("require-tls", "yes"), ("skip-verification", "1")]), HopTls::Encrypted);
    }

    #[test]
    fn forms_are_checked() {
        let refused = |name: &str, value: &str| {
            SendOptions::default().set(name, &format!("o:{name}"), value).map_err(|error| error.to_string())
        };
        assert_eq!(refused("deliver-within", "1h30m"), Ok(()));
        assert_eq!(refused("deliver-within", "5m"), Ok(()));
        assert_eq!(
            refused("deliver-within", "25h").unwrap_err(),
            "o:deliver-within: `25h` is not between 5m and 24h"
        );
        assert_eq!(refused("priority", "Transactional"), Ok(()));
        assert_eq!(
            refused("priority", "high").unwrap_err(),
            "o:priority: `high` is not transactional, normal or bulk"
        );
        assert_eq!(
            refused("deliver-within", "soon").unwrap_err(),
            "o:deliver-within: `soon` is not of the form 1h30m"
        );
        assert_eq!(refused("tracking", "htmlonly"), Ok(()));
        assert_eq!(refused("campaign", "anything"), Ok(()));
        assert!(refused("tag", "日本").unwrap_err().contains("printable ASCII"));
        assert!(refused("sending-ip", "192.0.2.1").unwrap_err().contains("not available"));
    }
}
