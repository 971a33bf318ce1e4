//! The display's end of the links: listens, lets agents in, and hands on what they say. Who is let in stands in the
//! register of agents; what becomes of the news is the business of whoever takes them.

mod news;

pub use news::{AgentNews, Arrived, Delivery, FleetMessage, Importance, News, OpenSocket};
