#!/usr/bin/env python3
"""Makes the seeds of every fuzz target anew: `seeds.py FOLDER` writes FOLDER/<target>/<hash>.

They are what the project holds already: the filters, paths and bodies of conformance/, the corpus of the filter
parser, and the cases of tests/corpus/patch.txt.
"""

import hashlib
import json
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote_plus

ROOT = Path(__file__).resolve().parent.parent
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MESSAGES = "urn:ietf:params:scim:api:messages:2.0:"
NAMES = {
    "U": USER,
    "G": "urn:ietf:params:scim:schemas:core:2.0:Group",
    "EU": ENTERPRISE,
    "PatchOp": MESSAGES + "PatchOp",
    "Bulk": MESSAGES + "BulkRequest",
    "BulkRequest": MESSAGES + "BulkRequest",
    "SearchRequest": MESSAGES + "SearchRequest",
}
PERSON = {
    "schemas": [USER, ENTERPRISE, "urn:example:fuzz:2.0:All"],
    "userName": "ada",
    "externalId": "e1",
    "name": {"givenName": "Ada", "familyName": "L"},
    "emails": [{"value": "a@x.org", "type": "work", "primary": True}, {"value": "b@x.org", "type": "home"}],
    ENTERPRISE: {"department": "D", "manager": {"value": "m1"}},
    "urn:example:fuzz:2.0:All": {"once": "o", "secret": "s", "badge": "b", "asked": "a"},
}
TEAM = {"schemas": [NAMES["G"]], "displayName": "Team"}

METHOD = re.compile(r"^(GET|POST|PUT|PATCH|DELETE) (\S.*)$")
# the largest seed; what is longer is slow, and says nothing new
MOST = 16_384


def filled(text: str) -> str:
    """The text with its variables put in."""
    return re.sub(r"\{([A-Za-z]\w*)\}", lambda found: NAMES.get(found[1], found[1]), text)


def requests() -> list[tuple[str, str, str]]:
    """Method, path and body of every request in conformance/."""
    found = []
    for suite in sorted((ROOT / "conformance").glob("*/*.http")):
        lines = suite.read_text("utf-8").splitlines()
        for n, line in enumerate(lines):
            if not (request := METHOD.match(line)):
                continue
            rest = lines[n + 1 : lines.index("", n + 1) if "" in lines[n + 1 :] else len(lines)]
            begin = next((i for i, text in enumerate(rest) if text[:1] in ("{", "[", '"')), len(rest))
            found.append((request[1], filled(request[2]), filled("\n".join(rest[begin:]))))
    return found


def parsed(text: str) -> dict[str, object] | None:
    """The JSON object that a text is, if it is one."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def line(value: object) -> str:
    """A value as one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def parser_corpus() -> tuple[list[str], list[str]]:
    """The filters and the paths of the parser's own corpus."""
    filters, paths = [], []
    pictures = {0x2400 + n: n for n in range(0x21)} | {0x2421: 0x7F}
    for file in sorted((ROOT / "crates/scim-filter-parser/tests/corpus").glob("*.txt")):
        for case in file.read_text("utf-8").splitlines():
            if case and not case.startswith("#"):
                text = case.split("=>")[0].strip().translate(pictures)
                (paths if file.stem.endswith("paths") else filters).append(text)
    return filters, paths


def patch_corpus() -> list[str]:
    """The cases of tests/corpus/patch.txt as inputs of the target `patch`."""
    found = []
    for case in (ROOT / "tests/corpus/patch.txt").read_text("utf-8").split("\n## ")[1:]:
        lines = [text.replace('"EU', f'"{ENTERPRISE}') for text in case.splitlines() if text]
        before, operations = lines[2].split(" members ")[0], lines[3]
        found.append(f'{before}\n{{"schemas":["{NAMES["PatchOp"]}"],"Operations":{operations}}}')
    return found


def operations(body: dict[str, object]) -> list[dict[str, object]]:
    """The operations of a PATCH or bulk request."""
    sent = next((value for name, value in body.items() if name.lower() == "operations"), [])
    return [it for it in sent if isinstance(it, dict)] if isinstance(sent, list) else []


def schemas() -> list[str]:
    """A configuration file, and one schema as TOML and as JSON."""
    attributes = [
        {"name": "badge", "caseExact": True, "mutability": "immutable", "canonicalValues": ["a", "b"]},
        {"name": "pin", "mutability": "writeOnly", "returned": "never"},
        {"name": "page", "type": "reference", "referenceTypes": ["external"], "multiValued": True},
        {
            "name": "sites",
            "type": "complex",
            "multiValued": True,
            "subAttributes": [{"name": "code", "required": True}, {"name": "primary", "type": "boolean"}],
        },
    ]
    schema = {
        "id": "urn:example:badge:2.0:User",
        "name": "Badge",
        "description": "What opens doors",
        "extends": ["User", "Group"],
        "required": False,
        "indexed": ["badge", "sites.code"],
        "attributes": attributes,
    }
    inline = {name: re.sub(r'"(\w+)": ', r"\1 = ", json.dumps(value)) for name, value in schema.items()}
    toml = "\n".join(f"{name} = {value}" for name, value in inline.items())
    settings = 'listen = "127.0.0.1:0"\ndatabase = "r.db"\nbehind_proxy = true\nscan_rows = 7\n'
    return [line(schema), toml, settings, f"{settings}\n[[schema]]\n{toml}"]


def cursors() -> list[str]:
    """What a cursor says, with every kind of sort key, and texts that are none."""
    now = 1_800_000_000_000_000
    keys: list[object] = [None, {"text": "ada"}, {"instant": now}, {"number": 0.5}, {"boolean": True}]
    places = [line({"at": now, "count": 7, "sort": key, "id": "u1", "total": 9}) for key in keys]
    return places + ["", "AAAA", "A" * 16, "A" * 60, line({"at": 0, "count": 7}), line({"at": now, "count": 8})]


def seeds() -> dict[str, list[str]]:
    """Every target's seeds."""
    filters, paths = parser_corpus()
    made: dict[str, list[str]] = {name: [] for name in ("json", "patch", "bulk", "projection")}
    made["patch"] = patch_corpus()
    for method, address, body in requests():
        for name, value in re.findall(r"[?&](\w+)=([^&]*)", address):
            match name.lower():
                case "filter":
                    filters.append(unquote_plus(value))
                case "sortby":
                    paths.append(value)
                case "attributes":
                    made["projection"].append(f"{value}\n\n{line(PERSON)}")
                case "excludedattributes":
                    made["projection"].append(f"\n{value}\n{line(PERSON)}")
        if body:
            made["json"].append(body)
        if (sent := parsed(body)) is None:
            continue
        if "filter" in sent:
            filters.append(str(sent["filter"]))
        if address.startswith("/Bulk"):
            made["bulk"].append(body)
        elif method == "PATCH":
            made["patch"].append(f"{line(TEAM if '/Groups' in address else PERSON)}\n{line(sent)}")
            paths += [str(it["path"]) for it in operations(sent) if it.get("path")]
        elif method in ("POST", "PUT"):
            made["projection"].append(f"userName,emails.value,urn:example:fuzz:2.0:All\n\n{line(sent)}")
    return made | {"filter": filters, "path": paths, "cursor": cursors(), "config": schemas()}


def main() -> None:
    (folder,) = map(Path, sys.argv[1:])
    for target, texts in seeds().items():
        shutil.rmtree(folder / target, ignore_errors=True)
        (folder / target).mkdir(parents=True)
        for text in sorted(set(texts)):
            data = text.encode("utf-8", "surrogatepass")
            if len(data) <= MOST:
                (folder / target / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
        if not any((folder / target).iterdir()):
            sys.exit(f"{target} has no seeds")


if __name__ == "__main__":
    main()
