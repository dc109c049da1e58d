//! Subjects: where in an answer an expectation or a capture looks.

use std::borrow::Cow;

use serde_json::Value;

use super::matching::Json;
use super::template::{Place, Template, plain};
use super::variables::{Unknown, Variables};

/// What a step looked at: the answer with its body read once.
pub(super) struct Seen<'a> {
    /// The JSON of the body; None when the body is none.
    pub(super) json: Option<&'a Value>,
    /// The body as text.
    pub(super) body: Cow<'a, str>,
    /// The value of a header by name; several are joined by a comma and a blank.
    pub(super) header: &'a dyn Fn(&str) -> Option<String>,
    /// How long the answer took, in milliseconds.
    pub(super) ms: u64,
}

/// Where to look.
#[derive(Debug, PartialEq)]
pub(super) enum Subject {
    Json(Vec<Segment>),
    Header(String),
    Body,
    Ms,
}

/// One step of a path into JSON.
#[derive(Debug, PartialEq)]
pub(super) enum Segment {
    /// A member; names ignore case.
    Name(Template),
    /// An item of a list, counted from 0, from the end when negative.
    Index(i64),
    /// The first item of a list with this member equal to this text, case ignored.
    Pick(String, Template),
}

impl Subject {
    /// Reads the subject at the beginning of a line; answers what is left of the line.
    pub(super) fn parse(line: &str) -> Result<(Subject, &str), String> {
        if line.starts_with('.') {
            let (path, rest) = path(line)?;
            return Ok((Subject::Json(path), rest));
        }
        let (word, rest) = first_word(line);
        match word {
            "body" => Ok((Subject::Body, rest)),
            "ms" => Ok((Subject::Ms, rest)),
            "header" => match first_word(rest) {
                ("", _) => Err("expected the name of a header after `header`".to_owned()),
                (name, rest) => Ok((Subject::Header(name.to_owned()), rest)),
            },
            _ => Err(format!(
                "expected `.path`, `header Name`, `body`, `ms` or `name := subject`, found `{line}`"
            )),
        }
    }

    /// Whether it looks into the body.
    pub(super) fn is_of_body(&self) -> bool {
        matches!(self, Subject::Json(_) | Subject::Body)
    }

    /// The texts in it that hold variables.
    pub(super) fn templates(&self) -> impl Iterator<Item = &Template> {
        let segments = match self {
            Subject::Json(path) => path.as_slice(),
            _ => &[],
        };
        segments.iter().filter_map(|segment| match segment {
            Segment::Name(text) | Segment::Pick(_, text) => Some(text),
            Segment::Index(_) => None,
        })
    }

    /// What is there; None when nothing is.
    pub(super) fn of<'a>(
        &self,
        seen: &Seen<'a>,
        variables: &Variables,
    ) -> Result<Option<Cow<'a, Value>>, Unknown> {
        Ok(match self {
            Subject::Json(path) => resolve(seen.json, path, variables)?.map(Cow::Borrowed),
            Subject::Header(name) => (seen.header)(name).map(|text| Cow::Owned(text.into())),
            Subject::Body => Some(Cow::Owned(seen.body.as_ref().into())),
            Subject::Ms => Some(Cow::Owned(seen.ms.into())),
        })
    }
}

/// Splits off the first word; the rest has no blanks around it.
pub(super) fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim()),
        None => (text, ""),
    }
}

/// Reads a path such as `.emails[type=work].value`, up to the first blank outside brackets.
fn path(line: &str) -> Result<(Vec<Segment>, &str), String> {
    let mut segments = Vec::new();
    let mut rest = line;
    loop {
        if let Some(inside) = rest.strip_prefix('[') {
            let (segment, after) = bracket(inside)?;
            segments.push(segment);
            rest = after;
        } else if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(|c: char| c == '.' || c == '[' || c.is_whitespace()).unwrap_or(after.len());
            let (name, left) = after.split_at_checked(end).unwrap_or((after, ""));
            // `.` alone is the whole answer, and a name in brackets follows its dot.
            if !name.is_empty() {
                segments.push(Segment::Name(Template::parse(name)?));
            } else if left.starts_with('.') {
                return Err(format!("expected a name after `.`, found `{left}`"));
            }
            rest = left;
        } else if rest.is_empty() || rest.starts_with(char::is_whitespace) {
            return Ok((segments, rest.trim()));
        } else {
            return Err(format!("expected `.` or `[` in a path, found `{rest}`"));
        }
    }
}

/// Reads what follows `[`: an index, a quoted name, or `name=value`.
fn bracket(inside: &str) -> Result<(Segment, &str), String> {
    if let Some((name, after)) = quoted(inside)? {
        let after = closed(after)?;
        return Ok((Segment::Name(Template::parse(name)?), after));
    }
    let wrong = || format!("expected `[0]`, `[name=value]` or `['name']`, found `[{inside}`");
    let end = inside.find(['=', ']']).ok_or_else(wrong)?;
    let (name, rest) = inside.split_at_checked(end).ok_or_else(wrong)?;
    if let Some(after) = rest.strip_prefix(']') {
        let index = name.trim().parse().map_err(|_| wrong())?;
        return Ok((Segment::Index(index), after));
    }
    let value = rest.strip_prefix('=').unwrap_or(rest);
    let (value, after) = match quoted(value)? {
        Some((value, after)) => (value, closed(after)?),
        None => value.split_once(']').ok_or_else(wrong)?,
    };
    Ok((Segment::Pick(name.trim().to_owned(), Template::parse(value)?), after))
}

/// A text in single or double quotes at the beginning, and what follows it.
fn quoted(text: &str) -> Result<Option<(&str, &str)>, String> {
    let Some(quote) = text.chars().next().filter(|c| *c == '\'' || *c == '"') else { return Ok(None) };
    let rest = text.strip_prefix(quote).unwrap_or(text);
    match rest.split_once(quote) {
        Some(found) => Ok(Some(found)),
        None => Err(format!("expected a closing {quote} after `{rest}`")),
    }
}

fn closed(text: &str) -> Result<&str, String> {
    text.strip_prefix(']').ok_or_else(|| format!("expected `]`, found `{text}`"))
}

fn resolve<'a>(
    json: Option<&'a Value>,
    path: &[Segment],
    variables: &Variables,
) -> Result<Option<&'a Value>, Unknown> {
    let mut at = json;
    for segment in path {
        let Some(here) = at else { return Ok(None) };
        at = match segment {
            Segment::Name(name) => here.member(&name.text(variables, Place::Plain)?),
            Segment::Index(index) => here.item(*index),
            Segment::Pick(name, text) => {
                let text = text.text(variables, Place::Plain)?.to_lowercase();
                let picked = |item: &&Value| {
                    item.member(name).is_some_and(|value| plain(value).to_lowercase() == text)
                };
                here.as_array().and_then(|items| items.iter().find(picked))
            }
        };
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(subject: &str) -> Option<Value> {
        let json = json!({
            "emails": [{"type": "home", "value": "h"}, {"type": "Work", "value": "w", "primary": true}],
            "urn:x:2.0:User": {"manager": {"$ref": "../1"}},
            "odd]name": 1,
        });
        let header = |name: &str| (name == "ETag").then(|| "W/\"1\"".to_owned());
        let seen = Seen { json: Some(&json), body: "text".into(), header: &header, ms: 7 };
        let mut variables = Variables::new("", "");
        variables.set("kind", json!("work"));
        let (subject, rest) = Subject::parse(subject).unwrap();
        assert_eq!(rest, "", "nothing is left over");
        subject.of(&seen, &variables).unwrap().map(Cow::into_owned)
    }

    #[test]
    fn paths_lead_into_json() {
        assert_eq!(found(".emails[0].value"), Some(json!("h")));
        assert_eq!(found(".EMAILS[-1].Value"), Some(json!("w")));
        assert_eq!(found(".emails[type=work].value"), Some(json!("w")));
        assert_eq!(found(".emails[type=\"{kind}\"].value"), Some(json!("w")));
        assert_eq!(found(".emails[primary=true].value"), Some(json!("w")));
        assert_eq!(found(".['urn:x:2.0:User'].manager.$ref"), Some(json!("../1")));
        assert_eq!(found(".[\"odd]name\"]"), Some(json!(1)));
        assert_eq!(found(".emails[type=other].value"), None);
        assert_eq!(found(".emails.value"), None);
        assert_eq!(found(".").map(|all| all.is_object()), Some(true));
    }

    #[test]
    fn the_other_subjects() {
        assert_eq!(found("header ETag"), Some(json!("W/\"1\"")));
        assert_eq!(found("header Allow"), None);
        assert_eq!(found("body"), Some(json!("text")));
        assert_eq!(found("ms"), Some(json!(7)));
    }

    #[test]
    fn mistakes_are_told() {
        let wrong = |text: &str| Subject::parse(text).unwrap_err();

        assert!(wrong(".a[x]").contains("expected `[0]`, `[name=value]` or `['name']`"));
        assert!(wrong(".a['x").contains("expected a closing '"));
        assert!(wrong(".a[0]b").contains("expected `.` or `[` in a path"));
        assert!(wrong(".a..b").contains("expected a name after `.`"));
        assert!(wrong("header").contains("expected the name of a header"));
    }
}
