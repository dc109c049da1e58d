//! The PATCH oracle: resource and operations to the resource afterwards or a refusal, on plain JSON, straight from
//! RFC 7644 §3.5.2, its errata and our rulings.

use super::{
    attributes::{Attribute, Kind, Of, Rule},
    filter::{Filter, Place},
    patch_members::{Members, fixed, template},
    patch_values::{Answer, assigned, cast, clean, element, is_meant, key, refuse, united},
    population::{LINKS, Population},
};
use serde_json::{Map, Value, json};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Add,
    Replace,
    Remove,
}

/// Where an operation's path points.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Attribute(Place),
    /// An extension's attribute without its URN: Q-071.
    Unqualified(Place),
    Extension(&'static str),
    /// The elements a filter selects, or a part of them; and whether only a forgiving connection can read the filter.
    Elements(&'static Attribute, Filter, Option<&'static Attribute>, bool),
    /// Nowhere: the path, and why it is refused.
    Nowhere(&'static str, &'static str),
}

/// An operation with a path, or one without it: a list of what its value names.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    At(Verb, Target, Option<Value>),
    Pathless(Verb, Vec<(Target, Value)>),
    /// Without a path, and with a value that is no object.
    Bare(Verb, Value),
}

/// What is read of an operation: what it does to one place.
pub(super) struct Step {
    pub(super) verb: Verb,
    pub(super) target: Target,
    pub(super) value: Value,
    pub(super) is_pathless: bool,
    /// The elements that a remove names by value: Q-065.
    pub(super) named: Option<Vec<Value>>,
}

/// What the oracle knows besides the resource.
#[derive(Clone, Copy)]
pub(super) struct Facts<'f> {
    pub(super) of: Of,
    pub(super) forgiving: bool,
    pub(super) people: &'f Population,
}

/// The resource after the operations, without `meta`; or why they are refused.
pub(super) fn patched(facts: Facts<'_>, before: &Value, operations: &[Operation]) -> Answer<Value> {
    let mut steps = Vec::new();
    for operation in operations {
        facts.read(operation, &mut steps)?;
    }
    let mut after = before.clone();
    let members = after.as_object_mut().unwrap().shift_remove("members");
    let mut work = Work { facts, before, after, members: Members::of(members.as_ref()) };
    for step in &steps {
        work.step(step)?;
        clean(&mut work.after);
    }
    work.finish()
}

impl Facts<'_> {
    fn read(&self, operation: &Operation, steps: &mut Vec<Step>) -> Answer<()> {
        match operation {
            Operation::Bare(Verb::Remove, _) => refuse("noTarget"),
            Operation::Bare(..) => refuse("invalidValue"),
            Operation::At(Verb::Remove, target, value) => {
                let target = self.reached(target)?;
                self.removal(target, value.clone().unwrap_or_default(), steps)
            }
            Operation::At(verb, target, value) => {
                let target = self.reached(target)?;
                match value {
                    None => refuse("invalidValue"),
                    Some(value) => self.assignment((*verb, false), target, value, steps),
                }
            }
            Operation::Pathless(Verb::Remove, _) => refuse("noTarget"),
            Operation::Pathless(verb, members) => {
                for (target, value) in members {
                    let is_name = match target {
                        Target::Attribute(place) | Target::Unqualified(place) => place.part.is_none(),
                        Target::Extension(_) => true,
                        Target::Elements(..) | Target::Nowhere(..) => false,
                    };
                    match self.reached(target) {
                        // a key is a name, for a forgiving connection also a path
                        Ok(target) if is_name || self.forgiving => {
                            self.assignment((*verb, true), target, value, steps)?;
                        }
                        Err((_, kind)) if kind != "invalidPath" => return refuse(&kind),
                        _ if self.forgiving => {}
                        _ => return refuse("invalidSyntax"),
                    }
                }
                Ok(())
            }
        }
    }

    /// The target, if the path can be read and leads somewhere.
    fn reached(&self, target: &Target) -> Answer<Target> {
        match target {
            Target::Nowhere(_, kind) => refuse(kind),
            Target::Unqualified(_) if !self.forgiving => refuse("invalidPath"),
            Target::Unqualified(place) => Ok(Target::Attribute(*place)),
            Target::Elements(.., true) if !self.forgiving => refuse("invalidPath"),
            Target::Elements(_, filter, ..) if !filter.is_valid(self.forgiving) => refuse("invalidFilter"),
            other => Ok(other.clone()),
        }
    }

    fn assignment(
        &self,
        (verb, is_pathless): (Verb, bool),
        target: Target,
        value: &Value,
        steps: &mut Vec<Step>,
    ) -> Answer<()> {
        if verb == Verb::Add && value.is_null() {
            //
            return if self.forgiving { Ok(()) } else { refuse("invalidValue") };
        }
        let (value, is_simple) = match &target {
            Target::Extension(urn) => (self.container(urn, value)?, false),
            Target::Attribute(place) if is_read_only(place) => (value.clone(), false),
            Target::Attribute(place) => {
                let leaf = place.leaf();
                let is_simple = !leaf.is_list && leaf.kind != Kind::Complex;
                let value = assigned(leaf, value, self.forgiving)?;
                if leaf.name == "schemas" && !self.forgiving && self.names_foreign_schema(&value) {
                    return refuse("invalidValue");
                }
                (value, is_simple)
            }
            Target::Elements(_, _, Some(part), _) => (cast(part, value, self.forgiving)?, true),
            Target::Elements(attribute, ..) => match value.as_array().map(Vec::as_slice) {
                Some([one]) if self.forgiving => (element(attribute, one, self.forgiving)?, false),
                _ if value.is_array() => return refuse("invalidValue"),
                _ => (element(attribute, value, self.forgiving)?, false),
            },
            Target::Unqualified(_) | Target::Nowhere(..) => unreachable!("it is reached"),
        };
        // an empty list or object adds nothing
        if verb == Verb::Add && value.is_null() && !is_simple {
            return Ok(());
        }
        // who sets a manager's address means whom it leads to
        let id = value.as_str().and_then(|address| address.rsplit('/').next()).filter(|id| !id.is_empty());
        let (target, value) = match (target, id) {
            (Target::Elements(attribute, filter, Some(part), is_loose), Some(id))
                if (attribute.name, part.name) == ("manager", "$ref") =>
            {
                (Target::Elements(attribute, filter, attribute.part("value"), is_loose), json!(id))
            }
            (target, _) => (target, value),
        };
        steps.push(Step { verb, target, value, is_pathless, named: None });
        Ok(())
    }

    fn names_foreign_schema(&self, urns: &Value) -> bool {
        let own = |urn: &str| urn.eq_ignore_ascii_case(self.of.urn()) || self.of.extensions().contains(&urn);
        urns.as_array().into_iter().flatten().filter_map(Value::as_str).any(|urn| !own(urn))
    }

    /// An extension's attributes, by their names.
    fn container(&self, urn: &str, value: &Value) -> Answer<Value> {
        let sent = match value {
            Value::Null => return Ok(Value::Null),
            Value::Object(sent) => sent,
            _ => return refuse("invalidValue"),
        };
        let mut found = Map::new();
        for (name, value) in sent {
            match self.of.attribute(urn, name) {
                None if self.forgiving => {}
                None => return refuse("invalidSyntax"),
                Some(attribute) => {
                    found.insert(attribute.name.to_owned(), cast(attribute, value, self.forgiving)?);
                }
            }
        }
        Ok(Value::Object(found))
    }

    fn removal(&self, target: Target, value: Value, steps: &mut Vec<Step>) -> Answer<()> {
        let mut named = None;
        match &target {
            _ if value.is_null() => {}
            // never everything
            Target::Attribute(place) if place.leaf().is_list && self.forgiving => {
                let value = value.get(place.attribute.name).unwrap_or(&value);
                let values = assigned(place.leaf(), value, self.forgiving)?;
                named = Some(values.as_array().cloned().unwrap_or_default());
            }
            Target::Attribute(place) if place.attribute.is_list => return refuse("invalidValue"),
            Target::Extension(_) => return refuse("invalidValue"),
            _ => {}
        }
        steps.push(Step { verb: Verb::Remove, target, value: Value::Null, is_pathless: false, named });
        Ok(())
    }
}

fn is_read_only(place: &Place) -> bool {
    [place.attribute, place.leaf()].iter().any(|it| it.rule == Rule::ReadOnly)
}

/// A resource that is being changed.
struct Work<'w> {
    facts: Facts<'w>,
    before: &'w Value,
    after: Value,
    members: Members,
}

impl Work<'_> {
    fn slot(&mut self, attribute: &Attribute) -> &mut Value {
        match attribute.urn {
            "" => &mut self.after[attribute.name],
            urn => &mut self.after[urn][attribute.name],
        }
    }

    fn value(&mut self, place: &Place) -> Value {
        let whole = self.slot(place.attribute).clone();
        match place.part {
            None => whole,
            Some(part) if whole.is_array() => whole[0][part.name].clone(),
            Some(part) => whole.get(part.name).cloned().unwrap_or_default(),
        }
    }

    fn step(&mut self, step: &Step) -> Answer<()> {
        match &step.target {
            Target::Attribute(Place { attribute, .. }) | Target::Elements(attribute, ..)
                if attribute.name == "members" =>
            {
                self.members.step(step, &self.facts)
            }
            Target::Attribute(Place { attribute, .. }) | Target::Elements(attribute, ..)
                if attribute.name == "schemas" =>
            {
                self.schemas(step)
            }
            Target::Extension(urn) => self.extension(urn, step),
            Target::Attribute(place) => self.attribute(place, step),
            Target::Elements(attribute, filter, part, _) => {
                if is_read_only(&Place { attribute, part: *part }) {
                    return refuse("mutability");
                }
                let people = self.facts.people;
                let selects = |element: &Value| filter.holds_for_element(element, people);
                let described = template(filter, self.facts.forgiving, people);
                let place = Place { attribute, part: *part };
                self.elements(&place, &selects, (described, fixed(filter)), step)
            }
            Target::Unqualified(_) | Target::Nowhere(..) => unreachable!("it is reached"),
        }
    }

    /// as if each attribute were named. R-412: or as a whole.
    fn extension(&mut self, urn: &'static str, step: &Step) -> Answer<()> {
        let attributes = self.facts.of.attributes().iter().filter(|it| it.urn == urn);
        if let Value::Object(sent) = &step.value {
            for (name, value) in sent {
                let attribute = self.facts.of.attribute(urn, name).unwrap();
                let is_nothing = value.is_null() && step.verb == Verb::Add && attribute.is_list;
                if !is_nothing {
                    let one =
                        Step { target: Target::Extension(urn), value: value.clone(), named: None, ..*step };
                    self.attribute(&Place { attribute, part: None }, &one)?;
                }
            }
            return Ok(());
        }
        for attribute in attributes.filter(|it| it.rule == Rule::Immutable) {
            if !self.value(&Place { attribute, part: None }).is_null() {
                return refuse("mutability");
            }
        }
        self.after[urn] = Value::Null;
        Ok(())
    }

    fn attribute(&mut self, place: &Place, step: &Step) -> Answer<()> {
        let (attribute, leaf) = (place.attribute, place.leaf());
        let current = self.value(place);
        if is_read_only(place) {
            //
            let is_repeated = current == step.value || current.is_null() && step.value == json!([]);
            let may_repeat = step.verb == Verb::Replace || step.verb == Verb::Add && step.is_pathless;
            return if is_repeated && may_repeat { Ok(()) } else { refuse("mutability") };
        }
        //
        let is_removed = step.verb == Verb::Remove;
        if leaf.rule == Rule::Immutable && !current.is_null() && (is_removed || current != step.value) {
            return refuse("mutability");
        }
        if attribute.is_list && place.part.is_some() {
            return self.elements(place, &|_| true, (None, Vec::new()), step);
        }
        if let Some(named) = &step.named {
            if let Some(elements) = self.slot(attribute).as_array_mut() {
                elements.retain(|it| !named.iter().any(|by| is_meant(attribute, it, by)));
            }
            return Ok(());
        }
        if is_removed || step.value.is_null() {
            if leaf.rule == Rule::Required {
                return refuse("mutability");
            }
            let nothing = if leaf.name == "active" { json!(false) } else { Value::Null };
            self.put(place, nothing);
        } else if leaf.is_list && step.verb == Verb::Add {
            self.append(attribute, step.value.as_array().unwrap());
        } else if let (Value::Object(sent), true) = (&step.value, current.is_object()) {
            merge(self.slot(attribute), sent);
        } else {
            self.put(place, step.value.clone());
        }
        Ok(())
    }

    fn put(&mut self, place: &Place, value: Value) {
        // who sets a reference's address means what it refers to
        let part = match place.part {
            Some(part) if part.name == "$ref" => {
                let id = value.as_str().and_then(|address| address.rsplit('/').next());
                let Some(id) = id.filter(|id| !id.is_empty()).map(|id| json!(id)) else { return };
                self.slot(place.attribute)["value"] = id;
                return;
            }
            part => part,
        };
        match part {
            None => *self.slot(place.attribute) = value,
            Some(part) => self.slot(place.attribute)[part.name] = value,
        }
    }

    /// what is there already is brought up to date.
    fn append(&mut self, attribute: &Attribute, added: &[Value]) {
        let slot = self.slot(attribute);
        if slot.is_null() {
            *slot = json!([]);
        }
        let elements = slot.as_array_mut().unwrap();
        for element in added {
            let place = elements.iter().position(|it| is_meant(attribute, it, element));
            let place = place.unwrap_or_else(|| {
                elements.push(element.clone());
                elements.len() - 1
            });
            if let (Some(sent), true) = (element.as_object(), key(attribute, element).0.is_some()) {
                for (name, value) in sent.iter().filter(|(name, _)| *name != "value" && *name != "type") {
                    elements[place][name] = value.clone();
                }
            }
            if element["primary"] == true {
                prefer(elements, place);
            }
        }
    }

    /// Operations on the elements that are selected.
    fn elements(
        &mut self,
        place: &Place,
        selects: &dyn Fn(&Value) -> bool,
        (described, fixed): (Option<Map<String, Value>>, Vec<&'static str>),
        step: &Step,
    ) -> Answer<()> {
        let (attribute, part) = (place.attribute, place.part);
        let slot = self.slot(attribute);
        let is_single = !slot.is_array();
        let mut elements = match slot.take() {
            Value::Array(elements) => elements,
            Value::Null => Vec::new(),
            one => vec![one],
        };
        let chosen: Vec<usize> = (0..elements.len()).filter(|n| selects(&elements[*n])).collect();
        let is_primary = match part {
            Some(part) => part.name == "primary" && step.value == true,
            None => step.value.get("primary") == Some(&json!(true)),
        };
        let is_created = step.verb != Verb::Remove && chosen.is_empty();
        if !is_created && step.verb != Verb::Remove && chosen.len() > 1 && is_primary {
            return refuse("invalidValue");
        }
        for n in chosen.iter().filter(|_| !is_created) {
            let element = &mut elements[*n];
            match (part, &step.value, step.verb) {
                (Some(part), _, Verb::Remove) => element[part.name] = Value::Null,
                (None, _, Verb::Remove) => *element = Value::Null,
                (Some(part), value, _) => element[part.name] = value.clone(),
                (None, Value::Object(sent), Verb::Add) => merge(element, sent),
                (None, Value::Object(sent), _) => {
                    //
                    element.as_object_mut().unwrap().retain(|name, _| fixed.contains(&name.as_str()));
                    merge(element, sent);
                }
                (None, value, _) => *element = value.clone(),
            }
        }
        if let (true, Some(last)) = (is_primary && step.verb != Verb::Remove, chosen.last()) {
            prefer(&mut elements, *last);
        }
        *self.slot(attribute) = match is_single {
            true => elements.pop().unwrap_or_default(),
            false => json!(united(attribute, elements)),
        };
        if is_created { self.create(place, described, step) } else { Ok(()) }
    }

    ///
    fn create(&mut self, place: &Place, described: Option<Map<String, Value>>, step: &Step) -> Answer<()> {
        let Some(mut made) = described.filter(|_| place.attribute.is_list) else { return refuse("noTarget") };
        if step.verb == Verb::Replace && !self.facts.forgiving {
            return refuse("noTarget");
        }
        match (place.part, &step.value) {
            (_, Value::Null) => return Ok(()),
            (Some(part), value) => {
                made.insert(part.name.to_owned(), value.clone());
            }
            (None, Value::Object(sent)) => made.extend(sent.clone()),
            (None, _) => {}
        }
        self.append(place.attribute, &[Value::Object(made)]);
        Ok(())
    }

    ///
    fn schemas(&mut self, step: &Step) -> Answer<()> {
        let base = self.facts.of.urn();
        let present: Vec<String> = schemas_of(&self.facts, &self.after);
        let is_base = |urn: &str| urn.eq_ignore_ascii_case(base);
        let gone: Vec<String> = match (&step.target, step.verb) {
            (_, Verb::Add) => return Ok(()),
            (Target::Attribute(_), Verb::Replace) => {
                let listed = step.value.as_array().cloned().unwrap_or_default();
                let keeps = listed.iter().filter_map(Value::as_str).any(is_base);
                return if keeps { Ok(()) } else { refuse("mutability") };
            }
            (Target::Attribute(_), Verb::Remove) if step.named.is_some() => {
                let named = step.named.iter().flatten().filter_map(Value::as_str);
                named.map(str::to_owned).collect()
            }
            (Target::Elements(_, filter, ..), Verb::Remove) => {
                let chosen = |urn: &String| filter.holds_for_element(&json!(urn), self.facts.people);
                present.into_iter().filter(chosen).collect()
            }
            _ => vec![base.to_owned()],
        };
        if gone.iter().any(|urn| is_base(urn)) {
            return refuse("mutability");
        }
        // roles and seats do not go by what `schemas` is said to be
        let gone = gone.iter().filter(|urn| !urn.eq_ignore_ascii_case(crate::support::ORGANIZATION));
        gone.for_each(|urn| self.after[urn.as_str()] = Value::Null);
        Ok(())
    }

    /// What must hold in the end, and what the server derives.
    fn finish(mut self) -> Answer<Value> {
        let facts = self.facts;
        for attribute in facts.of.attributes() {
            let value = self.slot(attribute);
            if attribute.rule == Rule::Required && value.as_str().is_none_or(|it| it.trim().is_empty()) {
                return refuse("invalidValue");
            }
            if let Some(elements) = value.as_array_mut() {
                let primaries = elements.iter().filter(|it| it["primary"] == true).count();
                match elements.iter().rposition(|it| it["primary"] == true) {
                    Some(_) if primaries > 1 && !facts.forgiving => return refuse("invalidValue"),
                    Some(last) => prefer(elements, last),
                    None => {}
                }
            }
        }
        let link = self.after["profileUrl"].as_str();
        if !facts.forgiving && link.is_some_and(|link| !LINKS.contains(&link)) {
            return refuse("invalidValue");
        }
        let is_country = |it: &str| it.len() == 2 && it.bytes().all(|byte| byte.is_ascii_uppercase());
        let mut countries =
            self.after["addresses"].as_array().into_iter().flatten().filter_map(|it| it["country"].as_str());
        if !facts.forgiving && !countries.all(is_country) {
            return refuse("invalidValue");
        }
        self.manager()?;
        let name = if facts.of == Of::Users { "userName" } else { "displayName" };
        let members = self.members.finish(&facts, self.before)?;
        let named = |resource: &Value| resource[name].as_str().unwrap().to_ascii_lowercase();
        if facts.people.all(facts.of).iter().any(|other| named(other) == named(&self.after)) {
            return refuse("uniqueness");
        }
        clean(&mut self.after);
        self.after["schemas"] = json!(schemas_of(&facts, &self.after));
        if facts.of == Of::Groups {
            self.after["members"] = members;
        }
        self.after.as_object_mut().unwrap().shift_remove("meta");
        Ok(self.after)
    }

    /// A manager is who `value` names; the rest is derived.
    fn manager(&mut self) -> Answer<()> {
        let manager = |of: &Value| of[super::attributes::ENTERPRISE]["manager"]["value"].clone();
        let (was, is) = (manager(self.before), manager(&self.after));
        let own_name = shown_name(&self.after);
        let slot = &mut self.after[super::attributes::ENTERPRISE]["manager"];
        if is.is_null() {
            *slot = Value::Null;
            return Ok(());
        }
        let known = self.facts.people.users.iter().find(|user| user["id"] == is);
        let is_self = self.before["id"] == is;
        if was != is && known.is_none() && !is_self && !self.facts.forgiving {
            return refuse("invalidValue");
        }
        *slot =
            json!({"value": is, "$ref": format!("http://127.0.0.1/scim/v2/Users/{}", is.as_str().unwrap())});
        if let Some(name) = if is_self { own_name } else { known.and_then(shown_name) } {
            slot["displayName"] = name.into();
        }
        Ok(())
    }
}

/// The name that others show of a person.
fn shown_name(user: &Value) -> Option<String> {
    let name = user["displayName"].as_str().or(user["name"]["formatted"].as_str());
    name.filter(|name| !name.is_empty()).map(str::to_owned)
}

fn schemas_of(facts: &Facts<'_>, resource: &Value) -> Vec<String> {
    let used = facts.of.extensions().iter().filter(|urn| resource.get(**urn).is_some_and(Value::is_object));
    std::iter::once(facts.of.urn()).chain(used.copied()).map(str::to_owned).collect()
}

fn merge(value: &mut Value, sent: &Map<String, Value>) {
    for (name, member) in sent {
        value[name] = member.clone();
    }
}

///
fn prefer(elements: &mut [Value], preferred: usize) {
    for (n, element) in elements.iter_mut().enumerate() {
        if n != preferred && element["primary"] == true {
            element["primary"] = json!(false);
        }
    }
}
