"""Plays every suite against Roster and against other servers, and writes docs/conformance.md and docs/conformance/.

    tests/cluster with python3 conformance/results.py --roster target/debug/roster
    tests/cluster with python3 conformance/results.py --roster target/debug/roster --check
    python3 conformance/results.py --kept

Roster is asked on both engines, by our own suites and by the outside judges; the others by our own suites. With
`--check` nothing is written, and every verdict must be the committed one. With `--kept` nothing is played: the pages
are written, or checked, from the committed verdicts. Exit status: 0 when nothing of Roster is unexpected and no verdict
differs between the engines, and with `--check` nothing from what is committed; 1 otherwise; 2 when the run was
impossible. `README.md`, `judges/README.md` and `peers/README.md` explain what is played.
"""

import argparse
import difflib
import os
import signal
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "judges"))
sys.path.insert(0, str(HERE / "peers"))

import document  # noqa: E402
from engines import Suite, both_engines, judges, own_suites, tell  # noqa: E402
from expectations import Impossible  # noqa: E402
from play import PEERS, Row, ask  # noqa: E402
from run import JUDGES, PROJECT, program  # noqa: E402

RESULTS = HERE / "results"
OWN = ("roster", "judges")


def read(name: str) -> list[Row]:
    """The committed verdicts of this name."""
    path = RESULTS / f"{name}.tsv"
    if not path.exists():
        raise Impossible(f"{path.name} is missing; run without --only first.")
    return [tuple(line.split("\t")) for line in path.read_text("utf-8").splitlines()]


def text(rows: list[Row]) -> str:
    """The verdicts as they are committed: a line each, separated by tabs."""
    return "".join("\t".join(row) + "\n" for row in rows)


def own_row(suite: Suite) -> Row:
    """One of our suites in one profile."""
    passed = (str(outcome.counts[0]) for outcome in suite.outcomes.values())
    return (suite.name, suite.profile, str(suite.checks), *passed, str(len(suite.differences)))


def judge_row(suite: Suite) -> Row:
    """One judge."""
    version = next(judge.version for judge in JUDGES if judge.package == suite.name)
    counts = (" / ".join(map(str, outcome.counts)) for outcome in suite.outcomes.values())
    return (suite.name, version, suite.profile, str(suite.checks), *counts, str(len(suite.differences)))


def run(options: argparse.Namespace) -> tuple[dict[str, list[Row]], bool]:
    """What was chosen, and whether all is well with Roster; nothing is played when the kept verdicts will do."""
    if options.kept:
        return {}, True
    roster, work = program(options.roster), options.work.resolve()
    chosen = options.only or [*OWN, *(peer.name for peer in PEERS)]
    found: dict[str, list[Row]] = {}
    suites: list[Suite] = []
    if set(OWN) & set(chosen):
        if not options.postgres:
            raise Impossible("a PostgreSQL is needed: --postgres URL, or ROSTER_TEST_POSTGRES.")
        engines = both_engines(options.postgres)
        if "roster" in chosen:
            suites += (played := own_suites(roster, engines))
            found["roster"] = [own_row(each) for each in played]
        if "judges" in chosen:
            suites += (heard := judges(roster, engines, work / "judges"))
            found["judges"] = [judge_row(each) for each in heard]
        tell(suites)
    for peer in (peer for peer in PEERS if peer.name in chosen):
        found[peer.name] = ask(peer, roster, work / "peers")
        passed = sum(1 for row in found[peer.name] if row[3] == "pass")
        print(f"{peer.name} {peer.version}: {passed} cases passed", flush=True)
    return found, all(suite.good for suite in suites)


def pages() -> dict[Path, str]:
    """Every page, from the committed verdicts."""
    return document.pages({name: read(name) for name in (*OWN, *(peer.name for peer in PEERS))})


def compare(found: dict[str, list[Row]]) -> bool:
    """Whether the verdicts and the pages are the committed ones; prints what differs."""
    same = True
    for name, rows in found.items():
        same &= equal(f"results/{name}.tsv", text(read(name)), text(rows))
    written = pages()
    for path, page in {**written, **dict.fromkeys(document.strangers(written), "")}.items():
        committed = path.read_text("utf-8") if path.exists() else ""
        same &= equal(str(path.relative_to(PROJECT)), committed, page)
    return same


def equal(name: str, committed: str, found: str) -> bool:
    """Whether the two are the same; prints the lines that are not."""
    lines = difflib.unified_diff(
        committed.splitlines(), found.splitlines(), f"{name}, committed", f"{name}, found", n=0, lineterm=""
    )
    different = list(lines)
    if different:
        print("\n".join(different))
    return not different


def keep(found: dict[str, list[Row]]) -> None:
    """Writes the verdicts, and the pages with them."""
    RESULTS.mkdir(exist_ok=True)
    for name, rows in found.items():
        (RESULTS / f"{name}.tsv").write_text(text(rows), "utf-8")
    written = pages()
    for path in document.strangers(written):
        path.unlink()
    for path, page in written.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(page, "utf-8")


def parse_command_line() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description="Write docs/conformance.md, or check that it is true.")
    names = [*OWN, *(peer.name for peer in PEERS)]
    played = parser.add_mutually_exclusive_group(required=True)
    played.add_argument("--roster", type=Path, help="the server's binary, which plays everything")
    played.add_argument("--kept", action="store_true", help="play nothing, take the committed verdicts")
    parser.add_argument("--check", action="store_true", help="compare with what is committed, write nothing")
    parser.add_argument("--only", action="append", choices=names, help="only this; may be repeated")
    parser.add_argument(
        "--postgres",
        metavar="URL",
        default=os.environ.get("ROSTER_TEST_POSTGRES"),
        help="a PostgreSQL to make databases on; without this, ROSTER_TEST_POSTGRES",
    )
    parser.add_argument(
        "--work", type=Path, default=PROJECT / "target", help="where judges and peers are put"
    )
    return parser.parse_args()


def main() -> int:
    """Plays, writes or compares, and says by its status how it went."""
    # A terminated run must still stop its servers and drop its databases.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = parse_command_line()
    try:
        found, good = run(options)
        if options.check:
            good &= compare(found)
        else:
            keep(found)
    except Impossible as reason:
        print(f"error: {reason}", file=sys.stderr)
        return 2
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
