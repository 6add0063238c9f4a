//! Tables for people.

use aws_smithy_types::date_time::{DateTime, Format};
use comfy_table::{ContentArrangement, Table, presets};

use crate::answer::Answer;

/// A table of the house's looks.
pub(crate) fn table(heads: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(heads);
    table
}

/// A moment, in UTC to the second.
pub(crate) fn moment(ms: u64) -> String {
    let seconds = i64::try_from(ms / 1000).unwrap_or_default();
    DateTime::from_secs(seconds).fmt(Format::DateTime).unwrap_or_default()
}

/// What was seen, a line for each Region.
pub(crate) fn regions(answer: &Answer) -> Table {
    let mut out = table(&["Region", "parameter", "site", "DynamoDB", "alarm", "well since"]);
    for (region, seen) in &answer.signals {
        let mark = if region.as_str() == answer.active { format!("{region} *") } else { region.to_string() };
        let alarm = serde_json::to_value(seen.alarm).unwrap_or_default();
        let since = seen.well_since_ms.map_or_else(|| "-".to_owned(), moment);
        out.add_row([
            mark,
            seen.parameter.clone(),
            seen.site.to_string(),
            seen.dynamodb.to_string(),
            alarm.as_str().unwrap_or("-").to_owned(),
            since,
        ]);
    }
    out
}

/// The answer, for people.
pub(crate) fn answer(answer: &Answer) {
    println!("{}", regions(answer));
    println!("* the active Region\n");
    if let Some(mode) = &answer.mode {
        let way = serde_json::to_value(mode.way).unwrap_or_default();
        println!("{} since {} by {}: {}", way.as_str().unwrap_or_default(), moment(mode.at_ms), mode.by, mode.why);
    }
    for (region, why) in &answer.stragglers {
        println!("{region} does not hold the newest order: {why}");
    }
    for warning in &answer.warnings {
        println!("warning: {warning}");
    }
    for (home, rights) in &answer.rights {
        for (tried, cause) in rights.missing() {
            let when = moment(rights.at_ms);
            println!("{home}'s controller lacks the right {} in {}, as it has tried at {when}: {cause}", tried.right, tried.region);
        }
    }
    println!("{}: {}", answer.decision, answer.why);
}
