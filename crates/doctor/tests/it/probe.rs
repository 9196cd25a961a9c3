//! What the probe sees of a Postfix that is set up well, and of one that is not; and what testssl.sh says of the same ports.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tegami_doctor::Reach;
use tegami_doctor::probe::{
    Distrust, Extra, Injection, LineEnd, Network, Offer, OfferSeen, OwnPort, OwnSeen, Probes as _, Settings,
    SmtpSeen, StartTls, TlsSeen, Tried,
};
use tegami_mail::{Clock, Domain};

use crate::postfix::{DOMAIN, HOST, Postfix};

struct At(jiff::Timestamp);

impl Clock for At {
    fn now(&self) -> jiff::Timestamp {
        self.0
    }
}

fn network(postfix: &Postfix, service: &str) -> Network {
    let settings = Settings {
        port: postfix.port(service),
        reach: Reach::Everywhere,
        own_hosts: vec![host()],
        extra: Extra::Own,
        ..Settings::new("probe.example.net", postfix.roots.clone())
    };
    Network::new(settings, Arc::new(At("2026-11-21T12:00:00Z".parse().unwrap()))).unwrap()
}

fn host() -> Domain {
    Domain::parse(HOST).unwrap()
}

async fn look(postfix: &Postfix, service: &str) -> SmtpSeen {
    network(postfix, service).smtp(&host(), postfix.ip()).await.unwrap()
}

async fn tls(postfix: &Postfix, service: &str) -> TlsSeen {
    match look(postfix, service).await.tls {
        StartTls::Done(tls) => *tls,
        other => panic!("{service}: {other:?}"),
    }
}

async fn offers(postfix: &Postfix, service: &str) -> Vec<OfferSeen> {
    network(postfix, service).offers(&host(), postfix.ip()).await.unwrap()
}

fn picked(offers: &[OfferSeen], offer: Offer) -> Result<String, String> {
    let seen = offers.iter().find(|seen| seen.offer == offer).unwrap();
    seen.answer.as_ref().map(ToString::to_string).map_err(Clone::clone)
}

async fn own(postfix: &Postfix, service: &str) -> OwnSeen {
    let domain = Domain::parse(DOMAIN).unwrap();
    network(postfix, service).own(&host(), postfix.ip(), &domain).await.unwrap()
}

fn codes<'t>(tried: impl IntoIterator<Item = &'t Tried>) -> Vec<u16> {
    tried.into_iter().map(|tried| tried.reply.code).collect()
}

#[tokio::test]
async fn postfix_with_good_and_bad_tls() {
    let Some(postfix) = Postfix::start() else { return };
    let good = look(&postfix, "good").await;
    assert_eq!(good.greeting.code, 220);
    assert!(good.greeting.lines[0].starts_with(HOST), "{:?}", good.greeting);
    assert_eq!(good.offered_under_tls.as_ref().unwrap().max_size, Some(20_480_000));
    assert_eq!(good.transcript.last().unwrap(), "< 221 2.0.0 Bye");

    let good = tls(&postfix, "good").await;
    assert_eq!((good.version.as_str(), &good.trusted, good.asked_for_ours), ("TLSv1.3", &Ok(()), false));
    assert_eq!(tls(&postfix, "expired").await.trusted, Err(Distrust::Expired));
    assert_eq!(tls(&postfix, "other").await.trusted, Err(Distrust::Name));
    assert!(tls(&postfix, "asking").await.asked_for_ours);
    assert_eq!(look(&postfix, "clear").await.tls, StartTls::NotOffered);
    let late = look(&postfix, "late").await;
    assert!(late.greeted_after >= Duration::from_secs(2), "{:?}", late.greeted_after);
    assert_eq!(late.greeting.code, 220);
    let old = look(&postfix, "old").await;
    assert!(matches!(old.tls, StartTls::TooOld(_)), "{:?}", old.tls);
}

#[tokio::test]
async fn postfix_that_still_takes_old_tls() {
    let Some(postfix) = Postfix::start() else { return };
    let good = offers(&postfix, "good").await;
    // As it comes, Postfix takes ciphers without a certificate, and no others that are weak.
    assert!(picked(&good, Offer::WeakCiphers).unwrap().contains("_anon_"), "{good:?}");
    assert!(picked(&good, Offer::OldVersions).unwrap().starts_with("TLSv1.1 "), "{good:?}");
    let strict = offers(&postfix, "strict").await;
    assert_eq!(picked(&strict, Offer::WeakCiphers).unwrap_err(), "alert HandshakeFailure");
    assert_eq!(picked(&strict, Offer::OldVersions).unwrap_err(), "alert ProtocolVersion");
    let manners = good.iter().find(|seen| seen.offer == Offer::Manners).unwrap().answer.clone().unwrap();
    assert!(manners.extended_master_secret && manners.secure_renegotiation && !manners.compression);
    assert_eq!(manners.version_name(), "TLSv1.2");

    let old = offers(&postfix, "old").await;
    assert!(picked(&old, Offer::OldVersions).unwrap().starts_with("TLSv1.1 "), "{old:?}");
    let lax = offers(&postfix, "lax").await;
    assert!(picked(&lax, Offer::OldVersions).unwrap().starts_with("TLSv1.1 "), "{lax:?}");
    let weak = picked(&lax, Offer::WeakCiphers).unwrap();
    assert!(weak.contains("NULL"), "{weak}");
}

#[tokio::test]
async fn a_postfix_of_ours() {
    let Some(postfix) = Postfix::start() else { return };
    let good = own(&postfix, "good").await;
    assert!(good.from_itself);
    assert_eq!(codes(&good.relay), [554; 7], "{:#?}", good.relay);
    assert_eq!(codes(&good.postmaster), [250, 250]);
    assert_eq!(codes(&good.null_sender), [250]);
    assert_eq!(codes(&good.abuse), [550]);
    assert_eq!(codes(&good.unknown), [550]);
    assert_eq!(codes(&good.vrfy), [502, 500]);
    assert_eq!(good.injection, Some(Injection::Discarded));
    assert_eq!(good.sessions, Some((8, 8)));
    assert_eq!(good.line_ends.len(), 4);
    let open = own(&postfix, "open").await;
    assert_eq!(codes(open.relay.iter().take(3)), [250, 250, 250], "{:#?}", open.relay);
    let greedy = own(&postfix, "greedy").await;
    let first = greedy.line_ends.first().unwrap();
    assert!(matches!(first, (end, LineEnd::Ended(_)) if end == "\\n.\\n"), "{:?}", greedy.line_ends);
    // Strangers are not asked.
    let stranger = Domain::parse("mx.elsewhere.test").unwrap();
    let refused = network(&postfix, "good").own(&stranger, postfix.ip(), &stranger).await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn ports_of_a_postfix_of_ours() {
    let Some(postfix) = Postfix::start() else { return };
    let mut settings = Settings {
        reach: Reach::Everywhere,
        own_hosts: vec![host()],
        ..Settings::new("probe.example.net", postfix.roots.clone())
    };
    settings.own_ports = vec![
        (OwnPort::Submission, postfix.port("good")),
        (OwnPort::Submission, postfix.port("clear")),
        (OwnPort::Submissions, postfix.port("wrapped")),
    ];
    let network = Network::new(settings, Arc::new(At("2026-11-21T12:00:00Z".parse().unwrap()))).unwrap();
    let ports = network.own_ports(&host(), postfix.ip()).await.unwrap();
    assert!(matches!(&ports[0].tls, Ok(StartTls::Done(tls)) if tls.trusted.is_ok()), "{:?}", ports[0]);
    assert!(ports[0].in_clear.as_ref().unwrap().starttls);
    assert_eq!(ports[1].tls, Ok(StartTls::NotOffered));
    assert!(matches!(&ports[2].tls, Ok(StartTls::Done(tls)) if tls.trusted.is_ok()), "{:?}", ports[2]);
}

/// What testssl.sh says of a port: id and finding.
fn testssl(postfix: &Postfix, service: &str) -> Option<Vec<(String, String)>> {
    if !std::path::Path::new("/usr/bin/testssl").exists() {
        println!("SKIPPED: a second opinion on TLS: testssl.sh is not installed");
        return None;
    }
    let file = postfix.path(&format!("{service}.json"));
    let mut command = Command::new("/usr/bin/testssl");
    command.args(["--quiet", "--color", "0", "--warnings", "off", "-p", "-s", "-t", "smtp", "--jsonfile"]);
    command.arg(&file).arg(format!("{}:{}", postfix.ip(), postfix.port(service)));
    let ended = command.stdin(Stdio::null()).output().unwrap();
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let found: Vec<serde_json::Value> = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&ended.stdout)));
    let word = |value: &serde_json::Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    Some(found.iter().map(|one| (word(one, "id"), word(one, "finding"))).collect())
}

#[tokio::test]
async fn a_second_opinion_on_tls() {
    let Some(postfix) = Postfix::start() else { return };
    for service in ["strict", "lax"] {
        let Some(told) = testssl(&postfix, service) else { return };
        let finding = |id: &str| told.iter().find(|(one, _)| one == id).map(|(_, finding)| finding.as_str());
        let offered = |id: &str| finding(id).is_some_and(|finding| finding.starts_with("offered"));
        let seen = offers(&postfix, service).await;
        let old = picked(&seen, Offer::OldVersions).is_ok();
        assert_eq!(old, offered("TLS1") || offered("TLS1_1"), "{service}: {seen:?} {told:?}");
        let weak = picked(&seen, Offer::WeakCiphers).is_ok();
        let lists = [
            "cipherlist_NULL",
            "cipherlist_aNULL",
            "cipherlist_EXPORT",
            "cipherlist_LOW",
            "cipherlist_3DES_IDEA",
        ];
        assert_eq!(weak, lists.into_iter().any(offered), "{service}: {seen:?} {told:?}");
        assert_eq!(
            tls(&postfix, service).await.version == "TLSv1.3",
            offered("TLS1_3"),
            "{service}: {told:?}"
        );
    }
}
