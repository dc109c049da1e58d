"""Asks scim-sanity about a server; prints one JSON list `[check, verdict, text]` a line.

Runs inside the judge's virtual environment, with SCIM_URL and SCIM_TOKEN in the environment.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

command = [str(Path(sys.executable).with_name("scim-sanity")), "probe", os.environ["SCIM_URL"]]
options = ["--token", os.environ["SCIM_TOKEN"], "--strict", "--json-output", "--i-accept-side-effects"]
probe = subprocess.run([*command, *options], stdin=subprocess.DEVNULL, capture_output=True, text=True)
sys.stderr.write(probe.stderr)

for result in json.loads(probe.stdout)["results"]:
    name = result["name"]
    if result["phase"] == "Cleanup":
        name = f"Cleanup: {name.rpartition('/')[0]}/{{id}}"
    verdict = "fail" if result["status"] == "error" else result["status"]
    print(json.dumps([name, verdict, result.get("message", "")]))
