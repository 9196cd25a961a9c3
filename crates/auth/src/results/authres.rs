//! The `Authentication-Results` field as a value (RFC 8601 section 2.2).

use super::text;

/// What one authentication service found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticationResults {
    /// Who says so.
    pub authserv_id: String,
    /// The version after the authserv-id, where one is given.
    pub version: Option<u32>,
    /// The results in order; none is written as `none`.
    pub results: Vec<MethodResult>,
}

/// The result of one method.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MethodResult {
    /// `spf`, `dkim`, `dmarc`, `iprev` …, lower case.
    pub method: String,
    /// `pass`, `fail` …, lower case.
    pub result: String,
    /// `reason=`.
    pub reason: Option<String>,
    /// A comment for people after the result.
    pub comment: Option<String>,
    /// What the result is about.
    pub properties: Vec<Property>,
}

/// `smtp.mailfrom=someone@example.org`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// `smtp`, `header`, `body` or `policy`; empty where a foreign field gives none.
    pub ptype: String,
    /// `mailfrom`, `d`, `iprev` …
    pub name: String,
    /// The value, without quotes.
    pub value: String,
}

impl MethodResult {
    /// A result without properties.
    pub fn new(method: &str, result: &str) -> Self {
        Self { method: method.to_owned(), result: result.to_owned(), ..Self::default() }
    }

    /// Adds a comment; an empty one is left out.
    #[must_use]
    pub fn comment(mut self, comment: &str) -> Self {
        self.comment = (!comment.is_empty()).then(|| comment.to_owned());
        self
    }

    /// Adds a property; an empty value is left out.
    #[must_use]
    pub fn property(mut self, ptype: &str, name: &str, value: &str) -> Self {
        if !value.is_empty() {
            let (ptype, name, value) = (ptype.to_owned(), name.to_owned(), value.to_owned());
            self.properties.push(Property { ptype, name, value });
        }
        self
    }

    /// The value of a property.
    pub fn value(&self, ptype: &str, name: &str) -> Option<&str> {
        let mut properties = self.properties.iter();
        properties
            .find(|property| property.ptype == ptype && property.name == name)
            .map(|found| &*found.value)
    }

    /// The words of which a line is made; each stays whole.
    fn words(&self) -> Vec<String> {
        let mut words = vec![format!("{}={}", self.method, self.result)];
        words.extend(self.reason.as_deref().map(|reason| format!("reason={}", text::quoted(reason))));
        words.extend(self.comment.as_deref().map(text::comment));
        for property in &self.properties {
            let value = match property.name.as_str() {
                "mailfrom" | "from" | "i" | "auth" | "rcptto" => text::address(&property.value),
                _ => text::value(&property.value),
            };
            let dot = if property.ptype.is_empty() { "" } else { "." };
            words.push(format!("{}{dot}{}={value}", property.ptype, property.name));
        }
        words
    }
}

impl AuthenticationResults {
    /// The field with its name, folded, with CRLF at its end.
    pub fn to_field(&self) -> String {
        let mut field = format!("Authentication-Results: {}", text::value(&self.authserv_id));
        if let Some(version) = self.version {
            field.push_str(&format!(" {version}"));
        }
        if self.results.is_empty() {
            field.push_str("; none");
        }
        for result in &self.results {
            field.push_str(";\r\n\t");
            field.push_str(&text::fold(&result.words(), 8));
        }
        field.push_str("\r\n");
        field
    }
}
