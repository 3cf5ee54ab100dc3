//! Pictures as files: SVG and PNG from one drawing, with a font of our own, because a server seldom has any.

mod axis;
mod draw;
mod line;

use std::sync::OnceLock;

use anyhow::{Context as _, Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::{BitMapBackend, DrawingArea, DrawingBackend, IntoDrawingArea, SVGBackend};
use plotters::style::{FontStyle, register_font};

pub use axis::TimeAxis;
pub(crate) use draw::{
    Chart, DOWN, FIGURE, FILL, GRID, HEADER, INK, UP, WIDTH, draw_lines, failed, header, whole_marks,
};
pub(crate) use line::{Line, push};

/// The name under which the font is known: in an SVG the reader's own sans-serif takes its place.
pub const FONT: &str = "sans-serif";

/// `DejaVu` Sans, the Latin characters; its licence is beside it.
const FONT_FILE: &[u8] = include_bytes!("DejaVuSans-Latin.ttf");

/// Something that can be drawn on any kind of canvas.
pub trait Drawing {
    /// Width and height, pixels.
    fn size(&self) -> (u32, u32);

    /// Draws it.
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<()>
    where
        B::ErrorType: 'static;
}

/// The text of an SVG file.
pub fn svg(drawing: &impl Drawing) -> Result<String> {
    register()?;
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, drawing.size()).into_drawing_area();
        drawing.draw(&area)?;
        area.present().context("cannot finish the SVG")?;
    }
    Ok(text)
}

/// The bytes of a PNG file.
pub fn png(drawing: &impl Drawing) -> Result<Vec<u8>> {
    register()?;
    let (width, height) = drawing.size();
    let mut pixels = vec![0; width as usize * height as usize * 3];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        drawing.draw(&area)?;
        area.present().context("cannot finish the picture")?;
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().context("cannot begin the PNG")?;
    writer.write_image_data(&pixels).context("cannot write the PNG")?;
    writer.finish().context("cannot finish the PNG")?;
    Ok(file)
}

fn register() -> Result<()> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let registered = REGISTERED.get_or_init(|| register_font(FONT, FontStyle::Normal, FONT_FILE).is_ok());
    registered
        .then_some(())
        .ok_or_else(|| anyhow!("the built-in font cannot be read"))
}
