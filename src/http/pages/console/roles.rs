//! Custom roles: what each permits, who has it, and what a change would mean before it is made.

use super::{
    super::answer::{Answer, Failed, Frame},
    May, Page,
};
use crate::{
    org::{authority::Action, permission::Base},
    scim::version::Precondition,
    service::{
        Error,
        custom_roles::{self, Permission, Role},
        page::Page as Part,
        people,
        permits::Place,
    },
};
use actix_web::http::StatusCode;
use askama::Template;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// How many of those whom a change concerns are named.
const NAMED: usize = 20;

#[derive(Template)]
#[template(path = "http/pages/console/roles.html")]
struct Roles<'p> {
    frame: &'p Frame,
    roles: Vec<Role>,
    may: May,
    next: Option<String>,
    json: String,
}

/// How many permissions a role adds to those it inherits.
fn added(role: &Role) -> usize {
    names(role, false).len()
}

fn names(role: &Role, is_inherited: bool) -> BTreeSet<String> {
    let all = role.permissions.as_array().into_iter().flatten();
    let wanted = all.filter(|it| it.get("isInherited").and_then(Value::as_bool) == Some(is_inherited));
    wanted.filter_map(|it| Some(it.get("name")?.as_str()?.to_owned())).collect()
}

/// `GET /console/roles`.
pub(super) async fn list(page: &Page<'_>) -> Result<Answer, Failed> {
    let Part { items: roles, next } = custom_roles::list(&page.cx, None, page.slice()?).await?;
    let may = page.may(Place::Organization, &[Action::RoleCreate]).await?;
    let next = page.next("/roles", next.as_deref());
    Answer::page(&Roles { frame: &page.frame, roles, may, next, json: page.json("/roles") })
}

/// What is written in the form of a role, or was read of one.
struct Draft {
    /// The version of the role that it is about; empty for a new one.
    version: String,
    name: String,
    description: String,
    base: String,
    chosen: BTreeSet<String>,
}

impl Draft {
    fn of(page: &Page<'_>) -> Self {
        Self {
            version: page.field("version").to_owned(),
            name: page.field("name").to_owned(),
            description: page.field("description").to_owned(),
            base: page.field("inheritedFrom").to_owned(),
            chosen: page.asked.fields("permission").into_iter().collect(),
        }
    }

    fn read(role: &Role) -> Self {
        Self {
            version: role.version.clone(),
            name: role.name.clone(),
            description: role.description.clone().unwrap_or_default(),
            base: role.inherited_from.clone(),
            chosen: names(role, false),
        }
    }

    fn adds(&self, permission: &str) -> bool {
        self.chosen.contains(permission)
    }

    /// What the service floor takes. What the base has is left out, for nobody adds that.
    fn body(&self) -> Map<String, Value> {
        let inherited = self.base.parse::<Base>().map(Base::permissions).unwrap_or_default();
        let added: Vec<&String> =
            self.chosen.iter().filter(|name| !inherited.contains(name.as_str())).collect();
        let body = json!({
            "name": self.name,
            "description": self.description,
            "inheritedFrom": self.base,
            "permissions": added,
        });
        let Value::Object(mut body) = body else { return Map::new() };
        if self.description.is_empty() {
            body.remove("description");
        }
        body
    }
}

/// Whom a change would concern, and what they would gain and lose.
struct Impact {
    users: i64,
    memberships: i64,
    gained: Vec<String>,
    lost: Vec<String>,
    /// Some of their names.
    people: Vec<String>,
}

impl Impact {
    async fn read(page: &Page<'_>, told: &Value) -> Result<Self, Failed> {
        let number = |name: &str| told.get(name).and_then(Value::as_i64).unwrap_or_default();
        let list = |name: &str| {
            let all = told.get("permissions").and_then(|it| it.get(name)).and_then(Value::as_array);
            all.into_iter().flatten().filter_map(|it| Some(it.as_str()?.to_owned())).collect()
        };
        let mut people = Vec::new();
        let affected = told.get("affected").and_then(Value::as_array).into_iter().flatten();
        for id in affected.filter_map(|it| it.get("user")?.as_str()).take(NAMED) {
            people.push(people::known(&page.cx, id).await?.name);
        }
        Ok(Self {
            users: number("users"),
            memberships: number("memberships"),
            gained: list("gained"),
            lost: list("lost"),
            people,
        })
    }
}

#[derive(Template)]
#[template(path = "http/pages/console/role.html")]
struct RoleForm<'p> {
    frame: &'p Frame,
    /// The role as it is; without one it is about to be made.
    role: Option<Role>,
    typed: Draft,
    permissions: Vec<Permission>,
    may: May,
    /// What the change would do that is asked about.
    impact: Option<Impact>,
    error: Option<String>,
}

async fn form(
    page: &Page<'_>,
    status: StatusCode,
    (role, typed): (Option<Role>, Draft),
    (impact, error): (Option<Impact>, Option<String>),
) -> Result<Answer, Failed> {
    const ACTIONS: &[Action] = &[Action::RoleCreate, Action::RoleChange, Action::RoleRemove];
    let may = page.may(Place::Organization, ACTIONS).await?;
    let permissions = custom_roles::permissions(&page.cx).await?;
    let shown = RoleForm { frame: &page.frame, role, typed, permissions, may, impact, error };
    Answer::page_with(status, &shown)
}

/// `GET /console/roles/new`.
pub(super) async fn show_new(page: &Page<'_>) -> Result<Answer, Failed> {
    let typed = Draft { base: Base::Member.as_str().to_owned(), ..Draft::of(page) };
    form(page, StatusCode::OK, (None, typed), (None, None)).await
}

/// `POST /console/roles/new`.
pub(super) async fn create(page: &Page<'_>) -> Result<Answer, Failed> {
    let typed = Draft::of(page);
    match custom_roles::create(&page.cx, typed.body()).await {
        Ok(made) => Ok(page.told("/roles", page.frame.tx("role-created", &made.it.name))),
        Err(error) => {
            let error = page.refused(error)?;
            form(page, StatusCode::UNPROCESSABLE_ENTITY, (None, typed), (None, Some(error))).await
        }
    }
}

/// `GET /console/roles/{role}`.
pub(super) async fn show(page: &Page<'_>) -> Result<Answer, Failed> {
    let role = custom_roles::read(&page.cx, page.id()).await?;
    let typed = Draft::read(&role);
    form(page, StatusCode::OK, (Some(role), typed), (None, None)).await
}

/// `POST /console/roles/{role}`: the button says whether it is done, or only told what it would do.
pub(super) async fn change(page: &Page<'_>) -> Result<Answer, Failed> {
    let typed = Draft::of(page);
    let refused = if page.field("do") == "preview" {
        match custom_roles::rehearse_change(&page.cx, page.id(), typed.body(), page.precondition()).await {
            Ok(told) => {
                let impact = Impact::read(page, &told).await?;
                let role = custom_roles::read(&page.cx, page.id()).await?;
                return form(page, StatusCode::OK, (Some(role), typed), (Some(impact), None)).await;
            }
            Err(error) => error,
        }
    } else {
        match custom_roles::change(&page.cx, page.id(), typed.body(), page.precondition()).await {
            Ok(role) => return Ok(page.told("/roles", page.frame.tx("role-changed", &role.name))),
            Err(error) => error,
        }
    };
    if matches!(refused, Error::PreconditionFailed) {
        return Ok(page.stale(&format!("/roles/{}", page.id())));
    }
    let error = page.refused(refused)?;
    let role = custom_roles::read(&page.cx, page.id()).await?;
    form(page, StatusCode::UNPROCESSABLE_ENTITY, (Some(role), typed), (None, Some(error))).await
}

#[derive(Template)]
#[template(path = "http/pages/console/role_remove.html")]
struct Remove<'p> {
    frame: &'p Frame,
    role: Role,
    impact: Impact,
}

/// `GET /console/roles/{role}/remove`: whom it concerns, and what they have afterwards.
pub(super) async fn show_remove(page: &Page<'_>) -> Result<Answer, Failed> {
    let role = custom_roles::read(&page.cx, page.id()).await?;
    let told = custom_roles::rehearse_removal(&page.cx, page.id(), Precondition::default()).await?;
    let impact = Impact::read(page, &told).await?;
    Answer::page(&Remove { frame: &page.frame, role, impact })
}

/// `POST /console/roles/{role}/remove`.
pub(super) async fn remove(page: &Page<'_>) -> Result<Answer, Failed> {
    match custom_roles::remove(&page.cx, page.id(), page.precondition()).await {
        Ok(()) => Ok(page.told("/roles", page.frame.tx("role-removed", page.field("name")))),
        Err(error) => page.not_done(&format!("/roles/{}/remove", page.id()), error),
    }
}
