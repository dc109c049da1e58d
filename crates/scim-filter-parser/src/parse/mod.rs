//! A descent through the grammar of RFC 7644, figures 1 and 7. Each function is one production, quoted above
//! it, and reads it from the cursor on; nothing is ever read twice but the word that decides.

mod cursor;
mod value;

use crate::{AttrPath, CompareOp, Dialect, Error, Filter, Limits, Parsed, Path, Slack};

type Result<T> = std::result::Result<T, Error>;

const OPERATOR: &str = "an operator such as `eq`, `co` or `pr`";
const SPELLED_NAME: &str = "an attribute name (a letter or `$`, then letters, digits, `-`, `_` or `$`)";

pub(crate) struct Parser<'t> {
    text: &'t str,
    /// "filter" or "path": what an error calls the text.
    noun: &'static str,
    /// The cursor, a byte offset on a character's boundary.
    at: usize,
    dialect: Dialect,
    limits: Limits,
    slack: Vec<Slack>,
    depth: usize,
    n_terms: usize,
    is_in_brackets: bool,
}

impl<'t> Parser<'t> {
    pub(crate) fn new(text: &'t str, noun: &'static str, dialect: Dialect, limits: Limits) -> Result<Self> {
        if text.len() > limits.max_length {
            let expected = format!("a {noun} of at most {} bytes", limits.max_length);
            let at = text.floor_char_boundary(limits.max_length);
            return Err(Error::new(text, at, expected, format!("{} bytes", text.len())));
        }
        let (at, depth, n_terms) = (0, 0, 0);
        Ok(Self { text, noun, at, dialect, limits, slack: Vec::new(), depth, n_terms, is_in_brackets: false })
    }

    /// Reads the text from end to end as a filter.
    pub(crate) fn whole_filter(mut self) -> Result<Parsed<Filter>> {
        self.skip_padding();
        let value = self.filter()?;
        self.skip_padding();
        if !self.rest().is_empty() {
            return Err(self.unexpected_after_term("the end of the filter"));
        }
        Ok(Parsed { value, slack: self.slack })
    }

    /// Reads the text from end to end as the path of a PATCH operation.
    pub(crate) fn whole_path(mut self) -> Result<Parsed<Path>> {
        self.skip_padding();
        let value = self.path()?;
        self.skip_padding();
        if !self.rest().is_empty() {
            return Err(self.expected("the end of the path"));
        }
        Ok(Parsed { value, slack: self.slack })
    }

    // filter = andExp *( SP "or" SP andExp )
    fn filter(&mut self) -> Result<Filter> {
        self.chain("or", Self::conjunction, Filter::Or)
    }

    // andExp = term *( SP "and" SP term )
    fn conjunction(&mut self) -> Result<Filter> {
        self.chain("and", Self::term, Filter::And)
    }

    fn chain(
        &mut self,
        keyword: &str,
        read_part: fn(&mut Self) -> Result<Filter>,
        join: fn(Vec<Filter>) -> Filter,
    ) -> Result<Filter> {
        let mut parts = Vec::new();
        loop {
            let part = read_part(self)?;
            let has_more = self.take_connective(keyword)?;
            if parts.is_empty() && !has_more {
                return Ok(part);
            }
            parts.push(part);
            if !has_more {
                return Ok(join(parts));
            }
        }
    }

    // term = "not" *1SP "(" filter ")" / "(" filter ")" / valuePath / attrExp
    fn term(&mut self) -> Result<Filter> {
        if self.stands_at('(') {
            self.nested(')')
        } else if self.take_not() {
            self.nested(')').map(Box::new).map(Filter::Not)
        } else {
            self.attribute_term()
        }
    }

    /// A filter in parentheses or brackets; the cursor is on the opening one.
    fn nested(&mut self, close: char) -> Result<Filter> {
        self.open()?;
        let inner = self.filter()?;
        self.close(close)?;
        Ok(inner)
    }

    fn open(&mut self) -> Result<()> {
        if self.depth == self.limits.max_depth {
            let expected = format!("at most {} open parentheses and brackets", self.limits.max_depth);
            return Err(self.one_too_many(expected));
        }
        self.depth += 1;
        self.at += 1;
        self.skip_padding();
        Ok(())
    }

    fn close(&mut self, close: char) -> Result<()> {
        self.skip_padding();
        if !self.stands_at(close) {
            return Err(self.unexpected_after_term(&format!("`{close}`")));
        }
        self.at += 1;
        self.depth -= 1;
        Ok(())
    }

    // valuePath / attrExp
    fn attribute_term(&mut self) -> Result<Filter> {
        if self.word().is_empty() {
            return Err(self.expected("an attribute name, `not` or `(`"));
        }
        let path = self.attr_path()?;
        if self.stands_at('[') { self.value_path(path) } else { self.expression(path) }
    }

    // valuePath = attrPath "[" filter "]"
    fn value_path(&mut self, path: AttrPath) -> Result<Filter> {
        let inner = self.in_brackets()?;
        if !self.stands_at('.') {
            return Ok(Filter::Any(path, Box::new(inner)));
        }
        // Not in the RFC: a comparison of the same element's sub-attribute behind the brackets.
        self.lean_on(Slack::ValuePathTail, "nothing but `and` or `or` behind brackets")?;
        let sub_attribute = self.sub_attribute()?;
        let tail = self.expression(AttrPath { urn: None, attribute: sub_attribute, sub_attribute: None })?;
        let both = match inner {
            Filter::And(mut parts) => {
                parts.push(tail);
                parts
            }
            other => vec![other, tail],
        };
        Ok(Filter::Any(path, Box::new(Filter::And(both))))
    }

    /// The filter of a value path; the cursor is on its `[`.
    fn in_brackets(&mut self) -> Result<Filter> {
        if self.is_in_brackets {
            return Err(self.expected("no brackets inside brackets"));
        }
        self.is_in_brackets = true;
        let inner = self.nested(']')?;
        self.is_in_brackets = false;
        Ok(inner)
    }

    // attrExp = attrPath SP "pr" / attrPath SP compareOp SP compValue
    fn expression(&mut self, path: AttrPath) -> Result<Filter> {
        if self.n_terms == self.limits.max_terms {
            let expected = format!("at most {} comparisons", self.limits.max_terms);
            return Err(self.one_too_many(expected));
        }
        self.n_terms += 1;
        if !self.take_gap() {
            return Err(self.expected(OPERATOR));
        }
        let word = self.word();
        if word.eq_ignore_ascii_case("pr") {
            self.at += word.len();
            return Ok(Filter::Present(path));
        }
        let Some((_, op)) = CompareOp::ALL.iter().find(|(keyword, _)| word.eq_ignore_ascii_case(keyword))
        else {
            return Err(self.expected(OPERATOR));
        };
        self.at += word.len();
        if !self.take_gap() && self.rest().starts_with(['"', '\'']) {
            self.lean_on(Slack::Spacing, "a space")?;
        }
        Ok(Filter::Compare(path, *op, self.value()?))
    }

    // attrPath = [URI ":"] ATTRNAME *1("." ATTRNAME)
    fn attr_path(&mut self) -> Result<AttrPath> {
        let word = self.word();
        if self.is_in_brackets && word.contains([':', '.']) {
            return Err(self.expected("the plain name of a sub-attribute inside brackets"));
        }
        // A URN may hold dots, so it goes first.
        let (urn, names) = match word.rsplit_once(':') {
            None => (None, word),
            Some((urn, names)) if is_urn(urn) => (Some(urn.to_owned()), names),
            Some(_) => return Err(self.expected("a URN (`urn:…`) before the colon")),
        };
        self.at += word.len() - names.len();
        let attribute = self.name()?;
        let sub_attribute = if self.stands_at('.') { Some(self.sub_attribute()?) } else { None };
        Ok(AttrPath { urn, attribute, sub_attribute })
    }

    // "." ATTRNAME
    fn sub_attribute(&mut self) -> Result<String> {
        self.at += 1;
        let name = self.name()?;
        if self.stands_at('.') {
            return Err(self.expected("at most one sub-attribute"));
        }
        Ok(name)
    }

    // ATTRNAME = ( ALPHA / "$" ) *( ALPHA / DIGIT / "-" / "_" / "$" )
    fn name(&mut self) -> Result<String> {
        let word = self.word();
        let name = word.split_once('.').map_or(word, |(name, _)| name);
        if !is_name(name) {
            return Err(self.expected(if word.is_empty() { "an attribute name" } else { SPELLED_NAME }));
        }
        self.at += name.len();
        Ok(name.to_owned())
    }

    // PATH = attrPath / valuePath [ "." ATTRNAME ]
    fn path(&mut self) -> Result<Path> {
        let attribute = self.attr_path()?;
        if !self.stands_at('[') {
            return Ok(Path { attribute, filter: None, sub_attribute: None });
        }
        let filter = Some(self.in_brackets()?);
        let sub_attribute = if self.stands_at('.') { Some(self.sub_attribute()?) } else { None };
        Ok(Path { attribute, filter, sub_attribute })
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '$')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_$".contains(&b))
}

/// RFC 8141's characters without quotes and parentheses, which no schema's URN needs.
fn is_urn(text: &str) -> bool {
    let scheme_is_urn = text.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("urn:"));
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&*+,;=:@/%".contains(&b);
    scheme_is_urn && !text.ends_with(':') && text.bytes().all(is_allowed)
}
