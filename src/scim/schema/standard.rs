//! The tables of RFC 7643 §4 and §8.7.1, with the verified errata applied.
//!
//! Where a row differs from the printed figure, its erratum stands beside it. What is published in
//! `/Schemas` and what is enforced are both read from here.

use super::{
    Attribute, Mutability, Noun, ResourceType, Returned, Schema, Type,
    organization::{ORGANIZATION_GROUP, ORGANIZATION_USER},
    resource_type::{Extension, Indexed},
};
use crate::scim::urn;

/// A person's or service account's resource type.
pub static USER_TYPE: ResourceType = ResourceType {
    name: "User",
    endpoint: "/Users",
    description: "People and service accounts",
    noun: Noun::User,
    schema: &USER,
    extensions: &[Extension::optional(&ENTERPRISE_USER), Extension::optional(&ORGANIZATION_USER)],
    indexed: &[
        Indexed::always("externalId"),
        Indexed::always("displayName"),
        Indexed::always("emails.value"),
        Indexed::always("name.familyName"),
        Indexed::always("name.givenName"),
        Indexed {
            name: ":employeeNumber",
            path: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
            ready: true,
        },
    ],
    hides: false,
    wandb: false,
    rows: None,
};

/// A team's resource type.
pub static GROUP_TYPE: ResourceType = ResourceType {
    name: "Group",
    endpoint: "/Groups",
    description: "Teams",
    noun: Noun::Group,
    schema: &GROUP,
    extensions: &[Extension::optional(&ORGANIZATION_GROUP)],
    indexed: &[Indexed::always("externalId")],
    hides: false,
    wandb: false,
    rows: Some(&MEMBERS),
};

/// A custom role's resource type (W-260).
pub static ROLE_TYPE: ResourceType = ResourceType {
    name: "Role",
    endpoint: "/Roles",
    description: "Custom roles in teams",
    noun: Noun::Role,
    schema: &ROLE,
    extensions: &[],
    indexed: &[Indexed::always("externalId")],
    hides: false,
    wandb: false,
    rows: None,
};

/// The attributes every resource has and no schema lists: RFC 7643 §3 and §3.1.
pub static COMMON: [Attribute; 4] = [
    Attribute::string("schemas", "The schemas the resource is made of.")
        .many()
        .exact()
        .required()
        .returned(Returned::Always),
    Attribute::string("id", "The identifier the server gave.").exact().read_only().returned(Returned::Always),
    Attribute::string("externalId", "The identifier the identity provider uses.").exact(),
    META,
];

const META: Attribute = Attribute::complex(
    "meta",
    &[
        Attribute::string("resourceType", "The name of the resource type.").exact().read_only(),
        Attribute::new("created", Type::DateTime, "When the resource was created.").read_only(),
        Attribute::new("lastModified", Type::DateTime, "When the resource last changed.").read_only(),
        Attribute::reference("location", &["uri"], "Where the resource is found.").read_only(),
        Attribute::string("version", "The resource's version, as its ETag.").exact().read_only(),
    ],
    "What the server knows about the resource.",
)
.read_only();

const DISPLAY: Attribute = Attribute::string("display", "A text to show for the value.");
const PRIMARY: Attribute =
    Attribute::boolean("primary", "Whether this is the preferred value; true at most once.");
const TYPE: Attribute = Attribute::string("type", "What the value is used for.");
const USAGE: Attribute = TYPE.canonical(&["work", "home", "other"]);

/// `urn:ietf:params:scim:schemas:core:2.0:User`.
pub static USER: Schema = Schema {
    id: urn::USER,
    name: "User",
    description: "A person's account",
    attributes: &[
        Attribute::string("userName", "The name a person is known by here; unique in the organization.")
            .required()
            .unique(),
        Attribute::complex(
            "name",
            &[
                Attribute::string("formatted", "The whole name, ready to show."),
                Attribute::string("familyName", "The family name."),
                Attribute::string("givenName", "The given name."),
                Attribute::string("middleName", "The middle name or names."),
                Attribute::string("honorificPrefix", "What stands before the name, such as a title."),
                Attribute::string("honorificSuffix", "What stands after the name."),
            ],
            "The parts of the person's name.",
        ),
        Attribute::string("displayName", "The name to show."),
        Attribute::string("nickName", "The name used among colleagues."),
        Attribute::reference("profileUrl", &["external"], "The address of the person's page."), // EID 6001
        Attribute::string("title", "The job title."),
        Attribute::string("userType", "The relation to the organization, such as Employee."),
        Attribute::string("preferredLanguage", "The preferred languages, as in Accept-Language."),
        Attribute::string("locale", "The locale for dates, numbers and currency."),
        Attribute::string("timezone", "The time zone, as in the IANA database."),
        Attribute::boolean("active", "Whether the person may sign in."),
        Attribute::string("password", "A password to set; never shown.")
            .mutability(Mutability::WriteOnly)
            .returned(Returned::Never),
        Attribute::plural(
            "emails",
            &[Attribute::string("value", "The e-mail address."), DISPLAY, USAGE, PRIMARY],
            "E-mail addresses.",
        ),
        Attribute::plural(
            "phoneNumbers",
            &[
                Attribute::string("value", "The telephone number."),
                DISPLAY,
                TYPE.canonical(&["work", "home", "mobile", "fax", "pager", "other"]),
                PRIMARY,
            ],
            "Telephone numbers.",
        ),
        Attribute::plural(
            "ims",
            &[
                Attribute::string("value", "The messaging address."),
                DISPLAY,
                // §4.1.2 names `other`, the figure forgets it
                TYPE.canonical(&["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo", "other"]),
                PRIMARY,
            ],
            "Instant messaging addresses.",
        ),
        Attribute::plural(
            "photos",
            &[
                Attribute::reference("value", &["external"], "The address of the image."), // EID 6001
                DISPLAY,
                TYPE.canonical(&["photo", "thumbnail"]),
                PRIMARY,
            ],
            "Pictures of the person.",
        ),
        ADDRESSES,
        GROUPS,
        Attribute::plural(
            "entitlements",
            &[Attribute::string("value", "The entitlement."), DISPLAY, TYPE, PRIMARY],
            "What the person is entitled to.",
        ),
        Attribute::plural(
            "roles",
            &[Attribute::string("value", "The role."), DISPLAY, TYPE, PRIMARY],
            "The person's roles, as the identity provider names them.",
        ),
        Attribute::plural(
            "x509Certificates",
            &[
                // EID 6000, EID 8470
                Attribute::new("value", Type::Binary, "One certificate, DER in base64."),
                DISPLAY,
                TYPE,
                PRIMARY,
            ],
            "Certificates issued to the person.",
        ),
    ],
};

const ADDRESSES: Attribute = Attribute::plural(
    "addresses",
    &[
        Attribute::string("formatted", "The whole address, ready to print."),
        Attribute::string("streetAddress", "Street, house number, post office box."),
        Attribute::string("locality", "The city or town."),
        Attribute::string("region", "The state or region."),
        Attribute::string("postalCode", "The postal code."),
        Attribute::string("country", "The country, two letters of ISO 3166-1."),
        USAGE,
        PRIMARY, // EID 6005
    ],
    "Postal addresses.",
);

const GROUPS: Attribute = Attribute::plural(
    "groups",
    &[
        Attribute::string("value", "The group's id.").exact().read_only(), // ids are case-exact
        Attribute::reference("$ref", &["Group"], "The group's address.").read_only(), // EID 6001, EID 8471
        Attribute::string("display", "The group's name.").read_only(),
        Attribute::string("type", "Whether the membership is the person's own or a group's.")
            .canonical(&["direct", "indirect"])
            .read_only(),
    ],
    "The groups the person belongs to; changed through the groups.",
)
.read_only();

/// `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User`.
pub static ENTERPRISE_USER: Schema = Schema {
    id: urn::ENTERPRISE_USER,
    name: "EnterpriseUser",
    description: "What a company knows about a person",
    attributes: &[
        Attribute::string("employeeNumber", "The number or code the company gave the person."),
        Attribute::string("costCenter", "The cost centre."),
        Attribute::string("organization", "The organization."),
        Attribute::string("division", "The division."),
        Attribute::string("department", "The department."),
        Attribute::complex(
            "manager",
            &[
                Attribute::string("value", "The manager's id.").exact(), // EID 8472
                Attribute::reference("$ref", &["User"], "The manager's address."), // EID 6001
                Attribute::string("displayName", "The manager's name.").read_only(),
            ],
            "The person's manager.",
        ),
    ],
};

/// `urn:ietf:params:scim:schemas:core:2.0:Group`.
pub static GROUP: Schema = Schema {
    id: urn::GROUP,
    name: "Group",
    description: "A team",
    attributes: &[
        // EID 5368
        Attribute::string("displayName", "The group's name; unique in the organization.").required(),
        MEMBERS,
    ],
};

/// A group's members: rows of their own in the store.
pub static MEMBERS: Attribute = Attribute::plural(
    "members",
    &[
        Attribute::string("value", "The member's id.").exact().mutability(Mutability::Immutable),
        Attribute::reference("$ref", &["User", "Group"], "The member's address.")
            .mutability(Mutability::Immutable),
        Attribute::string("type", "Whether the member is a user or a group.")
            .canonical(&["User", "Group"])
            .mutability(Mutability::Immutable),
        Attribute::string("display", "The member's name.").read_only(), // EID 6011
    ],
    "The users and groups that belong to the group.",
);

/// `urn:ietf:params:scim:schemas:core:2.0:Role` (W-260): no RFC has it.
pub static ROLE: Schema = Schema {
    id: urn::ROLE,
    name: "Role",
    description: "A custom role: a predefined one, and permissions on top of it",
    attributes: &[
        Attribute::string(
            "name",
            "The role's name; unique in the organization, also without regard to case.",
        )
        .exact()
        .required()
        .unique(),
        Attribute::string("description", "What the role is for."),
        Attribute::string("inheritedFrom", "The predefined role whose permissions it has besides its own.")
            .canonical(&["member", "viewer"])
            .required(),
        Attribute::plural(
            "permissions",
            &[
                Attribute::string("name", "The permission, as /Permissions lists it.").exact().required(),
                Attribute::boolean("isInherited", "Whether the role has it from the one it inherits from.")
                    .read_only(),
            ],
            "What the role permits in a team.",
        ),
        Attribute::string("organizationID", "The organization the role belongs to.").exact().read_only(),
    ],
};
