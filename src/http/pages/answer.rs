//! What a page answers: HTML, where to go next, and what the browser keeps.

use super::super::{error::Refusal, server::Door};
use crate::{
    org::refusal::Refusal as Rule,
    service::{Error, sessions::Signed, sign_in::Offer},
};
use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use askama::Template;
use serde_json::Value;
use url::Url;

/// What every page shows.
#[derive(Debug, Clone, Default)]
pub(super) struct Frame {
    /// The organization's name; empty where it is not known.
    pub(super) organization: String,
    /// What stands before the paths of its pages.
    pub(super) root: String,
    /// The name of who is signed in.
    pub(super) name: Option<String>,
}

impl Frame {
    /// What a page of the door shows.
    pub(super) fn of(offer: &Offer) -> Self {
        Self { organization: offer.organization.clone(), root: offer.root.clone(), name: None }
    }
}

/// The media type of pages.
const HTML: &str = "text/html; charset=utf-8";

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    html: String,
    /// Where the browser goes instead.
    to: Option<String>,
    cookies: Vec<Cookie>,
    media_type: &'static str,
}

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
}

impl Kept {
    /// The cookie's name.
    pub(super) fn name(self, door: &Door) -> String {
        let suffix = match self {
            Self::Session => "",
            Self::Known => "-known",
            Self::Step => "-step",
            Self::Flow => "-flow",
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
        Ok(Self { status, html, to: None, cookies: Vec::new(), media_type: HTML })
    }

    /// What no person reads.
    pub(super) fn json(status: StatusCode, body: &Value) -> Self {
        Self { status, html: body.to_string(), to: None, cookies: Vec::new(), media_type: "application/json" }
    }

    /// Elsewhere, by GET.
    pub(super) fn to(place: impl Into<String>) -> Self {
        Self {
            status: StatusCode::SEE_OTHER,
            html: String::new(),
            to: Some(place.into()),
            cookies: Vec::new(),
            media_type: HTML,
        }
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
            .insert_header((header::CACHE_CONTROL, "no-store"))
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
        match self.to {
            Some(place) => response.insert_header((header::LOCATION, place)).finish(),
            None => response.content_type(self.media_type).body(self.html),
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
    pub(super) title: &'t str,
    pub(super) sentence: &'t str,
    /// Where to go from there: a path, and what it is called.
    pub(super) next: Option<(String, &'t str)>,
}

impl Failed {
    /// The page that says so.
    pub(super) fn answer(self, request: &str) -> Answer {
        let mut next = None;
        let (status, title, sentence) = match self {
            Self::SignIn { root, to } => return Answer::to(with_to(&format!("{root}/sign-in"), &to)),
            Self::Foreign => (
                StatusCode::FORBIDDEN,
                "This did not come from here",
                "No page of this server sent this form, so nothing was done. Open the page here and try again.".to_owned(),
            ),
            Self::Refused(Refusal::Service(Error::NotFound(what))) => match what {
                "provider" => (
                    StatusCode::NOT_FOUND,
                    "There is no such provider",
                    "Nobody signs in by it, or not any more.".to_owned(),
                ),
                "page" | "organization" => {
                    (StatusCode::NOT_FOUND, "There is no such page", "Nothing is served here.".to_owned())
                }
                _ => (
                    StatusCode::NOT_FOUND,
                    "This link does not work",
                    "It was used already, its time is over, or it was not copied whole. Ask whoever gave it to you for another."
                        .to_owned(),
                ),
            },
            Self::Refused(refusal) => {
                let title = match &refusal {
                    Refusal::Service(Error::Rule(Rule::Forbidden(_) | Rule::NotFresh)) => "You may not do this",
                    Refusal::Service(Error::Busy(_)) => "Too much is going on",
                    other if other.status().is_server_error() => "Something went wrong here",
                    _ => "This could not be done",
                };
                (refusal.status(), title, sentence(&refusal.detail(request)))
            }
        };
        let frame = Frame::default();
        if status == StatusCode::NOT_FOUND {
            next = Some(("/sign-in".to_owned(), "Go to sign-in"));
        }
        let page = Told { frame: &frame, title, sentence: &sentence, next };
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
