//! The panels over the map, drawn by egui. Panels read components and send `UiAction`s; none changes a connection.
//! A panel may run twice a frame, so it keeps no count of its own.

mod agent_card;
mod agents;
mod amounts;
mod badge;
mod card;
mod choices;
mod exit;
mod facts;
mod filter_box;
mod fleet;
mod help;
mod homes;
mod hover;
mod keep;
mod key;
mod label_layout;
mod labels;
mod list;
mod load_history;
mod looks;
mod notices;
mod panel;
mod place_counts;
mod plots;
mod reset;
mod row;
mod second;
mod settings;
mod space;
mod sql;
mod status;
mod style;
mod timeline;
mod traps;
mod wall;
mod words;

use bevy::prelude::*;
use bevy_egui::{EguiPlugin, EguiPreUpdateSet, EguiPrimaryContextPass};

use crate::{
    components::{
        time_travel::{TimeTravel, Timeline},
        wall::Wall,
    },
    wall::Part,
};

/// What stands in the corner of a synthetic scene.
#[derive(Resource, Clone, Debug, PartialEq, Eq)]
pub struct DemoBadge(pub String);

/// The order in which the panels come: what comes later lies on top, and labels keep away from all of them.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum PanelSystems {
    Prepare,
    Panels,
    Labels,
}

pub(super) fn plugin(app: &mut App) {
    use PanelSystems::{Labels, Panels, Prepare};
    app.add_plugins(EguiPlugin::default())
        .add_plugins((traps::plugin, second::plugin))
        .init_resource::<label_layout::LabelLayout>()
        .init_resource::<timeline::LineWidths>()
        .init_resource::<TimeTravel>()
        .init_resource::<Timeline>()
        .configure_sets(EguiPrimaryContextPass, (Prepare, Panels, Labels).chain())
        .add_systems(Startup, wall::ignore_hands.run_if(resource_exists::<Wall>))
        .add_systems(
            PreUpdate,
            (style::set_fonts, style::set_scale)
                .chain()
                .after(EguiPreUpdateSet::InitContexts)
                .before(EguiPreUpdateSet::ProcessInput),
        )
        .add_systems(EguiPrimaryContextPass, (style::apply, panel::begin).chain().in_set(Prepare))
        .add_systems(
            EguiPrimaryContextPass,
            (
                (
                    timeline::show_ground,
                    wall::show_clock.run_if(wall::has_beside(Part::Clock)),
                    agents::show.run_if(wall::has(Part::Clients)),
                    key::show.run_if(wall::has(Part::Key)),
                    plots::show,
                )
                    .chain(),
                (status::show.run_if(wall::has(Part::Account)), timeline::show).chain(),
                (
                    wall::show_top.run_if(wall::has_beside(Part::Top)),
                    wall::show_news.run_if(wall::has_beside(Part::Ticker)),
                )
                    .chain(),
                (
                    badge::show,
                    space::show.run_if(not(resource_exists::<Wall>)),
                    timeline::show_caption,
                    notices::show,
                    filter_box::show,
                )
                    .chain(),
                (list::show, card::show).chain(),
                sql::show,
                (keep::show, settings::show, reset::show).chain(),
                fleet::show,
                agent_card::show,
                help::show,
                load_history::show,
                (exit::show.run_if(not(resource_exists::<Wall>)), panel::end).chain(),
            )
                .chain()
                .in_set(Panels),
        )
        .add_systems(
            EguiPrimaryContextPass,
            (
                homes::show,
                plots::ring,
                card::ring,
                looks::show,
                hover::show.run_if(not(resource_exists::<Wall>)),
                labels::show.run_if(wall::has(Part::Texts)),
                space::show_blocks,
                wall::cover.run_if(resource_exists::<Wall>),
            )
                .chain()
                .in_set(Labels),
        );
}
