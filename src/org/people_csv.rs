//! People as a table of CSV (RFC 4180), for spreadsheets and for carrying them over (W-036).

use super::{refusal::nearest, role::OrganizationRole, seat::Seat};
use csv::{ReaderBuilder, StringRecord, WriterBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The columns of an export, in their order.
pub const COLUMNS: [&str; 14] = [
    "username",
    "display_name",
    "email",
    "status",
    "org_role",
    "models_seat",
    "teams",
    "last_active_at",
    "days_active",
    "created_at",
    "invited_by",
    "source",
    "other_emails",
    "external_id",
];

/// Why a row of a table is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ImportProblem")]
pub struct Problem {
    /// The line of the text that the row begins on; the first is 1.
    pub line: u64,
    /// The column; null where it is about the row as a whole.
    pub column: Option<String>,
    /// What was expected and what was found.
    pub reason: String,
}

/// A row of a table that can be taken. What the table does not say is `None`, and stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line it begins on.
    pub line: u64,
    /// The user name.
    pub user_name: String,
    /// The name to show.
    pub display_name: Option<String>,
    /// E-mail addresses, the preferred one first.
    pub emails: Vec<String>,
    /// Whether the person may sign in.
    pub active: Option<bool>,
    /// The role in the organization.
    pub role: Option<OrganizationRole>,
    /// The seat.
    pub seat: Option<Seat>,
    /// Teams by name, with the name of the role there.
    pub teams: Vec<(String, String)>,
    /// What the person is called by whoever provisions them.
    pub external_id: Option<String>,
}

/// A line of a table, with its line feed. A cell that a spreadsheet would take for a formula is made harmless by an
/// apostrophe before it, which reading takes away.
pub fn line(cells: &[String]) -> String {
    let mut writer = WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // writing into memory does not fail
    let _ = writer.write_record(cells.iter().map(|cell| guarded(cell)));
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

fn begins_formula(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

fn guarded(cell: &str) -> String {
    if begins_formula(cell) { format!("'{cell}") } else { cell.to_owned() }
}

fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(inner) if begins_formula(inner) => inner,
        _ => cell,
    }
}

/// Teams with roles in one cell: `vision=admin;audio=member`. A backslash stands before a sign that is part of a name.
pub fn teams_cell<'t>(teams: impl Iterator<Item = (&'t str, &'t str)>) -> String {
    let escaped = |name: &str| name.replace('\\', "\\\\").replace(';', "\\;").replace('=', "\\=");
    teams.map(|(team, role)| format!("{}={}", escaped(team), escaped(role))).collect::<Vec<_>>().join(";")
}

fn read_teams(cell: &str) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    let (mut parts, mut part) = (Vec::new(), String::new());
    let mut letters = cell.chars();
    loop {
        match letters.next() {
            Some('\\') => part.extend(letters.next()),
            Some('=') => parts.push(std::mem::take(&mut part)),
            end @ (Some(';') | None) => {
                parts.push(std::mem::take(&mut part));
                match std::mem::take(&mut parts).as_slice() {
                    [nothing] if nothing.trim().is_empty() => {}
                    [team] => found.push((team.trim().to_owned(), "member".to_owned())),
                    [team, role] => found.push((team.trim().to_owned(), role.trim().to_owned())),
                    _ => return Err(format!("expected TEAM=ROLE;TEAM=ROLE, found {cell}")),
                }
                if end.is_none() {
                    return Ok(found);
                }
            }
            Some(letter) => part.push(letter),
        }
    }
}

/// Reads a table: its rows, and everything that is wrong with others. Columns stand in any order; `username` must be there,
/// and what is no column is told which is nearest.
pub fn read(text: &str) -> (Vec<Row>, Vec<Problem>) {
    let mut reader =
        ReaderBuilder::new().flexible(true).trim(csv::Trim::Headers).from_reader(text.as_bytes());
    let whole = |line: u64, reason: String| Problem { line, column: None, reason };
    let headers = match reader.headers() {
        Ok(headers) => headers.clone(),
        Err(error) => return (Vec::new(), vec![whole(1, error.to_string())]),
    };
    if let Some(odd) = headers.iter().find(|name| !COLUMNS.contains(name)) {
        let near = nearest(odd, COLUMNS).map_or(String::new(), |near| format!("; the nearest is {near}"));
        return (Vec::new(), vec![whole(1, format!("there is no column {odd:?}{near}"))]);
    }
    if !headers.iter().any(|name| name == "username") {
        return (Vec::new(), vec![whole(1, "expected a column username, found none".to_owned())]);
    }
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for record in reader.records() {
        match record {
            Ok(record) => match row(&headers, &record, line_of(record.position(), text)) {
                Ok(row) => rows.push(row),
                Err(wrong) => problems.extend(wrong),
            },
            Err(error) => {
                let line = line_of(error.position(), text);
                problems.push(whole(line, error.to_string()));
            }
        }
    }
    (rows, problems)
}

/// The line that a record begins on. Where lines end in CR LF its place is told before the LF of the line before.
fn line_of(position: Option<&csv::Position>, text: &str) -> u64 {
    let Some(position) = position else { return 0 };
    let at = usize::try_from(position.byte()).ok().and_then(|at| text.as_bytes().get(at));
    position.line() + u64::from(at == Some(&b'\n'))
}

fn row(headers: &StringRecord, record: &StringRecord, line: u64) -> Result<Row, Vec<Problem>> {
    let mut problems = Vec::new();
    if record.len() != headers.len() {
        let reason = format!("expected {} cells, found {}", headers.len(), record.len());
        return Err(vec![Problem { line, column: None, reason }]);
    }
    let cell = |name: &str| {
        let found = headers.iter().position(|header| header == name).and_then(|n| record.get(n));
        found.map(unguarded).map(str::trim).filter(|cell| !cell.is_empty())
    };
    let mut wrong = |column: &str, reason: String| {
        problems.push(Problem { line, column: Some(column.to_owned()), reason });
    };
    let active = match cell("status").map(str::to_ascii_lowercase).as_deref() {
        None => None,
        Some("active") => Some(true),
        Some("deactivated") => Some(false),
        Some(other) => {
            wrong("status", format!("expected active or deactivated, found {other}"));
            None
        }
    };
    let role = cell("org_role").map(|word| word.to_ascii_lowercase().parse()).transpose();
    let role = role.unwrap_or_else(|reason| {
        wrong("org_role", reason);
        None
    });
    let seat = cell("models_seat").map(|word| word.to_ascii_lowercase().parse()).transpose();
    let seat = seat.unwrap_or_else(|reason| {
        wrong("models_seat", reason);
        None
    });
    let teams = read_teams(cell("teams").unwrap_or_default()).unwrap_or_else(|reason| {
        wrong("teams", reason);
        Vec::new()
    });
    let user_name = cell("username").unwrap_or_default().to_owned();
    if user_name.is_empty() {
        wrong("username", "expected a user name, found none".to_owned());
    }
    let others = cell("other_emails").into_iter().flat_map(|cell| cell.split(';'));
    let emails = cell("email").into_iter().chain(others.map(str::trim).filter(|it| !it.is_empty()));
    let row = Row {
        line,
        user_name,
        display_name: cell("display_name").map(str::to_owned),
        emails: emails.map(str::to_owned).collect(),
        active,
        role,
        seat,
        teams,
        external_id: cell("external_id").map(str::to_owned),
    };
    if problems.is_empty() { Ok(row) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_made_harmless_and_comes_back_as_it_was() {
        for cell in ["=1+1", "+49 123", "-x", "@me", "'=x", "''+", "plain", "it's", "a,\"b\"\nc", "\u{e4}"] {
            let written = line(&[cell.to_owned()]);
            let text = format!("username\r\n{written}");
            let first = written.trim_start_matches('"').chars().next().unwrap();
            assert!(!"=+-@".contains(first), "{written}");
            let (rows, problems) = read(&text);
            assert_eq!((rows[0].user_name.as_str(), problems), (cell, Vec::new()), "{written}");
        }
    }

    #[test]
    fn teams_and_roles_keep_their_names() {
        let teams = [("vision", "admin"), ("a;b=c\\d", "Run janitor"), ("x", "member")];
        let owned = teams.map(|(team, role)| (team.to_owned(), role.to_owned()));

        assert_eq!(read_teams(&teams_cell(teams.into_iter())), Ok(owned.to_vec()));
        assert_eq!(
            read_teams("vision; audio=viewer;"),
            Ok(vec![("vision".to_owned(), "member".to_owned()), ("audio".to_owned(), "viewer".to_owned()),])
        );
        assert!(read_teams("a=b=c").is_err());
    }

    #[test]
    fn a_row_that_is_wrong_is_told_by_line_column_and_reason() {
        let text =
            "username,status,org_role,models_seat\nada,active,admin,full\n,gone,boss,half\neve,active\n";

        let (rows, problems) = read(text);

        assert_eq!((rows.len(), rows[0].line, rows[0].role), (1, 2, Some(OrganizationRole::Admin)));
        let told: Vec<(u64, Option<&str>)> =
            problems.iter().map(|it| (it.line, it.column.as_deref())).collect();
        let columns = ["status", "org_role", "models_seat", "username"];
        let wanted: Vec<_> = columns.map(|name| (3, Some(name))).into_iter().chain([(4, None)]).collect();
        assert_eq!(told, wanted);
        assert_eq!(read(&text.replace('\n', "\r\n")).1, problems, "as browsers and spreadsheets end lines");
        assert!(read("user_name\nada").1[0].reason.contains("the nearest is username"));
        assert!(read("email\na@x.example").1[0].reason.contains("expected a column username"));
    }
}
