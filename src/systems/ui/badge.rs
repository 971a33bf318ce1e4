//! Two words in the middle: that a scene is synthetic, and that there is nothing to show.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Align2, Area, Color32, CornerRadius, Frame, Margin, Order, RichText},
};

use super::{
    DemoBadge, panel,
    style::{medium, sans},
};
use crate::{
    components::{
        account::Account,
        connection::Agents,
        hilbert_view::HilbertView,
        map_view::MapView,
        panels::Panels,
        theme::{Theme, size},
        time_travel::TimeTravel,
        wall::{Wall, shows_beside},
    },
    wall::Part,
};

pub(super) fn show(
    mut contexts: EguiContexts,
    (demo, wall): (Option<Res<DemoBadge>>, Option<Res<Wall>>),
    agents: Res<Agents>,
    (account, travel): (Res<Account>, Res<TimeTravel>),
    theme: Res<Theme>,
    (view, space): (Res<MapView>, Res<HilbertView>),
    mut panels: ResMut<Panels>,
) -> Result {
    let context = contexts.ctx_mut()?;
    // The clock of a wall says it too.
    if let Some(demo) = demo.filter(|_| !shows_beside(wall.as_deref(), Part::Clock)) {
        let badge = Area::new(egui::Id::new("demo"))
            .anchor(Align2::CENTER_TOP, egui::vec2(0.0, size::MARGIN))
            .order(Order::Middle)
            .fade_in(false)
            .show(context, |ui| {
                Frame::new()
                    .fill(theme.colours.warning.egui())
                    .corner_radius(CornerRadius::same(10))
                    .inner_margin(Margin::symmetric(10, 3))
                    .show(ui, |ui| {
                        let ground =
                            if theme.is_dark { Color32::from_rgb(24, 16, 4) } else { Color32::WHITE };
                        let words = format!("DEMO · {}", demo.0);
                        ui.label(RichText::new(words).font(medium(size::TEXT_SMALL)).color(ground));
                    });
            });
        panel::claim(&mut panels, badge.response.rect, &view);
    }
    // Before the first look at the sockets nobody knows that there are none; in the past it is often so. A wall may be empty.
    if wall.is_some() || account.on_map > 0 || agents.0.is_empty() || !travel.is_now() || space.is_visible() {
        return Ok(());
    }
    let of = |count: usize| if count == 1 { "1 socket".to_owned() } else { format!("{count} sockets") };
    let (head, below) = if account.total == 0 && account.filtered_out > 0 {
        ("Nothing passes the filter", format!("{}, none as it asks for", of(account.filtered_out)))
    } else if account.total == 0 {
        ("No connections", "no established TCP and no connected UDP socket on this machine".to_owned())
    } else {
        let why = "none with a place · the line below says why";
        ("Nothing on the map", format!("{}, {why}", of(account.total)))
    };
    let (rect, ()) = panel::floating(
        context,
        "empty",
        Align2::CENTER_CENTER,
        egui::Vec2::ZERO,
        panel::frame(&theme),
        |ui| {
            ui.vertical_centered(|ui| {
                ui.label(RichText::new(head).font(medium(size::TEXT_TITLE)));
                ui.label(RichText::new(below).font(sans(size::TEXT)).color(theme.colours.text_second.egui()));
            });
        },
    );
    panel::claim(&mut panels, rect, &view);
    Ok(())
}
