//! A directory over LDAP (RFC 4511): whether somebody's password is right, who that is, and which groups hold them. Knows
//! nothing of ours.

mod groups;
mod link;
mod name;
mod settings;

pub use groups::Group;
pub use settings::{Attributes, Directory};

use futures_util::FutureExt;
use ldap3::{Scope, ldap_escape};
use link::{Entry, Link, Search, Way};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use std::{panic::AssertUnwindSafe, time::Duration};

/// How long a directory may take, from the first connection to the last answer.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// The longest login, in letters.
const LONGEST_LOGIN: usize = 256;
/// How many people a test counts.
const COUNTED: usize = 100;

/// Somebody whom the directory knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// The name of their entry.
    pub dn: String,
    /// What stays when their names change: the value of the attribute for it, or the name of the entry in small letters.
    pub subject: String,
    /// The user name.
    pub username: String,
    /// The mail address.
    pub email: Option<String>,
    /// The name to show.
    pub name: Option<String>,
    /// The groups that hold them.
    pub groups: Vec<Group>,
}

/// What a test of the settings found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tested {
    /// Whether the connection was encrypted.
    pub encrypted: bool,
    /// How many people could sign in, as far as it counts: up to 100. Whom the groups let in is not asked.
    pub people: usize,
    /// One of them, as the settings read them.
    pub sample: Option<Person>,
}

/// Why nobody signed in. No text holds a password or anything of a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nobody has this login, or several do, or the password is another. Which of them is not told.
    #[error("the login or the password is wrong")]
    Refused,
    /// The password is right, and no group of theirs is one of those that may sign in.
    #[error("none of this person's groups may sign in")]
    NotAllowed,
    /// No connection, no TLS, or no answer in time.
    #[error("the directory cannot be reached: {0}")]
    Unreachable(String),
    /// The directory does not let us look for people, or the settings do not fit it.
    #[error("the directory and its settings do not agree: {0}")]
    Wrong(String),
}

impl Directory {
    /// Finds who has a login and whether the password is theirs: searches as `bind_dn`, whose password `bind_password` is, and
    /// then binds as whom it found.
    pub async fn sign_in(
        &self,
        bind_password: Option<&SecretString>,
        login: &str,
        password: &SecretString,
    ) -> Result<Person, Failure> {
        if !may_be_login(login) || !may_be_password(password) {
            return Err(Failure::Refused);
        }
        in_time(self.signed_in(bind_password, login, password)).await
    }

    async fn signed_in(
        &self,
        bind_password: Option<&SecretString>,
        login: &str,
        password: &SecretString,
    ) -> Result<Person, Failure> {
        let way = Way::to(self)?;
        let mut link = self.searching(&way, bind_password).await?;
        // a second match is enough to know that it is not one
        let found = link.search(self.search(&self.filter(&ldap_escape(login)), 2)).await?;
        let found = match found.as_slice() {
            // an entry without a name would be bound as nobody, which needs no password
            [one] if !one.dn().is_empty() => Some(one),
            _ => None,
        };
        // whoever is not found is bound, too, so that the time it takes tells little of who there is
        let dn = found.map_or_else(
            || format!("cn=nobody-has-this-name,{}", self.base_dn),
            |entry| entry.dn().to_owned(),
        );
        let is_theirs = way.open().await?.accepts(&dn, password).await?;
        let (true, Some(entry)) = (is_theirs, found) else { return Err(Failure::Refused) };
        let person = self.person(&mut link, entry).await?;
        match groups::let_in(&self.allowed_groups, &person.groups) {
            true => Ok(person),
            false => Err(Failure::NotAllowed),
        }
    }

    /// Tries the settings: connects, binds as `bind_dn`, and counts who could sign in.
    pub async fn test(&self, bind_password: Option<&SecretString>) -> Result<Tested, Failure> {
        in_time(self.tested(bind_password)).await
    }

    async fn tested(&self, bind_password: Option<&SecretString>) -> Result<Tested, Failure> {
        let way = Way::to(self)?;
        let mut link = self.searching(&way, bind_password).await?;
        let found = link.search(self.search(&self.filter("*"), COUNTED)).await?;
        // of those that the settings can read, if there are any
        let named = found.iter().find(|entry| entry.first(&self.attributes.username).is_some());
        let sample = match named.or(found.first()) {
            Some(entry) => Some(self.person(&mut link, entry).await?),
            None => None,
        };
        Ok(Tested { encrypted: way.is_encrypted(), people: found.len(), sample })
    }

    /// A connection on which people are looked for: as `bind_dn`, or as nobody.
    async fn searching(&self, way: &Way, bind_password: Option<&SecretString>) -> Result<Link, Failure> {
        let password = match (&self.bind_dn, bind_password) {
            (None, _) => return way.open().await,
            (Some(_), Some(password)) if may_be_password(password) => password,
            (Some(_), _) => return Err(Failure::Wrong("bindDn: expected its password".to_owned())),
        };
        let mut link = way.open().await?;
        link.bind(self.bind_dn.as_deref().unwrap_or_default(), password).await?;
        Ok(link)
    }

    /// The filter for those who have a value, which is escaped or `*`, where logins are.
    fn filter(&self, value: &str) -> String {
        let logins: String =
            self.login_attributes.iter().map(|attribute| format!("({attribute}={value})")).collect();
        format!("(&{}(|{logins}))", self.user_filter.as_deref().unwrap_or_default())
    }

    fn search<'s>(&'s self, filter: &'s str, most: usize) -> Search<'s> {
        let Attributes { subject, username, email, name, group } = &self.attributes;
        Search {
            field: "baseDn",
            base: &self.base_dn,
            scope: Scope::Subtree,
            filter,
            attributes: vec![subject, username, email, name, group],
            most,
        }
    }

    async fn person(&self, link: &mut Link, entry: &Entry) -> Result<Person, Failure> {
        let Attributes { subject, username, email, name, .. } = &self.attributes;
        let unnamed = || Failure::Wrong(format!("attributes.username: the person's entry has no {username}"));
        let username = entry.first(username).ok_or_else(unnamed)?;
        Ok(Person {
            dn: entry.dn().to_owned(),
            subject: entry.first(subject).unwrap_or_else(|| entry.dn().to_lowercase()),
            email: entry.first(email),
            name: entry.first(name),
            groups: groups::of(self, link, entry, &username).await?,
            username,
        })
    }
}

/// Whether a login can be anybody's.
fn may_be_login(login: &str) -> bool {
    !login.trim().is_empty() && login.chars().count() <= LONGEST_LOGIN && !login.contains('\0')
}

/// Whether a password may be sent. RFC 4513 §5.1.2: a bind with a name and no password succeeds, as nobody; and there are
/// directories to which a password ends at a NUL.
fn may_be_password(password: &SecretString) -> bool {
    let password = password.expose_secret();
    !password.is_empty() && !password.contains('\0')
}

/// Ends what takes too long, and with it its connections.
async fn in_time<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let failed = |why: String| Err(Failure::Unreachable(why));
    // ldap3 panics at an answer that is not LDAP; nothing of ours is shared with it
    let work = AssertUnwindSafe(work).catch_unwind();
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(Ok(done)) => done,
        Ok(Err(_)) => failed("it answers with something that is not LDAP".to_owned()),
        Err(_) => failed(format!("it did not answer within {} seconds", PATIENCE.as_secs())),
    }
}
