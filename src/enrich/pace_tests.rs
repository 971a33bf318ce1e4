//! When the map is woken, and how much is taken at a time.

use super::{thread_of_its_own::from_agent, *};

#[test]
fn a_wake_that_would_be_too_early_comes_as_soon_as_it_may() {
    let (to_map, _map) = bounded(1);
    let (reports, _reports) = bounded(1);
    let (woken, wakes) = bounded(8);
    let wake = Box::new(move || woken.try_send(()).unwrap());
    let outlets = Outlets { to_map, to_history: None, reports, wake };
    let start = Instant::now();
    let at = |millis| start + Duration::from_millis(millis);
    let mut work = Work::default();
    assert_eq!(work.patience(start), LOOK_AT_FILES, "nothing is owed");
    work.owes_wake = true;
    work.wake_in_time(start, &outlets);
    assert_eq!(wakes.try_iter().count(), 1);

    work.owes_wake = true;
    work.wake_in_time(at(89), &outlets);
    assert_eq!(wakes.try_iter().count(), 0, "a frame was drawn a moment ago");
    assert_eq!(work.patience(at(89)), Duration::from_millis(1));
    assert_eq!(work.patience(at(95)), Duration::ZERO, "it may be by now");
    work.wake_in_time(at(90), &outlets);
    assert_eq!((wakes.try_iter().count(), work.owes_wake), (1, false));

    work.owes_wake = true;
    work.grant(Request::WakeEvery(Duration::from_millis(33)));
    assert_eq!(work.patience(at(90)), Duration::from_millis(33), "a graphics card is soon done");
    work.wake_in_time(at(123), &outlets);
    assert_eq!(wakes.try_iter().count(), 1);
}

#[test]
fn what_many_agents_said_is_taken_in_order_and_in_batches() {
    let (fleet, from_fleet) = bounded(FLEET_CAPACITY);
    for id in 0..300 {
        let news = News::Events { run: 7, events: vec![opened(id)] };
        fleet.send(from_agent(news, None)).unwrap();
    }
    let (to_map, map) = bounded(1_024);
    let (reports, _reports) = bounded(SIDE_CAPACITY);
    let (to_history, history) = bounded(64);
    let outlets = Outlets { to_map, to_history: Some(to_history), reports, wake: Box::new(|| {}) };
    let (mut work, geography) = (Work::default(), geography(50.0));
    for most in [MOST_TOGETHER, MOST_TOGETHER, 300 - 2 * MOST_TOGETHER] {
        let first = from_fleet.recv().unwrap();
        assert!(work.take_together(first, &from_fleet, &geography, &outlets));
        assert_eq!(work.recorder.flush(&work.table, &outlets), None);
        let told: Vec<i64> = map
            .try_iter()
            .map(|located| match located {
                Located::Opened(it) => it.opened_unix_millis,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(told.len(), most);
        assert!(told.is_sorted());
        assert_eq!(history.try_iter().map(|batch| batch.len()).collect::<Vec<_>>(), [most]);
    }
}
