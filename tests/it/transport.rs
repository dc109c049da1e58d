//! Bytes on the wire: TLS or not, compression, chunks, kept connections.

use crate::{
    database::{self, Database},
    support::{Client, Program, Server, TOKEN, USER, serve},
};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, StreamOwned, SupportedProtocolVersion,
    crypto::aws_lc_rs, pki_types::CertificateDer, version,
};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Command, Output, Stdio},
    sync::Arc,
};

const PUBLIC: [&str; 4] = ["--listen", "0.0.0.0:0", "--public-url", "https://roster.example.com"];

fn start(database: &Database, arguments: &[&str]) -> Result<Program, Output> {
    let mut command: Command = serve(&database.setting());
    Program::start(command.args(arguments).stderr(Stdio::piped()))
}

#[test]
fn r_001_beyond_this_machine_only_tls_is_spoken_here_or_by_a_proxy() {
    let database = Database::fresh();
    let certificate = Certificate::for_localhost(database.directory.path());
    let (cert, key) = (certificate.chain.as_str(), certificate.key.as_str());

    let refused = start(&database, &PUBLIC).map(drop).unwrap_err();
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8(refused.stderr).unwrap();
    for word in ["0.0.0.0", "plain HTTP", "--tls-cert", "--tls-key", "--behind-proxy"] {
        assert!(said.contains(word), "{said}");
    }
    if database::test_server().is_none() {
        assert!(!database.file().exists(), "nothing was begun");
    }

    for (further, scheme) in [
        (&[][..], "http://127.0.0.1:"),
        (&["--behind-proxy"], "http://127.0.0.1:"),
        (&["--tls-cert", cert, "--tls-key", key], "https://127.0.0.1:"),
    ] {
        let program = start(&database, &[&["--listen", "127.0.0.1:0"], further].concat()).unwrap();

        assert!(program.client.root.starts_with(scheme), "{further:?} {}", program.client.root);
        if scheme.starts_with("http:") {
            assert_eq!(program.client.get("/Users").status, 200, "{further:?}");
        }
    }
}

#[test]
fn r_001_tls_is_1_2_at_least_and_carries_http_1_1() {
    let database = Database::fresh();
    let certificate = Certificate::for_localhost(database.directory.path());
    let arguments =
        ["--listen", "127.0.0.1:0", "--tls-cert", &certificate.chain, "--tls-key", &certificate.key];
    let program = start(&database, &arguments).unwrap();
    let address = program.client.root.strip_prefix("https://").unwrap();

    for (offered, spoken) in
        [(&version::TLS12, ProtocolVersion::TLSv1_2), (&version::TLS13, ProtocolVersion::TLSv1_3)]
    {
        let mut stream = certificate.connect(address, offered);
        write!(
            stream,
            "GET /scim/v2/Users HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
        )
        .unwrap();
        let mut line = String::new();
        BufReader::new(&mut stream).read_line(&mut line).unwrap();

        assert_eq!(line.trim(), "HTTP/1.1 200 OK");
        assert_eq!(stream.conn.protocol_version(), Some(spoken));
        assert_ne!(stream.conn.alpn_protocol(), Some(&b"h2"[..]), "HTTP/2 is not offered");
    }
    assert_eq!(answer_to_hello(address, 3), (22, 2), "a hello to TLS 1.2");
    assert_eq!(answer_to_hello(address, 2), (21, 2), "a fatal alert to TLS 1.1");
}

/// The kind of record that answers a hand-made hello whose newest version is 3.`minor`, and the kind of
/// message or level of alert in it.
fn answer_to_hello(address: &str, minor: u8) -> (u8, u8) {
    let groups = [0, 10, 0, 4, 0, 2, 0, 29];
    let points = [0, 11, 0, 2, 1, 0];
    let signatures = [0, 13, 0, 6, 0, 4, 4, 3, 8, 4];
    let extensions = [&groups[..], &points, &signatures].concat();
    let (ciphers, compressions) = ([0, 4, 0xc0, 0x2b, 0xc0, 0x09], [1, 0]);
    let length = u8::try_from(extensions.len()).unwrap();
    let hello =
        [&[3, minor][..], &[7; 32], &[0], &ciphers, &compressions, &[0, length], &extensions].concat();
    let length = u8::try_from(hello.len()).unwrap();
    let record = [&[22, 3, 1, 0, length + 4, 1, 0, 0, length][..], &hello].concat();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&record).unwrap();
    let mut answer = [0; 6];
    stream.read_exact(&mut answer).unwrap();
    (answer[0], answer[5])
}

/// A certificate for `localhost`, its key, and the authority that signed it.
struct Certificate {
    chain: String,
    key: String,
    authority: CertificateDer<'static>,
}

impl Certificate {
    fn for_localhost(directory: &Path) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().unwrap();
        let authority = params.self_signed(&authority_key).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["localhost".to_owned()])
            .unwrap()
            .signed_by(&key, &Issuer::new(params, authority_key))
            .unwrap();
        let file = |name: &str, text: &str| {
            let path = directory.join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        Self {
            chain: file("cert.pem", &leaf.pem()),
            key: file("key.pem", &key.serialize_pem()),
            authority: authority.der().clone(),
        }
    }

    /// A client that trusts the authority and offers one version of TLS, HTTP/2 and HTTP/1.1.
    fn connect(
        &self,
        address: &str,
        version: &'static SupportedProtocolVersion,
    ) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let connection = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
        StreamOwned::new(connection, TcpStream::connect(address).unwrap())
    }
}

#[test]
fn r_032_bodies_may_be_compressed_and_their_true_size_counts() {
    let server = Server::standard();
    let post = |encoding: &str, body: &[u8]| {
        let headers = [("Content-Type", "application/scim+json"), ("Content-Encoding", encoding)];
        server.client.send("POST", "/Users", &headers, body)
    };
    let user = json!({"schemas": [USER], "userName": "ada"}).to_string();

    let plain = server.client.get("/Schemas");
    let zipped = server.client.send("GET", "/Schemas", &[("Accept-Encoding", "gzip")], &[]);
    assert_eq!((plain.header("Content-Encoding"), zipped.header("Content-Encoding")), ("", "gzip"));
    assert!(zipped.header("Vary").to_ascii_lowercase().contains("accept-encoding"));
    assert!(zipped.body.len() * 4 < plain.body.len());
    assert_eq!(unzip(&zipped.body), plain.body);

    assert_eq!(post("gzip", &zip(user.as_bytes())).status, 201);
    assert_eq!(server.client.get("/Users").json()["Resources"][0]["userName"], "ada");
    assert_eq!(post("snappy", user.as_bytes()).error(), (415, String::new()));
    assert_eq!(post("gzip", user.as_bytes()).error(), (400, "invalidSyntax".to_owned()));
    assert_eq!(server.client.get("/Users").json()["totalResults"], 1);
}

#[test]
fn r_032_a_bomb_is_refused_before_it_is_inflated_as_a_whole() {
    let server = Server::standard();
    let bomb = zip(&vec![b' '; 32 * 1024 * 1024]);
    assert!(bomb.len() < 64 * 1024, "small on the wire");
    // the second half cannot be inflated: whoever comes that far does not say 413
    let mut half_broken = zip(&noise_and_blanks(6 * 1024 * 1024));
    let half = half_broken.len();
    half_broken.truncate(half - 1_024);
    half_broken.resize(2 * half, 0xff);
    assert!((512 * 1024..1024 * 1024).contains(&half), "{half}");

    for bomb in [bomb, half_broken] {
        let headers = [("Content-Type", "application/scim+json"), ("Content-Encoding", "gzip")];
        let refused = server.client.send("POST", "/Users", &headers, &bomb);
        assert_eq!(refused.error(), (413, String::new()), "{} bytes on the wire", bomb.len());
    }
}

/// Bytes that can be compressed, but not to nothing.
fn noise_and_blanks(length: usize) -> Vec<u8> {
    let mut random = 1_u64;
    (0..length)
        .map(|n| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            if n % 8_192 < 1_024 { random.to_be_bytes()[0] } else { b' ' }
        })
        .collect()
}

fn zip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn unzip(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut plain).unwrap();
    plain
}

#[test]
fn r_033_chunks_and_expectations_work_on_a_kept_connection() {
    let server = Server::standard();
    let mut wire = Wire::open(&server.client);
    let user = json!({"schemas": [USER], "userName": "ada"}).to_string();
    let (head, tail) = user.split_at(10);

    wire.say("POST", "Transfer-Encoding: chunked\r\nExpect: 100-continue");
    assert_eq!(wire.hear(), (100, Value::Null));
    wire.chunk(head.as_bytes());
    wire.chunk(tail.as_bytes());
    wire.chunk(b"");
    let (status, made) = wire.hear();
    assert_eq!((status, &made["userName"]), (201, &json!("ada")));

    wire.say("GET", "Accept: application/scim+json");
    let (status, list) = wire.hear();
    assert_eq!((status, &list["totalResults"]), (200, &json!(1)), "the same connection");
    wire.say("POST", &format!("Content-Length: {}", user.len()));
    wire.stream.get_mut().write_all(user.as_bytes()).unwrap();
    assert_eq!(wire.hear().0, 409);
}

#[test]
fn r_033_a_body_over_the_limit_is_refused_before_its_end() {
    let server = Server::standard();
    let mut wire = Wire::open(&server.client);

    wire.say("POST", "Transfer-Encoding: chunked");
    for _ in 0..40 {
        wire.chunk(&[b' '; 64 * 1024]);
    }
    let (status, error) = wire.hear();

    assert_eq!((status, &error["status"]), (413, &json!("413")), "2.5 MiB and no end");
    assert_eq!(server.client.get("/Users").json()["totalResults"], 0);
}

/// A connection, and what is said over it byte by byte.
struct Wire {
    stream: BufReader<TcpStream>,
}

impl Wire {
    fn open(client: &Client) -> Self {
        let stream = TcpStream::connect(client.root.strip_prefix("http://").unwrap()).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    /// Sends the head of a request to `/Users`.
    fn say(&mut self, method: &str, header: &str) {
        let head = format!(
            "{method} /scim/v2/Users HTTP/1.1\r\nHost: roster\r\nAuthorization: Bearer {TOKEN}\r\n\
             Content-Type: application/scim+json\r\n{header}\r\n\r\n"
        );
        self.stream.get_mut().write_all(head.as_bytes()).unwrap();
    }

    /// Sends a chunk; an empty one ends the body.
    fn chunk(&mut self, bytes: &[u8]) {
        let chunk = [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
        self.stream.get_mut().write_all(&chunk).unwrap();
    }

    /// Reads an answer: its status, and its body as long as Content-Length says.
    fn hear(&mut self) -> (u16, Value) {
        let mut line = || {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            line.trim().to_ascii_lowercase()
        };
        let status = line();
        let mut length = 0;
        loop {
            match line() {
                end if end.is_empty() => break,
                header => {
                    if let Some(value) = header.strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                }
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        let status = status.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }
}
