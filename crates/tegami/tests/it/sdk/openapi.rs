//! Our own API, tried by schemathesis: requests that its document allows and requests that it does not, against what the document
//! promises about the answers.

use std::process::{Command, Stdio};

use super::{NO_PYTHON, World};
use crate::peer::{folder, need};

/// What every answer is held to.
const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

#[test]
fn the_document_is_kept() {
    let program = Some(folder().join("venv/bin/schemathesis")).filter(|path| path.is_file());
    let program = need!("schemathesis", program, NO_PYTHON);
    let world = World::start();
    // Something to look at: one message that arrived, one that waits, one that failed.
    for to in ["friend", "later", "nobody"] {
        world.note(&format!("{to}@receiver.test"), &[("o:tag", "tag 1")]);
    }
    world.event("event=failed&severity=permanent");
    world.event("event=delivered");
    let report = world.site.path("schemathesis");
    let ended = Command::new(program)
        .arg("run")
        .arg(format!("{}/api/openapi.json", world.url()))
        .args(["--auth", &format!("api:{}", world.key), "--url", &world.url()])
        .args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing"])
        .args(["--seed", "20261122", "--max-examples", "20", "--workers", "1", "--no-shrink"])
        .args(["--suppress-health-check", "all", "--warnings", "off", "--continue-on-failure", "--no-color"])
        .arg("--report-dir")
        .arg(report)
        .current_dir(world.site.path("."))
        .env("PYTHONHASHSEED", "0")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{said}\n{}", String::from_utf8_lossy(&ended.stderr));
}
