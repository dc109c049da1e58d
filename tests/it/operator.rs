//! The organization by command: people, seats, teams, roles, keys, service accounts, settings.

use crate::{
    commands::{json, roster},
    database::Database,
    support::{Client, Program},
};
use serde_json::{Value, json};

/// A running server, and the commands that ask it.
struct Desk {
    program: Program,
    database: Database,
}

impl Desk {
    fn open() -> Self {
        let database = Database::fresh();
        Self { program: Program::serve(&database.setting()), database }
    }

    /// What a command that succeeds shows as JSON; the words of it are those between blanks, `_` is a blank.
    #[track_caller]
    fn run(&self, command: &str) -> Value {
        let words = words(command);
        let words: Vec<&str> = words.iter().map(String::as_str).chain(["--json"]).collect();
        json(&roster(&self.database.setting(), &words))
    }

    /// What a command that succeeds tells people.
    #[track_caller]
    fn tell(&self, command: &str) -> String {
        let words = words(command);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = roster(&self.database.setting(), &words);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command that is refused says.
    #[track_caller]
    fn refusal(&self, command: &str) -> String {
        let words = words(command);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = roster(&self.database.setting(), &words);
        assert_eq!(output.status.code(), Some(1), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout.is_empty(), "{command}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// How many entries of that kind the journal has.
    fn events(&self, kind: &str) -> i64 {
        self.database.number(&format!("SELECT count(*) FROM events WHERE kind = '{kind}'"))
    }

    fn client(&self, credential: &Value) -> Client {
        Client {
            root: self.program.client.root.clone(),
            token: credential["secret"].as_str().unwrap().to_owned(),
        }
    }
}

fn words(command: &str) -> Vec<String> {
    command.split(' ').map(|word| word.replace('_', " ")).collect()
}

/// Holds an answer in words to what it must say.
#[track_caller]
fn says(told: &str, parts: &[&str]) {
    for part in parts {
        assert!(told.contains(part), "{part:?} is not in {told}");
    }
}

#[test]
fn people_are_made_found_changed_and_removed_by_any_of_their_names() {
    let desk = Desk::open();
    says(&desk.tell("user list"), &["nobody yet; `roster user create NAME`"]);

    let ada = desk.run("user create ada@example.com --email ada@work.example --display-name Ada_Lovelace");
    assert_eq!(
        (&ada["organizationRole"], &ada["seat"], &ada["source"]),
        (&json!("member"), &json!("full"), &json!("admin"))
    );
    for name in ["ada@example.com", "ADA@EXAMPLE.COM", "ada", "ada@work.example", ada["id"].as_str().unwrap()]
    {
        assert_eq!(desk.run(&format!("user show {name}"))["id"], ada["id"], "{name}");
    }
    says(&desk.tell("user show ada"), &["Ada Lovelace", "ada@work.example", "HANDLE"]);
    let changed =
        desk.run("user change ada --name countess --role admin --email a@b.example --email c@d.example");
    assert_eq!(changed["emails"], json!(["a@b.example", "c@d.example"]));
    assert_eq!((&changed["userName"], &changed["organizationRole"]), (&json!("countess"), &json!("admin")));
    desk.run("user create grace");
    assert_eq!(desk.run("user list --login countess")["items"].as_array().unwrap().len(), 1);
    let first = desk.run("user list --limit 1");
    let rest = desk.run(&format!("user list --cursor {}", first["next"].as_str().unwrap()));
    assert_eq!((first["items"].as_array().unwrap().len(), rest["next"].clone()), (1, Value::Null));

    assert_eq!(desk.run("user deactivate grace")["active"], false);
    assert_eq!(desk.run("user reactivate grace")["active"], true);
    says(&desk.refusal("user remove grace"), &["--yes", "nothing is changed"]);
    desk.run("user remove grace --yes");
    says(&desk.refusal("user show grace"), &["there is no user"]);
}

#[test]
fn a_wrong_change_of_a_person_changes_nothing_and_says_what_is_wrong() {
    let desk = Desk::open();
    desk.run("user create ada --role admin");
    desk.run("user create grace");
    let before = (desk.run("user show ada"), desk.events("user.changed"));

    for (command, part) in [
        ("user change ada", "expected something to change"),
        ("user change ada --display-name Ada --role member", "without an active admin"),
        ("user change ada --display-name Ada --default-team nowhere", "there is no team"),
        ("user change ada --seat none --name grace", "another user has this userName"),
        ("user deactivate ada", "without an active admin"),
        ("user remove ada --yes", "without an active admin"),
        ("user show adda", "the nearest is \"ada\""),
        ("user create ada", "another user has this userName"),
        ("user list --limit 0", "limit: expected a number from 1 to 1000"),
        ("user list --organization nowhere", "there is no organization"),
    ] {
        says(&desk.refusal(command), &[part]);
    }
    assert_eq!((desk.run("user show ada"), desk.events("user.changed")), before);
    for wrong in ["user create x --role boss", "user create x --seat big", "user show"] {
        let words = words(wrong);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert_eq!(roster(&desk.database.setting(), &words).status.code(), Some(2), "{wrong}");
    }
}

#[test]
fn seats_are_counted_limited_and_one_admin_is_warned_of() {
    let desk = Desk::open();
    says(&desk.tell("seats"), &["unlimited", "There is no active admin; `roster admin grant LOGIN`"]);
    desk.run("user create ada --role admin");
    says(&desk.tell("seats"), &["There is one active admin"]);
    assert_eq!(desk.run("seats set --full 1")["full"], json!({"used": 1, "reserved": 0, "total": 1}));

    says(&desk.refusal("user create grace"), &["Seat limit reached: 1 of 1 full"]);
    says(&desk.refusal("seats set"), &["expected --full or --viewer"]);
    desk.run("user create grace --seat viewer");
    let seats = desk.run("seats set --full unlimited --viewer 5");
    assert_eq!(
        (&seats["full"], &seats["viewer"], &seats["admins"]),
        (
            &json!({"used": 1, "reserved": 0, "total": null}),
            &json!({"used": 1, "reserved": 0, "total": 5}),
            &json!(1)
        )
    );
    desk.run("user change grace --role admin");
    says(&desk.tell("seats show"), &["There are 2 active admins"]);
    assert_eq!(desk.events("settings.changed"), 2);
}

#[test]
fn an_admin_is_granted_when_nothing_else_works() {
    let desk = Desk::open();
    desk.run("user create ada");
    desk.run("user create grace");
    desk.run("user deactivate ada");
    desk.run("seats set --full 1");

    let granted = desk.run("admin grant ada");
    let stands = [&granted["active"], &granted["organizationRole"], &granted["seat"]];
    assert_eq!(stands, [&json!(true), &json!("admin"), &json!("none")], "there was no seat left");
    let n = desk.events("user.changed");
    assert_eq!(desk.run("admin grant ada")["version"], granted["version"], "twice is once");
    assert_eq!(desk.events("user.changed"), n);
    says(
        &desk.refusal("admin grant adda"),
        &["the nearest is \"ada\"", "`roster user create NAME --role admin`"],
    );
}

#[test]
fn a_reset_password_is_shown_once_and_kept_as_a_hash() {
    let desk = Desk::open();
    let ada = desk.run("user create ada");
    let key = desk.run("key create ada --name laptop");

    let reset = desk.run("admin reset-password ada");
    let password = reset["password"].as_str().unwrap();
    let again = desk.run("admin reset-password ada");

    assert_ne!(reset["password"], again["password"]);
    let kept = desk.database.ask("SELECT owner, hash FROM passwords WHERE must_change");
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0][0], ada["id"].as_str().unwrap());
    assert!(kept[0][1].starts_with("$argon2id$"), "{}", kept[0][1]);
    assert!(!desk.database.holds(password.as_bytes()));
    assert_eq!(desk.events("password.reset"), 2);
    assert_eq!(desk.client(&key).get("/ServiceProviderConfig").status, 200);
    assert_eq!(desk.run("key list --owner ada")["items"].as_array().unwrap().len(), 1, "keys go on");
    says(
        &desk.refusal("admin reset-password nobody"),
        &["there is no user \"nobody\"", "roster user create"],
    );
}

#[test]
fn teams_live_by_command() {
    let desk = Desk::open();
    says(&desk.tell("team list"), &["no teams yet; `roster team create NAME`"]);
    for name in ["ada", "grace"] {
        desk.run(&format!("user create {name}"));
    }
    let storage = "--storage-provider AWS --storage-name bucket --storage-path a/b";
    let vision = desk.run(&format!("team create Vision --admin ada {storage}"));
    assert_eq!(vision["storage"], json!({"provider": "AWS", "name": "bucket", "path": "a/b"}));
    desk.run("team add vision grace --role viewer");
    assert_eq!(desk.run("team set-role vision grace member")["role"], "member");
    says(&desk.tell("team show vision"), &["THE TEAM'S OWN", "bucket", "membersInvite", "admin"]);
    assert_eq!(desk.run("user change ada --default-team Vision")["defaultTeam"], vision["id"]);

    let changed = desk.run("team change vision --name Sight --hidden true --members-invite true");
    assert_eq!((&changed["settings"]["hidden"], &changed["name"]), (&json!(true), &json!("Sight")));
    assert_eq!(desk.run("team show vision")["id"], vision["id"], "the old name still leads there");
    assert_eq!(desk.run("team show Sight")["memberList"].as_array().unwrap().len(), 2);
    desk.run("team remove-member sight grace");
    says(&desk.refusal("team archive sight"), &["--yes"]);
    desk.run("team archive sight --yes");
    let archived = desk.run("team archived");
    assert_eq!(archived["items"][0]["id"], vision["id"]);
    assert_eq!(desk.run("team list")["items"], json!([]));
    assert_eq!(desk.run(&format!("team restore {}", vision["id"].as_str().unwrap()))["members"], 1);
    says(&desk.tell("team archived"), &["no team can be restored"]);
}

#[test]
fn a_wrong_word_about_a_team_names_the_nearest() {
    let desk = Desk::open();
    desk.run("user create ada");
    desk.run("team create vision");
    desk.run("team add vision ada");

    for (command, part) in [
        ("team show visoin", "the nearest is \"vision\""),
        ("team create VISION", "displayName"),
        ("team create x --admin adda", "the nearest is \"ada\""),
        ("team create x --default-role membre", "the nearest is \"member\""),
        ("team create x --storage-provider AWSS --storage-name b", "expected one of COREWEAVE, AWS"),
        ("team change vision", "expected something to change"),
        ("team add vision ada", "a member already"),
        ("team add vision nobody", "there is no user"),
        ("team set-role vision ada vewer", "the nearest is \"viewer\""),
        ("team restore nothing", "`roster team archived` shows"),
    ] {
        says(&desk.refusal(command), &[part]);
    }
    desk.run("team remove-member vision ada");
    says(&desk.refusal("team remove-member vision ada"), &["member not found"]);
    assert_eq!(desk.run("team list")["items"].as_array().unwrap().len(), 1);
}

#[test]
fn roles_are_made_of_permissions_and_given() {
    let desk = Desk::open();
    says(&desk.tell("role list"), &["no custom roles yet"]);
    says(&desk.tell("role permissions"), &["run:stop", "VIEWER", "yes"]);
    let made = desk.run("role create Stopper --from viewer --permission run:stop --description stops_runs");
    assert_eq!(made["inheritedFrom"], "viewer");
    says(&desk.tell("role show stopper"), &["run:stop", "stops runs", "INHERITED"]);
    desk.run("user create ada");
    desk.run("team create vision");
    assert_eq!(desk.run("team add vision ada --role Stopper")["role"], "Stopper");

    desk.run("role change Stopper --add run:delete --remove run:stop");
    let changed = desk.run("role change Stopper --name Deleter");
    assert_eq!((&changed["name"], &changed["description"]), (&json!("Deleter"), &json!("stops runs")));
    let added = |role: &Value| -> Vec<String> {
        let all = role["permissions"].as_array().unwrap().iter();
        all.filter(|it| it["isInherited"] == false)
            .map(|it| it["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(added(&changed), ["run:delete"]);
    assert_eq!(added(&desk.run("role change Deleter --permission run:stop")), ["run:stop"]);
    says(&desk.tell("role remove Deleter --dry-run"), &["nothing is changed", "people: 1", "run:stop"]);
    for (command, part) in [
        ("role show Deletor", "the nearest is \"Deleter\""),
        ("role create Admin --from member", "predefined"),
        ("role create x --from admin", "expected member or viewer"),
        ("role create x --from member --permission run:stpo", "the nearest is \"run:stop\""),
        ("role change Deleter", "expected something to change"),
    ] {
        says(&desk.refusal(command), &[part]);
    }
    desk.run("role remove Deleter");
    assert_eq!(desk.run("team show vision")["memberList"][0]["role"], "viewer");
}

#[test]
fn keys_of_people_and_service_accounts_are_shown_once_and_end_at_once() {
    let desk = Desk::open();
    says(&desk.tell("key list"), &["no keys"]);
    says(&desk.tell("service-account list"), &["no service accounts"]);
    desk.run("user create ada --role admin");
    desk.run("team create vision");
    let robot = desk.run("service-account create robot --team vision");
    assert!(robot["team"].is_string());
    assert_eq!(desk.run("service-account list --team vision")["items"][0]["id"], robot["id"]);

    let key = desk.run("key create ada --name laptop --scope scim --expires-in 90d");
    assert_eq!((&key["scopes"], key["expiresAt"].is_string()), (&json!(["scim"]), true));
    assert_eq!(desk.client(&key).get("/Users").status, 200);
    desk.run("key create robot --name night");
    let listed = desk.run("key list");
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert!(!listed.to_string().contains(key["secret"].as_str().unwrap()));
    assert_eq!(desk.run("key list --owner robot")["items"].as_array().unwrap().len(), 1);
    desk.run(&format!("key revoke {}", key["id"].as_str().unwrap()));
    assert_eq!(desk.client(&key).get("/Users").status, 401);

    for (command, part) in [
        ("key create robbot --name x", "the nearest is \"robot\""),
        ("key create ada --name _", "name: expected"),
        ("key revoke nothing", "`roster key list`"),
        ("service-account create robot", "has this name"),
        ("service-account remove robot", "--yes"),
        ("service-account create x --team visoin", "the nearest is \"vision\""),
    ] {
        says(&desk.refusal(command), &[part]);
    }
    desk.run("service-account remove robot --yes");
    assert_eq!(desk.run("key list")["items"], json!([]));
}

#[test]
fn settings_are_shown_with_their_meaning_and_changed_together() {
    let desk = Desk::open();
    assert_eq!(desk.run("organization show")["slug"], "default");
    says(&desk.tell("setting list"), &["enforced.hidden", "members create teams, too"]);

    let set = desk.run("setting set userTeamCreation true enforced.hidden true eventRetentionDays 90");
    assert_eq!((&set["userTeamCreation"], &set["enforced"]["hidden"]), (&json!(true), &json!(true)));
    assert_eq!(desk.run("setting set eventRetentionDays none")["eventRetentionDays"], Value::Null);
    assert_eq!(desk.events("settings.changed"), 2);
    for (command, part) in [
        ("setting set keyCreation false keyCreatoin true", "the nearest is \"keyCreation\""),
        ("setting set keyCreation maybe", "expected a boolean, found a string"),
        ("setting set keyCreation true license.full", "expected a value behind license.full"),
        ("setting set eventRetentionDays 0", "expected at least 1"),
    ] {
        says(&desk.refusal(command), &[part]);
    }
    assert_eq!(desk.run("setting list")["keyCreation"], true);
    assert_eq!(desk.events("settings.changed"), 2);
}

#[test]
fn what_is_asked_of_one_organization_is_unknown_to_another() {
    let desk = Desk::open();
    desk.run("organization create acme");
    desk.run("user create ada --organization acme");

    assert_eq!(desk.run("user list")["items"], json!([]));
    says(&desk.refusal("user show ada"), &["there is no user \"ada\""]);
    says(&desk.tell("user list --organization acme"), &["ada"]);
    says(&desk.tell("team list --organization acme"), &["`roster team create NAME --organization acme`"]);
}
