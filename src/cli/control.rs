//! Commands that change something go to the process that owns the database.
//!
//! The owner holds a lock on the file and listens on a socket beside it (mode 0600). A command asks it there;
//! when nobody owns the file, the command becomes the owner for a moment. Either way [`execute`] does the
//! work, so caches and switches never see a change from the side.

use super::{
    admin::AdminAsk,
    connections::{ConnectionAsk, TokenAsk},
    invites::InviteAsk,
    issuers::IssuerAsk,
    keys::KeyAsk,
    mails::MailAsk,
    mappings::MappingAsk,
    providers::ProviderAsk,
    requests::RequestAsk,
    roles::RoleAsk,
    seats::SeatsAsk,
    service_accounts::ServiceAccountAsk,
    sessions::SessionAsk,
    settings::SettingAsk,
    teams::TeamAsk,
    users::UserAsk,
};
use crate::{
    clock::Clock,
    config::{self, Database, Mistakes},
    mail::{self, Mailer},
    org::{
        address,
        journal::{Walked, Wanted},
        lock::Locks,
        organization::{FIRST, Organization},
        span::ActivityWindow,
    },
    scim::{schema::definition::Definition, text},
    service::{
        App, Context, activity, events, journal, organizations,
        people_csv::{self, Imported, NewImport, Stretch},
        roll, schemas, system,
    },
    store::{Store, postgres},
};
use anyhow::{Context as _, bail};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    fs::{DirBuilder, File, Permissions},
    io::{BufRead, BufReader, Read, Write},
    os::unix::{
        fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

/// How long either side waits for the other, and the longest line.
const PATIENCE: Duration = Duration::from_secs(60);
const MAX_LINE: u64 = 1024 * 1024;

/// How long work goes on before whoever watches hears of it.
const BREATH: Duration = Duration::from_millis(500);

/// What the command line asks of the owner.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Ask {
    CreateOrganization { slug: String, name: String },
    ListOrganizations,
    Connection(ConnectionAsk),
    Token(TokenAsk),
    AddSchema(Box<Definition>),
    ListSchemas,
    RemoveSchema { urn: String },
    GoOnWithSchema { urn: String },
    User(UserAsk),
    Admin(AdminAsk),
    Seats(SeatsAsk),
    Team(TeamAsk),
    Role(RoleAsk),
    Key(KeyAsk),
    ServiceAccount(ServiceAccountAsk),
    Invite(InviteAsk),
    Mail(MailAsk),
    Request(RequestAsk),
    Mapping(MappingAsk),
    Issuer(IssuerAsk),
    ShowOrganization,
    Setting(SettingAsk),
    Session(SessionAsk),
    Provider(ProviderAsk),
    Export { wanted: roll::Wanted, after: Option<String> },
    Import { new: NewImport, rehearses: bool },
    Activity { window: ActivityWindow },
    System,
    ListEvents(Wanted),
    WalkEvents { begun: Option<Walked> },
}

/// A question, and the slug of the organization it is about.
#[derive(Debug, Serialize, Deserialize)]
struct Question {
    organization: String,
    ask: Ask,
}

/// What the owner says. It may hold a token, so it cannot be printed by accident.
#[derive(Serialize, Deserialize)]
pub(super) enum Reply {
    Organizations(Vec<ShownOrganization>),
    Schemas(Vec<ShownSchema>),
    /// How far the work on a schema is.
    Progress {
        done: u64,
        total: u64,
        is_finished: bool,
    },
    /// `next`: the position to go on after; `last`: the position of the last event of all.
    Events {
        events: Vec<Value>,
        next: Option<i64>,
        last: i64,
    },
    Walked(Walked),
    People(Stretch),
    Imported(Imported),
    Done,
    /// What was found or made, as the API shows it.
    Shown(Value),
}

/// An added schema as commands show it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ShownSchema {
    pub(super) definition: Definition,
    pub(super) state: String,
    pub(super) done: usize,
    pub(super) total: usize,
}

/// An organization as commands show it.
#[derive(Serialize, Deserialize)]
pub(super) struct ShownOrganization {
    pub(super) id: String,
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) created_at: String,
}

/// The ownership of a database file, for as long as the value lives. It must outlive every connection to the
/// file, whose own locks end when the process closes the file.
#[derive(Debug)]
pub(super) struct Ownership {
    _file: File,
}

/// Takes ownership of a database file, made when it is not there, or says that somebody has it.
pub(super) fn own(database: &Path) -> anyhow::Result<Ownership> {
    check_format(database)?;
    let file = File::options().create(true).append(true).mode(0o600).open(database);
    let file = file.with_context(|| format!("the database {} cannot be opened", database.display()))?;
    if file.try_lock().is_err() {
        bail!("{} is in use by another roster process", database.display());
    }
    Ok(Ownership { _file: file })
}

/// A file that is there must be a database: somebody's other file is not touched.
fn check_format(database: &Path) -> anyhow::Result<()> {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    let mut head = Vec::new();
    let found = File::open(database).map(|file| file.take(16).read_to_end(&mut head));
    match found {
        Ok(Ok(0)) | Err(_) => Ok(()), // made when it is not there; what cannot be read is told when it is opened
        Ok(_) if head == MAGIC => Ok(()),
        Ok(_) => bail!("{} is not a SQLite database", database.display()),
    }
}

/// Opens a file that is owned. People's data is in it: nobody else on this machine may read it, nor the
/// files SQLite makes beside it, which take its permissions.
pub(super) fn open(database: &Path) -> anyhow::Result<App> {
    let unusable = || format!("the database {} cannot be opened", database.display());
    let file = database.canonicalize().with_context(unusable)?;
    for path in [file.clone(), sidecar(&file, "-wal"), sidecar(&file, "-shm")] {
        if path.exists() {
            std::fs::set_permissions(&path, Permissions::from_mode(0o600)).with_context(unusable)?;
        }
    }
    let clock = Clock::System;
    let store = Store::open(database, clock.now()).with_context(unusable)?;
    Ok(App::new(store, clock))
}

/// The options for a PostgreSQL database, or what is wrong with its settings.
pub(super) fn options(settings: &config::Postgres) -> Result<postgres::Options, String> {
    let password = settings.password.as_ref().map(ExposeSecret::expose_secret);
    Ok(postgres::Options {
        address: postgres::Address::parse(settings.url.expose_secret(), password)?,
        connections: settings.connections,
        pooler: settings.pooler,
        statement_timeout: settings.statement_timeout,
        wait: settings.wait,
    })
}

/// Connects to a PostgreSQL database, which nobody owns, and brings its schema up to date.
pub(super) fn connect(options: &postgres::Options) -> anyhow::Result<App> {
    let clock = Clock::System;
    let store = Store::connect(options, clock.now()).with_context(|| unusable(options))?;
    Ok(App::new(store, clock))
}

/// What the environment says to every process that works on the database.
#[derive(Debug, Clone, Default)]
pub(super) struct Surroundings {
    pub(super) locks: Locks,
    pub(super) mailer: Option<Mailer>,
    pub(super) public_url: String,
    /// Whether somebody restores the server.
    pub(super) restores: bool,
}

impl Surroundings {
    /// Reads the environment; `public_url` is the server's, where one is served here.
    pub(super) fn read(public_url: Option<&str>) -> Result<Self, Mistakes> {
        let public_url = public_url.map(str::to_owned).or_else(config::public_url).unwrap_or_default();
        let restores = config::restores().map_err(Mistakes::from);
        match (Locks::read(config::variable).map_err(Mistakes::from), mailer(&public_url), restores) {
            (Ok(locks), Ok(mailer), Ok(restores)) => {
                let locks = match restores {
                    true => locks.with("passwordSignIn", "LOCAL_RESTORE", Value::Bool(true)),
                    false => locks,
                };
                Ok(Self { locks, mailer, public_url, restores })
            }
            (locks, mailer, restores) => {
                Err(Mistakes::all([locks.err(), mailer.err(), restores.err()].into_iter().flatten()))
            }
        }
    }

    /// The app in these surroundings.
    pub(super) fn around(self, app: App) -> App {
        App {
            locks: self.locks,
            mailer: self.mailer,
            public_url: self.public_url,
            restores: self.restores,
            ..app
        }
    }
}

/// The mail server that the environment names. Without a sender of its own mail comes from the server's own domain.
fn mailer(public_url: &str) -> Result<Option<Mailer>, Mistakes> {
    let Some(setting) = config::mail().map_err(Mistakes::from)? else { return Ok(None) };
    let server = mail::Server::parse(setting.url.expose_secret())
        .map_err(|wrong| Mistakes::from(format!("{}: {wrong}", setting.variable)))?;
    let host = url::Url::parse(public_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let from = setting.from.unwrap_or_else(|| format!("noreply@{}", host.as_deref().unwrap_or("localhost")));
    address::check("ROSTER_SMTP_FROM", &from).map_err(|wrong| Mistakes::from(wrong.to_string()))?;
    Ok(Some(Mailer::new(server, from)))
}

fn unusable(options: &postgres::Options) -> String {
    format!("the database {} cannot be used", options.address)
}

/// Does what is asked where the database is: a file's owner does it, or this process when nobody owns the file; a
/// PostgreSQL database is open to everybody.
pub(super) fn ask(database: &Database, organization: &str, ask: Ask) -> anyhow::Result<Reply> {
    let question = Question { organization: organization.to_owned(), ask };
    match database {
        Database::Sqlite(file) => ask_of_file(file, &question),
        Database::Postgres(settings) => {
            let wrong = |wrong| Mistakes::from(format!("--database (ROSTER_DATABASE): {wrong}"));
            let options = options(settings).map_err(wrong)?;
            let store = Store::connect_prepared(&options).with_context(|| unusable(&options))?;
            do_here(App::new(store, Clock::System), &question)
        }
    }
}

fn do_here(app: App, question: &Question) -> anyhow::Result<Reply> {
    let app = Arc::new(Surroundings::read(None)?.around(app));
    let reply = runtime()?.block_on(answered(&app, question));
    app.store.close();
    reply
}

fn ask_of_file(database: &Path, question: &Question) -> anyhow::Result<Reply> {
    let socket = beside(database, "sock");
    if let Ok(stream) = UnixStream::connect(&socket) {
        return ask_owner(&stream, question);
    }
    if !database.exists() {
        bail!(
            "there is no database {}; --database or ROSTER_DATABASE names the server's, and `roster serve` makes one",
            database.display()
        );
    }
    let lost = || format!("its socket {} does not answer; restart the server", socket.display());
    let _ownership = own(database).with_context(lost)?;
    do_here(open(database)?, question)
}

fn ask_owner(stream: &UnixStream, question: &Question) -> anyhow::Result<Reply> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut writer = stream;
    writeln!(writer, "{}", serde_json::to_string(question)?)?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).context("the running server did not answer")?;
    let answer: Result<Reply, String> =
        serde_json::from_str(&line).context("the running server said something unreadable")?;
    answer.map_err(anyhow::Error::msg)
}

/// Listens for commands until the process ends.
pub(super) fn listen(database: &Path, app: Arc<App>) -> anyhow::Result<()> {
    let path = beside(database, "sock");
    let failed = || format!("cannot listen on {}", path.display());
    // made in a folder of its own, so that nobody reaches the socket before its permissions are set
    let folder = path.with_file_name(".roster.new");
    DirBuilder::new().mode(0o700).recursive(true).create(&folder).with_context(failed)?;
    let made = folder.join("s");
    // the lock says that whoever made an old socket is gone
    let _ = std::fs::remove_file(&made);
    let listener = UnixListener::bind(&made).and_then(|listener| {
        std::fs::set_permissions(&made, Permissions::from_mode(0o600))?;
        std::fs::rename(&made, &path)?;
        Ok(listener)
    });
    // empty, unless the socket could not be made
    let _ = std::fs::remove_dir_all(&folder);
    let listener = listener.with_context(failed)?;
    std::thread::Builder::new().name("roster-control".to_owned()).spawn(move || {
        for stream in listener.incoming() {
            let app = app.clone();
            let served = stream.and_then(|stream| {
                std::thread::Builder::new().spawn(move || {
                    if let Err(error) = answer(&stream, &app) {
                        tracing::warn!(%error, "a command was not answered");
                    }
                })
            });
            if let Err(error) = served {
                tracing::warn!(%error, "a command could not be accepted");
                std::thread::park_timeout(Duration::from_millis(100));
            }
        }
    })?;
    Ok(())
}

fn answer(stream: &UnixStream, app: &Arc<App>) -> anyhow::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    BufReader::new(stream.take(MAX_LINE)).read_line(&mut line)?;
    let reply = match serde_json::from_str(&line) {
        Ok(question) => runtime()?.block_on(answered(app, &question)).map_err(|error| format!("{error:#}")),
        Err(_) => Err("the command is not one this server knows; are both of the same version?".to_owned()),
    };
    let mut writer = stream;
    Ok(writeln!(writer, "{}", serde_json::to_string(&reply)?)?)
}

/// Does what was asked.
async fn answered(app: &Arc<App>, question: &Question) -> anyhow::Result<Reply> {
    let organizations = |found: Vec<Organization>| {
        let shown = found.into_iter().map(|it| ShownOrganization {
            id: it.id,
            slug: it.slug,
            name: it.name,
            created_at: text::date_time(it.created_at),
        });
        Reply::Organizations(shown.collect())
    };
    match &question.ask {
        Ask::CreateOrganization { slug, name } => {
            Ok(organizations(vec![organizations::create(app, slug, name).await?]))
        }
        Ask::ListOrganizations => Ok(organizations(organizations::list(app).await?)),
        ask => execute(&context(app, &question.organization).await?, ask).await,
    }
}

/// Does what was asked of an organization.
pub(super) async fn execute(cx: &Arc<Context>, ask: &Ask) -> anyhow::Result<Reply> {
    Ok(match ask {
        Ask::Connection(ask) => Reply::Shown(ask.execute(cx).await?),
        Ask::Token(ask) => Reply::Shown(ask.execute(cx).await?),
        Ask::User(ask) => Reply::Shown(ask.execute(cx).await?),
        Ask::Admin(ask) => Reply::Shown(ask.execute(cx).await?),
        Ask::Seats(ask) => Reply::Shown(ask.execute(cx).await?),
        Ask::Team(ask) => Reply::Shown(ask.execute(cx).await?),
        Ask::Role(ask) => Reply::Shown(ask.execute(cx).await?),
        Ask::Key(ask) => Reply::Shown(ask.execute(cx).await?),
        Ask::ServiceAccount(ask) => Reply::Shown(ask.execute(cx).await?),
        Ask::Invite(ask) => Reply::Shown(ask.execute(cx).await?),
        Ask::Mapping(ask) => Reply::Shown(ask.execute(cx).await?),
        Ask::Issuer(ask) => Reply::Shown(ask.execute(cx).await?),
        Ask::Request(ask) => Reply::Shown(ask.execute(cx).await?),
        Ask::Mail(ask) => Reply::Shown(ask.execute(cx).await?),
        Ask::ShowOrganization => {
            let own = organizations::own(cx).await?;
            let created_at = text::date_time(own.created_at);
            Reply::Shown(json!({"id": own.id, "slug": own.slug, "name": own.name, "createdAt": created_at}))
        }
        Ask::Provider(ask) => Reply::Shown(ask.execute(cx).await?),
        Ask::Session(ask) => Reply::Shown(ask.execute(cx).await?),
        Ask::Setting(ask) => Reply::Shown(ask.execute(cx).await?),
        Ask::Activity { window } => Reply::Shown(json!(activity::over(cx, *window).await?)),
        Ask::System => Reply::Shown(json!(system::read(cx).await?)),
        Ask::Export { wanted, after } => Reply::People(people_csv::export(cx, wanted, after.clone()).await?),
        Ask::Import { new, rehearses } => {
            Reply::Imported(people_csv::import(cx, new.clone(), *rehearses).await?)
        }
        Ask::ListEvents(wanted) => {
            // without a server that runs nobody else does it
            journal::seal(&cx.app).await?;
            let events::Page { events, next, last } = events::list(cx, wanted.clone()).await?;
            Reply::Events { events, next, last }
        }
        Ask::WalkEvents { begun } => Reply::Walked(journal::walk(cx, begun.clone()).await?),
        other => return execute_on_schemas(cx, other).await,
    })
}

/// The same, of its schemas.
async fn execute_on_schemas(cx: &Arc<Context>, ask: &Ask) -> anyhow::Result<Reply> {
    Ok(match ask {
        Ask::AddSchema(definition) => {
            schemas::put(cx, (**definition).clone()).await?;
            Reply::Done
        }
        Ask::RemoveSchema { urn } => {
            schemas::remove(cx, urn).await?;
            Reply::Done
        }
        Ask::ListSchemas => {
            let found = schemas::list(cx).await?.into_iter().map(|(schema, total)| ShownSchema {
                definition: schema.definition,
                state: schema.state.as_str().to_owned(),
                done: schema.done.min(total),
                total,
            });
            Reply::Schemas(found.collect())
        }
        Ask::GoOnWithSchema { urn } => {
            let begun = Instant::now();
            let mut progress = schemas::go_on(cx, urn).await?;
            while !progress.is_finished && begun.elapsed() < BREATH {
                progress = schemas::go_on(&Context::of_command(&cx.app, cx.organization.clone()).await?, urn)
                    .await?;
            }
            let schemas::Progress { done, total, is_finished } = progress;
            let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
            Reply::Progress { done: number(done), total: number(total), is_finished }
        }
        _ => bail!("organizations are made beside each other, not within one"),
    })
}

/// The context of a command: the machine's operator, in the organization of that slug.
pub(super) async fn context(app: &Arc<App>, slug: &str) -> anyhow::Result<Arc<Context>> {
    let id = match slug {
        FIRST => organizations::first(app).await?,
        slug => match organizations::named(app, slug).await? {
            Some(organization) => organization.id,
            None => bail!("there is no organization {slug:?}; `roster organization list` shows them"),
        },
    };
    Ok(Context::of_command(app, id).await?)
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// The file beside the database that belongs to it: `roster.db.sock`. It follows links, so that a file has one
/// owner by whatever name it is called.
fn beside(database: &Path, suffix: &str) -> PathBuf {
    let file = database.canonicalize().unwrap_or_else(|_| database.to_owned());
    sidecar(&file, &format!(".{suffix}"))
}

fn sidecar(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
