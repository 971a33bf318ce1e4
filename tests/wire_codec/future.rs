//! What a program of some years from now may say, and what is understood of it.

use connmapperl::{
    model::{Change as Known, CollectorMethod},
    net::wire::{
        FromWire, ProgramNames, change_from_wire, encode_frame,
        messages::{self, AgentFrame, AgentSays},
        method_from_wire,
    },
};
use prost::{Message, Oneof};

use super::read_in_pieces;

#[derive(Clone, PartialEq, Message)]
pub struct Frame {
    #[prost(oneof = "Says", tags = "1, 3, 40")]
    pub says: Option<Says>,
    #[prost(string, tag = "41")]
    pub beside: String,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum Says {
    #[prost(message, tag = "1")]
    Hello(Hello),
    #[prost(message, tag = "3")]
    Events(Events),
    #[prost(message, tag = "40")]
    News(Note),
}

#[derive(Clone, PartialEq, Message)]
pub struct Hello {
    #[prost(uint32, tag = "1")]
    pub protocol_version: u32,
    #[prost(string, tag = "2")]
    pub agent_name: String,
    #[prost(int32, tag = "7")]
    pub method: i32,
    #[prost(map = "string, uint64", tag = "60")]
    pub abilities: std::collections::HashMap<String, u64>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Events {
    #[prost(uint64, tag = "1")]
    pub first_sequence: u64,
    #[prost(message, repeated, tag = "4")]
    pub changes: Vec<Change>,
    #[prost(double, repeated, tag = "70")]
    pub figures: Vec<f64>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Change {
    #[prost(uint64, tag = "1")]
    pub connection: u64,
    #[prost(oneof = "What", tags = "5, 90")]
    pub what: Option<What>,
    #[prost(message, optional, tag = "91")]
    pub note: Option<Note>,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum What {
    #[prost(message, tag = "5")]
    Closed(Note),
    #[prost(message, tag = "90")]
    Moved(Note),
}

#[derive(Clone, PartialEq, Message)]
pub struct Note {
    #[prost(string, tag = "100")]
    pub text: String,
    #[prost(fixed32, tag = "101")]
    pub number: u32,
}

fn from_the_future(says: Says) -> Option<AgentSays> {
    let mut out = Vec::new();
    encode_frame(&Frame { says: Some(says), beside: "more".to_owned() }, &mut out);
    let [frame] = read_in_pieces::<AgentFrame>(&out, &[]).try_into().unwrap();
    frame.says
}

#[test]
fn what_is_not_known_is_skipped() {
    let note = Note { text: "later".to_owned(), number: 7 };
    assert_eq!(from_the_future(Says::News(note.clone())), None);

    let hello = Hello {
        protocol_version: 1,
        agent_name: "web1".to_owned(),
        method: 77,
        abilities: [("warp".to_owned(), 9)].into(),
    };
    let Some(AgentSays::Hello(hello)) = from_the_future(Says::Hello(hello)) else { panic!() };
    assert_eq!(
        hello,
        messages::Hello {
            protocol_version: 1,
            agent_name: "web1".to_owned(),
            method: 77,
            ..messages::Hello::default()
        }
    );
    assert_eq!(method_from_wire(hello.method), CollectorMethod::Polling);

    let changes = [What::Closed(note.clone()), What::Moved(note.clone())].map(|what| Change {
        connection: 3,
        what: Some(what),
        note: Some(note.clone()),
    });
    let events = Events { first_sequence: 8, changes: changes.into(), figures: vec![0.5, 0.25] };
    let Some(AgentSays::Events(events)) = from_the_future(Says::Events(events)) else { panic!() };
    let names = ProgramNames::default();
    let came: Vec<_> =
        events.changes.iter().map(|change| change_from_wire(change, &names).unwrap()).collect();
    assert_eq!(
        came,
        [FromWire::Change(Known::Closed { traffic: None }), FromWire::Unknown],
        "the unknown one keeps its place in the sequence"
    );
}
