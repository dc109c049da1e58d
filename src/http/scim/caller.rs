//! Who asks over SCIM: a connection with a token; or an admin, or a service account of the organization, with a key.

use super::Endpoint;
use crate::{
    http::credential::Credential,
    org::{
        actor::Actor,
        authority::{Action, Subject, may},
        connection::{Deed, Scopes, Switches, Verdict},
        key::{self, Principal, is_key},
        request::API,
        settings::Settings,
    },
    service::{App, Error, issuers, keys, verdicts},
};
use actix_web::http::Method;
use std::sync::Arc;

/// Who asks.
pub(super) struct Caller {
    /// The organization, and how requests are read.
    pub(super) verdict: Arc<Verdict>,
    /// Who it is.
    pub(super) actor: Actor,
    /// How far the key reaches; a token's scopes are the verdict's.
    pub(super) scopes: key::Scopes,
}

/// Who shows this credential, or [`Error::Unauthorized`]. Basic is for keys alone (W-201).
/// A token that an issuer signed speaks for the connection that an admin named (`slug` says of which organization).
pub(super) async fn authenticate(
    app: &Arc<App>,
    credential: &Credential<'_>,
    slug: Option<&str>,
) -> Result<Caller, Error> {
    if is_key(credential.secret()) {
        return Ok(Caller::with_key(&*keys::authenticate(app, credential.secret()).await?));
    }
    if matches!(credential, Credential::Basic(_)) {
        return Err(Error::Unauthorized);
    }
    let is_signed = credential.secret().starts_with("eyJ") && credential.secret().matches('.').count() == 2;
    let verdict = match is_signed {
        true => issuers::connection_by(app, slug, credential.secret()).await?,
        false => verdicts::authenticate(app, credential.secret()).await?,
    };
    Ok(Caller { actor: Actor::Connection(verdict.connection.clone()), verdict, scopes: key::Scopes::ALL })
}

impl Caller {
    fn with_key(principal: &Principal) -> Self {
        let verdict = Verdict {
            organization: principal.organization.clone(),
            token: principal.key.clone(),
            connection: API.to_owned(),
            connection_name: API.to_owned(),
            profile: principal.profile,
            expires_at: principal.expires_at,
            last_used_at: principal.last_used_at,
            types: principal.types,
            slug: principal.slug.clone(),
            sensitive: Vec::new(),
            scopes: Scopes::ALL,
            switches: Switches::default(),
        };
        let (actor, scopes) = (principal.actor.clone(), principal.scopes.clone());
        Self { verdict: Arc::new(verdict), actor, scopes }
    }

    /// what the token or key may be used for. Discovery is for everybody; a bulk request says of each
    /// operation what the operation alone would hear, where a token asks.
    pub(super) fn authorize(&self, method: &Method, endpoint: &Endpoint) -> Result<(), Error> {
        if endpoint.is_discovery() || *method == Method::OPTIONS {
            return Ok(());
        }
        let reads = matches!(*method, Method::GET | Method::HEAD) || endpoint.is_search();
        let action = if reads { Action::ScimRead } else { Action::ScimWrite };
        // no switch of an organization decides who uses SCIM
        may(&self.actor, action, &Subject::organization(&Settings::default()))?;
        self.scopes.check(action)?;
        if !reads && self.verdict.switches.read_only {
            self.verdict.switches.allow(Deed::Write)?;
        }
        match (reads, self.verdict.scopes) {
            _ if *endpoint == Endpoint::Bulk => Ok(()),
            (true, Scopes { read: false, .. }) => Err(Error::Scope("read")),
            (false, Scopes { write: false, .. }) => Err(Error::Scope("write")),
            _ => Ok(()),
        }
    }
}
