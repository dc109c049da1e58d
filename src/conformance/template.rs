//! Text with `{variables}` in it, and how their values are written at which place.

use serde_json::Value;

use super::variables::{Unknown, Variables, is_name};
use crate::client::text::{json_escaped, percent_encoded};

/// Where a text will stand, which decides how variables are written into it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    /// As they are.
    Plain,
    /// Percent-encoded, except one that begins the line: that is a path or a URL.
    RequestLine,
    /// Escaped as in a JSON string.
    Json,
    /// With the characters that mean something in a regular expression escaped.
    Regex,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Filter {
    Url,
    Plus,
    Raw,
    Upper,
    Lower,
    Json,
}

impl Filter {
    fn named(name: &str) -> Result<Filter, String> {
        match name {
            "url" => Ok(Filter::Url),
            "plus" => Ok(Filter::Plus),
            "raw" => Ok(Filter::Raw),
            "upper" => Ok(Filter::Upper),
            "lower" => Ok(Filter::Lower),
            "json" => Ok(Filter::Json),
            _ => Err(format!("expected a filter (url, plus, raw, upper, lower, json), found `{name}`")),
        }
    }
}

#[derive(Debug, PartialEq)]
enum Piece {
    Text(String),
    Variable { name: String, filters: Vec<Filter> },
    Repeat { times: usize, text: String },
    Byte(u8),
}

/// A text with variables in it.
#[derive(Debug, PartialEq)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

impl Template {
    /// Reads a text. A brace that begins no variable stands for itself; the error says which part of
    /// a variable is wrong.
    pub(super) fn parse(text: &str) -> Result<Template, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some((before, inside)) = rest.split_once('{') {
            literal.push_str(before);
            if let Some((piece, after)) = placeholder(inside)? {
                if !literal.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut literal)));
                }
                pieces.push(piece);
                rest = after;
            } else {
                literal.push('{');
                rest = inside;
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        Ok(Template { pieces })
    }

    /// The text with its variables filled in.
    pub(super) fn text(&self, variables: &Variables, place: Place) -> Result<String, Unknown> {
        Ok(String::from_utf8_lossy(&self.bytes(variables, place)?).into_owned())
    }

    /// The same as octets, which `{byte FF}` may make something else than text.
    pub(super) fn bytes(&self, variables: &Variables, place: Place) -> Result<Vec<u8>, Unknown> {
        let mut out = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Repeat { times, text } => out.extend_from_slice(text.repeat(*times).as_bytes()),
                Piece::Byte(byte) => out.push(*byte),
                Piece::Variable { name, filters } => {
                    let value = variables.value(name)?;
                    let begins_target = place == Place::RequestLine && out.is_empty();
                    let place = if begins_target { Place::Plain } else { place };
                    out.extend_from_slice(written(&value, filters, place).as_bytes());
                }
            }
        }
        Ok(out)
    }

    /// The value of a text that is one variable and nothing else; None for any other text.
    pub(super) fn lone_value(&self, variables: &Variables) -> Option<Result<Value, Unknown>> {
        let [Piece::Variable { name, filters }] = self.pieces.as_slice() else { return None };
        let value = variables.value(name);
        if filters.iter().all(|filter| *filter == Filter::Json) {
            return Some(value);
        }
        Some(value.map(|value| written(&value, filters, Place::Plain).into()))
    }

    /// The names of its variables.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable { name, .. } => Some(name.as_str()),
            _ => None,
        })
    }

    /// Whether it holds a raw byte.
    pub(super) fn has_bytes(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Byte(_)))
    }

    /// The text with `0` for each variable, which is valid wherever a value of theirs is: in a JSON
    /// string, as a JSON value, in a regular expression.
    pub(super) fn specimen(&self) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Repeat { times, text } => text.repeat(*times),
            Piece::Variable { .. } | Piece::Byte(_) => "0".to_owned(),
        };
        self.pieces.iter().map(piece).collect()
    }
}

/// Reads what follows an opening brace: the piece and the text after its closing brace, or None when
/// this brace begins no variable.
fn placeholder(inside: &str) -> Result<Option<(Piece, &str)>, String> {
    if let Some(call) = inside.strip_prefix("repeat ") {
        return repeat(call).map(Some);
    }
    let Some((inner, after)) = inside.split_once('}') else { return Ok(None) };
    if let Some(digits) = inner.strip_prefix("byte ") {
        let byte = u8::from_str_radix(digits, 16)
            .map_err(|_| format!("expected two hexadecimal digits as in `{{byte FF}}`, found `{digits}`"))?;
        return Ok(Some((Piece::Byte(byte), after)));
    }
    let mut words = inner.split('|');
    let name = words.next().unwrap_or_default();
    if !is_name(name) {
        return Ok(None);
    }
    let filters = words.map(Filter::named).collect::<Result<_, _>>()?;
    Ok(Some((Piece::Variable { name: name.to_owned(), filters }, after)))
}

/// Reads `N text}`. The text has at least one character and ends at the next closing brace, so
/// `{repeat 9 {"a":}` and `{repeat 9 }}` are what they look like.
fn repeat(call: &str) -> Result<(Piece, &str), String> {
    let wrong = || "expected `{repeat N text}`, a number and a text".to_owned();
    let (times, rest) = call.split_once(' ').ok_or_else(wrong)?;
    let times = times.parse().map_err(|_| wrong())?;
    let first = rest.chars().next().ok_or_else(wrong)?.len_utf8();
    let (first, rest) = rest.split_at_checked(first).ok_or_else(wrong)?;
    let (more, after) = rest.split_once('}').ok_or_else(wrong)?;
    Ok((Piece::Repeat { times, text: format!("{first}{more}") }, after))
}

/// A variable's value as it is written at a place.
fn written(value: &Value, filters: &[Filter], place: Place) -> String {
    let mut text = plain(value);
    for filter in filters {
        text = match filter {
            Filter::Url => percent_encoded(&text),
            Filter::Plus => percent_encoded(&text).replace("%20", "+"),
            Filter::Raw => text,
            Filter::Upper => text.to_uppercase(),
            Filter::Lower => text.to_lowercase(),
            Filter::Json if value.is_string() => Value::from(text).to_string(),
            Filter::Json => value.to_string(),
        };
    }
    let chosen = |by: &[Filter]| filters.iter().any(|filter| by.contains(filter));
    match place {
        Place::RequestLine if !chosen(&[Filter::Url, Filter::Plus, Filter::Raw]) => percent_encoded(&text),
        Place::Json if !chosen(&[Filter::Json, Filter::Raw]) => json_escaped(&text),
        Place::Regex if !chosen(&[Filter::Raw]) => regex::escape(&text),
        _ => text,
    }
}

/// A value as text: a string without its quotes, anything else as JSON.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written_as(text: &str, place: Place) -> String {
        let mut variables = Variables::new("http://scim.example/v2", "secret");
        variables.set("mail", json!("a b+\"c\"@x.example"));
        variables.set("url", json!("http://scim.example/v2/Users/1"));
        variables.set("n", json!(7));
        variables.set("list", json!([{"a": 1}]));
        Template::parse(text).unwrap().text(&variables, place).unwrap()
    }

    #[test]
    fn a_request_line_encodes_variables_but_not_its_own_text() {
        let shown = written_as("/Users?filter=userName+eq+%22{mail}%22&n={n}", Place::RequestLine);
        assert_eq!(shown, "/Users?filter=userName+eq+%22a%20b%2B%22c%22%40x.example%22&n=7");
        assert_eq!(written_as("/Users/{mail|plus}", Place::RequestLine), "/Users/a+b%2B%22c%22%40x.example");
        assert_eq!(written_as("/x/{url|raw}", Place::RequestLine), "/x/http://scim.example/v2/Users/1");
        assert_eq!(written_as("/{mail|upper|url}", Place::RequestLine), "/A%20B%2B%22C%22%40X.EXAMPLE");
    }

    #[test]
    fn a_variable_that_begins_a_request_line_is_a_url() {
        assert_eq!(written_as("{url}/x", Place::RequestLine), "http://scim.example/v2/Users/1/x");
    }

    #[test]
    fn json_escapes_strings_and_can_take_whole_values() {
        assert_eq!(written_as(r#"{"a":"{mail}"}"#, Place::Json), r#"{"a":"a b+\"c\"@x.example"}"#);
        assert_eq!(written_as(r#"{"a":{list|json},"n":{n}}"#, Place::Json), r#"{"a":[{"a":1}],"n":7}"#);
        assert_eq!(written_as(r#"{"a":{mail|json}}"#, Place::Json), r#"{"a":"a b+\"c\"@x.example"}"#);
    }

    #[test]
    fn a_regex_takes_variables_literally() {
        assert_eq!(
            written_as("^{url}$ [a-z]{2}", Place::Regex),
            "^http://scim\\.example/v2/Users/1$ [a-z]{2}"
        );
    }

    #[test]
    fn repeats_and_bytes() {
        assert_eq!(written_as(r#"{repeat 2 {"a":}1{repeat 2 }}"#, Place::Json), r#"{"a":{"a":1}}"#);
        let template = Template::parse("a{byte FF}b").unwrap();
        assert_eq!(template.bytes(&Variables::new("", ""), Place::Plain).unwrap(), b"a\xffb");
    }

    #[test]
    fn mistakes_are_told() {
        assert_eq!(
            Template::parse("{a|loud}").unwrap_err(),
            "expected a filter (url, plus, raw, upper, lower, json), found `loud`"
        );
        assert!(Template::parse("{byte XY}").unwrap_err().contains("two hexadecimal digits"));
        assert!(Template::parse("{repeat many x}").unwrap_err().contains("{repeat N text}"));
        let unknown = Template::parse("{x}").unwrap().text(&Variables::new("", ""), Place::Plain);
        assert_eq!(unknown, Err(Unknown("x".to_owned())));
    }
}
