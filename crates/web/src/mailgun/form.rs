//! Bodies of requests: multipart, urlencoded, JSON or nothing, and the query (RFC 7578, RFC 2046 section 5.1).
//!
//! A body is read as a stream and never beyond the limit. Field names lose one index at their end, because clients write `to`, `to[]` and
//! `to[0]` for the same field.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, Stream, StreamExt};
use tegami_mail::ParameterizedValue;

use super::scalar::shown;
use crate::error::ApiError;
use crate::rest::TooSlow;

/// Fields of a request, in the order in which they came; those of the query stand at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    parts: Vec<Part>,
}

/// One field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Part {
    /// Its name without index.
    pub(crate) name: String,
    /// The file's name, if it is a file with one.
    pub(crate) filename: Option<String>,
    /// As the client wrote it.
    pub(crate) content_type: Option<String>,
    /// Its octets.
    pub(crate) content: Bytes,
}

/// A field costs more than its octets; no message needs more of them.
const MOST_PARTS: usize = 20_000;

const NO_MULTIPART: &str = "malformed multipart/form-data request";

impl Form {
    /// Reads body and query of a request; where both have a field, the body wins.
    pub(crate) async fn read(request: Request, limit: u64) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let declared = declared_size(&parts.headers);
        if declared.is_some_and(|size| size > limit) {
            return Err(ApiError::TooLarge(limit));
        }
        let content_type = parts.headers.get(header::CONTENT_TYPE).map(|value| value.as_bytes().to_vec());
        let mut form = Self::read_body(content_type.as_deref(), chunks(body), limit).await?;
        form.add_query(parts.uri.query().unwrap_or_default())?;
        Ok(form)
    }

    /// The octets of a body, for those who look at them before they are fields.
    pub(crate) async fn octets(request: Request, limit: u64) -> Result<Bytes, ApiError> {
        if declared_size(request.headers()).is_some_and(|size| size > limit) {
            return Err(ApiError::TooLarge(limit));
        }
        whole(chunks(request.into_body()), limit).await
    }

    /// Reads a body that is there already.
    pub(crate) async fn of_bytes(content_type: Option<&[u8]>, body: Bytes) -> Result<Self, ApiError> {
        Self::read_body(content_type, Box::pin(stream::iter([Ok(body)])), u64::MAX).await
    }

    /// Reads a query alone.
    pub(crate) fn of_query(query: &str) -> Result<Self, ApiError> {
        let mut form = Self::default();
        form.add_query(query)?;
        Ok(form)
    }

    async fn read_body(content_type: Option<&[u8]>, mut body: Chunks, limit: u64) -> Result<Self, ApiError> {
        let Some(first) = first_octets(&mut body).await? else { return Ok(Self::default()) };
        let rest: Chunks = Box::pin(stream::iter([Ok(first.clone())]).chain(body));
        let declared = ParameterizedValue::parse(content_type.unwrap_or_default());
        let boundary = declared.parameter("boundary").map(ToOwned::to_owned);
        if declared.value == "multipart/form-data" || boundary.is_some() {
            let boundary = boundary.or_else(|| boundary_of(&first));
            return multipart(&boundary.unwrap_or_default(), rest, limit).await;
        }
        let body = whole(rest, limit).await?;
        match (declared.value.as_str(), body.first()) {
            ("application/x-www-form-urlencoded", _) => urlencoded(&body),
            ("application/json", _) | (_, Some(b'{')) => json(&body),
            (_, Some(b'-')) if boundary_of(&body).is_some() => {
                let boundary = boundary_of(&body).unwrap_or_default();
                multipart(&boundary, Box::pin(stream::iter([Ok(body)])), limit).await
            }
            _ => urlencoded(&body),
        }
    }

    /// Adds the fields of a query that the body does not have.
    pub(crate) fn add_query(&mut self, query: &str) -> Result<(), ApiError> {
        let query = urlencoded(query.as_bytes())?;
        let fresh = query.parts.into_iter().filter(|part| !self.has(&part.name)).collect::<Vec<_>>();
        self.parts.extend(fresh);
        Ok(())
    }

    fn push(&mut self, part: Part) -> Result<(), ApiError> {
        if self.parts.len() >= MOST_PARTS {
            return Err(ApiError::bad(format!("the request has more than {MOST_PARTS} fields")));
        }
        let name = without_index(&part.name).to_owned();
        self.parts.push(Part { name, ..part });
        Ok(())
    }

    /// Whether there is such a field.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.parts.iter().any(|part| part.name == name)
    }

    /// Every field.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The fields of this name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Part> {
        self.parts.iter().filter(move |part| part.name == name)
    }

    /// The texts of the fields of this name.
    pub(crate) fn texts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Result<&'a str, ApiError>> {
        self.all(name).map(Part::text)
    }

    /// The text of the first field of this name.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        self.parts.iter().find(|part| part.name == name).map(Part::text).transpose()
    }

    /// The same; an empty field is none.
    pub(crate) fn filled(&self, name: &str) -> Result<Option<&str>, ApiError> {
        Ok(self.text(name)?.filter(|text| !text.is_empty()))
    }
}

impl Part {
    /// Its octets as text: everything is in UTF-8.
    pub(crate) fn text(&self) -> Result<&str, ApiError> {
        std::str::from_utf8(&self.content)
            .map_err(|_| ApiError::bad(format!("the field `{}` is not in UTF-8", shown(&self.name))))
    }
}

/// One trailing `[]` or `[0]` goes.
fn without_index(name: &str) -> &str {
    let index = |name: &str| -> Option<usize> {
        let inside = name.strip_suffix(']')?;
        let (base, digits) = inside.rsplit_once('[')?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(base.len())
    };
    index(name).filter(|end| *end > 0).and_then(|end| name.get(..end)).unwrap_or(name)
}

type Chunks = std::pin::Pin<Box<dyn Stream<Item = Result<Bytes, ApiError>> + Send>>;

fn chunks(body: Body) -> Chunks {
    Box::pin(body.into_data_stream().map(|chunk| {
        chunk.map_err(|error| match error.into_inner().downcast::<TooSlow>() {
            Ok(slow) => ApiError::NotAccepted { status: 408, message: slow.to_string() },
            Err(error) => {
                tracing::debug!(%error, "a request broke off");
                ApiError::bad("the request ended before its body was complete")
            }
        })
    }))
}

fn declared_size(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

/// The first octets of a body; `None` for an empty one, whatever its content type says.
async fn first_octets(body: &mut Chunks) -> Result<Option<Bytes>, ApiError> {
    while let Some(chunk) = body.next().await {
        let chunk = chunk?;
        if !chunk.is_empty() {
            return Ok(Some(chunk));
        }
    }
    Ok(None)
}

async fn whole(mut body: Chunks, limit: u64) -> Result<Bytes, ApiError> {
    let mut all = BytesMut::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk?;
        let size = u64::try_from(all.len() + chunk.len()).unwrap_or(u64::MAX);
        if size > limit {
            return Err(ApiError::TooLarge(limit));
        }
        all.extend_from_slice(&chunk);
    }
    Ok(all.freeze())
}

/// The boundary of a body whose content type got lost: its first line.
fn boundary_of(body: &[u8]) -> Option<String> {
    let line = body.strip_prefix(b"--")?.split(|byte| matches!(byte, b'\r' | b'\n')).next()?;
    let line = std::str::from_utf8(line).ok()?.trim_end();
    let boundary = line.strip_suffix("--").unwrap_or(line);
    (1..=70).contains(&boundary.len()).then(|| boundary.to_owned())
}

async fn multipart(boundary: &str, body: Chunks, limit: u64) -> Result<Form, ApiError> {
    if boundary.is_empty() || boundary.len() > 200 {
        return Err(ApiError::bad(NO_MULTIPART));
    }
    let constraints = multer::Constraints::new().size_limit(multer::SizeLimit::new().whole_stream(limit));
    let mut multipart = multer::Multipart::with_constraints(body, boundary, constraints);
    let wrong = |error: multer::Error| malformed(error, limit);
    let mut form = Form::default();
    while let Some(field) = multipart.next_field().await.map_err(wrong)? {
        let part = part_of(&field);
        let content = field.bytes().await.map_err(wrong)?;
        form.push(Part { content, ..part })?;
    }
    Ok(form)
}

/// Name, file name and type of a multipart field. Transfer encodings and lengths that parts carry do not count.
fn part_of(field: &multer::Field<'_>) -> Part {
    let disposition = field.headers().get(header::CONTENT_DISPOSITION);
    let parsed = ParameterizedValue::parse(disposition.map(|value| value.as_bytes()).unwrap_or_default());
    let extended = disposition.is_some_and(|value| has_extended_filename(value.as_bytes()));
    let parameter = |name| parsed.parameter(name).map(ToOwned::to_owned);
    let plain = field.file_name().map(unescaped);
    let filename = if extended { parameter("filename") } else { plain };
    let content_type = field.headers().get(header::CONTENT_TYPE);
    Part {
        name: field.name().map(unescaped).or_else(|| parameter("name")).unwrap_or_default(),
        filename,
        content_type: content_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        content: Bytes::new(),
    }
}

/// Whether the field has `filename*=` (RFC 5987), which wins over `filename=`.
fn has_extended_filename(value: &[u8]) -> bool {
    value.windows(b"filename*".len()).any(|window| window.eq_ignore_ascii_case(b"filename*"))
}

/// What browsers and their imitators write for a quote and for line ends within quotes; every other percent sign is one.
fn unescaped(text: &str) -> String {
    text.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n")
}

fn malformed(error: multer::Error, limit: u64) -> ApiError {
    match error {
        multer::Error::StreamSizeExceeded { .. } => ApiError::TooLarge(limit),
        multer::Error::StreamReadFailed(inner) => match inner.downcast::<ApiError>() {
            Ok(error) => *error,
            Err(_) => ApiError::bad(NO_MULTIPART),
        },
        error => ApiError::bad(format!("{NO_MULTIPART}: {error}")),
    }
}

fn urlencoded(body: &[u8]) -> Result<Form, ApiError> {
    let mut rest = body;
    while let Some(at) = position_of_percent(rest) {
        match rest.get(at + 1..at + 3) {
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => {
                rest = rest.get(at + 3..).unwrap_or_default();
            }
            _ => return Err(ApiError::bad("unable to parse request: invalid URL escape")),
        }
    }
    let mut form = Form::default();
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (pair.get(..at).unwrap_or_default(), pair.get(at + 1..).unwrap_or_default()),
            None => (pair, b"".as_slice()),
        };
        let name = String::from_utf8_lossy(&unplussed(name)).into_owned();
        form.push(Part { name, content: unplussed(value).into(), ..Part::default() })?;
    }
    Ok(form)
}

fn position_of_percent(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'%')
}

/// Octets of a name or value: a plus is a blank. The crate for forms would give text, and messages need not be in UTF-8.
fn unplussed(encoded: &[u8]) -> Vec<u8> {
    let blanks: Vec<u8> = encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_encoding::percent_decode(&blanks).collect()
}

/// An object: texts, numbers and truth values are fields, lists are repeated fields, objects stay JSON.
fn json(body: &[u8]) -> Result<Form, ApiError> {
    use serde_json::Value;
    let wrong = || ApiError::bad("unable to parse request: the body is not a JSON object");
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else { return Err(wrong()) };
    let mut form = Form::default();
    for (name, value) in members {
        let values = match value {
            Value::Array(values) => values,
            one => vec![one],
        };
        for value in values {
            let text = match value {
                Value::Null => continue,
                Value::String(text) => text,
                other => other.to_string(),
            };
            form.push(Part { name: name.clone(), content: text.into(), ..Part::default() })?;
        }
    }
    Ok(form)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use proptest::prelude::*;

    use super::*;

    fn read(content_type: &str, body: &[u8]) -> Result<Form, ApiError> {
        let body = Bytes::copy_from_slice(body);
        Form::of_bytes(Some(content_type.as_bytes()), body).now_or_never().unwrap()
    }

    fn check(content_type: &str, body: &str, expected: &[(&str, Option<&str>, &str)]) {
        let form = read(content_type, body.as_bytes()).unwrap();
        let found: Vec<_> = form
            .parts()
            .iter()
            .map(|part| (part.name.as_str(), part.filename.as_deref(), part.text().unwrap()))
            .collect();
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn multipart_as_clients_write_it() {
        check("multipart/form-data; boundary=\"6b01ce1a.91820748\"", "--6b01ce1a.91820748--\r\n", &[]);
        check("multipart/form-data; boundary=x", "", &[]);
        check(
            "multipart/form-data; boundary=\"6b01ce1a.91820748\"",
            "--6b01ce1a.91820748\r\nContent-Disposition: form-data; name=\"to\"\r\nContent-Length: 3\r\n\r\na@b\r\n\
             --6b01ce1a.91820748\r\nContent-Length: 1\r\nContent-Disposition: form-data; name=\"o:tracking\"\r\n\r\n\r\n\
             --6b01ce1a.91820748--\r\n\r\n",
            &[("to", None, "a@b"), ("o:tracking", None, "")],
        );
        check(
            "multipart/form-data; boundary=-----------RubyMultipartPost-1f",
            "-------------RubyMultipartPost-1f\r\nContent-Disposition: form-data; name=\"to[]\"\r\n\r\na\r\n\
             -------------RubyMultipartPost-1f\r\nContent-Disposition: form-data; name=\"attachment[0]\"; filename=\"日本 %22a%22.png\"\r\n\
             Content-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\nx=\r\n\
             -------------RubyMultipartPost-1f--\r\n\r\n",
            &[("to", None, "a"), ("attachment", Some("日本 \"a\".png"), "x=")],
        );
        check(
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"f\"; filename*=UTF-8''%E6%97%A5.txt\r\n\r\n1\r\n--x--",
            &[("f", Some("日.txt"), "1")],
        );
    }

    #[test]
    fn urlencoded_and_json() {
        let form = "application/x-www-form-urlencoded";
        check(
            form,
            "to[]=a%2Bx%40b&to%5B1%5D=c+d&&o:tracking",
            &[("to", None, "a+x@b"), ("to", None, "c d"), ("o:tracking", None, "")],
        );
        check("\"application/json\"", "a=b", &[("a", None, "b")]);
        check(
            "application/json",
            r#"{"code":550,"tags":["a","b"],"x":{"y":1}}"#,
            &[("code", None, "550"), ("tags", None, "a"), ("tags", None, "b"), ("x", None, r#"{"y":1}"#)],
        );
    }

    #[test]
    fn what_is_malformed_is_said() {
        let refused = |content_type: &str, body: &[u8]| read(content_type, body).unwrap_err().to_string();
        assert!(refused("multipart/form-data", b"junk").starts_with(NO_MULTIPART));
        assert!(refused("multipart/form-data; boundary=x", b"--x\r\nContent-").starts_with(NO_MULTIPART));
        assert!(refused("multipart/form-data; boundary=x", b"no boundary at all").starts_with(NO_MULTIPART));
        assert_eq!(
            refused("application/x-www-form-urlencoded", b"a=%zz"),
            "unable to parse request: invalid URL escape"
        );
        let form = read("application/x-www-form-urlencoded", b"a=%ff").unwrap();
        assert_eq!(form.text("a").unwrap_err().to_string(), "the field `a` is not in UTF-8");
    }

    #[test]
    fn the_body_wins_over_the_query() {
        let mut form = read("application/x-www-form-urlencoded", b"a=body").unwrap();
        form.add_query("a=query&b=query").unwrap();
        assert_eq!(form.text("a"), Ok(Some("body")));
        assert_eq!(form.text("b"), Ok(Some("query")));
    }

    proptest! {
        #[test]
        fn nothing_panics(
            kind in prop::sample::select(vec!["multipart/form-data; boundary=x", "multipart/form-data", "application/json", "application/x-www-form-urlencoded", ""]),
            body: Vec<u8>,
            near in "(--x(--)?\r\n|Content-Disposition: form-data; (file)?name\\*?=\"?[a\\]\\[0%2]{0,4}\"?\r\n|\r\n|[{}\":,]|a){0,12}",
        ) {
            let _ = read(kind, &body);
            let _ = read(kind, near.as_bytes());
        }

        #[test]
        fn fields_come_back(fields in prop::collection::vec(("[a-z]{1,5}", any::<String>()), 0..5)) {
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
            let form = read("application/x-www-form-urlencoded", body.as_bytes()).unwrap();
            let found: Vec<_> = form.parts().iter().map(|part| (part.name.clone(), part.text().unwrap().to_owned())).collect();
            prop_assert_eq!(found, fields);
        }
    }
}
