//! What was chosen is found again: put into a map at its start it holds there, and what is chosen on the map is known as such.

use std::collections::BTreeSet;

use connmapperl::{
    components::{
        action::{SpaceAction, UiAction},
        dots::DotRow,
        fleet::HiddenAgents,
        hilbert_view::SpaceColour,
        preferences::{Preferences, SpaceLook},
        time_travel::TimeAction,
        trails::{LENGTHS, LapseStyle, TimeLapse},
        wall::Wall,
    },
    model::{AgentId, AgentLink, AgentStatus, CollectorMethod, Located},
    systems::preferences::put,
    wall::Scene,
};

use crate::stage::{Stage, connection, place};

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn chosen() -> Preferences {
    Preferences {
        light: true,
        colour_blind: true,
        reduced_motion: true,
        texts: false,
        rings: false,
        circles: true,
        timeline: true,
        lapse: TimeLapse { style: LapseStyle::Integrating, length: LENGTHS[1] },
        space: SpaceLook { colour: SpaceColour::Age, curve: true, transposed: true, ipv6: true },
        hidden_rules: names(&["Of another file", "Web"]),
        rules_with_text: names(&[]),
        rules_without_text: names(&["SSH"]),
        hidden_clients: names(&["web1"]),
        hidden_columns: names(&["RTT"]),
        fullscreen: true,
        place: None,
    }
}

fn status(agent: u32, name: &str) -> Located {
    Located::Status(AgentStatus {
        agent: AgentId(agent),
        name: name.into(),
        method: CollectorMethod::Demo,
        tick_millis: 100,
        notes: Vec::new(),
        link: AgentLink::Local,
        home: None,
    })
}

#[test]
fn a_map_begins_with_what_was_chosen_and_leaves_it_as_it_is() {
    let mut stage = Stage::new();
    put(stage.app.world_mut(), &chosen());
    stage.frame();
    stage.frame();
    assert_eq!(*stage.resource::<Preferences>(), chosen());
    // Its rule is hidden.
    stage.open(&connection(1, 443, place(8.0, 47.0)));
    stage.frame();
    let mut rows = stage.app.world_mut().query::<&DotRow>();
    assert!(rows.iter(stage.app.world()).all(|row| row.0.is_none()));
}

#[test]
fn what_is_chosen_on_the_map_is_known_as_chosen() {
    let mut stage = Stage::new();
    put(
        stage.app.world_mut(),
        &Preferences { hidden_rules: names(&["Of another file"]), ..Preferences::default() },
    );
    for action in [
        UiAction::ToggleTheme,
        UiAction::TogglePalette,
        UiAction::ToggleMotion,
        UiAction::ToggleAllText,
        UiAction::ToggleRings,
        UiAction::ToggleHistory,
        UiAction::Time(TimeAction::ToggleTimeline),
        UiAction::SetLapseStyle(LapseStyle::Integrating),
        UiAction::SetTrailLength(LENGTHS[1]),
        UiAction::Space(SpaceAction::SetColour(SpaceColour::Age)),
        UiAction::Space(SpaceAction::ToggleCurve),
        UiAction::Space(SpaceAction::Transpose),
        UiAction::Space(SpaceAction::ToggleFamily),
        UiAction::ToggleLabelDots { label: 0 },
        UiAction::ToggleLabelText { label: 1 },
        UiAction::ToggleColumn { column: "RTT" },
        UiAction::ToggleColumn { column: "peer" },
        UiAction::ToggleFullscreen,
    ] {
        stage.act(action);
        stage.frame();
    }
    stage.send(status(3, "web1"));
    stage.frame();
    stage.act(UiAction::ToggleAgent { agent: AgentId(3) });
    stage.frame();
    let expected =
        Preferences { rules_without_text: names(&[]), rules_with_text: names(&["SSH"]), ..chosen() };
    let known = stage.resource::<Preferences>();
    // Whichever its line says, the other way.
    let text = [&known.rules_with_text, &known.rules_without_text];
    assert_eq!(text.map(BTreeSet::len).iter().sum::<usize>(), 1);
    let without_text = |it: &Preferences| Preferences {
        rules_with_text: names(&[]),
        rules_without_text: names(&[]),
        ..it.clone()
    };
    assert_eq!(without_text(known), without_text(&expected));
}

#[test]
fn an_agent_is_hidden_when_it_comes_and_until_then_still_chosen_so() {
    let mut stage = Stage::new();
    let chosen = Preferences { hidden_clients: names(&["web1", "nas"]), ..Preferences::default() };
    put(stage.app.world_mut(), &chosen);
    stage.frame();
    stage.send(status(3, "web1"));
    stage.send(status(4, "other"));
    stage.frame();
    stage.frame();
    let hidden = stage.resource::<HiddenAgents>();
    assert!(hidden.hides(AgentId(3)) && !hidden.hides(AgentId(4)));
    assert_eq!(stage.resource::<Preferences>().hidden_clients, chosen.hidden_clients);
    stage.act(UiAction::ToggleAgent { agent: AgentId(3) });
    stage.frame();
    assert_eq!(stage.resource::<Preferences>().hidden_clients, names(&["nas"]));
    stage.send(status(3, "web1"));
    stage.frame();
    assert!(!stage.resource::<HiddenAgents>().hides(AgentId(3)), "it was asked for once");
}

#[test]
fn a_wall_is_nobodys_choice() {
    let mut stage = Stage::new();
    let begun = chosen().on_wall();
    assert!(begun.texts && !begun.circles && begun.fullscreen && begun.light);
    put(stage.app.world_mut(), &begun);
    let scene = "[[view]]\nsecs = 60\ntrails = 'fading'\nparts = ['circles']\n";
    stage.app.insert_resource(Wall::new(Scene::parse(scene).unwrap()));
    for _ in 0..3 {
        stage.frame();
    }
    assert_eq!(*stage.resource::<Preferences>(), begun);
}
