//! The ground of the address space, made when it is first seen and when what its colours stand for changes: of what was
//! heard here, of blocks and tables by whoever has those. Without them, as in a scene, of blocks here too.

use bevy::prelude::*;

use super::MapSystems;
use crate::{
    components::{
        hilbert_view::{HilbertView, SpaceColour},
        map_clock::MapClock,
        palette::Palette,
        rule_book::RuleBook,
        second_window::{SecondWindow, shows_space},
        space_ground::{SpaceGround, age_number_at, palette, rule_number},
        space_heat::SpaceHeat,
        space_tables::{SpaceAnswer, SpaceFacts, SpaceLink, SpaceOrder},
        theme::Theme,
        time_travel::Wishes,
    },
    hilbert::{
        Family, Last, Peers,
        ground::{Ground, PLAIN},
    },
};

/// Answers taken a frame: a ground and some facts.
const ANSWERS_A_FRAME: usize = 4;
/// Ages are looked at anew so often: the youngest class is an hour.
const AGES_EVERY_MILLIS: i64 = 5 * 60_000;

/// What the ground shows, and what was asked for.
#[derive(Resource, Default)]
struct Painting {
    painted: Option<Painted>,
    asked: Option<(Family, SpaceColour)>,
    wishes: Wishes,
}

impl Painting {
    /// What is on its way is not wanted any more.
    fn give_up(&mut self) {
        if self.asked.take().is_some() {
            self.wishes.next();
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
struct Painted {
    family: Family,
    colour: SpaceColour,
    /// Of what was heard and of the rules, where it shows that.
    heard: Option<(u64, u64)>,
    at_millis: i64,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<SpaceGround>()
        .init_resource::<SpaceFacts>()
        .init_resource::<Painting>()
        .add_systems(
            Update,
            // What was painted has its colours in the same frame: there may be no later one.
            (paint, take, colour).chain().in_set(MapSystems::Trail),
        )
        .add_systems(Last, ask_facts);
}

fn paint(
    (view, second): (Res<HilbertView>, Res<SecondWindow>),
    (link, heat): (Option<Res<SpaceLink>>, Res<SpaceHeat>),
    (clock, book): (Res<MapClock>, Res<RuleBook>),
    mut painting: ResMut<Painting>,
    mut ground: ResMut<SpaceGround>,
) {
    let (family, colour, at_millis) = (view.family, view.colour, clock.now_unix_millis());
    let wanted = (family, colour);
    if !shows_space(&view, &second) {
        // Others that are chosen meanwhile are painted when somebody looks again, and may be chosen back before that.
        painting.painted = painting.painted.filter(|painted| (painted.family, painted.colour) == wanted);
        return;
    }
    if colour.is_of_heard() {
        let now = Painted { family, colour, heard: Some((heat.changes(), book.replaced())), at_millis };
        let is_fresh = painting.painted.is_some_and(|painted| {
            let age = at_millis - painted.at_millis;
            let is_young = colour != SpaceColour::Age || (0..AGES_EVERY_MILLIS).contains(&age);
            is_young && Painted { at_millis, ..painted } == now
        });
        if !is_fresh {
            let colouring = Colouring { colour, book: &book, now_ms: heat.until_ms().unwrap_or(at_millis) };
            ground.put(of_heard(family, heat.peers(), &colouring));
            painting.painted = Some(now);
        }
        painting.give_up();
        return;
    }
    let is_painted = painting.painted.is_some_and(|painted| (painted.family, painted.colour) == wanted);
    if is_painted {
        painting.give_up();
        return;
    }
    if painting.asked == Some(wanted) {
        return;
    }
    // Nothing is known of the other family until it comes.
    if painting.painted.is_some_and(|painted| painted.family != family) {
        ground.put(Ground::plain(family));
        painting.painted = None;
    }
    match link {
        Some(link) => {
            let wish = painting.wishes.next();
            if link.grounds.try_send(SpaceOrder::Ground { family, colour, wish }).is_ok() {
                painting.asked = Some(wanted);
            }
        }
        None => {
            ground.put(of_blocks(family, colour));
            painting.painted = Some(Painted { family, colour, heard: None, at_millis });
        }
    }
}

/// Numbers have the colours of what the ground shows, until another one is there.
fn colour(
    (view, second): (Res<HilbertView>, Res<SecondWindow>),
    painting: Res<Painting>,
    (theme, book, rules): (Res<Theme>, Res<RuleBook>, Res<Palette>),
    mut ground: ResMut<SpaceGround>,
    mut coloured: Local<Option<(Family, SpaceColour)>>,
) {
    let Some(painted) = painting.painted.filter(|_| shows_space(&view, &second)) else {
        // What changes until it is shown again is not looked at.
        *coloured = None;
        return;
    };
    let restyled = theme.is_changed() || book.is_changed() || rules.is_changed();
    let shown = (painted.family, painted.colour);
    if restyled || *coloured != Some(shown) {
        *coloured = Some(shown);
        ground.set_palette(shown, palette(painted.colour, &theme, &book, &rules));
    }
}

/// Without tables nothing is known of who has what.
fn of_blocks(family: Family, colour: SpaceColour) -> Ground {
    match colour {
        SpaceColour::FirstOctet => Ground::of_blocks(family),
        SpaceColour::Registry => Ground::of_registries(family),
        _ => Ground::plain(family),
    }
}

/// From what was heard of a network to its number.
pub(super) struct Colouring<'a> {
    pub(super) colour: SpaceColour,
    pub(super) book: &'a RuleBook,
    pub(super) now_ms: i64,
}

impl Colouring<'_> {
    pub(super) fn number(&self, last: Last, peers: &Peers) -> u8 {
        match self.colour {
            SpaceColour::Rule => {
                let label = peers.labels.get(usize::from(last.label)).and_then(Option::as_deref);
                rule_number(self.book.label_named(label))
            }
            SpaceColour::Age => age_number_at(last, self.now_ms),
            _ => PLAIN,
        }
    }
}

fn of_heard(family: Family, peers: Option<&Peers>, colouring: &Colouring<'_>) -> Ground {
    match peers {
        Some(peers) => {
            Ground::of_newest(family, &peers.of(family).newest, |last| colouring.number(last, peers))
        }
        None => Ground::plain(family),
    }
}

fn take(
    link: Option<Res<SpaceLink>>,
    clock: Res<MapClock>,
    mut painting: ResMut<Painting>,
    (mut ground, mut facts): (ResMut<SpaceGround>, ResMut<SpaceFacts>),
) {
    for answer in link.iter().flat_map(|link| link.answers.try_iter().take(ANSWERS_A_FRAME)) {
        match answer {
            SpaceAnswer::Ground { family, colour, ground: painted } => {
                if painting.asked == Some((family, colour)) {
                    painting.asked = None;
                    let at_millis = clock.now_unix_millis();
                    painting.painted = Some(Painted { family, colour, heard: None, at_millis });
                    ground.put(painted);
                }
            }
            SpaceAnswer::Facts { family, facts: told } => {
                told.into_iter().for_each(|(block, it)| facts.put(family, block, it));
            }
            SpaceAnswer::OtherTables => {
                facts.forget();
                painting.painted = painting.painted.filter(|painted| painted.heard.is_some());
            }
        }
    }
}

/// What panels and names want to know is asked at the end of the frame in which they find that out.
fn ask_facts(link: Option<Res<SpaceLink>>, mut facts: ResMut<SpaceFacts>) {
    let Some(link) = link else {
        return;
    };
    let facts = facts.bypass_change_detection();
    while let Some((family, blocks)) = facts.take_wanted() {
        if link.facts.try_send(SpaceOrder::Facts { family, blocks: blocks.clone() }).is_err() {
            facts.put_back(family, blocks);
            return;
        }
    }
}
