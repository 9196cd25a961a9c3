//! The family `tlsrpt`: where senders tell how TLS went (RFC 8460).

use futures_util::FutureExt as _;
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_auth::slip;
use tegami_auth::tls_rpt::{RECORD_LABEL, Record, RecordError, Target, find};
use tegami_dns::{DnsName, RecordType};
use tegami_mail::{Address, Domain, Host, note};

use crate::case::DomainCase;
use crate::catalogue::Family;
use crate::checks::dmarc::receives;
use crate::txt::{self, Texts};
use crate::{About, Check, Finding, Fix, Who};

/// The family.
pub(crate) const FAMILY: Family =
    Family::new("tlsrpt", &[&RECORD, &TARGET]).of_domain(|case| judge(case).boxed());

const RECORD: Check =
    Check::new("tlsrpt.record", About::Domain, Severity::S1, "RFC 8460 section 3").who(&[Who::Rfc]);
const TARGET: Check = Check::new("tlsrpt.target", About::Domain, Severity::S1, "RFC 8460 section 3")
    .who(&[Who::Rfc])
    .after(&["tlsrpt.record"]);

/// What every record begins with.
const BEGINNING: &[u8] = b"v=TLSRPTv1";

async fn judge(case: &DomainCase) -> Vec<Finding> {
    let domain = &case.domain;
    let name = format!("{RECORD_LABEL}.{domain}");
    let none =
        |check: &'static Check| check.not_applicable(domain, note!("tlsrpt-no-record", domain = domain));
    let Ok(parsed) = DnsName::parse(&name) else { return vec![none(&RECORD), none(&TARGET)] };
    let texts = match Texts::ask(&parsed, case.resolver()).await {
        Ok(texts) => texts,
        Err(error) => {
            let note = note!("dns-unanswered", name = name, kind = "TXT", error = error);
            return vec![RECORD.unknown(domain, note), none(&TARGET)];
        }
    };
    let lines: Vec<String> = texts.list.iter().map(|text| txt::line(&name, text)).collect();
    match find(texts.list.iter().map(|text| text.as_slice())) {
        Ok(record) => {
            let found = if record.passed_over.is_empty() {
                RECORD.pass(domain, note!("tlsrpt-record", domain = domain))
            } else {
                let passed = record.passed_over.join(", ");
                RECORD.info(domain, note!("tlsrpt-passed-over", uris = passed))
            };
            vec![found.evidences(lines).ttl(texts.ttl), target(case, &record).await]
        }
        Err(error) => vec![broken(case, &name, &texts, error).await.evidences(lines), none(&TARGET)],
    }
}

async fn broken(case: &DomainCase, name: &str, texts: &Texts, error: RecordError) -> Finding {
    let domain = &case.domain;
    let standard = format!("v=TLSRPTv1; rua=mailto:tlsrpt@{domain}");
    let fix = |operation, record: String| {
        Fix::new(note!("tlsrpt-fix", name = name)).records(vec![Change::txt(operation, name, record)])
    };
    match error {
        RecordError::None => {
            let meant = texts.list.iter().find(|text| {
                let plain: Vec<u8> = text.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
                txt::begins(&plain, "vTLSRPT")
            });
            if let Some(text) = meant {
                let record = repaired(text).unwrap_or(standard);
                let delete = Change::txt(Operation::Delete, name, String::from_utf8_lossy(text).into_owned());
                let add = Change::txt(Operation::Add, name, record);
                let fix = Fix::new(note!("tlsrpt-fix", name = name)).records(vec![delete, add]);
                return RECORD.fail(domain, note!("tlsrpt-version", name = name)).fix(fix);
            }
            absent(case, fix(Operation::Add, standard)).await
        }
        RecordError::Several(count) => {
            let mut fix = Fix::new(note!("tlsrpt-several-fix", name = name));
            for text in texts.list.iter().filter(|text| Record::parse(text).is_ok()) {
                let record = String::from_utf8_lossy(text).into_owned();
                fix = fix.records(vec![Change::txt(Operation::Replace, name, record)]);
            }
            RECORD.fail(domain, note!("tlsrpt-several", name = name, count = count)).fix(fix)
        }
        error => {
            let text = texts.list.iter().find(|text| text.starts_with(BEGINNING));
            let record = text.and_then(|text| repaired(text)).unwrap_or(standard);
            let note = match error {
                RecordError::Field(field) => note!("tlsrpt-field", name = name, field = field),
                RecordError::BadUri(uri) => note!("tlsrpt-uri", name = name, uri = uri),
                _ => note!("tlsrpt-no-rua", name = name),
            };
            RECORD.fail(domain, note).fix(fix(Operation::Replace, record))
        }
    }
}

/// The record with the addresses that can be read in it.
fn repaired(text: &[u8]) -> Option<String> {
    let text = slip::plain(text);
    let rua = text.split_once("rua").and_then(|(_, rest)| rest.split_once('='))?.1;
    let members = rua.split([',', ';', ' ']).map(|member| member.trim_matches(['"', '\'', '<', '>', ' ']));
    let uris = members.filter_map(|member| {
        if member.starts_with("https://") {
            return Some(member.to_owned());
        }
        let address = member.trim_start_matches("mailto:");
        Address::parse(address).is_ok().then(|| format!("mailto:{address}"))
    });
    let record = format!("v=TLSRPTv1; rua={}", uris.collect::<Vec<_>>().join(","));
    Record::parse(record.as_bytes()).is_ok().then_some(record)
}

/// Reports are of use where TLS is demanded: a mistake there keeps mail away.
async fn absent(case: &DomainCase, fix: Fix) -> Finding {
    let domain = &case.domain;
    if !case.receives().await {
        return RECORD.not_applicable(domain, note!("tlsrpt-receives-nothing", domain = domain));
    }
    if demands_tls(case).await {
        return RECORD.warn(domain, note!("tlsrpt-absent-demanded", domain = domain)).fix(fix);
    }
    RECORD.info(domain, note!("tlsrpt-absent", domain = domain)).fix(fix)
}

/// Whether senders are asked for TLS, by MTA-STS or DANE.
async fn demands_tls(case: &DomainCase) -> bool {
    let sts = DnsName::parse(&format!("_mta-sts.{}", case.domain));
    if let Ok(name) = sts
        && let Ok(texts) = Texts::ask(&name, case.resolver()).await
        && texts.list.iter().any(|text| txt::begins(text, "v=STSv1"))
    {
        return true;
    }
    for host in case.hosts().await.real() {
        let Some(name) = tegami_auth::dane::record_name(host.name.as_str(), 25) else { continue };
        if case.resolver().lookup(&name, RecordType::Tlsa).await.is_ok() {
            return true;
        }
    }
    false
}

/// Whether reports can arrive. Nothing is posted to strangers.
async fn target(case: &DomainCase, record: &Record) -> Finding {
    let domain = &case.domain;
    for target in &record.rua {
        let (host, takes) = match target {
            Target::Mail(address) => {
                let Host::Domain(host) = address.host() else { continue };
                (host.clone(), receives(case, host).await)
            }
            Target::Https(uri) => {
                let host = uri.split("//").nth(1).and_then(|rest| rest.split(['/', ':', '?', '#']).next());
                let Some(host) = host.and_then(|host| Domain::parse(host).ok()) else { continue };
                let found = has_address(case, &host).await;
                (host, found)
            }
        };
        match takes {
            Ok(true) => {}
            Ok(false) => {
                let fix = Fix::new(note!("tlsrpt-dead-fix", host = host));
                return TARGET.warn(domain, note!("tlsrpt-dead", host = host)).fix(fix);
            }
            Err(error) => {
                let note = note!("dns-unanswered", name = host, kind = "MX", error = error);
                return TARGET.unknown(domain, note);
            }
        }
    }
    TARGET.pass(domain, note!("tlsrpt-target", domain = domain))
}

async fn has_address(case: &DomainCase, host: &Domain) -> Result<bool, tegami_dns::DnsError> {
    for kind in [RecordType::A, RecordType::Aaaa] {
        match case.resolver().lookup(&DnsName::from(host), kind).await {
            Ok(_) => return Ok(true),
            Err(error) if error.is_void() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

#[cfg(test)]
pub(crate) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::Fixture;
    vec![
        Fixture::pass("tlsrpt.record", ""),
        Fixture::fail("tlsrpt.record", "_smtp._tls TXT \"v=TLSRPTv1; rua=mailto:other@example.com\""),
        Fixture::fail("tlsrpt.record", "- _smtp._tls\n_smtp._tls TXT \"v=TLSRPTv1; rua=tls@example.com\""),
        Fixture::fail("tlsrpt.record", "- _smtp._tls\n_smtp._tls TXT \"v=TLSRPTv1;\""),
        Fixture::fail(
            "tlsrpt.record",
            "- _smtp._tls\n_smtp._tls TXT \"v=TLSRPT1; rua=mailto:t@example.com\"",
        ),
        Fixture::info(
            "tlsrpt.record",
            "- _smtp._tls\n_smtp._tls TXT \"v=TLSRPTv1; rua=mailto:t@example.com,ftp://example.com\"",
        ),
        Fixture::warn("tlsrpt.record", "- _smtp._tls"),
        Fixture::warn("tlsrpt.record", "- _smtp._tls\n- _mta-sts TXT"),
        Fixture::info("tlsrpt.record", "- _smtp._tls\n- _mta-sts TXT\n- _25._tcp"),
        Fixture::na("tlsrpt.record", "- _smtp._tls\n- example.com. MX\nexample.com. MX 0 ."),
        Fixture::unknown("tlsrpt.record", "$SERVFAIL _smtp._tls.example.com. TXT"),
        Fixture::pass("tlsrpt.target", ""),
        Fixture::warn(
            "tlsrpt.target",
            "- _smtp._tls\n_smtp._tls TXT \"v=TLSRPTv1; rua=mailto:t@gone.example.com\"",
        ),
        Fixture::warn(
            "tlsrpt.target",
            "- _smtp._tls\n_smtp._tls TXT \"v=TLSRPTv1; rua=https://gone.example.com/r\"",
        ),
        Fixture::pass(
            "tlsrpt.target",
            "- _smtp._tls\n_smtp._tls TXT \"v=TLSRPTv1; rua=https://mx1.example.com/r\"",
        ),
        Fixture::na("tlsrpt.target", "- _smtp._tls"),
    ]
}

#[cfg(test)]
mod tests {
    use super::repaired;

    #[test]
    fn what_was_meant() {
        let check =
            |text: &str, expected: Option<&str>| assert_eq!(repaired(text.as_bytes()).as_deref(), expected);
        check("v=TLSRPTv1; rua=tls@example.com", Some("v=TLSRPTv1; rua=mailto:tls@example.com"));
        check(
            "v=TLSRPT1; rua = a@example.com, https://example.com/x;",
            Some("v=TLSRPTv1; rua=mailto:a@example.com,https://example.com/x"),
        );
        check("v=TLSRPTv1", None);
    }
}
