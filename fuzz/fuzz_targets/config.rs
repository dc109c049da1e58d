//! The files of `roster serve --config` (TOML) and `roster schema add` (TOML or JSON).
#![no_main]

use clap::{Args, Command};
use roster::{
    cli::config_file::ConfigFile,
    config::Settings,
    scim::schema::{
        definition::{Defined, Definition},
        types::STANDARD,
    },
};
use std::{
    path::Path,
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
};

static SERVE: LazyLock<Command> = LazyLock::new(|| Settings::augment_args(Command::new("serve")));

/// Resource types live as long as the process: more of them would be taken for a leak.
const MOST_TYPES: usize = 50_000;
static TYPES_MADE: AtomicUsize = AtomicUsize::new(0);

libfuzzer_sys::fuzz_target!(|text: &str| {
    match ConfigFile::parse(Path::new("roster.toml"), text, &SERVE) {
        Ok(file) => file.schemas.iter().for_each(|schema| assert_eq!(schema.mistakes(), [""; 0])),
        Err(mistakes) => assert!(!mistakes.to_string().is_empty()),
    }
    for definition in
        [toml::from_str::<Definition>(text).ok(), serde_json::from_str(text).ok()].into_iter().flatten()
    {
        let shown = serde_json::to_string(&definition).unwrap();
        assert_eq!(serde_json::from_str::<Definition>(&shown).ok().as_ref(), Some(&definition), "{shown}");
        if definition.mistakes().is_empty() {
            assert_eq!(definition.losses(&definition), [""; 0], "it takes its own place");
            assert!(definition.overlaps(&definition.id));
            if TYPES_MADE.fetch_add(1, Ordering::Relaxed) < MOST_TYPES {
                assert_extends(&definition);
            }
        }
    }
});

/// A definition without mistakes makes every attribute findable where it says.
fn assert_extends(definition: &Definition) {
    let defined = Defined { definition, is_indexed: true, is_leaving: false };
    for of in STANDARD.extended(&[defined], 1, 1).all() {
        let extends = definition.extends.iter().any(|name| name == of.name);
        for attribute in &definition.attributes {
            let path = format!("{}:{}", definition.id, attribute.name);
            assert_eq!(of.at(&path).map(|it| it.to_string()), extends.then(|| path.clone()), "{path}");
            for part in attribute.sub_attributes.iter().filter(|_| extends) {
                let path = format!("{path}.{}", part.name);
                assert_eq!(of.at(&path).map(|it| it.to_string()), Some(path));
            }
        }
        for indexed in of.indexed {
            assert!(of.at(indexed.path).is_some(), "{}", indexed.path);
        }
    }
}
