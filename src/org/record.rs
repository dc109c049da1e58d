//! A resource as it lies in the store.

use crate::scim::{Resource, schema::ResourceType, version::Version};

/// A user, team or role: what is searched and versioned beside the text it is answered with.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The id the server gave.
    pub id: String,
    /// Grows with every change.
    pub version: Version,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Microseconds since 1970; moves with every change and with nothing else.
    pub modified_at: i64,
    /// How many members a team has; 0 for everything else.
    pub n_members: i64,
    /// The stored JSON: the resource without what is derived.
    pub text: String,
    /// The name of a user's manager, where one is named and known.
    pub manager_name: Option<String>,
}

impl Record {
    /// The stored resource.
    pub fn resource(&self) -> Result<Resource, serde_json::Error> {
        serde_json::from_str(&self.text).map(Resource)
    }

    /// The same, in the form that changes are compared in.
    pub fn stripped(&self, resource_type: &'static ResourceType) -> Result<Resource, serde_json::Error> {
        let mut resource = self.resource()?;
        resource.strip(resource_type);
        Ok(resource)
    }
}
