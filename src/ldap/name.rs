//! Distinguished names (RFC 4514).

/// What two names are compared by: case and blanks around their parts do not matter, nor how a letter is escaped. `None` for
/// what is no distinguished name.
pub(super) fn key(dn: &str) -> Option<Vec<(String, String)>> {
    let parts = split(dn).map(part).collect::<Option<Vec<_>>>()?;
    Some(
        parts
            .into_iter()
            .map(|(attribute, value)| (attribute.to_lowercase(), value.to_lowercase()))
            .collect(),
    )
}

/// The attribute and the value that a name begins with.
pub(super) fn first(dn: &str) -> Option<(&str, String)> {
    part(split(dn).next()?)
}

/// Whether a text may name an attribute: `descr` or `numericoid` (RFC 4512 §1.4).
pub(super) fn is_attribute(text: &str) -> bool {
    let is_number = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    let is_keystring = text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    text.len() <= 100 && (is_keystring || text.contains('.') && text.split('.').all(is_number))
}

/// The parts between commas that are not escaped.
fn split(dn: &str) -> impl Iterator<Item = &str> {
    let mut is_escaped = false;
    dn.split(move |letter| {
        let ends = letter == ',' && !is_escaped;
        is_escaped = letter == '\\' && !is_escaped;
        ends
    })
}

/// `attribute=value`, the value without its escapes.
fn part(text: &str) -> Option<(&str, String)> {
    let (attribute, value) = text.split_once('=')?;
    let attribute = attribute.trim();
    if !is_attribute(attribute) {
        return None;
    }
    let mut bytes = Vec::new();
    let mut rest = value.trim().as_bytes();
    loop {
        rest = match rest {
            [] => break,
            [b'\\', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(digit(*high) << 4 | digit(*low));
                rest
            }
            [b'\\', letter, rest @ ..] => {
                bytes.push(*letter);
                rest
            }
            // it escaped a blank, which was not one to leave out
            [b'\\'] => {
                bytes.push(b' ');
                &[]
            }
            [byte, rest @ ..] => {
                bytes.push(*byte);
                rest
            }
        };
    }
    Some((attribute, String::from_utf8(bytes).ok()?))
}

/// The value of a hexadecimal digit.
fn digit(letter: u8) -> u8 {
    char::from(letter).to_digit(16).and_then(|value| u8::try_from(value).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mean_the_same_are_the_same() {
        let plain = key("cn=Lab\\, North,ou=groups,dc=example").unwrap();

        for same in ["CN=lab\\2c north , OU=Groups, dc=Example", "cn = Lab\\2C North,ou=groups,dc=example"] {
            assert_eq!(key(same).unwrap(), plain, "{same}");
        }
        for other in [
            "cn=Lab,cn=North,ou=groups,dc=example",
            "cn=Lab\\, North,ou=groups",
            "cn=Lab North,ou=groups,dc=example",
        ] {
            assert_ne!(key(other).unwrap(), plain, "{other}");
        }
        for none in ["", "admins", "cn", "=x", "a b=c", "cn=a,b", "cn=\\ff"] {
            assert_eq!(key(none), None, "{none}");
        }
    }

    #[test]
    fn a_name_begins_with_its_own_part() {
        assert_eq!(first("CN=Lab\\, North,ou=groups"), Some(("CN", "Lab, North".to_owned())));
        assert_eq!(first("cn=end\\ ,dc=x"), Some(("cn", "end ".to_owned())));
        assert_eq!(first("cn=Z\\C3\\B6e"), Some(("cn", "Zöe".to_owned())));
        assert_eq!(first("2.5.4.3=x"), Some(("2.5.4.3", "x".to_owned())));
        assert_eq!(first("1000"), None);
    }
}
