//! Faults of answers: their form, their headers, and what they leave out or show too much.

use super::{
    CaughtBy::Suite,
    Fault,
    proxy::{Request, Response, Upstream, answered, asked, instead, list},
};
use crate::support::TOKEN;
use serde_json::{Value, json};

/// What a refusal looks like.
pub(super) fn of_errors() -> Vec<Fault> {
    vec![
        Fault {
            does: "the status in an error is a number",
            caught_by: Suite(&["r_502_the_status_of_the_body_is_that_of_the_answer_as_text"]),
            behaviour: answered(|_, response| {
                let status = response.status;
                if status >= 400 {
                    response.change(|body| body["status"] = status.into());
                }
            }),
        },
        Fault {
            does: "errors are pages of HTML",
            caught_by: Suite(&["r_015_every_refusal_is_a_scim_error"]),
            behaviour: answered(|_, response| {
                if response.status >= 400 {
                    response.body = b"<html><body><h1>Error</h1></body></html>".to_vec();
                    response.set_header("Content-Type", Some("text/html"));
                }
            }),
        },
        Fault {
            does: "a mistake of the client is 500",
            caught_by: Suite(&["r_121_required_attributes_are_required"]),
            behaviour: answered(|_, response| becomes(response, 400, 500)),
        },
        Fault {
            does: "a name that is taken is 500",
            caught_by: Suite(&["r_165_a_taken_name_is_409_uniqueness_and_stores_nothing"]),
            behaviour: answered(|_, response| becomes(response, 409, 500)),
        },
        Fault {
            does: "a name that is taken is 400",
            caught_by: Suite(&["r_340_put_of_a_taken_name_is_409_and_of_the_own_name_fine"]),
            behaviour: answered(|_, response| becomes(response, 409, 400)),
        },
    ]
}

/// What is shown.
pub(super) fn of_bodies() -> Vec<Fault> {
    vec![
        Fault {
            does: "what has no value is null in answers",
            caught_by: Suite(&["q_021_answers_hold_neither_null_nor_password"]),
            behaviour: answered(|request, response| {
                if request.is(&["GET", "POST", "PUT", "PATCH"], "Users") {
                    response.change_resources(|user| {
                        let user = user.as_object_mut().unwrap();
                        user.entry("title").or_insert(Value::Null);
                    });
                }
            }),
        },
        Fault {
            does: "the answer to a creation shows the password",
            caught_by: Suite(&["r_171_a_password_is_taken_and_never_shown"]),
            behaviour: answered(|request, response| {
                let asked = request.json();
                if request.is(&["POST"], "Users") && asked["password"].is_string() {
                    response.change_resources(|user| user["password"] = asked["password"].clone());
                }
            }),
        },
        Fault {
            does: "attributes that nobody knows are echoed, though they are not kept",
            caught_by: Suite(&["r_170_the_answer_shows_what_was_stored_and_not_what_was_sent"]),
            behaviour: answered(echo_everything),
        },
        Fault {
            does: "letters beyond ASCII become question marks",
            caught_by: Suite(&["r_558_every_script_and_emoji_is_text"]),
            behaviour: answered(|_, response| {
                if let Ok(text) = std::str::from_utf8(&response.body) {
                    let ascii = text.chars().map(|letter| if letter.is_ascii() { letter } else { '?' });
                    response.body = ascii.collect::<String>().into_bytes();
                }
            }),
        },
        Fault {
            does: "a configuration without PATCH is announced",
            caught_by: Suite(&["r_042_what_is_announced_is_true"]),
            behaviour: answered(|_, response| {
                response.change_resources(|resource| {
                    if resource["patch"]["supported"].is_boolean() {
                        resource["patch"]["supported"] = false.into();
                    }
                });
            }),
        },
    ]
}

/// What stands in the headers, and what is not asked of them.
pub(super) fn of_headers() -> Vec<Fault> {
    vec![
        Fault {
            does: "the Location of a new resource has no host",
            caught_by: Suite(&["r_159_location_header_and_meta_location_are_the_same_url"]),
            behaviour: answered(|request, response| {
                let location = response.json()["meta"]["location"].as_str().map(str::to_owned);
                if let (true, Some(location)) = (request.is(&["POST"], "Users"), location) {
                    let path = &location[location.find("/scim").unwrap()..];
                    response.set_header("Location", Some(path));
                }
            }),
        },
        Fault {
            does: "the location in meta is that of the collection",
            caught_by: Suite(&["r_097_the_location_header_is_meta_location"]),
            behaviour: answered(|_, response| {
                response.change_resources(|resource| {
                    if let Some(location) = resource["meta"]["location"].as_str() {
                        resource["meta"]["location"] = location.rsplit_once('/').unwrap().0.into();
                    }
                });
            }),
        },
        Fault {
            does: "answers are called application/json",
            caught_by: Suite(&["r_002_every_answer_is_labelled_scim_json_in_utf_8"]),
            behaviour: answered(|_, response| {
                if !response.body.is_empty() {
                    response.set_header("Content-Type", Some("application/json"));
                }
            }),
        },
        Fault {
            does: "a 401 does not say how to sign in",
            caught_by: Suite(&["r_512_without_a_valid_credential_the_answer_is_401"]),
            behaviour: answered(|_, response| response.set_header("WWW-Authenticate", None)),
        },
        Fault {
            does: "any token will do",
            caught_by: Suite(&["r_513_a_bad_token_is_called_invalid"]),
            behaviour: asked(|request| {
                for (_, value) in request.headers.iter_mut().filter(|(name, _)| name == "authorization") {
                    *value = format!("Bearer {TOKEN}");
                }
            }),
        },
    ]
}

/// Versions.
pub(super) fn of_versions() -> Vec<Fault> {
    vec![
        Fault {
            does: "there is no ETag",
            caught_by: Suite(&["r_476_every_answer_with_a_resource_carries_its_etag"]),
            behaviour: answered(|_, response| response.set_header("ETag", None)),
        },
        Fault {
            does: "versions never change",
            caught_by: Suite(&["r_478_the_tag_changes_with_every_change_and_only_then"]),
            behaviour: instead(one_version),
        },
        Fault {
            does: "If-Match is ignored",
            caught_by: Suite(&["r_481_if_match_lets_only_the_current_version_be_changed"]),
            behaviour: asked(|request| request.headers.retain(|(name, _)| name != "if-match")),
        },
        Fault {
            does: "the date of the last change is that of the creation",
            caught_by: Suite(&["r_096_last_modified_moves_with_real_changes_only"]),
            behaviour: answered(|_, response| {
                response.change_resources(|resource| {
                    if resource["meta"]["created"].is_string() {
                        resource["meta"]["lastModified"] = resource["meta"]["created"].clone();
                    }
                });
            }),
        },
        Fault {
            does: "a change that changes nothing moves version and date",
            caught_by: Suite(&["q_058_a_write_that_changes_nothing_leaves_version_and_date"]),
            behaviour: instead(every_write_counts),
        },
        Fault {
            does: "a PATCH answers with what was there before",
            caught_by: Suite(&["q_022_a_patch_answers_with_what_it_made"]),
            behaviour: instead(|server, request| {
                let before = server.now(&request);
                let mut response = server.send(&request);
                if request.method == "PATCH" && response.status == 200 {
                    response.change(|body| *body = before);
                }
                response
            }),
        },
    ]
}

/// What is left out of an answer.
pub(super) fn of_shapes() -> Vec<Fault> {
    vec![
        Fault {
            does: "an empty group has no `members`",
            caught_by: Suite(&["q_018_a_group_without_members_shows_an_empty_list"]),
            behaviour: answered(|request, response| {
                if request.target.contains("/Groups") {
                    response.change_resources(|group| {
                        if group["members"] == json!([]) {
                            group.as_object_mut().unwrap().remove("members");
                        }
                    });
                }
            }),
        },
        Fault {
            does: "a list of nothing has no `Resources`",
            caught_by: Suite(&["r_208_resources_is_there_and_is_a_list_even_when_empty"]),
            behaviour: answered(|_, response| {
                response.change(|body| {
                    if body["Resources"] == json!([]) {
                        body.as_object_mut().unwrap().remove("Resources");
                    }
                });
            }),
        },
        Fault {
            does: "the whole answer is there though attributes are excluded",
            caught_by: Suite(&["r_187_excluded_attributes_takes_away_what_is_named"]),
            behaviour: asked(|request| request.set_parameters(&[("excludedAttributes", None)])),
        },
        Fault {
            does: "the whole answer is there though few attributes were asked for",
            caught_by: Suite(&["r_186_attributes_gives_what_is_named_and_what_is_always_returned"]),
            behaviour: asked(|request| request.set_parameters(&[("attributes", None)])),
        },
        Fault {
            does: "`schemas` does not name the extension that is there",
            caught_by: Suite(&["r_081_schemas_follow_what_is_assigned"]),
            behaviour: answered(|_, response| {
                response.change_resources(|resource| {
                    if let Some(schemas) = list(resource, "schemas") {
                        schemas.retain(|urn| !urn.as_str().unwrap().contains(":enterprise:"));
                    }
                });
            }),
        },
    ]
}

fn becomes(response: &mut Response, from: u16, to: u16) {
    if response.status == from {
        response.status = to;
        response.change(|body| body["status"] = to.to_string().into());
    }
}

fn echo_everything(request: &Request, response: &mut Response) {
    if request.is(&["POST"], "Users") {
        let asked = request.json();
        response.change_resources(|user| {
            let user = user.as_object_mut().unwrap();
            for (name, value) in
                asked.as_object().into_iter().flatten().filter(|(name, _)| *name != "password")
            {
                user.entry(name).or_insert(value.clone());
            }
        });
    }
}

fn one_version(server: &Upstream, mut request: Request) -> Response {
    const ONE: &str = "W/\"1\"";
    request.headers.retain(|(_, value)| value != ONE);
    let mut response = server.send(&request);
    if response.headers.iter().any(|(name, _)| name == "etag") {
        response.set_header("ETag", Some(ONE));
    }
    response.change_resources(|resource| {
        if resource["meta"]["version"].is_string() {
            resource["meta"]["version"] = ONE.into();
        }
    });
    response
}

/// After every change the resource is changed to and fro.
fn every_write_counts(server: &Upstream, request: Request) -> Response {
    let response = server.send(&request);
    if !request.changes() || response.status != 200 {
        return response;
    }
    let path = request.target.split('?').next().unwrap().replace("/scim/v2", "");
    let kept = &response.json()["externalId"];
    let back = match kept.is_string() {
        true => json!([{"op": "replace", "path": "externalId", "value": kept}]),
        false => json!([{"op": "remove", "path": "externalId"}]),
    };
    server.patch(&path, &json!([{"op": "replace", "path": "externalId", "value": "moved"}]));
    server.patch(&path, &back)
}
