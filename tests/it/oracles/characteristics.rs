//! What `/Schemas` promises of an attribute holds by every route, for the standard's schemas and for a random one.

use super::{Batch, Run};
use crate::{
    enforced_schema::{Attempts, Place, contains_all, turn_case},
    schemas::served,
    support::{GROUP, Reply, Server, USER, context, wait},
};
use proptest::{
    collection::vec, option, prelude::any, prop_oneof, sample::select, strategy::Strategy,
    test_runner::TestCaseError,
};
use roster::{
    scim::{Profile, urn},
    service::schemas,
};
use serde_json::{Map, Value, json};
use std::cell::RefCell;

const OWN: &str = "urn:example:scim:schemas:extension:drawn:1.0:Any";

/// How a value reaches the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Post,
    Bulk,
    Put,
    Path,
    Pathless,
}

/// Which value is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    Good,
    /// One of a number of values of other types.
    Wrong(usize),
    /// A list where none belongs, or the other way round.
    OtherShape,
    Nothing,
}

/// An attribute with random characteristics.
fn any_attribute(n: usize) -> impl Strategy<Value = Value> {
    const KINDS: [&str; 8] =
        ["string", "boolean", "integer", "decimal", "dateTime", "reference", "binary", "complex"];
    let part = select(&KINDS[..5]).prop_map(|kind| json!({"type": kind}));
    let parts = vec(part, 1..4).prop_map(|parts| {
        let named = |(n, mut part): (usize, Value)| {
            part["name"] = json!(format!("part{n}"));
            part
        };
        parts.into_iter().enumerate().map(named).collect::<Value>()
    });
    let ruled = [("readWrite", "default"), ("readWrite", "request"), ("readWrite", "always")];
    let others =
        [("readWrite", "never"), ("writeOnly", "never"), ("immutable", "default"), ("immutable", "request")];
    let rules = prop_oneof![select(ruled.to_vec()), select(others.to_vec())];
    let kind = select(&KINDS[..]);
    (kind, any::<bool>(), any::<bool>(), rules, parts).prop_map(move |(kind, many, exact, rules, parts)| {
        let mut made = json!({"name": format!("attr{n}"), "type": kind, "multiValued": many});
        (made["mutability"], made["returned"]) = (json!(rules.0), json!(rules.1));
        match kind {
            "string" => made["caseExact"] = json!(exact),
            "reference" => made["referenceTypes"] = json!(["external"]),
            "complex" => made["subAttributes"] = parts,
            _ => {}
        }
        made
    })
}

fn any_schema() -> impl Strategy<Value = Value> {
    let attributes: Vec<_> = (0..8).map(any_attribute).collect();
    attributes.prop_map(|attributes| {
        json!({"id": OWN, "name": "Drawn", "extends": ["User", "Group"], "attributes": attributes})
    })
}

/// Every place that the served schemas describe.
fn places(schemas: &[Value]) -> Vec<Place<'_>> {
    let mut found = Vec::new();
    for (schema, endpoint) in [
        (USER, "/Users"),
        (urn::ENTERPRISE_USER, "/Users"),
        (GROUP, "/Groups"),
        (OWN, "/Users"),
        (OWN, "/Groups"),
    ] {
        let served = schemas.iter().find(|it| it["id"] == schema).unwrap();
        for attribute in served["attributes"].as_array().unwrap() {
            let parts = attribute["subAttributes"].as_array().into_iter().flatten().map(Some);
            found.extend(parts.chain([None]).map(|part| Place { schema, endpoint, attribute, part }));
        }
    }
    found
}

/// One value on its way to one place.
struct Try<'t> {
    attempts: &'t mut Attempts,
    place: Place<'t>,
    route: Route,
}

/// What came of a request: status, scimType, and the resource's address.
#[derive(Debug)]
struct Outcome {
    status: u16,
    kind: String,
    path: String,
}

impl Try<'_> {
    fn body(&mut self, value: &Value) -> Value {
        self.attempts.made += 1;
        let name = format!("Resource {}", self.attempts.made);
        self.place.body(&name, value, &self.attempts.companion(&self.place))
    }

    /// The attribute as a whole, with this value at the place.
    fn whole(&mut self, value: &Value) -> (String, Value, Value) {
        let body = self.body(value);
        let (schema, name) = (self.place.schema, self.place.name());
        match schema == self.place.base() {
            true => (name.to_owned(), body[name].clone(), json!({name: body[name]})),
            false => {
                let whole = body[schema][name].clone();
                (format!("{schema}:{name}"), whole.clone(), json!({schema: {name: whole}}))
            }
        }
    }

    fn outcome(&self, reply: &Reply) -> Outcome {
        let body = reply.json();
        let id = body["id"].as_str().unwrap_or_default();
        let kind = body["scimType"].as_str().unwrap_or_default().to_owned();
        Outcome { status: reply.status, kind, path: format!("{}/{id}", self.place.endpoint) }
    }

    /// Sends a value; to a resource of its own, unless it goes to one that is there.
    fn send(&mut self, value: &Value, there: Option<&str>) -> Outcome {
        let (client, endpoint) = (self.attempts.server.client.clone(), self.place.endpoint);
        let path = match (there, self.route) {
            (Some(path), _) => path.to_owned(),
            (None, Route::Post | Route::Bulk) => String::new(),
            (None, _) => {
                self.attempts.made += 1;
                let name = format!("Blank {}", self.attempts.made);
                let required = if endpoint == "/Users" { "userName" } else { "displayName" };
                let made = client.post(endpoint, &json!({"schemas": [self.place.base()], required: name}));
                assert_eq!(made.status, 201, "{}", made.json());
                format!("{endpoint}/{}", made.json()["id"].as_str().unwrap())
            }
        };
        match self.route {
            Route::Post => {
                let body = self.body(value);
                self.outcome(&client.post(endpoint, &body))
            }
            Route::Put => {
                let body = self.body(value);
                self.outcome(&client.put(&path, &body))
            }
            Route::Path => {
                let (path_of, whole, _) = self.whole(value);
                let change = json!([{"op": "replace", "path": path_of, "value": whole}]);
                self.outcome(&client.patch(&path, &change))
            }
            Route::Pathless => {
                let (_, _, object) = self.whole(value);
                self.outcome(&client.patch(&path, &json!([{"op": "replace", "value": object}])))
            }
            Route::Bulk => {
                let operation =
                    json!({"method": "POST", "path": endpoint, "bulkId": "b", "data": self.body(value)});
                let request = json!({"schemas": [urn::BULK_REQUEST], "Operations": [operation]});
                let answer = client.post("/Bulk", &request).json()["Operations"][0].clone();
                let status = answer["status"].as_str().unwrap().parse().unwrap();
                let kind = answer["response"]["scimType"].as_str().unwrap_or_default().to_owned();
                let id = answer["location"].as_str().unwrap_or_default().rsplit('/').next().unwrap();
                Outcome { status, kind, path: format!("{endpoint}/{id}") }
            }
        }
    }

    fn is_patch(&self) -> bool {
        [Route::Path, Route::Pathless].contains(&self.route)
    }

    /// Whether the patch names the attribute, not only the extension that holds it.
    fn names_it(&self) -> bool {
        self.route == Route::Path || self.route == Route::Pathless && self.place.schema == self.place.base()
    }

    fn expected(&self, sent: Sent) -> (bool, &'static str) {
        let (place, is_patch) = (&self.place, self.is_patch());
        let is_made_by_server = |it: &Value| it["mutability"] == "readOnly";
        if is_made_by_server(place.attribute) {
            // nothing is what an unassigned attribute has already
            let is_repeated = sent == Sent::Nothing && place.part.is_none();
            return if is_patch && !is_repeated { (false, "mutability") } else { (true, "") };
        }
        if place.part.is_some_and(is_made_by_server) {
            return (true, "");
        }
        match sent {
            Sent::Good => (true, ""),
            Sent::Nothing if place.part.is_none() && place.leaf()["required"] == true => {
                (false, if is_patch { "mutability" } else { "invalidValue" })
            }
            // a value that is not kept cannot be taken away
            Sent::Nothing if is_patch && place.part.is_none() && place.name() == "password" => {
                (false, "mutability")
            }
            // who has neither value nor address is no member
            Sent::Nothing if place.path() == "members.value" => (false, "invalidValue"),
            Sent::Nothing => (true, ""),
            // a list may be given by its only element, where a path or a key names it
            Sent::OtherShape if place.part.is_none() && place.is_list() && self.names_it() => (true, ""),
            Sent::Wrong(_) | Sent::OtherShape => (false, "invalidValue"),
        }
    }
}

/// What a value's characteristics say of how the resource is read: a complaint, or nothing.
fn misread(attempts: &Attempts, place: &Place<'_>, path: &str, value: &Value) -> Option<String> {
    let (client, name) = (&attempts.server.client, place.path());
    let get = |query: &str| place.shown(&client.get(&format!("{path}{query}")).json());
    let plain = get("");
    let asked = get(&format!("?attributes={name}"));
    let less = get(&format!("?excludedAttributes={name}"));
    let holds = |shown: &[Value]| contains_all(shown, value);
    let is_none = |shown: &[Value]| shown.is_empty() || *shown == [json!([])];
    let returned = place.attribute["returned"].as_str().unwrap();
    let is_as_promised = match returned {
        "never" => is_none(&plain) && is_none(&asked) && is_none(&less),
        "request" => is_none(&plain) && holds(&asked) && is_none(&less),
        "always" => holds(&plain) && holds(&asked) && holds(&less),
        _ => holds(&plain) && holds(&asked) && is_none(&less),
    };
    if !is_as_promised {
        return Some(format!(
            "returned {returned}, but {plain:?}, when asked {asked:?}, when excluded {less:?}"
        ));
    }
    let id = path.rsplit('/').next().unwrap();
    let find = |filter: &str| attempts.find(place, &format!("{filter} and id eq \"{id}\""));
    if returned == "never" {
        let status = find(&format!("{name} pr")).status;
        return (status != 400).then(|| format!("never returned, but a filter on it is {status}"));
    }
    let first = if place.is_list() { &value[0] } else { value };
    let (Some(text), "string" | "reference") = (first.as_str(), place.leaf()["type"].as_str().unwrap())
    else {
        return None;
    };
    let hits = |text: &str| find(&format!("{name} eq \"{text}\"")).json()["totalResults"] == 1;
    let (same, turned) = (hits(text), hits(&turn_case(text)));
    let is_exact = place.leaf()["caseExact"] == true;
    (!same || turned == is_exact)
        .then(|| format!("caseExact {is_exact}, but eq finds it {same}, turned {turned}"))
}

/// Tries one value by one route; a complaint, or nothing.
fn misbehaviour(attempts: &mut Attempts, place: Place<'_>, route: Route, sent: Sent) -> Option<String> {
    attempts.made += 1;
    let good = attempts.value(&place, false);
    let wrongs = place.wrong();
    let value = match sent {
        Sent::Good => good.clone(),
        Sent::Wrong(n) if place.is_list() => json!([wrongs[n % wrongs.len()]]),
        Sent::Wrong(n) => wrongs[n % wrongs.len()].clone(),
        Sent::OtherShape if place.is_list() => good[0].clone(),
        Sent::OtherShape => json!([good, attempts.value(&place, true)]),
        Sent::Nothing => Value::Null,
    };
    let other = attempts.value(&place, true);
    let mut this = Try { attempts, place, route };
    let (is_taken, kind) = this.expected(sent);
    let outcome = this.send(&value, None);
    if (outcome.status < 300, outcome.kind.as_str()) != (is_taken, kind) {
        return Some(format!("{value} is taken: {is_taken} {kind}, found {outcome:?}"));
    }
    if !is_taken || sent != Sent::Good {
        return None;
    }
    let is_read_only = |it: &Value| it["mutability"] == "readOnly";
    if is_read_only(place.attribute) || is_read_only(place.leaf()) {
        let shown = place.shown(&this.attempts.server.client.get(&outcome.path).json());
        return contains_all(&shown, &value).then(|| format!("readOnly, but believed: {shown:?}"));
    }
    if let Some(complaint) = misread(this.attempts, &place, &outcome.path, &value) {
        return Some(complaint);
    }
    if place.part.is_none()
        && place.attribute["mutability"] == "immutable"
        && place.attribute["returned"] != "never"
    {
        this.route = Route::Path;
        let again = this.send(&value, Some(&outcome.path));
        let changed = this.send(&other, Some(&outcome.path));
        if again.status != 200 || (changed.status, changed.kind.as_str()) != (400, "mutability") {
            return Some(format!("immutable, but the same again is {again:?} and another value {changed:?}"));
        }
    }
    None
}

fn try_characteristics(batch: &mut Batch) -> Result<(), String> {
    let definition = batch.draw(any_schema());
    let server = Server::start(Profile::Strict, |_| {});
    wait(async {
        let cx = context(&server.app).await;
        schemas::put(&cx, serde_json::from_value(definition.clone()).unwrap()).await.unwrap();
        while !schemas::go_on(&context(&server.app).await, OWN).await.unwrap().is_finished {}
    });
    let boss = server.user("boss");
    let schemas = served(&server);
    let attempts = RefCell::new(Attempts { server, boss, made: 0, broken: Vec::new() });
    let all = places(&schemas);
    let own: Vec<usize> = (0..all.len()).filter(|n| all[*n].schema == OWN).collect();
    let place = prop_oneof![2 => 0..all.len(), 1 => select(own)];
    let route = select(vec![Route::Post, Route::Put, Route::Path, Route::Pathless, Route::Bulk]);
    let sent = option::weighted(
        0.5,
        (0..5_usize).prop_map(|n| match n {
            0 => Sent::Nothing,
            1 => Sent::OtherShape,
            n => Sent::Wrong(n),
        }),
    );
    batch.trials(&(place, route, sent), |(n, route, sent)| {
        let (place, sent) = (all[n], sent.unwrap_or(Sent::Good));
        match misbehaviour(&mut attempts.borrow_mut(), place, route, sent) {
            None => Ok(()),
            Some(complaint) => {
                let described: &Map<String, Value> = place.attribute.as_object().unwrap();
                let why = format!("{} {} by {route:?}: {complaint}", place.endpoint, place.path());
                Err(TestCaseError::fail(format!("{why}\n  served as {}", json!(described))))
            }
        }
    })
}

#[test]
fn every_attribute_is_what_the_served_schemas_say() {
    Run::new("characteristics", 4, 150).batches(try_characteristics);
}

#[test]
fn a_false_promise_is_noticed() {
    let server = Server::start(Profile::Strict, |_| {});
    let boss = server.user("boss");
    let mut schemas = served(&server);
    let mut attempts = Attempts { server, boss, made: 0, broken: Vec::new() };
    let users = schemas.iter_mut().find(|it| it["id"] == USER).unwrap()["attributes"].as_array_mut().unwrap();
    let title = users.iter().find(|it| it["name"] == "title").unwrap().clone();
    for (characteristic, lie) in [
        ("type", json!("boolean")),
        ("multiValued", json!(true)),
        ("caseExact", json!(true)),
        ("mutability", json!("readOnly")),
        ("mutability", json!("immutable")),
        ("returned", json!("never")),
        ("returned", json!("request")),
        ("returned", json!("always")),
        ("required", json!(true)),
    ] {
        let mut attribute = title.clone();
        attribute[characteristic] = lie.clone();
        let place = Place { schema: USER, endpoint: "/Users", attribute: &attribute, part: None };
        let sent = if characteristic == "required" { Sent::Nothing } else { Sent::Good };
        let complaint = misbehaviour(&mut attempts, place, Route::Path, sent);
        assert!(complaint.is_some(), "{characteristic} {lie}");
    }
    let place = Place { schema: USER, endpoint: "/Users", attribute: &title, part: None };
    for sent in [Sent::Good, Sent::Wrong(0), Sent::OtherShape, Sent::Nothing] {
        assert_eq!(misbehaviour(&mut attempts, place, Route::Path, sent), None, "{sent:?}");
    }
}
