//! Random PATCH operations, and the JSON that is sent for them.

use crate::support::ORGANIZATION;

use super::{
    attributes::{Attribute, ENTERPRISE, Kind, Of, Rule},
    filter::{Filter, Look, Op, Operand, Place},
    filter_text::{Spelling, inner},
    patch::{Operation, Target, Verb},
    population::{INSTANTS, LINKS, Population},
};
use proptest::{
    collection::vec,
    option,
    prelude::any,
    prop_oneof,
    sample::{select, subsequence},
    strategy::{BoxedStrategy, Just, Strategy},
};
use serde_json::{Map, Value, json};

const WORDS: [&str; 7] = ["a", "A", "b", "work", "WORK", "home", "x@y.z"];
const IDS: [&str; 5] = ["{id:0}", "{id:1}", "{id:2}", "{id:4}", "{id:5}"];

/// Paths that lead nowhere, and what they are refused with.
const NOWHERE: [(&str, &str); 10] = [
    ("foo", "invalidPath"),
    ("emails[", "invalidPath"),
    ("members[value eq \"a\"", "invalidPath"),
    ("name..x", "invalidPath"),
    (".x", "invalidPath"),
    ("a.b.c", "invalidPath"),
    ("externalId[value eq \"a\"]", "invalidPath"),
    ("urn:example:unknown:1.0:User:title", "invalidPath"),
    ("meta.unknown", "invalidPath"),
    ("schemas[value gt true]", "invalidFilter"),
];

/// What is patched: not the certificates, whose bytes the filters look at.
fn places(of: Of) -> Vec<&'static Attribute> {
    let is_binary =
        |it: &Attribute| it.kind == Kind::Binary || it.parts.iter().any(|part| part.kind == Kind::Binary);
    of.attributes().iter().filter(|it| !is_binary(it) && it.name != "photos").collect()
}

/// A value of the attribute's type. `{…}` stands for what only the run knows.
fn good(attribute: &'static Attribute) -> BoxedStrategy<Value> {
    let one = match (attribute.name, attribute.kind) {
        // names are unique: other trials have theirs
        _ if attribute.rule == Rule::Required => {
            select(&["{own}", "{OWN}", "{own}-b"][..]).prop_map(|it| json!(it)).boxed()
        }
        ("id", _) => select(&["{self}", "another"][..]).prop_map(|it| json!(it)).boxed(),
        ("schemas", _) => Just(json!("{base}")).boxed(),
        ("meta", _) => Just(json!({"created": "2026-01-01T00:00:00Z"})).boxed(),
        ("groups", _) => Just(json!({"value": "{id:4}"})).boxed(),
        ("members", _) => {
            let said = prop_oneof![
                6 => Just(json!({})),
                1 => Just(json!({"display": "x", "type": null})),
                1 => Just(json!({"$ref": "https://example.com/Users/x"})),
            ];
            let by_id = (select(&IDS[..]), said).prop_map(|(id, mut member)| {
                member["value"] = json!(id);
                member
            });
            let by_address = select(&IDS[..2]).prop_map(|id| json!({"$ref": format!("../Users/{id}")}));
            prop_oneof![9 => by_id, 1 => by_address].boxed()
        }
        ("manager", _) => {
            let by_id = select(&IDS[..3]).prop_map(|id| json!({"value": id}));
            let by_address = select(&IDS[..3])
                .prop_map(|id| json!({"$ref": format!("../Users/{id}"), "displayName": "x"}));
            prop_oneof![3 => by_id, 1 => by_address].boxed()
        }
        ("country", _) => select(&["DE", "FR", "DE", "FR", "de"][..]).prop_map(|it| json!(it)).boxed(),
        ("value", Kind::Exact) => select(&IDS[..]).prop_map(|it| json!(it)).boxed(),
        (_, Kind::Text | Kind::Exact) => select(&WORDS[..]).prop_map(|it| json!(it)).boxed(),
        (_, Kind::Boolean) => any::<bool>().prop_map(|it| json!(it)).boxed(),
        (_, Kind::Number) => (-2..3_i64).prop_map(|it| json!(it)).boxed(),
        (_, Kind::DateTime) => select(&INSTANTS[..]).prop_map(|row| json!(row.0)).boxed(),
        (_, Kind::Link) => select(&LINKS[..]).prop_map(|it| json!(it)).boxed(),
        (_, Kind::Reference) => select(&IDS[..3]).prop_map(|id| json!(format!("../Users/{id}"))).boxed(),
        (_, Kind::Binary) => unreachable!("not patched"),
        (_, Kind::Complex) => complex(attribute, good),
    };
    match attribute.is_list {
        true => vec(one, 0..3).prop_map(Value::from).boxed(),
        false => one,
    }
}

/// Some parts of a complex attribute.
fn complex(
    attribute: &'static Attribute,
    value: fn(&'static Attribute) -> BoxedStrategy<Value>,
) -> BoxedStrategy<Value> {
    let parts: Vec<&Attribute> = attribute.parts.iter().collect();
    let some = subsequence(parts.clone(), 0..=parts.len());
    let of = move |part: &'static Attribute| {
        let rarely = if part.name == "primary" { 0.4 } else { 0.8 };
        option::weighted(rarely, value(part)).prop_map(|value| Some((part.name.to_owned(), value?)))
    };
    let object = some.prop_flat_map(move |parts| parts.into_iter().map(of).collect::<Vec<_>>());
    object.prop_map(|members| Value::Object(members.into_iter().flatten().collect::<Map<_, _>>())).boxed()
}

/// A value of the attribute's type, one in another shape that some connections take, or a wrong one.
fn value(attribute: &'static Attribute) -> BoxedStrategy<Value> {
    if attribute.rule == Rule::Required {
        let shapes = vec![json!(null), json!(""), json!("{taken}"), json!(["{own}-c"]), json!(7), json!({})];
        return prop_oneof![5 => good(attribute), 3 => select(shapes)].boxed();
    }
    let shapes = prop_oneof![
        3 => Just(json!(null)),
        2 => Just(json!("")),
        1 => Just(json!([])),
        1 => Just(json!("a")),
        1 => Just(json!("True")),
        1 => Just(json!("{taken}")),
        1 => Just(json!("nobody")),
        1 => Just(json!({})),
        1 => Just(json!({"value": "nobody"})),
        1 => Just(json!({"value": "{self}"})),
        1 => Just(json!({"value": "{id:0}", "type": "Group"})),
        1 => Just(json!({"value": "a", "unknown": 1})),
        1 => Just(json!({"type": "work", "display": null})),
        1 => Just(json!([{"value": "a", "primary": true}, {"value": "b", "primary": true}])),
        1 => Just(json!(["a"])),
        1 => Just(json!([{"value": "a"}])),
        1 => Just(json!(["a", "A"])),
        1 => Just(json!(7)),
        1 => Just(json!(true)),
    ];
    let one = match attribute.is_list {
        true => good(attribute).prop_map(|list| list.get(0).cloned().unwrap_or(list)).boxed(),
        false => good(attribute),
    };
    prop_oneof![8 => good(attribute), 2 => one, 3 => shapes].boxed()
}

/// What stands in brackets: mostly what names elements by what they are.
fn selection(attribute: &'static Attribute) -> BoxedStrategy<Filter> {
    let look = Look { style: 0, loose: false };
    if attribute.name == "schemas" {
        let urns = vec![ENTERPRISE, super::attributes::DESK, Of::Users.urn()];
        let place = Place { attribute, part: None };
        return select(urns)
            .prop_map(move |urn| Filter::Compare(place, Op::Eq, Operand::Text(urn), look))
            .boxed();
    }
    let parts: Vec<Option<&'static Attribute>> = match attribute.parts {
        [] => vec![None],
        parts => parts.iter().map(Some).collect(),
    };
    let equality = select(parts).prop_flat_map(move |part| {
        let place = Place { attribute, part };
        let operand = match place.leaf().kind {
            Kind::Boolean => prop_oneof![
                3 => Just(Operand::Boolean(true)),
                1 => Just(Operand::QuotedBoolean(true)),
            ]
            .boxed(),
            Kind::Number => select(&["0", "1", "2"][..]).prop_map(Operand::Number).boxed(),
            Kind::DateTime => Just(Operand::Instant(INSTANTS[0].1, 120)).boxed(),
            Kind::Exact => (0..6_usize).prop_map(Operand::Id).boxed(),
            _ => select(&WORDS[..]).prop_map(Operand::Text).boxed(),
        };
        operand.prop_map(move |operand| Filter::Compare(place, Op::Eq, operand, look))
    });
    let equality = equality.boxed();
    prop_oneof![
        6 => equality.clone(),
        2 => vec(equality.clone(), 2).prop_map(move |parts| Filter::And(parts, look)),
        1 => equality.prop_map(|part| Filter::Group(Box::new(part))),
        3 => inner(attribute),
    ]
    .boxed()
}

/// A place and a value for it.
fn target(of: Of) -> BoxedStrategy<(Target, BoxedStrategy<Value>)> {
    let all = places(of);
    let having: Vec<_> = all.iter().copied().filter(|it| it.is_list || it.kind == Kind::Complex).collect();
    // members are what groups are patched for
    let weigh = |list: Vec<&'static Attribute>| -> Vec<&'static Attribute> {
        let times = |it: &'static Attribute| match it.name {
            "members" => 10,
            "emails" | "roles" | "sites" | "manager" | "tags" => 3,
            _ => 1,
        };
        list.into_iter().flat_map(|it| std::iter::repeat_n(it, times(it))).collect()
    };
    let whole = select(weigh(all))
        .prop_map(|attribute| (Target::Attribute(Place { attribute, part: None }), value(attribute)));
    let part = select(weigh(having.clone())).prop_flat_map(|attribute| {
        let parts: Vec<Option<&Attribute>> = match attribute.parts {
            [] => vec![None],
            parts => parts.iter().map(Some).collect(),
        };
        let is_sub = select(parts);
        is_sub.prop_map(move |part| {
            let place = Place { attribute, part };
            (Target::Attribute(place), value(place.leaf()))
        })
    });
    let lists: Vec<_> = having.into_iter().filter(|it| it.name != "meta").collect();
    let elements = select(weigh(lists)).prop_flat_map(|attribute| {
        let parts: Vec<Option<&'static Attribute>> =
            attribute.parts.iter().map(Some).chain([None, None]).collect();
        (selection(attribute), select(parts)).prop_map(move |(filter, part)| {
            let sent = match part {
                Some(part) => value(part),
                None => element(attribute),
            };
            (Target::Elements(attribute, filter, part, false), sent)
        })
    });
    // our own extension has rules of its own, and tests of its own
    let extensions: Vec<&str> = of.extensions().iter().copied().filter(|urn| *urn != ORGANIZATION).collect();
    let extension = select(extensions).prop_map(move |urn| (Target::Extension(urn), container(of, urn)));
    let unqualified =
        select(vec!["department", "code", "tags", "manager"]).prop_filter_map("of the type", move |name| {
            let attribute = of.extensions().iter().find_map(|urn| of.attribute(urn, name))?;
            Some((Target::Unqualified(Place { attribute, part: None }), value(attribute)))
        });
    let nowhere =
        select(&NOWHERE[..]).prop_map(|(path, kind)| (Target::Nowhere(path, kind), Just(json!("a")).boxed()));
    prop_oneof![
        12 => whole,
        4 => part,
        8 => elements,
        2 => extension,
        1 => unqualified,
        1 => nowhere,
    ]
    .boxed()
}

/// One element of a list, or a complex value.
fn element(attribute: &'static Attribute) -> BoxedStrategy<Value> {
    let list = good(attribute).prop_map(|it| it.get(0).cloned().unwrap_or(it));
    prop_oneof![8 => list, 1 => Just(json!(null)), 1 => Just(json!("a")), 1 => Just(json!({"display": "d"}))]
        .boxed()
}

/// The object of an extension.
fn container(of: Of, urn: &'static str) -> BoxedStrategy<Value> {
    let all: Vec<_> = places(of).into_iter().filter(|it| it.urn == urn).collect();
    let of =
        |attribute: &'static Attribute| value(attribute).prop_map(|value| (attribute.name.to_owned(), value));
    let some = subsequence(all.clone(), 0..=3.min(all.len()))
        .prop_flat_map(move |some| some.into_iter().map(of).collect::<Vec<_>>())
        .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>()));
    prop_oneof![10 => some, 1 => Just(json!(null)), 1 => Just(json!("a")), 1 => Just(json!({"unknown": 1}))]
        .boxed()
}

fn addressed(of: Of) -> BoxedStrategy<(Target, Value)> {
    target(of).prop_flat_map(|(target, value)| (Just(target), value)).boxed()
}

/// One operation, and how it is spelled.
pub(super) fn operation(of: Of) -> BoxedStrategy<(Operation, u16)> {
    let verb = || select(&[Verb::Add, Verb::Replace, Verb::Remove][..]);
    let at = (verb(), addressed(of), any::<u8>()).prop_map(|(verb, (target, value), chance)| {
        // a remove seldom has a value, and what assigns seldom lacks one
        let has_value = (verb == Verb::Remove) == (chance > 240) || verb == Verb::Remove && chance > 200;
        Operation::At(verb, target, has_value.then_some(value))
    });
    let pathless =
        (verb(), vec(addressed(of), 0..4)).prop_map(|(verb, members)| Operation::Pathless(verb, members));
    let bare = (verb(), select(vec![json!("a"), json!([]), json!(null)]))
        .prop_map(|(verb, value)| Operation::Bare(verb, value));
    let style = prop_oneof![2 => Just(0), 1 => any::<u16>()];
    (prop_oneof![16 => at, 5 => pathless, 1 => bare], style).boxed()
}

/// The body of a resource to begin with.
pub(super) fn start(of: Of) -> BoxedStrategy<Value> {
    let can_be_set = |it: &&&'static Attribute| {
        it.rule != Rule::ReadOnly
            && it.rule != Rule::Required
            && it.name != "schemas"
            && it.name != "externalId"
    };
    let all: Vec<&'static Attribute> = places(of).iter().filter(can_be_set).copied().collect();
    let sent = |attribute: &'static Attribute| good(attribute).prop_map(move |value| (attribute, value));
    let some = subsequence(all.clone(), 0..=all.len().min(8));
    let body = some.prop_flat_map(move |some| some.into_iter().map(sent).collect::<Vec<_>>());
    let body = body.prop_map(move |members| {
        let name = if of == Of::Users { "userName" } else { "displayName" };
        let mut body = json!({"schemas": [of.urn()], name: "{own}"});
        for (attribute, value) in members {
            match attribute.urn {
                "" => body[attribute.name] = value,
                urn => body[urn][attribute.name] = value,
            }
        }
        body
    });
    body.boxed()
}

/// What only the run knows, put in the place of its signs.
pub(super) struct Signs<'s> {
    pub(super) of: Of,
    pub(super) people: &'s Population,
    pub(super) own: &'s str,
    pub(super) id: &'s str,
}

impl Signs<'_> {
    pub(super) fn put(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => json!(self.text(text)),
            Value::Array(elements) => elements.iter().map(|it| self.put(it)).collect(),
            Value::Object(members) => {
                members.iter().map(|(name, it)| (name.clone(), self.put(it))).collect::<Map<_, _>>().into()
            }
            other => other.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        let name = if self.of == Of::Users { "userName" } else { "displayName" };
        let taken = self.people.all(self.of)[0][name].as_str().unwrap().to_uppercase();
        let mut found = text
            .replace("{own}", self.own)
            .replace("{OWN}", &self.own.to_uppercase())
            .replace("{self}", self.id)
            .replace("{base}", self.of.urn())
            .replace("{taken}", &taken);
        for n in 0..6 {
            found = found.replace(&format!("{{id:{n}}}"), &self.people.text(&Operand::Id(n)));
        }
        found
    }

    /// The operation as it is sent, and as the oracle takes it.
    pub(super) fn operation(&self, operation: &Operation, style: u16) -> (Value, Operation) {
        let verb = |verb: Verb| {
            let (word, capital) = match verb {
                Verb::Add => ("add", "Add"),
                Verb::Replace => ("replace", "Replace"),
                Verb::Remove => ("remove", "Remove"),
            };
            if style & 1 == 1 { capital } else { word }
        };
        match operation {
            Operation::Bare(it, value) => (json!({"op": verb(*it), "value": value}), operation.clone()),
            Operation::At(it, target, value) => {
                let (path, target) = self.path(target, style);
                let value = value.as_ref().map(|value| self.put(value));
                let mut sent = json!({"op": verb(*it), "path": path});
                if let Some(value) = &value {
                    sent["value"] = value.clone();
                }
                (sent, Operation::At(*it, target, value))
            }
            Operation::Pathless(it, members) => {
                let mut object = Map::new();
                let mut kept = Vec::new();
                for (target, value) in members {
                    let (path, target) = self.path(target, style);
                    let value = self.put(value);
                    if !object.keys().any(|key| key.eq_ignore_ascii_case(&path)) {
                        object.insert(path, value.clone());
                        kept.push((target, value));
                    }
                }
                (json!({"op": verb(*it), "value": object}), Operation::Pathless(*it, kept))
            }
        }
    }

    fn path(&self, target: &Target, style: u16) -> (String, Target) {
        let mut spelling = Spelling { people: self.people, text: String::new(), is_loose: false };
        let look = Look { style, loose: false };
        match target {
            Target::Nowhere(path, _) => spelling.text += path,
            Target::Extension(urn) => spelling.text += urn,
            Target::Attribute(place) => spelling.path(place, look, false),
            Target::Unqualified(place) => spelling.text += place.attribute.name,
            Target::Elements(attribute, filter, part, _) => {
                spelling.path(&Place { attribute, part: None }, look, false);
                spelling.text.push('[');
                spelling.write(filter, true);
                spelling.text.push(']');
                if let Some(part) = part {
                    spelling.text.push('.');
                    spelling.path(&Place { attribute, part: Some(part) }, look, true);
                }
                let target = Target::Elements(attribute, filter.clone(), *part, spelling.is_loose);
                return (spelling.text, target);
            }
        }
        (spelling.text, target.clone())
    }
}
