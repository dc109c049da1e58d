//! What pages say, in the reader's language: a file of messages (Project Fluent) for each, beside each other in `messages/`.

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use std::sync::LazyLock;

/// The languages there are. The first is spoken to whoever asks for none of them.
const FILES: &[(&str, &str)] = &[("en", include_str!("messages/en.ftl"))];

static LANGUAGES: LazyLock<Vec<Language>> =
    LazyLock::new(|| FILES.iter().map(|(code, text)| Language::read(code, text)).collect());

/// A language, with everything that pages say in it.
pub(super) struct Language {
    /// Its tag (BCP 47).
    pub(super) code: &'static str,
    bundle: FluentBundle<FluentResource>,
}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code)
    }
}

impl Language {
    fn read(code: &'static str, text: &str) -> Self {
        let mut bundle = FluentBundle::new_concurrent(code.parse().into_iter().collect());
        // what is put in is set apart by <bdi>, where it is somebody else's
        bundle.set_use_isolating(false);
        // a test sees to it that there is nothing wrong with the files
        let resource = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(read, _)| read);
        bundle.add_resource_overriding(resource);
        Self { code, bundle }
    }

    /// What is said under a key; the key itself where a translation lacks it and English does, too.
    pub(super) fn say(&self, key: &str, values: &[(&str, FluentValue<'_>)]) -> String {
        let spoken = self.found(key, values).or_else(|| english().found(key, values));
        spoken.unwrap_or_else(|| key.to_owned())
    }

    fn found(&self, key: &str, values: &[(&str, FluentValue<'_>)]) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        let values: FluentArgs<'_> = values.iter().map(|(name, value)| (*name, value.clone())).collect();
        Some(self.bundle.format_pattern(pattern, Some(&values), &mut Vec::new()).into_owned())
    }
}

/// What is spoken to whoever asks for nothing else.
#[expect(clippy::indexing_slicing, reason = "there is always English")]
pub(super) fn english() -> &'static Language {
    &LANGUAGES[0]
}

/// The first language there is of those that a browser asks for (`Accept-Language`, RFC 9110 §12.5.4), in its order.
pub(super) fn asked_for(header: &str) -> &'static Language {
    let tags = header.split(',').filter_map(|part| part.split(';').next()).map(str::trim);
    let main = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let mut found = tags.filter_map(|tag| LANGUAGES.iter().find(|language| language.code == main(tag)));
    found.next().unwrap_or_else(english)
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;
    use std::{collections::BTreeSet, fs, path::Path};

    fn keys(text: &str) -> BTreeSet<String> {
        let key = Regex::new(r"(?m)^([a-z][a-z0-9-]*) =").unwrap();
        key.captures_iter(text).map(|found| found[1].to_owned()).collect()
    }

    /// The keys that pages ask for; what is put together of parts ends in a hyphen.
    fn used(folder: &Path, found: &mut BTreeSet<String>) {
        let key = Regex::new(r#"\b(?:t|tn|tx|pair|around|say|word)\(\s*&?(?:format!\()?"([a-z][a-z0-9-]*)"#)
            .unwrap();
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                used(&entry, found);
            } else if entry.extension().is_some_and(|it| it == "html" || it == "rs") {
                let text = fs::read_to_string(&entry).unwrap();
                found.extend(key.captures_iter(&text).map(|found| found[1].to_owned()));
            }
        }
    }

    #[test]
    fn every_file_can_be_read_and_says_what_english_says() {
        let english = keys(FILES[0].1);
        for (code, text) in FILES {
            assert!(FluentResource::try_new((*text).to_owned()).is_ok(), "{code}");
            assert!(keys(text).is_subset(&english), "{code}");
        }
    }

    #[test]
    fn every_message_is_there_and_is_said_somewhere() {
        let known = keys(FILES[0].1);
        let mut asked = BTreeSet::new();
        used(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/pages"), &mut asked);
        let begins =
            |key: &str| asked.iter().any(|part| part.ends_with('-') && key.starts_with(part.as_str()));

        let missing: Vec<&String> =
            asked.iter().filter(|key| !key.ends_with('-') && !known.contains(*key)).collect();
        assert!(missing.is_empty(), "not in en.ftl: {missing:?}");
        let idle: Vec<&String> = known.iter().filter(|key| !asked.contains(*key) && !begins(key)).collect();
        assert!(idle.is_empty(), "said nowhere: {idle:?}");
    }

    #[test]
    fn another_language_is_spoken_to_whoever_asks_for_it_and_english_fills_its_gaps() {
        let other = Language::read("de", "nav-people = Personen\n");
        assert_eq!(other.say("nav-people", &[]), "Personen");
        assert_eq!(other.say("nav-teams", &[]), english().say("nav-teams", &[]));
        assert_eq!(asked_for("fr-CH, fr;q=0.9, en;q=0.8").code, "en");
        assert_eq!(asked_for("").code, "en");
    }
}
