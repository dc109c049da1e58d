//! Where a PostgreSQL server is, and how it is talked to: the connection string.
//!
//! `sslmode`, `sslrootcert`, `sslcert` and `sslkey` mean what they mean to PostgreSQL's own programs. Where
//! `sslmode` is absent, a server on another machine must prove its name (`verify-full`), and one on this machine
//! is talked to without TLS.

use crate::store::DbError;
use percent_encoding::percent_decode_str;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};
use rustls_platform_verifier::Verifier;
use std::{fmt, net::IpAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio_postgres::config::{Config, Host, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

/// A connection string that was understood. It shows itself without its password.
#[derive(Clone)]
pub struct Address {
    config: Config,
    /// The same for each host alone.
    hosts: Vec<Config>,
    mode: Mode,
    /// Certificates to trust instead of the system's.
    roots: Option<PathBuf>,
    /// Our own certificate and its key.
    identity: Option<(PathBuf, PathBuf)>,
}

/// How much a server must prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Nothing; nothing is encrypted.
    Disable,
    /// Nothing; encrypted where the server can.
    Prefer,
    /// Nothing; always encrypted.
    Require,
    /// That somebody we trust vouches for it.
    VerifyCa,
    /// And for the name we call it by.
    VerifyFull,
}

const EXPECTED: &str = "expected postgres://user:password@host:port/database";
/// For how long a connection may be silent below the server, before it is taken for broken.
const SILENCE: Duration = Duration::from_secs(10);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        if let Some(user) = self.config.get_user() {
            write!(f, "{user}@")?;
        }
        let ports = self.config.get_ports();
        for (n, host) in self.config.get_hosts().iter().enumerate() {
            let comma = if n > 0 { "," } else { "" };
            let port = ports.get(n).or_else(|| ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(name) => write!(f, "{comma}{name}:{port}")?,
                #[cfg(unix)]
                Host::Unix(path) => write!(f, "{comma}{}:{port}", path.display())?,
            }
        }
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Address {
    /// Reads `postgres://user:password@host:port/database?parameter=value`; `password` is for strings without
    /// one. The error never repeats the string.
    pub fn parse(text: &str, password: Option<&str>) -> Result<Self, String> {
        let (place, parameters) = text.split_once('?').unwrap_or((text, ""));
        let mut rest = Vec::new();
        let (mut mode, mut roots, mut cert, mut key) = (None, None, None, None);
        let mut is_system = false;
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value =
                percent_decode_str(value).decode_utf8().map_err(|_| format!("{name} is not UTF-8"))?;
            match name {
                "sslmode" => mode = Some(read_mode(&value)?),
                "sslrootcert" if value == "system" => is_system = true,
                "sslrootcert" => roots = Some(PathBuf::from(&*value)),
                "sslcert" => cert = Some(PathBuf::from(&*value)),
                "sslkey" => key = Some(PathBuf::from(&*value)),
                _ => rest.push(parameter),
            }
        }
        let read = |place: &str| -> Result<Config, String> {
            let mut config: Config = format!("{place}?{}", rest.join("&"))
                .parse()
                .map_err(|error| format!("{EXPECTED}, found something else: {}", cause(&error)))?;
            if config.get_password().is_none()
                && let Some(password) = password
            {
                config.password(password);
            }
            Ok(config)
        };
        let mut config = read(place)?;
        check_place(&config)?;
        if config.get_hosts().len() > 1 && config.get_target_session_attrs() == TargetSessionAttrs::Any {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        let hosts = match each_host(place) {
            Some(places) => places.iter().map(|place| read(place)).collect::<Result<Vec<Config>, _>>()?,
            None => vec![config.clone()],
        };
        let mode = match (mode, is_system) {
            (Some(Mode::VerifyFull) | None, true) => Mode::VerifyFull,
            (Some(_), true) => {
                return Err("sslrootcert=system goes with sslmode=verify-full alone".to_owned());
            }
            (Some(Mode::VerifyCa), false) if roots.is_none() => {
                return Err("sslmode=verify-ca needs sslrootcert, the authority to trust".to_owned());
            }
            (Some(mode), false) => mode,
            (None, false) if is_here(&config) => Mode::Disable,
            (None, false) => Mode::VerifyFull,
        };
        let identity = match (cert, key) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            _ => return Err("sslcert and sslkey belong together, found only one of them".to_owned()),
        };
        Ok(Self { config, hosts, mode, roots, identity })
    }

    /// What the driver connects with, one for each host; `options` are settings for the server.
    pub(super) fn connectors(&self, options: &str) -> Result<(Vec<Config>, MakeRustlsConnect), DbError> {
        let configs = self.hosts.iter().cloned().map(|mut config| {
            config.ssl_mode(match self.mode {
                Mode::Disable => SslMode::Disable,
                Mode::Prefer => SslMode::Prefer,
                Mode::Require | Mode::VerifyCa | Mode::VerifyFull => SslMode::Require,
            });
            if !options.is_empty() {
                config.options(format!("{}{options}", self.config.get_options().unwrap_or_default()));
            }
            if config.get_application_name().is_none() {
                config.application_name("roster");
            }
            config.target_session_attrs(self.config.get_target_session_attrs());
            // a wire that swallows everything is noticed before a statement may take its time
            config.keepalives_idle(SILENCE).keepalives_interval(SILENCE).keepalives_retries(3);
            config.tcp_user_timeout(SILENCE);
            config
        });
        Ok((configs.collect(), MakeRustlsConnect::new(self.tls().map_err(DbError::Schema)?)))
    }

    fn tls(&self) -> Result<ClientConfig, String> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(self.verifier(provider)?);
        let Some((cert, key)) = &self.identity else { return Ok(builder.with_no_client_auth()) };
        let unreadable = |path: &PathBuf| format!("{} cannot be read as PEM", path.display());
        let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect);
        let chain = chain.map_err(|_| unreadable(cert))?;
        let private = PrivateKeyDer::from_pem_file(key).map_err(|_| unreadable(key))?;
        builder.with_client_auth_cert(chain, private).map_err(|error| format!("sslcert and sslkey: {error}"))
    }

    fn verifier(&self, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, String> {
        let trusted: Option<Arc<dyn ServerCertVerifier>> = match (self.mode, &self.roots) {
            (Mode::Disable | Mode::Prefer, _) | (Mode::Require, None) => None,
            (_, Some(file)) => {
                let unreadable = || format!("sslrootcert: {} cannot be read as PEM", file.display());
                let mut roots = RootCertStore::empty();
                for certificate in CertificateDer::pem_file_iter(file).map_err(|_| unreadable())? {
                    let certificate = certificate.map_err(|_| unreadable())?;
                    roots.add(certificate).map_err(|error| format!("sslrootcert: {error}"))?;
                }
                let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone());
                Some(verifier.build().map_err(|error| format!("sslrootcert: {error}"))?)
            }
            (_, None) => Some(Arc::new(Verifier::new(provider.clone()).map_err(|error| error.to_string())?)),
        };
        Ok(match (self.mode, trusted) {
            (Mode::VerifyFull, Some(trusted)) => trusted,
            (_, trusted) => Arc::new(Lenient { trusted, provider }),
        })
    }
}

/// A place to connect to has a host and a database, and nothing in them that belongs to the password.
fn check_place(config: &Config) -> Result<(), String> {
    let strays = |host: &Host| matches!(host, Host::Tcp(name) if name.contains('@'));
    match config.get_dbname().unwrap_or_default() {
        _ if config.get_hosts().is_empty() => Err(format!("{EXPECTED}, found no host")),
        "" => Err(format!("{EXPECTED}, found no database")),
        name if name.contains('@') || config.get_hosts().iter().any(strays) => {
            Err("an @ in a user or password is written %40".to_owned())
        }
        _ => Ok(()),
    }
}

/// What a URL would be for each of its hosts alone; `None` when it does not name several.
fn each_host(place: &str) -> Option<Vec<String>> {
    let (scheme, rest) = place.split_once("://")?;
    let (user, rest) = match rest.rsplit_once('@') {
        Some((user, rest)) => (format!("{user}@"), rest),
        None => (String::new(), rest),
    };
    let (hosts, database) = rest.split_once('/')?;
    let alone = |host| format!("{scheme}://{user}{host}/{database}");
    hosts.contains(',').then(|| hosts.split(',').map(alone).collect())
}

/// Whether all hosts are this machine.
fn is_here(config: &Config) -> bool {
    let is_local = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    config.get_hosts().iter().all(is_local) && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn read_mode(text: &str) -> Result<Mode, String> {
    Ok(match text {
        "disable" => Mode::Disable,
        "prefer" => Mode::Prefer,
        "require" => Mode::Require,
        "verify-ca" => Mode::VerifyCa,
        "verify-full" => Mode::VerifyFull,
        other => {
            return Err(format!(
                "sslmode is one of disable, prefer, require, verify-ca, verify-full; found {} other characters",
                other.chars().count()
            ));
        }
    })
}

/// The innermost reason of an error about a connection string.
fn cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), cause)
}

/// Believes any certificate, or any that somebody trusted vouches for, whatever the name in it: what `require` and
/// `verify-ca` ask for. That the server has the certificate's key is checked always.
#[derive(Debug)]
struct Lenient {
    trusted: Option<Arc<dyn ServerCertVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        use rustls::CertificateError::{NotValidForName, NotValidForNameContext};
        let Some(trusted) = &self.trusted else { return Ok(ServerCertVerified::assertion()) };
        match trusted.verify_server_cert(certificate, chain, name, ocsp, now) {
            Err(TlsError::InvalidCertificate(NotValidForName | NotValidForNameContext { .. })) => {
                Ok(ServerCertVerified::assertion())
            }
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Address, String> {
        Address::parse(text, None)
    }

    #[test]
    fn an_address_shows_itself_without_its_password() {
        let address = parse("postgres://roster:s3cret@db.example.com:6432/roster?sslmode=require").unwrap();

        assert_eq!(address.to_string(), "postgres://roster@db.example.com:6432/roster");
        assert_eq!(format!("{address:?}"), "postgres://roster@db.example.com:6432/roster");
        let password = |text| Address::parse(text, Some("from a file")).unwrap().hosts.remove(0);
        assert_eq!(password("postgres://roster@db/roster").get_password(), Some(&b"from a file"[..]));
        assert_eq!(password("postgres://roster:own@db/roster").get_password(), Some(&b"own"[..]));
    }

    #[test]
    fn a_server_elsewhere_must_prove_its_name_unless_told_otherwise() {
        for (text, mode) in [
            ("postgres://u@db.example.com/d", Mode::VerifyFull),
            ("postgres://u@127.0.0.1/d", Mode::Disable),
            ("postgresql://u@localhost:1/d", Mode::Disable),
            ("postgres://u@%2Frun%2Fpostgresql/d", Mode::Disable),
            ("postgres://u@a:1,b:2/d", Mode::VerifyFull),
            ("postgres://u@localhost/d?hostaddr=10.0.0.5", Mode::VerifyFull),
            ("postgres://u@localhost/d?sslrootcert=system", Mode::VerifyFull),
            ("postgres://u@db.example.com/d?sslmode=prefer", Mode::Prefer),
            ("postgres://u@db.example.com/d?sslmode=verify-ca&sslrootcert=ca.pem", Mode::VerifyCa),
        ] {
            assert_eq!(parse(text).unwrap().mode, mode, "{text}");
        }
    }

    #[test]
    fn of_several_hosts_the_one_that_takes_writes_is_wanted() {
        let address = parse("postgres://u@a:1,b:2/d").unwrap();

        assert_eq!(address.config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
        assert_eq!(address.to_string(), "postgres://u@a:1,b:2/d");
        let ports: Vec<&[u16]> = address.hosts.iter().map(Config::get_ports).collect();
        assert_eq!(ports, [&[1][..], &[2]]);
    }

    #[test]
    fn what_is_wrong_is_said_without_the_string() {
        for text in [
            "postgres://u:s3cret@host",
            "postgres://u:s3cret@/d",
            "postgres://u:s3cret@host:port/d",
            "postgres://u:s3cret@host/d?sslmode=maybe",
            "postgres://u:s3cret@host/d?sslmode=s3cret",
            "postgres://u:s3cret@host/d?sslcert=only.pem",
            "postgres://u:an@s3cret@host/d",
            "postgres://u:an@s3cret/x@host/d",
            "postgres://u:s3cret@host/d?sslmode=verify-ca",
            "postgres://u:s3cret@host/d?sslmode=require&sslrootcert=system",
            "postgres://u:s3cret@host/d?no_such=s3cret",
        ] {
            let wrong = parse(text).unwrap_err();
            assert!(!wrong.contains("s3cret") && wrong.len() > 20, "{text}: {wrong}");
        }
    }
}
