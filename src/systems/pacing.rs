//! When frames are drawn: only when something visible changes. A still map sleeps until an event, a wake from another
//! thread, or the next minute of the clock; a moving one runs at the adapter's pace.

use std::time::Duration;

use bevy::{
    prelude::*,
    render::renderer::RenderAdapterInfo,
    time::Real,
    window::RequestRedraw,
    winit::{UpdateMode, WinitSettings},
};
use wgpu_types::DeviceType;

use super::{MapSystems, cards::follow, replay::is_winding, wall::elapsed};
use crate::components::{
    action::UiAction,
    animation::Animation,
    cards::Cards,
    hilbert_view::HilbertView,
    history_circles::HistoryCircles,
    inspect::ListDue,
    map_clock::MapClock,
    second_window::SecondWindow,
    space_heat::SpaceHeat,
    time_travel::TimeTravel,
    trails::Trails,
    wall::{TimeOfDay, Wall},
};

const MINUTE: Duration = Duration::from_secs(60);
/// The frame at the turn of the minute comes a little late rather than too early.
const JUST_AFTER: Duration = Duration::from_millis(50);
/// While a card shows how far a search is.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);
/// The shown minute may lag by this much after frames that came in between; what is due sooner may lag by less.
const LATE_MINUTE: Duration = Duration::from_secs(2);

pub(super) fn plugin(app: &mut App) {
    app.insert_resource(reactive(MINUTE))
        .add_systems(Update, pace.after(follow).in_set(MapSystems::Account))
        .add_systems(Last, obey_panels);
}

/// Tells the animation whether a processor draws instead of a graphics card.
pub fn learn_adapter(app: &mut App) {
    app.add_systems(Startup, |adapter: Option<Res<RenderAdapterInfo>>, mut animation: ResMut<Animation>| {
        animation.on_software = adapter.is_some_and(|adapter| is_software(&adapter));
    });
}

fn is_software(adapter: &RenderAdapterInfo) -> bool {
    adapter.device_type == DeviceType::Cpu
}

fn reactive(wait: Duration) -> WinitSettings {
    // Without a window manager a window counts as unfocused, and a wall display often is: both modes are the same.
    let mode = UpdateMode::reactive_low_power(wait);
    WinitSettings { focused_mode: mode, unfocused_mode: mode }
}

pub(super) fn pace(
    clock: Res<MapClock>,
    animation: Res<Animation>,
    history: Option<Res<HistoryCircles>>,
    (travel, trails): (Option<Res<TimeTravel>>, Option<Res<Trails>>),
    (cards, list): (Option<Res<Cards>>, Option<Res<ListDue>>),
    (space, heat, second): (Option<Res<HilbertView>>, Option<Res<SpaceHeat>>, Option<Res<SecondWindow>>),
    (wall, time, day): (Option<Res<Wall>>, Option<Res<Time<Real>>>, Option<Res<TimeOfDay>>),
    mut settings: ResMut<WinitSettings>,
) {
    let now = clock.now_unix_millis();
    // At rest in the past nothing moves: the map's clock stands.
    let is_moving = match travel.filter(|travel| !travel.is_now()) {
        Some(travel) => is_winding(&travel),
        None => animation.is_moving(now),
    };
    let is_moving = is_moving
        || space.as_ref().is_some_and(|space| space.is_moving())
        || second.is_some_and(|second| second.0.as_ref().is_some_and(|second| second.view.is_moving()))
        || wall.as_ref().is_some_and(|wall| wall.is_changing());
    // What stands still lies on the world.
    let is_hidden = space.as_ref().is_some_and(|space| space.has_arrived());
    let still = [history.and_then(|it| it.due_unix_millis), trails.and_then(|it| it.due_unix_millis)];
    let due = still
        .into_iter()
        .filter(|_| !is_hidden)
        .chain([list.and_then(|list| list.0), heat.and_then(|heat| heat.due_unix_millis)]);
    // A clock that is held gets nowhere by waiting.
    let until_due = due
        .flatten()
        .filter(|_| !clock.is_held())
        .min()
        .map_or(MINUTE, |due| Duration::from_millis((due - now).max(0).unsigned_abs()));
    let until_due = match cards.is_some_and(|cards| cards.show_progress()) {
        true => until_due.min(PROGRESS_EVERY),
        false => until_due,
    };
    let next_view =
        wall.zip(day).and_then(|(wall, day)| wall.until_next(elapsed(time.as_deref()), day.minute));
    let until_due = next_view.map_or(until_due, |next| until_due.min(next));
    let until_minute = until_next_minute(now);
    let wanted = if is_moving { animation.frame_time() } else { until_minute.min(until_due) };
    let may_be_late =
        if until_due < until_minute { (wanted / 4).clamp(JUST_AFTER, LATE_MINUTE) } else { LATE_MINUTE };
    let UpdateMode::Reactive { wait, .. } = settings.focused_mode else {
        return;
    };
    // Every change of the mode costs a frame, so a wait that is nearly right stays.
    let is_right = if is_moving { wait == wanted } else { wait.abs_diff(wanted) < may_be_late };
    if !is_right {
        *settings = reactive(wanted);
    }
}

/// What a panel asks for is done in the next frame, and without this there may be none until the pointer moves.
fn obey_panels(mut actions: MessageReader<UiAction>, mut redraw: MessageWriter<RequestRedraw>) {
    if actions.read().count() > 0 {
        redraw.write(RequestRedraw);
    }
}

/// The clock in the corner shows minutes, so a still map is drawn once a minute, just after it began.
fn until_next_minute(now_unix_millis: i64) -> Duration {
    let into_minute = Duration::from_millis(now_unix_millis.rem_euclid(60_000).unsigned_abs());
    MINUTE.saturating_sub(into_minute) + JUST_AFTER
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(now_unix_millis: i64, until_unix_millis: i64) -> App {
        let mut app = App::new();
        app.add_message::<UiAction>()
            .add_message::<RequestRedraw>()
            .insert_resource(MapClock::held(now_unix_millis))
            .insert_resource(Animation { until_unix_millis, ..default() })
            .add_plugins(plugin);
        app
    }

    fn wait(app: &App) -> Duration {
        match app.world().resource::<WinitSettings>().focused_mode {
            UpdateMode::Reactive { wait, .. } => wait,
            UpdateMode::Continuous => Duration::ZERO,
        }
    }

    #[test]
    fn a_still_map_sleeps_until_the_minute_turns_and_keeps_its_mode() {
        let mut app = app(20_000, 0);
        app.update();
        assert_eq!(wait(&app), Duration::from_millis(40_050));
        app.insert_resource(MapClock::held(20_700));
        app.world_mut().clear_trackers();
        app.update();
        assert!(!app.world().is_resource_changed::<WinitSettings>(), "a new mode would draw a frame");
    }

    #[test]
    fn a_fade_of_seconds_is_not_left_for_the_next_minute() {
        let mut app = app(57_900, 0);
        app.insert_resource(MapClock::live(57_900)).insert_resource(Trails::default());
        app.update();
        assert_eq!(wait(&app), Duration::from_millis(2_150));
        app.world_mut().resource_mut::<Trails>().due_unix_millis = Some(58_000);
        app.update();
        assert_eq!(wait(&app), Duration::from_millis(100));
    }

    #[test]
    fn a_moving_map_runs_at_the_pace_of_its_adapter() {
        let mut app = app(20_000, 21_000);
        app.update();
        assert_eq!(wait(&app), Animation::default().frame_time());
    }
}
