//! The parameters of a query: RFC 7644 §3.4.2.

use super::{
    Error, ErrorKind, Quirks, Result,
    filter::{self, Predicate},
    page::{Page, Sizes},
    path::locate,
    projection::Projection,
    schema::ResourceType,
    sort::{SortBy, SortOrder},
    urn,
};
use scim_filter_parser::{CompareOp, Filter, Value as Literal};
use serde_json::{Map, Value};

/// The parameters of a URL, decoded once. Names ignore case; unknown ones are ignored.
#[derive(Debug, Clone, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Decodes a query string as a form: `+` is a blank, `%2B` a plus.
    pub fn parse(query: &str) -> Self {
        Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The same from a SearchRequest (RFC 7644 §3.4.3): numbers are numbers there, and lists are lists.
    pub fn of_search(body: &Map<String, Value>) -> Result<Self> {
        let is_search =
            |value: &Value| value.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(urn::SEARCH_REQUEST));
        let schemas =
            body.iter().find(|(name, _)| name.eq_ignore_ascii_case("schemas")).map(|(_, value)| value);
        if !schemas.and_then(Value::as_array).is_some_and(|schemas| schemas.iter().any(is_search)) {
            let detail = format!("schemas must hold {}", urn::SEARCH_REQUEST);
            return Err(ErrorKind::InvalidSyntax.because(detail));
        }
        let mut found = Vec::new();
        for (name, value) in body.iter().filter(|(_, value)| !value.is_null()) {
            let expected = |what: &str| ErrorKind::InvalidSyntax.because(format!("{name} must be {what}"));
            match name.to_ascii_lowercase().as_str() {
                "attributes" | "excludedattributes" => {
                    let names = match value {
                        Value::Array(names) => names.iter().map(Value::as_str).collect(),
                        Value::String(names) => Some(vec![names.as_str()]),
                        _ => None,
                    };
                    let names = names.ok_or_else(|| expected("a list of names"))?;
                    found.extend(names.into_iter().map(|value| (name.clone(), value.to_owned())));
                }
                "filter" | "sortby" | "sortorder" | "cursor" => {
                    let text = value.as_str().ok_or_else(|| expected("a text"))?;
                    found.push((name.clone(), text.to_owned()));
                }
                "startindex" | "count" => {
                    let number = value.as_i64().ok_or_else(|| expected("a whole number"))?;
                    found.push((name.clone(), number.to_string()));
                }
                _ => {}
            }
        }
        Ok(Self(found))
    }

    fn all(&self, name: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.clone())
            .collect()
    }

    fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter says `true`; one that says neither `true` nor `false` is refused.
    pub fn is_true(&self, name: &str) -> Result<bool> {
        match self.first(name) {
            None => Ok(false),
            Some(value) if value.eq_ignore_ascii_case("true") => Ok(true),
            Some(value) if value.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(ErrorKind::InvalidValue.because(format!("{name} must be `true` or `false`"))),
        }
    }

    /// Whether `attributes` names this schema or something of it.
    pub fn asks_for(&self, urn: &str) -> bool {
        let begins = |name: &str| name.trim().get(..urn.len()).is_some_and(|it| it.eq_ignore_ascii_case(urn));
        self.all("attributes").iter().any(|names| names.split(',').any(begins))
    }

    /// Whether a filter is given, be it empty.
    pub fn has_filter(&self) -> bool {
        self.first("filter").is_some()
    }

    fn parsed_filter(&self, quirks: &mut Quirks) -> Result<Option<Filter>> {
        match self.all("filter").as_slice() {
            [] => Ok(None),
            [text] => filter::parse(text, quirks).map(Some),
            _ => Err(ErrorKind::InvalidFilter.because("more than one filter is given")),
        }
    }

    /// an order without a key means nothing.
    fn sort(&self, resource_type: &'static ResourceType, quirks: &mut Quirks) -> Result<Option<SortBy>> {
        let given = |name| self.first(name).filter(|text| !text.is_empty());
        let order = given("sortOrder").map(SortOrder::parse).transpose()?.unwrap_or_default();
        let Some(path) = given("sortBy") else { return Ok(None) };
        SortBy::parse(path, order, resource_type, quirks).map(Some)
    }

    /// The slice of a list. With a cursor `startIndex` means nothing, and a bad `count` has a name of its
    /// own.
    fn page(&self, sizes: Sizes) -> Result<Page> {
        let (start_index, count) = (self.first("startIndex"), self.first("count"));
        if self.first("cursor").is_none() {
            return Page::parse(start_index, count, sizes);
        }
        if start_index.is_some() {
            return Err(ErrorKind::InvalidValue.because("cursor and startIndex exclude each other"));
        }
        Page::parse(None, count, sizes).map_err(|error| Error { kind: ErrorKind::InvalidCount, ..error })
    }

    /// The cursor, and what it belongs to.
    fn cursor(&self, of: &str) -> Option<Cursor> {
        let text = self.first("cursor")?.to_owned();
        let others = self.0.iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
        let mut others: Vec<_> =
            others.filter(|(name, _)| !["cursor", "count"].contains(&name.as_str())).collect();
        others.sort();
        Some(Cursor { text, query: format!("{of} {others:?}") })
    }

    /// What the answer shall hold.
    pub fn projection(
        &self,
        resource_type: &'static ResourceType,
        quirks: &mut Quirks,
    ) -> Result<Projection> {
        Projection::parse(&self.all("attributes"), &self.all("excludedAttributes"), resource_type, quirks)
    }
}

/// A query of one resource type, ready to run.
#[derive(Debug, Clone)]
pub struct Query {
    /// Which resources; all when absent.
    pub filter: Option<Predicate>,
    /// In which order; by creation when absent.
    pub sort: Option<SortBy>,
    /// Which slice.
    pub page: Page,
    /// Which attributes.
    pub projection: Projection,
    /// Where to go on, when pages are asked for by cursor (RFC 9865); empty for the first one.
    pub cursor: Option<Cursor>,
}

/// A place in a list, as a client has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The cursor; empty before the first page.
    pub text: String,
    /// Everything else that was asked for, but the size of the page: it must stay the same.
    pub query: String,
}

impl Query {
    /// Reads and binds the parameters; what is not understood is refused, never ignored.
    pub fn parse(
        parameters: &Parameters,
        resource_type: &'static ResourceType,
        quirks: &mut Quirks,
    ) -> Result<Self> {
        Ok(Self {
            filter: match parameters.parsed_filter(quirks)? {
                Some(filter) => Some(bound(&filter, resource_type, quirks)?),
                None => None,
            },
            sort: parameters.sort(resource_type, quirks)?,
            page: parameters.page(resource_type.page_sizes())?,
            projection: parameters.projection(resource_type, quirks)?,
            cursor: parameters.cursor(resource_type.name),
        })
    }

    /// The same for a query of several types, a query each (RFC 7644 §3.4.2.1). An attribute that one of them lacks
    /// has no value there; one that all of them lack is refused.
    pub fn parse_each<const N: usize>(
        parameters: &Parameters,
        types: [&'static ResourceType; N],
        quirks: &mut Quirks,
    ) -> Result<[Self; N]> {
        let sizes = types.first().map_or(Sizes::STANDARD, |resource_type| resource_type.page_sizes());
        let page = parameters.page(sizes)?;
        let filter = parameters.parsed_filter(quirks)?;
        if let Some(filter) = &filter {
            check_known(filter, &types, quirks)?;
        }
        let sorts = types.map(|resource_type| parameters.sort(resource_type, quirks));
        if sorts.iter().all(Result::is_err)
            && let Some(Err(error)) = sorts.first()
        {
            return Err(error.clone());
        }
        let mut queries = Vec::with_capacity(N);
        for (resource_type, sort) in types.into_iter().zip(sorts) {
            let filter = filter.as_ref().map(|filter| without_unknown(filter, resource_type, quirks));
            queries.push(Self {
                filter: filter.map(|filter| bound(&filter, resource_type, quirks)).transpose()?,
                sort: sort.unwrap_or_default(),
                page,
                projection: parameters.projection(resource_type, quirks)?,
                cursor: parameters.cursor(""),
            });
        }
        queries.try_into().map_err(|_| ErrorKind::InvalidValue.because("a query for each type"))
    }
}

fn bound(filter: &Filter, resource_type: &'static ResourceType, quirks: &mut Quirks) -> Result<Predicate> {
    let named = |error: Error| Error { detail: format!("filter, {}", error.detail).into(), ..error };
    filter::bind::bind(filter, resource_type, quirks).map_err(named)
}

/// Refuses a filter with a path that none of the types has.
fn check_known(filter: &Filter, types: &[&'static ResourceType], quirks: &mut Quirks) -> Result<()> {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => {
            parts.iter().try_for_each(|part| check_known(part, types, quirks))
        }
        Filter::Not(part) => check_known(part, types, quirks),
        Filter::Present(path) | Filter::Compare(path, ..) | Filter::Any(path, _) => {
            let is_known = types.iter().any(|resource_type| locate(resource_type, path, quirks).is_some());
            match types.first() {
                Some(first) if !is_known => bound(filter, first, quirks).map(drop),
                _ => Ok(()),
            }
        }
    }
}

/// What a filter means where the type lacks some of its attributes: they have no value.
fn without_unknown(filter: &Filter, resource_type: &'static ResourceType, quirks: &mut Quirks) -> Filter {
    let mut all = |parts: &[Filter]| -> Vec<Filter> {
        parts.iter().map(|part| without_unknown(part, resource_type, quirks)).collect()
    };
    let (always, never) = (Filter::And(Vec::new()), Filter::Or(Vec::new()));
    match filter {
        Filter::And(parts) => Filter::And(all(parts)),
        Filter::Or(parts) => Filter::Or(all(parts)),
        Filter::Not(part) => Filter::Not(Box::new(without_unknown(part, resource_type, quirks))),
        Filter::Present(path) | Filter::Compare(path, ..) | Filter::Any(path, _)
            if locate(resource_type, path, quirks).is_some() =>
        {
            filter.clone()
        }
        // no value differs from any value, and equals null
        Filter::Compare(_, CompareOp::Eq, Literal::Null) => always,
        Filter::Compare(_, CompareOp::Ne, value) if *value != Literal::Null => always,
        _ => never,
    }
}
