//! What the history is told: all that happens to connections and agents, whether the map has room for it or not.

use crate::model::{AgentId, ConnectionId, Located};

/// One thing to remember.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// Never a full set: every change is told by itself.
    Told(Located),
    /// All that this agent has open has been told, and these are it: whatever else is taken to be open is not, be it from
    /// an earlier run of the program or because its end got lost.
    Looked { agent: AgentId, open: Vec<ConnectionId> },
}
