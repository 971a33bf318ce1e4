//! What closed connections leave on the map, as the time-lapse style has it: rows for the graphics card, and when the kept
//! picture is drawn for their sake: for new ones gathered, for fading no oftener than one sees.

use bevy::prelude::*;

use super::{MapSystems, circles, interact::act, place::write_changed};
use crate::components::{
    action::UiAction,
    animation::Animation,
    connection::{Connection, MatchedRule, Position, Trail},
    fleet::HiddenAgents,
    map_clock::MapClock,
    palette::Palette,
    rule_book::RuleBook,
    theme::Theme,
    time_travel::TimeTravel,
    trails::{LapseStyle, TimeLapse, TrailInstance, TrailKey, Trails},
};
use crate::tally::Spot;

/// Between two pictures, in the viewer's time.
const BETWEEN_ON_GPU_MILLIS: i64 = 100;
const BETWEEN_ON_CPU_MILLIS: i64 = 1_000;
/// A software renderer waits as long again for so many, which take it some 40 ms.
const TRAILS_A_WAIT: usize = 5_000;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<TimeLapse>()
        .init_resource::<Trails>()
        .add_systems(Update, obey.after(act).in_set(MapSystems::Interact))
        .add_systems(
            Update,
            (write, draw).chain().after(write_changed).after(circles::draw).in_set(MapSystems::Place),
        );
}

pub(super) fn obey(
    mut actions: MessageReader<UiAction>,
    mut lapse: ResMut<TimeLapse>,
    mut trails: ResMut<Trails>,
) {
    for action in actions.read() {
        match action {
            UiAction::NextLapseStyle => lapse.next_style(),
            UiAction::NextTrailLength => {
                lapse.style = LapseStyle::Trails;
                lapse.next_length();
            }
            _ => continue,
        }
        if lapse.style == LapseStyle::Dots {
            trails.clear();
        }
        trails.draw();
    }
}

/// How a row looks under the rules, colours and switches of now.
struct Look<'a> {
    clock: &'a MapClock,
    book: &'a RuleBook,
    palette: Palette,
    theme: &'a Theme,
    hidden: &'a HiddenAgents,
}

impl Look<'_> {
    fn row(&self, key: TrailKey, ended_unix_millis: i64) -> TrailInstance {
        let mut rgba = match self.book.rules.labels().get(key.label) {
            Some(label) => self.palette.bytes(key.label, label.color.to_array()),
            None => self.palette.no_rule_bytes(self.theme),
        };
        if self.book.is_hidden(key.label) || self.hidden.hides(key.agent) {
            rgba[3] = 0;
        }
        TrailInstance {
            lon_lat: [key.spot.lon(), key.spot.lat()],
            rgba,
            ended_millis: self.clock.epoch_millis_from_unix(ended_unix_millis),
        }
    }
}

type Ended = (&'static Connection, &'static MatchedRule, &'static Position, &'static Trail);

fn write(
    clock: Res<MapClock>,
    (lapse, book, palette): (Res<TimeLapse>, Res<RuleBook>, Res<Palette>),
    (theme, hidden): (Res<Theme>, Res<HiddenAgents>),
    ended: Query<Ended, Added<Trail>>,
    mut trails: ResMut<Trails>,
) {
    if lapse.style == LapseStyle::Dots {
        return;
    }
    let look = Look { clock: &clock, book: &book, palette: *palette, theme: &theme, hidden: &hidden };
    let trails = trails.bypass_change_detection();
    for (connection, matched, position, trail) in &ended {
        let key = TrailKey {
            spot: Spot::new(position.lat, position.lon),
            label: book.label_of(matched.0),
            agent: connection.0.key.agent,
        };
        trails.end(key, trail.ended_unix_millis, look.row(key, trail.ended_unix_millis));
    }
    let restyled = palette.is_changed() || theme.is_changed() || hidden.is_changed() || book.is_changed();
    if restyled || clock.is_changed() {
        trails.restyle(|key, ended| look.row(key, ended));
    }
}

/// When the kept picture was drawn last for the sake of trails, on the map's clock.
#[derive(Default)]
pub(super) struct Drawn {
    at_unix_millis: i64,
    fades_until_unix_millis: i64,
}

fn draw(
    clock: Res<MapClock>,
    animation: Res<Animation>,
    (lapse, travel): (Res<TimeLapse>, Res<TimeTravel>),
    mut trails: ResMut<Trails>,
    mut drawn: Local<Drawn>,
) {
    let trails = trails.bypass_change_detection();
    trails.due_unix_millis = None;
    if trails.rows().is_empty() {
        return;
    }
    let now = clock.now_unix_millis();
    let gathers = match animation.on_software {
        true => BETWEEN_ON_CPU_MILLIS * (1 + (trails.rows().len() / TRAILS_A_WAIT) as i64),
        false => BETWEEN_ON_GPU_MILLIS,
    } * i64::from(animation.time_scale);
    let fades = lapse.style == LapseStyle::Trails && now <= drawn.fades_until_unix_millis;
    let wait = match (trails.has_news(), fades) {
        (true, _) => gathers,
        (false, true) => gathers.max(lapse.step_millis()),
        (false, false) => return,
    };
    let due = drawn.at_unix_millis.saturating_add(wait);
    // A clock that was put back holds up nothing.
    let rests = clock.is_held() && !travel.is_playing;
    let is_due_now = animation.draws_each_frame || (rests && trails.has_news());
    if !is_due_now && (drawn.at_unix_millis..due).contains(&now) {
        trails.due_unix_millis = Some(due);
        return;
    }
    trails.draw();
    let latest = trails.latest_unix_millis().unwrap_or(now);
    // One step more, so that the last picture shows them gone.
    let fades_until_unix_millis = latest + lapse.fade_millis() + lapse.step_millis();
    *drawn = Drawn { at_unix_millis: now, fades_until_unix_millis };
    if lapse.style == LapseStyle::Trails && now <= fades_until_unix_millis {
        trails.due_unix_millis = Some(now + gathers.max(lapse.step_millis()));
    }
}
