//! The plots of one pass: how requests fared, how long they took, where the calls went; over time, as one SVG.

use anyhow::Result;
use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::*;

use super::super::figures::{Requests, SLICE_MS, Slice};
use super::PassReport;
use crate::trial::plot::{self, Area, BAD, COLOURS, Drawn, Label, Panel};

const SIZE: (u32, u32) = (960, 600);
/// Room for figures.
const LEFT: u32 = 52;

/// What the page's style sheet adds: the second series dashed.
pub const STYLE: &str =
    "svg.plot polyline[stroke=\"#D97A06\"]{stroke-dasharray:7 3}svg.plot polyline[stroke=\"#D62728\"]{stroke-width:2.5}";

/// The plots of a pass.
///
/// # Errors
/// When the plotting library fails.
pub fn svg(pass: &PassReport, label: &Label<'_>) -> Result<String> {
    plot::svg(SIZE, label, |area| draw(pass, &area.split_evenly((3, 1))))
}

fn draw(pass: &PassReport, panels: &[Area<'_>]) -> Drawn {
    let hosts = &pass.figures.slices;
    let per_s = 1000.0 / SLICE_MS as f64;
    let good: Vec<Series> = series(hosts, |slice| Some((slice.requests - slice.failed - slice.wrong) as f64 * per_s));
    let bad: Vec<Series> = series(hosts, |slice| Some((slice.failed + slice.wrong) as f64 * per_s));
    let bad = bad.into_iter().filter(|series| series.iter().any(|point| point.1 > 0.0));
    let most = good.iter().flatten().map(|point| point.1).fold(1.0, f64::max);
    let lines = good.into_iter().enumerate().map(|(host, points)| (colour(host), points)).chain(bad.map(|points| (BAD, points)));
    panel(pass, &panels[0], "requests a second: good, and in red failed or with a wrong session", 0.0..most * 1.1, lines)?;

    let p50 = series(hosts, |slice| (slice.requests > 0).then(|| f64::from(slice.p50_ms.max(1.0))));
    let max = series(hosts, |slice| (slice.requests > 0).then(|| f64::from(slice.max_ms.max(1.0))));
    let longest = max.iter().flatten().map(|point| point.1).fold(1000.0, f64::max);
    let lines = [p50, max].into_iter().flat_map(|by_host| by_host.into_iter().enumerate().map(|(host, points)| (colour(host), points)));
    panel(pass, &panels[1], "latency in ms: median and longest of each half second", (1.0..longest * 1.3).log_scale(), lines)?;

    let calls: Vec<Series> = pass
        .figures
        .calls
        .iter()
        .map(|region| region.dynamodb_per_s.iter().map(|(at_ms, rate)| (*at_ms as f64 / 1000.0, *rate)).collect())
        .collect();
    let most = calls.iter().flatten().map(|point| point.1).fold(1.0, f64::max);
    let lines = calls.into_iter().enumerate().map(|(region, points)| (colour(region), points));
    panel(pass, &panels[2], "DynamoDB calls a second in each Region, those that were struck included", 0.0..most * 1.1, lines)
}

/// Points in seconds and units.
type Series = Vec<(f64, f64)>;

fn series(hosts: &[Vec<Slice>], value: impl Fn(&Requests) -> Option<f64>) -> Vec<Series> {
    let point = |slice: &Slice| Some((slice.at_ms as f64 / 1000.0, value(&slice.requests)?));
    hosts.iter().map(|slices| slices.iter().filter_map(point).collect()).collect()
}

fn colour(index: usize) -> RGBColor {
    COLOURS[index % COLOURS.len()]
}

/// One panel: the fault's span shaded, changes of a route marked, then the lines.
fn panel<Y>(pass: &PassReport, area: &Area<'_>, caption: &str, y: Y, lines: impl Iterator<Item = (RGBColor, Series)>) -> Drawn
where
    Y: AsRangedCoord<Value = f64>,
    Y::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let [begins, heals, ends_s] =
        [pass.timeline.begins_ms(), pass.timeline.heals_ms(), pass.timeline.ends_ms()].map(|ms| ms as f64 / 1000.0);
    let panel = Panel { caption: Some(caption), left: LEFT, ends_s, shaded_s: begins..heals, labels: 5 };
    let mut chart = panel.chart(area, y)?;
    let range = chart.plotting_area().get_y_range();
    for (at_ms, host) in route_changes(pass) {
        let at = at_ms as f64 / 1000.0;
        chart.draw_series([PathElement::new([(at, range.start), (at, range.end)], colour(host).mix(0.8))])?;
    }
    for (colour, points) in lines {
        chart.draw_series(LineSeries::new(points, colour.stroke_width(1)))?;
    }
    Ok(())
}

/// When each host's route changed.
pub fn route_changes(pass: &PassReport) -> Vec<(u64, usize)> {
    let mut changes = Vec::new();
    for host in 0..pass.figures.hosts.len() {
        let states: Vec<_> = pass.states.iter().filter(|change| change.host == host).collect();
        changes.extend(states.windows(2).filter(|pair| pair[0].state.route != pair[1].state.route).map(|pair| (pair[1].at_ms, host)));
    }
    changes
}
