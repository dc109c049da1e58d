//! What holds whatever the data is.

use crate::database::Database;
use crate::support::{USER, context};
use proptest::{prelude::*, test_runner::Config};
use roster::{
    scim::{
        Quirks, Resource,
        filter::{self, eval::eval},
        patch::{self, Patch, Rows},
        query::{Parameters, Query},
        read,
        schema::standard::USER_TYPE,
        validate,
    },
    service::users,
};
use serde_json::{Map, Value, json};
use std::sync::Arc;

const NAMES: [&str; 6] = ["ada", "Ada L", "bob", "Zoë", "zoe", "ΟΔΟΣ"];
const ATTRIBUTES: [&str; 8] = [
    "userName",
    "displayName",
    "externalId",
    "emails.value",
    "name.familyName",
    "title",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
];

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

/// One comparison.
fn term() -> impl Strategy<Value = String> {
    let attribute = prop::sample::select(&ATTRIBUTES[..]);
    let operator = prop::sample::select(&["eq", "eq", "eq", "ne", "co", "sw", "gt"][..]);
    prop_oneof![
        4 => (attribute.clone(), operator, name()).prop_map(|(path, op, name)| format!("{path} {op} \"{name}\"")),
        1 => attribute.prop_map(|path| format!("{path} pr")),
        1 => name().prop_map(|name| format!("emails[type eq \"work\" and value eq \"{name}\"]")),
    ]
}

/// Comparisons joined, grouped and negated.
fn any_filter() -> impl Strategy<Value = String> {
    term().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} and {right})")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} or {right})")),
            inner.prop_map(|part| format!("not ({part})")),
        ]
    })
}

/// The body of a user.
fn any_user() -> impl Strategy<Value = Value> {
    let some = || prop::option::of(name());
    (some(), some(), some(), some(), some(), prop::collection::vec((name(), prop::bool::ANY), 0..3)).prop_map(
        |(display, external, family, title, employee, emails)| {
            let emails: Vec<Value> = emails
                .into_iter()
                .map(|(value, work)| json!({"value": value, "type": if work { "work" } else { "home" }}))
                .collect();
            json!({
                "schemas": [USER],
                "displayName": display,
                "externalId": external,
                "name": {"familyName": family},
                "title": title,
                "emails": emails,
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
                    "employeeNumber": employee,
                    "manager": {"value": title},
                },
            })
        },
    )
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn made(body: Value) -> Resource {
    let mut quirks = Quirks::default();
    let mut user = read::resource(&USER_TYPE, object(body), &mut quirks).unwrap();
    validate::created(&USER_TYPE, &mut user, &mut quirks).unwrap();
    user
}

proptest! {
    #![proptest_config(Config { cases: 64, failure_persistence: None, ..Config::default() })]

    /// Whatever an index says, a list holds exactly what the evaluator accepts.
    #[test]
    fn a_list_is_what_the_filter_says(
        bodies in prop::collection::vec(any_user(), 1..12),
        filters in prop::collection::vec(any_filter(), 1..6),
    ) {
        let database = Database::fresh();
        let app = Arc::new(database.app());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let cx = context(&app).await;
            let mut all = Vec::new();
            for (n, mut body) in bodies.into_iter().enumerate() {
                body["userName"] = json!(format!("{}{n}", NAMES[n % NAMES.len()]));
                let made = users::create(&cx, object(body), Default::default(), &mut Quirks::default()).await.unwrap();
                let user: Value = serde_json::from_str(&made.body.unwrap()).unwrap();
                all.push(Resource(object(user)));
            }
            for text in filters {
                let mut quirks = Quirks::default();
                let parsed = filter::parse(&text, &mut quirks).unwrap();
                let predicate = filter::bind::bind(&parsed, &USER_TYPE, &mut quirks).unwrap();
                let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
                let query =
                    Query::parse(&Parameters::parse(&format!("filter={encoded}")), &USER_TYPE, &mut quirks).unwrap();

                let list = roster::service::read::list(&cx, &USER_TYPE, query).await.unwrap();

                let list: Value = serde_json::from_str(&list).unwrap();
                let found: Vec<_> = list["Resources"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
                let expected: Vec<_> =
                    all.iter().filter(|user| eval(&predicate, user)).map(|user| user.0["id"].clone()).collect();
                assert_eq!(found, expected, "{text}");
                assert_eq!(list["totalResults"], json!(expected.len()), "{text}");
            }
        });
        app.store.close();
    }

    /// A replace twice is a replace once, and reading what was answered changes nothing.
    #[test]
    fn a_replace_is_idempotent(before in any_user(), value in any_user()) {
        let mut before = before;
        before["userName"] = json!("ada");
        let before = made(before);
        let mut value = object(value);
        value.remove("schemas");
        let body = json!({"schemas": [], "Operations": [{"op": "replace", "value": value}]});
        let patch = Patch::read(&USER_TYPE, object(body), &mut Quirks::default()).unwrap();

        let once = patch::apply(&USER_TYPE, &before, Rows::default(), &patch, &mut Quirks::default()).unwrap().resource;
        let twice = patch::apply(&USER_TYPE, &once, Rows::default(), &patch, &mut Quirks::default()).unwrap().resource;

        prop_assert_eq!(&once, &twice);
        let mut again = once.clone();
        again.0.insert("schemas".to_owned(), json!([USER]));
        let mut again = made(Value::Object(again.0));
        again.strip(&USER_TYPE);
        let mut once = once;
        once.strip(&USER_TYPE);
        prop_assert_eq!(again, once);
    }
}
