//! A list of connections: what a figure of the status line or a row of the key stands for.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Align, Label, Layout, RichText, Ui},
};
use egui_extras::{Column, TableBuilder};

use super::{
    amounts, panel, row, status,
    style::{medium, mono, sans},
};
use crate::{
    components::{
        action::{ListKind, Overlays, UiAction},
        connection::{Agents, Connection, MatchedRule, Trail},
        fleet::HiddenAgents,
        map_view::MapView,
        panels::Panels,
        rule_book::RuleBook,
        theme::{Theme, size},
    },
    model::{LocatedConnection, Owner, Place},
};

const WIDTH: f32 = 1080.0;
const HEIGHT: f32 = 420.0;

/// Name and width in points.
const COLUMNS: [(&str, f32); 11] = [
    ("program", 100.0),
    ("peer", 200.0),
    ("local port", 62.0),
    ("rule", 92.0),
    ("place", 140.0),
    ("ASN", 70.0),
    ("since", 42.0),
    ("sent", 64.0),
    ("received", 64.0),
    ("RTT", 54.0),
    ("organisation", 120.0),
];

pub(super) fn show(
    mut contexts: EguiContexts,
    overlays: Res<Overlays>,
    (book, hidden_agents, agents): (Res<RuleBook>, Res<HiddenAgents>, Res<Agents>),
    theme: Res<Theme>,
    view: Res<MapView>,
    open: Query<(&Connection, &MatchedRule), Without<Trail>>,
    mut panels: ResMut<Panels>,
    mut actions: MessageWriter<UiAction>,
) -> Result {
    let Some(kind) = overlays.list else {
        return Ok(());
    };
    let context = contexts.ctx_mut()?;
    let home = MapView::home(view.size_px, view.px_per_point);
    let mut rows: Vec<(&LocatedConnection, usize)> = open
        .iter()
        .map(|(connection, matched)| (&*connection.0, book.label_of(matched.0)))
        .filter(|(connection, label)| is_listed(kind, connection, *label, (&book, &hidden_agents), &home))
        .collect();
    // Oldest first: what is read does not move when something opens.
    rows.sort_unstable_by_key(|(connection, _)| (connection.opened_unix_millis, connection.key));
    let screen = context.content_rect();
    let shown = egui::Window::new("list")
        .title_bar(false)
        .frame(panel::dialog_frame(&theme))
        .fade_in(false)
        .default_size([WIDTH.min(screen.width() - 80.0), HEIGHT.min(screen.height() - 120.0)])
        .default_pos(screen.center() - egui::vec2(WIDTH, HEIGHT).min(screen.size()) * 0.5)
        .show(context, |ui| {
            let close = head(ui, &title(kind, &book, &agents), rows.len(), &theme);
            table(ui, &rows, &book, &theme);
            close
        });
    let Some(shown) = shown else {
        return Ok(());
    };
    panel::claim(&mut panels, shown.response.rect, &view);
    if shown.inner == Some(true) {
        actions.write(UiAction::CloseList);
    }
    Ok(())
}

/// Returns whether the list is to be closed.
fn head(ui: &mut Ui, title: &str, count: usize, theme: &Theme) -> bool {
    let close = ui.horizontal(|ui| {
        ui.label(RichText::new(title).font(medium(size::TEXT_LARGE)));
        let count = RichText::new(row::grouped(count)).font(mono(size::TEXT));
        ui.label(count.color(theme.colours.text_second.egui()));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let close =
                RichText::new("close").font(sans(size::TEXT_SMALL)).color(theme.colours.text_second.egui());
            ui.add(egui::Button::new(close).frame(false)).clicked()
        })
        .inner
    });
    ui.add_space(size::GRID);
    close.inner
}

fn table(ui: &mut Ui, rows: &[(&LocatedConnection, usize)], book: &RuleBook, theme: &Theme) {
    let mut table = TableBuilder::new(ui).auto_shrink(false).sense(egui::Sense::hover());
    for (name, width) in COLUMNS {
        table = table.column(match name {
            "organisation" => Column::remainder().at_least(width).clip(true),
            _ => Column::initial(width).clip(true).resizable(true),
        });
    }
    let faint = theme.colours.text_faint.egui();
    table
        .header(22.0, |mut header| {
            for (name, _) in COLUMNS {
                header.col(|ui| {
                    ui.label(RichText::new(name).font(sans(size::TEXT_SMALL)).color(faint));
                });
            }
        })
        .body(|body| {
            body.rows(19.0, rows.len(), |mut table_row| {
                let (connection, label) = rows[table_row.index()];
                for ((name, _), cell) in COLUMNS.into_iter().zip(cells(connection, label, book)) {
                    table_row.col(|ui| {
                        let is_figure = !matches!(name, "program" | "rule" | "place" | "organisation");
                        let font = if is_figure { mono(size::TEXT_SMALL) } else { sans(size::TEXT) };
                        ui.add(Label::new(RichText::new(cell).font(font)).truncate().selectable(true));
                    });
                }
            });
        });
}

fn is_listed(
    kind: ListKind,
    connection: &LocatedConnection,
    label: usize,
    (book, hidden_agents): (&RuleBook, &HiddenAgents),
    home: &MapView,
) -> bool {
    let agent = connection.key.agent;
    match kind {
        ListKind::All => return true,
        ListKind::Agent(wanted) => return agent == wanted,
        ListKind::Hidden if hidden_agents.hides(agent) => return true,
        _ if hidden_agents.hides(agent) => return false,
        _ => {}
    }
    let beyond = |place: &Place| home.px_from_lon_lat(place.lon, place.lat).beyond_edge;
    match kind {
        ListKind::All | ListKind::Agent(_) => true,
        ListKind::OnMap => connection.place.is_ok() && !book.is_hidden(label),
        ListKind::Hidden => connection.place.is_ok() && book.is_hidden(label),
        ListKind::WithoutPlace(reason) => connection.place.as_ref().err() == Some(&reason),
        ListKind::WithoutAnyPlace => connection.place.is_err(),
        ListKind::BeyondEdge => connection.place.as_ref().is_ok_and(beyond) && !book.is_hidden(label),
        ListKind::UnknownProgram => !matches!(connection.observation.owner, Owner::Program { .. }),
        ListKind::Label(wanted) => label == wanted,
    }
}

fn title(kind: ListKind, book: &RuleBook, agents: &Agents) -> String {
    match kind {
        ListKind::All => "All sockets".into(),
        ListKind::OnMap => "On the map".into(),
        ListKind::Hidden => "Hidden".into(),
        ListKind::WithoutPlace(reason) => format!("Without place, {}", reason.label()),
        ListKind::WithoutAnyPlace => "Without place".into(),
        ListKind::BeyondEdge => "Beyond the edge".into(),
        ListKind::UnknownProgram => "Of unknown program".into(),
        ListKind::Agent(agent) => {
            let known = agents.0.iter().find(|known| known.agent == agent);
            known.map_or_else(|| "Agent".into(), |known| known.name.to_string())
        }
        ListKind::Label(label) => label_text(label, book),
    }
}

fn label_text(label: usize, book: &RuleBook) -> String {
    book.rules.labels().get(label).map_or_else(|| "no rule".into(), |label| label.text.to_string())
}

fn cells(connection: &LocatedConnection, label: usize, book: &RuleBook) -> [String; COLUMNS.len()] {
    let observation = &connection.observation;
    let place = match &connection.place {
        Ok(place) => {
            let country = place.country.map_or_else(String::new, |country| country.to_string());
            if place.city.is_empty() { country } else { format!("{}, {country}", place.city) }
        }
        Err(reason) => reason.label().to_owned(),
    };
    let (asn, organisation) = connection
        .asn
        .as_ref()
        .map_or_else(Default::default, |asn| (format!("AS{}", asn.number), asn.organisation.to_string()));
    [
        program(&observation.owner),
        observation.peer.to_string(),
        observation.local.port().to_string(),
        label_text(label, book),
        place,
        asn,
        status::date_and_time(connection.opened_unix_millis).1,
        amount(observation.traffic.sent_bytes),
        amount(observation.traffic.received_bytes),
        observation.traffic.rtt_micros.map_or_else(String::new, |rtt| format!("{} ms", rtt / 1_000)),
        organisation,
    ]
}

fn program(owner: &Owner) -> String {
    match owner {
        Owner::Program { name, .. } => name.to_string(),
        Owner::NotPermitted => "? other user".to_owned(),
        Owner::Unknown => "? no process".to_owned(),
    }
}

/// Nothing where it is not known.
fn amount(bytes: Option<u64>) -> String {
    bytes.map_or_else(String::new, amounts::bytes)
}
