//! `roster user`.

use super::{
    control::Ask,
    shown::{Part, confirm, list, sheet, table},
    within::Within,
};
use crate::{
    org::{
        role::OrganizationRole,
        roll::{Direction, PersonOrder, PersonStatus},
        seat::Seat,
        standing::Source,
    },
    scim::version::Precondition,
    service::{
        Context, access,
        people::{self, Amendment, NewPerson, Profile},
        roll::{self, Wanted},
    },
};
use anyhow::bail;
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Debug, Args)]
pub(super) struct UserCommand {
    #[command(subcommand)]
    ask: UserAsk,
    #[command(flatten)]
    within: Within,
}

/// What is asked about people. A person is named by id, user name, handle or e-mail address.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum UserAsk {
    /// List the people
    List {
        /// Only who has this user name, handle or e-mail address
        #[arg(long, conflicts_with_all = ["search", "status", "role", "seat", "source", "team", "sort", "order"])]
        login: Option<String>,
        #[command(flatten)]
        sieve: Box<PeopleSieve>,
        #[command(flatten)]
        order: PeopleOrder,
        #[command(flatten)]
        part: Part,
    },
    /// Show a person with their teams
    Show {
        /// Id, user name, handle or e-mail address
        user: String,
    },
    /// Show why a person has the access they have
    Access {
        /// Id, user name, handle or e-mail address
        user: String,
    },
    /// Make a person
    Create {
        /// The user name, unique in the organization
        name: String,
        /// An e-mail address, the preferred one first
        #[arg(long, value_name = "ADDRESS")]
        email: Vec<String>,
        /// The name to show
        #[arg(long, value_name = "NAME")]
        display_name: Option<String>,
        /// The role in the organization: admin, member or viewer; without this, member
        #[arg(long)]
        role: Option<OrganizationRole>,
        /// The seat: full, viewer or none; without this, full
        #[arg(long)]
        seat: Option<Seat>,
    },
    /// Change a person: all of what is named, or nothing
    Change {
        /// Id, user name, handle or e-mail address
        user: String,
        /// Another user name
        #[arg(long)]
        name: Option<String>,
        /// The name to show
        #[arg(long, value_name = "NAME")]
        display_name: Option<String>,
        /// An e-mail address in place of all before, the preferred one first
        #[arg(long, value_name = "ADDRESS")]
        email: Option<Vec<String>>,
        /// The role in the organization: admin, member or viewer
        #[arg(long)]
        role: Option<OrganizationRole>,
        /// The seat: full, viewer or none
        #[arg(long)]
        seat: Option<Seat>,
        /// The team that is meant when none is named, by name or id; "" for none
        #[arg(long, value_name = "TEAM")]
        default_team: Option<String>,
    },
    /// Take a person's access away; their keys end at once
    Deactivate {
        /// Id, user name, handle or e-mail address
        user: String,
    },
    /// Give a person's access back
    Reactivate {
        /// Id, user name, handle or e-mail address
        user: String,
    },
    /// Remove a person: the name is free, keys end, what they made stays theirs
    Remove {
        /// Id, user name, handle or e-mail address
        user: String,
        /// Do it
        #[arg(long)]
        yes: bool,
    },
}

/// Which people are listed.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub(super) struct PeopleSieve {
    /// Only whose names or e-mail addresses have this in them
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only who is active or deactivated
    #[arg(long)]
    status: Option<PersonStatus>,
    /// Only who has this role in the organization: admin, member or viewer
    #[arg(long)]
    role: Option<OrganizationRole>,
    /// Only who has this seat: full, viewer or none
    #[arg(long)]
    seat: Option<Seat>,
    /// Only who came from there: scim, admin, invite or sign_in
    #[arg(long)]
    source: Option<Source>,
    /// Only who is in this team, by name or id
    #[arg(long)]
    team: Option<String>,
}

/// In which order people are shown.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub(super) struct PeopleOrder {
    /// In the order of name, userName, lastActive or created
    #[arg(long)]
    sort: Option<PersonOrder>,
    /// Which end of that first: ascending or descending
    #[arg(long)]
    order: Option<Direction>,
}

impl PeopleOrder {
    fn of(&self, wanted: Wanted) -> Wanted {
        Wanted { order: self.sort, direction: self.order, ..wanted }
    }
}

impl PeopleSieve {
    pub(super) fn wanted(&self) -> Wanted {
        let Self { search, status, role, seat, source, team } = self.clone();
        Wanted { search: search.unwrap_or_default(), status, role, seat, source, team, ..Wanted::default() }
    }
}

impl UserCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self { ask, within } = self;
        match &ask {
            UserAsk::Remove { user, yes } => confirm(*yes, &format!("remove {user}"))?,
            UserAsk::Change { name, display_name, email, role, seat, default_team, .. } => {
                let texts = [name, display_name, default_team].into_iter().any(Option::is_some);
                if !texts && email.is_none() && role.is_none() && seat.is_none() {
                    bail!("expected something to change, such as --role or --seat; nothing is changed");
                }
            }
            _ => {}
        }
        let flag = within.flag();
        within.tell(Ask::User(ask.clone()), |found| ask.words(found, &flag))
    }
}

impl UserAsk {
    /// Does what is asked; hands back what the API shows.
    pub(super) async fn execute(&self, cx: &Arc<Context>) -> anyhow::Result<Value> {
        Ok(match self {
            Self::List { login, sieve, order, part } => json!(match order.of(sieve.wanted()) {
                wanted if wanted != Wanted::default() => roll::list(cx, wanted, part.slice()?).await?,
                _ => people::list(cx, login.clone(), part.slice()?).await?,
            }),
            Self::Show { user } => json!(people::read(cx, &people::find(cx, user).await?).await?),
            Self::Access { user } => json!(access::read(cx, &people::find(cx, user).await?).await?),
            Self::Create { name, email, display_name, role, seat } => {
                let new = NewPerson {
                    user_name: name.clone(),
                    display_name: display_name.clone(),
                    emails: email.clone(),
                    organization_role: *role,
                    seat: *seat,
                };
                json!(people::create(cx, new).await?.it)
            }
            Self::Change { user, name, display_name, email, role, seat, default_team } => {
                let emails = email.clone();
                let profile = Profile {
                    user_name: name.clone(),
                    display_name: display_name.clone(),
                    emails: emails.map(|all| all.into_iter().filter(|it| !it.is_empty()).collect()),
                    active: None,
                };
                let amendment =
                    Amendment { profile, role: *role, seat: *seat, default_team: default_team.clone() };
                json!(people::amend(cx, &people::find(cx, user).await?, amendment).await?)
            }
            Self::Deactivate { user } => set_active(cx, user, false).await?,
            Self::Reactivate { user } => set_active(cx, user, true).await?,
            Self::Remove { user, .. } => {
                let id = people::find(cx, user).await?;
                people::remove(cx, &id, Precondition::default()).await?;
                json!({"id": id, "removed": true})
            }
        })
    }

    fn words(&self, found: &Value, flag: &str) -> String {
        match self {
            Self::List { login: Some(login), .. } => list(
                found,
                &COLUMNS,
                &format!("nobody is called {login}; `roster user list{flag}` shows who is"),
            ),
            Self::List { sieve, order, .. } if order.of(sieve.wanted()) != Wanted::default() => list(
                found,
                &COLUMNS,
                &format!("nobody like that; `roster user list{flag}` shows who there is"),
            ),
            Self::List { .. } => list(
                found,
                &COLUMNS,
                &format!(
                    "nobody yet; `roster user create NAME{flag}` makes somebody, or an identity provider does"
                ),
            ),
            Self::Remove { user, .. } => {
                format!("removed {user}; the name is free, and what they made stays theirs")
            }
            Self::Access { .. } => access_words(found),
            Self::Show { .. }
            | Self::Create { .. }
            | Self::Change { .. }
            | Self::Deactivate { .. }
            | Self::Reactivate { .. } => person(found),
        }
    }
}

async fn set_active(cx: &Arc<Context>, user: &str, active: bool) -> anyhow::Result<Value> {
    let id = people::find(cx, user).await?;
    let profile = Profile { active: Some(active), ..Profile::default() };
    Ok(json!(people::change(cx, &id, profile, Precondition::default()).await?))
}

const COLUMNS: [(&str, &str); 7] = [
    ("USER", "/userName"),
    ("HANDLE", "/handle"),
    ("NAME", "/displayName"),
    ("ACTIVE", "/active"),
    ("ROLE", "/organizationRole"),
    ("SEAT", "/seat"),
    ("ID", "/id"),
];

/// A person with their teams.
pub(super) fn person(found: &Value) -> String {
    let parts = [
        ("USER", "/userName"),
        ("HANDLE", "/handle"),
        ("NAME", "/displayName"),
        ("E-MAIL", "/emails"),
        ("ACTIVE", "/active"),
        ("ROLE", "/organizationRole"),
        ("SEAT", "/seat"),
        ("FROM", "/source"),
        ("LAST SEEN", "/lastActiveAt"),
        ("MADE", "/createdAt"),
        ("ID", "/id"),
    ];
    let told = sheet(found, &parts);
    match found.get("teams").and_then(Value::as_array) {
        Some(teams) if !teams.is_empty() => {
            let columns = [("TEAM", "/name"), ("ROLE", "/role"), ("DIRECT", "/direct"), ("ID", "/id")];
            format!("{told}\n\n{}", table(teams, &columns))
        }
        _ => told,
    }
}

/// What somebody has, a line for each way it came.
fn access_words(found: &Value) -> String {
    let part = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut rows = Vec::new();
    let mut tell = |place: String, of: &Value, holds: String| {
        for reason in of.get("because").and_then(Value::as_array).into_iter().flatten() {
            let chain = reason.get("chain").and_then(Value::as_array).into_iter().flatten();
            let links = chain.map(|link| format!("{} {}", part(link, "kind"), part(link, "name")));
            let chain = links.chain([part(reason, "kind")]).collect::<Vec<_>>().join(" \u{2192} ");
            rows.push(
                json!({"place": place, "holds": holds, "gives": part(reason, "role"), "because": chain}),
            );
        }
    };
    tell("the organization".to_owned(), found, part(found, "organizationRole"));
    for team in found.get("teams").and_then(Value::as_array).into_iter().flatten() {
        tell(part(team, "name"), team, part(team, "role"));
    }
    let columns = [("IN", "/place"), ("HOLDS", "/holds"), ("GIVES", "/gives"), ("BECAUSE", "/because")];
    format!("{}\n\nThe seat is {}; it bounds every role.", table(&rows, &columns), part(found, "seat"))
}
