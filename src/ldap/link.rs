//! One connection to a directory, and what is said on it.

use super::{Directory, Failure};
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, Scope, SearchEntry, SearchOptions};
use rustls::CertificateError;
use secrecy::{ExposeSecret, SecretString};
use std::{fmt::Write, sync::Arc};
use tokio::task::JoinSet;
use url::Url;

/// The attributes that are bytes even when these happen to be text: of Active Directory and eDirectory.
const BYTES: [&str; 3] = ["objectGUID", "objectSid", "GUID"];

/// How a directory is connected to.
pub(super) struct Way {
    url: Url,
    settings: LdapConnSettings,
    is_encrypted: bool,
}

impl Way {
    /// The way that the settings describe, when nothing is wrong with them.
    pub(super) fn to(directory: &Directory) -> Result<Self, Failure> {
        directory.check().map_err(Failure::Wrong)?;
        let url = directory.url().map_err(Failure::Wrong)?;
        let is_encrypted = directory.is_encrypted(&url);
        let mut settings = LdapConnSettings::new();
        if is_encrypted {
            let tls = directory.tls().map_err(Failure::Wrong)?;
            settings = settings.set_starttls(directory.start_tls).set_config(Arc::new(tls));
        }
        Ok(Self { url, settings, is_encrypted })
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    /// Connects. TLS is there before anything else is said.
    pub(super) async fn open(&self) -> Result<Link, Failure> {
        let connected = LdapConnAsync::from_url_with_settings(self.settings.clone(), &self.url).await;
        let (connection, ldap) = connected.map_err(|error| unconnected(&error))?;
        let mut driver = JoinSet::new();
        // how it ends is seen by whoever waits for an answer
        driver.spawn(async move { drop(connection.drive().await) });
        Ok(Link { ldap, _driver: driver })
    }
}

/// A connection; it ends with the value.
pub(super) struct Link {
    ldap: Ldap,
    _driver: JoinSet<()>,
}

/// What to look for.
pub(super) struct Search<'s> {
    /// The setting that says where, for whoever reads why it failed.
    pub(super) field: &'static str,
    pub(super) base: &'s str,
    pub(super) scope: Scope,
    pub(super) filter: &'s str,
    pub(super) attributes: Vec<&'s str>,
    /// How many entries are enough.
    pub(super) most: usize,
}

impl Link {
    /// Becomes who looks for people.
    pub(super) async fn bind(&mut self, dn: &str, password: &SecretString) -> Result<(), Failure> {
        match self.bound(dn, password).await? {
            0 => Ok(()),
            rc => Err(refused("bindDn", rc)),
        }
    }

    /// Whether a password is that of an entry. Only success is a yes.
    pub(super) async fn accepts(&mut self, dn: &str, password: &SecretString) -> Result<bool, Failure> {
        match self.bound(dn, password).await? {
            0 => Ok(true),
            // it was not asked, and the password may be right
            rc @ (8 | 13 | 51 | 52) => Err(refused("address", rc)),
            _ => Ok(false),
        }
    }

    async fn bound(&mut self, dn: &str, password: &SecretString) -> Result<u32, Failure> {
        let bound = self.ldap.simple_bind(dn, password.expose_secret()).await;
        Ok(bound.map_err(|_| broken())?.rc)
    }

    /// The entries that a filter finds, so many at most. Referrals to other directories are left alone.
    pub(super) async fn search(&mut self, search: Search<'_>) -> Result<Vec<Entry>, Failure> {
        let Search { field, base, scope, filter, attributes, most } = search;
        let limit = i32::try_from(most).unwrap_or(i32::MAX);
        let options = SearchOptions::new().sizelimit(limit);
        let stream =
            self.ldap.with_search_options(options).streaming_search(base, scope, filter, attributes).await;
        let mut stream = stream.map_err(|_| broken())?;
        let mut found = Vec::new();
        while found.len() < most {
            match stream.next().await.map_err(|_| broken())? {
                Some(entry) if entry.is_ref() || entry.is_intermediate() => {}
                Some(entry) => found.push(Entry(SearchEntry::construct(entry))),
                None => break,
            }
        }
        // whoever sends more than was asked for has not told how it ended
        if found.len() == most {
            return Ok(found);
        }
        match stream.finish().await.rc {
            // sizeLimitExceeded: there are more, or the directory has a limit of its own
            0 | 4 => Ok(found),
            rc => Err(refused(field, rc)),
        }
    }
}

/// What a search found.
pub(super) struct Entry(SearchEntry);

impl Entry {
    pub(super) fn dn(&self) -> &str {
        &self.0.dn
    }

    /// The first value of an attribute; bytes as hexadecimal digits.
    pub(super) fn first(&self, attribute: &str) -> Option<String> {
        let is_bytes = BYTES.iter().any(|name| name.eq_ignore_ascii_case(attribute));
        match self.texts(attribute).find(|value| !value.is_empty()) {
            Some(text) if is_bytes => Some(hexadecimal(text.as_bytes())),
            Some(text) => Some(text.to_owned()),
            None => self.bytes(attribute).map(hexadecimal),
        }
    }

    /// The values of an attribute, whatever the case in which the directory spells it.
    pub(super) fn texts(&self, attribute: &str) -> impl Iterator<Item = &str> {
        let named = self.0.attrs.iter().filter(move |(name, _)| name.eq_ignore_ascii_case(attribute));
        named.flat_map(|(_, values)| values).map(String::as_str)
    }

    fn bytes(&self, attribute: &str) -> Option<&[u8]> {
        let mut named = self.0.bin_attrs.iter().filter(|(name, _)| name.eq_ignore_ascii_case(attribute));
        named.find_map(|(_, values)| values.first()).map(Vec::as_slice)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn broken() -> Failure {
    Failure::Unreachable("the connection ended early".to_owned())
}

fn refused(field: &str, rc: u32) -> Failure {
    match rc {
        51 | 52 => Failure::Unreachable(format!("it answers {}", meant(rc))),
        _ => Failure::Wrong(format!("{field}: the directory answers {}", meant(rc))),
    }
}

/// A result code and what it means (RFC 4511 appendix A). What else the directory says may be about a person.
fn meant(rc: u32) -> String {
    let meaning = match rc {
        1 => "operationsError: it may want a bind first",
        2 => "protocolError",
        3 => "timeLimitExceeded",
        7 => "authMethodNotSupported: it takes no simple bind",
        8 => "strongerAuthRequired: it wants TLS",
        10 => "referral: the entries are in another directory",
        11 => "adminLimitExceeded",
        13 => "confidentialityRequired: it wants TLS",
        32 => "noSuchObject: the entry does not exist, or may not be seen",
        34 => "invalidDNSyntax: that is no distinguished name",
        48 => "inappropriateAuthentication: it does not take this kind of bind",
        49 => "invalidCredentials: the name or the password is wrong",
        50 => "insufficientAccessRights: this may not be searched",
        51 => "busy",
        52 => "unavailable",
        53 => "unwillingToPerform",
        80 => "other",
        _ => return format!("rc {rc}"),
    };
    format!("rc {rc} ({meaning})")
}

/// Why there is no connection.
fn unconnected(error: &LdapError) -> Failure {
    Failure::Unreachable(match error {
        LdapError::Io { source } => match source.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(error) => untrusted(error),
            None if source.kind() == std::io::ErrorKind::UnexpectedEof => {
                "TLS: the directory ended the connection instead of beginning it".to_owned()
            }
            None => source.to_string(),
        },
        LdapError::Rustls { source } => untrusted(source),
        LdapError::DNSName { .. } => "TLS: the host has no name that a certificate can be for".to_owned(),
        LdapError::LdapResult { result } => {
            format!("TLS: the directory answers STARTTLS with {}", meant(result.rc))
        }
        _ => "the connection ended before it began".to_owned(),
    })
}

/// Why there is no TLS.
fn untrusted(error: &rustls::Error) -> String {
    use CertificateError::{
        BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext, UnknownIssuer,
    };
    match error {
        // the signature is bad when somebody else has the name of who is trusted
        rustls::Error::InvalidCertificate(UnknownIssuer | BadSignature) => {
            "TLS: nobody who is trusted signed the directory's certificate".to_owned()
        }
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            "TLS: the directory's certificate is for another host".to_owned()
        }
        rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }) => {
            "TLS: the directory's certificate has expired".to_owned()
        }
        other => format!("TLS: {other}"),
    }
}
