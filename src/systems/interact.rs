//! Acts on what the user asked for: switches, view, overlays, the end. What needs files or the window system is done
//! by `services` and `window`, which read the same messages.

use bevy::{app::AppExit, prelude::*};

use super::MapSystems;
use crate::components::{
    action::{ListKind, Overlays, Pane, SpaceAction, UiAction},
    animation::Animation,
    cards::Cards,
    fleet::{AgentRings, HiddenAgents},
    hilbert_view::HilbertView,
    history_circles::WaitingToLoad,
    inspect::{HiddenColumns, Look, Looks},
    map_view::MapView,
    notices::Notices,
    palette::Palette,
    rule_book::RuleBook,
    second_window::SecondWindow,
    theme::Theme,
    wall::Wall,
};

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, (act, step_back).chain().in_set(MapSystems::Interact));
}

pub(super) fn act(
    mut actions: MessageReader<UiAction>,
    mut book: ResMut<RuleBook>,
    (mut view, mut space, mut second): (ResMut<MapView>, ResMut<HilbertView>, ResMut<SecondWindow>),
    mut overlays: ResMut<Overlays>,
    mut theme: ResMut<Theme>,
    mut palette: ResMut<Palette>,
    mut notices: ResMut<Notices>,
    (mut hidden_agents, mut rings, mut looks): (ResMut<HiddenAgents>, ResMut<AgentRings>, ResMut<Looks>),
    (mut animation, mut columns): (ResMut<Animation>, ResMut<HiddenColumns>),
    mut exit: MessageWriter<AppExit>,
) {
    for action in actions.read() {
        match action {
            UiAction::ToggleAllText => book.all_text = !book.all_text,
            UiAction::ToggleLabelText { label } => book.toggle_text(*label),
            UiAction::ToggleLabelDots { label } => book.toggle_hidden(*label),
            UiAction::ToggleAgent { agent } => hidden_agents.toggle(*agent),
            UiAction::ToggleRings => rings.0 = !rings.0,
            UiAction::ToggleFleet => overlays.fleet = !overlays.fleet,
            UiAction::ToggleKeep => overlays.keep = !overlays.keep,
            UiAction::ToggleReset => overlays.reset = !overlays.reset,
            UiAction::ResetHistory => overlays.reset = false,
            UiAction::ToggleFilter => overlays.filter = !overlays.filter,
            UiAction::ToggleSql => overlays.sql = !overlays.sql,
            UiAction::OpenAgentCard { agent } => overlays.agent_card = Some(*agent),
            UiAction::CloseAgentCard => overlays.agent_card = None,
            UiAction::ToggleTheme => *theme = theme.other(),
            UiAction::TogglePalette => *palette = palette.other(),
            UiAction::ToggleMotion => animation.reduced = !animation.reduced,
            UiAction::ToggleColumn { column } => columns.toggle(column),
            UiAction::ToggleSettings => overlays.settings = !overlays.settings,
            UiAction::ToggleHelp => overlays.help = !overlays.help,
            UiAction::ToggleFullscreen => overlays.fullscreen = !overlays.fullscreen,
            UiAction::ShowWhole(Pane::Second)
            | UiAction::ZoomAt { pane: Pane::Second, .. }
            | UiAction::PanPx { pane: Pane::Second, .. } => {
                if let Some(space) = second.view_mut() {
                    move_space(action, space);
                }
            }
            UiAction::ShowWhole(_) | UiAction::ZoomAt { .. } | UiAction::PanPx { .. } if space.is_shown => {
                move_space(action, &mut space);
            }
            UiAction::ShowWhole(_) => *view = MapView::home(view.size_px, view.px_per_point),
            UiAction::ZoomAt { px, factor, .. } => view.zoom_at(*px, *factor),
            UiAction::PanPx { delta, .. } => view.pan_px(*delta),
            UiAction::Space(action) => obey_space(*action, &mut space, &mut second),
            UiAction::OpenList(kind) => {
                let before = overlays.lists.len();
                overlays.lists.retain(|open| open != kind);
                if overlays.lists.len() == before {
                    overlays.lists.push(*kind);
                }
            }
            UiAction::CloseList(kind) => overlays.lists.retain(|open| open != kind),
            UiAction::LookAt { pane, px } => {
                if let Some(picture) = second.picture_of(*pane, (&view, &space)) {
                    let look = looks.add(Look { picture, px: *px });
                    overlays.lists.push(ListKind::Near(look));
                }
            }
            UiAction::DismissNotice { topic } => notices.dismiss(topic),
            UiAction::Quit => {
                exit.write(AppExit::Success);
            }
            // Rules read again may have other labels.
            UiAction::ReloadRules => {
                overlays.lists.retain(|list| !matches!(list, ListKind::Label(_)));
            }
            UiAction::Back
            | UiAction::Filter(_)
            | UiAction::Card(_)
            | UiAction::Sql(_)
            | UiAction::Time(_)
            | UiAction::NextLapseStyle
            | UiAction::SetLapseStyle(_)
            | UiAction::NextTrailLength
            | UiAction::SetTrailLength(_)
            | UiAction::KeepHistory(_)
            | UiAction::PickAt { .. }
            | UiAction::DragWindow
            | UiAction::ResizeWindow(_)
            | UiAction::ToggleListening
            | UiAction::ToggleHistory
            | UiAction::ShowHistory(_)
            | UiAction::SaveHistory
            | UiAction::LoadHistory
            | UiAction::AnswerLoad(_)
            | UiAction::AddAgent { .. }
            | UiAction::ChangeAgent { .. } => {}
        }
    }
    if let Some(view) = second.bypass_change_detection().view_mut() {
        view.share(&space);
    }
}

/// Moves a picture of the address space.
fn move_space(action: &UiAction, space: &mut HilbertView) {
    match action {
        UiAction::ShowWhole(_) => space.go_home(),
        UiAction::ZoomAt { px, factor, .. } => space.zoom_at(*px, *factor),
        UiAction::PanPx { delta, .. } => space.pan_px(*delta),
        _ => {}
    }
}

fn obey_space(action: SpaceAction, space: &mut HilbertView, second: &mut SecondWindow) {
    match action {
        SpaceAction::Toggle => space.is_shown = !space.is_shown,
        SpaceAction::Show(is_shown) => space.is_shown = is_shown,
        SpaceAction::ToggleWindow if second.is_open() => second.close(),
        SpaceAction::ToggleWindow => second.open(space),
        SpaceAction::CloseWindow => second.close(),
        SpaceAction::ToggleFamily => {
            space.family = space.family.other();
            // Where it is seen beside the map, the map may stay.
            space.is_shown |= !second.is_open();
        }
        SpaceAction::NextColour => space.colour = space.colour.next(),
        SpaceAction::SetFamily(family) => space.family = family,
        SpaceAction::SetColour(colour) => space.colour = colour,
        SpaceAction::ToggleCurve => space.shows_curve = !space.shows_curve,
        SpaceAction::Transpose => space.transpose(),
        SpaceAction::ShowBlock(Pane::Second, block) => {
            if let Some(space) = second.view_mut() {
                space.head_for(block);
            }
        }
        // From the world it flies there in one.
        SpaceAction::ShowBlock(Pane::Main, block) if !space.is_visible() => {
            space.is_shown = true;
            space.show_block(block);
        }
        SpaceAction::ShowBlock(Pane::Main, block) => {
            space.is_shown = true;
            space.head_for(block);
        }
    }
}

/// Closes the topmost thing; from the bare map it ends the program, but on a wall.
pub(super) fn step_back(
    mut actions: MessageReader<UiAction>,
    mut overlays: ResMut<Overlays>,
    (mut waiting, mut cards): (ResMut<WaitingToLoad>, ResMut<Cards>),
    wall: Option<Res<Wall>>,
    mut exit: MessageWriter<AppExit>,
) {
    for _ in actions.read().filter(|action| **action == UiAction::Back) {
        if waiting.0.is_some() {
            waiting.0 = None;
        } else if overlays.help {
            overlays.help = false;
        } else if overlays.settings {
            overlays.settings = false;
        } else if overlays.filter {
            overlays.filter = false;
        } else if overlays.agent_card.is_some() {
            overlays.agent_card = None;
        } else if overlays.fleet {
            overlays.fleet = false;
        } else if overlays.reset {
            overlays.reset = false;
        } else if overlays.keep {
            overlays.keep = false;
        } else if overlays.sql {
            overlays.sql = false;
        } else if let Some(card) = cards.open.last().map(|card| card.number) {
            cards.close(card);
        } else if overlays.lists.pop().is_none() && wall.is_none() {
            if overlays.fullscreen {
                overlays.fullscreen = false;
            } else {
                exit.write(AppExit::Success);
            }
        }
    }
}
