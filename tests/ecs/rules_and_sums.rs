//! Rules read again, labels switched on and off, and the account that always adds up.

use std::sync::Arc;

use connmapperl::{
    components::{action::UiAction, connection::MatchedRule, rule_book::RuleBook},
    model::{NoPlace, Owner},
};

use crate::stage::{Stage, colour, connection, place, place_of, rules};

fn reload(stage: &mut Stage, text: &str) {
    let rules = rules(text);
    stage.app.world_mut().resource_mut::<RuleBook>().replace(rules, "again".to_owned());
}

#[test]
fn rules_read_again_reclassify_and_recolour() {
    let mut stage = Stage::new();
    stage.open(&connection(1, 443, place_of(1)));
    stage.open(&connection(2, 6667, place_of(2)));
    stage.frame();
    assert_eq!(stage.account().by_label, [1, 0, 1], "Web, SSH, no rule");
    let neutral = stage.dot(2).unwrap().rgba;
    reload(&mut stage, "IRC,peer,6667,0,1,1,1,1\n");
    assert_eq!(stage.frame(), vec![0..2], "both changed colour");
    assert_eq!(colour(stage.dot(2).unwrap()), [0, 65_535, 65_535, 0xff00]);
    assert_eq!(stage.dot(1).unwrap().rgba, neutral);
    assert_eq!(stage.account().by_label, [1, 1]);
    assert!(stage.frame().is_empty());
}

#[test]
fn the_same_rules_again_upload_nothing() {
    let mut stage = Stage::new();
    stage.open(&connection(1, 443, place_of(1)));
    stage.frame();
    reload(&mut stage, crate::stage::RULES);
    assert!(stage.frame().is_empty());
}

#[test]
fn the_first_line_that_matches_wins() {
    let mut stage = Stage::new();
    let mut both = connection(1, 443, place_of(1));
    both.observation.local.set_port(22);
    stage.open(&both);
    reload(&mut stage, "In,local,22,1,1,1,1,1\nOut,peer,443,0,0,0,1,1\n");
    stage.frame();
    assert_eq!(stage.app.world().get::<MatchedRule>(stage.entity(1)), Some(&MatchedRule(Some(0))));
}

#[test]
fn a_hidden_label_has_no_dots_is_counted_and_stays_hidden_when_rules_are_read_again() {
    let mut stage = Stage::new();
    stage.open(&connection(1, 443, place_of(1)));
    stage.open(&connection(2, 22, place_of(2)));
    stage.frame();
    stage.act(UiAction::ToggleLabelDots { label: 0 });
    stage.act(UiAction::ToggleLabelText { label: 1 });
    stage.frame();
    assert_eq!(stage.card.len(), 1);
    assert_eq!((stage.account().on_map, stage.account().hidden), (1, 1));
    assert!(stage.resource::<RuleBook>().text_is_on(1));

    // Web is the second label now.
    reload(&mut stage, "SSH,peer,22,0,1,0,1,0\nWeb,peer,443,1,0,0,1,1\n");
    stage.frame();
    assert!(stage.dot(1).is_none() && stage.dot(2).is_some());
    let book = stage.resource::<RuleBook>();
    assert!(book.is_hidden(1) && !book.is_hidden(0));
    assert!(!book.text_is_on(0), "the file's own switch for text wins");

    stage.open(&connection(3, 443, place_of(3)));
    stage.frame();
    assert_eq!(stage.card.len(), 1, "what opens under a hidden label is hidden");
    stage.act(UiAction::ToggleLabelDots { label: 1 });
    stage.frame();
    assert_eq!((stage.card.len(), stage.account().on_map, stage.account().hidden), (3, 3, 0));
}

#[test]
fn a_label_hidden_while_one_of_its_dots_fades_hides_that_too() {
    let mut stage = Stage::new();
    stage.open(&connection(1, 443, place_of(1)));
    stage.frame();
    stage.close(1);
    stage.frame();
    stage.act(UiAction::ToggleLabelDots { label: 0 });
    stage.frame();
    assert!(stage.card.is_empty());
    stage.act(UiAction::ToggleLabelDots { label: 0 });
    stage.frame();
    assert_ne!(stage.card[0].ended_millis, 0);
}

#[test]
fn every_socket_is_accounted_for() {
    let mut stage = Stage::new();
    let mut id = 0;
    let mut open = |stage: &Stage, port, place, owner: &Owner| {
        id += 1;
        let mut connection = connection(id, port, place);
        connection.observation.owner = owner.clone();
        stage.open(&connection);
    };
    let named = Owner::Program { pid: 1, name: Arc::from("sshd") };
    for (times, reason) in (1..).zip(NoPlace::ALL) {
        for _ in 0..times {
            open(&stage, 443, Err(reason), &named);
        }
    }
    open(&stage, 22, place(166.7, -77.85), &Owner::NotPermitted);
    open(&stage, 22, place(13.4, 52.5), &Owner::Unknown);
    open(&stage, 80, place(13.4, 52.5), &named);
    open(&stage, 9, place(13.4, 52.5), &named);
    stage.act(UiAction::ToggleLabelDots { label: 0 });
    stage.frame();
    let account = stage.account();
    for (times, reason) in (1..).zip(NoPlace::ALL) {
        assert_eq!(account.without_place(reason), times, "{reason:?}");
    }
    assert_eq!((account.total, account.on_map, account.hidden, account.beyond_edge), (25, 3, 1, 1));
    assert_eq!(account.on_map + account.not_shown(), account.total);
    assert_eq!(account.by_label, [22, 2, 1]);
    assert_eq!(account.unnamed, 2);
}
