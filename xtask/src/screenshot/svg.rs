//! A terminal's screen as SVG. Blocks are drawn as rectangles, so that bars have no gaps in whatever font; every
//! run of text is stretched to the columns it takes, so that the columns are straight.

use std::fmt::Write as _;

use super::ansi::{Look, Run};

const WIDTH: f64 = 8.4;
const HEIGHT: f64 = 18.0;
const MARGIN: f64 = 14.0;
const BACKGROUND: &str = "#16181d";
const FOREGROUND: &str = "#d8dbe2";
/// The terminal's sixteen colours.
const COLOURS: [&str; 16] = [
    "#3b4048", "#f2777a", "#8fc379", "#e5c07b", "#6cb0f5", "#d291e4", "#5cc2cd", "#d8dbe2", "#6b7280",
    "#ff8f93", "#a5d994", "#f2d18f", "#8ac4ff", "#e3a9f2", "#7adbe5", "#ffffff",
];

pub(super) fn draw(lines: &[Vec<Run>], (columns, rows): (u16, u16)) -> String {
    let width = f64::from(columns) * WIDTH + 2.0 * MARGIN;
    let height = f64::from(rows) * HEIGHT + 2.0 * MARGIN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, \
         monospace\" font-size=\"14\">\n<title>autoscaler top</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n"
    );
    for (row, runs) in lines.iter().enumerate() {
        let top = MARGIN + row as f64 * HEIGHT;
        let mut column = 0;
        for run in runs {
            let taken = run.text.chars().count();
            draw_run(&mut out, run, MARGIN + column as f64 * WIDTH, top, taken);
            column += taken;
        }
    }
    out.push_str("</svg>\n");
    out
}

fn draw_run(out: &mut String, run: &Run, left: f64, top: f64, taken: usize) {
    let (mut ink, mut paper) = (
        run.look
            .colour
            .and_then(|colour| COLOURS.get(usize::from(colour)))
            .map_or(FOREGROUND, |colour| *colour),
        None,
    );
    if run.look.reversed {
        paper = Some(ink);
        ink = BACKGROUND;
    }
    if let Some(paper) = paper {
        rectangle(out, left, top, taken as f64 * WIDTH, HEIGHT, paper, 1.0);
    }
    let opacity = if run.look.faint { 0.55 } else { 1.0 };
    // Blocks and text alternate within one run.
    let mut text = String::new();
    let mut start = 0;
    for (index, c) in run.text.chars().enumerate() {
        let x = left + index as f64 * WIDTH;
        if let Some(eighths) = eighths(c) {
            flush(
                out,
                &mut text,
                left + start as f64 * WIDTH,
                top,
                ink,
                opacity,
                run.look,
            );
            let tall = HEIGHT * eighths / 8.0;
            rectangle(out, x, top + HEIGHT - tall, WIDTH, tall, ink, opacity);
            start = index + 1;
        } else if c == ' ' && text.is_empty() {
            start = index + 1;
        } else {
            text.push(c);
        }
    }
    flush(
        out,
        &mut text,
        left + start as f64 * WIDTH,
        top,
        ink,
        opacity,
        run.look,
    );
}

/// Height of a block element (U+2581 to U+2588) in eighths.
fn eighths(c: char) -> Option<f64> {
    let index = u32::from(c).checked_sub(0x2580)?;
    (1..=8).contains(&index).then(|| f64::from(index))
}

fn rectangle(out: &mut String, x: f64, y: f64, width: f64, height: f64, fill: &str, opacity: f64) {
    let _ = writeln!(
        out,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{fill}\" opacity=\"{opacity}\"/>"
    );
}

fn flush(out: &mut String, text: &mut String, x: f64, top: f64, fill: &str, opacity: f64, look: Look) {
    let shown = text.trim_end();
    if !shown.is_empty() {
        let length = shown.chars().count() as f64 * WIDTH;
        let weight = if look.bold { " font-weight=\"bold\"" } else { "" };
        let line = if look.underlined {
            " text-decoration=\"underline\""
        } else {
            ""
        };
        let escaped = shown.replace('&', "&amp;").replace('<', "&lt;");
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{length:.1}\" lengthAdjust=\"spacingAndGlyphs\" \
             xml:space=\"preserve\" fill=\"{fill}\" opacity=\"{opacity}\"{weight}{line}>{escaped}</text>",
            top + HEIGHT * 0.76
        );
    }
    text.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_blocks_are_rectangles() {
        let run = Run {
            text: "a<b █▁".to_owned(),
            look: Look::default(),
        };
        let svg = draw(&[vec![run]], (10, 1));
        assert!(svg.contains("a&lt;b"));
        assert_eq!(svg.matches("<rect").count(), 3);
        assert!(svg.contains("height=\"18.0\"") && svg.contains("height=\"2.2\""));
    }
}
