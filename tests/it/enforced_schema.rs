//! `/Schemas`: what is published is true. For every attribute and characteristic, what it allows is done and
//! what it forbids is tried.

use crate::{
    schemas::served,
    support::{GROUP, Reply, Server, USER},
};
use roster::scim::{Profile, urn};
use serde_json::{Map, Value, json};

#[test]
fn r_073_what_is_published_is_enforced() {
    let server = Server::start(Profile::Strict, |_| {});
    let boss = server.user("boss");
    let schemas = served(&server);
    let mut attempts = Attempts { server, boss, made: 0, broken: Vec::new() };

    for (schema, endpoint) in [(USER, "/Users"), (urn::ENTERPRISE_USER, "/Users"), (GROUP, "/Groups")] {
        let served = schemas.iter().find(|it| it["id"] == schema).unwrap();
        for attribute in served["attributes"].as_array().unwrap() {
            attempts.try_all(&Place { schema, endpoint, attribute, part: None });
            for part in attribute["subAttributes"].as_array().into_iter().flatten() {
                attempts.try_all(&Place { schema, endpoint, attribute, part: Some(part) });
            }
        }
    }

    assert!(attempts.broken.is_empty(), "\n{}", attempts.broken.join("\n"));
    assert!(attempts.made > 500, "{}", attempts.made);
}

/// An attribute or one of its parts, as `/Schemas` describes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'s> {
    pub(crate) schema: &'s str,
    pub(crate) endpoint: &'static str,
    pub(crate) attribute: &'s Value,
    pub(crate) part: Option<&'s Value>,
}

impl Place<'_> {
    pub(crate) fn leaf(&self) -> &Value {
        self.part.unwrap_or(self.attribute)
    }

    pub(crate) fn says(&self, characteristic: &str, value: &str) -> bool {
        self.leaf()[characteristic] == value || self.attribute[characteristic] == value
    }

    fn is(&self, kind: &str) -> bool {
        self.leaf()["type"] == kind
    }

    pub(crate) fn is_list(&self) -> bool {
        self.leaf()["multiValued"] == true
    }

    pub(crate) fn name(&self) -> &str {
        self.attribute["name"].as_str().unwrap()
    }

    /// Values of other types.
    pub(crate) fn wrong(&self) -> Vec<Value> {
        match self.leaf()["type"].as_str().unwrap() {
            "boolean" => vec![json!("true"), json!(1)],
            "complex" => vec![json!("text"), json!(7)],
            "binary" => vec![json!("%%%"), json!(7)],
            "integer" => vec![json!("1"), json!(1.5), json!(true)],
            "decimal" => vec![json!("1"), json!(true)],
            "dateTime" => vec![json!("yesterday"), json!(7)],
            _ => vec![json!(7), json!(true), json!({"a": 1})],
        }
    }

    /// The resource type's own schema.
    pub(crate) fn base(&self) -> &'static str {
        if self.endpoint == "/Users" { USER } else { GROUP }
    }

    /// The path in filters and patches.
    pub(crate) fn path(&self) -> String {
        let prefix = if self.schema == self.base() { String::new() } else { format!("{}:", self.schema) };
        let part = self.part.map_or(String::new(), |part| format!(".{}", part["name"].as_str().unwrap()));
        format!("{prefix}{}{part}", self.name())
    }

    /// A resource's body with this value here and nothing else but what is required.
    pub(crate) fn body(&self, name: &str, value: &Value, element: &Map<String, Value>) -> Value {
        let required = if self.endpoint == "/Users" { "userName" } else { "displayName" };
        let base = self.base();
        let mut body = json!({"schemas": [base], required: name});
        let whole = match self.part {
            None => value.clone(),
            Some(part) => {
                let mut element = element.clone();
                element.insert(part["name"].as_str().unwrap().to_owned(), value.clone());
                if self.attribute["multiValued"] == true { json!([element]) } else { json!(element) }
            }
        };
        if self.schema == base {
            body[self.name()] = whole;
        } else {
            body["schemas"] = json!([base, self.schema]);
            body[self.schema] = json!({self.name(): whole});
        }
        body
    }

    /// The values that a resource shows here.
    pub(crate) fn shown(&self, resource: &Value) -> Vec<Value> {
        let container = if self.schema == self.base() { resource } else { &resource[self.schema] };
        let whole = match &container[self.name()] {
            Value::Null => Vec::new(),
            Value::Array(elements) if self.part.is_some() => elements.clone(),
            one => vec![one.clone()],
        };
        match self.part {
            None => whole,
            Some(part) => {
                whole.iter().filter_map(|it| it.get(part["name"].as_str().unwrap())).cloned().collect()
            }
        }
    }
}

/// Tries to do what a characteristic allows and what it forbids, and notes where the server disagrees.
pub(crate) struct Attempts {
    pub(crate) server: Server,
    pub(crate) boss: String,
    pub(crate) made: usize,
    pub(crate) broken: Vec<String>,
}

impl Attempts {
    fn try_all(&mut self, place: &Place<'_>) {
        self.try_type(place);
        self.try_required(place);
        self.try_mutability(place);
        self.try_returned_and_filter(place);
        self.try_uniqueness(place);
    }

    fn expect(&mut self, holds: bool, place: &Place<'_>, what: &str) {
        self.made += 1;
        if !holds {
            self.broken.push(format!("{}: {what}", place.path()));
        }
    }

    /// A value of the attribute's type; the `other` one is different.
    fn good(&self, attribute: &Value, of: &str, other: bool) -> Value {
        let name = attribute["name"].as_str().unwrap();
        let id = self.boss.as_str();
        let one = match (of, name) {
            ("manager" | "members", "value") => json!(id),
            ("manager" | "members", "$ref") => {
                json!(format!("{}/scim/v2/Users/{id}", self.server.client.root))
            }
            ("members", "type") => json!("User"),
            ("addresses", "country") => json!(if other { "FR" } else { "DE" }),
            _ => match attribute["type"].as_str().unwrap() {
                "string" => json!(format!("Good {name} {} {}", self.made, u8::from(other))),
                "boolean" => json!(!other),
                "reference" => json!(format!("https://example.com/Good/{}", u8::from(other))),
                "binary" => json!(if other { "MAMCAQI=" } else { "MAMCAQE=" }),
                "integer" => json!(if other { 2 } else { 1 }),
                "decimal" => json!(if other { 2.5 } else { 1.5 }),
                "dateTime" => json!(format!("2026-01-0{}T00:00:00.000Z", 1 + u8::from(other))),
                "complex" => json!(self.element(attribute, other)),
                kind => panic!("no value of type {kind} is known"),
            },
        };
        if attribute["multiValued"] == true { json!([one]) } else { one }
    }

    /// Every part of a complex attribute that can be written.
    fn element(&self, attribute: &Value, other: bool) -> Map<String, Value> {
        let parts = attribute["subAttributes"].as_array().unwrap().iter();
        let of = attribute["name"].as_str().unwrap();
        parts
            .filter(|part| part["mutability"] != "readOnly")
            .map(|part| (part["name"].as_str().unwrap().to_owned(), self.good(part, of, other)))
            .collect()
    }

    /// What an element needs besides the part that is tried: a value.
    pub(crate) fn companion(&self, place: &Place<'_>) -> Map<String, Value> {
        let value = self.element_of(place).remove("value");
        value.map(|value| ("value".to_owned(), value)).into_iter().collect()
    }

    fn element_of(&self, place: &Place<'_>) -> Map<String, Value> {
        if place.part.is_some() { self.element(place.attribute, false) } else { Map::new() }
    }

    pub(crate) fn value(&self, place: &Place<'_>, other: bool) -> Value {
        self.good(place.leaf(), place.name(), other)
    }

    fn create(&mut self, place: &Place<'_>, value: &Value) -> Reply {
        let name = format!("Resource {}", self.made);
        self.made += 1;
        let body = place.body(&name, value, &self.companion(place));
        self.server.client.post(place.endpoint, &body)
    }

    fn refuses(&mut self, place: &Place<'_>, value: &Value, what: &str) {
        let reply = self.create(place, value);
        let refused = reply.status == 400 && reply.json()["scimType"] == "invalidValue";
        self.expect(refused, place, &format!("{what}: {} {}", reply.status, reply.json()));
    }

    fn try_type(&mut self, place: &Place<'_>) {
        let value = self.value(place, false);
        if place.says("mutability", "readOnly") {
            let reply = self.create(place, &value);
            let shown = place.shown(&reply.json());
            self.expect(
                reply.status == 201 && !shown.contains(&value),
                place,
                "a readOnly value is dropped, not believed",
            );
            return;
        }
        let reply = self.create(place, &value);
        self.expect(reply.status == 201, place, &format!("takes a good value: {}", reply.json()));
        for wrong in place.wrong() {
            let wrong = if place.is_list() { json!([wrong]) } else { wrong };
            self.refuses(place, &wrong, "refuses a value of another type");
        }
        let other_shape =
            if place.is_list() { value[0].clone() } else { json!([value, self.value(place, true)]) };
        self.refuses(place, &other_shape, "is a list or it is none");
    }

    fn try_required(&mut self, place: &Place<'_>) {
        if place.part.is_some() {
            return;
        }
        let empty = match place.leaf()["required"] == true {
            true => vec![Value::Null, json!("")],
            false => vec![],
        };
        for empty in empty {
            self.refuses(place, &empty, "is required");
        }
        if place.leaf()["required"] != true {
            let reply = self.create(place, &Value::Null);
            self.expect(reply.status == 201, place, "is not required");
        }
    }

    fn try_mutability(&mut self, place: &Place<'_>) {
        let made = self.create(place, &self.value(place, false)).json();
        let path = format!("{}/{}", place.endpoint, made["id"].as_str().unwrap_or_default());
        let other = match place.is("string") && place.leaf()["mutability"] == "immutable" {
            true => json!("another"),
            false => self.value(place, true),
        };
        let change = json!([{"op": "replace", "path": place.path(), "value": other}]);
        let reply = self.server.client.patch(&path, &change);
        if place.says("mutability", "readOnly") || place.leaf()["mutability"] == "immutable" {
            let refused = reply.status == 400 && reply.json()["scimType"] == "mutability";
            self.expect(refused, place, &format!("cannot be changed: {} {}", reply.status, reply.json()));
        } else if place.says("mutability", "writeOnly") {
            self.expect(
                reply.status == 200 && place.shown(&reply.json()).is_empty(),
                place,
                "is written, never shown",
            );
        } else {
            let after = place.shown(&self.server.client.get(&path).json());
            let follows = reply.status == 200 && contains_all(&after, &other);
            self.expect(follows, place, &format!("can be changed: {} {after:?}", reply.status));
        }
    }

    fn try_returned_and_filter(&mut self, place: &Place<'_>) {
        let value = self.value(place, false);
        let made = self.create(place, &value).json();
        let id = made["id"].as_str().unwrap_or_default().to_owned();
        let path = format!("{}/{id}", place.endpoint);
        if place.says("mutability", "readOnly") {
            return;
        }
        let get = |query: &str| place.shown(&self.server.client.get(&format!("{path}{query}")).json());
        let name = place.path();
        let (plain, asked, less) =
            (get(""), get(&format!("?attributes={name}")), get(&format!("?excludedAttributes={name}")));
        if place.says("returned", "never") {
            self.expect([plain, asked, less].concat().is_empty(), place, "is never shown");
            let status = self.find(place, &format!("{name} pr")).status;
            self.expect(status == 400, place, "cannot be filtered by");
            return;
        }
        self.expect(contains_all(&plain, &value), place, &format!("is shown as written: {plain:?}"));
        self.expect(asked == plain, place, &format!("is shown when asked for: {asked:?}"));
        let gone = less.is_empty() || less == [json!([])];
        self.expect(gone, place, &format!("is left out when excluded: {less:?}"));
        self.try_filter(place, &value, &id);
    }

    fn try_filter(&mut self, place: &Place<'_>, value: &Value, id: &str) {
        let name = place.path();
        let hits = |filter: &str| {
            self.find(place, &format!("{filter} and id eq \"{id}\"")).json()["totalResults"] == 1
        };
        let present = hits(&format!("{name} pr"));
        let (mut same, mut turned) = (true, None);
        match value {
            Value::Bool(value) => same = hits(&format!("{name} eq {value}")),
            Value::String(text) => {
                same = hits(&format!("{name} eq \"{text}\""));
                turned = Some(hits(&format!("{name} eq \"{}\"", turn_case(text))));
            }
            _ => {}
        }
        self.expect(present, place, "is present");
        self.expect(same, place, "equals what was written");
        if let Some(turned) = turned {
            let exact = place.leaf()["caseExact"] == true;
            self.expect(turned != exact, place, &format!("caseExact is {exact}"));
        }
    }

    pub(crate) fn find(&self, place: &Place<'_>, filter: &str) -> Reply {
        let filter: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        self.server.client.get(&format!("{}?filter={filter}", place.endpoint))
    }

    fn try_uniqueness(&mut self, place: &Place<'_>) {
        let Some(text) = self.value(place, true).as_str().map(str::to_owned) else { return };
        // group names are unique although the RFC's table says `none`: Q-025
        let is_group_name = place.schema == GROUP && place.name() == "displayName";
        let unique = place.says("uniqueness", "server") || is_group_name;
        let again = if unique { turn_case(&text) } else { text.clone() };
        let statuses = (self.create(place, &json!(text)).status, self.create(place, &json!(again)).status);
        let expected = if unique { (201, 409) } else { (201, 201) };
        self.expect(statuses == expected, place, &format!("unique is {unique}: {statuses:?}"));
    }
}

pub(crate) fn turn_case(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect()
}

/// Whether the values shown hold what was written; the server may add what it derives.
pub(crate) fn contains_all(shown: &[Value], written: &Value) -> bool {
    fn holds(shown: &Value, written: &Value) -> bool {
        match (shown, written) {
            (Value::Object(shown), Value::Object(written)) => {
                written.iter().all(|(name, value)| shown.get(name).is_some_and(|shown| holds(shown, value)))
            }
            (Value::Array(shown), Value::Array(written)) => {
                shown.len() == written.len() && shown.iter().zip(written).all(|(s, w)| holds(s, w))
            }
            _ => shown == written,
        }
    }
    !shown.is_empty() && shown.iter().all(|shown| holds(shown, written))
}
