//! Connections of several machines: hidden and shown by machine, ringed in its colour, and gone with it.

use connmapperl::{
    components::{
        action::UiAction,
        connection::Agents,
        fleet::{HiddenAgents, colour_of},
    },
    model::{AgentId, AgentLink, AgentStatus, CollectorMethod, Located, LocatedConnection, NoPlace},
};

use crate::stage::{Stage, connection, place_of};

const WEB1: AgentId = AgentId(1);

fn status(agent: AgentId, name: &str) -> Located {
    Located::Status(AgentStatus {
        agent,
        name: name.into(),
        method: CollectorMethod::Polling,
        tick_millis: 100,
        notes: Vec::new(),
        link: AgentLink::Local,
        home: None,
    })
}

fn of(agent: AgentId, mut connection: LocatedConnection) -> LocatedConnection {
    connection.key.agent = agent;
    connection
}

/// Two connections here, one of web1 on the map and one without place.
fn two_machines() -> Stage {
    let mut stage = Stage::new();
    stage.send(status(AgentId::THIS_MACHINE, "here"));
    stage.send(status(WEB1, "web1"));
    stage.open(&connection(1, 443, place_of(1)));
    stage.open(&connection(2, 22, place_of(2)));
    stage.open(&of(WEB1, connection(1, 443, place_of(3))));
    stage.open(&of(WEB1, connection(2, 443, Err(NoPlace::Lan))));
    stage.frame();
    stage
}

/// The number of the ring's colour, as the shader takes it apart.
fn ring(rgba: [u16; 4]) -> usize {
    usize::from(rgba[3] & 0xf)
}

#[test]
fn a_hidden_agent_is_nowhere_and_accounted_for() {
    let mut stage = two_machines();
    assert_eq!(stage.card.len(), 3);
    stage.act(UiAction::ToggleAgent { agent: WEB1 });
    stage.frame();
    assert_eq!(stage.card.len(), 2);
    let account = stage.account();
    assert_eq!((account.total, account.on_map, account.hidden), (4, 2, 2));
    assert_eq!(account.on_map + account.not_shown(), account.total);
    assert_eq!(account.by_label, [1, 1, 0], "the key counts what is shown");
    assert_eq!(account.by_agent[&WEB1], 2, "its own row still says how many there are");

    stage.open(&of(WEB1, connection(3, 443, place_of(4))));
    stage.frame();
    assert_eq!(stage.card.len(), 2, "what opens while it is hidden is hidden");
    stage.act(UiAction::ToggleAgent { agent: WEB1 });
    stage.frame();
    assert_eq!((stage.card.len(), stage.account().hidden), (4, 0));
}

#[test]
fn rings_tell_whose_dots_they_are_while_there_is_more_than_one_machine() {
    let mut stage = Stage::new();
    stage.send(status(AgentId::THIS_MACHINE, "here"));
    stage.open(&connection(1, 443, place_of(1)));
    stage.frame();
    assert_eq!(ring(stage.card[0].rgba), 0, "alone it needs none");

    let mut stage = two_machines();
    let rings = |stage: &Stage| stage.card.iter().map(|dot| ring(dot.rgba)).collect::<Vec<_>>();
    let (here, there) = (colour_of(AgentId::THIS_MACHINE) + 1, colour_of(WEB1) + 1);
    assert_eq!(rings(&stage), [here, here, there]);
    assert!(stage.frame().is_empty(), "nothing goes up twice");
    stage.act(UiAction::ToggleRings);
    stage.frame();
    assert_eq!(rings(&stage), [0, 0, 0]);
    stage.act(UiAction::ToggleRings);
    stage.frame();
    assert_eq!(rings(&stage), [here, here, there]);
    stage.send(Located::AgentGone(WEB1));
    stage.frame();
    assert_eq!(rings(&stage)[0], 0, "alone again");
}

#[test]
fn dots_of_an_agent_that_is_cut_off_are_dim_until_it_is_back() {
    let mut stage = two_machines();
    let alpha = |stage: &Stage| stage.card[2].rgba[3] >> 8;
    assert_eq!(alpha(&stage), 255);
    let Located::Status(lost) = status(WEB1, "web1") else { unreachable!() };
    stage.send(Located::Status(AgentStatus { link: AgentLink::Lost { since_unix_millis: 1 }, ..lost }));
    assert_eq!(stage.frame().len(), 1);
    assert!((1..128).contains(&alpha(&stage)), "{}", alpha(&stage));
    assert!(stage.frame().is_empty(), "nothing goes up twice");
    stage.send(status(WEB1, "web1"));
    stage.frame();
    assert_eq!(alpha(&stage), 255);
}

#[test]
fn an_agent_that_is_gone_is_forgotten_with_its_switch() {
    let mut stage = two_machines();
    stage.act(UiAction::ToggleAgent { agent: WEB1 });
    stage.frame();
    stage.send(Located::AgentGone(WEB1));
    stage.frame();
    assert_eq!(stage.resource::<Agents>().0.len(), 1);
    assert!(!stage.resource::<HiddenAgents>().hides(WEB1), "another one may get its number");
}
