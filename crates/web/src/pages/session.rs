//! One attempt as the pages show it: hosts, connections, what was said, what the reply means.

use jiff::Timestamp;
use serde::Deserialize;
use tegami_mail::failure::{self, Cause, Said};
use tegami_mail::{EnhancedStatusCode, Reply, Speaker, Transcript};
use tegami_store::Attempt;

use super::reader::Reader;
use super::show::{Badge, Moment, offset, visible};
use super::visit::VisitView;

/// An attempt's record in the shape that `outbound` gives it, the sentences already in the reader's language.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Told {
    next_hop: String,
    way: String,
    local: bool,
    steps: Vec<String>,
    hosts: Vec<HostTry>,
    recipients: Vec<RecipientResult>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct HostTry {
    host: String,
    ip: String,
    port: u16,
    preference: Option<u16>,
    connected: bool,
    reused: bool,
    fallback_to_clear: bool,
    tls: Option<Tls>,
    transcript: Transcript,
    failure: Option<Failure>,
    duration_ms: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tls {
    version: String,
    cipher: String,
    trusted: bool,
    reason: Option<String>,
    certificate: Option<Certificate>,
}

/// The server's certificate.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Certificate {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) names: Vec<String>,
    pub(crate) not_before: Option<String>,
    pub(crate) not_after: Option<String>,
    pub(crate) sha256: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Failure {
    detail: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RecipientResult {
    address: String,
    result: String,
    reply: Option<Reply>,
    failure: Option<Failure>,
}

/// One attempt.
#[derive(Debug)]
pub(crate) struct AttemptView {
    pub(crate) number: usize,
    pub(crate) at: Moment,
    pub(crate) offset: String,
    pub(crate) next_hop: String,
    /// How the hosts were found, in words.
    pub(crate) way: String,
    pub(crate) local: bool,
    /// The record itself, where it cannot be read.
    pub(crate) raw: Option<String>,
    pub(crate) steps: Vec<String>,
    pub(crate) hosts: Vec<HostView>,
    pub(crate) recipients: Vec<RecipientView>,
}

/// One connection that was tried.
#[derive(Debug)]
pub(crate) struct HostView {
    pub(crate) key: String,
    pub(crate) host: String,
    pub(crate) endpoint: String,
    pub(crate) preference: Option<u16>,
    pub(crate) connected: bool,
    pub(crate) reused: bool,
    pub(crate) fallback_to_clear: bool,
    pub(crate) tls: Option<TlsView>,
    pub(crate) failure: Option<String>,
    pub(crate) duration: String,
    pub(crate) transcript: Vec<LineView>,
    /// The same transaction, as the host saw it.
    pub(crate) visits: Vec<VisitView>,
}

/// TLS of one connection.
#[derive(Debug)]
pub(crate) struct TlsView {
    pub(crate) version: String,
    pub(crate) cipher: String,
    pub(crate) trusted: bool,
    pub(crate) reason: Option<String>,
    pub(crate) certificate: Option<Certificate>,
}

/// What became of one recipient in this attempt.
#[derive(Debug)]
pub(crate) struct RecipientView {
    pub(crate) address: String,
    pub(crate) badge: Badge,
    pub(crate) reply: Option<ReplyView>,
    pub(crate) sentence: Option<String>,
}

/// A reply with its meaning.
#[derive(Debug)]
pub(crate) struct ReplyView {
    pub(crate) text: String,
    pub(crate) meaning: String,
    /// What to do about a refusal; empty otherwise.
    pub(crate) advice: String,
    /// Where the provider documents it.
    pub(crate) source: Option<String>,
}

/// One line of a transcript.
#[derive(Debug)]
pub(crate) struct LineView {
    /// `client`, `server`, `remark`: a class of the style sheet.
    pub(crate) speaker: &'static str,
    /// `C`, `S`, or nothing.
    pub(crate) mark: &'static str,
    pub(crate) after: String,
    pub(crate) text: String,
}

impl AttemptView {
    /// Of what was stored. The visits are given to the hosts where they belong; the others stay with the caller.
    pub(crate) fn new(
        reader: &Reader,
        number: usize,
        accepted: Timestamp,
        attempt: &Attempt,
        next: Option<&Attempt>,
        visits: &mut Vec<(Option<Timestamp>, VisitView)>,
    ) -> Self {
        let told = tegami_words::told(reader.language, &attempt.record.value());
        // A record of another shape is shown as it is, so that nothing is lost.
        let raw = format!("{told:#}");
        let (told, raw) = match serde_json::from_value::<Told>(told) {
            Ok(told) => (told, None),
            Err(_) => (Told::default(), Some(visible(&raw))),
        };
        let end = told.hosts.iter().map(|host| host.duration_ms).sum::<u64>();
        let window = Window::new(attempt.at, end, next.map(|next| next.at));
        let last_host = told.hosts.last().map(|host| host.host.clone());
        let hosts = told.hosts.into_iter().enumerate();
        let of_recipient = |found| RecipientView::new(reader, found, last_host.as_deref());
        Self {
            number,
            at: Moment::new(attempt.at),
            offset: offset(accepted, attempt.at),
            next_hop: visible(&told.next_hop),
            way: match told.way.as_str() {
                "mx" => reader.say("web-way-mx"),
                "implicit-mx" => reader.say("web-way-implicit-mx"),
                "literal" => reader.say("web-way-literal"),
                "smarthost" => reader.say("web-way-smarthost"),
                _ => String::new(),
            },
            local: told.local,
            raw,
            steps: told.steps.iter().map(|step| visible(step)).collect(),
            hosts: hosts
                .map(|(at, host)| HostView::new(reader, format!("a{number}h{at}"), host, &window, visits))
                .collect(),
            recipients: told.recipients.into_iter().map(of_recipient).collect(),
        }
    }
}

/// When a visit belongs to an attempt: both are written by the clock of one machine, the visit after the attempt began, and not
/// much after it ended; and not when the next one had begun.
struct Window {
    begin: i64,
    end: i64,
}

impl Window {
    fn new(at: Timestamp, duration_ms: u64, next: Option<Timestamp>) -> Self {
        let begin = at.as_millisecond();
        let duration = i64::try_from(duration_ms).unwrap_or(i64::MAX);
        let end = begin.saturating_add(duration).saturating_add(1_500);
        let next = next.map_or(i64::MAX, |next| next.as_millisecond() - 1);
        Self { begin, end: end.min(next) }
    }

    fn holds(&self, at: Option<Timestamp>) -> bool {
        at.is_some_and(|at| (self.begin..=self.end).contains(&at.as_millisecond()))
    }
}

impl HostView {
    fn new(
        reader: &Reader,
        key: String,
        host: HostTry,
        window: &Window,
        visits: &mut Vec<(Option<Timestamp>, VisitView)>,
    ) -> Self {
        let name = host.host.trim_end_matches('.');
        let mine = visits
            .extract_if(.., |(at, visit)| host.connected && visit.host == name && window.holds(*at))
            .map(|(_, visit)| visit)
            .collect();
        Self {
            key,
            endpoint: if host.ip.contains(':') {
                format!("[{}]:{}", host.ip, host.port)
            } else {
                format!("{}:{}", host.ip, host.port)
            },
            host: visible(&host.host),
            preference: host.preference,
            connected: host.connected,
            reused: host.reused,
            fallback_to_clear: host.fallback_to_clear,
            tls: host.tls.map(|tls| TlsView {
                version: visible(&tls.version),
                cipher: visible(&tls.cipher),
                trusted: tls.trusted,
                reason: tls.reason.as_deref().map(visible),
                certificate: tls.certificate,
            }),
            failure: host.failure.map(|failure| visible(&failure.detail)),
            duration: reader.say_with("web-host-duration", "milliseconds", &host.duration_ms),
            transcript: lines(&host.transcript),
            visits: mine,
        }
    }
}

impl RecipientView {
    fn new(reader: &Reader, found: RecipientResult, host: Option<&str>) -> Self {
        let transient = found.reply.as_ref().is_some_and(|reply| reply.code < 500);
        let (id, tone) = match found.result.as_str() {
            "delivered" => ("web-result-delivered", "good"),
            "possibly-delivered" => ("web-result-possibly-delivered", "wait"),
            _ if transient => ("web-result-not-now", "wait"),
            _ if found.reply.is_none() => ("web-result-failed", "wait"),
            _ => ("web-result-refused", "bad"),
        };
        Self {
            address: visible(&found.address),
            badge: Badge { word: reader.say(id), tone },
            reply: found.reply.map(|reply| ReplyView::new(reader, &reply, host)),
            sentence: found.failure.map(|failure| visible(&failure.detail)),
        }
    }
}

impl ReplyView {
    /// As a host said it, where that is known.
    pub(crate) fn new(reader: &Reader, reply: &Reply, host: Option<&str>) -> Self {
        let plain = meaning(reader, reply.code, reply.enhanced);
        Self::explained(reader, &reply.to_string(), &Said::of(reply).from_host(host), plain)
    }

    /// A reply in one line, as a host said it.
    pub(crate) fn said(reader: &Reader, text: &str, host: Option<&str>) -> Self {
        let said = Said::parse(text);
        let plain = meaning(reader, said.code.unwrap_or_default(), said.enhanced);
        Self::explained(reader, text, &said.from_host(host), plain)
    }

    /// A refusal by what is known of it; what nobody knows, and what is no refusal, by its codes.
    fn explained(reader: &Reader, text: &str, said: &Said, plain: String) -> Self {
        let text = visible(text);
        let verdict = said.code.filter(|code| *code >= 400).map(|_| failure::classify(said));
        match verdict.filter(|verdict| verdict.cause != Cause::Unknown) {
            Some(verdict) => Self {
                text,
                meaning: visible(&reader.stored(&verdict.meaning)),
                advice: visible(&reader.stored(&verdict.advice)),
                source: verdict.source,
            },
            None => Self { text, meaning: plain, advice: String::new(), source: None },
        }
    }

    /// From a reply as text: `550 5.1.1 no such user`.
    pub(crate) fn from_text(reader: &Reader, text: &str) -> Self {
        let mut words = text.split_ascii_whitespace();
        let code = words.next().and_then(|word| word.parse().ok()).unwrap_or_default();
        let enhanced = words.next().and_then(|word| word.parse().ok());
        Self {
            text: visible(text),
            meaning: meaning(reader, code, enhanced),
            advice: String::new(),
            source: None,
        }
    }
}

/// Enhanced status codes that have a sentence of their own, without their class (RFC 3463 section 3 and the IANA registry;
/// `x.7.25` and the following RFC 8601 section 7 and RFC 7372, `x.7.29` Gmail's documentation).
const KNOWN: [&str; 22] = [
    "1.1", "1.2", "1.3", "1.8", "1.10", "2.1", "2.2", "2.3", "3.4", "4.1", "4.2", "4.4", "4.6", "4.7", "7.1",
    "7.20", "7.23", "7.24", "7.25", "7.26", "7.27", "7.29",
];

/// What a reply means: the precise condition where it is known, else the part of the system, else the class.
fn meaning(reader: &Reader, code: u16, enhanced: Option<EnhancedStatusCode>) -> String {
    let class = match code {
        200..=299 => return reader.say("web-status-class-2"),
        400..=499 => reader.say("web-status-class-4"),
        500..=599 => reader.say("web-status-class-5"),
        _ => return String::new(),
    };
    let Some(enhanced) = enhanced else { return class };
    let condition = format!("{}.{}", enhanced.subject, enhanced.detail);
    let precise = if KNOWN.contains(&condition.as_str()) {
        reader.say(&format!("web-status-{}-{}", enhanced.subject, enhanced.detail))
    } else if (1..=7).contains(&enhanced.subject) {
        reader.say(&format!("web-status-subject-{}", enhanced.subject))
    } else {
        return class;
    };
    // Japanese sentences follow each other without a blank.
    let blank = if reader.tag() == "ja" { "" } else { " " };
    format!("{precise}{blank}{class}")
}

/// The lines of a session.
pub(crate) fn lines(transcript: &Transcript) -> Vec<LineView> {
    let view = |line: &tegami_mail::TranscriptLine| {
        let (speaker, mark) = match line.speaker {
            Speaker::Client => ("client", "C"),
            Speaker::Server => ("server", "S"),
            Speaker::Remark => ("remark", ""),
        };
        let millis = line.after.as_millis();
        LineView {
            speaker,
            mark,
            after: format!("{}.{:03}", millis / 1000, millis % 1000),
            text: visible(&line.text),
        }
    };
    transcript.lines.iter().map(view).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tegami_words::{Language, plain};

    /// Identifiers that no macro names are looked up here, or a page would show the identifier.
    #[test]
    fn every_sentence_that_pages_name_stands_in_both_languages() {
        let mut ids: Vec<String> =
            KNOWN.iter().map(|known| format!("web-status-{}", known.replace('.', "-"))).collect();
        ids.extend((1..=7).map(|subject| format!("web-status-subject-{subject}")));
        for method in ["iprev", "spf", "spf-helo", "dkim", "arc", "dmarc"] {
            ids.extend([format!("web-method-{method}"), format!("web-meaning-{method}")]);
        }
        for folder in ["templates", "src/pages"] {
            let folder = format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"));
            for file in std::fs::read_dir(folder).unwrap() {
                let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
                let named =
                    |piece: &&str| piece.starts_with("web-") && piece.len() > 4 && !piece.contains('{');
                ids.extend(text.split('"').filter(named).map(str::to_owned));
            }
        }
        assert!(ids.len() > 100, "{}", ids.len());
        for id in ids {
            for language in Language::ALL {
                assert_ne!(plain(language, &id), id, "{language} has no {id}");
            }
        }
    }
}
