//! What a visitor is answered: pages, or JSON for scripts.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use tegami_words::{plain, text};

use super::FormSettings;
use super::gate::{Origin, SOONEST, Stamp};
use super::given::{Given, STAMP, TRAP};
use crate::error::answer as json_answer;
use crate::public::page::{self, Page, STYLE};
use crate::public::stranger::Stranger;

/// Answers about one form to one visitor.
pub(super) struct Answer<'a> {
    pub(super) name: &'a str,
    pub(super) settings: &'a FormSettings,
    pub(super) stranger: &'a Stranger,
    /// A script asks.
    pub(super) json: bool,
    pub(super) origin: Origin,
}

/// One field of a page.
struct Input<'a> {
    name: &'a str,
    label: &'a str,
    kind: &'static str,
    required: bool,
    value: &'a str,
}

#[derive(Template)]
#[template(path = "form.html")]
struct FormPage<'a> {
    language: &'static str,
    title: &'a str,
    lead: &'a str,
    inputs: Vec<Input<'a>>,
    /// Shown to be read over, not to be written.
    confirm: bool,
    stamp: &'a str,
    button: &'a str,
    back: &'a str,
    trap: &'a str,
    style: &'static str,
}

impl Answer<'_> {
    fn say(&self, id: &str) -> String {
        plain(self.stranger.language, id)
    }

    /// Scripts of the sites that may send the form may also read the answer.
    pub(super) fn shared(&self, mut response: Response) -> Response {
        let fields = response.headers_mut();
        fields.append(header::VARY, HeaderValue::from_static("Origin, Accept"));
        if let Origin::Allowed(site) = &self.origin
            && let Ok(site) = HeaderValue::try_from(site.as_str())
        {
            fields.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, site);
        }
        response
    }

    /// The empty form, with a fresh stamp.
    pub(super) fn blank(&self, stamp: &Stamp) -> Response {
        if self.json {
            return self.shared(json_answer(StatusCode::OK, &self.described(stamp)));
        }
        let usual = [("name", "api-form-name"), ("email", "api-form-email"), ("message", "api-form-message")];
        let usual: Vec<(&str, String, bool)> =
            usual.map(|(name, id)| (name, self.say(id), name != "name")).to_vec();
        let given = self.settings.fields.iter();
        let given: Vec<(&str, String, bool)> =
            given.map(|field| (field.name.as_str(), field.label.clone(), field.required)).collect();
        let fields = if given.is_empty() { usual } else { given };
        let last = fields.len().saturating_sub(1);
        let inputs = fields.iter().enumerate().map(|(at, (name, label, required))| Input {
            name,
            label,
            kind: kind(name, at == last, &self.settings.reply_to),
            required: *required,
            value: "",
        });
        self.form(inputs.collect(), false, stamp)
    }

    /// What was written, to be read over and sent.
    pub(super) fn confirm(&self, given: &Given, stamp: &Stamp) -> Response {
        if self.json {
            let mut body = self.described(stamp);
            if let Some(members) = body.as_object_mut() {
                members.insert("message".to_owned(), json!(self.say("api-form-stamp")));
            }
            return self.shared(json_answer(StatusCode::BAD_REQUEST, &body));
        }
        let inputs = given.fields.iter().map(|(field, value)| Input {
            name: &field.name,
            label: &field.label,
            kind: "hidden",
            required: false,
            value,
        });
        self.form(inputs.collect(), true, stamp)
    }

    fn form(&self, inputs: Vec<Input<'_>>, confirm: bool, stamp: &Stamp) -> Response {
        let id = |what: &str| format!("api-form-{}-{what}", if confirm { "confirm" } else { "blank" });
        let page = FormPage {
            language: self.stranger.language.tag(),
            title: &self.say(&id("title")),
            lead: &self.say(&id("lead")),
            inputs,
            confirm,
            stamp: &stamp.0,
            button: &self.say(&id("button")),
            back: &self.say("api-form-back"),
            trap: &self.say("api-form-trap"),
            style: STYLE,
        };
        page::finished(StatusCode::OK, self.stranger.language, page.render(), self.settings.thanks.as_deref())
    }

    /// What a page elsewhere needs to know.
    fn described(&self, stamp: &Stamp) -> Value {
        let fields = self.settings.fields.iter();
        let fields =
            fields.map(|field| json!({"name": field.name, "label": field.label, "required": field.required}));
        let mut fields_sent = Map::new();
        fields_sent.insert(STAMP.to_owned(), json!(stamp.0));
        fields_sent.insert(TRAP.to_owned(), json!(""));
        json!({"hidden": fields_sent, "fields": fields.collect::<Vec<_>>(), "seconds": SOONEST})
    }

    /// It is sent.
    pub(super) fn thanks(&self) -> Response {
        if self.json {
            let message = self.say("api-form-thanks");
            return self.shared(json_answer(StatusCode::OK, &json!({"message": message})));
        }
        let here = format!("/forms/{}/thanks", self.name);
        let location = self.settings.thanks.clone().unwrap_or(here);
        match HeaderValue::try_from(location) {
            // RFC 9110 section 15.4.4: fetched anew, so that going back sends nothing twice.
            Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
            Err(_) => self.thanks_page(),
        }
    }

    pub(super) fn thanks_page(&self) -> Response {
        self.page(StatusCode::OK, "api-form-thanks-title", &[self.say("api-form-thanks")])
    }

    /// Why it is not sent, and what to mend.
    pub(super) fn refused(&self, status: StatusCode, id: &str, problems: &[(String, String)]) -> Response {
        let why = self.say(id);
        if self.json {
            let fields: Map<String, Value> =
                problems.iter().map(|(name, sentence)| (name.clone(), json!(sentence))).collect();
            return self.shared(json_answer(status, &json!({"message": why, "fields": fields})));
        }
        let mut sentences = vec![why];
        sentences.extend(problems.iter().map(|(_, sentence)| sentence.clone()));
        self.page(status, "api-form-trouble-title", &sentences)
    }

    pub(super) fn unavailable(&self) -> Response {
        self.refused(StatusCode::SERVICE_UNAVAILABLE, "api-form-unavailable", &[])
    }

    /// Too many letters of late; the next one after so many seconds.
    pub(super) fn too_many(&self, seconds: i64) -> Response {
        let minutes = (seconds / 60 + 1).to_string();
        let sentence = text(self.stranger.language, "api-form-rate", &[("minutes", minutes.as_str())]);
        let status = StatusCode::TOO_MANY_REQUESTS;
        let mut response = if self.json {
            self.shared(json_answer(status, &json!({"message": sentence})))
        } else {
            self.page(status, "api-form-trouble-title", &[sentence])
        };
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        response
    }

    fn page(&self, status: StatusCode, title: &str, sentences: &[String]) -> Response {
        let title = self.say(title);
        Page { status, language: self.stranger.language, title: &title, sentences, button: None }
            .into_response()
    }
}

/// How a field of our own page is written.
fn kind(name: &str, is_last: bool, reply_to: &str) -> &'static str {
    let long = ["message", "body", "comment", "inquiry", "content", "text"].contains(&name);
    match name {
        name if name == reply_to => "email",
        "tel" | "phone" => "tel",
        _ if long || is_last => "text",
        _ => "line",
    }
}
