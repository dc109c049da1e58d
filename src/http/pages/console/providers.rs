//! Signing in: what is decided about it, and where else people do so.

use super::{
    super::answer::{Answer, Failed, Frame},
    Page,
    form::Typed,
    settings::{self, Shown as Group, default},
};
use crate::{
    org::{
        connection::Adoption,
        provider::{ClaimNames, Rules},
    },
    service::{
        Error,
        identities::{self, LinkDecision, Shown as Identity},
        people,
        providers::{self, Directory, NewProvider, OpenId, Provider, ProviderChange, Settings, Tested},
    },
};
use actix_web::http::StatusCode;
use askama::Template;

/// Somebody who came from a provider and about whom an admin is to decide.
struct Waiting {
    identity: Identity,
    name: String,
}

#[derive(Template)]
#[template(path = "http/pages/console/sign_in_settings.html")]
struct SignIn<'p> {
    frame: &'p Frame,
    providers: Vec<Provider>,
    waiting: Vec<Waiting>,
    groups: Vec<Group>,
    version: String,
    typed: Typed<'p>,
    error: Option<String>,
    json: String,
}

/// `GET /console/sign-in`.
pub(super) async fn list(page: &Page<'_>) -> Result<Answer, Failed> {
    shown(page, StatusCode::OK, None).await
}

pub(super) async fn shown(
    page: &Page<'_>,
    status: StatusCode,
    error: Option<String>,
) -> Result<Answer, Failed> {
    let providers = providers::list(&page.cx).await?;
    let mut waiting = Vec::new();
    for identity in identities::list(&page.cx, Some("*")).await? {
        let name = people::known(&page.cx, &identity.user).await?.name;
        waiting.push(Waiting { identity, name });
    }
    let (groups, version) = settings::groups(page, settings::SIGN_IN, error.is_some()).await?;
    let typed = page.typed("/sign-in/providers", error.is_some());
    let (frame, json) = (&page.frame, page.json("/providers"));
    Answer::page_with(status, &SignIn { frame, providers, waiting, groups, version, typed, error, json })
}

/// Entries of a field that has one on each line.
fn lines(page: &Page<'_>, name: &str) -> Vec<String> {
    let all = page.field(name).split(['\n', ',']).map(str::trim);
    all.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// `POST /console/sign-in/providers`: an OpenID provider or a directory; its page comes next.
pub(super) async fn create(page: &Page<'_>) -> Result<Answer, Failed> {
    let is_directory = page.field("kind") == "ldap";
    let settings = Settings {
        enabled: false,
        oidc: (!is_directory).then(|| openid(page, None)),
        ldap: is_directory.then(|| directory(page, None)),
        rules: Rules::default(),
    };
    let secret = page.filled("secret");
    match providers::create(&page.cx, NewProvider { name: page.field("name").to_owned(), settings, secret })
        .await
    {
        Ok(made) => {
            let place = format!("/sign-in/providers/{}", made.it.id);
            Ok(page.told(&place, page.frame.tx("provider-made", &made.it.name)))
        }
        Err(error) => {
            let error = page.refused(error)?;
            shown(page, StatusCode::UNPROCESSABLE_ENTITY, Some(error)).await
        }
    }
}

fn openid(page: &Page<'_>, before: Option<&OpenId>) -> OpenId {
    let claims = before.map(|it| it.claims.clone()).unwrap_or_default();
    let claim = |name: &str, known: &str| page.filled(name).unwrap_or_else(|| known.to_owned());
    OpenId {
        issuer: page.field("issuer").to_owned(),
        client_id: page.field("clientId").to_owned(),
        scopes: lines(page, "scopes"),
        claims: ClaimNames {
            username: claim("claimUsername", &claims.username),
            email: claim("claimEmail", &claims.email),
            name: claim("claimName", &claims.name),
            groups: claim("claimGroups", &claims.groups),
        },
        obeys_prompt: before.is_some_and(|it| it.obeys_prompt),
    }
}

fn directory(page: &Page<'_>, before: Option<&Directory>) -> Directory {
    let base = Directory::new(page.field("address"), page.field("baseDn"));
    let known = before.cloned().unwrap_or(base);
    let logins = lines(page, "loginAttributes");
    Directory {
        address: page.field("address").to_owned(),
        base_dn: page.field("baseDn").to_owned(),
        start_tls: page.is_ticked("startTls"),
        bind_dn: page.filled("bindDn"),
        user_filter: page.filled("userFilter"),
        group_base_dn: page.filled("groupBaseDn"),
        nested_groups: page.is_ticked("nestedGroups"),
        allowed_groups: lines(page, "allowedGroups"),
        login_attributes: if logins.is_empty() { known.login_attributes.clone() } else { logins },
        ..known
    }
}

#[derive(Template)]
#[template(path = "http/pages/console/provider.html")]
struct Sheet<'p> {
    frame: &'p Frame,
    provider: Provider,
    tested: Option<Tested>,
    sample: String,
    typed: Typed<'p>,
    error: Option<String>,
    json: String,
}

/// `GET /console/sign-in/providers/{provider}`.
pub(super) async fn show(page: &Page<'_>) -> Result<Answer, Failed> {
    sheet(page, StatusCode::OK, None, None).await
}

async fn sheet(
    page: &Page<'_>,
    status: StatusCode,
    tested: Option<Tested>,
    error: Option<String>,
) -> Result<Answer, Failed> {
    let provider = providers::read(&page.cx, page.id()).await?;
    let json = page.json(&format!("/providers/{}", provider.id));
    let sample = tested.as_ref().and_then(|it| serde_json::to_string_pretty(it.sample.as_ref()?).ok());
    let sample = sample.unwrap_or_default();
    let typed = page.typed(&format!("/sign-in/providers/{}", provider.id), error.is_some());
    Answer::page_with(status, &Sheet { frame: &page.frame, provider, tested, sample, typed, error, json })
}

/// `POST /console/sign-in/providers/{provider}`: what it is and whom it lets in, together.
pub(super) async fn change(page: &Page<'_>) -> Result<Answer, Failed> {
    let before = providers::read(&page.cx, page.id()).await?.settings;
    let place = format!("/sign-in/providers/{}", page.id());
    let adoption = match page.choice::<Adoption>("adoption") {
        Ok(adoption) => adoption.unwrap_or(before.rules.adoption),
        Err(error) => return page.not_done(&place, error),
    };
    let change = ProviderChange {
        name: page.filled("name"),
        enabled: Some(page.is_ticked("enabled")),
        oidc: before.oidc.as_ref().map(|it| openid(page, Some(it))),
        ldap: before.ldap.as_ref().map(|it| directory(page, Some(it))),
        rules: Some(Rules {
            trust_email: page.is_ticked("trustEmail"),
            domains: lines(page, "domains"),
            required_groups: lines(page, "requiredGroups"),
            adoption,
            group_sync: page.is_ticked("groupSync"),
            identifier_claims: page.is_ticked("identifierClaims"),
        }),
        secret: page.filled("secret"),
    };
    match providers::change(&page.cx, page.id(), change, page.precondition()).await {
        Ok(_) => Ok(page.told(&place, page.frame.t("page-saved"))),
        Err(Error::PreconditionFailed) => Ok(page.stale(&place)),
        Err(error) => {
            let error = page.refused(error)?;
            sheet(page, StatusCode::UNPROCESSABLE_ENTITY, None, Some(error)).await
        }
    }
}

/// `POST /console/sign-in/providers/{provider}/test`: asks it as signing in would.
pub(super) async fn test(page: &Page<'_>) -> Result<Answer, Failed> {
    let tested = providers::test(&page.cx, page.id()).await?;
    sheet(page, StatusCode::OK, Some(tested), None).await
}

#[derive(Template)]
#[template(path = "http/pages/console/provider_remove.html")]
struct Remove<'p> {
    frame: &'p Frame,
    provider: Provider,
}

/// `GET /console/sign-in/providers/{provider}/remove`: what it means.
pub(super) async fn show_remove(page: &Page<'_>) -> Result<Answer, Failed> {
    let provider = providers::read(&page.cx, page.id()).await?;
    Answer::page(&Remove { frame: &page.frame, provider })
}

/// `POST /console/sign-in/providers/{provider}/remove`.
pub(super) async fn remove(page: &Page<'_>) -> Result<Answer, Failed> {
    match providers::remove(&page.cx, page.id()).await {
        Ok(()) => Ok(page.told("/sign-in", page.frame.t("provider-removed"))),
        Err(error) => page.not_done(&format!("/sign-in/providers/{}", page.id()), error),
    }
}

/// `POST /console/sign-in/providers/{provider}/people/{user}`: whether somebody who came from there is that person.
pub(super) async fn decide(page: &Page<'_>) -> Result<Answer, Failed> {
    let decided = match page.choice::<LinkDecision>("do") {
        Ok(Some(decision)) => {
            let subject = page.filled("subject");
            identities::decide(&page.cx, (page.id(), page.second()), (subject.as_deref(), decision)).await
        }
        Ok(None) => return Err(Error::NotFound("page").into()),
        Err(error) => Err(error),
    };
    let back = page.back("/sign-in");
    match decided {
        Ok(()) => Ok(page.told(&back, page.frame.t("page-saved"))),
        Err(error) => page.not_done(&back, error),
    }
}
