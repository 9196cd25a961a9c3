//! SASL PLAIN (RFC 4616) and LOGIN, both sides, as AUTH carries them (RFC 4954).
//!
//! LOGIN has no RFC: the server asks twice, in base64, for `Username:` and `Password:`. It is offered for the sake of clients that
//! know nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A user name and password from AUTH PLAIN or LOGIN.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Authentication identity.
    pub username: String,
    /// The password. `Debug` does not print it.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

/// A mechanism that both sides know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// RFC 4616.
    Plain,
    /// Username and password, asked for one after the other.
    Login,
}

impl Mechanism {
    /// Reads the name of a mechanism, whatever its case.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            _ if name.eq_ignore_ascii_case("PLAIN") => Some(Self::Plain),
            _ if name.eq_ignore_ascii_case("LOGIN") => Some(Self::Login),
            _ => None,
        }
    }

    /// The name as it stands in the EHLO reply.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
        }
    }
}

/// Why an exchange cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SaslError {
    /// The client sent `*` (RFC 4954 section 4).
    #[error("the client cancelled the exchange")]
    Cancelled,
    /// Not base64, or not the message of the mechanism.
    #[error("the response is not well formed")]
    Malformed,
    /// PLAIN named an authorization identity other than the user itself.
    #[error("the user may not act for another identity")]
    Authorization,
}

/// What the server does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerStep {
    /// Send 334 with this text, which is base64 already.
    Challenge(&'static str),
    /// The client has said everything.
    Complete(Credentials),
}

/// The server's side of one exchange.
#[derive(Debug)]
pub struct ServerExchange {
    mechanism: Mechanism,
    username: Option<String>,
}

impl ServerExchange {
    /// Begins, with the initial response of the AUTH command where there was one.
    ///
    /// # Errors
    /// As [`Self::respond`].
    pub fn start(mechanism: Mechanism, initial: Option<&str>) -> Result<(Self, ServerStep), SaslError> {
        let mut exchange = Self { mechanism, username: None };
        let step = match (initial, mechanism) {
            // RFC 4954 section 4: a lone "=" is an initial response of no octets.
            (Some("="), _) => exchange.take(Vec::new())?,
            (Some(response), _) => exchange.respond(response)?,
            (None, Mechanism::Plain) => ServerStep::Challenge(""),
            (None, Mechanism::Login) => ServerStep::Challenge(USERNAME),
        };
        Ok((exchange, step))
    }

    /// Takes one line of the client.
    ///
    /// # Errors
    /// A [`SaslError`]: the exchange is over.
    pub fn respond(&mut self, line: &str) -> Result<ServerStep, SaslError> {
        if line == "*" {
            return Err(SaslError::Cancelled);
        }
        self.take(STANDARD.decode(line).map_err(|_| SaslError::Malformed)?)
    }

    fn take(&mut self, response: Vec<u8>) -> Result<ServerStep, SaslError> {
        let response = String::from_utf8(response).map_err(|_| SaslError::Malformed)?;
        match (self.mechanism, self.username.take()) {
            (Mechanism::Plain, _) => read_plain(&response).map(ServerStep::Complete),
            (Mechanism::Login, None) => {
                self.username = Some(response);
                Ok(ServerStep::Challenge(PASSWORD))
            }
            (Mechanism::Login, Some(username)) => {
                Ok(ServerStep::Complete(Credentials { username, password: response }))
            }
        }
    }
}

/// `Username:` in base64.
const USERNAME: &str = "VXNlcm5hbWU6";
/// `Password:` in base64.
const PASSWORD: &str = "UGFzc3dvcmQ6";

/// `[authzid] NUL authcid NUL passwd` (RFC 4616 section 2).
fn read_plain(message: &str) -> Result<Credentials, SaslError> {
    let mut parts = message.split('\0');
    let (Some(authorization), Some(username), Some(password), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(SaslError::Malformed);
    };
    if username.is_empty() || password.is_empty() {
        return Err(SaslError::Malformed);
    }
    if !authorization.is_empty() && authorization != username {
        return Err(SaslError::Authorization);
    }
    Ok(Credentials { username: username.to_owned(), password: password.to_owned() })
}

/// The client's side of one exchange.
#[derive(Debug)]
pub struct ClientExchange {
    /// The responses not yet given, last one first.
    responses: Vec<String>,
}

impl ClientExchange {
    /// Begins: the AUTH command without CRLF, and the exchange that answers the challenges.
    pub fn start(mechanism: Mechanism, credentials: &Credentials) -> (String, Self) {
        let Credentials { username, password } = credentials;
        match mechanism {
            Mechanism::Plain => {
                let response = STANDARD.encode(format!("\0{username}\0{password}"));
                // Some servers overlook the initial response and ask for it: it is kept for them.
                (format!("AUTH PLAIN {response}"), Self { responses: vec![response] })
            }
            Mechanism::Login => {
                let responses = vec![STANDARD.encode(password), STANDARD.encode(username)];
                ("AUTH LOGIN".to_owned(), Self { responses })
            }
        }
    }

    /// The response to a 334; `None` when there is nothing more to say.
    pub fn respond(&mut self) -> Option<String> {
        self.responses.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        Credentials { username: "tanaka".to_owned(), password: "秘密".to_owned() }
    }

    #[test]
    fn client_and_server_agree() {
        for mechanism in [Mechanism::Plain, Mechanism::Login] {
            let (command, mut client) = ClientExchange::start(mechanism, &credentials());
            let initial = command.split(' ').nth(2);
            let (mut server, mut step) = ServerExchange::start(mechanism, initial).unwrap();
            while let ServerStep::Challenge(_) = step {
                step = server.respond(&client.respond().unwrap()).unwrap();
            }
            assert_eq!(step, ServerStep::Complete(credentials()));
        }
    }

    #[test]
    fn malformed_and_cancelled() {
        let start = |response: &str| ServerExchange::start(Mechanism::Plain, Some(response)).map(|_| ());
        assert_eq!(start("*"), Err(SaslError::Cancelled));
        assert_eq!(start("="), Err(SaslError::Malformed));
        assert_eq!(start("%%%"), Err(SaslError::Malformed));
        assert_eq!(start(&STANDARD.encode("a\0b\0c")), Err(SaslError::Authorization));
        assert_eq!(start(&STANDARD.encode("b\0b\0c")), Ok(()));
        assert_eq!(start(&STANDARD.encode("\0b\0c\0d")), Err(SaslError::Malformed));
        assert_eq!(start(&STANDARD.encode(b"\0b\0\xff")), Err(SaslError::Malformed));
    }

    #[test]
    fn debug_hides_the_password() {
        assert!(!format!("{:?}", credentials()).contains("秘密"));
    }
}
