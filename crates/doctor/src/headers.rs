//! A header section as somebody pastes it: which way the message came, what receivers wrote of it, and what of all that is to be believed.
//!
//! Nothing is asked and nothing verified: only what stands there is read. Who received the message is told by the topmost Received field
//! with a public client, the *border*; what stands above it, or right below it in that host's own name, was written at home. The rest came along
//! with the message, and anybody can have written it.

mod remark;
#[cfg(test)]
mod tests;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tegami_auth::dkim;
use tegami_auth::dmarc::public_suffix::organizational_domain;
use tegami_auth::received::{self, Hop};
use tegami_auth::results::{AuthenticationResults, MethodResult, Property, ReceivedSpf};
use tegami_mail::{Domain, HeaderSection, Note, note};

pub use remark::Remark;

/// Fields of one kind that are read.
const MAX_FIELDS: usize = 20;

/// Whether a field with results is to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// It stands where the receiver writes, in the receiver's name.
    Receiver,
    /// It stands where the receiver writes, in another name.
    Foreign,
    /// It came along with the message.
    Brought,
    /// It came along with the message, in the receiver's name.
    Forged,
    /// It is part of an ARC set: worth what its seal is worth, which is not verified here (RFC 8617).
    Sealed,
}

impl Trust {
    /// The word of the JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receiver => "receiver",
            Self::Foreign => "foreign",
            Self::Brought => "brought",
            Self::Forged => "forged",
            Self::Sealed => "sealed",
        }
    }
}

/// A field with results that somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Results {
    /// The field.
    pub field: &'static str,
    /// Who claims to have written it; `None` where it does not say.
    pub by: Option<String>,
    /// Whether that is to be believed.
    pub trust: Trust,
    /// The results.
    pub methods: Vec<MethodResult>,
}

/// What a pasted header section tells.
#[derive(Clone, Debug)]
pub struct Headers {
    /// Every hop, in the order of time.
    pub hops: Vec<Hop>,
    /// The host that received the message from outside.
    pub receiver: Option<String>,
    /// Results that somebody wrote, from the top.
    pub results: Vec<Results>,
    /// The signatures, from the top; nobody has verified them here.
    pub signatures: Vec<dkim::Claim>,
    /// What is remarkable.
    pub remarks: Vec<Remark>,
}

/// Where things stand in a header section.
struct Border {
    /// The place of the border's field among all fields.
    at: usize,
    /// The place of the next Received field below it; beyond the end where there is none.
    below: usize,
    /// Organizational domains of the hosts at the border and above.
    ours: Vec<Domain>,
}

impl Border {
    fn find(section: &HeaderSection<'_>, hops: &[Hop], authserv_id: Option<&str>) -> Option<(Self, String)> {
        let fields = section.fields().iter().enumerate();
        let places: Vec<usize> =
            fields.filter(|(_, field)| field.is("Received")).map(|(at, _)| at).take(hops.len()).collect();
        let entrance = received::entrance(hops)?;
        // Hops stand in the order of time, fields from the top.
        let from_top = hops.iter().rev().position(|hop| std::ptr::eq(hop, entrance))?;
        let home = hops.iter().rev().take(from_top + 1).filter_map(|hop| hop.by.as_deref());
        let ours = home.chain(authserv_id).filter_map(organization).collect();
        let at = *places.get(from_top)?;
        let below = places.get(from_top + 1).copied().unwrap_or(usize::MAX);
        Some((Self { at, below, ours }, entrance.by.clone().unwrap_or_default()))
    }

    /// Whether a field at this place that claims to be written by `by` is to be believed.
    fn trust(&self, at: usize, by: Option<&str>) -> Trust {
        let ours = by.and_then(organization).is_some_and(|domain| self.ours.contains(&domain));
        match (at < self.at, at < self.below) {
            // Some receivers write no name, and then the place alone tells.
            (true, _) if ours || by.is_none() => Trust::Receiver,
            (true, _) => Trust::Foreign,
            // Receivers write their results above their Received field or right below it; what was there in their name when the message
            // came they take out (RFC 8601 section 5).
            (_, true) if ours => Trust::Receiver,
            _ if ours => Trust::Forged,
            _ => Trust::Brought,
        }
    }
}

fn organization(name: &str) -> Option<Domain> {
    Domain::parse(name.trim_end_matches('.')).ok().map(|domain| organizational_domain(&domain))
}

impl Headers {
    /// Reads a header section. `authserv_id` is a name under which the receiver is known to write results.
    pub fn read(section: &HeaderSection<'_>, authserv_id: Option<&str>) -> Self {
        let client = received::entrance(&received::chain(section, None)).and_then(|hop| hop.ip);
        let hops = received::chain(section, client);
        let (border, receiver) = Border::find(section, &hops, authserv_id).unzip();
        let results = results(section, border.as_ref());
        let signatures = section.all("DKIM-Signature").take(MAX_FIELDS);
        let signatures = signatures.filter_map(|field| dkim::Claim::read(&field.unfolded())).collect();
        let remarks = remark::all(section, &hops, &results);
        let receiver = receiver.filter(|name| !name.is_empty());
        Self { hops, receiver, results, signatures, remarks }
    }

    /// From the first hop with a date to the last.
    pub fn duration(&self) -> Option<SignedDuration> {
        let dates = || self.hops.iter().filter_map(|hop| hop.at);
        Some(dates().next_back()?.duration_since(dates().next()?))
    }

    /// Whether something is to be taken seriously: forged parts, or a receiver that saw DMARC fail.
    pub fn is_suspicious(&self) -> bool {
        let fails = |results: &Results| {
            let dmarc = |one: &MethodResult| one.method == "dmarc" && one.result == "fail";
            results.trust == Trust::Receiver && results.methods.iter().any(dmarc)
        };
        self.remarks.iter().any(|remark| remark.bad) || self.results.iter().any(fails)
    }

    /// For programs; sentences stand in it as notes.
    pub fn as_json(&self) -> Value {
        let results = self.results.iter().map(|results| {
            json!({
                "field": results.field,
                "by": results.by,
                "trust": results.trust.as_str(),
                "reason": results.trust.note(),
                "methods": results.methods.iter().map(method).collect::<Vec<_>>(),
            })
        });
        let signatures = self.signatures.iter().map(|claim| {
            json!({
                "domain": claim.domain,
                "selector": claim.selector,
                "algorithm": claim.algorithm,
                "fields": claim.fields,
                "length": claim.length,
                "time": claim.time,
                "expiry": claim.expiry,
            })
        });
        json!({
            "receiver": self.receiver,
            "hops": tegami_auth::json::received(&self.hops),
            "seconds": self.duration().map(|time| time.as_secs()),
            "results": results.collect::<Vec<_>>(),
            "signatures": signatures.collect::<Vec<_>>(),
            "remarks": self.remarks.iter().map(Remark::as_json).collect::<Vec<_>>(),
            "suspicious": self.is_suspicious(),
        })
    }
}

fn method(method: &MethodResult) -> Value {
    let properties = method.properties.iter().map(|Property { ptype, name, value }| {
        let key = if ptype.is_empty() { name.clone() } else { format!("{ptype}.{name}") };
        json!({"name": key, "value": value})
    });
    json!({
        "method": method.method,
        "result": method.result,
        "reason": method.reason.as_ref().or(method.comment.as_ref()),
        "properties": properties.collect::<Vec<_>>(),
    })
}

/// All fields with results, from the top.
fn results(section: &HeaderSection<'_>, border: Option<&Border>) -> Vec<Results> {
    let mut all = Vec::new();
    for (at, field) in section.fields().iter().enumerate() {
        let value = field.unfolded();
        let read = if field.is("Authentication-Results") {
            authentication_results("Authentication-Results", &value)
        } else if field.is("Received-SPF") {
            received_spf(&value)
        } else if field.is("ARC-Authentication-Results") {
            // RFC 8617 section 4.1.1: an instance, then what Authentication-Results would have.
            let rest = value.iter().position(|octet| *octet == b';').and_then(|end| value.get(end + 1..));
            authentication_results("ARC-Authentication-Results", rest.unwrap_or_default())
        } else {
            None
        };
        let Some(mut read) = read else { continue };
        read.trust = match border {
            _ if read.field.starts_with("ARC-") => Trust::Sealed,
            Some(border) => border.trust(at, read.by.as_deref()),
            None => Trust::Brought,
        };
        all.push(read);
        if all.len() == MAX_FIELDS {
            break;
        }
    }
    all
}

fn authentication_results(field: &'static str, value: &[u8]) -> Option<Results> {
    let by =
        |read: AuthenticationResults, by| Results { field, by, trust: Trust::Brought, methods: read.results };
    if let Ok(read) = AuthenticationResults::parse(value).map_err(drop)
        && !read.authserv_id.contains('=')
    {
        let name = read.authserv_id.clone();
        return Some(by(read, Some(name)));
    }
    // Microsoft's receivers leave out the authserv-id that RFC 8601 section 2.2 demands.
    let named = [b"unnamed; ", value].concat();
    AuthenticationResults::parse(&named).ok().map(|read| by(read, None))
}

fn received_spf(value: &[u8]) -> Option<Results> {
    let read = ReceivedSpf::parse(value).ok()?;
    let claimed = read.value("receiver").map(str::to_owned);
    // Google's and others' say it in the comment alone: `(google.com: domain of … designates …)`.
    let in_comment = || {
        let first = read.comment.as_deref()?.split(':').next()?;
        Domain::parse(first.trim()).ok().map(|domain| domain.to_string())
    };
    let by = claimed.or_else(in_comment);
    let mut method = MethodResult::new("spf", &read.result);
    method.comment.clone_from(&read.comment);
    for (key, name) in [("envelope-from", "mailfrom"), ("helo", "helo"), ("client-ip", "client-ip")] {
        if let Some(value) = read.value(key) {
            method = method.property("smtp", name, value);
        }
    }
    Some(Results { field: "Received-SPF", by, trust: Trust::Brought, methods: vec![method] })
}

impl Trust {
    /// What it means.
    pub fn note(self) -> Note {
        match self {
            Self::Receiver => note!("headers-trust-receiver"),
            Self::Foreign => note!("headers-trust-foreign"),
            Self::Brought => note!("headers-trust-brought"),
            Self::Forged => note!("headers-trust-forged"),
            Self::Sealed => note!("headers-trust-sealed"),
        }
    }
}
