//! Cards: opened by a click on a dot, true while the connection lives, and closed one by one.

use connmapperl::{
    components::{
        action::{CardAction, FilterAction, ListKind, Overlays, Pane, UiAction},
        cards::{About, CardConnection, Cards},
        map_view::MapView,
    },
    model::{Located, Owner},
};

use crate::stage::{Stage, connection, place, place_of};

fn click(stage: &mut Stage, lon: f32, lat: f32) {
    let px = stage.resource::<MapView>().px_from_lon_lat(lon, lat).px;
    stage.act(UiAction::PickAt { pane: Pane::Main, px: [px[0] + 3.0, px[1] - 2.0] });
    stage.frame();
}

fn known(stage: &Stage) -> Vec<&CardConnection> {
    let cards = stage.resource::<Cards>().open.iter();
    cards
        .filter_map(|card| match &card.about {
            About::Connection(known) => Some(known),
            About::Typed => None,
        })
        .collect()
}

#[test]
fn a_click_on_a_dot_opens_its_card_and_where_several_lie_their_list() {
    let mut stage = Stage::new();
    stage.open(&connection(1, 443, place(10.0, 50.0)));
    stage.open(&connection(2, 22, place(100.0, 0.0)));
    stage.open(&connection(3, 22, place(100.0, 0.0)));
    stage.frame();
    click(&mut stage, 10.0, 50.0);
    let card = known(&stage)[0];
    assert_eq!((card.connection.key.connection.0, card.rule), (1, Some(0)));
    click(&mut stage, 10.0, 50.0);
    assert_eq!(known(&stage).len(), 1, "it is open already");

    click(&mut stage, 100.0, 0.0);
    assert_eq!(known(&stage).len(), 1);
    assert!(matches!(stage.resource::<Overlays>().lists[..], [ListKind::Near(_)]));
    click(&mut stage, -100.0, 0.0);
    assert_eq!((known(&stage).len(), stage.resource::<Overlays>().lists.len()), (1, 1), "the bare map");

    // What no filter leaves is not there to be clicked.
    stage.act(UiAction::Filter(FilterAction::Set("port:22".to_owned())));
    stage.act(UiAction::Back);
    stage.frame();
    assert!(known(&stage).is_empty(), "cards close before lists");
    click(&mut stage, 10.0, 50.0);
    assert!(known(&stage).is_empty());
}

#[test]
fn a_card_follows_its_connection_and_keeps_what_it_was_last() {
    let mut stage = Stage::new();
    let one = connection(1, 443, place_of(1));
    stage.open(&one);
    stage.frame();
    let open = CardConnection {
        connection: one.clone().into(),
        rule: None,
        is_closed: false,
        ended_unix_millis: None,
    };
    stage.act(UiAction::Card(CardAction::Open(open)));
    stage.frame();
    assert_eq!(known(&stage)[0].rule, Some(0), "as it is now");
    let owner = Some(Owner::Program { pid: 7, name: "firefox".into() });
    stage.send(Located::Updated { key: one.key, traffic: None, owner });
    stage.frame();
    assert_eq!(known(&stage)[0].connection.observation.owner.name(), "firefox");
    stage.close(1);
    stage.frame();
    let card = known(&stage)[0];
    assert!(card.is_closed && card.connection.observation.owner.name() == "firefox");
    assert_eq!(card.ended_unix_millis, Some(stage.now()));
    let number = stage.resource::<Cards>().open[0].number;
    stage.act(UiAction::Card(CardAction::Close(number)));
    stage.frame();
    assert!(known(&stage).is_empty());
}
