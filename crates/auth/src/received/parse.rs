//! Reading one Received field, however it is written.

use std::net::IpAddr;

use tegami_mail::{Host, date};

use super::{Hop, Tls};

/// Words that the names of protocols and links are made of: `Microsoft SMTP Server`, `Frontend Transport`.
const MOST_WORDS: usize = 4;

impl Hop {
    /// Reads the unfolded value of a Received field; whatever it is, there is an answer.
    pub fn parse(value: &[u8]) -> Self {
        let text = String::from_utf8_lossy(value);
        let pieces = Pieces::read(&text);
        let mut hop = Self { at: pieces.date(), ..Self::default() };
        let mut clause = Clause::Other;
        let mut words = 0;
        for piece in &pieces.list {
            match piece {
                Piece::Word(word) => match Clause::named(word) {
                    Some(next) => (clause, words) = (next, 0),
                    None => {
                        hop.word(clause, words, word);
                        words += 1;
                    }
                },
                Piece::Comment(comment) => hop.comment(clause, comment),
                Piece::Semicolon => clause = Clause::Other,
            }
        }
        hop.tls = if hop.tls == Tls::Used { Tls::Used } else { tls_of(hop.with.as_deref()) };
        hop
    }

    /// The word of a clause, counted from 0.
    fn word(&mut self, clause: Clause, number: usize, word: &str) {
        let text = Some(plain(word));
        match clause {
            Clause::From if number == 0 => {
                self.ip = self.ip.or_else(|| address(word));
                self.helo = self.helo.take().or(text);
            }
            // Old servers write the address without a comment around it.
            Clause::From if number == 1 => self.ip = self.ip.or_else(|| address(word)),
            Clause::By if number == 0 => {
                self.by_ip = self.by_ip.or_else(|| address(word));
                self.by = self.by.take().or(text);
            }
            Clause::With => append(&mut self.with, number, word),
            Clause::Via => append(&mut self.via, number, word),
            Clause::Tls => self.secured(word),
            Clause::Id if number == 0 => self.id = self.id.take().or(text),
            Clause::For if number == 0 => {
                let inner = word.trim_start_matches('<').trim_end_matches(['>', ',']);
                self.recipient = self.recipient.take().or_else(|| Some(plain(inner)));
            }
            _ => {}
        }
    }

    fn comment(&mut self, clause: Clause, comment: &str) {
        if tells_of_tls(comment) {
            self.secured(comment);
            // It may stand where the client is told of, and even beside its address.
            if !comment.contains('[') {
                return;
            }
        }
        match clause {
            Clause::From => self.client(comment),
            Clause::By => {
                let words = comment.split_ascii_whitespace();
                self.by_ip = self.by_ip.or_else(|| words.into_iter().find_map(address));
            }
            _ => {}
        }
    }

    /// A comment after `from`: `mail.example.org [192.0.2.1]`, `[192.0.2.1] helo=mail.example.org`, `HELO mail.example.org`.
    fn client(&mut self, comment: &str) {
        let mut words = comment.split_ascii_whitespace().enumerate().peekable();
        while let Some((number, word)) = words.next() {
            let host = word.rsplit_once('@').map_or(word, |(_, host)| host);
            if let Some(ip) = address(host) {
                self.ip = self.ip.or(Some(ip));
                continue;
            }
            let said = word.split_once('=').filter(|(key, _)| is_hello(key)).map(|(_, helo)| helo);
            let said = said.or_else(|| is_hello(word).then(|| words.next()).flatten().map(|(_, helo)| helo));
            if let Some(helo) = said {
                // Then the word after `from` is the name that was found (qmail, Exim).
                let found = self.helo.replace(plain(helo)).filter(|name| is_name(name));
                self.name = self.name.take().or(found);
                continue;
            }
            let followed = words.peek().is_some_and(|(_, next)| address(next).is_some());
            if self.name.is_none() && (number == 0 || followed) {
                let host = host.trim_end_matches('.');
                self.name = is_name(host).then(|| plain(host));
            }
        }
    }

    /// Something that tells of TLS: `using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)`, `TLS1.3`,
    /// `version=TLS1_2, cipher=ECDHE-RSA-AES256-GCM-SHA384`.
    fn secured(&mut self, text: &str) {
        self.tls = Tls::Used;
        for word in tls_words(text) {
            self.tls_version = self.tls_version.take().or_else(|| version(word));
            self.cipher = self.cipher.take().or_else(|| is_cipher(word).then(|| plain(word)));
        }
    }
}

fn tls_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '=' | '/' | '(' | ')'))
}

/// Whether a comment says that the connection is encrypted, with more than a name that sounds so.
fn tells_of_tls(comment: &str) -> bool {
    let is = |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
    let denied = tls_words(comment).next().is_some_and(|first| is(first, &["no", "not", "without"]));
    let tells = |word| version(word).is_some() || is_cipher(word) || is(word, &["tls", "starttls", "cipher"]);
    !denied && tls_words(comment).any(tells)
}

/// `TLSv1.3` of `TLSv1.3`, `TLS1.3` and `TLS1_3`; `TLSv1` and `SSLv3` as they are.
fn version(word: &str) -> Option<String> {
    let (name, rest) = word.split_at_checked(3)?;
    let name = ["TLS", "SSL"].into_iter().find(|known| name.eq_ignore_ascii_case(known))?;
    let number = rest.strip_prefix(['v', 'V']).unwrap_or(rest).replace('_', ".");
    let digits = |text: &str| text.len() == 1 && text.chars().all(|c| c.is_ascii_digit());
    let fits =
        number.split_once('.').map_or(digits(&number), |(major, minor)| digits(major) && digits(minor));
    fits.then(|| format!("{name}v{number}"))
}

/// Names of IANA (`TLS_AES_128_GCM_SHA256`) and of OpenSSL (`ECDHE-RSA-AES256-GCM-SHA384`).
fn is_cipher(word: &str) -> bool {
    const BEGINNINGS: [&str; 11] =
        ["TLS_", "ECDHE", "EECDH", "DHE", "EDH", "ADH", "AECDH", "AES", "RSA_", "CHACHA", "DES-"];
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    word.contains(['_', '-'])
        && word.len() < 80
        && word.chars().all(fits)
        && BEGINNINGS.iter().any(|beginning| word.starts_with(beginning))
}

fn append(text: &mut Option<String>, number: usize, word: &str) {
    match text {
        None if number == 0 => *text = Some(plain(word)),
        Some(text) if number > 0 && number < MOST_WORDS => {
            text.push(' ');
            text.push_str(&plain(word));
        }
        _ => {}
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
    let word = word.trim_matches(|c: char| matches!(c, ',' | ';' | '<' | '>'));
    let inner = word.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(word, |(inner, _)| inner);
    // A link-local address may have the number of its interface (RFC 4007 section 11).
    let inner = inner.split_once('%').map_or(inner, |(ip, _)| ip);
    let found = inner.parse().ok().or_else(|| match Host::parse(&format!("[{inner}]")) {
        Ok(Host::Literal(ip)) => Some(ip),
        _ => None,
    });
    let found: Option<IpAddr> = found.or_else(|| inner.rsplit_once(':')?.0.parse().ok().map(IpAddr::V4));
    found.map(|ip| ip.to_canonical())
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

/// RFC 5321 section 4.4, and `tls`, which Exim writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clause {
    From,
    By,
    Via,
    With,
    Tls,
    Id,
    For,
    /// Before any of them.
    Other,
}

impl Clause {
    fn named(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "from" => Self::From,
            "by" => Self::By,
            "via" => Self::Via,
            "with" => Self::With,
            "tls" => Self::Tls,
            "id" => Self::Id,
            "for" => Self::For,
            _ => return None,
        })
    }
}

#[derive(Clone, Copy, Debug)]
enum Piece<'a> {
    Word(&'a str),
    Comment(&'a str),
    Semicolon,
}

struct Pieces<'a> {
    text: &'a str,
    list: Vec<Piece<'a>>,
    /// Where the semicolons outside comments stand.
    semicolons: Vec<usize>,
}

/// Semicolons after which a date is looked for; one is usual.
const MOST_SEMICOLONS: usize = 8;

impl<'a> Pieces<'a> {
    /// Words and outermost comments; a comment that does not end goes to the end.
    fn read(text: &'a str) -> Self {
        let mut list = Vec::new();
        let (mut depth, mut start) = (0_usize, None::<usize>);
        let mut semicolons = Vec::new();
        let mut escaped = false;
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        for (at, c) in text.char_indices() {
            if std::mem::take(&mut escaped) {
                continue;
            }
            match c {
                '\\' if depth > 0 => escaped = true,
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
                    list.push(Piece::Semicolon);
                    semicolons.push(at + 1);
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
        Self { text, list, semicolons }
    }

    /// What follows the last semicolon after which a date stands; a few hosts write more after it, or no semicolon.
    fn date(&self) -> Option<jiff::Timestamp> {
        let mut end = self.text.len();
        for &begin in self.semicolons.iter().rev().take(MOST_SEMICOLONS) {
            let found = self.text.get(begin..end).and_then(|text| {
                date::parse(text).ok().or_else(|| date_of(text.split_ascii_whitespace().take(DATE_WORDS)))
            });
            if found.is_some() {
                return found;
            }
            end = begin - 1;
        }
        let words: Vec<&str> =
            self.text.rsplit(' ').filter(|word| !word.starts_with('(')).take(DATE_WORDS).collect();
        if self.semicolons.is_empty() { date_of(words.into_iter().rev()) } else { None }
    }
}

/// Words of a date with its day of the week and its zone (RFC 5322 section 3.3).
const DATE_WORDS: usize = 6;

fn date_of<'w>(words: impl Iterator<Item = &'w str>) -> Option<jiff::Timestamp> {
    date::parse(&words.collect::<Vec<_>>().join(" ")).ok()
}
