//! The shaper as a whole.

use std::collections::BTreeMap;
use std::time::Duration;

use expect_test::expect;
use jiff::Timestamp;
use proptest::prelude::*;
use tegami_mail::failure::{Phase, Said, Verdict, classify};
use tegami_mail::provider::{Limit, Preset};
use tegami_store::{Facts, QueueId};

use super::*;
use crate::gate::{Admission, Gate, GateFacts};
use crate::schedule::later;

/// 2026-11-22T00:00:00Z.
const START: i64 = 1_795_305_600;

fn at(seconds: u64) -> Timestamp {
    later(Timestamp::from_second(START).unwrap(), Duration::from_secs(seconds))
}

fn wanted(message: u128) -> Wanted<'static> {
    Wanted {
        message: QueueId::from_bits(message),
        account: None,
        domain: "example.org",
        tags: &[],
        leaves_from: None,
    }
}

fn verdict(reply: &str) -> Verdict {
    let said = Said::parse(reply).at(Some(Phase::Recipient)).from_host(Some("mx.l.google.com"));
    classify(&said)
}

fn settings(preset: Preset) -> ShapingSettings {
    let own = BTreeMap::from([("google".to_owned(), preset)]);
    ShapingSettings { providers: Providers::with(&own), ..ShapingSettings::default() }
}

fn limits(connections: u32, per_minute: Option<u32>) -> Preset {
    Preset {
        connections: Some(Limit::of_operator(connections)),
        per_minute: per_minute.map(Limit::of_operator),
        ..Preset::default()
    }
}

/// A shaper that has seen that `example.net` lies with Google.
fn shaper(settings: ShapingSettings) -> Shaper {
    let mut shaper = Shaper::new(settings);
    shaper.learn("example.net", "aspmx.l.google.com", at(0));
    shaper
}

fn say(shaper: &mut Shaper, course: &Course, reply: &str, began: u64, now: u64) -> bool {
    let verdict = verdict(reply);
    let heard = Heard::Said { verdict: &verdict, host: "mx.l.google.com", reply };
    shaper.hear(&course.path, heard, at(began), at(now))
}

#[test]
fn a_job_gives_up_its_own_place_and_no_other() {
    let shaping = Shaping::new(ShapingSettings::default());
    let facts = Facts { sender_domain: "example.org".to_owned(), ..Facts::default() };
    let (message, next_hop, facts) = (QueueId::from_bits(1), "example.net", &facts);
    let job = |number| GateFacts { number: Some(number), message, next_hop, facts };
    let begin = |number, lane: &str| {
        assert!(matches!(shaping.admit(lane, &job(number), at(0)), Admission::Go));
    };
    let under_way = || {
        let paths = shaping.view(at(0)).into_iter();
        paths.map(|path| format!("{} {}", path.place, path.under_way)).collect::<Vec<_>>()
    };
    // Two jobs of one message begin before anybody knows where its next hop leads, and a third one afterwards.
    let unknown = shaping.lane(&job(1));
    begin(1, &unknown);
    begin(2, &unknown);
    shaping.learn("example.net", "mx.example.com", at(0));
    let known = shaping.lane(&job(3));
    assert_ne!(known, unknown);
    shaping.finished(&unknown, &job(1), None, at(0));
    begin(3, &known);
    assert_eq!(under_way(), ["example.com 1", "example.net 1"]);
    shaping.finished(&unknown, &job(2), None, at(0));
    assert_eq!(under_way(), ["example.com 1", "example.net 0"]);
    shaping.finished(&known, &job(3), None, at(0));
    assert_eq!(under_way(), ["example.com 0", "example.net 0"]);
}

#[test]
fn it_tells_once_what_turned_out_to_lead_elsewhere() {
    let shaping = Shaping::new(ShapingSettings::default());
    let learn = |host: &str| {
        shaping.learn("example.net", host, at(0));
        shaping.moved()
    };
    assert_eq!(learn("mx1.example.com"), ["example.net"]);
    assert!(learn("mx2.example.com").is_empty(), "another host of the same place");
    assert_eq!(learn("aspmx.l.google.com"), ["example.net"]);
}

#[test]
fn each_job_of_a_message_leaves_as_it_was_let_go() {
    let plan = WarmUp {
        start: "2026-11-22".parse().unwrap(),
        days: vec![1],
        providers: Vec::new(),
        overflow: Overflow::Source("old".into()),
    };
    let source = |name: &str, pool: &str| SourceTerms {
        name: name.into(),
        pool: pool.into(),
        ..SourceTerms::of_machine()
    };
    let sources = Sources::new(vec![source("new", DEFAULT_POOL), source("old", "others")], Vec::new());
    let warm_ups = BTreeMap::from([("new".to_owned(), plan)]);
    let shaping = Shaping::new(ShapingSettings { sources, warm_ups, ..settings(limits(5, None)) });
    let facts = Facts::default();
    let (message, next_hop, facts) = (QueueId::from_bits(1), "example.net", &facts);
    let job = |number| GateFacts { number: Some(number), message, next_hop, facts };
    let lane = shaping.lane(&job(1));
    for number in [1, 2] {
        assert_eq!(shaping.admit(&lane, &job(number), at(1)), Admission::Go);
    }
    // Both were let go before either sets out: the day had room for one of them.
    let source = |number| shaping.course(&job(number), at(1)).source.name.to_string();
    assert_eq!([source(1), source(2)], ["new", "old"]);
    shaping.finished(&lane, &job(1), None, at(2));
    assert_eq!(source(2), "old");
    let under_way = shaping.view(at(2)).into_iter().map(|path| (path.source, path.under_way));
    assert_eq!(under_way.collect::<Vec<_>>(), [("new".to_owned(), 0), ("old".to_owned(), 1)]);
}

#[test]
fn domains_of_one_provider_share_a_path() {
    let mut shaper = shaper(settings(limits(2, None)));
    shaper.learn("example.com", "ASPMX2.googlemail.com.", at(0));
    let first = shaper.begin(&wanted(1), "example.net", at(1)).unwrap();
    let second = shaper.begin(&wanted(2), "example.com", at(1)).unwrap();
    assert_eq!(first.path, second.path);
    let wait = shaper.begin(&wanted(3), "example.net", at(1)).unwrap_err();
    assert_eq!(
        (wait.until, wait.place.as_str(), &wait.because),
        (None, "Gmail and Google Workspace", &Because::Connections { limit: 2 })
    );
    assert!(shaper.begin(&wanted(3), "example.org", at(1)).is_ok(), "another place is not concerned");
    shaper.end(&first, at(2));
    assert!(shaper.begin(&wanted(3), "example.net", at(2)).is_ok());
}

#[test]
fn hosts_nobody_knows_are_grouped_by_their_organization() {
    let mut shaper = Shaper::default();
    shaper.learn("one.test", "mx1.hoster.example.co.jp", at(0));
    shaper.learn("two.test", "mx7.example.co.jp", at(0));
    assert_eq!(&*shaper.place("one.test", at(1)), "example.co.jp");
    assert_eq!(shaper.place("one.test", at(1)), shaper.place("two.test", at(1)));
    assert_eq!(&*shaper.place("three.test", at(1)), "three.test");
    assert_eq!(&*shaper.place_of_host("[192.0.2.1]"), "[192.0.2.1]");
}

#[test]
fn what_an_operator_reroutes_waits_where_it_is_counted() {
    let mut shaper = Shaper::default();
    for (next_hop, place) in [
        ("[192.0.2.1]:2525", "smarthost:[192.0.2.1]"),
        ("[IPv6:2001:db8::1]:25", "smarthost:[IPv6:2001:db8::1]"),
        ("relay.example.net:587", "smarthost:relay.example.net"),
        ("[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"),
    ] {
        assert_eq!(&*shaper.place(next_hop, at(0)), place);
        let course = shaper.begin(&wanted(1), next_hop, at(0)).unwrap();
        assert_eq!(&*course.path.place, place);
    }
}

/// What Google does to a sender that is too fast, and what we make of it, a minute a line.
#[test]
fn a_provider_that_has_too_much_is_slowed_down_for_and_comes_back() {
    let mut shaper = shaper(settings(Preset { first_pause: Some(5), recover: Some(5), ..limits(20, None) }));
    let mut told = String::new();
    let mut message = 0_u128;
    let (mut taken, mut refused) = (0, 0);
    for second in 0..7_200_u64 {
        // Two in a second want to go; Google takes 40 in a minute and refuses the rest of that minute.
        let room = if second < 3_600 { 40 } else { 1_000 };
        if second % 60 == 0 {
            (taken, refused) = (0, 0);
        }
        for _ in 0..2 {
            message += 1;
            let Ok(course) = shaper.begin(&wanted(message), "example.net", at(second)) else { continue };
            if taken < room {
                taken += 1;
                shaper.hear(&course.path, Heard::Taken, at(second), at(second + 1));
            } else {
                refused += 1;
                say(
                    &mut shaper,
                    &course,
                    "421 4.7.28 Our system has detected an unusual rate",
                    second,
                    second + 1,
                );
            }
            shaper.end(&course, at(second + 1));
        }
        if second % 300 == 299 {
            let view = shaper.view(at(second)).remove(0);
            told += &format!(
                "{:>3} min: {taken:>3} taken, {refused} refused in the last minute; share {:>4}, {:?} a minute, {} connections\n",
                second / 60 + 1,
                view.share,
                view.limits.per_minute,
                view.limits.connections,
            );
        }
    }
    expect![[r#"
          5 min:   0 taken, 0 refused in the last minute; share  500, Some(20) a minute, 1 connections
         10 min:  19 taken, 0 refused in the last minute; share  500, Some(20) a minute, 10 connections
         15 min:  23 taken, 0 refused in the last minute; share  600, Some(24) a minute, 12 connections
         20 min:  27 taken, 0 refused in the last minute; share  700, Some(28) a minute, 14 connections
         25 min:  30 taken, 0 refused in the last minute; share  800, Some(32) a minute, 16 connections
         30 min:  34 taken, 0 refused in the last minute; share  900, Some(36) a minute, 18 connections
         35 min:  38 taken, 0 refused in the last minute; share 1000, Some(41) a minute, 20 connections
         40 min:   0 taken, 0 refused in the last minute; share  500, Some(22) a minute, 1 connections
         45 min:  21 taken, 0 refused in the last minute; share  500, Some(22) a minute, 10 connections
         50 min:  26 taken, 0 refused in the last minute; share  600, Some(27) a minute, 12 connections
         55 min:  29 taken, 0 refused in the last minute; share  700, Some(31) a minute, 14 connections
         60 min:  34 taken, 0 refused in the last minute; share  800, Some(36) a minute, 16 connections
         65 min:  37 taken, 0 refused in the last minute; share  900, Some(40) a minute, 18 connections
         70 min:  42 taken, 0 refused in the last minute; share 1000, Some(45) a minute, 20 connections
         75 min:  46 taken, 0 refused in the last minute; share 1000, Some(49) a minute, 20 connections
         80 min:  49 taken, 0 refused in the last minute; share 1000, Some(53) a minute, 20 connections
         85 min:  54 taken, 0 refused in the last minute; share 1000, Some(58) a minute, 20 connections
         90 min:  58 taken, 0 refused in the last minute; share 1000, Some(63) a minute, 20 connections
         95 min:  64 taken, 0 refused in the last minute; share 1000, Some(69) a minute, 20 connections
        100 min:  69 taken, 0 refused in the last minute; share 1000, Some(75) a minute, 20 connections
        105 min:  75 taken, 0 refused in the last minute; share 1000, Some(82) a minute, 20 connections
        110 min:  82 taken, 0 refused in the last minute; share 1000, Some(90) a minute, 20 connections
        115 min:  91 taken, 0 refused in the last minute; share 1000, Some(99) a minute, 20 connections
        120 min:  99 taken, 0 refused in the last minute; share 1000, Some(108) a minute, 20 connections
    "#]]
    .assert_eq(&told);
}

#[test]
fn what_is_about_one_recipient_or_one_message_slows_nobody_down() {
    let mut shaper = shaper(settings(limits(5, None)));
    let replies = [
        "452 4.2.2 The recipient's inbox is out of storage space",
        "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages",
        "451 4.7.1 Greylisted, please try again in 300 seconds",
        "550 5.1.1 The email account that you tried to reach does not exist",
        "550 5.7.26 Unauthenticated email from example.org is not accepted due to domain's DMARC policy",
        "552 5.7.0 This message was blocked because its content presents a potential security issue",
        "421 4.3.0 Temporary System Problem. Try again later",
        "451 4.4.2 Timeout",
    ];
    for (now, message) in (1..200).zip(1..) {
        let course = shaper.begin(&wanted(message), "example.net", at(now)).unwrap();
        let reply = replies[usize::try_from(now).unwrap() % replies.len()];
        assert!(!say(&mut shaper, &course, reply, now, now), "{reply}");
        shaper.end(&course, at(now));
    }
    assert_eq!(shaper.view(at(200)).remove(0).share, 1000);
    let course = shaper.begin(&wanted(1), "example.net", at(300)).unwrap();
    assert!(say(&mut shaper, &course, "421 4.7.28 unusual rate of mail", 300, 301));
    let wait = shaper.wait(&wanted(2), "example.net", at(302)).unwrap();
    let Because::BackedOff { change: Some(change) } = wait.because else { panic!("{wait:?}") };
    assert_eq!((change.share, change.until, wait.until), (500, wait.until, Some(at(301 + 300))));
    assert_eq!(change.evidence.unwrap().reply, "421 4.7.28 unusual rate of mail");
}

#[test]
fn nothing_is_forgotten_by_a_restart() {
    let make = || {
        let mut settings = settings(limits(5, None));
        settings.warm_ups.insert(
            DEFAULT_POOL.into(),
            WarmUp {
                start: "2026-11-22".parse().unwrap(),
                days: vec![3, 100],
                providers: Vec::new(),
                overflow: Overflow::Later,
            },
        );
        settings
    };
    let mut first = shaper(make());
    let courses = [1, 2].map(|message| first.begin(&wanted(message), "example.net", at(1)).unwrap());
    for course in courses {
        first.end(&course, at(5));
        say(&mut first, &course, "421 4.7.28 unusual rate", 1, 5);
    }
    let lines = first.take_changes();
    assert!(first.take_changes().is_empty());
    let mut second = Shaper::new(make());
    second.restore(lines.into_iter().map(|(key, value)| (key, value.unwrap())), at(10));
    assert_eq!(second.place("example.net", at(10)), first.place("example.net", at(10)));
    assert_eq!(second.wait(&wanted(3), "example.net", at(10)), first.wait(&wanted(3), "example.net", at(10)));
    // The pause is over; one message has room today.
    let course = second.begin(&wanted(3), "example.net", at(400)).unwrap();
    second.end(&course, at(401));
    let wait = second.begin(&wanted(4), "example.net", at(600)).unwrap_err();
    assert_eq!((wait.until, wait.because), (Some(at(86_400)), Because::WarmUp { day: 1, allowance: 3 }));
    second.restore([("path/old".to_owned(), serde_json::json!({"form": "of yesterday"}))], at(10));
}

#[test]
fn what_a_warm_source_has_no_room_for_goes_elsewhere() {
    let source = |name: &str, pool: &str| SourceTerms {
        name: name.into(),
        pool: pool.into(),
        ..SourceTerms::of_machine()
    };
    let plan = |overflow| WarmUp {
        start: "2026-11-22".parse().unwrap(),
        days: vec![1],
        providers: Vec::new(),
        overflow,
    };
    let relay = Overflow::Relay { name: "ses".into(), host: "relay.example.com".into() };
    for (overflow, expect) in [
        (Overflow::Source("old".into()), ("old", "google", None)),
        (relay, ("new", "smarthost:relay.example.com", Some("ses"))),
    ] {
        let mut settings = settings(limits(5, None));
        settings.sources =
            Sources::new(vec![source("new", DEFAULT_POOL), source("old", "others")], Vec::new());
        settings.warm_ups.insert("new".into(), plan(overflow));
        let mut shaper = shaper(settings);
        let first = shaper.begin(&wanted(1), "example.net", at(1)).unwrap();
        assert_eq!((&*first.source.name, &*first.path.place, &first.overflow), ("new", "google", &None));
        let second = shaper.begin(&wanted(2), "example.net", at(2)).unwrap();
        let relay = second.overflow.as_ref().map(|overflow| overflow.relay.as_str());
        assert_eq!((&*second.source.name, &*second.path.place, relay), expect);
        assert_eq!(&*shaper.queue_of(&wanted(2), "example.net", at(2)).source, "new");
        assert_eq!(&*shaper.begin(&wanted(3), "example.net", at(86_400)).unwrap().source.name, "new");
    }
}

#[test]
fn memory_is_bounded() {
    let mut shaper = Shaper::default();
    for n in 0..25_000_u64 {
        let hop = format!("d{n}.example");
        let course = shaper.begin(&wanted(u128::from(n)), &hop, at(n / 50)).unwrap();
        if n % 3 == 0 {
            say(&mut shaper, &course, "421 4.7.28 unusual rate", n / 50 + 1, n / 50 + 2);
        }
        shaper.end(&course, at(n / 50 + 2));
    }
    assert!(shaper.view(at(600)).len() <= 10_000);
    assert!(shaper.wait(&wanted(1), "d24999.example", at(502)).is_some(), "what was said last is kept");
}

#[derive(Clone, Debug)]
enum Event {
    Begin,
    End,
    Taken,
    TooMuch,
    Closed,
    Connect,
    Disconnect,
    Wait(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        12 => Just(Event::Begin),
        8 => Just(Event::End),
        6 => Just(Event::Taken),
        1 => Just(Event::TooMuch),
        1 => Just(Event::Closed),
        4 => Just(Event::Connect),
        3 => Just(Event::Disconnect),
        6 => (0..90_u64).prop_map(Event::Wait),
    ]
}

proptest! {
    #[test]
    fn limits_are_never_exceeded(
        connections in 1..8_u32,
        per_minute in proptest::option::of(1..40_u32),
        events in proptest::collection::vec(event(), 1..400),
    ) {
        let mut shaper = shaper(settings(limits(connections, per_minute)));
        let (mut now, mut message) = (10_u64, 0_u128);
        let mut under_way: Vec<(Course, u64)> = Vec::new();
        let mut open = 0;
        let mut gone: Vec<u64> = Vec::new();
        let key = shaper.queue_of(&wanted(0), "example.net", at(0));
        for event in events {
            match event {
                Event::Begin => {
                    message += 1;
                    let wait = shaper.wait(&wanted(message), "example.net", at(now));
                    match shaper.begin(&wanted(message), "example.net", at(now)) {
                        Ok(course) => {
                            prop_assert!(wait.is_none());
                            under_way.push((course, now));
                            gone.push(now);
                        }
                        Err(told) => prop_assert_eq!(Some(told), wait, "telling and doing are one"),
                    }
                }
                Event::End => if let Some((course, _)) = under_way.pop() { shaper.end(&course, at(now)) },
                Event::Taken => if let Some((course, began)) = under_way.last().cloned() {
                    shaper.hear(&course.path, Heard::Taken, at(began), at(now));
                },
                Event::TooMuch => if let Some((course, began)) = under_way.last().cloned() {
                    say(&mut shaper, &course, "421 4.7.28 unusual rate", began, now);
                },
                Event::Closed => if let Some((course, began)) = under_way.last().cloned() {
                    let heard = Heard::Closed { door: Door::Refused, host: "mx", reply: "refused" };
                    shaper.hear(&course.path, heard, at(began), at(now));
                },
                Event::Connect => open += u32::from(shaper.connect(&key, at(now))),
                Event::Disconnect => if open > 0 { shaper.disconnect(&key); open -= 1 },
                Event::Wait(seconds) => now += seconds,
            }
            prop_assert!(under_way.len() <= connections as usize);
            prop_assert!(open <= connections);
            let view = shaper.view(at(now));
            if let Some(path) = view.first() {
                prop_assert!(path.limits.connections <= connections && path.limits.connections >= 1);
                prop_assert!(path.limits.per_minute.is_none_or(|limit| limit >= 1));
                prop_assert!(per_minute.is_none() || path.limits.per_minute <= per_minute);
            }
        }
        if let Some(limit) = per_minute {
            for (first, begin) in gone.iter().enumerate() {
                let within = gone[first..].iter().take_while(|moment| **moment < begin + 60).count();
                prop_assert!(within <= limit as usize, "{within} in a minute, {limit} allowed");
            }
        }
    }
}
