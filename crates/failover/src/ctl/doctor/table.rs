//! Tables: there, active, with the right key, TTL and replicas.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    BillingMode, MultiRegionConsistency, PointInTimeRecoveryStatus, ReplicaStatus, TableDescription, TableStatus, TimeToLiveDescription,
    TimeToLiveStatus,
};
use wp_dynamodb_core::aws::translate;
use wp_dynamodb_core::{Kind, Region};

use super::check::{Check, Subject, allow};
use super::place::{Account, quoted};
use crate::ctl::tables::{Wanted, key_of, keys_in_words};

/// What else a look needs to know.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub region: &'a Region,
    pub regions: &'a [Region],
    pub account: &'a Account,
    /// It is an emulator, without replicas and backups.
    pub local: bool,
}

/// Asks one Region for a table and judges what it says.
pub(super) async fn look(client: &Client, wanted: &Wanted<'_>, place: Place<'_>) -> Vec<Check> {
    let there = Subject::new(wanted.title, Some(place.region));
    let arn = place.account.arn("dynamodb", place.region, &format!("table/{}", wanted.name));
    let described = client.describe_table().table_name(&wanted.name).send().await.map_err(translate);
    let table = match described.map(|d| d.table) {
        Ok(Some(table)) => table,
        Ok(None) => return vec![there.fail("DescribeTable: an answer without a table", "try again")],
        Err(error) if error.kind == Kind::NotFound => {
            let names: Vec<&str> = place.regions.iter().map(Region::as_str).collect();
            let fix = format!("wp-dynamodb-ctl table create --regions {}{}", names.join(","), wanted.flags);
            return vec![there.fail(format!("there is no table {}", wanted.name), fix)];
        }
        Err(error) => {
            let rights = allow(&["dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:DescribeContinuousBackups"], &arn);
            return vec![there.not_seen("DescribeTable", &error, rights)];
        }
    };
    let ttl = client.describe_time_to_live().table_name(&wanted.name).send().await.map_err(translate);
    let mut checks = vec![status(&there, wanted, &table), keys(wanted, &table, place), capacity(wanted, &table, place)];
    let subject = Subject::new(format!("{}: TTL", wanted.title), Some(place.region));
    checks.push(match ttl {
        Ok(ttl) => time_to_live(&subject, wanted, ttl.time_to_live_description.as_ref(), place.region),
        Err(error) => subject.not_seen("DescribeTimeToLive", &error, allow(&["dynamodb:DescribeTimeToLive"], &arn)),
    });
    let replication = Subject::new(format!("{}: replicas", wanted.title), Some(place.region));
    let protection = Subject::new(format!("{}: protection", wanted.title), Some(place.region));
    if place.local {
        checks.push(replication.skipped("an emulator keeps no replicas"));
        checks.push(protection.skipped("an emulator keeps no backups"));
        return checks;
    }
    checks.push(replicas(&replication, wanted, &table, place));
    let backups = client.describe_continuous_backups().table_name(&wanted.name).send().await.map_err(translate);
    checks.push(match backups {
        Ok(backups) => {
            let recovery = backups.continuous_backups_description.and_then(|d| d.point_in_time_recovery_description);
            let on = recovery.is_some_and(|r| r.point_in_time_recovery_status == Some(PointInTimeRecoveryStatus::Enabled));
            protected(&protection, wanted, &table, on, place.region)
        }
        Err(error) => protection.not_seen("DescribeContinuousBackups", &error, allow(&["dynamodb:DescribeContinuousBackups"], &arn)),
    });
    checks
}

fn status(subject: &Subject, wanted: &Wanted<'_>, table: &TableDescription) -> Check {
    match table.table_status() {
        Some(TableStatus::Active | TableStatus::Updating) => subject.ok(format!("{} is {}", wanted.name, word(table))),
        _ => subject.fail(format!("{} is {}", wanted.name, word(table)), "wait until it is ACTIVE, then look again"),
    }
}

fn word(table: &TableDescription) -> &str {
    table.table_status().map_or("of no status", TableStatus::as_str)
}

fn keys(wanted: &Wanted<'_>, table: &TableDescription, place: Place<'_>) -> Check {
    let subject = Subject::new(format!("{}: keys", wanted.title), Some(place.region));
    let (has, wants) = (key_of(table), wanted.keys());
    if has == wants {
        return subject.ok(keys_in_words(&has));
    }
    let seen = format!("{} has {}; needed is {}", wanted.name, keys_in_words(&has), keys_in_words(&wants));
    subject.fail(seen, format!("keys cannot be changed: use another table ({}), or the settings that name these keys", wanted.name_flag))
}

fn capacity(wanted: &Wanted<'_>, table: &TableDescription, place: Place<'_>) -> Check {
    let subject = Subject::new(format!("{}: capacity", wanted.title), Some(place.region));
    match table.billing_mode_summary().and_then(|s| s.billing_mode()) {
        Some(BillingMode::PayPerRequest) => subject.ok("on demand"),
        _ => subject.warn(
            "provisioned: after a switch this Region has the other one's load as well, and throttles what was not provisioned",
            format!("aws dynamodb update-table --region {} --table-name {} --billing-mode PAY_PER_REQUEST", place.region, wanted.name),
        ),
    }
}

fn time_to_live(subject: &Subject, wanted: &Wanted<'_>, ttl: Option<&TimeToLiveDescription>, region: &Region) -> Check {
    let name = ttl.and_then(|t| t.attribute_name());
    let status = ttl.and_then(|t| t.time_to_live_status());
    let set = |enabled: bool, attribute: &str| {
        format!(
            "aws dynamodb update-time-to-live --region {region} --table-name {} --time-to-live-specification Enabled={enabled},AttributeName={}",
            wanted.name,
            quoted(attribute)
        )
    };
    match (status, name) {
        (Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling), Some(name)) if name == wanted.ttl => {
            subject.ok(format!("on \"{name}\""))
        }
        (Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling), Some(name)) => subject.fail(
            format!("TTL looks at \"{name}\", not at \"{}\": nothing is ever deleted", wanted.ttl),
            format!("{}; then, an hour later, {}", set(false, name), set(true, wanted.ttl)),
        ),
        (Some(TimeToLiveStatus::Disabling), _) => {
            subject.fail("TTL is being switched off", format!("in an hour: {}", set(true, wanted.ttl)))
        }
        _ => subject.fail("TTL is off: nothing is ever deleted", set(true, wanted.ttl)),
    }
}

fn replicas(subject: &Subject, wanted: &Wanted<'_>, table: &TableDescription, place: Place<'_>) -> Check {
    if table.multi_region_consistency() == Some(&MultiRegionConsistency::Strong) {
        return subject.fail(
            "strongly consistent between Regions (MRSC): such a table has no TTL, and does not write while a Region is away",
            format!("use a table with MultiRegionConsistency EVENTUAL, under another name ({})", wanted.name_flag),
        );
    }
    let create = |region: &Region| {
        format!(
            "aws dynamodb update-table --region {} --table-name {} --replica-updates '[{{\"Create\":{{\"RegionName\":\"{region}\"}}}}]'",
            place.region, wanted.name
        )
    };
    let others = place.regions.iter().filter(|r| *r != place.region);
    let mut seen = Vec::new();
    for region in others {
        let replica = table.replicas().iter().find(|r| r.region_name() == Some(region.as_str()));
        match replica.and_then(|r| r.replica_status()) {
            // Without a status it is one of the time before there were any.
            Some(ReplicaStatus::Active | ReplicaStatus::Updating) => seen.push(region.to_string()),
            None if replica.is_some() => seen.push(region.to_string()),
            None => return subject.fail(format!("no replica in {region}"), create(region)),
            Some(status) => {
                let fix = match status {
                    ReplicaStatus::Creating => "wait until it is ACTIVE, then look again".to_owned(),
                    ReplicaStatus::InaccessibleEncryptionCredentials => {
                        format!("give DynamoDB the KMS key of {region} back; after 20 h the replica leaves the global table for good")
                    }
                    _ => format!("see the table's page \"Global tables\" in the console of {region}"),
                };
                return subject.fail(format!("the replica in {region} is {}", status.as_str()), fix);
            }
        }
    }
    subject.ok(if seen.is_empty() { "one Region, no replicas needed".to_owned() } else { format!("ACTIVE in {}", seen.join(", ")) })
}

fn protected(subject: &Subject, wanted: &Wanted<'_>, table: &TableDescription, recovery: bool, region: &Region) -> Check {
    let deletion = table.deletion_protection_enabled() == Some(true);
    let name = &wanted.name;
    let mut off = Vec::new();
    let mut fixes = Vec::new();
    if !deletion {
        off.push("deletion protection");
        fixes.push(format!("aws dynamodb update-table --region {region} --table-name {name} --deletion-protection-enabled"));
    }
    if !recovery && wanted.backups {
        off.push("point-in-time recovery");
        fixes.push(format!(
            "aws dynamodb update-continuous-backups --region {region} --table-name {name} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
        ));
    }
    match off.is_empty() {
        true => subject.ok("as it should be"),
        false => subject.warn(format!("off: {}", off.join(", ")), fixes.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;
    use aws_sdk_dynamodb::types::{BillingModeSummary, ReplicaDescription};

    fn regions() -> Vec<Region> {
        ["us-east-1", "us-west-2"].map(|r| Region::parse(r).expect("a Region")).to_vec()
    }

    fn wanted() -> Wanted<'static> {
        Wanted::sessions("wordpress_sessions", "session_id", "expires")
    }

    fn replicas_of(table: &TableDescription) -> Check {
        let (regions, account) = (regions(), Account::default());
        let place = Place { region: &regions[0], regions: &regions, account: &account, local: false };
        replicas(&Subject::new("replicas", None), &wanted(), table, place)
    }

    #[test]
    fn every_region_needs_an_active_replica() {
        let with = |status: Option<ReplicaStatus>| {
            let replica = ReplicaDescription::builder().region_name("us-west-2").set_replica_status(status).build();
            TableDescription::builder().replicas(replica).build()
        };
        assert_eq!(replicas_of(&with(Some(ReplicaStatus::Active))).verdict, Verdict::Ok);
        for bad in [ReplicaStatus::Creating, ReplicaStatus::CreationFailed, ReplicaStatus::InaccessibleEncryptionCredentials] {
            let check = replicas_of(&with(Some(bad.clone())));
            assert_eq!(check.verdict, Verdict::Fail, "{bad:?}");
            assert!(check.seen.contains(bad.as_str()));
        }
        let none = replicas_of(&TableDescription::builder().build());
        assert_eq!(none.verdict, Verdict::Fail);
        assert!(none.fix.expect("a fix").contains(r#"'[{"Create":{"RegionName":"us-west-2"}}]'"#));
    }

    #[test]
    fn strong_consistency_between_regions_is_refused() {
        let table = TableDescription::builder().multi_region_consistency(MultiRegionConsistency::Strong).build();
        let check = replicas_of(&table);
        assert_eq!(check.verdict, Verdict::Fail);
        assert!(check.seen.contains("MRSC"), "{}", check.seen);
    }

    #[test]
    fn ttl_must_look_at_the_expiry() {
        let region = &regions()[1];
        let judge = |status: Option<TimeToLiveStatus>, name: Option<&str>| {
            let ttl = TimeToLiveDescription::builder().set_time_to_live_status(status).set_attribute_name(name.map(str::to_owned)).build();
            time_to_live(&Subject::new("TTL", Some(region)), &wanted(), Some(&ttl), region)
        };
        assert_eq!(judge(Some(TimeToLiveStatus::Enabled), Some("expires")).verdict, Verdict::Ok);
        assert_eq!(judge(Some(TimeToLiveStatus::Enabling), Some("expires")).verdict, Verdict::Ok);
        let other = judge(Some(TimeToLiveStatus::Enabled), Some("ttl"));
        assert_eq!(other.verdict, Verdict::Fail);
        assert!(other.fix.expect("a fix").contains("Enabled=false,AttributeName=ttl"));
        let off = judge(Some(TimeToLiveStatus::Disabled), None);
        assert_eq!(
            off.fix.as_deref(),
            Some(
                "aws dynamodb update-time-to-live --region us-west-2 --table-name wordpress_sessions --time-to-live-specification Enabled=true,AttributeName=expires"
            )
        );
    }

    #[test]
    fn provisioned_capacity_is_a_warning() {
        let (regions, account) = (regions(), Account::default());
        let place = Place { region: &regions[0], regions: &regions, account: &account, local: false };
        assert_eq!(capacity(&wanted(), &TableDescription::builder().build(), place).verdict, Verdict::Warn);
        let summary = BillingModeSummary::builder().billing_mode(BillingMode::PayPerRequest).build();
        let table = TableDescription::builder().billing_mode_summary(summary).build();
        assert_eq!(capacity(&wanted(), &table, place).verdict, Verdict::Ok);
    }

    #[test]
    fn backups_are_asked_of_the_control_table_only() {
        let region = &regions()[0];
        let table = TableDescription::builder().deletion_protection_enabled(true).build();
        let judge = |wanted: &Wanted<'_>, on| protected(&Subject::new("p", None), wanted, &table, on, region).verdict;
        assert_eq!(judge(&wanted(), false), Verdict::Ok);
        assert_eq!(judge(&Wanted::control("wordpress_failover"), false), Verdict::Warn);
        assert_eq!(judge(&Wanted::control("wordpress_failover"), true), Verdict::Ok);
    }
}
