//! What is missing of a global table: from what each Region says of it to the steps that complete it. Pure.

use std::collections::BTreeMap;
use std::fmt;

use aws_sdk_dynamodb::types::{
    MultiRegionConsistency, ReplicaStatus, StreamViewType, TableDescription, TableStatus, TimeToLiveDescription, TimeToLiveStatus,
};
use serde::Serialize;
use wp_dynamodb_core::Region;

use crate::ctl::tables::{Wanted, key_of, keys_in_words};

/// What one Region says of a table.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    pub table: Option<TableDescription>,
    pub ttl: Option<TimeToLiveDescription>,
    /// Whether point-in-time recovery is on.
    pub recovery: bool,
}

/// One step. What is of one Region alone (protection, recovery) is made there, all else in the table's home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub(super) enum Step {
    /// CreateTable.
    Create { region: Region },
    /// Switches the stream on that replicas are fed from.
    Stream { region: Region },
    /// Switches TTL on.
    Ttl { region: Region },
    /// Makes a replica.
    Replica { region: Region },
    /// Somebody is making it already.
    Await { region: Region },
    /// Switches deletion protection on.
    Protect { region: Region },
    /// Switches point-in-time recovery on.
    Recovery { region: Region },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Create { region } => write!(f, "create it in {region}"),
            Step::Stream { region } => write!(f, "switch its stream on in {region}"),
            Step::Ttl { region } => write!(f, "switch TTL on in {region}"),
            Step::Replica { region } => write!(f, "make a replica in {region}"),
            Step::Await { region } => write!(f, "wait for the replica in {region}"),
            Step::Protect { region } => write!(f, "switch deletion protection on in {region}"),
            Step::Recovery { region } => write!(f, "switch point-in-time recovery on in {region}"),
        }
    }
}

/// Where the table is changed, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub home: Region,
    pub steps: Vec<Step>,
}

/// Makes the plan.
///
/// # Errors
/// What is there and cannot be completed: nothing must be changed then.
pub(super) fn plan(wanted: &Wanted<'_>, regions: &[Region], found: &BTreeMap<Region, Found>) -> Result<Plan, String> {
    let name = &wanted.name;
    let there = |region: &Region| found.get(region).and_then(|f| f.table.as_ref());
    for region in regions {
        let Some(table) = there(region) else { continue };
        let (has, wants) = (key_of(table), wanted.keys());
        if has != wants {
            return Err(format!(
                "table {name} in {region} has {}; needed is {}. Keys cannot be changed: take another name ({}), or name its keys",
                keys_in_words(&has),
                keys_in_words(&wants),
                wanted.name_flag
            ));
        }
        if table.multi_region_consistency() == Some(&MultiRegionConsistency::Strong) {
            return Err(format!(
                "table {name} is strongly consistent between Regions (MRSC) and so cannot have TTL: take another name ({})",
                wanted.name_flag
            ));
        }
        if table.table_status() == Some(&TableStatus::Deleting) {
            return Err(format!("table {name} in {region} is being deleted: try again when it is gone"));
        }
        let ttl = found.get(region).and_then(|f| f.ttl.as_ref());
        if ttl.and_then(|t| t.time_to_live_status()) == Some(&TimeToLiveStatus::Disabling) {
            return Err(format!("TTL of table {name} in {region} is being switched off, which takes up to an hour: try again then"));
        }
        if let Some(other) = ttl.filter(|t| is_on(t)).and_then(|t| t.attribute_name()).filter(|a| *a != wanted.ttl) {
            return Err(format!(
                "TTL of table {name} in {region} looks at \"{other}\", not at \"{}\": switch it off (aws dynamodb update-time-to-live --region \
                 {region} --table-name {name} --time-to-live-specification Enabled=false,AttributeName={other}), and try again in an hour",
                wanted.ttl
            ));
        }
    }
    let home = regions.iter().find(|r| there(r).is_some()).or(regions.first()).ok_or("no Region is given")?.clone();
    let table = there(&home);
    let mut steps = Vec::new();
    if table.is_none() {
        steps.push(Step::Create { region: home.clone() });
    }
    let ttl = found.get(&home).and_then(|f| f.ttl.as_ref());
    if !ttl.is_some_and(is_on) {
        steps.push(Step::Ttl { region: home.clone() });
    }
    let mut replicas = Vec::new();
    for region in regions.iter().filter(|r| **r != home) {
        let known = table.is_some_and(|t| t.replicas().iter().any(|r| r.region_name() == Some(region.as_str())));
        match (known, there(region).is_some()) {
            // A replica answers before it is whole, and one that cannot be made stays known: waiting says which.
            (true, true) if !is_active(table, there(region), region) => replicas.push(Step::Await { region: region.clone() }),
            (true, true) => {}
            (true, false) => replicas.push(Step::Await { region: region.clone() }),
            (false, false) => replicas.push(Step::Replica { region: region.clone() }),
            (false, true) => {
                return Err(format!(
                    "there is a table {name} in {home} and another one in {region}, which is no replica of it. Two tables cannot become one: \
                     copy what is needed, delete one of them, and try again"
                ));
            }
        }
    }
    let stream = table.and_then(|t| t.stream_specification());
    let streams = stream.is_some_and(|s| s.stream_enabled() && s.stream_view_type() == Some(&StreamViewType::NewAndOldImages));
    if table.is_some() && !streams && replicas.iter().any(|s| matches!(s, Step::Replica { .. })) {
        if stream.is_some_and(|s| s.stream_enabled()) {
            return Err(format!(
                "the stream of table {name} in {home} is of another kind than NEW_AND_OLD_IMAGES, which replicas need: switch it off \
                 (aws dynamodb update-table --region {home} --table-name {name} --stream-specification StreamEnabled=false), and try again"
            ));
        }
        steps.push(Step::Stream { region: home.clone() });
    }
    steps.extend(replicas);
    steps.extend(guards(wanted, regions, found));
    Ok(Plan { home, steps })
}

/// Neither is replicated: each replica has its own. Last, for they are of tables that are whole.
fn guards(wanted: &Wanted<'_>, regions: &[Region], found: &BTreeMap<Region, Found>) -> Vec<Step> {
    let unprotected = |region: &&Region| {
        let table = found.get(*region).and_then(|f| f.table.as_ref());
        wanted.protection && table.and_then(|t| t.deletion_protection_enabled()) != Some(true)
    };
    let unrecoverable = |region: &&Region| wanted.backups && !found.get(*region).is_some_and(|f| f.recovery);
    let protect = regions.iter().filter(unprotected).map(|region| Step::Protect { region: region.clone() });
    protect.chain(regions.iter().filter(unrecoverable).map(|region| Step::Recovery { region: region.clone() })).collect()
}

/// Whether both ends say that the replica in `region` is whole. What says nothing is taken for whole: not every endpoint does.
fn is_active(home: Option<&TableDescription>, there: Option<&TableDescription>, region: &Region) -> bool {
    let replica = home.and_then(|t| t.replicas().iter().find(|r| r.region_name() == Some(region.as_str())));
    let made = replica.and_then(|r| r.replica_status()).is_none_or(|s| *s == ReplicaStatus::Active);
    made && there.and_then(|t| t.table_status()).is_none_or(|s| matches!(s, TableStatus::Active | TableStatus::Updating))
}

fn is_on(ttl: &TimeToLiveDescription) -> bool {
    matches!(ttl.time_to_live_status(), Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::{
        AttributeDefinition, KeySchemaElement, KeyType, ReplicaDescription, ScalarAttributeType, StreamSpecification,
    };

    fn region(name: &str) -> Region {
        Region::parse(name).expect("a Region")
    }

    fn regions() -> Vec<Region> {
        vec![region("us-east-1"), region("us-west-2")]
    }

    fn table(hash: &str, replicas: &[&str], stream: Option<StreamViewType>) -> TableDescription {
        let definition = AttributeDefinition::builder().attribute_name(hash).attribute_type(ScalarAttributeType::S).build();
        let key = KeySchemaElement::builder().attribute_name(hash).key_type(KeyType::Hash).build();
        let mut table = TableDescription::builder().attribute_definitions(definition.expect("whole")).key_schema(key.expect("whole"));
        for name in replicas {
            table = table.replicas(ReplicaDescription::builder().region_name(*name).build());
        }
        let stream = stream.map(|s| StreamSpecification::builder().stream_enabled(true).stream_view_type(s).build().expect("whole"));
        table.set_stream_specification(stream).build()
    }

    fn on(attribute: &str) -> Option<TimeToLiveDescription> {
        Some(TimeToLiveDescription::builder().time_to_live_status(TimeToLiveStatus::Enabled).attribute_name(attribute).build())
    }

    fn made(found: &[(&str, Found)]) -> Result<Plan, String> {
        let found = found.iter().map(|(name, found)| (region(name), found.clone())).collect();
        plan(&Wanted { protection: false, ..Wanted::sessions("sessions", "session_id", "expires") }, &regions(), &found)
    }

    fn whole() -> StreamViewType {
        StreamViewType::NewAndOldImages
    }

    #[test]
    fn from_nothing_all_steps_in_their_order() {
        let (east, west) = (region("us-east-1"), region("us-west-2"));
        let steps = vec![Step::Create { region: east.clone() }, Step::Ttl { region: east.clone() }, Step::Replica { region: west }];
        assert_eq!(made(&[]), Ok(Plan { home: east, steps }));
    }

    #[test]
    fn a_complete_table_needs_nothing() {
        let east = Found { table: Some(table("session_id", &["us-west-2"], Some(whole()))), ttl: on("expires"), recovery: false };
        let west = Found { table: Some(table("session_id", &["us-east-1"], Some(whole()))), ttl: on("expires"), recovery: false };
        assert_eq!(made(&[("us-east-1", east), ("us-west-2", west)]).expect("a plan").steps, []);
    }

    #[test]
    fn every_regions_table_is_protected_and_only_the_control_table_can_be_set_back() {
        let (east, west) = (region("us-east-1"), region("us-west-2"));
        let guards = |wanted: &Wanted<'_>, found: &BTreeMap<Region, Found>| super::guards(wanted, &regions(), found);
        let (control, sessions) = (Wanted::control("c"), Wanted::sessions("s", "session_id", "expires"));
        let protect = [Step::Protect { region: east.clone() }, Step::Protect { region: west.clone() }];
        let recovery = [Step::Recovery { region: east.clone() }, Step::Recovery { region: west.clone() }];
        assert_eq!(guards(&sessions, &BTreeMap::new()), protect);
        assert_eq!(guards(&control, &BTreeMap::new()), [protect, recovery.clone()].concat());
        let whole = Found { table: Some(TableDescription::builder().deletion_protection_enabled(true).build()), ttl: None, recovery: true };
        let half = BTreeMap::from([(east, whole.clone())]);
        assert_eq!(guards(&control, &half), [Step::Protect { region: west.clone() }, recovery[1].clone()], "a replica has its own");
        assert_eq!(guards(&control, &half.into_iter().chain([(west, whole)]).collect()), []);
        assert_eq!(guards(&Wanted { protection: false, backups: false, ..control }, &BTreeMap::new()), []);
    }

    #[test]
    fn what_is_half_made_is_waited_for() {
        let replica = ReplicaDescription::builder().region_name("us-west-2").replica_status(ReplicaStatus::Creating).build();
        let half = TableDescription::builder().replicas(replica);
        let whole_but_for_it = table("session_id", &[], Some(whole()));
        let east = half
            .set_attribute_definitions(whole_but_for_it.attribute_definitions.clone())
            .set_key_schema(whole_but_for_it.key_schema.clone())
            .set_stream_specification(whole_but_for_it.stream_specification.clone())
            .build();
        let west = Found { table: Some(table("session_id", &["us-east-1"], Some(whole()))), ttl: on("expires"), recovery: false };
        let plan =
            made(&[("us-east-1", Found { table: Some(east), ttl: on("expires"), recovery: false }), ("us-west-2", west)]).expect("a plan");
        assert_eq!(plan.steps, [Step::Await { region: region("us-west-2") }]);
    }

    #[test]
    fn only_what_is_missing_is_added_where_the_table_is() {
        let lonely = Found { table: Some(table("session_id", &[], None)), ttl: on("expires"), recovery: false };
        let plan = made(&[("us-west-2", lonely)]).expect("a plan");
        let (east, west) = (region("us-east-1"), region("us-west-2"));
        assert_eq!(plan, Plan { home: west.clone(), steps: vec![Step::Stream { region: west }, Step::Replica { region: east }] });
        let begun = Found { table: Some(table("session_id", &["us-west-2"], Some(whole()))), ttl: on("expires"), recovery: false };
        assert_eq!(made(&[("us-east-1", begun)]).expect("a plan").steps, [Step::Await { region: region("us-west-2") }]);
    }

    #[test]
    fn what_cannot_be_completed_is_refused() {
        let with = |table, ttl| Found { table: Some(table), ttl, recovery: false };
        let other_key = with(table("id", &[], Some(whole())), on("expires"));
        assert!(made(&[("us-west-2", other_key)]).expect_err("refused").contains("\"session_id\""));
        let other_ttl = with(table("session_id", &[], Some(whole())), on("ttl"));
        assert!(made(&[("us-east-1", other_ttl)]).expect_err("refused").contains("AttributeName=ttl"));
        let two = || with(table("session_id", &[], Some(whole())), on("expires"));
        assert!(made(&[("us-east-1", two()), ("us-west-2", two())]).expect_err("refused").contains("no replica of it"));
        let keys_only = with(table("session_id", &[], Some(StreamViewType::KeysOnly)), on("expires"));
        assert!(made(&[("us-east-1", keys_only)]).expect_err("refused").contains("StreamEnabled=false"));
    }
}
