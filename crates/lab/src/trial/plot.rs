//! Parts of a report's plots: panels over time in one SVG.
//!
//! Colours are few and fixed, text comes from the page's style sheet: the plots must be readable on light and dark, and without telling
//! colours apart.

use std::ops::Range;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

/// One colour per host or Region, in their order; from the third on they repeat.
pub const COLOURS: [RGBColor; 2] = [RGBColor(0x2b, 0x7b, 0xba), RGBColor(0xd9, 0x7a, 0x06)];
/// What failed.
pub const BAD: RGBColor = RGBColor(0xd6, 0x27, 0x28);
/// Axes, shades and what is not known.
pub const GREY: RGBColor = RGBColor(0x80, 0x80, 0x80);
const TEXT: (&str, i32) = ("sans-serif", 13);

/// What is drawn on.
pub type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// A chart with seconds below.
pub type Chart<'a, Y> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<RangedCoordf64, Y>>;
/// Whether the plotting library could.
pub type Drawn<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// What a reader without eyes gets of a plot.
pub struct Label<'a> {
    /// Makes the references of title and description unique in the page.
    pub id: &'a str,
    /// The title.
    pub title: &'a str,
    /// The description.
    pub description: &'a str,
}

/// A drawing as SVG.
///
/// # Errors
/// When the plotting library fails.
pub fn svg(size: (u32, u32), label: &Label<'_>, draw: impl FnOnce(&Area<'_>) -> Drawn) -> Result<String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let drawn = draw(&root).and_then(|()| Ok(root.present()?));
        drawn.map_err(|error| anyhow!("the plot cannot be drawn: {error}"))?;
    }
    labelled(&svg, label)
}

fn labelled(svg: &str, Label { id, title, description }: &Label<'_>) -> Result<String> {
    // The library knows nothing of accessibility: the label is put after the opening tag.
    let open = svg.find("<svg ").ok_or_else(|| anyhow!("the plotting library made no SVG"))?;
    let (_, svg) = svg.split_at(open);
    let (tag, rest) = svg.split_once('>').ok_or_else(|| anyhow!("the plotting library made no SVG"))?;
    let tag = format!("{tag} class=\"plot\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\"");
    Ok(format!("{tag}><title id=\"{id}-t\">{title}</title><desc id=\"{id}-d\">{description}</desc>{}", rest.trim()))
}

/// A panel over time.
pub struct Panel<'a> {
    /// Above it.
    pub caption: Option<&'a str>,
    /// Room for the names on the left.
    pub left: u32,
    /// Where it ends, in seconds.
    pub ends_s: f64,
    /// What is shaded, in seconds: the fault, the loss.
    pub shaded_s: Range<f64>,
    /// Labels on the left, with lines; 0: neither.
    pub labels: usize,
}

impl Panel<'_> {
    /// Its axes and its shade; lines and bars come on top.
    ///
    /// # Errors
    /// When the plotting library fails.
    pub fn chart<'b, Y>(&self, area: &Area<'b>, y: Y) -> Drawn<Chart<'b, Y::CoordDescType>>
    where
        Y: AsRangedCoord<Value = f64>,
        Y::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
    {
        let text = TEXT.into_font();
        let mut builder = ChartBuilder::on(area);
        if let Some(caption) = self.caption {
            builder.caption(caption, text.clone());
        }
        let mut chart = builder
            .margin(4)
            .margin_right(16)
            .x_label_area_size(24)
            .y_label_area_size(self.left)
            .build_cartesian_2d(0.0..self.ends_s, y)?;
        chart
            .configure_mesh()
            .x_labels(12)
            .y_labels(self.labels)
            .x_label_formatter(&|s| format!("{s:.0} s"))
            .y_label_formatter(&|value| format!("{value:.0}"))
            .label_style(text)
            .axis_style(GREY)
            .bold_line_style(if self.labels > 0 { GREY.mix(0.35) } else { TRANSPARENT })
            .light_line_style(TRANSPARENT)
            .draw()?;
        let range = chart.plotting_area().get_y_range();
        let Range { start, end } = self.shaded_s;
        chart.draw_series([Rectangle::new([(start, range.start), (end, range.end)], GREY.mix(0.18).filled())])?;
        Ok(chart)
    }
}
