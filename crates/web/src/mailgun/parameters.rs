//! The parameters of a message, from fields of a form to types.

use tegami_mail::{Attachment, NameAddr, ParameterizedValue, mailbox_list};

use super::form::{Form, Part};
use super::media;
use super::options::SendOptions;
use super::scalar::shown;
use crate::error::ApiError;

/// A message as the client described it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Parameters {
    /// The authors; at least one.
    pub(crate) from: Vec<NameAddr>,
    /// Who sends for them.
    pub(crate) sender: Option<NameAddr>,
    /// At least one.
    pub(crate) to: Vec<NameAddr>,
    /// Copies.
    pub(crate) cc: Vec<NameAddr>,
    /// Blind copies.
    pub(crate) bcc: Vec<NameAddr>,
    /// Subject.
    pub(crate) subject: Option<String>,
    /// Without angle brackets, where the client chose it.
    pub(crate) message_id: Option<String>,
    /// Plain text.
    pub(crate) text: Option<String>,
    /// HTML.
    pub(crate) html: Option<String>,
    /// AMP for Email.
    pub(crate) amp_html: Option<String>,
    /// Files beside the message.
    pub(crate) attachments: Vec<Attachment>,
    /// Files within the HTML.
    pub(crate) inline: Vec<Attachment>,
    /// Further header fields.
    pub(crate) fields: Vec<(String, String)>,
    /// Everything that is not the message itself.
    pub(crate) options: SendOptions,
}

/// Most recipients of a message, whichever field names them.
const MOST_RECIPIENTS: usize = 1000;
/// Names and values of `o:`, `h:`, `v:` and `t:` parameters together, in octets.
const MOST_OPTIONS: usize = 16 << 10;

/// Header fields that describe a message that no longer exists, or that are ours to write.
const IGNORED: [&str; 5] = ["mime-version", "bcc", "resent-bcc", "return-path", "received"];

impl Parameters {
    /// Reads `POST /v3/{domain}/messages`. What is wrong is told in the order in which the real service looks.
    pub(crate) fn read(form: &Form) -> Result<Self, ApiError> {
        let template = form.filled("template")?.map(ToOwned::to_owned);
        if template.is_none() {
            present(form, "from")?;
        }
        present(form, "to")?;
        let mut message = Self {
            from: addresses(form, "from")?,
            to: addresses(form, "to")?,
            cc: addresses(form, "cc")?,
            bcc: addresses(form, "bcc")?,
            subject: form.text("subject")?.map(ToOwned::to_owned),
            text: form.filled("text")?.map(ToOwned::to_owned),
            html: form.filled("html")?.map(ToOwned::to_owned),
            amp_html: form.filled("amp-html")?.map(ToOwned::to_owned),
            ..Self::default()
        };
        message.options.template.name = template;
        message.check_bodies()?;
        message.read_options(form)?;
        if let Some(subject) = &message.subject {
            one_line("subject", subject)?;
        }
        message.attachments = files(form, "attachment")?;
        message.inline = files(form, "inline")?;
        Ok(message)
    }

    /// Reads what `messages.mime` shares with `messages`: recipients and options.
    pub(crate) fn read_envelope(form: &Form) -> Result<Self, ApiError> {
        present(form, "to")?;
        let mut message = Self { to: addresses(form, "to")?, ..Self::default() };
        message.options.template.name = form.filled("template")?.map(ToOwned::to_owned);
        message.read_options(form)?;
        Ok(message)
    }

    /// Everybody who gets the message, each once.
    pub(crate) fn recipients(&self) -> Vec<&NameAddr> {
        let mut all: Vec<&NameAddr> = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for recipient in self.to.iter().chain(&self.cc).chain(&self.bcc) {
            if seen.insert(&recipient.address) {
                all.push(recipient);
            }
        }
        all
    }

    /// About how much there is to compose, in octets, over all copies.
    pub(crate) fn size(&self) -> usize {
        let texts = [&self.text, &self.html, &self.amp_html].into_iter().flatten().map(String::len);
        let files = self.attachments.iter().chain(&self.inline).map(|file| file.content.len());
        let copies = if self.options.recipient_variables.is_some() { self.to.len() } else { 1 };
        texts.chain(files).sum::<usize>().saturating_mul(copies)
    }

    fn check_bodies(&self) -> Result<(), ApiError> {
        let bodies = [&self.text, &self.html, &self.amp_html];
        match self.options.template.name {
            Some(_) if self.html.is_some() => {
                Err(ApiError::bad("Only one parameters 'html' or 'template' is allowed"))
            }
            None if bodies.into_iter().all(Option::is_none) => Err(ApiError::bad(
                "Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified",
            )),
            _ => Ok(()),
        }
    }

    fn check_recipients(&self) -> Result<(), ApiError> {
        if self.recipients().len() > MOST_RECIPIENTS {
            return Err(ApiError::bad(format!("Too many recipients, max is {MOST_RECIPIENTS}")));
        }
        Ok(())
    }

    /// `o:`, `h:`, `v:`, `t:` and recipient variables.
    fn read_options(&mut self, form: &Form) -> Result<(), ApiError> {
        if let Some(json) = form.text("recipient-variables")? {
            self.options.set_recipient_variables(json)?;
        }
        self.check_recipients()?;
        let prefixed = || form.parts().iter().filter_map(|part| Some((part, part.name.split_once(':')?)));
        let of_options = |prefix: &str| matches!(prefix, "o" | "h" | "v" | "t");
        let sizes = prefixed().filter(|(_, (prefix, _))| of_options(prefix));
        if sizes.map(|(part, _)| part.name.len() + part.content.len()).sum::<usize>() > MOST_OPTIONS {
            let why = "Send options (parameters starting with o:, h:, or v:) are limited to 16 kB total";
            return Err(ApiError::bad(why));
        }
        for (part, (prefix, name)) in prefixed() {
            match prefix {
                "o" => {
                    let value = part.text()?;
                    one_line(&part.name, value)?;
                    self.options.set(name, &part.name, value)?;
                }
                "h" => self.add_field(part, name)?,
                "v" => self.options.set_variable(name, part.text()?),
                "t" => self.options.set_of_template(name, &part.name, part.text()?)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn add_field(&mut self, part: &Part, name: &str) -> Result<(), ApiError> {
        if !name.is_ascii() {
            return Err(ApiError::bad(format!("Header name must be pure ASCII: {}", shown(name))));
        }
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':') {
            let why = format!("{}: this is not the name of a header field", shown(&part.name));
            return Err(ApiError::bad(why));
        }
        let value = part.text()?;
        one_line(&part.name, value)?;
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            lower if IGNORED.contains(&lower) || lower.starts_with("content-") => {}
            "dkim-signature" => {}
            "from" => self.from = list("h:From", value)?,
            "sender" => self.sender = list("h:Sender", value)?.into_iter().next(),
            "subject" => self.subject = Some(value.to_owned()),
            "message-id" => {
                let bare = value.trim().trim_start_matches('<').trim_end_matches('>');
                self.message_id = Some(bare.to_owned()).filter(|id| !id.is_empty());
            }
            _ if self.options.take_field(name, value)? => {}
            _ => self.fields.push((name.to_owned(), value.to_owned())),
        }
        Ok(())
    }
}

/// The addresses of all fields of this name, each of which may hold a list.
fn addresses(form: &Form, name: &str) -> Result<Vec<NameAddr>, ApiError> {
    let mut all: Vec<NameAddr> = Vec::new();
    for text in form.texts(name) {
        let text = text?;
        one_line(name, text)?;
        all.extend(list(name, text)?);
    }
    Ok(all)
}

fn list(name: &str, text: &str) -> Result<Vec<NameAddr>, ApiError> {
    mailbox_list::parse_list(text).map_err(|error| {
        tracing::debug!(%error, name, "not a list of addresses");
        ApiError::bad(format!("{name} parameter is not a valid address. please check documentation"))
    })
}

fn present(form: &Form, name: &str) -> Result<(), ApiError> {
    for text in form.texts(name) {
        if !text?.trim().is_empty() {
            return Ok(());
        }
    }
    Err(ApiError::bad(format!("{name} parameter is missing")))
}

/// Refuses what would end its header field and begin another.
fn one_line(name: &str, value: &str) -> Result<(), ApiError> {
    if value.contains(['\r', '\n', '\0']) {
        return Err(ApiError::bad(format!("{}: the value has a line end or NUL", shown(name))));
    }
    Ok(())
}

/// The files of this name.
fn files(form: &Form, name: &str) -> Result<Vec<Attachment>, ApiError> {
    let mut files = Vec::new();
    for part in form.all(name) {
        let filename = part.filename.clone().filter(|name| !name.is_empty());
        if filename.is_none() && part.content.is_empty() {
            // A form's file field that was left empty.
            continue;
        }
        let filename = filename.unwrap_or_else(|| "attachment".to_owned());
        if filename.contains(['\r', '\n', '\0']) {
            return Err(ApiError::bad(format!("{name}: the file name has a line end or NUL")));
        }
        files.push(Attachment {
            content_type: media_type(part, &filename),
            content: part.content.to_vec(),
            filename: Some(filename),
            content_id: None,
        });
    }
    Ok(files)
}

/// A specific type stays; for none, and for one that says nothing, name and first octets are looked at.
fn media_type(part: &Part, filename: &str) -> String {
    let given = part.content_type.as_deref().unwrap_or_default().trim();
    let parsed = ParameterizedValue::parse(given.as_bytes()).value;
    let says_nothing = !parsed.contains('/')
        || matches!(parsed.as_str(), "application/octet-stream" | "multipart/form-data");
    if !says_nothing {
        return given.to_owned();
    }
    let guessed = media::type_of(filename).or_else(|| media::type_by_start(&part.content));
    guessed.unwrap_or("application/octet-stream").to_owned()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::FutureExt;

    use super::*;

    fn read(body: &str) -> Result<Parameters, String> {
        let body = Bytes::from(body.replace('\n', ""));
        let form = Form::of_bytes(Some(b"application/x-www-form-urlencoded"), body);
        Parameters::read(&form.now_or_never().unwrap().unwrap()).map_err(|error| error.to_string())
    }

    fn refused(body: &str, expected: &str) {
        assert_eq!(read(body), Err(expected.to_owned()), "{body}");
    }

    #[test]
    fn errors_have_the_texts_that_clients_know() {
        refused("to=a@b&text=x", "from parameter is missing");
        refused("from=a@b&to=&text=x", "to parameter is missing");
        refused(
            "from=a@b&to=Bob, B <b@x>&text=x",
            "to parameter is not a valid address. please check documentation",
        );
        refused("from=a&to=a@b&text=x", "from parameter is not a valid address. please check documentation");
        refused(
            "from=a@b&to=a@b&text=",
            "Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified",
        );
        refused("from=a@b&to=a@b&html=x&template=t", "Only one parameters 'html' or 'template' is allowed");
        refused("to=Bob, B <b@x>", "from parameter is missing");
        refused("from=a&to= ", "to parameter is missing");
        refused(
            "from=a@b&to=a@b&text=x&template=t&t:variables=[1]",
            "'t:variables' parameter is not a valid JSON",
        );
        refused(
            "from=a@b&to=a@b&text=x&recipient-variables={",
            "'recipient-variables' parameter is not a valid JSON",
        );
        refused("from=a@b&to=a@b&text=x&h:é=x", "Header name must be pure ASCII: é");
        let many: Vec<String> = (0..1001).map(|n| format!("a{n}@b")).collect();
        refused(&format!("from=a@b&to={}&text=x", many.join(",")), "Too many recipients, max is 1000");
        let long = "x".repeat(17 << 10);
        refused(
            &format!("from=a@b&to=a@b&text=x&v:a={long}"),
            "Send options (parameters starting with o:, h:, or v:) are limited to 16 kB total",
        );
    }

    #[test]
    fn line_ends_are_refused_by_name() {
        for (name, text) in [
            ("subject", "subject"),
            ("to", "to"),
            ("h:X-A", "h:X-A"),
            ("h:From", "h:From"),
            ("o:tag", "o:tag"),
        ] {
            for end in ["%0D%0A", "%0A", "%0D", "%00"] {
                let body = format!("text=x&{name}=a@b{end}Bcc: c@d&from=a@b&to=a@b");
                assert_eq!(read(&body).unwrap_err(), format!("{text}: the value has a line end or NUL"));
            }
        }
        let body = "from=a@b&to=a@b&text=x&h:X%0D%0ABcc: c@d=x";
        assert!(read(body).unwrap_err().contains("not the name of a header field"));
    }

    #[test]
    fn fields_of_all_clients() {
        let message = read(
            "from=テスト <me@example.org>&to[]='Me You' <a@example.net>&to[]=\"Bob, B\" <b@example.net>, a@example.net
             &cc=&subject=件名&text=&html=<p>&h:reply-to=r@example.org&h:content-type=multipart/x&h:Message-Id=<1@x>
             &o:tag=a&o:tag=b&v:x=1&h:X-Mailgun-Variables={\"y\":2}&o:testmode=True",
        )
        .unwrap();
        assert_eq!(message.recipients().len(), 2);
        assert_eq!(message.from[0].name.as_deref(), Some("テスト"));
        assert_eq!(message.text, None);
        assert_eq!(message.fields, [("reply-to".to_owned(), "r@example.org".to_owned())]);
        assert_eq!(message.message_id.as_deref(), Some("1@x"));
        assert_eq!(message.options.tags, ["a", "b"]);
        assert!(message.options.test_mode);
        assert_eq!(
            serde_json::Value::Object(message.options.variables),
            serde_json::json!({"x": "1", "y": 2})
        );
    }
}
