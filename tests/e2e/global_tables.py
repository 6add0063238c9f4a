"""A DynamoDB that knows global tables, as far as `table create` and `doctor` ask: no emulator has replicas.

One server for all Regions; which one is meant stands in the signature's scope. A replica is CREATING for a few looks, then ACTIVE, in the
Region's own DescribeTable as well. What AWS refuses is refused: a table that is busy, a replica without a stream.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# So many looks at a new table or replica find it still being made.
LOOKS = 2


class Refused(Exception):
    pass


class GlobalTables:
    def __init__(self) -> None:
        self.tables: dict[str, dict[str, dict]] = {}
        self.calls: list[tuple[str, str]] = []
        self.lock = threading.Lock()

    def call(self, region: str, operation: str, body: dict) -> dict:
        self.calls.append((region, operation))
        return getattr(self, operation)(region, body["TableName"], body)

    @property
    def changes(self) -> list[tuple[str, str]]:
        return [call for call in self.calls if not call[1].startswith("Describe")]

    def find(self, region: str, name: str) -> dict:
        table = self.tables.get(name, {}).get(region)
        if not table:
            raise Refused("ResourceNotFoundException")
        return table

    def CreateTable(self, region: str, name: str, body: dict) -> dict:
        if region in self.tables.get(name, {}):
            raise Refused("ResourceInUseException")
        self.tables.setdefault(name, {})[region] = {
            "description": body, "ttl": None, "left": LOOKS, "replicas": [], "busy": 0, "protected": False, "recovery": False, "backups_in": 1,
        }
        return {"TableDescription": self.describe(region, name)}

    def DescribeTable(self, region: str, name: str, _: dict) -> dict:
        self.find(region, name)
        answer = self.describe(region, name)
        for table in self.tables[name].values():
            table["left"] = max(0, table["left"] - 1)
        return {"Table": answer}

    def DescribeTimeToLive(self, region: str, name: str, _: dict) -> dict:
        ttl = self.find(region, name)["ttl"]
        return {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": ttl} if ttl else {"TimeToLiveStatus": "DISABLED"}}

    def DescribeContinuousBackups(self, region: str, name: str, _: dict) -> dict:
        status = "ENABLED" if self.find(region, name)["recovery"] else "DISABLED"
        recovery = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": status}}
        return {"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED"} | recovery}

    def UpdateContinuousBackups(self, region: str, name: str, body: dict) -> dict:
        table = self.ready(region, name)
        if table["backups_in"]:
            table["backups_in"] -= 1
            raise Refused("ContinuousBackupsUnavailableException")
        table["recovery"] = body["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
        return {"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED"}}

    def UpdateTimeToLive(self, region: str, name: str, body: dict) -> dict:
        self.ready(region, name)
        for table in self.tables[name].values():
            table["ttl"] = body["TimeToLiveSpecification"]["AttributeName"]
        return {"TimeToLiveSpecification": body["TimeToLiveSpecification"]}

    def UpdateTable(self, region: str, name: str, body: dict) -> dict:
        table = self.ready(region, name)
        # Of this Region alone.
        if "DeletionProtectionEnabled" in body:
            table["protected"] = body["DeletionProtectionEnabled"]
        if stream := body.get("StreamSpecification"):
            table["description"] |= {"StreamSpecification": stream}
        for update in body.get("ReplicaUpdates", []):
            if table["description"].get("StreamSpecification", {}).get("StreamViewType") != "NEW_AND_OLD_IMAGES":
                raise Refused("ValidationException")
            other = update["Create"]["RegionName"]
            everywhere = self.tables[name]
            if other in everywhere:
                raise Refused("ValidationException")
            everywhere[other] = {
                "description": table["description"], "ttl": table["ttl"], "left": LOOKS + 1, "replicas": [], "busy": 0,
                "protected": False, "recovery": False, "backups_in": 1,
            }
            # The next change meets a table that is still busy with this one.
            table["busy"] = 1
            for here in everywhere:
                everywhere[here]["replicas"] = [r for r in everywhere if r != here]
        return {"TableDescription": self.describe(region, name)}

    def ready(self, region: str, name: str) -> dict:
        table = self.find(region, name)
        if table["left"]:
            raise Refused("ResourceInUseException")
        if table["busy"]:
            table["busy"] -= 1
            raise Refused("LimitExceededException")
        return table

    def describe(self, region: str, name: str) -> dict:
        table, everywhere = self.tables[name][region], self.tables[name]
        status = lambda r: "CREATING" if everywhere[r]["left"] else "ACTIVE"  # noqa: E731
        keep = {k: v for k, v in table["description"].items() if k in ("TableName", "KeySchema", "AttributeDefinitions", "StreamSpecification")}
        replicas = [{"RegionName": r, "ReplicaStatus": status(r)} for r in table["replicas"]]
        keep["DeletionProtectionEnabled"] = table["protected"]
        return keep | {"TableStatus": status(region), "Replicas": replicas, "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}}


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        region = re.search(r"Credential=[^/]+/\d+/([^/]+)/dynamodb", self.headers["Authorization"])[1]
        operation = self.headers["X-Amz-Target"].split(".")[1]
        with self.server.made.lock:
            try:
                status, answer = 200, self.server.made.call(region, operation, body)
            except Refused as refused:
                status, answer = 400, {"__type": f"com.amazonaws.dynamodb.v20120810#{refused}", "message": "refused"}
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def global_tables() -> Iterator[tuple[GlobalTables, str]]:
    """The tables, and the endpoint of all Regions."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.made = GlobalTables()
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.made, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
