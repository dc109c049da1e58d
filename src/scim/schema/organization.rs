//! The extensions of our own: what the organization knows of its people and teams beside what the standard has.

use super::{Attribute, Mutability, Returned, Schema, Type};
use crate::scim::urn;

/// A user's roles, seat, and what is known of the account.
pub static ORGANIZATION_USER: Schema = Schema {
    id: urn::ORGANIZATION_USER,
    name: "OrganizationUser",
    description: "What the organization knows about a person",
    attributes: &[
        ORGANIZATION_ROLE,
        Attribute::string("seat", "Which seat of the license the person takes while active.")
            .canonical(&["full", "viewer", "none"]),
        TEAM_ROLES,
        Attribute::string("accountType", "Whether the account is a person's.")
            .canonical(&["user", "service", "org_service"])
            .read_only(),
        Attribute::string("source", "Where the account came from.").read_only(),
        Attribute::new("lastActiveAt", Type::DateTime, "When the person was last seen.")
            .read_only()
            .returned(Returned::Request),
        Attribute::new("daysActive", Type::Integer, "On how many days the person was seen.")
            .read_only()
            .returned(Returned::Request),
    ],
};

/// A user's role in the organization.
pub static ORGANIZATION_ROLE: Attribute =
    Attribute::string("organizationRole", "What the person may do in the organization.")
        .canonical(&["admin", "member", "viewer"]);

/// A user's role in each team: rows of their own in the store. An assignment changes the teams it names and no other.
pub static TEAM_ROLES: Attribute = Attribute::plural(
    "teamRoles",
    &[
        Attribute::string("teamName", "The team's name.").required(),
        Attribute::string("roleName", "The role: admin, member, viewer, or a custom role's name.")
            .canonical(&["admin", "member", "viewer"])
            .exact()
            .required(),
    ],
    "The person's role in each team; what is assigned changes the teams it names and no other.",
);

/// What a team gives those who join it, and where it keeps what it makes.
pub static ORGANIZATION_GROUP: Schema = Schema {
    id: urn::ORGANIZATION_GROUP,
    name: "OrganizationGroup",
    description: "What the organization knows about a team",
    attributes: &[
        Attribute::string(
            "defaultRole",
            "The role of those who become members over SCIM: admin, member, viewer, or a custom role's name.",
        )
        .canonical(&["admin", "member", "viewer"])
        .exact(),
        Attribute::complex(
            "storage",
            &[
                set_once("provider", "Whose bucket it is.").canonical(&[
                    "COREWEAVE",
                    "AWS",
                    "AZURE",
                    "GCP",
                    "MINIO",
                ]),
                set_once("name", "The bucket's name."),
                set_once("path", "The path within the bucket."),
                set_once("kmsKeyId", "The key the bucket is encrypted with."),
                set_once("awsExternalId", "The external id of the role that AWS asks for."),
                set_once("azureTenantId", "The tenant in Azure."),
                set_once("azureClientId", "The client in Azure."),
            ],
            "The team's own bucket, set when the team is made; without it the team uses the server's storage.",
        )
        .mutability(Mutability::Immutable),
    ],
};

const fn set_once(name: &'static str, description: &'static str) -> Attribute {
    Attribute::string(name, description).exact().mutability(Mutability::Immutable)
}
