//! What checkdmarc says of the same domains: 200 of them, served by our own DNS server, and every difference explained.

mod difference;
mod zone;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::Value;
use tegami_dns::{Server, Zone, ZoneResolver};
use tegami_doctor::probe::NoProbes;
use tegami_doctor::{Asked, Case, DomainCase, Examination, Known, Reach, State, part};
use tegami_mail::Domain;

use difference::{DIFFERENCES, Difference};

const DOMAINS: usize = 200;

/// Families of checks that look at what checkdmarc looks at.
const FAMILIES: &[&str] = &["dns", "mx", "spf", "dmarc", "sts", "tlsrpt"];

/// Checks of SPF whose failure means that no evaluation can end well: a permanent error (RFC 7208 section 2.6.7).
const PERMERROR: &[&str] = &[
    "spf.multiple",
    "spf.string-split",
    "spf.syntax",
    "spf.macros",
    "spf.lookup-limit",
    "spf.void-lookups",
    "spf.include-missing",
    "spf.include-permerror",
    "spf.include-loop",
    "spf.redirect-loop",
    "spf.redirect",
    "spf.mx-count",
];

/// What both say of a domain, aspect by aspect and in the same words.
type View = Vec<(&'static str, String)>;

#[tokio::test(flavor = "multi_thread")]
async fn what_checkdmarc_says_of_two_hundred_domains() {
    let Some(python) = python() else {
        eprintln!(
            "SKIPPED: the doctor beside checkdmarc because target/peers has no checkdmarc (cargo xtask peers)"
        );
        return;
    };
    let (domains, text) = zone::world(&mut zone::Chance::new(7), DOMAINS);
    let zone = Zone::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let resolver = Arc::new(ZoneResolver::from_text(&text).unwrap());
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), zone).await.unwrap();
    let port = server.local_addr().port();
    let lines = domains.join("\n") + "\n";
    let theirs = tokio::task::spawn_blocking(move || ask(&python, port, &lines)).await.unwrap();
    assert_eq!(theirs.len(), DOMAINS);

    let mut used = vec![0_usize; DIFFERENCES.len()];
    let (mut unexplained, mut agreed) = (Vec::new(), 0_usize);
    for (domain, theirs) in domains.iter().zip(&theirs) {
        let (own, examination) = ours(domain, Arc::clone(&resolver) as _).await;
        for ((aspect, ours), (_, said)) in own.iter().zip(view(theirs)) {
            if *ours == said {
                agreed += 1;
                continue;
            }
            let here = Difference {
                aspect,
                ours,
                theirs: &said,
                answer: theirs,
                examination: &examination,
                zone: &of(domain, &text),
            };
            match DIFFERENCES.iter().position(|known| known.explains(&here)) {
                Some(place) => used[place] += 1,
                None => unexplained.push(here.to_string()),
            }
        }
    }
    for (known, count) in DIFFERENCES.iter().zip(&used) {
        println!("{count:4} {}", known.word);
    }
    println!("agreed on {agreed} aspects");
    assert!(unexplained.is_empty(), "{} differences:\n{}", unexplained.len(), unexplained.join("\n"));
    for (known, count) in DIFFERENCES.iter().zip(&used) {
        assert!(*count > 0, "nothing differs any more as this says: {}", known.word);
    }
    assert!(agreed > 4 * DOMAINS, "they agree on {agreed} aspects only");
}

/// The lines of the zone text about a domain.
fn of(domain: &str, text: &str) -> String {
    let lines = text.lines().filter(|line| {
        let owner = line.split_whitespace().next().unwrap_or_default().trim_end_matches('.');
        owner == domain || owner.strip_suffix(domain).is_some_and(|above| above.ends_with('.'))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn python() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers/venv/bin/python");
    let found = Command::new(&python).args(["-c", "import checkdmarc"]).stderr(Stdio::null()).status();
    found.is_ok_and(|status| status.success()).then_some(python)
}

/// Gives the names to the driver; its answers, one a line.
fn ask(python: &Path, port: u16, lines: &str) -> Vec<Value> {
    let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/ask_checkdmarc.py");
    let mut command = Command::new(python);
    command.arg(driver).arg(port.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut stdin, lines) = (child.stdin.take().unwrap(), lines.to_owned());
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let written = writer.join().unwrap();
    assert!(output.status.success() && written.is_ok(), "{command:?}: {} {written:?}", output.status);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn ours(domain: &str, resolver: Arc<dyn tegami_dns::Resolver>) -> (View, Examination) {
    let domain = Domain::parse(domain).unwrap();
    let case = Case {
        asked: Arc::new(Asked::new(resolver)),
        probes: Arc::new(NoProbes),
        known: Known::nothing("2026-11-21T12:00:00Z".parse().unwrap(), Reach::Documentation),
    };
    let found = part(&domain, FAMILIES, case.clone()).await;
    let case = DomainCase::new(domain, case);
    let view = vec![
        ("spf", spf(&found)),
        ("spf cost", spf_cost(&case, &found).await),
        ("spf advice", spf_advice(&found)),
        ("dmarc", dmarc(&case).await),
        ("dmarc reports", reports(&found)),
        ("sts", reporting(&found, "sts.record")),
        ("tlsrpt", reporting(&found, "tlsrpt.record")),
        ("mx", mail_hosts(&case).await),
    ];
    (view, found)
}

fn state(found: &Examination, id: &str) -> State {
    let states = found.findings.iter().filter(|one| one.check.id == id).map(|one| one.state);
    states.max().unwrap_or_else(|| panic!("no finding of {id}"))
}

fn spf(found: &Examination) -> String {
    if state(found, "spf.multiple") == State::Fail {
        return "several".to_owned();
    }
    if state(found, "spf.exists") != State::Pass {
        return "none".to_owned();
    }
    let broken = PERMERROR.iter().any(|id| state(found, id) == State::Fail);
    if broken { "permerror" } else { "valid" }.to_owned()
}

/// Only where it can be compared: a record that is broken is not walked to its end by everybody.
async fn spf_cost(case: &DomainCase, found: &Examination) -> String {
    match spf(found).as_str() {
        "valid" => {
            let cost = case.spf().await.cost;
            format!("{} lookups, {} void", cost.lookups, cost.void_lookups)
        }
        _ => "-".to_owned(),
    }
}

/// What should be changed in a record that works.
fn spf_advice(found: &Examination) -> String {
    if spf(found) != "valid" {
        return "-".to_owned();
    }
    let advice = [("ptr", "spf.ptr"), ("after all", "spf.after-all"), ("exp", "spf.exp")];
    let given = advice.into_iter().filter(|(_, id)| state(found, id) > State::Pass);
    given.map(|(word, _)| word).collect::<Vec<_>>().join(", ")
}

async fn dmarc(case: &DomainCase) -> String {
    let discovery = case.dmarc().await;
    match discovery.record().zip(discovery.policy_domain()) {
        // RFC 9989 section 4.10.1: a policy that cannot be read counts as none.
        Some((record, at)) if record.bad_policy => format!("none at {at}"),
        Some((record, at)) => format!("{} at {at}", record.p.as_str()),
        None => "none".to_owned(),
    }
}

/// Whether reports can arrive: permission, and somebody who takes mail.
fn reports(found: &Examination) -> String {
    let refused = state(found, "dmarc.external-auth") == State::Fail;
    let dead = found.findings.iter().any(|one| one.note.id == "dmarc-rua-dead");
    format!("refused {refused}, dead {dead}")
}

fn reporting(found: &Examination, id: &str) -> String {
    match state(found, id) {
        State::Pass => "valid",
        State::Fail => "broken",
        _ => "none",
    }
    .to_owned()
}

/// The hosts that take its mail; only where there are MX records.
async fn mail_hosts(case: &DomainCase) -> String {
    let hosts = case.hosts().await;
    let named = hosts.hosts.iter().filter(|host| !host.name.is_root());
    let named = named.filter_map(|host| Some(format!("{} {}", host.preference?, host.name)));
    sorted(named.collect())
}

fn sorted(mut rows: Vec<String>) -> String {
    rows.sort();
    rows.join(", ")
}

/// What checkdmarc said, in our words.
fn view(theirs: &Value) -> View {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (spf, dmarc) = (&theirs["spf"], &theirs["dmarc"]);
    let error = text(&spf["error"]);
    let valid = spf["valid"] == true;
    let class = match () {
        () if spf.get("crash").is_some() => "crash",
        () if valid => "valid",
        () if error.contains("multiple SPF") => "several",
        () if spf["record"].is_null() => "none",
        () => "permerror",
    };
    let cost =
        if valid { format!("{} lookups, {} void", spf["lookups"], spf["void"]) } else { "-".to_owned() };
    let warned_of_spf = |part: &str| {
        let warnings = spf["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str);
        valid && warnings.into_iter().any(|one| one.contains(part))
    };
    let advice = [
        ("ptr", "ptr mechanism should not be used"),
        ("after all", "after the all mechanism"),
        ("exp", "at exp value"),
    ];
    let advice = advice.into_iter().filter(|(_, part)| warned_of_spf(part)).map(|(word, _)| word);
    let advice = if valid { advice.collect::<Vec<_>>().join(", ") } else { "-".to_owned() };
    let found = if dmarc["valid"] == true {
        format!("{} at {}", text(&dmarc["policy"]), text(&dmarc["location"]))
    } else {
        "none".to_owned()
    };
    let warned = |part: &str| {
        dmarc["warnings"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .any(|one| one.contains(part))
    };
    let reports = format!(
        "refused {}, dead {}",
        warned("does not indicate that it accepts DMARC reports"),
        warned("has no MX records")
    );
    let transport = |value: &Value| match () {
        () if value.get("crash").is_some() => "crash".to_owned(),
        () if value["valid"] == true => "valid".to_owned(),
        () if text(&value["error"]).contains("does not exist") => "none".to_owned(),
        () => "broken".to_owned(),
    };
    let hosts = match theirs["mx"].as_array() {
        Some(hosts) => sorted(hosts.iter().map(|row| format!("{} {}", row[0], text(&row[1]))).collect()),
        None => theirs["mx"].to_string(),
    };
    vec![
        ("spf", class.to_owned()),
        ("spf cost", cost),
        ("spf advice", advice),
        ("dmarc", found),
        ("dmarc reports", reports),
        ("sts", transport(&theirs["sts"])),
        ("tlsrpt", transport(&theirs["tls_rpt"])),
        ("mx", hosts),
    ]
}
