//! The resource types of an organization.

use super::{
    Attribute, Extension, ResourceType, Returned, Schema,
    organization::ORGANIZATION_USER,
    service,
    standard::{GROUP_TYPE, ROLE_TYPE, USER_TYPE},
};
use std::sync::LazyLock;

/// The resource types of an organization: the standard's, with the extensions that its admins added.
#[derive(Debug, Clone, Copy)]
pub struct Types {
    /// People and service accounts.
    pub user: &'static ResourceType,
    /// Teams.
    pub group: &'static ResourceType,
    /// Custom roles.
    pub role: &'static ResourceType,
    /// Counts the changes of an organization's schemas; 0 for the standard's own.
    pub version: i64,
    /// Counts these, and how often an index knew all values of one.
    pub edition: i64,
}

/// The standard's resource types as the interoperability profile wants them: passwords are another door's.
pub static INTEROP: LazyLock<Types> = LazyLock::new(|| {
    let attributes = USER_TYPE.schema.attributes.iter().filter(|it| it.name != "password").copied();
    let attributes: &'static [Attribute] = attributes.collect::<Vec<_>>().leak();
    let schema: &'static Schema = Box::leak(Box::new(Schema { attributes, ..*USER_TYPE.schema }));
    Types { user: Box::leak(Box::new(ResourceType { schema, ..USER_TYPE })), ..STANDARD }
});

/// The standard's resource types as W&B answers them: when somebody was last seen is told without being asked for.
pub static WANDB: LazyLock<Types> = LazyLock::new(|| {
    let told = |it: &Attribute| match it.returned {
        Returned::Request => Attribute { returned: Returned::Default, ..*it },
        _ => *it,
    };
    let attributes: &'static [Attribute] =
        ORGANIZATION_USER.attributes.iter().map(told).collect::<Vec<_>>().leak();
    let schema: &'static Schema = Box::leak(Box::new(Schema { attributes, ..ORGANIZATION_USER }));
    let extended = |it: &Extension| match it.schema.id == schema.id {
        true => Extension { schema, ..*it },
        false => *it,
    };
    let extensions: &'static [Extension] =
        USER_TYPE.extensions.iter().map(extended).collect::<Vec<_>>().leak();
    let shaped = |standard: &ResourceType| -> &'static ResourceType {
        Box::leak(Box::new(ResourceType { wandb: true, ..*standard }))
    };
    Types {
        user: shaped(&ResourceType { extensions, ..USER_TYPE }),
        group: shaped(&GROUP_TYPE),
        role: shaped(&ROLE_TYPE),
        ..STANDARD
    }
});

/// The standard's resource types alone.
pub static STANDARD: Types =
    Types { user: &USER_TYPE, group: &GROUP_TYPE, role: &ROLE_TYPE, version: 0, edition: 0 };

impl Types {
    /// Every resource type, in the order `/ResourceTypes` lists them.
    pub fn all(&self) -> [&'static ResourceType; 3] {
        [self.user, self.group, self.role]
    }

    /// The resource types that added schemas may extend.
    pub fn extensible(&self) -> [&'static ResourceType; 2] {
        [self.user, self.group]
    }

    /// Every schema, in the order `/Schemas` lists them: each once, also when it extends both types.
    pub fn schemas(&self) -> Vec<&'static Schema> {
        let mut schemas: Vec<&'static Schema> = Vec::new();
        for resource_type in self.all() {
            schemas.push(resource_type.schema);
            let new = resource_type.extension_schemas().filter(|schema| !schemas.contains(schema));
            let new: Vec<_> = new.collect();
            schemas.extend(new);
        }
        schemas.extend([
            &service::SERVICE_PROVIDER_CONFIG,
            &service::BULK_OPTIONS,
            &service::RESOURCE_TYPE,
            &service::SCHEMA,
        ]);
        schemas
    }
}
