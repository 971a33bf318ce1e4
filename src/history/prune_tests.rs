use super::{super::testing::*, *};
use crate::history::Store;

const HOUR_MS: i64 = 3_600_000;

/// A connection a second, each a second long, for some hours; the first one stays open.
fn filled(folder: &Folder, secs: u64) -> (Store, i64) {
    let mut store = folder.store(START_MS);
    let rules = rules();
    store.write(&[called(HERE, "here"), opened(HERE, 0, START_MS)], &rules, START_MS).unwrap();
    let mut now_ms = START_MS;
    for batch in (1..secs).collect::<Vec<_>>().chunks(600) {
        now_ms = START_MS + batch[batch.len() - 1] as i64 * 1_000 + 1_000;
        let story = batch.iter().flat_map(|id| {
            let at_ms = START_MS + *id as i64 * 1_000;
            [opened(HERE, *id, at_ms), closed(HERE, *id, at_ms + 1_000)]
        });
        store.write(&story.collect::<Vec<_>>(), &rules, now_ms).unwrap();
        store.settle_if_due(now_ms).unwrap();
    }
    (store, now_ms)
}

fn prune(pruner: &mut Pruner, store: &mut Store, now_ms: i64) {
    while {
        store.prune(pruner, now_ms).unwrap();
        pruner.is_busy()
    } {}
}

fn count(folder: &Folder) -> i64 {
    folder.ask("SELECT count(*) FROM connection")[0]
}

fn sums_hold(folder: &Folder) {
    let until = "(SELECT value FROM setting WHERE name = 'summed_until_ms')";
    let summed: i64 = folder.ask("SELECT coalesce(sum(opened), 0) FROM hourly")[0];
    assert_eq!(
        summed,
        folder.ask::<i64>(&format!("SELECT count(*) FROM connection WHERE opened_ms < {until}"))[0]
    );
}

#[test]
fn what_is_older_than_it_may_be_goes_and_what_is_open_stays() {
    let folder = Folder::new();
    let (mut store, now_ms) = filled(&folder, 5 * 3_600);
    let mut pruner = Pruner::default();
    pruner.set(Keep { age_secs: Some(3_600), ..Keep::default() });
    prune(&mut pruner, &mut store, now_ms);
    // Closed in the last hour, and the one that is open.
    assert_eq!(count(&folder), 3_600 + 1 + 1);
    assert_eq!(folder.ask::<i64>("SELECT opened_ms FROM connection WHERE lasted_ms IS NULL"), [START_MS]);
    sums_hold(&folder);
    let oldest: i64 = folder.ask("SELECT min(at_ms) FROM checkpoint")[0];
    assert!(oldest >= now_ms - HOUR_MS);
    let open = folder.player().seek(now_ms - HOUR_MS / 2).unwrap();
    assert_eq!(open.len(), 2);
}

#[test]
fn a_cap_of_the_size_holds_and_the_disk_gets_the_room_back() {
    let folder = Folder::new();
    let (mut store, now_ms) = filled(&folder, 6 * 3_600);
    let size = || std::fs::metadata(folder.path()).unwrap().len();
    store.database().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let before = size();
    let most = before / 3;
    let mut pruner = Pruner::default();
    pruner.set(Keep { bytes: Some(most), ..Keep::default() });
    prune(&mut pruner, &mut store, now_ms);
    assert!(size() <= most, "{} of {before} bytes, {most} may be", size());
    // No more than a step too much.
    assert!(size() + 300_000 > most, "{} of {before} bytes, {most} may be", size());
    sums_hold(&folder);
}

#[test]
fn a_reset_leaves_what_is_open_and_nothing_else() {
    let folder = Folder::new();
    let (mut store, now_ms) = filled(&folder, 3 * 3_600);
    let mut pruner = Pruner::default();
    pruner.forget_all();
    prune(&mut pruner, &mut store, now_ms);
    sums_hold(&folder);
    assert_eq!(folder.ask::<i64>("SELECT opened_ms FROM connections"), [START_MS]);
    assert_eq!(folder.ask::<i64>("SELECT count(*) FROM place"), [0], "the open one has none");
    assert!(std::fs::metadata(folder.path()).unwrap().len() < 200_000);
    // And the recording goes on.
    let batch = [opened(HERE, 50_002, now_ms + 1), closed(HERE, 0, now_ms + 2)];
    store.write(&batch, &rules(), now_ms + 3).unwrap();
    let rows: Vec<String> = folder.ask("SELECT agent || ' ' || city FROM connections WHERE city IS NOT NULL");
    assert_eq!(rows, ["here Berlin"]);
    assert_eq!(count(&folder), 2);
}

#[test]
fn what_is_to_be_kept_is_remembered() {
    let folder = Folder::new();
    let store = folder.store(START_MS);
    assert_eq!(Keep::read(store.database()).unwrap(), Keep::default());
    for keep in [
        Keep { age_secs: Some(3_600), bytes: Some(1 << 30), records: false },
        Keep { age_secs: None, bytes: Some(5), records: true },
    ] {
        keep.write(store.database()).unwrap();
        assert_eq!(Keep::read(store.database()).unwrap(), keep);
    }
}
