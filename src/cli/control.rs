//! Commands that change something go to the process that owns the database.
//!
//! The owner holds a lock beside the file and listens on a socket (mode 0600). A command asks it there;
//! when nobody owns the file, the command becomes the owner for a moment. Either way [`execute`] does the
//! work, so caches and switches never see a change from the side.

use crate::{
    clock::Clock,
    org::connection::{Connection, TokenInfo},
    scim::Profile,
    service::{App, Context, connections},
    store::Store,
};
use anyhow::{Context as _, bail};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use std::{
    fs::{File, Permissions},
    io::{BufRead, BufReader, Read, Write},
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How long either side waits for the other, and the longest line.
const PATIENCE: Duration = Duration::from_secs(10);
const MAX_LINE: u64 = 64 * 1024;

/// What the command line asks of the owner.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Ask {
    CreateConnection { name: String, profile: String },
    ListConnections,
    RevokeConnection { name: String },
    CreateToken { connection: String, lifetime: Option<i64> },
    RevokeToken { id: String },
}

/// What the owner says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Reply {
    Connections(Vec<ShownConnection>),
    Token(ShownToken),
    Done,
}

/// A connection as commands show it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ShownConnection {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) profile: String,
    pub(super) created_at: i64,
    pub(super) tokens: Vec<ShownToken>,
}

/// A token as commands show it; the token itself only when it was just made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ShownToken {
    pub(super) id: String,
    pub(super) origin: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
    pub(super) expires_at: Option<i64>,
    pub(super) last_used_at: Option<i64>,
}

/// The ownership of a database file, for as long as the value lives.
#[derive(Debug)]
pub(super) struct Ownership {
    _lock: File,
}

/// Takes ownership of a database file, or says that somebody has it.
pub(super) fn own(database: &Path) -> anyhow::Result<Ownership> {
    let path = beside(database, "lock");
    let lock = File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
    if lock.try_lock().is_err() {
        bail!("{} is in use by another roster process", database.display());
    }
    Ok(Ownership { _lock: lock })
}

/// Opens a database that is owned.
pub(super) fn open(database: &Path) -> anyhow::Result<App> {
    let clock = Clock::System;
    let store = Store::open(database, clock.now())
        .with_context(|| format!("the database {} cannot be opened", database.display()))?;
    // people's data: nobody else on this machine needs to read it
    std::fs::set_permissions(database, Permissions::from_mode(0o600))?;
    Ok(App::new(store, clock))
}

/// Asks whoever owns the database; if nobody does, does it here.
pub(super) fn ask(database: &Path, ask: &Ask) -> anyhow::Result<Reply> {
    if let Ok(stream) = UnixStream::connect(beside(database, "sock")) {
        return ask_owner(&stream, ask);
    }
    if !database.exists() && !matches!(ask, Ask::CreateConnection { .. }) {
        bail!("there is no database {}; `roster serve` makes one", database.display());
    }
    let _ownership = own(database)?;
    let app = Arc::new(open(database)?);
    let runtime = runtime()?;
    let reply = runtime.block_on(execute(&app, ask));
    app.store.close();
    reply
}

fn ask_owner(stream: &UnixStream, ask: &Ask) -> anyhow::Result<Reply> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut writer = stream;
    writeln!(writer, "{}", serde_json::to_string(ask)?)?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).context("the running server did not answer")?;
    let answer: Result<Reply, String> =
        serde_json::from_str(&line).context("the running server said something unreadable")?;
    answer.map_err(anyhow::Error::msg)
}

/// Listens for commands until the process ends.
pub(super) fn listen(database: &Path, app: Arc<App>) -> anyhow::Result<()> {
    let path = beside(database, "sock");
    // the lock says that whoever made an old socket is gone
    if path.exists() {
        std::fs::remove_file(&path)?;
    }
    let listener =
        UnixListener::bind(&path).with_context(|| format!("cannot listen on {}", path.display()))?;
    std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
    let runtime = runtime()?;
    std::thread::Builder::new().name("roster-control".to_owned()).spawn(move || {
        for stream in listener.incoming().flatten() {
            if let Err(error) = answer(&stream, &app, &runtime) {
                tracing::warn!(%error, "a command was not answered");
            }
        }
    })?;
    Ok(())
}

fn answer(stream: &UnixStream, app: &Arc<App>, runtime: &tokio::runtime::Runtime) -> anyhow::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    BufReader::new(stream.take(MAX_LINE)).read_line(&mut line)?;
    let reply = match serde_json::from_str(&line) {
        Ok(ask) => runtime.block_on(execute(app, &ask)).map_err(|error| format!("{error:#}")),
        Err(_) => Err("the command is not one this server knows; are both of the same version?".to_owned()),
    };
    let mut writer = stream;
    Ok(writeln!(writer, "{}", serde_json::to_string(&reply)?)?)
}

/// Does what was asked.
pub(super) async fn execute(app: &Arc<App>, ask: &Ask) -> anyhow::Result<Reply> {
    let cx = &context(app).await?;
    Ok(match ask {
        Ask::CreateConnection { name, profile } => {
            let profile: Profile = profile.parse().map_err(anyhow::Error::msg)?;
            let made = connections::create(cx, name, profile).await?;
            Reply::Connections(vec![show(made, &[])])
        }
        Ask::ListConnections => {
            let (found, tokens) = connections::list(cx).await?;
            Reply::Connections(found.into_iter().map(|connection| show(connection, &tokens)).collect())
        }
        Ask::RevokeConnection { name } => {
            connections::revoke(cx, name).await?;
            Reply::Done
        }
        Ask::CreateToken { connection, lifetime } => {
            let made = connections::create_token(cx, connection, *lifetime).await?;
            Reply::Token(ShownToken {
                id: made.id,
                origin: "command".to_owned(),
                token: Some(made.token.expose_secret().to_owned()),
                expires_at: made.expires_at,
                last_used_at: None,
            })
        }
        Ask::RevokeToken { id } => {
            connections::revoke_token(cx, id).await?;
            Reply::Done
        }
    })
}

/// The context of a command: the machine's operator, in the first organization.
pub(super) async fn context(app: &Arc<App>) -> anyhow::Result<Arc<Context>> {
    let organization = connections::first_organization(app).await?;
    let now = app.clock.now();
    Ok(Arc::new(Context {
        app: app.clone(),
        organization,
        actor: "command".to_owned(),
        profile: Profile::Standard,
        now,
        request: app.ids.make(now),
        base: Arc::from(""),
    }))
}

fn show(connection: Connection, tokens: &[TokenInfo]) -> ShownConnection {
    let mine = tokens.iter().filter(|token| token.connection == connection.id).map(|token| ShownToken {
        id: token.id.clone(),
        origin: token.origin.clone(),
        token: None,
        expires_at: token.expires_at,
        last_used_at: token.last_used_at,
    });
    ShownConnection {
        tokens: mine.collect(),
        id: connection.id,
        name: connection.name,
        profile: connection.profile.as_str().to_owned(),
        created_at: connection.created_at,
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// The file beside the database that belongs to it: `roster.db.sock`.
fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}
