//! The command line: what may be asked for, and the two answers that need no window.

mod agents;
mod config;
mod hilbert;
mod list;
mod live;
mod query;
mod render;
mod replay;
mod serve;
mod snapshot;
mod stop;
mod table;
mod version;
mod wall;
mod when;

use std::{
    io::{self, Write},
    num::NonZeroUsize,
    path::PathBuf,
    time::Duration,
};

use clap::{Args, Parser, Subcommand};

pub use agents::{AgentsArgs, agents};
pub use config::{ConfigArgs, config, preferences, preferences_file};
pub use hilbert::{HilbertArgs, hilbert};
pub use list::list;
pub use live::Look;
pub use query::{QueryArgs, QueryFailure, query};
pub use render::{RenderArgs, render};
pub use replay::{ReplayArgs, replay};
pub use serve::{ServeArgs, fleet_start, serve};
pub use snapshot::{settle, snapshot, still};
pub use version::print_sources;
pub use wall::WallArgs;

use crate::{
    components::{
        preferences::Preferences,
        trails::{LapseStyle, TimeLapse, length_from_text},
    },
    demo::SeededScene,
    enrich::Report,
    filter::Filter,
    hilbert::Prefix,
    net::server::ListenAddress,
};

/// This machine's connections, lit on a world map. Everything is looked up offline.
#[derive(Debug, Parser)]
#[command(
    name = "connmapperl",
    disable_version_flag = true,
    args_conflicts_with_subcommands = true,
    after_help = "What a command takes stands after it: connmapperl COMMAND --help lists it."
)]
pub struct Cli {
    #[command(flatten)]
    pub window: WindowArgs,
    /// Print the version, the date of the data, and where it comes from
    #[arg(long, short = 'V')]
    pub version: bool,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the window takes, whatever it begins with.
#[derive(Clone, Debug, Default, Args)]
pub struct WindowArgs {
    #[command(flatten)]
    rules: RulesArgs,
    #[command(flatten)]
    tables: TablesArgs,
    #[command(flatten)]
    scene: SceneArgs,
    #[command(flatten)]
    past: PastArgs,
    #[command(flatten)]
    pub listener: ListenerArgs,
    /// Start in full screen
    #[arg(long)]
    pub fullscreen: bool,
    /// With an ordinary title bar
    #[arg(long)]
    pub decorated: bool,
    /// Light instead of dark
    #[arg(long)]
    pub light: bool,
    /// No rings, no fading
    #[arg(long)]
    pub reduced_motion: bool,
    /// All addresses on a Hilbert curve in place of the world, or those of a network
    #[arg(long, value_name = "NETWORK", num_args = 0..=1, require_equals = true, default_missing_value = "0.0.0.0/0")]
    pub hilbert: Option<Prefix>,
    /// All addresses in a second window, beside the map
    #[arg(long)]
    pub hilbert_window: bool,
    #[command(flatten)]
    pub wall: WallArgs,
    #[command(flatten)]
    pub lapse: LapseArgs,
    #[command(flatten)]
    pub which: FilterArgs,
}

impl WindowArgs {
    /// What the window begins with: what was asked for now goes before what was chosen before.
    pub fn preferences(&self, chosen: Preferences) -> Preferences {
        let chosen = if self.wall.wall { chosen.on_wall() } else { chosen };
        Preferences {
            light: chosen.light || self.light,
            reduced_motion: chosen.reduced_motion || self.reduced_motion,
            fullscreen: chosen.fullscreen || self.fullscreen,
            lapse: self.lapse.time_lapse().unwrap_or(chosen.lapse),
            ..chosen
        }
    }

    pub fn common(&self) -> Common {
        Common {
            config: self.rules.config.clone(),
            data: self.tables.data.clone(),
            demo: self.scene.demo,
            history: self.past.history.clone(),
        }
    }
}

#[derive(Clone, Debug, Default, Args)]
pub struct RulesArgs {
    /// Rules file, instead of the first connmapperlrc found
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Clone, Debug, Default, Args)]
pub struct TablesArgs {
    /// Folder with tables and places.csv of your own
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, Args)]
pub struct SceneArgs {
    /// A synthetic scene instead of this machine: world, antimeridian, one-place, flood, churn, ipv6
    #[arg(long, value_name = "SCENE[:SEED]")]
    demo: Option<SeededScene>,
}

#[derive(Clone, Debug, Default, Args)]
pub struct PastArgs {
    /// File of the detailed history, instead of history.sqlite in the user's data folder
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
}

/// What was named that several commands take; each takes a part of it.
#[derive(Clone, Debug, Default)]
pub struct Common {
    pub config: Option<PathBuf>,
    pub data: Option<PathBuf>,
    pub demo: Option<SeededScene>,
    pub history: Option<PathBuf>,
}

/// What is left of connections that closed.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct LapseArgs {
    /// Closed connections leave trails that fade over this long: 10s, 5m, 1h, 1d, 1w
    #[arg(long, value_name = "LENGTH", value_parser = length_from_text)]
    pub trails: Option<Duration>,
    /// Nothing fades: what was once there stays
    #[arg(long, conflicts_with = "trails")]
    pub integrate: bool,
}

impl LapseArgs {
    /// If one was asked for.
    pub fn time_lapse(&self) -> Option<TimeLapse> {
        match self {
            Self { integrate: true, .. } => {
                Some(TimeLapse { style: LapseStyle::Integrating, ..TimeLapse::default() })
            }
            Self { trails: Some(length), .. } => {
                Some(TimeLapse { style: LapseStyle::Trails, length: *length })
            }
            _ => None,
        }
    }
}

/// The listener for agents.
#[derive(Clone, Debug, Default, Args)]
pub struct ListenerArgs {
    /// Listen for agents: ADDR:PORT, PORT or ADDR; without a value at port 6789 of all addresses
    #[arg(long, value_name = "ADDR:PORT", num_args = 0..=1, default_missing_value = "6789")]
    pub listen: Option<ListenAddress>,
    /// Folder with server-cert.pem, server-key.pem and agents.json
    #[arg(long, value_name = "DIR")]
    pub fleet: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print what the map would show, one row a connection
    List(ListArgs),
    /// Draw one picture, with no display
    Snapshot(SnapshotArgs),
    /// Draw a film of the recorded past, with no display
    Render(RenderArgs),
    /// Paint all of IPv4 along the Hilbert curve, of the recorded past or a list of addresses
    Hilbert(HilbertArgs),
    /// Show the recorded past, played
    Replay(ReplayArgs),
    /// Ask the detailed history, in SQL
    Query(QueryArgs),
    /// Listen for agents, and show or print what they say
    Serve(ServeArgs),
    /// Check the files that are written by hand: settings.toml, connmapperlrc and others
    Config(ConfigArgs),
    /// Who may connect: add, list, rename, revoke and more
    Agents(AgentsArgs),
}

/// What a look at the sockets takes.
#[derive(Clone, Debug, Default, Args)]
pub struct LookArgs {
    #[command(flatten)]
    rules: RulesArgs,
    #[command(flatten)]
    tables: TablesArgs,
    #[command(flatten)]
    scene: SceneArgs,
}

impl LookArgs {
    fn common(&self) -> Common {
        Common {
            config: self.rules.config.clone(),
            data: self.tables.data.clone(),
            demo: self.scene.demo,
            history: None,
        }
    }
}

#[derive(Clone, Debug, Default, Args)]
pub struct ListArgs {
    #[command(flatten)]
    look: LookArgs,
    /// As JSON: an array, or with --watch one object a line
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// As CSV
    #[arg(long)]
    pub csv: bool,
    /// Go on printing connections as they open and close
    #[arg(long)]
    pub watch: bool,
    #[command(flatten)]
    pub which: FilterArgs,
}

/// Of which connections.
#[derive(Clone, Debug, Default, Args)]
pub struct FilterArgs {
    /// Only connections of which this holds, such as 'prog:firefox cc:DE !port:443' (docs/filter.md)
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    pub filter: Filter,
}

#[derive(Clone, Debug, Args)]
pub struct SnapshotArgs {
    #[command(flatten)]
    look: LookArgs,
    /// File to write
    #[arg(short, long, value_name = "FILE.png")]
    pub output: PathBuf,
    /// Width and height in pixels
    #[arg(long, value_name = "WxH", default_value = "1920x1080", value_parser = size_from_text)]
    pub size: [u32; 2],
    /// Light instead of dark
    #[arg(long)]
    pub light: bool,
    /// All addresses on a Hilbert curve in place of the world, or those of a network
    #[arg(long, value_name = "NETWORK", num_args = 0..=1, require_equals = true, default_missing_value = "0.0.0.0/0")]
    pub hilbert: Option<Prefix>,
    /// With the circles of a history that was saved in the window
    #[arg(long, value_name = "FILE")]
    pub places: Option<PathBuf>,
    /// As it hangs on a wall: a scene that ships (overview, quiet, replay), or a file
    #[arg(long, value_name = "SCENE", conflicts_with_all = ["hilbert", "light"])]
    pub wall_scene: Option<PathBuf>,
    /// Which of its views, from 1
    #[arg(long, value_name = "N", default_value = "1", requires = "wall_scene")]
    pub wall_view: NonZeroUsize,
    #[command(flatten)]
    pub which: FilterArgs,
}

/// Where nobody named one.
const NO_HISTORY: &str = "this user has no data folder: name the file with --history";

/// How a list is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
    Csv,
}

impl ListArgs {
    pub const fn format(&self) -> Format {
        match (self.json, self.csv) {
            (true, _) => Format::Json,
            (_, true) => Format::Csv,
            _ => Format::Text,
        }
    }
}

/// To standard error, whether anybody still reads that or not.
fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// What is wrong with tables and places, one line each.
fn complain_of_files(reports: Vec<Report>) {
    for report in reports {
        if let Report::Problem { lines, .. } = report {
            lines.iter().for_each(|line| complain(line));
        }
    }
}

/// Whoever read our output has seen enough.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let causes = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.map(io::Error::kind).any(|kind| kind == io::ErrorKind::BrokenPipe)
}

/// No picture is smaller; larger ones no adapter draws in one piece.
const SMALLEST_PX: u32 = 64;
const LARGEST_PX: u32 = 8_192;

fn size_from_text(text: &str) -> Result<[u32; 2], String> {
    let sides = text.split_once(['x', 'X']).and_then(|(w, h)| Some([w.parse().ok()?, h.parse().ok()?]));
    match sides {
        Some(sides) if sides.iter().all(|px| (SMALLEST_PX..=LARGEST_PX).contains(px)) => Ok(sides),
        _ => Err(format!("a size is like 1920x1080, each side from {SMALLEST_PX} to {LARGEST_PX}")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    /// What the help of a command lists, but for the help itself.
    fn listed(command: &str) -> Vec<String> {
        let mut cli = Cli::command();
        let help = cli.find_subcommand_mut(command).unwrap().render_long_help().to_string();
        let names = help.lines().filter_map(|line| line.trim().strip_prefix("--"));
        let mut names: Vec<String> =
            names.map(|it| it.split([' ', '=']).next().unwrap().to_owned()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn help_lists_what_a_command_takes_and_nothing_else() {
        assert_eq!(listed("list"), ["config", "csv", "data", "demo", "filter", "json", "watch"]);
        let of_query =
            ["config", "csv", "data", "history", "json", "list", "name", "plot", "size", "time-limit"];
        assert_eq!(listed("query"), of_query);
        let of_film = "config filter fps from history integrate light size speed to trails";
        assert_eq!(listed("render").join(" "), of_film);
        let of_space = "color config data filter from history plain prefix size stdin to transpose";
        assert_eq!(listed("hilbert").join(" "), of_space);
        assert_eq!(listed("agents"), ["fleet"]);
        assert!(!listed("serve").contains(&"demo".to_owned()));
    }

    #[test]
    fn what_a_command_does_not_take_is_refused_by_name() {
        let refused = |arguments: &str| {
            let arguments = ["connmapperl"].into_iter().chain(arguments.split(' '));
            Cli::try_parse_from(arguments).unwrap_err().to_string()
        };
        for (arguments, word) in [
            ("query --demo world 1", "--demo"),
            ("query --fullscreen 1", "--fullscreen"),
            ("render --listen -o x/", "--listen"),
            ("list --history x", "--history"),
            ("agents list --data x", "--data"),
            ("serve --no-gui --light", "--light"),
            ("serve --no-gui --filter x", "--filter"),
            ("--history x query 1", "'query' cannot be used with '--history"),
        ] {
            let said = refused(arguments);
            assert!(said.contains(word), "{arguments}: {said}");
        }
        for good in
            ["agents --fleet x list", "agents list --fleet x", "replay --light --history x", "--light"]
        {
            assert!(
                Cli::try_parse_from(["connmapperl"].into_iter().chain(good.split(' '))).is_ok(),
                "{good}"
            );
        }
    }

    #[test]
    fn sizes_are_read_and_bad_ones_refused() {
        assert_eq!(size_from_text("1920x1080"), Ok([1920, 1080]));
        for bad in ["1920", "x", "0x0", "99999x100", "-3x200", "19 20x1080"] {
            assert!(size_from_text(bad).is_err(), "{bad}");
        }
    }
}
