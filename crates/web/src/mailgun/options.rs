//! Send options: `o:` parameters, `v:` parameters, and the `X-Mailgun-…` fields that mean the same.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};
use tegami_auth::dkim::Selector;
use tegami_mail::Domain;
use tegami_queue::{
    KeyName, Mode, Options, SecondSignature, Signatures, TlsWish, TrackingWish, named_priority,
};
use tegami_store::{ClickTracking, Priority, SourceWish};

use super::scalar::{flag, moment, shown};
use crate::error::ApiError;
use crate::tag;

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
    pub(crate) tls: TlsWish,
    /// Ways to unsubscribe, and what is learnt of readers.
    pub(crate) tracking: TrackingWish,
    /// The application's own variables.
    pub(crate) variables: Map<String, Value>,
    /// One message for each recipient.
    pub(crate) recipient_variables: Option<Map<String, Value>>,
    /// No DKIM signature at all.
    pub(crate) unsigned: bool,
    /// The key of one more signature.
    pub(crate) second_key: Option<KeyName>,
    /// The name under which the public half of that key is found.
    pub(crate) second_public: Option<KeyName>,
    /// Where a copy of what was delivered goes.
    pub(crate) archive_to: Option<String>,
    /// The one address that it may leave from.
    pub(crate) sending_ip: Option<IpAddr>,
    /// The pool that it leaves from.
    pub(crate) sending_pool: Option<String>,
    /// The stored template that is the body.
    pub(crate) template: TemplateWish,
    /// Which fields of ours the delivered copy does not have, in lower case; `all` is all of them.
    pub(crate) suppressed: Vec<String>,
}

/// A stored template that is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TemplateWish {
    /// Its name.
    pub(crate) name: Option<String>,
    /// The tag of a version; else the one in use.
    pub(crate) version: Option<String>,
    /// A text part is made of it too.
    pub(crate) text: bool,
    /// Values that go before the message's own variables.
    pub(crate) variables: Map<String, Value>,
}

/// Most tags of a message.
const MOST_TAGS: usize = 10;

/// Fields that mean the same as a parameter.
const FIELDS: &[(&str, &str)] = &[
    ("x-mailgun-tag", "tag"),
    ("x-mailgun-dkim", "dkim"),
    ("x-mailgun-secondary-dkim", "secondary-dkim"),
    ("x-mailgun-secondary-dkim-public", "secondary-dkim-public"),
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
            "dkim" => flag(field, value).map(|value| self.unsigned = !value),
            "secondary-dkim" => key_name(field, value).map(|key| self.second_key = key),
            "secondary-dkim-public" => key_name(field, value).map(|key| self.second_public = key),
            "archive-to" => archive(field, value).map(|url| self.archive_to = url),
            "deliverytime-optimize-period" => optimize_period(field, value),
            "time-zone-localize" => time_of_day(field, value),
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
            "sending-ip" => match filled(value).map(|text| text.parse()) {
                Some(Err(_)) => {
                    Err(ApiError::bad(format!("{field}: `{}` is not an IP address", shown(value))))
                }
                ip => {
                    self.sending_ip = ip.and_then(Result::ok);
                    Ok(())
                }
            },
            "sending-ip-pool" => {
                self.sending_pool = filled(value);
                Ok(())
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
            "x-mailgun-template-name" => self.template.name = filled(value),
            "x-mailgun-template-version" => self.template.version = filled(value),
            "x-mailgun-template-variables" => self.set_template_variables(field, value)?,
            "x-mailgun-template-text" => self.template.text = flag(field, value)?,
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

    /// Sets `t:NAME`. Unknown names are accepted.
    pub(crate) fn set_of_template(&mut self, name: &str, field: &str, value: &str) -> Result<(), ApiError> {
        match name.to_ascii_lowercase().as_str() {
            "version" => self.template.version = filled(value),
            "text" => self.template.text = flag(field, value)?,
            "variables" => self.set_template_variables(field, value)?,
            _ => {}
        }
        Ok(())
    }

    fn set_template_variables(&mut self, field: &str, json: &str) -> Result<(), ApiError> {
        if json.trim().is_empty() {
            return Ok(());
        }
        match serde_json::from_str(json) {
            Ok(Value::Object(members)) => {
                self.template.variables.extend(members);
                Ok(())
            }
            _ => Err(ApiError::bad(format!("'{field}' parameter is not a valid JSON"))),
        }
    }

    /// For the queue, beside what its door adds.
    pub(crate) fn into_queue(self, door: Options) -> Options {
        let second = self.second_key.map(|key| SecondSignature { key, shown_as: self.second_public });
        Options {
            tags: self.tags,
            variables: self.variables,
            mode: if self.test_mode { Mode::Test } else { Mode::Deliver },
            hop_tls: self.tls,
            priority: self.priority,
            deliver_at: self.deliver_at.or(door.deliver_at),
            give_up_after: self.deliver_within,
            tracking: self.tracking,
            signatures: Signatures { withheld: self.unsigned, second },
            archive_to: self.archive_to,
            leaves_from: match (self.sending_ip, self.sending_pool) {
                (Some(ip), _) => Some(SourceWish::Address(ip)),
                (None, pool) => pool.map(SourceWish::Pool),
            },
            ..door
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
        if !tag::is_fine(tag) {
            let why = format!("{field}: a tag has at most {} printable ASCII characters", tag::LONGEST);
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
pub(super) fn clicks(field: &str, value: &str) -> Result<ClickTracking, ApiError> {
    if value.trim().eq_ignore_ascii_case("htmlonly") {
        return Ok(ClickTracking::HtmlOnly);
    }
    flag(field, value).map(|yes| if yes { ClickTracking::On } else { ClickTracking::Off })
}

/// There is no such template.
pub(crate) fn no_template(name: &str) -> ApiError {
    ApiError::bad(format!("template with name '{}' not found", shown(name)))
}

fn filled(value: &str) -> Option<String> {
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// `example.org/selector`, or with a comma; nothing where nothing stands there.
fn key_name(field: &str, value: &str) -> Result<Option<KeyName>, ApiError> {
    let Some(value) = filled(value) else { return Ok(None) };
    let named = value.split_once(['/', ',']).and_then(|(domain, selector)| {
        let (domain, selector) = (Domain::parse(domain.trim()).ok()?, Selector::parse(selector.trim()).ok()?);
        Some(KeyName { domain, selector })
    });
    let wrong =
        || ApiError::bad(format!("{field}: `{}` is not of the form example.org/selector", shown(&value)));
    named.map(Some).ok_or_else(wrong)
}

/// A URL that a copy can be posted to.
pub(super) fn archive(field: &str, value: &str) -> Result<Option<String>, ApiError> {
    let Some(value) = filled(value) else { return Ok(None) };
    let wrong = || {
        ApiError::bad(format!(
            "{field}: `{}` is not a URL that begins with https:// or http://",
            shown(&value)
        ))
    };
    let url: axum::http::Uri = value.parse().map_err(|_| wrong())?;
    let fine =
        matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some_and(|host| !host.is_empty());
    if fine { Ok(Some(value)) } else { Err(wrong()) }
}

/// `24h` to `72h`. Nothing is known of when people read, so nothing follows from it.
fn optimize_period(field: &str, value: &str) -> Result<(), ApiError> {
    let Some(value) = filled(value) else { return Ok(()) };
    let hours = value.strip_suffix('h').and_then(|hours| hours.parse::<u32>().ok());
    if hours.is_some_and(|hours| (24..=72).contains(&hours)) {
        return Ok(());
    }
    Err(ApiError::bad(format!("{field}: `{}` is not between 24h and 72h", shown(&value))))
}

/// `HH:mm` or `hh:mmaa`. Nothing is known of where people are, so nothing follows from it.
fn time_of_day(field: &str, value: &str) -> Result<(), ApiError> {
    let Some(value) = filled(value) else { return Ok(()) };
    let lower = value.to_ascii_lowercase();
    let (clock, hours) = match lower.strip_suffix("am").or_else(|| lower.strip_suffix("pm")) {
        Some(clock) => (clock.trim_end(), 1..=12),
        None => (lower.as_str(), 0..=23),
    };
    let parts = clock.split_once(':').and_then(|(hour, minute)| {
        let digits = |text: &str, fewest: usize| {
            (fewest..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
        };
        let fine = digits(hour, 1) && digits(minute, 2);
        fine.then(|| Some((hour.parse::<u32>().ok()?, minute.parse::<u32>().ok()?)))?
    });
    if parts.is_some_and(|(hour, minute)| hours.contains(&hour) && minute < 60) {
        return Ok(());
    }
    Err(ApiError::bad(format!("{field}: `{}` is not of the form 18:30 or 06:30pm", shown(&value))))
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
        assert_eq!(refused("deliverytime-optimize-period", "24h"), Ok(()));
        assert_eq!(
            refused("deliverytime-optimize-period", "12h").unwrap_err(),
            "o:deliverytime-optimize-period: `12h` is not between 24h and 72h"
        );
        for time in ["18:30", "9:05", "06:30pm", "12:00AM"] {
            assert_eq!(refused("time-zone-localize", time), Ok(()), "{time}");
        }
        for time in ["24:00", "13:00pm", "noon", "1:2", "0:00am"] {
            assert!(refused("time-zone-localize", time).is_err(), "{time}");
        }
        assert_eq!(refused("secondary-dkim", "example.org/s1"), Ok(()));
        assert_eq!(
            refused("secondary-dkim", "example.org").unwrap_err(),
            "o:secondary-dkim: `example.org` is not of the form example.org/selector"
        );
        assert_eq!(refused("archive-to", "https://archive.example.org/mail"), Ok(()));
        assert!(refused("archive-to", "file:///etc").unwrap_err().contains("is not a URL that begins"));
        assert!(refused("tag", "日本").unwrap_err().contains("printable ASCII"));
        assert_eq!(refused("sending-ip", "mail").unwrap_err(), "o:sending-ip: `mail` is not an IP address");
    }
}
