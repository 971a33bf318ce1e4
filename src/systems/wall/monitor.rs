//! The window of a wall: on the monitor that was chosen, also when that was away, and without a pointer.

use bevy::{
    prelude::*,
    window::{
        CursorOptions, Monitor, MonitorSelection, OnMonitor as LiesOn, PrimaryWindow, Window, WindowMode,
    },
};

/// Which monitor: by number from 1, from left to right, or by name.
#[derive(Resource, Clone, Debug, PartialEq, Eq)]
pub enum OnMonitor {
    Number(usize),
    Named(String),
}

/// Puts the window on its monitor whenever the monitors are others than before. Where the chosen one is away the window
/// stays where the system has put it.
pub(super) fn keep(
    chosen: Option<Res<OnMonitor>>,
    monitors: Query<(Entity, &Monitor)>,
    came: Query<(), Added<Monitor>>,
    mut gone: RemovedComponents<Monitor>,
    mut windows: Query<&mut Window, With<PrimaryWindow>>,
) {
    if came.is_empty() && gone.read().count() == 0 {
        return;
    }
    let (Some(chosen), Ok(mut window)) = (chosen, windows.single_mut()) else {
        return;
    };
    let mut in_order: Vec<(Entity, &Monitor)> = monitors.iter().collect();
    in_order.sort_by_key(|(_, monitor)| (monitor.physical_position.x, monitor.physical_position.y));
    let found = match &*chosen {
        OnMonitor::Number(number) => in_order.get(number - 1),
        OnMonitor::Named(name) => {
            in_order.iter().find(|(_, monitor)| monitor.name.as_deref() == Some(name.as_str()))
        }
    };
    match found.map(|(entity, _)| *entity) {
        Some(entity) => {
            window.mode = WindowMode::BorderlessFullscreen(MonitorSelection::Entity(entity));
        }
        None => {
            let names = monitors.iter().filter_map(|(_, monitor)| monitor.name.as_deref());
            let names = names.collect::<Vec<_>>().join(", ");
            warn!("there is no monitor {}; there are {names}", *chosen);
        }
    }
}

impl std::fmt::Display for OnMonitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Named(name) => write!(f, "{name:?}"),
        }
    }
}

impl std::str::FromStr for OnMonitor {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
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
        assert_eq!(of("0"), Ok(OnMonitor::Named("0".to_owned())));
    }
}
