//! `history`: the audit trail, as all Regions that answer have it together: an entry is written in one, and a moment later in the others.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use wp_dynamodb_core::Region;

use super::args::{Common, History};
use super::{End, place, show};
use crate::answer::Entry;
use crate::aws::Aws;
use crate::aws::ledger::Trail;

/// Ill: a Region does not answer, and what was last written there may be missing.
pub(crate) async fn run(common: &Common, flags: &History) -> anyhow::Result<End> {
    let settings = place::at_first(common)?;
    let aws = Aws::new(&settings, place::silent).await;
    // Who names a Region wants what that one has.
    let asked = settings.policy.regions.iter().filter(|r| common.home.is_none() || **r == settings.policy.home);
    let looks = asked.map(|region| {
        let ledger = aws.ledger_in(region);
        async move { (region.clone(), ledger.trail(0, flags.last).await) }
    });
    let (trails, silent) = apart(join_all(looks).await);
    if trails.is_empty() {
        anyhow::bail!("no Region has answered: {}", silent.into_values().collect::<Vec<_>>().join("; "));
    }
    for (region, why) in &silent {
        eprintln!("{region} has not answered, and what was last written there may be missing: {why}");
    }
    let (trail, warnings) = merged(trails, usize::try_from(flags.last).unwrap_or_default());
    for warning in warnings {
        eprintln!("warning: {warning}");
    }
    let end = if silent.is_empty() { End::Well } else { End::Ill };
    if common.json {
        println!("{}", serde_json::to_string_pretty(&trail)?);
        return Ok(end);
    }
    if trail.is_empty() {
        println!("the audit trail in table {} is empty", settings.control_table);
        return Ok(end);
    }
    let mut table = show::table(&["when (UTC)", "what", "from", "to", "by", "why"]);
    for entry in &trail {
        let name = |r: &Option<Region>| r.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
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
    Ok(end)
}

fn apart(looks: Vec<(Region, Result<Trail, String>)>) -> (Vec<Trail>, BTreeMap<Region, String>) {
    let (mut trails, mut silent) = (Vec::new(), BTreeMap::new());
    for (region, look) in looks {
        match look {
            Ok(trail) => trails.push(trail),
            Err(why) => {
                silent.insert(region, why);
            }
        }
    }
    (trails, silent)
}

/// The newest entries of all, each once, and what could not be understood of any.
fn merged(trails: Vec<Trail>, last: usize) -> (Vec<Entry>, BTreeSet<String>) {
    let (mut entries, mut warnings) = (Vec::new(), BTreeSet::new());
    for trail in trails {
        warnings.extend(trail.warnings);
        for entry in trail.entries {
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
    }
    // As the table sorts them: by moment, then by Region, name and kind.
    entries.sort_by(|a, b| key(b).cmp(&key(a)));
    entries.truncate(last);
    (entries, warnings)
}

fn key(entry: &Entry) -> (u64, &str, &str, &str) {
    (entry.at_ms, &entry.home, &entry.id, &entry.what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(at_ms: u64, what: &str) -> Entry {
        let text =
            serde_json::json!({"id": "x", "at_ms": at_ms, "what": what, "by": "jo", "why": "", "automatic": false, "home": "us-east-1"});
        serde_json::from_value(text).expect("an entry")
    }

    #[test]
    fn what_only_one_region_has_is_there_and_what_both_have_is_there_once() {
        let east = Trail { entries: vec![entry(2, "switched"), entry(1, "begun")], warnings: vec!["of the future".into()] };
        let west = Trail { entries: vec![entry(3, "pinned"), entry(1, "begun")], warnings: vec!["of the future".into()] };
        let (trail, warnings) = merged(vec![east.clone(), west.clone()], 20);
        assert_eq!(trail.iter().map(|e| e.what.as_str()).collect::<Vec<_>>(), ["pinned", "switched", "begun"]);
        assert_eq!(merged(vec![west, east], 2).0, trail[..2], "in any order, and no more than asked for");
        assert_eq!(warnings.len(), 1);
    }
}
