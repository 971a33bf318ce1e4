//! Which cells of the address space are drawn one by one: of what was heard those in sight, where the zoom parts a /24, and
//! all that queries plotted.

use bevy::prelude::*;

use super::{MapSystems, place::write_changed, space_heat};
use crate::{
    components::{
        dots::packed_cell,
        hilbert_view::HilbertView,
        second_window::SecondWindow,
        space_cells::{CellInstance, SpaceCells, WrittenFor},
        space_ground::SpaceGround,
        space_heat::SpaceHeat,
        sql::SqlDesk,
        theme::PLOT_COLOURS,
    },
    hilbert::{
        Family, ORDER, Orientation,
        heat::{FINEST, FINEST_KEPT, Heat, log_level},
    },
};

/// A cell is parted when its quarters are this large, in points.
const SMALLEST: f64 = 4.0;
/// More cells than these of what was heard nobody tells apart; the first along the curve are shown.
const MOST_HEARD: usize = 262_144;
/// Of the faintest that was heard, of 255.
const FAINTEST: u32 = 110;
/// Of what was plotted, which is to be found.
const FAINTEST_PLOTTED: u32 = 190;
/// How bright a cell is from which on it is no brighter (`log_level`): 8 for each doubling.
const BRIGHTEST: u32 = 96;
/// Of one answer; more of them nobody tells apart.
const MOST_PLOTTED: usize = 262_144;
/// Of a plotted address, in quarters of a point.
const PLOT_QUARTERS: u16 = 20;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<SpaceCells>()
        .add_systems(Update, write.after(space_heat::show).after(write_changed).in_set(MapSystems::Place));
}

fn write(
    view: Res<HilbertView>,
    mut second: ResMut<SecondWindow>,
    (heat, ground): (Res<SpaceHeat>, Res<SpaceGround>),
    desk: Res<SqlDesk>,
    mut cells: ResMut<SpaceCells>,
) {
    let cells = cells.bypass_change_detection();
    if view.is_visible() {
        write_in_sight(&view, (&heat, &ground), &desk, cells);
    } else {
        // What changes until it is shown again is not looked at.
        cells.forget();
    }
    if let Some(second) = &mut second.bypass_change_detection().0 {
        write_in_sight(&second.view, (&heat, &ground), &desk, &mut second.cells);
    }
}

/// The cells that one picture shows.
fn write_in_sight(
    view: &HilbertView,
    (heat, ground): (&SpaceHeat, &SpaceGround),
    desk: &Res<SqlDesk>,
    cells: &mut SpaceCells,
) {
    let now = WrittenFor {
        view: Some(*view),
        heat: heat.shown(),
        ground: (ground.changes(), ground.palette_changes()),
    };
    if cells.is_for(&now) && !desk.is_changed() {
        return;
    }
    cells.write(now, |rows| {
        if let Some(heard) = heat.heard(view.family) {
            write_heard(view, &heard.heat, ground, rows);
        }
        for plot in &desk.plots {
            let [r, g, b] = PLOT_COLOURS[plot.colour % PLOT_COLOURS.len()].bytes();
            let is_in_sight =
                |(family, key, _): &&(Family, u32, u32)| *family == view.family && is_near(view, *key);
            let keys = plot.keys.iter().filter(is_in_sight);
            rows.extend(keys.take(MOST_PLOTTED).map(|(_, key, count)| CellInstance {
                cell: packed_cell(Orientation::Usual.cell(*key)),
                rgba: [r, g, b, strength(log_level(u64::from(*count)), FAINTEST_PLOTTED)],
                side: 1,
                least_quarters: PLOT_QUARTERS,
            }));
        }
    });
}

/// How much of its colour is seen, of 255.
fn strength(level: u8, faintest: u32) -> u8 {
    (faintest + (255 - faintest) * u32::from(level).min(BRIGHTEST) / BRIGHTEST) as u8
}

/// Whether the mark of an address reaches into the window.
fn is_near(view: &HilbertView, key: u32) -> bool {
    let reach_px = f32::from(PLOT_QUARTERS) / 8.0 * view.px_per_point();
    let px = view.px_of_key(key);
    (0..2).all(|axis| px[axis] > -reach_px && px[axis] < view.size_px()[axis] + reach_px)
}

/// The order of which a cell has the size at which it is told apart, where that is finer than what is kept as a picture.
fn order_of(view: &HilbertView) -> Option<u8> {
    let points = view.px_per_cell() / f64::from(view.px_per_point());
    let dropped = (SMALLEST / points).log2().ceil().max(0.0) as u8;
    FINEST.checked_sub(dropped).filter(|order| *order > FINEST_KEPT)
}

fn write_heard(view: &HilbertView, heat: &Heat, ground: &SpaceGround, rows: &mut Vec<CellInstance>) {
    let Some(order) = order_of(view) else {
        return;
    };
    let side = 1_u16 << (ORDER as u8 - order);
    let [from, to] = [[0.0; 2], view.size_px()].map(|px| view.cell_from_px(px));
    let is_in_sight = |cell: [u16; 2]| {
        (0..2).all(|axis| {
            let at = f64::from(view.orientation.turned(cell)[axis]);
            at + f64::from(side) > from[axis] && at < to[axis]
        })
    };
    for block in view.blocks_in_sight(order) {
        for (key, level) in heat.cells(block, order) {
            let cell = Orientation::Usual.cell(key).map(|at| at & !(side - 1));
            if !is_in_sight(cell) {
                continue;
            }
            if rows.len() >= MOST_HEARD {
                return;
            }
            let [r, g, b] = ground.colour_of(key);
            rows.push(CellInstance {
                cell: packed_cell(cell),
                rgba: [r, g, b, strength(level, FAINTEST)],
                side,
                least_quarters: 0,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hilbert::Prefix;

    #[test]
    fn addresses_in_sight_have_cells_once_a_network_is_parted() {
        let key = |text: &str| text.parse::<Prefix>().unwrap().first();
        let mut heat = Heat::default();
        for address in ["203.0.113.7", "203.0.113.8", "203.0.113.200", "9.9.9.9"] {
            heat.add(key(address), 1);
        }
        let mut view = HilbertView::home([1280.0, 720.0], 1.0);
        let rows = |view: &HilbertView| {
            let mut rows = Vec::new();
            write_heard(view, &heat, &SpaceGround::default(), &mut rows);
            rows
        };
        assert!(rows(&view).is_empty(), "a pixel is larger than a network");
        view.show_block("203.0.113.0/24".parse().unwrap());
        let found = rows(&view);
        assert_eq!((found.len(), found[0].side), (3, 1));
        let cell = packed_cell(Orientation::Usual.cell(key("203.0.113.7")));
        assert!(found.iter().any(|row| row.cell == cell));
        view.transpose();
        assert_eq!(rows(&view).len(), 3);
        view.show_block("203.0.0.0/16".parse().unwrap());
        let found = rows(&view);
        assert!(found.iter().all(|row| row.side > 1) && (1..=3).contains(&found.len()));
    }
}
