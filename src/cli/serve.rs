//! `roster serve`.

use super::{
    control::{self, Ownership, Surroundings},
    say,
};
use crate::{
    config::{self, Database, Mistakes, Settings, unknown_variables},
    http::server::{Door, Entrance, start},
    org::{
        connection::{DECLARED, Scopes},
        lock,
        organization::FIRST,
        schema::State,
    },
    scim::{Profile, schema::definition::Definition, text},
    service::{
        App, Context, Error,
        connections::{self, ShownToken},
        first_admin, journal, mails, mappings, organizations,
        providers::{self, NewProvider},
        purge, requests, roll, schemas, system,
    },
    store::{DbError, processes::Process},
};
use anyhow::Context as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::{net::TcpListener, path::PathBuf, sync::Arc, time::Duration};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::{EnvFilter, fmt};

/// Serves until the process is told to stop, then finishes what was accepted.
pub(super) fn run(settings: &Settings, schemas: &[Definition]) -> anyhow::Result<()> {
    let profiles = Profile::ALL.map(Profile::as_str);
    let checked = settings.check(&profiles, |database| control::options(database).map(drop));
    let surroundings = Surroundings::read(settings.public_url.as_deref());
    let providers = config::providers().map_err(Mistakes::from);
    let (settings, surroundings, providers) = match (checked, surroundings, providers) {
        (Ok(settings), Ok(surroundings), Ok(providers)) => (settings, surroundings, providers),
        (settings, surroundings, providers) => {
            let all = [settings.err(), surroundings.err(), providers.err()];
            return Err(Mistakes::all(all.into_iter().flatten()).into());
        }
    };
    let profile: Profile = match &settings.declared_profile {
        Some(profile) => profile.parse().map_err(anyhow::Error::msg)?,
        None => Profile::default(),
    };
    fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_writer(std::io::stderr)
        .with_env_filter(EnvFilter::new(&settings.log))
        .init();
    let locks = lock::variables();
    for name in unknown_variables(&locks.iter().map(|(_, name)| *name).collect::<Vec<_>>()) {
        tracing::warn!(name, "this environment variable is no setting");
    }
    // what can fail without the database fails before it is made
    let tls = settings.tls.as_ref().map(tls).transpose()?;
    let listener = TcpListener::bind(settings.listen)
        .with_context(|| format!("cannot listen on {}", settings.listen))?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let address = format!("{scheme}://{}", listener.local_addr()?);
    let public = settings.public_url.clone().unwrap_or_else(|| address.clone());
    let (app, _ownership) = open(&settings.database)?;
    let mut app = surroundings.around(app);
    app.scan_rows = settings.scan_rows;
    app.public_url.clone_from(&public);
    let app = Arc::new(app);
    let mut door = Door::new(app.clone(), &format!("{public}/scim/v2"));
    door.behind_proxy = settings.behind_proxy;
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    actix_web::rt::System::new().block_on(async {
        let cx = control::context(&app, FIRST).await?;
        connections::declare(&cx, &settings.declared_tokens, profile).await?;
        declare(&cx, providers).await?;
        for schema in schemas {
            let named = || format!("the schema {} of the configuration file", schema.id);
            schemas::put(&cx, schema.clone()).await.with_context(named)?;
        }
        if let Database::Sqlite(file) = &settings.database {
            control::listen(file, app.clone())?;
        }
        let server = start(door, Entrance { listener, tls, workers }, stop()?)?;
        say(&format!("listening on {address}"))?;
        tracing::info!(version = env!("CARGO_PKG_VERSION"), address, "started");
        actix_web::rt::spawn(stop_at_once(app.clone())?);
        work_beside(&app);
        let process = system::begin(&app, place());
        let announced = actix_web::rt::spawn(announce(app.clone(), process.clone()));
        if app.restores {
            restore(&app).await?;
        }
        if let Some(link) = first_admin::link(&cx).await? {
            tell(&format!(
                "\nThere is no admin yet. Whoever opens this link becomes the first; it works for a day:\n\n  {}\n",
                link.expose_secret()
            ));
        }
        if connections::never_connected(&cx).await? {
            welcome(&app, &public, &settings.database, profile).await?;
        } else {
            remind(&app).await?;
        }
        server.await?;
        announced.abort();
        end_well(&app, &process).await;
        Ok::<_, anyhow::Error>(())
    })?;
    app.store.close();
    tracing::info!("stopped");
    Ok(())
}

/// Begins what is done beside serving.
fn work_beside(app: &Arc<App>) {
    actix_web::rt::spawn(go_on_with_schemas(app.clone()));
    actix_web::rt::spawn(fill_the_roll(app.clone()));
    actix_web::rt::spawn(keep_house(app.clone()));
    actix_web::rt::spawn(deliver_mail(app.clone()));
}

/// Does the work on schemas that is left: of those the configuration file declares, and of an earlier process.
async fn go_on_with_schemas(app: Arc<App>) {
    let work = async {
        for organization in organizations::list(&app).await? {
            let context = || control::context(&app, &organization.slug);
            for (schema, total) in schemas::list(&context().await?).await? {
                let urn = schema.definition.id;
                if schema.state != State::Ready {
                    tracing::info!(schema = urn, total, state = schema.state.as_str(), "working on a schema");
                    while !schemas::go_on(&context().await?, &urn).await?.is_finished {}
                    tracing::info!(schema = urn, "done with a schema");
                }
            }
        }
        Ok::<_, anyhow::Error>(())
    };
    if let Err(error) = work.await {
        tracing::error!(
            error = format!("{error:#}"),
            "the work on schemas stopped; a restart goes on with it"
        );
    }
}

/// Makes what people are searched by of those who were there before they could be.
async fn fill_the_roll(app: Arc<App>) {
    match roll::fill(&app).await {
        Ok(0) => {}
        Ok(people) => tracing::info!(people, "people can be searched"),
        Err(error) => {
            tracing::error!(error = ?error, "not everybody can be searched; a restart goes on with it");
        }
    }
}

/// How often a process says that it serves.
const ANNOUNCING_PAUSE: Duration = Duration::from_secs(15);

/// Says that this process serves, until it is told to stop.
async fn announce(app: Arc<App>, process: Process) {
    loop {
        if let Err(error) = system::announce(&app, &process).await {
            tracing::debug!(error = ?error, "that this process serves was not said");
        }
        tokio::time::sleep(ANNOUNCING_PAUSE).await;
    }
}

/// Writes down what is only in memory, and that this process serves no more.
async fn end_well(app: &Arc<App>, process: &Process) {
    connections::keep_leniencies(app).await;
    requests::keep(app).await;
    if let Err(error) = system::withdraw(app, process).await {
        tracing::warn!(error = ?error, "the process is taken to serve for another minute");
    }
}

/// Where this process runs: the host, as the system calls it, and the number.
fn place() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = if host.trim().is_empty() { "localhost" } else { host.trim() };
    format!("{host}:{}", std::process::id())
}

/// How often events get their places, and after how many times of that goes what is kept no longer.
const SEALING_PAUSE: Duration = Duration::from_secs(1);
const SEALINGS_A_CLEANING: u64 = 60;

/// Gives events their places in the chain, and forgets what is kept no longer, until the database is closed.
async fn keep_house(app: Arc<App>) {
    let mut is_failing = false;
    for n in 0_u64.. {
        let work = async {
            journal::seal(&app).await?;
            mappings::keep(&app).await?;
            if n % SEALINGS_A_CLEANING == 0 {
                let n_trimmed = journal::trim(&app).await?;
                if n_trimmed > 0 {
                    tracing::info!(events = n_trimmed, "old events are gone");
                }
                app.attempts.forget();
                let n_purged = purge::purge(&app).await?;
                if n_purged > 0 {
                    tracing::info!(teams = n_purged, "archived teams are gone");
                }
            }
            Ok::<_, Error>(())
        };
        match work.await {
            Ok(()) => is_failing = false,
            Err(Error::Busy(DbError::Closed)) => return,
            Err(error) if !is_failing => {
                is_failing = true;
                tracing::warn!(error = ?error, "events wait for their places, or what is old for its end; it is tried again every second");
            }
            Err(_) => {}
        }
        tokio::time::sleep(SEALING_PAUSE).await;
    }
}

/// How often letters that are due are handed on.
const MAIL_PAUSE: Duration = Duration::from_millis(500);

/// Hands letters to the mail server, until the database is closed.
async fn deliver_mail(app: Arc<App>) {
    loop {
        match mails::deliver(&app).await {
            Ok(n_due) if n_due > 0 => continue,
            Err(Error::Busy(DbError::Closed)) => return,
            Ok(_) => {}
            Err(error) => tracing::warn!(error = ?error, "letters wait; it is tried again"),
        }
        tokio::time::sleep(MAIL_PAUSE).await;
    }
}

/// Opens the database. The ownership of a file must outlive its use.
fn open(database: &Database) -> anyhow::Result<(App, Option<Ownership>)> {
    match database {
        Database::Sqlite(file) => {
            let ownership = control::own(file)?;
            Ok((control::open(file)?, Some(ownership)))
        }
        Database::Postgres(settings) => {
            let options = control::options(settings).map_err(anyhow::Error::msg)?;
            Ok((control::connect(&options)?, None))
        }
    }
}

/// What the database is called.
fn named(database: &Database) -> String {
    match database {
        Database::Sqlite(file) => file.display().to_string(),
        Database::Postgres(settings) => {
            control::options(settings).map(|options| options.address.to_string()).unwrap_or_default()
        }
    }
}

/// Lets people sign in where the environment says, and nowhere else where it said before.
async fn declare(cx: &Arc<Context>, declared: Vec<Value>) -> anyhow::Result<()> {
    let read = declared.into_iter().map(serde_json::from_value);
    let declared = read.collect::<Result<Vec<NewProvider>, _>>().context("a provider of the environment")?;
    providers::declare(cx, declared).await.context("a provider of the environment")
}

/// Says how somebody gets in who restores the server.
async fn restore(app: &Arc<App>) -> anyhow::Result<()> {
    let Some((name, password)) = first_admin::restore(app).await? else { return Ok(()) };
    tell(&format!(
        "\nLOCAL_RESTORE is set: people sign in with passwords alone. Sign in as {name} with this temporary password, \
         mend what is wrong, and start again without LOCAL_RESTORE:\n\n  {}\n",
        password.expose_secret()
    ));
    Ok(())
}

/// Says something on the way. That nobody listens any more is no reason to stop.
fn tell(line: &str) {
    if let Err(error) = say(line) {
        tracing::warn!(%error, "nobody reads what is printed");
    }
}

/// On a fresh server: a connection, its token, and the line that creates a first user with it.
async fn welcome(app: &Arc<App>, public: &str, database: &Database, profile: Profile) -> anyhow::Result<()> {
    let made = connections::create(&control::context(app, FIRST).await?, DECLARED, profile).await;
    if made.as_ref().is_err_and(|error| matches!(error, Error::Taken(_))) {
        // another process that starts at the same time shows its token
        return Ok(());
    }
    made?;
    let cx = control::context(app, FIRST).await?;
    let made = connections::create_token(&cx, DECLARED, None, Scopes::ALL).await?.it;
    let token = made.secret.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
    say(&format!(
        "\nThe database {} is new. Its connection `{DECLARED}` has this token, shown this once:\n\n  {token}\n\n\
         (`roster token create {DECLARED}` makes another.) \
         Create a first user with it:\n\n  \
         curl -H 'Authorization: Bearer {token}' -H 'Content-Type: application/scim+json' \\\n    \
         -d '{{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"ada@example.com\"}}' \\\n    \
         {public}/scim/v2/Users\n",
        named(database)
    ))
}

/// Says so when no token works, for then nobody can do anything.
async fn remind(app: &Arc<App>) -> anyhow::Result<()> {
    let known = connections::list(&control::context(app, FIRST).await?).await?;
    let now = text::date_time(app.clock.now());
    let works = |token: &ShownToken| token.expires_at.as_ref().is_none_or(|end| *end > now);
    if known.iter().flat_map(|connection| &connection.tokens).any(works) {
        return Ok(());
    }
    match known.first() {
        Some(connection) => {
            say(&format!("no token works; `roster token create {:?}` makes one", connection.name))
        }
        None => say("there is no connection any more; `roster connection create NAME` makes one"),
    }
}

/// Done when the process is asked to stop.
fn stop() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        futures_util::future::select(Box::pin(terminate.recv()), Box::pin(interrupt.recv())).await;
        tracing::info!("stopping");
    })
}

/// Ends the process when it is asked a second time: requests under way are cut off, what was answered is kept.
fn stop_at_once(app: Arc<App>) -> anyhow::Result<impl Future<Output = ()> + 'static> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        for _ in 0..2 {
            futures_util::future::select(Box::pin(terminate.recv()), Box::pin(interrupt.recv())).await;
        }
        app.store.close();
        tracing::info!("stopped at once");
        std::process::exit(0);
    })
}

fn tls((cert, key): &(PathBuf, PathBuf)) -> anyhow::Result<rustls::ServerConfig> {
    let unreadable = |path: &PathBuf| format!("{} cannot be read as PEM", path.display());
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(cert).and_then(Iterator::collect).with_context(|| unreadable(cert))?;
    let private = PrivateKeyDer::from_pem_file(key).with_context(|| unreadable(key))?;
    rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .with_context(|| format!("{} and {} do not belong together", cert.display(), key.display()))
}
