//! TLS to the database: what each `sslmode` believes.

use super::Cluster;
use crate::database::{Database, ask};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use roster::store::{
    DbError, Statement, Store,
    postgres::{Address, Options},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// An authority, and a certificate it made for `localhost`.
struct Authority {
    certificate: PathBuf,
}

impl Authority {
    fn new(directory: &Path, name: &str) -> (Self, Issuer<'static, KeyPair>) {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = directory.join(format!("{name}.pem"));
        fs::write(&certificate, params.self_signed(&key).unwrap().pem()).unwrap();
        (Self { certificate }, Issuer::new(params, key))
    }
}

/// Gives a running server a certificate for `localhost`, which the authority it hands back vouches for.
fn give_certificate(cluster: &Cluster) -> Authority {
    let place = cluster.directory.path().join("cluster");
    let (authority, issuer) = Authority::new(cluster.directory.path(), "authority");
    let key = KeyPair::generate().unwrap();
    let leaf =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let data = place.join("data");
    for (name, text) in [("server.crt", leaf.pem()), ("server.key", key.serialize_pem())] {
        let file = data.join(name);
        fs::write(&file, text).unwrap();
        // the server reads no key that others could read, and runs as another user if this one is root
        let owned = Command::new("chown").arg("--reference").arg(&data).arg(&file).status().unwrap();
        let closed = Command::new("chmod").arg("600").arg(&file).status().unwrap();
        assert!(owned.success() && closed.success());
    }
    ask(&cluster.url, "ALTER SYSTEM SET ssl = on");
    ask(&cluster.url, "SELECT pg_reload_conf()");
    authority
}

/// Whether a connection of that address is encrypted, or why there is none.
fn encrypted(url: &str) -> Result<bool, DbError> {
    const SSL: Statement = Statement::named(
        "-- name: ssl\nSELECT CAST(ssl AS TEXT) FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
        "ssl",
    );
    let options = Options {
        address: Address::parse(url, None).unwrap(),
        connections: 1,
        pooler: false,
        statement_timeout: Duration::from_secs(10),
        wait: Duration::ZERO,
    };
    let store = Store::connect(&options, 0)?;
    let found = crate::support::wait(store.read(|tx| tx.texts(SSL, &[])))?;
    Ok(found == ["true"])
}

#[test]
fn a_server_is_believed_as_far_as_its_mode_says() {
    let cluster = Cluster::start(&[]);
    let authority = give_certificate(&cluster);
    let (stranger, _) = Authority::new(cluster.directory.path(), "stranger");
    let database = Database::at(&cluster.url);
    let by_name = database.setting().replace("127.0.0.1", "localhost");
    let by_number = database.setting();
    let trusted = authority.certificate.to_str().unwrap();
    let strange = stranger.certificate.to_str().unwrap();

    for (url, expected) in [
        (by_name.clone(), Some(false)),
        (format!("{by_name}?sslmode=disable"), Some(false)),
        (format!("{by_name}?sslmode=prefer"), Some(true)),
        (format!("{by_number}?sslmode=require"), Some(true)),
        (format!("{by_number}?sslmode=require&sslrootcert={strange}"), None),
        (format!("{by_number}?sslmode=verify-ca&sslrootcert={trusted}"), Some(true)),
        (format!("{by_number}?sslmode=verify-ca&sslrootcert={strange}"), None),
        (format!("{by_name}?sslmode=verify-full&sslrootcert={trusted}"), Some(true)),
        (format!("{by_number}?sslmode=verify-full&sslrootcert={trusted}"), None),
        (format!("{by_name}?sslmode=verify-full"), None),
    ] {
        match (encrypted(&url), expected) {
            (Ok(found), Some(expected)) => assert_eq!(found, expected, "{url}"),
            (Err(DbError::Unreachable(reason)), None) => {
                assert!(reason.contains("certificate"), "{url}: {reason}")
            }
            (found, expected) => panic!("{url}: {found:?} instead of {expected:?}"),
        }
    }
}

#[test]
fn a_server_without_tls_is_not_talked_to_where_tls_is_wanted() {
    let database = Database::on_postgres();

    for mode in ["require", "verify-full"] {
        let refused = encrypted(&format!("{}?sslmode={mode}", database.setting()));
        assert!(matches!(refused, Err(DbError::Unreachable(_))), "{mode}: {refused:?}");
    }
    assert!(!encrypted(&format!("{}?sslmode=prefer", database.setting())).unwrap());
}
