"""Plays every suite against Roster on SQLite and on PostgreSQL; no verdict may depend on the engine.

`results.py` runs it. `judges/README.md` explains the judges, `README.md` the suites of our own.
"""

import secrets
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "judges"))
sys.path.insert(0, str(HERE / "peers"))

from expectations import Finding, Surprise  # noqa: E402
from play import play  # noqa: E402
from run import JUDGES, Database, hear, postgres, server, sqlite, virtual_environment  # noqa: E402

# The folders of our own suites that have something for a profile.
PROFILES = {"standard": ("checks", "clients"), "strict": ("checks", "clients"), "strict-interop": ("checks",)}

# The verdicts of `roster conformance` in the judges' words. A step that was not needed was no check.
WORDS = {"passed": "pass", "failed": "fail", "skipped": "not needed"}


@dataclass(frozen=True)
class Outcome:
    """What came of one suite on one engine; `complaint` says why the suite itself ended badly, if it did."""

    found: dict[str, Finding]
    surprises: list[Surprise]
    complaint: str | None

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many checks passed, failed as expected, and surprised us."""
        surprising = {each.check for each in self.surprises}
        passed = {name for name, each in self.found.items() if each.verdict.startswith("pass")}
        return len(passed - surprising), len(self.checks - passed - surprising), len(surprising)

    @property
    def checks(self) -> set[str]:
        """The names of the checks that were made."""
        return {name for name, each in self.found.items() if each.verdict != WORDS["skipped"]}


@dataclass(frozen=True)
class Difference:
    """A check whose verdict depends on the engine; None where it did not run."""

    check: str
    found: dict[str, Finding | None]

    def __str__(self) -> str:
        lines = [self.check]
        for engine, finding in self.found.items():
            verdict, text = (finding.verdict, finding.text.strip()) if finding else ("did not run", "")
            lines.append(f"    {engine}: {verdict}{text and ': '}{text}".replace("\n", "\n        "))
        return "\n".join(lines)


@dataclass(frozen=True)
class Suite:
    """One suite in one profile, with its outcome on each engine."""

    name: str
    profile: str
    outcomes: dict[str, Outcome]

    @property
    def differences(self) -> list[Difference]:
        """Every check that has not the same verdict everywhere, in the order of the suite."""
        names = dict.fromkeys(name for outcome in self.outcomes.values() for name in outcome.found)
        all_found = (
            Difference(name, {engine: each.found.get(name) for engine, each in self.outcomes.items()})
            for name in names
        )
        return [each for each in all_found if len({it and it.verdict for it in each.found.values()}) > 1]

    @property
    def checks(self) -> int:
        """How many checks were made."""
        return len(set().union(*(outcome.checks for outcome in self.outcomes.values())))

    @property
    def good(self) -> bool:
        """Nothing surprising, nothing different, and at least one check ran."""
        bad = any(outcome.surprises or outcome.complaint for outcome in self.outcomes.values())
        return self.checks > 0 and not bad and not self.differences


def finding(step: dict) -> Finding:
    """The verdict on a step of ours, with the answer's status: where two may come, the engines agree."""
    word, status = WORDS[step["verdict"]], step["status"]
    failures = ("line {line}: expected {expected}, found {found}".format(**each) for each in step["failures"])
    return Finding(f"{word} {status}" if status else word, "\n".join(failures))


def own_outcomes(roster: str, profile: str, database: Database) -> dict[str, Outcome]:
    """Our own suites, by the names of their folders."""
    token = secrets.token_hex(24)
    with server(roster, profile, token, database) as url:
        cases = play(roster, url, token, profile)
    suites: dict[str, dict[str, Finding]] = {"checks": {}, "clients": {}}
    for case in cases:
        found = suites[Path(case["file"]).parent.name]
        for step in case["steps"]:
            found[f"{case['name']}, line {step['line']}: {step['title']}"] = finding(step)
    return {name: outcome(found) for name, found in suites.items()}


def outcome(found: dict[str, Finding]) -> Outcome:
    """Of our own suites everything is expected to pass."""
    failed = [name for name, each in found.items() if each.verdict.startswith("fail")]
    surprises = [Surprise(name, Finding("pass", ""), found[name]) for name in failed]
    return Outcome(found, surprises, None if found else "no step was played")


def both_engines(cluster: str) -> dict[str, Database]:
    """New databases on SQLite, and on the PostgreSQL of this URL."""
    return {"SQLite": sqlite, "PostgreSQL": postgres(cluster)}


Played = TypeVar("Played")


def on_each(engines: dict[str, Database], play_on: Callable[[Database], Played]) -> dict[str, Played]:
    """The same on every engine, at the same time."""
    with ThreadPoolExecutor(len(engines)) as pool:
        begun = {engine: pool.submit(play_on, database) for engine, database in engines.items()}
        return {engine: each.result() for engine, each in begun.items()}


def own_suites(roster: str, engines: dict[str, Database]) -> list[Suite]:
    """Our own suites in every profile they are for."""
    suites = []
    for profile, folders in PROFILES.items():
        played = on_each(engines, partial(own_outcomes, roster, profile))
        for name in folders:
            suites.append(Suite(name, profile, {engine: each[name] for engine, each in played.items()}))
    return suites


def judges(roster: str, engines: dict[str, Database], work: Path) -> list[Suite]:
    """Every judge."""
    suites = []
    for judge in JUDGES:
        # installed once, before two of them want it
        virtual_environment(judge.package, judge.pins, work)
        reports = on_each(engines, lambda database, judge=judge: hear(judge, roster, database, work))
        outcomes = {engine: Outcome(it.found, it.surprises, it.complaint) for engine, it in reports.items()}
        suites.append(Suite(judge.package, judge.profile, outcomes))
    return suites


def tell(suites: list[Suite]) -> None:
    """One table, then every difference, and every surprise that is none, with its text."""
    row = "{:<14}{:<16}{:>8}{:>16}{:>16}{:>21}".format
    print("on each engine: passed / expected failures / unexpected")
    print(row("suite", "profile", "checks", *suites[0].outcomes, "differing verdicts"))
    for suite in suites:
        cells = (" / ".join(map(str, outcome.counts)) for outcome in suite.outcomes.values())
        print(row(suite.name, suite.profile, suite.checks, *cells, len(suite.differences)))
    for suite in suites:
        different = {each.check for each in suite.differences}
        for difference in suite.differences:
            print(f"\n{suite.name}, {suite.profile}: {difference}")
        for engine, outcome in suite.outcomes.items():
            if outcome.complaint:
                print(f"\n{suite.name}, {suite.profile}, {engine}: {outcome.complaint}")
            for surprise in (each for each in outcome.surprises if each.check not in different):
                print(f"\n{suite.name}, {suite.profile}, {engine}: {surprise}")
