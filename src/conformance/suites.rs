//! The suites that are part of the program.

use std::collections::HashMap;

use super::case::Case;
use super::text::{FormatError, parse};

/// One line for each file: its name and its text.
macro_rules! suites {
    ($($file:literal),* $(,)?) => {
        [$((concat!("conformance/", $file), include_str!(concat!("../../conformance/", $file)))),*]
    };
}

/// Every suite, in the order in which they are played.
const SUITES: &[(&str, &str)] = &suites![
    "clients/authentik.http",
    "clients/entra.http",
    "clients/jumpcloud.http",
    "clients/keycloak.http",
    "clients/okta.http",
    "clients/onelogin.http",
    "checks/01-transport.http",
    "checks/02-discovery.http",
    "checks/03-resources.http",
    "checks/04-attributes.http",
    "checks/05-create.http",
    "checks/06-retrieve.http",
    "checks/07-projection.http",
    "checks/08-filter.http",
    "checks/09-sorting.http",
    "checks/10-paging.http",
    "checks/11-cursors.http",
    "checks/12-search.http",
    "checks/13-replace.http",
    "checks/14-patch.http",
    "checks/15-delete.http",
    "checks/16-bulk.http",
    "checks/17-versions.http",
    "checks/18-me.http",
    "checks/19-errors.http",
    "checks/20-authentication.http",
    "checks/22-security.http",
    "checks/23-consistency.http",
    "checks/27-interop.http",
    "checks/30-clients-requests.http",
    "checks/31-clients-answers.http",
    "checks/32-clients-writes.http",
    "checks/33-clients-puts.http",
    "checks/34-clients-patches.http",
    "checks/35-clients-queries.http",
    "checks/36-clients-lives.http",
];

/// All cases of the suites that are built in, in file order: clients first, then checks.
///
/// # Errors
/// The first place in a suite that is not in the format, or a second case of the same name.
pub fn cases() -> Result<Vec<Case>, FormatError> {
    let mut cases = Vec::new();
    for (file, text) in SUITES {
        cases.extend(parse(file, text)?);
    }
    let mut names = HashMap::new();
    for case in &cases {
        if let Some(first) = names.insert(case.name.as_str(), case) {
            let reason =
                format!("expected a new name, `{}` is also at {}:{}", case.name, first.file, first.line);
            return Err(FormatError { file: case.file.clone(), line: case.line, reason });
        }
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_suite_can_be_read() {
        if let Err(error) = cases() {
            panic!("{error}");
        }
    }

    #[test]
    fn the_table_lists_every_file_in_order() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
        let mut found = Vec::new();
        for folder in ["clients", "checks"] {
            let names: BTreeSet<String> = fs::read_dir(root.join(folder))
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .filter(|name| name.ends_with(".http"))
                .collect();
            found.extend(names.into_iter().map(|name| format!("conformance/{folder}/{name}")));
        }

        let listed: Vec<&str> = SUITES.iter().map(|(file, _)| *file).collect();
        assert_eq!(listed, found);
    }
}
