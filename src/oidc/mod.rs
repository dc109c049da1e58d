//! Signing in at an OpenID provider: the authorization code flow with PKCE (OpenID Connect Core 1.0 §3.1, RFC 7636), and
//! signing out again. Knows nothing of ours; what is trusted is an ID token that is verified, and nothing else.

mod logout;

pub use logout::{Ended, end_session, verify_logout};

use crate::jwt::{self, Claims, Documents, KeySets, Metadata};
use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{SHA256, digest},
    rand,
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::form_urlencoded::byte_serialize;

/// How old an ID token may be that was just given, in seconds.
const OLDEST: f64 = 600.0;
/// How far clocks may differ, in seconds.
const LEEWAY: f64 = 60.0;
/// How long ago somebody may have signed in at the provider, in seconds: 30 days.
const LONGEST_AGO: u32 = 30 * 24 * 3_600;

/// What a provider knows a server by.
#[derive(Debug, Clone)]
pub struct Client {
    /// The provider's address, as its tokens have it in `iss`.
    pub issuer: String,
    /// What it calls the server.
    pub id: String,
    /// What the server shows at the token endpoint; without one PKCE alone binds the code.
    pub secret: Option<SecretString>,
    /// What is asked for beside `openid profile email`.
    pub scopes: Vec<String>,
    /// Where the provider sends browsers back to.
    pub redirect_uri: String,
    /// Whether it makes people sign in again when it is asked to, though it does not say when they did.
    pub obeys_prompt: bool,
}

/// What a browser takes along to a provider, and must bring back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Flow {
    /// Tells the answer to this question from others (RFC 6749 §10.12).
    pub state: String,
    /// Tells the token for this question from others.
    nonce: String,
    /// What only whoever asked can show (RFC 7636 §4.1).
    verifier: String,
    /// When the person must have signed in after, in seconds since 1970, where they are to do so again.
    after: Option<f64>,
}

/// What a browser brings back.
#[derive(Debug, Clone, Default)]
pub struct Back {
    /// `code`.
    pub code: Option<String>,
    /// `state`.
    pub state: Option<String>,
    /// `iss` (RFC 9207).
    pub issuer: Option<String>,
    /// `error`.
    pub error: Option<String>,
}

/// Whom an ID token is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// What the provider calls the person, for ever.
    pub subject: String,
    /// What the provider calls its own session, where it says so.
    pub session: Option<String>,
    /// When the person last proved there who they are, where it says so; seconds since 1970.
    pub authenticated_at: Option<f64>,
    /// Everything that the token claims, and what the provider told beside.
    pub claims: Map<String, Value>,
}

/// Why nobody is signed in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The browser brings back something else than it took along.
    #[error("this is not the answer to a question that this browser asked")]
    Foreign,
    /// The provider says no.
    #[error("the provider says: {0}")]
    Refused(String),
    /// What the provider answers cannot be trusted.
    #[error("{0}")]
    Untrue(String),
    /// The provider does not answer, or not as one does.
    #[error("the provider cannot be reached now: {0}")]
    Away(String),
}

impl From<jwt::Failure> for Failure {
    fn from(failure: jwt::Failure) -> Self {
        match failure {
            jwt::Failure::Token(why) => Self::Untrue(why),
            jwt::Failure::Issuer(why) => Self::Away(why),
        }
    }
}

/// Sends a browser to a provider: where to, and what it must bring back. `again` says that the person shall prove anew who they
/// are, even if the provider knows them still; `now` is in seconds since 1970.
pub fn begin(client: &Client, about: &Metadata, again: bool, now: f64) -> Result<(String, Flow), Failure> {
    let endpoint = about.authorization_endpoint.as_deref();
    let mut url = endpoint
        .and_then(|address| jwt::endpoint(&client.issuer, address))
        .ok_or_else(|| Failure::Away("its documents name no safe authorization_endpoint".to_owned()))?;
    let flow = Flow { state: random()?, nonce: random()?, verifier: random()?, after: again.then_some(now) };
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, flow.verifier.as_bytes()));
    let mut scopes = vec!["openid", "profile", "email"];
    scopes.extend(
        client.scopes.iter().map(String::as_str).filter(|scope| !scopes.contains(scope)).collect::<Vec<_>>(),
    );
    let mut query = url.query_pairs_mut();
    query
        .append_pair("response_type", "code")
        .append_pair("client_id", &client.id)
        .append_pair("redirect_uri", &client.redirect_uri)
        .append_pair("scope", &scopes.join(" "))
        .append_pair("state", &flow.state)
        .append_pair("nonce", &flow.nonce)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    if again {
        query.append_pair("prompt", "login").append_pair("max_age", "0");
    } else {
        // with it the provider says when that was (§3.1.2.1)
        query.append_pair("max_age", &LONGEST_AGO.to_string());
    }
    drop(query);
    Ok((url.into(), flow))
}

fn random() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| Failure::Away("there is no randomness".to_owned()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Whom the provider says that has come back with a browser. `now` is in seconds since 1970.
pub async fn redeem(
    client: &Client,
    issuers: &KeySets,
    flow: &Flow,
    back: Back,
    now: f64,
) -> Result<Identity, Failure> {
    let state = back.state.unwrap_or_default();
    verify_slices_are_equal(state.as_bytes(), flow.state.as_bytes()).map_err(|_| Failure::Foreign)?;
    let about = issuers.about(&client.issuer).await?;
    // RFC 9207 §2.4: another provider's answer
    let is_needed = about.metadata.authorization_response_iss_parameter_supported;
    if back.issuer.as_ref().map_or(is_needed, |issuer| *issuer != client.issuer) {
        return Err(Failure::Foreign);
    }
    if let Some(error) = back.error {
        return Err(Failure::Refused(word(&error)));
    }
    let code = back.code.ok_or(Failure::Foreign)?;
    let (asking, metadata, verifier) = (client.clone(), about.metadata.clone(), flow.verifier.clone());
    let given = tokio::task::spawn_blocking(move || exchange(&asking, &metadata, &code, &verifier)).await;
    let given = given.map_err(|_| Failure::Away("asking it broke off".to_owned()))??;
    let claims = verified(client, issuers, &given.id_token, now).await?;
    check(&claims, client, flow, now)?;
    let mut identity = identity(claims);
    let missing = ["email", "preferred_username"].iter().any(|name| !identity.claims.contains_key(*name));
    if let (true, Some(token)) = (missing, given.access_token) {
        let (asking, about) = (client.clone(), about.clone());
        let told = tokio::task::spawn_blocking(move || tell(&asking, &about, &token)).await;
        add(&mut identity, told.unwrap_or_default());
    }
    Ok(identity)
}

/// The claims of an ID token that this provider signed for this client.
async fn verified(client: &Client, issuers: &KeySets, token: &str, now: f64) -> Result<Claims, Failure> {
    let claimed = jwt::claimed(token)?;
    if claimed.issuer != client.issuer {
        return Err(Failure::Untrue("iss: expected the provider that was asked".to_owned()));
    }
    let mut documents = issuers.of(&claimed).await?;
    if !jwt::knows(&claimed, &documents.keys) {
        // the provider has just given the token, so its keys changed a moment after they were read
        tokio::time::sleep(jwt::REST).await;
        documents = issuers.of(&claimed).await?;
    }
    Ok(jwt::verify(token, &claimed, &documents.keys, &[&client.id], now)?)
}

/// What else an ID token must say: OpenID Connect Core 1.0 §3.1.3.7, from the fourth step on.
fn check(claims: &Claims, client: &Client, flow: &Flow, now: f64) -> Result<(), Failure> {
    let untrue = |why: &str| Err(Failure::Untrue(why.to_owned()));
    let text = |name: &str| claims.others.get(name).and_then(Value::as_str);
    let is_for_many = claims.others.get("aud").and_then(Value::as_array).is_some_and(|list| list.len() > 1);
    match text("azp") {
        Some(party) if party != client.id => return untrue("azp: the token is for another client"),
        None if is_for_many => return untrue("azp: expected the one of many for whom the token is"),
        _ => {}
    }
    let nonce = text("nonce").unwrap_or_default();
    if verify_slices_are_equal(nonce.as_bytes(), flow.nonce.as_bytes()).is_err() {
        return untrue("nonce: the token is the answer to another question");
    }
    match claims.issued_at() {
        None => return untrue("iat: expected when the token was made"),
        Some(made) if made + OLDEST < now => return untrue("iat: the token was made long ago"),
        Some(_) => {}
    }
    match (flow.after, claims.others.get("auth_time").and_then(Value::as_f64)) {
        (Some(after), Some(at)) if at + LEEWAY >= after => Ok(()),
        (Some(_), None) if client.obeys_prompt => Ok(()),
        (Some(_), _) => untrue("auth_time: expected that the person signed in again, and when"),
        (None, _) => Ok(()),
    }
}

fn identity(claims: Claims) -> Identity {
    let session = claims.others.get("sid").and_then(Value::as_str).map(str::to_owned);
    let authenticated_at = claims.others.get("auth_time").and_then(Value::as_f64);
    Identity { subject: claims.subject, session, authenticated_at, claims: claims.others }
}

/// What a code was exchanged for.
struct Given {
    id_token: String,
    access_token: Option<SecretString>,
}

/// Gives a code for an ID token (§3.1.3.1).
fn exchange(client: &Client, about: &Metadata, code: &str, verifier: &str) -> Result<Given, Failure> {
    #[derive(Deserialize)]
    struct Answer {
        id_token: Option<String>,
        access_token: Option<String>,
        error: Option<String>,
    }
    let endpoint = about.token_endpoint.as_deref();
    let endpoint = endpoint
        .and_then(|address| jwt::endpoint(&client.issuer, address))
        .ok_or_else(|| Failure::Away("its documents name no safe token_endpoint".to_owned()))?;
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &client.redirect_uri),
        ("code_verifier", verifier),
        ("client_id", &client.id),
    ];
    let mut request = jwt::agent().post(endpoint.as_str());
    if let Some(secret) = &client.secret {
        let methods = &about.token_endpoint_auth_methods_supported;
        // which is meant where nothing is said
        if methods.is_empty() || methods.iter().any(|method| method == "client_secret_basic") {
            let pair = format!("{}:{}", encoded(&client.id), encoded(secret.expose_secret()));
            request = request.header("Authorization", format!("Basic {}", STANDARD.encode(pair)));
        } else {
            form.push(("client_secret", secret.expose_secret()));
        }
    }
    let answer = jwt::answered::<Answer>(request.send_form(form)).map_err(Failure::Away)?;
    match answer {
        (200, Some(Answer { id_token: Some(id_token), access_token, .. })) => {
            Ok(Given { id_token, access_token: access_token.map(SecretString::from) })
        }
        (200, _) => Err(Failure::Untrue("the provider gave no ID token for the code".to_owned())),
        (400..=499, Some(Answer { error: Some(error), .. })) => Err(Failure::Refused(word(&error))),
        (status, _) => Err(Failure::Away(format!("its token endpoint answers {status}"))),
    }
}

/// A value as Basic authentication of clients has it (RFC 6749 §2.3.1).
fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// What a provider tells of somebody beside the ID token (§5.3); nothing where it does not.
fn tell(client: &Client, about: &Documents, token: &SecretString) -> Map<String, Value> {
    let endpoint = about.metadata.userinfo_endpoint.as_deref();
    let Some(endpoint) = endpoint.and_then(|address| jwt::endpoint(&client.issuer, address)) else {
        return Map::new();
    };
    let bearer = format!("Bearer {}", token.expose_secret());
    let request = jwt::agent().get(endpoint.as_str()).header("Authorization", bearer);
    match jwt::answered(request.call()) {
        Ok((200, Some(told))) => told,
        _ => Map::new(),
    }
}

/// Adds what is told of the same person and not known yet.
fn add(identity: &mut Identity, told: Map<String, Value>) {
    // §5.3.2: of whom else it may be
    if told.get("sub").and_then(Value::as_str) != Some(identity.subject.as_str()) {
        return;
    }
    // what is said of an address is said of the one beside it
    let has_address = identity.claims.contains_key("email");
    for (name, value) in told {
        if name != "email_verified" || !has_address {
            identity.claims.entry(name).or_insert(value);
        }
    }
}

/// A code of an error, without anything that is none.
fn word(text: &str) -> String {
    text.chars().filter(|letter| letter.is_ascii_alphanumeric() || "_-.".contains(*letter)).take(64).collect()
}
