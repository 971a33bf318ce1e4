//! Draws the baked world into a PNG with the colours of the dark theme, for the eye that checks a bake.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use connmapperl::{
    projection::map_from_lon_lat,
    world::{Lines, World},
};
use tiny_skia::{
    Color, FillRule, GradientStop, LineJoin, LinearGradient, Paint, Path, PathBuilder, Pixmap, Point, Shader,
    SpreadMode, Stroke, Transform,
};

const OCEAN: [[u8; 3]; 3] = [[0x0b, 0x11, 0x19], [0x09, 0x0e, 0x15], [0x07, 0x0a, 0x0f]];
const LAND: [u8; 3] = [0x14, 0x1d, 0x29];
const COAST: [u8; 3] = [0x3d, 0x50, 0x67];
const BORDER: [u8; 3] = [0x2a, 0x36, 0x46];
const COAST_WIDTH_PX: f32 = 0.9;
const BORDER_WIDTH_PX: f32 = 0.7;

/// Draws the embedded world into a PNG.
#[derive(clap::Args)]
pub struct PreviewWorld {
    out: PathBuf,
    /// Pixels, as in 1920x1080.
    #[arg(long, default_value = "1920x1080")]
    size: String,
    /// Degrees at the left edge, right edge and top edge of the picture.
    #[arg(long, num_args = 3, default_values_t = [-180.0, 180.0, 78.0], allow_negative_numbers = true)]
    window: Vec<f32>,
    /// Level of detail; without it the one that the program would take.
    #[arg(long)]
    level: Option<usize>,
    /// A baked file to draw in place of the embedded one.
    #[arg(long)]
    world: Option<PathBuf>,
}

impl PreviewWorld {
    pub fn run(&self) -> Result<()> {
        let started = std::time::Instant::now();
        let world = match &self.world {
            Some(path) => World::from_bytes(&std::fs::read(path)?)?,
            None => World::embedded()?,
        };
        let decoded = started.elapsed();
        let (width, height) = self.size.split_once('x').context("--size is WIDTHxHEIGHT")?;
        let mut canvas = Pixmap::new(width.parse()?, height.parse()?).context("--size is out of range")?;
        let &[west, east, north] = &self.window[..] else { anyhow::bail!("--window takes three numbers") };
        ensure!(west < east, "--window goes from west to east");
        let scale = canvas.width() as f32 * 360.0 / (east - west);
        let number = self.level.unwrap_or(world.level_for_width(scale));
        let level = world.levels().get(number).context("no such level")?;

        let [left, top] = map_from_lon_lat(west, north);
        let pixel = |[lon, lat]: [f32; 2]| {
            let [x, y] = map_from_lon_lat(lon, lat);
            Point::from_xy((x - left) * scale, (top - y) * scale)
        };
        draw_ocean(&mut canvas);
        let mut land = PathBuilder::new();
        for corners in level.land_indices.chunks_exact(3) {
            let [a, b, c] = [0, 1, 2].map(|i| pixel(level.land_vertices[corners[i] as usize]));
            land.move_to(a.x, a.y);
            land.line_to(b.x, b.y);
            land.line_to(c.x, c.y);
            land.close();
        }
        if let Some(land) = land.finish() {
            // One path of triangles that share edges and a winding: the rule leaves no seams between them.
            canvas.fill_path(&land, &paint(LAND), FillRule::Winding, Transform::identity(), None);
        }
        draw_lines(&mut canvas, &level.borders, BORDER, BORDER_WIDTH_PX, pixel);
        draw_lines(&mut canvas, &level.coasts, COAST, COAST_WIDTH_PX, pixel);
        write_png(&canvas, &self.out)?;
        println!("level {number} of {}, decoded in {decoded:.1?}", world.levels().len());
        Ok(())
    }
}

fn draw_ocean(canvas: &mut Pixmap) {
    let stops = OCEAN.iter().zip([0.0, 0.5, 1.0]);
    let stops =
        stops.map(|(&[r, g, b], at)| GradientStop::new(at, Color::from_rgba8(r, g, b, 255))).collect();
    let bottom = Point::from_xy(0.0, canvas.height() as f32);
    let gradient = LinearGradient::new(Point::zero(), bottom, stops, SpreadMode::Pad, Transform::identity());
    let paint = Paint { shader: gradient.unwrap_or(Shader::SolidColor(Color::BLACK)), ..Paint::default() };
    if let Some(all) = tiny_skia::Rect::from_xywh(0.0, 0.0, canvas.width() as f32, canvas.height() as f32) {
        canvas.fill_rect(all, &paint, Transform::identity(), None);
    }
}

fn draw_lines(
    canvas: &mut Pixmap,
    lines: &Lines,
    colour: [u8; 3],
    width: f32,
    pixel: impl Fn([f32; 2]) -> Point,
) {
    let stroke = Stroke { width, line_join: LineJoin::Round, ..Stroke::default() };
    for path in lines.iter().filter_map(|line| path_of_line(line, &pixel)) {
        canvas.stroke_path(&path, &paint(colour), &stroke, Transform::identity(), None);
    }
}

fn path_of_line(line: &[[f32; 2]], pixel: impl Fn([f32; 2]) -> Point) -> Option<Path> {
    let mut path = PathBuilder::new();
    let (&first, rest) = line.split_first()?;
    let start = pixel(first);
    path.move_to(start.x, start.y);
    for &point in rest {
        let to = pixel(point);
        path.line_to(to.x, to.y);
    }
    path.finish()
}

fn paint([r, g, b]: [u8; 3]) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(r, g, b, 255);
    paint
}

/// The canvas is opaque everywhere, so its premultiplied bytes are plain ones.
fn write_png(canvas: &Pixmap, path: &PathBuf) -> Result<()> {
    let file = std::fs::File::create(path).with_context(|| path.display().to_string())?;
    let mut encoder = png::Encoder::new(std::io::BufWriter::new(file), canvas.width(), canvas.height());
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(canvas.data())?;
    Ok(())
}
