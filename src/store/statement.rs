//! Statements: kept in `sql/queries`, written as PostgreSQL writes them, found while compiling.
//!
//! Three things are spelled otherwise for SQLite: a list (`= ANY($n)`, or the table that `unnest` makes of one) is a JSON
//! array there, `strpos` is `instr`, and a row lock at the end is left out, since the one writer has every row.

use std::borrow::Cow;

/// One statement of a file under `sql/queries`.
#[derive(Debug, Clone, Copy)]
pub struct Statement {
    text: &'static str,
    /// Where a lock clause begins; the length of the text when there is none.
    lock: usize,
    /// Where a list stands, and how.
    list: Option<(usize, List)>,
    /// Whether it looks for a text in a text.
    searches: bool,
}

/// A way to use a list: before and after its parameter, for PostgreSQL and for SQLite.
#[derive(Debug, Clone, Copy)]
struct List {
    postgres: (&'static str, &'static str),
    sqlite: (&'static str, &'static str),
}

const LISTS: [List; 2] = [
    List { postgres: ("= ANY(", ")"), sqlite: ("IN (SELECT value FROM json_each(", "))") },
    List {
        postgres: ("unnest(", "::text[]) WITH ORDINALITY AS list (value, place)"),
        sqlite: ("(SELECT value, key AS place FROM json_each(", ")) AS list"),
    },
];

impl Statement {
    /// Finds `-- name: …` in a file's text. Meant for constants: a name that is not there does not compile.
    #[expect(clippy::panic, clippy::indexing_slicing, reason = "runs while compiling")]
    pub const fn named(file: &'static str, name: &str) -> Self {
        let (text, marker, name) = (file.as_bytes(), b"-- name: ", name.as_bytes());
        let mut at = 0;
        while at < text.len() {
            if matches_at(text, at, marker)
                && matches_at(text, at + marker.len(), name)
                && text[at + marker.len() + name.len()] == b'\n'
            {
                let start = at + marker.len() + name.len() + 1;
                let mut end = start;
                while end < text.len() && !matches_at(text, end, marker) {
                    end += 1;
                }
                return Self::new(file.split_at(end).0.split_at(start).1);
            }
            at += 1;
        }
        panic!("no statement by that name in the file");
    }

    #[expect(clippy::indexing_slicing, reason = "runs while compiling")]
    const fn new(text: &'static str) -> Self {
        let lock = min(
            min(find(text, "FOR UPDATE"), find(text, "FOR NO KEY UPDATE")),
            min(find(text, "FOR KEY SHARE"), find(text, "FOR SHARE")),
        );
        let mut list = None;
        let mut n = 0;
        while n < LISTS.len() {
            let at = find(text, LISTS[n].postgres.0);
            if at < text.len() {
                assert!(list.is_none(), "a statement has one list at most");
                list = Some((at, LISTS[n]));
            }
            n += 1;
        }
        Self { text, lock, list, searches: find(text, "strpos(") < text.len() }
    }

    /// The statement for PostgreSQL.
    pub fn for_postgres(self) -> &'static str {
        self.text
    }

    /// The statement for SQLite.
    pub fn for_sqlite(self) -> Cow<'static, str> {
        let (text, _) = self.text.split_at(self.lock);
        let spelled = |text: String| match self.searches {
            true => text.replace("strpos(", "instr("),
            false => text,
        };
        let Some((at, list)) = self.list else {
            return if self.searches { Cow::Owned(spelled(text.to_owned())) } else { Cow::Borrowed(text) };
        };
        let (before, rest) = text.split_at(at);
        let rest = rest.strip_prefix(list.postgres.0).unwrap_or(rest);
        let (parameter, after) = rest.split_once(list.postgres.1).unwrap_or((rest, ""));
        let (open, close) = list.sqlite;
        Cow::Owned(spelled(format!("{before}{open}{parameter}{close}{after}")))
    }
}

/// Where one text first stands in another; the other's length when it does not.
const fn find(text: &str, wanted: &str) -> usize {
    let mut at = 0;
    while at < text.len() && !matches_at(text.as_bytes(), at, wanted.as_bytes()) {
        at += 1;
    }
    at
}

const fn min(left: usize, right: usize) -> usize {
    if left < right { left } else { right }
}

#[expect(clippy::indexing_slicing, reason = "runs while compiling")]
const fn matches_at(text: &[u8], at: usize, wanted: &[u8]) -> bool {
    let mut n = 0;
    while n < wanted.len() {
        if at + n >= text.len() || text[at + n] != wanted[n] {
            return false;
        }
        n += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_ends_where_the_next_begins() {
        const FILE: &str = "-- name: a\nSELECT 1\n\n-- name: ab\nSELECT 2\n";
        const A: Statement = Statement::named(FILE, "a");
        const AB: Statement = Statement::named(FILE, "ab");

        assert_eq!((A.text.trim(), AB.text.trim()), ("SELECT 1", "SELECT 2"));
    }

    #[test]
    fn sqlite_reads_lists_from_json_and_needs_no_locks() {
        const FILE: &str = "-- name: some\nSELECT a FROM t WHERE a = ANY($2) AND b = $1\nORDER BY a FOR KEY SHARE OF t\n\
                            -- name: others\nDELETE FROM t WHERE b = $1\n\
                            -- name: table\nSELECT value FROM unnest($1::text[]) WITH ORDINALITY AS list (value, place)\n";
        const SOME: Statement = Statement::named(FILE, "some");
        const OTHERS: Statement = Statement::named(FILE, "others");

        assert_eq!(
            SOME.for_sqlite().trim(),
            "SELECT a FROM t WHERE a IN (SELECT value FROM json_each($2)) AND b = $1\nORDER BY a"
        );
        assert_eq!(OTHERS.for_sqlite().trim(), "DELETE FROM t WHERE b = $1");
        const TABLE: Statement = Statement::named(FILE, "table");
        assert_eq!(
            TABLE.for_sqlite().trim(),
            "SELECT value FROM (SELECT value, key AS place FROM json_each($1)) AS list"
        );
        assert!(SOME.for_postgres().contains("= ANY($2)"));
        const SOUGHT: &str = "-- name: sought\nSELECT a FROM t WHERE a = ANY($1) AND strpos(a, $2) > 0\n";
        assert_eq!(
            Statement::named(SOUGHT, "sought").for_sqlite().trim(),
            "SELECT a FROM t WHERE a IN (SELECT value FROM json_each($1)) AND instr(a, $2) > 0"
        );
    }
}
