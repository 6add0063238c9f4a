//! The table at the end of a rehearsal, and the limits.

use comfy_table::{Table, presets};

use super::{COMPARED, Report, compared};

/// Limits of the whole story, then the comparison.
pub fn table(report: &Report) -> String {
    let mut text = String::new();
    for scenario in &report.scenarios {
        if let Some(error) = &scenario.error {
            text += &format!("{}: not played: {error}\n\n", scenario.title);
        }
        let Some(result) = scenario.result.as_ref().filter(|result| !result.checks.is_empty()) else { continue };
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        table.set_header([scenario.title.as_str(), "limit", "measured", ""]);
        for check in &result.checks {
            table.add_row([check.what.as_str(), &check.limit, &check.measured, if check.is_missed() { "MISSED" } else { "met" }]);
        }
        text += &format!("{table}\n\n");
    }
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["real seconds after the loss"].into_iter().chain(COMPARED));
    for scenario in &report.scenarios {
        table.add_row([scenario.title.clone()].into_iter().chain(compared(scenario)));
    }
    let broke_off = report.broke_off.iter().map(|why| format!("\nBroke off: {why}. Above is what was measured before.\n"));
    format!("{text}{table}\n{}", broke_off.collect::<String>())
}
