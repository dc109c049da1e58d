"""Asks the library scim2-tester about a server; prints one JSON list `[check, verdict, text]` a line.

Runs inside the judge's virtual environment, with SCIM_URL and SCIM_TOKEN in the environment.
"""

import json
import os
import random

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server

from tester_names import VERDICTS, check_name

# The judge picks booleans, digits and canonical values by chance; a verdict must not depend on the day.
random.seed(7644)

headers = {"Authorization": f"Bearer {os.environ['SCIM_TOKEN']}"}
with Client(base_url=os.environ["SCIM_URL"], headers=headers, timeout=30) as client:
    for result in check_server(SyncSCIMClient(client)):
        name = check_name(result.title, result.reason, result.resource_type)
        print(json.dumps([name, VERDICTS[result.status.name], result.reason or ""]))
