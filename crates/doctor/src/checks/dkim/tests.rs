mod key;

use expect_test::{Expect, expect};
use key::{rsa_even, rsa_roca, rsa_three, rsa512, rsa1024, rsa2048, rsa5120};
use tegami_auth::dkim::Selector;

use crate::case::{OwnKey, Purpose};
use crate::checks::fixture::{Fixture, World};
use crate::checks::spf::tell;

/// Another record at the first selector.
macro_rules! at_s2026 {
    ($($text:expr),+) => {
        concat!("- s2026._domainkey\ns2026._domainkey TXT \"", $($text),+, "\"")
    };
}

/// Nothing below `_domainkey`.
const NO_KEYS: &str = "- s2026._domainkey\n- e2026._domainkey";

pub(crate) fn fixtures() -> Vec<Fixture> {
    [selectors(), records(), keys(), owner()].into_iter().flatten().collect()
}

/// The keys are those of somebody else: nothing is known of them here.
fn strangers(world: &mut World) {
    world.known.keys.clear();
}

/// Nobody told a selector either.
fn untold(world: &mut World) {
    world.known.keys.clear();
    world.known.selectors.clear();
}

fn selectors() -> Vec<Fixture> {
    vec![
        Fixture::pass("dkim.selector-known", ""),
        Fixture::fail("dkim.selector-known", NO_KEYS).with(untold),
        // Not known is not missing.
        Fixture::unknown("dkim.selector-known", "").with(untold),
        Fixture::unknown("dkim.selector-known", "- s2026._domainkey\n- e2026._domainkey\n$SERVFAIL _domainkey.example.com. TXT")
            .with(untold),
        Fixture::na("dkim.selector-known", NO_KEYS).with(|world| {
            untold(world);
            world.known.purpose = Purpose::SendsNone;
        }),
        Fixture::info("dkim.selector-known", "- s2026._domainkey\n- e2026._domainkey\n*._domainkey TXT \"v=DKIM1; p=\"")
            .with(untold),
        // A usual name, and one that a provider uses.
        Fixture::pass("dkim.selector-known", concat!("mail._domainkey TXT \"v=DKIM1; p=", rsa1024!(), "\"")).with(untold),
        Fixture::pass(
            "dkim.selector-known",
            concat!(
                "- example.com. TXT \"v=spf1\n",
                "example.com. TXT \"v=spf1 include:spf.messagingengine.com ip4:192.0.2.10 ip6:2001:db8::10 ~all\"\n",
                "spf.messagingengine.com. TXT \"v=spf1 ip4:203.0.113.0/28 -all\"\n",
                "fm1._domainkey TXT \"v=DKIM1; p=", rsa1024!(), "\""
            ),
        )
        .with(untold),
        Fixture::pass("dkim.record-found", ""),
        Fixture::fail("dkim.record-found", "").with(|world| {
            world.known.selectors.push(Selector::parse("s2027").unwrap());
        }),
        Fixture::fail("dkim.record-found", at_s2026!("v=spf1 -all")),
        Fixture::unknown("dkim.record-found", "$SERVFAIL s2026._domainkey.example.com. TXT"),
        Fixture::na("dkim.record-found", "").with(untold),
        Fixture::pass("dkim.cname-dangling", ""),
        Fixture::pass(
            "dkim.cname-dangling",
            concat!(
                "- s2026._domainkey\ns2026._domainkey CNAME s.keys.example.net.\ns.keys.example.net. TXT \"v=DKIM1; p=",
                rsa2048!(), "\""
            ),
        )
        .with(strangers),
        Fixture::fail("dkim.cname-dangling", "- s2026._domainkey\ns2026._domainkey CNAME gone.example.net."),
        Fixture::pass("dkim.record-multiple", ""),
        Fixture::fail(
            "dkim.record-multiple",
            concat!("s2026._domainkey TXT \"v=DKIM1; p=", rsa1024!(), "\""),
        ),
    ]
}

fn records() -> Vec<Fixture> {
    vec![
        Fixture::pass("dkim.version", ""),
        Fixture::pass("dkim.version", at_s2026!("p=", rsa2048!())).with(strangers),
        Fixture::fail("dkim.version", at_s2026!("v=DKIM2; p=", rsa2048!())).with(strangers),
        Fixture::fail("dkim.version", at_s2026!("v=dkim1; p=", rsa2048!())).with(strangers),
        Fixture::fail("dkim.version", at_s2026!("k=rsa; v=DKIM1; p=", rsa2048!())).with(strangers),
        Fixture::pass("dkim.syntax", ""),
        // Blanks inside the key are lawful.
        Fixture::pass("dkim.syntax", at_s2026!("v=DKIM1; p= ", rsa2048!(), " ")).with(strangers),
        Fixture::fail("dkim.syntax", at_s2026!("v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC7"))
            .with(strangers),
        Fixture::fail(
            "dkim.syntax",
            at_s2026!("v=DKIM1; p=-----BEGIN PUBLIC KEY-----", rsa2048!(), "-----END PUBLIC KEY-----"),
        )
        .with(strangers),
        Fixture::fail("dkim.syntax", at_s2026!("v=DKIM1; p=“", rsa2048!(), "”")).with(strangers),
        Fixture::fail("dkim.syntax", at_s2026!("v=DKIM1 k=rsa p=", rsa2048!())).with(strangers),
        Fixture::pass("dkim.revoked", ""),
        Fixture::info("dkim.revoked", at_s2026!("v=DKIM1; p=")).with(strangers),
        Fixture::fail("dkim.revoked", at_s2026!("v=DKIM1; p=")),
        Fixture::pass("dkim.hash", at_s2026!("v=DKIM1; h=sha1:sha256; p=", rsa2048!())).with(strangers),
        Fixture::fail("dkim.hash", at_s2026!("v=DKIM1; h=sha1; p=", rsa2048!())).with(strangers),
        Fixture::pass("dkim.testing", ""),
        Fixture::warn("dkim.testing", at_s2026!("v=DKIM1; t=y; p=", rsa2048!())).with(strangers),
        Fixture::pass("dkim.strict-i", ""),
        Fixture::info("dkim.strict-i", at_s2026!("v=DKIM1; t=s; p=", rsa2048!())).with(strangers),
        Fixture::pass("dkim.service", at_s2026!("v=DKIM1; s=email; p=", rsa2048!())).with(strangers),
        Fixture::fail("dkim.service", at_s2026!("v=DKIM1; s=tlsrpt; p=", rsa2048!())).with(strangers),
    ]
}

fn keys() -> Vec<Fixture> {
    vec![
        Fixture::pass("dkim.key-size", ""),
        Fixture::fail("dkim.key-size", at_s2026!("v=DKIM1; p=", rsa512!())).with(strangers),
        Fixture::warn("dkim.key-size", at_s2026!("v=DKIM1; p=", rsa1024!())).with(strangers),
        Fixture::info("dkim.key-size", at_s2026!("v=DKIM1; p=", rsa5120!())).with(strangers),
        Fixture::pass("dkim.key-type", ""),
        Fixture::fail(
            "dkim.key-type",
            at_s2026!("v=DKIM1; k=ed25519; p=MCowBQYDK2VwAyEAOawuhd2W0grIu8Y8lsyFsXlRHNndaqfYXBor0riFILE="),
        )
        .with(strangers),
        Fixture::fail("dkim.key-type", at_s2026!("v=DKIM1; p=Oawuhd2W0grIu8Y8lsyFsXlRHNndaqfYXBor0riFILE="))
            .with(strangers),
        Fixture::fail("dkim.key-type", at_s2026!("v=DKIM1; k=dsa; p=", rsa2048!())).with(strangers),
        Fixture::fail("dkim.key-type", at_s2026!("v=DKIM1; k=ed25519; p=", rsa2048!())).with(strangers),
        Fixture::pass("dkim.weak-exponent", ""),
        Fixture::warn("dkim.weak-exponent", at_s2026!("v=DKIM1; p=", rsa_three!())).with(strangers),
        Fixture::fail("dkim.weak-exponent", at_s2026!("v=DKIM1; p=", rsa_even!())).with(strangers),
        Fixture::pass("dkim.roca", ""),
        Fixture::fail("dkim.roca", at_s2026!("v=DKIM1; p=", rsa_roca!())).with(strangers),
    ]
}

fn owner() -> Vec<Fixture> {
    vec![
        Fixture::pass("dkim.private-key-match", ""),
        Fixture::na("dkim.private-key-match", "").with(strangers),
        Fixture::fail("dkim.private-key-match", "").with(|world| {
            let records: Vec<String> = world.known.keys.iter().map(|key| key.record.clone()).rev().collect();
            for (key, record) in world.known.keys.iter_mut().zip(records) {
                key.record = record;
            }
        }),
        Fixture::pass("dkim.rotation", ""),
        Fixture::info("dkim.rotation", concat!("s202501._domainkey TXT \"v=DKIM1; p=", rsa2048!(), "\""))
            .with(|world| {
                world.known.selectors.push(Selector::parse("s202501").unwrap());
            }),
        Fixture::info("dkim.rotation", concat!("s2023._domainkey TXT \"v=DKIM1; p=", rsa2048!(), "\"")).with(
            |world| {
                world.known.selectors.push(Selector::parse("s2023").unwrap());
            },
        ),
        Fixture::pass("dkim.shared-key", ""),
        Fixture::info(
            "dkim.shared-key",
            concat!(
                "a._domainkey TXT \"v=DKIM1; p=",
                rsa2048!(),
                "\"\nb._domainkey TXT \"v=DKIM1; p=",
                rsa2048!(),
                "\""
            ),
        )
        .with(|world| world.known.selectors.extend(["a", "b"].map(|name| Selector::parse(name).unwrap()))),
        Fixture::pass("dkim.ed25519-only", ""),
        Fixture::fail("dkim.ed25519-only", "- s2026._domainkey"),
        Fixture::unknown("dkim.ed25519-only", ED25519).with(untold),
        Fixture::info("dkim.dkim2", ""),
        Fixture::na("dkim.dkim2", "").with(untold),
    ]
}

/// Found by trying: there may be another beside it.
const ED25519: &str =
    "mail._domainkey TXT \"v=DKIM1; k=ed25519; p=Oawuhd2W0grIu8Y8lsyFsXlRHNndaqfYXBor0riFILE=\"";

async fn check(id: &str, zone: &str, change: fn(&mut World), expect: &Expect) {
    let mut world = World::base();
    change(&mut world);
    let findings = world.examine(zone).await;
    let told = findings.iter().filter(|one| one.check.id == id && one.fix.is_some()).map(tell);
    // Keys are long: their ends say as much.
    let shorten = |word: &str| {
        let end = |at: usize| word.get(at..).unwrap_or_default();
        match word.len() {
            0..=80 => word.to_owned(),
            length => format!("{}…{}", word.get(..12).unwrap_or_default(), end(length - 12)),
        }
    };
    let told: Vec<String> = told.collect();
    let lines = told.join("\n");
    let lines = lines.lines().map(|line| line.split(' ').map(shorten).collect::<Vec<_>>().join(" "));
    expect.assert_eq(&lines.collect::<Vec<_>>().join("\n"));
}

/// The keys of the world are made anew each time, so the records here are those of fixed ones.
fn fixed(world: &mut World) {
    world.known.keys = vec![OwnKey {
        selector: Selector::parse("s2026").unwrap(),
        record: "v=DKIM1; k=ed25519; p=Oawuhd2W0grIu8Y8lsyFsXlRHNndaqfYXBor0riFILE=".to_owned(),
    }];
}

#[tokio::test]
async fn the_record_to_paste() {
    check(
        "dkim.key-type",
        at_s2026!("v=DKIM1; k=ed25519; p=MCowBQYDK2VwAyEAOawuhd2W0grIu8Y8lsyFsXlRHNndaqfYXBor0riFILE="),
        strangers,
        &expect![[r#"
            s2026._domainkey.example.com fail dkim-slip-ed25519-info
              | s2026._domainkey.example.com TXT "v=DKIM1; k=ed25519; p=MCowBQYDK2VwAyEAOawuhd2W0grIu8Y8lsyFsXlRHNndaqfYXBor0riFILE="
              dkim-syntax-fix
              1 Replace s2026._domainkey.example.com TXT v=DKIM1; k=ed25519; p=Oawuhd2W0grIu8Y8lsyFsXlRHNndaqfYXBor0riFILE="#]],
    )
    .await;
    check(
        "dkim.syntax",
        at_s2026!("v=DKIM1; p=-----BEGIN PUBLIC KEY-----", rsa1024!(), "-----END PUBLIC KEY-----"),
        strangers,
        &expect![[r#"
            s2026._domainkey.example.com fail dkim-slip-pem
              | s2026._domainkey.example.com TXT "v=DKIM1; p=-----BEGIN PUBLIC KEY-----MIGf…+7M8Elhm6eb" "U2RBjV7T7QIDAQAB-----END PUBLIC KEY-----"
              dkim-syntax-fix
              1 Replace s2026._domainkey.example.com TXT v=DKIM1; k=rsa; p=MIGfMA0GCS…jV7T7QIDAQAB"#]],
    )
    .await;
    check(
        "dkim.testing",
        at_s2026!("v=DKIM1; t=y:s; p=", rsa1024!()),
        strangers,
        &expect![[r#"
        s2026._domainkey.example.com warn dkim-testing
          | s2026._domainkey.example.com TXT "v=DKIM1; t=y:s; p=MIGfMA0GCS…+7M8Elhm6eb" "U2RBjV7T7QIDAQAB"
          dkim-tag-fix
          1 Replace s2026._domainkey.example.com TXT v=DKIM1; t=s; p=MIGfMA0GCS…jV7T7QIDAQAB"#]],
    )
    .await;
    check("dkim.revoked", at_s2026!("v=DKIM1; p="), fixed, &expect![[r#"
        s2026._domainkey.example.com fail dkim-revoked-in-use
          | s2026._domainkey.example.com TXT "v=DKIM1; p="
          dkim-publish-fix
          1 Replace s2026._domainkey.example.com TXT v=DKIM1; k=ed25519; p=Oawuhd2W0grIu8Y8lsyFsXlRHNndaqfYXBor0riFILE="#]]).await;
    check("dkim.record-found", "- s2026._domainkey", fixed, &expect![[r#"
        s2026._domainkey.example.com fail dkim-key-none
          dkim-publish-fix
          1 Add s2026._domainkey.example.com TXT v=DKIM1; k=ed25519; p=Oawuhd2W0grIu8Y8lsyFsXlRHNndaqfYXBor0riFILE="#]]).await;
    check(
        "dkim.cname-dangling",
        "- s2026._domainkey\ns2026._domainkey CNAME gone.example.net.",
        fixed,
        &expect![[r#"
            s2026._domainkey.example.com fail dkim-dangling
              | s2026._domainkey.example.com CNAME gone.example.net.
              dkim-dangling-fix
              1 Delete s2026._domainkey.example.com CNAME gone.example.net.
              1 Add s2026._domainkey.example.com TXT v=DKIM1; k=ed25519; p=Oawuhd2W0grIu8Y8lsyFsXlRHNndaqfYXBor0riFILE="#]],
    )
    .await;
    check("dkim.selector-known", NO_KEYS, fixed, &expect![[r#"
        example.com fail dkim-selector-none
          dkim-selector-fix
          1 Add s2026._domainkey.example.com TXT v=DKIM1; k=ed25519; p=Oawuhd2W0grIu8Y8lsyFsXlRHNndaqfYXBor0riFILE="#]]).await;
}
