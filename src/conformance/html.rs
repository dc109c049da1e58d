//! The report as one page that needs nothing beside it.

use askama::Template;

use super::report::{CaseReport, Report, StepReport, Verdict};
use crate::client::End;

#[derive(Template)]
#[template(path = "conformance/report.html")]
struct Page<'r> {
    report: &'r Report,
    failed: Vec<&'r CaseReport>,
    files: Vec<File<'r>>,
}

/// A file of cases.
struct File<'r> {
    name: &'r str,
    passed: usize,
    cases: Vec<&'r CaseReport>,
}

impl Report {
    /// The whole report as a page of HTML. What the server answered stands in it as text.
    ///
    /// # Errors
    /// None in practice: a template that cannot be filled.
    pub fn to_html(&self) -> Result<String, askama::Error> {
        let mut cases = self.cases.iter();
        let files = self.by_file().into_iter();
        let files = files
            .map(|(name, played, passed)| File { name, passed, cases: cases.by_ref().take(played).collect() })
            .collect();
        Page { report: self, failed: self.cases.iter().filter(|case| !case.passed()).collect(), files }
            .render()
    }

    fn end(&self) -> &str {
        match &self.end {
            End::Complete => "",
            End::Interrupted => "The run was interrupted.",
            End::Gone(reason) => reason,
        }
    }
}

impl CaseReport {
    fn failed_steps(&self) -> impl Iterator<Item = &StepReport> {
        self.steps.iter().filter(|step| step.verdict == Verdict::Failed)
    }

    /// What its name says, in words.
    fn title(&self) -> String {
        self.name.replace('_', " ")
    }
}

#[cfg(test)]
mod tests {
    use super::super::case::Kind;
    use super::super::{Failure, Profile};
    use super::*;

    #[test]
    fn what_a_server_answers_is_text_on_a_page_without_outside_assets() {
        let step = StepReport {
            title: "GET /Users".to_owned(),
            line: 9,
            kind: Kind::Rfc,
            rules: vec!["R-019".to_owned()],
            requirements: vec!["R-019 (RFC 9110 §9.2.1): reading changes nothing".to_owned()],
            verdict: Verdict::Failed,
            request: "GET http://scim.example/Users".to_owned(),
            status: Some(200),
            head: "content-type: text/html".to_owned(),
            answer: "<script>alert(1)</script>".to_owned(),
            ms: 3,
            failures: vec![Failure { line: 12, expected: "status 200".to_owned(), found: "<b>".to_owned() }],
        };
        let name = "r_019_reading_changes_nothing".to_owned();
        let case =
            CaseReport { name, file: "conformance/checks/01.http".to_owned(), line: 8, steps: vec![step] };
        let report = Report {
            url: "http://scim.example".to_owned(),
            profile: Profile::Strict,
            cases: vec![case],
            for_other_profiles: 0,
            destructive: 0,
            left_behind: vec!["http://scim.example/Users/7".to_owned()],
            end: End::Complete,
        };

        let page = report.to_html().unwrap();

        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
        assert!(page.contains("alert(1)") && page.contains("RFC 9110 §9.2.1") && page.contains("/Users/7"));
        for asset in ["src=", "href=\"http", "url(", "@import"] {
            assert!(!page.contains(asset), "{asset}");
        }
    }
}
