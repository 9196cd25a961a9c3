//! The requirements, as one table.

use super::Provider;

/// How much a provider demands something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// It is demanded.
    Must,
    /// One of those that are so demanded is enough.
    Or,
    /// It is advised.
    Should,
}

impl Demand {
    /// The word of the JSON; the sentence `provider-demand-WORD` says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Or => "or",
            Self::Should => "should",
        }
    }
}

/// A requirement: which checks tell of it, who has it, and what is answered where it is not met.
#[derive(Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The sentence `provider-requirement-ID` names it.
    pub id: &'static str,
    /// Checks, or with a dot at the end families of them.
    pub checks: &'static [&'static str],
    /// Those of them of which a warning too says that it is not met.
    pub decisive: &'static [&'static str],
    /// In the order of [`Provider::ALL`].
    pub demands: [Option<Demand>; 7],
    /// Documented replies.
    pub codes: &'static [(Provider, &'static str)],
}

impl Requirement {
    /// Whether the check tells of it.
    pub fn asks(&self, check: &str) -> bool {
        self.checks.iter().any(|id| *id == check || id.ends_with('.') && check.starts_with(id))
    }

    /// Whether a warning of the check says that it is not met.
    pub fn decides(&self, check: &str) -> bool {
        self.decisive.contains(&check)
    }

    /// How much the provider demands it.
    pub fn demand(&self, provider: Provider) -> Option<Demand> {
        let place = Provider::ALL.iter().position(|one| *one == provider)?;
        self.demands.get(place).copied().flatten()
    }

    /// What the provider is documented to answer where it is not met.
    pub fn code(&self, provider: Provider) -> Option<&'static str> {
        self.codes.iter().find(|(of, _)| *of == provider).map(|(_, code)| *code)
    }
}

use Provider::{Gmail, GmailBulk, ICloudBulk, OutlookBulk, Yahoo, YahooBulk};

const MUST: Option<Demand> = Some(Demand::Must);
const OR: Option<Demand> = Some(Demand::Or);
const SHOULD: Option<Demand> = Some(Demand::Should);
const NO: Option<Demand> = None;

/// All requirements. The columns: Gmail, Gmail bulk, Yahoo, Yahoo bulk, Outlook.com above 5,000 a day, iCloud bulk, Japanese carriers.
pub const REQUIREMENTS: &[Requirement] = &[
    Requirement {
        id: "spf",
        checks: &["spf.", "msg.spf", "msg.both-pass"],
        decisive: &["msg.spf", "spf.ip-covered"],
        demands: [OR, MUST, OR, MUST, MUST, MUST, SHOULD],
        codes: &[(Gmail, "550 5.7.26"), (GmailBulk, "550 5.7.27"), (OutlookBulk, "550 5.7.515")],
    },
    Requirement {
        id: "dkim",
        checks: &["dkim.", "msg.dkim", "msg.dkim-present", "msg.dkim-bh-only", "msg.dkim-h-from"],
        decisive: &["msg.dkim", "msg.dkim-present", "msg.dkim-bh-only"],
        demands: [OR, MUST, OR, MUST, MUST, MUST, SHOULD],
        codes: &[(Gmail, "550 5.7.26"), (GmailBulk, "550 5.7.30"), (OutlookBulk, "550 5.7.515")],
    },
    Requirement {
        id: "dmarc",
        checks: &["dmarc.exists", "dmarc.bad-policy", "msg.dmarc"],
        decisive: &["dmarc.exists", "msg.dmarc"],
        demands: [NO, MUST, NO, MUST, MUST, MUST, NO],
        codes: &[(GmailBulk, "550 5.7.40"), (YahooBulk, "550 5.7.9"), (OutlookBulk, "550 5.7.515")],
    },
    Requirement {
        id: "policy",
        checks: &["msg.dmarc"],
        decisive: &[],
        demands: [MUST, NO, MUST, NO, NO, NO, NO],
        codes: &[(Gmail, "550 5.7.26"), (Yahoo, "550 5.7.9")],
    },
    Requirement {
        id: "aligned",
        checks: &["msg.aligned"],
        decisive: &["msg.aligned"],
        demands: [NO, MUST, NO, MUST, MUST, NO, NO],
        codes: &[(GmailBulk, "421 4.7.32"), (OutlookBulk, "550 5.7.515")],
    },
    Requirement {
        id: "reverse-dns",
        checks: &["ip.ptr-exists", "ip.fcrdns", "ip.ptr-generic", "ip.v6-parity", "msg.ptr-helo-tls"],
        decisive: &["ip.ptr-exists", "ip.fcrdns"],
        demands: [MUST, MUST, MUST, MUST, MUST, MUST, NO],
        codes: &[(Gmail, "550 5.7.25"), (GmailBulk, "550 5.7.25")],
    },
    Requirement {
        id: "tls",
        checks: &["tls.outbound"],
        decisive: &["tls.outbound"],
        demands: [MUST, MUST, NO, NO, NO, NO, NO],
        codes: &[(Gmail, "550 5.7.29"), (GmailBulk, "550 5.7.29")],
    },
    Requirement {
        id: "format",
        checks: &[
            "msg.from-count",
            "msg.from-valid",
            "msg.single-headers",
            "msg.message-id",
            "msg.date",
            "msg.encoded-word",
            "msg.from-8bit",
            "msg.header-size",
            "msg.line-length",
            "msg.eol",
            "msg.mime-structure",
            "msg.bcc",
        ],
        decisive: &[],
        demands: [MUST, MUST, MUST, MUST, MUST, MUST, SHOULD],
        codes: &[(Gmail, "550 5.7.1"), (GmailBulk, "550 5.7.1")],
    },
    Requirement {
        id: "unsubscribe",
        checks: &["bulk.unsub-header", "bulk.unsub-endpoint", "bulk.unsub-signed", "bulk.unsub-latency"],
        decisive: &["bulk.unsub-header"],
        demands: [NO, MUST, NO, MUST, SHOULD, NO, NO],
        codes: &[],
    },
    Requirement {
        id: "unsubscribe-link",
        checks: &["ct.unsub-visible"],
        decisive: &["ct.unsub-visible"],
        demands: [NO, MUST, NO, NO, MUST, MUST, NO],
        codes: &[],
    },
    Requirement {
        id: "complaints",
        checks: &["bulk.complaint-rate"],
        decisive: &[],
        demands: [MUST, MUST, MUST, MUST, SHOULD, NO, NO],
        codes: &[
            (Gmail, "421 4.7.28"),
            (GmailBulk, "421 4.7.28"),
            (Yahoo, "421 TSS04"),
            (YahooBulk, "421 TSS04"),
        ],
    },
    Requirement {
        id: "no-imitation",
        checks: &["msg.from-valid"],
        decisive: &["msg.from-valid"],
        demands: [MUST, MUST, NO, NO, NO, NO, NO],
        codes: &[],
    },
    Requirement {
        id: "sender-exists",
        checks: &[
            "dns.exists",
            "dns.soa-for-sender-subdomain",
            "msg.envelope-from",
            "msg.return-path-deliverable",
            "mx.null",
        ],
        decisive: &["dns.exists", "dns.soa-for-sender-subdomain", "msg.envelope-from"],
        demands: [NO, NO, MUST, MUST, NO, MUST, NO],
        codes: &[(Yahoo, "451"), (YahooBulk, "451"), (ICloudBulk, "450 4.1.8")],
    },
    Requirement {
        id: "not-listed",
        checks: &["rbl.ip.zen", "rbl.domain.dbl"],
        decisive: &[],
        demands: [NO, NO, MUST, MUST, MUST, MUST, NO],
        codes: &[(Yahoo, "553 BL21"), (YahooBulk, "553 BL21"), (OutlookBulk, "550 OU-001")],
    },
    Requirement {
        id: "author-receives",
        checks: &["mx.from-domain"],
        decisive: &["mx.from-domain"],
        demands: [NO, NO, NO, NO, NO, NO, MUST],
        codes: &[(Provider::JpCarriers, "550")],
    },
];
