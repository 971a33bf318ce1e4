//! What a person would press to have a view of the scene on screen, and how far the map is zoomed for it.

use crate::{
    components::{
        action::{Pane, SpaceAction, UiAction},
        map_view::MapView,
        time_travel::{Edge, Edges, ReplayAtStart, TimeAction},
        trails::LapseStyle,
    },
    wall::{Part, Show, Trails, View, Zoom},
};

const HOUR_MILLIS: i64 = 3_600_000;
/// The map shows where so much of the connections is: a few far away do not make it the world again. At each end.
const LEFT_OUT: f32 = 0.08;
/// Around the outermost, as a share of what is shown.
const ROOM: f32 = 0.25;
/// From nearer nobody on the other side of the room knows where this is.
const MOST_ZOOM: f32 = 6.0;

/// `is_live`: the map shows the present. `has_past`: something was recorded, or may be.
pub(super) fn actions(view: &View, is_live: bool, has_past: bool) -> Vec<UiAction> {
    let mut actions = vec![
        UiAction::Space(SpaceAction::Show(view.show == Show::Hilbert)),
        UiAction::ShowHistory(view.has(Part::Circles)),
        UiAction::SetLapseStyle(lapse(view.trails)),
    ];
    if view.show == Show::Replay && has_past {
        actions.push(UiAction::Time(TimeAction::Turn(replay(view))));
    } else if !is_live {
        actions.push(UiAction::Time(TimeAction::GoLive));
    }
    if view.zoom == Zoom::World {
        actions.push(UiAction::ShowWhole(Pane::Main));
    }
    actions
}

/// The last hours, in the time that the view has.
fn replay(view: &View) -> ReplayAtStart {
    let from = Edge::Ago(i64::from(view.last_hours) * HOUR_MILLIS);
    // The speed is that of what was recorded of them.
    ReplayAtStart { edges: Edges { from, to: Edge::End }, speed: 1, loops: true, secs: Some(view.secs) }
}

const fn lapse(trails: Trails) -> LapseStyle {
    match trails {
        Trails::Off => LapseStyle::Dots,
        Trails::Fading => LapseStyle::Trails,
        Trails::Integrating => LapseStyle::Integrating,
    }
}

/// The map around most of these places, in map units; where there are none, all of it.
pub(super) fn around(places: &mut [[f32; 2]], view: &MapView) -> MapView {
    let mut around = MapView::home(view.size_px, view.px_per_point);
    if places.is_empty() {
        return around;
    }
    let left_out = (places.len() as f32 * LEFT_OUT) as usize;
    let [x, y] = [0, 1].map(|axis| {
        places.sort_unstable_by(|a, b| a[axis].total_cmp(&b[axis]));
        [places[left_out][axis], places[places.len() - 1 - left_out][axis]]
    });
    around.show_region([x[0], y[0]], [x[1], y[1]], ROOM, MOST_ZOOM);
    around
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{projection::map_from_lon_lat, wall::Scene};

    fn view(text: &str) -> View {
        Scene::parse(&format!("[[view]]\nsecs = 60\n{text}")).unwrap().views.remove(0)
    }

    #[test]
    fn a_view_is_the_same_whatever_was_on_screen_before() {
        let world = view("parts = ['circles']\nzoom = 'activity'\n");
        let shown = [
            UiAction::Space(SpaceAction::Show(false)),
            UiAction::ShowHistory(true),
            UiAction::SetLapseStyle(LapseStyle::Dots),
        ];
        assert_eq!(actions(&world, true, true), shown);
        let [back @ .., last] = &actions(&world, false, true)[..] else { panic!() };
        assert_eq!((back, last), (&shown[..], &UiAction::Time(TimeAction::GoLive)));
    }

    #[test]
    fn a_replay_shows_its_hours_in_the_time_it_has_and_where_nothing_was_recorded_the_present() {
        let replay = view("show = 'replay'\nlast_hours = 24\nzoom = 'activity'\n");
        let Some(UiAction::Time(TimeAction::Turn(turn))) = actions(&replay, true, true).pop() else {
            panic!()
        };
        assert_eq!((turn.secs, turn.loops), (Some(60), true));
        assert_eq!(turn.edges.from, Edge::Ago(86_400_000));
        assert!(actions(&replay, true, false).iter().all(|action| !matches!(action, UiAction::Time(_))));
    }

    #[test]
    fn the_map_goes_to_where_most_connections_are() {
        let home = MapView::home([1920.0, 1080.0], 2.2);
        let mut places: Vec<_> = (0..40_u8)
            .map(|at| map_from_lon_lat(5.0 + f32::from(at) * 0.3, 45.0 + f32::from(at % 7)))
            .collect();
        places.push(map_from_lon_lat(151.0, -33.0));
        let around = around(&mut places, &home);
        assert!(around.zoom > 3.0 && around.zoom <= MOST_ZOOM, "{}", around.zoom);
        let in_sight = |lon: f32, lat: f32| {
            let [x, y] = around.px_from_lon_lat(lon, lat).px;
            (0.0..1920.0).contains(&x) && (0.0..1080.0).contains(&y)
        };
        assert!(in_sight(10.0, 48.0) && !in_sight(151.0, -33.0));
        assert!(super::around(&mut [], &home).is_home());
    }
}
