//! Tokens that others issue and sign (RFC 7519): where their keys are, and what a token says once it is verified. Knows
//! nothing of ours.

mod keys;

pub use keys::{Documents, KeySets, Metadata, REST, agent, answered, check_issuer, endpoint};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::{
    Algorithm, DecodingKey, Header, Validation, decode, decode_header,
    errors::{Error, ErrorKind},
    jwk::{Jwk, JwkSet, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::fmt;

/// How far clocks may differ, in seconds.
const LEEWAY: f64 = 60.0;
/// The longest token, in bytes.
const LONGEST: usize = 16 * 1024;
/// The algorithms of signatures that are taken: none with a shared secret, and not "none".
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Why a token is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It is wrong; what it was expected to be.
    Token(String),
    /// Whether it is right cannot be told now; what stood between the issuer's keys and us.
    Issuer(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(why) => f.write_str(why),
            Self::Issuer(why) => write!(f, "the issuer's keys cannot be read: {why}"),
        }
    }
}

impl std::error::Error for Failure {}

fn wrong(why: &str) -> Failure {
    Failure::Token(why.to_owned())
}

/// What a token says of itself before anything of it is verified: whose keys it needs.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Who says to have issued it.
    pub issuer: String,
    header: Header,
}

/// What a verified token says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Claims {
    /// Whom it is about; empty where it is about nobody.
    #[serde(rename = "sub", default)]
    pub subject: String,
    /// When it ends; seconds since 1970, as every NumericDate (RFC 7519 §2).
    exp: f64,
    /// When it begins, where it says so.
    nbf: Option<f64>,
    /// When it was made, where it says so.
    iat: Option<f64>,
    /// What else it says.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

impl Claims {
    /// When the token was made, where it says so; seconds since 1970.
    pub fn issued_at(&self) -> Option<f64> {
        self.iat
    }
}

/// Reads a token without believing it.
pub fn claimed(token: &str) -> Result<Claimed, Failure> {
    #[derive(Deserialize)]
    struct Unverified {
        iss: Option<String>,
    }
    if token.len() > LONGEST {
        return Err(Failure::Token(format!(
            "expected a token of at most {LONGEST} bytes, found {}",
            token.len()
        )));
    }
    let head = token.split('.').next().and_then(|part| BASE64.decode(part).ok());
    let head: Option<Map<String, Value>> = head.and_then(|head| serde_json::from_slice(&head).ok());
    if head.is_some_and(|head| head.contains_key("crit")) {
        // RFC 7515 §4.1.11: what must be understood is not
        return Err(wrong("crit: no extension of the header is understood"));
    }
    let header = decode_header(token).map_err(|_| wrong("expected a signed JWT in compact form"))?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(wrong("expected a signature by RS, PS, ES or EdDSA; other algorithms are not taken"));
    }
    let claims: Unverified = jsonwebtoken::dangerous::insecure_decode(token)
        .map_err(|_| wrong("expected a signed JWT in compact form"))?
        .claims;
    let issuer = claims.iss.ok_or_else(|| wrong("iss: expected the issuer"))?;
    Ok(Claimed { issuer, header })
}

/// Whether these keys hold the one that a token names.
pub fn knows(claimed: &Claimed, keys: &JwkSet) -> bool {
    key_of(claimed, keys).is_some()
}

/// Whether the keys hold the one that a token names, so that it need not be asked for.
pub(crate) fn key_of<'k>(claimed: &Claimed, keys: &'k JwkSet) -> Option<&'k Jwk> {
    let signs = |key: &&Jwk| {
        let for_signatures = !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption));
        let algorithm = key.common.key_algorithm.map(|named| named.to_string());
        for_signatures && algorithm.is_none_or(|named| named == format!("{:?}", claimed.header.alg))
    };
    let mut fitting = keys.keys.iter().filter(signs);
    match &claimed.header.kid {
        Some(id) => fitting.find(|key| key.common.key_id.as_ref() == Some(id)),
        // without a name there must be no choice
        None => match (fitting.next(), fitting.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        },
    }
}

/// Verifies a token that is about somebody.
pub fn verify(
    token: &str,
    claimed: &Claimed,
    keys: &JwkSet,
    audiences: &[&str],
    now: f64,
) -> Result<Claims, Failure> {
    let claims = verify_any(token, claimed, keys, audiences, now)?;
    if claims.subject.is_empty() {
        return Err(wrong("sub: expected whom the token is about"));
    }
    Ok(claims)
}

/// Verifies a token: signature, issuer, audience, and that it is a token `now`, in seconds since 1970 (RFC 7519 §7.2,
/// RFC 7523 §3).
pub fn verify_any(
    token: &str,
    claimed: &Claimed,
    keys: &JwkSet,
    audiences: &[&str],
    now: f64,
) -> Result<Claims, Failure> {
    let key =
        key_of(claimed, keys).ok_or_else(|| wrong("the issuer has no key of this kid for signatures"))?;
    let key = DecodingKey::from_jwk(key).map_err(|_| wrong("the issuer's key of this kid cannot be used"))?;
    let mut validation = Validation::new(claimed.header.alg);
    // below, by our own clock
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.set_issuer(&[&claimed.issuer]);
    validation.set_audience(audiences);
    let claims =
        decode::<Claims>(token, &key, &validation).map_err(|error| refused(&error, audiences))?.claims;
    if claims.exp + LEEWAY <= now {
        return Err(wrong("exp: the token has expired"));
    }
    match claims.nbf {
        Some(begins) if begins - LEEWAY > now => Err(wrong("nbf: the token is not valid yet")),
        _ if claims.iat.is_some_and(|made| made - LEEWAY > now) => {
            Err(wrong("iat: the token was made in the future"))
        }
        _ => Ok(claims),
    }
}

fn refused(error: &Error, audiences: &[&str]) -> Failure {
    match error.kind() {
        ErrorKind::InvalidIssuer => wrong("iss: expected the issuer whose keys these are"),
        ErrorKind::InvalidAudience => {
            Failure::Token(format!("aud: expected one of {}", audiences.join(", ")))
        }
        ErrorKind::MissingRequiredClaim(name) => Failure::Token(format!("{name}: expected a value")),
        ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm | ErrorKind::InvalidKeyFormat => {
            wrong("the signature is not the issuer's")
        }
        _ => wrong("expected a signed JWT in compact form with exp, iss, sub and aud"),
    }
}
