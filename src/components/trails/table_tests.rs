//! The table of trails by itself.

use super::*;

const NOON: i64 = 1_795_348_800_000;
const WHITE: [u16; 4] = [u16::MAX; 4];

fn key(number: usize) -> TrailKey {
    TrailKey {
        spot: Spot::new((number / 300) as f32 * 0.5 - 60.0, (number % 300) as f32 - 150.0),
        kind: 0,
        agent: AgentId::THIS_MACHINE,
    }
}

fn connection() -> Arc<LocatedConnection> {
    Arc::new(crate::history::testing::connection(AgentId::THIS_MACHINE, 1, NOON))
}

fn dirty(trails: &mut Trails) -> Vec<Range<u32>> {
    let mut out = Vec::new();
    trails.take_dirty(&mut out);
    out
}

#[test]
fn one_place_is_one_row_with_the_latest_end() {
    let (mut trails, clock) = (Trails::default(), MapClock::held(NOON));
    for ended in [NOON - 5_000, NOON - 1_000, NOON - 3_000] {
        trails.leave(key(1), (&connection(), ended), WHITE, &clock);
    }
    trails.leave(key(2), (&connection(), NOON), WHITE, &clock);
    assert_eq!(trails.rows().len(), 2);
    assert_eq!(trails.rows()[0].ended_millis, clock.now_epoch_millis() - 1_000);
    assert_eq!(trails.rows()[0].rgba[3], 0xff00 | exposure(3));
    assert_eq!(dirty(&mut trails), vec![0..2]);
    trails.repaint(&clock, |_, _| WHITE);
    assert!(dirty(&mut trails).is_empty(), "nothing differs");
}

#[test]
fn the_table_is_bounded_and_the_oldest_end_leaves_first() {
    let (mut trails, clock) = (Trails::default(), MapClock::held(NOON));
    // The ends are not in the order in which they come.
    for number in 0..MOST_TRAILS {
        trails.leave(key(number), (&connection(), NOON - (number as i64 * 7_919) % 1_000_003), WHITE, &clock);
    }
    dirty(&mut trails);
    let oldest = trails.sources.iter().map(|source| source.ended_unix_millis).min().unwrap();
    let leaves = trails.by_end.first().unwrap().1;
    trails.leave(key(MOST_TRAILS), (&connection(), oldest - 1), WHITE, &clock);
    assert!(!trails.by_key.contains_key(&key(MOST_TRAILS)), "older than all that are there");
    assert!(dirty(&mut trails).is_empty());
    trails.leave(key(MOST_TRAILS), (&connection(), NOON), WHITE, &clock);
    assert_eq!(trails.rows().len(), MOST_TRAILS);
    assert!(!trails.by_key.contains_key(&leaves) && trails.by_key.contains_key(&key(MOST_TRAILS)));
    assert_eq!((trails.by_end.len(), trails.by_key.len()), (MOST_TRAILS, MOST_TRAILS));
    for (row, source) in trails.sources.iter().enumerate() {
        assert_eq!(trails.by_key[&source.key] as usize, row);
        assert_eq!(trails.rows[row].lon_lat, [source.key.spot.lon(), source.key.spot.lat()]);
    }
    let rows: u32 = dirty(&mut trails).iter().map(|stretch| stretch.end - stretch.start).sum();
    assert!(rows <= 2, "{rows} rows go up for one");
}

fn pace(between_millis: i64, fades_millis: Option<i64>) -> Pace {
    Pace { between_millis, fades_millis, rests: false }
}

#[test]
fn pictures_come_together_and_end_with_the_last_fade() {
    let (mut trails, clock) = (Trails::default(), MapClock::held(NOON));
    trails.keep_picture(NOON, pace(100, None));
    assert_eq!((trails.pictures(), trails.due_unix_millis), (0, None), "nothing to show");
    trails.leave(key(1), (&connection(), NOON), WHITE, &clock);
    trails.keep_picture(NOON, pace(100, None));
    assert_eq!((trails.pictures(), trails.due_unix_millis), (1, None), "the first waits for nothing");
    trails.leave(key(2), (&connection(), NOON), WHITE, &clock);
    trails.keep_picture(NOON + 40, pace(100, None));
    assert_eq!((trails.pictures(), trails.due_unix_millis), (1, Some(NOON + 100)));
    trails.keep_picture(NOON + 101, pace(100, None));
    assert_eq!((trails.pictures(), trails.due_unix_millis), (2, None));

    let (hour, mut now, before) = (3_600_000, NOON + 101, trails.pictures());
    trails.show_at_once();
    trails.keep_picture(now, pace(100, Some(hour)));
    while let Some(due) = trails.due_unix_millis {
        assert_eq!(due - now, hour / FADE_STEPS);
        now = due;
        trails.keep_picture(now, pace(100, Some(hour)));
    }
    assert!(now >= NOON + hour && now < NOON + hour + 2 * hour / FADE_STEPS);
    assert!(trails.pictures() - before <= FADE_STEPS as u64 + 2);

    trails.keep_picture(NOON - hour, pace(100, Some(hour)));
    assert_eq!(trails.due_unix_millis, Some(NOON - hour + hour / FADE_STEPS), "the clock was put back");
    let before = trails.pictures();
    trails.clear();
    trails.keep_picture(NOON, pace(100, Some(hour)));
    assert_eq!((trails.pictures(), trails.due_unix_millis), (before + 1, None));
}

#[test]
fn more_connections_are_brighter_up_to_a_limit() {
    assert_eq!([0, 1, 32, 1_024, u32::MAX].map(exposure), [0, 0, 128, 255, 255]);
}

#[test]
fn where_the_clock_rests_every_picture_is_of_its_time() {
    let (mut trails, clock) = (Trails::default(), MapClock::held(NOON));
    let resting = Pace { rests: true, ..pace(100, Some(10_000)) };
    for number in 0..3 {
        trails.leave(key(number), (&connection(), NOON), WHITE, &clock);
        trails.keep_picture(NOON, resting);
    }
    assert_eq!((trails.pictures(), trails.due_unix_millis), (3, None), "nothing waits");
    trails.keep_picture(NOON, resting);
    assert_eq!(trails.pictures(), 3);
    for step in 1..=20 {
        trails.keep_picture(NOON + step * 1_000, resting);
    }
    assert_eq!(trails.pictures(), 3 + 10, "until they are gone");
}

#[test]
fn what_has_not_been_yet_is_drawn_when_it_has() {
    let (mut trails, clock) = (Trails::default(), MapClock::held(NOON));
    trails.leave(key(1), (&connection(), NOON), WHITE, &clock);
    trails.keep_picture(NOON, pace(100, None));
    trails.keep_picture(NOON - 5_000, pace(100, None));
    assert_eq!((trails.pictures(), trails.due_unix_millis), (2, Some(NOON)));
    trails.keep_picture(NOON, pace(100, None));
    assert_eq!((trails.pictures(), trails.due_unix_millis), (3, None));
}
