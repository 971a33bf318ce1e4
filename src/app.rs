//! Puts the house together: the window with live connections, and the still without one. Says in one line what is
//! missing when neither can be drawn.

use std::{
    io::IsTerminal,
    ops::Range,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Mutex},
};

use bevy::{
    app::TerminalCtrlCHandlerPlugin,
    log::{LogPlugin, tracing_subscriber},
    prelude::*,
    render::{
        RenderPlugin,
        settings::{MemoryHints, RenderCreation, WgpuSettings},
    },
    window::{ExitCondition, MonitorSelection, WindowMode, WindowResizeConstraints, WindowResolution},
    winit::WinitPlugin,
};

use crate::{
    components::{
        filtering::{ActiveFilter, FilterBox},
        hilbert_view::HilbertView,
        map_clock::MapClock,
        map_view::{FIRST_SIZE_PX, MapView},
        notices::Notices,
        preferences::Preferences,
        rule_book::RuleBook,
        second_window::SecondWindow,
        theme::px_per_point,
    },
    config::RulesFile,
    filter::Filter,
    hilbert::Prefix,
    systems::{
        self,
        services::{self, Start},
        ui::DemoBadge,
    },
};

/// The bottom line needs this much.
const SMALLEST_POINTS: [f32; 2] = [500.0, 250.0];
/// Bevy and wgpu say much that no user can act on.
const LOG_FILTER: &str = "warn,connmapperl=info,wgpu_hal=off,wgpu_core=error,naga=error,bevy_render=error,\
     bevy_egui=error,winit=error,bevy_winit=error";

/// Blocks of memory that graphics are laid into, on the card; those beside it, through which all goes there, are half as large.
/// What is larger has a block of its own, and gives it back when it is gone. Blocks that grow with their number, as wgpu has
/// them where nothing is said, are held as a whole by whatever small thing lies in them: 16 and 32 MB at a time.
const BLOCK_BYTES: Range<u64> = 8 << 20..8 << 20;

/// What tells where the display is.
const DISPLAY_VARIABLES: [&str; 3] = ["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY"];

/// How the window looks at the start.
#[derive(Clone, Debug, Default)]
pub struct WindowLook {
    pub preferences: Preferences,
    pub decorated: bool,
    /// A block of addresses in place of the world.
    pub hilbert: Option<Prefix>,
    /// All addresses in a window of their own beside the map.
    pub hilbert_window: bool,
    /// What is shown.
    pub filter: Filter,
    /// What the badge of a synthetic scene says.
    pub demo: Option<String>,
}

/// Why nothing can be drawn. Each message says what to install or set.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(
        "no display: neither WAYLAND_DISPLAY nor DISPLAY is set. Start it from a desktop session, or use \
         `connmapperl list` or `connmapperl snapshot`, which need none"
    )]
    NoDisplay,
    #[error("the display cannot be opened: {0}. Is it there, and may this user open it?")]
    BadDisplay(String),
    #[error(
        "no graphics adapter: no Vulkan driver was found. Install one; without a graphics card Mesa's software \
         driver will do (Debian and Ubuntu: apt install libvulkan1 mesa-vulkan-drivers)"
    )]
    NoAdapter,
    #[error("the display could not be started: {0}")]
    Other(String),
}

/// The map in a window.
///
/// # Errors
/// When there is no display or nothing that can draw.
pub fn window_app(start: Start, rules: RulesFile, look: &WindowLook) -> Result<App, StartError> {
    if DISPLAY_VARIABLES.iter().all(|name| std::env::var_os(name).is_none()) {
        return Err(StartError::NoDisplay);
    }
    let place = look.preferences.place;
    let size_px = place.map_or(FIRST_SIZE_PX, |place| [place.width, place.height]);
    let window = Window {
        title: "connmapperl".to_owned(),
        name: Some("connmapperl".to_owned()),
        resolution: WindowResolution::new(size_px[0], size_px[1]),
        position: match place.and_then(|place| place.position) {
            Some(at) => WindowPosition::At(at.into()),
            None => WindowPosition::Automatic,
        },
        resize_constraints: WindowResizeConstraints {
            min_width: SMALLEST_POINTS[0],
            min_height: SMALLEST_POINTS[1],
            ..default()
        },
        decorations: look.decorated,
        mode: if look.preferences.fullscreen {
            WindowMode::BorderlessFullscreen(MonitorSelection::Current)
        } else {
            WindowMode::Windowed
        },
        ..default()
    };
    let mut app = App::new();
    let plugins = DefaultPlugins
        .set(WindowPlugin {
            primary_window: Some(window),
            // The second window ends with the first.
            exit_condition: ExitCondition::OnPrimaryClosed,
            ..default()
        })
        .set(log_plugin())
        .set(render_plugin())
        // It knows Ctrl-C alone: `services/end` waits for all that may end a program.
        .disable::<TerminalCtrlCHandlerPlugin>();
    add_or_explain(&mut app, plugins)?;
    let now = systems::wall_unix_millis();
    world(&mut app, MapClock::live(now), size_px, rules, look);
    app.insert_resource(start)
        .add_plugins((systems::window_plugin, services::plugin, systems::picture_plugin))
        .add_systems(Startup, spawn_camera);
    Ok(app)
}

/// The same picture without a window; whoever makes it gives it a camera.
///
/// # Errors
/// When nothing can draw.
pub fn still_app(
    unix_millis: i64,
    size_px: [u32; 2],
    rules: RulesFile,
    look: &WindowLook,
) -> Result<App, StartError> {
    let mut app = App::new();
    let plugins = DefaultPlugins
        .set(WindowPlugin { primary_window: None, exit_condition: ExitCondition::DontExit, ..default() })
        .set(log_plugin())
        .set(render_plugin())
        .disable::<WinitPlugin>()
        .disable::<bevy::render::pipelined_rendering::PipelinedRenderingPlugin>();
    add_or_explain(&mut app, plugins)?;
    world(&mut app, MapClock::held(unix_millis), size_px, rules, look);
    app.add_plugins(systems::picture_plugin);
    Ok(app)
}

fn world(app: &mut App, clock: MapClock, size_px: [u32; 2], rules: RulesFile, look: &WindowLook) {
    let mut notices = Notices::default();
    services::say_rule_errors(&rules, &mut notices);
    let size = size_px.map(|px| px as f32);
    app.insert_resource(clock)
        .insert_resource(MapView::home(size, px_per_point(size[1], 1.0)))
        .insert_resource(RuleBook::new(rules.rules, rules.source))
        .insert_resource(notices)
        .add_plugins(systems::connections_plugin);
    systems::pacing::learn_adapter(app);
    systems::preferences::put(app.world_mut(), &look.preferences);
    if !look.filter.is_everything() {
        app.world_mut().resource_mut::<FilterBox>().set(look.filter.to_string());
        app.insert_resource(ActiveFilter(Arc::new(look.filter.clone())));
    }
    if let Some(block) = look.hilbert {
        app.world_mut().resource_mut::<HilbertView>().begin_with(block, size, px_per_point(size[1], 1.0));
    }
    if look.hilbert_window {
        let main = *app.world().resource::<HilbertView>();
        app.world_mut().resource_mut::<SecondWindow>().open(&main);
    }
    if let Some(badge) = &look.demo {
        app.insert_resource(DemoBadge(badge.clone()));
    }
}

fn spawn_camera(mut commands: Commands) {
    commands.spawn(map_camera());
}

/// The camera that looks at the map.
pub fn map_camera() -> impl Bundle {
    (systems::second_window::bare_camera(), systems::render::MapCamera)
}

/// Warnings and errors go to standard error, in colour where somebody looks at it.
fn log_plugin() -> LogPlugin {
    LogPlugin {
        filter: LOG_FILTER.to_owned(),
        fmt_layer: |_| {
            let colours = std::io::stderr().is_terminal();
            let layer = tracing_subscriber::fmt::layer().with_ansi(colours).with_writer(std::io::stderr);
            Some(Box::new(layer))
        },
        ..default()
    }
}

fn render_plugin() -> RenderPlugin {
    RenderPlugin {
        // A program that sleeps between frames has no later frame in which a pipeline may turn up.
        synchronous_pipeline_compilation: true,
        render_creation: RenderCreation::Automatic(Box::new(WgpuSettings {
            memory_hints: MemoryHints::Manual { suballocated_device_memory_block_size: BLOCK_BYTES },
            ..default()
        })),
        ..default()
    }
}

/// Bevy panics where there is no display or no adapter. The panic is caught, kept off the terminal and explained.
fn add_or_explain(app: &mut App, plugins: impl PluginGroup) -> Result<(), StartError> {
    static MESSAGE: Mutex<String> = Mutex::new(String::new());
    let usual = panic::take_hook();
    panic::set_hook(Box::new(|info| {
        let text = info.payload_as_str().unwrap_or("an unknown error");
        if let Ok(mut message) = MESSAGE.lock() {
            text.clone_into(&mut message);
        }
    }));
    let added = panic::catch_unwind(AssertUnwindSafe(|| {
        app.add_plugins(plugins);
    }));
    panic::set_hook(usual);
    added.map_err(|_| explain(&MESSAGE.lock().map(|message| message.clone()).unwrap_or_default()))
}

fn explain(message: &str) -> StartError {
    let first_line = message.lines().next().unwrap_or_default().to_owned();
    if message.contains("Unable to find a GPU") {
        StartError::NoAdapter
    } else if message.contains("event loop") {
        StartError::BadDisplay(named_displays())
    } else {
        StartError::Other(first_line)
    }
}

/// The displays that the environment names, such as `DISPLAY=:0`. What the window system says of them is the inside of
/// a library, and no help.
fn named_displays() -> String {
    let named = DISPLAY_VARIABLES.iter().filter_map(|name| {
        let value = std::env::var_os(name)?;
        Some(format!("{name}={}", value.to_string_lossy()))
    });
    named.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bevy_panics_with_is_explained() {
        let adapter = explain("Unable to find a GPU! Make sure you have installed required drivers!");
        assert!(matches!(adapter, StartError::NoAdapter));
        let display = explain("Failed to build event loop: Os(OsError { line: 786, error: XNotSupported })");
        assert!(matches!(display, StartError::BadDisplay(_)));
        assert!(matches!(explain("something else"), StartError::Other(_)));
    }
}
