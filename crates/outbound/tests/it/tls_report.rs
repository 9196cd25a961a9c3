//! Reports about TLS: counted by day and domain, sent when the day is over, kept to be looked at.

use std::io::Read as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use expect_test::expect;
use jiff::Timestamp;
use tegami_auth::dkim::{PrivateKey, Selector, Signer};
use tegami_dns::ZoneResolver;
use tegami_mail::{Clock, Domain, NameAddr};
use tegami_outbound::tls_report::{self, Day, Identity, Journal, Post, Reporter};
use tegami_outbound::{Observation, Observe, Parcel};
use tegami_queue::{Control, Intake, IntakeSettings, KeyRing, NoMailboxes};
use tegami_report::tls_rpt::{self, Coding, Failure, Policy, PolicyType, Report, ResultType};
use tegami_store::{BoxFuture, Embedded, IdSource, Options, Store};

use crate::peer::Script;
use crate::tls_policy::lab::{Plan, ZONE as LAB, host, policy};
use crate::world::{envelope, story, trusting};

const ZONE: &str = r#"
_smtp._tls.mail.test.  TXT "v=TLSRPTv1; rua=mailto:tls@mail.test"
_smtp._tls.post.test.  TXT "v=TLSRPTv1; rua=https://reports.post.test/v1"
_smtp._tls.two.test.   TXT "v=TLSRPTv1; rua=mailto:a@two.test"
_smtp._tls.two.test.   TXT "v=TLSRPTv1; rua=mailto:b@two.test"
_smtp._tls.example.test. TXT "v=TLSRPTv1; rua=mailto:tls@example.test"
$SERVFAIL _smtp._tls.broken.test. TXT
"#;

struct Watch(Mutex<Timestamp>);

impl Watch {
    fn set(&self, text: &str) {
        *self.0.lock().unwrap() = at(text);
    }
}

impl Clock for Watch {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Answers with these statuses, one after the other, and keeps what was posted.
struct Letterbox {
    answers: Mutex<Vec<u16>>,
    posted: Mutex<Vec<(String, &'static str, Bytes)>>,
}

impl Post for Letterbox {
    fn post<'a>(
        &'a self,
        uri: &'a str,
        media_type: &'static str,
        octets: Bytes,
    ) -> BoxFuture<'a, Result<u16, String>> {
        self.posted.lock().unwrap().push((uri.to_owned(), media_type, octets));
        let answer = self.answers.lock().unwrap().pop().ok_or("nobody is there".to_owned());
        Box::pin(async move { answer })
    }
}

struct Office {
    reporter: Reporter,
    store: Arc<dyn Store>,
    watch: Arc<Watch>,
    letterbox: Arc<Letterbox>,
    _folder: tempfile::TempDir,
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn domain(text: &str) -> Domain {
    Domain::parse(text).unwrap()
}

fn office(answers: &[u16]) -> Office {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Embedded::open(folder.path(), Options::default()).unwrap());
    let watch = Arc::new(Watch(Mutex::new(at("2026-07-01T12:00:00Z"))));
    let key = Arc::new(PrivateKey::generate_ed25519().unwrap());
    let signer = Signer::new(domain("example.org"), Selector::parse("s1").unwrap(), key);
    let intake = Intake::new(
        Arc::clone(&store),
        IntakeSettings::new(domain("mail.example.org")),
        Arc::new(KeyRing::new([signer])),
        Arc::new(NoMailboxes),
        watch.clone(),
        Arc::new(IdSource::default()),
        Arc::new(Control::default()),
    );
    let letterbox = Arc::new(Letterbox { answers: Mutex::new(answers.to_vec()), posted: Mutex::default() });
    let reporter = Reporter {
        journal: Arc::new(Journal::new(Arc::clone(&store))),
        store: Arc::clone(&store),
        resolver: Arc::new(ZoneResolver::from_text(ZONE).unwrap()),
        intake: Arc::new(intake),
        post: letterbox.clone(),
        clock: watch.clone(),
        identity: Some(Identity {
            organization: "Example".to_owned(),
            contact: "postmaster@example.org".to_owned(),
            submitter: domain("example.org"),
            from: NameAddr::parse("postmaster@example.org").unwrap(),
        }),
        kept: Duration::from_secs(7 * 24 * 3600),
    };
    Office { reporter, store, watch, letterbox, _folder: folder }
}

impl Office {
    fn saw(&self, text: &str, failure: Option<ResultType>) {
        let policy = Policy { policy_domain: text.to_owned(), ..Policy::default() };
        let failure = failure.map(|result_type| Failure { result_type, ..Failure::default() });
        let (at, domain) = (self.watch.now(), domain(text));
        self.reporter.journal.observe(Observation { at, domain, policy, failure });
    }

    async fn days(&self) -> Vec<(String, Day)> {
        let days = tls_report::days(self.store.as_ref()).await.unwrap();
        days.into_iter().map(|(date, domain, day)| (format!("{date} {domain}"), day)).collect()
    }

    /// The fates, a line each.
    async fn story(&self) -> String {
        let line = |(of, day): (String, Day)| {
            let (good, bad) = day.sessions();
            let to: Vec<_> =
                day.deliveries.iter().map(|one| format!(" {} {:?}", one.to, one.outcome)).collect();
            let trouble = day.trouble.map(|text| format!(" ({text})")).unwrap_or_default();
            format!("{of}: {good} good, {bad} bad, {:?}{}{trouble}\n", day.fate, to.concat())
        };
        self.days().await.into_iter().map(line).collect()
    }

    async fn letters(&self) -> Vec<Bytes> {
        let mut letters = Vec::new();
        for message in self.store.messages(None, 100).await.unwrap() {
            letters.push(self.store.content(message.id, None).await.unwrap());
        }
        letters
    }
}

fn unpacked(octets: &[u8]) -> Report {
    let mut json = Vec::new();
    flate2::read::GzDecoder::new(octets).read_to_end(&mut json).unwrap();
    Report::read(&json).unwrap()
}

#[tokio::test]
async fn a_day_is_counted_and_reported_once() {
    let office = office(&[]);
    office.saw("mail.test", None);
    office.saw("mail.test", Some(ResultType::CertificateHostMismatch));
    office.reporter.work().await.unwrap();
    office.saw("mail.test", None);
    office.watch.set("2026-07-01T23:59:59Z");
    office.saw("mail.test", None);
    office.reporter.work().await.unwrap();
    office.watch.set("2026-07-02T00:05:00Z");
    office.saw("mail.test", None);
    office.reporter.work().await.unwrap();
    assert!(office.letters().await.is_empty(), "the day's last sessions may not have ended");

    office.watch.set("2026-07-02T05:00:00Z");
    office.reporter.work().await.unwrap();
    office.reporter.work().await.unwrap();
    let letters = office.letters().await;
    assert_eq!(letters.len(), 1, "one report, and none about the day that goes on");
    let text = String::from_utf8_lossy(&letters[0]).into_owned();
    for field in [
        "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.org",
        "\r\nTLS-Report-Domain: mail.test\r\n",
        "\r\nTLS-Report-Submitter: example.org\r\n",
        "\r\nTLS-Required: No\r\n",
        "\r\nAuto-Submitted: auto-generated\r\n",
        "example.org!mail.test!1782864000!1782950399!",
    ] {
        assert!(text.contains(field), "{field}: {text}");
    }
    let (coding, octets) = tls_rpt::attached(&letters[0]).unwrap();
    assert_eq!(coding, Coding::Gzip);
    expect![[r#"{"organization-name":"Example","date-range":{"start-datetime":"2026-07-01T00:00:00Z","end-datetime":"2026-07-01T23:59:59Z"},"contact-info":"postmaster@example.org","report-id":"2026-07-01-mail.test@example.org","policies":[{"policy":{"policy-type":"no-policy-found","policy-domain":"mail.test"},"summary":{"total-successful-session-count":3,"total-failure-session-count":1},"failure-details":[{"result-type":"certificate-host-mismatch","failed-session-count":1}]}]}"#]]
        .assert_eq(&String::from_utf8(unpacked(&octets).write().unwrap()).unwrap());
    let row = office.store.messages(None, 1).await.unwrap().remove(0);
    assert!(row.reverse_path.address().is_none());
    let recipients = office.store.recipients(row.id).await.unwrap();
    assert_eq!(recipients[0].path.address.to_string(), "tls@mail.test");

    // A week later it is forgotten.
    office.watch.set("2026-07-09T00:00:01Z");
    office.reporter.work().await.unwrap();
    assert_eq!(office.days().await.len(), 1);
}

#[tokio::test]
async fn each_domain_has_its_fate() {
    let office = office(&[202, 503]);
    for domain in ["post.test", "two.test", "silent.test", "broken.test"] {
        office.saw(domain, None);
    }
    let mut told = String::new();
    for moment in
        ["2026-07-02T05:00:00Z", "2026-07-02T05:30:00Z", "2026-07-02T06:00:01Z", "2026-07-03T05:00:00Z"]
    {
        office.watch.set(moment);
        office.reporter.work().await.unwrap();
        told.push_str(&format!("{moment}\n{}", office.story().await));
    }
    expect![[r#"
        2026-07-02T05:00:00Z
        2026-07-01 broken.test: 1 good, 0 bad, None (_smtp._tls.broken.test: SERVFAIL)
        2026-07-01 post.test: 1 good, 0 bad, None https://reports.post.test/v1 Failed("HTTP 503") (https://reports.post.test/v1: HTTP 503)
        2026-07-01 silent.test: 1 good, 0 bad, Some(Unwanted)
        2026-07-01 two.test: 1 good, 0 bad, Some(Unwanted)
        2026-07-02T05:30:00Z
        2026-07-01 broken.test: 1 good, 0 bad, None (_smtp._tls.broken.test: SERVFAIL)
        2026-07-01 post.test: 1 good, 0 bad, None https://reports.post.test/v1 Failed("HTTP 503") (https://reports.post.test/v1: HTTP 503)
        2026-07-01 silent.test: 1 good, 0 bad, Some(Unwanted)
        2026-07-01 two.test: 1 good, 0 bad, Some(Unwanted)
        2026-07-02T06:00:01Z
        2026-07-01 broken.test: 1 good, 0 bad, None (_smtp._tls.broken.test: SERVFAIL)
        2026-07-01 post.test: 1 good, 0 bad, Some(Sent) https://reports.post.test/v1 Posted(202)
        2026-07-01 silent.test: 1 good, 0 bad, Some(Unwanted)
        2026-07-01 two.test: 1 good, 0 bad, Some(Unwanted)
        2026-07-03T05:00:00Z
        2026-07-01 broken.test: 1 good, 0 bad, Some(GivenUp) (_smtp._tls.broken.test: SERVFAIL)
        2026-07-01 post.test: 1 good, 0 bad, Some(Sent) https://reports.post.test/v1 Posted(202)
        2026-07-01 silent.test: 1 good, 0 bad, Some(Unwanted)
        2026-07-01 two.test: 1 good, 0 bad, Some(Unwanted)
    "#]]
    .assert_eq(&told);
    let posted = office.letterbox.posted.lock().unwrap();
    assert_eq!(posted.len(), 2, "once refused, once taken");
    assert_eq!(
        (posted[1].0.as_str(), posted[1].1),
        ("https://reports.post.test/v1", "application/tlsrpt+gzip")
    );
    assert_eq!(unpacked(&posted[1].2).policies[0].policy.policy_domain, "post.test");
}

/// A policy of MTA-STS in mode enforce and a certificate with another name: not delivered, told with 4.7.5, counted once, reported.
#[tokio::test]
async fn an_enforced_policy_that_was_broken_is_reported() {
    let (script, identity) = host("other.example.test");
    let zone = format!("{LAB}_mta-sts.example.test. TXT \"v=STSv1; id=one;\"\n");
    let plan = Plan::new(zone, vec![script]).trusting(&identity);
    plan.host.say(policy("enforce", "*.example.test"));
    let lab = plan.start(|_| {}).await;
    let office = office(&[]);
    let told = story(&lab.send("b@example.test").await);
    assert!(told.contains("failed Transient StartTls 4.7.5"), "{told}");
    assert_eq!(lab.mail(), 0);
    for observation in lab.observed() {
        office.reporter.journal.observe(observation);
    }
    office.watch.set("2026-07-02T05:00:00Z");
    office.reporter.work().await.unwrap();
    let letters = office.letters().await;
    let report = unpacked(&tls_rpt::attached(&letters[0]).unwrap().1);
    let [told] = report.policies.as_slice() else { panic!("{report:?}") };
    assert_eq!(told.policy.policy_type, PolicyType::Sts);
    assert_eq!(told.policy.mx_host, ["*.example.test"]);
    let [failed] = told.failure_details.as_slice() else { panic!("{report:?}") };
    assert_eq!(
        (&failed.failure.result_type, failed.failed_session_count),
        (&ResultType::CertificateHostMismatch, 1)
    );
    assert_eq!(failed.failure.receiving_mx_hostname, "mx1.example.test");
}

#[tokio::test]
async fn nobody_reports_without_a_name() {
    let mut office = office(&[]);
    office.reporter.identity = None;
    office.saw("mail.test", None);
    office.watch.set("2026-07-03T00:00:00Z");
    office.reporter.work().await.unwrap();
    assert!(office.letters().await.is_empty());
    assert_eq!(office.days().await[0].1.sessions(), (1, 0), "and yet it is counted");
}

#[tokio::test]
async fn no_reports_about_reports() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Embedded::open(folder.path(), Options::default()).unwrap());
    let journal = Arc::new(Journal::new(Arc::clone(&store)));
    let world = trusting(
        "example.test. A 127.0.0.2",
        vec![Script::default()],
        rustls::RootCertStore::empty(),
        |_| {},
    )
    .await;
    let courier = world.courier.observed_by(journal.clone());
    for content in [
        "Subject: hello\r\n\r\nTLS-Report-Domain: no field\r\n",
        "From: a@example.org\r\nTLS-Report-Domain: example.test\r\n\r\n",
    ] {
        let envelope = envelope(&["b@example.test"]);
        let next_hop = envelope.forward_paths[0].address.host().clone();
        courier
            .attempt(&Parcel {
                envelope,
                next_hop,
                tags: Vec::new(),
                content: Bytes::from_static(content.as_bytes()),
            })
            .await;
    }
    journal.flush().await.unwrap();
    let days = tls_report::days(store.as_ref()).await.unwrap();
    assert_eq!(
        days.iter().map(|(_, _, day)| day.sessions()).collect::<Vec<_>>(),
        [(0, 1)],
        "no STARTTLS there, once"
    );
}
