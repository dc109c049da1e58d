//! The links of identity providers: what they may do, how they fare, and a guide for each.

use super::{
    super::{
        answer::{Answer, Failed, Frame},
        moment::{maybe, when},
    },
    Page,
    form::{Secret, Typed},
};
use crate::{
    org::{
        connection::{Adoption, Mail, Scopes},
        refusal::Refusal as Rule,
    },
    scim::Profile,
    service::{
        Error,
        adoptions::{self, Wanted},
        connections::{self, Change, Shown, ShownToken},
        health::{self, Health},
        page::Slice,
    },
};
use actix_web::http::StatusCode;
use askama::Template;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

/// The identity providers that there is a guide for: the word in messages, the name, and how many steps it has.
const GUIDES: &[(&str, &str, usize)] = &[
    ("okta", "Okta", 5),
    ("entra", "Microsoft Entra ID", 5),
    ("onelogin", "OneLogin", 4),
    ("jumpcloud", "JumpCloud", 4),
    ("ping", "PingOne", 4),
    ("keycloak", "Keycloak", 3),
    ("authentik", "authentik", 4),
    ("other", "SCIM 2.0", 3),
];

/// Whether a token ends soon, or has ended.
fn ends_soon(health: &Health, token: &ShownToken) -> bool {
    health.ending_tokens.iter().any(|ending| ending.id == token.id)
}

/// A part of all, in percent.
fn percent(part: &Option<f64>) -> String {
    part.map_or_else(|| "–".to_owned(), |part| format!("{:.1} %", part * 100.0))
}

#[derive(Template)]
#[template(path = "http/pages/console/provisioning.html")]
struct Connections<'p> {
    frame: &'p Frame,
    rows: Vec<(Shown, Health)>,
    adoptions: Vec<Wanted>,
    json: String,
}

/// `GET /console/provisioning`.
pub(super) async fn list(page: &Page<'_>) -> Result<Answer, Failed> {
    let connections = connections::list(&page.cx).await?;
    let mut health = health::health(&page.cx).await?;
    let rows = connections.into_iter().filter_map(|connection| {
        let at = health.iter().position(|it| it.connection == connection.id)?;
        Some((connection, health.swap_remove(at)))
    });
    let rows = rows.collect();
    let adoptions = adoptions::list(&page.cx, Slice::parse(None, None).map_err(Error::Rule)?).await?.items;
    let json = page.json("/connections");
    Answer::page(&Connections { frame: &page.frame, rows, adoptions, json })
}

#[derive(Template)]
#[template(path = "http/pages/console/new_connection.html")]
struct NewConnection<'p> {
    frame: &'p Frame,
    typed: Typed<'p>,
    error: Option<String>,
}

/// `GET /console/provisioning/new`.
pub(super) async fn show_new(page: &Page<'_>) -> Result<Answer, Failed> {
    let typed = page.typed("/provisioning/new", false);
    Answer::page(&NewConnection { frame: &page.frame, typed, error: None })
}

/// `POST /console/provisioning/new`: the connection with its first token, and the guide filled with both.
pub(super) async fn create(page: &Page<'_>) -> Result<Answer, Failed> {
    let made = match page.choice("profile") {
        Ok(profile) => connections::create(&page.cx, page.field("name"), profile.unwrap_or_default()).await,
        Err(error) => Err(error),
    };
    let name = match made {
        Ok(made) => made.it.name,
        Err(error) => {
            let error = Some(page.refused(error)?);
            let typed = page.typed("/provisioning/new", error.is_some());
            let form = NewConnection { frame: &page.frame, typed, error };
            return Answer::page_with(StatusCode::UNPROCESSABLE_ENTITY, &form);
        }
    };
    let token = connections::create_token(&page.cx, &name, None, Scopes::ALL).await?;
    let secret = token.it.secret.map(|text| Secret { label: page.frame.tx("token-made", &name), text });
    shown(page, (&name, page.field("guide")), StatusCode::OK, (secret, None)).await
}

/// A step of a guide.
struct Step {
    text: String,
}

#[derive(Template)]
#[template(path = "http/pages/console/connection.html")]
struct Connection<'p> {
    frame: &'p Frame,
    connection: Shown,
    health: Health,
    /// The URL that the provider is given.
    url: String,
    guide: &'static str,
    steps: Vec<Step>,
    /// What was typed about the switches, and about another token.
    typed: Typed<'p>,
    token: Typed<'p>,
    secret: Option<Secret>,
    error: Option<String>,
    json: String,
}

/// `GET /console/provisioning/{connection}`.
pub(super) async fn show(page: &Page<'_>) -> Result<Answer, Failed> {
    shown(page, (page.id(), page.asked.query("guide")), StatusCode::OK, (None, None)).await
}

async fn shown(
    page: &Page<'_>,
    (name, guide): (&str, &str),
    status: StatusCode,
    (secret, error): (Option<Secret>, Option<String>),
) -> Result<Answer, Failed> {
    let connection = connections::read(&page.cx, name).await?;
    let health = health::of_connection(&page.cx, &connection.id).await?;
    let (guide, _, steps) =
        GUIDES.iter().find(|known| known.0 == guide).or(GUIDES.first()).unwrap_or(&("", "", 0));
    let said = |n: usize| page.frame.tx(&format!("guide-{guide}-{n}"), &connection.name);
    let steps = (1..=*steps).map(|n| Step { text: said(n) }).collect();
    let json = page.json(&format!("/connections/{}", connection.id));
    let url = page.asked.scim();
    let frame = &page.frame;
    let place = format!("/provisioning/{}", connection.id);
    let typed = page.typed(&place, error.is_some());
    let token = page.typed(&format!("{place}/tokens"), error.is_some());
    Answer::page_with(
        status,
        &Connection { frame, connection, health, url, guide, steps, typed, token, secret, error, json },
    )
}

/// `POST /console/provisioning/{connection}/tokens`: the token is on the page that follows, and on no other.
pub(super) async fn create_token(page: &Page<'_>) -> Result<Answer, Failed> {
    /// A day in microseconds.
    const DAY: i64 = 24 * 3_600 * 1_000_000;
    let days = page.filled("days").map(|days| days.parse::<i64>());
    let made = match days {
        Some(Ok(days)) if (1..=36_500).contains(&days) => Ok(Some(days * DAY)),
        None => Ok(None),
        Some(_) => Err(Error::Rule(Rule::Invalid("days: expected 1 to 36500 days, or nothing".to_owned()))),
    };
    let scopes = if page.is_ticked("readOnly") { Scopes::READ } else { Scopes::ALL };
    let made = match made {
        Ok(lifetime) => connections::create_token(&page.cx, page.id(), lifetime, scopes).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(made) => {
            let label = page.frame.t("token-new-made");
            let secret = made.it.secret.map(|text| Secret { label, text });
            shown(page, (page.id(), page.field("guide")), StatusCode::OK, (secret, None)).await
        }
        Err(error) => refused(page, error).await,
    }
}

async fn refused(page: &Page<'_>, error: Error) -> Result<Answer, Failed> {
    let error = Some(page.refused(error)?);
    shown(page, (page.id(), page.field("guide")), StatusCode::UNPROCESSABLE_ENTITY, (None, error)).await
}

/// `POST /console/provisioning/{connection}/tokens/{token}/revoke`.
pub(super) async fn revoke_token(page: &Page<'_>) -> Result<Answer, Failed> {
    let place = format!("/provisioning/{}", page.id());
    match connections::revoke_token(&page.cx, page.second()).await {
        Ok(_) => Ok(page.told(&place, page.frame.t("token-revoked"))),
        Err(error) => page.not_done(&place, error),
    }
}

/// The switches that are on or off, in the order of the page.
const SWITCHES: [&str; 7] = ["paused", "readOnly", "create", "update", "deactivate", "delete", "groups"];

/// Whether a switch is on.
fn is_on(connection: &Shown, name: &str) -> bool {
    serde_json::to_value(connection.switches).is_ok_and(|it| it.get(name) == Some(&Value::Bool(true)))
}

/// `POST /console/provisioning/{connection}`: the profile and the switches together.
pub(super) async fn change(page: &Page<'_>) -> Result<Answer, Failed> {
    let mut switches: Map<String, Value> =
        SWITCHES.iter().map(|name| ((*name).to_owned(), json!(page.is_ticked(name)))).collect();
    for name in ["adoption", "mail"] {
        switches.extend(page.filled(name).map(|word| (name.to_owned(), json!(word))));
    }
    let cycle = page.filled("expectedCycle").map(|minutes| minutes.parse::<i64>());
    let cycle = match cycle {
        None => Value::Null,
        Some(Ok(minutes)) => json!(minutes),
        Some(Err(_)) => {
            let why = "expectedCycle: expected a number of minutes, or nothing".to_owned();
            return refused(page, Error::Rule(Rule::Invalid(why))).await;
        }
    };
    switches.insert("expectedCycle".to_owned(), cycle);
    let changed = match page.choice("profile") {
        Ok(profile) => {
            let change = Change { profile, sensitive: None, switches };
            connections::change(&page.cx, page.id(), change, page.precondition()).await
        }
        Err(error) => Err(error),
    };
    match changed {
        Ok(connection) => {
            Ok(page.told(&format!("/provisioning/{}", connection.id), page.frame.t("page-saved")))
        }
        Err(Error::PreconditionFailed) => Ok(page.stale(&format!("/provisioning/{}", page.id()))),
        Err(error) => refused(page, error).await,
    }
}

#[derive(Template)]
#[template(path = "http/pages/console/connection_revoke.html")]
struct Revoke<'p> {
    frame: &'p Frame,
    connection: Shown,
}

/// `GET /console/provisioning/{connection}/revoke`: what it means.
pub(super) async fn show_revoke(page: &Page<'_>) -> Result<Answer, Failed> {
    let connection = connections::read(&page.cx, page.id()).await?;
    Answer::page(&Revoke { frame: &page.frame, connection })
}

/// `POST /console/provisioning/{connection}/revoke`.
pub(super) async fn revoke(page: &Page<'_>) -> Result<Answer, Failed> {
    match connections::revoke(&page.cx, page.id()).await {
        Ok(_) => Ok(page.told("/provisioning", page.frame.t("connection-revoked"))),
        Err(error) => page.not_done("/provisioning", error),
    }
}

/// `POST /console/adoptions/{connection}/{user}`: whether a connection may have somebody whom it did not make.
pub(super) async fn decide(page: &Page<'_>) -> Result<Answer, Failed> {
    let (connection, user) = (page.id(), page.second());
    let (done, said) = match page.field("do") {
        "approve" => (adoptions::approve(&page.cx, connection, user).await, "approved"),
        _ => (adoptions::refuse(&page.cx, connection, user).await, "refused"),
    };
    match done {
        Ok(()) => Ok(page.told("/provisioning", page.frame.word("adoption-now-", said))),
        Err(error) => page.not_done("/provisioning", error),
    }
}
