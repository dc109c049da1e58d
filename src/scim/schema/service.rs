//! The schemas of the discovery documents: RFC 7643 §5 to §7, §8.7.2.
//!
//! They are published so that every schema URN in an answer can be looked up; nothing is read by them.

use super::{Attribute, Returned, Schema, Type};
use crate::scim::urn;

const SUPPORTED: Attribute =
    Attribute::boolean("supported", "Whether the feature works.").required().read_only();

/// A required complex attribute made by the server.
const fn feature(name: &'static str, parts: &'static [Attribute], description: &'static str) -> Attribute {
    Attribute::complex(name, parts, description).required().read_only()
}

const fn integer(name: &'static str, description: &'static str) -> Attribute {
    Attribute::new(name, Type::Integer, description).read_only()
}

pub(super) static SERVICE_PROVIDER_CONFIG: Schema = Schema {
    id: urn::SERVICE_PROVIDER_CONFIG,
    name: "ServiceProviderConfig",
    description: "What this server can do",
    attributes: &[
        Attribute::reference("documentationUri", &["external"], "Where the documentation is.").read_only(),
        feature("patch", &[SUPPORTED], "Changing parts of a resource."),
        feature(
            "bulk",
            &[
                SUPPORTED,
                integer("maxOperations", "The most operations in one request.").required(),
                integer("maxPayloadSize", "The largest request, in bytes.").required(),
            ],
            "Many operations in one request.",
        ),
        feature(
            "filter",
            &[SUPPORTED, integer("maxResults", "The most resources in one answer.").required()],
            "Filters in queries.",
        ),
        // RFC 9865 §4
        Attribute::complex(
            "pagination",
            &[
                Attribute::boolean("cursor", "Whether pages can be asked for by cursor.")
                    .required()
                    .read_only(),
                Attribute::boolean("index", "Whether pages can be asked for by index.")
                    .required()
                    .read_only(),
                Attribute::string(
                    "defaultPaginationMethod",
                    "How pages come that are asked for in neither way.",
                )
                .canonical(&["cursor", "index"])
                .read_only(),
                integer("defaultPageSize", "How many resources a page holds when nothing is asked."),
                integer("maxPageSize", "The most resources of a page."),
                integer("cursorTimeout", "How long a cursor leads on, in seconds."),
            ],
            "Pages of long answers.",
        )
        .read_only(),
        feature("changePassword", &[SUPPORTED], "Setting passwords."),
        feature("sort", &[SUPPORTED], "Sorted answers."),
        feature("etag", &[SUPPORTED], "Versions and conditional requests."), // EID 9018
        Attribute::plural(
            "authenticationSchemes",
            &[
                Attribute::string("name", "The scheme's name.").required().read_only(),
                Attribute::string("description", "How it is used.").required().read_only(),
                Attribute::reference("specUri", &["external"], "Where it is specified.").read_only(),
                Attribute::reference("documentationUri", &["external"], "Where it is explained.").read_only(),
                Attribute::string("type", "Which scheme it is.") // EID 8011
                    .required()
                    .canonical(&["oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"])
                    .read_only(),
                Attribute::boolean("primary", "Whether it is the preferred one.").read_only(),
            ],
            "How clients prove who they are.",
        )
        .required()
        .read_only(),
    ],
};

/// It is shown to those who name it: clients that know the RFC's members alone refuse a document that holds others.
pub(super) static BULK_OPTIONS: Schema = Schema {
    id: urn::BULK_OPTIONS,
    name: "BulkOptions",
    description: "What a bulk request can do beyond RFC 7644",
    attributes: &[
        Attribute::boolean("atomic", "Whether ?atomic=true does all operations or none.")
            .read_only()
            .returned(Returned::Request),
        Attribute::boolean("dryRun", "Whether ?dryRun=true says what would happen and does nothing.")
            .read_only()
            .returned(Returned::Request),
    ],
};

pub(super) static RESOURCE_TYPE: Schema = Schema {
    id: urn::RESOURCE_TYPE,
    name: "ResourceType",
    description: "A kind of resource",
    attributes: &[
        Attribute::string("name", "The type's name.").required().exact().unique().read_only(), // EID 8475
        Attribute::string("description", "What it is.").read_only(),
        Attribute::reference("endpoint", &["uri"], "Where it is served, under the base URL.") // EID 8475
            .required()
            .unique()
            .read_only(),
        Attribute::reference("schema", &["uri"], "The base schema.").required().read_only(),
        Attribute::plural(
            "schemaExtensions", // EID 7522
            &[
                Attribute::reference("schema", &["uri"], "The extension's schema.").required().read_only(),
                Attribute::boolean("required", "Whether every resource must have it.").required().read_only(),
            ],
            "The extensions of the base schema.",
        )
        .required()
        .read_only(),
    ],
};

const NAME: Attribute = Attribute::string("name", "The attribute's name.").required().exact().read_only();
const MULTI_VALUED: Attribute =
    Attribute::boolean("multiValued", "Whether it is a list.").required().read_only();
const DESCRIPTION: Attribute = Attribute::string("description", "What it is.").exact().read_only();
const REQUIRED: Attribute = Attribute::boolean("required", "Whether it must be there.").read_only();
const CANONICAL: Attribute =
    Attribute::string("canonicalValues", "Suggested values.").many().exact().read_only();
const CASE_EXACT: Attribute = Attribute::boolean("caseExact", "Whether case counts.").read_only();
const MUTABILITY: Attribute = Attribute::string("mutability", "Who may change it.")
    .exact()
    .canonical(&["readOnly", "readWrite", "immutable", "writeOnly"])
    .read_only();
const RETURNED: Attribute = Attribute::string("returned", "When it is shown.")
    .exact()
    .canonical(&["always", "never", "default", "request"])
    .read_only();
const UNIQUENESS: Attribute = Attribute::string("uniqueness", "Among whom it is unique.")
    .exact()
    .canonical(&["none", "server", "global"])
    .read_only();
const REFERENCE_TYPES: Attribute =
    Attribute::string("referenceTypes", "What it points to.").many().exact().read_only(); // EID 5607

/// The attribute `type`, of an attribute or of a sub-attribute, which is never complex (EID 8415).
const fn kind(values: &'static [&'static str]) -> Attribute {
    Attribute::string("type", "The data type.").required().canonical(values).read_only()
}

pub(super) static SCHEMA: Schema = Schema {
    id: urn::SCHEMA,
    name: "Schema",
    description: "A schema",
    attributes: &[
        Attribute::string("name", "The schema's name.").required().read_only(),
        Attribute::string("description", "What it is for.").read_only(),
        Attribute::plural(
            "attributes",
            &[
                NAME,
                kind(&[
                    "string",
                    "complex",
                    "boolean",
                    "decimal",
                    "integer",
                    "dateTime",
                    "reference",
                    "binary",
                ]), // EID 5606
                MULTI_VALUED,
                DESCRIPTION,
                REQUIRED,
                CANONICAL,
                CASE_EXACT,
                MUTABILITY,
                RETURNED,
                UNIQUENESS,
                REFERENCE_TYPES,
                SUB_ATTRIBUTES,
            ],
            "The attributes.",
        )
        .required()
        .read_only(),
    ],
};

const SUB_ATTRIBUTES: Attribute = Attribute::plural(
    "subAttributes",
    &[
        NAME,
        kind(&["string", "boolean", "decimal", "integer", "dateTime", "reference", "binary"]), // EID 8415
        MULTI_VALUED,
        DESCRIPTION,
        REQUIRED,
        CANONICAL,
        CASE_EXACT,
        MUTABILITY,
        RETURNED,
        UNIQUENESS,
        REFERENCE_TYPES,
    ],
    "The parts of a complex attribute.",
)
.read_only();
