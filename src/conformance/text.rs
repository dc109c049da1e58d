//! Reading suites: text → cases. `conformance/README.md` describes the format.

use std::error::Error;
use std::fmt;

use super::Profile;
use super::case::{
    Answer, AnswerLine, Body, Capture, Case, DefaultHeader, ErrorBody, Header, Kind, Let, Only, Request,
    Step, Tags,
};
use super::expect::Expectation;
use super::names::check_names;
use super::subject::Subject;
use super::template::Template;
use super::variables::{is_built_in, is_name};

/// A place in a suite that cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub struct FormatError {
    /// The file.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// What was expected there and what was found.
    pub reason: String,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.reason)
    }
}

impl Error for FormatError {}

/// A line and why it cannot be read; `parse` adds the file.
pub(super) type Slip = (usize, String);

/// Reads the text of one suite.
///
/// # Errors
/// The first place that is not in the format, or that uses a variable nothing in its case sets.
pub fn parse(file: &str, text: &str) -> Result<Vec<Case>, FormatError> {
    let mut reader = Reader { lines: text.lines().collect(), at: 0 };
    let mut cases = Vec::new();
    let read =
        |reader: &mut Reader<'_>| case(file, reader).and_then(|case| check_names(&case).map(|()| case));
    while reader.next_block().is_some() {
        match read(&mut reader) {
            Ok(case) => cases.push(case),
            Err((line, reason)) => return Err(FormatError { file: file.to_owned(), line, reason }),
        }
    }
    Ok(cases)
}

struct Reader<'a> {
    lines: Vec<&'a str>,
    at: usize,
}

impl<'a> Reader<'a> {
    /// The number of the line that `peek` shows.
    fn line(&self) -> usize {
        self.at + 1
    }

    /// The next line that is no comment, without blanks at its end.
    fn peek(&mut self) -> Option<&'a str> {
        let comment = |line: &&str| line.starts_with('#') && !line.starts_with("##");
        while self.lines.get(self.at).is_some_and(comment) {
            self.at += 1;
        }
        self.lines.get(self.at).map(|line| line.trim_end())
    }

    /// The next line, if it is not empty; comments and what comes after the empty line stay.
    fn peek_in_block(&mut self) -> Option<&'a str> {
        self.peek().filter(|line| !line.is_empty())
    }

    /// The first line of the next block.
    fn next_block(&mut self) -> Option<&'a str> {
        while self.peek()?.is_empty() {
            self.at += 1;
        }
        self.peek()
    }

    fn wrong<T>(&mut self, expected: &str) -> Result<T, Slip> {
        let found = self.peek().map_or_else(|| "the end of the file".to_owned(), |line| format!("`{line}`"));
        Err((self.line(), format!("expected {expected}, found {found}")))
    }
}

fn template(line: usize, text: &str) -> Result<Template, Slip> {
    let template = Template::parse(text).map_err(|reason| (line, reason))?;
    if template.has_bytes() {
        return Err((line, "expected `{byte …}` only in a body announced by `body:`".to_owned()));
    }
    Ok(template)
}

fn case(file: &str, reader: &mut Reader<'_>) -> Result<Case, Slip> {
    let line = reader.line();
    let Some(heading) = reader.peek().and_then(|line| line.strip_prefix("## ")) else {
        return reader.wrong("`## name` of a case");
    };
    reader.at += 1;
    let (name, words) = bracketed(heading);
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Err((line, format!("expected a name without blanks, found `{name}`")));
    }
    let (mut profile, mut is_destructive) = (None, false);
    for word in words.unwrap_or_default().split_whitespace() {
        match word {
            "destructive" => is_destructive = true,
            _ => {
                profile = Some(
                    word.parse::<Profile>()
                        .map_err(|reason| (line, format!("{reason}, or `destructive`")))?,
                )
            }
        }
    }
    let mut case = Case {
        name: name.to_owned(),
        file: file.to_owned(),
        line,
        profile,
        is_destructive,
        text: String::new(),
        lets: Vec::new(),
        headers: Vec::new(),
        steps: Vec::new(),
    };
    while let Some(text) = reader.next_block() {
        let line = reader.line();
        if text.starts_with("## ") {
            break;
        } else if let Some(setting) = text.strip_prefix("let ").filter(|_| case.steps.is_empty()) {
            case.lets.push(variable(line, setting)?);
            reader.at += 1;
        } else if let Some(setting) = text.strip_prefix("header ").filter(|_| case.steps.is_empty()) {
            case.headers.push(default_header(line, setting)?);
            reader.at += 1;
        } else {
            case.steps.push(step(reader)?);
        }
    }
    case.text = reader.lines.get(line..reader.at).unwrap_or_default().join("\n");
    if case.steps.is_empty() {
        return Err((line, format!("expected a step in the case `{name}`")));
    }
    Ok(case)
}

/// Splits `text [words]`.
fn bracketed(heading: &str) -> (&str, Option<&str>) {
    let split = heading.strip_suffix(']').and_then(|heading| heading.rsplit_once('['));
    match split {
        Some((text, words)) => (text.trim(), Some(words.trim())),
        None => (heading.trim(), None),
    }
}

fn variable(line: usize, setting: &str) -> Result<Let, Slip> {
    let (name, text) =
        setting.split_once('=').map_or((setting, ""), |(name, text)| (name.trim(), text.trim()));
    if !is_name(name) || text.is_empty() {
        return Err((line, format!("expected `let name = text`, found `let {setting}`")));
    }
    Ok(Let { line, name: name.to_owned(), text: template(line, text)? })
}

fn default_header(line: usize, setting: &str) -> Result<DefaultHeader, Slip> {
    let (method, rest) = match setting.split_once(' ') {
        Some((method, rest)) if is_method(method) => (Some(method.to_owned()), rest),
        _ => (None, setting),
    };
    let header = header(line, rest)?
        .ok_or_else(|| (line, format!("expected `header [METHOD] Name: value`, found `header {setting}`")))?;
    Ok(DefaultHeader { line, method, header })
}

/// Reads `Name: value`; None when the line is no header.
fn header(line: usize, text: &str) -> Result<Option<Header>, Slip> {
    let Some((name, value)) = text.split_once(':') else { return Ok(None) };
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(token) {
        return Ok(None);
    }
    Ok(Some(Header { name: name.to_owned(), value: template(line, value.trim())? }))
}

fn is_method(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase() || c == '-')
}

fn step(reader: &mut Reader<'_>) -> Result<Step, Slip> {
    let line = reader.line();
    let heading = reader.peek().and_then(|line| line.strip_prefix("###"));
    let (title, words) = bracketed(heading.unwrap_or_default());
    if heading.is_some() {
        reader.at += 1;
        reader.next_block();
    }
    let tags = tags(line, words.unwrap_or_default())?;
    let request_line = reader.peek().unwrap_or_default();
    let request = request(reader)?;
    let title = if title.is_empty() { request_line } else { title };
    reader.next_block();
    Ok(Step { title: title.to_owned(), line, tags, request, answer: answer(reader)? })
}

/// The tags a step can have, for whoever mistypes one.
const TAGS: &str = "rfc, idp, tolerance, cleanup, unless NAME, when NAME, Q-012";

fn tags(line: usize, text: &str) -> Result<Tags, Slip> {
    let mut tags = Tags::default();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "rfc" => tags.kind = Kind::Rfc,
            "idp" => tags.kind = Kind::Idp,
            "tolerance" => tags.kind = Kind::Tolerance,
            "cleanup" => tags.kind = Kind::Cleanup,
            "unless" | "when" => {
                let Some(name) = words.next().filter(|name| is_name(name)) else {
                    return Err((line, format!("expected the name of a variable after `{word}`")));
                };
                let name = name.to_owned();
                tags.only = if word == "unless" { Only::Unless(name) } else { Only::When(name) };
            }
            rule if is_rule(rule) => tags.rules.push(rule.to_owned()),
            _ => return Err((line, format!("expected a tag of a step ({TAGS}), found `{word}`"))),
        }
    }
    Ok(tags)
}

/// Whether a word is a rule's number, such as `Q-012`.
fn is_rule(word: &str) -> bool {
    word.split_once('-').is_some_and(|(list, number)| {
        let letters = !list.is_empty() && list.chars().all(|c| c.is_ascii_uppercase());
        letters && !number.is_empty() && number.chars().all(|c| c.is_ascii_digit())
    })
}

fn request(reader: &mut Reader<'_>) -> Result<Request, Slip> {
    let line = reader.line();
    let words = reader.peek().and_then(|line| line.split_once(' '));
    let Some((method, target)) = words.filter(|(method, _)| is_method(method)) else {
        return reader.wrong("a request, `METHOD PATH`");
    };
    let target = target.trim();
    if !["/", "~/", "?", "{", "http://", "https://"].iter().any(|start| target.starts_with(start)) {
        return Err((line, format!("expected a path, `~/path` or a URL after `{method}`, found `{target}`")));
    }
    let mut request = Request {
        line,
        method: method.to_owned(),
        target: template(line, target)?,
        headers: Vec::new(),
        body: None,
    };
    reader.at += 1;
    while let Some(text) = reader.peek_in_block() {
        if text.starts_with(['{', '[', '"']) {
            request.body = Some(json_body(reader)?);
        } else if text == "body:" {
            reader.at += 1;
            request.body = Some(announced_body(reader)?);
        } else if let Some(header) = header(reader.line(), text)? {
            request.headers.push(header);
            reader.at += 1;
        } else {
            return reader.wrong("a header, a body or an empty line");
        }
    }
    Ok(request)
}

fn json_body(reader: &mut Reader<'_>) -> Result<Body, Slip> {
    let first = reader.line();
    let mut lines = Vec::new();
    while let Some(text) = reader.peek_in_block() {
        lines.push(text);
        reader.at += 1;
    }
    Ok(Body::Json(template(first, &lines.join("\n"))?))
}

fn announced_body(reader: &mut Reader<'_>) -> Result<Body, Slip> {
    let first = reader.line();
    let mut lines = Vec::new();
    // No `peek` here: a line that looks like a comment belongs to the body.
    while let Some(text) = reader.lines.get(reader.at).filter(|text| !text.trim().is_empty()) {
        lines.push(*text);
        reader.at += 1;
    }
    Template::parse(&lines.join("\n")).map(Body::Announced).map_err(|reason| (first, reason))
}

fn answer(reader: &mut Reader<'_>) -> Result<Answer, Slip> {
    let line = reader.line();
    let (statuses, error) = match reader.peek().map(status_line) {
        Some(Some(read)) => read,
        _ => return reader.wrong("the status of the answer (`200`, `200 204`, `400 noTarget`, `404 error`)"),
    };
    reader.at += 1;
    let mut lines = Vec::new();
    while let Some(text) = reader.peek_in_block().filter(|text| !text.starts_with("##")) {
        lines.push(answer_line(reader.line(), text.trim())?);
        reader.at += 1;
    }
    Ok(Answer { line, statuses, error, lines })
}

/// Reads `200`, `200 204`, `400 noTarget` or `404 error`.
fn status_line(text: &str) -> Option<(Vec<u16>, Option<ErrorBody>)> {
    let mut statuses = Vec::new();
    let mut error = None;
    for word in text.split_whitespace() {
        if error.is_some() {
            return None;
        } else if word.len() == 3 && word.starts_with(|c: char| ('1'..='5').contains(&c)) {
            statuses.push(word.parse().ok()?);
        } else if word.chars().all(|c| c.is_ascii_alphabetic()) && !statuses.is_empty() {
            error = Some(ErrorBody { scim_type: Some(word.to_owned()).filter(|word| word != "error") });
        } else {
            return None;
        }
    }
    (!statuses.is_empty()).then_some((statuses, error))
}

fn answer_line(line: usize, text: &str) -> Result<AnswerLine, Slip> {
    let mut words = text.splitn(3, char::is_whitespace);
    let (name, sign) = (words.next().unwrap_or_default(), words.next());
    if sign != Some(":=") {
        let expectation = Expectation::parse(line, text).map_err(|reason| (line, reason))?;
        return no_bytes(line, expectation.templates()).map(|()| AnswerLine::Expect(expectation));
    }
    if !is_name(name) || is_built_in(name) {
        return Err((line, format!("expected a name of your own before `:=`, found `{name}`")));
    }
    let (subject, rest) =
        Subject::parse(words.next().unwrap_or_default().trim()).map_err(|reason| (line, reason))?;
    if !rest.is_empty() {
        return Err((line, format!("expected nothing after the subject, found `{rest}`")));
    }
    no_bytes(line, subject.templates())?;
    Ok(AnswerLine::Capture(Capture { line, name: name.to_owned(), subject }))
}

fn no_bytes<'a>(line: usize, mut templates: impl Iterator<Item = &'a Template>) -> Result<(), Slip> {
    if templates.any(Template::has_bytes) {
        return Err((line, "expected `{byte …}` only in a body announced by `body:`".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "# About the suite.

## small [strict]
let name = ada.{run}
header POST X-Way: {uuid}

### Make it [idp Q-012 R-7 unless id]
# A remark inside a block.
POST /Users?x=a b
If-Match: W/\"1\"
{\"userName\":\"{name}\",
 \"active\":true}

201 409
id := .id
.userName = \"{name}\"

GET /Users/{id}
body:
# kept

404 error
";

    fn slip(text: &str) -> String {
        parse("s.http", text).err().unwrap().to_string()
    }

    #[test]
    fn a_suite_is_read() {
        let cases = parse("s.http", SMALL).unwrap();
        let [case] = cases.as_slice() else { panic!("one case") };
        let [make, look] = case.steps.as_slice() else { panic!("two steps") };

        assert_eq!((case.name.as_str(), case.line, case.profile), ("small", 3, Some(Profile::Strict)));
        assert_eq!(case.headers[0].method.as_deref(), Some("POST"));
        assert_eq!((make.title.as_str(), make.line, make.tags.kind), ("Make it", 7, Kind::Idp));
        assert_eq!(make.tags.rules, ["Q-012", "R-7"]);
        assert!(matches!(&make.tags.only, Only::Unless(name) if name == "id"));
        assert_eq!((make.request.line, make.request.headers[0].name.as_str()), (9, "If-Match"));
        let Some(Body::Json(body)) = &make.request.body else { panic!("a JSON body") };
        assert_eq!(body.specimen(), "{\"userName\":\"0\",\n \"active\":true}");
        assert_eq!((make.answer.line, make.answer.statuses.as_slice()), (14, [201, 409].as_slice()));
        assert_eq!(make.answer.lines.len(), 2);

        assert_eq!(look.title, "GET /Users/{id}");
        let Some(Body::Announced(body)) = &look.request.body else { panic!("an announced body") };
        assert_eq!(body.specimen(), "# kept", "what looks like a comment is sent");
        assert!(look.answer.error.as_ref().is_some_and(|error| error.scim_type.is_none()));
    }

    #[test]
    fn slips_are_told_with_their_line() {
        let after = |line: &str| slip(&format!("## a\n\nGET /x\n\n200\n{line}\n"));

        assert_eq!(slip("\nhello\n"), "s.http:2: expected `## name` of a case, found `hello`");
        assert_eq!(slip("## a b\n"), "s.http:1: expected a name without blanks, found `a b`");
        assert_eq!(
            slip("## a [lax]\n"),
            "s.http:1: expected the profile `standard`, `strict` or `strict-interop`, found `lax`, or `destructive`"
        );
        assert_eq!(slip("## a\n"), "s.http:1: expected a step in the case `a`");
        assert_eq!(slip("## a\nlet x\n"), "s.http:2: expected `let name = text`, found `let x`");
        assert!(slip("## a\nheader x\n").starts_with("s.http:2: expected `header [METHOD] Name: value`"));
        assert!(slip("## a\n### t [maybe]\nGET /x\n\n200\n").contains("s.http:2: expected a tag of a step"));
        assert_eq!(slip("## a\n\nget /x\n"), "s.http:3: expected a request, `METHOD PATH`, found `get /x`");
        assert!(slip("## a\nGET Users\n").starts_with("s.http:2: expected a path, `~/path` or a URL"));
        assert_eq!(
            slip("## a\nGET /x\nno header\n"),
            "s.http:3: expected a header, a body or an empty line, found `no header`"
        );
        assert!(slip("## a\nGET /x\n").starts_with("s.http:3: expected the status of the answer"));
        assert!(slip("## a\nGET /x\n\n## b\n").starts_with("s.http:4: expected the status of the answer"));
        assert!(slip("## a\nGET /x\n\n200 fine 404\n").contains("s.http:4: expected the status"));
        assert!(after(".x equals 1").starts_with("s.http:6: expected an operator (= != ~"));
        assert!(after(".x = one").starts_with("s.http:6: expected JSON, found `one`"));
        assert!(after(".x ~ (").starts_with("s.http:6: expected a regular expression"));
        assert!(after(".x is text").starts_with("s.http:6: expected one of"));
        assert!(after(".x exists 1").starts_with("s.http:6: expected nothing more"));
        assert!(after(".x length \"a\"").starts_with("s.http:6: the operator cannot work with"));
        assert!(after("status 200").starts_with("s.http:6: expected `.path`, `header Name`, `body`, `ms`"));
        assert!(after("run := .id").starts_with("s.http:6: expected a name of your own"));
        assert!(after("x := .id now").starts_with("s.http:6: expected nothing after the subject"));
        assert!(after(".x = \"{byte FF}\"").contains("only in a body announced by `body:`"));
    }

    #[test]
    fn a_variable_must_be_set_before_it_is_used() {
        let step = "POST /x\n{\"a\":\"{id}\"}\n\n200\n";

        let unknown = "nothing before this sets the variable `id`";
        assert_eq!(slip(&format!("## a\n{step}id := .id\n")), format!("s.http:2: {unknown}"));
        assert_eq!(slip("## a\nGET /\n\n200\n.a = {id}\n"), format!("s.http:5: {unknown}"));
        assert_eq!(slip("## a\nlet b = {id}\nGET /\n\n200\n"), format!("s.http:2: {unknown}"));
        assert_eq!(
            slip("## a\n### t [when id]\nGET /\n\n200\n"),
            "s.http:2: no step of the case captures `id`"
        );
        assert!(parse("s.http", "## a\nGET /\n\n200\nid := .id\n.again = {id}\n").is_ok());
    }
}
