//! `connmapperl hilbert`: all of IPv4, or a block of it, as one picture: each network where the Hilbert curve has it, the
//! brighter the more connections there were. Of the history, or of a list of addresses on standard input.

mod labels;
mod list;

use std::{io, net::Ipv4Addr, path::PathBuf, process::ExitCode};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use image::RgbaImage;

use super::{
    Common, FilterArgs, NO_HISTORY, PastArgs, RulesArgs, TablesArgs, complain,
    snapshot::write_picture,
    when::{self, When},
};
use crate::{
    components::{
        palette::Palette as RuleColours,
        rule_book::RuleBook,
        space_ground::{age_number_at, rule_colour, rule_number},
        theme::Theme,
    },
    enrich::Sources,
    geo::Geography,
    hilbert::{
        Family, Last, Orientation, Peers, Prefix,
        ground::Ground,
        paint::{BYTES_A_PIXEL, Colours, LARGEST_PX, SMALLEST_PX, View, paint, tint},
    },
    history::Player,
    systems::wall_unix_millis,
};

/// Said one by one; the rest is counted.
const MOST_COMPLAINTS: u64 = 20;
/// Of grid lines, of 255, over what is below.
const GRID: u32 = 26;
/// Blocks that the grid parts: of so many bits more than the block of the picture, at least.
const LEAST_GRID_BITS: u8 = 4;

#[derive(Clone, Debug, Args)]
pub struct HilbertArgs {
    #[command(flatten)]
    rules: RulesArgs,
    #[command(flatten)]
    tables: TablesArgs,
    #[command(flatten)]
    past: PastArgs,
    /// Where to begin: 2026-11-25, "2026-11-25 14:00", 6h (ago), start
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub from: Option<When>,
    /// Where to end: the same, or now, or end
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub to: Option<When>,
    #[command(flatten)]
    which: FilterArgs,
    /// In place of the history, addresses from standard input: one a line, with how often behind it if not once
    #[arg(long, conflicts_with_all = ["history", "from", "to", "filter"])]
    pub stdin: bool,
    /// File to write
    #[arg(short, long, value_name = "FILE.png")]
    pub output: PathBuf,
    /// Longer edge in pixels, a power of two from 256 to 16384
    #[arg(long, value_name = "PX", default_value = "4096", value_parser = side_from_text)]
    pub size: u32,
    /// A part of the space, such as 10.0.0.0/8
    #[arg(long, value_name = "NET", default_value = "0.0.0.0/0")]
    pub prefix: Prefix,
    /// What colours tell apart
    #[arg(long, value_enum, default_value = "octet")]
    pub color: Color,
    /// Columns and rows swapped, as ipv4-heatmap -T has it
    #[arg(long)]
    pub transpose: bool,
    /// Without grid lines and names of blocks
    #[arg(long)]
    pub plain: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// First octet
    Octet,
    /// Country
    Country,
    /// Autonomous system
    Asn,
    /// Regional Internet registry
    Rir,
    /// Rule of the newest connection of each /24
    Rule,
    /// How long ago that was: within an hour, a day, a week, a month, a year, or longer
    Age,
    /// How many connections, alone
    Heat,
}

fn side_from_text(text: &str) -> Result<u32, String> {
    let side = text.parse().ok().filter(|side| View::new(Prefix::ALL, *side, Orientation::Usual).is_ok());
    side.ok_or_else(|| format!("the size is a power of two from {SMALLEST_PX} to {LARGEST_PX}"))
}

/// Paints and writes the picture. The exit code is not 0 where a line of standard input was not understood.
///
/// # Errors
/// When there is no such history, or the picture cannot be written.
pub fn hilbert(args: &HilbertArgs) -> anyhow::Result<ExitCode> {
    if args.stdin && matches!(args.color, Color::Rule | Color::Age) {
        bail!("a list of addresses tells neither rules nor times: --color rule and age are for the history");
    }
    let orientation = if args.transpose { Orientation::Transposed } else { Orientation::Usual };
    let view = View::new(args.prefix, args.size, orientation)?;
    let (heard, bad_lines) = if args.stdin { listed()? } else { (recorded(args)?, 0) };
    let heat = &heard.peers.ipv4.heat;
    let mut rgba = painted(args, &heard, view)?;
    let grid_length = grid_length(args.prefix);
    if !args.plain {
        draw_grid(view, args.prefix, grid_length, &mut rgba);
    }
    let [width, height] = view.size_px();
    let picture =
        RgbaImage::from_raw(width, height, rgba).context("the picture has another size than it should")?;
    let mut picture = image::DynamicImage::from(picture).to_rgb8();
    if !args.plain {
        labels::write(&mut picture, view, args.prefix, grid_length)?;
    }
    write_picture(&picture, &args.output)
        .with_context(|| format!("cannot write {}", args.output.display()))?;
    let seen = heat.seen(args.prefix);
    let (file, block) = (args.output.display(), args.prefix);
    complain(&format!(
        "{file}: {} address{} in {} /24 of {block}, {} in all",
        seen.addresses,
        if seen.addresses == 1 { "" } else { "es" },
        seen.networks,
        seen.count
    ));
    Ok(if bad_lines == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The grid parts a block by whole octets, into sixteen parts at least: blocks that are named by their octets, and squares.
const fn grid_length(block: Prefix) -> u8 {
    let octets = (block.length() + LEAST_GRID_BITS).div_ceil(8);
    if octets < 4 { 8 * octets } else { 32 }
}

/// What the picture is made of.
struct Heard {
    peers: Peers,
    /// From when ages are counted, Unix milliseconds.
    until_ms: i64,
}

/// From standard input, with how many lines were none.
fn listed() -> anyhow::Result<(Heard, u64)> {
    let mut peers = Peers::default();
    let bad_lines = list::read(io::stdin().lock(), &mut peers.ipv4.heat, |bad, number, text| {
        if bad <= MOST_COMPLAINTS {
            complain(&format!(
                "line {number}: `{}` is no IPv4 address, alone or with how often behind it",
                text.escape_debug()
            ));
        }
    })
    .context("cannot read standard input")?;
    if bad_lines > MOST_COMPLAINTS {
        complain(&format!("{bad_lines} lines in all were not understood"));
    }
    Ok((Heard { peers, until_ms: 0 }, bad_lines))
}

fn recorded(args: &HilbertArgs) -> anyhow::Result<Heard> {
    let common = Common { history: args.past.history.clone(), ..Common::default() };
    let mut player = Player::open(&common.history_file().context(NO_HISTORY)?)?;
    let span = when::stretch(&player, args.from, args.to, wall_unix_millis())?;
    let filter = &args.which.filter;
    let peers = if filter.is_everything() {
        player.peers(span.from_ms, span.to_ms, || true)?
    } else {
        let mut choice = player.choice(filter, || true)?;
        player.chosen_peers(span.from_ms, span.to_ms, &mut choice)?
    };
    let peers = peers.unwrap_or_default();
    let ipv6 = peers.ipv6.heat.seen(Prefix::ALL).count + peers.without_key;
    if ipv6 > 0 {
        complain(&format!("not on the picture: {ipv6} connections over IPv6"));
    }
    Ok(Heard { peers, until_ms: span.to_ms })
}

fn painted(args: &HilbertArgs, heard: &Heard, view: View) -> anyhow::Result<Vec<u8>> {
    let Heard { peers, until_ms } = heard;
    let heat = &peers.ipv4.heat;
    let (order, _) = view.order();
    let by = |tint: &dyn Fn(u32) -> [u8; 3]| paint(heat, view, &Colours::Tint(tint));
    Ok(match args.color {
        Color::Octet => by(&tint::octet),
        Color::Rir => by(&tint::registry),
        Color::Heat => paint(heat, view, &Colours::Heat),
        Color::Rule => {
            let colours = of_labels(args, peers)?;
            let number = |last: Last| rule_number(usize::from(last.label));
            let ground = Ground::of_newest(Family::V4, &peers.ipv4.newest, number);
            by(&|key| {
                let label = usize::from(ground.number_at(key, order)).checked_sub(1);
                label.and_then(|label| colours.get(label)).copied().unwrap_or(tint::NOBODY)
            })
        }
        Color::Age => {
            let number = |last: Last| age_number_at(last, *until_ms);
            let ground = Ground::of_newest(Family::V4, &peers.ipv4.newest, number);
            by(&|key| {
                let class = usize::from(ground.number_at(key, order)).checked_sub(1);
                class.and_then(|class| tint::AGES.get(class)).map_or(tint::NOBODY, |age| age.1)
            })
        }
        Color::Country => {
            let geography = geography(args)?;
            by(&|key| {
                let country =
                    geography.locate(Ipv4Addr::from_bits(key).into()).ok().and_then(|place| place.country);
                country.map_or(tint::NOBODY, |code| tint::hue(tint::country_number(code)))
            })
        }
        Color::Asn => {
            let geography = geography(args)?;
            by(&|key| {
                let system = geography.asn(Ipv4Addr::from_bits(key).into());
                system.map_or(tint::NOBODY, |system| tint::hue(tint::number(system.number)))
            })
        }
    })
}

/// The colours that the labels of then have today.
fn of_labels(args: &HilbertArgs, peers: &Peers) -> anyhow::Result<Vec<[u8; 3]>> {
    let common = Common { config: args.rules.config.clone(), ..Common::default() };
    let file = common.named().read_rules()?;
    file.errors.iter().for_each(|error| complain(&format!("{}: {error}", file.source)));
    let book = RuleBook::new(file.rules, file.source);
    let colours = peers.labels.iter().map(|label| {
        rule_colour(book.label_named(label.as_deref()), &Theme::DARK, &book, &RuleColours::default())
    });
    Ok(colours.collect())
}

fn geography(args: &HilbertArgs) -> anyhow::Result<Geography> {
    let common = Common { data: args.tables.data.clone(), ..Common::default() };
    let folders = common.folders()?;
    let mut sources = Sources::open(&folders);
    super::complain_of_files(sources.take_reports());
    Ok(sources.geography().clone())
}

/// A faint line at the left and top of each block that has some bits more than the whole picture.
fn draw_grid(view: View, whole: Prefix, length: u8, rgba: &mut [u8]) {
    let pixels = rgba.as_chunks_mut::<BYTES_A_PIXEL>().0;
    let width = view.size_px()[0] as usize;
    let step = Prefix::of(0, length).keys();
    let blocks = whole.keys() / step;
    for at in 0..blocks {
        let block = Prefix::of((u64::from(whole.first()) + at * step) as u32, length);
        let Some([left, top, wide, high]) = view.area_px(block).map(|area| area.map(|px| px as usize)) else {
            continue;
        };
        let across = (0..wide).map(|x| top * width + left + x);
        let down = (1..high).map(|y| (top + y) * width + left);
        for pixel in across.chain(down) {
            if let Some([r, g, b, _]) = pixels.get_mut(pixel) {
                for part in [r, g, b] {
                    *part = (u32::from(*part) + (255 - u32::from(*part)) * GRID / 255) as u8;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_two() {
        assert_eq!(side_from_text("4096"), Ok(4_096));
        for bad in ["", "4095", "128", "32768", "-256", "256x256"] {
            assert!(side_from_text(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_grid_parts_blocks_and_stays_on_the_picture() {
        let view = View::new(Prefix::ALL, 256, Orientation::Usual).unwrap();
        let mut rgba = vec![0; 256 * 256 * BYTES_A_PIXEL];
        draw_grid(view, Prefix::ALL, 8, &mut rgba);
        let bright = |x: usize, y: usize| rgba[(y * 256 + x) * BYTES_A_PIXEL] > 0;
        assert!(bright(16, 5) && bright(5, 16) && bright(0, 0) && bright(240, 255));
        assert!(!bright(5, 5) && !bright(255, 255));
    }
}
