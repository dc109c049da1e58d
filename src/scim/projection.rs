//! `attributes`, `excludedAttributes` and `returned`: RFC 7644 §3.9, RFC 7643 §7.

use super::{
    ErrorKind, Quirks, Resource, Result,
    path::{Located, Place, locate},
    schema::{Attribute, ResourceType, Returned, Schema},
};
use scim_filter_parser::{Dialect, parse_path};
use serde_json::Value;

/// Which attributes an answer holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Projection {
    /// What is returned always or by default.
    #[default]
    Default,
    /// What is returned always, and these.
    Only(Vec<Place>),
    /// What is returned always or by default, less these.
    Except(Vec<Place>),
    /// What is returned always or by default, and these, which the client sent itself.
    Sent(Vec<Place>),
}

impl Projection {
    /// Reads the two parameters (each may be given several times: union). Unknown names are ignored
    /// both together are refused.
    pub fn parse(
        attributes: &[String],
        excluded: &[String],
        resource_type: &'static ResourceType,
        quirks: &mut Quirks,
    ) -> Result<Self> {
        let (asked, less) = (names(attributes), names(excluded));
        match (asked.is_empty(), less.is_empty()) {
            (true, true) => Ok(Self::Default),
            (false, true) => Ok(Self::Only(places(&asked, resource_type, quirks))),
            (true, false) => Ok(Self::Except(places(&less, resource_type, quirks))),
            (false, false) => {
                Err(ErrorKind::InvalidValue.because("attributes and excludedAttributes exclude each other"))
            }
        }
    }

    /// The same for the answer to a write: what is returned on request is requested by being sent (RFC 7643 §7).
    pub fn with_sent(self, resource_type: &'static ResourceType, is_sent: impl Fn(&Located) -> bool) -> Self {
        if self != Self::Default || !resource_type.hides {
            return self;
        }
        let attributes = resource_type.extension_schemas().flat_map(|schema| {
            let located = |attribute| Located { extension: Some(schema), attribute, sub_attribute: None };
            schema.attributes.iter().map(located)
        });
        let sent = attributes.filter(|path| path.attribute.returned == Returned::Request && is_sent(path));
        match sent.map(Place::Attribute).collect::<Vec<_>>() {
            none if none.is_empty() => Self::Default,
            sent => Self::Sent(sent),
        }
    }

    /// Whether anything of this core attribute is part of the answer; what is not need not be loaded.
    pub fn shows(&self, name: &str) -> bool {
        let whole = |place: &Place| matches!(place, Place::Attribute(path) if path.is(name));
        let some = |place: &Place| matches!(place, Place::Attribute(path) if path.extension.is_none() && path.attribute.name == name);
        match self {
            Self::Default | Self::Sent(_) => true,
            Self::Only(places) => places.iter().any(some),
            Self::Except(places) => !places.iter().any(whole),
        }
    }

    /// Whether this attribute of an extension is part of the answer, or some part of it.
    pub fn shows_of(&self, schema: &'static Schema, name: &str) -> bool {
        let Some(attribute) = schema.attribute(name) else { return false };
        let is_named = |places: &[Place], whole: bool| {
            places.iter().any(|place| match place {
                Place::Extension(named) => named.id == schema.id,
                Place::Attribute(path) => {
                    path.extension.is_some_and(|it| it.id == schema.id)
                        && path.attribute.name == name
                        && !(whole && path.sub_attribute.is_some())
                }
            })
        };
        match (self, attribute.returned) {
            (_, Returned::Never) => false,
            (_, Returned::Always) => true,
            (Self::Only(places), _) => is_named(places, false),
            (Self::Sent(places), Returned::Request) => is_named(places, false),
            (_, Returned::Request) => false,
            (Self::Default | Self::Sent(_), _) => true,
            (Self::Except(places), _) => !is_named(places, true),
        }
    }

    /// Takes away what the answer does not hold.
    pub fn apply(&self, resource_type: &'static ResourceType, resource: &mut Resource) {
        resource.0.retain(|name, value| match resource_type.extension(name) {
            Some(schema) => match value.as_object_mut() {
                Some(container) => {
                    container.retain(|name, value| {
                        schema
                            .attribute(name)
                            .is_some_and(|attribute| self.keep(Some(schema.id), attribute, value))
                    });
                    !container.is_empty()
                }
                None => false,
            },
            None => resource_type.attribute(name).is_some_and(|attribute| self.keep(None, attribute, value)),
        });
    }

    /// Whether the attribute stays; its value is narrowed to the parts that do.
    fn keep(&self, extension: Option<&str>, attribute: &'static Attribute, value: &mut Value) -> bool {
        let selected = self.selected(extension, attribute);
        let whole = selected.contains(&None);
        let names_part = |name: &str| selected.iter().flatten().any(|part| part.name == name);
        match (attribute.returned, self) {
            (Returned::Never, _) => false,
            (Returned::Always, _) => true,
            (_, Self::Only(_)) => whole || !selected.is_empty() && keep_parts(value, &names_part),
            (Returned::Request, Self::Sent(_)) => whole,
            (Returned::Request, _) => false,
            (Returned::Default, Self::Default | Self::Sent(_)) => true,
            (Returned::Default, Self::Except(_)) => {
                !whole && (selected.is_empty() || keep_parts(value, &|name| !names_part(name)))
            }
        }
    }

    /// What the parameter says of one attribute: `None` is the whole of it.
    fn selected(&self, extension: Option<&str>, attribute: &Attribute) -> Vec<Option<&'static Attribute>> {
        let (Self::Only(places) | Self::Except(places) | Self::Sent(places)) = self else {
            return Vec::new();
        };
        places
            .iter()
            .filter_map(|place| match place {
                Place::Extension(schema) => (Some(schema.id) == extension).then_some(None),
                Place::Attribute(path) => (path.extension.map(|schema| schema.id) == extension
                    && path.attribute.name == attribute.name)
                    .then_some(path.sub_attribute),
            })
            .collect()
    }
}

/// Keeps the parts of a complex value, or of each element, that are wanted; false when nothing is left.
fn keep_parts(value: &mut Value, wanted: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| wanted(name));
            !members.is_empty()
        }
        Value::Array(elements) if !elements.is_empty() => {
            elements.retain_mut(|element| keep_parts(element, wanted));
            !elements.is_empty()
        }
        _ => true,
    }
}

fn names(parameters: &[String]) -> Vec<&str> {
    parameters
        .iter()
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect()
}

/// `emails[type eq "work"]` counts as `emails`.
fn places(names: &[&str], resource_type: &'static ResourceType, quirks: &mut Quirks) -> Vec<Place> {
    let mut scratch = Quirks::new(quirks.profile());
    let mut found: Vec<Place> = Vec::new();
    let named = names.iter().filter_map(|name| {
        let parsed = parse_path(name, Dialect::Forgiving).ok()?.value;
        match locate(resource_type, &parsed.attribute, &mut scratch) {
            // without its URN an extension's attribute is named in every profile
            None if parsed.attribute.urn.is_none() => {
                let (schema, _) = resource_type.extension_attribute(&parsed.attribute.attribute)?;
                let urn = Some(schema.id.to_owned());
                locate(resource_type, &scim_filter_parser::AttrPath { urn, ..parsed.attribute }, &mut scratch)
            }
            found => found,
        }
    });
    // an answer is narrowed place by place, so that each counts once
    for place in named {
        if !found.contains(&place) {
            found.push(place);
        }
    }
    found
}
