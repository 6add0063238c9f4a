//! `sessions import`: copies the living sessions that the AWS SDK for PHP's session handler has stored.
//!
//! ```text
//! layout  one item of that layout → what is to be written, or why nothing is; pure
//! copy    reads, writes, counts
//! ```
//!
//! Nothing is taken away from where it is, and no newer session is overwritten. Ids and data are never shown: neither is a place to go
//! on from, for that would be a key. So the table is read in segments, and the number of one is where the next run begins.

mod copy;
mod layout;

use wp_dynamodb_core::Region;
use wp_dynamodb_core::config::Format;

use super::args::{Common, Import};
use super::{End, Usage, place};
use crate::aws::Aws;
use crate::settings::Settings;
use crate::signal::Look;
use crate::world::World;
use copy::{Copy, Counts};
use layout::Layouts;

pub(crate) async fn run(common: &Common, flags: &Import) -> anyhow::Result<End> {
    let settings = place::at_first(common)?;
    let aws = Aws::new(&settings, place::silent).await;
    let to = region(&settings, flags.to_region.as_deref(), "--to-region")?;
    let to = match to {
        Some(region) => region,
        None => active(&aws, &settings).await?,
    };
    let from = region(&settings, flags.from_region.as_deref(), "--from-region")?.unwrap_or_else(|| to.clone());
    let format = if flags.format == "aws-sdk" { Format::AwsSdk } else { Format::Sealed };
    if format == Format::AwsSdk && flags.from_table == settings.table.name {
        return Err(Usage(format!("--from-table and --table are both {}: the sessions are there already", flags.from_table)).into());
    }
    if flags.from_segment >= flags.segments {
        return Err(Usage(format!("--from-segment {} is not below --segments {}", flags.from_segment, flags.segments)).into());
    }
    let layouts = Layouts::new(&settings, flags, format);
    let copy =
        Copy { source: aws.clients().dynamodb(&from), target: aws.clients().dynamodb(&to), flags, layouts: &layouts, from: &from, to: &to };
    let mut counts = Counts::default();
    let ended = copy.run(&mut counts).await;
    if let Err(why) = ended {
        let Counts { read, copied, kept, segment, .. } = counts;
        let on = format!("go on with --from-segment {segment} --segments {}", flags.segments);
        anyhow::bail!("{why}; {read} items were read, {copied} copied, {kept} left; what was copied stays; {on}");
    }
    tell(common, flags, &counts, &from, &to)?;
    Ok(if counts.refused == 0 { End::Well } else { End::Ill })
}

fn region(settings: &Settings, name: Option<&str>, flag: &str) -> anyhow::Result<Option<Region>> {
    let Some(name) = name else { return Ok(None) };
    let found = settings.policy.regions.iter().find(|r| r.as_str() == name).cloned();
    found.map(Some).ok_or_else(|| Usage(format!("{flag} {name} is not one of --regions")).into())
}

/// Replication does the rest: one Region is written, the one that hosts use.
async fn active(aws: &Aws<'_>, settings: &Settings) -> anyhow::Result<Region> {
    let look = Look { parameters: aws.parameters().await, ..Look::default() };
    let newest = look.newest(&settings.policy.regions).map(|n| n.active.clone());
    newest.ok_or_else(|| anyhow::anyhow!("no Region has a good parameter {}: name the Region to write in, --to-region", settings.parameter))
}

fn tell(common: &Common, flags: &Import, counts: &Counts, from: &Region, to: &Region) -> anyhow::Result<()> {
    if common.json {
        let mut told = serde_json::to_value(counts)?;
        told["dry_run"] = flags.dry_run.into();
        told["from"] = serde_json::json!({"region": from, "table": flags.from_table});
        told["to"] = serde_json::json!({"region": to, "table": common.table, "format": flags.format});
        println!("{}", serde_json::to_string_pretty(&told)?);
        return Ok(());
    }
    let would = if flags.dry_run { "would be " } else { "" };
    println!("{} items of {} in {from} read; sessions:", counts.read, flags.from_table);
    println!("  {:>9} {would}copied to {} in {to}", counts.copied, common.table);
    if !flags.dry_run {
        println!("  {:>9} left: they are there already, or a host has written there", counts.kept);
    }
    println!("  {:>9} expired, or without an expiry", counts.expired);
    if flags.expires_after > 0 {
        println!("  {:>9} not written since the earlier run", counts.earlier);
    }
    println!("  {:>9} of another session name than {}, or of another layout", counts.others, flags.session_name);
    println!("  {:>9} refused: no session id, damaged, or too large", counts.refused);
    if !flags.dry_run {
        println!(
            "after the last host has been moved, run it again with --expires-after {}: it copies what was changed meanwhile",
            counts.expires_after
        );
    }
    Ok(())
}
