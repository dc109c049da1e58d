//! Random filters, the text that is sent for them, and the comparison with what the server finds.

use super::{
    Batch, Run,
    attributes::{Attribute, ENTERPRISE, Kind, Of},
    filter::{FORMS, Filter, Look, Op, Operand, Place, expected},
    population::{BYTES, INSTANTS, LINKS, Population, TEXTS},
    world::{Refusal, World},
};
use proptest::{
    collection::vec,
    option,
    prelude::any,
    prop_oneof,
    sample::select,
    strategy::{BoxedStrategy, Just, Strategy},
    test_runner::TestCaseError,
};
use roster::scim::Profile;

/// What no connection takes for a filter, of users or of groups, alone or with others around it.
const BROKEN: [&str; 20] = [
    "",
    "userName",
    "title is \"ada\"",
    "unknown eq \"ada\"",
    "name.unknown pr",
    "urn:example:unknown:1.0:User:title pr",
    "password eq \"ada\"",
    "password pr",
    "not title pr",
    "(title pr",
    "title pr and",
    "or title pr",
    "emails[type eq \"work\"",
    "emails[type[value pr]]",
    "emails.type[value pr]",
    "title[value eq \"ada\"]",
    "emails[unknown pr]",
    "title eq \"ada",
    "title eq \"\\x\"",
    "name.familyName.x pr",
];
const NUMBERS: [&str; 7] = ["-3", "0", "2.5", "9", "10", "10.0", "1e1"];

fn look() -> impl Strategy<Value = Look> {
    (prop_oneof![1 => Just(0), 3 => any::<u16>()], proptest::bool::weighted(0.02))
        .prop_map(|(style, loose)| Look { style, loose })
}

fn operand_of(kind: Kind) -> BoxedStrategy<Operand> {
    let anybody = || 0..Population::USERS + Population::GROUPS;
    let text = || select(&TEXTS[..]).prop_map(|row| Operand::Text(row.0));
    let fit = match kind {
        Kind::Text => text().boxed(),
        Kind::Exact => prop_oneof![
            2 => text(),
            2 => anybody().prop_map(Operand::Id),
            1 => select(vec!["User", "Group", "user", Of::Users.urn(), ENTERPRISE]).prop_map(Operand::Text),
        ]
        .boxed(),
        Kind::Boolean => any::<bool>().prop_map(Operand::Boolean).boxed(),
        Kind::Number => select(&NUMBERS[..]).prop_map(Operand::Number).boxed(),
        Kind::DateTime => (
            prop_oneof![
                1 => select(&INSTANTS[..]).prop_map(|row| row.1).prop_filter("near 2026", |at| *at > 0),
                3 => (0..80_i64).prop_map(|later| INSTANTS[0].1 + later),
            ],
            select(&[0, 120, -330][..]),
        )
            .prop_map(|(at, zone)| Operand::Instant(at, zone))
            .boxed(),
        Kind::Link => prop_oneof![
            3 => select(&LINKS[..]).prop_map(Operand::Text),
            1 => text(),
            1 => Just(Operand::Text("https://example.com/")),
        ]
        .boxed(),
        Kind::Reference => prop_oneof![
            5 => (anybody(), 0..FORMS.len()).prop_map(|(n, form)| Operand::Reference(n, form)),
            1 => select(&["http://127.0.0.1/", "/Users/", "Groups"][..]).prop_map(Operand::Text),
        ]
        .boxed(),
        Kind::Binary => select(&BYTES[..]).prop_map(|row| Operand::Bytes(row.0, row.1)).boxed(),
        Kind::Complex => text().boxed(),
    };
    // `true` is base64
    let quoted = if kind == Kind::Binary { Operand::Boolean } else { Operand::QuotedBoolean };
    let unfit = prop_oneof![
        any::<bool>().prop_map(Operand::Boolean),
        any::<bool>().prop_map(quoted),
        Just(Operand::Number("10")),
        Just(Operand::Text("100%")),
    ];
    prop_oneof![30 => fit, 1 => Just(Operand::Null), 1 => unfit].boxed()
}

fn operator_of(kind: Kind) -> BoxedStrategy<Op> {
    let fit: Vec<Op> = Op::ALL.iter().map(|(op, _)| *op).filter(|op| op.suits(kind)).collect();
    let any = select(&Op::ALL[..]).prop_map(|(op, _)| op);
    prop_oneof![2 => Just(Op::Eq), 40 => select(fit), 1 => any].boxed()
}

/// A comparison of one of these places, or whether it is present.
fn term(places: Vec<Place>) -> BoxedStrategy<Filter> {
    let terms = select(places).prop_flat_map(|place| {
        // a complex attribute is mostly asked whether it is there
        let kind = match place.leaf() {
            Attribute { kind: Kind::Complex, .. } => {
                place.attribute.part("value").map_or(Kind::Complex, |it| it.kind)
            }
            leaf => leaf.kind,
        };
        let compare = (operator_of(kind), operand_of(kind), look())
            .prop_map(move |(op, operand, look)| Filter::Compare(place, op, operand, look));
        let rarely = if kind == Kind::Complex { 1 } else { 12 };
        prop_oneof![2 => look().prop_map(move |look| Filter::Present(place, look)), rarely => compare]
    });
    terms.boxed()
}

/// Joins terms, groups and negates them.
fn joined(terms: BoxedStrategy<Filter>, depth: u32) -> BoxedStrategy<Filter> {
    let filters = terms.prop_recursive(depth, 10, 3, |inner| {
        let parts = || vec(inner.clone(), 2..4);
        prop_oneof![
            3 => (parts(), look()).prop_map(|(parts, look)| Filter::And(parts, look)),
            3 => (parts(), look()).prop_map(|(parts, look)| Filter::Or(parts, look)),
            2 => (inner.clone(), look()).prop_map(|(part, look)| Filter::Not(Box::new(part), look)),
            1 => inner.prop_map(|part| Filter::Group(Box::new(part))),
        ]
    });
    filters.boxed()
}

/// The places in the brackets after an attribute.
fn inside(attribute: &'static Attribute) -> Vec<Place> {
    match attribute.parts {
        [] => vec![Place { attribute, part: None }],
        parts => parts.iter().map(|part| Place { attribute, part: Some(part) }).collect(),
    }
}

/// What stands in the brackets after an attribute.
pub(super) fn inner(attribute: &'static Attribute) -> BoxedStrategy<Filter> {
    joined(term(inside(attribute)), 2)
}

fn brackets(of: Of) -> BoxedStrategy<Filter> {
    let having = of.attributes().iter().filter(|it| it.is_list || it.kind == Kind::Complex);
    let filters = select(having.collect::<Vec<_>>()).prop_flat_map(|attribute| {
        let tail = option::weighted(0.03, term(inside(attribute)).prop_map(Box::new));
        (inner(attribute), tail, look()).prop_map(move |(inner, tail, look)| {
            // what follows brackets is a comparison of a part
            let tail = tail.filter(|it| matches!(**it, Filter::Compare(..)) && !attribute.parts.is_empty());
            Filter::Any(Place { attribute, part: None }, Box::new(inner), tail, look)
        })
    });
    filters.boxed()
}

/// A filter of users or groups.
pub(super) fn any_filter(of: Of) -> BoxedStrategy<Filter> {
    let mut places: Vec<Place> = Vec::new();
    for attribute in of.attributes() {
        places.push(Place { attribute, part: None });
        places.extend(attribute.parts.iter().map(|part| Place { attribute, part: Some(part) }));
    }
    let leaves = prop_oneof![
        80 => term(places),
        25 => brackets(of),
        1 => select(&BROKEN[..]).prop_map(Filter::Broken),
    ];
    joined(leaves.boxed(), 3)
}

/// The text that is sent, and whether only a forgiving connection takes it.
pub(super) struct Spelling<'p> {
    pub(super) people: &'p Population,
    pub(super) text: String,
    pub(super) is_loose: bool,
}

impl<'p> Spelling<'p> {
    pub(super) fn of(filter: &Filter, people: &'p Population) -> Self {
        let mut spelling = Self { people, text: String::new(), is_loose: false };
        spelling.write(filter, false);
        spelling
    }

    /// Writes a filter; `within` brackets paths are names of parts.
    pub(super) fn write(&mut self, filter: &Filter, within: bool) {
        match filter {
            Filter::Present(place, look) => {
                self.path(place, *look, within);
                self.gap(*look);
                self.text += &cased("pr", look.style >> 8);
            }
            Filter::Compare(place, op, operand, look) => {
                self.path(place, *look, within);
                self.comparison(*op, operand, *look);
            }
            Filter::Any(place, inner, tail, look) => {
                self.path(place, *look, within);
                self.text.push('[');
                self.write(inner, true);
                self.text.push(']');
                if let Some(Filter::Compare(place, op, operand, look)) = tail.as_deref() {
                    self.is_loose = true;
                    self.text.push('.');
                    self.path(place, *look, true);
                    self.comparison(*op, operand, *look);
                }
            }
            Filter::And(parts, look) => self.join(parts, "and", *look, within),
            Filter::Or(parts, look) => self.join(parts, "or", *look, within),
            Filter::Not(part, look) => {
                self.text += &cased("not", look.style);
                self.text += if look.style & 1 == 0 { " (" } else { "(" };
                self.write(part, within);
                self.text.push(')');
            }
            Filter::Group(part) => {
                self.text.push('(');
                self.write(part, within);
                self.text.push(')');
            }
            Filter::Broken(text) => self.text += text,
        }
    }

    fn join(&mut self, parts: &[Filter], word: &str, look: Look, within: bool) {
        for (n, part) in parts.iter().enumerate() {
            if n > 0 {
                self.gap(look);
                self.text += &cased(word, look.style >> n);
                self.text.push(' ');
            }
            // `and` binds closer than `or`
            if word == "and" && matches!(part, Filter::Or(..)) {
                self.text.push('(');
                self.write(part, within);
                self.text.push(')');
            } else {
                self.write(part, within);
            }
        }
    }

    fn gap(&mut self, look: Look) {
        self.text.push(' ');
        if look.loose && look.style & 16 != 0 {
            self.text += [" ", "\t "][usize::from(look.style & 1)];
            self.is_loose = true;
        }
    }

    pub(super) fn path(&mut self, place: &Place, look: Look, within: bool) {
        let name = |attribute: &Attribute| cased(attribute.name, look.style);
        match (within, place.part) {
            (true, None) => return self.text += &cased("value", look.style),
            (true, Some(part)) => return self.text += &name(part),
            (false, _) => {}
        }
        let attribute = place.attribute;
        let urn = match attribute.urn {
            "" if attribute.is_common() || look.style & 32 == 0 => "",
            "" => self.base(place),
            // an extension's attribute is an extension's by its URN; a forgiving connection finds it without
            _ if look.loose && look.style & 16 == 0 => {
                self.is_loose = true;
                ""
            }
            urn => urn,
        };
        if !urn.is_empty() {
            // a URN begins with `urn:` in any case, and ignores case
            self.text += &cased(urn, look.style >> 3);
            self.text.push(':');
        }
        self.text += &name(attribute);
        if let Some(part) = place.part {
            self.text.push('.');
            self.text += &name(part);
        }
    }

    /// The URN of the schema that holds a core attribute.
    fn base(&self, place: &Place) -> &'static str {
        let is_users = Of::Users.attributes().iter().any(|it| std::ptr::eq(it, place.attribute));
        if is_users { Of::Users.urn() } else { Of::Groups.urn() }
    }

    fn comparison(&mut self, op: Op, operand: &Operand, look: Look) {
        let word = Op::ALL.iter().find(|(it, _)| *it == op).unwrap().1;
        self.gap(look);
        self.text += &cased(word, look.style >> 4);
        self.text.push(' ');
        match operand {
            // in any case
            Operand::Null => self.text += &cased("null", look.style >> 2),
            Operand::Boolean(value) => self.text += &cased(&value.to_string(), look.style >> 2),
            Operand::Number(number) => self.text += number,
            operand => {
                let text = self.people.text(operand);
                let is_word = text.len() > 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
                let is_boolean = matches!(operand, Operand::QuotedBoolean(_));
                match look.style & 7 {
                    1 if look.loose && is_word && !is_boolean => {
                        self.is_loose = true;
                        self.text += &text;
                    }
                    2 if look.loose && !text.contains(['"', '\\', '\t']) => {
                        self.is_loose = true;
                        self.text += &format!("'{text}'");
                    }
                    _ => self.text += &quoted(&text, look.style),
                }
            }
        }
    }
}

/// A JSON string, some of its characters escaped though they need not be.
fn quoted(text: &str, style: u16) -> String {
    let mut found = String::from("\"");
    for (n, c) in text.chars().enumerate() {
        let escape = style >> 6 & 3 == 3 && (style >> (n % 16)) & 1 == 1;
        match c {
            '"' | '\\' => found.extend(['\\', c]),
            '\t' if !escape => found += "\\t",
            '/' if escape => found += "\\/",
            _ if escape || c == '\t' => {
                let mut units = [0; 2];
                found.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
            }
            _ => found.push(c),
        }
    }
    found + "\""
}

/// A word in another case, letter by letter.
fn cased(word: &str, style: u16) -> String {
    let turned = |(n, c): (usize, char)| match style >> (n % 13) & 1 {
        1 if c.is_ascii_lowercase() => c.to_ascii_uppercase(),
        1 => c.to_ascii_lowercase(),
        _ => c,
    };
    word.chars().enumerate().map(turned).collect()
}

/// Whether the answer is the expected one; else what there is to say.
fn judge(expected: &Option<Vec<String>>, found: &Result<(Vec<String>, u64), Refusal>) -> Result<(), String> {
    match (expected, found) {
        (None, Err((400, kind))) if kind == "invalidFilter" => Ok(()),
        (None, found) => Err(format!("expected 400 invalidFilter, found {found:?}")),
        (Some(ids), Ok((found, total))) if ids == found && *total == ids.len() as u64 => Ok(()),
        (Some(ids), Ok((found, total))) => {
            let missing: Vec<_> = ids.iter().filter(|id| !found.contains(id)).collect();
            let extra: Vec<_> = found.iter().filter(|id| !ids.contains(id)).collect();
            Err(format!(
                "expected {} resources, found {total}; missing {missing:?}, extra {extra:?}",
                ids.len()
            ))
        }
        (Some(ids), found) => Err(format!("expected {} resources, found {found:?}", ids.len())),
    }
}

fn try_filters(batch: &mut Batch) -> Result<(), String> {
    let world = World::new();
    let people = Population::settle(batch, &world);
    let of = |of: Of| any_filter(of).prop_map(move |filter| (of, filter));
    let strategy = (prop_oneof![3 => of(Of::Users), 2 => of(Of::Groups)], any::<bool>());
    batch.trials(&strategy, |((of, filter), forgiving)| {
        let profile = if forgiving { Profile::Standard } else { Profile::Strict };
        let spelling = Spelling::of(&filter, &people);
        let wanted = match spelling.is_loose && !forgiving {
            true => None,
            false => expected(of, &filter, forgiving, &people),
        };
        let found = world.list(of, &spelling.text, profile);
        judge(&wanted, &found).map_err(|why| {
            let shown: Vec<_> =
                people.all(of).iter().filter(|it| why.contains(it["id"].as_str().unwrap())).collect();
            let shown: Vec<String> = shown.iter().take(3).map(ToString::to_string).collect();
            let text = &spelling.text;
            let request = format!("GET {}?filter={text}  ({profile} connection)", of.endpoint());
            TestCaseError::fail(format!("{request}\n{why}\n{}", shown.join("\n")))
        })
    })
}

#[test]
fn every_filter_finds_what_the_oracle_finds() {
    Run::new("filters", 4, 2_500).batches(try_filters);
}

#[test]
fn a_wrong_list_is_noticed() {
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let wanted = Some(ids(&["a", "b"]));

    assert_eq!(judge(&wanted, &Ok((ids(&["a", "b"]), 2))), Ok(()));
    for wrong in [(ids(&["a"]), 1), (ids(&["a", "b", "c"]), 3), (ids(&["b", "a"]), 2), (ids(&["a", "b"]), 3)]
    {
        assert!(judge(&wanted, &Ok(wrong.clone())).is_err(), "{wrong:?}");
    }
    assert!(judge(&wanted, &Err((400, "invalidFilter".to_owned()))).is_err());
    assert!(judge(&None, &Ok((ids(&[]), 0))).is_err(), "what is no filter is never answered with data");
    assert!(judge(&None, &Err((400, "invalidValue".to_owned()))).is_err());
    assert_eq!(judge(&None, &Err((400, "invalidFilter".to_owned()))), Ok(()));
}
