//! Every setting: name, default, meaning. All mistakes are reported at once.

mod mail;
mod providers;

pub use mail::{MailSetting, mail};
pub use providers::{providers, restores};

use secrecy::SecretString;
use std::{
    env::VarError,
    fmt,
    net::{SocketAddr, ToSocketAddrs},
    path::PathBuf,
    str::FromStr,
    time::Duration,
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
    /// How many connections this process makes to PostgreSQL at most
    #[arg(long, env = "ROSTER_DATABASE_CONNECTIONS", value_name = "N", default_value = "16")]
    pub database_connections: String,
    /// How long PostgreSQL may work on one statement, in seconds
    #[arg(long, env = "ROSTER_DATABASE_TIMEOUT", value_name = "SECONDS", default_value = "30")]
    pub database_timeout: String,
    /// How long to wait at the start for a PostgreSQL server that is away, in seconds
    #[arg(long, env = "ROSTER_DATABASE_WAIT", value_name = "SECONDS", default_value = "0")]
    pub database_wait: String,
    /// How many resources a filter on attributes without an index may look at
    #[arg(long, env = "ROSTER_SCAN_ROWS", value_name = "N", default_value = "200000")]
    pub scan_rows: String,
}

/// Where the data is; every command that touches it takes this.
#[derive(Debug, Clone, clap::Args)]
pub struct DatabaseSetting {
    /// The server's SQLite file, made by `serve` when it is not there; or postgres://USER@HOST:PORT/DATABASE
    #[arg(
        long,
        global = true,
        env = "ROSTER_DATABASE",
        value_name = "PATH|URL",
        default_value = "roster.db",
        hide_env_values = true
    )]
    pub database: String,
    /// A pooler such as PgBouncer in transaction mode stands before PostgreSQL: prepare no statements
    #[arg(
        long,
        global = true,
        env = "ROSTER_DATABASE_POOLER",
        value_parser = clap::builder::BoolishValueParser::new(),
        default_value_t = false,
        action = clap::ArgAction::SetTrue
    )]
    pub database_pooler: bool,
}

/// Where the data is.
#[derive(Debug, Clone)]
pub enum Database {
    /// In a SQLite file.
    Sqlite(PathBuf),
    /// In a PostgreSQL database.
    Postgres(Postgres),
}

/// How to reach a PostgreSQL database.
#[derive(Debug, Clone)]
pub struct Postgres {
    /// The connection string; it may hold a password.
    pub url: SecretString,
    /// The password, where the connection string has none: from the file that `ROSTER_DATABASE_PASSWORD_FILE`
    /// names.
    pub password: Option<SecretString>,
    /// Whether a pooler stands before the server.
    pub pooler: bool,
    /// How many connections to make at most.
    pub connections: usize,
    /// How long a statement may take.
    pub statement_timeout: Duration,
    /// How long to wait at the start for a server that is away.
    pub wait: Duration,
}

/// Settings that fit together.
#[derive(Debug)]
pub struct Serve {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where the data is.
    pub database: Database,
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
    /// Whether every request comes through a proxy.
    pub behind_proxy: bool,
}

/// Everything that is wrong with the settings, a sentence each.
#[derive(Debug)]
pub struct Mistakes(Vec<String>);

impl From<String> for Mistakes {
    fn from(mistake: String) -> Self {
        Self(vec![mistake])
    }
}

impl From<Vec<String>> for Mistakes {
    fn from(mistakes: Vec<String>) -> Self {
        Self(mistakes)
    }
}

impl Mistakes {
    /// What is wrong in several places, told at once.
    pub fn all(found: impl IntoIterator<Item = Self>) -> Self {
        Self(found.into_iter().flat_map(|mistakes| mistakes.0).collect())
    }
}

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
    /// `profiles` are the words that `ROSTER_SCIM_PROFILE` may be; `check_database` says what is wrong with a
    /// database to reach.
    pub fn check(
        &self,
        profiles: &[&str],
        check_database: impl Fn(&Postgres) -> Result<(), String>,
    ) -> Result<Serve, Mistakes> {
        let mut mistakes = Vec::new();
        let listen = found(resolve(&self.listen), &mut mistakes);
        let database = self.checked_database(check_database, &mut mistakes);
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
        let scan_rows = found(whole("--scan-rows", &self.scan_rows), &mut mistakes).unwrap_or_default();
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
                    behind_proxy: self.behind_proxy,
                })
            }
            _ => Err(Mistakes(mistakes)),
        }
    }

    fn checked_database(
        &self,
        check: impl Fn(&Postgres) -> Result<(), String>,
        mistakes: &mut Vec<String>,
    ) -> Option<Database> {
        let connections =
            found(within("--database-connections", &self.database_connections, 1, 10_000), mistakes);
        let timeout = found(within("--database-timeout", &self.database_timeout, 1, 1_000_000), mistakes);
        let wait = found(within("--database-wait", &self.database_wait, 0, 1_000_000), mistakes);
        let mut database = found(self.database.read(), mistakes)?;
        if let Database::Postgres(postgres) = &mut database {
            postgres.connections = usize::try_from(connections?).unwrap_or(1);
            postgres.statement_timeout = Duration::from_secs(timeout?);
            postgres.wait = Duration::from_secs(wait?);
            let wrong = |wrong| format!("--database (ROSTER_DATABASE): {wrong}");
            found(check(postgres).map_err(wrong), mistakes)?;
        }
        Some(database)
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
    /// Where the data is, for one command: a PostgreSQL server that is away is not waited for.
    pub fn read(&self) -> Result<Database, String> {
        const EXPECTED: &str = "--database (ROSTER_DATABASE) takes the path of a SQLite file or a URL postgres://USER@HOST/DATABASE";
        let given = self.database.as_str();
        if given.starts_with("postgres://") || given.starts_with("postgresql://") {
            return Ok(Database::Postgres(Postgres {
                url: SecretString::from(given),
                password: database_password()?,
                pooler: self.database_pooler,
                connections: 1,
                statement_timeout: Duration::from_secs(30),
                wait: Duration::ZERO,
            }));
        }
        let path = given.strip_prefix("sqlite:").unwrap_or(given);
        let path = path.strip_prefix("//").filter(|_| path.len() < given.len()).unwrap_or(path);
        match path {
            "" => Err(format!("{EXPECTED}, found nothing")),
            _ if path.contains("://") => {
                let scheme = path.split("://").next().unwrap_or_default();
                Err(format!("{EXPECTED}, found a URL of {scheme}"))
            }
            // it may be a connection string of another form, with a password in it
            _ if path.starts_with("postgres:")
                || path.starts_with("postgresql:")
                || path.replace(' ', "").contains("password=") =>
            {
                Err(format!("{EXPECTED}, found something else"))
            }
            _ if path.starts_with("file:") || path.contains(":memory:") => {
                Err(format!("{EXPECTED}, found {path}"))
            }
            _ => Ok(Database::Sqlite(PathBuf::from(path))),
        }
    }
}

fn database_password() -> Result<Option<SecretString>, String> {
    let Some(file) = variable("ROSTER_DATABASE_PASSWORD_FILE")? else { return Ok(None) };
    let text = std::fs::read_to_string(&file).map_err(|error| {
        format!("ROSTER_DATABASE_PASSWORD_FILE names {file}, which cannot be read: {error}")
    })?;
    Ok(Some(SecretString::from(text.trim_end_matches(['\r', '\n']))))
}

/// A whole number in a range, for the setting of that name.
fn within(setting: &str, text: &str, least: u64, most: u64) -> Result<u64, String> {
    match whole(setting, text)? {
        number if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("{setting} takes a whole number from {least} to {most}, found {text}")),
    }
}

/// A whole number, for the setting of that name.
fn whole<T: FromStr>(setting: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| {
        let variable = setting.trim_start_matches('-').replace('-', "_").to_uppercase();
        format!("{setting} (ROSTER_{variable}) takes a whole number, found {text}")
    })
}

/// The token that `roster conformance` uses when none is given.
pub fn conformance_token() -> Option<String> {
    variable("ROSTER_CONFORMANCE_TOKEN").ok().flatten()
}

/// The URL that people reach the server under, as the environment says, for commands that are no server.
pub fn public_url() -> Option<String> {
    let url = variable("ROSTER_PUBLIC_URL").ok().flatten()?;
    check_url(&url).ok()
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
///
/// `locks` are the names that settings of organizations have.
pub fn unknown_variables(locks: &[&str]) -> Vec<String> {
    const KNOWN: [&str; 47] = [
        "ROSTER_CONFIG",
        "ROSTER_LISTEN",
        "ROSTER_ORGANIZATION",
        "ROSTER_DATABASE",
        "ROSTER_DATABASE_CONNECTIONS",
        "ROSTER_DATABASE_PASSWORD_FILE",
        "ROSTER_DATABASE_POOLER",
        "ROSTER_DATABASE_TIMEOUT",
        "ROSTER_DATABASE_WAIT",
        "ROSTER_PUBLIC_URL",
        "ROSTER_TLS_CERT",
        "ROSTER_TLS_KEY",
        "ROSTER_BEHIND_PROXY",
        "ROSTER_SCAN_ROWS",
        "ROSTER_SCIM_TOKEN",
        "ROSTER_SCIM_TOKEN_FILE",
        "ROSTER_SCIM_PROFILE",
        "ROSTER_LOG",
        "ROSTER_SMTP_URL",
        "ROSTER_SMTP_URL_FILE",
        "ROSTER_SMTP_FROM",
        "ROSTER_CONFORMANCE_TOKEN",
        "ROSTER_LOCAL_RESTORE",
        "ROSTER_OIDC_NAME",
        "ROSTER_OIDC_ISSUER",
        "ROSTER_OIDC_CLIENT_ID",
        "ROSTER_OIDC_SECRET",
        "ROSTER_OIDC_SECRET_FILE",
        "ROSTER_OIDC_SCOPES",
        "ROSTER_OIDC_TRUST_EMAIL",
        "ROSTER_OIDC_GROUP_SYNC",
        "ROSTER_OIDC_IDENTIFIER_CLAIMS",
        "ROSTER_LDAP_NAME",
        "ROSTER_LDAP_ADDRESS",
        "ROSTER_LDAP_BASE_DN",
        "ROSTER_LDAP_BIND_DN",
        "ROSTER_LDAP_BIND_PASSWORD",
        "ROSTER_LDAP_BIND_PASSWORD_FILE",
        "ROSTER_LDAP_START_TLS",
        "ROSTER_LDAP_CA_FILE",
        "ROSTER_LDAP_ATTRIBUTES",
        "ROSTER_LDAP_USER_FILTER",
        "ROSTER_LDAP_GROUP_BASE_DN",
        "ROSTER_LDAP_NESTED_GROUPS",
        "ROSTER_LDAP_GROUP_ALLOW_LIST",
        "ROSTER_LDAP_GROUP_SYNC",
        "ROSTER_LDAP_LOGIN",
    ];
    let names = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    let is_known = |name: &str| KNOWN.contains(&name) || locks.contains(&name);
    names.filter(|name| name.starts_with("ROSTER_") && !is_known(name)).collect()
}

/// What an environment variable says, or that it says nothing readable.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn variable(name: &str) -> Result<Option<String>, String> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(database: &str) -> DatabaseSetting {
        DatabaseSetting { database: database.to_owned(), database_pooler: false }
    }

    fn settings() -> Settings {
        Settings {
            listen: "127.0.0.1:0".to_owned(),
            database: setting("roster.db"),
            database_connections: "16".to_owned(),
            database_timeout: "30".to_owned(),
            database_wait: "0".to_owned(),
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
            database: setting("mysql://x"),
            database_wait: "soon".to_owned(),
            database_timeout: u64::MAX.to_string(),
            tls_cert: Some("cert.pem".into()),
            scan_rows: "many".to_owned(),
            ..settings()
        };

        let mistakes = wrong.check(&[], |_| Ok(())).unwrap_err().0;

        assert_eq!(mistakes.len(), 7, "{mistakes:?}");
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
    fn a_database_is_a_path_or_a_url() {
        for (given, path) in
            [("roster.db", "roster.db"), ("sqlite:r.db", "r.db"), ("sqlite:///var/r.db", "/var/r.db")]
        {
            let found = setting(given).read();
            assert!(matches!(&found, Ok(Database::Sqlite(found)) if found == path), "{given}: {found:?}");
        }
        for given in ["postgres://roster@db/roster", "postgresql://db/roster?sslmode=require"] {
            assert!(matches!(setting(given).read(), Ok(Database::Postgres(_))), "{given}");
        }
        for wrong in [
            "mysql://x",
            "file:r.db",
            ":memory:",
            "sqlite::memory:",
            "",
            "host=db password = s3cret",
            "postgres:u:s3cret@h",
        ] {
            let mistake = setting(wrong).read().unwrap_err();
            assert!(mistake.contains("expected") || mistake.contains("takes"), "{mistake}");
            assert!(!mistake.contains("s3cret"), "{mistake}");
        }
    }

    #[test]
    fn a_database_url_stays_out_of_mistakes() {
        let wrong = Settings { database: setting("postgres://u:s3cret@db/d"), ..settings() };

        let mistakes = wrong.check(&[], |_| Err("it is of no use".to_owned())).unwrap_err();

        assert_eq!(mistakes.to_string(), "--database (ROSTER_DATABASE): it is of no use");
        assert!(!format!("{:?}", wrong.check(&[], |_| Ok(()))).contains("s3cret"));
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        let public = Settings {
            listen: "0.0.0.0:0".to_owned(),
            public_url: Some("https://roster.example.com/\n".to_owned()),
            ..settings()
        };

        assert!(settings().check(&[], |_| Ok(())).is_ok());
        assert!(public.check(&[], |_| Ok(())).is_err());
        let speaks_tls = Settings { tls_cert: Some("c".into()), tls_key: Some("k".into()), ..public.clone() };
        assert!(speaks_tls.check(&[], |_| Ok(())).is_ok());
        let behind_proxy = Settings { behind_proxy: true, ..public }.check(&[], |_| Ok(())).unwrap();
        assert_eq!(behind_proxy.public_url.as_deref(), Some("https://roster.example.com"));
    }
}
