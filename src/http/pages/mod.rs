//! Pages for people: plain forms that work without script. Every change comes from a page of this server, or is refused.

mod account;
mod answer;
pub mod console;
mod held;
mod links;
mod messages;
mod moment;
mod oidc;
mod sign_in;

use super::{body, error::Refusal, request_log::Line, server::Door, visitor};
use crate::service::{Context, Error, Visit, sessions, sign_in as door_of};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web,
};
use answer::{Answer, Failed, Frame, Kept};
use futures_util::{FutureExt, future::LocalBoxFuture};
use messages::Language;
use std::{panic::AssertUnwindSafe, sync::Arc};
use url::Url;

/// The largest form, in bytes: a table of people, and room for what is written with three letters in a form.
const FORM: usize = 3 * 1024 * 1024;

/// The first segments of pages' paths.
const FIRST: [&str; 12] = [
    "",
    "account",
    "assets",
    "console",
    "first-admin",
    "held",
    "forgot-password",
    "invite",
    "logout",
    "oidc",
    "reset-password",
    "sign-in",
];

/// Whether a path is a page's, of an organization that it names or not.
pub(super) fn are_at(path: &str) -> bool {
    let (_, path) = super::scim::organization(path);
    let first = path.strip_prefix('/').unwrap_or(path).split('/').next().unwrap_or_default();
    FIRST.contains(&first) && path.trim_matches('/').split('/').count() <= 6
}

/// A request for a page.
pub(super) struct Asked<'r> {
    request: &'r HttpRequest,
    door: &'r Door,
    /// What stands before the page's own path: `/o/{slug}`, or nothing.
    root: String,
    slug: Option<&'r str>,
    query: Vec<(String, String)>,
    form: Vec<(String, String)>,
    /// The files that came with it, by the name of their field.
    files: Vec<(String, Vec<u8>)>,
    visit: Visit,
}

impl Asked<'_> {
    /// A field of the form; empty where it is not there.
    fn field(&self, name: &str) -> &str {
        value(&self.form, name)
    }

    /// Every value that the form has under a name.
    fn fields(&self, name: &str) -> Vec<String> {
        self.form.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    }

    /// A file that came with the form.
    fn file(&self, name: &str) -> Option<&[u8]> {
        let found = self.files.iter().find(|(field, bytes)| field == name && !bytes.is_empty());
        found.map(|(_, bytes)| bytes.as_slice())
    }

    /// A parameter of the query; empty where it is not there.
    fn query(&self, name: &str) -> &str {
        value(&self.query, name)
    }

    /// Where somebody wanted to go before they had to sign in; a place on this server.
    fn wanted(&self) -> String {
        let said = if self.form.is_empty() { self.query("to") } else { self.field("to") };
        answer::local(said).unwrap_or_else(|| format!("{}/", self.root))
    }

    /// The URL that an identity provider is given.
    fn scim(&self) -> String {
        self.slug.map_or_else(|| self.door.base.to_string(), |slug| self.door.base_of(slug).to_string())
    }

    /// What the browser keeps of the session, if anything.
    fn session(&self) -> Option<String> {
        visitor::cookie(self.request, self.door.session_cookie())
    }

    /// What else the browser keeps.
    fn kept(&self, what: Kept) -> Option<String> {
        visitor::cookie(self.request, &what.name(self.door))
    }

    /// The same page at the name that the server is known by, where a browser on this machine uses another: what it keeps for one
    /// name it does not bring to the other.
    fn at_public_name(&self) -> Option<String> {
        let asked = Url::parse(&format!("http://{}", self.request.connection_info().host())).ok()?;
        let known = Url::parse(self.door.root()).ok()?;
        let local = |url: &Url| matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        // once: a proxy may call the server by another name, whatever the browser said
        let is_new = self.query("from").is_empty();
        let differs = asked.host_str() != known.host_str() && local(&asked) && local(&known) && is_new;
        let parts = if self.request.query_string().is_empty() { '?' } else { '&' };
        differs.then(|| format!("{}{}{parts}from=here", self.door.root(), self.request.uri()))
    }

    /// At the door of the organization that the path names, or of the first.
    async fn at_door(&self) -> Result<Arc<Context>, Failed> {
        Ok(door_of::at_door(&self.door.app, self.slug, &self.visit).await?)
    }

    /// What every page of the door shows.
    async fn frame(&self, cx: &Arc<Context>) -> Result<Frame, Failed> {
        Ok(Frame::of(&door_of::offer(cx).await?, self.language()))
    }

    /// The language that the browser asks for, as far as there is one.
    fn language(&self) -> &'static Language {
        let header = self.request.headers().get(header::ACCEPT_LANGUAGE);
        messages::asked_for(header.and_then(|it| it.to_str().ok()).unwrap_or_default())
    }

    /// Who is signed in; a way to the sign-in page for who is not.
    async fn person(&self) -> Result<Arc<Context>, Failed> {
        let here = || Failed::SignIn { root: self.root.clone(), to: self.request.uri().to_string() };
        let cookie = self.session().ok_or_else(here)?;
        let found = sessions::authenticate(&self.door.app, &cookie, &self.visit.address).await;
        let principal = match found {
            Err(Error::Unauthorized) => return Err(here()),
            other => other?,
        };
        if self.slug.is_some_and(|slug| slug != principal.slug) {
            return Err(here());
        }
        let (app, base) = (&self.door.app, &self.door.base);
        Ok(Arc::new(Context::of_principal(app, &principal, &self.visit, base).await?))
    }
}

fn value<'p>(pairs: &'p [(String, String)], name: &str) -> &'p str {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}

/// Serves a page. Whatever is refused is a page, too, also after a panic.
pub(super) async fn serve(
    request: HttpRequest,
    payload: web::Payload,
    door: &Door,
    line: &mut Line,
) -> HttpResponse {
    line.endpoint = "/…";
    let (slug, path) = super::scim::organization(request.path());
    if let Some(file) = path.strip_prefix("/assets/") {
        line.endpoint = "/assets";
        return answer::asset(file);
    }
    let mut asked = Asked {
        root: slug.map(|slug| format!("/o/{slug}")).unwrap_or_default(),
        slug,
        query: pairs(request.query_string()),
        form: Vec::new(),
        files: Vec::new(),
        visit: visitor::visit(&request, door, line),
        request: &request,
        door,
    };
    let served = AssertUnwindSafe(answer(&mut asked, payload, path, line)).catch_unwind().await;
    let answered = match served.unwrap_or(Err(Failed::Refused(Refusal::Panic))) {
        Ok(answer) => answer,
        Err(failed) => held::hold(&asked, path, failed)
            .unwrap_or_else(|failed| failed.answer(&line.request, asked.language())),
    };
    answered.response(door)
}

fn pairs(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

async fn answer(
    asked: &mut Asked<'_>,
    payload: web::Payload,
    path: &str,
    line: &mut Line,
) -> Result<Answer, Failed> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let changes = match *asked.request.method() {
        Method::GET | Method::HEAD => false,
        Method::POST => true,
        _ => return Err(Failed::Refused(Refusal::Method("GET, HEAD, POST".into()))),
    };
    if changes {
        // a provider is no page; it shows a token that it signed
        if segments != ["oidc", "backchannel-logout"] && !visitor::is_of_ours(asked.request, asked.door) {
            return Err(Failed::Foreign);
        }
        body::check_head(asked.request, FORM)?;
        if body::is_of(asked.request, &["application/x-www-form-urlencoded"]) {
            asked.form = body::form(payload, FORM).await?;
        } else if body::is_of(asked.request, &["multipart/form-data"]) {
            (asked.form, asked.files) = body::parts(asked.request, payload, FORM).await?;
        } else {
            let expected = "expected a form, application/x-www-form-urlencoded or multipart/form-data";
            return Err(Failed::Refused(Refusal::MediaType(expected.to_owned())));
        }
    }
    let asked = &*asked;
    if let ["console", rest @ ..] = segments.as_slice() {
        return console::serve(asked, rest, changes, line).await;
    }
    let (endpoint, page) = page(asked, &segments, changes).ok_or(Error::NotFound("page"))?;
    line.endpoint = endpoint;
    page.await
}

/// What a page answers.
type Served<'a> = LocalBoxFuture<'a, Result<Answer, Failed>>;

/// The pages: what stands in the path, whether something is to change, and what serves it.
fn page<'a>(asked: &'a Asked<'_>, path: &[&'a str], changes: bool) -> Option<(&'static str, Served<'a>)> {
    Some(match (path, changes) {
        ([], false) => ("/", account::home(asked).boxed_local()),
        (["sign-in"], false) => ("/sign-in", sign_in::show(asked).boxed_local()),
        (["sign-in"], true) => ("/sign-in", sign_in::by_password(asked).boxed_local()),
        (["sign-in", "code"], false) => ("/sign-in/code", sign_in::show_code(asked).boxed_local()),
        (["sign-in", "code"], true) => ("/sign-in/code", sign_in::by_code(asked).boxed_local()),
        (["sign-in", "password"], false) => {
            ("/sign-in/password", sign_in::show_password(asked).boxed_local())
        }
        (["sign-in", "password"], true) => {
            ("/sign-in/password", sign_in::by_new_password(asked).boxed_local())
        }
        (["sign-in", "again"], false) => ("/sign-in/again", sign_in::show_again(asked).boxed_local()),
        (["sign-in", "again"], true) => ("/sign-in/again", sign_in::again(asked).boxed_local()),
        (["logout"], false) => ("/logout", sign_in::show_logout(asked).boxed_local()),
        (["logout"], true) => ("/logout", sign_in::logout(asked).boxed_local()),
        (["forgot-password"], false) => ("/forgot-password", links::show_forgotten(asked).boxed_local()),
        (["forgot-password"], true) => ("/forgot-password", links::forgotten(asked).boxed_local()),
        (["reset-password", token], false) => {
            ("/reset-password/{token}", links::show_reset(asked, token).boxed_local())
        }
        (["reset-password", token], true) => {
            ("/reset-password/{token}", links::reset(asked, token).boxed_local())
        }
        (["first-admin", token], false) => {
            ("/first-admin/{token}", links::show_first_admin(asked, token).boxed_local())
        }
        (["first-admin", token], true) => {
            ("/first-admin/{token}", links::first_admin(asked, token).boxed_local())
        }
        (["invite", token], false) => ("/invite/{token}", links::show_invite(asked, token).boxed_local()),
        (["invite", token], true) => ("/invite/{token}", links::accept(asked, token).boxed_local()),
        (["oidc", "start", provider], false) => {
            ("/oidc/start/{provider}", oidc::start(asked, provider).boxed_local())
        }
        (["oidc", "try", provider], false) => {
            ("/oidc/try/{provider}", oidc::attempt(asked, provider).boxed_local())
        }
        (["oidc", "again"], false) => ("/oidc/again", oidc::again(asked).boxed_local()),
        (["oidc", "callback"], false) => ("/oidc/callback", oidc::callback(asked, None).boxed_local()),
        (["oidc", "callback", provider], false) => {
            ("/oidc/callback/{provider}", oidc::callback(asked, Some(provider)).boxed_local())
        }
        (["oidc", "backchannel-logout"], true) => {
            ("/oidc/backchannel-logout", oidc::ended_there(asked).boxed_local())
        }
        (["held"], false) => ("/held", held::proved(asked).boxed_local()),
        (["account"], false) => ("/account", account::show(asked).boxed_local()),
        (["account", "sessions"], true) => ("/account/sessions", account::end_others(asked).boxed_local()),
        (["account", "sessions", id], true) => {
            ("/account/sessions/{id}", account::end(asked, id).boxed_local())
        }
        (["account", "password"], false) => {
            ("/account/password", account::show_password(asked).boxed_local())
        }
        (["account", "password"], true) => {
            ("/account/password", account::choose_password(asked).boxed_local())
        }
        (["account", "second-factor"], false) => {
            ("/account/second-factor", account::show_second_factor(asked).boxed_local())
        }
        (["account", "second-factor"], true) => {
            ("/account/second-factor", account::change_second_factor(asked).boxed_local())
        }
        _ => return None,
    })
}
