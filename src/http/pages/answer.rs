//! What a page answers: HTML, where to go next, and what the browser keeps.

use super::{
    super::{error::Refusal, server::Door},
    messages::{Language, english},
};
use crate::{
    org::refusal::Refusal as Rule,
    service::{Error, sessions::Signed, sign_in::Offer},
};
use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use askama::Template;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use fluent_bundle::FluentValue;
use futures_util::stream::LocalBoxStream;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt::Display;
use url::Url;

/// What every page shows.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    /// The organization's name; empty where it is not known.
    pub(super) organization: String,
    /// What stands before the paths of its pages.
    pub(super) root: String,
    /// The name of who is signed in.
    pub(super) name: Option<String>,
    /// Where else whoever is signed in can go.
    pub(super) ways: Vec<Way>,
    /// What the step before this page did.
    pub(super) notice: Option<Notice>,
    /// What it is said in.
    pub(super) language: &'static Language,
}

/// A way to another page.
#[derive(Debug, Clone)]
pub(super) struct Way {
    /// The path.
    pub(super) path: String,
    /// What it is called.
    pub(super) name: String,
    /// Whether the page is there, or below.
    pub(super) is_here: bool,
}

/// What a step did, told on the page after it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Notice {
    /// A sentence.
    pub(super) text: String,
    /// Whether it could not be done.
    pub(super) is_refusal: bool,
    /// The form that takes it back, if one does.
    pub(super) undo: Option<Undo>,
}

/// A form that takes a step back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Undo {
    /// Where it is sent.
    pub(super) path: String,
    /// What it says.
    pub(super) fields: Vec<(String, String)>,
}

impl Notice {
    /// How long it waits for its page, in seconds.
    const WAITS: i64 = 60;
    /// How much of what it says is kept, in characters, and how long all of it may be, in bytes: browsers keep no cookie beyond
    /// 4 KiB, its name and attributes included.
    const LONGEST: usize = 400;
    const MOST: usize = 3_900;

    /// What the browser keeps of it. Where the form that takes it back is too long, it is left out.
    fn kept(&self) -> String {
        let text: String = self.text.chars().take(Self::LONGEST).collect();
        let encoded = |undo| {
            let kept = Self { text: text.clone(), is_refusal: self.is_refusal, undo };
            URL_SAFE_NO_PAD.encode(serde_json::to_string(&kept).unwrap_or_default())
        };
        match encoded(self.undo.clone()) {
            kept if kept.len() > Self::MOST => encoded(None),
            kept => kept,
        }
    }

    /// What the browser kept; nothing where that is none of ours.
    pub(super) fn read(kept: &str) -> Option<Self> {
        let notice: Self = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(kept).ok()?).ok()?;
        notice.undo.as_ref().is_none_or(|undo| local(&undo.path).is_some()).then_some(notice)
    }
}

impl Default for Frame {
    fn default() -> Self {
        Self {
            organization: String::new(),
            root: String::new(),
            name: None,
            ways: Vec::new(),
            notice: None,
            language: english(),
        }
    }
}

/// What templates call.
impl Frame {
    /// A message.
    pub(super) fn t(&self, key: &str) -> String {
        self.language.say(key, &[])
    }

    /// A message about a number, `$n`.
    pub(super) fn tn(&self, key: &str, n: impl Display) -> String {
        self.language.say(key, &[("n", FluentValue::try_number(&n.to_string()))])
    }

    /// A message about something that has a name, `$it`.
    pub(super) fn tx(&self, key: &str, it: impl AsRef<str>) -> String {
        self.language.say(key, &[("it", it.as_ref().into())])
    }

    /// A message about two things that have names, `$it` and `$other`.
    pub(super) fn pair(&self, key: &str, (it, other): (&str, &str)) -> String {
        self.language.say(key, &[("it", it.into()), ("other", other.into())])
    }

    /// What stands for somebody or something without a picture: the first letter or digit of the name.
    #[expect(clippy::unused_self, reason = "templates call what they show")]
    pub(super) fn initial(&self, name: &str) -> String {
        name.chars()
            .find(|letter| letter.is_alphanumeric())
            .into_iter()
            .flat_map(char::to_uppercase)
            .collect()
    }

    /// Whether two texts are the same.
    #[expect(clippy::unused_self, reason = "templates call what they show")]
    pub(super) fn same(&self, one: impl AsRef<str>, other: impl AsRef<str>) -> bool {
        one.as_ref() == other.as_ref()
    }

    /// What a message says before `$it` and after it, where `$it` is set in letters of its own.
    pub(super) fn around(&self, key: &str) -> (String, String) {
        /// What stands for an object within text (U+FFFC).
        const OBJECT: &str = "\u{fffc}";
        let said = self.tx(key, OBJECT);
        let (before, after) = said.split_once(OBJECT).unwrap_or((said.as_str(), ""));
        (before.to_owned(), after.to_owned())
    }

    /// A word of a closed set, such as a role's; as it is where it is none of ours.
    pub(super) fn word(&self, set: &str, word: impl AsRef<str>) -> String {
        let word = word.as_ref();
        let key = format!("{set}{}", word.replace([' ', '_', '.'], "-").to_lowercase());
        let said = self.language.say(&key, &[]);
        if said == key { word.to_owned() } else { said }
    }
}

impl Frame {
    /// What a page of the door shows, in a language.
    pub(super) fn of(offer: &Offer, language: &'static Language) -> Self {
        let (organization, root) = (offer.organization.clone(), offer.root.clone());
        Self { organization, root, language, ..Self::default() }
    }
}

/// The media type of pages.
const HTML: &str = "text/html; charset=utf-8";

/// An answer.
pub(super) struct Answer {
    status: StatusCode,
    body: Vec<u8>,
    /// How long others keep it.
    cache: &'static str,
    /// Where the browser goes instead.
    to: Option<String>,
    cookies: Vec<Cookie>,
    media_type: &'static str,
    /// What is saved and not shown: the name of the file, and its lines.
    file: Option<(&'static str, Lines)>,
}

/// What is sent while it is read.
pub(super) type Lines = LocalBoxStream<'static, Result<actix_web::web::Bytes, Error>>;

#[derive(Debug)]
struct Cookie {
    name: Kept,
    value: String,
    seconds: i64,
}

/// What the browser keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// The session.
    Session,
    /// What tells a known browser from strangers'.
    Known,
    /// How far signing in has come.
    Step,
    /// What it was sent to a provider with.
    Flow,
    /// What the next page tells of the step before it.
    Notice,
}

impl Kept {
    /// The cookie's name.
    pub(super) fn name(self, door: &Door) -> String {
        let suffix = match self {
            Self::Session => "",
            Self::Known => "-known",
            Self::Step => "-step",
            Self::Flow => "-flow",
            Self::Notice => "-notice",
        };
        format!("{}{suffix}", door.session_cookie())
    }
}

impl Answer {
    /// A page.
    pub(super) fn page(template: &impl Template) -> Result<Self, Failed> {
        Self::page_with(StatusCode::OK, template)
    }

    /// A page with another status.
    pub(super) fn page_with(status: StatusCode, template: &impl Template) -> Result<Self, Failed> {
        let html = template.render().map_err(|error| {
            tracing::error!(%error, "a page cannot be written");
            Failed::Refused(Refusal::Panic)
        })?;
        Ok(Self { status, body: html.into_bytes(), ..Self::plain() })
    }

    /// What no person reads.
    pub(super) fn json(status: StatusCode, body: &Value) -> Self {
        let body = body.to_string().into_bytes();
        Self { status, body, media_type: "application/json", ..Self::plain() }
    }

    /// A file to save.
    pub(super) fn file(name: &'static str, media_type: &'static str, lines: Lines) -> Self {
        Self { media_type, file: Some((name, lines)), ..Self::plain() }
    }

    /// A PNG, under a path that says its version.
    pub(super) fn picture(png: Vec<u8>) -> Self {
        let cache = "private, max-age=31536000, immutable";
        Self { body: png, media_type: "image/png", cache, ..Self::plain() }
    }

    fn plain() -> Self {
        Self {
            status: StatusCode::OK,
            body: Vec::new(),
            cache: "no-store",
            to: None,
            cookies: Vec::new(),
            media_type: HTML,
            file: None,
        }
    }

    /// Elsewhere, by GET.
    pub(super) fn to(place: impl Into<String>) -> Self {
        Self { status: StatusCode::SEE_OTHER, to: Some(place.into()), ..Self::plain() }
    }

    /// Whether it is a page that is seen, and none that leads elsewhere.
    pub(super) fn is_seen(&self) -> bool {
        self.to.is_none() && self.media_type == HTML
    }

    /// The same, and the page after it tells something.
    pub(super) fn telling(self, notice: &Notice) -> Self {
        self.keeping(Kept::Notice, notice.kept(), Notice::WAITS)
    }

    /// The same, and the browser keeps something for so many seconds.
    pub(super) fn keeping(mut self, name: Kept, value: impl Into<String>, seconds: i64) -> Self {
        self.cookies.push(Cookie { name, value: value.into(), seconds });
        self
    }

    /// The same, and the browser forgets something.
    pub(super) fn forgetting(self, name: Kept) -> Self {
        self.keeping(name, "", 0)
    }

    /// Elsewhere, signed in.
    pub(super) fn signed_in(place: impl Into<String>, signed: &Signed) -> Self {
        /// How long a browser is known, in seconds: a year.
        const KNOWN: i64 = 365 * 24 * 3_600;
        Self::to(place)
            .keeping(Kept::Session, signed.text(), signed.length)
            .keeping(Kept::Known, signed.known.as_str(), KNOWN)
            .forgetting(Kept::Step)
    }

    /// The bytes.
    pub(super) fn response(self, door: &Door) -> HttpResponse {
        const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                              connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
        let mut response = HttpResponse::build(self.status);
        response
            .insert_header((header::CACHE_CONTROL, self.cache))
            .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((header::X_FRAME_OPTIONS, "DENY"))
            // a link that lets somebody in stays here; forms here say where they are from
            .insert_header((header::REFERRER_POLICY, "same-origin"))
            .insert_header(("Cross-Origin-Opener-Policy", "same-origin"));
        if door.is_secure() {
            response.insert_header((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
        }
        for Cookie { name, value, seconds } in self.cookies {
            let secure = if door.is_secure() { "; Secure" } else { "" };
            let name = name.name(door);
            let cookie = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
            response.append_header((header::SET_COOKIE, cookie));
        }
        match (self.to, self.file) {
            (Some(place), _) => response.insert_header((header::LOCATION, place)).finish(),
            (None, Some((name, lines))) => response
                .content_type(self.media_type)
                .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
                .streaming(lines),
            (None, None) => response.content_type(self.media_type).body(self.body),
        }
    }
}

/// Why there is no page.
#[derive(Debug)]
pub(super) enum Failed {
    /// Somebody must sign in first; where they wanted to go.
    SignIn { root: String, to: String },
    /// No page of this server made the browser ask.
    Foreign,
    /// Another reason.
    Refused(Refusal),
}

impl<E: Into<Refusal>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

/// A page that tells something and nothing else.
#[derive(Template)]
#[template(path = "http/pages/told.html")]
pub(super) struct Told<'t> {
    pub(super) frame: &'t Frame,
    pub(super) title: String,
    pub(super) sentence: String,
    /// Where to go from there: a path, and what it is called.
    pub(super) next: Option<(String, String)>,
}

impl Failed {
    /// The page that says so, in a language.
    pub(super) fn answer(self, request: &str, language: &'static Language) -> Answer {
        let frame = Frame { language, ..Frame::default() };
        let (status, title, sentence) = match self {
            Self::SignIn { root, to } => return Answer::to(with_to(&format!("{root}/sign-in"), &to)),
            Self::Foreign => {
                (StatusCode::FORBIDDEN, frame.t("failed-foreign-title"), frame.t("failed-foreign"))
            }
            Self::Refused(Refusal::Service(Error::NotFound(what))) => {
                let (title, sentence) = match what {
                    "provider" => (frame.t("failed-provider-title"), frame.t("failed-provider")),
                    "page" | "organization" => (frame.t("failed-page-title"), frame.t("failed-page")),
                    _ => (frame.t("failed-link-title"), frame.t("failed-link")),
                };
                (StatusCode::NOT_FOUND, title, sentence)
            }
            Self::Refused(refusal) => {
                let title = match &refusal {
                    Refusal::Service(Error::Rule(Rule::Forbidden(_) | Rule::NotFresh)) => {
                        frame.t("forbidden-title")
                    }
                    Refusal::Service(Error::Busy(_)) => frame.t("failed-busy"),
                    other if other.status().is_server_error() => frame.t("failed-here"),
                    _ => frame.t("failed-undone"),
                };
                (refusal.status(), title, sentence(&refusal.detail(request)))
            }
        };
        let sign_in = || ("/sign-in".to_owned(), frame.t("failed-sign-in"));
        let next = (status == StatusCode::NOT_FOUND).then(sign_in);
        let page = Told { frame: &frame, title, sentence, next };
        Answer::page_with(status, &page).unwrap_or_else(|_| Answer::to("/"))
    }
}

/// What went wrong as a sentence: with a capital letter, and a full stop.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let rest = letters.as_str();
    let stop = if rest.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{rest}{stop}")
}

/// A path with where to go afterwards.
pub(super) fn with_to(path: &str, to: &str) -> String {
    let to: String = url::form_urlencoded::byte_serialize(to.as_bytes()).collect();
    format!("{path}?to={to}")
}

/// A place on this server, as a path; nothing where it could be one elsewhere.
pub(super) fn local(place: &str) -> Option<String> {
    const HERE: &str = "http://here.invalid";
    let here = Url::parse(HERE).ok()?;
    let odd = |letter: char| letter.is_control() || letter == '\\' || letter.is_whitespace();
    if !place.starts_with('/') || place.chars().any(odd) || place.len() > 2_000 {
        return None;
    }
    let found = here.join(place).ok().filter(|found| found.origin() == here.origin())?;
    let path = found.as_str().strip_prefix(HERE)?;
    // what a browser reads as another host
    (!path.starts_with("//")).then(|| path.to_owned())
}

/// A file that pages need.
pub(super) fn asset(name: &str) -> HttpResponse {
    let (media_type, text) = match name {
        "roster.css" => ("text/css; charset=utf-8", include_str!("roster.css")),
        "roster.svg" => ("image/svg+xml", include_str!("roster.svg")),
        "roster.js" => ("text/javascript; charset=utf-8", include_str!("roster.js")),
        _ => return HttpResponse::NotFound().finish(),
    };
    HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_a_name_is_said_as_one_message() {
        let (before, after) = Frame::default().around("join-as");
        assert_eq!((before.as_str(), after.as_str()), ("You are invited as ", "."));
        // a translation may leave the name out
        let (before, after) = Frame::default().around("join-now");
        assert_eq!((before.as_str(), after.as_str()), ("Join", ""));
    }

    #[test]
    fn nobody_is_sent_elsewhere() {
        for (place, expected) in [
            ("/account", Some("/account")),
            ("/o/labs/account?tab=keys#top", Some("/o/labs/account?tab=keys#top")),
            ("/a/../account", Some("/account")),
        ] {
            assert_eq!(local(place).as_deref(), expected, "{place}");
        }
        for elsewhere in [
            "",
            "account",
            "https://evil.example/",
            "//evil.example/",
            "///evil.example/",
            "/\\evil.example",
            "/\t/evil.example",
            "/ /evil.example",
            "/.//evil.example",
            "/a/..//evil.example",
            "javascript:alert(1)",
            "\u{0}/",
        ] {
            assert_eq!(local(elsewhere), None, "{elsewhere:?}");
        }
    }
}
