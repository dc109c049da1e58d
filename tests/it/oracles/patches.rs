//! Sequences of PATCH requests, each compared with what the oracle makes of the resource.

use super::{
    Batch, Run,
    attributes::{DESK, Of},
    operations::{Signs, operation, start},
    patch::{Facts, patched},
    population::{Population, id_of},
    world::{Refusal, World},
};
use proptest::{collection::vec, prelude::any, prop_oneof, strategy::Strategy, test_runner::TestCaseError};
use roster::scim::Profile;
use serde_json::{Value, json};
use std::cell::Cell;

/// Whom managers and members refer to: four users, of whom two have a name to show, and two groups.
fn acquaintances(world: &World) -> Population {
    let create = |of: Of, body: Value| world.create(of, &body, Profile::Standard).unwrap();
    let user = |n: usize| {
        let mut body = json!({"schemas": [Of::Users.urn()], "userName": format!("Taken {n}")});
        if n.is_multiple_of(2) {
            body["displayName"] = json!(format!("Person {n}"));
        }
        create(Of::Users, body)
    };
    let group = |n: usize| {
        create(Of::Groups, json!({"schemas": [Of::Groups.urn()], "displayName": format!("Taken {n}")}))
    };
    Population { users: (0..4).map(user).collect(), groups: (0..2).map(group).collect() }
}

/// A resource without what its version and the order of rows add.
fn bare(resource: &Value) -> Value {
    let mut bare = resource.clone();
    bare.as_object_mut().unwrap().shift_remove("meta");
    if let Some(members) = bare.get_mut("members").and_then(Value::as_array_mut) {
        members.sort_by_key(|member| member["value"].as_str().unwrap().to_owned());
    }
    bare
}

/// Whether a request did what the oracle says; else what there is to say. `after` is what is read afterwards.
fn judge(
    expected: &Result<Value, Refusal>,
    before: &Value,
    found: &Result<Value, Refusal>,
    after: &Value,
) -> Result<(), String> {
    match (expected, found) {
        (Err(expected), Err(found)) if expected != found => {
            return Err(format!("expected {expected:?}, found {found:?}"));
        }
        (Err(_), Err(_)) if before != after => {
            return Err(format!("a refused request changed the resource\n  after {after}"));
        }
        (Err(_), Err(_)) => return Ok(()),
        (Ok(expected), Ok(found)) if *expected != bare(found) => {
            return Err(format!("expected {expected}\n  found {}", bare(found)));
        }
        (Ok(_), Ok(found)) if bare(found) != bare(after) || found["meta"] != after["meta"] => {
            return Err(format!("the answer is {found}\n  but what is read afterwards {after}"));
        }
        (Ok(_), Ok(_)) => {}
        (expected, found) => {
            let shown = |it: &Result<Value, Refusal>| {
                it.as_ref().map_or_else(|no| format!("{no:?}"), Value::to_string)
            };
            return Err(format!("expected {}\n  found {}", shown(expected), shown(found)));
        }
    }
    // what changes nothing keeps version and time; what changes something has new ones
    let (was, is) = (&before["meta"], &after["meta"]);
    let is_same = bare(before) == bare(after);
    let kept = was["version"] == is["version"] && was["lastModified"] == is["lastModified"];
    let moved = was["version"] != is["version"] && was["lastModified"] != is["lastModified"];
    match (is_same && kept) || (!is_same && moved) {
        true => Ok(()),
        false => Err(format!("the resource changed: {}, but from {was} to {is}", !is_same)),
    }
}

fn try_patches(batch: &mut Batch) -> Result<(), String> {
    let world = World::new();
    let people = acquaintances(&world);
    let made = Cell::new(0);
    let requests = |of: Of| {
        let requests = vec(vec(operation(of), 1..=6), 1..=3);
        (start(of), requests).prop_map(move |(start, requests)| (of, start, requests))
    };
    let strategy = (prop_oneof![3 => requests(Of::Users), 2 => requests(Of::Groups)], any::<bool>());
    batch.trials(&strategy, |((of, start, requests), forgiving)| {
        let profile = if forgiving { Profile::Standard } else { Profile::Strict };
        let own = format!("own{}", made.replace(made.get() + 1));
        let signs = Signs { of, people: &people, own: &own, id: "" };
        let sent = signs.put(&start);
        let id = id_of(&world.create(of, &sent, Profile::Standard).map_err(|no| {
            TestCaseError::fail(format!("POST {}\n{sent}\nexpected 201, found {no:?}", of.endpoint()))
        })?);
        let signs = Signs { id: &id, ..signs };
        let mut before = world.get(of, &id);
        for request in &requests {
            let (sent, operations): (Vec<_>, Vec<_>) =
                request.iter().map(|(operation, style)| signs.operation(operation, *style)).unzip();
            world.wait(10);
            let expected = patched(Facts { of, forgiving, people: &people }, &before, &operations);
            let found = world.patch(of, &id, &json!(sent), profile);
            let after = world.get(of, &id);
            judge(&expected, &before, &found, &after).map_err(|why| {
                let request = format!("PATCH {}/{id}  ({profile} connection)", of.endpoint());
                TestCaseError::fail(format!("{request}\n  of {before}\n  by {}\n  {why}", json!(sent)))
            })?;
            before = after;
        }
        Ok(())
    })
}

#[test]
fn every_patch_does_what_the_oracle_does() {
    Run::new("patches", 4, 500).batches(try_patches);
}

#[test]
fn a_wrong_patch_is_noticed() {
    let meta = |version: u8| json!({"version": version, "lastModified": version});
    let of =
        |title: &str, version| json!({"id": "1", "title": title, DESK: {"code": "c"}, "meta": meta(version)});
    let no = |kind: &str| Err((400, kind.to_owned()));
    let (before, after) = (of("a", 1), of("b", 2));

    assert_eq!(judge(&Ok(bare(&after)), &before, &Ok(after.clone()), &after), Ok(()));
    assert_eq!(judge(&Ok(bare(&before)), &before, &Ok(before.clone()), &before), Ok(()));
    assert_eq!(judge(&no("noTarget"), &before, &no("noTarget"), &before), Ok(()));
    for (expected, found, read) in [
        (Ok(bare(&after)), Ok(of("c", 2)), of("c", 2)),
        (Ok(bare(&after)), Ok(after.clone()), before.clone()),
        (Ok(bare(&after)), Ok(of("b", 1)), of("b", 1)),
        (Ok(bare(&before)), Ok(of("a", 2)), of("a", 2)),
        (Ok(bare(&after)), no("noTarget"), before.clone()),
        (no("noTarget"), Ok(after.clone()), after.clone()),
        (no("noTarget"), no("mutability"), before.clone()),
        (no("noTarget"), no("noTarget"), of("a", 2)),
    ] {
        assert!(judge(&expected, &before, &found, &read).is_err(), "{expected:?} {found:?} {read}");
    }
}
