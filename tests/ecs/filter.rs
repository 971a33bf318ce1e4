//! The filter: what it leaves is drawn and counted, and the rest is neither, whatever opens, closes or is named anew.

use std::sync::Arc;

use connmapperl::{
    components::{
        action::{FilterAction, UiAction},
        connection::MatchedRule,
        filtering::FilterBox,
        rule_book::RuleBook,
        trails::Trails,
    },
    model::{AgentId, AgentLink, AgentStatus, CollectorMethod, CountryCode, Located, NoPlace, Owner},
};

use crate::stage::{Stage, connection, place_of, rules};

fn filter(stage: &mut Stage, text: &str) {
    stage.act(UiAction::Filter(FilterAction::Set(text.to_owned())));
}

fn trails_shown(stage: &Stage) -> Vec<bool> {
    stage.resource::<Trails>().rows().iter().map(|row| row.rgba[3] & 0xff00 != 0).collect()
}

#[test]
fn only_what_passes_is_drawn_and_counted() {
    let mut stage = Stage::new();
    for (id, port) in [(1, 443), (2, 22), (3, 443)] {
        stage.open(&connection(id, port, place_of(id)));
    }
    stage.open(&connection(4, 443, Err(NoPlace::NoEntry)));
    filter(&mut stage, "port:443");
    stage.frame();
    assert_eq!(stage.card.len(), 2);
    assert!(stage.dot(2).is_none());
    let account = stage.account();
    assert_eq!((account.total, account.filtered_out), (3, 1));
    assert_eq!((account.on_map, account.without_place(NoPlace::NoEntry)), (2, 1));
    assert_eq!(account.by_label, [3, 0, 0], "Web, SSH, no rule");
    assert_eq!(account.by_agent[&AgentId::THIS_MACHINE], 3);

    stage.open(&connection(5, 22, place_of(5)));
    stage.open(&connection(6, 80, place_of(6)));
    filter(&mut stage, "!port:443");
    stage.frame();
    assert!(
        stage.dot(1).is_none() && stage.dot(2).is_some() && stage.dot(5).is_some() && stage.dot(6).is_some()
    );
    assert_eq!((stage.account().total, stage.account().filtered_out), (3, 3));
    assert!(stage.frame().is_empty(), "nothing changed, nothing goes up");

    stage.act(UiAction::Filter(FilterAction::Clear));
    stage.frame();
    assert_eq!((stage.card.len(), stage.account().total, stage.account().filtered_out), (5, 6, 0));
}

#[test]
fn what_is_wrong_leaves_the_last_filter_in_force() {
    let mut stage = Stage::new();
    stage.open(&connection(1, 443, place_of(1)));
    stage.open(&connection(2, 22, place_of(2)));
    filter(&mut stage, "port:22");
    stage.frame();
    filter(&mut stage, "port:nothing port:443");
    stage.frame();
    assert!(stage.dot(1).is_none() && stage.dot(2).is_some());
    assert!(stage.resource::<FilterBox>().problem().is_some());
}

#[test]
fn names_from_elsewhere_are_followed() {
    let mut stage = Stage::new();
    let mut place = place_of(1);
    place.as_mut().unwrap().country = CountryCode::from_text("DE");
    stage.open(&connection(1, 443, place));
    stage.open(&connection(2, 6667, place_of(2)));
    let status = |name: &str| {
        Located::Status(AgentStatus {
            agent: AgentId::THIS_MACHINE,
            name: Arc::from(name),
            method: CollectorMethod::Polling,
            tick_millis: 100,
            notes: Vec::new(),
            link: AgentLink::Local,
            home: None,
        })
    };
    stage.send(status("desk"));
    filter(&mut stage, "cc:germany");
    stage.frame();
    assert!(stage.dot(1).is_some() && stage.dot(2).is_none());

    filter(&mut stage, "rule:chat");
    stage.frame();
    assert_eq!(stage.card.len(), 0);
    let chat = rules("Chat,peer,6667,0,1,1,1,1\n");
    stage.app.world_mut().resource_mut::<RuleBook>().replace(chat, "again".to_owned());
    stage.frame();
    assert!(stage.dot(2).is_some() && stage.dot(1).is_none());
    assert_eq!(stage.app.world().get::<MatchedRule>(stage.entity(2)), Some(&MatchedRule(Some(0))));

    filter(&mut stage, "client:attic");
    stage.frame();
    assert_eq!(stage.card.len(), 0);
    stage.send(status("attic"));
    stage.frame();
    assert_eq!(stage.card.len(), 2, "the agent has another name now");
    stage.frame();
    assert!(stage.frame().is_empty());
}

#[test]
fn a_program_that_becomes_known_late_passes_then() {
    let mut stage = Stage::new();
    let mut unnamed = connection(1, 443, place_of(1));
    unnamed.observation.owner = Owner::Unknown;
    stage.open(&unnamed);
    filter(&mut stage, "prog:firefox");
    stage.frame();
    assert!(stage.dot(1).is_none());
    let owner = Some(Owner::Program { pid: 7, name: "firefox".into() });
    stage.send(Located::Updated { key: unnamed.key, traffic: None, owner });
    stage.frame();
    assert!(stage.dot(1).is_some());
}

#[test]
fn trails_follow_the_filter_as_it_is_now() {
    let mut stage = Stage::new();
    stage.act(UiAction::NextLapseStyle);
    for (id, port) in [(1, 443), (2, 22)] {
        stage.open(&connection(id, port, place_of(id)));
    }
    filter(&mut stage, "port:443");
    stage.frame();
    stage.close(1);
    stage.close(2);
    stage.frame();
    assert_eq!(trails_shown(&stage), [true, false]);
    filter(&mut stage, "port:22");
    stage.frame();
    assert_eq!(trails_shown(&stage), [false, true]);
    stage.act(UiAction::Filter(FilterAction::Clear));
    stage.frame();
    assert_eq!(trails_shown(&stage), [true, true], "nothing was forgotten");
}
