//! `history`: the audit trail.

use super::args::{Common, History};
use super::{End, place, show};
use crate::aws::Aws;

pub(crate) async fn run(common: &Common, flags: &History) -> anyhow::Result<End> {
    let settings = place::find(common, None).await?;
    let aws = Aws::new(&settings, place::silent).await;
    let trail = aws.ledger().trail(0, flags.last).await.map_err(anyhow::Error::msg)?;
    for warning in &trail.warnings {
        eprintln!("warning: {warning}");
    }
    let trail = trail.entries;
    if common.json {
        println!("{}", serde_json::to_string_pretty(&trail)?);
        return Ok(End::Well);
    }
    if trail.is_empty() {
        println!("the audit trail in table {} in {} is empty", settings.control_table, settings.policy.home);
        return Ok(End::Well);
    }
    let mut table = show::table(&["when (UTC)", "what", "from", "to", "by", "why"]);
    for entry in &trail {
        let name = |r: &Option<wp_dynamodb_core::Region>| r.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        table.add_row([
            show::moment(entry.at_ms),
            entry.what.clone(),
            name(&entry.from),
            name(&entry.to),
            entry.by.clone(),
            entry.why.clone(),
        ]);
    }
    println!("{table}");
    Ok(End::Well)
}
