//! Faults in the lives of users: who comes, goes and comes back, and what goes wrong only now and then.

use super::{
    CaughtBy::Suite,
    Fault,
    proxy::{Behaviour, Request, Response, Upstream, answered, asked, instead},
};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

pub(super) fn faults() -> Vec<Fault> {
    vec![
        Fault {
            does: "a DELETE is answered 204 and does nothing",
            caught_by: Suite(&["r_434_after_a_delete_everything_on_that_url_is_404"]),
            behaviour: instead(|server, request| match request.is(&["DELETE"], "Users") {
                true if server.now(&request)["id"].is_string() => Response::empty(204),
                _ => server.send(&request),
            }),
        },
        Fault {
            does: "a DELETE only deactivates",
            caught_by: Suite(&["r_438_delete_is_not_turned_into_a_deactivation"]),
            behaviour: instead(|server, request| match (request.is(&["DELETE"], "Users"), request.id()) {
                (true, Some(id)) if server.now(&request)["id"].is_string() => {
                    server.patch(
                        &format!("/Users/{id}"),
                        &json!([{"op": "replace", "value": {"active": false}}]),
                    );
                    Response::empty(204)
                }
                _ => server.send(&request),
            }),
        },
        Fault {
            does: "a DELETE of nobody is 204",
            caught_by: Suite(&["r_434_after_a_delete_everything_on_that_url_is_404"]),
            behaviour: answered(|request, response| {
                if request.method == "DELETE" && response.status == 404 {
                    *response = Response::empty(204);
                }
            }),
        },
        Fault {
            does: "the name of who was deleted stays taken",
            caught_by: Suite(&["r_436_a_deleted_name_is_free_again"]),
            behaviour: names_stay_taken(),
        },
        Fault {
            does: "who is deactivated leaves all groups",
            caught_by: Suite(&["q_079_who_is_inactive_is_still_there_and_comes_back_as_before"]),
            behaviour: instead(inactive_leave),
        },
        Fault {
            does: "who is deactivated is 404",
            caught_by: Suite(&["r_182_an_inactive_user_is_returned_like_any_other"]),
            behaviour: answered(|request, response| {
                let is_inactive = response.json()["active"] == json!(false);
                if request.is(&["GET"], "Users") && request.id().is_some() && is_inactive {
                    *response = Response::error(404, "");
                }
            }),
        },
        Fault {
            does: "who is activated again has a new id",
            caught_by: Suite(&["r_430_active_suspends_and_reactivates_once"]),
            behaviour: instead(born_again),
        },
        Fault {
            does: "every seventh change of a user is answered and lost",
            caught_by: Suite(&["entra"]),
            behaviour: seventh_is_lost(),
        },
        Fault {
            does: "users after the tenth come without their externalId",
            caught_by: Suite(&["q_076_a_dozen_people_join_at_once_and_all_are_there"]),
            behaviour: tenth_is_forgotten(),
        },
    ]
}

fn names_stay_taken() -> Behaviour {
    let gone: Mutex<HashSet<String>> = Mutex::default();
    instead(move |server, request| {
        if request.is(&["DELETE"], "Users") {
            let name = server.now(&request)["userName"].as_str().map(str::to_lowercase);
            gone.lock().unwrap().extend(name);
        }
        let name = request.json()["userName"].as_str().map(str::to_lowercase);
        match request.is(&["POST"], "Users") && name.is_some_and(|name| gone.lock().unwrap().contains(&name))
        {
            true => Response::error(409, "uniqueness"),
            false => server.send(&request),
        }
    })
}

fn inactive_leave(server: &Upstream, request: Request) -> Response {
    let response = server.send(&request);
    if request.is(&["PUT", "PATCH"], "Users") && response.is_success() {
        let user = server.now(&request);
        for group in
            user["groups"].as_array().into_iter().flatten().filter(|_| user["active"] == json!(false))
        {
            let path = format!("/Groups/{}", group["value"].as_str().unwrap());
            let member = format!("members[value eq {}]", user["id"]);
            server.patch(&path, &json!([{"op": "remove", "path": member}]));
        }
    }
    response
}

fn born_again(server: &Upstream, request: Request) -> Response {
    let changes = request.is(&["PUT", "PATCH"], "Users");
    let was_inactive = changes && server.now(&request)["active"] == json!(false);
    let response = server.send(&request);
    let mut user = response.json();
    if !was_inactive || user["active"] != json!(true) {
        return response;
    }
    server.ask("DELETE", &format!("/Users/{}", request.id().unwrap()), &Value::Null);
    user.as_object_mut().unwrap().retain(|name, _| !["id", "meta", "groups"].contains(&name.as_str()));
    let mut again = server.ask("POST", "/Users", &user);
    again.status = 200;
    again
}

fn seventh_is_lost() -> Behaviour {
    let changes = AtomicUsize::new(0);
    instead(move |server, request| {
        if request.is(&["PUT", "PATCH"], "Users") && changes.fetch_add(1, Ordering::Relaxed) % 7 == 6 {
            let path = format!("/Users/{}", request.id().unwrap_or_default());
            return server.ask("GET", &path, &Value::Null);
        }
        server.send(&request)
    })
}

fn tenth_is_forgotten() -> Behaviour {
    let created = AtomicUsize::new(0);
    asked(move |request| {
        if request.is(&["POST"], "Users") && created.fetch_add(1, Ordering::Relaxed) >= 10 {
            request.change(|body| drop(body.as_object_mut().unwrap().remove("externalId")));
        }
    })
}
