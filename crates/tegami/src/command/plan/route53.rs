//! The API of Amazon Route 53 (version 2013-04-01), with requests signed by AWS Signature Version 4.
//!
//! Access keys come from the environment, else from the credentials file; nothing here prints or logs them.

use std::fmt;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::{digest, hmac};
use jiff::Timestamp;
use serde_json::Value;
use tegami_dns::{DnsName, Resolver};
use tegami_doctor::plan::Planned;
use tegami_mail::{Clock as _, hex, note};
use tegami_outbound::{ApiRequest, HeaderName, Https, Method, Reach, call_api, machine_roots};
use tegami_queue::SystemClock;
use tokio::time::sleep;

use crate::cli::Access;
use crate::command::Failure;

/// Where the API is.
const ENDPOINT: &str = "https://route53.amazonaws.com";

/// Route 53 is one service for the whole world, and signs as if it lay here.
const REGION: &str = "us-east-1";

/// How often a change is looked at until it is everywhere: Amazon says that it usually takes a minute.
const LOOKS: u32 = 60;

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(2);

/// Rights to the API, and where it is.
pub(crate) struct Route53 {
    credentials: Credentials,
    endpoint: String,
    hosted_zone: Option<String>,
}

struct Credentials {
    id: String,
    secret: String,
    token: Option<String>,
}

/// Keys stay where they are.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Route53 {
    /// With the rights that the environment or the credentials file has.
    pub(super) fn new(access: &Access) -> Result<Self, Failure> {
        let endpoint = access.endpoint.clone().unwrap_or_else(|| ENDPOINT.to_owned());
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        let hosted_zone =
            access.hosted_zone.clone().map(|id| id.trim_start_matches("/hostedzone/").to_owned());
        Ok(Self { credentials: Credentials::find(access.profile.as_deref())?, endpoint, hosted_zone })
    }

    /// Publishes sets, and waits until all servers of Route 53 have them.
    pub(super) async fn publish(
        &self,
        zone: &DnsName,
        sets: &[&Planned],
        resolver: &Arc<dyn Resolver>,
    ) -> Result<(), Failure> {
        let https = Https::new(machine_roots(), Arc::clone(resolver), Reach::Network);
        let https = https.map_err(|error| Failure::Text(error.to_string()))?;
        let id = match &self.hosted_zone {
            Some(id) => id.clone(),
            None => self.zone_of(zone, &https).await?,
        };
        let path = format!("/2013-04-01/hostedzone/{id}/rrset/");
        let answer = self.ask(&https, Method::POST, &path, "", change_batch(sets)).await?;
        let change = inner(&answer, "Id").unwrap_or_default().trim_start_matches("/change/").to_owned();
        let mut pending = inner(&answer, "Status") != Some("INSYNC");
        for _ in 0..LOOKS {
            if !pending {
                return Ok(());
            }
            sleep(PAUSE).await;
            let path = format!("/2013-04-01/change/{change}");
            let answer = self.ask(&https, Method::GET, &path, "", String::new()).await?;
            pending = inner(&answer, "Status") != Some("INSYNC");
        }
        Err(note!("cli-dns-route53-slow", zone = zone).into())
    }

    /// The public hosted zone that a name lies in: the longest.
    async fn zone_of(&self, name: &DnsName, https: &Https) -> Result<String, Failure> {
        let mut at = Some(name.clone());
        while let Some(here) = at.filter(|name| !name.is_root()) {
            let query = format!("dnsname={}.&maxitems=10", encoded(here.as_str()));
            let path = "/2013-04-01/hostedzonesbyname";
            let answer = self.ask(https, Method::GET, path, &query, String::new()).await?;
            let mut zones = answer.split("<HostedZone>").skip(1);
            let found = zones.find(|zone| {
                let same =
                    inner(zone, "Name").is_some_and(|found| found.trim_end_matches('.') == here.as_str());
                same && inner(zone, "PrivateZone") != Some("true")
            });
            if let Some(id) = found.and_then(|zone| inner(zone, "Id")) {
                return Ok(id.trim_start_matches("/hostedzone/").to_owned());
            }
            at = here.parent();
        }
        Err(note!("cli-dns-no-hosted-zone", zone = name).into())
    }

    async fn ask(
        &self,
        https: &Https,
        method: Method,
        path: &str,
        query: &str,
        body: String,
    ) -> Result<String, Failure> {
        let url = match query {
            "" => format!("{}{path}", self.endpoint),
            query => format!("{}{path}?{query}", self.endpoint),
        };
        let host = self.endpoint.split_once("://").map_or(self.endpoint.as_str(), |(_, host)| host);
        let signed = Signed { method: method.as_str(), host, path, query, body: &body };
        let fields = self.credentials.sign(&signed, SystemClock.now());
        let request = ApiRequest { method, url, fields, body: body.into() };
        let failed = |reason: &dyn fmt::Display| -> Failure {
            note!("cli-dns-route53-failed", endpoint = self.endpoint, reason = reason).into()
        };
        let answer = call_api(https, request).await.map_err(|error| failed(&error))?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        if (200..300).contains(&answer.status) {
            return Ok(text);
        }
        let code = inner(&text, "Code").unwrap_or_default();
        let message = inner(&text, "Message").or_else(|| inner(&text, "message")).unwrap_or_default();
        Err(failed(&format!("{} {code} {}", answer.status, unescaped(message))))
    }
}

/// What is signed of a request.
struct Signed<'a> {
    method: &'a str,
    host: &'a str,
    path: &'a str,
    query: &'a str,
    body: &'a str,
}

impl Credentials {
    fn find(profile: Option<&str>) -> Result<Self, Failure> {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        if profile.is_none()
            && let (Some(id), Some(secret)) = (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY"))
        {
            return Ok(Self { id, secret, token: set("AWS_SESSION_TOKEN") });
        }
        let home = || set("HOME").map(|home| PathBuf::from(home).join(".aws/credentials"));
        let file = set("AWS_SHARED_CREDENTIALS_FILE").map(PathBuf::from).or_else(home).unwrap_or_default();
        let text = std::fs::read_to_string(&file)
            .map_err(|error| note!("cli-dns-no-credentials", file = file.display(), reason = error))?;
        let named = profile.map(str::to_owned).or_else(|| set("AWS_PROFILE"));
        let name = named.unwrap_or_else(|| "default".to_owned());
        let none = || note!("cli-dns-no-profile", file = file.display(), profile = name);
        Ok(Self::read(&text, &name).ok_or_else(none)?)
    }

    /// One profile of a credentials file.
    fn read(text: &str, profile: &str) -> Option<Self> {
        let (mut inside, mut id, mut secret, mut token) = (false, None, None, None);
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                inside = name.trim() == profile;
            } else if let (true, Some((key, value))) = (inside, line.split_once('=')) {
                let value = Some(value.trim().to_owned());
                match key.trim() {
                    "aws_access_key_id" => id = value,
                    "aws_secret_access_key" => secret = value,
                    "aws_session_token" => token = value,
                    _ => {}
                }
            }
        }
        Some(Self { id: id?, secret: secret?, token })
    }

    /// The header fields that prove who asks.
    fn sign(&self, request: &Signed<'_>, now: Timestamp) -> Vec<(HeaderName, String)> {
        let moment = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let date = now.strftime("%Y%m%d").to_string();
        let mut fields = vec![("host", request.host.to_owned()), ("x-amz-date", moment.clone())];
        if let Some(token) = &self.token {
            fields.push(("x-amz-security-token", token.clone()));
        }
        let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let mut canonical = format!("{}\n{}\n{}\n", request.method, request.path, request.query);
        for (name, value) in &fields {
            let _ = writeln!(canonical, "{name}:{value}");
        }
        let _ = write!(canonical, "\n{names}\n{}", sha256(request.body.as_bytes()));
        let scope = format!("{date}/{REGION}/route53/aws4_request");
        let text = format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{}", sha256(canonical.as_bytes()));
        let first = format!("AWS4{}", self.secret).into_bytes();
        let steps = [date.as_str(), REGION, "route53", "aws4_request"];
        let key = steps.iter().fold(first, |key, step| keyed(&key, step));
        let signature = hex(&keyed(&key, &text));
        let proof = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.id
        );
        let mut fields: Vec<_> = fields
            .into_iter()
            .filter(|(name, _)| *name != "host")
            .map(|(name, value)| (HeaderName::from_static(name), value))
            .collect();
        fields.push((HeaderName::from_static("authorization"), proof));
        if request.method == "POST" {
            fields.push((HeaderName::from_static("content-type"), "application/xml".to_owned()));
        }
        fields
    }
}

fn sha256(octets: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, octets).as_ref())
}

fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

/// The body of `ChangeResourceRecordSets`, from the same change batch that is exported.
fn change_batch(sets: &[&Planned]) -> String {
    let batch = tegami_doctor::plan::export::change_batch(sets);
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ChangeResourceRecordSetsRequest \
                   xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch><Changes>"
        .to_owned();
    let text = |of: &Value, key: &str| {
        let value = of.get(key).unwrap_or(&Value::Null);
        escaped(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    let list = |of: &Value, key: &str| of.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    for change in list(&batch, "Changes") {
        let set = change.get("ResourceRecordSet").unwrap_or(&Value::Null);
        let _ = write!(
            xml,
            "<Change><Action>{}</Action><ResourceRecordSet><Name>{}</Name><Type>{}</Type><TTL>{}</TTL><ResourceRecords>",
            text(&change, "Action"),
            text(set, "Name"),
            text(set, "Type"),
            text(set, "TTL"),
        );
        for record in list(set, "ResourceRecords") {
            let _ = write!(xml, "<ResourceRecord><Value>{}</Value></ResourceRecord>", text(&record, "Value"));
        }
        xml += "</ResourceRecords></ResourceRecordSet></Change>";
    }
    xml + "</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&#39;", "'").replace("&amp;", "&")
}

/// The text of the first element of a name.
fn inner<'x>(xml: &'x str, name: &str) -> Option<&'x str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text.trim())
}

/// A value of a query: unreserved characters stay (RFC 3986 section 2.3).
fn encoded(text: &str) -> String {
    let mut query = String::new();
    for octet in text.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                query.push(char::from(octet));
            }
            _ => {
                let _ = write!(query, "%{octet:02X}");
            }
        }
    }
    query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature() {
        let credentials = Credentials::read(
            "# keys\n[other]\naws_access_key_id = NO\naws_secret_access_key=NO\n[work]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\n",
            "work",
        )
        .unwrap();
        assert_eq!(format!("{credentials:?}"), "***");
        let request = Signed { method: "GET", host: "route53.amazonaws.com", path: "/", query: "", body: "" };
        let fields = credentials.sign(&request, "2015-08-30T12:36:00Z".parse().unwrap());
        let proof = &fields.last().unwrap().1;
        assert!(
            proof.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/route53/aws4_request, SignedHeaders=host;x-amz-date, Signature="),
            "{proof}"
        );
        assert!(!proof.contains("wJalr"));
        assert!(Credentials::read("[default]\naws_access_key_id = A\n", "default").is_none());
    }

    #[test]
    fn elements() {
        let xml = "<A><Id>/change/C1</Id><Status>INSYNC</Status></A>";
        assert_eq!(inner(xml, "Id"), Some("/change/C1"));
        assert_eq!(inner(xml, "Name"), None);
        assert_eq!(encoded("a_b.c*"), "a_b.c%2A");
        assert_eq!(unescaped(&escaped("<a & \"b\">")), "<a & \"b\">");
    }
}
