//! Curves over the steps of a training, as SVG.

use std::io;
use std::ops::Range;

use plotters::backend::SVGBackend;
use plotters::chart::ChartBuilder;
use plotters::drawing::{DrawingAreaErrorKind, IntoDrawingArea as _};
use plotters::element::Circle;
use plotters::series::LineSeries;
use plotters::style::{BLACK, Color as _, RGBColor, ShapeStyle, TRANSPARENT};
use serde::Serialize;

use super::defect;
use crate::error::ExportError;

/// Width and height of the drawing. Coordinates are whole numbers, so that it is drawn larger than it is shown.
const SIZE: (u32, u32) = (1280, 640);
/// Size of its letters, which a screen of a phone makes a third as large.
const LETTERS: i32 = 44;
/// Radius of a dot.
const DOT: i32 = 9;
/// Beyond this, a number is no measurement, and no axis has a sensible scale.
const MOST: f64 = 1e12;
/// What of the earlier mean goes into the next one.
const SMOOTHING: f64 = 0.9;

/// A step and what was measured at it.
pub(super) type Point = (f64, f64);

/// How a curve is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) enum Style {
    /// Behind others: what jumps from step to step.
    Faint,
    /// A line.
    Line,
    /// A line with a dot for each value.
    Dotted,
    /// A level that others are held against.
    Level,
}

impl Style {
    /// Colours that stand out from white and from black, and from each other for eyes that see no red or green (Okabe and Ito 2008).
    const fn color(self) -> RGBColor {
        match self {
            Self::Faint | Self::Line => RGBColor(0x00, 0x72, 0xB2),
            Self::Dotted => RGBColor(0xD5, 0x5E, 0x00),
            Self::Level => RGBColor(0x00, 0x9E, 0x73),
        }
    }

    const fn opacity(self) -> f64 {
        match self {
            Self::Faint => 0.4,
            Self::Line | Self::Dotted | Self::Level => 1.0,
        }
    }

    fn stroke(self) -> ShapeStyle {
        let width = match self {
            Self::Faint => 3,
            Self::Line | Self::Dotted | Self::Level => 5,
        };
        self.color().mix(self.opacity()).stroke_width(width)
    }
}

/// A named row of points.
pub(super) struct Curve {
    name: &'static str,
    style: Style,
    points: Vec<Point>,
}

impl Curve {
    /// A curve of the points that can be drawn.
    pub(super) fn new(name: &'static str, style: Style, points: Vec<Point>) -> Self {
        let is_drawn = |(x, y): &Point| x.abs() <= MOST && y.abs() <= MOST;
        Self {
            name,
            style,
            points: points.into_iter().filter(is_drawn).collect(),
        }
    }

    /// The exponential moving average of another curve, freed of its bias towards 0 (Kingma and Ba 2015), as TensorBoard draws it.
    pub(super) fn smoothed(name: &'static str, curve: &Self) -> Self {
        let (mut mean, mut weight) = (0.0, 0.0);
        let next = |(step, value): &Point| {
            mean = mean * SMOOTHING + value * (1.0 - SMOOTHING);
            weight = weight * SMOOTHING + (1.0 - SMOOTHING);
            (*step, mean / weight)
        };
        Self {
            name,
            style: Style::Line,
            points: curve.points.iter().map(next).collect(),
        }
    }

    /// Where it begins and ends, and between what it moves.
    fn description(&self) -> Option<String> {
        let ((first_step, first), (last_step, last)) = (self.points.first()?, self.points.last()?);
        let values = extent(self.points.iter().map(|(_, value)| *value));
        Some(format!(
            "{}: {} at step {first_step:.0}, {} at step {last_step:.0}, from {} to {}.",
            self.name,
            number(*first),
            number(*last),
            number(values.start),
            number(values.end),
        ))
    }
}

/// A drawing with all that the page says of it.
#[derive(Serialize)]
pub(super) struct Chart {
    title: &'static str,
    description: String,
    width: u32,
    height: u32,
    svg: String,
    legend: Vec<Legend>,
}

/// What a curve of a drawing is called.
#[derive(Serialize)]
struct Legend {
    name: &'static str,
    color: String,
    opacity: f64,
}

impl Chart {
    /// Draws curves over steps; `None` where they have no points.
    pub(super) fn new(
        title: &'static str,
        mut curves: Vec<Curve>,
    ) -> Result<Option<Self>, ExportError> {
        curves.retain(|curve| !curve.points.is_empty());
        if curves.is_empty() {
            return Ok(None);
        }
        let descriptions: Vec<String> = curves.iter().filter_map(Curve::description).collect();
        let legend = curves.iter().map(|curve| Legend {
            name: curve.name,
            color: hex(curve.style.color()),
            opacity: curve.style.opacity(),
        });
        let (width, height) = SIZE;
        Ok(Some(Self {
            title,
            description: descriptions.join(" "),
            width,
            height,
            svg: drawn(&curves).map_err(defect)?,
            legend: legend.collect(),
        }))
    }
}

fn drawn(curves: &[Curve]) -> Result<String, DrawingAreaErrorKind<io::Error>> {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let last = extent(points().map(|(step, _)| *step)).end;
    let values = padded(&extent(points().map(|(_, value)| *value)));
    let digits = digits(&values);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin(24)
            // Half of the last step's number stands beyond the end.
            .margin_right(64)
            .x_label_area_size(130)
            .y_label_area_size(190)
            .build_cartesian_2d(0.0..last.max(1.0), values)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(BLACK.mix(0.2))
            .axis_style(BLACK.stroke_width(2))
            .set_all_tick_mark_size(8)
            .label_style(("sans-serif", LETTERS))
            .x_labels(8)
            .y_labels(6)
            .x_label_formatter(&|step| whole(*step))
            .y_label_formatter(&|value| tick(*value, digits))
            .x_desc("step")
            .draw()?;
        for curve in curves {
            let points = curve.points.iter().copied();
            chart.draw_series(LineSeries::new(points.clone(), curve.style.stroke()))?;
            // A line of a single point is not seen.
            if matches!(curve.style, Style::Dotted) || curve.points.len() == 1 {
                let dot = curve.style.color().filled();
                chart.draw_series(points.map(|point| Circle::new(point, DOT, dot)))?;
            }
        }
        root.present()?;
    }
    Ok(svg)
}

/// The least and the greatest.
fn extent(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (least, most) = values.fold(
        (f64::INFINITY, f64::NEG_INFINITY),
        |(least, most), value| (least.min(value), most.max(value)),
    );
    least..most
}

/// With room above and below, also where all values are the same.
fn padded(values: &Range<f64>) -> Range<f64> {
    let size = values.start.abs().max(values.end.abs());
    let room = (0.05 * (values.end - values.start)).max(1e-3 * size);
    let room = if room < 1e-12 { 1.0 } else { room };
    values.start - room..values.end + room
}

/// Digits behind the point that tell the labels of an axis apart; `None` where only powers of ten do.
fn digits(values: &Range<f64>) -> Option<usize> {
    const SPANS: [f64; 6] = [10.0, 1.0, 0.1, 1e-2, 1e-3, 1e-4];
    let span = values.end - values.start;
    let is_short = values.start.abs().max(values.end.abs()) < 1e6;
    SPANS.iter().position(|least| is_short && span >= *least)
}

fn tick(value: f64, digits: Option<usize>) -> String {
    match digits {
        Some(digits) => {
            let text = format!("{value:.digits$}");
            // What rounds to nothing has no sign.
            match text.strip_prefix('-') {
                Some(rest) if !rest.contains(|c: char| matches!(c, '1'..='9')) => rest.to_owned(),
                _ => text,
            }
        }
        None => format!("{value:.1e}"),
    }
}

/// A step; nothing between two of them.
fn whole(step: f64) -> String {
    if (step - step.round()).abs() < 1e-6 {
        format!("{step:.0}")
    } else {
        String::new()
    }
}

/// A measured number for people.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if size > 0.0 && !(1e-3..1e6).contains(&size) {
        format!("{value:.2e}")
    } else {
        format!("{value:.4}")
    }
}

fn hex(color: RGBColor) -> String {
    format!("#{:02X}{:02X}{:02X}", color.0, color.1, color.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smoothed_curve_begins_where_its_values_do() {
        let steady = Curve::new("", Style::Faint, vec![(1.0, 2.0), (2.0, 2.0), (3.0, 2.0)]);
        for (_, value) in Curve::smoothed("", &steady).points {
            assert!((value - 2.0).abs() < 1e-12, "{value}");
        }
        let falls = Curve::new("", Style::Faint, vec![(1.0, 2.0), (2.0, 1.0)]);
        let smoothed = Curve::smoothed("", &falls);
        assert!(smoothed.points[1].1 > 1.4 && smoothed.points[1].1 < 1.5);
    }

    #[test]
    fn labels_of_an_axis_differ() {
        for (values, step, expected) in [
            (0.0..2e-4, 5e-5, ["0.00000", "0.00005", "0.00010"]),
            (2.31..2.33, 0.005, ["0.000", "0.005", "0.010"]),
            (0.0..3.0, 0.5, ["0.0", "0.5", "1.0"]),
            (0.0..4000.0, 1000.0, ["0", "1000", "2000"]),
            (0.0..3e-6, 1e-6, ["0.0e0", "1.0e-6", "2.0e-6"]),
        ] {
            let digits = digits(&values);
            let ticks = [0.0, 1.0, 2.0].map(|n| tick(n * step, digits));
            assert_eq!(ticks, expected);
        }
        assert_eq!(tick(-1e-9, Some(2)), "0.00");
        assert_eq!((whole(3.0), whole(2.5)), ("3".to_owned(), String::new()));
    }

    #[test]
    fn whatever_was_measured_can_be_drawn() {
        let rows = [
            vec![(1.0, 0.0)],
            vec![(1.0, 1e-300), (2.0, 1e-300)],
            vec![(5.0, 3.0), (2.0, 3.0)],
            vec![(1.0, 1e300), (1e19, 1.0), (3.0, -1e12), (4.0, 1e12)],
        ];
        for points in rows {
            let curve = Curve::new("loss", Style::Dotted, points);
            let chart = Chart::new("Loss", vec![curve]).unwrap().unwrap();
            assert!(chart.svg.contains("<circle"), "{}", chart.svg);
        }
        let beyond = Curve::new("loss", Style::Line, vec![(1.0, 1e300)]);
        assert!(Chart::new("Loss", vec![beyond]).unwrap().is_none());
    }
}
