//! Custom roles as the API shows and changes them. What SCIM's rules say of a change holds here, too.

use super::{
    Context, Error, Result,
    authorization::About,
    idempotency::Made,
    load,
    page::{Page, Slice},
    roles,
    users::Demand,
};
use crate::{
    org::{authority::Action, custom_role, permission, record::Record, refusal::unknown},
    scim::{Quirks, projection::Projection, text, urn, version::Precondition},
    store::{
        ReadTx,
        records::{self, Kind},
        roles as rows,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A custom role, as the API answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    /// The id.
    pub id: String,
    /// The name, unique in the organization.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The predefined role it inherits from: `member` or `viewer`.
    pub inherited_from: String,
    /// What it permits: `name`, and `isInherited`.
    #[schemars(with = "Vec<Granted>")]
    pub permissions: Value,
    /// When it was made (RFC 3339).
    pub created_at: String,
    /// What the ETag shows.
    pub version: String,
}

/// A permission of a role.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is a shape")]
struct Granted {
    /// The name, such as `run:stop`.
    name: String,
    /// Whether the role has it of the one it inherits from.
    is_inherited: bool,
}

/// A permission, and which predefined roles in a team have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Permission {
    /// The name, such as `run:stop`.
    pub name: &'static str,
    /// Whether a viewer has it.
    pub viewer: bool,
    /// Whether a member has it.
    pub member: bool,
    /// Whether an admin of the team has it.
    pub admin: bool,
}

/// The roles by id, or the one of exactly this name.
pub async fn list(cx: &Arc<Context>, name: Option<String>, slice: Slice) -> Result<Page<Role>> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::RoleRead, About::ORGANIZATION)?;
        let kind = Kind::of(job.types.role);
        let found = match &name {
            Some(name) => {
                let ids = records::named(tx, kind, &job.organization, &text::fold(name))?;
                let mut found = records::among(tx, kind, &job.organization, &ids)?;
                found.retain(|record| record.resource().is_ok_and(|it| it.text("name") == Some(name)));
                found
            }
            None => records::after(tx, kind, &job.organization, &slice.after, slice.one_more())?,
        };
        let shown = found.iter().map(shown).collect::<Result<Vec<_>>>()?;
        Ok::<_, Error>(Page::of(&slice, shown, |role| &role.id))
    };
    cx.app.store.read(work).await
}

/// One role.
pub async fn read(cx: &Arc<Context>, id: &str) -> Result<Role> {
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::RoleRead, About::ORGANIZATION)?;
        one(tx, &job, &id)
    };
    cx.app.store.read(work).await
}

/// The id of the role that an id or a name, in whatever case, names; else the refusal says which name is nearest.
pub async fn find(cx: &Arc<Context>, name: &str) -> Result<String> {
    let (job, name) = (cx.clone(), name.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::RoleRead, About::ORGANIZATION)?;
        let (kind, organization) = (Kind::of(job.types.role), job.organization.as_str());
        if records::load(tx, kind, organization, &name)?.is_some() {
            return Ok(name.clone());
        }
        let mut named = records::named(tx, kind, organization, &text::fold(&name))?;
        if let Some(id) = named.pop() {
            return Ok(id);
        }
        let known = rows::names(tx, organization)?;
        Err::<_, Error>(unknown("custom role", &name, known.iter().map(String::as_str)).into())
    };
    cx.app.store.read(work).await
}

/// Every permission there is, and which predefined roles have it.
pub async fn permissions(cx: &Arc<Context>) -> Result<Vec<Permission>> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::RoleRead, About::ORGANIZATION)?;
        let shown = permission::all().iter().map(|it| Permission {
            name: it.name,
            viewer: it.in_viewer,
            member: it.in_member,
            admin: it.in_admin,
        });
        Ok::<_, Error>(shown.collect())
    };
    cx.app.store.read(work).await
}

/// Makes a role of `name`, `description`, `inheritedFrom` and `permissions`, a list of names.
pub async fn create(cx: &Arc<Context>, body: Map<String, Value>) -> Result<Made<Role>> {
    let body = scim_body(body)?;
    cx.make(move |tx, cx| {
        let mut quirks = Quirks::default();
        let role = roles::new(cx, body.clone(), &mut quirks)?;
        let id = roles::insert(tx, cx, &role, &quirks)?;
        one(tx, cx, &id)
    })
    .await
}

/// Changes what is named (W-188).
pub async fn change(
    cx: &Arc<Context>,
    id: &str,
    body: Map<String, Value>,
    precondition: Precondition,
) -> Result<Role> {
    let demand = Demand { precondition, projection: Projection::Default };
    roles::replace(cx, id, scim_body(body)?, demand, &mut Quirks::default()).await?;
    read(cx, id).await
}

/// Gives a role permissions and takes some away, all or none of them (W-262).
pub async fn change_permissions(
    cx: &Arc<Context>,
    id: &str,
    added: &[String],
    removed: &[String],
) -> Result<Role> {
    let operation = |(op, names): (&str, &[String])| {
        let names: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
        (!names.is_empty()).then(|| json!({"op": op, "path": "permissions", "value": names}))
    };
    let operations: Vec<Value> =
        [("add", added), ("remove", removed)].into_iter().filter_map(operation).collect();
    let body = [("schemas", json!([urn::PATCH_OP])), ("Operations", operations.into())];
    let body = body.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    roles::patch(cx, id, body, Demand::default(), &mut Quirks::default()).await?;
    read(cx, id).await
}

/// Removes a role; whoever had it has the one it inherits from (W-187).
pub async fn remove(cx: &Arc<Context>, id: &str, precondition: Precondition) -> Result<()> {
    roles::remove(cx, id, precondition).await
}

/// Whom a removal would concern, and nothing is done (W-190).
pub async fn rehearse_removal(cx: &Arc<Context>, id: &str, precondition: Precondition) -> Result<Value> {
    Ok(serde_json::from_str(&roles::rehearse_removal(cx, id, precondition).await?)?)
}

/// Whom a change would concern, and nothing is done (W-190).
pub async fn rehearse_change(
    cx: &Arc<Context>,
    id: &str,
    body: Map<String, Value>,
    precondition: Precondition,
) -> Result<Value> {
    let demand = Demand { precondition, projection: Projection::Default };
    let impact =
        roles::rehearse_replacement(cx, id, scim_body(body)?, demand, &mut Quirks::default()).await?;
    Ok(serde_json::from_str(&impact)?)
}

/// What of a role can be said.
const FIELDS: [&str; 4] = ["name", "description", "inheritedFrom", "permissions"];

/// The same as SCIM has it: permissions are names here and objects there.
fn scim_body(mut body: Map<String, Value>) -> Result<Map<String, Value>> {
    if let Some(stray) = body.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(unknown("field of a role", stray, FIELDS).into());
    }
    body.insert("schemas".to_owned(), json!([urn::ROLE]));
    if let Some(Value::Array(permissions)) = body.get_mut("permissions") {
        for permission in permissions {
            if permission.is_string() {
                *permission = json!({"name": permission.take()});
            }
        }
    }
    Ok(body)
}

fn one(tx: &ReadTx<'_>, cx: &Context, id: &str) -> Result<Role> {
    shown(&load(tx, cx, Kind::of(cx.types.role), id)?)
}

fn shown(record: &Record) -> Result<Role> {
    let mut role = record.resource()?;
    custom_role::show(&mut role);
    let text_of = |name: &str| role.text(name).map(str::to_owned);
    Ok(Role {
        id: record.id.clone(),
        name: text_of("name").unwrap_or_default(),
        description: text_of("description"),
        inherited_from: text_of("inheritedFrom").unwrap_or_default(),
        permissions: role.get("permissions").cloned().unwrap_or_default(),
        created_at: text::date_time(record.created_at),
        version: record.version.to_string(),
    })
}
