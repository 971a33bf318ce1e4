//! What is under the pointer, beside it: the dot's program, peer, place and rule, and how many more lie there. Looked for
//! when the pointer moved or something on the map did, and remembered in between.

use std::sync::Arc;

use bevy::{
    ecs::system::SystemParam,
    prelude::*,
    window::{PrimaryWindow, Window},
};
use bevy_egui::{
    EguiContexts,
    egui::{self, Area, Order, RichText, Ui},
};

use super::{
    panel,
    style::{medium, mono, sans},
    words,
};
use crate::{
    components::{
        connection::{Connection, MatchedRule, Position, Trail},
        dots::DotRow,
        hilbert_view::HilbertView,
        map_view::MapView,
        panels::Panels,
        picture::Picture,
        rule_book::RuleBook,
        theme::{Theme, size},
    },
    model::LocatedConnection,
};

/// A dot is meant within this many points.
const REACH_POINTS: f32 = 7.0;
/// From the pointer, in points.
const OFFSET: egui::Vec2 = egui::vec2(14.0, 16.0);

type Dot = (&'static Connection, &'static MatchedRule, Option<&'static Position>, &'static DotRow);
/// What may change what lies there: a connection is also another one when its program is known.
type DotChanged =
    Or<(Changed<Connection>, Changed<MatchedRule>, Changed<Position>, Changed<DotRow>, Added<Trail>)>;

/// What was found where the pointer is.
#[derive(Default)]
pub(super) struct Seen {
    px: Option<[f32; 2]>,
    picture: Option<Picture>,
    dot: Option<SeenDot>,
    /// Where somebody clicked: what that opened is read, until the pointer moves.
    clicked_px: Option<[f32; 2]>,
}

struct SeenDot {
    connection: Arc<LocatedConnection>,
    rule: Option<usize>,
    /// Drawn in the same place.
    others: usize,
}

pub(super) fn show(
    mut contexts: EguiContexts,
    windows: Query<&Window, With<PrimaryWindow>>,
    (view, space): (Res<MapView>, Res<HilbertView>),
    panels: Res<Panels>,
    mut hover: Hover,
) -> Result {
    hover.show(contexts.ctx_mut()?, windows.single().ok(), &Picture::new(*view, *space), &panels);
    Ok(())
}

/// What lies under the pointer in one picture.
#[derive(SystemParam)]
pub(super) struct Hover<'w, 's> {
    dots: Query<'w, 's, Dot, Without<Trail>>,
    changed: Query<'w, 's, (), DotChanged>,
    gone: RemovedComponents<'w, 's, Connection>,
    book: Res<'w, RuleBook>,
    theme: Res<'w, Theme>,
    buttons: Res<'w, ButtonInput<MouseButton>>,
    seen: Local<'s, Seen>,
}

impl Hover<'_, '_> {
    pub(super) fn show(
        &mut self,
        context: &egui::Context,
        window: Option<&Window>,
        picture: &Picture,
        panels: &Panels,
    ) {
        let Self { dots, changed, gone, book, theme, buttons, seen } = self;
        let pointer = window.and_then(Window::physical_cursor_position);
        let pointer = pointer.map(|px| px.to_array()).filter(|px| !panels.covers(*px));
        if buttons.get_just_pressed().len() > 0 {
            seen.clicked_px = pointer;
        }
        let some_gone = gone.read().count() > 0;
        if seen.px != pointer || seen.picture.as_ref() != Some(picture) || some_gone || !changed.is_empty() {
            let dot = pointer.and_then(|px| nearest(px, dots, picture));
            (seen.px, seen.picture, seen.dot) = (pointer, Some(*picture), dot);
        }
        let Seen { px: Some(px), dot: Some(dot), clicked_px, .. } = &**seen else {
            return;
        };
        if clicked_px.as_ref() == Some(px) {
            return;
        }
        let at = egui::pos2(px[0], px[1]) / picture.map.px_per_point + OFFSET;
        Area::new(egui::Id::new("hover"))
            .fixed_pos(at)
            .order(Order::Tooltip)
            .interactable(false)
            .fade_in(false)
            .constrain(true)
            .show(context, |ui| {
                panel::dialog_frame(theme)
                    .inner_margin(egui::Margin::symmetric(10, 8))
                    .show(ui, |ui| tell(ui, dot, book, theme));
            });
    }
}

fn nearest(px: [f32; 2], dots: &Query<Dot, Without<Trail>>, picture: &Picture) -> Option<SeenDot> {
    let shown = || dots.iter().filter(|(.., row)| row.0.is_some());
    let mut best: Option<(f32, [f32; 2], &Connection, Option<usize>)> = None;
    for (connection, rule, position, _) in shown() {
        let Some(at) = picture.px_of(&connection.0, position) else {
            continue;
        };
        let away = (at[0] - px[0]).hypot(at[1] - px[1]) / picture.map.px_per_point;
        if away <= REACH_POINTS && best.is_none_or(|(known, ..)| away < known) {
            best = Some((away, at, connection, rule.0));
        }
    }
    let (_, at, connection, rule) = best?;
    let here = shown().filter(|(it, _, position, _)| picture.px_of(&it.0, *position) == Some(at));
    Some(SeenDot { connection: Arc::clone(&connection.0), rule, others: here.count().saturating_sub(1) })
}

fn tell(ui: &mut Ui, SeenDot { connection, rule, others }: &SeenDot, book: &RuleBook, theme: &Theme) {
    ui.spacing_mut().item_spacing.y = 2.0;
    let observation = &connection.observation;
    let second = theme.colours.text_second.egui();
    ui.label(RichText::new(words::program(&observation.owner)).font(medium(size::TEXT)));
    ui.label(RichText::new(observation.peer.to_string()).font(mono(size::TEXT_SMALL)));
    let organisation = connection.asn.as_ref().map(|asn| format!("AS{}  {}", asn.number, asn.organisation));
    let place = connection.place.as_ref().ok().map(words::place);
    let rule = book.rules.labels().get(book.label_of(*rule)).map_or("no rule", |label| &label.text);
    let more = (*others > 0).then(|| format!("and {others} more here · right click lists them"));
    for line in [organisation, place, Some(rule.to_owned()), more].into_iter().flatten() {
        ui.label(RichText::new(line).font(sans(size::TEXT_SMALL)).color(second));
    }
}
