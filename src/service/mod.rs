//! One function per thing the server can do. Each owns its transaction.
//!
//! A function reads as the recipe: load, check, apply, save, record. The functions below it are siblings;
//! they hand values back and never call each other.

pub mod access;
pub mod activity;
pub mod adoptions;
pub mod attempts;
mod authorization;
pub mod avatars;
pub mod bulk;
pub mod connections;
pub mod cursor;
pub mod custom_roles;
pub mod decisions;
pub mod denials;
pub mod events;
pub mod first_admin;
pub mod groups;
pub mod health;
pub mod idempotency;
pub mod identities;
pub mod invites;
pub mod issuers;
pub mod journal;
pub mod keys;
mod look;
pub mod machines;
pub mod mails;
pub mod mapping_previews;
pub mod mappings;
pub mod names;
pub mod newcomers;
pub mod organizations;
pub mod page;
pub mod passwords;
pub mod people;
pub mod people_csv;
pub mod people_in_bulk;
pub mod permits;
mod plan;
pub mod provider_logout;
mod provider_people;
pub mod provider_sign_in;
pub mod providers;
pub mod purge;
pub mod read;
pub mod rehearsal;
pub mod requests;
pub mod roles;
pub mod roll;
pub mod schemas;
pub mod seal;
pub mod second_factors;
pub mod service_accounts;
pub mod sessions;
pub mod settings;
mod sight;
pub mod sign_in;
mod standing;
pub mod system;
mod team_roles;
pub mod teams;
mod token;
pub mod users;
pub mod verdicts;

use crate::{
    clock::Clock,
    ids::Ids,
    jwt::KeySets,
    mail::Mailer,
    org::{
        actor::Actor,
        connection::{BadName, Switches},
        event::{Event, EventKind},
        key::{Principal, Scopes},
        lock::Locks,
        organization::BadSlug,
        record::Record,
        refusal::Refusal,
    },
    scim::{
        self, ErrorKind, Profile, Quirks, Resource,
        schema::{ResourceType, Types},
        version::{Precondition, Version},
    },
    store::{
        DbError, ReadTx, Store, WriteTx,
        attributes::Owner,
        journal as rows,
        records::{self, Kind},
    },
};
use serde_json::Value;
use std::sync::Arc;

/// Everything that lives as long as the process.
#[derive(Debug)]
pub struct App {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// The maker of ids.
    pub ids: Ids,
    /// Verdicts on tokens, kept for seconds.
    pub verdicts: verdicts::Verdicts,
    /// Leniencies that are not written down yet.
    pub leniencies: connections::Leniencies,
    /// Requests that are not written down yet.
    pub requests: requests::Waiting,
    /// The resource types of organizations.
    pub types: schemas::Known,
    /// Keys of organizations, which never change.
    pub keys: seal::Keys,
    /// Who hashes passwords.
    pub hasher: passwords::Hasher,
    /// How often people try to sign in.
    pub attempts: attempts::Attempts,
    /// How many ask providers at a time.
    pub exchanges: provider_sign_in::Exchanges,
    /// How many rows an unindexed filter may look at (more is 400 `tooMany`).
    pub scan_rows: usize,
    /// What the environment decides of the settings.
    pub locks: Locks,
    /// Who hands letters on; without one there is no mail.
    pub mailer: Option<Mailer>,
    /// The keys of issuers.
    pub issuers: KeySets,
    /// Whether somebody restores the server: people sign in with passwords alone (W-094).
    pub restores: bool,
    /// The URL that people reach the server under, without a slash at its end; empty where it is not known.
    pub public_url: String,
}

impl App {
    /// An app on a store, with the default budget for unindexed filters.
    pub fn new(store: Store, clock: Clock) -> Self {
        let verdicts = verdicts::Verdicts::default();
        Self {
            store,
            clock,
            ids: Ids::default(),
            verdicts,
            leniencies: connections::Leniencies::default(),
            requests: requests::Waiting::default(),
            types: schemas::Known::default(),
            keys: seal::Keys::default(),
            hasher: passwords::Hasher::default(),
            attempts: attempts::Attempts::default(),
            exchanges: provider_sign_in::Exchanges::default(),
            scan_rows: 200_000,
            locks: Locks::default(),
            mailer: None,
            issuers: KeySets::default(),
            restores: false,
            public_url: String::new(),
        }
    }
}

/// Where a request came from that shows no credential.
#[derive(Debug, Clone, Default)]
pub struct Visit {
    /// The address.
    pub address: String,
    /// What the browser said that it is; empty where it is none.
    pub agent: String,
    /// The request's id.
    pub request: String,
}

/// Who is asking, for whom, and when: made once per request.
#[derive(Debug, Clone)]
pub struct Context {
    /// The process.
    pub app: Arc<App>,
    /// The organization the credential belongs to.
    pub organization: String,
    /// Who asks.
    pub actor: Actor,
    /// The id of the key or token that was shown; empty where none was.
    pub credential: String,
    /// How far that key reaches.
    pub scopes: Scopes,
    /// When that key ends, if it does; microseconds since 1970.
    pub until: Option<i64>,
    /// When whoever is signed in last proved who they are, where it is a session that asks.
    pub authenticated_at: Option<i64>,
    /// How to tell the request when it is made again, where it says so.
    pub once: Option<idempotency::Once>,
    /// What the request would do, where nothing of it shall remain.
    pub rehearsal: Option<Arc<rehearsal::Rehearsal>>,
    /// Whether it is asked over SCIM, where one row of the table of authority decides for everything.
    pub by_scim: bool,
    /// What the connection that asks may do; everything where none does.
    pub switches: Switches,
    /// The address the request came from; empty where there is none.
    pub address: String,
    /// Microseconds since 1970, read once.
    pub now: i64,
    /// The request's id.
    pub request: String,
    /// The URL the SCIM endpoints stand under.
    pub base: Arc<str>,
    /// The organization's resource types.
    pub types: &'static Types,
}

impl Context {
    /// The context of a command: the machine's operator, in an organization.
    pub async fn of_command(app: &Arc<App>, organization: String) -> Result<Arc<Self>> {
        let now = app.clock.now();
        Ok(Arc::new(Self {
            types: schemas::types_now(app, &organization).await?,
            app: app.clone(),
            organization,
            actor: Actor::Operator,
            credential: String::new(),
            scopes: Scopes::ALL,
            until: None,
            authenticated_at: None,
            once: None,
            rehearsal: None,
            by_scim: false,
            switches: Switches::default(),
            address: String::new(),
            now,
            request: app.ids.make(now),
            base: Arc::from(""),
        }))
    }

    /// The context of a request with a key or by whoever is signed in; `base` is what the SCIM endpoints stand under.
    pub async fn of_principal(
        app: &Arc<App>,
        principal: &Principal,
        visit: &Visit,
        base: &Arc<str>,
    ) -> Result<Self> {
        let organization = principal.organization.clone();
        Ok(Self {
            types: schemas::types(app, &organization, principal.types, Profile::Standard).await?,
            app: app.clone(),
            organization,
            actor: principal.actor.clone(),
            by_scim: false,
            switches: Switches::default(),
            credential: principal.key.clone(),
            scopes: principal.scopes.clone(),
            // what somebody makes who is signed in outlives the session
            until: principal.expires_at.filter(|_| principal.authenticated_at.is_none()),
            authenticated_at: principal.authenticated_at,
            once: None,
            rehearsal: None,
            address: visit.address.clone(),
            now: app.clock.now(),
            request: visit.request.clone(),
            base: base.clone(),
        })
    }

    /// The context of somebody who is at the door and whom nobody knows yet.
    pub(super) async fn of_visit(app: &Arc<App>, organization: String, visit: &Visit) -> Result<Arc<Self>> {
        let cx = Self::of_command(app, organization).await?;
        Ok(Arc::new(Self {
            actor: Actor::System,
            address: visit.address.clone(),
            request: visit.request.clone(),
            ..(*cx).clone()
        }))
    }

    /// Runs a change of the organization in one transaction. It may run more than once, each time with the
    /// quirks as they were; those the last run needed are noted.
    async fn write<T: Send + 'static>(
        self: &Arc<Self>,
        quirks: &mut Quirks,
        work: impl Fn(&WriteTx<'_>, &Self, &mut Quirks) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (cx, seen) = (self.clone(), quirks.clone());
        let run = move |tx: &WriteTx<'_>| {
            let mut quirks = seen.clone();
            Ok::<_, Error>((work(tx, &cx, &mut quirks)?, quirks))
        };
        let (made, used) = self.transact(run).await?;
        *quirks = used;
        Ok(made)
    }

    /// Writes an event beside the change of a user, team or role it tells of.
    ///
    /// By then the transaction holds what it changes; should the organization's schemas have changed since the request
    /// was read, it is to be read again ([`Error::Busy`]).
    fn record(&self, tx: &WriteTx<'_>, event: &Event) -> Result<()> {
        self.check_types(self.note(tx, event)?)
    }

    fn check_types(&self, version: i64) -> Result<()> {
        if version == self.types.version { Ok(()) } else { Err(Error::Busy(DbError::Busy)) }
    }

    /// Writes an event beside the change it tells of. Says how often the organization's schemas changed.
    fn note(&self, tx: &WriteTx<'_>, event: &Event) -> Result<i64> {
        let entry = rows::Entry {
            organization: &self.organization,
            id: &self.app.ids.make(self.now),
            at: self.now,
            actor: &self.actor,
            credential: &self.credential,
            address: &self.address,
            request: &self.request,
        };
        Ok(rows::record(tx, entry, event)?)
    }

    /// A resource whose row and index entries are written.
    fn owner<'a>(&'a self, resource_type: &'static ResourceType, id: &'a str) -> Owner<'a> {
        Owner { organization: &self.organization, resource_type, id }
    }

    /// When a change of this record happened: now, but never before its last one.
    fn modified(&self, record: &Record) -> i64 {
        self.now.max(record.modified_at)
    }
}

/// A resource as it is answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The body; absent where none is sent.
    pub body: Option<String>,
    /// What the ETag shows.
    pub version: Version,
    /// Where the resource is found.
    pub location: String,
}

/// Why a use case did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing here by that id, or nothing this caller may know of.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// A precondition of the client does not hold.
    #[error("the resource has another version than the request demands")]
    PreconditionFailed,
    /// The credential is missing, unknown, expired or revoked.
    #[error("the request needs the token of a connection or a key, in the header Authorization: Bearer")]
    Unauthorized,
    /// A name that no connection can have.
    #[error(transparent)]
    Connection(#[from] BadName),
    /// A slug that no organization can have.
    #[error(transparent)]
    Organization(#[from] BadSlug),
    /// The token may not be used for this; it lacks this scope.
    #[error("the token lacks the scope `{0}`")]
    Scope(&'static str),
    /// A schema that cannot be added, with everything that is wrong, a sentence each.
    #[error("the schema cannot be added: {}", .0.join("; "))]
    Definition(Vec<String>),
    /// The user name is that of somebody who is deactivated (W-226).
    #[error(
        "another user has this userName: {id}, who is deactivated; a PATCH that sets active to true brings them back"
    )]
    Deactivated {
        /// The id.
        id: String,
        /// Where the user is found over SCIM.
        location: String,
    },
    /// A name is taken, on a command.
    #[error("{0}")]
    Taken(String),
    /// A rule of the organization refuses it.
    #[error(transparent)]
    Rule(#[from] Refusal),
    /// The protocol refuses the request.
    #[error(transparent)]
    Scim(#[from] scim::Error),
    /// Too much is going on; the same request may succeed a moment later.
    #[error("the server is busy, try again in a moment")]
    Busy(#[source] DbError),
    /// The database failed. The cause is for the log and never for the client.
    #[error("internal error")]
    Store(#[source] DbError),
}

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The database decides what is unique; here its answer gets the protocol's words.
impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        let taken = |attribute: &str, who: &str| {
            Self::Scim(ErrorKind::Uniqueness.because(format!("another {who} has this {attribute}")))
        };
        match error {
            DbError::Unique(column) => match column.as_str() {
                "users.user_name_key" => taken("userName", "user"),
                "teams.display_name_key" => taken("displayName", "group"),
                "roles.name_key" => taken("name", "role"),
                "mappings.team" => Self::Rule(Refusal::Conflict(
                    "there is a mapping from there to there already; remove it to give another role"
                        .to_owned(),
                )),
                "organizations.slug" => Self::Taken("another organization has this slug".to_owned()),
                "connections.name_key" => Self::Taken("another connection has this name".to_owned()),
                "tokens.digest" => Self::Taken("this token belongs to another connection".to_owned()),
                _ => Self::Store(DbError::Unique(column)),
            },
            DbError::Busy | DbError::Unreachable(_) | DbError::Closed | DbError::Pool(_) => Self::Busy(error),
            other => Self::Store(other),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Store(error.into())
    }
}

/// The resource of that kind and id, or [`Error::NotFound`].
fn load(tx: &ReadTx<'_>, cx: &Context, kind: Kind, id: &str) -> Result<Record> {
    records::load(tx, kind, &cx.organization, id)?.ok_or(Error::NotFound(kind.resource_type.name))
}

/// The same, about to be changed: held against others, and in a version that the client agrees to.
fn load_for_change(
    tx: &WriteTx<'_>,
    cx: &Context,
    kind: Kind,
    id: &str,
    precondition: &Precondition,
) -> Result<Record> {
    agreed(records::load_for_change(tx, kind, &cx.organization, id)?, kind, precondition)
}

/// The same, about to be removed.
fn load_for_removal(
    tx: &WriteTx<'_>,
    cx: &Context,
    kind: Kind,
    id: &str,
    precondition: &Precondition,
) -> Result<Record> {
    agreed(records::load_for_removal(tx, kind, &cx.organization, id)?, kind, precondition)
}

/// A resource that this transaction holds, whatever its version.
fn record_of(tx: &WriteTx<'_>, cx: &Context, kind: Kind, id: &str) -> Result<Record> {
    load_for_change(tx, cx, kind, id, &Precondition::default())
}

fn agreed(record: Option<Record>, kind: Kind, precondition: &Precondition) -> Result<Record> {
    let record = record.ok_or(Error::NotFound(kind.resource_type.name))?;
    if precondition.allows_change(record.version) { Ok(record) } else { Err(Error::PreconditionFailed) }
}

/// An event about a user, team or role.
fn event(kind: EventKind, resource_type: &ResourceType, id: &str, detail: Value) -> Event {
    Event { kind, resource_type: resource_type.name, resource: id.to_owned(), detail }
}

/// The names of the attributes that differ, for the journal.
fn changed_names(before: &Resource, after: &Resource) -> Vec<String> {
    let mut names: Vec<String> = before.0.keys().chain(after.0.keys()).cloned().collect();
    names.sort();
    names.dedup();
    names.retain(|name| before.get(name) != after.get(name));
    names
}
