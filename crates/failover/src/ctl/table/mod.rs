//! `table create`: the tables as global tables, whatever of them is there already.
//!
//! ```text
//! plan  what is missing; pure
//! make  the calls, and the waits
//! ```

mod make;
mod plan;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::PointInTimeRecoveryStatus;
use futures_util::future::{join_all, try_join_all};
use serde_json::json;
use wp_dynamodb_core::aws::translate;
use wp_dynamodb_core::{Kind, Region};

use super::args::{Common, Create};
use super::tables::Wanted;
use super::{End, place};
use crate::aws::Aws;
use crate::settings::Settings;
use make::Maker;
use plan::{Found, Plan};

/// Looks at everything first: when a table cannot be completed, no other one is changed either.
pub(crate) async fn create(common: &Common, flags: &Create) -> anyhow::Result<End> {
    let settings = place::at_first(common)?;
    let aws = Aws::new(&settings, place::silent).await;
    let mut wanted = vec![Wanted::sessions(&settings.table.name, &settings.table.hash_key, &settings.table.expires)];
    if !flags.no_control {
        wanted.push(Wanted::control(&settings.control_table));
    }
    wanted.extend(flags.logins.as_deref().map(Wanted::logins));
    for wanted in &mut wanted {
        wanted.protection &= !flags.no_deletion_protection;
        wanted.backups &= !flags.no_point_in_time_recovery;
    }
    let plans: Vec<Plan> = try_join_all(wanted.iter().map(|wanted| planned(&aws, &settings, wanted))).await.map_err(anyhow::Error::msg)?;
    let mut told = Vec::new();
    for (wanted, plan) in wanted.iter().zip(&plans) {
        if !common.json {
            say(wanted, plan, flags.dry_run);
        }
        if !flags.dry_run {
            Maker { aws: &aws, wanted, home: &plan.home }.carry_out(&plan.steps).await.map_err(anyhow::Error::msg)?;
        }
        told.push(json!({"table": wanted.name, "home": plan.home, "steps": plan.steps}));
    }
    if common.json {
        println!("{}", serde_json::to_string_pretty(&json!({"dry_run": flags.dry_run, "tables": told}))?);
    } else if !flags.dry_run {
        let names: Vec<&str> = settings.policy.regions.iter().map(Region::as_str).collect();
        println!("complete in {}; what else a failover needs: wp-dynamodb-ctl doctor", names.join(", "));
    }
    Ok(End::Well)
}

async fn planned(aws: &Aws<'_>, settings: &Settings, wanted: &Wanted<'_>) -> Result<Plan, String> {
    let regions = &settings.policy.regions;
    let looks = join_all(regions.iter().map(|region| async move { found(aws, region, wanted).await.map(|f| (region.clone(), f)) })).await;
    // A Region that does not answer may have a table: nothing is begun that cannot be finished.
    let found: BTreeMap<Region, Found> = looks.into_iter().collect::<Result<_, _>>()?;
    plan::plan(wanted, regions, &found)
}

async fn found(aws: &Aws<'_>, region: &Region, wanted: &Wanted<'_>) -> Result<Found, String> {
    let client = aws.clients().dynamodb(region);
    let at = |call: &str, cause: String| format!("{call} on table {} in {region}: {cause}; nothing was changed", wanted.name);
    let table = match client.describe_table().table_name(&wanted.name).send().await.map_err(translate) {
        Ok(described) => described.table,
        Err(error) if error.kind == Kind::NotFound => return Ok(Found::default()),
        Err(error) => return Err(at("DescribeTable", error.cause)),
    };
    let ttl =
        client.describe_time_to_live().table_name(&wanted.name).send().await.map_err(|e| at("DescribeTimeToLive", translate(e).cause))?;
    let mut recovery = false;
    if wanted.backups {
        let backups = client.describe_continuous_backups().table_name(&wanted.name).send().await;
        let backups = backups.map_err(|e| at("DescribeContinuousBackups", translate(e).cause))?.continuous_backups_description;
        let status = backups.and_then(|b| b.point_in_time_recovery_description).and_then(|r| r.point_in_time_recovery_status);
        recovery = status == Some(PointInTimeRecoveryStatus::Enabled);
    }
    Ok(Found { table, ttl: ttl.time_to_live_description, recovery })
}

fn say(wanted: &Wanted<'_>, plan: &Plan, dry: bool) {
    if plan.steps.is_empty() {
        println!("{} {}: complete, nothing to do", wanted.title, wanted.name);
        return;
    }
    let steps: Vec<String> = plan.steps.iter().map(ToString::to_string).collect();
    println!("{} {}: {}{}", wanted.title, wanted.name, if dry { "would " } else { "" }, steps.join("; "));
}
