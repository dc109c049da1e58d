"""Asks schemathesis about a server; prints one JSON list `[check, verdict, text]` a line.

Runs inside the judge's virtual environment, with SCIM_URL and SCIM_TOKEN in the environment. A check is an operation of
the description that the server serves; it fails when any request that was made up for it was answered otherwise than
described, or with a fault of the server's own.
"""

import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

SECONDS = 120
# What is made up must not depend on the day.
SEED = 7644

here = Path(__file__).resolve().parent
with tempfile.TemporaryDirectory(prefix="roster-schemathesis-") as directory:
    report = Path(directory, "report.xml")
    command = [str(Path(sys.executable).with_name("st")), "--config-file", str(here / "schemathesis.toml"), "run"]
    options = ["--header", f"Authorization: Bearer {os.environ['SCIM_TOKEN']}", "--seed", str(SEED)]
    options += ["--max-time", str(SECONDS), "--continue-on-failure", "--no-color"]
    options += ["--report", "junit", "--report-junit-path", str(report)]
    run = subprocess.run(
        [*command, f"{os.environ['SCIM_URL']}/openapi.json", *options],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    # 1 says that something failed, which the report tells
    if run.returncode not in (0, 1):
        sys.exit(run.stderr or run.stdout)
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        wrong = [*case.iter("failure"), *case.iter("error")]
        # the message is a number; the text says which request was answered how
        text = "\n".join(f"{each.get('message') or ''}\n{each.text or ''}".strip() for each in wrong)
        verdict = "fail" if wrong else "skip" if case.find("skipped") is not None else "pass"
        print(json.dumps([case.get("name"), verdict, text]))
