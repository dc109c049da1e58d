"""What the verdicts of scim2-tester are called here.

scim2-tester gives one title to many results (`check_add_attribute`, once per attribute); what sets them apart
stands in a sentence beside it, among random ids. Only what comes back in every run goes into a name.
"""

import re

VERDICTS = {
    "SUCCESS": "pass",
    "COMPLIANT": "pass",
    "ACCEPTABLE": "pass",
    "DEVIATION": "warn",
    "ERROR": "fail",
    "CRITICAL": "fail",
    "SKIPPED": "skip",
}

SUBJECT = re.compile(
    r"^(POST|PUT|PATCH|DELETE) /\w"
    r"|(?:add|added|remove|removed|replace|replaced) attribute '([^']+)'"
    r"|^Attribute '([^']+)' was"
    r"|unexpected value for '([^']+)'"
    r"|after \w+ on '([^']+)'"
    r"|^(?:Successfully accessed|Failed to access) schema:? (urn:\S*[^\s:])"
    r"|/ResourceTypes/(\S+) endpoint"
    r"|^ResourceType '([^']+)' schema"
)


def check_name(title: str | None, reason: str | None, resource_type: str | None) -> str:
    """The resource type if there is one, the title, and the attribute, method or URN it is about."""
    found = SUBJECT.search(reason or "")
    subject = found[found.lastindex or 0] if found else None
    return " / ".join(part for part in (resource_type, title or "untitled", subject) if part)
