//! What a drill has measured, for people.

use super::tape::{Measured, Report};
use crate::ctl::show;

/// One switch.
pub(super) fn tell_one(which: &str, measured: &Measured) {
    println!("\n{which}: {} → {}", measured.from, measured.to);
    let mut table = show::table(&["measured", "", "is"]);
    let mut row = |what: &str, value: String, note: &str| {
        table.add_row([what.to_owned(), value, note.to_owned()]);
    };
    row("order carried out", seconds(measured.ordered_ms), "hosts follow within 10 s from here on");
    row("all parameters agree", seconds(measured.agreed_ms), "recovery time (RTO) of the order, without the hosts' interval");
    row("markers acknowledged", measured.markers.acknowledged.to_string(), "writes during the switch");
    row("markers missing", measured.markers.missing.to_string(), "recovery point (RPO): writes that did not arrive");
    row("writes refused", measured.markers.refused.to_string(), "");
    for (region, site) in &measured.sites {
        let note = site.why.as_ref().map_or_else(String::new, |why| format!("the first: {why}"));
        row(&format!("site of {region}: failed"), format!("{} of {}", site.failed, site.asked), &note);
        row(&format!("site of {region}: longest outage"), seconds(site.longest_outage_ms), "");
    }
    println!("{table}");
    for (region, why) in &measured.stragglers {
        println!("{region} does not hold the order: {why}");
    }
}

fn seconds(ms: u64) -> String {
    format!("{}.{:02} s", ms / 1000, ms % 1000 / 10)
}

/// What is left to be told at the end: the way there was told when it was measured.
pub(super) fn tell(report: &Report) {
    if let Some(back) = &report.back {
        tell_one("back", back);
    }
    println!("\n{} is active", report.active);
    if let Some(problem) = &report.problem {
        println!("{problem}");
    }
    if let Some(way) = &report.way_back {
        println!("the way back: {way}");
    }
    println!(
        "{}",
        if report.well() { "nothing was lost, no site failed, all Regions agreed" } else { "something was not as it should be: see above" }
    );
}
