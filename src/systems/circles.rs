//! From counts to circles: those of labels whose text is off are left out. A busy map changes them all the time, and
//! each change draws the kept picture of the world anew; so changes are gathered, and drawn together.

use std::sync::Arc;

use bevy::{platform::collections::HashMap, prelude::*};

use super::{MapSystems, interact::step_back};
use crate::{
    components::{
        action::{LoadAnswer, UiAction},
        animation::Animation,
        history_circles::{HistoryCircles, Touched, WaitingToLoad, circle_radius},
        map_clock::MapClock,
        marks::{LayerName, Mark, Marks},
        rule_book::RuleBook,
    },
    tally::{Label, Spot},
};

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Marks>()
        .init_resource::<WaitingToLoad>()
        .add_systems(Update, obey.after(step_back).in_set(MapSystems::Interact))
        .add_systems(Update, draw.in_set(MapSystems::Place));
}

pub(super) fn obey(
    mut actions: MessageReader<UiAction>,
    mut history: ResMut<HistoryCircles>,
    mut waiting: ResMut<WaitingToLoad>,
) {
    for action in actions.read() {
        match action {
            UiAction::ToggleHistory => history.shown = !history.shown,
            UiAction::ShowHistory(shown) => history.shown = *shown,
            UiAction::ResetHistory => history.reset(),
            UiAction::AnswerLoad(answer) => {
                let Some(read) = waiting.0.take() else {
                    continue;
                };
                match answer {
                    LoadAnswer::Add => history.merge(read.tally),
                    LoadAnswer::Replace => history.replace(read.tally),
                    LoadAnswer::Cancel => continue,
                }
                // Whoever loads wants to see it.
                history.shown = true;
            }
            _ => {}
        }
    }
}

/// The circles as they lie in the layer.
#[derive(Default)]
pub(super) struct Drawn {
    is_drawn: bool,
    rows: HashMap<Spot, usize>,
    /// Labels whose circles are left out.
    off: Vec<Arc<str>>,
    at_unix_millis: i64,
}

impl Drawn {
    fn shown_at(&self, counts: &[(Label, u64)]) -> u64 {
        let is_off = |label: &Label| label.as_ref().is_some_and(|label| self.off.contains(label));
        counts.iter().filter(|(label, _)| !is_off(label)).map(|(_, count)| count).sum()
    }
}

pub(super) fn draw(
    clock: Res<MapClock>,
    animation: Res<Animation>,
    book: Res<RuleBook>,
    mut history: ResMut<HistoryCircles>,
    mut marks: ResMut<Marks>,
    mut drawn: Local<Drawn>,
) {
    let history = history.bypass_change_detection();
    history.due_unix_millis = None;
    if !history.shown {
        history.take_touched();
        if drawn.is_drawn {
            *drawn = Drawn::default();
            marks.clear(LayerName::History);
        }
        return;
    }
    let mut all = !drawn.is_drawn;
    if all || book.is_changed() {
        let off = labels_without_text(&book);
        all |= off != drawn.off;
        drawn.off = off;
    }
    if !all && history.touched().is_nothing() {
        return;
    }
    let between = animation.between_pictures_millis(drawn.rows.len());
    let (now, due) = (clock.now_unix_millis(), drawn.at_unix_millis + between);
    // A clock that was put back holds up nothing.
    if !all && (drawn.at_unix_millis..due).contains(&now) {
        history.due_unix_millis = Some(due);
        return;
    }
    drawn.at_unix_millis = now;
    drawn.is_drawn = true;
    match history.take_touched() {
        Touched::Spots(spots) if !all => {
            for spot in spots {
                let count = drawn.shown_at(history.shown_tally().at(spot));
                if count > 0 {
                    let next = drawn.rows.len();
                    let row = *drawn.rows.entry(spot).or_insert(next);
                    marks.set(LayerName::History, row, circle(spot, count));
                }
            }
        }
        _ => {
            drawn.rows.clear();
            let mut circles = Vec::with_capacity(history.shown_tally().places());
            for (spot, counts) in history.shown_tally().spots() {
                let count = drawn.shown_at(counts);
                if count > 0 {
                    drawn.rows.insert(spot, circles.len());
                    circles.push(circle(spot, count));
                }
            }
            marks.put(LayerName::History, circles);
        }
    }
}

fn circle(spot: Spot, count: u64) -> Mark {
    Mark::circle([spot.lon(), spot.lat()], circle_radius(count))
}

/// As the file says, or as the user switched them in the key. The switch for all text at once is for texts alone.
fn labels_without_text(book: &RuleBook) -> Vec<Arc<str>> {
    let labels = (0..).zip(book.rules.labels());
    labels.filter(|(label, _)| !book.text_is_on(*label)).map(|(_, label)| label.text.clone()).collect()
}
