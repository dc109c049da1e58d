"""Installs the other servers that `peers.toml` names, starts each, and plays our suites against it."""

import json
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "judges"))

from expectations import Impossible  # noqa: E402
from run import environment, last_line, pinned, stop, virtual_environment  # noqa: E402

START_SECONDS = 60
PLAY_SECONDS = 900
# The longest that one request may take.
ANSWER_SECONDS = 10
# A peer that ends by itself is started again, and no more often than this.
MOST_ENDS = 20

# The suites of `roster conformance`, and the profile each is asked in.
SUITES = {"rfc": "strict", "clients": "standard"}
# What RFC 7643 §5 has a server say of itself.
FEATURES = ("patch", "bulk", "filter", "changePassword", "sort", "etag")

# suite, file, case, verdict; of what failed also what the step means, the step, and what did not hold.
Row = tuple[str, ...]


@dataclass(frozen=True)
class Peer:
    """Another SCIM server, as `peers.toml` describes it."""

    name: str
    registry: str
    install: str
    serve: list[str]
    base: str
    about: str

    @property
    def pins(self) -> list[Path]:
        """The files that say what is installed."""
        if self.install == "pip":
            return [HERE / f"requirements-{self.name}.txt"]
        return sorted(path for path in (HERE / self.name).rglob("*") if path.is_file())

    @property
    def version(self) -> str:
        """The version the pins name."""
        if self.install == "pip":
            return pinned(self.name, self.pins[0])
        if self.install == "npm":
            manifest = json.loads((HERE / self.name / "package.json").read_text("utf-8"))
            return manifest["dependencies"][self.name]
        manifest = tomllib.loads((HERE / self.name / "Cargo.toml").read_text("utf-8"))
        return manifest["dependencies"][self.name].removeprefix("=")


PEERS = tuple(Peer(**each) for each in tomllib.loads((HERE / "peers.toml").read_text("utf-8"))["peer"])


def install(peer: Peer, work: Path) -> Path:
    """Where the peer is installed; made anew when its pins changed."""
    place = work / peer.name
    if peer.install == "pip":
        virtual_environment(peer.name, peer.pins[0], work)
    elif peer.install == "npm":
        install_from_npm(peer, place)
    else:
        build(peer, place)
    return place


def install_from_npm(peer: Peer, place: Path) -> None:
    """The application and, beside it, what its lock file names."""
    stamp, wanted = place / "installed.txt", "\n".join(path.read_text("utf-8") for path in peer.pins)
    if stamp.exists() and stamp.read_text("utf-8") == wanted:
        return
    print(f"{peer.name}: installing {peer.version}", file=sys.stderr)
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(HERE / peer.name, place)
    command = ["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
    run_installer(command, place, "npm and Node.js 18 (Debian and Ubuntu: the packages nodejs and npm)")
    stamp.write_text(wanted, "utf-8")


def build(peer: Peer, place: Path) -> None:
    """The front and what its lock file names; cargo knows what is built already."""
    manifest = HERE / peer.name / "Cargo.toml"
    command = [
        "cargo",
        "build",
        "--quiet",
        "--locked",
        "--manifest-path",
        str(manifest),
        "--target-dir",
        str(place),
    ]
    run_installer(command, HERE, "cargo")


def run_installer(command: list[str], directory: Path, needed: str) -> None:
    """Runs what installs, with the caller's environment: it may have to be told where packages come from."""
    try:
        done = subprocess.run(
            command, cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
    except FileNotFoundError:
        raise Impossible(f"{command[0]} is missing: {needed} and a way to its registry are needed.") from None
    if done.returncode != 0:
        raise Impossible(f"`{command[0]} {command[1]}` failed: {last_line(done.stderr + done.stdout)}")


class Running:
    """A peer that is started, and started again when it ends by itself."""

    def __init__(self, command: list[str], port: int, token: str, directory: Path) -> None:
        self.command, self.port, self.directory = command, port, directory
        self.environment = environment(SCIM_TOKEN=token, PYTHONDONTWRITEBYTECODE="1", PYTHONUTF8="1")
        self.ends = 0
        self.stopping = False
        self.trouble: Exception | None = None
        # Held while the peer starts, so that what is stopped is the last that was started.
        self.changing = threading.Lock()
        self.process = self.start()
        self.watch = threading.Thread(target=self.start_again, daemon=True)
        self.watch.start()

    def start(self) -> subprocess.Popen[bytes]:
        """Starts the peer and waits until somebody listens on its port."""
        with (self.directory / "log").open("ab") as log:
            process = subprocess.Popen(
                self.command,
                env=self.environment,
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            self.wait_for(process)
        except BaseException:
            stop(process)
            raise
        return process

    def wait_for(self, process: subprocess.Popen[bytes]) -> None:
        """Waits until somebody listens on the peer's port."""
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        said = last_line((self.directory / "log").read_text("utf-8", "replace"))
        raise Impossible(f"{self.command[0]} did not come up: {said}")

    def start_again(self) -> None:
        """Watches over the peer until it is meant to stop; what keeps it from starting is the run's trouble."""
        while self.ends < MOST_ENDS:
            self.process.wait()
            with self.changing:
                if self.stopping:
                    return
                self.ends += 1
                try:
                    self.process = self.start()
                except Exception as reason:
                    self.trouble = reason
                    return

    def stop(self) -> None:
        """Ends the peer, and tells what kept it from starting again, if something did."""
        with self.changing:
            self.stopping = True
        stop(self.process)
        self.watch.join()
        if self.trouble is not None:
            raise self.trouble


@contextmanager
def running(peer: Peer, place: Path, token: str) -> Iterator[Running]:
    """The peer on a free port with an empty store, for as long as the block runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="roster-peers-") as directory:
        known = {"at": place, "here": HERE, "data": directory, "port": port, "token": token}
        started = Running([word.format(**known) for word in peer.serve], port, token, Path(directory))
        try:
            yield started
        finally:
            started.stop()


def ask(peer: Peer, roster: str, work: Path) -> list[Row]:
    """Every verdict on the peer, after what it says of itself."""
    place = install(peer, work)
    token = secrets.token_hex(24)
    unsteady = read_unsteady(peer.name)
    rows: list[Row] = []
    for suite, profile in SUITES.items():
        with running(peer, place, token) as started:
            url = f"http://127.0.0.1:{started.port}{peer.base}"
            if not rows:
                rows += features(url, token)
            cases = play(roster, url, token, profile, "--suite", suite, "--timeout", str(ANSWER_SECONDS))
            rows += [
                ("unsteady", place_of(case), case["name"], "") for case in cases if case["name"] in unsteady
            ]
            rows += [case_row(suite, case) for case in cases if case["name"] not in unsteady]
            rows += [steps_row(case) for case in cases if place_of(case).startswith("clients/")]
            if started.ends:
                rows.append((suite, "", "the server ended by itself", str(started.ends)))
    return rows


def features(url: str, token: str) -> list[Row]:
    """What `/ServiceProviderConfig` announces."""
    asked = urllib.request.Request(
        f"{url}/ServiceProviderConfig", headers={"Authorization": f"Bearer {token}"}
    )
    # Not through a proxy of whoever runs this, which would see the token.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(asked, timeout=ANSWER_SECONDS) as answer:
        config = json.load(answer)
    said = {name: config.get(name, {}).get("supported", False) for name in FEATURES}
    said["cursors"] = config.get("pagination", {}).get("cursor", False)
    return [("announces", "", name, "yes" if supported else "no") for name, supported in said.items()]


def play(roster: str, url: str, token: str, profile: str, *options: str) -> list[dict]:
    """The cases that `roster conformance` played; a run that did not come to its end has no verdicts."""
    command = [roster, "conformance", "--url", url, "--profile", profile, "--allow-destructive", "--json"]
    settings = environment(ROSTER_CONFORMANCE_TOKEN=token)
    try:
        done = subprocess.run([*command, *options], env=settings, capture_output=True, timeout=PLAY_SECONDS)
    except subprocess.TimeoutExpired:
        raise Impossible(f"`roster conformance` was not done with {url} within {PLAY_SECONDS} s.") from None
    try:
        report = json.loads(done.stdout)
    except ValueError:
        report = {}
    # Some may have failed (1); every other status says that not all were played.
    if done.returncode not in (0, 1) or report.get("end") != "complete":
        reason = last_line(done.stderr.decode("utf-8", "replace"))
        how = f"ended with status {done.returncode}, {report.get('end', 'without a report')}"
        raise Impossible(f"`roster conformance` {how}: {reason}")
    return report["results"]


def case_row(suite: str, case: dict) -> Row:
    """A case, with its first broken expectation as it stands in the file: nothing in it differs from run to run."""
    place = place_of(case)
    broken = next((step for step in case["steps"] if step["verdict"] == "failed"), None)
    if broken is None:
        return (suite, place, case["name"], "pass")
    lines = (HERE.parent / place).with_suffix(".http").read_text("utf-8").splitlines()
    request = next(line for line in lines[broken["line"] - 1 :] if line and not line.startswith("#"))
    failure = broken["failures"][0]
    if broken["status"] is None:
        what = "no answer"
    elif failure["expected"].startswith("status "):
        what = f"{failure['expected']}, found {failure['found']}"
    else:
        what = lines[failure["line"] - 1]
        if what[:1].isdigit():
            # a whole error in one line; which part of it did not hold
            what = failure["expected"]
    return (suite, place, case["name"], "fail", broken["kind"], request, what)


def place_of(case: dict) -> str:
    """The folder and the name of the file that the case stands in."""
    file = Path(case["file"])
    return f"{file.parent.name}/{file.stem}"


def steps_row(case: dict) -> Row:
    """How far a conversation came: its steps that passed, of those that were played."""
    played = [step["verdict"] for step in case["steps"] if step["verdict"] != "skipped"]
    return ("steps", place_of(case), case["name"], f"{played.count('passed')} / {len(played)}")


def read_reasons(peer: str) -> dict[tuple[str, str], str]:
    """Why a check of this peer may fail with this broken expectation, by case (or `*`) and expectation."""
    path = HERE / "explained.tsv"
    known = {"*", *(each.name for each in PEERS)}
    reasons: dict[tuple[str, str], str] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        peers, case, what, reason, *more = [*line.split("\t"), "", "", "", ""]
        named = set(peers.split(" "))
        if not named <= known or not case or not what or not reason.strip() or any(more):
            raise Impossible(f"{path.name}, line {number}: expected `peers TAB case TAB expectation TAB reason`.")
        if not named & {"*", peer}:
            continue
        if (case, what) in reasons:
            raise Impossible(f"{path.name}, line {number}: {peer} has a reason for this already.")
        reasons[case, what] = reason.strip()
    return reasons


def read_unsteady(peer: str) -> dict[str, str]:
    """The cases whose verdict on this peer differs from run to run, and why, from `unsteady.tsv`."""
    lines = (HERE / "unsteady.tsv").read_text("utf-8").splitlines()
    return {case: why for name, case, why in (line.split("\t") for line in lines) if name == peer}


def reason(row: Row, reasons: dict[tuple[str, str], str]) -> str | None:
    """Why the RFC allows that this case failed as it did, where it does."""
    return reasons.get((row[2], row[6])) or reasons.get(("*", row[6]))
