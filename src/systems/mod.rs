//! What happens on the map from frame to frame. Each file owns one step and adds itself; this one owns their order.

mod account;
mod cards;
mod circles;
mod classify;
mod clock;
mod count;
mod expire;
mod filtering;
mod hilbert;
mod history;
pub mod ingest;
mod interact;
mod keyboard;
pub mod pacing;
mod place;
mod pointer;
pub mod preferences;
pub mod render;
pub mod replay;
pub mod second_window;
pub mod services;
mod space_cells;
mod space_ground;
mod space_heat;
mod sql;
mod trail;
mod trails;
pub mod ui;
pub mod wall;
pub mod window;

use bevy::prelude::*;

pub use clock::wall_unix_millis;

use crate::components::{
    account::Account,
    action::{Overlays, UiAction},
    animation::Animation,
    connection::{Agents, OpenConnections},
    data_sources::DataSources,
    dots::Dots,
    fleet::{AgentRings, HiddenAgents, Listening},
    inspect::{ListDue, Looks},
    notices::Notices,
    palette::Palette,
    panels::Panels,
    theme::Theme,
};

/// The steps of a frame, in their order.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MapSystems {
    /// The clock moves; keys and pointer become actions.
    Sense,
    /// Actions change rules, view and window.
    Interact,
    /// What agents told becomes entities.
    Ingest,
    /// Connections find their rule, and are counted.
    Classify,
    /// Closed connections begin to fade and leave trails, faded ones go.
    Trail,
    /// Dots and circles are written for the graphics card.
    Place,
    /// Sums for the key and the status line.
    Account,
}

/// Connections as entities, without window, drawing or panels. Needs `MapClock`, `MapView`, `RuleBook` and
/// [`ingest::Feed`] as resources.
pub fn connections_plugin(app: &mut App) {
    use MapSystems::{Account as Sums, Classify, Ingest, Interact, Place, Sense, Trail};
    app.init_resource::<OpenConnections>()
        .init_resource::<Agents>()
        .init_resource::<Account>()
        .init_resource::<Animation>()
        .init_resource::<DataSources>()
        .init_resource::<Dots>()
        .init_resource::<HiddenAgents>()
        .init_resource::<AgentRings>()
        .init_resource::<Listening>()
        .init_resource::<Looks>()
        .init_resource::<ListDue>()
        .init_resource::<Notices>()
        .init_resource::<Overlays>()
        .init_resource::<Palette>()
        .init_resource::<Panels>()
        .add_message::<UiAction>()
        .insert_resource(Theme::DARK)
        .configure_sets(Update, (Sense, Interact, Ingest, Classify, Trail, Place, Sums).chain())
        .add_plugins((
            clock::plugin,
            interact::plugin,
            ingest::plugin,
            (classify::plugin, filtering::plugin, count::plugin),
            (trail::plugin, trails::plugin, expire::plugin),
            (place::plugin, circles::plugin),
            (hilbert::plugin, space_ground::plugin, space_heat::plugin, space_cells::plugin),
            (account::plugin, preferences::plugin),
            (sql::plugin, cards::plugin),
            wall::plugin,
            history::plugin,
            replay::plugin,
        ));
}

/// The window and what reaches it: keys, pointer, frames only when something moves.
pub fn window_plugin(app: &mut App) {
    app.add_plugins((
        keyboard::plugin,
        pointer::plugin,
        pacing::plugin,
        window::plugin,
        second_window::plugin,
        wall::window_plugin,
    ));
}

/// The picture itself: the map and the panels over it. The same for the window and for stills.
pub fn picture_plugin(app: &mut App) {
    app.add_plugins((render::plugin, ui::plugin));
}
