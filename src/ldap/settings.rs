//! Where a directory is, how people are found in it, and what is wrong with such settings.

use super::name;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::BuilderVerifierExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{net::IpAddr, sync::Arc};
use url::{Host, Url};

/// The longest text of a setting, in bytes; of certificates, it is [`LONGEST_CA`].
const LONGEST: usize = 1_000;
/// The longest list of certificates, in bytes.
const LONGEST_CA: usize = 64 * 1024;
/// How deep a filter may be nested.
const DEEPEST: usize = 20;
/// How many attributes a login may be in.
const MOST_LOGINS: usize = 10;
/// How many groups may be let in.
const MOST_ALLOWED: usize = 1_000;

/// A directory and how people are found in it. The password of `bind_dn` is kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Directory {
    /// Where it is: `ldaps://HOST:PORT`, or `ldap://HOST:PORT` with `startTls` or on this machine.
    pub address: String,
    /// Whether an `ldap://` connection turns to TLS before anything is said; with `ldaps://` it is TLS anyway.
    #[serde(default)]
    pub start_tls: bool,
    /// The certificates, in PEM, of who signs the directory's; without them, whom the system trusts.
    #[serde(default)]
    pub ca: Option<String>,
    /// The entry below which people are.
    pub base_dn: String,
    /// As whom people are looked for; without one, as nobody.
    #[serde(default)]
    pub bind_dn: Option<String>,
    /// The attributes that hold what people type as their login.
    #[serde(default = "login_attributes")]
    pub login_attributes: Vec<String>,
    /// A filter for those who may sign in, such as `(objectClass=person)`.
    #[serde(default)]
    pub user_filter: Option<String>,
    /// Which attributes hold what.
    #[serde(default)]
    pub attributes: Attributes,
    /// The entry below which groups are that name their members: by `member` or `uniqueMember`, or by `memberUid`.
    #[serde(default)]
    pub group_base_dn: Option<String>,
    /// Whether the groups that hold somebody's groups are theirs, too. They are looked for below `groupBaseDn`, or below
    /// `baseDn` without one.
    #[serde(default)]
    pub nested_groups: bool,
    /// The groups whose members may sign in, by their names, distinguished or not; everybody may when there are none.
    #[serde(default)]
    pub allowed_groups: Vec<String>,
}

/// Which attributes of a person's entry hold what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Attributes {
    /// What never changes: text, or bytes, which are read as hexadecimal digits.
    pub subject: String,
    /// The user name.
    pub username: String,
    /// The mail address.
    pub email: String,
    /// The name to show.
    pub name: String,
    /// The groups: their distinguished names, their names, or their numbers, which are looked up below `groupBaseDn`.
    pub group: String,
}

impl Default for Attributes {
    fn default() -> Self {
        let [subject, username, email, name, group] =
            ["entryUUID", "uid", "mail", "cn", "memberOf"].map(str::to_owned);
        Self { subject, username, email, name, group }
    }
}

fn login_attributes() -> Vec<String> {
    vec!["uid".to_owned(), "mail".to_owned()]
}

impl Directory {
    /// A directory at an address, with people below an entry, and everything else as it is by default.
    pub fn new(address: &str, base_dn: &str) -> Self {
        Self {
            address: address.to_owned(),
            start_tls: false,
            ca: None,
            base_dn: base_dn.to_owned(),
            bind_dn: None,
            login_attributes: login_attributes(),
            user_filter: None,
            attributes: Attributes::default(),
            group_base_dn: None,
            nested_groups: false,
            allowed_groups: Vec::new(),
        }
    }

    /// Says what is wrong with the settings, beginning with the name of the field.
    pub fn check(&self) -> Result<(), String> {
        self.url()?;
        if let Some(ca) = &self.ca {
            roots(ca)?;
        }
        check_dn("baseDn", &self.base_dn)?;
        if let Some(dn) = &self.group_base_dn {
            check_dn("groupBaseDn", dn)?;
        }
        match &self.bind_dn {
            // no distinguished name is asked for: Active Directory takes others
            Some(dn) if !is_text(dn) => {
                return Err("bindDn: expected a name, or none to search as nobody".to_owned());
            }
            _ => {}
        }
        if let Some(filter) = &self.user_filter {
            check_filter(filter)?;
        }
        self.check_attributes()?;
        if self.allowed_groups.len() > MOST_ALLOWED || !self.allowed_groups.iter().all(|group| is_text(group))
        {
            return Err(format!("allowedGroups: expected at most {MOST_ALLOWED} names, none of them blank"));
        }
        Ok(())
    }

    fn check_attributes(&self) -> Result<(), String> {
        if self.login_attributes.is_empty() || self.login_attributes.len() > MOST_LOGINS {
            return Err(format!("loginAttributes: expected 1 to {MOST_LOGINS} attributes"));
        }
        let Attributes { subject, username, email, name, group } = &self.attributes;
        let named = [
            ("attributes.subject", subject),
            ("attributes.username", username),
            ("attributes.email", email),
            ("attributes.name", name),
            ("attributes.group", group),
        ];
        let logins = self.login_attributes.iter().map(|attribute| ("loginAttributes", attribute));
        match logins.chain(named).find(|(_, attribute)| !name::is_attribute(attribute)) {
            Some((field, attribute)) => Err(format!(
                "{field}: expected the name of an attribute such as mail, found {}",
                shown(attribute)
            )),
            None => Ok(()),
        }
    }

    /// Whether passwords travel encrypted.
    pub(super) fn is_encrypted(&self, url: &Url) -> bool {
        self.start_tls || url.scheme() == "ldaps"
    }

    /// The address, which leaves no password to be read on the way.
    pub(super) fn url(&self) -> Result<Url, String> {
        let expected =
            |found: &str| Err(format!("address: expected ldap:// or ldaps:// with a host, found {found}"));
        if self.address.contains('@') {
            return expected("a login in it");
        }
        let Ok(url) = Url::parse(&self.address) else { return expected(&shown(&self.address)) };
        let host = url.host_str().unwrap_or_default();
        let is_host = |letter: char| letter.is_ascii_alphanumeric() || ".-_[:]".contains(letter);
        if !["ldap", "ldaps"].contains(&url.scheme()) || host.is_empty() || !host.chars().all(is_host) {
            return expected(&shown(&self.address));
        }
        if !["", "/"].contains(&url.path()) || url.query().is_some() || url.fragment().is_some() {
            return expected("more behind it; where people are belongs to baseDn");
        }
        match url.host() {
            Some(Host::Ipv6(_)) if self.is_encrypted(&url) => {
                return Err("address: TLS to an IPv6 address is not supported; expected a host by its name"
                    .to_owned());
            }
            _ => {}
        }
        if !self.is_encrypted(&url) && !is_local(host) {
            return Err(
                "address: passwords could be read on the way to this host; expected ldaps:// or startTls"
                    .to_owned(),
            );
        }
        Ok(url)
    }

    /// What TLS verifies by. Nothing turns that off.
    pub(super) fn tls(&self) -> Result<ClientConfig, String> {
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS: {error}"))?;
        let builder = match &self.ca {
            Some(ca) => builder.with_root_certificates(roots(ca)?),
            None => builder.with_platform_verifier().map_err(|error| format!("TLS: {error}"))?,
        };
        Ok(builder.with_no_client_auth())
    }
}

/// Whether a host is this machine.
fn is_local(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address: IpAddr| address.is_loopback())
}

fn roots(pem: &str) -> Result<RootCertStore, String> {
    let wrong = || "ca: expected certificates in PEM".to_owned();
    if pem.len() > LONGEST_CA {
        return Err(wrong());
    }
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate.map_err(|_| wrong())?).map_err(|_| wrong())?;
    }
    match roots.is_empty() {
        true => Err(wrong()),
        false => Ok(roots),
    }
}

fn check_dn(field: &str, dn: &str) -> Result<(), String> {
    match is_text(dn) && name::key(dn).is_some() {
        true => Ok(()),
        false => Err(format!(
            "{field}: expected a distinguished name such as dc=example,dc=com, found {}",
            shown(dn)
        )),
    }
}

/// One filter in its parentheses (RFC 4515), so that it can stand beside another.
fn check_filter(filter: &str) -> Result<(), String> {
    let mut depth = 0_usize;
    let mut deepest = 0;
    for letter in filter.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    // ldap3 reads what is nested by recursion
    let is_small = filter.len() <= LONGEST && deepest <= DEEPEST;
    match is_small && filter.starts_with('(') && ldap3::parse_filter(filter).is_ok() {
        true => Ok(()),
        false => Err(format!(
            "userFilter: expected a filter such as (objectClass=person), found {}",
            shown(filter)
        )),
    }
}

/// Whether a setting is there at all.
fn is_text(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= LONGEST && !text.contains('\0')
}

/// What was found, in a sentence about it.
fn shown(text: &str) -> String {
    match text.chars().count() {
        0 => "nothing".to_owned(),
        1..=100 => format!("{text:?}"),
        n => format!("{n} characters"),
    }
}
