//! Hosts that answer by chance: whatever they say, every recipient gets one result, and the result is true.

use tegami_queue::{Class, RecipientOutcome};

use crate::peer::{Script, Tls};
use crate::world::{World, story, world};

const RECIPIENTS: [&str; 4] = ["a@example.test", "b@example.test", "c@example.test", "d@example.test"];

const ZONE: &str = "example.test. MX 5 mx1.example.test.
    example.test. MX 10 mx2.example.test.
    example.test. MX 20 mx3.example.test.
    mx1.example.test. A 127.0.0.2
    mx2.example.test. A 127.0.0.3
    mx3.example.test. A 127.0.0.4";

fn script(rng: &mut fastrand::Rng) -> Script {
    const REPLIES: [&str; 5] =
        ["250 2.0.0 ok", "451 4.3.0 later", "550 5.1.1 no", "421 4.3.2 closing", "452 4.5.3 too many"];
    let mut script = if rng.u8(..4) == 0 { Script::with_tls(Tls::Broken) } else { Script::default() };
    if rng.u8(..6) == 0 {
        script.greeting = if rng.bool() { "554 no" } else { "421 busy" };
    }
    if rng.bool() {
        script.ehlo.retain(|keyword| *keyword != "PIPELINING");
    }
    for command in ["RCPT TO:<a", "RCPT TO:<b", "RCPT TO:<c", "RCPT TO:<d", "MAIL", "DATA"] {
        let rare = command.starts_with(['M', 'D']);
        if rng.u8(..if rare { 12 } else { 2 }) == 0 {
            script.replies.push((command, REPLIES[rng.usize(1..REPLIES.len())]));
        }
    }
    script.end_of_data = match rng.u8(..8) {
        0 => None,
        1 => Some("451 4.3.0 later"),
        2 => Some("554 5.6.0 no"),
        _ => Some("250 2.0.0 taken"),
    };
    script
}

/// How often the servers have, or may have, a copy for this recipient.
fn copies(world: &World, recipient: &str, word: &str) -> usize {
    let mention = format!("<{recipient}>");
    let lines = world.seen.iter().flat_map(crate::peer::Seen::lines);
    lines.filter(|line| line.starts_with(word) && line.contains(&mention)).count()
}

#[tokio::test]
async fn every_recipient_has_one_true_result() {
    for seed in 0..200 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let scripts = (0..3).map(|_| script(&mut rng)).collect();
        let limit = rng.usize(1..5);
        let world = world(ZONE, scripts, |settings| settings.limits.recipients = limit).await;
        let report = world.send(&RECIPIENTS).await;
        let told = || format!("seed {seed}\n{}", story(&report));
        assert_eq!(report.recipients.len(), RECIPIENTS.len(), "{}", told());
        for (recipient, result) in RECIPIENTS.iter().zip(&report.recipients) {
            let (took, lost) = (copies(&world, recipient, "(took)"), copies(&world, recipient, "(lost)"));
            let expected = match &result.outcome {
                RecipientOutcome::Delivered { .. } => (1, 0),
                RecipientOutcome::PossiblyDelivered(failure) => {
                    assert_eq!(failure.class, Class::Transient, "{}", told());
                    (0, 1)
                }
                RecipientOutcome::Failed(_) => (0, 0),
            };
            assert_eq!((took, lost), expected, "{recipient} {}", told());
        }
    }
}
