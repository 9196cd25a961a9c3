//! What became of TLS in one session, in the words of RFC 8460: what daily reports are counted from.

use jiff::Timestamp;
use tegami_mail::Domain;
use tegami_report::tls_rpt;

/// The TLS of one session with an MX host, or a policy that could not be applied. Sessions with smarthosts and with literals are not observed: nobody
/// asks for reports about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// When.
    pub at: Timestamp,
    /// The recipients' domain, whom the report is for: `_smtp._tls` below it names the addresses.
    pub domain: Domain,
    /// The policy that was applied: `policy-type`, `policy-string`, `policy-domain`, `mx-host`.
    pub policy: tls_rpt::Policy,
    /// `None` for a session that kept to the policy; else `result-type`, `sending-mta-ip`, `receiving-mx-hostname`, `receiving-ip` and, as
    /// `failure-reason-code`, what our TLS library or our rule says.
    pub failure: Option<tls_rpt::Failure>,
}

/// Somebody who wants to know. Called within the attempt: whoever has much to do does it elsewhere.
pub trait Observe: Send + Sync {
    /// One more.
    fn observe(&self, observation: Observation);
}
