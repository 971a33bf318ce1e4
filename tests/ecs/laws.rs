//! What holds after every frame, whatever came before it: a plain model of the map goes through the same random
//! history, and both must agree.

use std::collections::BTreeMap;

use bevy::prelude::*;
use connmapperl::{
    components::{
        action::UiAction,
        animation::FADE_MILLIS,
        connection::{Connection, OpenConnections, Position},
        dots::{DotInstance, DotRow, Dots, Flags, packed_cell},
        map_clock::MapClock,
        palette::Palette,
        rule_book::RuleBook,
        theme::Theme,
    },
    hilbert::{Family, Orientation},
    model::{Located, LocatedConnection, NoPlace, Owner, Traffic},
    rules::Rules,
};
use proptest::prelude::*;

use crate::stage::{RULES, Stage, connection, key, place, rules};

const IDS: u64 = 8;
const RULE_FILES: [&str; 3] =
    [RULES, "SSH,peer,22,0,0,1,1,1\nWeb,peer,443,0.2,0.4,0.6,1,1\n", "Any,local,50000,1,1,0,1,1\n"];

#[derive(Clone, Debug)]
enum Step {
    Open(u64, u8),
    Close(u64, i64),
    Counters(u64),
    Owner(u64),
    FullSet(Vec<(u64, u8)>),
    Reload(usize),
    ToggleDots(usize),
    TogglePalette,
    ToggleTheme,
    Pass(i64),
    Frame,
}

fn step() -> impl Strategy<Value = Step> {
    let set = prop::collection::btree_map(0..IDS, 0u8..4, 0..IDS as usize);
    prop_oneof![
        6 => (0..IDS, 0u8..4).prop_map(|(id, variant)| Step::Open(id, variant)),
        4 => (0..IDS, 0..3 * FADE_MILLIS).prop_map(|(id, late)| Step::Close(id, if late < FADE_MILLIS { late } else { 0 })),
        1 => (0..IDS).prop_map(Step::Counters),
        1 => (0..IDS).prop_map(Step::Owner),
        2 => set.prop_map(|set| Step::FullSet(set.into_iter().collect())),
        1 => (0..RULE_FILES.len()).prop_map(Step::Reload),
        1 => (0usize..4).prop_map(Step::ToggleDots),
        1 => Just(Step::TogglePalette),
        1 => Just(Step::ToggleTheme),
        2 => (1..2 * FADE_MILLIS).prop_map(Step::Pass),
        5 => Just(Step::Frame),
    ]
}

/// Port by number; place by number and variant, and with variant 3 none.
fn variant_of(id: u64, variant: u8) -> LocatedConnection {
    let port = [443, 22, 80, 9][(id % 4) as usize];
    let place = match variant {
        3 => Err(NoPlace::ALL[id as usize % NoPlace::ALL.len()]),
        _ => place(id as f32 * 10.0 - 40.0, f32::from(variant) * 20.0 - 20.0),
    };
    connection(id, port, place)
}

struct Fading {
    connection: LocatedConnection,
    born: i64,
    ended: i64,
}

/// What ought to be, worked out in the plainest way.
struct Model {
    open: BTreeMap<u64, (LocatedConnection, i64)>,
    fading: Vec<Fading>,
    rules: Rules,
    hidden: Vec<String>,
    palette: Palette,
    theme: Theme,
}

impl Model {
    fn new() -> Self {
        Self {
            open: BTreeMap::new(),
            fading: Vec::new(),
            rules: rules(RULES),
            hidden: Vec::new(),
            palette: Palette::default(),
            theme: Theme::DARK,
        }
    }

    fn put(&mut self, id: u64, connection: LocatedConnection, born: i64) {
        self.open.entry(id).and_modify(|known| known.0 = connection.clone()).or_insert((connection, born));
    }

    fn close(&mut self, id: u64, ended: i64) {
        if let Some((connection, born)) = self.open.remove(&id)
            && connection.place.is_ok()
        {
            self.fading.push(Fading { connection, born, ended });
        }
    }

    fn label_of(&self, connection: &LocatedConnection) -> Option<usize> {
        let (local, peer) = (connection.observation.local.port(), connection.observation.peer.port());
        let matches = |rule: &&connmapperl::rules::Rule| match rule.side {
            connmapperl::rules::Side::Local => rule.port == local,
            connmapperl::rules::Side::Peer => rule.port == peer,
        };
        let rule = self.rules.rules().iter().find(matches)?;
        self.rules.labels().iter().position(|label| label.text == rule.label)
    }

    fn is_hidden(&self, connection: &LocatedConnection) -> bool {
        self.label_of(connection)
            .is_some_and(|label| self.hidden.iter().any(|text| **text == *self.rules.labels()[label].text))
    }

    fn dot(
        &self,
        connection: &LocatedConnection,
        born: i64,
        ended: i64,
        clock: &MapClock,
    ) -> Option<DotInstance> {
        let place = connection.place.as_ref().ok()?;
        if self.is_hidden(connection) {
            return None;
        }
        let peer = connection.observation.peer.port();
        let rule = self.rules.rules().iter().find(|rule| {
            rule.port == if rule.side == connmapperl::rules::Side::Peer { peer } else { 50_000 }
        });
        let rgba = match (rule, self.label_of(connection)) {
            (Some(rule), Some(label)) => self.palette.linear(label, rule.color.to_array()),
            _ => self.palette.no_rule_linear(&self.theme),
        };
        // There is no ring of an agent; the peer has a place and an address of IPv4.
        let flags = Flags::new(0, true, Some(Family::V4));
        let rgba = [rgba[0], rgba[1], rgba[2], flags.under(rgba[3])];
        Some(DotInstance {
            lon_lat: [place.lon, place.lat],
            cell: packed_cell(Orientation::Usual.cell(u32::from_be_bytes([9, 9, 9, 9]))),
            rgba,
            born_millis: clock.epoch_millis_from_unix(born),
            ended_millis: if ended == 0 { 0 } else { clock.epoch_millis_from_unix(ended).max(1) },
        })
    }

    fn dots(&self, clock: &MapClock) -> Vec<DotInstance> {
        let open = self.open.values().filter_map(|(connection, born)| self.dot(connection, *born, 0, clock));
        let fading = self.fading.iter().filter_map(|it| self.dot(&it.connection, it.born, it.ended, clock));
        sorted(open.chain(fading).collect())
    }
}

fn sorted(mut dots: Vec<DotInstance>) -> Vec<DotInstance> {
    dots.sort_by_key(|dot| {
        (dot.lon_lat.map(|degrees| (degrees * 100.0) as i32), dot.born_millis, dot.ended_millis, dot.rgba)
    });
    dots
}

/// Does a step in both; says whether a frame was drawn.
fn go(step: Step, stage: &mut Stage, model: &mut Model) -> bool {
    let now = stage.now();
    match step {
        Step::Open(id, variant) => {
            let mut connection = variant_of(id, variant);
            connection.opened_unix_millis = now;
            stage.open(&connection);
            model.put(id, connection, now);
        }
        Step::Close(id, late) => {
            stage.send(Located::Closed {
                key: key(id),
                unix_millis: now - late,
                traffic: Traffic::default(),
            });
            model.close(id, now - late);
        }
        Step::Counters(id) => {
            let traffic = Traffic { sent_bytes: Some(now as u64), ..Traffic::default() };
            stage.send(Located::Updated { key: key(id), traffic: Some(traffic), owner: None });
            if let Some((connection, _)) = model.open.get_mut(&id) {
                connection.observation.traffic = traffic;
            }
        }
        Step::Owner(id) => {
            stage.send(Located::Updated { key: key(id), traffic: None, owner: Some(Owner::NotPermitted) });
            if let Some((connection, _)) = model.open.get_mut(&id) {
                connection.observation.owner = Owner::NotPermitted;
            }
        }
        Step::FullSet(set) => {
            let set: BTreeMap<u64, _> =
                set.into_iter().map(|(id, variant)| (id, variant_of(id, variant))).collect();
            stage.full_set(&set.values().collect::<Vec<_>>());
            let ghosts: Vec<u64> = model.open.keys().filter(|id| !set.contains_key(id)).copied().collect();
            ghosts.into_iter().for_each(|id| model.close(id, now));
            for (id, connection) in set {
                model.put(id, connection, 0);
            }
        }
        Step::Reload(file) => {
            let mut book = stage.app.world_mut().resource_mut::<RuleBook>();
            book.replace(rules(RULE_FILES[file]), file.to_string());
            model.rules = rules(RULE_FILES[file]);
            let labels = model.rules.labels();
            model.hidden.retain(|text| labels.iter().any(|label| *label.text == **text));
        }
        Step::ToggleDots(label) => {
            // At once, as the real file is read at once too: the order of both in a frame is not this test's matter.
            stage.app.world_mut().resource_mut::<RuleBook>().toggle_hidden(label);
            if let Some(label) = model.rules.labels().get(label) {
                match model.hidden.iter().position(|text| **text == *label.text) {
                    Some(at) => drop(model.hidden.swap_remove(at)),
                    None => model.hidden.push(label.text.to_string()),
                }
            }
        }
        Step::TogglePalette => {
            stage.act(UiAction::TogglePalette);
            model.palette = model.palette.other();
        }
        Step::ToggleTheme => {
            stage.act(UiAction::ToggleTheme);
            model.theme = model.theme.other();
        }
        // Messages are taken at the clock of their frame.
        Step::Pass(millis) => {
            stage.frame();
            stage.pass(millis);
        }
        Step::Frame => {
            stage.frame();
            model.fading.retain(|it| it.ended + FADE_MILLIS > now);
            return true;
        }
    }
    false
}

fn agree(stage: &mut Stage, model: &Model) -> Result<(), TestCaseError> {
    let clock = *stage.resource::<MapClock>();
    let dots = stage.resource::<Dots>().rows().to_vec();
    prop_assert_eq!(&stage.card, &dots, "the card has what the table has");
    prop_assert_eq!(sorted(dots.clone()), model.dots(&clock));

    prop_assert_eq!(stage.open_count(), model.open.len());
    let world = stage.app.world_mut();
    for (id, (connection, _)) in &model.open {
        let entity = world.resource::<OpenConnections>().0.get(&key(*id)).copied();
        let known = entity.and_then(|entity| world.get::<Connection>(entity));
        prop_assert_eq!(known.map(|known| &*known.0), Some(connection));
    }
    let mut connections = world.query::<&Connection>();
    let placed = model.fading.len();
    prop_assert_eq!(connections.iter(world).count(), model.open.len() + placed, "nothing else is left over");

    let mut rows: Vec<u32> = Vec::new();
    for (row, position) in world.query::<(&DotRow, Option<&Position>)>().iter(world) {
        if let Some(row) = row.0 {
            let position = position.map(|position| [position.lon, position.lat]);
            prop_assert_eq!(position, Some(dots[row as usize].lon_lat), "row {}", row);
            rows.push(row);
        }
    }
    rows.sort_unstable();
    prop_assert_eq!(rows, (0..dots.len() as u32).collect::<Vec<_>>(), "each row has one owner");

    let account = stage.account();
    prop_assert_eq!(account.total, model.open.len());
    prop_assert_eq!(account.on_map + account.not_shown(), account.total);
    let mut by_label = vec![0; model.rules.labels().len() + 1];
    for (connection, _) in model.open.values() {
        by_label[model.label_of(connection).unwrap_or(model.rules.labels().len())] += 1;
    }
    prop_assert_eq!(&account.by_label, &by_label);
    for reason in NoPlace::ALL {
        let count = model.open.values().filter(|(it, _)| it.place == Err(reason)).count();
        prop_assert_eq!(account.without_place(reason), count);
    }
    let hidden = model.open.values().filter(|(it, _)| it.place.is_ok() && model.is_hidden(it)).count();
    prop_assert_eq!(account.hidden, hidden);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_map_agrees_with_a_plain_model(steps in prop::collection::vec(step(), 1..80)) {
        let (mut stage, mut model) = (Stage::new(), Model::new());
        for step in steps {
            if go(step, &mut stage, &mut model) {
                agree(&mut stage, &model)?;
            }
        }
        go(Step::Frame, &mut stage, &mut model);
        go(Step::Pass(2 * FADE_MILLIS), &mut stage, &mut model);
        go(Step::Frame, &mut stage, &mut model);
        agree(&mut stage, &model)?;
        prop_assert!(stage.trails().is_empty() && !stage.is_moving());
    }
}
