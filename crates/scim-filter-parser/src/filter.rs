//! What a text means: the syntax tree.

/// A well-formed filter. It knows no schema: whether the attributes exist and the values fit them is for
/// the caller to find out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// True where every part is true; two parts or more. A part that is an `And` itself stood in parentheses.
    And(Vec<Filter>),
    /// True where some part is true; two parts or more. A part that is an `Or` itself stood in parentheses.
    Or(Vec<Filter>),
    /// `not (…)`.
    Not(Box<Filter>),
    /// `title pr`.
    Present(AttrPath),
    /// `userName eq "bjensen"`.
    Compare(AttrPath, CompareOp, Value),
    /// `emails[type eq "work"]`: one element meets the whole inner filter, whose paths are plain names of
    /// sub-attributes and which holds no further `Any`.
    Any(AttrPath, Box<Filter>),
}

/// `[urn:…:]attribute[.subAttribute]`, spelled as the client spelled it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AttrPath {
    /// The text before the last colon; it starts with `urn:` in any case.
    pub urn: Option<String>,
    /// The name.
    pub attribute: String,
    /// The name after the dot.
    pub sub_attribute: Option<String>,
}

/// The path of a PATCH operation: `members`, `name.familyName`, `members[value eq "x"].display`.
///
/// A schema's URN is such a path too, and reads as one: `urn:…:2.0:User` has the urn `urn:…:2.0` and the
/// attribute `User`. Only who knows the schemas can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The attribute; in a path without brackets its sub-attribute is here.
    pub attribute: AttrPath,
    /// What stands in the brackets.
    pub filter: Option<Filter>,
    /// The name after the brackets; none where there are no brackets.
    pub sub_attribute: Option<String>,
}

/// The nine operators that compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater than.
    Gt,
    /// Greater than or equal to.
    Ge,
    /// Less than.
    Lt,
    /// Less than or equal to.
    Le,
}

impl CompareOp {
    /// Every operator with its keyword.
    pub const ALL: [(&'static str, Self); 9] = [
        ("eq", Self::Eq),
        ("ne", Self::Ne),
        ("co", Self::Co),
        ("sw", Self::Sw),
        ("ew", Self::Ew),
        ("gt", Self::Gt),
        ("ge", Self::Ge),
        ("lt", Self::Lt),
        ("le", Self::Le),
    ];

    /// The keyword in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, op)| *op == self).map_or("", |(keyword, _)| keyword)
    }
}

/// The right side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A JSON number, still as text: what it can hold is known once the attribute's type is.
    Number(String),
    /// A string, its escapes resolved.
    String(String),
}
