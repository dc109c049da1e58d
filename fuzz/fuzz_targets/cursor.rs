//! A cursor: what clients may send in its place, and what could ever stand inside.
#![no_main]

use aws_lc_rs::aead::{AES_256_GCM, RandomizedNonceKey};
use roster::service::{
    cursor::Place,
    seal::{seal, unseal},
};
use serde_json::Value;
use std::sync::LazyLock;

const BOND: &str = "connection query";
const NOW: i64 = 1_800_000_000_000_000;
const COUNT: usize = 7;

static KEY: LazyLock<RandomizedNonceKey> =
    LazyLock::new(|| RandomizedNonceKey::new(&AES_256_GCM, &[7; 32]).unwrap());

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else { return };
    assert_eq!(unseal(&KEY, BOND, text), None, "nobody makes a cursor without the key");

    let Ok(plain) = serde_json::from_str::<Value>(text) else { return };
    let sealed = seal(&KEY, BOND, &plain).unwrap();
    assert_eq!(unseal(&KEY, BOND, &sealed), Some(plain.clone()));
    assert_eq!(unseal(&KEY, "another query", &sealed), None);
    let at = bytes.len() % sealed.len();
    let other = if sealed[at..].starts_with('A') { "Q" } else { "A" };
    let damaged = format!("{}{other}{}", &sealed[..at], &sealed[at + 1..]);
    assert_eq!(unseal(&KEY, BOND, &damaged), None, "a letter makes another cursor of it");

    if let Ok(place) = Place::from_json(&plain, NOW, COUNT) {
        assert_eq!(Place::from_json(&place.to_json(NOW, COUNT), NOW, COUNT).ok(), Some(place));
    }
});
