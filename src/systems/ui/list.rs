//! A list of connections: what a figure of the status line or a row of the key stands for.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Align, Label, Layout, RichText},
};
use egui_extras::{Column, TableBuilder};

use super::{
    panel, row, status,
    style::{mono, sans},
};
use crate::{
    components::{
        action::{ListKind, Overlays, UiAction},
        connection::{Connection, MatchedRule, Trail},
        map_view::MapView,
        panels::Panels,
        rule_book::RuleBook,
        theme::{Theme, size},
    },
    model::LocatedConnection,
};

const COLUMNS: [(&str, f32); 8] = [
    ("program", 110.0),
    ("peer", 200.0),
    ("local port", 70.0),
    ("rule", 90.0),
    ("place", 160.0),
    ("ASN", 70.0),
    ("organisation", 180.0),
    ("since", 50.0),
];

pub(super) fn show(
    mut contexts: EguiContexts,
    overlays: Res<Overlays>,
    book: Res<RuleBook>,
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
    let mut rows: Vec<(&LocatedConnection, usize)> = open
        .iter()
        .map(|(connection, matched)| (&*connection.0, book.label_of(matched.0)))
        .filter(|(connection, label)| is_listed(kind, connection, *label, &book))
        .collect();
    // Oldest first: what is read does not move when something opens.
    rows.sort_unstable_by_key(|(connection, _)| (connection.opened_unix_millis, connection.key));
    let screen = context.content_rect();
    let title = format!("{} · {}", title(kind, &book), row::grouped(rows.len()));
    let mut still_open = true;
    let shown = egui::Window::new(title)
        .id(egui::Id::new("list"))
        .open(&mut still_open)
        .frame(panel::frame(&theme))
        .fade_in(false)
        .default_size([980.0_f32.min(screen.width() - 80.0), 360.0_f32.min(screen.height() - 120.0)])
        .default_pos([screen.width() * 0.5 - 480.0, screen.height() * 0.5 - 190.0])
        .show(context, |ui| {
            let mut table = TableBuilder::new(ui).striped(true).sense(egui::Sense::hover());
            for (_, width) in COLUMNS {
                table = table.column(Column::initial(width).clip(true).resizable(true));
            }
            table
                .header(20.0, |mut header| {
                    for (name, _) in COLUMNS {
                        header.col(|ui| {
                            let faint = theme.colours.text_faint.egui();
                            ui.label(RichText::new(name).font(sans(size::TEXT_SMALL)).color(faint));
                        });
                    }
                })
                .body(|body| {
                    body.rows(18.0, rows.len(), |mut table_row| {
                        let (connection, label) = rows[table_row.index()];
                        for (index, cell) in cells(connection, label, &book).into_iter().enumerate() {
                            table_row.col(|ui| {
                                let figures = matches!(index, 1 | 2 | 5 | 7);
                                let font =
                                    if figures { mono(size::TEXT_SMALL) } else { sans(size::TEXT_SMALL) };
                                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                                    ui.add(
                                        Label::new(RichText::new(cell).font(font))
                                            .truncate()
                                            .selectable(true),
                                    );
                                });
                            });
                        }
                    });
                });
        });
    if let Some(shown) = shown {
        panel::claim(&mut panels, shown.response.rect, &view);
    }
    if !still_open {
        actions.write(UiAction::CloseList);
    }
    Ok(())
}

fn is_listed(kind: ListKind, connection: &LocatedConnection, label: usize, book: &RuleBook) -> bool {
    match kind {
        ListKind::All => true,
        ListKind::OnMap => connection.place.is_ok() && !book.is_hidden(label),
        ListKind::Hidden => connection.place.is_ok() && book.is_hidden(label),
        ListKind::WithoutPlace(reason) => connection.place.as_ref().err() == Some(&reason),
        ListKind::Label(wanted) => label == wanted,
    }
}

fn title(kind: ListKind, book: &RuleBook) -> String {
    match kind {
        ListKind::All => "All sockets".into(),
        ListKind::OnMap => "On the map".into(),
        ListKind::Hidden => "Hidden".into(),
        ListKind::WithoutPlace(reason) => format!("Without place, {}", reason.label()),
        ListKind::Label(label) => label_text(label, book),
    }
}

fn label_text(label: usize, book: &RuleBook) -> String {
    book.rules.labels().get(label).map_or_else(|| "no rule".into(), |label| label.text.to_string())
}

fn cells(connection: &LocatedConnection, label: usize, book: &RuleBook) -> [String; 8] {
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
        observation.owner.name().to_owned(),
        observation.peer.to_string(),
        observation.local.port().to_string(),
        label_text(label, book),
        place,
        asn,
        organisation,
        status::date_and_time(connection.opened_unix_millis).1,
    ]
}
