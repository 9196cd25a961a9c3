//! Good and bad configurations.

use expect_test::{Expect, expect};
use tegami_words::Language;

use super::problem::Problem;
use super::*;

fn check(text: &str, expect: &Expect) {
    let path = Path::new("tegami.toml");
    let shown = match schema::read(text, Path::new("/etc/tegami")) {
        Ok(config) => format!("{config:#?}"),
        Err(problems) => {
            let error = ConfigError::Wrong { path: path.to_owned(), text: text.to_owned(), problems };
            error.render(Language::English, false)
        }
    };
    expect.assert_eq(&shown);
}

#[test]
fn three_lines_make_a_server() {
    let config =
        schema::read("hostname = \"mail.example.com\"\n[domains.\"example.com\"]\n", Path::new("")).unwrap();
    assert_eq!(config.hostname.as_str(), "mail.example.com");
    assert_eq!(config.domains, [Domain::parse("example.com").unwrap()]);
    assert_eq!(config.listen.smtp.len(), 2);
    assert_eq!(config.listen.http, ["127.0.0.1:8025".parse().unwrap()]);
    assert_eq!(config.data, Path::new("/var/lib/tegami"));
}

#[test]
fn all_problems_at_once() {
    check(
        "hostnam = \"mail.example.com\"\n\n[listen]\nsmtp = \"everywhere\"\nhtpp = 80\n\n[delivery]\nport = 0\n",
        &expect![[r#"
            error: `hostname` is missing: the name of this server, such as "mail.example.com"
             --> tegami.toml:1:1
              |
            1 | hostnam = "mail.example.com"
              | ^

            error: Unknown key `hostnam`
             --> tegami.toml:1:1
              |
            1 | hostnam = "mail.example.com"
              | ^^^^^^^
              |
              = help: Did you mean `hostname`?

            error: `smtp` wants a port (25), an address with a port ("127.0.0.1:2525"), a list of those, or `false`
             --> tegami.toml:4:8
              |
            4 | smtp = "everywhere"
              |        ^^^^^^^^^^^^

            error: Unknown key `htpp`
             --> tegami.toml:5:1
              |
            5 | htpp = 80
              | ^^^^
              |
              = help: Did you mean `http`?

            error: `port` wants a port number from 1 to 65535
             --> tegami.toml:8:8
              |
            8 | port = 0
              |        ^"#]],
    );
}

#[test]
fn what_a_form_demands_is_among_its_fields() {
    let form = "hostname = \"mail.example.com\"\n[domains.\"example.com\"]\n[forms.contact]\nto = \"info@example.com\"\n";
    for (fields, told) in [
        ("required = [\"email\"]\n", 1),
        ("fields = [\"name\"]\nrequired = [\"email\", \"name\", \"mesage\"]\n", 2),
        ("fields = [\"name\", \"email\"]\nrequired = [\"email\"]\n", 0),
    ] {
        let problems = schema::read(&format!("{form}{fields}"), Path::new("")).err().unwrap_or_default();
        assert_eq!(problems.len(), told, "{fields}");
        assert!(problems.iter().all(|problem| problem.message.id == "cli-config-form-required"), "{fields}");
    }
}

#[test]
fn secrets_and_choices() {
    check(
        "hostname = \"mail.example.com\"\n[reception]\ndmarc_reject = \"bounce\"\n[delivery.smarthost]\nhost = \"relay.example.net\"\nuser = \"me\"\n",
        &expect![[r#"
            error: `dmarc_reject` wants one of `refuse`, `mark`
             --> tegami.toml:3:16
              |
            3 | dmarc_reject = "bounce"
              |                ^^^^^^^^

            error: `user` and a password belong together: give `user` and one of `password`, `password_file`, `password_env`
             --> tegami.toml:4:1
              |
            4 | [delivery.smarthost]
              | ^^^^^^^^^^^^^^^^^^^^"#]],
    );
}

#[test]
fn an_open_relay_is_not_configured() {
    check(
        "hostname = \"mail.example.com\"\n[submission]\ntrusted = [\"10.0.0.0/8\", \"0.0.0.0/0\", \"office\"]\n",
        &expect![[r#"
            error: `0.0.0.0/0` cannot be trusted: hosts of strangers lie in it, and all of them could send through this server. Name private networks, or public ones of your own from /16 (IPv6 /32) on
             --> tegami.toml:3:26
              |
            3 | trusted = ["10.0.0.0/8", "0.0.0.0/0", "office"]
              |                          ^^^^^^^^^^^

            error: `office` is not a network: write an address, or an address with the length of its prefix such as "172.16.0.0/12"
             --> tegami.toml:3:39
              |
            3 | trusted = ["10.0.0.0/8", "0.0.0.0/0", "office"]
              |                                       ^^^^^^^^"#]],
    );
    let text = "hostname = \"mail.example.com\"\n[submission]\ntrusted = [\"10.0.0.0/8\", \"::1\"]\n";
    let config = schema::read(text, Path::new("")).unwrap();
    let networks: Vec<String> = config.submission.trusted.iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["10.0.0.0/8", "::1/128"]);
}

#[test]
fn a_key_that_exists_already() {
    let text = "hostname = \"m.example.com\"\n[domains.\"example.com\"]\ndkim_selector = \"s\"\ndkim_key = \"k.pem\"\n";
    let config = schema::read(text, Path::new("/etc/tegami")).unwrap();
    let [key] = config.dkim.as_slice() else { panic!("{:?}", config.dkim) };
    assert_eq!(key.file, Path::new("/etc/tegami/k.pem"));
    check(
        "hostname = \"m.example.com\"\n[domains.\"example.com\"]\ndkim_selector = \"s\"\n[domains.\"example.net\"]\ndkim_selector = \"a b\"\ndkim_key = \"k.pem\"\n",
        &expect![[r#"
            error: `dkim_selector` and `dkim_key` belong together: give both, or neither and Tegami makes keys
             --> tegami.toml:3:17
              |
            3 | dkim_selector = "s"
              |                 ^^^

            error: `a b` is not a selector: the domain has a character that is not allowed
             --> tegami.toml:5:17
              |
            5 | dkim_selector = "a b"
              |                 ^^^^^"#]],
    );
}

#[test]
fn not_toml() {
    check(
        "hostname = mail.example.com\n",
        &expect![[r#"
        error: This is not TOML: string values must be quoted, expected literal string
         --> tegami.toml:1:12
          |
        1 | hostname = mail.example.com
          |            ^^^^^^^^^^^^^^^^"#]],
    );
}

#[test]
fn policies_of_tls() {
    check(
        r#"hostname = "mail.example.com"

[dns]
dnssec = "maybe"

[delivery.tls]
"example.net" = "strict"
"exa mple.net" = "may"
"*" = 1
"#,
        &expect![[r#"
            error: `dnssec` wants one of `validate`, `trust-ad`, `off`
             --> tegami.toml:4:10
              |
            4 | dnssec = "maybe"
              |          ^^^^^^^

            error: `example.net` wants one of `none`, `may`, `encrypt`, `verify`, `dane`
             --> tegami.toml:7:17
              |
            7 | "example.net" = "strict"
              |                 ^^^^^^^^

            error: `exa mple.net` is not a domain name: example.net, *.example.net or *
             --> tegami.toml:8:1
              |
            8 | "exa mple.net" = "may"
              | ^^^^^^^^^^^^^^

            error: `*` wants one of `none`, `may`, `encrypt`, `verify`, `dane`
             --> tegami.toml:9:7
              |
            9 | "*" = 1
              |       ^"#]],
    );
}

#[test]
fn delivery_is_not_asked_for_too_far_ahead() {
    check(
        "hostname = \"mail.example.com\"\n[limits]\nahead_days = 8\n",
        &expect![[r#"
        error: mail is kept for delivery later for at most 7 days: write a number from 1 to 7
         --> tegami.toml:3:14
          |
        3 | ahead_days = 8
          |              ^"#]],
    );
}

/// The routes in order: name, order, version of IP, smarthosts.
fn check_routes(delivery: &str, expect: &Expect) {
    let text = format!("hostname = \"mail.example.com\"\n{delivery}");
    let shown = match schema::read(&text, Path::new("/etc/tegami")) {
        Ok(config) => {
            let line = |route: &tegami_outbound::Route| {
                let host = |host: &std::sync::Arc<tegami_outbound::Smarthost>| {
                    let user = host.credentials.as_ref().map_or("-", |known| known.username.as_str());
                    format!(
                        " {}={}:{} {:?} {user} [{}]",
                        host.name, host.host, host.port, host.tls, host.setting
                    )
                };
                let hosts: String = route.smarthosts.iter().map(host).collect();
                let (order, ip) = (route.order.as_str(), route.ip);
                let (senders, recipients) = (&route.senders, &route.recipients);
                format!("{} {order} {ip:?} {senders:?} {recipients:?} {:?}{hosts}\n", route.name, route.tags)
            };
            config.delivery.routing.routes.iter().map(line).collect()
        }
        Err(problems) => {
            let told = |problem: &Problem| tegami_words::note(Language::English, &problem.message);
            problems.iter().map(|problem| format!("{}\n", told(problem))).collect::<String>()
        }
    };
    expect.assert_eq(&shown);
}

#[test]
fn routes() {
    check_routes(
        r#"
[delivery.smarthost]
host = "relay.example.net"
port = 2525
order = "relay-first"
[delivery.relays.ses]
preset = "ses"
region = "ap-northeast-1"
user = "AKIA"
password = "x"
[delivery.relays.grid]
preset = "sendgrid"
port = 465
password = "x"
[[delivery.routes]]
sender = ["example.com", "*.example.com", "<>"]
recipient = "例え.test"
tag = ["a", "b"]
relay = ["ses", "smarthost"]
order = "direct-first"
ip = "alternate"
[[delivery.routes]]
name = "development"
tag = "test"
relay = "grid"
order = "development"
[[delivery.routes]]
recipient = "example.org"
"#,
        &expect![[r#"
            route 1 direct-first Some(Alternate) [Domain(Domain { ascii: "example.com" }), Below(Domain { ascii: "example.com" }), NullReversePath] [Domain(Domain { ascii: "xn--r8jz45g.test" })] ["a", "b"] ses=email-smtp.ap-northeast-1.amazonaws.com:587 StartTls(Verified) AKIA [delivery.relays."ses"] smarthost=relay.example.net:2525 StartTls(Verified) - [delivery.smarthost]
            development development None [] [] ["test"] grid=smtp.sendgrid.net:465 Implicit(Verified) apikey [delivery.relays."grid"]
            route 3 direct None [] [Domain(Domain { ascii: "example.org" })] []
            smarthost relay-first None [] [] [] smarthost=relay.example.net:2525 StartTls(Verified) - [delivery.smarthost]
        "#]],
    );
}

#[test]
fn routes_that_lead_nowhere() {
    check_routes(
        r#"
[delivery]
ip = "v5"
ipv6 = false
[delivery.relays.ses]
preset = "ses"
region = "tokyo"
[delivery.relays.mg]
preset = "mailgum"
[delivery.relays.home]
preset = "sakura"
user = "me"
password = "x"
[delivery.relays.office]
host = "relay.example.net"
[[delivery.routes]]
relay = "offices"
[[delivery.routes]]
relay = "office"
order = "direct"
[[delivery.routes]]
order = "relay-first"
[[delivery.routes]]
relay = "office"
order = "sometimes"
sender = "not a domain"
"#,
        &expect![[r#"
            `ip` wants one of `v4-first`, `v6-first`, `v4`, `v6`, `alternate`
            The provider lets nobody in without a password: give one of `password`, `password_file`, `password_env`
            No route leads to the smarthost `ses`: name it as the `relay` of a [[delivery.routes]] table, or as the `overflow` of a source under [warmup]
            `region` wants one of `af-south-1`, `ap-east-1`, `ap-northeast-1`, `ap-northeast-2`, `ap-northeast-3`, `ap-south-1`, `ap-south-2`, `ap-southeast-1`, `ap-southeast-2`, `ap-southeast-3`, `ca-central-1`, `eu-central-1`, `eu-north-1`, `eu-south-1`, `eu-west-1`, `eu-west-2`, `eu-west-3`, `il-central-1`, `me-south-1`, `sa-east-1`, `us-east-1`, `us-east-2`, `us-gov-east-1`, `us-gov-west-1`, `us-west-1`, `us-west-2`
            A smarthost wants a `host`, or a `preset`
            No route leads to the smarthost `mg`: name it as the `relay` of a [[delivery.routes]] table, or as the `overflow` of a source under [warmup]
            `preset` wants one of `brevo`, `elastic-email`, `gmail`, `mailgun`, `microsoft-365`, `postmark`, `sakura`, `sendgrid`, `ses`, `smtp2go`
            さくらのレンタルサーバ has a host for each customer: give `account`, or `host`
            No route leads to the smarthost `home`: name it as the `relay` of a [[delivery.routes]] table, or as the `overflow` of a source under [warmup]
            There is no smarthost `offices`: it would stand in [delivery.relays."offices"]
            With `order = "direct"` a route wants no `relay`
            With `order = "relay-first"` a route wants a `relay`
            `order` wants one of `direct`, `always`, `relay-first`, `direct-first`, `development`
            `not a domain` is not a domain name: the domain has a character that is not allowed
        "#]],
    );
}

/// The manual.
const MANUAL: &str = include_str!("../../../../docs/configuration.md");

#[test]
fn examples_of_the_manual_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("smarthost.password"), "secret\n").unwrap();
    let examples: Vec<&str> =
        MANUAL.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(examples.len(), 5);
    for example in examples {
        if let Err(problems) = schema::read(example, folder.path()) {
            panic!("{problems:?}\n{example}");
        }
    }
}

/// The keys that the code reads.
fn keys() -> Vec<&'static str> {
    let sources = [
        include_str!("schema.rs"),
        include_str!("bounce.rs"),
        include_str!("value.rs"),
        include_str!("shaping.rs"),
        include_str!("route.rs"),
        include_str!("schedule.rs"),
        include_str!("webhook.rs"),
        include_str!("blocklist.rs"),
    ];
    let mut keys = Vec::new();
    for code in sources.map(|source| source.split("#[cfg(test)]").next().unwrap()) {
        for opening in ["(\"", "section, \"", "root, \""] {
            let words = code.split(opening).skip(1).filter_map(|rest| rest.split('"').next());
            keys.extend(
                words
                    .filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || "_0123456789".contains(c))),
            );
        }
    }
    keys
}

/// A row of a table begins with the keys that it is about.
#[test]
fn every_key_of_the_manual_is_read() {
    let rows = MANUAL.lines().filter(|line| line.starts_with("| `"));
    let first_cells = rows.filter_map(|line| line.trim_start_matches("| ").split(" |").next());
    let words = first_cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    // Values stand in quotes, variables of the environment in capitals.
    let told: Vec<&str> = words
        .filter(|word| !word.starts_with(|first: char| first == '"' || first.is_ascii_uppercase()))
        .collect();
    assert!(told.len() > 60, "{}", told.len());
    let keys = keys();
    let unknown: Vec<_> = told.into_iter().filter(|key| !keys.contains(key)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn every_key_stands_in_the_manual() {
    let keys = keys();
    assert!(keys.contains(&"message_size") && keys.contains(&"password_env"), "{keys:?}");
    for key in keys {
        let told = ["`KEY`", "[KEY]`", ".KEY]`", ".KEY]]`", ".KEY.\""].map(|form| form.replace("KEY", key));
        assert!(
            told.iter().any(|text| MANUAL.contains(text)),
            "docs/configuration.md does not tell of `{key}`"
        );
    }
}

#[test]
fn mail_is_tried_and_shared_by_rules() {
    let text = r#"
hostname = "mail.example.com"
[domains."example.com"]
[delivery]
give_up_after = "2d"
[delivery.accounts.login]
priority = "transactional"
weight = 4
[delivery.retries.slow]
domains = ["docomo.ne.jp", ".ezweb.ne.jp"]
retry = ["10m", "1h"]
[delivery.retries.strict]
providers = ["mine", "hoster.example.net"]
retry = "1h"
[providers.mine]
mx = "mx.example.org"
[delivery.retries.codes]
accounts = "login"
priority = "transactional"
give_up_after = "1h"
"#;
    let config = schema::read(text, Path::new("")).unwrap();
    let seconds = Duration::from_secs;
    let Retries { usual, rules } = &config.delivery.retry;
    assert_eq!(usual.lifetime, seconds(2 * 86_400));
    let [codes, slow, strict] = rules.as_slice() else { panic!("{rules:?}") };
    assert_eq!(slow.domains, ["docomo.ne.jp", ".ezweb.ne.jp"]);
    assert_eq!(slow.delays, Some(vec![seconds(600), seconds(3600)]));
    assert_eq!((codes.delays.as_ref(), codes.lifetime), (None, Some(seconds(3600))));
    assert_eq!(codes.accounts, ["login"]);
    assert_eq!(strict.providers, ["mine", "hoster.example.net"]);
    let problems = schema::read(&text.replace("mine\"", "gogle\""), Path::new("")).unwrap_err();
    assert_eq!(problems[0].message.id, "cli-config-no-such-provider");
    assert!(problems[0].help.is_some());
    assert_eq!(config.delivery.shares.weights.get("login"), Some(&4));
    assert_eq!(config.delivery.shares.priorities.get("login"), Some(&tegami_store::Priority::Transactional));
}

#[test]
fn lists_of_reputation_are_chosen() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("abusix.key"), "file-secret\n").unwrap();
    let text = r#"
hostname = "mail.example.com"
[blocklists]
on = ["dnsbl.dronebl.org"]
off = ["bl.spamcop.net"]
[blocklists.keys.spamhaus]
key = "plain-secret"
[blocklists.keys.abusix]
key_file = "abusix.key"
[blocklists.extra."rbl.example.net"]
lists = "domain"
"#;
    let config = schema::read(text, folder.path()).unwrap();
    let shown = format!("{config:?}");
    assert!(!shown.contains("plain-secret") && !shown.contains("file-secret"), "{shown}");
    let asked = "2.0.0.127.plain-secret.zen.dq.spamhaus.net file-secret.combined.mail.abusix.zone";
    assert_eq!(
        config.blocklists.conceal(asked),
        "2.0.0.127.key.zen.dq.spamhaus.net key.combined.mail.abusix.zone"
    );
    let wrong = |from: &str, to: &str| {
        let problems = schema::read(&text.replace(from, to), folder.path()).unwrap_err();
        let problem = problems.first().unwrap();
        (problem.message.id, problem.help.is_some())
    };
    assert_eq!(wrong("dnsbl.dronebl.org", "dnsbl.dronebl.com"), ("cli-config-blocklist-unknown", true));
    assert_eq!(wrong("dnsbl.dronebl.org", "dnsbl.sorbs.net"), ("cli-config-blocklist-dead", false));
    assert_eq!(wrong("rbl.example.net", "zen.spamhaus.org"), ("cli-config-blocklist-known", false));
    assert_eq!(wrong("keys.spamhaus", "keys.spamhous"), ("cli-config-blocklist-no-key", true));
    assert_eq!(wrong("key_file = \"abusix.key\"", ""), ("cli-config-blocklist-empty-key", false));
    assert_eq!(wrong("abusix.key", "nowhere.key"), ("cli-config-secret-file", false));
    assert_eq!(wrong("\"domain\"", "\"v5\""), ("cli-config-one-of", false));
}
