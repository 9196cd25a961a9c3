//! The way that a message came, hop by hop.

use tegami_auth::received::{Hop, Tls};
use tegami_mail::note;

use super::Context;
use super::context::moment;
use super::prose::Prose;

/// All hops, in the order of time; nothing where there are none.
pub(super) fn tell(prose: &mut Prose<'_>, hops: &[Hop], context: &Context) {
    if hops.is_empty() {
        return;
    }
    let total: i64 = hops.iter().filter_map(|hop| hop.delay).map(|delay| delay.as_secs()).sum();
    let title = note!("cli-inspect-way", count = hops.len(), time = duration(total, context));
    prose.heading(&context.say(&title));
    for (number, hop) in hops.iter().enumerate() {
        tell_hop(prose, number + 1, hop, context);
    }
    if hops.iter().any(|hop| !hop.verified) {
        prose.paragraph(2, &word("unverified-why", context));
    }
}

fn word(id: &str, context: &Context) -> String {
    context.word(&format!("cli-inspect-{id}"))
}

fn tell_hop(prose: &mut Prose<'_>, number: usize, hop: &Hop, context: &Context) {
    let word = |id: &str| word(id, context);
    let at = hop.at.map_or_else(|| word("no-date"), moment);
    let delay = hop.delay.map(|delay| delay.as_secs()).map_or_else(String::new, |seconds| match seconds {
        0.. => format!("  +{}", duration(seconds, context)),
        _ => format!("  −{} {}", duration(-seconds, context), word("clocks-differ")),
    });
    let unverified = if hop.verified { String::new() } else { format!("  {}", word("unverified")) };
    prose.line(&format!("  {number}. {at}{delay}{unverified}"));
    let client = match (&hop.name, hop.ip) {
        (Some(name), Some(ip)) => format!(" ({name} [{ip}])"),
        (None, Some(ip)) => format!(" ([{ip}])"),
        (Some(name), None) => format!(" ({name})"),
        (None, None) => String::new(),
    };
    let from = hop.helo.as_deref().map(|helo| format!("{helo}{client} → ")).unwrap_or_default();
    let tls = match (hop.tls, &hop.tls_version) {
        (Tls::Used, Some(version)) => version.clone(),
        (Tls::Used, None) => word("tls-used"),
        (Tls::Clear, _) => word("tls-clear"),
        (Tls::Unknown, _) => word("tls-unknown"),
    };
    let by = hop.by.as_deref().unwrap_or("?");
    let with = hop.with.as_deref().map(|with| format!(", {with}")).unwrap_or_default();
    let recipient =
        hop.recipient.as_deref().map(|recipient| format!(", → <{recipient}>")).unwrap_or_default();
    prose.paragraph(5, &format!("{from}{by}{with}, {tls}{recipient}"));
    if hop.left_network {
        prose.paragraph(5, &word("left-network"));
    }
}

/// `35 s`, `2 min 5 s`, `3 h 20 min`, `2 d 4 h`.
fn duration(seconds: i64, context: &Context) -> String {
    let (sign, left) = if seconds < 0 { ("-", seconds.unsigned_abs()) } else { ("", seconds.unsigned_abs()) };
    let unit = |id: &str| word(&format!("unit-{id}"), context);
    let two = |big: u64, name: &str, small: u64, other: &str| match small {
        0 => format!("{sign}{big}{}", unit(name)),
        _ => format!("{sign}{big}{} {small}{}", unit(name), unit(other)),
    };
    match left {
        0..60 => format!("{sign}{left}{}", unit("s")),
        60..3_600 => two(left / 60, "min", left % 60, "s"),
        3_600..86_400 => two(left / 3_600, "h", left % 3_600 / 60, "min"),
        _ => two(left / 86_400, "d", left % 86_400 / 3_600, "h"),
    }
}
