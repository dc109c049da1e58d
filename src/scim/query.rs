//! The parameters of a query: RFC 7644 §3.4.2.

use super::{
    Error, ErrorKind, Quirks, Result,
    filter::{self, Predicate},
    page::Page,
    projection::Projection,
    schema::ResourceType,
    sort::{SortBy, SortOrder},
};

/// The parameters of a URL, decoded once. Names ignore case; unknown ones are ignored.
#[derive(Debug, Clone, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Decodes a query string as a form: `+` is a blank, `%2B` a plus.
    pub fn parse(query: &str) -> Self {
        Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
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

    /// Whether a filter is given, be it empty.
    pub fn has_filter(&self) -> bool {
        self.first("filter").is_some()
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
}

impl Query {
    /// Reads and binds the parameters; what is not understood is refused, never ignored.
    pub fn parse(
        parameters: &Parameters,
        resource_type: &'static ResourceType,
        quirks: &mut Quirks,
    ) -> Result<Self> {
        let filter = match parameters.all("filter").as_slice() {
            [] => None,
            [text] => {
                let parsed = filter::parse(text, quirks)?;
                let bound = filter::bind::bind(&parsed, resource_type, quirks);
                let named =
                    |error: Error| Error { detail: format!("filter, {}", error.detail).into(), ..error };
                Some(bound.map_err(named)?)
            }
            _ => return Err(ErrorKind::InvalidFilter.because("more than one filter is given")),
        };
        let order = parameters.first("sortOrder").filter(|text| !text.is_empty());
        let sort = match parameters.first("sortBy").filter(|text| !text.is_empty()) {
            Some(path) => {
                let order = order.map(SortOrder::parse).transpose()?.unwrap_or_default();
                Some(SortBy::parse(path, order, resource_type, quirks)?)
            }
            None => None, // an order without a key means nothing
        };
        Ok(Self {
            filter,
            sort,
            page: Page::parse(parameters.first("startIndex"), parameters.first("count"))?,
            projection: parameters.projection(resource_type, quirks)?,
        })
    }
}
