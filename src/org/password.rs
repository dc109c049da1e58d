//! Passwords: what counts as the same one, and which are too easy to guess.

use super::refusal::Refusal;
use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{DefaultIgnorableCodePoint, GeneralCategory, HangulSyllableType},
};
use secrecy::{ExposeSecret, SecretString};
use zxcvbn::zxcvbn;

/// The fewest and the most characters.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=256;

/// How hard a password is to guess, from 0 to 4, and what would make it harder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weak {
    /// From 0, which everybody guesses, to 2, which a patient machine does.
    pub score: u8,
    /// Why, and what helps, in sentences.
    pub advice: Vec<String>,
}

/// Why a password cannot be chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is no password, or too long or short for one.
    #[error(transparent)]
    Form(#[from] Refusal),
    /// It is too easy to guess.
    #[error("this password is too easy to guess; {}", .0.advice.join(" "))]
    Weak(Weak),
}

/// A password in the form in which it is compared: RFC 8265 §4.2, the profile OpaqueString. Spaces of any width are one
/// space, letters are composed (NFC), and what cannot be seen or is no character is refused.
pub fn prepared(password: &SecretString) -> Result<SecretString, Refusal> {
    let plain = password.expose_secret();
    // before the work, which a long text could make long
    if plain.len() > 4 * LENGTHS.end() {
        return Err(length());
    }
    let categories = CodePointMapData::<GeneralCategory>::new();
    let spaced = plain.chars().map(|letter| match categories.get(letter) {
        GeneralCategory::SpaceSeparator => ' ',
        _ => letter,
    });
    let spaced: String = spaced.collect();
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(&spaced).into_owned();
    if composed.is_empty() {
        return Err(Refusal::Invalid("password: expected one".to_owned()));
    }
    match composed.chars().any(is_disallowed) {
        true => Err(Refusal::Invalid(
            "password: expected letters, digits, spaces and signs that can be seen".to_owned(),
        )),
        false => Ok(SecretString::from(composed)),
    }
}

/// What FreeformClass disallows (RFC 8264 §4.3.3).
fn is_disallowed(letter: char) -> bool {
    use GeneralCategory::{
        Control, Format, LineSeparator, ParagraphSeparator, PrivateUse, Surrogate, Unassigned,
    };
    let category = CodePointMapData::<GeneralCategory>::new().get(letter);
    let old_jamo =
        [HangulSyllableType::LeadingJamo, HangulSyllableType::VowelJamo, HangulSyllableType::TrailingJamo];
    matches!(
        category,
        Control | Format | LineSeparator | ParagraphSeparator | PrivateUse | Surrogate | Unassigned
    ) || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(letter)
        || old_jamo.contains(&CodePointMapData::<HangulSyllableType>::new().get(letter))
}

/// Checks a prepared password that somebody wants, whose names and addresses are known to everybody.
pub fn check(password: &SecretString, known: &[&str]) -> Result<(), Unfit> {
    let plain = password.expose_secret();
    if !LENGTHS.contains(&plain.chars().count()) {
        return Err(length().into());
    }
    // an address is guessed by its parts, too
    let parts =
        known.iter().flat_map(|name| name.split(['@', '.', '-', '_', ' '])).filter(|part| part.len() > 2);
    let known: Vec<&str> = known.iter().copied().chain(parts).collect();
    let found = zxcvbn(plain, &known);
    if u8::from(found.score()) >= 3 {
        return Ok(());
    }
    let mut advice: Vec<String> = Vec::new();
    if let Some(feedback) = found.feedback() {
        advice.extend(feedback.warning().map(|warning| warning.to_string()));
        advice.extend(feedback.suggestions().iter().map(ToString::to_string));
    }
    if advice.is_empty() {
        advice.push("Add another word or two.".to_owned());
    }
    Err(Unfit::Weak(Weak { score: found.score().into(), advice }))
}

fn length() -> Refusal {
    Refusal::Invalid(format!("password: expected {} to {} characters", LENGTHS.start(), LENGTHS.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(text: &str) -> Result<String, Refusal> {
        prepared(&SecretString::from(text)).map(|password| password.expose_secret().to_owned())
    }

    #[test]
    fn one_password_is_the_same_however_it_is_typed() {
        assert_eq!(same("correct\u{a0}horse\u{3000}battery"), Ok("correct horse battery".to_owned()));
        assert_eq!(same("gru\u{308}n"), Ok("gr\u{fc}n".to_owned()));
        assert_eq!(same("Case \u{130}s kept"), Ok("Case \u{130}s kept".to_owned()));
        for unfit in
            ["", "tab\there", "null\0", "joined\u{200d}", "soft\u{ad}hyphen", "\u{e000}", "\u{1100}\u{ffff}"]
        {
            assert!(same(unfit).is_err(), "{unfit:?}");
        }
        assert!(same(&"x".repeat(2_000)).is_err());
    }

    #[test]
    fn what_everybody_guesses_is_no_password() {
        let check =
            |text: &str| check(&SecretString::from(text), &["ada.lovelace@example.com", "Ada Lovelace"]);

        assert_eq!(check("correct horse battery staple"), Ok(()));
        for weak in
            ["password", "Passw0rd!", "12345678", "qwertyuiop", "lovelace1", "ada.lovelace@example.com"]
        {
            let refused = check(weak);
            assert!(
                matches!(&refused, Err(Unfit::Weak(weak)) if !weak.advice.is_empty()),
                "{weak}: {refused:?}"
            );
        }
        assert!(matches!(check("short7!"), Err(Unfit::Form(_))));
        assert!(matches!(check(&"x".repeat(257)), Err(Unfit::Form(_))));
    }
}
