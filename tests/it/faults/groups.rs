//! Faults of groups and of who is in them.

use super::{
    CaughtBy::{Race, Suite},
    Fault,
    proxy::{Behaviour, Request, Response, Upstream, answered, asked, instead, is_operation, list, path_of},
};
use crate::races;
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Mutex};

/// What a PATCH of members means.
pub(super) fn of_patches() -> Vec<Fault> {
    vec![
        Fault {
            does: "a remove of members by value empties the group",
            caught_by: Suite(&["q_065_a_remove_that_names_members_removes_only_those"]),
            behaviour: asked(|request| {
                request.change_operations(|operation| {
                    if is_operation(operation, "remove") && path_of(operation) == "members" {
                        operation.as_object_mut().unwrap().remove("value");
                    }
                });
            }),
        },
        Fault {
            does: "a remove of one member by a value path empties the group",
            caught_by: Suite(&["r_143_a_member_is_fixed_but_members_come_and_go"]),
            behaviour: asked(|request| {
                request.change_operations(|operation| {
                    if is_operation(operation, "remove") && path_of(operation).starts_with("members[") {
                        operation["path"] = "members".into();
                    }
                });
            }),
        },
        Fault {
            does: "a remove of one member by a value path does nothing",
            caught_by: Suite(&["r_403_remove_with_a_filter_removes_what_it_selects"]),
            behaviour: instead(|server, mut request| {
                let mut n_left = 0;
                request.change(|body| {
                    if let Some(operations) = list(body, "Operations") {
                        operations.retain(|operation| one_removed(operation).is_none());
                        n_left = operations.len();
                    }
                });
                match request.is(&["PATCH"], "Groups") && n_left == 0 {
                    true => server.ask("GET", &format!("/Groups/{}", request.id().unwrap()), &Value::Null),
                    false => server.send(&request),
                }
            }),
        },
        Fault {
            does: "an add of members replaces all members",
            caught_by: Suite(&["r_386_add_appends_a_single_object"]),
            behaviour: asked(|request| {
                request.change_operations(|operation| {
                    if is_operation(operation, "add") && path_of(operation) == "members" {
                        operation["op"] = "replace".into();
                    }
                });
            }),
        },
        Fault {
            does: "a replace of members adds them",
            caught_by: Suite(&["r_428_replacing_members_leaves_exactly_the_given_ones"]),
            behaviour: asked(|request| {
                request.change_operations(|operation| {
                    if is_operation(operation, "replace") && path_of(operation) == "members" {
                        operation["op"] = "add".into();
                    }
                });
            }),
        },
        Fault {
            does: "of parallel changes of one group some are lost",
            caught_by: Race(races::parallel_additions_stay),
            behaviour: instead(read_and_write_back),
        },
        Fault {
            does: "to remove who is not in the group is an error",
            caught_by: Suite(&["r_405_remove_of_what_is_not_there_succeeds"]),
            behaviour: instead(|server, request| refuse_when(server, &request, "remove", false)),
        },
        Fault {
            does: "to add who is in the group is an error",
            caught_by: Suite(&["q_066_who_is_in_may_join_and_who_is_out_may_leave"]),
            behaviour: instead(|server, request| refuse_when(server, &request, "add", true)),
        },
    ]
}

/// What is shown of a membership.
pub(super) fn of_views() -> Vec<Fault> {
    vec![
        Fault {
            does: "members are shown twice",
            caught_by: Suite(&["r_388_what_is_there_already_is_not_added_twice"]),
            behaviour: answered(|_, response| {
                response.change_resources(|group| {
                    if let Some(members) = list(group, "members") {
                        members.extend(members.clone());
                    }
                });
            }),
        },
        Fault {
            does: "only the first ten members are shown",
            caught_by: Suite(&["q_076_a_dozen_people_join_at_once_and_all_are_there"]),
            behaviour: answered(|_, response| {
                response.change_resources(|group| {
                    if let Some(members) = list(group, "members") {
                        members.truncate(10);
                    }
                });
            }),
        },
        Fault {
            does: "lists of groups show no members",
            caught_by: Suite(&["r_563_members_stand_in_the_order_in_which_they_came"]),
            behaviour: answered(|request, response| {
                if request.lists("Groups") {
                    response.change_resources(|group| {
                        group.as_object_mut().unwrap().remove("members");
                    });
                }
            }),
        },
        Fault {
            does: "a user does not know its groups",
            caught_by: Suite(&["r_138_groups_of_a_user_follow_the_groups"]),
            behaviour: answered(|request, response| {
                if request.target.contains("/Users") {
                    response.change_resources(|user| drop(user.as_object_mut().unwrap().remove("groups")));
                }
            }),
        },
        Fault {
            does: "a renamed group keeps its old name among the groups of its members",
            caught_by: Suite(&["r_560_both_sides_of_a_membership_agree_at_once"]),
            behaviour: old_names(),
        },
        Fault {
            does: "who is deleted stays in the groups",
            caught_by: Suite(&["q_081_who_is_deleted_frees_the_name_and_leaves_all_groups"]),
            behaviour: ghosts(),
        },
    ]
}

/// Names, and what a whole group means.
pub(super) fn of_names() -> Vec<Fault> {
    vec![
        Fault {
            does: "a group may have the name of another",
            caught_by: Suite(&["q_025_the_name_of_a_group_is_taken_in_any_case"]),
            behaviour: instead(any_name),
        },
        Fault {
            does: "a PUT without members leaves them in",
            caught_by: Suite(&["q_057_a_group_that_is_put_without_members_is_empty"]),
            behaviour: instead(|server, mut request| {
                if request.is(&["PUT"], "Groups") && request.json()["members"].is_null() {
                    let members = server.now(&request)["members"].clone();
                    request.change(|body| body["members"] = members);
                }
                server.send(&request)
            }),
        },
        Fault {
            does: "a PUT of members adds them",
            caught_by: Suite(&["r_560_both_sides_of_a_membership_agree_at_once"]),
            behaviour: instead(|server, mut request| {
                if request.is(&["PUT"], "Groups") && request.json()["members"].is_array() {
                    let there = server.now(&request)["members"].as_array().cloned().unwrap_or_default();
                    request.change(|body| list(body, "members").unwrap().extend(there));
                }
                server.send(&request)
            }),
        },
        Fault {
            does: "a rename by PATCH is answered and lost",
            caught_by: Suite(&["r_429_a_replace_that_does_not_mention_members_keeps_them"]),
            behaviour: instead(|server, request| {
                let before = server.now(&request)["displayName"].clone();
                let response = server.send(&request);
                if request.is(&["PATCH"], "Groups") && response.is_success() && before.is_string() {
                    let rename = json!([{"op": "replace", "path": "displayName", "value": before}]);
                    server.patch(&format!("/Groups/{}", request.id().unwrap()), &rename);
                }
                response
            }),
        },
        Fault {
            does: "who is in a deleted group is deleted too",
            caught_by: Suite(&["r_442_a_deleted_group_leaves_its_users_and_a_deleted_user_its_groups"]),
            behaviour: instead(|server, request| {
                let members = server.now(&request)["members"].clone();
                let response = server.send(&request);
                if request.is(&["DELETE"], "Groups") && response.is_success() {
                    for member in members.as_array().into_iter().flatten() {
                        let path = format!("/Users/{}", member["value"].as_str().unwrap());
                        server.ask("DELETE", &path, &Value::Null);
                    }
                }
                response
            }),
        },
        Fault {
            does: "the members of a new group are dropped",
            caught_by: Suite(&["r_566_people_and_groups_are_members"]),
            behaviour: asked(|request| {
                if request.is(&["POST"], "Groups") {
                    request.change(|body| drop(body.as_object_mut().unwrap().remove("members")));
                }
            }),
        },
        Fault {
            does: "a PATCH whose value repeats the id is refused",
            caught_by: Suite(&["q_077_a_rename_without_a_path_may_repeat_what_is"]),
            behaviour: instead(|server, request| {
                let repeats = |operation: &Value| operation["value"]["id"].is_string();
                let operations = request.json()["Operations"].clone();
                match operations.as_array().is_some_and(|it| it.iter().any(repeats)) {
                    true => Response::error(400, "mutability"),
                    false => server.send(&request),
                }
            }),
        },
    ]
}

/// Reads the group, changes the list, and writes the list.
fn read_and_write_back(server: &Upstream, request: Request) -> Response {
    let body = request.json();
    let mut operations = body["Operations"].as_array().cloned().unwrap_or_default();
    // a name that rides along
    operations.retain(|it| it["value"]["displayName"].is_null());
    let moves = |it: &Value| is_operation(it, "add") && path_of(it) == "members" || one_removed(it).is_some();
    if !request.is(&["PATCH"], "Groups") || operations.is_empty() || !operations.iter().all(moves) {
        return server.send(&request);
    }
    let mut group = server.now(&request);
    let members = list(&mut group, "members").unwrap();
    for operation in &operations {
        match one_removed(operation) {
            Some(id) => members.retain(|member| member["value"] != id),
            None => members.extend(operation["value"].as_array().unwrap().clone()),
        }
    }
    server.ask("PUT", &format!("/Groups/{}", request.id().unwrap()), &group)
}

/// The member that an operation removes by a path to it.
fn one_removed(operation: &Value) -> Option<&str> {
    let path = path_of(operation).strip_prefix("members[value eq \"")?.strip_suffix("\"]")?;
    is_operation(operation, "remove").then_some(path)
}

/// Refuses an operation on one member who is, or is not, in the group.
fn refuse_when(server: &Upstream, request: &Request, op: &str, when_in: bool) -> Response {
    let operations = request.json()["Operations"].clone();
    let named =
        operations.as_array().into_iter().flatten().filter(|it| is_operation(it, op)).find_map(|operation| {
            let by_path =
                path_of(operation).strip_prefix("members[value eq \"").and_then(|it| it.strip_suffix("\"]"));
            let by_value =
                || operation["value"][0]["value"].as_str().filter(|_| path_of(operation) == "members");
            by_path.or_else(by_value).map(str::to_owned)
        });
    if let (true, Some(id)) = (request.is(&["PATCH"], "Groups"), named) {
        let members = server.now(request)["members"].clone();
        let is_in = members.as_array().into_iter().flatten().any(|member| member["value"] == *id);
        if is_in == when_in {
            return Response::error(400, "noTarget");
        }
    }
    server.send(request)
}

fn old_names() -> Behaviour {
    let names: Mutex<HashMap<String, Value>> = Mutex::default();
    answered(move |request, response| {
        let body = response.json();
        if let (true, Some(id)) = (request.is(&["POST"], "Groups"), body["id"].as_str()) {
            names.lock().unwrap().insert(id.to_owned(), body["displayName"].clone());
        }
        if request.target.contains("/Users") {
            response.change_resources(|user| {
                for group in list(user, "groups").into_iter().flatten() {
                    let name =
                        names.lock().unwrap().get(group["value"].as_str().unwrap_or_default()).cloned();
                    if let (Some(shown), Some(name)) = (group.get_mut("display"), name) {
                        *shown = name;
                    }
                }
            });
        }
    })
}

/// Takes the second group of a name as another, which it then shows as it was asked for.
fn any_name(server: &Upstream, mut request: Request) -> Response {
    let response = server.send(&request);
    if !request.is(&["POST"], "Groups") || response.status != 409 {
        return response;
    }
    let name = request.json()["displayName"].clone();
    request.change(|body| body["displayName"] = format!("another {name}").into());
    let mut response = server.send(&request);
    response.change_resources(|group| group["displayName"] = name.clone());
    response
}

/// Shows those who were deleted in the groups they were in.
fn ghosts() -> Behaviour {
    let left: Mutex<Vec<(Value, Value)>> = Mutex::default();
    instead(move |server, request| {
        if request.is(&["DELETE"], "Users") {
            let user = server.now(&request);
            let groups = user["groups"].as_array().into_iter().flatten();
            left.lock().unwrap().extend(groups.map(|group| (group["value"].clone(), user["id"].clone())));
        }
        let mut response = server.send(&request);
        response.change_resources(|group| {
            let id = group["id"].clone();
            for (_, user) in left.lock().unwrap().iter().filter(|(group, _)| *group == id) {
                if let Some(members) = list(group, "members") {
                    members.push(json!({"value": user}));
                }
            }
        });
        response
    })
}
