//! Keys, and the service accounts that have some: lists, new ones that are shown once, and their end.

use super::{
    super::{
        answer::{Answer, Failed, Frame},
        moment::at,
    },
    May, Page,
    form::{Secret, Typed},
};
use crate::{
    org::{
        authority::Action,
        key::{Key, Scope, Scopes},
        refusal::Refusal as Rule,
        service_account::{Place as Belongs, ServiceAccount},
    },
    scim::text,
    service::{
        Error,
        keys::{self, NewKey, Whose},
        page::Page as Part,
        people,
        permits::Place,
        service_accounts, teams,
    },
};
use actix_web::http::StatusCode;
use askama::Template;
use secrecy::ExposeSecret;

/// A key, and the name of whoever it speaks for.
struct Row {
    key: Key,
    owner: String,
}

#[derive(Template)]
#[template(path = "http/pages/console/keys.html")]
struct Keys<'p> {
    frame: &'p Frame,
    rows: Vec<Row>,
    next: Option<String>,
    json: String,
}

/// `GET /console/keys`: everybody's.
pub(super) async fn list(page: &Page<'_>) -> Result<Answer, Failed> {
    let Part { items, next } = keys::list(&page.cx, Whose::All, page.slice()?).await?;
    let mut rows = Vec::new();
    for key in items {
        let owner = people::known(&page.cx, &key.owner).await?.name;
        rows.push(Row { key, owner });
    }
    let next = page.next("/keys", next.as_deref());
    Answer::page(&Keys { frame: &page.frame, rows, next, json: page.json("/keys?owner=*") })
}

#[derive(Template)]
#[template(path = "http/pages/console/service_accounts.html")]
struct Accounts<'p> {
    frame: &'p Frame,
    accounts: Vec<ServiceAccount>,
    may: May,
    typed: Typed<'p>,
    error: Option<String>,
    next: Option<String>,
    json: String,
}

/// `GET /console/service-accounts`.
pub(super) async fn accounts(page: &Page<'_>) -> Result<Answer, Failed> {
    accounts_page(page, StatusCode::OK, None).await
}

async fn accounts_page(page: &Page<'_>, status: StatusCode, error: Option<String>) -> Result<Answer, Failed> {
    let Part { items: accounts, next } = service_accounts::list(&page.cx, None, page.slice()?).await?;
    let may = page.may(Place::Organization, &[Action::ServiceAccountCreate]).await?;
    let (next, json) = (page.next("/service-accounts", next.as_deref()), page.json("/service-accounts"));
    let typed = page.typed("/service-accounts", error.is_some());
    Answer::page_with(status, &Accounts { frame: &page.frame, accounts, may, typed, error, next, json })
}

/// `POST /console/service-accounts`: its page comes next, where it gets its first key.
pub(super) async fn create_account(page: &Page<'_>) -> Result<Answer, Failed> {
    let made = match page.filled("team") {
        None => {
            service_accounts::create(
                &page.cx,
                page.field("name"),
                Belongs::Organization { default_team: None },
            )
            .await
        }
        Some(name) => match teams::find(&page.cx, &name).await {
            Ok(team) => {
                let place = Belongs::Organization { default_team: Some(team) };
                service_accounts::create(&page.cx, page.field("name"), place).await
            }
            Err(error) => Err(error),
        },
    };
    match made {
        Ok(made) => {
            let place = format!("/service-accounts/{}", made.it.id);
            Ok(page.told(&place, page.frame.tx("service-account-created", &made.it.name)))
        }
        Err(error) => {
            let error = page.refused(error)?;
            accounts_page(page, StatusCode::UNPROCESSABLE_ENTITY, Some(error)).await
        }
    }
}

#[derive(Template)]
#[template(path = "http/pages/console/service_account.html")]
struct Account<'p> {
    frame: &'p Frame,
    account: ServiceAccount,
    keys: Vec<Key>,
    secret: Option<Secret>,
    typed: Typed<'p>,
    error: Option<String>,
    next: Option<String>,
    json: String,
}

/// `GET /console/service-accounts/{account}`.
pub(super) async fn account(page: &Page<'_>) -> Result<Answer, Failed> {
    account_page(page, StatusCode::OK, None, None).await
}

async fn account_page(
    page: &Page<'_>,
    status: StatusCode,
    secret: Option<Secret>,
    error: Option<String>,
) -> Result<Answer, Failed> {
    let account = service_accounts::get(&page.cx, page.id()).await?;
    let whose = Whose::Owner(account.id.clone());
    let Part { items: keys, next } = keys::list(&page.cx, whose, page.slice()?).await?;
    let next = page.next(&format!("/service-accounts/{}", account.id), next.as_deref());
    let json = page.json(&format!("/keys?owner={}", account.id));
    let typed = page.typed(&format!("/service-accounts/{}/keys", account.id), error.is_some());
    let shown = Account { frame: &page.frame, account, keys, secret, typed, error, next, json };
    Answer::page_with(status, &shown)
}

/// A key as the form describes it.
pub(super) fn described(page: &Page<'_>, owner: &str) -> Result<NewKey, Error> {
    let scopes: Vec<Scope> = page.asked.fields("scope").iter().filter_map(|word| word.parse().ok()).collect();
    let until = page.filled("until").map(|day| {
        text::instant(&format!("{day}T23:59:59Z")).ok_or_else(|| {
            Error::Rule(Rule::Invalid(format!(
                "until: expected a day such as 2030-01-31, found {}",
                text::shown(&day)
            )))
        })
    });
    Ok(NewKey {
        owner: owner.to_owned(),
        name: page.field("name").to_owned(),
        scopes: if scopes.is_empty() { Scopes::ALL } else { Scopes::only(&scopes).map_err(Error::Rule)? },
        expires_at: until.transpose()?,
    })
}

/// `POST /console/service-accounts/{account}/keys`: the key is on the page that follows, and on no other.
pub(super) async fn create_key(page: &Page<'_>) -> Result<Answer, Failed> {
    let made = match described(page, page.id()) {
        Ok(new) => keys::create(&page.cx, new).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(made) => {
            let label = page.frame.tx("key-made", &made.it.key.name);
            let secret = made.it.secret.map(|text| Secret { label, text });
            account_page(page, StatusCode::OK, secret, None).await
        }
        Err(error) => {
            let error = page.refused(error)?;
            account_page(page, StatusCode::UNPROCESSABLE_ENTITY, None, Some(error)).await
        }
    }
}

/// `POST /console/keys/{key}/revoke`: back to where the form stood.
pub(super) async fn revoke(page: &Page<'_>) -> Result<Answer, Failed> {
    let back = match page.field("owner") {
        "" => "/keys".to_owned(),
        "own" => "/own/keys".to_owned(),
        owner => format!("/service-accounts/{owner}"),
    };
    match keys::revoke(&page.cx, page.id()).await {
        Ok(()) => Ok(page.told(&back, page.frame.t("key-revoked"))),
        Err(error) => page.not_done(&back, error),
    }
}

#[derive(Template)]
#[template(path = "http/pages/console/service_account_remove.html")]
struct Remove<'p> {
    frame: &'p Frame,
    account: ServiceAccount,
}

/// `GET /console/service-accounts/{account}/remove`: what it means.
pub(super) async fn show_remove(page: &Page<'_>) -> Result<Answer, Failed> {
    let account = service_accounts::get(&page.cx, page.id()).await?;
    Answer::page(&Remove { frame: &page.frame, account })
}

/// `POST /console/service-accounts/{account}/remove`.
pub(super) async fn remove_account(page: &Page<'_>) -> Result<Answer, Failed> {
    let account = service_accounts::get(&page.cx, page.id()).await?;
    service_accounts::remove(&page.cx, page.id()).await?;
    let text = page.frame.tx("service-account-removed", &account.name);
    Ok(match account.team {
        Some(team) => page.told(&format!("/teams/{team}/service-accounts"), text),
        None => page.told("/service-accounts", text),
    })
}
