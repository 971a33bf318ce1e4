//! What stands beside and on the address space: at the top right what is seen of it, what colours mean, what lies under
//! the pointer and a field to fly somewhere; on the square the names of its blocks.

mod blocks;
mod colours;
mod field;
mod pointed;

use bevy::{ecs::system::SystemParam, prelude::*};
use bevy_egui::{
    EguiContexts,
    egui::{self, Align2, Order, RichText, Ui, vec2},
};

use super::{
    panel, row,
    style::{medium, sans},
    timeline,
};
use crate::{
    components::{
        action::{Pane, SpaceAction, UiAction},
        connection::{Connection, SpaceKey, Trail},
        dots::DotRow,
        filtering::Passes,
        hilbert_view::HilbertView,
        map_view::MapView,
        panels::Panels,
        picture::Picture,
        space_ground::SpaceGround,
        space_heat::SpaceHeat,
        space_tables::SpaceFacts,
        theme::{Theme, size},
        time_travel::Timeline,
    },
    hilbert::{
        Family, Prefix,
        heat::{Revision, Seen},
    },
};

pub(super) use blocks::{BlockNames, show as show_blocks};

const WIDTH: f32 = 236.0;
/// Below the corner in which the exit button is.
const TOP: f32 = 46.0;
/// Left for what is known of the block under the pointer, which comes and goes: four facts and three figures.
const POINTED: f32 = 200.0;

type Counted = (&'static Connection, Option<&'static SpaceKey>, Option<&'static DotRow>, &'static Passes);

/// What was heard of the block under the pointer, as long as nothing of it changes.
type HeardOf = Option<(Prefix, Family, u64, Revision, Seen)>;

pub(super) fn show(
    mut contexts: EguiContexts,
    (space, view): (Res<HilbertView>, Res<MapView>),
    mut panel: SpacePanel,
    mut panels: ResMut<Panels>,
) -> Result {
    if space.is_shown {
        panel.show(contexts.ctx_mut()?, &Picture::new(*view, *space), Pane::Main, &mut panels);
    }
    Ok(())
}

/// What the panel of one picture tells, and what it remembers.
#[derive(SystemParam)]
pub(super) struct SpacePanel<'w, 's> {
    theme: Res<'w, Theme>,
    heat: Res<'w, SpaceHeat>,
    ground: Res<'w, SpaceGround>,
    facts: ResMut<'w, SpaceFacts>,
    timeline: Res<'w, Timeline>,
    open: Query<'w, 's, Counted, Without<Trail>>,
    draft: Local<'s, field::Draft>,
    tops: Local<'s, colours::Tops>,
    heard: Local<'s, HeardOf>,
    actions: MessageWriter<'w, UiAction>,
}

impl SpacePanel<'_, '_> {
    pub(super) fn show(
        &mut self,
        context: &egui::Context,
        picture: &Picture,
        pane: Pane,
        panels: &mut Panels,
    ) {
        let Picture { map: view, space } = picture;
        if !view.has_room_for_panels() {
            return;
        }
        let Self { theme, heat, ground, facts, timeline, open, draft, tops, heard, actions } = self;
        // A layer of its own is a panel or a window; the map has none.
        let is_bare =
            |at: &egui::Pos2| context.layer_id_at(*at).is_none_or(|layer| layer.order == Order::Background);
        let pointer = context.input(|input| input.pointer.hover_pos()).filter(is_bare);
        let pointed = pointer.and_then(|at| space.key_at([at.x, at.y].map(|at| at * view.px_per_point)));
        let block = pointed.map(|key| pointed::block(space, key));
        let mut sums = Sums::default();
        tops.clear();
        for (connection, key, row, _) in open.iter().filter(|(.., passes)| passes.0) {
            if let Some(key) = sums.add(key, row, space.family, block) {
                tops.add(space.colour, key, &connection.0);
            }
        }
        let reach = if pane == Pane::Main { timeline::reach(timeline, view) + size::GRID } else { 0.0 };
        let pointed_takes = if block.is_some() { POINTED } else { 0.0 };
        let floor = context.content_rect().bottom() - size::MARGIN - reach - size::INNER - pointed_takes;
        let top = if pane == Pane::Main { TOP } else { size::MARGIN };
        let (rect, ()) = panel::floating(
            context,
            "space",
            Align2::RIGHT_TOP,
            vec2(-size::MARGIN, top),
            panel::frame(theme),
            |ui| {
                ui.spacing_mut().item_spacing.y = 3.0;
                ui.set_width(WIDTH);
                head(ui, space, &sums, theme, actions);
                show_heard(ui, space, heat, theme);
                // Above what grows and shrinks, so that it stays where it is.
                ui.add_space(size::GRID * 0.5);
                if let Some((family, block)) = field::show(ui, space, draft, theme) {
                    if family != space.family {
                        actions.write(UiAction::Space(SpaceAction::ToggleFamily));
                    }
                    actions.write(UiAction::Space(SpaceAction::ShowBlock(pane, block)));
                }
                ui.add_space(size::GRID * 0.5);
                colours::show(ui, space, ground, (tops, floor), theme, actions);
                if let Some(block) = block {
                    ui.add_space(size::GRID * 0.5);
                    ui.separator();
                    let facts = facts.bypass_change_detection().of(space.family, block).cloned();
                    let heard = heard_of(heard, heat, space.family, block);
                    pointed::show(ui, space, block, (facts.as_deref(), sums.pointed, heard), theme);
                }
            },
        );
        panel::claim(panels, rect, view);
    }
}

/// Asks the heat only where its answer may be another one: of a large block all addresses are looked at.
fn heard_of(known: &mut HeardOf, heat: &SpaceHeat, family: Family, block: Prefix) -> Option<Seen> {
    let heard = &heat.heard(family)?.heat;
    let (changes, revision) = (heat.changes(), heard.revision());
    if let Some((of, in_family, at, then, seen)) = known
        && (*of, *in_family, *at, *then) == (block, family, changes, revision)
    {
        return Some(*seen);
    }
    let seen = heard.seen(block);
    *known = Some((block, family, changes, revision, seen));
    Some(seen)
}

/// What the light below the dots is.
fn show_heard(ui: &mut Ui, space: &HilbertView, heat: &SpaceHeat, theme: &Theme) {
    let colours = &theme.colours;
    let heard = heat.heard(space.family).map(|heard| heard.heat.seen(Prefix::ALL));
    let (words, figure) = match heard {
        _ if heat.is_waiting => ("reading the history", None),
        None => return,
        Some(seen) => (
            match (space.family, heat.is_of_all()) {
                (Family::V4, true) => "/24 ever heard of",
                (Family::V6, true) => "/27 ever heard of",
                (Family::V4, false) => "/24 heard of in this",
                (Family::V6, false) => "/27 heard of in this",
            },
            Some(seen.networks),
        ),
    };
    let (line, _) = row::place(ui, WIDTH, row::ROW_HEIGHT, theme);
    let colour = colours.text_second.egui();
    row::text(ui, line.left_center(), Align2::LEFT_CENTER, words, sans(size::TEXT), colour);
    if let Some(figure) = figure {
        row::figure(ui, line, figure as usize, colour);
    }
}

/// How many connections have a cell, and where the others are.
#[derive(Default)]
struct Sums {
    here: usize,
    other_family: usize,
    /// No address of either square.
    nowhere: usize,
    pointed: usize,
}

impl Sums {
    /// Returns its key, if it is drawn here.
    fn add(
        &mut self,
        key: Option<&SpaceKey>,
        row: Option<&DotRow>,
        family: Family,
        block: Option<Prefix>,
    ) -> Option<SpaceKey> {
        match key {
            // Hidden, as its rule or its agent is.
            Some(_) if row.is_none_or(|row| row.0.is_none()) => {}
            Some(key) if key.family == family => {
                self.here += 1;
                self.pointed += usize::from(block.is_some_and(|block| block.contains(key.key)));
                return Some(*key);
            }
            Some(_) => self.other_family += 1,
            None => self.nowhere += 1,
        }
        None
    }
}

fn head(ui: &mut Ui, space: &HilbertView, sums: &Sums, theme: &Theme, actions: &mut MessageWriter<UiAction>) {
    let colours = &theme.colours;
    let (each, here, other) = match space.family {
        Family::V4 => ("one cell an address", "connections over IPv4", "IPv6"),
        Family::V6 => ("one cell a /35", "connections over IPv6", "IPv4"),
    };
    let title = match (space.family, space.block_in_middle()) {
        (Family::V4, Prefix::ALL) => "IPv4, all of it".to_owned(),
        (Family::V6, Prefix::ALL) => "IPv6, 2000::/3".to_owned(),
        (family, block) => format!("around {}", pointed::names(family, block).0),
    };
    ui.label(RichText::new(title).font(medium(size::TEXT_LARGE)));
    ui.label(RichText::new(each).font(sans(size::TEXT_SMALL)).color(colours.text_second.egui()));
    let (line, _) = row::place(ui, WIDTH, row::ROW_HEIGHT, theme);
    row::text(ui, line.left_center(), Align2::LEFT_CENTER, here, sans(size::TEXT), colours.text.egui());
    row::figure(ui, line, sums.here, colours.text.egui());
    if sums.other_family > 0 {
        let (line, response) = row::place(ui, WIDTH, row::ROW_HEIGHT, theme);
        let text = format!("{other}, not on this view  6");
        row::text(
            ui,
            line.left_center(),
            Align2::LEFT_CENTER,
            &text,
            sans(size::TEXT),
            colours.warning.egui(),
        );
        row::figure(ui, line, sums.other_family, colours.warning.egui());
        if response.clicked() {
            actions.write(UiAction::Space(SpaceAction::ToggleFamily));
        }
    }
    if sums.nowhere > 0 {
        let (line, _) = row::place(ui, WIDTH, row::ROW_HEIGHT, theme);
        let text = "IPv6 outside 2000::/3";
        row::text(
            ui,
            line.left_center(),
            Align2::LEFT_CENTER,
            text,
            sans(size::TEXT),
            colours.text_second.egui(),
        );
        row::figure(ui, line, sums.nowhere, colours.text_second.egui());
    }
}
