//! What the user asks of the detailed history, passed on to its thread.

use bevy::prelude::*;

use super::{MapSystems, interact::act};
use crate::components::{action::UiAction, history::HistoryOrder};

pub(super) fn plugin(app: &mut App) {
    app.add_message::<HistoryOrder>().add_systems(Update, pass_on.after(act).in_set(MapSystems::Interact));
}

pub(super) fn pass_on(mut actions: MessageReader<UiAction>, mut orders: MessageWriter<HistoryOrder>) {
    for action in actions.read() {
        match action {
            UiAction::KeepHistory(kept) => {
                orders.write(HistoryOrder::Keep(*kept));
            }
            UiAction::ResetHistory => {
                orders.write(HistoryOrder::Reset);
            }
            _ => {}
        }
    }
}
