//! The chain of Received fields (RFC 5321 section 4.4): which hosts handed a message on, and how long each took.
//!
//! The fields are written by every host as it pleases, so reading is tolerant: what is not found is left out. They are
//! also written by anybody: only what the judging host and those it trusts wrote is true. Everything below the field
//! that tells of the client's own connection is the client's word, and is marked as such.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tegami_mail::{HeaderSection, Host, date};

/// Fields that are read, from the top: more are a loop or an attack (RFC 5321 section 6.3 speaks of at least 100).
pub const MAX_HOPS: usize = 200;

/// One Received field. Texts are as they stand in the field, without controls, and not longer than 255 characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Hop {
    /// What the client called itself.
    pub helo: Option<String>,
    /// The name that the host found for the client's address.
    pub name: Option<String>,
    /// The client's address.
    pub ip: Option<IpAddr>,
    /// The host that wrote the field.
    pub by: Option<String>,
    /// The protocol (RFC 3848).
    pub with: Option<String>,
    /// The host's identifier of the message.
    pub id: Option<String>,
    /// The forward-path, without angle brackets.
    #[serde(rename = "for")]
    pub recipient: Option<String>,
    /// Whether the message came encrypted.
    pub tls: Tls,
    /// When.
    #[serde(rename = "date")]
    pub at: Option<Timestamp>,
    /// Since the hop before this one that has a date; negative where clocks disagree.
    #[serde(rename = "delay_seconds", serialize_with = "seconds")]
    pub delay: Option<SignedDuration>,
    /// The field was written by a host that is trusted here, not brought along by the client.
    pub verified: bool,
}

/// Whether a hop was encrypted, as far as the field tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// The protocol's name ends in S (RFC 3848), or TLS is told of in a comment.
    Used,
    /// The protocol is SMTP or ESMTP by name, and nothing tells of TLS.
    Clear,
    /// Nothing to go by.
    #[default]
    Unknown,
}

fn seconds<S: serde::Serializer>(delay: &Option<SignedDuration>, to: S) -> Result<S::Ok, S::Error> {
    match delay {
        Some(delay) => to.serialize_some(&delay.as_secs()),
        None => to.serialize_none(),
    }
}

/// All hops of a header section in the order of time, which is from the bottom up. `client` is the address of the SMTP
/// client that is being judged: the topmost field that tells of it, and those above, are trusted.
pub fn chain(section: &HeaderSection<'_>, client: Option<IpAddr>) -> Vec<Hop> {
    let fields = section.all("Received").take(MAX_HOPS);
    let mut hops: Vec<Hop> = fields.map(|field| Hop::parse(&field.unfolded())).collect();
    let client = client.map(|ip| ip.to_canonical());
    let trusted = hops.iter().position(|hop| hop.ip.is_some() && hop.ip == client);
    for hop in hops.iter_mut().take(trusted.map_or(0, |place| place + 1)) {
        hop.verified = true;
    }
    hops.reverse();
    let mut before: Option<Timestamp> = None;
    for hop in &mut hops {
        hop.delay = hop.at.zip(before).map(|(at, before)| at.duration_since(before));
        before = hop.at.or(before);
    }
    hops
}

/// The hop that most probably tells of the connection over which the message came in from outside: the topmost with a
/// public address, because hosts behind the first relay hand on from private ones; else the topmost with any.
pub fn entrance(hops: &[Hop]) -> Option<&Hop> {
    let from_top = || hops.iter().rev().filter(|hop| hop.ip.is_some());
    from_top().find(|hop| hop.ip.is_some_and(is_public)).or_else(|| from_top().next())
}

fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => !(ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified()),
        IpAddr::V6(ip) => {
            !(ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_unspecified())
        }
    }
}

impl Hop {
    /// Reads the unfolded value of a Received field; whatever it is, there is an answer.
    pub fn parse(value: &[u8]) -> Self {
        let text = String::from_utf8_lossy(value);
        let pieces = pieces(&text);
        let mut hop = Self::default();
        if let Some(date) = pieces.date {
            hop.at = date::parse(date).ok();
        }
        let mut clause = Clause::Other;
        let mut waiting = false;
        for piece in &pieces.list {
            match piece {
                Piece::Word(word) => {
                    if waiting {
                        hop.word(clause, word);
                        waiting = false;
                    } else if let Some(next) = Clause::named(word) {
                        clause = next;
                        waiting = true;
                    }
                }
                Piece::Comment(comment) => {
                    if clause == Clause::From {
                        hop.client(comment);
                    }
                    if tells_of_tls(comment) {
                        hop.tls = Tls::Used;
                    }
                }
            }
        }
        hop.tls = if hop.tls == Tls::Used { Tls::Used } else { tls_of(hop.with.as_deref()) };
        hop
    }

    fn word(&mut self, clause: Clause, word: &str) {
        let text = Some(plain(word));
        match clause {
            Clause::From => {
                self.ip = self.ip.or_else(|| address(word));
                self.helo = self.helo.take().or(text);
            }
            Clause::By => self.by = self.by.take().or(text),
            Clause::With => self.with = self.with.take().or(text),
            Clause::Id => self.id = self.id.take().or(text),
            Clause::For => {
                let inner = word.trim_start_matches('<').trim_end_matches('>');
                self.recipient = self.recipient.take().or_else(|| Some(plain(inner)));
            }
            Clause::Other => {}
        }
    }

    /// A comment after `from`: `mail.example.org [192.0.2.1]`, `[192.0.2.1] helo=mail.example.org`, `HELO mail.example.org`.
    fn client(&mut self, comment: &str) {
        let mut words = comment.split_ascii_whitespace();
        while let Some(word) = words.next() {
            if let Some(ip) = address(word) {
                self.ip = self.ip.or(Some(ip));
                continue;
            }
            let said = word.split_once('=').filter(|(key, _)| is_hello(key)).map(|(_, helo)| helo);
            let said = said.or_else(|| is_hello(word).then(|| words.next()).flatten());
            if let Some(helo) = said {
                // Then the word after `from` is the name that was found (qmail, Exim).
                let found = self.helo.replace(plain(helo)).filter(|name| is_name(name));
                self.name = self.name.take().or(found);
            } else if self.name.is_none() {
                let host = word.rsplit_once('@').map_or(word, |(_, host)| host).trim_end_matches('.');
                self.name = is_name(host).then(|| plain(host));
            }
        }
    }
}

fn is_hello(word: &str) -> bool {
    word.eq_ignore_ascii_case("helo") || word.eq_ignore_ascii_case("ehlo")
}

/// `unknown` is no name.
fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    text.contains('.') && text.chars().all(fits) && text.parse::<IpAddr>().is_err()
}

/// `[192.0.2.1]`, `[IPv6:2001:db8::1]`, and both without brackets or with a port after them.
fn address(word: &str) -> Option<IpAddr> {
    let word = word.trim_matches(|c: char| matches!(c, ',' | ';'));
    let inner = word.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(word, |(inner, _)| inner);
    let found = inner.parse().ok().or_else(|| match Host::parse(&format!("[{inner}]")) {
        Ok(Host::Literal(ip)) => Some(ip),
        _ => None,
    });
    let found: Option<IpAddr> = found.or_else(|| inner.rsplit_once(':')?.0.parse().ok().map(IpAddr::V4));
    found.map(|ip| ip.to_canonical())
}

fn tells_of_tls(comment: &str) -> bool {
    let comment = comment.to_ascii_lowercase();
    comment.contains("tls") || comment.contains("cipher")
}

/// RFC 3848 and RFC 6531 section 4.3: an S after SMTP or LMTP says TLS.
fn tls_of(with: Option<&str>) -> Tls {
    let Some(with) = with.map(str::to_ascii_uppercase) else { return Tls::Unknown };
    let Some((_, after)) = with.split_once("SMTP").or_else(|| with.split_once("LMTP")) else {
        return Tls::Unknown;
    };
    match after {
        "S" | "SA" => Tls::Used,
        "" | "A" if with.contains("SMTP") => Tls::Clear,
        _ => Tls::Unknown,
    }
}

/// A stranger's words, fit for people.
fn plain(text: &str) -> String {
    text.chars().take(255).map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clause {
    From,
    By,
    With,
    Id,
    For,
    Other,
}

impl Clause {
    fn named(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "from" => Self::From,
            "by" => Self::By,
            "with" => Self::With,
            "id" => Self::Id,
            "for" => Self::For,
            "via" => Self::Other,
            _ => return None,
        })
    }
}

#[derive(Clone, Copy, Debug)]
enum Piece<'a> {
    Word(&'a str),
    Comment(&'a str),
}

struct Pieces<'a> {
    list: Vec<Piece<'a>>,
    /// What follows the last semicolon outside comments.
    date: Option<&'a str>,
}

/// Words and outermost comments; one that does not end goes to the end.
fn pieces(text: &str) -> Pieces<'_> {
    let mut list = Vec::new();
    let (mut depth, mut start) = (0_usize, None::<usize>);
    let mut date = None;
    let mut escaped = false;
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    for (at, c) in text.char_indices() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match c {
            '\\' => escaped = true,
            '(' => {
                if depth == 0 {
                    list.extend(start.replace(at + 1).map(|from| Piece::Word(part(from, at))));
                }
                depth += 1;
            }
            ')' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    list.extend(start.take().map(|from| Piece::Comment(part(from, at))));
                }
            }
            ';' if depth == 0 => {
                list.extend(start.take().map(|from| Piece::Word(part(from, at))));
                date = Some(at + 1);
            }
            c if c.is_whitespace() && depth == 0 => {
                list.extend(start.take().map(|from| Piece::Word(part(from, at))));
            }
            _ if start.is_none() => start = Some(at),
            _ => {}
        }
    }
    if let Some(from) = start {
        let rest = part(from, text.len());
        list.push(if depth > 0 { Piece::Comment(rest) } else { Piece::Word(rest) });
    }
    Pieces { list, date: date.map(|from| part(from, text.len())) }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;
    use tegami_mail::HeaderLimits;

    use super::*;

    fn check(value: &str, expect: &Expect) {
        let hop = Hop::parse(value.as_bytes());
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        expect.assert_eq(&format!(
            "helo={} name={} ip={} by={} with={} id={} for={} tls={:?} at={}",
            text(&hop.helo),
            text(&hop.name),
            hop.ip.map_or_else(|| "-".to_owned(), |ip| ip.to_string()),
            text(&hop.by),
            text(&hop.with),
            text(&hop.id),
            text(&hop.recipient),
            hop.tls,
            hop.at.map_or_else(|| "-".to_owned(), |at| at.to_string())
        ));
    }

    const DATE: &str = "; Mon, 6 Jul 2026 09:30:00 +0900 (JST)";

    #[test]
    fn as_servers_write_them() {
        check(
            &format!(
                "from mx.example.org (mail.example.org [192.0.2.1]) (using TLSv1.3 with cipher TLS_AES (256/256 bits)) by in.example.net (Postfix) with ESMTPS id 4AB for <b@example.net>{DATE}"
            ),
            &expect![[
                r#"helo=mx.example.org name=mail.example.org ip=192.0.2.1 by=in.example.net with=ESMTPS id=4AB for=b@example.net tls=Used at=2026-07-06T00:30:00Z"#
            ]],
        );
        check(
            &format!("from unknown (HELO mx.example.org) (192.0.2.1) by 0 with SMTP{DATE}"),
            &expect![[
                r#"helo=mx.example.org name=- ip=192.0.2.1 by=0 with=SMTP id=- for=- tls=Clear at=2026-07-06T00:30:00Z"#
            ]],
        );
        check(
            &format!(
                "from mail.example.org ([2001:db8::1]:49152 helo=mx.example.org) by in.example.net with esmtps (TLS1.3) tls TLS_AES_256 (Exim 4.96) (envelope-from <a@example.org>) id 1xyz-000 for b@example.net{DATE}"
            ),
            &expect![[
                r#"helo=mx.example.org name=mail.example.org ip=2001:db8::1 by=in.example.net with=esmtps id=1xyz-000 for=b@example.net tls=Used at=2026-07-06T00:30:00Z"#
            ]],
        );
        check(
            &format!(
                "from mail.example.org (mail.example.org. [192.0.2.1]) by mx.example.com with ESMTPS id a-1.2 for <b@example.com> (version=TLS1_3 cipher=X bits=256/256){DATE}"
            ),
            &expect![[
                r#"helo=mail.example.org name=mail.example.org ip=192.0.2.1 by=mx.example.com with=ESMTPS id=a-1.2 for=b@example.com tls=Used at=2026-07-06T00:30:00Z"#
            ]],
        );
        check(
            "by 2001:db8:0:0::7 with SMTP id x; Tue, 3 Jan 2017 12:22:54 -0800 (PST)",
            &expect![[
                r#"helo=- name=- ip=- by=2001:db8:0:0::7 with=SMTP id=x for=- tls=Clear at=2017-01-03T20:22:54Z"#
            ]],
        );
        check(
            &format!(
                "from [IPv6:2001:db8::9] (root@host.example.org [2001:db8::9] (may be forged)) by x via TCP with HTTP{DATE}"
            ),
            &expect![[
                r#"helo=[IPv6:2001:db8::9] name=host.example.org ip=2001:db8::9 by=x with=HTTP id=- for=- tls=Unknown at=2026-07-06T00:30:00Z"#
            ]],
        );
        check("nonsense", &expect!["helo=- name=- ip=- by=- with=- id=- for=- tls=Unknown at=-"]);
        check(
            "from a (b (c [192.0.2.1",
            &expect!["helo=a name=- ip=- by=- with=- id=- for=- tls=Unknown at=-"],
        );
    }

    const CHAIN: &[u8] = b"Received: by store.example.net with LMTP; Mon, 6 Jul 2026 00:00:30 +0000\r\n\
        Received: from mx.example.org (mx.example.org [192.0.2.1]) by in.example.net with ESMTPS;\r\n\tMon, 6 Jul 2026 00:00:20 +0000\r\n\
        Received: from forged ([198.51.100.1]) by nobody; sometime\r\n\
        Received: from pc ([10.0.0.1]) by mx.example.org; Mon, 6 Jul 2026 00:00:00 +0000\r\n";

    #[test]
    fn hops_come_in_the_order_of_time() {
        let section = HeaderSection::parse(CHAIN, HeaderLimits::GENEROUS).unwrap();
        let hops = chain(&section, "192.0.2.1".parse().ok());
        let seen: Vec<_> =
            hops.iter().map(|hop| (hop.delay.map(|delay| delay.as_secs()), hop.verified)).collect();
        assert_eq!(seen, [(None, false), (None, false), (Some(20), true), (Some(10), true)]);
        assert_eq!(entrance(&hops).unwrap().helo.as_deref(), Some("mx.example.org"));
        assert!(chain(&section, None).iter().all(|hop| !hop.verified));
        assert_eq!(entrance(&hops[3..]), None);
    }

    proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>, words in "((from|by|with|id|for|via|helo=)? ?[(;)\\[\\]<>a1.: \\\\あ]{0,6}){0,12}") {
            for value in [bytes.as_slice(), words.as_bytes()] {
                let hop = Hop::parse(value);
                let texts = [&hop.helo, &hop.name, &hop.by, &hop.with, &hop.id, &hop.recipient];
                prop_assert!(texts.into_iter().flatten().all(|text| !text.contains(char::is_control)));
            }
        }
    }
}
