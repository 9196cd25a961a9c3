//! DNS plans, published where others keep zones: BIND, by signed updates and in a zone that is signed; and Route 53's API, as moto plays it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::peer::{Ended, eventually, folder, need, program, run};
use crate::site::{Plan, Site, TEGAMI};

const NO_BIND: &str = "there is no BIND (Debian: bind9)";

/// Secrets of tests: nobody else's.
const SECRET: &str = "dGhpcyBpcyBubyBzZWNyZXQgYnV0IGEgdGVzdA==";

/// A BIND with one signed zone, which takes updates signed with [`SECRET`]. It ends with the test.
struct Bind {
    folder: TempDir,
    address: SocketAddr,
    child: Child,
}

impl Bind {
    fn start(records: &str) -> Option<Self> {
        let named = program("named")?;
        let folder = tempfile::Builder::new().prefix("tegami-bind-").tempdir().unwrap();
        let address = free();
        let path = folder.path().display();
        let (ip, port) = (address.ip(), address.port());
        let conf = format!(
            "options {{ directory \"{path}\"; pid-file \"{path}/pid\"; session-keyfile \"{path}/session\";\n\
             listen-on port {port} {{ {ip}; }}; listen-on-v6 {{ none; }}; recursion no; dnssec-validation no; notify no; }};\n\
             controls {{ }};\nkey \"tegami.test\" {{ algorithm hmac-sha256; secret \"{SECRET}\"; }};\n\
             zone \"sender.test\" {{ type primary; file \"{path}/zone\"; key-directory \"{path}\"; dnssec-policy default;\n\
             update-policy {{ grant tegami.test zonesub ANY; }}; }};\n"
        );
        let zone = format!(
            "$ORIGIN sender.test.\n$TTL 300\n@ SOA ns.sender.test. hostmaster.sender.test. 1 3600 600 86400 60\n@ NS ns\nns A {ip}\n{records}\n"
        );
        std::fs::write(folder.path().join("conf"), conf).unwrap();
        std::fs::write(folder.path().join("zone"), zone).unwrap();
        std::fs::write(
            folder.path().join("key"),
            format!("key \"tegami.test\" {{\n\talgorithm hmac-sha256;\n\tsecret \"{SECRET}\";\n}};\n"),
        )
        .unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new(named)
            .args(["-g", "-n", "1", "-c"])
            .arg(folder.path().join("conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let bind = Self { folder, address, child };
        eventually("signatures of BIND", || {
            bind.dig(&["+dnssec", "sender.test", "SOA"]).contains("RRSIG").then_some(())
        });
        Some(bind)
    }

    fn dig(&self, words: &[&str]) -> String {
        let (server, port) = (format!("@{}", self.address.ip()), self.address.port().to_string());
        let mut dig = Command::new("dig");
        dig.args([server.as_str(), "-p", &port, "+tcp", "+tries=1", "+time=5", "+noall", "+answer"])
            .args(words);
        run(&mut dig, b"").output
    }

    fn key(&self) -> String {
        self.folder.path().join("key").display().to_string()
    }

    /// The command with this server as the only one of the zone.
    fn tegami(&self, site: &Site, words: &[&str]) -> Ended {
        let address = self.address.to_string();
        site.tegami(&[words, &["--resolver", &address, "--server", &address]].concat())
    }

    fn json(&self, site: &Site, words: &[&str]) -> Value {
        let ended = self.tegami(site, &[words, &["--json"]].concat());
        assert!(matches!(ended.status, Some(0 | 1)), "{words:?}: {}", ended.all());
        serde_json::from_str(&ended.output).unwrap_or_else(|error| panic!("{error}: {}", ended.all()))
    }
}

impl Drop for Bind {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default());
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// An address with a port that nobody has.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// What somebody publishes who has sent through another provider until now.
const BEFORE: &str = "@ TXT \"v=spf1 include:spf.other.test ~all\"\n@ TXT \"token=1\"\n\
    spf.other TXT \"nothing\"";

#[test]
fn a_plan_is_applied_by_signed_updates() {
    let bind = need!("a plan by updates", Bind::start(BEFORE), NO_BIND);
    let site = Site::prepare(&Plan::default());
    let certificate = rcgen::generate_simple_self_signed(["mail.sender.test".to_owned()]).unwrap();
    let pem = site.path("next.pem");
    std::fs::write(&pem, certificate.cert.pem()).unwrap();
    let wishes = ["sender.test", "--tlsa", "always", "--certificate", pem.to_str().unwrap()];
    let (key, primary) = (bind.key(), bind.address.to_string());
    let way = ["--by", "nsupdate", "--tsig", &key, "--primary", &primary];
    let apply = |more: &[&str]| bind.tegami(&site, &[&["dns", "apply"][..], &wishes, &way, more].concat());

    let plan = bind.json(&site, &[&["dns", "plan"][..], &wishes].concat());
    assert_eq!(plan["changes"], true, "{plan}");
    let asked = apply(&[]);
    assert_eq!(asked.status, Some(2), "nobody can be asked: {}", asked.all());
    let tried = apply(&["--dry-run"]);
    assert_eq!(tried.status, Some(1), "{}", tried.all());
    assert_eq!(bind.dig(&["_dmarc.sender.test", "TXT"]), "", "a dry run changes nothing");
    let wrong = bind.folder.path().join("wrong");
    std::fs::write(&wrong, "hmac-sha256:tegami.test:d3Jvbmc=").unwrap();
    let refused = bind.tegami(
        &site,
        &[
            &["dns", "apply"][..],
            &wishes,
            &["--by", "nsupdate", "--yes", "--primary", &primary, "--tsig", wrong.to_str().unwrap()],
        ]
        .concat(),
    );
    assert_eq!(refused.status, Some(2), "{}", refused.all());
    assert!(refused.errors.contains("does not accept the key"), "{}", refused.all());
    assert!(!refused.all().contains("d3Jvbmc"), "no secret is shown");

    apply(&["--yes"]).well();
    let again = bind.json(&site, &[&["dns", "plan"][..], &wishes].concat());
    assert_eq!(again["changes"], false, "{again:#}");
    apply(&["--yes"]).well();
    let texts = bind.dig(&["+dnssec", "sender.test", "TXT"]);
    assert!(texts.contains("include:spf.other.test a:mail.sender.test ~all"), "{texts}");
    assert!(texts.contains("token=1") && texts.contains("RRSIG"), "{texts}");
    assert!(bind.dig(&["_25._tcp.mail.sender.test", "TLSA"]).contains("3 1 1"));

    let diff = bind.json(&site, &[&["dns", "diff"][..], &wishes].concat());
    for set in diff["sets"].as_array().unwrap() {
        if !set["name"].as_str().unwrap().ends_with(".arpa.") {
            assert_eq!(set["standing"], "ok", "{set:#}");
        }
    }
    // Somebody else's change in between is not undone.
    let stale = tegami_dns::SetChange {
        name: tegami_dns::DnsName::parse("sender.test").unwrap(),
        kind: tegami_dns::RecordType::Txt,
        ttl: std::time::Duration::from_secs(60),
        before: vec![tegami_dns::Data::Txt(b"token=1".to_vec().into())],
        after: Vec::new(),
    };
    let secret = tegami_dns::UpdateKey::parse(&std::fs::read_to_string(bind.key()).unwrap()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let zone = tegami_dns::DnsName::parse("sender.test").unwrap();
    let patience = std::time::Duration::from_secs(10);
    let now = std::time::SystemTime::now();
    let changed =
        runtime.block_on(tegami_dns::update(bind.address, &zone, &[stale], Some(&secret), now, patience));
    assert_eq!(changed, Err(tegami_dns::UpdateError::Changed));
}

#[test]
fn nsupdate_takes_what_is_exported() {
    let bind = need!("a plan by updates", Bind::start(BEFORE), NO_BIND);
    let site = Site::prepare(&Plan::default());
    let script = bind.tegami(&site, &["dns", "export", "sender.test", "--format", "nsupdate"]).well();
    let script = format!("server {} {}\n{script}", bind.address.ip(), bind.address.port());
    run(Command::new("nsupdate").args(["-v", "-k", &bind.key()]), script.as_bytes()).well();
    let plan = bind.json(&site, &["dns", "plan", "sender.test"]);
    assert_eq!(plan["changes"], false, "{plan:#}");
}

/// The states of the keys of the domain, in the order of their selectors.
fn keys(site: &Site) -> Vec<(String, String)> {
    let told = site.json(&["dkim", "list", "sender.test"]);
    let state = |key: &Value| match key["turn"]["stage"].as_str() {
        Some(stage) => stage.to_owned(),
        None if key["active"] == true => "signs".to_owned(),
        None => "spare".to_owned(),
    };
    let keys = told["keys"].as_array().unwrap();
    keys.iter().map(|key| (key["selector"].as_str().unwrap().to_owned(), state(key))).collect()
}

fn states(site: &Site) -> Vec<String> {
    let mut states: Vec<String> = keys(site).into_iter().map(|(_, state)| state).collect();
    states.sort();
    states
}

#[test]
fn a_rotation_can_stop_at_every_step() {
    let bind = need!("a rotation by updates", Bind::start(""), NO_BIND);
    let mut site = Site::prepare(&Plan::default());
    let (key, primary) = (bind.key(), bind.address.to_string());
    let publish = |site: &Site| {
        let words = [
            "dns",
            "apply",
            "sender.test",
            "--by",
            "nsupdate",
            "--tsig",
            &key,
            "--primary",
            &primary,
            "--yes",
        ];
        bind.tegami(site, &words).well();
    };
    let rotate =
        |site: &Site, keep: &str| bind.tegami(site, &["dkim", "rotate", "sender.test", "--keep", keep]);
    // Each step twice: whoever was interrupted runs the command again. Beginning with the second, the server runs.
    let stops = |site: &Site, keep: &str, status: i32, expected: &[&str]| {
        for _ in 0..2 {
            let ended = rotate(site, keep);
            assert_eq!(ended.status, Some(status), "{}", ended.all());
            assert_eq!(states(site), expected, "{}", ended.all());
        }
    };
    publish(&site);
    let old: Vec<String> = keys(&site).into_iter().map(|(selector, _)| selector).collect();
    stops(&site, "1h", 1, &["coming", "coming", "signs", "signs"]);
    site.serve();
    publish(&site);
    stops(&site, "1h", 0, &["retired", "retired", "signs", "signs"]);
    for selector in &old {
        let there = bind.dig(&[&format!("{selector}._domainkey.sender.test"), "TXT"]);
        assert!(there.contains("p="), "what it signed can still be verified: {there}");
    }
    stops(&site, "0s", 1, &["revoking", "revoking", "signs", "signs"]);
    publish(&site);
    let revoked = bind.dig(&[&format!("{}._domainkey.sender.test", old[0]), "TXT"]);
    assert!(revoked.contains("\"v=DKIM1; p=\""), "{revoked}");
    stops(&site, "0s", 1, &["leaving", "leaving", "signs", "signs"]);
    publish(&site);
    let done = rotate(&site, "0s");
    assert_eq!(done.status, Some(0), "{}", done.all());
    assert!(done.output.contains("is done"), "{}", done.all());
    assert_eq!(states(&site), ["signs", "signs"]);
    assert!(keys(&site).iter().all(|(selector, _)| !old.contains(selector)));
    assert_eq!(bind.dig(&[&format!("{}._domainkey.sender.test", old[0]), "TXT"]), "");
    // From beginning to end by itself.
    let way = ["--by", "nsupdate", "--tsig", &key, "--primary", &primary, "--yes", "--keep", "0s"];
    let whole = bind.tegami(&site, &[&["dkim", "rotate", "sender.test"][..], &way].concat());
    assert_eq!(whole.status, Some(0), "{}", whole.all());
    assert_eq!(states(&site), ["signs", "signs"]);
    let plan = bind.json(&site, &["dns", "plan", "sender.test"]);
    assert_eq!(plan["changes"], false, "{plan:#}");
}

/// A moto that plays the API of AWS.
struct Moto {
    address: SocketAddr,
    child: Child,
}

impl Moto {
    fn start() -> Option<Self> {
        let program = Some(folder().join("venv/bin/moto_server")).filter(|path| path.is_file())?;
        let address = free();
        let child = Command::new(program)
            .args(["-H", &address.ip().to_string(), "-p", &address.port().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let moto = Self { address, child };
        eventually("moto", || TcpStream::connect(moto.address).ok());
        Some(moto)
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: route53.amazonaws.com\r\nConnection: close\r\nContent-Length: {}\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/route53/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_plan_is_applied_by_the_api_of_route_53() {
    let moto = need!("a plan by the API of Route 53", Moto::start(), "there is no moto in target/peers");
    let site = Site::prepare(&Plan::default());
    let made = moto.ask(
        "POST",
        "/2013-04-01/hostedzone",
        "<CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Name>sender.test.</Name>\
         <CallerReference>1</CallerReference></CreateHostedZoneRequest>",
    );
    let id = made.split("/hostedzone/").nth(1).and_then(|rest| rest.split(['<', '\r', '\n']).next()).unwrap();
    let id = id.to_owned();
    let endpoint = format!("http://{}", moto.address);
    let apply = |more: &[&str], secret: &str| {
        let mut command = Command::new(TEGAMI);
        command.args(["--lang", "en", "--config"]).arg(site.config());
        command
            .args(["dns", "apply", "sender.test", "--by", "route53", "--yes", "--endpoint", &endpoint])
            .args(more);
        command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", secret);
        run(&mut command, b"")
    };
    let applied = apply(&[], "no-secret-at-all");
    assert_eq!(applied.status, Some(0), "{}", applied.all());
    assert!(!applied.all().contains("no-secret-at-all"));
    let listed = moto.ask("GET", &format!("/2013-04-01/hostedzone/{id}/rrset"), "");
    for expected in
        ["_dmarc.sender.test.", "v=spf1 a:mail.sender.test -all", "_domainkey.sender.test.", "\"v=STSv1; id="]
    {
        assert!(
            listed.contains(expected) || listed.replace("&quot;", "\"").contains(expected),
            "{expected}: {listed}"
        );
    }
    // What the API keeps is zone text again, and asks for nothing more.
    let mut zone = std::fs::read_to_string(site.path("zone.txt")).unwrap();
    for set in listed.split("<ResourceRecordSet>").skip(1) {
        let text = |name: &str| {
            set.split(&format!("<{name}>"))
                .nth(1)
                .and_then(|rest| rest.split("</").next())
                .unwrap_or_default()
        };
        if matches!(text("Type"), "NS" | "SOA") {
            continue;
        }
        for value in set.split("<Value>").skip(1) {
            let value = value.split("</Value>").next().unwrap().replace("&quot;", "\"").replace("&amp;", "&");
            // The zone text of the site has these already.
            let line = format!("{} {} {} {value}\n", text("Name"), text("TTL"), text("Type"));
            if !matches!(text("Type"), "MX" | "A") {
                zone.push_str(&line);
            }
        }
    }
    std::fs::write(site.path("zone.txt"), zone).unwrap();
    let plan = site.json(&["dns", "plan", "sender.test"]);
    assert_eq!(plan["changes"], false, "{plan:#}\n{listed}");
    let nothing = apply(&["--hosted-zone", "ZUNKNOWN"], "x");
    assert_eq!(nothing.status, Some(0), "{}", nothing.all());
}

#[test]
fn the_policy_about_tls_is_served_for_our_domains() {
    let site = Site::start(&Plan::default());
    let fetch = |host: &str| {
        let mut stream = TcpStream::connect(site.addresses.http[0]).unwrap();
        let request =
            format!("GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let answer = fetch("mta-sts.sender.test");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/plain"), "{answer}");
    assert_eq!(body, "version: STSv1\r\nmode: testing\r\nmx: mail.sender.test\r\nmax_age: 604800\r\n");
    let plan = site.json(&["dns", "plan", "sender.test"]);
    assert_eq!(plan["policy"], body, "the plan tells what is served");
    assert!(fetch("mta-sts.other.test").starts_with("HTTP/1.1 404"));
    assert!(fetch("sender.test").starts_with("HTTP/1.1 404"));
}

#[test]
fn roles_are_split_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let zone = folder.path().join("zone.txt");
    std::fs::write(
        &zone,
        "example.test. TXT \"v=spf1 mx ~all\"\nexample.test. TXT \"v=spf1 include:mailgun.org ~all\"\n\
         mailgun.org. TXT \"v=spf1 ip4:203.0.113.0/24 -all\"\nexample.sakura.ne.jp. A 192.0.2.5\n",
    )
    .unwrap();
    let mut command = Command::new(TEGAMI);
    command.current_dir(folder.path()).args(["--lang", "en", "--json", "dns", "plan", "example.test"]);
    command.args(["--receive", "sakura:example", "--send", "mailgun", "--send", "self"]);
    command.args(["--hostname", "mail.example.test", "--ip", "192.0.2.10", "--zone", zone.to_str().unwrap()]);
    let plan: Value = serde_json::from_str(&run(&mut command, b"").well()).unwrap();
    let spf: Vec<&Value> = plan["records"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|record| {
            record["name"] == "example.test." && record["type"] == "TXT" && record["op"] != "delete"
        })
        .collect();
    assert_eq!(spf.len(), 1, "{plan:#}");
    assert_eq!(spf[0]["value"], "v=spf1 mx include:mailgun.org a:mail.example.test ~all");
    assert!(plan["spf_lookups"].as_u64().unwrap() <= 10);
}
