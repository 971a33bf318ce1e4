//! Laws that hold for whatever happens to a history: each connection is one row, sums are those of the rows, and the
//! player shows what stands in the table.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{prune::Pruner, testing::*, *};
use crate::{
    enrich::Record,
    model::{AgentId, ConnectionKey, Located},
};

#[derive(Clone, Debug)]
enum Step {
    /// The clock goes on.
    Wait(i64),
    /// Opened so long before it is told, on one of three agents.
    Open {
        agent: u32,
        late_ms: i64,
    },
    OpenAndClose {
        agent: u32,
        late_ms: i64,
        lasted_ms: i64,
    },
    /// One of what is open, told so late.
    Close {
        which: usize,
        late_ms: i64,
    },
    Settle,
    /// Killed, and started again after a while. One in so many is still there.
    Kill {
        break_ms: i64,
        one_in: usize,
    },
    End {
        break_ms: i64,
        one_in: usize,
    },
    Prune {
        age_secs: u64,
    },
    /// Clock put back.
    Back(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let late = prop_oneof![6 => 0..500_i64, 2 => 0..20_000_000_i64, 1 => 0..3_000_000_000_i64];
    prop_oneof![
        4 => (0..1_200_000_i64).prop_map(Step::Wait),
        1 => (0..4_000_000_000_i64).prop_map(Step::Wait),
        6 => (0..3_u32, late.clone()).prop_map(|(agent, late_ms)| Step::Open { agent, late_ms }),
        3 => (0..3_u32, late.clone(), 0..5_000_000_i64)
            .prop_map(|(agent, late_ms, lasted_ms)| Step::OpenAndClose { agent, late_ms, lasted_ms }),
        4 => (any::<usize>(), late).prop_map(|(which, late_ms)| Step::Close { which, late_ms }),
        1 => Just(Step::Settle),
        1 => (0..900_000_i64, 1..4_usize).prop_map(|(break_ms, one_in)| Step::Kill { break_ms, one_in }),
        1 => (0..900_000_i64, 1..4_usize).prop_map(|(break_ms, one_in)| Step::End { break_ms, one_in }),
        1 => (600..20_000_u64).prop_map(|age_secs| Step::Prune { age_secs }),
        1 => (0..4_000_000_i64).prop_map(Step::Back),
    ]
}

struct World {
    folder: Folder,
    store: Option<Store>,
    now_ms: i64,
    /// The mark of this run.
    seen_ms: i64,
    next_id: u64,
    open: Vec<(AgentId, u64)>,
    /// Rows that there should be, if none was pruned.
    rows: usize,
    pruned: bool,
}

impl World {
    fn new() -> Self {
        let folder = Folder::new();
        let store = Some(folder.store(START_MS));
        Self {
            folder,
            store,
            now_ms: START_MS,
            seen_ms: START_MS,
            next_id: 1,
            open: Vec::new(),
            rows: 0,
            pruned: false,
        }
    }

    fn write(&mut self, records: &[Record]) {
        let store = self.store.as_mut().unwrap();
        store.write(records, &rules(), self.now_ms).unwrap();
        self.seen_ms = self.seen_ms.max(self.now_ms);
        store.settle_if_due(self.now_ms).unwrap();
    }

    fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.rows += 1;
        self.next_id
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Wait(millis) => {
                self.now_ms += millis;
                self.seen_ms = self.seen_ms.max(self.now_ms);
                self.store.as_mut().unwrap().mark(self.now_ms).unwrap();
            }
            Step::Back(millis) => self.now_ms -= millis,
            Step::Open { agent, late_ms } => {
                let id = self.new_id();
                self.open.push((AgentId(agent), id));
                self.write(&[opened(AgentId(agent), id, self.now_ms - late_ms)]);
            }
            Step::OpenAndClose { agent, late_ms, lasted_ms } => {
                let (id, at_ms) = (self.new_id(), self.now_ms - late_ms);
                self.write(&[
                    opened(AgentId(agent), id, at_ms),
                    closed(AgentId(agent), id, at_ms + lasted_ms),
                ]);
            }
            Step::Close { which, late_ms } if !self.open.is_empty() => {
                let (agent, id) = self.open.swap_remove(which % self.open.len());
                self.write(&[closed(agent, id, self.now_ms - late_ms)]);
            }
            Step::Close { .. } => {}
            Step::Settle => self.store.as_mut().unwrap().settle(self.now_ms).unwrap(),
            Step::Kill { break_ms, one_in } => {
                self.store = None;
                self.start_again(break_ms, one_in);
            }
            Step::End { break_ms, one_in } => {
                self.store.as_mut().unwrap().end(self.now_ms).unwrap();
                self.seen_ms = self.seen_ms.max(self.now_ms);
                self.start_again(break_ms, one_in);
            }
            Step::Prune { age_secs } => {
                self.pruned = true;
                let mut pruner = Pruner::default();
                pruner.set(Keep { age_secs: Some(age_secs), ..Keep::default() });
                self.store.as_mut().unwrap().prune(&mut pruner, self.now_ms).unwrap();
            }
        }
    }

    fn start_again(&mut self, break_ms: i64, one_in: usize) {
        self.store = None;
        let seen_ms = self.seen_ms;
        self.now_ms += break_ms;
        self.seen_ms = self.now_ms;
        self.store = Some(self.folder.store(self.now_ms));
        // Some agents are sooner than others, and a checkpoint may come before.
        self.store.as_mut().unwrap().settle_if_due(self.now_ms).unwrap();
        self.now_ms += 50;
        let mut left = Vec::new();
        for (index, (agent, id)) in std::mem::take(&mut self.open).into_iter().enumerate() {
            if index % one_in == 0 {
                left.push((agent, id));
            }
        }
        for agent in (0..3).map(AgentId) {
            let of_agent: Vec<u64> =
                left.iter().filter(|(its, _)| *its == agent).map(|(_, id)| *id).collect();
            let mut records: Vec<Record> =
                of_agent.iter().map(|id| opened(agent, *id, self.now_ms)).collect();
            records.push(looked(agent, &of_agent));
            self.write(&records);
        }
        if self.now_ms - seen_ms >= 600_000 {
            self.rows += left.len();
        }
        self.open = left;
    }
}

/// `(opened_ms, closed_ms, key)` of all rows.
fn table(folder: &Folder) -> Vec<(i64, Option<i64>, ConnectionKey)> {
    let database = rusqlite::Connection::open(folder.path()).unwrap();
    let mut statement = database
        .prepare("SELECT opened_ms, n, lasted_ms, agent FROM connection ORDER BY opened_ms, n")
        .unwrap();
    let rows = statement.query_map([], |row| {
        let id = RowId { opened_ms: row.get(0)?, n: row.get(1)? };
        let lasted: Option<i64> = row.get(2)?;
        Ok((id.opened_ms, lasted.map(|lasted| id.opened_ms + lasted), recorded_key(row.get(3)?, id)))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

fn open_at(rows: &[(i64, Option<i64>, ConnectionKey)], at_ms: i64) -> BTreeSet<ConnectionKey> {
    let is_open =
        |(opened, closed, _): &&(i64, Option<i64>, _)| *opened <= at_ms && closed.is_none_or(|it| it > at_ms);
    rows.iter().filter(is_open).map(|(_, _, key)| *key).collect()
}

fn sums_are_those_of_the_rows(folder: &Folder) -> Result<(), TestCaseError> {
    let summed = "opened_ms < coalesce((SELECT value FROM setting WHERE name = 'summed_until_ms'), -1)";
    let rolled_up =
        "opened_ms / 86400000 < coalesce((SELECT value FROM setting WHERE name = 'rolled_up_until_day'), 0)";
    let months = "opened_ms / 2592000000 < coalesce((SELECT value FROM setting WHERE name = 'rolled_up_until_day'), 0) / 30";
    for (table, period, period_ms, is_told) in [
        ("hourly", "hour", 3_600_000_i64, summed),
        ("daily", "day", 86_400_000, rolled_up),
        ("monthly", "month", 2_592_000_000, months),
    ] {
        let sums = format!(
            "SELECT {period} || ' ' || place || ' ' || rule || ' ' || agent || ' ' || opened FROM {table} ORDER BY 1"
        );
        let rows = format!(
            "SELECT t || ' ' || p || ' ' || r || ' ' || a || ' ' || count(*) FROM (SELECT opened_ms / {period_ms} AS t, \
             max(place, 0) AS p, coalesce(rule, 0) AS r, agent AS a FROM connection WHERE {is_told}) \
             GROUP BY t, p, r, a ORDER BY 1"
        );
        prop_assert_eq!(folder.ask::<String>(&sums), folder.ask::<String>(&rows), "{}", table);
    }
    for (table, period, period_ms, is_told) in
        [("minutely", "minute", 60_000_i64, summed), ("hourly_by_rule", "hour", 3_600_000, rolled_up)]
    {
        let sums = format!("SELECT {period} || ' ' || rule || ' ' || opened FROM {table} ORDER BY 1");
        let rows = format!(
            "SELECT t || ' ' || r || ' ' || count(*) FROM (SELECT opened_ms / {period_ms} AS t, coalesce(rule, 0) AS r \
             FROM connection WHERE {is_told}) GROUP BY t, r ORDER BY 1"
        );
        prop_assert_eq!(folder.ask::<String>(&sums), folder.ask::<String>(&rows), "{}", table);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_sums_and_player_agree(
        steps in proptest::collection::vec(step(), 1..60),
        moments in proptest::collection::vec(0.0..1.0_f64, 12),
        hops in proptest::collection::vec((1..4_000_000_i64, 1..9_usize), 1..40),
    ) {
        let mut world = World::new();
        steps.into_iter().for_each(|step| world.take(step));
        let folder = &world.folder;
        let rows = table(folder);
        if world.pruned {
            prop_assert!(rows.len() <= world.rows);
        } else {
            prop_assert_eq!(rows.len(), world.rows);
        }
        let open = rows.iter().filter(|(_, closed, _)| closed.is_none()).count();
        prop_assert_eq!(open, world.open.len());
        sums_are_those_of_the_rows(folder)?;

        // Any moment, and those of the checkpoints, which are where an error would show.
        let mut player = folder.player();
        let first = rows.first().map_or(START_MS, |row| row.0) - 1_000;
        let span = world.now_ms - first + 2_000;
        let mut at: Vec<i64> = moments.iter().map(|share| first + (*share * span as f64) as i64).collect();
        at.extend(folder.ask::<i64>("SELECT at_ms FROM checkpoint"));
        for at_ms in at {
            let shown: Vec<_> = player.seek(at_ms).unwrap().into_iter().map(|it| it.key).collect();
            prop_assert_eq!(shown.len(), shown.iter().collect::<BTreeSet<_>>().len());
            prop_assert_eq!(shown.into_iter().collect::<BTreeSet<_>>(), open_at(&rows, at_ms), "at {}", at_ms);
        }

        let mut at_ms = first;
        let mut shown: BTreeSet<_> = player.seek(at_ms).unwrap().into_iter().map(|it| it.key).collect();
        let times: BTreeMap<_, _> = rows.iter().map(|(opened, closed, key)| (*key, (*opened, *closed))).collect();
        let mut last_ms = first;
        for (hop_ms, most) in hops {
            at_ms += hop_ms;
            let mut told = Vec::new();
            while !player.advance(at_ms, most, &mut told).unwrap() {}
            for located in told {
                let happened_ms = match located {
                    Located::Opened(it) => {
                        prop_assert!(shown.insert(it.key), "opened twice");
                        prop_assert_eq!(it.opened_unix_millis, times[&it.key].0);
                        it.opened_unix_millis
                    }
                    Located::Closed { key, unix_millis, .. } => {
                        prop_assert!(shown.remove(&key), "closed before it was opened, or twice");
                        prop_assert_eq!(Some(unix_millis), times[&key].1);
                        unix_millis
                    }
                    other => return Err(TestCaseError::fail(format!("{other:?}"))),
                };
                prop_assert!(last_ms <= happened_ms && happened_ms <= at_ms);
                last_ms = happened_ms;
            }
            prop_assert_eq!(&shown, &open_at(&rows, at_ms));
        }
    }
}

#[test]
fn what_was_read_ahead_while_it_was_open_ends_too() {
    let folder = Folder::new();
    let mut store = folder.store(START_MS);
    let write = |store: &mut Store, records: &[Record], at: i64| {
        store.write(records, &rules(), START_MS + at).unwrap();
    };
    write(&mut store, &[opened(HERE, 1, START_MS + 10), opened(HERE, 2, START_MS + 100)], 110);
    let mut player = folder.player();
    assert_eq!(player.seek(START_MS + 50).unwrap().len(), 1);
    assert_eq!(player.next_ms().unwrap(), Some(START_MS + 100), "read ahead, and open");
    write(&mut store, &[closed(HERE, 2, START_MS + 200)], 210);
    store.end(START_MS + 300).unwrap();
    let mut told = Vec::new();
    assert!(player.advance(START_MS + 1_000, 100, &mut told).unwrap());
    let ends: Vec<i64> = told
        .iter()
        .filter_map(|located| match located {
            Located::Closed { unix_millis, .. } => Some(unix_millis - START_MS),
            _ => None,
        })
        .collect();
    assert_eq!((told.len(), ends), (3, vec![200, 300]));
}

#[test]
fn an_opening_that_is_told_late_is_seen_at_the_live_end() {
    let folder = Folder::new();
    let mut store = folder.store(START_MS);
    let write = |store: &mut Store, records: &[Record], at: i64| {
        store.write(records, &rules(), START_MS + at).unwrap();
    };
    write(&mut store, &[opened(HERE, 1, START_MS + 100)], 110);
    let mut player = folder.player();
    assert_eq!(player.seek(START_MS + 200).unwrap().len(), 1);
    let advance = |player: &mut Player, to: i64| {
        let mut told = Vec::new();
        while !player.advance(START_MS + to, 1, &mut told).unwrap() {}
        told
    };
    assert!(advance(&mut player, 300).is_empty());
    // An agent that was cut off: one is still open, one has ended since.
    write(
        &mut store,
        &[opened(HERE, 2, START_MS + 50), opened(HERE, 3, START_MS + 60), closed(HERE, 3, START_MS + 250)],
        310,
    );
    let [Located::Opened(late)] = &advance(&mut player, 400)[..] else { panic!("one opening") };
    assert_eq!(late.opened_unix_millis, START_MS + 50);
    assert!(advance(&mut player, 450).is_empty(), "it is told once");
    write(&mut store, &[closed(HERE, 2, START_MS + 420)], 460);
    let [Located::Closed { unix_millis, .. }] = advance(&mut player, 500)[..] else { panic!("one end") };
    assert_eq!(unix_millis, START_MS + 420);
}

/// While it is written: openings and ends may be told late, and no clock is put back.
fn live_step() -> impl Strategy<Value = Step> {
    let late = prop_oneof![2 => Just(0), 1 => 0..500_i64, 1 => 0..20_000_000_i64];
    prop_oneof![
        4 => (0..1_200_000_i64).prop_map(Step::Wait),
        6 => (0..3_u32, late).prop_map(|(agent, late_ms)| Step::Open { agent, late_ms }),
        6 => (any::<usize>(), 0..500_000_i64).prop_map(|(which, late_ms)| Step::Close { which, late_ms }),
        1 => Just(Step::Settle),
        1 => (600..20_000_u64).prop_map(|age_secs| Step::Prune { age_secs }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn who_plays_at_the_live_end_learns_of_all_that_opens_and_ends(
        before in proptest::collection::vec(live_step(), 0..20),
        behind_ms in 0..2_000_000_i64,
        steps in proptest::collection::vec((live_step(), any::<bool>()), 1..60),
    ) {
        let mut world = World::new();
        before.into_iter().for_each(|step| world.take(step));
        let mut player = world.folder.player();
        // Where it starts, some of what is open ends before the player comes to it.
        let start_ms = world.now_ms - behind_ms;
        let mut shown: BTreeSet<_> = player.seek(start_ms).unwrap().into_iter().map(|it| it.key).collect();
        for (step, advances) in steps {
            world.take(step);
            if !advances {
                continue;
            }
            let mut told = Vec::new();
            while !player.advance(world.now_ms, 3, &mut told).unwrap() {}
            for located in told {
                match located {
                    Located::Opened(it) => prop_assert!(shown.insert(it.key), "opened twice"),
                    Located::Closed { key, .. } => prop_assert!(shown.remove(&key), "not open, or closed twice"),
                    other => return Err(TestCaseError::fail(format!("{other:?}"))),
                }
            }
            prop_assert_eq!(&shown, &open_at(&table(&world.folder), world.now_ms));
        }
    }
}
