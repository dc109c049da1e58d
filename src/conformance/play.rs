//! Playing cases against a server: send, look, remember, tidy up.

use std::time::Duration;

use serde_json::Value;

use super::Profile;
use super::case::{Answer, AnswerLine, Body, Capture, Case, DefaultHeader, ErrorBody, Only, Step};
use super::expect::Unmet;
use super::matching::{Json, equal};
use super::own::OwnExtensions;
use super::report::{CaseReport, Failure, Report, StepReport, Verdict};
use super::subject::Seen;
use super::template::Place;
use super::tidy::Made;
use super::variables::{ERROR_URN, Unknown, Variables};
use crate::client::{End, Incoming, Outgoing, Server, Stop, Target, Unusable};

/// How often a request is sent again to a server that asks for time.
const TRIES: u32 = 3;
/// The longest a server's wish for time is followed.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Which cases are played.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// What the server promises of the token; cases for other profiles are left out.
    pub profile: Profile,
    /// Whether cases are played that may harm a server that is not well made.
    pub destructive: bool,
}

impl Scope {
    /// Whether a case is within it.
    #[must_use]
    pub fn holds(self, case: &Case) -> bool {
        self.profile.plays(case.profile) && (self.destructive || !case.is_destructive)
    }
}

/// Plays cases one after the other, those out of scope left out, and calls `progress` after each. What a case created
/// is deleted when it ends, also when the end is asked for in the middle of it.
///
/// # Errors
/// [`Unusable`] when the server is none that can be asked. What happens later is part of the report.
pub fn play(
    target: &Target,
    scope: Scope,
    cases: &[Case],
    stop: &Stop,
    progress: &mut dyn FnMut(&CaseReport),
) -> Result<Report, Unusable> {
    let server = Server::reach(target, stop)?;
    let (meant, others): (Vec<&Case>, Vec<&Case>) =
        cases.iter().partition(|case| scope.profile.plays(case.profile));
    let (harmful, meant): (Vec<&Case>, Vec<&Case>) =
        meant.into_iter().partition(|case| case.is_destructive && !scope.destructive);
    let mut report = Report {
        url: server.base.clone(),
        profile: scope.profile,
        cases: Vec::new(),
        for_other_profiles: others.len(),
        destructive: harmful.len(),
        left_behind: Vec::new(),
        end: End::Complete,
    };
    let own = OwnExtensions::of(&server);
    for case in meant {
        let (played, left) = Scene::new(&server, &own, case).play();
        report.left_behind.extend(left);
        if let Some(played) = played {
            progress(&played);
            report.cases.push(played);
        }
        if stop.is_asked() {
            report.end = End::Interrupted;
            break;
        }
        if let Some(gone) = server.gone() {
            report.end = End::Gone(gone.to_string());
            break;
        }
    }
    Ok(report)
}

/// A case while it is played.
struct Scene<'a> {
    server: &'a Server<'a>,
    own: &'a OwnExtensions,
    case: &'a Case,
    variables: Variables,
    made: Made,
}

impl<'a> Scene<'a> {
    fn new(server: &'a Server<'a>, own: &'a OwnExtensions, case: &'a Case) -> Scene<'a> {
        let mut variables = Variables::new(&server.base, &server.token);
        for setting in &case.lets {
            // The reader has seen to it that a `let` uses only what is known.
            if let Ok(text) = setting.text.text(&variables, Place::Plain) {
                variables.set(&setting.name, text.into());
            }
        }
        Scene { server, own, case, variables, made: Made::default() }
    }

    /// What came of the case, unless it was cut short, and the URLs of what it could not delete again.
    fn play(mut self) -> (Option<CaseReport>, Vec<String>) {
        let mut steps = Vec::new();
        for step in &self.case.steps {
            if self.server.stop.is_asked() {
                return (None, self.made.tidy_up(self.server));
            }
            steps.push(self.step(step));
        }
        let Case { name, file, line, .. } = self.case;
        let report = CaseReport { name: name.clone(), file: file.clone(), line: *line, steps };
        (Some(report), self.made.tidy_up(self.server))
    }

    fn step(&mut self, step: &Step) -> StepReport {
        let mut report = StepReport {
            title: step.title.clone(),
            line: step.line,
            kind: step.tags.kind,
            rules: self.case.rule().into_iter().chain(step.tags.rules.iter().cloned()).collect(),
            requirements: self.case.requirements(step),
            verdict: Verdict::Skipped,
            request: String::new(),
            status: None,
            head: String::new(),
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
        for (name, value) in request.headers.iter().filter(|(name, _)| name != "Authorization") {
            report.request.push_str(&redaction.of_value(&format!("\n{name}: {value}")));
        }
        if let Some(body) = &request.body {
            report.request.push_str("\n\n");
            report.request.push_str(&redaction.of_body(body));
        }
        let answer = self.answer(step, request);
        self.made.note(self.server, request, &answer);
        match answer {
            Ok(mut incoming) => {
                if let Some(json) = &mut incoming.json {
                    self.own.hide_from(self.case, json);
                }
                report.status = Some(incoming.status);
                report.ms = incoming.ms;
                report.head = redaction.of_body(incoming.head().as_bytes());
                report.answer = redaction.of_body(&incoming.body);
                report.failures = self.look(&step.answer, &incoming);
            }
            Err(reason) => {
                let unmet = Unmet { expected: "an answer".to_owned(), found: reason };
                report.failures.push(failure(step.request.line, unmet));
            }
        }
    }

    /// The answer to a request. A server that asks for time gets it, unless that is what the step is about.
    fn answer(&self, step: &Step, request: &Outgoing) -> Result<Incoming, String> {
        for _ in 1..TRIES {
            let answer = self.server.send(request)?;
            let is_early =
                matches!(answer.status, 429 | 503) && !step.answer.statuses.contains(&answer.status);
            match answer.retry_after().filter(|wait| is_early && *wait <= LONGEST_WAIT) {
                Some(wait) if !self.server.stop.wait(wait) => {}
                _ => return Ok(answer),
            }
        }
        self.server.send(request)
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
