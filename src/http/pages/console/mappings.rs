//! Mappings: which groups and claims give which roles, with a look at whom a new one would change.

use super::{
    super::{
        answer::{Answer, Failed, Frame},
        moment::when,
    },
    Page,
    form::Typed,
};
use crate::{
    org::role::OrganizationRole,
    service::{
        Error,
        mapping_previews::{self, Preview},
        mappings::{self, NewMapping, Shown},
        page::Slice,
        teams,
    },
};
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "http/pages/console/mappings.html")]
struct Mappings<'p> {
    frame: &'p Frame,
    mappings: Vec<Shown>,
    /// The names of teams, to choose from.
    teams: Vec<String>,
    roles: Vec<String>,
    preview: Option<Preview>,
    typed: Typed<'p>,
    error: Option<String>,
    json: String,
}

/// `GET /console/mappings`.
pub(super) async fn list(page: &Page<'_>) -> Result<Answer, Failed> {
    shown(page, StatusCode::OK, None, None).await
}

async fn shown(
    page: &Page<'_>,
    status: StatusCode,
    preview: Option<Preview>,
    error: Option<String>,
) -> Result<Answer, Failed> {
    let mappings = mappings::list(&page.cx).await?;
    let known = teams::list(&page.cx, None, Slice::parse(Some("500"), None).map_err(Error::Rule)?).await?;
    let teams = known.items.into_iter().map(|team| team.name).collect();
    let (frame, roles, json) = (&page.frame, page.team_roles().await?, page.json("/mappings"));
    let typed = page.typed("/mappings", error.is_some() || preview.is_some());
    Answer::page_with(status, &Mappings { frame, mappings, teams, roles, preview, typed, error, json })
}

/// What the form describes: from a group or a claim, to a role in the organization or in a team.
fn described(page: &Page<'_>) -> Result<NewMapping, Error> {
    let (group, claim, role) = (page.filled("group"), page.filled("claim"), page.filled("role"));
    let organization_role: Option<OrganizationRole> = page.choice("organizationRole")?;
    let team = page.filled("team");
    Ok(NewMapping {
        value: page.filled("value").filter(|_| claim.is_some()),
        role: role.filter(|_| team.is_some()),
        group,
        claim,
        organization_role,
        team,
    })
}

/// `POST /console/mappings`: the button says whether it is made, or only told whom it would change.
pub(super) async fn create(page: &Page<'_>) -> Result<Answer, Failed> {
    let refused = match described(page) {
        Err(error) => error,
        Ok(new) if page.field("do") == "preview" => {
            match mapping_previews::rehearse_creation(&page.cx, new).await {
                Ok(preview) => return shown(page, StatusCode::OK, Some(preview), None).await,
                Err(error) => error,
            }
        }
        Ok(new) => match mappings::create(&page.cx, new).await {
            Ok(_) => return Ok(page.told("/mappings", page.frame.t("mapping-made"))),
            Err(error) => error,
        },
    };
    let error = page.refused(refused)?;
    shown(page, StatusCode::UNPROCESSABLE_ENTITY, None, Some(error)).await
}

#[derive(Template)]
#[template(path = "http/pages/console/mapping_remove.html")]
struct Remove<'p> {
    frame: &'p Frame,
    mapping: Shown,
    preview: Preview,
}

/// `GET /console/mappings/{mapping}/remove`: whom it would change.
pub(super) async fn show_remove(page: &Page<'_>) -> Result<Answer, Failed> {
    let mapping = mappings::read(&page.cx, page.id()).await?;
    let preview = mapping_previews::rehearse_removal(&page.cx, page.id()).await?;
    Answer::page(&Remove { frame: &page.frame, mapping, preview })
}

/// `POST /console/mappings/{mapping}/remove`.
pub(super) async fn remove(page: &Page<'_>) -> Result<Answer, Failed> {
    match mappings::remove(&page.cx, page.id()).await {
        Ok(()) => Ok(page.told("/mappings", page.frame.t("mapping-removed"))),
        Err(error) => page.not_done("/mappings", error),
    }
}
