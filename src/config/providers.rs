//! Where else people sign in, as the environment says, in W&B's words and in ours (W-086 to W-094, W-101).

use super::{found, mail::secret, variable};
use serde_json::{Map, Value, json};

/// The first of these variables that is set, and what it says.
fn first(names: &[&'static str]) -> Result<Option<(&'static str, String)>, String> {
    for name in names {
        if let Some(text) = variable(name)?.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
        {
            return Ok(Some((name, text)));
        }
    }
    Ok(None)
}

fn text(names: &[&'static str]) -> Result<Option<String>, String> {
    Ok(first(names)?.map(|(_, text)| text))
}

fn switch(names: &[&'static str]) -> Result<Option<bool>, String> {
    let Some((name, text)) = first(names)? else { return Ok(None) };
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Ok(Some(true)),
        "false" | "0" | "no" => Ok(Some(false)),
        _ => Err(format!("{name}: expected true or false (1, 0, yes, no), found {text}")),
    }
}

/// Words with commas or blanks between them.
fn words(names: &[&'static str]) -> Result<Vec<String>, String> {
    let text = text(names)?.unwrap_or_default();
    Ok(text.split([',', ' ']).filter(|word| !word.is_empty()).map(str::to_owned).collect())
}

fn secret_of(names: &[&'static str]) -> Result<Option<String>, String> {
    for name in names {
        if let Some(found) = secret(name)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The providers that the environment names, in the words of the API; or everything that is wrong with them.
pub fn providers() -> Result<Vec<Value>, Vec<String>> {
    let mut mistakes = Vec::new();
    let oidc = found(openid(), &mut mistakes).flatten();
    let ldap = found(directory(), &mut mistakes).flatten();
    if mistakes.is_empty() { Ok(oidc.into_iter().chain(ldap).collect()) } else { Err(mistakes) }
}

/// Whether somebody restores the server, so that people sign in with passwords alone (W-094).
pub fn restores() -> Result<bool, String> {
    Ok(switch(&["ROSTER_LOCAL_RESTORE", "LOCAL_RESTORE"])?.unwrap_or(false))
}

fn openid() -> Result<Option<Value>, String> {
    let issuer = text(&["ROSTER_OIDC_ISSUER", "OIDC_ISSUER", "GORILLA_OIDC_ISSUER"])?;
    let client = text(&["ROSTER_OIDC_CLIENT_ID", "OIDC_CLIENT_ID", "GORILLA_OIDC_CLIENT_ID"])?;
    let (issuer, client) = match (issuer, client) {
        (None, None) => return Ok(None),
        (Some(issuer), Some(client)) => (issuer, client),
        (Some(_), None) => {
            return Err("ROSTER_OIDC_ISSUER is set, and ROSTER_OIDC_CLIENT_ID is not".to_owned());
        }
        (None, Some(_)) => {
            return Err("ROSTER_OIDC_CLIENT_ID is set, and ROSTER_OIDC_ISSUER is not".to_owned());
        }
    };
    match first(&["OIDC_AUTH_METHOD", "GORILLA_AUTH_METHOD"])? {
        None => {}
        Some((_, method)) if method == "pkce" => {}
        Some((name, method)) if method == "implicit" => {
            return Err(format!(
                "{name}: the implicit flow shows tokens to whatever reads the browser's addresses, and is not offered; \
                 set pkce here, and allow the authorization code with PKCE at the provider"
            ));
        }
        Some((name, method)) => return Err(format!("{name}: expected pkce, found {method}")),
    }
    let groups =
        ["ROSTER_OIDC_GROUP_SYNC", "GORILLA_ENABLE_SSO_GROUP_CLAIMS", "GORILLA_ENABLE_SSO_GROUPS_CLAIMS"];
    Ok(Some(json!({
        "name": text(&["ROSTER_OIDC_NAME"])?.unwrap_or_else(|| "Single sign-on".to_owned()),
        "enabled": true,
        "oidc": {
            "issuer": issuer,
            "clientId": client,
            "scopes": words(&["ROSTER_OIDC_SCOPES", "GORILLA_OIDC_CUSTOM_SCOPES"])?,
        },
        "rules": {
            "trustEmail": switch(&["ROSTER_OIDC_TRUST_EMAIL"])?.unwrap_or(false),
            "groupSync": switch(&groups)?.unwrap_or(false),
            "identifierClaims":
                switch(&["ROSTER_OIDC_IDENTIFIER_CLAIMS", "GORILLA_USE_IDENTIFIER_CLAIMS"])?.unwrap_or(false),
        },
        "secret": secret_of(&["ROSTER_OIDC_SECRET", "GORILLA_OIDC_SECRET", "OIDC_SECRET", "OIDC_CLIENT_SECRET"])?,
    })))
}

fn directory() -> Result<Option<Value>, String> {
    let Some(address) = text(&["ROSTER_LDAP_ADDRESS", "LOCAL_LDAP_ADDRESS"])? else { return Ok(None) };
    let Some(base) = text(&["ROSTER_LDAP_BASE_DN", "LOCAL_LDAP_BASE_DN"])? else {
        return Err("ROSTER_LDAP_ADDRESS is set, and ROSTER_LDAP_BASE_DN is not".to_owned());
    };
    let tls = switch(&["ROSTER_LDAP_START_TLS", "LOCAL_LDAP_TLS_ENABLE"])?.unwrap_or(false);
    // names of groups have blanks in them, and distinguished ones commas
    let allowed = text(&["ROSTER_LDAP_GROUP_ALLOW_LIST", "LOCAL_LDAP_GROUP_ALLOW_LIST"])?.unwrap_or_default();
    let parts = if allowed.contains(';') || allowed.contains('=') { ';' } else { ',' };
    let allowed: Vec<&str> = allowed.split(parts).map(str::trim).filter(|group| !group.is_empty()).collect();
    let attributes = match first(&["ROSTER_LDAP_ATTRIBUTES", "LOCAL_LDAP_ATTRIBUTES"])? {
        Some((name, text)) => attributes(&text).map_err(|wrong| format!("{name}: {wrong}"))?,
        None => Map::new(),
    };
    let ldap = json!({
        "address": address,
        "baseDn": base,
        "startTls": tls && address.starts_with("ldap://"),
        "bindDn": text(&["ROSTER_LDAP_BIND_DN", "LOCAL_LDAP_BIND_DN"])?,
        "groupBaseDn": text(&["ROSTER_LDAP_GROUP_BASE_DN"])?,
        "nestedGroups": switch(&["ROSTER_LDAP_NESTED_GROUPS"])?.unwrap_or(false),
        "userFilter": text(&["ROSTER_LDAP_USER_FILTER"])?,
        "ca": authority()?,
        "attributes": attributes,
        "allowedGroups": allowed,
    });
    Ok(Some(json!({
        "name": text(&["ROSTER_LDAP_NAME"])?.unwrap_or_else(|| "LDAP".to_owned()),
        "enabled": switch(&["ROSTER_LDAP_LOGIN", "LOCAL_LDAP_LOGIN"])?.unwrap_or(false),
        "ldap": ldap,
        "rules": {
            "groupSync": switch(&["ROSTER_LDAP_GROUP_SYNC", "GORILLA_LDAP_GROUP_SYNC"])?.unwrap_or(false),
        },
        "secret": secret_of(&["ROSTER_LDAP_BIND_PASSWORD", "LOCAL_LDAP_BIND_PW"])?,
    })))
}

/// The certificates in the file that `ROSTER_LDAP_CA_FILE` names.
fn authority() -> Result<Option<String>, String> {
    let Some(path) = text(&["ROSTER_LDAP_CA_FILE"])? else { return Ok(None) };
    let read = std::fs::read_to_string(&path);
    read.map(Some).map_err(|error| format!("ROSTER_LDAP_CA_FILE names {path}, which cannot be read: {error}"))
}

/// `email=mail,group=gidNumber`: what is here, and which attribute holds it there.
fn attributes(text: &str) -> Result<Map<String, Value>, String> {
    const KNOWN: [&str; 5] = ["subject", "username", "email", "name", "group"];
    let mut found = Map::new();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some((name, attribute)) if KNOWN.contains(&name.trim()) => {
                found.insert(name.trim().to_owned(), attribute.trim().into());
            }
            _ => {
                return Err(format!(
                    "expected pairs such as email=mail of {}, found {pair}",
                    KNOWN.join(", ")
                ));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_named_by_what_they_are_for() {
        assert_eq!(
            Value::Object(attributes("email=mail, group=gidNumber").unwrap()),
            json!({"email": "mail", "group": "gidNumber"})
        );
        for wrong in ["mail", "colour=x", "email"] {
            assert!(attributes(wrong).unwrap_err().contains("email=mail"), "{wrong}");
        }
    }
}
