//! Signing in by a directory: whom it lets in, what never reaches it, and what is said when it does not work.

use crate::{
    sink::free_port,
    slapd::{BASE, READER, Slapd, stranger},
};
use roster::ldap::{Attributes, Directory, Failure, PATIENCE, Person, Tested};
use secrecy::SecretString;
use std::{
    io::{ErrorKind, Read, Write},
    net::TcpListener,
    time::{Duration, Instant},
};

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn sign_in(directory: &Directory, login: &str, password: &str) -> Result<Person, Failure> {
    let bind_password = SecretString::from(READER.1);
    wait(directory.sign_in(Some(&bind_password), login, &SecretString::from(password)))
}

fn test(directory: &Directory, bind_password: Option<&str>) -> Result<Tested, Failure> {
    wait(directory.test(bind_password.map(SecretString::from).as_ref()))
}

/// The directory of a server, searched by its reader over `ldaps://`.
fn of(slapd: &Slapd) -> Directory {
    Directory {
        ca: Some(slapd.ca.clone()),
        bind_dn: Some(READER.0.to_owned()),
        ..Directory::new(&slapd.tls, BASE)
    }
}

/// The names of somebody's groups in the order of the alphabet.
fn groups(directory: &Directory) -> Vec<String> {
    let mut names: Vec<String> =
        sign_in(directory, "ada", "Ada's").unwrap().groups.into_iter().map(|group| group.name).collect();
    names.sort();
    names
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[track_caller]
fn unreachable(found: Result<impl std::fmt::Debug, Failure>) -> String {
    match found {
        Err(Failure::Unreachable(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn wrong(found: Result<impl std::fmt::Debug, Failure>) -> String {
    match found {
        Err(Failure::Wrong(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn somebody_signs_in_by_uid_or_mail_over_ldaps_and_starttls() {
    let slapd = Slapd::start();
    let ldaps = of(&slapd);
    let starttls = Directory { address: slapd.plain.clone(), start_tls: true, ..ldaps.clone() };

    for directory in [&ldaps, &starttls] {
        for login in ["ada", "ADA", "ada@example.com"] {
            let ada = sign_in(directory, login, "Ada's").unwrap();

            assert_eq!(ada.dn, "uid=ada,ou=people,dc=example,dc=com");
            assert_eq!(
                (ada.username.as_str(), ada.email, ada.name),
                ("ada", some("ada@example.com"), some("Ada Lovelace"))
            );
            assert_eq!(ada.subject.len(), 36, "an entryUUID: {}", ada.subject);
        }
    }
}

#[test]
fn a_subject_is_text_or_bytes_or_else_the_name_of_the_entry() {
    let slapd = Slapd::start();
    let subject = |attribute: &str| {
        let attributes = Attributes { subject: attribute.to_owned(), ..Attributes::default() };
        sign_in(&Directory { attributes, ..of(&slapd) }, "ada", "Ada's").unwrap().subject
    };

    assert_eq!(subject("UIDNUMBER"), "1", "whatever the case of its name");
    assert_eq!(subject("jpegPhoto"), "00fffe10");
    assert_eq!(subject("objectGUID"), "uid=ada,ou=people,dc=example,dc=com");
}

#[test]
fn whoever_is_refused_learns_not_why() {
    let slapd = Slapd::start();
    let directory = of(&slapd);

    // a wrong password, nobody, no password to compare with, and one address of two people, with the password of both
    for (login, password) in
        [("ada", "ada's"), ("eve", "Eve's"), ("dora", "x"), ("shared@example.com", "Bob's")]
    {
        assert_eq!(sign_in(&directory, login, password), Err(Failure::Refused), "{login}");
    }
    assert!(sign_in(&directory, "bob", "Bob's").is_ok(), "he has a name of his own");

    // each was bound, as somebody or as nobody
    let (reader, nobody) = (READER.0.to_owned(), format!("cn=nobody-has-this-name,{BASE}"));
    let [ada, dora, bob] = ["ada", "dora", "bob"].map(|uid| format!("uid={uid},ou=people,{BASE}"));
    let binds = slapd.binds();
    let bound: Vec<&String> = binds.iter().map(|(dn, _)| dn).collect();
    let expected = [&reader, &ada, &reader, &nobody, &reader, &dora, &reader, &nobody, &reader, &bob];
    assert_eq!(bound, expected);
    for (dn, rc) in &binds {
        assert_eq!(*rc == 0, *dn == reader || *dn == bob, "{dn}: {rc}");
    }
}

#[test]
fn what_cannot_be_right_never_reaches_the_directory() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let directory = Directory::new(&format!("ldap://{}", listener.local_addr().unwrap()), BASE);
    let long = "a".repeat(257);

    for (login, password) in
        [("ada", ""), ("ada", "\0"), ("ada", "Ada's\0"), ("", "x"), (" ", "x"), ("ada\0", "x"), (&long, "x")]
    {
        assert_eq!(sign_in(&directory, login, password), Err(Failure::Refused), "{login:?} {password:?}");
    }
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "nobody came");
}

#[test]
fn a_login_is_a_value_and_never_a_filter() {
    let slapd = Slapd::start();
    let directory = of(&slapd);

    for login in
        ["*", "a*", "ad?", "ada)(uid=*", "(", ")", "\\", "\\61da", "ada\\00", "*)(|(uid=*", "ada)(|(uid=ada"]
    {
        assert_eq!(sign_in(&directory, login, "Ada's"), Err(Failure::Refused), "{login}");
    }
    assert_eq!(sign_in(&directory, r"we(i)rd*\one", "Weird's").unwrap().name, some("Weird"));
}

#[test]
fn tls_is_verified_or_there_is_none() {
    let slapd = Slapd::start();
    let other = Slapd::named("ldap.example.com");
    let starttls = |directory: Directory, slapd: &Slapd| Directory {
        address: slapd.plain.clone(),
        start_tls: true,
        ..directory
    };
    let untrusted = Directory { ca: Some(stranger()), ..of(&slapd) };
    let by_the_system = Directory { ca: None, ..of(&slapd) };
    let no_tls_there = Directory { address: slapd.plain.replace("ldap://", "ldaps://"), ..of(&slapd) };

    for (directory, why) in [
        (starttls(untrusted.clone(), &slapd), "nobody who is trusted signed"),
        (untrusted, "nobody who is trusted signed"),
        (by_the_system, "nobody who is trusted signed"),
        (starttls(of(&other), &other), "for another host"),
        (of(&other), "for another host"),
        (no_tls_there, "the directory ended the connection"),
    ] {
        let told = unreachable(sign_in(&directory, "ada", "Ada's"));
        assert!(told.starts_with("TLS: ") && told.contains(why), "{told}");
    }
    assert_eq!(slapd.binds(), [], "nothing was said");
}

#[test]
fn a_directory_that_is_away_or_silent_holds_up_nobody() {
    let away = Directory::new(&format!("ldap://127.0.0.1:{}", free_port()), BASE);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let plain = Directory::new(&format!("ldap://{address}"), BASE);
    let starttls = Directory { start_tls: true, ..plain.clone() };
    let ldaps = Directory { address: format!("ldaps://{address}"), ca: Some(stranger()), ..plain.clone() };
    let password = SecretString::from("Ada's");

    let begun = Instant::now();
    let told = unreachable(wait(away.sign_in(None, "ada", &password)));
    assert!(begun.elapsed() < PATIENCE && told.contains("refused"), "{told}");

    let begun = Instant::now();
    let (plain, starttls, ldaps) = wait(async {
        tokio::join!(
            plain.sign_in(None, "ada", &password),
            starttls.sign_in(None, "ada", &password),
            ldaps.test(None)
        )
    });
    let told = [unreachable(plain), unreachable(starttls), unreachable(ldaps)];
    assert!(begun.elapsed() < PATIENCE + Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(told, ["it did not answer within 5 seconds"; 3]);
}

#[test]
fn an_answer_that_is_not_ldap_is_a_failure_and_not_a_crash() {
    let answers: [(&[u8], &str); 4] = [
        (b"", "ended early"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "ended early"),
        // a message without anything in it, and the answer to a bind without anything in it
        (b"\x30\x00", "ended early"),
        (b"\x30\x05\x02\x01\x01\x61\x00", "not LDAP"),
    ];
    for (answer, why) in answers {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("ldap://{}", listener.local_addr().unwrap());
        let directory = Directory { bind_dn: Some(READER.0.to_owned()), ..Directory::new(&address, BASE) };
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1_000]).unwrap();
            stream.write_all(answer).unwrap();
        });

        let told = unreachable(sign_in(&directory, "ada", "Ada's"));
        assert!(told.contains(why), "{answer:?}: {told}");
        server.join().unwrap();
    }
}

#[test]
fn settings_that_the_directory_does_not_take_are_named() {
    let slapd = Slapd::start();
    let directory = of(&slapd);
    let attributes = |attributes: Attributes| Directory { attributes, ..directory.clone() };

    assert_eq!(
        wrong(test(&directory, Some("another"))),
        "bindDn: the directory answers rc 49 (invalidCredentials: the name or the password is wrong)"
    );
    for absent in [None, Some("")] {
        assert_eq!(wrong(test(&directory, absent)), "bindDn: expected its password");
    }
    for (directory, begins) in [
        (
            Directory { base_dn: format!("ou=none,{BASE}"), ..directory.clone() },
            "baseDn: the directory answers rc 32",
        ),
        (
            Directory { group_base_dn: Some(format!("ou=none,{BASE}")), ..directory.clone() },
            "groupBaseDn: the directory",
        ),
        (
            attributes(Attributes { username: "title".to_owned(), ..Attributes::default() }),
            "attributes.username: the person's entry has no title",
        ),
        (
            Directory { address: "ldap://ldap.example.com".to_owned(), ..directory.clone() },
            "address: passwords could",
        ),
    ] {
        let told = wrong(sign_in(&directory, "ada", "Ada's"));
        assert!(told.starts_with(begins), "{told}");
    }
    let told = Failure::Wrong("bindDn: expected its password".to_owned()).to_string();
    assert_eq!(told, "the directory and its settings do not agree: bindDn: expected its password");
}

#[test]
fn groups_are_those_that_the_person_names_and_those_that_name_the_person() {
    let slapd = Slapd::start();
    let by_person = of(&slapd);
    let by_group = Directory {
        group_base_dn: Some(format!("ou=groups,{BASE}")),
        attributes: Attributes { group: "employeeType".to_owned(), ..Attributes::default() },
        ..of(&slapd)
    };
    let by_number = |group_base_dn: Option<String>, group: &str| Directory {
        group_base_dn,
        attributes: Attributes { group: group.to_owned(), ..Attributes::default() },
        ..of(&slapd)
    };

    assert_eq!(groups(&by_person), ["Night Shift", "engineers"], "memberOf");
    assert_eq!(groups(&by_group), ["Lab, North", "Night Shift", "engineers"], "member and uniqueMember");
    assert_eq!(groups(&by_number(None, "gidNumber")), ["5000"], "nobody says what it is called");
    let found = groups(&by_number(by_group.group_base_dn.clone(), "departmentNumber"));
    assert_eq!(found, ["5001", "Lab, North", "Night Shift", "engineers", "night crew", "unix"]);

    let bob = sign_in(&by_group, "bob", "Bob's").unwrap();
    assert_eq!(bob.groups.len(), 1, "memberUid");
    assert_eq!(
        (bob.groups[0].name.as_str(), &bob.groups[0].dn),
        ("unix", &Some(format!("cn=unix,ou=groups,{BASE}")))
    );
}

#[test]
fn groups_within_groups_are_followed_in_circles_only_once() {
    let slapd = Slapd::start();
    let nested = Directory { nested_groups: true, ..of(&slapd) };
    let both = Directory { group_base_dn: Some(format!("ou=groups,{BASE}")), ..nested.clone() };

    assert_eq!(groups(&nested), ["Night Shift", "engineers", "everyone", "staff"]);
    assert_eq!(groups(&both), ["Lab, North", "Night Shift", "engineers", "everyone", "staff"]);

    // engineers hold everyone already; twelve more stand on each other's shoulders above them
    let tower = |n: usize| {
        let below = if n == 0 { "engineers".to_owned() } else { format!("tower-{}", n - 1) };
        format!(
            "\ndn: cn=tower-{n},ou=groups,{BASE}\nobjectClass: groupOfNames\nmember: cn={below},ou=groups,{BASE}\n"
        )
    };
    slapd.add(&(0..12).map(tower).collect::<String>());
    let found = groups(&nested);
    assert!(found.contains(&"tower-9".to_owned()) && !found.contains(&"tower-10".to_owned()), "{found:?}");
}

#[test]
fn only_members_of_allowed_groups_sign_in() {
    let slapd = Slapd::start();
    let allowing = |group: &str, nested_groups: bool| Directory {
        allowed_groups: vec!["nobody's".to_owned(), group.to_owned()],
        nested_groups,
        group_base_dn: Some(format!("ou=groups,{BASE}")),
        ..of(&slapd)
    };
    let ada = |directory: &Directory| sign_in(directory, "ada", "Ada's").map(drop);

    for group in ["Engineers", "lab, north", "CN=Engineers, OU=Groups, DC=example, DC=com", "night shift"] {
        assert_eq!(ada(&allowing(group, false)), Ok(()), "{group}");
    }
    for group in ["staff", "unix", "engineer", "cn=engineers", "cn=engineers,dc=example,dc=com", "*"] {
        assert_eq!(ada(&allowing(group, false)), Err(Failure::NotAllowed), "{group}");
    }
    assert_eq!(ada(&allowing("staff", true)), Ok(()), "through engineers");
    let refused = sign_in(&allowing("staff", false), "ada", "wrong").map(drop);
    assert_eq!(refused, Err(Failure::Refused), "who does not know the password learns nothing of groups");
}

#[test]
fn a_directory_may_be_searched_as_nobody_and_by_a_filter() {
    let slapd = Slapd::start();
    let nobody = Directory { bind_dn: None, ..of(&slapd) };
    let accounts = Directory { user_filter: some("(objectClass=posixAccount)"), ..of(&slapd) };

    // a password without a name is not used
    assert_eq!(sign_in(&nobody, "ada", "Ada's").unwrap().email, None, "which nobody may read");
    assert_eq!(sign_in(&nobody, "ada@example.com", "Ada's"), Err(Failure::Refused));
    assert!(sign_in(&accounts, "ada", "Ada's").is_ok());
    assert_eq!(sign_in(&accounts, "bob", "Bob's"), Err(Failure::Refused));
    assert!(slapd.binds().iter().any(|(dn, rc)| dn.starts_with("uid=ada,") && *rc == 0));
}

#[test]
fn nobody_is_sent_to_another_directory() {
    let slapd = Slapd::start();
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let address = elsewhere.local_addr().unwrap();
    slapd.add(&format!(
        "dn: ou=elsewhere,{BASE}\nobjectClass: referral\nobjectClass: extensibleObject\nref: ldap://{address}/{BASE}\n"
    ));
    let there = Directory { base_dn: format!("ou=elsewhere,{BASE}"), ..of(&slapd) };

    assert!(sign_in(&of(&slapd), "ada", "Ada's").is_ok(), "who is here");
    assert_eq!(sign_in(&of(&slapd), "eve", "Ada's"), Err(Failure::Refused));
    assert!(
        wrong(sign_in(&there, "ada", "Ada's")).starts_with("baseDn: the directory answers rc 10 (referral")
    );
    assert_eq!(elsewhere.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "nobody came");
}

#[test]
fn settings_can_be_tried() {
    let slapd = Slapd::start();
    let directory = of(&slapd);
    let plain = Directory { address: slapd.plain.clone(), ..of(&slapd) };
    let ada = Directory { user_filter: some("(cn=Ada*)"), ..of(&slapd) };
    let nobody = Directory { user_filter: some("(cn=Eve)"), ..of(&slapd) };
    let bind_password = Some(READER.1);

    let found = test(&directory, bind_password).unwrap();
    assert_eq!((found.encrypted, found.people), (true, 5));
    let found = test(&plain, bind_password).unwrap();
    assert_eq!((found.encrypted, found.people), (false, 5), "on this machine");
    let found = test(&ada, bind_password).unwrap();
    let sample = found.sample.unwrap();
    assert_eq!((found.people, sample.username.as_str(), sample.groups.len()), (1, "ada", 2));
    let found = test(&nobody, bind_password).unwrap();
    assert_eq!((found.people, found.sample), (0, None));

    let person = |n: usize| format!("\ndn: uid=p{n},{BASE}\nobjectClass: inetOrgPerson\ncn: P\nsn: P\n");
    slapd.add(&(0..100).map(person).collect::<String>());
    assert_eq!(test(&directory, bind_password).unwrap().people, 100, "it counts no further");
}

/// What is wrong with good settings after a change.
fn with(change: impl FnOnce(&mut Directory)) -> Result<(), String> {
    let mut directory = Directory::new("ldaps://ldap.example.com:636", BASE);
    change(&mut directory);
    directory.check()
}

#[test]
fn an_address_leaves_no_password_to_be_read() {
    let address = |address: &str| with(|directory| directory.address = address.to_owned());

    for here in ["ldap://localhost", "ldap://127.0.0.1:3890/", "ldap://[::1]:389", "LDAP://LocalHost"] {
        assert_eq!(address(here), Ok(()), "{here}");
    }
    assert_eq!(with(|directory| directory.start_tls = true), Ok(()), "it is TLS already");
    for (wrong, why) in [
        ("", "expected ldap:// or ldaps:// with a host, found nothing"),
        ("ldap.example.com", "found \"ldap.example.com\""),
        ("http://localhost", "found \"http://localhost\""),
        ("ldapi:///run/slapd", "found \"ldapi:///run/slapd\""),
        ("ldap://", "found \"ldap://\""),
        ("ldap://a host", "found \"ldap://a host\""),
        ("ldap://localhost:port", "found \"ldap://localhost:port\""),
        ("ldaps://ldap.example.com/dc=example", "belongs to baseDn"),
        ("ldaps://ldap.example.com?x", "belongs to baseDn"),
        ("ldaps://ada:secret@ldap.example.com", "found a login in it"),
        ("ldap://ldap.example.com", "passwords could be read"),
        ("ldap://127.0.0.1.example.com", "passwords could be read"),
        ("ldaps://[::1]", "IPv6"),
    ] {
        let told = address(wrong).unwrap_err();
        assert!(
            told.starts_with("address: ") && told.contains(why) && !told.contains("secret"),
            "{wrong}: {told}"
        );
    }
}

#[test]
fn settings_are_checked_by_the_names_of_their_fields() {
    let filter = |filter: &str| with(|directory| directory.user_filter = some(filter));
    let attribute = |name: &str| with(|directory| directory.attributes.name = name.to_owned());

    for good in [
        "(objectClass=person)",
        "(&(a=b)(!(c=*d*)))",
        "(memberOf:1.2.840.113556.1.4.1941:=cn=x)",
        "(cn=\\28)",
    ] {
        assert_eq!(filter(good), Ok(()), "{good}");
    }
    let deep = format!("{}(a=b){}", "(!".repeat(20), ")".repeat(20));
    for wrong in ["", "objectClass=person", "(a=b", "(a=b)(c=d)", "(a=b))", "(=b)", "(a=\\zz)", &deep] {
        assert!(filter(wrong).unwrap_err().starts_with("userFilter: expected a filter such as"), "{wrong}");
    }

    for good in ["mail", "x-name-2", "2.5.4.3"] {
        assert_eq!(attribute(good), Ok(()), "{good}");
    }
    for wrong in ["", "e mail", "mail)(uid=*", "2mail", "mail;binary", "2", "2.05", "-x", "Ünique"] {
        assert!(attribute(wrong).unwrap_err().starts_with("attributes.name: "), "{wrong}");
    }

    type Change = fn(&mut Directory);
    let others: [(&str, Change); 14] = [
        ("ca", |directory| directory.ca = some("")),
        ("ca", |directory| {
            directory.ca = some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        }),
        ("baseDn", |directory| directory.base_dn = " ".to_owned()),
        ("baseDn", |directory| directory.base_dn = "email".to_owned()),
        ("groupBaseDn", |directory| directory.group_base_dn = some("groups")),
        ("bindDn", |directory| directory.bind_dn = some("")),
        ("bindDn", |directory| directory.bind_dn = some("a\0b")),
        ("loginAttributes", |directory| directory.login_attributes.clear()),
        ("loginAttributes", |directory| directory.login_attributes.push("e-mail address".to_owned())),
        ("loginAttributes", |directory| directory.login_attributes = vec!["uid".to_owned(); 11]),
        ("attributes.subject", |directory| directory.attributes.subject.clear()),
        ("attributes.group", |directory| directory.attributes.group = "member of".to_owned()),
        ("allowedGroups", |directory| directory.allowed_groups.push(" ".to_owned())),
        ("allowedGroups", |directory| directory.allowed_groups = vec!["a".to_owned(); 1_001]),
    ];
    for (field, change) in others {
        let told = with(change).unwrap_err();
        assert!(told.starts_with(&format!("{field}: ")), "{field}: {told}");
    }
    assert_eq!(
        with(|directory| directory.bind_dn = some("EXAMPLE\\reader")),
        Ok(()),
        "as Active Directory has it"
    );
}

#[test]
fn settings_are_stored_in_camel_case_and_little_needs_to_be_said() {
    let told = serde_json::json!({ "address": "ldaps://ldap", "baseDn": BASE });
    let read: Directory = serde_json::from_value(told).unwrap();

    assert_eq!(read, Directory::new("ldaps://ldap", BASE));
    let stored = serde_json::to_value(&read).unwrap();
    assert_eq!(stored["attributes"]["subject"], "entryUUID");
    assert_eq!(stored["loginAttributes"], serde_json::json!(["uid", "mail"]));
    assert_eq!(serde_json::from_value::<Directory>(stored).unwrap(), read);
    let mistyped = serde_json::json!({ "address": "ldaps://ldap", "baseDn": BASE, "startTLS": true });
    assert!(serde_json::from_value::<Directory>(mistyped).is_err());
}
