//! Playing cases against a server: send, look, remember, tidy up.

use serde_json::Value;

use super::case::{Answer, AnswerLine, Body, Capture, Case, DefaultHeader, ErrorBody, Only, Step};
use super::expect::Unmet;
use super::matching::{Json, equal};
use super::report::{CaseReport, Failure, Report, StepReport, Verdict};
use super::server::{Incoming, Outgoing, Server, Target, Unreachable};
use super::subject::Seen;
use super::template::Place;
use super::variables::{ERROR_URN, Unknown, Variables};

/// Plays cases one after the other, those for another profile left out, and calls `progress` after
/// each. What a case created is deleted when it ends.
///
/// # Errors
/// [`Unreachable`] when a first request gets no answer, whatever its status. Later failures are part
/// of the report.
pub fn play(
    target: &Target,
    cases: &[Case],
    progress: &mut dyn FnMut(&CaseReport),
) -> Result<Report, Unreachable> {
    let server = Server::reach(target)?;
    let (meant, others): (Vec<&Case>, Vec<&Case>) =
        cases.iter().partition(|case| target.profile.plays(case.profile));
    let mut report = Report {
        url: server.base.clone(),
        profile: target.profile,
        cases: Vec::new(),
        left_out: others.len(),
    };
    for case in meant {
        let played = Scene::new(&server, case).play();
        progress(&played);
        report.cases.push(played);
    }
    Ok(report)
}

/// A case while it is played.
struct Scene<'a> {
    server: &'a Server,
    case: &'a Case,
    variables: Variables,
    /// URLs of resources that a 201 told of and no step has deleted, oldest first.
    created: Vec<String>,
}

impl<'a> Scene<'a> {
    fn new(server: &'a Server, case: &'a Case) -> Scene<'a> {
        let mut variables = Variables::new(&server.base, &server.token);
        for setting in &case.lets {
            // The reader has seen to it that a `let` uses only what is known.
            if let Ok(text) = setting.text.text(&variables, Place::Plain) {
                variables.set(&setting.name, text.into());
            }
        }
        Scene { server, case, variables, created: Vec::new() }
    }

    fn play(mut self) -> CaseReport {
        let steps = self.case.steps.iter().map(|step| self.step(step)).collect();
        self.tidy_up();
        CaseReport { name: self.case.name.clone(), file: self.case.file.clone(), line: self.case.line, steps }
    }

    fn step(&mut self, step: &Step) -> StepReport {
        let mut report = StepReport {
            title: step.title.clone(),
            line: step.line,
            kind: step.tags.kind,
            rules: step.tags.rules.clone(),
            verdict: Verdict::Skipped,
            request: String::new(),
            status: None,
            answer: String::new(),
            ms: 0,
            failures: Vec::new(),
        };
        match &step.tags.only {
            Only::Unless(name) if self.variables.knows(name) => return report,
            Only::When(name) if !self.variables.knows(name) => return report,
            _ => {}
        }
        match self.outgoing(step) {
            Ok(request) => self.exchange(step, &request, &mut report),
            Err(unknown) => report.failures.push(failure(step.request.line, needs(&unknown))),
        }
        for failure in &mut report.failures {
            failure.expected = self.server.redaction.of_value(&failure.expected);
            failure.found = self.server.redaction.of_value(&failure.found);
        }
        report.verdict = if report.failures.is_empty() { Verdict::Passed } else { Verdict::Failed };
        report
    }

    /// Fills in a request.
    fn outgoing(&self, step: &Step) -> Result<Outgoing, Unknown> {
        let request = &step.request;
        let target = request.target.text(&self.variables, Place::RequestLine)?;
        let mut outgoing = self.server.request(&request.method, self.server.url(&target));
        outgoing.body = match &request.body {
            Some(Body::Json(text)) => Some(text.bytes(&self.variables, Place::Json)?),
            Some(Body::Announced(text)) => Some(text.bytes(&self.variables, Place::Plain)?),
            None => None,
        };
        if outgoing.body.is_some() {
            outgoing.headers.push(("Content-Type".to_owned(), "application/scim+json".to_owned()));
        }
        // Headers for every method come first, so that those for one method win.
        let applies =
            |default: &&DefaultHeader| default.method.as_ref().is_none_or(|only| *only == request.method);
        let mut defaults: Vec<&DefaultHeader> = self.case.headers.iter().filter(applies).collect();
        defaults.sort_by_key(|default| default.method.is_some());
        for default in defaults {
            drop_header(&mut outgoing, &default.header.name);
            let value = default.header.value.text(&self.variables, Place::Plain)?;
            outgoing.headers.push((default.header.name.clone(), value));
        }
        request.headers.iter().for_each(|header| drop_header(&mut outgoing, &header.name));
        for header in &request.headers {
            let value = header.value.text(&self.variables, Place::Plain)?;
            outgoing.headers.push((header.name.clone(), value));
        }
        outgoing.headers.retain(|(_, value)| !value.is_empty());
        Ok(outgoing)
    }

    fn exchange(&mut self, step: &Step, request: &Outgoing, report: &mut StepReport) {
        let redaction = &self.server.redaction;
        report.request = redaction.of_body(format!("{} {}", request.method, request.url).as_bytes());
        if let Some(body) = &request.body {
            report.request.push('\n');
            report.request.push_str(&redaction.of_body(body));
        }
        match self.server.send(request) {
            Ok(incoming) => {
                report.status = Some(incoming.status);
                report.ms = incoming.ms;
                report.answer = redaction.of_body(&incoming.body);
                self.remember(request, &incoming);
                report.failures = self.look(&step.answer, &incoming);
            }
            Err(reason) => {
                let unmet = Unmet { expected: "an answer".to_owned(), found: reason };
                report.failures.push(failure(step.request.line, unmet));
            }
        }
    }

    /// Keeps account of what was made and deleted.
    fn remember(&mut self, request: &Outgoing, incoming: &Incoming) {
        if request.method == "DELETE" && incoming.status < 300 {
            self.created.retain(|url| *url != request.url);
        }
        if incoming.status == 201 {
            let location = incoming.header("Location");
            self.created.extend(location.and_then(|location| self.server.url_of_location(&location)));
        }
    }

    /// Looks at an answer line by line. When the status is wrong the rest says nothing, but what can
    /// be captured is, so that a later step knows whether the request had an effect.
    fn look(&mut self, answer: &Answer, incoming: &Incoming) -> Vec<Failure> {
        let seen = Seen {
            json: incoming.json.as_ref(),
            body: String::from_utf8_lossy(&incoming.body),
            header: &|name| incoming.header(name),
            ms: incoming.ms,
        };
        let right = answer.statuses.contains(&incoming.status);
        let bodyless = right && incoming.status == 204 && answer.statuses.len() > 1;
        let mut failures = Vec::new();
        if !right {
            failures.push(failure(answer.line, wrong_status(answer, incoming.status)));
        } else if let Some(error) = &answer.error {
            failures.extend(error_failures(answer.line, error, incoming));
        }
        for line in &answer.lines {
            let (number, outcome) = match line {
                AnswerLine::Expect(expectation) => {
                    if !right || (bodyless && expectation.subject.is_of_body()) {
                        continue;
                    }
                    (expectation.line, expectation.unmet(&seen, &self.variables))
                }
                AnswerLine::Capture(capture) => {
                    let excused = incoming.status >= 400 || (bodyless && capture.subject.is_of_body());
                    let unmet = self.capture(capture, &seen);
                    (capture.line, unmet.map(|unmet| unmet.filter(|_| right && !excused)))
                }
            };
            let unmet = outcome.unwrap_or_else(|unknown| Some(needs(&unknown)));
            failures.extend(unmet.map(|unmet| failure(number, unmet)));
        }
        failures
    }

    /// Captures what a subject shows; Some when there is nothing.
    fn capture(&mut self, capture: &Capture, seen: &Seen<'_>) -> Result<Option<Unmet>, Unknown> {
        let value = capture.subject.of(seen, &self.variables)?.filter(|value| !value.is_null());
        let Some(value) = value else {
            let expected = format!("something to capture as {}", capture.name);
            return Ok(Some(Unmet { expected, found: "nothing".to_owned() }));
        };
        let value = value.into_owned();
        self.variables.set(&capture.name, value);
        Ok(None)
    }

    /// Deletes what the case made, the newest first. A server that cannot is none of the case's
    /// business, so the answers are not looked at.
    fn tidy_up(&self) {
        for url in self.created.iter().rev() {
            let _ = self.server.send(&self.server.request("DELETE", url.clone()));
        }
    }
}

fn drop_header(outgoing: &mut Outgoing, name: &str) {
    outgoing.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
}

fn failure(line: usize, unmet: Unmet) -> Failure {
    Failure { line, expected: unmet.expected, found: unmet.found }
}

fn needs(unknown: &Unknown) -> Unmet {
    let expected = format!("`{{{}}}` to be known", unknown.0);
    Unmet { expected, found: format!("nothing: needs {} from an earlier step", unknown.0) }
}

fn wrong_status(answer: &Answer, found: u16) -> Unmet {
    let wanted: Vec<String> = answer.statuses.iter().map(u16::to_string).collect();
    Unmet { expected: format!("status {}", wanted.join(" or ")), found: found.to_string() }
}

/// What of a SCIM error body is not as it must be.
fn error_failures(line: usize, error: &ErrorBody, incoming: &Incoming) -> Vec<Failure> {
    let member = |name: &str| incoming.json.as_ref().and_then(|json| json.member(name));
    let status = incoming.status.to_string();
    let urn = ERROR_URN.into();
    let listed = |list: &Value| list.as_array().is_some_and(|all| all.iter().any(|one| equal(one, &urn)));
    let told = |detail: &Value| detail.as_str().is_some_and(|detail| !detail.is_empty());
    let is = |name: &str, wanted: &str| member(name).is_some_and(|found| *found == wanted);
    let mut claims = vec![
        ("schemas", member("schemas").is_some_and(listed), format!("contains {urn}")),
        ("status", is("status", &status), format!("= \"{status}\"")),
        ("detail", member("detail").is_some_and(told), "~ .".to_owned()),
    ];
    if let Some(wanted) = &error.scim_type {
        claims.push(("scimType", is("scimType", wanted), format!("= \"{wanted}\"")));
    }
    let broken = claims.into_iter().filter(|(_, holds, _)| !holds);
    let failure = |(name, _, wanted): (&str, bool, String)| Failure {
        line,
        expected: format!(".{name} {wanted}"),
        found: member(name).map_or_else(|| "nothing".to_owned(), Value::to_string),
    };
    broken.map(failure).collect()
}
