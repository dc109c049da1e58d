//! Finding slips of the pen in the names of variables, while a suite is read.

use std::collections::HashSet;

use super::case::{AnswerLine, Body, Case, Only, Step};
use super::template::Template;
use super::text::Slip;
use super::variables::is_built_in;

/// Refuses a variable that nothing before its use can have set: a slip of the pen.
pub(super) fn check_names(case: &Case) -> Result<(), Slip> {
    let mut known = HashSet::new();
    for setting in &case.lets {
        all_known(&known, setting.line, &setting.text)?;
        known.insert(setting.name.as_str());
    }
    // A header is filled in anew for every request, so it may use what any step captures.
    let captured = case.steps.iter().flat_map(|step| &step.answer.lines).filter_map(|line| match line {
        AnswerLine::Capture(capture) => Some(capture.name.as_str()),
        AnswerLine::Expect(_) => None,
    });
    let anywhere = known.iter().copied().chain(captured).collect();
    for default in &case.headers {
        all_known(&anywhere, default.line, &default.header.value)?;
    }
    for step in &case.steps {
        check_step_names(step, &mut known, &anywhere)?;
    }
    Ok(())
}

fn check_step_names<'a>(
    step: &'a Step,
    known: &mut HashSet<&'a str>,
    anywhere: &HashSet<&str>,
) -> Result<(), Slip> {
    if let Only::Unless(name) | Only::When(name) = &step.tags.only
        && !anywhere.contains(name.as_str())
    {
        return Err((step.line, format!("no step of the case captures `{name}`")));
    }
    let request = &step.request;
    let body = request.body.iter().map(|body| match body {
        Body::Json(text) | Body::Announced(text) => text,
    });
    for text in request.headers.iter().map(|header| &header.value).chain([&request.target]).chain(body) {
        all_known(known, request.line, text)?;
    }
    for line in &step.answer.lines {
        match line {
            AnswerLine::Expect(expectation) => {
                expectation.templates().try_for_each(|text| all_known(known, expectation.line, text))?;
            }
            AnswerLine::Capture(capture) => {
                capture.subject.templates().try_for_each(|text| all_known(known, capture.line, text))?;
                known.insert(capture.name.as_str());
            }
        }
    }
    Ok(())
}

fn all_known(known: &HashSet<&str>, line: usize, text: &Template) -> Result<(), Slip> {
    match text.names().find(|name| !known.contains(name) && !is_built_in(name)) {
        Some(name) => Err((line, format!("nothing before this sets the variable `{name}`"))),
        None => Ok(()),
    }
}
