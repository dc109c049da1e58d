//! The URNs of RFC 7643 and RFC 7644.

/// The core User schema.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The core Group schema.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The enterprise extension of User.
pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// What the organization knows of a user: roles, seat, where the account came from.
pub const ORGANIZATION_USER: &str = "urn:roster:scim:schemas:extension:organization:1.0:User";
/// What the organization knows of a team.
pub const ORGANIZATION_GROUP: &str = "urn:roster:scim:schemas:extension:organization:1.0:Group";
/// W&B's extension of User, which holds what ours holds.
pub const WANDB_USER: &str = "urn:ietf:params:scim:schemas:extension:wandb:2.0:User";
/// W&B's extension of Group.
pub const WANDB_GROUP: &str = "urn:ietf:params:scim:schemas:extension:wandb:2.0:Group";
/// W&B's extension that says which teams somebody new joins.
pub const WANDB_TEAMS: &str = "urn:ietf:params:scim:schemas:extension:teams:2.0:User";
/// The resource behind `/ServiceProviderConfig`.
pub const SERVICE_PROVIDER_CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
/// What a bulk request can do here beyond the RFC: part of `/ServiceProviderConfig` for those who ask.
pub const BULK_OPTIONS: &str = "urn:roster:scim:schemas:extension:bulk:1.0:ServiceProviderConfig";
/// An entry of `/ResourceTypes`.
pub const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
/// An entry of `/Schemas`.
pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
/// The core Role schema.
pub const ROLE: &str = "urn:ietf:params:scim:schemas:core:2.0:Role";
/// The answer to a query.
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// The body of a bulk request.
pub const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// The answer to a bulk request.
pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
/// The body of a query by POST.
pub const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// The body of a PATCH.
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// What a change of a role would mean for those who have it.
pub const ROLE_IMPACT: &str = "urn:roster:scim:api:messages:1.0:RoleImpact";
/// The body of every refusal.
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
