//! What a visitor wrote.

use tegami_mail::{Address, charset};
use tegami_words::{Language, plain, text};

use super::{FormField, FormSettings};
use crate::mailgun::form::{Form, Part};

/// The field with the stamp.
pub(super) const STAMP: &str = "form-stamp";
/// A field that no person sees; what fills it in is a robot.
pub(super) const TRAP: &str = "form-website";

/// Most fields.
const MOST_FIELDS: usize = 50;
/// Longest name of a field, in octets.
const LONGEST_NAME: usize = 64;

/// What a visitor wrote, field by field.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    pub(super) fields: Vec<(FormField, String)>,
    pub(super) stamp: Option<String>,
    pub(super) is_robot: bool,
}

impl Given {
    /// Reads the fields that the form has. The error is the sentence that tells why it cannot be.
    pub(super) fn read(form: &Form, settings: &FormSettings) -> Result<Self, &'static str> {
        if form.parts().iter().any(|part| part.filename.is_some() && !part.content.is_empty()) {
            return Err("api-form-file");
        }
        // Pages in other charsets say so, if asked to (HTML, the form-submission field `_charset_`).
        let charset = form.text("_charset_").ok().flatten().unwrap_or_default().to_owned();
        let value = |part: &Part| match std::str::from_utf8(&part.content) {
            Ok(text) => text.to_owned(),
            Err(_) if charset.is_empty() => charset::guess(&part.content),
            Err(_) => charset::decode(&charset, &part.content),
        };
        // Check boxes of one name come one after the other.
        let joined = |name: &str| {
            let values: Vec<String> = form.all(name).map(value).collect();
            values.join(", ")
        };
        let mut fields: Vec<(FormField, String)> = Vec::new();
        if settings.fields.is_empty() {
            for part in form.parts() {
                let name = &part.name;
                let ours = [STAMP, TRAP, "_charset_"].contains(&name.as_str());
                if ours || fields.iter().any(|(field, _)| field.name == *name) {
                    continue;
                }
                if fields.len() >= MOST_FIELDS || name.len() > LONGEST_NAME || name.contains(char::is_control)
                {
                    return Err("api-form-unreadable");
                }
                let required = *name == settings.reply_to;
                fields.push((FormField { name: name.clone(), label: name.clone(), required }, joined(name)));
            }
        } else {
            fields.extend(settings.fields.iter().map(|field| (field.clone(), joined(&field.name))));
        }
        for (field, value) in &mut fields {
            let lines = value.replace("\r\n", "\n").replace('\r', "\n");
            *value = lines.trim_matches(|c: char| c == '\n' || c == ' ' || c == '\u{3000}').to_owned();
            // What stands in a header field has one line; whoever sends more wants another field.
            let in_header =
                field.name == settings.reply_to || settings.subject.contains(&format!("{{{}}}", field.name));
            if value.contains('\0') || in_header && value.contains(char::is_control) {
                return Err("api-form-lines");
            }
        }
        let stamp = form.text(STAMP).ok().flatten().map(str::to_owned);
        let is_robot = form.all(TRAP).any(|part| !part.content.is_empty());
        Ok(Self { fields, stamp, is_robot })
    }

    /// What a person has to mend, by field.
    pub(super) fn problems(&self, settings: &FormSettings, language: Language) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        for (field, value) in &self.fields {
            if value.is_empty() && field.required {
                let sentence = text(language, "api-form-required", &[("field", field.label.as_str())]);
                problems.push((field.name.clone(), sentence));
            } else if field.name == settings.reply_to && !value.is_empty() && self.author(settings).is_none()
            {
                problems.push((field.name.clone(), plain(language, "api-form-bad-address")));
            }
        }
        if self.fields.iter().all(|(_, value)| value.is_empty()) && problems.is_empty() {
            problems.push((String::new(), plain(language, "api-form-empty")));
        }
        problems
    }

    /// The visitor's address.
    pub(super) fn author(&self, settings: &FormSettings) -> Option<Address> {
        let (_, value) = self.fields.iter().find(|(field, _)| field.name == settings.reply_to)?;
        Address::parse(value).ok()
    }

    /// The subject with the fields it names.
    pub(super) fn subject(&self, settings: &FormSettings) -> String {
        let mut subject = String::new();
        let mut rest = settings.subject.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            subject.push_str(before);
            let named = after.split_once('}').and_then(|(name, tail)| {
                let (_, value) = self.fields.iter().find(|(field, _)| field.name == name)?;
                Some((value, tail))
            });
            match named {
                Some((value, tail)) => {
                    subject.extend(value.chars().take(100));
                    rest = tail;
                }
                None => {
                    subject.push('{');
                    rest = after;
                }
            }
        }
        subject.push_str(rest);
        subject
    }
}
