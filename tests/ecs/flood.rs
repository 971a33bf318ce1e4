//! Very many at once: a bounded share a frame, in order, and the rest with the next.

use connmapperl::{
    components::dots::DOT_BYTES,
    model::{Located, Traffic},
};

use crate::stage::{Stage, connection, key, place_of};

const FLOOD: u64 = 20_000;

#[test]
fn a_full_set_of_20_000_is_there_with_the_next_frame() {
    let mut stage = Stage::new();
    let all: Vec<_> = (0..FLOOD).map(|id| connection(id, 443, place_of(id))).collect();
    stage.full_set(&all.iter().collect::<Vec<_>>());
    assert_eq!(stage.frame(), vec![0..FLOOD as u32]);
    assert_eq!((stage.open_count(), stage.card.len()), (FLOOD as usize, FLOOD as usize));
    assert_eq!(stage.account().on_map, FLOOD as usize);
    let uploaded = stage.uploaded_bytes();

    for id in (0..FLOOD).step_by(100) {
        stage.close(id);
    }
    stage.frame();
    assert_eq!(stage.uploaded_bytes() - uploaded, 200 * DOT_BYTES as u64, "1 % changed");
    stage.full_set(&[]);
    stage.frame();
    stage.pass(10_000);
    stage.frame();
    assert_eq!((stage.open_count(), stage.card.len(), stage.account().total), (0, 0, 0));
}

#[test]
fn messages_are_taken_in_shares_and_frames_asked_for_until_none_is_left() {
    let mut stage = Stage::new();
    for id in 0..5_000 {
        stage.open(&connection(id, 443, place_of(id)));
    }
    for id in 0..5_000 {
        stage.send(Located::Closed { key: key(id), unix_millis: stage.now(), traffic: Traffic::default() });
    }
    stage.frame();
    let share = stage.open_count();
    assert!((500..5_000).contains(&share), "{share} at once");
    let mut frames = 1;
    while stage.asked_for_another_frame() && frames < 100 {
        stage.frame();
        frames += 1;
    }
    assert_eq!((stage.open_count(), stage.card.len()), (0, 5_000), "all closed, all fading");
    assert!(frames <= 10_000_usize.div_ceil(share) + 3, "{frames} frames");
}
