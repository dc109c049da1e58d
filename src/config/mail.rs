//! The mail server that the environment names.

use super::{found, variable};
use secrecy::SecretString;

/// The mail server, as the environment names it.
#[derive(Debug, Clone)]
pub struct MailSetting {
    /// Its address as a URL; it may hold a password.
    pub url: SecretString,
    /// The variable that names it.
    pub variable: &'static str,
    /// The address that mail comes from, where one is set.
    pub from: Option<String>,
}

/// The mail server that the environment names, by one URL or by its parts (W-066, W-067).
pub fn mail() -> Result<Option<MailSetting>, Vec<String>> {
    let mut mistakes = Vec::new();
    let mut read = |name: &'static str| found(secret(name), &mut mistakes).flatten();
    let urls = ["ROSTER_SMTP_URL", "GORILLA_EMAIL_SINK"].map(|name| (name, read(name)));
    let from = ["ROSTER_SMTP_FROM", "GORILLA_EMAIL_FROM_ADDRESS"].into_iter().find_map(&mut read);
    let [host, port, user, password] = ["SMTP_HOST", "SMTP_PORT", "SMTP_USER", "SMTP_PASSWORD"].map(read);
    let parts = host.map(|host| {
        let encoded = |part: &str| {
            percent_encoding::utf8_percent_encode(part, percent_encoding::NON_ALPHANUMERIC).to_string()
        };
        let login = match (user, password) {
            (None, None) => String::new(),
            (user, password) => {
                format!("{}:{}@", encoded(&user.unwrap_or_default()), encoded(&password.unwrap_or_default()))
            }
        };
        ("SMTP_HOST", format!("smtp://{login}{host}:{}", port.as_deref().unwrap_or("587")))
    });
    let mut named: Vec<(&'static str, String)> =
        urls.into_iter().filter_map(|(name, url)| Some((name, url?))).chain(parts).collect();
    if named.len() > 1 {
        let names: Vec<&str> = named.iter().map(|(name, _)| *name).collect();
        mistakes.push(format!("{} all name a mail server; one of them is enough", names.join(" and ")));
    }
    match (mistakes.is_empty(), named.pop()) {
        (false, _) => Err(mistakes),
        (true, None) => Ok(None),
        (true, Some((variable, url))) => {
            Ok(Some(MailSetting { url: SecretString::from(url), variable, from }))
        }
    }
}

/// What a variable says, or the file that the variable of the same name with `_FILE` names.
pub(super) fn secret(name: &'static str) -> Result<Option<String>, String> {
    let file = format!("{name}_FILE");
    match (variable(name)?, variable(&file)?) {
        (Some(_), Some(_)) => Err(format!("{name} and {file} are both set; one of them is enough")),
        (Some(text), None) => Ok(Some(text).filter(|text| !text.is_empty())),
        (None, Some(path)) => match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned())),
            Err(error) => Err(format!("{file} names {path}, which cannot be read: {error}")),
        },
        (None, None) => Ok(None),
    }
}
