//! The second line of the account: why sockets are not on the map, and what data all of it rests on.

use bevy::prelude::MessageWriter;
use bevy_egui::egui::Ui;

use super::{
    label_layout::LabelLayout,
    row::{self, grouped},
    status::{click, dot, right_to_left, words},
    style::sans,
};
use crate::{
    components::{
        account::Account,
        action::{ListKind, UiAction},
        data_sources::DataSources,
        history_circles::HistoryCircles,
        theme::{Theme, size},
    },
    model::NoPlace,
    tally::Tally,
};

/// Between the reasons and the data they rest on.
const APART: f32 = 24.0;
/// A middle dot with the air around it, at most.
const BETWEEN: f32 = 13.0;

/// One of the facts of the second line.
pub(super) struct Fact {
    text: String,
    list: Option<ListKind>,
    /// Stands apart from what follows at its right, instead of after a middle dot.
    is_apart: bool,
    /// Where there is no room for all, the highest goes first.
    rank: u8,
}

/// `LAN 8 · loopback 3 · no entry 1      data 2026-06 · DB-IP, RouteViews`, from right to left.
pub(super) fn facts(
    account: &Account,
    history: &HistoryCircles,
    labels: &LabelLayout,
    sources: &DataSources,
) -> Vec<Fact> {
    let apart = |text, rank| Fact { text, list: None, is_apart: true, rank };
    let mut facts = vec![apart(sources.short.clone(), 4)];
    if history.shown {
        facts.push(apart(history_line(history.shown_tally()), 3));
    }
    for reason in NoPlace::ALL.into_iter().rev().filter(|reason| account.without_place(*reason) > 0) {
        let text = format!("{} {}", reason.label(), grouped(account.without_place(reason)));
        facts.push(Fact { text, list: Some(ListKind::WithoutPlace(reason)), is_apart: false, rank: 0 });
    }
    for (count, what, list, rank) in [
        (account.beyond_edge, "beyond the edge", Some(ListKind::BeyondEdge), 1),
        (account.unnamed, "of unknown program", Some(ListKind::UnknownProgram), 1),
        (
            labels.without_room,
            if labels.without_room == 1 { "text without room" } else { "texts without room" },
            None,
            2,
        ),
    ] {
        if count > 0 {
            facts.push(Fact { text: format!("{} {what}", grouped(count)), list, is_apart: false, rank });
        }
    }
    facts
}

/// Leaves out what has no room, the least important first.
fn leave_out(facts: &mut Vec<Fact>, room: f32, width: impl Fn(&str) -> f32) {
    let taken = |fact: &Fact| width(&fact.text) + if fact.is_apart { APART } else { BETWEEN };
    let mut needed: f32 = facts.iter().map(taken).sum();
    while needed > room
        && let Some(least) = (0..facts.len()).max_by_key(|index| (facts[*index].rank, *index))
    {
        needed -= taken(&facts.remove(least));
    }
}

pub(super) fn reasons(
    ui: &mut Ui,
    mut facts: Vec<Fact>,
    room: f32,
    theme: &Theme,
    actions: &mut MessageWriter<UiAction>,
) {
    leave_out(&mut facts, room, |text| row::width(ui, text, sans(size::TEXT_SMALL)));
    let (faint, font) = (theme.colours.text_faint.egui(), || sans(size::TEXT_SMALL));
    right_to_left(ui, |ui| {
        let mut first = true;
        for fact in &facts {
            if !fact.is_apart {
                dot(ui, &mut first, faint);
            }
            match fact.list {
                None => words(ui, &fact.text, font(), faint),
                Some(list) => {
                    if click(ui, &fact.text, faint, font()) {
                        actions.write(UiAction::OpenList(list));
                    }
                }
            }
            if fact.is_apart {
                ui.add_space(APART);
            }
        }
    });
}

/// What the circles show, and what found no room among them.
fn history_line(tally: &Tally) -> String {
    let count = |count: u64, noun: &str| {
        let shown = grouped(usize::try_from(count).unwrap_or(usize::MAX));
        format!("{shown} {noun}{}", if count == 1 { "" } else { "s" })
    };
    let mut line = format!(
        "history of {} at {}",
        count(tally.connections(), "connection"),
        count(tally.places() as u64, "place")
    );
    if tally.left_out() > 0 {
        line = format!("{line} · {} without room", count(tally.left_out(), "connection"));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_room_is_short_the_sources_go_before_the_figures() {
        let mut account = Account::with_labels(0);
        account.beyond_edge = 3;
        account.add_without_place(NoPlace::Loopback);
        let sources = DataSources { short: "data 2026-06".to_owned(), ..DataSources::default() };
        let mut layout = LabelLayout::default();
        layout.without_room = 7;
        let all = || facts(&account, &HistoryCircles::default(), &layout, &sources);
        let left = |room: f32| {
            let mut facts = all();
            leave_out(&mut facts, room, |text| text.len() as f32 * 6.0);
            facts.into_iter().map(|fact| fact.text).collect::<Vec<_>>()
        };
        assert_eq!(left(1_000.0).len(), 4);
        assert_eq!(left(340.0), ["loopback 1", "3 beyond the edge", "7 texts without room"]);
        assert_eq!(left(240.0), ["loopback 1", "3 beyond the edge"]);
        assert!(left(10.0).is_empty());
    }
}
