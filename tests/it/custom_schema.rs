//! What a schema may say and none of ours does: the engine obeys it all the same.

use roster::scim::{
    Error, ErrorKind, Profile, Quirks, Resource,
    filter::{self, eval::eval},
    patch::{self, Patch, Rows},
    projection::Projection,
    read,
    schema::{Attribute, Extension, Mutability, Noun, ResourceType, Returned, Schema, Type},
    validate,
};
use serde_json::{Value, json};

const PROBE: &str = "urn:example:scim:schemas:Probe";
const LABEL: &str = "urn:example:scim:schemas:extension:Label";

static PROBE_SCHEMA: Schema = Schema {
    id: PROBE,
    name: "Probe",
    description: "A thing that measures",
    attributes: &[
        Attribute::new("size", Type::Integer, "A whole number."),
        Attribute::new("weight", Type::Decimal, "A number."),
        Attribute::new("seenAt", Type::DateTime, "A point in time."),
        Attribute::string("badge", "Set once.").mutability(Mutability::Immutable),
        Attribute::string("tags", "Simple values.").many(),
        Attribute::string("secretNote", "Shown when asked for.").returned(Returned::Request),
    ],
};

static LABEL_SCHEMA: Schema = Schema {
    id: LABEL,
    name: "Label",
    description: "What is glued to a thing",
    attributes: &[
        Attribute::string("serial", "Set once.").mutability(Mutability::Immutable),
        Attribute::string("colour", "Changes with the fashion."),
        Attribute::string("marks", "What is drawn on it.").many(),
    ],
};

static PROBE_TYPE: ResourceType = ResourceType {
    name: "Probe",
    endpoint: "/Probes",
    description: "Things that measure",
    noun: Noun::User,
    schema: &PROBE_SCHEMA,
    extensions: &[Extension::optional(&LABEL_SCHEMA)],
    indexed: &[],
    hides: true,
    wandb: false,
    rows: None,
};

fn strict() -> Quirks {
    Quirks::new(Profile::Strict)
}

/// Reads a body as the door does: from its bytes.
fn body(text: &str) -> Result<Resource, Error> {
    let text = text.replacen('{', &format!(r#"{{"schemas":["{PROBE}","{LABEL}"],"#), 1).replace(",}", "}");
    read::resource(&PROBE_TYPE, roster::scim::json::object(text.as_bytes())?, &mut strict())
}

/// A probe as it is stored.
#[track_caller]
fn probe(text: &str) -> Resource {
    let mut probe = body(text).unwrap();
    validate::created(&PROBE_TYPE, &mut probe, &mut strict()).unwrap();
    probe.strip(&PROBE_TYPE);
    probe
}

/// What a PUT makes of a probe.
fn put(before: &Resource, text: &str) -> Result<Resource, Error> {
    let mut after = validate::replaced(&PROBE_TYPE, before, body(text)?, &mut strict())?;
    after.strip(&PROBE_TYPE);
    Ok(after)
}

/// What a PATCH of one operation makes of a probe.
fn patched(before: &Resource, operation: &Value) -> Result<Resource, Error> {
    let body = json!({"schemas": [roster::scim::urn::PATCH_OP], "Operations": [operation]});
    let patch = Patch::read(&PROBE_TYPE, body.as_object().unwrap().clone(), &mut strict())?;
    Ok(patch::apply(&PROBE_TYPE, before, Rows::default(), &patch, &mut strict())?.resource)
}

#[track_caller]
fn assert_refused<T: std::fmt::Debug>(outcome: Result<T, Error>, kind: ErrorKind, about: &str) {
    assert_eq!(outcome.map_err(|error| error.kind).unwrap_err(), kind, "{about}");
}

#[test]
fn r_104_an_integer_has_neither_fraction_nor_exponent() {
    for good in ["5", "-5", "0", "9007199254740993"] {
        let found = body(&format!(r#"{{"size":{good}}}"#)).unwrap();

        assert_eq!(found.get("size").unwrap().to_string(), good);
    }
    for bad in ["5.0", "5e0", "5E2", "5.5", r#""5""#, "true", "[5]"] {
        assert_refused(body(&format!(r#"{{"size":{bad}}}"#)), ErrorKind::InvalidValue, bad);
    }
}

#[test]
fn r_105_a_decimal_comes_back_as_the_number_it_was() {
    for (sent, printed) in [
        ("0.1", "0.1"),
        ("1e3", "1000.0"),
        ("-2.50", "-2.5"),
        ("123456789.012345", "123456789.012345"),
        ("0.00000012345678901234", "1.2345678901234e-7"),
        ("7", "7"),
    ] {
        let found = probe(&format!(r#"{{"weight":{sent}}}"#));

        assert_eq!(found.get("weight").unwrap().to_string(), printed);
        assert_eq!(found.get("weight").unwrap().as_f64(), sent.parse().ok(), "{sent}");
    }
    for bad in [r#""0.1""#, "false", "{}"] {
        assert_refused(body(&format!(r#"{{"weight":{bad}}}"#)), ErrorKind::InvalidValue, bad);
    }
}

#[test]
fn r_106_a_date_time_has_a_date_and_a_time_and_is_answered_in_utc() {
    for (sent, answered) in [
        ("2011-05-13T04:42:34Z", "2011-05-13T04:42:34.000Z"),
        ("2011-05-13T04:42:34+02:00", "2011-05-13T02:42:34.000Z"),
        ("2011-05-13T04:42:34-05:30", "2011-05-13T10:12:34.000Z"),
        ("2011-05-13T04:42:34", "2011-05-13T04:42:34.000Z"),
        ("2011-05-13T04:42:34.5", "2011-05-13T04:42:34.500Z"),
        ("2011-05-13T04:42:34.123456Z", "2011-05-13T04:42:34.123Z"),
        ("2011-05-13T23:42:34.123456789-01:00", "2011-05-14T00:42:34.123Z"),
    ] {
        let found = probe(&format!(r#"{{"seenAt":"{sent}"}}"#));

        assert_eq!(found.text("seenAt"), Some(answered), "{sent}");
    }
    for bad in [
        r#""2011-05-13""#,
        r#""04:42:34Z""#,
        r#""2011-05-13T04:42""#,
        r#""2011-13-13T04:42:34Z""#,
        r#""soon""#,
        "1305261754",
    ] {
        assert_refused(body(&format!(r#"{{"seenAt":{bad}}}"#)), ErrorKind::InvalidValue, bad);
    }
}

#[test]
fn r_260_numbers_are_compared_as_numbers() {
    let found = probe(r#"{"size":10,"weight":2.5}"#);
    let holds = |text: &str| {
        let filter = filter::parse(text, &mut strict()).unwrap();
        eval(&filter::bind::bind(&filter, &PROBE_TYPE, &mut strict()).unwrap(), &found)
    };

    for yes in [
        "size gt 9",
        "size ge 10",
        "size lt 11",
        "size eq 10.0",
        "size gt -1",
        "size ne 100",
        "weight eq 2.50",
        "weight lt 1e1",
        "weight le 2.5",
        "weight gt -2.5",
    ] {
        assert!(holds(yes), "{yes}");
    }
    for no in ["size lt 9", "size gt 10", "size eq 1", "size ge 1e2", "weight gt 10", "weight ne 2.500"] {
        assert!(!holds(no), "{no}");
    }
}

#[test]
fn r_153_an_immutable_value_is_set_once_by_whatever_route() {
    let empty = probe("{}");
    let badged = probe(&format!(r#"{{"badge":"a","{LABEL}":{{"serial":"a"}}}}"#));
    let whole = |value: &str| format!(r#"{{"badge":"{value}","{LABEL}":{{"serial":"{value}"}}}}"#);
    let serial = format!("{LABEL}:serial");

    assert_eq!(put(&empty, &whole("a")).unwrap(), badged);
    assert_eq!(put(&badged, &whole("a")).unwrap(), badged);
    for other in [r#"{"badge":"b"}"#.to_owned(), format!(r#"{{"{LABEL}":{{"serial":"b"}}}}"#)] {
        assert_refused(put(&badged, &other), ErrorKind::Mutability, &other);
    }
    for op in ["add", "replace"] {
        for (path, other) in [("badge", "b"), (serial.as_str(), "b")] {
            let set = |value: &str| json!({"op": op, "path": path, "value": value});
            assert!(patched(&empty, &set("a")).is_ok(), "{op} {path}");
            assert_eq!(patched(&badged, &set("a")).unwrap(), badged, "{op} {path}");
            assert_refused(patched(&badged, &set(other)), ErrorKind::Mutability, path);
        }
        for (path, members) in [
            (None, json!({"badge": "b"})),
            (None, json!({LABEL: {"serial": "b"}})),
            (Some(LABEL), json!({"serial": "b"})),
        ] {
            let mut set = json!({"op": op, "value": members});
            if let Some(path) = path {
                set["path"] = json!(path);
            }
            assert_refused(patched(&badged, &set), ErrorKind::Mutability, &set.to_string());
        }
    }
    for path in ["badge", serial.as_str(), LABEL] {
        let remove = json!({"op": "remove", "path": path});
        assert_refused(patched(&badged, &remove), ErrorKind::Mutability, path);
    }
}

#[test]
fn r_333_a_put_keeps_an_immutable_value_and_may_set_it_where_there_is_none() {
    let empty = probe(r#"{"size":1}"#);
    let badged = probe(r#"{"size":1,"badge":"a"}"#);
    let labelled = probe(&format!(r#"{{"{LABEL}":{{"serial":"a","colour":"red"}}}}"#));

    assert_eq!(put(&badged, r#"{"size":1,"badge":"a"}"#).unwrap(), badged);
    assert_refused(put(&badged, r#"{"size":1,"badge":"b"}"#), ErrorKind::Mutability, "badge");
    assert_eq!(put(&badged, r#"{"size":1}"#).unwrap(), badged, "silence keeps it");
    assert_eq!(put(&badged, r#"{"size":1,"badge":null}"#).unwrap(), badged, "so does null");
    assert_eq!(put(&empty, r#"{"size":1,"badge":"a"}"#).unwrap(), badged);
    let faded = put(&labelled, &format!(r#"{{"{LABEL}":{{"colour":"pink"}}}}"#)).unwrap();
    assert_eq!(faded.0[LABEL], json!({"serial": "a", "colour": "pink"}));
}

#[test]
fn r_394_an_add_sets_an_immutable_value_once() {
    let add = |value: &str| json!({"op": "add", "path": "badge", "value": value});
    let empty = probe(r#"{"size":1}"#);

    let badged = patched(&empty, &add("a")).unwrap();

    assert_eq!(badged.text("badge"), Some("a"));
    assert_eq!(patched(&badged, &add("a")).unwrap(), badged);
    assert_refused(patched(&badged, &add("b")), ErrorKind::Mutability, "another value");
    assert_refused(patched(&badged, &add("A")), ErrorKind::Mutability, "another spelling");
}

#[test]
fn r_413_a_simple_value_is_removed_by_either_way_of_naming_it() {
    let tagged = probe(r#"{"tags":["x","y"]}"#);

    for path in
        [r#"tags[value eq "x"]"#, r#"tags eq "x""#, r#"tags eq "X""#, &format!(r#"{PROBE}:tags eq "x""#)]
    {
        let after = patched(&tagged, &json!({"op": "remove", "path": path})).unwrap();

        assert_eq!(after.0["tags"], json!(["y"]), "{path}");
    }
    let untouched = patched(&tagged, &json!({"op": "remove", "path": r#"tags eq "z""#})).unwrap();
    assert_eq!(untouched, tagged);
    for path in [r#"tags ne "x""#, r#"tags eq "x" or tags eq "y""#, r#"badge eq "x""#, "tags eq 5"] {
        assert!(patched(&tagged, &json!({"op": "remove", "path": path})).is_err(), "{path}");
    }
}

#[test]
fn r_388_a_simple_value_is_there_already_whatever_its_case() {
    let tagged = probe(r#"{"tags":["x","y"]}"#);

    let after = patched(&tagged, &json!({"op": "add", "path": "tags", "value": ["X", "z", "Z"]})).unwrap();

    assert_eq!(after.0["tags"], json!(["x", "y", "z"]));
}

#[test]
fn r_377_an_add_of_an_extension_adds_to_its_lists() {
    let marked = probe(&format!(r#"{{"{LABEL}":{{"colour":"red","marks":["a"]}}}}"#));
    let patched = |op: &str, value: Value| {
        let pathless = patched(&marked, &json!({"op": op, "value": {LABEL: value}})).unwrap();
        let named = patched(&marked, &json!({"op": op, "path": LABEL, "value": value})).unwrap();
        assert_eq!(pathless, named);
        named.0[LABEL].clone()
    };

    assert_eq!(patched("add", json!({"marks": ["b", "A"]})), json!({"colour": "red", "marks": ["a", "b"]}));
    assert_eq!(
        patched("add", json!({"marks": [], "colour": "blue"})),
        json!({"colour": "blue", "marks": ["a"]})
    );
    assert_eq!(patched("replace", json!({"marks": ["b"]})), json!({"colour": "red", "marks": ["b"]}));
    assert_eq!(patched("replace", json!({"marks": []})), json!({"colour": "red"}));
}

#[test]
fn a_value_shown_on_request_is_shown_only_when_it_is_named() {
    let noted = probe(r#"{"size":1,"secretNote":"psst"}"#);
    let shown = |attributes: &[&str], excluded: &[&str]| {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let projection =
            Projection::parse(&names(attributes), &names(excluded), &PROBE_TYPE, &mut strict()).unwrap();
        let mut resource = noted.clone();
        projection.apply(&PROBE_TYPE, &mut resource);
        Value::Object(resource.0)
    };

    assert_eq!(shown(&[], &[]), json!({"size": 1}));
    assert_eq!(shown(&[], &["size"]), json!({}));
    assert_eq!(shown(&["secretNote"], &[]), json!({"secretNote": "psst"}));
    assert_eq!(shown(&["size,secretnote"], &[]), json!({"size": 1, "secretNote": "psst"}));
}
