//! The report as one HTML page: no script, no network, light and dark.

use std::fmt::Write;

use anyhow::Result;

use super::{COMPARED, Outcome, Report, ScenarioReport, compared, plot, seconds};
use crate::trial::page::{self, causes, checks, escape};

/// The page.
///
/// # Errors
/// When a plot cannot be drawn.
pub fn page(report: &Report) -> Result<String> {
    let verdict = if report.met { "all limits met" } else { "limits MISSED" };
    let mut page = page::begin(&format!("Rehearsal of a lost Region: {verdict}"), "");
    writeln!(
        page,
        "<p>{}; {} processors. Regions: {} (primary) and {}. A second of the rehearsal stands for {} real ones; all times below are real seconds, \
         but for those of the Lambda's process.</p>",
        page::made(&report.command, report.made_at),
        report.cpus,
        escape(&report.regions[0]),
        escape(&report.regions[1]),
        report.scale.0,
    )?;
    page += &page::broke_off(report.broke_off.as_deref());
    comparison(&mut page, report)?;
    intervals(&mut page, report)?;
    for scenario in &report.scenarios {
        one(&mut page, report, scenario)?;
    }
    page += page::END;
    Ok(page)
}

fn comparison(page: &mut String, report: &Report) -> Result<()> {
    let head: String = COMPARED.map(|name| format!("<th>{name}</th>")).concat();
    write!(page, "<div class=\"scroll\"><table>\n<thead><tr><th>after the loss</th>{head}</tr></thead>\n<tbody>\n")?;
    for scenario in &report.scenarios {
        let cells: String = compared(scenario).map(|cell| format!("<td>{}</td>", escape(&cell))).concat();
        let (id, title) = (scenario.scenario.id(), escape(&scenario.title));
        writeln!(page, "<tr><th scope=\"row\"><a href=\"#{id}\">{title}</a></th>{cells}</tr>")?;
    }
    page.push_str("</tbody></table></div>\n");
    Ok(())
}

fn intervals(page: &mut String, report: &Report) -> Result<()> {
    page.push_str("<details><summary>Intervals, real and in the rehearsal</summary><table><thead><tr><th>interval</th><th>set by</th><th class=\"n\">real</th><th class=\"n\">here</th></tr></thead><tbody>\n");
    for row in &report.intervals {
        writeln!(
            page,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"n\">{} s</td><td class=\"n\">{} s</td></tr>",
            escape(row.what),
            escape(row.set_by),
            row.real_s,
            (row.wall_s * 1000.0).round() / 1000.0
        )?;
    }
    page.push_str("</tbody></table></details>\n");
    Ok(())
}

fn one(page: &mut String, report: &Report, scenario: &ScenarioReport) -> Result<()> {
    write!(page, "<section id=\"{}\">\n<h2>{}</h2>\n", scenario.scenario.id(), escape(&scenario.title))?;
    if let Some(error) = &scenario.error {
        writeln!(page, "<p class=\"bad\">Not played: {}</p>", escape(error))?;
    }
    if let Some(result) = &scenario.result {
        let description = format!("{} The tables below hold the figures.", compared(scenario).join("; "));
        let svg = plot::svg(scenario, result, &report.regions, &escape(&description))?;
        writeln!(
            page,
            "<figure>{svg}<figcaption>Blue: {}, or well. Orange and higher: {}. Red and highest: failed, unhealthy, alarm. Grey: not known. Shaded: the loss.</figcaption></figure>",
            escape(&report.regions[0]),
            escape(&report.regions[1])
        )?;
        page.push_str("<div class=\"tables\">\n");
        checks(page, &result.checks)?;
        figures(page, result)?;
        page.push_str("</div>\n");
        events(page, result)?;
    }
    page.push_str("</section>\n");
    Ok(())
}

fn figures(page: &mut String, result: &Outcome) -> Result<()> {
    let figures = &result.figures;
    let mut rows = vec![
        ("loss → first failed canary".to_owned(), seconds(figures.canary_s)),
        ("loss → DNS answers the standby".into(), seconds(figures.dns_s)),
        ("loss → standby's parameter".into(), seconds(figures.parameter_s)),
    ];
    rows.extend(figures.bridged_s.iter().map(|(region, at)| (format!("loss → host in {region} uses the standby"), seconds(*at))));
    rows.extend([
        ("requests".into(), figures.requests.to_string()),
        ("failed".into(), figures.failed.to_string()),
        ("with a lost or older session".into(), figures.wrong.to_string()),
        ("return → visitors come back".into(), seconds(figures.visitors_back_s)),
    ]);
    if !figures.cold_starts_ms.is_empty() {
        let cold: Vec<String> = figures.cold_starts_ms.iter().map(|ms| format!("{ms:.0}")).collect();
        rows.push(("Lambda: cold starts on this machine".into(), format!("{} ms", cold.join(", "))));
    }
    rows.extend(
        figures.dead_letters.iter().map(|(region, dead)| (format!("dead letters of the controller in {region}"), dead.to_string())),
    );
    if let Some(ms) = figures.warm_tick_ms {
        rows.push(("Lambda: longest warm tick that found nothing".into(), format!("{ms:.0} ms")));
    }
    page.push_str("<table><thead><tr><th>figure</th><th></th></tr></thead><tbody>\n");
    for (name, value) in rows {
        writeln!(page, "<tr><th scope=\"row\">{}</th><td>{}</td></tr>", escape(&name), escape(&value))?;
    }
    page.push_str("</tbody></table>\n");
    causes(page, &figures.causes)?;
    Ok(())
}

fn events(page: &mut String, result: &Outcome) -> Result<()> {
    page.push_str("<details open><summary>What happened</summary><div class=\"scroll\"><table><tbody>\n");
    for event in &result.told.events {
        writeln!(page, "<tr><td class=\"n\">{:.1} s</td><td>{}</td><td>{}</td></tr>", event.at_s, escape(&event.who), escape(&event.what))?;
    }
    page.push_str("</tbody></table></div></details>\n");
    Ok(())
}
