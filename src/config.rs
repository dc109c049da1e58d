//! Every setting: name, default, meaning. All mistakes are reported at once.

use secrecy::SecretString;
use std::{
    env::VarError,
    fmt,
    net::{SocketAddr, ToSocketAddrs},
    path::PathBuf,
};
use tracing_subscriber::EnvFilter;

/// The settings of `roster serve`, as they are given: a flag wins over its environment variable.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, env = "ROSTER_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would take them for the command's help")]
    pub database: DatabaseSetting,
    /// The URL clients reach this server under, when it is not the listening address
    #[arg(long, env = "ROSTER_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Certificate chain in PEM; with --tls-key the server speaks HTTPS
    #[arg(long, env = "ROSTER_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// Private key in PEM
    #[arg(long, env = "ROSTER_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// A proxy in front of this server speaks TLS
    #[arg(long, env = "ROSTER_BEHIND_PROXY", value_parser = clap::builder::BoolishValueParser::new())]
    pub behind_proxy: bool,
    /// How many resources a filter on attributes without an index may look at
    #[arg(long, env = "ROSTER_SCAN_ROWS", value_name = "N", default_value = "200000")]
    pub scan_rows: String,
}

/// Where the data is; every command that touches it takes this.
#[derive(Debug, Clone, clap::Args)]
pub struct DatabaseSetting {
    /// The server's SQLite file; `serve` makes it when it is not there
    #[arg(long, env = "ROSTER_DATABASE", value_name = "PATH", default_value = "roster.db")]
    pub database: String,
}

/// Settings that fit together.
#[derive(Debug)]
pub struct Serve {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The SQLite file.
    pub database: PathBuf,
    /// The public URL without a slash at its end, if it is not the listening address.
    pub public_url: Option<String>,
    /// Certificate and key, to speak HTTPS.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// The tokens of the connection `default`, from `ROSTER_SCIM_TOKEN` or the file that
    /// `ROSTER_SCIM_TOKEN_FILE` names.
    pub declared_tokens: Vec<SecretString>,
    /// How that connection's requests are read: `ROSTER_SCIM_PROFILE`.
    pub declared_profile: Option<String>,
    /// What the log shows: `ROSTER_LOG`, in the form of `tracing` directives.
    pub log: String,
    /// The budget of unindexed filters.
    pub scan_rows: usize,
}

/// Everything that is wrong with the settings, a sentence each.
#[derive(Debug)]
pub struct Mistakes(Vec<String>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => f.write_str(one),
            many => write!(f, "{} settings are wrong\n  {}", many.len(), many.join("\n  ")),
        }
    }
}

impl std::error::Error for Mistakes {}

impl Settings {
    /// Checks the settings and reads what only the environment may hold: secrets.
    ///
    /// `profiles` are the words that `ROSTER_SCIM_PROFILE` may be.
    pub fn check(&self, profiles: &[&str]) -> Result<Serve, Mistakes> {
        let mut mistakes = Vec::new();
        let listen = found(resolve(&self.listen), &mut mistakes);
        let database = found(self.database.path(), &mut mistakes);
        let public_url = self.public_url.as_deref().map(check_url);
        let public_url = found(public_url.transpose(), &mut mistakes).flatten();
        let tls = match (&self.tls_cert, &self.tls_key) {
            (Some(cert), Some(key)) => Some((cert.clone(), key.clone())),
            (None, None) => None,
            _ => {
                mistakes.push("--tls-cert and --tls-key belong together, found only one of them".to_owned());
                None
            }
        };
        if let Some(listen) = listen {
            self.check_reach(listen, tls.is_some(), &mut mistakes);
        }
        let declared_tokens = found(declared_tokens(), &mut mistakes);
        let declared_profile = found(declared_profile(profiles), &mut mistakes);
        let log = found(log_directives(), &mut mistakes);
        let rows = "--scan-rows (ROSTER_SCAN_ROWS) takes a whole number";
        let scan_rows = self.scan_rows.parse().map_err(|_| format!("{rows}, found {}", self.scan_rows));
        let scan_rows = found(scan_rows, &mut mistakes).unwrap_or_default();
        match (listen, database, declared_tokens, declared_profile, log) {
            (Some(listen), Some(database), Some(declared_tokens), Some(declared_profile), Some(log))
                if mistakes.is_empty() =>
            {
                Ok(Serve {
                    listen,
                    database,
                    public_url,
                    tls,
                    declared_tokens,
                    declared_profile,
                    log,
                    scan_rows,
                })
            }
            _ => Err(Mistakes(mistakes)),
        }
    }

    /// beyond this machine only TLS is spoken, here or by a proxy.
    fn check_reach(&self, listen: SocketAddr, speaks_tls: bool, mistakes: &mut Vec<String>) {
        if listen.ip().is_loopback() {
            return;
        }
        if !speaks_tls && !self.behind_proxy {
            mistakes.push(format!(
                "--listen {listen} is reachable from other machines and plain HTTP would show every token; \
                 give --tls-cert and --tls-key, or --behind-proxy when a proxy speaks TLS for this server"
            ));
        }
        if listen.ip().is_unspecified() && self.public_url.is_none() {
            mistakes.push(format!("--listen {listen} has no name of its own; give --public-url"));
        }
    }
}

impl DatabaseSetting {
    /// The path of the SQLite file.
    pub fn path(&self) -> Result<PathBuf, String> {
        let text = self.database.strip_prefix("sqlite:").unwrap_or(&self.database);
        let text = text.strip_prefix("//").filter(|_| text.len() < self.database.len()).unwrap_or(text);
        if text.contains("://") {
            let scheme = text.split("://").next().unwrap_or_default();
            return Err(format!(
                "--database (ROSTER_DATABASE) takes the path of a SQLite file, found a URL of {scheme}"
            ));
        }
        if text.starts_with("file:") || text.contains(":memory:") {
            return Err(format!(
                "--database (ROSTER_DATABASE) takes the path of a SQLite file, found {text}"
            ));
        }
        if text.is_empty() {
            return Err(
                "--database (ROSTER_DATABASE) takes the path of a SQLite file, found nothing".to_owned()
            );
        }
        Ok(PathBuf::from(text))
    }
}

/// The token that `roster conformance` uses when none is given.
pub fn conformance_token() -> Option<String> {
    variable("ROSTER_CONFORMANCE_TOKEN").ok().flatten()
}

fn log_directives() -> Result<String, String> {
    let directives = variable("ROSTER_LOG")?.unwrap_or_else(|| "info,actix_server=warn".to_owned());
    match EnvFilter::try_new(&directives) {
        Ok(_) => Ok(directives),
        Err(error) => Err(format!("ROSTER_LOG takes a level such as info, found something else: {error}")),
    }
}

fn found<T>(value: Result<T, String>, mistakes: &mut Vec<String>) -> Option<T> {
    value.map_err(|mistake| mistakes.push(mistake)).ok()
}

fn resolve(listen: &str) -> Result<SocketAddr, String> {
    let wrong = || {
        format!("--listen (ROSTER_LISTEN) takes an address and a port such as 127.0.0.1:8080, found {listen}")
    };
    listen.to_socket_addrs().ok().and_then(|mut addresses| addresses.next()).ok_or_else(wrong)
}

fn check_url(text: &str) -> Result<String, String> {
    let wrong =
        || format!("--public-url (ROSTER_PUBLIC_URL) takes an http or https URL without query, found {text}");
    let url = url::Url::parse(text).map_err(|_| wrong())?;
    let fits = ["http", "https"].contains(&url.scheme()) && url.query().is_none() && url.fragment().is_none();
    let root = url.as_str().trim_end_matches('/');
    match fits {
        true if root.ends_with("/scim/v2") || root.ends_with("/scim") => Err(format!(
            "--public-url (ROSTER_PUBLIC_URL) is the server's root; leave out /scim/v2, found {text}"
        )),
        true => Ok(root.to_owned()),
        false => Err(wrong()),
    }
}

fn declared_tokens() -> Result<Vec<SecretString>, String> {
    let (name, text) = match (variable("ROSTER_SCIM_TOKEN")?, variable("ROSTER_SCIM_TOKEN_FILE")?) {
        (None, None) => return Ok(Vec::new()),
        (Some(_), Some(_)) => {
            let both = "ROSTER_SCIM_TOKEN and ROSTER_SCIM_TOKEN_FILE are both set; one of them is enough";
            return Err(both.to_owned());
        }
        (Some(tokens), None) => ("ROSTER_SCIM_TOKEN", tokens),
        (None, Some(file)) => match std::fs::read_to_string(&file) {
            Ok(tokens) => ("ROSTER_SCIM_TOKEN_FILE", tokens),
            Err(error) => {
                return Err(format!("ROSTER_SCIM_TOKEN_FILE names {file}, which cannot be read: {error}"));
            }
        },
    };
    read_tokens(&text).map_err(|wrong| format!("{name}: {wrong}"))
}

/// One token, or two with a comma between them during a rotation.
fn read_tokens(text: &str) -> Result<Vec<SecretString>, String> {
    /// The shortest token that may be declared, in bytes.
    const SHORTEST: usize = 32;
    let tokens: Vec<&str> = text.trim().split(',').map(str::trim).collect();
    if tokens.len() > 2 {
        return Err(format!("expected one token, or two during a rotation, found {}", tokens.len()));
    }
    if let Some(short) = tokens.iter().find(|token| token.len() < SHORTEST) {
        return Err(format!("a token needs at least {SHORTEST} bytes, found {}", short.len()));
    }
    // what cannot stand in a header, and quotes that a file of settings left around it, never match
    let fits =
        |token: &&str| token.bytes().all(|byte| byte.is_ascii_graphic()) && !token.starts_with(['"', '\'']);
    match tokens.iter().all(fits) {
        true => Ok(tokens.into_iter().map(|token| SecretString::from(token.to_owned())).collect()),
        false => Err("a token holds visible ASCII characters alone, and no quotes around it".to_owned()),
    }
}

fn declared_profile(profiles: &[&str]) -> Result<Option<String>, String> {
    match variable("ROSTER_SCIM_PROFILE")? {
        Some(text) if !profiles.contains(&text.as_str()) => {
            Err(format!("ROSTER_SCIM_PROFILE is one of {}, found {text}", profiles.join(", ")))
        }
        profile => Ok(profile),
    }
}

/// Variables whose names begin as ours do and are none of ours: a slip of the pen, perhaps. They are no mistake,
/// for a cluster that calls its service `roster` sets such names too.
pub fn unknown_variables() -> Vec<String> {
    const KNOWN: [&str; 12] = [
        "ROSTER_LISTEN",
        "ROSTER_DATABASE",
        "ROSTER_PUBLIC_URL",
        "ROSTER_TLS_CERT",
        "ROSTER_TLS_KEY",
        "ROSTER_BEHIND_PROXY",
        "ROSTER_SCAN_ROWS",
        "ROSTER_SCIM_TOKEN",
        "ROSTER_SCIM_TOKEN_FILE",
        "ROSTER_SCIM_PROFILE",
        "ROSTER_LOG",
        "ROSTER_CONFORMANCE_TOKEN",
    ];
    let names = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("ROSTER_") && !KNOWN.contains(&name.as_str())).collect()
}

#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn variable(name: &str) -> Result<Option<String>, String> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            listen: "127.0.0.1:0".to_owned(),
            database: DatabaseSetting { database: "roster.db".to_owned() },
            public_url: None,
            tls_cert: None,
            tls_key: None,
            behind_proxy: false,
            scan_rows: "1".to_owned(),
        }
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let wrong = Settings {
            listen: "0.0.0.0:80".to_owned(),
            database: DatabaseSetting { database: "mysql://x".to_owned() },
            tls_cert: Some("cert.pem".into()),
            scan_rows: "many".to_owned(),
            ..settings()
        };

        let mistakes = wrong.check(&[]).unwrap_err().0;

        assert_eq!(mistakes.len(), 5, "{mistakes:?}");
    }

    #[test]
    fn declared_tokens_are_long_and_few() {
        let (long, other) = ("x".repeat(32), "y".repeat(40));

        assert_eq!(read_tokens(&format!("{long}\n")).unwrap().len(), 1);
        assert_eq!(read_tokens(&format!("{long}, {other}")).unwrap().len(), 2);
        let quoted = format!("\"{long}\"");
        for wrong in
            ["short", "", &quoted, &format!("{long}ü"), &format!("{long},"), &format!("{long},{long},{long}")]
        {
            assert!(read_tokens(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_database_is_a_path_with_or_without_its_scheme() {
        for (given, path) in
            [("roster.db", "roster.db"), ("sqlite:r.db", "r.db"), ("sqlite:///var/r.db", "/var/r.db")]
        {
            let setting = DatabaseSetting { database: given.to_owned() };
            assert_eq!(setting.path(), Ok(PathBuf::from(path)), "{given}");
        }
        for wrong in ["postgres://x", "file:r.db", ":memory:", "sqlite::memory:", ""] {
            assert!(DatabaseSetting { database: wrong.to_owned() }.path().is_err(), "{wrong}");
        }
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        let public = Settings {
            listen: "0.0.0.0:0".to_owned(),
            public_url: Some("https://roster.example.com/\n".to_owned()),
            ..settings()
        };

        assert!(settings().check(&[]).is_ok());
        assert!(public.check(&[]).is_err());
        let speaks_tls = Settings { tls_cert: Some("c".into()), tls_key: Some("k".into()), ..public.clone() };
        assert!(speaks_tls.check(&[]).is_ok());
        let behind_proxy = Settings { behind_proxy: true, ..public }.check(&[]).unwrap();
        assert_eq!(behind_proxy.public_url.as_deref(), Some("https://roster.example.com"));
    }
}
