"""Asks the command `scim2` about a server; prints one JSON list `[check, verdict, text]` a line.

First a short conversation with its commands, as an admin at a terminal would lead it, then `scim2 test`.
Runs inside the judge's virtual environment, with SCIM_URL and SCIM_TOKEN in the environment.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import Any

from tester_names import VERDICTS, check_name

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"

Holds = Callable[[Any], Any]

ENVIRONMENT = os.environ | {
    "SCIM_CLI_URL": os.environ["SCIM_URL"],
    "SCIM_CLI_HEADERS": f"Authorization: Bearer {os.environ['SCIM_TOKEN']}",
}


def scim2(command: str, body: Any = None) -> subprocess.CompletedProcess[str]:
    """Runs `scim2 COMMAND` with a JSON body, or nothing, on its standard input."""
    words = [str(Path(sys.executable).with_name("scim2")), *shlex.split(command)]
    text = "" if body is None else json.dumps(body)
    return subprocess.run(words, input=text, env=ENVIRONMENT, capture_output=True, text=True)


def step(check: str, command: str, holds: Holds = bool, body: Any = None, status: int = 0) -> dict[str, Any]:
    """Plays one command and prints its verdict: does it end with `status`, does its answer satisfy `holds`?

    Returns the answer; an empty object when there is none.
    """
    done = scim2(command, body)
    answer: dict[str, Any] = {}
    try:
        answer = json.loads(done.stdout or "{}")
        good = done.returncode == status and bool(holds(answer))
    except (ValueError, LookupError, TypeError):
        good = False
    verdict = "pass" if good else "fail"
    text = f"exit status {done.returncode}, wanted {status}; the answer: {done.stdout}{done.stderr[-400:]}"
    print(json.dumps([f"command / {check}", verdict, "" if good else text]), flush=True)
    return answer


def anything(answer: Any) -> bool:
    """Whatever comes, or nothing: a PATCH may be answered with 204."""
    return True


def nothing(answer: Any) -> bool:
    """There is no answer."""
    return not answer


def refused(code: int, scim_type: str | None = None) -> Holds:
    """The answer is a SCIM error with this code and, where one is named, of this type."""
    return lambda answer: int(answer["status"]) == code and scim_type in (None, answer.get("scimType"))


def lists(*ids: str) -> Holds:
    """The answer lists exactly these resources."""
    return lambda answer: sorted(each["id"] for each in answer["Resources"]) == sorted(ids)


def only_user_name(answer: Any) -> bool:
    """The user is there, the addresses are not."""
    return answer["userName"] == "ada" and "emails" not in answer


def discovery_steps() -> None:
    """What the server says of itself."""
    step("query serviceproviderconfig", "query serviceproviderconfig", lambda a: a["patch"]["supported"])
    step("query resourcetype", "query resourcetype", lambda a: a["totalResults"] >= 2)
    step("query schema", "query schema", lambda a: a["totalResults"] >= 3)
    step("query schema by its URN", f"query schema {USER}", lambda a: a["id"] == USER)


def user_steps() -> str:
    """A user is made, found, replaced and patched. Returns its id."""
    emails = """'[{"value": "ada@roster.example", "type": "work", "primary": true}]'"""
    name = """'{"familyName": "Lovelace"}'"""
    create = f"create user --user-name ada --name {name} --emails {emails}"
    made = step("create user", create, lambda a: a["userName"] == "ada" and a["meta"]["location"])
    user = str(made.get("id"))
    step("create user: the name is taken", create, refused(409, "uniqueness"), status=1)
    body = {"schemas": [USER], "displayName": "Nobody"}
    step("create user: no userName", "create user", refused(400, "invalidValue"), body, status=1)

    step("query user by id", f"query user {user}", lambda a: a["name"]["familyName"] == "Lovelace")
    step("query user: one attribute", f"query user {user} --attribute userName", only_user_name)
    step("query user: all but one", f"query user {user} --excluded-attribute emails", only_user_name)
    step("query user by a filter", """query user --filter 'userName eq "ADA"'""", lists(user))
    value_path = 'emails[type eq "work" and value co "roster.example"]'
    step("query user by a value path", f"query user --filter '{value_path}'", lists(user))
    body = {"filter": "userName equals"}
    step("query user: a broken filter", "query user", refused(400, "invalidFilter"), body, status=1)

    replace = f"replace user --id {user} --user-name ada --display-name Ada"
    step("replace user", replace, lambda a: a["displayName"] == "Ada" and "name" not in a)
    add = f"modify user {user} replace displayName Countess add emails {emails}"
    step("modify user: replace and add", add, anything)
    step("query user: replaced", f"query user {user}", lambda a: a["displayName"] == "Countess")
    step("query user: added", f"query user {user}", lambda a: len(a["emails"]) == 1)
    step("modify user: remove", f"""modify user {user} remove 'emails[type eq "work"]'""", anything)
    step("query user: removed", f"query user {user}", lambda a: not a.get("emails"))
    return user


def group_steps(user: str) -> str:
    """A group takes the user in, lets it go, and takes it in again. Returns the group's id."""
    members = f"""'[{{"value": "{user}"}}]'"""
    create = f"create group --display-name Engines --members {members}"
    made = step("create group", create, lambda a: a["members"][0]["value"] == user)
    group = str(made.get("id"))
    step("query user: its groups", f"query user {user}", lambda a: a["groups"][0]["value"] == group)
    step("query group by a member", f"""query group --filter 'members.value eq "{user}"'""", lists(group))

    remove = f"""modify group {group} remove 'members[value eq "{user}"]'"""
    step("modify group: remove a member", remove, anything)
    step("query group: a member less", f"query group {group}", lambda a: not a.get("members"))
    step("modify group: add a member", f"modify group {group} add members {members}", anything)
    step("query group: a member more", f"query group {group}", lambda a: a["members"][0]["value"] == user)
    replace = f"replace group --id {group} --display-name Difference"
    step("replace group", replace, lambda a: a["displayName"] == "Difference" and not a.get("members"))
    return group


def list_steps(user: str, group: str) -> None:
    """Pages, order and search, over one type and over all."""
    body = {"schemas": [USER], "userName": "babbage"}
    made = step("create user from standard input", "create user", lambda a: a["id"], body)
    second = str(made.get("id"))
    page = "query user --sort-by userName --sort-order descending --count 1 --start-index"
    step("query user: the first page in order", f"{page} 1", lists(second))
    step("query user: the second page in order", f"{page} 2", lists(user))
    step("search user", """search user --filter 'userName sw "bab"'""", lists(second))
    either = f"""'id eq "{user}" or id eq "{group}"'"""
    step("search everything", f"search --filter {either}", lists(user, group))
    step("query everything", f"query --filter {either}", lists(user, group))
    step("delete the second user", f"delete user {second}", nothing)


def bulk_steps() -> None:
    """A user and a group that names it are made in one request and deleted in another."""
    user = {"schemas": [USER], "userName": "menabrea"}
    group = {"schemas": [GROUP], "displayName": "Turin", "members": [{"type": "User", "value": "bulkId:one"}]}
    create = [
        {"method": "POST", "path": "/Users", "bulkId": "one", "data": user},
        {"method": "POST", "path": "/Groups", "bulkId": "two", "data": group},
    ]
    made = bulk_step("bulk: create a user and its group", create, 201)
    places = [each.get("location", "").split("/") for each in made.get("Operations", [])]
    delete = [{"method": "DELETE", "path": "/" + "/".join(place[-2:])} for place in places]
    bulk_step("bulk: delete both", delete, 204)


def bulk_step(check: str, operations: list[dict[str, Any]], code: int) -> dict[str, Any]:
    """One bulk request of two operations, both of which must be answered with this code."""
    body = {"schemas": [BULK], "Operations": operations}
    return step(
        check, "bulk", lambda a: [int(each["status"]) for each in a["Operations"]] == [code, code], body
    )


def farewell_steps(user: str, group: str) -> None:
    """What is deleted is gone."""
    step("delete group", f"delete group {group}", nothing)
    step("delete user", f"delete user {user}", nothing)
    step("query group: gone", f"query group {group}", refused(404), status=1)
    step("query user: gone", f"query user {user}", refused(404), status=1)
    step("delete user: gone already", f"delete user {user}", refused(404), status=1)


def compliance_test() -> None:
    """`scim2 test`: a line `STATUS title` a verdict, its sentence indented below, resource types unnamed."""
    done = scim2("test")
    heads = list(re.finditer(rf"^({'|'.join(VERDICTS)}) (\w+)$", done.stdout, re.MULTILINE))
    if not heads:
        sys.exit(f"`scim2 test` gave no verdict: {done.stderr.strip()}")
    served = re.search("Resource types available are: (.*)", done.stdout)
    types = iter(re.findall("'([^']+)'", served[1] if served else ""))
    resource_type = None
    for head, after in zip_longest(heads, heads[1:]):
        status, title = head.groups()
        reason = done.stdout[head.end() : after.start() if after else None].strip()
        if title in ("object_creation", "None"):
            resource_type = next(types, "unknown type")
        print(json.dumps([f"test / {check_name(title, reason, resource_type)}", VERDICTS[status], reason]))


discovery_steps()
ada = user_steps()
engines = group_steps(ada)
list_steps(ada, engines)
bulk_steps()
farewell_steps(ada, engines)
compliance_test()
