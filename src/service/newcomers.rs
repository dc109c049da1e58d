//! Somebody who comes by an invite and signs in here from then on.

use super::{
    App, Context, Error, Visit, invites,
    passwords::{self, NotChosen},
    people,
    sessions::{self, NewSession, Signed},
    sign_in,
    token::{Token, digest_of},
};
use crate::{org::session::Way, scim::Quirks, store::WriteTx};
use secrecy::SecretString;
use std::sync::Arc;

/// What somebody says of themselves who accepts an invite.
pub struct Newcomer {
    /// The name to show; empty for none.
    pub name: String,
    /// Their password.
    pub password: SecretString,
    /// The session that the browser has, which ends.
    pub before: Option<String>,
}

/// Lets somebody in by the token of an invite, with a password of their own, and signs them in.
pub async fn accept(app: &Arc<App>, visit: &Visit, token: &str, new: Newcomer) -> Result<Signed, NotChosen> {
    let (cx, shown) = invites::shown(app, visit, token).await?;
    let (_, invite) = invites::at_link(app, visit, token).await?;
    let hash = passwords::chosen(&cx, &new.password, &[&shown.email, &new.name]).await?;
    let (digest, session) = (digest_of(token.trim()), Token::make()?);
    let (visit, cookie) = (visit.clone(), session.secret.clone());
    let work = move |tx: &WriteTx<'_>, cx: &Context, quirks: &mut Quirks| {
        let settings = cx.settings(tx)?;
        passwords::check_open(settings.password_sign_in)?;
        let newcomer = invites::Newcomer { invite: &invite, digest: &digest, display_name: Some(&new.name) };
        let id = invites::let_in_by(tx, cx, newcomer, quirks)?;
        let role = people::role_of(tx, cx, &id)?;
        passwords::keep(tx, &sessions::of_person(cx, &id, role), &id, &hash)?;
        let begun = NewSession {
            person: &id,
            way: Way::Link,
            elsewhere: None,
            token: &session,
            before: new.before.as_deref(),
            proved_at: cx.now,
        };
        let length = sessions::start(tx, cx, (&settings, &visit), &begun)?;
        Ok::<_, Error>((id, length))
    };
    let (person, length) = cx.write(&mut Quirks::default(), work).await?;
    let known = sign_in::known_browser(&cx, &person).await?;
    Ok(Signed { cookie, known, length, person })
}
