use expect_test::expect;

use super::*;
use crate::checks::fixture::{Fixture, World};
use crate::own::{QueueSeen, RefusedSeen, ReportsSeen};
use crate::probe::Unprobed;

const POLICY: &str =
    "version: STSv1\nmode: enforce\nmx: mx1.example.com\nmx: mx2.example.com\nmax_age: 1296000\n";

fn domain(world: &mut World) -> &mut OwnDomain {
    &mut world.own.domains[0]
}

fn mailboxes(world: &mut World, names: &[&str]) {
    let mailbox = |name: &&str| Mailbox { local_part: (*name).to_owned(), exists: true };
    domain(world).mailboxes = Some(names.iter().map(mailbox).collect());
}

fn queue(world: &mut World, waiting: u64, old: u64) {
    let groups = vec![("google".to_owned(), waiting, old)];
    world.own.queue = Some(QueueSeen { waiting, old, groups });
}

fn reports(world: &mut World, at: &str) {
    domain(world).reports = Some(ReportsSeen { dmarc: Some(at.parse().unwrap()), tls: None });
}

pub(crate) fn fixtures() -> Vec<Fixture> {
    let mut all = of_names_and_keys();
    all.extend(of_records());
    all.extend(of_mail());
    all
}

fn of_names_and_keys() -> Vec<Fixture> {
    vec![
        Fixture::pass("self.hostname", ""),
        Fixture::fail("self.hostname", "").with(|world| world.own.hostname = Domain::parse("localhost").ok()),
        Fixture::fail("self.hostname", "")
            .with(|world| world.own.hostname = Domain::parse("mail.local").ok()),
        Fixture::fail("self.hostname", "- mx1 A"),
        Fixture::warn("self.hostname", "mail.example.com. A 192.0.2.10")
            .with(|world| world.own.hostname = Domain::parse("mail.example.com").ok()),
        Fixture::info(
            "self.hostname",
            "- 10.2.0.192.in-addr.arpa.\n10.2.0.192.in-addr.arpa. PTR other.example.net.",
        ),
        Fixture::unknown("self.hostname", "$SERVFAIL mx1.example.com. A\n$SERVFAIL mx1.example.com. AAAA"),
        Fixture::na("self.hostname", "").with(|world| world.own.hostname = None),
        Fixture::pass("self.dkim-keys", ""),
        Fixture::fail("self.dkim-keys", "- e2026._domainkey"),
        Fixture::fail(
            "self.dkim-keys",
            "- e2026._domainkey\ne2026._domainkey TXT \"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"",
        ),
        Fixture::unknown("self.dkim-keys", "$SERVFAIL e2026._domainkey.example.com. TXT"),
        Fixture::na("self.dkim-keys", "").with(|world| domain(world).keys.clear()),
        Fixture::pass("self.tlsa", ""),
        Fixture::fail(
            "self.tlsa",
            "- _25._tcp.mx1\n_25._tcp.mx1 TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000000",
        ),
        Fixture::na("self.tlsa", "- _25._tcp.mx1"),
        Fixture::unknown("self.tlsa", "$BOGUS _25._tcp.mx1.example.com. TLSA"),
        Fixture::na("self.tlsa", "").with(|world| world.own.certificate.clear()),
    ]
}

fn of_records() -> Vec<Fixture> {
    vec![
        Fixture::na("self.sts-policy", ""),
        Fixture::pass("self.sts-policy", "").with(|world| domain(world).policy = Some(POLICY.to_owned())),
        Fixture::fail("self.sts-policy", "")
            .with(|world| domain(world).policy = Some(POLICY.replace("mx2", "mx3"))),
        Fixture::info("self.sts-policy", "- _mta-sts")
            .with(|world| domain(world).policy = Some(POLICY.to_owned())),
        Fixture::unknown("self.sts-policy", "").with(|world| {
            domain(world).policy = Some(POLICY.to_owned());
            world.table.https.values_mut().for_each(|document| *document = Err(Unprobed::Timeout));
        }),
        Fixture::na("self.dns-plan", ""),
        Fixture::pass("self.dns-plan", "").with(|world| {
            world.own.planned = vec![
                Change::new(Operation::Add, "example.com", tegami_dns::RecordType::Mx, "10 mx1.example.com."),
                Change::txt(Operation::Replace, "_mta-sts.example.com", "v=STSv1; id=20261121000000;"),
                Change::txt(Operation::Delete, "example.com", "v=spf1 -all"),
            ];
        }),
        Fixture::warn("self.dns-plan", "- _smtp._tls").with(|world| {
            world.own.planned = vec![Change::txt(
                Operation::Add,
                "_smtp._tls.example.com",
                "v=TLSRPTv1; rua=mailto:tlsrpt@example.com",
            )];
        }),
        Fixture::unknown("self.dns-plan", "$TIMEOUT example.com. MX").with(|world| {
            world.own.planned = vec![Change::new(
                Operation::Add,
                "example.com",
                tegami_dns::RecordType::Mx,
                "10 mx1.example.com.",
            )];
        }),
    ]
}

fn of_mail() -> Vec<Fixture> {
    vec![
        Fixture::na("self.queue", ""),
        Fixture::pass("self.queue", "").with(|world| queue(world, 0, 0)),
        Fixture::pass("self.queue", "").with(|world| queue(world, 12, 0)),
        Fixture::warn("self.queue", "").with(|world| queue(world, 12, 3)),
        Fixture::na("self.reports", ""),
        Fixture::pass("self.reports", "").with(|world| reports(world, "2026-11-20T03:00:00Z")),
        Fixture::info("self.reports", "").with(|world| reports(world, "2026-11-10T03:00:00Z")),
        Fixture::na("self.postmaster-mailbox", ""),
        Fixture::pass("self.postmaster-mailbox", "").with(|world| mailboxes(world, &["Postmaster", "abuse"])),
        Fixture::fail("self.postmaster-mailbox", "").with(|world| mailboxes(world, &["abuse"])),
        Fixture::na("self.postmaster-mailbox", "- example.com. MX\nexample.com. MX 10 mx.elsewhere.test.")
            .with(|world| mailboxes(world, &[])),
        Fixture::pass("self.abuse-mailbox", "").with(|world| mailboxes(world, &["abuse"])),
        Fixture::warn("self.abuse-mailbox", "").with(|world| mailboxes(world, &["postmaster"])),
        Fixture::na("self.bounce-mailbox", ""),
        Fixture::pass("self.bounce-mailbox", "").with(|world| domain(world).returns = Some(Returns::Ours)),
        Fixture::info("self.bounce-mailbox", "").with(|world| domain(world).returns = Some(Returns::Senders)),
        Fixture::fail("self.bounce-mailbox", "- example.com. MX\nexample.com. MX 10 mx.elsewhere.test.")
            .with(|world| domain(world).returns = Some(Returns::Ours)),
        Fixture::pass("self.relay-alignment", ""),
        Fixture::na("self.relay-alignment", "").with(|world| world.own.relays.clear()),
        Fixture::fail("self.relay-alignment", "- e2026._domainkey"),
        Fixture::warn("self.relay-alignment", "- e2026._domainkey\n- _dmarc"),
        Fixture::info(
            "self.relay-alignment",
            "- e2026._domainkey\n- example.com. TXT\nexample.com. TXT \"v=spf1 a:smtp.alpha.test -all\"",
        ),
        Fixture::na("self.suppression", ""),
        Fixture::pass("self.suppression", "")
            .with(|world| world.own.refused = Some(RefusedSeen { kept_back: true, addresses: 4 })),
        Fixture::warn("self.suppression", "")
            .with(|world| world.own.refused = Some(RefusedSeen { kept_back: false, addresses: 0 })),
    ]
}

#[tokio::test]
async fn what_the_plan_lacks_can_be_pasted() {
    let mut world = World::base();
    world.own.planned = vec![
        Change::new(Operation::Add, "example.com", tegami_dns::RecordType::Mx, "10 MX1.example.com."),
        Change::txt(Operation::Replace, "_mta-sts.example.com", "v=STSv1; id=2;"),
        Change::txt(Operation::Replace, "_new.example.com", "text"),
        Change::new(Operation::Delete, "example.com", tegami_dns::RecordType::Mx, "20 mx2.example.com."),
    ];
    let findings = world.examine_own("").await;
    let found = findings.iter().find(|finding| finding.check.id == "self.dns-plan").unwrap();
    expect![[r#"
        different: _mta-sts.example.com TXT v=STSv1; id=2;
        missing: _new.example.com TXT text
        extra: example.com MX 20 mx2.example.com."#]]
    .assert_eq(&found.evidence.join("\n"));
    let operations: Vec<Operation> =
        found.fix.as_ref().unwrap().choices[0].iter().map(|change| change.operation).collect();
    assert_eq!(operations, [Operation::Replace, Operation::Add, Operation::Delete]);
}

/// A good installation in a good network has nothing to mend.
#[tokio::test]
async fn a_good_installation_is_well() {
    let findings = World::base().examine_own("").await;
    let bad: Vec<_> = findings.iter().filter(|finding| finding.state >= crate::State::Unknown).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    for family in crate::catalogue::FAMILIES
        .iter()
        .filter(|family| ["self", "path", "ip", "helo"].contains(&family.name))
    {
        for check in family.checks {
            assert!(findings.iter().any(|finding| finding.check.id == check.id), "{} says nothing", check.id);
        }
    }
}
