//! People and teams whose values collide on purpose, and what is known of their texts.

use super::{
    Batch,
    attributes::{DESK, ENTERPRISE, Of},
    filter::{FORMS, Operand},
    world::World,
};
use proptest::{
    collection::vec, option, prelude::any, prop_oneof, sample::select, strategy::Just, strategy::Strategy,
};
use roster::scim::Profile;
use serde_json::{Map, Value, json};

/// Texts, and beside each what it is without regard to case: width-mapped, lower-cased, NFC; and in NFC alone.
pub(super) const TEXTS: [(&str, &str, &str); 25] = [
    ("ada", "ada", "ada"),
    ("Ada", "ada", "Ada"),
    ("ADA L", "ada l", "ADA L"),
    ("ada l", "ada l", "ada l"),
    ("bob", "bob", "bob"),
    ("Ｂob", "bob", "Ｂob"),
    ("zoe", "zoe", "zoe"),
    ("Zo\u{eb}", "zo\u{eb}", "Zo\u{eb}"),
    ("Zoe\u{308}", "zo\u{eb}", "Zo\u{eb}"),
    ("ZO\u{cb}", "zo\u{eb}", "ZO\u{cb}"),
    ("ΟΔΟΣ", "οδοσ", "ΟΔΟΣ"),
    ("οδος", "οδοσ", "οδος"),
    ("straße", "straße", "straße"),
    ("STRASSE", "strasse", "STRASSE"),
    ("100%", "100%", "100%"),
    ("a_b", "a_b", "a_b"),
    ("say \"a\" \\ b", "say \"a\" \\ b", "say \"a\" \\ b"),
    ("\t(x) and [y]", "\t(x) and [y]", "\t(x) and [y]"),
    ("🦀", "🦀", "🦀"),
    ("o", "o", "o"),
    ("B", "b", "B"),
    ("work", "work", "work"),
    ("HOME", "home", "HOME"),
    ("10", "10", "10"),
    ("", "", ""),
];

/// Base64 and its bytes; each is a certificate as far as its first bytes tell.
pub(super) const BYTES: [(&str, &[u8]); 4] = [
    ("MAMCAQE=", &[0x30, 3, 2, 1, 1]),
    ("MAMCAQE", &[0x30, 3, 2, 1, 1]),
    ("MAMCAQI=", &[0x30, 3, 2, 1, 2]),
    ("MAICAA==", &[0x30, 2, 2, 0]),
];

/// Addresses of something outside.
pub(super) const LINKS: [&str; 4] =
    ["https://example.com/v2/ada", "https://example.com/v3/ada", "https://example.com/Ada", "urn:photo:1"];

/// Points in time as they are sent, and in milliseconds since 1970.
pub(super) const INSTANTS: [(&str, i64); 4] = [
    ("2026-01-01T00:00:00Z", 1_767_225_600_000),
    ("2026-01-01T02:00:00.000+02:00", 1_767_225_600_000),
    ("2026-01-01T00:00:00.001", 1_767_225_600_001),
    ("1969-12-31T23:59:59.5Z", -500),
];

/// A text without regard to case. What the table does not know is a known text with ASCII behind it.
pub(super) fn fold(text: &str) -> String {
    keyed(text, |row| row.1, str::to_ascii_lowercase)
}

/// A text with regard to case.
pub(super) fn exact(text: &str) -> String {
    keyed(text, |row| row.2, str::to_owned)
}

fn keyed(
    text: &str,
    column: fn(&(&'static str, &'static str, &'static str)) -> &'static str,
    ascii: fn(&str) -> String,
) -> String {
    if text.is_ascii() {
        return ascii(text);
    }
    let row = TEXTS.iter().find_map(|row| {
        let rest = text.strip_prefix(row.0).filter(|rest| rest.is_ascii() && !row.0.is_ascii())?;
        Some(format!("{}{}", column(row), ascii(rest)))
    });
    row.unwrap_or_else(|| panic!("the table does not know {text:?}"))
}

/// The resources of a batch, as the server answers them, in the order of their creation.
pub(super) struct Population {
    pub(super) users: Vec<Value>,
    pub(super) groups: Vec<Value>,
}

impl Population {
    pub(super) const USERS: usize = 28;
    pub(super) const GROUPS: usize = 12;

    /// Fills a server.
    pub(super) fn settle(batch: &mut Batch, world: &World) -> Self {
        let users = batch.draw(vec(any_user(), Self::USERS));
        let groups = batch.draw(vec(any_group(), Self::GROUPS));
        let mut ids = Vec::new();
        for (n, (mut body, manager, pause)) in users.into_iter().enumerate() {
            world.wait(pause);
            body["userName"] = json!(name(n));
            if let Some(manager) = manager.filter(|_| n > 0) {
                body[ENTERPRISE]["manager"] = json!({"value": ids[manager % n]});
            }
            ids.push(id_of(&world.create(Of::Users, &body, Profile::Strict).expect("a user")));
        }
        let mut teams: Vec<String> = Vec::new();
        for (n, (mut body, members, nested, pause)) in groups.into_iter().enumerate() {
            world.wait(pause);
            body["displayName"] = json!(name(n));
            let mut members: Vec<Value> =
                members.into_iter().map(|m| json!({"value": ids[m % ids.len()]})).collect();
            // groups within groups, but no deeper than they may be
            if let Some(inner) = nested.filter(|_| n % 4 > 0) {
                members.push(json!({"value": teams[n - 1 - inner % (n % 4)]}));
            }
            body["members"] = json!(members);
            teams.push(id_of(&world.create(Of::Groups, &body, Profile::Strict).expect("a group")));
        }
        Self {
            users: ids.iter().map(|id| world.get(Of::Users, id)).collect(),
            groups: teams.iter().map(|id| world.get(Of::Groups, id)).collect(),
        }
    }

    pub(super) fn all(&self, of: Of) -> &[Value] {
        match of {
            Of::Users => &self.users,
            Of::Groups => &self.groups,
        }
    }

    /// A resource by its number: users first.
    fn resource(&self, n: usize) -> (&'static str, &str) {
        let n = n % (self.users.len() + self.groups.len());
        let (endpoint, resource) = match n.checked_sub(self.users.len()) {
            None => ("Users", &self.users[n]),
            Some(n) => ("Groups", &self.groups[n]),
        };
        (endpoint, resource["id"].as_str().unwrap())
    }

    /// An operand as the text that it stands for.
    pub(super) fn text(&self, operand: &Operand) -> String {
        match operand {
            Operand::Text(text) | Operand::Number(text) | Operand::Bytes(text, _) => (*text).to_owned(),
            Operand::Id(n) => self.resource(*n).1.to_owned(),
            Operand::Reference(n, form) => {
                let (endpoint, id) = self.resource(*n);
                FORMS[*form].0.replace("{type}", endpoint).replace("{id}", id)
            }
            Operand::Instant(at, zone) => spelled(*at, *zone),
            Operand::Boolean(value) | Operand::QuotedBoolean(value) => value.to_string(),
            Operand::Null => unreachable!("null is no text"),
        }
    }

    /// Whether an operand is a reference to the resource that `found`, as answered, points to.
    pub(super) fn is_reference_to(&self, operand: &Operand, found: &str) -> bool {
        let Operand::Reference(n, form) = operand else { return false };
        let (endpoint, id) = self.resource(*n);
        FORMS[*form].1 && found == format!("http://127.0.0.1/scim/v2/{endpoint}/{id}")
    }
}

pub(super) fn id_of(resource: &Value) -> String {
    resource["id"].as_str().unwrap().to_owned()
}

/// A point in time near the beginning of 2026, in a zone.
pub(super) fn spelled(at: i64, zone: i64) -> String {
    let local = at + zone * 60_000 - INSTANTS[0].1;
    let (days, rest) = (local.div_euclid(86_400_000), local.rem_euclid(86_400_000));
    let day = match days {
        0.. => format!("2026-01-{:02}", days + 1),
        _ => format!("2025-12-{:02}", 32 + days),
    };
    let (hours, minutes) = (rest / 3_600_000, rest / 60_000 % 60);
    let zone = match zone {
        0 => "Z".to_owned(),
        _ => format!("{}{:02}:{:02}", if zone < 0 { '-' } else { '+' }, zone.abs() / 60, zone.abs() % 60),
    };
    format!("{day}T{hours:02}:{minutes:02}:{:02}.{:03}{zone}", rest / 1_000 % 60, rest % 1_000)
}

/// A name of somebody's own, without control characters.
fn name(n: usize) -> String {
    let texts: Vec<_> = TEXTS.iter().filter(|row| !row.0.contains('\t')).collect();
    format!("{}{n}", texts[n % texts.len()].0)
}

fn text() -> impl Strategy<Value = Value> {
    select(&TEXTS[..]).prop_map(|row| json!(row.0))
}

/// Each of some values that are there or not.
fn some_of(
    parts: Vec<(&'static str, proptest::strategy::BoxedStrategy<Value>)>,
) -> impl Strategy<Value = Value> {
    let members: Vec<_> = parts
        .into_iter()
        .map(|(name, value)| {
            option::weighted(0.4, value).prop_map(move |value| Some((name.to_owned(), value?)))
        })
        .collect();
    members.prop_map(|members| Value::Object(members.into_iter().flatten().collect::<Map<_, _>>()))
}

/// Elements of a list with a `value`, at most one of them primary.
fn elements(value: proptest::strategy::BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    let element = (
        value,
        option::of(text()),
        option::of(select(&["work", "WORK", "home"][..])),
        option::of(any::<bool>()),
    );
    vec(element, 0..4).prop_map(|elements| {
        let mut is_taken = false;
        let elements = elements.into_iter().map(|(value, display, kind, primary)| {
            let primary = primary.map(|it| it && !is_taken);
            is_taken |= primary == Some(true);
            json!({"value": value, "display": display, "type": kind, "primary": primary})
        });
        elements.collect()
    })
}

fn any_desk() -> impl Strategy<Value = Value> {
    let site = (text(), option::of(-3..15_i64), option::of(select(&INSTANTS[..])), option::of(Just("work")));
    let sites = vec(site, 0..4).prop_map(|sites| {
        let sites = sites.into_iter().enumerate().map(|(n, (value, floor, since, kind))| {
            json!({"value": value, "floor": floor, "since": since.map(|it| it.0), "type": kind, "primary": n == 1})
        });
        sites.collect::<Value>()
    });
    some_of(vec![
        ("code", text().boxed()),
        ("floor", (-3..15_i64).prop_map(|n| json!(n)).boxed()),
        ("height", select(&[-0.5, 0.0, 2.5, 10.0, 10.5][..]).prop_map(|n: f64| json!(n)).boxed()),
        ("since", select(&INSTANTS[..]).prop_map(|row| json!(row.0)).boxed()),
        ("seal", select(&BYTES[..]).prop_map(|row| json!(row.0)).boxed()),
        ("page", select(&LINKS[..]).prop_map(|link| json!(link)).boxed()),
        ("remote", any::<bool>().prop_map(|it| json!(it)).boxed()),
        ("tags", vec(text(), 0..4).prop_map(Value::from).boxed()),
        ("levels", vec(-3..15_i64, 0..4).prop_map(Value::from).boxed()),
        ("serial", text().boxed()),
        ("sites", sites.boxed()),
    ])
}

/// A user without a name, whom they report to, and how many milliseconds later they come.
fn any_user() -> impl Strategy<Value = (Value, Option<usize>, u64)> {
    let link = || select(&LINKS[..]).prop_map(|link| json!(link)).boxed();
    let name = some_of(vec![
        ("formatted", text().boxed()),
        ("familyName", text().boxed()),
        ("givenName", text().boxed()),
    ]);
    let enterprise = some_of(vec![
        ("employeeNumber", text().boxed()),
        ("department", text().boxed()),
        ("costCenter", text().boxed()),
    ]);
    let certificates = select(&BYTES[..]).prop_map(|row| json!(row.0));
    let address = some_of(vec![("locality", text().boxed()), ("type", text().boxed())]);
    let user = some_of(vec![
        ("externalId", text().boxed()),
        ("name", name.boxed()),
        ("displayName", text().boxed()),
        ("nickName", text().boxed()),
        ("profileUrl", link()),
        ("title", text().boxed()),
        ("userType", text().boxed()),
        ("active", any::<bool>().prop_map(|it| json!(it)).boxed()),
        ("emails", elements(text().boxed()).boxed()),
        ("phoneNumbers", elements(text().boxed()).boxed()),
        ("roles", elements(text().boxed()).boxed()),
        ("photos", elements(link()).boxed()),
        ("addresses", vec(address, 0..3).prop_map(Value::from).boxed()),
        ("x509Certificates", certificates.prop_map(|it| json!([{"value": it}])).boxed()),
        (ENTERPRISE, enterprise.boxed()),
        (DESK, any_desk().boxed()),
    ]);
    (user, option::weighted(0.3, any::<usize>()), 0..3_u64).prop_map(|(mut user, manager, pause)| {
        user["schemas"] = json!([Of::Users.urn(), ENTERPRISE, DESK]);
        (user, manager, pause)
    })
}

/// A group without a name, its members, a group within it, and how many milliseconds later it comes.
fn any_group() -> impl Strategy<Value = (Value, Vec<usize>, Option<usize>, u64)> {
    let group = some_of(vec![("externalId", text().boxed()), (DESK, any_desk().boxed())]);
    let members = prop_oneof![1 => Just(Vec::new()), 4 => vec(any::<usize>(), 0..6)];
    (group, members, option::of(any::<usize>()), 0..3_u64).prop_map(|(mut group, members, nested, pause)| {
        group["schemas"] = json!([Of::Groups.urn(), DESK]);
        (group, members, nested, pause)
    })
}
