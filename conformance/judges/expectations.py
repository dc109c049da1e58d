"""The verdicts we expect of the judges: reading them, comparing, accepting new passes."""

from dataclasses import dataclass
from pathlib import Path

VERDICTS = ("pass", "fail", "warn", "skip")


class Impossible(Exception):
    """The run cannot take place; the message says what is missing."""


@dataclass(frozen=True)
class Finding:
    """What a judge said of one check, or what we expect it to say; `text` is its reason, or ours."""

    verdict: str
    text: str


@dataclass(frozen=True)
class Surprise:
    """A check whose verdict is not the expected one; `found` is None when it did not run."""

    check: str
    expected: Finding | None
    found: Finding | None

    def __str__(self) -> str:
        wanted = self.expected.verdict if self.expected else "nothing, it is not listed"
        if self.found is None:
            return f"{self.check}\n    expected {wanted}; it did not run"
        text = self.found.text.strip().replace("\n", "\n    ")
        return f"{self.check}\n    expected {wanted}; found {self.found.verdict}{text and ': '}{text}"


def read_expectations(path: Path) -> dict[str, Finding]:
    """`verdict TAB check TAB reason` a line; the reason may be missing only beside `pass`."""
    expected: dict[str, Finding] = {}
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    for number, line in enumerate(lines, 1):
        verdict, name, reason, *more = [*line.split("\t"), "", ""]
        place = f"{path.name}, line {number}"
        if verdict not in VERDICTS or not name or any(more):
            raise Impossible(f"{place}: expected `verdict TAB check TAB reason`, found {line!r}.")
        if verdict != "pass" and not reason.strip():
            raise Impossible(f"{place}: `{name}` is expected to {verdict}, but no reason is given.")
        if name in expected:
            raise Impossible(f"{place}: `{name}` is listed twice.")
        expected[name] = Finding(verdict, reason)
    return expected


def compare(expected: dict[str, Finding], found: dict[str, Finding]) -> list[Surprise]:
    """Every check that has another verdict than expected, is not listed, or did not run."""
    return [
        Surprise(name, expected.get(name), found.get(name))
        for name in [*found, *(name for name in expected if name not in found)]
        if name not in expected or name not in found or expected[name].verdict != found[name].verdict
    ]


def accept(path: Path, expected: dict[str, Finding], found: dict[str, Finding]) -> dict[str, Finding]:
    """Writes what passes now; what does not pass stays as a hand wrote it. Returns the new expectations."""
    kept: dict[str, Finding] = {}
    for name, finding in found.items():
        if finding.verdict == "pass":
            kept[name] = Finding("pass", "")
        elif name in expected:
            kept[name] = expected[name]
    kept |= {name: each for name, each in expected.items() if each.verdict != "pass" and name not in found}
    lines = ["\t".join([each.verdict, name, each.text]).rstrip("\t") for name, each in kept.items()]
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return kept
