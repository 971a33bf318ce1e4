//! `connmapperl hilbert`: all of IPv4, or a block of it, as one picture: each network where the Hilbert curve has it, the
//! brighter the more connections there were. Of the history, or of a list of addresses on standard input.

mod list;

use std::{collections::HashMap, io, net::Ipv4Addr, path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::Context;
use clap::{Args, ValueEnum};
use image::RgbaImage;

use super::{
    Common, FilterArgs, NO_HISTORY, PastArgs, TablesArgs, complain,
    snapshot::write_picture,
    when::{self, When},
};
use crate::{
    enrich::Sources,
    filter::{Filter, Subject},
    geo::Geography,
    hilbert::{
        Orientation, Prefix,
        heat::Heat,
        paint::{BYTES_A_PIXEL, Colours, LARGEST_PX, SMALLEST_PX, View, paint, tint},
    },
    history::{Player, Recorded},
    model::AgentId,
    systems::wall_unix_millis,
    world::country_name,
};

/// Said one by one; the rest is counted.
const MOST_COMPLAINTS: u64 = 20;
/// Of grid lines, of 255, over what is below.
const GRID: u32 = 26;
/// Blocks that the grid parts: of so many bits more than the block of the picture, at most.
const GRID_BITS: u8 = 8;

#[derive(Clone, Debug, Args)]
pub struct HilbertArgs {
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
    /// Without grid lines
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
    let orientation = if args.transpose { Orientation::Transposed } else { Orientation::Usual };
    let view = View::new(args.prefix, args.size, orientation)?;
    let (heat, bad_lines) = if args.stdin { listed()? } else { (recorded(args)?, 0) };
    let mut rgba = painted(args, &heat, view)?;
    if !args.plain {
        draw_grid(view, args.prefix, &mut rgba);
    }
    let [width, height] = view.size_px();
    let picture =
        RgbaImage::from_raw(width, height, rgba).context("the picture has another size than it should")?;
    let picture = image::DynamicImage::from(picture).to_rgb8();
    write_picture(&picture, &args.output)
        .with_context(|| format!("cannot write {}", args.output.display()))?;
    let seen = heat.seen(args.prefix);
    let (file, block) = (args.output.display(), args.prefix);
    complain(&format!(
        "{file}: {} addresses in {} /24 of {block}, {} in all",
        seen.addresses, seen.networks, seen.count
    ));
    Ok(if bad_lines == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// From standard input, with how many lines were none.
fn listed() -> anyhow::Result<(Heat, u64)> {
    let mut heat = Heat::default();
    let bad_lines = list::read(io::stdin().lock(), &mut heat, |bad, number, text| {
        if bad <= MOST_COMPLAINTS {
            complain(&format!(
                "line {number}: `{text}` is no IPv4 address, alone or with how often behind it"
            ));
        }
    })
    .context("cannot read standard input")?;
    if bad_lines > MOST_COMPLAINTS {
        complain(&format!("{bad_lines} lines in all were not understood"));
    }
    Ok((heat, bad_lines))
}

fn recorded(args: &HilbertArgs) -> anyhow::Result<Heat> {
    let common = Common { history: args.past.history.clone(), ..Common::default() };
    let mut player = Player::open(&common.history_file().context(NO_HISTORY)?)?;
    let span = when::stretch(&player, args.from, args.to, wall_unix_millis())?;
    let filter = &args.which.filter;
    let peers = if filter.is_everything() {
        player.peers(span.from_ms, span.to_ms, || true)?
    } else {
        let mut choice = choice(&player, filter)?;
        player.chosen_peers(span.from_ms, span.to_ms, &mut choice)?
    };
    let peers = peers.unwrap_or_default();
    let ipv6 = peers.ipv6.seen(Prefix::ALL).count + peers.without_key;
    if ipv6 > 0 {
        complain(&format!("not on the picture: {ipv6} connections over IPv6"));
    }
    Ok(peers.ipv4)
}

/// Whether the filter leaves a row. Its rule and its agent are those of then.
fn choice<'a>(
    player: &Player,
    filter: &'a Filter,
) -> anyhow::Result<impl FnMut(&Recorded) -> Option<bool> + use<'a>> {
    let agents: HashMap<AgentId, Arc<str>> = player.agents()?.into_iter().collect();
    Ok(move |recorded: &Recorded| {
        let connection = &recorded.connection;
        let country = connection.place.as_ref().ok().and_then(|place| place.country);
        let rule = recorded.rule.as_deref().unwrap_or_default();
        let agent = agents.get(&connection.key.agent).map_or("", |name| name);
        Some(filter.matches(&Subject::new(connection, country.map_or("", country_name), rule, agent)))
    })
}

fn painted(args: &HilbertArgs, heat: &Heat, view: View) -> anyhow::Result<Vec<u8>> {
    let by = |tint: &dyn Fn(u32) -> [u8; 3]| paint(heat, view, &Colours::Tint(tint));
    Ok(match args.color {
        Color::Octet => by(&tint::octet),
        Color::Rir => by(&tint::registry),
        Color::Heat => paint(heat, view, &Colours::Heat),
        Color::Country => {
            let geography = geography(args)?;
            by(&|key| {
                let country =
                    geography.locate(Ipv4Addr::from_bits(key).into()).ok().and_then(|place| place.country);
                country.map_or(tint::NOBODY, |code| tint::scattered(u16::from_be_bytes(code.0).into()))
            })
        }
        Color::Asn => {
            let geography = geography(args)?;
            by(&|key| {
                let system = geography.asn(Ipv4Addr::from_bits(key).into());
                system.map_or(tint::NOBODY, |system| tint::scattered(system.number))
            })
        }
    })
}

fn geography(args: &HilbertArgs) -> anyhow::Result<Geography> {
    let common = Common { data: args.tables.data.clone(), ..Common::default() };
    let folders = common.folders()?;
    let mut sources = Sources::open(&folders);
    super::complain_of_files(sources.take_reports());
    Ok(sources.geography().clone())
}

/// A faint line at the left and top of each block that has some bits more than the whole picture.
fn draw_grid(view: View, whole: Prefix, rgba: &mut [u8]) {
    let length = (whole.length() + GRID_BITS).min(32);
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
        draw_grid(view, Prefix::ALL, &mut rgba);
        let bright = |x: usize, y: usize| rgba[(y * 256 + x) * BYTES_A_PIXEL] > 0;
        assert!(bright(16, 5) && bright(5, 16) && bright(0, 0) && bright(240, 255));
        assert!(!bright(5, 5) && !bright(255, 255));
    }
}
