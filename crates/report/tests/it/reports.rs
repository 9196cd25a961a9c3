//! Complaints and TLS reports of the suites.

use std::path::{Path, PathBuf};

use tegami_report::{arf, tls_rpt};

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|found| found == ending));
    files.sort();
    files
}

#[test]
fn complaints() {
    let Some(folder) = crate::suites("reports/mail-auth-rs-0.11/arf") else { return };
    for path in files(&folder, "eml") {
        let complaint = arf::read(&std::fs::read(&path).unwrap());
        let complaint = complaint.unwrap_or_else(|| panic!("{} is not read", path.display()));
        let expected = path.with_extension("json");
        if let Ok(json) = std::fs::read(expected) {
            let expected: serde_json::Value = serde_json::from_slice(&json).unwrap();
            assert_eq!(Some(complaint.user_agent.as_str()), expected["user_agent"].as_str());
            assert_eq!(
                complaint.feedback_type,
                expected["feedback_type"].as_str().unwrap().to_ascii_lowercase()
            );
            assert_eq!(
                complaint.source_ip.map(|ip| ip.to_string()).as_deref(),
                expected["source_ip"].as_str()
            );
        }
    }
    let Some(folder) = crate::suites("bounce/sisimai/maildir/bsd") else { return };
    let real: Vec<PathBuf> = files(&folder, "eml")
        .into_iter()
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("arf-"))
        .collect();
    let unread: Vec<&PathBuf> =
        real.iter().filter(|path| arf::read(&std::fs::read(path).unwrap()).is_none()).collect();
    eprintln!("{} real complaints, not read: {unread:?}", real.len());
    // The one left is a request to unsubscribe, in sentences.
    assert!(unread.len() <= 1);
}

#[test]
fn tls_reports() {
    let mut read = 0;
    for folder in ["reports/mail-auth-rs-0.11/tlsrpt", "reports/parsedmarc/smtp_tls"] {
        let Some(folder) = crate::suites(folder) else { return };
        for path in files(&folder, "json") {
            let report = tls_rpt::Report::read(&std::fs::read(&path).unwrap());
            let report = report.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(tls_rpt::Report::read(&report.write().unwrap()).unwrap(), report);
            read += 1;
        }
        for path in files(&folder, "eml") {
            let attached = tls_rpt::attached(&std::fs::read(&path).unwrap());
            assert!(attached.is_some(), "{}", path.display());
            read += 1;
        }
    }
    let Some(path) = crate::suites("reports/mox/tlsreports/example.eml") else { return };
    let (coding, octets) = tls_rpt::attached(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!((coding, octets.len()), (tls_rpt::Coding::Gzip, 306));
    eprintln!("{} TLS reports read", read + 1);
}
