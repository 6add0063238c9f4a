//! The plots of one pass: how requests fared, how long they took, where the calls went; over time, as one SVG.
//!
//! Colours are few and fixed, text and dashes come from the page's style sheet ([`STYLE`]): the plots must be readable on light and dark,
//! and without telling colours apart.

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::*;

use super::super::figures::{Requests, SLICE_MS, Slice};
use super::PassReport;

const SIZE: (u32, u32) = (960, 600);
/// One colour per host or Region, in their order; from the third on they repeat.
pub const COLOURS: [RGBColor; 2] = [RGBColor(0x2b, 0x7b, 0xba), RGBColor(0xd9, 0x7a, 0x06)];
/// What failed.
pub const BAD: RGBColor = RGBColor(0xd6, 0x27, 0x28);
/// Axes, shades and what is not known.
pub const GREY: RGBColor = RGBColor(0x80, 0x80, 0x80);

/// What the page's style sheet adds: text in the page's colour, the second series dashed.
pub const STYLE: &str = "svg.plot text{fill:currentColor}svg.plot polyline[stroke=\"#D97A06\"]{stroke-dasharray:7 3}svg.plot polyline[stroke=\"#D62728\"]{stroke-width:2.5}";

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// The plots of a pass. `id` makes the references of title and description unique in the page.
///
/// # Errors
/// When the plotting library fails.
pub fn svg(pass: &PassReport, id: &str, title: &str, description: &str) -> Result<String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let panels = root.split_evenly((3, 1));
        draw(pass, &panels).map_err(|error| anyhow!("the plot cannot be drawn: {error}"))?;
        root.present().map_err(|error| anyhow!("the plot cannot be drawn: {error}"))?;
    }
    labelled(&svg, id, title, description)
}

/// The drawing with what a reader without eyes gets: title and description. `id` makes their references unique in the page.
///
/// # Errors
/// When it is no SVG.
pub fn labelled(svg: &str, id: &str, title: &str, description: &str) -> Result<String> {
    // The library knows nothing of accessibility: what a reader without eyes gets is put after the opening tag.
    let open = svg.find("<svg ").ok_or_else(|| anyhow!("the plotting library made no SVG"))?;
    let (_, svg) = svg.split_at(open);
    let (tag, rest) = svg.split_once('>').ok_or_else(|| anyhow!("the plotting library made no SVG"))?;
    let tag = format!("{tag} class=\"plot\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\"");
    Ok(format!("{tag}><title id=\"{id}-t\">{title}</title><desc id=\"{id}-d\">{description}</desc>{}", rest.trim()))
}

type Drawn = Result<(), Box<dyn std::error::Error>>;

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
    let text = ("sans-serif", 13).into_font();
    let ends = pass.timeline.ends_ms() as f64 / 1000.0;
    let mut chart = ChartBuilder::on(area)
        .caption(caption, text.clone())
        .margin(4)
        .margin_right(16)
        .x_label_area_size(24)
        .y_label_area_size(52)
        .build_cartesian_2d(0.0..ends, y)?;
    chart
        .configure_mesh()
        .x_labels(12)
        .y_labels(5)
        .x_label_formatter(&|s| format!("{s:.0} s"))
        .y_label_formatter(&|value| format!("{value:.0}"))
        .label_style(text)
        .axis_style(GREY)
        .bold_line_style(GREY.mix(0.35))
        .light_line_style(TRANSPARENT)
        .draw()?;
    let range = chart.plotting_area().get_y_range();
    let span = [pass.timeline.begins_ms(), pass.timeline.heals_ms()].map(|ms| ms as f64 / 1000.0);
    chart.draw_series([Rectangle::new([(span[0], range.start), (span[1], range.end)], GREY.mix(0.18).filled())])?;
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
