//! A mail server that keeps what it gets: enough of SMTP (RFC 5321) for one client, in the open or behind TLS.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// A letter that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    /// Headers and body as they came.
    pub(crate) data: String,
    /// Whether it came through TLS.
    pub(crate) encrypted: bool,
    /// What the client signed in with, in base64; empty when it did not.
    pub(crate) login: String,
}

impl Letter {
    /// A header with its folds undone; empty when there is none.
    pub(crate) fn header(&self, name: &str) -> String {
        let (head, _) = self.data.split_once("\r\n\r\n").unwrap_or((&self.data, ""));
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let lines = unfolded.lines().filter_map(|line| line.split_once(": "));
        let found =
            lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned());
        found.collect::<Vec<_>>().join(" | ")
    }

    /// What follows a text up to a blank, with the soft breaks of quoted-printable undone.
    pub(crate) fn after(&self, text: &str) -> Option<String> {
        let plain = self.data.replace("=\r\n", "").replace("=3D", "=");
        let (_, rest) = plain.split_once(text)?;
        Some(rest.split(|letter: char| letter.is_whitespace() || letter == '"').next()?.to_owned())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tls {
    None,
    Offered,
    Implicit,
}

/// The server, for as long as the value lives.
pub(crate) struct Sink {
    pub(crate) port: u16,
    letters: Arc<Mutex<Vec<Letter>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// A port that nothing listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Sink {
    pub(crate) fn start() -> Self {
        Self::on(free_port(), Tls::None, None)
    }

    /// A server on that port; with `tls`, with a certificate for `localhost` made in the folder, beside the `authority.pem`
    /// that vouches for it.
    pub(crate) fn on(port: u16, tls: Tls, folder: Option<&Path>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let config = folder.map(certified);
        let letters = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (kept, stopped) = (letters.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let (kept, config) = (kept.clone(), config.clone());
                std::thread::spawn(move || {
                    let stream = stream.unwrap();
                    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                    let mut talk = Talk { kept, login: String::new(), encrypted: false };
                    match (tls, config) {
                        (Tls::Implicit, Some(config)) => {
                            talk.encrypted = true;
                            let connection = ServerConnection::new(config).unwrap();
                            talk.serve(&mut StreamOwned::new(connection, stream), true, false);
                        }
                        (offered, config) => {
                            let mut stream = stream;
                            let offers = offered == Tls::Offered;
                            if talk.serve(&mut stream, true, offers) {
                                talk.encrypted = true;
                                let connection = ServerConnection::new(config.unwrap()).unwrap();
                                talk.serve(&mut StreamOwned::new(connection, stream), false, false);
                            }
                        }
                    }
                });
            }
        });
        Self { port, letters, stop, thread: Some(thread) }
    }

    pub(crate) fn letters(&self) -> Vec<Letter> {
        self.letters.lock().unwrap().clone()
    }

    /// Waits until so many letters are there.
    #[track_caller]
    pub(crate) fn wait_for(&self, n: usize) -> Vec<Letter> {
        let begun = Instant::now();
        while self.letters().len() < n {
            assert!(begun.elapsed() < Duration::from_secs(30), "{n} letters, found {:?}", self.letters());
            std::thread::yield_now();
        }
        self.letters()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A certificate for `localhost`, and the authority beside it.
fn certified(folder: &Path) -> Arc<ServerConfig> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    fs::write(folder.join("authority.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let leaf =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let chain = vec![CertificateDer::from_pem_slice(leaf.pem().as_bytes()).unwrap()];
    let private = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Arc::new(ServerConfig::builder().with_no_client_auth().with_single_cert(chain, private).unwrap())
}

struct Talk {
    kept: Arc<Mutex<Vec<Letter>>>,
    login: String,
    encrypted: bool,
}

impl Talk {
    /// Talks until the client goes, or wants TLS: then it says so.
    fn serve(&mut self, stream: &mut (impl Read + Write), greets: bool, offers: bool) -> bool {
        let mut lines = BufReader::new(stream);
        if greets {
            say(&mut lines, "220 sink ready");
        }
        let (mut from, mut to) = (String::new(), Vec::new());
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line).unwrap_or(0) == 0 {
                return false;
            }
            let word = line.trim_end();
            let upper = word.to_ascii_uppercase();
            if upper.starts_with("EHLO") {
                let starttls = if offers { "250-STARTTLS\r\n" } else { "" };
                say(&mut lines, &format!("250-sink\r\n{starttls}250-8BITMIME\r\n250 AUTH PLAIN"));
            } else if upper == "STARTTLS" && offers {
                say(&mut lines, "220 go on");
                return true;
            } else if let Some(login) = upper.strip_prefix("AUTH PLAIN ") {
                // "\0refused…" in base64
                if login.starts_with("AHJLZNVZZW") {
                    say(&mut lines, "535 not with this one");
                    continue;
                }
                self.login = word[word.len() - login.len()..].to_owned();
                say(&mut lines, "235 welcome");
            } else if upper.starts_with("MAIL FROM:") {
                from = bracketed(word);
                say(&mut lines, "250 ok");
            } else if upper.starts_with("RCPT TO:") {
                let recipient = bracketed(word);
                if recipient.starts_with("nobody@") {
                    say(&mut lines, "550 no such mailbox");
                } else {
                    to.push(recipient);
                    say(&mut lines, "250 ok");
                }
            } else if upper == "DATA" {
                say(&mut lines, "354 go on");
                let mut data = String::new();
                while !data.ends_with("\r\n.\r\n") && lines.read_line(&mut data).unwrap_or(0) > 0 {}
                let data = data.trim_end_matches(".\r\n").to_owned();
                let (encrypted, login) = (self.encrypted, self.login.clone());
                let letter =
                    Letter { from: from.clone(), to: std::mem::take(&mut to), data, encrypted, login };
                self.kept.lock().unwrap().push(letter);
                say(&mut lines, "250 kept");
            } else if upper == "QUIT" {
                say(&mut lines, "221 bye");
                return false;
            } else {
                say(&mut lines, "250 ok");
            }
        }
    }
}

fn say<S: Read + Write>(lines: &mut BufReader<&mut S>, words: &str) {
    let stream = lines.get_mut();
    let _ = stream.write_all(format!("{words}\r\n").as_bytes());
    let _ = stream.flush();
}

fn bracketed(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map(|(address, _)| address.to_owned()).unwrap_or_default()
}
