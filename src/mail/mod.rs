//! Mail over SMTP (RFC 5321): where a server is, and handing a letter to it. Knows nothing of ours.

mod address;

pub use address::{BadAddress, Encryption, Server};

use lettre::{
    Message, SmtpTransport, Transport,
    message::{Mailbox, MultiPart, header::MessageId},
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use secrecy::ExposeSecret;
use std::time::Duration;

/// How long a mail server may take for one answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Hands letters to one mail server.
#[derive(Debug, Clone)]
pub struct Mailer {
    server: Server,
    from: String,
}

/// A letter to one person.
#[derive(Debug, Clone)]
pub struct Letter {
    /// An id that stays when it is handed over again, so that whoever gets it twice can tell.
    pub id: String,
    /// The address it goes to.
    pub to: String,
    /// The name that stands before the sender's address.
    pub from_name: String,
    /// The sender's address; the mailer's own without one.
    pub from: Option<String>,
    /// The subject.
    pub subject: String,
    /// The text, for those who read no HTML.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// Why a letter was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What the mail server said, or what stood between it and us. Never a password.
    pub reason: String,
    /// Whether trying again cannot help.
    pub is_final: bool,
}

impl Mailer {
    /// A mailer that hands letters to a server, from an address of its own.
    pub fn new(server: Server, from: String) -> Self {
        Self { server, from }
    }

    /// Where letters go and whom they come from, for whoever looks at the settings.
    pub fn shown(&self) -> String {
        format!("{}, from {}", self.server, self.from)
    }

    /// Hands a letter to the mail server and waits until it has it. It may take a minute; call it where that holds up nobody.
    pub fn send(&self, letter: &Letter) -> Result<(), Failure> {
        let message = self.message(letter)?;
        let sent = self.transport()?.send(&message);
        sent.map(drop).map_err(|error| Failure { is_final: is_about_letter(&error), reason: told(&error) })
    }

    fn message(&self, letter: &Letter) -> Result<Message, Failure> {
        let wrong = |what: &str, why: String| Failure { reason: format!("{what}: {why}"), is_final: true };
        let from = letter.from.as_deref().unwrap_or(&self.from);
        let sender = from.parse().map_err(|error| wrong("the sender's address", format!("{error}")))?;
        let to = letter.to.parse().map_err(|error| wrong("the recipient's address", format!("{error}")))?;
        let domain = from.rsplit('@').next().unwrap_or("localhost");
        Message::builder()
            .header(MessageId::from(format!("<{}@{domain}>", letter.id)))
            .from(Mailbox::new(Some(plain(&letter.from_name)), sender))
            .to(Mailbox::new(None, to))
            .subject(plain(&letter.subject))
            .multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()))
            .map_err(|error| wrong("the letter", error.to_string()))
    }

    fn transport(&self) -> Result<SmtpTransport, Failure> {
        let Server { host, port, login, encryption } = &self.server;
        let parameters = || {
            TlsParameters::new(host.clone())
                .map_err(|error| Failure { reason: format!("TLS: {error}"), is_final: false })
        };
        let tls = match encryption {
            Encryption::Implicit => Tls::Wrapper(parameters()?),
            Encryption::Required => Tls::Required(parameters()?),
            Encryption::Offered => Tls::Opportunistic(parameters()?),
            Encryption::None => Tls::None,
        };
        let builder = SmtpTransport::builder_dangerous(host).port(*port).tls(tls).timeout(Some(PATIENCE));
        let credentials = login
            .as_ref()
            .map(|(user, password)| Credentials::new(user.clone(), password.expose_secret().to_owned()));
        Ok(match credentials {
            Some(credentials) => builder.credentials(credentials).build(),
            None => builder.build(),
        })
    }
}

/// Whether a mail server refuses the letter or its recipient for good, by the codes for mailboxes (RFC 5321 §4.2.3); what else
/// it refuses, such as a password or a connection, is mended one day.
fn is_about_letter(error: &lettre::transport::smtp::Error) -> bool {
    let code = error.status().map(|code| code.to_string());
    error.is_permanent() && code.is_some_and(|code| ["550", "551", "552", "553"].contains(&code.as_str()))
}

/// What is said of a failure, with what is behind it.
fn told(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let words = next.to_string();
        if !told.contains(&words) {
            told = format!("{told}: {words}");
        }
        cause = next.source();
    }
    told.chars().filter(|letter| !letter.is_control()).take(300).collect()
}

/// A line of a header holds no other.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(200).collect()
}
