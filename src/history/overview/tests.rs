//! What is seen from afar equals what the rows say.

use proptest::prelude::*;

use super::super::testing::*;
use crate::{enrich::Record, history::SpanSet, model::AgentId};

const HOUR: i64 = 3_600_000;

/// Connections over some hours, days or months, summed up at moments in between.
#[derive(Clone, Debug)]
struct Past {
    /// All times are so many times as long.
    slower: i64,
    /// Of each connection: when it opened, how long it lasted (for ever where `None`), on which agent.
    connections: Vec<(i64, Option<i64>, u32)>,
    /// How many of them had been told when the sums were brought up to date.
    settled_after: Vec<usize>,
}

fn past() -> impl Strategy<Value = Past> {
    let one = (0..6 * HOUR, proptest::option::weighted(0.8, 0..3 * HOUR), 0..3_u32);
    let slower = proptest::sample::select(vec![1, 24, 24 * 15]);
    let all = (slower, proptest::collection::vec(one, 1..60), proptest::collection::vec(0..60_usize, 0..3));
    all.prop_map(|(slower, mut connections, settled_after)| {
        for (at, lasted, _) in &mut connections {
            *at *= slower;
            lasted.iter_mut().for_each(|lasted| *lasted *= slower);
        }
        connections.sort_unstable_by_key(|connection| connection.0);
        Past { slower, connections, settled_after }
    })
}

fn write(past: &Past) -> Folder {
    let folder = Folder::new();
    let mut store = folder.store(START_MS);
    for (index, (at, lasted, agent)) in past.connections.iter().enumerate() {
        let (agent, id, at_ms) = (AgentId(*agent), index as u64 + 1, START_MS + at);
        let mut records: Vec<Record> = vec![opened(agent, id, at_ms)];
        records.extend(lasted.map(|lasted| closed(agent, id, at_ms + lasted)));
        store.write(&records, &rules(), at_ms).unwrap();
        if past.settled_after.contains(&index) {
            store.settle(at_ms).unwrap();
        }
    }
    store.mark(START_MS + 7 * HOUR * past.slower).unwrap();
    folder
}

/// `place rule agent` of every row that was open within the stretch, as one who asks in SQL finds them.
fn in_sql(folder: &Folder, from_ms: i64, to_ms: i64) -> Vec<String> {
    folder.ask(&format!(
        "SELECT coalesce(place.city, '-') || '|' || coalesce(rule.label, '-') || '|' || c.agent FROM connection AS c \
         LEFT JOIN place ON place.id = c.place LEFT JOIN rule ON rule.id = c.rule \
         WHERE opened_ms <= {to_ms} AND (lasted_ms IS NULL OR opened_ms + lasted_ms > {from_ms} OR opened_ms > {from_ms}) \
         ORDER BY 1"
    ))
}

fn one_by_one(set: &SpanSet) -> Vec<String> {
    let mut found: Vec<String> = set
        .newest
        .iter()
        .map(|it| {
            let city = it.connection.place.as_ref().map_or("-", |place| &place.city);
            let agent = it.connection.key.agent.0 & !AgentId::RECORDED;
            format!("{city}|{}|{agent}", it.rule.as_deref().unwrap_or("-"))
        })
        .collect();
    found.sort_unstable();
    found
}

fn summed(set: &SpanSet) -> Vec<String> {
    let mut found = Vec::new();
    for sum in &set.sums {
        let city = sum.lat_lon.map_or("-", |_| "Berlin");
        let agent = sum.agent.0 & !AgentId::RECORDED;
        let text = format!("{city}|{}|{agent}", sum.rule.as_deref().unwrap_or("-"));
        found.extend(std::iter::repeat_n(text, sum.count as usize));
    }
    found.sort_unstable();
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_stretch_holds_what_sql_finds(
        past in past(),
        spans in proptest::collection::vec((-HOUR..8 * HOUR, 0..8 * HOUR, 0..40_usize), 8),
    ) {
        let folder = write(&past);
        let mut player = folder.player();
        for (from, length, most) in spans {
            let (from, length) = (from * past.slower, length * past.slower);
            let (from_ms, to_ms) = (START_MS + from, START_MS + from + length);
            let expected = in_sql(&folder, from_ms, to_ms);
            let all = player.span_set(from_ms, to_ms, 1_000).unwrap();
            prop_assert_eq!(one_by_one(&all), expected.clone());
            prop_assert_eq!((all.total, all.sums.len()), (expected.len() as u64, 0));
            let part = player.span_set(from_ms, to_ms, most).unwrap();
            prop_assert_eq!(part.total, expected.len() as u64);
            if expected.len() > most {
                prop_assert_eq!(part.newest.len(), most);
                prop_assert_eq!(summed(&part), expected);
                prop_assert_eq!(&part.newest[..], &all.newest[all.newest.len() - most..], "the newest");
            }
        }
    }

    #[test]
    fn every_opening_is_in_one_stretch(
        past in past(),
        views in proptest::collection::vec((0..6 * HOUR, 1..8 * HOUR, 1..400_u32), 8),
    ) {
        let folder = write(&past);
        let mut player = folder.player();
        for (from, length, stretches) in views {
            // By minutes, so that no minute lies across the edge.
            let from_ms = (START_MS + from * past.slower) / 60_000 * 60_000;
            let to_ms = from_ms + (length * past.slower / 60_000 + 1) * 60_000 - 1;
            let density = player.density(from_ms, to_ms, stretches).unwrap();
            prop_assert!(density.iter().all(|it| it.stretch < stretches && it.count > 0));
            let mut by_rule: Vec<String> = Vec::new();
            for it in &density {
                let label = it.rule.as_deref().unwrap_or("-").to_owned();
                by_rule.extend(std::iter::repeat_n(label, it.count as usize));
            }
            by_rule.sort_unstable();
            let expected: Vec<String> = folder.ask(&format!(
                "SELECT coalesce(rule.label, '-') FROM connection AS c LEFT JOIN rule ON rule.id = c.rule \
                 WHERE opened_ms >= {from_ms} AND opened_ms <= {to_ms} ORDER BY 1"
            ));
            prop_assert_eq!(by_rule, expected);
        }
    }
}

/// Of a row of the past as it is written here: every third has no place.
fn has_place(recorded: &crate::history::Recorded) -> bool {
    recorded.connection.place.is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_some_alone_a_stretch_holds_what_all_hold_of_them(
        past in past(),
        spans in proptest::collection::vec((-HOUR..8 * HOUR, 0..8 * HOUR, 0..40_usize), 4),
    ) {
        let folder = write(&past);
        let mut player = folder.player();
        for (from, length, most) in spans {
            let (from_ms, to_ms) = (START_MS + from * past.slower, START_MS + (from + length) * past.slower);
            let mut all = player.span_set(from_ms, to_ms, 1_000).unwrap().newest;
            all.retain(has_place);
            let mut choice = |recorded: &crate::history::Recorded| Some(has_place(recorded));
            let some = player.chosen_span_set(from_ms, to_ms, most, &mut choice).unwrap().unwrap();
            prop_assert_eq!(some.total, all.len() as u64);
            prop_assert_eq!(&some.newest[..], &all[all.len().saturating_sub(most)..]);
            if all.len() > most {
                let set = SpanSet { newest: all, total: 0, sums: Vec::new() };
                prop_assert_eq!(summed(&some), one_by_one(&set));
            } else {
                prop_assert!(some.sums.is_empty());
            }
        }
    }
}

#[test]
fn of_some_alone_openings_and_places_are_counted_and_the_work_is_given_up_when_asked() {
    let connections = (0..90).map(|n| (n * 60_000, Some(1_000), 0)).collect();
    let folder = write(&Past { slower: 1, connections, settled_after: vec![50] });
    let mut player = folder.player();
    let (from_ms, to_ms) = (START_MS, START_MS + 90 * 60_000 - 1);
    let mut choice = |recorded: &crate::history::Recorded| Some(has_place(recorded));
    let density = player.chosen_density(from_ms, to_ms, 9, &mut choice).unwrap().unwrap();
    assert_eq!(density.iter().map(|it| it.count).sum::<u64>(), 60, "every third has no place");
    assert_eq!(density.iter().filter(|it| it.stretch == 0).map(|it| it.count).sum::<u64>(), 7);
    let tally = player.chosen_places(&mut choice).unwrap().unwrap();
    assert_eq!((tally.places(), tally.connections()), (1, 60));

    let mut asked = 0;
    let mut gives_up = |_: &crate::history::Recorded| {
        asked += 1;
        (asked < 10).then_some(true)
    };
    assert_eq!(player.chosen_density(from_ms, to_ms, 9, &mut gives_up).unwrap(), None);
    assert_eq!(asked, 10);
    assert_eq!(player.chosen_places(&mut |_| None).unwrap(), None);
    assert_eq!(player.chosen_span_set(from_ms, to_ms, 5, &mut |_| None).unwrap(), None);
}

#[test]
fn the_newest_at_a_place_are_found_through_the_sums_as_in_the_rows() {
    // Over a hundred days, so that months, days, hours and what is not summed yet all have some.
    let connections = (0..400).map(|n| (n * 6 * HOUR + n % 7, Some(1_000), 0)).collect();
    for settled_after in [vec![], vec![200], vec![100, 399]] {
        let folder = write(&Past { slower: 1, connections: Vec::clone(&connections), settled_after });
        let mut player = folder.player();
        let in_berlin = |lat: f32, lon: f32| (lat, lon) == (52.5, 13.4);
        let mut all = |_: &crate::history::Recorded| Some(true);
        let found = player.newest_at(in_berlin, 1_000, &mut all).unwrap().unwrap();
        let opened: Vec<i64> = found.iter().map(|it| it.id.opened_ms).collect();
        let expected: Vec<i64> = folder.ask(
            "SELECT opened_ms FROM connection WHERE place > 0 AND lasted_ms IS NOT NULL ORDER BY opened_ms DESC",
        );
        assert_eq!(opened, expected);
        let few = player.newest_at(in_berlin, 7, &mut all).unwrap().unwrap();
        assert_eq!(&few[..], &found[..7]);
        assert_eq!(player.newest_at(|_, _| false, 7, &mut all).unwrap(), Some(Vec::new()));
        assert_eq!(player.newest_at(in_berlin, 7, &mut |_| None).unwrap(), None);
        let mut odd = |it: &crate::history::Recorded| Some(it.id.opened_ms % 2 == 1);
        let odd = player.newest_at(in_berlin, 1_000, &mut odd).unwrap().unwrap();
        assert!(!odd.is_empty() && odd.iter().all(|it| it.id.opened_ms % 2 == 1));
    }
}

#[test]
fn openings_stand_in_their_stretch() {
    let folder = write(&Past {
        slower: 1,
        connections: vec![(0, None, 0), (10_000, None, 0), (HOUR, None, 0)],
        settled_after: vec![2],
    });
    let mut player = folder.player();
    let shape = |density: Vec<super::Opened>| -> Vec<(u32, u64)> {
        let mut counts = std::collections::BTreeMap::new();
        density.iter().for_each(|it| *counts.entry(it.stretch).or_default() += it.count);
        counts.into_iter().collect()
    };
    let hours = player.density(START_MS, START_MS + 2 * HOUR - 1, 4).unwrap();
    assert_eq!(shape(hours), [(0, 2), (2, 1)]);
    let seconds = player.density(START_MS, START_MS + 19_999, 20).unwrap();
    assert_eq!(shape(seconds), [(0, 1), (10, 1)]);
}

#[test]
fn recordings_that_touch_are_one_and_gaps_stay() {
    let folder = Folder::new();
    for (from, to) in [(0, 10), (10, 20), (50, 60)] {
        let mut store = folder.store(START_MS + from);
        store.write(&[opened(HERE, 1, START_MS + from)], &rules(), START_MS + from).unwrap();
        store.end(START_MS + to).unwrap();
    }
    let (player, now_ms) = (folder.player(), START_MS + 1_000);
    let all = player.recordings(START_MS - 100, START_MS + 1_000, now_ms).unwrap();
    let since = |stretches: Vec<(i64, i64)>| -> Vec<(i64, i64)> {
        stretches.iter().map(|(from, to)| (from - START_MS, to - START_MS)).collect()
    };
    assert_eq!(since(all), [(0, 20), (50, 60)]);
    assert_eq!(since(player.recordings(START_MS + 15, START_MS + 55, now_ms).unwrap()), [(15, 20), (50, 55)]);
    assert_eq!(player.previous_ms(START_MS + 1).unwrap(), Some(START_MS));
    assert_eq!(player.previous_ms(START_MS).unwrap(), None);
}

#[test]
fn a_recording_that_was_seen_in_the_future_ends_with_the_next_or_now() {
    let folder = Folder::new();
    for (from, seen) in [(0, 5_000_000), (100, 120), (200, 6_000_000)] {
        let mut store = folder.store(START_MS + from);
        store.write(&[opened(HERE, 1, START_MS + from)], &rules(), START_MS + from).unwrap();
        store.mark(START_MS + seen).unwrap();
    }
    let player = folder.player();
    let at = |now: i64| START_MS + now;
    assert_eq!(player.span(at(250)).unwrap(), Some((START_MS, at(250))));
    let all = player.recordings(START_MS, at(1_000), at(250)).unwrap();
    assert_eq!(all, [(START_MS, at(120)), (at(200), at(250))]);
}

/// As the version before wrote it: without sums of days and months.
fn make_version_1(folder: &Folder) {
    let old = "DROP TABLE daily; DROP TABLE monthly; DROP TABLE hourly_by_rule;
               DELETE FROM setting WHERE name = 'rolled_up_until_day'; PRAGMA user_version = 1;";
    rusqlite::Connection::open(folder.path()).unwrap().execute_batch(old).unwrap();
}

#[test]
fn a_file_of_version_1_is_read_and_gets_its_longer_sums() {
    let connections = (0..2_000).map(|n| (n * 80 * HOUR / 60, Some(HOUR), n as u32 % 3)).collect();
    let folder = write(&Past { slower: 1, connections, settled_after: vec![500, 1_999] });
    let tables = || -> Vec<String> {
        folder.ask(
            "SELECT 'd' || day || ' ' || place || ' ' || rule || ' ' || agent || ' ' || opened FROM daily UNION ALL \
             SELECT 'm' || month || ' ' || place || ' ' || rule || ' ' || agent || ' ' || opened FROM monthly UNION ALL \
             SELECT 'h' || hour || ' ' || rule || ' ' || opened FROM hourly_by_rule ORDER BY 1",
        )
    };
    let seen = |folder: &Folder| {
        let mut player = folder.player();
        let (from_ms, to_ms) = (START_MS + 7 * HOUR, START_MS + 2_600 * HOUR);
        (
            player.span_set(from_ms, to_ms, 10).unwrap().sums,
            player.density(from_ms, to_ms, 100).unwrap().iter().map(|it| it.count).sum::<u64>(),
        )
    };
    let (made, shown) = (tables(), seen(&folder));
    assert!(made.iter().any(|row| row.starts_with('m')) && shown.0.iter().any(|sum| sum.count > 100));
    make_version_1(&folder);
    assert_eq!(seen(&folder), shown, "hours tell the same");
    drop(folder.store(START_MS + 3_000 * HOUR));
    assert_eq!(tables(), made);
    assert_eq!(seen(&folder), shown);
}
