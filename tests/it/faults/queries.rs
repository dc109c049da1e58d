//! Faults of lists: filters, pages, counts and order.

use super::{
    CaughtBy::Suite,
    Fault,
    proxy::{Request, Response, Upstream, answered, asked, instead, list},
};
use regex::{Regex, escape};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

/// What a filter means.
pub(super) fn of_filters() -> Vec<Fault> {
    vec![
        Fault {
            does: "a filter that is not understood is answered with everybody",
            caught_by: Suite(&["q_038_what_is_not_understood_is_refused_and_never_answered_with_everybody"]),
            behaviour: instead(|server, mut request| {
                let response = server.send(&request);
                if response.status != 400 || request.parameter("filter").is_none() {
                    return response;
                }
                request.set_parameters(&[("filter", None)]);
                server.send(&request)
            }),
        },
        Fault {
            does: "of a filter with `and` only the first half is heard",
            caught_by: Suite(&["r_214_and_binds_tighter_than_or"]),
            behaviour: asked(|request| {
                if let Some((first, _)) =
                    request.parameter("filter").as_deref().and_then(|it| it.split_once(" and "))
                {
                    request.set_parameters(&[("filter", Some(first))]);
                }
            }),
        },
        Fault {
            does: "of a filter with `or` only the first half is heard",
            caught_by: Suite(&["r_215_chains_of_three_and_more"]),
            behaviour: asked(|request| {
                let filter = request.parameter("filter").unwrap_or_default();
                if let Some((first, _)) = filter.split_once(" or ") {
                    request.set_parameters(&[("filter", Some(first))]);
                }
            }),
        },
        Fault {
            does: "`ne` means `eq`",
            caught_by: Suite(&["r_263_ne_on_a_list_asks_whether_any_value_differs"]),
            behaviour: asked(|request| replace_in_filter(request, " ne ", " eq ")),
        },
        Fault {
            does: "`sw` means `co`",
            caught_by: Suite(&["r_254_a_string_contains_starts_and_ends_with_itself"]),
            behaviour: asked(|request| replace_in_filter(request, " sw ", " co ")),
        },
        Fault {
            does: "`ew` means `co`",
            caught_by: Suite(&["r_254_a_string_contains_starts_and_ends_with_itself"]),
            behaviour: asked(|request| replace_in_filter(request, " ew ", " co ")),
        },
        Fault {
            does: "`co` means `sw`",
            caught_by: Suite(&["r_254_a_string_contains_starts_and_ends_with_itself"]),
            behaviour: asked(|request| replace_in_filter(request, " co ", " sw ")),
        },
        Fault {
            does: "`gt` means `ge`",
            caught_by: Suite(&["r_266_strings_are_ordered_by_the_code_points_of_their_folded_form"]),
            behaviour: asked(|request| replace_in_filter(request, " gt ", " ge ")),
        },
    ]
}

/// How letters and signs are compared.
pub(super) fn of_letters() -> Vec<Fault> {
    vec![
        Fault {
            does: "userName is found only in the letters' own case",
            caught_by: Suite(&["q_032_names_are_compared_in_any_case_and_ids_exactly"]),
            behaviour: answered(|request, response| {
                if let Some(name) = compared(request, "userName") {
                    response.retain(|user| user["userName"] == *name);
                }
            }),
        },
        Fault {
            does: "externalId is found in any case",
            caught_by: Suite(&["r_252_case_exact_strings_are_compared_exactly"]),
            behaviour: instead(|server, mut request| {
                let wanted = compared(&request, "externalId").filter(|_| request.lists("Users"));
                if wanted.is_some() {
                    request.set_parameters(&[("filter", Some("externalId pr")), ("count", Some("10000"))]);
                }
                let mut response = server.send(&request);
                if let Some(wanted) = wanted {
                    let is_wanted =
                        |user: &Value| user["externalId"].as_str().unwrap().eq_ignore_ascii_case(&wanted);
                    response.retain(is_wanted);
                }
                response
            }),
        },
        Fault {
            does: "`_` and `%` in a filter stand for other characters",
            caught_by: Suite(&["r_228_wildcards_and_quotes_of_sql_are_plain_characters"]),
            behaviour: instead(wildcards),
        },
    ]
}

/// Who is found.
pub(super) fn of_matches() -> Vec<Fault> {
    vec![
        Fault {
            does: "inactive people are in no list",
            caught_by: Suite(&["q_079_who_is_inactive_is_still_there_and_comes_back_as_before"]),
            behaviour: answered(|request, response| {
                if request.lists("Users") {
                    response.retain(|user| user["active"] != json!(false));
                }
            }),
        },
        Fault {
            does: "a filter that finds nobody is 404",
            caught_by: Suite(&["q_014_asking_for_somebody_who_is_not_there_is_answered_with_an_empty_list"]),
            behaviour: answered(|request, response| {
                if request.parameter("filter").is_some() && response.json()["totalResults"] == json!(0) {
                    *response = Response::error(404, "");
                }
            }),
        },
        Fault {
            does: "groups are not found by a member",
            caught_by: Suite(&["r_247_the_members_of_a_group_can_be_filtered"]),
            behaviour: answered(|request, response| {
                let by_member =
                    request.parameter("filter").is_some_and(|filter| filter.starts_with("members"));
                if by_member && request.lists("Groups") {
                    response.retain(|_| false);
                }
            }),
        },
    ]
}

/// Which part of a list is answered.
pub(super) fn of_pages() -> Vec<Fault> {
    vec![
        Fault {
            does: "startIndex is ignored: every page is the first one",
            caught_by: Suite(&["r_290_pages_follow_each_other_without_gap_or_repetition"]),
            behaviour: instead(|server, mut request| {
                let start = request.parameter("startIndex").and_then(|start| start.parse::<u32>().ok());
                request.set_parameters(&[("startIndex", None)]);
                let mut response = server.send(&request);
                if let Some(start) = start.filter(|_| response.is_success()) {
                    response.change(|body| body["startIndex"] = start.max(1).into());
                }
                response
            }),
        },
        Fault {
            does: "startIndex counts from 0",
            caught_by: Suite(&["r_280_the_first_resource_has_index_one_and_smaller_numbers_mean_one"]),
            behaviour: asked(|request| {
                if let Some(start) = request.parameter("startIndex").and_then(|it| it.parse::<u32>().ok()) {
                    request.set_parameters(&[("startIndex", Some(&(start + 1).to_string()))]);
                }
            }),
        },
        Fault {
            does: "count is ignored",
            caught_by: Suite(&["r_281_count_is_never_exceeded"]),
            behaviour: asked(|request| request.set_parameters(&[("count", None)])),
        },
    ]
}

/// The numbers beside a list.
pub(super) fn of_counts() -> Vec<Fault> {
    vec![
        Fault {
            does: "itemsPerPage is what was asked for, not what came",
            caught_by: Suite(&["r_286_items_per_page_is_what_the_page_holds"]),
            behaviour: answered(|request, response| {
                if let Some(count) = request.parameter("count").and_then(|count| count.parse::<u32>().ok()) {
                    response.change(|body| body["itemsPerPage"] = count.into());
                }
            }),
        },
        Fault {
            does: "totalResults counts the page",
            caught_by: Suite(&["r_211_the_total_counts_all_matches_and_not_the_page"]),
            behaviour: answered(|_, response| {
                response.change(|body| {
                    if let Some(resources) = body["Resources"].as_array() {
                        body["totalResults"] = resources.len().into();
                    }
                });
            }),
        },
        Fault {
            does: "totalResults is that of before the last write",
            caught_by: Suite(&["r_184_a_read_after_a_write_sees_it"]),
            behaviour: stale_totals(),
        },
        Fault {
            does: "pages of one list follow different orders",
            caught_by: Suite(&["q_031_pages_follow_one_order_and_odd_numbers_are_put_right"]),
            behaviour: turning_order(),
        },
        Fault {
            does: "sortOrder is ignored",
            caught_by: Suite(&["r_268_ascending_is_the_default_and_only_two_orders_exist"]),
            behaviour: asked(|request| request.set_parameters(&[("sortOrder", None)])),
        },
        Fault {
            does: "sortBy is ignored",
            caught_by: Suite(&["r_268_ascending_is_the_default_and_only_two_orders_exist"]),
            behaviour: asked(|request| request.set_parameters(&[("sortBy", None)])),
        },
        Fault {
            does: "a list ends after ten",
            caught_by: Suite(&["q_076_a_dozen_people_join_at_once_and_all_are_there"]),
            behaviour: answered(|_, response| {
                response.change(|body| {
                    if let Some(resources) = list(body, "Resources") {
                        resources.truncate(10);
                        let shown = resources.len();
                        body["itemsPerPage"] = shown.into();
                        body["totalResults"] = body["totalResults"].as_u64().unwrap().min(10).into();
                    }
                });
            }),
        },
    ]
}

/// The text that a filter compares this attribute with.
fn compared(request: &Request, attribute: &str) -> Option<String> {
    let filter = request.parameter("filter")?;
    Some(filter.strip_prefix(attribute)?.strip_prefix(" eq \"")?.strip_suffix('"')?.to_owned())
}

/// As a database reads them after LIKE.
fn wildcards(server: &Upstream, mut request: Request) -> Response {
    let filter = request.parameter("filter").unwrap_or_default();
    let form = Regex::new(r#"^(userName|displayName) (sw|co|ew) "([^"]*[_%][^"]*)"$"#).unwrap();
    let Some(parts) = form.captures(&filter).filter(|_| request.method == "GET") else {
        return server.send(&request);
    };
    let pattern = escape(&parts[3]).replace('_', ".").replace('%', ".*");
    let pattern = match &parts[2] {
        "sw" => format!("(?i)^{pattern}"),
        "ew" => format!("(?i){pattern}$"),
        _ => format!("(?i){pattern}"),
    };
    let pattern = Regex::new(&pattern).unwrap();
    request.set_parameters(&[("filter", Some(&format!("{} pr", &parts[1]))), ("count", Some("10000"))]);
    let mut response = server.send(&request);
    response.retain(|resource| pattern.is_match(resource[&parts[1]].as_str().unwrap()));
    response
}

/// Keeps the total of every query; a write makes the next answer of each the last with the old one.
fn stale_totals() -> super::Behaviour {
    let totals: Mutex<HashMap<String, (usize, Value)>> = Mutex::default();
    let writes = AtomicUsize::new(0);
    answered(move |request, response| {
        if request.method != "GET" {
            writes.fetch_add(1, Ordering::Relaxed);
        } else if response.is_success() {
            response.change(|body| {
                let total = body["totalResults"].clone();
                if total.is_number() {
                    let query = request.parameter("filter").unwrap_or_default();
                    let writes = writes.load(Ordering::Relaxed);
                    let mut totals = totals.lock().unwrap();
                    if let Some((at, old)) = totals.insert(query, (writes, total))
                        && at < writes
                    {
                        body["totalResults"] = old;
                    }
                }
            });
        }
    })
}

/// Every second list without an order of its own is the other way round.
fn turning_order() -> super::Behaviour {
    let lists = AtomicUsize::new(0);
    instead(move |server, mut request| {
        let number = |name| request.parameter(name).and_then(|text: String| text.parse::<usize>().ok());
        let (Some(start), Some(count), true) = (
            number("startIndex"),
            number("count"),
            request.lists("Users") && request.parameter("sortBy").is_none(),
        ) else {
            return server.send(&request);
        };
        request.set_parameters(&[("startIndex", None), ("count", Some("10000"))]);
        let mut response = server.send(&request);
        let is_turned = lists.fetch_add(1, Ordering::Relaxed) % 2 == 1;
        response.change(|body| {
            if let Some(all) = list(body, "Resources") {
                if is_turned {
                    all.reverse();
                }
                let page: Vec<Value> = all.iter().skip(start.max(1) - 1).take(count).cloned().collect();
                body["startIndex"] = start.max(1).into();
                body["itemsPerPage"] = page.len().into();
                body["Resources"] = page.into();
            }
        });
        response
    })
}

fn replace_in_filter(request: &mut Request, old: &str, new: &str) {
    if let Some(filter) = request.parameter("filter").filter(|filter| filter.contains(old)) {
        request.set_parameters(&[("filter", Some(&filter.replace(old, new)))]);
    }
}
