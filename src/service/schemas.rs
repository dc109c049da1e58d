//! The schemas that an organization's admins add, and the work that an addition or a removal makes.
//!
//! A schema is in use from the moment it is added. What is indexed is filled in afterwards, slice by slice, and asked
//! for when nothing is missing; a schema that leaves is not understood any more and is taken out of the resources slice
//! by slice. Whoever writes a resource with other schemas in mind than the organization has is sent back
//! (`Context::record`), so that no value is missed.

use super::{App, Context, Error, Result, load_for_change};
use crate::{
    org::{
        event::{Event, EventKind, differences},
        record::Record,
        schema::{AddedSchema, State},
    },
    scim::{
        Profile,
        schema::{
            ResourceType, Types,
            definition::Definition,
            types::{INTEROP, STANDARD, WANDB},
        },
        version::Precondition,
    },
    store::{
        DbError, WriteTx, attributes, journal, organizations,
        records::{self, Kind},
        schemas, teams, users,
    },
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The most schemas an organization adds.
const MOST: usize = 20;
/// Resources of one slice of work, and index entries; the writer's queue goes on between two slices.
const SLICE: usize = 100;
const ENTRIES: usize = 1_000;

/// The resource types of organizations, as they were last read.
#[derive(Debug, Default)]
pub struct Known(Mutex<HashMap<(String, Profile), &'static Types>>);

/// The resource types of an organization as a connection of this profile has them, in this edition or a later one.
pub async fn types(
    app: &Arc<App>,
    organization: &str,
    edition: i64,
    profile: Profile,
) -> Result<&'static Types> {
    let (standard, profile) = match profile {
        Profile::StrictInterop => (&*INTEROP, profile),
        Profile::Wandb => (&*WANDB, profile),
        Profile::Standard | Profile::Strict => (&STANDARD, Profile::Standard),
    };
    if edition == 0 {
        return Ok(standard);
    }
    let key = (organization.to_owned(), profile);
    let known = || app.types.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(types) = known().get(&key).filter(|types| types.edition >= edition) {
        return Ok(types);
    }
    let id = organization.to_owned();
    let read =
        app.store.read(move |tx| Ok::<_, Error>((schemas::version(tx, &id)?, schemas::list(tx, &id)?)));
    let ((version, edition), added) = read.await?;
    let defined: Vec<_> = added.iter().map(AddedSchema::defined).collect();
    let mut known = known();
    // what is made stays for the life of the process, so it is made once
    if let Some(types) = known.get(&key).filter(|types| types.edition >= edition) {
        return Ok(types);
    }
    let types = standard.extended(&defined, version, edition);
    known.insert(key, types);
    Ok(types)
}

/// The resource types of an organization as commands have them.
pub async fn types_now(app: &Arc<App>, organization: &str) -> Result<&'static Types> {
    let id = organization.to_owned();
    let (_, edition) = app.store.read(move |tx| Ok::<_, Error>(schemas::version(tx, &id)?)).await?;
    types(app, organization, edition, Profile::Standard).await
}

/// How far the work on a schema is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Resources that are done.
    pub done: usize,
    /// Resources there are.
    pub total: usize,
    /// Whether nothing is left to do.
    pub is_finished: bool,
}

/// The added schemas, oldest first, and how many resources each of them concerns.
pub async fn list(cx: &Arc<Context>) -> Result<Vec<(AddedSchema, usize)>> {
    let job = cx.clone();
    let read = cx.app.store.read(move |tx| {
        let added = schemas::list(tx, &job.organization)?.into_iter();
        let counted = added.map(|schema| {
            let mut total = 0;
            for resource_type in extended(&job, &schema.definition) {
                total += journal::total(tx, Kind::of(resource_type), &job.organization)?;
            }
            Ok((schema, total))
        });
        counted.collect::<Result<_>>()
    });
    read.await
}

/// Adds a schema, or lets the one of that URN grow. What is indexed is filled in by [`go_on`].
pub async fn put(cx: &Arc<Context>, definition: Definition) -> Result<()> {
    let mistakes = definition.mistakes();
    if !mistakes.is_empty() {
        return Err(Error::Definition(mistakes));
    }
    let job = cx.clone();
    let outcome = cx.app.store.write(move |tx| insert(tx, &job, &definition)).await;
    cx.app.verdicts.drop_all();
    outcome
}

fn insert(tx: &WriteTx<'_>, cx: &Context, definition: &Definition) -> Result<()> {
    organizations::hold(tx, &cx.organization)?;
    let added = schemas::list(tx, &cx.organization)?;
    let is_it = |schema: &AddedSchema| schema.definition.id.eq_ignore_ascii_case(&definition.id);
    let before = added.iter().find(|schema| is_it(schema));
    let mut mistakes = match before {
        Some(AddedSchema { state: State::Leaving, .. }) => vec!["it is being removed".to_owned()],
        Some(before) if before.definition == *definition => return Ok(()),
        Some(before) => definition.losses(&before.definition),
        None if added.len() >= MOST => vec![format!("an organization adds at most {MOST} schemas")],
        None => Vec::new(),
    };
    for other in added.iter().filter(|schema| !is_it(schema)) {
        if definition.overlaps(&other.definition.id) {
            mistakes.push(format!("id: paths could mean {} as well", other.definition.id));
        }
    }
    if !mistakes.is_empty() {
        return Err(Error::Definition(mistakes));
    }
    let is_new = |path: &String| {
        before.is_none_or(|it| it.state != State::Ready || !it.definition.indexed.contains(path))
    };
    let state = if definition.indexed.iter().any(is_new) { State::Indexing } else { State::Ready };
    let schema =
        AddedSchema { definition: definition.clone(), state, kind: 0, position: String::new(), done: 0 };
    save(tx, cx, &schema, EventKind::SchemaChanged)
}

/// Takes a schema out of use, and what resources say by it with it. The work is done by [`go_on`].
pub async fn remove(cx: &Arc<Context>, urn: &str) -> Result<()> {
    let (job, urn) = (cx.clone(), urn.to_owned());
    let outcome = cx.app.store.write(move |tx| {
        organizations::hold(tx, &job.organization)?;
        let mut schema = load(tx, &job, &urn)?;
        if schema.state == State::Leaving {
            return Ok(());
        }
        schema.state = State::Leaving;
        save(tx, &job, &schema, EventKind::SchemaRemoved)
    });
    let outcome = outcome.await;
    cx.app.verdicts.drop_all();
    outcome
}

fn save(tx: &WriteTx<'_>, cx: &Context, schema: &AddedSchema, kind: EventKind) -> Result<()> {
    schemas::put(tx, &cx.organization, schema, cx.now)?;
    schemas::changed(tx, &cx.organization)?;
    note(tx, cx, kind, &schema.definition.id, json!({"state": schema.state.as_str()}))
}

fn load(tx: &WriteTx<'_>, cx: &Context, urn: &str) -> Result<AddedSchema> {
    schemas::load(tx, &cx.organization, urn)?.ok_or(Error::NotFound("schema"))
}

fn note(tx: &WriteTx<'_>, cx: &Context, kind: EventKind, urn: &str, detail: Value) -> Result<()> {
    let event = Event { kind, resource_type: "Schema", resource: urn.to_owned(), detail };
    cx.note(tx, &event).map(drop)
}

/// The resource types that a schema extends, as the organization has them.
fn extended(cx: &Context, definition: &Definition) -> Vec<&'static ResourceType> {
    let named = |name: &String| cx.types.all().into_iter().find(|it| it.name == name);
    definition.extends.iter().filter_map(named).collect()
}

/// Does the next slice of the work on a schema. The work is done where it stopped by whoever calls this next, should
/// the process die on the way.
pub async fn go_on(cx: &Arc<Context>, urn: &str) -> Result<Progress> {
    let found = list(cx).await?.into_iter().find(|(it, _)| it.definition.id.eq_ignore_ascii_case(urn));
    let Some((schema, total)) = found else { return Ok(Progress { done: 0, total: 0, is_finished: true }) };
    if schema.kind == 0 && schema.position.is_empty() {
        for resource_type in extended(cx, &schema.definition) {
            let job = cx.clone();
            let wait = move |tx: &WriteTx<'_>| {
                Ok::<_, Error>(journal::settle(tx, &job.organization, Kind::of(resource_type))?)
            };
            cx.app.store.write(wait).await?;
        }
    }
    let (job, id) = (cx.clone(), schema.definition.id.clone());
    let outcome = cx.app.store.write(move |tx| slice(tx, &job, &id)).await;
    cx.app.verdicts.drop_all();
    let (done, is_finished) = outcome?;
    Ok(Progress { done: done.min(total), total, is_finished })
}

/// How many resources are done, and whether that were all.
fn slice(tx: &WriteTx<'_>, cx: &Context, urn: &str) -> Result<(usize, bool)> {
    let Some(mut schema) = schemas::load(tx, &cx.organization, urn)? else { return Ok((0, true)) };
    if schema.state == State::Ready {
        return Ok((schema.done, true));
    }
    cx.check_types(schemas::version(tx, &cx.organization)?.0)?;
    let Some(resource_type) = extended(cx, &schema.definition).into_iter().nth(schema.kind) else {
        return Ok((schema.done, finish(tx, cx, &schema)?));
    };
    let batch = records::after(tx, Kind::of(resource_type), &cx.organization, &schema.position, SLICE)?;
    match batch.last() {
        Some(last) => schema.position.clone_from(&last.id),
        None => {
            schema.kind += 1;
            schema.position.clear();
        }
    }
    for record in &batch {
        visit(tx, cx, &schema, (resource_type, &record.id))?;
    }
    schema.done += batch.len();
    schemas::move_on(tx, &cx.organization, &schema)?;
    Ok((schema.done, false))
}

/// Brings one resource up to date with a schema.
fn visit(
    tx: &WriteTx<'_>,
    cx: &Context,
    schema: &AddedSchema,
    (resource_type, id): (&'static ResourceType, &str),
) -> Result<()> {
    let found = load_for_change(tx, cx, Kind::of(resource_type), id, &Precondition::default());
    let record = match found {
        // gone since the list was made
        Err(Error::NotFound(_)) => return Ok(()),
        found => found?,
    };
    let owner = cx.owner(resource_type, id);
    match schema.state {
        State::Leaving => strip(tx, cx, &record, (resource_type, &schema.definition.id)),
        _ => Ok(attributes::fill(tx, owner, &record.resource()?)?),
    }
}

/// Takes what a resource says by a schema out of it.
fn strip(
    tx: &WriteTx<'_>,
    cx: &Context,
    before: &Record,
    (resource_type, urn): (&'static ResourceType, &str),
) -> Result<()> {
    let was = before.stripped(resource_type)?;
    let mut resource = was.clone();
    if resource.0.shift_remove(urn).is_none() {
        return Ok(());
    }
    let (owner, now) = (cx.owner(resource_type, &before.id), cx.modified(before));
    let (version, kind) = match resource_type.is_group() {
        true => {
            let change = teams::Change { now, more_members: 0 };
            (teams::replace(tx, owner, before, &resource, change)?, EventKind::TeamChanged)
        }
        false => (users::replace(tx, owner, before, &resource, now)?, EventKind::UserChanged),
    };
    version.ok_or(Error::Busy(DbError::Busy))?;
    let detail = json!({"attributes": [urn], "changes": differences(resource_type, &was, &resource)});
    cx.record(tx, &super::event(kind, resource_type, &before.id, detail))
}

/// Ends the work on a schema, when nothing is left of it; says whether that is so.
fn finish(tx: &WriteTx<'_>, cx: &Context, schema: &AddedSchema) -> Result<bool> {
    let (organization, urn) = (&cx.organization, &schema.definition.id);
    if schema.state == State::Leaving {
        for name in schema.definition.index_names() {
            for resource_type in extended(cx, &schema.definition) {
                if attributes::forget(tx, organization, (resource_type, &name), ENTRIES)? > 0 {
                    return Ok(false);
                }
            }
        }
        schemas::remove(tx, organization, urn)?;
        schemas::changed(tx, organization)?;
    } else {
        schemas::ready(tx, organization, urn)?;
    }
    let detail = match schema.state {
        State::Leaving => json!({"state": "removed"}),
        _ => json!({"state": State::Ready.as_str()}),
    };
    note(tx, cx, EventKind::SchemaChanged, urn, detail)?;
    Ok(true)
}
