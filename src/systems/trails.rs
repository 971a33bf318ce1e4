//! Trails: what closed or moved on leaves a row, while a time-lapse style is on. Rows are written when something
//! happened and painted anew when rules, colours or what is hidden changed; fading is the shader's work. Also decides
//! when the kept picture shows what changed: a busy map would draw it anew all the time.

use bevy::prelude::*;

use super::{MapSystems, expire::expire, interact::act, trail::keep_moving};
use crate::components::{
    action::UiAction,
    animation::Animation,
    connection::{Agents, Connection, MatchedRule, Position, Trail},
    dots::{DotRow, Dots},
    filtering::{ActiveFilter, SubjectNames},
    fleet::HiddenAgents,
    map_clock::MapClock,
    palette::Palette,
    rule_book::RuleBook,
    theme::Theme,
    time_travel::TimeTravel,
    trails::{Pace, TimeLapse, TrailKey, TrailKind, Trails},
};
use crate::{model::LocatedConnection, tally::Spot};

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<TimeLapse>()
        .init_resource::<Trails>()
        .add_systems(Update, obey.after(act).in_set(MapSystems::Interact))
        .add_systems(
            Update,
            (leave, repaint).chain().after(keep_moving).before(expire).in_set(MapSystems::Trail),
        )
        .add_systems(Update, keep_picture.in_set(MapSystems::Place));
}

fn obey(mut actions: MessageReader<UiAction>, mut lapse: ResMut<TimeLapse>, mut trails: ResMut<Trails>) {
    for action in actions.read() {
        match action {
            UiAction::NextLapseStyle => lapse.next_style(),
            UiAction::SetLapseStyle(style) => lapse.style = *style,
            UiAction::NextTrailLength => lapse.next_length(),
            UiAction::SetTrailLength(length) => lapse.length = *length,
            _ => continue,
        }
        if lapse.leaves_trails() {
            trails.show_at_once();
        } else {
            trails.clear();
        }
    }
}

/// What tells how a trail looks.
#[derive(bevy::ecs::system::SystemParam)]
struct Looks<'w> {
    book: Res<'w, RuleBook>,
    filter: Res<'w, ActiveFilter>,
    agents: Res<'w, Agents>,
    hidden_agents: Res<'w, HiddenAgents>,
    palette: Res<'w, Palette>,
    theme: Res<'w, Theme>,
}

impl Looks<'_> {
    fn are_changed(&self) -> bool {
        self.book.is_changed()
            || self.filter.is_changed()
            || self.hidden_agents.is_changed()
            || self.palette.is_changed()
            || self.theme.is_changed()
    }

    /// Whether nothing but its rule may hide a trail of this connection.
    fn shows(&self, connection: &LocatedConnection) -> bool {
        if self.hidden_agents.hides(connection.key.agent) {
            return false;
        }
        let names = SubjectNames { book: &self.book, agents: &self.agents };
        let rule = || self.book.rule_of(&connection.observation);
        self.filter.0.is_everything() || self.filter.0.matches(&names.subject(connection, rule()))
    }

    /// The label that a kind has now, and its colour: none where it is hidden. Its own where the rules still have it,
    /// else that of its label; what lost its label keeps its colour.
    fn of_kind(&self, kind: &TrailKind) -> [u16; 4] {
        let rules = &self.book.rules;
        let label =
            kind.label.as_ref().and_then(|text| rules.labels().iter().position(|it| it.text == *text));
        let colour = match label.and_then(|label| rules.labels().get(label)) {
            Some(label)
                if !label.rules.iter().any(|rule| Some(rules.rules()[*rule].color) == kind.colour) =>
            {
                Some(label.color)
            }
            _ => kind.colour,
        };
        let label = label.unwrap_or(rules.labels().len());
        let [r, g, b, alpha] = self.palette.rgba(label, colour, &self.theme);
        [r, g, b, if self.book.is_hidden(label) { 0 } else { alpha }]
    }
}

/// Of whoever takes from one thing at a place.
type Seen = (&'static Connection, &'static MatchedRule, Ref<'static, Position>);

fn leave(
    lapse: Res<TimeLapse>,
    clock: Res<MapClock>,
    looks: Looks,
    dots: Res<Dots>,
    mut trails: ResMut<Trails>,
    closed: Query<(Seen, &Trail), Added<Trail>>,
    moved: Query<(Seen, &DotRow), Changed<Position>>,
) {
    if !lapse.leaves_trails() {
        return;
    }
    let trails = trails.bypass_change_detection();
    let mut note = |connection: &Connection, matched: &MatchedRule, spot: Spot, ended_unix_millis: i64| {
        let rule = matched.0.and_then(|rule| looks.book.rules.rules().get(rule));
        let kind =
            TrailKind { label: rule.map(|rule| rule.label.clone()), colour: rule.map(|rule| rule.color) };
        let rgba = if looks.shows(&connection.0) { looks.of_kind(&kind) } else { [0; 4] };
        let key = TrailKey { spot, kind: trails.kind(kind), agent: connection.0.key.agent };
        trails.leave(key, (&connection.0, ended_unix_millis), rgba, &clock);
    };
    for ((connection, matched, position), row) in &moved {
        // The dot is still where it was until it is written anew.
        let before = row.0.and_then(|row| dots.rows().get(row as usize)).map(|dot| dot.lon_lat);
        if let Some([lon, lat]) = before
            && [lon, lat] != [position.lon, position.lat]
        {
            note(connection, matched, Spot::new(lat, lon), clock.now_unix_millis());
        }
    }
    for ((connection, matched, position), trail) in &closed {
        note(connection, matched, Spot::new(position.lat, position.lon), trail.ended_unix_millis);
    }
}

fn repaint(clock: Res<MapClock>, looks: Looks, mut trails: ResMut<Trails>) {
    let trails = trails.bypass_change_detection();
    if trails.rows().is_empty() || !(looks.are_changed() || clock.is_changed()) {
        return;
    }
    let of_kinds: Vec<_> = trails.kinds().iter().map(|kind| looks.of_kind(kind)).collect();
    trails.repaint(&clock, |key, last| match looks.shows(last) {
        true => of_kinds.get(usize::from(key.kind)).copied().unwrap_or_default(),
        false => [0; 4],
    });
}

fn keep_picture(
    clock: Res<MapClock>,
    animation: Res<Animation>,
    (lapse, travel): (Res<TimeLapse>, Res<TimeTravel>),
    mut trails: ResMut<Trails>,
) {
    let trails = trails.bypass_change_detection();
    let pace = Pace {
        between_millis: animation.between_pictures_millis(trails.rows().len()),
        fades_millis: lapse.fades_millis(),
        rests: animation.draws_each_frame || (clock.is_held() && !travel.is_playing),
    };
    trails.keep_picture(clock.now_unix_millis(), pace);
}
