//! Rows and dots select each other, and plots go when they are cleared. What needs a thread or a file is done by
//! `services`, which reads the same messages.

use bevy::prelude::*;

use super::{MapSystems, circles, interact::act};
use crate::components::{
    action::UiAction,
    hilbert_view::HilbertView,
    map_view::MapView,
    marks::{LayerName, Mark, Marks},
    picture::Picture,
    second_window::SecondWindow,
    sql::{Plot, SelectedRow, SqlAction, SqlDesk},
    theme::PLOT_COLOURS,
};

/// A click finds a dot within this many points.
const REACH_POINTS: f32 = 9.0;
/// A little larger than a live dot, which lies above it.
const RADIUS_POINTS: f32 = 4.4;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<SqlDesk>().init_resource::<Marks>().add_systems(
        Update,
        (obey.after(act).in_set(MapSystems::Interact), draw.after(circles::draw).in_set(MapSystems::Place)),
    );
}

/// What is plotted lies on the map in layers of its own, which cost nothing until a plot comes or goes.
pub(super) fn draw(desk: Res<SqlDesk>, mut marks: ResMut<Marks>, mut drawn: Local<Vec<u32>>) {
    let wanted: Vec<u32> = desk.plots.iter().map(|plot| layer(plot.answer.id)).collect();
    if *drawn == wanted {
        return;
    }
    for gone in drawn.iter().filter(|drawn| !wanted.contains(drawn)) {
        marks.clear(LayerName::Plot(*gone));
    }
    for plot in desk.plots.iter().filter(|plot| !drawn.contains(&layer(plot.answer.id))) {
        let [r, g, b] = PLOT_COLOURS[plot.colour % PLOT_COLOURS.len()].bytes();
        let dot = |lon_lat: &[f32; 2]| Mark::disc(*lon_lat, [r, g, b, u8::MAX], RADIUS_POINTS);
        marks.put(LayerName::Plot(layer(plot.answer.id)), plot.dots.iter().map(dot).collect());
    }
    *drawn = wanted;
}

/// Answers are counted from the start of the program.
const fn layer(answer: u64) -> u32 {
    answer as u32
}

pub(super) fn obey(
    mut actions: MessageReader<UiAction>,
    (view, space, second): (Res<MapView>, Res<HilbertView>, Res<SecondWindow>),
    mut desk: ResMut<SqlDesk>,
) {
    for action in actions.read() {
        match action {
            UiAction::Sql(SqlAction::Select { row }) => {
                let selected =
                    desk.answer.as_ref().map(|answer| SelectedRow { answer: answer.id, row: *row });
                desk.selected = if desk.selected == selected { None } else { selected };
            }
            UiAction::Sql(SqlAction::ClearPlot(id)) => desk.plots.retain(|plot| plot.answer.id != *id),
            UiAction::PickAt { pane, px } => {
                if let Some(picture) = second.picture_of(*pane, (&view, &space)) {
                    pick(&mut desk, &picture, *px);
                }
            }
            _ => {}
        }
    }
}

/// Selects the row behind the dot at a place of the window, and shows its answer.
fn pick(desk: &mut SqlDesk, picture: &Picture, px: [f32; 2]) {
    let reach_px = REACH_POINTS * picture.map.px_per_point;
    let found = desk.plots.iter().rev().find_map(|plot| {
        let after =
            desk.selected.filter(|selected| selected.answer == plot.answer.id).map(|selected| selected.row);
        Some((plot, nearest(plot, picture, px, reach_px, after)?))
    });
    let Some((plot, row)) = found else {
        return;
    };
    let answer = plot.answer.clone();
    desk.selected = Some(SelectedRow { answer: answer.id, row });
    desk.reveals += 1;
    if desk.answer.as_ref().is_none_or(|shown| shown.id != answer.id) {
        desk.answer = Some(answer);
    }
}

/// The row of the dot that is nearest, within reach. Of rows at one place the one after `after`, so that clicks go
/// through them all.
fn nearest(
    plot: &Plot,
    picture: &Picture,
    px: [f32; 2],
    reach_px: f32,
    after: Option<usize>,
) -> Option<usize> {
    let away = |at: [f32; 2]| (at[0] - px[0]).hypot(at[1] - px[1]);
    let in_reach = drawn(plot, picture).filter(|(_, at)| away(*at) <= reach_px);
    let (first, nearest) = in_reach.min_by(|a, b| away(a.1).total_cmp(&away(b.1)))?;
    let mut there = drawn(plot, picture).filter(|(_, at)| *at == nearest).map(|(row, _)| row as usize);
    let next = after.and_then(|after| there.find(|row| *row > after));
    Some(next.unwrap_or(first as usize))
}

/// The rows that are drawn in a picture, and where, in pixels; none while they change from one picture to the other.
fn drawn(plot: &Plot, picture: &Picture) -> impl Iterator<Item = (u32, [f32; 2])> {
    let on_world = plot.points.iter().filter(|_| !picture.space.is_visible()).map(|point| {
        let [lon, lat] = point.lon_lat;
        (point.row, picture.map.px_from_lon_lat(lon, lat).px)
    });
    let on_square = plot.addresses.iter().filter_map(|address| Some((address.row, address.px(picture)?)));
    on_world.chain(on_square)
}

#[cfg(test)]
mod tests {
    use std::{borrow::Cow, sync::Arc, time::Duration};

    use super::*;
    use crate::{
        components::{
            action::Pane,
            sql::{Answer, PlottedAddress, PlottedPoint, Rows},
        },
        hilbert::{Family, Prefix},
    };

    struct Nothing;

    impl Rows for Nothing {
        fn columns(&self) -> &[String] {
            &[]
        }
        fn count(&self) -> usize {
            0
        }
        fn text(&self, _: usize, _: usize) -> Cow<'_, str> {
            Cow::Borrowed("")
        }
        fn is_figure(&self, _: usize, _: usize) -> bool {
            false
        }
        fn lon_lat(&self, _: usize) -> Option<[f32; 2]> {
            None
        }
    }

    fn plot(id: u64, points: &[(u32, [f32; 2])]) -> Plot {
        let answer = Answer {
            id,
            name: String::new(),
            rows: Arc::new(Nothing),
            took: Duration::ZERO,
            is_cut: false,
            sorting: None,
        };
        let dots = points.iter().map(|(_, lon_lat)| *lon_lat).collect();
        let key = "203.0.113.7".parse::<Prefix>().unwrap().first();
        let addresses = points.iter().map(|(row, _)| PlottedAddress { row: *row, family: Family::V4, key });
        let points = points.iter().map(|(row, lon_lat)| PlottedPoint { row: *row, lon_lat: *lon_lat });
        Plot {
            answer,
            colour: 0,
            addresses: addresses.collect(),
            points: points.collect(),
            dots,
            keys: Arc::new([(Family::V4, key, 1)]),
            without_place: 0,
        }
    }

    fn desk() -> App {
        let mut app = App::new();
        app.add_message::<UiAction>()
            .insert_resource(MapView::home([1280.0, 720.0], 1.0))
            .insert_resource(HilbertView::home([1280.0, 720.0], 1.0))
            .init_resource::<SecondWindow>()
            .insert_resource(SqlDesk {
                plots: vec![
                    plot(1, &[(0, [13.4, 52.5]), (4, [13.4, 52.5]), (7, [100.0, 0.0])]),
                    plot(2, &[]),
                ],
                ..default()
            })
            .init_resource::<Marks>()
            .add_systems(Update, (obey, draw).chain());
        app
    }

    fn after(app: &mut App, action: UiAction) -> Option<SelectedRow> {
        app.world_mut().write_message(action);
        app.update();
        app.world().resource::<SqlDesk>().selected
    }

    #[test]
    fn clicks_near_a_dot_go_through_its_rows_and_elsewhere_change_nothing() {
        let mut app = desk();
        let [x, y] = app.world().resource::<MapView>().px_from_lon_lat(13.4, 52.5).px;
        let near = UiAction::PickAt { pane: Pane::Main, px: [x + 5.0, y - 3.0] };
        let row = |row| Some(SelectedRow { answer: 1, row });
        assert_eq!(after(&mut app, near.clone()), row(0));
        assert_eq!(app.world().resource::<SqlDesk>().answer.as_ref().map(|answer| answer.id), Some(1));
        assert_eq!(app.world().resource::<SqlDesk>().selected_lon_lat(), Some([13.4, 52.5]));
        assert_eq!(after(&mut app, near.clone()), row(4));
        assert_eq!(after(&mut app, UiAction::PickAt { pane: Pane::Main, px: [x + 50.0, y] }), row(4));
        assert_eq!(after(&mut app, near), row(0), "and from the last to the first again");
        assert_eq!(app.world().resource::<SqlDesk>().reveals, 3);
    }

    #[test]
    fn clicks_in_the_address_space_go_through_the_rows_of_an_address() {
        let mut app = desk();
        let picture = |app: &App| Picture::new(*app.world().resource(), *app.world().resource());
        let select = |row| Some(SelectedRow { answer: 1, row });
        app.world_mut().resource_mut::<HilbertView>().begin_with(Prefix::of(0, 0), [1280.0, 720.0], 1.0);
        let view = *app.world().resource::<HilbertView>();
        let [x, y] = view.px_of_key("203.0.113.7".parse::<Prefix>().unwrap().first());
        let near = UiAction::PickAt { pane: Pane::Main, px: [x + 5.0, y - 3.0] };
        assert_eq!(after(&mut app, near.clone()), select(0));
        let ring = app.world().resource::<SqlDesk>().selected_px(&picture(&app));
        assert_eq!(ring, Some([x, y]));
        assert_eq!(after(&mut app, near.clone()), select(4));
        app.world_mut().resource_mut::<HilbertView>().family = Family::V6;
        assert_eq!(after(&mut app, near), select(4), "it is not shown there");
        assert_eq!(app.world().resource::<SqlDesk>().selected_px(&picture(&app)), None);
    }

    #[test]
    fn a_row_is_selected_and_let_go_and_a_cleared_plot_leaves_its_colour_to_others() {
        let mut app = desk();
        let answer = plot(1, &[]).answer;
        app.world_mut().resource_mut::<SqlDesk>().answer = Some(answer);
        let select = UiAction::Sql(SqlAction::Select { row: 7 });
        assert_eq!(after(&mut app, select.clone()), Some(SelectedRow { answer: 1, row: 7 }));
        assert_eq!(app.world().resource::<SqlDesk>().selected_lon_lat(), Some([100.0, 0.0]));
        assert_eq!(after(&mut app, select), None);
        app.world_mut().resource_mut::<SqlDesk>().plots[1].colour = 1;
        assert_eq!(app.world().resource::<SqlDesk>().free_colour(6), 2);
        assert_eq!(app.world().resource::<Marks>().layers().len(), 2);
        after(&mut app, UiAction::Sql(SqlAction::ClearPlot(1)));
        assert!(app.world().resource::<Marks>().layer(LayerName::Plot(1)).is_none(), "off the map");
        assert_eq!(app.world().resource::<SqlDesk>().plots.len(), 1);
        assert_eq!(app.world().resource::<SqlDesk>().free_colour(6), 0);
    }
}
