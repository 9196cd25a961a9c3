//! Servers that mean no good, or cannot do better: none of them holds us for longer than the limits say, none is believed more than it
//! said, and after each the next message goes to the next host. Time is simulated.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use expect_test::{Expect, expect};
use rustls::RootCertStore;
use tegami_dns::ZoneResolver;
use tegami_mail::{Domain, Host};
use tegami_outbound::{Connection, Courier, Dial, Parcel, Reach, Settings};
use tegami_queue::SystemClock;
use tegami_store::BoxFuture;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::time::Instant;

use crate::time::pass;
use crate::world::{envelope, story};

const ZONE: &str = "
example.test. MX 5 bad.example.test.
example.test. MX 10 good.example.test.
bad.example.test. A 192.0.2.1
good.example.test. A 192.0.2.2
";

type Behaviour = fn(Peer) -> Pin<Box<dyn Future<Output = Option<()>> + Send>>;

/// The bad host behaves as it is told; the good one takes everything.
struct Network(Behaviour);

impl Dial for Network {
    fn dial(
        &self,
        peer: SocketAddr,
        _: Option<IpAddr>,
        _: Duration,
    ) -> BoxFuture<'_, io::Result<Connection>> {
        // A small window, as a peer has that does not read.
        let (ours, theirs) = tokio::io::duplex(4096);
        let peer_is_good = peer.ip().to_string() == "192.0.2.2";
        let behaviour = if peer_is_good { good } else { self.0 };
        tokio::spawn(behaviour(Peer(BufReader::new(theirs))));
        Box::pin(async move { Ok(Connection { stream: Box::new(ours), source: None }) })
    }
}

struct Peer(BufReader<DuplexStream>);

impl Peer {
    async fn say(&mut self, text: &str) -> Option<()> {
        self.0.write_all(text.as_bytes()).await.ok()
    }

    async fn say_after(&mut self, wait: Duration, text: &str) -> Option<()> {
        pass(wait).await;
        self.say(text).await
    }

    /// An octet, a pause, an octet …
    async fn drip(&mut self, pause: Duration, text: &str) -> Option<()> {
        for octet in text.bytes() {
            pass(pause).await;
            self.0.write_all(&[octet]).await.ok()?;
        }
        Some(())
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        (self.0.read_line(&mut line).await.ok()? > 0).then(|| line.trim_end().to_owned())
    }

    /// Greeting and EHLO, without extensions.
    async fn open(&mut self) -> Option<()> {
        self.say("220 bad.example.test\r\n").await?;
        self.line().await?;
        self.say("250 bad.example.test\r\n").await
    }

    /// The same up to the content: MAIL, each RCPT and DATA are answered at once.
    async fn open_to_data(&mut self) -> Option<()> {
        self.open().await?;
        loop {
            if self.line().await?.starts_with("DATA") {
                return self.say("354 go on\r\n").await;
            }
            self.say("250 ok\r\n").await?;
        }
    }

    async fn content(&mut self) -> Option<()> {
        while self.line().await? != "." {}
        Some(())
    }
}

fn good(mut peer: Peer) -> Pin<Box<dyn Future<Output = Option<()>> + Send>> {
    Box::pin(async move {
        peer.open_to_data().await?;
        peer.content().await?;
        peer.say("250 2.0.0 taken\r\n").await?;
        peer.line().await?;
        peer.say("221 bye\r\n").await
    })
}

/// One attempt with a content of so many octets; the story, and how many minutes of the timers it took.
async fn attempt(behaviour: Behaviour, recipients: usize, octets: usize) -> (String, u64) {
    attempt_within(None, behaviour, recipients, octets).await
}

/// The same, which as a whole may take so long.
async fn attempt_within(
    limit: Option<Duration>,
    behaviour: Behaviour,
    recipients: usize,
    octets: usize,
) -> (String, u64) {
    let mut settings = Settings::new(Domain::parse("sender.example.org").unwrap());
    settings.reach = Reach::Loopback;
    settings.limits.connections_per_address = 1;
    settings.limits.attempt = limit;
    let resolver = Arc::new(ZoneResolver::from_text(ZONE).unwrap());
    let courier = Courier::new(settings, RootCertStore::empty(), resolver, Arc::new(SystemClock)).unwrap();
    let courier = courier.over(Arc::new(Network(behaviour)));
    let recipients: Vec<String> = (0..recipients).map(|at| format!("r{at}@example.test")).collect();
    let recipients: Vec<&str> = recipients.iter().map(String::as_str).collect();
    let mut content = b"From: a@example.org\r\n\r\n".to_vec();
    content.extend(b"0123456789abcdef0123456789abcd\r\n".iter().cycle().take(octets / 32 * 32));
    let parcel = Parcel {
        envelope: envelope(&recipients),
        next_hop: Host::parse("example.test").unwrap(),
        tags: Vec::new(),
        content: Bytes::from(content),
    };
    let began = Instant::now();
    let report = courier.attempt(&parcel).await;
    let minutes = began.elapsed().as_secs() / 60;
    courier.close().await;
    (story(&report), minutes)
}

/// The same for one recipient, in a few words: most stories end at the good host.
async fn told(behaviour: Behaviour, octets: usize) -> String {
    let (story, minutes) = attempt(behaviour, 1, octets).await;
    let good =
        "good.example.test 10 192.0.2.2\nr0@example.test delivered 250 2.0.0 taken [good.example.test]\n";
    format!("{}{minutes} min\n", story.replace(good, "then the good one\n"))
}

async fn check(behaviour: Behaviour, expected: Expect) {
    expected.assert_eq(&told(behaviour, 100).await);
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn an_octet_a_second_is_slow_and_no_crime() {
    check(
        |mut peer| {
            Box::pin(async move {
                peer.drip(SECOND, "220 bad.example.test\r\n").await?;
                loop {
                    let reply = match peer.line().await?.as_str() {
                        "DATA" => {
                            peer.drip(SECOND, "354 go on\r\n").await?;
                            peer.content().await?;
                            "250 2.0.0 taken, at last\r\n"
                        }
                        _ => "250 ok\r\n",
                    };
                    peer.drip(SECOND, reply).await?;
                }
            })
        },
        expect![[r#"
            bad.example.test 5 192.0.2.1
            r0@example.test delivered 250 2.0.0 taken, at last [bad.example.test]
            1 min
        "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_drips_beyond_its_time_is_silence() {
    check(
        |mut peer| Box::pin(async move { peer.drip(30 * SECOND, "220 bad.example.test\r\n").await }),
        expect![[r#"
            bad.example.test 5 192.0.2.1 Greeting outbound-silence
            then the good one
            5 min
        "#]],
    )
    .await;
}

/// The allowance of RCPT is five minutes: a hundred of them would be eight hours, and with a hundred messages a month.
#[tokio::test(start_paused = true)]
async fn just_in_time_each_time_is_too_slow() {
    let (story, minutes) = attempt(
        |mut peer| {
            Box::pin(async move {
                peer.open().await?;
                while peer.line().await.is_some() {
                    peer.say_after(299 * SECOND, "250 ok\r\n").await?;
                }
                None
            })
        },
        100,
        100,
    )
    .await;
    let first = story.lines().next().unwrap();
    assert_eq!(first, "bad.example.test 5 192.0.2.1 Recipient outbound-too-slow");
    assert_eq!(story.matches(" delivered 250 2.0.0 taken [good.example.test]").count(), 100, "{story}");
    assert_eq!(minutes, 30);
}

#[tokio::test(start_paused = true)]
async fn lines_and_replies_have_an_end() {
    let endless_line: Behaviour = |mut peer| {
        Box::pin(async move {
            peer.say("220 ").await?;
            loop {
                peer.say("and so on and so forth ").await?;
            }
        })
    };
    let endless_reply: Behaviour = |mut peer| {
        Box::pin(async move {
            loop {
                peer.say("220-and one more\r\n").await?;
            }
        })
    };
    let flood: Behaviour = |mut peer| {
        Box::pin(async move {
            loop {
                peer.say("220 ok\r\n").await?;
            }
        })
    };
    for behaviour in [endless_line, endless_reply] {
        check(
            behaviour,
            expect![[r#"
                bad.example.test 5 192.0.2.1 Greeting outbound-not-smtp
                then the good one
                0 min
            "#]],
        )
        .await;
    }
    // Replies ahead of their commands: 220 to EHLO is none, whatever comes behind it.
    check(
        flood,
        expect![[r#"
            bad.example.test 5 192.0.2.1 Mail outbound-not-smtp
            then the good one
            0 min
        "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn content_that_nobody_reads() {
    let deaf: Behaviour = |mut peer| {
        Box::pin(async move {
            peer.open_to_data().await?;
            std::future::pending().await
        })
    };
    // A sip at a time, always before the allowance of a block ends.
    let sips: Behaviour = |mut peer| {
        Box::pin(async move {
            peer.open_to_data().await?;
            let mut sip = [0; 1];
            while peer.0.get_mut().read(&mut sip).await.ok()? > 0 {
                pass(SECOND).await;
            }
            None
        })
    };
    for behaviour in [deaf, sips] {
        expect![[r#"
            bad.example.test 5 192.0.2.1 Data outbound-too-slow
            then the good one
            3 min
        "#]]
        .assert_eq(&told(behaviour, 200_000).await);
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_codes() {
    let to_mail: Behaviour = |mut peer| {
        Box::pin(async move {
            peer.open().await?;
            peer.line().await?;
            peer.say("354 send it now\r\n").await?;
            peer.line().await.map(drop)
        })
    };
    let to_data: Behaviour = |mut peer| {
        Box::pin(async move {
            peer.open().await?;
            while peer.line().await.is_some() {
                peer.say("250 ok\r\n").await?;
            }
            None
        })
    };
    let to_the_end: Behaviour = |mut peer| {
        Box::pin(async move {
            peer.open_to_data().await?;
            peer.content().await?;
            peer.say("354 more\r\n").await?;
            peer.line().await.map(drop)
        })
    };
    let zero: Behaviour = |mut peer| Box::pin(async move { peer.say("000 \r\n").await });
    let mut stories = String::new();
    for behaviour in [to_mail, to_data, to_the_end, zero] {
        stories.push_str(&told(behaviour, 100).await);
    }
    expect![[r#"
        bad.example.test 5 192.0.2.1 Mail outbound-not-smtp
        then the good one
        0 min
        bad.example.test 5 192.0.2.1 Data outbound-not-smtp
        then the good one
        0 min
        bad.example.test 5 192.0.2.1 EndOfData outbound-possibly-delivered
        r0@example.test possibly delivered Transient EndOfData 4.4.2 outbound-possibly-delivered [bad.example.test]
        0 min
        bad.example.test 5 192.0.2.1 Greeting outbound-not-smtp
        then the good one
        0 min
    "#]]
    .assert_eq(&stories);
}

/// The end of the connection after each octet that the server says: before the last reply's line end nothing is delivered, and after the final
/// dot it is told as possible.
#[tokio::test(start_paused = true)]
async fn an_early_end_after_every_octet() {
    static CUT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    const REPLIES: [&str; 5] =
        ["220 bad.example.test\r\n", "250 bad.example.test\r\n", "250 ok\r\n", "250 ok\r\n", "354 go on\r\n"];
    let cut: Behaviour = |mut peer| {
        Box::pin(async move {
            let mut left = CUT.load(std::sync::atomic::Ordering::Relaxed);
            for (at, reply) in REPLIES.iter().chain(["250 2.0.0 taken\r\n"].iter()).enumerate() {
                if at == REPLIES.len() {
                    peer.content().await?;
                } else if at > 0 {
                    peer.line().await?;
                }
                let said = reply.get(..left.min(reply.len())).unwrap_or_default();
                peer.say(said).await?;
                left = left.checked_sub(reply.len())?;
            }
            Some(())
        })
    };
    let to_the_dot: usize = REPLIES.iter().map(|reply| reply.len()).sum();
    let whole = to_the_dot + "250 2.0.0 taken\r\n".len();
    for at in 0..=whole {
        CUT.store(at, std::sync::atomic::Ordering::Relaxed);
        let (story, _) = attempt(cut, 1, 100).await;
        let last = story.lines().last().unwrap();
        let expected = if at < to_the_dot {
            "r0@example.test delivered 250 2.0.0 taken [good.example.test]"
        } else if at < whole {
            "r0@example.test possibly delivered Transient EndOfData 4.4.2 outbound-possibly-delivered [bad.example.test]"
        } else {
            "r0@example.test delivered 250 2.0.0 taken [bad.example.test]"
        };
        assert_eq!(last, expected, "after {at} octets: {story}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_never_ends() {
    check(
        |mut peer| {
            Box::pin(async move {
                peer.say("220 bad.example.test\r\n").await?;
                peer.line().await?;
                peer.say("250-bad.example.test\r\n250 STARTTLS\r\n").await?;
                peer.line().await?;
                peer.say("220 go on\r\n").await?;
                loop {
                    peer.drip(20 * SECOND, "\u{16}").await?;
                }
            })
        },
        expect![[r#"
            bad.example.test 5 192.0.2.1 StartTls outbound-tls-failed
            bad.example.test 5 192.0.2.1 in clear Recipient outbound-silence
            then the good one
            6 min
        "#]],
    )
    .await;
}

/// 250 and then no answer to QUIT: the message is delivered, and nobody waits for the farewell.
#[tokio::test(start_paused = true)]
async fn no_farewell() {
    check(
        |mut peer| {
            Box::pin(async move {
                peer.open_to_data().await?;
                peer.content().await?;
                peer.say("250 2.0.0 taken\r\n").await?;
                peer.line().await?;
                peer.drip(30 * SECOND, "221 goodbye, goodbye, goodbye\r\n").await
            })
        },
        expect![[r#"
            bad.example.test 5 192.0.2.1
            r0@example.test delivered 250 2.0.0 taken [bad.example.test]
            0 min
        "#]],
    )
    .await;
}

/// Where an attempt as a whole has its time, whoever is slow gets no more than is left, and what was not tried is not called refused.
#[tokio::test(start_paused = true)]
async fn an_attempt_ends_when_its_time_is_up() {
    let silent: Behaviour =
        |mut peer| Box::pin(async move { peer.say_after(3600 * SECOND, "220 late\r\n").await });
    let undecided: Behaviour = |mut peer| {
        Box::pin(async move {
            peer.open_to_data().await?;
            peer.content().await?;
            peer.say_after(3600 * SECOND, "250 2.0.0 taken\r\n").await
        })
    };
    let mut stories = String::new();
    for behaviour in [silent, undecided] {
        let (story, minutes) = attempt_within(Some(120 * SECOND), behaviour, 1, 100).await;
        stories.push_str(&format!("{story}{minutes} min\n"));
    }
    expect![[r#"
        bad.example.test 5 192.0.2.1 Greeting outbound-too-slow
        r0@example.test failed Transient Greeting 4.4.2 outbound-too-slow [bad.example.test]
        2 min
        bad.example.test 5 192.0.2.1 EndOfData outbound-possibly-delivered
        r0@example.test possibly delivered Transient EndOfData 4.4.2 outbound-possibly-delivered [bad.example.test]
        2 min
    "#]].assert_eq(&stories);
}
