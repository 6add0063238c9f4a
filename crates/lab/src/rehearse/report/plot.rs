//! The timeline of one scenario as one SVG: requests above, and below them who said what: health checks, DNS, alarm, parameters, hosts.

use anyhow::Result;
use plotters::prelude::*;

use super::super::scenario::Design;
use super::{Outcome, ScenarioReport};
use crate::trial::plot::{self, Area, BAD, COLOURS, Drawn, GREY, Label, Panel};

const SIZE: (u32, u32) = (960, 560);
const REQUESTS: u32 = 190;
/// Width of the lanes' names.
const NAMES: u32 = 210;

/// The plot.
///
/// # Errors
/// When the plotting library fails.
pub fn svg(report: &ScenarioReport, result: &Outcome, regions: &[String], description: &str) -> Result<String> {
    plot::svg(SIZE, &Label { id: &report.scenario.id(), title: &report.title, description }, |area| {
        let (above, below) = area.split_vertically(REQUESTS);
        requests(report, result, &above)?;
        lanes(report, result, regions, &below)
    })
}

fn panel<'a>(report: &ScenarioReport, caption: Option<&'a str>, labels: usize) -> Panel<'a> {
    let plan = report.scenario.plan;
    Panel { caption, left: NAMES, ends_s: plan.ends_s, shaded_s: plan.lost_s..plan.returns_s, labels }
}

fn requests(report: &ScenarioReport, result: &Outcome, area: &Area<'_>) -> Drawn {
    let most = result.slices.iter().map(|slice| slice.good.iter().sum::<u64>().max(slice.bad)).max().unwrap_or(1) as f64;
    let caption = "requests in 5 s: good by Region, failed or wrong in red";
    let mut chart = panel(report, Some(caption), 4).chart(area, 0.0..most * 1.1)?;
    for (region, colour) in COLOURS.iter().enumerate() {
        let points = result.slices.iter().map(|slice| (slice.at_s, slice.good.get(region).copied().unwrap_or(0) as f64));
        chart.draw_series(LineSeries::new(points, colour.stroke_width(2)))?;
    }
    chart.draw_series(LineSeries::new(result.slices.iter().map(|slice| (slice.at_s, slice.bad as f64)), BAD.stroke_width(2)))?;
    Ok(())
}

/// One bar per value over time: blue the primary, or well; orange the standby; red what failed; grey what is not known.
fn lanes(report: &ScenarioReport, result: &Outcome, regions: &[String], area: &Area<'_>) -> Drawn {
    let plan = report.scenario.plan;
    let mut names: Vec<(String, String)> = Vec::new();
    let each = |names: &mut Vec<(String, String)>, track: &str, label: &str| {
        for region in regions {
            names.push((track.replace('*', region), label.replace('*', region)));
        }
    };
    if report.scenario.design == Design::Ours {
        names.push((format!("canary of {} from {}", regions[0], regions[1]), format!("canary of {}", regions[0])));
    }
    each(&mut names, "check *", "health check of *");
    names.push((format!("alarm {}", regions[0]), format!("alarm of {}", regions[0])));
    names.push(("dns".into(), "DNS answers".into()));
    each(&mut names, "parameter *", "parameter in *");
    each(&mut names, "host * knows", "host in * knows");
    each(&mut names, "host * uses", "host in * uses");
    let lanes = names.len() as f64;
    let mut chart = panel(report, None, 0).chart(area, 0.0..lanes)?;
    for (lane, (track, label)) in names.iter().enumerate() {
        let y = lanes - lane as f64 - 0.5;
        let points = result.told.tracks.get(track).map_or(&[][..], Vec::as_slice);
        for (at, (from, value)) in points.iter().enumerate() {
            let until = points.get(at + 1).map_or(plan.ends_s, |(next, _)| *next).min(plan.ends_s);
            let from = *from;
            if until > from {
                let colour = colour(value, regions);
                // Half as high for the standby's colour and a third for red: the plot can be read without colours.
                let half = match value.as_str() {
                    "unhealthy" | "ALARM" | "failed" => 0.38,
                    other if other == regions[1] => 0.3,
                    _ => 0.14,
                };
                chart.draw_series([Rectangle::new([(from, y - half), (until, y + half)], colour.filled())])?;
            }
        }
        let (x, y) = chart.backend_coord(&(0.0, y));
        let style = ("sans-serif", 13).into_text_style(area).pos(plotters::style::text_anchor::Pos::new(
            plotters::style::text_anchor::HPos::Right,
            plotters::style::text_anchor::VPos::Center,
        ));
        let (left, top) = area.get_base_pixel();
        area.draw_text(label, &style, (x - left - 8, y - top))?;
    }
    Ok(())
}

fn colour(value: &str, regions: &[String]) -> RGBAColor {
    match value {
        "healthy" | "OK" | "ok" => COLOURS[0].mix(0.45),
        "unhealthy" | "ALARM" | "failed" => BAD.mix(1.0),
        value if value == regions[0] => COLOURS[0].mix(1.0),
        value if value == regions[1] => COLOURS[1].mix(1.0),
        _ => GREY.mix(0.5),
    }
}
