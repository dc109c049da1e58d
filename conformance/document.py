"""Writes `docs/conformance.md`, and a page for each other server, from the verdicts in `results/`.

The same verdicts make the same bytes.
"""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "judges"))
sys.path.insert(0, str(HERE / "peers"))

from expectations import read_expectations  # noqa: E402
from play import PEERS, SUITES, Peer, Row, read_reasons, read_unsteady, reason  # noqa: E402
from run import JUDGES  # noqa: E402

DOCS = HERE.parent / "docs"

# What a failure is about, when the feature is one that the server says it does not have: the file of the suites it
# stands in, or what its request or its first broken expectation holds.
OPTIONAL = {
    "patch": ("checks/14-patch", "PATCH /"),
    "filter": ("checks/08-filter", "filter="),
    "sort": ("checks/09-sorting", "sortBy"),
    "bulk": ("checks/16-bulk", "/Bulk", ".bulk."),
    "etag": ("checks/17-versions", "header ETag", ".meta.version", "status 412", "status 304"),
    "cursors": ("checks/11-cursors", "cursor"),
}

# The sorts of failures of the RFC's suite, in the order they are told.
DEMANDED, ABSENT, OPEN, EXPLAINED = "demanded", "not offered", "open", "explained"
SHOWN = 110

# The columns of what is counted at a server.
COUNTED = ("`rfc`: cases", "passed", "MUST or SHOULD", "not offered", "left open", "explained")
COUNTED += ("`clients`: cases", "passed")

HEAD = """# What the suites say

The suites of [conformance/](../conformance/README.md) and outside judges, played against Roster, and our suites played against other SCIM servers.
All of it, and the pages it leads to in `docs/conformance/`, is written by one command, from the verdicts it leaves in `conformance/results/`; versions are those that the pins name:

    cargo build
    tests/cluster with python3 conformance/results.py --roster target/debug/roster

`--check` plays everything too, changes nothing, and fails with every verdict that is not the one written here.
`--kept` in place of `--roster …` plays nothing, and writes the pages, or checks them, from the verdicts that are there.
"""

ROSTER = """## Roster

Our own suites in each profile, on both engines. A step is a request and all that is expected of its answer.
"""

HEARD = """## Roster before outside judges

[conformance/judges/](../conformance/judges/README.md) says what each judge is and why it is asked in that profile.
"""

PEERS_HEAD = """## Other servers

Each starts with an empty store and a bearer token, and is asked as it stands after its documentation was followed.
`rfc` are the numbered checks of RFC 7643, 7644 and 9865 (`checks/01` to `27`), in the profile `strict`: the letter of the RFC.
`clients` are the conversations of six identity providers and the checks of what they count on (`checks/30` to `36`), in the profile `standard`; Roster passes these too, but no RFC asks for all of it.

A case is one requirement and passes when all of its steps do; one broken expectation fails it, and what comes after the first is not shown here.
What fails of `rfc` is sorted:

* **MUST or SHOULD**: the RFC asks for it in these words;
* **not offered**: it is about a feature that the server's `/ServiceProviderConfig` says it does not have;
* **left open**: the RFC says MAY, is silent, or contradicts itself, and the check asks for the choice that Roster made;
* **explained**: it fails for a reason the RFC allows, which is written beside it.

What failed stands on a page for each server, which the first column leads to.
Only the first sort says something against the server, and not every line of it was judged beside the RFC by hand:
the sorting is by requirement, and a check of a MUST can stumble over something beside it. Where we saw that, we changed the check or explain it; tell us where we did not.
"""

FOOT = """## What this does not say

Counts of cases are no grade: requirements differ in weight, and a server that leaves something out on purpose fails every check about it.
The versions are the newest of their packages when they were pinned; to ask a newer one, change its pins in `conformance/peers/` and run the command again.
Of a failed case, all that was sent and answered is shown by `roster conformance --url … --token … NAME`.
"""


MEASURED = """## What else is measured

The suites ask one thing at a time; what only a day, chance or a fault shows is measured by these.
What draws a seed prints it, and with that seed the run can be repeated.

**Days of identity providers.** `roster simulate` plays the day of one of nine providers (okta, entra, onelogin, jumpcloud, ping, google, keycloak, authentik, rauthy) against any server, several requests at a time, and compares in the end what the server holds with a model of what it should hold.

    roster simulate entra --users 10000 --groups 500 --url … --token …
    cargo test --test it simulate:: -- --nocapture

The first prints every kind of request with its number and its times, and `0 errors; the server and the model are equal` in its last line; the status is 1 when either is not so.
The second plays all nine against Roster, and shows that a server that holds something else is found out: [tests/it/simulate.rs](../tests/it/simulate.rs).

**Planted faults.** More than a hundred faults of real servers, one at a time in front of Roster: [tests/it/faults/](../tests/it/faults).

    cargo test --test it faults:: -- --nocapture

It prints what catches each: cases of the suites, many clients at once, and for many of them a provider's day.
A fault that nothing catches fails it, and so does a case that fails without a fault.

**Oracles.** Simple, slow functions that share no code with the engine say what it must answer: [tests/it/oracles/](../tests/it/oracles).

    cargo test --test it oracles:: -- --nocapture
    ROSTER_ORACLE_TIMES=10 cargo test --test it oracles:: -- --nocapture

Every run tries 10,000 random filters, 2,000 random sequences of PATCH and 600 random uses of the served schemas; the second line, ten times that.
It prints how many held; the first that does not is made smaller, printed as the request to send, and fails the test.
`ROSTER_ORACLE_SEED=N` repeats a run.

**Fuzz targets.** The parsers, PATCH, bulk, cursors, projections and the configuration get inputs that nobody thought of: [fuzz/](../fuzz/README.md).

    fuzz/run smoke
    fuzz/run long

The first gives every target a fixed number of inputs from a fixed seed, the second ten minutes; both print a line a target with what was reached, and end with status 1 when one broke.
What was found stands in [fuzz/regressions/](../fuzz/regressions) and is tried first in every run.

All of it but the longer runs is part of [tests/all](../tests/all); with `tests/cluster with` before them, the commands of `cargo test` ask Roster on PostgreSQL.
"""

PAGE_HEAD = """What our suites say of this server; [What the suites say](../conformance.md#other-servers) tells how it was asked, and what the sorts of failures mean.
"""


def pages(results: dict[str, list[Row]]) -> dict[Path, str]:
    """The document and the page of each other server."""
    peers = [(peer, sorted_cases(peer, results[peer.name])) for peer in PEERS]
    own = {DOCS / page_of(peer): page(peer, results[peer.name], cases) for peer, cases in peers}
    return {DOCS / "conformance.md": front(results, peers), **own}


def strangers(written: Iterable[Path]) -> list[Path]:
    """Pages that stand beside these and are none of them: those of servers that are asked no more."""
    return sorted(set((DOCS / "conformance").glob("*.md")) - set(written))


def page_of(peer: Peer) -> str:
    """Where the page of a server stands, from `docs/conformance.md`."""
    return f"conformance/{peer.name}.md"


def front(results: dict[str, list[Row]], peers: list[tuple[Peer, list[tuple[str, Row]]]]) -> str:
    """The document itself."""
    parts = [HEAD, ROSTER, own_table(results["roster"]), HEARD, judge_table(results["judges"]), reasons()]
    parts += [PEERS_HEAD, peers_table(peers), chapter_table(peers), conversation_table(results)]
    return "\n".join([*parts, FOOT, MEASURED])


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table, its cells escaped."""
    columns = list(head)
    lines = [columns, ["---"] * len(columns), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def own_table(rows: list[Row]) -> str:
    """Our suites: a row a suite and profile."""
    head = ["suite", "profile", "steps", "passed on SQLite", "passed on PostgreSQL", "verdicts that differ"]
    return table(head, ([f"`{suite}`", f"`{profile}`", *rest] for suite, profile, *rest in rows))


def judge_table(rows: list[Row]) -> str:
    """The judges: a row a judge; what is expected to fail stands below with its reasons."""
    head = ["judge", "version", "profile", "checks", "on SQLite", "on PostgreSQL", "verdicts that differ"]
    told = "The numbers of an engine: passed / expected not to pass / unexpected.\n\n"
    return told + table(
        head, ([f"`{judge}`", version, f"`{profile}`", *rest] for judge, version, profile, *rest in rows)
    )


def reasons() -> str:
    """What the judges do not pass, and why that is as it should be."""
    counted: Counter[tuple[str, str, str]] = Counter()
    for judge in JUDGES:
        for each in read_expectations(judge.expectations).values():
            if each.verdict != "pass":
                counted[judge.package, each.verdict, each.text] += 1
    rows = ([f"`{judge}`", verdict, str(n), why] for (judge, verdict, why), n in counted.items())
    return "What is expected not to pass:\n\n" + table(["judge", "verdict", "checks", "why"], rows)


def levels() -> dict[str, str]:
    """The level of every numbered requirement."""
    lines = (HERE / "requirements.tsv").read_text("utf-8").splitlines()
    return {number: level for number, level, *_ in (line.split("\t") for line in lines)}


def sorted_cases(peer: Peer, rows: list[Row]) -> list[tuple[str, Row]]:
    """Every case with its sort: `pass`, one of the four sorts of failures, or `fail` for a case of the clients."""
    known, reasons = levels(), read_reasons(peer.name)
    announced = {row[2]: row[3] for row in rows if row[0] == "announces"}
    sorts = []
    for row in (row for row in rows if row[0] in SUITES and row[1]):
        suite, _, name, verdict = row[:4]
        number = "R-" + name.split("_")[1] if name.startswith("r_") else ""
        if verdict == "pass":
            sort = "pass"
        elif suite != "rfc":
            sort = "fail"
        elif is_absent(row, announced):
            sort = ABSENT
        elif reason(row, reasons):
            sort = EXPLAINED
        else:
            # what has no number, no RFC asks for
            sort = DEMANDED if known.get(number, "O")[0] in "MS" else OPEN
        sorts.append((sort, row))
    return sorts


def is_absent(row: Row, announced: dict[str, str]) -> bool:
    """Whether the failure is about a feature that the server does not announce."""
    _, file, _, _, _, request, what = row
    marks = (mark for feature, marks in OPTIONAL.items() if announced.get(feature) == "no" for mark in marks)
    return any(mark == file or mark in request or mark in what for mark in marks)


def count(cases: list[tuple[str, Row]], suite: str, *sorts: str) -> int:
    """How many cases of the suite are of these sorts; of any when none is named."""
    return sum(1 for sort, row in cases if row[0] == suite and (not sorts or sort in sorts))


def peers_table(peers: list[tuple[Peer, list[tuple[str, Row]]]]) -> str:
    """A row a server."""
    rows = ([f"[{peer.name}]({page_of(peer)})", peer.version, peer.registry, *counts(of)] for peer, of in peers)
    return table(["server", "version", "from", *COUNTED], rows)


def counts(cases: list[tuple[str, Row]]) -> list[str]:
    """The numbers of a server, in the columns of `COUNTED`."""
    of_rfc = (count(cases, "rfc", sort) for sort in ("pass", DEMANDED, ABSENT, OPEN, EXPLAINED))
    return [*map(str, (count(cases, "rfc"), *of_rfc, count(cases, "clients"), count(cases, "clients", "pass")))]


def chapter_table(peers: list[tuple[Peer, list[tuple[str, Row]]]]) -> str:
    """A row a file of the suites, a column a server."""
    files = {row[1] for _, cases in peers for _, row in cases if row[1].startswith("checks/")}
    rows = []
    for file in sorted(files):
        cells = []
        for _, cases in peers:
            here = [sort for sort, row in cases if row[1] == file]
            wrong = sum(1 for sort in here if sort == DEMANDED)
            cells.append(f"{here.count('pass')} / {len(here)}" + (f", {wrong} failed" if wrong else ""))
        rows.append([f"`{file}`", *cells])
    told = "Passed of the cases of each file, and how many failed at a MUST or a SHOULD:\n\n"
    return told + table(["file", *(peer.name for peer, _ in peers)], rows)


def conversation_table(results: dict[str, list[Row]]) -> str:
    """A row a conversation, a column a server."""
    steps = {peer.name: {row[2]: row[3] for row in results[peer.name] if row[0] == "steps"} for peer in PEERS}
    names = sorted({name for each in steps.values() for name in each})
    rows = ([f"`{name}`", *(each.get(name, "") for each in steps.values())] for name in names)
    told = (
        "Steps passed of each conversation; what was not captured in one step fails those that need it:\n\n"
    )
    return told + table(["conversation", *steps], rows)


def page(peer: Peer, rows: list[Row], cases: list[tuple[str, Row]]) -> str:
    """The page of a server: what it is, how many cases it passed, and all that failed."""
    announced = {row[2]: row[3] for row in rows if row[0] == "announces"}
    offers = ", ".join(name for name, said in announced.items() if said == "yes") or "nothing"
    lacks = ", ".join(name for name, said in announced.items() if said == "no") or "nothing"
    parts = [f"# {peer.name}\n", PAGE_HEAD, f"{peer.version} from {peer.registry}. {peer.about}\n"]
    parts += [f"It announces {offers}; not {lacks}.\n", table(COUNTED, [counts(cases)])]
    parts += [
        f"While it was asked `{row[0]}`, {row[2]}, times: {row[3]}.\n"
        for row in rows
        if row[0] in SUITES and not row[1]
    ]
    titles = {DEMANDED: "MUST or SHOULD", ABSENT: "Not offered", OPEN: "Left open by the RFC"}
    for sort, title in titles.items():
        parts += failures(title, [row for found, row in cases if found == sort])
    parts += explanations(peer, [row for found, row in cases if found == EXPLAINED])
    parts += failures("What identity providers count on", [row for found, row in cases if found == "fail"])
    if unsteady := read_unsteady(peer.name):
        lines = ([title_of(name), why] for name, why in unsteady.items())
        parts += ["## Not counted: another verdict in every run\n", table(["check", "why"], lines)]
    return "\n".join(parts)


def failures(title: str, rows: list[Row]) -> list[str]:
    """A table of failed cases, if there are any."""
    if not rows:
        return []
    lines = ([title_of(row[2]), row[4], code(row[5]), code(row[6])] for row in rows)
    return [f"## {title}\n", table(["check", "kind", "request", "first broken expectation"], lines)]


def explanations(peer: Peer, rows: list[Row]) -> list[str]:
    """A table of what failed for a reason the RFC allows, if there is any."""
    if not rows:
        return []
    reasons = read_reasons(peer.name)
    lines = ([title_of(row[2]), code(row[6]), reason(row, reasons) or ""] for row in rows)
    return ["## Explained\n", table(["check", "first broken expectation", "why the RFC allows it"], lines)]


def title_of(name: str) -> str:
    """`r_011_bodies_are_refused` as a reader likes it: R-011, bodies are refused."""
    letter, _, rest = name.partition("_")
    number, _, words = rest.partition("_")
    return f"{letter.upper()}-{number} {words.replace('_', ' ')}" if words and number.isdigit() else name


def code(text: str) -> str:
    """The text as code in a table, cut where it is long."""
    short = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    return f"`{short.replace('`', chr(39))}`"
