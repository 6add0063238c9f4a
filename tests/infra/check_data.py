"""Tables and media."""

import iam
from cfn import PARTITION
from registry import check
from stacks import PRIMARY, REGIONS


@check
def tables_are_global_and_can_hold_sessions(w):
    for site in (w.plain, w.full):
        for kind in ("AWS::DynamoDB::Table", "AWS::CloudFormation::CustomResource"):
            for found in site.of_type(kind):
                yield f"{found.id} is a {kind}, which is in one Region"
        found = {t.properties["TableName"]: t for t in site.of_type("AWS::DynamoDB::GlobalTable")}
        keys = {"wordpress_sessions": ["session_id"], "wordpress_failover": ["pk", "sk"], "wordpress_logins": ["user", "item"]}
        wanted = set(keys) if site is w.full else set(keys) - {"wordpress_logins"}
        if set(found) != wanted:
            yield f"global tables are {sorted(found)}"
        for name, table in found.items():
            p = table.properties
            if sorted(r["Region"] for r in p["Replicas"]) != sorted(REGIONS):
                yield f"{name} is not in all Regions"
            if p.get("StreamSpecification", {}).get("StreamViewType") != "NEW_AND_OLD_IMAGES":
                yield f"{name}: replication needs a stream of NEW_AND_OLD_IMAGES"
            if p.get("TimeToLiveSpecification") != {"AttributeName": "expires", "Enabled": True}:
                yield f"{name}: TTL is not on"
            if p.get("MultiRegionConsistency", "EVENTUAL") != "EVENTUAL":
                yield f"{name}: MRSC has no TTL"
            if p.get("BillingMode") != "PAY_PER_REQUEST":
                yield f"{name}: capacity must be planned for a whole Region's visitors"
            if [k["AttributeName"] for k in p["KeySchema"]] != keys.get(name):
                yield f"{name}: keys"
            if table.attributes.get("DeletionPolicy") != "Retain" or table.attributes.get("UpdateReplacePolicy") != "Retain":
                yield f"{name} goes with its stack"
            if table.region == PRIMARY:
                yield f"{name}'s stack is in the primary"


@check
def media_go_both_ways(w):
    for site in (w.plain, w.full):
        ways = set()
        for bucket in site.of_type("AWS::S3::Bucket"):
            p, name = bucket.properties, bucket.properties["BucketName"]
            if p.get("VersioningConfiguration", {}).get("Status") != "Enabled":
                yield f"{name}: replication needs versions"
            if bucket.attributes.get("DeletionPolicy") != "Retain" or bucket.attributes.get("UpdateReplacePolicy") != "Retain":
                yield f"{name} goes with its stack"
            for rule in p.get("ReplicationConfiguration", {}).get("Rules", []):
                there = rule["Destination"]["Bucket"]
                if rule["Status"] != "Enabled" or rule.get("Filter") != {"Prefix": ""}:
                    yield f"{name}: not everything is replicated"
                if rule.get("DeleteMarkerReplication", {}).get("Status") != "Enabled":
                    yield f"{name}: what is deleted stays in the other Region"
                if rule.get("SourceSelectionCriteria", {}).get("ReplicaModifications", {}).get("Status") != "Enabled":
                    yield f"{name}: changed tags of replicas do not go back"
                if ("ReplicationTime" in rule["Destination"]) != (site is w.full):
                    yield f"{name}: Replication Time Control"
                role = bucket.stack.resources["ReplicationRole"]
                for action in ("s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"):
                    if not iam.allows(role, action, f"{there}/x") or iam.allows(role, action, f"{bucket.arn}/x"):
                        yield f"{name}: {action} of the role"
                for action in ("s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"):
                    if not iam.allows(role, action, f"{bucket.arn}/x"):
                        yield f"{name}: {action} of the role"
                ways.add((bucket.arn, there))
        one, other = (f"arn:{PARTITION}:s3:::site-media-{r}" for r in REGIONS)
        if ways != {(one, other), (other, one)}:
            yield f"files go {sorted(ways)}"
    first = [parameters for name, _, parameters in w.plain.plan if name == "media"][:1]
    if first and first[0].get("Replication", "off") == "on":
        yield "the first bucket replicates to one that is not there yet"
