//! The address space in place of the world: the same rows, drawn elsewhere, and the same pointing.

use connmapperl::{
    components::{
        action::{Pane, SpaceAction, UiAction},
        cards::Cards,
        dots::{DOT_BYTES, Dots, packed_cell},
        hilbert_view::HilbertView,
        inspect::Looks,
        second_window::{SecondSpace, SecondWindow},
    },
    hilbert::{Family, Orientation, Prefix},
    model::{LocatedConnection, NoPlace},
};

use crate::stage::{Stage, connection, place};

fn with_peer(id: u64, peer: &str, place: Result<connmapperl::model::Place, NoPlace>) -> LocatedConnection {
    let mut connection = connection(id, 443, place);
    connection.observation.peer = peer.parse().unwrap();
    connection
}

fn toggle(stage: &mut Stage) {
    stage.act(UiAction::Space(SpaceAction::Toggle));
    // Without a clock for the viewer nothing flies: it is there at once.
    stage.frame();
}

fn px_of(stage: &Stage, address: [u8; 4]) -> [f32; 2] {
    stage.resource::<HilbertView>().px_of_key(u32::from_be_bytes(address))
}

#[test]
fn a_connection_without_a_place_on_earth_has_one_in_the_address_space() {
    let mut stage = Stage::new();
    stage.open(&with_peer(1, "192.168.1.7:443", Err(NoPlace::Lan)));
    stage.open(&with_peer(2, "9.9.9.9:443", place(8.0, 47.0)));
    stage.frame();
    assert_eq!(stage.resource::<Dots>().rows().len(), 1);
    toggle(&mut stage);
    let dot = stage.dot(1).unwrap();
    let cell = Orientation::Usual.cell(u32::from_be_bytes([192, 168, 1, 7]));
    assert_eq!(dot.cell, packed_cell(cell));
    toggle(&mut stage);
    assert_eq!(stage.dot(1), None, "the world has none for it");
    toggle(&mut stage);
    stage.close(1);
    stage.frame();
    stage.pass(60_000);
    stage.frame();
    assert_eq!((stage.resource::<Dots>().rows().len(), stage.trails().len()), (1, 0));
}

#[test]
fn the_flight_costs_no_upload() {
    let mut stage = Stage::new();
    for id in 1..=100 {
        stage.open(&with_peer(id, &format!("9.9.9.{id}:443"), place(8.0, 47.0)));
    }
    stage.frame();
    let before = stage.uploaded_bytes();
    toggle(&mut stage);
    toggle(&mut stage);
    stage.act(UiAction::Space(SpaceAction::Transpose));
    stage.act(UiAction::Space(SpaceAction::ToggleFamily));
    stage.frame();
    assert_eq!(stage.uploaded_bytes(), before);
    stage.open(&with_peer(200, "127.0.0.1:80", Err(NoPlace::Loopback)));
    stage.frame();
    assert_eq!(stage.uploaded_bytes(), before + DOT_BYTES as u64);
}

#[test]
fn what_is_pointed_at_is_what_lies_there_in_the_picture_that_is_shown() {
    let mut stage = Stage::new();
    stage.open(&with_peer(1, "200.1.2.3:443", place(8.0, 47.0)));
    stage.open(&with_peer(2, "9.9.9.9:443", place(8.0, 47.0)));
    stage.open(&with_peer(3, "[2a00:1450::1]:443", place(8.0, 47.0)));
    stage.frame();
    toggle(&mut stage);
    let px = px_of(&stage, [200, 1, 2, 3]);
    stage.act(UiAction::PickAt { pane: Pane::Main, px });
    stage.act(UiAction::LookAt { pane: Pane::Main, px });
    stage.frame();
    let cards = &stage.resource::<Cards>().open;
    assert_eq!(cards.len(), 1, "they lie on one spot of the world, and apart here");
    let look = stage.resource::<Looks>().get(0).unwrap();
    let reaches = |connection: &LocatedConnection| look.reaches(connection, None);
    assert!(reaches(&with_peer(1, "200.1.2.3:443", Err(NoPlace::NoEntry))));
    assert!(!reaches(&with_peer(2, "9.9.9.9:443", Err(NoPlace::NoEntry))));
    assert!(!reaches(&with_peer(3, "[2a00:1450::1]:443", Err(NoPlace::NoEntry))), "not on this square");
    stage.act(UiAction::Space(SpaceAction::ToggleFamily));
    stage.frame();
    assert_eq!(stage.resource::<HilbertView>().family, Family::V6);
}

#[test]
fn wheel_and_drag_move_the_picture_that_is_shown() {
    let mut stage = Stage::new();
    toggle(&mut stage);
    let map = *stage.resource::<connmapperl::components::map_view::MapView>();
    let block: Prefix = "203.0.113.0/24".parse().unwrap();
    stage.act(UiAction::Space(SpaceAction::ShowBlock(Pane::Main, block)));
    stage.frame();
    let px = px_of(&stage, [203, 0, 113, 77]);
    stage.act(UiAction::ZoomAt { pane: Pane::Main, px, factor: 1.5 });
    stage.frame();
    assert_eq!(stage.resource::<HilbertView>().key_at(px), Some(u32::from_be_bytes([203, 0, 113, 77])));
    stage.act(UiAction::ShowWhole(Pane::Main));
    stage.frame();
    assert!(stage.resource::<HilbertView>().is_home());
    assert_eq!(*stage.resource::<connmapperl::components::map_view::MapView>(), map);
}

fn second(stage: &Stage) -> Option<&SecondSpace> {
    stage.resource::<SecondWindow>().0.as_deref()
}

#[test]
fn the_second_window_is_set_like_the_main_picture_and_looks_elsewhere() {
    let mut stage = Stage::new();
    let map = *stage.resource::<connmapperl::components::map_view::MapView>();
    stage.act(UiAction::Space(SpaceAction::ToggleWindow));
    stage.frame();
    let block: Prefix = "203.0.113.0/24".parse().unwrap();
    stage.act(UiAction::Space(SpaceAction::ShowBlock(Pane::Second, block)));
    stage.frame();
    let main = *stage.resource::<HilbertView>();
    let view = second(&stage).unwrap().view;
    assert!(main.is_home() && !main.is_shown && !view.is_home(), "each has its own zoom");
    for action in [SpaceAction::NextColour, SpaceAction::ToggleCurve, SpaceAction::Transpose] {
        stage.act(UiAction::Space(action));
    }
    stage.act(UiAction::Space(SpaceAction::ToggleFamily));
    stage.frame();
    let main = *stage.resource::<HilbertView>();
    let view = second(&stage).unwrap().view;
    assert_eq!(
        (view.colour, view.shows_curve, view.orientation, view.family),
        (main.colour, main.shows_curve, main.orientation, main.family)
    );
    assert_eq!((main.family, main.orientation), (Family::V6, Orientation::Transposed));
    assert!(!main.is_shown, "it is seen beside the map, which stays");
    let middle = view.size_px().map(|px| px * 0.5);
    assert!(block.contains(view.key_at(middle).unwrap()), "the same block is in the middle");
    stage.act(UiAction::ZoomAt { pane: Pane::Second, px: middle, factor: 0.25 });
    stage.act(UiAction::PanPx { pane: Pane::Second, delta: [30.0, 0.0] });
    stage.act(UiAction::ShowWhole(Pane::Second));
    stage.frame();
    assert!(second(&stage).unwrap().view.is_home());
    assert_eq!(*stage.resource::<connmapperl::components::map_view::MapView>(), map);
    stage.act(UiAction::Space(SpaceAction::ToggleWindow));
    stage.frame();
    assert!(second(&stage).is_none());
}

#[test]
fn what_is_pointed_at_in_the_second_window_opens_in_the_first() {
    let mut stage = Stage::new();
    stage.open(&with_peer(1, "200.1.2.3:443", Err(NoPlace::NoEntry)));
    stage.open(&with_peer(2, "9.9.9.9:443", place(8.0, 47.0)));
    stage.frame();
    stage.act(UiAction::Space(SpaceAction::ToggleWindow));
    stage.frame();
    assert!(stage.dot(1).is_some(), "without a place on earth it has one there");
    let px = second(&stage).unwrap().view.px_of_key(u32::from_be_bytes([200, 1, 2, 3]));
    stage.act(UiAction::PickAt { pane: Pane::Main, px });
    stage.frame();
    assert!(stage.resource::<Cards>().open.is_empty(), "on the world there is nothing");
    stage.act(UiAction::PickAt { pane: Pane::Second, px });
    stage.act(UiAction::LookAt { pane: Pane::Second, px });
    stage.frame();
    assert_eq!(stage.resource::<Cards>().open.len(), 1);
    let look = stage.resource::<Looks>().get(0).unwrap();
    assert!(look.reaches(&with_peer(1, "200.1.2.3:443", Err(NoPlace::NoEntry)), None));
    assert!(!look.reaches(&with_peer(2, "9.9.9.9:443", place(8.0, 47.0)), None));
    stage.act(UiAction::Space(SpaceAction::CloseWindow));
    stage.frame();
    assert_eq!(stage.dot(1), None);
    stage.act(UiAction::PickAt { pane: Pane::Second, px });
    stage.frame();
    assert_eq!(stage.resource::<Cards>().open.len(), 1, "nobody can click there");
}
