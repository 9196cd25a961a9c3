//! What a server offers in its reply to EHLO.

use crate::sasl::Mechanism;

/// The extensions of an EHLO reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// EHLO was understood; after HELO nothing else is set.
    pub extended: bool,
    /// RFC 2920.
    pub pipelining: bool,
    /// RFC 1870.
    pub size: bool,
    /// The largest message in octets, where SIZE told one (0 is "no limit" and stands as `None`).
    pub max_size: Option<u64>,
    /// RFC 3207.
    pub starttls: bool,
    /// RFC 6152.
    pub eight_bit_mime: bool,
    /// RFC 6531.
    pub smtputf8: bool,
    /// RFC 2034.
    pub enhanced_status_codes: bool,
    /// RFC 3030: BDAT.
    pub chunking: bool,
    /// RFC 3030: BODY=BINARYMIME.
    pub binary_mime: bool,
    /// RFC 3461.
    pub dsn: bool,
    /// RFC 8689.
    pub require_tls: bool,
    /// The SASL mechanisms that we know, in the server's order (RFC 4954).
    pub auth: Vec<Mechanism>,
    /// Every line after the first, as written.
    pub lines: Vec<String>,
}

impl Capabilities {
    /// Reads the lines of the reply; the first one is the server's name.
    pub fn read(lines: &[String]) -> Self {
        let mut capabilities = Self { extended: true, ..Self::default() };
        for line in lines.iter().skip(1) {
            capabilities.add(line);
            capabilities.lines.push(line.clone());
        }
        capabilities
    }

    fn add(&mut self, line: &str) {
        // Some servers still write `AUTH=PLAIN` for clients older than RFC 4954.
        let mut words = line.split([' ', '\t', '=']).filter(|word| !word.is_empty());
        let Some(keyword) = words.next() else { return };
        match keyword.to_ascii_uppercase().as_str() {
            "PIPELINING" => self.pipelining = true,
            "SIZE" => {
                self.size = true;
                self.max_size = words.next().and_then(|size| size.parse().ok()).filter(|&size| size > 0);
            }
            "STARTTLS" => self.starttls = true,
            "8BITMIME" => self.eight_bit_mime = true,
            "SMTPUTF8" => self.smtputf8 = true,
            "ENHANCEDSTATUSCODES" => self.enhanced_status_codes = true,
            "CHUNKING" => self.chunking = true,
            "BINARYMIME" => self.binary_mime = true,
            "DSN" => self.dsn = true,
            "REQUIRETLS" => self.require_tls = true,
            "AUTH" => {
                for mechanism in words.filter_map(Mechanism::parse) {
                    if !self.auth.contains(&mechanism) {
                        self.auth.push(mechanism);
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let lines = [
            "mx.example.org",
            "size 1000",
            "AUTH=LOGIN X",
            "AUTH PLAIN LOGIN",
            "8bitmime",
            "X-OTHER",
            "SIZE 0",
        ];
        let read = Capabilities::read(&lines.map(str::to_owned));
        let expected = Capabilities {
            extended: true,
            size: true,
            max_size: None,
            eight_bit_mime: true,
            auth: vec![Mechanism::Login, Mechanism::Plain],
            lines: lines.iter().skip(1).map(|&line| line.to_owned()).collect(),
            ..Capabilities::default()
        };
        assert_eq!(read, expected);
    }
}
