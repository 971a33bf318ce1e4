//! The simple history: every connection counts once, circles leave out what has no text, and changes come together.

use connmapperl::{
    components::{
        action::{LoadAnswer, UiAction},
        animation::Animation,
        history_circles::{HistoryCircles, ReadHistory, WaitingToLoad, circle_radius},
        marks::{LayerName, MARK_BYTES, Mark, Marks},
    },
    model::{AgentId, Located, LocatedConnection, NoPlace, Owner},
    tally::{Spot, Tally},
};

use crate::stage::{Stage, connection, key, place, place_of};

/// Longer than circles wait for changes on any adapter.
const A_WHILE: i64 = 1_000;

fn counted(stage: &Stage) -> (usize, u64) {
    let tally = stage.resource::<HistoryCircles>().tally();
    (tally.places(), tally.connections())
}

fn circles(stage: &Stage) -> Vec<Mark> {
    let layer = stage.resource::<Marks>().layer(LayerName::History);
    layer.map(|layer| layer.points().to_vec()).unwrap_or_default()
}

/// What the graphics card is given, in bytes.
fn upload(stage: &mut Stage) -> u64 {
    let mut marks = stage.app.world_mut().resource_mut::<Marks>();
    let mut stretches = Vec::new();
    let rows: u64 = marks.layers_mut().iter_mut().map(|layer| layer.take_dirty(&mut stretches)).sum();
    rows * MARK_BYTES as u64
}

fn lasting(stage: &mut Stage, id: u64) {
    stage.frame();
    stage.close(id);
    stage.frame();
    stage.pass(10_000);
    stage.frame();
}

#[test]
fn a_connection_counts_once_however_often_it_is_told() {
    let mut stage = Stage::new();
    let (here, there) = (connection(1, 443, place_of(1)), connection(2, 22, place_of(2)));
    stage.full_set(&[&here, &there]);
    stage.frame();
    assert_eq!(counted(&stage), (2, 2), "what was open at the start");
    stage.full_set(&[&here, &there]);
    stage.open(&here);
    stage.send(Located::Updated { key: key(1), traffic: None, owner: Some(Owner::Unknown) });
    stage.frame();
    assert_eq!(counted(&stage), (2, 2));
    stage.full_set(&[]);
    stage.frame();
    stage.pass(60_000);
    stage.frame();
    assert_eq!(stage.card.len(), 0);
    stage.full_set(&[&here, &there]);
    stage.frame();
    assert_eq!(counted(&stage), (2, 2), "away for a while, and told again");
    stage.open(&connection(3, 443, place_of(1)));
    stage.frame();
    assert_eq!(counted(&stage), (2, 3));
}

#[test]
fn what_opens_and_closes_between_two_frames_counts() {
    let mut stage = Stage::new();
    stage.app.world_mut().resource_mut::<Animation>().reduced = true;
    for id in 0..50 {
        stage.open(&connection(id, 443, place_of(id % 5)));
        stage.close(id);
    }
    stage.frame();
    assert_eq!((stage.open_count(), stage.card.len()), (0, 0));
    assert_eq!(counted(&stage), (5, 50));
}

#[test]
fn a_connection_without_place_counts_when_it_gets_one_and_not_where_it_moves() {
    let mut stage = Stage::new();
    stage.open(&connection(1, 443, Err(NoPlace::NoEntry)));
    stage.frame();
    assert_eq!(counted(&stage), (0, 0));
    stage.full_set(&[&connection(1, 443, place(10.0, 20.0))]);
    stage.frame();
    assert_eq!(counted(&stage), (1, 1));
    stage.full_set(&[&connection(1, 443, place(30.0, 20.0))]);
    stage.frame();
    assert_eq!(counted(&stage), (1, 1));
}

#[test]
fn what_a_recording_shows_is_not_counted() {
    let mut stage = Stage::new();
    let live = connection(1, 443, place_of(1));
    stage.open(&live);
    stage.frame();
    let mut recorded: LocatedConnection = connection(2, 443, place_of(2));
    recorded.key.agent = AgentId(AgentId::RECORDED);
    stage.full_set(&[&recorded]);
    stage.frame();
    stage.full_set(&[&live]);
    stage.frame();
    assert_eq!(counted(&stage), (1, 1));
}

#[test]
fn circles_grow_with_the_logarithm_of_the_count() {
    let mut stage = Stage::new();
    for id in 0..1_000 {
        stage.open(&connection(id, 443, place(13.405, 52.52)));
    }
    stage.open(&connection(5_000, 443, place(-70.0, -33.5)));
    stage.act(UiAction::ToggleHistory);
    stage.frame();
    let drawn = circles(&stage);
    assert_eq!(drawn.len(), 2);
    for (circle, count) in drawn.iter().zip([1, 1_000]) {
        assert!((circle.radius_points() - circle_radius(count)).abs() < 0.02);
    }
    assert_eq!(drawn[1].lon_lat, [13.405, 52.52]);
    assert!((circle_radius(1_000) - 24.5).abs() < 0.1 && (circle_radius(1) - 3.9).abs() < 0.13);
    stage.act(UiAction::ToggleHistory);
    stage.frame();
    assert!(stage.resource::<Marks>().layers().is_empty());
}

#[test]
fn rules_without_text_are_left_out_and_what_matches_none_is_drawn() {
    let mut stage = Stage::new();
    // SSH has ShowText 0.
    for (id, port) in [(1, 443), (2, 22), (3, 9), (4, 9)] {
        stage.open(&connection(id, port, place(id as f32, 0.0)));
    }
    stage.open(&connection(5, 22, place(3.0, 0.0)));
    stage.act(UiAction::ToggleHistory);
    stage.frame();
    let longitudes =
        |stage: &Stage| circles(stage).iter().map(|circle| circle.lon_lat[0]).collect::<Vec<_>>();
    assert_eq!(counted(&stage), (4, 5), "all are counted");
    assert_eq!(longitudes(&stage), [1.0, 3.0, 4.0]);
    assert!((circles(&stage)[1].radius_points() - circle_radius(1)).abs() < 0.02, "of two, one is SSH");

    stage.act(UiAction::ToggleLabelText { label: 1 });
    stage.frame();
    assert_eq!(longitudes(&stage), [1.0, 2.0, 3.0, 4.0]);
    assert!((circles(&stage)[2].radius_points() - circle_radius(2)).abs() < 0.02);
    stage.act(UiAction::ToggleLabelText { label: 0 });
    stage.frame();
    assert_eq!(longitudes(&stage), [2.0, 3.0, 4.0]);
    let before = stage.resource::<Marks>().changes();
    stage.act(UiAction::ToggleAllText);
    stage.frame();
    assert_eq!(stage.resource::<Marks>().changes(), before, "the switch for all texts is for texts");
}

#[test]
fn churn_is_drawn_together_and_only_what_changed_goes_up() {
    let mut stage = Stage::new();
    stage.app.world_mut().resource_mut::<Animation>().on_software = true;
    let all: Vec<_> = (0..10_000).map(|id| connection(id, 443, place_of(id))).collect();
    stage.full_set(&all.iter().collect::<Vec<_>>());
    stage.act(UiAction::ToggleHistory);
    stage.frame();
    assert_eq!(upload(&mut stage), 10_000 * MARK_BYTES as u64);
    let drawn = stage.resource::<Marks>().changes();

    // Ten seconds, ten frames a second, a new connection in each.
    let mut pictures = 0;
    for frame in 0..100 {
        let before = stage.resource::<Marks>().changes();
        stage.open(&connection(20_000 + frame, 443, place_of(frame % 7)));
        stage.pass(100);
        stage.frame();
        pictures += u64::from(stage.resource::<Marks>().changes() != before);
    }
    assert!((3..=4).contains(&pictures), "{pictures} in ten seconds, with so many circles");
    assert!(stage.resource::<Marks>().changes() > drawn);
    stage.pass(3 * A_WHILE);
    stage.frame();
    // Seven rows side by side.
    assert!(upload(&mut stage) <= 7 * MARK_BYTES as u64);
    let radius = circles(&stage)[..7].iter().map(Mark::radius_points).fold(0.0, f32::max);
    assert!((radius - circle_radius(16)).abs() < 0.02, "none is lost: {radius}");

    let still = stage.resource::<Marks>().changes();
    for _ in 0..20 {
        stage.pass(A_WHILE);
        stage.frame();
    }
    assert_eq!((stage.resource::<Marks>().changes(), upload(&mut stage)), (still, 0));
}

#[test]
fn few_circles_are_drawn_once_a_second_and_only_when_they_grow() {
    let mut stage = Stage::new();
    stage.app.world_mut().resource_mut::<Animation>().on_software = true;
    stage.act(UiAction::ToggleHistory);
    stage.frame();
    let pictures = |stage: &mut Stage, ids: std::ops::Range<u64>| {
        let mut pictures = 0;
        for id in ids {
            let before = stage.resource::<Marks>().changes();
            stage.open(&connection(id, 443, place_of(id % 2)));
            stage.pass(100);
            stage.frame();
            pictures += u64::from(stage.resource::<Marks>().changes() != before);
        }
        pictures
    };
    let in_ten_seconds = pictures(&mut stage, 0..100);
    assert!((8..=11).contains(&in_ten_seconds), "{in_ten_seconds}");
    stage.full_set(&[]);
    for id in 100..2_000 {
        stage.open(&connection(id, 443, place_of(id % 2)));
    }
    stage.pass(10_000);
    stage.frame();
    assert!(pictures(&mut stage, 2_000..2_100) <= 4, "a hundred more of two thousand are not seen");
}

#[test]
fn what_waits_to_be_drawn_has_a_time() {
    let mut stage = Stage::new();
    stage.act(UiAction::ToggleHistory);
    stage.frame();
    let due = |stage: &Stage| stage.resource::<HistoryCircles>().due_unix_millis;
    assert_eq!(due(&stage), None);
    stage.open(&connection(1, 443, place_of(1)));
    stage.frame();
    let at = due(&stage).expect("a frame is due");
    assert!(circles(&stage).is_empty() && at > stage.now() && at <= stage.now() + A_WHILE);
    stage.pass(at - stage.now());
    stage.frame();
    assert_eq!((circles(&stage).len(), due(&stage)), (1, None));
}

#[test]
fn a_history_that_was_read_is_added_or_put_in_place_or_left() {
    let read = || {
        let mut tally = Tally::default();
        tally.add(Spot::new(1.0, 1.0), Some("Web".into()), 5);
        ReadHistory { path: "a file".into(), bytes: 100, tally }
    };
    for (answer, expected) in
        [(LoadAnswer::Add, (2, 6)), (LoadAnswer::Replace, (1, 5)), (LoadAnswer::Cancel, (1, 1))]
    {
        let mut stage = Stage::new();
        stage.open(&connection(1, 443, place_of(1)));
        lasting(&mut stage, 1);
        stage.app.insert_resource(WaitingToLoad(Some(read())));
        stage.act(UiAction::AnswerLoad(answer));
        stage.frame();
        assert_eq!(counted(&stage), expected, "{answer:?}");
        assert!(stage.resource::<WaitingToLoad>().0.is_none());
        assert_eq!(circles(&stage).is_empty(), answer == LoadAnswer::Cancel, "loaded to be seen");
    }
    let mut stage = Stage::new();
    stage.app.insert_resource(WaitingToLoad(Some(read())));
    stage.act(UiAction::Back);
    stage.frame();
    assert!(stage.resource::<WaitingToLoad>().0.is_none(), "Esc cancels");
    assert_eq!(counted(&stage), (0, 0));
}
