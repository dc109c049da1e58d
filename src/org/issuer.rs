//! Issuers of tokens that machines exchange for one of ours (W-170 to W-172).

use super::moment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How long a token that was given in exchange works, in seconds.
pub const LIFETIME: i64 = 3_600;

/// How many such tokens one person or service account may have at once.
pub const MOST: i64 = 1_000;

/// An issuer whose tokens are taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Issuer {
    /// The id.
    pub id: String,
    /// Its address, as `iss` has it; its keys are found below it.
    pub issuer: String,
    /// For whom its tokens must be (`aud`); the organization's slug or `wandb` where there are none.
    pub audiences: Vec<String>,
    /// The id of the connection that its tokens speak for over SCIM, as they are; without one they are exchanged.
    pub connection: Option<String>,
    /// Whose tokens those are, by `sub`, `azp`, `appid` or `client_id`.
    pub clients: Vec<String>,
    /// When it was added; microseconds since 1970.
    #[serde(with = "moment")]
    #[schemars(description = "When it was added.", with = "String", extend("format" = "date-time"))]
    pub created_at: i64,
    /// Who added it: a user's id, or `command`.
    pub created_by: String,
}

impl Issuer {
    /// Whether a token of these claims is one of those that speak for the connection.
    pub fn is_client(&self, subject: &str, claims: &Map<String, Value>) -> bool {
        let said = ["azp", "appid", "client_id"].iter().filter_map(|name| claims.get(*name)?.as_str());
        said.chain([subject]).any(|client| self.clients.iter().any(|own| own == client))
    }

    /// Every audience that is taken (W-172). Who lists some wants no others.
    pub fn accepts<'i>(&'i self, slug: &'i str) -> Vec<&'i str> {
        match self.audiences.is_empty() {
            true => vec![slug, "wandb"],
            false => self.audiences.iter().map(String::as_str).collect(),
        }
    }
}
