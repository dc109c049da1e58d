//! Faults of writes of users.

use super::{
    CaughtBy::Suite,
    Fault,
    proxy::{Request, Response, Upstream, answered, asked, instead, is_operation, path_of},
};
use crate::support::USER;
use serde_json::{Value, json};

/// How a write is read.
pub(super) fn of_requests() -> Vec<Fault> {
    vec![
        Fault {
            does: "\"False\" is true, in POST",
            caught_by: Suite(&["q_047_booleans_may_be_written_as_words"]),
            behaviour: asked(|request| words_are_true(request, "POST")),
        },
        Fault {
            does: "\"False\" is true, in PUT",
            caught_by: Suite(&["q_047_booleans_may_be_written_as_words"]),
            behaviour: asked(|request| words_are_true(request, "PUT")),
        },
        Fault {
            does: "\"False\" is true, in PATCH",
            caught_by: Suite(&["q_047_booleans_may_be_written_as_words"]),
            behaviour: asked(|request| words_are_true(request, "PATCH")),
        },
        Fault {
            does: "the first operations of a PATCH stay when a later one fails",
            caught_by: Suite(&["q_075_operations_happen_in_order_and_together_or_not_at_all"]),
            behaviour: instead(one_by_one),
        },
        Fault {
            does: "the names of operations are read in one case only",
            caught_by: Suite(&["q_059_operations_and_their_names_are_read_in_any_case"]),
            behaviour: instead(|server, request| {
                let body = request.json();
                let exact = |operation: &Value| {
                    ["add", "remove", "replace"].map(Value::from).contains(&operation["op"])
                };
                match request.method == "PATCH"
                    && !body["Operations"].as_array().is_some_and(|it| it.iter().all(exact))
                {
                    true => Response::error(400, "invalidSyntax"),
                    false => server.send(&request),
                }
            }),
        },
    ]
}

/// What a PUT means.
pub(super) fn of_puts() -> Vec<Fault> {
    vec![
        Fault {
            does: "a PUT without `active` deactivates",
            caught_by: Suite(&["q_056_a_put_clears_the_profile_and_keeps_what_it_says_nothing_about"]),
            behaviour: asked(|request| {
                if request.is(&["PUT"], "Users") {
                    request.change(|body| {
                        body.as_object_mut().unwrap().entry("active").or_insert(json!(false));
                    });
                }
            }),
        },
        Fault {
            does: "a PUT keeps what it leaves out",
            caught_by: Suite(&["r_335_put_clears_what_it_leaves_out"]),
            behaviour: instead(|server, mut request| {
                if request.is(&["PUT"], "Users") {
                    let mut merged = server.now(&request);
                    request.change(|body| {
                        let kept = merged.as_object_mut().unwrap();
                        kept.extend(body.as_object().unwrap().clone());
                        *body = merged;
                    });
                }
                server.send(&request)
            }),
        },
        Fault {
            does: "the `id` in a PUT becomes the user's",
            caught_by: Suite(&["r_344_the_id_of_the_url_wins_over_the_id_of_the_body"]),
            behaviour: answered(|request, response| {
                let id = request.json()["id"].clone();
                if request.is(&["PUT"], "Users") && id.is_string() {
                    response.change_resources(|user| user["id"] = id.clone());
                }
            }),
        },
        Fault {
            does: "a PUT never deactivates",
            caught_by: Suite(&["r_157_every_attribute_is_written_by_every_route"]),
            behaviour: instead(|server, mut request| {
                if request.is(&["PUT"], "Users") && request.json()["active"].is_boolean() {
                    let kept = server.now(&request)["active"].clone();
                    request.change(|body| body["active"] = kept);
                }
                server.send(&request)
            }),
        },
        Fault {
            does: "a PUT of nobody creates",
            caught_by: Suite(&["r_330_put_to_an_unknown_id_is_404_and_creates_nothing"]),
            behaviour: instead(|server, request| {
                let response = server.send(&request);
                match request.is(&["PUT"], "Users") && response.status == 404 {
                    true => server.ask("POST", "/Users", &request.json()),
                    false => response,
                }
            }),
        },
        Fault {
            does: "a replace without a path replaces the whole user",
            caught_by: Suite(&["r_416_replace_without_a_path_replaces_each_member_of_the_value"]),
            behaviour: instead(replace_everything),
        },
    ]
}

/// What becomes of values.
pub(super) fn of_values() -> Vec<Fault> {
    vec![
        Fault {
            does: "a userName in other letters is another name",
            caught_by: Suite(&["r_125_user_names_are_unique_in_any_case"]),
            behaviour: instead(exact_names),
        },
        Fault {
            does: "an externalId is taken by the first who has it",
            caught_by: Suite(&["q_026_an_external_id_may_belong_to_several"]),
            behaviour: instead(|server, request| {
                if let (true, Some(id)) =
                    (request.is(&["POST"], "Users"), request.json()["externalId"].as_str())
                {
                    let path = format!("/Users?filter=externalId+eq+%22{id}%22");
                    if server.ask("GET", &path, &Value::Null).json()["totalResults"].as_u64() > Some(0) {
                        return Response::error(409, "uniqueness");
                    }
                }
                server.send(&request)
            }),
        },
        Fault {
            does: "user names are made small",
            caught_by: Suite(&["q_019_the_answer_to_a_creation_repeats_names_as_they_were_sent"]),
            behaviour: asked(|request| {
                if request.is(&["POST", "PUT"], "Users") {
                    change_text(request, "userName", |name| name.to_lowercase());
                }
            }),
        },
        Fault {
            does: "blanks around a nickName are cut off",
            caught_by: Suite(&["q_020_values_come_back_as_they_were_sent"]),
            behaviour: asked(|request| change_text(request, "nickName", |name| name.trim().to_owned())),
        },
        Fault {
            does: "a title comes back in capital letters",
            caught_by: Suite(&["q_020_values_come_back_as_they_were_sent"]),
            behaviour: asked(|request| change_text(request, "title", |title| title.to_uppercase())),
        },
    ]
}

/// What a PATCH of a part means.
pub(super) fn of_patches() -> Vec<Fault> {
    vec![
        Fault {
            does: "a remove of one address removes all",
            caught_by: Suite(&["r_403_remove_with_a_filter_removes_what_it_selects"]),
            behaviour: asked(|request| {
                request.change_operations(|operation| {
                    if is_operation(operation, "remove") && path_of(operation).starts_with("emails[") {
                        operation["path"] = "emails".into();
                    }
                });
            }),
        },
        Fault {
            does: "a replace of the work address adds a second one",
            caught_by: Suite(&["r_423_replace_of_a_part_of_selected_values_leaves_all_else"]),
            behaviour: asked(|request| {
                request.change_operations(|operation| {
                    if path_of(operation).eq_ignore_ascii_case("emails[type eq \"work\"].value") {
                        let value = json!([{"type": "work", "value": operation["value"]}]);
                        *operation = json!({"op": "add", "path": "emails", "value": value});
                    }
                });
            }),
        },
        Fault {
            does: "an add to a list replaces the list",
            caught_by: Suite(&["r_385_add_appends_each_element_of_a_list"]),
            behaviour: asked(|request| {
                request.change_operations(|operation| {
                    if is_operation(operation, "add") && path_of(operation) == "emails" {
                        operation["op"] = "replace".into();
                    }
                });
            }),
        },
        Fault {
            does: "a replace of `name` forgets the parts it does not name",
            caught_by: Suite(&["r_418_replace_of_a_complex_value_keeps_what_it_does_not_name"]),
            behaviour: instead(|server, mut request| {
                request.change(|body| {
                    let operations = body["Operations"].as_array().cloned().unwrap_or_default();
                    let cleared = operations.into_iter().flat_map(|operation| {
                        let is_name = is_operation(&operation, "replace") && path_of(&operation) == "name";
                        let clear = is_name.then(|| json!({"op": "remove", "path": "name"}));
                        clear.into_iter().chain([operation])
                    });
                    if body["Operations"].is_array() {
                        body["Operations"] = cleared.collect();
                    }
                });
                server.send(&request)
            }),
        },
    ]
}

/// Attributes that do not get in.
pub(super) fn of_attributes() -> Vec<Fault> {
    vec![
        Fault {
            does: "the enterprise extension of a new user is dropped",
            caught_by: Suite(&["r_083_extension_attributes_live_in_their_own_object"]),
            behaviour: asked(|request| {
                if request.is(&["POST"], "Users") {
                    request.change(|body| {
                        body.as_object_mut().unwrap().retain(|name, _| !name.contains(":enterprise:"));
                    });
                }
            }),
        },
        Fault {
            does: "a userName never changes",
            caught_by: Suite(&["r_340_put_of_a_taken_name_is_409_and_of_the_own_name_fine"]),
            behaviour: instead(|server, mut request| {
                if request.is(&["PUT"], "Users") {
                    let kept = server.now(&request)["userName"].clone();
                    request.change(|body| body["userName"] = kept);
                }
                server.send(&request)
            }),
        },
        Fault {
            does: "a manager is dropped",
            caught_by: Suite(&["r_140_a_manager_is_another_user_and_the_rest_is_derived"]),
            behaviour: answered(|_, response| {
                response.change_resources(|user| {
                    for (_, extension) in user.as_object_mut().unwrap().iter_mut() {
                        if let Some(extension) = extension.as_object_mut() {
                            extension.remove("manager");
                        }
                    }
                });
            }),
        },
    ]
}

fn change_text(request: &mut Request, name: &str, change: impl FnOnce(&str) -> String) {
    if request.is(&["POST", "PUT"], "Users") {
        request.change(|body| {
            if let Some(text) = body[name].as_str() {
                body[name] = change(text).into();
            }
        });
    }
}

fn words_are_true(request: &mut Request, method: &str) {
    let read = |value: &mut Value| {
        if value.is_string() {
            *value = json!(true);
        }
    };
    if request.is(&["PATCH"], "Users") && method == "PATCH" {
        request.change_operations(|operation| match path_of(operation) {
            "active" => read(&mut operation["value"]),
            "" if operation["value"]["active"].is_string() => read(&mut operation["value"]["active"]),
            _ => {}
        });
    } else if request.is(&[method], "Users") {
        request.change(|body| {
            if let Some(active) = body.get_mut("active") {
                read(active);
            }
        });
    }
}

fn one_by_one(server: &Upstream, request: Request) -> Response {
    let body = request.json();
    let operations = body["Operations"].as_array().filter(|_| request.changes()).cloned().unwrap_or_default();
    let mut response = None;
    for operation in operations {
        let mut single = request.clone();
        single.change(|body| body["Operations"] = json!([operation]));
        let answer = server.send(&single);
        let is_over = !answer.is_success();
        response = Some(answer);
        if is_over {
            break;
        }
    }
    response.unwrap_or_else(|| server.send(&request))
}

fn replace_everything(server: &Upstream, mut request: Request) -> Response {
    let operations = request.json()["Operations"].clone();
    let [operation] = operations.as_array().map_or(&[][..], Vec::as_slice) else {
        return server.send(&request);
    };
    let is_whole = is_operation(operation, "replace") && path_of(operation).is_empty();
    if request.is(&["PATCH"], "Users") && is_whole && operation["value"].is_object() {
        let name = server.now(&request)["userName"].clone();
        request.method = "PUT".to_owned();
        request.change(|body| {
            *body = operation["value"].clone();
            body["schemas"] = json!([USER]);
            body.as_object_mut().unwrap().entry("userName").or_insert(name);
        });
    }
    server.send(&request)
}

/// Takes the second of two names as another, which it then shows as it was asked for.
fn exact_names(server: &Upstream, mut request: Request) -> Response {
    let response = server.send(&request);
    let name = request.json()["userName"].clone();
    let (true, Some(text)) = (request.is(&["POST"], "Users") && response.status == 409, name.as_str()) else {
        return response;
    };
    let filter: String =
        url::form_urlencoded::byte_serialize(format!("userName eq \"{text}\"").as_bytes()).collect();
    let found = server.ask("GET", &format!("/Users?filter={filter}"), &Value::Null).json();
    if found["Resources"][0]["userName"] == name {
        return response;
    }
    request.change(|body| body["userName"] = format!("another-{text}").into());
    let mut response = server.send(&request);
    response.change_resources(|user| user["userName"] = name.clone());
    response
}
