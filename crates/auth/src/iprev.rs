//! Reverse DNS, forward-confirmed (RFC 8601 section 3).

use std::net::IpAddr;

use serde::Serialize;
use tegami_dns::DnsName;
use tegami_mail::{AsText as _, Note, Text, note};

use crate::records::PtrNames;
use crate::step::list;
use crate::{Records, Step};

/// Names of one address that are tried; more would let a stranger make us ask without end (RFC 8601 section 3).
pub const MAX_NAMES: usize = 10;

const SOURCE: &str = "RFC 8601 section 3";

/// The results (RFC 8601 section 2.7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the words are the RFC's")]
pub enum IprevResult {
    Pass,
    Fail,
    TempError,
    PermError,
}

impl IprevResult {
    /// The word as it stands in result fields.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

/// What reverse DNS says of an address.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The result.
    pub result: IprevResult,
    /// The name that points back, or the first PTR name where none does.
    pub name: Option<Text>,
    /// How it was found.
    pub steps: Vec<Step>,
}

/// Asks for the names of `ip` and whether one of them points back.
pub async fn check(ip: IpAddr, records: impl Into<Records<'_>>) -> Verdict {
    let (ip, records) = (ip.to_canonical(), records.into());
    let ip_text = Text::from(ip);
    let reverse = DnsName::reverse(ip);
    let mut steps = Vec::new();
    let asked = Text::of(format_args!("PTR {reverse}"));
    let known = match records.get::<PtrNames>(&reverse).await {
        Ok(known) => known,
        Err(error) => {
            let (result, note) = if error.is_void() {
                // Nothing is published, and asking again will not change it (RFC 8601 section 2.7.3).
                (IprevResult::PermError, note!("iprev-no-name", ip = ip_text, error = error))
            } else {
                (IprevResult::TempError, note!("iprev-dns-error", name = reverse, error = error))
            };
            steps.push(step(&reverse, asked, "error", note));
            return Verdict { result, name: None, steps };
        }
    };
    let names = &known.0;
    let note = note!("iprev-names", ip = ip_text, names = list(names), count = names.len());
    steps.push(step(&reverse, asked.clone(), "found", note));

    if names.len() > MAX_NAMES {
        let note = note!("iprev-limit", count = names.len(), limit = MAX_NAMES);
        steps.push(step(&reverse, asked, "noted", note));
    }
    let mut unknown = false;
    for name in names.iter().take(MAX_NAMES) {
        let (outcome, note, confirmed) = forward(ip, &ip_text, name, records).await;
        unknown |= outcome == "error";
        let kind = if ip.is_ipv4() { "A" } else { "AAAA" };
        steps.push(step(name, Text::of(format_args!("{kind} {name}")), outcome, note));
        if confirmed {
            return Verdict { result: IprevResult::Pass, name: Some(name.as_text().clone()), steps };
        }
    }
    let result = if unknown { IprevResult::TempError } else { IprevResult::Fail };
    Verdict { result, name: names.first().map(|name| name.as_text().clone()), steps }
}

/// Whether `name` has the address `ip`.
async fn forward(
    ip: IpAddr,
    ip_text: &Text,
    name: &DnsName,
    records: Records<'_>,
) -> (&'static str, Note, bool) {
    match records.addresses(ip, name).await {
        Ok(addresses) if addresses.iter().any(|address| address == ip) => {
            ("match", note!("iprev-confirmed", ip = ip_text, name = name), true)
        }
        Ok(addresses) => {
            let addresses = list(addresses.iter());
            (
                "no-match",
                note!("iprev-other-address", ip = ip_text, name = name, addresses = addresses),
                false,
            )
        }
        Err(error) if error.is_void() => {
            ("no-match", note!("iprev-no-address", ip = ip_text, name = name, error = error), false)
        }
        Err(error) => ("error", note!("iprev-dns-error", name = name, error = error), false),
    }
}

fn step(name: &DnsName, term: Text, outcome: &'static str, note: Note) -> Step {
    Step { depth: 0, domain: name.as_text().clone(), term, outcome, note, source: SOURCE, spent: None }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use tegami_dns::ZoneResolver;

    const ZONE: &str = "
        1.2.0.192.in-addr.arpa. PTR mail.example.org.
        mail.example.org. A 192.0.2.1
        mail.example.org. AAAA 2001:db8::1
        1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR other.example.org.
        1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR mail.example.org.
        2.2.0.192.in-addr.arpa. PTR mail.example.org.
        3.2.0.192.in-addr.arpa. PTR broken.example.org.
        $SERVFAIL broken.example.org
        $TIMEOUT 4.2.0.192.in-addr.arpa
    ";

    fn check(ip: &str, expect: &Expect) {
        let resolver = ZoneResolver::from_text(ZONE).unwrap();
        let verdict = crate::step::block_on(super::check(ip.parse().unwrap(), &resolver));
        let name = verdict.name.as_deref().unwrap_or("-");
        expect.assert_eq(&format!(
            "{} {name}\n{}",
            verdict.result.as_str(),
            crate::step::show(&verdict.steps)
        ));
    }

    #[test]
    fn confirmed() {
        check(
            "192.0.2.1",
            &expect![[r#"
            pass mail.example.org
            PTR 1.2.0.192.in-addr.arpa [1.2.0.192.in-addr.arpa] found | iprev-names ip=192.0.2.1 names=mail.example.org count=1 | RFC 8601 section 3
            A mail.example.org [mail.example.org] match | iprev-confirmed ip=192.0.2.1 name=mail.example.org | RFC 8601 section 3
        "#]],
        );
        check(
            "::ffff:192.0.2.1",
            &expect![[r#"
            pass mail.example.org
            PTR 1.2.0.192.in-addr.arpa [1.2.0.192.in-addr.arpa] found | iprev-names ip=192.0.2.1 names=mail.example.org count=1 | RFC 8601 section 3
            A mail.example.org [mail.example.org] match | iprev-confirmed ip=192.0.2.1 name=mail.example.org | RFC 8601 section 3
        "#]],
        );
        check(
            "2001:db8::1",
            &expect![[r#"
            pass mail.example.org
            PTR 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa [1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa] found | iprev-names ip=2001:db8::1 names=other.example.org, mail.example.org count=2 | RFC 8601 section 3
            AAAA other.example.org [other.example.org] no-match | iprev-no-address ip=2001:db8::1 name=other.example.org error=NXDOMAIN | RFC 8601 section 3
            AAAA mail.example.org [mail.example.org] match | iprev-confirmed ip=2001:db8::1 name=mail.example.org | RFC 8601 section 3
        "#]],
        );
    }

    #[test]
    fn not_confirmed() {
        check(
            "192.0.2.2",
            &expect![[r#"
            fail mail.example.org
            PTR 2.2.0.192.in-addr.arpa [2.2.0.192.in-addr.arpa] found | iprev-names ip=192.0.2.2 names=mail.example.org count=1 | RFC 8601 section 3
            A mail.example.org [mail.example.org] no-match | iprev-other-address ip=192.0.2.2 name=mail.example.org addresses=192.0.2.1 | RFC 8601 section 3
        "#]],
        );
        check(
            "192.0.2.3",
            &expect![[r#"
            temperror broken.example.org
            PTR 3.2.0.192.in-addr.arpa [3.2.0.192.in-addr.arpa] found | iprev-names ip=192.0.2.3 names=broken.example.org count=1 | RFC 8601 section 3
            A broken.example.org [broken.example.org] error | iprev-dns-error name=broken.example.org error=SERVFAIL | RFC 8601 section 3
        "#]],
        );
        check(
            "192.0.2.4",
            &expect![[r#"
            temperror -
            PTR 4.2.0.192.in-addr.arpa [4.2.0.192.in-addr.arpa] error | iprev-dns-error name=4.2.0.192.in-addr.arpa error=timeout | RFC 8601 section 3
        "#]],
        );
        check(
            "192.0.2.5",
            &expect![[r#"
            permerror -
            PTR 5.2.0.192.in-addr.arpa [5.2.0.192.in-addr.arpa] error | iprev-no-name ip=192.0.2.5 error=NXDOMAIN | RFC 8601 section 3
        "#]],
        );
    }

    #[test]
    fn an_address_with_very_many_names() {
        let names =
            (1..=12).map(|n| format!("1.2.0.192.in-addr.arpa. PTR h{n}.example.org.\n")).collect::<String>();
        let check = |confirmed: u8, expected: &str| {
            let zone = format!("{names}h{confirmed}.example.org. A 192.0.2.1\n");
            let resolver = ZoneResolver::from_text(&zone).unwrap();
            let verdict = crate::step::block_on(super::check("192.0.2.1".parse().unwrap(), &resolver));
            let told = verdict.steps.iter().any(|step| step.note.id == "iprev-limit");
            assert!(told && verdict.steps.len() <= 2 + super::MAX_NAMES);
            assert_eq!(verdict.result.as_str(), expected);
        };
        check(1, "pass");
        check(12, "fail");
    }
}
