//! The right side of a comparison: JSON's strings, numbers and literals, and what clients write instead.

use super::{Parser, Result};
use crate::{Error, Slack, Value};

const VALUE: &str = "a string in double quotes, a number, `true`, `false` or `null`";
const ESCAPE: &str = r#"`\"`, `\\`, `\/`, `\b`, `\f`, `\n`, `\r`, `\t` or `\u` with four digits"#;
const CURLY_QUOTES: [char; 5] = ['“', '”', '„', '‘', '’'];

impl<'t> Parser<'t> {
    // compValue = false / null / true / number / string
    pub(super) fn value(&mut self) -> Result<Value> {
        if self.stands_at('"') {
            return self.string('"').map(Value::String);
        }
        if self.stands_at('\'') {
            self.lean_on(Slack::SingleQuotes, VALUE)?;
            return self.string('\'').map(Value::String);
        }
        let word = self.unquoted();
        let value = match word {
            "" => return Err(self.expected(VALUE)),
            _ if word.eq_ignore_ascii_case("true") => Value::Bool(true),
            _ if word.eq_ignore_ascii_case("false") => Value::Bool(false),
            _ if word.eq_ignore_ascii_case("null") => Value::Null,
            _ if is_number(word) => Value::Number(word.to_owned()),
            _ => self.bare_string(word)?,
        };
        self.at += word.len();
        Ok(value)
    }

    /// Everything up to a blank, `)` or `]`.
    fn unquoted(&self) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c: char| " )]".contains(c) || c.is_control());
        end.and_then(|end| rest.get(..end)).unwrap_or(rest)
    }

    /// A string without quotes, unless it looks like something else that went wrong: an operand left out, a
    /// quote left out, a JSON value that no filter compares with, or a bracket that would be cut in half.
    fn bare_string(&mut self, word: &str) -> Result<Value> {
        self.lean_on(Slack::BareValue, VALUE)?;
        if ["and", "or", "not"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword)) {
            return Err(self.expected(VALUE));
        }
        if word.starts_with('{') || word.contains(['"', '(', '[']) {
            return Err(self.expected("quotes around a value with `\"` or a bracket in it"));
        }
        if word.starts_with(CURLY_QUOTES) {
            return Err(self.expected("straight quotes (`\"`) around the value"));
        }
        Ok(Value::String(word.to_owned()))
    }

    /// A JSON string, or its like in single quotes; the cursor is on the opening quote.
    fn string(&mut self, quote: char) -> Result<String> {
        let start = self.at;
        self.at += 1;
        let mut value = String::new();
        loop {
            let rest = self.rest();
            let Some(end) = rest.find(|c| c == quote || c == '\\' || c < ' ') else {
                let column = Error::new(self.text, start, "", String::new()).column();
                self.at = self.text.len();
                return Err(
                    self.expected(format!("`{quote}` to end the string that starts in column {column}"))
                );
            };
            value.push_str(rest.get(..end).unwrap_or_default());
            self.at += end;
            if self.stands_at(quote) {
                self.at += 1;
                return Ok(value);
            }
            if !self.stands_at('\\') {
                return Err(self.expected("an escape such as `\\n` for a control character in a string"));
            }
            value.push(self.escape(quote)?);
        }
    }

    /// One escaped character; the cursor is on the backslash.
    fn escape(&mut self, quote: char) -> Result<char> {
        let Some(letter) = self.rest().chars().nth(1) else {
            self.at += 1;
            return Err(self.expected("a character after `\\`"));
        };
        let c = match letter {
            'u' => return self.unicode_escape(),
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '"' | '\\' | '/' => letter,
            _ if letter == quote => letter,
            _ => return Err(self.expected(ESCAPE)),
        };
        self.at += 2;
        Ok(c)
    }

    /// `\uXXXX`, or two of them that are one character together.
    fn unicode_escape(&mut self) -> Result<char> {
        let Some(unit) = code_unit(self.rest()) else {
            return Err(self.expected("four hexadecimal digits after `\\u`"));
        };
        let pair = self.rest().get(6..).and_then(code_unit).map(|next| [unit, next]);
        let (decoded, len) = match (char::from_u32(u32::from(unit)), pair) {
            (Some(c), _) => (Some(c), 6),
            (None, Some(pair)) => (char::decode_utf16(pair).next().and_then(std::result::Result::ok), 12),
            (None, None) => (None, 6),
        };
        let c = decoded
            .ok_or_else(|| self.expected("both halves of a surrogate pair (as in `\\ud83d\\ude00`)"))?;
        self.at += len;
        Ok(c)
    }
}

/// The number of a `\uXXXX` that the text starts with.
fn code_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    // `from_str_radix` would take a sign.
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u16::from_str_radix(digits, 16).ok()
}

/// JSON's number: no plus, no leading zero, digits on both sides of the point.
fn is_number(text: &str) -> bool {
    let has_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (decimal, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((decimal, exponent)) => (decimal, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = match decimal.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (decimal, None),
    };
    has_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(has_digits)
        && exponent.is_none_or(has_digits)
}

#[cfg(test)]
mod tests {
    use super::{code_unit, is_number};

    #[test]
    fn numbers_are_json_numbers() {
        for text in ["0", "-0", "10", "0.0", "-1.50", "1e5", "1E+05", "0e-0", "98765432109876543210"] {
            assert!(is_number(text), "{text}");
        }
        for text in [
            "", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "e5", "1.2.3", "1e5.0", "1_0", "0x1", "--1",
            "١",
        ] {
            assert!(!is_number(text), "{text}");
        }
    }

    #[test]
    fn code_units_have_four_digits() {
        assert_eq!(code_unit("\\u00E9…"), Some(0xe9));
        for text in ["", "\\u", "\\u12", "\\u12g4", "\\u+123", "\\u12é4", "u00e9", "\\U00e9"] {
            assert_eq!(code_unit(text), None, "{text}");
        }
    }
}
