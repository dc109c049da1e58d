"""Runs the outside judges against a fresh Roster each and compares every verdict with the one expected.

    python3 conformance/judges/run.py --roster target/debug/roster

Exit status: 0 when every verdict is the expected one, 1 when one is not, 2 when the run was impossible.
`README.md` beside this file explains the judges and the files of expectations.
"""

import argparse
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from expectations import Finding, Impossible, Surprise, accept, compare, read_expectations

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]

START_SECONDS = 30
STOP_SECONDS = 15
JUDGE_SECONDS = 600

# All that servers and judges see of our environment: no settings, no proxies of whoever runs this.
PASSED_ON = ("PATH", "LANG", "TMPDIR", "RUST_BACKTRACE")

# A new database for as long as the block runs; gives what Roster is told of it.
Database = Callable[[], AbstractContextManager[str]]


@dataclass(frozen=True)
class Judge:
    """An outside suite: its package, the program here that asks it, the profile Roster is judged in."""

    package: str
    asked_by: str
    profile: str

    @property
    def pins(self) -> Path:
        """The exact versions of the package and of everything it needs."""
        return HERE / f"requirements-{self.package}.txt"

    @property
    def expectations(self) -> Path:
        """The verdicts we expect."""
        return HERE / "expected" / f"{self.package}.tsv"

    @property
    def version(self) -> str:
        """The version the pins name."""
        return pinned(self.package, self.pins)


def pinned(package: str, pins: Path) -> str:
    """The version of the package in a file of pins."""
    found = re.search(rf"^{re.escape(package)}==(.+)$", pins.read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise Impossible(f"{pins.name} does not pin {package}.")
    return found[1].strip()


JUDGES = tuple(Judge(**each) for each in tomllib.loads((HERE / "judges.toml").read_text("utf-8"))["judge"])


@dataclass(frozen=True)
class Report:
    """The outcome of one judge; `complaint` says why the judge itself ended badly, if it did."""

    judge: Judge
    found: dict[str, Finding]
    surprises: list[Surprise]
    complaint: str | None

    @property
    def good(self) -> bool:
        """Nothing surprising, and at least one check ran."""
        return bool(self.found) and not self.surprises and self.complaint is None

    @property
    def counts(self) -> dict[str, int]:
        """How many checks ran, passed, failed as expected, and surprised us."""
        surprising = {each.check for each in self.surprises}
        failed = [name for name, each in self.found.items() if each.verdict != "pass"]
        return {
            "checks": len(self.found),
            "passed": len(self.found) - len(failed),
            "expectedFailures": len(set(failed) - surprising),
            "unexpected": len(surprising),
        }


def environment(**more: str) -> dict[str, str]:
    """A small environment with these variables in it."""
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ} | more


def last_line(text: str) -> str:
    """The last line that says something: where tools put their reason."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it said nothing")


def virtual_environment(package: str, pins: Path, work: Path) -> Path:
    """A Python with these pins installed; made anew when the pins or our Python changed."""
    place = work / package / "venv"
    stamp = place / "installed.txt"
    wanted = f"# Python {sys.version}\n{pins.read_text('utf-8')}"
    python = place / "bin" / "python"
    if python.exists() and stamp.exists() and stamp.read_text("utf-8") == wanted:
        return python

    print(f"{package}: installing {pinned(package, pins)}", file=sys.stderr)
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", place], capture_output=True, text=True)
    if made.returncode != 0:
        raise Impossible(
            f"cannot make a virtual environment in {place}: {last_line(made.stderr + made.stdout)}\n"
            "Python's venv and ensurepip are needed (Debian and Ubuntu: the package python3-venv)."
        )
    pip = [
        str(python),
        "-I",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--retries",
        "1",
    ]
    installed = subprocess.run([*pip, "--no-deps", "-r", str(pins)], capture_output=True, text=True)
    if installed.returncode != 0:
        raise Impossible(
            f"cannot install {pins.name}: {last_line(installed.stderr)}\n"
            "pip and a way to PyPI (or to the index pip is configured for) are needed."
        )
    stamp.write_text(wanted, "utf-8")
    return python


def wait_for_address(process: subprocess.Popen[bytes], output: Path, errors: Path) -> str:
    """The address the server says it listens on."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = re.search(r"listening on (http://127\.0\.0\.1:\d+)\s", output.read_text("utf-8", "replace"))
        if found:
            return found[1]
        if process.poll() is not None:
            reason = errors.read_text("utf-8", "replace").strip() or "it said nothing"
            raise Impossible(f"the server ended with status {process.returncode} at its start: {reason}")
        time.sleep(0.05)
    raise Impossible(f"the server did not say `listening on http://127.0.0.1:PORT` within {START_SECONDS} s.")


@contextmanager
def sqlite() -> Iterator[str]:
    """A new SQLite file."""
    with tempfile.TemporaryDirectory(prefix="roster-judges-") as directory:
        yield f"{directory}/roster.db"


def postgres(cluster: str) -> Database:
    """New databases, each of a name of its own, on the PostgreSQL of this URL."""

    @contextmanager
    def database() -> Iterator[str]:
        name = f"roster_judges_{secrets.token_hex(6)}"
        psql(cluster, f"CREATE DATABASE {name}")
        try:
            yield urlsplit(cluster)._replace(path=f"/{name}").geturl()
        finally:
            psql(cluster, f"DROP DATABASE {name} WITH (FORCE)")

    return database


def psql(url: str, statement: str) -> None:
    """Runs one statement."""
    command = ["psql", "--no-psqlrc", "--no-password", "--quiet", "--dbname", url, "--command", statement]
    try:
        done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    except FileNotFoundError:
        raise Impossible("psql is needed (Debian and Ubuntu: the package postgresql-client).") from None
    if done.returncode != 0:
        raise Impossible(done.stderr.strip())


@contextmanager
def server(roster: str, profile: str, token: str, database: Database) -> Iterator[str]:
    """A Roster of its own with a new database, for as long as the block runs; yields the SCIM base URL."""
    with database() as address, tempfile.TemporaryDirectory(prefix="roster-judges-") as directory:
        settings = environment(ROSTER_DATABASE=address, ROSTER_SCIM_TOKEN=token, ROSTER_SCIM_PROFILE=profile)
        output, errors = Path(directory, "output"), Path(directory, "errors")
        command = [roster, "serve", "--listen", "127.0.0.1:0"]
        with output.open("wb") as out, errors.open("wb") as err:
            process = subprocess.Popen(
                command, env=settings, cwd=directory, stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
        try:
            yield f"{wait_for_address(process, output, errors)}/scim/v2"
            if process.poll() is not None:
                reason = last_line(errors.read_text("utf-8", "replace"))
                print(f"the server ended by itself, status {process.returncode}: {reason}", file=sys.stderr)
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Asks the server to end, and makes it end when it does not."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        print(f"the server did not stop within {STOP_SECONDS} s of SIGTERM and was killed", file=sys.stderr)
        process.kill()
        process.wait()


def ask(judge: Judge, python: Path, url: str, token: str) -> tuple[dict[str, Finding], str | None]:
    """Runs the judge; every verdict by the name of its check, and a complaint if the judge ended badly."""
    settings = environment(SCIM_URL=url, SCIM_TOKEN=token, PYTHONUTF8="1", PYTHONDONTWRITEBYTECODE="1")
    command = [python, HERE / judge.asked_by]
    complaint = None
    try:
        done = subprocess.run(command, env=settings, input=b"", capture_output=True, timeout=JUDGE_SECONDS)
        output = done.stdout
        if done.returncode != 0:
            reason = last_line(done.stderr.decode("utf-8", "replace"))
            complaint = f"{judge.asked_by} ended with status {done.returncode}: {reason}"
    except subprocess.TimeoutExpired as late:
        output = late.stdout or b""
        complaint = f"{judge.asked_by} was not done within {JUDGE_SECONDS} s"

    found: dict[str, Finding] = {}
    seen: Counter[str] = Counter()
    # A line that was cut off, or that is not ours, has no such end.
    for line in (line for line in output.splitlines(keepends=True) if line.endswith(b"]\n")):
        name, verdict, text = json.loads(line)
        seen[name] += 1
        found[name if seen[name] == 1 else f"{name} #{seen[name]}"] = Finding(verdict, text)
    return found, complaint or (None if found else f"{judge.asked_by} gave no verdict at all")


def hear(judge: Judge, roster: str, database: Database, work: Path, accepting: bool = False) -> Report:
    """One judge from its installation to its report."""
    expected = read_expectations(judge.expectations)
    python = virtual_environment(judge.package, judge.pins, work)
    token = secrets.token_hex(24)
    with server(roster, judge.profile, token, database) as url:
        found, complaint = ask(judge, python, url, token)
    if accepting and complaint is None:
        expected = accept(judge.expectations, expected, found)
    return Report(judge, found, compare(expected, found), complaint)


def tell(reports: list[Report]) -> None:
    """One table, then every surprise with its text."""
    row = "{:<14}{:<10}{:<10}{:>7}{:>8}{:>19}{:>12}".format
    print(row("judge", "version", "profile", "checks", "passed", "expected failures", "unexpected"))
    for report in reports:
        print(row(report.judge.package, report.judge.version, report.judge.profile, *report.counts.values()))
    for report in reports:
        if report.complaint:
            print(f"\n{report.judge.package}: {report.complaint}")
        for surprise in report.surprises:
            print(f"\n{report.judge.package}: {surprise}")


def as_json(reports: list[Report]) -> str:
    """The same as one JSON object, with every verdict."""
    judges = [
        {"judge": report.judge.package, "version": report.judge.version, "profile": report.judge.profile}
        | {**report.counts, "complaint": report.complaint}
        | {"surprises": report.surprises, "verdicts": report.found}
        for report in reports
    ]
    outcome = {"good": all(report.good for report in reports), "judges": judges}
    return json.dumps(outcome, indent=2, ensure_ascii=False, default=vars)


def parse_command_line() -> argparse.Namespace:
    """The options; `README.md` explains them."""
    parser = argparse.ArgumentParser(description="Run the outside judges against Roster.")
    names = [judge.package for judge in JUDGES]
    parser.add_argument("--judge", action="append", choices=names, help="only this one; may be repeated")
    parser.add_argument("--roster", required=True, type=Path, help="the server's binary")
    parser.add_argument("--postgres", metavar="URL", help="on this PostgreSQL, not on SQLite")
    parser.add_argument("--work", type=Path, default=PROJECT / "target/judges", help="where to install them")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--accept", action="store_true", help="rewrite the lists of passing checks")
    return parser.parse_args()


def program(path: Path) -> str:
    """The server's binary, when it and this Python can be run."""
    if sys.version_info < (3, 11):
        raise Impossible(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}.")
    found = shutil.which(path.resolve())
    if found is None:
        raise Impossible(f"{path} cannot be run; build it first with `cargo build`.")
    return found


def run(options: argparse.Namespace) -> list[Report]:
    """Hears the chosen judges one after another."""
    roster = program(options.roster)
    database = postgres(options.postgres) if options.postgres else sqlite
    chosen = [judge for judge in JUDGES if not options.judge or judge.package in options.judge]
    return [hear(judge, roster, database, options.work.resolve(), options.accept) for judge in chosen]


def main() -> int:
    """Runs, reports, and says by its status how it went."""
    # A terminated run must still stop its server.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = parse_command_line()
    try:
        reports = run(options)
    except Impossible as reason:
        print(f"error: {reason}", file=sys.stderr)
        return 2
    if options.json:
        print(as_json(reports))
    else:
        tell(reports)
    return 0 if all(report.good for report in reports) else 1


if __name__ == "__main__":
    sys.exit(main())
