use super::{super::testing::*, *};

fn writer(folder: &Folder) -> (Writer, Receiver<Said>) {
    let (to_window, said) = bounded(64);
    let say = Box::new(move |said| drop(to_window.try_send(said)));
    (Writer::new(folder.path(), rules(), say), said)
}

/// As a file that is the same afterwards looks to others.
fn content(folder: &Folder) -> Vec<i64> {
    let all = "SELECT count(*) FROM connection UNION ALL SELECT count(*) FROM recording \
               UNION ALL SELECT count(*) FROM setting UNION ALL SELECT max(seen_ms) FROM recording \
               UNION ALL SELECT count(*) FROM connection WHERE lasted_ms IS NULL";
    folder.ask(all)
}

fn records_of(said: &Receiver<Said>) -> (Vec<Vec<String>>, bool) {
    let (mut problems, mut tells_again) = (Vec::new(), false);
    for said in said.try_iter() {
        match said {
            Said::Problem(lines) => problems.push(lines),
            Said::TellAgain => tells_again = true,
            Said::Facts(_) => {}
        }
    }
    (problems, tells_again)
}

#[test]
fn who_comes_second_writes_nothing_until_its_turn_comes() {
    let folder = Folder::new();
    let now_ms = unix_millis();
    let mut first = folder.store(now_ms);
    let kept = Keep { age_secs: Some(86_400), ..Keep::default() };
    kept.write(first.database()).unwrap();
    first.write(&[called(HERE, "here"), opened(HERE, 1, now_ms)], &rules(), now_ms).unwrap();
    let before = content(&folder);

    let (mut second, said) = writer(&folder);
    second.open();
    second.waiting.add(vec![opened(HERE, 2, now_ms)]);
    second.obey(Order::Keep(Keep { records: false, ..Keep::default() }));
    second.work();
    assert_eq!(second.waiting.len(), 0);
    assert_eq!(content(&folder), before);
    let (problems, tells_again) = records_of(&said);
    let [line] = &problems[0][..] else { panic!("{problems:?}") };
    assert!(line.contains("another connmapperl") && line.contains("without recording"), "{line}");
    assert!(problems.len() == 1 && !tells_again);
    let facts = second.told.unwrap();
    assert_eq!((facts.keep, facts.first_ms), (kept, Some(now_ms)), "it shows what the other keeps");

    // As after a kill.
    drop(first);
    second.try_at = Instant::now();
    second.work();
    assert_eq!(records_of(&said), (vec![Vec::new()], true), "all is well, and it asks for what is open");
    second.waiting.add(vec![called(HERE, "here"), opened(HERE, 1, now_ms), looked(HERE, &[1])]);
    second.work();
    assert_eq!(folder.ask::<i64>("SELECT count(*) FROM connection WHERE lasted_ms IS NULL"), [1]);
    assert_eq!(folder.ask::<i64>("SELECT count(*) FROM connection"), [1], "it goes on in its row");
    assert_eq!(folder.ask::<i64>("SELECT count(*) FROM recording"), [2]);
    assert!(Store::open(&folder.path(), now_ms).is_err(), "now it is the first");
}

#[test]
fn a_damaged_file_is_replaced_by_who_has_the_right_to_write_alone() {
    let folder = Folder::new();
    std::fs::write(folder.path(), "not a database at all, but long enough to be one. ".repeat(400)).unwrap();
    let (mut writer, _said) = writer(&folder);
    writer.open();
    assert!(writer.store.is_none() && !folder.path().exists(), "set aside, and not begun anew yet");
    std::fs::write(folder.path(), "").unwrap();
    assert!(Store::open(&folder.path(), unix_millis()).is_err());
    writer.work();
    assert!(writer.store.is_some());
}

#[test]
fn the_thread_sleeps_as_long_as_nothing_is_due() {
    let folder = Folder::new();
    let (mut writer, _said) = writer(&folder);
    writer.open();
    writer.work();
    let now = Instant::now();
    assert_eq!(writer.due_at(now), writer.mark_at.min(writer.facts_at));
    assert!(writer.mark_at > now && writer.facts_at > now, "what was due was done");
    // The file fails: neither marks nor pruning are tried before their time.
    writer.cannot("disk full".to_owned());
    writer.waiting.add(vec![opened(HERE, 1, 0)]);
    (writer.mark_at, writer.facts_at) = (now, now + BETWEEN_FACTS * 100);
    assert_eq!(writer.due_at(now), writer.try_at);
    assert!(writer.try_at > now);
}
