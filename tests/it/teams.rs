//! Teams by the API: who makes them, who decides in them, how they end and come back.

use crate::{
    keys::{Api, give_role, issue, person},
    support::Server,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use image::{ImageFormat, Rgb, RgbImage};
use roster::service::purge;
use serde_json::{Value, json};
use std::io::Cursor;

fn start() -> (Server, Api, String) {
    let server = Server::standard();
    let root = person(&server, "root", "admin");
    let admin = issue(&server, &root, "");
    (server, admin, root)
}

fn made(api: &Api, body: &Value) -> String {
    let reply = api.post("/teams", body);
    assert_eq!(reply.status, 201, "{}", reply.json());
    reply.json()["id"].as_str().unwrap().to_owned()
}

#[test]
fn w_111_members_make_teams_where_the_organization_lets_them_and_are_their_admins() {
    let (server, admin, root) = start();
    let ada = person(&server, "ada", "member");
    let member = issue(&server, &ada, "");

    let (status, detail) = member.post("/teams", &json!({"name": "vision"})).problem();
    assert_eq!(status, 403);
    assert!(detail.starts_with("only an admin or a member (where the organization lets"), "{detail}");
    assert_eq!(admin.patch("/settings", &json!({"userTeamCreation": true})).status, 200);
    let vision = made(&member, &json!({"name": "vision"}));

    let members = admin.get(&format!("/teams/{vision}/members")).json();
    assert_eq!(members["items"][0]["id"], json!(ada));
    assert_eq!(
        (&members["items"][0]["role"], &members["items"][0]["origin"]),
        (&json!("admin"), &json!("admin"))
    );
    let audio = made(&admin, &json!({"name": "audio", "storage": {"provider": "AWS", "name": "bucket"}}));
    let shown = admin.get(&format!("/teams/{audio}")).json();
    assert_eq!(shown["storage"], json!({"provider": "AWS", "name": "bucket"}));
    assert_eq!(admin.get(&format!("/teams/{audio}/members")).json()["items"][0]["id"], json!(root));
    assert_eq!(admin.post("/teams", &json!({"name": "AUDIO"})).problem().0, 409);
    assert_eq!(admin.post("/teams", &json!({"name": "x", "storage": {"provider": "aws"}})).problem().0, 400);
}

#[test]
fn w_113_a_team_that_is_renamed_is_still_found_by_its_old_name() {
    let (server, admin, _) = start();
    let vision = made(&admin, &json!({"name": "vision"}));

    assert_eq!(admin.patch(&format!("/teams/{vision}"), &json!({"name": "sight"})).json()["name"], "sight");

    let by = |name: &str| admin.get(&format!("/teams?name={name}")).json()["items"][0]["id"].clone();
    assert_eq!((by("sight"), by("Vision")), (json!(vision), json!(vision)));
    let new = server.client.group("vision", &[]);
    assert_eq!(by("vision"), json!(new), "who has the name now comes first");
    let scim = json!([{"op": "replace", "path": "displayName", "value": "seeing"}]);
    server.client.patch(&format!("/Groups/{new}"), &scim);
    assert_eq!(by("vision"), json!(new));
}

#[test]
fn w_119_a_team_decides_its_settings_and_w_120_the_organization_decides_above_it() {
    let (server, admin, _) = start();
    let (ada, eve) = (person(&server, "ada", "member"), person(&server, "eve", "member"));
    let vision = server.client.group("vision", std::slice::from_ref(&ada));
    give_role(&server, &vision, &ada, "admin");
    let (team_admin, outside) = (issue(&server, &ada, ""), issue(&server, &eve, ""));
    let path = format!("/teams/{vision}");
    assert_eq!(outside.get(&path).status, 200);

    let changed = team_admin.patch(&path, &json!({"settings": {"hidden": true, "membersInvite": true}}));

    assert_eq!(changed.json()["settings"]["hidden"], true, "{}", changed.json());
    assert_eq!(outside.get(&path).problem().0, 404, "as if there were none");
    assert_eq!(outside.get("/teams").json()["items"], json!([]));
    assert_eq!(outside.patch(&path, &json!({"settings": {"hidden": false}})).problem().0, 404);
    let (status, detail) = team_admin.patch(&path, &json!({"settings": {"hiden": true}})).problem();
    assert_eq!(status, 400);
    assert!(detail.contains("hiden"), "{detail}");
    admin.patch("/settings", &json!({"enforced": {"adminsInvite": true}}));
    let shown = team_admin.get(&path).json();
    assert_eq!(
        (&shown["settings"]["membersInvite"], &shown["effective"]["membersInvite"]),
        (&json!(true), &json!(false))
    );
}

#[test]
fn w_118_a_member_who_may_invite_gives_no_more_than_member() {
    let (server, _, _) = start();
    let [ada, eve, joan] = ["ada", "eve", "joan"].map(|name| person(&server, name, "member"));
    let vision = server.client.group("vision", &[ada.clone(), eve.clone()]);
    give_role(&server, &vision, &ada, "admin");
    let (boss, member) = (issue(&server, &ada, ""), issue(&server, &eve, ""));
    let path = format!("/teams/{vision}/members");

    assert_eq!(member.post(&path, &json!({"user": "joan"})).problem().0, 403);
    boss.patch(&format!("/teams/{vision}"), &json!({"settings": {"membersInvite": true}}));
    assert_eq!(member.post(&path, &json!({"user": "joan", "role": "admin"})).problem().0, 403);
    let added = member.post(&path, &json!({"user": "joan", "role": "Viewer"}));
    assert_eq!((added.status, &added.json()["role"]), (201, &json!("viewer")), "{}", added.json());
    assert_eq!(member.post(&path, &json!({"user": "joan"})).problem().0, 409);
    let (status, detail) = boss.post(&path, &json!({"user": "nobody"})).problem();
    assert_eq!((status, detail.as_str()), (400, "there is no user \"nobody\""));
    let changed = boss.send("PUT", &format!("{path}/{joan}/role"), &[], &json!({"role": "admin"}));
    assert_eq!(changed.json()["role"], "admin", "{}", changed.json());
    assert_eq!(member.delete(&format!("{path}/{joan}")).problem().0, 403);
    assert_eq!(boss.delete(&format!("{path}/{joan}")).status, 204);
    assert_eq!(server.client.members(&vision).len(), 2);
}

#[test]
fn w_126_who_wants_to_leaves_and_w_124_only_admins_leave_a_team_without_one() {
    let (server, admin, _) = start();
    let [ada, eve] = ["ada", "eve"].map(|name| person(&server, name, "member"));
    let vision = server.client.group("vision", &[ada.clone(), eve.clone()]);
    give_role(&server, &vision, &ada, "admin");
    let (boss, member) = (issue(&server, &ada, ""), issue(&server, &eve, ""));
    let own = format!("/teams/{vision}/members/me");

    assert_eq!(member.delete(&own).status, 204);
    assert_eq!(member.delete(&own).problem().0, 404);
    assert_eq!(boss.delete(&own).problem().0, 403);
    let demoted =
        boss.send("PUT", &format!("/teams/{vision}/members/{ada}/role"), &[], &json!({"role": "member"}));
    assert_eq!(demoted.problem().0, 403);
    assert_eq!(admin.delete(&format!("/teams/{vision}/members/{ada}")).status, 204);
    assert_eq!(member.delete("/me").status, 204);
    assert_eq!(server.client.get(&format!("/Users/{eve}")).status, 404);
}

#[test]
fn w_121_admins_stay_out_of_teams_where_the_organization_says_so() {
    let (server, admin, root) = start();
    let vision = server.client.group("vision", &[]);
    let ada = person(&server, "ada", "member");
    admin.patch("/settings", &json!({"adminTeamAccess": false}));
    let path = format!("/teams/{vision}/members");

    assert_eq!(admin.post(&path, &json!({"user": root})).problem().0, 403);
    assert_eq!(admin.post(&path, &json!({"user": ada, "role": "admin"})).status, 201, "others they may add");
    assert_eq!(admin.patch(&format!("/teams/{vision}"), &json!({"name": "x"})).problem().0, 403);
}

#[test]
fn an_archived_team_is_gone_at_once_and_comes_back_with_its_members_within_thirty_days() {
    let (server, admin, _) = start();
    let ada = person(&server, "ada", "member");
    let vision = server.client.group("vision", std::slice::from_ref(&ada));
    give_role(&server, &vision, &ada, "viewer");
    let total = || server.client.get("/Groups?count=0").json()["totalResults"].clone();

    assert_eq!(admin.delete(&format!("/teams/{vision}")).status, 204);

    assert_eq!((server.client.get(&format!("/Groups/{vision}")).status, total()), (404, json!(0)));
    let archived = admin.get("/archived-teams").json();
    assert_eq!(
        (&archived["items"][0]["id"], &archived["items"][0]["name"]),
        (&json!(vision), &json!("vision"))
    );
    let usurper = server.client.group("vision", &[]);
    let restore = format!("/archived-teams/{vision}/restore");
    assert_eq!(admin.post(&restore, &json!({})).problem().0, 409, "the name is taken");
    server.client.delete(&format!("/Groups/{usurper}"));
    let restored = admin.post(&restore, &json!({}));
    assert_eq!((restored.status, &restored.json()["members"]), (200, &json!(1)), "{}", restored.json());
    assert_eq!((server.client.members(&vision), total()), (vec![ada], json!(1)));
    let filter = server.client.get("/Groups?filter=displayName%20eq%20%22vision%22").json();
    assert_eq!(filter["totalResults"], 1);

    admin.delete(&format!("/teams/{vision}"));
    let long_ago = 31_i64 * 24 * 3_600 * 1_000_000;
    server
        .database
        .ask(&format!("UPDATE teams SET archived_at = archived_at - {long_ago} WHERE id = '{vision}'"));
    assert_eq!(admin.post(&restore, &json!({})).problem().0, 404);
}

/// A file of a picture that is red on the left and blue on the right.
pub(crate) fn picture(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let paint = |x, _| if x < 100 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) };
    RgbImage::from_fn(200, 120, paint).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[test]
fn w_114_a_team_has_a_picture_that_its_admins_choose() {
    let (server, admin, _) = start();
    let [ada, eve] = ["ada", "eve"].map(|name| person(&server, name, "member"));
    let vision = server.client.group("vision", &[ada.clone(), eve.clone()]);
    give_role(&server, &vision, &ada, "admin");
    let (boss, member) = (issue(&server, &ada, ""), issue(&server, &eve, ""));
    let (team, path) = (format!("/teams/{vision}"), format!("/teams/{vision}/avatar"));
    let image = |bytes: &[u8]| json!({"image": STANDARD.encode(bytes)});
    let put = |api: &Api, body: &Value| api.send("PUT", &path, &[], body);

    assert_eq!(boss.get(&team).json()["avatar"], Value::Null);
    assert_eq!(boss.get(&path).problem().0, 404);
    assert_eq!(put(&member, &image(&picture(ImageFormat::Png))).problem().0, 403);
    for (body, expected) in [
        (json!({"image": "not base64!"}), "image: expected a file in base64"),
        (
            image(b"<svg onload='alert(1)'/>"),
            "image: expected a PNG, JPEG, GIF or WebP file, found something else",
        ),
        (image(&picture(ImageFormat::Png)[..200]), "found one that cannot be read"),
        (json!({}), "missing field `image`"),
    ] {
        let (status, detail) = put(&boss, &body).problem();
        assert_eq!(status, 400, "{detail}");
        assert!(detail.contains(expected), "{detail}");
    }
    assert_eq!(boss.get(&team).json()["avatar"], Value::Null, "what was refused changed nothing");

    let before = boss.get(&team).json()["version"].clone();
    let changed = put(&boss, &image(&picture(ImageFormat::Jpeg)));
    assert_eq!(changed.status, 200, "{}", changed.json());
    let first = changed.json()["avatar"].as_str().unwrap().to_owned();
    assert_ne!(changed.json()["version"], before);
    let stale = [("If-Match", "\"of-another-picture\"")];
    assert_eq!(boss.send("PUT", &path, &stale, &image(&picture(ImageFormat::Png))).problem().0, 412);
    let none = [("If-None-Match", "*")];
    assert_eq!(boss.send("PUT", &path, &none, &image(&picture(ImageFormat::Png))).problem().0, 412);

    let shown = member.get(&path);
    assert_eq!((shown.status, shown.header("content-type")), (200, "image/png"));
    let tag = shown.header("etag").to_owned();
    assert_eq!(tag, first);
    let seen = [("If-Match", tag.as_str())];
    assert_eq!(boss.send("PUT", &path, &seen, &image(&picture(ImageFormat::Jpeg))).status, 200);
    assert_eq!(member.send("GET", &path, &[("If-None-Match", &tag)], &Value::Null).status, 304);
    let square = image::load_from_memory_with_format(&shown.body, ImageFormat::Png).unwrap();
    assert_eq!((square.width(), square.height()), (128, 128));
    assert_eq!(member.get("/teams").json()["items"][0]["avatar"], json!(first));

    // it rests with the team, and is there again
    assert_eq!(admin.delete(&team).status, 204);
    assert_eq!(member.get(&path).problem().0, 404);
    admin.post(&format!("/archived-teams/{vision}/restore"), &Value::Null);
    assert_eq!(member.get(&path).body, shown.body);

    assert_eq!(boss.delete(&path).json()["avatar"], Value::Null);
    assert_eq!(member.get(&path).problem().0, 404);
    let sql = "SELECT detail FROM events WHERE kind = 'team.changed' ORDER BY id";
    let told = server.database.ask(sql).into_iter().flatten();
    let avatars: Vec<Value> =
        told.map(|it| serde_json::from_str::<Value>(&it).unwrap()["avatar"].clone()).collect();
    assert_eq!(
        avatars,
        [json!({"before": null, "after": first}), json!({"before": first, "after": null})],
        "each change once"
    );
}

#[test]
fn w_114_a_picture_goes_with_its_team() {
    let (server, admin, _) = start();
    let vision = made(&admin, &json!({"name": "vision"}));
    let body = json!({"image": STANDARD.encode(picture(ImageFormat::WebP))});
    assert_eq!(admin.send("PUT", &format!("/teams/{vision}/avatar"), &[], &body).status, 200);
    let n_kept = || server.database.number("SELECT count(*) FROM avatars");
    assert_eq!(n_kept(), 1);
    admin.patch("/settings", &json!({"scimGroupDelete": "delete"}));

    server.client.delete(&format!("/Groups/{vision}"));

    assert_eq!(crate::support::wait(async { purge::purge(&server.app).await.unwrap() }), 1);
    assert_eq!(n_kept(), 0);
}
