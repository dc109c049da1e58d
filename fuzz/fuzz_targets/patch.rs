//! A PATCH. The first line is a resource, the rest the body of the request.
#![no_main]

use roster::scim::{
    Profile, Quirks, Resource, json,
    patch::{self, Outcome, Patch, Rows},
    schema::{Mutability, ResourceType},
    urn,
};
use roster_fuzz::{TYPES, assert_reads_back, attributes, created, decorated, read_only_parts};
use serde_json::{Value, json};

/// The members of every group.
fn rows() -> Vec<Value> {
    vec![json!({"value": "u1", "type": "User"}), json!({"value": "g2", "type": "Group", "display": "G"})]
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Some((resource, body)) = text.split_once('\n') else { return };
    let (Ok(resource), Ok(body)) = (json::object(resource.as_bytes()), json::object(body.as_bytes())) else {
        return;
    };
    let of = if resource.contains_key("userName") { TYPES.user } else { TYPES.group };
    for profile in Profile::ALL {
        let mut quirks = Quirks::new(profile);
        let Ok(patch) = Patch::read(of, body.clone(), &mut quirks) else { continue };
        let Some(before) = created(of, resource.clone(), profile) else { continue };
        let before = decorated(of, before);
        if let Ok(outcome) =
            patch::apply(of, &before, Rows { elements: &rows(), ..Rows::default() }, &patch, &mut quirks)
        {
            assert_read_only_is_untouched(of, &before, &outcome.resource);
            assert_members_are_told_apart(&outcome);
            assert_reads_back(of, &outcome.resource, profile);
            assert_repeated_changes_nothing(of, &outcome.resource, profile);
        }
    }
});

fn assert_read_only_is_untouched(of: &'static ResourceType, before: &Resource, after: &Resource) {
    for ((path, attribute, was), (_, _, is)) in attributes(of, before).into_iter().zip(attributes(of, after))
    {
        match attribute.mutability {
            Mutability::ReadOnly => assert_eq!(was, is, "{path}"),
            Mutability::Immutable if was.is_some() => assert_eq!(was, is, "{path}"),
            _ => {
                let known = read_only_parts(attribute, was);
                let new = read_only_parts(attribute, is).into_iter().find(|part| !known.contains(part));
                assert_eq!(new, None, "{path}");
            }
        }
    }
}

/// Who comes does not go, and has a name that a row can have.
fn assert_members_are_told_apart(outcome: &Outcome) {
    let come: Vec<&str> = outcome.members.added().iter().filter_map(|it| it.get("value")?.as_str()).collect();
    assert_eq!(come.len(), outcome.members.added().len());
    assert!(outcome.members.removed().all(|id| !come.contains(&id)), "{:?}", outcome.members);
}

/// What there is, put in the place of what there is, leaves all of it as it is: attribute by attribute, and where the
/// profile knows operations without a path all at once.
fn assert_repeated_changes_nothing(of: &'static ResourceType, resource: &Resource, profile: Profile) {
    let mut stored = resource.clone();
    stored.strip(of);
    let each = attributes(of, &stored)
        .into_iter()
        .filter_map(|(path, _, value)| Some(json!({"op": "replace", "path": path, "value": value?})));
    assert_changes_nothing(of, resource, each.collect(), profile);
    if profile != Profile::StrictInterop {
        assert_changes_nothing(of, resource, vec![json!({"op": "replace", "value": stored.0})], profile);
    }
}

fn assert_changes_nothing(
    of: &'static ResourceType,
    resource: &Resource,
    sent: Vec<Value>,
    profile: Profile,
) {
    let body = json!({"schemas": [urn::PATCH_OP], "Operations": sent});
    let mut quirks = Quirks::new(profile);
    let patch = Patch::read(of, body.as_object().cloned().unwrap_or_default(), &mut quirks)
        .unwrap_or_else(|error| panic!("{profile}: {error:?} of {body}"));
    let outcome = patch::apply(of, resource, Rows::default(), &patch, &mut quirks)
        .unwrap_or_else(|error| panic!("{profile}: {error:?} of {body}"));
    assert_eq!(outcome.resource, *resource, "{profile}: {body}");
}
