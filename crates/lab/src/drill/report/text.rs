//! The table at the end of a run, and the limits that were missed.

use comfy_table::{Table, presets};

use super::{PassReport, Report, seconds};

/// The table of all drills, then what was missed.
pub fn table(report: &Report) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["drill", "page", "requests", "failed", "slow", "p99", "away", "back", "moves", "lost", "stale", "limits"]);
    let mut missed = String::new();
    for drill in &report.drills {
        for pass in &drill.passes {
            table.add_row(row(drill.name, pass));
            for check in pass.checks.iter().filter(|check| check.is_missed()) {
                missed += &format!("{}, {}: {}: {} (limit: {})\n", drill.name, pass.page.name(), check.what, check.measured, check.limit);
            }
        }
        if let Some(error) = &drill.error {
            missed += &format!("{}: not carried out: {error}\n", drill.name);
        }
    }
    let met = report.drills.iter().filter(|drill| drill.met).count();
    let all = report.drills.len();
    let missed = if missed.is_empty() { missed } else { format!("\nLimits that were missed:\n{missed}") };
    let broke_off = report.broke_off.iter().map(|why| format!("Broke off: {why}. Above is what was measured before.\n"));
    format!("{table}\n{missed}\n{met} of {all} drills met their limits\n{}", broke_off.collect::<String>())
}

fn row(name: &str, pass: &PassReport) -> Vec<String> {
    let figures = &pass.figures;
    vec![
        name.into(),
        pass.page.name().into(),
        figures.requests.requests.to_string(),
        figures.requests.failed.to_string(),
        figures.requests.slow.to_string(),
        format!("{:.0} ms", figures.requests.p99_ms),
        seconds(figures.hosts.iter().map(|host| host.away_ms)),
        seconds(figures.hosts.iter().map(|host| host.back_ms)),
        figures.hosts.iter().map(|host| host.route_changes).sum::<u64>().to_string(),
        figures.lost.to_string(),
        figures.stale.to_string(),
        if pass.met { "met".into() } else { "MISSED".into() },
    ]
}
