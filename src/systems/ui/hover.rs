//! What is under the pointer, beside it: the dot's program, peer, place and rule, and how many more lie there.

use bevy::{
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
};
use crate::{
    components::{
        connection::{Connection, MatchedRule, Position, Trail},
        dots::DotRow,
        map_view::MapView,
        panels::Panels,
        rule_book::RuleBook,
        theme::{Theme, size},
    },
    model::{LocatedConnection, Owner},
};

/// A dot is meant within this many points.
const REACH_POINTS: f32 = 7.0;
/// From the pointer, in points.
const OFFSET: egui::Vec2 = egui::vec2(14.0, 16.0);

pub(super) fn show(
    mut contexts: EguiContexts,
    windows: Query<&Window, With<PrimaryWindow>>,
    dots: Query<(&Connection, &MatchedRule, &Position, &DotRow), Without<Trail>>,
    book: Res<RuleBook>,
    theme: Res<Theme>,
    view: Res<MapView>,
    panels: Res<Panels>,
) -> Result {
    let pointer = windows.single().ok().and_then(Window::physical_cursor_position);
    let Some(px) = pointer.map(|px| px.to_array()).filter(|px| !panels.covers(*px)) else {
        return Ok(());
    };
    let reach = REACH_POINTS * view.px_per_point;
    // The nearest, and how many are drawn in its place.
    let mut nearest: Option<(f32, &LocatedConnection, Option<usize>, [f32; 2])> = None;
    for (connection, rule, position, row) in &dots {
        if row.0.is_none() {
            continue;
        }
        let at = view.screen_place(position.map).px;
        let away = (at[0] - px[0]).hypot(at[1] - px[1]);
        if away <= reach && nearest.as_ref().is_none_or(|(known, ..)| away < *known) {
            nearest = Some((away, &connection.0, rule.0, position.map));
        }
    }
    let Some((_, connection, rule, map)) = nearest else {
        return Ok(());
    };
    let others =
        dots.iter().filter(|(_, _, position, row)| row.0.is_some() && position.map == map).count() - 1;
    let rule = book.rules.labels().get(book.label_of(rule)).map_or("no rule", |label| &label.text);
    let context = contexts.ctx_mut()?;
    let at = egui::pos2(px[0], px[1]) / view.px_per_point + OFFSET;
    Area::new(egui::Id::new("hover"))
        .fixed_pos(at)
        .order(Order::Tooltip)
        .interactable(false)
        .fade_in(false)
        .constrain(true)
        .show(context, |ui| {
            panel::dialog_frame(&theme).inner_margin(egui::Margin::symmetric(10, 8)).show(ui, |ui| {
                words(ui, connection, (rule, others), &theme);
            });
        });
    Ok(())
}

fn words(ui: &mut Ui, connection: &LocatedConnection, (rule, others): (&str, usize), theme: &Theme) {
    ui.spacing_mut().item_spacing.y = 2.0;
    let seen = &connection.observation;
    let program = match &seen.owner {
        Owner::Program { name, .. } => name.to_string(),
        Owner::NotPermitted | Owner::Unknown => "unknown program".to_owned(),
    };
    let second = theme.colours.text_second.egui();
    ui.label(RichText::new(program).font(medium(size::TEXT)));
    ui.label(RichText::new(seen.peer.to_string()).font(mono(size::TEXT_SMALL)));
    let organisation = connection.asn.as_ref().map(|asn| format!("AS{}  {}", asn.number, asn.organisation));
    let place = connection.place.as_ref().ok().map(|place| {
        let country = place.country.map_or_else(String::new, |country| country.to_string());
        [&*place.city, &*country]
            .iter()
            .filter(|part| !part.is_empty())
            .copied()
            .collect::<Vec<_>>()
            .join(", ")
    });
    let more = (others > 0).then(|| format!("and {others} more here · right click lists them"));
    for line in [organisation, place, Some(rule.to_owned()), more].into_iter().flatten() {
        ui.label(RichText::new(line).font(sans(size::TEXT_SMALL)).color(second));
    }
}
