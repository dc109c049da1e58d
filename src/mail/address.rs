//! `smtp://user:password@host:587`: where a mail server is.

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use std::fmt;
use url::Url;

/// A mail server and how it is spoken to.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its name, which its certificate must bear.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User and password, where it wants them.
    pub login: Option<(String, SecretString)>,
    /// When TLS begins.
    pub encryption: Encryption,
}

/// When TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// With the connection: `smtps://`.
    Implicit,
    /// By STARTTLS, or no mail is sent: `?tls=required`.
    Required,
    /// By STARTTLS where the server offers it.
    Offered,
    /// Never: `?tls=none`.
    None,
}

/// What is wrong with an address; it repeats nothing of it, for it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadAddress(&'static str);

impl fmt::Display for BadAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expected smtp://USER:PASSWORD@HOST:PORT or smtps://…, with ?tls=required or ?tls=none; {}",
            self.0
        )
    }
}

impl std::error::Error for BadAddress {}

/// The server without its password.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.encryption {
            Encryption::Implicit => "TLS from the start",
            Encryption::Required => "STARTTLS required",
            Encryption::Offered => "STARTTLS where it is offered",
            Encryption::None => "without TLS",
        };
        write!(f, "{}:{} ({how})", self.host, self.port)
    }
}

impl Server {
    /// Reads an address. User and password are percent-encoded.
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        let url = Url::parse(text.trim()).map_err(|_| BadAddress("it is no URL"))?;
        let implicit = match url.scheme() {
            "smtp" => false,
            "smtps" => true,
            _ => return Err(BadAddress("its scheme is another")),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(BadAddress("it names no host"))?;
        if !["", "/"].contains(&url.path()) || url.fragment().is_some() {
            return Err(BadAddress("it has a path"));
        }
        let mut encryption = if implicit { Encryption::Implicit } else { Encryption::Offered };
        for (name, value) in url.query_pairs() {
            encryption = match (name.as_ref(), value.as_ref(), implicit) {
                ("tls", "required", true) => Encryption::Implicit,
                ("tls", "required", false) => Encryption::Required,
                ("tls", "none", false) => Encryption::None,
                ("tls", "none", true) => return Err(BadAddress("smtps is TLS")),
                ("tls", ..) => return Err(BadAddress("its tls is another word")),
                _ => return Err(BadAddress("it has a parameter that is none")),
            };
        }
        let decoded = |part: &str| {
            let text =
                percent_decode_str(part).decode_utf8().map_err(|_| BadAddress("its login is not UTF-8"))?;
            Ok(text.into_owned())
        };
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => {
                Some((decoded(user)?, SecretString::from(decoded(password.unwrap_or_default())?)))
            }
        };
        let port = url.port().unwrap_or(if implicit { 465 } else { 587 });
        Ok(Self { host: host.trim_matches(['[', ']']).to_owned(), port, login, encryption })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn an_address_says_where_as_whom_and_how() {
        let read = |text: &str| Server::parse(text).unwrap();

        let full = read("smtp://ada%40x:p%3Aw@mail.example.com:2525?tls=required");
        let (user, password) = full.login.as_ref().unwrap();
        assert_eq!((user.as_str(), password.expose_secret()), ("ada@x", "p:w"));
        assert_eq!((full.port, full.encryption), (2525, Encryption::Required));
        assert_eq!((read("smtps://mail").port, read("smtps://mail").encryption), (465, Encryption::Implicit));
        assert_eq!((read("smtp://mail/").port, read("smtp://mail").encryption), (587, Encryption::Offered));
        assert_eq!(read("smtp://mail:25?tls=none").encryption, Encryption::None);
        assert!(!format!("{full} {full:?}").contains("p:w"));
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for wrong in [
            "",
            "mail:25",
            "http://mail",
            "smtp://",
            "smtp://mail/x",
            "smtp://mail?tls=maybe",
            "smtps://m?tls=none",
            "smtp://m?a=b",
        ] {
            let refused = Server::parse(wrong).unwrap_err().to_string();
            assert!(refused.starts_with("expected smtp://"), "{wrong}");
        }
        assert!(!Server::parse("smtp://u:secret@mail/x").unwrap_err().to_string().contains("secret"));
    }
}
