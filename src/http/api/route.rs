//! The routes of the API: one table.

use super::{Call, Reply, keys, me, organization, service_accounts};
use crate::{http::error::Refusal, org::authority::Action};
use futures_util::future::LocalBoxFuture;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// A route under `/api/v1`. Whoever adds one says which action it is, and with that who may.
pub(super) struct Route {
    /// The method. HEAD goes where GET goes.
    pub(super) method: &'static str,
    /// The path, with `{name}` where a value stands.
    pub(super) pattern: &'static str,
    /// What it is to do this.
    pub(super) action: Action,
    /// What it does, for those who read the description.
    pub(super) summary: &'static str,
    /// The parameters that its query may have.
    pub(super) query: &'static [&'static str],
    /// What serves it.
    pub(super) handler: Handler,
}

/// What serves a route: with a body that was read, or without.
#[derive(Clone, Copy)]
pub(super) enum Handler {
    /// Takes no body.
    Plain(Serve),
    /// Takes a JSON object, which this JSON Schema describes.
    WithBody(Serve, fn() -> Value),
}

/// One function of the service floor, asked.
pub(super) type Serve = fn(Call) -> LocalBoxFuture<'static, Result<Reply, Refusal>>;

/// Every route.
pub(super) const ROUTES: &[Route] = &[
    Route {
        method: "GET",
        pattern: "/me",
        action: Action::MeRead,
        summary: "Whom the key speaks for",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(me::read(call))),
    },
    Route {
        method: "GET",
        pattern: "/organization",
        action: Action::OrganizationRead,
        summary: "The organization",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(organization::read(call))),
    },
    Route {
        method: "GET",
        pattern: "/settings",
        action: Action::SettingsRead,
        summary: "What admins decided for the organization",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(organization::settings(call))),
    },
    Route {
        method: "PATCH",
        pattern: "/settings",
        action: Action::SettingsChange,
        summary: "Change what is named; null brings a default back",
        query: &[],
        handler: Handler::WithBody(
            |call| Box::pin(organization::change_settings(call)),
            organization::change_schema,
        ),
    },
    Route {
        method: "GET",
        pattern: "/keys",
        action: Action::KeyList,
        summary: "One's own keys; those of an owner, or with * everybody's",
        query: &["owner", "limit", "cursor"],
        handler: Handler::Plain(|call| Box::pin(keys::list(call))),
    },
    Route {
        method: "POST",
        pattern: "/keys",
        action: Action::KeyCreate,
        summary: "Make a key; it is shown in this answer and never again",
        query: &[],
        handler: Handler::WithBody(|call| Box::pin(keys::create(call)), keys::new_schema),
    },
    Route {
        method: "GET",
        pattern: "/keys/{id}",
        action: Action::KeyList,
        summary: "What is known of a key",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(keys::get(call))),
    },
    Route {
        method: "PATCH",
        pattern: "/keys/{id}",
        action: Action::KeyChange,
        summary: "Give a key another name",
        query: &[],
        handler: Handler::WithBody(|call| Box::pin(keys::change(call)), keys::change_schema),
    },
    Route {
        method: "DELETE",
        pattern: "/keys/{id}",
        action: Action::KeyRevoke,
        summary: "Revoke a key; the next request with it is refused",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(keys::revoke(call))),
    },
    Route {
        method: "GET",
        pattern: "/service-accounts",
        action: Action::ServiceAccountList,
        summary: "All service accounts, or those of a team",
        query: &["team", "limit", "cursor"],
        handler: Handler::Plain(|call| Box::pin(service_accounts::list(call))),
    },
    Route {
        method: "POST",
        pattern: "/service-accounts",
        action: Action::ServiceAccountCreate,
        summary: "Make a service account, of a team or of the organization",
        query: &[],
        handler: Handler::WithBody(
            |call| Box::pin(service_accounts::create(call)),
            service_accounts::new_schema,
        ),
    },
    Route {
        method: "GET",
        pattern: "/service-accounts/{id}",
        action: Action::ServiceAccountList,
        summary: "A service account",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(service_accounts::get(call))),
    },
    Route {
        method: "DELETE",
        pattern: "/service-accounts/{id}",
        action: Action::ServiceAccountRemove,
        summary: "Remove a service account; its keys end with it",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(service_accounts::remove(call))),
    },
];

/// The route of a request, and the values in its path.
pub(super) fn find(method: &str, path: &str) -> Result<(&'static Route, Vec<String>), Refusal> {
    let wanted = if method == "HEAD" { "GET" } else { method };
    let fitting = || ROUTES.iter().filter_map(|route| Some((route, values(route.pattern, path)?)));
    if let Some(found) = fitting().find(|(route, _)| route.method == wanted) {
        return Ok(found);
    }
    let mut methods: Vec<&str> = fitting().map(|(route, _)| route.method).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    if methods.is_empty() {
        Err(Refusal::NoEndpoint)
    } else {
        Err(Refusal::Method(methods.join(", ").into()))
    }
}

/// The values of a path that fits a pattern, percent-decoded once.
fn values(pattern: &str, path: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(found),
            (Some(name), Some(value)) if name.starts_with('{') && !value.is_empty() => {
                found.push(percent_decode_str(value).decode_utf8_lossy().into_owned());
            }
            (Some(name), Some(value)) if name == value => {}
            _ => return None,
        }
    }
}
