//! The report as one HTML page: no script, no network, light and dark.

use std::fmt::Write;

use anyhow::Result;

use super::super::figures::Requests;
use super::super::session::Instead;
use super::{DrillReport, PassReport, Report, plot, seconds};
use crate::trial::page::{self, causes, checks, escape, verdict};
use crate::trial::plot::Label;

/// More lost or stale sessions than these are in the JSON only.
const LISTED: usize = 300;

/// The page.
///
/// # Errors
/// When a plot cannot be drawn.
pub fn page(report: &Report) -> Result<String> {
    let met = report.drills.iter().filter(|drill| drill.met).count();
    let mut page = page::begin(&format!("Drills: {met} of {} met their limits", report.drills.len()), plot::STYLE);
    writeln!(
        page,
        "<p>{}; {} processors, {} php-fpm workers in each of the hosts in {}. The first Region is the active one, the second the other.</p>",
        page::made(&report.command, report.made_at),
        report.machine.cpus,
        report.machine.workers_per_host,
        escape(&report.regions.join(" and ")),
    )?;
    page += &page::broke_off(report.broke_off.as_deref());
    summary(&mut page, report)?;
    for drill in &report.drills {
        one(&mut page, report, drill)?;
    }
    page += page::END;
    Ok(page)
}

fn summary(page: &mut String, report: &Report) -> Result<()> {
    let head = ["requests", "failed", "slow", "p99", "away", "back", "lost", "stale"];
    let head: String = head.map(|name| format!("<th class=\"n\">{name}</th>")).concat();
    write!(page, "<div class=\"scroll\"><table>\n<thead><tr><th>drill</th><th>page</th>{head}<th>limits</th></tr></thead>\n<tbody>\n")?;
    for drill in &report.drills {
        for pass in &drill.passes {
            let figures = &pass.figures;
            let requests = &figures.requests;
            let cells = [
                requests.requests.to_string(),
                requests.failed.to_string(),
                requests.slow.to_string(),
                format!("{:.0} ms", requests.p99_ms),
                seconds(figures.hosts.iter().map(|host| host.away_ms)),
                seconds(figures.hosts.iter().map(|host| host.back_ms)),
                figures.lost.to_string(),
                figures.stale.to_string(),
            ];
            let cells = cells.map(|cell| format!("<td class=\"n\">{cell}</td>")).concat();
            let (name, of) = (drill.name, pass.page.name());
            writeln!(
                page,
                "<tr><th scope=\"row\"><a href=\"#{name}\">{name}</a></th><td>{of}</td>{cells}<td>{}</td></tr>",
                verdict(Some(pass.met))
            )?;
        }
        if drill.error.is_some() {
            writeln!(
                page,
                "<tr><th scope=\"row\"><a href=\"#{0}\">{0}</a></th><td colspan=\"9\" class=\"bad\">not carried out</td><td></td></tr>",
                drill.name
            )?;
        }
    }
    page.push_str(
        "</tbody></table></div>\n<p>slow: over a second, counted from when the request was to start. away: from the fault's beginning until the host used another Region; back: \
         from the healing until it used the active one again, both hosts of each drill. lost, stale: sessions, each missing change counted once.</p>\n",
    );
    Ok(())
}

fn one(page: &mut String, report: &Report, drill: &DrillReport) -> Result<()> {
    write!(page, "<section id=\"{0}\">\n<h2>{0}</h2>\n<p>{1}</p>\n", drill.name, escape(drill.what))?;
    if let Some(error) = &drill.error {
        writeln!(page, "<p class=\"bad\">Not carried out: {}</p>", escape(error))?;
    }
    for (number, pass) in drill.passes.iter().enumerate() {
        let title = format!("{}, {}", drill.name, pass.page.name());
        writeln!(page, "<h3>{} at {:.0} requests a second</h3>", escape(pass.page.name()), pass.rate)?;
        let (id, description) = (format!("{}-{number}", drill.name), escape(&description(pass)));
        let svg = plot::svg(pass, &Label { id: &id, title: &title, description: &description })?;
        writeln!(page, "<figure>{svg}<figcaption>{}</figcaption></figure>", caption(report))?;
        page.push_str("<div class=\"tables\">\n");
        checks(page, &pass.checks)?;
        hosts(page, pass)?;
        phases(page, pass)?;
        page.push_str("</div>\n");
        causes(page, pass.figures.causes.iter().map(|(cause, times)| (cause, times)))?;
        incidents(page, report, pass)?;
        events(page, report, pass)?;
    }
    page.push_str("</section>\n");
    Ok(())
}

fn caption(report: &Report) -> String {
    let names: Vec<String> = report.regions.iter().map(|region| escape(region)).collect();
    let name = |at: usize| names.get(at).map_or("", String::as_str);
    format!("Blue: {}. Orange, dashed: {}. Shaded: the fault. Vertical lines: a host's route changes.", name(0), name(1))
}

fn description(pass: &PassReport) -> String {
    let Requests { requests, failed, slow, wrong, .. } = pass.figures.requests;
    format!(
        "Over {} seconds, the fault from {} to {}: {requests} requests, {failed} failed, {slow} slow, {wrong} with a lost or stale session. The tables below hold the figures.",
        pass.timeline.ends_ms() / 1000,
        pass.timeline.begins_ms() / 1000,
        pass.timeline.heals_ms() / 1000,
    )
}

fn requests_row(page: &mut String, name: &str, of: &Requests, more: &[String]) -> Result<()> {
    let cells = [of.requests, of.failed, of.slow, of.wrong].map(|n| n.to_string());
    let times = [of.p50_ms, of.p99_ms, of.max_ms].map(|ms| format!("{ms:.0} ms"));
    let cells: String = cells.iter().chain(&times).chain(more).map(|cell| format!("<td class=\"n\">{}</td>", escape(cell))).collect();
    writeln!(page, "<tr><th scope=\"row\">{}</th>{cells}</tr>", escape(name))?;
    Ok(())
}

fn requests_head(page: &mut String, name: &str, more: &[&str]) -> Result<()> {
    let names = ["requests", "failed", "slow", "wrong session", "p50", "p99", "longest"];
    let cells: String = names.iter().chain(more).map(|name| format!("<th class=\"n\">{name}</th>")).collect();
    writeln!(page, "<table><thead><tr><th>{name}</th>{cells}</tr></thead><tbody>")?;
    Ok(())
}

fn hosts(page: &mut String, pass: &PassReport) -> Result<()> {
    requests_head(page, "host in", &["away", "back", "route changes", "DynamoDB calls there", "SSM calls there"])?;
    for host in &pass.figures.hosts {
        let calls = pass.figures.calls.iter().find(|calls| calls.region == host.region);
        let more = [
            seconds([host.away_ms]),
            seconds([host.back_ms]),
            host.route_changes.to_string(),
            calls.map_or_else(String::new, |calls| calls.dynamodb.to_string()),
            calls.map_or_else(String::new, |calls| calls.ssm.to_string()),
        ];
        requests_row(page, &host.region, &host.requests, &more)?;
    }
    page.push_str("</tbody></table>\n");
    Ok(())
}

fn phases(page: &mut String, pass: &PassReport) -> Result<()> {
    requests_head(page, "phase", &[])?;
    for (phase, requests) in &pass.figures.phases {
        requests_row(page, phase.name(), requests, &[])?;
    }
    page.push_str("</tbody></table>\n");
    Ok(())
}

fn incidents(page: &mut String, report: &Report, pass: &PassReport) -> Result<()> {
    if pass.incidents.is_empty() {
        return Ok(());
    }
    let all = pass.incidents.len();
    let more = if all > LISTED { format!("; the first {LISTED}, the JSON has all") } else { String::new() };
    write!(
        page,
        "<details open><summary>Sessions lost or stale: {all}{more}</summary><div class=\"scroll\"><table>\n<thead><tr><th class=\"n\">visitor</th><th></th>\
         <th class=\"n\">found at</th><th>through the host in</th><th class=\"n\">expected change</th><th>found</th><th class=\"n\">stored at</th><th>by the host in</th>\
         <th class=\"n\">age</th><th class=\"n\">times</th></tr></thead><tbody>\n"
    )?;
    for incident in pass.incidents.iter().take(LISTED) {
        let found = match &incident.found {
            Instead::Change(change) => format!("change {change}"),
            Instead::Empty => "an empty session".into(),
            Instead::NewSession => "a new session".into(),
            Instead::Foreign => "strange contents".into(),
        };
        let region = |host: usize| report.regions.get(host).map(|region| escape(region)).unwrap_or_default();
        writeln!(
            page,
            "<tr><td class=\"n\">{}</td><td>{}{}</td><td class=\"n\">{}</td><td>{}</td><td class=\"n\">{}</td><td>{found}</td><td class=\"n\">{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            incident.visitor,
            if incident.lost { "lost" } else { "stale" },
            if incident.at_the_end { ", still in the final check" } else { "" },
            thousandths(incident.at_ms),
            region(incident.host),
            incident.expected,
            thousandths(incident.stored_ms),
            region(incident.stored_by),
            thousandths(incident.at_ms.saturating_sub(incident.stored_ms)),
            incident.times,
        )?;
    }
    page.push_str("</tbody></table></div></details>\n");
    Ok(())
}

/// What was done and what the hosts said, in one list.
fn events(page: &mut String, report: &Report, pass: &PassReport) -> Result<()> {
    let mut events: Vec<(u64, String)> = pass.log.iter().map(|done| (done.at_ms, escape(&done.what))).collect();
    events.extend(pass.states.iter().map(|change| {
        let breakers: Vec<String> = change.state.breakers.iter().map(|(region, state)| format!("{region} {state}")).collect();
        let breakers = if breakers.is_empty() { String::new() } else { format!("; breakers: {}", breakers.join(", ")) };
        let window =
            if change.state.window.is_empty() { String::new() } else { format!("; switch window: {}", change.state.window.join(", ")) };
        let host = report.regions.get(change.host).map_or("", String::as_str);
        let state = &change.state;
        (
            change.at_ms,
            escape(&format!("host in {host}: route {}, active {} ({}){breakers}{window}", state.route, state.active, state.reason)),
        )
    }));
    events.sort_by_key(|event| event.0);
    page.push_str("<details><summary>What was done, and what the hosts said</summary><table><tbody>\n");
    for (at_ms, what) in events {
        writeln!(page, "<tr><td class=\"n\">{}</td><td>{what}</td></tr>", thousandths(at_ms))?;
    }
    page.push_str("</tbody></table></details>\n");
    Ok(())
}

fn thousandths(ms: u64) -> String {
    format!("{}.{:03} s", ms / 1000, ms % 1000)
}
