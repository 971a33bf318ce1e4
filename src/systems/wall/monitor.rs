//! The window of a wall: on the monitor that was chosen, also when that was away, and without a pointer.

use bevy::{
    prelude::*,
    window::{
        CursorOptions, Monitor, MonitorSelection, OnMonitor as LiesOn, PresentMode, PrimaryWindow,
        RequestRedraw, Window, WindowMode,
    },
    winit::WinitMonitors,
};

/// Which monitor: by number from 1, from left to right, or by name; or all of them.
#[derive(Resource, Clone, Debug, PartialEq, Eq)]
pub enum OnMonitor {
    Number(usize),
    Named(String),
    /// The window on the first, and what it shows on all others too.
    All,
}

/// A monitor that has just come on Wayland tells its name, its place and its size a moment later, and nobody says when: it is
/// looked for in so many frames.
const FRAMES_TO_TELL: u8 = 40;

/// Learns what monitors have told since they came; Bevy asks them once.
pub(super) fn learn(
    handles: Option<Res<WinitMonitors>>,
    mut monitors: Query<(Entity, &mut Monitor)>,
    mut frames_to_tell: Local<u8>,
    mut redraw: MessageWriter<RequestRedraw>,
) {
    let Some(handles) = handles else {
        return;
    };
    let mut all_have_told = true;
    for (entity, mut monitor) in &mut monitors {
        if monitor.is_added() {
            *frames_to_tell = FRAMES_TO_TELL;
        }
        let Some(handle) = handles.find_entity(entity) else {
            continue;
        };
        let (size, at) = (handle.size(), handle.position());
        let (size, at) = (UVec2::new(size.width, size.height), IVec2::new(at.x, at.y));
        if (monitor.physical_size(), monitor.physical_position) != (size, at) {
            (monitor.physical_width, monitor.physical_height) = (size.x, size.y);
            monitor.physical_position = at;
            monitor.name = handle.name();
        }
        all_have_told &= has_told(&monitor);
    }
    if !all_have_told && *frames_to_tell > 0 {
        *frames_to_tell -= 1;
        redraw.write(RequestRedraw);
    }
}

fn has_told(monitor: &Monitor) -> bool {
    monitor.physical_width > 0
}

/// Puts the window on its monitor whenever the monitors are others than before. Where the chosen one is away the window
/// stays where the system has put it.
pub(super) fn keep(
    chosen: Option<Res<OnMonitor>>,
    monitors: Query<(Entity, &Monitor)>,
    changed: Query<(), Changed<Monitor>>,
    mut gone: RemovedComponents<Monitor>,
    mut windows: Query<&mut Window, With<PrimaryWindow>>,
) {
    if changed.is_empty() && gone.read().count() == 0 {
        return;
    }
    let (Some(chosen), Ok(mut window)) = (chosen, windows.single_mut()) else {
        return;
    };
    let found = match &*chosen {
        OnMonitor::All => in_order(&monitors).first().copied(),
        OnMonitor::Number(number) => in_order(&monitors).get(number - 1).copied(),
        OnMonitor::Named(name) => monitors
            .iter()
            .find(|(_, monitor)| monitor.name.as_deref() == Some(name.as_str()))
            .map(|(entity, _)| entity),
    };
    if *chosen == OnMonitor::All {
        // One that lies behind another is never told that it was shown, and all would wait for it.
        window.present_mode = PresentMode::AutoNoVsync;
    }
    match found {
        Some(entity) => {
            window.mode = WindowMode::BorderlessFullscreen(MonitorSelection::Entity(entity));
        }
        None if monitors.is_empty() => {}
        None => {
            let names = monitors.iter().filter_map(|(_, monitor)| monitor.name.as_deref());
            let names = names.collect::<Vec<_>>().join(", ");
            warn!("there is no monitor {}; there are {names}", *chosen);
        }
    }
}

/// From left to right, and from the top where one is above the other. Those of which nothing is known yet are not there yet.
pub(super) fn in_order(monitors: &Query<(Entity, &Monitor)>) -> Vec<Entity> {
    let mut ordered: Vec<(Entity, &Monitor)> =
        monitors.iter().filter(|(_, monitor)| has_told(monitor)).collect();
    ordered.sort_by_key(|(_, monitor)| (monitor.physical_position.x, monitor.physical_position.y));
    ordered.into_iter().map(|(entity, _)| entity).collect()
}

impl std::fmt::Display for OnMonitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Named(name) => write!(f, "{name:?}"),
            Self::All => write!(f, "all"),
        }
    }
}

impl std::str::FromStr for OnMonitor {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "all" {
            return Ok(Self::All);
        }
        let number = text.parse().ok().filter(|number| *number > 0);
        Ok(number.map_or_else(|| Self::Named(text.to_owned()), Self::Number))
    }
}

pub(super) fn hide_pointer(
    mut windows: Query<&mut CursorOptions, (With<PrimaryWindow>, Added<CursorOptions>)>,
) {
    for mut cursor in &mut windows {
        cursor.visible = false;
    }
}

/// Bevy takes a window away with the monitor on which it lies; ours stay, and the system moves them.
pub(super) fn outlive_monitors(app: &mut App) {
    app.add_observer(|lies: On<Insert, LiesOn>, mut commands: Commands| {
        commands.entity(lies.entity).try_remove::<LiesOn>();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_outlives_its_monitor() {
        let outlives = |is_kept: bool| {
            let mut app = App::new();
            if is_kept {
                outlive_monitors(&mut app);
            }
            let world = app.world_mut();
            let monitor = world.spawn_empty().id();
            let window = world.spawn((Window::default(), LiesOn(monitor))).id();
            world.flush();
            world.despawn(monitor);
            world.get_entity(window).is_ok()
        };
        assert!(outlives(true));
        assert!(!outlives(false), "Bevy needs no such help any more");
    }

    #[test]
    fn a_monitor_is_told_by_number_or_name() {
        let of = |text: &str| text.parse::<OnMonitor>();
        assert_eq!(of("2"), Ok(OnMonitor::Number(2)));
        assert_eq!(of("HDMI-A-1"), Ok(OnMonitor::Named("HDMI-A-1".to_owned())));
        assert_eq!(of("all"), Ok(OnMonitor::All));
        assert_eq!(of("0"), Ok(OnMonitor::Named("0".to_owned())));
    }
}
