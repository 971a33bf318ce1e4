//! A map without window, drawing or threads: the ECS alone, a clock that the test moves, and a feed that it fills. It
//! also plays the graphics card, which knows only what was uploaded.

use std::ops::Range;

use bevy::{prelude::*, window::RequestRedraw};
use connmapperl::{
    components::{
        account::Account,
        action::UiAction,
        animation::Animation,
        connection::{OpenConnections, Trail},
        dots::{DotInstance, DotRow, Dots},
        map_clock::MapClock,
        map_view::MapView,
        rule_book::RuleBook,
    },
    model::{Located, LocatedConnection, NoPlace, Place, Traffic},
    rules::Rules,
    systems::{connections_plugin, ingest::Feed},
};
use crossbeam_channel::{Sender, bounded};

pub use crate::connections::{NOON, connection, key, place};

/// Room for the largest of the tests.
const FEED_CAPACITY: usize = 32_768;

pub const RULES: &str = "Web,peer,443,1,0,0,1,1\nSSH,peer,22,0,1,0,0.5,0\nWeb,peer,80,0,0,1,1,1\n";

/// Without the flags below its alpha.
pub const fn colour(dot: DotInstance) -> [u16; 4] {
    let [r, g, b, alpha] = dot.rgba;
    [r, g, b, alpha & 0xff00]
}

pub struct Stage {
    pub app: App,
    feed: Sender<Located>,
    pub card: Vec<DotInstance>,
}

impl Stage {
    pub fn new() -> Self {
        let (feed, receiver) = bounded(FEED_CAPACITY);
        let mut app = App::new();
        app.insert_resource(MapClock::held(NOON))
            .insert_resource(MapView::home([1280.0, 720.0], 1.0))
            .insert_resource(RuleBook::new(rules(RULES), "a test".to_owned()))
            .insert_resource(Feed(receiver))
            .add_message::<RequestRedraw>()
            .add_plugins(connections_plugin);
        let mut stage = Self { app, feed, card: Vec::new() };
        stage.frame();
        stage
    }

    pub fn send(&self, message: Located) {
        self.feed.try_send(message).unwrap();
    }

    pub fn open(&self, connection: &LocatedConnection) {
        self.send(Located::Opened(connection.clone().into()));
    }

    pub fn close(&self, id: u64) {
        self.send(Located::Closed { key: key(id), unix_millis: self.now(), traffic: Traffic::default() });
    }

    pub fn full_set(&self, connections: &[&LocatedConnection]) {
        self.send(Located::FullSet(connections.iter().copied().cloned().collect()));
    }

    pub fn act(&mut self, action: UiAction) {
        self.app.world_mut().write_message(action);
    }

    pub fn now(&self) -> i64 {
        self.resource::<MapClock>().now_unix_millis()
    }

    /// As the clock's own system moves it.
    pub fn pass(&mut self, millis: i64) {
        let now = self.now() + millis;
        let mut clock = self.app.world_mut().resource_mut::<MapClock>();
        if clock.bypass_change_detection().set(now) {
            clock.set_changed();
        }
    }

    /// A frame, and the upload that belongs to it. Returns the stretches that went up.
    pub fn frame(&mut self) -> Vec<Range<u32>> {
        self.app.update();
        let mut dots = self.app.world_mut().resource_mut::<Dots>();
        let mut stretches = Vec::new();
        dots.take_dirty(&mut stretches);
        let rows = dots.rows();
        // What lies behind the end is not drawn; fresh room holds nothing of worth.
        self.card.resize(rows.len(), DotInstance { lon_lat: [f32::NAN; 2], ..bytemuck::Zeroable::zeroed() });
        for stretch in &stretches {
            let stretch = stretch.start as usize..stretch.end as usize;
            self.card[stretch.clone()].copy_from_slice(&rows[stretch]);
        }
        stretches
    }

    pub fn resource<R: Resource>(&self) -> &R {
        self.app.world().resource::<R>()
    }

    pub fn account(&self) -> &Account {
        self.resource()
    }

    pub fn uploaded_bytes(&self) -> u64 {
        self.resource::<Dots>().uploaded_bytes
    }

    pub fn open_count(&self) -> usize {
        self.resource::<OpenConnections>().0.len()
    }

    pub fn entity(&self, id: u64) -> Entity {
        self.resource::<OpenConnections>().0[&key(id)]
    }

    /// The dot of an open connection, as the graphics card has it.
    pub fn dot(&self, id: u64) -> Option<DotInstance> {
        self.dot_of(self.entity(id))
    }

    pub fn dot_of(&self, entity: Entity) -> Option<DotInstance> {
        self.app.world().get::<DotRow>(entity)?.0.map(|row| self.card[row as usize])
    }

    pub fn trails(&mut self) -> Vec<Entity> {
        self.app.world_mut().query_filtered::<Entity, With<Trail>>().iter(self.app.world()).collect()
    }

    pub fn is_moving(&self) -> bool {
        self.resource::<Animation>().is_moving(self.now())
    }

    pub fn asked_for_another_frame(&self) -> bool {
        !self.app.world().resource::<Messages<RequestRedraw>>().is_empty()
    }
}

pub fn rules(text: &str) -> Rules {
    let (rules, errors) = Rules::parse(text.as_bytes());
    assert!(errors.is_empty(), "{errors:?}");
    rules
}

/// A place of its own for every number: no two are the same up to 30,000.
pub fn place_of(number: u64) -> Result<Place, NoPlace> {
    place((number % 300) as f32 - 150.0, (number / 300) as f32 - 50.0)
}
