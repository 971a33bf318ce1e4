//! The display. Parses the command line, starts the window or answers without one, and turns what went wrong into one
//! line and an exit code.

use std::{
    io::{self, BufWriter, Write},
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::{Context, bail};
use bevy::{app::AppExit, platform::cell::SyncCell};
use clap::Parser;
use connmapperl::{
    app::{WindowLook, window_app},
    cli::{self, Cli, Command, WindowArgs},
    components::{
        notices::{Notices, Severity},
        time_travel::ReplayAtStart,
    },
    config::history_places_file,
    systems::services::Start,
    version::VERSION,
};

/// A panic on the render thread ends the program like a closed window would; it must not look like success.
static PANICKED: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    note_panics();
    match run(&Cli::parse()) {
        Ok(code) if !PANICKED.load(Ordering::Relaxed) => code,
        Ok(_) => ExitCode::from(101),
        Err(error) => {
            // Whether anybody still reads that or not.
            let _ = writeln!(io::stderr(), "connmapperl: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn note_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICKED.store(true, Ordering::Relaxed);
        usual(info);
    }));
}

fn run(args: &Cli) -> anyhow::Result<ExitCode> {
    if args.version {
        return print_version(&mut io::stdout().lock());
    }
    match &args.command {
        Some(Command::List(list)) => cli::list(list, &mut BufWriter::new(io::stdout().lock()))?,
        Some(Command::Snapshot(snapshot)) => cli::snapshot(snapshot)?,
        Some(Command::Render(film)) => return cli::render(film),
        Some(Command::Hilbert(space)) => return cli::hilbert(space),
        Some(Command::Query(query)) => cli::query(query, &mut BufWriter::new(io::stdout().lock()))?,
        Some(Command::Serve(serve)) if serve.no_gui => cli::serve(serve)?,
        Some(Command::Serve(serve)) => return show(&serve.window, true, None),
        Some(Command::Replay(replay)) => return show(&replay.window, false, Some(cli::replay(replay)?)),
        Some(Command::Config(config)) => return cli::config(config, &mut io::stdout().lock()),
        Some(Command::Agents(agents)) => cli::agents(agents, &mut io::stdout().lock())?,
        None => return show(&args.window, false, None),
    }
    Ok(ExitCode::SUCCESS)
}

/// The window, whether it listens for agents by order, and what it begins with where that is not now.
fn show(args: &WindowArgs, serves: bool, replay: Option<ReplayAtStart>) -> anyhow::Result<ExitCode> {
    let common = args.common();
    let rules = common.named().read_rules()?;
    let wall = args.wall.scene()?;
    if wall.is_some() && replay.is_some() {
        bail!(
            "a wall shows what its scene says: let a view of it show \"replay\", in place of `connmapperl replay`"
        );
    }
    let start = Start {
        collector: SyncCell::new(Some(common.collector(true))),
        agent_name: common.agent_name().into(),
        folders: common.folders()?,
        named: common.named(),
        fleet: cli::fleet_start(args, serves)?,
        // A scene is nobody's past.
        history: common.history_file().filter(|_| common.demo.is_none()),
        questions: common.history_to_ask(),
        places_file: history_places_file(common.demo.is_some()),
        preferences_file: cli::preferences_file().filter(|_| common.demo.is_none() && wall.is_none()),
    };
    let (chosen, problems) = cli::preferences();
    let look = WindowLook {
        preferences: args.preferences(chosen),
        decorated: args.decorated,
        hilbert: args.hilbert,
        hilbert_window: args.hilbert_window,
        filter: args.which.filter.clone(),
        demo: common.demo.map(|_| common.agent_name()),
    };
    let mut app = window_app(start, rules, &look)?;
    let mut notices = app.world_mut().resource_mut::<Notices>();
    notices.say(Severity::Warning, "settings.toml", problems);
    if let Some(scene) = wall {
        args.wall.hang(scene, &mut app);
    }
    if let Some(replay) = replay {
        app.insert_resource(replay);
    }
    Ok(match app.run() {
        AppExit::Success => ExitCode::SUCCESS,
        AppExit::Error(code) => ExitCode::from(code.get()),
    })
}

fn print_version(out: &mut impl Write) -> anyhow::Result<ExitCode> {
    writeln!(out, "connmapperl {VERSION}").context("cannot print")?;
    cli::print_sources(out)?;
    Ok(ExitCode::SUCCESS)
}
