//! A directory to sign in by: Debian's slapd in the foreground, with a certificate and entries of its own.

use crate::sink::free_port;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};
use tempfile::TempDir;

const PROGRAM: &str = "/usr/sbin/slapd";
/// The entry below which everything is.
pub(crate) const BASE: &str = "dc=example,dc=com";
/// Who looks for people, and with which password.
pub(crate) const READER: (&str, &str) = ("cn=reader,dc=example,dc=com", "the reader's");

/// The server, for as long as the value lives.
pub(crate) struct Slapd {
    /// `ldap://`, where STARTTLS is offered.
    pub(crate) plain: String,
    /// `ldaps://`.
    pub(crate) tls: String,
    /// Who signed its certificate.
    pub(crate) ca: String,
    log: Receiver<String>,
    child: Child,
    _folder: TempDir,
}

impl Slapd {
    /// A server with the entries of `entries.ldif`.
    pub(crate) fn start() -> Self {
        Self::named("127.0.0.1")
    }

    /// The same with a certificate for that host; it is reached by `127.0.0.1` all the same.
    pub(crate) fn named(host: &str) -> Self {
        assert!(Path::new(PROGRAM).exists(), "{PROGRAM} is needed (Debian's packages slapd and ldap-utils)");
        // a port that was free may be taken the next moment
        let started = (0..5).find_map(|_| Self::try_start(host)).expect("slapd starts");
        started.add(ENTRIES);
        started
    }

    fn try_start(host: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let ca = certify(folder.path(), host);
        let path = folder.path().display();
        fs::create_dir(folder.path().join("entries")).unwrap();
        fs::write(folder.path().join("slapd.conf"), CONFIGURATION.replace("FOLDER", &path.to_string()))
            .unwrap();
        let ports = [free_port(), free_port()];
        let (plain, tls) =
            (format!("ldap://127.0.0.1:{}", ports[0]), format!("ldaps://127.0.0.1:{}", ports[1]));
        let mut child = Command::new(PROGRAM)
            .args(["-f", &format!("{path}/slapd.conf"), "-h", &format!("{plain}/ {tls}/")])
            // 256: connections and operations, in the foreground
            .args(["-d", "256"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, log) = channel();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let started = log.iter().any(|line| line.contains("slapd starting"));
        let slapd = Self { plain, tls, ca, log, child, _folder: folder };
        // it says so before it listens
        let deadline = Instant::now() + Duration::from_secs(10);
        for port in ports {
            while started && TcpStream::connect(("127.0.0.1", port)).is_err() {
                assert!(Instant::now() < deadline, "slapd listens");
                std::thread::park_timeout(Duration::from_millis(5));
            }
        }
        started.then_some(slapd)
    }

    /// Adds entries, written as LDIF (RFC 2849).
    pub(crate) fn add(&self, ldif: &str) {
        let mut child = Command::new("ldapadd")
            .args(["-x", "-H", &self.plain, "-D", "cn=root,dc=example,dc=com", "-w", "root"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(ldif.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    }

    /// Ends the server and says as whom it was asked to bind since it had its entries, and what came of it.
    pub(crate) fn binds(self) -> Vec<(String, u16)> {
        // a server that is asked to end logs what it has answered, where one that is killed may not have yet
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success());
        let mut binds: Vec<(String, String, u16)> = Vec::new();
        for line in self.log.iter() {
            // an answer is logged after it was sent, so that what is asked next may come before it
            if let Some((operation, rest)) = line.split_once(" BIND dn=\"") {
                let dn = rest.split('"').next().unwrap().to_owned();
                if !binds.iter().any(|it| operation_of(operation) == it.0) {
                    binds.push((operation_of(operation).to_owned(), dn, u16::MAX));
                }
            } else if let Some((operation, rest)) = line.split_once(" RESULT tag=97 err=") {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                let bind = binds.iter_mut().find(|it| operation_of(operation) == it.0).unwrap();
                bind.2 = digits.parse().unwrap();
            }
        }
        let mut binds: Vec<_> = binds.into_iter().map(|(_, dn, code)| (dn, code)).collect();
        binds.retain(|(dn, _)| dn != "cn=root,dc=example,dc=com");
        binds
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Which operation of which connection a line of the log is about, without when it was written.
fn operation_of(line: &str) -> &str {
    line.split_once("conn=").map_or(line, |(_, operation)| operation)
}

/// A certificate of nobody's.
pub(crate) fn stranger() -> String {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path(), "localhost")
}

/// Writes a certificate for a host and its key into a folder; returns who signed it.
fn certify(folder: &Path, host: &str) -> String {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&authority_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![host.to_owned()])
        .unwrap()
        .signed_by(&key, &Issuer::new(params, authority_key))
        .unwrap();
    fs::write(folder.join("cert.pem"), leaf.pem()).unwrap();
    fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    authority.pem()
}

const CONFIGURATION: &str = r#"
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile FOLDER/pid
TLSCertificateFile FOLDER/cert.pem
TLSCertificateKeyFile FOLDER/key.pem

database mdb
suffix "dc=example,dc=com"
rootdn "cn=root,dc=example,dc=com"
rootpw root
directory FOLDER/entries
maxsize 33554432
dbnosync
overlay memberof
# whoever is nobody sees no mail addresses
access to attrs=userPassword by anonymous auth by * none
access to attrs=mail by users read by * none
access to * by * read
"#;

/// Ada is in groups of every kind; engineers, staff and everyone hold each other in a circle.
const ENTRIES: &str = r"
dn: dc=example,dc=com
objectClass: dcObject
objectClass: organization
o: Example

dn: cn=reader,dc=example,dc=com
objectClass: organizationalRole
objectClass: simpleSecurityObject
userPassword: the reader's

dn: ou=people,dc=example,dc=com
objectClass: organizationalUnit

dn: ou=groups,dc=example,dc=com
objectClass: organizationalUnit

dn: uid=ada,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
objectClass: posixAccount
uidNumber: 1
gidNumber: 5000
homeDirectory: /
departmentNumber: 5000
departmentNumber: 5001
departmentNumber: night crew
cn: Ada Lovelace
sn: Lovelace
mail: ada@example.com
jpegPhoto:: AP/+EA==
userPassword: Ada's

dn: uid=bob,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
cn: Bob
sn: Bob
mail: shared@example.com
userPassword: Bob's

dn: uid=cy,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
cn: Cy
sn: Cy
mail: shared@example.com
userPassword: Bob's

dn: uid=we(i)rd*\5Cone,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: we(i)rd*\one
cn: Weird
sn: One
userPassword: Weird's

dn: uid=dora,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
cn: Dora
sn: Without Password

dn: cn=engineers,ou=groups,dc=example,dc=com
objectClass: groupOfNames
member: uid=ada,ou=people,dc=example,dc=com
member: cn=everyone,ou=groups,dc=example,dc=com

dn: cn=staff,ou=groups,dc=example,dc=com
objectClass: groupOfNames
member: cn=engineers,ou=groups,dc=example,dc=com

dn: cn=everyone,ou=groups,dc=example,dc=com
objectClass: groupOfNames
member: cn=staff,ou=groups,dc=example,dc=com

dn: description=night,ou=groups,dc=example,dc=com
objectClass: groupOfNames
cn: Night Shift
member: uid=ada,ou=people,dc=example,dc=com

dn: cn=Lab\, North,ou=groups,dc=example,dc=com
objectClass: groupOfUniqueNames
uniqueMember: uid=ada,ou=people,dc=example,dc=com

dn: cn=unix,ou=groups,dc=example,dc=com
objectClass: posixGroup
gidNumber: 5000
memberUid: bob
";
